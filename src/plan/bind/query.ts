/**
 * BindQuery: SELECT and VALUES become a plan.
 *
 * How      FROM → WHERE → project of keys and arguments → aggregate → HAVING → window functions → QUALIFY → project of
 *          the select list → DISTINCT → sort; the parts of a SELECT are bound in select/. Every clause is bound even
 *          when another has a mistake, so that one run reports several.
 * Contract 1 (checked) the output has no two columns of one name (case aside), and no column of the type of NULL.
 */
import type {
  NamedWindow,
  OrderItem,
  Query,
  QueryBody,
  Expression as Tree,
} from '../../../grammar/index.ts'
import { boolean } from '../coerce.ts'
import { and, column, conjunctsOf, literal, mapColumns } from '../expression.ts'
import { fold } from '../fold.ts'
import type { Expression, Plan } from '../logical.ts'
import { filter, project, values } from '../node.ts'
import { all, type Binding, fail, unsupported } from './binding.ts'
import { type Aggregates, aboveKeys } from './expression/aggregate.ts'
import { bindCondition, type Env } from './expression/expression.ts'
import { onePlace, placesOf } from './expression/random.ts'
import { numberedRows } from './expression/row-offset.ts'
import { watermarksOf } from './expression/watermark.ts'
import { type Around, completed, selectsOf } from './nested/around.ts'
import { beneathOf, inRows, queriesIn, readsBeneath, settled } from './nested/inside.ts'
import { type ScalarJoin, type Scalars, scalarBase } from './nested/scalar.ts'
import { bindSet } from './nested/set.ts'
import { applyTest, joinable, joinScalars, placeScalars, subqueryTest } from './nested/subquery.ts'
import { type BoundOver, bindOvers, filterRanked, liftOver } from './over.ts'
import {
  type BoundRelation,
  bindRelation,
  type Conjuncts,
  refuseEmit,
  renamed,
} from './relation.ts'
import { columnsNamed, type Scope, scopeOf } from './scope.ts'
import { bindAggregate, bindGroup, plainItems } from './select/group.ts'
import { type Groups, groupsAround, groupsOf, hasSets, leavesOf } from './select/grouping.ts'
import { bindItems, type Item } from './select/item.ts'
import { bindOrder, finish, type OrderKey, type QueryPlace } from './select/order.ts'
import { bindValues } from './select/values.ts'
import { bindGroupWindow, type GroupWindow, isWindowCall } from './window.ts'

type SelectTree = QueryBody & { kind: 'select' }

export function bindQuery(outer: Binding, query: Query, place: QueryPlace = {}): Plan {
  const binding = query.with.length === 0 ? outer : withTables(outer, query.with)
  const { body } = query
  switch (body.kind) {
    case 'values':
      if (place.around === undefined) return bindValues(binding, query, body.rows, place)
      return bindQuery(binding, { ...query, with: [], body: selectsOf(query, body.rows) }, place)
    case 'set':
      return bindSetTail(binding, query, bindSet(binding, body, place.around), place)
    case 'select':
      return bindSelect(binding, query, body, place)
  }
}

/** WITH: each query is bound once, those behind it may read it. */
function withTables(outer: Binding, tables: Query['with']): Binding {
  let binding = outer
  const names = new Set<string>()
  for (const { name, columns, query } of tables) {
    const key = name.name.toLowerCase()
    if (names.has(key)) fail('duplicate_name', `${name.name} stands twice in WITH`, name.span)
    names.add(key)
    refuseEmit(query)
    const plan = renamed(bindQuery(binding, query), columns)
    binding = { ...binding, tables: new Map([...binding.tables, [key, plan]]) }
  }
  return binding
}

/** ORDER BY and LIMIT behind UNION and its like, over the columns of the result. */
function bindSetTail(binding: Binding, query: Query, plan: Plan, place: QueryPlace): Plan {
  if (query.orderBy.length === 0 && query.limit === null && query.offset === null) return plan
  const shown = plan.output.length - (place.around?.width ?? 0)
  const fields = plan.output.slice(0, shown)
  const by = plan.output.slice(shown).map((field, index) => column(shown + index, field))
  const scope = scopeOf(fields, null)
  const items = fields.map((field, index): Item => {
    const path = [{ kind: 'identifier' as const, name: field.name, quoted: true, span: query.span }]
    const tree: Tree = { kind: 'column', path, span: query.span }
    const inside = field.name.includes('.')
    return { tree, name: field.name, expression: column(index, field), inside }
  })
  const env: Env = { binding, scope, clause: 'ORDER BY', aggregates: null }
  const order = bindOrder(env, query.orderBy, items)
  return finish(binding, query, { plan, items, by, order, bare: false, distinct: false, place })
}

