/**
 * Change: INSERT, UPDATE, DELETE and MERGE: rows of a table come and go, all of a statement's or none.
 *
 * How      1. The plan gives the rows: new ones, or standing ones with those that take their place.
 *          2. NOT NULL, CHECK and keys are looked at as if all had happened.
 *          3. One frame of the log holds the change; a row that stays as it is, is not in it.
 * Contract 1 (checked) a statement that fails leaves no trace.
 *          2 (checked) keys are judged at the end of the statement: rows may swap their keys.
 * Cost     some µs per row.
 */
import { assert, QueryMistake } from '../base/index.ts'
import { type Catalog, givenSchema, type Relation, type TableKey } from '../catalog/index.ts'
import { type Batch, batchOf, type Field, type Row, rowsOf, valueText } from '../data/index.ts'
import { type BoundStatement, type Expression, overRows, type Plan } from '../plan/index.ts'
import { rowKey } from '../runtime/index.ts'
import { brokenCheck } from './complete.ts'
import type { Work } from './query.ts'
import type { StatementResult } from './statement.ts'
import type { RowChange, Standing } from './table.ts'

type Insert = BoundStatement & { kind: 'insert' }
type Update = BoundStatement & { kind: 'update' }
type Merge = BoundStatement & { kind: 'merge' }
type Stored = Relation & { kind: 'stream' | 'table' }

/** Where a change finds the rows of its table, and where it puts new ones. */
export interface Store {
  readonly catalog: Pick<Catalog, 'get'>
  /** The standing rows of a table whose rows change. */
  table(name: string): Standing | undefined
  /** Rows come, or take back others; gives them with their computed columns. */
  put(relation: Relation, batch: Batch, removes: Float64Array | null): Batch
}

/** What a change needs from its statement. */
export interface Asking {
  text: string
  /** Rows of a one-shot plan. */
  answer(plan: Plan): Work<Row[]>
}

const fresh = -1

export function* insertRows(store: Store, bound: Insert, asking: Asking): Work<StatementResult> {
  const relation = storedIn(store, bound.target)
  const rows = checked(relation, yield* asking.answer(bound.plan), 0, asking.text)
  const table = store.table(relation.name)
  if (table === undefined) {
    const batch = store.put(relation, batchOf(givenSchema(relation), rows), null)
    const written = bound.returning === null ? rows : rowsOf(batch)
    return yield* finished(bound.verb ?? 'INSERT', written, relation, bound, asking)
  }
  const { changes, written } = yield* settled(relation, table, rows, bound, asking)
  write(store, relation, table, changes, asking.text)
  return yield* finished(bound.verb ?? 'INSERT', written, relation, bound, asking)
}

export function* updateRows(store: Store, bound: Update, asking: Asking): Work<StatementResult> {
  const relation = storedIn(store, bound.target)
  const table = store.table(relation.name)
  assert(table !== undefined, `rows of ${relation.name} change`)
  const width = relation.schema.fields.length
  const given = yield* asking.answer(bound.plan)
  const rows = bound.joined ? onePerRow(given, width, table, asking.text) : given
  const comes = bound.verb === 'UPDATE' ? checked(relation, rows, width, asking.text) : null
  const all = relation.schema.fields.map((_, column) => column)
  const taken = new Map<string, number>()
  const changes: RowChange[] = []
  const written: Row[] = []
  rows.forEach((cells, at) => {
    const row = cells.slice(0, width)
    const key = rowKey(row)
    const copies = taken.get(key) ?? 0
    taken.set(key, copies + 1)
    const removes = table.find(all, row)[copies]
    assert(removes !== undefined, 'a row of the table stands in it')
    changes.push({ row, removes })
    if (comes !== null) changes.push({ row: comes[at]!, removes: fresh })
    written.push(comes === null ? row : comes[at]!)
  })
  write(store, relation, table, changes, asking.text)
  return yield* finished(bound.verb, written, relation, bound, asking)
}

