/**
 * BindQuery: SELECT and VALUES become a plan.
 *
 * How      FROM → WHERE → project of keys and arguments → aggregate → HAVING → project of the select list → DISTINCT
 *          → sort. Every clause is bound even when another has a mistake, so that one run reports several.
 * Contract 1 (checked) the output has no two columns of one name (case aside), and no column of the type of NULL.
 */
import type {
  Identifier,
  NamedWindow,
  OrderItem,
  Query,
  QueryBody,
  SelectItem,
  Expression as Tree,
} from '../../../grammar/index.ts'
import { mistake, type Span } from '../../base/index.ts'
import {
  compileRegex,
  flatFields,
  isWhole,
  membersOf,
  type Regex,
  RegexMistake,
  type Type,
  typeText,
  widthOf,
} from '../../data/index.ts'
import {
  bigint,
  boolean,
  coerce,
  commonTypeOf,
  cutFor,
  isAdaptable,
  isAssignable,
  varchar,
} from '../coerce.ts'
import {
  and,
  call,
  column,
  columnsOf,
  conjunctsOf,
  literal,
  mapColumns,
  signatureOf,
} from '../expression.ts'
import { fold } from '../fold.ts'
import type { AggregateCall, Expression, Plan, SortKey } from '../logical.ts'
import { aggregate, filter, project, rank, type SortShape, sort, values } from '../node.ts'
import { all, type Binding, fail, sortsNullsFirst, unsupported } from './binding.ts'
import {
  type Above,
  type Aggregates,
  aboveKeys,
  type BoundAggregate,
  isNullableCall,
} from './expression/aggregate.ts'
import {
  bindCondition,
  bindExpression,
  bindValue,
  type Env,
  type ScalarJoin,
  type Scalars,
} from './expression/expression.ts'
import { onePlace, placesOf } from './expression/random.ts'
import { columnOf, flatten, flattenInto, refuseStruct } from './expression/struct.ts'
import { watermarksOf } from './expression/watermark.ts'
import { outputName, uniqueNames } from './naming.ts'
import { bindSet } from './nested/set.ts'
import {
  applySubquery,
  joinable,
  joinScalars,
  placeScalars,
  subqueryTest,
} from './nested/subquery.ts'
import { type BoundOver, bindOvers, filterRanked, isPlaced, liftOver } from './over.ts'
import { bindRelation, type Conjuncts, refuseEmit, renamed } from './relation.ts'
import {
  columnsNamed,
  columnsOfTable,
  findColumn,
  type Scope,
  type ScopeColumn,
  scopeOf,
} from './scope.ts'
import { suggestion } from './suggest.ts'
import { bindGroupWindow, isWindowCall } from './window.ts'

type SelectTree = QueryBody & { kind: 'select' }

export interface QueryPlace {
  /** Is this the statement's own query, whose order the reader sees? */
  top?: boolean
  /** Types of the columns that VALUES of an INSERT go into. */
  targets?: readonly Type[] | undefined
}

