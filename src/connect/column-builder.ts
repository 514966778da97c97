/**
 * Column builder: one growing column of a batch under construction.
 *
 * How      Numbers go to typed arrays of `capacity` slots; 64-bit integers may be written as two halves, which avoids a
 *          BigInt per value; strings are appended to one growing buffer. The validity bitmap exists once a NULL came.
 * Contract 1 (trusted) rows are written in ascending order and each exactly once.
 *          2 (trusted) `finish` is the last call: the arrays belong to the batch then.
 * Cost     Memory of a batch; a NULL costs a bit.
 */
import { assert } from '../base/index.ts'
import {
  type Column,
  type ColumnValues,
  type Field,
  layoutOf,
  type Value,
  valueBytes,
} from '../data/index.ts'

const none32 = new Int32Array(0)
const none64 = new BigInt64Array(0)
const noneFloat = new Float64Array(0)
const noneBytes = new Uint8Array(0)
const encoder = new TextEncoder()
/** 2^32, to split integers below 2^53 into halves. */
const HALF = 4294967296

export class ColumnBuilder {
  readonly field: Field
  readonly layout: ColumnValues['layout']
  readonly capacity: number
  /** i32 layout. */
  ints: Int32Array = none32
  /** i64 layout, and the same memory as (low, high) pairs. */
  longs: BigInt64Array = none64
  halves: Int32Array = none32
  /** f64 layout. */
  doubles: Float64Array = noneFloat
  /** bits layout. */
  bits: Uint8Array = noneBytes
  /** utf8 layout: offsets, bytes and how many are used. */
  offsets: Int32Array = none32
  bytes: Uint8Array = noneBytes
  used = 0
  validity: Uint8Array | null = null

  constructor(field: Field, capacity: number, bytesExpected = 0) {
    this.field = field
    this.layout = layoutOf(field.type)
    this.capacity = capacity
    switch (this.layout) {
      case 'i32':
        this.ints = new Int32Array(capacity)
        break
      case 'i64':
        this.longs = new BigInt64Array(capacity)
        this.halves = new Int32Array(this.longs.buffer)
        break
      case 'f64':
        this.doubles = new Float64Array(capacity)
        break
      case 'bits':
        this.bits = new Uint8Array((capacity + 7) >> 3)
        break
      case 'utf8':
        this.offsets = new Int32Array(capacity + 1)
        this.bytes = new Uint8Array(Math.max(bytesExpected, 64))
        break
    }
  }

  setNull(row: number): void {
    this.validity ??= new Uint8Array((this.capacity + 7) >> 3).fill(0xff)
    this.validity[row >> 3]! &= ~(1 << (row & 7))
    if (this.layout === 'utf8') this.offsets[row + 1] = this.used
  }

  /** An integer of magnitude below 2^53 into an i64 column. */
  setLong(row: number, value: number): void {
    this.halves[2 * row] = value | 0
    this.halves[2 * row + 1] = Math.floor(value / HALF)
  }

  setString(row: number, text: string): void {
    this.setBytes(row, encoder.encode(text))
  }

  setBytes(row: number, bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.used)
    this.used += bytes.length
    this.offsets[row + 1] = this.used
  }

  set(row: number, value: Value): void {
    if (value === null) this.setNull(row)
    else this.#setValue(row, value)
  }

  #setValue(row: number, value: NonNullable<Value>): void {
    switch (this.layout) {
      case 'i32':
        this.ints[row] = Number(value)
        break
      case 'i64':
        this.longs[row] = BigInt(value)
        break
      case 'f64':
        this.doubles[row] = Number(value)
        break
      case 'bits':
        if (value === true) this.bits[row >> 3]! |= 1 << (row & 7)
        break
      case 'utf8':
        this.setBytes(row, valueBytes(value, this.field.type))
    }
  }

  /** Makes room for `count` more bytes of strings. */
  reserve(count: number): void {
    const needed = this.used + count
    if (needed <= this.bytes.length) return
    assert(needed < 2 ** 31, 'the strings of one batch stay below 2 GiB')
    const larger = new Uint8Array(Math.min(2 ** 31 - 1, Math.max(needed, 2 * this.bytes.length)))
    larger.set(this.bytes.subarray(0, this.used))
    this.bytes = larger
  }

  /** Takes the rows base + s out for every s in `dropped` (ascending), of `rows` rows from base on. */
  compact(base: number, rows: number, dropped: readonly number[]): void {
    let kept = base
    let next = 0
    let used = this.layout === 'utf8' ? this.offsets[base]! : 0
    for (let slot = 0; slot < rows; slot++) {
      if (dropped[next] === slot) {
        next++
        continue
      }
      const row = base + slot
      if (this.layout === 'utf8') {
        const start = this.offsets[row]!
        const end = this.offsets[row + 1]!
        this.bytes.copyWithin(used, start, end)
        used += end - start
        // `kept + 1 <= row + 1`: the offset overwritten here was read in an earlier round.
        this.offsets[kept + 1] = used
      } else if (kept !== row) this.#move(row, kept)
      if (this.validity !== null && kept !== row) copyBit(this.validity, row, kept)
      kept++
    }
    if (this.layout === 'utf8') this.used = used
    for (let row = kept; row < base + rows; row++) this.#clear(row)
  }

  #move(from: number, to: number): void {
    if (this.layout === 'i32') this.ints[to] = this.ints[from]!
    else if (this.layout === 'i64') this.longs[to] = this.longs[from]!
    else if (this.layout === 'f64') this.doubles[to] = this.doubles[from]!
    else copyBit(this.bits, from, to)
  }

  /** Back to the state of a slot never written: zero and valid. */
  #clear(row: number): void {
    if (this.layout === 'i32') this.ints[row] = 0
    else if (this.layout === 'i64') this.longs[row] = 0n
    else if (this.layout === 'f64') this.doubles[row] = 0
    else if (this.layout === 'bits') this.bits[row >> 3]! &= ~(1 << (row & 7))
    if (this.validity !== null) this.validity[row >> 3]! |= 1 << (row & 7)
  }

  finish(): Column {
    return { type: this.field.type, data: this.#values(), validity: this.validity }
  }

  #values(): ColumnValues {
    switch (this.layout) {
      case 'i32':
        return { layout: 'i32', values: this.ints }
      case 'i64':
        return { layout: 'i64', values: this.longs }
      case 'f64':
        return { layout: 'f64', values: this.doubles }
      case 'bits':
        return { layout: 'bits', values: this.bits }
      case 'utf8':
        return { layout: 'utf8', offsets: this.offsets, bytes: this.bytes.subarray(0, this.used) }
    }
  }
}

function copyBit(bits: Uint8Array, from: number, to: number): void {
  if (((bits[from >> 3]! >> (from & 7)) & 1) === 1) bits[to >> 3]! |= 1 << (to & 7)
  else bits[to >> 3]! &= ~(1 << (to & 7))
}
