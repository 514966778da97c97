/** The public interface: what a program gets and gives. */
import { expect, test } from 'vitest'
import { Failure, open, QueryMistake, type RowObject } from '../src/index.ts'

const threads = ['host', 'worker'] as const

test('values come as the types of JavaScript that fit them', async () => {
  await using db = await open(':memory:')
  const [row] = await db.query(`
    SELECT TRUE AS boolean, CAST(7 AS INTEGER) AS integer, CAST(9007199254740993 AS BIGINT) AS bigint,
      1.50 AS decimal, CAST(0.1 AS DOUBLE) AS double, 'ä' AS varchar, DATE '2026-01-02' AS date,
      TIMESTAMP '2026-01-02 03:04:05.678' AS timestamp, INTERVAL '26' HOUR AS interval,
      CAST(NULL AS BIGINT) AS nothing`)
  expect(row).toEqual({
    boolean: true,
    integer: 7,
    bigint: 9007199254740993n,
    decimal: '1.50',
    double: 0.1,
    varchar: 'ä',
    date: '2026-01-02',
    timestamp: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    interval: { months: 0, days: 1, micros: 7_200_000_000n },
    nothing: null,
  })
})

test('parameters are given by position, number and name', async () => {
  await using db = await open(':memory:')
  expect(await db.query('SELECT ? AS a, ? AS b', [1, 'x'])).toEqual([
    { a: expect.anything(), b: 'x' },
  ])
  expect(await db.query('SELECT CAST($2 AS BIGINT) - CAST($1 AS BIGINT) AS a', [1, 5])).toEqual([
    { a: 4n },
  ])
  expect(await db.query('SELECT CAST(:x AS VARCHAR) AS a', { x: 'y' })).toEqual([{ a: 'y' }])
  await expect(db.query('SELECT :x AS a', {})).rejects.toThrow(QueryMistake)
})

test('results of statements come in order, with their kinds', async () => {
  await using db = await open(':memory:')
  const results = await db.execute(
    'CREATE STREAM s (a BIGINT); INSERT INTO s VALUES (${ONE}); SELECT a FROM s',
    { vars: { ONE: '1' } },
  )
  expect(results.map(({ kind }) => kind)).toEqual(['done', 'done', 'rows'])
  expect(results[2]).toMatchObject({ rows: [{ a: 1n }] })
})

for (const thread of threads) {
  test(`${thread}: a subscription gives a snapshot, then changes, and break cancels it`, async () => {
    await using db = await open(':memory:', { thread })
    await db.execute(`
      CREATE STREAM s (k VARCHAR, at TIMESTAMP(3), WATERMARK FOR at);
      CREATE MATERIALIZED VIEW v AS SELECT k, COUNT(*) AS n FROM s GROUP BY k`)
    const first = await db.append('s', [{ K: 'a', at: 1000 }, ['b', 2000]])
    expect(first.offset).toBe(0)
    const seen: unknown[] = []
    for await (const { rows, ops, snapshot, cycle, offset } of db.subscribe('v')) {
      seen.push({ rows, ops, snapshot })
      expect(typeof cycle).toBe('number')
      expect(typeof offset).toBe('number')
      if (seen.length === 1) await db.append('s', [{ k: 'a', at: new Date(3000) }])
      else break
    }
    expect(seen).toEqual([
      {
        rows: [
          { k: 'a', n: 1n },
          { k: 'b', n: 1n },
        ],
        ops: ['+I', '+I'],
        snapshot: true,
      },
      {
        rows: [
          { k: 'a', n: 1n },
          { k: 'a', n: 2n },
        ],
        ops: ['-U', '+U'],
        snapshot: false,
      },
    ])
    expect(await db.query('SHOW QUERIES')).toHaveLength(1)
  })

  test(`${thread}: changes() flattens, and a bounded source ends the loop`, async () => {
    const rows = [
      { at: 0, v: 1 },
      { at: 60_000, v: 2 },
      { at: 10, v: 3 },
    ]
    await using db = await open(':memory:', { thread, sources: { rows } })
    await db.execute(
      `CREATE TABLE t (at TIMESTAMP(3), v BIGINT, WATERMARK FOR at) WITH ('connector' = 'js', 'source' = 'rows')`,
    )
    const seen: unknown[] = []
    const sql = `SELECT window_start, SUM(v) AS v FROM TUMBLE(t, at, INTERVAL '1' MINUTE)
      GROUP BY window_start, window_end EMIT ON WINDOW CLOSE`
    for await (const { op, row } of db.subscribe(sql).changes()) seen.push([op, row])
    expect(seen).toEqual([
      ['+I', { window_start: 0, v: 1n }],
      ['+I', { window_start: 60_000, v: 2n }],
    ])
    // One-shot, nobody is late.
    expect(await db.query('SELECT SUM(v) AS v FROM t')).toEqual([{ v: 6n }])
  })

  test(`${thread}: mistakes and closing are told as faults`, async () => {
    const db = await open(':memory:', { thread })
    const fault = await db.query('SELECT nothing').catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(QueryMistake)
    expect((fault as QueryMistake).diagnostics[0]).toMatchObject({
      code: 'unknown_name',
      span: { start: 7, end: 14 },
    })
    await expect(db.append('nowhere', [[1]])).rejects.toThrow(QueryMistake)
    await db.execute('CREATE STREAM s (a BIGINT NOT NULL)')
    await expect(db.append('s', [{ a: 1 }, { a: null }])).rejects.toThrow(QueryMistake)
    expect(await db.query('SELECT COUNT(*) AS n FROM s')).toEqual([{ n: 0n }])
    await db.close()
    await expect(db.query('SELECT 1')).rejects.toThrow(Failure)
  })

  test(`${thread}: a signal stops a statement`, async () => {
    await using db = await open(':memory:', { thread })
    await db.execute('CREATE STREAM s (a BIGINT)')
    const rows = Array.from({ length: 20_000 }, (_, at) => [at % 100])
    await db.append('s', rows)
    const controller = new AbortController()
    const answer = db.query<RowObject>(
      'SELECT COUNT(*) AS n FROM s AS x JOIN s AS y ON x.a = y.a',
      undefined,
      {
        signal: controller.signal,
      },
    )
    controller.abort()
    await expect(answer).rejects.toMatchObject({ code: 'cancelled' })
    expect(await db.query('SELECT 1 AS a')).toHaveLength(1)
  })
}

test('a subscriber that does not read holds its query up and loses nothing', async () => {
  await using db = await open(':memory:')
  await db.execute('CREATE STREAM s (a BIGINT)')
  const changes = db.subscribe<{ a: bigint }>('s').changes()
  await db.append('s', [[0]])
  expect((await changes.next()).value).toMatchObject({ row: { a: 0n } })
  for (let a = 1; a <= 500; a++) {
    await db.append('s', [[a]])
    if (a % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  for (let a = 1; a <= 500; a++) {
    expect((await changes.next()).value).toMatchObject({ row: { a: BigInt(a) } })
  }
  await changes.return(undefined)
})

test('explain tells the plan', async () => {
  await using db = await open(':memory:')
  await db.execute('CREATE STREAM s (a BIGINT)')
  expect(await db.explain('SELECT a FROM s WHERE a > 1')).toMatch(/filter/i)
})

test('only memory for now', async () => {
  await expect(open('./data')).rejects.toMatchObject({ code: 'unsupported' })
})
