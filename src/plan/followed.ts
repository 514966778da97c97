/**
 * Followed: plans that give the rows of a node beside those of its input, for who looks for the rows behind a result.
 */
import { column } from './expression.ts'
import type { Expression, Plan } from './logical.ts'
import { join, joinShapeOf, project, scanWithPosition } from './node.ts'
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
