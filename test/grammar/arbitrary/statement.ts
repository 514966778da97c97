/** Statement: random statements of every kind, with their options and constraints. */
import fc from 'fast-check'
import type {
  Assignment,
  Constraint,
  Expression,
  Identifier,
  Option,
  Relation,
  Statement,
} from '../../../grammar/index.ts'
import { copies } from './copy.ts'
import { depthSize, identifier, maybe, path, span, type Tie, text, type } from './leaf.ts'
import { looks } from './look.ts'
import { pushes } from './push.ts'

const settingValue = fc.oneof(
  text,
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n)),
)
const key = fc
  .oneof(fc.constantFrom('connector', 'a.b-c', 'sink.in'), text)
  .map((k) => k.toLowerCase())
export const option: fc.Arbitrary<Option> = fc.record({
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

const encoding = fc.record({
  kind: fc.constant('encoding' as const),
  format: fc.constantFrom('PLAIN', 'UPSERT', 'DEBEZIUM'),
  encode: fc.constantFrom('JSON', 'CSV', 'AVRO'),
  options: fc.array(option, { maxLength: 2 }),
  span: fc.constant(span),
})

export function statements(tie: Tie): fc.Arbitrary<Statement> {
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
  const metadata = fc.record({
    key: fc.option(fc.constantFrom('offset', 'file.path', "it's")),
    virtual: fc.boolean(),
    span: one,
  })
  const toldColumn = fc.tuple(columnDefinition, metadata).map(([column, told]) => {
    return { ...column, metadata: told }
  })
  const inclusion = fc.record({
    kind: fc.constant('inclusion' as const),
    key: fc.constantFrom('offset', 'key', 'timestamp', 'partition'),
    name: fc.option(identifier),
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
      action: fc.constantFrom('nothing' as const, 'error' as const, 'deduplicate' as const),
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
  const nothing = {
    assignments: fc.constant<Assignment[]>([]),
    columns: fc.constant<Identifier[]>([]),
    values: fc.constant<Expression[]>([]),
  }
  const mergeClause = fc
    .oneof(
      fc.record({ action: fc.constantFrom('nothing' as const, 'delete' as const), ...nothing }),
      fc.record({
        ...nothing,
        action: fc.constant('update' as const),
        assignments: fc.array(assignment, { minLength: 1, maxLength: 2 }),
      }),
      fc.record({
        ...nothing,
        action: fc.constant('insert' as const),
        columns,
        values: fc.array(e, { minLength: 1, maxLength: 2 }),
      }),
    )
    .chain((action) =>
      fc
        .record({
          kind: fc.constant('merge-clause' as const),
          when: fc.constantFrom('matched' as const, 'unmatched' as const, 'alone' as const),
          condition: maybe(e),
          span: one,
        })
        .map((clause) => ({ ...action, ...clause })),
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
    language: fc.constantFrom('SQL', 'JAVASCRIPT', null),
    aggregate: fc.boolean(),
    strict: fc.boolean(),
    deterministic: fc.constantFrom(true, false, null),
    batch: fc.boolean(),
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
  return fc.oneof(
    { depthSize },
    fc.constant<Statement>({ kind: 'flush', span }),
    ...looks({ query, path, value: e, key }),
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
      kind: fc.constant('alter' as const),
      object: fc.constantFrom(
        'stream' as const,
        'table' as const,
        'source' as const,
        'view' as const,
        'materialized view' as const,
        'subscription' as const,
      ),
      name: path,
      ifExists: fc.boolean(),
      change: fc.oneof(
        fc.record({
          kind: fc.constant('add-column' as const),
          column: fc.oneof(columnDefinition, computedColumn),
          ifNotExists: fc.boolean(),
          span: one,
        }),
        fc.record({
          kind: fc.constant('drop-column' as const),
          column: identifier,
          ifExists: fc.boolean(),
          span: one,
        }),
        fc.record({
          kind: fc.constant('rename-column' as const),
          column: identifier,
          to: identifier,
          span: one,
        }),
        fc.record({ kind: fc.constant('rename' as const), to: path, span: one }),
        fc.record({
          kind: fc.constant('set-default' as const),
          column: identifier,
          value: fc.option(e),
          span: one,
        }),
        fc.record({
          kind: fc.constant('set-not-null' as const),
          column: identifier,
          notNull: fc.boolean(),
          span: one,
        }),
        fc.record({
          kind: fc.constant('set-type' as const),
          column: identifier,
          type,
          using: fc.option(e),
          span: one,
        }),
        fc.record({
          kind: fc.constant('add-constraint' as const),
          constraint: stated.filter(({ kind }) => kind !== 'default'),
          span: one,
        }),
        fc.record({
          kind: fc.constant('drop-constraint' as const),
          name: identifier,
          ifExists: fc.boolean(),
          span: one,
        }),
        fc.record({
          kind: fc.constant('set-options' as const),
          options: fc.array(option, { minLength: 1, maxLength: 2 }),
          span: one,
        }),
      ),
      span: one,
    }),
    fc.record({
      kind: fc.constant('create-type' as const),
      name: path,
      ifNotExists: fc.boolean(),
      type,
      span: one,
    }),
    fc.record({
      kind: fc.constant('create-connection' as const),
      name: path,
      ifNotExists: fc.boolean(),
      options: fc.array(option, { minLength: 1, maxLength: 2 }),
      span: one,
    }),
    fc.record({
      kind: fc.constant('create-schema' as const),
      name: path,
      ifNotExists: fc.boolean(),
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
        'subscription' as const,
        'function' as const,
        'aggregate' as const,
        'schema' as const,
        'type' as const,
        'connection' as const,
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
      kind: fc.constant('merge' as const),
      target: path,
      alias: fc.option(identifier),
      source: fc.record({
        kind: fc.constant('table' as const),
        path,
        alias: fc.option(identifier),
        span: one,
      }),
      on: e,
      clauses: fc.array(mergeClause, { minLength: 1, maxLength: 2 }),
      returning,
      span: one,
    }),
    perhapsTemporary(
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
    ),
    fc.record({
      kind: fc.constant('create-view' as const),
      materialized: fc.constant(true),
      orReplace: fc.constant(true),
      ifNotExists: fc.boolean(),
      name: path,
      columns,
      state: fc.constant('rebuild' as const),
      startFrom: fc.constantFrom('earliest' as const, 'latest' as const),
      query,
      span: one,
    }),
    perhapsTemporary(
      fc.record({
        kind: fc.constant('create-function' as const),
        name: path,
        orReplace: fc.boolean(),
        ifNotExists: fc.boolean(),
        body: fc.oneof(functionText, functionBody),
        span: one,
      }),
    ),
    fc.record({
      kind: fc.constant('create-sink' as const),
      orReplace: fc.boolean(),
      name: path,
      ifNotExists: fc.boolean(),
      query,
      options: fc.array(option, { maxLength: 2 }),
      encoding: fc.option(encoding),
      span: one,
    }),
    perhapsTemporary(
      fc
        .tuple(
          fc.record({
            kind: fc.constant('create-relation' as const),
            object: fc.constantFrom('stream' as const, 'table' as const, 'source' as const),
            orReplace: fc.boolean(),
            name: path,
            ifNotExists: fc.boolean(),
            columns: fc.array(fc.oneof(columnDefinition, computedColumn, toldColumn), {
              maxLength: 3,
            }),
            constraints: fc.array(
              stated.filter(({ kind }) => kind !== 'default'),
              { maxLength: 2 },
            ),
            appendOnly: fc.boolean(),
            watermark: fc.option(watermark),
            partitionedBy: columns,
            partitions: columns,
            options: fc.array(option, { maxLength: 2 }),
            encoding: fc.option(encoding),
            query: fc.option(query),
            span: one,
          }),
          fc.option(fc.array(inclusion, { minLength: 1, maxLength: 2 })),
        )
        .map(([made, included]) => (included === null ? made : { ...made, included })),
    ),
    ...pushes({ query, path, value: e }),
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

/** The same tree, of which every second one is TEMP. */
function perhapsTemporary<T extends Statement>(tree: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof(
    tree,
    tree.map((one) => ({ ...one, temporary: true as const })),
  )
}
