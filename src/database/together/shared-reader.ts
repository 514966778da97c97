/**
 * SharedReader: one reader of a source outside, whose batches several queries take, each at its own time.
 *
 * How      Whoever is first reads on; the others find the batch in a queue, which keeps it until all have taken it. One
 *          that stays far behind, because it is paused or takes less at once, leaves: it reads the source again by
 *          itself, from where it stands. Of a source that cannot be read twice, the queue keeps all that is needed.
 * Contract 1 (checked) each query takes the rows that it would take of a reader of its own with the same columns.
 *          2 (checked) a row that cannot be decoded is told once.
 *          3 (trusted) a source that is read again gives the same rows.
 * Cost     the batches between the first query and the last one, about `lagRows` rows; picking columns of a batch.
 * See      docs/laws.md (streams that a query fills), shared-sources.ts
 */
import { assert } from '../../base/index.ts'
import type { BadRow, Batch, SourceReader } from '../../data/index.ts'

type Read = Batch | null | Promise<Batch | null>

/** Rows that one query may be behind another one: some cycles' worth. */
const lagRowsUsual = 1 << 19
/** Read at once at least, so that a query that takes few rows does not cut them small for the others. */
const rowsAtOnce = 4096

export interface Shared {
  /** A reader of all columns that are shared, from the start. */
  open(bad: (row: BadRow) => void): SourceReader
  bad(row: BadRow): void
  /** Can it be opened again? */
  repeatable: boolean
  lagRows?: number
}

export class SharedReader {
  readonly #shared: Shared
  readonly #inner: SourceReader
  readonly #takers = new Set<Taker>()
  /** What was read and not yet taken by all; the first one has the number `#base`. */
  #batches: Batch[] = []
  #base = 0
  #held = 0
  #pending: Promise<void> | null = null
  #ended = false
  #fault: { error: unknown } | null = null
  /** Bad rows that were told; every reading meets the same ones, in the same order. */
  #told = 0

  constructor(shared: Shared) {
    this.#shared = shared
    this.#inner = this.open()
  }

  /** The reader of one more query, which takes the columns at these places; all join before the first one reads. */
  join(places: readonly number[]): SourceReader {
    assert(this.#base === 0 && this.#batches.length === 0, 'queries join before rows are read')
    const taker = new Taker(this, places)
    this.#takers.add(taker)
    const { asynchronous, paced } = this.#inner
    return {
      asynchronous,
      ...(paced === undefined ? {} : { paced }),
      read: (rowsMax) => taker.read(rowsMax),
      progress: () => taker.progress(),
      close: () => taker.close(),
    }
  }

  /** Reads the source from the start. */
  open(): SourceReader {
    let met = 0
    return this.#shared.open((row) => {
      if (met++ < this.#told) return
      this.#told++
      this.#shared.bad(row)
    })
  }

  /** The batch of this number, null behind the last one, or when to ask again. */
  batch(number: number, rowsMax: number): Batch | null | Promise<void> {
    const held = this.#batches[number - this.#base]
    if (held !== undefined) return held
    if (this.#fault !== null) throw this.#fault.error
    if (this.#ended) return null
    if (this.#pending === null) {
      const next = this.#read(Math.max(rowsMax, rowsAtOnce))
      if (!(next instanceof Promise)) {
        this.#accept(next)
        return next
      }
      const settle = (settled: () => void) => {
        this.#pending = null
        settled()
      }
      this.#pending = next.then(
        (batch) => settle(() => this.#accept(batch)),
        (error: unknown) => settle(() => this.#fail(error)),
      )
    }
    return this.#pending
  }

  /** A query has taken a batch, or is gone. */
  took(): void {
    const least = Math.min(...[...this.#takers].map(({ taken }) => taken))
    for (const batch of this.#batches.splice(0, least - this.#base)) this.#held -= batch.rows
    this.#base = least
  }

  /** Only one of them tells how far it is: bytes are read once. */
  progress(taker: Taker): { bytes: number; bytesTotal: number | null } {
    const [first] = this.#takers
    return first === taker ? this.#inner.progress() : { bytes: 0, bytesTotal: 0 }
  }

  leave(taker: Taker): void {
    if (!this.#takers.delete(taker)) return
    if (this.#takers.size > 0) this.took()
    else this.#inner.close()
  }

  #read(rowsMax: number): Read {
    try {
      return this.#inner.read(rowsMax)
    } catch (error) {
      return this.#fail(error)
    }
  }

  /** All who come to this place fail there. */
  #fail(error: unknown): never {
    this.#fault = { error }
    throw error
  }

  #accept(batch: Batch | null): void {
    if (batch === null) {
      this.#ended = true
      return
    }
    this.#batches.push(batch)
    this.#held += batch.rows
    const lagRows = this.#shared.lagRows ?? lagRowsUsual
    if (!this.#shared.repeatable) return
    while (this.#held > lagRows && this.#batches.length > 1 && this.#takers.size > 1) {
      const last = [...this.#takers].find(({ taken }) => taken === this.#base)
      assert(last !== undefined, 'the first batch that is kept is kept for somebody')
      last.part()
    }
  }
}

/** Where one query is. */
class Taker {
  /** Batches, and rows, that it has taken. */
  taken = 0
  #rows = 0
  readonly #reader: SharedReader
  readonly #places: readonly number[]
  #closed = false
  #isApart = false
  /** Its own reader, when it is apart and has begun to read again. */
  #own: SourceReader | null = null

  constructor(reader: SharedReader, places: readonly number[]) {
    this.#reader = reader
    this.#places = places
  }

  read(rowsMax: number): Read {
    if (this.#closed) return null
    if (!this.#isApart) {
      const next = this.#reader.batch(this.taken, rowsMax)
      return next instanceof Promise ? next.then(() => this.read(rowsMax)) : this.#take(next)
    }
    const next = this.#again(rowsMax)
    return next instanceof Promise ? next.then((batch) => this.#take(batch)) : this.#take(next)
  }

  /** From here on it reads by itself. */
  part(): void {
    this.#isApart = true
    this.#reader.leave(this)
  }

  progress(): { bytes: number; bytesTotal: number | null } {
    return this.#own === null ? this.#reader.progress(this) : this.#own.progress()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#reader.leave(this)
    this.#own?.close()
  }

  #take(batch: Batch | null): Batch | null {
    if (batch === null || this.#closed) return null
    this.taken++
    this.#rows += batch.rows
    if (!this.#isApart) this.#reader.took()
    const { schema, rows, columns } = batch
    const fields = this.#places.map((place) => schema.fields[place]!)
    return { schema: { fields }, rows, columns: this.#places.map((place) => columns[place]!) }
  }

  /** Its own reader gives what comes next, once it has given again what was taken. */
  #again(rowsMax: number): Read {
    if (this.#own !== null) return this.#own.read(rowsMax)
    const own = this.#reader.open()
    this.#own = own
    let before = this.#rows
    const skip = (): Read => {
      while (before > 0) {
        const batch = own.read(Math.min(before, rowsAtOnce))
        if (batch instanceof Promise) return batch.then(pass).then(skip)
        pass(batch)
      }
      return own.read(rowsMax)
    }
    const pass = (batch: Batch | null) => {
      if (this.#closed) before = 0
      else assert(batch !== null, 'a source gives the rows again that it gave before')
      before -= batch?.rows ?? 0
    }
    return skip()
  }
}
