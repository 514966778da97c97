/**
 * Pattern: LIKE patterns as a sequence of literal texts and wildcards, and as a test.
 *
 * How      % stands for any text, _ for one code point, the escape makes the next code point literal.
 */
import { Fault } from './fault.ts'

/** Literal text, `%` as 'any' and `_` as 'one'. */
export type Piece = { text: string } | 'any' | 'one'

export function piecesOf(pattern: string, mark = '\\'): Piece[] | Fault {
  const pieces: Piece[] = []
  let text = ''
  const flush = () => {
    if (text !== '') pieces.push({ text })
    text = ''
  }
  const points = [...pattern]
  for (let index = 0; index < points.length; index++) {
    const point = points[index]!
    if (mark !== '' && point === mark) {
      index++
      if (index === points.length) {
        return new Fault('invalid_argument', 'a pattern must not end with the escape character')
      }
      text += points[index]!
    } else if (point === '%' || point === '_') {
      flush()
      pieces.push(point === '%' ? 'any' : 'one')
    } else text += point
  }
  flush()
  return pieces
}

/** A test for whole strings. */
export function matcherOf(pieces: readonly Piece[]): (text: string) => boolean {
  const source = pieces.map((piece) => {
    if (piece === 'any') return '[^]*'
    return piece === 'one' ? '[^]' : piece.text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  })
  const expression = new RegExp(`^${source.join('')}$`, 'u')
  return (text) => expression.test(text)
}
