/**
 * Definition rules: CREATE and DROP, columns, watermarks and options.
 */

import type { IToken, ParserMethod } from 'chevrotain'
import { EOF } from 'chevrotain'
import type { Token } from '../scanner.ts'
import type {
  ColumnDefinition,
  Constraint,
  Encoding,
  Expression,
  Identifier,
  Inclusion,
  LateRows,
  Moment,
  Option,
  Path,
  Query,
  Statement,
  WatermarkDefinition,
} from '../tree.ts'
import { identifier, kinds, label, word } from '../words.ts'
import { ConstraintRules } from './constraint.ts'
import { Refusal } from './leaf.ts'
import { bare, everythingOf } from './query.ts'

type Of<U, K> = Extract<U, { kind: K }>
type Elements = {
  columns: ColumnDefinition[]
  constraints: Constraint[]
  watermark: WatermarkDefinition | null
}
type WatermarkOptions = Pick<WatermarkDefinition, 'ahead' | 'idle' | 'late'>

const objects = {
  stream: word.STREAM,
  table: word.TABLE,
  view: word.VIEW,
  query: word.QUERY,
  sink: word.SINK,
  subscription: word.SUBSCRIPTION,
  function: word.FUNCTION,
  source: word.SOURCE,
  schema: word.SCHEMA,
  type: word.TYPE,
  connection: word.CONNECTION,
} as const

type StartFrom = NonNullable<Of<Statement, 'create-view'>['startFrom']>

/** Words that begin an option of a watermark. */
const watermarkOptions: ReadonlySet<string> = new Set(['IDLE', 'MAX', 'LATE', 'ALLOW'])

export abstract class DefinitionRules extends ConstraintRules {
  abstract createFunction: ParserMethod<[number, boolean], Statement>
  abstract createSchema: ParserMethod<[number], Statement>
  abstract createType: ParserMethod<[number], Statement>
  abstract createConnection: ParserMethod<[number], Statement>
  abstract moment: ParserMethod<[], Moment>

  create = this.RULE('create', (): Statement => {
    const start = this.start()
    this.CONSUME(word.CREATE)
    const orReplace =
      this.OPTION(() => {
        this.CONSUME(word.OR)
        this.CONSUME(word.REPLACE)
        return true
      }) ?? false
    const temporary = this.OPTION1(() => this.SUBRULE(this.temporary))
    this.ACTION(() => {
      const { tokenType } = this.LA(1)
      if (temporary && tokenType === word.SINK) this.unsupported('temporary sinks')
      if (temporary && tokenType === word.SUBSCRIPTION) {
        this.unsupported('temporary subscriptions')
      }
    })
    const made = this.OR([
      { ALT: () => this.SUBRULE(this.createRelation, { ARGS: [start, orReplace] }) },
      { ALT: () => this.SUBRULE(this.createView, { ARGS: [start, orReplace] }) },
      { ALT: () => this.SUBRULE(this.createSink, { ARGS: [start, orReplace] }) },
      { ALT: () => this.SUBRULE(this.createSubscription, { ARGS: [start, orReplace] }) },
      {
        ALT: () => this.SUBRULE(this.createFunction, { ARGS: [start, orReplace] }),
      },
      {
        GATE: () => !orReplace && temporary === undefined,
        ALT: () => this.SUBRULE(this.createSchema, { ARGS: [start] }),
      },
      {
        GATE: () => !orReplace && temporary === undefined,
        ALT: () => this.SUBRULE(this.createType, { ARGS: [start] }),
      },
      {
        GATE: () => !orReplace && temporary === undefined,
        ALT: () => this.SUBRULE(this.createConnection, { ARGS: [start] }),
      },
    ])
    return temporary === undefined ? made : ({ ...made, temporary } as Statement)
  })

  /** TEMP | TEMPORARY */
  temporary = this.RULE('temporary', (): true => {
    this.OR([{ ALT: () => this.CONSUME(word.TEMP) }, { ALT: () => this.CONSUME(word.TEMPORARY) }])
    return true
  })

