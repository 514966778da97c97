/**
 * Legacy: the option keys of Flink's first scripts in the words of today.
 */
import type { Option } from '../../../../grammar/index.ts'

const keys: ReadonlyMap<string, string> = new Map([
  ['connector.type', 'connector'],
  ['connector.path', 'path'],
  ['format.type', 'format'],
])

/** The statement with today's keys. */
export function withTodaysKeys<T extends { options: Option[] }>(tree: T): T {
  if (!tree.options.some(({ key }) => keys.has(key))) return tree
  const options = tree.options.map((option) => ({
    ...option,
    key: keys.get(option.key) ?? option.key,
  }))
  return { ...tree, options }
}
