/**
 * Generate: random cases over every construct of the engine.
 *
 * How      Relations with a few columns, rows that meet, tie, come late and hold NULLs and extremes, and queries
 *          that are filters, projections, groupings, DISTINCT, windows, joins, VALUES and nestings of these. A query
 *          that the binder refuses is thrown away and another one drawn.
 */
import { parse } from '../../grammar/index.ts'
import { QueryMistake, type Random, systemDisk } from '../../src/base/index.ts'
import { Catalog, type Relation as CatalogRelation } from '../../src/catalog/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import type { Dialect } from '../../src/data/index.ts'
import { bind } from '../../src/plan/index.ts'
import { Sources } from '../script/sources.ts'
import {
  type Case,
  type Expr,
  type Fed,
  type From,
  givenColumns,
  type Item,
  type Join,
  type Kind,
  type Relation,
  relationSql,
  type Select,
  type Test,
  type View,
  versionsOf,
  viewSql,
} from './case.ts'
import { changes, finals, timed } from './emission.ts'
import { aggregate, chance, expression, kinds, leaf, pick, type ScopeColumn } from './expression.ts'
import { ownInSql } from './own.ts'
import {
  besideQuery,
  besideRows,
  conditions,
  type Drawing,
  inSets,
  nothing,
  rowCalls,
  rowValues,
  type Sourced,
  sources,
  tails,
  values,
  windowed,
} from './production.ts'

const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']

class Generator implements Drawing {
  readonly random: Random
  readonly relations: Relation[]
  /** Views made so far, as relations to read from. */
  readonly views: { name: string; columns: ScopeColumn[] }[] = []
  #names = 0
  /** What SET dialect says first; '' for nothing. */
  readonly dialect: string
  /** What SET timezone says; undefined for nothing. */
  readonly zone: string | undefined

  /** Half of the cases keep to the types that DuckDB has in the same form. */
  readonly #kinds: readonly Kind[]

  constructor(random: Random, shared: boolean) {
    this.random = random
    this.#kinds = shared || chance(random, 0.6) ? kinds.slice(0, 8) : kinds
    const own = !shared && chance(random, 0.15)
    this.dialect = own ? pick(random, ['flink', 'postgres', 'duckdb']) : ''
    const isZoned = this.#kinds === kinds && chance(random, 0.25)
    this.zone = isZoned ? pick(random, zones) : undefined
    this.relations = Array.from({ length: 1 + random.below(3) }, (_, index) =>
      this.#relation(index),
    ).flatMap((relation) => this.#withTarget(relation))
  }

  #relation(index: number): Relation {
    const { random } = this
    const precision = pick(random, ['', '(3)', '(0)'])
    const columns: Relation['columns'] = [
      { name: 'ts', type: `timestamp${precision}`, kind: 'timestamp' },
      { name: 'k', type: 'int', kind: 'int' },
    ]
    const others = 1 + random.below(4)
    for (let column = 0; column < others; column++) {
      const kind = pick(random, this.#kinds)
      columns.push({ name: `c${column}`, type: typeOf(kind), kind })
    }
    if (chance(random, 0.4)) {
      const object = pick(random, ['changing', 'changing', 'keyed', 'keyed', 'table'] as const)
      return { name: `t${index}`, object, columns }
    }
    if (chance(random, 0.15))
      columns.push({ name: 'p', type: 'row<a int, b varchar>', kind: 'struct' })
    if (chance(random, 0.2)) {
      const computed = expression(random, 'int', [{ ref: 'k', kind: 'int' }], 1)
      const text = computed.parts.length === 0 ? 'k' : '(k % 2)'
      columns.push({ name: 'e', type: 'int', kind: 'int', computed: text })
    }
    if (chance(random, 0.12)) {
      const computed = "metadata from 'offset' virtual"
      columns.push({ name: 'o', type: 'int', kind: 'int', computed })
    }
    const delay = pick(random, [undefined, null, 0, 5, 20])
    const ahead = delay === 5 && others < 4 ? others * 8 : undefined
    const of = pick(random, ['stream', 'view'] as const)
    const versions = delay !== undefined && chance(random, 0.3) ? { versions: of } : {}
    const clock = { ...this.#clock(delay), ...versions }
    return { name: `s${index}`, object: 'stream', columns, delay, ahead, ...clock }
  }

  /** What else a watermark may go by. */
  #clock(delay: Relation['delay']): Partial<Relation> {
    const { random } = this
    if (delay === undefined) return {}
    return {
      ...(chance(random, 0.3) ? { split: true } : {}),
      ...(chance(random, 0.4) ? { idle: pick(random, [null, 3, 20]) } : {}),
      ...(chance(random, 0.1) ? { within: 10 } : {}),
    }
  }

  /** The stream, and before it one that takes its late rows. */
  #withTarget(relation: Relation): Relation[] {
    const { columns, delay, name } = relation
    const made = columns.some(({ computed }) => computed !== undefined)
    if (delay === undefined || made || !chance(this.random, 0.25)) return [relation]
    const target: Relation = { name: `late_${name}`, object: 'stream', columns }
    return [target, { ...relation, late: target.name }]
  }

