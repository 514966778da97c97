/**
 * Literal rules: the names of types, and values that stand in the text.
 */

import type { ParserMethod } from 'chevrotain'
import type { Token } from '../scanner.ts'
import type { Expression, TypeMember, TypeName, Unit } from '../tree.ts'
import { identifier, kinds, label, word } from '../words.ts'
import { LeafRules } from './leaf.ts'

// biome-ignore format: a table to read as a block
const monthUnits = /^(YEAR|QUARTER|MONTH)S?$/

export const units: ReadonlyMap<string, Unit> = new Map<string, Unit>(
  (
    [
      'YEAR',
      'QUARTER',
      'MONTH',
      'WEEK',
      'DAY',
      'HOUR',
      'MINUTE',
      'SECOND',
      'MILLISECOND',
      'MICROSECOND',
    ] as const
  ).flatMap((unit): [string, Unit][] => [
    [unit, unit],
    [`${unit}S`, unit],
  ]),
)

const nestedTypes: ReadonlySet<string> = new Set(['ARRAY', 'LIST', 'MAP'])
const structTypes: ReadonlySet<string> = new Set(['ROW', 'STRUCT'])
const secondWords: ReadonlyMap<string, string> = new Map([
  ['DOUBLE', 'PRECISION'],
  ['CHARACTER', 'VARYING'],
])
const parameterStyles: Record<string, 'positional' | 'numbered' | 'named'> = {
  '?': 'positional',
  $: 'numbered',
  ':': 'named',
}

