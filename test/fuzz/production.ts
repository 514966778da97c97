/**
 * Production: what random queries are made of beyond the joins, windows and nestings of generate.ts.
 *
 * How      One entry per construct, in the table of the place where it stands: `sources` in FROM, `conditions` in
 *          WHERE, `values` in the select list, `tails` behind the query. An entry draws its parts from what is in
 *          scope and gives null where nothing fits. What the binder refuses is drawn again.
 * See      expression.ts for operators, functions and aggregates; construct.ts for how often each one must be met
 */
import type { Random } from '../../src/base/index.ts'
import type { Expr, From, Item, Kind, Select } from './case.ts'
import { chance, expression, leaf, pick, type Scope, type ScopeColumn } from './expression.ts'

/** A source with the columns it offers. */
export interface Sourced {
  from: From
  scope: Scope
  /** References of window columns. */
  windows: string[]
}

/** What productions draw with. */
export interface Drawing {
  readonly random: Random
  /** A new name. */
  name(prefix: string): string
  table(): Sourced
  select(depth: number): { select: Select; columns: ScopeColumn[]; windows: string[] }
}

/** What a query mostly is without. */
export const nothing = {
  where: [], tests: [], group: null, having: [], distinct: false, set: null, tail: '',
} // biome-ignore format: one list

const seen = (columns: readonly ScopeColumn[], alias: string): ScopeColumn[] =>
  columns.map(({ ref, kind }) => ({ ref: `${alias}.${ref}`, kind }))

export const sources: readonly ((drawing: Drawing) => Sourced | null)[] = [
  // generate_series
  ({ random, name }) => {
    const alias = name('g')
    const bounds = [pick(random, ['0', '1', '-1']), pick(random, ['2', '3', '0'])].map(leaf)
    const step = chance(random, 0.3) ? [leaf(pick(random, ['1', '2', '-1']))] : []
    const text = `generate_series($0, $1${step.length > 0 ? ', $2' : ''}) @(k)`
    const from: From = { kind: 'piece', text, parts: [...bounds, ...step], selects: [], alias }
    return { from, scope: [{ ref: `${alias}.k`, kind: 'bigint' }], windows: [] }
  },
  // Windows of rows
  ({ random, name, table }) => {
    const { from, scope } = table()
    if (from.kind !== 'table') return null
    const alias = name('n')
    const key = chance(random, 0.4) && scope.some(({ ref }) => ref.endsWith('.k'))
    const by = key ? ' partition by k' : ''
    const rows = 1 + random.below(4)
    const hops = chance(random, 0.4) ? `slide_rows => ${1 + random.below(3)}, ` : ''
    const called = hops === '' ? 'tumble' : 'hop'
    const text = `${called}(table ${from.name}${by}, ${hops}rows => ${rows}) @`
    const own = scope.map(({ ref, kind }) => ({ ref: ref.slice(ref.indexOf('.') + 1), kind }))
    const bounds = ['window_first', 'window_last'].map((ref) => ({ ref, kind: 'bigint' as const }))
    const columns = seen([...own, ...bounds], alias)
    return {
      from: { kind: 'piece', text, parts: [], selects: [], alias },
      scope: columns,
      windows: [],
    }
  },
  // Changes as rows
  ({ random, name, table, select }) => {
    const alias = name('l')
    const { from, scope } = table()
    const isQuery = chance(random, 0.6)
    if (!isQuery && from.kind !== 'table') return null
    const made = isQuery ? select(1) : null
    const own = made?.columns ?? scope.map(({ ref, kind }) => ({ ref: ref.split('.')[1]!, kind }))
    const by = chance(random, 0.4) ? ` partition by ${pick(random, own).ref}` : ''
    const codes = pick(random, [
      '',
      `, op_mapping => map['INSERT, UPDATE_AFTER', 'u', 'DELETE', 'd']`,
      `, op_mapping => map['UPDATE_BEFORE', 'b', 'UPDATE_AFTER', 'a', 'INSERT', 'i']`,
    ])
    const data = from.kind === 'table' && made === null ? `table ${from.name}` : '#0'
    const text = `to_changelog(${data}${by}, op => descriptor(op0)${codes}) @`
    const selects = made === null ? [] : [made.select]
    const code = { ref: 'op0', kind: 'varchar' as const }
    return {
      from: { kind: 'piece', text, parts: [], selects, alias },
      scope: seen([...own, code], alias),
      windows: [],
    }
  },
  // WITH
  ({ name, select }) => {
    const alias = name('z')
    const { select: inner, columns } = select(0)
    const text = '(with @c as #0 select * from @c) @'
    const from: From = { kind: 'piece', text, parts: [], selects: [inner], alias }
    return { from, scope: seen(columns, alias), windows: [] }
  },
  // WITH, read twice
  ({ name, select }) => {
    const alias = name('z')
    const { select: inner, columns } = select(0)
    const text = '(with @c as #0 select * from @c union all select * from @c) @'
    const from: From = { kind: 'piece', text, parts: [], selects: [inner], alias }
    return { from, scope: seen(columns, alias), windows: [] }
  },
  // Rows with the greatest or least value of their window
  ofExtreme,
  ofExtreme,
]