  readonly name = (prefix: string): string => `${prefix}${this.#names++}`

  readonly table = (): Sourced => {
    const { random } = this
    if (this.views.length > 0 && chance(random, 0.5)) {
      const alias = this.name('r')
      const { name, columns } = pick(random, this.views)
      const scope = columns.map(({ ref, kind }) => ({ ref: `${alias}.${ref}`, kind }))
      return { from: { kind: 'table', name, alias }, scope, windows: [] }
    }
    return this.#read(pick(random, this.relations))
  }

  #read({ name, columns }: Relation): Sourced {
    const alias = this.name('r')
    const scope = columns.flatMap(({ name: column, kind }): ScopeColumn[] => {
      const ref = `${alias}.${column}`
      if (kind !== 'struct') return [{ ref, kind }]
      return [
        { ref: `${ref}.a`, kind: 'int' },
        { ref: `${ref}.b`, kind: 'varchar' },
      ]
    })
    return { from: { kind: 'table', name, alias }, scope, windows: [] }
  }

  #derived(depth: number): Sourced {
    const alias = this.name('d')
    const { select, columns, windows } = this.select(depth)
    const scope = columns.map(({ ref, kind }) => ({ ref: `${alias}.${ref}`, kind }))
    const from: From = { kind: 'derived', select, alias }
    return { from, scope, windows: windows.map((name) => `${alias}.${name}`) }
  }

  /** Rows that stand in the text; the first column is an integer, for joins. */
  #values(): Sourced {
    const { random } = this
    const alias = this.name('u')
    const columns: { name: string; kind: Kind }[] = [{ name: 'k', kind: 'int' }]
    const others = random.below(3)
    for (let column = 0; column < others; column++) {
      columns.push({ name: `c${column}`, kind: pick(random, kinds) })
    }
    const rows = Array.from({ length: 1 + random.below(4) }, () =>
      columns.map(({ kind }) => expression(random, kind, [], chance(random, 0.8) ? 0 : 1)),
    )
    const scope = columns.map(({ name, kind }) => ({ ref: `${alias}.${name}`, kind }))
    const names = columns.map(({ name }) => name)
    return { from: { kind: 'values', rows, columns: names, alias }, scope, windows: [] }
  }

  /** What closes with its window: the best rows of it, or all beside each other; the rows of two. */
  closing(): ReturnType<Drawing['select']> {
    const { random } = this
    const draw = random.next()
    const { from, scope, windows } =
      draw < 0.4
        ? this.#rank(0, true)
        : draw < 0.7
          ? this.#window(0, this.#watermarked())
          : this.#windowJoin()
    const shown = scope.map(({ ref, kind }) => ({ expression: leaf(ref), kind }))
    if (draw >= 0.4 && windows.length > 0 && chance(random, draw < 0.7 ? 1 : 0.2)) {
      shown.push(windowed(this, scope, windows), windowed(this, scope, windows))
    }
    const columns = shown.map(({ kind }): ScopeColumn => ({ ref: this.name('o'), kind }))
    const items = shown.map(({ expression: one }, at): Item => {
      return { expression: one, alias: columns[at]!.ref }
    })
    return { select: { ...nothing, items, from }, columns, windows: [] }
  }

  /** The rows, or groups, of the same windows of two streams. */
  #windowJoin(): Sourced {
    const { random } = this
    const [left, right] = [0, 0].map((depth) => this.#window(depth, this.#watermarked())) as [
      Sourced,
      Sourced,
    ]
    const ends = [left, right].map(({ windows }) => windows.at(-1))
    if (ends.includes(undefined)) return left
    const isKey = ({ ref }: ScopeColumn) => ref.endsWith('.k')
    const keys = [left, right].map(({ scope }) => scope.find(isKey)?.ref)
    if (left.from.kind === 'window' && right.from.kind === 'window') {
      const { function: called, slide, size, offset } = left.from
      if (called === 'session') right.from.size = size
      else Object.assign(right.from, { function: called, slide, size, offset, partition: [] })
    }
    const on = [leaf(`${ends[0]} = ${ends[1]}`)]
    if (!keys.includes(undefined)) on.push(leaf(`${keys[0]} = ${keys[1]}`))
    const all = [...left.scope, ...right.scope]
    if (chance(random, 0.3)) on.push(expression(random, 'boolean', all, 1))
    const join = pick(random, ['inner', 'left', 'left', 'right', 'semi', 'anti'] as const)
    const half = join === 'semi' || join === 'anti'
    return {
      from: { kind: 'join', join, left: left.from, right: right.from, on },
      scope: half ? left.scope : all,
      windows: join === 'right' ? right.windows : left.windows,
    }
  }

  #rank(depth: number, ofWindow = chance(this.random, 0.4)): Sourced {
    const { random } = this
    const { from, scope, windows } = ofWindow ? this.#window(depth) : this.#source(depth)
    const alias = this.name('n')
    const columns = scope
      .filter(() => chance(random, 0.7))
      .map(({ ref }) => ({ ref, name: this.name('p') }))
    if (columns.length === 0) columns.push({ ref: scope[0]!.ref, name: this.name('p') })
    const key = () => {
      const { ref } = pick(random, scope)
      return `${ref}${pick(random, ['', ' desc'])}${pick(random, ['', '', ' nulls first'])}`
    }
    const number = this.name('rn')
    const shown = chance(random, 0.5)
    const ranked: From = {
      kind: 'rank',
      source: from,
      columns,
      partition: [
        ...(chance(random, 0.6) ? windows : []),
        ...Array.from({ length: random.below(3) }, () => pick(random, scope).ref),
      ],
      order: Array.from({ length: random.below(3) }, key),
      number,
      shown,
      condition: pick(random, ['<= 1', '= 1', '< 3', '<= 3', 'between 2 and 3', '> 1', '']),
      alias,
    }
    const kindOf = (wanted: string) => scope.find(({ ref }) => ref === wanted)!.kind
    const seen = columns.map(({ ref, name }): ScopeColumn => {
      return { ref: `${alias}.${name}`, kind: kindOf(ref) }
    })
    if (shown) seen.push({ ref: `${alias}.${number}`, kind: 'bigint' })
    return { from: ranked, scope: seen, windows: [] }
  }

  /** A stream that has a watermark, if there is one. */
  #watermarked(): Sourced {
    const some = this.relations.filter(({ delay }) => delay !== undefined)
    return some.length === 0 ? this.table() : this.#read(pick(this.random, some))
  }

  #window(depth: number, given: Sourced | null = null): Sourced {
    const { random } = this
    const inner = given ?? (depth > 0 && chance(random, 0.25) ? this.#derived(0) : this.table())
    const times = inner.scope.filter(({ kind }) => kind === 'timestamp')
    if (times.length === 0) return inner
    const at = times.find(({ ref }) => ref.endsWith('.ts')) ?? pick(random, times)
    const alias = this.name('w')
    const local = (ref: string) => ref.slice(ref.indexOf('.') + 1)
    const size = pick(random, [5, 10, 30, 60])
    const called = pick(random, ['tumble', 'tumble', 'hop', 'hop', 'cumulate', 'session'] as const)
    const slides = {
      tumble: [size],
      hop: [5, 10, 7, 60],
      cumulate: [size, size / 5],
      session: [size],
    }
    const from: From = {
      kind: 'window',
      function: called,
      source: inner.from,
      time: local(at.ref),
      slide: pick(random, slides[called]),
      partition: called === 'session' ? this.#keysOf(inner.scope).map(local) : [],
      size,
      offset: called !== 'session' && chance(random, 0.2) ? 3 : 0,
      spelling: pick(random, ['short', 'short', 'table', 'descriptor', 'named'] as const),
      alias,
    }
    const windows = ['window_start', 'window_end'].map((name) => `${alias}.${name}`)
    const scope = [
      ...inner.scope.map(({ ref, kind }) => ({ ref: `${alias}.${local(ref)}`, kind })),
      ...windows.map((ref): ScopeColumn => ({ ref, kind: 'timestamp' })),
    ]
    return { from, scope, windows }
  }

  #keysOf(scope: readonly ScopeColumn[]): string[] {
    const { random } = this
    const keys = scope.filter(({ ref }) => ref.endsWith('.k'))
    if (keys.length > 0 && chance(random, 0.6)) return [keys[0]!.ref]
    const plain = scope.filter(({ ref }) => ref.split('.').length === 2)
    return Array.from({ length: random.below(3) }, () => pick(random, plain).ref)
  }

  #join(depth: number): Sourced {
    const { random } = this
    const dated = chance(random, 0.3) ? this.#dated() : null
    if (dated !== null) return dated
    const near = chance(random, 0.06) ? this.#near() : null
    if (near !== null) return near
    const left = this.#source(depth - 1)
    const right = chance(random, 0.3)
      ? this.#derived(0)
      : chance(random, 0.15)
        ? this.#values()
        : this.#source(0)
    const on: Expr[] = []
    const pairs = left.scope.flatMap((a) =>
      right.scope
        .filter((b) => b.kind === a.kind && a.kind !== 'boolean')
        .map((b) => [a.ref, b.ref] as const),
    )
    const ints = pairs.filter(([a]) => a.endsWith('.k'))
    const first = ints.length > 0 && chance(random, 0.7) ? pick(random, ints) : pick(random, pairs)
    if (first === undefined) return left
    const cross = chance(random, 0.06)
    if (cross) {
      const from: From = { kind: 'join', join: 'inner', left: left.from, right: right.from, on }
      return { from, scope: [...left.scope, ...right.scope], windows: [] }
    }
    on.push(leaf(`${first[0]} = ${first[1]}`))
    if (left.windows.length > 0 && right.windows.length > 0 && chance(random, 0.8)) {
      on.push(leaf(`${left.windows.at(-1)} = ${right.windows.at(-1)}`))
    }
    const times = [left, right].map(({ scope }) => scope.find(({ ref }) => ref.endsWith('.ts')))
    if (times[0] !== undefined && times[1] !== undefined && chance(random, 0.2)) {
      const [a, b] = [times[0].ref, times[1].ref]
      on.push(...intervalBounds(random, a, b))
    }
    const nearest = cross ? null : this.#asof(left, right, on[0]!)
    if (nearest !== null) return nearest
    const names = first.map((ref) => ref.slice(ref.lastIndexOf('.') + 1))
    const plain = [left, right].every(({ from }) => from.kind === 'table')
    const using = plain && names[0] === names[1] && on.length === 1 && chance(random, 0.8)
    if (!using && chance(random, 0.2))
      on.push(expression(random, 'boolean', [...left.scope, ...right.scope], 1))
    const join: Join = chance(random, 0.5)
      ? 'inner'
      : pick(random, ['left', 'right', 'right', 'full', 'semi', 'anti', 'anti'] as const)
    const half = join === 'semi' || join === 'anti'
    if (right.from.kind === 'table' && /^(inner|left)$/.test(join) && chance(random, 0.25)) {
      const looked: From = { ...right.from, asOf: 'proctime()' }
      const from: From = { kind: 'join', join, left: left.from, right: looked, on }
      return { from, scope: [...left.scope, ...right.scope], windows: [] }
    }
    return {
      from: {
        ...{ kind: 'join', join, left: left.from, right: right.from, on },
        ...(using ? { using: names[0]! } : {}),
      },
      scope: half ? left.scope : [...left.scope, ...right.scope],
      windows: left.windows,
    }
  }

  /** Rows of two streams whose times are near each other. */
  #near(): Sourced | null {
    const { random } = this
    const clocked = this.relations.filter(({ delay }) => delay !== undefined)
    if (clocked.length === 0) return null
    const [left, right] = [1, 2].map(() => this.#read(pick(random, clocked)))
    const equal = [left!, right!].map(({ from }) => `${(from as { alias: string }).alias}.k`)
    const from: From = {
      kind: 'join',
      join: pick(random, ['inner', 'left', 'semi']),
      left: left!.from,
      right: right!.from,
      on: [leaf(equal.join(' = '))],
      within: pick(random, ['5 seconds', '(10 seconds, 2 seconds)']),
    }
    const half = from.join === 'semi'
    return { from, scope: half ? left!.scope : [...left!.scope, ...right!.scope], windows: [] }
  }

  /** Rows of a stream, each with the version that is valid at its time. */
  #dated(): Sourced | null {
    const { random } = this
    const versioned = this.relations.filter(({ versions }) => versions !== undefined)
    const clocked = this.relations.filter(({ delay }) => delay !== undefined)
    if (versioned.length === 0) return null
    const relation = pick(random, versioned)
    const left = this.#read(pick(random, clocked))
    const { from, scope } = this.#read({ ...relation, name: versionsOf(relation) })
    const key = leaf(`${aliasOf(left.from)}.k = ${aliasOf(from)}.k`)
    const both = [...left.scope, ...scope]
    const on = chance(random, 0.2) ? [key, expression(random, 'boolean', both, 1)] : [key]
    const fixed = chance(random, 0.3)
    const asOf = fixed
      ? `timestamp '2026-01-01 00:00:${10 + random.below(50)}'`
      : `${aliasOf(left.from)}.ts`
    const right: From = { ...(from as From & { kind: 'table' }), asOf }
    const join: From = {
      kind: 'join',
      join: pick(random, fixed ? ['inner', 'left', 'right', 'full'] : ['inner', 'left']),
      left: left.from,
      right,
      on,
    }
    return { from: join, scope: both, windows: [] }
  }

  /** An ASOF join now and then: one equality and one comparison. */
  #asof(left: Sourced, right: Sourced, equal: Expr): Sourced | null {
    const { random } = this
    if (!chance(random, 0.2)) return null
    const [a, b] = [left, right].map(({ scope }) => {
      const times = scope.filter(({ kind }) => kind === 'timestamp')
      return times.length === 0 ? undefined : pick(random, times).ref
    })
    if (a === undefined || b === undefined) return null
    const compared = leaf(`${a} ${pick(random, ['>=', '>=', '>', '<=', '<'])} ${b}`)
    const turned = leaf(`${b} ${pick(random, ['<=', '<', '>='])} ${a}`)
    const time = chance(random, 0.8) ? compared : turned
    const join = pick(random, ['asof', 'asof left'] as const)
    const on = chance(random, 0.9) ? [equal, time] : [time]
    const from: From = { kind: 'join', join, left: left.from, right: right.from, on }
    return { from, scope: [...left.scope, ...right.scope], windows: [] }
  }

  #source(depth: number): Sourced {
    const { random } = this
    const draw = random.next()
    if (draw < 0.3) return this.#window(depth)
    if (depth > 0 && draw < 0.55) return this.#join(depth)
    if (depth > 0 && draw < 0.7) return this.#derived(depth - 1)
    if (depth > 0 && draw < 0.8) return this.#rank(depth - 1)
    if (draw > 0.96) return this.#values()
    if (draw > 0.9) return pick(random, sources)(this) ?? this.table()
    if (draw > 0.87) return besideRows(this, depth > 0 ? this.#source(depth - 1) : this.table())
    if (draw > 0.83) return besideQuery(this, depth > 0 ? this.#source(depth - 1) : this.table())
    return this.table()
  }

  readonly select = (depth: number): ReturnType<Drawing['select']> => {
    const { random } = this
    const one = this.#simple(depth)
    if (!chance(random, 0.12)) return one
    // Window columns keep their places where the other side is the same query.
    const { columns } = one
    const again = chance(random, 0.3) && one.select.set === null
    const right = again ? this.#copied(one.select) : this.#like(columns)
    if (right === null) return one
    const operator = pick(random, [
      ...['union all', 'union all', 'union', 'intersect', 'intersect all', 'except', 'except all'],
    ])
    const select = { ...one.select, set: { operator, right } }
    return { select, columns, windows: again ? one.windows : [] }
  }

  /** The same query with another condition. */
  #copied(select: Select): Select {
    const copy: Select = structuredClone(select)
    return { ...copy, where: copy.where.length > 0 ? [] : copy.where }
  }

  /** A query with columns of these kinds. */
  #like(columns: readonly ScopeColumn[]): Select | null {
    const { random } = this
    const { from, scope } = this.#source(0)
    const items = columns.map(({ kind, ref }): Item => {
      const own = scope.filter((column) => column.kind === kind)
      const value = own.length > 0 && chance(random, 0.8) ? leaf(pick(random, own).ref) : null
      return { expression: value ?? expression(random, kind, scope, 1), alias: ref }
    })
    return { ...nothing, items, from }
  }

  /** IN or EXISTS over another source, the latter with an equality to the source at hand. */
  #test(scope: readonly ScopeColumn[]): Test | null {
    const { random } = this
    const { from, scope: inner } = chance(random, 0.6) ? this.table() : this.#derived(0)
    const pairs = scope.flatMap((a) =>
      inner.filter((b) => b.kind === a.kind && a.kind !== 'boolean').map((b) => [a, b] as const),
    )
    if (pairs.length === 0) return null
    const ints = pairs.filter(([a]) => a.ref.endsWith('.k'))
    const [a, b] = pick(random, ints.length > 0 && chance(random, 0.7) ? ints : pairs)
    const negated = chance(random, 0.5)
    const select: Select = {
      ...nothing,
      from,
      items: [{ expression: leaf(b.ref), alias: this.name('o') }],
    }
    const equal = leaf(`${b.ref} = ${a.ref}`)
    if (chance(random, 0.4)) {
      const where = chance(random, 0.8) ? [equal] : []
      return { negated, operand: null, select: { ...select, where } }
    }
    const other = pick(random, pairs)
    const where = chance(random, 0.2) ? [leaf(`${other[1].ref} = ${other[0].ref}`)] : []
    return { negated, operand: leaf(a.ref), select: { ...select, where } }
  }

  #simple(depth: number): { select: Select; columns: ScopeColumn[]; windows: string[] } {
    const { random } = this
    const source = this.#source(depth)
    const { from, scope } = source
    const where = chance(random, 0.35) ? [expression(random, 'boolean', scope)] : []
    const special = chance(random, 0.12) ? pick(random, conditions)(this, scope) : null
    if (special !== null) where.push(special)
    const test = chance(random, 0.12) ? this.#test(scope) : null
    const tests = test === null ? [] : [test]
    const grouped = chance(random, 0.6)
    if (grouped) return this.#grouped(source, where, tests)
    const items: Item[] = []
    const columns: ScopeColumn[] = []
    const windows: string[] = []
    const count = 1 + random.below(4)
    for (let index = 0; index < count; index++) {
      const window = source.windows.length > 0 && chance(random, 0.4)
      const kind = window ? 'timestamp' : pick(random, scope).kind
      const value = window ? leaf(pick(random, source.windows)) : expression(random, kind, scope)
      const alias = this.name('o')
      items.push({ expression: value, alias })
      columns.push({ ref: alias, kind })
      if (window) windows.push(alias)
    }
    const value = chance(random, 0.12) ? pick(random, rowValues)(this, scope) : null
    if (value !== null) {
      const alias = this.name('o')
      items.push({ expression: value.expression, alias })
      columns.push({ ref: alias, kind: value.kind })
    }
    const clocked = this.relations.some(
      ({ name, delay }) => from.kind === 'table' && from.name === name && delay !== undefined,
    )
    for (const call of clocked && from.kind === 'table' ? rowCalls : []) {
      if (!chance(random, 0.2)) continue
      const alias = this.name('o')
      const { text, kind } = call(random, aliasOf(from))
      items.push({ expression: leaf(text), alias })
      columns.push({ ref: alias, kind })
    }
    const distinct = chance(random, 0.15)
    const tail = !distinct && chance(random, 0.08) ? pick(random, tails)(this, scope) : ''
    const select: Select = { ...nothing, items, from, where, tests, distinct, tail }
    return { select, columns, windows }
  }

  #grouped({ from, scope, windows }: Sourced, where: Expr[], tests: Test[]) {
    const { random } = this
    const items: Item[] = []
    const columns: ScopeColumn[] = []
    const group: Expr[] = []
    const outWindows: string[] = []
    const add = (value: Expr, kind: Kind, shown: boolean) => {
      if (!shown) return
      const alias = this.name('o')
      items.push({ expression: value, alias })
      columns.push({ ref: alias, kind })
      if (windows.includes(value.text)) outWindows.push(alias)
    }
    const keys = random.below(3)
    const sets = chance(random, 0.2)
    for (let key = 0; key < keys; key++) {
      const column = pick(random, scope)
      const plain = chance(random, 0.75)
      const value = plain ? leaf(column.ref) : expression(random, column.kind, scope, 1)
      // A literal would be the number of a column.
      if (!/[a-z]/.test(value.text) || value.text.startsWith("'")) continue
      group.push(value)
      add(value, column.kind, chance(random, 0.9))
    }
    if (sets && group.length > 0) {
      const grouping = {
        text: `grouping(${group.map((_, at) => `$${at}`).join(', ')})`,
        parts: [...group],
      }
      add(grouping, 'bigint', chance(random, 0.7))
      group.splice(0, group.length, inSets(random, group))
    }
    for (const window of windows) {
      if (!chance(random, 0.75)) continue
      group.push(leaf(window))
      add(leaf(window), 'timestamp', chance(random, 0.9))
    }
    const at = windows.length === 0 ? scope.filter(({ kind }) => kind === 'timestamp') : []
    if (at.length > 0 && chance(random, 0.3)) {
      const time = (at.find(({ ref }) => ref.endsWith('.ts')) ?? pick(random, at)).ref
      const [name, sizes] = pick(random, [
        ['tumble', `interval '${pick(random, [5, 10])}' second`],
        ['hop', "interval '5' second, interval '10' second"],
      ] as const)
      group.push(leaf(`${name}(${time}, ${sizes})`))
      for (const end of chance(random, 0.5) ? ['start', 'end'] : ['start'])
        add(leaf(`${name}_${end}(${time}, ${sizes})`), 'timestamp', true)
    }
    const calls = 1 + random.below(3)
    for (let index = 0; index < calls; index++) {
      const call = aggregate(random, scope)
      add(call.expression, call.kind, true)
    }
    const having: Expr[] = []
    if (chance(random, 0.15)) {
      const call = aggregate(random, scope)
      having.push({ text: '($0 is not null)', parts: [call.expression] })
      const same = chance(random, 0.4)
        ? pick(random, values)(this, [{ ref: '', kind: call.kind }])
        : null
      if (same !== null)
        having.push({ text: '($0 >= $1)', parts: [call.expression, same.expression] })
    }
    const select: Select = { ...nothing, items, from, where, tests, group, having }
    return { select, columns, windows: outWindows }
  }
}

