/**
 * Datagen: a source of made-up rows, with the options of Flink's.
 *
 *     CREATE TABLE t (id BIGINT, v DOUBLE) WITH ('connector' = 'datagen', 'number-of-rows' = 1000,
 *       'fields.id.kind' = 'sequence', 'fields.id.start' = 1, 'fields.v.max' = 10)
 *
 * How      random    a hash of (row, column): numbers from `min` to `max`, texts of `length` hexadecimal digits
 *          sequence  from `start` to `end`; the shortest one ends the table
 *          A TIMESTAMP is the time of its row, at `rows-per-second` from 2026-01-01.
 * Contract 1 (checked) a table read again, in other pieces or other columns, has the same rows.
 *          2 (checked) a table without an end comes in real time.
 */
import { type Clock, mistake, systemClock } from '../base/index.ts'
import {
  batchOf,
  type Connector,
  type ConnectorOptions,
  type Field,
  type ReaderOptions,
  type Schema,
  type SourceReader,
  typeText,
  type Value,
} from '../data/index.ts'
import { generatedReader } from './generated.ts'
import { rowOffset, telling } from './metadata.ts'
import { checkNames, choiceOption, textOption } from './options.ts'

const baseMicros = 1_767_225_600_000_000n
const rateUsual = 10_000
const lengthUsual = 100

/** The value of a row, and how many rows there are; null without an end. */
interface Maker {
  of(row: number): Value
  rows: number | null
}

export function datagenConnector(clock: Clock = systemClock): Connector {
  return {
    name: 'datagen',
    bounded: true,
    isEndless: (options) => isEndless(options),
    sink: null,
    source: true,
    metadata: [rowOffset],
    check: (options, schema, ignored) => {
      const names = (schema?.fields ?? []).flatMap(({ name }) =>
        ['kind', 'min', 'max', 'length', 'start', 'end'].map((part) => fieldOption(name, part)),
      )
      checkNames(options, ['rows-per-second', 'number-of-rows', ...names], ignored)
      schema?.fields.forEach((field, index) => {
        makerOf(field, index, options)
      })
      number(options, 'rows-per-second', rateUsual)
      number(options, 'number-of-rows', 0)
    },
    infer: () => null,
    open: (schema, options, reader) =>
      telling(reader, (asked) => datagenReader(schema, options, asked, clock)),
    create: () =>
      mistake({
        code: 'unsupported',
        message: `not supported yet: writing to connector 'datagen'`,
      }),
  }
}

const fieldOption = (name: string, part: string) => `fields.${name.toLowerCase()}.${part}`

/** Only a number of rows or the end of a sequence ends a table. */
function isEndless(options: ConnectorOptions): boolean {
  if (options.has('number-of-rows')) return false
  return ![...options.keys()].some((name) => {
    const column = /^fields\.(.*)\.end$/.exec(name)?.[1]
    return column !== undefined && options.get(`fields.${column}.kind`) === 'sequence'
  })
}

function number(options: ConnectorOptions, name: string, fallback: number): number {
  const given = textOption(options, name)
  if (given === undefined) return fallback
  const value = Number(given)
  if (given.trim() !== '' && Number.isFinite(value)) return value
  return mistake({
    code: 'invalid_option',
    message: `option '${name}' cannot be '${given}'`,
    hint: 'it is a number',
  })
}

function makerOf(field: Field, column: number, options: ConnectorOptions): Maker {
  const option = (part: string, fallback: number) =>
    number(options, fieldOption(field.name, part), fallback)
  const kind = choiceOption(
    options,
    fieldOption(field.name, 'kind'),
    ['random', 'sequence'],
    'random',
  )
  const convert = converterOf(field)
  if (kind === 'sequence') {
    const start = option('start', 0)
    const end = option('end', Number.NaN)
    const rows = Number.isNaN(end) ? null : Math.max(0, end - start + 1)
    return { of: (row) => convert(start + row), rows }
  }
  const { type } = field
  const max = option('max', type.kind === 'double' || type.kind === 'real' ? 1 : 2 ** 31 - 1)
  const min = option('min', 0)
  const whole = type.kind !== 'double' && type.kind !== 'real'
  if (type.kind === 'varchar') {
    const length = Math.min(option('length', lengthUsual), type.length ?? Number.POSITIVE_INFINITY)
    return { of: (row) => textOf(row, column, length), rows: null }
  }
  if (type.kind === 'boolean') return { of: (row) => draw(row, column) < 0.5, rows: null }
  const of = (row: number) => {
    const u = draw(row, column)
    return convert(whole ? min + Math.floor(u * (max - min + 1)) : min + u * (max - min))
  }
  if (type.kind !== 'timestamp') return { of, rows: null }
  const rate = number(options, 'rows-per-second', rateUsual)
  const unit = 10n ** BigInt(6 - type.precision)
  const timeOf = (row: number) => baseMicros + BigInt(Math.floor((row * 1e6) / rate))
  return { of: (row) => timeOf(row) - (timeOf(row) % unit), rows: null }
}

function converterOf({ name, type }: Field): (value: number) => Value {
  switch (type.kind) {
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'real':
    case 'double':
      return (value) => value
    case 'bigint':
    case 'timestamp':
      return (value) => BigInt(value)
    case 'varchar':
      return (value) => String(value)
    case 'boolean':
      if (type.members === undefined) return (value) => value !== 0
  }
  return mistake({
    code: 'unsupported',
    message: `not supported yet: made-up values of ${typeText(type)} (column ${name})`,
  })
}

/** A number in 0 … 1 for a row and a column. */
function draw(row: number, column: number): number {
  let h = Math.imul(row >>> 0, 0x85ebca6b) ^ Math.imul(column + 1, 0x9e3779b1)
  h ^= Math.imul(Math.floor(row / 4294967296), 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return ((h ^ (h >>> 15)) >>> 0) / 4294967296
}

function textOf(row: number, column: number, length: number): string {
  let text = ''
  for (let piece = 0; text.length < length; piece++) {
    text += Math.floor(draw(row, column + 1000 * (piece + 1)) * 4294967296)
      .toString(16)
      .padStart(8, '0')
  }
  return text.slice(0, length)
}

function datagenReader(
  schema: Schema,
  options: ConnectorOptions,
  { projection }: ReaderOptions,
  clock: Clock,
): SourceReader {
  const makers = schema.fields.map((field, index) => makerOf(field, index, options))
  const limits = makers.flatMap(({ rows }) => rows ?? [])
  if (options.has('number-of-rows')) limits.push(number(options, 'number-of-rows', 0))
  const rowsAll = limits.length === 0 ? null : Math.min(...limits)
  const rate = number(options, 'rows-per-second', rateUsual)
  const fields = projection.map((index) => schema.fields[index]!)
  const chosen = projection.map((index) => makers[index]!)
  return generatedReader({
    rows: rowsAll,
    make: (at, count) => {
      const rows = Array.from({ length: count }, (_, index) =>
        chosen.map((maker) => maker.of(at + index)),
      )
      return batchOf({ fields }, rows)
    },
    due: (millis) => Math.floor((millis * rate) / 1000),
    clock,
  })
}
