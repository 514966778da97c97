/**
 * BindLateral: what stands in FROM and is made anew for each row of the relations before it.
 *
 * How      A function repeats the rows before it, each beside the rows that it gives. Conditions of WHERE on these rows
 *          alone come first, so that the function sees only those that count. A query: see nested/around.ts.
 * Contract 1 (checked) the columns before keep their places.
 */
import type { Expression as Tree, Relation as TreeRelation } from '../../../grammar/index.ts'
import { flatFields, topColumns } from '../../data/index.ts'
import { boolean } from '../coerce.ts'
import { and, columnsOf, literal } from '../expression.ts'
import { fold } from '../fold.ts'
import { chosen } from '../keyed.ts'
import type { Expression, Plan } from '../logical.ts'
import { filter, series, type UnnestShape, unnest, values } from '../node.ts'
import { type Binding, fail, unsupported } from './binding.ts'
import { bindCondition, type Env } from './expression/expression.ts'
import { tryBind } from './join.ts'
import { uniqueNames } from './naming.ts'
import { bindAroundJoin, isCorrelated } from './nested/around.ts'
import type { BoundRelation, Conjuncts } from './relation.ts'
import { bindRowCall, rowFunctions } from './row-call.ts'
import { joinScopes, type Scope, scopeOf } from './scope.ts'

type FunctionTree = TreeRelation & { kind: 'function' }
type DerivedTree = TreeRelation & { kind: 'derived' }
type JoinTree = TreeRelation & { kind: 'join' }

/** Does it name columns of the relations before it? A function of constants need not be made anew. */
export function isLateral(
  binding: Binding,
  tree: TreeRelation,
): tree is FunctionTree | DerivedTree {
  // Any query in FROM of one that is bound for all rows around it sees these, as that one does.
  const sees = tree.kind === 'derived' && (tree.lateral === true || binding.around !== null)
  if (tree.kind === 'derived') return sees && isCorrelated(binding, tree)
  if (tree.kind !== 'function' || !isRowFunction(tree)) return false
  return tree.lateral === true || tree.ordinality === true || !tree.args.every(isConstant)
}

export const isRowFunction = ({ name }: FunctionTree): boolean =>
  rowFunctions.has(name.name.toLowerCase())

function isConstant(tree: Tree): boolean {
  if (tree.kind === 'unary') return isConstant(tree.operand)
  return ['number', 'string', 'null', 'interval', 'typed-literal', 'parameter'].includes(tree.kind)
}

/** A join whose right side is lateral. */
export function bindLateralJoin(
  binding: Binding,
  tree: JoinTree & { right: FunctionTree | DerivedTree },
  left: BoundRelation,
  conjuncts: Conjuncts,
): BoundRelation {
  if (tree.join !== 'cross' && tree.join !== 'inner' && tree.join !== 'left') {
    const message = `the right side of a ${tree.join.toUpperCase()} JOIN cannot name columns of the left side`
    fail('syntax', message, tree.right.span, 'write JOIN, CROSS JOIN or LEFT JOIN … ON TRUE')
  }
  const { right } = tree
  if (right.kind === 'derived') return bindAroundJoin(binding, { ...tree, right }, left)
  if (tree.using.length > 0 || tree.natural === true) {
    unsupported('USING and NATURAL with a function of the row', right.span, 'write ON')
  }
  const outer = tree.join === 'left'
  const bound = applyFunction(binding, left, right, { outer, conjuncts })
  if (tree.on === null) return bound
  const env: Env = { binding, scope: bound.scope, clause: 'ON', aggregates: null }
  const condition = fold(bindCondition(env, tree.on))
  if (condition.kind === 'literal' && condition.value === true) return bound
  if (!outer) return { ...bound, plan: filter(bound.plan, condition) }
  const hint = 'write ON TRUE'
  return unsupported('a condition of LEFT JOIN with a function of the row', tree.on.span, hint)
}

