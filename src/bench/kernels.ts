/**
 * Kernels: what one core does with columns that are in memory: filter and projection, aggregation in windows, joins.
 *
 * How      Millrace reads the retained rows of a stream, from SQL text, on one thread. The peers answer the same
 *          question over the same rows: DuckDB (one thread), a C loop, and for the plain cases row objects with a
 *          Map, and RxJS.
 * Cost     about 3 minutes for all cases with 3 million rows; `--long` takes 20 million and leaves the objects out.
 */
import type { Database } from '../database/index.ts'
import { type Columns, type DataShape, fieldsOf, makeBatch, makeColumns } from './data.ts'
import { type CaseResult, compare, rates, type Subject } from './harness.ts'
import type { BenchOptions } from './index.ts'
import { objectsSubject, rxjsSubject } from './objects.ts'
import { compileLoop, duckdbSubject, loopSubject, type PeerInput } from './peers.ts'
import { type Question, questions } from './question.ts'

const batchRows = 65_536
const rounds = 5

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
  for (const one of cases) {
    const rows = options.rows ?? (options.long ? 20_000_000 : 3_000_000)
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
    const millis = await compare(subjects, { rounds, signal: options.signal })
    const names = subjects.map(({ name }) => name)
    const events = rows + (ask?.rows ?? 0)
    results.push(rates(one.name, { subjects: names, millis, events, unit: 'events/s' }))
  }
  return results
}

export async function millraceSubject(options: BenchOptions, input: PeerInput): Promise<Subject> {
  const { question, bid, ask } = input
  const database = await options.open()
  return {
    name: 'millrace',
    prepare: async () => {
      await fill(database, 'bid', bid)
      if (ask !== null) await fill(database, 'ask', ask)
    },
    round: async () => {
      const { rows } = await database.query(questions[question].millrace)
      return { answer: rows[0]!.map(Number) }
    },
    close: () => database.close(),
  }
}

/** Makes the stream and appends its rows; this is not timed. */
async function fill(database: Database, name: string, shape: DataShape): Promise<void> {
  const columns = fieldsOf(shape).map(({ name, type }) => `${name} ${type.kind.toUpperCase()}`)
  await database.execute(
    `CREATE STREAM ${name} (${columns.join(', ')}, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)`,
  )
  const made = makeColumns(shape)
  for (let from = 0; from < shape.rows; from += batchRows) {
    const to = Math.min(from + batchRows, shape.rows)
    await database.append(name, makeBatch(made, shape, { from, to }))
  }
}
