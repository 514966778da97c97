/**
 * BindChange: UPDATE, DELETE, and what INSERT does about keys that are there already.
 *
 * How      UPDATE and DELETE are queries over the table: they give the rows as they stand and, beside them, as they
 *          will stand. SET of ON CONFLICT and RETURNING are expressions over rows at hand.
 * Contract 1 (checked) rows of an UPDATE are those of the table, then the new ones, then a BOOLEAN for each CHECK.
 */
import type {
  Assignment,
  Conflict as ConflictTree,
  Identifier,
  Path,
  SelectItem,
  Statement,
  Expression as Tree,
  Relation as TreeRelation,
} from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import { plainName, type Relation, schemas, type TableKey } from '../../../catalog/index.ts'
import { topColumns, typeText, widthOf } from '../../../data/index.ts'
import type { BoundStatement } from '../../bind.ts'
import { nullType } from '../../coerce.ts'
import { and, column, literal } from '../../expression.ts'
import type { Expression, Plan } from '../../logical.ts'
import { project } from '../../node.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { bindCondition, bindValue } from '../expression/expression.ts'
import { flatten } from '../expression/struct.ts'
import { bindQuery } from '../query.ts'
import { findRelation } from '../relation.ts'
import { joinScopes, scopeOf } from '../scope.ts'
import { assigned } from './assign.ts'
import { checkNames, checksOver, defaultCell, withComputed } from './cells.ts'
import { columnIndex } from './constraint.ts'
import { refuseRepeated } from './view.ts'

/** What happens to a new row whose key is there already. */
export interface Conflict {
  /** The keys that are looked at. */
  keys: readonly TableKey[]
  /** Null: the new row is left out. Else expressions over the standing row and the new one behind it. */
  update: {
    /** The row that takes the place, and whether it satisfies each CHECK. */
    expressions: Expression[]
    /** Where it is not TRUE the standing row stays. */
    where: Expression | null
  } | null
  /** Of several new rows with one key the last counts; where it is false two of them are a mistake. */
  last: boolean
}

/** What a statement gives back of the rows that it wrote or took away: expressions over the table's columns. */
export interface Returning {
  expressions: Expression[]
  names: string[]
}

type Update = Statement & { kind: 'update' | 'delete' }
export type Mutable = Relation & { kind: 'stream' | 'table' }

/** The table that a statement changes. */
export function findMutable(binding: Binding, path: Path, what: string): Mutable {
  const relation = findRelation(binding, path)
  if (relation.kind === 'table' && relation.rules !== undefined) return relation
  const kinds = { materialized: 'materialized view', external: "connector's table" } as const
  const kind =
    relation.kind === 'materialized' || relation.kind === 'external'
      ? kinds[relation.kind]
      : relation.kind === 'table'
        ? 'table that is append-only'
        : relation.kind
  const message = `${what} needs a TABLE, and ${relation.name} is a ${kind}`
  return fail(
    'type_mismatch',
    message,
    path.span,
    'rows of a TABLE change, those of others only come',
  )
}

export function bindUpdate(binding: Binding, tree: Update): BoundStatement {
  const update = tree.kind === 'update'
  const target = findMutable(binding, tree.target, update ? 'UPDATE' : 'DELETE')
  const { fields } = target.schema
  const assignments = update ? tree.assignments : []
  const places = placesOf(target, assignments)
  const star: Tree = { kind: 'star', qualifier: [tableOf(tree)], span: tree.target.span }
  const given = assignments.map(({ value, column: of }) =>
    value.kind === 'default' ? columnTree(tree, of.name) : value,
  )
  const types = [...fields, ...places.map((place) => fields[place]!)].map(({ type }) => type)
  const query = bindQuery(
    binding,
    {
      kind: 'query',
      with: [],
      body: {
        kind: 'select',
        distinct: false,
        items: [star, ...given].map(itemOf),
        from: sourceOf(tree),
        where: tree.where,
        groupBy: [],
        having: null,
        qualify: null,
        span: tree.span,
      },
      orderBy: [],
      limit: null,
      offset: null,
      emit: null,
      span: tree.span,
    },
    { targets: types },
  )
  const plan = update ? withNewRows(binding, query, target, places, assignments) : query
  return {
    kind: 'update',
    verb: update ? 'UPDATE' : 'DELETE',
    target: target.name,
    plan,
    joined: tree.from !== null,
    returning: bindReturning(binding, target, tree),
    notices: binding.notices,
  }
}

