/**
 * Suggest: "did you mean" for names, by edit distance.
 *
 * Cost     O(length²) per candidate; only on the way to a mistake.
 */
import { editDistance } from '../../../grammar/index.ts'

/** The hint for a name that is not there: the closest of `candidates`, if one is close. */
export function suggestion(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase(), bestDistance)
    if (distance >= bestDistance) continue
    best = candidate
    bestDistance = distance
  }
  return best === undefined ? undefined : `did you mean ${best}?`
}
