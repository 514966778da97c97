/** Diagrams: the pictures in docs/grammar are those of the grammar as it is. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { sharedParser } from '../../grammar/parser.ts'
import { diagrams } from '../../scripts/diagrams.ts'

test('docs/grammar is what the grammar gives; `npm run docs` writes it', () => {
  const written = diagrams()
  expect(readdirSync('docs/grammar').map((name) => `docs/grammar/${name}`)).toEqual(
    [...written.keys()].sort((a, b) => (a < b ? -1 : 1)),
  )
  const stale = [...written].filter(([path, text]) => readFileSync(path, 'utf8') !== text)
  expect(stale.map(([path]) => path)).toEqual([])
})

test('every rule is in a picture', () => {
  const all = [...diagrams().values()].join('')
  for (const name of Object.keys(sharedParser().getGAstProductions())) {
    expect(all, name).toContain(`<g id="${name}">`)
  }
})
