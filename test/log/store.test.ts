/** Store: memory that it takes, and what it gives back after a restart. */
import { expect, test } from 'vitest'
import { seededRandom, virtualClock } from '../../src/base/index.ts'
import { batchOf, rowsOf, type Schema } from '../../src/data/index.ts'
import { Log, Store } from '../../src/log/index.ts'
import { SimulatedDisk } from '../sim/disk.ts'

const schema: Schema = { fields: [{ name: 'x', type: { kind: 'bigint' }, nullable: false }] }
const rows = (from: number, count: number) =>
  batchOf(
    schema,
    Array.from({ length: count }, (_, at) => [BigInt(from + at)]),
  )

function place(more: object = {}) {
  const disk = new SimulatedDisk(seededRandom(7))
  let salt = 0n
  const world = { disk: disk.mount(), clock: virtualClock(), salt: () => ++salt }
  return { directory: '/db', ...world, ...more }
}

test('rows that the cache has no room for are read from the disk', async () => {
  const log = new Log({
    journal: await Store.open(place({ cacheBytes: 3000, segmentBytes: 20_000 })),
  })
  log.createStream('s', schema)
  for (let at = 0; at < 50; at++) {
    log.append('s', rows(100 * at, 100), { nowMicros: 1 })
    await log.durable()
  }
  const all = log.framesOf('s').flatMap(({ batch }) => rowsOf(batch))
  expect(all).toEqual(Array.from({ length: 5000 }, (_, at) => [BigInt(at)]))
  expect(log.bytes).toBe(0)
})

test('who appends faster than the device takes is asked to wait', async () => {
  const store = await Store.open(place({ pendingBytes: 10_000 }))
  const log = new Log({ journal: store })
  log.createStream('s', schema)
  expect(log.room()).toBeNull()
  for (let at = 0; at < 20; at++) log.append('s', rows(0, 100), { nowMicros: 1 })
  const room = log.room()
  expect(room).not.toBeNull()
  await room
  expect(log.room()).toBeNull()
  await store.close()
})

test('a stream that changes its columns has both kinds of rows after a restart', async () => {
  const options = place()
  const wider: Schema = {
    fields: [...schema.fields, { name: 'y', type: { kind: 'varchar' }, nullable: true }],
  }
  const store = await Store.open(options)
  const first = new Log({ journal: store })
  first.createStream('s', schema)
  first.append('s', rows(0, 2), { nowMicros: 1 })
  first.alterStream('s', 's', wider, (batch) =>
    batchOf(
      wider,
      rowsOf(batch).map((row) => [...row, 'new']),
    ),
  )
  first.append('s', batchOf(wider, [[9n, 'z']]), { nowMicros: 2 })
  await store.close()
  const again = new Log({ journal: await Store.open(options) })
  const found = again.frames.flatMap((frame) =>
    frame.kind === 'data' ? [rowsOf(frame.batch)] : [],
  )
  expect(found).toEqual([[[0n], [1n]], [[9n, 'z']]])
})
