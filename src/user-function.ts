/**
 * UserFunction: functions that a program gives to statements, with the types that TypeScript takes from theirs.
 *
 * How      `args: ['INTEGER', 'VARCHAR']` types the parameters of the function that stands beside it: a type of SQL is
 *          a text, which a template type reads. Around what is given go the conversions of src/data/user-function.ts.
 * Contract 1 (checked) whatever a function throws is the error of the row, or of the group, that it was called for.
 *          2 (trusted) a function that is `deterministic` gives equal results for equal arguments, and a batch gives
 *            each row what a batch of that row alone would.
 * See      docs/user-functions.md
 */
import { mistake } from './base/index.ts'
import type { HostValue, Interval } from './data/index.ts'
import {
  Thrown,
  type UserBody,
  type UserFunction,
  type UserShape,
  userFunction,
} from './data/index.ts'
import type { GivenFunction } from './database/index.ts'

/** `INTEGER[]` and `VARCHAR(10)` by their first word. */
type WordOf<T extends string> =
  Uppercase<T> extends `${infer Word}(${string}` ? Trimmed<Word> : Trimmed<Uppercase<T>>
type Trimmed<T extends string> = T extends ` ${infer Rest}`
  ? Trimmed<Rest>
  : T extends `${infer Rest} `
    ? Trimmed<Rest>
    : T

interface Words {
  BOOLEAN: boolean
  BOOL: boolean
  TINYINT: number
  INT1: number
  SMALLINT: number
  INT2: number
  INTEGER: number
  INT: number
  INT4: number
  BIGINT: bigint
  INT8: bigint
  LONG: bigint
  REAL: number
  FLOAT: number
  FLOAT4: number
  DOUBLE: number
  'DOUBLE PRECISION': number
  FLOAT8: number
  DECIMAL: string
  NUMERIC: string
  VARCHAR: string
  STRING: string
  TEXT: string
  CHAR: string
  VARBINARY: Uint8Array
  BYTEA: Uint8Array
  BYTES: Uint8Array
  BLOB: Uint8Array
  DATE: string
  TIME: string
  TIMESTAMP: number
  TIMESTAMPTZ: number
  TIMESTAMP_LTZ: number
  INTERVAL: Interval
  JSON: unknown
  JSONB: unknown
}

/** The values of a type of SQL, as a function gets them. */
export type ValueOf<T extends string> = WordOf<T> extends keyof Words ? Words[WordOf<T>] : HostValue

/** What a function may give back for a type: also what `append` takes for it, null for NULL. */
export type ResultOf<T extends string> =
  | ValueOf<T>
  | null
  | undefined
  | (WordOf<T> extends 'BIGINT' | 'INT8' | 'LONG' | 'DECIMAL' | 'NUMERIC' ? number | bigint : never)
  | (WordOf<T> extends 'TIMESTAMP' | 'TIMESTAMPTZ' | 'TIMESTAMP_LTZ' | 'DATE'
      ? Date | bigint | string
      : never)

type ArgumentsOf<A extends readonly string[], Nulls> = {
  [K in keyof A]: Nulls extends 'pass' ? ValueOf<A[K]> | null : ValueOf<A[K]>
}

type ColumnsOf<A extends readonly string[], Nulls> = { [K in keyof A]: ArgumentsOf<A, Nulls>[K][] }

interface Told<A extends readonly string[], Nulls extends 'skip' | 'pass'> {
  /** Types of the arguments, as SQL spells them. */
  args: A
  /**
   * Is the result the same whenever the arguments are? Else it stands only where no row is asked for twice. An
   * aggregate is, unless it says false; others are not, unless they say true.
   */
  deterministic?: boolean
  /** `skip`, the default: NULL in an argument gives NULL, and is not told to an aggregate. `pass`: it comes as null. */
  nulls?: Nulls
  /** May it take the place of a function that was made, and that nothing calls? */
  replace?: boolean
}

/** A function of one row, or of the columns of many. */
export interface ScalarOptions<
  A extends readonly string[] = readonly string[],
  R extends string = string,
  Nulls extends 'skip' | 'pass' = 'skip' | 'pass',
  Batch extends boolean = boolean,
> extends Told<A, Nulls> {
  returns: R
  /** Is it given columns, one array per argument, and gives an array of as many results? */
  batch?: Batch
}

/** Rows from constant arguments, in FROM. */
export interface TableOptions<
  A extends readonly string[] = readonly string[],
  Nulls extends 'skip' | 'pass' = 'skip' | 'pass',
> extends Told<A, Nulls> {
  /** Types of the columns by name. */
  columns: Readonly<Record<string, string>>
}

/** A value of many rows. */
export interface AggregateOptions<
  A extends readonly string[] = readonly string[],
  R extends string = string,
  Nulls extends 'skip' | 'pass' = 'skip' | 'pass',
> extends Told<A, Nulls> {
  returns: R
}

/**
 * How an aggregate comes to its value. The rows of a group are kept, and its value is made of them whenever they have
 * changed: so it follows rows that are taken back as any other, and needs no `retract`.
 */
export interface Aggregator<A extends readonly unknown[], S, R> {
  /** The state of no rows. */
  create(): S
  /** Takes one row; may change the state, or give another one. */
  accumulate(state: S, ...args: A): S | undefined
  finish(state: S): R
}

