/**
 * BindJoin: JOIN … ON, USING and comma joins become equi-joins with a residual.
 *
 * How      1. Split the condition into conjuncts. 2. `a = b` with a over the left side only and b over the right
 *          side only (or the other way round) is a key pair; a key that is an expression gets a project below and
 *          goes again above. 3. All other conjuncts are the residual.
 * Contract 1 (checked) a join without an equality is refused.
 */
import type {
  Identifier,
  Expression as Tree,
  Relation as TreeRelation,
} from '../../../grammar/index.ts'
import { QueryMistake } from '../../base/index.ts'
import { sameType, typeText } from '../../data/index.ts'
import { coerce, commonType } from '../coerce.ts'
import {
  and,
  column,
  columnsOf,
  conjunctsOf,
  isFallible,
  moveColumns,
  signatureOf,
} from '../expression.ts'
import type { Expression, Plan } from '../logical.ts'
import { join, project } from '../node.ts'
import { all, type Binding, fail, unsupported } from './binding.ts'
import { bindCondition, type Env } from './expression.ts'
import { type BoundRelation, bindRelation, type Conjuncts } from './relation.ts'
import { findColumn, joinScopes, type Scope } from './scope.ts'

type JoinTree = TreeRelation & { kind: 'join' }

interface KeyPair {
  left: Expression
  right: Expression
}

export function bindJoin(binding: Binding, tree: JoinTree, conjuncts: Conjuncts): BoundRelation {
  if (tree.join === 'right' || tree.join === 'full') {
    const hint = tree.join === 'right' ? 'swap the sides and write LEFT JOIN' : undefined
    unsupported(`${tree.join.toUpperCase()} JOIN`, tree.span, hint)
  }
  if (tree.join === 'cross') return bindComma(binding, tree, conjuncts)
  const sides = all([
    () => bindRelation(binding, tree.left, conjuncts),
    () => bindRelation(binding, tree.right, []),
  ])
  const [left, right] = [sides[0]!, sides[1]!]
  const width = left.plan.output.length
  const scope = joinScopes(left.scope, right.scope, width)
  const pairs = tree.using.map((name) => usingPair(left, right, name))
  const rest: Expression[] = []
  if (tree.on !== null) {
    const condition = bindCondition({ binding, scope, clause: 'ON', aggregates: null }, tree.on)
    for (const part of conjunctsOf(condition)) {
      const pair = pairOf(part, width)
      if (pair === null) rest.push(part)
      else pairs.push(pair)
    }
  }
  if (pairs.length === 0) noEquality(tree)
  const plan = joinOn(left.plan, right.plan, tree.join, pairs, rest)
  return { plan, scope: typed(mergeUsing(scope, width, tree.using), plan) }
}

/** The scope with what the join made of its columns: the right side of a left join may be NULL. */
function typed(scope: Scope, plan: Plan): Scope {
  return scope.map((entry) => ({ ...entry, nullable: plan.output[entry.index]!.nullable }))
}

/**
 * Relations joined by commas. They are joined in their order where WHERE has equalities for that; one that has none
 * with those before it waits for the others. The columns keep their order for `*`.
 */
function bindComma(binding: Binding, tree: JoinTree, conjuncts: Conjuncts): BoundRelation {
  const trees = commaTrees(tree)
  const bound = all(trees.map((part) => () => bindRelation(binding, part, conjuncts)))
  const scopes: Scope[] = bound.map(() => [])
  scopes[0] = bound[0]!.scope
  let plan = bound[0]!.plan
  const waiting = bound.map((_, index) => index).slice(1)
  while (waiting.length > 0) {
    const width = plan.output.length
    const found = waiting.findIndex((index) => {
      const scope = joinScopes(scopes.flat(), bound[index]!.scope, width)
      const env: Env = { binding, scope, clause: 'WHERE', aggregates: null }
      const pairs = takeEqualities(env, width, conjuncts)
      if (pairs.length === 0) return false
      plan = joinOn(plan, bound[index]!.plan, 'inner', pairs, [])
      scopes[index] = joinScopes([], bound[index]!.scope, width)
      return true
    })
    if (found < 0) return refuseComma(binding, bound, tree, conjuncts)
    waiting.splice(found, 1)
  }
  return { plan, scope: typed(scopes.flat(), plan) }
}

/** A condition that is wrong in itself is told first: it may be the equality that is missing. */
function refuseComma(
  binding: Binding,
  bound: BoundRelation[],
  tree: JoinTree,
  conjuncts: Conjuncts,
): never {
  const scope = bound.flatMap((part) => part.scope)
  all(
    conjuncts.map((part) => () => {
      bindCondition({ binding, scope, clause: 'WHERE', aggregates: null }, part.tree)
    }),
  )
  noEquality(tree)
}

function commaTrees(tree: TreeRelation): TreeRelation[] {
  if (tree.kind !== 'join' || tree.join !== 'cross') return [tree]
  return [...commaTrees(tree.left), ...commaTrees(tree.right)]
}

function noEquality(tree: JoinTree): never {
  const place = tree.join === 'cross' ? 'WHERE' : 'ON'
  const hint = `add an equality between a column of each side to ${place}`
  unsupported('a join without an equality', tree.span, hint)
}

