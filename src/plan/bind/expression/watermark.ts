/**
 * BindWatermarkCall: CURRENT_WATERMARK(ts): the watermark of ts before the row at hand.
 *
 * How      The scan gives it as a column of its own, the last one, and what lies between hands it on. In a one-shot
 *          statement there is no watermark: the call is NULL, so that WHERE ts > CURRENT_WATERMARK(ts) IS NOT FALSE
 *          leaves no row out.
 * See      docs/watermarks.md
 */
import type { Expression as Tree } from '../../../../grammar/index.ts'
import { type Type, typeText } from '../../../data/index.ts'
import { column, literal } from '../../expression.ts'
import type { Expression, Plan } from '../../logical.ts'
import { filter, nodesOf, project, scanWithWatermark, shapeOf, window } from '../../node.ts'
import { watermarkedColumn } from '../../watermark.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { bindExpression, type Env } from './expression.ts'

type Call = Tree & { kind: 'call' }

/** Of what the watermark is read: the plan below a SELECT, and where its last column holds the watermark. */
export interface Marked {
  plan: Plan
  /** null where the plan cannot hand it on. */
  column: number | null
}

/** Does the tree, or a view that it may come from, call the function? */
function mayReadWatermark(binding: Binding, tree: object): boolean {
  if (binding.views.length === 0 && !/current_watermark/i.test(binding.text)) return false
  return /"current_watermark"/i.test(JSON.stringify(tree))
}

/** The plan below a SELECT with one more column, the watermark before each row; null when nobody asks for it. */
export function watermarksOf(binding: Binding, tree: object, plan: Plan): Marked | null {
  if (!binding.continuous || !mayReadWatermark(binding, tree)) return null
  const found = handOn(plan, (node) =>
    node.kind === 'scan' && node.watermark !== null ? scanWithWatermark(node) : null,
  )
  return found === null ? { plan, column: null } : { plan: found, column: plan.output.length }
}

/** The plan with one more column, which `first` gives to what its rows come from; null where it is lost on the way. */
export function handOn(plan: Plan, first: (plan: Plan) => Plan | null): Plan | null {
  const input = 'input' in plan ? handOn(plan.input, first) : null
  switch (plan.kind) {
    case 'filter':
      return input === null ? null : filter(input, plan.predicate)
    case 'project':
      return input === null ? null : withLast(input, plan.expressions, plan)
    case 'window': {
      if (input === null) return null
      const watermarked = plan.window?.watermarked === true
      const placed = window(input, { ...shapeOf(plan), watermarked })
      const width = input.output.length - 1
      // The window's columns stand behind the new one.
      const kept = plan.output.map((field, at) => column(at < width ? at : at + 1, field))
      return withLast(placed, kept, plan, width)
    }
    default:
      return first(plan)
  }
}

function withLast(input: Plan, kept: Expression[], { output }: Plan, at?: number): Plan {
  const place = at ?? input.output.length - 1
  const mark = input.output[place]!
  const names = [...output.map(({ name }) => name), mark.name]
  return project(input, [...kept, column(place, mark)], names)
}

export function bindWatermarkCall(env: Env, tree: Call): Expression {
  const [arg, ...more] = tree.args
  if (arg === undefined || more.length > 0) {
    fail('type_mismatch', 'CURRENT_WATERMARK takes one column', tree.span)
  }
  const time = bindExpression(env, arg)
  const name = arg.kind === 'column' ? arg.path.map((part) => part.name).join('.') : 'its argument'
  if (time.type.kind !== 'timestamp') {
    const message = `CURRENT_WATERMARK takes a TIMESTAMP column, and ${name} is ${typeText(time.type)}`
    fail('type_mismatch', message, arg.span)
  }
  const type: Type = { ...time.type, precision: 6 }
  if (!env.binding.continuous) return literal(null, type)
  const { marked: from } = env
  const isPlain = (node: Plan) => ['scan', 'filter', 'project', 'window'].includes(node.kind)
  if (time.kind !== 'column' || from == null || !nodesOf(from.plan).every(isPlain)) {
    unsupported('CURRENT_WATERMARK of what comes from a join, a union or an aggregate', tree.span)
  }
  if (from.column === null || !watermarkedColumn(from.plan, time.index)) {
    const hint = 'CREATE STREAM … (…, WATERMARK FOR column) gives a column one'
    fail('type_mismatch', `${name} has no watermark`, arg.span, hint)
  }
  const watermark = column(from.column, { type, nullable: true })
  env.binding.spans.set(watermark, tree.span)
  return watermark
}
