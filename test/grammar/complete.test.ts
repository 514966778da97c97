/** Complete: what is offered at a place, and that nothing which parses is missing from it. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { complete, parse } from '../../grammar/index.ts'
import { scan } from '../../grammar/scanner.ts'
import { isReserved } from '../../grammar/words.ts'

/** The place is at `|`. */
const at = (marked: string) => complete(marked.replace('|', ''), marked.indexOf('|'))

test.each<[string, string[], string[]]>([
  ['|', [], ['CREATE', 'SELECT', 'SUBSCRIBE', 'EXPLAIN']],
  ['SEL|', [], ['SELECT']],
  ['SELECT |', ['column', 'function'], ['DISTINCT', 'CASE', 'CAST', 'INTERVAL']],
  ['SELECT a |', [], ['AS', 'AND', 'FROM', 'BETWEEN']],
  ['SELECT a FROM |', ['relation'], ['TUMBLE', 'HOP']],
  ['SELECT a FROM t |', [], ['WHERE', 'JOIN', 'GROUP', 'EMIT']],
  ['SELECT a FROM t EMIT |', [], ['CHANGES', 'FINAL', 'ON', 'EVERY']],
  ['SELECT a FROM t EMIT FINAL |', [], ['WITH', 'EARLY', 'LATE']],
  ["SELECT INTERVAL '1' |", [], ['DAY', 'HOUR']],
  ['SELECT 1; DROP |', [], ['TABLE', 'VIEW', 'MATERIALIZED']],
  ['DROP TABLE |', ['relation'], ['IF']],
  ['DESCRIBE |', ['relation'], []],
  ['UPDATE |', ['relation'], []],
  ['DELETE FROM |', ['relation'], []],
  ['CREATE STREAM s (a |', ['type'], []],
  ['INSERT INTO t (|', ['column'], []],
  ['SELECT * FROM TUMBLE(t, |', ['column'], ['DESCRIPTOR']],
])('%s', (marked, wants, keywords) => {
  const found = at(marked)
  expect(found.wants.filter((want) => wants.includes(want))).toEqual(wants)
  expect(found.keywords).toEqual(expect.arrayContaining(keywords))
})

test('a name of its own is not offered', () => {
  for (const marked of ['CREATE VIEW |', 'SELECT a AS |', 'CREATE STREAM s (|'])
    expect(at(marked).wants, marked).toEqual([])
})

test('nothing is offered in strings and comments', () => {
  for (const marked of ["SELECT 'a |", 'SELECT "a |', '/* a |', 'SELECT $$ a |'])
    expect(at(marked), marked).toMatchObject({ keywords: [], wants: [] })
})

test('the relations of a statement are known by their aliases, from both sides of the place', () => {
  expect(
    at('SELECT | FROM trip t JOIN city AS c ON 1 = 1, line; SELECT * FROM x').relations,
  ).toEqual([
    { name: 'trip', alias: 't' },
    { name: 'city', alias: 'c' },
    { name: 'line', alias: 'line' },
  ])
  expect(at('SELECT t.fa| FROM trip t')).toMatchObject({ qualifier: 't', start: 9 })
})

const lines = readFileSync(new URL('language.sql', import.meta.url), 'utf8').split('\n')
const whole = lines.filter((line) => line !== '' && parse(line).diagnostics.length === 0)

test.each(whole)('every keyword is offered at its place: %s', (text) => {
  for (const { start, upper } of scan(text).tokens) {
    if (upper === '' || !isReserved(upper)) continue
    const { keywords, qualifier } = complete(text, start)
    if (qualifier === null && !/^(CURRENT|LOCAL)/.test(upper)) expect(keywords).toContain(upper)
  }
})

test('property: no text throws', () => {
  const words = fc.constantFrom('select ', 'from ', 't ', '(', ')', ', ', "'", 'a.', '1 ', ';', '|')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map((w) => w.join('')),
      ),
      (text) => {
        expect(() => complete(text, text.length)).not.toThrow()
      },
    ),
  )
})
