/** Statements against the trees they mean. */
import { expect, test } from 'vitest'
import { bare } from './arbitrary/index.ts'
import { a, b, bin, c, col, id, interval, num, statementOf, ty } from './trees.ts'

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
      envelope: null,
      order: [],
      asOf: null,
      upTo: null,
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
      envelope: null,
      order: [],
      asOf: null,
      upTo: null,
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
      envelope: null,
      order: [],
      asOf: null,
      upTo: null,
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