// ---------------------------------------------------------------- SELECT

/** What the SELECT reads, with the columns that CURRENT_WATERMARK, RANDOM() and ROW_OFFSET() ask for. */
function sourceOf(binding: Binding, { orderBy }: Query, tree: SelectTree, from: Plan | undefined) {
  // Without FROM there is one row; its one column cannot be named.
  if (from === undefined) {
    const source = values([[literal(true, boolean)]], ['row'])
    return { source, marked: null, place: onePlace, numbered: null }
  }
  const marked = watermarksOf(binding, tree, from)
  const placed = placesOf(binding, { ...tree, orderBy }, marked?.plan ?? from)
  const source = placed?.plan ?? marked?.plan ?? from
  const numbered = numberedRows(binding, { ...tree, orderBy, from: null }, source)
  return { source: numbered?.plan ?? source, marked, place: placed?.place, numbered }
}

/** FROM, with the columns that tell rows around apart. */
function fromOf(
  binding: Binding,
  tree: SelectTree,
  around: Around | undefined,
  conjuncts: Conjuncts,
): { from: BoundRelation | null; by: Expression[] } {
  if (around !== undefined) return around.open(binding, tree, conjuncts)
  return { from: tree.from === null ? null : bindRelation(binding, tree.from, conjuncts), by: [] }
}

function bindSelect(binding: Binding, query: Query, tree: SelectTree, place: QueryPlace): Plan {
  const conjuncts = joinable(tree.where)
  const { around } = place
  const { from, by: keys } = fromOf(binding, tree, around, conjuncts)
  let by = keys
  const sets = hasSets(tree.groupBy)
  const scope = sets ? mayBeNull(from?.scope ?? []) : (from?.scope ?? [])
  const { source, marked, place: drawn, numbered } = sourceOf(binding, query, tree, from?.plan)
  const window = bindGroupWindow(binding, { plan: source, scope }, tree.groupBy)
  const width = source.output.length + (window?.columns.length ?? 0)
  const aggregates: Aggregates = { width, calls: [] }
  const overs: BoundOver[] = []
  const env = (clause: string, collector: Aggregates | null): Env => ({
    binding,
    scope,
    clause,
    aggregates: collector,
    window: clause === 'WHERE' ? null : window,
    marked,
    numbered,
    place: drawn,
    windows: windowsOf(tree),
  })
  const { below, kept, beneath, above } = queriesOf(
    binding,
    tree,
    { plan: source, scope },
    () => where,
  )
  /** Where aggregates, scalar subqueries and OVER may stand. */
  const last = (clause: string): Env => ({
    ...env(clause, aggregates),
    beneath,
    overs,
    scalars: above,
  })
  let where: Expression[] = []
  let items: Item[] = []
  let having: Expression | null = null
  let qualify: Expression | null = null
  let groups: Groups = { keys: [], sets: null }
  let order: OrderKey[] = []
  all<void>([
    () => {
      const plain = conjuncts.filter((part) => !part.implied && subqueryTest(part.tree) === null)
      const place = { ...env('WHERE', null), scalars: below }
      const bound = all(plain.map((part) => () => bindCondition(place, part.tree)))
      where = bound.filter((_, index) => !plain[index]!.taken)
    },
    () => {
      items = bindItems(last('the select list'), tree)
    },
    () => {
      if (tree.having === null) return
      having = bindCondition({ ...env('HAVING', aggregates), beneath, scalars: above }, tree.having)
    },
  ])
  all<void>([
    () => {
      groups = groupsOf(tree.groupBy, (key) => {
        if (key.kind === 'star') return plainItems(items, width)
        if (isWindowCall(key)) return window!.columns
        return bindGroup(inRows({ ...env('GROUP BY', null), beneath }), key, items, width)
      })
      if (around?.rows === null && (groups.sets !== null || window !== null)) refuseAround(tree)
    },
    () => {
      order = [...bindOrder(last('ORDER BY'), query.orderBy, items), ...bindOn(last, tree, items)]
    },
    () => {
      if (tree.qualify !== null) qualify = bindQualify(last('QUALIFY'), tree.qualify, items)
    },
  ])
  /** What has read the rows so far reads those of the node above them. */
  const lift = (to: (expression: Expression) => Expression) => {
    items = all(items.map((item) => () => ({ ...item, expression: to(item.expression) })))
    const keyOf = ({ item, expression }: OrderKey) =>
      item === null ? to(expression) : items[item]!.expression
    order = all(order.map((key) => () => ({ ...key, expression: keyOf(key) })))
    if (qualify !== null) qualify = to(qualify)
    by = by.map(to)
  }
  const liftAll = (to: (expression: Expression) => Expression) => {
    lift(to)
    if (having !== null) having = to(having)
    for (const one of overs) liftOver(one, to)
  }
  const liftBoth = (to: (expression: Expression) => Expression) => {
    liftAll(to)
    above.joins = above.joins.map((join) => liftScalar(join, to))
  }
  for (const one of overs) one.partition = [...by, ...one.partition]
  const rows = tested(binding, kept(), scope, conjuncts)
  let plan = window === null ? rows : placeWindow(rows, window, [...by, ...groups.keys], tree)
  if (beneath.joins.length > 0) {
    const read = settled(plan, beneath, aggregates)
    plan = read.plan
    groups.keys = groups.keys.map(read.settle)
    liftBoth(read.settle)
  }
  const calls = aggregates.calls.length > 0 || aggregates.grouping !== undefined
  const grouped = tree.groupBy.length > 0 || calls || having !== null
  const placeAggregate = () => {
    groups = groupsAround(groups, by, around?.rows ?? null)
    const made = bindAggregate(binding, plan, { groups, aggregates, scope })
    const plain = having === null && overs.length + above.joins.length === 0
    if (around !== undefined && tree.groupBy.length === 0)
      wholeOf(around, made, { query, tree, by, items, aggregates, plain })
    plan = made.plan
    liftBoth((expression) => aboveKeys(expression, made.above))
  }
  const placeOvers = () => {
    const read = [...items, ...order].map(({ expression }) => expression)
    if (qualify !== null) read.push(qualify)
    const ranked = bindOvers(binding, plan, overs, [...read, ...by])
    plan = ranked.plan
    lift(ranked.above)
    if (qualify !== null) plan = filterRanked(plan, conjunctsOf(qualify))
  }
  if (grouped) placeAggregate()
  if (above.joins.length > 0) {
    const lifted = plan.output.length
    plan = joinScalars(plan, above)
    liftAll((expression) => placeScalars(expression, lifted))
  }
  if (having !== null) plan = filter(plan, having)
  if (overs.length > 0) placeOvers()
  const plain = overs.length === 0 && above.joins.length === 0 && conjuncts.length === 0
  const bare = from === null && !grouped && plain
  return finish(binding, query, { plan, items, by, order, bare, distinct: tree.distinct, place })
}

