/**
 * Rpc: SQL over JSON lines, for programs in any language that can start a process.
 *
 * Format   request   {"id":7,"conn":"default","sql":"SELECT 1 AS a","params":[…] or {…}}      conn and params may be
 *          left out answer    {"id":7,"ok":true,"columns":["a"],"rows":[[1]],"count":1}
 *                    {"id":7,"ok":false,"error":"…","code":"…","position":12}
 *          change    {"id":7,"row":[…],"op":"+I"}      of a SUBSCRIBE, until {"cancel":7} or its end
 * How      1. Requests of one `conn` wait for each other in a chain of promises; different ones run side by side.
 *          2. A subscription counts as answered when it has started, so that its conn can go on; its last line is an
 *             answer with the number of changes it gave.
 *          3. At the end of the input, open requests finish, subscriptions deliver what is there and are cancelled.
 *          4. A transaction belongs to its conn.
 * Contract 1 (checked) every request gets exactly one answer line, also one that is not JSON (its id is null then).
 */
import { createInterface } from 'node:readline'
import { Failure, QueryMistake } from '../base/index.ts'
import { columnJson, type Field, type Row, topColumns } from '../data/index.ts'
import type { Database, StatementResult } from '../database/index.ts'

/** Where answers go; resolves when more may come. */
export type WriteLine = (line: string) => Promise<void>

interface Request {
  id: unknown
  conn: string
  sql: string
  params: unknown[] | Record<string, unknown> | undefined
}

type Changes = Extract<StatementResult, { kind: 'changes' }>

export class RpcServer {
  #database: Pick<Database, 'execute'>
  #write: WriteLine
  /** The last piece of work of each conn. */
  #conns = new Map<string, Promise<void>>()
  #running = new Map<unknown, AbortController>()
  #subscriptions = new Set<Promise<void>>()

  constructor(database: Pick<Database, 'execute'>, write: WriteLine) {
    this.#database = database
    this.#write = write
  }

  /** Takes one line of input. Returns at once; the answer is written when it is there. */
  receive(line: string): void {
    if (line.trim() === '') return
    const request = readRequest(line)
    if ('cancel' in request) {
      this.#running.get(request.cancel)?.abort()
    } else if ('error' in request) {
      void this.#write(answerError(request.id, { error: request.error, code: 'syntax' }))
    } else {
      const before = this.#conns.get(request.conn) ?? Promise.resolve()
      const controller = new AbortController()
      this.#running.set(request.id, controller)
      this.#conns.set(
        request.conn,
        before.then(() => this.#answer(request, controller)),
      )
    }
  }

  /** Resolves when everything received is answered and all subscriptions are over. */
  async finish(): Promise<void> {
    await Promise.all(this.#conns.values())
    if (this.#subscriptions.size > 0) {
      // What the subscriptions can still tell about the data that is there, they tell.
      await this.#database.execute('FLUSH')
      for (const controller of this.#running.values()) controller.abort()
      await Promise.all(this.#subscriptions)
    }
  }

  async #answer(request: Request, controller: AbortController): Promise<void> {
    const { id, sql, params } = request
    let last: { fields: Field[]; rows: Row[] } | null = null
    const live: Changes[] = []
    try {
      await this.#database.execute(sql, {
        ...(params === undefined ? {} : { params }),
        signal: controller.signal,
        session: request.conn,
        onResult: (result) => {
          if (result.kind === 'rows') last = result
          else if (result.kind === 'changes') live.push(result)
        },
      })
    } catch (error) {
      this.#running.delete(id)
      await this.#write(answerError(id, describeFault(error)))
      return
    }
    if (live.length === 0) {
      this.#running.delete(id)
      await this.#write(answerRows(id, last))
      return
    }
    const streaming = this.#stream(id, live, controller).finally(() => {
      this.#running.delete(id)
      this.#subscriptions.delete(streaming)
    })
    this.#subscriptions.add(streaming)
  }

  async #stream(id: unknown, results: Changes[], controller: AbortController): Promise<void> {
    let count = 0
    const cancel = () => {
      for (const result of results) result.cancel()
    }
    controller.signal.addEventListener('abort', cancel)
    if (controller.signal.aborted) cancel()
    try {
      await Promise.all(
        results.map(async ({ fields, commits }) => {
          for await (const { rows, ops } of commits) {
            for (let at = 0; at < rows.length; at++) {
              count++
              const row = rowText(rows[at]!, fields)
              await this.#write(`{"id":${JSON.stringify(id)},"row":${row},"op":"${ops[at]}"}`)
            }
          }
        }),
      )
    } catch (error) {
      if (!controller.signal.aborted) {
        await this.#write(answerError(id, describeFault(error)))
        return
      }
    }
    const columns = topColumns(results.at(-1)!.fields).map(({ field }) => field.name)
    await this.#write(
      `{"id":${JSON.stringify(id)},"ok":true,"columns":${JSON.stringify(columns)},"rows":[],"count":${count}}`,
    )
  }
}

