/**
 * Random window functions over a table whose rows change, kept by a view and asked at once, against DuckDB.
 *
 * How      ROWS, LAG and their like are asked over orders in which no two rows are equal.
 */
import { expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { open } from '../../src/database/index.ts'
import { sized } from '../size.ts'
import { connect } from './duckdb.ts'
import { chance, pick } from './expression.ts'

const columns = ['k', 'v', 'x', 'day'] as const

function row(random: Random, id: number): string {
  const k = pick(random, ['1', '2', 'null'])
  const v = chance(random, 0.2) ? 'null' : String(random.below(8) - 2)
  const x = chance(random, 0.2) ? 'null' : String(random.below(20) / 4)
  const at = `timestamp '2026-01-${String(1 + random.below(28)).padStart(2, '0')} 00:00:00'`
  return `(${id}, ${k}, ${v}, ${x}, ${at})`
}

const bounds = [
  'unbounded preceding',
  '# preceding',
  'current row',
  '# following',
  'unbounded following',
]

function frame(random: Random, unit: string, offset: () => string): string {
  const from = random.below(4)
  const to = Math.max(1, from + random.below(5 - from))
  const [start, end] = [bounds[from]!, bounds[to]!].map((text) => text.replace('#', offset()))
  // DuckDB's EXCLUDE TIES puts the row into frames that it is not in.
  const has = from <= 2 && to >= 2
  const outs = ['', ' exclude current row', ' exclude group', ' exclude ties']
  const out = has ? pick(random, ['', ...outs]) : ''
  return `${unit} between ${start} and ${end}${out}`
}

function call(random: Random): string {
  const value = pick(random, ['k', 'v', 'x'])
  const number = pick(random, ['v', 'x'])
  const by = chance(random, 0.6) ? `partition by ${pick(random, ['k', 'v'])} ` : ''
  const way = pick(random, ['', ' desc', ' nulls first', ' desc nulls last'])
  const total = `order by ${pick(random, columns)}${way}, id`
  const plain = `order by ${pick(random, columns)}${way}`
  const nulls = pick(random, ['', ' ignore nulls'])
  const small = () => String(random.below(4))
  const [key, offset] = pick(random, [
    ['v', small],
    ['x', () => `${small()}.5`],
    ['day', () => `interval '${1 + random.below(9)}' day`],
  ] as const)
  const order = pick(random, [
    `${total} ${frame(random, 'rows', small)}`,
    `${plain} ${frame(random, 'groups', small)}`,
    `order by ${key}${way} ${frame(random, 'range', offset)}`,
    plain,
    '',
  ])
  const kept = chance(random, 0.2) ? ' filter (where v > 1)' : ''
  const over = ` over (${by}${order})`
  const whole = ` over (${by}${total})`
  const ranking = pick(random, ['rank()', 'dense_rank()', 'percent_rank()', 'cume_dist()'])
  const found = pick(random, ['first_value(@', 'last_value(@', 'nth_value(@, 2'])
  return pick(random, [
    `${ranking} over (${by}${plain})`,
    `${pick(random, ['row_number()', 'ntile(3)'])}${whole}`,
    `${pick(random, ['lag', 'lead'])}(${value}${pick(random, ['', ', 2', ', 0'])}${nulls})${whole}`,
    `${found.replace('@', value)}${nulls}) over (${by}${total} ${frame(random, 'rows', small)})`,
    `${pick(random, ['sum', 'avg', 'min', 'max'])}(${number})${kept}${over}`,
    `${pick(random, ['sum', 'count'])}(distinct v)${over}`,
    `count(${pick(random, ['*', value])})${kept}${over}`,
  ])
}

/** Statements that change the table. */
function changes(random: Random): string[] {
  return Array.from({ length: 3 }, (_, turn) => {
    const id = 1 + random.below(12)
    return pick(random, [
      `insert into t values ${row(random, 100 + turn)}`,
      `update t set v = ${random.below(8)}, x = 1.25 where id = ${id}`,
      `update t set k = 2 where id < ${id}`,
      `delete from t where id = ${id}`,
    ])
  })
}

test('window functions give what DuckDB gives', async () => {
  const duck = await connect()
  const ask = async (sql: string) => (await duck.runAndReadAll(sql)).getRowsJson()
  for (let seed = 1; seed <= sized(40, 400); seed++) {
    const random = seededRandom(seed)
    const rows = Array.from({ length: 12 }, (_, id) => row(random, id + 1)).join(', ')
    const calls = Array.from({ length: 3 }, () => call(random))
    const items = calls.map((one, at) => `${one} as c${at}`).join(', ')
    const table = 'table t (id int primary key, k int, v int, x double, day timestamp)'
    const database = await open(':memory:')
    await database.execute(
      `create ${table}; create materialized view m as select id, ${items} from t`,
    )
    await duck.run(`create or replace ${table}`)
    for (const change of [`insert into t values ${rows}`, ...changes(random)]) {
      await database.execute(`${change}; flush`)
      await duck.run(change)
      const shown = `id, ${calls.map((_, at) => `cast(c${at} as varchar) as c${at}`).join(', ')}`
      const wanted = await ask(`select ${shown} from (select id, ${items} from t) order by id`)
      for (const source of ['m', `(select id, ${items} from t)`]) {
        const { rows } = await database.query(`select * from ${source} order by id`)
        const plain = rows.map((one) => one.map(textOf))
        expect(plain, `seed ${seed}: ${calls.join('; ')}\n${source}`).toEqual(
          wanted.map((one) => one.map(textOf)),
        )
      }
    }
    await database.close()
  }
}, 600_000)

/** Numbers in few digits. */
function textOf(value: unknown): string | null {
  return value === null ? null : String(Math.round(Number(value) * 1e9) / 1e9)
}
