/**
 * Changes: what a cycle of a query gives out, brought into the canonical form of the laws.
 *
 * How      1. Operators hand over contributions: a row, a weight and an order triple (major, middle, minor).
 *          2. Contributions of equal row and equal triple cancel. A row whose remaining contributions have one sign
 *             keeps their triples; otherwise they are added up at the least of them, and rows of weight 0 vanish.
 *          3. With a key, the deleted and the inserted row of a key become −U, +U at the lesser triple; without one,
 *             −D and +I.
 *          4. Sorted by triple, then by the values of the key, − before +, then by all values.
 * Contract 1 (checked by the golden scripts) the result does not depend on the order in which contributions came.
 * Cost     O(n) where the plan is append-only and contributions come in order, else a hash table over rows and a sort.
 * See      docs/laws.md L2, L5; test/oracle
 */
import {
  type Batch,
  type Column,
  columnOf,
  compareValues,
  type Field,
  type Op,
  type Row,
  type Value,
} from '../data/index.ts'

export interface Triple {
  major: number
  middle: number
  minor: number
}

/** One row with its weight and place. */
export interface Contribution extends Triple {
  row: Row
  weight: number
}

export interface Change extends Triple {
  row: Row
  op: Op
}

/** Changes in columns, with what each of them is. */
export interface ChangedBatch {
  batch: Batch
  ops: readonly Op[]
}

export function compareTriples(a: Triple, b: Triple): number {
  return a.major - b.major || a.middle - b.middle || a.minor - b.minor
}

/** Where a slice that is to end at `to` may end: rows of one triple that may cancel stay together. */
export function endOfSlice(contributions: readonly Contribution[], to: number): number {
  const last = contributions[to - 1]
  if (last === undefined) return contributions.length
  const isSame = (at: number) => at >= 0 && compareTriples(contributions[at]!, last) === 0
  let end = to
  while (end < contributions.length && isSame(end)) end++
  if (end === to) return to
  let cancels = false
  for (let at = end - 1; isSame(at) && !cancels; at--) cancels = contributions[at]!.weight < 0
  return cancels ? end : to
}

export function compareRows(a: Row, b: Row, fields: readonly Field[]): number {
  for (let index = 0; index < fields.length; index++) {
    const order = compareValues(a[index]!, b[index]!, fields[index]!.type)
    if (order !== 0) return order
  }
  return 0
}

/** A text that is equal for equal values only; numbers that compare equal (−0 and 0) share it. */
export function valueKey(value: Value): string {
  if (value === null) return 'n'
  if (typeof value === 'string') return `${value.length}:${value}`
  if (typeof value === 'number') return `#${value === 0 ? 0 : value}`
  return typeof value === 'bigint' ? `#${value}` : value ? 't' : 'f'
}

export function rowKey(row: Row, columns?: readonly number[]): string {
  let key = ''
  if (columns === undefined) for (const value of row) key += `${valueKey(value)},`
  else for (const column of columns) key += `${valueKey(row[column]!)},`
  return key
}

/** Drops contributions that cancel at equal row and equal triple; the order of what is left is another. */
export function cancelAtOnce<C extends Contribution>(contributions: readonly C[]): C[] {
  const { alone, others } = bySigns(contributions)
  for (const contribution of addedAtOnce(others)) alone.push(contribution)
  return alone
}

/** Adds up what is equal in row and triple. */
function addedAtOnce<C extends Contribution>(contributions: readonly C[]): C[] {
  const groups = new Map<string, C>()
  for (const contribution of contributions) {
    const { major, middle, minor } = contribution
    const key = `${major},${middle},${minor},${rowKey(contribution.row)}`
    const present = groups.get(key)
    if (present === undefined) groups.set(key, { ...contribution })
    else present.weight += contribution.weight
  }
  return [...groups.values()].filter((contribution) => contribution.weight !== 0)
}

