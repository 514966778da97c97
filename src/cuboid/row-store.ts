/**
 * Row store: the rows of one side of a join, one bucket of it, in fixed-size rows and a heap for their long
 *          strings.
 *
 * Format   u32 entry of the row in the index, in tables whose rows can be removed | null mask, a word per 32 columns |
 *          f64 position | columns, 8 or 16 B each
 * How      Rows that come together lie side by side, so that a column is stored by one kernel call.
 * Contract 1 (trusted) kernels over rows read the null mask only of columns that ever had a NULL.
 */
import { physicalOf, type Type } from '../data/index.ts'
import { cellBlocks, type Kernels, type Vector } from '../kernel/index.ts'
import { Chunks, type ChunksState } from './chunks.ts'
import { Heap, type HeapState } from './heap.ts'
import { bytesOf, formOf, type KeyField, keyVector } from './layout.ts'

const nullsAt = cellBlocks.row.nulls

export interface StoreLayout {
  types: readonly Type[]
  columns: KeyField[]
  /** Columns that had a NULL once. */
  nullable: boolean[]
  major: number
  rowBytes: number
}

export function storeLayout(types: readonly Type[]): StoreLayout {
  const major = (nullsAt + nullWords(types.length) * 4 + 7) & ~7
  let end = major + 8
  const columns = types.map((type, bit): KeyField => {
    const form = formOf(type)
    const field = { form, offset: end, bit }
    end += bytesOf(form)
    return field
  })
  return {
    types,
    columns,
    nullable: types.map(() => false),
    major,
    rowBytes: end,
  }
}

function nullWords(columns: number): number {
  return Math.max(1, Math.ceil(columns / 32))
}

/** Columns to store, in their forms, and positions. */
export interface StoredColumns {
  columns: readonly Vector[]
  major: number
}

/** What a checkpoint keeps of a row store. */
export interface RowStoreState {
  chunks: ChunksState
  heap: HeapState
  free: number[]
  next: number
  end: number
  count: number
}

export class RowStore {
  readonly heap: Heap
  readonly #kernels: Kernels
  readonly #layout: StoreLayout
  readonly #chunks: Chunks
  readonly #free: number[]
  #next: number
  #end: number
  #count: number

  constructor(kernels: Kernels, layout: StoreLayout, state: RowStoreState | null = null) {
    this.#kernels = kernels
    this.#layout = layout
    this.#chunks = new Chunks(kernels, state?.chunks)
    this.heap = new Heap(kernels, false, state?.heap)
    this.#free = state?.free.slice() ?? []
    this.#next = state?.next ?? 0
    this.#end = state?.end ?? 0
    this.#count = state?.count ?? 0
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#chunks.bytes + this.heap.bytes
  }

