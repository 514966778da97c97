/** Nested: bytes of arrays, maps and structs read back, order as the values do, and survive their texts and JSON. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  arrayOf,
  compareValues,
  entriesOf,
  flattenItem,
  itemOf,
  itemOfFlat,
  itemsOf,
  itemValue,
  jsonText,
  mapOf,
  memberItems,
  parseValue,
  structOf,
  type Type,
  type Value,
  valueText,
} from '../../src/data/index.ts'

/** A value as JavaScript has it: arrays for arrays and structs, pairs for maps. */
type Plain = Value | Plain[]

const flat: [Type, fc.Arbitrary<Value>][] = [
  [{ kind: 'boolean' }, fc.boolean()],
  [{ kind: 'tinyint' }, fc.integer({ min: -128, max: 127 })],
  [{ kind: 'integer' }, fc.integer()],
  [{ kind: 'bigint' }, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  [{ kind: 'double' }, fc.double().map((value) => value + 0)],
  [{ kind: 'real' }, fc.float().map((value) => value + 0)],
  [
    { kind: 'decimal', precision: 9, scale: 2 },
    fc.bigInt({ min: -999_999_999n, max: 999_999_999n }),
  ],
  [
    { kind: 'decimal', precision: 38, scale: 3 },
    fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
  ],
  [{ kind: 'varchar' }, fc.string({ unit: 'binary' })],
  [
    { kind: 'varchar' },
    fc.constantFrom('', 'null', 'a b', ' a', "'", '"', '\\', 'a,b', '\u0000', '\u0000\u0001'),
  ],
  [{ kind: 'varbinary' }, fc.uint8Array().map((all) => String.fromCharCode(...all))],
  [{ kind: 'date' }, fc.integer({ min: -700_000, max: 2_900_000 })],
  [{ kind: 'timestamp', precision: 6 }, fc.bigInt({ min: -(10n ** 16n), max: 10n ** 17n })],
  [{ kind: 'interval' }, fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n })],
]

interface Sample {
  type: Type
  values: Plain[]
}

const nullable = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null, freq: 5 })

/** A type with some of its values. */
function sample(depth: number): fc.Arbitrary<Sample> {
  const simple = fc
    .constantFrom(...flat)
    .chain(([type, values]) =>
      fc
        .array(nullable(values), { minLength: 2, maxLength: 6 })
        .map((all): Sample => ({ type, values: all })),
    )
  if (depth === 0) return simple
  const inner = fc.oneof(simple, sample(depth - 1))
  const lists = inner.chain(({ type, values }) =>
    fc
      .array(nullable(fc.array(fc.constantFrom(...values), { maxLength: 3 })), {
        minLength: 2,
        maxLength: 5,
      })
      .map((all): Sample => ({ type: { kind: 'array', element: type }, values: all })),
  )
  const structs = fc.tuple(inner, inner).chain(([a, b]) => {
    const members = [a, b].map(({ type }, at) => ({ name: `m ${at}`, type, nullable: true }))
    const rows = fc.tuple(fc.constantFrom(...a.values), fc.constantFrom(...b.values))
    return fc
      .array(nullable(rows), { minLength: 2, maxLength: 5 })
      .map((all): Sample => ({ type: { kind: 'boolean', members }, values: all }))
  })
  return fc.oneof(lists, structs)
}

/** The item of a plain value. */
function item(value: Plain, type: Type): string {
  if (value === null) return itemOf(null, type)
  if (type.kind === 'array') {
    return itemOf(arrayOf((value as Plain[]).map((one) => item(one, type.element))), type)
  }
  if (type.kind === 'boolean' && type.members !== undefined) {
    const members = type.members.map((member, at) => item((value as Plain[])[at]!, member.type))
    return itemOf(structOf(members), type)
  }
  return itemOf(value as Value, type)
}

