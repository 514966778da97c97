/**
 * Rename: a CREATE of a relation in which a column, or the relation itself, has another name.
 *
 * How      A name of one part in an expression there is a column; the first of several is the relation, or a column
 *          whose member follows.
 * Contract 1 (trusted) expressions of the tree hold no queries.
 */
import type { Identifier, Path, Query, Statement } from '../../../../grammar/index.ts'

type Create = Statement & { kind: 'create-relation' }
type Node = Record<string, unknown> & { kind?: string }

/** Either a column gets another name or the relation does. */
export function renamedIn(
  made: Create,
  names: { to: string; quoted: boolean } & ({ column: string } | { table: string }),
): Create {
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()
  const wanted = 'column' in names ? names.column : names.table
  const own = made.name.parts.at(-1)!.name
  const renamed = (one: Identifier): Identifier =>
    same(one.name, wanted) ? { ...one, name: names.to, quoted: names.quoted } : one
  const isColumn = (name: string) => made.columns.some((one) => same(one.name.name, name))
  const path = (parts: Identifier[]): Identifier[] => {
    const [first, second, ...rest] = parts as [Identifier, Identifier | undefined]
    const isQualified = second !== undefined && same(first.name, own) && !isColumn(first.name)
    if ('table' in names) return isQualified ? [renamed(first), second, ...rest] : parts
    if (isQualified) return [first, renamed(second), ...rest]
    return [renamed(first), ...parts.slice(1)]
  }
  const listed = (one: Identifier) => ('column' in names ? renamed(one) : one)
  const edit = (tree: unknown): unknown => {
    if (Array.isArray(tree)) return tree.map(edit)
    if (typeof tree !== 'object' || tree === null) return tree
    const node = Object.fromEntries(
      Object.entries(tree).map(([key, value]) => [key, edit(value)]),
    ) as Node
    switch (node.kind) {
      case 'column':
        return { ...node, path: path(node.path as Identifier[]) }
      case 'column-definition':
        return { ...node, name: listed(node.name as Identifier) }
      case 'watermark':
        return { ...node, column: listed(node.column as Identifier) }
      case 'key':
      case 'foreign-key':
        return { ...node, columns: (node.columns as Identifier[]).map(listed) }
      case 'create-relation': {
        const [by, partitions] = [node.partitionedBy, node.partitions] as Identifier[][]
        return { ...node, partitionedBy: by!.map(listed), partitions: partitions!.map(listed) }
      }
      default:
        return node
    }
  }
  return edit(made) as Create
}

/** A query that reads a relation by its new name, and calls it by the one that it had: `FROM new AS old`. */
export function readingUnder(query: Query, names: { from: string; to: Path }): Query {
  return edited(query, names, new Set()) as Query
}

function edited(
  tree: unknown,
  names: { from: string; to: Path },
  hidden: ReadonlySet<string>,
): unknown {
  if (Array.isArray(tree)) return tree.map((one) => edited(one, names, hidden))
  if (typeof tree !== 'object' || tree === null) return tree
  const node = tree as Node
  if (node.kind === 'query') return editedQuery(tree as Query, names, hidden)
  const entries = Object.entries(tree).map(([key, value]) => [key, edited(value, names, hidden)])
  const inner = Object.fromEntries(entries) as Node
  if (node.kind !== 'table') return inner
  const { parts, span } = node.path as Path
  const name = parts
    .map((part) => part.name)
    .join('.')
    .toLowerCase()
  const from = names.from.toLowerCase()
  const isErrors = name === `${from}.errors`
  if ((name !== from && !isErrors) || (parts.length === 1 && hidden.has(name))) return inner
  const errors = { ...parts.at(-1)!, name: 'errors', quoted: false }
  const path = { kind: 'path', parts: [...names.to.parts, ...(isErrors ? [errors] : [])], span }
  return { ...inner, path, alias: inner.alias ?? parts.at(-1)! }
}

/** A table of WITH hides the relation of its name from the queries behind it. */
function editedQuery(
  query: Query,
  names: { from: string; to: Path },
  outer: ReadonlySet<string>,
): Query {
  const hidden = new Set(outer)
  const tables = query.with.map((table) => {
    const inner = edited(table.query, names, hidden) as Query
    hidden.add(table.name.name.toLowerCase())
    return { ...table, query: inner }
  })
  const { with: _, kind, ...rest } = query
  return { ...(edited(rest, names, hidden) as Query), kind, with: tables }
}
