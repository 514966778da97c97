/**
 * Changed: the canonical changes of a commit that takes rows back, found in its columns.
 *
 * How      1. A hash of every row says which may have an equal one of the other sign. Only these become rows on the
 *             host and cancel as `finalChanges` has it; the others stay numbers of rows.
 *          2. With a key, what goes and what comes of one key find each other by a hash of the key's columns.
 *          3. The order is a list of row numbers. Columns are put into it, and rows made, when somebody asks.
 * Contract 1 (checked by test/runtime/changed.test.ts) the changes are those of `finalChanges`.
 * Cost     some 50 ns per change of five columns; what it costs to make rows for the few that may cancel.
 * See      docs/laws.md (the output of a commit); changes.ts, its twin on rows
 */
import { type Column, type Field, type Op, type Row, valueAt } from '../data/index.ts'
import { type Change, type Contribution, consolidate } from './changes.ts'
import { type Compare, mixHashes, picked, valueOrder } from './column.ts'
import type { PlacedColumns } from './reorder.ts'

/** Rows with weights; null stands for all +1. */
export interface WeightedColumns extends PlacedColumns {
  weights: Int32Array | null
}

/** The changes in canonical order; what they are read from may be lent. */
export interface Changed {
  count: number
  ops: readonly Op[]
  columns(): Column[]
  changes(): Change[]
}

/** A change by number: the row of the columns that it shows, its sign and its place. */
interface Entries {
  count: number
  rows: Uint32Array
  signs: Int8Array
  ops: Op[]
  major: Float64Array
  middle: Float64Array
  minor: Float64Array
}

/** The changes of a commit; `key` as in the plan's output. */
export function changedColumns(
  part: WeightedColumns,
  fields: readonly Field[],
  key: readonly number[] | null,
): Changed {
  const entries = netEntries(part, fields)
  const orders = part.columns.map(valueOrder)
  const byKey = (key ?? []).map((column) => orders[column]!)
  if (key !== null) pairByKey(part, entries, key, byKey)
  const order = sortedEntries(entries, [...byKey], orders)
  const { count } = entries
  const rows = order.map((entry) => entries.rows[entry]!)
  const ops = Array.from(order, (entry) => entries.ops[entry]!)
  let columns: Column[] | null = null
  let changes: Change[] | null = null
  const inOrder = () => (columns ??= part.columns.map((column) => picked(column, rows)))
  return {
    count,
    ops,
    columns: inOrder,
    changes: () => {
      changes ??= Array.from(order, (entry, at) => ({
        row: part.columns.map((column) => valueAt(column, rows[at]!)),
        op: ops[at]!,
        major: entries.major[entry]!,
        middle: entries.middle[entry]!,
        minor: entries.minor[entry]!,
      }))
      return changes
    },
  }
}

/** What is left of the rows when those that cancel have gone, each once for every copy. */
function netEntries(part: WeightedColumns, fields: readonly Field[]): Entries {
  const { rows, weights, major, middle, minor } = part
  const all = fields.map((_, column) => column)
  const mayMeet = meetings(
    hashesOf(part, all),
    rows,
    (row) => weights === null || weights[row]! > 0,
  )
  const nets: (Contribution & { at: number })[] = []
  let count = 0
  for (let row = 0; row < rows; row++) {
    const weight = weights?.[row] ?? 1
    if (!mayMeet(row)) count += Math.abs(weight)
    else nets.push({ ...placedRow(part, row), weight, at: row })
  }
  const left = consolidate(nets)
  for (const { weight } of left) count += Math.abs(weight)
  const entries: Entries = {
    count: 0,
    rows: new Uint32Array(count),
    signs: new Int8Array(count),
    ops: new Array(count),
    major: new Float64Array(count),
    middle: new Float64Array(count),
    minor: new Float64Array(count),
  }
  for (let row = 0; row < rows; row++) {
    if (mayMeet(row)) continue
    const weight = weights === null ? 1 : weights[row]!
    add(entries, row, weight, major[row]!, middle?.[row] ?? 0, minor?.[row] ?? 0)
  }
  for (const net of left) add(entries, net.at, net.weight, net.major, net.middle, net.minor)
  return entries
}

