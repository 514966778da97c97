/**
 * Expectation: what the grammar wanted where it failed, as a short list of words for a diagnostic's detail.
 *
 * How      Chevrotain asks an error message provider; ours answers with the list alone, one entry a line, and leaves
 *          the sentence to parse.ts, which knows the token's neighbours.
 */
import type { IParserErrorMessageProvider, TokenType } from 'chevrotain'

const separator = '\n'
const shownMax = 8

export const labelOf = (type: TokenType): string => type.LABEL ?? type.name

const firsts = (paths: TokenType[][]): string[] =>
  paths.flatMap((path) => (path[0] === undefined ? [] : [labelOf(path[0])]))

/** What an expression may begin with; together they are told as one entry. */
// biome-ignore format: a list to read as a block
const operandStarts: ReadonlySet<string> = new Set([
  '-', '+', 'NOT', 'a number', 'a string', 'TRUE', 'FALSE', 'NULL', 'a parameter', 'INTERVAL', 'a literal', 'CAST',
  'EXTRACT', 'a function', 'a name', 'CASE', '(', '[', '{', 'EXISTS', '~', '@',
])
/** What a query begins with, where an expression may stand, too. */
const queryStarts: ReadonlySet<string> = new Set(['WITH', 'SELECT', 'FROM', 'VALUES', 'TABLE'])

function join(labels: string[]): string {
  const distinct = [...new Set(labels)]
  if (!distinct.includes('CASE')) return distinct.join(separator)
  const isStart = (label: string) => operandStarts.has(label) || queryStarts.has(label)
  const both = distinct.includes('SELECT') ? ['an expression', 'a query'] : ['an expression']
  return [...both, ...distinct.filter((label) => !isStart(label))].join(separator)
}

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
  const told = entries.map((entry) => (/^[\p{L}]/u.test(entry) ? entry : `'${entry}'`))
  if (told.length === 1) return `expected ${told[0]}`
  const shown = told.slice(0, shownMax)
  if (told.length > shownMax) return `expected one of ${shown.join(', ')}, …`
  return `expected ${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`
}
