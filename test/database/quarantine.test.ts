/** A query that fails is taken out of service; the process and the other queries live on. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Disk, Failure, systemDisk } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
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

  test('a sink that fails is out of service, leaves no file behind, and others go on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-sink-'))
    // A disk that is full after some bytes.
    let room = 60
    const full: Disk = {
      ...systemDisk,
      create: (path) => {
        const file = systemDisk.create(path)
        const write = (bytes: Uint8Array) => {
          if ((room -= bytes.length) < 0) throw new Failure('file', `cannot write ${path}: full`)
          file.write(bytes)
        }
        return { ...file, write }
      },
    }
    await using db = await open(':memory:', { connectors: builtinConnectors(full) })
    await db.execute(`
      CREATE STREAM s (a INT);
      CREATE MATERIALIZED VIEW good AS SELECT SUM(a) AS a FROM s;
      CREATE TABLE parts (a INT, b INT) PARTITIONED BY (b)
        WITH (connector = 'filesystem', format = 'csv', path = '${folder}/parts');
      INSERT INTO parts SELECT a, a % 3 FROM s;
      CREATE SINK k FROM s WITH (connector = 'filesystem', path = '${folder}/k.json');
      CREATE SINK small AS SELECT a FROM s WHERE a = 1
        WITH (connector = 'filesystem', path = '${folder}/small.csv')`)
    await db.execute(`INSERT INTO s SELECT n FROM generate_series(1, 60000) AS g (n); FLUSH`)
    expect((await db.query('SHOW QUERIES')).rows.map((row) => row.slice(0, 2))).toEqual([
      ['good', 'running'],
      ['query_1', 'running'],
      ['k', `failed: cannot write ${folder}/k.json: full`],
      ['small', 'running'],
    ])
    expect(readdirSync(folder).filter((name) => name.includes('k.json'))).toEqual([])
    await expect(db.execute('DROP SINK k')).resolves.toBeDefined()
    room = 4
    await expect(db.execute('DROP QUERY query_1')).rejects.toThrow('full')
    await expect(db.execute(`COPY (SELECT a FROM s) TO '${folder}/copy.csv'`)).rejects.toThrow(
      'full',
    )
    expect((await db.query('SELECT a FROM good')).rows).toEqual([[1800030000n]])
    room = 1000
    await db.execute('DROP SINK small')
    const left = readdirSync(folder, { recursive: true, withFileTypes: true })
    expect(left.filter((one) => one.isFile()).map(({ name }) => name)).toEqual(['small.csv'])
    rmSync(folder, { recursive: true })
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
