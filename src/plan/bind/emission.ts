/**
 * Emission: when the results of a continuous query leave it, and whether that is possible.
 *
 * How      ON WINDOW CLOSE turns every aggregate whose keys hold a window column with a watermark into one that
 *          gives finals; then the whole result must be append-only. If it is not, the reason is looked for from the
 *          root down, and the message names the operator that lost it and a rewrite.
 */
import type { Emit } from '../../../grammar/index.ts'
import { mistake, type Span } from '../../base/index.ts'
import type { Plan } from '../logical.ts'
import {
  aggregate,
  inputsOf,
  mapPlan,
  nodesOf,
  session,
  sessionShapeOf,
  withInputs,
} from '../node.ts'
import { scansWithoutWatermark } from '../watermark.ts'
import { fail } from './binding.ts'
import { checkClock } from './expression/clock.ts'

export type EmitMode = 'changes' | 'on-window-close'

/** Applies what the statement asks for; `span` is where it asks. */
export function applyEmit(plan: Plan, emit: Emit | null): { plan: Plan; emit: EmitMode } {
  checkClock(plan)
  if (emit === null || emit.mode === 'changes') return { plan, emit: 'changes' }
  const closed = closeWindows(plan)
  // A match is told once, when it is decided.
  const told = !closed.updating && nodesOf(closed).some((node) => node.kind === 'match')
  if (!isFinal(closed) && told) return { plan: closed, emit: 'changes' }
  if (!isFinal(closed)) refuse(plan, closed, emit.span)
  refuseGrace(closed, emit.span)
  return { plan: closed, emit: 'on-window-close' }
}

/** What INSERT into a connector's table does when it does not say: finals where there are some. */
export function defaultEmit(plan: Plan): { plan: Plan; emit: EmitMode } {
  checkClock(plan)
  const closed = closeWindows(plan)
  if (!isFinal(closed)) return { plan, emit: 'changes' }
  refuseGrace(closed)
  return { plan: closed, emit: 'on-window-close' }
}

/** Finals would have to be corrected by rows that come for a closed window. */
function refuseGrace(plan: Plan, span?: Span): void {
  const late = nodesOf(plan).find(
    (node) => node.kind === 'scan' && node.watermark?.graceMicros !== undefined,
  )
  if (late?.kind !== 'scan') return
  mistake({
    code: 'unsupported',
    message: `not supported yet: EMIT ON WINDOW CLOSE over ${late.relation}, whose late rows UPDATE`,
    hint: 'write EMIT CHANGES: a window then takes late rows as long as UPDATE WITHIN says',
    ...(span === undefined ? {} : { span }),
  })
}

/** The plan with finals from every aggregate that can give them. */
function closeWindows(plan: Plan): Plan {
  return mapPlan(plan, (node) => {
    if (node.kind !== 'aggregate' || node.window?.watermarked !== true) return node
    const names = node.output.map((field) => field.name)
    const { keys, calls } = node
    return aggregate(closeSessions(node.input), { keys, calls, emit: 'on-window-close', names })
  })
}

/** Sessions below, up to other aggregates: an aggregate that closes wants their rows once. */
function closeSessions(plan: Plan): Plan {
  if (plan.kind === 'aggregate') return plan
  const inputs = inputsOf(plan).map(closeSessions)
  const placed = withInputs(plan, inputs)
  if (placed.kind !== 'session' || !placed.judge) return placed
  return session(inputs[0]!, { ...sessionShapeOf(placed), emit: 'on-window-close' })
}

function isFinal(plan: Plan): boolean {
  if (plan.updating) return false
  return nodesOf(plan).some((node) => node.kind === 'aggregate' && node.emit === 'on-window-close')
}

function refuse(plan: Plan, closed: Plan, span: Span): never {
  const aggregates = nodesOf(plan).filter((node) => node.kind === 'aggregate')
  if (aggregates.length === 0) {
    const hint = 'write EMIT CHANGES, or group by the columns of TUMBLE, HOP, CUMULATE or SESSION'
    fail('invalid_emit', 'nothing closes here: the query aggregates no windows', span, hint)
  }
  const culprit = firstUpdating(closed)
  if (culprit === null) return refuseOpen(aggregates[0]!, span)
  if (culprit.kind === 'aggregate') {
    const inner = nodesOf(culprit.input)
    if (inner.some((node) => node.kind === 'aggregate' && node.emit === 'on-window-close')) {
      const hint = 'group the outer aggregate by window_start and window_end, or write EMIT CHANGES'
      const message =
        'an outer aggregate over windows never closes: it is not grouped by window columns'
      fail('invalid_emit', message, span, hint)
    }
    return refuseOpen(culprit, span)
  }
  if (culprit.kind === 'join') {
    const message = 'a LEFT JOIN takes rows back when a match comes, so its result is never final'
    fail('invalid_emit', message, span, 'write EMIT CHANGES, or use an inner join')
  }
  if (culprit.kind === 'asof') {
    const message =
      'an ASOF JOIN takes rows back when nearer ones come, so its result is never final'
    fail('invalid_emit', message, span, 'write EMIT CHANGES')
  }
  if (culprit.kind === 'rank') {
    const message = 'ROW_NUMBER takes rows back when better ones come, so its result is never final'
    fail('invalid_emit', message, span, 'write EMIT CHANGES')
  }
  if (culprit.kind === 'over') {
    const message =
      'OVER takes rows back when others come beside them, so its result is never final'
    fail('invalid_emit', message, span, 'write EMIT CHANGES')
  }
  const name = culprit.kind === 'scan' ? culprit.relation : 'the input'
  fail(
    'invalid_emit',
    `${name} takes rows back, so the result is never final`,
    span,
    'write EMIT CHANGES',
  )
}

/** The deepest node that takes rows back, left side first. */
function firstUpdating(plan: Plan): Plan | null {
  for (const input of inputsOf(plan)) {
    const found = firstUpdating(input)
    if (found !== null) return found
  }
  return plan.updating ? plan : null
}

/** Why this aggregate has no windows that close. */
function refuseOpen(node: Plan & { kind: 'aggregate' }, span: Span): never {
  const input = node.input.window
  if (input === null) {
    const hint = 'take the rows from TUMBLE(…) or HOP(…) and group by window_start, window_end'
    fail('invalid_emit', 'the aggregate is not grouped by window columns', span, hint)
  }
  if (node.window === null) {
    const hint = 'add window_start and window_end to GROUP BY'
    fail('invalid_emit', 'the aggregate is not grouped by window columns', span, hint)
  }
  const bare = scansWithoutWatermark(node.input)
  if (bare.length > 0) {
    const hint = `declare one: WATERMARK FOR column AS column - INTERVAL '5' SECOND`
    fail('invalid_emit', `there is no watermark on ${bare.join(', ')}`, span, hint)
  }
  const joined = nodesOf(node.input).some((inner) => inner.kind === 'join')
  const hint = joined
    ? 'join the windows of both sides on window_start and window_end'
    : 'put the column of the watermark into the window function'
  const message = joined
    ? 'rows may still join windows that are over'
    : 'the windows do not lie on the column of the watermark'
  fail('invalid_emit', message, span, hint)
}
