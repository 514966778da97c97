/**
 * Memory: bytes of state per key of a count, sum and maximum, and the longest pause while a table grows.
 *
 * How      1. New keys come to a live query, and SHOW QUERIES tells its bytes of state each time the keys have grown
 *             by 3 %: the mean over four doublings is the average, the greatest is what a doubling leaves.
 *          2. `beside` is without the key (8 B) and the accumulators: a count of 8 B, a sum of 128 bits that cannot
 *             overflow, a maximum of 8 B. The peer is a Map of objects, by the growth of the heap.
 *          3. The pause is the longest of all cycles while new keys come, 1,000 at a time, up to a million keys; the
 *             peer inserts the same keys into a Map. Best of three runs, since the machine adds pauses of its own.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemClock } from '../base/index.ts'
import type { Batch } from '../data/index.ts'
import type { Database } from '../database/index.ts'
import { type Columns, type DataShape, fieldsOf, makeBatch, makeColumns } from './data.ts'
import { type CaseResult, rounded } from './harness.ts'
import type { BenchOptions } from './index.ts'

const pauseRows = 1000
const runs = 3
/** Of one key, and of count, sum and maximum. */
const keyBytes = 8
const accumulatorBytes = 8 + 16 + 8

export async function benchMemory(options: BenchOptions): Promise<CaseResult[]> {
  const keys = options.rows ?? 1 << 20
  options.progress(`${keys} keys`)
  const samples = await bytesPerKey(options, keys)
  const average = samples.reduce((sum, bytes) => sum + bytes, 0) / samples.length
  const greatest = Math.max(...samples)
  const objects = objectBytesPerKey(keys)
  const payload = keyBytes + accumulatorBytes
  let [pause, objectPause] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let run = 0; run < runs; run++) {
    options.progress(`growth, run ${run + 1} of ${runs}`)
    pause = Math.min(pause, await growthPause(options))
    objectPause = Math.min(objectPause, objectGrowthPause())
  }
  return [
    besideObjects('bytes-per-key', 'B', average, objects),
    besideObjects('beside-average', 'B', average - payload, objects - payload),
    besideObjects('beside-after-doubling', 'B', greatest - payload, objects - payload),
    besideObjects('growth-pause', 'ms', pause, objectPause),
  ]
}

/** Smaller is better. */
function besideObjects(name: string, unit: string, millrace: number, objects: number): CaseResult {
  const ratios = { objects: rounded(objects / millrace) }
  return {
    case: name,
    unit,
    millrace: rounded(millrace),
    peers: { objects: rounded(objects) },
    ratios,
  }
}

function shapeOf(keys: number): DataShape {
  return { rows: keys, spacing: 10, seeds: 0, keys, nulls: false, key: 'bigint' }
}

/** Every key once. */
function distinctColumns(keys: number): Columns {
  const columns = makeColumns(shapeOf(keys))
  for (let at = 0; at < keys; at++) columns.key[at] = at
  return columns
}

/** A stream and a live query with a cell per key. */
async function startQuery(database: Database, shape: DataShape): Promise<void> {
  const columns = fieldsOf(shape).map(
    ({ name, type }) => `${name} ${type.kind.toUpperCase()} NOT NULL`,
  )
  await database.execute(`
    CREATE STREAM bid (${columns.join(', ')});
    CREATE TABLE done (key BIGINT, n BIGINT, total BIGINT, most BIGINT) WITH ('connector' = 'blackhole');
    INSERT INTO done SELECT key, COUNT(*), SUM(amount), MAX(amount) FROM bid GROUP BY key EMIT CHANGES`)
}

/** Bytes per key at each size that is 3 % above the one before. */
async function bytesPerKey(options: BenchOptions, keys: number): Promise<number[]> {
  const database = await options.open()
  try {
    const shape = shapeOf(keys)
    await startQuery(database, shape)
    const columns = distinctColumns(keys)
    const samples: number[] = []
    for (let from = 0; from < keys; ) {
      options.signal.throwIfAborted()
      const to = Math.min(Math.max(65_536, Math.ceil(from * 1.03)), keys)
      await database.append('bid', makeBatch(columns, shape, { from, to }))
      await database.settled()
      const { fields, rows } = await database.query('SHOW QUERIES')
      const place = fields.findIndex(({ name }) => name === 'state_bytes')
      samples.push(Number(rows[0]?.[place]) / to)
      from = to
    }
    return samples
  } finally {
    await database.close()
  }
}

interface Group {
  count: number
  sum: number
  most: number
}

/** Bytes of the heap for a Map from key to group, after a collection before and one after. */
function objectBytesPerKey(keys: number): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  const before = process.memoryUsage().heapUsed
  const groups = new Map<number, Group>()
  for (let key = 0; key < keys; key++)
    groups.set(key * 1_000_003, { count: 1, sum: key + 0.5, most: key })
  collect()
  const bytes = process.memoryUsage().heapUsed - before
  return bytes / groups.size
}

async function growthPause(options: BenchOptions): Promise<number> {
  const keys = options.rows ?? 1_000_000
  const database = await options.open()
  try {
    const shape = shapeOf(keys)
    await startQuery(database, shape)
    const columns = distinctColumns(keys)
    const batches: Batch[] = []
    for (let from = 0; from < keys; from += pauseRows) {
      batches.push(makeBatch(columns, shape, { from, to: Math.min(from + pauseRows, keys) }))
    }
    let longest = 0
    for (const [at, batch] of batches.entries()) {
      options.signal.throwIfAborted()
      const startedAt = systemClock.monotonicMillis()
      await database.append('bid', batch)
      await database.settled()
      // The first cycles compile kernels; they are not growth.
      if (at >= 20) longest = Math.max(longest, systemClock.monotonicMillis() - startedAt)
    }
    return longest
  } finally {
    await database.close()
  }
}

function objectGrowthPause(): number {
  const groups = new Map<number, Group>()
  let longest = 0
  for (let from = 0; from < 1_000_000; from += pauseRows) {
    const startedAt = systemClock.monotonicMillis()
    for (let key = from; key < from + pauseRows; key++) {
      groups.set(key * 1_000_003, { count: 1, sum: key + 0.5, most: key })
    }
    longest = Math.max(longest, systemClock.monotonicMillis() - startedAt)
  }
  return longest
}
