/**
 * Relation rules: what stands behind FROM: tables, queries in parentheses, and joins.
 */
import type { ParserMethod } from 'chevrotain'
import type { Token } from '../scanner.ts'
import type { Asof, Expression, Identifier, JoinWord, Option, Relation, Within } from '../tree.ts'
import { identifier, kinds, word } from '../words.ts'
import { WindowRules } from './window.ts'

type Of<U, K> = Extract<U, { kind: K }>
type FunctionRelation = Of<Relation, 'function'>

/** Functions that read files, with their spellings elsewhere. */
const fileFunctions: ReadonlyMap<string, string> = new Map([
  ['READ_CSV', 'READ_CSV'],
  ['READ_CSV_AUTO', 'READ_CSV'],
  ['READ_JSON', 'READ_JSON'],
  ['READ_JSON_AUTO', 'READ_JSON'],
  ['READ_NDJSON', 'READ_JSON'],
  ['READ_PARQUET', 'READ_PARQUET'],
  ['READ_ARROW', 'READ_ARROW'],
])

export abstract class RelationRules extends WindowRules {
  abstract key: ParserMethod<[], string>
  abstract setting: ParserMethod<[], string | number | boolean>

  from = this.RULE('from', (): Relation => {
    this.CONSUME(word.FROM)
    return this.SUBRULE(this.relations)
  })

