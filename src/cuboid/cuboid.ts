/**
 * Cuboid: aggregates by key and bucket; the state of every aggregation.
 *
 *   rows ─▶ find or make the cell of each key ─▶ touched list (old images) ─▶ one fold per measure
 *
 * How      1. Each bucket (a window, or 0 for all) has a table of its own and is dropped whole.
 *          2. A cell is there while its net number of rows is above 0; the one cell without keys always is.
 *          3. With `changes` the first touch of a cell in a cycle copies its row; `emitChanges` compares the values
 *             read from the copy and from the cell, so a cell that came back to its old value gives nothing.
 * Contract 1 (checked) values depend on the multiset of rows alone; order positions are least positions.
 *          2 (checked) −old and +new of one cell stand side by side in one batch.
 * Cost     one cache miss for the index and one or two for the row; state per cell: 24 B, keys, accumulators,
 *          10–20 B of index, and a cold part where it is needed.
 */
import { assert } from '../base/index.ts'
import { physicalOf, type Type } from '../data/index.ts'
import {
  Arena,
  cellBlocks,
  type Kernels,
  majorOf,
  type Order,
  rowsOf,
  type Vector,
  type VectorBatch,
} from '../kernel/index.ts'
import { addRows, CellFold } from './cell-fold.ts'
import { Chunks, type ChunksState } from './chunks.ts'
import { Cold, type ColdState } from './cold.ts'
import { DistinctSet, type DistinctSetState } from './distinct-set.ts'
import { freeImageWide, freeWide } from './exact-sum.ts'
import { formOf, type KeyField, keyFields, keyVector } from './layout.ts'
import {
  type Measure,
  type MeasureFields,
  measureFields,
  readMeasure,
  startMeasure,
} from './measure.ts'
import { sameValue } from './same-value.ts'
import { readKey, Table, type TableLayout, type TableState } from './table.ts'
import { freeList } from './value-list.ts'

const { cell: cellFields, touch, touched: entryFields } = cellBlocks

export interface CuboidSpec {
  keys: Type[]
  measures: Measure[]
  /** Rows may be retracted (weight −1). */
  retracts: boolean
  /** `emitChanges` is used. */
  changes: boolean
  /** There are no keys and the one cell is there from the start, also without rows. */
  single: boolean
}

export interface FoldInput {
  rows: number
  keys: Vector[]
  /** Per measure. */
  arguments: (Vector | null)[]
  /** Bits per measure; rows where they are TRUE count. */
  filters: (Vector | null)[]
  order: Order
  weights: number
}

export interface Bucket {
  end: bigint
  number: number
  table: Table
  cold: Cold
  /** Per measure; null where it is not DISTINCT. */
  sets: (DistinctSet | null)[]
  /** Cells may have memory outside the bucket: lists, wide parts of sums. */
  outside: boolean
}

/** What a checkpoint keeps of a cuboid beside the memory. */
export interface CuboidState {
  template: number
  buckets: BucketState[]
  touched: ChunksState
  touchedNext: number
  touchedEnd: number
  numbers: number
  expected: number
  /** The cell that whole batches are reduced into, or 0. */
  single: number
}

interface BucketState {
  end: bigint
  number: number
  table: TableState
  cold: ColdState
  sets: (DistinctSetState | null)[]
  outside: boolean
}

/** Cells with the positions at which they were created; `blocks` are given back by who reads them. */
interface CellList {
  cells: number
  created: number
  count: number
  blocks: { address: number; bytes: number }[]
}

/** Bytes that kernels may read and write behind a list. */
const slack = 64

/** Rows of an old image of a single cell that was not there. */
const notThere = -1

export class Cuboid {
  readonly #kernels: Kernels
  readonly #spec: CuboidSpec
  readonly #keyFields: KeyField[]
  readonly #measures: MeasureFields[]
  readonly #layout: TableLayout
  /** Bytes of the cold part of a cell. */
  readonly #coldBytes: number
  readonly #buckets = new Map<bigint, Bucket>()
  readonly #byNumber = new Map<number, Bucket>()
  readonly #fold: CellFold
  readonly #touched: Chunks
  readonly #control: number
  /** The one cell without keys, if whole batches can be brought into it; else 0. */
  #single = 0
  #touchedNext = 0
  #touchedEnd = 0
  #numbers = 0
  /** Cells of the last bucket that was dropped. */
  #expected = 0

