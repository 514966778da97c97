/**
 * Aggregates over all values of a group against DuckDB, on random groups with NULLs and repeated values.
 */
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/index.ts'
import { open } from '../../src/database/index.ts'
import { connect } from '../fuzz/duckdb.ts'

/** Ours | theirs, left out where it is the same. */
const aggregates = `
median(v) |
median(d) |
quantile_cont(d, 0.25) |
quantile_disc(v, 0.9) |
quantile_disc(t, 0.5) |
percentile_cont(0.75) within group (order by v) | quantile_cont(v, 0.75)
percentile_disc(0.1) within group (order by d) | quantile_disc(d, 0.1)
string_agg(t, '-' order by t) |
string_agg(t order by v desc, t) | string_agg(t, ',' order by v desc nulls last, t)
string_agg(t, ';' order by v nulls first, t desc) |
string_agg(distinct t, '') | string_agg(distinct t, '' order by t)
listagg(t, ',') within group (order by t) | string_agg(t, ',' order by t)
string_agg(t, '/') filter (where v > 0) | string_agg(t, '/' order by t) filter (where v > 0)
bit_and(v) |
bit_or(v) |
bit_xor(v) |
product(v) |
entropy(v) | case when count(v) > 0 then entropy(v) end
skewness(d) | case when var_pop(d) > 1e-9 then skewness(d) end
kurtosis(v) | case when var_pop(v) > 1e-9 then kurtosis(v) end
stddev_samp(d) |
var_pop(d) |
stddev(distinct v) |
var_samp(distinct d) |
median(distinct v) |
count(distinct t) |
sum(distinct v) |
mode(v) | (select min(x.v) from (select a.v, count(*) as n from r a where a.k = r.k and a.v is not null group by a.v
  qualify rank() over (order by n desc) = 1) x)
`

const lines = aggregates
  .replaceAll('\n  ', ' ')
  .trim()
  .split('\n')
  .map((line) => {
    const cut = line.lastIndexOf(' |')
    return { ours: line.slice(0, cut), theirs: line.slice(cut + 2).trim() || line.slice(0, cut) }
  })

test('aggregates over all values are those of DuckDB', async () => {
  const random = seededRandom(Number(process.env['MILLRACE_SEED'] ?? 1))
  const rows = Array.from({ length: 400 }, () => {
    const k = random.below(40)
    const wide = random.below(3) > 0
    const v = random.below(8) === 0 ? null : random.below(wide ? 7 : 1000) - 3
    const d = random.below(8) === 0 ? null : (random.below(wide ? 9 : 100_000) - 4) / 4
    const t =
      random.below(8) === 0
        ? null
        : ['', 'a', 'b', 'é', '😀', 'a long text of words'][random.below(6)]!
    return { k, v, d, t }
  })
  const texts = rows.map(({ k, v, d, t }) => `(${k}, ${v}, ${d}, ${t === null ? t : `'${t}'`})`)
  const create = 'create table r (k int, v int, d double, t varchar)'
  const insert = `insert into r values ${texts.join(', ')}`
  const database = await open(':memory:', { cycles: 'manual' })
  await database.execute(`${create}; ${insert}`)
  const connection = await connect()
  await connection.run(create)
  await connection.run(insert)
  for (const { ours, theirs } of lines) {
    const mine = await database.query(`select ${ours} as x from r group by k order by k`)
    const sql = `select cast(${theirs} as varchar) from r group by k order by k`
    const other = (await connection.runAndReadAll(sql)).getRows() as [string | null][]
    const differing = mine.rows.flatMap(([cell], row) => {
      const [a, b] = [cell === null ? null : String(cell), other[row]![0]]
      return isSame(a, b) ? [] : [{ row, ours: a, theirs: b }]
    })
    expect({ ours, differing }).toEqual({ ours, differing: [] })
  }
})

/** Numbers may differ by 1e-9 of their size. */
function isSame(a: string | null, b: string | null): boolean {
  if (a === b) return true
  if (a === null || b === null || a.trim() === '' || b.trim() === '') return false
  const [x, y] = [Number(a), Number(b)]
  return Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y), 1)
}
