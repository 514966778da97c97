/**
 * Latency: how long a commit takes after its rows have come, at one million rows per second in cycles of one
 * millisecond.
 *
 * How      1. A live query counts, sums and takes the maximum of 100,000 keys in windows of ten seconds; one window
 *             closes in each run.
 *          2. Every millisecond, by the clock and not by when the last cycle was done, 1,000 rows are appended in
 *             columns; cycles form by themselves. The latency runs from the moment at which the rows were due to the
 *             end of the cycle that took them, so that waiting counts.
 *          3. Best of three runs by p99.9, beside an idle loop with the same timer, which shows what the machine
 *             itself adds.
 */
import { assert, systemClock } from '../base/index.ts'
import type { Batch, Column } from '../data/index.ts'
import { type DataShape, fieldsOf, makeBatch, makeColumns } from './data.ts'
import { type CaseResult, rounded } from './harness.ts'
import type { BenchOptions } from './index.ts'

const rowsPerCycle = 1000
const runs = 3
/** The first second warms the code up; a database in use has done that. */
const warmCycles = 1000

const points = [
  { name: 'p50', quantile: 0.5 },
  { name: 'p99', quantile: 0.99 },
  { name: 'p99.9', quantile: 0.999 },
  { name: 'max', quantile: 1 },
]

export async function benchLatency(options: BenchOptions): Promise<CaseResult[]> {
  const cycles = options.long ? 32_000 : 12_000
  const shape: DataShape = {
    rows: cycles * rowsPerCycle,
    spacing: 1,
    seeds: 0,
    keys: 100_000,
    nulls: false,
    key: 'bigint',
  }
  const batches = cycleBatches(shape)
  let best: number[] | null = null
  let idle: number[] | null = null
  for (let run = 0; run < runs; run++) {
    options.progress(`run ${run + 1} of ${runs}`)
    idle = lower(idle, await paced(cycles / 4, options.signal, async () => {}))
    best = lower(best, await liveRun(options, shape, batches))
  }
  return points.map(({ name, quantile }) => {
    const millrace = rounded(at(best!, quantile))
    const floor = rounded(at(idle!, quantile))
    // Smaller is better, so a ratio above 1 would mean faster than doing nothing.
    const ratio = rounded(floor / millrace)
    return { case: name, unit: 'ms', millrace, peers: { idle: floor }, ratios: { idle: ratio } }
  })
}

/** A batch per cycle, all of them parts of the same four columns. */
function cycleBatches(shape: DataShape): Batch[] {
  const whole = makeBatch(makeColumns(shape), shape, { from: 0, to: shape.rows })
  const batches: Batch[] = []
  for (let from = 0; from < shape.rows; from += rowsPerCycle) {
    const columns = whole.columns.map((column) => partOf(column, from, from + rowsPerCycle))
    batches.push({ schema: whole.schema, rows: rowsPerCycle, columns })
  }
  return batches
}

function partOf({ type, data, validity }: Column, from: number, to: number): Column {
  if (data.layout === 'i64') {
    return { type, data: { layout: 'i64', values: data.values.subarray(from, to) }, validity }
  }
  assert(data.layout === 'f64', 'the rows of this benchmark are numbers')
  return { type, data: { layout: 'f64', values: data.values.subarray(from, to) }, validity }
}

async function liveRun(
  options: BenchOptions,
  shape: DataShape,
  batches: readonly Batch[],
): Promise<number[]> {
  const database = await options.open()
  try {
    const columns = fieldsOf(shape).map(({ name, type }) => `${name} ${type.kind.toUpperCase()}`)
    await database.execute(`
      CREATE STREAM bid (${columns.join(', ')}, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND);
      CREATE TABLE done (key BIGINT, n BIGINT, total BIGINT, most BIGINT) WITH ('connector' = 'blackhole');
      INSERT INTO done SELECT key, COUNT(*), SUM(amount), MAX(amount)
        FROM TUMBLE(bid, ts, INTERVAL '10' SECOND)
        GROUP BY key, window_start, window_end EMIT ON WINDOW CLOSE`)
    const measured = await paced(batches.length, options.signal, async (cycle) => {
      await database.append('bid', batches[cycle]!)
      await database.settled()
    })
    return measured.slice(warmCycles)
  } finally {
    await database.close()
  }
}

/** Calls `work` once per millisecond of the clock; milliseconds from when each call was due to its end. */
async function paced(
  cycles: number,
  signal: AbortSignal,
  work: (cycle: number) => Promise<void>,
): Promise<number[]> {
  const latencies: number[] = []
  const startedAt = systemClock.monotonicMillis() + 1
  for (let cycle = 0; cycle < cycles; cycle++) {
    signal.throwIfAborted()
    const due = startedAt + cycle
    // A timer is too coarse for a millisecond; the loop turns until the moment has come.
    while (systemClock.monotonicMillis() < due) await systemClock.yield()
    await work(cycle)
    latencies.push(systemClock.monotonicMillis() - due)
  }
  return latencies
}

function at(latencies: readonly number[], quantile: number): number {
  const sorted = [...latencies].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))]!
}

function lower(best: number[] | null, next: number[]): number[] {
  return best === null || at(next, 0.999) < at(best, 0.999) ? next : best
}
