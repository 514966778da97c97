/**
 * Remote: the client of a database that runs on another thread; offers what `Database` offers.
 *
 * How      Rows to append are turned into columns by the calling thread and their buffers handed over; results come
 *          as columns too. Commits wait in a queue here, at most sixteen ahead of their consumer.
 * Contract 1 (checked) the golden scripts give the same bytes through it.
 */
import type { Worker } from 'node:worker_threads'
import { assert, Failure, QueryMistake } from '../base/index.ts'
import { type Batch, rowsOf, type Schema } from '../data/index.ts'
import { askPlan, askRows, type ResultSet } from './ask.ts'
import { type Database, type ExecuteOptions, Subscription } from './database.ts'
import { type InputRow, ingest } from './ingest.ts'
import type { StatementResult } from './statement.ts'
import { CommitQueue } from './subscription.ts'
import {
  buffersOf,
  fromWireCommit,
  fromWireFault,
  OPENING,
  type Request,
  type Response,
  toWireFault,
  type WireFault,
  type WireResult,
} from './wire.ts'

interface Call {
  resolve(value: unknown): void
  reject(fault: unknown): void
  options: ExecuteOptions
  results: StatementResult[]
}

/** Rows sent at once from a source on the host. */
const sourceRows = 256

export class RemoteDatabase
  implements
    Pick<Database, 'execute' | 'leave' | 'query' | 'append' | 'subscribe' | 'explain' | 'close'>
{
  readonly #worker: Worker
  readonly #sources: ReadonlyMap<string, AsyncIterator<unknown>>
  readonly #calls = new Map<number, Call>()
  readonly #queues = new Map<number, CommitQueue>()
  #nextId = OPENING + 1
  /** Resolves when the database is open; what was asked before is answered then. */
  readonly opened: Promise<void>
  #fault: Failure | null = null

  /** `sources` are what the worker may pull rows from, by name. */
  constructor(worker: Worker, sources: ReadonlyMap<string, AsyncIterator<unknown>>) {
    this.#worker = worker
    this.#sources = sources
    worker.on('message', (response: Response) => this.#take(response))
    worker.on('error', (cause) =>
      this.#fail(new Failure('closed', 'the engine stopped', { cause })),
    )
    worker.on('exit', () => this.#fail(new Failure('closed', 'the database is closed')))
    // The worker alone keeps no process alive; a call that waits for it does.
    worker.unref()
    this.opened = this.#answer(OPENING, {}).then(() => {})
    // Who does not wait hears of it with the first answer.
    this.opened.catch((fault) => {
      this.#fail(fault)
      void worker.terminate()
    })
  }

  async execute(sql: string, options: ExecuteOptions = {}): Promise<StatementResult[]> {
    const { params = null, vars = null, session = null, asks = false } = options
    const { signal, onProgress } = options
    if (signal?.aborted) throw new Failure('cancelled', 'the statement was cancelled')
    const id = this.#nextId++
    const cancel = () => this.#send({ kind: 'cancel', id })
    signal?.addEventListener('abort', cancel)
    try {
      const watch = onProgress !== undefined
      const call = this.#call(
        { kind: 'execute', id, sql, params, vars, session, asks, watch },
        options,
      )
      return (await call).results
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  async leave(session: string): Promise<void> {
    await this.#call({ kind: 'leave-session', id: this.#nextId++, session }, {})
  }

  query(
    sql: string,
    params?: ExecuteOptions['params'],
    options: { signal?: AbortSignal; session?: string } = {},
  ): Promise<ResultSet> {
    return askRows(this, sql, { ...options, params })
  }

  async append(stream: string, rows: readonly InputRow[] | Batch): Promise<{ offset: number }> {
    const asked = { kind: 'schema', id: this.#nextId++, stream } as const
    const schema = (await this.#call(asked, {})).value as Schema
    const batch = ingest(schema, rows)
    const request = { kind: 'append', id: this.#nextId++, stream, batch } as const
    const { value } = await this.#call(request, {}, buffersOf(batch))
    return value as { offset: number }
  }

  subscribe(
    sql: string,
    params?: ExecuteOptions['params'],
    options: { signal?: AbortSignal } = {},
  ): Subscription {
    return Subscription.of(this, sql, params, options)
  }

  explain(sql: string): Promise<string> {
    return askPlan(this, sql)
  }

  async close(): Promise<void> {
    if (this.#fault !== null) return
    await this.#call({ kind: 'close', id: this.#nextId++ }, {})
    for (const queue of this.#queues.values()) queue.end()
    await this.#worker.terminate()
  }

  #send(request: Request, buffers: ArrayBuffer[] = []): void {
    this.#worker.postMessage(request, buffers)
  }

  #call(
    request: Request & { id: number },
    options: ExecuteOptions,
    buffers: ArrayBuffer[] = [],
  ): Promise<{ value: unknown; results: StatementResult[] }> {
    if (this.#fault !== null) return Promise.reject(this.#fault)
    try {
      this.#send(request, buffers)
    } catch {
      // Only what a program gives as parameters may be what no thread takes.
      const message = 'a value that cannot be copied cannot be a parameter'
      const hint = 'pass null, a boolean, number, bigint, string or Date'
      throw new QueryMistake([{ code: 'invalid_parameter', message, hint }])
    }
    return this.#answer(request.id, options)
  }

  #answer(
    id: number,
    options: ExecuteOptions,
  ): Promise<{ value: unknown; results: StatementResult[] }> {
    const results: StatementResult[] = []
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#calls.set(id, { resolve, reject, options, results })
    this.#worker.ref()
    return promise
      .then((value) => ({ value, results }))
      .finally(() => {
        this.#calls.delete(id)
        if (this.#calls.size === 0 && this.#queues.size === 0) this.#worker.unref()
      })
  }

  #take(response: Response): void {
    switch (response.kind) {
      case 'answer':
        return this.#calls.get(response.id)?.resolve(response.value)
      case 'fault':
        return this.#calls.get(response.id)?.reject(fromWireFault(response.fault))
      case 'notice':
        return this.#calls.get(response.id)?.options.onNotice?.(response.text)
      case 'progress':
        return this.#calls.get(response.id)?.options.onProgress?.(response.progress)
      case 'result': {
        this.#takeResult(response.id, response.result)
        return
      }
      case 'commit':
        return this.#queues.get(response.queue)?.push(fromWireCommit(response.commit))
      case 'end':
        return this.#endQueue(response.queue, response.fault)
      case 'pull': {
        this.#giveRows(response.source)
        return
      }
    }
  }

  async #takeResult(id: number, wire: WireResult): Promise<void> {
    const call = this.#calls.get(id)
    if (call === undefined) return
    const result = this.#fromWire(wire)
    call.results.push(result)
    try {
      await call.options.onResult?.(result)
      this.#send({ kind: 'taken', id })
    } catch (fault) {
      call.reject(fault)
      this.#send({ kind: 'cancel', id })
      this.#send({ kind: 'taken', id })
    }
  }

  #fromWire(wire: WireResult): StatementResult {
    if (wire.kind === 'done') return wire
    if (wire.kind === 'rows') return { kind: 'rows', fields: wire.fields, rows: rowsOf(wire.batch) }
    const number = wire.queue
    const queue = new CommitQueue(
      () => {},
      () => {
        this.#queues.delete(number)
        this.#send({ kind: 'leave', queue: number })
      },
      { each: () => this.#send({ kind: 'credit', queue: number }) },
    )
    this.#queues.set(number, queue)
    const { fields, appendOnly } = wire
    return { kind: 'changes', fields, appendOnly, commits: queue, cancel: () => queue.cancel() }
  }

  #endQueue(number: number, fault: WireFault | null): void {
    const queue = this.#queues.get(number)
    this.#queues.delete(number)
    queue?.end(fault === null ? null : fromWireFault(fault))
  }

  /** Sends the next rows of a source on the host. */
  async #giveRows(source: string): Promise<void> {
    const iterator = this.#sources.get(source)
    assert(iterator !== undefined, `source ${source} is on the host`)
    try {
      const rows: unknown[] = []
      while (rows.length < sourceRows) {
        const next = await iterator.next()
        if (next.done === true) break
        rows.push(next.value)
      }
      this.#send({ kind: 'rows', source, rows: rows.length === 0 ? null : rows, fault: null })
    } catch (fault) {
      this.#send({ kind: 'rows', source, rows: null, fault: toWireFault(fault) })
    }
  }

  #fail(fault: Failure): void {
    this.#fault ??= fault
    for (const call of this.#calls.values()) call.reject(this.#fault)
    for (const queue of this.#queues.values()) queue.end(this.#fault)
  }
}