const ordered: ReadonlySet<Kind> = new Set<Kind>([
  ...(['int', 'bigint', 'smallint', 'decimal', 'timestamp', 'timestamptz'] as const),
  ...(['date', 'time', 'months'] as const),
])

/** Rows joined with the MAX or MIN of the windows that they lie in, or lie near. */
function ofExtreme({ random, name, table }: Drawing): Sourced | null {
  const { from: table0, scope } = table()
  if (table0.kind !== 'table') return null
  const own = scope
    .map(({ ref, kind }) => ({ ref: ref.slice(ref.indexOf('.') + 1), kind }))
    .filter(({ ref }) => !ref.includes('.'))
  const times = own.filter(({ kind }) => kind === 'timestamp')
  const compared = own.filter(({ ref, kind }) => ordered.has(kind) && ref !== 'ts')
  if (times.length === 0 || compared.length === 0) return null
  const time = times.find(({ ref }) => ref === 'ts') ?? times[0]!
  const value = pick(random, compared)
  const size = pick(random, [5, 10, 30])
  const hops = chance(random, 0.4)
  const slide = hops ? pick(random, [5, 7, 10]) : size
  const window = (): From => ({
    ...{ kind: 'window', function: hops ? 'hop' : 'tumble', time: time.ref, slide, size },
    source: { ...table0, alias: name('r') },
    ...{ partition: [], offset: 0, spelling: 'short', alias: name('w') },
  })
  const where = () => (chance(random, 0.2) ? [expression(random, 'boolean', own, 1)] : [])
  const bounds = ['window_start', 'window_end'].map(leaf)
  const [least, rows, best] = [name('o'), name('b'), name('d')]
  const call = `${pick(random, ['max', 'min'])}($0)`
  const extremes: Select = {
    ...nothing,
    items: [
      ...bounds.map((bound) => ({ expression: bound, alias: bound.text })),
      { expression: { text: call, parts: [leaf(value.ref)] }, alias: least },
    ],
    from: window(),
    where: where(),
    group: bounds,
  }
  const equal = chance(random, 0.5)
  const ends = equal
    ? bounds.map(({ text }): ScopeColumn => ({ ref: text, kind: 'timestamp' }))
    : []
  const shown = [...own, ...ends]
  const chosen: Select = {
    ...nothing,
    items: shown.map(({ ref }) => ({ expression: leaf(ref), alias: ref })),
    from: equal ? window() : { ...table0, alias: name('r') },
    where: where(),
  }
  const [at, from, to] = [`${rows}.${time.ref}`, `${best}.window_start`, `${best}.window_end`]
  const near = equal
    ? pick(random, [
        [`${rows}.window_end = ${to}`],
        [`${rows}.window_start = ${from}`, `${rows}.window_end = ${to}`],
      ])
    : pick(random, [
        [`${at} >= ${from}`, `${at} < ${to}`],
        [`${at} between ${to} - interval '${size}' second and ${to}`],
        [`${from} > ${at}`, `${from} <= ${at} + interval '5' second`],
        [`${at} <= ${to}`, `${to} - ${at} <= interval '${size + 4}' second`],
      ])
  const [left, right]: From[] = [
    { kind: 'derived', select: chosen, alias: rows },
    { kind: 'derived', select: extremes, alias: best },
  ]
  const above = chance(random, 0.4)
  const on = [leaf(`${rows}.${value.ref} = ${best}.${least}`)]
  const turned = chance(random, 0.3)
  const join: From = {
    ...{ kind: 'join', join: 'inner', on: above ? on : [...on, ...near.map(leaf)] },
    ...(turned ? { left: right!, right: left! } : { left: left!, right: right! }),
  }
  const columns = [...seen(shown, rows), { ref: to, kind: 'timestamp' as const }]
  if (!above) return { from: join, scope: columns, windows: [to] }
  const alias = name('d')
  const items = columns.map(({ ref }) => ({ expression: leaf(ref), alias: name('o') }))
  const select: Select = { ...nothing, items, from: join, where: near.map(leaf) }
  const given = columns.map(({ kind }, index) => ({ ref: items[index]!.alias, kind }))
  return {
    from: { kind: 'derived', select, alias },
    scope: seen(given, alias),
    windows: [`${alias}.${items.at(-1)!.alias}`],
  }
}

