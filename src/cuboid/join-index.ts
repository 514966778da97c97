/**
 * Join index: hash chains over stored rows; one slot per row or so.
 *
 *   hash ─▶ part (top bits) ─▶ slot (low bits) ─▶ newest row ─▶ older row …
 *
 * How      A small index is one part. Beyond 32,768 slots it becomes 64, which double one at a time, at staggered
 *          limits, so that no growth takes long. Growth lists the rows of a part and chains them anew.
 * Contract 1 (checked) used ≤ limit in every part between two inserts.
 *          2 (trusted) rows lie at multiples of 16 and start with the pointer to the next one.
 * Cost     4 B per slot; growth some 20 ns per row of a part.
 * See      src/kernel/join-chain.ts
 */
import { cellBlocks, type Kernels } from '../kernel/index.ts'

const { part: fields } = cellBlocks
const slotsMin = 256
const slotsMaxSingle = 1 << 15
const partsMany = 64
/** Rows per slot at which a part grows. */
const loadMin = 1
const loadRange = 0.25
const listedAtOnce = 4096
const tagBits = 15

/** What the index asks of the rows' owner when it grows. */
export interface ChainedRows {
  /** Hashes of the rows at addresses; address of a u32 per row. */
  hashes(list: number, count: number): number
  /** Rows have been chained anew, in this order. */
  relinked(list: number, count: number): void
}

export class JoinIndex {
  readonly #kernels: Kernels
  parts = 0
  mask = 0
  bytes = 0

  /** `expected` rows will not make it grow. */
  constructor(kernels: Kernels, expected: number) {
    this.#kernels = kernels
    const slots = slotsFor(expected)
    if (slots <= slotsMaxSingle) this.#make(1, slots)
    else this.#make(partsMany, slots / partsMany)
  }

  /** Chains `count` new rows from `first` on, `rowBytes` apart. */
  link(hashes: number, first: number, count: number, rowBytes: number): void {
    this.#kernels.get('join_link')(this.parts, this.mask, hashes, first, count, rowBytes)
    this.#markParts()
  }

  /** Doubles the parts that have too many rows. */
  grow(rows: ChainedRows): void {
    for (let number = 0; number <= this.mask; number++) {
      while (this.#isOver(number)) this.#growPart(number, rows)
    }
  }

  /** Address of the slot of a hash. */
  slot(hash: number): number {
    const { u32 } = this.#kernels.arena.views
    const part = this.#part(hash)
    return u32[part]! + (hash & u32[part + 1]!) * 4
  }

  /** A row of the hash has left its chain. */
  forget(hash: number): void {
    const { arena } = this.#kernels
    const part = this.#part(hash)
    arena.views.u32[part + 2]!--
    arena.markDirty(part * 4, fields.bytes)
  }

  drop(): void {
    const { arena } = this.#kernels
    for (let number = 0; number <= this.mask; number++) {
      const part = (this.parts + number * fields.bytes) >>> 2
      arena.free(arena.views.u32[part]!, (arena.views.u32[part + 1]! + 1) * 4)
    }
    arena.free(this.parts, (this.mask + 1) * fields.bytes)
    this.bytes = 0
  }

  #markParts(): void {
    this.#kernels.arena.markDirty(this.parts, (this.mask + 1) * fields.bytes)
  }

  #part(hash: number): number {
    return (this.parts + ((hash >>> 26) & this.mask) * fields.bytes) >>> 2
  }

  #isOver(number: number): boolean {
    const { u32 } = this.#kernels.arena.views
    const part = (this.parts + number * fields.bytes) >>> 2
    return u32[part + 2]! > u32[part + 3]!
  }

  #growPart(number: number, rows: ChainedRows): void {
    const { arena } = this.#kernels
    const part = (this.parts + number * fields.bytes) >>> 2
    const [heads, mask, used] = [0, 1, 2].map((word) => arena.views.u32[part + word]!) as [
      number,
      number,
      number,
    ]
    const slots = mask + 1
    const mark = arena.markScratch()
    const end = arena.scratch(used * 4) + used * 4
    const list = this.#kernels.get('join_unchain')(heads, slots, end) >>> 0
    if (this.mask === 0 && slots >= slotsMaxSingle) {
      const single = this.parts
      this.#make(partsMany, (slots * 2) / partsMany)
      arena.free(single, fields.bytes)
      this.bytes -= fields.bytes
    } else this.#makePart(number, slots * 2)
    for (let from = 0; from < used; from += listedAtOnce) {
      const inner = arena.markScratch()
      const count = Math.min(listedAtOnce, used - from)
      const some = list + from * 4
      const hashes = rows.hashes(some, count)
      this.#kernels.get('join_relink')(this.parts, this.mask, hashes, some, count)
      rows.relinked(some, count)
      arena.releaseScratch(inner)
    }
    this.#markParts()
    arena.releaseScratch(mark)
    arena.free(heads, slots * 4)
    this.bytes -= slots * 4
  }

  #make(parts: number, slots: number): void {
    const { arena } = this.#kernels
    this.parts = arena.allocate(parts * fields.bytes)
    this.mask = parts - 1
    this.bytes += parts * fields.bytes
    for (let number = 0; number < parts; number++) this.#makePart(number, slots)
  }

  /** Gives a part empty slots. */
  #makePart(number: number, slots: number): void {
    const { arena } = this.#kernels
    const heads = arena.allocateZeroed(slots * 4)
    this.bytes += slots * 4
    // 37 is prime to 64: neighbouring limits belong to distant parts.
    const load = loadMin + (loadRange * ((number * 37) % partsMany)) / partsMany
    arena.views.u32.set(
      [heads, slots - 1, 0, Math.floor(slots * load)],
      (this.parts + number * fields.bytes) >>> 2,
    )
  }
}

/** A pointer without the tags of its chain. */
export function rowAt(pointer: number): number {
  return (pointer & ~tagBits) >>> 0
}

/** Slots for a number of rows below every limit. */
function slotsFor(rows: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(slotsMin, rows / (loadMin - 0.01))))
}
