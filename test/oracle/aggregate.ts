/**
 * Aggregates of the reference interpreter: each value is computed anew from the multiset of a group's rows.
 *
 * How      Sums are exact integers (doubles in units of 2⁻¹⁰⁷⁴) and are rounded or range-checked once, when read.
 * See      docs/laws.md (numbers)
 */
import type { Type, Value } from '../../src/data/index.ts'
import type { AggregateCall } from '../../src/plan/logical.ts'
import {
  type Cell,
  cellKey,
  compareKnown,
  exactBits,
  Failed,
  fitsInt64,
  ratio,
  roundOnce,
  scaleOf,
} from './value.ts'

/** A row of a group with the number of times that it is there. */
export interface Counted {
  row: Cell[]
  weight: number
}

interface CountedValue {
  value: Exclude<Value, null>
  weight: number
}

/** The value of one call over a group's rows. `keyText` names the cell in errors. */
export function aggregate(
  call: AggregateCall,
  rows: readonly Counted[],
  argumentType: Type | null,
  keyText: string | null,
): Cell {
  const taken = rows.filter(({ row }) => call.filter === null || row[call.filter] === true)
  if (call.function === 'count_star') return BigInt(total(taken))
  const values = argumentValues(call, taken)
  const count = total(values)
  switch (call.function) {
    case 'count':
      return BigInt(count)
    case 'sum':
      return count === 0 ? null : sumOf(values, call, keyText)
    case 'avg':
      return count === 0 ? null : averageOf(values, count, argumentType!, call.type)
    default:
      return extremeOf(values, call.function)
  }
}

const total = (rows: readonly { weight: number }[]) =>
  rows.reduce((sum, { weight }) => sum + weight, 0)

/** The values that are there, NULLs left out, each once when DISTINCT. */
function argumentValues(call: AggregateCall, rows: readonly Counted[]): CountedValue[] {
  const values = new Map<string, CountedValue>()
  for (const { row, weight } of rows) {
    const value = row[call.argument!] as Value
    if (value === null) continue
    // The two zeros are one value, but MIN and MAX can tell them apart.
    const key = Object.is(value, -0) && !call.distinct ? '-0' : cellKey(value)
    const present = values.get(key)
    if (present === undefined) values.set(key, { value, weight })
    else present.weight += weight
  }
  const there = [...values.values()].filter(({ weight }) => weight !== 0)
  return call.distinct ? there.map(({ value }) => ({ value, weight: 1 })) : there
}

function sumOf(values: readonly CountedValue[], call: AggregateCall, keyText: string | null): Cell {
  if (call.type.kind === 'double') return doubleSum(values)
  const sum = integerSum(values)
  const type = call.type
  const fits = type.kind === 'decimal' ? sum < 10n ** 18n && sum > -(10n ** 18n) : fitsInt64(sum)
  if (fits) return sum
  const message =
    type.kind === 'decimal' ? overflowText(`DECIMAL(18, ${type.scale})`) : overflowText('BIGINT')
  return new Failed('overflow', message, call.span, keyText)
}

const overflowText = (type: string) => `the sum does not fit into ${type}`

const integerSum = (values: readonly CountedValue[]) =>
  values.reduce((sum, { value, weight }) => sum + BigInt(value as bigint) * BigInt(weight), 0n)

function doubleSum(values: readonly CountedValue[]): number {
  const has = (sought: number) => values.some(({ value }) => Object.is(value, sought))
  if (has(NaN) || (has(Infinity) && has(-Infinity))) return NaN
  if (has(Infinity)) return Infinity
  if (has(-Infinity)) return -Infinity
  let sum = 0n
  for (const { value, weight } of values) sum += exactBits(value as number) * BigInt(weight)
  return roundOnce(sum, -1074)
}

function averageOf(
  values: readonly CountedValue[],
  count: number,
  type: Type,
  result: Type,
): Value {
  if (type.kind === 'double') return doubleSum(values) / count
  const sum = integerSum(values)
  if (result.kind === 'interval') return sum / BigInt(count)
  return ratio(sum, 1n) / count / 10 ** scaleOf(type)
}

function extremeOf(values: readonly CountedValue[], which: 'min' | 'max'): Value {
  let best: Exclude<Value, null> | null = null
  for (const { value } of values) {
    const order = best === null ? 1 : compareKnown(value, best) || zeroOrder(value, best)
    if (best === null || (which === 'min' ? order < 0 : order > 0)) best = value
  }
  return best
}

/** −0 before +0. */
const zeroOrder = (a: Value, b: Value) => Number(Object.is(b, -0)) - Number(Object.is(a, -0))
