/** Databases in a directory: what was acknowledged is there when they are opened again, whatever happened between. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { seededRandom, systemDisk } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import { open as openEngine } from '../../src/database/index.ts'
import { type Database, open } from '../../src/index.ts'
import { Crash, noFaults, SimulatedDisk } from '../sim/disk.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const rowsOf = (database: Database, sql: string) => database.query(sql)

describe('a directory', () => {
  test('has streams, tables and views when it is opened again', async () => {
    const directory = join(folder, 'new', 'one')
    {
      await using database = await open(directory)
      await database.execute(`
        CREATE STREAM trip (city VARCHAR, fare DOUBLE);
        CREATE MATERIALIZED VIEW fares AS SELECT city, SUM(fare) AS fares FROM trip GROUP BY city;
        CREATE TABLE rate (id INT PRIMARY KEY, r DECIMAL(30, 2));
        INSERT INTO rate VALUES (1, 1.25), (2, 12345678901234567890.12);
        UPDATE rate SET r = 3 WHERE id = 1;`)
      await database.append('trip', [{ city: 'Delft', fare: 12.5 }])
      await database.execute('INSERT INTO trip VALUES (?, ?)', { params: ['Leiden', 2] })
    }
    for (const thread of ['host', 'worker'] as const) {
      await using again = await open(directory, { thread })
      await again.append('trip', [{ city: 'Delft', fare: 1 }])
      expect(await rowsOf(again, 'SELECT * FROM rate ORDER BY id')).toEqual([
        { id: 1, r: '3.00' },
        { id: 2, r: '12345678901234567890.12' },
      ])
    }
    await using last = await open(directory)
    expect(await rowsOf(last, 'SELECT * FROM fares')).toEqual([
      { city: 'Delft', fares: 14.5 },
      { city: 'Leiden', fares: 2 },
    ])
    expect(await rowsOf(last, 'SELECT COUNT(*) AS n FROM trip')).toEqual([{ n: 4n }])
  })

  test('is open for one writer at a time', async () => {
    const first = await open(folder)
    await expect(open(folder)).rejects.toMatchObject({ code: 'locked' })
    await expect(open(folder, { thread: 'worker' })).rejects.toMatchObject({ code: 'locked' })
    await first.close()
    await (await open(folder)).close()
  })

  test('tells a print sink nothing again that it was told before', async () => {
    const lines: string[] = []
    const print = (text: string) => lines.push(text)
    const source = `CREATE STREAM s (x INT);
      CREATE TABLE p (x INT) WITH ('connector' = 'print');
      INSERT INTO p SELECT x FROM s; INSERT INTO s VALUES (1);`
    const first = await open(folder, { print })
    await first.execute(source)
    await first.query('SELECT * FROM s')
    await first.close()
    const again = await open(folder, { print })
    await again.execute('INSERT INTO s VALUES (2)')
    await again.query('SELECT * FROM s')
    await again.close()
    expect(lines).toEqual(['+I[1]\n', '+I[2]\n'])
  })

  test('that is damaged is not opened, and the message says where', async () => {
    const first = await open(folder)
    await first.execute(
      'CREATE STREAM s (x INT); INSERT INTO s VALUES (1); INSERT INTO s VALUES (2)',
    )
    await first.close()
    const [name] = readdirSync(join(folder, 'log'))
    const path = join(folder, 'log', name!)
    const bytes = readFileSync(path)
    bytes[4096 + 20]! ^= 1
    writeFileSync(path, bytes)
    await expect(open(folder)).rejects.toMatchObject({
      code: 'damaged',
      message: expect.stringMatching(/segment is damaged from byte 4096 to \d+$/),
    })
  })

  test('without a name is refused', async () => {
    await expect(open('')).rejects.toMatchObject({ code: 'invalid_option' })
  })
})

describe('a log that takes nothing more', () => {
  async function failing() {
    const disk = new SimulatedDisk(seededRandom(1))
    let salt = 0n
    const connectors = builtinConnectors(systemDisk, new Map())
    const place = {
      get disk() {
        return disk.mount()
      },
      salt: () => ++salt,
    }
    const options = { connectors, place }
    return { disk, database: await openEngine('/db', options), options }
  }

  test('refuses changes, and readers go on', async () => {
    const { disk, database, options } = await failing()
    await database.execute(
      'CREATE STREAM s (x INT); CREATE MATERIALIZED VIEW v AS SELECT SUM(x) AS x FROM s',
    )
    await database.execute('INSERT INTO s VALUES (1)')
    expect((await database.query('SELECT * FROM v')).rows).toEqual([[1n]])
    disk.chances = { ...noFaults, syncFault: 1 }
    await expect(database.execute('INSERT INTO s VALUES (2)')).rejects.toMatchObject({
      code: 'fenced',
    })
    disk.chances = noFaults
    await expect(database.append('s', [[3]])).rejects.toMatchObject({ code: 'fenced' })
    const notices: string[] = []
    const [result] = await database.execute('SELECT * FROM v', {
      onNotice: (text) => notices.push(text),
    })
    // What was not acknowledged shows where a cycle had taken it.
    expect([[[1n]], [[3n]]]).toContainEqual(result?.kind === 'rows' ? result.rows : null)
    expect(notices).toEqual([expect.stringContaining('the log takes nothing more')])
    await database.close()
    disk.crash()
    const again = await openEngine('/db', options)
    expect([[[1n]], [[3n]]]).toContainEqual((await again.query('SELECT * FROM v')).rows)
    await again.close()
  })

  test('a commit is given when it lasts, not before', async () => {
    const { disk, database } = await failing()
    await database.execute('CREATE STREAM s (x INT)')
    const commits = database
      .subscribe('SUBSCRIBE s WITH (SNAPSHOT = false)')
      [Symbol.asyncIterator]()
    const first = commits.next()
    await database.execute('INSERT INTO s VALUES (1)')
    expect((await first).value).toMatchObject({ rows: [[1]] })
    const second = commits.next()
    disk.stepsLeft = 1
    await expect(database.execute('INSERT INTO s VALUES (2)')).rejects.toMatchObject({
      code: 'fenced',
    })
    await expect(second).rejects.toMatchObject({ code: 'fenced', cause: expect.any(Crash) })
  })
})
