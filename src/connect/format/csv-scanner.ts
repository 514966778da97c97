/**
 * CSV scanner: finds records and fields of comma-separated text (RFC 4180, any delimiter and quote).
 *
 * How      A field that starts with the quote ends at the next quote that is not doubled; newlines inside belong to it.
 *          Elsewhere a quote is an ordinary character. A record ends at a newline; a CR before it goes with it. Blank
 *          lines are no records, unless there is one column only, where they are a NULL.
 *          A kernel finds records without errors, and `#record` finds any; what it looks like is told there once more.
 * Contract 1 (checked) an empty unquoted field is NULL, an empty quoted one is the empty string.
 *          2 (checked) a wrong number of fields, text behind a closing quote and an unclosed quote make a bad record.
 *            It ends at the next newline, an unclosed quote at the end of the file.
 *          3 (checked) kernel and `#record` agree with a parser that goes character by character:
 *            test/connect/csv.test.ts, “oracle”.
 * Cost     0.2 ns per byte and 4 ns per field; records that the kernel leaves, one comparison per byte.
 * See      src/kernel/scan/separated.ts
 */
import { ABSENT, Fields } from '../fields.ts'
import { Skimmer } from '../stage.ts'
import type { Window } from '../window.ts'
import type { Scanner } from './text-reader.ts'

const NEWLINE = 10
const CARRIAGE_RETURN = 13
const HASH = 35

export interface CsvDialect {
  /** ASCII codes; quote is −1 where quoting is off. */
  delimiter: number
  quote: number
  /** An unquoted field of this text is NULL, besides the empty one. */
  nullLiteral: string | null
  /** Lines that start with # are no records. */
  comments: boolean
}

/** Ways in which a quoted field can end. */
const CUT = -1
const UNCLOSED = -2
const TEXT_BEHIND = -3

export class CsvScanner implements Scanner {
  readonly #dialect: CsvDialect
  /** Column of the file → column of the batch, or −1. */
  readonly #targets: Int32Array
  readonly #nullBytes: Uint8Array | null
  /** End of the text of the quoted field just passed; negative as in `Fields.ends`. */
  #quotedEnd = 0
  /** Behind the closing quote where the record went wrong. */
  #wrongAt = 0
  /** Number of fields of the record just passed. */
  #count = 0
  #skimmer: Skimmer | null = null

  constructor(dialect: CsvDialect, columns: number, projection: readonly number[]) {
    this.#dialect = dialect
    this.#targets = new Int32Array(columns).fill(-1)
    projection.forEach((column, index) => {
      this.#targets[column] = index
    })
    this.#nullBytes =
      dialect.nullLiteral === null ? null : new TextEncoder().encode(dialect.nullLiteral)
  }

