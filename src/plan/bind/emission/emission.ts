/**
 * Emission: when the results of a continuous query leave it, and whether that is possible.
 *
 * How      ON WINDOW CLOSE makes final what can be (closing.ts); then the whole result must be append-only. If it is
 *          not, the reason is looked for from the root down, and the message names the operator that lost it and a
 *          rewrite.
 *          EVERY and WITH BATCH put a `hold` on top of the plan, EARLY and LATE one on top of every aggregate that
 *          would close; DELAY and LATE let the watermarks of the query's own scans trail by more. What a mode cannot
 *          have beside it is refused at its place.
 */
import type { Emit, Expression as Tree } from '../../../../grammar/index.ts'
import { mistake, type Span } from '../../../base/index.ts'
import { hold } from '../../commit-node.ts'
import type { Plan, Watermark } from '../../logical.ts'
import { equatedWindow, inputsOf, mapPlan, nodesOf, withInputs } from '../../node.ts'
import { scansWithoutWatermark } from '../../watermark.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { checkClock } from '../expression/clock.ts'
import { checkVolatile } from '../expression/user-function.ts'
import { placeLifetimes } from '../lifetime.ts'
import { microsOf } from '../window.ts'
import { closeJoins, closeWindows, isFinal } from './closing.ts'

export type EmitMode = 'changes' | 'on-window-close'

/** Applies what the statement asks for; `emit` is where it asks. */
export function applyEmit(
  binding: Binding,
  given: Plan,
  emit: Emit | null,
): { plan: Plan; emit: EmitMode } {
  const plan = placeLifetimes(given)
  if (emit !== null) refuseBeside(emit)
  if (emit === null || emit.mode === 'changes') {
    checkAgain(plan)
    if (emit === null) return { plan, emit: 'changes' }
    return { plan: paced(binding, later(binding, plan, emit), emit), emit: 'changes' }
  }
  const hasPanes = emit.early !== undefined || emit.late !== undefined
  const windows = closeWindows(plan)
  const closed = hasPanes ? windows : closeJoins(windows)
  checkAgain(isFinal(closed) && !hasPanes ? closed : plan)
  const told = !closed.updating && nodesOf(closed).some(isTold)
  if (!isFinal(closed) && told) {
    refusePanes(emit, 'leave EARLY and LATE out: a match is told once, when it is decided')
    return { plan: later(binding, closed, emit), emit: 'changes' }
  }
  if (!isFinal(closed)) refuse(plan, closed, emit.span)
  if (hasPanes) {
    return { plan: panes(binding, plan, emit), emit: 'changes' }
  }
  refuseGrace(closed, emit.span)
  return { plan: later(binding, closed, emit), emit: 'on-window-close' }
}

/** What INSERT into a connector's table does when it does not say: finals where there are some. */
export function defaultEmit(given: Plan): { plan: Plan; emit: EmitMode } {
  const plan = placeLifetimes(given)
  const windows = closeWindows(plan)
  // The pairs of rows that only come are told as they come.
  const closed = windows.updating ? closeJoins(windows) : windows
  checkAgain(isFinal(closed) ? closed : plan)
  if (!isFinal(closed)) return { plan, emit: 'changes' }
  refuseGrace(closed)
  return { plan: closed, emit: 'on-window-close' }
}

/** What may be another value when it is asked for again does not stand beside rows that are taken back. */
function checkAgain(plan: Plan): void {
  checkVolatile(plan)
  checkClock(plan)
}

/** Finals would have to be corrected by rows that come for a closed window. */
function refuseGrace(plan: Plan, span?: Span): void {
  const late = nodesOf(plan).find(
    (node) => node.kind === 'scan' && node.watermark?.graceMicros !== undefined,
  )
  if (late?.kind !== 'scan') return
  mistake({
    code: 'unsupported',
    message: `not supported yet: finals of ${late.relation}, whose late rows UPDATE`,
    hint: 'write EMIT CHANGES, or EMIT ON WINDOW CLOSE LATE ON UPDATE FOR the same time',
    ...(span === undefined ? {} : { span }),
  })
}

// ---------------------------------------------------------------- what waits