/** Functions of a row that give rows: the call, its columns, and members of those that are STRUCTs. */
const rowFunctions: readonly ((
  random: Random,
  scope: Scope,
) => { text: string; columns: [string, Kind][]; within?: Record<string, string> } | null)[] = [
  (random, scope) => {
    const ref = refOf(random, scope, ['int', 'bigint', 'smallint'])
    if (ref === null) return null
    const from = pick(random, ['0', '1', '2'])
    const step = pick(random, ['', '', ', 2'])
    // DuckDB has no series up to a HUGEINT, as its sums are.
    const last = `cast(${ref} as bigint)`
    return { text: `generate_series(${from}, ${last}${step})`, columns: [['k', 'bigint']] }
  },
  (random, scope) => {
    const ref = refOf(random, scope, ['timestamp'])
    if (ref === null) return null
    const step = pick(random, ["interval '4' second", "interval '1' month"])
    const text = `generate_series(${ref}, ${ref} + interval '10' second, ${step})`
    return { text, columns: [['t', 'timestamp']] }
  },
  (random, scope) => {
    const ref = refOf(random, scope, ['varchar'])
    if (ref === null) return null
    const text = `string_split_to_table(${ref}, ${pick(random, ["'a'", "' '", "''"])})`
    return { text, columns: [['s', 'varchar']] }
  },
  (random, scope) => {
    const ref = refOf(random, scope, ['varchar'])
    if (ref === null) return null
    const text = `regexp_split_to_table(${ref}, ${pick(random, ["'[a-c]+'", "' *'", "'b|$'"])})`
    return { text, columns: [['s', 'varchar']] }
  },
  (random, scope) => {
    const refs = [pick(random, scope), pick(random, scope)].map(({ ref }) => ref)
    const text = `jsonb_array_elements_text(jsonb_build_array(${refs.join(', ')}))`
    return { text, columns: [['s', 'varchar']] }
  },
  (random, scope) => {
    const refs = [pick(random, scope), pick(random, scope)].map(({ ref }) => ref)
    const text = `jsonb_each_text(jsonb_build_object('a', ${refs[0]}, 'b', ${refs[1]}))`
    const columns: [string, Kind][] = [
      ['k', 'varchar'],
      ['s', 'varchar'],
    ]
    return { text, columns }
  },
  (random, scope) => {
    const { ref, kind } = pick(random, scope)
    const other = pick(random, [ref, 'null', refOf(random, scope, [kind]) ?? ref])
    return { text: `unnest(array[${ref}, ${other}])`, columns: [['e', kind]] }
  },
  (random, scope) => {
    const [one, other] = [pick(random, scope), pick(random, scope)]
    const text = `unnest([{'a': ${one.ref}, 'p': {'q': ${other.ref}}}, null])`
    const columns: [string, Kind][] = [
      ['a', one.kind],
      ['p', other.kind],
    ]
    return { text, columns, within: { p: 'q' } }
  },
  (random, scope) => {
    const ref = refOf(random, scope, ['json'])
    return ref === null ? null : { text: `jsonb_array_elements(${ref})`, columns: [['j', 'json']] }
  },
]

function refOf(random: Random, scope: Scope, wanted: readonly Kind[]): string | null {
  const fit = scope.filter(({ kind }) => wanted.includes(kind))
  return fit.length === 0 ? null : pick(random, fit).ref
}

