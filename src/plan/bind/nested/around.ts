/**
 * BindAround: a query behind LATERAL that names columns of the relations before it.
 *
 * How      The query is bound once for all rows around it: its rows carry columns that say to which of these they
 *          belong. Groups, DISTINCT, window functions and LIMIT go by these columns, too, and a join brings the rows
 *          around back.
 *          1. By keys: where columns around stand in equalities of WHERE alone, `b.k = a.k`, the other side is such a
 *             column. An aggregate without GROUP BY, which has a row where there is nothing, gets it by a left join.
 *          2. By rows: otherwise the distinct values of the columns around that it names are the first relation of its
 *             FROM. They are joined back as equal where both are NULL. So are UNION and its like, whose sides all carry
 *             these columns.
 * Contract 1 (checked by test/script/lateral) the columns before keep their places.
 */
import type {
  Query,
  QueryBody,
  Expression as Tree,
  Relation as TreeRelation,
} from '../../../../grammar/index.ts'
import { QueryMistake } from '../../../base/index.ts'
import { type Type, widthOf } from '../../../data/index.ts'
import { boolean } from '../../coerce.ts'
import {
  branch,
  call,
  choose,
  column,
  columnsOf,
  conjunctsOf,
  isFallible,
  literal,
  moveColumns,
} from '../../expression.ts'
import { fold } from '../../fold.ts'
import { chosen, joinOn, type KeyPair, withKeys } from '../../keyed.ts'
import type { Expression, Plan } from '../../logical.ts'
import { filter, project } from '../../node.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { bindCondition, type Env } from '../expression/expression.ts'
import { mergeUsing, pairOf, sharedNames, tryBind, typed, usingPair } from '../join.ts'
import { bindQuery } from '../query.ts'
import {
  type BoundRelation,
  bindRelation,
  type Conjuncts,
  refuseEmit,
  renamed,
} from '../relation.ts'
import { columnsNamed, columnsOfTable, joinScopes, type Scope, scopeOf } from '../scope.ts'
import { distinct } from './set.ts'
import { seeing, seeingAround } from './unseen.ts'

type SelectTree = QueryBody & { kind: 'select' }
type JoinTree = TreeRelation & { kind: 'join' }
type DerivedTree = TreeRelation & { kind: 'derived' }

/** How a SELECT is bound for all rows around it at once. */
export interface Around {
  /** FROM, and what of it says to which row around a row belongs; conjuncts that this answers are taken out. */
  open(
    binding: Binding,
    tree: SelectTree,
    conjuncts: Conjuncts,
  ): { from: BoundRelation; by: Expression[] }
  /** One row for each row around, of the columns `by`; null where these are keys of the query's own rows. */
  rows: (() => Plan) | null
  /** What the columns are where no row is. */
  nothing: Expression[] | null
  /** How many columns `by` are; null where each SELECT has its own. */
  width: number | null
}

/** Rows of the query, columns behind the first `shown` ones say to which rows around they belong. */
interface Rows {
  plan: Plan
  shown: number
  pairs: KeyPair[]
  rest: Expression[]
  nothing: Expression[] | null
}

/** Does the query name columns around it? One that does not is bound as any other. */
export function isCorrelated(binding: Binding, { query }: DerivedTree): boolean {
  const alone: Binding = { ...binding, stars: null, around: null }
  return attempt(alone, () => bindQuery(alone, query)) === null
}

