/**
 * Held: an estimate of the bytes of rows that an operator keeps on the host as objects.
 *
 * How      A row is its objects (an entry of a list, the contribution, the array of values) and its values: numbers
 *          and 64-bit integers lie in boxes of their own, texts by their length.
 * Cost     what the texts of a row cost to look at; nothing per row where there are none.
 */
import type { Field, Row } from '../data/index.ts'

/** Bytes of the objects around a row, and of a value of each kind beside its place in the row; as measured. */
const rowBytes = 184
const placeBytes = 8
const boxBytes = 24
const textBytes = 24

export class HeldRows {
  bytes = 0
  readonly #fixed: number
  readonly #texts: number[]

  /** `beside`: bytes that the operator keeps with each row. */
  constructor(fields: readonly Field[], beside = 0) {
    const isText = ({ type }: Field) => type.kind === 'varchar' || type.kind === 'json'
    const boxed = fields.filter((field) => !isText(field)).length
    this.#texts = fields.flatMap((field, column) => (isText(field) ? [column] : []))
    const places = fields.length * placeBytes
    this.#fixed = rowBytes + beside + places + boxed * boxBytes + this.#texts.length * textBytes
  }

  /** None is kept any more. */
  clear(): void {
    this.bytes = 0
  }

  /** `copies` rows like this one come, or go when it is below 0. */
  change(row: Row, copies: number): void {
    let bytes = this.#fixed
    for (const column of this.#texts) {
      const value = row[column]
      if (typeof value === 'string') bytes += value.length
    }
    this.bytes += bytes * copies
  }
}
