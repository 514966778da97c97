/**
 * Match rules: MATCH_RECOGNIZE (…) behind a relation, and the patterns in it.
 */
import type { ParserMethod } from 'chevrotain'
import type { Expression, Identifier, Pattern, Relation, RowPattern } from '../tree.ts'
import { identifier, kinds, label, word } from '../words.ts'
import { QueryRules } from './query.ts'

type Rows = Pick<RowPattern, 'allRows' | 'empty'>

type Bounds = Pick<Extract<Pattern, { kind: 'pattern-repeat' }>, 'least' | 'most'>

export abstract class MatchRules extends QueryRules {
  abstract aliases: ParserMethod<[], Pick<RowPattern, 'alias' | 'columnAliases'>>

  match = this.RULE('match', (source: Relation, start: number): Relation => {
    const found: Omit<RowPattern, 'pattern' | 'span'> = {
      kind: 'match',
      source,
      partitionBy: [],
      orderBy: [],
      measures: [],
      allRows: false,
      empty: 'show',
      skip: null,
      within: null,
      subsets: [],
      define: [],
      alias: null,
    }
    this.CONSUME(word.MATCH_RECOGNIZE)
    this.CONSUME(kinds.open)
    this.OPTION(() => {
      this.CONSUME(word.PARTITION)
      this.CONSUME(word.BY)
      found.partitionBy = this.SUBRULE(this.expressions)
    })
    this.OPTION1(() => {
      found.orderBy = this.SUBRULE(this.orderBy)
    })
    this.OPTION2(() => {
      this.CONSUME(word.MEASURES)
      this.AT_LEAST_ONE_SEP({
        SEP: kinds.comma,
        DEF: () => {
          const value = this.SUBRULE(this.expression)
          this.CONSUME(word.AS)
          found.measures.push({ value, name: this.identifierOf(this.CONSUME(label)) })
        },
      })
    })
    this.OPTION3(() => {
      const rows = this.SUBRULE(this.rowsPerMatch)
      this.ACTION(() => Object.assign(found, rows))
    })
    this.OPTION4(() => {
      found.skip = this.SUBRULE(this.afterMatch)
    })
    this.CONSUME(word.PATTERN)
    this.CONSUME1(kinds.open)
    const pattern = this.SUBRULE(this.pattern)
    this.CONSUME(kinds.close)
    this.OPTION5(() => {
      this.CONSUME(word.WITHIN)
      found.within = this.SUBRULE1(this.expression)
    })
    this.OPTION6(() => {
      found.subsets = this.SUBRULE(this.subsets)
    })
    this.OPTION7(() => {
      found.define = this.SUBRULE(this.defines)
    })
    this.CONSUME1(kinds.close)
    const named = this.SUBRULE(this.aliases)
    return { ...found, pattern, ...named, span: this.span(start) }
  })

  /** ONE ROW PER MATCH, ALL ROWS PER MATCH [SHOW | OMIT EMPTY MATCHES | WITH UNMATCHED ROWS]. */
  rowsPerMatch = this.RULE('rowsPerMatch', (): Rows => {
    const rows: Rows = { allRows: false, empty: 'show' }
    this.OR([
      {
        ALT: () => {
          this.CONSUME(word.ONE)
          this.CONSUME(word.ROW)
          this.CONSUME(word.PER)
          this.CONSUME(word.MATCH)
        },
      },
      {
        ALT: () => {
          rows.allRows = true
          this.CONSUME(word.ALL)
          this.CONSUME(word.ROWS)
          this.CONSUME1(word.PER)
          this.CONSUME1(word.MATCH)
          const said = this.OPTION(() => this.SUBRULE(this.emptyMatches))
          rows.empty = said ?? 'show'
        },
      },
    ])
    return rows
  })

  emptyMatches = this.RULE(
    'emptyMatches',
    (): Rows['empty'] =>
      this.OR([
        {
          ALT: () => {
            this.CONSUME(word.SHOW)
            this.CONSUME(word.EMPTY)
            this.CONSUME(word.MATCHES)
            return 'show'
          },
        },
        {
          ALT: () => {
            this.CONSUME(word.OMIT)
            this.CONSUME1(word.EMPTY)
            this.CONSUME1(word.MATCHES)
            return 'omit'
          },
        },
        {
          ALT: () => {
            this.CONSUME(word.WITH)
            this.CONSUME(word.UNMATCHED)
            this.CONSUME(word.ROWS)
            return 'unmatched'
          },
        },
      ]) as Rows['empty'],
  )

