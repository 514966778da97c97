/**
 * Moving: ST_SPEED, ENTERS and EXITS with OVER, which compare a row with the one before it.
 *
 * How      ENTERS(p, area) OVER w is ENTERS(LAG(p) OVER w, p, area), and so with the others.
 */
import type { Expression as Tree } from '../../../grammar/index.ts'
import { fail } from './binding.ts'

type Over = Tree & { kind: 'over' }

/** How many of its arguments are looked at in the row before. */
const looksBack: ReadonlyMap<string, number> = new Map([
  ['st_speed', 2],
  ['enters', 1],
  ['exits', 1],
])

/** The call without OVER; null of any other one. */
export function ofRowBefore(tree: Over): Tree | null {
  const { call, ignoreNulls } = tree
  const upper = call.name.name.toUpperCase()
  const count = looksBack.get(upper.toLowerCase())
  if (count === undefined) return null
  if (call.args.length !== 2) {
    const hint = `it is ${upper}(p, ${count === 2 ? 'ts' : 'area'}) OVER (… ORDER BY ts)`
    fail(
      'type_mismatch',
      `${upper} OVER takes 2 arguments, not ${call.args.length}`,
      call.span,
      hint,
    )
  }
  if (call.distinct || call.filter !== null || ignoreNulls) {
    fail('syntax', `DISTINCT, FILTER and IGNORE NULLS do not go with ${upper}`, call.span)
  }
  const before = call.args.slice(0, count).map((arg): Tree => {
    const lag = { ...call, name: { ...call.name, name: 'lag', quoted: false }, args: [arg] }
    return { ...tree, call: lag, span: arg.span }
  })
  return { ...call, args: [...before, ...call.args] }
}
