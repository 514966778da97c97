/**
 * Chunks: memory that grows by blocks and never moves; rows of a table, entries of a list.
 *
 * How      Blocks are powers of two from 4 KB to 1 MB; the next one is at most a sixteenth of what there is.
 * Contract 1 (checked) an item never straddles two blocks.
 * Cost     at most a sixteenth more than what is used, once there are some blocks.
 */
import { Arena, type Kernels } from '../kernel/index.ts'

const chunkBytesMin = 4096
const chunkBytesMax = 1 << 20

interface Chunk {
  address: number
  bytes: number
  /** End of the part in use; that of the last chunk is the cursor of whoever fills it. */
  used: number
}

/** What a checkpoint keeps of chunks. */
export type ChunksState = readonly Readonly<Chunk>[]

export class Chunks {
  readonly #arena: Arena
  readonly #chunks: Chunk[] = []
  #bytes = 0

  constructor(kernels: Kernels, state: ChunksState = []) {
    this.#arena = kernels.arena
    for (const chunk of state) {
      this.#chunks.push({ ...chunk })
      this.#bytes += chunk.bytes
    }
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Adds a block of at least `bytesMin`; `used` is where the last one stopped. */
  add(used: number, bytesMin: number): { next: number; end: number } {
    const last = this.#chunks.at(-1)
    if (last !== undefined) last.used = used
    const wish = Math.min(chunkBytesMax, Math.max(chunkBytesMin, this.#bytes / 16, bytesMin))
    // Rounded down, so that the reserve stays a sixteenth.
    const bytes = Math.max(2 ** Math.floor(Math.log2(wish)), Arena.blockBytes(bytesMin))
    const address = this.#arena.allocate(bytes)
    this.#chunks.push({ address, bytes, used: address })
    this.#bytes += bytes
    return { next: address, end: address + bytes }
  }

  /** The parts in use; `used` is where the last one stops. */
  *parts(used: number): Generator<{ from: number; to: number }> {
    for (let index = 0; index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index]!
      yield { from: chunk.address, to: index === this.#chunks.length - 1 ? used : chunk.used }
    }
  }

  state(): ChunksState {
    return this.#chunks.map((chunk) => ({ ...chunk }))
  }

  free(): void {
    for (const { address, bytes } of this.#chunks) this.#arena.free(address, bytes)
    this.#chunks.length = 0
    this.#bytes = 0
  }
}
