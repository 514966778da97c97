/**
 * Leaf rules: what every other rule is made of: tokens and their places, refusals, names, whole numbers, truth.
 *
 * How      A rule asks `refuse(place)` where an unsupported construct would look like a name. `enter` and `leave` stand
 *          around whatever may nest, so that the parser's own stack holds.
 */
import { EmbeddedActionsParser, EOF, type IToken } from 'chevrotain'
import type { Diagnostic, Span } from '../../src/base/index.ts'
import { constructAt, type Place, unsupported } from '../constructs.ts'
import type { Token } from '../scanner.ts'
import type { Identifier, Path } from '../tree.ts'
import { identifier, kinds, label, word } from '../words.ts'

/** Ends the parse of a statement with a diagnostic that chevrotain did not make. */
export class Refusal extends Error {
  readonly diagnostic: Diagnostic

  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message)
    this.diagnostic = diagnostic
  }
}

/** A word that only one place of the grammar wants is not there. */
export class Unexpected extends Error {
  readonly token: IToken
  readonly expected: string

  constructor(token: IToken, expected: string) {
    super(expected)
    this.token = token
    this.expected = expected
  }
}

/** Nesting of expressions and queries that the parser's own stack is sure to hold. */
const depthMax = 200

export abstract class LeafRules extends EmbeddedActionsParser {
  #depth = 0
  /** Types in angles that a `>>` has ended but that are not left yet. */
  protected angles = 0

  /** Before a statement. */
  protected begin(): void {
    this.#depth = 0
    this.angles = 0
  }

  protected ahead(distance: number): Token {
    return this.LA(distance) as Token
  }

  /** Upper-case text of the token at `distance`; '' for what is no word or operator. */
  protected upper(distance: number): string {
    return (this.LA(distance) as Token).upper
  }

  protected start(): number {
    return (this.LA(1) as Token).start
  }

  protected span(start: number): Span {
    return { start, end: (this.LA(0) as Token).end }
  }

  protected refuse(place: Place): void {
    if (this.RECORDING_PHASE) return
    const found = constructAt(place, (distance) => this.LA(1 + distance) as Token)
    if (found !== undefined) throw new Refusal(found)
  }

  /** Refuses what stands from `start` to the token before the next one, or at the next one. */
  protected unsupported(construct: string, from?: number): never | undefined {
    if (this.RECORDING_PHASE) return undefined
    const at = this.ahead(1)
    const start = from ?? at.start
    const last = from === undefined ? at : this.ahead(0)
    throw new Refusal(unsupported(construct, start, Math.max(last.end, start)))
  }

  protected mistaken(
    message: string,
    token: IToken,
    more: { detail?: string; hint?: string } = {},
  ): void {
    if (this.RECORDING_PHASE) return
    const { start, end } = token as Token
    throw new Refusal({ code: 'syntax', message, ...more, span: { start, end } })
  }

  /** Guards the stack, together with `leave`. */
  protected enter(): void {
    if (++this.#depth > depthMax && !this.RECORDING_PHASE) {
      this.mistaken('nested too deeply', this.LA(1))
    }
  }

  protected leave(): void {
    this.#depth--
  }

  protected identifierOf(token: IToken): Identifier {
    const { start, end, value, tokenType } = token as Token
    const quoted = tokenType === kinds.quotedName
    return { kind: 'identifier', name: value, quoted, span: { start, end } }
  }

  /**
   * Whether a query begins at `distance`, parentheses before it allowed. `((select 1) t join u)` is a relation: what
   * follows the inner parenthesis decides.
   */
  protected queryAhead(distance: number): boolean {
    if (this.RECORDING_PHASE) return false
    let first = distance
    while (this.LA(first).tokenType === kinds.open) first++
    const begins = [word.SELECT, word.VALUES, word.WITH, word.FROM, word.TABLE].includes(
      this.LA(first).tokenType,
    )
    return begins && first - distance <= depthMax && this.#queryAt(distance)
  }

  #queryAt(distance: number): boolean {
    const type = this.LA(distance).tokenType
    if (type === word.SELECT || type === word.VALUES || type === word.WITH) return true
    if (type === word.FROM) return true
    // TABLE (…) calls a function.
    if (type === word.TABLE) return this.LA(distance + 1).tokenType !== kinds.open
    if (type !== kinds.open || !this.#queryAt(distance + 1)) return false
    let depth = 0
    for (let at = distance; ; at++) {
      const token = this.LA(at)
      if (token.tokenType === kinds.open) depth++
      else if (token.tokenType === kinds.close && --depth === 0) return this.#queryEnds(at + 1)
      else if (token.tokenType === EOF) return true
    }
  }

  #queryEnds(distance: number): boolean {
    const token = this.LA(distance)
    if (token.tokenType === kinds.close || token.tokenType === EOF) return true
    const { upper } = token as Token
    return ['ORDER', 'LIMIT', 'OFFSET', 'FETCH', 'EMIT', 'UNION', 'EXCEPT', 'INTERSECT'].includes(
      upper,
    )
  }

  path = this.RULE('path', (): Path => {
    const start = this.start()
    const parts = [this.identifierOf(this.CONSUME(identifier))]
    this.MANY(() => {
      this.CONSUME(kinds.dot)
      parts.push(this.identifierOf(this.CONSUME(label)))
    })
    return { kind: 'path', parts, span: this.span(start) }
  })

  names = this.RULE('names', (): Identifier[] => {
    const names: Identifier[] = []
    this.CONSUME(kinds.open)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        names.push(this.identifierOf(this.CONSUME(identifier)))
      },
    })
    this.CONSUME(kinds.close)
    return names
  })

  integer = this.RULE('integer', (): number => {
    const token = this.CONSUME(kinds.number) as Token
    if (!this.RECORDING_PHASE && !/^\d{1,9}$/.test(token.value)) {
      this.mistaken('a whole number is wanted here', token)
    }
    return Number(token.value)
  })

  truth = this.RULE('truth', (): boolean =>
    this.OR([
      {
        ALT: () => {
          this.CONSUME(word.TRUE)
          return true
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.FALSE)
          return false
        },
      },
    ]),
  )

  /** DISTINCT or ALL. */
  quantifier = this.RULE('quantifier', (): boolean =>
    this.OR([
      {
        ALT: () => {
          this.CONSUME(word.DISTINCT)
          return true
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.ALL)
          return false
        },
      },
    ]),
  )

  /** The next token must be this word, which is no keyword elsewhere. */
  protected expectWord(wanted: string): void {
    if (this.RECORDING_PHASE || this.upper(1) === wanted) return
    this.unexpected(wanted)
  }

  /** Fails at the next token in the way that chevrotain's own failures are told. */
  protected unexpected(expected: string): void {
    if (this.RECORDING_PHASE) return
    throw new Unexpected(this.LA(1), expected)
  }
}
