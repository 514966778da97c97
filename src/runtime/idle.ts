/**
 * Idle: which partitions of a source have had no row for too long, by the recorded times of their rows.
 *
 * How      Partitions that are live stand in the order of their last rows, so that the first one falls due first.
 * Contract 1 (checked by the golden scripts) the answer is a function of the times that were recorded with the rows.
 * Cost     some 50 ns per row of a source with partitions, nothing per row of others.
 */

export class IdleWatch {
  readonly #idleMicros: number
  /** Last rows of the live partitions, the oldest first. */
  readonly #last = new Map<number, number>()
  /** Since when a source without any partition yet is waited for; null once it was found idle or had rows. */
  #since: number | null

  /** `partitioned`: partitions are known by their first rows; otherwise all rows are of partition 0. */
  constructor(idleMicros: number, partitioned: boolean, nowMicros: number) {
    this.#idleMicros = idleMicros
    this.#since = partitioned ? nowMicros : null
    if (!partitioned) this.#last.set(0, nowMicros)
  }

  /** Rows came; null stands for rows of partition 0. */
  arrive(partitions: Uint32Array | null, nowMicros: number): void {
    this.#since = null
    for (const partition of partitions ?? [0]) {
      this.#last.delete(partition)
      this.#last.set(partition, nowMicros)
    }
  }

  /** When the next partition falls due, in microseconds; null: none will. */
  get due(): number | null {
    const first = this.#last.values().next()
    const since = first.done ? this.#since : first.value
    return since === null ? null : since + this.#idleMicros
  }

  /** The partitions that are idle now and were not, ascending; null when nothing has changed. */
  take(nowMicros: number): number[] | null {
    if (this.due === null || nowMicros < this.due) return null
    const found: number[] = []
    for (const [partition, last] of this.#last) {
      if (nowMicros < last + this.#idleMicros) break
      found.push(partition)
    }
    this.forget(found)
    return found.sort((a, b) => a - b)
  }

  /** These were found idle. */
  forget(partitions: readonly number[]): void {
    this.#since = null
    for (const partition of partitions) this.#last.delete(partition)
  }
}
