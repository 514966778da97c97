/**
 * Transaction: what statements between BEGIN and COMMIT have changed, one row after the other.
 */
import type { Row } from '../../src/data/index.ts'
import type { RowChange } from './change.ts'
import { keyOf } from './value.ts'
import type { World } from './world.ts'

interface Noted {
  name: string
  change: RowChange
}

export class OracleTransaction {
  /** The world that everybody else sees. */
  readonly outside: World
  failed = false
  readonly #noted: Noted[] = []

  constructor(outside: World) {
    this.outside = outside
  }

  note(name: string, changes: readonly RowChange[]): void {
    for (const change of changes) this.#noted.push({ name, change })
  }

  /** The changes without rows that came and went within the transaction; of equal rows the earliest goes. */
  net(): Noted[] {
    const standing = new Map<string, { row: Row; own: Noted | null }[]>()
    const dropped = new Set<Noted>()
    for (const one of this.#noted) {
      const { name, change } = one
      const rows =
        standing.get(name) ??
        this.outside.present(name).map(({ row }) => ({ row: row as Row, own: null }))
      standing.set(name, rows)
      if (change.weight > 0) {
        rows.push({ row: change.row, own: one })
        continue
      }
      const at = rows.findIndex(({ row }) => keyOf(row) === keyOf(change.row))
      const { own } = rows.splice(at, 1)[0]!
      if (own !== null) dropped.add(own).add(one)
    }
    return this.#noted.filter((one) => !dropped.has(one))
  }
}
