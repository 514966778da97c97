/**
 * BindDrop: DROP, which nothing may depend on, or takes its dependents along.
 */
import { nameOf, type Statement } from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import type { Relation } from '../../../catalog/index.ts'
import type { BoundStatement, Dropped } from '../../bind.ts'
import { type Binding, fail } from '../binding.ts'
import { findRelation } from '../relation.ts'
import { bindDropFunction } from './function.ts'
import { bindDropObject } from './object.ts'

type Drop = Statement & { kind: 'drop' }

export function bindDrop(binding: Binding, tree: Drop): BoundStatement {
  const paths = [tree.name, ...tree.others]
  const also = new Set(paths.map(nameOf).map((name) => name.toLowerCase()))
  const [first, ...more] = paths.map((path) => bindOne(binding, { ...tree, name: path }, also))
  return { ...first!, more }
}

function bindOne(binding: Binding, tree: Drop, also: ReadonlySet<string>): Dropped {
  const { object, ifExists, cascade } = tree
  const { notices } = binding
  if (object === 'function' || object === 'aggregate') return bindDropFunction(binding, tree)
  const other = bindDropObject(binding, tree)
  if (other !== null) return other
  const name = nameOf(tree.name)
  const bound: Dropped = { kind: 'drop', object, name, ifExists, cascade, more: [], notices }
  // Queries are known to the engine, not to the catalog.
  if (object === 'query') return bound
  if (binding.catalog.get(name) === undefined && ifExists) return bound
  const relation = findRelation(binding, tree.name)
  const actual = objectOf(relation.kind)
  if (relation.kind === 'system') {
    fail('unknown_name', `${relation.name} belongs to the database`, tree.name.span)
  }
  if (!isCalled(object, relation) && actual !== object) {
    const message = `${relation.name} is a ${actual}, not a ${object}`
    fail('unknown_name', message, tree.name.span, `write DROP ${actual.toUpperCase()}`)
  }
  if (!cascade) refuseDependents(binding, relation.name, tree.name.span, also)
  return { ...bound, name: relation.name }
}

/** Connectors' tables go by several names. */
export function isCalled(object: Drop['object'], relation: Relation): boolean {
  if (relation.kind !== 'external') return false
  if (object === 'sink') return !relation.source
  if (object === 'source') return relation.source
  return object === 'stream' || object === 'table'
}

/** Nothing may read what goes, but for what goes with it. */
export function refuseDependents(
  binding: Binding,
  name: string,
  span: Span,
  also: ReadonlySet<string> = new Set(),
): void {
  const dependents = binding.catalog.dependents(name).filter((one) => !also.has(one.toLowerCase()))
  if (dependents.length === 0) return
  const list = dependents.join(', ')
  fail('dependency', `${name} is needed by ${list}`, span, `drop ${list} first, or add CASCADE`)
}

/** What a relation of this kind is called in statements. */
export function objectOf(kind: string): string {
  switch (kind) {
    case 'materialized':
      return 'materialized view'
    case 'external':
      return 'table'
    case 'errors':
      return 'part of a materialized view'
    case 'system':
      return 'system relation'
    default:
      return kind
  }
}
