/** Parse: statements against the trees they mean, the many spellings against one, and the laws of spans and pieces. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Expression, parse, print, type Query, type Statement } from '../../grammar/index.ts'
import { Parser } from '../../grammar/parser.ts'
import { keywords, reservedWords } from '../../grammar/words.ts'
import { sized } from '../size.ts'
import { arbitrary, bare } from './arbitrary.ts'

function statementOf(text: string): Statement {
  const { script, diagnostics } = parse(text)
  expect(diagnostics, text).toEqual([])
  expect(script.statements, text).toHaveLength(1)
  return script.statements[0]!
}

function expressionOf(text: string): Expression {
  const statement = statementOf(`SELECT ${text}`)
  if (statement.kind !== 'query-statement') throw new Error('no query')
  const { body } = statement.query
  if (body.kind !== 'select') throw new Error('no select')
  return body.items[0]!.expression
}

test('the grammar is valid by chevrotain’s own rules', () => {
  expect(() => new Parser({ validate: true })).not.toThrow()
})

// ---------------------------------------------------------------- expressions ↔ trees

const id = (name: string, quoted = false) => ({ kind: 'identifier', name, quoted })
const col = (...path: string[]) => ({ kind: 'column', path: path.map((p) => id(p)) })
const num = (text: string) => ({ kind: 'number', text })
const str = (value: string) => ({ kind: 'string', value })
const bin = (left: unknown, operator: string, right: unknown) => ({
  kind: 'binary',
  operator,
  left,
  right,
})
const un = (operator: string, operand: unknown) => ({ kind: 'unary', operator, operand })
const ty = (name: string, ...parameters: number[]) => ({ kind: 'type', name, parameters })
const call = (name: string, ...args: unknown[]) => ({
  kind: 'call',
  name: id(name),
  args,
  distinct: false,
  filter: null,
})
const interval = (text: string, from: string | null = null, to: string | null = null) => ({
  kind: 'interval',
  text,
  from,
  to,
})
const [a, b, c] = [col('a'), col('b'), col('c')]

test.each<[string, unknown]>([
  ['1', num('1')],
  ['.5', num('.5')],
  ['1.', num('1.')],
  ['1e-3', num('1e-3')],
  ["'it''s'", str("it's")],
  ["E'a\\n\\'\\x41\\u00e9'", str("a\n'Aé")],
  ["$$it's; $1$$", str("it's; $1")],
  ['$x$ $$ $x$', str(' $$ ')],
  ['TRUE', { kind: 'boolean', value: true }],
  ['null', { kind: 'null' }],
  ['"a b"', { kind: 'column', path: [id('a b', true)] }],
  ['`dateTime`', { kind: 'column', path: [id('dateTime', true)] }],
  ['"x""y"', { kind: 'column', path: [id('x"y', true)] }],
  ['t.Order', col('t', 'Order')],
  ['größe', col('größe')],
  ['a + b * c', bin(a, '+', bin(b, '*', c))],
  ['a - b - c', bin(bin(a, '-', b), '-', c)],
  ['(a + b) * c', bin(bin(a, '+', b), '*', c)],
  ['a || b + c', bin(a, '||', bin(b, '+', c))],
  ['a OR b AND NOT c', bin(a, 'OR', bin(b, 'AND', un('NOT', c)))],
  ['NOT a = b', un('NOT', bin(a, '=', b))],
  ['a != b', bin(a, '<>', b)],
  ['-a::int', un('-', { kind: 'cast', operand: a, type: ty('INT'), attempt: false })],
  ['- -1', un('-', un('-', num('1')))],
  ['-1', un('-', num('1'))],
  ['a IS NOT NULL', { kind: 'is-null', operand: a, negated: true }],
  ['a IS TRUE', { kind: 'is-boolean', operand: a, value: true, negated: false }],
  [
    'a = b IS NOT FALSE',
    { kind: 'is-boolean', operand: bin(a, '=', b), value: false, negated: true },
  ],
  ['a <=> b', { kind: 'is-distinct', left: a, right: b, negated: true }],
  ['a IS DISTINCT FROM b', { kind: 'is-distinct', left: a, right: b, negated: false }],
  [
    'a BETWEEN b AND c AND a',
    bin({ kind: 'between', operand: a, low: b, high: c, negated: false }, 'AND', a),
  ],
  ['a NOT IN (1, b)', { kind: 'in', operand: a, list: [num('1'), b], negated: true }],
  [
    "a NOT LIKE 'x%' ESCAPE '!'",
    { kind: 'like', operand: a, pattern: str('x%'), escape: str('!'), negated: true },
  ],
  [
    'CASE WHEN a THEN b END',
    { kind: 'case', operand: null, whens: [{ when: a, then: b }], else: null },
  ],
  [
    'CASE a WHEN 1 THEN b ELSE c END',
    { kind: 'case', operand: a, whens: [{ when: num('1'), then: b }], else: c },
  ],
  [
    'CAST(a AS DECIMAL(10, 2))',
    { kind: 'cast', operand: a, type: ty('DECIMAL', 10, 2), attempt: false },
  ],
  [
    'TRY_CAST(a AS double precision)',
    { kind: 'cast', operand: a, type: ty('DOUBLE PRECISION'), attempt: true },
  ],
  [
    'safe_cast(a as timestamp(3) without time zone)',
    { kind: 'cast', operand: a, type: ty('TIMESTAMP', 3), attempt: true },
  ],
  [
    'cast(a as timestamp(3) with local time zone)',
    { kind: 'cast', operand: a, type: ty('TIMESTAMPTZ', 3), attempt: false },
  ],
  [
    'cast(a as interval day(2) to second(6))',
    { kind: 'cast', operand: a, type: ty('INTERVAL'), attempt: false },
  ],
  ["x'0aF0'", { kind: 'typed-literal', type: ty('VARBINARY'), text: '\\x0aF0' }],
  ["-a AT TIME ZONE 'x' + b", bin(call('timezone', str('x'), un('-', a)), '+', b)],
  ['a[b + 1]', call('array_extract', a, bin(b, '+', num('1')))],
  ['(a, b) OVERLAPS (b, c) AND a', bin(call('overlaps', a, b, b, c), 'AND', a)],
  ['a IS JSON', call('json_valid', a)],
  ['a IS NOT JSON ARRAY', un('NOT', call('json_valid', a, str('array')))],
  ['EXTRACT(CENTURY FROM a)', call('century', a)],
  ['EXTRACT(hours FROM a)', { kind: 'extract', unit: 'HOUR', operand: a }],
  ["EXTRACT('epoch' FROM a)", { kind: 'extract', unit: 'EPOCH', operand: a }],
  ["INTERVAL '10' SECOND", interval('10', 'SECOND')],
  ["INTERVAL '10 seconds'", interval('10 seconds')],
  ['INTERVAL 10 SECONDS', interval('10', 'SECOND')],
  ["interval '1:30' hour to minute", interval('1:30', 'HOUR', 'MINUTE')],
  ["DATE '2026-01-01'", { kind: 'typed-literal', type: ty('DATE'), text: '2026-01-01' }],
  [
    "timestamp(3) '2026-01-01'",
    { kind: 'typed-literal', type: ty('TIMESTAMP', 3), text: '2026-01-01' },
  ],
  ['$2', { kind: 'parameter', style: 'numbered', name: '2' }],
  [':who', { kind: 'parameter', style: 'named', name: 'who' }],
  ['COUNT(*)', call('COUNT', { kind: 'star', qualifier: [] })],
  ['now()', call('now')],
  ['current_timestamp', call('current_timestamp')],
  ['count(DISTINCT a) FILTER (WHERE b)', { ...call('count', a), distinct: true, filter: b }],
  ['sum(ALL a)', call('sum', a)],
  ['substring(a FROM b FOR c)', call('substring', a, b, c)],
  ['SUBSTRING(a FOR c)', call('SUBSTRING', a, num('1'), c)],
  ['left(a, 2)', call('left', a, num('2'))],
  ['replace(a, b, c)', call('replace', a, b, c)],
  ['date(a)', call('date', a)],
])('expression %s', (text, tree) => {
  expect(bare(expressionOf(text))).toEqual(tree)
})

test('parameters without names are numbered over the whole text', () => {
  const { script } = parse('SELECT ?, ?; SELECT ?')
  expect(JSON.stringify(script).match(/"name":"\d"/g)).toEqual([
    '"name":"1"',
    '"name":"2"',
    '"name":"3"',
  ])
})

test('words that mean something elsewhere may name a column', () => {
  const names = [
    'at',
    'date',
    'time',
    'timestamp',
    'interval',
    'value',
    'name',
    'hour',
    'day',
    'source',
    'data',
    'size',
  ]
  for (const name of [
    ...names,
    'offset',
    'error',
    'key',
    'type',
    'filter',
    'left',
    'window',
    'query',
    'emit',
    'cast',
  ]) {
    expect(bare(expressionOf(`${name} FROM t`))).toEqual(col(name))
    const created = statementOf(`CREATE TABLE t (${name} INT, b TEXT)`)
    expect(created.kind === 'create-relation' && created.columns[0]?.name.name).toBe(name)
  }
})

test('a reserved word names nothing unless quoted or after AS', () => {
  for (const reserved of reservedWords) {
    expect(parse(`SELECT ${reserved} FROM ${reserved}`).diagnostics, reserved).not.toEqual([])
    expect(statementOf(`SELECT "${reserved}" AS ${reserved} FROM "${reserved}"`).kind).toBe(
      'query-statement',
    )
  }
  expect(keywords).toContain('SELECT')
})

// ---------------------------------------------------------------- statements ↔ trees

const path = (...parts: string[]) => ({ kind: 'path', parts: parts.map((p) => id(p)) })
const tail = { with: [], orderBy: [], limit: null, offset: null, emit: null }
const item = (expression: unknown, alias: string | null = null) => ({
  kind: 'select-item',
  expression,
  alias: alias === null ? null : id(alias),
})
const table = (name: string, alias: string | null = null) => ({
  kind: 'table',
  path: path(name),
  alias: alias === null ? null : id(alias),
})
const select = (items: unknown[], more: Record<string, unknown> = {}) => {
  const { with: tables, orderBy, limit, offset, emit, ...body } = { ...tail, ...more }
  const empty = {
    distinct: false,
    from: null,
    where: null,
    groupBy: [],
    having: null,
    qualify: null,
  }
  return {
    kind: 'query',
    with: tables,
    body: { kind: 'select', items, ...empty, ...body },
    orderBy,
    limit,
    offset,
    emit,
  }
}
const one = select([item(num('1'))])

test.each<[string, unknown]>([
  [
    'SELECT DISTINCT a x, t.* FROM t WHERE b GROUP BY a, b HAVING c ' +
      'ORDER BY a DESC NULLS FIRST, b LIMIT 3 OFFSET 4 EMIT CHANGES',
    {
      kind: 'query-statement',
      query: select([item(a, 'x'), item({ kind: 'star', qualifier: [id('t')] })], {
        distinct: true,
        from: table('t'),
        where: b,
        groupBy: [a, b],
        having: c,
        limit: num('3'),
        offset: num('4'),
        emit: { kind: 'emit', mode: 'changes' },
        orderBy: [
          { kind: 'order-item', expression: a, descending: true, nulls: 'first' },
          { kind: 'order-item', expression: b, descending: false, nulls: null },
        ],
      }),
    },
  ],
  [
    'VALUES (1, a), (b, c)',
    {
      kind: 'query-statement',
      query: {
        kind: 'query',
        body: {
          kind: 'values',
          rows: [
            [num('1'), a],
            [b, c],
          ],
        },
        ...tail,
      },
    },
  ],
  [
    'WITH t (x) AS (SELECT 1) SELECT 1 UNION ALL SELECT 1 INTERSECT (SELECT 1 LIMIT 3) LIMIT 3',
    {
      kind: 'query-statement',
      query: {
        ...tail,
        kind: 'query',
        with: [{ kind: 'common-table', name: id('t'), columns: [id('x')], query: one }],
        body: {
          kind: 'set',
          operator: 'UNION',
          all: true,
          left: one,
          right: {
            ...tail,
            kind: 'query',
            body: {
              kind: 'set',
              operator: 'INTERSECT',
              all: false,
              left: one,
              right: select([item(num('1'))], { limit: num('3') }),
            },
          },
        },
        limit: num('3'),
      },
    },
  ],
  [
    'SELECT 1 FROM a NATURAL LEFT JOIN b, range(1) AS g (z)',
    {
      kind: 'query-statement',
      query: select([item(num('1'))], {
        from: {
          kind: 'join',
          join: 'cross',
          on: null,
          using: [],
          left: {
            kind: 'join',
            join: 'left',
            natural: true,
            left: table('a'),
            right: table('b'),
            on: null,
            using: [],
          },
          right: {
            kind: 'function',
            name: id('range'),
            args: [num('1')],
            alias: id('g'),
            columnAliases: [id('z')],
          },
        },
      }),
    },
  ],
  [
    'SELECT (a, b) IN (SELECT 1), EXISTS (SELECT 1), (SELECT 1)',
    {
      kind: 'query-statement',
      query: select([
        item({
          kind: 'in-query',
          operand: { kind: 'row', items: [a, b] },
          query: one,
          negated: false,
        }),
        item({ kind: 'exists', query: one }),
        item({ kind: 'subquery', query: one }),
      ]),
    },
  ],
  [
    'SELECT 1 FROM a x JOIN b ON c, d',
    {
      kind: 'query-statement',
      query: select([item(num('1'))], {
        from: {
          kind: 'join',
          join: 'cross',
          on: null,
          using: [],
          right: table('d'),
          left: {
            kind: 'join',
            join: 'inner',
            left: table('a', 'x'),
            right: table('b'),
            on: c,
            using: [],
          },
        },
      }),
    },
  ],
  [
    'SELECT 1 FROM a LEFT OUTER JOIN (b CROSS JOIN c) USING (k, l)',
    {
      kind: 'query-statement',
      query: select([item(num('1'))], {
        from: {
          kind: 'join',
          join: 'left',
          left: table('a'),
          on: null,
          using: [id('k'), id('l')],
          right: {
            kind: 'join',
            join: 'cross',
            left: table('b'),
            right: table('c'),
            on: null,
            using: [],
          },
        },
      }),
    },
  ],
  [
    'SELECT 1 FROM (SELECT 1) AS q (z)',
    {
      kind: 'query-statement',
      query: select([item(num('1'))], {
        from: { kind: 'derived', query: one, alias: id('q'), columnAliases: [id('z')] },
      }),
    },
  ],
  [
    "SELECT 1 FROM HOP(t, ts, INTERVAL '2' SECOND, INTERVAL '10' SECOND, a) w",
    {
      kind: 'query-statement',
      query: select([item(num('1'))], {
        from: {
          kind: 'window',
          function: 'HOP',
          source: table('t'),
          time: id('ts'),
          slide: interval('2', 'SECOND'),
          size: interval('10', 'SECOND'),
          offset: a,
          alias: id('w'),
        },
      }),
    },
  ],
  [
    'CREATE STREAM IF NOT EXISTS s (id BIGINT NOT NULL, ts TIMESTAMP(3) NULL, ' +
      "WATERMARK FOR ts AS ts - INTERVAL '5' SECOND,) WITH ('Connector' = 'x', a.b-c = -1.5, d = true, e = bare)",
    {
      kind: 'create-relation',
      orReplace: false,
      encoding: null,
      object: 'stream',
      name: path('s'),
      ifNotExists: true,
      appendOnly: false,
      constraints: [],
      query: null,
      columns: [
        {
          kind: 'column-definition',
          name: id('id'),
          type: ty('BIGINT'),
          notNull: true,
          computed: null,
          constraints: [],
        },
        {
          kind: 'column-definition',
          name: id('ts'),
          type: ty('TIMESTAMP', 3),
          notNull: false,
          computed: null,
          constraints: [],
        },
      ],
      watermark: {
        kind: 'watermark',
        column: id('ts'),
        delayed: bin(col('ts'), '-', interval('5', 'SECOND')),
        ahead: null,
        idle: null,
        late: null,
      },
      partitionedBy: [],
      partitions: [],
      options: [
        ['connector', 'x'],
        ['a.b-c', -1.5],
        ['d', true],
        ['e', 'bare'],
      ].map(([key, value]) => ({ kind: 'option', key, value })),
    },
  ],
  [
    'CREATE TABLE t (a INT, WATERMARK FOR a) AS SELECT 1',
    {
      kind: 'create-relation',
      orReplace: false,
      encoding: null,
      object: 'table',
      name: path('t'),
      ifNotExists: false,
      appendOnly: false,
      constraints: [],
      columns: [
        {
          kind: 'column-definition',
          name: id('a'),
          type: ty('INT'),
          notNull: false,
          computed: null,
          constraints: [],
        },
      ],
      watermark: {
        kind: 'watermark',
        column: id('a'),
        delayed: null,
        ahead: null,
        idle: null,
        late: null,
      },
      partitionedBy: [],
      partitions: [],
      options: [],
      query: one,
    },
  ],
  [
    'CREATE OR REPLACE MATERIALIZED VIEW mv (x) AS SELECT 1',
    {
      kind: 'create-view',
      materialized: true,
      orReplace: true,
      ifNotExists: false,
      name: path('mv'),
      columns: [id('x')],
      query: one,
    },
  ],
  [
    'CREATE VIEW IF NOT EXISTS v AS SELECT 1',
    {
      kind: 'create-view',
      materialized: false,
      orReplace: false,
      ifNotExists: true,
      name: path('v'),
      columns: [],
      query: one,
    },
  ],
  [
    'DROP MATERIALIZED VIEW IF EXISTS mv RESTRICT',
    {
      kind: 'drop',
      object: 'materialized view',
      name: path('mv'),
      others: [],
      cascade: false,
      ifExists: true,
    },
  ],
  [
    'DROP QUERY q, r CASCADE',
    {
      kind: 'drop',
      object: 'query',
      name: path('q'),
      others: [path('r')],
      cascade: true,
      ifExists: false,
    },
  ],
  [
    'INSERT INTO t (a, b) VALUES (1, 2)',
    {
      kind: 'insert',
      target: path('t'),
      columns: [id('a'), id('b')],
      source: { kind: 'query', body: { kind: 'values', rows: [[num('1'), num('2')]] }, ...tail },
      conflict: null,
      returning: [],
    },
  ],
  [
    'INSERT INTO t (SELECT 1)',
    { kind: 'insert', target: path('t'), columns: [], source: one, conflict: null, returning: [] },
  ],
  [
    'SUBSCRIBE s.errors',
    {
      kind: 'subscribe',
      relation: { kind: 'table', path: path('s', 'errors'), alias: null },
      emit: null,
      snapshot: true,
      metadata: [],
    },
  ],
  [
    'SUBSCRIBE TO (SELECT 1) WITH (SNAPSHOT = false) EMIT ON WINDOW CLOSE',
    {
      kind: 'subscribe',
      relation: { kind: 'derived', query: one, alias: null, columnAliases: [] },
      emit: { kind: 'emit', mode: 'on-window-close' },
      snapshot: false,
      metadata: [],
    },
  ],
  [
    'SUBSCRIBE s EMIT CHANGES WITH (SNAPSHOT)',
    {
      kind: 'subscribe',
      relation: table('s'),
      emit: { kind: 'emit', mode: 'changes' },
      snapshot: true,
      metadata: [],
    },
  ],
  [
    'EXPLAIN ANALYZE (FORMAT JSON) SELECT 1',
    {
      kind: 'explain',
      analyze: true,
      steps: false,
      type: 'physical',
      details: [],
      format: 'json',
      statement: { kind: 'query-statement', query: one },
    },
  ],
  [
    'EXPLAIN (ANALYZE, FORMAT TEXT) (SELECT 1)',
    {
      kind: 'explain',
      analyze: true,
      steps: false,
      type: 'physical',
      details: [],
      format: 'text',
      statement: { kind: 'query-statement', query: one },
    },
  ],
  [
    "SET 'execution.runtime-mode' = 'batch'",
    { kind: 'set', name: 'execution.runtime-mode', value: 'batch' },
  ],
  ['SET Approximation TO off', { kind: 'set', name: 'approximation', value: 'off' }],
  ['SET a.b = -3', { kind: 'set', name: 'a.b', value: -3 }],
  ['set x = default', { kind: 'set', name: 'x', value: null }],
  ['set x = on', { kind: 'set', name: 'x', value: 'on' }],
  ['SHOW QUERIES', { kind: 'show', what: 'queries', of: null, like: null }],
  ['DESC s', { kind: 'describe', name: path('s') }],
  ['flush', { kind: 'flush' }],
])('statement %s', (text, tree) => {
  expect(bare(statementOf(text))).toEqual(tree)
})

// ---------------------------------------------------------------- many spellings, one tree

const tumble = "SELECT * FROM TUMBLE(TABLE bid, DESCRIPTOR(ts), INTERVAL '10' SECOND) AS w"
const hop =
  "SELECT * FROM HOP(TABLE bid, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '10' SECOND, INTERVAL '1' SECOND)"
const closed = 'SELECT 1 EMIT ON WINDOW CLOSE'

test.each<[string, string]>([
  ["select * from table(tumble(table bid, descriptor(ts), interval '10' second)) w", tumble],
  ["SELECT * FROM TUMBLE(bid, ts, INTERVAL '10' SECOND) w", tumble],
  [
    'SELECT * FROM TUMBLE(DATA => TABLE bid, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL 10 SECOND) w',
    tumble,
  ],
  [
    'SELECT * FROM TABLE(TUMBLE(SIZE => INTERVAL 10 SECOND, TIMECOL => ts, DATA => bid)) AS w',
    tumble,
  ],
  ['FROM TUMBLE(bid, ts, INTERVAL 10 SECONDS) w', tumble],
  ['FROM TUMBLE(bid, ts, INTERVAL 10 SECONDS) w SELECT *', tumble],
  [
    'SELECT * FROM TABLE(HOP(TABLE bid, DESCRIPTOR(ts), INTERVAL 2 SECOND, INTERVAL 10 SECOND, INTERVAL 1 SECOND))',
    hop,
  ],
  [
    'SELECT * FROM hop(DATA => bid, TIMECOL => ts, SLIDE => INTERVAL 2 SECOND, ' +
      'SIZE => INTERVAL 10 SECOND, "OFFSET" => INTERVAL 1 SECOND)',
    hop,
  ],
  ['SELECT 1 EMIT AFTER WINDOW CLOSE', closed],
  ['SELECT 1 EMIT FINAL', closed],
  ['SELECT 1 EMIT AFTER WATERMARK', closed],
  ['SELECT 1 EMIT ON UPDATE', 'SELECT 1 EMIT CHANGES'],
  ['SELECT 1 EMIT', 'SELECT 1 EMIT CHANGES'],
  ['(SELECT 1) EMIT CHANGES', 'SELECT 1 EMIT CHANGES'],
  ['((SELECT a FROM t)) ORDER BY a LIMIT 2', 'SELECT a FROM t ORDER BY a LIMIT 2'],
  ['(SELECT a FROM t ORDER BY a) LIMIT 2', 'SELECT a FROM t ORDER BY a LIMIT 2'],
  ['SELECT a FROM t OFFSET 2 ROWS FETCH FIRST 3 ROWS ONLY', 'SELECT a FROM t LIMIT 3 OFFSET 2'],
  ['SELECT a FROM t LIMIT ALL', 'SELECT a FROM t'],
  ['SELECT ALL a FROM t AS u', 'SELECT a FROM t u'],
  ['SELECT a FROM (t)', 'SELECT a FROM t'],
  ['EXPLAIN PLAN FOR SELECT 1', 'EXPLAIN SELECT 1'],
  ['SELECT a::int', 'SELECT CAST(a AS INT)'],
  ['SELECT a != b', 'SELECT a <> b'],
  ['SELECT 1 -- no\n /* no /* no */ */ + /*+ hint */ 2', 'SELECT 1 + 2'],
  [';;SELECT 1;;', 'SELECT 1'],
  [
    'SELECT count(*) n FROM ((SELECT a FROM t) x JOIN u ON x.a = u.a)',
    'SELECT count(*) AS n FROM (SELECT a FROM t) AS x JOIN u ON x.a = u.a',
  ],
  ['CREATE TABLE t (a INT,)', 'CREATE TABLE t (a INT)'],
])('%s means %s', (text, same) => {
  expect(bare(statementOf(text))).toEqual(bare(statementOf(same)))
})

