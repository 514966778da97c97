/** CREATE FUNCTION … LANGUAGE JAVASCRIPT: what it may do, what it may not, and that the database goes on. */
import { describe, expect, test } from 'vitest'
import { virtualClock } from '../../src/base/index.ts'
import * as engine from '../../src/database/index.ts'
import { type Database, type Limits, open, QueryMistake } from '../../src/index.ts'
import { openSandbox } from '../../src/sandbox/index.ts'

const limits: Limits = { millis: 300, bytes: 8 * 1024 * 1024 }
const allowed = () => open(':memory:', { javascript: limits })

async function mistakeOf(work: Promise<unknown>, text = '') {
  try {
    await work
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    const { code, message, hint, span } = error.diagnostics[0]!
    return { code, message, hint, at: text.slice(span?.start ?? 0, span?.end ?? 0) }
  }
  throw new Error('it was taken')
}

const made = (db: Database, name: string, rest: string) =>
  db.execute(`CREATE FUNCTION ${name} ${rest}`)

describe('functions', () => {
  test('are an expression, statements, or exported functions', async () => {
    await using db = await allowed()
    await made(db, 'a(x INT)', 'RETURNS INT LANGUAGE JAVASCRIPT DETERMINISTIC AS $$ x + 1 $$')
    const steps = '$$ while (b) [a, b] = [b, a % b]; return a $$'
    await made(db, 'b(a INT, b INT)', `RETURNS INT LANGUAGE JAVASCRIPT IMMUTABLE AS ${steps}`)
    const exported = `$$
      const twice = (x) => x * 2
      export function C(x) { return twice(x) }
    $$`
    await made(db, 'c(x INT)', `RETURNS INT LANGUAGE JAVASCRIPT AS ${exported}`)
    expect(await db.query('SELECT a(1) AS a, b(12, 18) AS b, c(4) AS c')).toEqual([
      { a: 2, b: 6, c: 8 },
    ])
  })

  test('may be written in TypeScript, and take columns', async () => {
    await using db = await allowed()
    const text = '$$ const text: string = s as string; return text.toUpperCase() $$'
    await made(db, 'up(s VARCHAR)', `RETURNS VARCHAR LANGUAGE TYPESCRIPT STRICT AS ${text}`)
    const columns = '$$ a.map((x, at) => x * b[at]) $$'
    await made(
      db,
      'times(a BIGINT, b BIGINT)',
      `RETURNS BIGINT LANGUAGE JS STRICT BATCH AS ${columns}`,
    )
    await db.execute('CREATE STREAM s (n BIGINT); INSERT INTO s VALUES (1), (NULL), (3)')
    expect(await db.query("SELECT up('é') AS u, times(n, 2) AS t FROM s")).toEqual([
      { u: 'É', t: 2n },
      { u: 'É', t: null },
      { u: 'É', t: 6n },
    ])
  })

  test('values of every type come back as they went in', async () => {
    await using db = await allowed()
    const literals = {
      BOOLEAN: 'TRUE', INTEGER: '-7', BIGINT: '9223372036854775807', DOUBLE: "'-0'::DOUBLE", REAL: "'NaN'::REAL",
      'DECIMAL(30, 2)': '12345678901234567890.50', VARCHAR: "'é\u0000'", VARBINARY: "'\\x00ff'::VARBINARY",
      DATE: "DATE '2026-01-02'", TIME: "TIME '03:04:05'", TIMESTAMP: "TIMESTAMP '2026-01-02 03:04:05.5'",
      JSON: `'{"a": [1, null]}'::JSON`,
    } // biome-ignore format: one list
    for (const [at, [type, literal]] of Object.entries(literals).entries()) {
      await made(db, `f${at}(x ${type})`, `RETURNS ${type} LANGUAGE JAVASCRIPT AS $$ x $$`)
      const [row] = await db.query(
        `SELECT f${at}(${literal}) AS a, (${literal})::${type} AS b, f${at}(NULL) AS c`,
      )
      expect(row!['a']).toEqual(row!['b'])
      expect(row!['c']).toBe(null)
    }
  })

  test('are called on NULL unless they are STRICT', async () => {
    await using db = await allowed()
    await made(db, 'f(x INT)', 'RETURNS INT LANGUAGE JAVASCRIPT AS $$ x === null ? 0 : x $$')
    await made(db, 'g(x INT)', 'RETURNS INT STRICT LANGUAGE JAVASCRIPT AS $$ x + 1 $$')
    expect(await db.query('SELECT f(NULL) AS f, g(NULL) AS g')).toEqual([{ f: 0, g: null }])
  })

  test('work in a worker', async () => {
    await using db = await open(':memory:', { javascript: true, thread: 'worker' })
    await made(db, 'f(x INT)', 'RETURNS INT LANGUAGE JAVASCRIPT AS $$ x + 1 $$')
    expect(await db.query('SELECT f(1) AS f')).toEqual([{ f: 2 }])
  })
})