export type ScalarFunction<
  A extends readonly string[],
  R extends string,
  Nulls,
  Batch,
> = Batch extends true
  ? (...columns: ColumnsOf<A, Nulls>) => ArrayLike<ResultOf<R>>
  : (...args: ArgumentsOf<A, Nulls>) => ResultOf<R>

export type TableFunction<A extends readonly string[], Nulls> = (
  ...args: ArgumentsOf<A, Nulls>
) => TableRows

export type TableRows =
  | Iterable<readonly unknown[] | Readonly<Record<string, unknown>>>
  | AsyncIterable<readonly unknown[] | Readonly<Record<string, unknown>>>

export type AggregateFunction<A extends readonly string[], R extends string, Nulls, S> = Aggregator<
  ArgumentsOf<A, Nulls>,
  S,
  ResultOf<R>
>

/** What the engine is told of a function. */
export function givenFunction(
  name: string,
  of: GivenFunction['of'],
  options: ScalarOptions | TableOptions | AggregateOptions,
): GivenFunction {
  if (typeof name !== 'string' || name === '') {
    mistake({ code: 'invalid_option', message: 'a function has a name' })
  }
  const { args, nulls = 'skip', replace = false } = options
  const { deterministic = of === 'aggregate' } = options
  if ('async' in options && options.async === true) refuseWaiting(name)
  if (!Array.isArray(args) || args.some((one) => typeof one !== 'string')) {
    const hint = "args: ['INTEGER', 'VARCHAR']"
    mistake({ code: 'invalid_option', message: `option args of ${name} is a list of types`, hint })
  }
  if (nulls !== 'skip' && nulls !== 'pass') {
    mistake({ code: 'invalid_option', message: `option nulls of ${name} is 'skip' or 'pass'` })
  }
  const returns = 'returns' in options ? options.returns : null
  if (of !== 'table' && typeof returns !== 'string') {
    const hint = "returns: 'INTEGER'"
    mistake({ code: 'invalid_option', message: `option returns of ${name} is a type`, hint })
  }
  const columns = 'columns' in options ? options.columns : {}
  return { name, of, args, returns, columns, deterministic, takesNull: nulls === 'pass', replace }
}

/** Rows are computed without waiting. */
function refuseWaiting(name: string): never {
  const message = `not supported yet: function ${name}, which waits`
  const hint = 'ask first, and append rows that have the answer'
  return mistake({ code: 'unsupported', message, hint })
}

/** What a scalar function does, as the engine calls it. */
export function scalarFunction(
  shape: UserShape,
  call: (...args: never[]) => unknown,
  batch: boolean,
): UserFunction {
  if (Object.prototype.toString.call(call) === '[object AsyncFunction]') refuseWaiting(shape.name)
  const plain = call as (...args: HostValue[]) => unknown
  return userFunction(
    shape,
    batch
      ? inColumns(shape, call as never)
      : (rows) => rows.map((row) => attempt(() => plain(...row))),
  )
}

type OfColumns = (...columns: HostValue[][]) => ArrayLike<unknown>

/** Where a batch fails, its rows are asked for one by one: the others have their results. */
function inColumns(shape: UserShape, call: OfColumns): UserBody {
  const results = (rows: readonly HostValue[][]): unknown[] => {
    const given = call(...shape.args.map((_, at) => rows.map((row) => row[at]!)))
    const isList = typeof given === 'object' && given !== null && 'length' in given
    if (!isList) throw new Error('a batch gives an array of results')
    if (given.length === rows.length) return Array.from(given)
    throw new Error(`it gave ${given.length} results for ${rows.length} rows`)
  }
  return (rows) => {
    try {
      return results(rows)
    } catch (cause) {
      if (rows.length === 1) return [new Thrown(cause)]
      return rows.map((row) => attempt(() => results([row])[0]))
    }
  }
}

/** Refuses what is no aggregator, and parts that would not be called. */
export function checkAggregator(name: string, aggregator: unknown): void {
  const parts = (typeof aggregator === 'object' ? aggregator : null) as Record<
    string,
    unknown
  > | null
  for (const part of ['create', 'accumulate', 'finish']) {
    if (typeof parts?.[part] === 'function') continue
    const hint = 'an aggregate is { create(), accumulate(state, …), finish(state) }'
    mistake({ code: 'invalid_option', message: `aggregate ${name} has no function ${part}`, hint })
  }
  for (const part of ['retract', 'merge']) {
    if (parts?.[part] === undefined) continue
    const hint =
      'leave it out: the rows of a group are kept, and accumulate is called for those that there are'
    mistake({
      code: 'unsupported',
      message: `not supported yet: ${part} of aggregate ${name}`,
      hint,
    })
  }
}

/** What an aggregate does, as the engine calls it. */
export function aggregateFunction(
  shape: UserShape,
  { create, accumulate, finish }: Aggregator<never[], unknown, unknown>,
): UserFunction {
  const take = accumulate as (state: unknown, ...args: HostValue[]) => unknown
  return userFunction(shape, (rows) => [
    attempt(() => {
      let state = create()
      for (const row of rows) state = take(state, ...row) ?? state
      return finish(state)
    }),
  ])
}

function attempt(work: () => unknown): unknown {
  try {
    return work()
  } catch (cause) {
    return new Thrown(cause)
  }
}
