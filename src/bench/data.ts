/**
 * Data: the rows that every subject of a benchmark works on, from formulas that JavaScript, SQL and C can follow.
 *
 * How      Row i has ts = 2001-09-09 + i·spacing − up to 1 s (so rows are out of order as on a network), key = h(i,
 *          2) mod keys, amount = h(i, 3) mod 1,000,000, price = (h(i, 4) mod 100,000) / 100; with `nulls` one key and
 *          one amount in twenty is NULL. h is a 32-bit mix of i + seed.
 * See      test/bench/native/loop.c follows the same formulas; the harness compares the answers.
 */
import type { Batch, Column, Field, Type } from '../data/index.ts'

/** Multiple of the window size, so that windows begin at whole numbers of it. */
export const baseMicros = 1_000_000_000_000_000n

export interface DataShape {
  rows: number
  /** Microseconds from row to row. */
  spacing: number
  /** Added to the seeds, so that two tables differ. */
  seeds: number
  keys: number
  nulls: boolean
  key: 'bigint' | 'varchar'
}

export interface Columns {
  ts: BigInt64Array
  key: Uint32Array
  amount: Uint32Array
  price: Float64Array
  keyNull: Uint8Array
  amountNull: Uint8Array
}

export function mixed(value: number, seed: number): number {
  let h = (value + seed) >>> 0
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return (h ^ (h >>> 15)) >>> 0
}

export function makeColumns(shape: DataShape): Columns {
  const { rows, spacing, keys, nulls, seeds } = shape
  const columns: Columns = {
    ts: new BigInt64Array(rows),
    key: new Uint32Array(rows),
    amount: new Uint32Array(rows),
    price: new Float64Array(rows),
    keyNull: new Uint8Array(rows),
    amountNull: new Uint8Array(rows),
  }
  for (let i = 0; i < rows; i++) {
    columns.ts[i] = baseMicros + BigInt(i * spacing - (mixed(i, seeds + 1) % 1_000_000))
    columns.key[i] = mixed(i, seeds + 2) % keys
    columns.amount[i] = mixed(i, seeds + 3) % 1_000_000
    columns.price[i] = (mixed(i, seeds + 4) % 100_000) / 100
    columns.keyNull[i] = nulls && mixed(i, seeds + 5) % 20 === 0 ? 1 : 0
    columns.amountNull[i] = nulls && mixed(i, seeds + 6) % 20 === 0 ? 1 : 0
  }
  return columns
}

function keyText(key: number): string {
  return `user-${key}`
}

/** The same rows made by DuckDB; `ts` is a BIGINT of microseconds, the fastest form for its window arithmetic. */
export function duckdbTable(name: string, shape: DataShape): string {
  const { rows, spacing, keys, nulls, key, seeds } = shape
  const h = (seed: number) => `mixed(i + ${seeds + seed})`
  const orNull = (seed: number, value: string) =>
    nulls ? `CASE WHEN ${h(seed)} % 20 = 0 THEN NULL ELSE ${value} END` : value
  const keyValue = key === 'varchar' ? `'user-' || (${h(2)} % ${keys})` : `${h(2)} % ${keys}`
  return `
    CREATE OR REPLACE MACRO mixed_a(v) AS (xor(v, v >> 16) * 569420461) & 4294967295;
    CREATE OR REPLACE MACRO mixed_b(v) AS (xor(v, v >> 15) * 1935289751) & 4294967295;
    CREATE OR REPLACE MACRO mixed_c(v) AS xor(v, v >> 15);
    CREATE OR REPLACE MACRO mixed(v) AS mixed_c(mixed_b(mixed_a(v)));
    CREATE OR REPLACE TABLE ${name} AS SELECT
      ${baseMicros} + i * ${spacing} - ${h(1)} % 1000000 AS ts,
      ${orNull(5, keyValue)} AS key,
      ${orNull(6, `${h(3)} % 1000000`)} AS amount,
      CAST(${h(4)} % 100000 AS DOUBLE) / 100 AS price
    FROM range(${rows}) t(i)`
}

/** Rows as a batch for a stream (ts TIMESTAMP, key BIGINT or VARCHAR, amount BIGINT, price DOUBLE). */
export function makeBatch(
  columns: Columns,
  shape: DataShape,
  range: { from: number; to: number },
): Batch {
  const { from, to } = range
  const rows = to - from
  const keys = columns.key.subarray(from, to)
  return {
    schema: { fields: fieldsOf(shape) },
    rows,
    columns: [
      column({ kind: 'timestamp', precision: 6 }, columns.ts.slice(from, to), null),
      shape.key === 'varchar'
        ? textColumn(keys, columns.keyNull.subarray(from, to))
        : integers(keys, columns.keyNull.subarray(from, to)),
      integers(columns.amount.subarray(from, to), columns.amountNull.subarray(from, to)),
      {
        type: { kind: 'double' },
        data: { layout: 'f64', values: columns.price.slice(from, to) },
        validity: null,
      },
    ],
  }
}

export function fieldsOf(shape: DataShape): Field[] {
  return [
    { name: 'ts', type: { kind: 'timestamp', precision: 6 }, nullable: true },
    { name: 'key', type: { kind: shape.key }, nullable: true },
    { name: 'amount', type: { kind: 'bigint' }, nullable: true },
    { name: 'price', type: { kind: 'double' }, nullable: true },
  ]
}

function column(type: Type, values: BigInt64Array, validity: Uint8Array | null): Column {
  return { type, data: { layout: 'i64', values }, validity }
}

function integers(values: Uint32Array, nulls: Uint8Array): Column {
  const wide = BigInt64Array.from(values, (value, at) => (nulls[at] === 1 ? 0n : BigInt(value)))
  return column({ kind: 'bigint' }, wide, validityOf(nulls))
}

function textColumn(keys: Uint32Array, nulls: Uint8Array): Column {
  const texts = Array.from(keys, (key, at) => (nulls[at] === 1 ? '' : keyText(key)))
  const offsets = new Int32Array(texts.length + 1)
  texts.forEach((text, at) => {
    offsets[at + 1] = offsets[at]! + text.length
  })
  const bytes = new TextEncoder().encode(texts.join(''))
  return {
    type: { kind: 'varchar' },
    data: { layout: 'utf8', offsets, bytes },
    validity: validityOf(nulls),
  }
}

function validityOf(nulls: Uint8Array): Uint8Array | null {
  if (!nulls.includes(1)) return null
  const bits = new Uint8Array((nulls.length + 7) >> 3)
  nulls.forEach((isNull, at) => {
    if (isNull === 0) bits[at >> 3]! |= 1 << (at & 7)
  })
  return bits
}
