/**
 * Window rules: the functions behind FROM that take rows: TUMBLE, HOP, CUMULATE, SESSION and TO_CHANGELOG.
 */
import type { Token } from '../scanner.ts'
import type { Changelog, Expression, Identifier, Relation, WindowWord } from '../tree.ts'
import { alias, identifier, kinds, word } from '../words.ts'
import { TemporalRules } from './temporal.ts'

type Of<U, K> = Extract<U, { kind: K }>
type Window = Of<Relation, 'window' | 'count-window'>
type WindowParts = {
  source?: Relation
  partition?: Identifier[]
  time?: Identifier
  slide?: Expression | undefined
  size?: Expression | undefined
  offset?: Expression | undefined
  onUpdate?: Expression | undefined
  rows?: Expression
  slideRows?: Expression
}

type WindowField = 'slide' | 'size' | 'offset' | 'onUpdate' | 'rows' | 'slideRows'

/** What each window function takes behind DATA and TIMECOL, in order; `slide` holds a step and `size` a gap, too. */
const windowArguments: Record<WindowWord, readonly (readonly [string, WindowField])[]> = {
  TUMBLE: [['SIZE', 'size'], ['OFFSET', 'offset']],
  HOP: [['SLIDE', 'slide'], ['SIZE', 'size'], ['OFFSET', 'offset']],
  CUMULATE: [['STEP', 'slide'], ['SIZE', 'size'], ['OFFSET', 'offset'], ['EMITONLYONUPDATE', 'onUpdate']],
  SESSION: [['GAP', 'size'], ['SIZE', 'size']],
} // biome-ignore format: a table
/** What the windows of so many rows take, by their names alone. */
const countArguments: Partial<Record<WindowWord, readonly (readonly [string, WindowField])[]>> = {
  TUMBLE: [['ROWS', 'rows']],
  HOP: [['SLIDE_ROWS', 'slideRows'], ['ROWS', 'rows']],
} // biome-ignore format: a table
/** The function that takes an argument, for those who give it to another. */
const windowOwners: ReadonlyMap<string, string> = new Map([
  ['SLIDE', 'HOP'],
  ['STEP', 'CUMULATE'],
  ['GAP', 'SESSION'],
  ['KEY', 'SESSION'],
  ['ROWS', 'TUMBLE'],
  ['SLIDE_ROWS', 'HOP'],
])

export abstract class WindowRules extends TemporalRules {
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

  protected windowAhead(): boolean {
    return Object.hasOwn(windowArguments, this.upper(1))
  }