export function bindQuery(outer: Binding, query: Query, place: QueryPlace = {}): Plan {
  const binding = query.with.length === 0 ? outer : withTables(outer, query.with)
  const { body } = query
  switch (body.kind) {
    case 'values':
      return bindValues(binding, query, body.rows, place)
    case 'set':
      return bindSetTail(binding, query, bindSet(binding, body), place)
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
  const scope = scopeOf(plan.output, null)
  const items = plan.output.map((field, index): Item => {
    const path = [{ kind: 'identifier' as const, name: field.name, quoted: true, span: query.span }]
    const tree: Tree = { kind: 'column', path, span: query.span }
    const inside = field.name.includes('.')
    return { tree, name: field.name, expression: column(index, field), inside }
  })
  const env: Env = { binding, scope, clause: 'ORDER BY', aggregates: null }
  const order = bindOrder(env, query.orderBy, items)
  return finish(binding, query, { plan, items, order, bare: false, distinct: false, place })
}

// ---------------------------------------------------------------- SELECT

interface Item {
  tree: Tree
  name: string
  expression: Expression
  /** Does it belong to the STRUCT before it? */
  inside: boolean
}

/** What the SELECT reads, with the columns that CURRENT_WATERMARK and RANDOM() ask for. */
function sourceOf(binding: Binding, { orderBy }: Query, tree: SelectTree, from: Plan | undefined) {
  // Without FROM there is one row; its one column cannot be named.
  if (from === undefined) {
    return { source: values([[literal(true, boolean)]], ['row']), marked: null, place: onePlace }
  }
  const marked = watermarksOf(binding, tree, from)
  const placed = placesOf(binding, { ...tree, orderBy }, marked?.plan ?? from)
  return { source: placed?.plan ?? marked?.plan ?? from, marked, place: placed?.place }
}

function bindSelect(binding: Binding, query: Query, tree: SelectTree, place: QueryPlace): Plan {
  const conjuncts = joinable(tree.where)
  const from = tree.from === null ? null : bindRelation(binding, tree.from, conjuncts)
  const scope = from?.scope ?? []
  const { source, marked, place: drawn } = sourceOf(binding, query, tree, from?.plan)
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
    place: drawn,
    windows: windowsOf(tree),
  })
  const [below, above] = [noScalars(), noScalars()]
  /** Where aggregates, scalar subqueries and OVER may stand. */
  const last = (clause: string): Env => ({ ...env(clause, aggregates), overs, scalars: above })
  let where: Expression[] = []
  let items: Item[] = []
  let having: Expression | null = null
  let qualify: Expression | null = null
  let groups: Expression[] = []
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
      having = bindCondition({ ...env('HAVING', aggregates), scalars: above }, tree.having)
    },
  ])
  all<void>([
    () => {
      const keys = tree.groupBy.map((key) => () => {
        if (key.kind === 'star') return plainItems(items, width)
        if (isWindowCall(key)) return window!.columns
        return bindGroup(env('GROUP BY', null), key, items, width)
      })
      groups = all(keys).flat()
    },
    () => {
      order = [...bindOrder(last('ORDER BY'), query.orderBy, items), ...bindOn(last, tree, items)]
    },
    () => {
      if (tree.qualify !== null) qualify = bindQualify(last('QUALIFY'), tree.qualify, items)
    },
  ])
  let plan = tested(binding, whereOf(source, where, below), scope, conjuncts)
  if (window !== null) plan = window.place(plan, groups)
  const grouped = groups.length > 0 || aggregates.calls.length > 0 || having !== null
  if (grouped) {
    const made = bindAggregate(binding, plan, { groups, aggregates, scope })
    plan = made.plan
    items = all(
      items.map((item) => () => ({ ...item, expression: aboveKeys(item.expression, made.above) })),
    )
    order = all(order.map((key) => () => liftOrder(key, made.above)))
    if (having !== null) having = aboveKeys(having, made.above)
    if (qualify !== null) qualify = aboveKeys(qualify, made.above)
    for (const one of overs) liftOver(one, (key) => aboveKeys(key, made.above))
    above.joins = above.joins.map((join) => liftScalar(join, (key) => aboveKeys(key, made.above)))
  }
  if (above.joins.length > 0) {
    const lifted = plan.output.length
    const placed = (expression: Expression) => placeScalars(expression, lifted)
    plan = joinScalars(plan, above)
    items = items.map((item) => ({ ...item, expression: placed(item.expression) }))
    order = order.map((key) => ({ ...key, expression: placed(key.expression) }))
    if (having !== null) having = placed(having)
    if (qualify !== null) qualify = placed(qualify)
    for (const one of overs) liftOver(one, placed)
  }
  if (having !== null) plan = filter(plan, having)
  if (overs.length > 0) {
    const shown = [...items, ...order].map(({ expression }) => expression)
    const ranked = bindOvers(binding, plan, overs, qualify === null ? shown : [...shown, qualify])
    plan = ranked.plan
    items = items.map((item) => ({ ...item, expression: ranked.above(item.expression) }))
    order = order.map((key) => ({ ...key, expression: ranked.above(key.expression) }))
    if (qualify !== null) plan = filterRanked(plan, conjunctsOf(ranked.above(qualify)))
  }
  const plain = overs.length === 0 && above.joins.length === 0 && conjuncts.length === 0
  const bare = from === null && !grouped && plain
  return finish(binding, query, { plan, items, order, bare, distinct: tree.distinct, place })
}

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
  const tests = conjuncts.flatMap((part) => subqueryTest(part.tree) ?? [])
  return tests.reduce((plan, test) => applySubquery(binding, plan, scope, test), rows)
}

