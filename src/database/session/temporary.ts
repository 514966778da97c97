/**
 * Temporary: what a session has for itself, as its own statements see it: under plain names, and gone with it.
 *
 * How      Statements are bound, logged and kept with full names (src/plan/full-name.ts). On the way out full names
 *          become plain ones again. The end of a session is logged as DROPs. A crash ends the sessions of its
 *          process; the one without a name is that of the database itself, and goes on.
 * Contract 1 (checked) a session does not see what others have for themselves.
 */
import type { Statement } from '../../../grammar/index.ts'
import { QueryMistake } from '../../base/index.ts'
import { type Catalog, plainName, type Relation, sessionOf } from '../../catalog/index.ts'
import type { Row, Value } from '../../data/index.ts'
import type { Sources } from '../query.ts'
import type { StatementResult } from '../statement.ts'

/** The session of all statements that name none. */
export const sharedSession = 0

/** Columns of system relations that hold names of relations and queries. */
const nameColumns: ReadonlySet<string> = new Set([
  'query', 'source', 'relation', 'table_name', 'relname', 'tablename', 'viewname', 'matviewname', 'proname',
]) // biome-ignore format: one list

/** A text with the plain names of a session's objects. */
export function plainText(text: string, session: number): string {
  return text.replaceAll(new RegExp(`\\btemp_${session}\\.`, 'g'), '')
}

/** The same for SQL: plain names that need no quotes have none. */
function plainSql(sql: string, session: number): string {
  const quoted = new RegExp(`"temp_${session}\\.([\\p{L}_][\\p{L}\\p{N}_]*)"`, 'gu')
  return plainText(sql.replaceAll(quoted, '$1'), session)
}

/** Is it everybody's, or the session's own? */
const isSeen = (name: Value, session: number) => [null, session].includes(sessionOf(String(name)))

/** Rows of a system relation as the session sees them. */
export function seenRows(
  { schema }: Relation,
  rows: readonly Row[],
  session: number | null,
): Row[] {
  const names = schema.fields.flatMap(({ name }, at) => (nameColumns.has(name) ? [at] : []))
  if (session === null) return [...rows]
  return rows
    .filter((row) => names.every((at) => isSeen(row[at]!, session)))
    .map((row) =>
      row.map((value, at) =>
        names.includes(at) && value !== null ? plainName(String(value)) : value,
      ),
    )
}

/** What a statement of the session reads. */
export function seenSources(sources: Sources, session: number | null): Sources {
  return {
    ...sources,
    read(relation) {
      const rows = sources.read(relation)
      return relation.kind === 'system' ? seenRows(relation, rows, session) : rows
    },
  }
}

/** The fault, with the names that its session knows. */
export function plainFault(fault: unknown, session: number): unknown {
  if (!(fault instanceof QueryMistake) || !fault.message.includes('temp_')) return fault
  const plain = (text: string) => plainSql(text, session)
  const diagnostics = fault.diagnostics.map(({ message, hint, ...rest }) => {
    return {
      ...rest,
      message: plain(message),
      ...(hint === undefined ? {} : { hint: plain(hint) }),
    }
  })
  return new QueryMistake(diagnostics, fault.text)
}

/** What statements give and say of themselves, with the names that the session knows. */
export function plainResult(
  { kind }: Statement,
  result: StatementResult,
  session: number,
): StatementResult {
  if (result.kind === 'done') return { ...result, message: plainSql(result.message, session) }
  if (result.kind !== 'rows') return result
  const rowsOf = (plain: (text: string, session: number) => string) =>
    result.rows.map((row) =>
      row.map((value) => (typeof value === 'string' ? plain(value, session) : value)),
    )
  if (kind === 'show-create') return { ...result, rows: rowsOf(plainSql) }
  if (kind.startsWith('explain')) return { ...result, rows: rowsOf(plainText) }
  if (kind !== 'show') return result
  const rows = result.rows.filter(([name]) => isSeen(name!, session))
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
