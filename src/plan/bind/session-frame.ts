/**
 * SessionFrame: OVER (PARTITION BY k ORDER BY ts SESSION WITH GAP i), whose frame is the session of the row.
 *
 * How      A session node below tells where the session of each row begins, which is one more column of the partition;
 *          the frame is all of it. Rows without a time are a session by themselves. No watermark closes these sessions.
 */
import type { Expression as Tree } from '../../../grammar/index.ts'
import { precisionMicros, type Type, typeText } from '../../data/index.ts'
import { call, column, literal } from '../expression.ts'
import type { Expression, Plan, SortKey } from '../logical.ts'
import { filter, project, session, union } from '../node.ts'
import { type Binding, fail } from './binding.ts'
import { microsOf } from './window.ts'

/** The gap of a session over rows with these keys of ORDER BY, in microseconds. */
export function bindGap(binding: Binding, tree: Tree, keys: readonly Type[]): bigint {
  const [key] = keys
  if (key?.kind !== 'timestamp' || keys.length > 1) {
    const found = keys.length === 1 ? `, not ${typeText(key!)}` : ''
    const message = `SESSION WITH GAP needs one key in ORDER BY, a TIMESTAMP${found}`
    fail('invalid_window', message, tree.span, 'write ORDER BY ts SESSION WITH GAP …')
  }
  const gap = microsOf(binding, tree, 'the gap of SESSION', precisionMicros(key))
  if (gap <= 0n) fail('invalid_window', 'the gap of SESSION must be positive', tree.span)
  return gap
}

interface OverShape {
  partition: number[]
  order: SortKey[]
}

/** The rows with their sessions as a part of what partitions them. */
export function inSessions(
  plan: Plan,
  { partition, order }: OverShape,
  gap: bigint,
): { plan: Plan; window: OverShape } {
  const time = order[0]!.column
  const shape = { time, keys: partition, gapMicros: gap.toString(), judge: false }
  const laid = (input: Plan) => session(input, { ...shape, emit: 'changes' })
  const width = plan.output.length
  const window = { partition: [...partition, width], order }
  if (!plan.output[time]!.nullable) return { plan: laid(plan), window }
  const boolean: Type = { kind: 'boolean' }
  const is = (name: 'is_null' | 'is_not_null'): Expression =>
    call(name, [column(time, plan.output[time]!)], boolean)
  const timed = laid(filter(plan, is('is_not_null')))
  const columns = plan.output.map((field, index) => column(index, field))
  const nothing = timed.output.slice(width).map(({ type }) => literal(null, type))
  const names = timed.output.map(({ name }) => name)
  const timeless = project(filter(plan, is('is_null')), [...columns, ...nothing], names)
  return { plan: union([timed, timeless]), window }
}