/**
 * Nets contributions per row. While all of a row's have one sign, each keeps its place: nothing cancels, so the
 * order of append-only output does not depend on commit points.
 */
export function consolidate<C extends Contribution>(contributions: readonly C[]): readonly C[] {
  if (contributions.every(({ weight }) => weight > 0)) return contributions
  const { alone, others } = bySigns(contributions)
  const rows = new Map<string, C[]>()
  for (const contribution of addedAtOnce(others)) {
    const key = rowKey(contribution.row)
    const present = rows.get(key)
    if (present === undefined) rows.set(key, [contribution])
    else present.push(contribution)
  }
  for (const equals of rows.values()) alone.push(...net(equals))
  return alone
}

/** What is left of contributions of equal rows; one alone is left itself, in an array no longer than it needs. */
export const netOfRow = (equals: readonly Contribution[]): Contribution[] =>
  equals.length === 1 && equals[0]!.weight !== 0 ? [equals[0]!] : net(addedAtOnce(equals))

/** What surely has no equal row of the other sign, by a hash, and the others. */
function bySigns<C extends Contribution>(contributions: readonly C[]): { alone: C[]; others: C[] } {
  const mayMeet = meetings(contributions, null)
  const alone: C[] = []
  const others: C[] = []
  contributions.forEach((contribution, index) => {
    if (mayMeet(index)) others.push(contribution)
    else alone.push(contribution)
  })
  return { alone, others }
}

/** Says of a contribution, by its number, whether one of the other sign may have equal columns; null for all. */
function meetings(
  contributions: readonly Contribution[],
  columns: readonly number[] | null,
): (index: number) => boolean {
  // Few rows share a slot by chance.
  const slots = 2 ** (35 - Math.clz32(contributions.length))
  const signs = new Uint8Array(slots)
  const places = new Uint32Array(contributions.length)
  contributions.forEach(({ row, weight }, index) => {
    let hash = 0
    if (columns === null) for (const value of row) hash = mixed(hash, value)
    else for (const column of columns) hash = mixed(hash, row[column]!)
    const place = (hash ^ (hash >>> 15)) & (slots - 1)
    places[index] = place
    signs[place]! |= weight > 0 ? 1 : 2
  })
  return (index) => signs[places[index]!] === 3
}

const golden = 0x9e3779b1
const mixed = (hash: number, value: Value) => Math.imul(hash ^ valueHash(value), golden)

const double = new Float64Array(1)
const halves = new Int32Array(double.buffer)

/** Equal for equal values; every digit and every character counts. */
function valueHash(value: Value): number {
  if (value === null) return 1
  if (typeof value === 'string') {
    let hash = value.length
    for (let at = 0; at < value.length; at++) hash = mixedNumber(hash, value.charCodeAt(at))
    return hash
  }
  if (typeof value === 'bigint') {
    let hash = 0
    for (let rest = value; ; rest >>= 32n) {
      hash = mixedNumber(hash, Number(BigInt.asIntN(32, rest)))
      if (rest === BigInt.asIntN(32, rest)) return hash
    }
  }
  if (typeof value === 'boolean') return value ? 3 : 4
  // The two zeros are equal, and so is every NaN.
  double[0] = value === 0 ? 0 : value
  return Number.isNaN(value) ? 5 : mixedNumber(halves[0]!, halves[1]!)
}

/** The top bits of a product depend on all of its factors: they come down. */
function mixedNumber(hash: number, number: number): number {
  const product = Math.imul(hash ^ number, golden)
  return product ^ (product >>> 15)
}

function net<C extends Contribution>(equals: C[]): C[] {
  const first = equals[0]!
  if (equals.every(({ weight }) => weight > 0 === first.weight > 0)) return equals
  for (const other of equals.slice(1)) {
    first.weight += other.weight
    if (compareTriples(other, first) < 0) copyTriple(other, first)
  }
  return first.weight === 0 ? [] : [first]
}

function copyTriple(from: Triple, to: Triple): void {
  to.major = from.major
  to.middle = from.middle
  to.minor = from.minor
}

