/**
 * Substitute: `${NAME}` in a text is replaced by the variable's value, before the text is scanned.
 *
 * How      Inside of '…' and "…" too, because that is where templates of DDL need it. Comments and dollar-quoted
 *          strings are left as they are: the first mean nothing, the second hold programs with dollars of their own.
 * Contract 1 (checked) spans point into the text as given; an undefined variable is a mistake and stays in the text.
 *          2 (checked) a value is not searched for variables again.
 */
import type { Diagnostic, Span } from '../src/base/index.ts'
import { scan } from './scanner.ts'

const variable = /\$\{([\p{L}_][\p{L}\p{M}\p{N}_]*)\}/gu

export function substitute(
  text: string,
  variables: ReadonlyMap<string, string>,
): { text: string; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  if (!text.includes('${')) return { text, diagnostics }
  const verbatim = verbatimSpans(text)
  const result = text.replace(variable, (whole, name: string, start: number) => {
    if (verbatim.some((s) => s.start <= start && start < s.end)) return whole
    const value = variables.get(name)
    if (value !== undefined) return value
    diagnostics.push(undefinedVariable(name, start, start + whole.length, variables))
    return whole
  })
  return { text: result, diagnostics }
}

function verbatimSpans(text: string): Span[] {
  const { tokens, comments } = scan(text)
  return [...comments, ...tokens.filter((t) => t.image.startsWith('$') && t.image.length > 1)]
}

function undefinedVariable(
  name: string,
  start: number,
  end: number,
  variables: ReadonlyMap<string, string>,
): Diagnostic {
  const names = [...variables.keys()].sort()
  const detail = names.length === 0 ? 'no variable is set' : `variables are ${names.join(', ')}`
  const message = `variable ${name} is not set`
  return { code: 'undefined_variable', message, detail, span: { start, end } }
}
