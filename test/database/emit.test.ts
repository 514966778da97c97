/**
 * Emission while nobody asks: what waits for the clock is told by a timer.
 */
import { expect, test } from 'vitest'
import { virtualClock } from '../../src/base/index.ts'
import { open } from '../../src/database/index.ts'

const second = 1_000_000n

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('EMIT EVERY tells at its tick, WITH BATCH after its wait, TIMEOUT after a silence', async () => {
  const clock = virtualClock(1_000n * second)
  await using db = await open(':memory:', { clock })
  await db.execute('CREATE STREAM s (at TIMESTAMP(3), v INT, WATERMARK FOR at IDLE NEVER)')
  const follow = async (sql: string) => {
    const [result] = await db.execute(sql)
    if (result?.kind !== 'changes') throw new Error('a continuous query gives changes')
    return result.commits[Symbol.asyncIterator]()
  }
  const every = await follow(`SELECT sum(v) AS n FROM s EMIT EVERY INTERVAL '10' SECOND`)
  const batch = await follow(`SELECT v FROM s EMIT ON UPDATE WITH BATCH INTERVAL '4' SECOND`)
  const closes =
    await follow(`SELECT window_start, count(*) AS n FROM TUMBLE(s, at, INTERVAL '10' SECOND)
    GROUP BY window_start, window_end
    EMIT ON WINDOW CLOSE WITH DELAY INTERVAL '1' SECOND AND TIMEOUT INTERVAL '6' SECOND`)
  await db.append('s', [
    { at: 1_000, v: 1 },
    { at: 2_000, v: 2 },
  ])
  await turns(20)
  const told = [every, batch, closes].map((commits) => commits.next())
  const done: string[] = []
  const names = ['every', 'batch', 'closes']
  told.forEach((one, at) => void one.then(() => done.push(names[at]!)))
  const after: string[][] = []
  for (let passed = 0; passed < 10; passed += 2) {
    clock.advance(2n * second)
    await turns(20)
    after.push([...done])
  }
  expect(after).toEqual([
    [],
    ['batch'],
    ['batch', 'closes'],
    ['batch', 'closes'],
    ['batch', 'closes', 'every'],
  ])
  const values = (await Promise.all(told)).map(({ value }) => value.rows)
  expect(values[0]).toEqual([[3n]])
  expect(values[1]).toEqual([[1], [2]])
  expect(values[2]).toEqual([[0n, 2n]])
})
