/**
 * Thread: starts a database on a thread of its own.
 *
 * Contract 1 (checked) arrays are copied once; other sources stay on the host and are pulled as the query asks for
 *            rows.
 */
import { Worker } from 'node:worker_threads'
import type { JsRow, JsRows, JsSource } from './connect/index.ts'
import type { Limits } from './data/index.ts'
import { checkOpening, RemoteDatabase } from './database/index.ts'
import type { WorkerInput } from './worker.ts'

export function openOnThread(
  directory: string,
  given: WorkerInput['options'] & { javascript?: boolean | Limits },
  sources: Record<string, JsSource>,
): RemoteDatabase {
  // Options that hold functions stay here; what is left out takes its default.
  const { fragments = 1, vectorSize = 4096, backend = 'wasm', cycles = 'drain' } = given
  const chosen = { fragments, vectorSize, backend, cycles }
  checkOpening(directory, chosen)
  const { javascript: allowed = false } = given
  const javascript = allowed === true ? {} : allowed === false ? null : allowed
  const input: WorkerInput = { directory, options: chosen, javascript, arrays: {}, pulled: [] }
  const iterators = new Map<string, AsyncIterator<unknown>>()
  for (const [name, source] of Object.entries(sources)) {
    if (Array.isArray(source)) {
      input.arrays[name] = source
      continue
    }
    const { rows, bounded } = 'rows' in source ? source : { rows: source as JsRows, bounded: false }
    input.pulled.push({ name, bounded })
    iterators.set(name, iterate(rows))
  }
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  const worker = new Worker(new URL(file, import.meta.url), { workerData: input })
  return new RemoteDatabase(worker, iterators)
}

async function* iterate(rows: JsRows): AsyncGenerator<JsRow> {
  yield* rows
}
