/**
 * Column: order, hash and choice of the values of a host column, without making values of them.
 *
 * Contract 1 (checked by test/runtime/changed.test.ts) the order is that of `compareValues`; equal values have equal
 *            hashes.
 * Cost     1 to 3 ns per value, and what its bytes cost to copy.
 */
import {
  type Column,
  type ColumnValues,
  compareValues,
  isValid,
  isWide,
  valueAt,
} from '../data/index.ts'

/** Compares two rows by number. */
export type Compare = (a: number, b: number) => number

/** Order of the values of one column, NULL last. */
export function valueOrder(column: Column): Compare {
  const known = knownOrder(column)
  if (column.validity === null) return known
  return (a, b) => {
    const [left, right] = [isValid(column, a), isValid(column, b)]
    return left && right ? known(a, b) : Number(right) - Number(left)
  }
}

function knownOrder(column: Column): Compare {
  const { data, type } = column
  switch (data.layout) {
    case 'i32': {
      const { values } = data
      return (a, b) => values[a]! - values[b]!
    }
    case 'i64': {
      const words = wordsOf(data.values)
      return (a, b) =>
        words[a * 2 + 1]! - words[b * 2 + 1]! || (words[a * 2]! >>> 0) - (words[b * 2]! >>> 0)
    }
    case 'utf8': {
      if (isWide(type)) break
      const { offsets, bytes } = data
      return (a, b) => {
        const [left, right] = [offsets[a]!, offsets[b]!]
        const [leftEnd, rightEnd] = [offsets[a + 1]!, offsets[b + 1]!]
        const shared = Math.min(leftEnd - left, rightEnd - right)
        for (let at = 0; at < shared; at++) {
          const difference = bytes[left + at]! - bytes[right + at]!
          if (difference !== 0) return difference
        }
        return leftEnd - left - (rightEnd - right)
      }
    }
  }
  return (a, b) => compareValues(valueAt(column, a), valueAt(column, b), type)
}

/** The words of numbers, the lesser half of each first. */
function wordsOf({ buffer, byteOffset, byteLength }: BigInt64Array | Float64Array): Int32Array {
  return new Int32Array(buffer, byteOffset, byteLength / 4)
}

const mixed = (hash: number, value: number) => Math.imul(hash ^ value, 0x9e3779b1)

/** Mixes a hash of each value into the hashes of the rows; of a text every byte counts, for many differ in one. */
export function mixHashes(column: Column, rows: number, hashes: Int32Array): void {
  const { data } = column
  switch (data.layout) {
    case 'i32': {
      const { values } = data
      for (let row = 0; row < rows; row++) hashes[row] = mixed(hashes[row]!, values[row]!)
      break
    }
    case 'i64': {
      const words = wordsOf(data.values)
      for (let row = 0; row < rows; row++) {
        const folded = words[row * 2]! ^ Math.imul(words[row * 2 + 1]!, 0x85ebca6b)
        hashes[row] = mixed(hashes[row]!, folded)
      }
      break
    }
    case 'f64': {
      const { values } = data
      const words = wordsOf(values)
      for (let row = 0; row < rows; row++) {
        const value = values[row]!
        const folded = words[row * 2]! ^ Math.imul(words[row * 2 + 1]!, 0x85ebca6b)
        // The two zeros are equal, and so is every NaN.
        const isCommon = value !== 0 && !Number.isNaN(value)
        hashes[row] = mixed(hashes[row]!, isCommon ? folded : value === 0 ? 0 : 1)
      }
      break
    }
    case 'bits':
      for (let row = 0; row < rows; row++) {
        hashes[row] = mixed(hashes[row]!, (data.values[row >> 3]! >> (row & 7)) & 1)
      }
      break
    case 'utf8': {
      const { offsets, bytes } = data
      for (let row = 0; row < rows; row++) {
        const end = offsets[row + 1]!
        let text = end - offsets[row]!
        for (let at = offsets[row]!; at < end; at++) text = Math.imul(text ^ bytes[at]!, 0x01000193)
        hashes[row] = mixed(hashes[row]!, text ^ (text >>> 15))
      }
    }
  }
}

/** The values of some rows, in this order. */
export function picked(column: Column, rows: Uint32Array): Column {
  const { type, data, validity } = column
  return {
    type,
    data: pickedValues(data, rows),
    validity: validity === null ? null : pickedBits(validity, rows),
  }
}

function pickedValues(data: ColumnValues, rows: Uint32Array): ColumnValues {
  const count = rows.length
  const { layout } = data
  switch (layout) {
    case 'i32':
      return { layout, values: pickedNumbers(data.values, new Int32Array(count), rows) }
    case 'i64': {
      const [from, values] = [wordsOf(data.values), new BigInt64Array(count)]
      const to = wordsOf(values)
      for (let at = 0; at < count; at++) {
        to[at * 2] = from[rows[at]! * 2]!
        to[at * 2 + 1] = from[rows[at]! * 2 + 1]!
      }
      return { layout, values }
    }
    case 'f64':
      return { layout, values: pickedNumbers(data.values, new Float64Array(count), rows) }
    case 'bits':
      return { layout, values: pickedBits(data.values, rows) }
    case 'utf8':
      return pickedStrings(data, rows)
  }
}

export function pickedNumbers<T extends Int32Array | Float64Array>(
  from: T,
  to: T,
  rows: Uint32Array,
): T {
  for (let at = 0; at < rows.length; at++) to[at] = from[rows[at]!]!
  return to
}

function pickedBits(bits: Uint8Array, rows: Uint32Array): Uint8Array {
  const out = new Uint8Array((rows.length + 7) >> 3)
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!
    out[at >> 3]! |= ((bits[row >> 3]! >> (row & 7)) & 1) << (at & 7)
  }
  return out
}

function pickedStrings(
  { layout, offsets, bytes }: ColumnValues & { layout: 'utf8' },
  rows: Uint32Array,
): ColumnValues {
  const ends = new Int32Array(rows.length + 1)
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!
    ends[at + 1] = ends[at]! + offsets[row + 1]! - offsets[row]!
  }
  const out = new Uint8Array(ends[rows.length]!)
  for (let at = 0; at < rows.length; ) {
    // Strings that stand side by side go at once.
    const first = rows[at]!
    const start = at++
    while (at < rows.length && rows[at] === first + at - start) at++
    copyBytes(bytes, offsets[first]!, offsets[first + at - start]!, out, ends[start]!)
  }
  return { layout, offsets: ends, bytes: out }
}

/** Bytes that are copied one by one sooner than by a call. */
const loopedMax = 48

function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > loopedMax) to.set(from.subarray(start, end), at)
  else for (let byte = start; byte < end; byte++) to[at + byte - start] = from[byte]!
}
