/**
 * Directory: the hash index of a table; groups of eight slots {hash, row}, each group one cache line.
 *
 * How      1. A hash belongs into the group that its low bits name, or, that being full, into the next one with an
 *             empty slot.
 *          2. A small index is one table of a power of two of groups. Beyond 32,768 slots it becomes 64 parts by the
 *             top bits of the hash, which double one at a time, so that no growth takes long.
 *          3. Limits lie between 0.68 and 0.81 of the slots, staggered over the parts.
 *          4. When a slot of a full group is freed, an entry that had to go further moves back into it: no
 *             tombstones.
 * Contract 1 (checked) used ≤ limit < slots in every part; no entry lies behind a group with an empty slot.
 *          2 (trusted) no hash is 0.
 * Cost     doubling: some 4 ns per entry of one part.
 * See      src/kernel/cell/hash-index.ts
 */
import { assert } from '../base/index.ts'
import { cellBlocks, type Kernels } from '../kernel/index.ts'

const { part: partFields } = cellBlocks
const groupSlots = 8
const groupBytes = 64
const groupsMin = 2
const groupsMaxSingle = 1 << 12
const partsMany = 64
const limitSingle = 0.78
const limitMin = 0.68
const limitRange = 0.13

/** What a checkpoint keeps of a directory. */
export interface DirectoryState {
  address: number
  mask: number
  bytes: number
}

export class Directory {
  readonly #kernels: Kernels
  address = 0
  mask = 0
  bytes = 0

  /** `expected` rows will not make it grow. */
  constructor(kernels: Kernels, expected: number, state: DirectoryState | null = null) {
    this.#kernels = kernels
    if (state !== null) {
      this.address = state.address
      this.mask = state.mask
      this.bytes = state.bytes
      return
    }
    const groups = groupsFor(expected)
    if (groups <= groupsMaxSingle) this.#make(1, () => groups)
    else this.#make(partsMany, () => groups / partsMany)
  }

  /** Doubles part `number`, or splits the single table. */
  grow(number: number): void {
    const { arena } = this.#kernels
    const at = (this.address + number * partFields.bytes) >>> 2
    const old = arena.views.u32[at]!
    const groups = arena.views.u32[at + 1]! + 1
    if (this.mask === 0 && groups >= groupsMaxSingle) {
      const directory = this.address
      this.#split(old, groups)
      arena.free(directory, partFields.bytes)
      this.bytes -= partFields.bytes
    } else {
      const used = arena.views.u32[at + 2]!
      const address = arena.allocate(groups * 2 * groupBytes)
      this.#kernels.get('cell_double')(old, groups, address)
      this.#setPart(number, { address, groups: groups * 2, used })
    }
    arena.free(old, groups * groupBytes)
    this.bytes -= groups * groupBytes
  }

  /** Rows with the hash. */
  rowsOf(hash: number): number[] {
    const { u32 } = this.#kernels.arena.views
    const { groups, mask } = this.#partOf(hash)
    const rows: number[] = []
    for (let group = hash & mask; ; group = (group + 1) & mask) {
      const start = groups + group * 16
      for (let slot = start; slot < start + groupSlots; slot++) {
        if (u32[slot] === hash) rows.push(u32[slot + groupSlots]!)
      }
      if (!this.#isFull(start)) return rows
    }
  }

  /** Enters a row whose hash others may have too. */
  insert(hash: number, row: number): void {
    if (this.#isAtLimit(hash)) this.grow((hash >>> 26) & this.mask)
    const { u32 } = this.#kernels.arena.views
    const { groups, mask, part } = this.#partOf(hash)
    let group = hash & mask
    while (this.#isFull(groups + group * 16)) group = (group + 1) & mask
    let slot = groups + group * 16
    while (u32[slot] !== 0) slot++
    u32[slot] = hash
    u32[slot + groupSlots] = row
    u32[part + 2]!++
    this.#mark(slot, part)
  }

  remove(hash: number, row: number): void {
    const { u32 } = this.#kernels.arena.views
    const { groups, mask, part } = this.#partOf(hash)
    let group = hash & mask
    let slot = this.#slotOf(groups + group * 16, row)
    while (slot === 0) {
      assert(this.#isFull(groups + group * 16), 'a removed row is in the index')
      group = (group + 1) & mask
      slot = this.#slotOf(groups + group * 16, row)
    }
    let wasFull = this.#isFull(groups + group * 16)
    for (let next = (group + 1) & mask; wasFull; next = (next + 1) & mask) {
      const start = groups + next * 16
      const full = this.#isFull(start)
      const other = this.#strayIn(start, next, { mask, distance: (next - group) & mask })
      if (other !== 0) {
        u32[slot] = u32[other]!
        u32[slot + groupSlots] = u32[other + groupSlots]!
        this.#mark(slot, part)
        slot = other
        group = next
      }
      wasFull = full
    }
    u32[slot] = 0
    u32[slot + groupSlots] = 0
    u32[part + 2]!--
    this.#mark(slot, part)
  }

  state(): DirectoryState {
    return { address: this.address, mask: this.mask, bytes: this.bytes }
  }

  drop(): void {
    const { arena } = this.#kernels
    for (let number = 0; number <= this.mask; number++) {
      const at = (this.address + number * partFields.bytes) >>> 2
      arena.free(arena.views.u32[at]!, (arena.views.u32[at + 1]! + 1) * groupBytes)
    }
    arena.free(this.address, (this.mask + 1) * partFields.bytes)
    this.bytes = 0
  }

  /** A group lies in one block. */
  #mark(slot: number, part: number): void {
    const { arena } = this.#kernels
    arena.markDirty(slot * 4, 4)
    arena.markDirty(part * 4, partFields.bytes)
  }

  /** An entry of a group that lies at least `distance` groups behind its home; 0 if there is none. */
  #strayIn(
    start: number,
    group: number,
    { mask, distance }: { mask: number; distance: number },
  ): number {
    const { u32 } = this.#kernels.arena.views
    for (let slot = start; slot < start + groupSlots; slot++) {
      const hash = u32[slot]!
      if (hash !== 0 && ((group - hash) & mask) >= distance) return slot
    }
    return 0
  }

  #slotOf(start: number, row: number): number {
    const { u32 } = this.#kernels.arena.views
    for (let slot = start; slot < start + groupSlots; slot++) {
      if (u32[slot + groupSlots] === row) return slot
    }
    return 0
  }

  #isFull(start: number): boolean {
    const { u32 } = this.#kernels.arena.views
    for (let slot = start; slot < start + groupSlots; slot++) if (u32[slot] === 0) return false
    return true
  }

