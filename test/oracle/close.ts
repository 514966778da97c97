/**
 * Close: rows that wait until the watermark has closed their window.
 *
 * See      docs/laws.md (where a row stands)
 */
import { atOnce, type Contribution } from './contribution.ts'
import { type Context, type Node, type Of, sound } from './node.ts'

export function close(plan: Of<'close'>, input: Node, context: Context): Node {
  const { start, end, sizeMicros, unitMicros } = plan.input.window!
  let waiting: Contribution[] = []
  return (commit) => {
    waiting.push(...sound(context, input(commit)))
    if (context.mode === 'one-shot') return waiting
    const out: Contribution[] = []
    const open: Contribution[] = []
    for (const one of waiting) {
      const until =
        end === null ? (one.row[start!] as bigint) + BigInt(sizeMicros) : (one.row[end] as bigint)
      const at = context.watermarks.reached(plan.input, until - BigInt(unitMicros))
      const least = plan.input.updating ? 0 : one.triple[0]
      if (at === null || at === undefined) open.push(one)
      else out.push({ ...one, triple: [at, Number(until), least] })
    }
    waiting = open
    return atOnce(out)
  }
}
