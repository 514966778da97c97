/**
 * Hard values: by kind, those at which functions go wrong: NULL, empty, extremes, characters of several bytes and of
 * several code points, leap days, times before 1970, NaN and infinities.
 *
 * See      duckdb.ts, which lays them into a table on both sides
 */
import { parseValue, type Type, type Value } from '../../src/data/index.ts'

/** A kind of argument: its type on both sides, and its values as texts that CAST reads. */
export interface Kind {
  type: string
  /** Where DuckDB writes another type. */
  duckType?: string
  values: string[]
}

const words = [
  '', ' ', 'a', 'A', 'abc', 'ABC', '  abc ', 'hello wide WORLD', 'abcdefghijkl', 'abcdefghijklm', 'banana', 'martha',
  'marhta', 'é', 'e\u0301a', 'straße', 'İi', '😀', 'a😀b😀', '日本語', 'a,b,,c', ',', 'a%b_c', "it's", 'x\ty\nz', '12',
  '-7.5',
  'O’Neil', 'ñandú-Ñ', 'aaaa', 'xxhixy', 'ab', 'ba', 'k=v;x=y', 'https://a.b/c?k=v#f', '\\', '𝔘𝔫', 'ﬁ', 'ΑΣ',
] // biome-ignore format: one list

/** One kind per line of the differential tables. */
export const kinds: Record<string, Kind> = {
  text: { type: 'varchar', values: words },
  char: {
    type: 'varchar',
    values: ['', 'a', 'b', ',', 'an', '😀', 'é', 'ab', ' ', 'zz', 'l', '\\'],
  },
  /** Two digits of a year. */
  clocks: { type: 'varchar', values: ['00', '26', '67', '68', '69', '70', '99'] },
  mask: {
    type: 'varchar',
    values: [
      '',
      '%',
      '_',
      'a%',
      '%a',
      '%a%',
      '_a_',
      'a\\%b%',
      '%b_n%',
      '😀',
      '_😀%',
      '%,,%',
      'abc',
    ],
  },
  small: {
    type: 'bigint',
    values: ['0', '1', '2', '3', '4', '5', '7', '12', '40', '-1', '-2', '-3', '-9'],
  },
  count: { type: 'bigint', values: ['0', '1', '2', '3', '4', '5', '7', '12', '40'] },
  whole: {
    type: 'bigint',
    values: [
      '0', '1', '-1', '2', '7', '10', '12', '18', '20', '21', '-12', '255', '256', '4096', '-4096', '99999',
      '2147483647',
      '-2147483648', '4294967296', '9007199254740993', '9223372036854775807', '-9223372036854775807',
      '-9223372036854775808',
    ], // biome-ignore format: one list
  },
  integer: {
    type: 'integer',
    values: [
      '0',
      '1',
      '-1',
      '2',
      '7',
      '-7',
      '10',
      '100',
      '65535',
      '2147483647',
      '-2147483648',
      '1000000',
    ],
  },
  smallint: {
    type: 'smallint',
    values: ['0', '1', '-1', '7', '127', '128', '32767', '-32768', '-129'],
  },
  tinyint: { type: 'tinyint', values: ['0', '1', '-1', '7', '100', '127', '-128'] },
  double: {
    type: 'double',
    values: [
      '0', '-0', '1', '-1', '0.5', '-0.5', '1.5', '2.5', '-2.5', '3', '0.1', '1e-3', '100', '1e5', '-1e5',
      '123.456', '1e15',
      '1e-300', '1e300', '-1e300', '9007199254740993', '1e18', '9223372036854775808', '-9223372036854775808',
      '2147483647.5', '0.49999999999999994', 'NaN', 'Infinity', '-Infinity', '3.141592653589793',
    ], // biome-ignore format: one list
  },
  /** Where the host's libm and another differ in the last digit only. */
  angle: {
    type: 'double',
    values: ['0', '-0', '1', '-1', '0.5', '-0.5', '2', '3', '10', '-10', '0.1', '100', '1e-9'],
  },
  real: {
    type: 'real',
    values: [
      '0',
      '1',
      '-1',
      '0.5',
      '1.5',
      '2.5',
      '-2.5',
      '0.1',
      '16777217',
      '1e10',
      '-1e10',
      '3e38',
      'NaN',
      'Infinity',
    ],
  },
  decimal: {
    type: 'decimal(18, 4)',
    values: [
      '0', '1', '-1', '0.0001', '-0.0001', '0.5', '-0.5', '1.5', '2.5', '-2.5', '1.2345', '-1.2345', '9.99995',
      '99999999999999.9999', '-99999999999999.9999', '123456.7891', '0.0500', '2147483647.4999', '2147483647.5000',
    ], // biome-ignore format: one list
  },
  wide: {
    type: 'decimal(38, 6)',
    values: [
      '0', '1', '-1', '0.000001', '-0.5', '1.5', '2.5', '99999999999999999999999999999999.999999',
      '-99999999999999999999999999999999.999999', '9223372036854775807.5', '18446744073709551616',
      '12345678901234567890.123456',
    ], // biome-ignore format: one list
  },
  boolean: { type: 'boolean', values: ['true', 'false'] },
  timestamp: {
    type: 'timestamp',
    values: [
      '1970-01-01 00:00:00', '1969-12-31 23:59:59.999999', '1970-01-01 00:00:01.5', '2026-01-02 03:04:05.678901',
      '2024-02-29 12:00:00', '2024-02-29 23:59:59.999999', '2023-02-28 00:00:00', '2000-02-29 01:02:03',
      '1900-02-28 13:14:15',
      '2026-12-31 23:59:59', '2027-01-01 00:00:00', '2021-01-03 00:00:00', '2020-12-28 10:00:00',
      '0001-01-01 00:00:00',
      '9999-12-31 23:59:59.999999', '1582-10-10 00:00:00', '2026-03-29 02:30:00', '2026-10-25 02:30:00',
      '2026-04-05 01:45:00', '1944-08-01 12:00:00', '2018-11-04 00:10:00', '2026-03-31 00:30:00',
      '2026-05-31 12:34:56.000001',
      '1999-12-31 00:00:00',
    ], // biome-ignore format: one list
  },
  date: {
    type: 'date',
    values: [
      '1970-01-01', '1969-12-31', '2024-02-29', '2023-02-28', '1900-02-28', '2000-02-29', '2026-01-31', '2021-01-03',
      '2020-12-28', '0001-01-01', '9999-12-31', '1582-10-10', '2026-12-31', '2027-01-01',
    ], // biome-ignore format: one list
  },
  time: {
    type: 'time',
    values: [
      '00:00:00',
      '12:00:00',
      '23:59:59.999999',
      '00:00:00.000001',
      '03:04:05.678',
      '13:30:00',
    ],
  },
  timestamptz: {
    type: 'timestamptz',
    values: [
      '1970-01-01 00:00:00+00',
      '1969-12-31 23:59:59.5+00',
      '2026-03-29 01:30:00+00',
      '2024-02-29 12:00:00+00',
    ],
  },
  interval: {
    type: 'interval day to second',
    duckType: 'interval',
    values: [
      '1 second',
      '1 minute',
      '15 minutes',
      '1 hour',
      '90 minutes',
      '1 day',
      '7 days',
      '36 hours',
      '1 microsecond',
    ],
  },
  months: {
    type: 'interval year to month',
    duckType: 'interval',
    values: ['1 month', '3 months', '1 year', '14 months', '100 years'],
  },
  period: {
    type: 'interval',
    values: [
      '1 month 3 days',
      '30 days',
      '1 month',
      '-1 year 00:00:01',
      '14 months -2 days',
      '1 day 02:03:04.5',
      '00:00:00',
    ],
  },
  document: {
    type: 'json',
    values: [
      'null', 'true', '0', '-1.5', '"x"', '""', '"a\\"b"', '"é😀"', '[]', '{}', '[1, 2, 3]', '[1, [2, null], "x"]',
      '{"a": 1}',
      '{"a": {"b": [10, 20, {"c": null}]}, "d": "x"}', '{"a": null}', '{"a b": 1, "": 2}', '[[]]',
      '{"a": [1, {"b": 2}]}', '1e3',
    ], // biome-ignore format: one list
  },
  /** Texts that are read as values of the other types, or nearly. */
  written: {
    type: 'varchar',
    values: [
      '', ' ', '0', '-0', '+5', '007', ' 12 ', '12.5', '-12.5', '.5', '5.', '1e3', '1E-2', '127', '128', '-129',
      '32768', '2147483648',
      '9223372036854775808', '-9223372036854775808', '1.5e300', 'NaN', 'inf', 'Infinity', '-Infinity', '0x10',
      '1_000', '12abc', 'true',
      'TRUE', 't', 'f', 'false', 'yes', 'no', 'on', 'off', '2026-01-02', '2026-02-30', '26-1-2',
      '2024-02-29 23:59:59.999999',
      '2024-02-29T01:02:03Z', '2024-02-29 01:02:03+02:00', '2024-02-29 01:02', '12:34:56', '25:00:00', '12:34',
      '1 day', '1 hour 5 minutes',
      '[1, 2]', '{"a": 1}', '"x"', 'null', '\\x00ff', 'é', '99999999999999.99995', '0.00005', '-0.00005', '0.5',
      '1.5', '2.5', '3e38', '1e39',
    ], // biome-ignore format: one list
  },
  bytes: { type: 'varbinary', duckType: 'blob', values: ['', 'abc', 'a b', '12'] },
  path: {
    type: 'varchar',
    values: [
      '$',
      '$.a',
      '$.a.b',
      '$.a.b[2].c',
      '$[0]',
      '$[1]',
      '$[1][0]',
      '$.a[1].b',
      '$.d',
      '$."a b"',
      '$.zz',
      '$[9]',
    ],
  },
}

