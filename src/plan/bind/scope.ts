/**
 * Scope: the columns that an expression may name, and how a name finds its column.
 *
 * Contract 1 (checked) a name that fits no column or several is a mistake with a hint.
 */
import type { Identifier } from '../../../grammar/index.ts'
import type { Span } from '../../base/index.ts'
import { type Field, membersOf, pathsOf, type Type, typeText } from '../../data/index.ts'
import { fail, unsupported } from './binding.ts'
import { suggestion } from './suggest.ts'

export interface ScopeColumn {
  /** Alias or table name in front of the dot; null for derived tables without one. */
  qualifier: string | null
  /** Of a relation without an alias, whose schema may stand before its name. */
  schema?: string
  name: string
  /** The names that lead to it: more than one for what belongs to a STRUCT. */
  path: string[]
  /** Column of the plan's output. */
  index: number
  type: Type
  nullable: boolean
  /** The right column of JOIN … USING: found by its qualified name only, and not by `*`. */
  merged: boolean
  /** A column around a query behind LATERAL: found where the query has none of that name, and not by `*`. */
  around?: true
}

export type Scope = ScopeColumn[]

export function scopeOf(
  fields: readonly Field[],
  qualifier: string | null,
  schema?: string,
): Scope {
  const paths = pathsOf(fields)
  return fields.map((field, index) => ({
    ...field,
    path: paths[index]!,
    qualifier,
    ...(schema === undefined ? {} : { schema }),
    index,
    merged: false,
  }))
}

/** The scope of a join: right columns follow the left ones. */
export function joinScopes(left: Scope, right: Scope, width: number): Scope {
  return [...left, ...right.map((column) => ({ ...column, index: column.index + width }))]
}

export function findColumn(scope: Scope, path: readonly Identifier[], span: Span): ScopeColumn {
  const found = columnsNamed(scope, path)
  if (found.length === 1) return found[0]!
  const last = path.at(-1)!
  if (found.length > 1) {
    const named = (withSchema: boolean) =>
      found.map(({ qualifier, name, schema }) => {
        if (qualifier === null) return name
        return `${withSchema && schema !== undefined ? `${schema}.` : ''}${qualifier}.${name}`
      })
    const isTold = (names: string[]) =>
      new Set(names.map((name) => name.toLowerCase())).size === names.length
    const qualified = isTold(named(false)) ? named(false) : named(true)
    const hint = isTold(qualified)
      ? `write ${qualified.join(' or ')}`
      : 'give the columns different names with AS'
    fail('ambiguous_name', `${last.name} is ambiguous`, span, hint)
  }
  unknownColumn(scope, path, span)
}

/**
 * The columns that a path may mean: those of the table that it names first, members of a column otherwise; columns
 * around come last.
 */
export function columnsNamed(scope: Scope, path: readonly Identifier[]): ScopeColumn[] {
  const own = scope.filter((column) => !column.around)
  const found = namedAmong(own, path)
  return found.length > 0 || own.length === scope.length ? found : namedAmong(scope, path)
}

function namedAmong(scope: Scope, path: readonly Identifier[]): ScopeColumn[] {
  const names = path.map(({ name }) => name.toLowerCase())
  const leadsTo = (column: ScopeColumn, wanted: readonly string[]) =>
    column.path.length === wanted.length &&
    column.path.every((name, index) => name.toLowerCase() === wanted[index])
  const qualified = columnsOfTable(scope, path[0]!.name).filter((column) =>
    leadsTo(column, names.slice(1)),
  )
  if (qualified.length > 0) return qualified
  if (path.length > 2) {
    const placed = columnsOfTable(scope, path[1]!.name, path[0]!.name).filter((column) =>
      leadsTo(column, names.slice(2)),
    )
    if (placed.length > 0) return placed
  }
  return scope.filter((column) => !column.merged && leadsTo(column, names))
}

/** The columns of the table of this name, where a schema is given of the one there. */
export function columnsOfTable(scope: Scope, qualifier: string, schema?: string): ScopeColumn[] {
  const wanted = qualifier.toLowerCase()
  const place = schema?.toLowerCase()
  return scope.filter(
    (column) =>
      column.qualifier?.toLowerCase() === wanted &&
      (place === undefined || column.schema?.toLowerCase() === place),
  )
}

function unknownColumn(scope: Scope, path: readonly Identifier[], span: Span): never {
  const last = path.at(-1)!
  const first = path[0]!
  const outer = path.length > 1 ? columnsNamed(scope, path.slice(0, -1)) : []
  const members = outer.length === 1 ? membersOf(outer[0]!.type) : null
  if (members !== null) {
    const names = members.map((member) => member.name)
    const hint = suggestion(last.name, names) ?? `members are ${names.join(', ')}`
    fail('unknown_name', `${outer[0]!.name} has no member ${last.name}`, span, hint)
  }
  if (path.length === 1) {
    const names = scope.filter(({ path: own }) => own.length === 1).map((column) => column.name)
    const quoted = last.quoted ? `a string stands in single quotes: '${last.name}'` : undefined
    const near = scope.length === 0 ? undefined : suggestion(last.name, names)
    const hint = near ?? quoted ?? (scope.length === 0 ? 'there is no FROM clause' : undefined)
    fail('unknown_name', noColumn(last.name), span, hint)
  }
  const placed = path.length > 2 ? columnsOfTable(scope, path[1]!.name, first.name) : []
  const inTable = placed.length > 0 ? placed : columnsOfTable(scope, first.name)
  if (inTable.length > 0) {
    const table = placed.length > 0 ? `${first.name}.${path[1]!.name}` : first.name
    const hint = suggestion(
      last.name,
      inTable.filter(({ path: own }) => own.length === 1).map((column) => column.name),
    )
    fail('unknown_name', `${table} has no column ${last.name}`, span, hint)
  }
  const plain = columnsNamed(scope, [first])
  if (plain.length === 1) {
    const message = `${first.name} is ${typeText(plain[0]!.type)} and has no members`
    fail('type_mismatch', message, span)
  }
  if (path.length > 2) unsupported('column names of more than two parts', span)
  const qualifiers = new Set(scope.flatMap((column) => column.qualifier ?? []))
  const hint = suggestion(first.name, qualifiers)
  fail('unknown_name', notInFrom(first.name), span, hint)
}

/** What is said of a table that a column name begins with. */
export const notInFrom = (table: string): string => `table ${table} is not in FROM`

export const noColumn = (name: string): string => `column ${name} does not exist`
