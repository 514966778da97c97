/**
 * Hash: 64 bits to 32, and the bytes of long strings to 32, the same in closures and in WebAssembly.
 *
 * How      A word is folded to 32 bits and finished as in Murmur3; `seed` chains the columns of a key. Strings of
 *          13 bytes and more go in words of 8 bytes, the last one overlapping, as two independent lanes of 32 bits.
 * Contract 1 (checked by twins) both forms give the same number.
 *          2 (trusted) with one seed, words with equal upper halves never collide; neither do those with equal
 *            lower halves.
 */
import { type Assembly, type I32, type I64, i32, type V128 } from './assembler.ts'

const golden = 0x9e3779b1 | 0
const first = 0x85ebca6b | 0
const second = 0xc2b2ae35 | 0
const seedStep = 0xe6546b64 | 0

/** Hash of the 64-bit word with halves `low` and `high`; an i32. */
export function hashWord(low: number, high: number, seed: number): number {
  const folded = low ^ Math.imul(high ^ (high >>> 16), golden)
  return finish((folded + Math.imul(seed, 5) + seedStep) | 0)
}

function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 16), first)
  h = Math.imul(h ^ (h >>> 13), second)
  return h ^ (h >>> 16)
}

/** `hashWord` as code. */
export function hashCode(a: Assembly, word: I64, seed: I32): I32 {
  const kept = a.let(word)
  const high = a.let(kept.shr(32n).wrap())
  const folded = kept.wrap().xor(high.xor(high.shr(16)).mul(golden))
  return finishCode(a, folded.add(seed.mul(5)).add(seedStep))
}

/** `hashWord` of four words at once; `seed` is the seed times five plus the step, in four lanes (`seedLanes`). */
export function hashLanes(a: Assembly, low: V128, high: V128, seed: V128): V128 {
  const top = a.let(high)
  const mixed = top.xor(top.shift('i32x4.shr_u', 16)).op('i32x4.mul', i32(golden).splat())
  const h = a.let(low.xor(mixed).op('i32x4.add', seed))
  a.set(h, h.xor(h.shift('i32x4.shr_u', 16)).op('i32x4.mul', i32(first).splat()))
  a.set(h, h.xor(h.shift('i32x4.shr_u', 13)).op('i32x4.mul', i32(second).splat()))
  return a.let(h.xor(h.shift('i32x4.shr_u', 16)))
}

/** What `hashLanes` takes for four seeds. */
export function seedLanes(seed: V128): V128 {
  return seed.op('i32x4.mul', i32(5).splat()).op('i32x4.add', i32(seedStep).splat())
}

function finishCode(a: Assembly, value: I32): I32 {
  const h = a.let(value)
  a.set(h, h.xor(h.shr(16)).mul(first))
  a.set(h, h.xor(h.shr(13)).mul(second))
  return a.let(h.xor(h.shr(16)))
}

/** Hash of `length` ≥ 8 bytes at `at`; what a view of a long string keeps. */
export function hashBytes(u8: Uint8Array, at: number, length: number): number {
  let x = length
  let y = golden
  for (let offset = 0; ; offset += 8) {
    const from = at + Math.min(offset, length - 8)
    x = Math.imul(x ^ wordAt(u8, from), first)
    y = Math.imul(y ^ wordAt(u8, from + 4), second)
    x = (x << 15) | (x >>> 17)
    y = (y << 13) | (y >>> 19)
    if (offset + 8 >= length) return finish(x ^ Math.imul(y, 3))
  }
}

function wordAt(u8: Uint8Array, at: number): number {
  return u8[at]! | (u8[at + 1]! << 8) | (u8[at + 2]! << 16) | (u8[at + 3]! << 24)
}

/** `hashBytes` as code. */
export function hashBytesCode(a: Assembly, at: I32, length: I32): I32 {
  const x = a.let(length)
  const y = a.let(i32(golden))
  const offset = a.let(i32(0))
  const last = a.let(length.sub(8))
  const from = a.i32()
  a.repeat((again) => {
    a.set(from, at.add(offset.when(offset.lt(last), last)))
    a.set(x, x.xor(from.i32()).mul(first).rotl(15))
    a.set(y, y.xor(from.i32(4)).mul(second).rotl(13))
    a.set(offset, offset.add(8))
    again(offset.lt(length))
  })
  return finishCode(a, x.xor(y.mul(3)))
}