const aliasOf = (from: From): string => (from as { alias: string }).alias

/** Conditions that keep two times close, in one of their forms. */
function intervalBounds(random: Random, a: string, b: string): Expr[] {
  const [some, more] = [pick(random, [0, 3, 20]), pick(random, [1, 5, 10])]
  const seconds = (count: number) => `interval '${count}' second`
  const forms = [
    [`${b} between ${a} and ${a} + ${seconds(more)}`],
    [`${b} between ${a} - ${seconds(some)} and ${a} + ${seconds(more)}`],
    [`${a} >= ${b} - ${seconds(more)}`, `${a} - ${seconds(some)} < ${b}`],
    [`${a} - ${b} <= ${seconds(more)}`, `${b} < ${a} + ${seconds(some)}`],
    [`${a} between ${b} - ${seconds(some + more)} and ${b} - ${seconds(some)}`],
  ]
  return pick(random, forms).map((text) => leaf(text))
}

function typeOf(kind: Kind): string {
  const names: Partial<Record<Kind, string>> = {
    decimal: 'decimal(6, 2)',
    wide: 'decimal(38, 3)',
    months: 'interval year to month',
    period: 'interval',
    bytes: 'varbinary',
    ints: 'int[]',
    counts: 'map<varchar, int>',
  }
  return names[kind] ?? kind
}

