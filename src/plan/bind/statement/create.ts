/**
 * BindCreate: CREATE STREAM and CREATE TABLE, stored or of a connector.
 *
 * How      Columns, then the watermark, then the options. An option `connector` makes the relation external: the
 *          connector checks the options and, without a column list, finds the columns in the input.
 */
import {
  type ColumnDefinition,
  nameOf,
  type Option,
  type Statement,
} from '../../../../grammar/index.ts'
import { QueryMistake, type Span } from '../../../base/index.ts'
import type {
  ComputedColumn,
  Relation,
  RelationWatermark,
  TableCheck,
} from '../../../catalog/index.ts'
import { firstMetadata } from '../../../catalog/index.ts'
import {
  type Connector,
  type Field,
  flatFields,
  membersOf,
  type Schema,
  typeText,
} from '../../../data/index.ts'
import { type BoundStatement, refuseDuplicate } from '../../bind.ts'
import { boolean, coerce, cutFor, isAdaptable, isAssignable, varchar } from '../../coerce.ts'
import { columnsOf, mapColumns } from '../../expression.ts'
import { fold } from '../../fold.ts'
import type { Expression, Plan } from '../../logical.ts'
import { all, type Binding, fail, unsupported } from '../binding.ts'
import { applyEmit, defaultEmit } from '../emission/emission.ts'
import { withoutEviction } from '../eviction.ts'
import { clockOf } from '../expression/clock.ts'
import { bindExpression } from '../expression/expression.ts'
import { bindType } from '../expression/type-name.ts'
import { bindQuery } from '../query.ts'
import { refuseEmit, renamed } from '../relation.ts'
import { type Scope, scopeOf } from '../scope.ts'
import { suggestion } from '../suggest.ts'
import { withConnection } from './connection.ts'
import { bindConstraints, type Promised } from './constraint.ts'
import { objectOf, refuseDependents } from './drop.ts'
import { bindContents } from './insert.ts'
import { withTodaysKeys } from './legacy.ts'
import { bindMetadata, toldOf, withInclusions } from './metadata.ts'
import { ignoredText } from './sink.ts'
import { bindLateTarget, bindWatermark, rowtime } from './watermark.ts'

type Create = Statement & { kind: 'create-relation' }

export function bindCreateRelation(binding: Binding, given: Create): BoundStatement {
  const todays = withTodaysKeys(withConnection(binding, given))
  const connector = todays.options.find(({ key }) => key === 'connector')?.value
  const tree = withInclusions(todays, String(connector ?? todays.object))
  const name = nameOf(tree.name)
  const replaces = bindReplaced(binding, tree)
  if (!tree.ifNotExists && !replaces) refuseDuplicate(binding, tree.name)
  binding.creating = name
  const { notices } = binding
  const made = { ifNotExists: tree.ifNotExists, replaces, feed: null, notices }
  if (tree.options.some((option) => option.key === 'connector')) {
    if (tree.query !== null) unsupported('AS SELECT with a connector', tree.query.span)
    const relation = bindExternal(binding, tree, name)
    const late = bindLateTarget(binding, relation, tree.watermark)
    return { kind: 'create-relation', relation, late, insert: null, ...made }
  }
  if (tree.object === 'source') {
    const hint = "WITH (connector = 'nexmark')"
    fail('invalid_option', 'a source needs option connector', tree.name.span, hint)
  }
  if (tree.encoding !== null) unsupported('FORMAT … ENCODE without a connector', tree.encoding.span)
  if (tree.object === 'stream' && tree.query !== null) return bindDerivedStream(binding, tree, made)
  if (tree.partitionedBy.length > 0) {
    unsupported('PARTITIONED BY without a connector', tree.partitionedBy[0]!.span)
  }
  for (const option of tree.options) notices.push(`option ${option.key} is ignored`)
  const contents = tree.query === null ? null : bindContentsQuery(binding, tree)
  const columns = contents === null ? bindColumns(binding, tree) : contentsOf(contents)
  if (columns === null) {
    const hint = 'write them in parentheses, or name a connector that knows them'
    fail('syntax', `${tree.object} ${name} has no columns`, tree.name.span, hint)
  }
  const watermark = bindWatermark(binding, columns.schema, { ...tree, name, bounded: false })
  const isMutable = tree.object === 'table' && !tree.appendOnly && watermark === null
  if (isMutable) refuseMetadata(tree)
  if (tree.object === 'stream' && tree.appendOnly) notices.push('a STREAM is always append-only')
  if (tree.object === 'table' && !tree.appendOnly && watermark !== null) {
    notices.push(`${name} has a watermark: it is append-only`)
  }
  const schema = rowtime(columns.schema, watermark)
  if (isMutable) refuseTime(tree, columns)
  const promised = bindConstraints(binding, tree, schema, isMutable)
  const relation: Relation = {
    kind: tree.object,
    name,
    schema: promised.schema,
    watermark,
    defaults: promised.defaults,
    ...(isMutable ? { rules: promised.rules } : checksOf(promised, columns, tree)),
    ...computedOf(columns),
  }
  const insert = contents === null ? null : bindContents(binding, contents, relation, tree.query!)
  const late = bindLateTarget(binding, relation, tree.watermark)
  return { kind: 'create-relation', relation, late, insert, ...made }
}

