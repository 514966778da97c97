/**
 * Segment: rows of many batches in a row, as host columns over the memory of their arena.
 *
 * How      1. A block per column, in the layout that the host reads; batches are appended by kernels. −0 becomes 0.
 *          2. A segment never grows: a batch that has no room, or that has a place in the order of another form, is
 *             refused, and begins the next segment.
 *          3. A bitmap is made when the first batch with NULLs comes.
 * Contract 1 (checked) the columns are those that `unloadColumn` gives of each batch, one behind the other.
 *          2 (trusted) what `columns`, `order` and `weights` give may be read until `clear` or `free`.
 * Cost     0.2 ns per number in cache, 2 ns per string; no garbage.
 */
import { assert } from '../base/index.ts'
import { type Column, type ColumnValues, layoutOf, type Type } from '../data/index.ts'
import { type Kernels, majorOf, type Vector, type VectorBatch } from '../kernel/index.ts'

/** Bytes that kernels may write behind the last row. */
const slack = 64

const valueBytes = { i32: 4, i64: 8, f64: 8, bits: 1 / 8, utf8: 4 } as const

interface Place {
  type: Type
  layout: ColumnValues['layout']
  /** Values, bits or offsets. */
  data: Block
  validity: Block | null
  hasNulls: boolean
  /** Bytes of strings. */
  heap: Block | null
}

interface Block {
  address: number
  bytes: number
}

/** Positions, weights: present in all batches of a segment or in none. */
interface Extra {
  block: Block | null
  present: boolean
}

export class Segment {
  readonly #kernels: Kernels
  readonly #capacity: number
  readonly #places: Place[]
  readonly #major: Block
  readonly #middle: Extra = { block: null, present: false }
  readonly #minor: Extra = { block: null, present: false }
  readonly #weights: Extra = { block: null, present: false }
  #rows = 0

