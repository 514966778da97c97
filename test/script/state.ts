/**
 * State: what changes add up to, for comparing followers that were told everything again.
 */
import { cellKey } from '../oracle/value.ts'
import type { ChangedRow } from './session.ts'

/** A multiset of rows as sorted texts. */
export class State {
  readonly #counts = new Map<string, number>()

  apply(changes: readonly ChangedRow[]): void {
    for (const { op, row } of changes) {
      const key = row.map(cellKey).join('|')
      const count = (this.#counts.get(key) ?? 0) + (op === '+I' || op === '+U' ? 1 : -1)
      if (count === 0) this.#counts.delete(key)
      else this.#counts.set(key, count)
    }
  }

  toString(): string {
    return [...this.#counts]
      .map(([key, count]) => `${key} ×${count}`)
      .sort()
      .join('\n')
  }
}
