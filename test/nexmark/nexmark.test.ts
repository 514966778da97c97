/** The Nexmark queries of the examples, run as they stand, against DuckDB over the same events. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemDisk, virtualClock } from '../../src/base/index.ts'
import { duckdbQueries } from '../../src/bench/nexmark-duckdb.ts'
import { blackholeConnector } from '../../src/connect/blackhole.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import {
  type Connector,
  type Row,
  type Schema,
  type Type,
  valueText,
} from '../../src/data/index.ts'
import { type Database, open } from '../../src/database/index.ts'
import { connect } from '../fuzz/duckdb.ts'
import { sized } from '../size.ts'
import { risingwaveQueries } from './risingwave.ts'

const events = sized(10_000, 50_000)
const vars = { TPS: '2000', EVENTS_NUM: String(events) }
const examples = 'examples/nexmark'

let duck: DuckDBConnection
let directory: string

/** What a sink was told, added up: rows as text, and how often each is there. */
class Collected {
  schema: Schema = { fields: [] }
  readonly rows = new Map<string, number>()

  add(row: Row, weight: number): void {
    const key = JSON.stringify(row.map((value, at) => cell(value, this.schema.fields[at]!.type)))
    const count = (this.rows.get(key) ?? 0) + weight
    if (count === 0) this.rows.delete(key)
    else this.rows.set(key, count)
  }

  /** As a sorted list. */
  list(): string[] {
    return [...this.rows].flatMap(([key, count]) => Array<string>(count).fill(key)).sort()
  }
}

function cell(value: Row[number], type: Type): string | null {
  if (value === null) return null
  return ['timestamp', 'double'].includes(type.kind) ? String(value) : valueText(value, type)
}

/** `blackhole` that keeps what it is told. */
function collector(collected: Collected): Connector {
  return {
    ...blackholeConnector(),
    create: (schema) => {
      collected.schema = schema
      return {
        write: (rows, ops) =>
          rows.forEach((row, at) => {
            collected.add(row, ops[at] === '+I' || ops[at] === '+U' ? 1 : -1)
          }),
        close: () => {},
      }
    },
  }
}

const text = (name: string) => readFileSync(`${examples}/${name}.sql`, 'utf8')

async function opened(
  collected: Collected,
  tables = 'tables',
  values: Record<string, string> = vars,
): Promise<Database> {
  const connectors = new Map(builtinConnectors(systemDisk))
  connectors.set('blackhole', collector(collected))
  const clock = virtualClock(1_767_225_600_000_000n)
  const database = await open(':memory:', { connectors, clock })
  await database.execute(text(tables), { vars: values })
  return database
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'nexmark-'))
  duck = await connect()
  const database = await opened(new Collected())
  for (const name of ['person', 'auction', 'bid']) {
    const path = join(directory, `${name}.csv`)
    const { fields } = await database.query(`SELECT * FROM ${name} LIMIT 0`)
    const columns = fields.map(({ name: column, type }) => {
      const duckType =
        type.kind === 'varchar' ? 'VARCHAR' : type.kind === 'bigint' ? 'BIGINT' : 'TIMESTAMP'
      return [column, duckType] as const
    })
    const definitions = fields.map(({ name: column }, at) => `${column} ${columns[at]![1]}`)
    await database.execute(
      `CREATE TABLE out_${name} (${definitions.join(', ')}) WITH ('connector' = 'filesystem', 'path' = '${path}');
       INSERT INTO out_${name} SELECT * FROM ${name}`,
    )
    const types = columns.map(([column, type]) => `'${column}': '${type}'`).join(', ')
    await duck.run(
      `create table ${name} as select * from read_csv('${path}', header = false, columns = {${types}})`,
    )
  }
  await database.close()
}, 60_000)

afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** DuckDB's answer in the form of `Collected.list`. */
async function expected(sql: string, schema: Schema): Promise<string[]> {
  const names = schema.fields.map((_, at) => `c${at}`)
  const columns = schema.fields.map(({ type }, at) =>
    type.kind === 'timestamp' ? `epoch_us(c${at})::varchar` : `c${at}::varchar`,
  )
  const wrapped = `select ${columns.join(', ')} from (${sql}) as t(${names.join(', ')})`
  const reader = await duck.runAndReadAll(wrapped)
  const isDouble = schema.fields.map(({ type }) => type.kind === 'double')
  return reader
    .getRows()
    .map((row) => row.map((text, at) => (isDouble[at] && text !== null ? `${Number(text)}` : text)))
    .map((row) => JSON.stringify(row))
    .sort()
}

const queries = readdirSync(examples)
  .filter((name) => /^q\d+\.sql$/.test(name))
  .map((name) => name.replace('.sql', ''))
  .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))

test('every query is there', () => {
  expect(queries.length).toBe(27)
  expect(queries.filter((name) => !(name in duckdbQueries))).toEqual([])
})

