/**
 * Expression rules: operators and what they bind.
 *
 * How      Expressions climb precedence: `expression(min)` takes an operand and every tail that binds at least as
 *          tightly as `min`.
 */
import { EOF, type ParserMethod, type TokenType } from 'chevrotain'
import { arrayQuery } from '../array-query.ts'
import { power } from '../power.ts'
import type { Token } from '../scanner.ts'
import type { BinaryOperator, Expression, Identifier, OrderItem, Query } from '../tree.ts'
import { binaryOperator, identifier, kinds, label, word } from '../words.ts'
import { CallRules } from './call.ts'
import { units } from './literal.ts'

type Of<U, K> = Extract<U, { kind: K }>

const powers = new Map<TokenType, number>([
  [word.OR, power.or],
  [word.AND, power.and],
  [word.IS, power.is],
  [word.ISNULL, power.is],
  [word.NOTNULL, power.is],
  [kinds.comparison, power.comparison],
  [kinds.equal, power.comparison],
  [word.BETWEEN, power.range],
  [word.IN, power.range],
  [word.LIKE, power.range],
  [word.ILIKE, power.range],
  [word.SIMILAR, power.range],
  [word.RLIKE, power.range],
  [word.REGEXP, power.range],
  [kinds.concat, power.other],
  [kinds.other, power.other],
  [kinds.tilde, power.other],
  [kinds.hasKey, power.other],
  [kinds.plus, power.additive],
  [kinds.minus, power.additive],
  [kinds.star, power.multiplicative],
  [kinds.slash, power.multiplicative],
  [kinds.percent, power.multiplicative],
  [word.AT, power.zone],
  [word.OVERLAPS, power.comparison],
  [kinds.caret, power.exponent],
  [kinds.castTo, power.postfix],
  [kinds.openBracket, power.postfix],
])
/** What may stand between INTERVAL and a unit without parentheses. */
const counts: ReadonlySet<TokenType> = new Set([kinds.name, kinds.quotedName, kinds.parameter])

const quantifiers: ReadonlySet<string> = new Set(['ALL', 'ANY', 'SOME'])
const comparisons: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>='])

/** What stands for `?` and its like. */
const keyFunctions: ReadonlyMap<string, string> = new Map([
  ['?|', 'json_has_any_key'],
  ['?&', 'json_has_all_keys'],
])

/** Operators with several spellings. */
const spellings: ReadonlyMap<string, string> = new Map([
  ['!=', '<>'],
  ['**', '^'],
])
const powerByIndex: number[] = []
for (const [type, value] of powers) powerByIndex[type.tokenTypeIdx!] = value

const jsonKinds: ReadonlySet<string> = new Set(['VALUE', 'SCALAR', 'ARRAY', 'OBJECT'])

/** Operators in a row: each makes the tree one node deeper, and everybody who walks it needs stack for that. */
const tailsMax = 1000

export abstract class ExpressionRules extends CallRules {
  abstract query: ParserMethod<[], Query>

  expression: ParserMethod<[number?], Expression> = this.RULE(
    'expression',
    (min = 0): Expression => {
      const start = this.start()
      this.enter()
      let left = this.SUBRULE(this.operand, { ARGS: [min] })
      let tails = 0
      this.MANY({
        GATE: () => this.#binds(min),
        DEF: () => {
          if (++tails > tailsMax) this.#tooLong()
          left = this.SUBRULE(this.tail, { ARGS: [left, start] })
        },
      })
      this.leave()
      return left
    },
  )

