/**
 * DuckDB as a second oracle: the one-shot answers of a case, as multisets of rows.
 *
 * How      Relations become tables, TUMBLE and HOP become UNNEST over computed window starts; Values come
 *          back as text in the form of this file. Answers with errors are not asked for, and none over
 *          views, which may have left late rows out.
 * Contract 1 (checked) numbers of type DOUBLE may differ by a relative 1e-9, everything else by nothing.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Field, Row, Value } from '../../src/data/index.ts'
import { physicalOf } from '../../src/data/index.ts'
import { libraryNames } from '../../src/plan/library.ts'
import {
  type Case,
  changeSql,
  type Dialect,
  type Expr,
  type From,
  type Kind,
  type Relation,
  type Select,
  selectSql,
} from './case.ts'

/** Opens a connection, or says why there is none. */
export async function connect(): Promise<DuckDBConnection> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  return instance.connect()
}

/** Comparisons of row values by their definition: there a NULL in a row is a value of its own. */
const rowComparisons: Record<string, string> = {
  '(($0, $1) < ($2, $3))': '($0 < $2 or $0 = $2 and $1 < $3)',
  '(($0, $1) >= ($2, 1))': '($0 > $2 or $0 = $2 and $1 >= 1)',
  '(($0, $1) in ((1, 2), ($1, 3)))': '($0 = 1 and $1 = 2 or $0 = $1 and $1 = 3)',
}

/** The stream whose rows are the versions, and whether the last one counts of those of one time. */
const versionsIn = (name: string): [stream: string, last: boolean] =>
  name.startsWith('last_') ? [name.slice('last_'.length), false] : [name, true]

