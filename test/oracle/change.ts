/**
 * Change: what INSERT, UPDATE, DELETE and MERGE do to the rows of a table, one row after the other on a plain list.
 */
import { givenSchema, type Relation } from '../../src/catalog/index.ts'
import type { Row } from '../../src/data/index.ts'
import { type BoundStatement, type Expression, overRows, type Plan } from '../../src/plan/index.ts'
import { keyOf } from './value.ts'

/** A row that comes (+1) or goes (-1). */
export interface RowChange {
  row: Row
  weight: number
}

/** The code of the mistake. */
export type Refused = { refused: 'not_null' | 'check' | 'duplicate_key' | 'ambiguous_row' }

type Table = Relation & { kind: 'stream' | 'table' }
type Answer = (plan: Plan) => Row[]

/** Rows that an INSERT adds, in the order in which they come, with those that go for them. */
export function inserted(
  table: Table,
  standing: readonly Row[],
  given: readonly Row[],
  bound: BoundStatement & { kind: 'insert' },
  answer: Answer,
): RowChange[] | Refused {
  const rows = judged(table, given, 0)
  if ('refused' in rows) return rows
  const { conflict } = bound
  if (conflict === null) return kept(table, standing, rows.map(comes))
  const changes: RowChange[] = []
  const added: Row[] = []
  for (const [at, row] of rows.entries()) {
    const same = (other: Row) => conflict.keys.some(({ columns }) => equalIn(columns, row, other))
    if (conflict.last && rows.slice(at + 1).some(same)) continue
    if (added.some(same)) {
      if (conflict.update !== null) return { refused: 'duplicate_key' }
      continue
    }
    const old = standing.find(same)
    if (old === undefined) {
      added.push(row)
      changes.push(comes(row))
      continue
    }
    if (conflict.update === null) continue
    added.push(row)
    const pair = [...old, ...row]
    const { where, expressions } = conflict.update
    const over = (asked: Expression[]) => {
      const fields = [...table.schema.fields, ...table.schema.fields]
      const names = asked.map((_, index) => `_${index}`)
      return answer(overRows(fields, [pair], asked, names))
    }
    if (where !== null && over([where])[0]![0] !== true) continue
    const next = judged(table, over(expressions), 0)
    if ('refused' in next) return next
    changes.push({ row: old, weight: -1 }, comes(next[0]!))
  }
  return kept(table, standing, changes)
}

/** What an UPDATE or DELETE changes, by rows of its plan. */
export function updated(
  table: Table,
  standing: readonly Row[],
  asked: readonly Row[],
  verb: 'UPDATE' | 'DELETE',
  joined: boolean,
): RowChange[] | Refused {
  const width = table.schema.fields.length
  const given = joined ? oncePerRow(standing, asked, width) : asked
  if ('refused' in given) return given
  const old = given.map((cells) => cells.slice(0, width))
  if (verb === 'DELETE') return old.map((row) => ({ row, weight: -1 }))
  const next = judged(table, given, width)
  if ('refused' in next) return next
  return kept(
    table,
    standing,
    old.flatMap((row, at) => [{ row, weight: -1 }, comes(next[at]!)]),
  )
}

/** What a MERGE changes, by rows of its plan: the first clause that fits a row says what becomes of it. */
export function merged(
  table: Table,
  standing: readonly Row[],
  asked: readonly Row[],
  { plan, merge }: BoundStatement & { kind: 'merge' },
  answer: Answer,
): RowChange[] | Refused {
  const number = { name: 'number', type: { kind: 'bigint' }, nullable: false } as const
  const left = [...standing]
  const changes: RowChange[] = []
  for (const [at, cells] of asked.entries()) {
    const over = (expressions: Expression[]) => {
      const names = expressions.map((_, index) => `_${index}`)
      return answer(
        overRows([...plan.output, number], [[...cells, BigInt(at)]], expressions, names),
      )
    }
    const [hasSource, hasRow] = [cells[merge.mark] !== null, cells.at(-1) !== null]
    const found = merge.clauses.find(({ when, condition }) => {
      const fits =
        when === 'matched' ? hasSource && hasRow : when === 'alone' ? !hasSource : !hasRow
      return fits && (condition === null || over([condition])[0]![0] === true)
    })
    if (found === undefined || found.action === 'nothing') continue
    if (hasRow) {
      const old = cells.slice(merge.mark + 1, -1)
      const place = left.findIndex((row) => keyOf(row) === keyOf(old))
      if (place < 0) return { refused: 'ambiguous_row' }
      left.splice(place, 1)
      changes.push({ row: old, weight: -1 })
    }
    if (found.action === 'delete') continue
    const next = judged(table, over(found.action.expressions), 0)
    if ('refused' in next) return next
    changes.push(comes(next[0]!))
  }
  return kept(table, standing, changes)
}

/** What FROM and USING say of each row that stands, in the order in which the rows were first met. */
function oncePerRow(
  standing: readonly Row[],
  asked: readonly Row[],
  width: number,
): Row[] | Refused {
  const out: Row[] = []
  for (const [at, cells] of asked.entries()) {
    const same = (other: Row) => keyOf(other.slice(0, width)) === keyOf(cells.slice(0, width))
    const first = asked.findIndex(same)
    if (keyOf(asked[first]!) !== keyOf(cells)) return { refused: 'ambiguous_row' }
    if (first < at) continue
    for (const row of standing) if (same(row)) out.push(cells)
  }
  return out
}

const comes = (row: Row): RowChange => ({ row, weight: 1 })

function judged(table: Table, given: readonly Row[], from: number): Row[] | Refused {
  const { fields } = table.rules === undefined ? givenSchema(table) : table.schema
  const rows: Row[] = []
  for (const cells of given) {
    const row = cells.slice(from, from + fields.length)
    if (row.some((value, index) => value === null && !fields[index]!.nullable)) {
      return { refused: 'not_null' }
    }
    if (cells.slice(from + fields.length).includes(false)) return { refused: 'check' }
    rows.push(row)
  }
  return rows
}

/** The changes, if no key is there twice after them; rows that stay as they are left out. */
function kept(table: Table, standing: readonly Row[], changes: RowChange[]): RowChange[] | Refused {
  const after = [...standing]
  for (const { row, weight } of changes) {
    if (weight < 0) {
      after.splice(
        after.findIndex((other) => keyOf(other) === keyOf(row)),
        1,
      )
    }
  }
  for (const { row, weight } of changes) {
    if (weight < 0) continue
    for (const { columns } of table.rules?.keys ?? []) {
      if (after.some((other) => equalIn(columns, row, other))) return { refused: 'duplicate_key' }
    }
    after.push(row)
  }
  const told: RowChange[] = []
  for (const change of changes) {
    const before = told.at(-1)
    const same =
      before !== undefined && before.weight < 0 && keyOf(before.row) === keyOf(change.row)
    if (same && change.weight > 0) told.pop()
    else told.push(change)
  }
  return told
}

function equalIn(columns: readonly number[], a: Row, b: Row): boolean {
  return columns.every(
    (column) => a[column] !== null && keyOf([a[column]!]) === keyOf([b[column]!]),
  )
}
