/**
 * Temporary: what a session has for itself, as its own statements see it: under plain names, and gone with it.
 *
 * How      Statements are bound, logged and kept with full names (src/plan/temporary.ts). On the way out full names
 *          become plain ones again. The end of a session is logged as DROPs. A crash ends the sessions of its
 *          process; the one without a name is that of the database itself, and goes on.
 * Contract 1 (checked) a session does not see what others have for themselves.
 */
import type { Statement } from '../../../grammar/index.ts'
import { QueryMistake } from '../../base/index.ts'
import { type Catalog, plainName, type Relation, sessionOf } from '../../catalog/index.ts'
import type { Value } from '../../data/index.ts'
import type { StatementResult } from '../statement.ts'

/** The session of all statements that name none. */
export const sharedSession = 0

/** A text with the plain names of a session's objects. */
function plainText(text: string, session: number): string {
  if (!text.includes(`temp_${session}.`)) return text
  return text
    .replaceAll(new RegExp(`"temp_${session}\\.([\\p{L}_][\\p{L}\\p{N}_]*)"`, 'gu'), '$1')
    .replaceAll(`temp_${session}.`, '')
}

/** The fault, with the names that its session knows. */
export function plainFault(fault: unknown, session: number): unknown {
  if (!(fault instanceof QueryMistake) || !fault.message.includes('temp_')) return fault
  const plain = (text: string) => plainText(text, session)
  const diagnostics = fault.diagnostics.map(({ message, hint, ...rest }) => {
    return {
      ...rest,
      message: plain(message),
      ...(hint === undefined ? {} : { hint: plain(hint) }),
    }
  })
  return new QueryMistake(diagnostics, fault.text)
}

/** What SHOW lists, and what statements say of themselves, with the names that the session knows. */
export function plainResult(
  statement: Statement,
  result: StatementResult,
  session: number,
): StatementResult {
  if (result.kind === 'done') return { ...result, message: plainText(result.message, session) }
  const { kind } = statement
  if (result.kind !== 'rows') return result
  const plain = (value: Value) => (typeof value === 'string' ? plainText(value, session) : value)
  if (kind === 'show-create') return { ...result, rows: result.rows.map((row) => row.map(plain)) }
  if (kind !== 'show') return result
  const isSeen = (name: Value) => [null, session].includes(sessionOf(String(name)))
  const rows = result.rows.filter(([name]) => isSeen(name!))
  return { ...result, rows: rows.map(([name, ...rest]) => [plainName(String(name)), ...rest]) }
}

/** Statements that drop the objects of the sessions that `ends` picks, in the order in which they were made. */
export function dropsOf(catalog: Catalog, ends: (session: number) => boolean): string[] {
  const isGone = ({ name }: { name: string }) => {
    const session = sessionOf(name)
    return session !== null && ends(session)
  }
  const relations = catalog.list().filter((one) => one.kind !== 'errors' && isGone(one))
  const functions = catalog.functions().filter(isGone)
  const text = (object: string, name: string) =>
    `DROP ${object} IF EXISTS "${name.replaceAll('"', '""')}" CASCADE`
  return [
    ...relations.map((one) => text(objectOf(one), one.name)),
    ...functions.map((one) => text('FUNCTION', one.name)),
  ]
}

function objectOf({ kind }: Relation): string {
  if (kind === 'materialized') return 'MATERIALIZED VIEW'
  return kind === 'external' ? 'TABLE' : kind.toUpperCase()
}
