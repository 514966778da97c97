/**
 * Fold: the value of an aggregate over the rows of a frame that moves.
 *
 * How      Rows are added and taken away again, so that a frame that moves costs what comes and what goes, not what
 *          stays. Sums are integers, those of doubles in units of 2^-1074; extremes are read from a sorted list.
 * Contract 1 (checked by the golden scripts) the value is that of the rows in the fold, whatever has come and gone.
 * Cost     0.1 µs per row, 1 µs of doubles; O(log n) and a shift for an extreme; COLLECT reads all of its values.
 * See      docs/laws.md (Numbers)
 */
import type { EvaluationError } from '../../base/index.ts'
import {
  compareValues,
  type Field,
  formOf,
  type Row,
  rangeOf,
  type Type,
  typeText,
  type Value,
} from '../../data/index.ts'
import type { OverCall } from '../../plan/index.ts'
import { valueKey } from '../changes.ts'

/** A value that could not be computed. */
export class FailedCell {
  readonly error: EvaluationError

  constructor(error: EvaluationError) {
    this.error = error
  }
}

export type Cell = Value | FailedCell

/** Values that are there; none is NULL. */
interface Values {
  change(value: Value, weight: number): void
  clear(): void
  read(): Cell
}

/** Rows of a frame. */
export interface Fold {
  change(row: Row, weight: number): void
  clear(): void
  read(): Cell
}

export function makeFold(call: OverCall, fields: readonly Field[]): Fold {
  const { argument, filter } = call
  const type = argument === null ? call.type : fields[argument]!.type
  const plain = valuesOf(call, type)
  const values = call.distinct ? distinct(plain) : plain
  return {
    change(row, weight) {
      if (filter !== null && row[filter] !== true) return
      const value = argument === null ? true : row[argument]!
      if (value !== null) values.change(value, weight)
    },
    clear: () => values.clear(),
    read: () => values.read(),
  }
}

function valuesOf(call: OverCall, type: Type): Values {
  switch (call.function) {
    case 'sum':
    case 'avg':
      return type.kind === 'double' ? doubles(call) : integers(call, type)
    case 'min':
    case 'max':
    case 'collect':
      return sorted(call, type)
    default:
      return count()
  }
}

function count(): Values {
  let total = 0
  return {
    change(_, weight) {
      total += weight
    },
    clear() {
      total = 0
    },
    read: () => BigInt(total),
  }
}

function integers(call: OverCall, type: Type): Values {
  let sum = 0n
  let total = 0
  const { low, high } = rangeOf(call.type)
  const scale = type.kind === 'decimal' ? 10 ** type.scale : 1
  return {
    change(value, weight) {
      sum += BigInt(value as bigint | number) * BigInt(weight)
      total += weight
    },
    clear() {
      sum = 0n
      total = 0
    },
    read() {
      if (total === 0) return null
      if (call.function === 'avg') {
        if (call.type.kind !== 'double') return sum / BigInt(total)
        return Number(sum) / total / scale
      }
      if (sum >= low && sum <= high) return formOf(call.type) === 'number' ? Number(sum) : sum
      const wanted = call.type.kind === 'decimal' ? typeText(call.type) : 'BIGINT'
      const message = `the sum does not fit into ${wanted}`
      return new FailedCell({ code: 'overflow', message, span: call.span })
    },
  }
}

function doubles({ function: name }: OverCall): Values {
  let units = 0n
  let total = 0
  /** NaN, infinity, negative infinity. */
  let odd: [number, number, number] = [0, 0, 0]
  const sum = () => {
    if (odd[0] > 0 || (odd[1] > 0 && odd[2] > 0)) return Number.NaN
    if (odd[1] > 0) return Number.POSITIVE_INFINITY
    return odd[2] > 0 ? Number.NEGATIVE_INFINITY : doubleOf(units)
  }
  return {
    change(value, weight) {
      const number = value as number
      total += weight
      if (Number.isFinite(number)) units += unitsOf(number) * BigInt(weight)
      else odd[Number.isNaN(number) ? 0 : number > 0 ? 1 : 2] += weight
    },
    clear() {
      units = 0n
      total = 0
      odd = [0, 0, 0]
    },
    read: () => (total === 0 ? null : name === 'avg' ? sum() / total : sum()),
  }
}

const bits = new DataView(new ArrayBuffer(8))

/** A finite double as a number of 2^-1074. */
function unitsOf(value: number): bigint {
  bits.setFloat64(0, value)
  const word = bits.getBigUint64(0)
  const exponent = (word >> 52n) & 0x7ffn
  const fraction = word & 0xfffffffffffffn
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n)
  return value < 0 ? -magnitude : magnitude
}

/** Rounded once, to nearest even: what is cut off before leaves a last bit. */
function doubleOf(units: bigint): number {
  const magnitude = units < 0n ? -units : units
  for (const cut of [0, 960, 1500]) {
    const kept = magnitude >> BigInt(cut)
    const rest = BigInt.asUintN(cut, magnitude) === 0n ? 0n : 1n
    const found = Number(kept | rest)
    if (!Number.isFinite(found)) continue
    const value = cut === 0 ? found * 2 ** -1074 : found * 2 ** (cut - 1074)
    return units < 0n ? -value : value
  }
  return units < 0n ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

/** MIN, MAX and COLLECT: the values in order, each with how often it is there. */
function sorted(call: OverCall, type: Type): Values {
  let items: { value: Value; weight: number }[] = []
  return {
    change(value, weight) {
      let low = 0
      let high = items.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if (compareValues(items[middle]!.value, value, type) < 0) low = middle + 1
        else high = middle
      }
      const found = items[low]
      if (found === undefined || compareValues(found.value, value, type) !== 0) {
        items.splice(low, 0, { value, weight })
        return
      }
      found.weight += weight
      if (found.weight === 0) items.splice(low, 1)
    },
    clear() {
      items = []
    },
    read() {
      if (items.length === 0) return null
      if (call.function === 'collect') {
        return items
          .map(({ value, weight }) => `${weight} ${Buffer.byteLength(value as string)}:${value}`)
          .join('')
      }
      const { value } = call.function === 'min' ? items[0]! : items.at(-1)!
      return value === 0 ? 0 : value
    },
  }
}

/** Each value once. */
function distinct(inner: Values): Values {
  const there = new Map<string, number>()
  return {
    change(value, weight) {
      const key = valueKey(value)
      const before = there.get(key) ?? 0
      const after = before + weight
      if (after === 0) there.delete(key)
      else there.set(key, after)
      if ((before === 0) !== (after === 0)) inner.change(value, after === 0 ? -1 : 1)
    },
    clear() {
      there.clear()
      inner.clear()
    },
    read: () => inner.read(),
  }
}
