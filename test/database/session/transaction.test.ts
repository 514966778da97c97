/** Sessions and transactions: what others see, who commits first, and that the log holds a transaction whole or not. */
import { describe, expect, test } from 'vitest'
import { QueryMistake, seededRandom, systemDisk } from '../../../src/base/index.ts'
import { builtinConnectors } from '../../../src/connect/index.ts'
import { type Database, open } from '../../../src/database/index.ts'
import { open as openPublic } from '../../../src/index.ts'
import { Log } from '../../../src/log/index.ts'

const connectors = builtinConnectors(systemDisk, new Map())

async function accounts(): Promise<Database> {
  const database = await open(':memory:', { connectors })
  await database.execute(`
    CREATE TABLE t (id INT PRIMARY KEY, v INT);
    CREATE MATERIALIZED VIEW m AS SELECT COUNT(*) AS n, SUM(v) AS v FROM t;
    CREATE STREAM s (v INT);
    INSERT INTO t VALUES (1, 10), (2, 20)`)
  return database
}

const as = (database: Database, session: string) => ({
  run: (sql: string) => database.execute(sql, { session }),
  rows: async (sql: string) => (await database.query(sql, undefined, { session })).rows,
})

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error) => (error instanceof QueryMistake ? error.code : String(error)),
  )

describe('what a session sees', () => {
  test('rows of others do not come in after BEGIN, and its own do not go out before COMMIT', async () => {
    await using database = await accounts()
    const [a, b] = [as(database, 'a'), as(database, 'b')]
    await a.run('BEGIN')
    await b.run(
      'UPDATE t SET v = 21 WHERE id = 2; INSERT INTO t VALUES (3, 30); INSERT INTO s VALUES (1)',
    )
    await b.run('DELETE FROM t WHERE id = 1')
    expect(await a.rows('SELECT * FROM t')).toEqual([
      [1, 10],
      [2, 20],
    ])
    expect(await a.rows('SELECT * FROM m')).toEqual([[2n, 30n]])
    expect(await a.rows('SELECT * FROM s')).toEqual([])
    await a.run('INSERT INTO t VALUES (4, 40); INSERT INTO s VALUES (4)')
    expect(await a.rows('SELECT * FROM m')).toEqual([[3n, 70n]])
    expect(await a.rows('SELECT * FROM s')).toEqual([[4]])
    expect(await b.rows('SELECT * FROM t')).toEqual([
      [2, 21],
      [3, 30],
    ])
    await a.run('COMMIT')
    expect(await b.rows('SELECT * FROM t')).toEqual([
      [2, 21],
      [3, 30],
      [4, 40],
    ])
    expect(await b.rows('SELECT * FROM m')).toEqual([[3n, 91n]])
  })

  test('a session that is left has rolled back', async () => {
    await using database = await accounts()
    const a = as(database, 'a')
    await a.run('BEGIN; DELETE FROM t')
    await database.leave('a')
    expect(await codeOf(a.run('COMMIT'))).toBe('transaction')
    expect(await a.rows('SELECT * FROM m')).toEqual([[2n, 30n]])
  })

  test('a view that cannot be computed anew is refused where its rows would not be right', async () => {
    await using database = await accounts()
    await database.execute(`
      CREATE TABLE w (ts TIMESTAMP(3), v INT, WATERMARK FOR ts AS ts);
      CREATE MATERIALIZED VIEW mixed AS SELECT t.id, w.v FROM t JOIN w ON t.id = w.v;
      INSERT INTO w VALUES (TIMESTAMP '2026-01-01 00:00:01', 1)`)
    const a = as(database, 'a')
    await a.run('BEGIN')
    expect(await a.rows('SELECT * FROM mixed')).toEqual([[1, 1]])
    await a.run('UPDATE t SET v = 2')
    await expect(a.rows('SELECT * FROM mixed')).rejects.toMatchObject({
      diagnostics: [{ code: 'unsupported', span: { start: 14, end: 19 } }],
    })
    await a.run('ROLLBACK; BEGIN')
    expect(await codeOf(a.rows('SELECT * FROM mixed.errors'))).toBe('unsupported')
  })
})

