/**
 * Vector: a column of a batch inside an arena, and the batch that operators hand to each other.
 *
 * Format   bits  ⌈rows/8⌉ bytes, least significant bit first, readable as 64-bit words (padded to 8 bytes)
 *          i64   8 bytes per row        f64   8 bytes per row
 *          view  16 bytes per row: up to 12 bytes  len u32 | 12 bytes, zero padded
 *                                  longer  len u32 | first 4 bytes | hash32 | address u32 of the bytes in this arena
 *          validity  bitmap like bits; address 0 = no NULLs. A NULL slot holds 0 (views: 16 zero bytes).
 * Contract 1 (checked in debug) null slots hold zero.   2 (trusted) a vector in scratch lives until the end of the
 *            step.
 *          3 (trusted) addresses are unsigned: what comes back from WebAssembly as i32 is taken `>>> 0`.
 */
import type { EvaluationError } from '../base/index.ts'
import type { Physical } from '../data/index.ts'

export interface Vector {
  physical: Physical
  /** Address of the values. */
  data: number
  /** Address of the validity bitmap; 0 = every row is valid. */
  validity: number
  /** Rows whose evaluation failed; their slot is NULL and holds 0. Almost always null. */
  errors: RowErrors | null
  /** All rows are known to hold one value, and none is NULL. */
  constant?: boolean
  /** Least and greatest value of an i64 vector without NULLs, where somebody has found them out. */
  range?: { least: bigint; greatest: bigint }
}

export type RowErrors = Map<number, EvaluationError>

/**
 * Where each row stands in the canonical order (docs/laws.md): `major` is the position of the row that caused it,
 * `middle` the window end for finals and windowed cells, `minor` the position at which the cell was created. Addresses
 * of one f64 per row; 0 stands for all zeros in `middle` and `minor`, and in `major` for rows that follow each other
 * from `first` on. Whoever needs all positions in a column calls `majorOf`.
 */
export interface Order {
  major: number
  /** Position of row 0 where `major` is 0; of no meaning elsewhere. */
  first?: number
  middle: number
  minor: number
}

export interface VectorBatch {
  rows: number
  columns: Vector[]
  order: Order
  /** Address of an i32 per row, +1 or -1; 0 = all +1. */
  weights: number
  /** Address of an i64 per row: W(r), the watermark just before the row; 0 = none. Only below a judging window. */
  watermarks: number
}

export type Backend = 'wasm' | 'closure'
