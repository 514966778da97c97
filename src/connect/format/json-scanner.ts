/**
 * JSON scanner: finds the wanted values of JSON objects without building any object.
 *
 * How      The scanner walks the text along the `Shape` of wanted values and notes where each begins and ends; other
 *          values are passed over. Objects of one file tend to name their members in one order, so each shape keeps the
 *          names last seen by place: a name is usually recognized by comparing it with the expected bytes.
 *          lines     one object per line; a blank line is none. Lines that are written as others before are found
 *                    by a kernel, and the walk sees the rest.
 *          document  the elements of one array inside a document, separated by commas; `open` has found it.
 *          What the walk cannot make sense of is given to JSON.parse, which either reads it or says what is wrong.
 * Contract 1 (checked) wanted values are as JSON.parse finds them; of equal names the last counts.
 *          2 (trusted) values nobody wants are not checked beyond their brackets and quotes.
 *          3 (checked) a broken line is a bad row; a broken document is a failure: its elements cannot be told apart.
 * Cost     Lines alike: 5 ns per value and 0.2 ns per byte of text; else one or two comparisons per byte.
 * See      json-template.ts for lines alike; test/connect/json.test.ts compares both ways.
 */
import { Failure } from '../../base/index.ts'
import { ABSENT, DETACHED, type Fields, strictText } from '../fields.ts'
import { Skimmer } from '../stage.ts'
import type { Window } from '../window.ts'
import type { Expected, Shape, Step } from './json-shape.ts'
import { jsonTemplate } from './json-template.ts'
import type { Scanner } from './text-reader.ts'

const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_BRACKET = 91
const BACKSLASH = 92
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const NEWLINE = 10
const BLANK = 32

/** The text is not what the walk expects, or it is cut off. */
const FAIL = -1
/** The text is as it should be, but has no such member or item. */
const ABSENT_STEP = -2

export interface JsonLayout {
  lines: boolean
  /** For failures. */
  path: string
}

export class JsonScanner implements Scanner {
  readonly #shape: Shape
  readonly #layout: JsonLayout
  /** A document's array has ended, or its next element needs a comma before it. */
  #ended = false
  #first = true
  #bytes: Uint8Array = new Uint8Array(0)
  #fields!: Fields
  #slot = 0
  /** What counts as a space besides blank, tab and carriage return. */
  readonly #newline: number
  /** Whether the string just passed has escapes. */
  #escaped = false
  /** Finds lines that are written as one of the last few different ones. */
  readonly #skimmer = new Skimmer('scan_template', { behind: 0, programsMax: 4 })

  constructor(shape: Shape, layout: JsonLayout) {
    this.#shape = shape
    this.#layout = layout
    this.#newline = layout.lines ? BLANK : NEWLINE
  }

  unescape(raw: string): string | undefined {
    try {
      return JSON.parse(`"${raw}"`) as string
    } catch {
      return undefined
    }
  }

