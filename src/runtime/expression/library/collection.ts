/**
 * Collection: aggregates that look at all values of a group, from the text that COLLECT gives.
 *
 * Format   `number bytes:value` for each value, as src/plan/logical.ts says; a value is its text, or JSON of the value
 *          and of what it is ordered by.
 * Contract 1 (checked) results depend on the multiset of values alone.
 * Cost     some 0.3 µs per different value, each time the group changes.
 */
import {
  arrayOf,
  compareValues,
  itemOf,
  mapOf,
  NONE,
  parseValue,
  type Type,
  type Value,
} from '../../../data/index.ts'
import { type Outcome, ranged, scaleOf } from '../fault.ts'
import type { Maker, Makers } from '../maker.ts'
import { sequences, type Timed } from './sequence.ts'

interface Item {
  text: string
  weight: number
}

/** What `collected` is told beside the values, as JSON in the plan. */
interface Collecting {
  kind: string
  distinct: boolean
  /** Of the values. */
  type: Type
  /** Between texts; the fraction of a quantile. */
  separator?: string
  fraction?: number
  orders?: { type: Type; descending: boolean; nullsFirst: boolean }[]
}

function itemsOf(text: string, distinct: boolean): Item[] {
  const bytes = Buffer.from(text)
  const items: Item[] = []
  for (let at = 0; at < bytes.length; ) {
    const colon = bytes.indexOf(0x3a, at)
    const [weight, length] = bytes.toString('latin1', at, colon).split(' ').map(Number)
    at = colon + 1 + length!
    items.push({ text: bytes.toString('utf8', colon + 1, at), weight: distinct ? 1 : weight! })
  }
  return items
}

/** The texts of a collection, each as often as it is there. */
export function repeatedTexts(text: string, distinct: boolean): string[] {
  return repeated(itemsOf(text, distinct))
}

const total = (items: readonly Item[]) => items.reduce((sum, { weight }) => sum + weight, 0)

/** Values in their order. */
function sorted(items: readonly Item[], type: Type): (Item & { value: Value })[] {
  return items
    .map((item) => ({ ...item, value: parseValue(item.text, type)! }))
    .sort((a, b) => compareValues(a.value, b.value, type))
}

/** The item at a place of the sorted values, counted from 0. */
function placed<T extends Item>(items: readonly T[], place: number): T {
  let left = place
  for (const item of items) {
    left -= item.weight
    if (left < 0) return item
  }
  return items.at(-1)!
}

function continuous(items: readonly Item[], fraction: number): number {
  const ordered = items
    .map(({ text, weight }) => ({ text, weight, value: Number(text) }))
    .sort((a, b) => compareValues(a.value, b.value, { kind: 'double' }))
  const place = fraction * (total(items) - 1)
  const [low, high] = [Math.floor(place), Math.ceil(place)].map((at) => placed(ordered, at).value)
  return low === high ? low! : low! + (high! - low!) * (place - Math.floor(place))
}

const discrete = (items: readonly Item[], fraction: number, type: Type) =>
  placed(sorted(items, type), Math.max(Math.ceil(fraction * total(items)) - 1, 0)).value

/** The most frequent value, of several the least. */
function mode(items: readonly Item[], type: Type): Value {
  const most = Math.max(...items.map(({ weight }) => weight))
  return sorted(items, type).find(({ weight }) => weight === most)!.value
}

const bits: Record<string, (a: bigint, b: bigint) => bigint> = {
  bit_and: (a, b) => a & b,
  bit_or: (a, b) => a | b,
  bit_xor: (a, b) => a ^ b,
}

function joinedBits(items: readonly Item[], kind: string): bigint {
  const counted = kind === 'bit_xor' ? items.filter(({ weight }) => weight % 2 === 1) : items
  return counted.length === 0 ? 0n : counted.map(({ text }) => BigInt(text)).reduce(bits[kind]!)
}

const repeated = (items: readonly Item[]) =>
  items.flatMap(({ text, weight }) => new Array<string>(weight).fill(text))

interface OrderedItem extends Item {
  /** What it is ordered by. */
  keys: Value[]
}

