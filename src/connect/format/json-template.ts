/**
 * JSON template: what one JSON line looks like, as a program that finds the values of lines written alike.
 *
 * How      The line is taken apart at its numbers, strings and words; what stands between two of them (names, braces,
 *          commas, spaces) is the text of a step, and the step says which column takes the value behind it.
 * Contract 1 (checked) lines that a program takes have the extents that the scanner finds: test/connect/json.test.ts.
 *          2 (checked) null for lines that no program can take: a column that wants an object or array as a text, two
 *            columns that want one value, names with escapes.
 * Format   src/kernel/scan/template.ts
 */
import { type Fields, strictText } from '../fields.ts'
import type { Program } from '../stage.ts'
import type { Shape } from './json-shape.ts'

const QUOTE = 34
const BACKSLASH = 92
const COMMA = 44
/** Of texts and nesting, beyond which a template is of little use. */
const LINE_BYTES_MAX = 16 * 1024
const DEPTH_MAX = 32

/** The text bytes[from .. to) and the column that takes the value behind it; −1 where nobody does. */
interface TemplateStep {
  from: number
  to: number
  column: number
}

/** The program of the line bytes[first .. end), which is a whole object with a newline at `end`. */
export function jsonTemplate(
  bytes: Uint8Array,
  { first, end }: { first: number; end: number },
  shape: Shape,
  fields: Fields,
): Program | null {
  if (end - first > LINE_BYTES_MAX) return null
  const walk = new Walk(bytes, first)
  if (!walk.value(shape, 0)) return null
  walk.steps.push({ from: walk.from, to: end + 1, column: -1 })
  return program(bytes, walk.steps, fields)
}

/** Gathers the steps of one line. Its methods return false where there can be no template. */
class Walk {
  readonly steps: TemplateStep[] = []
  /** Where the text of the next step begins. */
  from: number
  #position: number
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array, first: number) {
    this.#bytes = bytes
    this.from = first
    this.#position = first
  }

  value(shape: Shape | undefined, depth: number): boolean {
    const byte = this.#bytes[this.#position]
    if (byte !== 123 && byte !== 91) return this.#scalar(shape)
    if (depth > DEPTH_MAX || (shape !== undefined && shape.columns.length > 0)) return false
    return byte === 123 ? this.#members(shape, depth + 1) : this.#items(shape, depth + 1)
  }

  #scalar(shape: Shape | undefined): boolean {
    const columns = shape?.columns ?? []
    if (columns.length > 1) return false
    this.steps.push({ from: this.from, to: this.#position, column: columns[0] ?? -1 })
    if (this.#bytes[this.#position] === QUOTE) this.#passString()
    else while (this.#isPlain()) this.#position++
    this.from = this.#position
    return true
  }

  /** Neither a space nor one of , ] } */
  #isPlain(): boolean {
    const byte = this.#bytes[this.#position]!
    return byte > 32 && byte !== COMMA && byte !== 93 && byte !== 125
  }

  /** The text between the quotes, as it is written. */
  #passString(): string | undefined {
    const start = ++this.#position
    while (this.#bytes[this.#position] !== QUOTE) {
      this.#position += this.#bytes[this.#position] === BACKSLASH ? 2 : 1
    }
    return strictText(this.#bytes, start, this.#position++)
  }

  #space(): number | undefined {
    while (this.#bytes[this.#position]! <= 32) this.#position++
    return this.#bytes[this.#position]
  }

  #members(shape: Shape | undefined, depth: number): boolean {
    this.#position++
    while (this.#space() !== 125) {
      if (this.#bytes[this.#position] === COMMA) this.#position++
      if (this.#space() !== QUOTE) return false
      const name = this.#passString()
      if (name === undefined || name.includes('\\')) return false
      // The colon.
      this.#space()
      this.#position++
      this.#space()
      if (!this.value(shape?.members?.get(name.toLowerCase()), depth)) return false
    }
    this.#position++
    return true
  }

  #items(shape: Shape | undefined, depth: number): boolean {
    this.#position++
    for (let index = 0; this.#space() !== 93; index++) {
      if (index > 0) {
        if (this.#bytes[this.#position] !== COMMA) return false
        this.#position++
        this.#space()
      }
      if (!this.value(shape?.items?.[index], depth)) return false
    }
    this.#position++
    return true
  }
}

function program(bytes: Uint8Array, steps: readonly TemplateStep[], fields: Fields): Program {
  const taken = new Set(steps.map(({ column }) => column))
  const columns = Array.from({ length: fields.columns }, (_, column) => column)
  const absent = columns.filter((column) => !taken.has(column))
  const head = (20 + 4 * absent.length + 15) & ~15
  const listBytes = ({ from, to }: TemplateStep) => 32 * ((to - from + 15) >> 4)
  const size = steps.reduce((sum, step) => sum + 16 + listBytes(step), head)
  const result = new Int32Array(size >> 2)
  const { rowStarts, rowEnds, gap } = fields.layout
  result.set([0, gap, rowStarts, rowEnds, absent.length])
  result.set(
    absent.map((column) => fields.addressOf(column)),
    5,
  )
  const list = new Uint8Array(result.buffer)
  let at = head
  steps.forEach((step, index) => {
    const { from, to, column } = step
    const target = column < 0 ? 0 : fields.addressOf(column)
    result.set([to - from, target, index === steps.length - 1 ? 1 : 0, listBytes(step)], at >> 2)
    for (let byte = 0; byte < to - from; byte++) {
      const place = at + 16 + 32 * (byte >> 4) + (byte & 15)
      list[place] = bytes[from + byte]!
      list[place + 16] = 0xff
    }
    at += 16 + listBytes(step)
  })
  return result
}
