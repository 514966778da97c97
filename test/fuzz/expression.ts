/**
 * Expression: random typed expressions over the columns in scope.
 *
 * How      For a wanted type: a column, a literal, or one of the type's operations over further expressions. Values
 *          come from small pools, so that rows meet, divisors are sometimes zero and sums sometimes overflow.
 */
import type { Random } from '../../src/base/index.ts'
import type { Expr, Kind } from './case.ts'

export interface ScopeColumn {
  ref: string
  kind: Kind
}

export type Scope = readonly ScopeColumn[]

export const kinds: readonly Kind[] = [
  'int',
  'bigint',
  'double',
  'decimal',
  'varchar',
  'boolean',
  'timestamp',
  'date',
]

const numeric: readonly Kind[] = ['int', 'bigint', 'double', 'decimal']

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)]!
}

export function chance(random: Random, probability: number): boolean {
  return random.next() < probability
}

export const leaf = (text: string): Expr => ({ text, parts: [] })

const literals: Record<Kind, readonly string[]> = {
  int: ['0', '1', '2', '3', '-1', '7', '2147483647'],
  bigint: ['cast(0 as bigint)', 'cast(5 as bigint)', '3000000000', '-4000000000'],
  double: ['0e0', '1.5e0', '-2e0', '1e10', '0.1e0'],
  decimal: ['0.5', '1.25', '-3.10', '10.0'],
  varchar: ["''", "'a'", "'b'", "'ab'", "'Äx'", "'a string of many bytes'", "'12'"],
  boolean: ['true', 'false'],
  timestamp: [
    "timestamp '2026-01-01 00:00:10'",
    "timestamp '2026-01-01 00:01:00'",
    "timestamp '1969-12-31 23:59:59'",
  ],
  date: ["date '2026-01-01'", "date '1969-12-31'"],
}

/** Operations: text with $n, and the kinds of the parts. */
const operations: Record<Kind, readonly [string, ...Kind[]][]> = {
  int: [
    ['($0 + $1)', 'int', 'int'],
    ['($0 - $1)', 'int', 'int'],
    ['($0 * $1)', 'int', 'int'],
    ['($0 / $1)', 'int', 'int'],
    ['($0 % 3)', 'int'],
    ['($0 % $1)', 'int', 'int'],
    ['(- $0)', 'int'],
    ['abs($0)', 'int'],
    ['cast($0 as int)', 'bigint'],
    ['cast($0 as int)', 'decimal'],
    ['cast($0 as int)', 'varchar'],
    ['try_cast($0 as int)', 'varchar'],
    ['($0 - $1)', 'date', 'date'],
  ],
  bigint: [
    ['($0 + $1)', 'bigint', 'bigint'],
    ['($0 * $1)', 'bigint', 'int'],
    ['($0 / $1)', 'bigint', 'bigint'],
    ['cast($0 as bigint)', 'int'],
    ['cast($0 as bigint)', 'double'],
    ['length($0)', 'varchar'],
    ['extract(hour from $0)', 'timestamp'],
    ['extract(second from $0)', 'timestamp'],
    ['extract(dow from $0)', 'date'],
    ['extract(week from $0)', 'date'],
    ['extract(doy from $0)', 'timestamp'],
  ],
  double: [
    ['($0 + $1)', 'double', 'double'],
    ['($0 - $1)', 'double', 'double'],
    ['($0 * $1)', 'double', 'double'],
    ['($0 / ($1))', 'double', 'double'],
    ['cast($0 as double)', 'int'],
    ['cast($0 as double)', 'decimal'],
    ['floor($0)', 'double'],
    ['ceil($0)', 'double'],
    ['round($0)', 'double'],
    ['abs($0)', 'double'],
    ['extract(epoch from $0)', 'timestamp'],
  ],
  decimal: [
    ['($0 + $1)', 'decimal', 'decimal'],
    ['($0 - $1)', 'decimal', 'decimal'],
    ['(- $0)', 'decimal'],
    ['abs($0)', 'decimal'],
    ['cast($0 as decimal(8, 2))', 'int'],
    ['cast($0 as decimal(8, 1))', 'decimal'],
    ['round($0, 1)', 'decimal'],
  ],
  varchar: [
    ['($0 || $1)', 'varchar', 'varchar'],
    ['upper($0)', 'varchar'],
    ['lower($0)', 'varchar'],
    ['trim($0)', 'varchar'],
    ['substring($0, 2, 3)', 'varchar'],
    ['substring($0, 1, 1)', 'varchar'],
    ['concat($0, $1)', 'varchar', 'varchar'],
    ['cast($0 as varchar)', 'int'],
    ['cast($0 as varchar)', 'bigint'],
    ['cast($0 as varchar)', 'date'],
  ],
  boolean: [
    ['($0 and $1)', 'boolean', 'boolean'],
    ['($0 or $1)', 'boolean', 'boolean'],
    ['(not $0)', 'boolean'],
    ['($0 is true)', 'boolean'],
    ['($0 is not false)', 'boolean'],
    ["($0 like 'a%')", 'varchar'],
    ["($0 like '_')", 'varchar'],
    ['($0 in (1, 2, 7))', 'int'],
    ["($0 in ('a', 'Äx', null))", 'varchar'],
    ['($0 between -1 and 3)', 'int'],
    ['($0 < $1)', 'int', 'double'],
    ['($0 >= $1)', 'decimal', 'int'],
    ['($0 = $1)', 'bigint', 'int'],
  ],
  timestamp: [
    ["($0 + interval '15' second)", 'timestamp'],
    ["($0 - interval '1' day)", 'timestamp'],
    ["date_trunc('minute', $0)", 'timestamp'],
    ["date_trunc('month', $0)", 'timestamp'],
    ['cast($0 as timestamp)', 'date'],
  ],
  date: [
    ['($0 + 1)', 'date'],
    ['cast($0 as date)', 'timestamp'],
  ],
}

