/**
 * Wide: a DECIMAL of more than 18 digits as bytes that order as the numbers do.
 *
 * Format   0 is the byte 80. A positive number of n bytes is the byte 80 + n and its bytes, the greatest first; a
 *          negative one the byte 80 − n and the complement of the bytes of its magnitude. No byte is spent that is not
 *          needed, so that equal numbers have equal bytes; up to 2^88 they fit into a view of 16 bytes, its length
 *          included.
 * Contract 1 (checked) numbers compare as their bytes do, the first unequal byte deciding.
 * Cost     some 100 ns per value; the kernels do the same for products of 64-bit integers in a few.
 * See      src/kernel/wide.ts
 */

const ZERO = 0x80
const WIDEST = 16
const mask64 = 2n ** 64n - 1n

/** Writes the bytes of `value`, which has at most 38 digits, at `at`; gives their number, at most 17. */
export function writeWide(value: bigint, bytes: Uint8Array, at: number): number {
  const magnitude = value < 0n ? -value : value
  const hex = magnitude === 0n ? '' : magnitude.toString(16)
  const length = (hex.length + 1) >> 1
  const flip = value < 0n ? 0xff : 0
  bytes[at] = value < 0n ? ZERO - length : ZERO + length
  const odd = hex.length & 1
  for (let index = 0; index < length; index++) {
    const start = 2 * index - odd
    bytes[at + 1 + index] = Number.parseInt(hex.slice(Math.max(0, start), start + 2), 16) ^ flip
  }
  return length + 1
}

/** The bytes of `value`. */
export function wideBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(WIDEST + 1)
  return bytes.subarray(0, writeWide(value, bytes, 0))
}

/** The number whose bytes lie from `start` to `end`; 0 where there are none, as in the slot of a NULL. */
export function readWide(bytes: Uint8Array, start: number, end: number): bigint {
  if (start === end) return 0n
  const negative = bytes[start]! < ZERO
  const flip = negative ? 0xff : 0
  let high = 0n
  let low = 0n
  for (let at = start + 1; at < end; at++) {
    high = (high << 8n) | (low >> 56n)
    low = ((low << 8n) & mask64) | BigInt(bytes[at]! ^ flip)
  }
  const magnitude = (high << 64n) | low
  return negative ? -magnitude : magnitude
}
