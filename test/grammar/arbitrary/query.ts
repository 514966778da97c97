/** Query: random queries and the relations that they read. */
import fc from 'fast-check'
import type {
  CommonTable,
  Expression,
  JoinWord,
  Query,
  QueryBody,
  Relation,
  SelectItem,
} from '../../../grammar/index.ts'
import type { Unit } from '../../../grammar/tree.ts'
import { orderItems, plainQuery, star } from './expression.ts'
import { depthSize, emit, identifier, label, maybe, named, path, span, type Tie } from './leaf.ts'
import { laterWindows, matches } from './match.ts'
import { option } from './statement.ts'

export function relations(tie: Tie): fc.Arbitrary<Relation> {
  const e = tie('expression')
  const r = tie('relation')
  const alias = fc.option(identifier)
  const bare: fc.Arbitrary<Relation> = path.map((p) => ({
    kind: 'table',
    path: p,
    alias: null,
    span,
  }))
  const file: fc.Arbitrary<Relation> = fc
    .tuple(fc.constantFrom(null, 'READ_CSV', 'READ_ARROW'), fc.string(), alias)
    .chain(([called, at, name]) =>
      fc.array(option, { maxLength: called === null ? 0 : 2 }).map(
        (options): Relation => ({
          kind: 'file',
          function: called,
          path: at,
          options,
          alias: name,
          span,
        }),
      ),
    )
  const inner: fc.Arbitrary<Relation> = tie('query').map((query) => ({
    kind: 'derived',
    query,
    alias: null,
    columnAliases: [],
    span,
  }))
  const window = fc
    .record({
      source: fc.oneof({ weight: 4, arbitrary: bare }, inner),
      time: identifier,
      slide: e,
      size: e,
      hop: fc.boolean(),
    })
    .chain((w) =>
      fc.tuple(maybe(e), alias).map(
        ([offset, name]): Relation => ({
          kind: 'window',
          function: w.hop ? 'HOP' : 'TUMBLE',
          source: w.source,
          time: w.time,
          slide: w.hop ? w.slide : null,
          size: w.size,
          offset,
          alias: name,
          span,
        }),
      ),
    )
  const duration = fc
    .tuple(fc.nat(99), fc.constantFrom<Unit>('SECOND', 'MINUTE', 'DAY'))
    .map(([count, unit]) => ({ count: String(count), unit, span }))
  const grace = fc.option(duration)
  const within = fc.record({ before: duration, after: duration, grace })
  const counted = fc
    .record({ source: fc.oneof({ weight: 4, arbitrary: bare }, inner), slide: maybe(e), rows: e })
    .chain((w) =>
      fc.tuple(fc.array(identifier, { maxLength: 2 }), alias).map(
        ([partition, name]): Relation => ({
          kind: 'count-window',
          function: w.slide === null ? 'TUMBLE' : 'HOP',
          partition,
          source: w.source,
          slide: w.slide,
          rows: w.rows,
          alias: name,
          span,
        }),
      ),
    )
  const changelog = fc
    .record({
      source: fc.oneof({ weight: 4, arbitrary: bare }, inner),
      partition: fc.array(identifier, { maxLength: 2 }),
      op: fc.option(identifier),
      mapping: maybe(e),
      alias,
    })
    .map((given): Relation => ({ kind: 'changelog', ...given, span }))
  const join = fc
    .tuple(
      fc.constantFrom<JoinWord>('inner', 'left', 'right', 'full', 'cross', 'semi', 'anti'),
      fc.boolean(),
      r,
      r,
      e,
      fc.array(identifier, { maxLength: 2 }),
      fc.option(maybe(e), { nil: undefined }),
      fc.option(
        within.map((one) => ({ ...one, span })),
        { nil: undefined },
      ),
    )
    .map(([kind, natural, left, right, condition, names, match, within]): Relation => {
      const bare = kind === 'cross' || natural
      const using = bare ? [] : names
      const on = bare || using.length > 0 ? null : condition
      const named = natural && kind !== 'cross' ? { natural } : {}
      const asof = bare || match === undefined ? {} : { asof: { match } }
      const near = bare || within === undefined ? {} : { within }
      return { kind: 'join', join: kind, ...named, ...asof, ...near, left, right, on, using, span }
    })
  const called = fc.constantFrom('generate_series', 'RANGE').map((name) => named(name, false))
  const series = fc
    .tuple(called, fc.array(e, { maxLength: 2 }), alias, fc.array(identifier, { maxLength: 2 }))
    .map(([name, args, as, columns]): Relation => {
      const columnAliases = as === null ? [] : columns
      return { kind: 'function', name, args, alias: as, columnAliases, span }
    })
  const derived = fc
    .tuple(tie('query'), alias, fc.array(identifier, { maxLength: 2 }))
    .map(([query, name, columns]): Relation => {
      return {
        kind: 'derived',
        query,
        alias: name,
        columnAliases: name === null ? [] : columns,
        span,
      }
    })
  const time = identifier.map((one): Expression => ({ kind: 'column', path: [one], span }))
  const table = fc
    .tuple(path, alias, fc.array(identifier, { maxLength: 2 }), maybe(time))
    .map(([p, name, columns, time]): Relation => {
      const more = name === null || columns.length === 0 ? {} : { columnAliases: columns }
      const when = time === null ? {} : { asOf: time }
      return { kind: 'table', path: p, ...when, alias: name, ...more, span }
    })
  const later = laterWindows(tie, fc.oneof(bare, inner))
  const match = matches(tie, fc.oneof(bare, inner))
  return fc.oneof(
    { depthSize },
    table,
    window,
    counted,
    changelog,
    join,
    derived,
    file,
    series,
    later,
    match,
  )
}

