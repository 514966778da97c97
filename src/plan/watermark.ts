/**
 * Watermark: follows a column down to its scan.
 *
 * Contract 1 (trusted) true means: the column is the watermark's column of an append-only scan, and nothing on the
 *          way changed its values, brought rows together from elsewhere or held rows back.
 */
import type { Plan } from './logical.ts'
import { inputsOf } from './node.ts'

/** Does output column `index` come from a scan's watermark column, unchanged? */
export function watermarkedColumn(plan: Plan, index: number): boolean {
  switch (plan.kind) {
    case 'scan':
      return plan.watermark?.column === index
    case 'filter':
      return watermarkedColumn(plan.input, index)
    case 'project': {
      const expression = plan.expressions[index]!
      return expression.kind === 'column' && watermarkedColumn(plan.input, expression.index)
    }
    case 'union':
      return plan.inputs.every((input) => watermarkedColumn(input, index))
    case 'window':
      return index < plan.input.output.length && watermarkedColumn(plan.input, index)
    default:
      return false
  }
}

/** Does the column come from a join that holds its rows until the watermark has reached it? */
export function heldColumn(plan: Plan, index: number): boolean {
  switch (plan.kind) {
    case 'asof': {
      if (!plan.waits || index >= plan.left.output.length) return false
      return watermarkedColumn(plan.left, index) || heldColumn(plan.left, index)
    }
    case 'filter':
      return heldColumn(plan.input, index)
    case 'window':
      return index < plan.input.output.length && heldColumn(plan.input, index)
    case 'project': {
      const expression = plan.expressions[index]!
      return expression.kind === 'column' && heldColumn(plan.input, expression.index)
    }
    default:
      return false
  }
}

/** Names of the scans below that have no watermark. */
export function scansWithoutWatermark(plan: Plan): string[] {
  switch (plan.kind) {
    case 'scan':
      return plan.watermark === null ? [plan.relation] : []
    default:
      return inputsOf(plan).flatMap(scansWithoutWatermark)
  }
}
