/**
 * Witness: asks DuckDB what the reference interpreter has answered.
 *
 * How      Views are read as their queries on both sides, so that only one-shot answers are compared.
 * See      duckdb.ts for what both can say
 */
import type { Field } from '../../src/data/index.ts'
import { readScript } from '../script/format.ts'
import { OracleSession } from '../script/oracle-session.ts'
import { runStep } from '../script/run.ts'
import { type Case, millrace, scriptOf, selectSql } from './case.ts'
import {
  answer,
  type connect,
  isComparable,
  load,
  plainRows,
  sameRows,
  viewsFor,
} from './duckdb.ts'

type Connection = Awaited<ReturnType<typeof connect>>

/** Compares the one-shot answer of every view's query; says how many were comparable and what is wrong with one. */
export async function compareAnswers(
  connection: Connection,
  one: Case,
): Promise<{ compared: number; complaint: string | null }> {
  const comparable = one.views.filter(({ select }) => isComparable(select, one))
  if (comparable.length === 0) return { compared: 0, complaint: null }
  const oracle = new OracleSession()
  const views = one.exact === true ? one.views.map((view) => ({ ...view, stored: false })) : []
  for (const step of readScript(scriptOf({ ...one, views })))
    if (step.kind !== 'query') await runStep(oracle, step)
  await load(connection, one)
  for (const sql of one.exact === true ? viewsFor(one) : []) await connection.run(sql)
  let compared = 0
  for (const { select } of comparable) {
    const ours = await oracle.execute(selectSql(select, millrace)).catch(() => null)
    const isInterval = ({ type }: Field) => type.kind === 'interval' || type.kind === 'period'
    if (ours?.kind !== 'rows' || ours.fields.some(isInterval)) continue
    const theirs = await answer(connection, select, ours.fields).catch(refused)
    if (theirs === null) continue
    compared++
    const rows = plainRows(ours.rows, ours.fields)
    if (sameRows(rows, theirs)) continue
    const texts = [rows, theirs].map((some) => JSON.stringify(some))
    const complaint = `${selectSql(select, millrace)}\noracle ${texts[0]}\nDuckDB ${texts[1]}`
    return { compared, complaint }
  }
  return { compared, complaint: null }
}

/** DuckDB judges values that nobody uses, lacks some functions, and fails at some plans by a mistake of its own. */
function refused(error: unknown): null {
  const known =
    /Out of Range|Conversion Error|Not implemented Error|INTERNAL Error|Table Function with name|types '[^']*\bINTERVAL/
  if (error instanceof Error && known.test(error.message)) return null
  throw error
}
