/**
 * Parse: text into a script, with a diagnostic for each statement that cannot be read.
 *
 * How      1. Scan the whole text. 2. Cut it at semicolons. 3. Parse each piece by itself, so that one fault hides none
 *          of the others. 4. Turn the parser's failure into words: a construct of constructs.ts if one explains it,
 *          else what was unexpected, what would have done and, for a misspelt keyword, which one was meant.
 * Contract 1 (checked) a statement is in the script or has at least one diagnostic, never both.
 *          2 (checked) diagnostics are in the order of the text and their spans lie within it.
 *          3 (checked) a hint changes nothing; who runs the text says so.
 * Cost     The parser is made at the first call.
 */
import type { IToken } from 'chevrotain'
import type { Diagnostic, Span } from '../src/base/index.ts'
import { constructAround, unsupported } from './constructs.ts'
import { expected, expectedText } from './expectation.ts'
import { sharedParser } from './parser.ts'
import { Refusal, Unexpected } from './rule/leaf.ts'
import { scan, type Token } from './scanner.ts'
import type { Script, Statement } from './tree.ts'
import { isReserved, kinds } from './words.ts'

/** What a text holds; `hints` are those of other systems: their names, and where they stand. */
export interface Parsed {
  script: Script
  diagnostics: Diagnostic[]
  hints: { names: string[]; span: Span }[]
}

export function parse(text: string): Parsed {
  const { tokens, comments, diagnostics } = scan(text)
  const statements: Statement[] = []
  for (const piece of split(tokens)) {
    if (piece.some((t) => t.tokenType === kinds.invalid)) continue
    const outcome = parseOne(piece)
    if ('code' in outcome) diagnostics.push(outcome)
    else statements.push(outcome)
  }
  diagnostics.sort((a, b) => (a.span?.start ?? 0) - (b.span?.start ?? 0))
  const hints = comments.flatMap((span) => hintsIn(text, span))
  return { script: { kind: 'script', statements }, diagnostics, hints }
}

/** The names of an optimizer hint: `STATE_TTL` and `OPTIONS` of `/*+ STATE_TTL('a' = '1h'), OPTIONS(…)`. */
function hintsIn(text: string, span: Span): Parsed['hints'] {
  const { start, end } = span
  if (!text.startsWith('/*+', start)) return []
  let depth = 0
  const names: string[] = []
  for (const { tokenType, upper } of scan(text.slice(start + 3, end - 2)).tokens) {
    if (tokenType === kinds.open) depth++
    else if (tokenType === kinds.close) depth--
    else if (depth === 0 && /^[\p{L}_]/u.test(upper)) names.push(upper)
  }
  return [{ names, span }]
}

/** The tokens of each statement, without semicolons and without empty statements. */
function split(tokens: Token[]): Token[][] {
  const pieces: Token[][] = []
  let start = 0
  for (let at = 0; at <= tokens.length; at++) {
    if (at < tokens.length && tokens[at]!.tokenType !== kinds.semicolon) continue
    if (at > start) pieces.push(tokens.slice(start, at))
    start = at + 1
  }
  return pieces
}

function parseOne(tokens: Token[]): Statement | Diagnostic {
  const parser = sharedParser()
  try {
    const statement = parser.parseStatement(tokens)
    const error = parser.errors[0]
    return error === undefined
      ? statement
      : explain(tokens, placeOf(error.token, tokens), error.message)
  } catch (fault) {
    if (fault instanceof Refusal) return fault.diagnostic
    if (fault instanceof Unexpected)
      return explain(tokens, placeOf(fault.token, tokens), fault.expected)
    throw fault
  }
}

function placeOf(token: IToken, tokens: Token[]): number {
  const at = tokens.indexOf(token as Token)
  return at < 0 ? tokens.length : at
}

/** Says why the grammar failed at `tokens[at]`; `at` is `tokens.length` at the end. */
function explain(tokens: Token[], at: number, message: string): Diagnostic {
  const token = tokens[at]
  const entries = expected(message)
  const separate = separation(tokens, at, entries)
  const foreign = separate === undefined ? unsupportedAt(tokens, at) : undefined
  if (foreign !== undefined) return foreign
  const detail = entries.length === 0 ? undefined : expectedText(entries)
  const hint = separate ?? hintAt(tokens, at, entries)
  if (token === undefined) {
    const end = tokens.at(-1)?.end ?? 0
    return {
      code: 'syntax',
      message: 'unexpected end of statement',
      detail,
      hint,
      span: { start: end, end },
    }
  }
  const span = { start: token.start, end: token.end }
  return { code: 'syntax', message: `unexpected ${token.image}`, detail, hint, span }
}

