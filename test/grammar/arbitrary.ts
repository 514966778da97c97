/**
 * Arbitrary: random trees of every kind, such as a parse can give, for fast-check.
 *
 * How      One arbitrary per category, tied in a knot by `letrec`; depth is bounded by fast-check's own bias.
 * Contract 1 (trusted) names are drawn from plain words, quoted texts and the keywords that may be names there; words
 *            that begin an unsupported construct at their place are left out.
 */
import fc from 'fast-check'
import type {
  Assignment,
  BinaryOperator,
  CommonTable,
  Constraint,
  Emit,
  Expression,
  Identifier,
  JoinWord,
  Option,
  OrderItem,
  Path,
  Query,
  QueryBody,
  Relation,
  SelectItem,
  Statement,
  TypeName,
  Unit,
} from '../../grammar/index.ts'
import { clauseWords, isReserved, reservedWords, softWords } from '../../grammar/words.ts'
import { copies } from './arbitrary-copy.ts'
import { looks } from './arbitrary-look.ts'

const span = { start: 0, end: 0 }
const depthSize = 'small'

const free = (name: string): boolean => !isReserved(name) && !/^lateral$/i.test(name)

const plainName = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[a-z_][a-z0-9_]{0,4}$/) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'größe',
      'Ärger',
      '名前',
      'at',
      'date',
      'timestamp',
      'interval',
      'hour',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(...softWords, ...clauseWords) },
)
const quotedName = fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' })

const named = (name: string, quoted: boolean): Identifier => ({
  kind: 'identifier',
  name,
  quoted,
  span,
})

const identifier: fc.Arbitrary<Identifier> = fc.oneof(
  { weight: 4, arbitrary: plainName.filter(free).map((n) => named(n, false)) },
  { weight: 1, arbitrary: quotedName.map((n) => named(n, true)) },
)
/** After a dot and after AS in a select list any word may stand. */
const label: fc.Arbitrary<Identifier> = fc.oneof(
  { weight: 5, arbitrary: identifier },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...reservedWords).map((n) => named(n.toLowerCase(), false)),
  },
)
const parts = fc
  .tuple(identifier, fc.array(label, { maxLength: 2 }))
  .map(([first, rest]) => [first, ...rest])
const path: fc.Arbitrary<Path> = parts.map((p) => ({ kind: 'path', parts: p, span }))

const plainType: fc.Arbitrary<TypeName> = fc
  .tuple(
    fc.constantFrom(
      'INT',
      'BIGINT',
      'DOUBLE PRECISION',
      'DOUBLE',
      'CHARACTER VARYING',
      'DECIMAL',
      'TIMESTAMP',
      'TEXT',
    ),
    fc.array(fc.nat({ max: 99 }), { maxLength: 2 }),
  )
  .map(([name, parameters]) => ({ kind: 'type', name, parameters, span }))

const type: fc.Arbitrary<TypeName> = fc.letrec<{ type: TypeName }>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    plainType,
    fc
      .tuple(
        fc.constantFrom('ROW', 'STRUCT'),
        fc.array(
          fc.record({
            kind: fc.constant('type-member' as const),
            name: label,
            type: tie('type'),
            notNull: fc.boolean(),
            span: fc.constant(span),
          }),
          { minLength: 1, maxLength: 2 },
        ),
      )
      .map(([name, members]): TypeName => ({ kind: 'type', name, parameters: [], members, span })),
  ),
})).type

// biome-ignore format: a list to read as a block
const units: Unit[] = [
  'YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'HOUR', 'MINUTE', 'SECOND', 'MILLISECOND', 'MICROSECOND',
]
const unit = fc.constantFrom(...units)
const text = fc.oneof(
  fc.string({ maxLength: 8, unit: 'grapheme' }),
  fc.constantFrom("'", "''", '\\', '--', '/*', '$$'),
)

const refused =
  /^(cast|try_cast|safe_cast|extract|exists|array|any|some|row|tumble|hop|session|rollup|cube|columns)$/i
