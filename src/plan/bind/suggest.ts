/** Suggest: "did you mean" for names, by edit distance. */
import { nearest } from '../../../grammar/index.ts'

/** The hint for a name that is not there: the closest of `candidates`, if one is close. */
export function suggestion(name: string, candidates: Iterable<string>): string | undefined {
  const best = nearest(name, candidates)
  return best === undefined ? undefined : `did you mean ${best}?`
}
