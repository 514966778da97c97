/**
 * Element: `f(…)[n]` of functions that give arrays becomes a call of the function that gives one element.
 *
 * How      On syntax trees, so that no array is made. Where pattern and number are literals, the function that runs
 *          over the bytes of a batch takes the call.
 */
import type { Expression as Tree } from '../../../../grammar/index.ts'
import { compileRegex, RegexMistake } from '../../../data/index.ts'

type CallTree = Tree & { kind: 'call' }

const elementNames = new Set(['array_extract', 'list_extract', 'list_element', 'element_at'])

/** What gives an array, and the function that gives its element. */
const arrayFunctions: Record<string, string> = {
  regexp_match: 'regexp_match_element',
  regexp_extract_all: 'regexp_extract_nth',
  split: 'split_element',
  string_split: 'split_element',
  str_split: 'split_element',
  string_to_array: 'string_to_array_element',
}

/** The call without arrays; the tree itself where it has none. */
export function withoutArray(tree: CallTree): CallTree {
  const name = tree.name.name.toLowerCase()
  if (!elementNames.has(name)) return tree
  const [array, index] = tree.args
  const given = array?.kind === 'call' ? arrayFunctions[array.name.name.toLowerCase()] : undefined
  if (given === undefined || index === undefined || tree.args.length > 2) return tree
  const { args } = array as CallTree
  const named = (called: string, list: Tree[]): CallTree => ({
    ...tree,
    name: { ...tree.name, name: called },
    args: list,
  })
  return (
    overBytes(given, args, index, named) ??
    named(given, [...args.slice(0, 2), index, ...args.slice(2)])
  )
}

function overBytes(
  name: string,
  args: Tree[],
  index: Tree,
  named: (called: string, list: Tree[]) => CallTree,
): CallTree | null {
  const number = index.kind === 'number' && /^\d{1,6}$/.test(index.text) ? Number(index.text) : 0
  const [text, pattern] = args
  if (number < 1 || args.length !== 2 || pattern!.kind !== 'string') return null
  const numbered = (n: number): Tree => ({
    ...(index as Tree & { kind: 'number' }),
    text: String(n),
  })
  if (name === 'split_element') return named('split_index', [text!, pattern!, numbered(number - 1)])
  const groups = name === 'regexp_match_element' ? groupsOf(pattern!.value) : null
  if (groups === null || number > Math.max(groups, 1)) return null
  return named('regexp_extract', [text!, pattern!, numbered(groups === 0 ? 0 : number)])
}

/** Null of what is no pattern. */
function groupsOf(pattern: string): number | null {
  try {
    return compileRegex(pattern).groups
  } catch (error) {
    if (error instanceof RegexMistake) return null
    throw error
  }
}
