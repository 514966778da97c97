/**
 * Choice: a computed column that takes the value of one of several columns by a number, as of the time of events of
 *         several kinds that share a table.
 *
 *   CASE WHEN kind = 0 THEN a WHEN kind = 1 THEN b ELSE c END
 *
 * How      The numbers and the values are looked at where they are, on the host: nothing is copied but what is chosen.
 * Contract 1 (checked by test/runtime/choice.test.ts) the column is what the evaluator gives for the expression.
 * Cost     some 1 to 2 ns per row.
 */
import { type Column, layoutOf, sameType } from '../data/index.ts'
import type { Expression } from '../plan/index.ts'

export interface Choice {
  /** The column of the number, and for each number of a branch the column that it chooses; the last is the ELSE. */
  readonly key: number
  readonly numbers: Int32Array
  readonly columns: readonly number[]
}

/** The choice that an expression is; null when it is another one. */
export function choiceOf(expression: Expression): Choice | null {
  if (expression.kind !== 'case' || layoutOf(expression.type) !== 'i64') return null
  const { whens, type } = expression
  const columns: number[] = []
  const branches = whens.map(({ when }) => branchOf(when))
  for (const value of [...whens.map(({ then }) => then), expression.else]) {
    if (value.kind !== 'column' || !sameType(value.type, type)) return null
    columns.push(value.index)
  }
  const key = branches[0]?.key
  if (key === undefined || branches.some((branch) => branch?.key !== key)) return null
  return { key, numbers: Int32Array.from(branches, (branch) => branch!.number), columns }
}

/** The column and the number of `column = number`. */
function branchOf(when: Expression): { key: number; number: number } | null {
  if (when.kind !== 'call' || when.function !== 'eq') return null
  const [left, right] = when.args as [Expression, Expression]
  if (left.kind !== 'column' || right.kind !== 'literal' || right.value === null) return null
  const isWhole = ['tinyint', 'smallint', 'integer'].includes(left.type.kind)
  return isWhole && sameType(left.type, right.type)
    ? { key: left.index, number: Number(right.value) }
    : null
}

/** The chosen values of all rows; `given` are the columns that the choice counts. */
export function chosen(
  { key, numbers, columns }: Choice,
  given: readonly Column[],
  rows: number,
): Column {
  const { data, validity: known } = given[key]!
  const keys = (data as Column['data'] & { layout: 'i32' }).values
  // Most rows are those of the ELSE: they come at once, and the others into their place.
  const last = numbers.length
  const otherwise = given[columns[last]!]!
  const to = wordsOf(otherwise).slice(0, rows * 2)
  const bits = bitsOf(otherwise, rows)
  const count = rowsOfNumbers(keys, rows, numbers)
  // The first branch of a number counts: it is put last.
  for (let at = last - 1; at >= 0; at--) {
    const column = given[columns[at]!]!
    const some = { number: numbers[at]!, keys, known, count }
    put(some, wordsOf(column), to)
    putBits(some, column.validity, bits)
  }
  const values = new BigInt64Array(to.buffer)
  const validity = isFull(bits, rows) ? null : bits
  return { type: given[columns[0]!]!.type, data: { layout: 'i64', values }, validity }
}

/** The rows of a batch, the first `count` of `found`, of which those of one number are meant. */
interface SomeRows {
  number: number
  keys: Int32Array
  known: Uint8Array | null
  count: number
}

let found = new Uint32Array(4096)

/** Writes the rows whose number may be one of some into `found`, and gives how many they are. */
function rowsOfNumbers(keys: Int32Array, rows: number, numbers: Int32Array): number {
  if (found.length < rows) found = new Uint32Array(rows)
  const to = found
  const least = Math.min(...numbers)
  const span = Math.max(...numbers) - least
  let count = 0
  for (let row = 0; row < rows; row++) {
    const above = keys[row]! - least
    if (above >= 0 && above <= span) to[count++] = row
  }
  return count
}

/** Puts the words of some rows into their place. */
function put({ number, keys, known, count }: SomeRows, words: Int32Array, to: Int32Array): void {
  for (let at = 0; at < count; at++) {
    const row = found[at]!
    if (keys[row] !== number || !isSet(known, row)) continue
    to[row * 2] = words[row * 2]!
    to[row * 2 + 1] = words[row * 2 + 1]!
  }
}

function putBits(
  { number, keys, known, count }: SomeRows,
  from: Uint8Array | null,
  to: Uint8Array,
): void {
  for (let at = 0; at < count; at++) {
    const row = found[at]!
    if (keys[row] !== number || !isSet(known, row)) continue
    if (isSet(from, row)) to[row >>> 3]! |= 1 << (row & 7)
    else to[row >>> 3]! &= ~(1 << (row & 7))
  }
}

/** The validity of some rows in memory of its own. */
function bitsOf({ validity }: Column, rows: number): Uint8Array {
  const bytes = (rows + 7) >>> 3
  return validity === null ? new Uint8Array(bytes).fill(0xff) : validity.slice(0, bytes)
}

function isSet(bits: Uint8Array | null, row: number): boolean {
  return bits === null || ((bits[row >>> 3]! >> (row & 7)) & 1) === 1
}

/** Is there a value in every row? */
export function isFull(validity: Uint8Array | null, rows: number): boolean {
  if (validity === null) return true
  const bytes = rows >>> 3
  for (let at = 0; at < bytes; at++) if (validity[at] !== 0xff) return false
  const rest = (1 << (rows & 7)) - 1
  return rest === 0 || (validity[bytes]! & rest) === rest
}

/** The values as words, without making numbers of 64 bits. */
function wordsOf({ data }: Column): Int32Array {
  const { buffer, byteOffset, length } = (data as Column['data'] & { layout: 'i64' }).values
  return new Int32Array(buffer, byteOffset, length * 2)
}
