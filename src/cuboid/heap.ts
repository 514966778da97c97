/**
 * Heap: the bytes of the long strings of one bucket; dropped whole with it.
 *
 * How      1. Strings are cut from the end of the last block in sizes that are multiples of 8, and of a power of two
 *             above 256.
 *          2. Freed strings go to the list of their size, from which they are taken again when much is free; with
 *             `keep` they wait until `release`, so that old images of cells can still be read.
 * Contract 1 (trusted) a view's bytes are freed once, by the row that holds it.
 */
import { type Arena, cellBlocks, type Kernels } from '../kernel/index.ts'
import { Chunks, type ChunksState } from './chunks.ts'

const inlineMax = 12
/** Bytes that string kernels may read behind a string. */
const slack = 16
const { noView } = cellBlocks
/** Freed bytes are looked for when they are one of so many. */
const reusedPart = 8

/** What a checkpoint keeps of a heap. */
export interface HeapState {
  chunks: ChunksState
  next: number
  end: number
  /** Freed strings by their size. */
  free: [number, number[]][]
  waiting: { address: number; length: number }[]
}

export class Heap {
  readonly #kernels: Kernels
  readonly #arena: Arena
  readonly #chunks: Chunks
  readonly #keep: boolean
  #next = 0
  #end = 0
  #free = new Map<number, number[]>()
  #freeBytes = 0
  #waiting: { address: number; length: number }[] = []

  constructor(kernels: Kernels, keep: boolean, state: HeapState | null = null) {
    this.#kernels = kernels
    this.#arena = kernels.arena
    this.#chunks = new Chunks(kernels, state?.chunks)
    this.#keep = keep
    if (state === null) return
    this.#next = state.next
    this.#end = state.end
    this.#free = new Map(state.free.map(([size, addresses]) => [size, addresses.slice()]))
    this.#waiting = state.waiting.slice()
    for (const [size, addresses] of state.free) this.#freeBytes += size * addresses.length
  }

  get bytes(): number {
    return this.#chunks.bytes
  }

  /** Makes the view at `at` own its bytes. */
  own(at: number): void {
    const { u32 } = this.#arena.views
    const length = u32[at >>> 2]!
    if (length <= inlineMax) return
    const from = u32[(at >>> 2) + 3]!
    const to = this.#take(sizeOf(length))
    const { u8, u32: words } = this.#arena.views
    u8.copyWithin(to, from, from + length)
    this.#arena.markDirty(to, length)
    words[(at >>> 2) + 3] = to
  }

  /** Makes the views own their bytes that lie at an offset in the rows at `refs[list[…]]`. */
  ownListed({ refs, list, count }: { refs: number; list: number; count: number }, offset: number) {
    const mark = this.#arena.markScratch()
    const room = this.#arena.scratch(8)
    const own = this.#kernels.get('cell_own_view')
    for (let index = 0; index < count; index++) {
      // Little that is free is not worth looking for.
      if (this.#freeBytes * reusedPart <= this.bytes) {
        const { u32 } = this.#arena.views
        u32[room >>> 2] = this.#next
        u32[(room >>> 2) + 1] = this.#end
        index = own(refs, list, index, count, offset, room)
        this.#next = u32[room >>> 2]!
        if (index === count) break
      }
      const { u32 } = this.#arena.views
      this.own(u32[(refs >>> 2) + u32[(list >>> 2) + index]!]! + offset)
    }
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
    const free = [...this.#free].map(([size, addresses]): [number, number[]] => [
      size,
      addresses.slice(),
    ])
    const waiting = this.#waiting.slice()
    return { chunks: this.#chunks.state(), next: this.#next, end: this.#end, free, waiting }
  }

  drop(): void {
    this.#chunks.free()
    this.#free.clear()
    this.#freeBytes = 0
    this.#waiting.length = 0
    this.#next = 0
    this.#end = 0
  }

  #give(address: number, length: number): void {
    const size = sizeOf(length)
    this.#freeBytes += size
    const list = this.#free.get(size)
    if (list === undefined) this.#free.set(size, [address])
    else list.push(address)
  }

  #take(size: number): number {
    const reused = this.#free.get(size)?.pop()
    if (reused !== undefined) {
      this.#freeBytes -= size
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

function sizeOf(length: number): number {
  return length <= 256 ? (length + 7) & ~7 : 2 ** Math.ceil(Math.log2(length))
}