/** A join whose right side is a query that names columns of the left one. */
export function bindAroundJoin(
  binding: Binding,
  tree: JoinTree & { right: DerivedTree },
  left: BoundRelation,
): BoundRelation {
  const { query, alias, columnAliases } = tree.right
  refuseEmit(query)
  const kind = tree.join === 'left' ? 'left' : 'inner'
  const named = tree.using.length > 0 || tree.natural === true
  const plain = !named && (tree.on === null || isTrue(tree.on))
  const width = left.plan.output.length
  // Without LATERAL it sees what the query sees that it stands in.
  const before = tree.right.lateral ? left.scope : left.scope.filter((entry) => entry.around)
  const seen = { plan: left.plan, scope: before }
  const rows =
    attempt(binding, () => byKeys(binding, seen, query, kind === 'inner' || plain)) ??
    seeingAround(before, query, () => byRows(binding, seen, tree.right, width))
  const visible = renamed(chosen(rows.plan, [...Array(rows.shown).keys()]), columnAliases).output
  const right = { scope: scopeOf(visible, alias?.name ?? null) }
  const using = tree.natural === true ? sharedNames(left, right, tree) : tree.using
  const scope = mergeUsing(joinScopes(left.scope, right.scope, width), width, using)
  const env: Env = { binding, scope, clause: 'ON', aggregates: null }
  const on = using.map((name) => {
    const { left: own, right: other } = usingPair(left, right, name)
    return call('eq', [own, moveColumns(other, (index) => index + width)], boolean)
  })
  if (tree.on !== null && !isTrue(tree.on)) on.push(...conjunctsOf(bindCondition(env, tree.on)))
  const names = [...left.plan.output, ...visible].map((field) => field.name)
  const told = (plan: Plan, columns: readonly Expression[]): BoundRelation => {
    const shown = project(plan, [...columns], names)
    return { plan: shown, scope: typed(scope, shown) }
  }
  const columnsTo = (plan: Plan, count: number) =>
    plan.output.slice(0, count).map((field, index) => column(index, field))
  if (rows.nothing === null) {
    const joined = joinOn(left.plan, rows.plan, kind, rows.pairs, [...rows.rest, ...on])
    return told(joined, columnsTo(joined, names.length))
  }
  const found = rows.plan.output.length
  const marked = project(
    rows.plan,
    [...columnsTo(rows.plan, found), literal(true, boolean)],
    [...rows.plan.output.map(({ name }) => name), 'found'],
  )
  const joined = joinOn(left.plan, marked, 'left', rows.pairs, rows.rest)
  const mark = column(width + found, joined.output[width + found]!)
  const isThere = call('is_not_null', [mark], boolean)
  const columns = columnsTo(joined, names.length).map((shown, index) => {
    const nothing = rows.nothing![index - width]
    const isNull = nothing === undefined || (nothing.kind === 'literal' && nothing.value === null)
    return isNull ? shown : choose([branch(isThere, shown)], nothing, shown.type)
  })
  const whole = told(joined, columns)
  if (on.length === 0) return whole
  return { ...whole, plan: on.reduce((plan, condition) => filter(plan, condition), whole.plan) }
}

const isTrue = (tree: Tree) => tree.kind === 'boolean' && tree.value

/** What the work gives; null, and no notice, where there is a mistake in it. */
export function attempt<T>(binding: Binding, work: () => T): T | null {
  const { length } = binding.notices
  try {
    return work()
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    binding.notices.length = length
    return null
  }
}

// ---------------------------------------------------------------- by keys

/** The query by the sides of equalities that are its own; a mistake where that is not all that it asks for. */
function byKeys(binding: Binding, left: BoundRelation, query: Query, mayLack: boolean): Rows {
  const width = left.plan.output.length
  const pairs: KeyPair[] = []
  const around: Around = {
    open(inner, tree, conjuncts) {
      if (tree.from === null) giveUp(query)
      const from = bindRelation(inner, tree.from, conjuncts)
      const scope = joinScopes([], from.scope, width)
      const env: Env = {
        ...{ binding: inner, scope, outer: left.scope },
        ...{ clause: 'WHERE', aggregates: null },
      }
      for (const conjunct of conjuncts.filter(({ taken, implied }) => !taken && !implied)) {
        const bound = tryBind(env, conjunct.tree)
        if (bound === null || [...columnsOf(bound)].every((index) => index >= width)) continue
        const pair = isFallible(bound) ? null : pairOf(bound, width)
        if (pair === null) giveUp(query)
        pairs.push(pair)
        conjuncts.splice(conjuncts.indexOf(conjunct), 1)
      }
      if (pairs.length === 0) giveUp(query)
      const { plan, keys } = withKeys(
        from.plan,
        pairs.map(({ right }) => right),
      )
      const by = keys.map((index) => column(index, plan.output[index]!))
      return { from: { plan, scope: from.scope }, by }
    },
    rows: null,
    nothing: null,
    width: null,
  }
  if (query.body.kind === 'set') giveUp(query)
  const plan = bindQuery(binding, query, { around })
  const shown = plan.output.length - pairs.length
  if (around.nothing !== null && !mayLack) giveUp(query)
  const placed = pairs.map((pair, index) => ({
    ...pair,
    right: column(shown + index, plan.output[shown + index]!),
  }))
  return { plan, shown, pairs: placed, rest: [], nothing: around.nothing }
}