function plain(one: string, type: Type): Plain {
  const value = itemValue(one, type)
  if (value === null) return null
  if (type.kind === 'array')
    return itemsOf(value as string, type.element).map((each) => plain(each, type.element))
  if (type.kind === 'boolean' && type.members !== undefined) {
    const items = memberItems(value as string, type.members)
    return type.members.map((member, at) => plain(items[at]!, member.type))
  }
  return value
}

/** NULL last, item by item, the shorter first. */
function compare(a: Plain, b: Plain, type: Type): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  const types =
    type.kind === 'array'
      ? [type.element]
      : type.kind === 'boolean'
        ? type.members?.map((m) => m.type)
        : undefined
  if (types === undefined) return compareValues(a as Value, b as Value, type)
  const [left, right] = [a as Plain[], b as Plain[]]
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const order = compare(left[at]!, right[at]!, types[at] ?? types[0]!)
    if (order !== 0) return order
  }
  return Math.sign(left.length - right.length)
}

const samples = sample(2)

test('property: values read back from their bytes', () => {
  fc.assert(
    fc.property(samples, ({ type, values }) => {
      for (const value of values) expect(plain(item(value, type), type)).toEqual(value)
    }),
  )
})

test('property: bytes order as the values do', () => {
  fc.assert(
    fc.property(samples, ({ type, values }) => {
      for (const a of values) {
        for (const b of values) {
          const [x, y] = [item(a, type), item(b, type)]
          expect(x < y ? -1 : x > y ? 1 : 0).toBe(compare(a, b, type))
        }
      }
    }),
  )
})

test('property: arrays read back from their texts and from their JSON', () => {
  fc.assert(
    fc.property(samples, ({ type, values }) => {
      const array: Type = { kind: 'array', element: type }
      const bytes = arrayOf(values.map((value) => item(value, type)))
      expect(parseValue(valueText(bytes, array), array)).toBe(bytes)
      expect(parseValue(jsonText(bytes, array), array)).toBe(bytes)
      expect(() => JSON.parse(jsonText(bytes, array))).not.toThrow()
    }),
  )
})

test('property: flat values and items are the same', () => {
  fc.assert(
    fc.property(samples, ({ type, values }) => {
      for (const value of values) {
        const one = item(value, type)
        const into: Value[] = []
        flattenItem(one, type, into)
        expect(itemOfFlat(into, 0, type)).toBe(one)
      }
    }),
  )
})

test('a map is in the order of its keys, each of them once', () => {
  const type: Type = { kind: 'map', key: { kind: 'varchar' }, value: { kind: 'integer' } }
  const entry = (key: string | null, value: number | null): [string, string] => [
    itemOf(key, type.key),
    itemOf(value, type.value),
  ]
  const map = mapOf([entry('b', 1), entry('a', null)])!
  expect(entriesOf(map, type)).toEqual([entry('a', null), entry('b', 1)])
  expect(valueText(map, type)).toBe('{a=NULL, b=1}')
  expect(jsonText(map, type)).toBe('{"a":null,"b":1}')
  expect(parseValue('{"b": 1, "a": null}', type)).toBe(map)
  expect(parseValue("{b=1, 'a'=null}", type)).toBe(map)
  expect(mapOf([entry('a', 1), entry('a', 1)])).toBeNull()
  expect(mapOf([entry(null, 1)])).toBeNull()
})

test.each([
  ['[1, 2', 'a bracket is missing'],
  ['[1,]', 'an element is missing'],
  ['1, 2', 'there are no brackets'],
  ['[1] 2', 'something follows'],
  ['[x]', 'an element is none of the type'],
])('%s is no array: %s', (text) => {
  expect(parseValue(text, { kind: 'array', element: { kind: 'integer' } })).toBeUndefined()
})

test.each(['{1,2,NULL}', '[1, 2, null]', ' [ 1 , 2 , NULL ] ', '["1", \'2\', NULL]'])(
  '%s is an array',
  (text) => {
    const type: Type = { kind: 'array', element: { kind: 'integer' } }
    expect(valueText(parseValue(text, type)!, type)).toBe('[1, 2, NULL]')
  },
)
