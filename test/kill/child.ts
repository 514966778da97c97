/**
 * Child: a process that fills a database until it is killed. It first says what it finds, as one line of JSON; then a
 * line for each row that was acknowledged.
 *
 *   node child.ts DIR ROWS     after so many rows it kills itself
 */
import { open } from '../../src/index.ts'

const [directory, rows] = [process.argv[2]!, Number(process.argv[3])]
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)

const database = await open(directory)
await database.execute(`
  CREATE STREAM IF NOT EXISTS s (x BIGINT, k INT, pad VARCHAR);
  CREATE TABLE IF NOT EXISTS last (id INT PRIMARY KEY, x BIGINT);
  CREATE MATERIALIZED VIEW IF NOT EXISTS v AS SELECT k, COUNT(*) AS n, SUM(x) AS sum FROM s GROUP BY k;`)
const number = (value: unknown) => Number(value ?? 0)
const [all] = await database.query(
  'SELECT COUNT(*) AS n, MAX(x) AS top, COUNT(DISTINCT x) AS apart FROM s',
)
const [kept] = await database.query('SELECT MAX(x) AS x FROM last')
const view = await database.query('SELECT k, n, sum FROM v ORDER BY k')
const due = await database.query(
  'SELECT k, COUNT(*) AS n, SUM(x) AS sum FROM s GROUP BY k ORDER BY k',
)
const text = (rows: unknown[]) =>
  JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value))
say({
  rows: number(all?.['n']),
  top: number(all?.['top']),
  apart: number(all?.['apart']),
  kept: number(kept?.['x']),
  isSame: text(view) === text(due),
})
const first = number(all?.['top']) + 1
for (let x = first; x < first + rows; x++) {
  const pad = 'x'.repeat((x * 7919) % 3000)
  if (x % 5 === 0) {
    // One transaction: both or neither.
    await database.execute(`BEGIN; INSERT INTO s VALUES (${x}, ${x % 7}, '${pad}');
      INSERT INTO last VALUES (1, ${x}) ON CONFLICT (id) DO UPDATE SET x = EXCLUDED.x; COMMIT`)
  } else await database.append('s', [{ x, k: x % 7, pad }])
  say(x)
}
process.kill(process.pid, 'SIGKILL')
