/** Functions that a program gives: scalar, in batches, aggregates, rows in FROM; what they may not do. */
import { describe, expect, expectTypeOf, test } from 'vitest'
import { virtualClock } from '../../src/base/index.ts'
import { userFunction } from '../../src/data/index.ts'
import * as engine from '../../src/database/index.ts'
import { type Database, type Diagnostic, Failure, open, QueryMistake } from '../../src/index.ts'

const area = { args: ['DOUBLE', 'DOUBLE'], returns: 'DOUBLE', deterministic: true } as const
const odd = { args: ['INTEGER'], returns: 'INTEGER', deterministic: true } as const

function giveAll(db: Pick<Database, 'function' | 'aggregate' | 'tableFunction'>): void {
  db.function('area', area, (a, b) => a * b)
  db.function('twice', odd, (a) => {
    if (a === 2) throw new Error('no two')
    return a * 2
  })
  db.function('drawn', { args: ['INTEGER'], returns: 'DOUBLE' }, () => Math.random())
  db.aggregate(
    'longest',
    { args: ['VARCHAR'], returns: 'VARCHAR' },
    {
      create: () => '',
      accumulate: (longest, text) => (text.length > longest.length ? text : longest),
      finish: (longest) => longest,
    },
  )
  const columns = { word: 'VARCHAR', at: 'INTEGER' }
  db.tableFunction('words', { args: ['VARCHAR'], columns }, function* (text) {
    for (const [at, word] of text.split(' ').entries()) yield { at, word }
  })
}

async function opened(): Promise<Database> {
  const db = await open(':memory:')
  giveAll(db)
  return db
}

async function mistakeOf(
  work: () => unknown,
): Promise<Pick<Diagnostic, 'code' | 'message' | 'hint'>> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    const { code, message, hint } = error.diagnostics[0]!
    return { code, message, hint }
  }
  throw new Error('it was taken')
}

