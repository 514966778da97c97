/**
 * BindInsert: INSERT INTO a stored relation (one-shot) or a connector's table (a continuous query).
 *
 * How      The query's columns are assigned to the target's: cast where Postgres casts on assignment, NULL for
 *          columns that are not listed. Literals of VALUES and of the select list take the type of their target.
 * Contract 1 (checked) the plan's columns have the target's names, order and types.
 */
import type { Identifier, Query, QueryBody, Statement } from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import { givenColumns, type Relation } from '../../../catalog/index.ts'
import { type Field, type Top, topColumns, typeText } from '../../../data/index.ts'
import type { BoundStatement } from '../../bind.ts'
import { bigint, boolean } from '../../coerce.ts'
import { column, literal } from '../../expression.ts'
import type { Expression, Plan } from '../../logical.ts'
import { project, sort, values } from '../../node.ts'
import { all, type Binding, fail, unsupported } from '../binding.ts'
import { applyEmit, defaultEmit } from '../emission/emission.ts'
import { withoutEviction } from '../eviction.ts'
import { drawnAt, draws, withPlace } from '../expression/random.ts'
import { hinted, hintOptions } from '../option-hint.ts'
import { bindQuery } from '../query.ts'
import { findRelation } from '../relation.ts'
import { suggestion } from '../suggest.ts'
import { assigned } from './assign.ts'
import { checkNames, checksOver, defaultCell, defaultOf, rulesOf, withComputed } from './cells.ts'
import { bindConflict, bindReturning } from './change.ts'
import { refuseRepeated } from './view.ts'

type Insert = Statement & { kind: 'insert' }

export function bindInsert(binding: Binding, tree: Insert): BoundStatement {
  const target = hinted(binding, findRelation(binding, tree.target), tree.options)
  checkWritable(target, tree.target.span)
  const isBatch = binding.settings.get('execution.runtime-mode') === 'batch'
  binding.continuous = target.kind === 'external' && !isBatch
  const fields = target.schema.fields
  const positions = bindColumns(target, tree, tree.source.span, isDefaultValues(tree))
  const targets = positions.map((position) => fields[position]!)
  checkArity(tree, targets)
  const types = targets.map((field) => field.type)
  const { source, omitted } = withoutDefaults(tree.source)
  // Not the name alone: that is what a DEFAULT is drawn by.
  binding.draw.target = `into ${target.name}`
  const query = isDefaultValues(tree)
    ? values([[literal(null, boolean)]], ['none'])
    : bindQuery(binding, source, { top: true, targets: types })
  const plan = assign(binding, query, target, positions, source, omitted)
  const { notices } = binding
  if (target.kind !== 'external') {
    if (tree.source.emit !== null) {
      unsupported('EMIT in INSERT INTO a stored relation', tree.source.emit.span)
    }
    const conflict = tree.conflict === null ? null : bindConflict(binding, target, tree.conflict)
    const returning = bindReturning(binding, target, tree)
    return { kind: 'insert', target: target.name, plan, conflict, returning, notices }
  }
  refuseTableClauses(tree)
  const options = hintOptions(tree.options)
  const { emit: asked } = tree.source
  if (isBatch) {
    const hint = "SET execution.runtime-mode = 'streaming' first"
    if (asked !== null) unsupported('EMIT where the mode is batch', asked.span, hint)
    return { kind: 'insert-once', target: target.name, options, plan, notices }
  }
  const emitted = asked === null ? defaultEmit(plan) : applyEmit(binding, plan, asked)
  withoutEviction(binding, emitted.plan)
  if (target.sink === 'append' && emitted.plan.updating) {
    const message = `${target.name} takes new rows only, and this query takes rows back`
    const hint =
      'EMIT ON WINDOW CLOSE makes the rows of windows final; a sink with a key could take updates; ' +
      "force_append_only = 'true' would send insertions only"
    fail('invalid_emit', message, tree.target.span, hint)
  }
  const running = { ...emitted, notices }
  return {
    kind: 'insert-continuous',
    target: target.name,
    options,
    query: running,
    notices,
  }
}

/** A continuous INSERT writes rows that nobody here keeps. */
function refuseTableClauses({ conflict, returning }: Insert): void {
  if (conflict !== null) unsupported("ON CONFLICT of a connector's table", conflict.span)
  const first = returning[0]
  if (first !== undefined) unsupported("RETURNING of a connector's table", first.span)
}

const isDefaultValues = ({ source: { body } }: Insert): boolean =>
  body.kind === 'values' && body.rows[0]!.length === 0

/** VALUES with NULL for each DEFAULT, and where these stand: `row,column`. */
function withoutDefaults(source: Query): { source: Query; omitted: ReadonlySet<string> } {
  const omitted = new Set<string>()
  const { body } = source
  if (body.kind !== 'values') return { source, omitted }
  const rows = body.rows.map((row, at) =>
    row.map((cell, index) => {
      if (cell.kind !== 'default') return cell
      omitted.add(`${at},${index}`)
      return { kind: 'null' as const, span: cell.span }
    }),
  )
  return { source: { ...source, body: { ...body, rows } }, omitted }
}