const noScalars = (): Scalars => ({ joins: [], width: 0 })

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
    ({ name, expression }, item): Scope =>
      columnsNamed(env.scope, [{ kind: 'identifier', name, quoted: false, span: tree.span }])
        .length > 0
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

// ---------------------------------------------------------------- select list

function bindItems(env: Env, tree: SelectTree): Item[] {
  const parts = tree.items.map((item) => () => {
    if (item.expression.kind === 'star') return bindStar(env, item.expression)
    const name = item.alias?.name ?? outputName(item.expression, env.scope)
    return flatItems(env.binding, item.expression, name, bindValue(env, item.expression))
  })
  const items = all(parts).flat()
  if (items.length > 0) return items
  return fail('syntax', 'the select list has no columns', tree.items[0]!.span)
}

/** The items of an expression: several for a STRUCT. */
function flatItems(binding: Binding, tree: Tree, name: string, bound: Expression): Item[] {
  const fields = flatFields({ name, type: bound.type, nullable: bound.nullable })
  return flatten(binding, bound).map((expression, index) => {
    binding.spans.set(expression, tree.span)
    return { tree, name: fields[index]!.name, expression, inside: index > 0 }
  })
}

function bindStar(env: Env, tree: Tree & { kind: 'star' }): Item[] {
  const { change, pattern } = tree
  const all = starColumns(env.scope, tree)
  const columns = pattern === undefined ? all : matching(all, pattern, tree.span)
  const named = (names: readonly Identifier[], column: ScopeColumn) =>
    names.findIndex(({ name }) => name.toLowerCase() === column.path.at(-1)!.toLowerCase())
  const { exclude = [], replace = [], rename = [] } = change ?? {}
  const changed = [...exclude, ...[...replace, ...rename].map(({ name }) => name)]
  refuseUnknown(changed, columns)
  const [replaced, renamed] = [replace, rename].map((list) => list.map(({ name }) => name))
  const written: SelectItem[] = []
  env.binding.stars?.set(tree, written)
  return columns.flatMap((found) => {
    if (named(exclude, found) >= 0) return []
    const to = rename[named(renamed!, found)]
    const name = to?.to.name ?? found.path.at(-1)!
    const value = replace[named(replaced!, found)]?.value
    written.push(itemOf(value ?? pathOf(found, tree.span), name, env.scope))
    const bound =
      value === undefined ? columnOf(env.binding, env.scope, found) : bindValue(env, value)
    return flatItems(env.binding, value ?? tree, name, bound)
  })
}

/** How a column of a star is named alone. */
function pathOf({ qualifier, path }: ScopeColumn, span: Span): Tree {
  const names = qualifier === null ? path : [qualifier, ...path]
  return { kind: 'column', path: names.map((name) => quotedName(name, span)), span }
}

const quotedName = (name: string, span: Span): Identifier => ({
  kind: 'identifier',
  name,
  quoted: !/^[a-z_][a-z_0-9]*$/i.test(name),
  span,
})

function itemOf(expression: Tree, name: string, scope: Scope): SelectItem {
  const { span } = expression
  const isNamed = outputName(expression, scope) === name
  const alias = isNamed ? null : quotedName(name, span)
  return { kind: 'select-item', expression, alias, span }
}

