/**
 * BindConstraint: what the columns of a relation promise: keys, CHECK, DEFAULT, references.
 *
 * How      A TABLE whose rows change enforces its keys and checks. A STREAM, an append-only TABLE and a connector's
 *          table keep no rows to compare with: there a key is a promise and must say NOT ENFORCED. CHECK looks at
 *          one row alone: whatever is stored can have it.
 */
import {
  type Constraint,
  type Identifier,
  print,
  type Statement,
} from '../../../../grammar/index.ts'
import {
  plainName,
  type Relation,
  type TableCheck,
  type TableKey,
  type TableRules,
} from '../../../catalog/index.ts'
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
  const named = new Set<string>()
  for (const { constraint, name } of stated) {
    if (constraint.kind !== 'default' && constraint.name !== null) {
      const isTwice = named.has(name.toLowerCase())
      if (isTwice) fail('duplicate_name', `constraint ${name} is there twice`, constraint.span)
      named.add(name.toLowerCase())
    }
    if (constraint.kind === 'foreign-key') {
      binding.notices.push('FOREIGN KEY is not checked')
    } else if (!enforces) refuseUnenforced(constraint)
  }
  const keyed = stated.flatMap(({ constraint, ...one }) =>
    constraint.kind === 'key' ? [{ constraint, ...one }] : [],
  )
  const keys = all(
    keyed.map(({ constraint, columns, name }) => (): TableKey => {
      refuseRepeated(columns)
      const places = all(columns.map((column) => () => columnIndex(schema, column)))
      return { name, columns: places, primary: constraint.primary }
    }),
  )
  refuseSecondPrimary(keyed.map(({ constraint }) => constraint))
  const required = new Set(keys.flatMap(({ primary, columns }) => (primary ? columns : [])))
  const fields = schema.fields.map((field, index) =>
    required.has(index) ? { ...field, nullable: false } : field,
  )
  const enforced = keys.filter((_, index) => keyed[index]!.constraint.enforced)
  const table = plainName(tree.name.parts.at(-1)!.name)
  const checks = all(
    stated.flatMap(({ constraint, name }) =>
      constraint.kind === 'check'
        ? [
            (): TableCheck => ({
              name,
              text: print(constraint.condition),
              condition: bindCheck(binding, table, fields, constraint),
            }),
          ]
        : [],
    ),
  )
  return {
    schema: { fields },
    defaults: bindDefaults(binding, tree, fields),
    rules: { keys: enforced, checks },
  }
}

/** A constraint of a CREATE, the columns that it names or stands behind, and the name by which it can be dropped. */
interface Stated {
  constraint: Constraint
  columns: readonly Identifier[]
  name: string
}

/** All constraints, those behind columns first. */
export function constraintsOf(tree: Create): Stated[] {
  const behind = tree.columns.flatMap(({ name, constraints }) =>
    constraints.map((constraint) => ({ constraint, columns: [name] })),
  )
  const listed = tree.constraints.map((constraint) => {
    const columns =
      constraint.kind === 'check' || constraint.kind === 'default' ? [] : constraint.columns
    return { constraint, columns }
  })
  return [...behind, ...listed].map(({ constraint, columns }, index) => {
    return { constraint, columns, name: constraintName(tree, constraint, columns, index + 1) }
  })
}

function constraintName(
  tree: Create,
  constraint: Constraint,
  columns: readonly Identifier[],
  number: number,
): string {
  const table = plainName(tree.name.parts.at(-1)!.name)
  if (constraint.kind === 'default') return ''
  if (constraint.name !== null) return constraint.name.name
  const names = columns.map(({ name }) => name)
  if (constraint.kind === 'check') return `${table}_check${number}`
  if (constraint.kind === 'foreign-key') return `${[table, ...names].join('_')}_fkey`
  return constraint.primary ? `${table}_pkey` : `${[table, ...names].join('_')}_key`
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

/** The columns of the primary key of a relation, enforced or promised; null where none is declared. */
export function primaryKeyOf({ definition, schema }: Relation): number[] | null {
  const made = definition?.statement
  if (made?.kind !== 'create-relation') return null
  const stated = constraintsOf(made).find(
    ({ constraint }) => constraint.kind === 'key' && constraint.primary,
  )
  return stated?.columns.map((name) => columnIndex(schema, name)) ?? null
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
  { condition }: Of<'check'>,
): Expression {
  const env = { binding, scope: scopeOf(fields, table), clause: 'CHECK', aggregates: null }
  return bindCondition(env, condition)
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
