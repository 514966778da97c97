/**
 * Math: the numeric functions of the library on single values. Those of libm are the host's, which computes them in
 * software and so alike on every machine.
 */
import type { Value } from '../../../data/index.ts'
import { invalid, type Outcome, power10, ranged, scaleOf } from '../fault.ts'
import type { Maker, Makers } from '../maker.ts'

const bigintType = { kind: 'bigint' } as const

const real =
  (f: (x: number) => number): Maker =>
  () =>
  (x) =>
    f(x as number)

/** With arguments outside of which there is no value. */
const partial =
  (name: string, has: (x: number) => boolean, f: (x: number) => number): Maker =>
  () =>
  (x) =>
    Number.isNaN(x) || has(x as number) ? f(x as number) : invalid(`${name} has no value at ${x}`)

const whole =
  (f: (x: bigint, y: bigint) => bigint): Maker =>
  () =>
  (x, y) =>
    ranged(f(x as bigint, (y ?? 0n) as bigint), bigintType)

const magnitude = (x: bigint) => (x < 0n ? -x : x)

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [magnitude(a), magnitude(b)]
  while (y !== 0n) [x, y] = [y, x % y]
  return x
}

function factorial(n: bigint): Outcome {
  if (n < 0n || n > 20n) return invalid(`factorial(${n}) is no BIGINT`)
  let product = 1n
  for (let factor = 2n; factor <= n; factor++) product *= factor
  return product
}

function power(base: number, exponent: number): Outcome {
  if (base === 0 && exponent < 0) return invalid('0 has no negative power')
  if (
    base < 0 &&
    Number.isFinite(base) &&
    Number.isFinite(exponent) &&
    !Number.isInteger(exponent)
  ) {
    return invalid('a negative number has no power of a fraction')
  }
  return base === 1 ? 1 : base ** exponent
}

function logarithm(base: number, x: number): Outcome {
  if (base <= 0 || x <= 0 || base === 1) return invalid(`log(${base}, ${x}) has no value`)
  if (base === 2) return Math.log2(x)
  return base === 10 ? Math.log10(x) : Math.log(x) / Math.log(base)
}

function bucket(x: number, low: number, high: number, count: bigint): Outcome {
  if (count <= 0n || ![low, high].every(Number.isFinite) || low === high || Number.isNaN(x)) {
    return invalid('width_bucket takes two different bounds and a count above 0')
  }
  const along = low < high ? x - low : low - x
  const width = Math.abs(high - low)
  if (along < 0) return 0n
  if (along >= width) return ranged(count + 1n, bigintType)
  return BigInt(Math.min(Math.floor((along / width) * Number(count)), Number(count) - 1) + 1)
}

const truncated: Maker = (_, [type]) => {
  if (type!.kind === 'double') {
    return (x, digits) => cut(x as number, Number(digits ?? 0n))
  }
  const scale = scaleOf(type!)
  return (x, digits) => {
    const dropped = Math.min(40, Math.max(0, scale - Number(digits ?? 0n)))
    const unit = power10(dropped)
    const value = BigInt(x as bigint)
    return value - (value % unit)
  }
}

function cut(x: number, digits: number): number {
  if (digits === 0 || !Number.isFinite(x)) return Math.trunc(x)
  const unit = 10 ** Math.min(Math.abs(digits), 300)
  if (digits < 0) return Math.trunc(x / unit) * unit
  const scaled = x * unit
  return Number.isFinite(scaled) ? Math.trunc(scaled) / unit : x
}

const encoder = new TextEncoder()

const prime = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const
const word64 = (x: bigint) => BigInt.asUintN(64, x)
const turned = (x: bigint, bits: bigint) => word64(x << bits) | (x >> (64n - bits))
const round64 = (lane: bigint, word: bigint) =>
  word64(turned(word64(lane + word * prime[1]), 31n) * prime[0])

