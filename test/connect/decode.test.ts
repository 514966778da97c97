/** Decode: the fast decoders of text against `parseValue`, which says what a text means. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseValue, type Type, type Value, valueText } from '../../src/data/index.ts'
import { sized } from '../size.ts'
import { MemoryDisk, readAll, schemaOf } from './memory-disk.ts'

const types: Type[] = [
  { kind: 'integer' },
  { kind: 'bigint' },
  { kind: 'double' },
  { kind: 'boolean' },
  { kind: 'varchar' },
  { kind: 'date' },
  { kind: 'interval' },
  ...[0, 3, 6].map((precision): Type => ({ kind: 'timestamp', precision })),
  { kind: 'decimal', precision: 5, scale: 2 },
  { kind: 'decimal', precision: 15, scale: 0 },
  { kind: 'decimal', precision: 18, scale: 6 },
  { kind: 'array', element: { kind: 'integer' } },
  { kind: 'map', key: { kind: 'varchar' }, value: { kind: 'integer' } },
]

/** Reads texts as one column of a CSV file; undefined stands for a bad row. */
async function decoded(texts: readonly string[], type: Type): Promise<(Value | undefined)[]> {
  const lines = texts.map((text) => `x,"${text.replaceAll('"', '""')}"`)
  const disk = new MemoryDisk().put('f.csv', lines.join('\n'))
  const schema = schemaOf({ a: 'varchar', b: type })
  const { rows, bad } = await readAll(disk, 'f.csv', { schema, rowsMax: 100_000 })
  const missing = new Set(bad.map((row) => row.offset))
  let next = 0
  return texts.map((_, index) => (missing.has(index) ? undefined : rows[next++]![1]))
}

async function agree(texts: readonly string[], type: Type): Promise<void> {
  const got = await decoded(texts, type)
  texts.forEach((text, index) => {
    const want = parseValue(text, type)
    const same = Object.is(got[index], want)
    expect(same, `${JSON.stringify(text)} as ${JSON.stringify(type)}: ${got[index]}, not ${want}`) //
      .toBe(true)
  })
}

const special = [
  ...[
    '0',
    '-0',
    '+0',
    '1',
    '-1',
    '+1',
    '00',
    '007',
    '-007',
    '2147483647',
    '2147483648',
    '-2147483648',
  ],
  ...[
    '999999999',
    '1000000000',
    '-999999999',
    '999999999999999',
    '-999999999999999',
    '1e3',
    '1E3',
    '1e-3',
  ],
  ...['9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809'],
  ...[
    '1.',
    '.1',
    '-.1',
    '.',
    '-',
    '+',
    '',
    ' ',
    '1.0',
    '-1.50',
    '0.005',
    '0.0049',
    '-0.005',
    '999.995',
    '999.994',
  ],
  ...[
    '1234567890123456',
    '123456789012345.6',
    '12345678901234.5',
    '0.1',
    '0.12345678901234567',
    '1e400',
    '1e-400',
  ],
  ...[
    'NaN',
    'nan',
    'Infinity',
    '-Infinity',
    'inf',
    '+Infinity',
    '0x10',
    '1_000',
    '1,5',
    ' 12 ',
    '1 2',
    '1-2',
    '--1',
  ],
  ...[
    'true',
    'false',
    'TRUE',
    'False',
    't',
    'f',
    'yes',
    'no',
    'on',
    'off',
    'truth',
    'fals',
    'falsy',
  ],
  ...[
    '1970-01-01',
    '2024-02-29',
    '2023-02-29',
    '1900-02-29',
    '2000-02-29',
    '2024-13-01',
    '2024-00-10',
    '2024-04-31',
  ],
  ...[
    '0001-01-01',
    '0000-01-01',
    '9999-12-31',
    '1684-01-01',
    '2256-12-31',
    '2024-1-1',
    '2024/01/01',
    '20240101',
  ],
  ...[
    '1970-01-01 00:00:00',
    '1970-01-01T00:00:00Z',
    '1970-01-01T00:00:00',
    '1969-12-31 23:59:59.999999',
  ],
  ...[
    '1969-12-31 23:59:59.9999999',
    '2024-02-29 12:34:56.7',
    '2024-02-29 12:34:56.7Z',
    '2024-02-29 12:34:56.',
  ],
  ...[
    '2024-02-29 24:00:00',
    '2024-02-29 23:60:00',
    '2024-02-29 23:59:60',
    '2024-02-29 1:00:00',
    '2024-02-29 10:00',
  ],
  ...[
    '9999-12-31 23:59:59.999999',
    '0001-01-01 00:00:00',
    '2024-02-29x12:34:56',
    '2024-02-29 12-34-56',
  ],
  ...[
    '1684-12-31 23:59:59.5',
    '2024-02-29 12:34:56.1234567',
    '2024-02-29 12:34:56.123456789Z',
    '2024-02-29Z',
  ],
  ...[
    '2024-02-29 12:34:56+01',
    '2024-02-29 12:34:56.1a',
    'x',
    'null',
    'NULL',
    'ü',
    '١',
    '1\u00a0',
    '\ufeff1',
  ],
  ...[
    '2024-06-15T10:20:30.',
    '2024-06-15T10:20:3Z',
    '1 day',
    '1 day 02:03:04.5',
    '-00:00:01',
    '12:00:00',
  ],
]

