/**
 * Changelog: what a commit would show of the input, change by change, as rows that say what happened.
 *
 * See      docs/laws.md (TO_CHANGELOG)
 */
import { changesOf } from './commit.ts'
import type { Contribution } from './contribution.ts'
import { type Context, type Node, type Of, sound } from './node.ts'

export function changelog(plan: Of<'changelog'>, input: Node, context: Context): Node {
  const { partition, identity, codes } = plan
  const others = plan.input.output.flatMap((_, at) => (partition.includes(at) ? [] : [at]))
  return (commit) => {
    const seen = new Map<string, number>()
    return changesOf(sound(context, input(commit)), identity).flatMap(
      ({ op, row, triple: [major, middle] }): Contribution[] => {
        const place = `${major} ${middle}`
        const number = seen.get(place) ?? 0
        seen.set(place, number + 1)
        if (codes[op] === null) return []
        const told = [
          ...partition.map((at) => row[at]!),
          codes[op],
          ...others.map((at) => row[at]!),
        ]
        return [{ row: told, weight: 1, triple: [major, middle, number] }]
      },
    )
  }
}
