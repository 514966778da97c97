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
  return [subscribe]
}
