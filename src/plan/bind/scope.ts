/**
 * Scope: the columns that an expression may name, and how a name finds its column.
 *
 * Contract 1 (checked) a name that fits no column or several is a mistake with a hint.
 */
import type { Identifier } from '../../../grammar/index.ts'
import type { Span } from '../../base/index.ts'
import type { Field, Type } from '../../data/index.ts'
import { fail, unsupported } from './binding.ts'
import { suggestion } from './suggest.ts'

export interface ScopeColumn {
  /** Alias or table name in front of the dot; null for derived tables without one. */
  qualifier: string | null
  name: string
  /** Column of the plan's output. */
  index: number
  type: Type
  nullable: boolean
  /** The right column of JOIN … USING: found by its qualified name only, and not by `*`. */
  merged: boolean
}

export type Scope = ScopeColumn[]

export function scopeOf(fields: readonly Field[], qualifier: string | null): Scope {
  return fields.map((field, index) => ({ ...field, qualifier, index, merged: false }))
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
    const qualified = found.map((column) =>
      column.qualifier === null ? column.name : `${column.qualifier}.${column.name}`,
    )
    const distinct = new Set(qualified.map((name) => name.toLowerCase()))
    const hint =
      distinct.size === found.length
        ? `write ${qualified.join(' or ')}`
        : 'give the columns different names with AS'
    fail('ambiguous_name', `${last.name} is ambiguous`, span, hint)
  }
  unknownColumn(scope, path, span)
}

/** The columns that a path may mean. */
export function columnsNamed(scope: Scope, path: readonly Identifier[]): ScopeColumn[] {
  const name = path.at(-1)!.name.toLowerCase()
  if (path.length === 1) {
    return scope.filter((column) => !column.merged && column.name.toLowerCase() === name)
  }
  if (path.length > 2) return []
  return columnsOfTable(scope, path[0]!.name).filter((column) => column.name.toLowerCase() === name)
}

export function columnsOfTable(scope: Scope, qualifier: string): ScopeColumn[] {
  const wanted = qualifier.toLowerCase()
  return scope.filter((column) => column.qualifier?.toLowerCase() === wanted)
}

function unknownColumn(scope: Scope, path: readonly Identifier[], span: Span): never {
  const last = path.at(-1)!
  const first = path[0]!
  if (path.length === 1) {
    const names = scope.map((column) => column.name)
    const hint = scope.length === 0 ? 'there is no FROM clause' : suggestion(last.name, names)
    fail('unknown_name', `column ${last.name} does not exist`, span, hint)
  }
  if (path.length > 2) unsupported('column names of more than two parts', span)
  const inTable = columnsOfTable(scope, first.name)
  if (inTable.length > 0) {
    const hint = suggestion(
      last.name,
      inTable.map((column) => column.name),
    )
    fail('unknown_name', `${first.name} has no column ${last.name}`, span, hint)
  }
  if (columnsNamed(scope, [first]).length > 0) unsupported('fields of a row value', span)
  const qualifiers = new Set(scope.flatMap((column) => column.qualifier ?? []))
  const hint = suggestion(first.name, qualifiers)
  fail('unknown_name', `table ${first.name} is not in FROM`, span, hint)
}
