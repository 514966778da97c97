/** Parquet plain: pages taken as they are give what hyparquet reads value by value, and cut pages are refused. */
import { createRequire } from 'node:module'
import fc from 'fast-check'
import type * as Plain from 'hyparquet/src/plain.js'
import { expect, test } from 'vitest'
import { plainBits, plainNumbers, plainStrings } from '../../src/connect/format/parquet-plain.ts'

const { readPlain } = createRequire(import.meta.url)('hyparquet/src/plain.js') as typeof Plain

/** Bytes that begin `shift` bytes into their buffer. */
function shifted(bytes: Uint8Array, shift: number): Uint8Array {
  const all = new Uint8Array(bytes.length + shift)
  all.set(bytes, shift)
  return all.subarray(shift)
}

function expected(bytes: Uint8Array, type: 'INT32' | 'BOOLEAN' | 'BYTE_ARRAY', count: number) {
  const view = new DataView(new Uint8Array(bytes).buffer)
  return Array.from(readPlain({ view, offset: 0 }, type, count, undefined))
}

const pages = fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.nat(9))

test.each([
  ['INT32', 4],
  ['FLOAT', 4],
  ['INT64', 8],
  ['DOUBLE', 8],
] as const)('%s', (type, width) => {
  fc.assert(
    fc.property(pages, ([bytes, shift]) => {
      const count = Math.floor(bytes.length / width)
      const found = plainNumbers(shifted(bytes, shift), type, count)!
      expect(Array.from(found)).toEqual(expected(bytes, type as 'INT32', count))
      expect(() => plainNumbers(bytes, type, count + 1)).toThrow(/fewer values/)
    }),
  )
})

test('BOOLEAN', () => {
  fc.assert(
    fc.property(pages, ([bytes, shift]) => {
      const count = Math.max(0, bytes.length * 8 - 3)
      const bits = plainBits(shifted(bytes, shift), count)
      const found = Array.from(
        { length: count },
        (_, at) => ((bits[at >> 3]! >> (at & 7)) & 1) === 1,
      )
      expect(found).toEqual(expected(bytes, 'BOOLEAN', count))
      expect(() => plainBits(bytes, bytes.length * 8 + 1)).toThrow(/fewer values/)
    }),
  )
})

test('BYTE_ARRAY', () => {
  const strings = fc.array(fc.uint8Array({ maxLength: 40 }))
  fc.assert(
    fc.property(strings, fc.nat(9), (parts, shift) => {
      const page = Buffer.concat(parts.flatMap((part) => [Buffer.of(part.length, 0, 0, 0), part]))
      const { offsets, bytes } = plainStrings(shifted(page, shift), parts.length)
      const found = parts.map((_, at) => bytes.slice(offsets[at]!, offsets[at + 1]!))
      expect(found.map(String)).toEqual(expected(page, 'BYTE_ARRAY', parts.length).map(String))
      expect(() => plainStrings(page, parts.length + 1)).toThrow(/fewer values/)
      if (page.length > 0) {
        expect(() => plainStrings(page.subarray(0, -1), parts.length)).toThrow(/fewer values/)
      }
    }),
  )
})
