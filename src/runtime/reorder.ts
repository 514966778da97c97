/**
 * Reorder: brings the columns of an append-only commit into canonical order without making rows of them.
 *
 * How      1. Parts that follow each other are left apart; parts that overlap become one.
 *          2. In each, a stable natural merge sort over row numbers by triple: what operators deliver are a few
 *             ascending runs, nearly always one.
 *          3. Rows of one triple (the matches of one row in a join, say) stand side by side and are sorted by their
 *             values.
 *          4. Where only such rows have to move and all columns are plain numbers, they change places; otherwise the
 *             columns of the part are gathered.
 * Cost     a comparison of doubles per row where nothing is to be done; else O(rows · log runs) comparisons and one
 *          pass per column.
 * Twin     `finalChanges` does the same on rows; the golden scripts compare them.
 */
import {
  type Column,
  type ColumnValues,
  compareValues,
  type Field,
  isValid,
  valueAt,
} from '../data/index.ts'
import { compareTriples, type Triple } from './changes.ts'

/** Rows in columns with their triples; null stands for zeros. */
export interface PlacedColumns {
  rows: number
  columns: Column[]
  major: Float64Array
  middle: Float64Array | null
  minor: Float64Array | null
}

export interface OrderedColumns extends PlacedColumns {
  /** Numbers of the rows whose triple equals that of the row before; null where the triples do not ascend. */
  ties: Uint32Array | null
}

/** Longer runs are not sorted by insertion. */
const insertedMax = 16

/** Compares two rows of a part by number. */
type Compare = (a: number, b: number) => number

/** The parts in canonical order; rows of a part may change places in it. */
export function inOrder(
  parts: readonly OrderedColumns[],
  fields: readonly Field[],
): PlacedColumns[] {
  return overlapping(parts).map((group) =>
    sorted(group.length === 1 ? group[0]! : concatenated(group), fields),
  )
}

/** Groups of parts: all rows of a group stand behind those of the groups before it. */
function overlapping(parts: readonly OrderedColumns[]): OrderedColumns[][] {
  const groups: { parts: OrderedColumns[]; greatest: Triple }[] = []
  for (const part of parts) {
    const { least, greatest } = rangeOf(part)
    const group = { parts: [part], greatest }
    // A part may reach back over several groups: they become one.
    for (
      let last = groups.at(-1);
      last !== undefined && compareTriples(last.greatest, least) >= 0;
      last = groups.at(-1)
    ) {
      groups.pop()
      group.parts = [...last.parts, ...group.parts]
      if (compareTriples(last.greatest, group.greatest) > 0) group.greatest = last.greatest
    }
    groups.push(group)
  }
  return groups.map((group) => group.parts)
}

/** Least and greatest triple, or bounds of them. */
function rangeOf(part: OrderedColumns): { least: Triple; greatest: Triple } {
  const { major, middle, minor, rows, ties } = part
  const tripleOf = (row: number) => ({
    major: major[row]!,
    middle: middle?.[row] ?? 0,
    minor: minor?.[row] ?? 0,
  })
  if (ties !== null) return { least: tripleOf(0), greatest: tripleOf(rows - 1) }
  const [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  let [least, greatest] = [high, low]
  for (let row = 0; row < rows; row++) {
    least = Math.min(least, major[row]!)
    greatest = Math.max(greatest, major[row]!)
  }
  return {
    least: { major: least, middle: low, minor: low },
    greatest: { major: greatest, middle: high, minor: high },
  }
}

function sorted(part: OrderedColumns, fields: readonly Field[]): PlacedColumns {
  const { ties } = part
  if (ties !== null && (ties.length === 0 || swapTies(part, ties))) return part
  const order = sortRuns(part.rows, tripleOrder(part))
  sortTies(part, fields, order)
  if (order.every((row, at) => row === at)) return part
  const take = (values: Float64Array | null) =>
    values === null ? null : gatherNumbers(new Float64Array(order.length), values, order)
  return {
    rows: part.rows,
    columns: part.columns.map((column) => gather(column, order)),
    major: take(part.major)!,
    middle: take(part.middle),
    minor: take(part.minor),
  }
}

/** As `order_ties` finds them. */
export function tiesOf(part: PlacedColumns): Uint32Array | null {
  const compare = tripleOrder(part)
  const ties: number[] = []
  for (let row = 1; row < part.rows; row++) {
    const order = compare(row - 1, row)
    if (order > 0) return null
    if (order === 0) ties.push(row)
  }
  return Uint32Array.from(ties)
}

/** A column of numbers whose rows can change places. */
interface PlainColumn {
  compare: Compare
  swap(a: number, b: number): void
}

/** Sorts short runs of equal triples in place; says whether it could. */
function swapTies({ columns }: PlacedColumns, ties: Uint32Array): boolean {
  const plain = columns.map(plainColumn)
  if (!plain.every((column) => column !== null)) return false
  for (let tie = insertedMax; tie < ties.length; tie++) {
    if (ties[tie]! - ties[tie - insertedMax]! === insertedMax) return false
  }
  let start = 0
  for (let tie = 0; tie < ties.length; tie++) {
    const row = ties[tie]!
    if (tie === 0 || ties[tie - 1]! !== row - 1) start = row - 1
    for (let at = row; at > start && isAfter(plain, at - 1, at); at--) {
      for (const column of plain) column.swap(at - 1, at)
    }
  }
  return true
}

function isAfter(columns: readonly PlainColumn[], a: number, b: number): boolean {
  for (const column of columns) {
    const order = column.compare(a, b)
    if (order !== 0) return order > 0
  }
  return false
}

function plainColumn({ data, validity }: Column): PlainColumn | null {
  if (validity !== null || (data.layout !== 'i64' && data.layout !== 'i32')) return null
  const { values } = data
  const words = new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4)
  const exchange = (a: number, b: number) => {
    const kept = words[a]!
    words[a] = words[b]!
    words[b] = kept
  }
  if (data.layout === 'i32') return { compare: (a, b) => words[a]! - words[b]!, swap: exchange }
  return {
    compare: (a, b) =>
      words[a * 2 + 1]! - words[b * 2 + 1]! || (words[a * 2]! >>> 0) - (words[b * 2]! >>> 0),
    swap(a, b) {
      exchange(a * 2, b * 2)
      exchange(a * 2 + 1, b * 2 + 1)
    },
  }
}

