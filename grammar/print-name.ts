/**
 * Print-name: names and their like as text.
 *
 * Contract 1 (checked) a name is quoted if it was, or if its spelling would not scan as a name.
 */
import type { Identifier, Path } from './tree.ts'
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