test('an aggregate is an object of its parts, or exported functions', async () => {
  await using db = await allowed()
  await db.execute(
    `CREATE AGGREGATE weighted(x DOUBLE, w DOUBLE) RETURNS DOUBLE LANGUAGE JAVASCRIPT STRICT AS $$
       create() { return [0, 0] },
       accumulate(state, x, w) { state[0] += x * w; state[1] += w },
       finish([sum, weight]) { return weight === 0 ? null : sum / weight }
     $$;
     CREATE AGGREGATE total(x BIGINT) RETURNS BIGINT LANGUAGE JAVASCRIPT STRICT AS $$
       export function create_state() { return 0n }
       export function accumulate(state, x) { return state + x }
       export function finish(state) { return state }
     $$;
     CREATE TABLE t (k INT, x DOUBLE, w DOUBLE);
     CREATE MATERIALIZED VIEW v AS SELECT k, weighted(x, w) AS m, total(x::BIGINT) AS s FROM t GROUP BY k;
     INSERT INTO t VALUES (1, 1, 1), (1, 4, 2), (2, NULL, 1)`,
  )
  expect(await db.query('SELECT * FROM v ORDER BY k')).toEqual([
    { k: 1, m: 3, s: 5n },
    { k: 2, m: null, s: 0n },
  ])
  await db.execute('DELETE FROM t WHERE x = 1')
  expect(await db.query('SELECT m FROM v WHERE k = 1')).toEqual([{ m: 4 }])
})

