/**
 * Arena: one shared WebAssembly memory with an allocator; all batches in flight and all state of a fragment lie in it.
 *
 * How      1. Blocks are powers of two from 64 B; freed blocks go to a free list of their class, new ones are cut
 *             from the end.
 *          2. The memory grows by max(16 MB, 25 %) when the end is reached; `epoch` counts growths and `views` is
 *             made anew.
 *          3. Scratch blocks live until `resetScratch`, at the end of a step.
 *          4. Two byte maps lie before the data, one byte per 256 bytes of memory; who writes state stores 1 in the
 *             active one, whose address stands at `activeMapAt`. A checkpoint swaps them and reads the frozen one.
 *             Scratch and transient memory is no state.
 * Format   64 KB with the address of the active map at 16 and constants of kernels at 1024 | map | map | data
 * Contract 1 (checked) addresses are multiples of 64 and never 0; nobody keeps `views` across an allocation.
 *          2 (trusted) blocks of 256 B and more start at multiples of 256.
 *          3 (checked) growth beyond `pagesMax` throws Failure memory_limit.
 *          4 (checked by `MarkCheck`) state that changes is marked, if the arena keeps marks.
 * Cost     allocate and free O(1), and a byte per 256 bytes of state allocated. Maps are 0.8 % of the memory in use.
 * See      src/kernel/mark.ts, src/kernel/checkpoint.ts
 */
import { assert, Failure } from '../base/index.ts'

/** The part of the standard's JavaScript interface that we use; Node's own types leave it out. */
declare global {
  namespace WebAssembly {
    class Memory {
      constructor(descriptor: { initial: number; maximum: number; shared: boolean })
      /** Of shared memory; other memory has an ArrayBuffer. */
      readonly buffer: SharedArrayBuffer
      grow(pages: number): number
    }
    class Module {
      constructor(bytes: Uint8Array<ArrayBuffer>)
    }
    class Instance {
      constructor(module: Module, imports: Record<string, Record<string, unknown>>)
      readonly exports: Record<string, unknown>
    }
  }
}

const pageBytes = 65_536
const smallestClass = 6
/** Pages behind the maps of a new arena. */
const pagesAtFirst = 16
/** Bytes of memory for each byte of a map. */
export const blockBytes = 256
/** Where the address of the active map stands. */
export const activeMapAt = 16
/** Where the places of the ones in each byte 0 … 255 stand, eight bytes for each. */
export const onesOfByteAt = 1024

const onesOfBytes = Uint8Array.from({ length: 256 * 8 }, (_, at) => {
  const ones = [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (((at >>> 3) >>> bit) & 1) === 1)
  return ones[at & 7] ?? 0
})

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
  /** Changes of state are marked, so that checkpoints can be taken. */
  marks?: boolean
  /** The blocks of state are listed, for `MarkCheck`. */
  lists?: boolean
}

/** What of an arena is not in its memory. */
export interface ArenaState {
  start: number
  end: number
  /** Addresses of the free blocks of each power of two. */
  free: number[][]
  liveBytes: number
}

export interface ScratchMark {
  index: number
  used: number
}

export class Arena {
  readonly memory: WebAssembly.Memory
  /** Rises by one with each growth. */
  epoch = 0
  /** Called at the end of each step, for checks. */
  afterStep: (() => void) | null = null
  /** Whether changes of state are marked. */
  readonly marks: boolean
  /** First address of data. */
  readonly start: number
  readonly #mapBytes: number
  #views: Views
  #end: number
  #free: number[][] = Array.from({ length: 33 }, () => [])
  /** Blocks that are no state, by address. */
  #transient = new Map<number, number>()
  #listed: Map<number, number> | null
  #scratch: { address: number; used: number; size: number }[] = []
  #scratchIndex = 0
  #liveBytes = 0

  constructor(options: ArenaOptions = {}) {
    const maximum = options.pagesMax ?? 65_536
    this.#mapBytes = (maximum * pageBytes) / blockBytes
    this.start = pageBytes + 2 * this.#mapBytes
    this.#end = this.start
    this.marks = options.marks ?? false
    this.#listed = options.lists === true ? new Map() : null
    const initial = Math.ceil(this.start / pageBytes) + pagesAtFirst
    this.memory = new WebAssembly.Memory({ initial, maximum, shared: true })
    this.#views = viewsOf(this.memory)
    this.#views.u32[activeMapAt >>> 2] = pageBytes
    this.#views.u8.set(onesOfBytes, onesOfByteAt)
  }

