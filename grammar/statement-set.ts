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

/** How many words of EXPLAIN stand before a set, for each of its statements; 0 where no set is explained. */
export function explainHead(tokens: readonly Token[]): number {
  if (tokens[0]?.upper !== 'EXPLAIN') return 0
  const at = tokens.findIndex((_, index) => explainedHead(tokens.slice(index, index + 4)) > 0)
  return Math.max(at, 0)
}

/** The same as `setHead` behind EXPLAIN, where EXECUTE may be left out. */
export function explainedHead(tokens: readonly Token[]): number {
  const short = ['STATEMENT', 'SET', 'BEGIN'].every((word, at) => tokens[at]?.upper === word)
  return short ? 3 : setHead(tokens)
}
