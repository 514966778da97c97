/**
 * Call rules: columns, calls of functions and what looks like one: CAST, EXTRACT, SUBSTRING … FROM, FILTER.
 */
import { type ParserMethod, tokenMatcher } from 'chevrotain'
import { unsupported } from '../constructs.ts'
import { type Given, inPlaces, parametersOf } from '../named-argument.ts'
import { power } from '../power.ts'
import type { Token } from '../scanner.ts'
import type { Expression, Frame, FrameBound, Identifier, OrderItem, OverWindow } from '../tree.ts'
import { identifier, kinds, label, word } from '../words.ts'
import { Refusal } from './leaf.ts'
import { units } from './literal.ts'
import { NestedRules } from './nested.ts'

type Of<U, K> = Extract<U, { kind: K }>
type Called = Of<Expression, 'call'>

// biome-ignore format: a list to read as a block
const foreignFields: ReadonlySet<string> = new Set([
  'JULIAN', 'NANOSECOND', 'TIMEZONE', 'TIMEZONE_HOUR', 'TIMEZONE_MINUTE',
])

/** Fields that are functions. */
const fieldFunctions: ReadonlySet<string> = new Set(['CENTURY', 'DECADE', 'ISOYEAR', 'MILLENNIUM'])

/** What TRIM is called with the sides that it takes. */
const trims: ReadonlyMap<string, string> = new Map([
  ['LEADING', 'ltrim'],
  ['TRAILING', 'rtrim'],
  ['BOTH', 'btrim'],
])

/** Functions that take members of a STRUCT by their names. */
const structNames = /^struct_(pack|insert|update)$/i

/** Aggregates whose values have an order. */
const orderedNames =
  /^(string_agg|listagg|group_concat|json_arrayagg|array_agg|list|first|last|first_value|last_value)$/i

/** Fields with a second name. */
const fieldNames: Record<string, string> = { DAYOFMONTH: 'DAY', DAYOFYEAR: 'DOY' }

export abstract class CallRules extends NestedRules {
  abstract orderBy: ParserMethod<[], OrderItem[]>

  cast = this.RULE('cast', (): Expression => {
    const start = this.start()
    const attempt = (this.CONSUME(kinds.cast) as Token).upper !== 'CAST'
    this.CONSUME(kinds.open)
    const operand = this.SUBRULE(this.expression)
    this.CONSUME(word.AS)
    const type = this.SUBRULE(this.type)
    this.CONSUME(kinds.close)
    return { kind: 'cast', operand, type, attempt, span: this.span(start) }
  })

