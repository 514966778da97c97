/**
 * Cell fold: brings the rows of a batch, whose cells are known, into the measures.
 *
 * How      1. Where no row is filtered or retracted and all fields have a fixed size, one kernel does all of them in
 *             one pass; the rows that it leaves out are done as follows.
 *          2. Rows that do not count for a measure are compacted away where its accumulator would notice them; NULL
 *             slots hold 0, so that a sum need not be told.
 *          3. DISTINCT measures see a value when its weight leaves or reaches 0.
 *          4. A kernel stops at the rows that need memory (strings, doubles for which a sum has no room); these are
 *             done here.
 */
import { assert } from '../base/index.ts'
import {
  cellBlocks,
  type FusedField,
  fusedBlock,
  fusedFold,
  type KernelFunction,
  type Kernels,
  majorOf,
  takeMajor,
  takeVector,
  type Vector,
} from '../kernel/index.ts'
import type { Bucket, FoldInput } from './cuboid.ts'
import { addWide } from './exact-sum.ts'
import { type KeyField, keyVector } from './layout.ts'
import { type MeasureFields, placeOfSum } from './measure.ts'
import type { TableLayout } from './table.ts'
import { foldList } from './value-list.ts'

/** Rows with their cells; all of them count. */
interface Part {
  rows: number
  /** 0 where all rows belong to the one `cell`. */
  refs: number
  cell: number
  weights: number
  /** Row numbers in the batch, 0 = all rows of it. */
  selection: number
}

/** How a batch is folded in one pass. */
interface FusedFold {
  /** Columns to compare with the keys of the cells: all or none. */
  keys: readonly Vector[]
  /** The last byte of a cell where it is to be marked, else 0. */
  last: number
  /** Rows whose cells are read ahead together, 0 = none are. */
  ahead: number
}

const unfusedBatches = 15

export class CellFold {
  readonly #kernels: Kernels
  readonly #measures: readonly MeasureFields[]
  readonly #rowBytes: number
  readonly #keys: readonly KeyField[]
  /** Kernels for all accumulators, by what differs between batches. */
  readonly #fused = new Map<string, KernelFunction>()
  /** Batches to come for which one pass is not tried, because it left many rows out. */
  #unfused = 0

  constructor(kernels: Kernels, measures: readonly MeasureFields[], layout: TableLayout) {
    this.#kernels = kernels
    this.#measures = measures
    this.#rowBytes = layout.rowBytes
    this.#keys = layout.keys
  }

