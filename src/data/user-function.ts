/**
 * UserFunction: a function that a program gives, or that is written in JavaScript, as the engine calls it.
 *
 * How      What the author wrote works on values as a program has them (src/data/public.ts); `userFunction` puts the
 *          conversions around it. A batch of rows is one call, so that who hands rows to another place does so once.
 * Contract 1 (checked) whatever is thrown, and a result that is no value of the type, is the Error of its row, whose
 *            message begins with the function's name.
 *          2 (trusted) `rows` of a scalar function have one outcome each; an aggregate gives one for all of them.
 * Cost     some 0.1 µs per argument and row, beside the function itself.
 */
import type { Span } from '../base/index.ts'
import { hostValue } from './host.ts'
import { type HostValue, publicValueOf } from './public.ts'
import { type Type, typeText, type Value } from './type.ts'

/** Gives the outcomes of rows of arguments. */
export type UserFunction = (rows: readonly (readonly Value[])[]) => (Value | Error)[]

/** What the author wrote: gives one result, or what was thrown as a `Thrown`, for each row. */
export type UserBody = (rows: readonly HostValue[][]) => readonly unknown[]

export class Thrown {
  readonly cause: unknown

  constructor(cause: unknown) {
    this.cause = cause
  }
}

export interface UserShape {
  name: string
  args: readonly Type[]
  returns: Type
  /** Is the function given NULLs? Without them NULL in any argument gives NULL, and an aggregate leaves the row out. */
  takesNull: boolean
  aggregate: boolean
}

/** A function as CREATE FUNCTION gives it. */
export interface Written {
  name: string
  language: 'javascript' | 'typescript'
  text: string
  /** Names of its arguments. */
  parameters: readonly string[]
  aggregate: boolean
  batch: boolean
  deterministic: boolean
  /** Where the text stands. */
  span: Span
}

/** Makes functions of their texts, away from everything else; throws a QueryMistake for a text that is none. */
export type Scripting = (written: Written, shape: UserShape) => UserFunction

/** What one call of a written function may take. */
export interface Limits {
  /** Milliseconds, 1000 when left out. */
  millis?: number
  /** Bytes of memory, 32 MiB when left out. */
  bytes?: number
}

export function userFunction(shape: UserShape, body: UserBody): UserFunction {
  const { name, args, aggregate, takesNull } = shape
  const converters = args.map(publicValueOf)
  const convert = (row: readonly Value[]): HostValue[] =>
    row.map((value, at) => (value === null ? null : converters[at]!(value)))
  const call = (rows: HostValue[][], count: number): (Value | Error)[] => {
    const results = bodyResults(body, rows)
    if (results instanceof Error) return new Array<Error>(count).fill(named(name, results))
    if (results.length === count) return results.map((result) => outcomeOf(shape, result))
    const fault = new Error(`it gave ${results.length} results for ${count} rows`)
    return new Array<Error>(count).fill(named(name, fault))
  }
  return (rows) => {
    const there = takesNull ? rows : rows.filter((row) => !row.includes(null))
    if (aggregate) return call(there.map(convert), 1)
    const outcomes = there.length === 0 ? [] : call(there.map(convert), there.length)
    if (there.length === rows.length) return outcomes
    let next = 0
    return rows.map((row) => (row.includes(null) ? null : outcomes[next++]!))
  }
}

function bodyResults(body: UserBody, rows: HostValue[][]): readonly unknown[] | Error {
  try {
    return body(rows)
  } catch (cause) {
    return asError(cause)
  }
}

function outcomeOf({ name, returns }: UserShape, result: unknown): Value | Error {
  if (result === null || result === undefined) return null
  if (result instanceof Thrown) return named(name, asError(result.cause))
  if (result instanceof Promise) {
    result.catch(() => {})
    return named(name, new Error('it gave a promise, and rows are computed without waiting'))
  }
  const value = hostValue(result, returns)
  if (value !== undefined) return value
  return named(name, new Error(`it gave ${shown(result)}, which is no ${typeText(returns)}`))
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(shown(cause))
}

const named = (name: string, { message }: Error) =>
  new Error(`${name}: ${message === '' ? 'it failed' : message}`)

/** A value in a message, short. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 60)}'`
  if (typeof value === 'function') return 'a function'
  try {
    if (typeof value === 'object') return (JSON.stringify(value) ?? 'an object').slice(0, 60)
    return String(value)
  } catch {
    return 'an object'
  }
}
