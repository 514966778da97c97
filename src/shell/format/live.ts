/**
 * Live: the present rows of a changing result, redrawn in place on a terminal.
 *
 * How      1. Changes keep a multiset of rows in order of insertion, found by the row's JSON text; `-U +U` puts the
 *             new row at the place of the old one, so that rows do not jump.
 *          2. A commit draws at most once per 50 ms: the cursor goes back over the lines of the last drawing, the new
 *             ones replace them. What does not fit on the screen is counted in a last line.
 *          3. At the end the whole result is printed once, not only what fits.
 * Cost     O(rows of the result) memory; O(screen) per drawing.
 */
import { systemClock } from '../../base/index.ts'
import { type Field, jsonText, type Op, type Row } from '../../data/index.ts'
import type { Output } from '../output.ts'
import { colored, tableColumns } from './cell.ts'
import type { Renderer } from './renderer.ts'
import { tableHead, tableLine, tableRow, tableWidths } from './table.ts'

const drawMillisMin = 50

interface Held {
  row: Row
  count: number
}

export function liveRenderer(
  fields: readonly Field[],
  output: Output,
  clock: { monotonicMillis(): number } = systemClock,
): Renderer {
  const held = new LiveRows(fields)
  let drawnLines = 0
  let drawnAt = Number.NEGATIVE_INFINITY
  let stale = true
  const draw = async (rowsMax: number) => {
    const text = drawing(held, fields, output, rowsMax)
    const back = drawnLines > 0 ? `\x1b[${drawnLines}F\x1b[J` : ''
    drawnLines = text.split('\n').length - 1
    drawnAt = clock.monotonicMillis()
    stale = false
    await output.write(back + text)
    await output.flush()
  }
  return {
    async rows(rows, ops) {
      held.apply(rows, ops ?? rows.map(() => '+I' as const))
      stale = true
    },
    async flush() {
      if (stale && clock.monotonicMillis() - drawnAt >= drawMillisMin) await draw(output.rows - 5)
    },
    async end() {
      await draw(Number.POSITIVE_INFINITY)
    },
  }
}

/** The present rows, each at the place where it or the row it replaced was inserted. */
export class LiveRows {
  #fields: readonly Field[]
  #places: (Held | null)[] = []
  #place = new Map<string, number>()

  constructor(fields: readonly Field[]) {
    this.#fields = fields
  }

  *values(): Iterable<Row> {
    for (const held of this.#places) {
      for (let n = 0; n < (held?.count ?? 0); n++) yield held!.row
    }
  }

  apply(rows: readonly Row[], ops: readonly Op[]): void {
    for (let at = 0; at < rows.length; at++) {
      const op = ops[at]!
      if (op === '-U' && ops[at + 1] === '+U') {
        const place = this.#remove(rows[at]!)
        this.#insert(rows[++at]!, place)
      } else if (op === '+I' || op === '+U') this.#insert(rows[at]!, null)
      else this.#remove(rows[at]!)
    }
    if (this.#places.length > 64 && this.#places.length > 2 * this.#place.size) this.#compact()
  }

  #textOf(row: Row): string {
    return row.map((value, at) => jsonText(value, this.#fields[at]!.type)).join(',')
  }

  #insert(row: Row, place: number | null): void {
    const text = this.#textOf(row)
    const present = this.#place.get(text)
    if (present !== undefined) {
      this.#places[present]!.count++
      return
    }
    const at = place ?? this.#places.length
    this.#places[at] = { row, count: 1 }
    this.#place.set(text, at)
  }

  /** The place that became free, or null when copies of the row remain. */
  #remove(row: Row): number | null {
    const text = this.#textOf(row)
    const place = this.#place.get(text)
    if (place === undefined || --this.#places[place]!.count > 0) return null
    this.#places[place] = null
    this.#place.delete(text)
    return place
  }

  #compact(): void {
    const kept = this.#places.filter((held) => held !== null)
    this.#places = kept
    kept.forEach((held, at) => {
      this.#place.set(this.#textOf(held.row), at)
    })
  }
}

function drawing(
  held: LiveRows,
  fields: readonly Field[],
  output: Output,
  rowsMax: number,
): string {
  const columns = tableColumns(fields, { ops: false })
  const lines = []
  let rest = 0
  for (const row of held.values()) {
    if (lines.length < rowsMax) lines.push(tableLine(row, null, fields))
    else rest++
  }
  const widths = tableWidths(columns, lines, output.columns)
  const style = { columns, widths, colors: output.colors, cut: true }
  const body = lines.map((line) => tableRow(line, style)).join('')
  const more = rest > 0 ? `${colored.dim(`… ${rest.toLocaleString('en')} more rows`)}\n` : ''
  return tableHead(columns, widths, output.colors) + body + more
}
