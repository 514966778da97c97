/**
 * Statement set: EXECUTE STATEMENT SET BEGIN INSERT …; INSERT …; END.
 */
import type { Token } from './scanner.ts'

/** How many words begin a set of INSERT statements, each of which runs by itself; 0 where none begins. */
export function setHead(tokens: readonly Token[]): number {
  const words = ['EXECUTE', 'STATEMENT', 'SET', 'BEGIN']
  return words.every((word, at) => tokens[at]?.upper === word) ? words.length : 0
}