/** What a star leaves out or changes is among its columns, and is named once. */
function refuseUnknown(names: readonly Identifier[], columns: Scope): void {
  const known = columns.map(({ path }) => path.at(-1)!)
  for (const [index, { name, span }] of names.entries()) {
    const same = (other: string) => other.toLowerCase() === name.toLowerCase()
    if (!known.some(same)) {
      fail('unknown_name', `* has no column ${name}`, span, suggestion(name, known))
    }
    if (names.slice(0, index).some((other) => same(other.name))) {
      fail('duplicate_name', `column ${name} stands twice behind *`, span)
    }
  }
}

/** COLUMNS('…'). */
function matching(columns: Scope, pattern: string, span: Span): Scope {
  const regex = regexOf(pattern, span)
  const bytes = new TextEncoder()
  const found = columns.filter(({ path }) => {
    const name = bytes.encode(path.at(-1)!)
    return regex.match(name, 0, name.length, 0)
  })
  if (found.length > 0) return found
  return fail('unknown_name', `no column is found by '${pattern}'`, span)
}

function regexOf(pattern: string, span: Span): Regex {
  try {
    return compileRegex(pattern)
  } catch (error) {
    if (!(error instanceof RegexMistake)) throw error
    const message = `'${pattern}' is no regular expression: ${error.message}`
    return fail('invalid_literal', message, span)
  }
}

/** The columns that a star stands for; a STRUCT among them is one. */
function starColumns(scope: Scope, tree: Tree & { kind: 'star' }): Scope {
  const { qualifier: path } = tree
  const whole = scope.filter((entry) => entry.path.length === 1)
  if (path.length === 0) {
    if (scope.length === 0) fail('syntax', '* needs a FROM clause', tree.span)
    return whole.filter((entry) => !entry.merged)
  }
  if (path.length === 1 && !tree.ofColumn) {
    const columns = columnsOfTable(whole, path[0]!.name)
    if (columns.length > 0) return columns
  }
  const [found, second] = columnsNamed(scope, path)
  if (found !== undefined && second === undefined && membersOf(found.type) !== null) {
    return scope.filter(
      (entry) =>
        entry.path.length === found.path.length + 1 &&
        entry.index > found.index &&
        entry.index < found.index + widthOf(found.type),
    )
  }
  if (tree.ofColumn) {
    const column = findColumn(scope, path, tree.span)
    fail('type_mismatch', `${typeText(column.type)} has no members`, tree.span)
  }
  const tables = new Set(scope.flatMap((entry) => entry.qualifier ?? []))
  const written = path.map((part) => part.name).join('.')
  const hint = suggestion(written, tables)
  return fail('unknown_name', `table ${written} is not in FROM`, tree.span, hint)
}

// ---------------------------------------------------------------- GROUP BY

/** A key: an ordinal, a column, an alias of the select list or an expression. */
function bindGroup(env: Env, tree: Tree, items: Item[], width: number): Expression[] {
  const item = groupItem(env, tree, items)
  const key = item === null ? bindValue(env, tree) : item.expression
  if ([...columnsOf(key)].some((index) => index >= width)) {
    fail('invalid_grouping', 'an aggregate cannot be a key of GROUP BY', tree.span)
  }
  return key.type.kind === 'null' ? [coerce(key, varchar)] : flatten(env.binding, key)
}

/** GROUP BY ALL: what is no aggregate and reads none. */
function plainItems(items: readonly Item[], width: number): Expression[] {
  return items
    .map(({ expression }) => expression)
    .filter((expression) => [...columnsOf(expression)].every((index) => index < width))
    .map((key) => (key.type.kind === 'null' ? coerce(key, varchar) : key))
}

function groupItem(env: Env, tree: Tree, items: Item[]): Item | null {
  if (tree.kind === 'number' && /^\d+$/.test(tree.text)) return itemAt(tree, items, 'GROUP BY')
  if (tree.kind !== 'column' || tree.path.length !== 1) return null
  if (columnsNamed(env.scope, tree.path).length > 0) return null
  return itemNamed(tree.path[0]!.name, items)
}

