/**
 * Period: an INTERVAL of months and microseconds as bytes that order as intervals do.
 *
 * Format   the length of the interval with months of 30 days, then its months, both as wide.ts has them. The host's
 *          value is a string of one character from U+0000 to U+00FF per byte, as that of a VARBINARY.
 * Contract 1 (checked) bytes order by the length, and equal bytes are equal months and microseconds: 1 month comes
 *            right beside 30 days, and is not the same value. The operators = and < compare the lengths alone.
 * See      docs/decisions/0011-intervals-of-months-and-days.md
 */
import { monthMicros, type Period } from './interval.ts'
import { readWide, wideBytes } from './wide.ts'

const INT64 = 2n ** 63n

/** The value; undefined where a part is beyond 64 bits. */
export function periodValue({ months, micros }: Period): string | undefined {
  const fits = [months, micros].every((part) => part >= -INT64 && part < INT64)
  if (!fits) return undefined
  return textOf(wideBytes(periodLength({ months, micros }))) + textOf(wideBytes(months))
}

/** The parts of a value; none of the bytes of a NULL. */
export function readPeriod(value: string): Period {
  const bytes = Uint8Array.from(value, (char) => char.charCodeAt(0))
  if (bytes.length === 0) return { months: 0n, micros: 0n }
  const end = Math.abs(bytes[0]! - 0x80) + 1
  const length = readWide(bytes, 0, end)
  const months = readWide(bytes, end, bytes.length)
  return { months, micros: length - months * monthMicros }
}

/** Microseconds of a period whose months have 30 days each. */
export function periodLength({ months, micros }: Period): bigint {
  return months * monthMicros + micros
}

const textOf = (bytes: Uint8Array) => String.fromCharCode(...bytes)