describe('what a function cannot do', () => {
  test('see anything of the process', async () => {
    await using db = await allowed()
    const names = [
      'process',
      'require',
      'fetch',
      'console',
      'setTimeout',
      'WebAssembly',
      'module',
      'Buffer',
    ]
    const kinds = names.map((name) => `typeof ${name}`).join(', ')
    await made(db, 'f()', `RETURNS VARCHAR LANGUAGE JAVASCRIPT AS $$ [${kinds}].join() $$`)
    expect(await db.query('SELECT f() AS f')).toEqual([{ f: names.map(() => 'undefined').join() }])
    const reach = "$$ (() => {}).constructor('return this')().process === undefined $$"
    await made(db, 'g()', `RETURNS BOOLEAN LANGUAGE JAVASCRIPT AS ${reach}`)
    expect(await db.query('SELECT g() AS g')).toEqual([{ g: true }])
  })

  test('run for ever: the rows that are not at fault have their values', async () => {
    await using db = await allowed()
    const text = '$$ if (x === 2n) for (;;); return x $$'
    await made(db, 'f(x BIGINT)', `RETURNS BIGINT LANGUAGE JAVASCRIPT AS ${text}`)
    await db.execute('CREATE STREAM s (x BIGINT); INSERT INTO s VALUES (1), (2), (3)')
    expect(await db.query('SELECT TRY(f(x)) AS f FROM s')).toEqual([
      { f: 1n },
      { f: null },
      { f: 3n },
    ])
    const slow = { code: 'function', message: 'f: it took more than 300 ms' }
    expect(await mistakeOf(db.query('SELECT f(2)'))).toMatchObject(slow)
    expect(await db.query('SELECT f(1) AS f')).toEqual([{ f: 1n }])
    expect(await mistakeOf(db.query('SELECT f(2)'))).toMatchObject(slow)
    const stopped =
      'f: it went beyond its limits 3 times, and is called no more until it is made again'
    expect((await mistakeOf(db.query('SELECT f(1)'))).message).toBe(stopped)
    await db.execute(
      'CREATE OR REPLACE FUNCTION f(x BIGINT) RETURNS BIGINT LANGUAGE JAVASCRIPT AS $$ x $$',
    )
    expect(await db.query('SELECT f(2) AS f')).toEqual([{ f: 2n }])
  })

  test('take all memory, or the stack', async () => {
    await using db = await open(':memory:', {
      javascript: { millis: 60_000, bytes: 4 * 1024 * 1024 },
    })
    const bomb = '$$ const all = []; for (;;) all.push(new Uint8Array(1e6)) $$'
    await made(db, 'f()', `RETURNS INT LANGUAGE JAVASCRIPT AS ${bomb}`)
    const wanted = 'f: it wanted more than 4194304 bytes of memory'
    expect((await mistakeOf(db.query('SELECT f()'))).message).toBe(wanted)
    const deep = '$$ const f = (n) => 1 + f(n + 1); return f(0) $$'
    await made(db, 'g()', `RETURNS INT LANGUAGE JAVASCRIPT AS ${deep}`)
    expect((await mistakeOf(db.query('SELECT g()'))).message).toContain('stack overflow')
    await made(db, 'h()', 'RETURNS INT LANGUAGE JAVASCRIPT AS $$ 1 $$')
    expect(await db.query('SELECT h() AS h')).toEqual([{ h: 1 }])
  })

  test('change what others see by what they change', async () => {
    await using db = await allowed()
    const tricks = `Object.prototype.v = 7; Array.prototype.map = () => ['x']; JSON.stringify = () => '[]';
      globalThis.Promise = 1; return x`
    await made(db, 'f(x INT)', `RETURNS INT LANGUAGE JAVASCRIPT AS $$ ${tricks} $$`)
    await made(
      db,
      'g(x INT)',
      'RETURNS INT LANGUAGE JAVASCRIPT AS $$ [x].map((one) => one + 1)[0] $$',
    )
    await mistakeOf(db.query('SELECT f(1), f(2)'))
    expect(await db.query('SELECT g(a) AS g FROM (VALUES (1), (2)) AS q (a)')).toEqual([
      { g: 2 },
      { g: 3 },
    ])
    const names = ['process', 'require', 'std', 'os', 'WebAssembly', 'setTimeout', 'fetch']
    const ways = names.map((name) => `typeof ${name}`).join()
    await made(db, 'h()', `RETURNS VARCHAR LANGUAGE JAVASCRIPT AS $$ [${ways}].join() $$`)
    expect(await db.query('SELECT h() AS h')).toEqual([{ h: names.map(() => 'undefined').join() }])
    const built = "$$ (() => {}).constructor('return typeof process')() $$"
    await made(db, 'i()', `RETURNS VARCHAR LANGUAGE JAVASCRIPT AS ${built}`)
    expect(await db.query('SELECT i() AS i')).toEqual([{ i: 'undefined' }])
  })

  test('give what is no value, or be asked for chance when it is DETERMINISTIC', async () => {
    await using db = await allowed()
    const texts: [text: string, message: string][] = [
      ['Promise.resolve(1)', 'it gave a promise, and rows are computed without waiting'],
      ['(() => 1)', 'it gave a function'],
      ["'x'", "it gave 'x', which is no INTEGER"],
      ["(() => { throw new TypeError('no') })()", 'TypeError: no'],
      ["(() => { throw 'plain' })()", 'plain'],
      ['Math.floor(Math.random())', 'Math.random() in a DETERMINISTIC function'],
      ['Date.now()', 'the time in a DETERMINISTIC function'],
      ['new Date().getDay()', 'the time in a DETERMINISTIC function'],
    ]
    for (const [at, [text, message]] of texts.entries()) {
      const rest = `RETURNS INT LANGUAGE JAVASCRIPT DETERMINISTIC AS $$ ${text} $$`
      await made(db, `f${at}()`, rest)
      const told = await mistakeOf(db.query(`SELECT f${at}()`))
      expect(told).toMatchObject({ code: 'function', message: `f${at}: ${message}` })
    }
    await made(db, 'at()', 'RETURNS DOUBLE LANGUAGE JAVASCRIPT DETERMINISTIC AS $$ +new Date(5) $$')
    expect(await db.query('SELECT at() AS a')).toEqual([{ a: 5 }])
  })
})

