/**
 * Random: what RANDOM(), RAND_INTEGER() and UUID() draw for a row.
 *
 * How      32 bits at a time are a hash of the row's place, the number of the call and the time or seed that they are
 *          drawn by: six rounds of the finalizer of Murmur 3.
 * Format   a UUID is one of version 4.
 * Cost     some 0.3 µs per row.
 */
import type { Value } from '../../../data/index.ts'
import { Fault } from '../fault.ts'
import type { Makers } from '../maker.ts'

function stirred(word: number): number {
  let hash = word
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** The bits number 32·n to 32·n + 31 of a draw, as an unsigned integer. */
function bitsOf(by: readonly Value[], n: number): number {
  let hash = stirred(Math.imul(n + 1, 0x27d4eb2f))
  for (const value of by) {
    const whole = BigInt.asUintN(64, value as bigint)
    hash = stirred((hash ^ Number(whole & 0xffffffffn)) + 0x9e3779b9)
    hash = stirred((hash ^ Number(whole >> 32n)) + 0x9e3779b9)
  }
  return hash >>> 0
}

/** Uniform in [0, 1), a multiple of 2⁻⁵³. */
const fraction = (by: readonly Value[]) =>
  (bitsOf(by, 0) * 2 ** 21 + (bitsOf(by, 1) >>> 11)) / 2 ** 53

function uuid(by: readonly Value[]): string {
  const hex = [0, 1, 2, 3].map((n) => bitsOf(by, n).toString(16).padStart(8, '0')).join('')
  const variant = '89ab'[Number.parseInt(hex[16]!, 16) & 3]!
  const tail = variant + hex.slice(17, 20)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${tail}-${hex.slice(20)}`
}

export const randoms: Makers = {
  random: () => (_a, _b, _c, by) => fraction(by),
  random_below:
    () =>
    (_a, _b, _c, [place, salt, by, bound]) => {
      if ((bound as bigint) < 1n)
        return new Fault('invalid_argument', `no whole number is below ${bound} and not below 0`)
      const most = 0x7fffffffn
      if ((bound as bigint) > most)
        return new Fault('overflow', `RAND_INTEGER goes to ${most} at most`)
      return Math.floor(fraction([place!, salt!, by!]) * Number(bound))
    },
  random_uuid: () => (_a, _b, _c, by) => uuid(by),
}