/** The source with the rows that a function gives for each of its rows. */
export function besideRows(
  { random, name }: Pick<Drawing, 'random' | 'name'>,
  left: Sourced,
  exact = false,
): Sourced {
  const found = pick(random, exact ? rowFunctions.slice(0, 1) : rowFunctions)(random, left.scope)
  if (found === null) return left
  const alias = name('l')
  const numbered = !exact && chance(random, 0.3)
  const columns = numbered ? [...found.columns, ['n', 'bigint'] as const] : found.columns
  const names = columns.map(([column]) => column)
  const call = `lateral ${found.text}${numbered ? ' with ordinality' : ''} @(${names.join(', ')})`
  const right: From = { kind: 'piece', text: call, parts: [], selects: [], alias }
  const join = chance(random, 0.3) ? 'left' : 'inner'
  const on = join === 'left' || chance(random, 0.3) ? [leaf('true')] : []
  return {
    from: { kind: 'join', join, left: left.from, right, on },
    scope: [
      ...left.scope,
      ...columns.map(([column, kind]): ScopeColumn => {
        const member = found.within?.[column]
        return { ref: `${alias}.${column}${member === undefined ? '' : `.${member}`}`, kind }
      }),
    ],
    windows: left.windows,
  }
}

/** The source with the rows that a query gives for each of its rows. */
export function besideQuery({ random, name, table }: Drawing, left: Sourced): Sourced {
  const { from, scope: inner } = table()
  const plain = (column: ScopeColumn) =>
    !['boolean', 'json', 'ints', 'counts'].includes(column.kind)
  const pairs = left.scope
    .filter(plain)
    .flatMap((a) => inner.filter((b) => b.kind === a.kind).map((b) => [a, b] as const))
  if (pairs.length === 0) return left
  const [a, b] = pick(random, pairs)
  const operator = pick(random, ['=', '=', '=', '<', '>=', '<>'])
  const where = [leaf(`${b.ref} ${operator} ${a.ref}`)]
  if (chance(random, 0.3)) where.push(expression(random, 'boolean', inner, 1))
  if (chance(random, 0.2)) {
    const [c, d] = pick(random, pairs)
    where.push(leaf(`${d.ref} = ${c.ref}`))
  }
  const columns: ScopeColumn[] = []
  const items: Item[] = []
  const show = (text: string, kind: Kind) => {
    const alias = name('o')
    items.push({ expression: leaf(text), alias })
    columns.push({ ref: alias, kind })
  }
  const value = pick(random, inner.filter(plain))
  const select: Select = { ...nothing, items, from, where }
  const draw = random.next()
  if (draw < 0.4) {
    show('count(*)', 'bigint')
    show(`${pick(random, ['max', 'min'])}(${value.ref})`, value.kind)
    if (draw < 0.1) {
      show(b.ref, b.kind)
      select.group = [leaf(b.ref)]
    }
    if (draw > 0.3) select.having = [leaf(`count(*) ${pick(random, ['>', '<', '='])} 1`)]
  } else {
    show(value.ref, value.kind)
    if (chance(random, 0.4)) show(a.ref, a.kind)
    if (draw > 0.8) select.distinct = true
    const order = columns.map(({ ref }) => `${ref}${pick(random, [' desc', ''])}`).join(', ')
    if (chance(random, 0.5)) select.tail = `order by ${order} limit ${1 + random.below(2)}`
  }
  const alias = name('l')
  const right: From = { kind: 'piece', text: 'lateral #0 @', parts: [], selects: [select], alias }
  const join = chance(random, 0.3) ? 'left' : 'inner'
  return {
    from: { kind: 'join', join, left: left.from, right, on: [leaf('true')] },
    scope: [...left.scope, ...seen(columns, alias)],
    windows: left.windows,
  }
}

/** The keys in grouping sets. */
export function inSets(random: Random, keys: readonly Expr[]): Expr {
  const places = keys.map((_, index) => `$${index}`)
  const sets = [
    `rollup (${places.join(', ')})`,
    `cube (${places.join(', ')})`,
    `grouping sets ((${places.join(', ')}), (${places[0]}), ())`,
    `grouping sets (${places.join(', ')}, (${places.at(-1)}))`,
  ]
  return { text: pick(random, sets), parts: [...keys] }
}

/** A query of one value: an aggregate over a table. */
function scalar({ random, name, table }: Drawing, kind: Kind): Select | null {
  const { from, scope } = table()
  const own = scope.filter((column) => column.kind === kind)
  if (own.length === 0) return null
  const call: Expr = {
    text: `${pick(random, ['max', 'min'])}($0)`,
    parts: [leaf(pick(random, own).ref)],
  }
  const where = chance(random, 0.3) ? [expression(random, 'boolean', scope, 1)] : []
  return { ...nothing, items: [{ expression: call, alias: name('o') }], from, where }
}

