/**
 * Nested rules: arrays, maps and structs as they are written, their elements, and functions of elements.
 *
 * How      All but x -> y are calls: [a, b] and ARRAY[a, b] of LIST_VALUE, MAP[k, v] and MAP {k: v} of MAP_VALUE,
 *          {'n': v} of STRUCT_PACK, x[n] of ARRAY_EXTRACT, x[a:b] of ARRAY_SLICE, x < ANY (array) of ARRAY_ANY.
 */
import { type ParserMethod, tokenMatcher } from 'chevrotain'
import type { Token } from '../scanner.ts'
import type { Expression, Identifier } from '../tree.ts'
import { identifier, kinds, word } from '../words.ts'
import { JsonRules } from './json.ts'

/** Functions that take x -> y. */
const lambdaNames = /^(list_|array_)?(transform|apply|filter|reduce)$/i

export abstract class NestedRules extends JsonRules {
  abstract expressions: ParserMethod<[], Expression[]>
  abstract members: ParserMethod<[Expression, number], Expression>

  /** What is written as an operator and is a function. */
  protected callOf(called: string, args: Expression[], at: number, start: number): Expression {
    const name: Identifier = {
      kind: 'identifier',
      name: called,
      quoted: false,
      span: { start: at, end: at },
    }
    return { kind: 'call', name, args, distinct: false, filter: null, span: this.span(start) }
  }

  /** Whether [, ARRAY [, MAP [, MAP { or { comes next. */
  protected nestedAhead(): boolean {
    const [first, second] = [this.upper(1), this.upper(2)]
    if (first === '[' || first === '{') return true
    return (first === 'ARRAY' && second === '[') || (first === 'MAP' && /^[[{]$/.test(second))
  }

  nested = this.RULE('nested', (): Expression => {
    const start = this.start()
    const isMap = this.OPTION(() => (this.CONSUME(identifier) as Token).upper === 'MAP') === true
    const made = this.OR([
      {
        ALT: () => {
          const items = this.SUBRULE(this.bracketed)
          return this.callOf(isMap ? 'map_value' : 'list_value', items, start, start)
        },
      },
      {
        ALT: () => {
          const items = this.SUBRULE(this.braced, { ARGS: [!isMap] })
          return this.callOf(isMap ? 'map_value' : 'struct_pack', items, start, start)
        },
      },
    ])
    return this.SUBRULE(this.members, { ARGS: [made, start] })
  })

  bracketed = this.RULE('bracketed', (): Expression[] => {
    this.CONSUME(kinds.openBracket)
    const items = this.OPTION(() => this.SUBRULE(this.expressions))
    this.CONSUME(kinds.closeBracket)
    return items ?? []
  })

  /** { k: v, … }; of a struct the keys are names, too. */
  braced = this.RULE('braced', (named: boolean): Expression[] => {
    const items: Expression[] = []
    this.CONSUME(kinds.openBrace)
    this.MANY_SEP({
      SEP: kinds.comma,
      DEF: () => {
        items.push(
          this.OR([
            {
              GATE: () =>
                named &&
                tokenMatcher(this.LA(1), identifier) &&
                this.LA(2).tokenType === kinds.colon,
              ALT: (): Expression => {
                const { value, start, end } = this.CONSUME(identifier) as Token
                return { kind: 'string', value, span: { start, end } }
              },
            },
            { ALT: () => this.SUBRULE(this.expression) },
          ]),
        )
        this.CONSUME(kinds.colon)
        items.push(this.SUBRULE1(this.expression))
      },
    })
    this.CONSUME(kinds.closeBrace)
    return items
  })

  /** The operator -> has no kind of its own. */
  #arrow(): void {
    this.ACTION(() => {
      if (this.upper(1) !== '->') this.unexpected('->')
    })
  }

  /** x[n], x[a:b], x[a:], x[:b]. */
  elementTail = this.RULE('elementTail', (operand: Expression, start: number): Expression => {
    const at = this.ahead(1)
    const none = (): Expression => ({ kind: 'null', span: { start: at?.start, end: at?.start } })
    this.CONSUME(kinds.openBracket)
    const first = this.OPTION(() => this.SUBRULE(this.expression))
    let last: Expression | undefined
    const isSlice = this.OPTION1(() => {
      this.CONSUME(kinds.colon)
      this.OPTION2(() => {
        last = this.SUBRULE1(this.expression)
      })
      return true
    })
    this.ACTION(() => {
      if (first === undefined && !isSlice) this.unexpected('an expression')
    })
    this.CONSUME(kinds.closeBracket)
    if (!isSlice) {
      const element = this.callOf('array_extract', [operand, first!], at?.end, start)
      return this.SUBRULE(this.members, { ARGS: [element, start] })
    }
    const bounds = [first ?? none(), last ?? none()]
    return this.callOf('array_slice', [operand, ...bounds], at?.end, start)
  })

  /** ANY, SOME or ALL of an array: a call of ARRAY_ANY or ARRAY_ALL. */
  quantifiedArray = this.RULE(
    'quantifiedArray',
    (left: Expression, operator: string, start: number): Expression => {
      const at = this.start()
      const all = this.OR([
        { ALT: () => this.CONSUME(word.ALL) !== undefined },
        {
          ALT: () => {
            this.CONSUME(identifier)
            return false
          },
        },
      ])
      this.CONSUME(kinds.open)
      const array = this.SUBRULE(this.expression)
      this.CONSUME(kinds.close)
      const sign: Expression = { kind: 'string', value: operator, span: { start: at, end: at } }
      return this.callOf(all ? 'array_all' : 'array_any', [sign, left, array], at, start)
    },
  )

  /** Where x -> y begins: any other place takes -> as the operator of JSON. */
  protected lambdaAt = -1

  protected override begin(): void {
    super.begin()
    this.lambdaAt = -1
  }

  /** Before an argument of a call. */
  protected maybeLambda({ name }: Identifier): void {
    if (lambdaNames.test(name) && this.#lambdaAhead()) this.lambdaAt = this.start()
  }

  #lambdaAhead(): boolean {
    if (this.#wordAhead()) return true
    if (this.LA(1).tokenType !== kinds.open) return this.upper(2) === '->'
    let at = 2
    while (tokenMatcher(this.LA(at), identifier) || this.LA(at).tokenType === kinds.comma) at++
    return this.LA(at).tokenType === kinds.close && this.upper(at + 1) === '->'
  }

  #wordAhead(): boolean {
    return this.upper(1) === 'LAMBDA' && tokenMatcher(this.LA(2), identifier)
  }

  /** x -> y, (a, b) -> y, LAMBDA x: y. */
  lambda = this.RULE('lambda', (): Expression => {
    const start = this.start()
    const parameters = this.OR([
      {
        ALT: () => {
          const names = this.SUBRULE(this.names)
          this.#arrow()
          this.CONSUME(kinds.other)
          return names
        },
      },
      {
        GATE: () => this.#wordAhead(),
        ALT: () => {
          const names: Identifier[] = []
          this.CONSUME(identifier)
          this.AT_LEAST_ONE_SEP({
            SEP: kinds.comma,
            DEF: () => names.push(this.identifierOf(this.CONSUME1(identifier))),
          })
          this.CONSUME(kinds.colon)
          return names
        },
      },
      {
        ALT: () => {
          const name = this.identifierOf(this.CONSUME2(identifier))
          this.#arrow()
          this.CONSUME1(kinds.other)
          return [name]
        },
      },
    ])
    const body = this.SUBRULE(this.expression)
    return { kind: 'lambda', parameters, body, span: this.span(start) }
  })
}
