/**
 * Reorder: brings the columns of an append-only commit into canonical order without making rows of them.
 *
 * How      1. A stable natural merge sort over row numbers by triple: what operators deliver are a few ascending runs.
 *          2. Rows of one triple (the matches of one row in a join, say) stand side by side and are sorted by their values.
 *          3. Every column is gathered once, if anything has moved.
 * Cost     O(rows · log runs) comparisons of doubles, one pass per column.
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

/** Rows in columns with their triples; null stands for zeros. */
export interface OrderedColumns {
  rows: number
  columns: Column[]
  major: Float64Array
  middle: Float64Array | null
  minor: Float64Array | null
}

/** Columns of all parts as one batch in canonical order. */
export function inOrder(
  parts: readonly OrderedColumns[],
  fields: readonly Field[],
): OrderedColumns {
  const places = placesOf(parts)
  const order = sortRuns(places.rows, (a, b) => compareTriples(parts, places, a, b))
  sortTies(parts, places, fields, order)
  const columns = fields.map((_, index) => gather(parts, places, order, index))
  const triple = (of: (part: OrderedColumns) => Float64Array | null) =>
    gatherTriple(parts.map(of), places, order)
  return {
    rows: places.rows,
    columns,
    major: Float64Array.from(order, (place) => places.major[place]!),
    middle: triple(({ middle }) => middle),
    minor: triple(({ minor }) => minor),
  }
}

function gatherTriple(
  parts: readonly (Float64Array | null)[],
  { part, row }: Places,
  order: Uint32Array,
): Float64Array | null {
  if (parts.every((one) => one === null)) return null
  return Float64Array.from(order, (place) => parts[part[place]!]?.[row[place]!] ?? 0)
}

/** Part and row of every row, and its major. */
interface Places {
  rows: number
  part: Uint32Array
  row: Uint32Array
  major: Float64Array
}

function placesOf(parts: readonly OrderedColumns[]): Places {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  const part = new Uint32Array(rows)
  const row = new Uint32Array(rows)
  const major = new Float64Array(rows)
  let at = 0
  parts.forEach((one, number) => {
    major.set(one.major.subarray(0, one.rows), at)
    for (let index = 0; index < one.rows; index++) {
      part[at] = number
      row[at++] = index
    }
  })
  return { rows, part, row, major }
}

function compareTriples(
  parts: readonly OrderedColumns[],
  { part, row, major }: Places,
  a: number,
  b: number,
): number {
  const byMajor = major[a]! - major[b]!
  if (byMajor !== 0) return byMajor
  const [left, right] = [parts[part[a]!]!, parts[part[b]!]!]
  const [i, j] = [row[a]!, row[b]!]
  return (
    (left.middle?.[i] ?? 0) - (right.middle?.[j] ?? 0) ||
    (left.minor?.[i] ?? 0) - (right.minor?.[j] ?? 0)
  )
}

function compareValuesAt(
  parts: readonly OrderedColumns[],
  { part, row }: Places,
  fields: readonly Field[],
  a: number,
  b: number,
): number {
  const [left, right] = [parts[part[a]!]!, parts[part[b]!]!]
  for (let index = 0; index < fields.length; index++) {
    const one = valueAt(left.columns[index]!, row[a]!)
    const other = valueAt(right.columns[index]!, row[b]!)
    const order = compareValues(one, other, fields[index]!.type)
    if (order !== 0) return order
  }
  return 0
}

/** Sorts neighbours of equal triple by their values. */
function sortTies(
  parts: readonly OrderedColumns[],
  places: Places,
  fields: readonly Field[],
  order: Uint32Array,
): void {
  const tied = (a: number, b: number) => compareTriples(parts, places, order[a]!, order[b]!) === 0
  for (let start = 0; start < order.length; ) {
    let end = start + 1
    while (end < order.length && tied(start, end)) end++
    if (end - start > 1) {
      order.subarray(start, end).sort((a, b) => compareValuesAt(parts, places, fields, a, b))
    }
    start = end
  }
}