  /** Room for up to `wanted` rows side by side; their number may be less. */
  take(wanted: number): { first: number; count: number } {
    const reused = this.#free.pop()
    const { rowBytes } = this.#layout
    let first = this.#next
    let count = 1
    if (reused !== undefined) first = reused
    else {
      if (this.#end - this.#next < rowBytes) {
        const room = this.#chunks.add(this.#next, rowBytes)
        first = room.next
        this.#end = room.end
      }
      count = Math.min(wanted, Math.floor((this.#end - first) / rowBytes))
      this.#next = first + count * rowBytes
    }
    this.#count += count
    return { first, count }
  }

  /** Stores rows `from … from + count` of the columns in rows that `take` gave. */
  put({ columns, major }: StoredColumns, from: number, first: number, count: number): void {
    const { rowBytes } = this.#layout
    const put = this.#kernels.get('join_put_i64')
    this.#kernels.arena.markDirty(first, count * rowBytes)
    const start = this.#kernels.get('join_start')
    start(first, rowBytes, count, major + from * 8, this.#layout.major)
    columns.forEach((vector, index) => {
      const { form, offset, bit } = this.#layout.columns[index]!
      if (form === 'view') {
        const putView = this.#kernels.get('join_put_view')
        const long = putView(first + offset, rowBytes, count, vector.data + from * 16)
        if (long > 0) this.heap.ownRows({ first, rowBytes, count }, offset)
      } else put(first + offset, rowBytes, count, vector.data + from * 8)
      if (vector.validity === 0) return
      this.#layout.nullable[index] = true
      const word = first + nullsAt + (bit >>> 5) * 4
      this.#kernels.get('join_put_nulls')(word, rowBytes, count, vector.validity, from, bit & 31)
    })
  }

  /** Takes `count` rows wherever they lie, and writes their addresses to a list of u32. */
  takeEach(count: number, list: number): void {
    const { rowBytes } = this.#layout
    for (let at = 0; at < count; ) {
      const { first, count: some } = this.take(count - at)
      const { u32 } = this.#kernels.arena.views
      for (let index = 0; index < some; index++) {
        u32[(list >>> 2) + at + index] = first + index * rowBytes
      }
      at += some
    }
  }

  /** Stores the listed rows of the columns, row r at the address `refs[r]`; `list` and `refs` are u32. */
  putListed(
    { columns, major }: StoredColumns,
    { refs, list, count }: { refs: number; list: number; count: number },
  ): void {
    const { arena } = this.#kernels
    const { u32, f64 } = arena.views
    for (let index = 0; index < count; index++) {
      const row = u32[(list >>> 2) + index]!
      const to = u32[(refs >>> 2) + row]!
      for (let at = to; at < to + this.#layout.major; at += 4) u32[at >>> 2] = 0
      f64[(to + this.#layout.major) >>> 3] = f64[(major >>> 3) + row]!
      arena.markDirty(to, this.#layout.rowBytes)
    }
    columns.forEach((vector, index) => {
      const { form, offset, bit } = this.#layout.columns[index]!
      const put = this.#kernels.get(form === 'view' ? 'cell_put_view' : 'cell_put_i64')
      const place = offset | (bit << 16)
      const long = put(refs, list, count, place, vector.data, vector.validity)
      if (form === 'view' && long > 0) this.heap.ownListed({ refs, list, count }, offset)
      if (vector.validity !== 0) this.#layout.nullable[index] = true
    })
  }

  remove(row: number): void {
    for (const field of this.#layout.columns) {
      if (field.form === 'view') this.heap.disown(row + field.offset)
    }
    this.#free.push(row)
    this.#count--
  }

  /** Addresses of all rows; before the first removal only. */
  rows(): number[] {
    const rows: number[] = []
    for (const { from, to } of this.#chunks.parts(this.#next)) {
      for (let row = from; row < to; row += this.#layout.rowBytes) rows.push(row)
    }
    return rows
  }

  state(): RowStoreState {
    return {
      chunks: this.#chunks.state(),
      heap: this.heap.state(),
      free: this.#free.slice(),
      next: this.#next,
      end: this.#end,
      count: this.#count,
    }
  }

  drop(): void {
    this.#chunks.free()
    this.heap.drop()
    this.#free.length = 0
    this.#next = 0
    this.#end = 0
    this.#count = 0
  }
}

/** A column of stored rows, as it came. */
export function gatherColumn(
  kernels: Kernels,
  layout: StoreLayout,
  column: number,
  rows: { list: number; count: number },
): Vector {
  const { arena } = kernels
  const { form, offset, bit } = layout.columns[column]!
  const physical = physicalOf(layout.types[column]!)
  let validity = 0
  if (layout.nullable[column]!) {
    const bits = arena.scratch((rows.count + 63) >> 3)
    const word = nullsAt + (bit >>> 5) * 4
    const read = kernels.get('cell_read_validity')
    validity = read(rows.list, rows.count, word, bit & 31, bits) === 0 ? 0 : bits
  }
  const [name, bytes] =
    physical === 'bits'
      ? (['cell_read_bits', ((rows.count + 63) >> 6) * 8] as const)
      : form === 'view'
        ? (['cell_read_16', rows.count * 16] as const)
        : (['cell_read_8', rows.count * 8] as const)
  const data = arena.scratch(bytes)
  kernels.get(name)(rows.list, rows.count, offset, data)
  return { physical, data, validity, errors: null }
}

/** A column in the form in which it is stored: doubles as they are, with both zeros; booleans widened. */
export function storedVector(kernels: Kernels, vector: Vector, rows: number): Vector {
  return vector.physical === 'f64' ? vector : keyVector(kernels, vector, rows)
}
