/**
 * BindDrop: DROP, which nothing may depend on.
 */
import type { Statement } from '../../../../grammar/index.ts'
import type { BoundStatement } from '../../bind.ts'
import { type Binding, fail } from '../binding.ts'
import { findRelation } from '../relation.ts'
import { bindDropFunction } from './function.ts'

export function bindDrop(binding: Binding, tree: Statement & { kind: 'drop' }): BoundStatement {
  if (tree.object === 'function') return bindDropFunction(binding, tree)
  const name = tree.name.parts.map((part) => part.name).join('.')
  const { object, ifExists } = tree
  const bound: BoundStatement = { kind: 'drop', object, name, ifExists, notices: binding.notices }
  // Queries are known to the engine, not to the catalog.
  if (object === 'query') return bound
  if (binding.catalog.get(name) === undefined && ifExists) return bound
  const relation = findRelation(binding, tree.name)
  const actual = objectOf(relation.kind)
  const isSink = relation.kind === 'external' && !relation.source && object === 'sink'
  const fits =
    isSink ||
    actual === object ||
    (relation.kind === 'external' &&
      object !== 'view' &&
      object !== 'materialized view' &&
      object !== 'sink')
  if (relation.kind === 'system') {
    fail('unknown_name', `${relation.name} belongs to the database`, tree.name.span)
  }
  if (!fits) {
    const message = `${relation.name} is a ${actual}, not a ${object}`
    fail('unknown_name', message, tree.name.span, `write DROP ${actual.toUpperCase()}`)
  }
  const dependents = binding.catalog.dependents(relation.name)
  if (dependents.length > 0) {
    const message = `${relation.name} is needed by ${dependents.join(', ')}`
    fail('dependency', message, tree.name.span, `drop ${dependents.join(', ')} first`)
  }
  return { ...bound, name: relation.name }
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