describe('scalar functions', () => {
  test('are called with values as a program has them, and give them back', async () => {
    await using db = await open(':memory:')
    const seen: unknown[] = []
    const types = [
      'BOOLEAN', 'INTEGER', 'BIGINT', 'DOUBLE', 'DECIMAL(9, 2)', 'VARCHAR', 'VARBINARY', 'DATE', 'TIME', 'TIMESTAMP',
      'INTERVAL', 'JSON',
    ] as const // biome-ignore format: one list
    for (const [at, type] of types.entries()) {
      db.function(`same${at}`, { args: [type], returns: type, deterministic: true }, (value) => {
        seen.push(value)
        return type === 'INTERVAL' ? 90_000 : value
      })
    }
    const literals = [
      'TRUE', '7', '8', '1.5e0', '12.50', "'é'", "'\\x00ff'::VARBINARY", "DATE '2026-01-02'", "TIME '03:04:05'",
      "TIMESTAMP '2026-01-02 03:04:05.5'", "INTERVAL '1' DAY", `'{"a": [1]}'::JSON`,
    ] // biome-ignore format: one list
    const calls = literals.map((one, at) => `same${at}(${one}) AS c${at}`)
    const [row] = await db.query(`SELECT ${calls.join(', ')}`)
    expect(seen).toEqual([
      true, 7, 8n, 1.5, '12.50', 'é', new Uint8Array([0, 255]), '2026-01-02', '03:04:05', 1767323045500,
      { months: 0, days: 1, micros: 0n }, { a: [1] },
    ]) // biome-ignore format: one list
    const expected = [...seen]
    expected[10] = { months: 0, days: 0, micros: 90_000_000n }
    expect(Object.values(row!)).toEqual(expected)
  })

  test('NULL is skipped, or passed where that is asked for', async () => {
    await using db = await opened()
    db.function('shown', { args: ['INTEGER'], returns: 'VARCHAR', nulls: 'pass' }, (a) => {
      expectTypeOf(a).toEqualTypeOf<number | null>()
      return a === null ? 'none' : undefined
    })
    const [row] = await db.query('SELECT area(NULL, 2) AS a, shown(NULL) AS b, shown(1) AS c')
    expect(row).toEqual({ a: null, b: 'none', c: null })
  })

  test('stand in WHERE, GROUP BY, ORDER BY, ON, CHECK, DEFAULT and computed columns', async () => {
    await using db = await opened()
    await db.execute(
      `CREATE TABLE t (a INTEGER CHECK (area(a, 1) < 100), b DOUBLE DEFAULT area(3, 4), c AS area(a, 2));
       INSERT INTO t (a) VALUES (1), (5), (3)`,
    )
    const text =
      'SELECT t.a, t.b, t.c FROM t JOIN t AS u ON area(t.a, 1) = u.a WHERE area(t.a, 1) > 1 ORDER BY area(t.a, -1)'
    expect(await db.query(text)).toEqual([
      { a: 5, b: 12, c: 10 },
      { a: 3, b: 12, c: 6 },
    ])
    expect(await db.query('SELECT area(a, 0) AS k, COUNT(*) AS n FROM t GROUP BY k')).toEqual([
      { k: 0, n: 3n },
    ])
    const insert = () => db.execute('INSERT INTO t (a) VALUES (100)')
    expect((await mistakeOf(insert)).code).toBe('check')
  })

  test('what one throws, or gives amiss, is the error of its row', async () => {
    await using db = await opened()
    db.function('wrong', odd, (() => 'x') as never)
    db.function('late', odd, (() => Promise.resolve(1)) as never)
    db.function('thrown', odd, () => {
      throw 'a text'
    })
    const first = (text: string) => mistakeOf(() => db.query(`SELECT ${text} AS a`))
    expect(await first('twice(2)')).toMatchObject({ code: 'function', message: 'twice: no two' })
    expect((await first('wrong(1)')).message).toBe("wrong: it gave 'x', which is no INTEGER")
    expect((await first('late(1)')).message).toContain('late: it gave a promise')
    expect((await first('thrown(1)')).message).toBe("thrown: 'a text'")
    expect(await db.query('SELECT TRY(twice(2)) AS a, COALESCE(1, twice(2)) AS b')).toEqual([
      { a: null, b: 1 },
    ])
    await db.execute(
      `CREATE STREAM s (a INTEGER);
       CREATE MATERIALIZED VIEW v AS SELECT a, twice(a) AS d FROM s;
       INSERT INTO s VALUES (1), (2), (3)`,
    )
    expect(await db.query('SELECT a, d FROM v')).toEqual([
      { a: 1, d: 2 },
      { a: 3, d: 6 },
    ])
    expect(await db.query('SELECT code, message FROM v.errors')).toEqual([
      { code: 'function', message: 'twice: no two' },
    ])
  })

  test('a batch is given columns, and its failures are those of its rows', async () => {
    await using db = await open(':memory:')
    const sizes: number[] = []
    const options = { args: ['INTEGER', 'VARCHAR'], returns: 'VARCHAR', batch: true } as const
    db.function('joined', { ...options, deterministic: true }, (a, b) => {
      expectTypeOf(a).toEqualTypeOf<number[]>()
      sizes.push(a.length)
      if (a.includes(2)) throw new Error('no two')
      return a.map((one, at) => `${one}${b[at]}`)
    })
    await db.execute(
      `CREATE STREAM s (a INTEGER, b VARCHAR);
       INSERT INTO s VALUES (1, 'x'), (NULL, 'y'), (2, 'z'), (3, 'u')`,
    )
    expect(await db.query('SELECT TRY(joined(a, b)) AS j FROM s')).toEqual([
      { j: '1x' },
      { j: null },
      { j: null },
      { j: '3u' },
    ])
    expect(sizes).toEqual([3, 1, 1, 1])
    db.function('short', { ...options, deterministic: true }, () => [])
    const short = await mistakeOf(() => db.query("SELECT short(1, 'a') AS a"))
    expect(short.message).toBe('short: it gave 0 results for 1 rows')
  })
})

test('an aggregate takes rows back, and has a value where there are none', async () => {
  await using db = await opened()
  await db.execute(
    `CREATE TABLE t (k INTEGER, a VARCHAR);
     CREATE MATERIALIZED VIEW v AS SELECT k, longest(a) AS l, longest(DISTINCT a) FILTER (WHERE a > 'b') AS m
       FROM t GROUP BY k;
     INSERT INTO t VALUES (1, 'aaa'), (1, 'b'), (1, NULL), (2, 'cc'), (2, 'dd'), (2, 'dd')`,
  )
  expect(await db.query('SELECT * FROM v ORDER BY k')).toEqual([
    { k: 1, l: 'aaa', m: '' },
    { k: 2, l: 'cc', m: 'cc' },
  ])
  await db.execute("DELETE FROM t WHERE a IN ('aaa', 'cc')")
  expect(await db.query('SELECT * FROM v ORDER BY k')).toEqual([
    { k: 1, l: 'b', m: '' },
    { k: 2, l: 'dd', m: 'dd' },
  ])
  expect(await db.query('SELECT longest(a) AS l FROM t WHERE FALSE')).toEqual([{ l: '' }])
})

