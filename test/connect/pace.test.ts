/** Pace: rows come when they are due, by a clock that moves only when something waits. */
import { expect, test } from 'vitest'
import { virtualClock } from '../../src/base/index.ts'
import { pacedConnectors } from '../../src/connect/index.ts'
import {
  type Batch,
  batchOf,
  type Connector,
  type Row,
  rowsOf,
  type Schema,
} from '../../src/data/index.ts'
import { open } from '../../src/database/index.ts'

const schema: Schema = {
  fields: [
    { name: 'ts', type: { kind: 'timestamp', precision: 3 }, nullable: false },
    { name: 'name', type: { kind: 'varchar' }, nullable: true },
    { name: 'flag', type: { kind: 'boolean' }, nullable: true },
  ],
}
const second = 1_000_000n
const rows: Row[] = [
  [10n * second, 'a', true],
  [12n * second, null, false],
  [12n * second, 'ccc', null],
  [11n * second, 'd', true],
  [30n * second, 'e', false],
]

function source(): Connector {
  return {
    name: 'rows',
    bounded: true,
    sink: null,
    source: true,
    check: () => {},
    infer: () => null,
    create: () => {
      throw new Error('it is a source')
    },
    open: (_schema, _options, { projection }) => {
      let given = false
      return {
        asynchronous: false,
        read: (): Batch | null => {
          if (given) return null
          given = true
          const fields = projection.map((column) => schema.fields[column]!)
          return batchOf(
            { fields },
            rows.map((row) => projection.map((column) => row[column]!)),
          )
        },
        progress: () => ({ bytes: 0, bytesTotal: null }),
        close: () => {},
      }
    },
  }
}

const connectors = (factor: number, clock: ReturnType<typeof virtualClock>) =>
  pacedConnectors(new Map([['rows', source()]]), { factor, clock })

test('rows are handed out when they are due, whole and in order', async () => {
  const clock = virtualClock()
  const options = { projection: [0, 1, 2], time: 0, bad: () => {} }
  const reader = connectors(2, clock).get('rows')!.open(schema, new Map(), options)
  const seen: { millis: number; rows: Row[] }[] = []
  for (let batch = await reader.read(100); batch !== null; batch = await reader.read(100)) {
    seen.push({ millis: Math.round(clock.monotonicMillis()), rows: rowsOf(batch) })
  }
  expect(seen).toEqual([
    { millis: 0, rows: [rows[0]] },
    { millis: 1000, rows: [rows[1], rows[2], rows[3]] },
    { millis: 10_000, rows: [rows[4]] },
  ])
})

test('a source without event time is not paced', () => {
  const reader = connectors(1, virtualClock())
    .get('rows')!
    .open(schema, new Map(), { projection: [1], bad: () => {} })
  expect(reader.paced).toBeUndefined()
})

test('a live query commits what has come while the rest is not due, and ends with its source', async () => {
  const clock = virtualClock()
  const database = await open(':memory:', { connectors: connectors(10, clock), clock })
  await database.execute(`CREATE TABLE e (ts TIMESTAMP(3), name VARCHAR, flag BOOLEAN,
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'rows')`)
  const commits: number[] = []
  for await (const { rows } of database.subscribe('SELECT name FROM e EMIT CHANGES'))
    commits.push(rows.length)
  expect(commits.length).toBeGreaterThan(1)
  expect(commits.reduce((sum, count) => sum + count, 0)).toBe(rows.length)
  await database.execute('CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS n FROM e')
  await database.settled()
  expect((await database.query('SELECT n FROM v')).rows).toEqual([[5n]])
  expect((await database.query('SELECT COUNT(*) FROM e')).rows).toEqual([[5n]])
  await database.close()
})