function itemAt(tree: Tree & { kind: 'number' }, items: Item[], clause: string): Item {
  const item = items.filter(({ inside }) => !inside)[Number(tree.text) - 1]
  if (item !== undefined) return item
  return fail('unknown_name', `${clause} ${tree.text} is not in the select list`, tree.span)
}

function itemNamed(name: string, items: Item[]): Item | null {
  return items.find((item) => item.name.toLowerCase() === name.toLowerCase()) ?? null
}

interface Grouping {
  groups: Expression[]
  aggregates: Aggregates
  scope: Scope
}

const rowCount: BoundAggregate = {
  function: 'count_star',
  argument: null,
  distinct: false,
  filter: null,
  type: bigint,
  span: undefined,
}

/** The aggregate, over a project when keys or arguments are expressions. */
export function bindAggregate(
  binding: Binding,
  input: Plan,
  { groups, aggregates, scope }: Grouping,
): { plan: Plan; above: Above } {
  const needed: Expression[] = []
  const place = (expression: Expression) => {
    const signature = signatureOf(expression)
    const found = needed.findIndex((other) => signatureOf(other) === signature)
    return found >= 0 ? found : needed.push(expression) - 1
  }
  const keys = [...new Set(groups.map(place))]
  // One row without keys or calls still needs a column.
  if (keys.length === 0 && aggregates.calls.length === 0) aggregates.calls.push(rowCount)
  const calls = aggregates.calls.map(
    (given): AggregateCall => ({
      function: given.function,
      argument: given.argument === null ? null : place(given.argument),
      distinct: given.distinct,
      filter: given.filter === null ? null : place(given.filter),
      type: given.type,
      nullable: isNullableCall(given, groups.length > 0),
      ...(given.span === undefined ? {} : { span: given.span }),
    }),
  )
  const names = needed.map((e, i) =>
    e.kind === 'column' ? input.output[e.index]!.name : `expr${i + 1}`,
  )
  const sources = needed.flatMap((e) => (e.kind === 'column' ? [e.index] : []))
  const plain = sources.length === needed.length
  const at = (index: number) => (plain ? sources[index]! : index)
  const plan = aggregate(plain ? input : project(input, needed, names), {
    keys: keys.map(at),
    calls: calls.map((given) => ({
      ...given,
      argument: given.argument === null ? null : at(given.argument),
      filter: given.filter === null ? null : at(given.filter),
    })),
    emit: 'changes',
    names: [
      ...keys.map((key) => names[key]!),
      ...calls.map((given) => (given.function === 'count_star' ? 'count' : given.function)),
    ],
  })
  const above: Above = {
    keys: keys.map((key) => signatureOf(needed[key]!)),
    width: aggregates.width,
    output: plan.output,
    refuse: (found) => refuseUngrouped(binding, scope, found),
  }
  return { plan, above }
}

function refuseUngrouped(
  binding: Binding,
  scope: Scope,
  found: Expression & { kind: 'column' },
): never {
  const name = scope.find((entry) => entry.index === found.index)?.name
  const span = binding.spans.get(found)
  if (name === undefined) {
    mistake({
      code: 'invalid_grouping',
      message: 'the call is made for single rows, and these are aggregated here',
      hint: 'write it in a SELECT around this one, or inside an aggregate',
      span,
    })
  }
  mistake({
    code: 'invalid_grouping',
    message: `${name} is neither grouped nor aggregated`,
    hint: `add ${name} to GROUP BY, or use an aggregate such as max(${name})`,
    span,
  })
}

// ---------------------------------------------------------------- ORDER BY, DISTINCT, LIMIT

interface OrderKey {
  /** Position in the select list; null when the key is no item of it. */
  item: number | null
  expression: Expression
  descending: boolean
  nullsFirst: boolean
  span: Span
  /** Is it a key of DISTINCT ON? */
  on?: true
}

