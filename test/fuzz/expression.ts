/**
 * Expression: random typed expressions over the columns in scope.
 *
 * How      For a wanted type: a column, a literal, or one of the type's operations over further expressions. Values
 *          come from small pools, so that rows meet, divisors are sometimes zero and sums sometimes overflow.
 */
import type { Random } from '../../src/base/index.ts'
import { type Given, type LibraryFunction, library, type Taken } from '../../src/plan/library.ts'
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
  'smallint',
  'real',
  'wide',
  'time',
  'timestamptz',
  'months',
  'period',
  'bytes',
  'json',
  'ints',
  'counts',
  'geometry',
]

const numeric: readonly Kind[] = ['int', 'bigint', 'double', 'decimal', 'smallint', 'real', 'wide']

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
  smallint: ['cast(1 as smallint)', 'cast(-3 as smallint)', 'cast(32767 as smallint)'],
  real: ['cast(0.5 as real)', 'cast(1.1 as real)', 'cast(-2e30 as real)'],
  wide: [
    'cast(0.5 as decimal(38, 3))',
    'cast(-7 as decimal(38, 3))',
    'cast(12345678901234567890123456789012345.678 as decimal(38, 3))',
    'cast(-400000000000000000000000000.5 as decimal(38, 3))',
  ],
  time: ["time '10:20:30'", "time '00:00:00'", "time '23:59:59.999999'"],
  timestamptz: ["timestamptz '2026-01-01 00:00:10+00'", "timestamptz '2026-01-01 02:00+02'"],
  months: ["interval '1' month", "interval '-2' year", "interval '0' month"],
  period: ["interval '1 mon 2 days'", "cast('30 days' as interval)", "interval '-2 mons 00:00:01'"],
  bytes: ["x''", "x'00ff'", "x'6162636465666768696a6b6c6d6e'"],
  ints: ['cast([] as int[])', '[1]', '[1, 2]', '[2, null, 1]', '[-1, 2147483647]'],
  counts: ["map {'a': 1}", "map {'b': 2, 'a': null}", "map ['ab', 3]"],
  geometry: [
    'st_point(1, 1)',
    'st_makeenvelope(0, 0, 2, 2)',
    "cast('LINESTRING(0 0, 1 1, 4 0)' as geometry)",
    "cast('POINT EMPTY' as geometry)",
  ],
  json: ["cast('1' as json)", 'cast(\'{"a": [1, 2]}\' as json)', "cast('null' as json)"],
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
    ['own_least($0, $1)', 'int', 'int'],
    ['cast($0 as int)', 'bigint'],
    ['(try_cast(row($0, $1) as row<a int, b int>)).b', 'int', 'varchar'],
    ['cast($0 as int)', 'decimal'],
    ['cast($0 as int)', 'varchar'],
    ['try_cast($0 as int)', 'varchar'],
    ['($0 - $1)', 'date', 'date'],
    ['($0 & $1)', 'int', 'int'],
    ['($0 | $1)', 'int', 'int'],
    ['try($0 / $1)', 'int', 'int'],
    ["position('b' in $0)::int", 'varchar'],
    ["json_value($0, '$.a[1]' returning int null on empty)", 'json'],
    ['$0[1]', 'ints'],
    ['$0[$1]', 'ints', 'int'],
    ['$0[$1]', 'counts', 'varchar'],
    ['array_max($0)', 'ints'],
    ['try(list_reduce($0, (a, x) -> a - x, $1))', 'ints', 'int'],
  ],
  bigint: [
    ['($0 + $1)', 'bigint', 'bigint'],
    ['extract(hour from $0)', 'timestamptz'],
    ['($0 * $1)', 'bigint', 'int'],
    ['($0 / $1)', 'bigint', 'bigint'],
    ['cast($0 as bigint)', 'int'],
    ['cast($0 as bigint)', 'double'],
    ['length($0)', 'varchar'],
    ['cardinality($0)', 'ints'],
    ['array_position($0, $1)', 'ints', 'int'],
    ['(struct_pack(a := $0, b := $1)).a', 'int', 'varchar'],
    ["(struct_update({'a': $0, 'p': {'q': $1}}, a := $1)).p.q", 'int', 'int'],
    ["(list_reduce([{'a': $0}, {'a': $1}], (p, q) -> {'a': greatest(p.a, q.a)})).a", 'int', 'int'],
    ["list_reduce([{'a': $0, 'b': $1}, null], (p, q) -> p + q.a, 1)", 'int', 'varchar'],
    ["list_transform([{'a': $0}, {'a': $1}], p -> p.a)[2]", 'int', 'int'],
    ['try(h3_latlng_to_cell($0, $1, $2))', 'int', 'double', 'int'],
    ['($0 >> 2)', 'bigint'],
    ['try($0 << 3)', 'int'],
    ['extract(hour from $0)', 'timestamp'],
    ['extract(second from $0)', 'timestamp'],
    ['extract(dow from $0)', 'date'],
    ['extract(week from $0)', 'date'],
    ['extract(doy from $0)', 'timestamp'],
    ['extract(hour from $0)', 'time'],
    ['extract(month from $0)', 'months'],
    ['extract(month from $0)', 'period'],
    ['extract(hour from $0)', 'period'],
    ['cast($0 as bigint)', 'wide'],
    ['try_cast($0 as bigint)', 'json'],
  ],
  double: [
    ['($0 + $1)', 'double', 'double'],
    ['($0 - $1)', 'double', 'double'],
    ['($0 * $1)', 'double', 'double'],
    ['($0 / ($1))', 'double', 'double'],
    ['cast($0 as double)', 'int'],
    ['cast($0 as double)', 'decimal'],
    ['($0 <-> $1)', 'geometry', 'geometry'],
    ['try(st_x($0))', 'geometry'],
    ['floor($0)', 'double'],
    ['ceil($0)', 'double'],
    ['round($0)', 'double'],
    ['abs($0)', 'double'],
    ['extract(epoch from $0)', 'timestamp'],
    ['extract(epoch from $0)', 'period'],
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
    ['cast($0 as varchar)', 'timestamptz'],
    ["date_format($0, 'yyyy-MM-dd HH:mm')", 'timestamptz'],
    ['upper($0)', 'varchar'],
    ['lower($0)', 'varchar'],
    ['trim($0)', 'varchar'],
    ['substring($0, 2, 3)', 'varchar'],
    ['substring($0, 1, 1)', 'varchar'],
    ['concat($0, $1)', 'varchar', 'varchar'],
    ['own_twice($0)', 'varchar'],
    ['own_shown($0)', 'int'],
    ["trim(leading 'a' from $0)", 'varchar'],
    ["decode($0, 1, 'one', null, 'none', $1)", 'int', 'varchar'],
    ["($0 ->> 'a')", 'json'],
    ["json_value($0, '$.a[0]' default 'none' on empty)", 'json'],
    ["json_value($0, '$' default 'bad' on error)", 'varchar'],
    ["json_query($0, '$.a' with conditional wrapper empty array on empty)", 'json'],
    ["json_query($0, '$' omit quotes empty object on error)", 'varchar'],
    ["json_object('k':$0, 'l':$1 absent on null)", 'int', 'varchar'],
    ['cast($0 as varchar)', 'int'],
    ['cast($0 as varchar)', 'bigint'],
    ['cast($0 as varchar)', 'date'],
    ['cast($0 as varchar)', 'real'],
    ['cast($0 as varchar)', 'wide'],
    ['cast($0 as varchar)', 'bytes'],
    ['cast($0 as varchar)', 'months'],
    ['cast($0 as varchar)', 'period'],
    ['cast($0 as varchar(3))', 'time'],
  ],
  boolean: [
    ['($0 and $1)', 'boolean', 'boolean'],
    ['($0 or $1)', 'boolean', 'boolean'],
    ['(not $0)', 'boolean'],
    ['($0 is true)', 'boolean'],
    ['($0 is not false)', 'boolean'],
    ['own_even($0)', 'int'],
    ['($0 = any ($1))', 'int', 'ints'],
    ['($0 > all ($1))', 'int', 'ints'],
    ['array_contains($0, $1)', 'ints', 'int'],
    ['map_contains_key($0, $1)', 'counts', 'varchar'],
    ['($0 @> $1)', 'ints', 'ints'],
    ['($0 <@ $1)', 'ints', 'ints'],
    ['($0 && $1)', 'ints', 'ints'],
    ['($0 && $1)', 'geometry', 'geometry'],
    ['st_contains($0, $1)', 'geometry', 'geometry'],
    ["($0 like 'a%')", 'varchar'],
    ["($0 like '_')", 'varchar'],
    ["($0 ilike 'A%')", 'varchar'],
    ['($0 not ilike $1)', 'varchar', 'varchar'],
    ["($0 similar to '(a|b)%')", 'varchar'],
    ["($0 ~ '^[ab]')", 'varchar'],
    ["($0 !~* 'B')", 'varchar'],
    ['($0 is unknown)', 'boolean'],
    ['(row($0, $1) < row($2, $3))', 'int', 'varchar', 'bigint', 'varchar'],
    ['(row($0, $1) >= row($2, null))', 'date', 'int', 'timestamp'],
    ['(row($0, $1) in (row($2, $3), row(1, null)))', 'int', 'varchar', 'int', 'varchar'],
    ['(row($0, $1) between row(0, $2) and row($3, $1))', 'int', 'real', 'real', 'int'],
    ["(cast(row($0, $1) as row<a bigint, b varchar>) <= row($2, 'b'))", 'int', 'date', 'int'],
    ["json_exists($0, '$.a' true on error)", 'varchar'],
    ['($0 between symmetric $1 and $2)', 'int', 'int', 'int'],
    ['(($0, $1) < ($2, $3))', 'int', 'varchar', 'int', 'varchar'],
    ['(($0, $1) >= ($2, 1))', 'date', 'int', 'date'],
    ['(($0, $1) is not distinct from ($1, $0))', 'int', 'int'],
    ['(($0, $1) in ((1, 2), ($1, 3)))', 'int', 'bigint'],
    ['($0 in (1, 2, 7))', 'int'],
    ["($0 in ('a', 'Äx', null))", 'varchar'],
    ['($0 between -1 and 3)', 'int'],
    ['($0 < $1)', 'int', 'double'],
    ['($0 >= $1)', 'decimal', 'int'],
    ['($0 >= $1)', 'decimal', 'wide'],
    ['($0 < $1)', 'wide', 'bigint'],
    ['($0 = $1)', 'timestamp', 'timestamptz'],
    ['($0 > $1)', 'real', 'decimal'],
    ['($0 = $1)', 'bigint', 'int'],
    ['($0 < $1)', 'period', 'months'],
    ["($0 in ($1, interval '1' month))", 'period', 'period'],
  ],
  timestamp: [
    ["($0 + interval '15' second)", 'timestamp'],
    ['cast($0 as timestamp)', 'timestamptz'],
    ["($0 - interval '1' day)", 'timestamp'],
    ["date_trunc('minute', $0)", 'timestamp'],
    ["date_trunc('month', $0)", 'timestamp'],
    ['floor($0 to hour)', 'timestamp'],
    ['ceil($0 to minute)', 'timestamp'],
    ['cast($0 as timestamp)', 'date'],
    ['($0 + $1)', 'timestamp', 'period'],
    ['($0 - $1)', 'date', 'period'],
  ],
  date: [
    ['($0 + 1)', 'date'],
    ['cast($0 as date)', 'timestamp'],
    ['cast($0 as date)', 'timestamptz'],
  ],
  smallint: [
    ['($0 + $1)', 'smallint', 'smallint'],
    ['($0 * $1)', 'smallint', 'smallint'],
    ['(- $0)', 'smallint'],
    ['cast($0 as smallint)', 'int'],
    ['try_cast($0 as smallint)', 'wide'],
    ['cast($0 as smallint)', 'boolean'],
  ],
  real: [
    ['($0 + $1)', 'real', 'real'],
    ['($0 * $1)', 'real', 'real'],
    ['(($0) / $1)', 'real', 'real'],
    ['(- $0)', 'real'],
    ['round($0, 1)', 'real'],
    ['cast($0 as real)', 'double'],
    ['cast($0 as real)', 'wide'],
  ],
  wide: [
    ['cast($0 + $1 as decimal(38, 3))', 'wide', 'wide'],
    ['cast($0 - $1 as decimal(38, 3))', 'wide', 'bigint'],
    ['cast($0 * $1 as decimal(38, 3))', 'bigint', 'decimal'],
    ['try_cast($0 * $1 as decimal(38, 3))', 'wide', 'int'],
    ['cast($0 / $1 as decimal(38, 3))', 'decimal', 'decimal'],
    ['cast($0 % $1 as decimal(38, 3))', 'wide', 'decimal'],
    ['(- $0)', 'wide'],
    ['abs($0)', 'wide'],
    ['cast($0 as decimal(38, 3))', 'bigint'],
    ['cast($0 as decimal(38, 3))', 'varchar'],
  ],
  time: [
    ["($0 + interval '15' hour)", 'time'],
    ['cast($0 as time)', 'timestamp'],
    ['cast($0 - $1 as time)', 'time', 'time'],
    ['($0 + $1)', 'time', 'period'],
  ],
  timestamptz: [
    ["($0 + interval '15' second)", 'timestamptz'],
    ['($0 - $1)', 'timestamptz', 'months'],
    ['cast($0 as timestamptz)', 'timestamp'],
    ['cast($0 as timestamptz)', 'date'],
    ['try_cast($0 as timestamptz)', 'varchar'],
    ["date_trunc('day', $0)", 'timestamptz'],
    ["date_trunc('hour', $0)", 'timestamptz'],
  ],
  period: [
    ['($0 + $1)', 'period', 'period'],
    ['($0 - $1)', 'months', 'period'],
    ["($0 + interval '3' day)", 'months'],
    ['($0 * $1)', 'period', 'int'],
    ['(($0) / $1)', 'period', 'double'],
    ['($0 * 0.5)', 'months'],
    ['(- $0)', 'period'],
    ['age($0, $1)', 'timestamp', 'timestamp'],
    ['age($0, $1)', 'date', 'timestamp'],
    ['make_interval(0, $0, 0, $1)', 'int', 'int'],
    ['justify_interval($0)', 'period'],
    ['cast($0 as interval)', 'months'],
    ['try_cast($0 as interval)', 'varchar'],
  ],
  months: [
    ['try_cast($0 as interval year to month)', 'period'],
    ['($0 + $1)', 'months', 'months'],
    ['($0 * $1)', 'months', 'int'],
    ['(- $0)', 'months'],
  ],
  bytes: [
    ['try_cast($0 as varbinary)', 'varchar'],
    ['st_aswkb($0)', 'geometry'],
  ],
  geometry: [
    ['try(st_point($0, $1))', 'double', 'int'],
    ['st_envelope($0)', 'geometry'],
    ['st_centroid($0)', 'geometry'],
    ['try_cast($0 as geometry)', 'varchar'],
    ['st_geomfromtext(cast($0 as varchar))', 'geometry'],
    ['st_geomfromwkb(st_aswkb($0))', 'geometry'],
    ['try(st_makeline($0, $1))', 'geometry', 'geometry'],
  ],
  ints: [
    ['[$0, $1]', 'int', 'int'],
    ['($0 || $1)', 'ints', 'ints'],
    ['($0 || $1)', 'ints', 'int'],
    ['$0[2:]', 'ints'],
    ['array_sort($0)', 'ints'],
    ['array_distinct($0)', 'ints'],
    ['array_remove($0, $1)', 'ints', 'int'],
    ['array_intersect($0, $1)', 'ints', 'ints'],
    ['map_values($0)', 'counts'],
    ['list_transform($0, x -> x - $1)', 'ints', 'int'],
    ['list_filter($0, (x, i) -> x > i or $1)', 'ints', 'boolean'],
    ['list_transform([$0, $1], x -> x[1])', 'ints', 'ints'],
    ['try_cast($0 as int[])', 'varchar'],
    ['cast(cast($0 as json) as int[])', 'ints'],
  ],
  counts: [
    ['map [$0, $1]', 'varchar', 'int'],
    ["map_concat($0, map {'a': $1})", 'counts', 'int'],
    ['try(map [$0, 1, $1, 2])', 'varchar', 'varchar'],
  ],
  json: [
    ['cast($0 as json)', 'int'],
    ["($0 #> '{a,1}')", 'json'],
    ['try_cast($0 as json)', 'varchar'],
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
  const call = chance(random, 0.25) ? libraryCall(random, kind, part) : null
  if (call !== null) return call
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

/** Kinds of the library's parameters and results. */
const taken: Partial<Record<Taken | Given, readonly Kind[]>> = {
  text: ['varchar'],
  whole: ['bigint', 'int', 'smallint'],
  double: ['double', 'real'],
  decimal: ['decimal'],
  number: numeric,
  boolean: ['boolean'],
  timestamp: ['timestamp', 'date'],
  date: ['date'],
  any: kinds,
  bytes: ['bytes'],
  geometry: ['geometry'],
}

/** Their first or second argument is one of a few words, or so large a result that nothing else is tested. */
const unfit = new Set([
  'timestampadd', 'timestampdiff', 'convert_tz', 'encode', 'decode', 'parse_url', 'format', 'repeat', 'factorial',
  'to_char', 'strftime', 'strptime', 'date_format', 'typeof',
]) // biome-ignore format: one list

/** Functions of the library by the kind of their result. */
const functions = new Map<Kind, LibraryFunction[]>()
for (const entry of Object.values(library).flat()) {
  const { gives, takes, names } = entry
  const kind = gives === 'same' ? undefined : taken[gives]?.[0]
  const known = takes.every((one) => taken[one] !== undefined)
  if (kind === undefined || !known || unfit.has(names[0]!)) continue
  functions.set(kind, [...(functions.get(kind) ?? []), entry])
}

const patterns = ["'a'", "'b+'", "'(.)(.)'", "'[^a]'", "'^'", "'('"]

/** A call of a function that gives the kind; null where the library has none. */
function libraryCall(random: Random, kind: Kind, part: (kind: Kind) => Expr): Expr | null {
  const entry = pick(random, functions.get(kind) ?? [null])
  // What fails mostly would leave little else to see.
  if (entry === null || (entry.mayFail && !entry.pattern && chance(random, 0.7))) return null
  const { takes, least, names } = entry
  const given = takes.slice(0, least + random.below(takes.length - least + 1))
  const parts = given.map((one, at) =>
    at === 1 && entry.pattern && chance(random, 0.8)
      ? leaf(pick(random, patterns))
      : part(pick(random, taken[one]!)),
  )
  return { text: `${pick(random, names)}(${parts.map((_, at) => `$${at}`).join(', ')})`, parts }
}

/** Aggregates: text with $n, @ for a FILTER inside, the kind of the result (null: of the first part), of the parts. */
const aggregates: readonly [string, Kind | null, ...(Kind | 'any')[]][] = [
  ['bool_and($0)', 'boolean', 'boolean'],
  ['bool_or($0)', 'boolean', 'boolean'],
  ['every($0)', 'boolean', 'boolean'],
  ['count_if($0)', 'bigint', 'boolean'],
  ['any_value($0)', null, 'any'],
  ['arg_max($0, $1)', null, 'any', 'timestamp'],
  ['min_by($0, $1)', null, 'any', 'int'],
  ['stddev($0)', 'double', 'int'],
  ['var_pop($0)', 'double', 'int'],
  ['corr($0, $1)', 'double', 'int', 'int'],
  ['covar_samp($0, $1)', 'double', 'double', 'int'],
  ['regr_slope($0, $1)', 'double', 'int', 'double'],
  ["string_agg($0, '-')", 'varchar', 'varchar'],
  ["string_agg($0, ',' order by $1 desc)", 'varchar', 'varchar', 'int'],
  ['mode($0)', null, 'any'],
  ['quantile_disc($0, 0.5)', null, 'any'],
  ['median($0)', 'double', 'int'],
  ['bit_xor($0)', 'int', 'int'],
  ['first($0 order by $1)', null, 'any', 'int'],
  ['last($0 order by $1 desc nulls first, $2)', null, 'any', 'timestamp', 'varchar'],
  ['json_arrayagg($0 order by $1 desc)', 'varchar', 'varchar', 'int'],
  ['array_agg($0)', 'ints', 'int'],
  ['array_agg(distinct $0)', 'ints', 'int'],
  ['array_agg($0 order by $1 desc nulls first)', 'ints', 'int', 'varchar'],
  ['map_agg($0, $1)', 'counts', 'varchar', 'int'],
  ['count_if(distinct $0)', 'bigint', 'boolean'],
  ['try(st_trajectory($0, $1)@)', 'geometry', 'geometry', 'timestamp'],
  ['extract(epoch from dwell($0, $1, $2)@)', 'double', 'geometry', 'timestamp', 'geometry'],
  ['time_weighted_avg($0, $1)', 'double', 'int', 'timestamp'],
  ['cast(sum(distinct $0)@ as decimal(38, 3))', 'wide', 'wide'],
  ["count(distinct {'a': $0, 'b': $1})", 'bigint', 'int', 'varchar'],
  ["(max({'a': $0, 'b': $1})@).b", 'varchar', 'int', 'varchar'],
  ["(arg_max({'a': $0, 'b': $1}, $2)@).a", 'int', 'int', 'varchar', 'timestamp'],
  ["(array_agg({'a': $0, 'b': $1} order by $0)@)[1].b", 'varchar', 'int', 'varchar'],
]

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
  switch (random.below(7)) {
    case 6: {
      const [text, kind, first, ...rest] = pick(random, aggregates)
      const one = argumentOf(first === 'any' ? kinds : [first as Kind])
      const parts = [one.part, ...rest.map((of) => argumentOf([of as Kind]).part)]
      const kept = suffix(parts.length)
      const filtered = text.includes('@') ? text.replace('@', kept) : text + kept
      const call = { text: filtered, parts: [...parts, ...filter] }
      return { expression: call, kind: kind ?? one.kind }
    }
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
      const wider = { int: 'bigint', smallint: 'bigint', real: 'double' } as const
      const result = kind in wider ? wider[kind as 'int'] : kind
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
