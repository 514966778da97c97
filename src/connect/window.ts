/**
 * Window: the part of a file that a scanner looks at, slid over the file front to back.
 *
 * How      bytes[from .. limit) is text not consumed yet. `refill` moves it to the front and reads more behind it; the
 *          buffer doubles when one record fills it. bytes[limit] is a sentinel, so that scanners need no bounds check.
 * Contract 1 (checked) a record above `RECORD_BYTES_MAX` makes `atEnd` true although the file goes on: the scanner then
 *            treats what it has as the last record (a bad row) and goes on behind it.
 *          2 (trusted) `refill` invalidates positions; the scanner starts over at `from`.
 */
import type { FileReader } from '../base/index.ts'

/** What one record may take at most. */
const RECORD_BYTES_MAX = 64 * 1024 * 1024
const NEWLINE = 10

export class Window {
  bytes: Uint8Array
  from = 0
  limit = 0
  /** Nothing comes after `limit`, as far as the scanner is concerned. */
  atEnd = false
  /** Nothing comes after `limit`: the file is read. */
  exhausted = false
  /** The bytes behind `limit` come later: see `FileReader.more`. */
  waiting = false
  #position = 0
  readonly #file: FileReader
  readonly #sentinel: number
  readonly #recordBytesMax: number

  constructor(
    file: FileReader,
    options: { bytes?: number; sentinel?: number; recordBytesMax?: number } = {},
  ) {
    this.#file = file
    this.#sentinel = options.sentinel ?? NEWLINE
    this.#recordBytesMax = options.recordBytesMax ?? RECORD_BYTES_MAX
    this.bytes = new Uint8Array((options.bytes ?? 256 * 1024) + 1)
    this.bytes[0] = this.#sentinel
  }

  /** Position of `from` in the file. */
  get offset(): number {
    return this.#position - (this.limit - this.from)
  }

  /** Bytes read from the file so far. */
  get bytesRead(): number {
    return this.#position
  }

  /** Reads more behind what is there. Call it when the scanner found no whole record in bytes[from .. limit). */
  refill(): void {
    this.#makeRoom()
    const room = this.bytes.length - 1 - this.limit
    if (room === 0) {
      this.atEnd = true
      return
    }
    const target = this.bytes.subarray(this.limit, this.limit + room)
    const count = this.#file.read(target, this.#position)
    this.waiting = count < 0
    if (this.waiting) return
    this.#position += count
    this.limit += count
    this.bytes[this.limit] = this.#sentinel
    this.exhausted = count === 0
    this.atEnd = this.exhausted
  }

  #makeRoom(): void {
    const rest = this.limit - this.from
    if (this.from > 0) {
      this.bytes.copyWithin(0, this.from, this.limit)
      this.from = 0
      this.limit = rest
    }
    if (rest < this.bytes.length - 1 || rest >= this.#recordBytesMax) return
    const larger = new Uint8Array(Math.min(2 * rest, this.#recordBytesMax) + 1)
    larger.set(this.bytes.subarray(0, rest))
    this.bytes = larger
  }
}