describe('wrong statements', () => {
  const wrong: [text: string, code: string, message: string, at: string][] = [
    ['(x INT) RETURNS INT LANGUAGE JAVASCRIPT AS $$ x +* 1 $$', 'syntax', 'function f: SyntaxError', '$$ x +* 1 $$'],
    ['(x INT) LANGUAGE JAVASCRIPT AS $$ x $$', 'syntax', 'function f has no RETURNS', ''],
    ['(x INT) RETURNS INT LANGUAGE JAVASCRIPT AS (x)', 'syntax', 'is given as a text', 'x'],
    ['(x INT) RETURNS INT LANGUAGE PYTHON AS $$ x $$', 'unsupported', 'not supported yet: LANGUAGE PYTHON', ''],
    ['(x INT, X INT) RETURNS INT LANGUAGE JS AS $$ x $$', 'duplicate_name', 'argument X is there twice', 'X INT'],
    ['(x INT) RETURNS INT BATCH AS (x)', 'unsupported', 'BATCH of an expression', ''],
    ['(x ENUMS) RETURNS INT LANGUAGE JAVASCRIPT AS $$ x $$', 'unknown_name', 'type ENUMS does not exist', 'ENUMS'],
    ['(x INT) RETURNS INT LANGUAGE TYPESCRIPT AS $$ enum A { B } $$', 'syntax', 'function f:', '$$ enum A { B } $$'],
  ] // biome-ignore format: a table

  test.each(wrong)('%s', async (rest, code, message, at) => {
    await using db = await allowed()
    const text = `CREATE FUNCTION f ${rest}`
    const told = await mistakeOf(db.execute(text), text)
    expect(told).toMatchObject({ code, message: expect.stringContaining(message) })
    if (at !== '') expect(told.at).toBe(at)
    expect(await db.query("SHOW FUNCTIONS LIKE 'f'")).toEqual([])
  })

  test('functions that wait', async () => {
    await using db = await allowed()
    const head = 'CREATE FUNCTION f(x INT) RETURNS INT LANGUAGE JAVASCRIPT'
    const text = `${head} ASYNC AS $$ x $$`
    const told = await mistakeOf(db.execute(text), text)
    expect(told).toMatchObject({ message: 'not supported yet: an ASYNC function', at: 'ASYNC' })
    const exported = `${head} AS $$ export async function f(x) { return x } $$`
    expect((await mistakeOf(db.execute(exported))).message).toBe(
      'function f: it is async, and rows are computed without waiting',
    )
  })

  test('aggregates', async () => {
    await using db = await allowed()
    const parts =
      'create() { return 0 }, accumulate: (s, x) => s + x * Math.random(), finish: (s) => s'
    const head = 'CREATE AGGREGATE noisy(x INT) RETURNS DOUBLE LANGUAGE JAVASCRIPT'
    await db.execute(`${head} AS $$ ${parts} $$`)
    await expect(db.query('SELECT noisy(1)')).rejects.toThrow(
      'noisy: Math.random() in an aggregate that is not VOLATILE',
    )
    await db.execute(
      `DROP AGGREGATE noisy; ${head} VOLATILE AS $$ ${parts} $$; CREATE STREAM s (x INT)`,
    )
    await db.query('SELECT noisy(1)')
    const told: string[] = []
    const other =
      'create() { return 0 }, accumulate(s, x) { return s + x }, retract(s, x) { return s - x }'
    await db.execute(
      `CREATE AGGREGATE total(x INT) RETURNS INT LANGUAGE JAVASCRIPT AS $$ ${other}, finish: (s) => s $$`,
      { onNotice: (notice) => told.push(notice) },
    )
    expect(told.join()).toContain('retract of total is not called: the rows of a group are kept')
    const view = 'CREATE MATERIALIZED VIEW v AS SELECT noisy(x) AS n FROM s'
    expect((await mistakeOf(db.execute(view))).code).toBe('nondeterministic')
    const text = 'CREATE AGGREGATE f(x INT) RETURNS INT AS (x)'
    expect(await mistakeOf(db.execute(text))).toMatchObject({
      code: 'unsupported',
      hint: 'write it in LANGUAGE JAVASCRIPT',
    })
    const batch = 'CREATE AGGREGATE f(x INT) RETURNS INT LANGUAGE JAVASCRIPT BATCH AS $$ $$'
    expect((await mistakeOf(db.execute(batch))).message).toContain('is no BATCH')
  })

  test('where they are switched off, which they are unless asked for', async () => {
    await using db = await open(':memory:')
    const text = 'CREATE FUNCTION f(x INT) RETURNS INT LANGUAGE JAVASCRIPT AS $$ x $$'
    expect(await mistakeOf(db.execute(text), text)).toEqual({
      code: 'unsupported',
      message: 'functions in JavaScript are switched off here',
      hint: 'who opens the database may allow them: open(…, { javascript: true }), --javascript',
      at: '$$ x $$',
    })
    const none = open(':memory:', { javascript: { millis: 0 } })
    expect((await mistakeOf(none)).message).toBe(
      'option javascript.millis is a whole number above 0',
    )
  })
})