  /** AFTER MATCH SKIP PAST LAST ROW | TO NEXT ROW | TO [FIRST | LAST] variable. */
  afterMatch = this.RULE('afterMatch', (): NonNullable<RowPattern['skip']> => {
    this.CONSUME(word.AFTER)
    this.CONSUME(word.MATCH)
    this.CONSUME(word.SKIP)
    return this.OR([
      {
        ALT: (): NonNullable<RowPattern['skip']> => {
          this.CONSUME(word.PAST)
          this.CONSUME(word.LAST)
          this.CONSUME(word.ROW)
          return { to: 'past', variable: null }
        },
      },
      {
        ALT: (): NonNullable<RowPattern['skip']> => {
          this.CONSUME(word.TO)
          return this.SUBRULE(this.skipTarget)
        },
      },
    ])
  })

  /** NEXT ROW, FIRST a, LAST a, or a, which is its last row. */
  skipTarget = this.RULE('skipTarget', (): NonNullable<RowPattern['skip']> => {
    const isWord = (wanted: string) =>
      this.upper(1) === wanted && this.LA(2).tokenType !== kinds.close
    const named = (to: 'first' | 'last', name: Identifier) => ({ to, variable: name })
    return this.OR({
      DEF: [
        {
          GATE: () => this.upper(1) === 'NEXT' && this.upper(2) === 'ROW',
          ALT: (): NonNullable<RowPattern['skip']> => {
            this.CONSUME(word.NEXT)
            this.CONSUME(word.ROW)
            return { to: 'next', variable: null }
          },
        },
        {
          GATE: () => isWord('FIRST') && this.upper(2) !== 'PATTERN',
          ALT: () => {
            this.CONSUME(word.FIRST)
            return named('first', this.identifierOf(this.CONSUME(identifier)))
          },
        },
        {
          GATE: () => isWord('LAST') && this.upper(2) !== 'PATTERN',
          ALT: () => {
            this.CONSUME(word.LAST)
            return named('last', this.identifierOf(this.CONSUME1(identifier)))
          },
        },
        { ALT: () => named('last', this.identifierOf(this.CONSUME2(identifier))) },
      ],
      IGNORE_AMBIGUITIES: true,
    })
  })

