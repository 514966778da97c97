/**
 * Hint: what the writer of a text that cannot be read probably meant.
 *
 * How      The first that applies: a comma too many; a word that is nearly one of those that may come, by the grammar's
 *          walk; mistakes known by their words; clauses in the wrong order; parentheses.
 * Cost     Only on the way to a diagnostic; the first one makes the walk, in some 10 ms.
 */
import { wordsAfter } from './complete.ts'
import { editDistance } from './distance.ts'
import type { Token } from './scanner.ts'
import { isReserved, kinds } from './words.ts'

/** Whether a statement ended before `tokens[at]` and the semicolon was forgotten, or a query lacks its parentheses. */
export function separation(
  tokens: readonly Token[],
  at: number,
  entries: readonly string[],
): string | undefined {
  const token = tokens[at]
  const before = tokens[at - 1]
  if (token === undefined || before === undefined) return undefined
  if (token.upper === 'SELECT' && /^(SUBSCRIBE|TO)$/.test(before.upper)) {
    return 'put the query in parentheses'
  }
  if (entries[0] !== 'end of statement') return undefined
  if (token.upper === 'INTO' && before.upper === 'INSERT') {
    return 'is a semicolon missing before INSERT?'
  }
  return statementWords.has(token.upper)
    ? `is a semicolon missing before ${token.upper}?`
    : undefined
}

const statementWords: ReadonlySet<string> = new Set(['SELECT', 'CREATE', 'VALUES'])

/** What the writer probably meant. */
export function hintAt(
  tokens: readonly Token[],
  at: number,
  entries: readonly string[],
): string | undefined {
  return (
    commaHint(tokens, at) ??
    spellingHint(tokens, at, entries) ??
    wordHint(tokens, at, entries) ??
    orderHint(tokens, at) ??
    parenthesisHint(tokens, at)
  )
}

function commaHint(tokens: readonly Token[], at: number): string | undefined {
  const token = tokens[at]
  const before = tokens[at - 1]
  if (before?.upper !== ',' || token?.tokenType === kinds.name) return undefined
  const ends = token === undefined || token.upper === ')' || /^[A-Z]/.test(token.upper)
  return ends ? `remove the comma before ${token?.image ?? 'the end'}` : undefined
}

/** A word that is nearly one which may stand there, or before it one that passed for an alias. */
function spellingHint(
  tokens: readonly Token[],
  at: number,
  entries: readonly string[],
): string | undefined {
  const token = tokens[at]
  const before = tokens[at - 1]
  if (token?.tokenType === kinds.name) {
    const wanted = entries.filter((e) => /^[A-Z]/.test(e))
    const near = closest(token.upper, wanted) ?? closest(token.upper, clauses)
    const meant = near ?? closest(token.upper, longer(wordsAfter(tokens.slice(0, at))))
    if (meant !== undefined) return `did you mean ${meant}?`
  }
  if (before?.tokenType === kinds.name) {
    const meant = closest(before.upper, clauses)
    if (meant !== undefined) return `did you mean ${meant} instead of ${before.image}?`
  }
  return undefined
}

/** Short words are near to too many others. */
const longer = (words: readonly string[]) => words.filter(({ length }) => length > 4)

/** Mistakes that are known by one or two words. */
function wordHint(
  tokens: readonly Token[],
  at: number,
  entries: readonly string[],
): string | undefined {
  const token = tokens[at]
  const [earlier, before, after] = [at - 2, at - 1, at + 1].map((i) => tokens[i]?.upper ?? '')
  const named = entries.length === 1 && entries[0] === 'a name'
  if (token === undefined) return undefined
  if (token.upper === '==') return 'equality is written ='
  if (token.upper === '!' && before === '=') return 'inequality is written <>'
  if (token.upper === ':' && entries[0] === '=') return 'an option is written key = value'
  if (token.upper === 'NOT' && after === 'NULL' && before !== 'NULL')
    return 'did you mean IS NOT NULL?'
  if (token.upper === ',' && earlier === 'LIMIT') return 'write LIMIT count OFFSET start'
  if (before === 'VALUES') return 'each row stands in parentheses: VALUES (1, 2), (3, 4)'
  if (before === 'IN' && entries[0] === '(') return 'the values stand in parentheses: IN (1, 2)'
  if (before === 'IF' && token.upper === 'EXISTS') return 'did you mean IF NOT EXISTS?'
  if (before === 'IF' && tokens[0]!.upper === 'DROP') return 'did you mean IF EXISTS?'
  if (token.upper === 'ON' && isCrossed(tokens, at))
    return 'CROSS JOIN takes no condition, JOIN does'
  if (named && token.tokenType === kinds.string)
    return `names stand in double quotes: "${token.value}"`
  if (named && isReserved(token.upper)) return `in double quotes it is a name: "${token.image}"`
  return undefined
}

function isCrossed(tokens: readonly Token[], at: number): boolean {
  const join = tokens.slice(0, at).findLastIndex((token) => token.upper === 'JOIN')
  return tokens[join - 1]?.upper === 'CROSS'
}

const clauseOrder = ['FROM', 'WHERE', 'GROUP', 'HAVING', 'QUALIFY', 'ORDER', 'LIMIT', 'EMIT']

const whole = (word: string) => (word === 'GROUP' || word === 'ORDER' ? `${word} BY` : word)

/** A clause that stands behind a later one of the same query. */
function orderHint(tokens: readonly Token[], at: number): string | undefined {
  const rank = clauseOrder.indexOf(tokens[at]?.upper ?? '')
  if (rank < 0) return undefined
  let depth = 0
  for (let i = at - 1; i >= 0 && depth <= 0; i--) {
    const { upper } = tokens[i]!
    if (upper === '(') depth++
    else if (upper === ')') depth--
    else if (depth === 0 && upper === 'SELECT' && rank > 0) return undefined
    else if (depth === 0 && clauseOrder.indexOf(upper) > rank) {
      return `${whole(clauseOrder[rank]!)} comes before ${whole(upper)}`
    }
  }
  return undefined
}

function parenthesisHint(tokens: readonly Token[], at: number): string | undefined {
  let depth = 0
  for (const { upper } of tokens.slice(0, at)) depth += upper === '(' ? 1 : upper === ')' ? -1 : 0
  if (tokens[at]?.upper === ')' && depth === 0) return 'there is no ( that it would close'
  return tokens[at] === undefined && depth > 0 ? 'a ( is not closed' : undefined
}

/** Keywords that pass for an alias when misspelt. */
// biome-ignore format: a list to read as a block
const clauses: readonly string[] = [
  'FROM', 'WHERE', 'GROUP', 'HAVING', 'ORDER', 'LIMIT', 'OFFSET', 'JOIN', 'LEFT', 'RIGHT', 'INNER', 'CROSS',
  'FULL', 'EMIT', 'FILTER', 'WITH', 'USING', 'BETWEEN', 'LIKE', 'AND', 'DESC', 'NULLS',
]

/** The word within one edit of `text`, two for a long one, that is nearest to it. */
function closest(text: string, words: readonly string[]): string | undefined {
  if (text.length < 3) return undefined
  const far = text.length > 5 ? 2 : 1
  let best: string | undefined
  let least = far + 1
  for (const candidate of words) {
    const edits = editDistance(text, candidate, far + 1)
    if (edits > 0 && edits < least) {
      least = edits
      best = candidate
    }
  }
  return best
}
