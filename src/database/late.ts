/**
 * Late: which rows of a source came too late for some window of some query, each counted once.
 *
 * How      One bit per row of a source says whether it was told before; a row that several queries, or several windows,
 *          leave out is one late row. The last ones of the database are kept for sys.late_rows.
 * Contract 1 (checked) a row goes to the stream of its source's late rows once, also when the log is read again: the
 *            frame of the routed rows says where they came from.
 * Cost     a bit per row of a source with late rows; some µs per late row that is kept.
 */
import { type Row, rowAt } from '../data/index.ts'
import type { LateOrigin } from '../log/index.ts'
import type { LateRow } from '../runtime/index.ts'

/** A late row as it is kept: of which source, found by which query. */
export interface KeptLateRow {
  source: string
  query: string
  offset: number
  at: bigint
  watermark: bigint
  row: Row
  /** Names and types of the row's columns. */
  schema: LateRow['batch']['schema']
}

const keptMax = 1000

export class LateBook {
  readonly #told = new Map<string, { bits: Uint8Array; count: number }>()
  #kept: KeptLateRow[] = []

  /** The rows among these that are not known yet; they are counted and kept. */
  note(rows: readonly LateRow[], query: string): LateRow[] {
    const fresh = rows.filter(({ relation, offset }) => this.#tell(relation, offset))
    for (const { relation, batch, row, offset, at, watermark } of fresh.slice(-keptMax)) {
      const values = rowAt(batch, row)
      const { schema } = batch
      this.#kept.push({ source: relation, query, offset, at, watermark, row: values, schema })
    }
    if (this.#kept.length > 2 * keptMax) this.#kept = this.#kept.slice(-keptMax)
    return fresh
  }

  /** Rows that a frame of the log says were late. */
  restore({ source, offsets }: LateOrigin): void {
    for (const offset of offsets) this.#tell(source, offset)
  }

  /** Late rows of a source so far. */
  count(source: string): number {
    return this.#told.get(source.toLowerCase())?.count ?? 0
  }

  /** The last thousand, oldest first. */
  get kept(): readonly KeptLateRow[] {
    return this.#kept.slice(-keptMax)
  }

  rename(from: string, to: string): void {
    const told = this.#told.get(from)
    if (told === undefined || from === to) return
    this.#told.delete(from)
    this.#told.set(to, told)
  }

  forget(source: string): void {
    this.#told.delete(source.toLowerCase())
  }

  /** Was the row not known to be late? */
  #tell(source: string, offset: number): boolean {
    const name = source.toLowerCase()
    const told = this.#told.get(name) ?? { bits: new Uint8Array(64), count: 0 }
    this.#told.set(name, told)
    const place = offset >> 3
    if (place >= told.bits.length) {
      const wider = new Uint8Array(Math.max(place + 1, told.bits.length * 2))
      wider.set(told.bits)
      told.bits = wider
    }
    const bit = 1 << (offset & 7)
    if ((told.bits[place]! & bit) !== 0) return false
    told.bits[place]! |= bit
    told.count++
    return true
  }
}
