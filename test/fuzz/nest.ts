/**
 * Nest: random cases whose queries lie in each other, some levels deep: whatever gives rows stands wherever rows are
 * read.
 *
 * How      A source is a stream, a table, a view, rows in the text, a series, a query with a name, or a whole query:
 *          grouped, distinct, a set operation, a Top-N, ranked, windowed, joined; on either side of every join, below
 *          every other, in WHERE, under OR and in the select list. Rows come in few values, so that they meet, and in
 *          an order in which no row is late: what a view shows is then the answer of its query. All kinds are those
 *          that DuckDB has in the same form. A budget of sources bounds what a query costs.
 * See      generate.ts for types, functions, watermarks and late rows
 */
import type { Random } from '../../src/base/index.ts'
import {
  type Case,
  type Expr,
  type Fed,
  type From,
  type Item,
  type Join,
  type Kind,
  type Relation,
  type Select,
  type Test,
  type View,
  viewSql,
} from './case.ts'
import { chance, leaf, pick, type Scope, type ScopeColumn } from './expression.ts'
import { isBound } from './generate.ts'
import { besideRows, inSets, linked, nothing, type Sourced } from './production.ts'

interface Query {
  select: Select
  columns: ScopeColumn[]
}

const stored: readonly Kind[] = ['int', 'bigint', 'varchar', 'boolean', 'decimal']

const cells: Partial<Record<Kind, readonly string[]>> = {
  int: ['1', '2', '0', '3'],
  bigint: ['1', '2', '5'],
  varchar: ['a', 'b', "''", 'a string of many bytes'],
  boolean: ['true', 'false'],
  decimal: ['0.50', '1.25', '-3.10'],
}

const literals: Partial<Record<Kind, readonly string[]>> = {
  int: ['1', '2', '0'],
  bigint: ['cast(1 as bigint)', 'cast(2 as bigint)'],
  varchar: ["'a'", "'b'"],
  boolean: ['true', 'false'],
  decimal: ['0.50', '1.25'],
  double: ['1e0', '1.5e0'],
  timestamp: ["timestamp '2026-01-01 00:00:10'"],
}

const orders = ['', ' desc', ' nulls first', ' desc nulls last']

class Nest {
  readonly random: Random
  readonly relations: Relation[]
  readonly views: { name: string; columns: ScopeColumn[] }[] = []
  #names = 0
  /** Sources that the query at hand may still read. */
  #budget = 0
  /** Do rows only come? Then windows close with their last. */
  #appends = false
  /** Names of WITH in scope. */
  readonly #named: { name: string; columns: ScopeColumn[] }[] = []

