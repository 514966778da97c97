/** Constructs: every line of the table answers with its own name at its place. */
import { expect, test } from 'vitest'
import { constructAround, constructs } from '../../grammar/constructs.ts'
import { parse } from '../../grammar/index.ts'
import { scan } from '../../grammar/scanner.ts'

/** Text before the words, for the places that a rule asks. */
const contexts = {
  statement: '',
  element: 'CREATE TABLE t (a INT, ',
  relation: 'SELECT * FROM ',
  operand: 'SELECT ',
  type: 'CREATE TABLE t (a ',
} as const

const sample = (words: string): string =>
  words
    .replace('<name>', 'x')
    .replace('<any>', 'x')
    .replace('<string>', "'x'")
    .replace('<number>', '1')

for (const place of Object.keys(contexts) as (keyof typeof contexts)[]) {
  test.each(Object.entries(constructs[place]))(`${place}: %s`, (words, name) => {
    const text = contexts[place] + sample(words)
    expect(parse(text).diagnostics).toEqual([
      {
        code: 'unsupported',
        message: `not supported yet: ${name === '' ? words : name}`,
        span: { start: contexts[place].length, end: text.length },
      },
    ])
  })
}

test.each(Object.entries(constructs.anywhere))('anywhere: %s', (words, name) => {
  const { tokens } = scan(sample(words))
  expect(constructAround(tokens.length - 1, tokens)?.message).toBe(
    `not supported yet: ${name === '' ? words : name}`,
  )
})