const comparisons = ['=', '<>', '<', '<=', '>', '>=', 'is distinct from', 'is not distinct from']

export function expression(random: Random, kind: Kind, scope: Scope, depth = 2): Expr {
  const columns = scope.filter((column) => column.kind === kind)
  if (depth === 0 || chance(random, 0.45)) {
    if (columns.length > 0 && chance(random, 0.85)) return leaf(pick(random, columns).ref)
    return leaf(pick(random, literals[kind]))
  }
  const part = (of: Kind) => expression(random, of, scope, depth - 1)
  switch (random.below(8)) {
    case 0:
      return {
        text: '(case when $0 then $1 else $2 end)',
        parts: [part('boolean'), part(kind), part(kind)],
      }
    case 1:
      return { text: 'coalesce($0, $1)', parts: [part(kind), part(kind)] }
    case 2:
      if (kind !== 'boolean') return { text: 'nullif($0, $1)', parts: [part(kind), part(kind)] }
  }
  if (kind === 'boolean' && chance(random, 0.5)) return comparison(random, scope, depth)
  const [text, ...parts] = pick(random, operations[kind])
  return { text, parts: parts.map(part) }
}

function comparison(random: Random, scope: Scope, depth: number): Expr {
  const inScope = scope.map((column) => column.kind)
  const kind = inScope.length > 0 ? pick(random, inScope) : pick(random, kinds)
  const part = () => expression(random, kind, scope, depth - 1)
  if (chance(random, 0.2))
    return { text: `($0 is ${pick(random, ['null', 'not null'])})`, parts: [part()] }
  return { text: `($0 ${pick(random, comparisons)} $1)`, parts: [part(), part()] }
}

/** An aggregate call and the kind of its value. */
export function aggregate(random: Random, scope: Scope): { expression: Expr; kind: Kind } {
  const argumentOf = (from: readonly Kind[]) => {
    const there = scope.filter((column) => from.includes(column.kind))
    const kind = there.length > 0 ? pick(random, there).kind : pick(random, from)
    return { kind, part: expression(random, kind, scope, chance(random, 0.6) ? 0 : 1) }
  }
  const filter: Expr[] = chance(random, 0.2) ? [expression(random, 'boolean', scope, 1)] : []
  const suffix = (at: number) => (filter.length > 0 ? ` filter (where $${at})` : '')
  const distinct = chance(random, 0.2) ? 'distinct ' : ''
  switch (random.below(6)) {
    case 0:
      return { expression: { text: `count(*)${suffix(0)}`, parts: filter }, kind: 'bigint' }
    case 1: {
      const { part } = argumentOf(kinds)
      return {
        expression: { text: `count(${distinct}$0)${suffix(1)}`, parts: [part, ...filter] },
        kind: 'bigint',
      }
    }
    case 2: {
      const { kind, part } = argumentOf(numeric)
      const result = kind === 'int' ? 'bigint' : kind
      return {
        expression: { text: `sum(${distinct}$0)${suffix(1)}`, parts: [part, ...filter] },
        kind: result,
      }
    }
    case 3: {
      const { part } = argumentOf(numeric)
      return {
        expression: { text: `avg(${distinct}$0)${suffix(1)}`, parts: [part, ...filter] },
        kind: 'double',
      }
    }
    default: {
      const { kind, part } = argumentOf(kinds)
      const name = pick(random, ['min', 'max'])
      return { expression: { text: `${name}($0)${suffix(1)}`, parts: [part, ...filter] }, kind }
    }
  }
}
