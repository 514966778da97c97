/**
 * BindAlter: ALTER of a relation: its CREATE is changed as the statement says, and bound anew.
 *
 * How      1. The tree that makes the relation is edited and bound against the names without the relation: whatever a
 *             CREATE may not say, an ALTER may not lead to.
 *          2. Whatever reads the relation is bound before and after. Its plan must be the same, but for the places of
 *             columns. A star is written out where that keeps the plan, so that a view has the columns that it had.
 * Contract 1 (checked) what reads the relation has the rows that it had, or the statement is refused and names it.
 *          2 (trusted) the catalog is read and not changed.
 */
import {
  type Alteration,
  type ColumnDefinition,
  type Constraint,
  type Identifier,
  nameOf,
  type Path,
  type Query,
  type SelectItem,
  type Statement,
} from '../../../../grammar/index.ts'
import { QueryMistake, type Span } from '../../../base/index.ts'
import {
  type Catalog,
  type ComputedColumn,
  type Relation,
  schemas,
  type TableKey,
  type TableRules,
} from '../../../catalog/index.ts'
import { membersOf, topColumns, typeText } from '../../../data/index.ts'
import { type BoundStatement, refuseDuplicate } from '../../bind.ts'
import { isAssignable } from '../../coerce.ts'
import { column as columnAt, columnsOf, literal, moveColumns } from '../../expression.ts'
import type { Expression, Plan } from '../../logical.ts'
import { rewrite } from '../../rewrite.ts'
import { inZone, madeInZone } from '../../zone.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { clockOf } from '../expression/clock.ts'
import { bindExpression } from '../expression/expression.ts'
import { bindQuery } from '../query.ts'
import { findRelation } from '../relation.ts'
import { scopeOf } from '../scope.ts'
import { suggestion } from '../suggest.ts'
import { assigned } from './assign.ts'
import { constraintsOf } from './constraint.ts'
import { bindCreateRelation } from './create.ts'
import { isCalled, objectOf } from './drop.ts'
import { readingUnder, renamedIn } from './rename.ts'

type Alter = Statement & { kind: 'alter' }
type Create = Statement & { kind: 'create-relation' }
type Bound = BoundStatement & { kind: 'alter' }

