/**
 * View: the rows of a materialized view, kept in cells of its query's arena.
 *
 * How      A cuboid whose key is the whole row and whose measure is the number of copies; each commit folds its
 *          changes.
 * Contract 1 (checked by the golden scripts) at every commit point the rows are the one-shot answer over the prefix.
 * Cost     one fold per change; reading costs the rows of the view.
 */
import { Cuboid } from '../cuboid/index.ts'
import { type Field, type Row, rowsOf } from '../data/index.ts'
import { type Kernels, loadColumn, unloadColumn, type VectorBatch } from '../kernel/index.ts'
import { batchOfChanges, type Delta } from '../runtime/index.ts'

/** Changes folded and rows read at once. */
const rowsMax = 1024

export class View {
  readonly fields: readonly Field[]
  readonly #kernels: Kernels
  readonly #cells: Cuboid

  constructor(kernels: Kernels, fields: readonly Field[]) {
    this.fields = fields
    this.#kernels = kernels
    this.#cells = new Cuboid(kernels, {
      keys: fields.map((field) => field.type),
      measures: [
        { function: 'count_star', argument: null, distinct: false, result: { kind: 'bigint' } },
      ],
      retracts: true,
      changes: false,
      single: false,
    })
  }

  apply(delta: Delta): void {
    const { arena } = this.#kernels
    for (const part of batchOfChanges(delta, this.fields, rowsMax)) {
      const mark = arena.markScratch()
      const weights = part.weights === null ? 0 : arena.scratch(part.rows * 4)
      const major = arena.scratch(part.rows * 8)
      if (part.weights !== null) arena.views.i32.set(part.weights, weights >>> 2)
      arena.views.f64.fill(0, major >>> 3, (major >>> 3) + part.rows)
      this.#cells.fold(0n, {
        rows: part.rows,
        keys: part.columns.map((column) => loadColumn(this.#kernels, column, part.from, part.rows)),
        arguments: [null],
        filters: [null],
        order: { major, middle: 0, minor: 0 },
        weights,
      })
      arena.releaseScratch(mark)
    }
  }

  /** All rows; copies of a row stand side by side, otherwise in no particular order. */
  rows(): Row[] {
    const schema = {
      fields: [...this.fields, { name: '', type: { kind: 'bigint' }, nullable: false } as const],
    }
    const out: Row[] = []
    const read = (cells: VectorBatch) => {
      const columns = cells.columns.map((vector, index) =>
        unloadColumn(this.#kernels, vector, schema.fields[index]!.type, cells.rows),
      )
      for (const row of rowsOf({ schema, rows: cells.rows, columns })) {
        for (let copies = Number(row.pop()); copies > 0; copies--) out.push(row)
      }
    }
    if (this.#cells.buckets().length > 0) this.#cells.emit(0n, rowsMax, read)
    return out
  }

  /** Rows that differ. */
  get cells(): number {
    return this.#cells.stats().cells
  }

  get stateBytes(): number {
    return this.#cells.stats().bytes
  }
}
