/**
 * Queries behind LATERAL, functions of rows in their select lists too, over random rows: one-shot answers are DuckDB's,
 * and what a view shows as rows come and go is what its query answers.
 *
 * How      A query is put together of a condition with the row before it, what it shows, and what cuts it. Sorted
 *          columns decide everything that is shown, so that equal rows are all the same.
 */
import { expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { type Database, open } from '../../src/index.ts'
import { commitSeed } from '../seed.ts'
import { sized } from '../size.ts'
import { connect } from './duckdb.ts'
import { pick } from './expression.ts'

const seed = commitSeed('lateral')
const count = sized(30, 120)

/** Conditions of the query inside; those of the first half are equalities alone. */
const conditions = [
  'b.k = a.k',
  'a.k + 1 = b.k',
  'b.k = a.k and b.g = a.g',
  'b.t = a.t and b.v > 2',
  'b.k < a.k',
  'b.k = a.k and b.v >= a.v',
  'b.k = a.k or b.g = a.g',
  'b.v between a.v and a.v + 3',
  'b.k = a.k and b.g is distinct from a.g',
  'b.k = a.k and b.v in (select c.v from b c where c.g = a.g)',
]

/** What it shows: the columns x and y. */
const shown = [
  'b.v as x, b.g as y',
  'b.v + a.k as x, b.g as y',
  'distinct b.v as x, a.g as y',
  'count(*) as x, max(b.v) as y',
  'count(b.v) + 1 as x, sum(b.v) as y',
  'coalesce(sum(b.v), 0) - a.k as x, min(b.g) as y',
  'b.v as x, row_number() over (order by b.v, b.g) as y',
  'unnest([b.v, a.k, b.g]) as x, b.g as y',
  'b.g as x, count(*) as y',
]

/** A SELECT of x and y, for each row of a. */
function selectOf(random: Random): string {
  const items = pick(random, shown)
  const grouped = items === shown.at(-1) ? ' group by b.g' : ''
  const aggregates = grouped !== '' || items.includes('(b.v)') || items.includes('count')
  const having = aggregates && random.below(3) === 0 ? ' having count(*) > 1' : ''
  return `select ${items} from b where ${pick(random, conditions)}${grouped}${having}`
}

const sets = ['union all', 'union', 'except', 'intersect']

function queryOf(random: Random): string {
  const other = random.below(4) === 0 ? ` ${pick(random, sets)} ${selectOf(random)}` : ''
  const cut = random.below(2) === 0 ? ` order by x, y limit ${1 + random.below(3)}` : ''
  const offset = cut !== '' && random.below(3) === 0 ? ' offset 1' : ''
  const inside = `${selectOf(random)}${other}${cut}${offset}`
  const more = random.below(3) === 0 ? ' where a.v > 1' : ''
  const [word, on] = pick(random, [
    [', lateral', ''],
    ['cross join lateral', ''],
    ['join lateral', ' on q.x > 1'],
    ['left join lateral', ' on true'],
  ] as const)
  return `select a.n, q.x, q.y from a ${word} (${inside}) as q${on}${more} order by 1, 2, 3`
}

const cell = (random: Random, most: number) =>
  random.below(6) === 0 ? 'null' : String(random.below(most))

const rowsOf = (random: Random, rows: number, first: number) =>
  Array.from({ length: rows }, (_, n) => {
    const cells = [cell(random, 4), cell(random, 3), cell(random, 8)]
    return `(${first + n}, ${cells.join(', ')}, '${pick(random, ['', 'x', 'yy'])}')`
  }).join(', ')

const asTexts = (rows: readonly (readonly unknown[])[]) => rows.map((row) => row.map(String).join())

const ask = async (db: Database, sql: string) =>
  asTexts((await db.query(sql)).map(({ n, x, y }) => [n, x, y]))

test('queries behind LATERAL give what DuckDB gives, at once and as rows change', async () => {
  const random = seededRandom(seed)
  const duckdb = await connect()
  const changes = [
    `insert into a values ${rowsOf(random, 12, 0)}`,
    `insert into b values ${rowsOf(random, 14, 0)}`,
    `delete from b where n % 3 = 0`,
    `update a set k = k + 1 where n % 2 = 0`,
    `insert into b values ${rowsOf(random, 5, 20)}`,
    `delete from a where n = 4`,
  ]
  const queries = Array.from({ length: count }, () => queryOf(random))
  await using db = await open(':memory:')
  for (const name of ['a', 'b']) {
    const table = `table ${name} (n int, k int, g int, v int, t varchar)`
    await duckdb.run(`create temp ${table}`)
    await db.execute(`create ${table}`)
  }
  for (const [index, sql] of queries.entries()) {
    await db.execute(
      `create materialized view v${index} as ${sql.replace(/ order by 1, 2, 3$/, '')}`,
    )
  }
  for (const change of changes) {
    await duckdb.run(change)
    await db.execute(change)
    for (const [index, sql] of queries.entries()) {
      const theirs = asTexts((await duckdb.runAndReadAll(sql)).getRows())
      expect(await ask(db, sql), sql).toEqual(theirs)
      expect(await ask(db, `select * from v${index} order by 1, 2, 3`), sql).toEqual(theirs)
    }
  }
}, 120_000)
