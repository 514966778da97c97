/**
 * BindCells: the values of a new row's columns that no statement gives: defaults and computed columns.
 *
 * How      Computed columns of a table whose rows change are part of the statement's plan: an UPDATE makes them anew.
 *          Those of other relations are made when rows are appended, whoever appends them.
 */
import type { Relation } from '../../../catalog/index.ts'
import { literal, mapColumns } from '../../expression.ts'
import type { Expression } from '../../logical.ts'

export const rulesOf = (relation: Relation) =>
  relation.kind === 'table' ? relation.rules : undefined

/** What stands in a column that is left out; null where nothing is said. */
export function defaultOf(relation: Relation, index: number): Expression | null {
  const isStored = relation.kind === 'stream' || relation.kind === 'table'
  return ((isStored ? relation.defaults?.[index] : null) ?? null) as Expression | null
}

/** The same, NULL where nothing is said. */
export function defaultCell(relation: Relation, index: number): Expression {
  return defaultOf(relation, index) ?? literal(null, relation.schema.fields[index]!.type)
}

/** All cells of a row, the computed ones over the others, which stand at their places in `cells`. */
export function withComputed(relation: Relation, cells: readonly Expression[]): Expression[] {
  const { computed = [], schema } = relation
  return schema.fields.map((_, index) => {
    const made = computed.find(({ column }) => column === index)
    return made === undefined ? cells[index]! : over(made.expression, cells)
  })
}

/** A bound expression over the relation's columns, over cells in their place. */
function over(expression: unknown, cells: readonly Expression[]): Expression {
  return mapColumns(expression as Expression, ({ index }) => cells[index]!)
}

/** Whether a row of a table satisfies each CHECK, over the values of its columns. */
export function checksOver(relation: Relation, cells: readonly Expression[]): Expression[] {
  return (rulesOf(relation)?.checks ?? []).map(({ condition }) => over(condition, cells))
}

export function checkNames(relation: Relation): string[] {
  return (rulesOf(relation)?.checks ?? []).map(({ name }) => name)
}
