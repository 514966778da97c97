/**
 * Checkpoint: the pause of a checkpoint of a gigabyte of cells that is written to meanwhile, and the cost of marking.
 *
 * How      1. A cuboid of counts and sums takes keys until its state is 1 GB. A first checkpoint takes all of it.
 *          2. One per cent of the cells changes, at random and side by side; each time a checkpoint follows, and 1,000
 *             more cells a millisecond change while it goes on. Blocks are copied to memory in place of a file.
 *          3. The same folds run in turns in an arena that keeps marks and in one that does not. Rounds alternate;
 *             the least time of each counts, since the machine only adds.
 */
import { Failure, type Random, seededRandom, systemClock } from '../base/index.ts'
import { Cuboid, type Measure } from '../cuboid/index.ts'
import { Arena, Checkpoint, type CheckpointReport, Kernels, type Vector } from '../kernel/index.ts'
import { type CaseResult, rounded } from './harness.ts'
import type { BenchOptions } from './index.ts'

const stateBytes = 1 << 30
const batchRows = 2048
const cellsPerMilli = 1000
const share = 0.01
/** Key, count, sum and what each cell has beside. */
const cellBytes = 48
const foldRows = 1_000_000
const foldRounds = 15

export async function benchCheckpoint(options: BenchOptions): Promise<CaseResult[]> {
  const cells = new Cells(new Kernels(new Arena({ marks: true }), 'wasm'), 'count-sum')
  options.progress('state of 1 GB')
  const most = options.rows ?? Number.POSITIVE_INFINITY
  while (cells.bytes < stateBytes && cells.count < most) {
    options.signal.throwIfAborted()
    const from = cells.count
    cells.fold(batchRows, (row) => from + row)
  }
  const results = [figure('state', 'MB', cells.bytes / 1e6), figure('cells', 'cells', cells.count)]
  options.progress('first checkpoint')
  results.push(
    ...report(
      'full',
      takeCheckpoint(cells, () => {}),
      cells.bytes,
    ),
  )
  const random = seededRandom(7)
  const changed = Math.ceil(cells.count * share)
  for (const name of ['random', 'contiguous'] as const) {
    options.progress(`${name} changes`)
    const { count } = cells
    let next = 0
    const key = name === 'random' ? () => random.below(count) : () => next++ % count
    cells.foldAll(changed, key)
    const taken = takeCheckpoint(cells, (rows) => cells.foldAll(rows, key))
    results.push(...report(name, taken, (changed + taken.more) * cellBytes))
  }
  for (const keys of [10_000, 100_000]) {
    for (const questions of ['count-sum', 'kernels'] as const) {
      options.signal.throwIfAborted()
      options.progress(`fold of ${questions} into ${keys} keys`)
      results.push(markingCost(questions, keys, options.rows ?? foldRows))
    }
  }
  return results
}

const bigint = { kind: 'bigint' } as const
const double = { kind: 'double' } as const

/** Aggregates of the state, and those that the benchmark of kernels asks for. */
const measures: Record<'count-sum' | 'kernels', Measure[]> = {
  'count-sum': [countMeasure(), measure('sum', bigint)],
  kernels: [countMeasure(), measure('sum', bigint), measure('sum', double), measure('max', bigint)],
}

function countMeasure(): Measure {
  return { function: 'count_star', argument: null, distinct: false, result: bigint, everyRow: true }
}

function measure(name: 'sum' | 'max', type: typeof bigint | typeof double): Measure {
  return { function: name, argument: type, distinct: false, result: type, everyRow: true }
}

/** A cuboid, and folds of chosen keys into it. */
class Cells {
  readonly #kernels: Kernels
  readonly #cuboid: Cuboid
  readonly #measures: Measure[]
  readonly #keys: number
  readonly #amounts: number
  readonly #prices: number
  readonly #positions: number