/** A construct that the parser has no rule for, at the failure or around it. */
function unsupportedAt(tokens: Token[], at: number): Diagnostic | undefined {
  const construct = constructAround(at, tokens)
  if (construct !== undefined) return construct
  const token = tokens[at]
  const before = tokens[at - 1]
  if (token === undefined || before === undefined) return undefined
  const { start, end } = token
  if (token.tokenType === kinds.foreign && token.upper !== '==') {
    return unsupported(`operator ${token.image}`, start, end)
  }
  const interval = before.upper === 'INTERVAL' ? before : tokens[at - 2]
  if (interval?.upper === 'INTERVAL')
    return unsupported('INTERVAL of an expression', interval.start, end)
  if (token.image === '?' && endsOperand(before)) return unsupported('operator ?', start, end)
  if (token.tokenType === kinds.string && foreignLiterals.has(before.upper)) {
    return unsupported(`literals of type ${before.upper}`, before.start, end)
  }
  return undefined
}

const foreignLiterals: ReadonlySet<string> = new Set([
  'TIME',
  'TIMESTAMPTZ',
  'TIMESTAMP_LTZ',
  'JSON',
  'JSONB',
  'UUID',
  'BYTEA',
  'BLOB',
])

const endsOperand = (token: Token): boolean =>
  /^[\p{L}_)\]'"`0-9]/u.test(token.image) && !isReserved(token.upper)

/** Whether a statement ended before `tokens[at]` and the semicolon was forgotten, or a query lacks its parentheses. */
function separation(tokens: Token[], at: number, entries: readonly string[]): string | undefined {
  const token = tokens[at]
  const before = tokens[at - 1]
  if (token === undefined || before === undefined) return undefined
  if (token.upper === 'SELECT' && /^(SUBSCRIBE|TO)$/.test(before.upper)) {
    return 'put the query in parentheses'
  }
  if (entries[0] !== 'end of statement') return undefined
  if (token.upper === 'INTO' && before.upper === 'INSERT') {
    return 'is a semicolon missing before INSERT?'
  }
  return statementWords.has(token.upper)
    ? `is a semicolon missing before ${token.upper}?`
    : undefined
}

const statementWords: ReadonlySet<string> = new Set(['SELECT', 'CREATE', 'VALUES'])

/** What the writer probably meant. */
function hintAt(tokens: Token[], at: number, entries: readonly string[]): string | undefined {
  const token = tokens[at]
  const before = tokens[at - 1]
  if (token?.upper === '==') return 'equality is written ='
  if (
    before?.upper === ',' &&
    (token === undefined || token.upper === ')' || /^[A-Z]/.test(token.upper))
  ) {
    if (token?.tokenType !== kinds.name)
      return `remove the comma before ${token?.image ?? 'the end'}`
  }
  if (token?.tokenType === kinds.name) {
    const wanted = entries.filter((e) => /^[A-Z]/.test(e))
    const meant = closest(token.upper, wanted) ?? closest(token.upper, clauses)
    if (meant !== undefined) return `did you mean ${meant}?`
  }
  if (before?.tokenType === kinds.name) {
    const meant = closest(before.upper, clauses)
    if (meant !== undefined) return `did you mean ${meant} instead of ${before.image}?`
  }
  return undefined
}

/** Keywords that pass for an alias when misspelt. */
// biome-ignore format: a list to read as a block
const clauses: readonly string[] = [
  'FROM', 'WHERE', 'GROUP', 'HAVING', 'ORDER', 'LIMIT', 'OFFSET', 'JOIN', 'LEFT', 'RIGHT', 'INNER', 'CROSS',
  'FULL', 'EMIT', 'WITH', 'USING', 'BETWEEN', 'LIKE', 'AND', 'DESC', 'NULLS',
]

/** The word within one edit of `text`, two for a long one, that is nearest to it. */
function closest(text: string, words: readonly string[]): string | undefined {
  if (text.length < 3) return undefined
  const far = text.length > 5 ? 2 : 1
  let best: string | undefined
  let least = far + 1
  for (const candidate of words) {
    if (Math.abs(candidate.length - text.length) > far) continue
    const edits = distance(text, candidate)
    if (edits > 0 && edits < least) {
      least = edits
      best = candidate
    }
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function distance(a: string, b: string): number {
  let older: number[] = []
  let old = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min(row[j - 1]! + 1, old[j]! + 1, old[j - 1]! + same)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) least = Math.min(least, older[j - 2]! + 1)
      row.push(least)
    }
    older = old
    old = row
  }
  return old[b.length]!
}
