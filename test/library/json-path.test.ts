/**
 * Paths of JSON with filters find what those of Postgres find: every path in every document.
 */
import { PGlite } from '@electric-sql/pglite'
import { afterAll, expect, test } from 'vitest'
import { open } from '../../src/index.ts'

const documents = [
  '{"a": [{"b": 1, "c": "x"}, {"b": 3, "c": "xyz"}, {"c": null}, {"b": "3"}, {"b": [0, 5]}], "n": 2}',
  '[1, 2.50, 2.5, "2", null, true, [3, 4], {"b": 9007199254740993}]',
  '{"a": {"b": 2, "d": {"b": 7, "c": false}}, "n": 1e2}',
  '{"a": []}',
  '12345678901234567890.5',
  '"Ünïcode \\"x\\""',
  'null',
]

const paths = [
  '$.a[*] ? (@.b > 1)',
  '$.a[*]?(@.b>=1&&@.b<3).c',
  '$.a ? (@.b == 3 || @.c == null)',
  '$.a[*] ? (!(@.b == 1))',
  '$.a[*] ? (exists(@.b))',
  '$.a[*] ? (!exists(@.b))',
  '$.a[*] ? (@.b > $.n)',
  '$.a[*].c ? (@ like_regex "^X" flag "i")',
  '$.a[*].c ? (@ like_regex "y.$")',
  '$.a[*] ? (@.c starts with "xy").b',
  '$.a[*] ? ((@.b > 1) is unknown)',
  '$.a[*] ? (@.b != null)',
  '$.a[*] ? (@.b <> 1)',
  '$.a[*] ? (@.b[*] == 5)',
  '$.a.* ? (@.c == false)',
  '$ ? (@ > 2)',
  '$[*] ? (@ == 2.5)',
  '$[*] ? (@ <= 2)',
  '$[*] ? (@ == "2")',
  '$[*] ? (@ == true || @ == null)',
  '$[*] ? (@.b == 9007199254740993)',
  '$[*] ? (@.b == 9007199254740992)',
  '$ ? (@ == 12345678901234567890.5)',
  '$ ? (@ == "Ünïcode \\"x\\"")',
  '$ ? (@ starts with "\\u00dc")',
  '$ ? (@.n == 100)',
  '$ ? (@.a ? (@.b == 2).d.b == 7)',
  '$.a[*] ? (@.b > 0) ? (@.b < 2)',
  '$.a[1] ? (@.b < 10 && @.c > "x")',
  '$."a"[*] ? (@."b" == -1 || @."b" == 1.0e0)',
  '$[last] ? (@.b > 0)',
  '$.a[*] ? (1 < @.b)',
  '$.a[*] ? (@.b == (1))',
  '$.a[*] ? (@.b)',
  '$.a[*] ? @.b > 1',
  '$.a[*] ? (@.b > 1',
  '$.a[*] ? (@.b ~ 1)',
  '$.a[*] ? (@.b like_regex "(")',
] // biome-ignore format: one list

const postgres = await PGlite.create()
const database = await open(':memory:')
afterAll(async () => {
  await postgres.close()
  await database.close()
})

test.each(paths)('%s', async (path) => {
  for (const document of documents) {
    const values = [document, path]
    const wanted = await postgres
      .query<{ x: string }>(
        'select jsonb_path_query_array($1::jsonb, $2::text::jsonpath)::text as x',
        values,
      )
      .then(
        ({ rows }) => JSON.parse(rows[0]!.x),
        () => 'refused',
      )
    const found = await database
      .query<{ x: string }>('select cast(jsonb_path_query_array($1, $2) as varchar) as x', values)
      .then(
        ([row]) => JSON.parse(row!.x),
        () => 'refused',
      )
    expect(found, document).toEqual(wanted)
  }
})
