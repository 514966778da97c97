/**
 * Library: every function has an implementation, its example gives what is written, and the document is up to date.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { functionsDocument } from '../../scripts/functions.ts'
import { open } from '../../src/database/index.ts'
import { library } from '../../src/plan/library.ts'
import { libraryMakers } from '../../src/runtime/expression/library.ts'

const entries = Object.values(library).flat()

test('every function of the table is there, and nothing else', () => {
  const named = new Set(entries.map(({ names }) => names[0]!))
  // Known when it is bound; and what SIMILAR TO, derived aggregates, draws and clauses of JSON become.
  named.delete('typeof')
  for (const hidden of ['similar_to', 'moment', 'pack', 'unpack', 'collected']) named.add(hidden)
  for (const hidden of ['random', 'random_below', 'random_uuid']) named.add(hidden)
  for (const hidden of ['length_of', 'micros_of', 'months_of', 'period_of']) named.add(hidden)
  for (const hidden of [
    'item_part',
    'array_boxes',
    'array_unboxes',
    'json_state',
    'json_wrapped',
    'raise',
  ])
    named.add(hidden)
  expect(Object.keys(libraryMakers).sort()).toEqual([...named].sort())
})

test('the document is made from the table', () => {
  expect(readFileSync('docs/functions.md', 'utf8')).toBe(functionsDocument())
})

describe('examples', async () => {
  const database = await open(':memory:', { cycles: 'manual' })
  for (const { example, shows } of entries) {
    test(example, async () => {
      const { rows } = await database.query(`select cast(${example} as varchar) as x`)
      expect(rows[0]![0]).toBe(shows)
    })
  }
})