export interface ServeOptions {
  input: NodeJS.ReadableStream
  write: WriteLine
  signal: AbortSignal
}

/** Serves until the input ends or the signal comes. */
export async function serveRpc(
  database: Pick<Database, 'execute'>,
  options: ServeOptions,
): Promise<void> {
  const server = new RpcServer(database, options.write)
  const lines = createInterface({ input: options.input, crlfDelay: Number.POSITIVE_INFINITY })
  const ended = new Promise<void>((resolve) => lines.once('close', resolve))
  lines.on('line', (line) => server.receive(line))
  options.signal.addEventListener('abort', () => lines.close())
  await ended
  await server.finish()
}

function readRequest(line: string): Request | { cancel: unknown } | { id: unknown; error: string } {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { id: null, error: 'the line is not JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { id: null, error: 'a request is a JSON object' }
  }
  const request = value as Record<string, unknown>
  if ('cancel' in request) return { cancel: request['cancel'] }
  const id = request['id'] ?? null
  const { sql, conn = 'default', params } = request
  if (typeof sql !== 'string') return { id, error: 'a request has "sql", a string' }
  if (typeof conn !== 'string') return { id, error: '"conn" is a string' }
  if (params !== undefined && (typeof params !== 'object' || params === null)) {
    return { id, error: '"params" is an array or an object' }
  }
  return { id, conn, sql, params: params as Request['params'] }
}

interface FaultLine {
  error: string
  code: string
  position?: number | undefined
  hint?: string | undefined
}

function describeFault(error: unknown): FaultLine {
  if (error instanceof QueryMistake) {
    const first = error.diagnostics[0]
    return {
      error: error.message,
      code: error.code,
      position: first?.span?.start,
      hint: first?.hint,
    }
  }
  if (error instanceof Failure) return { error: error.message, code: error.code }
  if (error instanceof Error && error.name === 'AbortError') {
    return { error: 'cancelled on request', code: 'cancelled' }
  }
  return { error: error instanceof Error ? error.message : String(error), code: 'bug' }
}

function answerError(id: unknown, fault: FaultLine): string {
  return JSON.stringify({ id, ok: false, ...fault })
}

function answerRows(id: unknown, result: { fields: Field[]; rows: Row[] } | null): string {
  const fields = result?.fields ?? []
  const rows = result?.rows ?? []
  const columns = JSON.stringify(topColumns(fields).map(({ field }) => field.name))
  const texts = rows.map((row) => rowText(row, fields)).join(',')
  return `{"id":${JSON.stringify(id)},"ok":true,"columns":${columns},"rows":[${texts}],"count":${rows.length}}`
}

function rowText(row: Row, fields: readonly Field[]): string {
  return `[${topColumns(fields)
    .map(({ field, at }) => columnJson(row, at, field.type))
    .join(',')}]`
}