const functionName = identifier.filter((id) => id.quoted || !refused.test(id.name))

const literal: fc.Arbitrary<Expression> = fc.oneof(
  fc
    .oneof(fc.nat().map(String), fc.constantFrom('0.908', '.5', '5.', '1e-3', '1E10', '12.50e+2'))
    .map((t): Expression => ({ kind: 'number', text: t, span })),
  text.map((value): Expression => ({ kind: 'string', value, span })),
  fc.boolean().map((value): Expression => ({ kind: 'boolean', value, span })),
  fc.constant<Expression>({ kind: 'null', span }),
  fc.tuple(text, fc.option(fc.tuple(unit, fc.option(unit)))).map(
    ([t, u]): Expression => ({
      kind: 'interval',
      text: t,
      from: u?.[0] ?? null,
      to: u?.[1] ?? null,
      span,
    }),
  ),
  fc
    .tuple(fc.constantFrom('DATE', 'TIMESTAMP', 'TIMESTAMP(3)'), text)
    .map(([t, value]): Expression => {
      const parameters = t.endsWith(')') ? [3] : []
      const name = t.replace('(3)', '')
      return {
        kind: 'typed-literal',
        type: { kind: 'type', name, parameters, span },
        text: value,
        span,
      }
    }),
  fc.constant<Expression>({ kind: 'parameter', style: 'positional', name: '', span }),
  fc
    .nat({ max: 20 })
    .map((n): Expression => ({ kind: 'parameter', style: 'numbered', name: String(n), span })),
  plainName.map((name): Expression => ({ kind: 'parameter', style: 'named', name, span })),
)

const column = parts.map((p): Expression => ({ kind: 'column', path: p, span }))
// biome-ignore format: a list to read as a block
const operators: BinaryOperator[] = [
  '+', '-', '*', '/', '//', '%', '||', '=', '<>', '<', '<=', '>', '>=', 'AND', 'OR', '^', '&', '|', '#', '<<', '>>',
  '~', '~*', '!~', '!~*', '->', '->>', '#>', '#>>', '@>', '<@',
]

type UnaryOperator = Extract<Expression, { kind: 'unary' }>['operator']

const maybe = (e: fc.Arbitrary<Expression>): fc.Arbitrary<Expression | null> => fc.option(e)

interface Knot {
  expression: Expression
  query: Query
  relation: Relation
  statement: Statement
}

const emit: fc.Arbitrary<Emit> = fc
  .constantFrom<Emit['mode']>('changes', 'on-window-close')
  .map((mode) => ({ kind: 'emit', mode, span }))

type Tie = fc.LetrecTypedTie<Knot>

function operations(e: fc.Arbitrary<Expression>): fc.Arbitrary<Expression>[] {
  const flag = fc.boolean()
  return [
    fc.record({
      kind: fc.constant('unary' as const),
      operator: fc.constantFrom<UnaryOperator>('-', '+', 'NOT', '~', '@'),
      operand: e,
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('binary' as const),
      operator: fc.constantFrom(...operators),
      left: e,
      right: e,
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('is-null' as const),
      operand: e,
      negated: flag,
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('is-boolean' as const),
      operand: e,
      value: fc.constantFrom(true, false, null),
      negated: flag,
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('is-distinct' as const),
      left: e,
      right: e,
      negated: flag,
      span: fc.constant(span),
    }),
    fc.tuple(e, e, e, flag, flag).map(([operand, low, high, negated, symmetric]): Expression => {
      const more = symmetric ? { symmetric } : {}
      return { kind: 'between', operand, low, high, negated, ...more, span }
    }),
    fc.record({
      kind: fc.constant('in' as const),
      operand: e,
      // One query is no list.
      list: fc
        .array(e, { minLength: 1, maxLength: 3 })
        .filter((list) => list.length > 1 || list[0]!.kind !== 'subquery'),
      negated: flag,
      span: fc.constant(span),
    }),
    fc
      .tuple(e, e, maybe(e), flag, fc.constantFrom('ILIKE' as const, 'SIMILAR TO' as const, null))
      .map(([operand, pattern, mark, negated, operator]): Expression => {
        const more = operator === null ? {} : { operator }
        return { kind: 'like', ...more, operand, pattern, escape: mark, negated, span }
      }),
  ]
}