test.each(types)('twin: spellings at the edges, as %j', async (type) => {
  await agree(special, type)
})

const wordOf: Record<Type['kind'], fc.Arbitrary<string>> = {
  integer: fc.integer().map(String),
  bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  double: fc.oneof(
    fc.double().map((value) => valueText(value, { kind: 'double' })),
    fc
      .tuple(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), fc.integer({ min: 0, max: 10 ** 6 })) //
      .map(([whole, fraction]) => `${whole}.${fraction}`),
    fc
      .tuple(fc.bigInt({ min: 0n, max: 10n ** 17n }), fc.nat(16)) //
      .map(([digits, at]) => `${digits}`.replace(new RegExp(`(\\d{${at}})$`), '.$1')),
  ),
  decimal: fc
    .tuple(fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }), fc.nat(12)) //
    .map(([whole, fraction]) => `${whole}.${fraction}`),
  boolean: fc.constantFrom('true', 'false', 'True', 'no', '1'),
  varchar: fc.string({ unit: 'binary' }),
  date: fc
    .integer({ min: -800_000, max: 3_000_000 })
    .map((days) => valueText(days, { kind: 'date' })),
  timestamp: fc
    .bigInt({ min: -(10n ** 17n), max: 3n * 10n ** 17n })
    .map((micros) => valueText(micros, { kind: 'timestamp', precision: 6 })),
  period: fc.constantFrom('1 mon 2 days', '-1 years 00:00:01', '0', 'P1M', 'x'),
  interval: fc
    .bigInt({ min: -(10n ** 15n), max: 10n ** 15n })
    .map((micros) => valueText(micros, { kind: 'interval' })),
  tinyint: fc.integer({ min: -200, max: 200 }).map(String),
  smallint: fc.integer({ min: -40_000, max: 40_000 }).map(String),
  real: fc.float().map((value) => valueText(value, { kind: 'real' })),
  varbinary: fc.string({ unit: fc.constantFrom('a', '\\x61', '\\', 'é', '6') }),
  json: fc.json(),
  time: fc
    .bigInt({ min: 0n, max: 86_399_999_999n })
    .map((micros) => valueText(micros, { kind: 'time', precision: 6 })),
  months: fc
    .bigInt({ min: -5000n, max: 5000n })
    .map((months) => valueText(months, { kind: 'months' })),
  null: fc.constant(''),
  geometry: fc.tuple(fc.float(), fc.integer()).map((at) => `POINT (${at.join(' ')})`),
  array: fc.array(fc.integer()).map((all) => JSON.stringify(all)),
  map: fc.dictionary(fc.string(), fc.integer()).map((all) => JSON.stringify(all)),
}

test.each(types)('property: random values, whole and damaged, as %j', async (type) => {
  const damaged = fc
    .tuple(wordOf[type.kind], fc.nat(30), fc.constantFrom('', ' ', '0', '-', '.', 'e', ':', 'x'))
    .map(([text, at, by]) => text.slice(0, at) + by + text.slice(at + 1))
  const texts = fc.array(fc.oneof(wordOf[type.kind], damaged), { minLength: 1, maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(texts, (all) => agree(all, type)),
    { numRuns: sized(25, 100) },
  )
})