  /** [IF NOT EXISTS]; a name may be IF. */
  ifNotExists = this.RULE(
    'ifNotExists',
    (): boolean =>
      this.OPTION({
        GATE: () => this.LA(2).tokenType === word.NOT,
        DEF: () => {
          this.CONSUME(word.IF)
          this.CONSUME(word.NOT)
          this.CONSUME(word.EXISTS)
          return true
        },
      }) ?? false,
  )

  /** [IF EXISTS] */
  ifExists = this.RULE(
    'ifExists',
    (): boolean =>
      this.OPTION({
        GATE: () => this.LA(2).tokenType === word.EXISTS,
        DEF: () => {
          this.CONSUME(word.IF)
          this.CONSUME(word.EXISTS)
          return true
        },
      }) ?? false,
  )

  createView = this.RULE('createView', (start: number, orReplace: boolean): Statement => {
    const materialized = this.OPTION(() => this.CONSUME(word.MATERIALIZED)) !== undefined
    this.CONSUME(word.VIEW)
    const ifNotExists = this.SUBRULE(this.ifNotExists)
    const name = this.SUBRULE(this.path)
    const columns = this.OPTION2(() => this.SUBRULE(this.names)) ?? []
    this.ACTION(() => {
      if (this.upper(1) === 'WITH' && this.LA(2).tokenType === kinds.open) {
        this.unsupported('options of a view (WITH)')
      }
    })
    const state = this.OPTION3(() => this.SUBRULE(this.replacedState))
    const startFrom = this.OPTION4(() => this.SUBRULE(this.startFrom))
    this.ACTION(() => this.#refuseStart({ materialized, orReplace, state, startFrom }))
    this.CONSUME(word.AS)
    const query = this.SUBRULE(this.query)
    const how = {
      ...(state === undefined ? {} : { state: state.word }),
      ...(startFrom === undefined ? {} : { startFrom: startFrom.from }),
    }
    const span = this.span(start)
    const made = { materialized, orReplace, ifNotExists, name, columns, ...how, query, span }
    return { kind: 'create-view', ...made }
  })

  /** PRESERVE STATE | REBUILD. */
  replacedState = this.RULE('replacedState', (): { word: 'preserve' | 'rebuild'; token: IToken } =>
    this.OR([
      {
        ALT: () => {
          const token = this.CONSUME(word.PRESERVE)
          this.CONSUME(word.STATE)
          return { word: 'preserve' as const, token }
        },
      },
      { ALT: () => ({ word: 'rebuild' as const, token: this.CONSUME(word.REBUILD) }) },
    ]),
  )

  /** START FROM EARLIEST | LATEST | moment. */
  startFrom = this.RULE('startFrom', (): { from: StartFrom; token: IToken } => {
    const token = this.CONSUME(word.START)
    this.CONSUME(word.FROM)
    const from = this.OR({
      DEF: [
        {
          ALT: (): StartFrom => {
            this.CONSUME(word.EARLIEST)
            return 'earliest'
          },
        },
        {
          ALT: (): StartFrom => {
            this.CONSUME(word.LATEST)
            return 'latest'
          },
        },
        { ALT: (): StartFrom => this.SUBRULE(this.moment) },
      ],
      IGNORE_AMBIGUITIES: true,
    })
    return { from, token }
  })

  #refuseStart({
    materialized,
    orReplace,
    state,
    startFrom,
  }: {
    materialized: boolean
    orReplace: boolean
    state: { word: string; token: IToken } | undefined
    startFrom: { token: IToken } | undefined
  }): void {
    const first = state?.token ?? startFrom?.token
    if (first !== undefined && !materialized) {
      const hint = 'a plain view keeps nothing: it is its query wherever it is read'
      this.mistaken(`${first.image} goes with CREATE MATERIALIZED VIEW`, first, { hint })
    }
    if (state !== undefined && !orReplace) {
      const hint = 'it says what becomes of the view that is there'
      this.mistaken(`${state.token.image} goes with CREATE OR REPLACE`, state.token, { hint })
    }
    if (state?.word === 'preserve' && startFrom !== undefined) {
      const hint = 'what is preserved goes on from where it is'
      this.mistaken('START FROM does not go with PRESERVE STATE', startFrom.token, { hint })
    }
  }

  /** CREATE SINK name FROM relation | AS query, and options. */
  createSink = this.RULE('createSink', (start: number, orReplace: boolean): Statement => {
    this.CONSUME(word.SINK)
    const ifNotExists = this.SUBRULE(this.ifNotExists)
    const name = this.SUBRULE(this.path)
    const query = this.SUBRULE(this.fromOrAs)
    const options = this.OPTION1(() => this.SUBRULE(this.options)) ?? []
    const encoding = this.OPTION2(() => this.SUBRULE(this.encoding)) ?? null
    const span = this.span(start)
    return { kind: 'create-sink', orReplace, name, ifNotExists, query, options, encoding, span }
  })

  /** FROM relation | AS query. */
  fromOrAs = this.RULE(
    'fromOrAs',
    (): Query =>
      this.OR([
        {
          ALT: (): Query => {
            this.CONSUME(word.FROM)
            const path = this.SUBRULE(this.path)
            return this.ACTION(() => bare(everythingOf(path)))
          },
        },
        {
          ALT: (): Query => {
            this.CONSUME(word.AS)
            return this.SUBRULE(this.query)
          },
        },
      ]),
  )

  /** CREATE SUBSCRIPTION name FROM relation | AS query, and options. */
  createSubscription = this.RULE(
    'createSubscription',
    (start: number, orReplace: boolean): Statement => {
      this.CONSUME(word.SUBSCRIPTION)
      const ifNotExists = this.SUBRULE(this.ifNotExists)
      const name = this.SUBRULE(this.path)
      const query = this.SUBRULE(this.fromOrAs)
      const options = this.OPTION(() => this.SUBRULE(this.options)) ?? []
      const span = this.span(start)
      return { kind: 'create-subscription', orReplace, name, ifNotExists, query, options, span }
    },
  )

  createRelation = this.RULE('createRelation', (start: number, orReplace: boolean): Statement => {
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
      {
        ALT: () => {
          this.CONSUME(word.SOURCE)
          return 'source' as const
        },
      },
    ])
    const ifNotExists = this.SUBRULE(this.ifNotExists)
    const name = this.SUBRULE(this.path)
    const elements: Elements = { columns: [], constraints: [], watermark: null }
    this.OPTION1(() => this.SUBRULE(this.elements, { ARGS: [elements] }))
    const partitionedBy =
      this.OPTION4(() => {
        this.CONSUME(word.PARTITIONED)
        this.CONSUME(word.BY)
        return this.SUBRULE(this.names)
      }) ?? []
    const partitions =
      this.OPTION6(() => {
        this.CONSUME(word.PARTITION)
        this.CONSUME1(word.BY)
        return this.SUBRULE1(this.names)
      }) ?? []
    const included: Inclusion[] = []
    this.MANY(() => included.push(this.SUBRULE(this.inclusion)))
    const appendOnly =
      this.OPTION5(() => {
        this.CONSUME(word.APPEND)
        return this.CONSUME(word.ONLY)
      }) !== undefined
    const options = this.OPTION2(() => this.SUBRULE(this.options)) ?? []
    const encoding = this.OPTION7(() => this.SUBRULE(this.encoding)) ?? null
    this.MANY1(() => included.push(this.SUBRULE1(this.inclusion)))
    const query = this.OPTION3(() => {
      this.CONSUME(word.AS)
      return this.SUBRULE(this.query)
    })
    const span = this.span(start)
    return {
      kind: 'create-relation',
      object,
      orReplace,
      name,
      ifNotExists,
      ...elements,
      partitionedBy,
      partitions,
      appendOnly,
      options,
      encoding,
      ...(included.length === 0 ? {} : { included }),
      query: query ?? null,
      span,
    }
  })

  /** INCLUDE key [AS name]; a header of some name is not told apart. */
  inclusion = this.RULE('inclusion', (): Inclusion => {
    const start = this.start()
    this.CONSUME(word.INCLUDE)
    const key = this.CONSUME(identifier) as Token
    const name = this.OPTION({
      // AS SELECT begins the query.
      GATE: () => !this.queryAhead(2),
      DEF: () => {
        this.CONSUME(word.AS)
        return this.identifierOf(this.CONSUME1(identifier))
      },
    })
    const span = this.span(start)
    return this.ACTION(() => {
      return { kind: 'inclusion' as const, key: key.value.toLowerCase(), name: name ?? null, span }
    })
  })

  /** METADATA [FROM 'key'] [VIRTUAL]. */
  metadata = this.RULE('metadata', (): NonNullable<ColumnDefinition['metadata']> => {
    const start = this.start()
    this.CONSUME(word.METADATA)
    const from = this.OPTION(() => {
      this.CONSUME(word.FROM)
      return this.CONSUME(kinds.string) as Token
    })
    const virtual = this.OPTION1(() => this.CONSUME(word.VIRTUAL)) !== undefined
    const span = this.span(start)
    return this.ACTION(() => ({ key: from === undefined ? null : from.value, virtual, span }))
  })

  /** FORMAT format ENCODE encode [(options)]. */
  encoding = this.RULE('encoding', (): Encoding => {
    const start = this.start()
    this.CONSUME(word.FORMAT)
    const format = this.CONSUME(identifier) as Token
    this.CONSUME(word.ENCODE)
    const encode = this.CONSUME1(identifier) as Token
    const options = this.OPTION(() => this.SUBRULE(this.pairs)) ?? []
    const span = this.span(start)
    return this.ACTION(() => ({
      kind: 'encoding' as const,
      format: format.upper,
      encode: encode.upper,
      options,
      span,
    }))
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
    this.refuse('element')
    this.OR({
      DEF: [
        {
          GATE: () => this.LA(2).tokenType === word.FOR,
          ALT: () => {
            const at = this.LA(1)
            const watermark = this.SUBRULE(this.watermark)
            this.ACTION(() => {
              if (elements.watermark !== null) this.mistaken('a second WATERMARK', at)
              elements.watermark = watermark
            })
          },
        },
        {
          GATE: () => this.constraintAhead(),
          ALT: () => {
            const constraint = this.SUBRULE(this.tableConstraint)
            this.ACTION(() => elements.constraints.push(constraint))
          },
        },
        {
          ALT: () => {
            const column = this.SUBRULE(this.column, { ARGS: [elements] })
            this.ACTION(() => elements.columns.push(column))
          },
        },
      ],
      IGNORE_AMBIGUITIES: true,
    })
  })

  column = this.RULE('column', (elements: Elements): ColumnDefinition => {
    const start = this.start()
    const name = this.identifierOf(this.CONSUME(identifier))
    this.refuse('type')
    const type = this.OPTION1({
      GATE: () => this.LA(1).tokenType !== word.AS,
      DEF: () => this.SUBRULE(this.type),
    })
    const computed = this.OPTION2(() => {
      this.CONSUME(word.AS)
      return this.SUBRULE(this.expression)
    })
    this.ACTION(() => {
      if (type === undefined && computed === undefined && !this.#contentsAhead()) {
        this.unexpected('a type')
      }
    })
    let notNull = false
    let metadata: ColumnDefinition['metadata']
    const constraints: Constraint[] = []
    this.MANY(() =>
      this.OR([
        {
          ALT: () => {
            metadata = this.SUBRULE(this.metadata)
          },
        },
        {
          ALT: () => {
            this.CONSUME(word.NOT)
            this.CONSUME(word.NULL)
            notNull = true
          },
        },
        { ALT: () => void this.CONSUME1(word.NULL) },
        { ALT: () => void constraints.push(this.SUBRULE(this.columnConstraint)) },
        { ALT: () => this.SUBRULE(this.lateness, { ARGS: [elements, name] }) },
      ]),
    )
    const span = this.span(start)
    const told = metadata === undefined ? {} : { metadata }
    const parts = { type: type ?? null, notNull, computed: computed ?? null, ...told, constraints }
    return { kind: 'column-definition', name, ...parts, span }
  })

  /** Whether AS, a query, stands behind the list of columns at hand: then they need no types. */
  #contentsAhead(): boolean {
    let [at, depth] = [1, 0]
    for (; depth > 0 || this.LA(at).tokenType !== kinds.close; at++) {
      const { tokenType } = this.LA(at)
      if (tokenType === EOF) return false
      if (tokenType === kinds.open) depth++
      else if (tokenType === kinds.close) depth--
    }
    return this.LA(at + 1).tokenType === word.AS
  }

  watermark = this.RULE('watermark', (): WatermarkDefinition => {
    const start = this.start()
    this.CONSUME(word.WATERMARK)
    this.CONSUME(word.FOR)
    const column = this.identifierOf(this.CONSUME(identifier))
    const delayed = this.OPTION(() => {
      this.CONSUME(word.AS)
      return this.SUBRULE(this.expression)
    })
    const options: WatermarkOptions = { ahead: null, idle: null, late: null }
    this.MANY({
      GATE: () => watermarkOptions.has(this.upper(1)),
      DEF: () => {
        const option = this.CONSUME1(identifier) as Token
        this.SUBRULE(this.watermarkOption, { ARGS: [option, options] })
      },
    })
    const parts = { delayed: delayed ?? null, ...options }
    return { kind: 'watermark', column, ...parts, span: this.span(start) }
  })

  /** LATENESS i of a column is WATERMARK FOR it AS it - i. */
  lateness = this.RULE('lateness', (elements: Elements, column: Identifier): void => {
    const start = this.start()
    const at = this.CONSUME(word.LATENESS)
    const right = this.SUBRULE(this.expression)
    this.ACTION(() => {
      if (elements.watermark !== null) this.mistaken('a second WATERMARK', at)
      const span = this.span(start)
      const left = { kind: 'column' as const, path: [column], span: column.span }
      const delayed = { kind: 'binary' as const, operator: '-' as const, left, right, span }
      const options = { ahead: null, idle: null, late: null }
      elements.watermark = { kind: 'watermark', column, delayed, ...options, span }
    })
  })

  /** IDLE NEVER, IDLE TIMEOUT i, MAX AHEAD i, LATE ROWS DROP, LATE ROWS or DATA TO s, ALLOW LATENESS i. */
  watermarkOption = this.RULE(
    'watermarkOption',
    (option: Token, options: WatermarkOptions): void => {
      const kind = option?.upper as 'IDLE' | 'MAX' | 'LATE' | 'ALLOW'
      const start = option?.start ?? 0
      this.ACTION(() => {
        const other = { IDLE: 'NEVER', LATE: 'DATA', MAX: '', ALLOW: '' }[kind]
        if (this.upper(1) === other) return
        this.expectWord({ IDLE: 'TIMEOUT', LATE: 'ROWS', MAX: 'AHEAD', ALLOW: 'LATENESS' }[kind])
      })
      const second = this.CONSUME(identifier) as Token
      const never = second?.upper === 'NEVER'
      const given = this.OR([
        {
          GATE: () => kind === 'LATE',
          ALT: (): Expression | LateRows | null => this.SUBRULE(this.lateRows, { ARGS: [start] }),
        },
        {
          GATE: () => kind !== 'LATE' && !never,
          ALT: (): Expression | null => this.SUBRULE(this.expression),
        },
        { GATE: () => never, ALT: (): Expression | null => null },
      ])
      this.ACTION(() => {
        const span = this.span(start)
        const again = () => this.mistaken(`a second ${kind} ${second.upper}`, option)
        if (kind === 'IDLE' || kind === 'MAX') {
          const name = kind === 'IDLE' ? 'idle' : 'ahead'
          if (options[name] !== null) again()
          if (never) options.idle = 'never'
          else options[name] = given as Expression
          return
        }
        const { late } = options
        const within = given as Expression
        const next =
          kind === 'LATE'
            ? (given as LateRows)
            : { kind: 'late-rows' as const, to: null, within, span }
        if (late !== null && (late.to === null) === (next.to === null)) again()
        options.late =
          late === null
            ? next
            : { ...next, to: late.to ?? next.to, within: late.within ?? next.within }
      })
    },
  )

  /** DROP, TO name, UPDATE WITHIN interval. */
  lateRows = this.RULE('lateRows', (start: number): LateRows => {
    const late = { kind: 'late-rows' as const, to: null, within: null }
    return this.OR([
      {
        ALT: (): LateRows => {
          this.CONSUME(word.DROP)
          return { ...late, span: this.span(start) }
        },
      },
      {
        ALT: (): LateRows => {
          this.CONSUME(word.TO)
          const to = this.SUBRULE(this.path)
          return { ...late, to, span: this.span(start) }
        },
      },
      {
        ALT: (): LateRows => {
          this.CONSUME(word.UPDATE)
          this.ACTION(() => this.expectWord('WITHIN'))
          this.CONSUME(identifier)
          const within = this.SUBRULE(this.expression)
          return { ...late, within, span: this.span(start) }
        },
      },
    ])
  })

  options = this.RULE('options', (): Option[] => {
    this.CONSUME(word.WITH)
    return this.SUBRULE(this.pairs)
  })

  /** (key = value, …) */
  pairs = this.RULE('pairs', (): Option[] => {
    const options: Option[] = []
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
    const start = this.start()
    const key = this.SUBRULE(this.key)
    this.CONSUME(kinds.equal)
    const value = this.SUBRULE(this.setting)
    return { kind: 'option', key, value, span: this.span(start) }
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
    const start = this.start()
    this.CONSUME(word.DROP)
    const temporary = this.OPTION1(() => this.SUBRULE(this.temporary))
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
      {
        GATE: () => !materialized,
        ALT: () => this.CONSUME(objects.sink),
      },
      {
        GATE: () => !materialized,
        ALT: () => this.CONSUME(objects.subscription),
      },
      {
        GATE: () => !materialized,
        ALT: () => this.CONSUME(objects.function),
      },
      {
        GATE: () => !materialized,
        ALT: () => this.CONSUME(objects.source),
      },
      {
        GATE: () => !materialized,
        ALT: () => this.CONSUME(word.AGGREGATE),
      },
      {
        GATE: () => !materialized && temporary === undefined,
        ALT: () => this.CONSUME(objects.schema),
      },
      {
        GATE: () => !materialized && temporary === undefined,
        ALT: () => this.CONSUME(objects.type),
      },
      {
        GATE: () => !materialized && temporary === undefined,
        ALT: () => this.CONSUME(objects.connection),
      },
    ])
    const ifExists = this.SUBRULE(this.ifExists)
    const name = this.SUBRULE(this.path)
    const others: Path[] = []
    this.MANY(() => {
      this.CONSUME(kinds.comma)
      others.push(this.SUBRULE1(this.path))
    })
    const cascade =
      this.OPTION2(() =>
        this.OR1([
          {
            ALT: () => {
              this.CONSUME(word.CASCADE)
              return true
            },
          },
          {
            ALT: () => {
              this.CONSUME(word.RESTRICT)
              return false
            },
          },
        ]),
      ) ?? false
    const object = (materialized ? 'materialized view' : token?.image?.toLowerCase()) as Of<
      Statement,
      'drop'
    >['object']
    const words = temporary === undefined ? {} : { temporary }
    const span = this.span(start)
    return { kind: 'drop', object, ...words, name, others, cascade, ifExists, span }
  })
}