  constructor(kernels: Kernels, questions: 'count-sum' | 'kernels') {
    this.#kernels = kernels
    this.#measures = measures[questions]
    this.#cuboid = new Cuboid(kernels, {
      keys: [bigint],
      measures: this.#measures,
      retracts: false,
      changes: false,
      single: false,
    })
    const column = () => kernels.arena.allocateTransient(batchRows * 8)
    this.#keys = column()
    this.#amounts = column()
    this.#prices = column()
    this.#positions = column()
    const { arena } = kernels
    arena.views.i64.fill(0n, this.#keys >>> 3, (this.#keys >>> 3) + batchRows)
    arena.views.i64.fill(7n, this.#amounts >>> 3, (this.#amounts >>> 3) + batchRows)
    arena.views.f64.fill(12.34, this.#prices >>> 3, (this.#prices >>> 3) + batchRows)
    arena.views.f64.fill(1, this.#positions >>> 3, (this.#positions >>> 3) + batchRows)
  }

  get kernels(): Kernels {
    return this.#kernels
  }

  get bytes(): number {
    return this.#cuboid.stats().bytes
  }

  get count(): number {
    return this.#cuboid.stats().cells
  }

  /** Rows in batches. */
  foldAll(rows: number, key: (row: number) => number): void {
    for (let from = 0; from < rows; from += batchRows) {
      this.fold(Math.min(batchRows, rows - from), (row) => key(from + row))
    }
  }

  fold(rows: number, key: (row: number) => number): void {
    this.choose(rows, key)
    this.foldChosen(rows)
  }

  choose(rows: number, key: (row: number) => number): void {
    const { u32 } = this.#kernels.arena.views
    for (let row = 0; row < rows; row++) u32[(this.#keys >>> 2) + row * 2] = key(row)
  }

  foldChosen(rows: number): void {
    const vector = (data: number, physical: 'i64' | 'f64' = 'i64'): Vector => {
      return { physical, data, validity: 0, errors: null }
    }
    this.#cuboid.fold(0n, {
      rows,
      keys: [vector(this.#keys)],
      arguments: this.#measures.map(({ argument }) => {
        if (argument === null) return null
        return argument === double ? vector(this.#prices, 'f64') : vector(this.#amounts)
      }),
      filters: this.#measures.map(() => null),
      order: { major: this.#positions, middle: 0, minor: 0 },
      weights: 0,
    })
  }
}

interface Taken extends CheckpointReport {
  /** Cells changed meanwhile. */
  more: number
  totalMillis: number
}

/** `change` changes cells between the slices, at the rate of the benchmark. */
function takeCheckpoint(cells: Cells, change: (count: number) => void): Taken {
  const file = new Uint8Array(16 << 20).fill(1)
  let end = 0
  let length = 0
  const startedAt = systemClock.monotonicMillis()
  const checkpoint = new Checkpoint(cells.kernels, (numbers, bytes) => {
    if (end + bytes.length > file.length) end = 0
    file.set(bytes, end)
    end += bytes.length
    length += numbers.length
  })
  let more = 0
  while (!checkpoint.slice()) {
    const due = Math.floor((systemClock.monotonicMillis() - startedAt) * cellsPerMilli) - more
    change(due)
    more += due
  }
  const taken = checkpoint.finish()
  if (taken.blocks !== length) throw new Failure('bug', 'a checkpoint counts its blocks')
  return { ...taken, more, totalMillis: systemClock.monotonicMillis() - startedAt }
}

function report(name: string, taken: Taken, changedBytes: number): CaseResult[] {
  return [
    figure(`${name}-pause`, 'ms', taken.pauseMillis),
    figure(`${name}-total`, 'ms', taken.totalMillis),
    figure(`${name}-slices`, 'slices', taken.slices),
    figure(`${name}-slices-behind`, 'slices', taken.slicesBehind),
    figure(`${name}-longest-slice`, 'ms', taken.longestSliceMillis),
    figure(`${name}-passes`, 'passes', taken.passes),
    figure(`${name}-written`, 'MB', taken.bytes / 1e6),
    figure(`${name}-written-per-changed`, 'B/B', taken.bytes / changedBytes),
  ]
}

/** Nanoseconds per row with marks, and without as the peer. */
function markingCost(questions: 'count-sum' | 'kernels', keys: number, rows: number): CaseResult {
  const both = [true, false].map(
    (marks) => new Cells(new Kernels(new Arena({ marks }), 'wasm'), questions),
  )
  for (const cells of both) cells.foldAll(keys, (row) => row)
  const least = both.map(() => Number.POSITIVE_INFINITY)
  const batches = Math.ceil(rows / batchRows)
  for (let round = 0; round <= foldRounds; round++) {
    for (const [at, cells] of both.entries()) {
      const nanos = foldNanos(cells, batches, seededRandom(round), keys)
      if (round > 0) least[at] = Math.min(least[at]!, nanos)
    }
  }
  const [marked, unmarked] = least as [number, number]
  return {
    case: `${questions}-${keys}`,
    unit: 'ns/row',
    millrace: rounded(marked),
    peers: { unmarked: rounded(unmarked) },
    ratios: { unmarked: rounded(unmarked / marked) },
  }
}

/** Only the fold is timed, not the choice of keys. */
function foldNanos(cells: Cells, batches: number, random: Random, keys: number): number {
  let millis = 0
  for (let batch = 0; batch < batches; batch++) {
    cells.choose(batchRows, () => random.below(keys))
    const startedAt = systemClock.monotonicMillis()
    cells.foldChosen(batchRows)
    millis += systemClock.monotonicMillis() - startedAt
  }
  return (millis * 1e6) / (batches * batchRows)
}

function figure(name: string, unit: string, value: number): CaseResult {
  return { case: name, unit, millrace: rounded(value), peers: {}, ratios: {} }
}
