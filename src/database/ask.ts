/**
 * Ask: what `query` and `explain` make of `execute`, the same for a database here and on another thread.
 */
import { QueryMistake } from '../base/index.ts'
import type { Field, Row } from '../data/index.ts'
import type { Database, ExecuteOptions } from './database.ts'

/** The rows of a one-shot statement. */
export interface ResultSet {
  fields: Field[]
  rows: Row[]
}

/** The last result that has rows; continuous queries are cancelled and refused. */
export async function askRows(
  database: Pick<Database, 'execute'>,
  sql: string,
  options: ExecuteOptions,
): Promise<ResultSet> {
  const results = await database.execute(sql, options)
  const last = results.findLast((result) => result.kind === 'rows')
  if (last?.kind === 'rows') return { fields: last.fields, rows: last.rows }
  for (const result of results) if (result.kind === 'changes') result.cancel()
  const message = 'query() takes a statement that gives rows'
  throw new QueryMistake([{ code: 'unsupported', message, hint: 'use execute() or subscribe()' }])
}

/** The plan of a statement as text. */
export async function askPlan(database: Pick<Database, 'execute'>, sql: string): Promise<string> {
  const { rows } = await askRows(database, `EXPLAIN ${sql}`, {})
  return rows.map((row) => row[0]).join('\n')
}
