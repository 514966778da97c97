/** Match: random MATCH_RECOGNIZE, and the window functions beside TUMBLE and HOP. */
import fc from 'fast-check'
import type { Expression, Pattern, Relation, RowPattern } from '../../../grammar/tree.ts'
import { orderItems } from './expression.ts'
import { identifier, label, maybe, named, span, type Tie } from './leaf.ts'

const one = fc.constant(span)
const variable = fc.constantFrom('a', 'b', 'up').map((name) => named(name, false))

const { pattern } = fc.letrec<{ pattern: Pattern }>((tie) => {
  const parts = fc.array(tie('pattern'), { minLength: 2, maxLength: 3 })
  const count = fc.nat(3)
  return {
    pattern: fc.oneof(
      { maxDepth: 3 },
      fc.record({ kind: fc.constant('pattern-variable' as const), name: variable, span: one }),
      fc.record({
        kind: fc.constant('pattern-anchor' as const),
        at: fc.constantFrom('start' as const, 'end' as const),
        span: one,
      }),
      fc.record({
        kind: fc.constantFrom(
          'pattern-sequence' as const,
          'pattern-choice' as const,
          'pattern-permute' as const,
        ),
        parts,
        span: one,
      }),
      fc.record({
        kind: fc.constant('pattern-exclude' as const),
        part: tie('pattern'),
        span: one,
      }),
      fc
        .tuple(tie('pattern'), count, fc.option(count), fc.boolean())
        .filter(([part]) => part.kind !== 'pattern-anchor')
        .map(([part, least, more, reluctant]): Pattern => {
          const most = more === null ? null : Math.max(1, least + more)
          return { kind: 'pattern-repeat', part, least, most, reluctant, span }
        }),
    ),
  }
})

export function matches(tie: Tie, source: fc.Arbitrary<Relation>): fc.Arbitrary<RowPattern> {
  const e = tie('expression')
  const column = identifier.map((name): Expression => ({ kind: 'column', path: [name], span }))
  const skip = fc.oneof(
    fc.constantFrom(
      { to: 'past' as const, variable: null },
      { to: 'next' as const, variable: null },
    ),
    fc.record({ to: fc.constantFrom('first' as const, 'last' as const), variable }),
  )
  return fc
    .record({
      kind: fc.constant('match' as const),
      source,
      partitionBy: fc.array(column, { maxLength: 2 }),
      orderBy: orderItems(column),
      measures: fc.array(fc.record({ value: e, name: label }), { maxLength: 2 }),
      allRows: fc.boolean(),
      empty: fc.constantFrom('show' as const, 'omit' as const, 'unmatched' as const),
      skip: fc.option(skip),
      pattern,
      within: maybe(e),
      subsets: fc.array(
        fc.record({ name: variable, of: fc.array(variable, { minLength: 1, maxLength: 2 }) }),
        { maxLength: 2 },
      ),
      define: fc.array(fc.record({ name: variable, condition: e }), { maxLength: 2 }),
      alias: fc.option(identifier),
      span: one,
    })
    .map((match) => (match.allRows ? match : { ...match, empty: 'show' as const }))
}

/** CUMULATE, and SESSION with and without keys. */
export function laterWindows(tie: Tie, source: fc.Arbitrary<Relation>): fc.Arbitrary<Relation> {
  const e = tie('expression')
  const shared = { source, time: identifier, size: e, alias: fc.option(identifier), span: one }
  const kind = fc.constant('window' as const)
  return fc.oneof(
    fc.record({
      ...shared,
      kind,
      function: fc.constant('CUMULATE' as const),
      slide: e,
      offset: maybe(e),
    }),
    fc
      .tuple(
        fc.record({
          ...shared,
          kind,
          function: fc.constant('SESSION' as const),
          slide: fc.constant(null),
          offset: fc.constant(null),
        }),
        fc.array(identifier, { maxLength: 2 }),
      )
      .map(([window, partition]) => (partition.length === 0 ? window : { ...window, partition })),
  )
}