test('an aggregate of several arguments works in windows, over frames, and tells its failures', async () => {
  await using db = await open(':memory:')
  const options = { args: ['DOUBLE', 'INTEGER'], returns: 'DOUBLE' } as const
  db.aggregate('weighted', options, {
    create: () => ({ sum: 0, weight: 0 }),
    accumulate(state, value, weight) {
      if (weight < 0) throw new Error('a weight below 0')
      state.sum += value * weight
      state.weight += weight
      return undefined
    },
    finish: ({ sum, weight }) => (weight === 0 ? null : sum / weight),
  })
  await db.execute(
    `CREATE STREAM s (at TIMESTAMP, x DOUBLE, w INTEGER, WATERMARK FOR at AS at);
     INSERT INTO s VALUES ('2026-01-01 00:00:01', 1, 1), ('2026-01-01 00:00:02', 4, 2), ('2026-01-01 00:01:00', 5, 1)`,
  )
  const windows = `SELECT EXTRACT(MINUTE FROM window_start) AS m, weighted(x, w) AS a
     FROM TUMBLE(s, at, INTERVAL '1' MINUTE) GROUP BY window_start, window_end ORDER BY m`
  expect(await db.query(windows)).toEqual([
    { m: 0n, a: 3 },
    { m: 1n, a: 5 },
  ])
  expect(await db.query('SELECT weighted(x, w) OVER (ORDER BY at) AS a FROM s')).toEqual([
    { a: 1 },
    { a: 3 },
    { a: 3.5 },
  ])
  const failed = await mistakeOf(() => db.query('SELECT weighted(x, -w) AS a FROM s'))
  expect(failed).toMatchObject({ code: 'function', message: 'weighted: a weight below 0' })
})

describe('table functions', () => {
  test('give rows of objects or arrays, in one-shot and continuous statements', async () => {
    await using db = await opened()
    expect(await db.query("SELECT word, at FROM words('a bc d') AS w WHERE at > 0")).toEqual([
      { word: 'bc', at: 1 },
      { word: 'd', at: 2 },
    ])
    expect(await db.query("SELECT w FROM words('a b') AS t (w)")).toEqual([{ w: 'a' }, { w: 'b' }])
    expect(await db.query('SELECT * FROM words(NULL)')).toEqual([])
    await db.execute("CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS n FROM words('a b c')")
    expect(await db.query('SELECT n FROM v')).toEqual([{ n: 3n }])
  })

  test('may wait for their rows', async () => {
    await using db = await open(':memory:')
    db.tableFunction(
      'counted',
      { args: ['INTEGER'], columns: { n: 'INTEGER' } },
      async function* (to) {
        for (let n = 0; n < to; n++) yield [n]
      },
    )
    expect(await db.query('SELECT SUM(n) AS s FROM counted(4)')).toEqual([{ s: 6n }])
  })

  test('fail with their name', async () => {
    await using db = await open(':memory:')
    const options = { args: ['INTEGER'], columns: { n: 'INTEGER' } } as const
    db.tableFunction('broken', options, function* (n) {
      yield [n]
      throw new Error('no more')
    })
    db.tableFunction('none', options, (() => 7) as never)
    db.tableFunction('amiss', options, () => [['x']])
    const fault = (text: string) =>
      db.query(text).then(
        () => null,
        (error: unknown) => error,
      )
    expect(await fault('SELECT * FROM broken(1)')).toEqual(
      new Failure('function', 'broken: no more'),
    )
    const iterable = 'none: a table function gives an iterable of rows'
    expect(await fault('SELECT * FROM none(1)')).toEqual(new Failure('function', iterable))
    expect(String(await fault('SELECT * FROM amiss(1)'))).toContain('cannot read')
  })
})