function bindOrder(env: Env, order: readonly OrderItem[], items: Item[]): OrderKey[] {
  return all(
    order.map((key) => () => {
      if (key.expression.kind !== 'star') return [bindOrderKey(env, key, items)]
      // ALL: the columns of the select list from the left to the right.
      const nullsFirst = sortsNullsFirst(env.binding, key)
      return items.map(({ expression, tree }, item): OrderKey => {
        refuseStruct(expression, tree.span)
        return { item, expression, descending: key.descending, nullsFirst, span: key.span }
      })
    }),
  ).flat()
}

/** An ordinal, a name of the select list or an expression; names of the select list come first, as in Postgres. */
function bindOrderKey(env: Env, key: OrderItem, items: Item[]): OrderKey {
  const tree = key.expression
  const nullsFirst = sortsNullsFirst(env.binding, key)
  const rest = { descending: key.descending, nullsFirst, span: tree.span }
  const named =
    tree.kind === 'number' && /^\d+$/.test(tree.text)
      ? itemAt(tree, items, 'ORDER BY')
      : tree.kind === 'column' && tree.path.length === 1
        ? itemNamed(tree.path[0]!.name, items)
        : null
  if (named !== null) {
    refuseStruct(named.expression, tree.span)
    return { item: items.indexOf(named), expression: named.expression, ...rest }
  }
  const expression = bindExpression(env, tree)
  const signature = signatureOf(expression)
  const item = items.findIndex((other) => signatureOf(other.expression) === signature)
  return { item: item < 0 ? null : item, expression, ...rest }
}

interface Finish {
  plan: Plan
  items: Item[]
  order: OrderKey[]
  /** A SELECT of constants alone. */
  bare: boolean
  distinct: boolean
  place: QueryPlace
}

function finish(binding: Binding, query: Query, parts: Finish): Plan {
  const names = uniqueNames(parts.items.map((item) => item.name))
  const expressions = parts.items.map(({ expression }) => coerceNull(expression))
  const shape = bindSortShape(binding, query, parts)
  const first = parts.order.some((key) => key.on)
  const hidden = shape === null && !first ? [] : parts.order.filter((key) => key.item === null)
  if (parts.distinct && hidden.length > 0) {
    const message = 'ORDER BY of SELECT DISTINCT takes columns of the select list only'
    fail('invalid_grouping', message, hidden[0]!.span)
  }
  const shown = [...expressions, ...hidden.map((key) => coerceNull(key.expression))]
  const shownNames = [...names, ...hidden.map((_, index) => `order${index + 1}`)]
  let plan: Plan =
    parts.bare && hidden.length === 0
      ? values([shown], shownNames)
      : project(parts.plan, shown, shownNames)
  if (parts.distinct) {
    plan = aggregate(plan, { keys: [...names.keys()], calls: [], emit: 'changes', names })
  }
  if (first) plan = firstOfEach(binding, plan, parts)
  if (shape !== null) plan = cut(binding, plan, shape)
  if (plan.output.length === names.length) return plan
  const visible = names.map((_, index) => column(index, plan.output[index]!))
  return project(plan, visible, names)
}

/** The columns of the keys in the project of `finish`, where those that are no items stand behind them. */
function columnsOfKeys(parts: Finish): (key: OrderKey) => number {
  const hidden = parts.order.filter((key) => key.item === null)
  return (key) => key.item ?? parts.items.length + hidden.indexOf(key)
}

const orderOf = (parts: Finish) => parts.order.filter((key) => !key.on)

const sortKeysOf = (parts: Finish): SortKey[] =>
  orderOf(parts).map((key) => ({
    column: columnsOfKeys(parts)(key),
    descending: key.descending,
    nullsFirst: key.nullsFirst,
  }))

const tiesOf = (binding: Binding, plan: Plan) => (isPlaced(binding, plan) ? 'position' : 'values')

