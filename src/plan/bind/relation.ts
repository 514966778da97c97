/**
 * BindRelation: what stands in FROM becomes a plan and the scope of its columns.
 *
 * How      table: scan, or the view's query in its place. file: a scan that carries how to open it. derived: its query.
 *          window: the source with window columns.
 *          join: equalities between the sides become keys (expressions get a project below), the rest is the
 *          residual; of relations joined by commas, the equalities are taken from WHERE.
 */
import {
  type Identifier,
  nameOf,
  type Option,
  type Query,
  type Expression as Tree,
  type Relation as TreeRelation,
} from '../../../grammar/index.ts'
import type { Span } from '../../base/index.ts'
import {
  plainName,
  type Relation,
  schemas,
  sessionOf,
  systemRelations,
} from '../../catalog/index.ts'
import { flatFields, topColumns } from '../../data/index.ts'
import type { FileSource, Plan, Watermark } from '../logical.ts'
import { nodesOf, project, scan } from '../node.ts'
import { bindAsof } from './asof.ts'
import { type Binding, fail, inView, unsupported } from './binding.ts'
import { bindChangelog } from './changelog.ts'
import { bindCountWindow } from './count-window.ts'
import { bindJoin } from './join.ts'
import { bindFunction, isRowFunction } from './lateral.ts'
import { bindMatch } from './match.ts'
import { hinted, hintOptions } from './option-hint.ts'
import { bindQuery } from './query.ts'
import { type Scope, scopeOf } from './scope.ts'
import { bindFile } from './statement/file.ts'
import { suggestion } from './suggest.ts'
import { bindTableCall } from './table-call.ts'
import { bindFixed, bindTemporal, isFixed } from './temporal.ts'
import { bindWindow } from './window.ts'

export interface BoundRelation {
  plan: Plan
  scope: Scope
}

/**
 * Conjuncts of WHERE that a join may take as its equalities; it marks those that it takes. An `implied` one is true
 * wherever the others are, and goes where no join takes it.
 */
export type Conjuncts = { tree: Tree; taken: boolean; implied?: true }[]

export function bindRelation(
  binding: Binding,
  tree: TreeRelation,
  conjuncts: Conjuncts,
): BoundRelation {
  if (tree === binding.around?.tree) return binding.around.bound
  switch (tree.kind) {
    case 'table':
      return withColumns(bindTable(binding, tree), tree)
    case 'file':
      return withColumns(bindFile(binding, tree), tree)
    case 'derived':
      return bindDerived({ ...binding, around: null }, tree)
    case 'window':
      return withColumns(bindWindow(binding, tree), tree)
    case 'count-window':
      return withColumns(bindCountWindow(binding, tree), tree)
    case 'changelog':
      return withColumns(bindChangelog(binding, tree), tree)
    case 'join':
      return bindJoined(binding, tree, conjuncts)
    case 'match':
      return withColumns(bindMatch(binding, tree), tree)
    case 'function':
      return isRowFunction(tree)
        ? bindFunction(binding, tree)
        : withColumns(bindTableCall(binding, tree), tree)
  }
}

function bindJoined(
  binding: Binding,
  tree: TreeRelation & { kind: 'join' },
  conjuncts: Conjuncts,
): BoundRelation {
  const { right } = tree
  if (right.kind === 'table' && right.asOf !== undefined && !isFixed(right.asOf)) {
    return bindTemporal(binding, { ...tree, right }, conjuncts)
  }
  if (tree.asof !== undefined) return bindAsof(binding, tree, conjuncts)
  return bindJoin(binding, tree, conjuncts)
}

/** The relation under the names of `AS t (a, b)`. */
function withColumns(
  bound: BoundRelation,
  {
    alias,
    columnAliases = [],
  }: TreeRelation & {
    kind: 'table' | 'file' | 'window' | 'count-window' | 'changelog' | 'match' | 'function'
  },
): BoundRelation {
  if (columnAliases.length === 0) return bound
  const plan = renamed(bound.plan, columnAliases)
  return { plan, scope: scopeOf(plan.output, alias!.name) }
}

// ---------------------------------------------------------------- tables