  scan(fields: Fields, window: Window, rowsMax: number): void {
    this.#bytes = window.bytes
    this.#fields = fields
    if (this.#layout.lines) this.#lines(window, rowsMax)
    else this.#elements(window, rowsMax)
  }

  #lines(window: Window, rowsMax: number): void {
    const { bytes, limit } = window
    const fields = this.#fields
    let position = window.from
    while (fields.rows < rowsMax && position < limit) {
      if (fields.staged) {
        position = this.#skimmer.skim(fields, bytes, position, limit, rowsMax)
        if (fields.rows === rowsMax || position >= limit) break
      }
      const first = skipBlanks(bytes, position)
      let end = first
      if (bytes[first] !== NEWLINE) {
        end = this.#object(first, fields.rows)
        if (end >= 0) end = skipBlanks(bytes, end)
        if (end < 0 || bytes[end] !== NEWLINE) {
          end = bytes.indexOf(NEWLINE, first)
          if (end < limit || window.atEnd) this.#fallback(first, end)
        } else if (fields.staged && this.#skimmer.stopped && end < limit) {
          const program = jsonTemplate(bytes, { first: position, end }, this.#shape, fields)
          if (program !== null) this.#skimmer.add(program)
        }
      }
      if (end >= limit && !window.atEnd) break
      if (bytes[first] !== NEWLINE) {
        fields.rowStarts[fields.rows] = first
        fields.rowEnds[fields.rows] = end
        fields.rows++
      }
      position = end + 1
    }
    window.from = Math.min(position, limit)
  }

  #elements(window: Window, rowsMax: number): void {
    const { bytes, limit } = window
    const fields = this.#fields
    let position = window.from
    while (fields.rows < rowsMax && !this.#ended) {
      position = skipSpace(bytes, position, this.#newline)
      if (bytes[position] === CLOSE_BRACKET && position < limit) {
        this.#ended = true
        position = limit
        break
      }
      if (!this.#first) {
        if (bytes[position] !== COMMA) this.#malformed(position)
        position = skipSpace(bytes, position + 1, this.#newline)
      }
      this.#first = false
      const start = position
      const isObject = bytes[start] === OPEN_BRACE
      const end = isObject ? this.#object(start, fields.rows) : this.#pass(start)
      if (end < 0 || end > limit) this.#malformed(start)
      if (!isObject) {
        fields.clear(fields.rows)
        fields.fault(fields.rows, 'not a JSON object')
      }
      fields.rowStarts[fields.rows] = start
      fields.rowEnds[fields.rows] = end
      fields.rows++
      position = end
    }
    window.from = Math.min(position, limit)
    if (this.#ended) window.from = limit
  }

  #malformed(position: number): never {
    throw new Failure(
      'malformed_file',
      `${this.#layout.path} is not a JSON document: trouble at byte ${position}`,
    )
  }

  /** Moves the window, which holds the whole document, into the array at `steps`. */
  open(window: Window, steps: readonly Step[]): void {
    this.#bytes = window.bytes
    let position = skipSpace(window.bytes, window.from, this.#newline)
    for (const step of steps) {
      position =
        typeof step === 'number' ? this.#item(position, step) : this.#member(position, step)
      if (position === ABSENT_STEP) {
        const what = typeof step === 'number' ? `item ${step}` : `member ${JSON.stringify(step)}`
        throw new Failure(
          'malformed_file',
          `${this.#layout.path} has no ${what} on the way to 'json.root'`,
        )
      }
      if (position < 0) this.#malformed(window.from)
    }
    if (window.bytes[position] !== OPEN_BRACKET) {
      throw new Failure('malformed_file', `${this.#layout.path} has no array at 'json.root'`)
    }
    window.from = position + 1
  }

  /** Position of the value of the first member `name` of the object at `position`. */
  #member(position: number, name: string): number {
    const bytes = this.#bytes
    if (bytes[position] !== OPEN_BRACE) return ABSENT_STEP
    do {
      position = skipSpace(bytes, position + 1, this.#newline)
      if (bytes[position] === CLOSE_BRACE) return ABSENT_STEP
      if (bytes[position] !== QUOTE) return FAIL
      const end = this.#string(position)
      const raw = end < 0 ? undefined : strictText(bytes, position + 1, end - 1)
      if (raw === undefined) return FAIL
      position = skipSpace(bytes, end, this.#newline)
      if (bytes[position] !== COLON) return FAIL
      position = skipSpace(bytes, position + 1, this.#newline)
      if (this.unescape(raw) === name) return position
      position = this.#pass(position)
      if (position < 0) return FAIL
      position = skipSpace(bytes, position, this.#newline)
    } while (bytes[position] === COMMA)
    return bytes[position] === CLOSE_BRACE ? ABSENT_STEP : FAIL
  }

  /** Position of item `index` of the array at `position`. */
  #item(position: number, index: number): number {
    const bytes = this.#bytes
    if (bytes[position] !== OPEN_BRACKET) return ABSENT_STEP
    for (let count = 0; ; count++) {
      position = skipSpace(bytes, position + 1, this.#newline)
      if (bytes[position] === CLOSE_BRACKET) return ABSENT_STEP
      if (count === index) return position
      position = this.#pass(position)
      if (position < 0) return FAIL
      position = skipSpace(bytes, position, this.#newline)
      if (bytes[position] !== COMMA) return bytes[position] === CLOSE_BRACKET ? ABSENT_STEP : FAIL
    }
  }

  /** Notes the wanted values of the object at `position` in `slot`; returns the position behind it or FAIL. */
  #object(position: number, slot: number): number {
    this.#fields.clear(slot)
    this.#slot = slot
    if (this.#bytes[position] !== OPEN_BRACE) return FAIL
    return this.#members(position + 1, this.#shape)
  }

  /** The members of an object whose brace has been passed. */
  #members(position: number, shape: Shape): number {
    const bytes = this.#bytes
    position = skipSpace(bytes, position, this.#newline)
    if (bytes[position] === CLOSE_BRACE) return position + 1
    for (let place = 0; ; place++) {
      if (bytes[position] !== QUOTE) return FAIL
      const first = position + 1
      let expected = shape.order[place]
      if (expected !== undefined && startsWith(bytes, first, expected.name)) {
        position = first + expected.name.length + 1
      } else {
        position = this.#string(position)
        if (position < 0) return FAIL
        expected = this.#learn(shape, place, first, position - 1)
        if (expected === undefined) return FAIL
      }
      if (bytes[position] !== COLON) {
        position = skipSpace(bytes, position, this.#newline)
        if (bytes[position] !== COLON) return FAIL
      }
      position = skipSpace(bytes, position + 1, this.#newline)
      const wanted = expected.shape
      position = wanted === null ? this.#pass(position) : this.#value(position, wanted)
      if (position < 0) return FAIL
      position = skipSpace(bytes, position, this.#newline)
      const byte = bytes[position]
      if (byte === CLOSE_BRACE) return position + 1
      if (byte !== COMMA) return FAIL
      position = skipSpace(bytes, position + 1, this.#newline)
    }
  }

  /** Remembers the name bytes[first .. end) as the one at `place`. */
  #learn(shape: Shape, place: number, first: number, end: number): Expected | undefined {
    const raw = strictText(this.#bytes, first, end)
    const name = raw !== undefined && this.#escaped ? this.unescape(raw) : raw
    if (name === undefined) return undefined
    const found = shape.members?.get(name.toLowerCase()) ?? null
    const expected = { name: this.#bytes.slice(first, end), shape: found }
    // An object of ten thousand different names should not be remembered.
    if (place < 1024) shape.order[place] = expected
    return expected
  }

  /** A value that is wanted, or has wanted parts. */
  #value(position: number, shape: Shape): number {
    const byte = this.#bytes[position]
    if (byte === QUOTE) {
      const end = this.#string(position)
      if (end >= 0) this.#note(shape, position + 1, this.#escaped ? ~(end - 1) : end - 1)
      return end
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      let end: number
      if (byte === OPEN_BRACE && shape.members) end = this.#members(position + 1, shape)
      else if (byte === OPEN_BRACKET && shape.items) end = this.#array(position + 1, shape.items)
      else end = this.#pass(position)
      if (end >= 0) this.#note(shape, position, end)
      return end
    }
    const end = this.#literal(position)
    if (end >= 0) this.#note(shape, byte === 110 ? ABSENT : position, end)
    return end
  }

  #note(shape: Shape, start: number, end: number): void {
    const { starts, ends, capacity } = this.#fields
    const columns = shape.columns
    for (let at = 0; at < columns.length; at++) {
      const index = columns[at]! * capacity + this.#slot
      starts[index] = start
      ends[index] = end
    }
  }

  #array(position: number, items: readonly (Shape | undefined)[]): number {
    const bytes = this.#bytes
    position = skipSpace(bytes, position, this.#newline)
    if (bytes[position] === CLOSE_BRACKET) return position + 1
    for (let index = 0; ; index++) {
      const shape = items[index]
      position = shape === undefined ? this.#pass(position) : this.#value(position, shape)
      if (position < 0) return FAIL
      position = skipSpace(bytes, position, this.#newline)
      const byte = bytes[position]
      if (byte === CLOSE_BRACKET) return position + 1
      if (byte !== COMMA) return FAIL
      position = skipSpace(bytes, position + 1, this.#newline)
    }
  }

  /** Position behind the string that opens at `position`. Control characters, hence sentinels, end it badly. */
  #string(position: number): number {
    const bytes = this.#bytes
    this.#escaped = false
    position++
    for (;;) {
      while (inString[bytes[position]!] === 1) position++
      const byte = bytes[position]
      if (byte === QUOTE) return position + 1
      if (byte !== BACKSLASH) return FAIL
      this.#escaped = true
      // A backslash may stand right before the sentinel.
      if (!(bytes[position + 1]! >= 32)) return FAIL
      position += 2
    }
  }

  /** Position behind a number, true, false or null. */
  #literal(position: number): number {
    const bytes = this.#bytes
    const first = bytes[position]
    if (first === 116) return word(bytes, position, TRUE)
    if (first === 102) return word(bytes, position, FALSE)
    if (first === 110) return word(bytes, position, NULL)
    const start = position
    while (inNumber[bytes[position]!] === 1) position++
    return position > start && isDigit(bytes[position - 1]!) ? position : FAIL
  }

  /** Position behind any value, by its quotes and brackets. */
  #pass(position: number): number {
    const bytes = this.#bytes
    const first = bytes[position]
    if (first === QUOTE) return this.#string(position)
    if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return this.#literal(position)
    for (let depth = 0; ; position++) {
      const byte = bytes[position]!
      if (byte === QUOTE) {
        position = this.#string(position) - 1
        if (position < 0) return FAIL
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (--depth === 0) return position + 1
      } else if (this.#isStop(byte)) return FAIL
    }
  }

  /** The sentinel: no line goes on behind a newline, and no text has a zero byte. */
  #isStop(byte: number | undefined): boolean {
    return byte === undefined || byte === 0 || (byte === NEWLINE && this.#layout.lines)
  }

  /** Reads the line bytes[start .. end) by JSON.parse. */
  #fallback(start: number, end: number): void {
    const fields = this.#fields
    const slot = fields.rows
    fields.clear(slot)
    const text = strictText(this.#bytes, start, end)
    if (text === undefined) {
      fields.fault(slot, 'not valid UTF-8')
      return
    }
    try {
      const value = JSON.parse(text) as unknown
      this.#slot = slot
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        this.#walk(value, this.#shape)
      } else fields.fault(slot, 'not a JSON object')
    } catch (cause) {
      fields.fault(slot, `not JSON: ${cause instanceof Error ? cause.message : cause}`)
    }
  }

  /** The slow twin of #value, over a parsed value. */
  #walk(value: unknown, shape: Shape): void {
    if (shape.columns.length > 0 && value !== null && value !== undefined) {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      for (const column of shape.columns) {
        const index = column * this.#fields.capacity + this.#slot
        this.#fields.starts[index] = DETACHED
        this.#fields.detached.set(index, text)
      }
    }
    if (Array.isArray(value)) {
      shape.items?.forEach((item, index) => {
        if (item !== undefined && index < value.length) this.#walk(value[index], item)
      })
    } else if (typeof value === 'object' && value !== null && shape.members) {
      for (const [name, member] of Object.entries(value)) {
        const found = shape.members.get(name.toLowerCase())
        if (found !== undefined) this.#walk(member, found)
      }
    }
  }
}

const TRUE = Uint8Array.from([116, 114, 117, 101])
const FALSE = Uint8Array.from([102, 97, 108, 115, 101])
const NULL = Uint8Array.from([110, 117, 108, 108])

/** Bytes that stand for themselves in a string: all but quote, backslash and control characters. */
const inString = new Uint8Array(256).fill(1, 32)
inString[QUOTE] = 0
inString[BACKSLASH] = 0

/** Bytes of numbers: digits, signs, point and exponent. */
const inNumber = new Uint8Array(256)
for (const character of '0123456789+-.eE') inNumber[character.charCodeAt(0)] = 1

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57
}

function word(bytes: Uint8Array, position: number, letters: Uint8Array): number {
  for (let index = 0; index < letters.length; index++) {
    if (bytes[position + index] !== letters[index]) return FAIL
  }
  return position + letters.length
}

/** Is it `name` and a quote that stand at `position`? */
function startsWith(bytes: Uint8Array, position: number, name: Uint8Array): boolean {
  const length = name.length
  if (bytes[position + length] !== QUOTE) return false
  for (let index = 0; index < length; index++) {
    if (bytes[position + index] !== name[index]) return false
  }
  return true
}

/** Blanks, tabs, carriage returns and `newline`, which is a blank where a newline ends the record. */
function skipSpace(bytes: Uint8Array, position: number, newline: number): number {
  for (;;) {
    const byte = bytes[position]!
    if (byte > 32 || (byte !== 32 && byte !== 9 && byte !== 13 && byte !== newline)) return position
    position++
  }
}

function skipBlanks(bytes: Uint8Array, position: number): number {
  while (bytes[position] === 32 || bytes[position] === 9 || bytes[position] === 13) position++
  return position
}