export function* mergeRows(store: Store, bound: Merge, asking: Asking): Work<StatementResult> {
  const relation = storedIn(store, bound.target)
  const table = store.table(relation.name)
  assert(table !== undefined, `rows of ${relation.name} change`)
  const given = yield* asking.answer(bound.plan)
  const outcomes = yield* outcomesOf(relation, bound, given, asking)
  const first = bound.merge.mark + 1
  const all = relation.schema.fields.map((_, column) => column)
  const taken = new Map<string, number>()
  const changes: RowChange[] = []
  for (const [at, cells] of given.entries()) {
    const next = outcomes[at]
    if (next === undefined) continue
    if (cells[first + all.length] === true) {
      const row = cells.slice(first, first + all.length)
      const key = rowKey(row)
      const copies = taken.get(key) ?? 0
      taken.set(key, copies + 1)
      const removes = table.find(all, row)[copies]
      if (removes === undefined) throw metTwice(relation, asking.text)
      changes.push({ row, removes })
    }
    if (next !== null) changes.push({ row: next, removes: fresh })
  }
  write(store, relation, table, changes, asking.text)
  const count = outcomes.filter((next) => next !== undefined).length
  return { kind: 'done', message: `MERGE ${count}` }
}

/** What each row of MERGE becomes: a row, null where it goes, undefined where nothing happens. */
function* outcomesOf(
  relation: Stored,
  { plan, merge }: Merge,
  given: readonly Row[],
  asking: Asking,
): Work<(Row | null | undefined)[]> {
  const fields = [
    ...plan.output,
    { name: 'number', type: { kind: 'bigint' } as const, nullable: false },
  ]
  const over = (places: readonly number[], expressions: Expression[]) => {
    const rows = places.map((at) => [...given[at]!, BigInt(at)])
    return asking.answer(overRows(fields, rows, expressions, namesOf(expressions)))
  }
  const outcomes: (Row | null | undefined)[] = given.map(() => undefined)
  let open = [...given.keys()]
  for (const { when, condition, action } of merge.clauses) {
    const fits = open.filter((at) => caseOf(given[at]!, merge.mark) === when)
    if (fits.length === 0) continue
    const verdicts = condition === null ? null : yield* over(fits, [condition])
    const chosen = fits.filter((_, index) => verdicts === null || verdicts[index]![0] === true)
    const settled = new Set(chosen)
    open = open.filter((at) => !settled.has(at))
    if (action === 'nothing' || chosen.length === 0) continue
    const rows =
      action === 'delete'
        ? chosen.map(() => null)
        : checked(relation, yield* over(chosen, action.expressions), 0, asking.text)
    for (const [index, at] of chosen.entries()) outcomes[at] = rows[index]!
  }
  return outcomes
}

/** Which sides of a row of MERGE are there: marks stand behind the source's columns, and at the end. */
function caseOf(cells: Row, mark: number): 'matched' | 'unmatched' | 'alone' {
  if (cells.at(-1) !== true) return 'unmatched'
  return cells[mark] === true ? 'matched' : 'alone'
}

function metTwice({ name }: Stored, text: string): QueryMistake {
  const message = `MERGE would change one row of ${name} twice: several rows of USING meet it`
  const hint = 'let USING give one row for each row of the table'
  return new QueryMistake([{ code: 'ambiguous_row', message, hint }], text)
}

/** Rows that FROM or USING gave once for each row that they met, as often as they stand in the table. */
function onePerRow(given: readonly Row[], width: number, table: Standing, text: string): Row[] {
  const all = Array.from({ length: width }, (_, column) => column)
  const found = new Map<string, Row>()
  for (const cells of given) {
    const key = rowKey(cells, all)
    const other = found.get(key)
    if (other === undefined) found.set(key, cells)
    else if (rowKey(other) !== rowKey(cells)) {
      const message = 'UPDATE … FROM meets one row with several rows that make different ones of it'
      const hint = 'let FROM give one row for each row of the table'
      throw new QueryMistake([{ code: 'ambiguous_row', message, hint }], text)
    }
  }
  return [...found.values()].flatMap((cells) =>
    table.find(all, cells.slice(0, width)).map(() => cells),
  )
}