  protected changelogAhead(): boolean {
    return this.upper(1) === 'TO_CHANGELOG'
  }

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
      { ALT: () => this.CONSUME(word.CUMULATE) },
      { ALT: () => this.CONSUME(word.SESSION) },
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
              DEF: () => this.SUBRULE(this.namedArgument, { ARGS: [parts, head] }),
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
    const called = head.upper as WindowWord
    const { source, time, size, partition = [] } = parts
    if (parts.rows !== undefined || parts.slideRows !== undefined) {
      return this.#countWindow(head, parts)
    }
    const takesSlide = called === 'HOP' || called === 'CUMULATE'
    const lacks = source === undefined || time === undefined || size === undefined
    if (lacks || (takesSlide && parts.slide === undefined)) {
      const rest = called === 'SESSION' ? ' [, KEY]' : ' [, OFFSET]'
      const wanted = windowArguments[called].filter(([, field]) => field !== 'offset')
      const words = wanted.slice(0, takesSlide ? 2 : 1).map(([given]) => given)
      this.mistaken(`${called} lacks an argument`, head, {
        detail: `it takes DATA, TIMECOL, ${words.join(', ')}${rest}`,
      })
    }
    if (partition.length > 0 && called !== 'SESSION') {
      this.mistaken(`${called} takes no PARTITION BY`, head, {
        hint: 'only the windows of SESSION depend on a key',
      })
    }
    return {
      kind: 'window',
      function: called,
      ...(partition.length === 0 ? {} : { partition }),
      source: source!,
      time: time!,
      slide: parts.slide ?? null,
      size: size!,
      offset: parts.offset ?? null,
      ...(parts.onUpdate === undefined ? {} : { onUpdate: parts.onUpdate }),
      alias: null,
      span: this.span(head.start),
    }
  }

  #countWindow(head: Token, parts: WindowParts): Window {
    const called = head.upper as 'TUMBLE' | 'HOP'
    const { source, rows, slideRows, partition = [] } = parts
    const lacks = source === undefined || rows === undefined
    if (lacks || (called === 'HOP' && slideRows === undefined)) {
      const wanted = countArguments[called]!.map(([given]) => given).join(', ')
      this.mistaken(`${called} over rows lacks an argument`, head, {
        detail: `it takes DATA, ${wanted}`,
      })
    }
    if ([parts.time, parts.size, parts.slide, parts.offset].some((part) => part !== undefined)) {
      this.mistaken('windows of rows have no time', head, {
        hint: 'leave TIMECOL, SIZE, SLIDE and OFFSET out, or ROWS and SLIDE_ROWS',
      })
    }
    const slide = slideRows ?? null
    const span = this.span(head.start)
    const shape = { function: called, partition, source: source!, slide, rows: rows! }
    return { kind: 'count-window', ...shape, alias: null, span }
  }

  positionalArguments = this.RULE(
    'positionalArguments',
    (parts: WindowParts, head: Token): void => {
      this.SUBRULE(this.windowData, { ARGS: [parts] })
      this.CONSUME(kinds.comma)
      this.OR({
        DEF: [
          {
            GATE: () => this.LA(2).tokenType === kinds.arrow,
            ALT: () => {
              this.AT_LEAST_ONE_SEP({
                SEP: kinds.comma,
                DEF: () => this.SUBRULE(this.namedArgument, { ARGS: [parts, head] }),
              })
            },
          },
          { ALT: () => this.SUBRULE(this.timeArguments, { ARGS: [parts, head] }) },
        ],
        IGNORE_AMBIGUITIES: true,
      })
    },
  )

  /** The time column and what comes behind it. */
  timeArguments = this.RULE('timeArguments', (parts: WindowParts, head: Token): void => {
    const time = this.SUBRULE(this.timeColumn)
    this.OPTION({
      GATE: () => this.LA(2).tokenType === word.DESCRIPTOR && this.LA(3).tokenType === kinds.open,
      DEF: () => {
        this.CONSUME1(kinds.comma)
        const name = this.LA(1) as Token
        const keys = this.SUBRULE(this.windowKeys)
        this.ACTION(() => this.#argument(parts, name, 'partition', keys))
      },
    })
    const rest: Expression[] = []
    this.MANY(() => {
      this.CONSUME2(kinds.comma)
      rest.push(this.SUBRULE(this.expression))
    })
    this.ACTION(() => {
      const fields = new Set(windowArguments[head.upper as WindowWord].map(([, field]) => field))
      if (rest.length > fields.size) this.mistaken(`${head.upper} has too many arguments`, head)
      const given = [...fields].map((field, at) => [field, rest[at]] as const)
      Object.assign(parts, { time, ...Object.fromEntries(given) })
    })
  })

  namedArgument = this.RULE('namedArgument', (parts: WindowParts, head: Token): void => {
    const name = this.CONSUME(identifier) as Token
    const key = (name.value ?? '').toUpperCase()
    this.CONSUME(kinds.arrow)
    this.OR({
      DEF: [
        {
          GATE: () => key === 'DATA',
          ALT: () => {
            this.ACTION(() => {
              if (parts.source !== undefined) this.#twice(name)
            })
            this.SUBRULE(this.windowData, { ARGS: [parts] })
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
          GATE: () => key === 'KEY' && head.upper === 'SESSION',
          ALT: () => {
            const keys = this.SUBRULE(this.windowKeys)
            this.ACTION(() => this.#argument(parts, name, 'partition', keys))
          },
        },
        {
          ALT: () => {
            const field = this.ACTION(() => this.#field(name, key, head)) as WindowField
            const value = this.SUBRULE(this.expression)
            this.ACTION(() => this.#argument(parts, name, field, value))
          },
        },
      ],
      IGNORE_AMBIGUITIES: true,
    })
  })

  /** What a named argument of a window function says. */
  #field(name: Token, key: string, head: Token): WindowField {
    const called = head.upper as WindowWord
    const wanted = windowArguments[called]
    const found = [...wanted, ...(countArguments[called] ?? [])].find(([given]) => given === key)
    if (found !== undefined) return found[1]
    const owner = windowOwners.get(key)
    if (owner !== undefined) {
      this.mistaken(`${called} has no ${key}`, head, { hint: `did you mean ${owner}?` })
    }
    const names = ['DATA', 'TIMECOL', ...wanted.map(([given]) => given)]
    if (called === 'SESSION') names.push('KEY')
    this.mistaken(`unknown argument ${name.value}`, name, {
      detail: `arguments are ${names.join(', ')}`,
    })
    return 'size'
  }

  #argument<F extends keyof WindowParts>(
    parts: WindowParts,
    name: Token,
    field: F,
    value: WindowParts[F],
  ): void {
    if (parts[field] !== undefined)
      this.#twice(name, field === 'partition' ? 'PARTITION BY' : undefined)
    parts[field] = value
  }

  #twice(name: Token, what = `argument ${name.value}`): void {
    this.mistaken(`${what} stands twice`, name)
  }

  /** `[TABLE] name` or a query in parentheses, with the keys of SESSION. */
  windowData = this.RULE('windowData', (parts: WindowParts): void => {
    const source = this.SUBRULE(this.windowSource)
    this.ACTION(() => {
      parts.source = source
    })
    this.OPTION(() => {
      this.CONSUME(word.PARTITION)
      const name = this.CONSUME(word.BY) as Token
      const keys = this.SUBRULE(this.windowKeys)
      this.ACTION(() => this.#argument(parts, name, 'partition', keys))
    })
  })

  /** TO_CHANGELOG([INPUT =>] TABLE t [PARTITION BY k] [, [OP =>] DESCRIPTOR(op)] [, [OP_MAPPING =>] MAP[…]]) */
  changelog = this.RULE('changelog', (): Relation => {
    const start = this.start()
    const call = this.SUBRULE(this.changelogCall)
    const named = this.SUBRULE(this.aliases)
    return { ...call, ...named, span: this.span(start) }
  })

  changelogCall = this.RULE('changelogCall', (): Changelog => {
    const start = this.start()
    const found: Pick<Changelog, 'op' | 'mapping'> = { op: null, mapping: null }
    this.CONSUME(identifier)
    this.CONSUME(kinds.open)
    this.OPTION({
      GATE: () => this.upper(1) === 'INPUT' && this.LA(2).tokenType === kinds.arrow,
      DEF: () => {
        this.CONSUME1(identifier)
        this.CONSUME(kinds.arrow)
      },
    })
    const parts: WindowParts = {}
    this.SUBRULE(this.windowData, { ARGS: [parts] })
    this.MANY(() => {
      this.CONSUME(kinds.comma)
      this.SUBRULE(this.changelogArgument, { ARGS: [found] })
    })
    this.CONSUME(kinds.close)
    const { source, partition = [] } = parts
    const span = this.span(start)
    return { kind: 'changelog', source: source!, partition, ...found, alias: null, span }
  })

  changelogArgument = this.RULE(
    'changelogArgument',
    (found: Pick<Changelog, 'op' | 'mapping'>): void => {
      const first = this.LA(1) as Token
      const name = this.OPTION({
        GATE: () => this.LA(2).tokenType === kinds.arrow,
        DEF: () => {
          const given = this.CONSUME(identifier) as Token
          this.CONSUME(kinds.arrow)
          return (given.value ?? '').toUpperCase()
        },
      })
      this.OR({
        DEF: [
          {
            GATE: () => name === 'OP' || (name === undefined && found.op === null),
            ALT: () => {
              this.ACTION(() => {
                if (found.op !== null) this.#twice(first)
              })
              const op = this.SUBRULE(this.timeColumn)
              this.ACTION(() => {
                found.op = op
              })
            },
          },
          {
            ALT: () => {
              this.ACTION(() => {
                if (found.mapping !== null) this.#twice(first)
                if (name === undefined || name === 'OP_MAPPING') return
                if (name === 'PRODUCES_FULL_DELETES')
                  this.unsupported('PRODUCES_FULL_DELETES of TO_CHANGELOG', first.start)
                const detail = 'arguments are INPUT, OP, OP_MAPPING'
                this.mistaken(`unknown argument ${first.value}`, first, { detail })
              })
              const mapping = this.SUBRULE(this.expression)
              this.ACTION(() => {
                found.mapping = mapping
              })
            },
          },
        ],
        IGNORE_AMBIGUITIES: true,
      })
    },
  )

  /** `k`, `(k, l)` or `DESCRIPTOR(k, l)`. */
  windowKeys = this.RULE('windowKeys', (): Identifier[] =>
    this.OR({
      DEF: [
        {
          GATE: () => this.LA(2).tokenType === kinds.open,
          ALT: () => {
            this.CONSUME(word.DESCRIPTOR)
            return this.SUBRULE(this.names)
          },
        },
        { ALT: () => this.SUBRULE1(this.names) },
        { ALT: () => [this.identifierOf(this.CONSUME(identifier))] },
      ],
      IGNORE_AMBIGUITIES: true,
    }),
  )

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
