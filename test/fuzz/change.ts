/**
 * Change: random scripts of INSERT, UPDATE, DELETE and transactions over two tables, in what Millrace and SQLite share.
 *
 * How      Left out is what both say differently on purpose: SQLite looks at keys row by row, Millrace at the end of
 *          the statement, so no UPDATE moves several rows of a UNIQUE column; DO UPDATE never meets one key twice.
 */
import type { Random } from '../../src/base/index.ts'

export const schema = [
  `CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, a BIGINT UNIQUE,
    b VARCHAR DEFAULT 'none' CHECK (b <> 'bad'), n BIGINT NOT NULL DEFAULT 7)`,
  'CREATE TABLE u (k BIGINT, v BIGINT, CHECK (v < 90))',
]

const below = (random: Random, end: number): number => random.below(end)
const oneOf = <T>(random: Random, items: readonly T[]): T => items[below(random, items.length)]!

const id = (random: Random): string => String(below(random, 12))
const unique = (random: Random): string =>
  random.next() < 0.3 ? 'NULL' : String(100 + below(random, 40))
const small = (random: Random): string => (random.next() < 0.1 ? 'NULL' : String(below(random, 40)))
const text = (random: Random): string =>
  oneOf(random, [`'x'`, `'y'`, `'long text'`, 'NULL', random.next() < 0.2 ? `'bad'` : `'z'`])
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)

const rowOfT = (random: Random, key = id(random)): string =>
  `(${key}, ${unique(random)}, ${text(random)}, ${random.next() < 0.05 ? 'NULL' : below(random, 50)})`
const rowOfU = (random: Random): string =>
  `(${small(random)}, ${random.next() < 0.05 ? 95 : small(random)})`

const whereT = (random: Random): string =>
  oneOf(random, [
    `id = ${id(random)}`,
    `id IN (${id(random)}, ${id(random)})`,
    `id > ${id(random)}`,
    `n < ${small(random)}`,
    `b = 'x'`,
    'b IS NULL',
    'id IN (SELECT k FROM u)',
    `(SELECT COUNT(*) FROM u) > ${below(random, 6)}`,
  ])
const whereU = (random: Random): string =>
  oneOf(random, [
    `k = ${id(random)}`,
    `v < ${small(random)}`,
    'k IN (SELECT id FROM t)',
    'v IS NULL',
  ])

const changes: readonly ((random: Random) => string)[] = [
  (random) =>
    `INSERT INTO t VALUES ${times(1 + below(random, 3), () => rowOfT(random)).join(', ')}`,
  (random) => `INSERT INTO t (id, a) VALUES (${id(random)}, ${unique(random)})`,
  (random) =>
    `INSERT INTO u VALUES ${times(1 + below(random, 4), () => rowOfU(random)).join(', ')}`,
  (random) =>
    `INSERT INTO t VALUES ${times(1 + below(random, 3), () => rowOfT(random)).join(', ')} ON CONFLICT DO NOTHING`,
  (random) =>
    `INSERT INTO t VALUES ${rowOfT(random)} ON CONFLICT (id) DO UPDATE SET n = t.n + excluded.n, b = excluded.b`,
  (random) =>
    `INSERT INTO t VALUES ${rowOfT(random)} ON CONFLICT (id) DO UPDATE SET a = excluded.a WHERE t.n > ${small(random)}`,
  (random) => `INSERT INTO u SELECT id, n FROM t WHERE ${whereT(random)}`,
  (random) => `INSERT INTO u SELECT k, v + 1 FROM u WHERE ${whereU(random)}`,
  (random) =>
    `INSERT INTO t (id, n) SELECT k + 20, MIN(v) FROM u WHERE ${whereU(random)} GROUP BY k + 20`,
  (random) => `UPDATE t SET n = n + ${below(random, 20)} WHERE ${whereT(random)}`,
  (random) => `UPDATE t SET b = ${text(random)}, n = id WHERE ${whereT(random)}`,
  (random) => `UPDATE t SET a = ${unique(random)} WHERE id = ${id(random)}`,
  (random) => `UPDATE t SET id = ${id(random)} WHERE id = ${id(random)}`,
  (random) => `UPDATE u SET v = v + ${below(random, 30)} WHERE ${whereU(random)}`,
  (random) => `UPDATE u SET k = v, v = k WHERE ${whereU(random)}`,
  (random) =>
    `UPDATE t SET n = t.n + s.v FROM (SELECT k, MAX(v) AS v FROM u GROUP BY k) AS s
      WHERE s.k = t.id AND s.v > ${small(random)}`,
  (random) => `UPDATE u SET v = t.id FROM t WHERE t.id = u.k AND t.n > ${small(random)}`,
  (random) => `DELETE FROM t WHERE ${whereT(random)}`,
  (random) => `DELETE FROM u WHERE ${whereU(random)}`,
  (random) => (random.next() < 0.2 ? 'DELETE FROM t' : `DELETE FROM t WHERE id = ${id(random)}`),
]

/** Statements in order; those that end a transaction stand where one is open. */
export function randomScript(random: Random): string[] {
  const script: string[] = []
  let open = false
  for (let left = 10 + below(random, 25); left > 0; left--) {
    if (random.next() < 0.2) {
      script.push(open ? oneOf(random, ['COMMIT', 'COMMIT', 'ROLLBACK']) : 'BEGIN')
      open = !open
    } else script.push(oneOf(random, changes)(random))
  }
  if (open) script.push('COMMIT')
  return script
}
