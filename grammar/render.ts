/**
 * Render: a diagnostic as lines for a terminal, with the line of text it points at.
 *
 *     error: unexpected t                                 (syntax)
 *      1 | SELECT a FORM t
 *        |               ^
 *        = expected end of statement
 *        = hint: did you mean FROM instead of FORM?
 *
 * Contract 1 (checked) the carets stand under the span, tabs in the line notwithstanding; of a span over several lines
 *            the first is shown.
 */
import type { Diagnostic } from '../src/base/index.ts'

/** Line and column of a position, both from 1; columns count code points. */
export function locate(text: string, position: number): { line: number; column: number } {
  const before = text.slice(0, position).split(newline)
  return { line: before.length, column: [...before.at(-1)!].length + 1 }
}

const newline = /\r\n|\r|\n/
const tab = '  '
const shownMax = 200

export function renderDiagnostic(diagnostic: Diagnostic, text: string): string {
  const { code, message, detail, hint, span } = diagnostic
  const lines: string[] = []
  let margin = ''
  if (span === undefined) lines.push(`error: ${message} (${code})`)
  else {
    const { line, column } = locate(text, span.start)
    lines.push(`error at ${line}:${column}: ${message} (${code})`)
    margin = ' '.repeat(String(line).length + 2)
    lines.push(...snippet(text, span.start, span.end, line))
  }
  if (detail !== undefined) lines.push(`${margin}= ${detail}`)
  if (hint !== undefined) lines.push(`${margin}= hint: ${hint}`)
  return lines.join('\n')
}

/** The line of `start` and carets below the part of the span that is on it. */
function snippet(text: string, start: number, end: number, line: number): string[] {
  const all = text.split(newline)[line - 1] ?? ''
  const lineStart = start - text.slice(0, start).split(newline).at(-1)!.length
  // Of a very long line only the neighbourhood of the span is shown.
  const cut = Math.max(0, start - lineStart - shownMax / 2)
  const shown = all.slice(cut, cut + shownMax)
  const from = start - lineStart - cut
  const to = Math.min(end - lineStart - cut, shown.length)
  const show = (part: string) => part.replaceAll('\t', tab)
  const width = (part: string) => [...show(part)].length
  const carets = '^'.repeat(Math.max(1, width(shown.slice(from, to))))
  const number = ` ${line} `
  return [
    `${number}| ${show(shown)}`,
    `${' '.repeat(number.length)}| ${' '.repeat(width(shown.slice(0, from)))}${carets}`,
  ]
}
