/** Message: batches of all layouts as Arrow messages, read by us and by apache-arrow; damaged ones are refused. */
import { RecordBatchReader } from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  batchOf,
  type Field,
  type Row,
  rowsOf,
  type Schema,
  type Type,
} from '../../src/data/index.ts'
import { batchMessage, messageBatch, schemaMessage } from '../../src/log/message.ts'
import { sized } from '../size.ts'

const columns: { type: Type; value: fc.Arbitrary<Row[number]> }[] = [
  { type: { kind: 'integer' }, value: fc.integer() },
  { type: { kind: 'bigint' }, value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  { type: { kind: 'double' }, value: fc.double() },
  { type: { kind: 'boolean' }, value: fc.boolean() },
  { type: { kind: 'varchar' }, value: fc.string({ unit: 'grapheme' }) },
  { type: { kind: 'date' }, value: fc.integer({ min: -100_000, max: 100_000 }) },
  { type: { kind: 'timestamp', precision: 6 }, value: fc.bigInt({ min: 0n, max: 2n ** 52n }) },
]

const batches = fc
  .array(fc.constantFrom(...columns), { minLength: 1, maxLength: 5 })
  .chain((picked) =>
    fc.record({
      schema: fc.constant<Schema>({
        fields: picked.map(({ type }, at): Field => ({ name: `c${at}`, type, nullable: true })),
      }),
      rows: fc.array(fc.tuple(...picked.map(({ value }) => fc.option(value))), { maxLength: 70 }),
    }),
  )

const joined = (pieces: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces))

describe('messages', () => {
  test('a batch that was written is read back the same', () => {
    fc.assert(
      fc.property(batches, ({ schema, rows }) => {
        const batch = batchOf(schema, rows)
        const read = messageBatch(joined(batchMessage(batch)), schema)
        expect(rowsOf(read)).toEqual(rowsOf(batch))
      }),
      { numRuns: sized(100, 1000) },
    )
  })

  test('rows that are a part of larger columns are written without the rest', () => {
    const schema: Schema = { fields: [{ name: 'c', type: { kind: 'varchar' }, nullable: true }] }
    const batch = batchOf(schema, [['a'], ['bc'], [null], ['def']])
    const { data } = batch.columns[0]!
    if (data.layout !== 'utf8') throw new Error('strings are bytes')
    const tail = { ...data, offsets: data.offsets.subarray(1) }
    const part = {
      schema,
      rows: 2,
      columns: [{ ...batch.columns[0]!, data: tail, validity: null }],
    }
    expect(rowsOf(messageBatch(joined(batchMessage(part)), schema))).toEqual([['bc'], ['']])
  })

  test('apache-arrow reads schema and batch as a stream', () => {
    const types = columns.map(({ type }) => type)
    const fields = types.map((type, at): Field => ({ name: `c${at}`, type, nullable: true }))
    const values: Row = [1, 2n, 0.5, true, 'ä', 20_000, 1_000_001n]
    const batch = batchOf({ fields }, [values, fields.map(() => null)])
    const stream = [schemaMessage({ fields }), ...batchMessage(batch)]
    const [read] = [...RecordBatchReader.from(joined(stream))]
    const [first, second] = read!.toArray().map((row) => Object.values(row!.toJSON()))
    expect(first!.slice(0, 5)).toEqual([1, 2n, 0.5, true, 'ä'])
    expect(Number(first![6])).toBe(1000.001)
    expect(second).toEqual(fields.map(() => null))
    expect(read!.schema.fields.map(({ metadata }) => metadata.get('sql'))).toContain('VARCHAR')
  })

  test('a message of which a part is cut off is an error', () => {
    const schema: Schema = {
      fields: columns.map(({ type }, at) => ({ name: `c${at}`, type, nullable: true })),
    }
    const whole = joined(batchMessage(batchOf(schema, [[1, 2n, 0.5, true, 'text', 5, 6n]])))
    for (let length = 0; length < whole.length; length += 8)
      expect(() => messageBatch(whole.slice(0, length), schema)).toThrow()
  })
})