/** The query is bound by rows instead. */
function giveUp({ span }: Query): never {
  return fail('unsupported', 'it asks for more than equal keys', span)
}

// ---------------------------------------------------------------- by rows

/** A query inside an expression over rows that `scope` names; in `rest` its columns stand from `base` on. */
export function bindAroundValue(
  binding: Binding,
  rows: BoundRelation,
  query: Query,
  base: number,
): Omit<Rows, 'nothing'> {
  const { span } = query
  refuseEmit(query)
  return byRows(
    binding,
    rows,
    { kind: 'derived', query, alias: null, columnAliases: [], span },
    base,
  )
}

/** In `rest` the columns of the query stand from `base` on. */
function byRows(binding: Binding, left: BoundRelation, lateral: DerivedTree, base: number): Rows {
  const { query } = lateral
  const columns = columnsRead(left.scope, query)
  // It names no column before it: what is wrong with it is said as of any other query.
  if (columns.length === 0) {
    const plan = seeing(left.scope, lateral, () => bindQuery(binding, query))
    return { plan, shown: plan.output.length, pairs: [], rest: [], nothing: null }
  }
  const rows = () => distinct(chosen(structuredClone(left.plan), columns))
  const scope: Scope = left.scope.flatMap((entry) => {
    const index = columns.indexOf(entry.index)
    return index < 0 ? [] : [{ ...entry, index, around: true as const }]
  })
  const { span } = query
  const tree: TreeRelation = {
    ...{ kind: 'derived', query, alias: null },
    ...{ columnAliases: [], span },
  }
  const plan = bindQuery(binding, query, {
    around: {
      open(inner, select, conjuncts) {
        const first: BoundRelation = { plan: rows(), scope }
        const open = { ...inner, around: { tree, bound: first } }
        const from =
          select.from === null
            ? first
            : bindRelation(open, underneath(select.from, tree, left.scope), conjuncts)
        return { from, by: columns.map((_, index) => column(index, from.plan.output[index]!)) }
      },
      rows,
      nothing: null,
      width: columns.length,
    },
  })
  const shown = plan.output.length - columns.length
  const own = columns.map((index) => column(index, left.plan.output[index]!))
  const given = columns.map((_, index) => column(shown + index, plan.output[shown + index]!))
  return { plan, shown, ...sameValues(own, given, base), nothing: null }
}

/** The columns before that the query may name, by any name in it. */
function columnsRead(scope: Scope, query: Query): number[] {
  const found = new Set<number>()
  const add = (entries: Scope) => {
    for (const { index, type } of entries)
      for (let inside = 0; inside < widthOf(type); inside++) found.add(index + inside)
  }
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const tree = node as Tree
    if (tree.kind === 'column') {
      for (let count = 1; count <= tree.path.length; count++)
        add(columnsNamed(scope, tree.path.slice(0, count)))
    }
    if (tree.kind === 'star' && tree.qualifier.length > 0) {
      const [first, second] = tree.qualifier
      add(columnsOfTable(scope, first!.name))
      if (second !== undefined) add(columnsOfTable(scope, second.name, first!.name))
      add(columnsNamed(scope, tree.qualifier))
    }
    for (const child of Object.values(node)) visit(child)
  }
  visit(query)
  return [...found].sort((a, b) => a - b)
}

/** FROM with another relation before its first one. */
function underneath(tree: TreeRelation, first: TreeRelation, before: Scope): TreeRelation {
  const isWhole = tree.kind === 'join' && (tree.join === 'right' || tree.join === 'full')
  if (isWhole && namesTable(tree, before)) {
    const what = `a ${tree.join.toUpperCase()} JOIN behind LATERAL that names columns of the relations before it`
    unsupported(what, tree.span, 'name them in WHERE')
  }
  if (tree.kind !== 'join' || isWhole) {
    const { span } = tree
    return {
      ...{ kind: 'join', join: 'cross', left: first, right: tree },
      ...{ on: null, using: [], span },
    }
  }
  return { ...tree, left: underneath(tree.left, first, before) }
}