  /** Room for `capacity` rows of columns of these types. */
  constructor(kernels: Kernels, types: readonly Type[], capacity: number) {
    this.#kernels = kernels
    this.#capacity = capacity
    this.#major = this.#block(8)
    this.#places = types.map((type) => {
      const layout = layoutOf(type)
      return {
        type,
        layout,
        data: this.#block(valueBytes[layout]),
        validity: null,
        hasNulls: false,
        heap: layout === 'utf8' ? this.#block(16) : null,
      }
    })
  }

  get rows(): number {
    return this.#rows
  }

  get capacity(): number {
    return this.#capacity
  }

  /** Appends a batch without failed rows; false where it has no room. */
  append(batch: VectorBatch): boolean {
    assert(batch.columns.length === this.#places.length, 'a batch has the columns of its schema')
    if (this.#rows + batch.rows > this.#capacity || !this.#fits(batch)) return false
    this.#places.forEach((place, index) => {
      const vector = batch.columns[index]!
      this.#appendValues(place, vector, batch.rows)
      this.#appendValidity(place, vector.validity, batch.rows)
    })
    const { middle, minor } = batch.order
    this.#copy(majorOf(this.#kernels, batch), this.#major, batch.rows)
    this.#appendExtra(this.#middle, middle, batch.rows)
    this.#appendExtra(this.#minor, minor, batch.rows)
    this.#appendWeights(batch)
    this.#rows += batch.rows
    return true
  }

  columns(): Column[] {
    return this.#places.map((place) => ({
      type: place.type,
      data: this.#values(place),
      validity: place.hasNulls
        ? this.#bytes(place.validity!.address, (this.#rows + 7) >>> 3)
        : null,
    }))
  }

  /** The triples, null for zeros. */
  order(): { major: Float64Array; middle: Float64Array | null; minor: Float64Array | null } {
    const doubles = ({ address }: Block) => {
      const from = address >>> 3
      return this.#kernels.arena.views.f64.subarray(from, from + this.#rows)
    }
    const extra = ({ present, block }: Extra) => (present ? doubles(block!) : null)
    return {
      major: doubles(this.#major),
      middle: extra(this.#middle),
      minor: extra(this.#minor),
    }
  }

  /** Null for all +1. */
  weights(): Int32Array | null {
    if (!this.#weights.present) return null
    const from = this.#weights.block!.address >>> 2
    return this.#kernels.arena.views.i32.subarray(from, from + this.#rows)
  }

  /** Numbers of the rows whose triple equals that of the row before; null where the triples do not ascend. */
  ties(): Uint32Array | null {
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const out = arena.scratch(this.#rows * 4)
    const address = ({ present, block }: Extra) => (present ? block!.address : 0)
    const count = this.#kernels.get('order_ties')(
      this.#major.address,
      address(this.#middle),
      address(this.#minor),
      this.#rows,
      out,
    )
    const ties = count < 0 ? null : arena.views.u32.slice(out >>> 2, (out >>> 2) + count)
    arena.releaseScratch(mark)
    return ties
  }

  /** Forgets all rows. */
  clear(): void {
    this.#rows = 0
    for (const place of this.#places) place.hasNulls = false
  }

  /** Gives all memory back. */
  free(): void {
    const blocks = this.#places.flatMap(({ data, validity, heap }) => [data, validity, heap])
    const extras = [this.#middle.block, this.#minor.block, this.#weights.block]
    for (const block of [this.#major, ...blocks, ...extras]) {
      if (block !== null) this.#kernels.arena.free(block.address, block.bytes)
    }
  }

  #block(perRow: number): Block {
    return this.#blockOf(Math.ceil(this.#capacity * perRow) + slack)
  }

  #blockOf(bytes: number): Block {
    return { address: this.#kernels.arena.allocateTransient(bytes), bytes }
  }

  /** Is the place in the order of the form of the rows before, and is there room for the strings? */
  #fits({ rows, columns, order, weights }: VectorBatch): boolean {
    const forms: [Extra, number][] = [
      [this.#middle, order.middle],
      [this.#minor, order.minor],
      [this.#weights, weights],
    ]
    if (this.#rows > 0 && forms.some(([{ present }, address]) => present !== (address !== 0))) {
      return false
    }
    return this.#places.every((place, index) => {
      if (place.heap === null) return true
      const bytes = this.#appendOffsets(place, columns[index]!, rows)
      if (bytes + slack <= place.heap.bytes) return true
      if (this.#rows > 0) return false
      this.#kernels.arena.free(place.heap.address, place.heap.bytes)
      place.heap = this.#blockOf(bytes * 2 + slack)
      return true
    })
  }

  /** Gives where the last string ends. */
  #appendOffsets({ data }: Place, vector: Vector, rows: number): number {
    const at = data.address + this.#rows * 4
    if (this.#rows === 0) this.#kernels.arena.views.i32[at >>> 2] = 0
    return this.#kernels.get('offsets_view')(vector.data, at, rows) >>> 0
  }

  #appendValues({ layout, data, heap }: Place, vector: Vector, rows: number): void {
    const { arena } = this.#kernels
    switch (layout) {
      case 'i64':
        return this.#copy(vector.data, data, rows)
      case 'f64':
        this.#kernels.get('unsign_f64')(vector.data, data.address + this.#rows * 8, rows)
        return
      case 'i32':
        this.#kernels.get('narrow_i64')(vector.data, data.address + this.#rows * 4, rows)
        return
      case 'bits':
        this.#kernels.get('append_bits')(vector.data, data.address, this.#rows, rows)
        return
      case 'utf8': {
        const end = arena.views.u32[(data.address >>> 2) + this.#rows]!
        this.#kernels.get('gather_view')(vector.data, heap!.address + end, rows)
      }
    }
  }

  #appendValidity(place: Place, validity: number, rows: number): void {
    if (validity === 0 && !place.hasNulls) return
    const append = this.#kernels.get('append_bits')
    place.validity ??= this.#block(valueBytes.bits)
    if (!place.hasNulls) append(0, place.validity.address, 0, this.#rows)
    place.hasNulls = true
    append(validity, place.validity.address, this.#rows, rows)
  }

  #appendExtra(extra: Extra, from: number, rows: number): void {
    extra.present = from !== 0
    if (!extra.present) return
    extra.block ??= this.#block(8)
    this.#copy(from, extra.block, rows)
  }

  #appendWeights({ weights, rows }: VectorBatch): void {
    this.#weights.present = weights !== 0
    if (weights === 0) return
    const { block } = this.#weights
    const { address } = (this.#weights.block = block ?? this.#block(4))
    const { i32 } = this.#kernels.arena.views
    i32.copyWithin((address >>> 2) + this.#rows, weights >>> 2, (weights >>> 2) + rows)
  }

  #copy(from: number, to: Block, rows: number): void {
    this.#kernels.get('copy_i64')(from, to.address + this.#rows * 8, rows)
  }

  #bytes(from: number, count: number): Uint8Array {
    return this.#kernels.arena.views.u8.subarray(from, from + count)
  }

  #values({ layout, data, heap }: Place): ColumnValues {
    const { i32, i64, f64 } = this.#kernels.arena.views
    const rows = this.#rows
    switch (layout) {
      case 'bits':
        return { layout, values: this.#bytes(data.address, (rows + 7) >>> 3) }
      case 'i32':
        return { layout, values: i32.subarray(data.address >>> 2, (data.address >>> 2) + rows) }
      case 'i64':
        return { layout, values: i64.subarray(data.address >>> 3, (data.address >>> 3) + rows) }
      case 'f64':
        return { layout, values: f64.subarray(data.address >>> 3, (data.address >>> 3) + rows) }
      case 'utf8': {
        const from = data.address >>> 2
        const offsets = i32.subarray(from, from + rows + 1)
        return { layout, offsets, bytes: this.#bytes(heap!.address, offsets[rows]!) }
      }
    }
  }
}
