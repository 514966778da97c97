/** Statement sets: a source that several INSERTs read is read once, and each gets what it would get by itself. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type Disk, systemDisk } from '../../src/base/index.ts'
import { builtinConnectors, type JsSource } from '../../src/connect/index.ts'
import type { Connector, Op, Row } from '../../src/data/index.ts'
import { type Database, type DatabaseOptions, open } from '../../src/database/index.ts'
import { Log } from '../../src/log/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-set-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'f.csv')
const count = 3000
writeFileSync(
  path,
  Array.from({ length: count }, (_, at) => `${at},${at % 7},name ${at % 11}\n`).join(''),
)
writeFileSync(join(folder, 'bad.csv'), '1,x,a\n2,2,b\n3,3,c\nz,4,d\n')

const inserts = [
  'INSERT INTO a SELECT id, k FROM f WHERE id % 100 = 0',
  'INSERT INTO b SELECT k, COUNT(*) FROM f GROUP BY k',
  'INSERT INTO c SELECT x.name, COUNT(*) FROM f AS x JOIN f AS y ON x.id = y.id + 1 GROUP BY x.name',
]

type Told = Map<string, [Op, ...Row][]>

/** A sink whose writers fail when they are handed a row that begins with `poison`. */
function tape(told: Told, closed: string[], poison: unknown): Connector {
  return {
    name: 'tape',
    bounded: false,
    sink: 'changes',
    source: false,
    check: () => {},
    infer: () => null,
    open: () => {
      throw new Error('a tape is not read')
    },
    create: (_, options) => {
      const name = String(options.get('name'))
      if (name === 'broken') throw new Error('cannot create')
      const own: [Op, ...Row][] = []
      told.set(name, own)
      return {
        write: (rows, ops) => {
          if (rows.some(([first]) => first === poison)) throw new Error('poison')
          own.push(...rows.map((row, at): [Op, ...Row] => [ops[at]!, ...row]))
        },
        close: () => closed.push(name),
        abort: () => closed.push(`${name} aborted`),
      }
    },
  }
}

async function started(
  options: DatabaseOptions & { sources?: Map<string, JsSource>; poison?: unknown } = {},
) {
  const told: Told = new Map()
  const closed: string[] = []
  let opened = 0
  let bytes = 0
  const disk: Disk = {
    ...systemDisk,
    open: (name) => {
      opened++
      const file = systemDisk.open(name)
      const read = file.read.bind(file)
      file.read = (...given) => {
        const got = read(...given)
        bytes += got
        return got
      }
      return file
    },
  }
  const builtin = builtinConnectors(disk, options.sources ?? new Map())
  const connectors = new Map([...builtin, ['tape', tape(told, closed, options.poison)]])
  const db = await open(':memory:', { ...options, connectors })
  const counted = () => ({ opened, bytes })
  return { db, told, closed, counted }
}

const tables = `
  CREATE TABLE f (id BIGINT, k INT, name VARCHAR) WITH ('connector' = 'filesystem', 'path' = '${path}');
  CREATE TABLE a (id BIGINT, k INT) WITH ('connector' = 'tape', 'name' = 'a');
  CREATE TABLE b (k INT, n BIGINT) WITH ('connector' = 'tape', 'name' = 'b');
  CREATE TABLE c (name VARCHAR, n BIGINT) WITH ('connector' = 'tape', 'name' = 'c')`

const setOf = (statements: readonly string[]) =>
  `EXECUTE STATEMENT SET BEGIN ${statements.map((one) => `${one};`).join(' ')} END`

/** What each INSERT writes when it stands alone. */
async function alone(options: DatabaseOptions = {}): Promise<Told> {
  const { db, told } = await started(options)
  await using _ = db
  await db.execute(tables)
  for (const insert of inserts) await db.execute(insert)
  return told
}

const states = async (db: Database) =>
  (await db.query('SHOW QUERIES')).rows.map(([name, state]) => `${name} ${state}`)

