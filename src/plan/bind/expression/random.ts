/**
 * BindRandom: RANDOM() and its like: numbers drawn by a hash, so that a replay, any vector size and any number of
 * fragments give the same.
 *
 * How      What is drawn depends on the recorded time of the cycle that computes the row (or on the seed that is
 *          given), on what the statement makes and the number of the call in it, and on the row's position. The scan
 *          gives the position as a column, the last one, and what lies between hands it on. In a one-shot statement a
 *          number of the row in the answer takes its place above everything else.
 * See      docs/laws.md
 */
import type { Relation } from '../../../catalog/index.ts'
import type { Type } from '../../../data/index.ts'
import { bigint, coerce, double, integer, timestamp, varchar } from '../../coerce.ts'
import { call, childrenOf, column, literal, mapChildren } from '../../expression.ts'
import type { Expression, Plan } from '../../logical.ts'
import { rank, scanWithPosition, sort, values } from '../../node.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import type { Call } from './function.ts'
import { handOn } from './watermark.ts'

/** Where rows stand, for the draws of a SELECT: a column of the plan below it; null where they have no place. */
export interface Placed {
  plan: Plan
  place: Expression | null
}

const names = new Set(['rand', 'random', 'rand_integer', 'uuid', 'gen_random_uuid'])

export const randomNames: readonly string[] = [...names]

export const isRandom = (name: string): boolean => names.has(name)

/** Of what is drawn once, and of a DEFAULT until the row is known. */
export const onePlace = literal(0n, bigint)

/** The plan below a SELECT with one more column, the place of each row; null when nothing is drawn. */
export function placesOf(
  binding: Binding,
  tree: { from: unknown; orderBy: unknown },
  plan: Plan,
): Placed | null {
  if (binding.views.length === 0 && !/rand|uuid/i.test(binding.text)) return null
  const text = JSON.stringify({ ...tree, from: null })
  if (!/"(rand|random|rand_integer|uuid|gen_random_uuid)"/i.test(text)) return null
  const found = withPlace(binding, plan)
  if (found === null) return { plan, place: null }
  return { plan: found, place: placeIn(found) }
}

const placeIn = (plan: Plan): Expression =>
  column(plan.output.length - 1, { type: bigint, nullable: false })

/** The plan with a last column that says where a row stands; null where rows may be taken back. */
export function withPlace(binding: Binding, plan: Plan): Plan | null {
  const found = handOn(plan, (node) => {
    switch (node.kind) {
      case 'scan':
        return isPlaced(binding.catalog.get(node.relation), node) ? scanWithPosition(node) : null
      case 'values': {
        const rows = node.rows.map((row, at) => [...row, literal(BigInt(at), bigint)])
        return values(rows, [...node.output.map(({ name }) => name), 'position'])
      }
      default:
        return null
    }
  })
  if (found !== null || binding.continuous) return found
  if (plan.kind === 'sort') {
    const { keys, limit, offset } = plan
    return sort(withPlace(binding, plan.input)!, { keys, limit, offset })
  }
  return rank(plan, {
    partition: [],
    order: [],
    limit: null,
    function: 'row_number',
    ties: 'values',
    name: 'position',
  })
}

/** Does each row of the scan come once, at a position of its own? */
function isPlaced(relation: Relation | undefined, node: Plan & { kind: 'scan' }): boolean {
  if (node.updating) return false
  if (node.file !== undefined || relation?.kind === 'external') return true
  return relation?.kind === 'stream' || relation?.kind === 'table'
}

/** A call of one of the functions, over a place; undefined where nothing was prepared for it. */
export function bindRandom(
  binding: Binding,
  given: Call,
  { clause, place }: { clause: string; place?: Expression | null | undefined },
): Expression {
  const { name, args, span, planSpan } = given
  if (place === null) {
    const hint = 'draw it in a stream by DEFAULT, or in a SELECT right above the stream'
    unsupported(`${name.toUpperCase()} beside rows that may be taken back`, span, hint)
  }
  if (place === undefined) {
    const hint = 'it stands in SELECT, WHERE, VALUES and DEFAULT'
    unsupported(`${name.toUpperCase()} in ${clause}`, span, hint)
  }
  const own = { ...place }
  binding.spans.set(own, span)
  const isWhole = name === 'rand_integer'
  const seeded = name.startsWith('rand') && name !== 'random' ? 1 : 0
  const [least, most] = [isWhole ? 1 : 0, (isWhole ? 1 : 0) + seeded]
  if (args.length < least || args.length > most) {
    const forms = { rand: 'rand() or rand(seed)', rand_integer: 'rand_integer([seed,] bound)' }
    const form = forms[name as keyof typeof forms] ?? `${name}()`
    fail('type_mismatch', `${name} does not take ${args.length} arguments`, span, `it is ${form}`)
  }
  const hasSeed = args.length === most && seeded === 1
  const number = (at: number) => coerce(args[at]!, bigint, given.argSpans[at])
  const time = call('now', [], timestamp(6), planSpan)
  const drawn: Expression[] = [
    own,
    literal(hasSeed ? 0n : saltOf(binding), bigint),
    hasSeed ? number(0) : time,
  ]
  if (isWhole) return call('random_below', [...drawn, number(args.length - 1)], integer, planSpan)
  const [draw, type]: [string, Type] = name.startsWith('rand')
    ? ['random', double]
    : ['random_uuid', varchar]
  return call(draw, drawn, type, planSpan)
}

/** Another one for each call, the same one whenever the statement is bound. */
function saltOf({ creating, draw }: Binding): bigint {
  let hash = 0x811c9dc5
  for (const unit of creating ?? draw.target) {
    hash = Math.imul(hash ^ unit.charCodeAt(0), 0x1000193)
  }
  return BigInt(hash >>> 0) * 65536n + BigInt(draw.count++)
}

/** What draws, by its name in plans. */
export const drawing: ReadonlySet<string> = new Set(['random', 'random_below', 'random_uuid'])

/** Does the expression draw anything? */
export function draws(expression: Expression): boolean {
  const isDraw = expression.kind === 'call' && drawing.has(expression.function)
  return isDraw || childrenOf(expression).some(draws)
}

/** The expression with its draws at another place. */
export function drawnAt(expression: Expression, place: Expression): Expression {
  const mapped = mapChildren(expression, (child) => drawnAt(child, place))
  if (mapped.kind !== 'call' || !drawing.has(mapped.function)) return mapped
  return { ...mapped, args: [place, ...mapped.args.slice(1)] }
}
