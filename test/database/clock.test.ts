/** The time of a row is that of the cycle that took it, also when the log is read again. */
import { expect, test } from 'vitest'
import { systemDisk, virtualClock } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import { open } from '../../src/database/index.ts'
import { Log } from '../../src/log/index.ts'

const noon = BigInt(Date.UTC(2026, 0, 1, 12)) * 1000n
const second = 1_000_000n

test('windows on PROCTIME() go by the recorded time of the cycles', async () => {
  const log = new Log()
  const clock = virtualClock(noon)
  const connectors = builtinConnectors(systemDisk)
  const settings = { log, cycles: 'manual' as const, connectors }
  const first = await open(':memory:', { ...settings, clock })
  await first.execute(`
    CREATE STREAM bid (bidder BIGINT);
    CREATE VIEW b AS SELECT bidder, PROCTIME() AS p_time FROM bid;
    CREATE MATERIALIZED VIEW counts AS
      SELECT bidder, count(*) AS n, EXTRACT(SECOND FROM window_start) AS s
      FROM TABLE(TUMBLE(TABLE b, DESCRIPTOR(p_time), INTERVAL '10' SECOND))
      GROUP BY bidder, window_start, window_end`)
  for (const bidder of [1, 1, 2]) {
    await first.append('bid', [{ bidder }])
    await first.execute('FLUSH')
    clock.advance(6n * second)
  }
  const counts = 'SELECT n, s, bidder FROM counts ORDER BY s, bidder'
  const due = [
    [2n, 0n, 1n],
    [1n, 10n, 2n],
  ]
  expect((await first.query(counts)).rows).toEqual(due)
  await first.close()

  const again = await open(':memory:', { ...settings, clock: virtualClock(noon * 2n) })
  expect((await again.query(counts)).rows).toEqual(due)
  await again.append('bid', [{ bidder: 1 }])
  expect((await again.query('SELECT count(*) FROM counts')).rows).toEqual([[3n]])
  await again.close()
})

test('a one-shot statement has one time', async () => {
  const clock = virtualClock(noon + 250_300n)
  const database = await open(':memory:', { clock })
  const { rows } = await database.query(
    `SELECT CAST(NOW() AS VARCHAR), CAST(PROCTIME() AS VARCHAR), CAST(LOCALTIMESTAMP AS VARCHAR),
      CURRENT_DATE, CURRENT_TIME, NOW() = CURRENT_TIMESTAMP`,
  )
  expect(rows.map((row) => row.map(String))).toMatchInlineSnapshot(`
    [
      [
        "2026-01-01 12:00:00.2503+00",
        "2026-01-01 12:00:00.25+00",
        "2026-01-01 12:00:00.2503",
        "20454",
        "43200250300",
        "true",
      ],
    ]
  `)
  await database.close()
})

test('a computed column has the time at which its row was appended', async () => {
  const log = new Log()
  const clock = virtualClock(noon)
  const settings = { log, cycles: 'manual' as const }
  const first = await open(':memory:', { ...settings, clock })
  await first.execute('CREATE STREAM bid (bidder BIGINT, p AS PROCTIME())')
  await first.append('bid', [{ bidder: 1 }, { bidder: 2 }])
  clock.advance(90n * second)
  await first.execute('INSERT INTO bid VALUES (3)')
  const counts = `SELECT count(*), EXTRACT(MINUTE FROM window_start)
    FROM TUMBLE(bid, p, INTERVAL '1' MINUTE) GROUP BY window_start ORDER BY 2`
  const due = [
    [2n, 0n],
    [1n, 1n],
  ]
  expect((await first.query(counts)).rows).toEqual(due)
  await first.close()
  const again = await open(':memory:', { ...settings, clock: virtualClock() })
  expect((await again.query(counts)).rows).toEqual(due)
  await again.close()
})

test('an external table has no time of its own', async () => {
  const database = await open(':memory:', { connectors: builtinConnectors(systemDisk) })
  const table = `CREATE TABLE t (a BIGINT, p AS PROCTIME())
    WITH ('connector' = 'filesystem', 'path' = 'nowhere.csv', 'format' = 'csv')`
  await expect(database.execute(table)).rejects.toThrow(
    'not supported yet: the time in a computed column of an external table',
  )
  await database.close()
})
