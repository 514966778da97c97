/**
 * Serve: the worker's side of a database on another thread: takes requests from a port and does them with a `Database`.
 *
 * How      Each request runs as it comes; the database's own mailbox orders them. Results are sent one by one and
 *          waited for, so that the client's `onResult` holds the next statement back.
 */
import type { MessagePort } from 'node:worker_threads'
import { systemClock } from '../base/index.ts'
import type { Schema } from '../data/index.ts'
import type { Database } from './database.ts'
import type { StatementResult } from './statement.ts'
import {
  buffersOf,
  fromWireFault,
  OPENING,
  type Request,
  type Response,
  toWireCommit,
  toWireFault,
  toWireRows,
  type WireResult,
} from './wire.ts'

/** Commits of one queue that may be under way. */
const creditMax = 16

/** Rows of sources that live on the host, as the worker's connectors read them. */
interface RemoteSources {
  /** The iterable that stands for the source `name` of the host. */
  source(name: string): AsyncIterable<unknown>
}

export class Server implements RemoteSources {
  readonly #port: MessagePort
  #database: Database | null = null
  readonly #running = new Map<number, AbortController>()
  readonly #waiting = new Map<number, () => void>()
  readonly #queues = new Map<number, { credit: number; more: (() => void) | null; leave(): void }>()
  readonly #pulls = new Map<string, (request: Request & { kind: 'rows' }) => void>()
  #nextQueue = 0

  constructor(port: MessagePort) {
    this.#port = port
  }

  serve(database: Database): void {
    this.#database = database
    this.#port.on('message', (request: Request) => this.#take(request))
    this.#send({ kind: 'answer', id: OPENING, value: null })
  }

  /** There is no database: it could not be opened. */
  refuse(fault: unknown): void {
    this.#send({ kind: 'fault', id: OPENING, fault: toWireFault(fault) })
  }

  source(name: string): AsyncIterable<unknown> {
    const pull = () =>
      new Promise<Request & { kind: 'rows' }>((resolve) => {
        this.#pulls.set(name, resolve)
        this.#send({ kind: 'pull', source: name })
      })
    return {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          const { rows, fault } = await pull()
          if (fault !== null) throw fromWireFault(fault)
          if (rows === null) return
          yield* rows
        }
      },
    }
  }

  #send(response: Response, buffers: ArrayBuffer[] = []): void {
    this.#port.postMessage(response, buffers)
  }

  #take(request: Request): void {
    switch (request.kind) {
      case 'cancel':
        return this.#running.get(request.id)?.abort()
      case 'taken':
        return this.#waiting.get(request.id)?.()
      case 'credit': {
        const queue = this.#queues.get(request.queue)
        if (queue === undefined) return
        queue.credit++
        return queue.more?.()
      }
      case 'leave':
        return this.#queues.get(request.queue)?.leave()
      case 'rows':
        return this.#pulls.get(request.source)?.(request)
      default:
        this.#answer(request).catch((fault) => {
          this.#send({ kind: 'fault', id: request.id, fault: toWireFault(fault) })
        })
    }
  }

  async #answer(request: Request & { id: number }): Promise<void> {
    const database = this.#database!
    let value: unknown = null
    switch (request.kind) {
      case 'execute':
        await this.#execute(database, request)
        break
      case 'leave-session':
        await database.leave(request.session)
        break
      case 'schema':
        value = database.schemaOf(request.stream) satisfies Schema
        break
      case 'append':
        value = await database.append(request.stream, request.batch)
        break
      case 'close':
        await database.close()
        break
    }
    this.#send({ kind: 'answer', id: request.id, value })
    if (request.kind === 'close') this.#port.close()
  }

  async #execute(database: Database, request: Request & { kind: 'execute' }): Promise<void> {
    const { id, sql, params, vars, session, asks, watch } = request
    const controller = new AbortController()
    this.#running.set(id, controller)
    try {
      await database.execute(sql, {
        params: (params ?? undefined) as unknown[] | Record<string, unknown> | undefined,
        ...(vars === null ? {} : { vars }),
        ...(session === null ? {} : { session }),
        asks,
        signal: controller.signal,
        onNotice: (text) => this.#send({ kind: 'notice', id, text }),
        ...(watch
          ? { onProgress: (progress) => this.#send({ kind: 'progress', id, progress }) }
          : {}),
        onResult: (result) => this.#result(id, result),
      })
      // The commits that the statement brought about are sent before its answer.
      await systemClock.yield()
    } finally {
      this.#running.delete(id)
      this.#waiting.delete(id)
    }
  }

  /** Sends one result and waits until the client has dealt with it. */
  #result(id: number, result: StatementResult): Promise<void> {
    const taken = new Promise<void>((resolve) => this.#waiting.set(id, resolve))
    const wire = this.#toWire(result)
    const buffers = wire.kind === 'rows' ? buffersOf(wire.batch) : []
    this.#send({ kind: 'result', id, result: wire }, buffers)
    return taken
  }

  #toWire(result: StatementResult): WireResult {
    if (result.kind === 'done') return result
    if (result.kind === 'rows') {
      return { kind: 'rows', fields: result.fields, batch: toWireRows(result.fields, result.rows) }
    }
    const queue = this.#nextQueue++
    this.#pump(queue, result).catch((fault) => {
      this.#send({ kind: 'end', queue, fault: toWireFault(fault) })
    })
    const { fields, appendOnly } = result
    return { kind: 'changes', fields, appendOnly, queue }
  }

  async #pump(number: number, result: StatementResult & { kind: 'changes' }): Promise<void> {
    const queue = {
      credit: creditMax,
      more: null as (() => void) | null,
      leave: () => result.cancel(),
    }
    this.#queues.set(number, queue)
    try {
      for await (const commit of result.commits) {
        const wire = toWireCommit(result.fields, commit)
        this.#send({ kind: 'commit', queue: number, commit: wire }, buffersOf(wire.batch))
        queue.credit--
        while (queue.credit === 0) {
          await new Promise<void>((resolve) => {
            queue.more = resolve
          })
        }
      }
      this.#send({ kind: 'end', queue: number, fault: null })
    } finally {
      this.#queues.delete(number)
    }
  }
}
