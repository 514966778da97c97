/** Delivery: commits of many rows reach a sink, a subscription and a one-shot statement whole and in order. */
import { describe, expect, test } from 'vitest'
import { batchOf, type Connector, type Row, rowsOf, type Schema } from '../../src/data/index.ts'
import { Database } from '../../src/database/index.ts'

const schema: Schema = {
  fields: [
    { name: 'id', type: { kind: 'bigint' }, nullable: false },
    { name: 'name', type: { kind: 'varchar' }, nullable: true },
    { name: 'share', type: { kind: 'double' }, nullable: true },
  ],
}

function input(from: number, count: number): Row[] {
  return Array.from({ length: count }, (_, at) => {
    const id = from + at
    const name = id % 7 === 0 ? null : `a name that is longer than a view ${id}`.slice(0, id % 50)
    return [BigInt(id), name, id % 3 === 0 ? null : id / 8]
  })
}

function recorder(): { connector: Connector; rows: Row[]; batches: number[] } {
  const rows: Row[] = []
  const batches: number[] = []
  const never = () => {
    throw new Error('not read')
  }
  const connector: Connector = {
    name: 'recorder',
    bounded: true,
    sink: 'append',
    source: false,
    check: () => {},
    infer: () => null,
    open: never,
    create: () => ({
      write: never,
      writeBatch: (batch) => {
        batches.push(batch.rows)
        rows.push(...rowsOf(batch))
      },
      close: () => {},
    }),
  }
  return { connector, rows, batches }
}

const created = 'CREATE STREAM bid (id BIGINT NOT NULL, name VARCHAR, share DOUBLE)'

describe('property: nothing is lost, whatever a commit holds', () => {
  test('a sink is lent the columns of few large batches', async () => {
    const { connector, rows, batches } = recorder()
    const database = new Database({
      cycles: 'manual',
      connectors: new Map([['recorder', connector]]),
    })
    await database.execute(`${created};
      CREATE TABLE sink (id BIGINT, name VARCHAR, share DOUBLE) WITH ('connector' = 'recorder');
      INSERT INTO sink SELECT id, name, share FROM bid WHERE id >= 0`)
    const all: Row[] = []
    for (const count of [10, 60_000, 3, 100_000, 2000]) {
      const part = input(all.length, count)
      all.push(...part)
      await database.append('bid', batchOf(schema, part))
      await database.execute('FLUSH')
    }
    expect(rows).toEqual(all)
    expect(batches.length).toBeLessThan(40)
    await database.close()
  })

  test('rows of an answer and of a subscription are their own', async () => {
    const database = new Database({ cycles: 'manual' })
    await database.execute(created)
    const all = input(0, 20_000)
    const [followed] = await database.execute('SELECT id, name, share FROM bid EMIT CHANGES')
    if (followed?.kind !== 'changes') throw new Error('it is followed')
    const got: Row[] = []
    for (let from = 0; from < all.length; from += 4000) {
      await database.append('bid', batchOf(schema, all.slice(from, from + 4000)))
      await database.execute('FLUSH')
    }
    const answer = await database.query('SELECT id, name, share FROM bid WHERE id >= 0')
    expect(answer.rows).toEqual(all)
    await database.close()
    for await (const { rows } of followed.commits) got.push(...rows)
    expect(got).toEqual(all)
  })
})
