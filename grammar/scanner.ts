/**
 * Scanner: text into tokens, comments aside; a fault becomes an `invalid` token and a diagnostic, and scanning goes on.
 *
 * How      One pass, one branch on the first character. Some words become keywords only before a certain token
 *          (CAST before a parenthesis, INTERVAL and DATE before a string), so a token may retype the one before it;
 *          everything else that looks ahead is the parser's work.
 * Contract 1 (checked) tokens are in order, do not overlap, and text between them is blank or comment.
 *          2 (checked) no text throws.
 * Cost     Linear; a word costs one regular expression and one map look-up.
 */
import type { IToken, TokenType } from 'chevrotain'
import type { Diagnostic } from '../src/base/index.ts'
import { kinds, niladicWords, operators, word } from './words.ts'

/** A chevrotain token with what the tree needs of it. */
export interface Token extends IToken {
  start: number
  /** Exclusive, unlike `endOffset`. */
  end: number
  /** Words in upper case and operators as they are; '' for quoted names, strings, numbers and parameters. */
  upper: string
  /** Name or string without quotes and escapes; the number's digits; a parameter's name. */
  value: string
}

type Comment = { start: number; end: number }

export interface Scan {
  tokens: Token[]
  /** Hints, which are written as comments are, stand among them. */
  comments: Comment[]
  diagnostics: Diagnostic[]
  /** The text ends inside of a string, a quoted name or a comment. */
  open: boolean
}

const wordTypes: ReadonlyMap<string, TokenType> = new Map([
  ...Object.entries(word),
  ...niladicWords.map((w): [string, TokenType] => [w, kinds.niladic]),
])
/** Types whose name before a string makes it a literal. */
const typedWords: ReadonlySet<string> = new Set([
  'DATE', 'TIMESTAMP', 'TIMESTAMPTZ', 'TIMESTAMP_LTZ', 'TIME', 'VARBINARY', 'BYTEA',
]) // biome-ignore format: one list
const castWords: ReadonlySet<string> = new Set(['CAST', 'TRY_CAST', 'SAFE_CAST'])
const operatorLengthMax = 3

const blank = /\s+/y
const wordText = /[\p{L}_][\p{L}\p{M}\p{N}_]*/uy
const numberText = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const lineComment = /--[^\r\n]*/y
const dollarQuote = /\$(?:[\p{L}_][\p{L}\p{M}\p{N}_]*)?\$/uy
const hasKey = /\?(\|(?!\|)|&(?!&))?/y
const numberedParameter = /\$\d+/y
const namedParameter = /:[\p{L}_][\p{L}\p{M}\p{N}_]*/uy

export function scan(text: string): Scan {
  return new Scanner(text).run()
}

/** Whether a value ends here, so that a `?` behind it is an operator. Keywords that may be names do not count. */
function endsOperand(tokens: readonly Token[]): boolean {
  const token = tokens.at(-1)
  if (token === undefined || /^(INTERVAL|A?SYMMETRIC|AHEAD|TIMEOUT)$/.test(token.upper))
    return false
  // Behind :: stands the name of a type.
  if (tokens.at(-2)?.tokenType === kinds.castTo) return true
  return operandEnds.has(token.tokenType)
}

const operandEnds: ReadonlySet<TokenType> = new Set([
  kinds.name, kinds.quotedName, kinds.string, kinds.close, kinds.closeBracket, word.END,
]) // biome-ignore format: one list

/** Characters that a single-letter escape of E'…' stands for. */
const escapes: Record<string, string> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '0': '\0',
}
const escapeText = /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/g

