/**
 * Object: what is neither a relation nor a function, made and dropped.
 *
 * Contract 1 (trusted) whoever calls logs the statement.
 */
import type { ObjectKind } from '../catalog/index.ts'
import type { BoundStatement, Dropped } from '../plan/index.ts'
import type { Engine } from './engine.ts'

/** Says what was done; `isNew`: it is to be logged. */
export function createObject(
  { catalog }: Engine,
  { object, name, made }: BoundStatement & { kind: 'create-object' },
): { message: string; isNew: boolean } {
  if (made === null) return { message: `${object} ${name} exists already`, isNew: false }
  catalog.addObject(made)
  return { message: `${object} ${name} created`, isNew: true }
}

const kinds: ReadonlySet<string> = new Set<ObjectKind>(['schema', 'type', 'connection'])

export const isObject = (object: Dropped['object']): object is ObjectKind => kinds.has(object)

/** Drops the object, after all that goes with it; says whether it was there. */
export function dropObject(
  { catalog }: Engine,
  kind: ObjectKind,
  name: string,
  dropRelation: (name: string) => void,
): boolean {
  if (catalog.object(kind, name) === undefined) return false
  if (kind === 'schema') for (const held of catalog.inSchema(name)) dropRelation(held.name)
  catalog.removeObject(kind, name)
  return true
}