/** Is there a name of a column of a relation of the scope, with the relation's name before it? */
function namesTable(node: unknown, scope: Scope): boolean {
  if (typeof node !== 'object' || node === null) return false
  const tree = node as Tree
  const { path } = tree.kind === 'column' ? tree : { path: [] }
  if (path.length > 1 && columnsOfTable(scope, path[0]!.name).length > 0) return true
  return Object.values(node).some((child) => namesTable(child, scope))
}

/** VALUES as a SELECT for each row, which may name what a SELECT may. */
export function selectsOf(query: Query, rows: readonly Tree[][]): QueryBody {
  const { span } = query
  const [first, ...others] = rows.map((cells): SelectTree => {
    const items = cells.map((expression, index) => {
      const name = `column${index + 1}`
      const alias = { kind: 'identifier' as const, name, quoted: false, span: expression.span }
      return { kind: 'select-item' as const, expression, alias, span: expression.span }
    })
    const nothing = { distinct: false, from: null, where: null, having: null, qualify: null }
    return { kind: 'select', items, groupBy: [], ...nothing, span }
  })
  const alone = (body: QueryBody): Query => {
    const nothing = { orderBy: [], limit: null, offset: null, emit: null }
    return { kind: 'query', with: [], body, ...nothing, span }
  }
  return others.reduce<QueryBody>(
    (before, row) => ({
      ...{ kind: 'set', operator: 'UNION', all: true, span },
      ...{ left: alone(before), right: alone(row) },
    }),
    first!,
  )
}

/** An aggregate by the columns around, with a row for each of these: counts of nothing are 0, all else is NULL. */
export function completed(rows: Plan, aggregated: Plan, by: readonly Expression[]): Plan {
  const width = rows.output.length
  const own = rows.output.map((field, index) => column(index, field))
  const { pairs, rest } = sameValues(own, by, width)
  const joined = joinOn(rows, aggregated, 'left', pairs, rest)
  const counts = aggregated.kind === 'aggregate' ? aggregated.calls : []
  const keys = aggregated.output.length - counts.length
  const places = by.map((key) => (key.kind === 'column' ? key.index : -1))
  const columns = aggregated.output.map((_, index) => {
    const key = places.indexOf(index)
    if (key >= 0) return own[key]!
    const value = column(width + index, joined.output[width + index]!)
    if (!counts[index - keys]?.function.startsWith('count')) return value
    return call('coalesce', [value, literal(0n, value.type)], value.type)
  })
  const names = aggregated.output.map(({ name }) => name)
  // The rows around are distinct, and each has one row of the aggregate.
  return { ...project(joined, columns, names), key: places }
}

/** Columns of both sides are the same, NULL and NULL too; in conditions the right ones stand from `width` on. */
function sameValues(
  left: readonly Expression[],
  right: readonly Expression[],
  width: number,
): { pairs: KeyPair[]; rest: Expression[] } {
  const pairs: KeyPair[] = []
  const rest: Expression[] = []
  for (const [index, one] of left.entries()) {
    const other = right[index]!
    const zero = zeroOf(one.type)
    if (!one.nullable && !other.nullable) pairs.push({ left: one, right: other })
    else if (zero === null) {
      const moved = other.kind === 'column' ? column(other.index + width, other) : other
      rest.push(fold(call('is_not_distinct', [one, moved], boolean)))
    } else {
      const isNull = (value: Expression) => call('is_null', [value], boolean)
      const known = (value: Expression) => call('coalesce', [value, zero], value.type)
      pairs.push({ left: known(one), right: known(other) })
      pairs.push({ left: isNull(one), right: isNull(other) })
    }
  }
  return { pairs, rest }
}

/** Some value of the type; null where it has none that is written so. */
function zeroOf(type: Type): Expression | null {
  switch (type.kind) {
    case 'boolean':
      return type.members === undefined ? literal(false, type) : null
    case 'varchar':
      return literal('', type)
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'date':
    case 'real':
    case 'double':
      return literal(0, type)
    case 'bigint':
    case 'decimal':
    case 'timestamp':
    case 'time':
    case 'interval':
    case 'months':
      return literal(0n, type)
    default:
      return null
  }
}