function orderItems(e: fc.Arbitrary<Expression>): fc.Arbitrary<OrderItem[]> {
  const item: fc.Arbitrary<OrderItem> = fc.record({
    kind: fc.constant('order-item' as const),
    expression: e,
    descending: fc.boolean(),
    nulls: fc.constantFrom('first' as const, 'last' as const, null),
    span: fc.constant(span),
  })
  return fc.array(item, { maxLength: 2 })
}
/** Queries inside expressions and beside UNION: of few parts, so that trees stay small, and nested among themselves. */
const plainQuery: fc.Arbitrary<Query> = fc.letrec<{ query: Query }>((tie) => ({
  query: fc
    .tuple(
      fc.oneof(
        { depthSize },
        fc.tuple(column, fc.option(path)).map(([expression, from]): QueryBody => {
          const relation: Relation | null =
            from === null ? null : { kind: 'table', path: from, alias: null, span }
          const item: SelectItem = { kind: 'select-item', expression, alias: null, span }
          const rest = { where: null, groupBy: [], having: null, qualify: null, span }
          return { kind: 'select', distinct: false, items: [item], from: relation, ...rest }
        }),
        fc.record({
          kind: fc.constant('set' as const),
          operator: fc.constantFrom('UNION' as const, 'INTERSECT' as const, 'EXCEPT' as const),
          all: fc.boolean(),
          left: tie('query'),
          right: tie('query'),
          span: fc.constant(span),
        }),
      ),
      fc.option(column),
    )
    .map(
      ([body, limit]): Query => ({
        kind: 'query',
        with: [],
        body,
        orderBy: [],
        limit,
        offset: null,
        emit: null,
        span,
      }),
    ),
})).query

function compounds(e: fc.Arbitrary<Expression>): fc.Arbitrary<Expression>[] {
  const args = fc.array(e, { maxLength: 3 })
  const star: Expression = { kind: 'star', qualifier: [], span }
  return [
    fc
      .tuple(functionName, args, fc.boolean(), maybe(e))
      .map(([name, list, distinct, filter]): Expression => {
        return {
          kind: 'call',
          name,
          args: list,
          distinct: distinct && list.length > 0,
          filter,
          span,
        }
      }),
    fc.tuple(functionName, maybe(e)).map(
      ([name, filter]): Expression => ({
        kind: 'call',
        name,
        args: [star],
        distinct: false,
        filter,
        span,
      }),
    ),
    fc
      .tuple(functionName, args, fc.array(e, { maxLength: 2 }), orderItems(e))
      .map(([name, list, partitionBy, orderBy]): Expression => {
        const call = {
          kind: 'call' as const,
          name,
          args: list,
          distinct: false,
          filter: null,
          span,
        }
        return { kind: 'over', call, partitionBy, orderBy, span }
      }),
    fc.record({
      kind: fc.constant('in-query' as const),
      operand: e,
      query: plainQuery,
      negated: fc.boolean(),
      span: fc.constant(span),
    }),
    plainQuery.map((inner): Expression => ({ kind: 'exists', query: inner, span })),
    fc.record({
      kind: fc.constant('quantified' as const),
      operator: fc.constantFrom<BinaryOperator>('=', '<>', '<', '<=', '>', '>='),
      left: e,
      all: fc.boolean(),
      query: plainQuery,
      span: fc.constant(span),
    }),
    plainQuery.map((inner): Expression => ({ kind: 'subquery', query: inner, span })),
    fc
      .array(e, { minLength: 2, maxLength: 3 })
      .map((items): Expression => ({ kind: 'row', items, span })),
    fc.record({
      kind: fc.constant('case' as const),
      operand: maybe(e),
      whens: fc.array(fc.record({ when: e, then: e }), { minLength: 1, maxLength: 2 }),
      else: maybe(e),
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('cast' as const),
      operand: e,
      type,
      attempt: fc.boolean(),
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('member' as const),
      operand: e,
      name: label,
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('extract' as const),
      unit: fc.constantFrom(...units, ...(['EPOCH', 'DOW', 'DOY', 'ISODOW', 'DAYOFWEEK'] as const)),
      operand: e,
      span: fc.constant(span),
    }),
  ]
}

