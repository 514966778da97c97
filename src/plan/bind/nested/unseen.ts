/**
 * Unseen: what a query in FROM names of the relations before it, though it does not see them, or they do not have it;
 *         and what a query of WITH names of those around.
 *
 * How      The mistakes of the query are looked through for names that these relations would explain.
 */
import type { Identifier, Query, Relation as TreeRelation } from '../../../../grammar/index.ts'
import { type Diagnostic, QueryMistake, type Span } from '../../../base/index.ts'
import {
  columnsNamed,
  columnsOfTable,
  findColumn,
  noColumn,
  notInFrom,
  type Scope,
} from '../scope.ts'

/** What the work on a relation gives, or its mistakes, told by what stands before the relation. */
export function seeing<T>(before: Scope, tree: TreeRelation, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof QueryMistake) || tree.kind !== 'derived') throw error
    const lateral = tree.lateral === true
    throw new QueryMistake(error.diagnostics.map((one) => told(one, before, tree, lateral)))
  }
}

const advice = 'write LATERAL before the query'

function told(one: Diagnostic, before: Scope, tree: TreeRelation, lateral: boolean): Diagnostic {
  const path = one.code === 'unknown_name' && one.span !== undefined ? pathAt(tree, one.span) : null
  if (path === null) return one
  const table = path[0]!.name
  if (path.length > 1 && one.message === notInFrom(table)) {
    if (columnsOfTable(before, table).length === 0) return one
    if (columnsNamed(before, path).length === 0) return unknown(before, path, one)
    if (lateral) return one
    const message = `${table} stands before this query, which does not see it`
    return { ...one, message, hint: advice }
  }
  const isBefore = path.length === 1 && columnsNamed(before, path).length > 0
  if (lateral || !isBefore || one.message !== noColumn(table)) return one
  return { ...one, hint: `a relation before this query has it: ${advice}` }
}

/** What the work on a query gives, or its mistakes, told by what stands around it: its WITH sees nothing of that. */
export function seeingAround<T>(around: Scope, query: Query, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof QueryMistake) || query.with.length === 0) throw error
    throw new QueryMistake(error.diagnostics.map((one) => toldOfWith(one, around, query)))
  }
}

function toldOfWith(one: Diagnostic, around: Scope, { with: tables }: Query): Diagnostic {
  const path =
    one.code === 'unknown_name' && one.span !== undefined ? pathAt(tables, one.span) : null
  if (path === null || columnsNamed(around, path).length === 0) return one
  const message = 'not supported yet: a query of WITH that names columns around it'
  const hint = 'write FROM (SELECT …) in the place of its name'
  return { ...one, code: 'unsupported', message, hint }
}

/** What is said of the name where the relations before are seen. */
function unknown(before: Scope, path: readonly Identifier[], one: Diagnostic): Diagnostic {
  try {
    findColumn(before, path, one.span!)
  } catch (error) {
    if (error instanceof QueryMistake) return error.diagnostics[0]!
    throw error
  }
  return one
}

/** The name of the column at a place of the text. */
function pathAt(node: unknown, { start, end }: Span): Identifier[] | null {
  if (typeof node !== 'object' || node === null) return null
  const { kind, span, path } = node as { kind?: string; span?: Span; path?: unknown }
  if (kind === 'column' && span?.start === start && span.end === end) return path as Identifier[]
  for (const child of Object.values(node)) {
    const found = pathAt(child, { start, end })
    if (found !== null) return found
  }
  return null
}