function tripleOrder({ major, middle, minor }: PlacedColumns): Compare {
  if (middle === null && minor === null) return (a, b) => major[a]! - major[b]!
  return (a, b) =>
    major[a]! - major[b]! ||
    (middle === null ? 0 : middle[a]! - middle[b]!) ||
    (minor === null ? 0 : minor[a]! - minor[b]!)
}

/** Sorts neighbours of equal triple by their values. */
function sortTies(part: PlacedColumns, fields: readonly Field[], order: Uint32Array): void {
  const triples = tripleOrder(part)
  const compares = part.columns.map((column, index) => valueOrder(column, fields[index]!))
  const values: Compare = (a, b) => {
    for (const compare of compares) {
      const result = compare(a, b)
      if (result !== 0) return result
    }
    return 0
  }
  for (let start = 0; start < order.length; ) {
    let end = start + 1
    while (end < order.length && triples(order[start]!, order[end]!) === 0) end++
    if (end - start > insertedMax) order.subarray(start, end).sort(values)
    else if (end - start > 1) insertionSort(order, start, end, values)
    start = end
  }
}

function insertionSort(order: Uint32Array, start: number, end: number, compare: Compare): void {
  for (let next = start + 1; next < end; next++) {
    const row = order[next]!
    let at = next
    for (; at > start && compare(order[at - 1]!, row) > 0; at--) order[at] = order[at - 1]!
    order[at] = row
  }
}

/** Order of the values of one column, NULL last. */
function valueOrder(column: Column, { type }: Field): Compare {
  const slow: Compare = (a, b) => compareValues(valueAt(column, a), valueAt(column, b), type)
  const { data } = column
  if (column.validity !== null || (data.layout !== 'i64' && data.layout !== 'i32')) return slow
  const { values } = data
  return (a, b) => {
    const [left, right] = [values[a]!, values[b]!]
    return left < right ? -1 : left > right ? 1 : 0
  }
}

/** Numbers 0 … count − 1 in order, by merging their ascending runs. */
function sortRuns(count: number, compare: Compare): Uint32Array {
  let order = new Uint32Array(count)
  let other = new Uint32Array(count)
  let starts: number[] = []
  for (let index = 0; index < count; index++) {
    order[index] = index
    if (index === 0 || compare(index - 1, index) > 0) starts.push(index)
  }
  while (starts.length > 1) {
    const merged: number[] = []
    for (let run = 0; run < starts.length; run += 2) {
      const start = starts[run]!
      const middle = starts[run + 1] ?? count
      const end = starts[run + 2] ?? count
      merged.push(start)
      merge(order, other, { start, middle, end }, compare)
    }
    starts = merged
    ;[order, other] = [other, order]
  }
  return order
}

function merge(
  from: Uint32Array,
  to: Uint32Array,
  run: { start: number; middle: number; end: number },
  compare: Compare,
): void {
  let [left, right] = [run.start, run.middle]
  for (let at = run.start; at < run.end; at++) {
    const takeLeft =
      right >= run.end || (left < run.middle && compare(from[left]!, from[right]!) <= 0)
    to[at] = takeLeft ? from[left++]! : from[right++]!
  }
}

function concatenated(parts: readonly OrderedColumns[]): OrderedColumns {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  const triple = (of: (part: OrderedColumns) => Float64Array | null) => {
    const sources = parts.map(of)
    if (sources.every((source) => source === null)) return null
    const none = (part: number) => new Float64Array(parts[part]!.rows)
    return joined(
      new Float64Array(rows),
      sources.map((source, part) => source ?? none(part)),
    )
  }
  const columns = parts[0]!.columns.map((_, index) =>
    concatenatedColumn(
      parts.map((part) => ({ column: part.columns[index]!, rows: part.rows })),
      rows,
    ),
  )
  const order = {
    rows,
    columns,
    major: triple(({ major }) => major)!,
    middle: triple(({ middle }) => middle),
    minor: triple(({ minor }) => minor),
  }
  return { ...order, ties: tiesOf(order) }
}

