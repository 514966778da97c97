/**
 * Statement set: EXECUTE STATEMENT SET BEGIN INSERT …; INSERT …; END.
 */
import type { Token } from './scanner.ts'

const heads = [
  ['EXECUTE', 'STATEMENT', 'SET', 'BEGIN'],
  ['BEGIN', 'STATEMENT', 'SET'],
]

/** How many words begin a set of INSERT statements, each of which runs by itself; 0 where none begins. */
export function setHead(tokens: readonly Token[]): number {
  const found = heads.find((words) => words.every((word, at) => tokens[at]?.upper === word))
  return found?.length ?? 0
}
