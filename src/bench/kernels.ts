/**
 * Kernels: what one core does with columns that are in memory: filter and projection, aggregation in windows, joins.
 *
 * How      Millrace runs a live query over the retained rows of a stream, from SQL text, on one thread. The peers
 *          answer the same question over the same rows: DuckDB (one thread), a C loop, and for the plain cases row
 *          objects with a Map, and RxJS. The first case is the start of a fresh process: its first million rows, and
 *          its second.
 * Cost     less than 3 minutes for all cases with 1.5 million rows; `--long` takes 20 million and leaves the objects
 *          out.
 */
import { systemClock } from '../base/index.ts'
import type { Batch } from '../data/index.ts'
import { type Columns, type DataShape, makeBatch, makeColumns } from './data.ts'
import { type CaseResult, compare, median, rates, rounded, type Subject } from './harness.ts'
import type { BenchOptions } from './index.ts'
import { batchRows, LiveQuestion } from './millrace.ts'
import { objectsSubject, rxjsSubject } from './objects.ts'
import { compileLoop, duckdbSubject, loopSubject, type PeerInput } from './peers.ts'
import type { Question } from './question.ts'

const rounds = 5
const warmUp = 'warm-up'

interface KernelCase {
  name: string
  question: Question
  keys: number
  nulls: boolean
  key: 'bigint' | 'varchar'
  /** Are the slow peers, objects and RxJS, asked too? */
  objects: boolean
}

function kernelCases(): KernelCase[] {
  const plain: Omit<KernelCase, 'nulls' | 'key' | 'objects'>[] = [
    { name: 'filter-project', question: 'filter-project', keys: 100_000 },
    { name: 'window-10k', question: 'window', keys: 10_000 },
    { name: 'window-100k', question: 'window', keys: 100_000 },
    { name: 'window-1m', question: 'window', keys: 1_000_000 },
    { name: 'window-single', question: 'single', keys: 100_000 },
    { name: 'join', question: 'join', keys: 1_000_000 },
  ]
  const varchar: Omit<KernelCase, 'nulls' | 'key' | 'objects'>[] = [
    { name: 'window-varchar-1k', question: 'window', keys: 1_000 },
    { name: 'window-varchar-100k', question: 'window', keys: 100_000 },
    { name: 'window-varchar-1m', question: 'window', keys: 1_000_000 },
    { name: 'join-varchar', question: 'join', keys: 1_000_000 },
  ]
  return [
    ...plain.map((one) => ({
      ...one,
      nulls: false,
      key: 'bigint' as const,
      objects: one.question !== 'join',
    })),
    ...plain.map((one) => ({
      ...one,
      name: `${one.name}-null`,
      nulls: true,
      key: 'bigint' as const,
      objects: false,
    })),
    ...varchar.map((one) => ({ ...one, nulls: false, key: 'varchar' as const, objects: false })),
  ]
}

export async function benchKernels(options: BenchOptions): Promise<CaseResult[]> {
  const cases = kernelCases().filter(
    ({ name }) => options.only === undefined || name === options.only,
  )
  const loop = compileLoop()
  if ('missing' in loop) options.notice(`c is left out: ${loop.missing} is missing`)
  const results: CaseResult[] = []
  // It comes first: later nothing is cold any more.
  if (options.only === undefined || options.only === warmUp)
    results.push(await benchWarmUp(options))
  for (const one of cases) {
    const rows = options.rows ?? (options.long ? 20_000_000 : 1_500_000)
    const { keys, nulls, key, question } = one
    const bid: DataShape = { rows, spacing: 10, seeds: 0, keys, nulls, key }
    const ask =
      question === 'join' ? { ...bid, rows: Math.floor(rows / 3), spacing: 30, seeds: 100 } : null
    const input: PeerInput = { question, bid, ask }
    let made: Columns | null = null
    const columns = () => (made ??= makeColumns(bid))
    const subjects: Subject[] = [await millraceSubject(options, input)]
    const add = (name: string, subject: Subject | null) => {
      if (subject !== null) subjects.push(subject)
      else options.notice(`${name} is left out: it is not installed`)
    }
    add('duckdb', await duckdbSubject(input))
    const inC = 'program' in loop ? loopSubject(loop.program, input) : null
    if (inC !== null) subjects.push(inC)
    if (one.objects && !options.long) {
      subjects.push(objectsSubject(question, columns))
      add('rxjs', await rxjsSubject(question, columns))
    }
    options.progress(one.name)
    let firstMillis = Number.POSITIVE_INFINITY
    const millis = await compare(subjects, {
      rounds,
      signal: options.signal,
      first: (name, took) => {
        if (name === 'millrace') firstMillis = took
      },
    })
    const names = subjects.map(({ name }) => name)
    const events = rows + (ask?.rows ?? 0)
    const rate = (took: number) => rounded(events / took / 1000)
    options.progress(
      `${one.name}: first round ${rate(firstMillis)} M/s, then ${rate(millis[0]!)} M/s`,
    )
    results.push(rates(one.name, { subjects: names, millis, events, unit: 'events/s' }))
  }
  return results
}

/** How fast the first and the second million rows of a fresh query are, beside those that follow. */
async function benchWarmUp(options: BenchOptions): Promise<CaseResult> {
  const million = 1_000_000
  const parts = 7
  const shape: DataShape = {
    rows: parts * million,
    spacing: 10,
    seeds: 0,
    keys: 10_000,
    nulls: false,
    key: 'bigint',
  }
  options.progress(warmUp)
  const question = await LiveQuestion.open(options, 'window', shape.key)
  try {
    await question.fill([{ name: 'bid', shape: { ...shape, rows: 0 } }])
    const columns = makeColumns(shape)
    const perSecond: number[] = []
    for (let part = 0; part < parts; part++) {
      options.signal.throwIfAborted()
      const batches = batchesOf(columns, shape, { from: part * million, to: (part + 1) * million })
      const startedAt = systemClock.monotonicMillis()
      if (part === 0) await question.start()
      for (const batch of batches) await question.append('bid', batch)
      await question.flush()
      perSecond.push((million / (systemClock.monotonicMillis() - startedAt)) * 1000)
    }
    const [first, second] = perSecond as [number, number]
    const steady = median(perSecond.slice(2))
    return {
      case: warmUp,
      unit: 'events/s',
      millrace: Math.round(second),
      peers: { first: Math.round(first), steady: Math.round(steady) },
      ratios: { first: rounded(second / first), steady: rounded(second / steady) },
    }
  } finally {
    await question.close()
  }
}

function batchesOf(
  columns: Columns,
  shape: DataShape,
  range: { from: number; to: number },
): Batch[] {
  const batches: Batch[] = []
  for (let from = range.from; from < range.to; from += batchRows) {
    batches.push(makeBatch(columns, shape, { from, to: Math.min(from + batchRows, range.to) }))
  }
  return batches
}

export async function millraceSubject(
  options: Pick<BenchOptions, 'open'>,
  { question, bid, ask }: PeerInput,
): Promise<Subject> {
  const live = await LiveQuestion.open(options, question, bid.key)
  const streams = [{ name: 'bid', shape: bid }]
  if (ask !== null) streams.push({ name: 'ask', shape: ask })
  return live.subject(() => live.fill(streams))
}
