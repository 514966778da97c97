/** Emission: what random queries say of when their results leave them. */
import type { Random } from '../../src/base/index.ts'
import { chance, pick } from './expression.ts'

/** Spellings of EMIT. */
export const finals = [
  'emit on window close', 'emit on window close', 'emit after window close', 'emit final', 'emit after watermark',
] // biome-ignore format: one list
export const changes = ['', '', 'emit changes', 'emit on update']

/** What is told when; the watermark alone does not say. */
export function timed(random: Random, closes: boolean): string {
  const period = `interval '${1 + random.below(12)}' second`
  const [early, late] = closes ? [chance(random, 0.5), chance(random, 0.4)] : [false, false]
  const silence =
    late || chance(random, 0.2) ? '' : ` and timeout interval '${1 + random.below(9)}' second`
  const modes = [`every ${period}`, `periodic ${period} repeat`, `on update with batch ${period}`]
  const parts = [
    closes ? 'on window close' : pick(random, modes),
    chance(random, closes ? 0.6 : 0.3)
      ? `with delay interval '${1 + random.below(8)}' second${silence}`
      : '',
    early ? `early every ${period}` : '',
    late ? `late on update for interval '${1 + random.below(20)}' second` : '',
  ]
  return ['emit', ...parts.filter((part) => part !== '')].join(' ')
}
