/**
 * View: the rows of a materialized view, kept in cells of its query's arena.
 *
 * How      A cuboid whose key is the whole row and whose measure is the number of copies; each commit folds its
 *          changes. Rows that are gone leave cells without copies; when these are more than the others, the cells are
 *          made anew without them.
 * Contract 1 (checked by the golden scripts) at every commit point the rows are the one-shot answer over the prefix.
 *          2 (checked) there are at most twice as many cells as rows, and a few thousand; fewer where it is said.
 * Cost     one fold per change, and as much again for rows that go; reading costs the rows of the view.
 */
import { Cuboid } from '../../cuboid/index.ts'
import { batchOf, type Field, type Row, rowsOf } from '../../data/index.ts'
import { type Kernels, loadColumn, unloadColumn, type VectorBatch } from '../../kernel/index.ts'
import { batchOfChanges, type Delta } from '../../runtime/index.ts'
import type { Query } from '../query.ts'

/** Changes folded and rows read at once. */
const rowsMax = 1024

/** So many cells without copies do no harm. */
const goneMax = 2048

/** Rows `from … from + rows` of columns, each so many times as its weight says. */
type Part = ReturnType<typeof batchOfChanges> extends Iterable<infer One> ? One : never

/** The view of a query; where rows are given up they are to leave no cells behind. */
export function viewOf({ fragments, plan, eviction }: Query): View {
  return new View(fragments[0]!, plan.output, eviction === null ? 1 : 1 / 8)
}

export class View {
  readonly fields: readonly Field[]
  readonly #kernels: Kernels
  readonly #cells: Cuboid
  readonly #spare: number
  /** Rows, with their copies: as many as there are rows that differ, or more. */
  #copies = 0

  /** `spare`: rows that are gone may leave so many cells for each row that is there. */
  constructor(kernels: Kernels, fields: readonly Field[], spare = 1) {
    this.fields = fields
    this.#spare = spare
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
    for (const part of batchOfChanges(delta, this.fields, rowsMax)) this.#fold(part)
    if (this.cells > (1 + this.#spare) * this.#copies + goneMax * this.#spare) this.#forgetGone()
  }

  #fold({ columns, rows, from, weights: counts }: Part): void {
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const weights = counts === null ? 0 : arena.scratch(rows * 4)
    const major = arena.scratch(rows * 8)
    if (counts !== null) arena.views.i32.set(counts, weights >>> 2)
    arena.views.f64.fill(0, major >>> 3, (major >>> 3) + rows)
    this.#cells.fold(0n, {
      rows,
      keys: columns.map((column) => loadColumn(this.#kernels, column, from, rows)),
      arguments: [null],
      filters: [null],
      order: { major, middle: 0, minor: 0 },
      weights,
    })
    arena.releaseScratch(mark)
    this.#copies += counts === null ? rows : counts.reduce((sum, count) => sum + count, 0)
  }

  #forgetGone(): void {
    const rows = this.rows()
    this.#cells.drop(0n)
    this.#copies = 0
    for (let from = 0; from < rows.length; from += rowsMax) {
      const some = batchOf({ fields: [...this.fields] }, rows.slice(from, from + rowsMax))
      this.#fold({ columns: some.columns, rows: some.rows, from: 0, weights: null })
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

  /** Gives the memory of its rows back. */
  close(): void {
    this.#cells.drop(0n)
    this.#copies = 0
  }

  /** Rows that differ. */
  get cells(): number {
    return this.#cells.stats().cells
  }

  get stateBytes(): number {
    return this.#cells.stats().bytes
  }
}
