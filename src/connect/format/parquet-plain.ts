/**
 * Parquet plain: values as most pages of Parquet files hold them, taken as they are instead of one by one.
 *
 * Format   BOOLEAN one bit each, lowest first; INT32, INT64, FLOAT and DOUBLE as the machine has them; BYTE_ARRAY a
 *          length of 4 bytes before each value.
 * Contract 1 (checked) a page that ends before its values throws.
 * Cost     nothing for numbers that lie aligned, else a copy; 8 ns per string.
 * See      test/connect/parquet.test.ts compares with hyparquet's.
 */
import type { FileValues } from '../file-type.ts'

/** Strings behind each other: string r is bytes[offsets[r] .. offsets[r + 1]). */
export interface Strings {
  offsets: Int32Array
  bytes: Uint8Array
}

/** The first `count` numbers of a page; null for types that are read otherwise. */
export function plainNumbers(bytes: Uint8Array, type: string, count: number): FileValues | null {
  switch (type) {
    case 'INT32': {
      const { buffer, from } = aligned(bytes, 4, count)
      return new Int32Array(buffer, from, count)
    }
    case 'INT64': {
      const { buffer, from } = aligned(bytes, 8, count)
      return new BigInt64Array(buffer, from, count)
    }
    case 'FLOAT': {
      const { buffer, from } = aligned(bytes, 4, count)
      return new Float32Array(buffer, from, count)
    }
    case 'DOUBLE': {
      const { buffer, from } = aligned(bytes, 8, count)
      return new Float64Array(buffer, from, count)
    }
    default:
      return null
  }
}

/** The first `count` values of `width` bytes, where an array over them may begin. */
function aligned(
  bytes: Uint8Array,
  width: number,
  count: number,
): { buffer: ArrayBuffer; from: number } {
  if (count * width > bytes.length) cutOff()
  const isAligned = bytes.byteOffset % width === 0
  // Not `slice`, which of a Buffer is no copy.
  const own = isAligned ? bytes : new Uint8Array(bytes.subarray(0, count * width))
  return { buffer: own.buffer as ArrayBuffer, from: own.byteOffset }
}

/** The first `count` values of one bit each. */
export function plainBits(bytes: Uint8Array, count: number): Uint8Array {
  const length = (count + 7) >> 3
  if (length > bytes.length) cutOff()
  return bytes.subarray(0, length)
}

/** Above this length the built-in copy is faster than a loop. */
const LOOP_MAX = 24

/** The first `count` strings of a page. */
export function plainStrings(page: Uint8Array, count: number): Strings {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
  const offsets = new Int32Array(count + 1)
  const bytes = new Uint8Array(Math.max(0, page.length - 4 * count))
  let from = 0
  let to = 0
  for (let row = 0; row < count; row++) {
    if (from + 4 > page.length) cutOff()
    const length = view.getUint32(from, true)
    from += 4
    if (length > page.length - from) cutOff()
    if (length > LOOP_MAX) bytes.set(page.subarray(from, from + length), to)
    else for (let at = 0; at < length; at++) bytes[to + at] = page[from + at]!
    from += length
    to += length
    offsets[row + 1] = to
  }
  return { offsets, bytes: bytes.subarray(0, to) }
}

function cutOff(): never {
  throw new Error('a page has fewer values than it says')
}