export abstract class LiteralRules extends LeafRules {
  /** A type, and [], [n] or ARRAY for each array around it. */
  type: ParserMethod<[], TypeName> = this.RULE('type', (): TypeName => {
    const start = this.start()
    let type = this.SUBRULE(this.namedType)
    this.MANY({
      GATE: () => this.angles === 0 && /^(\[|ARRAY)$/.test(this.upper(1)),
      DEF: () => {
        const parameters = this.SUBRULE(this.arrayTail)
        type = { kind: 'type', name: 'ARRAY', parameters, of: [type], span: this.span(start) }
      },
    })
    return type
  })

  /** [], [n], ARRAY, ARRAY[n] */
  arrayTail = this.RULE('arrayTail', (): number[] =>
    this.OR([
      { ALT: () => this.SUBRULE(this.emptyBrackets) },
      {
        ALT: () => {
          this.CONSUME(identifier)
          return this.OPTION(() => this.SUBRULE1(this.emptyBrackets)) ?? []
        },
      },
    ]),
  )

  emptyBrackets = this.RULE('emptyBrackets', (): number[] => {
    this.CONSUME(kinds.openBracket)
    const length = this.OPTION(() => this.SUBRULE(this.integer))
    this.CONSUME(kinds.closeBracket)
    return length === undefined ? [] : [length]
  })

  namedType = this.RULE('namedType', (): TypeName => {
    const start = this.start()
    this.refuse('type')
    const first = this.CONSUME(identifier, { ERR_MSG: 'a type' }) as Token
    if (first.tokenType === kinds.quotedName) this.mistaken('a type name is not quoted', first)
    let name = first.upper
    let of: TypeName[] | undefined
    this.OPTION6({
      GATE: () => nestedTypes.has(name),
      DEF: () => {
        of = this.SUBRULE(this.typeArguments)
      },
    })
    let members: TypeMember[] | undefined
    this.OPTION5({
      GATE: () => structTypes.has(name),
      DEF: () => {
        members = this.SUBRULE(this.typeMembers)
      },
    })
    this.OPTION({
      GATE: () => secondWords.get(name) === this.upper(1),
      DEF: () => {
        name += ` ${(this.CONSUME1(identifier) as Token).upper}`
      },
    })
    const parameters: number[] = []
    this.OPTION3({
      GATE: () => name === 'INTERVAL' && units.has(this.upper(1)),
      DEF: () => {
        name = this.SUBRULE(this.intervalFields)
      },
    })
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
    this.OPTION2({
      GATE: () => this.upper(1) === 'WITHOUT',
      DEF: () => this.SUBRULE(this.withoutTimeZone),
    })
    this.OPTION4({
      GATE: () =>
        this.upper(1) === 'WITH' && (this.upper(2) === 'TIME' || this.upper(2) === 'LOCAL'),
      DEF: () => {
        this.SUBRULE(this.withTimeZone)
        name = name === 'TIMESTAMP' ? 'TIMESTAMPTZ' : `${name}TZ`
      },
    })
    const type: TypeName = { kind: 'type', name, parameters, span: this.span(start) }
    if (of !== undefined) return { ...type, of }
    return members === undefined ? type : { ...type, members }
  })

  /** < type, … > or ( type, … ) */
  typeArguments = this.RULE('typeArguments', (): TypeName[] => {
    const angled = this.SUBRULE(this.typesBegin)
    const types = [this.SUBRULE(this.type)]
    this.MANY({
      GATE: () => this.angles === 0,
      DEF: () => {
        this.CONSUME(kinds.comma)
        types.push(this.SUBRULE1(this.type))
      },
    })
    this.SUBRULE(this.typesEnd, { ARGS: [angled] })
    return types
  })

  /** < name type, … > or ( name type, … ) */
  typeMembers = this.RULE('typeMembers', (): TypeMember[] => {
    const angled = this.SUBRULE(this.typesBegin)
    const members = [this.SUBRULE(this.typeMember)]
    this.MANY({
      GATE: () => this.angles === 0,
      DEF: () => {
        this.CONSUME(kinds.comma)
        members.push(this.SUBRULE1(this.typeMember))
      },
    })
    this.SUBRULE(this.typesEnd, { ARGS: [angled] })
    return members
  })

  /** Is it an angle, and not a parenthesis? */
  typesBegin = this.RULE('typesBegin', (): boolean =>
    this.OR([
      {
        GATE: () => this.upper(1) === '<',
        ALT: () => this.CONSUME(kinds.comparison) !== undefined,
      },
      {
        ALT: () => {
          this.CONSUME(kinds.open)
          return false
        },
      },
    ]),
  )

  typesEnd = this.RULE('typesEnd', (angled: boolean): void => {
    this.OR([
      {
        GATE: () => angled && this.angles === 0 && this.upper(1) === '>',
        ALT: () => this.CONSUME1(kinds.comparison),
      },
      {
        // Two types end here.
        GATE: () => angled && this.angles === 0 && this.upper(1) === '>>',
        ALT: () => {
          this.CONSUME(kinds.other)
          this.ACTION(() => this.angles++)
        },
      },
      { GATE: () => !angled, ALT: () => this.CONSUME(kinds.close) },
      // A `>>` has ended this type, too.
      { ALT: () => this.ACTION(() => this.#leaveAngle()) },
    ])
  })

  #leaveAngle(): void {
    if (this.angles > 0) this.angles--
    else this.unexpected('the end of the type')
  }

  typeMember = this.RULE('typeMember', (): TypeMember => {
    const start = this.start()
    const name = this.identifierOf(this.CONSUME(label))
    const type = this.SUBRULE(this.type)
    const notNull =
      this.OPTION(() => {
        this.CONSUME(word.NOT)
        this.CONSUME(word.NULL)
        return true
      }) ?? false
    return { kind: 'type-member', name, type, notNull, span: this.span(start) }
  })

  /** YEAR TO MONTH, DAY(3) TO SECOND(6), HOUR; the name of the type. */
  intervalFields = this.RULE('intervalFields', (): string => {
    const first = this.CONSUME(identifier) as Token
    this.OPTION(() => this.SUBRULE(this.digits))
    const last = this.OPTION1({
      GATE: () => units.has(this.upper(2)),
      DEF: () => {
        this.CONSUME(word.TO)
        const unit = this.CONSUME1(identifier) as Token
        this.OPTION2(() => this.SUBRULE1(this.digits))
        return unit.upper
      },
    })
    if (!monthUnits.test(first.upper)) return 'INTERVAL DAY TO SECOND'
    return monthUnits.test(last ?? first.upper) ? 'INTERVAL YEAR TO MONTH' : 'INTERVAL'
  })

  digits = this.RULE('digits', (): void => {
    this.CONSUME(kinds.open)
    this.SUBRULE(this.integer)
    this.CONSUME(kinds.close)
  })

  withTimeZone = this.RULE('withTimeZone', (): void => {
    this.CONSUME(word.WITH)
    this.OPTION({
      GATE: () => this.upper(1) === 'LOCAL',
      DEF: () => this.CONSUME(identifier),
    })
    this.CONSUME1(identifier)
    this.CONSUME2(identifier)
  })

  withoutTimeZone = this.RULE('withoutTimeZone', (): void => {
    this.CONSUME(identifier)
    this.expectWord('TIME')
    this.CONSUME1(identifier)
    this.expectWord('ZONE')
    this.CONSUME2(identifier)
  })

  literal = this.RULE('literal', (): Expression => {
    const start = this.start()
    return this.OR([
      {
        ALT: (): Expression => {
          const token = this.CONSUME(kinds.number) as Token
          return { kind: 'number', text: token.value, span: this.span(start) }
        },
      },
      {
        ALT: (): Expression => {
          const token = this.CONSUME(kinds.string) as Token
          return { kind: 'string', value: token.value, span: this.span(start) }
        },
      },
      {
        ALT: (): Expression => {
          const value = this.SUBRULE(this.truth)
          return { kind: 'boolean', value, span: this.span(start) }
        },
      },
      {
        ALT: (): Expression => {
          this.CONSUME(word.NULL)
          return { kind: 'null', span: this.span(start) }
        },
      },
      {
        ALT: (): Expression => {
          const token = this.CONSUME(kinds.parameter) as Token
          const style = parameterStyles[token.image?.[0] ?? ''] ?? 'named'
          return { kind: 'parameter', style, name: token.value, span: this.span(start) }
        },
      },
    ])
  })

  interval = this.RULE('interval', (): Expression => {
    const start = this.start()
    this.CONSUME(kinds.interval)
    const text = this.OR([
      { ALT: () => this.CONSUME(kinds.string) },
      { ALT: () => this.CONSUME(kinds.number) },
    ]) as Token
    let from: Unit | null = null
    let to: Unit | null = null
    this.OPTION({
      GATE: () => units.has(this.upper(1)),
      DEF: () => {
        from = units.get((this.CONSUME(identifier) as Token).upper) ?? null
        this.OPTION1({
          GATE: () => units.has(this.upper(2)),
          DEF: () => {
            this.CONSUME(word.TO)
            to = units.get((this.CONSUME1(identifier) as Token).upper) ?? null
          },
        })
      },
    })
    return { kind: 'interval', text: text.value, from, to, span: this.span(start) }
  })

  /** DATE '…', TIMESTAMP '…', TIMESTAMP(3) '…', TIME '…', X'…'. */
  typedLiteral = this.RULE('typedLiteral', (): Expression => {
    const start = this.start()
    const token = this.CONSUME(kinds.typed) as Token
    const parameters: number[] = []
    this.OPTION(() => {
      this.CONSUME(kinds.open)
      parameters.push(this.SUBRULE(this.integer))
      this.CONSUME(kinds.close)
    })
    const span = this.span(start)
    const type: TypeName = { kind: 'type', name: token.upper, parameters, span }
    const text = this.CONSUME(kinds.string) as Token
    return { kind: 'typed-literal', type, text: text.value, span: this.span(start) }
  })
}