  constructor(random: Random) {
    this.random = random
    const objects = ['stream', 'stream', 'changing', 'keyed', 'outside', 'table'] as const
    this.relations = Array.from({ length: 2 + random.below(3) }, (_, index): Relation => {
      const object = pick(random, objects)
      const columns: Relation['columns'] = [{ name: 'k', type: 'int', kind: 'int' }]
      for (let column = random.below(3); column >= 0; column--) {
        const kind = pick(random, stored)
        const type = kind === 'decimal' ? 'decimal(6, 2)' : kind
        columns.push({ name: `c${column}`, type, kind })
      }
      if (chance(random, 0.6)) columns.unshift({ name: 'ts', type: 'timestamp', kind: 'timestamp' })
      const clocked = columns[0]!.name === 'ts' && /stream|outside/.test(object)
      const delay = clocked && chance(random, 0.8) ? { delay: pick(random, [2, 5, 20]) } : {}
      return { name: `t${index}`, object, columns, ...delay, idle: null }
    })
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`
  }

  /** A query of its own. */
  query(depth: number): Query {
    this.#appends = false
    this.#budget = 3 + this.random.below(6)
    return this.#query(depth)
  }

  /** Groups of windows, over what takes no row back. */
  final(depth: number): Query | null {
    this.#appends = true
    this.#budget = 2 + this.random.below(4)
    const source = this.#joined(this.#window(0), this.#source(depth))
    return source.windows.length === 0 ? null : this.#groups(source, depth)
  }

  #seen(columns: readonly ScopeColumn[], alias: string): ScopeColumn[] {
    return columns.map(({ ref, kind }) => ({ ref: `${alias}.${ref}`, kind }))
  }

  #leaf(): Sourced {
    const { random } = this
    const draw = random.next()
    this.#budget--
    if (draw < 0.12) return this.#values()
    if (draw < 0.18) return this.#series()
    const alias = this.#name('r')
    const named = this.#appends ? [] : [...this.views, ...this.#named, ...this.#named]
    if (named.length > 0 && chance(random, 0.3)) {
      const { name, columns } = pick(random, named)
      return {
        from: { kind: 'table', name, alias },
        scope: this.#seen(columns, alias),
        windows: [],
      }
    }
    const fit = this.relations.filter(({ object }) => !this.#appends || isAppended(object))
    if (fit.length === 0) return this.#values()
    const { name, columns } = pick(random, fit)
    const scope = columns.map(({ name: ref, kind }) => ({ ref, kind: kind as Kind }))
    return { from: { kind: 'table', name, alias }, scope: this.#seen(scope, alias), windows: [] }
  }

  #values(): Sourced {
    const { random } = this
    const alias = this.#name('u')
    const columns: { name: string; kind: Kind }[] = [{ name: 'k', kind: 'int' }]
    if (chance(random, 0.5)) columns.push({ name: 'c0', kind: pick(random, ['varchar', 'bigint']) })
    const rows = Array.from({ length: 1 + random.below(4) }, () =>
      columns.map(({ kind }) =>
        leaf(chance(random, 0.1) ? `cast(null as ${kind})` : pick(random, literals[kind]!)),
      ),
    )
    const scope = columns.map(({ name, kind }) => ({ ref: `${alias}.${name}`, kind }))
    const names = columns.map(({ name }) => name)
    return { from: { kind: 'values', rows, columns: names, alias }, scope, windows: [] }
  }

  #series(): Sourced {
    const alias = this.#name('g')
    const parts = [pick(this.random, ['0', '1']), pick(this.random, ['0', '2', '3'])].map(leaf)
    const from: From = {
      kind: 'piece',
      text: 'generate_series($0, $1) @(k)',
      parts,
      selects: [],
      alias,
    }
    return { from, scope: [{ ref: `${alias}.k`, kind: 'bigint' }], windows: [] }
  }

  #source(depth: number): Sourced {
    const { random } = this
    if (depth <= 0 || this.#budget <= 1) return this.#leaf()
    const draw = random.next()
    if (draw < 0.36) return this.#join(depth)
    if (draw < 0.66) return this.#derived(depth - 1)
    if (draw < 0.74 && !this.#appends) return this.#rank(depth - 1)
    if (draw < 0.84) return this.#window(depth - 1)
    if (draw < 0.88)
      return besideRows(
        { random, name: (prefix) => this.#name(prefix) },
        this.#source(depth - 1),
        true,
      )
    return this.#leaf()
  }

  #derived(depth: number): Sourced {
    const { select, columns } = this.#query(depth)
    const alias = this.#name('d')
    return {
      from: { kind: 'derived', select, alias },
      scope: this.#seen(columns, alias),
      windows: [],
    }
  }

  #window(depth: number): Sourced {
    const { random } = this
    const timed = this.relations.filter(
      ({ columns, object, delay }) =>
        columns[0]!.name === 'ts' &&
        (!this.#appends || (isAppended(object) && delay !== undefined)),
    )
    let inner = chance(random, 0.3) ? this.#derived(depth) : this.#leaf()
    const isTimed = inner.scope.some(({ kind }) => kind === 'timestamp')
    if ((!isTimed || this.#appends) && timed.length > 0) {
      const { name, columns } = pick(random, timed)
      const alias = this.#name('r')
      const scope = columns.map(({ name: ref, kind }) => ({ ref, kind: kind as Kind }))
      inner = { from: { kind: 'table', name, alias }, scope: this.#seen(scope, alias), windows: [] }
    }
    const at = inner.scope.find(({ kind }) => kind === 'timestamp')
    if (at === undefined || !/table|derived/.test(inner.from.kind)) return inner
    const alias = this.#name('w')
    const local = (ref: string) => ref.slice(ref.indexOf('.') + 1)
    const size = pick(random, [5, 10, 30])
    const called = pick(random, ['tumble', 'tumble', 'hop', 'cumulate', 'session'] as const)
    const keys = inner.scope
      .filter(({ ref }) => ref.split('.').length === 2)
      .map(({ ref }) => local(ref))
    const partition = called === 'session' && chance(random, 0.7) ? [pick(random, keys)] : []
    const slide = called === 'hop' ? pick(random, [5, 10]) : size
    const from: From = {
      kind: 'window', function: called, source: inner.from, time: local(at.ref), slide, size, partition,
      offset: 0, spelling: 'short', alias,
    } // biome-ignore format: one list
    const windows = ['window_start', 'window_end'].map((name) => `${alias}.${name}`)
    const scope = [
      ...inner.scope.map(({ ref, kind }) => ({ ref: `${alias}.${local(ref)}`, kind })),
      ...windows.map((ref): ScopeColumn => ({ ref, kind: 'timestamp' })),
    ]
    return { from, scope, windows }
  }

  #rank(depth: number): Sourced {
    const { random } = this
    const { from, scope } = this.#source(depth)
    const alias = this.#name('n')
    const columns = scope.map(({ ref }) => ({ ref, name: this.#name('p') }))
    const order = [...scope]
      .sort(() => random.next() - 0.5)
      .map(({ ref }) => `${ref}${pick(random, orders)}`)
    const number = this.#name('rn')
    const shown = chance(random, 0.5)
    const ranked: From = {
      kind: 'rank', source: from, columns, order, number, shown, alias,
      partition: Array.from({ length: random.below(3) }, () => pick(random, scope).ref),
      condition: pick(random, ['<= 1', '= 1', '<= 2', '<= 3', '= 2', '> 1']),
    } // biome-ignore format: one list
    const seen = columns.map(({ name }, at) => ({
      ref: `${alias}.${name}`,
      kind: scope[at]!.kind,
    }))
    if (shown) seen.push({ ref: `${alias}.${number}`, kind: 'bigint' })
    return { from: ranked, scope: seen, windows: [] }
  }

  #join(depth: number): Sourced {
    const { random } = this
    return this.#joined(this.#source(depth - 1), this.#source(depth - 1 - random.below(2)))
  }

  #joined(...sides: [Sourced, Sourced]): Sourced {
    const { random } = this
    const [left, right] = chance(random, 0.5) ? sides : [sides[1], sides[0]]
    const pairs = left.scope.flatMap((a) =>
      right.scope.filter((b) => isEqual(a.kind, b.kind)).map((b) => [a.ref, b.ref] as const),
    )
    const both = [...left.scope, ...right.scope]
    const join: Join = chance(random, 0.4)
      ? 'inner'
      : this.#appends
        ? pick(random, ['inner', 'semi'])
        : pick(random, ['left', 'left', 'right', 'full', 'semi', 'anti'] as const)
    if (pairs.length === 0 || chance(random, 0.08)) {
      const from: From = { kind: 'join', join: 'inner', left: left.from, right: right.from, on: [] }
      return { from, scope: both, windows: [] }
    }
    const on = Array.from({ length: chance(random, 0.2) ? 2 : 1 }, () => {
      const [a, b] = pick(random, pairs)
      return leaf(chance(random, 0.04) ? `${a} is not distinct from ${b}` : `${a} = ${b}`)
    })
    if (left.windows.length > 0 && right.windows.length > 0)
      on.push(leaf(`${left.windows[1]} = ${right.windows[1]}`))
    if (chance(random, 0.15)) on.push(this.#expression('boolean', both, 1))
    const half = join === 'semi' || join === 'anti'
    const from: From = { kind: 'join', join, left: left.from, right: right.from, on }
    const windows = half || left.windows.length > 0 ? left.windows : right.windows
    return { from, scope: half ? left.scope : both, windows }
  }

  /** A query: plain, grouped, distinct, cut, or several put together. */
  #query(depth: number): Query {
    const { random } = this
    if (depth > 0 && chance(random, 0.1)) return this.#with(depth)
    const one = !this.#appends && chance(random, 0.45) ? this.#grouped(depth) : this.#plain(depth)
    if (depth > 0 && this.#budget > 0 && chance(random, 0.22)) return this.#set(one, depth - 1)
    if (!this.#appends && chance(random, 0.2)) return this.#cut(one)
    return one
  }

  #with(depth: number): Query {
    const inner = this.#query(depth - 1)
    const name = this.#name('z')
    this.#named.push({ name, columns: inner.columns })
    const { select, columns } = this.#query(depth - 1)
    this.#named.pop()
    const alias = this.#name('y')
    const text = `(with ${name} as #0 #1) @`
    const from: From = { kind: 'piece', text, parts: [], selects: [inner.select, select], alias }
    const items = columns.map(({ ref }) => ({
      expression: leaf(`${alias}.${ref}`),
      alias: this.#name('o'),
    }))
    const kinds = columns.map(({ kind }, at) => ({ ref: items[at]!.alias, kind }))
    return { select: { ...nothing, items, from }, columns: kinds }
  }

  /** The first rows of a total order. */
  #cut({ select, columns }: Query): Query {
    const { random } = this
    const order = [...columns]
      .sort(() => random.next() - 0.5)
      .map(({ ref }) => `${ref}${pick(random, orders)}`)
    const limit = pick(random, [
      'limit 1',
      'limit 2',
      'limit 3',
      'limit 2 offset 1',
      'limit 0',
      'limit 10',
    ])
    return { select: { ...select, tail: `order by ${order.join(', ')} ${limit}` }, columns }
  }

