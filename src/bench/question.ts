/**
 * Question: what the kernel benchmarks ask, as SQL for Millrace and for DuckDB.
 *
 * How      Millrace is asked as it is meant to be: a continuous query over the retained rows of a stream whose
 *          result goes to a sink; windows are told once, when the watermark closes them. DuckDB answers the same in
 *          one batch query whose result it sums up itself, so that it does the whole work and is not timed for
 *          handing over rows. It gets `ts` as a number and divides it, its fastest way.
 */
import type { Fold } from './tally.ts'

export type Question = 'filter-project' | 'window' | 'single' | 'join'

export interface QuestionText {
  /** Columns of the sink; KEY stands for the type of the key. */
  sink: string
  millrace: string
  duckdb: string
  /** What is summed up of the sink's columns for the comparison of answers. */
  folds: Fold[]
  /** The answer made of the sink's rows and folds, in the order of the columns that DuckDB gives. */
  answer(rows: number, folds: number[]): number[]
}

const grouped = 'COUNT(*) AS n, SUM(amount) AS total, SUM(price) AS value, MAX(amount) AS most'

const ofGroups =
  'SELECT COUNT(*) AS groups, SUM(n) AS n, SUM(total) AS total, MAX(most) AS most, MAX(value) AS value'

const passed =
  'SELECT key, amount, price * 0.908e0 AS price FROM bid WHERE price > 380 AND amount < 600000'

/** One window over the whole input is a day that holds it all. */
function windowed(size: string, duckdbKeys: string): QuestionText {
  return {
    sink: 'key KEY, n BIGINT, total BIGINT, value DOUBLE, most BIGINT',
    millrace: `SELECT key, ${grouped} FROM TUMBLE(bid, ts, ${size})
      GROUP BY key, window_start, window_end EMIT ON WINDOW CLOSE`,
    duckdb: `${ofGroups} FROM (SELECT key, ${grouped} FROM bid GROUP BY ${duckdbKeys}) AS t`,
    folds: [
      { column: 1, fold: 'sum' },
      { column: 2, fold: 'sum' },
      { column: 4, fold: 'max' },
      { column: 3, fold: 'max' },
    ],
    answer: (rows, folds) => [rows, ...folds],
  }
}

export const questions: Record<Question, QuestionText> = {
  'filter-project': {
    sink: 'key BIGINT, amount BIGINT, price DOUBLE',
    millrace: passed,
    duckdb: `SELECT SUM(key) AS keys, COUNT(*) AS n, SUM(amount) AS total, MAX(price) AS price FROM (${passed}) AS t`,
    folds: [
      { column: 0, fold: 'sum' },
      { column: 1, fold: 'sum' },
      { column: 2, fold: 'max' },
    ],
    answer: (rows, [keys, total, price]) => [keys!, rows, total!, price!],
  },
  window: windowed(`INTERVAL '10' SECOND`, 'key, ts // 10000000'),
  single: windowed(`INTERVAL '1' DAY`, 'key'),
  join: {
    sink: 'key KEY, bid BIGINT, ask BIGINT',
    millrace: `
      SELECT b.key, b.amount AS bid, a.amount AS ask
      FROM TUMBLE(bid, ts, INTERVAL '10' SECOND) AS b
      JOIN TUMBLE(ask, ts, INTERVAL '10' SECOND) AS a
      ON a.key = b.key AND a.window_start = b.window_start AND a.window_end = b.window_end`,
    duckdb: `
      SELECT COUNT(*) AS n, SUM(bid) AS bid, MAX(ask) AS ask FROM (
        SELECT b.key, b.amount AS bid, a.amount AS ask
        FROM bid AS b JOIN ask AS a ON a.key = b.key AND a.ts // 10000000 = b.ts // 10000000) AS t`,
    folds: [
      { column: 1, fold: 'sum' },
      { column: 2, fold: 'max' },
    ],
    answer: (rows, folds) => [rows, ...folds],
  },
}