/** The canonical changes of a commit. `key` as in the plan's output. */
export function finalChanges(
  contributions: readonly Contribution[],
  fields: readonly Field[],
  key: readonly number[] | null,
): Change[] {
  const changes: Change[] = []
  const pairs = new Map<string, Change>()
  const nets = consolidate(contributions)
  const deletes = nets.some(({ weight }) => weight < 0)
  const mayPair = key !== null && deletes ? meetings(nets, key) : () => false
  nets.forEach((net, index) => {
    const alone = key === null || !mayPair(index)
    const inserted = net.weight > 0
    for (let copy = Math.abs(net.weight); copy > 0; copy--) {
      const { row, major, middle, minor } = net
      const change: Change = { row, op: inserted ? '+I' : '-D', major, middle, minor }
      changes.push(change)
      if (alone) continue
      const place = rowKey(row, key)
      const other = pairs.get(place)
      if (other === undefined || (other.op === '+I') === inserted) pairs.set(place, change)
      else pair(inserted ? other : change, inserted ? change : other)
    }
  })
  return sortChanges(changes, fields, key)
}

function pair(deleted: Change, added: Change): void {
  deleted.op = '-U'
  added.op = '+U'
  if (compareTriples(deleted, added) < 0) copyTriple(deleted, added)
  else copyTriple(added, deleted)
}

export const isDeletion = (op: Op) => op === '-U' || op === '-D'

const weightOf = (op: Op) => (isDeletion(op) ? -1 : 1)

/** Sorts by triple, key, − before +, and row: a −U stands right before its +U. */
function sortChanges(
  changes: Change[],
  fields: readonly Field[],
  key: readonly number[] | null,
): Change[] {
  const compare = (a: Change, b: Change) =>
    compareTriples(a, b) ||
    (key === null ? 0 : compareColumns(a.row, b.row, fields, key)) ||
    Number(isDeletion(b.op)) - Number(isDeletion(a.op)) ||
    compareRows(a.row, b.row, fields)
  for (let index = 1; index < changes.length; index++) {
    if (compare(changes[index - 1]!, changes[index]!) > 0) return changes.sort(compare)
  }
  return changes
}

function compareColumns(a: Row, b: Row, fields: readonly Field[], columns: readonly number[]) {
  for (const column of columns) {
    const order = compareValues(a[column]!, b[column]!, fields[column]!.type)
    if (order !== 0) return order
  }
  return 0
}

/** A delta's changes in columns, at most `rowsMax` rows at a time; null weights stand for all +1. */
export function* batchOfChanges(
  delta: { batches: Batch[] | null; changed: ChangedBatch | null; changes(): Change[] },
  fields: readonly Field[],
  rowsMax: number,
): Generator<{ columns: Column[]; from: number; rows: number; weights: Int32Array | null }> {
  for (const { columns, rows } of delta.batches ?? []) {
    for (let from = 0; from < rows; from += rowsMax) {
      yield { columns, from, rows: Math.min(rowsMax, rows - from), weights: null }
    }
  }
  if (delta.batches !== null) return
  if (delta.changed !== null) {
    const { batch, ops } = delta.changed
    const weights = Int32Array.from(ops, weightOf)
    for (let from = 0; from < batch.rows; from += rowsMax) {
      const rows = Math.min(rowsMax, batch.rows - from)
      yield { columns: batch.columns, from, rows, weights: weights.subarray(from, from + rows) }
    }
    return
  }
  const changes = delta.changes()
  for (let from = 0; from < changes.length; from += rowsMax) {
    const part = changes.slice(from, from + rowsMax)
    const columns = fields.map(({ type }, index) =>
      columnOf(
        type,
        part.map(({ row }) => row[index]!),
      ),
    )
    const weights = Int32Array.from(part, ({ op }) => weightOf(op))
    yield { columns, from: 0, rows: part.length, weights }
  }
}
