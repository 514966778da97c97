/** Text: round trips of every type, what can and cannot be read, and the canonical order. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  civilOf,
  compareValues,
  daysOf,
  parseValue,
  periodValue,
  type Type,
  typeText,
  type Value,
  valueText,
} from '../../src/data/index.ts'

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -1000n, max: 1000n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 86_400_000_000n, -86_400_000_000n),
)
const decimal = (precision: number, scale: number): Type => ({ kind: 'decimal', precision, scale })
const timestamp = (precision: number): Type => ({ kind: 'timestamp', precision })

const bytes = fc.uint8Array().map((all) => String.fromCharCode(...all))

const domains: [Type, fc.Arbitrary<Value>][] = [
  [{ kind: 'boolean' }, fc.boolean()],
  [{ kind: 'integer' }, fc.integer()],
  [{ kind: 'bigint' }, int64],
  [{ kind: 'double' }, fc.double()],
  [decimal(18, 5), fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n })],
  [decimal(3, 3), fc.bigInt({ min: -999n, max: 999n })],
  [decimal(38, 0), fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n })],
  [decimal(30, 30), fc.bigInt({ min: -(10n ** 30n) + 1n, max: 10n ** 30n - 1n })],
  [{ kind: 'tinyint' }, fc.integer({ min: -128, max: 127 })],
  [{ kind: 'smallint' }, fc.integer({ min: -32_768, max: 32_767 })],
  [{ kind: 'real' }, fc.float()],
  [{ kind: 'varbinary' }, bytes],
  [{ kind: 'json' }, fc.json()],
  [{ kind: 'time', precision: 6 }, fc.bigInt({ min: 0n, max: 86_399_999_999n })],
  [{ kind: 'timestamp', precision: 6, zoned: true }, int64],
  [{ kind: 'months' }, int64],
  [decimal(9, 0), fc.bigInt({ min: -999_999_999n, max: 999_999_999n })],
  [{ kind: 'varchar' }, fc.string({ unit: 'binary' })],
  [timestamp(6), int64],
  [timestamp(3), int64.map((n) => (n / 1000n) * 1000n)],
  [{ kind: 'date' }, fc.integer()],
  [{ kind: 'interval' }, int64],
  [
    { kind: 'period' },
    fc.tuple(int64, int64).map(([months, micros]) => periodValue({ months, micros })!),
  ],
]

describe('property: a value reads back from its text', () => {
  for (const [type, values] of domains) {
    test(typeText(type), () => {
      fc.assert(
        fc.property(values, (value) => {
          expect(parseValue(valueText(value, type), type)).toEqual(value)
        }),
        { numRuns: 500 },
      )
    })
  }
})

test('differential: the calendar agrees with the host over 200 years and at the ends', () => {
  const check = (days: number) => {
    const date = new Date(days * 86_400_000)
    const civil = civilOf(days)
    expect(civil).toEqual({
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
    })
    expect(daysOf(civil)).toBe(days)
  }
  for (let days = -40_000; days < 40_000; days += 7) check(days)
  for (const days of [-100_000_000, 100_000_000, -719_468, -719_469, 0, 11_016, 11_017]) check(days)
  for (const days of [-(2 ** 31), 2 ** 31 - 1]) expect(daysOf(civilOf(days))).toBe(days)
})

describe('what a text means', () => {
  const cases: [string, Type, Value | undefined][] = [
    [' TRUE ', { kind: 'boolean' }, true],
    ['f', { kind: 'boolean' }, false],
    ['maybe', { kind: 'boolean' }, undefined],
    ['+7', { kind: 'integer' }, 7],
    ['-0', { kind: 'integer' }, 0],
    ['2147483648', { kind: 'integer' }, undefined],
    ['1.0', { kind: 'integer' }, undefined],
    ['', { kind: 'integer' }, undefined],
    ['9223372036854775808', { kind: 'bigint' }, undefined],
    ['-9223372036854775808', { kind: 'bigint' }, -(2n ** 63n)],
    ['1e400', { kind: 'double' }, undefined],
    ['-inf', { kind: 'double' }, -Infinity],
    ['nan', { kind: 'double' }, NaN],
    ['.5e1', { kind: 'double' }, 5],
    ['0x10', { kind: 'double' }, undefined],
    ['1.005', decimal(5, 2), 101n],
    ['-1.005', decimal(5, 2), -101n],
    ['1e2', decimal(5, 2), 10_000n],
    ['1e3', decimal(5, 2), undefined],
    ['999.995', decimal(5, 2), undefined],
    ['0e9999', decimal(5, 2), 0n],
    ['.', decimal(5, 2), undefined],
    ['2026-02-29', { kind: 'date' }, undefined],
    ['2024-02-29', { kind: 'date' }, 19_782],
    ['2026-01-01T00:00:01Z', timestamp(3), 1_767_225_601_000_000n],
    ['2026-01-01 00:00:01.9999', timestamp(3), 1_767_225_601_999_000n],
    ['1969-12-31 23:59:59.9999', timestamp(3), -1000n],
    ['2026-01-01', timestamp(6), 1_767_225_600_000_000n],
    ['2026-01-01 24:00:00', timestamp(6), undefined],
    ['2026-01-01 10', timestamp(6), undefined],
    ['1 day 02:03:04.5', { kind: 'interval' }, 93_784_500_000n],
    ['-1 days -00:00:01', { kind: 'interval' }, -86_401_000_000n],
    ['1.5 hours', { kind: 'interval' }, 5_400_000_000n],
    ['1 month', { kind: 'interval' }, undefined],
    ['', { kind: 'interval' }, undefined],
    ['a\ud800b', { kind: 'varchar' }, 'a\ufffdb'],
  ]
  for (const [text, type, value] of cases) {
    test(`${typeText(type)} '${text}'`, () => expect(parseValue(text, type)).toEqual(value))
  }
})

describe('how a value reads', () => {
  const cases: [Value, Type, string][] = [
    [150n, decimal(5, 2), '1.50'],
    [-5n, decimal(5, 2), '-0.05'],
    [-0, { kind: 'double' }, '-0'],
    [1e21, { kind: 'double' }, '1e+21'],
    [Infinity, { kind: 'double' }, 'Infinity'],
    [1_500_000n, timestamp(6), '1970-01-01 00:00:01.5'],
    [-1n, timestamp(6), '1969-12-31 23:59:59.999999'],
    [-719_529, { kind: 'date' }, '-0001-12-31'],
    [93_784_500_000n, { kind: 'interval' }, '1 day 02:03:04.5'],
    [-86_400_000_000n, { kind: 'interval' }, '-1 days'],
    [172_800_000_000n, { kind: 'interval' }, '2 days'],
    [0n, { kind: 'interval' }, '00:00:00'],
    [null, { kind: 'integer' }, 'NULL'],
  ]
  for (const [value, type, text] of cases) {
    test(text, () => expect(valueText(value, type)).toBe(text))
  }
})

test('property: strings order by their UTF-8 bytes', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\uffff', '\ue000', '😀', '𐀀') })
  fc.assert(
    fc.property(text, text, (a, b) => {
      const order = Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      expect(compareValues(a, b, { kind: 'varchar' })).toBe(order)
    }),
    { numRuns: 2000 },
  )
})

test('NULL is last, NaN is greatest, zeros are equal', () => {
  const double: Type = { kind: 'double' }
  const sorted = [null, NaN, Infinity, 1, -Infinity].reverse()
  expect([...sorted].reverse().sort((a, b) => compareValues(a, b, double))).toEqual(sorted)
  expect(compareValues(0, -0, double)).toBe(0)
})
