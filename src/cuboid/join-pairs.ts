/**
 * Join pairs: brings the new rows of both sides of a join together, many at once.
 *
 *   new rows ─▶ groups by hash ─▶ per group: probe the other side's index, enter the own one ─▶ pairs
 *            ─▶ equal keys ─▶ by position
 *
 * How      1. Both sides' new rows of a bucket are put into groups by their hash. A group touches a part of both
 *             indexes alone, which stays in the cache meanwhile.
 *          2. In each group the right rows probe the left index and enter the right one; then the left rows probe that
 *             and enter the left one. So each pair is found once.
 *          3. Pairs are collected and handed over in the order of their positions, as far as they are collected
 *             at once.
 * Contract 1 (checked) afterwards every row is in its index, and every pair of rows was handed over once.
 *          2 (trusted) what is handed over lies in scratch memory until the sink returns.
 * Cost     some 10 ns per row and 20 ns per pair with tables of tens of MB; a few µs per call.
 */
import type { Kernels } from '../kernel/index.ts'
import { ChainWalk, type HashedRows, type JoinIndex } from './join-index.ts'
import type { JoinTable } from './join-table.ts'

/** Rows of a group, and the greatest number of groups: the parts of an index. */
const groupRows = 4096
const groupBitsMax = 6
/** Pairs whose keys are compared at once: both rows of each are read ahead and should stay in the cache. */
const comparedAtOnce = 2048
/** Pairs that are collected at most, room for how many new rows bring, and for how many when more are looked for. */
const pairsMax = 1 << 17
const pairsPerRow = 4
const pairsMin = 1024

/** Pairs of stored rows: addresses of u32 addresses, and of their positions. */
export interface RowPairs {
  left: number
  right: number
  major: number
  count: number
}

/** Hands over the pairs of a bucket in which a row is new. */
export function joinFresh(
  kernels: Kernels,
  [left, right]: readonly [JoinTable, JoinTable],
  end: bigint,
  sink: (pairs: RowPairs) => void,
): void {
  const rows = [left.freshRows(end), right.freshRows(end)] as const
  const total = rows[0] + rows[1]
  if (total === 0) return
  const { arena } = kernels
  const mark = arena.markScratch()
  const bits = Math.min(groupBitsMax, Math.max(0, Math.floor(Math.log2(total / groupRows))))
  const groups = [left.groups(end, bits), right.groups(end, bits)] as const
  const indexes = [left.reserve(end), right.reserve(end)] as const
  const found = new Found(kernels, [left, right], total, sink)
  for (let group = 0; group < 2 ** bits; group++) {
    const ofLeft = groups[0]?.[group]
    const ofRight = groups[1]?.[group]
    const count = (ofLeft?.count ?? 0) + (ofRight?.count ?? 0)
    for (const index of indexes) index?.readAhead(group, bits, count)
    if (ofRight !== undefined) {
      if (indexes[0] !== null) found.probe(1, indexes[0], ofRight)
      indexes[1]?.link(ofRight)
    }
    if (ofLeft !== undefined) {
      if (indexes[1] !== null) found.probe(0, indexes[1], ofLeft)
      indexes[0]?.link(ofLeft)
    }
  }
  found.flush()
  left.endFresh(end)
  right.endFresh(end)
  arena.releaseScratch(mark)
}

/** Pairs that are being collected. */
class Found {
  readonly #kernels: Kernels
  readonly #tables: readonly [JoinTable, JoinTable]
  readonly #sink: (pairs: RowPairs) => void
  /** Lists of left and right rows, and where they go in order. */
  readonly #lists: readonly [number, number]
  readonly #ordered: readonly [number, number]
  readonly #majors: number
  readonly #orderedMajors: number
  readonly #order: number
  readonly #work: number
  /** Pairs that there is room for. */
  readonly #room: number
  #count = 0

  constructor(
    kernels: Kernels,
    tables: readonly [JoinTable, JoinTable],
    rows: number,
    sink: (pairs: RowPairs) => void,
  ) {
    const { arena } = kernels
    const room = Math.min(pairsMax, Math.max(pairsMin * 2, rows * pairsPerRow))
    const list = (bytes: number) => arena.scratch(room * bytes)
    this.#room = room
    this.#kernels = kernels
    this.#tables = tables
    this.#sink = sink
    this.#lists = [list(4), list(4)]
    this.#ordered = [list(4), list(4)]
    this.#majors = list(8)
    this.#orderedMajors = list(8)
    this.#order = list(4)
    this.#work = arena.scratch(room * 16 + 8192)
  }

  /** Probes with rows of side `port` the index of the other one. */
  probe(port: 0 | 1, index: JoinIndex, rows: HashedRows): void {
    if (rows.count === 0) return
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const walk = new ChainWalk(this.#kernels, index, rows)
    while (walk.isOpen) {
      const room = this.#room - this.#count
      if (room < pairsMin) {
        this.flush()
        continue
      }
      const [probe, build] = [this.#lists[port], this.#lists[port === 0 ? 1 : 0]]
      this.#count += walk.next(probe + this.#count * 4, build + this.#count * 4, room)
    }
    arena.releaseScratch(mark)
  }

  /** Hands over what was found. */
  flush(): void {
    const found = this.#count
    this.#count = 0
    let count = 0
    for (let from = 0; from < found; from += comparedAtOnce) {
      const kept = this.#keep(from, Math.min(comparedAtOnce, found - from))
      if (count !== from) for (const list of this.#lists) this.#move(list, from, count, kept)
      count += kept
    }
    if (count === 0) return
    const [left, right] = this.#tables
    const [lefts, rights] = this.#lists
    const majors = this.#majors
    const later = this.#kernels.get('join_later_rows')
    later(lefts, rights, count, left.majorAt, right.majorAt, majors)
    const order = this.#kernels.get('join_order')
    if (order(majors, count, this.#order, this.#work) === 0) {
      this.#sink({ left: lefts, right: rights, major: majors, count })
      return
    }
    const take = this.#kernels.get('take_i32')
    take(lefts, this.#order, this.#ordered[0], count)
    take(rights, this.#order, this.#ordered[1], count)
    this.#kernels.get('take_i64')(majors, this.#order, this.#orderedMajors, count)
    const [inOrder, others] = this.#ordered
    this.#sink({ left: inOrder, right: others, major: this.#orderedMajors, count })
  }

  /** Drops those of some pairs whose keys differ. */
  #keep(from: number, found: number): number {
    const [left, right] = this.#tables
    const [lefts, rights] = [this.#lists[0] + from * 4, this.#lists[1] + from * 4]
    const read = this.#kernels.get('join_read')
    read(lefts, found)
    read(rights, found)
    let count = found
    left.keys.forEach(({ form, offset }, index) => {
      const same = this.#kernels.get(form === 'view' ? 'join_same_view' : 'join_same_i64')
      count = same(lefts, rights, count, offset, right.keys[index]!.offset)
    })
    return count
  }

  #move(list: number, from: number, to: number, count: number): void {
    const { u32 } = this.#kernels.arena.views
    const start = (list >>> 2) + from
    u32.copyWithin((list >>> 2) + to, start, start + count)
  }
}
