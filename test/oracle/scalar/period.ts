/**
 * INTERVALs of months and microseconds in the reference interpreter: by their texts, part by part, in exact fractions.
 */
import { parseValue, type Type, type Value, valueText } from '../../../src/data/index.ts'
import { Fault, type Known } from '../value.ts'
import { dayMicros, divideRounded, exactBits } from './exact.ts'

const type: Type = { kind: 'period' }
const interval: Type = { kind: 'interval' }
const months: Type = { kind: 'months' }
const unit = 1n << 1074n

interface Parts {
  months: bigint
  micros: bigint
}

/** From a text as `1 year 2 mons 3 days 04:05:06`. */
function partsOf(value: Known): Parts {
  const text = valueText(value, type)
  const far = /^(-?\d+ years? ?)?(-?\d+ mons? ?)?/.exec(text)![0]
  const near = text.slice(far.length)
  return {
    months: far === '' ? 0n : (parseValue(far, months) as bigint),
    micros: near === '' ? 0n : (parseValue(near, interval) as bigint),
  }
}

function made({ months: far, micros }: Parts): Value {
  const fits = [far, micros].every((part) => BigInt.asIntN(64, part) === part)
  if (!fits) throw new Fault('overflow', 'interval out of range')
  return parseValue(`${valueText(far, months)} ${valueText(micros, interval)}`, type)!
}

export function addPeriods(a: Known, b: Known, sign: bigint): Value {
  const [left, right] = [partsOf(a), partsOf(b)]
  return made({
    months: left.months + sign * right.months,
    micros: left.micros + sign * right.micros,
  })
}

export function negatedPeriod(value: Known): Value {
  const { months: far, micros } = partsOf(value)
  return made({ months: -far, micros: -micros })
}

/** Times a factor, or over a divisor. */
export function scaledPeriod(value: Known, by: number, over: boolean): Value {
  if (over && by === 0) throw new Fault('division_by_zero', 'division by zero')
  if (!Number.isFinite(by)) {
    if (over && !Number.isNaN(by)) return made({ months: 0n, micros: 0n })
    throw new Fault('overflow', 'interval out of range')
  }
  const exact = exactBits(by)
  const [above, below] = over ? [unit, exact] : [exact, unit]
  const sign = below < 0n ? -1n : 1n
  const { months: far, micros } = partsOf(value)
  const whole = (far * above) / below
  const rest = (far * above - whole * below) * 30n * dayMicros
  const near = sign * (micros * above + rest)
  return made({ months: whole, micros: divideRounded(near, sign * below, 'away') })
}

export function castPeriod(value: Known, from: Type, to: Type): Value {
  if (from.kind === 'months') return made({ months: value as bigint, micros: 0n })
  if (from.kind !== 'period') return made({ months: 0n, micros: value as bigint })
  const { months: far, micros } = partsOf(value)
  if (to.kind === 'months') return far
  if (to.kind === 'time') return ((micros % dayMicros) + dayMicros) % dayMicros
  if (far !== 0n) throw new Fault('invalid_cast', 'an INTERVAL DAY TO SECOND has no months')
  return micros
}

/** Parts of the date from the months, those of the clock from the rest; each with the sign of where it comes from. */
export function extractPeriod(
  part: string,
  value: Known,
  ofRest: (micros: bigint) => Value,
): Value {
  const { months: far, micros } = partsOf(value)
  const inYear = far - (far / 12n) * 12n
  switch (part) {
    case 'epoch':
      return Number((far / 12n) * 31_557_600_000_000n + inYear * 30n * dayMicros + micros) / 1e6
    case 'year':
      return far / 12n
    case 'month':
      return inYear
    case 'quarter':
      return inYear / 3n + 1n
    default:
      return ofRest(micros)
  }
}
