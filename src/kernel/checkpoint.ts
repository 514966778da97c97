/**
 * Checkpoint: writes the blocks that changed since the last one, in slices, while the owner of the arena goes on.
 *
 *   pass: swap maps ─▶ slices: collect ─▶ gather ─▶ sink      … until little is left ─▶ finish: the rest at once
 *
 * How      1. A pass freezes the map written so far and copies its blocks slice by slice, between steps; what the
 *             owner writes meanwhile is marked in the other map and belongs to the next pass.
 *          2. A slice stops when it has copied four times the blocks that were dirtied since the last one, or when
 *             its time is over. Dirtied blocks are counted in an eighth of the map.
 *          3. When what is left copies in the pause allowed, or after eight passes, `slice` says so; `finish`, at a
 *             commit point, copies the rest. The image is the state at that moment: the last copy of a block wins.
 *          4. The first checkpoint of an arena holds all of it, later ones what changed since the one before.
 * Contract 1 (checked) one checkpoint at a time; the arena keeps marks.
 *          2 (trusted) `slice` and `finish` are called between steps; what the sink gets is valid during the call.
 *          3 (checked) blocks of all finished checkpoints in order, and the last one's arena state, make the memory.
 * Cost     0.1 µs per block, 0.2 ms per pass and GB.
 * See      src/kernel/mark.ts; bench checkpoint
 */
import { assert, systemClock } from '../base/index.ts'
import { type Arena, type ArenaState, blockBytes } from './arena.ts'
import type { Kernels } from './kernels.ts'

/** Takes block numbers and the bytes of those blocks, side by side. */
export type BlockSink = (numbers: Uint32Array, bytes: Uint8Array) => void

export interface CheckpointOptions {
  /** Time of a slice. */
  sliceMillis?: number
  /** A final pass that is expected to take less is taken. */
  pauseMillis?: number
  passesMax?: number
}

export interface CheckpointReport {
  /** State of the arena beside its memory. */
  arena: ArenaState
  passes: number
  slices: number
  /** Slices that could not copy four times what was dirtied before them. */
  slicesBehind: number
  longestSliceMillis: number
  /** Time of the final pass. */
  pauseMillis: number
  /** Blocks handed over, repetitions included. */
  blocks: number
  bytes: number
}

const blocksAtOnce = 512
/** Blocks of the map that one call goes through at most, so that the time is looked at. */
const searchedAtOnce = 1 << 18
/** A slice copies this many times what was dirtied since the last one. */
const lead = 4
/** Fewer blocks are not worth a slice. */
const blocksPerSlice = 1024
const sampled = 8
const lineBlocks = 64

export class Checkpoint {
  readonly #kernels: Kernels
  readonly #arena: Arena
  readonly #sink: BlockSink
  readonly #limits: Required<CheckpointOptions>
  /** Cursor, list of block numbers, blocks side by side. */
  readonly #cursor: number
  readonly #list: number
  readonly #buffer: number
  #frozen = 0
  /** Marks in the active map when they were last counted. */
  #counted = 0
  #passes = 0
  #slices = 0
  #slicesBehind = 0
  #longestSlice = 0
  #blocks = 0
  #copyMillis = 0
  #settled = false
  #open = true

  constructor(kernels: Kernels, sink: BlockSink, options: CheckpointOptions = {}) {
    assert(kernels.arena.marks, 'the arena keeps marks')
    this.#kernels = kernels
    this.#arena = kernels.arena
    this.#sink = sink
    this.#limits = { sliceMillis: 0.5, pauseMillis: 1, passesMax: 8, ...options }
    this.#cursor = this.#arena.allocateTransient(64)
    this.#list = this.#arena.allocateTransient(blocksAtOnce * 4)
    this.#buffer = this.#arena.allocateTransient(blocksAtOnce * blockBytes)
    // Compiled before the first slice, whose time is short.
    for (const name of ['mark_collect', 'mark_count', 'mark_gather']) kernels.get(name)
    this.#startPass()
  }