/** DISTINCT ON: the first row of each key. */
function firstOfEach(binding: Binding, plan: Plan, parts: Finish): Plan {
  return rank(plan, {
    function: 'row_number',
    partition: [...new Set(parts.order.filter((key) => key.on).map(columnsOfKeys(parts)))],
    order: sortKeysOf(parts),
    limit: 1,
    name: null,
    ties: tiesOf(binding, plan),
  })
}

/** ORDER BY, LIMIT and OFFSET; a continuous query has rows by their numbers, as with ROW_NUMBER. */
function cut(binding: Binding, plan: Plan, { keys, limit, offset }: SortShape): Plan {
  if (!binding.continuous) return sort(plan, { keys, limit, offset })
  if (limit === 0) return filter(plan, literal(false, boolean))
  const numbered = rank(plan, {
    function: 'row_number',
    partition: [],
    order: keys,
    limit: limit === null ? null : limit + offset,
    name: offset === 0 ? null : 'row_number',
    ties: tiesOf(binding, plan),
  })
  if (offset === 0) return numbered
  const width = plan.output.length
  const number = column(width, numbered.output[width]!)
  const behind = call('gt', [number, literal(BigInt(offset), bigint)], boolean)
  return project(
    filter(numbered, behind),
    plan.output.map((field, index) => column(index, field)),
    plan.output.map(({ name }) => name),
  )
}

/** A column of nothing but NULL is a VARCHAR, as in Postgres. */
function coerceNull(expression: Expression): Expression {
  return expression.type.kind === 'null' ? coerce(expression, varchar) : expression
}

/** What ORDER BY, LIMIT and OFFSET ask for; null for nothing. */
function bindSortShape(binding: Binding, query: Query, parts: Finish): SortShape | null {
  const limit = query.limit === null ? null : bindCount(binding, query.limit, 'LIMIT')
  const offset = query.offset === null ? 0 : (bindCount(binding, query.offset, 'OFFSET') ?? 0)
  const cuts = query.limit ?? query.offset
  const order = orderOf(parts)
  if (order.length === 0 && limit === null && offset === 0) return null
  if (binding.continuous && cuts === null) {
    if (parts.place.top && order.length === parts.order.length)
      binding.notices.push('ORDER BY is ignored in a continuous query')
    return null
  }
  // The order of a query inside another one is seen by nobody, unless it decides what is cut.
  if (!parts.place.top && cuts === null) return null
  return { keys: sortKeysOf(parts), limit, offset }
}

function bindCount(binding: Binding, tree: Tree, clause: string): number | null {
  const env: Env = { binding, scope: [], clause, aggregates: null }
  const bound = fold(bindExpression(env, tree))
  const value = bound.kind === 'literal' ? bound.value : undefined
  if (value === null) return null
  const count = Number(value)
  if (isWhole(bound.type) && Number.isSafeInteger(count) && count >= 0) {
    return count
  }
  return fail('type_mismatch', `${clause} takes a whole number that is not negative`, tree.span)
}

/** An ORDER BY key over the input of an aggregate becomes one over its output. */
function liftOrder(key: OrderKey, above: Above): OrderKey {
  return key.item === null ? { ...key, expression: aboveKeys(key.expression, above) } : key
}

// ---------------------------------------------------------------- VALUES

