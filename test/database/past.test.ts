/** AS OF: what it tells of the past is what a subscription of that time was told, for random changes. */
import { expect, test } from 'vitest'
import { type Random, seededRandom, virtualClock } from '../../src/base/index.ts'
import { Database, type RawCommit } from '../../src/database/index.ts'
import { sized } from '../size.ts'

const setup = `
  CREATE STREAM s (k INT, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '3' SECOND);
  CREATE TABLE t (k INT PRIMARY KEY, name VARCHAR);
  CREATE MATERIALIZED VIEW sums AS SELECT k, sum(v) AS total, count(*) AS n FROM s GROUP BY k;
  CREATE MATERIALIZED VIEW closed AS SELECT window_start, k, count(*) AS n
    FROM TUMBLE(s, ts, INTERVAL '10' SECOND) GROUP BY window_start, window_end, k EMIT ON WINDOW CLOSE;
  CREATE MATERIALIZED VIEW best AS SELECT max(total) AS best FROM sums`

const followed = [
  's',
  't',
  'sums',
  'closed',
  'best',
  '(SELECT s.k, v, name FROM s LEFT JOIN t ON s.k = t.k)',
  '(SELECT name, total FROM t JOIN sums ON t.k = sums.k)',
  '(SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) AS r FROM s) WHERE r <= 2)',
]

function change(random: Random): string {
  const k = 1 + random.below(4)
  const roll = random.below(10)
  if (roll < 4) {
    const second = random.below(60)
    const text = `2026-01-01 00:00:${String(second).padStart(2, '0')}`
    return `INSERT INTO s VALUES (${k}, ${random.below(9)}, TIMESTAMP '${text}'), (${k}, 1, TIMESTAMP '${text}')`
  }
  if (roll < 6)
    return `INSERT INTO t VALUES (${k}, 'n${random.below(3)}') ON CONFLICT (k) DO UPDATE`
  if (roll < 7) return `DELETE FROM t WHERE k = ${k}`
  if (roll < 8) return `UPDATE t SET name = 'u${random.below(3)}' WHERE k <= ${k}`
  return 'FLUSH'
}

async function commitsOf(database: Database, sql: string): Promise<() => Promise<RawCommit[]>> {
  const [result] = await database.execute(sql)
  if (result?.kind !== 'changes') throw new Error('a subscription gives changes')
  return async () => {
    const commits: RawCommit[] = []
    for await (const commit of result.commits) commits.push(commit)
    return commits
  }
}

const told = ({ cycle, offset, rows, ops }: RawCommit) => ({ cycle, offset, rows, ops })

/** Rows of commits, added up. */
function sum(commits: readonly RawCommit[]): string[] {
  const counts = new Map<string, number>()
  for (const { rows, ops } of commits) {
    rows.forEach((row, at) => {
      const key = row.map(String).join('|')
      const weight = ops[at] === '+I' || ops[at] === '+U' ? 1 : -1
      counts.set(key, (counts.get(key) ?? 0) + weight)
    })
  }
  return [...counts].flatMap(([key, count]) => (count === 0 ? [] : [`${key} ${count}`])).sort()
}

test('AS OF tells what was told, from any commit on', async () => {
  for (let seed = 0; seed < sized(6, 60); seed++) {
    const random = seededRandom(seed)
    const clock = virtualClock(1_767_225_600_000_000n)
    const database = new Database({ cycles: 'manual', connectors: new Map(), clock })
    await database.execute(setup)
    const live = await Promise.all(followed.map((one) => commitsOf(database, `SUBSCRIBE ${one}`)))
    for (let step = 0; step < 25; step++) {
      clock.advance(1_000_000n)
      await database.execute(change(random))
    }
    await database.execute('FLUSH')
    const end = database.log.position
    const asked: { at: number; from: number; read: () => Promise<RawCommit[]> }[] = []
    for (const [at, one] of followed.entries()) {
      const from = random.below(end + 1)
      const read = await commitsOf(
        database,
        `SUBSCRIBE ${one} AS OF OFFSET ${from} UP TO OFFSET ${end}`,
      )
      asked.push({ at, from, read })
    }
    await database.close()
    const all = await Promise.all(live.map((read) => read()))
    for (const { at, from, read } of asked) {
      const place = `seed ${seed}, ${followed[at]} from ${from}`
      const commits = await read()
      const later = commits.filter(({ offset, snapshot }) => !snapshot && offset > from)
      const due = all[at]!.filter(({ offset }) => offset > from)
      // A position inside of a cycle parts what it told: there the sums count.
      const isBetween = !database.log.frames.some(
        (one) => one.kind === 'cycle' && one.position === from,
      )
      if (!isBetween) expect(later.map(told), place).toEqual(due.map(told))
      expect(sum(commits), place).toEqual(sum(all[at]!))
    }
  }
})