/** The first of each item's JSON, in the order of the others. */
function ordered(items: readonly Item[], orders: NonNullable<Collecting['orders']>): OrderedItem[] {
  const rows = items.map(({ text, weight }) => {
    const [value, ...by] = JSON.parse(text) as [string, ...(string | null)[]]
    const keys = by.map((key, at) => (key === null ? null : parseValue(key, orders[at]!.type)!))
    return { text: value, weight, keys }
  })
  const compare = (a: (typeof rows)[number], b: (typeof rows)[number]) => {
    for (const [at, { type, descending, nullsFirst }] of orders.entries()) {
      const [x, y] = [a.keys[at]!, b.keys[at]!]
      if (x === null && y === null) continue
      if (x === null || y === null) return (x === null) === nullsFirst ? -1 : 1
      const order = compareValues(x, y, type)
      if (order !== 0) return descending ? -order : order
    }
    return compareValues(a.text, b.text, { kind: 'varchar' })
  }
  return rows.sort(compare)
}

/** Moments around the mean: sums of the powers 2, 3 and 4 of the distances. */
function spread(items: readonly Item[], kind: string): number | null {
  const n = total(items)
  const values = items.map(({ text, weight }) => [Number(text), weight] as const)
  const mean = values.reduce((sum, [x, weight]) => sum + x * weight, 0) / n
  const power = (of: number) => values.reduce((sum, [x, w]) => sum + (x - mean) ** of * w, 0)
  const m2 = power(2)
  switch (kind) {
    case 'var_pop':
      return m2 / n
    case 'stddev_pop':
      return Math.sqrt(m2 / n)
    case 'var_samp':
      return n < 2 ? null : m2 / (n - 1)
    case 'stddev_samp':
      return n < 2 ? null : Math.sqrt(m2 / (n - 1))
    case 'skewness':
      if (n < 3 || m2 === 0) return null
      return (Math.sqrt(n * (n - 1)) / (n - 2)) * (power(3) / n / (m2 / n) ** 1.5)
    default: {
      if (n < 4 || m2 === 0) return null
      const ratio = (power(4) * (n - 1) ** 2) / (m2 * m2)
      return (
        (n * (n + 1) * ratio) / ((n - 1) * (n - 2) * (n - 3)) -
        (3 * (n - 1) ** 2) / ((n - 2) * (n - 3))
      )
    }
  }
}

/** √(a b), where the product may leave the range of doubles. */
function rootOf(a: number, b: number): number {
  const product = a * b
  const isInRange = product > 1e-290 && product < Infinity
  return isInRange ? Math.sqrt(product) : Math.sqrt(a) * Math.sqrt(b)
}

/** What is told of pairs of y and x, by the sums of products of their distances from the means. */
function regression(items: readonly Item[], kind: string): number | null {
  const n = total(items)
  const pairs = items.map(({ text, weight }) => {
    const [y, x] = text.split(' ').map(Number) as [number, number]
    return { x, y, weight }
  })
  const sum = (of: (pair: (typeof pairs)[number]) => number) =>
    pairs.reduce((all, pair) => all + of(pair) * pair.weight, 0)
  const [meanX, meanY] = [sum(({ x }) => x) / n, sum(({ y }) => y) / n]
  const [sxx, syy, sxy] = [
    sum(({ x }) => (x - meanX) ** 2),
    sum(({ y }) => (y - meanY) ** 2),
    sum(({ x, y }) => (x - meanX) * (y - meanY)),
  ]
  const slope = sxx === 0 ? null : sxy / sxx
  switch (kind) {
    case 'covar_pop':
      return sxy / n
    case 'covar_samp':
      return n < 2 ? null : sxy / (n - 1)
    case 'regr_avgx':
      return meanX
    case 'regr_avgy':
      return meanY
    case 'regr_sxx':
      return sxx
    case 'regr_syy':
      return syy
    case 'regr_sxy':
      return sxy
    case 'corr':
      if (slope === null || syy === 0) return null
      return Math.min(Math.max(sxy / rootOf(sxx, syy), -1), 1)
    case 'regr_slope':
      return slope
    case 'regr_intercept':
      return slope === null ? null : meanY - slope * meanX
    default:
      if (slope === null) return null
      return syy === 0 ? 1 : Math.min((sxy / rootOf(sxx, syy)) ** 2, 1)
  }
}

/** The values, NULLs too, in the order that is told, equal ones in their own; DISTINCT takes the first of each. */
function arrayAgg(items: readonly Item[], { type, orders, distinct }: Collecting): string {
  const read = (text: string | null) => itemOf(text === null ? null : parseValue(text, type)!, type)
  const values = ordered(items, orders!).map(({ text, weight }) => ({ item: read(text), weight }))
  if (orders!.length === 0) values.sort((a, b) => (a.item < b.item ? -1 : a.item > b.item ? 1 : 0))
  const all = values.flatMap(({ item, weight }) => new Array<string>(weight).fill(item))
  return arrayOf(distinct ? [...new Set(all)] : all)
}