  #set(one: Query, depth: number): Query {
    const { random } = this
    const source = this.#source(depth)
    const items = one.columns.map(({ kind, ref }): Item => {
      return {
        expression: this.#expression(kind, source.scope, chance(random, 0.8) ? 0 : 1),
        alias: ref,
      }
    })
    const where = chance(random, 0.3) ? [this.#condition(source.scope, depth)] : []
    const right: Select = { ...nothing, items, from: source.from, where }
    const operator = pick(random, [
      ...(this.#appends ? Array(30).fill('union all') : []),
      ...['union all', 'union all', 'union', 'intersect', 'intersect all', 'except', 'except all'],
    ])
    return { select: { ...one.select, set: { operator, right } }, columns: one.columns }
  }

  #plain(depth: number): Query {
    const { random } = this
    const { from, scope } = this.#source(depth)
    const { where, tests } = this.#filter(scope, depth)
    const items: Item[] = []
    const columns: ScopeColumn[] = []
    const add = (expression: Expr, kind: Kind) => {
      const alias = this.#name('o')
      items.push({ expression, alias })
      columns.push({ ref: alias, kind })
    }
    for (let count = 1 + random.below(4); count > 0; count--) {
      const { kind, ref } = pick(random, scope)
      add(chance(random, 0.75) ? leaf(ref) : this.#expression(kind, scope, 1), kind)
    }
    if (!this.#appends && this.#budget > 0 && chance(random, 0.12)) {
      const value = this.#scalar(scope, depth - 1)
      if (value !== null) add(value.expression, value.kind)
    }
    const distinct = !this.#appends && chance(random, 0.15)
    return { select: { ...nothing, items, from, where, tests, distinct }, columns }
  }

  #grouped(depth: number): Query {
    return this.#groups(this.#source(depth), depth)
  }

