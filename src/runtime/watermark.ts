/**
 * Watermark: W(r) of a source whose rows come in partitions, or may lie far ahead, row by row.
 *
 * How      A partition's own mark is its greatest event time so far less the delay. The watermark is the greatest that
 *          the least mark of the live partitions ever was: it never falls, whoever wakes up or is new. A tree over the
 *          marks knows the least one.
 * Contract 1 (checked by the golden scripts and by all small cases) W(r) is taken before row r.
 * Cost     some 50 ns per row and O(log partitions).
 * See      docs/watermarks.md; src/kernel/window.ts for one partition
 */
import { type Batch, valueAt } from '../data/index.ts'
import { noWatermark } from '../kernel/index.ts'
import { rowKey } from './changes.ts'
import { endOfTime } from './stage.ts'

/** Which values of the partition columns have which number: 0, 1, 2 … in the order of their first rows. */
export class Partitions {
  #columns: readonly number[]
  readonly #numbers = new Map<string, number>()

  /** `columns` are those of the batches. */
  constructor(columns: readonly number[]) {
    this.#columns = columns
  }

  /** The same columns stand elsewhere in the batches to come. */
  moveTo(columns: readonly number[]): void {
    this.#columns = columns
  }

  /** The partitions of rows `from … from + rows` of a batch. */
  numbersOf(batch: Batch, from = 0, rows = batch.rows): Uint32Array {
    const numbers = new Uint32Array(rows)
    for (let at = 0; at < rows; at++) {
      const key = rowKey(this.#columns.map((column) => valueAt(batch.columns[column]!, from + at)))
      let number = this.#numbers.get(key)
      if (number === undefined) this.#numbers.set(key, (number = this.#numbers.size))
      numbers[at] = number
    }
    return numbers
  }
}

export class PartitionClock {
  /** W, after the rows so far. */
  watermark = noWatermark
  readonly #delay: bigint
  readonly #ahead: bigint | null
  readonly #greatest: bigint[] = []
  readonly #idle: boolean[] = []
  #awake = 0
  #marks = new LeastTree()

  /** `ahead`: rows further than this beyond the greatest time of their partition do not count. */
  constructor(delay: bigint, ahead: bigint | null) {
    this.#delay = delay
    this.#ahead = ahead
  }

  /** Is there a partition that is not idle? */
  get awake(): boolean {
    return this.#awake > 0
  }

  get partitions(): { known: number; idle: number; slowest: number | null } {
    const known = this.#idle.length
    return { known, idle: known - this.#awake, slowest: this.#slowest() }
  }

  /** The partition whose mark is the least of those that are live; null before the first row. */
  #slowest(): number | null {
    let least: number | null = null
    for (const [number, at] of this.#greatest.entries()) {
      if (this.#idle[number]) continue
      if (least === null || at < this.#greatest[least]!) least = number
    }
    return least
  }

  /** Takes a row of a partition; returns W before it. */
  take(partition: number, at: bigint): bigint {
    const before = this.watermark
    while (this.#idle.length <= partition) {
      this.#idle.push(false)
      this.#greatest.push(noWatermark)
      this.#awake++
    }
    if (this.#idle[partition]) {
      this.#idle[partition] = false
      this.#awake++
    }
    const greatest = this.#greatest[partition]!
    const isFirst = greatest === noWatermark
    const counts = this.#ahead === null || at - greatest <= this.#ahead
    if (isFirst || (at > greatest && counts)) this.#greatest[partition] = at
    this.#marks.set(partition, this.#greatest[partition]! - this.#delay)
    this.lift(this.#marks.least)
    return before
  }

  /** No row of these partitions is awaited. */
  sleep(partitions: readonly number[]): void {
    for (const partition of partitions) {
      if (this.#idle[partition] !== false) continue
      this.#idle[partition] = true
      this.#awake--
      this.#marks.set(partition, endOfTime)
    }
    if (this.awake) this.lift(this.#marks.least)
  }

  /** W is at least this. */
  lift(to: bigint): void {
    if (to > this.watermark) this.watermark = to
  }
}

/** The least of some numbers that change one by one; those never set are the greatest. */
class LeastTree {
  /** Node n has the children 2n and 2n + 1; the leaves are the last half. */
  #nodes = new BigInt64Array(2).fill(endOfTime)

  get least(): bigint {
    return this.#nodes[1]!
  }

  set(index: number, value: bigint): void {
    while (index >= this.#nodes.length / 2) this.#grow()
    let node = this.#nodes.length / 2 + index
    this.#nodes[node] = value
    while (node > 1) {
      const [one, other] = [this.#nodes[node]!, this.#nodes[node ^ 1]!]
      node >>= 1
      const least = one < other ? one : other
      if (this.#nodes[node] === least) return
      this.#nodes[node] = least
    }
  }

  #grow(): void {
    const leaves = this.#nodes.slice(this.#nodes.length / 2)
    this.#nodes = new BigInt64Array(this.#nodes.length * 2).fill(endOfTime)
    for (const [index, value] of leaves.entries()) this.set(index, value)
  }
}
