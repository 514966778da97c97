/**
 * Worker: the entry of the thread on which a database runs when it is opened with `thread: 'worker'`.
 *
 * How      The thread gets its options and the arrays among the sources as data; sources that only the host can
 *          iterate are pulled over the port.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { assert, systemDisk } from './base/index.ts'
import { builtinConnectors, type JsRow, type JsSource } from './connect/index.ts'
import type { Limits } from './data/index.ts'
import { type DatabaseOptions, open, Server } from './database/index.ts'

/** What the host sends along. */
export interface WorkerInput {
  directory: string
  options: Pick<DatabaseOptions, 'fragments' | 'vectorSize' | 'backend' | 'cycles'>
  /** Are functions in JavaScript allowed, and with which limits? */
  javascript: Limits | null
  arrays: Record<string, JsRow[]>
  /** Names of the sources that the host iterates, and whether they end. */
  pulled: { name: string; bounded: boolean }[]
}

assert(parentPort !== null, 'this file is the entry of a worker')
const { directory, options, javascript, arrays, pulled }: WorkerInput = workerData
const server = new Server(parentPort)
const sources = new Map<string, JsSource>(Object.entries(arrays))
for (const { name, bounded } of pulled) {
  sources.set(name, { rows: server.source(name) as AsyncIterable<JsRow>, bounded })
}
const connectors = builtinConnectors(systemDisk, sources)
const scripting =
  javascript === null
    ? {}
    : { scripting: await (await import('./sandbox/index.ts')).openSandbox(javascript) }
try {
  server.serve(await open(directory, { ...options, ...scripting, connectors }))
} catch (fault) {
  server.refuse(fault)
}
