/**
 * Files: how fast files are read: csv, JSON lines and Parquet, by a SELECT and by the connector alone.
 *
 * How      1. A csv and a JSON lines file with the same rows are written into a temporary folder; DuckDB makes the
 *             Parquet file of them. Nothing else writes there, and the folder goes at the end.
 *          2. `-sql` asks for counts and sums over all columns, from SQL text; DuckDB answers the same with its own
 *             readers on one thread. `-connector` decodes all columns into batches and does nothing with them.
 *          3. Beside the rates by the clock stand those by the time of the processor (`-cpu`), which other work on the
 *             machine disturbs less; the peer's threads count as ours do.
 *          4. With `--long`, or asked for as `memory`, a file of 2 GB is read by a process of its own whose heap may
 *             take 96 MB; beside its peak of memory stands that of one which reads a twentieth of it.
 * Contract 1 (checked) both answers are the same.
 */
import { spawn, spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure, systemDisk } from '../base/index.ts'
import type { Schema, Type } from '../data/index.ts'
import { mixed } from './data.ts'
import { type CaseResult, compare, median, rates, rounded, type Subject } from './harness.ts'
import type { BenchOptions } from './index.ts'
import { commandLine, packageRoot } from './peers.ts'

type Format = 'csv' | 'jsonl' | 'parquet'
const formats: Format[] = ['csv', 'jsonl', 'parquet']

/** Rows of one write, and of one batch of the connector. */
const blockRows = 8192
const longBytes = 2e9
const shortBytes = longBytes / 20

const columns: { name: string; type: Type; sql: string; duckdb: string }[] = [
  { name: 'id', type: { kind: 'integer' }, sql: 'INTEGER', duckdb: 'INTEGER' },
  { name: 'ts', type: { kind: 'timestamp', precision: 3 }, sql: 'TIMESTAMP(3)', duckdb: 'TIMESTAMP' },
  { name: 'x', type: { kind: 'double' }, sql: 'DOUBLE', duckdb: 'DOUBLE' },
  { name: 'y', type: { kind: 'double' }, sql: 'DOUBLE', duckdb: 'DOUBLE' },
  { name: 'name', type: { kind: 'varchar' }, sql: 'VARCHAR', duckdb: 'VARCHAR' },
  { name: 'ok', type: { kind: 'boolean' }, sql: 'BOOLEAN', duckdb: 'BOOLEAN' },
] // biome-ignore format: one line per column

const figures = `COUNT(*) AS n, COUNT(ts) AS ts, COUNT(name) AS name, COUNT(ok) AS ok, SUM(id) AS id, SUM(x) AS x,
  SUM(y) AS y`

const schema: Schema = { fields: columns.map(({ name, type }) => ({ name, type, nullable: true })) }

export async function benchFiles(options: BenchOptions): Promise<CaseResult[]> {
  const folder = join(tmpdir(), `millrace-files-${process.pid}`)
  try {
    return await casesIn(folder, options)
  } finally {
    const script = 'fs.rmSync(process.argv[1], { recursive: true, force: true })'
    spawnSync(process.execPath, ['-e', script, folder])
  }
}

async function casesIn(folder: string, options: BenchOptions): Promise<CaseResult[]> {
  const rows = options.rows ?? 1_000_000
  const peer = await Peer.open(options)
  try {
    const wanted = formats.filter((format) => options.only === undefined || options.only === format)
    const results: CaseResult[] = []
    for (const format of wanted) {
      options.progress(`${format}, ${rows} rows`)
      const path = join(folder, `rows.${format}`)
      if (format !== 'parquet') writeRows(path, format, { rows })
      else if (peer === null) continue
      else {
        const source = join(folder, 'source.csv')
        writeRows(source, 'csv', { rows })
        await peer.run(`COPY (SELECT * FROM ${peerSource('csv', source)}) TO '${path}'`)
      }
      results.push(...(await readingCases(format, { path, rows, peer }, options)))
    }
    const isWanted = options.only === 'memory' || (options.long && options.only === undefined)
    if (isWanted) results.push(await memoryCase(folder, options))
    return results
  } finally {
    peer?.close()
  }
}