const cells: Record<Exclude<Kind, 'timestamp'>, readonly string[]> = {
  int: ['0', '1', '2', '3', '-1', '2147483647', '-2147483648'],
  bigint: ['0', '1', '5', '-7', '9223372036854775807', '-9223372036854775808', '3000000000'],
  double: [
    '0',
    '-0',
    '1.5',
    '0.1',
    '0.2',
    '-2',
    'NaN',
    'Infinity',
    '-Infinity',
    '1e300',
    '1e-300',
    '1e10',
  ],
  decimal: ['0.00', '0.50', '1.25', '-3.10', '9999.99'],
  varchar: [
    "''",
    'a',
    'b',
    'ab',
    'Äx',
    'a string of many bytes',
    'a string of many bytez',
    '12',
    '😀',
  ],
  boolean: ['true', 'false'],
  date: ['2026-01-01', '2026-01-02', '1969-12-31', '2024-02-29'],
  smallint: ['0', '1', '7', '-2', '32767', '-32768'],
  real: ['0', '1.5', '0.1', '-2', 'NaN', 'Infinity', '1e30'],
  wide: [
    '0.000',
    '1.500',
    '-3.125',
    '99999999999999999999999999999999999.999',
    '-99999999999999999999999999999999999.999',
    '309485009821345068724781.056',
    '9223372036854775.808',
  ],
  time: ['00:00:00', '10:20:30', '23:59:59.999999', '10:20:31'],
  timestamptz: [
    '2026-01-01 00:00:00+00',
    '2026-10-25 00:30:00+00',
    '2026-01-01 00:00:05+00',
    '1969-12-31 23:59:59+00',
  ],
  months: ['0 mons', '1 mon', '1 year', '-2 years -1 mons', '100 years'],
  period: ['1 mon', '30 days', '1 mon 3 days', '00:00:05', '-1 years -00:00:01', '2 mons -60 days'],
  bytes: ['\\x', '\\x00', '\\x00ff', '\\x6162636465666768696a6b6c6d6e6f'],
  json: ['1', 'true', '[1]', '"a"'],
  ints: ['[]', '[1]', '[1, 2]', '[NULL]', '[2, 1, 2]', '[0, NULL, -1]'],
  counts: ['{}', '{a=1}', '{a=1, b=2}', '{ab=NULL}'],
  geometry: [
    'POINT(1 1)',
    'POINT(0 2)',
    'LINESTRING(0 0, 2 2)',
    'POLYGON((0 0, 2 0, 2 2, 0 0))',
    'POINT EMPTY',
  ],
}