describe('who is first', () => {
  const cases: [string, string, string, string][] = [
    [
      'the same row',
      'UPDATE t SET v = 1 WHERE id = 1',
      'UPDATE t SET v = 2 WHERE id = 1',
      'conflict',
    ],
    [
      'a row that is gone',
      'UPDATE t SET v = 1 WHERE id = 1',
      'DELETE FROM t WHERE id = 1',
      'conflict',
    ],
    ['the same key', 'INSERT INTO t VALUES (7, 1)', 'INSERT INTO t VALUES (7, 2)', 'conflict'],
    ['other rows', 'UPDATE t SET v = 1 WHERE id = 1', 'UPDATE t SET v = 2 WHERE id = 2', 'done'],
    ['other keys', 'INSERT INTO t VALUES (7, 1)', 'INSERT INTO t VALUES (8, 2)', 'done'],
    ['nothing', 'SELECT * FROM t', 'DELETE FROM t', 'done'],
    ['a table that is dropped', 'INSERT INTO s VALUES (1)', 'DROP STREAM s', 'conflict'],
  ]
  test.each(cases)('%s', async (_, mine, others, code) => {
    await using database = await accounts()
    const [a, b] = [as(database, 'a'), as(database, 'b')]
    await a.run('BEGIN')
    await a.run(mine)
    await b.run(others)
    expect(await codeOf(a.run('COMMIT'))).toBe(code)
    expect(await codeOf(a.run('ROLLBACK'))).toBe('transaction')
  })

  test('a table made after BEGIN is not there for the transaction', async () => {
    await using database = await accounts()
    const [a, b] = [as(database, 'a'), as(database, 'b')]
    await a.run('BEGIN')
    await b.run('CREATE TABLE later (a INT)')
    expect(await codeOf(a.run('INSERT INTO later VALUES (1)'))).toBe('conflict')
    expect(await codeOf(a.run('COMMIT'))).toBe('transaction')
  })

  const count = process.env['CI'] === 'true' ? 300 : 40
  test('property: the rows are those of the transactions that committed, as a plain map has them', async () => {
    for (let seed = 1; seed <= count; seed++) await compareSessions(seed)
  })
})

interface Held {
  v: number
}

/** One transaction of the model: what it saw, and what it has. */
class Model {
  readonly before: Map<number, Held>
  readonly rows: Map<number, Held>

  constructor(committed: Map<number, Held>) {
    this.before = new Map(committed)
    this.rows = new Map(committed)
  }

  /** Keys that changed: a row went, a row came. */
  commit(committed: Map<number, Held>): boolean {
    const keys = [...new Set([...this.before.keys(), ...this.rows.keys()])]
    const changed = keys.filter((key) => this.before.get(key) !== this.rows.get(key))
    if (changed.some((key) => committed.get(key) !== this.before.get(key))) return false
    for (const key of changed) {
      const row = this.rows.get(key)
      if (row === undefined) committed.delete(key)
      else committed.set(key, row)
    }
    return true
  }
}

async function compareSessions(seed: number): Promise<void> {
  const random = seededRandom(seed)
  await using database = await open(':memory:')
  await database.execute('CREATE TABLE t (id INT PRIMARY KEY, v INT)')
  const committed = new Map<number, Held>()
  const names = ['a', 'b', 'c']
  const open_ = new Map<string, Model>()
  const told: string[] = []
  const tell = (name: string, sql: string) => {
    told.push(`${name}: ${sql}`)
    return codeOf(database.execute(sql, { session: name }))
  }
  for (let step = 0; step < 40; step++) {
    const name = names[random.below(3)]!
    const model = open_.get(name)
    const place = () => `seed ${seed}\n${told.join('\n')}`
    if (model === undefined) {
      expect(await tell(name, 'BEGIN')).toBe('done')
      open_.set(name, new Model(committed))
      continue
    }
    if (random.below(4) === 0) {
      const expected = model.commit(committed) ? 'done' : 'conflict'
      expect(await tell(name, 'COMMIT'), place()).toBe(expected)
      open_.delete(name)
      continue
    }
    const [id, v] = [random.below(5), random.below(100)]
    const kind = random.below(3)
    const present = model.rows.get(id)
    if (kind === 0) {
      const code = await tell(name, `INSERT INTO t VALUES (${id}, ${v}) ON CONFLICT DO NOTHING`)
      expect(code, place()).toBe('done')
      if (present === undefined) model.rows.set(id, { v })
    } else if (kind === 1) {
      await tell(name, `UPDATE t SET v = ${v} WHERE id = ${id}`)
      if (present !== undefined && present.v !== v) model.rows.set(id, { v })
    } else {
      await tell(name, `DELETE FROM t WHERE id = ${id}`)
      model.rows.delete(id)
    }
    const { rows } = await database.query('SELECT id, v FROM t ORDER BY id', undefined, {
      session: name,
    })
    const due = [...model.rows].map(([key, held]) => [key, held.v]).sort((x, y) => x[0]! - y[0]!)
    expect(rows, place()).toEqual(due)
  }
}

