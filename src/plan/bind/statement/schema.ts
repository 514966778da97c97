/**
 * BindSchema: CREATE SCHEMA and DROP SCHEMA.
 *
 * Contract 1 (checked) the name of a schema is one word, and none that stands for something else before a dot.
 */
import type { Path, Statement } from '../../../../grammar/index.ts'
import { plainName, schemas } from '../../../catalog/index.ts'
import type { BoundStatement, Dropped } from '../../bind.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { suggestion } from '../suggest.ts'

type Of<Kind> = Extract<Statement, { kind: Kind }>

export function bindCreateSchema(binding: Binding, tree: Of<'create-schema'>): BoundStatement {
  const { catalog, notices } = binding
  const { ifNotExists } = tree
  const name = wordOf(tree.name)
  const { span } = tree.name
  const present = schemas.isMainSchema(name) ? schemas.mainSchema : catalog.schemaNamed(name)
  const bound = { kind: 'create-object' as const, object: 'schema' as const, name, notices }
  if (present !== undefined) {
    if (ifNotExists) return { ...bound, name: present, made: null }
    fail('duplicate_name', `schema ${present} exists already`, span, 'DROP it first')
  }
  if (isTaken(name)) fail('duplicate_name', `${name} is a name of the database itself`, span)
  const prefix = `${name.toLowerCase()}.`
  const odd = catalog
    .list()
    .find((one) => one.kind !== 'errors' && one.name.toLowerCase().startsWith(prefix))
  if (odd !== undefined) {
    fail(
      'duplicate_name',
      `"${odd.name}" reads like a name in schema ${name}`,
      span,
      'rename it first',
    )
  }
  return { ...bound, made: { kind: 'schema', name } }
}

/** Does a name before a dot stand for something else already? */
const isTaken = (name: string) =>
  [schemas.databaseName, 'temp', ...schemas.systemSchemas].includes(name.toLowerCase()) ||
  /^(pg|temp)_/i.test(name)

function wordOf({ parts, span }: Path): string {
  const [first, second] = parts
  const isWhole = second !== undefined && first!.name.toLowerCase() === schemas.databaseName
  const { name } = isWhole ? second : first!
  if (parts.length > (isWhole ? 2 : 1)) unsupported('schemas in schemas', span)
  if (!/^[\p{L}_][\p{L}\p{M}\p{N}_]*$/u.test(name)) {
    unsupported(`a schema named "${name}"`, span, 'take letters, digits and _')
  }
  return name
}

/** DROP SCHEMA: with CASCADE all that is in it goes, and what reads that. */
export function bindDropSchema(binding: Binding, tree: Of<'drop'>): Dropped {
  const { catalog, notices } = binding
  const { object, ifExists, cascade } = tree
  const { span } = tree.name
  const word = wordOf(tree.name)
  const bound: Dropped = { kind: 'drop', object, name: word, ifExists, cascade, more: [], notices }
  if (schemas.isMainSchema(word) || schemas.systemSchemas.includes(word.toLowerCase())) {
    fail('unknown_name', `schema ${word} belongs to the database`, span)
  }
  const name = catalog.schemaNamed(word)
  if (name === undefined) {
    if (ifExists) return bound
    const near = suggestion(word, catalog.schemas())
    fail('unknown_name', `schema ${word} does not exist`, span, near ?? 'SHOW SCHEMAS lists them')
  }
  const held = catalog.inSchema(name).filter(({ kind }) => kind !== 'errors')
  if (held.length > 0 && !cascade) {
    const list = held.map((one) => plainName(one.name)).join(', ')
    fail('dependency', `schema ${name} holds ${list}`, span, `drop ${list} first, or add CASCADE`)
  }
  return { ...bound, name }
}
