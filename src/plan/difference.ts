/**
 * Difference: the bounds that a comparison sets to the difference of two times, one of each side of a join.
 *
 * How      Both operands become sums of columns and constants; what is left when one is taken from the other is a
 *          column of each side, of opposite signs, and a constant.
 * Contract 1 (checked by the golden scripts) where the comparison holds, right - left is within the bound; that of a
 *          strict comparison is within it, too.
 */
import { fold } from './fold.ts'
import type { Expression } from './logical.ts'

/** low: right - left >= micros; high: right - left <= micros. */
export interface Difference {
  left: number
  right: number
  side: 'low' | 'high'
  micros: bigint
}

/** The bound that a comparison sets, at least; the columns of the left side are the first `width`. */
export function differenceOf(part: Expression, width: number): Difference | null {
  if (part.kind !== 'call' || !['lt', 'le', 'gt', 'ge'].includes(part.function)) return null
  const sum: Sum = { columns: new Map(), micros: 0n }
  if (!addTo(sum, fold(part.args[0]!), 1n) || !addTo(sum, fold(part.args[1]!), -1n)) return null
  const terms = [...sum.columns].filter(([, times]) => times !== 0n).sort(([a], [b]) => a - b)
  if (terms.length !== 2) return null
  const [[left, a], [right, b]] = terms as [[number, bigint], [number, bigint]]
  if (left >= width || right < width || a + b !== 0n || a * b !== -1n) return null
  const isLess = part.function === 'lt' || part.function === 'le'
  // b (right - left) + micros <= 0, or >= 0.
  const bound = b > 0n ? -sum.micros : sum.micros
  return { left, right, side: isLess === b > 0n ? 'high' : 'low', micros: bound }
}

/** Columns with how often they are added, and a constant. */
interface Sum {
  columns: Map<number, bigint>
  micros: bigint
}

/** Adds an expression of times and constants; false when it is anything else. */
function addTo(sum: Sum, e: Expression, times: bigint): boolean {
  if (e.kind === 'column') {
    if (e.type.kind !== 'timestamp') return false
    sum.columns.set(e.index, (sum.columns.get(e.index) ?? 0n) + times)
    return true
  }
  if (e.kind === 'literal') {
    if (e.type.kind !== 'interval' || e.value === null) return false
    sum.micros += times * BigInt(e.value)
    return true
  }
  if (e.kind !== 'call') return false
  const sign = { add: 1n, subtract: -1n }[e.function]
  if (sign === undefined || e.args.length !== 2) return false
  return addTo(sum, e.args[0]!, times) && addTo(sum, e.args[1]!, times * sign)
}