interface Piece {
  column: Column
  rows: number
}

function concatenatedColumn(pieces: readonly Piece[], rows: number): Column {
  const { type, data } = pieces[0]!.column
  const all = pieces.map(({ column }) => column.data)
  const of = <T>() => all.map((one) => (one as unknown as { values: T }).values)
  const nullable = pieces.some(({ column }) => column.validity !== null)
  const validity = nullable ? bitsOf(rows, pieces, isValid) : null
  const concatenatedData = (): ColumnValues => {
    const { layout } = data
    switch (layout) {
      case 'i32':
        return { layout, values: joined(new Int32Array(rows), of<Int32Array>()) }
      case 'i64':
        return { layout, values: joined(new BigInt64Array(rows), of<BigInt64Array>()) }
      case 'f64':
        return { layout, values: joined(new Float64Array(rows), of<Float64Array>()) }
      case 'bits':
        return { layout, values: bitsOf(rows, pieces, bitAt) }
      case 'utf8':
        return joinedStrings(all as (ColumnValues & { layout: 'utf8' })[], pieces, rows)
    }
  }
  return { type, data: concatenatedData(), validity }
}

function joined<T extends Int32Array | BigInt64Array | Float64Array>(
  to: T,
  sources: readonly T[],
): T {
  let at = 0
  for (const source of sources) {
    ;(to as { set(from: T, at: number): void }).set(source, at)
    at += source.length
  }
  return to
}

function joinedStrings(
  sources: readonly (ColumnValues & { layout: 'utf8' })[],
  pieces: readonly Piece[],
  rows: number,
): ColumnValues {
  const ends = sources.map(({ offsets }, piece) => offsets[pieces[piece]!.rows]!)
  const bytes = new Uint8Array(ends.reduce((sum, end) => sum + end, 0))
  const offsets = new Int32Array(rows + 1)
  let [at, shift] = [0, 0]
  sources.forEach((source, piece) => {
    bytes.set(source.bytes.subarray(0, ends[piece]!), shift)
    for (let row = 0; row < pieces[piece]!.rows; row++) {
      offsets[++at] = source.offsets[row + 1]! + shift
    }
    shift += ends[piece]!
  })
  return { layout: 'utf8', offsets, bytes }
}

function bitAt({ data }: Column, row: number): boolean {
  const { values } = data as ColumnValues & { layout: 'bits' }
  return ((values[row >> 3]! >> (row & 7)) & 1) === 1
}

function bitsOf(
  rows: number,
  pieces: readonly Piece[],
  test: (column: Column, row: number) => boolean,
): Uint8Array {
  const bits = new Uint8Array((rows + 7) >> 3)
  let at = 0
  for (const piece of pieces) {
    for (let row = 0; row < piece.rows; row++, at++) {
      if (test(piece.column, row)) bits[at >> 3]! |= 1 << (at & 7)
    }
  }
  return bits
}

function gather(column: Column, order: Uint32Array): Column {
  const bits = (test: (column: Column, row: number) => boolean) => {
    const to = new Uint8Array((order.length + 7) >> 3)
    order.forEach((row, at) => {
      if (test(column, row)) to[at >> 3]! |= 1 << (at & 7)
    })
    return to
  }
  const validity = column.validity === null ? null : bits(isValid)
  return { type: column.type, data: gatherValues(column.data, order, () => bits(bitAt)), validity }
}

function gatherValues(
  data: ColumnValues,
  order: Uint32Array,
  bits: () => Uint8Array,
): ColumnValues {
  const { layout } = data
  switch (layout) {
    case 'i32':
      return { layout, values: gatherNumbers(new Int32Array(order.length), data.values, order) }
    case 'i64':
      return { layout, values: gatherNumbers(new BigInt64Array(order.length), data.values, order) }
    case 'f64':
      return { layout, values: gatherNumbers(new Float64Array(order.length), data.values, order) }
    case 'bits':
      return { layout, values: bits() }
    case 'utf8':
      return gatherStrings(data, order)
  }
}

function gatherNumbers<T extends Int32Array | BigInt64Array | Float64Array>(
  to: T,
  from: T,
  order: Uint32Array,
): T {
  for (let at = 0; at < order.length; at++) to[at] = from[order[at]!]!
  return to
}

function gatherStrings(from: ColumnValues & { layout: 'utf8' }, order: Uint32Array): ColumnValues {
  const offsets = new Int32Array(order.length + 1)
  for (let at = 0; at < order.length; at++) {
    const row = order[at]!
    offsets[at + 1] = offsets[at]! + from.offsets[row + 1]! - from.offsets[row]!
  }
  const bytes = new Uint8Array(offsets[order.length]!)
  for (let at = 0; at < order.length; at++) {
    const row = order[at]!
    bytes.set(from.bytes.subarray(from.offsets[row]!, from.offsets[row + 1]!), offsets[at]!)
  }
  return { layout: 'utf8', offsets, bytes }
}
