/**
 * Cold: the parts of a bucket's cells that few of them need.
 *
 *   cell  hot fields | u32 ─▶ cold part  further rows | overflows, third doubles, wide parts | rows that do not count
 *
 * How      A cell without a cold part has zeros in all of its fields. Parts are given on demand, taken again after
 *          they were freed, and go with the bucket.
 * Contract 1 (checked) a part that is free, or was never given, holds zeros behind its first word.
 * Cost     a cache line, for cells that have one.
 */
import { Arena, cellBlocks, type Kernels } from '../kernel/index.ts'
import { Chunks, type ChunksState } from './chunks.ts'

const { cell: cellFields, give } = cellBlocks

/** What a checkpoint keeps of the cold parts of a bucket. */
export interface ColdState {
  chunks: ChunksState
  next: number
  end: number
  free: number
}

export class Cold {
  /** Bytes of a part. */
  readonly #partBytes: number
  readonly #kernels: Kernels
  readonly #chunks: Chunks
  readonly #control: number

  constructor(kernels: Kernels, partBytes: number, state: ColdState | null = null) {
    this.#kernels = kernels
    this.#partBytes = partBytes
    this.#chunks = new Chunks(kernels, state?.chunks)
    this.#control = kernels.arena.allocateTransient(give.bytes)
    this.#set(give.next, state?.next ?? 0)
    this.#set(give.end, state?.end ?? 0)
    this.#set(give.free, state?.free ?? 0)
    this.#set(give.coldBytes, partBytes)
  }

  get bytes(): number {
    return this.#chunks.bytes + Arena.blockBytes(give.bytes)
  }

  /** Gives the cells listed from row `from` up to `rows` a part, where they have none; marks it. */
  give(refs: number, from: number, rows: number): void {
    const kernel = this.#kernels.get('cell_give_cold')
    for (let row = from; ; ) {
      row = kernel(this.#control, refs, row, rows)
      if (row === rows) return
      const room = this.#chunks.add(this.#read(give.next), this.#partBytes)
      this.#kernels.arena.views.u8.fill(0, room.next, room.end)
      this.#set(give.next, room.next)
      this.#set(give.end, room.end)
    }
  }

  /** The part of one cell, given where there is none and marked whole. */
  of(cell: number): number {
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const refs = arena.scratch(4)
    arena.views.u32[refs >>> 2] = cell
    this.give(refs, 0, 1)
    arena.releaseScratch(mark)
    const part = arena.views.u32[(cell + cellFields.cold) >>> 2]!
    arena.markDirty(part, this.#partBytes)
    return part
  }

  /** Takes the part of a cell that goes. */
  free(cell: number): void {
    const { arena } = this.#kernels
    const { u32, u8 } = arena.views
    const part = u32[(cell + cellFields.cold) >>> 2]!
    if (part === 0) return
    u8.fill(0, part, part + this.#partBytes)
    u32[part >>> 2] = this.#read(give.free)
    u32[(cell + cellFields.cold) >>> 2] = 0
    arena.markDirty(part, this.#partBytes)
    this.#set(give.free, part)
  }

  state(): ColdState {
    const [next, end, free] = [give.next, give.end, give.free].map((field) => this.#read(field))
    return { chunks: this.#chunks.state(), next: next!, end: end!, free: free! }
  }

  drop(): void {
    this.#chunks.free()
    this.#kernels.arena.free(this.#control, give.bytes)
  }

  #read(field: number): number {
    return this.#kernels.arena.views.u32[(this.#control + field) >>> 2]!
  }

  #set(field: number, value: number): void {
    this.#kernels.arena.views.u32[(this.#control + field) >>> 2] = value
  }
}
