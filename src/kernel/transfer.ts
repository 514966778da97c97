/**
 * Transfer: columns between host and arena, and rows from one batch into the next.
 *
 * How      Loading copies a run of a host column into scratch memory: 32-bit integers are widened, strings become
 *          views over a copy of their bytes, a validity without NULLs in the run is dropped. Unloading is the way
 *          back.
 * Contract 1 (checked) unloading what was loaded gives the same values.
 *          2 (trusted) all results lie in scratch memory.
 * Cost     some 0.3–0.6 ns per value of 8 bytes, 2 ns per string.
 * See      src/kernel/ferry.ts
 */
import { assert } from '../base/index.ts'
import { type Column, layoutOf, physicalOf, type Type } from '../data/index.ts'
import type { Arena } from './arena.ts'
import type { Kernels } from './kernels.ts'
import type { Order, RowErrors, Vector, VectorBatch } from './vector.ts'
import { bytesOf, inlineMax, writeView } from './view.ts'

/** Bytes that string kernels may read behind a string. */
const slack = 16

/** Bytes of a bitmap, whole words. */
function bitmapBytes(rows: number): number {
  return ((rows + 63) >>> 6) * 8
}

/** Rows `from … from + rows` of a host column. */
export function loadColumn(kernels: Kernels, column: Column, from: number, rows: number): Vector {
  const { arena } = kernels
  const validity = column.validity === null ? 0 : loadValidity(arena, column.validity, from, rows)
  const physical = physicalOf(column.type)
  const data = loadValues(kernels, column, validity, from, rows)
  if (validity !== 0) clearNulls(kernels, { physical, data, validity, errors: null }, rows)
  return { physical, data, validity, errors: null }
}

function loadValues(
  kernels: Kernels,
  column: Column,
  validity: number,
  from: number,
  rows: number,
): number {
  const { arena, ferry } = kernels
  const source = column.data
  switch (source.layout) {
    case 'bits':
      return loadBits(arena, source.values, from, rows)
    case 'i32': {
      const narrow = arena.scratch(rows * 4)
      const data = arena.scratch(rows * 8)
      ferry.load(narrow, source.values, from, rows)
      kernels.get('widen_i32')(narrow, data, rows)
      return data
    }
    case 'i64': {
      const data = arena.scratch(rows * 8)
      ferry.load(data, source.values, from, rows)
      return data
    }
    case 'f64': {
      const data = arena.scratch(rows * 8)
      ferry.load(data, source.values, from, rows)
      return data
    }
    case 'utf8':
      return loadViews(kernels, source, validity, { from, rows })
  }
}

/** Views of some strings, over a copy of their bytes. */
function loadViews(
  kernels: Kernels,
  source: { offsets: Int32Array; bytes: Uint8Array },
  validity: number,
  { from, rows }: { from: number; rows: number },
): number {
  const { arena, ferry } = kernels
  const [start, end] = [source.offsets[from]!, source.offsets[from + rows]!]
  const bytes = arena.scratch(end - start + slack)
  const offsets = arena.scratch((rows + 1) * 4)
  const data = arena.scratch(rows * 16)
  ferry.load(bytes, source.bytes, start, end - start)
  ferry.load(offsets, source.offsets, from, rows + 1)
  kernels.get('views_from_offsets')(offsets, bytes - start, validity, data, rows)
  return data
}

/** Few of the rows are read one by one: one of so many. */
const sparse = 8

/** Chosen rows among `from … from + rows` of a host column; their numbers, from `from` on, are u32 at `selection`. */
export function loadColumnRows(
  kernels: Kernels,
  column: Column,
  from: number,
  { rows, selection, count }: { rows: number; selection: number; count: number },
): Vector {
  const physical = physicalOf(column.type)
  if (count * sparse <= rows) return loadEach(kernels, column, from, { selection, count })
  const { arena } = kernels
  const validity = column.validity === null ? 0 : loadValidity(arena, column.validity, from, rows)
  const data = loadValues(kernels, column, validity, from, rows)
  // What is not chosen need not be cleared.
  const all: Vector = { physical, data, validity, errors: null }
  const taken = takeVector(kernels, all, selection, count)
  clearNulls(kernels, taken, count)
  return taken
}