/** How a query inside an expression compares with a column around it: mostly as equal. */
export function linked(random: Random): string {
  return chance(random, 0.7) ? '=' : pick(random, ['<', '>=', '<>', 'is not distinct from'])
}

/** A column of the scope, one of another table of its kind, and a query over that, with their equality or without. */
function beside({ random, name, table }: Drawing, scope: Scope, correlated: boolean) {
  const { from, scope: inner } = table()
  const pairs = scope.flatMap((a) =>
    inner.filter((b) => b.kind === a.kind && a.kind !== 'boolean').map((b) => [a, b] as const),
  )
  if (pairs.length === 0) return null
  const ints = pairs.filter(([a]) => a.ref.endsWith('.k'))
  const [a, b] = pick(random, ints.length > 0 && chance(random, 0.7) ? ints : pairs)
  const where = correlated ? [leaf(`${b.ref} ${linked(random)} ${a.ref}`)] : []
  if (chance(random, 0.3)) where.push(expression(random, 'boolean', inner, 1))
  const query = (text: string, column: ScopeColumn): Select => {
    const items = [{ expression: { text, parts: [leaf(column.ref)] }, alias: name('o') }]
    return { ...nothing, items, from, where }
  }
  return { pairs, inner, query, pair: [a, b] as const }
}

/** IN, EXISTS, ANY or ALL as a value. */
function mark(drawing: Drawing, scope: Scope): Expr | null {
  const { random } = drawing
  const draw = random.next()
  const found = beside(drawing, scope, draw < 0.3 || chance(random, 0.3))
  if (found === null) return null
  const { query, pairs, pair } = found
  if (draw < 0.3) {
    const text = pick(random, ['(exists #0)', '(not exists #0)'])
    return { text, parts: [], selects: [query('$0', pair[1])] }
  }
  const [a, b] = draw < 0.6 ? pair : pick(random, pairs)
  if (draw > 0.8) {
    const words = pick(random, ['in', 'not in', '= any'])
    const struct = (text: string) => `{'a': ${text}, 'b': 1}`
    const text = `(${struct('$0')} ${words} #0)`
    return { text, parts: [leaf(a.ref)], selects: [query(struct('$0'), b)] }
  }
  const words = [
    'in',
    'not in',
    'in',
    'not in',
    '= any',
    '< any',
    '>= all',
    '<> any',
    '= all',
    '<> all',
  ]
  return { text: `($0 ${pick(random, words)} #0)`, parts: [leaf(a.ref)], selects: [query('$0', b)] }
}

/** An aggregate over the rows of another table that belong to the row. */
function correlated(drawing: Drawing, scope: Scope): { expression: Expr; kind: Kind } | null {
  const { random } = drawing
  const found = beside(drawing, scope, true)
  if (found === null) return null
  const column = pick(random, found.inner)
  const counts = chance(random, 0.4) || column.kind === 'boolean'
  const text = counts
    ? 'count($0)'
    : pick(random, ['max($0)', 'min($0)', 'coalesce(max($0), min($0))'])
  const expression: Expr = { text: '#0', parts: [], selects: [found.query(text, column)] }
  return { expression, kind: counts ? 'bigint' : column.kind }
}

export const conditions: readonly ((drawing: Drawing, scope: Scope) => Expr | null)[] = [
  // A comparison with a scalar subquery.
  (drawing, scope) => {
    const { ref, kind } = pick(drawing.random, scope)
    const select = scalar(drawing, kind)
    if (select === null) return null
    const operator = pick(drawing.random, ['=', '<', '>=', '<>'])
    return { text: `($0 ${operator} #0)`, parts: [leaf(ref)], selects: [select] }
  },
  // Queries inside an expression.
  (drawing, scope) => {
    const left = mark(drawing, scope)
    if (left === null) return null
    const right = expression(drawing.random, 'boolean', scope, 1)
    const text = pick(drawing.random, [
      '($0 or $1)',
      '($0 or $1)',
      'not ($0 and $1)',
      '($0 is not true)',
    ])
    return { text, parts: [left, right] }
  },
  // A time of the row beside the clock's, which is never the same: commits of one second differ.
  ({ random }, scope) => {
    const times = scope.filter(({ ref }) => ref.endsWith('.ts'))
    if (times.length === 0) return null
    const { ref } = pick(random, times)
    const [some, more] = [1 + random.below(9), 1 + random.below(20)]
    const [ahead, back] = [
      `now() + interval '${some}.5' second`,
      `now() - interval '${more}.5' second`,
    ]
    return leaf(
      pick(random, [
        `${ref} > ${back}`,
        `${ref} <= ${ahead}`,
        `${back} <= ${ref}`,
        `${ref} between ${back} and ${ahead}`,
      ]),
    )
  },
  // Row values.
  ({ random }, scope) => {
    const pair = [pick(random, scope), pick(random, scope)] as const
    const parts = pair.map(({ ref }) => leaf(ref))
    const others = pair.map(({ kind }) => expression(random, kind, scope, 0))
    return { text: '(($0, $1) = ($2, $3))', parts: [...parts, ...others] }
  },
]

