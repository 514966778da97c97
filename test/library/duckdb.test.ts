/**
 * Scalar functions against DuckDB on random tuples of hard values.
 *
 * How      MILLRACE_TUPLES sets the number of tuples per expression, MILLRACE_SEED the first seed.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../fuzz/duckdb.ts'
import { deviations, reasonFor } from './deviations.ts'
import { differences, rowsOf } from './duckdb.ts'
import { chapters } from './table.ts'

const ci = process.env['CI'] === 'true'
const count = Number(process.env['MILLRACE_TUPLES'] ?? (ci ? 400 : 40))
const seed = Number(process.env['MILLRACE_SEED'] ?? 1)

let connection: DuckDBConnection
beforeAll(async () => {
  connection = await connect()
})

for (const [chapter, lines] of Object.entries(chapters)) {
  describe(chapter, () => {
    test.each(lines)('$ours ($kinds)', async (line) => {
      const rows = rowsOf(line.kinds, count, seed)
      const found = await differences(connection, line, rows)
      expect(found.filter(({ cells }) => reasonFor(line.ours, cells) === undefined)).toEqual([])
    })
  })
}

test('every deviation is of an expression that is there', () => {
  const known = Object.values(chapters).flatMap((lines) => lines.map(({ ours }) => ours))
  const lost = deviations
    .flatMap(({ of }) => of)
    .filter((name) =>
      name.endsWith('…')
        ? !known.some((one) => one.startsWith(name.slice(0, -1)))
        : !known.includes(name),
    )
  expect(lost).toEqual([])
})
