/**
 * Ask: what `query` and `explain` make of `execute`, the same for a database here and on another thread.
 */
import type { Statement } from '../../grammar/index.ts'
import { assert, QueryMistake } from '../base/index.ts'
import type { Field, Row } from '../data/index.ts'
import type { Database, ExecuteOptions } from './database.ts'

/** The rows of a one-shot statement. */
export interface ResultSet {
  fields: Field[]
  rows: Row[]
}

const message = 'query() takes one statement that gives rows'
const hint = 'use execute() or subscribe()'

/** Refuses a text that is not one statement which gives rows and ends, before anything of it is done. */
export function checkAsks(statements: readonly Statement[], text: string): void {
  const odd = statements.length === 1 ? statements.find((one) => !givesRows(one)) : statements[1]
  if (statements.length === 1 && odd === undefined) return
  throw new QueryMistake([{ code: 'unsupported', message, span: odd?.span, hint }], text)
}

function givesRows(statement: Statement): boolean {
  if (statement.kind === 'query-statement') return statement.query.emit === null
  return /^(explain|show|describe|verify|fetch)/.test(statement.kind)
}

/** The rows of the one statement. */
export async function askRows(
  database: Pick<Database, 'execute'>,
  sql: string,
  options: ExecuteOptions,
): Promise<ResultSet> {
  const [result] = await database.execute(sql, { ...options, asks: true })
  assert(result?.kind === 'rows', 'a statement that gives rows gave some')
  return { fields: result.fields, rows: result.rows }
}

/** The plan of a statement as text. */
export async function askPlan(database: Pick<Database, 'execute'>, sql: string): Promise<string> {
  const { rows } = await askRows(database, `EXPLAIN ${sql}`, {})
  return rows.map((row) => row[0]).join('\n')
}