/** The rows before, each as often as the function gives rows for it. */
function applyFunction(
  binding: Binding,
  left: BoundRelation,
  tree: FunctionTree,
  { outer, conjuncts }: { outer: boolean; conjuncts: Conjuncts },
): BoundRelation {
  const shape = shapeOf(binding, left.scope, tree, outer)
  const width = left.plan.output.length
  const whole = unnest(left.plan, shape)
  const alias = tree.alias?.name ?? tree.name.name
  const own = withWhole(scopeOf(whole.output.slice(width), alias), alias)
  const scope = joinScopes(left.scope, own, width)
  const before = takeBefore(binding, scope, width, conjuncts)
  if (before.length === 0) return { plan: whole, scope }
  return { plan: unnest(filter(left.plan, and(before)), shape), scope }
}

/** A function in FROM with nothing before it; a series of constants is a node of its own. */
export function bindFunction(binding: Binding, tree: FunctionTree): BoundRelation {
  const alias = tree.alias?.name ?? tree.name.name
  const shape = shapeOf(binding, [], tree, false)
  const constant = seriesOf(shape)
  if (constant !== null) return { plan: constant, scope: scopeOf(constant.output, alias) }
  const plan = unnest(values([[literal(true, boolean)]], ['row']), shape)
  const given = chosen(plan, [...plan.output.keys()].slice(1))
  return { plan: given, scope: withWhole(scopeOf(given.output, alias), alias) }
}

function seriesOf({ calls, number }: UnnestShape): Plan | null {
  const { function: name, args, columns } = calls[0]!
  if (name !== 'series' || number !== null) return null
  const bounds = args.map((arg) => {
    const value = fold(arg)
    return value.kind === 'literal' && value.type.kind === 'bigint' ? value.value : null
  })
  const [first, last, step] = bounds.map((value) => (value === null ? null : String(value)))
  if (first == null || last == null || step == null) return null
  return series(columns[0]!.name, { first, last, step })
}

function shapeOf(binding: Binding, scope: Scope, tree: FunctionTree, outer: boolean): UnnestShape {
  const name = tree.name.name.toLowerCase()
  const env: Env = { binding, scope, clause: name, aggregates: null }
  const alias = tree.alias?.name ?? null
  // UNNEST of several arrays has their elements side by side.
  const several = name === 'unnest' && tree.args.length > 1
  const trees = several ? tree.args.map((arg) => ({ ...tree, args: [arg] })) : [tree]
  const calls = trees.map((one) => bindRowCall(env, one, several ? null : alias))
  const tops = calls.map(({ columns }) => topColumns(columns).map(({ field }) => field))
  const own = uniqueNames(tops.flat().map((field) => field.name))
  if (tree.ordinality === true) own.push('ordinality')
  const { columnAliases } = tree
  if (columnAliases.length > own.length) {
    const [have, given] = [own.length, columnAliases.length]
    fail('type_mismatch', `it has ${have} columns, not ${given}`, columnAliases[have]!.span)
  }
  const names = own.map((given, index) => columnAliases[index]?.name ?? given)
  let at = 0
  const named = calls.map((call, index) => ({
    ...call,
    columns: tops[index]!.flatMap((field) => flatFields({ ...field, name: names[at++]! })),
  }))
  return { calls: named, number: tree.ordinality === true ? names.at(-1)! : null, outer }
}

/** As in Postgres the alias of a function of one column is that column, too. */
function withWhole(scope: Scope, alias: string): Scope {
  const [only] = scope
  if (scope.length !== 1 || only!.name.toLowerCase() === alias.toLowerCase()) return scope
  return [...scope, { ...only!, name: alias, path: [], merged: true }]
}

/** Conditions of WHERE on the first `width` columns alone; they are taken. */
function takeBefore(
  binding: Binding,
  scope: Scope,
  width: number,
  conjuncts: Conjuncts,
): Expression[] {
  const env: Env = { binding, scope, clause: 'WHERE', aggregates: null }
  return conjuncts.flatMap((conjunct) => {
    if (conjunct.taken || conjunct.implied) return []
    const bound = tryBind(env, conjunct.tree)
    if (bound === null || ![...columnsOf(bound)].every((index) => index < width)) return []
    conjunct.taken = true
    return [bound]
  })
}
