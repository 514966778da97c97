/**
 * BindWindow: TUMBLE, HOP, CUMULATE and SESSION in FROM; TUMBLE, HOP and SESSION in GROUP BY.
 *
 * How      In FROM they are a relation. In GROUP BY, as Flink had them first, the window lies on what WHERE left; its
 *          call is the keys window_start and window_end, and TUMBLE_START and its like with the same arguments are
 *          the window's columns. The sessions of GROUP BY are those of its other keys, which are computed below them.
 */
import type {
  GroupKey,
  Expression as Tree,
  Relation as TreeRelation,
} from '../../../grammar/index.ts'
import { precisionMicros, typeText } from '../../data/index.ts'
import { coerce, interval, isAdaptable, isZoned, timestamp } from '../coerce.ts'
import { column, columnsOf, call as functionCall } from '../expression.ts'
import { fold } from '../fold.ts'
import type { Expression, Plan } from '../logical.ts'
import { nodesOf, project, session, type WindowShape, window } from '../node.ts'
import { heldColumn, watermarkedColumn } from '../watermark.ts'
import { sessionZone } from '../zone.ts'
import { type Binding, fail, planSpan, unsupported } from './binding.ts'
import { bindExpression, type Env } from './expression/expression.ts'
import { treeText } from './naming.ts'
import { type BoundRelation, bindRelation } from './relation.ts'
import { findColumn, type Scope, type ScopeColumn, scopeOf } from './scope.ts'
import { hasSets, leavesOf } from './select/grouping.ts'

type WindowTree = TreeRelation & { kind: 'window' }
type CallTree = Tree & { kind: 'call' }

const functions = { TUMBLE: 'tumble', HOP: 'hop', CUMULATE: 'cumulate' } as const

/** More windows per row are taken for a mistake in the units. */
export const windowsPerRowMax = 65_536n

export function bindWindow(binding: Binding, tree: WindowTree): BoundRelation {
  const source = bindRelation(binding, tree.source, [])
  const time = findColumn(source.scope, [tree.time], tree.time.span)
  const { function: name, time: column, slide, size, offset, onUpdate } = tree
  if (onUpdate !== undefined) checkOnUpdate(binding, onUpdate)
  const call = { time: column, slide, size, offset, span: tree.span }
  if (name === 'SESSION') {
    const gap = gapOf(binding, source, { ...call, name }, time)
    const keys = (tree.partition ?? []).map(
      (key) => findColumn(source.scope, [key], key.span).index,
    )
    const sessions = { time: time.index, gap, keys, span: tree.span }
    const plan = placeSessions(binding, source.plan, sessions)
    return { plan, scope: windowScope(plan, source, tree) }
  }
  const plan = window(source.plan, shapeOf(binding, source, { ...call, name }, time))
  return { plan, scope: windowScope(plan, source, tree) }
}

/** The last argument of CUMULATE: FALSE says what is so without it. */
function checkOnUpdate(binding: Binding, tree: Tree): void {
  const env = { binding, scope: [], clause: 'emitOnlyOnUpdate of CUMULATE', aggregates: null }
  const bound = fold(bindExpression(env, tree))
  if (bound.kind !== 'literal' || typeof bound.value !== 'boolean') {
    fail('invalid_window', 'emitOnlyOnUpdate of CUMULATE is TRUE or FALSE', tree.span)
  }
  if (!bound.value) return
  const hint = 'write HAVING max(ts) >= window_end - step: windows with rows since the step before'
  unsupported('CUMULATE that emits only on update', tree.span, hint)
}

/** Without an alias the source's own name stays usable as qualifier. */
function windowScope(plan: Plan, source: BoundRelation, tree: WindowTree): Scope {
  if (tree.alias !== null) return scopeOf(plan.output, tree.alias.name)
  const { qualifier = null, schema } = source.scope[0] ?? {}
  return scopeOf(plan.output, qualifier, schema)
}

/** The arguments of a window function, wherever it stands. */
interface WindowCall {
  name: 'TUMBLE' | 'HOP' | 'CUMULATE' | 'SESSION'
  time: { span: Tree['span'] }
  slide: Tree | null
  size: Tree
  offset: Tree | null
  /** What the windows lie on. */
  span: Tree['span']
}

/** Clocks are whole quarters of an hour ahead of UTC, and windows that divide them lie alike in all zones. */
const quarterMicros = 900_000_000n

/** One unit of the time column, in microseconds. */
function unitOf(source: BoundRelation, call: WindowCall, time: ScopeColumn): bigint {
  const { name } = call
  if (time.type.kind !== 'timestamp') {
    const message = `${name} needs a TIMESTAMP column, and ${time.name} is ${typeText(time.type)}`
    const candidate = source.scope.find((column) => column.type.kind === 'timestamp')
    const hint = candidate === undefined ? undefined : `${candidate.name} is a TIMESTAMP`
    fail('invalid_window', message, call.time.span, hint)
  }
  return precisionMicros(time.type)
}

