/**
 * Join index: hash chains of entries that stand for stored rows; one slot per entry or so.
 *
 *   hash ─▶ part (top bits) ─▶ slot (low bits) ─▶ newest entry {next, hash, row} ─▶ older entry …
 *
 * How      1. Entries lie side by side in the order in which they are made: rows that are grouped by their hash
 *             beforehand have entries that share cache lines.
 *          2. A small index is one part, one beyond 32,768 slots has 64. When there are too many entries for the slots
 *             there, all are chained anew, in the order in which they lie; rows are not looked at.
 * Contract 1 (checked) there are no more entries than slots after `reserve` and `link` of as many rows.
 *          2 (trusted) hashes are those of the rows' keys.
 * Cost     16 B per entry and 4 to 8 B per slot; growth some 5 ns per entry, all at once.
 * See      src/kernel/join/chain.ts
 */
import { assert } from '../base/index.ts'
import { cellBlocks, type Kernels } from '../kernel/index.ts'
import { Chunks, type ChunksState } from './chunks.ts'

const { part: fields, joinEntry, joinLink, joinProbe } = cellBlocks
const slotsMin = 256
const slotsMaxSingle = 1 << 15
const partsMany = 64
const tagBits = 15
/** Slots are read from one end to the other where fewer bytes than these come to a row. */
const bytesPerRow = 128
/** Rows linked at once: their slots are read ahead and should stay in the cache. */
const linkedAtOnce = 2048
/** Chains walked at once. */
const walkedAtOnce = 1024

/** Stored rows, given by their addresses, with the hashes of their keys; both lists are u32. */
export interface HashedRows {
  hashes: number
  rows: number
  count: number
}

/** What a checkpoint keeps of an index. */
export interface JoinIndexState {
  entries: ChunksState
  free: number[]
  next: number
  end: number
  parts: number
  mask: number
  slots: number
  count: number
}

export class JoinIndex {
  readonly #kernels: Kernels
  /** Do rows know their entries? */
  readonly #back: boolean
  readonly #entries: Chunks
  readonly #free: number[]
  #next: number
  #end: number
  parts = 0
  mask = 0
  #slots = 0
  #count: number

  /** `expected` rows will not make it grow. `removable` rows begin with a word that is the index's. */
  constructor(
    kernels: Kernels,
    expected: number,
    removable: boolean,
    state: JoinIndexState | null = null,
  ) {
    this.#kernels = kernels
    this.#back = removable
    this.#entries = new Chunks(kernels, state?.entries)
    this.#free = state?.free.slice() ?? []
    this.#next = state?.next ?? 0
    this.#end = state?.end ?? 0
    this.#count = state?.count ?? 0
    if (state === null) this.#make(slotsFor(expected))
    else {
      this.parts = state.parts
      this.mask = state.mask
      this.#slots = state.slots
    }
  }

  get bytes(): number {
    return this.#slots * 4 + (this.mask + 1) * fields.bytes + this.#entries.bytes
  }

  /** Makes room for `count` more rows. */
  reserve(count: number): void {
    if (this.#count + count > this.#slots) this.#grow(slotsFor(this.#count + count))
  }

  /** Reads the slots of one of 2^bits groups of hashes ahead, if `count` rows are worth it. */
  readAhead(group: number, bits: number, count: number): void {
    const parts = (this.mask + 1) >>> bits
    if (parts === 0) return
    const stream = this.#kernels.get('join_stream')
    const { u32 } = this.#kernels.arena.views
    for (let number = group * parts; number < (group + 1) * parts; number++) {
      const part = (this.parts + number * fields.bytes) >>> 2
      const bytes = (u32[part + 1]! + 1) * 4
      if (bytes <= (count / parts) * bytesPerRow) stream(u32[part]!, bytes)
    }
  }

  /** Chains new rows; `reserve` came before. */
  link({ hashes, rows, count }: HashedRows): void {
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const control = arena.scratch(joinLink.bytes)
    const kernel = this.#kernels.get('join_link')
    for (let from = 0; from < count; ) {
      const { first, room } = this.#take(Math.min(linkedAtOnce, count - from))
      const lists = [hashes + from * 4, rows + from * 4]
      const block = [this.parts, this.mask, ...lists, first, this.#back ? 1 : 0]
      arena.views.u32.set(block, control >>> 2)
      kernel(control, room)
      arena.markDirty(first, room * joinEntry.bytes)
      from += room
    }
    this.#count += count
    this.#markParts()
    arena.releaseScratch(mark)
  }

  /** Takes a row, whose hash is given, out of its chain. */
  unlink(hash: number, row: number): void {
    const { arena } = this.#kernels
    const { u32 } = arena.views
    const entry = u32[row >>> 2]! >>> 2
    const next = u32[entry]!
    const before = u32[entry + 3]!
    // The pointer says which tags occur in the rest, too.
    this.#write(before === 0 ? this.#slot(hash) : before, next)
    if (next !== 0) this.#write((next & ~tagBits) + joinEntry.previous, before)
    const part = this.#part(hash)
    u32[part + 2]!--
    arena.markDirty(part * 4, fields.bytes)
    this.#write(entry * 4 + joinEntry.row, 0)
    this.#free.push(entry * 4)
    this.#count--
  }

  state(): JoinIndexState {
    return {
      entries: this.#entries.state(),
      free: this.#free.slice(),
      next: this.#next,
      end: this.#end,
      parts: this.parts,
      mask: this.mask,
      slots: this.#slots,
      count: this.#count,
    }
  }

  drop(): void {
    this.#freeParts()
    this.#entries.free()
    this.#free.length = 0
    this.#next = 0
    this.#end = 0
    this.#count = 0
  }

  /** Room for up to `wanted` entries side by side. */
  #take(wanted: number): { first: number; room: number } {
    const reused = this.#free.pop()
    if (reused !== undefined) return { first: reused, room: 1 }
    if (this.#end - this.#next < joinEntry.bytes) {
      const { next, end } = this.#entries.add(this.#next, joinEntry.bytes)
      this.#next = next
      this.#end = end
    }
    const first = this.#next
    const room = Math.min(wanted, Math.floor((this.#end - first) / joinEntry.bytes))
    this.#next = first + room * joinEntry.bytes
    return { first, room }
  }

  #slot(hash: number): number {
    const { u32 } = this.#kernels.arena.views
    const part = this.#part(hash)
    return u32[part]! + (hash & u32[part + 1]!) * 4
  }

  #write(address: number, value: number): void {
    const { arena } = this.#kernels
    arena.views.u32[address >>> 2] = value
    arena.markDirty(address >>> 0, 4)
  }

  #markParts(): void {
    this.#kernels.arena.markDirty(this.parts, (this.mask + 1) * fields.bytes)
  }

  #part(hash: number): number {
    return (this.parts + ((hash >>> 26) & this.mask) * fields.bytes) >>> 2
  }

