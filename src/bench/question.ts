/**
 * Question: what the kernel benchmarks ask, as SQL for Millrace and for DuckDB.
 *
 * How      Each question is one one-shot statement that reads everything and answers one row, so that every subject
 *          does the whole work and nobody is timed for handing over rows. DuckDB gets `ts` as a number and divides
 *          it, its fastest way.
 */
export type Question = 'filter-project' | 'window' | 'single' | 'join'

export interface QuestionText {
  millrace: string
  duckdb: string
}

const grouped = 'COUNT(*) AS n, SUM(amount) AS total, SUM(price) AS value, MAX(amount) AS most'

const ofGroups =
  'SELECT COUNT(*) AS groups, SUM(n) AS n, SUM(total) AS total, MAX(most) AS most, MAX(value) AS value'

const filterProject = `
  SELECT SUM(key) AS keys, COUNT(*) AS n, SUM(amount) AS total, MAX(price) AS price
  FROM (SELECT key, amount, price * 0.908 AS price FROM bid WHERE price > 380 AND amount < 600000) AS t`

export const questions: Record<Question, QuestionText> = {
  'filter-project': { millrace: filterProject, duckdb: filterProject },
  window: {
    millrace: `${ofGroups} FROM (
      SELECT key, ${grouped} FROM TUMBLE(bid, ts, INTERVAL '10' SECOND)
      GROUP BY key, window_start, window_end) AS t`,
    duckdb: `${ofGroups} FROM (SELECT key, ${grouped} FROM bid GROUP BY key, ts // 10000000) AS t`,
  },
  single: {
    millrace: `${ofGroups} FROM (SELECT key, ${grouped} FROM bid GROUP BY key) AS t`,
    duckdb: `${ofGroups} FROM (SELECT key, ${grouped} FROM bid GROUP BY key) AS t`,
  },
  join: {
    millrace: `
      SELECT COUNT(*) AS n, SUM(b.amount) AS total, MAX(a.amount) AS most
      FROM TUMBLE(bid, ts, INTERVAL '10' SECOND) AS b
      JOIN TUMBLE(ask, ts, INTERVAL '10' SECOND) AS a
      ON a.key = b.key AND a.window_start = b.window_start AND a.window_end = b.window_end`,
    duckdb: `
      SELECT COUNT(*) AS n, SUM(b.amount) AS total, MAX(a.amount) AS most
      FROM bid AS b JOIN ask AS a ON a.key = b.key AND a.ts // 10000000 = b.ts // 10000000`,
  },
}
