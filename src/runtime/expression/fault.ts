/**
 * Fault: the failure of a scalar function on one row, as a value; the row's error once its place in the text is
 * known.
 */
import type { Code } from '../../base/index.ts'
import { formOf, rangeOf, type Type, type Value } from '../../data/index.ts'

export class Fault {
  readonly code: Code
  readonly message: string

  constructor(code: Code, message: string) {
    this.code = code
    this.message = message
  }
}

export type Known = Exclude<Value, null>
export type Outcome = Value | Fault

/**
 * A scalar function bound to its types and literals: the first three arguments, and all of them. Strict ones never
 * see NULL; an argument that is not there is undefined.
 */
export type Scalar = (
  a: Value | undefined,
  b: Value | undefined,
  c: Value | undefined,
  all: readonly Value[],
) => Outcome

export const dayMicros = 86_400_000_000n
export const invalid = (message: string) => new Fault('invalid_argument', message)
export const divisionByZero = new Fault('division_by_zero', 'division by zero')

/** Digits after the point of the integer that stands for a value. */
export function scaleOf(type: Type): number {
  return type.kind === 'decimal' ? type.scale : 0
}

export function power10(digits: number): bigint {
  return 10n ** BigInt(digits)
}

/** The exact integer as a value of the type, or an overflow. */
export function ranged(value: bigint, type: Type): Outcome {
  const { low, high } = rangeOf(type)
  if (value < low || value > high) return new Fault('overflow', `${type.kind} out of range`)
  return formOf(type) === 'number' ? Number(value) : value
}
