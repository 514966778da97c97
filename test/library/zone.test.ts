/**
 * SET timezone against Postgres: points in time around the changes of clocks, in zones of every kind.
 */
import { PGlite } from '@electric-sql/pglite'
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/index.ts'
import { open } from '../../src/index.ts'

const zones = [
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Pacific/Apia',
  'Africa/Casablanca',
  'Etc/GMT-14',
]

const expressions = [
  'p::varchar',
  'p::timestamp::varchar',
  'p::date::varchar',
  'p::time::varchar',
  'l::timestamptz::varchar',
  'z::timestamptz::varchar',
  'l::date::timestamptz::varchar',
  'extract(hour from p)::int',
  'extract(dow from p)::int',
  'extract(epoch from p)::bigint',
  "date_trunc('year', p)::varchar",
  "date_trunc('week', p)::varchar",
  "date_trunc('day', p)::varchar",
  "date_trunc('hour', p)::varchar",
  "date_trunc('minute', p)::varchar",
  "to_char(p, 'YYYY-MM-DD HH24:MI:SS')",
  "(p + interval '1' month)::varchar",
  "(p - interval '7' month)::varchar",
  "(p + interval '36' hour)::varchar",
  'extract(epoch from p - l)::bigint',
  '(cast(array[p] as timestamp[]))[1]::varchar',
  'p < l',
  'l >= z::timestamptz',
  "p at time zone 'UTC' = p::timestamp",
]

/** Moments of the year in which clocks change. */
const turns = [
  '2025-03-09 07:00',
  '2025-03-30 01:00',
  '2025-04-05 15:00',
  '2025-10-04 15:30',
  '2025-10-26 01:00',
  '2025-11-02 06:00',
  '2025-02-23 02:00',
  '2011-12-30 10:00',
  '2025-12-31 23:00',
]

test('clocks of zones are those of Postgres', async () => {
  const random = seededRandom(Number(process.env['MILLRACE_SEED'] ?? 1))
  const postgres = new PGlite()
  const database = await open(':memory:')
  const table = 'CREATE TABLE t (id INT PRIMARY KEY, p TIMESTAMPTZ, l TIMESTAMP, z VARCHAR)'
  await Promise.all([postgres.exec(table), database.execute(table)])
  const turned = () => {
    const turn = Date.parse(`${turns[random.below(turns.length)]}:00Z`)
    return turn + (random.below(200) - 100) * 900_000
  }
  const text = (millis: number) => new Date(millis).toISOString().slice(0, 19).replace('T', ' ')
  const rows = Array.from({ length: 80 }, (_, id) => {
    const zoned = `${text(turned())}${['', '+02', '-03:30', 'Z'][random.below(4)]}`
    return `(${id}, '${text(turned())}+00', '${text(turned())}', '${zoned}')`
  })
  const insert = `INSERT INTO t VALUES ${rows.join(', ')}`
  await Promise.all([postgres.exec(insert), database.execute(insert)])
  const select = `SELECT id, ${expressions.map((one, at) => `${one} AS e${at}`).join(', ')} FROM t ORDER BY id`
  for (const zone of zones) {
    const set = `SET timezone = '${zone}'`
    const [, theirs] = await postgres.exec(`${set}; ${select}`)
    await database.execute(set)
    const ours = await database.query(select)
    const plain = (row: object) => Object.values(row).map(String)
    for (const [at, row] of ours.entries()) {
      const [mine, other] = [plain(row), plain(theirs!.rows[at] as object)]
      for (const [index, expression] of expressions.entries()) {
        const where = `${zone}: ${expression} of ${rows[at]}`
        expect(`${where}: ${mine[index + 1]}`).toBe(`${where}: ${other[index + 1]}`)
      }
    }
  }
  await Promise.all([postgres.close(), database.close()])
}, 60_000)