export const values: readonly ((
  drawing: Drawing,
  scope: Scope,
) => { expression: Expr; kind: Kind } | null)[] = [
  // A scalar subquery.
  (drawing, scope) => {
    const { kind } = pick(drawing.random, scope)
    const select = scalar(drawing, kind)
    return select === null
      ? null
      : { expression: { text: '#0', parts: [], selects: [select] }, kind }
  },
  // ARRAY of a query.
  ({ random, name, table }) => {
    const { from, scope } = table()
    const own = scope.filter(({ kind }) => kind === 'int')
    if (own.length === 0) return null
    const items = [{ expression: leaf(pick(random, own).ref), alias: name('o') }]
    const where = chance(random, 0.3) ? [expression(random, 'boolean', scope, 1)] : []
    const select: Select = { ...nothing, items, from, where }
    return { expression: { text: 'array#0', parts: [], selects: [select] }, kind: 'ints' }
  },
]

const numbers: ReadonlySet<Kind> = new Set([
  'int',
  'bigint',
  'smallint',
  'decimal',
  'double',
  'wide',
])

/** A frame over rows that `key` orders. */
function frame(random: Random, key: ScopeColumn): string {
  const unit = pick(random, ['rows', 'rows', 'range', 'groups'])
  const count = () => {
    if (unit !== 'range') return String(random.below(3))
    if (key.kind === 'timestamp') return pick(random, ["interval '5' second", "interval '1' month"])
    return numbers.has(key.kind) ? pick(random, ['0', '1', '2']) : null
  }
  const bounds = [-2, -1, 0, 1, 2].map((side) => {
    const way = side < 0 ? 'preceding' : 'following'
    if (side === 0) return 'current row'
    return Math.abs(side) === 2 ? `unbounded ${way}` : `${count() ?? 'unbounded'} ${way}`
  })
  const from = random.below(4)
  const to = Math.max(1, from + random.below(5 - from))
  const text = `${unit} between ${bounds[from]} and ${bounds[to]}`
  if (/between unbounded following|and unbounded preceding/.test(text)) return ''
  const out = pick(random, ['', '', '', ' exclude current row', ' exclude group', ' exclude ties'])
  return ` ${text}${out}`
}

