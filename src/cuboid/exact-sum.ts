/**
 * Exact sum: a sum of doubles without any rounding, and the part of it that three doubles cannot hold.
 *
 * Format   field in the cell: two doubles; in the cold part: the third double, the sum being that of all three |
 *          u32 address of a wide part or 0 | 4 B unused
 *          wide part: 34 words of 64 bits, an integer in units of 2^-1074 | counts of NaN, +infinity, −infinity
 *          (i64 each)
 * How      The kernel stops at a value that is not finite, that makes a double overflow, or whose remainder finds no
 *          room in the third double; here it is added to the wide part, which takes every double 2^32 times. A wide
 *          part of nothing but zeros is freed.
 * Contract 1 (checked) the sum of the doubles and the wide part is exact, whatever was added and retracted.
 *          2 (checked) the value is that of the exact sum, rounded once to nearest even; NaN and infinities as IEEE
 *          adds them.
 * Cost     1 µs per value that the kernel stops at.
 * See      src/kernel/expansion.ts, docs/decisions/0005-sums-of-three-doubles.md
 */
import { cellBlocks, type Kernels } from '../kernel/index.ts'

const words = 34
const wideBytes = (words + 3) * 8
const { cell: cellFields, rest: restFields, touched } = cellBlocks

/** Bytes of the field in the cell. */
export const exactSumBytes = 16
/** Bytes of the field in the cold part. */
export const exactRestBytes = 16

/** A sum of a cell or of an old image: `state` in the cell, `rest` in its cold part. */
interface Sum {
  cell: number
  state: number
  rest: number
}

/** Address of the rest of a sum, or 0 where the cell has no cold part. */
function restOf(kernels: Kernels, { cell, rest }: { cell: number; rest: number }): number {
  const part = kernels.arena.views.u32[(cell + cellFields.cold) >>> 2]!
  return part === 0 ? 0 : part + rest
}

/**
 * Adds (or retracts) the double at address `value` to a sum whose three doubles have no room for it; the cell has a
 * cold part. The third double moves to the wide part, so that the rows that follow find room again.
 */
export function addWide(kernels: Kernels, sum: Sum, value: number, retract: boolean): void {
  const { arena } = kernels
  const rest = restOf(kernels, sum)
  const link = ownLink(kernels, sum, rest)
  arena.markDirty(link, wideBytes)
  arena.markDirty(rest, exactRestBytes)
  const { u32, u64, f64 } = arena.views
  const third = rest + restFields.third
  addUnits(kernels, link, third, false)
  f64[third >>> 3] = 0
  addUnits(kernels, link, value, retract)
  const start = link >>> 3
  for (let word = start; word < start + words + 3; word++) if (u64[word] !== 0n) return
  arena.free(link, wideBytes)
  u32[(rest + restFields.link) >>> 2] = 0
}

/** Adds (or retracts) the double at address `value` to the wide part `link`. */
function addUnits(kernels: Kernels, link: number, value: number, retract: boolean): void {
  const { u32, u64, i64 } = kernels.arena.views
  const high = u32[(value >>> 2) + 1]!
  const low = u32[value >>> 2]!
  const exponent = (high >>> 20) & 0x7ff
  const negative = high >>> 31 === 1
  const start = link >>> 3
  if (exponent === 0x7ff) {
    const noNumber = ((high & 0xfffff) | low) !== 0
    i64[start + words + (noNumber ? 0 : negative ? 2 : 1)]! += retract ? -1n : 1n
    return
  }
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(low)
  const mantissa = exponent === 0 ? fraction : fraction | (1n << 52n)
  const shift = Math.max(0, exponent - 1)
  const units = mantissa << BigInt(shift & 63)
  let carry = negative !== retract ? -units : units
  for (let word = start + (shift >> 6); carry !== 0n && word < start + words; word++) {
    carry += u64[word]!
    u64[word] = carry
    carry >>= 64n
  }
}