function rowsOf(generator: Generator): Fed[] {
  const { random, relations } = generator
  const count = random.below(random.below(4) === 0 ? 60 : 24)
  const flushes = pick(random, [0, 0.1, 0.3])
  const waits = pick(random, [0, 0, 0.2])
  const common = random.below(3)
  let now = 0
  return Array.from({ length: count }, () => {
    const relation = pick(random, relations)
    now += random.below(8)
    const row = givenColumns(relation).map(({ kind, name }) => {
      const isKeyed = relation.object === 'keyed' || relation.versions === 'stream'
      const key = name === 'k' && isKeyed
      const nullable = !key && (name !== 'ts' || relation.delay === undefined)
      if (nullable && chance(random, 0.12)) return 'NULL'
      if (kind === 'struct')
        return `row(${pick(random, ['0', '1', 'null'])}, ${pick(random, ["'a'", "'b'", 'null'])})`
      if (kind === 'timestamp') return timeCell(random, now, name === 'ts')
      const pool = cells[kind]
      // Mostly the common values; extremes now and then.
      return chance(random, 0.8)
        ? pool[random.below(Math.min(pool.length, 2 + common))]!
        : pick(random, pool)
    })
    const wait = chance(random, waits) ? { wait: 1 + random.below(15) } : {}
    const flush = chance(random, flushes)
    const fed: Fed = { relation: relation.name, cells: row, flush, ...wait }
    if (relation.object === 'keyed')
      return {
        ...fed,
        verb: pick(random, ['replace', 'last', 'merge', 'ignore', 'delete'] as const),
      }
    if (relation.object !== 'changing' || chance(random, 0.55)) return fed
    return { ...fed, verb: chance(random, 0.6) ? 'update' : 'delete' }
  })
}

