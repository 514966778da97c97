/** Copies: random COPY statements for the tests of the grammar. */
import fc from 'fast-check'
import type { Identifier, Option, Path, Query, Statement } from '../../../grammar/index.ts'

interface Parts {
  query: fc.Arbitrary<Query>
  path: fc.Arbitrary<Path>
  columns: fc.Arbitrary<Identifier[]>
  file: fc.Arbitrary<string | null>
  options: fc.Arbitrary<Option[]>
}

export function copies({ query, path, columns, file, options }: Parts): fc.Arbitrary<Statement>[] {
  const span = fc.constant({ start: 0, end: 0 })
  const table = fc.record({ kind: fc.constant('copied-table' as const), path, columns, span })
  const rows = fc.record({ kind: fc.constant('query-statement' as const), query, span })
  const kind = fc.constant('copy' as const)
  return [
    fc.record({
      kind,
      copied: fc.oneof(rows, table),
      into: fc.constant(true),
      file,
      options,
      span,
    }),
    fc.record({ kind, copied: table, into: fc.constant(false), file, options, span }),
  ]
}
