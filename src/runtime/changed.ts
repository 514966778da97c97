/**
 * Changed: the canonical changes of a commit that takes rows back, found in its columns.
 *
 * How      1. A hash of every row says which may have an equal one of the other sign: of its numbers, and of its texts
 *             too where many rows have the same numbers. Only these become rows on the host and cancel as
 *             `finalChanges` has it; the others stay numbers of rows.
 *          2. With a key, what goes and what comes of one key find each other by a hash of the key's columns.
 *          3. The order is a list of row numbers. Columns are put into it, and rows made, when somebody asks; columns
 *             of several parts become one when they are looked at.
 * Contract 1 (checked by test/runtime/changed.test.ts) the changes are those of `finalChanges`.
 * Cost     some 50 ns per change of five columns; what it costs to make rows for the few that may cancel.
 * See      docs/laws.md (the output of a commit); changes.ts, its twin on rows
 */
import { type Column, type Field, layoutOf, type Op, type Value, valueAt } from '../data/index.ts'
import { type Change, type Contribution, consolidate } from './changes.ts'
import { type Compare, mixHashes, picked, valueOrder } from './column.ts'
import { joinedColumn, joinedPlaces, type PlacedColumns } from './reorder.ts'

/** Rows with weights; null stands for all +1. */
export interface WeightedColumns extends PlacedColumns {
  weights: Int32Array | null
}

/** Where more than one of so many rows may meet another by its numbers, texts are looked at. */
const sparse = 16

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

/** The changes of a commit, whose rows lie in one or more parts; `key` as in the plan's output. */
export function changedColumns(
  parts: readonly WeightedColumns[],
  fields: readonly Field[],
  key: readonly number[] | null,
): Changed {
  const part = wholeOf(parts)
  const entries = netEntries(part, fields)
  const orders = fields.map((_, column) => lateOrder(() => part.column(column)))
  const byKey = (key ?? []).map((column) => orders[column]!)
  if (key !== null) pairByKey(part, entries, key, byKey)
  const order = sortedEntries(entries, [...byKey], orders)
  const { count } = entries
  const rows = new Uint32Array(count)
  const ops: Op[] = new Array(count)
  for (let at = 0; at < count; at++) {
    rows[at] = entries.rows[order[at]!]!
    ops[at] = entries.ops[order[at]!]!
  }
  let columns: Column[] | null = null
  let changes: Change[] | null = null
  const inOrder = () => (columns ??= fields.map((_, at) => picked(part.column(at), rows)))
  return {
    count,
    ops,
    columns: inOrder,
    changes: () => {
      changes ??= Array.from(order, (entry, at) => ({
        row: fields.map((_, column) => valueAt(part.column(column), rows[at]!)),
        op: ops[at]!,
        major: entries.major[entry]!,
        middle: entries.middle[entry]!,
        minor: entries.minor[entry]!,
      }))
      return changes
    },
  }
}

/** All rows of a commit, numbered through its parts. */
interface Whole extends Omit<PlacedColumns, 'columns'> {
  parts: readonly WeightedColumns[]
  weights: Int32Array
  column(index: number): Column
  /** A value of one row, without putting the parts of its column together. */
  value(index: number, row: number): Value
}

function wholeOf(parts: readonly WeightedColumns[]): Whole {
  const places = joinedPlaces(parts)
  const weights = new Int32Array(places.rows).fill(1)
  const starts: number[] = []
  let rows = 0
  for (const part of parts) {
    if (part.weights !== null) weights.set(part.weights, rows)
    starts.push(rows)
    rows += part.rows
  }
  const columns: Column[] = []
  const column = (index: number) => (columns[index] ??= joinedColumn(parts, index))
  const value = (index: number, row: number) => {
    let part = parts.length - 1
    while (starts[part]! > row) part--
    return valueAt(parts[part]!.columns[index]!, row - starts[part]!)
  }
  return { ...places, parts, weights, column, value }
}

/** The order of a column that is made when two of its values are compared. */
function lateOrder(column: () => Column): Compare {
  let order: Compare | null = null
  return (a, b) => (order ??= valueOrder(column()))(a, b)
}

/** What is left of the rows when those that cancel have gone, each once for every copy. */
function netEntries(part: Whole, fields: readonly Field[]): Entries {
  const { rows, weights, major, middle, minor } = part
  const mayMeet = oppositesOf(part, fields)
  const nets: (Contribution & { at: number })[] = []
  let count = 0
  for (let row = 0; row < rows; row++) {
    const weight = weights[row]!
    if (!mayMeet(row)) count += Math.abs(weight)
    else nets.push({ ...placedRow(part, fields, row), weight, at: row })
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
    add(entries, row, weights[row]!, major[row]!, middle?.[row] ?? 0, minor?.[row] ?? 0)
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

function placedRow(part: Whole, fields: readonly Field[], row: number) {
  return {
    row: fields.map((_, column) => part.value(column, row)),
    major: part.major[row]!,
    middle: part.middle?.[row] ?? 0,
    minor: part.minor?.[row] ?? 0,
  }
}

/** Says by number whether a row of the other sign may be equal. */
function oppositesOf(part: Whole, fields: readonly Field[]): (row: number) => boolean {
  const { rows, weights } = part
  const isText = (column: number) => layoutOf(fields[column]!.type) === 'utf8'
  const all = [...fields.keys()]
  const texts = all.filter(isText)
  const hashes = new Int32Array(rows)
  const isAdded = (row: number) => weights[row]! > 0
  mixParts(
    part,
    all.filter((column) => !isText(column)),
    hashes,
  )
  const mayMeet = meetings(hashes, rows, isAdded)
  if (texts.length === 0) return mayMeet
  let count = 0
  for (let row = 0; row < rows; row++) if (mayMeet(row)) count++
  if (count * sparse <= rows) return mayMeet
  mixParts(part, texts, hashes)
  return meetings(hashes, rows, isAdded)
}

/** Mixes some columns into the hashes of all rows. */
function mixParts({ parts }: Whole, some: readonly number[], hashes: Int32Array): void {
  let at = 0
  for (const { columns, rows } of parts) {
    const ofPart = hashes.subarray(at, at + rows)
    for (const column of some) mixHashes(columns[column]!, rows, ofPart)
    at += rows
  }
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
  part: Whole,
  entries: Entries,
  key: readonly number[],
  byKey: readonly Compare[],
): void {
  const { count, rows, signs } = entries
  const byRow = new Int32Array(part.rows)
  mixParts(part, key, byRow)
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
  const order = new Uint32Array(count)
  for (let entry = 0; entry < count; entry++) order[entry] = entry
  for (let entry = 1; entry < count; entry++) {
    if (compare(entry - 1, entry) > 0) return order.sort(compare)
  }
  return order
}
