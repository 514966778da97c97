/**
 * Cell: a value as it stands in a table: text, width on the screen, alignment.
 *
 * How      Control characters are shown as escapes, so that data cannot steer the terminal. Width counts columns of
 *          the screen: plain ASCII by length, everything else by string-width (wide and combining characters).
 */
import { createRequire } from 'node:module'
import picocolors from 'picocolors'
import { type Field, isWhole, type Type, type Value, valueText } from '../../data/index.ts'

export const colored = picocolors.createColors(true)

const ascii = /^[\x20-\x7e]*$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach the terminal.
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
const named: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Text without anything that a terminal would obey. */
export function visibleText(text: string): string {
  if (ascii.test(text)) return text
  return text.replace(
    control,
    (char) => named[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

export function cellText(value: Value, type: Type): string {
  return value === null ? 'NULL' : visibleText(valueText(value, type))
}

export function widthOf(text: string): number {
  return ascii.test(text) ? text.length : wideWidth(text)
}

let stringWidth: ((text: string) => number) | null = null

/** Loads string-width when it is needed: it costs a fifth of the time to the first answer. */
function wideWidth(text: string): number {
  stringWidth ??= createRequire(import.meta.url)('string-width').default as (text: string) => number
  return stringWidth(text)
}

function alignsRight(type: Type): boolean {
  return isWhole(type) || ['decimal', 'real', 'double'].includes(type.kind)
}

/** `text` filled or cut to `width` columns. */
export function padded(text: string, width: number, right: boolean): string {
  const have = widthOf(text)
  if (have > width) return cut(text, width)
  const blanks = ' '.repeat(width - have)
  return right ? blanks + text : text + blanks
}

function cut(text: string, width: number): string {
  let shown = ''
  let used = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const next = widthOf(segment)
    if (used + next > width - 1) break
    shown += segment
    used += next
  }
  return `${shown}…${' '.repeat(Math.max(0, width - 1 - used))}`
}

/** Columns of a result as a table shows them: the kind of change first when there is one. */
export interface TableColumn {
  name: string
  right: boolean
}

export function tableColumns(fields: readonly Field[], options: { ops: boolean }): TableColumn[] {
  const columns = fields.map((field) => ({
    name: visibleText(field.name),
    right: alignsRight(field.type),
  }))
  return options.ops ? [{ name: 'op', right: false }, ...columns] : columns
}
