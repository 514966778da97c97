/** Interval joins: what no partner can come for is forgotten, so a long stream needs no more room than a short one. */
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'

test.each(['', 'left', 'right', 'semi', 'anti'])(
  'the state of a %s join stays bounded',
  async (kind) => {
    await using db = await open(':memory:')
    await db.execute(`
    create stream o (id int, ts timestamp(3), watermark for ts as ts - interval '5' second);
    create stream p (id int, ts timestamp(3), watermark for ts as ts - interval '5' second);
    create materialized view m as select count(*) as n from o ${kind} join p
      on o.id = p.id and p.ts between o.ts - interval '1' second and o.ts + interval '10' second`)
    const kept: number[] = []
    for (let round = 0; round < 12; round++) {
      const rows = Array.from({ length: 200 }, (_, n) => ({
        id: n % 20,
        ts: (round * 200 + n) * 250,
      }))
      await db.append('o', rows)
      await db.append('p', rows)
      await db.execute('flush')
      const lines = await db.query('explain analyze for materialized view m')
      const join = lines
        .map((line) => String(Object.values(line)[0]))
        .find((line) => /Join/.test(line))
      expect(join).toMatch(/interval -?00:00:\d+ to 00:00:\d+ {2}bucket per window/)
      kept.push(Number(/cells (\d+)/.exec(join!)![1]))
    }
    // Some 25 s of both sides, the right one twice: 4 rows a second.
    expect(Math.max(...kept)).toBeLessThan(600)
  },
)
