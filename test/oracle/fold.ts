/**
 * Folds: the value of an aggregate call, from the multiset of a group's rows.
 *
 * How      Sums are exact integers (doubles in units of 2⁻¹⁰⁷⁴) and are rounded or range-checked once, when read.
 * See      docs/laws.md (numbers)
 */
import type { Type, Value } from '../../src/data/index.ts'
import type { AggregateCall } from '../../src/plan/logical.ts'
import { addUp, totalOf } from './contribution.ts'
import { exactBits, fits, ratio, roundOnce, scaleOf } from './scalar/exact.ts'
import {
  type Cell,
  type CellRow,
  cellKey,
  compareKnown,
  exactKey,
  Failed,
  type Known,
} from './value.ts'

/** A row of a group with the number of times that it is there. */
export interface Counted {
  row: CellRow
  weight: number
}

interface CountedValue {
  value: Known
  weight: number
}

/** The value of one call over a group's rows. `keyText` names the cell in errors. */
export function resultOf(
  call: AggregateCall,
  rows: readonly Counted[],
  argumentType: Type | null,
  keyText: string | null,
): Cell {
  const taken = rows.filter(({ row }) => call.filter === null || row[call.filter] === true)
  if (call.function === 'count_star') return BigInt(totalOf(taken))
  const values = argumentValues(call, taken)
  const count = totalOf(values)
  switch (call.function) {
    case 'count':
      return BigInt(count)
    case 'sum':
      return count === 0 ? null : sumOf(values, call, keyText)
    case 'avg':
      return count === 0 ? null : averageOf(values, count, argumentType!, call.type)
    case 'collect':
      return count === 0 ? null : collected(values)
    default:
      return extremeOf(values, call.function)
  }
}

/** The values that are there, NULLs left out, each once when DISTINCT. */
function argumentValues(call: AggregateCall, rows: readonly Counted[]): CountedValue[] {
  const all = rows.map(({ row, weight }) => ({ value: row[call.argument!] as Value, weight }))
  const known = all.filter((one): one is CountedValue => one.value !== null)
  // The two zeros are one value, but MIN and MAX can tell them apart.
  const values = addUp(known, ({ value }) => (call.distinct ? cellKey(value) : exactKey(value)))
  return call.distinct ? values.map(({ value }) => ({ value, weight: 1 })) : values
}

function sumOf(values: readonly CountedValue[], call: AggregateCall, keyText: string | null): Cell {
  if (call.type.kind === 'double') return doubleSum(values)
  const sum = integerSum(values)
  if (fits(sum, call.type)) return sum
  const type = call.type.kind === 'decimal' ? `DECIMAL(18, ${call.type.scale})` : 'BIGINT'
  return new Failed('overflow', `the sum does not fit into ${type}`, call.span, keyText)
}

const integerSum = (values: readonly CountedValue[]) =>
  values.reduce((sum, { value, weight }) => sum + BigInt(value as bigint) * BigInt(weight), 0n)

function doubleSum(values: readonly CountedValue[]): number {
  const unusual = values.map(({ value }) => value as number).filter((one) => !Number.isFinite(one))
  // Infinities of one sign add up to that one, of both to NaN, as the host has it.
  if (unusual.length > 0) return unusual.reduce((sum, one) => sum + one)
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

function collected(values: readonly CountedValue[]): string {
  const bytes = (value: Known) => Buffer.from(value as string)
  return [...values]
    .sort((a, b) => Buffer.compare(bytes(a.value), bytes(b.value)))
    .map(({ value, weight }) => `${weight} ${bytes(value).length}:${value}`)
    .join('')
}

function extremeOf(values: readonly CountedValue[], which: 'min' | 'max'): Value {
  const sign = which === 'min' ? 1 : -1
  const order = (a: Known, b: Known) => sign * compareKnown(a, b)
  const found = values.map(({ value }) => value).sort(order)[0] ?? null
  return found === 0 ? 0 : found
}
