/** The public interface: what a program gets and gives. */
import { expect, test } from 'vitest'
import {
  type AppendRows,
  Failure,
  type OpenOptions,
  open,
  QueryMistake,
  type RowObject,
} from '../src/index.ts'

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

for (const thread of threads) {
  test(`${thread}: query() takes one statement that gives rows, and nothing else is done`, async () => {
    await using db = await open(':memory:', { thread })
    for (const text of ['', 'CREATE STREAM s (a INT)', 'SELECT 1; CREATE STREAM s (a INT)']) {
      await expect(db.query(text)).rejects.toMatchObject({ code: 'unsupported' })
    }
    await expect(db.query('CREATE STREAM s (a INT); SELEC')).rejects.toMatchObject({
      code: 'syntax',
    })
    await expect(db.explain('SELECT 1; CREATE STREAM s (a INT)')).rejects.toThrow(QueryMistake)
    await expect(db.query('SHOW STREAMS')).resolves.toEqual([])
    await expect(db.query('EXPLAIN SELECT 1')).resolves.not.toEqual([])
  })

  test(`${thread}: a signal that came before stops a statement, and one later a subscription`, async () => {
    await using db = await open(':memory:', { thread })
    await db.execute('CREATE STREAM s (a INT)')
    await expect(
      db.query('SELECT 1 AS a', undefined, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'cancelled' })
    const controller = new AbortController()
    const { signal } = controller
    const commits = db.subscribe('s', undefined, { signal })[Symbol.asyncIterator]()
    await db.append('s', [[1]])
    expect((await commits.next()).value).toMatchObject({ rows: [{ a: 1 }] })
    const waiting = commits.next()
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    await expect(db.query('SHOW QUERIES')).resolves.toEqual([])
  })

  test(`${thread}: a subscription that is closed ends the loop that waits on it, and its query`, async () => {
    await using db = await open(':memory:', { thread })
    await db.execute('CREATE STREAM s (a INT)')
    const following = db.subscribe('s')
    const commits = following[Symbol.asyncIterator]()
    await db.append('s', [[1]])
    expect((await commits.next()).value).toMatchObject({ rows: [{ a: 1 }] })
    const waiting = commits.next()
    await following.close()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(await commits.next()).toEqual({ done: true, value: undefined })
    await expect(db.query('SHOW QUERIES')).resolves.toEqual([])
    const unread = db.subscribe('s')
    await unread.close()
    for await (const _ of unread) expect.unreachable()
    await expect(db.query('SHOW QUERIES')).resolves.toEqual([])
  })

  test(`${thread}: values that no parameter takes are refused before anything is done`, async () => {
    await using db = await open(':memory:', { thread })
    const refused = (message: string) => ({ code: 'invalid_parameter', message })
    await expect(db.query('SELECT ? AS a', [1, 2])).rejects.toMatchObject(
      refused('2 values were given, and the text has 1 parameter'),
    )
    await expect(db.execute('CREATE STREAM s (a INT)', { params: [1] })).rejects.toMatchObject(
      refused('1 value was given, and the text has no parameters'),
    )
    await expect(db.query('SHOW STREAMS')).resolves.toEqual([])
    expect(await db.query('SELECT $2 AS a', [1, 2])).toEqual([{ a: 2 }])
  })

  test(`${thread}: hints of other systems are said to be ignored`, async () => {
    await using db = await open(':memory:', { thread })
    const notices: string[] = []
    const text =
      "SELECT /*+ STATE_TTL('a' = '1h'), FAST */ 1; SELECT 2 /* no hint */; -- /*+ NONE */"
    await db.execute(text, { onNotice: (notice) => notices.push(notice) })
    expect(notices).toEqual(['hint STATE_TTL, FAST is ignored'])
  })

  test(`${thread}: a parameter that is no value is refused, and closing goes on as ever`, async () => {
    const db = await open(':memory:', { thread })
    const mistake = { code: 'invalid_parameter' }
    await expect(db.query('SELECT ? AS a', [() => 1])).rejects.toMatchObject(mistake)
    expect(await db.query('SELECT ? AS a', [1])).toEqual([{ a: 1 }])
    await db.close()
  })

  test(`${thread}: an option that cannot be is refused when the database is opened`, async () => {
    for (const odd of [
      { fragments: 0 },
      { vectorSize: 1.5 },
      { vectorSize: 1e9 },
      { backend: 'c' },
    ]) {
      const options = { thread, ...odd } as OpenOptions
      await expect(open(':memory:', options)).rejects.toMatchObject({ code: 'invalid_option' })
    }
    await expect(open('', { thread })).rejects.toMatchObject({ code: 'invalid_option' })
  })

  test(`${thread}: what is appended fits or is refused`, async () => {
    await using db = await open(':memory:', { thread })
    await db.execute('CREATE STREAM s (t TIMESTAMP(3), m DECIMAL(4, 2))')
    await db.append('s', [{ t: 5_000n, m: 7n }])
    expect(await db.query('SELECT * FROM s')).toEqual([{ t: 5, m: '7.00' }])
    const odd = [{ t: 1e300 }, { t: 2n ** 70n }, { m: 100n }, { m: 10n ** 30n }, null, 5]
    for (const row of odd) {
      await expect(db.append('s', [row] as AppendRows)).rejects.toMatchObject({
        code: 'type_mismatch',
      })
    }
    for (const rows of [null, undefined, 5, { t: 1 }]) {
      const given = rows as unknown as AppendRows
      await expect(db.append('s', given)).rejects.toMatchObject({ code: 'type_mismatch' })
    }
    expect(await db.query('SELECT COUNT(*) AS n FROM s')).toEqual([{ n: 1n }])
  })
}

test('a column may have any name', async () => {
  await using db = await open(':memory:')
  const [row] = await db.query('SELECT 1 AS "__proto__", 2 AS constructor')
  expect(Object.entries(row!)).toEqual([
    ['__proto__', 1],
    ['constructor', 2],
  ])
})

test('explain tells the plan', async () => {
  await using db = await open(':memory:')
  await db.execute('CREATE STREAM s (a BIGINT)')
  expect(await db.explain('SELECT a FROM s WHERE a > 1')).toMatch(/filter/i)
})
