/**
 * BindView: CREATE [MATERIALIZED] VIEW.
 *
 * How      A plain view is bound once to know its columns and mistakes, and again, from its tree, wherever it is
 *          read. A materialized view is a continuous query with a name.
 */
import { type Identifier, nameOf, type Statement } from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import type { Relation } from '../../../catalog/index.ts'
import { type Field, flatFields, sameType, topColumns, typeText } from '../../../data/index.ts'
import { type BoundStatement, bindContinuous, refuseDuplicate } from '../../bind.ts'
import type { Plan } from '../../logical.ts'
import { nodesOf } from '../../node.ts'
import { madeInZone } from '../../zone.ts'
import { type Binding, fail } from '../binding.ts'
import { bindQuery } from '../query.ts'
import { readsFrom, refuseEmit, rename } from '../relation.ts'
import { bindMoment } from './watch.ts'

type CreateView = Statement & { kind: 'create-view' }
type Start = (BoundStatement & { kind: 'create-materialized' })['start']

export function bindCreateView(binding: Binding, tree: CreateView): BoundStatement {
  const name = nameOf(tree.name)
  const { notices } = binding
  const { ifNotExists, orReplace } = tree
  const present = binding.catalog.get(name)
  const kind = tree.materialized ? 'materialized' : 'view'
  const replaces = orReplace && (present === undefined || present.kind === kind)
  if (!ifNotExists && !replaces) refuseDuplicate(binding, tree.name)
  binding.creating = name
  if (tree.materialized) return bindMaterialized(binding, tree, name)
  refuseEmit(tree.query)
  binding.checking = true
  const plan = bindQuery(binding, tree.query)
  const schema = { fields: named(plan.output, tree.columns) }
  const { dialect } = binding
  const relation = {
    kind: 'view' as const,
    name,
    schema,
    watermark: null,
    query: tree.query,
    dialect,
    ...madeInZone(),
  }
  return { kind: 'create-view', relation, orReplace, ifNotExists, notices }
}

function bindMaterialized(binding: Binding, tree: CreateView, name: string): BoundStatement {
  const query = bindContinuous(binding, tree.query, tree.query.emit, true)
  const fields = named(query.plan.output, tree.columns)
  const plan = rename(
    query.plan,
    fields.map((field) => field.name),
  )
  const { notices } = binding
  const relation = {
    kind: 'materialized' as const,
    name,
    schema: { fields },
    watermark: null,
    query: tree.query,
    dialect: binding.dialect,
    ...madeInZone(),
    plan: null,
    key: plan.key,
    updating: plan.updating,
  }
  const { ifNotExists } = tree
  const present = tree.orReplace ? binding.catalog.get(name) : undefined
  if (present?.kind === 'materialized') refuseUnlike(binding, present, relation, tree.name.span)
  const replaces = present !== undefined
  const start = startOf(binding, tree, plan)
  const preserves = replaces && tree.state === 'preserve' ? tree.name.span : null
  const how = { ifNotExists, replaces, preserves, start }
  const bound = { relation, query: { ...query, plan }, ...how }
  return { kind: 'create-materialized', ...bound, notices }
}

/** START FROM, of a view that reads streams. */
function startOf(binding: Binding, { name, startFrom }: CreateView, plan: Plan): Start {
  if (startFrom === undefined) return 'earliest'
  if (!nodesOf(plan).some((node) => node.kind === 'scan' && readsFrom(binding, node.relation))) {
    const span = typeof startFrom === 'string' ? name.span : startFrom.span
    const hint = 'tables and views are read as they stand; connectors have options of their own'
    fail(
      'invalid_argument',
      'START FROM needs a stored stream, and the query reads none',
      span,
      hint,
    )
  }
  if (typeof startFrom === 'string') return startFrom
  return { ...bindMoment(binding, startFrom, 'START FROM'), span: startFrom.span }
}

/** What reads a view goes on with the rows of the one that takes its place. */
function refuseUnlike(
  { catalog }: Binding,
  before: Relation & { kind: 'materialized' },
  after: Relation & { kind: 'materialized' },
  span: Span,
): void {
  const { name } = before
  for (const one of catalog.sourcesOf(after)) {
    if (one === after || one.name.toLowerCase() !== name.toLowerCase()) continue
    fail('dependency', `view ${name} would read itself`, span, 'give the new view another name')
  }
  const readers = catalog.dependents(name)
  if (readers.length === 0) return
  const difference = differenceOf(before, after)
  if (difference === null) return
  const list = readers.join(', ')
  const hint = `${list} go on with the new view: drop them first, or keep the columns`
  fail('dependency', `${name} is read by ${list}, and ${difference}`, span, hint)
}

/** In what a view differs for those that read it; null: in its rows alone. */
export function differenceOf(
  before: Relation & { kind: 'materialized' },
  after: Relation & { kind: 'materialized' },
): string | null {
  const [old, fresh] = [before.schema.fields, after.schema.fields]
  if (old.length !== fresh.length) return `has ${fresh.length} columns in place of ${old.length}`
  for (const [index, { name, type, nullable }] of old.entries()) {
    const now = fresh[index]!
    if (name.toLowerCase() !== now.name.toLowerCase()) {
      return `has column ${now.name} in place of ${name}`
    }
    if (!sameType(type, now.type)) {
      return `column ${name} is ${typeText(now.type)} in place of ${typeText(type)}`
    }
    if (now.nullable && !nullable) return `column ${name} may be NULL`
  }
  if (JSON.stringify(before.key) !== JSON.stringify(after.key)) return 'its rows have another key'
  const back = (updating: boolean) => (updating ? 'takes rows back' : 'takes no rows back')
  if (before.updating !== after.updating)
    return `it ${back(after.updating)} where it ${back(before.updating)}`
  return null
}

/** The columns under the names of the list behind the view's name. */
function named(fields: Field[], names: readonly Identifier[]): Field[] {
  if (names.length === 0) return fields
  const tops = topColumns(fields)
  if (names.length !== tops.length) {
    const message = `the query has ${tops.length} columns, and ${names.length} names are given`
    fail('type_mismatch', message, { start: names[0]!.span.start, end: names.at(-1)!.span.end })
  }
  refuseRepeated(names)
  return tops.flatMap(({ field, at, width }, index) => {
    const renamed = flatFields({ ...field, name: names[index]!.name })
    return fields
      .slice(at, at + width)
      .map((one, inside) => ({ ...one, name: renamed[inside]!.name }))
  })
}

export function refuseRepeated(names: readonly Identifier[]): void {
  const seen = new Set<string>()
  for (const { name, span } of names) {
    if (seen.has(name.toLowerCase())) fail('duplicate_name', `column ${name} is named twice`, span)
    seen.add(name.toLowerCase())
  }
}
