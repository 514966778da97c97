/**
 * Watermarks in all small cases: every sequence of a few rows and pauses over two partitions, on the engine and on the
 * definition, written down row by row; and the parts of the public surface that tell of watermarks.
 */
import { expect, test } from 'vitest'
import { virtualClock } from '../../src/base/index.ts'
import { type Database, open } from '../../src/database/index.ts'

/** A row of a partition at a second, or a pause in which what had no row before falls asleep. */
type Event = { partition: number; at: number } | 'pause'

/** Windows are [0, 2), [2, 4) …; the watermark trails by one second, the unit is a second. */
const size = 2
const delay = 1

interface Answer {
  finals: string[]
  late: string[]
}

/** What the laws say, looked up anew for every row. */
function define(events: readonly Event[]): Answer {
  const greatest = new Map<number, number>()
  const awake = new Set<number>()
  const counts = new Map<number, number>()
  const answer: Answer = { finals: [], late: [] }
  let watermark = -Infinity
  let since = new Set<number>()
  const close = () => {
    const marks = [...awake].map((partition) => greatest.get(partition)! - delay)
    if (marks.length > 0) watermark = Math.max(watermark, Math.min(...marks))
    for (const end of [...counts.keys()].sort((a, b) => a - b)) {
      if (watermark < end - 1) continue
      answer.finals.push(`${end}:${counts.get(end)}`)
      counts.delete(end)
    }
  }
  for (const event of events) {
    if (event === 'pause') {
      for (const partition of [...awake]) if (!since.has(partition)) awake.delete(partition)
      since = new Set()
      close()
      continue
    }
    const { partition, at } = event
    const end = Math.floor(at / size) * size + size
    if (watermark >= end - 1) answer.late.push(`${partition}:${at}`)
    else counts.set(end, (counts.get(end) ?? 0) + 1)
    awake.add(partition)
    since.add(partition)
    greatest.set(partition, Math.max(at, greatest.get(partition) ?? -Infinity))
    close()
  }
  return answer
}

type Clock = ReturnType<typeof virtualClock>

/** The same of a database; a pause is half of the time-out, so that two make a partition sleep. */
async function run(database: Database, clock: Clock, events: readonly Event[]): Promise<Answer> {
  await database.execute(`
    CREATE STREAM s (k INT, ts TIMESTAMP(0),
      WATERMARK FOR ts AS ts - INTERVAL '1' SECOND IDLE TIMEOUT INTERVAL '2' SECOND LATE ROWS TO late)
      PARTITION BY (k);
    CREATE MATERIALIZED VIEW n AS SELECT window_end, count(*) AS n
      FROM TUMBLE(s, ts, INTERVAL '2' SECOND) GROUP BY window_end EMIT ON WINDOW CLOSE`)
  for (const event of events) {
    if (event === 'pause') {
      clock.advance(1_000_000n)
      await database.execute('FLUSH')
    } else await database.append('s', [{ k: event.partition, ts: event.at * 1000 }])
  }
  const { rows } = await database.query('SELECT EXTRACT(SECOND FROM window_end), n FROM n')
  const late = await database.query('SELECT k, EXTRACT(SECOND FROM ts) FROM late')
  await database.execute('DROP MATERIALIZED VIEW n; DROP STREAM s; DROP STREAM late')
  return {
    finals: rows.map(([end, n]) => `${end}:${n}`),
    late: late.rows.map(([k, at]) => `${k}:${at}`),
  }
}

const alphabet: readonly Event[] = [
  { partition: 0, at: 0 },
  { partition: 0, at: 3 },
  { partition: 1, at: 2 },
  { partition: 1, at: 5 },
  'pause',
]

function* sequences(length: number): Generator<Event[]> {
  if (length === 0) {
    yield []
    return
  }
  for (const rest of sequences(length - 1)) for (const event of alphabet) yield [...rest, event]
}

const cases = [
  { length: 3, vectorSize: 1 },
  { length: 4, vectorSize: 1024 },
]

test.each(cases)('all sequences of $length events', async ({ length, vectorSize }) => {
  const clock = virtualClock()
  await using database = await open(':memory:', { clock, cycles: 'manual', vectorSize })
  for (const events of sequences(length)) {
    // At the end partition 0 moves, so that more windows close.
    const all: Event[] = [...events, { partition: 0, at: 4 }]
    expect(await run(database, clock, all), JSON.stringify(all)).toEqual(define(all))
  }
})
