/**
 * Frame: which rows of its partition a window function looks at.
 *
 * How      Offsets are literals, brought into the unit of what the frame counts: rows, groups of peers, or values of
 *          the one key. An offset finer than the key's values is cut: between two values there is nothing.
 */
import type {
  FrameBound as BoundTree,
  Frame as FrameTree,
  Expression as Tree,
} from '../../../grammar/index.ts'
import { isWhole, type Type, typeText } from '../../data/index.ts'
import { digitsOf, isExact, isNumeric, literalValue } from '../coerce.ts'
import { fold } from '../fold.ts'
import type { Frame, FrameBound } from '../logical.ts'
import { fail } from './binding.ts'
import { bindExpression, type Env } from './expression/expression.ts'

const here: FrameBound = { offset: '0', following: false }

/** The frame where none is written: up to the row and its peers where rows have an order, or all rows. */
export function entirePartition(ordered: boolean): Frame {
  const start: FrameBound = { offset: null, following: false }
  const end = ordered ? here : { offset: null, following: true }
  return { unit: 'range', start, end, exclude: 'none' }
}

const exclusions = { 'CURRENT ROW': 'row', GROUP: 'group', TIES: 'ties' } as const

/** A written frame over rows ordered by keys of these types. */
export function bindFrame(env: Env, tree: FrameTree, keys: readonly Type[]): Frame {
  const { unit, start, end, exclude } = tree
  if (unit === 'GROUPS' && keys.length === 0) {
    fail('syntax', 'GROUPS needs ORDER BY, whose equal rows are the groups', tree.span)
  }
  if (start.kind === 'unbounded' && start.following) {
    fail('syntax', 'a frame cannot begin at UNBOUNDED FOLLOWING', start.span)
  }
  if (end.kind === 'unbounded' && !end.following) {
    fail('syntax', 'a frame cannot end at UNBOUNDED PRECEDING', end.span)
  }
  if (sideOf(start) > sideOf(end)) {
    const hint = 'BETWEEN names the end that comes first in the order first'
    fail('syntax', 'the frame ends before it begins', tree.span, hint)
  }
  const bound = (one: BoundTree) => bindBound(env, one, unit, keys)
  return {
    unit: unit.toLowerCase() as Frame['unit'],
    start: bound(start),
    end: bound(end),
    exclude: exclude === null ? 'none' : exclusions[exclude],
  }
}

const sideOf = (bound: BoundTree) => (bound.kind === 'current' ? 0 : bound.following ? 1 : -1)

function bindBound(
  env: Env,
  tree: BoundTree,
  unit: FrameTree['unit'],
  keys: readonly Type[],
): FrameBound {
  if (tree.kind === 'current') return here
  const { following } = tree
  if (tree.kind === 'unbounded') return { offset: null, following }
  if (unit !== 'RANGE') {
    const count = countOf(env, tree.offset, { what: unit, least: 0 })
    return { offset: String(count), following }
  }
  return { ...rangeOffset(env, tree.offset, keys), following }
}

const times: ReadonlySet<string> = new Set(['timestamp', 'date', 'time', 'interval'])

function rangeOffset(
  env: Env,
  tree: Tree,
  keys: readonly Type[],
): { offset: string; months?: true } {
  const [key] = keys
  if (key === undefined || keys.length > 1 || !(isNumeric(key) || times.has(key.kind))) {
    const found = keys.length === 1 ? `, not ${typeText(key!)}` : ''
    const message = `RANGE with an offset needs one key in ORDER BY, a number or a time${found}`
    fail('syntax', message, tree.span, 'ROWS counts rows, GROUPS groups of equal keys')
  }
  const bound = fold(bindExpression({ ...env, aggregates: null, clause: 'a frame' }, tree))
  const wanted = isNumeric(key) ? 'a number' : "an INTERVAL such as INTERVAL '10' SECOND"
  const wrong = () =>
    fail(
      'type_mismatch',
      `the offset of RANGE over ${typeText(key)} is ${wanted} that is not negative`,
      tree.span,
    )
  if (bound.kind !== 'literal' || bound.value === null) return wrong()
  const value = literalValue(bound) as number | bigint
  if (isNumeric(key)) {
    if (!isNumeric(bound.type) || !(value >= 0)) return wrong()
    const { scale } = digitsOf(bound.type)
    if (!isExact(key)) return { offset: String(Number(value) / 10 ** scale) }
    if (!isExact(bound.type)) {
      if (!Number.isFinite(value)) return wrong()
      return { offset: BigInt(Math.floor(Number(value) * 10 ** digitsOf(key).scale)).toString() }
    }
    const own = digitsOf(key).scale
    return { offset: ((BigInt(value) * 10n ** BigInt(own)) / 10n ** BigInt(scale)).toString() }
  }
  const months = bound.type.kind === 'months'
  const fits = bound.type.kind === 'interval' || (months && /^(timestamp|date)$/.test(key.kind))
  if (!fits || !(value >= 0)) return wrong()
  return months ? { offset: String(value), months: true } : { offset: String(value) }
}

/** A whole number written as such. */
export function countOf(
  env: Env,
  tree: Tree,
  { what, least }: { what: string; least: number },
): number {
  const bound = fold(bindExpression({ ...env, aggregates: null, clause: what }, tree))
  const count = bound.kind === 'literal' && bound.value !== null ? Number(bound.value) : Number.NaN
  if (isWhole(bound.type) && Number.isSafeInteger(count) && count >= least) return count
  const whole =
    least === 0
      ? 'a whole number that is not negative'
      : least > 0
        ? 'a whole number above 0'
        : 'a whole number'
  return fail('type_mismatch', `${what} takes ${whole} here, written as a number`, tree.span)
}
