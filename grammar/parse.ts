/**
 * Parse: text into a script, with a diagnostic for each statement that cannot be read.
 *
 * How      1. Scan the whole text. 2. Cut it at semicolons. 3. Parse each piece by itself, so that one fault hides none
 *          of the others. 4. Turn the parser's failure into words: a construct of constructs.ts if one explains it,
 *          else what was unexpected, what would have done and, for a misspelt keyword, which one was meant.
 * Contract 1 (checked) a statement is in the script or has at least one diagnostic, never both.
 *          2 (checked) diagnostics are in the order of the text and their spans lie within it.
 * Cost     The parser is made at the first call.
 */
import type { IToken } from 'chevrotain'
import type { Diagnostic } from '../src/base/index.ts'
import { constructAround, unsupported } from './constructs.ts'
import { expected, expectedText } from './expectation.ts'
import { hintAt, separation } from './hint.ts'
import { attachOptions, type Hint, hintOf } from './option-hint.ts'
import { type Parser, sharedParser } from './parser.ts'
import { Refusal, Unexpected } from './rule/leaf.ts'
import { scan, type Token } from './scanner.ts'
import { explainedHead, explainHead, setHead } from './statement-set.ts'
import type { Option, Script, Statement } from './tree.ts'
import { isReserved, kinds } from './words.ts'

/**
 * What a text holds; `sets` are the statements of each statement set, `hints` those that change nothing: their names,
 * and where they stand.
 */
export interface Parsed {
  script: Script
  diagnostics: Diagnostic[]
  sets: Statement[][]
  hints: Pick<Hint, 'names' | 'span'>[]
}

export function parse(text: string): Parsed {
  const { tokens, comments, diagnostics } = scan(text)
  const statements: Statement[] = []
  let set: Token | undefined
  const sets: Statement[][] = []
  let before = 0
  /** Diagnostics that stand before the set. */
  let mistakes = 0
  /** Words of EXPLAIN that stand before the set. */
  let explain: Token[] = []
  for (let piece of split(tokens)) {
    const explains = set === undefined ? explainHead(piece) : 0
    const own = piece.slice(explains)
    const head = set !== undefined ? 0 : explains > 0 ? explainedHead(own) : setHead(own)
    if (head > 0) {
      set = piece[0]
      before = statements.length
      mistakes = diagnostics.length
      explain = piece.slice(0, explains)
      piece = own.slice(head)
    } else if (set !== undefined && piece.length === 1 && piece[0]!.upper === 'END') {
      set = undefined
      // It runs whole or not at all.
      if (diagnostics.length > mistakes) statements.length = before
      const own = statements.slice(before)
      if (own[0]?.kind === 'insert') sets.push(own)
      continue
    }
    if (piece.length === 0 || piece.some((t) => t.tokenType === kinds.invalid)) continue
    const outcome = parseOne(set === undefined ? piece : [...explain, ...piece])
    if ('code' in outcome) diagnostics.push(outcome)
    else if (set === undefined || isInsert(outcome)) statements.push(outcome)
    else diagnostics.push(mistaken('a statement set holds INSERT only', piece[0]!))
  }
  if (set !== undefined) {
    statements.length = before
    diagnostics.push(mistaken('the statement set has no END', set))
  }
  const hints: Hint[] = []
  for (const comment of comments) {
    const hint = hintOf(text, comment, readOptions)
    if (hint !== null) 'code' in hint ? diagnostics.push(hint) : hints.push(hint)
  }
  if (hints.length > 0) for (const one of statements) attachOptions(one, hints, text)
  diagnostics.sort((a, b) => (a.span?.start ?? 0) - (b.span?.start ?? 0))
  const idle = hints.filter(({ names }) => names.length > 0)
  return { script: { kind: 'script', statements }, diagnostics, sets, hints: idle }
}

const isInsert = (statement: Statement): boolean =>
  statement.kind === 'insert' || (statement.kind === 'explain' && isInsert(statement.statement))

const mistaken = (message: string, { start, end }: Token): Diagnostic => ({
  code: 'syntax',
  message,
  span: { start, end },
})

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

const parseOne = (tokens: Token[]): Statement | Diagnostic =>
  outcomeOf(tokens, (parser) => parser.parseStatement(tokens))

const readOptions = (tokens: Token[]): Option[] | Diagnostic =>
  outcomeOf(tokens, (parser) => parser.parseOptions(tokens))

function outcomeOf<T>(tokens: Token[], run: (parser: Parser) => T): T | Diagnostic {
  const parser = sharedParser()
  try {
    const found = run(parser)
    const error = parser.errors[0]
    return error === undefined
      ? found
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
  const foreign = separate === undefined ? unsupportedAt(tokens, at, entries) : undefined
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
function unsupportedAt(
  tokens: Token[],
  at: number,
  entries: readonly string[],
): Diagnostic | undefined {
  const construct = constructAround(at, tokens)
  if (construct !== undefined) return construct
  const token = tokens[at]
  const before = tokens[at - 1]
  if (token === undefined || before === undefined) return undefined
  const { start, end } = token
  const inExpression = entries.join() !== '='
  const isForeign = token.tokenType === kinds.foreign && !/^(==|!)$/.test(token.upper)
  if (inExpression && (isForeign || token.tokenType === kinds.assign)) {
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