  /** With `state`, the cuboid that had it in the memory that was restored. */
  constructor(kernels: Kernels, spec: CuboidSpec, state: CuboidState | null = null) {
    assert(!spec.single || spec.keys.length === 0, 'a single cell has no keys')
    this.#kernels = kernels
    this.#spec = spec
    const keys = keyFields(spec.keys.map(formOf), cellFields.keys)
    const measures = measureFields(spec.measures, keys.end, spec.retracts)
    this.#keyFields = keys.fields
    this.#measures = measures.fields
    this.#coldBytes = measures.coldBytes
    const rowBytes = measures.end
    this.#layout = {
      keys: keys.fields,
      rowBytes,
      template: state?.template ?? this.#makeTemplate(rowBytes, measures.fields),
    }
    this.#touched = new Chunks(kernels, state?.touched)
    this.#control = kernels.arena.allocateTransient(touch.bytes)
    this.#fold = new CellFold(kernels, measures.fields, this.#layout)
    if (state !== null) this.#restore(state)
    else if (spec.single) this.#makeSingle()
  }

  /** Folds rows of one bucket into their cells. */
  fold(end: bigint, input: FoldInput): void {
    if (input.rows === 0) return
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const bucket = this.#bucket(end)
    if (this.#single !== 0 && input.weights === 0) {
      this.#foldSingle(bucket, input)
      arena.releaseScratch(mark)
      return
    }
    const keys = input.keys.map((key) => keyVector(this.#kernels, key, input.rows))
    const last = this.#layout.rowBytes - 1
    // Counting marks cells that lie in two blocks at most.
    const counts = arena.marks && last < 256
    const isFused = this.#fold.fuses(input)
    const compares =
      isFused && (counts || !arena.marks) && !this.#spec.changes && bucket.table.hasPlainKeys(keys)
    const found = bucket.table.find(keys, input.rows, !counts, !compares)
    const { refs } = found
    const order = { ...input.order }
    if (this.#spec.changes) {
      order.major = majorOf(this.#kernels, input)
      this.#touch(bucket, refs, input.rows, order.major)
    }
    const marked = counts ? last : 0
    if (!isFused) this.#fold.fold(bucket, refs, { ...input, order }, marked)
    else {
      const ahead = compares ? bucket.table.ahead : 0
      const how = { keys: compares ? keys : [], last: marked, ahead }
      const left = this.#fold.foldFused(refs, { ...input, order }, how)
      if (left.count > 0) {
        if (compares) bucket.table.check(keys, input.rows, found)
        this.#fold.foldLeft(bucket, refs, input, { ...left, last: marked })
      }
      this.#fold.exclude(bucket, refs, input)
    }
    arena.releaseScratch(mark)
  }

  #foldSingle(bucket: Bucket, input: FoldInput): void {
    const { arena } = this.#kernels
    if (this.#spec.changes) {
      const refs = this.#listOf([this.#single])
      const least = arena.scratch(8)
      this.#kernels.get('cell_least_f64')(majorOf(this.#kernels, input), input.rows, least)
      this.#touch(bucket, refs, 1, least)
    }
    arena.markDirty(this.#single, this.#layout.rowBytes)
    addRows(this.#kernels, bucket, this.#single, input.rows)
    this.#fold.foldSingle(bucket, this.#single, input)
  }

  /** Buckets with cells, ascending. */
  buckets(): bigint[] {
    return [...this.#buckets.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  }

  /** Hands over all cells of a bucket in order of creation. `major` is 0 in all of them: it is the caller's. */
  emit(end: bigint, rowsMax: number, sink: (out: VectorBatch) => void): void {
    const bucket = this.#buckets.get(end)
    if (bucket === undefined) return
    const { arena } = this.#kernels
    const { cells, created, count, blocks } = this.#cellsByCreation(bucket)
    if (this.#spec.single && count > 0) arena.views.f64[created >>> 3] = 0
    const mark = arena.markScratch()
    const most = Math.min(rowsMax, count)
    const major = this.#filled(most, 0)
    const middle = this.#filled(most, Number(end))
    for (let from = 0; from < count; from += rowsMax) {
      const inner = arena.markScratch()
      const rows = Math.min(rowsMax, count - from)
      sink({
        rows,
        columns: this.#readColumns(cells + from * 4, rows),
        order: { major, middle, minor: created + from * 8 },
        weights: 0,
        watermarks: 0,
      })
      arena.releaseScratch(inner)
    }
    arena.releaseScratch(mark)
    for (const { address, bytes } of blocks) arena.free(address, bytes)
  }

  /** Frees a bucket at once. */
  drop(end: bigint): void {
    const bucket = this.#buckets.get(end)
    if (bucket === undefined) return
    this.#expected = bucket.table.count
    if (this.#spec.changes) this.#forgetTouched(bucket)
    this.#freeCells(bucket)
    this.#single = 0
    dropMemory(bucket)
    this.#buckets.delete(end)
    this.#byNumber.delete(bucket.number)
  }

  /** Hands over what changed since the last call, −old before +new, in order of first touch. */
  emitChanges(rowsMax: number, sink: (out: VectorBatch) => void): void {
    assert(this.#spec.changes, 'changes were asked for')
    const entries = this.#touchedEntries()
    const entriesMax = Math.max(1, rowsMax >> 1)
    for (let from = 0; from < entries.length; from += entriesMax) {
      const mark = this.#kernels.arena.markScratch()
      this.#emitEntries(entries.subarray(from, from + entriesMax), sink)
      this.#kernels.arena.releaseScratch(mark)
    }
    this.#endCycle(entries)
  }

  stats(): { cells: number; bytes: number; keyAndMeasureBytes: number } {
    let cells = 0
    let bytes =
      this.#touched.bytes + Arena.blockBytes(touch.bytes) + Arena.blockBytes(this.#layout.rowBytes)
    for (const { table, cold, sets } of this.#buckets.values()) {
      cells += table.count
      bytes += sets.reduce((sum, set) => sum + (set?.bytes ?? 0), table.bytes + cold.bytes)
    }
    const keyAndMeasureBytes = cells * (this.#layout.rowBytes - cellFields.rows)
    return { cells, bytes, keyAndMeasureBytes }
  }

  state(): CuboidState {
    return {
      template: this.#layout.template,
      buckets: [...this.#buckets.values()].map(({ end, number, table, cold, sets, outside }) => ({
        end,
        number,
        table: table.state(),
        cold: cold.state(),
        sets: sets.map((set) => set?.state() ?? null),
        outside,
      })),
      touched: this.#touched.state(),
      touchedNext: this.#touchedNext,
      touchedEnd: this.#touchedEnd,
      numbers: this.#numbers,
      expected: this.#expected,
      single: this.#single,
    }
  }

  #makeTemplate(rowBytes: number, measures: readonly MeasureFields[]): number {
    const template = this.#kernels.arena.allocateZeroed(rowBytes)
    this.#kernels.arena.views.f64[(template + cellFields.created) >>> 3] = Number.POSITIVE_INFINITY
    for (const fields of measures) startMeasure(this.#kernels, template, fields)
    return template
  }

  /** The one cell, with an old image that says that it was not there. */
  #makeSingle(): void {
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const bucket = this.#bucket(0n)
    const { refs } = bucket.table.find([], 1)
    const cell = arena.views.u32[refs >>> 2]!
    if (this.#spec.changes) {
      arena.views.i32[(cell + cellFields.rows) >>> 2] = notThere
      this.#touch(bucket, refs, 1, this.#filled(1, 0))
    }
    const { i32, f64 } = arena.views
    i32[(cell + cellFields.rows) >>> 2] = 0
    f64[(cell + cellFields.created) >>> 3] = 0
    if (this.#fold.isReducible) this.#single = cell
    arena.releaseScratch(mark)
  }

  #bucket(end: bigint): Bucket {
    let bucket = this.#buckets.get(end)
    if (bucket === undefined) {
      bucket = this.#addBucket(end, this.#numbers++, null)
    }
    return bucket
  }

  #addBucket(end: bigint, number: number, state: BucketState | null): Bucket {
    const options = { expected: this.#expectedOf(end), keepStrings: this.#spec.changes }
    const bucket: Bucket = {
      end,
      number,
      table: new Table(this.#kernels, this.#layout, options, state?.table),
      cold: new Cold(this.#kernels, this.#coldBytes, state?.cold),
      sets: this.#measures.map(({ values, measure }, index) =>
        values === 0 ? null : new DistinctSet(this.#kernels, measure.argument!, state?.sets[index]),
      ),
      outside:
        state?.outside ?? this.#measures.some(({ form }) => form.kind === 'extreme' && form.list),
    }
    this.#buckets.set(end, bucket)
    this.#byNumber.set(number, bucket)
    return bucket
  }

  /** A window that opens last will have as many cells as the one before has by now. */
  #expectedOf(end: bigint): number {
    let before: Bucket | null = null
    for (const bucket of this.#buckets.values()) {
      if (bucket.end > end) return this.#expected
      if (before === null || bucket.end > before.end) before = bucket
    }
    return Math.max(this.#expected, before?.table.count ?? 0)
  }

  #restore(state: CuboidState): void {
    for (const bucket of state.buckets) this.#addBucket(bucket.end, bucket.number, bucket)
    this.#touchedNext = state.touchedNext
    this.#touchedEnd = state.touchedEnd
    this.#numbers = state.numbers
    this.#expected = state.expected
    this.#single = state.single
  }

  #touch(bucket: Bucket, refs: number, rows: number, major: number): void {
    const { arena } = this.#kernels
    const kernel = this.#kernels.get('cell_touch')
    for (let from = 0; ; ) {
      const { u32 } = arena.views
      const set = (field: number, value: number) => {
        u32[(this.#control + field) >>> 2] = value
      }
      set(touch.refs, refs)
      set(touch.major, major)
      set(touch.rowBytes, this.#layout.rowBytes)
      set(touch.next, this.#touchedNext)
      set(touch.end, this.#touchedEnd)
      set(touch.bucket, bucket.number)
      set(touch.coldBytes, this.#coldBytes)
      from = kernel(this.#control, from, rows)
      const next = u32[(this.#control + touch.next) >>> 2]!
      arena.markDirty(this.#touchedNext, next - this.#touchedNext)
      this.#touchedNext = next
      if (from === rows) return
      const room = this.#touched.add(this.#touchedNext, this.#entryBytes)
      this.#touchedNext = room.next
      this.#touchedEnd = room.end
    }
  }

  get #entryBytes(): number {
    return this.#layout.rowBytes + this.#coldBytes + entryFields.image
  }

  /** Addresses of the entries in order of first touch. */
  #touchedEntries(): Float64Array {
    const entries: number[] = []
    let sorted = true
    let last = -1
    const { f64 } = this.#kernels.arena.views
    for (const { from, to } of this.#touched.parts(this.#touchedNext)) {
      for (let entry = from; entry < to; entry += this.#entryBytes) {
        entries.push(entry)
        const position = f64[entry >>> 3]!
        if (position < last) sorted = false
        last = position
      }
    }
    if (!sorted) entries.sort((a, b) => f64[a >>> 3]! - f64[b >>> 3]!)
    return Float64Array.from(entries)
  }

  #isThere(row: number): boolean {
    const rows = rowsOf(this.#kernels.arena, row)
    return this.#spec.single ? rows >= 0n : rows > 0n
  }

  #emitEntries(entries: Float64Array, sink: (out: VectorBatch) => void): void {
    const { arena } = this.#kernels
    const addresses: number[] = []
    const owners: number[] = []
    for (const entry of entries) {
      const cell = arena.views.u32[(entry + entryFields.cell) >>> 2]!
      for (const row of [entry + entryFields.image, cell]) {
        if (!this.#isThere(row)) continue
        addresses.push(row)
        owners.push(entry)
      }
    }
    if (addresses.length === 0) return
    const all = this.#readColumns(this.#listOf(addresses), addresses.length)
    const kept = this.#changedRows(all.slice(this.#keyFields.length), owners)
    if (kept.length === 0) return
    const columns =
      kept.length === addresses.length
        ? all
        : this.#readColumns(this.#listOf(kept.map((row) => addresses[row]!)), kept.length)
    const rows = kept.length
    const major = arena.scratch(rows * 8)
    const middle = arena.scratch(rows * 8)
    const minor = this.#filled(rows, 0)
    const weights = arena.scratch(rows * 4)
    const { f64, u32, i32 } = arena.views
    kept.forEach((row, index) => {
      const entry = owners[row]!
      const bucket = this.#byNumber.get(u32[(entry + entryFields.bucket) >>> 2]!)!
      const isFirst = this.#spec.single && !this.#isThere(entry + entryFields.image)
      f64[(major >>> 3) + index] = isFirst ? 0 : f64[entry >>> 3]!
      f64[(middle >>> 3) + index] = Number(bucket.end)
      i32[(weights >>> 2) + index] = addresses[row] === entry + entryFields.image ? -1 : 1
    })
    sink({ rows, columns, order: { major, middle, minor }, weights, watermarks: 0 })
  }

  /** Rows without the pairs whose values are equal. */
  #changedRows(values: readonly Vector[], owners: readonly number[]): number[] {
    const kept: number[] = []
    for (let row = 0; row < owners.length; row++) {
      const isPair = owners[row] === owners[row + 1]
      if (isPair && values.every((value) => sameValue(this.#kernels, value, row, row + 1))) row++
      else {
        kept.push(row)
        if (isPair) kept.push(++row)
      }
    }
    return kept
  }

  /** Removes the cells without rows and forgets the old images. */
  #endCycle(entries: Float64Array): void {
    const { arena } = this.#kernels
    const { u32 } = arena.views
    const gone = new Map<Bucket, number[]>()
    for (const entry of entries) {
      const cell = u32[(entry + entryFields.cell) >>> 2]!
      const bucket = this.#byNumber.get(u32[(entry + entryFields.bucket) >>> 2]!)!
      this.#freeImage(entry, cell)
      u32[cell >>> 2] = 0
      arena.markDirty(cell, 4)
      if (!gone.has(bucket)) gone.set(bucket, [])
      if (this.#isThere(cell)) continue
      this.#freeCell(bucket, cell)
      bucket.cold.free(cell)
      bucket.table.disownKeys(cell)
      gone.get(bucket)!.push(cell)
    }
    for (const [bucket, cells] of gone) {
      bucket.table.remove(cells)
      bucket.table.heap.release()
      if (bucket.table.count === 0) this.#dropEmpty(bucket)
    }
    this.#touched.free()
    this.#touchedNext = 0
    this.#touchedEnd = 0
  }

  #dropEmpty(bucket: Bucket): void {
    const expected = this.#expected
    // Its entries are being freed by the caller.
    dropMemory(bucket)
    this.#buckets.delete(bucket.end)
    this.#byNumber.delete(bucket.number)
    this.#expected = expected
  }

  /** Takes the entries of a bucket out of the touched list. */
  #forgetTouched(bucket: Bucket): void {
    const { arena } = this.#kernels
    const kept: { position: number; cell: number; bucket: number; image: Uint8Array }[] = []
    for (const entry of this.#touchedEntries()) {
      const { u32, f64, u8 } = arena.views
      const cell = u32[(entry + entryFields.cell) >>> 2]!
      const number = u32[(entry + entryFields.bucket) >>> 2]!
      if (number === bucket.number) {
        this.#freeImage(entry, cell)
        continue
      }
      const at = entry + entryFields.image
      const image = u8.slice(at, entry + this.#entryBytes)
      kept.push({ position: f64[entry >>> 3]!, cell, bucket: number, image })
    }
    this.#touched.free()
    this.#touchedNext = 0
    this.#touchedEnd = 0
    for (const { position, cell, bucket: number, image } of kept) {
      if (this.#touchedEnd - this.#touchedNext < this.#entryBytes) {
        const room = this.#touched.add(this.#touchedNext, this.#entryBytes)
        this.#touchedNext = room.next
        this.#touchedEnd = room.end
      }
      const entry = this.#touchedNext
      const { u32, f64, u8 } = arena.views
      f64[entry >>> 3] = position
      u32[(entry + entryFields.cell) >>> 2] = cell
      u32[(entry + entryFields.bucket) >>> 2] = number
      const at = entry + entryFields.image
      u8.set(image, at)
      const cold = (at + cellFields.cold) >>> 2
      if (u32[cold] !== 0) u32[cold] = at + this.#layout.rowBytes
      u32[cell >>> 2] = entry
      arena.markDirty(cell, 4)
      this.#touchedNext += this.#entryBytes
    }
  }

  #freeImage(entry: number, cell: number): void {
    for (const { form, rest } of this.#measures) {
      if (form.kind !== 'sum' || form.of !== 'f64') continue
      freeImageWide(this.#kernels, entry + entryFields.image, cell, rest)
    }
  }

  /** Frees what a cell has outside its bucket's memory. */
  #freeCell(bucket: Bucket, cell: number): void {
    for (const fields of this.#measures) {
      const { form, state, rest } = fields
      if (form.kind === 'sum' && form.of === 'f64') freeWide(this.#kernels, cell, rest)
      if (form.kind !== 'extreme') continue
      if (form.list) freeList(this.#kernels, bucket.table.heap, cell, fields)
      else if (form.of === 'view') bucket.table.heap.disown(cell + state)
    }
  }

  /** Frees what the cells of a bucket have outside its memory, if there can be anything. */
  #freeCells(bucket: Bucket): void {
    if (!bucket.outside) return
    for (const { from, to } of bucket.table.parts()) {
      for (let cell = from; cell < to; cell += this.#layout.rowBytes) {
        // A removed row keeps nothing: it was zeroed.
        this.#freeCell(bucket, cell)
      }
    }
  }

  /** Addresses of the cells, u32 each, and the positions at which they were created, in blocks to be freed. */
  #cellsByCreation(bucket: Bucket): CellList {
    const { arena } = this.#kernels
    const scan = this.#kernels.get('cell_scan')
    const parts = [...bucket.table.parts()]
    const places = parts.reduce((sum, { from, to }) => sum + (to - from) / this.#layout.rowBytes, 0)
    const block = (bytes: number) => ({ address: arena.allocateTransient(bytes), bytes })
    const blocks = [block(places * 4 + slack)]
    const cells = blocks[0]!.address
    let count = 0
    for (const { from, to } of parts) {
      const live = scan(from, to, this.#layout.rowBytes, cells + count * 4)
      count += live
      if (this.#spec.single && live === 0) arena.views.u32[(cells >>> 2) + count++] = from
    }
    blocks.push(block(count * 8 + slack), block(count * 4 + slack))
    const [created, ties] = [blocks[1]!.address, blocks[2]!.address]
    this.#kernels.get('cell_read_8')(cells, count, cellFields.created, created)
    if (this.#kernels.get('order_ties')(created, 0, 0, count, ties) < 0) {
      this.#sortByCreation(cells, created, count)
    }
    return { cells, created, count, blocks }
  }

  /**
   * Most cells lie in order of creation, and all but those whose hash others have too. Cells that are not in order are
   * taken out, sorted, and merged with the rest.
   */
  #sortByCreation(cells: number, created: number, count: number): void {
    const { u32, f64 } = this.#kernels.arena.views
    const [cellAt, createdAt] = [cells >>> 2, created >>> 3]
    const strays: { cell: number; created: number }[] = []
    let last = -1
    const put = (to: number, cell: number, position: number) => {
      u32[cellAt + to] = cell
      f64[createdAt + to] = position
    }
    for (let index = 0; index < count; index++) {
      const [cell, position] = [u32[cellAt + index]!, f64[createdAt + index]!]
      if (last >= 0 && position < f64[createdAt + last]!) strays.push({ cell, created: position })
      else put(++last, cell, position)
    }
    strays.sort((a, b) => a.created - b.created)
    let to = count - 1
    for (let stray = strays.at(-1); stray !== undefined; to--) {
      if (last >= 0 && f64[createdAt + last]! > stray.created) {
        put(to, u32[cellAt + last]!, f64[createdAt + last]!)
        last--
      } else {
        put(to, stray.cell, stray.created)
        strays.pop()
        stray = strays.at(-1)
      }
    }
  }

  #readColumns(addresses: number, count: number): Vector[] {
    const keys = this.#keyFields.map((field, index) =>
      this.#readKeyAs(this.#spec.keys[index]!, field, addresses, count),
    )
    const values = this.#measures.map((fields) =>
      readMeasure(this.#kernels, fields, addresses, count),
    )
    return [...keys, ...values]
  }

  #readKeyAs(type: Type, field: KeyField, addresses: number, count: number): Vector {
    const vector = readKey(this.#kernels, field, addresses, count)
    if (physicalOf(type) === 'f64') return { ...vector, physical: 'f64' }
    if (type.kind !== 'boolean') return vector
    const data = this.#kernels.arena.scratch((count + 63) >> 3)
    this.#kernels.get('cell_read_bits')(addresses, count, field.offset, data)
    return { ...vector, physical: 'bits', data }
  }

  #listOf(addresses: ArrayLike<number>): number {
    const list = this.#kernels.arena.scratch(addresses.length * 4)
    this.#kernels.arena.views.u32.set(addresses, list >>> 2)
    return list
  }

  #filled(rows: number, value: number): number {
    const address = this.#kernels.arena.scratch(rows * 8)
    this.#kernels.arena.views.f64.fill(value, address >>> 3, (address >>> 3) + rows)
    return address
  }
}

function dropMemory({ table, cold, sets }: Bucket): void {
  for (const set of sets) set?.drop()
  cold.drop()
  table.drop()
}