  /** Chains all entries anew in `slots` slots. */
  #grow(slots: number): void {
    this.#freeParts()
    this.#make(slots)
    const relink = this.#kernels.get('join_relink')
    const back = this.#back ? 1 : 0
    for (const { from, to } of this.#entries.parts(this.#next)) {
      relink(this.parts, this.mask, back, from, to)
      this.#kernels.arena.markDirty(from, to - from)
    }
    this.#markParts()
  }

  #freeParts(): void {
    const { arena } = this.#kernels
    for (let number = 0; number <= this.mask; number++) {
      const part = (this.parts + number * fields.bytes) >>> 2
      arena.free(arena.views.u32[part]!, (arena.views.u32[part + 1]! + 1) * 4)
    }
    arena.free(this.parts, (this.mask + 1) * fields.bytes)
    this.#slots = 0
  }

  /** Makes parts with empty slots. */
  #make(slots: number): void {
    const { arena } = this.#kernels
    const parts = slots <= slotsMaxSingle ? 1 : partsMany
    this.parts = arena.allocate(parts * fields.bytes)
    this.mask = parts - 1
    this.#slots = slots
    for (let number = 0; number < parts; number++) {
      const heads = arena.allocateZeroed((slots / parts) * 4)
      const part = (this.parts + number * fields.bytes) >>> 2
      arena.views.u32.set([heads, slots / parts - 1, 0, 0], part)
    }
  }
}

/** Slots for a number of rows; small indexes grow in greater steps. */
function slotsFor(rows: number): number {
  const wanted = rows < slotsMaxSingle * 8 ? rows * 2 : rows
  return 2 ** Math.ceil(Math.log2(Math.max(slotsMin, wanted)))
}

/** A probe of an index, which hands over as many pairs at a time as there is room for; in scratch memory. */
export class ChainWalk {
  readonly #kernels: Kernels
  readonly #control: number
  readonly #numbers: number
  readonly #heads: number
  readonly #hashes: number
  /** Addresses of the probing rows, or 0: then pairs have their numbers. */
  readonly #names: number
  readonly #chains: number
  /** Room for the entries of a round. */
  readonly #work: number
  /** The chains at work: where they start, how many there were, how many go on. */
  #from = 0
  #slice = 0
  #active = 0

  constructor(kernels: Kernels, index: JoinIndex, { hashes, rows, count }: HashedRows) {
    const { arena } = kernels
    this.#kernels = kernels
    this.#hashes = hashes
    this.#names = rows
    this.#control = arena.scratch(joinProbe.bytes)
    this.#numbers = arena.scratch(count * 4)
    this.#heads = arena.scratch(count * 4)
    this.#work = arena.scratch(walkedAtOnce * joinEntry.bytes)
    const find = kernels.get('join_heads')
    this.#chains = find(index.parts, index.mask, hashes, count, this.#numbers, this.#heads)
  }

  get isOpen(): boolean {
    return this.#active > 0 || this.#from + this.#slice < this.#chains
  }

  /** So much room the next round may need. */
  get active(): number {
    return this.#active
  }

  /**
   * Writes pairs with equal hashes to two lists of u32 with room for `most`, and `active` at least; returns how many,
   * which may be 0.
   */
  next(probe: number, build: number, most: number): number {
    assert(most >= this.#active, 'a round has room')
    if (this.#active === 0) {
      this.#from += this.#slice
      this.#slice = Math.min(walkedAtOnce, most, this.#chains - this.#from)
      this.#active = this.#slice
    }
    const [numbers, heads] = [this.#numbers + this.#from * 4, this.#heads + this.#from * 4]
    const { u32 } = this.#kernels.arena.views
    const lists = [numbers, heads, this.#hashes, this.#names, probe, build]
    u32.set([...lists, most, this.#active, this.#work], this.#control >>> 2)
    const count = this.#kernels.get('join_walk')(this.#control)
    this.#active = u32[(this.#control + joinProbe.active) >>> 2]!
    return count
  }
}
