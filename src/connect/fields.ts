/**
 * Fields: where the wanted fields of some records lie in a text, found by a scanner (CSV, JSON) and read by decoders.
 *
 * How      Column by column, slot by slot: field (c, s) is bytes[starts[i] .. ends[i]) with i = c × capacity + s.
 *          start ABSENT     the field is NULL.
 *          start DETACHED   its text is not in `bytes` but in `detached`.
 *          end < 0          the field has escapes; it ends at ~end and `unescape` gives its text.
 *          A record that cannot be split keeps its slot, with its reason in `faults` and all fields ABSENT, so that the
 *          number of a slot is the number of a record.
 *          Where the memory of the stage has room, extents lie there, so that kernels can write them.
 * Contract 1 (trusted) extents stay valid until the window moves; a decoder runs before that.
 *          2 (checked) the first fault of a slot is the one that is reported.
 */

import { assert } from '../base/index.ts'
import { type StagedWords, stageWords } from './stage.ts'

export const ABSENT = -1
export const DETACHED = -2

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenient = new TextDecoder('utf-8', { ignoreBOM: true })

/** The text of `bytes[start .. end)`, or undefined when it is not UTF-8. */
export function strictText(bytes: Uint8Array, start: number, end: number): string | undefined {
  try {
    return strict.decode(bytes.subarray(start, end))
  } catch {
    return undefined
  }
}

/** Addresses of the extents of records, and the bytes from a start to its end. */
interface StagedLayout {
  rowStarts: number
  rowEnds: number
  gap: number
}

export class Fields {
  bytes: Uint8Array = new Uint8Array(0)
  /** Records found, faulty ones included. */
  rows = 0
  /** Known to be UTF-8 throughout: decoders may copy strings unseen. */
  utf8 = false
  readonly columns: number
  readonly capacity: number
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly rowStarts: Int32Array
  readonly rowEnds: Int32Array
  readonly detached = new Map<number, string>()
  readonly faults = new Map<number, string>()
  readonly unescape: (raw: string) => string | undefined

  #staged: StagedWords | null

  constructor(
    columns: number,
    capacity: number,
    read: (raw: string) => string | undefined,
    options: { staged?: boolean } = {},
  ) {
    this.columns = columns
    this.capacity = capacity
    const count = columns * capacity
    const length = 2 * (count + capacity)
    this.#staged = options.staged ? stageWords(length) : null
    const words = this.#staged?.words ?? new Int32Array(length)
    this.starts = words.subarray(0, count)
    this.ends = words.subarray(count, 2 * count)
    this.rowStarts = words.subarray(2 * count, 2 * count + capacity)
    this.rowEnds = words.subarray(2 * count + capacity)
    this.unescape = read
  }

  /** May kernels write here? */
  get staged(): boolean {
    return this.#staged !== null
  }

  get layout(): StagedLayout {
    const gap = 4 * this.columns * this.capacity
    const rowStarts = this.#address + 2 * gap
    return { rowStarts, rowEnds: rowStarts + 4 * this.capacity, gap }
  }

  /** Address of the starts of a column. */
  addressOf(column: number): number {
    return this.#address + 4 * column * this.capacity
  }

  get #address(): number {
    assert(this.#staged !== null, 'the fields lie in the memory of the stage')
    return this.#staged.address
  }

  /** Gives the memory back; nothing can be scanned then. */
  release(): void {
    this.#staged?.release()
    this.#staged = null
  }

  reset(bytes: Uint8Array): void {
    this.bytes = bytes
    this.rows = 0
    this.utf8 = false
    if (this.detached.size > 0) this.detached.clear()
    if (this.faults.size > 0) this.faults.clear()
  }

  /** Makes every field of `slot` NULL; what scanners do before a record and after a faulty one. */
  clear(slot: number): void {
    for (let index = slot; index < this.starts.length; index += this.capacity) {
      this.starts[index] = ABSENT
    }
  }

  fault(slot: number, message: string): void {
    if (!this.faults.has(slot)) this.faults.set(slot, message)
  }

  /** The text of a field that is not ABSENT; undefined when it is not UTF-8 or has a broken escape. */
  text(index: number): string | undefined {
    const start = this.starts[index]!
    if (start === DETACHED) return this.detached.get(index)
    const end = this.ends[index]!
    if (end >= 0) return strictText(this.bytes, start, end)
    const raw = strictText(this.bytes, start, ~end)
    return raw === undefined ? undefined : this.unescape(raw)
  }

  /** The start of the record's raw text, for error rows. */
  excerpt(slot: number): string {
    const start = this.rowStarts[slot]!
    // 200 characters are at most 800 bytes; decoding a whole record of 60 MB only to cut it would be waste.
    const end = Math.min(this.rowEnds[slot]!, start + 800)
    return lenient.decode(this.bytes.subarray(start, end)).slice(0, 200)
  }
}
