/**
 * Model of a cuboid: cells as lists of rows in plain Maps; every value is computed anew with BigInt.
 */

import type { Measure } from '../../src/cuboid/index.ts'
import type { Type, Value } from '../../src/data/index.ts'

export interface ModelRow {
  keys: Value[]
  /** Per measure. */
  arguments: Value[]
  filters: (boolean | null | undefined)[]
  position: number
  weight: number
}

interface Cell {
  keys: Value[]
  rows: ModelRow[]
  created: number
}

const text = (value: Value) =>
  typeof value === 'string' ? JSON.stringify(value) : Object.is(value, -0) ? '0' : `${value}`

export class Model {
  readonly cells = new Map<string, Cell>()
  readonly measures: Measure[]

  constructor(measures: Measure[]) {
    this.measures = measures
  }

  fold(row: ModelRow): string {
    const id = row.keys.map(text).join('|')
    let cell = this.cells.get(id)
    if (cell === undefined) {
      cell = { keys: row.keys.map((key) => (key === 0 ? 0 : key)), rows: [], created: row.position }
      this.cells.set(id, cell)
    }
    cell.created = Math.min(cell.created, row.position)
    cell.rows.push(row)
    return id
  }

  value(id: string, single = false): Value[] | null {
    const cell = this.cells.get(id)
    if (cell === undefined) return null
    const net = cell.rows.reduce((sum, { weight }) => sum + weight, 0)
    if (net === 0 && !single) return null
    return [
      ...cell.keys,
      ...this.measures.map((measure, index) => measureOf(measure, cell.rows, index)),
    ]
  }
}

function measureOf(measure: Measure, rows: readonly ModelRow[], index: number): Value {
  const weights = new Map<string, { value: Exclude<Value, null>; weight: bigint }>()
  let count = 0n
  for (const row of rows) {
    const filter = row.filters[index]
    if (filter !== undefined && filter !== true) continue
    if (measure.function === 'count_star') {
      count += BigInt(row.weight)
      continue
    }
    const value = row.arguments[index]!
    if (value === null) continue
    const key = Object.is(value, -0) && !measure.distinct ? '-0' : text(value)
    const present = weights.get(key)
    if (present === undefined) weights.set(key, { value, weight: BigInt(row.weight) })
    else present.weight += BigInt(row.weight)
  }
  if (measure.function === 'count_star') return count
  let values = [...weights.values()].filter(({ weight }) => weight !== 0n)
  if (measure.distinct) values = values.map(({ value }) => ({ value, weight: 1n }))
  count = values.reduce((sum, { weight }) => sum + weight, 0n)
  if (measure.function === 'count') return count
  if (count === 0n) return null
  if (measure.function === 'min' || measure.function === 'max') {
    const sign = measure.function === 'min' ? -1 : 1
    const found = values
      .map(({ value }) => value)
      .reduce((a, b) => (order(b, a) * sign > 0 ? b : a))
    return Object.is(found, -0) ? 0 : found
  }
  return sumOf(measure, values, count)
}

function sumOf(
  measure: Measure,
  values: readonly { value: Exclude<Value, null>; weight: bigint }[],
  count: bigint,
): Value {
  const average = measure.function === 'avg'
  if (measure.argument!.kind === 'double') {
    const sum = doubleSum(values as { value: number; weight: bigint }[])
    return average ? sum / Number(count) : sum
  }
  const sum = values.reduce((total, { value, weight }) => total + BigInt(value) * weight, 0n)
  if (average) {
    if (measure.result.kind === 'interval') return sum / count
    return Number(sum) / Number(count) / 10 ** scaleOf(measure.argument!)
  }
  if (measure.result.kind === 'decimal') {
    const fits = sum < 10n ** 18n && sum > -(10n ** 18n)
    return fits ? sum : `failed: the sum does not fit into DECIMAL(18, ${measure.result.scale})`
  }
  return BigInt.asIntN(64, sum) === sum ? sum : 'failed: the sum does not fit into BIGINT'
}

const scaleOf = (type: Type) => (type.kind === 'decimal' ? type.scale : 0)

/** Exact sum in units of 2^-1074, rounded by comparing with its neighbours. */
export function doubleSum(values: readonly { value: number; weight: bigint }[]): number {
  const has = (wanted: number) => values.some(({ value }) => Object.is(value, wanted))
  if (has(Number.NaN) || (has(Infinity) && has(-Infinity))) return Number.NaN
  if (has(Infinity)) return Infinity
  if (has(-Infinity)) return -Infinity
  const units = values.reduce((sum, { value, weight }) => sum + unitsOf(value) * weight, 0n)
  return roundUnits(units)
}

export function unitsOf(value: number): bigint {
  const bits = new BigUint64Array(Float64Array.of(value).buffer)[0]!
  const exponent = (bits >> 52n) & 0x7ffn
  const fraction = bits & (2n ** 52n - 1n)
  const units = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n)
  return value < 0 ? -units : units
}

/** The double nearest to units·2^-1074, found by bisection over all doubles. */
export function roundUnits(units: bigint): number {
  if (units < 0n) return -roundUnits(-units)
  let low = 0n
  let high = 0x7ff0000000000000n
  const at = (bits: bigint) => new Float64Array(BigUint64Array.of(bits).buffer)[0]!
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (unitsOf(at(middle)) <= units) low = middle
    else high = middle
  }
  const below = unitsOf(at(low))
  const above = high === 0x7ff0000000000000n ? 2n ** (1024n + 1074n) : unitsOf(at(high))
  const order = units - below - (above - units)
  return order > 0n || (order === 0n && (low & 1n) === 1n) ? at(high) : at(low)
}

const encoder = new TextEncoder()

function order(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') {
    return Buffer.compare(encoder.encode(a), encoder.encode(b))
  }
  if (typeof a === 'number' && typeof b === 'number') {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  }
  return a! < b! ? -1 : a! > b! ? 1 : 0
}
