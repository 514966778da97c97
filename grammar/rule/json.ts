/**
 * JSON rules: the clauses of JSON_VALUE, JSON_QUERY and JSON_EXISTS, members and NULLs of JSON_OBJECT and its like.
 *
 * How      A clause becomes an argument, its words in a string, and one more for the value that it names; a type is
 *          that of a NULL: JSON_VALUE(x, p RETURNING INT ERROR ON EMPTY) is
 *          JSON_VALUE(x, p, 'returning', CAST(NULL AS INT), 'empty error').
 */
import type { IToken, ParserMethod } from 'chevrotain'
import type { Token } from '../scanner.ts'
import type { Expression, Identifier } from '../tree.ts'
import { identifier, kinds, word } from '../words.ts'
import { LiteralRules } from './literal.ts'

/** A word of a clause, or what follows RETURNING or DEFAULT. */
interface Part {
  word: string
  value: Expression | null
  span: { start: number; end: number }
}

const clauses: readonly [form: RegExp, marker: (found: RegExpExecArray) => string][] = [
  [/^RETURNING$/, () => 'returning'],
  [
    /^(NULL|ERROR|DEFAULT|TRUE|FALSE|UNKNOWN) ON (EMPTY|ERROR)/,
    ([, how, when]) => `${when} ${how}`,
  ],
  [
    /^EMPTY( ARRAY| OBJECT|) ON (EMPTY|ERROR)/,
    ([, what, when]) => `${when} empty${what || ' array'}`,
  ],
  [/^(WITHOUT)( ARRAY)? WRAPPER/, () => 'no wrapper'],
  [
    /^WITH( CONDITIONAL| UNCONDITIONAL|)( ARRAY)? WRAPPER/,
    ([, how]) => `${how || ' unconditional'} wrapper`.trim(),
  ],
  [/^(KEEP|OMIT) QUOTES( ON SCALAR STRING)?/, ([, how]) => `${how} quotes`],
  [/^(NULL|ABSENT) ON NULL/, ([, how]) => `${how} on null`],
]

export abstract class JsonRules extends LiteralRules {
  abstract expression: ParserMethod<[number?], Expression>

  protected takesJson({ name, quoted }: Identifier): boolean {
    return !quoted && /^json_(value|query|exists|object|array|objectagg|arrayagg)$/i.test(name)
  }

  /** Arguments with members and clauses. */
  jsonArgs = this.RULE('jsonArgs', (name: Identifier): Expression[] => {
    const args: Expression[] = []
    const hasMembers = /^json_object(agg)?$/i.test(name?.name)
    this.SUBRULE(this.jsonMember, { ARGS: [args, hasMembers] })
    this.MANY(() => {
      this.CONSUME(kinds.comma)
      this.SUBRULE1(this.jsonMember, { ARGS: [args, hasMembers] })
    })
    const parts: Part[] = []
    this.MANY1({
      GATE: () => this.LA(1).tokenType !== kinds.close && this.upper(1) !== 'ORDER',
      DEF: () => {
        this.SUBRULE(this.jsonWord, { ARGS: [parts] })
      },
    })
    return this.ACTION(() => [...args, ...this.#clausesOf(parts, name)]) ?? args
  })

  /** An argument; `k: v`, `k VALUE v` and `KEY k VALUE v` are two. */
  jsonMember = this.RULE('jsonMember', (list: Expression[], isMember: boolean): void => {
    const key = this.OR({
      DEF: [
        {
          GATE: () => isMember && this.#colonAhead(),
          ALT: (): Expression => {
            const token = this.CONSUME(kinds.string) as Token
            this.CONSUME(kinds.colon)
            return {
              kind: 'string',
              value: token.value,
              span: { start: token.start, end: token.end },
            }
          },
        },
        {
          ALT: (): Expression => {
            this.OPTION({
              GATE: () => isMember && this.#keyAhead(),
              DEF: () => this.CONSUME(word.KEY),
            })
            return this.SUBRULE(this.expression)
          },
        },
      ],
      IGNORE_AMBIGUITIES: true,
    })
    const isColon = this.ACTION(() => this.ahead(0).tokenType === kinds.colon)
    const value = this.OPTION1({
      GATE: () => isMember && (isColon === true || this.upper(1) === 'VALUE'),
      DEF: () => {
        this.OPTION2({
          GATE: () => isColon !== true,
          DEF: () => this.CONSUME(identifier),
        })
        return this.SUBRULE1(this.expression)
      },
    })
    this.ACTION(() => list.push(key, ...(value === undefined ? [] : [value])))
  })

  #colonAhead(): boolean {
    return this.LA(1).tokenType === kinds.string && this.LA(2).tokenType === kinds.colon
  }

  #keyAhead(): boolean {
    const isName = /^[A-Z_]/.test(this.upper(2)) && this.upper(2) !== 'VALUE'
    return this.upper(1) === 'KEY' && (isName || this.LA(2).tokenType === kinds.string)
  }

