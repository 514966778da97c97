/**
 * Construct: what of the dialect the random cases must meet, told by the text of a case.
 *
 * How      One line per construct. Whatever part of the generator writes it, its text shows it. A new construct of the
 *          dialect gets a line here and a production (production.ts, expression.ts or generate.ts); coverage.test.ts
 *          fails while too few cases show it. What a random query cannot show has a driver of its own: a test's path.
 * See      npm run fuzz -- 3000 --coverage
 */
import { library } from '../../src/plan/library.ts'
import { type Case, scriptOf } from './case.ts'

const closing = / emit (on window close|after|final)/
const windowed = '(tumble|hop|session|cumulate|table)'

/** What shows it in a case's text, constructs by name. */
const shown: Record<string, RegExp> = {
  'stream': /create stream/,
  'temporary': /create temp stream/,
  'append-only table': /append only;/,
  'mutable table: update': /^update /m,
  'mutable table: delete': /^delete /m,
  'merge': /^merge into /m,
  'on conflict do update': /on conflict \(k\) do update/,
  'on conflict do deduplicate': /on conflict \(k\) do deduplicate/,
  'on conflict do nothing': /on conflict \(k\) do nothing/,
  'view over a mutable table': /create table t\d [^;]*(?<!only);(.|\n)*create materialized view[^;]* t\d/,
  'view of a view': /create materialized view[^;]* from v\d/,
  'several views': /create materialized view v1/,
  'commit points': /expect v0\n(.|\n)*expect v0\n/,
  'watermark ascending': /watermark for ts[,) ]/,
  'watermark delayed': /watermark for ts as/,
  'max ahead': /max ahead/,
  'partition by': / partition by \(k\)/,
  'idle timeout': /idle timeout(.|\n)*\nwait /,
  'idle never': /idle never/,
  'late rows to': /late rows to late_/,
  'allow lateness': /allow lateness/,
  'current_watermark': /current_watermark\(/,
  'row_offset': /row_offset\(/,
  'event_id': /event_id\(/,
  'rand_integer': /rand_integer\(/,
  'computed column': /\be as /,
  'metadata column': /\bo int metadata from /,
  'struct': /row<a int/,
  'timezone': /set timezone = '/,
  'dialect flink': /set dialect = 'flink'/,
  'dialect postgres': /set dialect = 'postgres'/,
  'dialect duckdb': /set dialect = 'duckdb'/,
  'emit changes': / emit (changes|on update);/,
  'emit on window close': / emit (on window close|after|final)/,
  'emit every': / emit (every|periodic) (.|\n)*\nwait /,
  'emit repeat': / second repeat(.|\n)*\nwait /,
  'rank at the close': /row_number[^;]*by \w+\.window_start,[^;]* emit (on window close|after|final)/,
  'window functions at the close':
    new RegExp(String.raw`\b(?!row_)\w+\([^;]* over \(partition by \w+\.window_start,[^;]*${closing.source}`),
  'join of windows at the close':
    new RegExp(String.raw`select (?![^;]*(group by|over \())[^;]* join ${windowed}[^;]*_end = [^;]*${closing.source}`),
  'emit with batch': / with batch (.|\n)*\nwait /,
  'emit with delay': / with delay /,
  'emit with timeout': / and timeout (.|\n)*\nwait /,
  'emit early': / early every (.|\n)*\nwait /,
  'emit late': / late on update for /,
  'tumble': /from [^;]*\btumble\((?!r\d+\.)/,
  'hop': /\bhop\((?!r\d+\.)/,
  'window of rows': /(tumble|hop)\(table \w+( partition by k)?, (slide_)?rows =>/,
  'to_changelog': /to_changelog\(/,
  'window in group by': /group by [^;]*\b(tumble|hop)\(/,
  'window of table()': /table\((tumble|hop)/,
  'window with descriptor': /\((table \w+), descriptor/,
  'window with names': /data => table/,
  'window offset': /"OFFSET" =>|\(tumble\([^;]*, interval '\d+' second, interval '3' second|, interval '3' second\)/,
  'window of a query': /\b(tumble|hop)\(\(select/,
  'group by': / group by /,
  'aggregate of everything': /select [^;]*count\(\*\)(?![^;]*group by)/,
  'having': / having /,
  'distinct': /select distinct /,
  'aggregate distinct': /\w\(distinct /,
  'aggregate filter': /filter \(where/,
  'count': /\bcount\(/,
  'sum': /\bsum\(/,
  'avg': /\bavg\(/,
  'min and max': /\b(min|max)\(/,
  'boolean aggregates': /\b(bool_and|bool_or|every|count_if)\(/,
  'arg_max, any_value': /\b(arg_max|min_by|any_value)\(/,
  'arrays': /\[(?=[^\]]*\])|\bint\[\]/,
  'maps': /\bmap(_concat\(| [[{])/,
  'array functions': /\barray_(sort|distinct|remove|intersect|max|position)\(/,
  'functions of elements': /\blist_(transform|filter|reduce)\([^;]* -> /,
  'array aggregates': /\b(array_agg|map_agg)\(/,
  'aggregates over all values': /\b(string_agg|mode|quantile_disc|median|bit_xor)\(/,
  'deviation, correlation': /\b(stddev|var_pop|corr)\(/,
  'join': /(?<!left|right|full|semi|anti|cross) join /,
  'left join': / left join /,
  'right join': / right join /,
  'full join': / full join /,
  'semi join': / semi join /,
  'anti join': / anti join /,
  'cross join': / cross join /,
  'join using': / using \(/,
  'asof join': / asof join /,
  'asof left join': / asof left join /,
  'interval join': /(and|<|>=|between) \w+\.ts [+-] interval '\d+' second/,
  'join within': / within (\d|\()/,
  'look-up by the clock': / for system_time as of proctime/,
  'temporal join': /join s\d for system_time as of r/,
  'temporal join with a view': / last_s\d for system_time as of r/,
  'versions of a fixed time': /for system_time as of timestamp '/,
  'lifetime': /now\(\) [+-] interval/,
  'pause and resume': /\npause materialized view (.|\n)*\nresume /,
  'verify': /verify materialized view/,
  'join of windows': /window_(start|end) = \w+\.(window_|o)/,
  'rows of an extreme': /window_end as window_end, (max|min)\(/,
  'union': / union (?!all)/,
  'union all': / union all /,
  'intersect': / intersect /,
  'except': / except /,
  'with': /\(with /,
  'in (query)': /(?<!not) in \(select/,
  'not in (query)': / not in \(select/,
  'exists': /(?<!not )exists \(select/,
  'not exists': /not exists \(select/,
  'scalar subquery': /(?<!in |exists |from |join |left |right |as )\(select (max|min)\(/,
  'row values': /\(\([^()]*, [^()]*\) = \(/,
  'values': /\(values /,
  'derived table': /(from|join) \(select/,
  'generate_series': /generate_series\(/,
  'lateral function': / lateral \w+\(/,
  'left join lateral': / left join lateral \w+\(/,
  'lateral query': / lateral \(select/,
  'left join lateral query': / left join lateral \(select/,
  'unnest': / unnest\(/,
  'with ordinality': / with ordinality /,
  'grouping sets': / (rollup|cube|grouping sets) \(/,
  'row_number': /row_number\(\) over \([^;]*\) as rn/,
  'top-n': /where rn\d+ (<|=|between)/,
  'qualify': / qualify /,
  'window function': /\b(rank|percent_rank|cume_dist|ntile|lag|lead|first_value|nth_value)\([^;]* over \(/,
  'aggregate over': /\b(sum|avg|min|max|count)\([^()]*\)( filter \([^()]*\))? over \(/,
  'session frame': / session with gap /,
  'frame': / (rows|range|groups) between /,
  'order by nulls first': /nulls first/,
  'case': /\(case when/,
  'coalesce, nullif': /\b(coalesce|nullif)\(/,
  'cast': /\bcast\([^;]* as /,
  'try_cast': /try_cast\(/,
  'is true': / is (true|not false)/,
  'is null': / is (not )?null/,
  'is distinct from': / is (not )?distinct from/,
  'like': / like /,
  'in (list)': / in \((1|'a')/,
  'between': / between -1/,
  'interval arithmetic': /[+-] interval/,
  'extract': /extract\(/,
  'date_trunc': /date_trunc\(/,
  'division': / [/%] /,
  'functions of the program': /\bown_\w+\(/,
  'functions of text': inChapter('Strings'),
  'regular expressions': inChapter('Regular expressions'),
  'functions of numbers': inChapter('Numbers'),
  'functions of times': inChapter('Dates and times'),
  'type smallint': /smallint/,
  'type bigint': /bigint/,
  'type real': /\breal\b/,
  'type double': /double|\de\d/,
  'type decimal': /decimal\(6, 2\)/,
  'type decimal(38)': /decimal\(38, 3\)/,
  'type varchar': /varchar/,
  'type boolean': /\bboolean\b/,
  'type date': /\bdate\b/,
  'type time': /\btime\b/,
  'type timestamptz': /timestamptz/,
  'type interval': /interval year to month/,
  'comparison of structs': /\(row\([^;]*(<|>=|\bin\b|between) \(?row\(/,
  'clauses of JSON': /json_(value|query|exists|object)\(/,
  'members of structs': /\}\)+(@)?\)?\.|\)\)\.p\.q|struct_pack\([^;]*\)\)\.a/,
  'structs in a query': / (in|any) \(select \{'a'/,
  'aggregates of structs': /\b(max|arg_max|count|array_agg)\((distinct )?\{'a'/,
  'unnest of structs': /unnest\(\[\{/,
  'first and last of an order': /\b(first|last)\([^;]* order by/,
  'intervals of months and days': /mons? -?\d+ days/,
  'type varbinary': /varbinary/,
  'type json': /\bjson\b/,
  'type geometry': /geometry/,
  'array of a query': /array\(select /,
  'functions of geometries': inChapter('Geometries'),
  'aggregates over time': /\b(st_trajectory|dwell|time_weighted_avg)\(/,
  'rows before': /\b(enters|exits|st_speed)\([^;]*\) over \(/,
} // biome-ignore format: one list

function inChapter(chapter: string): RegExp {
  const names = library[chapter]!.flatMap((entry) => entry.names)
  return new RegExp(`\\b(${names.join('|')})\\(`)
}

/** What random cases leave to other tests. */
export const driven: Record<string, string> = {
  'sinks': 'test/database/delivery.test.ts',
  'evict oldest': 'test/fuzz/eviction.test.ts',
  'order by, limit': 'test/fuzz/relation.test.ts',
  'TLP, NoREC': 'test/fuzz/relation.test.ts',
  'queries below aggregates, in FROM of correlated ones': 'test/fuzz/nest.ts',
  'functions on hard values': 'test/library/duckdb.test.ts',
  'threads': 'test/script/play.ts',
} // biome-ignore format: one list

/** Pairs that no case can show, by words of both names: one excludes the other. */
const apart: readonly [RegExp, RegExp][] = [[/^dialect/, /^dialect/]]

export const constructNames: readonly string[] = Object.keys(shown)

function constructsOf(one: Case): string[] {
  const script = scriptOf(one)
  return constructNames.filter((name) => shown[name]!.test(script))
}

/** How often constructs were met, alone and by twos. */
export class Coverage {
  readonly #counts = new Map<string, number>()
  #cases = 0

  add(one: Case): void {
    const names = constructsOf(one)
    this.#cases++
    names.forEach((name, at) => {
      this.#count(name)
      for (const other of names.slice(at + 1)) this.#count(`${name} + ${other}`)
    })
  }

  #count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  /** The share of cases that show the construct. */
  share(name: string): number {
    return (this.#counts.get(name) ?? 0) / this.#cases
  }

  /** Pairs that can be met, and those of them that were not. */
  pairs(): { all: number; missing: string[] } {
    const pairs = constructNames.flatMap((name, at) =>
      constructNames
        .slice(at + 1)
        .filter((other) => !apart.some(([a, b]) => a.test(name) && b.test(other)))
        .map((other) => `${name} + ${other}`),
    )
    return { all: pairs.length, missing: pairs.filter((pair) => !this.#counts.has(pair)) }
  }
}