const duckdb: Dialect = {
  versions: {
    valid(name, time) {
      const [stream, last] = versionsIn(name)
      const number = `row_number() over (partition by k order by ts desc, rowid${last ? ' desc' : ''})`
      return `select * from ${stream} where ts <= ${time} qualify ${number} = 1`
    },
    met({ join, right, on: conditions }, left, on) {
      const { name, alias, asOf } = right as From & { kind: 'table' }
      const [stream, last] = versionsIn(name)
      const number = `row_number() over (partition by k, ts order by rowid${last ? ' desc' : ''})`
      const one = `select * from ${stream} qualify ${number} = 1`
      if (conditions.length === 1) {
        const how = join === 'left' ? 'asof left join' : 'asof join'
        return `${left} ${how} (${one}) ${alias} on ${on} and ${asOf} >= ${alias}.ts`
      }
      const until = `select *, lead(ts) over (partition by k order by ts) as until_ from (${one})`
      const valid = `${asOf} >= ${alias}.ts and coalesce(${asOf} < ${alias}.until_, true)`
      return `${left} ${join} join (${until}) ${alias} on ${on} and ${valid}`
    },
  },
  // Millrace divides integers as Postgres does; LIKE has the backslash as its escape.
  expression: (text) =>
    (rowComparisons[text] ?? text)
      .replaceAll('$0 / $1', '$0 // $1')
      .replaceAll(/ like ('[^']*')/g, " like $1 escape '\\'")
      .replace(/lateral (generate_series\(.*\)) (?=@)/, 'lateral (select unnest($1)) '),
  window: ({ function: called, time, slide, size, offset, partition, alias }, source) => {
    const [step, width, start] = [slide, size, offset].map((part) => `${part}000000`)
    const at = `epoch_us(x.${time}) - ${start}`
    const base = `(${at} - (((${at}) % ${step} + ${step}) % ${step}) + ${start})`
    if (called === 'session') {
      const by = (more: string[]) =>
        [...partition, ...more].length === 0
          ? ''
          : `partition by ${[...partition, ...more].join(', ')}`
      const before = `lag(epoch_us(x.${time})) over (${by([])} order by x.${time})`
      const first = `case when epoch_us(x.${time}) - ${before} <= ${width} then 0 else 1 end`
      const marked = `select x.*, ${first} as b from ${source} x where x.${time} is not null`
      const island = `sum(b) over (${by([])} order by ${time}) as g`
      const bound = (name: string) => `${name}(epoch_us(${time})) over (${by(['g'])})`
      const ends = `make_timestamp(${bound('max')} + ${width}) as window_end`
      const names = `make_timestamp(${bound('min')}) as window_start, ${ends}`
      return `(select * exclude (b, g), ${names} from (select *, ${island} from (${marked}))) ${alias}`
    }
    if (called === 'cumulate') {
      const start = (at: string) => `((${at}) - (((${at}) % ${width} + ${width}) % ${width}))`
      const whole = `${start(at)} + ${offset}000000`
      const all = `range(${whole} + ${step}, ${whole} + ${width} + 1, ${step})`
      const ends = `list_filter(${all}, e -> e > epoch_us(x.${time}))`
      const grown = `select x.*, ${whole} as s, unnest(${ends}) as e from ${source} x`
      const names = 'make_timestamp(s) as window_start, make_timestamp(e) as window_end'
      return `(select y.* exclude (s, e), ${names} from (${grown}) y) ${alias}`
    }
    const count = Math.ceil(size / slide)
    const all = `list_transform(range(0, ${count}), i -> ${base} - i * ${step})`
    const starts = `list_filter(${all}, s -> s + ${width} > epoch_us(x.${time}))`
    const rows = `select x.*, unnest(${starts}) as s from ${source} x`
    const bounds = `make_timestamp(s) as window_start, make_timestamp(s + ${width}) as window_end`
    return `(select y.* exclude (s), ${bounds} from (${rows}) y) ${alias}`
  },
}

/**
 * Windows that a view has seen may have left late rows out: only queries over the relations themselves are compared,
 * and of these only those whose answer is the same everywhere.
 */
function isOurs(from: From, own: ReadonlySet<string>): boolean {
  switch (from.kind) {
    case 'table':
      // By the clock a row meets what was there when it came.
      if (from.name.startsWith('v') || from.asOf === 'proctime()') return true
      return own.has(versionsIn(from.name)[0])
    case 'values':
      return false
    case 'piece':
      return from.selects.some((select) => readsOurs(select, own))
    case 'derived':
      return readsOurs(from.select, own)
    case 'window':
      return isOurs(from.source, own)
    case 'rank':
      // Equal keys have no order there.
      return true
    case 'join':
      // Equal times have no order there.
      if (from.join.startsWith('asof') || from.within !== undefined) return true
      return isOurs(from.left, own) || isOurs(from.right, own)
  }
}

/** Types whose text, range or arithmetic is another there. */
const ownKinds: ReadonlySet<Kind> = new Set([
  'smallint', 'real', 'wide', 'time', 'timestamptz', 'months', 'period', 'bytes', 'json', 'ints', 'counts',
  'geometry',
]) // biome-ignore format: one list
/** Spellings that are not known there, or mean something else. */
const ownWords = new RegExp(
  [
    ...[
      'similar to',
      '~',
      'symmetric',
      '\\btry\\(',
      '\\bto (hour|minute)',
      'decode',
      'leading',
      'position',
    ],
    ...[
      'is unknown',
      'now\\(',
      '>>',
      '<<',
      'string_agg',
      'json_',
      '\\brow\\(',
      'struct_',
      'st_',
      '\\{',
      'first\\(',
      'last\\(',
      'count_if\\(distinct',
      'mode\\(',
      'quantile',
      'median',
      'bit_xor',
      'array',
      'list_',
      'map',
      'cardinality',
      'session with',
      '\\[',
    ],
  ].join('|'),
)
/** Equal keys have no order. */
const ownOrder =
  /(rows|range) between|ignore nulls|\b(row_number|ntile|lag|lead|first_value|last_value|nth_value)\(/
const ownTypes =
  /\b(smallint|real|time|timestamptz|months?|mons?|year|varbinary|json|geometry)\b|\(38, 3\)|\bx'/

/** What another test compares with DuckDB, what it has not or otherwise, windows in GROUP BY, and row values. */
const otherNames = [
  ...[
    'every',
    'any_value',
    'count_if',
    'corr',
    'covar_samp',
    'regr_slope',
    'any_value',
    'arg_max',
    'min_by',
    'to_changelog',
    'time_weighted_avg',
    'tumble',
    'hop',
    'tumble_start',
    'hop_start',
  ],
  'current_watermark',
  'row_offset',
  'event_id',
  'rand_integer',
  'own_\\w+',
]
const ownFunctions = new RegExp(`\\b(${[...libraryNames(), ...otherNames].join('|')})\\(|\\) = \\(`)

function ownRelations(relations: readonly Relation[]): Set<string> {
  const own = relations.filter(({ columns }) =>
    columns.some(
      ({ kind, computed }) => kind === 'struct' || computed !== undefined || ownKinds.has(kind),
    ),
  )
  // Late rows come to these without being fed.
  const targets = relations.flatMap(({ late }) => late ?? [])
  return new Set([...own.map(({ name }) => name), ...targets])
}

function readsOurs(select: Select, own: ReadonlySet<string>): boolean {
  const { from, tests, set, tail, where, items, having } = select
  // Equal keys have no order in QUALIFY either.
  if (tail !== '' || isOurs(from, own)) return true
  const inner = [...where, ...having, ...items.map(({ expression }) => expression)]
  if (inner.flatMap(selectsIn).some((one) => readsOurs(one, own))) return true
  if (tests.some((test) => readsOurs(test.select, own))) return true
  return set !== null && readsOurs(set.right, own)
}

function selectsIn({ parts, selects = [] }: Expr): Select[] {
  return [...selects, ...parts.flatMap(selectsIn)]
}

/** The row numbered 1 of all rows: there it is a row even where there are none. */
const isFirstOfAll = /over \( order by [^()]*\)[^;]*where rn\d+ <?= 1/

export function isComparable(
  select: Select,
  { relations, views, dialect, zone, exact }: Omit<Case, 'rows'>,
): boolean {
  if (exact === true)
    return !views.some((view) => isFirstOfAll.test(selectSql(view.select, duckdb)))
  if (dialect !== '' || zone !== undefined || readsOurs(select, ownRelations(relations)))
    return false
  // The words for versions are ours.
  const { window, expression } = duckdb
  const text = selectSql(select, { window, expression })
  return (
    !ownTypes.test(text) && !ownFunctions.test(text) && !ownWords.test(text) && !ownOrder.test(text)
  )
}

/** Views as DuckDB makes them. */
export const viewsFor = ({ views }: Case): string[] =>
  views.map(({ name, select }) => {
    return `create or replace temp view ${name} as ${selectSql(select, duckdb)}`
  })

export async function load(connection: DuckDBConnection, one: Case): Promise<void> {
  const own = ownRelations(one.relations)
  for (const { name, columns, object } of one.relations) {
    if (own.has(name)) continue
    const definitions = columns.map((column) => `${column.name} ${duckType(column.type)}`)
    if (object === 'keyed') definitions.push('primary key (k)')
    await connection.run(`create or replace temp table ${name} (${definitions.join(', ')})`)
  }
  for (const fed of one.rows) {
    const { relation, cells } = fed
    if (own.has(relation)) continue
    const { columns } = one.relations.find(({ name }) => name === relation)!
    if (fed.verb !== undefined) {
      const write = (cell: string, { type }: { type: string }) => literal(cell, type)
      // Of one row the last is the one that replaces, and MERGE replaces it as well.
      const verb = fed.verb === 'last' || fed.verb === 'merge' ? 'replace' : fed.verb
      await connection.run(changeSql({ ...fed, verb }, columns, write))
      continue
    }
    const values = cells.map((cell, index) => literal(cell, columns[index]!.type))
    await connection.run(`insert into ${relation} values (${values.join(', ')})`)
  }
}

function duckType(type: string): string {
  if (type === 'timestamp(0)') return 'timestamp_s'
  return type.startsWith('timestamp') ? 'timestamp' : type
}

export function literal(cell: string, type: string): string {
  if (cell === 'NULL') return 'null'
  if (cell === "''") return "''"
  const clock = /^\d\d:\d\d/.test(cell) ? `2026-01-01 00:${cell}` : cell
  return `cast('${clock}' as ${duckType(type)})`
}

/** The answer as rows of plain text; doubles as numbers. */
export const answer = (connection: DuckDBConnection, select: Select, fields: readonly Field[]) =>
  answerTo(connection, selectSql(select, duckdb), fields)

export async function answerTo(
  connection: DuckDBConnection,
  query: string,
  fields: readonly Field[],
): Promise<(string | number | null)[][]> {
  const columns = fields.map(({ name, type }) => {
    switch (type.kind) {
      case 'timestamp':
        return `cast(epoch_us(cast(${name} as timestamp)) as varchar)`
      case 'date':
        return `cast(date_diff('day', date '1970-01-01', cast(${name} as date)) as varchar)`
      case 'double':
        return `cast(${name} as double)`
      case 'decimal':
        return `cast(cast(${name} as decimal(38, ${type.scale})) as varchar)`
      default:
        return `cast(${name} as varchar)`
    }
  })
  const sql = `select ${columns.join(', ')} from (${query})`
  const reader = await connection.runAndReadAll(sql)
  return reader.getRows() as (string | number | null)[][]
}

/** The same form of our own rows. */
export function plainRows(
  rows: readonly Row[],
  fields: readonly Field[],
): (string | number | null)[][] {
  return rows.map((row) => row.map((value, index) => plain(value, fields[index]!)))
}

function plain(value: Value, { type }: Field): string | number | null {
  if (value === null || physicalOf(type) === 'f64') return value as number | null
  if (type.kind !== 'decimal' || type.scale === 0) return String(value)
  const digits = ((value as bigint) < 0n ? -(value as bigint) : (value as bigint))
    .toString()
    .padStart(type.scale + 1, '0')
  const sign = (value as bigint) < 0n ? '-' : ''
  return `${sign}${digits.slice(0, -type.scale)}.${digits.slice(-type.scale)}`
}

/** Do the two multisets of rows agree? */
export function sameRows(
  a: (string | number | null)[][],
  b: (string | number | null)[][],
): boolean {
  if (a.length !== b.length) return false
  const left = [...b]
  return a.every((row) => {
    const place = left.findIndex((other) =>
      row.every((cell, index) => sameCell(cell, other[index]!)),
    )
    if (place >= 0) left.splice(place, 1)
    return place >= 0
  })
}

function sameCell(a: string | number | null, b: string | number | null): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false
  return Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))
}
