/**
 * Tally: the sink of the benchmarks, which counts the rows of a live query.
 *
 * How      It takes the result in columns. When asked to, it also sums them up, so that what was delivered can be
 *          compared with what the peers answer.
 * Contract 1 (checked) only rows that are there to stay are taken: a query that takes rows back is refused.
 */
import { mistake } from '../base/index.ts'
import type { Batch, Connector, Op } from '../data/index.ts'

/** What is kept of one column. */
export interface Fold {
  column: number
  fold: 'sum' | 'max'
}

/** What came out of a query so far. */
export interface Tally {
  rows: number
  /** Sums and maxima in the order of `folds`; empty when they are not kept. */
  values: number[]
}

export class TallySink {
  #folds: readonly Fold[] = []
  #tally: Tally = { rows: 0, values: [] }

  /** Begins anew; `folds` is left out where time is measured. */
  begin(folds: readonly Fold[] = []): void {
    this.#folds = folds
    const values = folds.map(({ fold }) => (fold === 'sum' ? 0 : Number.NEGATIVE_INFINITY))
    this.#tally = { rows: 0, values }
  }

  get tally(): Tally {
    return this.#tally
  }

  get connector(): Connector {
    return {
      name: 'tally',
      bounded: true,
      sink: 'append',
      source: false,
      check: () => {},
      infer: () => null,
      open: () =>
        mistake({
          code: 'invalid_option',
          message: `connector 'tally' cannot be read`,
          hint: 'it is a sink',
        }),
      create: () => ({
        write: () =>
          mistake({ code: 'unsupported', message: `connector 'tally' takes columns only` }),
        writeBatch: (batch, ops) => this.#take(batch, ops),
        close: () => {},
      }),
    }
  }

  #take(batch: Batch, ops: readonly Op[] | null): void {
    if (ops?.some((op) => op !== '+I')) {
      mistake({ code: 'unsupported', message: `connector 'tally' takes rows that stay` })
    }
    this.#tally.rows += batch.rows
    const { values } = this.#tally
    for (const [at, { column, fold }] of this.#folds.entries()) {
      const { data, validity } = batch.columns[column]!
      if (data.layout !== 'i64' && data.layout !== 'f64') continue
      for (let row = 0; row < batch.rows; row++) {
        if (validity !== null && (validity[row >> 3]! & (1 << (row & 7))) === 0) continue
        const value = Number(data.values[row]!)
        values[at] = fold === 'sum' ? values[at]! + value : Math.max(values[at]!, value)
      }
    }
  }
}
