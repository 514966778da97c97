/**
 * Values of the reference interpreter: order, equality, failures and exact sums, written for clarity alone.
 *
 * How      A value is a host value of src/data; a failed evaluation is a `Failed` in its place and travels like one.
 *          A DOUBLE is summed as an integer count of 2⁻¹⁰⁷⁴, the least double, so no sum ever rounds.
 * See      docs/laws.md (numbers, errors)
 */
import type { Code, Span } from '../../src/base/index.ts'
import type { Row, Type, Value } from '../../src/data/index.ts'

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

export type Cell = Value | Failed
export type CellRow = Cell[]

/** The values of a row in which nothing failed. */
export function isSound(row: CellRow): row is Row {
  return !row.some((cell) => cell instanceof Failed)
}

const encoder = new TextEncoder()

function compareText(a: string, b: string): number {
  const left = encoder.encode(a)
  const right = encoder.encode(b)
  const shared = Math.min(left.length, right.length)
  for (let index = 0; index < shared; index++) {
    if (left[index] !== right[index]) return left[index]! - right[index]!
  }
  return left.length - right.length
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

export function keyOf(row: readonly Cell[], columns?: readonly number[]): string {
  return (columns?.map((column) => row[column]!) ?? row).map(cellKey).join('|')
}

/** Digits after the point of the integer that stands for a value. */
export function scaleOf(type: Type): number {
  return type.kind === 'decimal' ? type.scale : 0
}

const int64Max = 2n ** 63n - 1n
const int64Min = -(2n ** 63n)

export function fitsInt64(value: bigint): boolean {
  return value >= int64Min && value <= int64Max
}

/** The double as an integer number of 2⁻¹⁰⁷⁴; finite values only. */
export function exactBits(value: number): bigint {
  const bits = new BigUint64Array(Float64Array.of(Math.abs(value)).buffer)[0]!
  const exponent = bits >> 52n
  const fraction = bits & (2n ** 52n - 1n)
  const magnitude = exponent === 0n ? fraction : (fraction + 2n ** 52n) << (exponent - 1n)
  return value < 0 ? -magnitude : magnitude
}

/** `units`·2^`exponent` as a double, rounded once, to nearest even. */
export function roundOnce(units: bigint, exponent: number): number {
  const magnitude = units < 0n ? -units : units
  const length = magnitude === 0n ? 0 : magnitude.toString(2).length
  let shift = Math.max(0, length - 53, -1074 - exponent)
  let kept = magnitude >> BigInt(shift)
  const rest = magnitude - (kept << BigInt(shift))
  const half = shift === 0 ? 1n : 1n << BigInt(shift - 1)
  if (shift > 0 && (rest > half || (rest === half && kept % 2n === 1n))) kept += 1n
  if (kept === 2n ** 53n) {
    kept /= 2n
    shift += 1
  }
  const power = exponent + shift
  const result = power > 971 && kept > 0n ? Infinity : Number(kept) * 2 ** Math.max(power, -1074)
  return units < 0n ? -result : result
}

/** n / d as a double, rounded once; d > 0. */
export function ratio(numerator: bigint, denominator: bigint): number {
  // 1,200 extra bits leave a quotient whose last bit may be made sticky without changing the rounding.
  const scaled = numerator << 1200n
  let quotient = scaled / denominator
  if (quotient * denominator !== scaled) quotient = (quotient << 1n) | 1n
  else quotient <<= 1n
  return roundOnce(quotient, -1201)
}
