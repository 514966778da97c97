/**
 * BindConstraint: what the columns of a relation promise: keys, CHECK, DEFAULT, references.
 *
 * How      A TABLE whose rows change enforces its keys and checks. A STREAM, an append-only TABLE and a connector's
 *          table keep no rows to compare with: there a key is a promise and must say NOT ENFORCED. CHECK looks at
 *          one row alone: whatever is stored can have it.
 */
import type { Constraint, Identifier, Statement } from '../../../../grammar/index.ts'
import type { Relation, TableCheck, TableKey, TableRules } from '../../../catalog/index.ts'
import type { Field, Schema } from '../../../data/index.ts'
import { fold } from '../../fold.ts'
import type { Expression } from '../../logical.ts'
import { all, type Binding, fail, unsupported } from '../binding.ts'
import { bindCondition, bindExpression } from '../expression/expression.ts'
import { onePlace } from '../expression/random.ts'
import { scopeOf } from '../scope.ts'
import { suggestion } from '../suggest.ts'
import { assigned } from './assign.ts'
import { refuseRepeated } from './view.ts'

type Create = Statement & { kind: 'create-relation' }
type Of<K extends Constraint['kind']> = Extract<Constraint, { kind: K }>

export interface Promised {
  schema: Schema
  defaults: readonly (Expression | null)[]
  rules: TableRules
}

/** `enforces`: the relation keeps its rows and can compare them. */
export function bindConstraints(
  binding: Binding,
  tree: Create,
  schema: Schema,
  enforces: boolean,
): Promised {
  const stated = constraintsOf(tree)
  for (const { constraint } of stated) {
    if (constraint.kind === 'foreign-key') {
      binding.notices.push('FOREIGN KEY is not checked')
    } else if (!enforces) refuseUnenforced(constraint)
  }
  const keyed = stated.flatMap(({ constraint, column }) =>
    constraint.kind === 'key' ? [{ constraint, column }] : [],
  )
  const keys = all(
    keyed.map(
      ({ constraint, column }) =>
        () =>
          bindKey(tree, schema, constraint, column),
    ),
  )
  refuseSecondPrimary(keyed.map(({ constraint }) => constraint))
  const required = new Set(keys.flatMap(({ primary, columns }) => (primary ? columns : [])))
  const fields = schema.fields.map((field, index) =>
    required.has(index) ? { ...field, nullable: false } : field,
  )
  const enforced = keys.filter((_, index) => keyed[index]!.constraint.enforced)
  const name = nameOf(tree)
  const checks = all(
    stated.flatMap(({ constraint }, index) =>
      constraint.kind === 'check'
        ? [() => bindCheck(binding, name, fields, constraint, index + 1)]
        : [],
    ),
  )
  return {
    schema: { fields },
    defaults: bindDefaults(binding, tree, fields),
    rules: { keys: enforced, checks },
  }
}

const nameOf = (tree: Create): string => tree.name.parts.map((part) => part.name).join('.')

/** All constraints with the column that they stand behind. */
function constraintsOf(tree: Create): { constraint: Constraint; column: Identifier | null }[] {
  const behind = tree.columns.flatMap(({ name, constraints }) =>
    constraints.map((constraint) => ({ constraint, column: name })),
  )
  return [...behind, ...tree.constraints.map((constraint) => ({ constraint, column: null }))]
}

function refuseUnenforced(constraint: Constraint): void {
  if (constraint.kind !== 'key' || !constraint.enforced) return
  const what = constraint.primary ? 'PRIMARY KEY' : 'UNIQUE'
  const hint = `write ${what} … NOT ENFORCED, or make it a TABLE, whose keys are enforced`
  unsupported(`an enforced ${what} of a relation whose rows only come`, constraint.span, hint)
}

function refuseSecondPrimary(keys: readonly Of<'key'>[]): void {
  const second = keys.filter(({ primary }) => primary)[1]
  if (second !== undefined) fail('duplicate_name', 'a second PRIMARY KEY', second.span)
}

function bindKey(
  tree: Create,
  schema: Schema,
  constraint: Of<'key'>,
  behind: Identifier | null,
): TableKey {
  const names = behind === null ? constraint.columns : [behind]
  refuseRepeated(names)
  const columns = all(names.map((name) => () => columnIndex(schema, name)))
  const { primary } = constraint
  const words = [nameOf(tree), ...(primary ? [] : names.map(({ name }) => name))]
  const name = constraint.name?.name ?? `${words.join('_')}_${primary ? 'pkey' : 'key'}`
  return { name, columns, primary }
}

/** The columns of the primary key of a relation, enforced or promised; null where none is declared. */
export function primaryKeyOf({ definition, schema }: Relation): number[] | null {
  const made = definition?.statement
  if (made?.kind !== 'create-relation') return null
  const stated = constraintsOf(made).find(
    ({ constraint }) => constraint.kind === 'key' && constraint.primary,
  )
  if (stated?.constraint.kind !== 'key') return null
  const names = stated.column === null ? stated.constraint.columns : [stated.column]
  return names.map((name) => columnIndex(schema, name))
}

export function columnIndex({ fields }: Schema, { name, span }: Identifier): number {
  const names = fields.map((field) => field.name)
  const index = names.findIndex((other) => other.toLowerCase() === name.toLowerCase())
  if (index >= 0) return index
  return fail('unknown_name', `column ${name} does not exist`, span, suggestion(name, names))
}

function bindCheck(
  binding: Binding,
  table: string,
  fields: readonly Field[],
  { condition, name }: Of<'check'>,
  number: number,
): TableCheck {
  const env = { binding, scope: scopeOf(fields, table), clause: 'CHECK', aggregates: null }
  const bound = bindCondition(env, condition)
  return { name: name?.name ?? `${table}_check${number}`, condition: bound }
}

function bindDefaults(
  binding: Binding,
  tree: Create,
  fields: readonly Field[],
): (Expression | null)[] {
  const values: (Expression | null)[] = fields.map(() => null)
  for (const { name, constraints } of tree.columns) {
    const stated = constraints.filter((constraint) => constraint.kind === 'default')
    if (stated.length > 1) fail('duplicate_name', 'a second DEFAULT', stated[1]!.span)
    const one = stated[0]
    if (one === undefined) continue
    const index = columnIndex({ fields: [...fields] }, name)
    values[index] = defaultValue(binding, fields[index]!, one)
  }
  return values
}

/** An expression without columns, computed for each row that needs it; NULL is as good as none. */
function defaultValue(binding: Binding, field: Field, { value: tree }: Of<'default'>) {
  const env = { binding, scope: [], clause: 'DEFAULT', aggregates: null, place: onePlace }
  const value = fold(assigned(binding, bindExpression(env, tree), field, tree.span))
  return value.kind === 'literal' && value.value === null ? null : value
}