function storedIn(store: Store, name: string): Stored {
  const relation = store.catalog.get(name)
  const isStored = relation?.kind === 'stream' || relation?.kind === 'table'
  assert(isStored, `the target ${name} is stored`)
  return relation
}

/** The rows from column `from` on; behind them stands whether each CHECK is satisfied. */
function checked(relation: Stored, rows: readonly Row[], from: number, text: string): Row[] {
  const { fields } = relation.rules === undefined ? givenSchema(relation) : relation.schema
  const checks = relation.rules?.checks ?? []
  return rows.map((cells, number) => {
    const row = cells.slice(from, from + fields.length)
    const missing = fields.find((field, index) => !field.nullable && row[index] === null)
    if (missing !== undefined) {
      const message = `row ${number} has no value for column ${missing.name} of ${relation.name}`
      throw new QueryMistake([{ code: 'not_null', message }], text)
    }
    const broken = checks.find((_, index) => cells[from + fields.length + index] === false)
    if (broken !== undefined) {
      throw brokenCheck(relation, broken, number, row, text)
    }
    return row
  })
}

/** New rows, and what ON CONFLICT makes of those whose key is there. */
function* settled(
  relation: Stored,
  table: Standing,
  rows: readonly Row[],
  { conflict }: Insert,
  asking: Asking,
): Work<{ changes: RowChange[]; written: Row[] }> {
  if (conflict === null) {
    return { changes: rows.map((row) => ({ row, removes: fresh })), written: [...rows] }
  }
  const { keys, update } = conflict
  const seen = new Set<string>()
  const kept: { row: Row; meets: number }[] = []
  for (const row of conflict.last ? lastOfEach(keys[0]!, rows) : rows) {
    const names = keys.flatMap((key) => keyName(key, row) ?? [])
    const again = names.some((name) => seen.has(name))
    if (again && update !== null) throw duplicate(relation, keys[0]!, row, asking.text, 'twice')
    const meets = keys.flatMap(({ columns }) => meeting(table, columns, row))[0] ?? fresh
    if (update === null && (again || meets !== fresh)) continue
    for (const name of names) seen.add(name)
    kept.push({ row, meets })
  }
  const met = kept.filter(({ meets }) => meets !== fresh)
  const replaced = yield* replacements(relation, table, met, update, asking)
  const changes: RowChange[] = []
  const written: Row[] = []
  for (const { row, meets } of kept) {
    const next = meets === fresh ? row : replaced.get(meets)
    if (next === undefined) continue
    if (meets !== fresh) changes.push({ row: table.rowAt(meets), removes: meets })
    changes.push({ row: next, removes: fresh })
    written.push(next)
  }
  return { changes, written }
}

/** Of the rows with one key the last. */
function lastOfEach(key: TableKey, rows: readonly Row[]): Row[] {
  const last = new Map(rows.map((row, at) => [keyName(key, row) ?? at, row]))
  return rows.filter((row, at) => last.get(keyName(key, row) ?? at) === row)
}

/** By offset of the standing row the one that takes its place; none where it stays. */
function* replacements(
  relation: Stored,
  table: Standing,
  met: readonly { row: Row; meets: number }[],
  update: NonNullable<Insert['conflict']>['update'],
  asking: Asking,
): Work<Map<number, Row>> {
  const next = new Map<number, Row>()
  if (met.length === 0 || update === null) return next
  const { fields } = relation.schema
  const pairs = met.map(({ row, meets }) => [...table.rowAt(meets), ...row])
  const both = [...fields, ...fields]
  const over = (given: Row[], expressions: Expression[]) =>
    asking.answer(overRows(both, given, expressions, namesOf(expressions)))
  const verdicts = update.where === null ? null : yield* over(pairs, [update.where])
  const chosen = [...met.keys()].filter((at) => verdicts === null || verdicts[at]![0] === true)
  if (chosen.length === 0) return next
  const given = chosen.map((at) => pairs[at]!)
  const rows = checked(relation, yield* over(given, update.expressions), 0, asking.text)
  for (const [place, at] of chosen.entries()) next.set(met[at]!.meets, rows[place]!)
  return next
}

