/**
 * Row store: the rows of one side of a join, one bucket of it, in fixed-size rows and a heap for their long
 *          strings.
 *
 * Format   u32 next row of the key | null mask, a word per 32 columns | u32 row of the key (0 = free) | u32
 *          previous row | …
 *          f64 position | columns, 8 or 16 B each
 */
import { physicalOf, type Type } from '../data/index.ts'
import type { Kernels, Vector, VectorBatch } from '../kernel/index.ts'
import { Chunks } from './chunks.ts'
import { Heap } from './heap.ts'
import { bytesOf, formOf, type KeyField, keyVector } from './layout.ts'
import { readKey } from './table.ts'

export interface StoreLayout {
  types: readonly Type[]
  columns: KeyField[]
  /** Offset of the key's row and, behind it, of the previous row. */
  owner: number
  major: number
  rowBytes: number
  /** Address of a row of zeros. */
  template: number
}

export function storeLayout(kernels: Kernels, types: readonly Type[]): StoreLayout {
  const owner = 4 + Math.max(1, Math.ceil(types.length / 32)) * 4
  const major = (owner + 8 + 7) & ~7
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
    owner,
    major,
    rowBytes: end,
    template: kernels.arena.allocateZeroed(end),
  }
}

export class RowStore {
  readonly heap: Heap
  readonly #kernels: Kernels
  readonly #layout: StoreLayout
  readonly #chunks: Chunks
  readonly #free: number[] = []
  #next = 0
  #end = 0
  #count = 0

  constructor(kernels: Kernels, layout: StoreLayout) {
    this.#kernels = kernels
    this.#layout = layout
    this.#chunks = new Chunks(kernels)
    this.heap = new Heap(kernels, false)
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#chunks.bytes + this.heap.bytes
  }

  /** Stores the listed rows of a batch; returns the addresses, by row number of the batch. */
  add(batch: VectorBatch, list: number, count: number): number {
    const { arena } = this.#kernels
    const rows = arena.scratch(batch.rows * 4)
    for (let index = 0; index < count; ) {
      const reused = Math.min(this.#free.length, count - index)
      const fresh = this.#room(count - index - reused)
      const { u32 } = arena.views
      const place = (at: number, address: number) => {
        u32[(rows >>> 2) + u32[(list >>> 2) + at]!] = address
      }
      for (let at = 0; at < reused; at++) place(index++, this.#free.pop()!)
      for (let at = 0; at < fresh; at++) {
        place(index++, this.#next)
        this.#next += this.#layout.rowBytes
      }
    }
    this.#count += count
    const { template, rowBytes, major, columns } = this.#layout
    this.#kernels.get('cell_start')(rows, list, count, template, rowBytes)
    this.#kernels.get('cell_put_i64')(rows, list, count, major, batch.order.major, 0)
    columns.forEach((field, index) => {
      const vector = plainVector(this.#kernels, batch.columns[index]!, batch.rows)
      const put = this.#kernels.get(field.form === 'view' ? 'cell_put_view' : 'cell_put_i64')
      const place = field.offset | (field.bit << 16)
      const long = put(rows, list, count, place, vector.data, vector.validity)
      if (field.form !== 'view' || long === 0) return
      for (let at = 0; at < count; at++) {
        const { u32 } = arena.views
        this.heap.own(u32[(rows >>> 2) + u32[(list >>> 2) + at]!]! + field.offset)
      }
    })
    return rows
  }

  remove(row: number): void {
    for (const field of this.#layout.columns) {
      if (field.form === 'view') this.heap.disown(row + field.offset)
    }
    this.#kernels.arena.views.u8.fill(0, row, row + this.#layout.rowBytes)
    this.#free.push(row)
    this.#count--
  }

  /** Addresses of all rows. */
  rows(): number[] {
    const rows: number[] = []
    const { u32 } = this.#kernels.arena.views
    for (const { from, to } of this.#chunks.parts(this.#next)) {
      for (let row = from; row < to; row += this.#layout.rowBytes) {
        if (u32[(row + this.#layout.owner) >>> 2] !== 0) rows.push(row)
      }
    }
    return rows
  }

  drop(): void {
    this.#chunks.free()
    this.heap.drop()
    this.#free.length = 0
    this.#next = 0
    this.#end = 0
    this.#count = 0
  }

  /** How many of `wanted` rows fit at the end of the last block; a new one if none does. */
  #room(wanted: number): number {
    if (wanted === 0) return 0
    const { rowBytes } = this.#layout
    if (this.#end - this.#next < rowBytes) {
      const room = this.#chunks.add(this.#next, rowBytes)
      this.#next = room.next
      this.#end = room.end
    }
    return Math.min(wanted, Math.floor((this.#end - this.#next) / rowBytes))
  }
}

/** A column of stored rows, as it came. */
export function gatherColumn(
  kernels: Kernels,
  layout: StoreLayout,
  column: number,
  rows: { list: number; count: number },
): Vector {
  const field = layout.columns[column]!
  const vector = readKey(kernels, field, rows.list, rows.count)
  const physical = physicalOf(layout.types[column]!)
  if (physical !== 'bits') return { ...vector, physical }
  const data = kernels.arena.scratch((rows.count + 63) >> 3)
  kernels.get('cell_read_bits')(rows.list, rows.count, field.offset, data)
  return { ...vector, physical, data }
}

/** Doubles as they are, with both zeros; booleans widened. */
function plainVector(kernels: Kernels, vector: Vector, rows: number): Vector {
  return vector.physical === 'f64' ? vector : keyVector(kernels, vector, rows)
}
