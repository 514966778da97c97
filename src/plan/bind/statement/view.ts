/**
 * BindView: CREATE [MATERIALIZED] VIEW.
 *
 * How      A plain view is bound once to know its columns and mistakes, and again, from its tree, wherever it is
 *          read. A materialized view is a continuous query with a name.
 */
import type { Identifier, Statement } from '../../../../grammar/index.ts'
import { type Field, flatFields, topColumns } from '../../../data/index.ts'
import { type BoundStatement, bindContinuous, refuseDuplicate } from '../../bind.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { bindQuery } from '../query.ts'
import { refuseEmit, rename } from '../relation.ts'

type CreateView = Statement & { kind: 'create-view' }

export function bindCreateView(binding: Binding, tree: CreateView): BoundStatement {
  const name = tree.name.parts.map((part) => part.name).join('.')
  const { notices } = binding
  const { ifNotExists, orReplace } = tree
  if (tree.materialized && orReplace) {
    unsupported('CREATE OR REPLACE MATERIALIZED VIEW', tree.name.span, 'DROP it first')
  }
  const present = binding.catalog.get(name)
  const replaces = orReplace && (present === undefined || present.kind === 'view')
  if (!ifNotExists && !replaces) refuseDuplicate(binding, tree.name)
  if (tree.name.parts.length > 1) unsupported('schemas in names', tree.name.span)
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
  }
  return { kind: 'create-view', relation, orReplace, ifNotExists, notices }
}

function bindMaterialized(binding: Binding, tree: CreateView, name: string): BoundStatement {
  const query = bindContinuous(binding, tree.query, tree.query.emit)
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
    plan: null,
    key: plan.key,
    updating: plan.updating,
  }
  const { ifNotExists } = tree
  return { kind: 'create-materialized', relation, query: { ...query, plan }, ifNotExists, notices }
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