describe('a statement set', () => {
  test.each([
    {},
    { cycles: 'manual' },
    { cycleRows: 100 },
    { cycleRows: 900, vectorSize: 200, checks: true },
    { fragments: 4, vectorSize: 16 },
  ] satisfies DatabaseOptions[])('opens and reads a file once: %o', async (options) => {
    const { db, told, closed, counted } = await started(options)
    await using _ = db
    await db.execute(tables)
    const before = counted()
    const results = await db.execute(setOf(inserts))
    const { opened, bytes } = counted()
    const size = systemDisk.open(path).size
    expect({ opened: opened - before.opened, bytes: bytes - before.bytes }).toEqual({
      opened: 1,
      bytes: size,
    })
    expect(results.map(({ kind }) => kind)).toEqual(['done', 'done', 'done'])
    expect(results[0]).toEqual({ kind: 'done', message: 'INSERT 30' })
    expect(closed.toSorted()).toEqual(['a', 'b', 'c'])
    const last = (all: Told) => new Map([...all].map(([name, rows]) => [name, net(rows)]))
    expect(last(told)).toEqual(last(await alone(options)))
  })

  test('reads rows of the program once, a generator among them', async () => {
    const rows = function* () {
      for (let id = 0; id < 10; id++) yield { id }
    }
    const sources = new Map<string, JsSource>([['rows', { rows: rows(), bounded: true }]])
    const { db, told } = await started({ sources })
    await using _ = db
    await db.execute(
      `${tables}; CREATE TABLE g (id BIGINT) WITH ('connector' = 'js', 'source' = 'rows')`,
    )
    await db.execute(
      setOf(['INSERT INTO a SELECT id, 1 FROM g', 'INSERT INTO b SELECT 2, id FROM g']),
    )
    expect([told.get('a')!.length, told.get('b')!.length]).toEqual([10, 10])
  })

  test('goes on where one of its queries fails, and says so', async () => {
    const { db, told, closed } = await started({ poison: 700n, cycleRows: 128 })
    await using _ = db
    await db.execute(tables)
    await expect(db.execute(setOf(inserts))).rejects.toThrow('poison')
    expect(closed.toSorted()).toEqual(['a aborted', 'b', 'c'])
    expect(net(told.get('b')!)).toEqual(net((await alone()).get('b')!))
  })

  test('leaves nothing behind where one cannot start, or cannot be read', async () => {
    const { db, closed } = await started()
    await using _ = db
    await db.execute(
      `${tables}; CREATE TABLE d (id BIGINT) WITH ('connector' = 'tape', 'name' = 'broken')`,
    )
    await expect(
      db.execute(setOf([inserts[0]!, 'INSERT INTO d SELECT id FROM f'])),
    ).rejects.toThrow('cannot create')
    await expect(
      db.execute(setOf([inserts[0]!, 'INSERT INTO b SELECT nothing FROM f'])),
    ).rejects.toThrow('nothing')
    await expect(db.execute(setOf([inserts[0]!, 'INSERT INTO b SELEC 1']))).rejects.toThrow()
    expect(closed).toEqual(['a aborted'])
    expect(await states(db)).toEqual([])
  })

  test('a row that cannot be decoded for one is missing for all, and is told once', async () => {
    const { db, told } = await started()
    await using _ = db
    await db.execute(tables.replace(path, join(folder, 'bad.csv')))
    await db.execute(
      setOf(['INSERT INTO a SELECT id, 0 FROM f', 'INSERT INTO b SELECT k, 0 FROM f']),
    )
    expect(told.get('a')!.map(([, id]) => id)).toEqual([2n, 3n])
    expect(told.get('b')!.map(([, k]) => k)).toEqual([2, 3])
    const { rows } = await db.query('SELECT * FROM f.errors')
    expect(rows.map(([offset]) => offset)).toEqual([0n, 3n])
  })

  test('a paused query and a dropped one hold nobody up, and RESUME loses nothing', async () => {
    let go: () => void = () => {}
    const wait = new Promise<void>((resolve) => {
      go = resolve
    })
    const rows = async function* () {
      for (let id = 0; id < 50; id++) {
        if (id === 10) await wait
        yield { id }
      }
      await new Promise<void>(() => {})
    }
    const { db, told } = await started({ sources: new Map([['rows', rows()]]) })
    await using _ = db
    await db.execute(
      `${tables}; CREATE TABLE g (id BIGINT) WITH ('connector' = 'js', 'source' = 'rows')`,
    )
    const three = ['a SELECT id, 1', 'b SELECT 2, id', 'c SELECT CAST(id AS VARCHAR), id']
    await db.execute(setOf(three.map((one) => `INSERT INTO ${one} FROM g`)))
    const until = async (name: string, rowsWanted: number) => {
      while (told.get(name)!.length < rowsWanted)
        await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await until('c', 10)
    await db.execute('PAUSE QUERY query_1; DROP QUERY query_2')
    go()
    await until('c', 50)
    expect([told.get('a')!.length, told.get('b')!.length]).toEqual([10, 10])
    await db.execute('RESUME QUERY query_1')
    await until('a', 50)
    expect(told.get('a')!.map(([, id]) => id)).toEqual([...Array(50).keys()].map(BigInt))
  })

  test('starts together again with the log, wherever the engine stopped', async () => {
    class Crash extends Error {}
    const expected = new Map([...(await alone())].map(([name, rows]) => [name, net(rows)]))
    for (let last = 5; ; last += 9) {
      const beforeStep = (step: number) => {
        if (step >= last) throw new Crash()
      }
      const log = new Log()
      const { db } = await started({ log, beforeStep, cycleRows: 700, vectorSize: 100 })
      const crashed = await db.execute(`${tables}; ${setOf(inserts)}`).then(
        () => false,
        () => true,
      )
      const again = await started({ log, cycleRows: 700, vectorSize: 100 })
      await again.db.settled()
      if (again.told.size === 3) {
        expect(again.counted().opened).toBe(1)
        expect(new Map([...again.told].map(([name, rows]) => [name, net(rows)]))).toEqual(expected)
      }
      await again.db.close()
      if (!crashed) break
    }
  })

  test('runs INSERTs into stored tables beside the others', async () => {
    const { db, told } = await started()
    await using _ = db
    await db.execute(`${tables}; CREATE TABLE t (id BIGINT)`)
    const results = await db.execute(setOf(['INSERT INTO t SELECT id FROM f', inserts[0]!]))
    expect(results.map((one) => 'message' in one && one.message)).toEqual([
      `INSERT ${count}`,
      'INSERT 30',
    ])
    expect((await db.query('SELECT COUNT(*) FROM t')).rows).toEqual([[BigInt(count)]])
    expect(told.get('a')).toHaveLength(30)
  })
})

test('a set is in the log as a whole or not at all, wherever the engine stops', async () => {
  class Crash extends Error {}
  const stored = 'CREATE TABLE t (id BIGINT); CREATE TABLE u (k INT, n BIGINT)'
  const set = setOf([
    'INSERT INTO t SELECT id FROM f',
    inserts[0]!,
    'INSERT INTO u SELECT k, COUNT(*) FROM f GROUP BY k',
  ])
  const seen = new Set<string>()
  for (let last = 5; ; last += 3) {
    const beforeStep = (step: number) => {
      if (step >= last) throw new Crash()
    }
    const log = new Log()
    const { db } = await started({ log, beforeStep, vectorSize: 100 })
    const crashed = await db.execute(`${tables}; ${stored}; ${set}`).then(
      () => false,
      () => true,
    )
    const kinds = log.frames.flatMap((frame) => {
      if (frame.kind === 'data') return frame.stream
      return frame.kind === 'statement' && frame.text.startsWith('EXECUTE') ? 'set' : []
    })
    seen.add(kinds.join())
    const again = await started({ log })
    await again.db.settled()
    if (kinds.length > 0) {
      expect((await again.db.query('SELECT COUNT(*) FROM t')).rows).toEqual([[BigInt(count)]])
      expect(again.told.get('a')).toHaveLength(30)
    }
    await again.db.close()
    if (!crashed) break
  }
  expect([...seen]).toEqual(['', 't,u,set'])
})

/** The rows that are left when all changes were made, in an order of their own. */
function net(changes: readonly [Op, ...Row][]): string[] {
  const counts = new Map<string, number>()
  for (const [op, ...row] of changes) {
    const key = row.map(String).join()
    counts.set(key, (counts.get(key) ?? 0) + (op === '+I' || op === '+U' ? 1 : -1))
  }
  return [...counts]
    .filter(([, times]) => times !== 0)
    .map(([key, times]) => `${times} × ${key}`)
    .toSorted()
}