function timeCell(random: Random, now: number, ordered: boolean): string {
  if (chance(random, 0.03)) return '1969-12-31 23:59:58'
  const late = chance(random, 0.25) ? random.below(40) : 0
  const at = Math.max(0, (ordered ? now : random.below(120)) - late)
  const two = (part: number) => String(part).padStart(2, '0')
  return `${two(Math.floor(at / 60) % 60)}:${two(at % 60)}`
}

/** A catalog with the relations of a case. */
function catalogOf(relations: readonly Relation[]): Catalog {
  const catalog = new Catalog()
  for (const text of ownInSql) {
    const bound = bound1(text, catalog, '')
    if (bound?.kind === 'create-function') catalog.addFunction(bound.made)
  }
  for (const text of relations.flatMap((relation) => relationSql(relation).split('\n'))) {
    const bound = bound1(text, catalog, '')
    if (bound?.kind === 'create-relation' || bound?.kind === 'create-view')
      catalog.add(bound.relation)
  }
  return catalog
}

/** What relations outside need. */
const connectors = builtinConnectors(systemDisk, new Sources())

function bound1(text: string, catalog: Catalog, said: string) {
  const { script, diagnostics } = parse(text)
  if (diagnostics.length > 0) throw new Error(`${text}: ${diagnostics[0]!.message}`)
  const parameters = { positional: [], named: new Map<string, never>() }
  const dialect = said === '' ? {} : { dialect: said as Dialect }
  const context = { catalog, connectors, parameters, text, ...dialect }
  try {
    return bind(script.statements[0]!, context)
  } catch (error) {
    if (error instanceof QueryMistake) return null
    throw error
  }
}