/** The relation of this name, or a mistake that suggests one. */
export function findRelation(
  binding: Binding,
  path: { parts: { name: string }[]; span: Span },
): Relation {
  const name = nameOf(path)
  const found = binding.catalog.get(name)
  if (found !== undefined) return found
  const made = binding.catalog
    .list()
    .flatMap(({ name: of }) => (sessionOf(of) === null ? [of] : []))
  const names = [...made, ...systemRelations.keys()]
  if (name.toLowerCase() === 'lateral') {
    const hint = 'write the relation without LATERAL'
    fail('syntax', 'LATERAL stands before a query in parentheses or a function', path.span, hint)
  }
  const hint = absent.find(([pattern]) => pattern.test(name))?.[1]
  if (hint !== undefined) unsupported(`the relation ${name}`, path.span, hint)
  const known = suggestion(name, names)
  return fail('unknown_name', `table ${name} does not exist`, path.span, known)
}

/** Relations of the system that are not there, and what stands in their place. */
const absent: readonly (readonly [RegExp, string])[] = [
  [
    /^(pg_catalog\.|pg_)/i,
    'pg_class, pg_attribute, information_schema and sys.* say what there is',
  ],
  [/^sys\.checkpoints$/i, 'sys.memory tells the bytes of the log'],
  [/^sys\.synopses$/i, 'sys.state tells what queries keep'],
]

function bindTable(binding: Binding, tree: TreeRelation & { kind: 'table' }): BoundRelation {
  if (tree.asOf !== undefined) return bindFixed(binding, { ...tree, asOf: tree.asOf })
  const [first, ...others] = tree.path.parts
  const common = others.length > 0 ? undefined : binding.tables.get(first!.name.toLowerCase())
  if (common !== undefined) {
    // Each place that reads it has scans of its own.
    if (tree.options !== undefined) {
      binding.notices.push(`hint OPTIONS is ignored: ${first!.name} has no connector`)
    }
    const plan = structuredClone(common)
    return { plan, scope: scopeOf(plan.output, tree.alias?.name ?? first!.name) }
  }
  const relation = hinted(binding, findRelation(binding, tree.path), tree.options)
  const qualifier = tree.alias?.name ?? plainName(tree.path.parts.at(-1)!.name)
  const isQuery =
    relation.kind === 'view' ||
    (relation.kind === 'materialized' && binding.recomputed(relation, tree.path.span))
  const plan = isQuery
    ? bindView(binding, relation, tree.path.span)
    : bindScan(binding, relation, tree.path.span, tree.options)
  const schema =
    tree.alias === null ? schemas.placeOf(binding.catalog, relation.name).schema : undefined
  return { plan, scope: scopeOf(plan.output, qualifier, schema) }
}

function bindView(
  binding: Binding,
  view: Relation & { kind: 'view' | 'materialized' },
  span: Span,
): Plan {
  const evicts = view.kind === 'materialized' && view.evicted !== undefined
  const plan = inView(binding, view, span, (inner) =>
    bindQuery(evicts ? { ...inner, evicts } : inner, { ...view.query, emit: null }),
  )
  if (view.kind === 'materialized') {
    startAt(binding, plan, Math.max(view.startAt ?? 0, view.evicted ?? 0))
  }
  return rename(
    plan,
    view.schema.fields.map((field) => field.name),
  )
}

/** Scans of streams begin at a position of the log, but for those that have a beginning already. */
function startAt(binding: Binding, plan: Plan, position: number): void {
  for (const node of nodesOf(plan)) {
    if (node.kind !== 'scan' || !readsFrom(binding, node.relation)) continue
    node.from ??= position
  }
}

/** Can the relation be read from a position of the log on? Its rows only come, and are stored. */
export function readsFrom({ catalog }: Pick<Binding, 'catalog'>, name: string): boolean {
  const relation = catalog.get(name)
  return relation?.kind === 'stream' || (relation?.kind === 'table' && relation.rules === undefined)
}

/** The plan with other column names. */
export function rename(plan: Plan, names: readonly string[]): Plan {
  if (plan.output.every((field, index) => field.name === names[index])) return plan
  const columns = plan.output.map(({ type, nullable }, index) => ({
    kind: 'column' as const,
    index,
    type,
    nullable,
  }))
  return project(plan, columns, names)
}