/** CREATE OR REPLACE of an object of the same kind that nothing reads. */
function bindReplaced(binding: Binding, { orReplace, object, name: path }: Create): boolean {
  const present = binding.catalog.get(nameOf(path))
  if (!orReplace || present === undefined) return false
  const actual = objectOf(present.kind)
  const isSource = present.kind === 'external' && present.source && object === 'source'
  if (actual !== object && !isSource) {
    fail('duplicate_name', `${present.name} is a ${actual}`, path.span, 'DROP it first')
  }
  refuseDependents(binding, present.name, path.span)
  return true
}

/** CREATE STREAM … AS: a continuous query whose rows are stored. */
function bindDerivedStream(
  binding: Binding,
  tree: Create & { object: 'stream' | 'table' | 'source' },
  made: { ifNotExists: boolean; replaces: boolean; notices: string[] },
): BoundStatement {
  const { query: source, watermark: time } = tree
  const span = source!.span
  const odd = tree.constraints[0] ?? tree.columns.flatMap(({ constraints }) => constraints)[0]
  if (odd !== undefined) unsupported('constraints of CREATE STREAM … AS', odd.span)
  for (const option of tree.options) made.notices.push(`option ${option.key} is ignored`)
  binding.continuous = true
  const contents = bindContentsQuery(binding, tree)
  const emitted =
    source!.emit === null ? defaultEmit(contents) : applyEmit(binding, contents, source!.emit)
  withoutEviction(binding, emitted.plan)
  if (emitted.plan.updating) {
    const message = 'a stream takes new rows only, and this query takes rows back'
    const hint =
      'EMIT ON WINDOW CLOSE makes the rows of windows final; a MATERIALIZED VIEW follows every change; ' +
      'a query without aggregates, outer joins and changing tables takes nothing back'
    fail('invalid_emit', message, span, hint)
  }
  const name = nameOf(tree.name)
  const stated = { ...tree, name, bounded: false }
  const watermark = bindWatermark(binding, contentsOf(contents).schema, stated)
  if (watermark !== null && emitted.plan.output[watermark.column]!.nullable) {
    const hint = 'let the query give COALESCE of it and of a column that is never NULL'
    fail('not_null', `${time!.column.name} may be NULL`, time!.column.span, hint)
  }
  const schema = rowtime({ fields: emitted.plan.output }, watermark)
  const relation: Relation = { kind: 'stream', name, schema, watermark, derived: source! }
  const feed = { ...emitted, notices: made.notices }
  const late = bindLateTarget(binding, relation, time)
  return { kind: 'create-relation', relation, late, insert: null, ...made, feed }
}

const contentsOf = (insert: Plan): Columns => ({ schema: { fields: insert.output }, computed: [] })

function computedOf({ computed, metadata }: Columns): Pick<Relation, 'computed' | 'metadata'> {
  if (computed.length === 0) return {}
  return metadata === undefined ? { computed } : { computed, metadata }
}

/** The offset of a row that changes would be that of the change. */
function refuseMetadata({ columns }: Create): void {
  const told = columns.find(({ metadata }) => metadata !== undefined)
  if (told === undefined) return
  const hint = 'make it a STREAM or a TABLE … APPEND ONLY'
  unsupported('metadata of a table whose rows change', told.metadata!.span, hint)
}

/** An UPDATE makes computed columns anew, at another time. */
function refuseTime(tree: Create, { schema, computed }: Columns): void {
  for (const { column, expression } of computed) {
    if (clockOf(expression as Expression) === null) continue
    const { name } = schema.fields[column]!
    const { span } = tree.columns.find((one) => one.name.name === name)!
    const hint = 'write DEFAULT NOW(), or make it a STREAM or a TABLE … APPEND ONLY'
    unsupported('the time in a computed column of a table whose rows change', span, hint)
  }
}

