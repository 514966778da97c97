/**
 * Followed: plans that give the rows of a node beside those of its input, for who looks for the rows behind a result.
 */
import { bigint } from './coerce.ts'
import { column } from './expression.ts'
import type { Expression, OverCall, PatternNode, Plan } from './logical.ts'
import {
  join,
  joinShapeOf,
  match,
  over,
  patternOf,
  project,
  rank,
  scanWithPosition,
} from './node.ts'
import type { PhysicalPlan } from './physical.ts'

/** The columns of a project's input, then its own. */
export function projected(plan: Plan & { kind: 'project' }): Plan {
  const { input, expressions, output } = plan
  const own = input.output.map((field, index) => column(index, field))
  const names = [...input.output, ...output].map(({ name }) => name)
  return project(input, [...own, ...expressions], names)
}

/** The pairs of a semi join. */
export function paired(plan: Plan & { kind: 'join' }): Plan {
  return join(plan.left, plan.right, { ...joinShapeOf(plan), join: 'inner' })
}

type Ordered = Plan & { kind: 'rank' | 'over' | 'match' }

/** The rows of an input, and the number of each in its partition, from 1: of a rank its own, without a limit. */
export function numbered(plan: Ordered): Plan {
  const { input, partition, order, ties } = plan
  const counted = plan.kind === 'rank' ? plan.function : 'row_number'
  return rank(input, { function: counted, partition, order, ties, limit: null, name: 'number' })
}

/** The same of a sort. */
export function placedInOrder({ input, keys }: Plan & { kind: 'sort' }): Plan {
  const shape = { function: 'row_number' as const, partition: [], order: keys, limit: null }
  return rank(input, { ...shape, ties: 'position', name: 'number' })
}

/** The numbered rows, and for each of these calls the least and the greatest number in its frame. */
export function framed(plan: Plan & { kind: 'over' }, calls: readonly OverCall[]): Plan {
  const { partition, order, ties, input } = plan
  const ends = calls.flatMap(({ frame }) =>
    (['min', 'max'] as const).map(
      (end): OverCall => ({
        function: end,
        argument: input.output.length,
        count: 0,
        otherwise: null,
        ignoreNulls: false,
        distinct: false,
        filter: null,
        frame,
        type: bigint,
        nullable: true,
      }),
    ),
  )
  const below = numbered(plan)
  if (ends.length === 0) return below
  const names = ends.map((_, at) => `end${at + 1}`)
  return over(below, { partition, order, ties, calls: ends, names })
}

/**
 * All rows of each match: the columns of the input, the number of the row in its partition, what the pattern shows, and
 * the number of the match, NULL of a row without one.
 */
export function matched(plan: Plan & { kind: 'match' }): Plan {
  const { allRows, cells, shown, empty, order, input } = plan
  const width = input.output.length
  const atLast = shown.map((index) => {
    const cell = cells[index]!
    return !allRows && (cell.kind === 'value' || cell.kind === 'aggregate')
      ? { ...cell, final: true }
      : cell
  })
  const told = [...atLast, { kind: 'number' as const, type: bigint, nullable: false }]
  return match(numbered(plan), {
    ...patternOf(plan),
    pattern: withExcluded(plan.pattern),
    order: [...order, { column: width, descending: false, nullsFirst: false }],
    cells: [...cells, ...told],
    allRows: true,
    empty: allRows ? empty : 'show',
    kept: [...Array(width + 1).keys()],
    shown: told.map((_, at) => cells.length + at),
  })
}

/** The pattern of which all rows are told. */
function withExcluded(node: PatternNode): PatternNode {
  switch (node.kind) {
    case 'exclude':
      return withExcluded(node.part)
    case 'repeat':
      return { ...node, part: withExcluded(node.part) }
    case 'sequence':
    case 'choice':
      return { ...node, parts: node.parts.map(withExcluded) }
    default:
      return node
  }
}

/** The rows of a scan, and their positions. */
export const placed = (plan: Plan & { kind: 'scan' }): Plan => scanWithPosition(plan)

/** A physical node, whose plan may be made anew. */
export const asLogical = (plan: PhysicalPlan): Plan => plan as unknown as Plan

/** The rows that come to a filter, and what each condition says of them. */
export function judged(
  plan: PhysicalPlan & { kind: 'filter' },
  conditions: readonly Expression[],
): Plan {
  const input = asLogical(plan.input)
  const own = input.output.map((field, index) => column(index, field))
  const names = [...input.output.map(({ name }) => name), ...conditions.map((_, at) => `_${at}`)]
  return project(input, [...own, ...conditions], names)
}