function withoutEscapes(body: string): string {
  return body.replace(escapeText, (_all, hex, short, long, single: string | undefined) => {
    if (single !== undefined) return escapes[single] ?? single
    const point = Number.parseInt(hex ?? short ?? long, 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : '�'
  })
}

class Scanner {
  readonly #text: string
  readonly #tokens: Token[] = []
  readonly #comments: Comment[] = []
  readonly #diagnostics: Diagnostic[] = []
  #at = 0
  #open = false
  #positional = 0
  /** MATCH_RECOGNIZE has been seen; parentheses that are open in its PATTERN. */
  #recognizes = false
  #pattern = 0

  constructor(text: string) {
    this.#text = text
  }

  run(): Scan {
    const text = this.#text
    while (this.#at < text.length) {
      const c = text.charCodeAt(this.#at)
      if (c === 32 || (c >= 9 && c <= 13)) this.#at++
      else if ((c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95) this.#word()
      else if (c >= 48 && c <= 57) this.#number()
      else if (c === 39) this.#string(this.#at, false)
      else if (c === 34 || c === 96) this.#quotedName(text[this.#at]!)
      else if (c === 45 && text[this.#at + 1] === '-') this.#lineComment()
      else if (c === 47 && text[this.#at + 1] === '*') this.#blockComment()
      else if (c > 127) this.#beyondAscii()
      else if (c === 46 && /[0-9]/.test(text[this.#at + 1] ?? '')) this.#number()
      else if (c === 36 || c === 58 || c === 63) this.#parameter(c)
      else this.#operator()
    }
    return {
      tokens: this.#tokens,
      comments: this.#comments,
      diagnostics: this.#diagnostics,
      open: this.#open,
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#text)?.[0]
  }

  #push(tokenType: TokenType, end: number, upper: string, value: string): void {
    const start = this.#at
    this.#tokens.push({
      image: this.#text.slice(start, end),
      startOffset: start,
      endOffset: end - 1,
      tokenType,
      tokenTypeIdx: tokenType.tokenTypeIdx!,
      start,
      end,
      upper,
      value,
    })
    this.#at = end
  }

  #fault(message: string, end: number, hint?: string) {
    const start = this.#at
    this.#push(kinds.invalid, end, '', '')
    this.#diagnostics.push({ code: 'syntax', message, hint, span: { start, end } })
  }

  /** The token before turns into a keyword because of the one that comes now. */
  #retype(token: Token | undefined, tokenType: TokenType): void {
    if (token === undefined || token.tokenType !== kinds.name) return
    token.tokenType = tokenType
    token.tokenTypeIdx = tokenType.tokenTypeIdx!
  }

  #word() {
    const text = this.#match(wordText)!
    const end = this.#at + text.length
    if (text.length === 1 && this.#text[end] === "'") {
      if (text === 'e' || text === 'E') return this.#string(end, true)
      if (/[bBxX]/.test(text)) return this.#foreignString(end)
    }
    const upper = text.toUpperCase()
    if (upper === 'MATCH_RECOGNIZE') this.#recognizes = true
    this.#push(wordTypes.get(upper) ?? kinds.name, end, upper, text)
  }

  /** X'…' is VARBINARY '\x…'; B'…' has no type. */
  #foreignString(quote: number) {
    const digits = /^'([0-9a-fA-F]*)'/.exec(this.#text.slice(quote))?.[1]
    if (/[xX]/.test(this.#text[this.#at]!)) {
      if (digits === undefined || digits.length % 2 !== 0) {
        const close = this.#text.indexOf("'", quote + 1)
        const message = 'a byte has two hexadecimal digits'
        return this.#fault(message, close < 0 ? this.#text.length : close + 1)
      }
      this.#push(kinds.typed, quote, 'VARBINARY', 'VARBINARY')
      return this.#push(kinds.string, quote + digits.length + 2, '', `\\x${digits}`)
    }
    const close = this.#text.indexOf("'", quote + 1)
    const start = this.#at
    const end = close < 0 ? this.#text.length : close + 1
    this.#push(kinds.invalid, end, '', '')
    const message = 'not supported yet: bit strings'
    this.#diagnostics.push({ code: 'unsupported', message, span: { start, end } })
  }

  #number() {
    const text = this.#match(numberText)!
    const end = this.#at + text.length
    wordText.lastIndex = end
    const junk = wordText.exec(this.#text)?.[0]
    if (junk !== undefined) {
      const all = text + junk
      return this.#fault(`malformed number ${all}`, end + junk.length)
    }
    const before = this.#tokens.at(-1)
    if (before?.upper === 'INTERVAL') this.#retype(before, kinds.interval)
    this.#push(kinds.number, end, '', text)
  }

  /** `quote` is the position of the opening quote; an E may stand before it. */
  #string(quote: number, escaped: boolean) {
    const text = this.#text
    let at = quote + 1
    while (at < text.length) {
      const c = text.charCodeAt(at)
      if (c === 92 && escaped) at += 2
      else if (c !== 39) at++
      else if (text.charCodeAt(at + 1) === 39) at += 2
      else break
    }
    if (at >= text.length) {
      this.#open = true
      const hint = 'a quote inside of a string is written twice'
      return this.#fault('unterminated string', text.length, hint)
    }
    const body = text.slice(quote + 1, at).replaceAll("''", "'")
    this.#pushString(
      escaped ? withoutEscapes(text.slice(quote + 1, at).replaceAll("''", "'")) : body,
      at + 1,
    )
  }

  #pushString(value: string, end: number) {
    const before = this.#tokens.at(-1)
    if (before?.upper === 'INTERVAL') this.#retype(before, kinds.interval)
    else if (before !== undefined && typedWords.has(before.upper)) this.#retype(before, kinds.typed)
    else if (before?.upper === ')') {
      // TIMESTAMP(3) '…'
      const head = this.#tokens.at(-4)
      const digits = this.#tokens.at(-2)?.tokenType === kinds.number
      const isTime = head !== undefined && /^TIME/.test(head.upper) && typedWords.has(head.upper)
      if (isTime && digits && this.#tokens.at(-3)?.upper === '(') this.#retype(head, kinds.typed)
    }
    this.#push(kinds.string, end, '', value)
  }

  #quotedName(quote: string) {
    const text = this.#text
    let at = this.#at + 1
    while (at < text.length) {
      if (text[at] !== quote) at++
      else if (text[at + 1] === quote) at += 2
      else break
    }
    if (at >= text.length) {
      this.#open = true
      return this.#fault('unterminated quoted name', text.length)
    }
    const name = text.slice(this.#at + 1, at).replaceAll(quote + quote, quote)
    if (name === '') return this.#fault('empty name', at + 1)
    this.#push(kinds.quotedName, at + 1, '', name)
  }

  #lineComment(): void {
    const end = this.#at + this.#match(lineComment)!.length
    this.#comments.push({ start: this.#at, end })
    this.#at = end
  }

  /** Comments nest, as in Postgres. */
  #blockComment() {
    const text = this.#text
    let depth = 1
    let at = this.#at + 2
    while (at < text.length && depth > 0) {
      if (text.startsWith('/*', at)) {
        depth++
        at += 2
      } else if (text.startsWith('*/', at)) {
        depth--
        at += 2
      } else at++
    }
    this.#comments.push({ start: this.#at, end: at })
    if (depth > 0) {
      this.#open = true
      return this.#fault('unterminated comment', text.length)
    }
    this.#at = at
  }

  #beyondAscii() {
    const space = this.#match(blank)
    if (space !== undefined) this.#at += space.length
    else if (this.#match(wordText) !== undefined) this.#word()
    else this.#operator()
  }

  /** `?` as parameter or operator, `$1`, `:name` and, because of its dollars, `$tag$…$tag$`. */
  #parameter(c: number) {
    if (this.#pattern > 0 && c !== 58) {
      return this.#push(
        c === 63 ? kinds.hasKey : kinds.foreign,
        this.#at + 1,
        '?$'[+(c === 36)]!,
        '',
      )
    }
    if (c === 63 && endsOperand(this.#tokens)) {
      const image = this.#match(hasKey)!
      return this.#push(kinds.hasKey, this.#at + image.length, image, image)
    }
    if (c === 63) {
      this.#positional++
      return this.#push(kinds.parameter, this.#at + 1, '', String(this.#positional))
    }
    // 'key':value is a member of an object.
    if (c === 58 && this.#tokens.at(-1)?.tokenType === kinds.string) return this.#operator()
    const found = this.#match(c === 36 ? numberedParameter : namedParameter)
    if (found !== undefined) {
      return this.#push(kinds.parameter, this.#at + found.length, '', found.slice(1))
    }
    const fence = c === 36 ? this.#match(dollarQuote) : undefined
    if (fence === undefined) return this.#operator()
    const close = this.#text.indexOf(fence, this.#at + fence.length)
    if (close < 0) {
      this.#open = true
      return this.#fault('unterminated string', this.#text.length)
    }
    const body = this.#text.slice(this.#at + fence.length, close)
    this.#pushString(body, close + fence.length)
  }

  #operator() {
    for (let length = operatorLengthMax; length > 0; length--) {
      const image = this.#text.slice(this.#at, this.#at + length)
      const type = operators.get(image)
      if (type === undefined || image.length < length) continue
      if (type === kinds.close && this.#pattern > 0) this.#pattern--
      if (type === kinds.open) {
        const before = this.#tokens.at(-1)
        const opens = this.#recognizes && before?.tokenType === word.PATTERN
        if (this.#pattern > 0 || opens) this.#pattern++
        if (before !== undefined && castWords.has(before.upper)) this.#retype(before, kinds.cast)
        else if (before?.upper === 'EXTRACT') this.#retype(before, kinds.extract)
      }
      return this.#push(type, this.#at + length, image, image)
    }
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at)!)
    const quote = /[‘’“”]/u.test(character)
    const hint = quote ? "strings stand in straight quotes: '…'" : undefined
    this.#fault(`unexpected character ${character}`, this.#at + character.length, hint)
  }
}