function add(
  entries: Entries,
  row: number,
  weight: number,
  major: number,
  middle: number,
  minor: number,
): void {
  for (let copy = Math.abs(weight); copy > 0; copy--) {
    const entry = entries.count++
    entries.rows[entry] = row
    entries.signs[entry] = weight > 0 ? 1 : -1
    entries.ops[entry] = weight > 0 ? '+I' : '-D'
    entries.major[entry] = major
    entries.middle[entry] = middle
    entries.minor[entry] = minor
  }
}

function placedRow(part: WeightedColumns, row: number) {
  return {
    row: part.columns.map((column) => valueAt(column, row)) as Row,
    major: part.major[row]!,
    middle: part.middle?.[row] ?? 0,
    minor: part.minor?.[row] ?? 0,
  }
}

/** A hash of each row over some columns. */
function hashesOf({ columns, rows }: PlacedColumns, some: readonly number[]): Int32Array {
  const hashes = new Int32Array(rows)
  for (const column of some) mixHashes(columns[column]!, rows, hashes)
  return hashes
}

const slotOf = (hash: number, mask: number) => (hash ^ (hash >>> 15)) & mask

/** Says by number whether one of the other sign may be equal. */
function meetings(
  hashes: Int32Array,
  count: number,
  isAdded: (at: number) => boolean,
): (at: number) => boolean {
  // Few share a slot by chance.
  const slots = new Uint8Array(2 ** (35 - Math.clz32(count)))
  const mask = slots.length - 1
  for (let at = 0; at < count; at++) slots[slotOf(hashes[at]!, mask)]! |= isAdded(at) ? 1 : 2
  return (at) => slots[slotOf(hashes[at]!, mask)] === 3
}

/** What goes and what comes of a key become the halves of an update, both at the lesser place. */
function pairByKey(
  part: WeightedColumns,
  entries: Entries,
  key: readonly number[],
  byKey: readonly Compare[],
): void {
  const { count, rows, signs } = entries
  const byRow = hashesOf(part, key)
  const hashes = new Int32Array(count)
  for (let entry = 0; entry < count; entry++) hashes[entry] = byRow[rows[entry]!]!
  const mayMeet = meetings(hashes, count, (entry) => signs[entry]! > 0)
  // The number of an entry + 1, where its hash says or behind; another of its key finds it there.
  const table = new Int32Array(2 ** (33 - Math.clz32(count)))
  const mask = table.length - 1
  const isSameKey = (a: number, b: number) => byKey.every((compare) => compare(a, b) === 0)
  for (let entry = 0; entry < count; entry++) {
    if (!mayMeet(entry)) continue
    let slot = slotOf(hashes[entry]!, mask)
    for (; table[slot] !== 0; slot = (slot + 1) & mask) {
      const other = table[slot]! - 1
      if (hashes[other] === hashes[entry] && isSameKey(rows[other]!, rows[entry]!)) break
    }
    const other = table[slot]! - 1
    if (other < 0 || signs[other] === signs[entry]) table[slot] = entry + 1
    else pair(entries, entry, other)
  }
}

function pair(entries: Entries, entry: number, other: number): void {
  const { major, middle, minor, signs, ops } = entries
  const [less, more] = placeOrder(entries)(entry, other) < 0 ? [entry, other] : [other, entry]
  for (const values of [major, middle, minor]) values[more] = values[less]!
  ops[entry] = signs[entry]! > 0 ? '+U' : '-U'
  ops[other] = signs[other]! > 0 ? '+U' : '-U'
}

function placeOrder({ major, middle, minor }: Entries): Compare {
  return (a, b) => major[a]! - major[b]! || middle[a]! - middle[b]! || minor[a]! - minor[b]!
}

/** Numbers of the entries by place, key, − before + and values: a −U stands right before its +U. */
function sortedEntries(
  entries: Entries,
  byKey: readonly Compare[],
  byValues: readonly Compare[],
): Uint32Array {
  const { count, rows, signs } = entries
  const byPlace = placeOrder(entries)
  const byColumns = (compares: readonly Compare[], a: number, b: number) => {
    for (const compare of compares) {
      const order = compare(rows[a]!, rows[b]!)
      if (order !== 0) return order
    }
    return 0
  }
  const compare: Compare = (a, b) =>
    byPlace(a, b) || byColumns(byKey, a, b) || signs[a]! - signs[b]! || byColumns(byValues, a, b)
  const order = Uint32Array.from({ length: count }, (_, entry) => entry)
  for (let entry = 1; entry < count; entry++) {
    if (compare(entry - 1, entry) > 0) return order.sort(compare)
  }
  return order
}
