/**
 * BindGrouping: the keys of GROUP BY with ROLLUP, CUBE and GROUPING SETS, and GROUPING(…).
 *
 * How      All that stands in GROUP BY is a list of sets of keys, each item one or several; the sets of the whole are
 *          one of each item, in all ways. Each row is repeated with the number of every set beside it, keys that the
 *          set does not have become NULL, and one aggregate goes by all keys and the number. So rows are read once, and
 *          a set's groups change where the rows stand that change them.
 *          Of an empty set there is a row over no rows, too: one with NULL in all arguments stands beside the others.
 * Contract 1 (checked) the number of the set is a key: a NULL in a key and a key that is not in the set stay apart.
 */
import type { GroupKey, Expression as Tree } from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import { bigint, boolean } from '../../coerce.ts'
import { branch, call, choose, column, literal, signatureOf } from '../../expression.ts'
import type { Expression, Plan } from '../../logical.ts'
import { project, union, unnest, values } from '../../node.ts'
import { all, type Binding, fail } from '../binding.ts'
import type { Aggregates } from '../expression/aggregate.ts'
import { bindValue, type Env } from '../expression/expression.ts'
import { flatten } from '../expression/struct.ts'

/** As in Postgres. */
const setsMax = 4096

/** The keys of GROUP BY, each once, and the sets that they stand in, by their places; null where all do. */
export interface Groups {
  keys: Expression[]
  sets: number[][] | null
  /** Behind LATERAL: the rows around, whose columns are the first keys and stand in all sets. */
  around?: Plan
}

/** The keys with those in front that tell rows around apart. */
export function groupsAround(
  { keys, sets }: Groups,
  by: readonly Expression[],
  rows: (() => Plan) | null,
): Groups {
  if (sets === null || by.length === 0) return { keys: [...by, ...keys], sets }
  const moved = sets.map((set) => [...by.keys(), ...set.map((place) => place + by.length)])
  return { keys: [...by, ...keys], sets: moved, ...(rows === null ? {} : { around: rows() }) }
}

/** Is the set that of all rows, or of all that belong to a row around? */
export const isWhole = (set: readonly number[], { around }: Groups): boolean =>
  set.length === (around?.output.length ?? 0)

/** Has GROUP BY more than a plain list of keys? */
export const hasSets = (keys: readonly GroupKey[]): boolean =>
  keys.some((key) => key.kind === 'grouping-sets' || isEmpty(key))

const isEmpty = (key: GroupKey) => key.kind === 'row' && key.items.length === 0

/** The expressions in GROUP BY, in its sets, too. */
export function leavesOf(keys: readonly GroupKey[]): Tree[] {
  return keys.flatMap((key): Tree[] =>
    key.kind === 'grouping-sets' || key.kind === 'row' ? leavesOf(key.items) : [key],
  )
}

/** `bind` gives the keys that an expression stands for. */
export function groupsOf(keys: readonly GroupKey[], bind: (tree: Tree) => Expression[]): Groups {
  const leaves = leavesOf(keys)
  const bound = all(leaves.map((tree) => () => bind(tree)))
  const places = new Map<string, number>()
  const found: Expression[] = []
  const place = (key: Expression) => {
    const signature = signatureOf(key)
    if (!places.has(signature)) places.set(signature, found.push(key) - 1)
    return places.get(signature)!
  }
  const together = (trees: readonly Tree[]) =>
    trees.flatMap((tree) => bound[leaves.indexOf(tree)]!.map(place))
  const setsOf = (key: GroupKey): number[][] => {
    if (key.kind === 'row') return [together(key.items)]
    if (key.kind !== 'grouping-sets') return [together([key])]
    if (key.form === 'GROUPING SETS') return limited(key.items.flatMap(setsOf), key.span)
    const parts = key.items.map((item) => {
      if (item.kind !== 'grouping-sets') return setsOf(item)[0]!
      return fail('syntax', `${key.form} takes expressions, and ${item.form} is none`, item.span)
    })
    if (key.form === 'ROLLUP')
      return [...parts.keys(), parts.length].reverse().map((count) => parts.slice(0, count).flat())
    let sets: number[][] = [[]]
    for (const part of parts.reverse()) {
      sets = limited([...sets.map((set) => [...part, ...set]), ...sets], key.span)
    }
    return sets
  }
  let sets: number[][] = [[]]
  for (const key of keys) {
    const more = setsOf(key)
    const joined = sets.flatMap((set) => more.map((own) => [...new Set([...set, ...own])]))
    sets = limited(joined, key.span)
  }
  return { keys: found, sets: sets.length === 1 ? null : sets }
}