function checkWritable(target: Relation, span: Span): void {
  switch (target.kind) {
    case 'stream':
    case 'table': {
      const isFed = target.derived !== undefined
      if (isFed) fail('type_mismatch', `${target.name} takes the rows of its query only`, span)
      return
    }
    case 'external':
      if (target.sink === null) unsupported(`writing to connector ${target.connector}`, span)
      return
    case 'subscription': {
      const hint = 'rows go into what it follows'
      fail('type_mismatch', `${target.name} is a subscription, which takes no rows`, span, hint)
      return
    }
    default: {
      const what =
        target.kind === 'materialized' ? 'a materialized view' : `a ${target.kind} relation`
      unsupported(`INSERT INTO ${what}`, span)
    }
  }
}

/** Positions of the target's columns that get a value, in the order of the list. */
export function bindColumns(
  target: Relation,
  tree: { columns: Identifier[] },
  source: Span,
  isDefault = false,
): number[] {
  const { fields } = target.schema
  const tops = givenTops(target)
  const flat = (top: Top) => Array.from({ length: top.width }, (_, index) => top.at + index)
  if (tree.columns.length === 0 && !isDefault) return tops.flatMap(flat)
  refuseRepeated(tree.columns)
  const named = all(tree.columns.map((name) => () => columnNamed(target, tops, name)))
  const positions = named.flatMap(flat)
  const given = new Set(tops.flatMap(flat))
  const missing = fields.find(
    (field, index) =>
      given.has(index) &&
      !field.nullable &&
      !positions.includes(index) &&
      defaultOf(target, index) === null,
  )
  if (missing !== undefined) {
    const spans = tree.columns.length === 0 ? [source] : tree.columns.map(({ span }) => span)
    const span = { start: spans[0]!.start, end: spans.at(-1)!.end }
    fail('not_null', `column ${missing.name} of ${target.name} needs a value`, span)
  }
  return positions
}

/** The target's columns that are listed, or all. */
export function columnsOf(target: Relation, tree: { columns: Identifier[]; span: Span }): Field[] {
  return bindColumns(target, tree, tree.span).map((position) => target.schema.fields[position]!)
}

/** The columns that a row of the target is given, as its reader sees them; computed ones are not among them. */
function givenTops(target: Relation): Top[] {
  const given = new Set(givenColumns(target))
  return topColumns(target.schema.fields).filter(({ at }) => given.has(at))
}

function columnNamed(target: Relation, tops: readonly Top[], { name, span }: Identifier): Top {
  const found = tops.find(({ field }) => field.name.toLowerCase() === name.toLowerCase())
  if (found !== undefined) return found
  const all = topColumns(target.schema.fields)
  if (all.some(({ field }) => field.name.toLowerCase() === name.toLowerCase())) {
    fail('type_mismatch', `column ${name} of ${target.name} is computed`, span, 'leave it out')
  }
  const message = `${target.name} has no column ${name}`
  const names = tops.map(({ field }) => field.name)
  return fail('unknown_name', message, span, suggestion(name, names))
}

/** VALUES of a wrong width is told before its values are looked at. */
function checkArity(tree: Insert, targets: readonly Field[]): void {
  const body = tree.source.body
  if (body.kind !== 'values') return
  const width = topColumns(targets).length
  for (const row of body.rows) {
    if (row.length === width) continue
    const span = { start: row[0]!.span.start, end: row.at(-1)!.span.end }
    fail('type_mismatch', arityMessage(width, row.length), span)
  }
}

export function arityMessage(targets: number, given: number): string {
  return `INSERT has ${targets} target columns and ${given} ${given === 1 ? 'value' : 'values'}`
}

/** The INSERT that puts the answer of a query into a relation that is being made. */
export function bindContents(
  binding: Binding,
  query: Plan,
  target: Relation,
  source: Query,
): BoundStatement & { kind: 'insert' } {
  const plan = assign(binding, query, target, givenColumns(target), source, new Set())
  return { kind: 'insert', target: target.name, plan, conflict: null, returning: null, notices: [] }
}

