/**
 * Parser: the grammar of the dialect as chevrotain rules that build the tree as they go.
 *
 * How      One rule per construct, LL(1); where one token does not decide, the scanner has retyped it or a GATE
 *          looks further. Expressions climb precedence: `expression(min)` takes an operand and every tail that
 *          binds at least as tightly as `min`. A rule asks `refuse(place)` where an unsupported construct would look
 *          like a name. The first fault ends a statement: chevrotain's own repair is off, because statements are
 *          parsed one by one (parse.ts) and a guess inside a statement would be reported beside the fault that
 *          caused it.
 * Contract 1 (checked) every node's span runs from its first token's start to its last token's end.
 *          2 (checked) chevrotain's validation of the grammar finds nothing; it runs in a test, not at start-up.
 * Cost     About 60,000 statements of 130 characters a second; made in about 10 ms.
 */
import {
  EmbeddedActionsParser,
  EOF,
  type IToken,
  type ParserMethod,
  type TokenType,
} from 'chevrotain'
import type { Diagnostic, Span } from '../src/base/index.ts'
import { constructAt, type Place, unsupported } from './constructs.ts'
import { expectation } from './expectation.ts'
import type { Token } from './scanner.ts'
import type {
  BinaryOperator,
  ColumnDefinition,
  Emit,
  Expression,
  Identifier,
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
  WatermarkDefinition,
} from './tree.ts'
import { alias, binaryOperator, identifier, kinds, label, vocabulary, word } from './words.ts'

type Of<U, K> = Extract<U, { kind: K }>
type Window = Of<Relation, 'window'>

/** Ends the parse of a statement with a diagnostic that chevrotain did not make. */
export class Refusal extends Error {
  readonly diagnostic: Diagnostic

  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message)
    this.diagnostic = diagnostic
  }
}

/** How tightly operators bind; the printer uses the same numbers. */
export const power = {
  or: 1,
  and: 2,
  not: 3,
  is: 4,
  comparison: 5,
  range: 6,
  concat: 7,
  additive: 8,
  multiplicative: 9,
  unary: 10,
  postfix: 11,
} as const

const powers = new Map<TokenType, number>([
  [word.OR, power.or],
  [word.AND, power.and],
  [word.IS, power.is],
  [kinds.comparison, power.comparison],
  [kinds.equal, power.comparison],
  [word.BETWEEN, power.range],
  [word.IN, power.range],
  [word.LIKE, power.range],
  [kinds.concat, power.concat],
  [kinds.plus, power.additive],
  [kinds.minus, power.additive],
  [kinds.star, power.multiplicative],
  [kinds.slash, power.multiplicative],
  [kinds.percent, power.multiplicative],
  [kinds.castTo, power.postfix],
])
const powerByIndex: number[] = []
for (const [type, value] of powers) powerByIndex[type.tokenTypeIdx!] = value