function bindValues(binding: Binding, query: Query, trees: Tree[][], place: QueryPlace): Plan {
  const env: Env = { binding, scope: [], clause: 'VALUES', aggregates: null, place: onePlace }
  const width = trees[0]!.length
  for (const row of trees) {
    if (row.length === width) continue
    const message = `rows of VALUES have ${width} and ${row.length} columns`
    fail('type_mismatch', message, { start: row[0]!.span.start, end: row.at(-1)!.span.end })
  }
  const whole = all(trees.map((row) => () => all(row.map((tree) => () => bindValue(env, tree)))))
  const tops = trees[0]!.map((_, index) => structOfColumn(whole, index, place.targets))
  const { cells: bound, trees: places } = flatRows(binding, whole, trees, tops)
  const types = bound[0]!.map((_, index) =>
    valuesType(
      binding,
      bound.map((row) => row[index]!),
      places.map((row) => row[index]!.span),
      place.targets?.[index],
    ),
  )
  const rows = bound.map((row, r) =>
    row.map((cell, index) => {
      const type = types[index]!
      return coerce(cutFor(binding.dialect, cell, type), type, places[r]![index]!.span)
    }),
  )
  const fields = tops.flatMap((top, index) =>
    flatFields({ name: `column${index + 1}`, type: top ?? boolean, nullable: true }),
  )
  const names = fields.map(({ name }) => name)
  const items = names.map((name, index) => {
    const expression = column(index, { type: types[index]!, nullable: true })
    return { tree: places[0]![index]!, name, expression, inside: name.includes('.') }
  })
  const plan = values(rows, names)
  const order = bindOrder({ ...env, scope: scopeOf(plan.output, null) }, query.orderBy, items)
  const parts = { plan, items, order, bare: false, distinct: false, place }
  if (order.some((key) => key.item === null)) {
    unsupported('expressions in ORDER BY of VALUES', query.orderBy[0]!.span)
  }
  const shape = bindSortShape(binding, query, parts)
  return shape === null ? plan : cut(binding, plan, shape)
}

/** The STRUCT that column `index` of VALUES is, that of its target or of its values; null for other types. */
function structOfColumn(
  rows: Expression[][],
  index: number,
  targets: readonly Type[] | undefined,
): Type | null {
  const tops = targets === undefined ? [] : topTypes(targets)
  const given = rows.map((row) => row[index]!.type).find((type) => membersOf(type) !== null)
  const target = tops[index]
  return target !== undefined && membersOf(target) !== null ? target : (given ?? null)
}

function topTypes(flat: readonly Type[]): Type[] {
  const tops: Type[] = []
  for (let at = 0; at < flat.length; at += widthOf(flat[at]!)) tops.push(flat[at]!)
  return tops
}

/** Rows with their structs flattened; a NULL takes the place of all that belongs to one. */
function flatRows(
  binding: Binding,
  rows: Expression[][],
  trees: Tree[][],
  tops: (Type | null)[],
): { cells: Expression[][]; trees: Tree[][] } {
  const widths = tops.map((top) => (top === null ? 1 : widthOf(top)))
  const cells = rows.map((row, r) =>
    row.flatMap((cell, index) => {
      const top = tops[index]!
      if (top === null) return [refuseStruct(cell, trees[r]![index]!.span)]
      const flat = flattenInto(binding, cell, top)
      if (flat !== null) return flat
      const message = `${typeText(cell.type)} does not fit ${typeText(top)}`
      return fail('type_mismatch', message, trees[r]![index]!.span)
    }),
  )
  const places = trees.map((row) =>
    row.flatMap((tree, index) => Array.from({ length: widths[index]! }, () => tree)),
  )
  return { cells, trees: places }
}

/** The type of a column of VALUES: that of the target column, where every value can be assigned to it. */
function valuesType(
  { dialect }: Binding,
  cells: Expression[],
  spans: Span[],
  target: Type | undefined,
): Type {
  const fits = (cell: Expression) => isAdaptable(cell) || isAssignable(cell.type, target!, dialect)
  if (target !== undefined && cells.every(fits)) return target
  const type = commonTypeOf(cells)
  if (type !== null) return type.kind === 'null' ? varchar : type
  const first = cells.find((cell) => !isAdaptable(cell))!
  const odd = cells.findIndex((cell) => commonTypeOf([first, cell]) === null)
  const pair = `${typeText(first.type)} and ${typeText(cells[Math.max(odd, 0)]!.type)}`
  return fail('type_mismatch', `a column of VALUES cannot be ${pair}`, spans[Math.max(odd, 0)]!)
}