  unescape(raw: string): string {
    const quote = String.fromCharCode(this.#dialect.quote)
    return raw.replaceAll(quote + quote, quote)
  }

  scan(fields: Fields, window: Window, rowsMax: number): void {
    const { bytes, limit } = window
    let position = window.from
    while (fields.rows < rowsMax && position < limit) {
      if (fields.staged) {
        this.#skimmer ??= this.#newSkimmer(fields)
        position = this.#skimmer.skim(fields, bytes, position, limit, rowsMax)
        if (fields.rows === rowsMax || position >= limit) break
      }
      const end = this.#isBlank(bytes, position, limit)
      if (end >= 0) {
        if (end === limit && !window.atEnd) break
        position = end + 1
        continue
      }
      const next = this.#record(fields, window, position)
      if (next < 0) break
      if (this.#count !== this.#targets.length) this.#miscounted(fields)
      position = next
      fields.rows++
    }
    window.from = Math.min(position, limit)
    if (this.#nullBytes !== null) this.#nullLiterals(fields)
  }

  #newSkimmer(fields: Fields): Skimmer {
    const { delimiter, quote, comments } = this.#dialect
    const { gap, rowStarts, rowEnds } = fields.layout
    const skimmer = new Skimmer('scan_separated', { behind: NEWLINE, programsMax: 1 })
    const comment = comments ? HASH : -1
    const targets = Array.from(this.#targets, (column) =>
      column < 0 ? 0 : fields.addressOf(column),
    )
    const head = [0, gap, delimiter, quote, comment, targets.length, rowStarts, rowEnds]
    skimmer.add(Int32Array.from([...head, ...targets]))
    return skimmer
  }

  /** Finds a record of any number of fields; returns that number, 0 when there is none yet, −1 for a broken one. */
  split(fields: Fields, window: Window): number {
    let position = window.from
    for (let blank = position; blank >= 0; ) {
      blank = this.#isBlank(window.bytes, position, window.limit)
      if (blank >= 0) position = blank + 1
      if (position >= window.limit) return 0
    }
    if (this.#record(fields, window, position) < 0) return 0
    return fields.faults.size > 0 ? -1 : this.#count
  }

  /** The newline of a blank line or comment, which are no records, else −1. */
  #isBlank(bytes: Uint8Array, position: number, limit: number): number {
    if (this.#dialect.comments && bytes[position] === HASH) return bytes.indexOf(NEWLINE, position)
    if (this.#targets.length === 1) return -1
    if (bytes[position] === CARRIAGE_RETURN) position++
    // The sentinel at `limit` is a newline too.
    return position <= limit && bytes[position] === NEWLINE ? position : -1
  }

  /** Splits the record at `first`; returns the position behind it, or −1 when the window cuts it off. */
  #record(fields: Fields, window: Window, first: number): number {
    const { bytes, limit } = window
    const { starts, ends, capacity } = fields
    const { delimiter, quote } = this.#dialect
    const targets = this.#targets
    const slot = fields.rows
    const width = targets.length
    let position = first
    for (let column = 0; ; column++) {
      let start = position
      let end: number
      if (bytes[position] === quote && position < limit) {
        position = this.#quoted(window, position)
        if (position < 0) return this.#broken(fields, window, first, position)
        start++
        end = this.#quotedEnd
        if (bytes[position] === CARRIAGE_RETURN && bytes[position + 1] === NEWLINE) position++
      } else {
        position = fieldEnd(bytes, position, delimiter)
        end = position
        if (bytes[position] === NEWLINE && end > start && bytes[end - 1] === CARRIAGE_RETURN) end--
        if (end === start) start = ABSENT
      }
      if (column < width) {
        const target = targets[column]!
        if (target >= 0) {
          starts[target * capacity + slot] = start
          ends[target * capacity + slot] = end
        }
      }
      if (bytes[position] === delimiter && position < limit) {
        position++
        continue
      }
      if (position >= limit && !window.atEnd) return -1
      fields.rowStarts[slot] = first
      fields.rowEnds[slot] = position
      this.#count = column + 1
      return position + 1
    }
  }

  #miscounted(fields: Fields): void {
    const count = this.#count
    fields.clear(fields.rows)
    fields.fault(
      fields.rows,
      `${count} ${count === 1 ? 'field' : 'fields'} where ${this.#targets.length} are due`,
    )
  }

  /** Position behind the closing quote of the field that opens at `opening`, or CUT, UNCLOSED or TEXT_BEHIND. */
  #quoted(window: Window, opening: number): number {
    const { bytes, limit } = window
    const { quote, delimiter } = this.#dialect
    let position = opening + 1
    let escaped = false
    for (;;) {
      while (position < limit && bytes[position] !== quote) position++
      if (position >= limit) return window.atEnd ? UNCLOSED : CUT
      if (position + 1 < limit && bytes[position + 1] === quote) {
        escaped = true
        position += 2
        continue
      }
      // Whether this quote is doubled, or its CR belongs to a newline, may show in the bytes to come only.
      if (position + 2 >= limit && !window.atEnd) return CUT
      this.#quotedEnd = escaped ? ~position : position
      const after = bytes[position + 1]
      const ended =
        position + 1 >= limit ||
        after === delimiter ||
        after === NEWLINE ||
        (after === CARRIAGE_RETURN && (position + 2 >= limit || bytes[position + 2] === NEWLINE))
      if (ended) return position + 1
      this.#wrongAt = position + 1
      return TEXT_BEHIND
    }
  }

  /** A record whose quoting is wrong: position behind it, or −1 when its end is not in the window yet. */
  #broken(fields: Fields, window: Window, first: number, reason: number): number {
    if (reason === CUT) return -1
    let end = window.limit
    if (reason === TEXT_BEHIND) {
      end = window.bytes.indexOf(NEWLINE, this.#wrongAt)
      if (end < 0 || end > window.limit) end = window.limit
      if (end === window.limit && !window.atEnd) return -1
    }
    const slot = fields.rows
    this.#count = this.#targets.length
    fields.clear(slot)
    fields.rowStarts[slot] = first
    fields.rowEnds[slot] = end
    fields.fault(
      slot,
      reason === UNCLOSED ? 'a quote is not closed' : 'text behind a closing quote',
    )
    return end + 1
  }

  /** Makes unquoted fields that spell the null literal ABSENT. */
  #nullLiterals(fields: Fields): void {
    const literal = this.#nullBytes!
    const { bytes, starts, ends, capacity } = fields
    for (let column = 0; column * capacity < starts.length; column++) {
      for (let slot = 0; slot < fields.rows; slot++) {
        const index = column * capacity + slot
        const start = starts[index]!
        if (start < 0 || ends[index]! - start !== literal.length) continue
        if (start > 0 && bytes[start - 1] === this.#dialect.quote) continue
        if (literal.every((byte, at) => bytes[start + at] === byte)) starts[index] = ABSENT
      }
    }
  }
}

/** The delimiter or newline at or behind `position`; the sentinel is a newline. */
function fieldEnd(bytes: Uint8Array, position: number, delimiter: number): number {
  let byte = bytes[position]
  while (byte !== delimiter && byte !== NEWLINE) byte = bytes[++position]
  return position
}

/** More columns than any file has. */
const COLUMNS_MAX = 16_384

/**
 * The fields of the first record, for headers and for finding types; null where the file has none or its quoting is
 * wrong. Fields that are not UTF-8 come as empty texts. The window is filled but not consumed.
 */
export function firstRecord(
  window: Window,
  dialect: CsvDialect,
): { fields: (string | null)[]; end: number } | null {
  const every = Array.from({ length: COLUMNS_MAX }, (_, column) => column)
  const scanner = new CsvScanner(dialect, COLUMNS_MAX, every)
  const fields = new Fields(COLUMNS_MAX, 1, (raw) => scanner.unescape(raw))
  for (;;) {
    fields.reset(window.bytes)
    const count = scanner.split(fields, window)
    if (count > 0) {
      const texts = every
        .slice(0, count)
        .map((column) => (fields.starts[column] === ABSENT ? null : (fields.text(column) ?? '')))
      return { fields: texts, end: Math.min(fields.rowEnds[0]! + 1, window.limit) }
    }
    if (window.exhausted || window.waiting || count < 0) return null
    window.refill()
  }
}
