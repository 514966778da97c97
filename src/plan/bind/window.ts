/**
 * BindWindow: TUMBLE, HOP and CUMULATE in FROM; TUMBLE and HOP in GROUP BY.
 *
 * How      In FROM they are a relation. In GROUP BY, as Flink had them first, the window lies on what WHERE left; its
 *          call is the keys window_start and window_end, and TUMBLE_START and its like with the same arguments are
 *          the window's columns.
 */
import type { Expression as Tree, Relation as TreeRelation } from '../../../grammar/index.ts'
import { precisionMicros, typeText } from '../../data/index.ts'
import { coerce, interval, isAdaptable } from '../coerce.ts'
import { column } from '../expression.ts'
import { fold } from '../fold.ts'
import type { Expression, Plan } from '../logical.ts'
import { type WindowShape, window } from '../node.ts'
import { watermarkedColumn } from '../watermark.ts'
import { type Binding, fail, unsupported } from './binding.ts'
import { bindExpression, type Env } from './expression/expression.ts'
import { type BoundRelation, bindRelation } from './relation.ts'
import { findColumn, type Scope, type ScopeColumn, scopeOf } from './scope.ts'

type WindowTree = TreeRelation & { kind: 'window' }
type CallTree = Tree & { kind: 'call' }

const functions = { TUMBLE: 'tumble', HOP: 'hop', CUMULATE: 'cumulate' } as const

/** More windows per row are taken for a mistake in the units. */
const windowsPerRowMax = 65_536n

export function bindWindow(binding: Binding, tree: WindowTree): BoundRelation {
  const source = bindRelation(binding, tree.source, [])
  if (tree.function === 'SESSION') unsupported('SESSION windows', tree.span)
  const time = findColumn(source.scope, [tree.time], tree.time.span)
  const { function: name, time: column, slide, size, offset } = tree
  const call: WindowCall = { name, time: column, slide, size, offset, span: tree.source.span }
  const plan = window(source.plan, shapeOf(binding, source, call, time))
  return { plan, scope: windowScope(plan, source, tree) }
}

/** Without an alias the source's own name stays usable as qualifier. */
function windowScope(plan: Plan, source: BoundRelation, tree: WindowTree): Scope {
  if (tree.alias !== null) return scopeOf(plan.output, tree.alias.name)
  const qualifier = source.scope[0]?.qualifier ?? null
  return scopeOf(plan.output, qualifier)
}

/** The arguments of a window function, wherever it stands. */
interface WindowCall {
  name: 'TUMBLE' | 'HOP' | 'CUMULATE'
  time: { span: Tree['span'] }
  slide: Tree | null
  size: Tree
  offset: Tree | null
  /** What the windows lie on. */
  span: Tree['span']
}

function shapeOf(
  binding: Binding,
  source: BoundRelation,
  call: WindowCall,
  time: ScopeColumn,
): WindowShape {
  const { name } = call
  if (time.type.kind !== 'timestamp') {
    const message = `${name} needs a TIMESTAMP column, and ${time.name} is ${typeText(time.type)}`
    const candidate = source.scope.find((column) => column.type.kind === 'timestamp')
    const hint = candidate === undefined ? undefined : `${candidate.name} is a TIMESTAMP`
    fail('invalid_window', message, call.time.span, hint)
  }
  const unit = precisionMicros(time.type)
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
  const watermarked = watermarkedColumn(source.plan, time.index)
  return {
    function: functions[name],
    time: time.index,
    slideMicros: slide.toString(),
    sizeMicros: size.toString(),
    offsetMicros: offset.toString(),
    judge: binding.continuous && watermarked,
    watermarked,
  }
}

/** A constant INTERVAL, a whole number of units of the time column. */
export function microsOf(binding: Binding, tree: Tree, what: string, unit: bigint): bigint {
  const env = { binding, scope: [], clause: what, aggregates: null }
  const bound = bindExpression(env, tree)
  const constant = fold(isAdaptable(bound) ? coerce(bound, interval, tree.span) : bound)
  if (constant.type.kind !== 'interval') {
    const message = `${what} is an INTERVAL, not ${typeText(constant.type)}`
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
  shape: WindowShape
  /** Columns below the window's. */
  width: number
  name: 'TUMBLE' | 'HOP'
  /** Arguments of the call, as a text that equal calls share. */
  signature: string
  /** The window's columns: start, end, time. */
  columns: Expression[]
}

/** `TUMBLE(ts, size)` or `HOP(ts, slide, size)`, with an offset or not. */
export function isWindowCall(tree: Tree): tree is CallTree {
  return tree.kind === 'call' && ['TUMBLE', 'HOP'].includes(tree.name.name.toUpperCase())
}

/** The window that stands in GROUP BY; null when there is none. */
export function bindGroupWindow(
  binding: Binding,
  source: BoundRelation,
  keys: readonly Tree[],
): GroupWindow | null {
  const calls = keys.filter(isWindowCall)
  const [call] = calls
  if (call === undefined) return null
  const signature = signatureOf(call)
  const other = calls.find((one) => signatureOf(one) !== signature || nameOf(one) !== nameOf(call))
  if (other !== undefined) unsupported('windows of two kinds in GROUP BY', other.span)
  const name = nameOf(call)
  const [time, ...rest] = call.args
  const slide = name === 'HOP' ? rest.shift() : null
  const [size, offset, ...more] = rest
  if (time === undefined || slide === undefined || size === undefined || more.length > 0) {
    const wanted = name === 'HOP' ? 'ts, slide, size' : 'ts, size'
    fail('syntax', `${name} in GROUP BY takes ${wanted} [, offset]`, call.span)
  }
  if (time.kind !== 'column') unsupported(`${name} of an expression`, time.span)
  const found = findColumn(source.scope, time.path, time.span)
  const parts: WindowCall = { name, time, slide, size, offset: offset ?? null, span: call.span }
  const shape = shapeOf(binding, source, parts, found)
  const width = source.plan.output.length
  const fields = window(source.plan, shape).output.slice(width)
  const columns = fields.map((field, index) => column(width + index, field))
  return { shape, width, name, signature, columns }
}

function nameOf(call: CallTree): 'TUMBLE' | 'HOP' {
  return call.name.name.toUpperCase() as 'TUMBLE' | 'HOP'
}

function signatureOf(call: CallTree): string {
  return JSON.stringify(call.args, (key, value: unknown) => {
    if (key === 'span' || key === 'quoted') return undefined
    return key === 'name' && typeof value === 'string' ? value.toLowerCase() : value
  })
}

const parts = ['START', 'END', 'ROWTIME']

/** What TUMBLE_START(…) and its like stand for; null for any other call. */
export function bindWindowPart(env: Env, call: CallTree): Expression | null {
  const found = /^(TUMBLE|HOP)_(START|END|ROWTIME|PROCTIME)$/.exec(call.name.name.toUpperCase())
  if (found === null) return null
  const [whole, name, part] = found as unknown as [string, string, string]
  const group = env.window ?? null
  if (group === null || group.name !== name || group.signature !== signatureOf(call)) {
    const message = `${whole} needs ${name} with the same arguments in GROUP BY`
    fail('invalid_window', message, call.span)
  }
  if (part === 'PROCTIME') unsupported(whole, call.span)
  return group.columns[parts.indexOf(part)]!
}
