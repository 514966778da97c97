/**
 * Cell fused kernels: one pass over the rows of a batch for everything that it changes in their cells.
 *
 * How      1. A kernel is assembled for each shape: which keys are compared, which fields of the cell are sums and
 *             extremes, and of which columns. It loads the address of a row's cell once, and looks at all fields
 *             before it writes any.
 *          2. Rows that need more than the cell are not folded but listed: another key of the same hash, a counter
 *             or sum about to overflow, a remainder for the third double. They are rare, and the kernels with one
 *             loop per accumulator do them.
 *          3. Cells that may not be in the cache are read ahead, a block of rows at a time, by a loop in which many
 *             misses overlap.
 * Contract 1 (trusted) every row has weight +1; a NULL slot holds 0.
 *          2 (checked) the values of cells are those that the kernels with one loop per accumulator leave.
 * Cost     3.5 ns per row for a count, two sums and a maximum in the nearest cache, 4–5 ns in the next one.
 * See      fold.ts, sum.ts, docs/decisions/0007-cells-in-one-line.md
 */
import type { Arena } from '../arena.ts'
import { type Assembly, assemble, type F64, type I32, type I64, i64 } from '../assembler.ts'
import { errorOf, twoSum } from '../expansion.ts'
import type { KernelDefinition } from '../kernels.ts'
import { marker, markerCode } from '../mark.ts'
import { cellBlocks, rowsLimit } from './blocks.ts'

const { cell: cellFields } = cellBlocks
const lineBytes = 64

/** An accumulator at `at` in the cell, of the values of a column. */
export interface FusedField {
  kind: 'sum' | 'extreme'
  of: 'i64' | 'f64'
  /** Of an extreme: −1 = least, 1 = greatest; doubles are kept as integers of the same order. */
  sign: -1 | 1
  at: number
  column: number
}

export interface FusedShape {
  rowBytes: number
  /** Offsets of the integer keys that are compared. */
  keys: readonly number[]
  fields: readonly FusedField[]
  columns: number
  /** A bit per column: 1 = it has a bitmap, and extremes pass over its NULLs. */
  nulls: number
  /** The cells are marked for the checkpoint. */
  marks: boolean
  /** Positions follow each other from `first` on, else there is a column of them. */
  follows: boolean
}

/**
 * Offsets in the control block: f64 first | u32 fields | u32 per key | u32 per column | u32 per bitmap. `ahead` is the
 * number of rows whose cells are read ahead together, 0 = none are.
 */
export function fusedBlock({ keys, columns }: { keys: readonly number[]; columns: number }) {
  const keysAt = 32
  const columnsAt = keysAt + keys.length * 4
  const bitmapsAt = columnsAt + columns * 4
  const bytes = bitmapsAt + columns * 4
  return {
    first: 0,
    refs: 8,
    rows: 12,
    major: 16,
    out: 20,
    ahead: 24,
    sink: 28,
    keysAt,
    columnsAt,
    bitmapsAt,
    bytes,
  }
}

/** Folds rows into their cells and lists those that it must leave out, by number; returns how many. */
export function fusedFold(shape: FusedShape): KernelDefinition {
  return {
    name: `cell_fused ${JSON.stringify(shape)}`,
    parameters: 1,
    closure: (arena) => (control) => foldRows(arena, shape, control!),
    wasm: () => assemble(1, (a, control) => foldCode(a, shape, control)),
  }
}

/** Whether a row may lie in two blocks of `size` bytes. */
function straddles({ rowBytes }: FusedShape, size: number): boolean {
  return size % rowBytes !== 0
}

