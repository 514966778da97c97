/**
 * JoinOrder: which order the joins of a query are made in shows in no answer, in no change and in no order of changes.
 *
 * How      Random rows of streams and of tables that change, of different sizes, are joined by random trees of joins;
 *          each query runs with the order that is costed and with the written one, once and continuously.
 */
import { expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { type Database, open } from '../../src/database/index.ts'
import { commitSeed } from '../seed.ts'
import { isFull } from '../size.ts'
import { chance, pick } from './expression.ts'

const rounds = isFull ? 60 : 10

/** Each has columns a, b and c; rows of `t` and `u` change. */
const relations = {
  r: 'r',
  s: 's',
  t: 't',
  u: 'u',
  groups: '(SELECT a, count(*) AS b, max(c) AS c FROM s GROUP BY a)',
  missing: '(SELECT r.a, t.b, r.c FROM r LEFT JOIN t ON r.a = t.a)',
  doubled: '(SELECT a + 1 AS a, b, c FROM t WHERE b < 3)',
  listed: '(VALUES (1, 1, 1), (2, 0, 1), (1, 2, 3)) AS',
}

const columns = ['a', 'b', 'c']

function conditionOf(random: Random, before: readonly string[], name: string): string {
  const of = (one: string) => `${one}.${pick(random, columns)}`
  const equal = `${of(pick(random, before))} = ${of(name)}`
  if (chance(random, 0.1)) return 'TRUE'
  if (chance(random, 0.2)) return `${equal} AND ${of(pick(random, before))} <= ${of(name)}`
  if (chance(random, 0.2))
    return `${of(pick(random, before))} + ${of(pick(random, before))} = ${of(name)}`
  return chance(random, 0.2) ? `${equal} AND ${of(name)} = ${of(pick(random, before))}` : equal
}

function queryOf(random: Random): string {
  const count = 3 + random.below(3)
  const names = Array.from({ length: count }, (_, index) => `j${index}`)
  const from = names.map((name, index) => {
    const relation = pick(random, Object.values(relations))
    const named = relation.endsWith(' AS')
      ? `${relation} ${name} (a, b, c)`
      : `${relation} AS ${name}`
    if (index === 0) return named
    return `JOIN ${named} ON ${conditionOf(random, names.slice(0, index), name)}`
  })
  const shown = names.map((name) => `${name}.${pick(random, columns)} AS ${name}`)
  const where = chance(random, 0.3) ? ` WHERE ${names[0]}.a + 1 > ${names.at(-1)}.b` : ''
  return `SELECT ${shown.join(', ')} FROM ${from.join(' ')}${where}`
}

function changeOf(random: Random): string {
  const row = () =>
    `(${columns.map(() => (chance(random, 0.1) ? 'NULL' : random.below(4))).join(', ')})`
  const rows = (most: number) => Array.from({ length: 1 + random.below(most) }, row).join(', ')
  return pick(random, [
    () => `INSERT INTO r VALUES ${rows(3)}`,
    () => `INSERT INTO s VALUES ${rows(6)}`,
    () => `INSERT INTO t VALUES ${rows(4)}`,
    () => `INSERT INTO u VALUES ${rows(2)}`,
    () => `UPDATE t SET b = b + 1 WHERE a = ${random.below(4)}`,
    () => `DELETE FROM u WHERE c = ${random.below(4)}`,
  ])()
}

/** What a view of the query tells while the changes come, and what the query answers in the end. */
async function toldOf(query: string, changes: readonly string[], order: string): Promise<string[]> {
  await using db: Database = await open(':memory:')
  const told: string[] = []
  await db.execute(`CREATE STREAM r (a INT, b INT, c INT); CREATE STREAM s (a INT, b INT, c INT);
    CREATE TABLE t (a INT, b INT, c INT); CREATE TABLE u (a INT, b INT, c INT); SET join_order = '${order}'`)
  const half = changes.length >> 1
  for (const change of changes.slice(0, half)) await db.execute(change)
  await db.execute(`CREATE MATERIALIZED VIEW v AS ${query}`)
  const following = (async () => {
    for await (const { rows, ops } of db.subscribe('SUBSCRIBE v')) {
      told.push(...rows.map((row, index) => `${ops[index]} ${Object.values(row)}`))
    }
  })()
  for (const change of changes.slice(half)) await db.execute(`${change}; FLUSH`)
  const answer = await db.query(query)
  told.push(...answer.rows.map(String))
  await db.execute('DROP MATERIALIZED VIEW v')
  await following
  return told
}

test('the order of joins shows in nothing', async () => {
  const random = seededRandom(commitSeed('join-order'))
  let moved = 0
  for (let round = 0; round < rounds; round++) {
    const query = queryOf(random)
    const changes = Array.from({ length: 24 }, () => changeOf(random))
    const costed = await toldOf(query, changes, 'costed')
    expect(await toldOf(query, changes, 'written'), `${query}\n${changes.join(';\n')}`).toEqual(
      costed,
    )
    moved += costed.length
  }
  expect(moved).toBeGreaterThan(10)
})