/** The gap of SESSION, in microseconds. */
function gapOf(
  binding: Binding,
  source: BoundRelation,
  call: WindowCall,
  time: ScopeColumn,
): bigint {
  const unit = unitOf(source, call, time)
  const gap = microsOf(binding, call.size, 'the gap of SESSION', unit)
  if (gap <= 0n) fail('invalid_window', 'the gap of SESSION must be positive', call.size.span)
  return gap
}

interface Sessions {
  time: number
  gap: bigint
  keys: number[]
  span: Tree['span']
}

function placeSessions(binding: Binding, plan: Plan, { time, gap, keys, span }: Sessions): Plan {
  const judge = binding.continuous && watermarkedColumn(plan, time)
  if (judge && nodesOf(plan).filter(({ kind }) => kind === 'scan').length > 1) {
    const hint = 'write CREATE STREAM … AS for the union, and take the sessions of that stream'
    unsupported('SESSION over a union of streams with watermarks', span, hint)
  }
  return session(plan, { time, keys, gapMicros: gap.toString(), judge, emit: 'changes' })
}

function shapeOf(
  binding: Binding,
  source: BoundRelation,
  call: WindowCall & { name: keyof typeof functions },
  time: ScopeColumn,
): WindowShape {
  const { name } = call
  const unit = unitOf(source, call, time)
  const micros = (tree: Tree | null, what: string) =>
    tree === null ? null : microsOf(binding, tree, `the ${what} of ${name}`, unit)
  const size = micros(call.size, 'size')!
  const stride = name === 'CUMULATE' ? 'step' : 'slide'
  const slide = micros(call.slide, stride) ?? size
  const offset = micros(call.offset, 'offset') ?? 0n
  if (size <= 0n) fail('invalid_window', `the size of ${name} must be positive`, call.size.span)
  if (slide <= 0n)
    fail('invalid_window', `the ${stride} of ${name} must be positive`, call.slide!.span)
  if (size / slide > windowsPerRowMax) {
    const message = `each row would be in ${size / slide} windows, and ${windowsPerRowMax} are the most`
    fail('invalid_window', message, call.slide!.span)
  }
  if (name === 'CUMULATE' && size % slide !== 0n) {
    const message = 'the size of CUMULATE must be a multiple of its step'
    fail('invalid_window', message, call.size.span)
  }
  if (
    isZoned(time.type) &&
    sessionZone() !== null &&
    offset === 0n &&
    quarterMicros % slide !== 0n
  ) {
    binding.notices.push(
      `windows of ${time.name} begin at midnight in UTC; an offset shifts them, a TIMESTAMP has a clock's days`,
    )
  }
  const judged = watermarkedColumn(source.plan, time.index)
  return {
    function: functions[name],
    time: time.index,
    slideMicros: slide.toString(),
    sizeMicros: size.toString(),
    offsetMicros: offset.toString(),
    judge: binding.continuous && judged,
    // Rows that were held until the watermark had reached them are late for no window.
    watermarked: judged || heldColumn(source.plan, time.index),
  }
}

/** A constant INTERVAL, a whole number of units of the time column. */
export function microsOf(binding: Binding, tree: Tree, what: string, unit: bigint): bigint {
  const env = { binding, scope: [], clause: what, aggregates: null }
  const bound = bindExpression(env, tree)
  const constant = fold(isAdaptable(bound) ? coerce(bound, interval, tree.span) : bound)
  if (constant.type.kind !== 'interval') {
    const message = `${what} is an INTERVAL DAY TO SECOND, not ${typeText(constant.type)}`
    fail('invalid_window', message, tree.span, "write INTERVAL '10' SECOND")
  }
  if (constant.kind !== 'literal' || constant.value === null) {
    fail('invalid_window', `${what} must be a constant`, tree.span)
  }
  const micros = BigInt(constant.value)
  if (micros % unit === 0n) return micros
  const message = `${what} is finer than the time column, whose unit is ${unit} µs`
  return fail('invalid_window', message, tree.span)
}

// ---------------------------------------------------------------- GROUP BY TUMBLE(…)

/** The window of a SELECT whose GROUP BY has one. */
export interface GroupWindow {
  /** Lays the windows on the rows that WHERE left; `groups` are all keys, over the source and the window's columns. */
  place(plan: Plan, groups: readonly Expression[]): Plan
  /** Columns below the window's. */
  width: number
  name: 'TUMBLE' | 'HOP' | 'SESSION'
  /** Arguments of the call, as a text that equal calls share. */
  signature: string
  /** The window's columns: start, end, time. */
  columns: Expression[]
}

/** `TUMBLE(ts, size)` or `HOP(ts, slide, size)`, with an offset or not, or `SESSION(ts, gap)`. */
export function isWindowCall(tree: Tree): tree is CallTree {
  return tree.kind === 'call' && ['TUMBLE', 'HOP', 'SESSION'].includes(tree.name.name.toUpperCase())
}

