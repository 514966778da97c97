/**
 * Host: an expression as a function of one row of host values.
 *
 * How      Each call is the scalar function that vectors answer to, its arguments closures. A failure is a value of
 *          its own, which CASE, AND, OR and COALESCE drop as the vectors do.
 * Contract 1 (checked) a column's value is never a failure.
 * Cost     some 50 ns per call.
 */
import { plainValue, type Value } from '../../data/index.ts'
import type { Expression } from '../../plan/index.ts'
import { Fault, type Outcome, type Scalar } from './fault.ts'
import { scalarOf, takesNulls } from './scalar.ts'
import { type UserFunctions, userOutcome, userRows } from './user-function.ts'

/** `read` gives the value of a column. */
export type Evaluate = (read: (column: number) => Value) => Outcome

export function hostExpression(expression: Expression, functions?: UserFunctions): Evaluate {
  const part = (one: Expression) => hostExpression(one, functions)
  switch (expression.kind) {
    case 'column': {
      const { index } = expression
      return (read) => read(index)
    }
    case 'literal': {
      const value = plainValue(expression.value, expression.type)
      return () => value
    }
    case 'and':
    case 'or':
      return connective(expression.args.map(part), expression.kind === 'or')
    case 'case': {
      const whens = expression.whens.map(({ when, then }) => ({
        when: part(when),
        value: part(then),
      }))
      const otherwise = part(expression.else)
      return (read) => {
        for (const { when, value } of whens) {
          const verdict = when(read)
          if (verdict instanceof Fault) return verdict
          if (verdict === true) return value(read)
        }
        return otherwise(read)
      }
    }
    case 'call':
      return calling(expression, expression.args.map(part), functions)
  }
}

/** Kleene logic: a deciding value decides, whatever failed beside it; then a failure counts, then NULL. */
function connective(args: readonly Evaluate[], deciding: boolean): Evaluate {
  return (read) => {
    let outcome: Outcome = !deciding
    for (const arg of args) {
      const next = arg(read)
      if (next === deciding) return deciding
      if (outcome instanceof Fault) continue
      if (next instanceof Fault || next === null) outcome = next
    }
    return outcome
  }
}

function calling(
  call: Expression & { kind: 'call' },
  args: readonly Evaluate[],
  functions: UserFunctions | undefined,
): Evaluate {
  if (call.function === 'coalesce') {
    return (read) => {
      for (const arg of args) {
        const value = arg(read)
        if (value !== null) return value
      }
      return null
    }
  }
  if (call.function === 'try') {
    return (read) => {
      const value = args[0]!(read)
      return value instanceof Fault ? null : value
    }
  }
  const user = userRows(call, functions)
  const apply: Scalar = user === null ? scalarOf(call) : (_a, _b, _c, all) => userOutcome(user, all)
  const strict = user === null && !takesNulls(call.function)
  return (read) => {
    const values: Value[] = []
    let hasNull = false
    for (const arg of args) {
      const value = arg(read)
      if (value instanceof Fault) return value
      if (value === null) hasNull = true
      values.push(value)
    }
    return hasNull && strict ? null : apply(values[0], values[1], values[2], values)
  }
}