/** What the mode has no use for. */
function refuseBeside({ mode, every, repeats, batch, early, late, span }: Emit): void {
  const refuse = (what: string, where: string, at: Span): never =>
    fail('invalid_emit', `${what} belongs to ${where}`, at, `write ${where}, or leave it out`)
  if (repeats && every === undefined) refuse('REPEAT', 'EMIT EVERY i REPEAT', span)
  if (batch !== undefined && (mode !== 'changes' || every !== undefined)) {
    refuse('WITH BATCH', 'EMIT CHANGES WITH BATCH i', batch.span)
  }
  if (mode !== 'changes') return
  if (early !== undefined) refuse('EARLY', 'EMIT ON WINDOW CLOSE EARLY EVERY i', early.span)
  if (late !== undefined) refuse('LATE', 'EMIT ON WINDOW CLOSE LATE ON UPDATE FOR i', late.span)
}

/** EVERY i [REPEAT], WITH BATCH i: all changes wait for the clock. */
function paced(binding: Binding, plan: Plan, { every, batch, repeats = false }: Emit): Plan {
  if (every !== undefined) {
    const periodMicros = durationOf(binding, every, 'EMIT EVERY').toString()
    return hold(plan, { periodMicros, counted: 'start', graceMicros: null, repeats })
  }
  if (batch === undefined) return plan
  const periodMicros = durationOf(binding, batch, 'WITH BATCH').toString()
  return hold(plan, { periodMicros, counted: 'change', graceMicros: null, repeats: false })
}

/** EARLY EVERY i, LATE ON UPDATE FOR i: the windows change, but wait until they close. */
function panes(binding: Binding, plan: Plan, emit: Emit): Plan {
  if (!nodesOf(plan).some((node) => node.kind === 'aggregate' && node.window?.watermarked)) {
    refusePanes(emit, 'leave EARLY and LATE out, or write EMIT CHANGES')
  }
  const early = emit.early === undefined ? null : durationOf(binding, emit.early, 'EARLY EVERY')
  const late = emit.late === undefined ? 0n : durationOf(binding, emit.late, 'LATE ON UPDATE FOR')
  const graces = nodesOf(plan).map((node) =>
    BigInt((node.kind === 'scan' && node.watermark?.graceMicros) || '0'),
  )
  const grace = graces.reduce((a, b) => (b > a ? b : a), late)
  const holding = {
    periodMicros: early?.toString() ?? null,
    counted: 'start' as const,
    graceMicros: grace.toString(),
    repeats: false,
  }
  const held = (node: Plan): Plan => {
    if (node.kind === 'aggregate' && node.window?.watermarked === true) return hold(node, holding)
    return withInputs(node, inputsOf(node).map(held))
  }
  if (grace > 0n && emit.timeout !== undefined) {
    const hint = 'leave LATE ON UPDATE out: a window that the clock closes takes no more rows'
    unsupported('AND TIMEOUT beside windows that take late rows', emit.timeout.span, hint)
  }
  return held(later(binding, withGrace(plan, grace), emit))
}

function refusePanes({ early, late }: Emit, hint: string): void {
  const pane = early ?? late
  if (pane === undefined) return
  fail(
    'invalid_emit',
    'only windows that are aggregated have early and late results',
    pane.span,
    hint,
  )
}

/** WITH DELAY i AND TIMEOUT j: watermarks come later, but not later than the clock says. */
function later(binding: Binding, plan: Plan, { delay, timeout }: Emit): Plan {
  const hint = 'leave it out, or take the rows from TUMBLE(…), HOP(…), CUMULATE(…) or SESSION(…)'
  if (delay !== undefined && !nodesOf(plan).some(goesByWatermark)) {
    const message = 'WITH DELAY lets the watermark trail, and nothing here goes by one'
    fail('invalid_emit', message, delay.span, hint)
  }
  if (timeout !== undefined && !closes(plan)) {
    fail('invalid_emit', 'AND TIMEOUT closes windows, and there are none', timeout.span, hint)
  }
  const by = delay === undefined ? 0n : durationOf(binding, delay, 'WITH DELAY')
  const trailed = by === 0n ? plan : trailing(plan, by)
  if (timeout === undefined) return trailed
  const timeoutMicros = durationOf(binding, timeout, 'TIMEOUT').toString()
  return withWatermarks(trailed, () => ({ timeoutMicros }))
}

/** Has it windows that the watermark closes? Those of a join by event time are its own affair. */
function closes(node: Plan): boolean {
  if (node.kind === 'window' && node.window?.watermarked) return true
  if (node.kind === 'session' && node.judge) return true
  return !isBounded(node) && inputsOf(node).some(closes)
}

const isBounded = (node: Plan) => node.kind === 'join' && node.bounds !== undefined

const goesByWatermark = (node: Plan) => closes(node) || isTold(node) || isBounded(node)

/** A match is told once, when it is decided, and a row that waited for a version, too. */
const isTold = (node: Plan) => node.kind === 'match' || (node.kind === 'asof' && node.waits)

