/**
 * Parquet hybrid: integers of a few bits each, as Parquet writes levels of NULLs and indexes into dictionaries.
 *
 * Format   runs, each with a header of 7 bits per byte, lowest first:
 *          header even   header / 2 times the value that follows in ⌈width / 8⌉ bytes
 *          header odd    (header − 1) / 2 groups of eight values of `width` bits, lowest bits first
 * Contract 1 (checked) an encoding that ends before its values throws.
 * Cost     1 ns per packed value, 0.1 ns per repeated one.
 * See      test/connect/parquet.test.ts compares with hyparquet's.
 */

/** Widths that lie in four bytes wherever they begin. */
const WIDTH_MAX = 25

/** The first `count` values of `width` bits in `bytes`. */
export function readHybrid(bytes: Uint8Array, width: number, count: number): Int32Array {
  const values = new Int32Array(count)
  if (width > 32) fail()
  // Some writers leave out runs of values that take no bits.
  if (width === 0) return values
  const runs = new Runs(bytes)
  for (let done = 0; done < count; ) {
    const header = runs.header()
    if ((header & 1) === 0) {
      const part = Math.min(header >>> 1, count - done)
      values.fill(runs.value(width), done, done + part)
      done += part
    } else {
      const part = Math.min((header >>> 1) * 8, count - done)
      unpack(runs.take((header >>> 1) * width, (part * width + 7) >> 3), width, values, done, part)
      done += part
    }
  }
  return values
}

/** Whether all `count` values are `value`, said by one run: the usual column without NULLs. */
export function isRepeated(
  bytes: Uint8Array,
  width: number,
  count: number,
  value: number,
): boolean {
  const runs = new Runs(bytes)
  const header = runs.header()
  return (header & 1) === 0 && header >>> 1 >= count && runs.value(width) === value
}

/** Goes through the bytes of an encoding. */
class Runs {
  readonly #bytes: Uint8Array
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  header(): number {
    let header = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte()
      header |= (byte & 0x7f) << shift
      if (byte < 0x80) return header >>> 0
      if (shift > 28) fail()
    }
  }

  value(width: number): number {
    let value = 0
    for (let shift = 0; shift < width; shift += 8) value |= this.#byte() << shift
    return value
  }

  /** The next `length` bytes, of which at least `needed` are there. */
  take(length: number, needed: number): Uint8Array {
    const start = this.#position
    if (start + needed > this.#bytes.length) fail()
    this.#position += length
    return this.#bytes.subarray(start, start + length)
  }

  #byte(): number {
    return this.#bytes[this.#position++] ?? fail()
  }
}

function fail(): never {
  throw new Error('packed integers are cut off')
}

function unpack(
  bytes: Uint8Array,
  width: number,
  values: Int32Array,
  at: number,
  count: number,
): void {
  const mask = width === 32 ? -1 : (1 << width) - 1
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // Values whose four bytes are there.
  const whole = width > WIDTH_MAX ? 0 : Math.floor(((bytes.length - 4) * 8) / width)
  const simple = Math.max(0, Math.min(count, whole))
  for (let index = 0; index < simple; index++) {
    const bit = index * width
    values[at + index] = (view.getInt32(bit >>> 3, true) >>> (bit & 7)) & mask
  }
  for (let index = simple; index < count; index++) {
    let value = 0
    for (let bit = 0; bit < width; bit++) {
      const from = index * width + bit
      value |= ((bytes[from >>> 3]! >> (from & 7)) & 1) << bit
    }
    values[at + index] = value
  }
}