function limited(sets: number[][], span: Span): number[][] {
  if (sets.length <= setsMax) return sets
  const message = `GROUP BY has ${sets.length} grouping sets, and ${setsMax} are the most`
  return fail('invalid_grouping', message, span)
}

/** What the aggregate over grouping sets reads: the keys, the number of the set, then `others`. */
export function expanded(
  input: Plan,
  groups: Groups & { sets: number[][] },
  others: readonly Expression[],
): Plan {
  const { keys, sets, around } = groups
  const width = input.output.length
  const last = BigInt(sets.length - 1)
  const args = [0n, last, 1n].map((value) => literal(value, bigint))
  const columns = [{ name: 'grouping_set', type: bigint, nullable: false }]
  const copies = unnest(input, {
    calls: [{ function: 'series', args, columns }],
    number: null,
    outer: false,
  })
  const set = column(width, copies.output[width]!)
  const shown = keys.map((key, place) => {
    const having = [...sets.keys()].filter((index) => sets[index]!.includes(place))
    if (having.length === sets.length) return key
    return choose([branch(isAmong(set, having), key)], literal(null, key.type), key.type)
  })
  const nameOf = (read: Expression, otherwise: string) =>
    read.kind === 'column' ? input.output[read.index]!.name : otherwise
  const names = [
    ...keys.map((key, index) => nameOf(key, `key${index + 1}`)),
    'grouping_set',
    ...others.map((other, index) => nameOf(other, `value${index + 1}`)),
  ]
  const rows = project(copies, [...shown, set, ...others], names)
  const empty = [...sets.keys()].filter((index) => isWhole(sets[index]!, groups))
  if (empty.length === 0) return rows
  const nothing = ({ type }: Expression) => literal(null, type)
  const known = (around?.output ?? []).map((field, index) => column(index, field))
  const always = empty.map((index) => [
    ...[...known, ...keys.slice(known.length).map(nothing)],
    literal(BigInt(index), bigint),
    ...others.map(nothing),
  ])
  if (around === undefined) return union([rows, values(always, names)])
  return union([rows, ...always.map((cells) => project(structuredClone(around), cells, names))])
}

/** TRUE of rows that count, beside those that stand for an empty set. */
export const counts: Expression = literal(true, boolean)

function isAmong(set: Expression, numbers: readonly number[]): Expression {
  return call('in', [set, ...numbers.map((number) => literal(BigInt(number), bigint))], boolean)
}

/** The bits of GROUPING(…), the first argument's the highest: 1 for a key that is not in the row's set. */
export function groupingBits(
  places: readonly number[],
  sets: readonly number[][] | null,
  set: Expression | null,
): Expression {
  if (sets === null || set === null) return literal(0n, bigint)
  const bits = sets.map((keys) =>
    places.reduce((sum, place) => sum * 2n + (keys.includes(place) ? 0n : 1n), 0n),
  )
  const found = Map.groupBy(sets.keys(), (index) => bits[index]!)
  const whens = [...found].map(([value, numbers]) =>
    branch(isAmong(set, numbers), literal(value, bigint)),
  )
  return whens.length === 1 ? whens[0]!.then : choose(whens, literal(0n, bigint), bigint)
}

/** GROUPING(a, b) and GROUPING_ID(…), to be replaced once the sets are known. */
export function bindGroupingCall(
  env: Env & { aggregates: Aggregates },
  tree: Tree & { kind: 'call' },
): Expression {
  const name = tree.name.name.toUpperCase()
  if (tree.args.length === 0 && name === 'GROUPING') {
    fail('type_mismatch', 'GROUPING takes keys of GROUP BY', tree.span)
  }
  if (tree.args.length > 63) fail('overflow', `${name} takes 63 keys at most`, tree.span)
  env.aggregates.grouping = tree.span
  const inner: Env = { ...env, clause: name, aggregates: null }
  const args = tree.args.map((arg) => {
    const [key] = flatten(env.binding, bindValue(inner, arg))
    env.binding.spans.set(key!, arg.span)
    return key!
  })
  return call('grouping', args, bigint)
}

export function placesOfKeys(
  binding: Binding,
  args: readonly Expression[],
  keys: readonly string[],
): number[] {
  // Without arguments GROUPING_ID is of all keys.
  if (args.length === 0) return [...keys.keys()]
  return args.map((arg) => {
    const place = keys.indexOf(signatureOf(arg))
    if (place >= 0) return place
    const span = binding.spans.get(arg)
    return fail('invalid_grouping', 'GROUPING takes keys of GROUP BY', span!)
  })
}
