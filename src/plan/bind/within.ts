/**
 * BindWithin: JOIN … WITHIN becomes conditions on the event times of both sides: an interval join.
 *
 * How      The event time of a side is the column of its relation's watermark, followed up through filters, projections
 *          and unions. GRACE PERIOD says how late rows may come, which watermarks say here: a notice.
 */
import type { Duration, Relation as TreeRelation } from '../../../grammar/index.ts'
import { boolean, interval } from '../coerce.ts'
import { call, column, literal } from '../expression.ts'
import type { Expression, Plan } from '../logical.ts'
import { type Binding, fail, unsupported } from './binding.ts'
import { microsOf } from './window.ts'

type JoinTree = TreeRelation & { kind: 'join' }

/** Conditions over the columns of both sides, left ones first; none where the join has no WITHIN. */
export function bindWithin(
  binding: Binding,
  { within, left: leftTree, right: rightTree }: JoinTree,
  left: Plan,
  right: Plan,
): Expression[] {
  if (within === undefined) return []
  if (within.grace !== null) {
    binding.notices.push('GRACE PERIOD is ignored: the watermarks of both sides say who comes late')
  }
  const [a, b] = [timeOf(binding, left, leftTree), timeOf(binding, right, rightTree)]
  const from = column(a, left.output[a]!)
  const to = column(b + left.output.length, right.output[b]!)
  const shifted = (micros: bigint) => call('add', [from, literal(micros, interval)], from.type)
  return [
    call('ge', [to, shifted(-microsIn(binding, within.before))], boolean),
    call('le', [to, shifted(microsIn(binding, within.after))], boolean),
  ]
}

export function refuseWithin({ within }: JoinTree, beside: string): void {
  if (within !== undefined) unsupported(`WITHIN beside ${beside}`, within.span)
}

function microsIn(binding: Binding, { count, unit, span }: Duration): bigint {
  const tree = { kind: 'interval', text: count, from: unit, to: null, span } as const
  return microsOf(binding, tree, 'WITHIN', 1n)
}

function timeOf(binding: Binding, plan: Plan, { span }: TreeRelation): number {
  const found = timeColumn(binding, plan)
  if (found !== null) return found
  const hint = 'declare WATERMARK FOR its time, or bound two times in ON'
  return fail('invalid_window', 'this side of WITHIN has no event time', span, hint)
}

/** The column that holds the event time of the plan's rows; null where there is none, or it is not shown. */
function timeColumn(binding: Binding, plan: Plan): number | null {
  const shown = (index: number) => (index < 0 ? null : index)
  switch (plan.kind) {
    case 'scan': {
      const time = binding.catalog.get(plan.relation)?.watermark?.column
      return time === undefined ? null : shown(plan.columns.indexOf(time))
    }
    case 'filter':
      return timeColumn(binding, plan.input)
    case 'project': {
      const below = timeColumn(binding, plan.input)
      return shown(plan.expressions.findIndex((e) => e.kind === 'column' && e.index === below))
    }
    case 'union': {
      const [first, ...others] = plan.inputs.map((input) => timeColumn(binding, input))
      return others.every((other) => other === first) ? first! : null
    }
    default:
      return null
  }
}