// ---------------------------------------------------------------- laws

/** Every expression below `node`. */
function expressionsOf(node: unknown, found: Expression[] = []): Expression[] {
  if (typeof node !== 'object' || node === null) return found
  if ('kind' in node && expressionKinds.has(node.kind as string)) found.push(node as Expression)
  for (const value of Object.values(node)) expressionsOf(value, found)
  return found
}
// biome-ignore format: a list to read as a block
const expressionKinds: ReadonlySet<string> = new Set([
  'number', 'string', 'boolean', 'null', 'interval', 'typed-literal', 'column', 'unary', 'binary', 'is-null',
  'is-boolean', 'is-distinct', 'between', 'in', 'like', 'case', 'cast', 'extract', 'call',
])

test('property: the span of an expression delimits its text', () => {
  fc.assert(
    fc.property(arbitrary.query, (query: Query) => {
      const text = print(query)
      for (const part of expressionsOf(parse(text).script)) {
        const slice = text.slice(part.span.start, part.span.end)
        expect(bare(expressionOf(slice)), `${slice} in ${text}`).toEqual(bare(part))
      }
    }),
    { numRuns: sized(30, 100) },
  )
})

const marks = [...';;;()()[],.+-*/%=<>\'"`$:?', '::', '||', '=>', '--', '/*', '*/', '$$', "E'"]
const starts = ['CAST(', 'INTERVAL 1', "DATE '", 'TUMBLE(', 'OVER', 'UNION']
const words = ['1', '1.5', "'x'", 'a', 'b', 't', '\n', 'é', '“', '\u{1F600}']
const scraps = fc.constantFrom(...keywords, ...marks, ...starts, ...words)

test('property: any text is a script or diagnostics within it', () => {
  fc.assert(
    fc.property(fc.array(scraps, { maxLength: 20 }), (pieces) => {
      const text = pieces.join(' ')
      const { script, diagnostics } = parse(text)
      const places = diagnostics.map((d) => d.span!.start)
      expect(places).toEqual([...places].sort((x, y) => x - y))
      for (const { span, message } of diagnostics) {
        expect(message).not.toBe('')
        expect(0 <= span!.start && span!.start <= span!.end && span!.end <= text.length, text).toBe(
          true,
        )
      }
      for (const statement of script.statements) {
        expect(statementOf(print(statement)).kind).toEqual(statement.kind)
      }
    }),
    { numRuns: sized(500, 3000) },
  )
})