  /** Relations with commas between them. */
  relations = this.RULE('relations', (): Relation => {
    const start = this.start()
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
        span: this.span(start),
      }
    })
    return left
  })

  joined: ParserMethod<[], Relation> = this.RULE('joined', (): Relation => {
    const start = this.start()
    this.enter()
    let left = this.SUBRULE(this.relation)
    this.MANY(() => {
      left = this.SUBRULE(this.joinTail, { ARGS: [left, start] })
    })
    this.leave()
    return left
  })

  joinTail = this.RULE('joinTail', (left: Relation, start: number): Relation => {
    let join: JoinWord = 'inner'
    let natural = false
    let asof: Asof | null = null
    let within: Within | undefined
    let on: Expression | null = null
    let using: Identifier[] = []
    const named = (words: { join: JoinWord; asof: boolean }) => {
      join = words?.join
      if (words?.asof) asof = { match: null }
    }
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
          this.CONSUME(word.NATURAL)
          natural = true
          named(this.SUBRULE(this.joinWords))
          return this.SUBRULE2(this.relation)
        },
      },
      {
        ALT: () => {
          named(this.SUBRULE1(this.joinWords))
          const relation = this.SUBRULE1(this.relation)
          this.OPTION({
            GATE: () => asof !== null,
            DEF: () => {
              this.CONSUME(word.MATCH_CONDITION)
              this.CONSUME(kinds.open)
              const match = this.SUBRULE1(this.expression)
              this.CONSUME(kinds.close)
              asof = { match }
            },
          })
          within = this.OPTION2(() => this.SUBRULE(this.within))
          // What MATCH_CONDITION says may be all.
          const said = () => asof === null || asof.match === null
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
            { GATE: () => !said(), ALT: () => {} },
          ])
          return relation
        },
      },
    ])
    const span = this.span(start)
    const how = {
      ...(natural ? { natural } : {}),
      ...(asof === null ? {} : { asof }),
      ...(within === undefined ? {} : { within }),
    }
    return { kind: 'join', join, ...how, left, right, on, using, span }
  })

  /** [INNER] JOIN, LEFT | RIGHT | FULL [OUTER] JOIN, [LEFT] SEMI | ANTI JOIN, ASOF before or behind these words. */
  joinWords = this.RULE('joinWords', (): { join: JoinWord; asof: boolean } => {
    let join = 'inner'
    let asof = false
    this.OPTION3(() => {
      this.CONSUME(word.ASOF)
      asof = true
    })
    const half = () =>
      this.OR1([{ ALT: () => this.CONSUME(word.SEMI) }, { ALT: () => this.CONSUME(word.ANTI) }])
    this.OPTION(() => {
      join = this.OR([
        { ALT: () => this.CONSUME(word.INNER) },
        { ALT: half },
        {
          ALT: () => {
            const side = this.CONSUME(word.LEFT)
            const other = this.OPTION1(() =>
              this.OR2([
                { ALT: () => void this.CONSUME(word.OUTER) },
                { ALT: () => this.CONSUME1(word.SEMI) },
                { ALT: () => this.CONSUME1(word.ANTI) },
              ]),
            )
            return other ?? side
          },
        },
        {
          ALT: () => {
            const side = this.OR3([
              { ALT: () => this.CONSUME(word.RIGHT) },
              { ALT: () => this.CONSUME(word.FULL) },
            ])
            this.OPTION2(() => this.CONSUME1(word.OUTER))
            return side
          },
        },
      ])?.image?.toLowerCase()
    })
    this.OPTION4({
      GATE: () => !asof,
      DEF: () => {
        this.CONSUME1(word.ASOF)
        asof = true
      },
    })
    this.CONSUME(word.JOIN)
    return { join: join as JoinWord, asof }
  })

  /** A relation, and the pattern that is looked for in its rows. */
  relation = this.RULE('relation', (): Relation => {
    this.refuse('relation')
    const start = this.start()
    const found = this.OR({
      DEF: [
        {
          GATE: () => this.queryAhead(2),
          ALT: () => this.SUBRULE(this.derived),
        },
        {
          ALT: () => {
            const start = this.start()
            this.CONSUME(kinds.open)
            const inner = this.SUBRULE(this.joined)
            this.CONSUME(kinds.close)
            this.ACTION(() => {
              const next = this.LA(1).tokenType
              const named = next === kinds.name || next === kinds.quotedName || next === word.AS
              if (named) this.unsupported('an alias of a parenthesized relation', start)
            })
            return inner
          },
        },
        { ALT: () => this.SUBRULE(this.tableFunction) },
        {
          GATE: () =>
            this.LA(1).tokenType === kinds.string ||
            (fileFunctions.has(this.upper(1)) && this.LA(2).tokenType === kinds.open),
          ALT: () => this.SUBRULE(this.file),
        },
        {
          GATE: () => this.#lateralAhead(),
          ALT: () => this.SUBRULE(this.lateral),
        },
        {
          GATE: () => this.LA(2).tokenType === kinds.open && this.windowAhead(),
          ALT: () => this.SUBRULE(this.window),
        },
        {
          GATE: () => this.changelogAhead() && this.LA(2).tokenType === kinds.open,
          ALT: () => this.SUBRULE(this.changelog),
        },
        {
          GATE: () => this.LA(2).tokenType === kinds.open,
          ALT: () => this.SUBRULE(this.functionRelation),
        },
        { ALT: () => this.SUBRULE(this.table) },
      ],
      IGNORE_AMBIGUITIES: true,
    })
    return this.OPTION(() => this.SUBRULE(this.match, { ARGS: [found, start] })) ?? found
  })

  #lateralAhead(): boolean {
    const next = this.LA(2).tokenType
    const opens = next === kinds.open || next === word.TABLE
    return opens || this.LA(3).tokenType === kinds.open
  }

  /** LATERAL before a query or a function, which may name columns of the relations before it. */
  lateral = this.RULE('lateral', (): Relation => {
    const start = this.start()
    this.CONSUME(word.LATERAL)
    const found = this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.derived) },
        { ALT: () => this.SUBRULE(this.tableFunction) },
        { ALT: () => this.SUBRULE(this.functionRelation) },
      ],
      IGNORE_AMBIGUITIES: true,
    }) as Relation
    return this.ACTION(() => {
      if (found.kind !== 'derived' && found.kind !== 'function')
        this.unsupported('LATERAL of a window', start)
      return { ...found, lateral: true, span: this.span(start) } as Relation
    }) as Relation
  })

  /** 'f.csv', or READ_CSV('f.csv', header = true). */
  file = this.RULE('file', (): Relation => {
    const start = this.start()
    const options: Option[] = []
    let called: string | null = null
    const path = this.OR([
      { ALT: () => this.CONSUME(kinds.string) },
      {
        ALT: () => {
          const name = this.CONSUME(identifier)
          this.ACTION(() => {
            called = fileFunctions.get((name as Token).upper) ?? null
          })
          this.CONSUME(kinds.open)
          const found = this.CONSUME1(kinds.string)
          this.MANY(() => {
            this.CONSUME(kinds.comma)
            options.push(this.SUBRULE(this.fileOption))
          })
          this.CONSUME(kinds.close)
          return found
        },
      },
    ]) as Token
    const named = this.SUBRULE(this.aliases)
    return {
      kind: 'file',
      function: called,
      path: path?.value,
      options,
      ...named,
      span: this.span(start),
    }
  })

  /** header = true, or header => true. */
  fileOption = this.RULE('fileOption', (): Option => {
    const start = this.start()
    const key = this.SUBRULE(this.key)
    this.OR([{ ALT: () => this.CONSUME(kinds.equal) }, { ALT: () => this.CONSUME(kinds.arrow) }])
    const value = this.SUBRULE(this.setting)
    return { kind: 'option', key, value, span: this.span(start) }
  })

  derived = this.RULE('derived', (): Relation => {
    const start = this.start()
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
    return { kind: 'derived', query, alias: name ?? null, columnAliases, span: this.span(start) }
  })

  /** generate_series(1, 10) [WITH ORDINALITY] [AS t [(n)]], or a table function of the program. */
  functionRelation = this.RULE('functionRelation', (): Relation => {
    const start = this.start()
    const call = this.SUBRULE(this.functionCall)
    return this.SUBRULE(this.functionAlias, { ARGS: [call, start] })
  })

  functionCall = this.RULE('functionCall', (): FunctionRelation => {
    const start = this.start()
    this.ACTION(() => {
      if (this.LA(3).tokenType === word.TABLE) this.unsupported(`table function ${this.upper(1)}`)
    })
    const name = this.identifierOf(this.CONSUME(identifier))
    this.CONSUME(kinds.open)
    const args = this.OPTION(() => this.SUBRULE(this.expressions)) ?? []
    this.CONSUME(kinds.close)
    return { kind: 'function', name, args, alias: null, columnAliases: [], span: this.span(start) }
  })

  functionAlias = this.RULE('functionAlias', (call: FunctionRelation, start: number): Relation => {
    const ordinality = this.OPTION(() => {
      this.CONSUME(word.WITH)
      this.CONSUME(word.ORDINALITY)
      return { ordinality: true as const }
    })
    const { alias, columnAliases = [] } = this.SUBRULE(this.aliases) ?? { alias: null }
    return { ...call, ...ordinality, alias, columnAliases, span: this.span(start) }
  })

  table = this.RULE('table', (): Relation => {
    const start = this.start()
    const path = this.SUBRULE(this.path)
    this.ACTION(() => {
      if (this.LA(1).tokenType !== kinds.open) return
      const name = path.parts.map((p) => p.name.toUpperCase()).join('.')
      this.unsupported(`table function ${name}`, start)
    })
    const asOf = this.OPTION({
      GATE: () => this.upper(2) === 'SYSTEM_TIME',
      DEF: () => this.SUBRULE(this.systemTime),
    })
    const named = this.SUBRULE(this.aliases)
    const when = asOf === undefined ? {} : { asOf }
    return { kind: 'table', path, ...when, ...named, span: this.span(start) }
  })

  /** TABLE(TUMBLE(…)), TABLE(f(x)). */
  tableFunction = this.RULE('tableFunction', (): Relation => {
    const start = this.start()
    this.CONSUME(word.TABLE)
    this.CONSUME(kinds.open)
    this.refuse('relation')
    return this.OR({
      DEF: [
        {
          GATE: () => this.windowAhead(),
          ALT: (): Relation => {
            const window = this.SUBRULE(this.windowCall)
            this.CONSUME(kinds.close)
            return this.SUBRULE(this.windowAlias, { ARGS: [window, start] })
          },
        },
        {
          GATE: () => this.changelogAhead(),
          ALT: (): Relation => {
            const call = this.SUBRULE(this.changelogCall)
            this.CONSUME2(kinds.close)
            const named = this.SUBRULE(this.aliases)
            return { ...call, ...named, span: this.span(start) }
          },
        },
        {
          ALT: (): Relation => {
            const call = this.SUBRULE(this.functionCall)
            this.CONSUME1(kinds.close)
            return this.SUBRULE(this.functionAlias, { ARGS: [call, start] })
          },
        },
      ],
      IGNORE_AMBIGUITIES: true,
    })
  })
}