  subsets = this.RULE('subsets', (): RowPattern['subsets'] => {
    const subsets: RowPattern['subsets'] = []
    this.CONSUME(word.SUBSET)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        const name = this.identifierOf(this.CONSUME(identifier))
        this.CONSUME(kinds.equal)
        subsets.push({ name, of: this.SUBRULE(this.names) })
      },
    })
    return subsets
  })

  defines = this.RULE('defines', (): RowPattern['define'] => {
    const defines: RowPattern['define'] = []
    this.CONSUME(word.DEFINE)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        const name = this.identifierOf(this.CONSUME(identifier))
        this.CONSUME(word.AS)
        const condition: Expression = this.SUBRULE(this.expression)
        defines.push({ name, condition })
      },
    })
    return defines
  })

  // ---------------------------------------------------------------- patterns

  /** Alternatives with `|` between them. */
  pattern: ParserMethod<[], Pattern> = this.RULE('pattern', (): Pattern => {
    const start = this.start()
    this.enter()
    const parts = [this.SUBRULE(this.patternSequence)]
    this.MANY({
      GATE: () => this.upper(1) === '|',
      DEF: () => {
        this.CONSUME(kinds.other)
        parts.push(this.SUBRULE1(this.patternSequence))
      },
    })
    this.leave()
    if (parts.length === 1) return parts[0]!
    return { kind: 'pattern-choice', parts, span: this.span(start) }
  })

  patternSequence = this.RULE('patternSequence', (): Pattern => {
    const start = this.start()
    const parts: Pattern[] = []
    this.MANY({
      GATE: () => this.upper(1) !== '}' && this.upper(1) !== '|',
      DEF: () => parts.push(this.SUBRULE(this.patternFactor)),
    })
    if (parts.length === 1) return parts[0]!
    return {
      kind: 'pattern-sequence',
      parts,
      span: parts.length === 0 ? { start, end: start } : this.span(start),
    }
  })

  patternFactor = this.RULE('patternFactor', (): Pattern => {
    const start = this.start()
    const part = this.SUBRULE(this.patternPrimary)
    const bounds = this.OPTION({
      GATE: () => this.upper(1) !== '$' && !(this.upper(1) === '{' && this.upper(2) === '-'),
      DEF: () => this.SUBRULE(this.patternQuantifier),
    })
    const reluctant = this.OPTION1({
      GATE: () => bounds !== undefined,
      DEF: () => this.CONSUME(kinds.hasKey),
    })
    if (bounds === undefined) return part
    const span = this.span(start)
    return { kind: 'pattern-repeat', part, ...bounds, reluctant: reluctant !== undefined, span }
  })

  patternPrimary = this.RULE('patternPrimary', (): Pattern => {
    const start = this.start()
    return this.OR({
      DEF: [
        {
          GATE: () => this.upper(1) === 'PERMUTE' && this.LA(2).tokenType === kinds.open,
          ALT: (): Pattern => {
            const parts: Pattern[] = []
            this.CONSUME(word.PERMUTE)
            this.CONSUME(kinds.open)
            this.AT_LEAST_ONE_SEP({
              SEP: kinds.comma,
              DEF: () => parts.push(this.SUBRULE(this.pattern)),
            })
            this.CONSUME(kinds.close)
            return { kind: 'pattern-permute', parts, span: this.span(start) }
          },
        },
        {
          ALT: (): Pattern => {
            const name = this.identifierOf(this.CONSUME(identifier))
            return { kind: 'pattern-variable', name, span: this.span(start) }
          },
        },
        {
          ALT: (): Pattern => {
            this.CONSUME1(kinds.open)
            const inner = this.SUBRULE1(this.pattern)
            this.CONSUME1(kinds.close)
            return inner
          },
        },
        {
          ALT: (): Pattern => {
            this.CONSUME(kinds.caret)
            return { kind: 'pattern-anchor', at: 'start', span: this.span(start) }
          },
        },
        {
          GATE: () => this.upper(1) === '$',
          ALT: (): Pattern => {
            this.CONSUME(kinds.foreign)
            return { kind: 'pattern-anchor', at: 'end', span: this.span(start) }
          },
        },
        {
          ALT: (): Pattern => {
            this.CONSUME(kinds.openBrace)
            this.CONSUME(kinds.minus)
            const part = this.SUBRULE2(this.pattern)
            this.CONSUME1(kinds.minus)
            this.CONSUME(kinds.closeBrace)
            return { kind: 'pattern-exclude', part, span: this.span(start) }
          },
        },
      ],
      IGNORE_AMBIGUITIES: true,
    })
  })

  /** * + ? {n} {n,} {n,m} {,m}, as the least and the most. */
  patternQuantifier = this.RULE('patternQuantifier', (): Bounds => {
    const start = this.start()
    return this.OR([
      {
        ALT: (): Bounds => {
          this.CONSUME(kinds.star)
          return { least: 0, most: null }
        },
      },
      {
        ALT: (): Bounds => {
          this.CONSUME(kinds.plus)
          return { least: 1, most: null }
        },
      },
      {
        ALT: (): Bounds => {
          this.CONSUME(kinds.hasKey)
          return { least: 0, most: 1 }
        },
      },
      {
        ALT: (): Bounds => {
          this.CONSUME(kinds.openBrace)
          const least = this.OPTION(() => this.SUBRULE(this.integer))
          let most: number | null = least ?? null
          const comma = this.OPTION1(() => this.CONSUME(kinds.comma))
          if (comma !== undefined) most = null
          const given = this.OPTION2({
            GATE: () => comma !== undefined,
            DEF: () => this.SUBRULE1(this.integer),
          })
          most = given ?? most
          this.CONSUME(kinds.closeBrace)
          this.ACTION(() => this.#checkBounds(start, least ?? 0, most))
          return { least: least ?? 0, most }
        },
      },
    ])
  })

  #checkBounds(start: number, least: number, most: number | null): void {
    if (most === null || (most >= least && most > 0)) return
    const token = { ...this.ahead(0), start }
    const message =
      most === 0 ? 'a quantifier allows at least one time' : 'the most is below the least'
    this.mistaken(message, token, { hint: 'write {least,most}, as in {2,4}' })
  }
}
