/**
 * Peers: DuckDB on one thread and a C loop, as subjects of the harness. A peer that is not there is left out with a
 * notice.
 *
 * How      DuckDB makes its rows itself, in memory, by the same formulas. The C program is compiled by the system's
 *          compiler when its source is there (in a clone of the project) and is driven over a pipe, one line per
 *          round; it tells its own time, so that the pipe is not counted.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Failure, systemDisk } from '../base/index.ts'
import { type DataShape, duckdbTable } from './data.ts'
import type { Subject } from './harness.ts'
import { type Question, questions } from './question.ts'

export interface PeerInput {
  question: Question
  bid: DataShape
  ask: DataShape | null
}

export async function duckdbSubject({ question, bid, ask }: PeerInput): Promise<Subject | null> {
  const duckdb = await import('@duckdb/node-api').catch(() => null)
  if (duckdb === null) return null
  const instance = await duckdb.DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  return {
    name: 'duckdb',
    prepare: async () => {
      await connection.run(duckdbTable('bid', bid))
      if (ask !== null) await connection.run(duckdbTable('ask', ask))
    },
    round: async () => {
      const reader = await connection.runAndReadAll(questions[question].duckdb)
      return { answer: reader.getRows()[0]!.map(Number) }
    },
    close: async () => {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** The folder of the package: the one with package.json, in a clone or where it is installed. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!systemDisk.exists(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Failure('file', 'the folder of the package was not found')
    folder = parent
  }
  return folder
}

/** The command line of the package: as it is built, else its source. */
export function commandLine(root: string): string {
  const built = join(root, 'dist/cli.js')
  return systemDisk.exists(built) ? built : join(root, 'src/cli.ts')
}

/** Compiles the C loop; gives the reason when that cannot be. */
export function compileLoop(): { program: string } | { missing: string } {
  const root = packageRoot()
  const source = join(root, 'test/bench/native/loop.c')
  if (!systemDisk.exists(source))
    return { missing: 'the C source (it is in a clone of the project)' }
  const folder = join(root, '.tmp')
  const program = join(folder, 'loop')
  spawnSync('mkdir', ['-p', folder])
  const compiler = spawnSync('cc', ['-O3', '-march=native', '-o', program, source, '-lm'])
  if (compiler.error !== undefined || compiler.status !== 0) return { missing: 'a C compiler' }
  return { program }
}

export function loopSubject(program: string, { question, bid, ask }: PeerInput): Subject | null {
  if (bid.key === 'varchar') return null
  let child: ChildProcess | null = null
  const answers: string[] = []
  let wake = () => {}
  return {
    name: 'c',
    prepare: async () => {
      const single = question === 'single' ? 1 : 0
      const sizes = [bid.rows, bid.keys, bid.nulls ? 1 : 0, single, bid.spacing]
      if (ask !== null) sizes.push(ask.rows, ask.spacing, ask.seeds)
      child = spawn(program, [question, ...sizes.map(String)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      let pending = ''
      child.stdout!.on('data', (chunk: Buffer) => {
        const lines = (pending + chunk.toString()).split('\n')
        pending = lines.pop()!
        answers.push(...lines)
        wake()
      })
      child.on('exit', () => wake())
    },
    round: async () => {
      child!.stdin!.write('round\n')
      while (answers.length === 0 && child!.exitCode === null) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      const line = answers.shift()
      if (line === undefined) throw new Failure('bug', 'the C loop ended early')
      return loopAnswer(question, line.split(' ').map(Number))
    },
    close: async () => {
      child?.stdin?.end()
    },
  }
}

function loopAnswer(question: Question, values: number[]): { answer: number[]; millis: number } {
  const [nanos, groups, count, sum, most, total] = values as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const millis = nanos / 1e6
  if (question === 'filter-project') return { answer: [groups, count, sum, total], millis }
  if (question === 'join') return { answer: [count, sum, most], millis }
  return { answer: [groups, count, sum, most, total], millis }
}
