/**
 * BindConnection: CREATE and DROP CONNECTION, and the options of one in a WITH that names it.
 *
 * Contract 1 (checked) options that a statement has itself come before those of its connection.
 *          2 (checked) a connection that something was made with is not dropped.
 */
import { nameOf, type Option, type Path, type Statement } from '../../../../grammar/index.ts'
import type { BoundStatement, Dropped } from '../../bind.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { suggestion } from '../suggest.ts'

type Of<Kind> = Extract<Statement, { kind: Kind }>

const isConnection = ({ key }: Option) => key.toLowerCase() === 'connection'

/** The statement with the options of the connection that it names. */
export function withConnection<T extends { options: Option[] }>(binding: Binding, tree: T): T {
  const named = tree.options.find(isConnection)
  if (named === undefined) return tree
  const { span } = named
  const found = binding.catalog.object('connection', String(named.value))
  if (found === undefined) refuseUnknown(binding, String(named.value), span)
  const own = tree.options.filter((one) => one !== named)
  const given = new Set(own.map(({ key }) => key.toLowerCase()))
  const inherited = found.options
    .filter(({ key }) => !given.has(key.toLowerCase()))
    .map((one) => ({ ...one, span }))
  return { ...tree, options: [...inherited, ...own] }
}

function refuseUnknown({ catalog }: Binding, name: string, span: Option['span']): never {
  const known = catalog.objects('connection').map((one) => one.name)
  const hint = suggestion(name, known) ?? 'SHOW CONNECTIONS lists them'
  return fail('unknown_name', `connection ${name} does not exist`, span, hint)
}

export function bindCreateConnection(
  binding: Binding,
  tree: Of<'create-connection'>,
): BoundStatement {
  const { catalog, connectors, notices } = binding
  const name = wordOf(tree.name)
  const present = catalog.object('connection', name)
  const bound = { kind: 'create-object' as const, object: 'connection' as const, name, notices }
  if (present !== undefined) {
    if (tree.ifNotExists) return { ...bound, name: present.name, made: null }
    fail(
      'duplicate_name',
      `connection ${present.name} exists already`,
      tree.name.span,
      'DROP it first',
    )
  }
  const { options } = withConnection(binding, tree)
  const connector = options.find(({ key }) => key === 'connector')
  if (connector !== undefined && connectors.get(String(connector.value)) === undefined) {
    const near = suggestion(String(connector.value), connectors.keys())
    const message = `connector '${connector.value}' does not exist`
    fail(
      'unknown_name',
      message,
      connector.span,
      near ?? `there are ${[...connectors.keys()].join(', ')}`,
    )
  }
  return { ...bound, made: { kind: 'connection', name, options } }
}

function wordOf(path: Path): string {
  if (path.parts.length > 1) unsupported('schemas in names of connections', path.span)
  return nameOf(path)
}

export function bindDropConnection(binding: Binding, tree: Of<'drop'>): Dropped {
  const { catalog, notices } = binding
  const { ifExists, cascade } = tree
  const name = nameOf(tree.name)
  const { span } = tree.name
  const object = 'connection' as const
  const bound: Dropped = { kind: 'drop', object, name, ifExists, cascade, more: [], notices }
  const found = catalog.object('connection', name)
  if (found === undefined) {
    if (ifExists) return bound
    refuseUnknown(binding, name, span)
  }
  const users = catalog.list().flatMap((one) => {
    const made = one.definition?.statement
    const options = made !== undefined && 'options' in made ? made.options : []
    const named = options.find(isConnection)?.value
    return String(named).toLowerCase() === name.toLowerCase() ? [one.name] : []
  })
  const list = users.join(', ')
  if (list !== '' && cascade) unsupported('DROP CONNECTION … CASCADE', span, `drop ${list} first`)
  if (list !== '') {
    fail('dependency', `connection ${found.name} is needed by ${list}`, span, `drop ${list} first`)
  }
  return { ...bound, name: found.name }
}
