/**
 * BindJoin: JOIN … ON, USING, NATURAL and comma joins become equi-joins with a residual.
 *
 * How      1. Split the condition into conjuncts. 2. `a = b` with a over the left side only and b over the right
 *          side only (or the other way round) is a key pair. 3. All other conjuncts are the residual. A right join is a
 *          left join with the sides changed over.
 * Contract 1 (checked) a join whose rows all meet is told of in a notice.
 */
import type {
  Identifier,
  Expression as Tree,
  Relation as TreeRelation,
} from '../../../grammar/index.ts'
import { QueryMistake } from '../../base/index.ts'
import { sameType, typeText } from '../../data/index.ts'
import { coerce, commonType, onOneClock } from '../coerce.ts'
import { call, column, columnsOf, conjunctsOf, isFallible, moveColumns } from '../expression.ts'
import { chosen, joinOn, type KeyPair } from '../keyed.ts'
import type { Expression, JoinKind, Plan } from '../logical.ts'
import { project } from '../node.ts'
import { all, type Binding, fail } from './binding.ts'
import { bindCondition, type Env } from './expression/expression.ts'
import { bucketed, shownColumns } from './interval.ts'
import { bindLateralJoin, isLateral } from './lateral.ts'
import { seeing } from './nested/unseen.ts'
import { type BoundRelation, bindRelation, type Conjuncts } from './relation.ts'
import { findColumn, joinScopes, type Scope } from './scope.ts'
import { bindWithin } from './within.ts'

type JoinTree = TreeRelation & { kind: 'join' }

export function bindJoin(binding: Binding, tree: JoinTree, conjuncts: Conjuncts): BoundRelation {
  if (tree.join === 'cross') return bindComma(binding, tree, conjuncts)
  if (isLateral(binding, tree.right)) {
    const left = bindRelation(binding, tree.left, conjuncts)
    return bindLateralJoin(binding, { ...tree, right: tree.right }, left, conjuncts)
  }
  const before: Scope = []
  // A condition of WHERE also holds for rows that have no left side.
  const isPadded = tree.join === 'right' || tree.join === 'full'
  const sides = all([
    () => {
      const bound = bindRelation(binding, tree.left, isPadded ? [] : conjuncts)
      before.push(...bound.scope)
      return bound
    },
    () => seeing(before, tree.right, () => bindRelation(binding, tree.right, [])),
  ])
  const [left, right] = [sides[0]!, sides[1]!]
  const width = left.plan.output.length
  const scope = joinScopes(left.scope, right.scope, width)
  const using = tree.natural === true ? sharedNames(left, right, tree) : tree.using
  const pairs = using.map((name) => usingPair(left, right, name))
  const rest: Expression[] = []
  if (tree.on !== null) {
    const condition = bindCondition({ binding, scope, clause: 'ON', aggregates: null }, tree.on)
    for (const part of conjunctsOf(condition)) {
      const pair = pairOf(part, width)
      if (pair === null) rest.push(part)
      else pairs.push(pair)
    }
  }
  rest.push(...bindWithin(binding, tree, left.plan, right.plan))
  if (pairs.length === 0) noticeProduct(binding)
  const plan =
    tree.join === 'right'
      ? joinRight(binding, left.plan, right.plan, pairs, rest)
      : joinTimed(binding, left.plan, right.plan, tree.join, pairs, rest)
  if (tree.join === 'semi' || tree.join === 'anti') return { plan, scope: left.scope }
  const merged = typed(mergeUsing(scope, width, using), plan)
  const outer = tree.join === 'right' || tree.join === 'full'
  return outer && using.length > 0 ? coalesced(plan, merged, using) : { plan, scope: merged }
}

/** The columns of NATURAL: those that both sides have by name. */
export function sharedNames(
  left: Pick<BoundRelation, 'scope'>,
  right: Pick<BoundRelation, 'scope'>,
  tree: JoinTree,
): Identifier[] {
  const shown = (side: Pick<BoundRelation, 'scope'>) =>
    side.scope.filter((entry) => !entry.merged && !entry.around)
  const others = new Set(shown(right).map((entry) => entry.name.toLowerCase()))
  return shown(left)
    .filter((entry) => others.has(entry.name.toLowerCase()))
    .map(({ name }) => ({ kind: 'identifier', name, quoted: true, span: tree.span }))
}

/** Rows of the right side without a match stand beside NULLs. */
function joinRight(
  binding: Binding,
  left: Plan,
  right: Plan,
  pairs: KeyPair[],
  rest: Expression[],
): Plan {
  const [width, rights] = [left.output.length, right.output.length]
  const swapped = pairs.map((pair) => ({ left: pair.right, right: pair.left }))
  const moved = rest.map((part) =>
    moveColumns(part, (index) => (index < width ? index + rights : index - width)),
  )
  const joined = joinTimed(binding, right, left, 'left', swapped, moved)
  const order = [...left.output.keys()].map((index) => index + rights)
  return chosen(joined, [...order, ...right.output.keys()])
}

/** Where either side may be missing, a column of USING is the one that is there. */
function coalesced(plan: Plan, scope: Scope, names: readonly Identifier[]): BoundRelation {
  const columns = plan.output.map((field, index) => column(index, field))
  const fields = plan.output.map((field) => field.name)
  const merged = new Set(names.map((name) => name.name.toLowerCase()))
  const out: Scope = []
  for (const entry of scope) {
    const other = scope.find(
      (right) => right.merged && right.name.toLowerCase() === entry.name.toLowerCase(),
    )
    if (entry.merged || other === undefined || !merged.has(entry.name.toLowerCase())) {
      out.push(entry)
      continue
    }
    const [a, b] = [columns[entry.index]!, columns[other.index]!]
    const type = commonType(a.type, b.type)!
    const value = call('coalesce', [coerce(a, type), coerce(b, type)], type)
    const index = columns.push(value) - 1
    fields.push(entry.name)
    out.push({ ...entry, qualifier: null, index, type, nullable: value.nullable })
    out.push({ ...entry, merged: true })
  }
  return { plan: project(plan, columns, fields), scope: out }
}

