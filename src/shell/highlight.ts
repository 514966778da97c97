/**
 * Highlight: SQL with the colours of its tokens, for the line being typed.
 *
 * Contract 1 (checked) only colour codes are added: without them the text is what it was.
 */
import { tokens } from '../../grammar/index.ts'
import { colored } from './format/cell.ts'

const paint: Record<string, (text: string) => string> = {
  keyword: (text) => colored.bold(colored.blue(text)),
  string: colored.green,
  number: colored.cyan,
  comment: colored.dim,
  operator: (text) => text,
  identifier: (text) => text,
}

export function highlight(text: string): string {
  let shown = ''
  let end = 0
  for (const token of tokens(text)) {
    shown += text.slice(end, token.start)
    shown += (paint[token.kind] ?? String)(text.slice(token.start, token.end))
    end = token.end
  }
  return shown + text.slice(end)
}