test.each(queries.filter((name) => name !== 'q10' && name !== 'q12'))(
  '%s gives what DuckDB gives',
  async (name) => {
    const collected = new Collected()
    const database = await opened(collected)
    await database.execute(text(name), { vars: { ...vars, OUTPUT: join(directory, name) } })
    await database.close()
    const rows = await expected(duckdbQueries[name]!, collected.schema)
    expect(rows.length).toBeGreaterThan(0)
    expect(collected.list()).toEqual(rows)
  },
  60_000,
)

const spelledOtherwise = readdirSync(`${examples}/risingwave`)
  .filter((name) => name !== 'tables.sql')
  .map((name) => name.replace('.sql', ''))

test("RisingWave's spelling has every query but q11, which it cannot say", () => {
  const names = [...queries.filter((name) => name !== 'q11'), 'q103', 'q104', 'q106']
  expect(names.filter((name) => !spelledOtherwise.includes(name))).toEqual([])
})

test.each(spelledOtherwise.filter((name) => name !== 'q12'))(
  "%s of RisingWave's spelling gives what DuckDB gives",
  async (name) => {
    const collected = new Collected()
    const gap = { GAP: String(1e9 / Number(vars.TPS)), EVENTS_NUM: vars.EVENTS_NUM }
    const database = await opened(collected, 'risingwave/tables', gap)
    await database.execute(text(`risingwave/${name}`), { vars: gap })
    await database.settled()
    await database.close()
    const rows = await expected(risingwaveQueries[name]!, collected.schema)
    expect(rows.length).toBeGreaterThan(0)
    expect(collected.list()).toEqual(rows)
  },
  60_000,
)

test('q10 writes each bid into the file of its minute', async () => {
  const database = await opened(new Collected())
  const path = join(directory, 'q10')
  await database.execute(text('q10'), { vars: { ...vars, OUTPUT: path } })
  await database.close()
  const columns =
    "'auction': 'BIGINT', 'bidder': 'BIGINT', 'price': 'BIGINT', 'stamp': 'TIMESTAMP', 'extra': 'VARCHAR'"
  const written = `select auction, bidder, price, stamp, extra,
      regexp_extract(filename, 'dt=([^/]*)', 1), replace(regexp_extract(filename, 'hm=([^/]*)', 1), '%3A', ':')
    from read_csv('${path}/*/*/*.csv', header = false, columns = {${columns}}, filename = true,
      hive_partitioning = false)`
  const field = (kind: 'bigint' | 'varchar') => ({ name: kind, type: { kind }, nullable: true })
  const texts = [field('varchar'), field('varchar'), field('varchar')]
  const time = { name: 'at', type: { kind: 'timestamp' as const, precision: 3 }, nullable: true }
  const fields = [field('bigint'), field('bigint'), field('bigint'), time, ...texts]
  const rows = await expected(duckdbQueries['q10']!, { fields })
  expect(rows.length).toBeGreaterThan(0)
  expect(await expected(written, { fields })).toEqual(rows)
})

test.each(['', 'risingwave/'])('%sq12 counts by the clock', async (spelling) => {
  const collected = new Collected()
  const gap = { GAP: String(1e9 / Number(vars.TPS)), ...vars }
  const database = await opened(collected, `${spelling}tables`, gap)
  await database.execute(text(`${spelling}q12`), { vars: gap })
  await database.settled()
  await database.close()
  const counts = new Map<string, bigint>()
  for (const row of collected.list()) {
    const [bidder, count, start, end] = JSON.parse(row) as string[]
    expect(BigInt(end!) - BigInt(start!)).toBe(10_000_000n)
    expect(BigInt(start!) % 10_000_000n).toBe(0n)
    counts.set(bidder!, (counts.get(bidder!) ?? 0n) + BigInt(count!))
  }
  const shown = [...counts].map(([bidder, count]) => JSON.stringify([bidder, String(count)])).sort()
  const bigint = (name: string) => ({ name, type: { kind: 'bigint' as const }, nullable: true })
  const schema = { fields: [bigint('bidder'), bigint('count')] }
  expect(shown).toEqual(await expected(duckdbQueries['q12']!, schema))
})

test.each(['q0', 'q1', 'q2', 'q3'])(
  'pattern %s tells as it goes what it tells at once',
  async (name) => {
    const collected = new Collected()
    const database = await opened(collected)
    const script = text(`pattern/${name}`)
    await database.execute(script, { vars })
    const { rows } = await database.query(script.slice(script.indexOf('SELECT')), { vars })
    await database.close()
    const once = new Collected()
    once.schema = collected.schema
    for (const row of rows) once.add(row, 1)
    expect(rows.length).toBeGreaterThan(0)
    expect(collected.list()).toEqual(once.list())
  },
)
