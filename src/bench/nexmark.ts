/**
 * Nexmark: events per second of one core for each query of the examples and the bytes of its state, beside DuckDB and
 * the published figures per core.
 *
 * How      The events (10,000 a second of event time) are made once and lie in memory in batches; each run is a new
 *          database whose source hands them out, and a sink that counts changes. The time is that of all threads on
 *          their processors, for the INSERT without what is declared before it; the best of the runs counts. A run
 *          before them, over the same events without an end, tells the bytes of state when all of them are in. DuckDB
 *          answers the query once as a batch. The other peers are figures that their projects have published for
 *          clusters, per core used: another machine, another way to bring the events, and state on disk.
 * See      examples/nexmark, src/connect/nexmark.ts
 */
import { join } from 'node:path'
import { Failure, QueryMistake, systemDisk } from '../base/index.ts'
import type { Batch, Connector, Schema, SourceReader } from '../data/index.ts'
import type { Database } from '../database/index.ts'
import { type CaseResult, rounded } from './harness.ts'
import type { BenchOptions } from './index.ts'
import { duckdbPeer, type NexmarkPeer } from './nexmark-duckdb.ts'
import { packageRoot } from './peers.ts'

const eventsUsual = 1_000_000
const runsUsual = 3
const batchRows = 16_384
const eventRate = '10000'

/** Thousands of events per second and core: Flink 1 with RocksDB, Flink 2, RisingWave (2023); null where unknown. */
// biome-ignore format: a table to read as a block
const published: Readonly<Record<string, readonly [flink1: number, flink2: number, risingwave: number | null]>> = {
  q0: [155, 378, 118], q1: [158, 396, 119], q2: [175, 414, 127], q3: [152, 219, 97], q4: [34, 28, 14],
  q5: [22, 75, 5.2], q7: [12, 23, 20], q8: [146, 162, 61], q9: [14, 14, 8.2], q10: [58, 133, 106],
  q12: [76, 194, null],
  q13: [131, 188, null], q14: [161, 259, 45], q15: [72, 168, 79], q16: [19, 45, 8], q17: [117, 161, 17],
  q18: [54, 65, 9.8], q19: [44, 43, null], q20: [19, 18, 12.7], q21: [99, 147, 89], q22: [130, 211, 111],
}

/** Queries for which no project has published figures: those of other rounds of the benchmark, and patterns. */
const unpublished = [
  'q6',
  'q11',
  'q23',
  'q101',
  'q102',
  'q105',
  'pattern/q1',
  'pattern/q2',
  'pattern/q3',
]

export async function benchNexmark(options: BenchOptions): Promise<CaseResult[]> {
  const folder = join(packageRoot(), 'examples/nexmark')
  if (!systemDisk.exists(join(folder, 'tables.sql'))) {
    throw new Failure('file', `the queries are not there: ${folder}`)
  }
  const events = options.rows ?? eventsUsual
  const source = options.connectors.get('nexmark')!
  const resident = residentConnector(source)
  const duckdb = await loadedPeer(options, resident.bounded, events)
  if (duckdb === null) options.notice('duckdb is left out: it is not installed')
  const all = [...Object.keys(published), ...unpublished]
  const names = all.filter((name) => (options.only ?? name) === name)
  const results: CaseResult[] = []
  try {
    for (const name of names) {
      // q10 writes files: it would measure the disk.
      if (name === 'q10' && options.only !== name) continue
      options.progress(name)
      try {
        const run = { folder, name, events }
        const state = await stateBytes(options, resident.endless, run)
        const seconds = await bestSeconds(options, resident.bounded, run)
        const batchSeconds = (await duckdb?.bestSeconds(name, runsOf(options))) ?? null
        results.push(caseOf(name, { events, seconds, batchSeconds, state }))
      } catch (error) {
        if (!(error instanceof QueryMistake)) throw error
        options.notice(`${name} is left out: ${error.diagnostics[0]?.message ?? error.message}`)
      }
    }
  } finally {
    duckdb?.close()
  }
  return results
}

interface Measured {
  events: number
  seconds: number
  /** Of DuckDB's batch; null without one. */
  batchSeconds: number | null
  state: number
}

function caseOf(name: string, { events, seconds, batchSeconds, state }: Measured): CaseResult {
  const [flink1, flink2, risingwave] = published[name] ?? [null, null, null]
  const perSecond = events / seconds
  const peers: Record<string, number> = {
    ...(batchSeconds === null ? {} : { 'duckdb batch': rounded(events / batchSeconds) }),
  }
  if (flink1 !== null) peers['flink-1/core'] = flink1 * 1000
  if (flink2 !== null) peers['flink-2/core'] = flink2 * 1000
  if (risingwave !== null) peers['risingwave/core'] = risingwave * 1000
  const ratios = Object.fromEntries(
    Object.entries(peers).map(([peer, figure]) => [peer, rounded(perSecond / figure)]),
  )
  return { case: name, unit: 'events/s', millrace: rounded(perSecond), state, peers, ratios }
}