function durationOf(binding: Binding, tree: Tree, what: string): bigint {
  const micros = microsOf(binding, tree, what, 1n)
  if (micros <= 0n) fail('invalid_emit', `${what} takes a positive INTERVAL`, tree.span)
  return micros
}

/** The plan with watermarks that come so much later. */
function trailing(plan: Plan, micros: bigint): Plan {
  return withWatermarks(plan, (watermark) => ({
    delayMicros: (BigInt(watermark.delayMicros) + micros).toString(),
    graceMicros: (BigInt(watermark.graceMicros ?? 0) + micros).toString(),
  }))
}

/** The plan with one time for which all windows take late rows. */
function withGrace(plan: Plan, grace: bigint): Plan {
  return withWatermarks(plan, ({ delayMicros, graceMicros }) => ({
    delayMicros: (BigInt(delayMicros) - BigInt(graceMicros ?? 0) + grace).toString(),
    graceMicros: grace.toString(),
  }))
}

function withWatermarks(plan: Plan, change: (watermark: Watermark) => Partial<Watermark>): Plan {
  return mapPlan(plan, (node) => {
    if (node.kind !== 'scan' || node.watermark === null) return node
    return { ...node, watermark: { ...node.watermark, ...change(node.watermark) } }
  })
}

// ---------------------------------------------------------------- refused

function refuse(plan: Plan, closed: Plan, span: Span): never {
  const aggregates = nodesOf(plan).filter((node) => node.kind === 'aggregate')
  const culprit = firstUpdating(closed)
  if (aggregates.length === 0 && !isOfWindows(culprit)) {
    const hint = 'write EMIT CHANGES, or group by the columns of TUMBLE, HOP, CUMULATE or SESSION'
    fail('invalid_emit', 'nothing closes here: the query aggregates no windows', span, hint)
  }
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
  if (culprit.kind === 'join') refuseJoin(culprit, span)
  if (culprit.kind === 'asof') {
    const message =
      'an ASOF JOIN takes rows back when nearer ones come, so its result is never final'
    fail('invalid_emit', message, span, 'write EMIT CHANGES')
  }
  if (culprit.kind === 'rank') {
    const message = 'ROW_NUMBER takes rows back when better ones come, so its result is never final'
    fail('invalid_emit', message, span, hintOf(culprit))
  }
  if (culprit.kind === 'over') {
    const message =
      'OVER takes rows back when others come beside them, so its result is never final'
    fail('invalid_emit', message, span, hintOf(culprit))
  }
  const name = culprit.kind === 'scan' ? culprit.relation : 'the input'
  fail(
    'invalid_emit',
    `${name} takes rows back, so the result is never final`,
    span,
    'write EMIT CHANGES',
  )
}

/** Does it stand over windows, or is it a rank, which could? */
function isOfWindows(node: Plan | null): boolean {
  if (node?.kind === 'rank') return true
  const inputs = node?.kind === 'over' || node?.kind === 'join' ? inputsOf(node) : []
  return inputs.some(hasWindows)
}

const hasWindows = (plan: Plan) => nodesOf(plan).some(({ window }) => window !== null)

const hintOf = ({ input }: Plan & { kind: 'rank' | 'over' }) =>
  !hasWindows(input)
    ? 'write EMIT CHANGES'
    : 'write EMIT CHANGES, or add window_start and window_end of windows over a stream to PARTITION BY'

function refuseJoin(node: Plan & { kind: 'join' }, span: Span): never {
  const isPaired = equatedWindow(node.left, node.right, node) !== null
  if (node.join === 'full' && isPaired) {
    const hint = 'write EMIT CHANGES, or a LEFT JOIN'
    unsupported('finals of a FULL JOIN of windows', span, hint)
  }
  const side = isPaired
    ? 'join windows over streams, or what is grouped by these, alone'
    : 'use an inner join, or windows over streams on both sides that ON sets equal'
  const kind =
    node.join === 'inner' || node.join === 'semi' ? 'JOIN' : `${node.join.toUpperCase()} JOIN`
  const message = `a ${kind} takes rows back when a match comes, so its result is never final`
  fail('invalid_emit', message, span, `write EMIT CHANGES, or ${side}`)
}

/** The deepest node that takes rows back, left side first. */
function firstUpdating(plan: Plan): Plan | null {
  if (!plan.updating) return null
  for (const input of inputsOf(plan)) {
    const found = firstUpdating(input)
    if (found !== null) return found
  }
  return plan
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