function relations(tie: Tie): fc.Arbitrary<Relation> {
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
  const join = fc
    .tuple(
      fc.constantFrom<JoinWord>('inner', 'left', 'right', 'full', 'cross', 'semi', 'anti'),
      fc.boolean(),
      r,
      r,
      e,
      fc.array(identifier, { maxLength: 2 }),
    )
    .map(([kind, natural, left, right, condition, names]): Relation => {
      const bare = kind === 'cross' || natural
      const using = bare ? [] : names
      const on = bare || using.length > 0 ? null : condition
      const named = natural && kind !== 'cross' ? { natural } : {}
      return { kind: 'join', join: kind, ...named, left, right, on, using, span }
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
  const table = fc
    .tuple(path, alias, fc.array(identifier, { maxLength: 2 }))
    .map(([p, name, columns]): Relation => {
      const more = name === null || columns.length === 0 ? {} : { columnAliases: columns }
      return { kind: 'table', path: p, alias: name, ...more, span }
    })
  return fc.oneof({ depthSize }, table, window, join, derived, file, series)
}

/** `*`, `t.* EXCLUDE (a) REPLACE (e AS b) RENAME (c AS d)`, COLUMNS('…'). */
function star(e: fc.Arbitrary<Expression>): fc.Arbitrary<Expression> {
  const few = { maxLength: 2 }
  const change = fc.record({
    exclude: fc.array(identifier, few),
    replace: fc.array(fc.record({ value: e, name: label }), few),
    rename: fc.array(fc.record({ name: identifier, to: label }), few),
  })
  return fc.oneof(
    fc.tuple(fc.option(parts), fc.option(change)).map(([qualifier, changed]): Expression => {
      const some = changed !== null && Object.values(changed).some((part) => part.length > 0)
      const more = some ? { change: changed } : {}
      return { kind: 'star', qualifier: qualifier ?? [], ...more, span }
    }),
    text.map((pattern): Expression => ({ kind: 'star', qualifier: [], pattern, span })),
  )
}

/** ALL of GROUP BY and ORDER BY. */
const every: Expression = { kind: 'star', qualifier: [], span }

function queries(tie: Tie): fc.Arbitrary<Query> {
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

const settingValue = fc.oneof(
  text,
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n)),
)
const key = fc
  .oneof(fc.constantFrom('connector', 'a.b-c', 'sink.in'), text)
  .map((k) => k.toLowerCase())
const option: fc.Arbitrary<Option> = fc.record({
  kind: fc.constant('option' as const),
  key,
  value: settingValue,
  span: fc.constant(span),
})

function constraint(
  e: fc.Arbitrary<Expression>,
  columns: fc.Arbitrary<Identifier[]>,
): fc.Arbitrary<Constraint> {
  const one = fc.constant(span)
  return fc.oneof(
    fc.record({
      kind: fc.constant('key' as const),
      primary: fc.boolean(),
      name: fc.option(identifier),
      columns,
      enforced: fc.boolean(),
      span: one,
    }),
    fc.record({
      kind: fc.constant('check' as const),
      name: fc.option(identifier),
      condition: e,
      span: one,
    }),
    fc.record({
      kind: fc.constant('foreign-key' as const),
      name: fc.option(identifier),
      columns,
      table: path,
      referenced: columns,
      span: one,
    }),
    fc.record({ kind: fc.constant('default' as const), value: e, span: one }),
  )
}

function statements(tie: Tie): fc.Arbitrary<Statement> {
  const e = tie('expression')
  const query = tie('query')
  const one = fc.constant(span)
  const columns = fc.array(identifier, { maxLength: 2 })
  const columnDefinition = fc.record({
    kind: fc.constant('column-definition' as const),
    name: identifier,
    type,
    notNull: fc.boolean(),
    computed: fc.constant(null),
    constraints: fc.array(constraint(e, fc.constant([])), { maxLength: 2 }),
    span: one,
  })
  const computedColumn = fc.record({
    kind: fc.constant('column-definition' as const),
    name: identifier,
    type: fc.option(type),
    notNull: fc.boolean(),
    computed: e,
    constraints: fc.constant<Constraint[]>([]),
    span: one,
  })
  const stated = constraint(e, fc.array(identifier, { minLength: 1, maxLength: 2 }))
  const assignment = fc.record({
    kind: fc.constant('assignment' as const),
    column: identifier,
    value: fc.oneof(e, fc.constant({ kind: 'default' as const, span })),
    span: one,
  })
  const conflict = fc.oneof(
    fc.record({
      kind: fc.constant('conflict' as const),
      columns,
      action: fc.constant('nothing' as const),
      assignments: fc.constant<Assignment[]>([]),
      where: fc.constant(null),
      span: one,
    }),
    fc.record({
      kind: fc.constant('conflict' as const),
      columns,
      action: fc.constant('update' as const),
      assignments: fc.array(assignment, { maxLength: 2 }),
      where: maybe(e),
      span: one,
    }),
  )
  const returning = fc.array(
    fc.record({
      kind: fc.constant('select-item' as const),
      expression: e,
      alias: fc.option(identifier),
      span: one,
    }),
    { maxLength: 2 },
  )
  const functionText = fc.record({
    kind: fc.constant('function-text' as const),
    value: fc.string(),
    span: one,
  })
  const functionBody = fc.record({
    kind: fc.constant('function-body' as const),
    parameters: fc.array(
      fc.record({
        kind: fc.constant('function-parameter' as const),
        name: identifier,
        type,
        span: one,
      }),
      { maxLength: 2 },
    ),
    returns: fc.option(type),
    language: fc.constantFrom('SQL', null),
    strict: fc.boolean(),
    expression: fc.oneof(functionText, e),
    span: one,
  })
  const kind = fc.constant('late-rows' as const)
  const lateRows = fc.record({ kind, to: fc.option(path), within: maybe(e), span: one })
  const watermark = fc.record({
    kind: fc.constant('watermark' as const),
    column: identifier,
    delayed: maybe(e),
    ahead: maybe(e),
    idle: fc.option(fc.oneof(e, fc.constant('never' as const))),
    late: fc.option(lateRows),
    span: one,
  })
  const subscribed = fc.oneof(
    path.map((p): Relation => ({ kind: 'table', path: p, alias: null, span })),
    query.map(
      (q): Relation => ({ kind: 'derived', query: q, alias: null, columnAliases: [], span }),
    ),
  )
  return fc.oneof(
    { depthSize },
    fc.constant<Statement>({ kind: 'flush', span }),
    ...looks({ query, path, key }),
    fc.record({
      kind: fc.constant('transaction' as const),
      action: fc.constantFrom('begin' as const, 'commit' as const, 'rollback' as const),
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('set' as const),
      name: key,
      value: fc.option(settingValue),
      span: one,
    }),
    fc.record({
      kind: fc.constant('drop' as const),
      object: fc.constantFrom(
        'stream' as const,
        'table' as const,
        'view' as const,
        'materialized view' as const,
        'query' as const,
        'sink' as const,
        'function' as const,
      ),
      name: path,
      others: fc.array(path, { maxLength: 2 }),
      cascade: fc.boolean(),
      ifExists: fc.boolean(),
      span: one,
    }),
    fc.record({ kind: fc.constant('query-statement' as const), query, span: one }),
    ...copies({
      query,
      path,
      columns,
      file: fc.option(text),
      options: fc.array(option, { maxLength: 2 }),
    }),
    fc.record({
      kind: fc.constant('insert' as const),
      target: path,
      columns,
      source: query,
      conflict: fc.option(conflict),
      returning,
      span: one,
    }),
    fc.record({
      kind: fc.constant('update' as const),
      target: path,
      alias: fc.option(identifier),
      assignments: fc.array(assignment, { minLength: 1, maxLength: 2 }),
      from: fc.option(tie('relation') as fc.Arbitrary<Relation>),
      where: maybe(e),
      returning,
      span: one,
    }),
    fc.record({
      kind: fc.constant('delete' as const),
      target: path,
      alias: fc.option(identifier),
      from: fc.option(tie('relation') as fc.Arbitrary<Relation>),
      where: maybe(e),
      returning,
      span: one,
    }),
    fc.record({
      kind: fc.constant('create-view' as const),
      materialized: fc.boolean(),
      orReplace: fc.boolean(),
      ifNotExists: fc.boolean(),
      name: path,
      columns,
      query,
      span: one,
    }),
    fc.record({
      kind: fc.constant('create-function' as const),
      name: path,
      orReplace: fc.boolean(),
      ifNotExists: fc.boolean(),
      body: fc.oneof(functionText, functionBody),
      span: one,
    }),
    fc.record({
      kind: fc.constant('create-sink' as const),
      name: path,
      ifNotExists: fc.boolean(),
      query,
      options: fc.array(option, { maxLength: 2 }),
      span: one,
    }),
    fc.record({
      kind: fc.constant('create-relation' as const),
      object: fc.constantFrom('stream' as const, 'table' as const, 'source' as const),
      orReplace: fc.boolean(),
      name: path,
      ifNotExists: fc.boolean(),
      columns: fc.array(fc.oneof(columnDefinition, computedColumn), { maxLength: 3 }),
      constraints: fc.array(
        stated.filter(({ kind }) => kind !== 'default'),
        { maxLength: 2 },
      ),
      appendOnly: fc.boolean(),
      watermark: fc.option(watermark),
      partitionedBy: columns,
      partitions: columns,
      options: fc.array(option, { maxLength: 2 }),
      encoding: fc.option(
        fc.record({
          kind: fc.constant('encoding' as const),
          format: fc.constantFrom('PLAIN', 'UPSERT', 'DEBEZIUM'),
          encode: fc.constantFrom('JSON', 'CSV', 'AVRO'),
          options: fc.array(option, { maxLength: 2 }),
          span: one,
        }),
      ),
      query: fc.option(query),
      span: one,
    }),
    fc.record({
      kind: fc.constant('subscribe' as const),
      relation: subscribed,
      emit: fc.option(emit),
      snapshot: fc.boolean(),
      metadata: fc.subarray([
        '_cycle' as const,
        '_ts' as const,
        '_diff' as const,
        '_progress' as const,
      ]),
      span: one,
    }),
    fc.record({
      kind: fc.constant('explain' as const),
      analyze: fc.boolean(),
      steps: fc.boolean(),
      format: fc.constantFrom('text' as const, 'json' as const, 'dot' as const),
      type: fc.constantFrom('logical' as const, 'physical' as const, 'stream' as const),
      details: fc.subarray(['cost' as const, 'changelog' as const, 'advice' as const]),
      statement: tie('statement'),
      span: one,
    }),
  )
}

function expressions(tie: Tie): fc.Arbitrary<Expression> {
  const e = tie('expression')
  return fc.oneof(
    { depthSize, withCrossShrink: true },
    column,
    literal,
    ...operations(e),
    ...compounds(e),
  )
}

export const arbitrary = fc.letrec<Knot>((tie) => ({
  expression: expressions(tie),
  query: queries(tie),
  relation: relations(tie),
  statement: statements(tie),
}))

/** The tree without spans, and without the numbers of `?`, which depend on the whole text. */
export function bare(tree: unknown): unknown {
  const text = JSON.stringify(tree, function (this: { style?: unknown }, key, value: unknown) {
    if (key === 'span') return undefined
    return key === 'name' && this.style === 'positional' ? '' : value
  })
  return text === undefined ? undefined : JSON.parse(text)
}