function noticeProduct(binding: Binding): void {
  const notice =
    'a join without an equality holds every row of one side against every row of the other, and keeps both'
  if (!binding.notices.includes(notice)) binding.notices.push(notice)
}

/** The scope with what the join made of its columns: the right side of a left join may be NULL. */
export function typed(scope: Scope, plan: Plan): Scope {
  return scope.map((entry) => ({ ...entry, nullable: plan.output[entry.index]!.nullable }))
}

/** Relations joined by commas: those before a lateral one are joined before it. */
function bindComma(binding: Binding, tree: JoinTree, conjuncts: Conjuncts): BoundRelation {
  let before: BoundRelation[] = []
  let trees: TreeRelation[] = []
  const joined = () => {
    const scope = before.flatMap((one) => one.scope)
    const bound = all(
      trees.map((part) => () => {
        const one = seeing(scope, part, () => bindRelation(binding, part, conjuncts))
        scope.push(...one.scope)
        return one
      }),
    )
    trees = []
    return joinCommas(binding, [...before, ...bound], conjuncts)
  }
  for (const part of commaTrees(tree)) {
    if (!isLateral(binding, part) || (before.length === 0 && trees.length === 0)) trees.push(part)
    else before = [bindLateralJoin(binding, { ...tree, right: part }, joined(), conjuncts)]
  }
  return joined()
}

/**
 * They are joined in their order where WHERE has equalities for that; one that has none with those before it waits for
 * the others. The columns keep their order for `*`.
 */
function joinCommas(
  binding: Binding,
  bound: readonly BoundRelation[],
  conjuncts: Conjuncts,
): BoundRelation {
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
    if (found < 0) {
      // Those without any equality come last: every row meets every row.
      noticeProduct(binding)
      const index = waiting[0]!
      plan = joinOn(plan, bound[index]!.plan, 'inner', [], [])
      scopes[index] = joinScopes([], bound[index]!.scope, width)
    }
    waiting.splice(Math.max(found, 0), 1)
  }
  return { plan, scope: typed(scopes.flat(), plan) }
}

function commaTrees(tree: TreeRelation): TreeRelation[] {
  if (tree.kind !== 'join' || tree.join !== 'cross') return [tree]
  return [...commaTrees(tree.left), ...commaTrees(tree.right)]
}

/** The key pair of `a = b` over one side each; null for every other condition. */
export function pairOf(condition: Expression, width: number): KeyPair | null {
  if (condition.kind !== 'call' || condition.function !== 'eq') return null
  const [a, b] = [condition.args[0]!, condition.args[1]!]
  const [sideA, sideB] = [sideOf(a, width), sideOf(b, width)]
  if (sideA === null || sideB === null || sideA === sideB) return null
  const [left, right] = sideA === 'left' ? [a, b] : [b, a]
  return sameKeyType({ left, right: moveColumns(right, (index) => index - width) })
}

/** The side whose columns an expression reads; null for both or none. */
export function sideOf(expression: Expression, width: number): 'left' | 'right' | null {
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
  if (a.kind === 'timestamp' && b.kind === 'timestamp') {
    const [left, right] = onOneClock(pair.left, pair.right)
    return { left, right }
  }
  if (sameType(a, b) || (a.kind === 'time' && b.kind === 'time')) return pair
  const type = commonType(a, b)
  if (type === null) return null
  const [left, right] = [coerce(pair.left, type), coerce(pair.right, type)]
  const grewFallible =
    isFallible(left) !== isFallible(pair.left) || isFallible(right) !== isFallible(pair.right)
  return grewFallible ? null : { left, right }
}

export function usingPair(
  left: Pick<BoundRelation, 'scope'>,
  right: Pick<BoundRelation, 'scope'>,
  name: Identifier,
): KeyPair {
  const [a, b] = [left, right].map((side) => findColumn(side.scope, [name], name.span))
  const pair = sameKeyType({ left: column(a!.index, a!), right: column(b!.index, b!) })
  if (pair !== null) return pair
  const types = `${typeText(a!.type)} and ${typeText(b!.type)}`
  return fail('type_mismatch', `USING cannot compare ${types}`, name.span)
}

/** Columns of USING stand once: the left one. */
export function mergeUsing(scope: Scope, width: number, names: readonly Identifier[]): Scope {
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

/** The condition; null where it names what the scope does not have. */
export function tryBind(env: Env, tree: Tree): Expression | null {
  try {
    return bindCondition(env, tree)
  } catch (error) {
    // It names columns of other relations; WHERE binds it again and reports what is wrong with it.
    if (error instanceof QueryMistake) return null
    throw error
  }
}

/** A join over key pairs and a residual; where this bounds two event times, rows go when no partner can come. */
function joinTimed(
  binding: Binding,
  left: Plan,
  right: Plan,
  kind: JoinKind,
  pairs: KeyPair[],
  rest: Expression[],
): Plan {
  const found = bucketed(binding, left, right, kind, rest)
  if (found === null) return joinOn(left, right, kind, pairs, rest)
  const width = left.output.length
  const shift = found.left.output.length - width
  const moved = rest.map((part) =>
    moveColumns(part, (index) => (index < width ? index : index + shift)),
  )
  const joined = joinOn(found.left, found.right, kind, [...pairs, found.pair], moved, {
    bounds: found.bounds,
  })
  return chosen(joined, shownColumns(left, right, found.left, kind))
}
