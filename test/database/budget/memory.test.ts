/**
 * The bytes that sys.memory counts of state on the host, beside those by which the heap grows.
 *
 * A fresh process per shape, the median of three growths. The heap grows by some bytes per row of the log's lists,
 * too; they lie within the tolerance.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { commitSeed } from '../../seed.ts'
import { sized } from '../../size.ts'

const shapes: Record<string, string> = {
  over: 'SELECT max(n) AS n FROM (SELECT sum(v) OVER (PARTITION BY v ORDER BY k) AS n FROM s)',
  'over, many partitions':
    'SELECT max(n) AS n FROM (SELECT sum(v) OVER (PARTITION BY k ORDER BY v) AS n FROM s)',
  'number of all rows':
    'SELECT max(n) AS n FROM (SELECT row_number() OVER (PARTITION BY v ORDER BY k) AS n FROM s)',
  rank: `SELECT count(*) AS n FROM (SELECT rank() OVER (PARTITION BY v ORDER BY k) AS r FROM s)
    WHERE r <= 1000000`,
  asof: 'SELECT count(*) AS n FROM s ASOF JOIN never b ON s.v = b.v AND s.k >= b.k',
  hold: "SELECT k, v, x FROM s EMIT EVERY INTERVAL '1' DAY",
  lifetime: "SELECT k, v, x FROM s WHERE mz_now() <= ts + INTERVAL '36500' DAY",
  session: `SELECT max(window_end) AS n FROM SESSION(s PARTITION BY v, ts, INTERVAL '1' HOUR)`,
  'sessions of many keys': `SELECT max(window_end) AS n
    FROM SESSION(s PARTITION BY k, ts, INTERVAL '1' HOUR)`,
  pattern: `SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY v ORDER BY ts MEASURES LAST(B.k) AS n
    PATTERN (A B+ C) DEFINE B AS B.k >= 0, C AS C.k < 0)`,
}

const child = new URL('used.ts', import.meta.url).pathname
const tolerance = 0.1

async function grownBy(query: string): Promise<{ used: number; counted: number }> {
  const rows = sized(20_000, 100_000)
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--expose-gc', child, query, String(rows)],
  ])
  const all: { used: number; counted: number }[] = JSON.parse(stdout)
  return all.sort((a, b) => a.used - b.used)[all.length >>> 1]!
}

describe('what is counted is what is used', () => {
  // A few of them with each commit: every one takes a dozen seconds.
  const from = commitSeed('memory')
  const all = Object.entries(shapes)
  const drawn = Array.from({ length: sized(1, 4) }, (_, at) => all[(from + at) % all.length]!)
  test.each(drawn)(
    '%s',
    async (_, query) => {
      const { used, counted } = await grownBy(query)
      expect(counted).toBeGreaterThan(used * (1 - tolerance))
      expect(counted).toBeLessThan(used * (1 + tolerance))
    },
    300_000,
  )
})