interface Run {
  folder: string
  name: string
  events: number
}

const runsOf = ({ long }: BenchOptions): number => (long ? 3 * runsUsual : runsUsual)

const varsOf = (events: number) => ({
  TPS: eventRate,
  EVENTS_NUM: String(events),
  OUTPUT: join(packageRoot(), '.tmp/nexmark'),
})

/** An empty database in which the example's tables are declared over a connector. */
async function declared(
  options: BenchOptions,
  connector: Connector,
  events: number,
): Promise<Database> {
  const database = await options.open(new Map([['nexmark', connector]]))
  const text = textOf(join(packageRoot(), 'examples/nexmark/tables.sql'))
  await database.execute(text, { vars: varsOf(events), signal: options.signal })
  return database
}

/** DuckDB with the events. */
async function loadedPeer(
  options: BenchOptions,
  connector: Connector,
  events: number,
): Promise<NexmarkPeer | null> {
  const database = await declared(options, connector, events)
  try {
    return await duckdbPeer(database)
  } finally {
    await database.close()
  }
}

/** Seconds of the processor that the best run of a query takes. */
async function bestSeconds(
  options: BenchOptions,
  connector: Connector,
  { folder, name, events }: Run,
): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < runsOf(options); run++) {
    const database = await declared(options, connector, events)
    try {
      const { signal } = options
      await database.query('SELECT count(*) FROM bid', undefined, { signal })
      const text = textOf(join(folder, `${name}.sql`))
      const at = text.indexOf('INSERT INTO')
      await database.execute(text.slice(0, at), { vars: varsOf(events), signal })
      const before = process.cpuUsage()
      await database.execute(text.slice(at), { vars: varsOf(events), signal })
      const { user, system } = process.cpuUsage(before)
      best = Math.min(best, (user + system) / 1e6)
    } finally {
      await database.close()
    }
  }
  return best
}

/** Bytes of a query's state when it has taken all events and waits for more. */
async function stateBytes(
  options: BenchOptions,
  connector: Connector,
  { folder, name, events }: Run,
): Promise<number> {
  const database = await declared(options, connector, events)
  try {
    const { signal } = options
    const text = textOf(join(folder, `${name}.sql`))
    await database.execute(text, { vars: varsOf(events), signal })
    await database.settled()
    const { fields, rows } = await database.query('SHOW QUERIES')
    return Number(rows[0]?.[fields.findIndex((field) => field.name === 'state_bytes')])
  } finally {
    await database.close()
  }
}

function textOf(path: string): string {
  const file = systemDisk.open(path)
  try {
    const bytes = new Uint8Array(file.size)
    return new TextDecoder().decode(bytes.subarray(0, file.read(bytes, 0)))
  } finally {
    file.close()
  }
}

/** The same connector, whose rows are made once and then handed out from memory, with an end and without. */
function residentConnector(source: Connector): { bounded: Connector; endless: Connector } {
  let made: { key: string; batches: Batch[] } | null = null
  const batchesOf = (schema: Schema, options: Parameters<Connector['open']>[1]): Batch[] => {
    const key = JSON.stringify([schema, [...options]])
    if (made?.key === key) return made.batches
    const all = schema.fields.map((_, index) => index)
    const reader = source.open(schema, options, { projection: all, bad: () => {} })
    const batches: Batch[] = []
    for (;;) {
      const batch = reader.read(batchRows) as Batch | null
      if (batch === null) break
      batches.push(batch)
    }
    reader.close()
    made = { key, batches }
    return batches
  }
  const connector = (end: () => null | Promise<null>): Connector => ({
    ...source,
    isEndless: () => end() !== null,
    open: (schema, options, { projection }): SourceReader => {
      const batches = batchesOf(schema, options)
      const fields = projection.map((index) => schema.fields[index]!)
      let at = 0
      return {
        asynchronous: false,
        read: () => {
          const batch = batches[at++]
          if (batch === undefined) return end()
          const columns = projection.map((index) => batch.columns[index]!)
          return { schema: { fields }, rows: batch.rows, columns }
        },
        progress: () => ({ bytes: at, bytesTotal: batches.length }),
        close: () => {},
      }
    },
  })
  const never = new Promise<null>(() => {})
  return { bounded: connector(() => null), endless: connector(() => never) }
}
