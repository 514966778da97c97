/**
 * Fresh rows: stored rows of one bucket of a join table that are not in its index yet, with the hashes of their keys.
 *
 * How      Two lists of u32 that double. `grouped` puts them into groups by the top bits of the hash, which also name
 *          the part of an index, so that what a group touches stays in the cache.
 * Contract 1 (checked) rows stand in the order in which they came, within each group too.
 * Cost     8 B per row while it is fresh.
 */
import { cellBlocks, type Kernels } from '../kernel/index.ts'
import type { HashedRows } from './join-index.ts'

const { joinGroup } = cellBlocks
const roomMin = 1024

/** What a checkpoint keeps of fresh rows. */
export interface FreshRowsState extends HashedRows {
  room: number
}

export class FreshRows implements HashedRows {
  readonly #kernels: Kernels
  hashes: number
  rows: number
  count: number
  #room: number

  constructor(kernels: Kernels, state: FreshRowsState | null = null) {
    this.#kernels = kernels
    this.hashes = state?.hashes ?? 0
    this.rows = state?.rows ?? 0
    this.count = state?.count ?? 0
    this.#room = state?.room ?? 0
  }

  get bytes(): number {
    return this.#room * 8
  }

  /** Adds rows that lie side by side, `rowBytes` apart. */
  add(hashes: number, first: number, rowBytes: number, count: number): void {
    const { arena } = this.#kernels
    if (this.count + count > this.#room) this.#grow(this.count + count)
    const [toHashes, toRows] = [this.hashes + this.count * 4, this.rows + this.count * 4]
    this.#kernels.get('join_note')(hashes, first, rowBytes, count, toHashes, toRows)
    arena.markDirty(toHashes, count * 4)
    arena.markDirty(toRows, count * 4)
    this.count += count
  }

  /** All of them in 2^bits groups, in scratch memory. */
  grouped(bits: number): HashedRows[] {
    const { hashes, rows, count } = this
    if (bits === 0) return [{ hashes, rows, count }]
    const { arena } = this.#kernels
    const groups = 2 ** bits
    const [toHashes, toRows] = [arena.scratch(count * 4), arena.scratch(count * 4)]
    const ends = arena.scratch(groups * 4)
    const control = arena.scratch(joinGroup.bytes)
    arena.views.u32.set([hashes, rows, toHashes, toRows, ends, bits], control >>> 2)
    this.#kernels.get('join_group')(control, count)
    const { u32 } = arena.views
    let start = 0
    return Array.from({ length: groups }, (_, group) => {
      const end = u32[(ends >>> 2) + group]!
      const part = { hashes: toHashes + start * 4, rows: toRows + start * 4, count: end - start }
      start = end
      return part
    })
  }

  /** Forgets them: they are in the index, or gone. */
  clear(): void {
    const { arena } = this.#kernels
    if (this.#room > 0) {
      arena.free(this.hashes, this.#room * 4)
      arena.free(this.rows, this.#room * 4)
    }
    this.hashes = 0
    this.rows = 0
    this.count = 0
    this.#room = 0
  }

  state(): FreshRowsState {
    return { hashes: this.hashes, rows: this.rows, count: this.count, room: this.#room }
  }

  #grow(wanted: number): void {
    const { arena } = this.#kernels
    const { hashes, rows, count } = this
    const room = 2 ** Math.ceil(Math.log2(Math.max(roomMin, wanted)))
    const lists = [arena.allocate(room * 4), arena.allocate(room * 4)] as const
    const { u8 } = arena.views
    u8.copyWithin(lists[0], hashes, hashes + count * 4)
    u8.copyWithin(lists[1], rows, rows + count * 4)
    this.clear()
    this.hashes = lists[0]
    this.rows = lists[1]
    this.count = count
    this.#room = room
  }
}