/** The table, beside the relations of FROM or USING. */
function sourceOf(tree: Update): TreeRelation {
  const { target, alias, from } = tree
  const { span } = target
  const left: TreeRelation = { kind: 'table', path: target, alias, span }
  if (from === null) return left
  return { kind: 'join', join: 'cross', left, right: from, on: null, using: [], span }
}

export function placesOf(target: Relation, assignments: readonly Assignment[]): number[] {
  refuseRepeated(assignments.map(({ column: name }) => name))
  const made = new Set(target.computed?.map(({ column }) => column))
  for (const { column: name } of assignments) {
    if (!made.has(columnIndex(target.schema, name))) continue
    fail('type_mismatch', `column ${name.name} of ${target.name} is computed`, name.span)
  }
  return assignments.map(({ column: name }) => columnIndex(target.schema, name))
}

const nowhere: Span = { start: 0, end: 0 }
const identifier = (name: string): Identifier => ({
  kind: 'identifier',
  name,
  quoted: true,
  span: nowhere,
})

function tableOf({ alias, target }: Update): Identifier {
  const last = target.parts.at(-1)!
  return alias ?? { ...last, name: plainName(last.name) }
}

/** The table's column, whatever else is in scope. */
function columnTree(tree: Update, name: string): Tree {
  return { kind: 'column', path: [tableOf(tree), identifier(name)], span: tree.target.span }
}

const itemOf = (expression: Tree): SelectItem => ({
  kind: 'select-item',
  expression,
  alias: null,
  span: expression.span,
})

/** Standing rows with the new ones, and their checks, beside them. */
function withNewRows(
  binding: Binding,
  query: Plan,
  target: Mutable,
  places: readonly number[],
  assignments: readonly Assignment[],
): Plan {
  const { fields } = target.schema
  const isProject = query.kind === 'project'
  const cells = isProject
    ? query.expressions
    : query.output.map((field, index) => column(index, field))
  const tops = topColumns(query.output.slice(fields.length))
  const cellsOf = (place: number) => {
    const { at, width } = tops[place]!
    return cells.slice(fields.length + at, fields.length + at + width)
  }
  const given = assignedCells(binding, target, { places, assignments, cellsOf }, cells)
  const fresh = withComputed(target, given)
  const names = fields.map(({ name }) => name)
  return project(
    isProject ? query.input : query,
    [...cells.slice(0, fields.length), ...fresh, ...checksOver(target, fresh)],
    [...names, ...names, ...checkNames(target)],
  )
}

/** The cells of a row after SET; `cellsOf` gives the flat expressions of an assignment's value. */
export function assignedCells(
  binding: Binding,
  target: Relation,
  set: {
    places: readonly number[]
    assignments: readonly Pick<Assignment, 'value'>[]
    cellsOf: (place: number) => readonly Expression[]
  },
  standing: readonly Expression[],
): Expression[] {
  const { fields } = target.schema
  const cells = standing.slice(0, fields.length)
  set.places.forEach((first, place) => {
    const { value } = set.assignments[place]!
    const width = widthOf(fields[first]!.type)
    const isDefault = value.kind === 'default'
    const given = isDefault ? [] : set.cellsOf(place)
    const isNull = value.kind === 'null'
    if (!isDefault && !isNull && given.length !== width) {
      const types = `${typeText(fields[first]!.type)}, not ${typeText(given[0]!.type)}`
      fail('type_mismatch', `column ${fields[first]!.name} takes ${types}`, value.span)
    }
    for (let at = 0; at < width; at++) {
      const index = first + at
      const cell = isNull ? literal(null, nullType) : given[at]!
      cells[index] = isDefault
        ? defaultCell(target, index)
        : assigned(binding, cell, fields[index]!, value.span)
    }
  })
  return cells
}

