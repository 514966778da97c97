/**
 * Log: what it costs that rows last: beside bare writes and syncs of the same bytes on the same device.
 *
 * How      Bare: one file, each group written and synced (fdatasync), one after the other. Groups of 1 MiB of rows,
 *          single rows one after the other, 1,000 streams in turn, and the time until a database that was not closed
 *          is open again. Rounds of peer and product take turns; medians.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, systemClock, systemDataDisk } from '../base/index.ts'
import type { Batch } from '../data/index.ts'
import { type Database, open } from '../database/index.ts'
import { type DataShape, makeBatch, makeColumns } from './data.ts'
import { type CaseResult, rounded } from './harness.ts'
import type { BenchOptions } from './index.ts'

const GROUP_BYTES = 2 ** 20
/** Two columns of eight bytes. */
const ROW_BYTES = 16
const rounds = 5
const singles = 200
const streams = 1000

export async function benchLog(options: BenchOptions): Promise<CaseResult[]> {
  const folder = join(tmpdir(), `millrace-log-${process.pid}`)
  systemDataDisk.makeDirectory(folder)
  try {
    const cases: CaseResult[] = []
    const wanted = (name: string) => options.only === undefined || options.only === name
    if (wanted('ingest')) cases.push(await ingest(folder, options))
    if (wanted('single-row')) cases.push(await singleRow(folder, options))
    if (wanted('1000-streams')) cases.push(await manyStreams(folder, options))
    if (wanted('open')) cases.push(...(await openings(folder, options)))
    return cases
  } finally {
    systemDataDisk.removeAll(folder)
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1]!

async function millisOf(work: () => Promise<unknown>): Promise<number> {
  const from = systemClock.monotonicMillis()
  await work()
  return systemClock.monotonicMillis() - from
}

function rowsOf(rows: number): Batch {
  const shape: DataShape = { rows, spacing: 1, seeds: 0, keys: 1000, nulls: false, key: 'bigint' }
  const { schema, columns } = makeBatch(makeColumns(shape), shape, { from: 0, to: rows })
  const places = ['key', 'amount'].map((name) =>
    schema.fields.findIndex((field) => field.name === name),
  )
  const pick = <T>(all: readonly T[]): T[] => places.map((at) => all[at]!)
  return { schema: { fields: pick(schema.fields) }, rows, columns: pick(columns) }
}

const declared = ({ schema }: Batch, name: string): string =>
  `CREATE STREAM ${name} (${schema.fields.map(({ name, type }) => `${name} ${type.kind}`).join(', ')})`

let made = 0
const place = (folder: string): string => join(folder, String(++made))

/** A directory of the log's, by which a file of the peer lies on the same device. */
function bareFile(folder: string) {
  return systemDataDisk.open(place(folder), 'new')
}

async function database<T>(
  folder: string,
  options: BenchOptions,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const opened = await open(place(folder), { connectors: options.connectors })
  try {
    return await work(opened)
  } finally {
    await opened.close()
  }
}

/** Bytes of rows per second, each group of 1 MiB acknowledged before the next but one is given. */
async function ingest(folder: string, options: BenchOptions): Promise<CaseResult> {
  const groups = options.long ? 1000 : 200
  const batch = rowsOf(GROUP_BYTES / ROW_BYTES)
  const ours: number[] = []
  const bare: number[] = []
  for (let round = 0; round < rounds; round++) {
    options.progress(`ingest: round ${round + 1} of ${rounds}`)
    options.signal.throwIfAborted()
    const file = bareFile(folder)
    const bytes = new Uint8Array(GROUP_BYTES).fill(7)
    const plain = async () => {
      for (let at = 0; at < groups; at++) {
        await file.write([bytes], at * GROUP_BYTES)
        await file.sync()
      }
    }
    bare.push((groups * GROUP_BYTES) / (await millisOf(plain)) / 1000)
    file.close()
    const taken = await database(folder, options, async (opened) => {
      await opened.execute(declared(batch, 's'))
      return millisOf(async () => {
        let last: Promise<unknown> = Promise.resolve()
        for (let at = 0; at < groups; at++) {
          const next = opened.append('s', batch)
          await last
          last = next
        }
        await last
      })
    })
    ours.push((groups * GROUP_BYTES) / taken / 1000)
  }
  return result('ingest', 'MB/s', [median(ours), median(bare)], true)
}

async function singleRow(folder: string, options: BenchOptions): Promise<CaseResult> {
  const batch = rowsOf(1)
  const ours: number[] = []
  const bare: number[] = []
  options.progress('single-row')
  const file = bareFile(folder)
  await database(folder, options, async (opened) => {
    await opened.execute(declared(batch, 's'))
    for (let at = 0; at < singles; at++) {
      options.signal.throwIfAborted()
      const bytes = new Uint8Array(512)
      const write = async () => {
        await file.write([bytes], at * 512)
        await file.sync()
      }
      bare.push(await millisOf(write))
      ours.push(await millisOf(() => opened.append('s', batch)))
    }
  })
  file.close()
  return result('single-row', 'ms', [median(ours), median(bare)], false)
}

/** The same rows into one stream, and in turn into 1,000. */
async function manyStreams(folder: string, options: BenchOptions): Promise<CaseResult> {
  const batch = rowsOf(4096)
  const names = Array.from({ length: streams }, (_, at) => `s${at}`)
  const run = (into: readonly string[]) =>
    database(folder, options, async (opened) => {
      for (const name of into) await opened.execute(declared(batch, name))
      // The first rows of a stream bring its schema along.
      for (const name of into) await opened.append(name, batch)
      const fill = async () => {
        for (let turn = 0; turn < 4; turn++) {
          const all = names.map((_, at) => opened.append(into[at % into.length]!, batch))
          await Promise.all(all)
        }
      }
      return (4 * streams * 4096) / (await millisOf(fill)) / 1000
    })
  const ours: number[] = []
  const one: number[] = []
  for (let round = 0; round < rounds; round++) {
    options.progress(`1000-streams: round ${round + 1} of ${rounds}`)
    options.signal.throwIfAborted()
    one.push(await run(['s']))
    ours.push(await run(names))
  }
  const [many, single] = [rounded(median(ours)), rounded(median(one))]
  const ratios = { 'one stream': rounded(many / single) }
  return {
    case: '1000-streams',
    unit: 'M rows/s',
    millrace: many,
    peers: { 'one stream': single },
    ratios,
  }
}

/** From `open` to the first answer of a view, of a database that was left in the middle. */
async function openings(folder: string, options: BenchOptions): Promise<CaseResult[]> {
  const cases: CaseResult[] = []
  for (const megabytes of options.long ? [10, 100, 1000] : [10, 100]) {
    const directory = place(folder)
    const batch = rowsOf(GROUP_BYTES / ROW_BYTES)
    const first = await open(directory, { connectors: options.connectors })
    const [key] = batch.schema.fields
    assert(key !== undefined, 'there is a column to group by')
    await first.execute(`${declared(batch, 's')};
      CREATE MATERIALIZED VIEW v AS SELECT ${key.name} % 100 AS k, COUNT(*) AS n FROM s GROUP BY 1`)
    for (let at = 0; at < megabytes; at++) await first.append('s', batch)
    await first.close()
    const times: number[] = []
    for (let round = 0; round < rounds; round++) {
      options.progress(`open: ${megabytes} MB, round ${round + 1} of ${rounds}`)
      options.signal.throwIfAborted()
      let opened: Database | null = null
      const answer = async () => {
        opened = await open(directory, { connectors: options.connectors })
        await opened.query('SELECT COUNT(*) FROM v')
      }
      times.push(await millisOf(answer))
      await (opened as Database | null)?.close()
    }
    const name = `open-${megabytes}-MB`
    cases.push({ case: name, unit: 'ms', millrace: rounded(median(times)), peers: {}, ratios: {} })
  }
  return cases
}

function result(
  name: string,
  unit: string,
  [ours, bare]: [number, number],
  isMoreBetter: boolean,
): CaseResult {
  const peers = { 'write + fdatasync': rounded(bare) }
  const ratios = { 'write + fdatasync': rounded(isMoreBetter ? ours / bare : bare / ours) }
  return { case: name, unit, millrace: rounded(ours), peers, ratios }
}
