/**
 * OptionHint: hints in a text, and what `OPTIONS('k' = 'v')` says of the table behind which it stands.
 *
 * How      A hint is written as a comment, so the grammar does not see it. One that says OPTIONS becomes a part of the
 *          table, or of the target of an INSERT, whose name or alias ends before it.
 * Contract 1 (checked) a hint that stands behind no table changes nothing; who runs the text says so.
 */
import type { Diagnostic, Span } from '../src/base/index.ts'
import { scan, type Token } from './scanner.ts'
import type { Option, Path, Statement } from './tree.ts'
import { kinds } from './words.ts'

/** Names of a hint that nobody has taken, where it stands, and its options. */
export interface Hint {
  names: string[]
  span: Span
  options: Option[]
}

/** The hint of a comment; null where it is none. `read` makes options of what stands in parentheses. */
export function hintOf(
  text: string,
  span: Span,
  read: (tokens: Token[]) => Option[] | Diagnostic,
): Hint | Diagnostic | null {
  const from = span.start + '/*+'.length
  if (!text.startsWith('/*+', span.start)) return null
  // Its tokens stand where they do in the text.
  const { tokens } = scan(' '.repeat(from) + text.slice(from, span.end - '*/'.length))
  const names: string[] = []
  const options: Option[] = []
  for (let at = 0; at < tokens.length; at++) {
    const { upper, tokenType } = tokens[at]!
    if (/^[\p{L}_]/u.test(upper)) names.push(upper)
    if (tokenType !== kinds.open) continue
    const end = closingOf(tokens, at)
    if (tokens[at - 1]?.upper === 'OPTIONS') {
      const found = read(tokens.slice(at, end + 1))
      if ('code' in found) return found
      options.push(...found)
    }
    at = end
  }
  return { names, span, options }
}

/** The parenthesis that closes the one at `from`, or the last token. */
function closingOf(tokens: readonly Token[], from: number): number {
  let depth = 0
  for (let at = from; at < tokens.length; at++) {
    if (tokens[at]!.tokenType === kinds.open) depth++
    else if (tokens[at]!.tokenType === kinds.close && --depth === 0) return at
  }
  return tokens.length - 1
}

/** Gives the options of hints to the tables before them; the statement then ends no earlier than they do. */
export function attachOptions(statement: Statement, hints: readonly Hint[], text: string): void {
  for (const hint of hints) {
    if (hint.options.length === 0) continue
    const { start } = hint.span
    const isBefore = (end: number) => end <= start && text.slice(end, start).trim() === ''
    const table = hintedIn(statement, isBefore)
    if (table === null) continue
    table.options = hint.options
    hint.names = hint.names.filter((name) => name !== 'OPTIONS')
    statement.span = { ...statement.span, end: Math.max(statement.span.end, hint.span.end) }
  }
}

type Hinted = { options?: Option[] }

/** The table, or the INSERT, whose name or whole text ends at the place asked for. */
function hintedIn(tree: unknown, isBefore: (end: number) => boolean): Hinted | null {
  if (typeof tree !== 'object' || tree === null) return null
  const node = tree as { kind?: string; path?: Path; target?: Path; span?: Span }
  const ends = (part: { span: Span } | undefined) => part !== undefined && isBefore(part.span.end)
  if (node.kind === 'table' && (ends(node.path) || ends(node as { span: Span }))) {
    return node as Hinted
  }
  if (node.kind === 'insert' && ends(node.target)) return node as Hinted
  for (const part of Object.values(tree)) {
    const found = hintedIn(part, isBefore)
    if (found !== null) return found
  }
  return null
}
