/**
 * Relation rules: what stands behind FROM: tables, queries in parentheses, joins and windows.
 */
import type { ParserMethod } from 'chevrotain'
import type { Token } from '../scanner.ts'
import type { Expression, Identifier, JoinWord, Option, Relation } from '../tree.ts'
import { alias, identifier, kinds, word } from '../words.ts'
import { QueryRules } from './query.ts'

type Of<U, K> = Extract<U, { kind: K }>
type Window = Of<Relation, 'window'>
type WindowParts = {
  source?: Relation
  time?: Identifier
  slide?: Expression | undefined
  size?: Expression | undefined
  offset?: Expression | undefined
}

const seriesFunctions: ReadonlySet<string> = new Set(['GENERATE_SERIES', 'RANGE'])
const windowWords: ReadonlySet<string> = new Set(['TUMBLE', 'HOP'])
const windowFields: ReadonlyMap<string, 'slide' | 'size' | 'offset'> = new Map([
  ['SLIDE', 'slide'],
  ['SIZE', 'size'],
  ['OFFSET', 'offset'],
])

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

export abstract class RelationRules extends QueryRules {
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
          this.CONSUME(word.NATURAL)
          natural = true
          join = this.SUBRULE(this.joinWords)
          return this.SUBRULE2(this.relation)
        },
      },
      {
        ALT: () => {
          join = this.SUBRULE1(this.joinWords)
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
    const span = this.span(start)
    const named = natural ? { natural } : {}
    return { kind: 'join', join, ...named, left, right, on, using, span }
  })

  /** [INNER] JOIN, LEFT | RIGHT | FULL [OUTER] JOIN, [LEFT] SEMI | ANTI JOIN. */
  joinWords = this.RULE('joinWords', (): JoinWord => {
    let join = 'inner'
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
    this.CONSUME(word.JOIN)
    return join as JoinWord
  })

  relation = this.RULE('relation', (): Relation => {
    this.refuse('relation')
    return this.OR({
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
          GATE: () => this.LA(2).tokenType === kinds.open && seriesFunctions.has(this.upper(1)),
          ALT: () => this.SUBRULE(this.functionRelation),
        },
        {
          GATE: () => this.LA(2).tokenType === kinds.open,
          ALT: () => this.SUBRULE(this.window),
        },
        { ALT: () => this.SUBRULE(this.table) },
      ],
      IGNORE_AMBIGUITIES: true,
    })
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

  /** generate_series(1, 10) [AS t [(n)]]. */
  functionRelation = this.RULE('functionRelation', (): Relation => {
    const start = this.start()
    const name = this.identifierOf(this.CONSUME(identifier))
    this.CONSUME(kinds.open)
    const args = this.OPTION(() => this.SUBRULE(this.expressions))
    this.CONSUME(kinds.close)
    let columnAliases: Identifier[] = []
    const alias = this.OPTION1(() => {
      const found = this.SUBRULE(this.aliasOf)
      this.OPTION2(() => {
        columnAliases = this.SUBRULE(this.names)
      })
      return found
    })
    const span = this.span(start)
    return { kind: 'function', name, args: args ?? [], alias: alias ?? null, columnAliases, span }
  })

  aliasOf = this.RULE(
    'aliasOf',
    (): Identifier =>
      this.OR([
        {
          ALT: () => {
            this.CONSUME(word.AS)
            return this.identifierOf(this.CONSUME(identifier))
          },
        },
        { ALT: () => this.identifierOf(this.CONSUME1(alias)) },
      ]),
  )

  table = this.RULE('table', (): Relation => {
    const start = this.start()
    const path = this.SUBRULE(this.path)
    this.ACTION(() => {
      if (this.LA(1).tokenType !== kinds.open) return
      const name = path.parts.map((p) => p.name.toUpperCase()).join('.')
      this.unsupported(`table function ${name}`, start)
    })
    const named = this.SUBRULE(this.aliases)
    return { kind: 'table', path, ...named, span: this.span(start) }
  })

  /** [[AS] name [(columns)]]. */
  aliases = this.RULE('aliases', (): Pick<Of<Relation, 'table'>, 'alias' | 'columnAliases'> => {
    let columnAliases: Identifier[] = []
    const alias = this.OPTION(() => {
      const found = this.SUBRULE(this.aliasOf)
      this.OPTION1(() => {
        columnAliases = this.SUBRULE(this.names)
      })
      return found
    })
    return columnAliases.length === 0
      ? { alias: alias ?? null }
      : { alias: alias ?? null, columnAliases }
  })

  /** TABLE(TUMBLE(…)). */
  tableFunction = this.RULE('tableFunction', (): Relation => {
    const start = this.start()
    this.CONSUME(word.TABLE)
    this.CONSUME(kinds.open)
    this.refuse('relation')
    this.ACTION(() => {
      const call = this.LA(2).tokenType === kinds.open && this.upper(1) !== ''
      if (call && !windowWords.has(this.upper(1))) {
        this.unsupported(`table function ${this.upper(1)}`)
      }
    })
    const window = this.SUBRULE(this.windowCall)
    this.CONSUME(kinds.close)
    return this.SUBRULE(this.windowAlias, { ARGS: [window, start] })
  })

  window = this.RULE('window', (): Relation => {
    const start = this.start()
    const window = this.SUBRULE(this.windowCall)
    return this.SUBRULE(this.windowAlias, { ARGS: [window, start] })
  })

  windowAlias = this.RULE('windowAlias', (window: Window, start: number): Relation => {
    const named = this.SUBRULE(this.aliases)
    this.ACTION(() => {
      Object.assign(window, named)
      window.span = this.span(start)
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
      this.mistaken(`${head.upper} lacks an argument`, head, {
        detail: `it takes ${wanted} [, OFFSET]`,
      })
    }
    if (!hop && parts.slide !== undefined) {
      this.mistaken('TUMBLE has no SLIDE', head, { hint: 'did you mean HOP?' })
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
      span: this.span(head.start),
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
        if (more.length > 0) this.mistaken(`${head.upper} has too many arguments`, head)
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
              this.mistaken(`unknown argument ${name.value}`, name, {
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
    if (parts[field] !== undefined) this.mistaken(`argument ${name.value} stands twice`, name)
    parts[field] = value
  }

  /** `[TABLE] name` or a query in parentheses. */
  windowSource = this.RULE('windowSource', (): Relation => {
    this.OPTION(() => this.CONSUME(word.TABLE))
    const start = this.start()
    const source = this.OR([
      {
        ALT: (): Relation => {
          const path = this.SUBRULE(this.path)
          return { kind: 'table', path, alias: null, span: this.span(start) }
        },
      },
      {
        ALT: (): Relation => {
          this.CONSUME(kinds.open)
          const query = this.SUBRULE(this.query)
          this.CONSUME(kinds.close)
          return { kind: 'derived', query, alias: null, columnAliases: [], span: this.span(start) }
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
              const name = this.identifierOf(this.CONSUME(identifier))
              this.CONSUME(kinds.close)
              return name
            },
          },
          { ALT: () => this.identifierOf(this.CONSUME1(identifier)) },
        ],
        IGNORE_AMBIGUITIES: true,
      }),
  )
}
