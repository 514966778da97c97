/** Mistakes: statements that parse and cannot run, with the code, place, message and hint that they get. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from '../../grammar/index.ts'
import { QueryMistake } from '../../src/base/index.ts'
import { Database } from '../../src/database/index.ts'

const linesOf = (path: string) =>
  readFileSync(new URL(path, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

const lines = linesOf('mistakes.txt')
const setup = lines.filter((line) => line.endsWith(';'))
const listed = lines
  .filter((line) => !line.endsWith(';'))
  .map((line) => line.split(' ¦ ') as [string, string, string, string?])

describe('mistakes', () => {
  let database: Database
  beforeAll(async () => {
    database = new Database({ connectors: new Map() })
    await database.execute(setup.join('\n'))
  })
  afterAll(() => database.close())

  test.each(listed)('%s', async (marked, code, message, hint) => {
    const text = marked.replace(/[«»]/g, '')
    expect(parse(text).diagnostics).toEqual([])
    const fault = await database.execute(text).catch((error) => error)
    if (text.startsWith('BEGIN')) await database.execute('ROLLBACK')
    expect(fault).toBeInstanceOf(QueryMistake)
    expect(fault.diagnostics).toEqual([
      { code, message, hint, span: { start: marked.indexOf('«'), end: marked.indexOf('»') - 1 } },
    ])
  })
})

test('each bad statement is told by code, place, message and hint, and stands once', () => {
  const grammar = linesOf('../grammar/mistakes.txt').map((line) => line.split(' ¦ '))
  for (const [marked] of [...grammar, ...listed]) expect(marked).toMatch(/^[^«»]*«[^«»]*»[^«»]*$/)
  const texts = new Set([...grammar, ...listed].map(([marked]) => marked?.replace(/[«»]/g, '')))
  expect(texts.size).toBe(grammar.length + listed.length)
  expect(texts.size).toBeGreaterThanOrEqual(400)
  const hints = [...grammar.map((one) => one[2]), ...listed.map((one) => one[3])]
  expect(hints.filter((hint) => hint?.trim()).length).toBeGreaterThanOrEqual(120)
})
