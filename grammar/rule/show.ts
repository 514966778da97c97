/**
 * Show rules: what a session may look at and set: SHOW, DESCRIBE, SET and RESET.
 */
import { EOF, type ParserMethod } from 'chevrotain'
import type { Token } from '../scanner.ts'
import type { LikePattern, Path, Shown, Statement } from '../tree.ts'
import { identifier, kinds, word } from '../words.ts'
import { CopyRules } from './copy.ts'

type Of<U, K> = Extract<U, { kind: K }>
type Setting = string | number | boolean | null

/** What stands behind the name of a setting. */
const settingEnds: ReadonlySet<string> = new Set(['=', 'TO', '.', '-'])

/** What is in no schema and of no relation. */
const unplaced: ReadonlySet<Shown> = new Set([
  'functions',
  'queries',
  'schemas',
  'types',
  'connections',
  'all',
])

export abstract class ShowRules extends CopyRules {
  /** SET [SESSION | LOCAL] name = | TO value [, value]…, SET TIME ZONE value, SET SCHEMA value. */
  set = this.RULE('set', (): Statement => {
    const start = this.start()
    this.CONSUME(word.SET)
    this.OPTION({
      GATE: () => /^(SESSION|LOCAL)$/.test(this.upper(1)) && !settingEnds.has(this.upper(2)),
      DEF: () => this.CONSUME(identifier),
    })
    const bare = this.#zoneAhead() || this.#schemaAhead()
    const name = this.SUBRULE(this.settingName)
    this.OPTION1({
      GATE: () => !bare || settingEnds.has(this.upper(1)),
      DEF: () => {
        this.OR([{ ALT: () => this.CONSUME(kinds.equal) }, { ALT: () => this.CONSUME(word.TO) }])
      },
    })
    this.ACTION(() => {
      if (!bare && !settingEnds.has(this.upper(0))) this.unexpected('=')
    })
    const value = this.OR1([
      {
        ALT: (): Setting => {
          this.CONSUME(word.DEFAULT)
          return null
        },
      },
      { ALT: (): Setting => this.SUBRULE(this.settings) },
    ])
    const overflow = this.OPTION2(() => this.SUBRULE(this.overflow))
    const more = overflow === undefined ? {} : { overflow }
    return { kind: 'set', name, value, ...more, span: this.span(start) }
  })

