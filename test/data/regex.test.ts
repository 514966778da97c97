/** Regular expressions: states against backtracking. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileBacktracking, compileRegex, type Regex } from '../../src/data/regex.ts'

const atom = fc.constantFrom(
  ...[
    'a',
    'b',
    'c',
    'é',
    '日',
    '😀',
    '.',
    '[ab]',
    '[^a]',
    '[^é]',
    '\\w',
    '\\W',
    '\\d',
    '\\s',
    '\\b',
    '\\B',
    '^',
    '$',
  ],
  ...['(?:)', '\\n', '[a-c日]', 'abc', '(?i:A)', '\\x41'],
)
const { pattern } = fc.letrec<{ pattern: string; piece: string }>((tie) => ({
  piece: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    atom,
    fc.tuple(tie('pattern'), fc.constantFrom('(', '(?:')).map(([body, open]) => `${open}${body})`),
    fc
      .tuple(
        tie('pattern'),
        fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{2}', '{1,3}', '{0,2}?', '{2,}'),
      )
      .map(([body, times]) => `(?:${body})${times}`),
  ),
  pattern: fc.oneof(
    { depthSize: 'small' },
    fc.array(tie('piece'), { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join('')),
    fc.tuple(tie('pattern'), tie('pattern')).map((ways) => ways.join('|')),
  ),
}))
const text = fc
  .array(fc.constantFrom('a', 'b', 'c', 'A', '1', '_', ' ', '\n', 'é', '日', '😀', 'ab'), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''))
const flags = fc.constantFrom('', 'i', 's', 'm', 'im')

/** All matches behind one another, with their groups. */
function matchesOf(regex: Regex, bytes: Uint8Array, start: number, end: number): number[][] {
  const all: number[][] = []
  for (let from = start; from <= end && regex.match(bytes, start, end, from); ) {
    all.push([...regex.captures])
    from = Math.max(regex.captures[1]!, from + 1)
  }
  return all
}

const encoded = (given: string) => new TextEncoder().encode(given)

describe('states', () => {
  test('give the matches and groups of backtracking', () => {
    fc.assert(
      fc.property(pattern, flags, fc.array(text, { maxLength: 6 }), (source, given, texts) => {
        const [fast, slow] = [compileRegex(source, given), compileBacktracking(source, given)]
        for (const one of texts) {
          // What stands around the text must not matter.
          const bytes = encoded(`a${one}a`)
          const end = bytes.length - 1
          expect(matchesOf(fast, bytes, 1, end)).toEqual(matchesOf(slow, bytes, 1, end))
        }
      }),
      { numRuns: 400 },
    )
  })

  test('give up where there are too many of them, and the matches stay', () => {
    const source = '(?:(a)|b)*(a)(?:a|b){14}c'
    const [fast, slow] = [compileRegex(source), compileBacktracking(source)]
    let draw = 1
    for (let run = 0; run < 300; run++) {
      let given = ''
      for (let at = 0; at < 60; at++) {
        draw = (Math.imul(draw, 1_103_515_245) + 12_345) >>> 0
        given += 'aabbabc'[(draw >>> 16) % 7]
      }
      const bytes = encoded(given)
      expect(matchesOf(fast, bytes, 0, bytes.length)).toEqual(
        matchesOf(slow, bytes, 0, bytes.length),
      )
    }
  })

  test('take as many code points as there are', () => {
    const [fast, slow] = [
      compileRegex('([^x\\p{Lu}]+)(\\p{Lu})'),
      compileBacktracking('([^x\\p{Lu}]+)(\\p{Lu})'),
    ]
    for (let point = 0x80; point < 0x3000; point += 13) {
      const bytes = encoded(`x${String.fromCodePoint(point)}É`)
      expect(matchesOf(fast, bytes, 0, bytes.length)).toEqual(
        matchesOf(slow, bytes, 0, bytes.length),
      )
    }
  })
})

test('patterns that begin with bytes of their own find them', () => {
  const regex = compileRegex('(&|^)channel_id=([^&]*)')
  const found = (given: string) => {
    const bytes = encoded(given)
    if (!regex.match(bytes, 0, bytes.length)) return null
    const [from, to] = [regex.captures[4]!, regex.captures[5]!]
    return new TextDecoder().decode(bytes.subarray(from, to))
  }
  expect(found('a?b=1&channel_id=12&c=3')).toBe('12')
  expect(found('channel_id=')).toBe('')
  expect(found('a?channel_id=12')).toBe(null)
})