/** The plan with the target's columns. */
function assign(
  binding: Binding,
  query: Plan,
  target: Relation,
  positions: number[],
  source: Query,
  omitted: ReadonlySet<string>,
): Plan {
  const { fields: whole } = target.schema
  if (positions.length > 0) {
    checkShape(
      query,
      positions.map((position) => whole[position]!),
      source,
    )
  }
  const kept = givenColumns(target)
  const fields = kept.map((index) => whole[index]!)
  const isTable = rulesOf(target) !== undefined
  const widths = topColumns(positions.map((position) => whole[position]!)).map((top) => top.width)
  const spans = spansOf(source.body, widths) ?? positions.map(() => source.span)
  const names = [...(isTable ? whole : fields).map(({ name }) => name), ...checkNames(target)]
  const isDrawn = kept.some((index) => !positions.includes(index) && drawsByDefault(target, index))
  const input = isDrawn && query.kind !== 'values' ? withPlace(binding, query) : query
  if (input === null) {
    const hint = 'name the column, and draw its value in a SELECT right above the stream'
    unsupported('a DEFAULT that is drawn, beside rows that may be taken back', source.span, hint)
  }
  /** What stands in a column that is left out. */
  const omittedCell = (given: readonly Expression[], index: number, row: number) => {
    const cell = defaultCell(target, index)
    return draws(cell) ? drawnAt(cell, row < 0 ? given.at(-1)! : rowNumber(row)) : cell
  }
  const place = (given: Expression[], row = -1) => {
    const placed = all(
      fields.map((field, place) => () => {
        const index = positions.indexOf(kept[place]!)
        if (index < 0 || omitted.has(`${row},${index}`)) {
          return omittedCell(given, kept[place]!, row)
        }
        return assigned(binding, given[index]!, field, spans[index]!)
      }),
    )
    if (!isTable) return placed
    const cells: Expression[] = []
    for (const [index, cell] of placed.entries()) cells[kept[index]!] = cell
    const full = withComputed(target, cells)
    return [...full, ...checksOver(target, full)]
  }
  if (query.kind === 'values') {
    const rows = query.rows.map((row, number) => () => {
      const given = positions.map((position, index) =>
        omitted.has(`${number},${index}`) ? omittedCell(row, position, number) : row[index]!,
      )
      checkNotNull(given, whole, positions, rowSpans(source.body, number, widths) ?? spans)
      return place(row, number)
    })
    return values(all(rows), names)
  }
  const sorting = sortingOf(input)
  if (sorting !== null) return assignBelowSort(sorting, place, names)
  if (input.kind === 'project') return project(input.input, place(input.expressions), names)
  const columns = input.output.map((field, index) => column(index, field))
  const expressions = place(columns)
  const same =
    expressions.length === input.output.length &&
    expressions.every((e, index) => e.kind === 'column' && e.index === index)
  if (same && input.output.every((field, index) => field.name === names[index])) return input
  return project(input, expressions, names)
}

const rowNumber = (row: number) => literal(BigInt(row), bigint)

const drawsByDefault = (target: Relation, index: number) => {
  const value = defaultOf(target, index)
  return value !== null && draws(value)
}

/** A sort at the top, and the columns of its input that the query shows. */
interface Sorting {
  sort: Plan & { kind: 'sort' }
  shown: Expression[]
}

function sortingOf(query: Plan): Sorting | null {
  if (query.kind === 'sort') {
    return { sort: query, shown: query.output.map((field, index) => column(index, field)) }
  }
  if (query.kind !== 'project' || query.input.kind !== 'sort') return null
  return { sort: query.input, shown: query.expressions }
}

/**
 * Above a sort only columns are chosen: the assigned values are made below it, behind the columns that it sorts by.
 */
function assignBelowSort(
  { sort: sorted, shown }: Sorting,
  place: (cells: Expression[]) => Expression[],
  names: string[],
): Plan {
  const { input, keys, limit, offset } = sorted
  const width = input.output.length
  const columns = input.output.map((field, index) => column(index, field))
  const below = project(
    input,
    [...columns, ...place(shown)],
    [...input.output.map((field) => field.name), ...names],
  )
  const chosen = names.map((_, index) => column(width + index, below.output[width + index]!))
  return project(sort(below, { keys, limit, offset }), chosen, names)
}

function checkNotNull(
  row: Expression[],
  fields: Field[],
  positions: number[],
  spans: Span[],
): void {
  for (const [index, cell] of row.entries()) {
    const field = fields[positions[index]!]!
    if (field.nullable || cell.kind !== 'literal' || cell.value !== null) continue
    fail('not_null', `column ${field.name} takes no NULL`, spans[index]!)
  }
}

/** The query must give as many columns as are assigned, and a STRUCT where one is wanted. */
function checkShape(query: Plan, targets: readonly Field[], source: Query): void {
  const [wanted, given] = [topColumns(targets), topColumns(query.output)]
  if (wanted.length !== given.length) {
    fail('type_mismatch', arityMessage(wanted.length, given.length), source.span)
  }
  wanted.forEach(({ field, width, at }, index) => {
    const other = given[index]!
    if (other.width === width && (other.at === at || width === 1)) return
    const types = `${typeText(field.type)}, not ${typeText(other.field.type)}`
    fail('type_mismatch', `column ${field.name} takes ${types}`, source.span)
  })
}

/** Where the columns of the query stand in the text; null when a star stands for several. */
function spansOf(body: QueryBody, widths: readonly number[]): Span[] | null {
  if (body.kind === 'values') return repeated(body.rows[0]!, widths)
  if (body.kind === 'set') return null
  return body.items.length === widths.length ? repeated(body.items, widths) : null
}

function rowSpans(body: QueryBody, row: number, widths: readonly number[]): Span[] | null {
  return body.kind === 'values' ? repeated(body.rows[row]!, widths) : null
}

/** Each place as often as its column has flat columns. */
function repeated(places: readonly { span: Span }[], widths: readonly number[]): Span[] {
  return places.flatMap(({ span }, index) => Array.from({ length: widths[index] ?? 1 }, () => span))
}
