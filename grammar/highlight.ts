/**
 * Highlight: the pieces of a text by the colour they deserve, and whether the text asks for more lines.
 *
 * Contract 1 (checked) pieces are in order and do not overlap; no text throws, however broken.
 */
import { scan, type Token } from './scanner.ts'
import { keywords, kinds } from './words.ts'

type Colour = 'keyword' | 'identifier' | 'string' | 'number' | 'comment' | 'operator'
export type Piece = { kind: Colour; start: number; end: number }

const keywordSet: ReadonlySet<string> = new Set(keywords)

/** For terminals and editors: `tokens('select 1')` are a keyword and a number. */
export function tokens(text: string): Piece[] {
  const found = scan(text)
  const comments = found.comments.map((c): Piece => ({ kind: 'comment', ...c }))
  const pieces = found.tokens
    .filter((t) => !comments.some((c) => c.start === t.start))
    .map((t): Piece => ({ kind: colour(t), start: t.start, end: t.end }))
  return [...pieces, ...comments].sort((a, b) => a.start - b.start)
}

function colour(token: Token): Colour {
  if (token.tokenType === kinds.number) return 'number'
  if (token.tokenType === kinds.string) return 'string'
  if (token.tokenType === kinds.quotedName || token.tokenType === kinds.parameter) {
    return 'identifier'
  }
  if (token.tokenType === kinds.niladic || keywordSet.has(token.upper)) return 'keyword'
  if (token.tokenType === kinds.invalid) return invalidColour(token.image)
  return /^[\p{L}_]/u.test(token.image) ? 'identifier' : 'operator'
}

function invalidColour(image: string): Colour {
  if (/^(?:[bexBEX]?'|\$)/.test(image)) return 'string'
  if (/^["`]/.test(image)) return 'identifier'
  return /^[0-9.]/.test(image) ? 'number' : 'operator'
}

/** Whether the text ends with a semicolon outside of strings and comments, so that it can be run. */
export function isComplete(text: string): boolean {
  const found = scan(text)
  return !found.open && found.tokens.at(-1)?.tokenType === kinds.semicolon
}
