/**
 * UserFunction: how plans name the functions that a program gives or that are written in JavaScript.
 *
 * Format   `user 3 area`: a kind, the number under which the engine keeps the function, and its name for people.
 *          user      the arguments → a value, the same whenever they are the same
 *          volatile  the same, but the value may differ from call to call
 *          folding   (varchar of collect, text literal: JSON of { types, distinct }) → the value of all rows of a
 *                    group, each of which is JSON of the texts of its arguments
 *          volatile folding   the same, but the value may differ from call to call
 */

export interface UserCall {
  kind: 'user' | 'volatile' | 'folding' | 'volatile folding'
  id: number
  name: string
}

const form = /^(user|volatile|folding|volatile folding) (\d+) (.*)$/s

export function userCallText({ kind, id, name }: UserCall): string {
  return `${kind} ${id} ${name}`
}

/** What the name of a function in a plan says; null for a function that is built in. */
export function userCallOf(text: string): UserCall | null {
  const found = form.exec(text)
  if (found === null) return null
  return { kind: found[1] as UserCall['kind'], id: Number(found[2]), name: found[3]! }
}

/** Settings of a `folding` call. */
export interface Folding {
  types: unknown[]
  distinct: boolean
}
