/**
 * Size: how much a test with random input does: a share of it every day, all of it in CI.
 */

/** In CI, where time is given to take all of it. */
export const isFull = process.env['CI'] === 'true'

export const sized = (everyday: number, ci: number): number => (isFull ? ci : everyday)
