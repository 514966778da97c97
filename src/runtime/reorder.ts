/**
 * Reorder: brings the columns of an append-only commit into canonical order without making rows of them.
 *
 * How      1. Parts that follow each other are left apart; parts that overlap become one, when somebody looks at them.
 *          2. What operators deliver are ascending runs, mostly one. Runs that overlap are merged, and only the rows
 *             that are not in their place move.
 *          3. Rows of one triple (the matches of one row in a join, say) stand side by side and are sorted by their
 *             values; they change places at once where all columns are plain numbers.
 * Cost     nothing where a part ascends without ties; else a comparison of doubles per row, and O(log runs) of them
 *          and a move per column for each row that is out of place.
 * Twin     `finalChanges` does the same on rows; the golden scripts compare them.
 */
import { assert } from '../base/index.ts'
import { type Column, type ColumnValues, type Field, isValid } from '../data/index.ts'
import { compareTriples, type Triple } from './changes.ts'
import { type Compare, picked, pickedNumbers, valueOrder } from './column.ts'

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
/** Where more than one of so many rows moves, all are copied at once. */
const sparseMin = 16

/** Rows that stand behind those of the ones before; `placed` brings them into order, once. */
export interface LatePart {
  rows: number
  placed(): PlacedColumns
}

/**
 * The parts in canonical order; rows of a part may change places in it. Rows of one triple stand by the columns of
 * `key`, then by all others.
 */