  #partOf(hash: number): { groups: number; mask: number; part: number } {
    const { u32 } = this.#kernels.arena.views
    const part = (this.address + ((hash >>> 26) & this.mask) * partFields.bytes) >>> 2
    return { groups: u32[part]! >>> 2, mask: u32[part + 1]!, part }
  }

  #isAtLimit(hash: number): boolean {
    const { part } = this.#partOf(hash)
    const { u32 } = this.#kernels.arena.views
    return u32[part + 2]! >= u32[part + 3]!
  }

  #split(old: number, groups: number): void {
    const { u32 } = this.#kernels.arena.views
    const counts = new Uint32Array(partsMany)
    for (let start = old >>> 2; start < (old >>> 2) + groups * 16; start += 16) {
      for (let slot = start; slot < start + groupSlots; slot++) {
        if (u32[slot] !== 0) counts[u32[slot]! >>> 26]!++
      }
    }
    const average = (groups * 2) / partsMany
    // Hashes may be unevenly spread, be it on purpose.
    this.#make(partsMany, (number) => Math.max(average, groupsFor(counts[number]!)))
    this.#enter(old, groups)
  }

  #make(parts: number, groupsOf: (part: number) => number): void {
    const { arena } = this.#kernels
    this.address = arena.allocate(parts * partFields.bytes)
    this.mask = parts - 1
    this.bytes += parts * partFields.bytes
    for (let number = 0; number < parts; number++) this.#makePart(number, groupsOf(number))
  }

  /** Gives a part an empty table. */
  #makePart(number: number, groups: number): void {
    const address = this.#kernels.arena.allocateZeroed(groups * groupBytes)
    this.#setPart(number, { address, groups, used: 0 })
  }

  #setPart(number: number, part: { address: number; groups: number; used: number }): void {
    const { arena } = this.#kernels
    this.bytes += part.groups * groupBytes
    const { u32 } = arena.views
    const at = (this.address + number * partFields.bytes) >>> 2
    // 37 is prime to 64: neighbouring limits belong to distant parts.
    const share = limitMin + (limitRange * ((number * 37) % partsMany)) / partsMany
    arena.markDirty(at * 4, partFields.bytes)
    u32[at] = part.address
    u32[at + 1] = part.groups - 1
    u32[at + 2] = part.used
    u32[at + 3] = Math.floor(part.groups * groupSlots * (this.mask === 0 ? limitSingle : share))
  }

  #enter(old: number, groups: number): void {
    this.#kernels.get('cell_rehash')(old, groups, this.address, this.mask)
  }
}

/** Groups for a number of rows below every limit. */
function groupsFor(rows: number): number {
  const groups = Math.max(groupsMin, rows / groupSlots / (limitMin - 0.01))
  return 2 ** Math.ceil(Math.log2(groups))
}