export function bindReturning(
  binding: Binding,
  target: Relation,
  tree: Statement & { kind: 'insert' | 'update' | 'delete' },
): Returning | null {
  const items = tree.returning
  if (items.length === 0) return null
  const span = { start: items[0]!.span.start, end: items.at(-1)!.span.end }
  const alias = tree.kind === 'insert' ? null : tree.alias
  const body = {
    kind: 'select' as const,
    distinct: false,
    items,
    from: { kind: 'table' as const, path: tree.target, alias, span },
    where: null,
    groupBy: [],
    having: null,
    qualify: null,
    span,
  }
  const rest = { with: [], orderBy: [], limit: null, offset: null, emit: null }
  const plan = bindQuery(binding, { kind: 'query', body, ...rest, span })
  const names = plan.output.map(({ name }) => name)
  if (plan.kind === 'scan') {
    return { expressions: target.schema.fields.map((field, index) => column(index, field)), names }
  }
  if (plan.kind === 'project' && plan.input.kind === 'scan') {
    return { expressions: plan.expressions, names }
  }
  return unsupported('RETURNING of more than columns and expressions', span)
}

/** Null: a key that is there already is a mistake, as without ON CONFLICT. */
export function bindConflict(
  binding: Binding,
  target: Relation,
  tree: ConflictTree,
): Conflict | null {
  const rules = target.kind === 'table' ? target.rules : undefined
  if (rules === undefined) {
    const hint = 'keys of a TABLE are enforced'
    fail('type_mismatch', `${target.name} has no enforced key`, tree.span, hint)
  }
  const keys = conflictKeys(target, rules.keys, tree)
  if (tree.action === 'error') return null
  if (tree.action === 'nothing') return { keys, update: null, last: false }
  if (keys.length !== 1) {
    const hint = `write ON CONFLICT (columns) DO ${tree.action.toUpperCase()}`
    fail('ambiguous_name', `${target.name} has ${keys.length} keys`, tree.span, hint)
  }
  const last = tree.action === 'deduplicate'
  return { keys, update: bindConflictUpdate(binding, target, tree), last }
}

function conflictKeys(
  target: Relation,
  keys: readonly TableKey[],
  tree: ConflictTree,
): readonly TableKey[] {
  if (tree.columns.length === 0 && keys.length > 0) return keys
  const wanted = tree.columns.map((name) => columnIndex(target.schema, name)).sort((a, b) => a - b)
  const found = keys.filter(
    ({ columns }) => [...columns].sort((a, b) => a - b).join() === wanted.join(),
  )
  if (found.length > 0) return found.slice(0, 1)
  const names = tree.columns.map(({ name }) => name).join(', ')
  const message =
    names === '' ? `${target.name} has no key` : `${target.name} has no key (${names})`
  return fail('unknown_name', message, tree.span, 'declare PRIMARY KEY or UNIQUE')
}

/** Over the standing row and, behind it, the new one: `excluded`. */
function bindConflictUpdate(
  binding: Binding,
  target: Relation,
  tree: ConflictTree,
): NonNullable<Conflict['update']> {
  const { fields } = target.schema
  const excluded = scopeOf(fields, 'excluded').map((one) => ({ ...one, merged: true }))
  const scope = joinScopes(
    scopeOf(fields, schemas.localName(binding.catalog, target.name)),
    excluded,
    fields.length,
  )
  const env = { binding, scope, clause: 'ON CONFLICT', aggregates: null }
  const places = placesOf(target, tree.assignments)
  const { assignments } = tree
  const from = places.length === 0 ? fields.length : 0
  const standing = fields.map((field, index) => column(from + index, field))
  const cellsOf = (place: number) => flatten(binding, bindValue(env, assignments[place]!.value))
  const given = assignedCells(binding, target, { places, assignments, cellsOf }, standing)
  const cells = withComputed(target, given)
  const where = tree.where === null ? null : and([bindCondition(env, tree.where)])
  return { expressions: [...cells, ...checksOver(target, cells)], where }
}