/** The chosen rows, one by one. */
function loadEach(
  kernels: Kernels,
  column: Column,
  from: number,
  { selection, count }: { selection: number; count: number },
): Vector {
  const { arena } = kernels
  const chosen = arena.views.u32.slice(selection >>> 2, (selection >>> 2) + count)
  for (let at = 0; at < count; at++) chosen[at]! += from
  const physical = physicalOf(column.type)
  const validity = validityOfEach(arena, column.validity, chosen)
  const data = valuesOfEach(kernels, column, chosen)
  const vector: Vector = { physical, data, validity, errors: null }
  clearNulls(kernels, vector, count)
  return vector
}

/** 0 when all rows are valid. */
function validityOfEach(arena: Arena, validity: Uint8Array | null, rows: Uint32Array): number {
  const isSet = (row: number) => (validity![row >>> 3]! >> (row & 7)) & 1
  if (validity === null || rows.every((row) => isSet(row) === 1)) return 0
  return bitsOfEach(arena, validity, rows)
}

function bitsOfEach(arena: Arena, bits: Uint8Array, rows: Uint32Array): number {
  const size = bitmapBytes(rows.length)
  const to = arena.scratch(size)
  const { u8 } = arena.views
  u8.fill(0, to, to + size)
  rows.forEach((row, at) => {
    u8[to + (at >>> 3)]! |= ((bits[row >>> 3]! >> (row & 7)) & 1) << (at & 7)
  })
  return to
}

function valuesOfEach(kernels: Kernels, { data }: Column, rows: Uint32Array): number {
  const { arena } = kernels
  const count = rows.length
  switch (data.layout) {
    case 'bits':
      return bitsOfEach(arena, data.values, rows)
    case 'i32': {
      const to = arena.scratch(count * 8)
      const { i32 } = arena.views
      for (let at = 0; at < count; at++) {
        const value = data.values[rows[at]!]!
        i32[(to >>> 2) + at * 2] = value
        i32[(to >>> 2) + at * 2 + 1] = value >> 31
      }
      return to
    }
    case 'i64':
    case 'f64': {
      const to = arena.scratch(count * 8)
      const { i32 } = arena.views
      // As 32-bit words: no BigInt is made, and a NaN keeps its bits.
      const words = new Int32Array(
        data.values.buffer,
        data.values.byteOffset,
        data.values.length * 2,
      )
      for (let at = 0; at < count; at++) {
        i32[(to >>> 2) + at * 2] = words[rows[at]! * 2]!
        i32[(to >>> 2) + at * 2 + 1] = words[rows[at]! * 2 + 1]!
      }
      return to
    }
    case 'utf8': {
      // One behind the other on the host, where copying is fast, and from there at once.
      const ends = new Int32Array(count + 1)
      for (let at = 0; at < count; at++) {
        ends[at + 1] = ends[at]! + data.offsets[rows[at]! + 1]! - data.offsets[rows[at]!]!
      }
      const bytes = gathered(ends[count]!)
      for (let at = 0; at < count; at++) {
        const start = data.offsets[rows[at]!]!
        copyBytes(data.bytes, start, start + ends[at + 1]! - ends[at]!, bytes, ends[at]!)
      }
      return loadViews(kernels, { offsets: ends, bytes }, 0, { from: 0, rows: count })
    }
  }
}

/** Bytes that are copied one by one sooner than by a call. */
const loopedMax = 48

function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > loopedMax) to.set(from.subarray(start, end), at)
  else for (let byte = start; byte < end; byte++) to[at + byte - start] = from[byte]!
}

let room = new Uint8Array(0)

/** Room on the host for bytes that are loaded at once. */
function gathered(bytes: number): Uint8Array {
  if (room.length < bytes) room = new Uint8Array(bytes * 2)
  return room
}

