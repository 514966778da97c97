/**
 * BindUserFunction: calls of functions of the program, and of those written in JavaScript.
 *
 * How      A scalar function is a call of the plan. An aggregate is one over all rows of its group, which COLLECT keeps
 *          as texts: so it takes rows back without being asked to, and depends on the multiset of rows alone.
 * Contract 1 (checked) a volatile call never stands where its value would be asked for again: over rows that may be
 *            taken back, or in a pattern of rows.
 * See      src/plan/user-function.ts for the calls in plans
 */
import type { Expression as Tree } from '../../../../grammar/index.ts'
import { mistake } from '../../../base/index.ts'
import type { CatalogFunction } from '../../../catalog/index.ts'
import { coerce, varchar } from '../../coerce.ts'
import { call, literal, volatileIn } from '../../expression.ts'
import type { Expression, Plan } from '../../logical.ts'
import { inputsOf, nodesOf } from '../../node.ts'
import { type Folding, userCallOf, userCallText } from '../../user-function.ts'
import { fail, planSpan } from '../binding.ts'
import { type Aggregates, addAggregate } from './aggregate.ts'
import type { Env } from './expression.ts'
import { boundArguments } from './sql-function.ts'

export type UserMade = CatalogFunction & { kind: 'user' }

/** `name(a, b)` of a scalar function. */
export function bindUserCall(env: Env, made: UserMade, tree: Tree & { kind: 'call' }): Expression {
  const { name, id, returns, deterministic } = made
  if (made.of === 'table') {
    const hint = `write FROM ${name}(…)`
    fail('type_mismatch', `${name} gives rows, and stands in FROM only`, tree.span, hint)
  }
  if (tree.distinct) {
    fail('syntax', `DISTINCT stands in aggregates only, and ${name} is none`, tree.span)
  }
  if (tree.filter !== null) {
    fail('syntax', `FILTER goes with aggregates, and ${name} is none`, tree.filter.span)
  }
  const kind = deterministic ? 'user' : 'volatile'
  const args = boundArguments(env, made, tree)
  return call(userCallText({ kind, id, name }), args, returns, planSpan(env.binding, tree.span))
}

/** Where the calls below an aggregate go, and what surrounds its arguments. */
export interface Around {
  aggregates: Aggregates
  inner: Env
  filter: Expression | null
}

/** `name(a, b)` of an aggregate. */
export function bindUserAggregate(
  { aggregates, inner, filter }: Around,
  made: UserMade,
  tree: Tree & { kind: 'call' },
): Expression {
  const { name, id, returns, parameters, deterministic } = made
  const args = boundArguments(inner, made, tree)
  const span = planSpan(inner.binding, tree.span)
  const texts = args.map((arg) => coerce(arg, varchar))
  const all = addAggregate(aggregates, {
    function: 'collect',
    argument: call('json_build_array', texts, varchar),
    distinct: false,
    filter,
    type: varchar,
    span,
  })
  const settings: Folding = {
    types: parameters.map(({ type }) => type),
    distinct: tree.distinct,
  }
  const told = literal(JSON.stringify(settings), varchar)
  const kind = deterministic ? 'folding' : 'volatile folding'
  return call(userCallText({ kind, id, name }), [all, told], returns, span)
}

/** Refuses a plan of a continuous query in which the value of a volatile call would be asked for again. */
export function checkVolatile(plan: Plan): void {
  for (const node of nodesOf(plan)) {
    const again = inputsOf(node).some((input) => input.updating)
    if (!again && node.kind !== 'match') continue
    const found = volatileOf(node)
    if (found === null) continue
    const { name } = userCallOf(found.function)!
    const why = again
      ? 'a row that is taken back would not be found: its value would be another one'
      : 'a pattern asks for it as often as it tries a row'
    mistake({
      code: 'nondeterministic',
      message: `${name} may give another value for the same row, and stands where it is asked for again`,
      hint: `${why}; compute it where rows only come, or declare ${name} deterministic if it is`,
      ...(found.span === undefined ? {} : { span: found.span }),
    })
  }
}

/** A volatile call among the expressions of a node. */
function volatileOf(node: Plan): (Expression & { kind: 'call' }) | null {
  const visit = (part: unknown): (Expression & { kind: 'call' }) | null => {
    if (typeof part !== 'object' || part === null || 'updating' in part) return null
    const { kind } = part as { kind?: string }
    if (kind === 'call' && 'function' in part && 'fallible' in part)
      return volatileIn(part as Expression)
    for (const inside of Object.values(part)) {
      const found = visit(inside)
      if (found !== null) return found
    }
    return null
  }
  for (const part of Object.values(node)) {
    const found = visit(part)
    if (found !== null) return found
  }
  return null
}
