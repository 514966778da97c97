/**
 * Table: rows as an aligned table, written as they come.
 *
 * How      1. The first rows (at most 1,000, or fewer when a flush comes earlier) settle the widths of the columns;
 *             then the head and these rows are written, and later rows with the same widths.
 *          2. On a terminal, columns are narrowed until a line fits, the widest first, and longer text is cut with
 *             `…`; elsewhere nothing is cut and a wider value only pushes its line out.
 * Cost     memory for the first 1,000 rows.
 */
import type { Field, Op, Row } from '../../data/index.ts'
import type { Output } from '../output.ts'
import { cellText, colored, padded, type TableColumn, tableColumns, widthOf } from './cell.ts'
import type { Renderer } from './renderer.ts'

const sampleRowsMax = 1000
const columnWidthMin = 6

/** One line of cells, and which of them are NULL. */
export interface TableLine {
  cells: string[]
  nulls: boolean[]
}

export function tableLine(row: Row, op: Op | null, fields: readonly Field[]): TableLine {
  const cells = fields.map((field, at) => cellText(row[at] ?? null, field.type))
  const nulls = fields.map((_, at) => (row[at] ?? null) === null)
  if (op === null) return { cells, nulls }
  return { cells: [op, ...cells], nulls: [false, ...nulls] }
}

/** Widths for `lines`, narrowed to `screen` columns when there is a screen. */
export function tableWidths(
  columns: readonly TableColumn[],
  lines: readonly TableLine[],
  screen: number | null,
): number[] {
  const widths = columns.map((column, at) =>
    lines.reduce((most, line) => Math.max(most, widthOf(line.cells[at]!)), widthOf(column.name)),
  )
  if (screen === null) return widths
  const over = () => widths.reduce((sum, width) => sum + width + 3, -1) - screen
  for (let excess = over(); excess > 0; excess = over()) {
    const widest = widths.indexOf(Math.max(...widths))
    if (widths[widest]! <= columnWidthMin) break
    widths[widest] = Math.max(columnWidthMin, widths[widest]! - excess)
  }
  return widths
}

export function tableHead(
  columns: readonly TableColumn[],
  widths: readonly number[],
  colors: boolean,
): string {
  const names = columns.map(({ name, right }, at) => padded(name, widths[at]!, right))
  const styled = colors ? names.map((name) => colored.bold(name)) : names
  const rule = widths.map((width) => '─'.repeat(width + 2)).join('┼')
  const bar = colors ? colored.dim('│') : '│'
  return `${` ${styled.join(` ${bar} `)}`.trimEnd()}\n${colors ? colored.dim(rule) : rule}\n`
}

export interface TableStyle {
  columns: readonly TableColumn[]
  widths: readonly number[]
  colors: boolean
  /** Is text cut to the width of its column? */
  cut: boolean
}

export function tableRow(line: TableLine, style: TableStyle): string {
  const cells = line.cells.map((text, at) => {
    const width = style.cut ? style.widths[at]! : Math.max(style.widths[at]!, widthOf(text))
    const fitted = padded(text, width, style.columns[at]!.right)
    return style.colors ? paint(text, fitted, line.nulls[at]!) : fitted
  })
  const bar = style.colors ? colored.dim('│') : '│'
  return `${` ${cells.join(` ${bar} `)}`.trimEnd()}\n`
}

function paint(text: string, fitted: string, isNull: boolean): string {
  if (isNull) return colored.dim(fitted)
  if (text === '+I' || text === '+U') return colored.green(fitted)
  if (text === '-D' || text === '-U') return colored.red(fitted)
  return fitted
}

export function tableRenderer(
  fields: readonly Field[],
  output: Output,
  options: { ops: boolean },
): Renderer {
  const columns = tableColumns(fields, options)
  const sample: TableLine[] = []
  let style: TableStyle | null = null
  const settle = async () => {
    if (style !== null) return
    const widths = tableWidths(columns, sample, output.columns)
    style = { columns, widths, colors: output.colors, cut: output.columns !== null }
    await output.write(tableHead(columns, widths, output.colors))
    for (const line of sample.splice(0)) await output.write(tableRow(line, style))
  }
  return {
    async rows(rows, ops) {
      for (let at = 0; at < rows.length; at++) {
        const line = tableLine(rows[at]!, options.ops ? (ops?.[at] ?? '+I') : null, fields)
        if (style !== null) {
          const wait = output.write(tableRow(line, style))
          if (wait) await wait
        } else {
          sample.push(line)
          if (sample.length === sampleRowsMax) await settle()
        }
      }
    },
    async flush() {
      if (sample.length > 0) await settle()
      await output.flush()
    },
    async end() {
      await settle()
      await output.flush()
    },
  }
}