test('a class is a name for a function that the program gives', async () => {
  await using db = await open(':memory:')
  const options = { args: ['INTEGER'], returns: 'INTEGER', deterministic: true } as const
  db.function('com.example.Twice', options, (x) => x * 2)
  await db.execute("CREATE FUNCTION twice AS 'com.example.Twice'")
  expect(await db.query('SELECT twice(4) AS t')).toEqual([{ t: 8 }])
  const unknown = await mistakeOf(db.execute("CREATE FUNCTION f AS 'com.example.Other'"))
  expect(unknown.hint).toContain('the program may give one under this name')
})

test('they are in the log: a database that is opened again has them, and says the same', async () => {
  const scripting = await openSandbox(limits)
  const options: engine.DatabaseOptions = { scripting, cycles: 'manual', clock: virtualClock(0n) }
  const first = await engine.open(':memory:', options)
  await first.execute(
    `CREATE FUNCTION f(x INT) RETURNS INT LANGUAGE JAVASCRIPT DETERMINISTIC AS $$ x * 2 $$;
     CREATE STREAM s (x INT);
     CREATE MATERIALIZED VIEW v AS SELECT f(x) AS y FROM s;
     INSERT INTO s VALUES (1), (2); FLUSH`,
  )
  const again = await engine.open(':memory:', { ...options, log: first.log })
  expect((await again.query('SELECT y FROM v')).rows).toEqual([[2], [4]])
  expect((await again.query('SHOW CREATE FUNCTION f')).rows).toEqual([
    ["CREATE FUNCTION f (x INT) RETURNS INT LANGUAGE JAVASCRIPT DETERMINISTIC AS ' x * 2 ';"],
  ])
})