/** The queries inside the expressions of a SELECT: below its rows, below its aggregate and above it. */
function queriesOf(
  binding: Binding,
  tree: SelectTree,
  { plan, scope }: BoundRelation,
  where: () => readonly Expression[],
) {
  const scalarsOf = (rows: () => Plan): Scalars => ({ base: scalarBase, rows, joins: [], width: 0 })
  const below = scalarsOf(() => plan)
  /** The rows for which the other conditions of WHERE hold. */
  const kept = () => whereOf(plan, where(), below)
  return { below, kept, beneath: beneathOf(binding, tree, scope, kept), above: scalarsOf(kept) }
}

/** An aggregate behind LATERAL without GROUP BY: it has a row where there is nothing, too. */
function wholeOf(
  around: Around,
  made: ReturnType<typeof bindAggregate>,
  parts: {
    query: Query
    tree: SelectTree
    by: readonly Expression[]
    items: readonly Item[]
    aggregates: Aggregates
    /** Is there nothing between it and the select list? */
    plain: boolean
  },
): void {
  const { query, tree, items, aggregates, plain } = parts
  if (around.rows !== null) {
    const by = parts.by.map((key) => aboveKeys(key, made.above))
    made.plan = completed(around.rows(), made.plan, by)
    made.above.output = made.plan.output
    return
  }
  const cut = query.limit !== null || query.offset !== null
  if (cut || !plain || items.some((item) => item.gives !== undefined)) refuseAround(tree)
  around.nothing = items.map(({ expression }) => overNothing(expression, aggregates))
}

/** What a column of an aggregate shows over no rows. */
function overNothing(expression: Expression, { calls, width }: Aggregates): Expression {
  const nothing = mapColumns(expression, ({ index, type }) => {
    const counts = calls[index - width]?.function.startsWith('count') === true
    return literal(counts ? 0n : null, type)
  })
  return fold(nothing)
}