/** A bitmap from its bit `from` on. */
function loadBits(arena: Arena, bits: Uint8Array, from: number, rows: number): number {
  const size = bitmapBytes(rows)
  const to = arena.scratch(size)
  const { u8 } = arena.views
  const bytes = (rows + 7) >>> 3
  const [first, shift] = [from >>> 3, from & 7]
  u8.fill(0, to + bytes, to + size)
  if (shift === 0) {
    u8.set(bits.subarray(first, first + bytes), to)
  } else {
    for (let index = 0; index < bytes; index++) {
      const high = bits[first + index + 1] ?? 0
      u8[to + index] = (bits[first + index]! >>> shift) | (high << (8 - shift))
    }
  }
  if ((rows & 7) !== 0) u8[to + bytes - 1]! &= (1 << (rows & 7)) - 1
  return to
}

/** As loadBits; 0 when all rows are valid. */
function loadValidity(arena: Arena, bits: Uint8Array, from: number, rows: number): number {
  const bitmap = loadBits(arena, bits, from, rows)
  return isAllSet(arena, bitmap, rows) ? 0 : bitmap
}

/** Are the first bits of a bitmap all 1? The rest of its last byte is 0. */
function isAllSet({ views: { u8 } }: Arena, bitmap: number, rows: number): boolean {
  const whole = rows >>> 3
  const rest = (1 << (rows & 7)) - 1
  if (rest !== 0 && u8[bitmap + whole]! !== rest) return false
  for (let index = 0; index < whole; index++) if (u8[bitmap + index]! !== 0xff) return false
  return true
}

/** Puts 0 into the slots that are NULL. */
function clearNulls(kernels: Kernels, vector: Vector, rows: number): void {
  const { physical, data, validity } = vector
  if (validity === 0) return
  if (physical === 'bits') kernels.get('and_bits')(data, validity, data, (rows + 63) >>> 6)
  else kernels.get(physical === 'view' ? 'clear_view' : 'clear_i64')(data, validity, rows)
}

/** The vector on the host; failed rows read as NULL. */
export function unloadColumn(kernels: Kernels, vector: Vector, type: Type, rows: number): Column {
  const { arena } = kernels
  const validity =
    vector.validity === 0
      ? null
      : arena.views.u8.slice(vector.validity, vector.validity + ((rows + 7) >>> 3))
  return { type, data: unloadValues(kernels, vector.data, type, rows), validity: owned(validity) }
}

/** Slices of shared memory are copied into memory of our own, which every decoder takes. */
function owned(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : new Uint8Array(bytes)
}

function unloadValues(kernels: Kernels, data: number, type: Type, rows: number): Column['data'] {
  const { arena } = kernels
  const layout = layoutOf(type)
  switch (layout) {
    case 'bits': {
      const bytes = (rows + 7) >>> 3
      return { layout, values: new Uint8Array(arena.views.u8.subarray(data, data + bytes)) }
    }
    case 'i32': {
      const narrow = arena.scratch(rows * 4)
      kernels.get('narrow_i64')(data, narrow, rows)
      const from = narrow >>> 2
      return { layout, values: new Int32Array(arena.views.i32.subarray(from, from + rows)) }
    }
    case 'i64': {
      const from = data >>> 3
      return { layout, values: new BigInt64Array(arena.views.i64.subarray(from, from + rows)) }
    }
    case 'f64': {
      const from = data >>> 3
      return { layout, values: new Float64Array(arena.views.f64.subarray(from, from + rows)) }
    }
    case 'utf8': {
      const offsets = arena.scratch((rows + 1) * 4)
      arena.views.i32[offsets >>> 2] = 0
      const bytes = kernels.get('offsets_view')(data, offsets, rows) >>> 0
      const heap = arena.scratch(bytes + slack)
      kernels.get('gather_view')(data, heap, rows)
      const { i32, u8 } = arena.views
      const from = offsets >>> 2
      return {
        layout,
        offsets: new Int32Array(i32.subarray(from, from + rows + 1)),
        bytes: new Uint8Array(u8.subarray(heap, heap + bytes)),
      }
    }
  }
}

