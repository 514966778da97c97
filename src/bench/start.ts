/**
 * Start: time from starting a process to its first answer on standard output.
 *
 * How      `millrace -c "SELECT 1 AS a"` as it is built, beside a Node process that prints one line and one that asks
 *          DuckDB the same.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { Failure, systemClock, systemDisk } from '../base/index.ts'
import { type CaseResult, compare, rounded, type Subject } from './harness.ts'
import type { BenchOptions } from './index.ts'
import { commandLine, packageRoot } from './peers.ts'

const duckdbScript = `
  const { DuckDBInstance } = require('@duckdb/node-api')
  DuckDBInstance.create(':memory:').then(async (instance) => {
    const reader = await (await instance.connect()).runAndReadAll('SELECT 1 AS a')
    console.log(JSON.stringify({ a: Number(reader.getRows()[0][0]) }))
    process.exit(0)
  })`

export async function benchStart(options: BenchOptions): Promise<CaseResult[]> {
  const root = packageRoot()
  const subjects = [processSubject('millrace', root, [commandLine(root), '-c', 'SELECT 1 AS a'])]
  if (systemDisk.exists(join(root, 'node_modules/@duckdb/node-api'))) {
    subjects.push(processSubject('duckdb', root, ['-e', duckdbScript]))
  } else options.notice('duckdb is left out: it is not installed')
  subjects.push(processSubject('node', root, ['-e', `console.log('{"a":1}')`]))
  options.progress('start')
  const rounds = options.long ? 31 : 11
  const millis = await compare(subjects, { rounds, signal: options.signal })
  const peers: Record<string, number> = {}
  const ratios: Record<string, number> = {}
  for (let at = 1; at < subjects.length; at++) {
    peers[subjects[at]!.name] = rounded(millis[at]!)
    ratios[subjects[at]!.name] = rounded(millis[at]! / millis[0]!)
  }
  return [{ case: 'first-answer', unit: 'ms', millrace: rounded(millis[0]!), peers, ratios }]
}

function processSubject(name: string, folder: string, args: string[]): Subject {
  return {
    name,
    prepare: async () => {},
    round: () =>
      new Promise((resolve, reject) => {
        const startedAt = systemClock.monotonicMillis()
        const child = spawn(process.execPath, args, {
          cwd: folder,
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        let millis: number | null = null
        let text = ''
        child.stdout.on('data', (chunk: Buffer) => {
          millis ??= systemClock.monotonicMillis() - startedAt
          text += chunk.toString()
        })
        child.on('error', reject)
        child.on('close', () => {
          if (millis === null) reject(new Failure('bug', `${name} answered nothing`))
          else resolve({ answer: [JSON.parse(text).a], millis })
        })
      }),
    close: async () => {},
  }
}