  extract = this.RULE('extract', (): Expression => {
    const start = this.start()
    this.CONSUME(kinds.extract)
    this.CONSUME(kinds.open)
    const token = this.OR([
      { ALT: () => this.CONSUME(identifier) },
      { ALT: () => this.CONSUME(kinds.string) },
    ]) as Token
    const called = this.ACTION(() => fieldFunctions.has(token.value.toUpperCase()))
    const unit = this.ACTION(() => (called ? 'YEAR' : this.#field(token)))
    this.CONSUME(word.FROM)
    const operand = this.SUBRULE(this.expression)
    this.CONSUME(kinds.close)
    if (called) {
      const span = { start: token.start, end: token.end }
      const name: Identifier = {
        kind: 'identifier',
        name: token.value.toLowerCase(),
        quoted: false,
        span,
      }
      const args = [operand]
      return { kind: 'call', name, args, distinct: false, filter: null, span: this.span(start) }
    }
    return { kind: 'extract', unit, operand, span: this.span(start) }
  })

  #field(token: Token): Of<Expression, 'extract'>['unit'] {
    const given = token.value.toUpperCase()
    const name = fieldNames[given] ?? given
    if (name === 'EPOCH' || name === 'DOW' || name === 'DOY') return name
    if (name === 'ISODOW' || name === 'DAYOFWEEK') return name
    const unit = units.get(name)
    if (unit !== undefined) return unit
    if (foreignFields.has(name)) {
      throw new Refusal(unsupported(`EXTRACT(${name} FROM …)`, token.start, token.end))
    }
    this.mistaken(`unknown field ${token.value}`, token, {
      detail: `fields are ${[...new Set(units.values())].join(', ')}, EPOCH, DOW, DOY, ISODOW, DAYOFWEEK`,
    })
    return 'DAY'
  }

  niladic = this.RULE('niladic', (): Expression => {
    const token = this.CONSUME(kinds.niladic)
    const name = this.identifierOf(token)
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
      call.span = this.span(name.span.start)
    })
    return call
  })

  /** FINAL or RUNNING before a call: in the MEASURES of MATCH_RECOGNIZE. */
  tensed = this.RULE('tensed', (): Expression => {
    const start = this.start()
    const tense = this.OR([
      { ALT: () => this.CONSUME(word.FINAL) },
      { ALT: () => this.CONSUME(word.RUNNING) },
    ]) as Token
    const name = this.identifierOf(this.CONSUME(identifier))
    const call = this.SUBRULE(this.call, { ARGS: [name] }) as Called
    return this.ACTION(() => ({
      ...call,
      tense: tense.upper === 'FINAL' ? 'final' : 'running',
      span: this.span(start),
    })) as Called
  })

  /** A column, or a call, before which the schema of Postgres' functions may stand. */
  columnOrCall = this.RULE('columnOrCall', (): Expression => {
    const start = this.start()
    this.OPTION({
      GATE: () => this.upper(1) === 'PG_CATALOG' && this.LA(4).tokenType === kinds.open,
      DEF: () => {
        this.CONSUME1(identifier)
        this.CONSUME1(kinds.dot)
      },
    })
    const path = [this.identifierOf(this.CONSUME(identifier))]
    return this.OR([
      {
        ALT: () => {
          const called = this.SUBRULE(this.call, { ARGS: [path[0]!] })
          return this.SUBRULE(this.members, { ARGS: [called, start] })
        },
      },
      {
        ALT: (): Expression => {
          this.MANY(() => {
            this.CONSUME(kinds.dot)
            path.push(this.identifierOf(this.CONSUME(label)))
          })
          if (path.length > 1 && this.LA(1).tokenType === kinds.open) {
            this.unsupported('functions with a schema', start)
          }
          return { kind: 'column', path, span: this.span(start) }
        },
      },
    ])
  })

  protected tenseAhead(): boolean {
    const isTense = /^(FINAL|RUNNING)$/.test(this.upper(1))
    // Of words that stand between operands some are names, too.
    const isBetween = /^(ESCAPE|ILIKE|OVERLAPS|REGEXP|RLIKE|SIMILAR)$/.test(this.upper(2))
    const isName = tokenMatcher(this.LA(2), identifier) && !isBetween
    return isTense && isName && this.LA(3).tokenType === kinds.open
  }

  call = this.RULE('call', (given: Identifier): Expression => {
    let name = given
    let args: Expression[] = []
    let distinct = false
    let inner: boolean | undefined
    this.CONSUME(kinds.open)
    this.OPTION(() => {
      args = this.OR({
        DEF: [
          {
            GATE: () => this.#trimAhead(given),
            ALT: (): Expression[] => {
              const trim = this.SUBRULE(this.trimSides)
              name = { ...given, name: trim?.name }
              return trim?.args
            },
          },
          {
            GATE: () => this.takesJson(given) && this.upper(1) !== 'DISTINCT',
            ALT: (): Expression[] => {
              const list = this.SUBRULE(this.jsonArgs, { ARGS: [given] })
              const order = this.OPTION8({
                GATE: () => orderedNames.test(given.name),
                DEF: () => this.SUBRULE1(this.orderBy),
              })
              return this.ACTION(() => this.ordered(list, order ?? []))
            },
          },
          {
            ALT: (): Expression[] => {
              this.CONSUME(kinds.star)
              const span = this.span((this.LA(0) as Token).start)
              return [{ kind: 'star', qualifier: [], span }]
            },
          },
          {
            GATE: () => this.LA(2).tokenType === kinds.dot && this.LA(3).tokenType === kinds.star,
            ALT: (): Expression[] => {
              const of = this.identifierOf(this.CONSUME(identifier))
              this.CONSUME(kinds.dot)
              this.CONSUME1(kinds.star)
              return [{ kind: 'star', qualifier: [of], span: this.span(of?.span.start) }]
            },
          },
          {
            ALT: (): Expression[] => {
              this.OPTION1(() => {
                distinct = this.SUBRULE(this.quantifier)
              })
              const list = this.SUBRULE(this.args, { ARGS: [name] })
              inner = this.OPTION7({
                GATE: () => this.#nullsAhead(),
                DEF: () => this.SUBRULE1(this.nulls),
              })
              const order = this.OPTION4(() => this.SUBRULE(this.orderBy))
              return this.ACTION(() => this.ordered(list, order ?? []))
            },
          },
        ],
        IGNORE_AMBIGUITIES: true,
      })
    })
    this.CONSUME(kinds.close)
    this.OPTION5({
      GATE: () => this.LA(2).tokenType === word.GROUP,
      DEF: () => {
        const order = this.SUBRULE(this.withinGroup)
        this.ACTION(() => {
          args = this.#within(given, args, order)
        })
      },
    })
    const filter = this.OPTION2({
      GATE: () => this.LA(2).tokenType === kinds.open,
      DEF: () => this.SUBRULE(this.filter),
    })
    const span = this.span(given?.span.start)
    const call: Called = { kind: 'call', name, args, distinct, filter: filter ?? null, span }
    const outer = this.OPTION6({
      GATE: () => this.#nullsAhead(),
      DEF: () => this.SUBRULE(this.nulls),
    })
    const ignore = inner ?? outer ?? false
    this.ACTION(() => {
      const bare = (inner ?? outer) !== undefined && this.LA(1).tokenType !== word.OVER
      if (bare) this.unsupported('IGNORE NULLS without OVER', span.start)
    })
    return this.OPTION3(() => this.SUBRULE(this.over, { ARGS: [call, ignore] })) ?? call
  })

  #nullsAhead(): boolean {
    return /^(IGNORE|RESPECT)$/.test(this.upper(1)) && this.LA(2).tokenType === word.NULLS
  }

  /** IGNORE NULLS, and not RESPECT NULLS? */
  nulls = this.RULE('nulls', (): boolean => {
    const ignore = (this.CONSUME(identifier) as Token).upper === 'IGNORE'
    this.CONSUME(word.NULLS)
    return ignore
  })

  /** Whether `[LEADING | TRAILING | BOTH] … FROM` stands in TRIM; otherwise its arguments do. */
  #trimAhead({ name, quoted }: Identifier): boolean {
    if (quoted || !/^trim$/i.test(name)) return false
    if (this.LA(1).tokenType === word.FROM) return true
    const side = trims.has(this.upper(1))
    return side && this.LA(2).tokenType !== kinds.close && this.LA(2).tokenType !== kinds.comma
  }

  /** LEADING x FROM y and its like, as LTRIM(y, x). */
  trimSides = this.RULE('trimSides', (): { name: string; args: Expression[] } => {
    let name = 'btrim'
    const start = this.start()
    const blank: Expression = { kind: 'string', value: ' ', span: { start, end: start } }
    const args = this.OR([
      {
        ALT: () => {
          const side = this.CONSUME(identifier) as Token
          name = trims.get(side.upper) ?? name
          const characters = this.OPTION({
            GATE: () => this.LA(1).tokenType !== word.FROM,
            DEF: () => this.SUBRULE(this.expression),
          })
          const text = this.OPTION1(() => {
            this.CONSUME(word.FROM)
            return this.SUBRULE1(this.expression)
          })
          return text === undefined ? [characters!, blank] : [text, characters ?? blank]
        },
      },
      {
        ALT: () => {
          this.CONSUME1(word.FROM)
          return [this.SUBRULE2(this.expression), blank]
        },
      },
    ])
    return { name, args }
  })

  /** OVER w, OVER (…). */
  over = this.RULE('over', (call: Called, ignoreNulls: boolean): Expression => {
    this.CONSUME(word.OVER)
    const window = this.OR([
      { ALT: () => this.SUBRULE(this.overWindow) },
      {
        ALT: (): OverWindow => {
          const base = this.identifierOf(this.CONSUME(identifier))
          return { base, partitionBy: [], orderBy: [], frame: null, span: base?.span }
        },
      },
    ])
    return { kind: 'over', call, ignoreNulls, window, span: this.span(call?.span.start) }
  })

  /** ([w] [PARTITION BY …] [ORDER BY …] [frame | SESSION WITH GAP i]). */
  overWindow = this.RULE('overWindow', (): OverWindow => {
    const start = this.start()
    let partitionBy: Expression[] = []
    let orderBy: OrderItem[] = []
    this.CONSUME(kinds.open)
    const base = this.OPTION({
      GATE: () => !/^(PARTITION|ROWS|RANGE|GROUPS)$/.test(this.upper(1)) && !this.#sessionAhead(),
      DEF: () => this.identifierOf(this.CONSUME(identifier)),
    })
    this.OPTION1(() => {
      this.CONSUME(word.PARTITION)
      this.CONSUME(word.BY)
      partitionBy = this.SUBRULE(this.expressions)
    })
    this.OPTION2(() => {
      orderBy = this.SUBRULE(this.orderBy)
    })
    const session = this.OPTION4({
      GATE: () => this.#sessionAhead(),
      DEF: () => this.SUBRULE(this.sessionFrame),
    })
    const frame = this.OPTION3({
      GATE: () => session === undefined && /^(ROWS|RANGE|GROUPS)$/.test(this.upper(1)),
      DEF: () => this.SUBRULE(this.frame),
    })
    this.CONSUME(kinds.close)
    const span = this.span(start)
    const window = { base: base ?? null, partitionBy, orderBy, frame: frame ?? null, span }
    return session === undefined ? window : { ...window, session }
  })

  /** SESSION WITH GAP i */
  sessionFrame = this.RULE('sessionFrame', (): Expression => {
    this.CONSUME(word.SESSION)
    this.CONSUME(word.WITH)
    this.ACTION(() => this.expectWord('GAP'))
    this.CONSUME(identifier)
    return this.SUBRULE(this.expression)
  })

  #sessionAhead(): boolean {
    return this.upper(1) === 'SESSION' && this.LA(2).tokenType === word.WITH
  }

  frame = this.RULE('frame', (): Frame => {
    const start = this.start()
    const unit = (this.CONSUME(identifier) as Token).upper as Frame['unit']
    let end: FrameBound | null = null
    const from = this.OR({
      DEF: [
        {
          ALT: (): FrameBound => {
            this.CONSUME(word.BETWEEN)
            const bound = this.SUBRULE(this.frameBound)
            this.CONSUME(word.AND)
            end = this.SUBRULE1(this.frameBound)
            return bound
          },
        },
        { ALT: (): FrameBound => this.SUBRULE2(this.frameBound) },
      ],
      IGNORE_AMBIGUITIES: true,
    })
    const exclude = this.OPTION(() => this.SUBRULE(this.exclusion))
    const span = this.span(start)
    const here: FrameBound = { kind: 'current', span: { start: span.end, end: span.end } }
    return { unit, start: from, end: end ?? here, exclude: exclude ?? null, span }
  })

  frameBound = this.RULE('frameBound', (): FrameBound => {
    const start = this.start()
    return this.OR({
      DEF: [
        {
          GATE: () => this.upper(1) === 'UNBOUNDED',
          ALT: (): FrameBound => {
            this.CONSUME(identifier)
            const following = this.SUBRULE(this.frameSide)
            return { kind: 'unbounded', following, span: this.span(start) }
          },
        },
        {
          GATE: () => this.upper(1) === 'CURRENT' && this.upper(2) === 'ROW',
          ALT: (): FrameBound => {
            this.CONSUME1(identifier)
            this.CONSUME(word.ROW)
            return { kind: 'current', span: this.span(start) }
          },
        },
        {
          ALT: (): FrameBound => {
            const offset = this.SUBRULE(this.expression)
            const following = this.SUBRULE1(this.frameSide)
            return { kind: 'offset', offset, following, span: this.span(start) }
          },
        },
      ],
      IGNORE_AMBIGUITIES: true,
    })
  })

  /** FOLLOWING, and not PRECEDING? */
  frameSide = this.RULE('frameSide', (): boolean => {
    this.ACTION(() => this.#wants(['PRECEDING', 'FOLLOWING']))
    return (this.CONSUME(identifier) as Token).upper === 'FOLLOWING'
  })

  exclusion = this.RULE('exclusion', (): Frame['exclude'] => {
    this.CONSUME(word.EXCLUDE)
    return this.OR([
      {
        ALT: (): Frame['exclude'] => {
          this.CONSUME(word.GROUP)
          return 'GROUP'
        },
      },
      {
        ALT: (): Frame['exclude'] => {
          this.ACTION(() => this.#wants(['CURRENT', 'TIES', 'NO']))
          const first = (this.CONSUME(identifier) as Token).upper
          this.OPTION({
            GATE: () => first !== 'TIES',
            DEF: () => {
              this.ACTION(() => this.#wants(first === 'NO' ? ['OTHERS'] : ['ROW']))
              this.CONSUME1(identifier)
            },
          })
          return first === 'TIES' ? 'TIES' : first === 'CURRENT' ? 'CURRENT ROW' : null
        },
      },
    ])
  })

  /** One of these words comes next, or a failure. */
  #wants(words: readonly string[]): void {
    if (words.includes(this.upper(1))) return
    this.unexpected(words.join(' or '))
  }

  withinGroup = this.RULE('withinGroup', (): OrderItem[] => {
    this.CONSUME(word.WITHIN)
    this.CONSUME(word.GROUP)
    this.CONSUME(kinds.open)
    const order = this.SUBRULE(this.orderBy)
    this.CONSUME(kinds.close)
    return order
  })

  /** STRING_AGG(x, ',' ORDER BY y DESC) as STRING_AGG(x, ',', y, 'desc'). */
  protected ordered(args: Expression[], order: readonly OrderItem[]): Expression[] {
    if (order.length === 0) return args
    const place = { start: order[0]!.span.start, end: order[0]!.span.start }
    const separator: Expression[] =
      args.length > 1 ? [] : [{ kind: 'string', value: ',', span: place }]
    const keys = order.flatMap(({ expression, descending, nulls, span }): Expression[] => {
      const words = [descending ? 'desc' : 'asc', ...(nulls === null ? [] : [`nulls ${nulls}`])]
      return [expression, { kind: 'string', value: words.join(' '), span }]
    })
    return [...args, ...separator, ...keys]
  }

  /** PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x) as PERCENTILE_CONT(x, 0.5). */
  #within({ name }: Identifier, args: Expression[], order: readonly OrderItem[]): Expression[] {
    if (orderedNames.test(name)) return this.ordered(args, order)
    const [item] = order
    if (order.length > 1 || item!.descending) {
      this.unsupported('WITHIN GROUP with more than one ascending expression', item!.span.start)
    }
    return [item!.expression, ...args]
  }

  filter = this.RULE('filter', (): Expression => {
    this.CONSUME(word.FILTER)
    this.CONSUME(kinds.open)
    this.CONSUME(word.WHERE)
    const condition = this.SUBRULE(this.expression)
    this.CONSUME(kinds.close)
    return condition
  })

  /**
   * Arguments; SUBSTRING(x FROM a FOR b), OVERLAY(x PLACING y FROM a FOR b), POSITION(x IN y), FLOOR(x TO unit) and
   * TRIM(x FROM y) have their words for commas.
   */
  args = this.RULE('args', (name: Identifier): Expression[] => {
    const list: Expression[] = []
    const isStruct = structNames.test(name?.name)
    const parameters = parametersOf(name?.name ?? '')
    const names: Given['name'][] = []
    const named = () => {
      if (this.LA(2).tokenType === kinds.arrow) this.unsupported('named arguments of functions')
    }
    const take = (member: Given['name'] & {}) => {
      if (isStruct) list.push(member)
      else names[list.length] = member
    }
    const hasNames = isStruct || parameters !== undefined
    this.OPTION({
      GATE: () => hasNames && this.#nameAhead(),
      DEF: () => take(this.SUBRULE(this.memberName)),
    })
    this.ACTION(named)
    // IN of POSITION is not that of a condition.
    const isPosition = /^position$/i.test(name?.name)
    this.ACTION(() => this.maybeLambda(name))
    list.push(this.SUBRULE(this.expression, { ARGS: [isPosition ? power.other : 0] }))
    this.OR([
      {
        GATE: () => this.LA(1).tokenType === word.FROM || this.LA(1).tokenType === word.FOR,
        ALT: () => {
          const called = this.RECORDING_PHASE ? '' : name.name.toUpperCase()
          this.ACTION(() => {
            if (!/^(SUBSTR(ING)?|TRIM)$/.test(called)) {
              this.unsupported(`${this.upper(1)} in ${called}`)
            }
          })
          this.SUBRULE(this.substringRange, { ARGS: [list] })
          // TRIM(x FROM y) is TRIM(y, x).
          if (called === 'TRIM') list.reverse()
        },
      },
      {
        GATE: () => isPosition,
        ALT: () => {
          this.CONSUME(word.IN)
          list.push(this.SUBRULE2(this.expression))
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.PLACING)
          list.push(this.SUBRULE3(this.expression))
          this.SUBRULE1(this.substringRange, { ARGS: [list] })
        },
      },
      {
        GATE: () => /^(floor|ceil|ceiling)$/i.test(name?.name),
        ALT: () => {
          this.CONSUME(word.TO)
          const { value, start, end } = this.CONSUME(identifier) as Token
          list.push({ kind: 'string', value, span: { start, end } })
        },
      },
      {
        ALT: () => {
          this.MANY(() => {
            this.CONSUME(kinds.comma)
            this.OPTION1({
              GATE: () => hasNames && this.#nameAhead(),
              DEF: () => take(this.SUBRULE1(this.memberName)),
            })
            this.ACTION(named)
            this.ACTION(() => this.maybeLambda(name))
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
      }
      const construct = inside[this.upper(1) as keyof typeof inside]
      const isOrdered = this.upper(1) === 'ORDER' && orderedNames.test(name.name)
      if (construct !== undefined && !isOrdered) this.unsupported(construct)
    })
    return names.length === 0 ? list : this.ACTION(() => this.#placed(list, names, parameters!))
  })

  #placed(list: Expression[], names: Given['name'][], parameters: readonly string[]): Expression[] {
    const given = list.map((value, at) => ({ name: names[at], value }))
    return inPlaces(given, parameters, (message, { span }) => {
      const detail = `arguments are ${parameters.join(', ')}`
      throw new Refusal({ code: 'syntax', message, detail, span })
    })
  }

  #nameAhead(): boolean {
    const { tokenType } = this.LA(2)
    return tokenType === kinds.arrow || tokenType === kinds.assign
  }

  /** name := or name => before an argument; of STRUCT_PACK and its like it is an argument of its own. */
  memberName = this.RULE('memberName', (): Of<Expression, 'string'> => {
    const { value, start, end } = this.CONSUME(identifier) as Token
    this.OR([{ ALT: () => this.CONSUME(kinds.assign) }, { ALT: () => this.CONSUME(kinds.arrow) }])
    return { kind: 'string', value, span: { start, end } }
  })

  substringRange = this.RULE('substringRange', (list: Expression[]): void => {
    const at = this.ahead(1)
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
}