/** Numbers 0 … count − 1 in order, by merging their ascending runs. */
function sortRuns(count: number, compare: (a: number, b: number) => number): Uint32Array {
  let order = Uint32Array.from({ length: count }, (_, index) => index)
  let other = new Uint32Array(count)
  let starts: number[] = []
  for (let index = 0; index < count; index++) {
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
  compare: (a: number, b: number) => number,
): void {
  let [left, right] = [run.start, run.middle]
  for (let at = run.start; at < run.end; at++) {
    const takeLeft =
      right >= run.end || (left < run.middle && compare(from[left]!, from[right]!) <= 0)
    to[at] = takeLeft ? from[left++]! : from[right++]!
  }
}

function gather(
  parts: readonly OrderedColumns[],
  places: Places,
  order: Uint32Array,
  index: number,
): Column {
  const columns = parts.map((part) => part.columns[index]!)
  const { type, data } = columns[0]!
  const bits = () => new Uint8Array((places.rows + 7) >> 3)
  let validity: Uint8Array | null = null
  if (columns.some((column) => column.validity !== null)) {
    validity = bits()
    for (let at = 0; at < order.length; at++) {
      const place = order[at]!
      if (isValid(columns[places.part[place]!]!, places.row[place]!)) {
        validity[at >> 3]! |= 1 << (at & 7)
      }
    }
  }
  const layouts = columns.map((column) => column.data)
  return { type, data: gatherValues(data.layout, layouts, places, order, bits), validity }
}

function gatherValues(
  layout: ColumnValues['layout'],
  parts: readonly ColumnValues[],
  { rows, part, row }: Places,
  order: Uint32Array,
  bits: () => Uint8Array,
): ColumnValues {
  switch (layout) {
    case 'i32':
      return { layout, values: gatherNumbers(new Int32Array(rows), parts, part, row, order) }
    case 'i64':
      return { layout, values: gatherNumbers(new BigInt64Array(rows), parts, part, row, order) }
    case 'f64':
      return { layout, values: gatherNumbers(new Float64Array(rows), parts, part, row, order) }
    case 'bits': {
      const values = bits()
      const sources = parts.map((one) => one as ColumnValues & { layout: 'bits' })
      for (let at = 0; at < order.length; at++) {
        const place = order[at]!
        const from = row[place]!
        const bit = (sources[part[place]!]!.values[from >> 3]! >> (from & 7)) & 1
        values[at >> 3]! |= bit << (at & 7)
      }
      return { layout, values }
    }
    case 'utf8':
      return gatherStrings(
        parts.map((one) => one as ColumnValues & { layout: 'utf8' }),
        part,
        row,
        order,
      )
  }
}

function gatherNumbers<T extends Int32Array | BigInt64Array | Float64Array>(
  to: T,
  parts: readonly ColumnValues[],
  part: Uint32Array,
  row: Uint32Array,
  order: Uint32Array,
): T {
  const sources = parts.map((one) => (one as unknown as { values: T }).values)
  for (let at = 0; at < order.length; at++) {
    const place = order[at]!
    to[at] = sources[part[place]!]![row[place]!]!
  }
  return to
}

function gatherStrings(
  parts: readonly (ColumnValues & { layout: 'utf8' })[],
  part: Uint32Array,
  row: Uint32Array,
  order: Uint32Array,
): ColumnValues {
  const offsets = new Int32Array(order.length + 1)
  for (let at = 0; at < order.length; at++) {
    const place = order[at]!
    const from = parts[part[place]!]!.offsets
    offsets[at + 1] = offsets[at]! + from[row[place]! + 1]! - from[row[place]!]!
  }
  const bytes = new Uint8Array(offsets[order.length]!)
  for (let at = 0; at < order.length; at++) {
    const place = order[at]!
    const source = parts[part[place]!]!
    const start = source.offsets[row[place]!]!
    bytes.set(source.bytes.subarray(start, source.offsets[row[place]! + 1]!), offsets[at]!)
  }
  return { layout: 'utf8', offsets, bytes }
}
