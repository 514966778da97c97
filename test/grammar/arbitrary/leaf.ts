/** Leaf: random names, types, literals and what the other parts of random trees share. */
import fc from 'fast-check'
import type {
  BinaryOperator,
  Emit,
  Expression,
  Identifier,
  Path,
  Query,
  Relation,
  Statement,
  TypeName,
  Unit,
} from '../../../grammar/index.ts'
import { clauseWords, isReserved, reservedWords, softWords } from '../../../grammar/words.ts'

export const span = { start: 0, end: 0 }
export const depthSize = 'small'

/** Names that say something else with what may stand behind them: whoever means a name there writes it quoted. */
const telling = /^(lateral|descriptor|running|final|match_recognize|to)$/i
const free = (name: string): boolean => !isReserved(name) && !telling.test(name)

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

export const named = (name: string, quoted: boolean): Identifier => ({
  kind: 'identifier',
  name,
  quoted,
  span,
})

export const identifier: fc.Arbitrary<Identifier> = fc.oneof(
  { weight: 4, arbitrary: plainName.filter(free).map((n) => named(n, false)) },
  { weight: 1, arbitrary: quotedName.map((n) => named(n, true)) },
)
/** After a dot and after AS in a select list any word may stand. */
export const label: fc.Arbitrary<Identifier> = fc.oneof(
  { weight: 5, arbitrary: identifier },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...reservedWords).map((n) => named(n.toLowerCase(), false)),
  },
)
export const parts = fc
  .tuple(identifier, fc.array(label, { maxLength: 2 }))
  .map(([first, rest]) => [first, ...rest])
export const path: fc.Arbitrary<Path> = parts.map((p) => ({ kind: 'path', parts: p, span }))

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

export const type: fc.Arbitrary<TypeName> = fc.letrec<{ type: TypeName }>((tie) => ({
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
    fc
      .tuple(fc.constantFrom('ARRAY', 'LIST'), tie('type'))
      .map(([name, of]): TypeName => ({ kind: 'type', name, parameters: [], of: [of], span })),
    fc
      .tuple(tie('type'), tie('type'))
      .map((of): TypeName => ({ kind: 'type', name: 'MAP', parameters: [], of, span })),
    fc.tuple(tie('type'), fc.nat(9)).map(
      ([of, length]): TypeName => ({
        kind: 'type',
        name: 'ARRAY',
        parameters: [length],
        of: [of],
        span,
      }),
    ),
  ),
})).type

// biome-ignore format: a list to read as a block
export const units: Unit[] = [
  'YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'HOUR', 'MINUTE', 'SECOND', 'MILLISECOND', 'MICROSECOND',
]
const unit = fc.constantFrom(...units)
export const text = fc.oneof(
  fc.string({ maxLength: 8, unit: 'grapheme' }),
  fc.constantFrom("'", "''", '\\', '--', '/*', '$$'),
)

const refused =
  /^(cast|try_cast|safe_cast|extract|exists|array|any|some|row|tumble|hop|session|rollup|cube|columns)$/i
export const functionName = identifier.filter((id) => id.quoted || !refused.test(id.name))

export const literal: fc.Arbitrary<Expression> = fc.oneof(
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

export const column = parts.map((p): Expression => ({ kind: 'column', path: p, span }))
// biome-ignore format: a list to read as a block
export const operators: BinaryOperator[] = [
  '+', '-', '*', '/', '//', '%', '||', '=', '<>', '<', '<=', '>', '>=', 'AND', 'OR', '^', '&', '|', '#', '<<', '>>',
  '~', '~*', '!~', '!~*', '->', '->>', '#>', '#>>', '@>', '<@', '&&', '<->',
]

export type UnaryOperator = Extract<Expression, { kind: 'unary' }>['operator']

export const maybe = (e: fc.Arbitrary<Expression>): fc.Arbitrary<Expression | null> => fc.option(e)

export interface Knot {
  expression: Expression
  query: Query
  relation: Relation
  statement: Statement
}

export const emit: fc.Arbitrary<Emit> = fc
  .constantFrom<Emit['mode']>('changes', 'on-window-close')
  .map((mode) => ({ kind: 'emit', mode, span }))

export type Tie = fc.LetrecTypedTie<Knot>
