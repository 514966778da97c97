/**
 * Complete: what may be typed at a place of a text: keywords, and which kinds of names.
 *
 * How      The letters before the place are left out; the tokens of the statement before them are walked through the
 *          grammar, and what may come next is sorted into keywords and names by the rule that would take it.
 * Contract 1 (checked) no text throws; inside of strings and comments nothing is offered.
 *          2 (checked) a keyword of a statement that parses is offered at its place.
 * Cost     Some milliseconds; statements of more than 10,000 tokens are offered all keywords.
 */
import type { TokenType } from 'chevrotain'
import { sharedParser } from './parser.ts'
import { units } from './rule/literal.ts'
import { scan, type Token } from './scanner.ts'
import { setHead } from './statement-set.ts'
import { Walk } from './walk.ts'
import {
  alias,
  clauseWords,
  identifier,
  keywords,
  kinds,
  label,
  reservedWords,
  softWords,
  word,
} from './words.ts'

/** Kinds of names: of a relation, of one of its columns, of a function, of a type. */
export type Want = 'relation' | 'column' | 'function' | 'type'

export interface Completion {
  /** What is taken replaces the text from here to the place. */
  start: number
  /** In upper case. */
  keywords: string[]
  wants: Want[]
  /** The relation, as it is named in the statement, whose columns come after `relation.`; null elsewhere. */
  qualifier: string | null
  /** Relations that the statement names, and by which alias. */
  relations: { name: string; alias: string }[]
}

const tokensMax = 10_000

/** What may stand at `position` of `text`. */
export function complete(text: string, position: number): Completion {
  const { tokens, open } = scan(text.slice(0, position))
  const last = tokens.at(-1)
  const begun = last !== undefined && last.end === position && /^[\p{L}_]/u.test(last.image)
  const start = begun ? last.start : position
  const none: Completion = { start, keywords: [], wants: [], qualifier: null, relations: [] }
  if (open) return none
  const before = statementBefore(begun ? tokens.slice(0, -1) : tokens)
  const relations = relationsIn([...before, ...statementAfter(text, position)])
  if (before.at(-1)?.tokenType === kinds.dot) {
    const named = before.at(-2)?.value ?? null
    return { ...none, wants: ['column', 'relation'], qualifier: named, relations }
  }
  if (before.length > tokensMax) return { ...none, keywords: [...keywords], relations }
  const found = offered(before)
  const ends = before.length === 0 && inSet(scan(text.slice(0, position)).tokens)
  const words = ends ? [...found.keywords, 'END'] : found.keywords
  return { ...none, ...found, keywords: words, relations }
}

/** Is a set of INSERT statements open behind these tokens? */
function inSet(tokens: readonly Token[]): boolean {
  const head = tokens.findLastIndex((_, at) => setHead(tokens.slice(at, at + 4)) > 0)
  return head >= 0 && !tokens.slice(head).some(({ upper }) => upper === 'END')
}

function statementBefore(tokens: readonly Token[]): Token[] {
  const end = tokens.findLastIndex((token) => token.tokenType === kinds.semicolon)
  const piece = tokens.slice(end + 1)
  return piece.slice(setHead(piece))
}

function statementAfter(text: string, position: number): Token[] {
  const { tokens } = scan(text.slice(position))
  const end = tokens.findIndex((token) => token.tokenType === kinds.semicolon)
  return end < 0 ? tokens : tokens.slice(0, end)
}

let walk: Walk | undefined

/** Keywords that may come after the tokens of the beginning of a statement; none for very many tokens. */
export function wordsAfter(tokens: readonly Token[]): string[] {
  return tokens.length > tokensMax ? [] : offered(tokens).keywords
}

function offered(tokens: readonly Token[]): Pick<Completion, 'keywords' | 'wants'> {
  walk ??= new Walk(Object.values(sharedParser().getGAstProductions()))
  const words = new Set<string>()
  const wants = new Set<Want>()
  for (const { type, rule, callers } of walk.after('statement', tokens)) {
    for (const one of wordsOf(type, rule)) words.add(one)
    if (!nameTypes.has(type)) continue
    for (const want of wantsOf(rule, callers)) wants.add(want)
  }
  return { keywords: [...words].sort(), wants: [...wants].sort() }
}

const nameTypes: ReadonlySet<TokenType> = new Set([identifier, label, alias])
const wordByType: ReadonlyMap<TokenType, readonly string[]> = new Map<TokenType, string[]>([
  ...[...reservedWords, ...clauseWords, ...softWords].map((w): [TokenType, string[]] => [
    word[w],
    [w],
  ]),
  [kinds.cast, ['CAST', 'TRY_CAST', 'SAFE_CAST']],
  [kinds.extract, ['EXTRACT']],
  [kinds.interval, ['INTERVAL']],
  [kinds.typed, ['DATE', 'TIMESTAMP']],
  [kinds.niladic, ['CURRENT_DATE', 'CURRENT_TIMESTAMP']],
])
const unitRules: ReadonlySet<string> = new Set(['interval', 'extract'])

/** Keywords of a token type; AND and OR are in a category with operators. */
function wordsOf(type: TokenType, rule: string): readonly string[] {
  if (nameTypes.has(type)) return unitRules.has(rule) ? [...new Set(units.values())] : []
  return (
    wordByType.get(type) ??
    (type.categoryMatches ?? []).flatMap((index) => categoryWords.get(index) ?? [])
  )
}

const categoryWords: ReadonlyMap<number, readonly string[]> = new Map(
  [...wordByType].map(([type, words]) => [type.tokenTypeIdx!, words]),
)

/** Rules that ask for the path of what is there already. */
const relationRules: ReadonlySet<string> = new Set([
  'table',
  'windowSource',
  'insert',
  'copied',
  'subscribe',
  'describe',
  'drop',
  'alter',
  'update',
  'delete',
  'merge',
  'truncate',
  'references',
])

function wantsOf(rule: string, callers: readonly string[]): Want[] {
  if (rule === 'columnOrCall') return ['column', 'function']
  if (rule === 'namedType') return ['type']
  if (rule === 'timeColumn' || rule === 'names') return ['column']
  const path = rule === 'path' && callers.some((caller) => relationRules.has(caller))
  return path ? ['relation'] : []
}

const relationWords: ReadonlySet<string> = new Set(['FROM', 'JOIN', 'INTO', 'SUBSCRIBE', 'TABLE'])
const sourceEnds: ReadonlySet<string> = new Set([',', '('])

/** `name [AS] alias` after FROM, JOIN and their like, and after commas and parentheses behind them. */
function relationsIn(tokens: readonly Token[]): Completion['relations'] {
  const isName = (token: Token | undefined) =>
    token?.tokenType === kinds.name || token?.tokenType === kinds.quotedName
  const found: Completion['relations'] = []
  tokens.forEach((token, at) => {
    const before = tokens[at - 1]?.upper ?? ''
    if (!isName(token) || tokens[at + 1]?.tokenType === kinds.open) return
    const listed = sourceEnds.has(before) && found.length > 0
    const windowed =
      before === '(' && /^(TUMBLE|HOP|CUMULATE|SESSION)$/.test(tokens[at - 2]?.upper ?? '')
    if (!relationWords.has(before) && !windowed && !listed) return
    const next = tokens[at + 1]?.upper === 'AS' ? tokens[at + 2] : tokens[at + 1]
    found.push({ name: token.value, alias: isName(next) ? next!.value : token.value })
  })
  return found
}
