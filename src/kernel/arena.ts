/**
 * Arena: one shared WebAssembly memory with an allocator; all batches in flight and all state of a fragment lie in it.
 *
 * How      1. Blocks are powers of two from 64 B; freed blocks go to a free list of their class, new ones are cut
 *             from the end.
 *          2. The memory grows by max(16 MB, 25 %) when the end is reached; `epoch` counts growths and `views` is
 *             made anew.
 *          3. Scratch blocks live until `resetScratch`, at the end of a step.
 * Contract 1 (checked) addresses are multiples of 64 and never 0; nobody keeps `views` across an allocation.
 *          2 (trusted) blocks of 256 B and more start at multiples of 256.
 *          3 (checked) growth beyond `pagesMax` throws Failure memory_limit.
 * Cost     allocate and free O(1).
 */
import './webassembly.ts'
import { assert, Failure } from '../base/index.ts'

const pageBytes = 65_536
const smallestClass = 6

/** Typed arrays over the whole memory. */
export interface Views {
  u8: Uint8Array
  i8: Int8Array
  i32: Int32Array
  u32: Uint32Array
  i64: BigInt64Array
  u64: BigUint64Array
  f64: Float64Array
}

export interface ArenaOptions {
  /** Upper limit of the memory in 64 KB pages. */
  pagesMax?: number
}

export interface ScratchMark {
  index: number
  used: number
}

export class Arena {
  readonly memory: WebAssembly.Memory
  /** Rises by one with each growth. */
  epoch = 0
  #views: Views
  #end = 64
  #free: number[][] = Array.from({ length: 32 }, () => [])
  #scratch: { address: number; used: number; size: number }[] = []
  #scratchIndex = 0
  #liveBytes = 0

  constructor(options: ArenaOptions = {}) {
    this.memory = new WebAssembly.Memory({
      initial: 16,
      maximum: options.pagesMax ?? 65_536,
      shared: true,
    })
    this.#views = viewsOf(this.memory)
  }

  get views(): Views {
    return this.#views
  }

  /** Bytes in blocks handed out and not freed, scratch included. */
  get liveBytes(): number {
    return this.#liveBytes
  }

  /** Bytes that a block for `bytes` really takes. */
  static blockBytes(bytes: number): number {
    return 2 ** classOf(bytes)
  }

  /** A block of at least `bytes`; its content is arbitrary. */
  allocate(bytes: number): number {
    const size = classOf(bytes)
    this.#liveBytes += 2 ** size
    const reused = this.#free[size]!.pop()
    if (reused !== undefined) return reused
    const alignment = Math.min(2 ** size, 256)
    const address = Math.ceil(this.#end / alignment) * alignment
    const end = address + 2 ** size
    if (end > this.#views.u8.length) this.#grow(end)
    this.#end = end
    return address
  }

  /** A block filled with zeros. */
  allocateZeroed(bytes: number): number {
    const address = this.allocate(bytes)
    this.#views.u8.fill(0, address, address + bytes)
    return address
  }

  /** Returns a block; `bytes` as given to `allocate`. */
  free(address: number, bytes: number): void {
    assert(address > 0 && address < this.#end, 'a freed address lies in the arena')
    const size = classOf(bytes)
    this.#liveBytes -= 2 ** size
    this.#free[size]!.push(address)
  }

  /** Memory that is valid until the next `resetScratch`. */
  scratch(bytes: number): number {
    const need = (bytes + 63) & ~63
    for (; this.#scratchIndex < this.#scratch.length; this.#scratchIndex++) {
      const chunk = this.#scratch[this.#scratchIndex]!
      if (chunk.used + need <= chunk.size) {
        chunk.used += need
        return chunk.address + chunk.used - need
      }
    }
    const size = Math.max(Arena.blockBytes(need), 262_144)
    this.#scratch.push({ address: this.allocate(size), used: need, size })
    return this.#scratch[this.#scratchIndex]!.address
  }

  /** The present end of scratch memory, for `releaseScratch`. */
  markScratch(): ScratchMark {
    return { index: this.#scratchIndex, used: this.#scratch[this.#scratchIndex]?.used ?? 0 }
  }

  /** Gives back all scratch memory taken since the mark; what lies there may be overwritten. */
  releaseScratch(mark: ScratchMark): void {
    for (let index = mark.index; index < this.#scratch.length; index++) {
      this.#scratch[index]!.used = index === mark.index ? mark.used : 0
    }
    this.#scratchIndex = mark.index
  }

  /** Forgets everything: all blocks are free again. Whoever holds an address must be gone. */
  reset(): void {
    this.#end = 64
    this.#free = Array.from({ length: 33 }, () => [])
    this.#scratch = []
    this.#scratchIndex = 0
    this.#liveBytes = 0
  }

  resetScratch(): void {
    for (const chunk of this.#scratch) chunk.used = 0
    this.#scratchIndex = 0
  }

  #grow(end: number): void {
    const have = this.#views.u8.length
    const want = Math.max(end, have + Math.max(16 << 20, Math.ceil(have / 4)))
    const limit = 65_536 * pageBytes
    const pages = Math.ceil((Math.min(want, limit) - have) / pageBytes)
    try {
      if (end > limit) throw new RangeError('4 GB')
      this.memory.grow(pages)
    } catch (cause) {
      throw new Failure('memory_limit', `the arena cannot grow beyond ${have >> 20} MB`, { cause })
    }
    this.#views = viewsOf(this.memory)
    this.epoch++
  }
}

function classOf(bytes: number): number {
  return Math.max(smallestClass, 32 - Math.clz32(Math.max(1, bytes) - 1))
}

function viewsOf(memory: WebAssembly.Memory): Views {
  const buffer = memory.buffer
  return {
    u8: new Uint8Array(buffer),
    i8: new Int8Array(buffer),
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    i64: new BigInt64Array(buffer),
    u64: new BigUint64Array(buffer),
    f64: new Float64Array(buffer),
  }
}