/** Numbers of the rows for which a predicate is TRUE, as u32 at an address. */
export function selectTrue(
  kernels: Kernels,
  predicate: Vector,
  rows: number,
): { selection: number; count: number } {
  assert(predicate.physical === 'bits', 'a predicate is a bitmap')
  const selection = kernels.arena.scratch((rows + 8) * 4)
  // A NULL row holds 0, so the validity need not be looked at.
  const count = kernels.get('select_bits')(predicate.data, selection, rows)
  return { selection, count }
}

/** The chosen rows of a vector, dense. */
export function takeVector(
  kernels: Kernels,
  vector: Vector,
  selection: number,
  count: number,
): Vector {
  const { physical } = vector
  const validity =
    vector.validity === 0 ? 0 : takeValidity(kernels, vector.validity, selection, count)
  const data =
    physical === 'bits'
      ? takeBits(kernels, vector.data, selection, count)
      : takeWords(kernels, vector.data, selection, count, physical === 'view' ? 'view' : 'i64')
  const errors =
    vector.errors === null ? null : takeErrors(kernels.arena, vector.errors, selection, count)
  return { physical, data, validity, errors }
}

/** As takeBits; 0 when all rows are valid. */
function takeValidity(kernels: Kernels, from: number, selection: number, count: number): number {
  const to = takeBits(kernels, from, selection, count)
  return isAllSet(kernels.arena, to, count) ? 0 : to
}

function takeBits(kernels: Kernels, from: number, selection: number, count: number): number {
  const to = kernels.arena.scratch(bitmapBytes(count))
  kernels.get('take_bits')(from, selection, to, count)
  return to
}

function takeWords(
  kernels: Kernels,
  from: number,
  selection: number,
  count: number,
  shape: 'i64' | 'view',
): number {
  const to = kernels.arena.scratch(count * (shape === 'view' ? 16 : 8))
  kernels.get(shape === 'view' ? 'take_view' : 'take_i64')(from, selection, to, count)
  return to
}

function takeErrors(
  arena: Arena,
  errors: RowErrors,
  selection: number,
  count: number,
): RowErrors | null {
  const { u32 } = arena.views
  const taken: RowErrors = new Map()
  for (let place = 0; place < count; place++) {
    const error = errors.get(u32[(selection >>> 2) + place]!)
    if (error !== undefined) taken.set(place, error)
  }
  return taken.size === 0 ? null : taken
}

/** The chosen rows of a batch, with their place in the order, weights and watermarks. */
export function takeRows(
  kernels: Kernels,
  batch: VectorBatch,
  selection: number,
  count: number,
): VectorBatch {
  const words = (from: number) =>
    from === 0 ? 0 : takeWords(kernels, from, selection, count, 'i64')
  const { middle, minor } = batch.order
  const major = takeMajor(kernels, batch.order, selection, count)
  let weights = 0
  if (batch.weights !== 0) {
    weights = kernels.arena.scratch(count * 4)
    kernels.get('take_i32')(batch.weights, selection, weights, count)
  }
  return {
    rows: count,
    columns: batch.columns.map((vector) => takeVector(kernels, vector, selection, count)),
    order: { major, middle: words(middle), minor: words(minor) },
    weights,
    watermarks: words(batch.watermarks),
  }
}

/** Positions of chosen rows: address of one f64 each. */
export function takeMajor(
  kernels: Kernels,
  { major, first }: Order,
  selection: number,
  count: number,
): number {
  if (major !== 0) return takeWords(kernels, major, selection, count, 'i64')
  const start = kernels.arena.scratch(8)
  const to = kernels.arena.scratch(count * 8)
  kernels.arena.views.f64[start >>> 3] = first!
  kernels.get('positions_f64')(start, selection, to, count)
  return to
}

/** Positions of all rows: address of one f64 each, written to scratch memory where the rows follow each other. */
export function majorOf(kernels: Kernels, { rows, order }: { rows: number; order: Order }): number {
  return order.major === 0 ? iota(kernels, order.first!, rows) : order.major
}