export function inOrder(
  parts: readonly OrderedColumns[],
  fields: readonly Field[],
  key: readonly number[],
): LatePart[] {
  const by = [...new Set([...key, ...fields.keys()])]
  return overlapping(parts).map((group) => {
    let placed: PlacedColumns | null = null
    return {
      rows: group.reduce((sum, { rows }) => sum + rows, 0),
      placed: () => (placed ??= sorted(group.length === 1 ? group[0]! : concatenated(group), by)),
    }
  })
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

/** Brings the rows of a part into order, in place. */
function sorted(part: OrderedColumns, by: readonly number[]): PlacedColumns {
  let { ties } = part
  if (ties === null) {
    mergeRuns(part)
    ties = tiesOf(part)
    assert(ties !== null, 'merged runs ascend')
  }
  if (ties.length > 0 && !swapTies(part, ties, by)) sortTies(part, ties, by)
  return part
}

/** As `order_ties` finds them. */
export function tiesOf(part: PlacedColumns): Uint32Array | null {
  const compare = tripleOrder(part)
  const { major } = part
  const ties: number[] = []
  for (let row = 1; row < part.rows; row++) {
    if (major[row]! > major[row - 1]!) continue
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
function swapTies({ columns }: PlacedColumns, ties: Uint32Array, by: readonly number[]): boolean {
  const plain = by.map((column) => plainColumn(columns[column]!))
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
function sortTies(part: PlacedColumns, ties: Uint32Array, by: readonly number[]): void {
  const compares = by.map((column) => valueOrder(part.columns[column]!))
  const values: Compare = (a, b) => {
    for (const compare of compares) {
      const result = compare(a, b)
      if (result !== 0) return result
    }
    return 0
  }
  const moves: Move[] = []
  let moved = 0
  for (let tie = 0; tie < ties.length; ) {
    const start = ties[tie]! - 1
    let end = start + 1
    while (ties[tie] === end) [tie, end] = [tie + 1, end + 1]
    const run = Uint32Array.from({ length: end - start }, (_, at) => start + at)
    if (run.length > insertedMax) run.sort(values)
    else insertionSort(run, values)
    if (run.every((row, at) => row === start + at)) continue
    moves.push({ from: start, order: run })
    moved += run.length
  }
  const from = ties[0]! - 1
  const rows = ties.at(-1)! + 1 - from
  if (moved * sparseMin < rows) return move(part, moves)
  const order = Uint32Array.from({ length: rows }, (_, at) => from + at)
  for (const one of moves) order.set(one.order, one.from - from)
  move(part, [{ from, order }])
}

function insertionSort(order: Uint32Array, compare: Compare): void {
  for (let next = 1; next < order.length; next++) {
    const row = order[next]!
    let at = next
    for (; at > 0 && compare(order[at - 1]!, row) > 0; at--) order[at] = order[at - 1]!
    order[at] = row
  }
}

/** Runs `first … end` by number, with the numbers of their least and greatest rows. */
interface Overlap {
  first: number
  end: number
  least: number
  greatest: number
}

/** Brings rows into the order of their triples; equal ones stay as they stand. */
function mergeRuns(part: PlacedColumns): void {
  const { rows, major } = part
  const compare = tripleOrder(part)
  const starts = [0]
  for (let row = 1; row < rows; row++) {
    if (major[row]! <= major[row - 1]! && compare(row - 1, row) > 0) starts.push(row)
  }
  starts.push(rows)
  const overlaps: Overlap[] = []
  for (let run = 0; run + 1 < starts.length; run++) {
    let one: Overlap = {
      first: run,
      end: run + 1,
      least: starts[run]!,
      greatest: starts[run + 1]! - 1,
    }
    for (
      let last = overlaps.at(-1);
      last !== undefined && compare(last.greatest, one.least) > 0;
      last = overlaps.at(-1)
    ) {
      overlaps.pop()
      one = {
        first: last.first,
        end: one.end,
        least: compare(last.least, one.least) <= 0 ? last.least : one.least,
        greatest: compare(last.greatest, one.greatest) > 0 ? last.greatest : one.greatest,
      }
    }
    overlaps.push(one)
  }
  for (const { first, end } of overlaps) {
    if (end - first > 1) mergeOverlap(part, starts.slice(first, end + 1), compare)
  }
}

/** Merges runs that begin at `starts`, whose last is the end; rows before and behind all others stay in place. */
function mergeOverlap(part: PlacedColumns, starts: readonly number[], compare: Compare): void {
  const runs = starts.length - 1
  let [least, greatest] = [starts[1]!, starts[1]! - 1]
  for (let run = 1; run < runs; run++) {
    if (compare(starts[run]!, least) < 0) least = starts[run]!
    const last = starts[run]! - 1
    if (compare(last, greatest) > 0) greatest = last
  }
  const from = firstRow(starts[0]!, starts[1]!, (row) => compare(row, least) > 0)
  const to = firstRow(starts[runs - 1]!, starts[runs]!, (row) => compare(row, greatest) >= 0)
  const between = starts.slice(1, -1)
  const order = mergedRuns(
    from,
    to,
    [from, ...between].filter((start) => start < to),
    compare,
  )
  move(part, [{ from, order }])
}

/** The first row of an ascending run for which a test holds; its end where there is none. */
function firstRow(start: number, end: number, test: (row: number) => boolean): number {
  let [low, high] = [start, end]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (test(middle)) high = middle
    else low = middle + 1
  }
  return low
}

/** Numbers `from … to` in order, by merging the ascending runs that begin at `runStarts`. */
function mergedRuns(
  from: number,
  to: number,
  runStarts: readonly number[],
  compare: Compare,
): Uint32Array {
  const count = to - from
  let order = Uint32Array.from({ length: count }, (_, at) => from + at)
  let other = new Uint32Array(count)
  let starts = runStarts.map((start) => start - from)
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
  const whole = joinedParts(parts)
  return { ...whole, ties: tiesOf(whole) }
}

/** Rows of several parts, one behind the other. */
function joinedParts(parts: readonly PlacedColumns[]): PlacedColumns {
  return {
    ...joinedPlaces(parts),
    columns: parts[0]!.columns.map((_, at) => joinedColumn(parts, at)),
  }
}

/** One column of several parts. */
export function joinedColumn(parts: readonly PlacedColumns[], index: number): Column {
  if (parts.length === 1) return parts[0]!.columns[index]!
  return concatenatedColumn(
    parts.map(({ columns, rows }) => ({ column: columns[index]!, rows })),
    parts.reduce((sum, part) => sum + part.rows, 0),
  )
}

/** The places of the rows of several parts. */
export function joinedPlaces(parts: readonly PlacedColumns[]): Omit<PlacedColumns, 'columns'> {
  if (parts.length === 1) return parts[0]!
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  const triple = (of: (part: PlacedColumns) => Float64Array | null) => {
    const sources = parts.map(of)
    if (sources.every((source) => source === null)) return null
    const none = (part: number) => new Float64Array(parts[part]!.rows)
    return joined(
      new Float64Array(rows),
      sources.map((source, part) => source ?? none(part)),
    )
  }
  return {
    rows,
    major: triple(({ major }) => major)!,
    middle: triple(({ middle }) => middle),
    minor: triple(({ minor }) => minor),
  }
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

/** The rows `order` go into the places from `from` on; they are the rows that stand there. */
interface Move {
  from: number
  order: Uint32Array
}

function move({ columns, major, middle, minor }: PlacedColumns, moves: readonly Move[]): void {
  for (const values of [major, middle, minor]) {
    if (values === null) continue
    for (const { from, order } of moves) {
      values.set(pickedNumbers(values, new Float64Array(order.length), order), from)
    }
  }
  for (const column of columns) {
    for (const { from, order } of moves) put(column, from, order.length, picked(column, order))
  }
}

/** Puts values into the places from `from` on; strings are as long together as those that stand there. */
function put({ data, validity }: Column, from: number, rows: number, values: Column): void {
  if (validity !== null) putBits(validity, from, rows, values.validity!)
  const next = values.data
  if (data.layout === 'utf8' && next.layout === 'utf8') {
    const start = data.offsets[from]!
    data.bytes.set(next.bytes, start)
    for (let row = 1; row < rows; row++) data.offsets[from + row] = start + next.offsets[row]!
  } else if (data.layout === 'bits' && next.layout === 'bits') {
    putBits(data.values, from, rows, next.values)
  } else if (data.layout === 'i64' && next.layout === 'i64') data.values.set(next.values, from)
  else if (data.layout === 'f64' && next.layout === 'f64') data.values.set(next.values, from)
  else if (data.layout === 'i32' && next.layout === 'i32') data.values.set(next.values, from)
}

function putBits(bits: Uint8Array, from: number, rows: number, values: Uint8Array): void {
  for (let at = 0; at < rows; at++) {
    const row = from + at
    if (((values[at >> 3]! >> (at & 7)) & 1) === 1) bits[row >> 3]! |= 1 << (row & 7)
    else bits[row >> 3]! &= ~(1 << (row & 7))
  }
}