  jsonWord = this.RULE('jsonWord', (parts: Part[]): void => {
    const start = this.start()
    const part = this.OR({
      DEF: [
        {
          ALT: (): Part => {
            this.CONSUME(word.RETURNING)
            const type = this.SUBRULE(this.type)
            const span = this.span(start)
            const operand: Expression = { kind: 'null', span }
            return {
              word: 'RETURNING',
              span,
              value: { kind: 'cast', operand, type, attempt: false, span },
            }
          },
        },
        {
          ALT: (): Part => {
            this.CONSUME(word.DEFAULT)
            const value = this.SUBRULE(this.expression)
            return { word: 'DEFAULT', value, span: this.span(start) }
          },
        },
        { ALT: () => this.#plainWord(this.CONSUME(word.ON)) },
        { ALT: () => this.#plainWord(this.CONSUME(word.NULL)) },
        { ALT: () => this.#plainWord(this.CONSUME(word.WITH)) },
        { ALT: () => this.#plainWord(this.CONSUME(word.TRUE)) },
        { ALT: () => this.#plainWord(this.CONSUME(word.FALSE)) },
        { ALT: () => this.#plainWord(this.CONSUME(identifier)) },
      ],
      IGNORE_AMBIGUITIES: true,
    })
    this.ACTION(() => parts.push(part))
  })

  #plainWord(token: IToken): Part {
    const { upper, start, end } = token as Token
    return { word: upper, value: null, span: { start, end } }
  }

  #clausesOf(parts: readonly Part[], name: Identifier): Expression[] {
    const args: Expression[] = []
    for (let at = 0; at < parts.length; ) {
      const text = parts
        .slice(at)
        .map(({ word: one }) => one)
        .join(' ')
      const first = parts[at]!
      const found = first.word === 'RETURNING' ? clauses[0]![0].exec('RETURNING') : null
      const [form, marker] = clauses.find(([one]) => one.test(text)) ?? clauses[0]!
      const match = found ?? form.exec(text)
      if (match === null) {
        this.unsupported(
          `${text.split(' ').slice(0, 2).join(' ')} in ${name.name.toUpperCase()}`,
          first.span.start,
        )
        return args
      }
      const isOfNull = /ON NULL$/.test(match[0])
      const makes = !/^json_(value|query|exists)$/i.test(name.name)
      if (isOfNull !== makes || (/^json_arrayagg$/i.test(name.name) && match[1] === 'NULL')) {
        this.unsupported(`${match[0]} in ${name.name.toUpperCase()}`, first.span.start)
        return args
      }
      const value = found === null ? marker(match).toLowerCase() : 'returning'
      // That is what JSON_ARRAYAGG does.
      if (!/^json_arrayagg$/i.test(name.name))
        args.push({ kind: 'string', value, span: first.span })
      if (first.value !== null) args.push(first.value)
      at += match[0].split(' ').length
    }
    return args
  }
}