/** ALL of GROUP BY and ORDER BY. */
const every: Expression = { kind: 'star', qualifier: [], span }

export function queries(tie: Tie): fc.Arbitrary<Query> {
  const e = tie('expression')
  const item: fc.Arbitrary<SelectItem> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(e, fc.option(label))
        .map(
          ([expression, alias]): SelectItem => ({ kind: 'select-item', expression, alias, span }),
        ),
    },
    {
      weight: 1,
      arbitrary: star(e).map((expression): SelectItem => {
        return { kind: 'select-item', expression, alias: null, span }
      }),
    },
  )
  const body: fc.Arbitrary<QueryBody> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('select' as const),
        distinct: fc.boolean(),
        items: fc.array(item, { minLength: 1, maxLength: 3 }),
        from: fc.option(tie('relation')),
        where: maybe(e),
        groupBy: fc.oneof(
          { weight: 6, arbitrary: fc.array(e, { maxLength: 2 }) },
          fc.constant<Expression[]>([every]),
        ),
        having: maybe(e),
        qualify: maybe(e),
        span: fc.constant(span),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('set' as const),
        operator: fc.constantFrom('UNION' as const, 'INTERSECT' as const, 'EXCEPT' as const),
        all: fc.boolean(),
        left: plainQuery,
        right: plainQuery,
        span: fc.constant(span),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('values' as const),
        rows: fc.array(fc.array(e, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 }),
        span: fc.constant(span),
      }),
    },
  )
  const table: fc.Arbitrary<CommonTable> = fc.record({
    kind: fc.constant('common-table' as const),
    name: identifier.filter((id) => id.quoted || !/^recursive$/i.test(id.name)),
    columns: fc.array(identifier, { maxLength: 2 }),
    query: plainQuery,
    span: fc.constant(span),
  })
  return fc.record({
    kind: fc.constant('query' as const),
    with: fc.oneof(
      { weight: 6, arbitrary: fc.constant<CommonTable[]>([]) },
      fc.array(table, { maxLength: 2 }),
    ),
    body,
    orderBy: orderItems(fc.oneof({ weight: 9, arbitrary: e }, fc.constant(every))),
    limit: maybe(e),
    offset: maybe(e),
    emit: fc.option(emit),
    span: fc.constant(span),
  })
}
