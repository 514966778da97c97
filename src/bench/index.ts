/** Bench: the built-in benchmarks, measured against peers in the same run. */
import { mistake, systemClock } from '../base/index.ts'
import type { Connectors } from '../data/index.ts'
import { type Database, open } from '../database/index.ts'
import { benchCheckpoint } from './checkpoint.ts'
import { benchFiles } from './files.ts'
import { type BenchResult, type CaseResult, machineText } from './harness.ts'
import { benchKernels } from './kernels.ts'
import { benchLatency } from './latency.ts'
import { benchLog } from './log.ts'
import { benchMemory } from './memory.ts'
import { benchNexmark } from './nexmark.ts'
import { benchStart } from './start.ts'
import { tableText } from './table.ts'

/** What a benchmark works with. */
export interface BenchOptions {
  long: boolean
  only?: string | undefined
  /** Rows of the main table, for a quick look; the default is what the figures are stated for. */
  rows?: number | undefined
  signal: AbortSignal
  connectors: Connectors
  /** Opens an empty database on one thread, with connectors of the benchmark's own. */
  open(more?: Connectors): Promise<Database>
  notice(text: string): void
  progress(text: string): void
}

export interface BenchRun {
  json: boolean
  long: boolean
  only?: string | undefined
  rows?: number | undefined
  signal: AbortSignal
  connectors: Connectors
  /** Takes the result, for standard output. */
  print(text: string): unknown
  /** Takes what is no result. */
  tell(text: string): unknown
}

const benchmarks: Record<string, (options: BenchOptions) => Promise<CaseResult[]>> = {
  checkpoint: benchCheckpoint,
  files: benchFiles,
  kernels: benchKernels,
  latency: benchLatency,
  log: benchLog,
  memory: benchMemory,
  nexmark: benchNexmark,
  start: benchStart,
}

/** Runs the benchmark `name` and prints its table or its JSON object. */
export async function runBenchmark(name: string, run: BenchRun): Promise<void> {
  const benchmark = benchmarks[name]
  if (benchmark === undefined) {
    mistake({
      code: 'unknown_name',
      message: `there is no benchmark '${name}'`,
      hint: `there are ${Object.keys(benchmarks).join(', ')}`,
    })
  }
  const startedAt = systemClock.monotonicMillis()
  const cases = await benchmark({
    long: run.long,
    only: run.only,
    rows: run.rows,
    signal: run.signal,
    connectors: run.connectors,
    open: (more = new Map()) =>
      open(':memory:', { thread: 'host', connectors: new Map([...run.connectors, ...more]) }),
    notice: (text) => run.tell(`notice: ${text}\n`),
    progress: (text) => run.tell(`${name}: ${text}\n`),
  })
  const result: BenchResult = { name, machine: machineText(), cases }
  run.print(run.json ? `${JSON.stringify(result)}\n` : tableText(result))
  const seconds = (systemClock.monotonicMillis() - startedAt) / 1000
  run.tell(`${name}: done in ${seconds.toFixed(0)} s\n`)
}
