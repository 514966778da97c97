/**
 * Print-name: names as text, and what consists of names alone.
 *
 * Contract 1 (checked) a name is quoted if it was, or if its spelling would not scan as a name.
 */
import type { ColumnDefinition, Identifier, Inclusion, Path } from './tree.ts'
import { isReserved } from './words.ts'

const wordLike = /^[\p{L}_][\p{L}\p{M}\p{N}_]*$/u
/** Text as a literal of SQL. */
export const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`
export const list = <T>(items: readonly T[], one: (item: T) => string): string =>
  items.map(one).join(', ')

/** A name where reserved words must be quoted. */
export function name(id: Identifier): string {
  return id.quoted || !wordLike.test(id.name) || isReserved(id.name) ? quoteName(id) : id.name
}

/** A name after AS in a select list or after a dot: any word will do. */
export function labelName(id: Identifier): string {
  return id.quoted || !wordLike.test(id.name) ? quoteName(id) : id.name
}

const quoteName = (id: Identifier): string => `"${id.name.replaceAll('"', '""')}"`

export const dotted = (parts: readonly Identifier[]): string =>
  parts.map((part, i) => (i === 0 ? name(part) : labelName(part))).join('.')

export const path = (p: Path): string => dotted(p.parts)

export function metadata({ metadata: told }: ColumnDefinition): string {
  if (told === undefined) return ''
  const from = told.key === null ? '' : ` FROM ${quote(told.key)}`
  return ` METADATA${from}${told.virtual ? ' VIRTUAL' : ''}`
}

export const inclusion = ({ key, name: as }: Inclusion): string =>
  ` INCLUDE ${key}${as === null ? '' : ` AS ${name(as)}`}`
