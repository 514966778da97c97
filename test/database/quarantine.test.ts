/** A query that fails is taken out of service; the process and the other queries live on. */
import { describe, expect, test } from 'vitest'
import { Failure } from '../../src/base/index.ts'
import type { Connector, SourceReader } from '../../src/data/index.ts'
import { columnOf } from '../../src/data/index.ts'
import { open } from '../../src/database/index.ts'

/** A source that gives two rows and then fails as a disk would. */
const failing: Connector = {
  name: 'failing',
  bounded: true,
  sink: null,
  source: true,
  check: () => {},
  infer: () => null,
  open: (schema): SourceReader => {
    let reads = 0
    return {
      asynchronous: false,
      read: () => {
        if (reads++ > 0) throw new Failure('file', 'cannot read x: input/output error')
        return { schema, rows: 2, columns: [columnOf({ kind: 'integer' }, [1, 2])] }
      },
      progress: () => ({ bytes: 0, bytesTotal: null }),
      close: () => {},
    }
  },
  create: () => {
    throw new Error('no sink')
  },
}

describe('quarantine', () => {
  test('a failed query names its fault, others go on', async () => {
    await using db = await open(':memory:', { connectors: new Map([['failing', failing]]) })
    await db.execute(`
      CREATE TABLE x (a INT) WITH ('connector' = 'failing');
      CREATE STREAM s (a INT);
      CREATE MATERIALIZED VIEW bad AS SELECT a FROM x;
      CREATE MATERIALIZED VIEW good AS SELECT SUM(a) AS a FROM s`)
    await db.append('s', [{ a: 1 }, { a: 2 }])
    await db.execute('FLUSH')
    expect((await db.query('SELECT a FROM good')).rows).toEqual([[3n]])
    await expect(db.query('SELECT * FROM bad')).rejects.toThrow('cannot read x')
    const { rows } = await db.query('SHOW QUERIES')
    expect(rows.map((row) => row[1])).toEqual([
      'failed: cannot read x: input/output error',
      'running',
    ])
    await db.append('s', [{ a: 4 }])
    expect((await db.query('SELECT a FROM good')).rows).toEqual([[7n]])
  })

  test('a follower hears of the fault', async () => {
    await using db = await open(':memory:', { connectors: new Map([['failing', failing]]) })
    await db.execute(`CREATE TABLE x (a INT) WITH ('connector' = 'failing')`)
    const follow = async () => {
      for await (const _ of db.subscribe('SELECT a FROM x EMIT CHANGES'));
    }
    await expect(follow()).rejects.toThrow('cannot read x')
  })

  test('SHOW QUERIES counts late rows', async () => {
    await using db = await open(':memory:')
    await db.execute(`
      CREATE STREAM s (at TIMESTAMP(3), WATERMARK FOR at AS at - INTERVAL '1' SECOND);
      CREATE MATERIALIZED VIEW n AS SELECT window_start, COUNT(*) AS n
        FROM TUMBLE(s, at, INTERVAL '10' SECOND) GROUP BY window_start, window_end`)
    await db.append('s', [{ at: 1_000 }, { at: 60_000 }, { at: 2_000 }, { at: 3_000 }])
    await db.execute('FLUSH')
    const { rows } = await db.query('SHOW QUERIES')
    expect(rows[0]!.slice(0, 4)).toEqual(['n', 'running', 4n, 2n])
  })
})
