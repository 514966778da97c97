/**
 * Closing: the plan with what EMIT ON WINDOW CLOSE makes final.
 *
 * How      From the leaves up: an aggregate whose keys hold a window column with a watermark gives its finals, and
 *          window functions over the rows of a window, which come together at its close, are told there.
 *          Then, from the root down: where a join of windows stands above all of these, its rows wait until both sides
 *          have closed, if it may take rows back before or nothing below it waits.
 * Contract 1 (checked by the golden scripts) no row of a window comes after what is told at its close.
 * See      docs/laws.md (watermarks, windows, lateness); emission.ts
 */
import { close } from '../../commit-node.ts'
import type { Plan } from '../../logical.ts'
import {
  aggregate,
  equatedWindow,
  inputsOf,
  mapPlan,
  nodesOf,
  over,
  overShapeOf,
  project,
  rank,
  rankShapeOf,
  session,
  sessionShapeOf,
  withInputs,
} from '../../node.ts'

/** Window functions over the rows of partitions. */
type Ordered = Plan & { kind: 'rank' | 'over' }

/** The plan with finals from every aggregate and window function that can give them. */
export function closeWindows(plan: Plan): Plan {
  return mapPlan(plan, (node) => {
    if (node.kind === 'rank' || node.kind === 'over') return closeOrdered(node)
    if (node.kind === 'project' && isAboveFinal(node.input)) return shownAnew(node)
    if (node.kind !== 'aggregate' || node.window?.watermarked !== true) return node
    const names = node.output.map((field) => field.name)
    const { keys, calls } = node
    return aggregate(closeSessions(node.input), { keys, calls, emit: 'on-window-close', names })
  })
}

/** The plan with joins of windows that wait for their close, where nothing above them does. */
export function closeJoins(plan: Plan): Plan {
  switch (plan.kind) {
    case 'filter':
    case 'project':
    case 'union':
      return withInputs(plan, inputsOf(plan).map(closeJoins))
    case 'join':
      return closeJoin(plan)
    default:
      return plan
  }
}

/** Is every row of the plan told once, at the close of its window? */
export function isFinal(plan: Plan): boolean {
  if (plan.updating) return false
  return nodesOf(plan).some(
    (node) =>
      node.kind === 'close' ||
      (node.kind === 'aggregate' && node.emit === 'on-window-close') ||
      isFinalOrdered(node),
  )
}

/** The rows of a window come all at once, at its close. */
function closeOrdered(node: Ordered): Plan {
  const input = closeJoins(closeSessions(node.input))
  const { window } = input
  const isOfWindow = node.partition.some((at) => at === window?.start || at === window?.end)
  if (input.updating || !isOfWindow || window?.watermarked !== true) return node
  const final = { final: true } as const
  const closed = (below: Plan) =>
    node.kind === 'rank'
      ? rank(below, { ...rankShapeOf(node), ...final })
      : over(below, { ...overShapeOf(node), ...final })
  if (tellsAtClose(input)) return closed(input)
  return nodesOf(input).every(({ kind }) => steady.has(kind)) ? closed(close(input)) : node
}

/** The rows of a join of windows wait for the close of both sides, unless all of these come at it. */
function closeJoin(node: Plan & { kind: 'join' }): Plan {
  const isReady = node.window?.watermarked === true && nodesOf(node).every(comesInTime)
  if (!isReady || tellsAtClose(node)) return node
  return close(closeSessions(node))
}

/** Do rows of a window come from here before its close alone, or at it? */
function comesInTime(node: Plan): boolean {
  if (node.kind === 'join') return isOfWindows(node)
  if (node.kind === 'session') return node.judge
  return steady.has(node.kind) || givesFinals(node) || isFinalOrdered(node)
}

const isOfWindows = (node: Plan & { kind: 'join' }) =>
  node.bounds === undefined && equatedWindow(node.left, node.right, node) !== null

/** A projection of window functions knew no windows while their values could change. */
const shownAnew = ({ input, expressions, output }: Plan & { kind: 'project' }): Plan => {
  const names = output.map(({ name }) => name)
  return project(input, expressions, names)
}

function isAboveFinal(node: Plan): boolean {
  if (node.kind === 'filter' || node.kind === 'project') return isAboveFinal(node.input)
  return isFinalOrdered(node)
}

const isFinalOrdered = (node: Plan) =>
  (node.kind === 'rank' || node.kind === 'over') && node.final === true

const givesFinals = (node: Plan) =>
  (node.kind === 'aggregate' || node.kind === 'session') && node.emit === 'on-window-close'

/** Below these a row of a window comes when its stream brings it, and never after the close. */
const steady: ReadonlySet<Plan['kind']> = new Set(['scan', 'filter', 'project', 'window', 'union'])

/** Do the rows of a window come together, when it closes? */
function tellsAtClose(node: Plan): boolean {
  if (node.kind === 'filter' || node.kind === 'project') return tellsAtClose(node.input)
  if (node.kind === 'join') {
    return node.join === 'inner' && isOfWindows(node) && inputsOf(node).every(tellsAtClose)
  }
  return node.kind === 'close' || isFinalOrdered(node) || givesFinals(node)
}

/** Sessions below, up to other aggregates: an aggregate that closes wants their rows once. */
function closeSessions(plan: Plan): Plan {
  if (plan.kind === 'aggregate') return plan
  const inputs = inputsOf(plan).map(closeSessions)
  const placed = withInputs(plan, inputs)
  if (placed.kind !== 'session' || !placed.judge) return placed
  return session(inputs[0]!, { ...sessionShapeOf(placed), emit: 'on-window-close' })
}