/** The greatest of the values of each key. */
function mapAgg(items: readonly Item[], { key, value }: Type & { kind: 'map' }): string {
  const found = new Map<string, string>()
  for (const { text } of items) {
    const [name, of] = JSON.parse(text) as [string, string | null]
    const own = itemOf(parseValue(name, key)!, key)
    const one = itemOf(of === null ? null : parseValue(of, value)!, value)
    const other = found.get(own)
    if (other === undefined || other === NONE || (one !== NONE && one > other)) found.set(own, one)
  }
  return mapOf([...found])!
}

function entropy(items: readonly Item[]): number {
  const n = total(items)
  const parts = items.map(({ weight }) => (weight / n) * Math.log2(n / weight))
  return parts.reduce((sum, one) => sum + one, 0)
}

function resultOf(items: Item[], told: Collecting): Outcome {
  const { kind, type } = told
  switch (kind) {
    case 'quantile_cont':
      return continuous(items, told.fraction!)
    case 'quantile_disc':
      return discrete(items, told.fraction!, type)
    case 'mode':
      return mode(items, type)
    case 'product':
      return items.reduce((all, { text, weight }) => all * Number(text) ** weight, 1)
    case 'entropy':
      return entropy(items)
    case 'string_agg':
      return repeated(told.orders === undefined ? items : ordered(items, told.orders)).join(
        told.separator,
      )
    case 'json_objectagg': {
      // In the order of their texts, so that the last of a key is the greatest.
      const members = items
        .map(({ text }) => text)
        .sort((a, b) => compareValues(a, b, { kind: 'varchar' }))
      const last = new Map(members.map((text) => JSON.parse(text) as [string, string | null]))
      return `{${[...last].map(([key, value]) => `${JSON.stringify(key)}:${value ?? 'null'}`).join(',')}}`
    }
    case 'json_arrayagg': {
      const inOrder = told.orders === undefined ? items : ordered(items, told.orders)
      return `[${repeated(inOrder).join(',')}]`
    }
    case 'array_agg':
      return arrayAgg(items, told)
    case 'map_agg':
      return mapAgg(items, type as Type & { kind: 'map' })
    case 'histogram': {
      const { key, value } = type as Type & { kind: 'map' }
      return mapOf(
        items.map(({ text, weight }) => [
          itemOf(parseValue(text, key)!, key),
          itemOf(BigInt(weight), value),
        ]),
      )
    }
    case 'first':
    case 'last': {
      const text: string | null = ordered(items, told.orders!).at(kind === 'first' ? 0 : -1)!.text
      return text === null ? null : parseValue(text, type)!
    }
    case 'sum':
      return ranged(sumOf(items, type), { kind: 'decimal', precision: 38, scale: scaleOf(type) })
    case 'avg':
      return Number(sumOf(items, type)) / total(items) / 10 ** scaleOf(type)
    default:
      if (kind in sequences) return sequences[kind]!(timed(items, told.orders!))
      if (kind in bits) return joinedBits(items, kind)
      return /^(corr|covar_|regr_)/.test(kind) ? regression(items, kind) : spread(items, kind)
  }
}

/** Each value at its time. */
const timed = (items: readonly Item[], orders: NonNullable<Collecting['orders']>): Timed[] =>
  ordered(items, orders).flatMap(({ text, weight, keys }) =>
    new Array<Timed>(weight).fill({ text, time: keys[0] as bigint }),
  )

/** Of decimals, as the integer that stands for it. */
const sumOf = (items: readonly Item[], type: Type) =>
  items.reduce(
    (sum, { text, weight }) => sum + (parseValue(text, type) as bigint) * BigInt(weight),
    0n,
  )

const collected: Maker = ({ type }) => {
  const known = new Map<string, Collecting>()
  return (text, settings) => {
    let told = known.get(settings as string)
    if (told === undefined) {
      told = JSON.parse(settings as string) as Collecting
      known.set(settings as string, told)
    }
    const value = resultOf(itemsOf(text as string, told.distinct), told)
    const isSmall = ['tinyint', 'smallint', 'integer'].includes(type.kind)
    return typeof value === 'bigint' && isSmall ? Number(value) : value
  }
}

export const collections: Makers = { collected }