function bindScan(binding: Binding, relation: Relation, span: Span, hint?: Option[]): Plan {
  checkReadable(binding, relation, span)
  const materialized = relation.kind === 'materialized' ? relation : null
  const rules = relation.kind === 'table' ? relation.rules : undefined
  const isStored = relation.kind === 'stream' || relation.kind === 'table'
  const evicts = binding.continuous && binding.evicts === true && isStored && rules === undefined
  return scan(
    {
      name: relation.name,
      schema: relation.schema,
      ...(relation.kind === 'external' ? { outside: outsideOf(hint) } : {}),
      ...(evicts ? { outside: { evicts } } : {}),
      // One-shot statements see one relation: no row is late, every window is complete.
      watermark: binding.continuous && !evicts ? judgedBy(relation.watermark) : null,
      // A failure that is taken back leaves the list.
      updating:
        binding.continuous &&
        (evicts ||
          materialized?.updating === true ||
          relation.kind === 'errors' ||
          rules !== undefined),
      key: materialized?.key ?? keyOf(relation),
    },
    relation.schema.fields.map((_, index) => index),
  )
}

function outsideOf(hint: Option[] = []): { outside: true; options?: FileSource['options'] } {
  return { outside: true, ...(hint.length === 0 ? {} : { options: hintOptions(hint) }) }
}

/** What a scan goes by: rows of windows that still take them are not late. */
function judgedBy(watermark: Relation['watermark']): Watermark | null {
  if (watermark === null) return null
  const { column, delayMicros, aheadMicros, graceMicros, partition } = watermark
  return {
    column,
    delayMicros: (BigInt(delayMicros) + BigInt(graceMicros ?? 0)).toString(),
    ...(aheadMicros === undefined ? {} : { aheadMicros }),
    ...(graceMicros === undefined ? {} : { graceMicros }),
    ...(partition === undefined ? {} : { partition }),
  }
}

/** Columns that identify a row of a table; null when none are known to. */
function keyOf(relation: Relation): number[] | null {
  if (relation.kind !== 'table') return null
  const { fields } = relation.schema
  const key = relation.rules?.keys.find(({ columns }) =>
    columns.every((column) => !fields[column]!.nullable),
  )
  return key === undefined ? null : [...key.columns]
}

function checkReadable(binding: Binding, relation: Relation, span: Span): void {
  if (relation.kind === 'system' && binding.continuous) {
    const hint = 'a SELECT without EMIT reads it as it is now'
    unsupported(`${relation.name} in a continuous query`, span, hint)
  }
  if (relation.kind === 'subscription') {
    const hint = `DECLARE c SUBSCRIPTION CURSOR FOR ${relation.name} FULL, and FETCH`
    fail('type_mismatch', `${relation.name} is a subscription, which a cursor reads`, span, hint)
  }
  if (relation.kind !== 'external') return
  if (!relation.source) {
    unsupported(`reading from connector ${relation.connector}`, span)
  }
  if (!binding.continuous && !binding.checking && !relation.bounded) {
    const hint = 'add EMIT CHANGES to the query, or make it a CREATE MATERIALIZED VIEW'
    fail('unbounded', `${relation.name} never ends, and a one-shot query reads it all`, span, hint)
  }
}

function bindDerived(binding: Binding, tree: TreeRelation & { kind: 'derived' }): BoundRelation {
  refuseEmit(tree.query)
  const plan = renamed(bindQuery(binding, tree.query), tree.columnAliases)
  return { plan, scope: scopeOf(plan.output, tree.alias?.name ?? null) }
}

/** The plan under the names of a list behind an alias, which may be shorter than the columns. */
export function renamed(bound: Plan, aliases: readonly Identifier[]): Plan {
  const tops = topColumns(bound.output)
  if (aliases.length > tops.length) {
    const [have, given] = [tops.length, aliases.length]
    fail('type_mismatch', `it has ${have} columns, not ${given}`, aliases[have]!.span)
  }
  const names = tops.flatMap(({ field, at, width }, index) => {
    const alias = aliases[index]?.name
    if (alias !== undefined) return flatFields({ ...field, name: alias }).map(({ name }) => name)
    return bound.output.slice(at, at + width).map(({ name }) => name)
  })
  return rename(bound, names)
}

/** EMIT belongs to the statement, not to a part of it. */
export function refuseEmit(query: Query): void {
  if (query.emit === null) return
  unsupported('EMIT inside another query', query.emit.span, 'move EMIT to the end of the statement')
}
