/**
 * Expectation: what the grammar wanted where it failed, as a short list of words for a diagnostic's detail.
 *
 * How      Chevrotain asks an error message provider; ours answers with the list alone, one entry a line, and leaves
 *          the sentence to parse.ts, which knows the token's neighbours.
 */
import type { IParserErrorMessageProvider, TokenType } from 'chevrotain'

const separator = '\n'
const shownMax = 8

const labelOf = (type: TokenType): string => type.LABEL ?? type.name

const firsts = (paths: TokenType[][]): string[] =>
  paths.flatMap((path) => (path[0] === undefined ? [] : [labelOf(path[0])]))

const join = (labels: string[]): string => [...new Set(labels)].join(separator)

export const expectation: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }) => labelOf(expected),
  buildNotAllInputParsedMessage: () => 'end of statement',
  buildNoViableAltMessage: ({ expectedPathsPerAlt }) => join(expectedPathsPerAlt.flatMap(firsts)),
  buildEarlyExitMessage: ({ expectedIterationPaths }) => join(firsts(expectedIterationPaths)),
}

/** The entries of a message that `expectation` made. */
export const expected = (message: string): string[] =>
  message.split(separator).filter((e) => e !== '')

/** `expected A, B or C`. */
export function expectedText(entries: readonly string[]): string {
  if (entries.length === 1) return `expected ${entries[0]}`
  const shown = entries.slice(0, shownMax)
  if (entries.length > shownMax) return `expected one of ${shown.join(', ')}, …`
  return `expected ${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`
}
