/** Pushes: random SUBSCRIBE for the tests of the grammar. */
import fc from 'fast-check'
import type { Expression, Path, Query, Relation, Statement } from '../../../grammar/index.ts'
import { orderItems } from './expression.ts'
import { emit, identifier, span } from './leaf.ts'

interface Parts {
  query: fc.Arbitrary<Query>
  path: fc.Arbitrary<Path>
  value: fc.Arbitrary<Expression>
}

export function pushes({ query, path, value }: Parts): fc.Arbitrary<Statement>[] {
  const one = fc.constant(span)
  const subscribed = fc.oneof(
    path.map((p): Relation => ({ kind: 'table', path: p, alias: null, span })),
    query.map(
      (q): Relation => ({ kind: 'derived', query: q, alias: null, columnAliases: [], span }),
    ),
  )
  const moment = fc.record({
    kind: fc.constant('moment' as const),
    offset: fc.boolean(),
    at: value,
    span: one,
  })
  const subscribe = fc.record({
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
    envelope: fc.option(
      fc.record({
        kind: fc.constant('envelope' as const),
        form: fc.constantFrom('upsert' as const, 'debezium' as const),
        key: fc.array(identifier, { maxLength: 2 }),
        span: one,
      }),
    ),
    order: orderItems(value),
    asOf: fc.option(moment),
    upTo: fc.option(moment),
    span: one,
  })
  const rows = fc.record({ kind: fc.constant('query-statement' as const), query, span: one })
  const name = identifier
  const reading = fc.record({
    kind: fc.constant('subscription-reading' as const),
    subscription: path,
    since: fc.oneof(fc.constantFrom('full' as const, 'begin' as const, 'now' as const), moment),
    span: one,
  })
  const acknowledge = fc.record({
    kind: fc.constant('acknowledge' as const),
    name: path,
    upTo: moment,
    span: one,
  })
  const declare = fc.record({
    kind: fc.constant('declare' as const),
    name,
    of: fc.oneof(subscribe, rows, reading),
    span: one,
  })
  const option = fc.record({
    kind: fc.constant('option' as const),
    key: fc.constantFrom('timeout', 'a.b'),
    value: fc.oneof(fc.boolean(), fc.nat()),
    span: one,
  })
  const fetched = fc.record({
    kind: fc.constant('fetch' as const),
    cursor: name,
    count: fc.option(fc.nat({ max: 1000 })),
    options: fc.array(option, { maxLength: 2 }),
    span: one,
  })
  const close = fc.record({
    kind: fc.constant('close' as const),
    cursor: fc.option(name),
    span: one,
  })
  const create = fc.record({
    kind: fc.constant('create-subscription' as const),
    orReplace: fc.boolean(),
    name: path,
    ifNotExists: fc.boolean(),
    query,
    options: fc.array(option, { maxLength: 2 }),
    span: one,
  })
  return [subscribe, declare, fetched, close, acknowledge, create]
}