/** The checks of a relation whose rows only come, over the columns that a row is given. */
function checksOf(
  { rules }: Promised,
  { computed }: Columns,
  { span }: Create,
): { checks?: TableCheck[] } {
  const given = ({ condition, ...check }: TableCheck): TableCheck => {
    const over = (cell: Expression & { kind: 'column' }) =>
      (computed.find(({ column }) => column === cell.index)?.expression as Expression) ?? cell
    return { ...check, condition: mapColumns(condition as Expression, over) }
  }
  const checks = rules.checks.map(given)
  const told = checks.find(({ condition }) =>
    [...columnsOf(condition as Expression)].some((column) => column >= firstMetadata),
  )
  if (told !== undefined) unsupported(`metadata in CHECK ${told.name}`, span, 'filter in the query')
  return checks.length === 0 ? {} : { checks }
}

/** CREATE TABLE … AS SELECT. */
function bindContentsQuery(binding: Binding, tree: Create): Plan {
  const query = tree.query!
  const told = tree.columns.find(({ metadata }) => metadata !== undefined)
  if (told !== undefined) {
    const hint = 'make the stream first, and INSERT INTO it'
    unsupported('metadata beside AS SELECT', told.metadata!.span, hint)
  }
  const typed = tree.columns.find(({ type, computed }) => type !== null || computed !== null)
  if (typed !== undefined) {
    const hint = 'name the columns alone; the query gives their types'
    unsupported('types of columns beside AS SELECT', typed.span, hint)
  }
  if (tree.object !== 'stream') refuseEmit(query)
  const names = tree.columns.map(({ name }) => name)
  const plan = renamed(bindQuery(binding, query, { top: true }), names)
  const last = names.findLast(({ name }, index) =>
    names.slice(0, index).some((other) => other.name.toLowerCase() === name.toLowerCase()),
  )
  if (last !== undefined) fail('duplicate_name', `column ${last.name} is there twice`, last.span)
  return plan
}

/** The columns of a relation, flat, and those among them that are computed. */
interface Columns {
  schema: Schema
  computed: ComputedColumn[]
  /** What computed ones read beside the columns; left out where they read nothing. */
  metadata?: readonly Field[]
}

/** Behind those that the connector has `found` stand those of the statement. */
function bindColumns(
  binding: Binding,
  tree: Create,
  connector?: Connector,
  found: readonly Field[] = [],
): Columns | null {
  const external = connector !== undefined
  if (tree.columns.length === 0) return null
  const seen = new Set<string>()
  for (const { name } of tree.columns) {
    const normal = name.name.toLowerCase()
    if (seen.has(normal)) fail('duplicate_name', `column ${name.name} is there twice`, name.span)
    seen.add(normal)
  }
  const own = all(tree.columns.map((definition) => () => bindColumn(binding, definition)))
  const fields = [...found, ...own.flat()]
  const trees = [
    ...found.map(() => null),
    ...own.flatMap((flat, index) => flat.map(() => tree.columns[index]!)),
  ]
  const source = toldOf(connector, tree)
  const told = all(
    trees.flatMap((definition, column) =>
      definition?.metadata === undefined
        ? []
        : [() => ({ column, expression: bindMetadata(binding, definition, source) })],
    ),
  )
  takeTypes(fields, told)
  const given = trees.map((definition) => definition === null || definition.computed === null)
  // Computed columns are made from the others, not from each other.
  const scope = scopeOf(fields, null).filter(({ index }) => given[index])
  const made = all(
    trees.flatMap((definition, column) =>
      given[column] ? [] : [() => bindComputed(binding, scope, definition!, { column, external })],
    ),
  )
  takeTypes(fields, made)
  if (told.length === 0) return { schema: { fields }, computed: made }
  if (told.length === fields.length) {
    fail('syntax', `${nameOf(tree.name)} has columns of metadata alone`, tree.columns[0]!.span)
  }
  const over = (cell: Expression & { kind: 'column' }) =>
    told.find(({ column }) => column === cell.index)?.expression ?? cell
  const computed = made.map(({ column, expression }) => ({
    column,
    expression: mapColumns(expression as Expression, over),
  }))
  return { schema: { fields }, computed: [...told, ...computed], metadata: source.fields }
}

