/** Host: what programs give, type by type, and that texts of values mean the same. */
import { expect, test } from 'vitest'
import {
  hostValue,
  parseValue,
  periodValue,
  type Type,
  typeText,
  type Value,
} from '../../src/data/index.ts'

const integer: Type = { kind: 'integer' }
const bigint: Type = { kind: 'bigint' }
const double: Type = { kind: 'double' }
const decimal: Type = { kind: 'decimal', precision: 5, scale: 2 }
const millis: Type = { kind: 'timestamp', precision: 3 }
const micros: Type = { kind: 'timestamp', precision: 6 }
const date: Type = { kind: 'date' }
const interval: Type = { kind: 'interval' }
const period: Type = { kind: 'period' }
const boolean: Type = { kind: 'boolean' }
const varchar: Type = { kind: 'varchar' }

const span = (months: bigint, micros: bigint) => periodValue({ months, micros })!

const taken: [unknown, Type, Value][] = [
  [true, boolean, true],
  [-7, integer, -7],
  [-7n, integer, -7],
  [2 ** 31 - 1, integer, 2 ** 31 - 1],
  [2 ** 60, bigint, 2n ** 60n],
  [-(2n ** 63n), bigint, -(2n ** 63n)],
  [1.5, double, 1.5],
  [Number.NaN, double, Number.NaN],
  [3n, double, 3],
  [1.005, decimal, 101n],
  [12n, decimal, 1200n],
  ['a', varchar, 'a'],
  [new Date(-1), date, -1],
  [20, date, 20],
  [new Date(1500), millis, 1_500_000n],
  [1.5, micros, 1500n],
  [-1.5, millis, -2000n],
  [-1n, millis, -1000n],
  [-1n, micros, -1n],
  [2, interval, 2000n],
  [2n, interval, 2n],
  [2, period, span(0n, 2000n)],
  [{ months: 1, days: 2, micros: 3n }, period, span(1n, 172_800_000_003n)],
  [{ months: -1 }, period, span(-1n, 0n)],
  ['1 mon 2 days', period, span(1n, 172_800_000_000n)],
]

const refused: [unknown, Type][] = [
  [1, boolean],
  [1.5, integer],
  [2 ** 31, integer],
  [true, integer],
  [2n ** 63n, bigint],
  [2 ** 63, bigint],
  [Number.NaN, bigint],
  [1000, decimal],
  [1000n, decimal],
  [Number.NaN, decimal],
  [5, varchar],
  [new Date(0), varchar],
  [new Date(0), bigint],
  [new Date(Number.NaN), millis],
  [Number.POSITIVE_INFINITY, millis],
  [2n ** 63n, micros],
  [1e300, micros],
  [1.5, date],
  [{}, integer],
  [{ months: 1.5 }, period],
  [{ months: 1n << 64n }, period],
  ['1 moon', period],
  [{}, varchar],
]

test('values that a column takes', () => {
  for (const [given, type, value] of taken) {
    expect(hostValue(given, type), `${String(given)} as ${typeText(type)}`).toEqual(value)
  }
})

test('values that a column does not take', () => {
  for (const [given, type] of refused) {
    expect(hostValue(given, type), `${String(given)} as ${typeText(type)}`).toBeUndefined()
  }
})

test('texts are read as CAST reads them', () => {
  const texts = ['1', '1.5', ' true ', '2020-01-02', '2020-01-02 03:04:05.123456', 'x', '1 day', '']
  for (const type of [integer, bigint, double, decimal, millis, date, interval, boolean, varchar]) {
    for (const text of texts) expect(hostValue(text, type)).toEqual(parseValue(text, type))
  }
})
