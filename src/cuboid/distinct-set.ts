/**
 * Distinct set: which values each cell of a bucket has seen, and how often.
 *
 * How      A table keyed by (cell, value) with a weight. A row whose weight leaves or reaches 0 feeds the plain
 *          aggregate with +1 or −1; entries of weight 0 are removed at the end of the fold, so that a cell without
 *          rows has none.
 * Contract 1 (checked) the aggregate sees each value of a cell once, whatever the order of the rows.
 * Cost     one table look-up per row.
 */
import { physicalOf, type Type } from '../data/index.ts'
import { cellBlocks, type Kernels, type Vector } from '../kernel/index.ts'
import { formOf, keyFields, keyVector } from './layout.ts'
import { Table, type TableState } from './table.ts'

export interface Transitions {
  /** Address of the u32 row numbers. */
  rows: number
  /** Address of the i32 ±1. */
  weights: number
  count: number
}

/** What a checkpoint keeps of a set. */
export interface DistinctSetState {
  template: number
  table: TableState
}

export class DistinctSet {
  readonly #kernels: Kernels
  readonly #table: Table
  readonly #weightAt: number
  readonly #template: number
  readonly #isDouble: boolean

  constructor(kernels: Kernels, type: Type, state: DistinctSetState | null = null) {
    this.#kernels = kernels
    const { fields, end } = keyFields(['i64', formOf(type)], cellBlocks.row.nulls + 4)
    this.#weightAt = end
    this.#template = state?.template ?? kernels.arena.allocateZeroed(end + 8)
    this.#isDouble = physicalOf(type) === 'f64'
    const layout = { keys: fields, rowBytes: end + 8, template: this.#template }
    const options = { expected: 0, keepStrings: false }
    this.#table = new Table(kernels, layout, options, state?.table)
  }

  get bytes(): number {
    return this.#table.bytes
  }

  get count(): number {
    return this.#table.count
  }

  /** Counts values (none of them NULL) of cells; `weights` 0 = all +1. */
  fold(refs: number, values: Vector, rows: number, weights: number): Transitions {
    const { arena } = this.#kernels
    const cells = arena.scratch(rows * 8)
    this.#kernels.get('widen_i32')(refs, cells, rows)
    const cellKey: Vector = { physical: 'i64', data: cells, validity: 0, errors: null }
    const value = this.#isDouble ? keyVector(this.#kernels, values, rows) : values
    const found = this.#table.find([cellKey, { ...value, validity: 0 }], rows)
    const outRows = arena.scratch(rows * 4)
    const outWeights = arena.scratch(rows * 4)
    const transitions = this.#kernels.get('cell_transitions')
    const count = transitions(found.refs, rows, this.#weightAt, weights, outRows, outWeights)
    if (weights !== 0) this.#removeUnused(found.refs, outRows, outWeights, count)
    return { rows: outRows, weights: outWeights, count }
  }

  state(): DistinctSetState {
    return { template: this.#template, table: this.#table.state() }
  }

  drop(): void {
    this.#table.drop()
    this.#kernels.arena.free(this.#template, this.#weightAt + 8)
  }

  #removeUnused(refs: number, rows: number, weights: number, count: number): void {
    const { u32, i32, i64 } = this.#kernels.arena.views
    const unused = new Set<number>()
    for (let index = 0; index < count; index++) {
      if (i32[(weights >>> 2) + index]! > 0) continue
      const entry = u32[(refs >>> 2) + u32[(rows >>> 2) + index]!]!
      if (i64[(entry + this.#weightAt) >>> 3] === 0n) unused.add(entry)
    }
    for (const entry of unused) this.#table.disownKeys(entry)
    this.#table.remove([...unused])
  }
}
