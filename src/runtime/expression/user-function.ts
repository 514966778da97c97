/**
 * UserFunction: calls of functions of the program, and of those written in JavaScript, in a batch or for one row.
 *
 * How      The rows of a batch whose arguments did not fail are one call; a row that fails has the message as its
 *          error, as it has that of any other function. An aggregate gets the rows of its group taken apart.
 * Cost     some 0.3 µs per row and argument beside the function itself.
 */
import { assert, type EvaluationError } from '../../base/index.ts'
import { parseValue, type Type, type UserFunction, type Value } from '../../data/index.ts'
import type { Kernels, Vector } from '../../kernel/index.ts'
import { type Folding, userCallOf } from '../../plan/index.ts'
import { Fault, type Outcome } from './fault.ts'
import { repeatedTexts } from './library/collection.ts'
import type { Call } from './maker.ts'
import { hostColumn, readerOf, type Slot, vectorFrom } from './slot.ts'

/** What functions of the program do, by their numbers. */
export type UserFunctions = (id: number) => UserFunction

/** What the call does for rows of arguments; null when its function is built in. */
export function userRows(call: Call, functions: UserFunctions | undefined): UserFunction | null {
  const found = userCallOf(call.function)
  if (found === null) return null
  assert(functions !== undefined, 'a plan that calls the program runs where its functions are')
  const apply = functions(found.id)
  if (!found.kind.endsWith('folding')) return apply
  const [, told] = call.args
  assert(told?.kind === 'literal', 'an aggregate is told the types of its arguments')
  const { types, distinct } = JSON.parse(String(told.value)) as Folding
  return (rows) =>
    rows.map(([text]) => {
      const [outcome] = apply(rowsOf(text as string | null, types as Type[], distinct))
      return outcome!
    })
}

/** The rows of a group from what COLLECT kept of them. */
function rowsOf(text: string | null, types: readonly Type[], distinct: boolean): Value[][] {
  if (text === null) return []
  return repeatedTexts(text, distinct).map((row) =>
    (JSON.parse(row) as (string | null)[]).map((value, at) =>
      value === null ? null : parseValue(value, types[at]!)!,
    ),
  )
}

/** The vector of the call's values. */
export function userVector(
  kernels: Kernels,
  call: Call,
  args: readonly Slot[],
  apply: UserFunction,
): (rows: number) => Vector {
  return (rows) => {
    const readers = args.map((arg) => readerOf(hostColumn(kernels, arg, rows)))
    const values: Value[] = new Array(rows).fill(null)
    const errors = new Map<number, EvaluationError>()
    const asked: number[] = []
    const given: Value[][] = []
    for (let row = 0; row < rows; row++) {
      const error = firstError(args, row)
      if (error !== undefined) {
        errors.set(row, error)
        continue
      }
      asked.push(row)
      given.push(readers.map((read) => read(row)))
    }
    apply(given).forEach((outcome, at) => {
      if (!(outcome instanceof Error)) values[asked[at]!] = outcome
      else {
        const { message } = outcome
        errors.set(asked[at]!, { code: 'function', message, span: call.span })
      }
    })
    const ordered = new Map([...errors].sort(([a], [b]) => a - b))
    return vectorFrom(kernels, call.type, values, ordered.size === 0 ? null : ordered)
  }
}

function firstError(args: readonly Slot[], row: number): EvaluationError | undefined {
  for (const { vector } of args) {
    const error = vector.errors?.get(row)
    if (error !== undefined) return error
  }
  return undefined
}

/** The value for one row of arguments. */
export function userOutcome(apply: UserFunction, args: readonly Value[]): Outcome {
  const [outcome] = apply([args])
  return outcome instanceof Error ? new Fault('function', outcome.message) : outcome!
}