/** The wide part of a sum, or 0. */
function linkOf(kernels: Kernels, sum: { cell: number; rest: number }): number {
  const rest = restOf(kernels, sum)
  return rest === 0 ? 0 : kernels.arena.views.u32[(rest + restFields.link) >>> 2]!
}

export function isWide(kernels: Kernels, sum: Sum): boolean {
  return linkOf(kernels, sum) !== 0
}

/** The wide part of a sum, made if there is none, and its own if the old image has the same one. */
function ownLink(kernels: Kernels, sum: Sum, rest: number): number {
  const { arena } = kernels
  const at = (rest + restFields.link) >>> 2
  const old = arena.views.u32[at]!
  if (old !== 0 && !isShared(kernels, sum, old)) return old
  const link = arena.allocateZeroed(wideBytes)
  const { u32, u8 } = arena.views
  if (old !== 0) u8.copyWithin(link, old, old + wideBytes)
  u32[at] = link
  return link
}

function isShared(kernels: Kernels, { cell, rest }: Sum, link: number): boolean {
  const entry = kernels.arena.views.u32[cell >>> 2]!
  return entry !== 0 && linkOf(kernels, { cell: entry + touched.image, rest }) === link
}

/** Frees the wide part of an old image unless the cell still has it. */
export function freeImageWide(kernels: Kernels, image: number, cell: number, rest: number): void {
  const link = linkOf(kernels, { cell: image, rest })
  if (link !== 0 && link !== linkOf(kernels, { cell, rest })) kernels.arena.free(link, wideBytes)
}

/** Frees the wide part of a cell that goes. */
export function freeWide(kernels: Kernels, cell: number, rest: number): void {
  const link = linkOf(kernels, { cell, rest })
  if (link === 0) return
  kernels.arena.free(link, wideBytes)
  kernels.arena.views.u32[(restOf(kernels, { cell, rest }) + restFields.link) >>> 2] = 0
}

/** The whole sum, rounded once. */
export function readWide(kernels: Kernels, sum: Sum): number {
  const { i64, u64, f64 } = kernels.arena.views
  const link = linkOf(kernels, sum) >>> 3
  const at = (sum.cell + sum.state) >>> 3
  const rest = restOf(kernels, sum)
  let total = unitsOf(f64[at]!) + unitsOf(f64[at + 1]!)
  if (rest !== 0) total += unitsOf(f64[(rest + restFields.third) >>> 3]!)
  if (link !== 0) {
    const nan = i64[link + words]!
    const positive = i64[link + words + 1]!
    const negative = i64[link + words + 2]!
    if (nan > 0n || (positive > 0n && negative > 0n)) return Number.NaN
    if (positive > 0n) return Number.POSITIVE_INFINITY
    if (negative > 0n) return Number.NEGATIVE_INFINITY
    let wide = i64[link + words - 1]!
    for (let word = words - 2; word >= 0; word--) wide = (wide << 64n) | u64[link + word]!
    total += wide
  }
  return roundUnits(total)
}

const bits = new BigUint64Array(1)
const double = new Float64Array(bits.buffer)

/** A finite double in units of 2^-1074. */
export function unitsOf(value: number): bigint {
  double[0] = Math.abs(value)
  const exponent = bits[0]! >> 52n
  const fraction = bits[0]! & ((1n << 52n) - 1n)
  const units = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n)
  return value < 0 ? -units : units
}

/** `units`·2^-1074, rounded to nearest even. */
export function roundUnits(units: bigint): number {
  if (units < 0n) return -roundUnits(-units)
  const bits = units.toString(16).length * 4
  // Below 2^53 the product is exact, subnormal or not.
  if (bits <= 53) return Number(units) * Number.MIN_VALUE
  // Keep at least 61 bits with all that was cut off in the last one; Number() then rounds once.
  const cut = Math.max(0, bits - 64)
  const kept = units >> BigInt(cut)
  const rest = kept << BigInt(cut) === units ? kept : kept | 1n
  return Number(rest) * 2 ** (cut - 1074)
}