describe('what cannot be', () => {
  const wrong: [text: string, code: string, message: string, hint?: string][] = [
    [
      'SELECT area(1)',
      'type_mismatch',
      'area takes 2 arguments, not 1',
      'it is area(DOUBLE, DOUBLE)',
    ],
    [
      "SELECT area(1, DATE '2026-01-01')",
      'type_mismatch',
      'argument 2 of area takes DOUBLE, not DATE',
    ],
    [
      'SELECT area(DISTINCT 1, 2)',
      'syntax',
      'DISTINCT stands in aggregates only, and area is none',
    ],
    [
      'SELECT area(1, 2) FILTER (WHERE TRUE)',
      'syntax',
      'FILTER goes with aggregates, and area is none',
    ],
    [
      "SELECT 1 AS a FROM words('a') WHERE longest(word) = 'a'",
      'invalid_grouping',
      'aggregate longest cannot stand in WHERE',
      'conditions on aggregates go to HAVING',
    ],
    [
      "SELECT words('a')",
      'type_mismatch',
      'words gives rows, and stands in FROM only',
      'write FROM words(…)',
    ],
    [
      'SELECT * FROM area(1, 2)',
      'type_mismatch',
      'area gives a value, and no rows for FROM',
      'write SELECT area(…)',
    ],
    [
      'SELECT * FROM words(word)',
      'unsupported',
      'not supported yet: columns as arguments of table function words',
      'give it constants',
    ],
    [
      "SELECT * FROM word('a')",
      'unknown_name',
      'table function word does not exist',
      'did you mean words?',
    ],
    [
      'SHOW CREATE FUNCTION area',
      'unknown_name',
      'function area is one of the program',
      'SHOW FUNCTIONS lists it',
    ],
  ]

  test.each(wrong)('%s', async (text, code, message, hint) => {
    await using db = await opened()
    expect(await mistakeOf(() => db.query(text))).toEqual({ code, message, hint })
  })

  test('names and options', async () => {
    await using db = await opened()
    const call = (a: unknown) => a as number
    const refused = (work: () => void) => mistakeOf(work)
    expect(await refused(() => db.function('Area', odd, call))).toEqual({
      code: 'duplicate_name',
      message: 'function Area exists already',
      hint: 'DROP FUNCTION it first, or say replace: true',
    })
    expect((await refused(() => db.function('lower', odd, call))).message).toBe(
      'function lower is built in',
    )
    expect((await refused(() => db.function('sum', odd, call))).message).toBe(
      'function sum is built in',
    )
    const types = (args: string[]) =>
      refused(() => db.function('f', { args, returns: 'INTEGER' }, () => 1))
    expect(await types(['INTEGR'])).toEqual({
      code: 'unknown_name',
      message: 'argument 1 of f: type INTEGR does not exist',
      hint: 'did you mean INTEGER?',
    })
    expect((await types(['INTEGER, b INTEGER'])).message).toBe(
      "argument 1 of f: 'INTEGER, b INTEGER' is no type",
    )
    expect((await types(['INTEGER NOT NULL'])).code).toBe('syntax')
    expect((await types(['STRUCT(a INTEGER)'])).code).toBe('unsupported')
    expect(
      (await refused(() => db.function('f', { args: 'INTEGER' } as never, call))).message,
    ).toBe('option args of f is a list of types')
    expect((await refused(() => db.function('f', { args: [] } as never, call))).message).toBe(
      'option returns of f is a type',
    )
    expect((await refused(() => db.function('f', odd, undefined as never))).message).toBe(
      'f is given without what it does',
    )
    const nulls = { ...odd, nulls: 'none' } as never
    expect((await refused(() => db.function('f', nulls, call as never))).code).toBe(
      'invalid_option',
    )
    const empty = () => db.tableFunction('f', { args: [], columns: {} }, () => [])
    expect((await refused(empty)).message).toBe('table function f has no columns')
  })

  test('parts of an aggregate', async () => {
    await using db = await open(':memory:')
    const parts = { create: () => 0, accumulate: (n: number) => n, finish: (n: number) => n }
    const give = (aggregator: object) =>
      mistakeOf(() => db.aggregate('f', odd, aggregator as typeof parts))
    const { finish: _, ...unfinished } = parts
    expect((await give(unfinished)).message).toBe('aggregate f has no function finish')
    expect(await give({ ...parts, retract: () => 0 })).toMatchObject({
      code: 'unsupported',
      message: 'not supported yet: retract of aggregate f',
    })
  })

  test('a volatile function beside rows that are taken back', async () => {
    await using db = await opened()
    await db.execute('CREATE TABLE t (a INTEGER); CREATE STREAM s (a INTEGER)')
    const hint =
      'a row that is taken back would not be found: its value would be another one; compute it where rows only ' +
      'come, or declare drawn deterministic if it is'
    for (const text of [
      'SELECT drawn(a) AS d FROM t',
      'SELECT a FROM t WHERE drawn(a) > 0.5',
      'SELECT drawn(n::INTEGER) AS d FROM (SELECT a, COUNT(*) AS n FROM s GROUP BY a) AS q',
    ]) {
      const made = await mistakeOf(() => db.execute(`CREATE MATERIALIZED VIEW v AS ${text}`))
      const message =
        'drawn may give another value for the same row, and stands where it is asked for again'
      expect(made).toEqual({ code: 'nondeterministic', message, hint })
      await db.query(text)
    }
    await db.execute('CREATE MATERIALIZED VIEW v AS SELECT a, drawn(a) AS d FROM s')
  })

  test('an aggregate that says that it gives other values, beside what it would take back', async () => {
    await using db = await opened()
    const given = { args: ['INTEGER'], returns: 'DOUBLE', deterministic: false } as const
    const noise = { create: () => 0, accumulate: (sum: number, a: number) => sum + a }
    db.aggregate('noisy', given, { ...noise, finish: (sum) => sum + 0.5 })
    await db.execute(`CREATE STREAM s (a INTEGER, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)`)
    const rows = "FROM TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '10' SECOND) GROUP BY window_end"
    for (const text of [
      'SELECT noisy(a) AS n FROM s',
      `SELECT noisy(a) AS n ${rows}`,
      'SELECT noisy(a) OVER (ORDER BY ts) AS n FROM s',
    ]) {
      const made = await mistakeOf(() => db.execute(`CREATE MATERIALIZED VIEW v AS ${text}`))
      expect(made.code).toBe('nondeterministic')
      expect(made.message).toContain('noisy may give another value for the same row')
      await db.query(text)
    }
    // What is told once is asked for once.
    const finals = `SELECT window_end, noisy(a) AS n ${rows} EMIT ON WINDOW CLOSE`
    await db.execute(`CREATE MATERIALIZED VIEW v AS ${finals}`)
    await db.execute(`INSERT INTO s VALUES (1, TIMESTAMP '2026-01-01 00:00:01'),
      (2, TIMESTAMP '2026-01-01 00:00:02'), (4, TIMESTAMP '2026-01-01 00:00:20')`)
    expect(await db.query('SELECT n FROM v')).toEqual([{ n: 3.5 }])
  })

  test('a function that waits', async () => {
    await using db = await opened()
    const told = {
      code: 'unsupported',
      message: 'not supported yet: function f, which waits',
      hint: 'ask first, and append rows that have the answer',
    }
    const waits = (async (a: number) => a) as never
    expect(await mistakeOf(() => db.function('f', odd, waits))).toEqual(told)
    const options = { ...odd, async: true } as typeof odd
    expect(await mistakeOf(() => db.function('f', options, (a) => a))).toEqual(told)
    expect(await db.query("SHOW FUNCTIONS LIKE 'f'")).toEqual([])
  })

  test('a worker', async () => {
    await using db = await open(':memory:', { thread: 'worker' })
    expect(await mistakeOf(() => db.function('f', odd, (a) => a))).toEqual({
      code: 'unsupported',
      message:
        'a function of the program cannot run in the worker: what it refers to stays on its thread',
      hint: "open with thread: 'host', or write it with CREATE FUNCTION … LANGUAGE JAVASCRIPT",
    })
  })
})

