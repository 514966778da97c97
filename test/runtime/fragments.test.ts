/**
 * The memory of queries is handed on, empty, to those that are made alike, in the same database and in later ones; and
 * a sink gets its rows in parts that are the same rows in the same order.
 */
import { expect, test } from 'vitest'
import { systemDisk } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import type { Connector, Row } from '../../src/data/index.ts'
import { rowsOf } from '../../src/data/index.ts'
import { Fragments } from '../../src/database/fragments.ts'
import { open } from '../../src/database/index.ts'

const plain = { fragments: 1, backend: 'wasm', checks: false } as const

test('a later database takes the memory of one that is closed, if it is made alike', () => {
  const first = new Fragments(plain)
  const [set, other] = [first.take(), first.take()]
  set[0]!.arena.allocate(1 << 20)
  first.give(set)
  expect(first.take()).toBe(set)
  expect(set[0]!.arena.liveBytes).toBe(0)
  first.give(set)
  expect(new Fragments(plain).take()).not.toBe(set)
  first.close()
  expect(new Fragments({ ...plain, backend: 'closure' }).take()).not.toBe(set)
  expect(new Fragments({ ...plain, fragments: 2 }).take()).toHaveLength(2)
  const later = new Fragments(plain)
  expect(later.take()).toBe(set)
  expect(later.take()).not.toBe(other)
  first.give(other)
  expect(later.take()).toBe(other)
})

/** What a sink gets of a query: the rows of each batch. */
async function sent(select: string): Promise<Row[][]> {
  const batches: Row[][] = []
  const builtin = builtinConnectors(systemDisk)
  const blackhole = builtin.get('blackhole')!
  const sink: Connector = {
    ...blackhole,
    create: (...given) => ({
      ...blackhole.create(...given),
      writeBatch: (batch) => void batches.push(rowsOf(batch)),
    }),
  }
  const connectors = new Map([...builtin, ['blackhole', sink]])
  await using db = await open(':memory:', { connectors })
  await db.execute(`
    CREATE TABLE n (id BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '100000',
      'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '99999');
    CREATE TABLE out (id BIGINT, n BIGINT) WITH ('connector' = 'blackhole');
    INSERT INTO out ${select}`)
  return batches
}

test('rows that only come are sent in parts, all of them in order; counts are sent once', async () => {
  const parts = await sent('SELECT id, id * 2 AS n FROM n')
  expect(parts.length).toBeGreaterThan(2)
  const rows = parts.flat()
  expect(rows).toHaveLength(100_000)
  expect(rows.every(([id, n], at) => id === BigInt(at) && n === BigInt(at) * 2n)).toBe(true)
  const counts = await sent('SELECT id % 10 AS id, count(*) AS n FROM n GROUP BY id % 10')
  expect(counts).toHaveLength(1)
  expect(counts[0]!.map(([, n]) => n)).toEqual(new Array(10).fill(10_000n))
})
