/**
 * CSV: opens comma-separated files, finds their columns, and writes them.
 *
 * How      Header: `'csv.header' = 'true'` skips the first record; 'auto' (default) skips it when its fields equal the
 *          column names, case and blanks around them aside. Columns are matched by position. A byte order mark at the
 *          start of the file is skipped.
 * See      csv-scanner.ts for the format; docs of RFC 4180.
 */
import { type FileReader, type FileWriter, mistake } from '../../base/index.ts'
import {
  type ConnectorOptions,
  type Field,
  type ReaderOptions,
  type Row,
  rowsOf,
  type Schema,
  type SinkWriter,
  type SourceReader,
  valueText,
} from '../../data/index.ts'
import { distinctNames, INFER_ROWS, inferType, isTyped } from '../infer.ts'
import { characterOption, choiceOption, flagOption, textOption } from '../options.ts'
import { Window } from '../window.ts'
import { type CsvDialect, CsvScanner, firstRecord } from './csv-scanner.ts'
import { TextReader } from './text-reader.ts'
import { TextWriter } from './text-writer.ts'

export const csvOptions = [
  'csv.header',
  'csv.field-delimiter',
  'csv.quote-character',
  'csv.disable-quote-character',
  'csv.null-literal',
  'csv.ignore-parse-errors',
  'csv.allow-comments',
  'csv.escape-character',
  'csv.array-element-delimiter',
  'csv.write-bigdecimal-in-scientific-notation',
]

type Header = 'auto' | 'true' | 'false'

interface CsvOptions extends CsvDialect {
  header: Header
  ignoreErrors: boolean
}

export function readCsvOptions(options: ConnectorOptions, delimiter: string): CsvOptions {
  const quoting = !flagOption(options, 'csv.disable-quote-character', false)
  const escaping = textOption(options, 'csv.escape-character') ?? '"'
  if (escaping !== '"') {
    mistake({
      code: 'unsupported',
      message: `not supported yet: option 'csv.escape-character'`,
      hint: 'a quote inside a quoted field is doubled',
    })
  }
  return {
    delimiter: characterOption(options, 'csv.field-delimiter', delimiter),
    quote: quoting ? characterOption(options, 'csv.quote-character', '"') : -1,
    nullLiteral: textOption(options, 'csv.null-literal') || null,
    comments: flagOption(options, 'csv.allow-comments', false),
    header: choiceOption(options, 'csv.header', ['auto', 'true', 'false'], 'auto'),
    ignoreErrors: flagOption(options, 'csv.ignore-parse-errors', false),
  }
}

export function openCsv(
  file: FileReader,
  schema: Schema,
  options: CsvOptions,
  reader: ReaderOptions,
): SourceReader {
  const window = new Window(file)
  skipMark(window)
  if (options.header !== 'false') skipHeader(window, schema, options)
  const scanner = new CsvScanner(options, schema.fields.length, reader.projection)
  return new TextReader(file, window, scanner, schema, reader, {
    ignoreErrors: options.ignoreErrors,
  })
}

/** Passes over the byte order mark EF BB BF. */
export function skipMark(window: Window): void {
  while (window.limit < 3 && !window.exhausted && !window.waiting) window.refill()
  const { bytes } = window
  if (window.limit >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    window.from = 3
  }
}

function skipHeader(window: Window, schema: Schema, options: CsvOptions): void {
  const first = firstRecord(window, options)
  if (first === null) return
  const names = distinctNames(first.fields.map((text) => (text ?? '').trim()))
  const isHeader =
    options.header === 'true' ||
    (names.length === schema.fields.length &&
      schema.fields.every(({ name }, index) => sameName(names[index]!, name)))
  if (isHeader) window.from = first.end
}

function sameName(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase()
}

/** Columns named by the header, or column1 …, with types from the first records. */
export function inferCsv(file: FileReader, options: CsvOptions): Schema | null {
  const window = new Window(file)
  skipMark(window)
  const first = firstRecord(window, options)
  if (first === null) return null
  const isHeader =
    options.header === 'true' || (options.header === 'auto' && looksLikeHeader(first.fields))
  if (isHeader) window.from = first.end
  const names = first.fields.map((text, index) =>
    isHeader ? (text ?? '').trim() : `column${index + 1}`,
  )
  const fields = distinctNames(names).map(
    (name): Field => ({ name, type: { kind: 'varchar' }, nullable: true }),
  )
  const projection = fields.map((_, index) => index)
  const scanner = new CsvScanner(options, fields.length, projection)
  const source = { projection, bad: () => {} }
  // The file is the caller's to close.
  const sampled = { ...file, close: () => {} }
  const reader = new TextReader(sampled, window, scanner, { fields }, source, { sample: true })
  const batch = reader.readNow(INFER_ROWS) ?? null
  const rows = batch === null ? [] : rowsOf(batch)
  return {
    fields: fields.map((field, index) => ({
      ...field,
      type: inferType(rows.map((row) => row[index] as string | null)),
    })),
  }
}

/** Names are words, all there; in a table of several columns they are not all the same. */
function looksLikeHeader(texts: readonly (string | null)[]): boolean {
  const names = texts.map((text) => (text ?? '').trim())
  const distinct = new Set(names.map((name) => name.toLowerCase()))
  return (
    (distinct.size > 1 || names.length === 1) &&
    names.every((name) => name !== '' && !isTyped(name))
  )
}

export function createCsv(file: FileWriter, schema: Schema, options: CsvOptions): SinkWriter {
  const quote = options.quote < 0 ? '' : String.fromCharCode(options.quote)
  const delimiter = String.fromCharCode(options.delimiter)
  const nullText = options.nullLiteral ?? ''
  const special = [delimiter, quote, '\n', '\r'].filter((character) => character !== '')
  const field = (text: string): string => {
    const needed =
      text === nullText || text === '' || special.some((character) => text.includes(character))
    return needed && quote !== '' ? quote + text.replaceAll(quote, quote + quote) + quote : text
  }
  const types = schema.fields.map(({ type }) => type)
  const line = (row: Row): string => {
    let text = ''
    for (let column = 0; column < types.length; column++) {
      const value = row[column] ?? null
      if (column > 0) text += delimiter
      text += value === null ? nullText : field(valueText(value, types[column]!))
    }
    return `${text}\n`
  }
  const header = schema.fields.map(({ name }) => field(name)).join(delimiter)
  return new TextWriter(file, line, options.header === 'true' ? `${header}\n` : '')
}