  /** Copies for the time of a slice; true when only `finish` is left to do. */
  slice(): boolean {
    assert(this.#open, 'the checkpoint is going on')
    if (this.#settled) return true
    const startedAt = systemClock.monotonicMillis()
    const dirtied = this.#dirtiedSinceLast()
    const enough = Math.max(blocksPerSlice, lead * dirtied)
    let copied = 0
    let elapsed = 0
    while (!this.#settled && copied < enough && elapsed < this.#limits.sliceMillis) {
      copied += this.#copySome()
      if (this.#isPassOver()) this.#endPass()
      elapsed = systemClock.monotonicMillis() - startedAt
    }
    this.#slices++
    if (!this.#settled && copied < lead * dirtied) this.#slicesBehind++
    this.#longestSlice = Math.max(this.#longestSlice, elapsed)
    return this.#settled
  }

  /** Copies all that is left, at a commit point; the image is complete. */
  finish(): CheckpointReport {
    assert(this.#open, 'the checkpoint is going on')
    const startedAt = systemClock.monotonicMillis()
    while (!this.#isPassOver()) this.#copySome()
    this.#startPass()
    while (!this.#isPassOver()) this.#copySome()
    this.#close()
    const arena = this.#arena.state()
    return {
      arena,
      passes: this.#passes,
      slices: this.#slices,
      slicesBehind: this.#slicesBehind,
      longestSliceMillis: this.#longestSlice,
      pauseMillis: systemClock.monotonicMillis() - startedAt,
      blocks: this.#blocks,
      bytes: this.#blocks * blockBytes,
    }
  }

  /** Gives up: what was copied is marked again, as all that there is. */
  abandon(): void {
    assert(this.#open, 'the checkpoint is going on')
    const { start, end } = this.#arena
    this.#arena.views.u8.fill(0, this.#frozen + (start >>> 8), this.#frozen + this.#lastBlock)
    this.#arena.markDirty(start, end - start)
    this.#close()
  }

  get #lastBlock(): number {
    const blocks = Math.ceil(this.#arena.end / blockBytes)
    return Math.ceil(blocks / lineBlocks) * lineBlocks
  }

  get #firstBlock(): number {
    return Math.floor(this.#arena.start / blockBytes / lineBlocks) * lineBlocks
  }

  #isPassOver(): boolean {
    return this.#arena.views.u32[this.#cursor >>> 2]! >= this.#lastBlock
  }

  #startPass(): void {
    this.#frozen = this.#arena.swapMaps()
    this.#arena.views.u32[this.#cursor >>> 2] = this.#firstBlock
    this.#counted = 0
    this.#passes++
  }

  #endPass(): void {
    const left = this.#countMarks(1)
    const perMilli = this.#copyMillis === 0 ? 0 : this.#blocks / this.#copyMillis
    if (left <= perMilli * this.#limits.pauseMillis || this.#passes >= this.#limits.passesMax) {
      this.#settled = true
    } else this.#startPass()
  }

  #dirtiedSinceLast(): number {
    const marks = this.#countMarks(sampled)
    const dirtied = marks - this.#counted
    this.#counted = marks
    return Math.max(0, dirtied)
  }

  /** Marks in the active map, estimated from one line out of `every`. */
  #countMarks(every: number): number {
    const count = this.#kernels.get('mark_count')
    const { activeMap } = this.#arena
    return every * count(activeMap, this.#firstBlock, this.#lastBlock, every * lineBlocks)
  }

  /** Copies the next blocks of the frozen map; returns how many. */
  #copySome(): number {
    const { u32 } = this.#arena.views
    const last = Math.min(this.#lastBlock, u32[this.#cursor >>> 2]! + searchedAtOnce)
    const startedAt = systemClock.monotonicMillis()
    const collect = this.#kernels.get('mark_collect')
    const count = collect(this.#frozen, this.#cursor, last, this.#list, blocksAtOnce)
    if (count > 0) {
      this.#kernels.get('mark_gather')(this.#list, count, this.#buffer)
      const { u8 } = this.#arena.views
      this.#sink(
        u32.subarray(this.#list >>> 2, (this.#list >>> 2) + count),
        u8.subarray(this.#buffer, this.#buffer + count * blockBytes),
      )
      this.#blocks += count
    }
    this.#copyMillis += systemClock.monotonicMillis() - startedAt
    return count
  }

  #close(): void {
    this.#open = false
    this.#arena.free(this.#cursor, 64)
    this.#arena.free(this.#list, blocksAtOnce * 4)
    this.#arena.free(this.#buffer, blocksAtOnce * blockBytes)
  }
}

/** Puts blocks of a checkpoint back; `arena.restore` came before. */
export function restoreBlocks(arena: Arena, numbers: Uint32Array, bytes: Uint8Array): void {
  const { u8 } = arena.views
  numbers.forEach((block, index) => {
    u8.set(bytes.subarray(index * blockBytes, (index + 1) * blockBytes), block * blockBytes)
  })
}

/** Finds state that changed without a mark, between calls of `check`. Not beside a checkpoint: it clears the marks. */
export class MarkCheck {
  readonly #arena: Arena
  #hashes = new Map<number, number>()

  constructor(arena: Arena) {
    assert(arena.marks, 'the arena keeps marks')
    this.#arena = arena
    this.check()
  }

  /** Asserts that no block without a mark changed since the last call. */
  check(): void {
    const { u8, u32 } = this.#arena.views
    const map = this.#arena.activeMap
    const hashes = new Map<number, number>()
    const marked = new Set<number>()
    for (const [address, bytes] of this.#arena.listed()) {
      for (let at = address; at < address + bytes; ) {
        const block = at >>> 8
        const end = Math.min(address + bytes, (block + 1) * blockBytes)
        const hash = hashOf(u32, at, end)
        hashes.set(at, hash)
        if (u8[map + block] === 1) marked.add(block)
        else {
          const before = this.#hashes.get(at)
          assert(
            before === hash,
            `block ${block} at ${at} of ${address} + ${bytes} is marked when it changes`,
          )
        }
        at = end
      }
    }
    for (const block of marked) u8[map + block] = 0
    this.#hashes = hashes
  }
}

function hashOf(u32: Uint32Array, from: number, to: number): number {
  let hash = 1
  for (let word = from >>> 2; word < (to + 3) >>> 2; word++) {
    hash = Math.imul(hash ^ u32[word]!, 0x85ebca6b)
    hash ^= hash >>> 13
  }
  return hash
}