test('a volatile value that a condition looks at is the one that is shown', async () => {
  await using db = await open(':memory:')
  let count = 0
  db.function('next', { args: [], returns: 'INTEGER' }, () => count++)
  const text = 'SELECT n FROM (SELECT next() AS n FROM generate_series(1, 6)) AS q WHERE n % 2 = 0'
  expect(await db.query(text)).toEqual([{ n: 0 }, { n: 2 }, { n: 4 }])
})

test('functions are listed, replaced and dropped; a view keeps what it calls', async () => {
  await using db = await opened()
  expect(await db.query("SHOW FUNCTIONS LIKE 'longest'")).toEqual([
    { name: 'longest', kind: 'aggregate' },
  ])
  await db.execute('CREATE STREAM s (a DOUBLE); CREATE VIEW v AS SELECT area(a, 2) AS b FROM s')
  expect(await mistakeOf(() => db.execute('DROP FUNCTION area'))).toEqual({
    code: 'dependency',
    message: 'function area is needed by v',
    hint: 'drop v first, or add CASCADE',
  })
  const again = () => db.function('area', { ...area, replace: true }, (a) => a)
  expect((await mistakeOf(again)).code).toBe('dependency')
  await db.execute('DROP VIEW v')
  again()
  expect(await db.query('SELECT area(2, 3) AS a')).toEqual([{ a: 2 }])
  await db.execute('CREATE STREAM t (a DOUBLE, b AS area(a, a))')
  expect((await mistakeOf(() => db.execute('DROP FUNCTION area'))).message).toContain('by t')
  await db.execute('DROP STREAM t; DROP FUNCTION area')
  expect((await mistakeOf(() => db.query('SELECT area(2, 3) AS a'))).message).toBe(
    'function area does not exist',
  )
})