/** Writes `rows` rows, and the same ones again until the file has `bytes`. */
function writeRows(path: string, format: Format, size: { rows: number; bytes?: number }): void {
  const encoder = new TextEncoder()
  const blocks: Uint8Array[] = []
  for (let from = 0; from < size.rows; from += blockRows) {
    const count = Math.min(blockRows, size.rows - from)
    const lines = Array.from({ length: count }, (_, at) => rowText(from + at, format))
    blocks.push(encoder.encode(lines.join('')))
  }
  const file = systemDisk.create(path)
  if (format === 'csv') file.write(encoder.encode(`${columns.map(({ name }) => name).join(',')}\n`))
  let written = 0
  do {
    for (const block of blocks) {
      file.write(block)
      written += block.length
    }
  } while (written < (size.bytes ?? 0))
  file.close()
}

function rowText(row: number, format: Format): string {
  const at = new Date(1_700_000_000_000 + row * 250).toISOString()
  const x = ((mixed(row, 1) % 10_000_000) / 10_000 - 500).toFixed(4)
  const y = (mixed(row, 2) / 2 ** 32).toFixed(9)
  const name = `sensor-${mixed(row, 3) % 1000}`
  const ok = mixed(row, 4) % 2 === 0
  if (format === 'csv') return `${row},${at},${x},${y},${name},${ok}\n`
  return `{"id":${row},"ts":"${at}","x":${x},"y":${y},"name":"${name}","ok":${ok}}\n`
}

interface Input {
  path: string
  rows: number
  peer: Peer | null
}

async function readingCases(
  format: Format,
  { path, rows, peer }: Input,
  options: BenchOptions,
): Promise<CaseResult[]> {
  const subjects = [await sqlSubject(path, options), connectorSubject(path, rows, options)]
  if (peer !== null) subjects.push(peer.subject(format, path))
  const rounds = options.long ? 11 : 5
  const clocked = subjects.map(cpuClocked)
  const millis = await compare(clocked, { rounds, signal: options.signal })
  // The first round warms; a short one may take less than a tick.
  const cpu = clocked.map(({ cpuMillis }) => Math.max(0.001, median(cpuMillis.slice(1))))
  const file = systemDisk.open(path)
  const bytes = file.size
  file.close()
  return ['sql', 'connector'].flatMap((way, at) => {
    const names = [way, ...subjects.slice(2).map(({ name }) => name)]
    const per = (suffix: string, unit: string, events: number, times: number[]) =>
      rates(`${format}-${way}${suffix}`, {
        subjects: names,
        millis: [times[at]!, ...times.slice(2)],
        events,
        unit,
      })
    return [
      per('', 'B/s', bytes, millis),
      per('-rows', 'rows/s', rows, millis),
      per('-cpu', 'B/s', bytes, cpu),
    ]
  })
}

/** The subject, and what its rounds take of the processor, in milliseconds. */
function cpuClocked(subject: Subject): Subject & { cpuMillis: number[] } {
  const cpuMillis: number[] = []
  return {
    ...subject,
    cpuMillis,
    round: async () => {
      const before = process.cpuUsage()
      const result = await subject.round()
      const { user, system } = process.cpuUsage(before)
      cpuMillis.push((user + system) / 1000)
      return result
    },
  }
}

function createTable(path: string): string {
  const declared = columns.map(({ name, sql }) => `${name} ${sql}`)
  return `CREATE TABLE f (${declared.join(', ')}) WITH ('connector' = 'filesystem', 'path' = '${path}')`
}

async function sqlSubject(path: string, options: BenchOptions): Promise<Subject> {
  const database = await options.open()
  await database.execute(createTable(path))
  return {
    name: 'sql',
    prepare: async () => {},
    round: async () => {
      const { rows } = await database.query(`SELECT ${figures} FROM f`)
      return { answer: rows[0]!.map(Number) }
    },
    close: () => database.close(),
  }
}