  /** Whether `foldSingle` knows all measures. */
  get isReducible(): boolean {
    return this.#measures.every(
      ({ form, values }) =>
        values === 0 && (form.kind !== 'extreme' || (form.of !== 'view' && !form.list)),
    )
  }

  /** Rows of weight +1 that all belong to one cell. */
  foldSingle(bucket: Bucket, cell: number, input: FoldInput): void {
    this.#foldAll(bucket, { rows: input.rows, refs: 0, cell, weights: 0, selection: 0 }, input)
  }

  /** Also counts the rows; `last` is the last byte of a cell where it is to be marked, else 0. */
  fold(bucket: Bucket, refs: number, input: FoldInput, last: number): void {
    const { rows, weights } = input
    this.#count(bucket, refs, input, last)
    this.#foldAll(bucket, { rows, refs, cell: 0, weights, selection: 0 }, input)
  }

  /** Whether `foldFused` may take a batch; asked once per batch. */
  fuses({ weights, filters, arguments: columns }: FoldInput): boolean {
    if (weights !== 0 || filters.some((filter) => filter !== null) || !this.isReducible)
      return false
    if (columns.some((column) => column !== null && column.physical === 'bits')) return false
    if (this.#unfused === 0) return true
    this.#unfused--
    return false
  }

  /**
   * Folds a batch in one pass, the counters of rows that do not count left aside; returns the rows that are still to
   * be folded. `keys` are the columns to compare with the keys of the cells.
   */
  foldFused(refs: number, input: FoldInput, how: FusedFold): { list: number; count: number } {
    const { arena } = this.#kernels
    const columns: Vector[] = []
    const places = this.#measures.map(({ form }, index) => {
      if (form.kind === 'none') return -1
      const column = input.arguments[index]!
      const place = columns.findIndex(({ data }) => data === column.data)
      return place < 0 ? columns.push(column) - 1 : place
    })
    const kernel = this.#fusedKernel(columns, places, input, how)
    const block = fusedBlock({ keys: how.keys.map(() => 0), columns: columns.length })
    const control = arena.scratch(block.bytes)
    const list = arena.scratch(input.rows * 4)
    const { u32, f64 } = arena.views
    f64[(control + block.first) >>> 3] = input.order.first ?? 0
    const set = (offset: number, value: number) => {
      u32[(control + offset) >>> 2] = value
    }
    set(block.refs, refs)
    set(block.rows, input.rows)
    set(block.major, input.order.major)
    set(block.out, list)
    set(block.ahead, how.ahead)
    how.keys.forEach((key, index) => {
      set(block.keysAt + index * 4, key.data)
    })
    columns.forEach(({ data, validity }, index) => {
      set(block.columnsAt + index * 4, data)
      set(block.bitmapsAt + index * 4, validity)
    })
    const count = kernel(control)
    if (count * 4 > input.rows) this.#unfused = unfusedBatches
    return { list, count }
  }

  /** Folds the rows that `foldFused` left over. */
  foldLeft(
    bucket: Bucket,
    refs: number,
    input: FoldInput,
    { list, count, last }: { list: number; count: number; last: number },
  ): void {
    const { arena } = this.#kernels
    const taken = arena.scratch(count * 4)
    this.#kernels.get('cell_take_4')(refs, list, count, taken)
    const left: FoldInput = {
      ...input,
      rows: count,
      arguments: input.arguments.map((column) =>
        column === null ? null : takeVector(this.#kernels, column, list, count),
      ),
      order: { ...input.order, major: takeMajor(this.#kernels, input.order, list, count) },
    }
    this.#count(bucket, taken, left, last)
    const all = { rows: count, refs: taken, cell: 0, weights: 0, selection: 0 }
    this.#measures.forEach((fields, index) => {
      this.#foldCounted(bucket, index, fields, all, left)
    })
  }

  /** Counts the rows of a batch that do not count for a measure. */
  exclude(bucket: Bucket, refs: number, input: FoldInput): void {
    const all = { rows: input.rows, refs, cell: 0, weights: input.weights, selection: 0 }
    this.#measures.forEach((fields, index) => {
      this.#excludeFrom(bucket, index, fields, all, input)
    })
  }

  #fusedKernel(
    columns: readonly Vector[],
    places: readonly number[],
    { order }: FoldInput,
    { keys, last }: FusedFold,
  ): KernelFunction {
    let nulls = 0
    this.#measures.forEach(({ form }, index) => {
      const column = places[index]!
      if (form.kind === 'extreme' && columns[column]!.validity !== 0) nulls |= 1 << column
    })
    const follows = order.major === 0
    const name = `${places} ${nulls} ${keys.length} ${last} ${follows}`
    let kernel = this.#fused.get(name)
    if (kernel === undefined) {
      kernel = this.#kernels.bind(
        fusedFold({
          rowBytes: this.#rowBytes,
          keys: keys.map((_, index) => this.#keys[index]!.offset),
          fields: this.#measures.flatMap((fields, index) => fusedField(fields, places[index]!)),
          columns: columns.length,
          nulls,
          marks: last !== 0,
          follows,
        }),
      )
      this.#fused.set(name, kernel)
    }
    return kernel
  }

  #count(bucket: Bucket, refs: number, input: FoldInput, last: number): void {
    const { rows, weights } = input
    const major = majorOf(this.#kernels, input)
    const kernel = this.#kernels.get(last === 0 ? 'cell_count' : 'cell_count_marked')
    for (let from = 0; ; ) {
      from = kernel(refs, from, rows, major, weights, last)
      if (from === rows) return
      const cell = this.#kernels.arena.views.u32[(refs >>> 2) + from]!
      addRows(this.#kernels, bucket, cell, 0)
    }
  }

  #foldAll(bucket: Bucket, all: Part, input: FoldInput): void {
    this.#measures.forEach((fields, index) => {
      this.#foldMeasure(bucket, index, fields, all, input)
    })
  }

  #foldMeasure(
    bucket: Bucket,
    index: number,
    fields: MeasureFields,
    all: Part,
    input: FoldInput,
  ): void {
    this.#excludeFrom(bucket, index, fields, all, input)
    this.#foldCounted(bucket, index, fields, all, input)
  }

  #excludeFrom(
    bucket: Bucket,
    index: number,
    fields: MeasureFields,
    all: Part,
    input: FoldInput,
  ): void {
    const bits = bitmapsOf(input, index)
    if (fields.excluded === 0 || bits.every((address) => address === 0)) return
    const rejected = this.#part('cell_reject', all, bits)
    if (rejected.rows > 0) this.#exclude(bucket, rejected, fields.excluded)
  }

  /** Folds the rows that count. */
  #foldCounted(
    bucket: Bucket,
    index: number,
    fields: MeasureFields,
    all: Part,
    input: FoldInput,
  ): void {
    const argument = input.arguments[index] ?? null
    const filter = input.filters[index] ?? null
    const bits = bitmapsOf(input, index)
    const partial = bits.some((address) => address !== 0)
    assert(
      !partial || fields.excluded !== 0 || fields.values !== 0,
      'every row counts, as was said',
    )
    if (fields.form.kind === 'none' && fields.values === 0) return
    // The zero in a NULL slot changes no sum.
    const plainSum = fields.form.kind === 'sum' && filter === null && fields.values === 0
    const part = partial && !plainSum ? this.#part('cell_select', all, bits) : all
    if (part.rows === 0 || argument === null) return
    const values = this.#take(argument, part)
    if (fields.values === 0) this.#accumulate(bucket, fields, part, values)
    else this.#foldDistinct(bucket, index, fields, part, values)
  }

  #foldDistinct(
    bucket: Bucket,
    index: number,
    fields: MeasureFields,
    part: Part,
    values: Vector,
  ): void {
    const plain = values.physical === 'bits' ? keyVector(this.#kernels, values, part.rows) : values
    const { count, rows, weights } = bucket.sets[index]!.fold(
      part.refs,
      plain,
      part.rows,
      part.weights,
    )
    if (count === 0) return
    const { arena } = this.#kernels
    const refs = arena.scratch(count * 4)
    this.#kernels.get('cell_take_4')(part.refs, rows, count, refs)
    const changed: Part = { rows: count, refs, cell: 0, weights, selection: rows }
    this.#kernels.get('cell_add')(refs, count, fields.values, weights)
    if (fields.form.kind === 'none') return
    this.#accumulate(bucket, fields, changed, this.#take(plain, changed))
  }

  #accumulate(bucket: Bucket, fields: MeasureFields, part: Part, values: Vector): void {
    const { form, state } = fields
    if (part.cell !== 0) this.#reduce(bucket, fields, part, values)
    else if (form.kind === 'sum') {
      if (form.of === 'f64') this.#sumDoubles(bucket, fields, part, values.data)
      else this.#sumIntegers(bucket, fields, part, values.data)
    } else if (form.kind === 'extreme') {
      const ordered = this.#ordered(values, part.rows)
      if (form.list) {
        foldList(this.#kernels, bucket.table.heap, fields, { ...part, values: ordered.data })
      } else if (form.of === 'view')
        this.#extremeView(bucket, fields, part, ordered.data, form.sign)
      else {
        const name = form.sign < 0 ? 'cell_min_i64' : 'cell_max_i64'
        this.#kernels.get(name)(part.refs, part.rows, state, ordered.data)
      }
    }
  }

  #reduce(bucket: Bucket, fields: MeasureFields, part: Part, values: Vector): void {
    const { form } = fields
    const at = part.cell + fields.state
    if (form.kind === 'extreme') {
      const { data } = this.#ordered(values, part.rows)
      this.#kernels.get(form.sign < 0 ? 'cell_reduce_min' : 'cell_reduce_max')(at, part.rows, data)
    } else if (form.kind === 'sum' && form.of === 'i64') {
      const rest = bucket.cold.of(part.cell) + fields.rest
      this.#kernels.get('cell_reduce_i64')(at, rest, part.rows, values.data)
    } else this.#sumDoubles(bucket, fields, part, values.data)
  }

  /** Values as integers of the same order, or views. */
  #ordered(values: Vector, rows: number): Vector {
    if (values.physical === 'bits') return keyVector(this.#kernels, values, rows)
    if (values.physical !== 'f64') return values
    const data = this.#kernels.arena.scratch(rows * 8)
    this.#kernels.get('cell_order_f64')(values.data, rows, data, 0)
    return { physical: 'i64', data, validity: 0, errors: null }
  }

  #sumIntegers(bucket: Bucket, fields: MeasureFields, part: Part, values: number): void {
    const { rows, refs, weights } = part
    const kernel = this.#kernels.get('cell_sum_i64')
    for (let from = 0; ; ) {
      from = kernel(refs, from, rows, placeOfSum(fields), values, weights)
      if (from === rows) return
      bucket.cold.give(refs, from, from + 1)
    }
  }

  #sumDoubles(bucket: Bucket, fields: MeasureFields, part: Part, values: number): void {
    const { arena } = this.#kernels
    const { rows, refs, weights } = part
    const { state, rest } = fields
    const one = part.cell === 0 ? 0 : bucket.cold.of(part.cell) + rest
    const kernel = this.#kernels.get(part.cell === 0 ? 'cell_sum_f64' : 'cell_reduce_f64')
    for (let from = 0; ; ) {
      from =
        part.cell === 0
          ? kernel(refs, from, rows, placeOfSum(fields), values, weights)
          : kernel(part.cell + state, one, from, rows, values)
      if (from === rows) return
      const { u32, i32 } = arena.views
      const cell = part.cell === 0 ? u32[(refs >>> 2) + from]! : part.cell
      if (u32[(cell + cellBlocks.cell.cold) >>> 2] === 0) {
        bucket.cold.give(refs, from, from + 1)
        continue
      }
      const retract = weights !== 0 && i32[(weights >>> 2) + from]! < 0
      bucket.outside = true
      addWide(this.#kernels, { cell, state, rest }, values + from * 8, retract)
      from++
    }
  }

  #extremeView(
    bucket: Bucket,
    { state }: MeasureFields,
    part: Part,
    values: number,
    sign: -1 | 1,
  ): void {
    const { arena } = this.#kernels
    const kernel = this.#kernels.get('cell_extreme_view')
    const { heap } = bucket.table
    for (let from = 0; ; from++) {
      from = kernel(part.refs, from, part.rows, state, values, sign)
      if (from === part.rows) return
      const { u32, u8 } = arena.views
      const at = u32[(part.refs >>> 2) + from]! + state
      if (u32[at >>> 2] !== cellBlocks.noView) heap.disown(at)
      u8.copyWithin(at, values + from * 16, values + from * 16 + 16)
      heap.own(at)
    }
  }

  #exclude(bucket: Bucket, part: Part, offset: number): void {
    if (part.cell !== 0) {
      const at = bucket.cold.of(part.cell) + offset
      this.#kernels.arena.views.i64[at >>> 3]! += BigInt(part.rows)
      return
    }
    bucket.cold.give(part.refs, 0, part.rows)
    this.#kernels.get('cell_add_cold')(part.refs, part.rows, offset, part.weights)
  }

  /** The rows of a batch that three bitmaps select or reject. */
  #part(name: 'cell_select' | 'cell_reject', all: Part, bits: [number, number, number]): Part {
    const { arena } = this.#kernels
    const selection = arena.scratch(all.rows * 4)
    const rows = this.#kernels.get(name)(all.rows, ...bits, selection)
    if (rows === all.rows) return all
    if (all.cell !== 0) return { ...all, rows, selection }
    const take = this.#kernels.get('cell_take_4')
    const refs = arena.scratch(rows * 4)
    take(all.refs, selection, rows, refs)
    let weights = 0
    if (all.weights !== 0) {
      weights = arena.scratch(rows * 4)
      take(all.weights, selection, rows, weights)
    }
    return { rows, refs, cell: 0, weights, selection }
  }

  #take(vector: Vector, part: Part): Vector {
    if (part.selection === 0) return vector
    const { arena } = this.#kernels
    // Bits are few: they widen first.
    const from = vector.physical === 'bits' ? this.#widened(vector, part) : vector
    const isView = from.physical === 'view'
    const data = arena.scratch(part.rows * (isView ? 16 : 8))
    const take = this.#kernels.get(isView ? 'take_view' : 'take_i64')
    take(from.data, part.selection, data, part.rows)
    return { physical: from.physical, data, validity: 0, errors: null }
  }

  #widened(vector: Vector, part: Part): Vector {
    const { u32 } = this.#kernels.arena.views
    const last = u32[(part.selection >>> 2) + part.rows - 1]!
    return keyVector(this.#kernels, vector, last + 1)
  }
}

function bitmapsOf(input: FoldInput, index: number): [number, number, number] {
  const filter = input.filters[index]
  return [filter?.data ?? 0, filter?.validity ?? 0, input.arguments[index]?.validity ?? 0]
}

function fusedField({ form, state }: MeasureFields, column: number): FusedField[] {
  if (form.kind === 'none') return []
  assert(form.of !== 'view', 'strings are not folded in one pass')
  const sign = form.kind === 'sum' ? 1 : form.sign
  return [{ kind: form.kind, of: form.of, sign, at: state, column }]
}

/** Adds to the rows of a cell, all of which are then counted in its cold part. */
export function addRows(kernels: Kernels, bucket: Bucket, cell: number, rows: number): void {
  const part = bucket.cold.of(cell)
  const { i32, i64 } = kernels.arena.views
  const at = (cell + cellBlocks.cell.rows) >>> 2
  i64[(part + cellBlocks.cold.rows) >>> 3]! += BigInt(i32[at]! + rows)
  i32[at] = 0
}
