/**
 * Operand: what a parameter of a kernel is, so that the twin test can make inputs and knows which bytes to compare.
 *
 * Contract 1 (trusted) inputs may be read to the end of their last 64 bytes, views to their last row; outputs may
 *            be written to the end of their last 64 bytes.
 *          2 (trusted) a bitmap that a kernel writes is zero from its last row to the end of the 64-bit word.
 */
export type Operand =
  /** One value per row. */
  | 'i64'
  | 'i32'
  | 'f64'
  | 'view'
  /** Views of DECIMAL beyond 64 bits. */
  | 'wide'
  /** A bitmap; `validity` may be address 0. */
  | 'bits'
  | 'validity'
  /** Ascending row numbers (u32) below `rows`; their number is `count`. */
  | 'selection'
  /** One value of 8 or 16 bytes. */
  | 'one i64'
  | 'one view'
  /**
   * Three positive i64, each below the one before; of `part`, one i64 from 0 to 4; of `divisor`, an f64 power of
   * ten.
   */
  | 'control'
  | 'part'
  | 'divisor'
  /** Days of the years that a TIMESTAMP or a DATE has, one per row. */
  | 'days'
  /** One value per row, or per `count`, that the kernel writes. */
  | 'to i64'
  | 'to i32'
  | 'to f64'
  | 'to view'
  | 'to bits'
  /** Row numbers that the kernel writes; it returns how many. */
  | 'to selection'
  | 'rows'
  /** Number of 64-bit words of a bitmap. */
  | 'words'
  | 'count'
