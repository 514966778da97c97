/**
 * Held: an estimate of the bytes of rows that an operator keeps on the host as objects.
 *
 * How      A row is its objects (a place in a list, the contribution, the array of values) and its values: 64-bit
 *          integers and floats lie in boxes of their own, texts by their length, NULL, booleans and integers of up to
 *          32 bits in their places. The constants are the sizes that V8 gives these objects.
 * Contract 1 (checked by test/database/budget/memory.test.ts) the heap grows by what is counted, within a tenth.
 * Cost     a look at each value of a row.
 */
import type { Field, Row, Type } from '../data/index.ts'

/**
 * The objects around the values: 48 of the array; 64 of the contribution, 16 of its major, and as much of its middle
 * and minor where some of the process are not whole numbers; 10 of its place in a list that grows.
 */
const rowBytes = 154
const placeBytes = 8
/** Header, hash and length of a text, and what rounds it up. */
const textBytes = 20

export class HeldRows {
  bytes = 0
  readonly #fixed: number
  /** Bytes of a value beside its place; null for those that their characters say. */
  readonly #boxes: (number | null)[]

  /** `beside`: bytes that the operator keeps with each row. */
  constructor(fields: readonly Field[], beside = 0) {
    this.#boxes = fields.map(({ type }) => boxBytes(type))
    this.#fixed = rowBytes + beside + fields.length * placeBytes
  }

  /** None is kept any more. */
  clear(): void {
    this.bytes = 0
  }

  /** `copies` rows like this one come, or go when it is below 0. */
  change(row: Row, copies: number): void {
    let bytes = this.#fixed
    this.#boxes.forEach((box, column) => {
      const value = row[column]
      if (value === null || value === undefined) return
      bytes += box ?? textSize(String(value))
    })
    this.bytes += bytes * copies
  }
}

/** Bytes of an entry of a map whose key `rowKey` made of all columns: a rope of pieces, more of them for a text. */
export function entryBytes(fields: readonly Field[]): number {
  return fields.reduce((sum, { type }) => sum + (boxBytes(type) === null ? 80 : 48), 30)
}

function boxBytes(type: Type): number | null {
  switch (type.kind) {
    case 'boolean':
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'date':
      return 0
    case 'real':
    case 'double':
      return 16
    case 'bigint':
    case 'timestamp':
    case 'time':
    case 'interval':
    case 'months':
      return 24
    case 'decimal':
      return type.precision > 18 ? 32 : 24
    default:
      return null
  }
}

/** Each character takes two bytes in a text with one beyond the first 256. */
function textSize(text: string): number {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) > 0xff) return textBytes + text.length * 2
  }
  return textBytes + text.length
}