  get views(): Views {
    return this.#views
  }

  /** Bytes in blocks handed out and not freed, scratch included. */
  get liveBytes(): number {
    return this.#liveBytes
  }

  /** End of the memory that was ever handed out. */
  get end(): number {
    return this.#end
  }

  /** Address of the byte of block 0 in the map that is written. */
  get activeMap(): number {
    return this.#views.u32[activeMapAt >>> 2]!
  }

  /** Bytes that a block for `bytes` really takes. */
  static blockBytes(bytes: number): number {
    return 2 ** classOf(bytes)
  }

  /** A block of at least `bytes` for state; its content is arbitrary. */
  allocate(bytes: number): number {
    const address = this.#take(bytes)
    // Whoever takes memory writes it in the same step, and need not mark it.
    this.markDirty(address, bytes)
    this.#listed?.set(address, bytes)
    return address
  }

  /** A block that is no state: nobody needs its content after a restart. */
  allocateTransient(bytes: number): number {
    const address = this.#take(bytes)
    this.#transient.set(address, bytes)
    return address
  }

  #take(bytes: number): number {
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
    this.#listed?.delete(address)
    if (!this.#transient.delete(address)) this.#unmark(address, 2 ** size)
  }

  /** Nobody will read what lies there; whoever takes it again marks it. */
  #unmark(address: number, bytes: number): void {
    if (!this.marks || bytes < blockBytes) return
    const at = this.activeMap + (address >>> 8)
    this.#views.u8.fill(0, at, at + (bytes >>> 8))
  }

  /** Marks the blocks of some bytes that are written in this step. */
  markDirty(address: number, bytes: number): void {
    if (!this.marks || bytes <= 0) return
    const map = this.activeMap
    const last = (address + bytes - 1) >>> 8
    const { u8 } = this.#views
    if (last - (address >>> 8) < 16) {
      for (let block = address >>> 8; block <= last; block++) u8[map + block] = 1
    } else u8.fill(1, map + (address >>> 8), map + last + 1)
  }

  /** Has the other map written from now on; returns the address of the one written so far. Between steps only. */
  swapMaps(): number {
    const frozen = this.activeMap
    const other = frozen === pageBytes ? pageBytes + this.#mapBytes : pageBytes
    this.#views.u32[activeMapAt >>> 2] = other
    return frozen
  }

  /** The blocks of state with the bytes asked for, if they are listed. */
  listed(): ReadonlyMap<number, number> {
    assert(this.#listed !== null, 'the arena lists its state')
    return this.#listed
  }

  /** What a checkpoint keeps beside the memory; scratch and transient blocks count as free. */
  state(): ArenaState {
    const free = this.#free.map((addresses) => addresses.slice())
    let liveBytes = this.#liveBytes
    for (const [address, bytes] of this.#transient) {
      free[classOf(bytes)]!.push(address)
      liveBytes -= Arena.blockBytes(bytes)
    }
    return { start: this.start, end: this.#end, free, liveBytes }
  }

  /** Makes room for the memory of a checkpoint in a new arena. */
  restore({ start, end, free, liveBytes }: ArenaState): void {
    assert(this.#end === this.start, 'the arena is new')
    assert(start === this.start, 'the arena has the maximum of the one that was kept')
    if (end > this.#views.u8.length) this.#grow(end)
    this.#end = end
    this.#free = free.map((addresses) => addresses.slice())
    this.#liveBytes = liveBytes
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
    this.#scratch.push({ address: this.allocateTransient(size), used: need, size })
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
    if (this.marks) {
      for (const map of [pageBytes, pageBytes + this.#mapBytes]) {
        this.#views.u8.fill(0, map, map + (this.#end >>> 8) + 1)
      }
    }
    this.#end = this.start
    this.#free = Array.from({ length: 33 }, () => [])
    this.#transient.clear()
    this.#listed?.clear()
    this.#scratch = []
    this.#scratchIndex = 0
    this.#liveBytes = 0
  }

  resetScratch(): void {
    for (const chunk of this.#scratch) chunk.used = 0
    this.#scratchIndex = 0
    this.afterStep?.()
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
