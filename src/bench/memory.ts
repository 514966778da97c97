/**
 * Memory: bytes of state per key of a count, sum and maximum, and the longest pause while a table grows.
 *
 * How      1. Bytes are what EXPLAIN ANALYZE tells of the aggregate, divided by its cells: the key of 8 B and the
 *             accumulators are part of it. The peer is a Map of objects, by the growth of the heap.
 *          2. The pause is the longest of all flushes while new keys come, 1,000 at a time, up to a million keys; the
 *             peer inserts the same keys into a Map. Best of three runs, since the machine adds pauses of its own.
 */
import { Failure, systemClock } from '../base/index.ts'
import type { Batch } from '../data/index.ts'
import type { Database } from '../database/index.ts'
import { type Columns, type DataShape, fieldsOf, makeBatch, makeColumns } from './data.ts'
import { type CaseResult, rounded } from './harness.ts'
import type { BenchOptions } from './index.ts'

const batchRows = 50_000
const pauseRows = 1000
const runs = 3

export async function benchMemory(options: BenchOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  // 2^20 + 2^14 keys are just after a doubling of a table that grows by powers of two.
  for (const keys of [100_000, 1_000_000, (1 << 20) + (1 << 14)]) {
    options.signal.throwIfAborted()
    options.progress(`${keys} keys`)
    const millrace = rounded(await bytesPerKey(options, keys))
    const objects = rounded(objectBytesPerKey(keys))
    results.push({
      case: `bytes-per-key-${keys}`,
      unit: 'B',
      millrace,
      peers: { objects },
      ratios: { objects: rounded(objects / millrace) },
    })
  }
  let [pause, objectPause] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let run = 0; run < runs; run++) {
    options.progress(`growth, run ${run + 1} of ${runs}`)
    pause = Math.min(pause, await growthPause(options))
    objectPause = Math.min(objectPause, objectGrowthPause())
  }
  const millrace = rounded(pause)
  const objects = rounded(objectPause)
  const ratios = { objects: rounded(objects / millrace) }
  return [...results, { case: 'growth-pause', unit: 'ms', millrace, peers: { objects }, ratios }]
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

async function makeStream(database: Database, shape: DataShape): Promise<void> {
  const columns = fieldsOf(shape).map(({ name, type }) => `${name} ${type.kind.toUpperCase()}`)
  await database.execute(`CREATE STREAM bid (${columns.join(', ')})`)
}

async function bytesPerKey(options: BenchOptions, keys: number): Promise<number> {
  const database = await options.open()
  try {
    const shape = shapeOf(keys)
    await makeStream(database, shape)
    const columns = distinctColumns(keys)
    for (let from = 0; from < keys; from += batchRows) {
      const to = Math.min(from + batchRows, keys)
      await database.append('bid', makeBatch(columns, shape, { from, to }))
    }
    const { rows } = await database.query(
      'EXPLAIN ANALYZE SELECT key, COUNT(*) AS n, SUM(amount) AS total, MAX(amount) AS most FROM bid GROUP BY key',
    )
    const found = /cells (\d+), state (\d+) B/.exec(rows.map(([line]) => line).join('\n'))
    if (found === null) throw new Failure('bug', 'EXPLAIN ANALYZE tells cells and bytes')
    return Number(found[2]) / Number(found[1])
  } finally {
    await database.close()
  }
}

interface Group {
  count: number
  sum: number
  most: number
}

/** Bytes of the heap for a Map from key to group; a collection before and after where Node offers one. */
function objectBytesPerKey(keys: number): number {
  const collect = (globalThis as { gc?: () => void }).gc
  collect?.()
  const before = process.memoryUsage().heapUsed
  const groups = new Map<number, Group>()
  for (let key = 0; key < keys; key++)
    groups.set(key * 1_000_003, { count: 1, sum: key + 0.5, most: key })
  collect?.()
  const bytes = process.memoryUsage().heapUsed - before
  return bytes / groups.size
}

async function growthPause(options: BenchOptions): Promise<number> {
  const keys = options.rows ?? 1_000_000
  const database = await options.open()
  try {
    const shape = shapeOf(keys)
    await makeStream(database, shape)
    await database.execute(`
      CREATE TABLE done (key BIGINT, n BIGINT, total BIGINT, most BIGINT) WITH ('connector' = 'blackhole');
      INSERT INTO done SELECT key, COUNT(*), SUM(amount), MAX(amount) FROM bid GROUP BY key EMIT CHANGES`)
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
      await database.execute('FLUSH')
      // The first flushes compile kernels; they are not growth.
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
