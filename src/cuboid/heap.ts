/**
 * Heap: the bytes of the long strings of one bucket; dropped whole with it.
 *
 * How      1. Strings are cut from the end of the last block in sizes that are multiples of 8, above 256 bytes of 64,
 *             and above 4 KB powers of two.
 *          2. Freed strings go to the list of their size, which lies in them, and are taken again from there; with
 *             `keep` they wait until `release`, so that old images of cells can still be read.
 * Contract 1 (trusted) a view's bytes are freed once, by the row that holds it.
 */
import { type Arena, cellBlocks, type Kernels } from '../kernel/index.ts'
import { Chunks, type ChunksState } from './chunks.ts'

const inlineMax = 12
/** Bytes that string kernels may read behind a string. */
const slack = 16
const { noView, strings } = cellBlocks

/** What a checkpoint keeps of a heap. */
export interface HeapState {
  chunks: ChunksState
  next: number
  end: number
  /** Address of the heads of the lists of freed strings; 0 before one was freed. */
  heads: number
  waiting: { address: number; length: number }[]
}

export class Heap {
  readonly #kernels: Kernels
  readonly #arena: Arena
  readonly #chunks: Chunks
  readonly #keep: boolean
  #next = 0
  #end = 0
  #heads = 0
  #waiting: { address: number; length: number }[] = []

  constructor(kernels: Kernels, keep: boolean, state: HeapState | null = null) {
    this.#kernels = kernels
    this.#arena = kernels.arena
    this.#chunks = new Chunks(kernels, state?.chunks)
    this.#keep = keep
    if (state === null) return
    this.#next = state.next
    this.#end = state.end
    this.#heads = state.heads
    this.#waiting = state.waiting.slice()
  }

  get bytes(): number {
    return this.#chunks.bytes + (this.#heads === 0 ? 0 : strings.lists)
  }

  /** Makes the view at `at` own its bytes. */
  own(at: number): void {
    const { u32 } = this.#arena.views
    const length = u32[at >>> 2]!
    if (length <= inlineMax) return
    const from = u32[(at >>> 2) + 3]!
    const to = this.#take(length)
    const { u8, u32: words } = this.#arena.views
    u8.copyWithin(to, from, from + length)
    this.#arena.markDirty(to, length)
    words[(at >>> 2) + 3] = to
  }

  /** Makes the views own their bytes that lie at an offset in the rows at `refs[list[…]]`. */
  ownListed({ refs, list, count }: { refs: number; list: number; count: number }, offset: number) {
    const mark = this.#arena.markScratch()
    const room = this.#arena.scratch(16)
    const own = this.#kernels.get('cell_own_view')
    for (let index = 0; index < count; index++) {
      this.#arena.views.u32.set([this.#next, this.#end, this.#heads], room >>> 2)
      index = own(refs, list, index, count, offset, room)
      this.#next = this.#arena.views.u32[room >>> 2]!
      if (index === count) break
      const { u32 } = this.#arena.views
      this.own(u32[(refs >>> 2) + u32[(list >>> 2) + index]!]! + offset)
    }
    if (this.#heads !== 0) this.#arena.markDirty(this.#heads, strings.lists)
    this.#arena.releaseScratch(mark)
  }

  /** Makes the views own their bytes that lie at an offset in rows side by side. */
  ownRows(
    { first, rowBytes, count }: { first: number; rowBytes: number; count: number },
    offset: number,
  ) {
    const mark = this.#arena.markScratch()
    const [refs, list] = [this.#arena.scratch(count * 4), this.#arena.scratch(count * 4)]
    const { u32 } = this.#arena.views
    for (let row = 0; row < count; row++) {
      u32[(refs >>> 2) + row] = first + row * rowBytes
      u32[(list >>> 2) + row] = row
    }
    this.ownListed({ refs, list, count }, offset)
    this.#arena.releaseScratch(mark)
  }

  /** Frees the bytes of the view at `at`, if it has any. */
  disown(at: number): void {
    const { u32 } = this.#arena.views
    const length = u32[at >>> 2]!
    if (length <= inlineMax || length === noView) return
    const address = u32[(at >>> 2) + 3]!
    if (this.#keep) this.#waiting.push({ address, length })
    else this.#give(address, length)
  }

  /** What was freed may be used again. */
  release(): void {
    for (const { address, length } of this.#waiting) this.#give(address, length)
    this.#waiting.length = 0
  }

  state(): HeapState {
    return {
      chunks: this.#chunks.state(),
      next: this.#next,
      end: this.#end,
      heads: this.#heads,
      waiting: this.#waiting.slice(),
    }
  }

  drop(): void {
    this.#chunks.free()
    if (this.#heads !== 0) this.#arena.free(this.#heads, strings.lists)
    this.#heads = 0
    this.#waiting.length = 0
    this.#next = 0
    this.#end = 0
  }

  #give(address: number, length: number): void {
    if (this.#heads === 0) this.#heads = this.#arena.allocateZeroed(strings.lists)
    const { u32 } = this.#arena.views
    const head = this.#heads + strings.roomFor(length).list
    u32[address >>> 2] = u32[head >>> 2]!
    u32[head >>> 2] = address
    this.#arena.markDirty(address, 4)
    this.#arena.markDirty(head, 4)
  }

  #take(length: number): number {
    const { size, list } = strings.roomFor(length)
    const { u32 } = this.#arena.views
    const head = (this.#heads + list) >>> 2
    const reused = this.#heads === 0 ? 0 : u32[head]!
    if (reused !== 0) {
      u32[head] = u32[reused >>> 2]!
      this.#arena.markDirty(head * 4, 4)
      return reused
    }
    if (this.#end - this.#next < size + slack) {
      const room = this.#chunks.add(this.#next, size + slack)
      this.#next = room.next
      this.#end = room.end
    }
    const address = this.#next
    this.#next += size
    return address
  }
}