function foldRows(arena: Arena, shape: FusedShape, control: number): number {
  const { u32, i32, i64, f64, u8 } = arena.views
  const block = fusedBlock(shape)
  const field = (offset: number) => u32[(control + offset) >>> 2]!
  const [rows, refs, major, out] = [block.rows, block.refs, block.major, block.out].map(field) as [
    number,
    number,
    number,
    number,
  ]
  const first = f64[control >>> 3]!
  const mark = marker(arena)
  const isThere = (column: number, row: number) =>
    ((shape.nulls >> column) & 1) === 0 ||
    ((u8[field(block.bitmapsAt + column * 4) + (row >> 3)]! >> (row & 7)) & 1) === 1
  let left = 0
  for (let row = 0; row < rows; row++) {
    const cell = u32[(refs >>> 2) + row]!
    const isPlain =
      Math.abs(i32[(cell + cellFields.rows) >>> 2]!) < rowsLimit &&
      shape.keys.every(
        (at, key) => i64[(cell + at) >>> 3] === i64[(field(block.keysAt + key * 4) >>> 3) + row],
      )
    const writes = isPlain
      ? shape.fields.map((accumulator) => {
          const from = (field(block.columnsAt + accumulator.column * 4) >>> 3) + row
          if (accumulator.kind === 'sum') return nextSum(arena, accumulator, cell, from)
          return nextExtreme(arena, accumulator, cell, isThere(accumulator.column, row) ? from : -1)
        })
      : [null]
    if (writes.includes(null)) {
      u32[(out >>> 2) + left++] = row
      continue
    }
    for (const write of writes) write!()
    const position = shape.follows ? first + row : f64[(major >>> 3) + row]!
    const created = (cell + cellFields.created) >>> 3
    if (position < f64[created]!) f64[created] = position
    i32[(cell + cellFields.rows) >>> 2]!++
    if (!shape.marks) continue
    mark(cell)
    mark(cell + shape.rowBytes - 1)
  }
  return left
}

/** Writes a sum with one more value, which is at index `from`; null where that needs more than the cell. */
function nextSum(
  { views: { i64, f64 } }: Arena,
  { of, at }: FusedField,
  cell: number,
  from: number,
): (() => void) | null {
  const place = (cell + at) >>> 3
  if (of === 'i64') {
    const exact = i64[place]! + i64[from]!
    const write = () => {
      i64[place] = exact
    }
    return BigInt.asIntN(64, exact) === exact ? write : null
  }
  const [x, y, value] = [f64[place]!, f64[place + 1]!, f64[from]!]
  const sum = x + value
  const low = errorOf(x, value, sum)
  const middle = y + low
  const write = () => {
    f64[place] = sum
    f64[place + 1] = middle
  }
  return errorOf(y, low, middle) === 0 ? write : null
}

/** Writes an extreme after one more value, which is at index `from`; −1 = NULL. */
function nextExtreme(
  { views: { i64, f64 } }: Arena,
  { of, at, sign }: FusedField,
  cell: number,
  from: number,
): () => void {
  const place = (cell + at) >>> 3
  return () => {
    if (from < 0) return
    let value = i64[from]!
    if (of === 'f64') {
      if (Number.isNaN(f64[from]!)) value = 0x7ff80000n << 32n
      if (value < 0n) value ^= 2n ** 63n - 1n
    }
    if (sign < 0 ? value < i64[place]! : value > i64[place]!) i64[place] = value
  }
}

function foldCode(a: Assembly, shape: FusedShape, control: I32): I32 {
  const block = fusedBlock(shape)
  const field = (offset: number) => a.let(control.i32(offset))
  const [refs, rows, to] = [field(block.refs), field(block.rows), field(block.out)]
  const ahead = field(block.ahead)
  const [row, end] = [a.i32(), a.i32()]
  const fold = rowCode(a, shape, control, { refs, row, to })
  a.while(row.lt(rows), () => {
    a.set(end, rows)
    a.if(ahead.lt(rows.sub(row)).and(ahead.ne(0)), () => a.set(end, row.add(ahead)))
    a.if(ahead, () => readAhead(a, shape, { refs, row, end, sink: control.add(block.sink) }))
    a.loop(row, end, fold)
  })
  return to.sub(control.i32(block.out)).shr(2)
}

/** Code: reads each line of the cells of a block of rows. */
function readAhead(
  a: Assembly,
  shape: FusedShape,
  { refs, row, end, sink }: { refs: I32; row: I32; end: I32; sink: I32 },
): void {
  const [at, sum] = [a.let(refs.add(row.shl(2))), a.i32()]
  const last = a.let(refs.add(end.shl(2)))
  const offsets = Array.from(
    { length: Math.ceil(shape.rowBytes / lineBytes) },
    (_, i) => i * lineBytes,
  )
  if (straddles(shape, lineBytes) && shape.rowBytes % lineBytes !== 4)
    offsets.push(shape.rowBytes - 4)
  const each = (offset: number) => {
    const cell = offsets.length === 1 ? at.i32(offset) : a.let(at.i32(offset))
    for (const line of offsets) a.set(sum, sum.or(cell.i32(line)))
  }
  a.while(at.add(12).below(last), () => {
    for (const offset of [0, 4, 8, 12]) each(offset)
    a.set(at, at.add(16))
  })
  a.while(at.below(last), () => {
    each(0)
    a.set(at, at.add(4))
  })
  // Without a use the reads would be left out.
  a.store(sink, sum)
}