  /** One value, or several as one text. */
  settings = this.RULE('settings', (): Setting => {
    const values: Setting[] = []
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        values.push(this.SUBRULE(this.setting))
      },
    })
    return values.length === 1 ? values[0]! : values.join(', ')
  })

  /** ON OVERFLOW FAIL | EVICT OLDEST | SPILL. */
  overflow = this.RULE('overflow', (): NonNullable<Of<Statement, 'set'>['overflow']> => {
    this.CONSUME(word.ON)
    this.CONSUME(word.OVERFLOW)
    return this.OR([
      {
        ALT: () => {
          this.CONSUME(word.FAIL)
          return 'fail' as const
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.EVICT)
          this.CONSUME(word.OLDEST)
          return 'evict oldest' as const
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.SPILL)
          return 'spill' as const
        },
      },
    ])
  })

  #zoneAhead(): boolean {
    if (this.RECORDING_PHASE) return false
    return this.upper(1) === 'TIME' && this.upper(2) === 'ZONE'
  }

  #schemaAhead(): boolean {
    if (this.RECORDING_PHASE) return false
    return this.upper(1) === 'SCHEMA' && !settingEnds.has(this.upper(2))
  }

  /** TIME ZONE, or the name of a setting. */
  settingName = this.RULE('settingName', (): string =>
    this.OR({
      DEF: [
        {
          GATE: () => this.#zoneAhead(),
          ALT: () => {
            this.CONSUME(identifier)
            this.CONSUME1(identifier)
            return 'time zone'
          },
        },
        { ALT: () => this.SUBRULE(this.key) },
      ],
      IGNORE_AMBIGUITIES: true,
    }),
  )

  /** RESET name | ALL. */
  resetSetting = this.RULE('resetSetting', (): Statement => {
    const start = this.start()
    this.CONSUME(word.RESET)
    const name = this.OR({
      DEF: [
        {
          ALT: () => {
            this.CONSUME(word.ALL)
            return null
          },
        },
        { ALT: () => this.SUBRULE(this.settingName) },
      ],
      IGNORE_AMBIGUITIES: true,
    })
    return { kind: 'reset', name, span: this.span(start) }
  })

  /** SHOW a list of things [FROM schema] [[NOT] LIKE pattern], COLUMNS FROM a relation, CREATE …, or a setting. */
  show: ParserMethod<[], Statement> = this.RULE('show', (): Statement => {
    const start = this.start()
    this.CONSUME(word.SHOW)
    return this.OR({
      DEF: [
        {
          GATE: () => this.#listAhead(),
          ALT: (): Statement => {
            const what = this.SUBRULE(this.shown)
            const of = this.OPTION({
              GATE: () => !unplaced.has(what),
              DEF: () => this.SUBRULE(this.shownOf),
            })
            this.ACTION(() => {
              if (what === 'columns' && of === undefined) this.unexpected('FROM')
            })
            const like = this.OPTION1(() => this.SUBRULE(this.likePattern)) ?? null
            return { kind: 'show', what, of: of ?? null, like, span: this.span(start) }
          },
        },
        { ALT: (): Statement => this.SUBRULE(this.showCreate, { ARGS: [start] }) },
        {
          ALT: (): Statement => {
            this.CONSUME(word.ALL)
            const like = this.OPTION2(() => this.SUBRULE1(this.likePattern)) ?? null
            return { kind: 'show', what: 'all', of: null, like, span: this.span(start) }
          },
        },
        {
          ALT: (): Statement => {
            const name = this.SUBRULE(this.settingName)
            return { kind: 'show-setting', name, span: this.span(start) }
          },
        },
      ],
      IGNORE_AMBIGUITIES: true,
    })
  })

  /** A setting may have the name of a list, with `=` or a dot behind it nowhere. */
  #listAhead(): boolean {
    return this.LA(2).tokenType !== kinds.dot && this.LA(2).tokenType !== kinds.minus
  }

  shown = this.RULE('shown', (): Shown => {
    const token = this.OR([
      { ALT: () => this.CONSUME(word.STREAMS) },
      { ALT: () => this.CONSUME(word.TABLES) },
      { ALT: () => this.CONSUME(word.SOURCES) },
      { ALT: () => this.CONSUME(word.SINKS) },
      { ALT: () => this.CONSUME(word.VIEWS) },
      {
        ALT: () => {
          const first = this.CONSUME(word.MATERIALIZED)
          this.CONSUME1(word.VIEWS)
          return first
        },
      },
      { ALT: () => this.CONSUME(word.FUNCTIONS) },
      { ALT: () => this.CONSUME(word.QUERIES) },
      { ALT: () => this.CONSUME(word.SUBSCRIPTIONS) },
      { ALT: () => this.CONSUME(word.SCHEMAS) },
      { ALT: () => this.CONSUME(word.TYPES) },
      { ALT: () => this.CONSUME(word.CONNECTIONS) },
      { ALT: () => this.CONSUME(word.COLUMNS) },
    ])
    return this.ACTION(() => {
      const { upper } = token as Token
      return (upper === 'MATERIALIZED' ? 'materialized views' : upper.toLowerCase()) as Shown
    })
  })

  /** FROM or IN a relation, or a schema. */
  shownOf = this.RULE('shownOf', (): Path => {
    this.OR([{ ALT: () => this.CONSUME(word.FROM) }, { ALT: () => this.CONSUME(word.IN) }])
    return this.SUBRULE(this.path)
  })

  /** [NOT] LIKE | ILIKE 'pattern'. */
  likePattern = this.RULE('likePattern', (): LikePattern => {
    const start = this.start()
    const negated = this.OPTION(() => this.CONSUME(word.NOT)) !== undefined
    const like = this.OR([
      { ALT: () => this.CONSUME(word.LIKE) },
      { ALT: () => this.CONSUME(word.ILIKE) },
    ])
    const { value } = this.CONSUME(kinds.string) as Token
    const anyCase = like?.tokenType === word.ILIKE
    return { kind: 'like-pattern', pattern: value, anyCase, negated, span: this.span(start) }
  })

  /** SHOW CREATE [kind of object] name. */
  showCreate = this.RULE('showCreate', (start: number): Statement => {
    this.CONSUME(word.CREATE)
    const object = this.OPTION({
      GATE: () => this.LA(2).tokenType !== EOF && this.LA(2).tokenType !== kinds.dot,
      DEF: () => this.SUBRULE(this.createdObject),
    })
    const name = this.SUBRULE(this.path)
    return { kind: 'show-create', object: object ?? null, name, span: this.span(start) }
  })

  createdObject = this.RULE(
    'createdObject',
    (): NonNullable<Of<Statement, 'show-create'>['object']> => {
      const token = this.OR([
        { ALT: () => this.CONSUME(word.STREAM) },
        { ALT: () => this.CONSUME(word.TABLE) },
        { ALT: () => this.CONSUME(word.SOURCE) },
        { ALT: () => this.CONSUME(word.SINK) },
        { ALT: () => this.CONSUME(word.SUBSCRIPTION) },
        { ALT: () => this.CONSUME(word.VIEW) },
        { ALT: () => this.CONSUME(word.FUNCTION) },
        {
          ALT: () => {
            const first = this.CONSUME(word.MATERIALIZED)
            this.CONSUME1(word.VIEW)
            return first
          },
        },
      ])
      return this.ACTION(() => {
        const { upper } = token as Token
        const text = upper === 'MATERIALIZED' ? 'materialized view' : upper.toLowerCase()
        return text as NonNullable<Of<Statement, 'show-create'>['object']>
      })
    },
  )

  /** DESCRIBE [TABLE …] name | query. */
  describe = this.RULE('describe', (): Statement => {
    const start = this.start()
    this.OR([{ ALT: () => this.CONSUME(word.DESCRIBE) }, { ALT: () => this.CONSUME(word.DESC) }])
    return this.OR1([
      {
        // DESCRIBE TABLE t is of the table, not of the query TABLE t.
        GATE: () => this.LA(1).tokenType !== word.TABLE && this.queryAhead(1),
        ALT: (): Statement => {
          const query = this.SUBRULE(this.query)
          return { kind: 'describe-query', query, span: this.span(start) }
        },
      },
      {
        ALT: (): Statement => {
          this.OPTION({
            GATE: () => this.LA(2).tokenType !== EOF && this.LA(2).tokenType !== kinds.dot,
            DEF: () => this.SUBRULE(this.createdObject),
          })
          const name = this.SUBRULE(this.path)
          return { kind: 'describe', name, span: this.span(start) }
        },
      },
    ])
  })
}
