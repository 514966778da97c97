/**
 * Casts: every pair of types over hard values against DuckDB, with the deviations and the pairs that are refused.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { beforeAll, describe, expect, test } from 'vitest'
import { isCastable } from '../../src/plan/coerce.ts'
import { connect } from '../fuzz/duckdb.ts'
import { mistakes } from '../plan/fixture.ts'
import { differences } from './duckdb.ts'
import { kinds, typeNamed } from './hard.ts'

const sources = [
  'written', 'boolean', 'tinyint', 'smallint', 'integer', 'whole', 'decimal', 'wide', 'real', 'double', 'date', 'time',
  'timestamp', 'timestamptz', 'interval', 'months', 'period', 'document', 'bytes',
] // biome-ignore format: one list

/** Types as a cast names them, with the kind that has their values. */
const targets: Record<string, string> = {
  varchar: 'text',
  boolean: 'boolean',
  tinyint: 'tinyint',
  smallint: 'smallint',
  integer: 'integer',
  bigint: 'whole',
  'decimal(18, 4)': 'decimal',
  'decimal(5, 1)': 'decimal',
  'decimal(38, 6)': 'wide',
  real: 'real',
  double: 'double',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  interval: 'period',
  'interval day to second': 'interval',
  'interval year to month': 'months',
  json: 'document',
  varbinary: 'bytes',
}

/** Pairs that differ: source, target (… for any behind), the values (left out: any) and the reason. */
const deviations: [string, string, RegExp | null, string][] = [
  ['written', 'boolean', /^o/, 'on and off are read as in Postgres'],
  ['written', 'tinyint', /[.x]|e-/i, 'a text is a whole number only without fraction and exponent'],
  ['written', 'smallint', /[.x_]|\de/i, 'as TINYINT'],
  ['written', 'integer', /[.x_]|\de/i, 'as TINYINT'],
  ['written', 'bigint', /[.x_]|\de/i, 'as TINYINT'],
  ['written', '…', /_/, 'no underscores in numbers'],
  ['written', 'real', /e300|e39/, 'beyond a REAL is an error, not infinity'],
  ['written', 'date', /26-1-2|\+02/, 'a year has four digits; an offset needs a zone'],
  ['written', 'time', /26-1-2|\+02|^2026-01-02$/, 'as DATE; a date alone is no time'],
  ['written', 'timestamp', /^26|\+02/, 'as DATE'],
  ['written', 'timestamptz', /^26/, 'as DATE'],
  ['written', 'interval day to second', /^ ?-?[\d.]+ ?$/, 'an interval has a unit'],
  ['written', 'interval', null, 'TRY does not catch its mistakes there'],
  ['written', 'interval year to month', null, 'another type there'],
  ['written', 'json', /nan|inf/i, 'JSON has neither'],
  ['written', 'varbinary', /\\|é/, 'bytes are written as in Postgres'],
  ['real', 'varchar', null, 'texts of numbers are those of JavaScript'],
  ['real', 'decimal(18, 4)', /e10/, 'the nearest decimal; there a detour by binary fractions'],
  ['real', 'decimal(38, 6)', /e10/, 'as DECIMAL(18, 4)'],
  ['real', 'json', null, 'texts of numbers are those of JavaScript'],
  ['double', 'varchar', null, 'texts of numbers are those of JavaScript'],
  ['double', 'integer', /^2147483647.5$/, 'an overflow; there it wraps'],
  ['double', 'decimal(38, 6)', /e18/, 'the nearest decimal; there a detour by binary fractions'],
  ['double', 'json', null, 'texts of numbers are those of JavaScript'],
  ['time', 'interval', null, 'is not there'],
  ['time', 'interval day to second', null, 'is not there'],
  ['period', 'time', null, 'is not there'],
  ['period', 'varchar', null, 'as Postgres writes them'],
  ['period', 'interval day to second', /mon|year/, 'has no months; there the same type'],
  ['period', 'interval year to month', /day|:/, 'has months alone; there the same type'],
  ['months', 'interval day to second', null, 'has no months; there the same type'],
  ['interval', 'time', null, 'is not there'],
  ['timestamptz', 'time', null, 'is a TIMETZ there'],
  ['interval', 'varchar', /36/, 'days are told apart'],
  ['months', 'varchar', null, 'as Postgres writes them'],
  ['bytes', 'varchar', null, 'hexadecimal digits, as in Postgres'],
  ['document', 'boolean', /1/, 'a number of JSON is no truth value'],
  ['document', '…', /true/, 'a truth value of JSON is no number'],
]

const reasonFor = (source: string, target: string, text: string | null) =>
  deviations.find(
    ([from, to, on]) =>
      from === source && (to === '…' || to === target) && (on === null || on.test(text ?? '')),
  )?.[3]

const duckNames: Record<string, string> = {
  'interval year to month': 'interval',
  'interval day to second': 'interval',
  varbinary: 'blob',
}

let connection: DuckDBConnection
beforeAll(async () => {
  connection = await connect()
})

for (const source of sources) {
  describe(`casts of ${source}`, () => {
    for (const [target, kind] of Object.entries(targets)) {
      if (isCastable(typeNamed(source), typeNamed(kind))) {
        test(`to ${target}`, () => compare(source, target))
      } else {
        test(`to ${target} are refused`, () => {
          const sql = `create table x (c ${kinds[source]!.type}); select cast(c as ${target}) from x`
          expect(mistakes(sql)).toMatchObject([
            { code: 'type_mismatch', at: `cast(c as ${target})` },
          ])
        })
      }
    }
  })
}

async function compare(source: string, target: string): Promise<void> {
  if (deviations.some(([from, to, on]) => from === source && to === target && on === null)) return
  const comparison = {
    ours: `cast($0 as ${target})`,
    theirs: `cast($0 as ${duckNames[target] ?? target})`,
    kinds: [source],
  }
  const rows = [[null], ...kinds[source]!.values.map((value) => [value])]
  const found = await differences(connection, comparison, rows)
  expect(found.filter(({ cells }) => reasonFor(source, target, cells[0]!) === undefined)).toEqual(
    [],
  )
}
