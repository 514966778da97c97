/**
 * Directory: the hash index of a table; slots of {hash, row}, linear probing.
 *
 * How      1. A small index is one table of a power of two of slots. Beyond 32,768 slots it becomes 64 parts by the top bits of
 *             the hash, which double one at a time, so that no growth takes long.
 *          2. Limits lie between 0.62 and 0.75 of the slots, staggered over the parts.
 *          3. Rows leave by backward shift: there are no tombstones.
 * Contract 1 (checked) used ≤ limit < slots in every part.
 * Cost     doubling: some 10 ns per entry of one part.
 */
import { assert } from '../base/index.ts'
import { cellBlocks, type Kernels } from '../kernel/index.ts'

const { part: partFields } = cellBlocks
const slotsMin = 16
const slotsMaxSingle = 1 << 15
const partsMany = 64

export class Directory {
  readonly #kernels: Kernels
  address = 0
  mask = 0
  bytes = 0

  /** `expected` rows will not make it grow. */
  constructor(kernels: Kernels, expected: number) {
    this.#kernels = kernels
    const slots = slotsFor(expected / 0.6)
    if (slots <= slotsMaxSingle) this.#make(1, () => slots)
    else this.#make(partsMany, () => slots / partsMany)
  }

  /** Doubles part `number`, or splits the single table. */
  grow(number: number): void {
    const { arena } = this.#kernels
    const at = (this.address + number * partFields.bytes) >>> 2
    const old = arena.views.u32[at]!
    const slots = arena.views.u32[at + 1]! + 1
    if (this.mask === 0 && slots >= slotsMaxSingle) {
      const directory = this.address
      this.#split(old, slots)
      arena.free(directory, partFields.bytes)
      this.bytes -= partFields.bytes
    } else {
      const address = arena.allocateZeroed(slots * 16)
      this.bytes += slots * 16
      this.#setPart(number, address, slots * 2)
      this.#enter(old, slots)
    }
    arena.free(old, slots * 8)
    this.bytes -= slots * 8
  }

  /** Slots with the hash, as rows, in the order of probing. */
  rowsOf(hash: number): number[] {
    const { u32 } = this.#kernels.arena.views
    const { slots, mask } = this.#partOf(hash)
    const rows: number[] = []
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const row = u32[slots + at * 2 + 1]!
      if (row === 0) return rows
      if (u32[slots + at * 2] === hash) rows.push(row)
    }
  }

  /** Enters a row whose hash others may have too. */
  insert(hash: number, row: number): void {
    if (this.#isFull(hash)) this.grow((hash >>> 26) & this.mask)
    const { u32 } = this.#kernels.arena.views
    const { slots, mask, part } = this.#partOf(hash)
    let at = hash & mask
    while (u32[slots + at * 2 + 1] !== 0) at = (at + 1) & mask
    u32[slots + at * 2] = hash
    u32[slots + at * 2 + 1] = row
    u32[part + 2]!++
  }

  remove(hash: number, row: number): void {
    const { u32 } = this.#kernels.arena.views
    const { slots, mask, part } = this.#partOf(hash)
    let hole = hash & mask
    while (u32[slots + hole * 2 + 1] !== row) {
      assert(u32[slots + hole * 2 + 1] !== 0, 'a removed row is in the index')
      hole = (hole + 1) & mask
    }
    for (let at = (hole + 1) & mask; u32[slots + at * 2 + 1] !== 0; at = (at + 1) & mask) {
      const home = u32[slots + at * 2]! & mask
      // The entry may move to the hole if its home does not lie behind the hole, around the ring.
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      u32[slots + hole * 2] = u32[slots + at * 2]!
      u32[slots + hole * 2 + 1] = u32[slots + at * 2 + 1]!
      hole = at
    }
    u32[slots + hole * 2] = 0
    u32[slots + hole * 2 + 1] = 0
    u32[part + 2]!--
  }

  drop(): void {
    const { arena } = this.#kernels
    for (let number = 0; number <= this.mask; number++) {
      const at = (this.address + number * partFields.bytes) >>> 2
      arena.free(arena.views.u32[at]!, (arena.views.u32[at + 1]! + 1) * 8)
    }
    arena.free(this.address, (this.mask + 1) * partFields.bytes)
    this.bytes = 0
  }

  #partOf(hash: number): { slots: number; mask: number; part: number } {
    const { u32 } = this.#kernels.arena.views
    const part = (this.address + ((hash >>> 26) & this.mask) * partFields.bytes) >>> 2
    return { slots: u32[part]! >>> 2, mask: u32[part + 1]!, part }
  }

  #isFull(hash: number): boolean {
    const { part } = this.#partOf(hash)
    const { u32 } = this.#kernels.arena.views
    return u32[part + 2]! >= u32[part + 3]!
  }

  #split(old: number, slots: number): void {
    const { u32 } = this.#kernels.arena.views
    const counts = new Uint32Array(partsMany)
    for (let slot = 0; slot < slots; slot++) {
      if (u32[(old >>> 2) + slot * 2 + 1] !== 0) counts[u32[(old >>> 2) + slot * 2]! >>> 26]!++
    }
    const average = (slots * 2) / partsMany
    // Hashes may be unevenly spread, be it on purpose.
    this.#make(partsMany, (number) => Math.max(average, slotsFor(counts[number]! / 0.6)))
    this.#enter(old, slots)
  }

  #make(parts: number, slotsOf: (part: number) => number): void {
    const { arena } = this.#kernels
    this.address = arena.allocate(parts * partFields.bytes)
    this.mask = parts - 1
    this.bytes += parts * partFields.bytes
    for (let number = 0; number < parts; number++) {
      const slots = slotsOf(number)
      const address = arena.allocateZeroed(slots * 8)
      this.bytes += slots * 8
      this.#setPart(number, address, slots)
    }
  }

  #setPart(number: number, address: number, slots: number): void {
    const { u32 } = this.#kernels.arena.views
    const at = (this.address + number * partFields.bytes) >>> 2
    // 37 is prime to 64: neighbouring limits belong to distant parts.
    const share = 0.62 + (0.13 * ((number * 37) % partsMany)) / partsMany
    u32[at] = address
    u32[at + 1] = slots - 1
    u32[at + 2] = 0
    u32[at + 3] = Math.floor(slots * (this.mask === 0 ? 0.75 : share))
  }

  #enter(old: number, slots: number): void {
    this.#kernels.get('cell_rehash')(old, slots, this.address, this.mask)
  }
}

function slotsFor(count: number): number {
  return Math.max(slotsMin, 2 ** Math.ceil(Math.log2(Math.max(1, count))))
}