const namesOf = (expressions: readonly Expression[]) => expressions.map((_, index) => `_${index}`)

/** Offsets of the standing rows with the row's key; NULL equals nothing. */
function meeting(table: Standing, columns: readonly number[], row: Row): readonly number[] {
  return columns.some((column) => row[column] === null) ? [] : table.find(columns, row)
}

/** Text that two rows share when they have the same value of the key. */
function keyName({ name, columns }: TableKey, row: Row): string | null {
  if (columns.some((column) => row[column] === null)) return null
  return `${name}:${rowKey(row, columns)}`
}

/** Puts the change into the log when no key is there twice afterwards. */
function write(
  store: Store,
  relation: Stored,
  table: Standing,
  changes: readonly RowChange[],
  text: string,
): void {
  checkKeys(relation, table, changes, text)
  const told = withoutUnchanged(changes)
  const comes = told.every(({ removes }) => removes === fresh)
  const batch = batchOf(
    relation.schema,
    told.map(({ row }) => row),
  )
  const removes = Float64Array.from(told, (change) => change.removes)
  store.put(relation, batch, comes ? null : removes)
}

function checkKeys(
  relation: Stored,
  table: Standing,
  changes: readonly RowChange[],
  text: string,
): void {
  const keys = relation.rules?.keys ?? []
  if (keys.length === 0) return
  const gone = new Set(changes.map(({ removes }) => removes))
  const seen = new Set<string>()
  for (const { row, removes } of changes) {
    if (removes !== fresh) continue
    for (const key of keys) {
      const name = keyName(key, row)
      if (name === null) continue
      const stands = table.find(key.columns, row).some((offset) => !gone.has(offset))
      if (stands || seen.has(name)) throw duplicate(relation, key, row, text, 'already')
      seen.add(name)
    }
  }
}

/** Leaves out rows that go and come again as they were. */
function withoutUnchanged(changes: readonly RowChange[]): RowChange[] {
  const told: RowChange[] = []
  for (const change of changes) {
    const before = told.at(-1)
    const returns =
      change.removes === fresh &&
      before !== undefined &&
      before.removes !== fresh &&
      rowKey(before.row) === rowKey(change.row)
    if (returns) told.pop()
    else told.push(change)
  }
  return told
}

function duplicate(
  { name, schema }: Stored,
  { columns }: TableKey,
  row: Row,
  text: string,
  when: 'already' | 'twice',
): QueryMistake {
  const fields = columns.map((column) => schema.fields[column]!)
  const shown = columns.map((column, at) => valueText(row[column]!, fields[at]!.type)).join(', ')
  const key = fields.map((field) => field.name).join(', ')
  const message =
    when === 'already'
      ? `${name} has a row with ${key} = ${shown} already`
      : `ON CONFLICT meets ${key} = ${shown} twice in one statement`
  const hint =
    when === 'already' ? `ON CONFLICT (${key}) DO UPDATE puts the new row in its place` : undefined
  return new QueryMistake([{ code: 'duplicate_key', message, hint }], text)
}

function* finished(
  verb: string,
  rows: readonly Row[],
  { schema }: Stored,
  { returning }: Insert | Update,
  asking: Asking,
): Work<StatementResult> {
  if (returning === null) return { kind: 'done', message: `${verb} ${rows.length}` }
  const { expressions, names } = returning
  const fields = expressions.map(
    ({ type, nullable }, index): Field => ({ name: names[index]!, type, nullable }),
  )
  if (rows.length === 0) return { kind: 'rows', fields, rows: [] }
  const given = yield* asking.answer(overRows(schema.fields, rows, expressions, names))
  return { kind: 'rows', fields, rows: given }
}