/** Code of one row: everything is computed before anything is written. */
function rowCode(
  a: Assembly,
  shape: FusedShape,
  control: I32,
  { refs, row, to }: { refs: I32; row: I32; to: I32 },
): () => void {
  const block = fusedBlock(shape)
  const field = (offset: number) => a.let(control.i32(offset))
  const keys = shape.keys.map((_, key) => field(block.keysAt + key * 4))
  const columns = Array.from({ length: shape.columns }, (_, column) =>
    field(block.columnsAt + column * 4),
  )
  const bitmaps = columns.map((_, column) =>
    (shape.nulls >> column) & 1 ? field(block.bitmapsAt + column * 4) : null,
  )
  const major = shape.follows ? null : field(block.major)
  const first = shape.follows ? a.let(control.f64(block.first)) : null
  const mark = shape.marks ? markerCode(a) : null
  return () => {
    const eight = a.let(row.shl(3))
    const cell = a.let(refs.add(row.shl(2)).i32())
    const count = a.let(cell.i32(cellFields.rows))
    // Words that are not 0 where the row needs more than the cell.
    const doubts: I64[] = [
      count
        .add(rowsLimit - 1)
        .shr(31)
        .extendU(),
    ]
    shape.keys.forEach((at, key) => {
      doubts.push(cell.i64(at).xor(keys[key]!.add(eight).i64()))
    })
    const writes = shape.fields.map((accumulator) => {
      const value = columns[accumulator.column]!.add(eight)
      if (accumulator.kind === 'sum') {
        const { doubt, write } = sumCode(a, accumulator, cell, value)
        doubts.push(doubt)
        return write
      }
      const bitmap = bitmaps[accumulator.column]
      const there = bitmap ? a.let(bitmap.add(row.shr(3)).u8().shr(row.and(7)).and(1)) : null
      return extremeCode(a, accumulator, { cell, value, there })
    })
    const position = a.let(first === null ? major!.add(eight).f64() : first.add(row.toF64S()))
    a.if(
      doubts.reduce((any, doubt) => any.or(doubt)).ne(0n),
      () => {
        a.store(to, row)
        a.set(to, to.add(4))
      },
      () => {
        for (const write of writes) write()
        a.if(position.lt(cell.f64(cellFields.created)), () =>
          a.store(cell, position, cellFields.created),
        )
        a.store(cell, count.add(1), cellFields.rows)
        if (mark === null) return
        mark(cell)
        if (straddles(shape, 256)) mark(cell.add(shape.rowBytes - 1))
      },
    )
  }
}

function sumCode(
  a: Assembly,
  { of, at }: FusedField,
  cell: I32,
  from: I32,
): { doubt: I64; write: () => void } {
  if (of === 'i64') {
    const [old, value]: I64[] = [a.let(cell.i64(at)), a.let(from.i64())]
    const sum = a.let(old!.add(value!))
    return {
      doubt: old!.xor(sum).and(value!.xor(sum)).shr(63n),
      write: () => a.store(cell, sum, at),
    }
  }
  const [value, x, y]: F64[] = [a.let(from.f64()), a.let(cell.f64(at)), a.let(cell.f64(at + 8))]
  const [low, lowest] = [a.f64(), a.f64()]
  const sum = twoSum(a, x!, value!, low)
  const middle = twoSum(a, y!, low, lowest)
  return {
    // All but +0 and −0.
    doubt: lowest.bits().shl(1n),
    write: () => {
      a.store(cell, sum, at)
      a.store(cell, middle, at + 8)
    },
  }
}

function extremeCode(
  a: Assembly,
  { of, sign, at }: FusedField,
  { cell, value: from, there }: { cell: I32; value: I32; there: I32 | null },
): () => void {
  const value = a.let(from.i64())
  if (of === 'f64') {
    const double = from.f64()
    a.set(value, value.when(double.eq(double), 0x7ff80000n << 32n))
    a.set(value, value.xor(value.shrS(63n).shr(1n)))
  }
  const none = i64(sign < 0 ? 2n ** 63n - 1n : -(2n ** 63n))
  if (there !== null) a.set(value, value.when(there, none))
  const old = a.let(cell.i64(at))
  const isBetter = sign < 0 ? value.lt(old) : value.gt(old)
  return () => a.if(isBetter, () => a.store(cell, value, at))
}
