/**
 * Arbitrary look: random statements that look at things and reset settings.
 */
import fc from 'fast-check'
import type {
  Expression,
  LikePattern,
  Moment,
  Path,
  Query,
  Statement,
} from '../../../grammar/index.ts'

const span = { start: 0, end: 0 }

/** SHOW, DESCRIBE and RESET. */
export function looks({
  query,
  path,
  value,
  key,
}: {
  query: fc.Arbitrary<Query>
  path: fc.Arbitrary<Path>
  value: fc.Arbitrary<Expression>
  key: fc.Arbitrary<string>
}): fc.Arbitrary<Statement>[] {
  const one = fc.constant(span)
  const like: fc.Arbitrary<LikePattern> = fc.record({
    kind: fc.constant('like-pattern' as const),
    pattern: fc.string(),
    anyCase: fc.boolean(),
    negated: fc.boolean(),
    span: one,
  })
  const moment: fc.Arbitrary<Moment> = fc.record({
    kind: fc.constant('moment' as const),
    offset: fc.boolean(),
    at: value,
    span: one,
  })
  const until: fc.Arbitrary<Moment | null> = fc.option(moment)
  const resettable: fc.Arbitrary<string | null> = fc.option(key)
  const liked: fc.Arbitrary<LikePattern | null> = fc.option(like)
  return [
    fc.record({
      kind: fc.constant('show' as const),
      what: fc.constantFrom(
        'streams' as const,
        'tables' as const,
        'sources' as const,
        'sinks' as const,
        'views' as const,
        'materialized views' as const,
        'functions' as const,
        'queries' as const,
        'schemas' as const,
        'types' as const,
        'connections' as const,
      ),
      of: fc.constant(null),
      like: liked,
      span: one,
    }),
    fc.record({
      kind: fc.constant('show' as const),
      what: fc.constantFrom('columns' as const, 'tables' as const, 'views' as const),
      of: path,
      like: liked,
      span: one,
    }),
    fc.constant<Statement>({ kind: 'show', what: 'all', of: null, like: null, span }),
    fc.record({ kind: fc.constant('show-setting' as const), name: key, span: one }),
    fc.record({
      kind: fc.constant('show-create' as const),
      object: fc.constantFrom(
        'stream' as const,
        'table' as const,
        'source' as const,
        'sink' as const,
        'view' as const,
        'materialized view' as const,
        'function' as const,
        null,
      ),
      name: path,
      span: one,
    }),
    fc.record({
      kind: fc.constant('explain-running' as const),
      what: fc.constantFrom('work' as const, 'state' as const, 'silence' as const),
      name: path,
      span: one,
    }),
    fc.record({
      kind: fc.constant('explain-use' as const),
      measures: fc.constantFrom<('cpu' | 'memory')[]>(['cpu'], ['memory'], ['cpu', 'memory']),
      asSql: fc.boolean(),
      name: path,
      span: one,
    }),
    fc.record({
      kind: fc.constant('explain-row' as const),
      name: path,
      where: value,
      span: one,
    }),
    fc.record({
      kind: fc.constant('tap' as const),
      name: path,
      operator: path.map(({ parts }) => parts[0]!),
      span: one,
    }),
    fc.record({
      kind: fc.constant('verify' as const),
      name: path,
      upTo: until,
      span: one,
    }),
    fc.record({
      kind: fc.constant('pause' as const),
      resumes: fc.boolean(),
      object: fc.constantFrom(
        'query' as const,
        'sink' as const,
        'stream' as const,
        'materialized view' as const,
      ),
      name: path,
      span: one,
    }),
    fc.record({ kind: fc.constant('describe' as const), name: path, span: one }),
    fc.record({ kind: fc.constant('describe-query' as const), query, span: one }),
    fc.record({ kind: fc.constant('reset' as const), name: resettable, span: one }),
  ]
}
