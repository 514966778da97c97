/**
 * Function: rows that table functions of the program give for constant arguments.
 *
 * How      `FROM words('a b')` opens this connector with the function's name and its arguments, as JSON of a plan's
 *          literals and their types; what the function gives is read as a source of JavaScript is.
 * Contract 1 (checked) NULL among the arguments of a function that takes none gives no rows.
 *          2 (checked) what the function throws, at its call or between rows, is a Failure that names it.
 */
import { Failure, mistake } from '../base/index.ts'
import {
  type Connector,
  type ConnectorOptions,
  type HostValue,
  plainValue,
  publicValueOf,
  type Type,
} from '../data/index.ts'
import { type JsRow, type JsRows, jsReader } from './js.ts'

export interface TableFunction {
  call: (...args: HostValue[]) => JsRows
  takesNull: boolean
}

/** `functions` by their names in lower case. */
export function functionConnector(functions: ReadonlyMap<string, TableFunction>): Connector {
  const refuse = (): never =>
    mistake({
      code: 'invalid_option',
      message: "connector 'function' stands behind table functions only",
      hint: "connector 'js' reads rows of the program",
    })
  return {
    name: 'function',
    bounded: true,
    sink: null,
    source: true,
    check: refuse,
    infer: () => null,
    open: (schema, options, reader) => jsReader(rowsOf(functions, options), schema, reader),
    create: refuse,
  }
}

function rowsOf(functions: ReadonlyMap<string, TableFunction>, options: ConnectorOptions): JsRows {
  const name = String(options.get('function'))
  const found = functions.get(name.toLowerCase())
  if (found === undefined) {
    throw new Failure('function', `${name}: the program does not give this function any more`)
  }
  const { values, types } = JSON.parse(String(options.get('arguments'))) as {
    values: (string | number | boolean | null)[]
    types: Type[]
  }
  const args = values.map((value, at) => {
    const plain = plainValue(value, types[at]!)
    return plain === null ? null : publicValueOf(types[at]!)(plain)
  })
  if (!found.takesNull && args.includes(null)) return []
  return told(name, () => found.call(...args))
}

/** The rows, with the function's name in whatever they throw. */
function told(name: string, call: () => JsRows): JsRows {
  const rows = named(name, call)
  const isObject = typeof rows === 'object' && rows !== null
  if (isObject && Symbol.asyncIterator in rows) return asyncRows(name, rows)
  if (isObject && Symbol.iterator in rows) return syncRows(name, rows)
  throw new Failure('function', `${name}: a table function gives an iterable of rows`)
}

function* syncRows(name: string, rows: Iterable<JsRow>): Generator<JsRow> {
  const iterator = rows[Symbol.iterator]()
  try {
    for (;;) {
      const next = named(name, () => iterator.next())
      if (next.done === true) return
      yield next.value
    }
  } finally {
    iterator.return?.()
  }
}

async function* asyncRows(name: string, rows: AsyncIterable<JsRow>): AsyncGenerator<JsRow> {
  const iterator = rows[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await iterator.next().catch((cause: unknown) => {
        throw failureOf(name, cause)
      })
      if (next.done === true) return
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}

function named<T>(name: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw failureOf(name, cause)
  }
}

function failureOf(name: string, cause: unknown): Failure {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new Failure('function', `${name}: ${message}`, { cause })
}