/** Columns have the types of what they are made of. */
function takeTypes(fields: Field[], made: readonly ComputedColumn[]): void {
  for (const { column, expression } of made) {
    const { type, nullable } = expression as Expression
    fields[column] = { ...fields[column]!, type, nullable: nullable && fields[column]!.nullable }
  }
}

function bindColumn(binding: Binding, definition: ColumnDefinition): Field[] {
  const { name, notNull } = definition
  const type = definition.type === null ? boolean : bindType(binding, definition.type)
  if (definition.metadata !== undefined) {
    if (definition.computed === null) return [{ name: name.name, type, nullable: !notNull }]
    fail('syntax', `column ${name.name} is METADATA and computed`, definition.span)
  }
  if (definition.computed !== null) {
    if (membersOf(type) !== null) unsupported('a computed STRUCT', definition.span)
    return [{ name: name.name, type, nullable: !notNull }]
  }
  return flatFields({ name: name.name, type, nullable: !notNull })
}

/** `c AS expression`, with the type of the expression or the one that is declared. */
function bindComputed(
  binding: Binding,
  scope: Scope,
  { name, type, computed }: ColumnDefinition,
  { column, external }: { column: number; external: boolean },
): ComputedColumn {
  const clause = `the computed column ${name.name}`
  const bound = bindExpression({ binding, scope, clause, aggregates: null }, computed!)
  if (external && clockOf(bound) !== null) {
    const hint = 'make a view of the table, with the time in its select list'
    unsupported('the time in a computed column of an external table', computed!.span, hint)
  }
  if (type === null) {
    const typed = bound.type.kind === 'null' ? coerce(bound, varchar) : bound
    return { column, expression: fold(typed) }
  }
  const target = bindType(binding, type)
  if (!isAdaptable(bound) && !isAssignable(bound.type, target, binding.dialect)) {
    const types = `${typeText(target)}, not ${typeText(bound.type)}`
    fail('type_mismatch', `column ${name.name} takes ${types}`, computed!.span)
  }
  return {
    column,
    expression: fold(coerce(cutFor(binding.dialect, bound, target), target, computed!.span)),
  }
}

// ---------------------------------------------------------------- connectors

/** PARTITIONED BY (a, b) is an option of the connector. */
function partitioned({ partitionedBy, columns }: Create): [string, string][] {
  if (partitionedBy.length === 0) return []
  for (const { name, span } of partitionedBy) {
    const names = columns.map((column) => column.name.name)
    if (columns.length > 0 && !names.some((other) => other.toLowerCase() === name.toLowerCase())) {
      fail('unknown_name', `column ${name} does not exist`, span, suggestion(name, names))
    }
    if (name.includes(',')) unsupported('a comma in the name of a partition column', span)
  }
  return [['partition.columns', partitionedBy.map(({ name }) => name).join(',')]]
}

function bindExternal(binding: Binding, tree: Create, name: string): Relation {
  const option = tree.options.find(({ key }) => key === 'connector')!
  const connector = binding.connectors.get(String(option.value))
  if (connector === undefined) {
    const names = [...binding.connectors.keys()].sort()
    const hint = suggestion(String(option.value), names) ?? `there are ${names.join(', ')}`
    fail('invalid_option', `connector ${option.value} does not exist`, option.span, hint)
  }
  const options = new Map(tree.options.map(({ key, value }) => [key, value]))
  classify(binding, tree, connector, options)
  for (const [key, value] of partitioned(tree)) options.set(key, value)
  const found = isIncluding(tree) ? ask(tree, () => connector.infer(options)) : null
  const declared = bindColumns(binding, tree, connector, found?.fields)
  const columns = ask(tree, (): Columns | null => {
    const given = declared === null ? null : givenOf(declared)
    connector.check(options, given, (key) => binding.notices.push(ignoredText(connector, key)))
    if (declared !== null) return declared
    const schema = connector.infer(options)
    return schema === null ? null : { schema, computed: [] }
  })
  if (columns === null) {
    const message = `connector ${connector.name} does not know the columns of ${name}`
    fail('invalid_option', message, tree.name.span, 'write the columns in parentheses')
  }
  const bounded = isBounded(connector, options)
  const watermark = bindWatermark(binding, columns.schema, { ...tree, name, bounded })
  const schema = rowtime(columns.schema, watermark)
  refuseChecks(tree)
  bindConstraints(binding, tree, schema, false)
  const made = external(connector, { name, schema, watermark, options, ...computedOf(columns) })
  return tree.object === 'source' && made.kind === 'external' ? { ...made, sink: null } : made
}