describe('the log', () => {
  test('a transaction is one change: whole, or forgotten when its end is missing', async () => {
    const log = new Log()
    const database = await open(':memory:', { log })
    await database.execute(`
      CREATE TABLE t (id INT PRIMARY KEY, v INT); CREATE STREAM s (v INT);
      INSERT INTO t VALUES (1, 1);
      BEGIN; INSERT INTO s VALUES (1), (2); UPDATE t SET v = 2; INSERT INTO t VALUES (2, 2);
      INSERT INTO t VALUES (9, 9); DELETE FROM t WHERE id = 9; COMMIT`)
    const frames = log.frames.filter((frame) => frame.kind === 'data').slice(1)
    expect(frames.map(({ stream, batch, until }) => [stream, batch.rows, until])).toEqual([
      ['s', 2, 6],
      ['t', 2, 6],
      ['t', 1, 6],
    ])
    ;(log.frames as unknown[]).splice(log.frames.indexOf(frames[1]!))
    await using again = await open(':memory:', { log })
    expect((await again.query('SELECT * FROM t')).rows).toEqual([[1, 1]])
    expect((await again.query('SELECT * FROM s')).rows).toEqual([])
    await again.execute('INSERT INTO s VALUES (7)')
    expect((await again.query('SELECT * FROM s')).rows).toEqual([[7]])
  })

  test('a follower is told of all tables in one commit, however few rows a cycle takes', async () => {
    await using database = await open(':memory:', { cycleRows: 2 })
    await database.execute('CREATE STREAM s (v INT); CREATE TABLE t (v INT)')
    const following = database.subscribe('(SELECT v FROM s UNION ALL SELECT v FROM t)')
    const commits = following[Symbol.asyncIterator]()
    const first = commits.next()
    await database.execute(
      'BEGIN; INSERT INTO s VALUES (1), (2), (3); INSERT INTO t VALUES (4); INSERT INTO s VALUES (5), (6); COMMIT',
    )
    const { value } = await first
    expect(value?.rows).toEqual([[1], [2], [3], [4], [5], [6]])
    following.close()
  })
})

describe.each(['host', 'worker'] as const)('%s', (thread) => {
  test('transaction() commits, or rolls back when its work throws', async () => {
    await using db = await openPublic(':memory:', { thread })
    await db.execute('CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1)')
    const given = await db.transaction(async (session) => {
      await session.execute('UPDATE t SET v = v + ?', { params: [10] })
      expect(await db.query('SELECT v FROM t')).toEqual([{ v: 1 }])
      return session.query<{ v: number }>('SELECT v FROM t')
    })
    expect(given).toEqual([{ v: 11 }])
    const failed = db.transaction(async (session) => {
      await session.execute('DELETE FROM t')
      throw new Error('not today')
    })
    await expect(failed).rejects.toThrow('not today')
    expect(await db.query('SELECT v FROM t')).toEqual([{ v: 11 }])
    const late = db.transaction(async (session) => {
      await session.execute('UPDATE t SET v = 0')
      await db.execute('UPDATE t SET v = 12')
    })
    await expect(late).rejects.toMatchObject({ code: 'conflict' })
    await using session = db.session()
    expect(await session.query('SELECT v FROM t')).toEqual([{ v: 12 }])
  })
})