/** Does the binder take the whole case? */
export function isBound({ relations, views, dialect }: Case): boolean {
  // A select list that a shrinking step emptied is no SQL at all.
  if (/select +(distinct +)?from/.test(views.map(viewSql).join())) return false
  const catalog = catalogOf(relations)
  return views.every((view) => addView(view, catalog, dialect))
}

function addView(view: View, catalog: Catalog, dialect: string): boolean {
  const bound = bound1(viewSql(view), catalog, dialect)
  if (bound?.kind === 'create-view') {
    catalog.add(bound.relation)
    // What it stands for must be a query that can be asked, too.
    return bound1(`select * from ${view.name}`, catalog, dialect) !== null
  }
  if (bound?.kind !== 'create-materialized') return false
  catalog.add({ ...bound.relation, plan: null } as CatalogRelation)
  return true
}

/** A case; with `asked`, of queries that another engine can be asked. */
export function generate(
  random: Random,
  asked?: (select: Select, one: Omit<Case, 'rows'>) => boolean,
): Case {
  const generator = new Generator(random, asked !== undefined)
  const { relations, dialect } = generator
  const views: View[] = []
  const catalog = catalogOf(relations)
  const wanted = 1 + random.below(3)
  const most = asked === undefined ? 200 : 2000
  for (let tries = 0; views.length < wanted && tries < most; tries++) {
    const isOfWindow = asked === undefined && chance(random, 0.1)
    const { select, columns } = isOfWindow ? generator.closing() : generator.select(2)
    if (asked?.(select, { relations, views, dialect }) === false) continue
    const name = `v${views.length}`
    const closes = chance(random, isOfWindow ? 0.9 : 0.7)
      ? [chance(random, isOfWindow ? 0.3 : 0.7) ? timed(random, true) : pick(random, finals), '']
      : [chance(random, 0.2) ? timed(random, false) : pick(random, changes)]
    const view = closes
      .map((emit): View => ({ name, select, emit }))
      .find((one) => addView(one, catalog, dialect))
    if (view === undefined) continue
    views.push(view)
    generator.views.push({ name, columns })
  }
  const rows = rowsOf(generator)
  const plain = views.filter(({ emit }) => emit === '')
  const { zone } = generator
  const made = {
    dialect,
    ...(zone === undefined ? {} : { zone }),
    relations,
    views,
    temporary: chance(random, 0.05),
  }
  if (asked !== undefined || plain.length === 0) return { ...made, rows }
  const { name } = pick(random, plain)
  const breaks = chance(random, 0.15) && rows.length > 1
  const held = breaks ? paused(random, rows, name) : rows
  const verified = chance(random, 0.1) ? { verified: name } : {}
  return { ...made, rows: held, ...verified }
}

/** The rows, with the view at rest behind one of them and on its way again behind a later one. */
function paused(random: Random, rows: readonly Fed[], view: string): Fed[] {
  const from = random.below(rows.length - 1)
  const to = from + 1 + random.below(rows.length - from - 1)
  const said = new Map([
    [from, 'pause'],
    [to, 'resume'],
  ])
  return rows.map((fed, at) => {
    const verb = said.get(at)
    return verb === undefined ? fed : { ...fed, then: `${verb} materialized view ${view};` }
  })
}
