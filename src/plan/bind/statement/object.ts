/**
 * BindObject: CREATE and DROP of what is neither a relation nor a function: types here, schemas and connections in
 * modules of their own.
 *
 * How      A type of the user's is another name of one that is built in: it is replaced by it where it is bound.
 * Contract 1 (checked) a type that something names is not dropped.
 */
import { nameOf, type Path, type Statement } from '../../../../grammar/index.ts'
import type { BoundStatement, Dropped } from '../../bind.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { bindType, isTypeName } from '../expression/type-name.ts'
import { suggestion } from '../suggest.ts'
import { bindCreateConnection, bindDropConnection } from './connection.ts'
import { bindCreateSchema, bindDropSchema } from './schema.ts'

type Of<Kind> = Extract<Statement, { kind: Kind }>

export function bindCreateObject(
  binding: Binding,
  tree: Of<'create-schema' | 'create-type' | 'create-connection'>,
): BoundStatement {
  if (tree.kind === 'create-schema') return bindCreateSchema(binding, tree)
  return tree.kind === 'create-type'
    ? bindCreateType(binding, tree)
    : bindCreateConnection(binding, tree)
}

/** Null for a relation or a function. */
export function bindDropObject(binding: Binding, tree: Of<'drop'>): Dropped | null {
  if (tree.object === 'schema') return bindDropSchema(binding, tree)
  if (tree.object === 'connection') return bindDropConnection(binding, tree)
  return tree.object === 'type' ? bindDropType(binding, tree) : null
}

function bindCreateType(binding: Binding, tree: Of<'create-type'>): BoundStatement {
  const { catalog, notices } = binding
  const name = wordOf(tree.name)
  const { span } = tree.name
  const present = catalog.object('type', name)
  const bound = { kind: 'create-object' as const, object: 'type' as const, name, notices }
  if (present !== undefined) {
    if (tree.ifNotExists) return { ...bound, name: present.name, made: null }
    fail('duplicate_name', `type ${present.name} exists already`, span, 'DROP it first')
  }
  if (isTypeName(name))
    fail('duplicate_name', `type ${name} is built in`, span, 'take another name')
  const type = bindType(binding, tree.type)
  return { ...bound, made: { kind: 'type', name, type, written: tree.type } }
}

function wordOf(path: Path): string {
  const [first, second] = path.parts
  if (second !== undefined) unsupported('schemas in names of types', path.span)
  if (first!.quoted) fail('syntax', 'a type name is not quoted', path.span)
  return first!.name
}

function bindDropType(binding: Binding, tree: Of<'drop'>): Dropped {
  const { catalog, notices } = binding
  const { ifExists, cascade } = tree
  const name = nameOf(tree.name)
  const { span } = tree.name
  const object = 'type' as const
  const bound: Dropped = { kind: 'drop', object, name, ifExists, cascade, more: [], notices }
  const found = catalog.object('type', name)
  if (found === undefined) {
    if (ifExists) return bound
    if (isTypeName(name)) fail('unknown_name', `type ${name} is built in`, span)
    const known = catalog.objects('type').map((one) => one.name)
    const hint = suggestion(name, known) ?? 'SHOW TYPES lists them'
    fail('unknown_name', `type ${name} does not exist`, span, hint)
  }
  const users = catalog.usersOfType(name).join(', ')
  if (users !== '' && cascade) unsupported('DROP TYPE … CASCADE', span, `drop ${users} first`)
  if (users !== '') {
    fail('dependency', `type ${found.name} is needed by ${users}`, span, `drop ${users} first`)
  }
  return { ...bound, name: found.name }
}