// biome-ignore format: a table to read as a block
const units: ReadonlyMap<string, Unit> = new Map<string, Unit>(
  (['YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'HOUR', 'MINUTE', 'SECOND', 'MILLISECOND', 'MICROSECOND'] as const)
    .flatMap((unit): [string, Unit][] => [[unit, unit], [`${unit}S`, unit]]),
)

// biome-ignore format: a list to read as a block
const foreignFields: ReadonlySet<string> = new Set([
  'CENTURY', 'DAYOFMONTH', 'DAYOFWEEK', 'DAYOFYEAR', 'DECADE', 'ISODOW', 'ISOYEAR', 'JULIAN', 'MILLENNIUM',
  'NANOSECOND', 'TIMEZONE', 'TIMEZONE_HOUR', 'TIMEZONE_MINUTE',
])
const nestedTypes: ReadonlySet<string> = new Set(['ARRAY', 'LIST', 'MAP', 'ROW', 'STRUCT'])
const objects = {
  stream: word.STREAM,
  table: word.TABLE,
  view: word.VIEW,
  query: word.QUERY,
} as const

/** Nesting of expressions and queries that the parser's own stack is sure to hold. */
const depthMax = 200

/** Operators in a row: each makes the tree one node deeper, and everybody who walks it needs stack for that. */
const tailsMax = 1000

export class Parser extends EmbeddedActionsParser {
  #depth = 0

  constructor(options: { validate: boolean }) {
    super(vocabulary, {
      maxLookahead: 1,
      recoveryEnabled: false,
      skipValidations: !options.validate,
      errorMessageProvider: expectation,
    })
    this.performSelfAnalysis()
  }

  /** Parses the tokens of one statement; faults are in `errors` or thrown as Refusal. */
  parseStatement(tokens: Token[]): Statement {
    this.#depth = 0
    this.input = tokens
    return this.statement()
  }

  // -------------------------------------------------------------- leaves

  #ahead(distance: number): Token {
    return this.LA(distance) as Token
  }

  /** Upper-case text of the token at `distance`; '' for what is no word or operator. */
  #upper(distance: number): string {
    return (this.LA(distance) as Token).upper
  }

  #start(): number {
    return (this.LA(1) as Token).start
  }

  #span(start: number): Span {
    return { start, end: (this.LA(0) as Token).end }
  }

  #refuse(place: Place): void {
    if (this.RECORDING_PHASE) return
    const found = constructAt(place, (distance) => this.LA(1 + distance) as Token)
    if (found !== undefined) throw new Refusal(found)
  }

  /** Refuses what stands from `start` to the token before the next one, or at the next one. */
  #unsupported(construct: string, from?: number): never | undefined {
    if (this.RECORDING_PHASE) return undefined
    const at = this.#ahead(1)
    const start = from ?? at.start
    const last = from === undefined ? at : this.#ahead(0)
    throw new Refusal(unsupported(construct, start, Math.max(last.end, start)))
  }

  #mistaken(message: string, token: IToken, more: { detail?: string; hint?: string } = {}): void {
    if (this.RECORDING_PHASE) return
    const { start, end } = token as Token
    throw new Refusal({ code: 'syntax', message, ...more, span: { start, end } })
  }

  /** Guards the stack; `leave` by subtracting again. */
  #enter(): void {
    if (++this.#depth > depthMax && !this.RECORDING_PHASE) {
      this.#mistaken('nested too deeply', this.LA(1))
    }
  }

  #identifier(token: IToken): Identifier {
    const { start, end, value, tokenType } = token as Token
    const quoted = tokenType === kinds.quotedName
    return { kind: 'identifier', name: value, quoted, span: { start, end } }
  }

  /**
   * Whether a query begins at `distance`, parentheses before it allowed. `((select 1) t join u)` is a relation: what
   * follows the inner parenthesis decides.
   */
  #queryAhead(distance: number): boolean {
    if (this.RECORDING_PHASE) return false
    const type = this.LA(distance).tokenType
    if (type === word.SELECT || type === word.VALUES || type === word.WITH) return true
    if (type === word.FROM) return true
    if (type !== kinds.open || !this.#queryAhead(distance + 1)) return false
    let depth = 0
    for (let at = distance; ; at++) {
      const token = this.LA(at)
      if (token.tokenType === kinds.open) depth++
      else if (token.tokenType === kinds.close && --depth === 0) return this.#queryEnds(at + 1)
      else if (token.tokenType === EOF) return true
    }
  }

  #queryEnds(distance: number): boolean {
    const token = this.LA(distance)
    if (token.tokenType === kinds.close || token.tokenType === EOF) return true
    const { upper } = token as Token
    return ['ORDER', 'LIMIT', 'OFFSET', 'FETCH', 'EMIT', 'UNION', 'EXCEPT', 'INTERSECT'].includes(
      upper,
    )
  }

  path = this.RULE('path', (): Path => {
    const start = this.#start()
    const parts = [this.#identifier(this.CONSUME(identifier))]
    this.MANY(() => {
      this.CONSUME(kinds.dot)
      parts.push(this.#identifier(this.CONSUME(label)))
    })
    return { kind: 'path', parts, span: this.#span(start) }
  })

  names = this.RULE('names', (): Identifier[] => {
    const names: Identifier[] = []
    this.CONSUME(kinds.open)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        names.push(this.#identifier(this.CONSUME(identifier)))
      },
    })
    this.CONSUME(kinds.close)
    return names
  })

  integer = this.RULE('integer', (): number => {
    const token = this.CONSUME(kinds.number) as Token
    if (!this.RECORDING_PHASE && !/^\d{1,9}$/.test(token.value)) {
      this.#mistaken('a whole number is wanted here', token)
    }
    return Number(token.value)
  })

  // -------------------------------------------------------------- types

  type = this.RULE('type', (): TypeName => {
    const start = this.#start()
    const first = this.CONSUME(identifier, { ERR_MSG: 'a type' }) as Token
    if (first.tokenType === kinds.quotedName) this.#mistaken('a type name is not quoted', first)
    let name = first.upper
    this.ACTION(() => {
      const next = this.#upper(1)
      const nested = nestedTypes.has(name) || next === '[' || next === '<' || next === 'ARRAY'
      if (nested) this.#unsupported(nestedTypes.has(name) ? `type ${name}` : 'array types', start)
    })
    this.OPTION({
      GATE: () => secondWords.get(name) === this.#upper(1),
      DEF: () => {
        name += ` ${(this.CONSUME1(identifier) as Token).upper}`
      },
    })
    const parameters: number[] = []
    this.OPTION1(() => {
      this.CONSUME(kinds.open)
      this.AT_LEAST_ONE_SEP({
        SEP: kinds.comma,
        DEF: () => {
          parameters.push(this.SUBRULE(this.integer))
        },
      })
      this.CONSUME(kinds.close)
    })
    this.ACTION(() => {
      if (this.#upper(1) === 'WITH' && this.#upper(2) === 'TIME') {
        this.#unsupported('time zones')
      }
      if (this.#upper(1) === '[' || this.#upper(1) === 'ARRAY')
        this.#unsupported('array types', start)
    })
    this.OPTION2({
      GATE: () => this.#upper(1) === 'WITHOUT',
      DEF: () => this.SUBRULE(this.withoutTimeZone),
    })
    return { kind: 'type', name, parameters, span: this.#span(start) }
  })

  withoutTimeZone = this.RULE('withoutTimeZone', (): void => {
    this.CONSUME(identifier)
    this.#word('TIME')
    this.CONSUME1(identifier)
    this.#word('ZONE')
    this.CONSUME2(identifier)
  })

  /** The next token must be this word, which is no keyword elsewhere. */
  #word(wanted: string): void {
    if (this.RECORDING_PHASE || this.#upper(1) === wanted) return
    this.#unexpected(wanted)
  }

  /** Fails at the next token in the way that chevrotain's own failures are told. */
  #unexpected(expected: string): void {
    if (this.RECORDING_PHASE) return
    throw new Unexpected(this.LA(1), expected)
  }

  // -------------------------------------------------------------- expressions

  expression: ParserMethod<[number?], Expression> = this.RULE(
    'expression',
    (min = 0): Expression => {
      const start = this.#start()
      this.#enter()
      let left = this.SUBRULE(this.operand, { ARGS: [min] })
      let tails = 0
      this.MANY({
        GATE: () => this.#binds(min),
        DEF: () => {
          if (++tails > tailsMax) this.#tooLong()
          left = this.SUBRULE(this.tail, { ARGS: [left, start] })
        },
      })
      this.#depth--
      return left
    },
  )

  #tooLong(): void {
    const hint = 'IN (…) takes any number of values'
    this.#mistaken(`more than ${tailsMax} operators in a row`, this.LA(1), { hint })
  }

  /** Whether the next token continues an expression whose tails must bind at least as tightly as `min`. */
  #binds(min: number): boolean {
    const next = this.LA(1)
    if (next.tokenType === word.NOT) {
      return power.range >= min && powerByIndex[this.LA(2).tokenTypeIdx] === power.range
    }
    return (powerByIndex[next.tokenTypeIdx] ?? -1) >= min
  }

  tail: ParserMethod<[Expression, number], Expression> = this.RULE(
    'tail',
    (left: Expression, start: number): Expression =>
      this.OR([
        { ALT: () => this.SUBRULE(this.binaryTail, { ARGS: [left, start] }) },
        { ALT: () => this.SUBRULE(this.isTail, { ARGS: [left, start] }) },
        { ALT: () => this.SUBRULE(this.rangeTail, { ARGS: [left, start] }) },
        {
          ALT: (): Expression => {
            this.CONSUME(kinds.castTo)
            const type = this.SUBRULE(this.type)
            return { kind: 'cast', operand: left, type, attempt: false, span: this.#span(start) }
          },
        },
      ]),
  )

  binaryTail = this.RULE('binaryTail', (left: Expression, start: number): Expression => {
    const token = this.CONSUME(binaryOperator) as Token
    const tight = powerByIndex[token.tokenTypeIdx] ?? 0
    const right = this.SUBRULE(this.expression, { ARGS: [tight + 1] })
    const span = this.#span(start)
    if (token.upper === '<=>') return { kind: 'is-distinct', left, right, negated: true, span }
    const operator = (token.upper === '!=' ? '<>' : token.upper) as BinaryOperator
    return { kind: 'binary', operator, left, right, span }
  })

  isTail = this.RULE('isTail', (operand: Expression, start: number): Expression => {
    this.CONSUME(word.IS)
    const negated = this.OPTION(() => this.CONSUME(word.NOT)) !== undefined
    return this.OR([
      {
        ALT: (): Expression => {
          this.CONSUME(word.NULL)
          return { kind: 'is-null', operand, negated, span: this.#span(start) }
        },
      },
      {
        ALT: (): Expression => {
          const value = this.SUBRULE(this.truth)
          return { kind: 'is-boolean', operand, value, negated, span: this.#span(start) }
        },
      },
      {
        ALT: (): Expression => {
          this.CONSUME(word.DISTINCT)
          this.CONSUME(word.FROM)
          const right = this.SUBRULE(this.expression, { ARGS: [power.is + 1] })
          return { kind: 'is-distinct', left: operand, right, negated, span: this.#span(start) }
        },
      },
    ])
  })

  truth = this.RULE('truth', (): boolean =>
    this.OR([
      {
        ALT: () => {
          this.CONSUME(word.TRUE)
          return true
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.FALSE)
          return false
        },
      },
    ]),
  )

  rangeTail = this.RULE('rangeTail', (operand: Expression, start: number): Expression => {
    const negated = this.OPTION(() => this.CONSUME(word.NOT)) !== undefined
    const tight = { ARGS: [power.range + 1] as [number] }
    return this.OR([
      {
        ALT: (): Expression => {
          this.CONSUME(word.BETWEEN)
          const low = this.SUBRULE(this.expression, tight)
          this.CONSUME(word.AND)
          const high = this.SUBRULE1(this.expression, tight)
          return { kind: 'between', operand, low, high, negated, span: this.#span(start) }
        },
      },
      {
        ALT: (): Expression => {
          this.CONSUME(word.IN)
          if (!this.RECORDING_PHASE && this.#queryAhead(2))
            this.#unsupported('IN (SELECT …)', this.#ahead(0).start)
          this.CONSUME(kinds.open)
          const list = this.SUBRULE(this.expressions)
          this.CONSUME(kinds.close)
          return { kind: 'in', operand, list, negated, span: this.#span(start) }
        },
      },
      {
        ALT: (): Expression => {
          this.CONSUME(word.LIKE)
          const pattern = this.SUBRULE2(this.expression, tight)
          const escaping = this.OPTION1(() => {
            this.CONSUME(word.ESCAPE)
            return this.SUBRULE3(this.expression, tight)
          })
          const span = this.#span(start)
          return { kind: 'like', operand, pattern, escape: escaping ?? null, negated, span }
        },
      },
    ])
  })

  expressions = this.RULE('expressions', (): Expression[] => {
    const list: Expression[] = []
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        list.push(this.SUBRULE(this.expression))
      },
    })
    return list
  })

  operand: ParserMethod<[number], Expression> = this.RULE('operand', (min: number): Expression => {
    const start = this.#start()
    return this.OR([
      {
        ALT: (): Expression => {
          const sign = this.OR1([
            { ALT: () => this.CONSUME(kinds.minus) },
            { ALT: () => this.CONSUME(kinds.plus) },
          ])
          const operator = sign?.image as '-' | '+'
          const operand = this.SUBRULE(this.expression, { ARGS: [power.unary] })
          return { kind: 'unary', operator, operand, span: this.#span(start) }
        },
      },
      {
        GATE: () => !(min > power.not),
        ALT: (): Expression => {
          this.CONSUME(word.NOT)
          const operand = this.SUBRULE1(this.expression, { ARGS: [power.not] })
          return { kind: 'unary', operator: 'NOT', operand, span: this.#span(start) }
        },
      },
      { ALT: () => this.SUBRULE(this.primary) },
    ])
  })

  primary = this.RULE('primary', (): Expression => {
    this.#refuse('operand')
    return this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.literal) },
        { ALT: () => this.SUBRULE(this.interval) },
        { ALT: () => this.SUBRULE(this.typedLiteral) },
        { ALT: () => this.SUBRULE(this.cast) },
        { ALT: () => this.SUBRULE(this.extract) },
        { ALT: () => this.SUBRULE(this.niladic) },
        { ALT: () => this.SUBRULE(this.columnOrCall) },
        { ALT: () => this.SUBRULE(this.caseOf) },
        { ALT: () => this.SUBRULE(this.parenthesized) },
      ],
      IGNORE_AMBIGUITIES: true,
    })
  })

  literal = this.RULE('literal', (): Expression => {
    const start = this.#start()
    return this.OR([
      {
        ALT: (): Expression => {
          const token = this.CONSUME(kinds.number) as Token
          return { kind: 'number', text: token.value, span: this.#span(start) }
        },
      },
      {
        ALT: (): Expression => {
          const token = this.CONSUME(kinds.string) as Token
          return { kind: 'string', value: token.value, span: this.#span(start) }
        },
      },
      {
        ALT: (): Expression => {
          const value = this.SUBRULE(this.truth)
          return { kind: 'boolean', value, span: this.#span(start) }
        },
      },
      {
        ALT: (): Expression => {
          this.CONSUME(word.NULL)
          return { kind: 'null', span: this.#span(start) }
        },
      },
      {
        ALT: (): Expression => {
          const token = this.CONSUME(kinds.parameter) as Token
          const style = parameterStyles[token.image?.[0] ?? ''] ?? 'named'
          return { kind: 'parameter', style, name: token.value, span: this.#span(start) }
        },
      },
    ])
  })

  parenthesized = this.RULE('parenthesized', (): Expression => {
    if (!this.RECORDING_PHASE && this.#queryAhead(2)) {
      this.#unsupported('subqueries in expressions')
    }
    const start = this.#start()
    this.CONSUME(kinds.open)
    const inner = this.SUBRULE(this.expression)
    this.ACTION(() => {
      if (this.LA(1).tokenType === kinds.comma) this.#unsupported('row values', start)
    })
    this.CONSUME(kinds.close)
    return inner
  })

  interval = this.RULE('interval', (): Expression => {
    const start = this.#start()
    this.CONSUME(kinds.interval)
    const text = this.OR([
      { ALT: () => this.CONSUME(kinds.string) },
      { ALT: () => this.CONSUME(kinds.number) },
    ]) as Token
    let from: Unit | null = null
    let to: Unit | null = null
    this.OPTION({
      GATE: () => units.has(this.#upper(1)),
      DEF: () => {
        from = units.get((this.CONSUME(identifier) as Token).upper) ?? null
        this.OPTION1({
          GATE: () => units.has(this.#upper(2)),
          DEF: () => {
            this.CONSUME(word.TO)
            to = units.get((this.CONSUME1(identifier) as Token).upper) ?? null
          },
        })
      },
    })
    return { kind: 'interval', text: text.value, from, to, span: this.#span(start) }
  })

  /** DATE '…', TIMESTAMP '…', TIMESTAMP(3) '…'. */
  typedLiteral = this.RULE('typedLiteral', (): Expression => {
    const start = this.#start()
    const token = this.CONSUME(kinds.typed) as Token
    const parameters: number[] = []
    this.OPTION(() => {
      this.CONSUME(kinds.open)
      parameters.push(this.SUBRULE(this.integer))
      this.CONSUME(kinds.close)
    })
    const span = this.#span(start)
    const type: TypeName = { kind: 'type', name: token.upper, parameters, span }
    const text = this.CONSUME(kinds.string) as Token
    return { kind: 'typed-literal', type, text: text.value, span: this.#span(start) }
  })

  cast = this.RULE('cast', (): Expression => {
    const start = this.#start()
    const attempt = (this.CONSUME(kinds.cast) as Token).upper !== 'CAST'
    this.CONSUME(kinds.open)
    const operand = this.SUBRULE(this.expression)
    this.CONSUME(word.AS)
    const type = this.SUBRULE(this.type)
    this.CONSUME(kinds.close)
    return { kind: 'cast', operand, type, attempt, span: this.#span(start) }
  })

  extract = this.RULE('extract', (): Expression => {
    const start = this.#start()
    this.CONSUME(kinds.extract)
    this.CONSUME(kinds.open)
    const token = this.OR([
      { ALT: () => this.CONSUME(identifier) },
      { ALT: () => this.CONSUME(kinds.string) },
    ]) as Token
    const unit = this.ACTION(() => this.#field(token))
    this.CONSUME(word.FROM)
    const operand = this.SUBRULE(this.expression)
    this.CONSUME(kinds.close)
    return { kind: 'extract', unit, operand, span: this.#span(start) }
  })

  #field(token: Token): Unit | 'EPOCH' | 'DOW' | 'DOY' {
    const name = token.value.toUpperCase()
    if (name === 'EPOCH' || name === 'DOW' || name === 'DOY') return name
    const unit = units.get(name)
    if (unit !== undefined) return unit
    if (foreignFields.has(name)) {
      throw new Refusal(unsupported(`EXTRACT(${name} FROM …)`, token.start, token.end))
    }
    this.#mistaken(`unknown field ${token.value}`, token, {
      detail: `fields are ${[...new Set(units.values())].join(', ')}, EPOCH, DOW, DOY`,
    })
    return 'DAY'
  }

  niladic = this.RULE('niladic', (): Expression => {
    const token = this.CONSUME(kinds.niladic)
    const name = this.#identifier(token)
    const call: Of<Expression, 'call'> = {
      kind: 'call',
      name,
      args: [],
      distinct: false,
      filter: null,
      span: name.span,
    }
    this.OPTION(() => {
      this.CONSUME(kinds.open)
      this.OPTION1(() => {
        call.args = this.SUBRULE(this.expressions)
      })
      this.CONSUME(kinds.close)
      call.span = this.#span(name.span.start)
    })
    return call
  })

  columnOrCall = this.RULE('columnOrCall', (): Expression => {
    const start = this.#start()
    const path = [this.#identifier(this.CONSUME(identifier))]
    return this.OR([
      { ALT: () => this.SUBRULE(this.call, { ARGS: [path[0]!] }) },
      {
        ALT: (): Expression => {
          this.MANY(() => {
            this.CONSUME(kinds.dot)
            path.push(this.#identifier(this.CONSUME(label)))
          })
          if (path.length > 1 && this.LA(1).tokenType === kinds.open) {
            this.#unsupported('functions with a schema', start)
          }
          return { kind: 'column', path, span: this.#span(start) }
        },
      },
    ])
  })

  call = this.RULE('call', (name: Identifier): Expression => {
    let args: Expression[] = []
    let distinct = false
    this.CONSUME(kinds.open)
    this.OPTION(() => {
      args = this.OR([
        {
          ALT: (): Expression[] => {
            this.CONSUME(kinds.star)
            const span = this.#span((this.LA(0) as Token).start)
            return [{ kind: 'star', qualifier: [], span }]
          },
        },
        {
          ALT: (): Expression[] => {
            this.OPTION1(() => {
              distinct = this.SUBRULE(this.quantifier)
            })
            return this.SUBRULE(this.args, { ARGS: [name] })
          },
        },
      ])
    })
    this.CONSUME(kinds.close)
    const filter = this.OPTION2({
      GATE: () => this.LA(2).tokenType === kinds.open,
      DEF: () => this.SUBRULE(this.filter),
    })
    const span = this.#span(name?.span.start)
    return { kind: 'call', name, args, distinct, filter: filter ?? null, span }
  })

  /** DISTINCT or ALL. */
  quantifier = this.RULE('quantifier', (): boolean =>
    this.OR([
      {
        ALT: () => {
          this.CONSUME(word.DISTINCT)
          return true
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.ALL)
          return false
        },
      },
    ]),
  )

  filter = this.RULE('filter', (): Expression => {
    this.CONSUME(word.FILTER)
    this.CONSUME(kinds.open)
    this.CONSUME(word.WHERE)
    const condition = this.SUBRULE(this.expression)
    this.CONSUME(kinds.close)
    return condition
  })

  /** Arguments; SUBSTRING(x FROM a FOR b) becomes SUBSTRING(x, a, b). */
  args = this.RULE('args', (name: Identifier): Expression[] => {
    const list: Expression[] = []
    const named = () => {
      if (this.LA(2).tokenType === kinds.arrow) this.#unsupported('named arguments of functions')
    }
    this.ACTION(named)
    list.push(this.SUBRULE(this.expression))
    this.OR([
      {
        GATE: () => this.LA(1).tokenType === word.FROM || this.LA(1).tokenType === word.FOR,
        ALT: () => {
          if (!this.RECORDING_PHASE && !/^substr(ing)?$/i.test(name.name)) {
            this.#unsupported(`${this.#upper(1)} in ${name.name.toUpperCase()}`)
          }
          this.SUBRULE(this.substringRange, { ARGS: [list] })
        },
      },
      {
        ALT: () => {
          this.MANY(() => {
            this.CONSUME(kinds.comma)
            this.ACTION(named)
            list.push(this.SUBRULE1(this.expression))
          })
        },
      },
    ])
    this.ACTION(() => {
      const inside = {
        ORDER: 'ORDER BY in a call',
        LIMIT: 'LIMIT in a call',
        TO: 'TO in a call',
        IN: 'IN in a call',
      }
      const construct = inside[this.#upper(1) as keyof typeof inside]
      if (construct !== undefined) this.#unsupported(construct)
    })
    return list
  })

  substringRange = this.RULE('substringRange', (list: Expression[]): void => {
    const at = this.#ahead(1)
    const first = this.OPTION(() => {
      this.CONSUME(word.FROM)
      return this.SUBRULE(this.expression)
    })
    const span = { start: at.start, end: at.start }
    this.ACTION(() => list.push(first ?? { kind: 'number', text: '1', span }))
    this.OPTION1(() => {
      this.CONSUME(word.FOR)
      const count = this.SUBRULE1(this.expression)
      this.ACTION(() => list.push(count))
    })
  })

  caseOf = this.RULE('caseOf', (): Expression => {
    const start = this.#start()
    const whens: Of<Expression, 'case'>['whens'] = []
    this.CONSUME(word.CASE)
    const operand = this.OPTION(() => this.SUBRULE(this.expression))
    this.AT_LEAST_ONE(() => {
      this.CONSUME(word.WHEN)
      const when = this.SUBRULE1(this.expression)
      this.CONSUME(word.THEN)
      whens.push({ when, then: this.SUBRULE2(this.expression) })
    })
    const otherwise = this.OPTION1(() => {
      this.CONSUME(word.ELSE)
      return this.SUBRULE3(this.expression)
    })
    this.CONSUME(word.END)
    const span = this.#span(start)
    return { kind: 'case', operand: operand ?? null, whens, else: otherwise ?? null, span }
  })

  // -------------------------------------------------------------- queries

  /** A query, in parentheses or not; clauses after the parentheses join those inside where that means the same. */
  query: ParserMethod<[], Query> = this.RULE('query', (): Query => {
    const start = this.#start()
    this.#enter()
    let inner: Query | undefined
    let body: QueryBody | undefined
    this.OR([
      {
        ALT: () => {
          body = this.SUBRULE(this.select)
        },
      },
      {
        ALT: () => {
          body = this.SUBRULE(this.values)
        },
      },
      {
        ALT: () => {
          this.CONSUME(kinds.open)
          inner = this.SUBRULE(this.query)
          this.CONSUME(kinds.close)
        },
      },
    ])
    const at = this.#ahead(1)
    const tail = this.SUBRULE(this.queryTail)
    this.#depth--
    const span = this.#span(start)
    if (inner === undefined) return { kind: 'query', body: body!, ...tail, span }
    return this.ACTION(() => this.#merge(inner!, tail, at, span))
  })

  #merge(inner: Query, tail: Tail, at: Token, span: Span): Query {
    const limited = inner.limit !== null || inner.offset !== null
    const clash =
      (tail.orderBy.length > 0 && (inner.orderBy.length > 0 || limited)) ||
      ((tail.limit !== null || tail.offset !== null) && limited) ||
      (inner.emit !== null &&
        (tail.emit !== null || tail.limit !== null || tail.orderBy.length > 0))
    if (clash)
      throw new Refusal(unsupported('clauses after a query in parentheses', at.start, at.end))
    return {
      kind: 'query',
      body: inner.body,
      orderBy: tail.orderBy.length > 0 ? tail.orderBy : inner.orderBy,
      limit: tail.limit ?? inner.limit,
      offset: tail.offset ?? inner.offset,
      emit: tail.emit ?? inner.emit,
      span,
    }
  }

  queryTail = this.RULE('queryTail', (): Tail => {
    const tail: Tail = { orderBy: [], limit: null, offset: null, emit: null }
    this.OPTION(() => {
      tail.orderBy = this.SUBRULE(this.orderBy)
    })
    this.MANY(() => {
      const at = this.#ahead(1)
      const part = this.SUBRULE(this.limitPart)
      this.ACTION(() => {
        if (tail[part.field] !== null) this.#mistaken(`a second ${part.field.toUpperCase()}`, at)
        tail[part.field] = part.value
      })
    })
    this.OPTION1(() => {
      tail.emit = this.SUBRULE(this.emit)
    })
    return tail
  })

  /** LIMIT n, LIMIT ALL, OFFSET n [ROWS], FETCH FIRST n ROWS ONLY. */
  limitPart = this.RULE('limitPart', (): { field: 'limit' | 'offset'; value: Expression | null } =>
    this.OR([
      {
        ALT: () => {
          this.CONSUME(word.LIMIT)
          const value = this.OR1([
            {
              ALT: (): Expression | null => {
                this.CONSUME(word.ALL)
                return null
              },
            },
            { ALT: (): Expression | null => this.SUBRULE(this.expression) },
          ])
          return { field: 'limit' as const, value }
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.OFFSET)
          const value = this.SUBRULE1(this.expression)
          this.OPTION(() => this.SUBRULE(this.rowWord))
          return { field: 'offset' as const, value }
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.FETCH)
          this.OR2([
            { ALT: () => this.CONSUME(word.FIRST) },
            { ALT: () => this.CONSUME(word.NEXT) },
          ])
          const value = this.SUBRULE2(this.expression)
          this.SUBRULE1(this.rowWord)
          this.CONSUME(word.ONLY)
          return { field: 'limit' as const, value }
        },
      },
    ]),
  )

  rowWord = this.RULE('rowWord', (): void => {
    this.OR([{ ALT: () => this.CONSUME(word.ROW) }, { ALT: () => this.CONSUME(word.ROWS) }])
  })

  orderBy = this.RULE('orderBy', (): OrderItem[] => {
    const items: OrderItem[] = []
    this.CONSUME(word.ORDER)
    this.CONSUME(word.BY)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        items.push(this.SUBRULE(this.orderItem))
      },
    })
    return items
  })

  orderItem = this.RULE('orderItem', (): OrderItem => {
    const start = this.#start()
    const expression = this.SUBRULE(this.expression)
    let descending = false
    let nulls: OrderItem['nulls'] = null
    this.OPTION(() => {
      descending =
        this.OR([{ ALT: () => this.CONSUME(word.ASC) }, { ALT: () => this.CONSUME(word.DESC) }])
          ?.tokenType === word.DESC
    })
    this.OPTION1(() => {
      this.CONSUME(word.NULLS)
      const first = this.OR1([
        { ALT: () => this.CONSUME(word.FIRST) },
        { ALT: () => this.CONSUME(word.LAST) },
      ])
      nulls = first?.tokenType === word.FIRST ? 'first' : 'last'
    })
    return { kind: 'order-item', expression, descending, nulls, span: this.#span(start) }
  })

  emit = this.RULE('emit', (): Emit => {
    const start = this.#start()
    let mode: Emit['mode'] = 'changes'
    this.CONSUME(word.EMIT)
    this.OPTION(() => {
      mode = this.OR([
        {
          ALT: (): Emit['mode'] => {
            this.CONSUME(word.CHANGES)
            return 'changes'
          },
        },
        {
          ALT: (): Emit['mode'] => {
            this.CONSUME(word.ON)
            return this.OR1([
              {
                ALT: (): Emit['mode'] => {
                  this.CONSUME(word.UPDATE)
                  return 'changes'
                },
              },
              {
                ALT: (): Emit['mode'] => {
                  this.CONSUME(word.WINDOW)
                  this.CONSUME(word.CLOSE)
                  return 'on-window-close'
                },
              },
            ])
          },
        },
        {
          ALT: (): Emit['mode'] => {
            this.CONSUME(word.AFTER)
            this.OR2([
              {
                ALT: () => {
                  this.CONSUME1(word.WINDOW)
                  this.CONSUME1(word.CLOSE)
                },
              },
              { ALT: () => void this.CONSUME(word.WATERMARK) },
            ])
            return 'on-window-close'
          },
        },
        {
          ALT: (): Emit['mode'] => {
            this.CONSUME(word.FINAL)
            return 'on-window-close'
          },
        },
      ])
    })
    return { kind: 'emit', mode, span: this.#span(start) }
  })

  values = this.RULE('values', (): QueryBody => {
    const start = this.#start()
    const rows: Expression[][] = []
    this.CONSUME(word.VALUES)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        this.CONSUME(kinds.open)
        rows.push(this.SUBRULE(this.expressions))
        this.CONSUME(kinds.close)
      },
    })
    return { kind: 'values', rows, span: this.#span(start) }
  })

  /** SELECT … FROM …, or FROM … [SELECT …] with `*` as the default. */
  select = this.RULE('select', (): QueryBody => {
    const start = this.#start()
    const select: Of<QueryBody, 'select'> = {
      kind: 'select',
      distinct: false,
      items: [],
      from: null,
      where: null,
      groupBy: [],
      having: null,
      span: { start, end: start },
    }
    this.OR([
      {
        ALT: () => {
          this.SUBRULE(this.selectList, { ARGS: [select] })
          this.OPTION(() => {
            select.from = this.SUBRULE(this.from)
          })
        },
      },
      {
        ALT: () => {
          select.from = this.SUBRULE1(this.from)
          const end = this.LA(0) as Token
          const span = { start: end.end, end: end.end }
          const star: Expression = { kind: 'star', qualifier: [], span }
          select.items = [{ kind: 'select-item', expression: star, alias: null, span }]
          this.OPTION1(() => {
            select.items = []
            this.SUBRULE1(this.selectList, { ARGS: [select] })
          })
        },
      },
    ])
    this.SUBRULE(this.clauses, { ARGS: [select] })
    select.span = this.#span(start)
    return select
  })

  clauses = this.RULE('clauses', (select: Of<QueryBody, 'select'>): void => {
    this.OPTION(() => {
      this.CONSUME(word.WHERE)
      const where = this.SUBRULE(this.expression)
      this.ACTION(() => {
        select.where = where
      })
    })
    this.OPTION1(() => {
      this.CONSUME(word.GROUP)
      this.CONSUME(word.BY)
      const keys: Expression[] = []
      this.AT_LEAST_ONE_SEP({
        SEP: kinds.comma,
        DEF: () => {
          this.#refuse('group')
          keys.push(this.SUBRULE1(this.expression))
        },
      })
      this.ACTION(() => {
        select.groupBy = keys
      })
    })
    this.OPTION2(() => {
      this.CONSUME(word.HAVING)
      const having = this.SUBRULE2(this.expression)
      this.ACTION(() => {
        select.having = having
      })
    })
  })

  selectList = this.RULE('selectList', (select: Of<QueryBody, 'select'>): void => {
    this.CONSUME(word.SELECT)
    let distinct = false
    this.OPTION(() => {
      distinct = this.SUBRULE(this.quantifier)
    })
    const items: SelectItem[] = []
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        items.push(this.SUBRULE(this.selectItem))
      },
    })
    this.ACTION(() => {
      select.distinct = distinct
      select.items = items
    })
  })

  selectItem = this.RULE('selectItem', (): SelectItem => {
    const start = this.#start()
    let name: Identifier | null = null
    const expression = this.OR([
      { ALT: () => this.SUBRULE(this.star) },
      {
        GATE: () => this.#starAhead(),
        ALT: () => this.SUBRULE(this.qualifiedStar),
      },
      {
        ALT: () => {
          const value = this.SUBRULE(this.expression)
          this.OPTION(() => {
            name = this.OR1([
              {
                ALT: () => {
                  this.CONSUME(word.AS)
                  return this.#identifier(this.CONSUME(label))
                },
              },
              { ALT: () => this.#identifier(this.CONSUME(alias)) },
            ])
          })
          return value
        },
      },
    ])
    return { kind: 'select-item', expression, alias: name, span: this.#span(start) }
  })

  star = this.RULE('star', (): Expression => {
    const start = this.#start()
    this.CONSUME(kinds.star)
    return { kind: 'star', qualifier: [], span: this.#span(start) }
  })

  /** Whether `name.name.*` comes next. */
  #starAhead(): boolean {
    let at = 2
    while (this.LA(at).tokenType === kinds.dot) {
      if (this.LA(at + 1).tokenType === kinds.star) return true
      at += 2
    }
    return false
  }

  qualifiedStar = this.RULE('qualifiedStar', (): Expression => {
    const start = this.#start()
    const qualifier = [this.#identifier(this.CONSUME(identifier))]
    this.CONSUME(kinds.dot)
    this.MANY(() => {
      qualifier.push(this.#identifier(this.CONSUME(label)))
      this.CONSUME1(kinds.dot)
    })
    this.CONSUME(kinds.star)
    return { kind: 'star', qualifier, span: this.#span(start) }
  })

  // -------------------------------------------------------------- relations

  from = this.RULE('from', (): Relation => {
    this.CONSUME(word.FROM)
    const start = this.#start()
    let left = this.SUBRULE(this.joined)
    this.MANY(() => {
      this.CONSUME(kinds.comma)
      const right = this.SUBRULE1(this.joined)
      left = {
        kind: 'join',
        join: 'cross',
        left,
        right,
        on: null,
        using: [],
        span: this.#span(start),
      }
    })
    return left
  })

  joined: ParserMethod<[], Relation> = this.RULE('joined', (): Relation => {
    const start = this.#start()
    this.#enter()
    let left = this.SUBRULE(this.relation)
    this.MANY(() => {
      left = this.SUBRULE(this.joinTail, { ARGS: [left, start] })
    })
    this.#depth--
    return left
  })

  joinTail = this.RULE('joinTail', (left: Relation, start: number): Relation => {
    let join: Of<Relation, 'join'>['join'] = 'inner'
    let on: Expression | null = null
    let using: Identifier[] = []
    const right = this.OR([
      {
        ALT: () => {
          this.CONSUME(word.CROSS)
          this.CONSUME(word.JOIN)
          join = 'cross'
          return this.SUBRULE(this.relation)
        },
      },
      {
        ALT: () => {
          join = this.SUBRULE(this.joinWords)
          const relation = this.SUBRULE1(this.relation)
          this.OR1([
            {
              ALT: () => {
                this.CONSUME(word.ON)
                on = this.SUBRULE(this.expression)
              },
            },
            {
              ALT: () => {
                this.CONSUME(word.USING)
                using = this.SUBRULE(this.names)
              },
            },
          ])
          return relation
        },
      },
    ])
    return { kind: 'join', join, left, right, on, using, span: this.#span(start) }
  })

  /** [INNER] JOIN, LEFT | RIGHT | FULL [OUTER] JOIN. */
  joinWords = this.RULE('joinWords', (): 'inner' | 'left' | 'right' | 'full' => {
    let join = 'inner'
    this.OPTION(() => {
      join = this.OR([
        { ALT: () => this.CONSUME(word.INNER) },
        {
          ALT: () => {
            const side = this.OR1([
              { ALT: () => this.CONSUME(word.LEFT) },
              { ALT: () => this.CONSUME(word.RIGHT) },
              { ALT: () => this.CONSUME(word.FULL) },
            ])
            this.OPTION1(() => this.CONSUME(word.OUTER))
            return side
          },
        },
      ])?.image?.toLowerCase()
    })
    this.CONSUME(word.JOIN)
    return join as 'inner' | 'left' | 'right' | 'full'
  })

  relation = this.RULE('relation', (): Relation => {
    this.#refuse('relation')
    if (this.LA(1).tokenType === kinds.string) this.#unsupported('a file as a relation')
    return this.OR({
      DEF: [
        {
          GATE: () => this.#queryAhead(2),
          ALT: () => this.SUBRULE(this.derived),
        },
        {
          ALT: () => {
            const start = this.#start()
            this.CONSUME(kinds.open)
            const inner = this.SUBRULE(this.joined)
            this.CONSUME(kinds.close)
            this.ACTION(() => {
              const next = this.LA(1).tokenType
              const named = next === kinds.name || next === kinds.quotedName || next === word.AS
              if (named) this.#unsupported('an alias of a parenthesized relation', start)
            })
            return inner
          },
        },
        { ALT: () => this.SUBRULE(this.tableFunction) },
        {
          GATE: () => this.LA(2).tokenType === kinds.open,
          ALT: () => this.SUBRULE(this.window),
        },
        { ALT: () => this.SUBRULE(this.table) },
      ],
      IGNORE_AMBIGUITIES: true,
    })
  })

  derived = this.RULE('derived', (): Relation => {
    const start = this.#start()
    this.CONSUME(kinds.open)
    const query = this.SUBRULE(this.query)
    this.CONSUME(kinds.close)
    let columnAliases: Identifier[] = []
    const name = this.OPTION(() => {
      const found = this.SUBRULE(this.aliasOf)
      this.OPTION1(() => {
        columnAliases = this.SUBRULE(this.names)
      })
      return found
    })
    return { kind: 'derived', query, alias: name ?? null, columnAliases, span: this.#span(start) }
  })

  aliasOf = this.RULE(
    'aliasOf',
    (): Identifier =>
      this.OR([
        {
          ALT: () => {
            this.CONSUME(word.AS)
            return this.#identifier(this.CONSUME(identifier))
          },
        },
        { ALT: () => this.#identifier(this.CONSUME1(alias)) },
      ]),
  )

  table = this.RULE('table', (): Relation => {
    const start = this.#start()
    const path = this.SUBRULE(this.path)
    this.ACTION(() => {
      if (this.LA(1).tokenType !== kinds.open) return
      const name = path.parts.map((p) => p.name.toUpperCase()).join('.')
      this.#unsupported(`table function ${name}`, start)
    })
    const name = this.OPTION(() => this.SUBRULE(this.aliasOf))
    this.ACTION(() => {
      if (name !== undefined && this.LA(1).tokenType === kinds.open) {
        this.#unsupported('column aliases of a table')
      }
    })
    return { kind: 'table', path, alias: name ?? null, span: this.#span(start) }
  })

  /** TABLE(TUMBLE(…)). */
  tableFunction = this.RULE('tableFunction', (): Relation => {
    const start = this.#start()
    this.CONSUME(word.TABLE)
    this.CONSUME(kinds.open)
    this.#refuse('relation')
    this.ACTION(() => {
      const call = this.LA(2).tokenType === kinds.open && this.#upper(1) !== ''
      if (call && !windowWords.has(this.#upper(1))) {
        this.#unsupported(`table function ${this.#upper(1)}`)
      }
    })
    const window = this.SUBRULE(this.windowCall)
    this.CONSUME(kinds.close)
    return this.SUBRULE(this.windowAlias, { ARGS: [window, start] })
  })

  window = this.RULE('window', (): Relation => {
    const start = this.#start()
    const window = this.SUBRULE(this.windowCall)
    return this.SUBRULE(this.windowAlias, { ARGS: [window, start] })
  })

  windowAlias = this.RULE('windowAlias', (window: Window, start: number): Relation => {
    const name = this.OPTION(() => this.SUBRULE(this.aliasOf))
    this.ACTION(() => {
      window.alias = name ?? null
      window.span = this.#span(start)
    })
    return window
  })

  windowCall = this.RULE('windowCall', (): Window => {
    const head = this.OR([
      { ALT: () => this.CONSUME(word.TUMBLE) },
      { ALT: () => this.CONSUME(word.HOP) },
    ]) as Token
    this.CONSUME(kinds.open)
    const parts: WindowParts = {}
    this.OR1({
      DEF: [
        {
          GATE: () => this.LA(2).tokenType === kinds.arrow,
          ALT: () => {
            this.AT_LEAST_ONE_SEP({
              SEP: kinds.comma,
              DEF: () => this.SUBRULE(this.namedArgument, { ARGS: [parts] }),
            })
          },
        },
        { ALT: () => this.SUBRULE(this.positionalArguments, { ARGS: [parts, head] }) },
      ],
      IGNORE_AMBIGUITIES: true,
    })
    this.CONSUME(kinds.close)
    return this.ACTION(() => this.#window(head, parts)) as Window
  })

  #window(head: Token, parts: WindowParts): Window {
    const hop = head.upper === 'HOP'
    const wanted = hop ? 'DATA, TIMECOL, SLIDE, SIZE' : 'DATA, TIMECOL, SIZE'
    const { source, time, size } = parts
    const lacks = source === undefined || time === undefined || size === undefined
    if (lacks || (hop && parts.slide === undefined)) {
      this.#mistaken(`${head.upper} lacks an argument`, head, {
        detail: `it takes ${wanted} [, OFFSET]`,
      })
    }
    if (!hop && parts.slide !== undefined) {
      this.#mistaken('TUMBLE has no SLIDE', head, { hint: 'did you mean HOP?' })
    }
    return {
      kind: 'window',
      function: hop ? 'HOP' : 'TUMBLE',
      source: source!,
      time: time!,
      slide: parts.slide ?? null,
      size: size!,
      offset: parts.offset ?? null,
      alias: null,
      span: this.#span(head.start),
    }
  }

  positionalArguments = this.RULE(
    'positionalArguments',
    (parts: WindowParts, head: Token): void => {
      const source = this.SUBRULE(this.windowSource)
      this.CONSUME(kinds.comma)
      const time = this.SUBRULE(this.timeColumn)
      const rest: Expression[] = []
      this.MANY(() => {
        this.CONSUME1(kinds.comma)
        rest.push(this.SUBRULE(this.expression))
      })
      this.ACTION(() => {
        const slide = head.upper === 'HOP' ? rest.shift() : undefined
        const [size, offset, ...more] = rest
        if (more.length > 0) this.#mistaken(`${head.upper} has too many arguments`, head)
        Object.assign(parts, { source, time, slide, size, offset })
      })
    },
  )

  namedArgument = this.RULE('namedArgument', (parts: WindowParts): void => {
    const name = this.CONSUME(identifier) as Token
    const key = (name.value ?? '').toUpperCase()
    this.CONSUME(kinds.arrow)
    this.OR({
      DEF: [
        {
          GATE: () => key === 'DATA',
          ALT: () => {
            const source = this.SUBRULE(this.windowSource)
            this.ACTION(() => this.#argument(parts, name, 'source', source))
          },
        },
        {
          GATE: () => key === 'TIMECOL',
          ALT: () => {
            const time = this.SUBRULE(this.timeColumn)
            this.ACTION(() => this.#argument(parts, name, 'time', time))
          },
        },
        {
          ALT: () => {
            const field = windowFields.get(key)
            if (field === undefined) {
              this.#mistaken(`unknown argument ${name.value}`, name, {
                detail: 'arguments are DATA, TIMECOL, SLIDE, SIZE, OFFSET',
              })
            }
            const value = this.SUBRULE(this.expression)
            this.ACTION(() => this.#argument(parts, name, field!, value))
          },
        },
      ],
      IGNORE_AMBIGUITIES: true,
    })
  })

  #argument<F extends keyof WindowParts>(
    parts: WindowParts,
    name: Token,
    field: F,
    value: WindowParts[F],
  ): void {
    if (parts[field] !== undefined) this.#mistaken(`argument ${name.value} stands twice`, name)
    parts[field] = value
  }

  /** `[TABLE] name` or a query in parentheses. */
  windowSource = this.RULE('windowSource', (): Relation => {
    this.OPTION(() => this.CONSUME(word.TABLE))
    const start = this.#start()
    const source = this.OR([
      {
        ALT: (): Relation => {
          const path = this.SUBRULE(this.path)
          return { kind: 'table', path, alias: null, span: this.#span(start) }
        },
      },
      {
        ALT: (): Relation => {
          this.CONSUME(kinds.open)
          const query = this.SUBRULE(this.query)
          this.CONSUME(kinds.close)
          return { kind: 'derived', query, alias: null, columnAliases: [], span: this.#span(start) }
        },
      },
    ])
    return source
  })

  /** `ts` or `DESCRIPTOR(ts)`. */
  timeColumn = this.RULE(
    'timeColumn',
    (): Identifier =>
      this.OR({
        DEF: [
          {
            GATE: () => this.LA(2).tokenType === kinds.open,
            ALT: () => {
              this.CONSUME(word.DESCRIPTOR)
              this.CONSUME(kinds.open)
              const name = this.#identifier(this.CONSUME(identifier))
              this.CONSUME(kinds.close)
              return name
            },
          },
          { ALT: () => this.#identifier(this.CONSUME1(identifier)) },
        ],
        IGNORE_AMBIGUITIES: true,
      }),
  )

  // -------------------------------------------------------------- statements

  statement: ParserMethod<[], Statement> = this.RULE('statement', (): Statement => {
    const start = this.#start()
    this.#refuse('statement')
    return this.OR([
      {
        ALT: (): Statement => {
          const query = this.SUBRULE(this.query)
          return { kind: 'query-statement', query, span: this.#span(start) }
        },
      },
      { ALT: () => this.SUBRULE(this.create) },
      { ALT: () => this.SUBRULE(this.drop) },
      { ALT: () => this.SUBRULE(this.insert) },
      { ALT: () => this.SUBRULE(this.subscribe) },
      { ALT: () => this.SUBRULE(this.explain) },
      { ALT: () => this.SUBRULE(this.set) },
      { ALT: () => this.SUBRULE(this.show) },
      { ALT: () => this.SUBRULE(this.describe) },
      {
        ALT: (): Statement => {
          this.CONSUME(word.FLUSH)
          return { kind: 'flush', span: this.#span(start) }
        },
      },
    ])
  })

  create = this.RULE('create', (): Statement => {
    const start = this.#start()
    this.CONSUME(word.CREATE)
    const orReplace =
      this.OPTION(() => {
        this.CONSUME(word.OR)
        this.CONSUME(word.REPLACE)
        return true
      }) ?? false
    return this.OR([
      {
        GATE: () => !orReplace,
        ALT: () => this.SUBRULE(this.createRelation, { ARGS: [start] }),
      },
      { ALT: () => this.SUBRULE(this.createView, { ARGS: [start, orReplace] }) },
    ])
  })

  ifNotExists = this.RULE('ifNotExists', (): void => {
    this.CONSUME(word.IF)
    this.CONSUME(word.NOT)
    this.CONSUME(word.EXISTS)
  })

  createView = this.RULE('createView', (start: number, orReplace: boolean): Statement => {
    const materialized = this.OPTION(() => this.CONSUME(word.MATERIALIZED)) !== undefined
    this.CONSUME(word.VIEW)
    const ifNotExists = this.#given(
      this.OPTION1({
        GATE: () => this.LA(2).tokenType === word.NOT,
        DEF: () => [this.SUBRULE(this.ifNotExists)],
      }),
    )
    const name = this.SUBRULE(this.path)
    const columns = this.OPTION2(() => this.SUBRULE(this.names)) ?? []
    this.ACTION(() => {
      if (this.#upper(1) === 'WITH' && this.LA(2).tokenType === kinds.open) {
        this.#unsupported('options of a view (WITH)')
      }
    })
    this.CONSUME(word.AS)
    const query = this.SUBRULE(this.query)
    const span = this.#span(start)
    return { kind: 'create-view', materialized, orReplace, ifNotExists, name, columns, query, span }
  })

  #given(value: unknown): boolean {
    return value !== undefined
  }

  createRelation = this.RULE('createRelation', (start: number): Statement => {
    const object = this.OR([
      {
        ALT: () => {
          this.CONSUME(word.STREAM)
          return 'stream' as const
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.TABLE)
          return 'table' as const
        },
      },
    ])
    const ifNotExists = this.#given(
      this.OPTION({
        GATE: () => this.LA(2).tokenType === word.NOT,
        DEF: () => [this.SUBRULE(this.ifNotExists)],
      }),
    )
    const name = this.SUBRULE(this.path)
    const elements: Elements = { columns: [], watermark: null }
    this.OPTION1(() => this.SUBRULE(this.elements, { ARGS: [elements] }))
    const options = this.OPTION2(() => this.SUBRULE(this.options)) ?? []
    const query = this.OPTION3(() => {
      this.CONSUME(word.AS)
      return this.SUBRULE(this.query)
    })
    const span = this.#span(start)
    return {
      kind: 'create-relation',
      object,
      name,
      ifNotExists,
      ...elements,
      options,
      query: query ?? null,
      span,
    }
  })

  /** ( column | watermark, … [,] ) */
  elements = this.RULE('elements', (elements: Elements): void => {
    this.CONSUME(kinds.open)
    this.SUBRULE(this.element, { ARGS: [elements] })
    this.MANY({
      GATE: () => this.LA(2).tokenType !== kinds.close,
      DEF: () => {
        this.CONSUME(kinds.comma)
        this.SUBRULE1(this.element, { ARGS: [elements] })
      },
    })
    this.OPTION(() => this.CONSUME1(kinds.comma))
    this.CONSUME(kinds.close)
  })

  element = this.RULE('element', (elements: Elements): void => {
    this.#refuse('element')
    this.OR({
      DEF: [
        {
          GATE: () => this.LA(2).tokenType === word.FOR,
          ALT: () => {
            const at = this.LA(1)
            const watermark = this.SUBRULE(this.watermark)
            this.ACTION(() => {
              if (elements.watermark !== null) this.#mistaken('a second WATERMARK', at)
              elements.watermark = watermark
            })
          },
        },
        {
          ALT: () => {
            const column = this.SUBRULE(this.column)
            this.ACTION(() => elements.columns.push(column))
          },
        },
      ],
      IGNORE_AMBIGUITIES: true,
    })
  })

  column = this.RULE('column', (): ColumnDefinition => {
    const start = this.#start()
    const name = this.#identifier(this.CONSUME(identifier))
    this.ACTION(() => {
      if (this.LA(1).tokenType === word.AS) this.#unsupported('computed columns')
    })
    const type = this.SUBRULE(this.type)
    this.ACTION(() => {
      if (this.LA(1).tokenType === word.AS) this.#unsupported('computed columns')
    })
    const notNull =
      this.OPTION(() =>
        this.OR([
          {
            ALT: () => {
              this.CONSUME(word.NOT)
              this.CONSUME(word.NULL)
              return true
            },
          },
          {
            ALT: () => {
              this.CONSUME1(word.NULL)
              return false
            },
          },
        ]),
      ) ?? false
    return { kind: 'column-definition', name, type, notNull, span: this.#span(start) }
  })

  watermark = this.RULE('watermark', (): WatermarkDefinition => {
    const start = this.#start()
    this.CONSUME(word.WATERMARK)
    this.CONSUME(word.FOR)
    const column = this.#identifier(this.CONSUME(identifier))
    const delayed = this.OPTION(() => {
      this.CONSUME(word.AS)
      return this.SUBRULE(this.expression)
    })
    return { kind: 'watermark', column, delayed: delayed ?? null, span: this.#span(start) }
  })

  options = this.RULE('options', (): Option[] => {
    const options: Option[] = []
    this.CONSUME(word.WITH)
    this.CONSUME(kinds.open)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        options.push(this.SUBRULE(this.pair))
      },
    })
    this.CONSUME(kinds.close)
    return options
  })

  pair = this.RULE('pair', (): Option => {
    const start = this.#start()
    const key = this.SUBRULE(this.key)
    this.CONSUME(kinds.equal)
    const value = this.SUBRULE(this.setting)
    return { kind: 'option', key, value, span: this.#span(start) }
  })

  /** 'a.b-c' or a.b-c; in lower case. */
  key = this.RULE('key', (): string => {
    let text = ''
    this.OR([
      {
        ALT: () => {
          text = (this.CONSUME(kinds.string) as Token).value
        },
      },
      {
        ALT: () => {
          text = (this.CONSUME(label) as Token).value
          this.MANY(() => {
            text += this.OR1([
              { ALT: () => this.CONSUME(kinds.dot) },
              { ALT: () => this.CONSUME(kinds.minus) },
            ])?.image
            text += (this.CONSUME1(label) as Token).value
          })
        },
      },
    ])
    return this.ACTION(() => text.toLowerCase())
  })

  /** The value of an option: a string, a bare word, a number, TRUE or FALSE. */
  setting = this.RULE('setting', (): string | number | boolean =>
    this.OR([
      { ALT: (): string | number | boolean => this.SUBRULE(this.truth) },
      { ALT: (): string | number | boolean => (this.CONSUME(kinds.string) as Token).value },
      { ALT: (): string | number | boolean => (this.CONSUME(identifier) as Token).value },
      // SET … = on.
      { ALT: (): string | number | boolean => (this.CONSUME(word.ON) as Token).value },
      {
        ALT: (): string | number | boolean => {
          const sign = this.OPTION(() => this.CONSUME(kinds.minus))
          const token = this.CONSUME(kinds.number) as Token
          return this.ACTION(() => this.#number(token, sign !== undefined))
        },
      },
    ]),
  )

  #number(token: Token, negative: boolean): number {
    const value = Number(token.value)
    const exact = Number.isSafeInteger(value) || !Number.isInteger(value)
    if (!Number.isFinite(value) || !exact) {
      const { start, end } = token
      const hint = 'write it as a string'
      const message = `number ${token.value} is too large for an option`
      throw new Refusal({ code: 'invalid_literal', message, hint, span: { start, end } })
    }
    return negative && value !== 0 ? -value : value
  }

  drop = this.RULE('drop', (): Statement => {
    const start = this.#start()
    this.CONSUME(word.DROP)
    const materialized = this.OPTION(() => this.CONSUME(word.MATERIALIZED)) !== undefined
    const token = this.OR([
      {
        GATE: () => !materialized,
        ALT: () => this.CONSUME(objects.stream),
      },
      {
        GATE: () => !materialized,
        ALT: () => this.CONSUME(objects.table),
      },
      { ALT: () => this.CONSUME(objects.view) },
      {
        GATE: () => !materialized,
        ALT: () => this.CONSUME(objects.query),
      },
    ])
    const ifExists = this.#given(
      this.OPTION1({
        GATE: () => this.LA(2).tokenType === word.EXISTS,
        DEF: () => {
          this.CONSUME(word.IF)
          this.CONSUME(word.EXISTS)
          return true
        },
      }),
    )
    const name = this.SUBRULE(this.path)
    this.OPTION2(() => this.CONSUME(word.RESTRICT))
    this.ACTION(() => {
      if (this.LA(1).tokenType === kinds.comma) this.#unsupported('several objects in one DROP')
    })
    const object = (materialized ? 'materialized view' : token?.image?.toLowerCase()) as Of<
      Statement,
      'drop'
    >['object']
    return { kind: 'drop', object, name, ifExists, span: this.#span(start) }
  })

  insert = this.RULE('insert', (): Statement => {
    const start = this.#start()
    this.CONSUME(word.INSERT)
    this.CONSUME(word.INTO)
    const target = this.SUBRULE(this.path)
    const columns = this.OPTION({
      GATE: () => !this.#queryAhead(1),
      DEF: () => this.SUBRULE(this.names),
    })
    const source = this.SUBRULE(this.query)
    return { kind: 'insert', target, columns: columns ?? [], source, span: this.#span(start) }
  })

  /** SUBSCRIBE [TO] name | (query) [WITH (SNAPSHOT [= boolean])] [EMIT …], the last two in either order. */
  subscribe = this.RULE('subscribe', (): Statement => {
    const start = this.#start()
    let snapshot = true
    let emit: Emit | null = null
    this.CONSUME(word.SUBSCRIBE)
    this.OPTION({
      GATE: () => this.LA(2).tokenType !== EOF && this.#upper(2) !== '.',
      DEF: () => this.CONSUME(word.TO),
    })
    const at = this.#start()
    const relation = this.OR([
      {
        ALT: (): Relation => {
          const path = this.SUBRULE(this.path)
          return { kind: 'table', path, alias: null, span: this.#span(at) }
        },
      },
      {
        ALT: (): Relation => {
          this.CONSUME(kinds.open)
          const query = this.SUBRULE(this.query)
          this.CONSUME(kinds.close)
          return { kind: 'derived', query, alias: null, columnAliases: [], span: this.#span(at) }
        },
      },
    ])
    this.OPTION1(() => {
      emit = this.SUBRULE(this.emit)
    })
    this.OPTION2({
      GATE: () => this.LA(2).tokenType === kinds.open,
      DEF: () => {
        snapshot = this.SUBRULE(this.subscribeOptions)
      },
    })
    this.OPTION3({
      GATE: () => emit === null,
      DEF: () => {
        emit = this.SUBRULE1(this.emit)
      },
    })
    return { kind: 'subscribe', relation, emit, snapshot, span: this.#span(start) }
  })

  subscribeOptions = this.RULE('subscribeOptions', (): boolean => {
    let snapshot = true
    this.CONSUME(word.WITH)
    this.CONSUME(kinds.open)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        const token = this.CONSUME(identifier) as Token
        const value = this.OPTION(() => {
          this.CONSUME(kinds.equal)
          return this.SUBRULE(this.truth)
        })
        this.ACTION(() => {
          if (token.upper !== 'SNAPSHOT') {
            const construct = `SUBSCRIBE … WITH (${token.value.toUpperCase()})`
            throw new Refusal(unsupported(construct, token.start, token.end))
          }
          snapshot = value ?? true
        })
      },
    })
    this.CONSUME(kinds.close)
    return snapshot
  })

  explain = this.RULE('explain', (): Statement => {
    const start = this.#start()
    const how: Explaining = { analyze: false, format: 'text' }
    this.CONSUME(word.EXPLAIN)
    this.OPTION(() => {
      this.CONSUME(word.ANALYZE)
      how.analyze = true
    })
    this.OPTION1({
      GATE: () => !this.#queryAhead(1),
      DEF: () => this.SUBRULE(this.explainOptions, { ARGS: [how] }),
    })
    this.OPTION2(() => {
      this.CONSUME(word.PLAN)
      this.CONSUME(word.FOR)
    })
    this.#enter()
    const statement = this.SUBRULE(this.statement)
    this.#depth--
    return { kind: 'explain', ...how, statement, span: this.#span(start) }
  })

  /** (FORMAT JSON | TEXT, ANALYZE [boolean]) */
  explainOptions = this.RULE('explainOptions', (how: Explaining): void => {
    this.CONSUME(kinds.open)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        this.OR({
          DEF: [
            {
              ALT: () => {
                this.CONSUME(word.FORMAT)
                const format = this.CONSUME(identifier) as Token
                this.ACTION(() => {
                  if (format.upper !== 'JSON' && format.upper !== 'TEXT') {
                    const construct = `EXPLAIN (FORMAT ${format.upper})`
                    throw new Refusal(unsupported(construct, format.start, format.end))
                  }
                  how.format = format.upper === 'JSON' ? 'json' : 'text'
                })
              },
            },
            {
              ALT: () => {
                this.CONSUME(word.ANALYZE)
                const value = this.OPTION(() => this.SUBRULE(this.truth))
                this.ACTION(() => {
                  how.analyze = value ?? true
                })
              },
            },
            {
              ALT: () => {
                this.ACTION(() => this.#unsupported(`EXPLAIN (${this.#upper(1)})`))
                this.CONSUME1(identifier)
              },
            },
          ],
          IGNORE_AMBIGUITIES: true,
        })
      },
    })
    this.CONSUME(kinds.close)
  })

  set = this.RULE('set', (): Statement => {
    const start = this.#start()
    this.CONSUME(word.SET)
    const name = this.SUBRULE(this.key)
    this.OR([{ ALT: () => this.CONSUME(kinds.equal) }, { ALT: () => this.CONSUME(word.TO) }])
    const value = this.OR1([
      {
        ALT: (): string | number | boolean | null => {
          this.CONSUME(word.DEFAULT)
          return null
        },
      },
      { ALT: (): string | number | boolean | null => this.SUBRULE(this.setting) },
    ])
    return { kind: 'set', name, value, span: this.#span(start) }
  })

  show = this.RULE('show', (): Statement => {
    const start = this.#start()
    this.CONSUME(word.SHOW)
    const what = this.OR([
      { ALT: () => this.CONSUME(word.STREAMS) },
      { ALT: () => this.CONSUME(word.TABLES) },
      { ALT: () => this.CONSUME(word.VIEWS) },
      { ALT: () => this.CONSUME(word.QUERIES) },
    ])?.image?.toLowerCase() as Of<Statement, 'show'>['what']
    return { kind: 'show', what, span: this.#span(start) }
  })

  describe = this.RULE('describe', (): Statement => {
    const start = this.#start()
    this.OR([{ ALT: () => this.CONSUME(word.DESCRIBE) }, { ALT: () => this.CONSUME(word.DESC) }])
    const name = this.SUBRULE(this.path)
    return { kind: 'describe', name, span: this.#span(start) }
  })
}

type Tail = Pick<Query, 'orderBy' | 'limit' | 'offset' | 'emit'>
type Elements = { columns: ColumnDefinition[]; watermark: WatermarkDefinition | null }
type Explaining = { analyze: boolean; format: 'text' | 'json' }
type WindowParts = {
  source?: Relation
  time?: Identifier
  slide?: Expression | undefined
  size?: Expression | undefined
  offset?: Expression | undefined
}

/** A word that only one place of the grammar wants is not there. */
export class Unexpected extends Error {
  readonly token: IToken
  readonly expected: string

  constructor(token: IToken, expected: string) {
    super(expected)
    this.token = token
    this.expected = expected
  }
}

const secondWords: ReadonlyMap<string, string> = new Map([
  ['DOUBLE', 'PRECISION'],
  ['CHARACTER', 'VARYING'],
])
const windowWords: ReadonlySet<string> = new Set(['TUMBLE', 'HOP'])
const windowFields: ReadonlyMap<string, 'slide' | 'size' | 'offset'> = new Map([
  ['SLIDE', 'slide'],
  ['SIZE', 'size'],
  ['OFFSET', 'offset'],
])
const parameterStyles: Record<string, 'positional' | 'numbered' | 'named'> = {
  '?': 'positional',
  $: 'numbered',
  ':': 'named',
}
