/**
 * Hash: 64 bits to 32, and the bytes of long strings to 32, the same in closures and in WebAssembly.
 *
 * How      A word is folded to 32 bits and finished as in Murmur3; `seed` chains the columns of a key. Strings of
 *          13 bytes and more go in blocks of 16 bytes, the last one overlapping, as four independent lanes of 32
 *          bits; shorter ones are one block of their first and their last 8 bytes.
 * Contract 1 (checked by twins) both forms give the same number.
 *          2 (trusted) with one seed, words with equal upper halves never collide; neither do those with equal
 *            lower halves.
 */
import { type Assembly, type I32, type I64, i32, i32x4, type V128 } from './assembler.ts'

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

/** Odd factors of the lanes; all differ, so that equal words in two lanes do not cancel out. */
const laneFactors = [first, second, 0x27d4eb2f, 0x165667b1 | 0] as const

/** Hash of `length` ≥ 8 bytes at `at`; what a view of a long string keeps. */
export function hashBytes(u8: Uint8Array, at: number, length: number): number {
  const [f0, f1, f2, f3] = laneFactors as [number, number, number, number]
  let [a, b, c, d] = [length, length, length, length]
  const end = at + length
  const stop = length < 16 ? at : end - 16
  let from = at
  for (;;) {
    // What is left, at the end: 16 bytes that may have been seen, or the first and the last 8.
    const isLast = from >= stop
    const first = isLast ? (length < 16 ? at : stop) : from
    const second = isLast ? end - 8 : from + 8
    a = turned(Math.imul(a ^ wordAt(u8, first), f0), 15)
    b = turned(Math.imul(b ^ wordAt(u8, first + 4), f1), 15)
    c = turned(Math.imul(c ^ wordAt(u8, second), f2), 15)
    d = turned(Math.imul(d ^ wordAt(u8, second + 4), f3), 15)
    if (isLast) break
    from += 16
  }
  a = turned(Math.imul(a, f3), 13)
  b = turned(Math.imul(b, f2), 13)
  c = turned(Math.imul(c, f1), 13)
  d = turned(Math.imul(d, f0), 13)
  return finish(a ^ b ^ c ^ d)
}

const turned = (h: number, bits: number) => h ^ (h >>> bits)

function wordAt(u8: Uint8Array, at: number): number {
  return u8[at]! | (u8[at + 1]! << 8) | (u8[at + 2]! << 16) | (u8[at + 3]! << 24)
}

/** `hashBytes` as code. */
export function hashBytesCode(a: Assembly, at: I32, length: I32): I32 {
  const lanes = a.let(length.splat())
  const factors = a.let(i32x4(...laneFactors))
  const block = a.v128()
  const enter = () => {
    a.set(lanes, lanes.xor(block).op('i32x4.mul', factors))
    a.set(lanes, lanes.xor(lanes.shift('i32x4.shr_u', 15)))
  }
  const last = a.let(at.add(length).sub(16))
  a.if(
    length.below(16),
    () => {
      const firstAndLast = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
      a.set(block, at.i64().splat().shuffle(last.i64(8).splat(), firstAndLast))
    },
    () => {
      const from = a.let(at)
      a.while(from.below(last), () => {
        a.set(block, from.v128())
        enter()
        a.set(from, from.add(16))
      })
      a.set(block, last.v128())
    },
  )
  enter()
  // A byte at the top of a word has reached few bits by now; lanes that differ there would often be equal together.
  a.set(
    lanes,
    lanes.op(
      'i32x4.mul',
      a.let(i32x4(laneFactors[3], laneFactors[2], laneFactors[1], laneFactors[0])),
    ),
  )
  a.set(lanes, lanes.xor(lanes.shift('i32x4.shr_u', 13)))
  const halves = a.let(lanes.laneI64(0).xor(lanes.laneI64(1)))
  return finishCode(a, halves.wrap().xor(halves.shr(32n).wrap()))
}