export function bindAlter(binding: Binding, tree: Alter): BoundStatement {
  const name = nameOf(tree.name)
  const { notices } = binding
  if (tree.ifExists && binding.catalog.get(name) === undefined) {
    return {
      kind: 'alter',
      name,
      change: null,
      message: `there is no ${tree.object} ${name}`,
      notices,
    }
  }
  const relation = findRelation(binding, tree.name)
  refuseOther(tree, relation)
  const message = `${tree.object} ${relation.name} altered`
  const bound = { kind: 'alter' as const, name: relation.name, message, notices }
  const { change } = tree
  if (change.kind === 'rename') {
    return { ...bound, change: bindRename(binding, relation, tree, change.to) }
  }
  if (relation.kind === 'view' || relation.kind === 'materialized') {
    const hint = 'CREATE OR REPLACE VIEW gives a view another query'
    unsupported(`ALTER of a view but for RENAME TO`, change.span, hint)
  }
  const made = relation.definition?.statement
  if (made?.kind !== 'create-relation') {
    unsupported(`ALTER of ${relation.name}, which another statement made`, tree.name.span)
  }
  if (made.query !== null) {
    const hint = 'DROP it, and make it with another query'
    unsupported('ALTER of the columns of CREATE STREAM … AS', change.span, hint)
  }
  refuseLate(binding, relation, change)
  const edited = editedBy(made, change)
  if (edited === null) return { ...bound, change: null, message: `${message}: nothing to do` }
  return { ...bound, change: bindChange(binding, relation, edited, change) }
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** The words of the statement say what the relation is. */
function refuseOther({ object, name }: Alter, relation: Relation): void {
  if (relation.kind === 'system')
    fail('unknown_name', `${relation.name} belongs to the database`, name.span)
  if (relation.kind === 'external' && !relation.source) {
    unsupported('ALTER of a sink', name.span, 'DROP SINK, and make it again')
  }
  const actual = objectOf(relation.kind)
  if (actual === object || isCalled(object, relation)) return
  const message = `${relation.name} is a ${actual}, not a ${object}`
  fail('unknown_name', message, name.span, `write ALTER ${actual.toUpperCase()}`)
}

/** Late rows are rows of two streams with the same columns. */
function refuseLate({ catalog }: Binding, { name, watermark }: Relation, change: Alteration): void {
  const from = catalog.list().find((one) => sameName(one.watermark?.late ?? '', name))
  const to = from === undefined ? watermark?.late : name
  if (to === undefined) return
  const message = `late rows of ${from?.name ?? name} go to ${to}, with the same columns`
  fail('dependency', message, change.span, `DROP ${from?.name ?? name} and make it anew`)
}

/** Rows stay as they are. */
const unmoved = {
  places: null,
  fills: [],
  lost: [],
  behind: [],
  strict: [],
  judged: { keys: [], checks: [] },
}

// ---------------------------------------------------------------- RENAME TO

function bindRename(binding: Binding, relation: Relation, tree: Alter, to: Path): Bound['change'] {
  const name = refuseDuplicate(binding, to)
  const { catalog } = binding
  const late = catalog.list().flatMap((one) => {
    const isNamed = sameName(one.watermark?.late ?? '', relation.name)
    return isNamed ? [one.name] : []
  })
  refuseNeeded(relation.name, late, tree.change.span)
  const { definition } = relation
  const local = schemas.localName(catalog, relation.name)
  const last = to.parts.at(-1)!
  const after = { ...relation, name }
  if (definition !== undefined) {
    const { statement } = definition
    const made =
      statement.kind === 'create-relation'
        ? renamedIn(statement, { table: local, to: last.name, quoted: last.quoted })
        : statement
    after.definition = { ...definition, statement: { ...made, name: to } }
  }
  return { ...unmoved, relation: after, readers: renamedReaders(binding, relation, after, to) }
}

/** The readers of what has another name, which they know by the one that it had. */
function renamedReaders(binding: Binding, before: Relation, after: Relation, to: Path): Relation[] {
  const catalog = binding.catalog.copy()
  catalog.replace(before.name, after)
  const errors = catalog.get(`${before.name}.errors`)
  if (errors?.kind === 'errors') {
    catalog.replace(errors.name, { ...errors, of: after.name, name: `${after.name}.errors` })
  }
  const kept = binding.catalog.dependents(before.name).map((name) => {
    const reader = binding.catalog.get(name)!
    const query = queryOf(reader)
    const written = readingUnder(query, { from: before.name, to })
    const named = (text: string, of: string) =>
      text.replaceAll(`"${of}"`, '"?"').replaceAll(`"${of}.errors"`, '"?.errors"')
    const now = planText(bindReader(binding, reader, query), before.name, null)
    const then = planText(bindReader({ ...binding, catalog }, reader, written), after.name, null)
    if (named(then, after.name) === named(now, before.name)) return withQuery(reader, written)
    return fail('dependency', `${before.name} is needed by ${name}`, to.span, `drop ${name} first`)
  })
  return kept
}

function refuseNeeded(what: string, by: readonly string[], span: Span): void {
  if (by.length === 0) return
  const list = by.join(', ')
  fail('dependency', `${what} is needed by ${list}`, span, `drop ${list} first`)
}

// ---------------------------------------------------------------- the tree that makes it

/** Null where IF [NOT] EXISTS leaves nothing to do. */
function editedBy(made: Create, change: Exclude<Alteration, { kind: 'rename' }>): Create | null {
  switch (change.kind) {
    case 'add-column': {
      const { name } = change.column
      const isThere = made.columns.some((one) => sameName(one.name.name, name.name))
      if (isThere && change.ifNotExists) return null
      if (isThere) fail('duplicate_name', `column ${name.name} is there already`, name.span)
      refuseConstraints(change.column)
      return { ...made, columns: [...made.columns, change.column] }
    }
    case 'drop-column': {
      const { column, ifExists } = change
      const isThere = made.columns.some((one) => sameName(one.name.name, column.name))
      if (!isThere && ifExists) return null
      const { constraints } = columnOf(made, column)
      const key = constraints.find((one) => one.kind === 'key')
      if (key !== undefined) {
        const what = key.primary ? 'PRIMARY KEY' : 'UNIQUE'
        fail('dependency', `column ${column.name} is ${what} of ${nameOf(made.name)}`, column.span)
      }
      const columns = made.columns.filter((one) => !sameName(one.name.name, column.name))
      if (columns.length > 0) return { ...made, columns }
      return fail('dependency', `${column.name} is the only column`, column.span)
    }
    case 'rename-column': {
      const { column, to } = change
      columnOf(made, column)
      const isThere = made.columns.some((one) => sameName(one.name.name, to.name))
      if (isThere && !sameName(column.name, to.name)) {
        fail('duplicate_name', `column ${to.name} is there already`, to.span)
      }
      return renamedIn(made, { column: column.name, to: to.name, quoted: to.quoted })
    }
    case 'set-default':
      return withColumn(made, change.column, (column) => {
        const others = column.constraints.filter(({ kind }) => kind !== 'default')
        const { value, span } = change
        if (column.computed !== null) {
          fail('type_mismatch', `column ${column.name.name} is computed`, change.column.span)
        }
        const stated = value === null ? [] : [{ kind: 'default' as const, value, span }]
        return { ...column, constraints: [...others, ...stated] }
      })
    case 'set-not-null':
      return withColumn(made, change.column, (column) => ({ ...column, notNull: change.notNull }))
    case 'set-type':
      return withColumn(made, change.column, (column) => {
        const { name } = column.name
        if (column.computed !== null) {
          fail('type_mismatch', `column ${name} is computed`, change.column.span)
        }
        if (made.watermark !== null && sameName(made.watermark.column.name, name)) {
          fail('dependency', `column ${name} has the watermark`, change.column.span)
        }
        return { ...column, type: change.type }
      })
    case 'add-constraint':
      return { ...made, constraints: [...made.constraints, change.constraint] }
    case 'drop-constraint':
      return withoutConstraint(made, change)
    case 'set-options': {
      const keys = new Set(change.options.map(({ key }) => key))
      const kept = made.options.filter(({ key }) => !keys.has(key))
      return { ...made, options: [...kept, ...change.options] }
    }
  }
}

/** Checks behind it keep the names that they have by their place. */
function withoutConstraint(
  made: Create,
  { name, ifExists }: Alteration & { kind: 'drop-constraint' },
): Create | null {
  const all = constraintsOf(made).filter(({ constraint }) => constraint.kind !== 'default')
  const found = all.find((one) => sameName(one.name, name.name))
  if (found === undefined) {
    if (ifExists) return null
    const names = all.map((one) => one.name)
    const message = `${nameOf(made.name)} has no constraint ${name.name}`
    return fail('unknown_name', message, name.span, suggestion(name.name, names))
  }
  const named = new Map(all.map((one) => [one.constraint, one.name]))
  const kept = (constraints: readonly Constraint[]) =>
    constraints.flatMap((one): Constraint[] => {
      if (one === found.constraint) return []
      if (one.kind !== 'check' || one.name !== null) return [one]
      return [{ ...one, name: { ...name, name: named.get(one)!, quoted: false } }]
    })
  const columns = made.columns.map((one) => ({ ...one, constraints: kept(one.constraints) }))
  return { ...made, columns, constraints: kept(made.constraints) }
}

function columnOf(made: Create, { name, span }: Identifier): ColumnDefinition {
  const found = made.columns.find((one) => sameName(one.name.name, name))
  if (found !== undefined) return found
  const names = made.columns.map((one) => one.name.name)
  return fail('unknown_name', `column ${name} does not exist`, span, suggestion(name, names))
}

function withColumn(
  made: Create,
  name: Identifier,
  edit: (column: ColumnDefinition) => ColumnDefinition,
): Create {
  const found = columnOf(made, name)
  return { ...made, columns: made.columns.map((one) => (one === found ? edit(one) : one)) }
}

/** Rows that are there would have to be looked at. */
function refuseConstraints({ constraints }: ColumnDefinition): void {
  const odd = constraints.find(({ kind }) => kind === 'key' || kind === 'check')
  if (odd !== undefined) unsupported('a key or CHECK of a column that is added', odd.span)
}

// ---------------------------------------------------------------- what follows from it

function bindChange(
  binding: Binding,
  before: Relation,
  edited: Create,
  change: Exclude<Alteration, { kind: 'rename' }>,
): Bound['change'] {
  const after = rebound(binding, before, edited, change)
  const places = placesOf(before, after, change)
  const lost = before.schema.fields.flatMap((_, index) => (places.includes(index) ? [] : [index]))
  const [column] = 'column' in change && change.kind !== 'add-column' ? [change.column] : []
  const flat = column === undefined ? [] : flatPlaces(after, column.name)
  if (change.kind === 'set-not-null' && !change.notNull) {
    if (flat.some((at) => !after.schema.fields[at]!.nullable)) {
      const message = `column ${column!.name} is never NULL: it has the watermark or belongs to the key`
      fail('not_null', message, change.span)
    }
  }
  // Running queries go by what was never NULL.
  for (const [at, place] of places.entries()) {
    const was = before.schema.fields[place]
    if (was !== undefined && !was.nullable && after.schema.fields[at]!.nullable) lost.push(place)
  }
  const strict =
    change.kind === 'set-not-null' && change.notNull ? flat : addedStrict(before, after, places)
  const judged = judgedOf(before, after, change)
  if (change.kind === 'drop-constraint') {
    // Running queries go by the first key whose columns are never NULL.
    const known = (relation: Relation) => keysOf(relation).find((key) => isTold(before, key))
    const [old, left] = [known(before), known(after)]
    if (old !== undefined && old.name !== left?.name) lost.push(...old.columns)
  }
  const readers = readersOf(binding, { before, after, places, change })
  const isStored = after.kind === 'stream' || after.kind === 'table'
  const behind = change.kind === 'set-type' ? before.schema.fields.map((_, index) => index) : []
  const fills = !isStored
    ? []
    : change.kind === 'set-type'
      ? convertedFills(binding, before, after, change)
      : fillsOf(after, places, change)
  return { relation: after, places, fills, lost, behind, strict, judged, readers }
}

const isTold = ({ schema }: Relation, { columns }: TableKey) =>
  columns.every((column) => !schema.fields[column]!.nullable)

const keysOf = (relation: Relation) =>
  relation.kind === 'table' ? (relation.rules?.keys ?? []) : []

const checksOf = (relation: Relation) =>
  relation.kind === 'table' || relation.kind === 'stream'
    ? (relation.rules?.checks ?? relation.checks ?? [])
    : []

/** What rows that are there must satisfy: all where values are others, else what is new. */
function judgedOf(before: Relation, after: Relation, { kind }: Alteration): TableRules {
  const [keys, checks] = [keysOf(after), checksOf(after)]
  if (kind === 'set-type') return { keys, checks }
  if (kind !== 'add-constraint') return unmoved.judged
  const isNew = (old: readonly { name: string }[]) => (one: { name: string }) =>
    !old.some(({ name }) => sameName(name, one.name))
  return {
    keys: keys.filter(isNew(keysOf(before))),
    checks: checks.filter(isNew(checksOf(before))),
  }
}

/** What becomes of the values of a column that takes another type, over the columns as they were behind the others. */
function convertedFills(
  binding: Binding,
  before: Relation,
  after: Relation,
  { column: name, using, span }: Alteration & { kind: 'set-type' },
): ComputedColumn[] {
  const { fields } = before.schema
  const [at] = flatPlaces(before, name.name)
  const field = after.schema.fields[flatPlaces(after, name.name)[0]!]!
  if (membersOf(fields[at!]!.type) !== null || membersOf(field.type) !== null) {
    unsupported(
      'TYPE of a column that is or becomes a STRUCT',
      span,
      'add a column, and drop this one',
    )
  }
  for (const { column, expression } of before.computed ?? []) {
    if (!columnsOf(expression as Expression).has(at!)) continue
    const message = `column ${fields[column]!.name} is computed from ${name.name}`
    fail('dependency', message, span, `DROP COLUMN ${fields[column]!.name} first`)
  }
  const old = columnAt(at!, fields[at!]!)
  if (using === null && !isAssignable(old.type, field.type, binding.dialect)) {
    const message = `${typeText(old.type)} does not become ${typeText(field.type)} by itself`
    const hint = `write USING CAST(${name.name} AS ${typeText(field.type)})`
    fail('type_mismatch', message, span, hint)
  }
  const clause = 'USING of ALTER COLUMN'
  const scope = scopeOf(fields, schemas.localName(binding.catalog, before.name))
  const given =
    using === null ? old : bindExpression({ binding, scope, clause, aggregates: null }, using)
  if (clockOf(given) !== null) unsupported('the time in USING', using!.span)
  const value = assigned(binding, given, field, using?.span ?? span)
  const width = after.schema.fields.length
  const expression = moveColumns(value, (index) => width + index)
  return [{ column: flatPlaces(after, name.name)[0]!, expression }]
}

/** Columns that take no NULL, and are new or took it before. */
const addedStrict = (before: Relation, after: Relation, places: readonly number[]): number[] =>
  places.flatMap((place, at) => {
    const took = before.schema.fields[place]?.nullable ?? true
    return took && !after.schema.fields[at]!.nullable ? [at] : []
  })

/** The relation as the edited tree makes it. */
function rebound(binding: Binding, before: Relation, edited: Create, change: Alteration): Relation {
  const { dialect, zone } = before.definition!
  const isWritten = ['add-column', 'set-default', 'set-type', 'add-constraint'].includes(
    change.kind,
  )
  if (isWritten && dialect !== binding.dialect) {
    const hint = `SET dialect = '${dialect}' first`
    unsupported(`ALTER in another dialect than ${before.name} was made in`, change.span, hint)
  }
  if (isWritten && zone !== madeInZone().zone) {
    const hint = `SET timezone = '${zone ?? 'UTC'}' first`
    unsupported(`ALTER in another timezone than ${before.name} was made in`, change.span, hint)
  }
  const catalog = binding.catalog.copy()
  catalog.remove(before.name)
  const isFresh = change.kind === 'set-options'
  const notices = isFresh ? binding.notices : []
  const isForeign = change.kind === 'add-constraint' && change.constraint.kind === 'foreign-key'
  if (isForeign) binding.notices.push('FOREIGN KEY is not checked')
  try {
    const inner = { ...binding, catalog, dialect, notices }
    const bound = inZone(zone ?? null, () => bindCreateRelation(inner, edited))
    if (!('relation' in bound)) throw new Error('CREATE makes a relation')
    const { relation } = bound as { relation: Relation }
    return { ...relation, definition: { ...before.definition!, statement: edited } }
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    const { code, message, hint, span = change.span } = error.diagnostics[0]!
    const inside = isWritten && span.start >= change.span.start && span.end <= change.span.end
    if (inside || change.kind === 'set-options')
      return fail(code, message, inside ? span : change.span, hint)
    return fail('dependency', `${before.name} cannot be made so: ${message}`, change.span)
  }
}

/** For each column the one that it was, -1 for a new one. */
function placesOf(before: Relation, after: Relation, change: Alteration): number[] {
  const tops = topColumns(before.schema.fields)
  return topColumns(after.schema.fields).flatMap(({ field, width }) => {
    const isRenamed = change.kind === 'rename-column' && sameName(change.to.name, field.name)
    const name = isRenamed ? change.column.name : field.name
    const isConverted = change.kind === 'set-type' && sameName(change.column.name, field.name)
    if (isConverted) return new Array<number>(width).fill(-1)
    const old = tops.find((top) => sameName(top.field.name, name))
    return Array.from({ length: width }, (_, inside) => (old === undefined ? -1 : old.at + inside))
  })
}

function flatPlaces({ schema }: Relation, name: string): number[] {
  const top = topColumns(schema.fields).find(({ field }) => sameName(field.name, name))
  return Array.from({ length: top?.width ?? 0 }, (_, inside) => top!.at + inside)
}

/** What new columns have in rows that are there. */
function fillsOf(after: Relation, places: readonly number[], change: Alteration): ComputedColumn[] {
  const { defaults = [] } = after as Relation & { kind: 'stream' }
  return places.flatMap((place, column) => {
    if (place >= 0) return []
    const { type } = after.schema.fields[column]!
    const made = after.computed?.find((one) => one.column === column)?.expression
    const expression = ((made ?? defaults[column]) as Expression | null) ?? literal(null, type)
    if (clockOf(expression) !== null) {
      const hint = 'add the column without it, and SET DEFAULT then'
      unsupported('the time in a column that is added', change.span, hint)
    }
    return [{ column, expression }]
  })
}

// ---------------------------------------------------------------- what reads it

interface Change {
  before: Relation
  after: Relation
  places: readonly number[]
  change: Exclude<Alteration, { kind: 'rename' }>
}

/** The relations whose stars were written out; a mistake where one would be another than it is. */
function readersOf(binding: Binding, given: Change): Relation[] {
  const { before, after, change } = given
  // Readers lose nothing where more is promised.
  if (['set-options', 'set-default', 'add-constraint'].includes(change.kind)) return []
  const catalog = binding.catalog.copy()
  catalog.replace(before.name, after)
  const changed: Relation[] = []
  const needing: string[] = []
  for (const name of binding.catalog.dependents(before.name)) {
    const reader = binding.catalog.get(name)!
    const kept = keptReader(binding, catalog, reader, given)
    if (kept === null) needing.push(reader.name)
    else if (kept !== reader) {
      changed.push(kept)
      catalog.replace(name, kept)
    }
  }
  if (change.kind === 'drop-constraint') {
    refuseNeeded(`constraint ${change.name.name} of ${before.name}`, needing, change.span)
  } else if (change.kind !== 'add-column' && 'column' in change) {
    refuseNeeded(`column ${change.column.name} of ${before.name}`, needing, change.span)
  } else if (change.kind === 'add-column' && needing.length > 0) {
    const { name } = change.column.name
    const message = `with a column ${name}, ${needing.join(', ')} would have another meaning`
    const hint =
      'give the column another name, or write the names of tables before those of columns there'
    fail('dependency', message, change.span, hint)
  }
  return changed
}

/** The reader, its stars written out if need be; null when it would not be what it is. */
function keptReader(
  binding: Binding,
  catalog: Catalog,
  reader: Relation,
  { before, places, change }: Change,
): Relation | null {
  const stars = new Map<unknown, SelectItem[]>()
  const query = queryOf(reader)
  const isTighter = change.kind === 'set-not-null' && change.notNull
  const now = planText(bindReader({ ...binding, stars }, reader, query), before.name, null)
  const isKept = (one: Query): boolean => {
    try {
      const then = bindReader({ ...binding, catalog }, reader, one)
      return isTighter || planText(then, before.name, places) === now
    } catch (error) {
      if (error instanceof QueryMistake) return false
      throw error
    }
  }
  if (isKept(query)) return reader
  const written = writtenOut(query, stars) as Query
  try {
    const same = planText(bindReader(binding, reader, written), before.name, null)
    if (same !== now || !isKept(written)) return null
  } catch (error) {
    if (error instanceof QueryMistake) return null
    throw error
  }
  return withQuery(reader, written)
}

/** The query of a view, a stream that is fed or a sink. */
function queryOf(reader: Relation): Query {
  if (reader.kind === 'view' || reader.kind === 'materialized') return reader.query
  const made = reader.definition!.statement
  return made.query!
}

function withQuery(reader: Relation, query: Query): Relation {
  const definition = reader.definition && {
    ...reader.definition,
    statement: { ...reader.definition.statement, query },
  }
  const after = { ...reader, ...(definition === undefined ? {} : { definition }) } as Relation
  if (after.kind === 'view' || after.kind === 'materialized') return { ...after, query }
  return after.kind === 'stream' ? { ...after, derived: query } : after
}

function bindReader(binding: Binding, reader: Relation, query: Query): Plan {
  const dialect = reader.definition?.dialect ?? binding.dialect
  const inner = { ...binding, dialect, checking: true, notices: [], creating: reader.name }
  return inZone(reader.definition?.zone ?? null, () =>
    reader.kind === 'view'
      ? bindQuery(inner, { ...query, emit: null })
      : bindQuery({ ...inner, continuous: true }, query, { top: true }),
  )
}

/** The plan as text, columns of the relation by the places that they had; without places in texts. */
function planText(plan: Plan, relation: string, places: readonly number[] | null): string {
  const rewritten = rewrite(plan, { disabled: new Set() }).plan
  return JSON.stringify(rewritten, (key, value) => {
    if (key === 'span' || key === 'partition') return undefined
    if (places === null || value?.kind !== 'scan' || !sameName(value.relation, relation))
      return value
    const columns = (value as { columns: number[] }).columns
    return { ...value, columns: columns.map((column) => (column < 0 ? column : places[column])) }
  })
}

/** The tree with select items in place of its stars. */
function writtenOut(tree: unknown, stars: ReadonlyMap<unknown, SelectItem[]>): unknown {
  if (Array.isArray(tree)) {
    return tree.flatMap((one) => {
      const items = one?.kind === 'select-item' ? stars.get(one.expression) : undefined
      return items ?? [writtenOut(one, stars)]
    })
  }
  if (typeof tree !== 'object' || tree === null) return tree
  const entries = Object.entries(tree).map(([key, value]) => [key, writtenOut(value, stars)])
  return Object.fromEntries(entries)
}