function connectorSubject(path: string, rows: number, options: BenchOptions): Subject {
  const connector = options.connectors.get('filesystem')
  if (connector === undefined) throw new Failure('bug', `there is no connector 'filesystem'`)
  const bad = ({ message }: { message: string }) => {
    throw new Failure('bug', `a row of ${path} was not read: ${message}`)
  }
  return {
    name: 'connector',
    prepare: async () => {},
    round: async () => {
      const projection = columns.map((_, index) => index)
      const reader = connector.open(schema, new Map([['path', path]]), { projection, bad })
      let count = 0
      for (;;) {
        const batch = await reader.read(blockRows)
        if (batch === null) break
        count += batch.rows
      }
      if (count !== rows) throw new Failure('bug', `${count} rows of ${rows} were read`)
      return {}
    },
    close: async () => {},
  }
}

/** What DuckDB reads a file with, told all columns. */
function peerSource(format: Format, path: string): string {
  const types = columns.map(({ name, duckdb }) => `${name}: '${duckdb}'`).join(', ')
  switch (format) {
    case 'csv':
      return `read_csv('${path}', header = true, columns = {${types}})`
    case 'jsonl':
      return `read_json('${path}', format = 'newline_delimited', columns = {${types}})`
    case 'parquet':
      return `read_parquet('${path}')`
  }
}

/** DuckDB on one thread. */
class Peer {
  readonly #run: (sql: string) => Promise<number[]>
  readonly close: () => void

  private constructor(run: (sql: string) => Promise<number[]>, close: () => void) {
    this.#run = run
    this.close = close
  }

  static async open(options: BenchOptions): Promise<Peer | null> {
    const duckdb = await import('@duckdb/node-api').catch(() => null)
    if (duckdb === null) {
      options.notice('duckdb is left out, and Parquet with it: it is not installed')
      return null
    }
    const instance = await duckdb.DuckDBInstance.create(':memory:', { threads: '1' })
    const connection = await instance.connect()
    const run = async (sql: string) => {
      const reader = await connection.runAndReadAll(sql)
      return (reader.getRows()[0] ?? []).map(Number)
    }
    return new Peer(run, () => {
      connection.closeSync()
      instance.closeSync()
    })
  }

  run(sql: string): Promise<number[]> {
    return this.#run(sql)
  }

  subject(format: Format, path: string): Subject {
    return {
      name: 'duckdb',
      prepare: async () => {},
      round: async () => ({
        answer: await this.#run(`SELECT ${figures} FROM ${peerSource(format, path)}`),
      }),
      close: async () => {},
    }
  }
}

async function memoryCase(folder: string, options: BenchOptions): Promise<CaseResult> {
  const peaks: number[] = []
  for (const bytes of [shortBytes, longBytes]) {
    options.signal.throwIfAborted()
    options.progress(`memory, ${bytes / 1e6} MB`)
    const path = join(folder, 'long.csv')
    writeRows(path, 'csv', { rows: 100_000, bytes })
    peaks.push(await peakOf(path))
  }
  const [short, long] = peaks as [number, number]
  return {
    case: 'memory',
    unit: 'MB',
    millrace: rounded(long),
    peers: { 'of a twentieth': rounded(short) },
    ratios: { 'of a twentieth': rounded(short / long) },
  }
}

/** Peak of resident memory of a process that reads the file, in MB. */
function peakOf(path: string): Promise<number> {
  const tell = 'process.on("exit", () => console.error(process.resourceUsage().maxRSS))'
  const root = packageRoot()
  const sql = `${createTable(path)}; SELECT ${figures} FROM f`
  const flags = ['--max-old-space-size=96', `--import=data:text/javascript,${encodeURI(tell)}`]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, commandLine(root), '-c', sql], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let told = ''
    child.stderr.on('data', (chunk: Buffer) => {
      told += chunk.toString()
    })
    child.on('error', reject)
    child.on('close', (code) => {
      const kilobytes = Number(told.trim().split('\n').at(-1))
      if (code === 0 && kilobytes > 0) resolve(kilobytes / 1000)
      else reject(new Failure('bug', `the process that reads ${path} failed: ${told.trim()}`))
    })
  })
}