/** Are columns of metadata all that the statement says? Then the others are found in the input. */
const isIncluding = ({ columns, included = [] }: Create): boolean =>
  included.length > 0 && columns.length === included.length

/** Says of a TABLE or STREAM of a connector that it is outside, as in Flink, and not stored, as in RisingWave. */
export function noteExternal(binding: Binding, tree: Create): void {
  const { object, name: path, options } = withConnection(binding, tree)
  const option = options.find(({ key }) => key === 'connector')
  const connector = binding.connectors.get(String(option?.value))
  const name = nameOf(path)
  if (object === 'source' || option === undefined || connector === undefined) return
  if (binding.catalog.get(name) !== undefined) return
  const reads = `each query reads it from connector ${connector.name}`
  const writes = `INSERT INTO it sends rows to connector ${connector.name}`
  const does = !connector.source ? writes : connector.sink === null ? reads : `${reads}, ${writes}`
  const keeps = connector.source ? '; CREATE STREAM … AS SELECT keeps its rows' : ''
  binding.notices.push(`${object} ${name} is external, not stored: ${does}${keeps}`)
}

/** A TABLE or STREAM of a connector is outside; FORMAT … ENCODE or `storage` would store it, but for a SOURCE. */
function classify(
  binding: Binding,
  tree: Create,
  connector: Connector,
  options: Map<string, string | number | boolean>,
): void {
  const { encoding, object } = tree
  const storage = tree.options.find(({ key }) => key === 'storage')
  if (object !== 'source' && (encoding !== null || storage !== undefined)) {
    const hint = 'CREATE SOURCE reads it, and CREATE STREAM … AS SELECT stores what it gives'
    const what = `a stored ${object.toUpperCase()} of a connector (FORMAT … ENCODE, storage)`
    unsupported(what, (encoding ?? storage!).span, hint)
  }
  if (object === 'source' && !connector.source) {
    const { span } = tree.options.find(({ key }) => key === 'connector')!
    unsupported(`reading from connector ${connector.name}`, span)
  }
  if (encoding === null) return
  const { format, encode, span } = encoding
  if (format !== 'PLAIN') unsupported(`FORMAT ${format}`, span, 'FORMAT PLAIN takes new rows')
  if (encoding.options.length > 0) unsupported('options of ENCODE', encoding.options[0]!.span)
  if (connector.encodings === undefined) {
    binding.notices.push(
      `FORMAT ${format} ENCODE ${encode} is ignored: ${connector.name} makes rows`,
    )
  } else if (!connector.encodings.includes(encode.toLowerCase())) {
    unsupported(`ENCODE ${encode}`, span, `there are ${connector.encodings.join(', ')}`)
  } else if (!options.has('format')) options.set('format', encode.toLowerCase())
}

function refuseChecks({ columns, constraints }: Create): void {
  const all = [...columns.flatMap((column) => column.constraints), ...constraints]
  const check = all.find(({ kind }) => kind === 'check')
  if (check === undefined) return
  unsupported("CHECK of a connector's table", check.span, 'filter its rows in the query')
}

/** The columns that the connector knows. */
function givenOf({ schema, computed }: Columns): Schema {
  const made = new Set(computed.map(({ column }) => column))
  return { fields: schema.fields.filter((_, index) => !made.has(index)) }
}

function external(
  connector: Connector,
  made: {
    name: string
    schema: Schema
    watermark: RelationWatermark | null
    options: Map<string, string | number | boolean>
    computed?: ComputedColumn[]
  },
): Relation {
  const { source, sink } = connector
  const bounded = isBounded(connector, made.options)
  return { kind: 'external', ...made, connector: connector.name, bounded, source, sink }
}

/** Do rows come to an end with these options? */
export function isBounded(
  connector: Connector,
  options: Map<string, string | number | boolean>,
): boolean {
  return connector.bounded && connector.isEndless?.(options) !== true
}

/** Asks the connector; a mistake of its options is put where the option stands. */
function ask<T>(tree: Create, question: () => T): T {
  try {
    return question()
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    const placed = error.diagnostics.map((d) => ({
      ...d,
      span: d.span ?? optionSpan(tree, d.message),
    }))
    throw new QueryMistake(placed)
  }
}

function optionSpan(tree: Create, message: string): Span {
  const named = (option: Option) => message.toLowerCase().includes(option.key)
  const longest = tree.options.filter(named).sort((a, b) => b.key.length - a.key.length)[0]
  return (longest ?? tree.options.find(({ key }) => key === 'connector')!).span
}
