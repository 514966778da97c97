/**
 * Naming: names of result columns, and what tells trees apart.
 *
 * Contract 1 (checked) a column without alias is named by its column as that was declared, else by its function in
 *          lower case, else `?column?`; a repeated name gets `_1`, `_2` …
 */
import type { Expression as Tree } from '../../../grammar/index.ts'
import { columnsNamed, type Scope } from './scope.ts'

export function outputName(tree: Tree, scope: Scope): string {
  switch (tree.kind) {
    case 'column': {
      const [found] = columnsNamed(scope, tree.path)
      return found?.path.at(-1) ?? tree.path.at(-1)!.name
    }
    case 'member':
      return tree.name.name
    case 'call':
      // f(…)[n] is named by f.
      if (tree.name.name === 'array_extract' && tree.args[0]?.kind === 'call')
        return outputName(tree.args[0], scope)
      return tree.name.name.toLowerCase()
    case 'over':
      return outputName(tree.call, scope)
    case 'extract':
      return 'extract'
    case 'cast':
      return outputName(tree.operand, scope)
    default:
      return '?column?'
  }
}

/** Names that differ even without regard to case. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>()
  const given = new Set(names.map((name) => name.toLowerCase()))
  const counts = new Map<string, number>()
  return names.map((name) => {
    const plain = name.toLowerCase()
    let unique = name
    while (taken.has(unique.toLowerCase())) {
      const count = (counts.get(plain) ?? 0) + 1
      counts.set(plain, count)
      const next = `${name}_${count}`
      // A later column may have been given just this name.
      unique = given.has(next.toLowerCase()) ? unique : next
    }
    taken.add(unique.toLowerCase())
    return unique
  })
}

/** Text that is equal for trees that say the same: case and places do not count. */
export function treeText(tree: unknown): string {
  return JSON.stringify(tree, (key, value: unknown) => {
    if (key === 'span' || key === 'quoted') return undefined
    return key === 'name' && typeof value === 'string' ? value.toLowerCase() : value
  })
}
