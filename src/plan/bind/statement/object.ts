/**
 * BindObject: CREATE and DROP of what is neither a relation nor a function.
 */
import type { Statement } from '../../../../grammar/index.ts'
import type { BoundStatement, Dropped } from '../../bind.ts'
import type { Binding } from '../binding.ts'
import { bindCreateSchema, bindDropSchema } from './schema.ts'

type Create = Extract<Statement, { kind: 'create-schema' }>
type Drop = Statement & { kind: 'drop' }

export function bindCreateObject(binding: Binding, tree: Create): BoundStatement {
  return bindCreateSchema(binding, tree)
}

/** Null for a relation or a function. */
export function bindDropObject(binding: Binding, tree: Drop): Dropped | null {
  return tree.object === 'schema' ? bindDropSchema(binding, tree) : null
}
