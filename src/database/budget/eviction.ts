/**
 * Eviction: the oldest rows of a query's streams, which it takes back one part after the other.
 *
 * How      The streams of the query that were bound so (src/plan/bind/eviction.ts) have a second place in the log each,
 *          that of the first row that is left. Rows go in the order of the log, over all of these streams, so that one
 *          position parts those that have gone from those that are left.
 * Contract 1 (checked) a row goes once, after it has come.
 *          2 (checked) what is left is what a query would have read that begins at `from`.
 * Cost     that of taking the rows: they are read from the log again.
 * See      budget.ts says how many go and when; docs/laws.md (rows that are given up)
 */
import { assert } from '../../base/index.ts'
import { type Slice, type StoredInput, takeStored } from '../../runtime/index.ts'
import type { Sources } from '../query.ts'

/** Where the rows that are left begin. */
interface Place {
  of: StoredInput
  first: number
}

export class Eviction {
  /** How many rows go in the next cycle. */
  due = 0
  /** How many have gone. */
  rows = 0
  /** The position before which all rows have gone. */
  from = 0
  readonly #places: Place[]

  constructor(inputs: readonly StoredInput[]) {
    this.#places = inputs.map((of) => ({ of, first: of.offset }))
  }

  /** Rows that have come and not gone. */
  get left(): number {
    return this.#places.reduce((sum, { of, first }) => sum + of.offset - first, 0)
  }

  /** The next `rows` rows in slices of a size at most, as rows that are taken back from `position` on. */
  *take(
    log: Sources['log'],
    { rows, size, position }: { rows: number; size: number; position: number },
  ): Generator<{ input: StoredInput; slice: Slice }> {
    const oldest = this.#places.map(({ of, first }) => {
      return { ...of, offset: first, idle: Number.MAX_SAFE_INTEGER }
    })
    for (let done = 0; done < rows; ) {
      const most = () => Math.min(size, rows - done)
      const next = takeStored(log, oldest, most, Number.MAX_SAFE_INTEGER)
      assert(next !== null && 'slice' in next, 'rows that were taken are in the log')
      const { slice } = next
      const place = this.#places[oldest.indexOf(next.input)]!
      place.first += slice.rows
      assert(place.first <= place.of.offset, 'a row goes after it has come')
      this.from = slice.position + slice.rows
      // Each row has an earlier one to take back, as one of a table would.
      const removes = new Float64Array(slice.batch.rows)
      const gone = { ...slice, position: position + done, removes, partitions: null }
      done += slice.rows
      yield { input: place.of, slice: gone }
    }
    this.rows += rows
  }
}