  #groups({ from, scope, windows }: Sourced, depth: number): Query {
    const { random } = this
    const { where, tests } = this.#filter(scope, depth)
    const items: Item[] = []
    const columns: ScopeColumn[] = []
    const add = (expression: Expr, kind: Kind) => {
      const alias = this.#name('o')
      items.push({ expression, alias })
      columns.push({ ref: alias, kind })
    }
    const keys = Array.from({ length: random.below(3) }, () => pick(random, scope))
    for (const ref of windows)
      if (this.#appends || chance(random, 0.7)) keys.push({ ref, kind: 'timestamp' })
    for (const { ref, kind } of keys) if (chance(random, 0.85)) add(leaf(ref), kind)
    for (let count = 1 + random.below(2); count > 0; count--) {
      const { expression, kind } = this.#aggregate(scope, depth)
      add(expression, kind)
    }
    const having = chance(random, 0.15)
      ? [{ text: `($0 ${pick(random, ['>', '<', '<>'])} 1)`, parts: [leaf('count(*)')] }]
      : []
    const group = keys.map(({ ref }) => leaf(ref))
    if (!this.#appends && group.length > 0 && chance(random, 0.15)) {
      const places = group.map((_, at) => `$${at}`).join(', ')
      add({ text: `grouping(${places})`, parts: [...group] }, 'bigint')
      group.splice(0, group.length, inSets(random, group))
    }
    if (this.#asks(depth) && chance(random, 0.15)) {
      const key = chance(random, 0.5)
        ? this.#scalar(scope, depth - 1)
        : ({ expression: this.#condition(scope, depth - 1), kind: 'boolean' } as const)
      if (key !== null) {
        add(key.expression, key.kind)
        group.push(key.expression)
      }
    }
    return { select: { ...nothing, items, from, where, tests, group, having }, columns }
  }

  /** May a query stand inside an expression here? */
  #asks(depth: number): boolean {
    return depth > 0 && !this.#appends && this.#budget > 0
  }

  #aggregate(scope: Scope, depth = 0): { expression: Expr; kind: Kind } {
    const { random } = this
    const inside = this.#asks(depth) && chance(random, 0.2) ? this.#scalar(scope, depth - 1) : null
    if (inside !== null && inside.kind !== 'boolean') {
      const { expression, kind } = inside
      return {
        expression: { text: `${pick(random, ['min', 'max'])}($0)`, parts: [expression] },
        kind,
      }
    }
    const column = pick(random, scope)
    const filter = !chance(random, 0.15)
      ? []
      : this.#asks(depth) && chance(random, 0.4)
        ? [this.#condition(scope, depth - 1)]
        : [this.#expression('boolean', scope, 1)]
    const suffix = filter.length > 0 ? ' filter (where $0)' : ''
    const call = (text: string, kind: Kind) => ({
      expression: { text: `${text}${suffix}`, parts: filter },
      kind,
    })
    const distinct = chance(random, 0.2) ? 'distinct ' : ''
    const number = scope.filter(({ kind }) => /int|decimal/.test(kind))
    const whole = number.filter(({ kind }) => kind !== 'decimal')
    switch (random.below(6)) {
      case 0:
        return call('count(*)', 'bigint')
      case 1:
        return call(`count(${distinct}${column.ref})`, 'bigint')
      case 2: {
        if (number.length === 0) break
        const { ref, kind } = pick(random, number)
        return call(`sum(${distinct}${ref})`, kind === 'decimal' ? 'decimal' : 'bigint')
      }
      case 3:
        if (whole.length === 0) break
        return call(`avg(${pick(random, whole).ref})`, 'double')
    }
    if (column.kind === 'boolean') return call('count(*)', 'bigint')
    return call(`${pick(random, ['min', 'max'])}(${column.ref})`, column.kind)
  }

  #filter(scope: Scope, depth: number): { where: Expr[]; tests: Test[] } {
    const { random } = this
    const where = chance(random, 0.25) ? [this.#expression('boolean', scope, 2)] : []
    if (!this.#appends && this.#budget > 0 && chance(random, 0.14))
      where.push(this.#condition(scope, depth - 1))
    const test = this.#budget > 0 && chance(random, 0.14) ? this.#test(scope, depth - 1) : null
    return { where, tests: test === null ? [] : [test] }
  }

  /** A query beside a row: a column of the scope, one of another source of its kind. */
  #beside(scope: Scope, depth: number) {
    const { random } = this
    const source = chance(random, 0.5) ? this.#leaf() : this.#source(depth)
    const pairs = scope.flatMap((a) =>
      source.scope.filter((b) => isEqual(a.kind, b.kind)).map((b) => [a, b] as const),
    )
    return pairs.length === 0 ? null : { source, pairs, pair: pick(random, pairs) }
  }

  #test(scope: Scope, depth: number): Test | null {
    const { random } = this
    const found = this.#beside(scope, depth)
    if (found === null) return null
    const { source, pairs, pair } = found
    const items = [{ expression: leaf(pair[1].ref), alias: this.#name('o') }]
    const equal = ([a, b]: readonly [ScopeColumn, ScopeColumn]) => leaf(`${b.ref} = ${a.ref}`)
    const exists = chance(random, 0.4)
    const linked = chance(random, exists ? 0.85 : 0.25)
    const where = linked ? [equal(exists ? pair : pick(random, pairs))] : []
    if (chance(random, 0.25)) where.push(this.#expression('boolean', source.scope, 1))
    if (this.#budget > 0 && chance(random, 0.1))
      where.push(this.#condition(source.scope, depth - 1))
    const select: Select = { ...nothing, items, from: source.from, where }
    const negated = !this.#appends && chance(random, 0.5)
    return { negated, operand: exists ? null : leaf(pair[0].ref), select }
  }

  /** A condition with a query inside, alone or under OR. */
  #condition(scope: Scope, depth: number): Expr {
    const { random } = this
    const plain = () => this.#expression('boolean', scope, 1)
    const found = this.#beside(scope, depth)
    if (found === null) return plain()
    const { source, pair } = found
    const exists = chance(random, 0.3)
    const isLinked = exists || chance(random, 0.2)
    const where = isLinked ? [leaf(`${pair[1].ref} ${linked(random)} ${pair[0].ref}`)] : []
    if (chance(random, 0.25)) where.push(this.#expression('boolean', source.scope, 1))
    if (this.#budget > 0 && chance(random, 0.1))
      where.push(this.#condition(source.scope, depth - 1))
    const items = [{ expression: leaf(pair[1].ref), alias: this.#name('o') }]
    const selects: Select[] = [{ ...nothing, items, from: source.from, where }]
    const words = ['in', 'not in', 'in', 'not in', '= any', '< any', '>= all', '<> all']
    const mark: Expr = exists
      ? { text: pick(random, ['(exists #0)', '(not exists #0)']), parts: [], selects }
      : { text: `($0 ${pick(random, words)} #0)`, parts: [leaf(pair[0].ref)], selects }
    const text = pick(random, ['($0 or $1)', '($0 or $1)', '($0 and $1)', '(not ($0 and $1))'])
    return { text, parts: [mark, plain()] }
  }

  /** A query that stands for a value: of the whole, or of what belongs to the row. */
  #scalar(scope: Scope, depth: number): { expression: Expr; kind: Kind } | null {
    const found = this.#beside(scope, depth)
    if (found === null) return null
    const { source, pair } = found
    const { expression, kind } = this.#aggregate(source.scope)
    const items = [{ expression, alias: this.#name('o') }]
    const link = linked(this.random)
    const where = chance(this.random, 0.6) ? [leaf(`${pair[1].ref} ${link} ${pair[0].ref}`)] : []
    const whole: Select = { ...nothing, items, from: source.from, where }
    const selects = [chance(this.random, 0.2) ? this.#underneath(whole, source.scope) : whole]
    return { expression: { text: '#0', parts: [], selects }, kind }
  }

  /** The same from a query in FROM, which names the columns around. */
  #underneath(whole: Select, scope: Scope): Select {
    const alias = this.#name('h')
    const columns = scope.map(({ ref }) => ({ ref, name: this.#name('p') }))
    const items = columns.map(({ ref, name }) => ({ expression: leaf(ref), alias: name }))
    const select: Select = { ...nothing, items, from: whole.from, where: whole.where }
    const names = new Map(columns.map(({ ref, name }) => [ref, `${alias}.${name}`]))
    const shown = ({ text, parts, ...rest }: Expr): Expr => ({
      ...rest,
      text: text.replace(/\w+\.\w+/g, (ref) => names.get(ref) ?? ref),
      parts: parts.map(shown),
    })
    const outer = whole.items.map((item) => ({ ...item, expression: shown(item.expression) }))
    return { ...whole, items: outer, from: { kind: 'derived', select, alias }, where: [] }
  }

  #expression(kind: Kind, scope: Scope, depth: number): Expr {
    const { random } = this
    const columns = scope.filter((column) => column.kind === kind)
    if (kind !== 'boolean' || depth === 0) {
      if (columns.length > 0 && (depth === 0 || chance(random, 0.5)))
        return leaf(pick(random, columns).ref)
      if (depth === 0) return leaf(pick(random, literals[kind]!))
    }
    const part = (of: Kind) => this.#expression(of, scope, depth - 1)
    if (kind !== 'boolean') {
      const own: string[] = /int/.test(kind) ? ['($0 + 1)', '(- $0)', '($0 % 2)'] : []
      const text = pick(random, [
        'coalesce($0, $1)',
        'nullif($0, $1)',
        'case when $2 then $0 else $1 end',
        ...own,
      ])
      return { text, parts: [part(kind), part(kind), part('boolean')] }
    }
    const other = pick(random, scope).kind
    const text = pick(random, [
      '($0 = $1)', '($0 <> $1)', '($0 < $1)', '($0 >= $1)', '($0 is null)', '($0 is not null)',
      '($0 is distinct from $1)', '($2 and $3)', '($2 or $3)', '(not $2)',
    ]) // biome-ignore format: one list
    return { text, parts: [part(other), part(other), part('boolean'), part('boolean')] }
  }

  rows(): Fed[] {
    const { random, relations } = this
    const count = random.below(random.below(4) === 0 ? 30 : 14)
    const flushes = pick(random, [0, 0.15, 0.4])
    const empty = chance(random, 0.3) ? pick(random, relations).name : ''
    const nulls = pick(random, [0.05, 0.15, 0.15, 0.6])
    let now = 0
    return Array.from({ length: count }, () => pick(random, relations)).flatMap(
      (relation): Fed[] => {
        const { name, object, columns } = relation
        if (name === empty) return []
        now += random.below(6)
        const row = columns.map((column) => {
          if (column.name === 'ts')
            return `00:${String(now % 60).padStart(2, '0')}`.replace(/^00/, two(now / 60))
          if (!(column.name === 'k' && object === 'keyed') && chance(random, nulls)) return 'NULL'
          return pick(random, cells[column.kind as Kind]!)
        })
        const fed: Fed = {
          relation: name,
          cells: row,
          flush: object !== 'outside' && chance(random, flushes),
        }
        if (object === 'keyed')
          return [
            { ...fed, verb: pick(random, ['replace', 'replace', 'ignore', 'delete'] as const) },
          ]
        if (object !== 'changing' || chance(random, 0.6)) return [fed]
        return [{ ...fed, verb: chance(random, 0.6) ? 'update' : 'delete' }]
      },
    )
  }
}

const two = (part: number) => String(Math.floor(part)).padStart(2, '0')

const isAppended = (object: Relation['object']) => /stream|outside|^table/.test(object)

const isEqual = (a: Kind, b: Kind): boolean =>
  (a === b && a !== 'double') || (/int/.test(a) && /int/.test(b))

const finals = ['emit on window close', 'emit final']

/** A random case of nested queries. */
export function nest(random: Random): Case {
  const nested = new Nest(random)
  const { relations } = nested
  const views: View[] = []
  const wanted = 1 + random.below(3)
  for (let tries = 0; views.length < wanted && tries < 60; tries++) {
    const stores = chance(random, 0.7)
    const closing = chance(random, 0.3) ? nested.final(1 + random.below(3)) : null
    const { select, columns } = closing ?? nested.query(2 + random.below(3))
    const name = `v${views.length}`
    const closes = closing !== null || chance(random, 0.05) ? [pick(random, finals), ''] : ['']
    const drawn = closes.map(
      (emit): View => ({ name, select, emit, ...(stores || emit !== '' ? {} : { stored: false }) }),
    )
    const view = drawn.find((one) => {
      if (viewSql(one).length > 3000) return false
      return isBound({ dialect: '', relations, views: [...views, one], rows: [] })
    })
    if (view === undefined) continue
    views.push(view)
    nested.views.push({ name, columns })
  }
  const rows = nested.rows()
  const starts = views.map(() => (chance(random, 0.4) ? random.below(rows.length + 1) : 0))
  starts.sort((a, b) => a - b)
  const begun = views.map((view, at) => ({ ...view, after: starts[at]! }))
  return { dialect: '', relations, views: begun, rows, exact: true }
}
