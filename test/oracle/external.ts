/**
 * External: the order in which a query takes the rows of bounded sources outside the log.
 *
 * How      The next row is that of the least (greatest event time so far, number of the source); sources without a
 *          watermark come before all others. A row takes the next position when it is taken, one for all scans of its
 *          source; a source that has no more rows takes one for its end, at once.
 * See      docs/laws.md (where a row stands)
 */
import type { RelationWatermark } from '../../src/catalog/index.ts'
import type { Row } from '../../src/data/index.ts'
import type { Plan } from '../../src/plan/logical.ts'
import { inputsOf } from '../../src/plan/node.ts'
import type { Contribution } from './contribution.ts'

export type Scan = Plan & { kind: 'scan' }

/** A bounded source and its event-time column, if it has a watermark. */
export interface External {
  rows: Row[]
  time: number | null
  watermark: RelationWatermark | null
}

export interface Taken {
  contributions: Contribution[]
  end: number
  /** The end was heard of. */
  told?: boolean
}

/** The scans of a plan, left to right. */
export function scansOf(plan: Plan): Scan[] {
  return plan.kind === 'scan' ? [plan] : inputsOf(plan).flatMap(scansOf)
}

/** Rows and ends of all scans; a source is read once for all its scans. `nextPosition` hands out positions. */
export function takeAll(
  scans: readonly { scan: Scan; external: External }[],
  nextPosition: () => number,
): Map<Scan, Taken> {
  const open = [...new Set(scans.map(({ external }) => external))].map((external) => ({
    external,
    taken: { contributions: [], end: -1 } as Taken,
    at: 0,
    greatest: null as bigint | null,
  }))
  const ofSource = new Map(open.map(({ external, taken }) => [external, taken]))
  const timeOf = ({ external, at, greatest }: (typeof open)[number]): bigint | null => {
    if (external.time === null) return null
    const time = external.rows[at]![external.time] as bigint
    return greatest === null || time > greatest ? time : greatest
  }
  for (;;) {
    const ended = open.find(({ external, at }) => at >= external.rows.length)
    if (ended !== undefined) {
      ended.taken.end = nextPosition()
      open.splice(open.indexOf(ended), 1)
      continue
    }
    const [first, ...others] = open
    if (first === undefined) break
    const next = others.reduce(
      (least, one) => (isBefore(timeOf(one), timeOf(least)) ? one : least),
      first,
    )
    next.greatest = timeOf(next)
    const ordinal = next.at++
    const row = [...next.external.rows[ordinal]!]
    next.taken.contributions.push({ row, weight: 1, triple: [nextPosition(), 0, 0], ordinal })
  }
  return new Map(
    scans.map(({ scan, external }) => {
      const { contributions, end } = ofSource.get(external)!
      return [scan, { contributions: [...contributions], end }]
    }),
  )
}

function isBefore(a: bigint | null, b: bigint | null): boolean {
  return b !== null && (a === null || a < b)
}
