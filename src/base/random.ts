/**
 * Random: a seeded generator; the only source of random numbers.
 *
 * How      splitmix32 over a 32-bit state: one seed gives one sequence on every machine.
 * Contract 1 (checked by tidy) nobody else calls Math.random.
 */
import { randomBytes } from 'node:crypto'

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform integer in [0, below). */
  below(below: number): number
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 4294967296
  }
  return { next, below: (below) => Math.floor(next() * below) }
}

/** 64 bits that nobody can foresee. */
export const randomWord = (): bigint => randomBytes(8).readBigUInt64LE()
