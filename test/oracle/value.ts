/**
 * Values of the reference interpreter: order, equality and failures, written for clarity alone.
 *
 * How      A value is a host value of src/data; a failed evaluation is a `Failed` in its place and travels like one.
 * See      docs/laws.md (errors)
 */
import type { Code, Span } from '../../src/base/index.ts'
import type { Row, Value } from '../../src/data/index.ts'

/** A failed evaluation, in the place of the value. */
export class Failed {
  readonly code: Code
  readonly message: string
  readonly span: Span | undefined
  /** Text of the key of the cell that failed. */
  readonly row: string | null

  constructor(code: Code, message: string, span?: Span, row: string | null = null) {
    this.code = code
    this.message = message
    this.span = span
    this.row = row
  }
}

/** What a scalar function of this interpreter throws; `evaluate` turns it into a `Failed`. */
export class Fault extends Error {
  readonly code: Code

  constructor(code: Code, message: string) {
    super(message)
    this.code = code
  }
}

/** A value that is not NULL. */
export type Known = Exclude<Value, null>
export type Cell = Value | Failed
export type CellRow = Cell[]

/** The values of a row in which nothing failed. */
export function isSound(row: CellRow): row is Row {
  return !row.some((cell) => cell instanceof Failed)
}

/** UTF-8 bytes sort as code points do. */
function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

const sign = (a: number | bigint, b: number | bigint) => (a < b ? -1 : a > b ? 1 : 0)

/** Order of two values of one type that are not NULL. */
export function compareKnown(a: Value, b: Value): number {
  if (typeof a === 'string') return compareText(a, b as string)
  if (typeof a === 'boolean') return Number(a) - Number(b)
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  return sign(a as number, b as number)
}

/** Canonical order: NULL last. */
export function compareCells(a: Cell, b: Cell): number {
  if (a instanceof Failed || b instanceof Failed) return 0
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  return compareKnown(a, b)
}

export function compareRows(a: CellRow, b: CellRow): number {
  for (let index = 0; index < a.length; index++) {
    const order = compareCells(a[index]!, b[index]!)
    if (order !== 0) return order
  }
  return 0
}

/** A text that equal cells share: −0 and 0, all NaN, failures of one message. */
export function cellKey(cell: Cell): string {
  if (cell instanceof Failed) return `!${cell.code} ${cell.message} ${cell.row}`
  if (typeof cell === 'string') return JSON.stringify(cell)
  if (typeof cell === 'number') return `${cell + 0}`
  return String(cell)
}

/** The same with −0 apart from 0. */
export const exactKey = (cell: Cell) => (Object.is(cell, -0) ? '-0' : cellKey(cell))

export function keyOf(row: readonly Cell[], columns?: readonly number[]): string {
  return (columns?.map((column) => row[column]!) ?? row).map(cellKey).join('|')
}
