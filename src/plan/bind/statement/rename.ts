/**
 * Rename: a CREATE of a relation in which a column, or the relation itself, has another name.
 *
 * How      A name of one part in an expression there is a column; the first of several is the relation, or a column
 *          whose member follows.
 * Contract 1 (trusted) expressions of the tree hold no queries.
 */
import type { Identifier, Statement } from '../../../../grammar/index.ts'

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