/** The window that stands in GROUP BY; null when there is none. */
export function bindGroupWindow(
  binding: Binding,
  source: BoundRelation,
  keys: readonly GroupKey[],
): GroupWindow | null {
  const inSets = leavesOf(keys.filter((key) => key.kind === 'grouping-sets')).find(isWindowCall)
  if (inSets !== undefined) {
    const hint = 'write it beside the sets: it is a key of each'
    unsupported(`${nameOf(inSets)} inside grouping sets`, inSets.span, hint)
  }
  const calls = leavesOf(keys).filter(isWindowCall)
  const [call] = calls
  if (call === undefined) return null
  const signature = treeText(call.args)
  const other = calls.find(
    (one) => treeText(one.args) !== signature || nameOf(one) !== nameOf(call),
  )
  if (other !== undefined) unsupported('windows of two kinds in GROUP BY', other.span)
  const name = nameOf(call)
  const [time, ...rest] = call.args
  const slide = name === 'HOP' ? rest.shift() : null
  const [size, offset, ...more] = rest
  const tooMany = name === 'SESSION' ? offset !== undefined : more.length > 0
  if (time === undefined || slide === undefined || size === undefined || tooMany) {
    fail('syntax', `${name} in GROUP BY takes ${groupArguments[name]}`, call.span)
  }
  if (time.kind !== 'column') unsupported(`${name} of an expression`, time.span)
  const found = findColumn(source.scope, time.path, time.span)
  const parts = { time, slide, size, offset: offset ?? null, span: call.span }
  const width = source.plan.output.length
  const made = (placed: Plan, place: GroupWindow['place']): GroupWindow => {
    const fields = placed.output.slice(width)
    const columns = fields.map((field, index) => column(width + index, field))
    return { place, width, name, signature, columns }
  }
  if (name === 'SESSION') {
    if (hasSets(keys)) unsupported('SESSION beside grouping sets', call.span)
    const gap = gapOf(binding, source, { ...parts, name }, found)
    const sessions = { time: found.index, gap, keys: [], span: call.span }
    return made(placeSessions(binding, source.plan, sessions), (plan, groups) =>
      sessionsOf(binding, plan, { ...sessions, groups }),
    )
  }
  const shape = shapeOf(binding, source, { ...parts, name }, found)
  return made(window(source.plan, shape), (plan) => window(plan, shape))
}

const groupArguments = {
  TUMBLE: 'ts, size [, offset]',
  HOP: 'ts, slide, size [, offset]',
  SESSION: 'ts, gap',
}

/** The sessions of the other keys: what is no column is computed for them and goes again. */
function sessionsOf(
  binding: Binding,
  plan: Plan,
  { groups, ...sessions }: Sessions & { groups: readonly Expression[] },
): Plan {
  const width = plan.output.length
  const own = groups.filter((key) => [...columnsOf(key)].every((index) => index < width))
  const mixed = groups.find(
    (key) => !own.includes(key) && [...columnsOf(key)].some((index) => index < width),
  )
  if (mixed !== undefined) {
    unsupported('a key beside SESSION that reads the window and a column', sessions.span)
  }
  const computed = own.filter((key) => key.kind !== 'column')
  const keys = own.map((key) => (key.kind === 'column' ? key.index : width + computed.indexOf(key)))
  if (computed.length === 0) return placeSessions(binding, plan, { ...sessions, keys })
  const names = plan.output.map(({ name }) => name)
  const kept = plan.output.map((field, index) => column(index, field))
  const keyNames = computed.map((_, index) => `key_${index}`)
  const below = project(plan, [...kept, ...computed], [...names, ...keyNames])
  const placed = placeSessions(binding, below, { ...sessions, keys })
  const bounds = placed.output.slice(below.output.length)
  const shown = bounds.map((field, index) => column(below.output.length + index, field))
  return project(placed, [...kept, ...shown], [...names, ...bounds.map(({ name }) => name)])
}

function nameOf(call: CallTree): GroupWindow['name'] {
  return call.name.name.toUpperCase() as GroupWindow['name']
}

const parts = ['START', 'END', 'ROWTIME']

/** What TUMBLE_START(…) and its like stand for; null for any other call. */
export function bindWindowPart(env: Env, call: CallTree): Expression | null {
  const found = /^(TUMBLE|HOP|SESSION)_(START|END|ROWTIME|PROCTIME)$/.exec(
    call.name.name.toUpperCase(),
  )
  if (found === null) return null
  const [whole, name, part] = found as unknown as [string, string, string]
  const group = env.window ?? null
  if (group === null || group.name !== name || group.signature !== treeText(call.args)) {
    const message = `${whole} needs ${name} with the same arguments in GROUP BY`
    fail('invalid_window', message, call.span)
  }
  // The time of the cycle that tells the window.
  if (part === 'PROCTIME') {
    return functionCall('now', [], timestamp(3, true), planSpan(env.binding, call.span))
  }
  return group.columns[parts.indexOf(part)]!
}
