/**
 * Temporary: names of what one session has for itself: `temp_3.t` is what session 3 calls `t`.
 *
 * Contract 1 (checked) nothing that stays has a name of this form, and no text may write one.
 */
const pattern = /^temp_(\d+)\./i

/** Under which the catalog has what a session calls `name`. */
export const temporaryName = (session: number, name: string): string => `temp_${session}.${name}`

/** The session that a name belongs to; null for a name of everybody. */
export function sessionOf(name: string): number | null {
  const found = pattern.exec(name)
  return found === null ? null : Number(found[1])
}

/** What its own session calls it. */
export const plainName = (name: string): string => name.replace(pattern, '')