/** xxHash of 64 bits, seed 0. */
function xxhash(text: string): bigint {
  const bytes = encoder.encode(text)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  let hash: bigint = prime[4]
  if (bytes.length >= 32) {
    const lanes = [word64(prime[0] + prime[1]), prime[1], 0n, word64(-prime[0])]
    for (; at + 32 <= bytes.length; at += 32) {
      for (let lane = 0; lane < 4; lane++) {
        lanes[lane] = round64(lanes[lane]!, view.getBigUint64(at + lane * 8, true))
      }
    }
    hash = word64(lanes.reduce((sum, lane, i) => sum + turned(lane, [1n, 7n, 12n, 18n][i]!), 0n))
    for (const lane of lanes) hash = word64((hash ^ round64(0n, lane)) * prime[0] + prime[3])
  }
  hash = word64(hash + BigInt(bytes.length))
  for (; at + 8 <= bytes.length; at += 8) {
    hash ^= round64(0n, view.getBigUint64(at, true))
    hash = word64(turned(hash, 27n) * prime[0] + prime[3])
  }
  if (at + 4 <= bytes.length) {
    hash ^= word64(BigInt(view.getUint32(at, true)) * prime[0])
    hash = word64(turned(hash, 23n) * prime[1] + prime[2])
    at += 4
  }
  for (; at < bytes.length; at++) {
    hash ^= word64(BigInt(bytes[at]!) * prime[4])
    hash = word64(turned(hash, 11n) * prime[0])
  }
  hash = word64((hash ^ (hash >> 33n)) * prime[1])
  hash = word64((hash ^ (hash >> 29n)) * prime[2])
  return BigInt.asIntN(64, hash ^ (hash >> 32n))
}

/** FNV-1a. */
function hash64(text: string): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of encoder.encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  }
  return BigInt.asIntN(64, hash)
}

/** Murmur 3, x86, 32 bits, seed 0. */
function murmur(text: string): bigint {
  const bytes = encoder.encode(text)
  const mixed = (word: number) => {
    const k = Math.imul(word, 0xcc9e2d51)
    return Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  }
  const { length } = bytes
  let h = 0
  for (let at = 0; at + 4 <= length; at += 4) {
    const word =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    h ^= mixed(word)
    h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64
  }
  let tail = 0
  for (let at = length - 1; at >= (length & ~3); at--) tail = (tail << 8) | bytes[at]!
  if ((length & 3) !== 0) h ^= mixed(tail)
  h ^= length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return BigInt((h ^ (h >>> 16)) >>> 0)
}

function bitCount(x: bigint): bigint {
  let count = 0n
  for (let rest = BigInt.asUintN(64, x); rest !== 0n; rest &= rest - 1n) count++
  return count
}

const signOf = (x: Value) => BigInt(Math.sign(Number(x)) || 0)

const unit = (x: number) => x >= -1 && x <= 1

export const numbers: Makers = {
  acos: partial('acos', unit, Math.acos),
  acosh: partial('acosh', (x) => x >= 1, Math.acosh),
  asinh: real(Math.asinh),
  atanh: partial('atanh', unit, Math.atanh),
  asin: partial('asin', unit, Math.asin),
  atan: real(Math.atan),
  atan2: () => (y, x) => Math.atan2(y as number, x as number),
  bin: () => (x) => BigInt.asUintN(64, x as bigint).toString(2),
  bit_count: () => (x) => bitCount(x as bigint),
  cbrt: real(Math.cbrt),
  cos: real(Math.cos),
  cosh: real(Math.cosh),
  cot: partial(
    'cot',
    (x) => x !== 0,
    (x) => 1 / Math.tan(x),
  ),
  degrees: real((x) => x * (180 / Math.PI)),
  e: () => () => Math.E,
  exp: real(Math.exp),
  factorial: () => (n) => factorial(n as bigint),
  gcd: whole(gcd),
  hash: () => (text) => hash64(text as string),
  isfinite: () => (x) => Number.isFinite(x),
  isinf: () => (x) => Math.abs(x as number) === Number.POSITIVE_INFINITY,
  isnan: () => (x) => Number.isNaN(x),
  lcm: whole((a, b) => (a === 0n || b === 0n ? 0n : magnitude((a / gcd(a, b)) * b))),
  ln: partial('ln', (x) => x > 0, Math.log),
  log: () => (base, x) => logarithm(base as number, x as number),
  log10: partial('log10', (x) => x > 0, Math.log10),
  log2: partial('log2', (x) => x > 0, Math.log2),
  murmur3: () => (text) => murmur(text as string),
  pi: () => () => Math.PI,
  power: () => (base, exponent) => power(base as number, exponent as number),
  radians: real((x) => x * (Math.PI / 180)),
  sign: () => (x) => signOf(x!),
  sin: real(Math.sin),
  sinh: real(Math.sinh),
  sqrt: partial('sqrt', (x) => x >= 0, Math.sqrt),
  tan: real(Math.tan),
  tanh: real(Math.tanh),
  trunc: truncated,
  xxhash: () => (text) => xxhash(text as string),
  width_bucket:
    () =>
    (_a, _b, _c, [x, low, high, count]) =>
      bucket(x as number, low as number, high as number, count as bigint),
}