  #tooLong(): void {
    const hint = 'IN (…) takes any number of values'
    this.mistaken(`more than ${tailsMax} operators in a row`, this.LA(1), { hint })
  }

  /** Whether the next token continues an expression whose tails must bind at least as tightly as `min`. */
  #binds(min: number): boolean {
    const next = this.LA(1)
    if (next.tokenType === word.NOT) {
      return power.range >= min && powerByIndex[this.LA(2).tokenTypeIdx] === power.range
    }
    // These are names, too.
    if (next.tokenType === word.AT && this.upper(2) !== 'TIME') return false
    if (next.tokenType === word.OVERLAPS && this.upper(2) !== '(') return false
    return (powerByIndex[next.tokenTypeIdx] ?? -1) >= min
  }

  tail: ParserMethod<[Expression, number], Expression> = this.RULE(
    'tail',
    (left: Expression, start: number): Expression =>
      this.OR([
        { ALT: () => this.SUBRULE(this.binaryTail, { ARGS: [left, start] }) },
        { ALT: () => this.SUBRULE(this.isTail, { ARGS: [left, start] }) },
        { ALT: () => this.SUBRULE(this.rangeTail, { ARGS: [left, start] }) },
        { ALT: () => this.SUBRULE(this.hasKeyTail, { ARGS: [left, start] }) },
        {
          ALT: (): Expression => {
            this.CONSUME(kinds.castTo)
            const type = this.SUBRULE(this.type)
            return { kind: 'cast', operand: left, type, attempt: false, span: this.span(start) }
          },
        },
        {
          GATE: () => this.LA(2).tokenType === kinds.string,
          ALT: () => this.SUBRULE(this.memberTail, { ARGS: [left, start] }),
        },
        { ALT: () => this.SUBRULE(this.elementTail, { ARGS: [left, start] }) },
        { ALT: () => this.SUBRULE(this.zoneTail, { ARGS: [left, start] }) },
        { ALT: () => this.SUBRULE(this.overlapsTail, { ARGS: [left, start] }) },
      ]),
  )

  /** x AT TIME ZONE z: a call of TIMEZONE, as in Postgres. */
  zoneTail = this.RULE('zoneTail', (operand: Expression, start: number): Expression => {
    const at = this.start()
    this.CONSUME(word.AT)
    this.expectWord('TIME')
    this.CONSUME(identifier)
    this.expectWord('ZONE')
    this.CONSUME1(identifier)
    const zone = this.SUBRULE(this.expression, { ARGS: [power.unary] })
    return this.callOf('timezone', [zone, operand], at, start)
  })

  /** (a, b) OVERLAPS (c, d): a call of OVERLAPS. */
  overlapsTail = this.RULE('overlapsTail', (left: Expression, start: number): Expression => {
    const at = this.start()
    this.CONSUME(word.OVERLAPS)
    const right = this.SUBRULE(this.expression, { ARGS: [power.comparison + 1] })
    const items = [left, right].flatMap((side) => (side?.kind === 'row' ? side.items : [side]))
    return this.callOf('overlaps', items, at, start)
  })

  /** x['name'] */
  memberTail = this.RULE('memberTail', (operand: Expression, start: number): Expression => {
    this.CONSUME(kinds.openBracket)
    const token = this.CONSUME(kinds.string) as Token
    this.CONSUME(kinds.closeBracket)
    const name: Identifier = {
      kind: 'identifier',
      name: token.value,
      quoted: true,
      span: { start: token.start, end: token.end },
    }
    const inner: Expression = { kind: 'member', operand, name, span: this.span(start) }
    return this.SUBRULE(this.members, { ARGS: [inner, start] })
  })

  binaryTail = this.RULE('binaryTail', (left: Expression, start: number): Expression => {
    const token = this.CONSUME(binaryOperator) as Token
    const tight = powerByIndex[token.tokenTypeIdx] ?? 0
    const quantified = this.OPTION({
      GATE: () => quantifiers.has(this.upper(1)) && this.LA(2).tokenType === kinds.open,
      DEF: () => this.SUBRULE(this.quantified, { ARGS: [left, token, start] }),
    })
    if (quantified !== undefined && !this.RECORDING_PHASE) return quantified
    const right = this.SUBRULE(this.expression, { ARGS: [tight + 1] })
    const span = this.span(start)
    if (token.upper === '<=>') return { kind: 'is-distinct', left, right, negated: true, span }
    const operator = (spellings.get(token.upper) ?? token.upper) as BinaryOperator
    return { kind: 'binary', operator, left, right, span }
  })

  /** ANY, SOME or ALL behind a comparison. */
  quantified = this.RULE(
    'quantified',
    (left: Expression, sign: Token, start: number): Expression => {
      const operator = this.ACTION(
        () => (spellings.get(sign.upper) ?? sign.upper) as BinaryOperator,
      )
      this.ACTION(() => {
        if (!comparisons.has(operator)) this.mistaken(`${operator} does not take ANY or ALL`, sign)
      })
      return this.OR({
        DEF: [
          {
            GATE: () => this.queryAhead(3),
            ALT: (): Expression => {
              const found = this.SUBRULE(this.quantifiedQuery)
              return { kind: 'quantified', operator, left, ...found, span: this.span(start) }
            },
          },
          { ALT: () => this.SUBRULE(this.quantifiedArray, { ARGS: [left, operator, start] }) },
        ],
        IGNORE_AMBIGUITIES: true,
      })
    },
  )

  /** ANY, SOME or ALL of a query. */
  quantifiedQuery = this.RULE('quantifiedQuery', (): { all: boolean; query: Query } => {
    const all = this.OR([
      {
        ALT: () => {
          this.CONSUME(word.ALL)
          return true
        },
      },
      {
        ALT: () => {
          this.CONSUME(identifier)
          return false
        },
      },
    ])
    this.CONSUME(kinds.open)
    const query = this.SUBRULE(this.query)
    this.CONSUME(kinds.close)
    return { all, query }
  })

  /** document ? key, document ?| keys, document ?& keys. */
  hasKeyTail = this.RULE('hasKeyTail', (left: Expression, start: number): Expression => {
    const { start: from, end, value } = this.CONSUME(kinds.hasKey) as Token
    const right = this.SUBRULE(this.expression, { ARGS: [power.other + 1] })
    const name = keyFunctions.get(value) ?? 'json_has_key'
    const called = { kind: 'identifier' as const, name, quoted: false }
    return {
      kind: 'call',
      name: { ...called, span: { start: from, end } },
      args: [left, right],
      distinct: false,
      filter: null,
      span: this.span(start),
    }
  })

  isTail = this.RULE('isTail', (operand: Expression, start: number): Expression => {
    const isNull = (negated: boolean): Expression => {
      return { kind: 'is-null', operand, negated, span: this.span(start) }
    }
    return this.OR([
      {
        ALT: () => {
          this.CONSUME(word.ISNULL)
          return isNull(false)
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.NOTNULL)
          return isNull(true)
        },
      },
      { ALT: () => this.SUBRULE(this.isWhat, { ARGS: [operand, start] }) },
    ])
  })

  isWhat = this.RULE('isWhat', (operand: Expression, start: number): Expression => {
    this.CONSUME(word.IS)
    const negated = this.OPTION(() => this.CONSUME(word.NOT)) !== undefined
    return this.OR([
      {
        ALT: (): Expression => {
          this.CONSUME(word.NULL)
          return { kind: 'is-null', operand, negated, span: this.span(start) }
        },
      },
      {
        ALT: (): Expression => {
          const value = this.SUBRULE(this.truth)
          return { kind: 'is-boolean', operand, value, negated, span: this.span(start) }
        },
      },
      { ALT: () => this.SUBRULE(this.jsonTest, { ARGS: [operand, negated, start] }) },
      {
        ALT: (): Expression => {
          this.CONSUME(word.UNKNOWN)
          return { kind: 'is-boolean', operand, value: null, negated, span: this.span(start) }
        },
      },
      {
        ALT: (): Expression => {
          this.CONSUME(word.DISTINCT)
          this.CONSUME(word.FROM)
          const right = this.SUBRULE(this.expression, { ARGS: [power.is + 1] })
          return { kind: 'is-distinct', left: operand, right, negated, span: this.span(start) }
        },
      },
    ])
  })

  /** IS [NOT] JSON [VALUE | SCALAR | ARRAY | OBJECT]: a call of JSON_VALID. */
  jsonTest = this.RULE(
    'jsonTest',
    (operand: Expression, negated: boolean, start: number): Expression => {
      const at = this.start()
      this.CONSUME(word.JSON)
      const kind = this.OPTION({
        GATE: () => jsonKinds.has(this.upper(1)),
        DEF: () => this.CONSUME(identifier) as Token,
      })
      const args: Expression[] = [operand]
      if (kind !== undefined) {
        const span = { start: kind.start, end: kind.end }
        args.push({ kind: 'string', value: kind.image?.toLowerCase(), span })
      }
      const test = this.callOf('json_valid', args, at, start)
      if (!negated) return test
      return { kind: 'unary', operator: 'NOT', operand: test, span: this.span(start) }
    },
  )

  rangeTail = this.RULE('rangeTail', (operand: Expression, start: number): Expression => {
    const negated = this.OPTION(() => this.CONSUME(word.NOT)) !== undefined
    const tight = { ARGS: [power.range + 1] as [number] }
    return this.OR([
      {
        ALT: (): Expression => {
          this.CONSUME(word.BETWEEN)
          const symmetric = this.SUBRULE(this.symmetric)
          const low = this.SUBRULE(this.expression, tight)
          this.CONSUME(word.AND)
          const high = this.SUBRULE1(this.expression, tight)
          const between = { kind: 'between' as const, operand, low, high, negated }
          return { ...between, ...(symmetric ? { symmetric } : {}), span: this.span(start) }
        },
      },
      {
        ALT: (): Expression => {
          this.CONSUME(word.IN)
          return this.SUBRULE(this.inTail, { ARGS: [operand, negated, start] })
        },
      },
      {
        ALT: (): Expression => {
          const like = this.SUBRULE(this.likeWord)
          const pattern = this.SUBRULE2(this.expression, tight)
          const escaping = this.OPTION1(() => {
            this.CONSUME(word.ESCAPE)
            return this.SUBRULE3(this.expression, tight)
          })
          const span = this.span(start)
          const parts = { operand, pattern, escape: escaping ?? null, negated, span }
          return { kind: 'like', ...(like === null ? {} : { operator: like }), ...parts }
        },
      },
      {
        ALT: (): Expression => {
          this.OR1([
            { ALT: () => this.CONSUME(word.RLIKE) },
            { ALT: () => this.CONSUME(word.REGEXP) },
          ])
          const right = this.SUBRULE4(this.expression, tight)
          const operator = negated ? '!~' : '~'
          return { kind: 'binary', operator, left: operand, right, span: this.span(start) }
        },
      },
    ])
  })

  /** [SYMMETRIC | ASYMMETRIC]. */
  symmetric = this.RULE('symmetric', (): boolean => {
    const given = this.OPTION({
      GATE: () => /^A?SYMMETRIC$/.test(this.upper(1)) && this.LA(2).tokenType !== word.AND,
      DEF: () => this.CONSUME(identifier) as Token,
    })
    return given?.upper === 'SYMMETRIC'
  })

  /** LIKE (null), ILIKE, SIMILAR TO. */
  likeWord = this.RULE('likeWord', (): 'ILIKE' | 'SIMILAR TO' | null =>
    this.OR([
      {
        ALT: () => {
          this.CONSUME(word.LIKE)
          return null
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.ILIKE)
          return 'ILIKE' as const
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.SIMILAR)
          this.CONSUME(word.TO)
          return 'SIMILAR TO' as const
        },
      },
    ]),
  )

  /** A list of values or a query, in parentheses. */
  inTail = this.RULE(
    'inTail',
    (operand: Expression, negated: boolean, start: number): Expression => {
      this.CONSUME(kinds.open)
      const tail = this.OR({
        DEF: [
          {
            GATE: () => this.queryAhead(1),
            ALT: () => ({ kind: 'in-query' as const, query: this.SUBRULE(this.query) }),
          },
          { ALT: () => ({ kind: 'in' as const, list: this.SUBRULE(this.expressions) }) },
        ],
        IGNORE_AMBIGUITIES: true,
      })
      this.CONSUME(kinds.close)
      return { ...tail, operand, negated, span: this.span(start) }
    },
  )

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
    const start = this.start()
    return this.OR([
      {
        ALT: (): Expression => {
          const sign = this.OR1([
            { ALT: () => this.CONSUME(kinds.minus) },
            { ALT: () => this.CONSUME(kinds.plus) },
          ])
          const operator = sign?.image as '-' | '+'
          const operand = this.SUBRULE(this.expression, { ARGS: [power.unary] })
          return { kind: 'unary', operator, operand, span: this.span(start) }
        },
      },
      {
        ALT: (): Expression => {
          const sign = this.OR2([
            { ALT: () => this.CONSUME(kinds.tilde) },
            { ALT: () => this.CONSUME(kinds.at) },
          ])
          const operator = sign?.image as '~' | '@'
          const operand = this.SUBRULE2(this.expression, { ARGS: [power.other + 1] })
          return { kind: 'unary', operator, operand, span: this.span(start) }
        },
      },
      {
        GATE: () => !(min > power.not),
        ALT: (): Expression => {
          this.CONSUME(word.NOT)
          const operand = this.SUBRULE1(this.expression, { ARGS: [power.not] })
          return { kind: 'unary', operator: 'NOT', operand, span: this.span(start) }
        },
      },
      { ALT: () => this.SUBRULE(this.primary) },
    ])
  })

  primary: ParserMethod<[], Expression> = this.RULE('primary', (): Expression => {
    this.refuse('operand')
    return this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.literal) },
        { GATE: () => this.lambdaAt === this.start(), ALT: () => this.SUBRULE(this.lambda) },
        { GATE: () => this.nestedAhead(), ALT: () => this.SUBRULE(this.nested) },
        {
          GATE: () =>
            this.upper(1) === 'ARRAY' && this.LA(2).tokenType === kinds.open && this.queryAhead(3),
          ALT: () => this.SUBRULE(this.arrayOf),
        },
        { ALT: () => this.SUBRULE(this.interval) },
        {
          GATE: () => this.#intervalAhead(),
          ALT: () => this.SUBRULE(this.intervalOf),
        },
        { ALT: () => this.SUBRULE(this.typedLiteral) },
        { ALT: () => this.SUBRULE(this.cast) },
        { ALT: () => this.SUBRULE(this.extract) },
        { ALT: () => this.SUBRULE(this.niladic) },
        {
          GATE: () => this.LA(2).tokenType === kinds.open && this.queryAhead(3),
          ALT: () => this.SUBRULE(this.exists),
        },
        { GATE: () => this.tenseAhead(), ALT: () => this.SUBRULE(this.tensed) },
        { ALT: () => this.SUBRULE(this.columnOrCall) },
        { ALT: () => this.SUBRULE(this.caseOf) },
        {
          GATE: () => this.queryAhead(2),
          ALT: () => this.SUBRULE(this.subquery),
        },
        { ALT: () => this.SUBRULE(this.parenthesized) },
      ],
      IGNORE_AMBIGUITIES: true,
    })
  })

  /** ARRAY(SELECT …) */
  arrayOf = this.RULE('arrayOf', (): Expression => {
    const start = this.start()
    this.CONSUME(identifier)
    this.CONSUME(kinds.open)
    const query = this.SUBRULE(this.query)
    this.CONSUME(kinds.close)
    const call = (name: string, args: Expression[]) => this.callOf(name, args, start, start)
    return this.ACTION(() => {
      const ordered = (args: Expression[], order: readonly OrderItem[]) => this.ordered(args, order)
      const made = arrayQuery(query, { call, ordered })
      if (typeof made === 'string') return this.unsupported(made, start) as never
      const span = this.span(start)
      const subquery: Expression = { kind: 'subquery', query: made, span }
      return call('coalesce', [subquery, call('list_value', [])])
    })
  })

  /** Whether INTERVAL, a name, parameter or parenthesis, and a unit come next. */
  #intervalAhead(): boolean {
    if (this.upper(1) !== 'INTERVAL') return false
    if (this.LA(2).tokenType !== kinds.open) {
      const { tokenType } = this.LA(2)
      return counts.has(tokenType) && units.has(this.upper(3))
    }
    let [at, depth] = [3, 1]
    for (; depth > 0; at++) {
      const { tokenType } = this.LA(at)
      if (tokenType === EOF) return false
      if (tokenType === kinds.open) depth++
      else if (tokenType === kinds.close) depth--
    }
    return units.has(this.upper(at))
  }

  /** INTERVAL n SECOND: so many times one of the unit. */
  intervalOf = this.RULE('intervalOf', (): Expression => {
    const start = this.start()
    this.CONSUME(identifier)
    const left = this.SUBRULE(this.primary)
    const token = this.CONSUME1(identifier) as Token
    const span = { start: token.start, end: token.end }
    const from = units.get(token.upper) ?? null
    const right: Expression = { kind: 'interval', text: '1', from, to: null, span }
    return { kind: 'binary', operator: '*', left, right, span: this.span(start) }
  })

  exists = this.RULE('exists', (): Expression => {
    const start = this.start()
    this.CONSUME(word.EXISTS)
    this.CONSUME(kinds.open)
    const query = this.SUBRULE(this.query)
    this.CONSUME(kinds.close)
    return { kind: 'exists', query, span: this.span(start) }
  })

  subquery = this.RULE('subquery', (): Expression => {
    const start = this.start()
    this.CONSUME(kinds.open)
    const query = this.SUBRULE(this.query)
    this.CONSUME(kinds.close)
    const subquery: Expression = { kind: 'subquery', query, span: this.span(start) }
    return this.SUBRULE(this.members, { ARGS: [subquery, start] })
  })

  /** An expression, a field of one, or several expressions: a row. */
  parenthesized = this.RULE('parenthesized', (): Expression => {
    const start = this.start()
    this.CONSUME(kinds.open)
    const items = this.SUBRULE(this.expressions)
    this.CONSUME(kinds.close)
    const inner = this.ACTION(() =>
      items.length === 1 ? items[0]! : { kind: 'row', items, span: this.span(start) },
    ) as Expression
    return this.SUBRULE(this.members, { ARGS: [inner, start] })
  })

  /** `.a.b` behind a parenthesis, a call, an array or an element. */
  members: ParserMethod<[Expression, number], Expression> = this.RULE(
    'members',
    (operand: Expression, start: number): Expression => {
      let inner = operand
      this.MANY({
        GATE: () => this.LA(2).tokenType !== kinds.star,
        DEF: () => {
          this.CONSUME(kinds.dot)
          const name = this.identifierOf(this.CONSUME(label))
          inner = { kind: 'member', operand: inner, name, span: this.span(start) }
        },
      })
      return inner
    },
  )

  caseOf = this.RULE('caseOf', (): Expression => {
    const start = this.start()
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
    const span = this.span(start)
    return { kind: 'case', operand: operand ?? null, whens, else: otherwise ?? null, span }
  })
}