/** A window function over the rows of the scope, within `windows`. */
export function windowed(
  { random }: Drawing,
  scope: Scope,
  windows: readonly string[] = [],
): { expression: Expr; kind: Kind } {
  const [value, key, by] = [pick(random, scope), pick(random, scope), pick(random, scope)]
  const time = scope.find(({ kind }) => kind === 'timestamp')
  if (time !== undefined && chance(random, 0.15)) {
    const [name, kind]: [string, Kind] =
      value.kind === 'boolean' || chance(random, 0.5)
        ? ['count(*)', 'bigint']
        : [`${pick(random, ['min', 'max', 'first_value'])}(${value.ref})`, value.kind]
    const session = `session with gap interval '${1 + random.below(9)}' second`
    const keys = [...windows, by.ref].join(', ')
    const text = `${name} over (partition by ${keys} order by ${time.ref} ${session})`
    return { expression: leaf(text), kind }
  }
  const ordered = chance(random, 0.85)
  const order = `order by ${key.ref}${pick(random, ['', ' desc'])}${pick(random, ['', '', ' nulls first'])}`
  const keys = [...windows, ...(chance(random, 0.6) ? [by.ref] : [])]
  const parts = [keys.length > 0 ? `partition by ${keys.join(', ')} ` : '', ordered ? order : '']
  const over = (extra: string) => `over (${parts.join('')}${extra})`
  const framed = () => over(ordered && chance(random, 0.6) ? frame(random, key) : '')
  const whole = scope.find(({ kind }) => kind === 'int' || kind === 'smallint')
  const place =
    scope.find(({ kind }) => kind === 'geometry')?.ref ??
    (whole === undefined ? undefined : `st_point(${whole.ref}, 1)`)
  if (place !== undefined && time !== undefined && chance(random, 0.12)) {
    const area = 'st_makeenvelope(0, 0, 2, 2)'
    const [text, kind]: [string, Kind] = pick(random, [
      [`enters(${place}, ${area})`, 'boolean'],
      [`exits(${place}, ${area})`, 'boolean'],
      [`st_speed(${place}, ${time.ref})`, 'double'],
    ])
    return { expression: leaf(`${text} ${over('')}`), kind }
  }
  const draw = random.next()
  if (draw < 0.3) {
    const name = pick(random, [
      'rank',
      'dense_rank',
      'percent_rank',
      'cume_dist',
      'row_number',
      'ntile',
    ])
    const text = `${name}(${name === 'ntile' ? 1 + random.below(4) : ''}) ${over('')}`
    return { expression: leaf(text), kind: /percent|cume/.test(name) ? 'double' : 'bigint' }
  }
  const nulls = pick(random, ['', '', ' ignore nulls'])
  if (draw < 0.5) {
    const name = pick(random, ['lag', 'lead'])
    const count = pick(random, ['', ', 1', ', 2', ', 0', ', -1'])
    return {
      expression: leaf(`${name}(${value.ref}${count}${nulls}) ${over('')}`),
      kind: value.kind,
    }
  }
  if (draw < 0.65) {
    const call = pick(random, ['first_value(@', 'last_value(@', 'nth_value(@, 2'])
    const text = `${call.replace('@', value.ref)}${nulls}) ${framed()}`
    return { expression: leaf(text), kind: value.kind }
  }
  if (draw < 0.75 || value.kind === 'boolean') {
    return {
      expression: leaf(`count(${pick(random, ['*', value.ref])}) ${framed()}`),
      kind: 'bigint',
    }
  }
  const isNumber = numbers.has(value.kind)
  const name = pick(random, isNumber ? ['sum', 'avg', 'min', 'max'] : ['min', 'max'])
  const distinct = name === 'sum' && value.kind !== 'wide' && chance(random, 0.3) ? 'distinct ' : ''
  const kept = chance(random, 0.2) ? ` filter (where ${key.ref} is not null)` : ''
  const text = `${name}(${distinct}${value.ref})${kept} ${framed()}`
  const sum = value.kind === 'int' || value.kind === 'smallint' ? 'bigint' : value.kind
  return {
    expression: leaf(text),
    kind: name === 'avg' ? 'double' : name === 'sum' ? sum : value.kind,
  }
}

/** Values that belong to a row of the scope. */
export const rowValues: typeof values = [
  windowed,
  windowed,
  ...values,
  (drawing, scope) => {
    const marked = mark(drawing, scope)
    return marked === null ? null : { expression: marked, kind: 'boolean' }
  },
  correlated,
]

export const tails: readonly ((drawing: Drawing, scope: Scope) => string)[] = [
  // QUALIFY
  ({ random }, scope) => {
    const [partition, order] = [pick(random, scope).ref, pick(random, scope).ref]
    const by = chance(random, 0.7) ? `partition by ${partition} ` : ''
    const sorted = `order by ${order}${pick(random, ['', ' desc'])}`
    const number = pick(random, ['row_number', 'row_number', 'rank', 'dense_rank'])
    return `qualify ${number}() over (${by}${sorted}) ${pick(random, ['= 1', '<= 2', '< 3'])}`
  },
]

/** What a SELECT right above a stream with a watermark may ask of a row. */
export const rowCalls: readonly ((
  random: Random,
  alias: string,
) => { text: string; kind: Kind })[] = [
  (_, alias) => ({ text: `current_watermark(${alias}.ts)`, kind: 'timestamp' }),
  (random) => ({ text: `rand_integer(${random.below(9)}, 20)`, kind: 'int' }),
  () => ({ text: 'row_offset()', kind: 'bigint' }),
  () => ({ text: 'event_id()', kind: 'varchar' }),
]
