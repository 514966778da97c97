/**
 * Production: what random queries are made of beyond the joins, windows and nestings of generate.ts.
 *
 * How      One entry per construct, in the table of the place where it stands: `sources` in FROM, `conditions` in
 *          WHERE, `values` in the select list, `tails` behind the query. An entry draws its parts from what is in
 *          scope and gives null where nothing fits. What the binder refuses is drawn again.
 * See      expression.ts for operators, functions and aggregates; construct.ts for how often each one must be met
 */
import type { Random } from '../../src/base/index.ts'
import type { Expr, From, Kind, Select } from './case.ts'
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
]

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

export const conditions: readonly ((drawing: Drawing, scope: Scope) => Expr | null)[] = [
  // A comparison with a scalar subquery.
  (drawing, scope) => {
    const { ref, kind } = pick(drawing.random, scope)
    const select = scalar(drawing, kind)
    if (select === null) return null
    const operator = pick(drawing.random, ['=', '<', '>=', '<>'])
    return { text: `($0 ${operator} #0)`, parts: [leaf(ref)], selects: [select] }
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
]

export const tails: readonly ((drawing: Drawing, scope: Scope) => string)[] = [
  // QUALIFY
  ({ random }, scope) => {
    const [partition, order] = [pick(random, scope).ref, pick(random, scope).ref]
    const by = chance(random, 0.7) ? `partition by ${partition} ` : ''
    const sorted = `order by ${order}${pick(random, ['', ' desc'])}`
    return `qualify row_number() over (${by}${sorted}) ${pick(random, ['= 1', '<= 2', '< 3'])}`
  },
]
