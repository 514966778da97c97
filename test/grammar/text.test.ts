/** Text: variables, drawn diagnostics, colours and completeness. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables are written like that.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  isComplete,
  locate,
  parse,
  renderDiagnostic,
  substitute,
  tokens,
} from '../../grammar/index.ts'
import { sized } from '../size.ts'

test('variables are replaced in strings too, once, and not in comments', () => {
  const variables = new Map([
    ['A', '1'],
    ['b_2', '${A}'],
  ])
  expect(
    substitute('${A} \'${b_2}\' "${A}" -- ${C}\n/* ${D} */ $$ `${e}` $$ $1', variables),
  ).toEqual({
    text: '1 \'${A}\' "1" -- ${C}\n/* ${D} */ $$ `${e}` $$ $1',
    diagnostics: [],
  })
})

test('an undefined variable is a mistake at its place', () => {
  const { text, diagnostics } = substitute('SELECT ${X}, ${Y}', new Map([['Z', '1']]))
  expect(text).toBe('SELECT ${X}, ${Y}')
  expect(diagnostics).toEqual([
    {
      code: 'undefined_variable',
      message: 'variable X is not set',
      detail: 'variables are Z',
      span: { start: 7, end: 11 },
    },
    {
      code: 'undefined_variable',
      message: 'variable Y is not set',
      detail: 'variables are Z',
      span: { start: 13, end: 17 },
    },
  ])
})

test('a diagnostic is drawn under its line', () => {
  const text = 'SELECT 1;\r\n\tSELECT a FORM t;\nSELECT 2'
  expect(renderDiagnostic(parse(text).diagnostics[0]!, text)).toBe(
    [
      'error at 2:16: unexpected t (syntax)',
      ' 2 |   SELECT a FORM t;',
      '   |                 ^',
      '   = expected end of statement',
      '   = hint: did you mean FROM instead of FORM?',
    ].join('\n'),
  )
  expect(renderDiagnostic({ code: 'file', message: 'no such file' }, '')).toBe(
    'error: no such file (file)',
  )
  expect(locate(text, text.length)).toEqual({ line: 3, column: 9 })
})

test('a mistake at the end, over several lines and in a long line', () => {
  expect(renderDiagnostic(parse('SELECT').diagnostics[0]!, 'SELECT')).toContain(
    ' 1 | SELECT\n   |       ^',
  )
  const open = "SELECT 'a\nb"
  expect(renderDiagnostic(parse(open).diagnostics[0]!, open)).toContain(
    " 1 | SELECT 'a\n   |        ^^",
  )
  const long = `SELECT ${'a, '.repeat(1000)}b b b`
  for (const line of renderDiagnostic(parse(long).diagnostics[0]!, long).split('\n')) {
    expect(line.length).toBeLessThan(220)
  }
})

test('pieces have colours', () => {
  const text = 'SELECT t."x", \'y\', 1.5 -- c\n+ ? /* open'
  const kinds = tokens(text).map((t) => [t.kind, text.slice(t.start, t.end)])
  expect(kinds).toEqual([
    ['keyword', 'SELECT'],
    ['identifier', 't'],
    ['operator', '.'],
    ['identifier', '"x"'],
    ['operator', ','],
    ['string', "'y'"],
    ['operator', ','],
    ['number', '1.5'],
    ['comment', '-- c'],
    ['operator', '+'],
    ['identifier', '?'],
    ['comment', '/* open'],
  ])
})

test('property: pieces are in order, apart, and leave only blanks between them', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 30, unit: 'binary' }),
      fc.string({ maxLength: 30 }),
      (x, y) => {
        const text = `${x}'${y}`
        let at = 0
        for (const piece of tokens(text)) {
          expect(text.slice(at, piece.start).trim()).toBe('')
          expect(piece.end).toBeGreaterThan(piece.start)
          at = piece.end
        }
        expect(text.slice(at).trim()).toBe('')
      },
    ),
    { numRuns: sized(300, 1000) },
  )
})

test.each<[string, boolean]>([
  ['select 1;', true],
  ['select 1; -- x', true],
  ['select 1', false],
  ['', false],
  ["select ';", false],
  ['select 1 -- ;', false],
  ['/* ; */', false],
  ['/* ; ', false],
  ['select $$ ; $$', false],
  ["select ';';", true],
  ['select "a;', false],
  ["select E'\\';", false],
])('is %j complete: %j', (text, complete) => {
  expect(isComplete(text)).toBe(complete)
})
