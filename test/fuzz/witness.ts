/**
 * Witness: asks other engines what the reference interpreter has answered.
 *
 * How      Views are read as their queries on both sides, so that only one-shot answers are compared. DuckDB is asked
 *          first. Postgres and SQLite say what they can of cases in which every order is total. Who answers has a
 *          voice, the interpreter too; an answer is wrong when the voices for it are not more than those against it.
 * See      duckdb.ts for what DuckDB can say
 */
import type { Field } from '../../src/data/index.ts'
import { readScript } from '../script/format.ts'
import { OracleSession } from '../script/oracle-session.ts'
import { runStep } from '../script/run.ts'
import { type Case, millrace, type Select, scriptOf, selectSql } from './case.ts'
import {
  answer,
  type connect,
  isComparable,
  load,
  plainRows,
  sameRows,
  viewsFor,
} from './duckdb.ts'
import { postgresWitness } from './postgres.ts'
import { sqliteWitness } from './sqlite.ts'

type Connection = Awaited<ReturnType<typeof connect>>

/** Rows of plain text; doubles as numbers. */
export type Answer = (string | number | null)[][]

/** An engine that is asked beside DuckDB. */
export interface Witness {
  name: string
  load(one: Case): Promise<void>
  /** null where it cannot say the query. */
  answer(select: Select, fields: readonly Field[]): Promise<Answer | null>
}

const others = [postgresWitness, sqliteWitness]

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
  const witnesses = one.exact === true ? others : []
  for (const witness of witnesses) await witness.load(one)
  let compared = 0
  for (const { select } of comparable) {
    const ours = await oracle.execute(selectSql(select, millrace)).catch(() => null)
    const isInterval = ({ type }: Field) => type.kind === 'interval' || type.kind === 'period'
    if (ours?.kind !== 'rows' || ours.fields.some(isInterval)) continue
    const { fields } = ours
    const told: [string, Answer | null][] = [
      ['DuckDB', await answer(connection, select, fields).catch(refused)],
    ]
    for (const { name, answer } of witnesses) told.push([name, await answer(select, fields)])
    const voices = told.flatMap(([name, theirs]) => (theirs === null ? [] : [{ name, theirs }]))
    compared += voices.length
    const rows = plainRows(ours.rows, fields)
    const against = voices.filter(({ theirs }) => !sameRows(rows, theirs))
    if (2 * against.length < voices.length + 1) continue
    const texts = against.map(({ name, theirs }) => `${name} ${JSON.stringify(theirs)}`)
    const complaint = `${selectSql(select, millrace)}\noracle ${JSON.stringify(rows)}\n${texts.join('\n')}`
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
