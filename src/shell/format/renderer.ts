/**
 * Renderer: rows or changes of one result, on their way to the user in one of the output formats.
 *
 * Contract 1 (trusted) `rows` is awaited before the next call; `end` is called once, also after a failure.
 *          2 (checked) jsonl and csv give every row, byte for byte the same on every machine; only the table may cut
 *            text, and only on a terminal.
 */
import {
  columnJson,
  type Field,
  hasStructs,
  type Op,
  type Row,
  textColumns,
  topColumns,
  type Value,
  valueText,
} from '../../data/index.ts'
import type { Output } from '../output.ts'
import { arrowRenderer } from './arrow.ts'
import { liveRenderer } from './live.ts'
import { tableRenderer } from './table.ts'

export interface Renderer {
  /** `ops` is null when the result consists of insertions only. */
  rows(rows: readonly Row[], ops: readonly Op[] | null): Promise<void>
  /** Everything so far becomes visible: end of a commit. */
  flush(): Promise<void>
  end(): Promise<void>
}

export const formats = ['table', 'jsonl', 'csv', 'arrow'] as const
export type Format = (typeof formats)[number]

export interface RenderOptions {
  format: Format
  /** Does the result change (`changes`), and may it take rows back? */
  kind: 'rows' | 'append-only' | 'updating'
  /** Write the column names first (csv). */
  header: boolean
  /** May the table of a changing result be redrawn in place? */
  live: boolean
}

export function createRenderer(
  fields: readonly Field[],
  output: Output,
  options: RenderOptions,
): Renderer {
  const ops = options.kind === 'updating'
  if (hasStructs(fields) && (options.format === 'csv' || options.format === 'table')) {
    const text = textColumns(fields)
    const inner = createRenderer(text.fields, output, options)
    return { ...inner, rows: (rows, kinds) => inner.rows(rows.map(text.row), kinds) }
  }
  switch (options.format) {
    case 'jsonl':
      return lineRenderer(output, null, jsonlLine(fields), { ops })
    case 'csv':
      return lineRenderer(output, options.header ? csvHead(fields, ops) : null, csvLine(fields), {
        ops,
      })
    case 'table':
      return ops && options.live && output.columns !== null
        ? liveRenderer(fields, output)
        : tableRenderer(fields, output, { ops })
    case 'arrow':
      return arrowRenderer(fields, output, { ops })
  }
}

function lineRenderer(
  output: Output,
  head: string | null,
  line: (row: Row, op: Op | null) => string,
  options: { ops: boolean },
): Renderer {
  let begun = false
  const begin = async () => {
    if (!begun && head !== null) await output.write(head)
    begun = true
  }
  return {
    async rows(rows, ops) {
      await begin()
      for (let at = 0; at < rows.length; at++) {
        const wait = output.write(line(rows[at]!, options.ops ? (ops?.[at] ?? '+I') : null))
        if (wait) await wait
      }
    },
    flush: () => output.flush(),
    async end() {
      await begin()
      await output.flush()
    },
  }
}

function jsonlLine(fields: readonly Field[]): (row: Row, op: Op | null) => string {
  const tops = topColumns(fields)
  const keys = tops.map(({ field }) => `${JSON.stringify(field.name)}:`)
  return (row, op) => {
    let text = op === null ? '{' : fields.length === 0 ? `{"_op":"${op}"` : `{"_op":"${op}",`
    for (let at = 0; at < keys.length; at++) {
      const { at: place, field } = tops[at]!
      text += `${at > 0 ? ',' : ''}${keys[at]}${columnJson(row, place, field.type)}`
    }
    return `${text}}\n`
  }
}

function csvHead(fields: readonly Field[], ops: boolean): string {
  const names = fields.map((field) => csvField(field.name))
  return `${(ops ? ['_op', ...names] : names).join(',')}\n`
}

function csvLine(fields: readonly Field[]): (row: Row, op: Op | null) => string {
  return (row, op) => {
    let text = op === null ? '' : `${op},`
    for (let at = 0; at < fields.length; at++) {
      if (at > 0) text += ','
      text += csvValue(row[at] ?? null, fields[at]!)
    }
    return `${text}\n`
  }
}

/** NULL is empty and the empty string is `""`, so that both come back. */
function csvValue(value: Value, field: Field): string {
  if (value === null) return ''
  return csvField(valueText(value, field.type))
}

function csvField(text: string): string {
  const quoted = text === '' || /[",\r\n]/.test(text) || text.trim() !== text
  return quoted ? `"${text.replaceAll('"', '""')}"` : text
}