export const typeNamed = (kind: string): Type => types[kinds[kind]!.type]!

const types: Record<string, Type> = {
  varchar: { kind: 'varchar' },
  bigint: { kind: 'bigint' },
  integer: { kind: 'integer' },
  smallint: { kind: 'smallint' },
  tinyint: { kind: 'tinyint' },
  double: { kind: 'double' },
  real: { kind: 'real' },
  'decimal(18, 4)': { kind: 'decimal', precision: 18, scale: 4 },
  'decimal(38, 6)': { kind: 'decimal', precision: 38, scale: 6 },
  boolean: { kind: 'boolean' },
  timestamp: { kind: 'timestamp', precision: 6 },
  timestamptz: { kind: 'timestamp', precision: 6, zoned: true },
  date: { kind: 'date' },
  time: { kind: 'time', precision: 6 },
  'interval day to second': { kind: 'interval' },
  interval: { kind: 'period' },
  'interval year to month': { kind: 'months' },
  json: { kind: 'json' },
  varbinary: { kind: 'varbinary' },
}

/** The value of a text of a kind; null of null. */
export function cellOf(kind: string, text: string | null): Value {
  if (text === null) return null
  const value = parseValue(text, typeNamed(kind))
  if (value === undefined) throw new Error(`'${text}' is no ${kind}`)
  return value
}