/** The position of one row. */
export function positionOf(kernels: Kernels, { major, first }: Order, row: number): number {
  return major === 0 ? first! + row : kernels.arena.views.f64[(major >>> 3) + row]!
}

/** start, start + 1, … as f64 at an address. */
export function iota(kernels: Kernels, start: number, rows: number): number {
  const first = kernels.arena.scratch(8)
  const to = kernels.arena.scratch(rows * 8)
  kernels.arena.views.f64[first >>> 3] = start
  kernels.get('iota_f64')(first, to, rows)
  return to
}

/** Chosen rows of a batch in the scratch memory of another arena. */
export function copyRows(
  from: Kernels,
  batch: VectorBatch,
  rows: Uint32Array,
  to: Kernels,
): VectorBatch {
  const words = (address: number) =>
    address === 0 ? 0 : copyWords(from.arena, address, rows, to.arena, 1)
  const { middle, minor } = batch.order
  const major = majorOf(from, batch)
  let weights = 0
  if (batch.weights !== 0) {
    weights = to.arena.scratch(rows.length * 4)
    const [source, target] = [from.arena.views.i32, to.arena.views.i32]
    rows.forEach((row, place) => {
      target[(weights >>> 2) + place] = source[(batch.weights >>> 2) + row]!
    })
  }
  return {
    rows: rows.length,
    columns: batch.columns.map((vector) => copyVector(from.arena, vector, rows, to.arena)),
    order: { major: words(major), middle: words(middle), minor: words(minor) },
    weights,
    watermarks: words(batch.watermarks),
  }
}

function copyVector(from: Arena, vector: Vector, rows: Uint32Array, to: Arena): Vector {
  const { physical } = vector
  const validity = vector.validity === 0 ? 0 : copyBits(from, vector.validity, rows, to)
  let data: number
  if (physical === 'bits') data = copyBits(from, vector.data, rows, to)
  else if (physical === 'view') data = copyViews(from, vector.data, rows, to)
  else data = copyWords(from, vector.data, rows, to, 1)
  let errors: RowErrors | null = null
  if (vector.errors !== null) {
    for (const [place, row] of rows.entries()) {
      const error = vector.errors.get(row)
      if (error !== undefined) (errors ??= new Map()).set(place, error)
    }
  }
  return { physical, data, validity, errors }
}

function copyWords(from: Arena, address: number, rows: Uint32Array, to: Arena, words: number) {
  const data = to.scratch(rows.length * words * 8)
  // As 32-bit words: a NaN may lose its bits on the way through a number.
  const [source, target] = [from.views.u32, to.views.u32]
  const width = words * 2
  for (let place = 0; place < rows.length; place++) {
    for (let word = 0; word < width; word++) {
      target[(data >>> 2) + place * width + word] =
        source[(address >>> 2) + rows[place]! * width + word]!
    }
  }
  return data
}

function copyBits(from: Arena, address: number, rows: Uint32Array, to: Arena): number {
  const size = bitmapBytes(rows.length)
  const data = to.scratch(size)
  const [source, target] = [from.views.u8, to.views.u8]
  target.fill(0, data, data + size)
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place]!
    const bit = (source[address + (row >>> 3)]! >> (row & 7)) & 1
    target[data + (place >>> 3)]! |= bit << (place & 7)
  }
  return data
}

function copyViews(from: Arena, address: number, rows: Uint32Array, to: Arena): number {
  const data = copyWords(from, address, rows, to, 2)
  let size = 0
  for (const row of rows) {
    const { length } = bytesOf(from, address + row * 16)
    if (length > inlineMax) size += length
  }
  if (size === 0) return data
  let heap = to.scratch(size + slack)
  const [source, target] = [from.views.u8, to.views.u8]
  for (const [place, row] of rows.entries()) {
    const { at, length } = bytesOf(from, address + row * 16)
    if (length <= inlineMax) continue
    target.set(source.subarray(at, at + length), heap)
    writeView(to, data + place * 16, heap, length)
    heap += length
  }
  return data
}