/** The key pair of `a = b` over one side each; null for every other condition. */
function pairOf(condition: Expression, width: number): KeyPair | null {
  if (condition.kind !== 'call' || condition.function !== 'eq') return null
  const [a, b] = [condition.args[0]!, condition.args[1]!]
  const [sideA, sideB] = [sideOf(a, width), sideOf(b, width)]
  if (sideA === null || sideB === null || sideA === sideB) return null
  const [left, right] = sideA === 'left' ? [a, b] : [b, a]
  return sameKeyType({ left, right: moveColumns(right, (index) => index - width) })
}

/** The side whose columns an expression reads; null for both or none. */
function sideOf(expression: Expression, width: number): 'left' | 'right' | null {
  const columns = [...columnsOf(expression)]
  if (columns.length === 0) return null
  if (columns.every((index) => index < width)) return 'left'
  return columns.every((index) => index >= width) ? 'right' : null
}

/**
 * Equal keys have equal bytes, so both sides get one type; a DECIMAL beside a whole number that might not fit into
 * 38 digits stays a condition. Timestamps of any precision count microseconds and need no cast.
 */
function sameKeyType(pair: KeyPair): KeyPair | null {
  const [a, b] = [pair.left.type, pair.right.type]
  const micros = a.kind === b.kind && (a.kind === 'timestamp' || a.kind === 'time')
  if (sameType(a, b) || micros) return pair
  const type = commonType(a, b)
  if (type === null) return null
  const [left, right] = [coerce(pair.left, type), coerce(pair.right, type)]
  const grewFallible =
    isFallible(left) !== isFallible(pair.left) || isFallible(right) !== isFallible(pair.right)
  return grewFallible ? null : { left, right }
}

function usingPair(left: BoundRelation, right: BoundRelation, name: Identifier): KeyPair {
  const [a, b] = [left, right].map((side) => findColumn(side.scope, [name], name.span))
  const pair = sameKeyType({ left: column(a!.index, a!), right: column(b!.index, b!) })
  if (pair !== null) return pair
  const types = `${typeText(a!.type)} and ${typeText(b!.type)}`
  return fail('type_mismatch', `USING cannot compare ${types}`, name.span)
}

/** Columns of USING stand once: the left one. */
function mergeUsing(scope: Scope, width: number, names: readonly Identifier[]): Scope {
  const merged = new Set(names.map((name) => name.name.toLowerCase()))
  return scope.map((entry) =>
    entry.index >= width && merged.has(entry.name.toLowerCase())
      ? { ...entry, merged: true }
      : entry,
  )
}

/**
 * Equalities of WHERE that join the two sides. One that can fail stays where it is, so that it fails for the same
 * rows.
 */
function takeEqualities(env: Env, width: number, conjuncts: Conjuncts): KeyPair[] {
  const pairs: KeyPair[] = []
  for (const conjunct of conjuncts) {
    if (conjunct.taken || conjunct.tree.kind !== 'binary' || conjunct.tree.operator !== '=')
      continue
    const bound = tryBind(env, conjunct.tree)
    const pair = bound === null || isFallible(bound) ? null : pairOf(bound, width)
    if (pair === null) continue
    conjunct.taken = true
    pairs.push(pair)
  }
  return pairs
}

function tryBind(env: Env, tree: Tree): Expression | null {
  try {
    return bindCondition(env, tree)
  } catch (error) {
    // It names columns of other relations; WHERE binds it again and reports what is wrong with it.
    if (error instanceof QueryMistake) return null
    throw error
  }
}

function joinOn(
  left: Plan,
  right: Plan,
  kind: 'inner' | 'left',
  pairs: KeyPair[],
  rest: Expression[],
): Plan {
  const a = withKeys(
    left,
    pairs.map((pair) => pair.left),
  )
  const b = withKeys(
    right,
    pairs.map((pair) => pair.right),
  )
  const [width, wider] = [left.output.length, a.plan.output.length]
  const shift = (index: number) => (index < width ? index : index - width + wider)
  const joined = join(a.plan, b.plan, {
    join: kind,
    leftKeys: a.keys,
    rightKeys: b.keys,
    residual: rest.length === 0 ? null : moveColumns(and(rest), shift),
  })
  if (a.plan === left && b.plan === right) return joined
  const visible = [...left.output.keys(), ...right.output.map((_, index) => index + wider)]
  const fields = visible.map((index) => joined.output[index]!)
  const columns = visible.map((index) => column(index, joined.output[index]!))
  return project(
    joined,
    columns,
    fields.map((field) => field.name),
  )
}

/** The plan with a column per key: those it has, and new ones for expressions, at the end. */
function withKeys(plan: Plan, keys: Expression[]): { plan: Plan; keys: number[] } {
  const columns = plan.output.map((field, index) => column(index, field))
  const names = plan.output.map((field) => field.name)
  const signatures = columns.map(signatureOf)
  const indexes = keys.map((key) => {
    const found = signatures.indexOf(signatureOf(key))
    if (found >= 0) return found
    signatures.push(signatureOf(key))
    names.push(`key${signatures.length - 1}`)
    return columns.push(key) - 1
  })
  const grown = columns.length > plan.output.length
  return { plan: grown ? project(plan, columns, names) : plan, keys: indexes }
}