test('EXPLAIN names them', async () => {
  await using db = await opened()
  await db.execute('CREATE STREAM s (a VARCHAR, x DOUBLE)')
  expect(await db.explain('SELECT longest(a) AS l, area(MAX(x), 2) AS m FROM s')).toBe(
    [
      'Project  longest(collect) as l, area(max, 2) as m  key ()',
      '  Aggregate  collect(expr1), max(x)  emit changes  key ()',
      '    Project  json_build_array(a) as expr1, x',
      '      Scan  s (a, x)',
    ].join('\n'),
  )
})

test('plans survive JSON; vectors, fragments and back ends give the same', async () => {
  const ways: engine.DatabaseOptions[] = [
    { planThroughJson: true },
    { vectorSize: 1 },
    { vectorSize: 3, fragments: 4 },
    { backend: 'closure' },
  ]
  const answers: unknown[] = []
  for (const way of ways) {
    const clock = virtualClock(0n)
    const db = await engine.open(':memory:', { ...way, clock, cycles: 'manual' })
    const given = { name: 'f', args: ['BIGINT'], returns: 'BIGINT', columns: {}, takesNull: false }
    db.function({ ...given, of: 'scalar', deterministic: true, replace: false }, (shape) =>
      userFunction(shape, (rows) => rows.map(([a]) => (a as bigint) % 3n)),
    )
    db.function(
      { ...given, name: 'g', of: 'aggregate', deterministic: true, replace: false },
      (shape) =>
        userFunction(shape, (rows) => [rows.reduce((sum, [a]) => sum * 31n + (a as bigint), 7n)]),
    )
    await db.execute(
      `CREATE STREAM s (a BIGINT);
       CREATE MATERIALIZED VIEW v AS SELECT f(a) AS k, g(a) AS h FROM s WHERE f(a) < 2 GROUP BY f(a);
       INSERT INTO s SELECT * FROM generate_series(1, 20); FLUSH`,
    )
    answers.push((await db.query('SELECT * FROM v ORDER BY k')).rows)
    await db.close()
  }
  for (const answer of answers) expect(answer).toEqual(answers[0])
})

test('TypeScript knows what a function is given', async () => {
  await using db = await open(':memory:')
  const options = {
    args: ['INTEGER', 'bigint', 'VARCHAR(10)', 'DECIMAL(9, 2)'],
    returns: 'DOUBLE',
  } as const
  db.function('f', options, (a, b, c, d) => {
    expectTypeOf(a).toEqualTypeOf<number>()
    expectTypeOf(b).toEqualTypeOf<bigint>()
    expectTypeOf(c).toEqualTypeOf<string>()
    expectTypeOf(d).toEqualTypeOf<string>()
    return a
  })
  // @ts-expect-error: a text is no DOUBLE
  db.function('g', options, () => 'x')
})

describe('functions given to open()', () => {
  test('are there before anything else, and for what is read again', async () => {
    await using db = await open(':memory:', { functions: giveAll })
    expect(await db.query('SELECT area(2, 3) AS a')).toEqual([{ a: 6 }])
    const given = { name: 'one', of: 'scalar', args: ['INTEGER'], returns: 'INTEGER' } as const
    const prepare = (to: engine.Database) =>
      to.function(
        { ...given, columns: {}, deterministic: true, takesNull: false, replace: false },
        (shape) => userFunction(shape, (rows) => rows.map(([a]) => a!)),
      )
    const first = await engine.open(':memory:', { prepare })
    await first.execute('CREATE STREAM s (a INTEGER)')
    await first.execute('CREATE MATERIALIZED VIEW v AS SELECT one(a) AS a FROM s')
    await first.append('s', [[7]])
    const { log } = first
    await first.close()
    await expect(engine.open(':memory:', { log })).rejects.toMatchObject({ code: 'unknown_name' })
    await using again = await engine.open(':memory:', { log, prepare })
    expect((await again.query('SELECT a FROM v')).rows).toEqual([[7]])
  })

  test('are refused in a worker', async () => {
    const made = mistakeOf(() => open(':memory:', { thread: 'worker', functions: giveAll }))
    expect(await made).toMatchObject({ code: 'unsupported' })
  })
})