/** What a query by its own keys cannot say; it is bound by the rows around it instead. */
function refuseAround({ span }: SelectTree): never {
  return unsupported('it asks for more than equal keys', span)
}

/** The rows with the window of GROUP BY, whose other keys these are. */
function placeWindow(
  plan: Plan,
  window: GroupWindow,
  keys: readonly Expression[],
  { groupBy, span }: SelectTree,
): Plan {
  if (window.name === 'SESSION' && keys.some(readsBeneath)) {
    const hint = 'give it a column in FROM (SELECT …), and group by that'
    const key = leavesOf(groupBy).find((one) => queriesIn(one).length > 0)
    unsupported('a subquery in GROUP BY beside SESSION', key?.span ?? span, hint)
  }
  return window.place(plan, keys)
}

/** Above grouping sets a key may be NULL in rows of another set. */
const mayBeNull = (scope: Scope): Scope => scope.map((entry) => ({ ...entry, nullable: true }))

/** The windows of WINDOW, each of a name of its own. */
function windowsOf({ windows = [] }: SelectTree): readonly NamedWindow[] {
  const names = windows.map(({ name }) => name.name.toLowerCase())
  const twice = windows.find(({ name }, at) => names.indexOf(name.name.toLowerCase()) < at)
  if (twice === undefined) return windows
  const { name, span } = twice.name
  return fail('duplicate_name', `window ${name} stands twice in WINDOW`, span)
}

/** The keys of DISTINCT ON, which name columns as those of ORDER BY do. */
function bindOn(
  env: (clause: string) => Env,
  { distinctOn = [] }: SelectTree,
  items: Item[],
): OrderKey[] {
  const keys = distinctOn.map(
    (expression): OrderItem => ({
      ...{ kind: 'order-item', expression, span: expression.span },
      ...{ descending: false, nulls: null },
    }),
  )
  return bindOrder(env('DISTINCT ON'), keys, items).map((key) => ({ ...key, on: true }))
}

/** The rows for which IN and EXISTS among the conjuncts hold. */
function tested(binding: Binding, rows: Plan, scope: Scope, conjuncts: Conjuncts): Plan {
  const tests = conjuncts.filter((part) => subqueryTest(part.tree) !== null)
  return tests.reduce((plan, { tree }) => applyTest(binding, plan, scope, tree), rows)
}

/** The join over the output of an aggregate. */
function liftScalar(join: ScalarJoin, lift: (outer: Expression) => Expression): ScalarJoin {
  const pairs = join.pairs.map((pair) => ({ ...pair, left: lift(pair.left) }))
  return { ...join, pairs, rest: join.rest.map(lift) }
}

/** The rows for which WHERE holds; queries that stand for values are joined for it and go again. */
export function whereOf(source: Plan, where: readonly Expression[], scalars: Scalars): Plan {
  if (where.length === 0) return source
  if (scalars.joins.length === 0) return filterRanked(source, where)
  const width = source.output.length
  const placed = where.map((one) => placeScalars(one, width))
  const kept = filter(joinScalars(source, scalars), and(placed))
  return project(
    kept,
    source.output.map((field, index) => column(index, field)),
    source.output.map((field) => field.name),
  )
}

/** The condition of QUALIFY, which may name what the select list calls so. */
function bindQualify(env: Env, tree: Tree, items: Item[]): Expression {
  const named = items.flatMap(
    ({ name, expression, gives }, item): Scope =>
      columnsNamed(env.scope, [{ kind: 'identifier', name, quoted: false, span: tree.span }])
        .length > 0 || gives !== undefined
        ? []
        : [
            {
              ...expression,
              qualifier: null,
              name,
              path: [name],
              index: itemBase + item,
              merged: false,
            },
          ],
  )
  const condition = bindCondition({ ...env, scope: [...env.scope, ...named] }, tree)
  if ((env.overs ?? []).length === 0) {
    const hint = 'conditions on rows go to WHERE, those on groups to HAVING'
    fail('invalid_grouping', 'QUALIFY needs a window function', tree.span, hint)
  }
  return mapColumns(condition, (found) =>
    found.index < itemBase ? found : items[found.index - itemBase]!.expression,
  )
}

/** While QUALIFY is bound, item n of the select list is column `itemBase + n`. */
const itemBase = 2 ** 24
