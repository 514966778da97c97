/**
 * JSON: opens files of JSON lines and JSON documents, finds their columns, and writes JSON lines.
 *
 * How      lines     one object per line.
 *          document  an array of objects: the whole file, where its first character is a bracket, or the array that
 *                    `'json.root' = '$.features'` leads to.
 *          Columns are members by name, case aside, or by `'json.path.<column>'`; an absent member is NULL. A VARCHAR
 *          column takes strings as they are and any other value as its JSON text. `'json.timestamp' = 'millis'` says
 *          what numbers in TIMESTAMP columns count.
 * Cost     Lines: bounded memory. A document is read into memory whole (its rows are decoded batch by batch).
 * See      json-scanner.ts for the walk over the text.
 */
import { Failure, type FileReader, type FileWriter } from '../../base/index.ts'
import {
  type ConnectorOptions,
  columnJson,
  flatFields,
  pathsOf,
  type ReaderOptions,
  type Row,
  type Schema,
  type SinkWriter,
  type SourceReader,
  type Type,
  topColumns,
} from '../../data/index.ts'
import { ABSENT, Fields } from '../fields.ts'
import { type Codec, unpacked, unpackedSample, unpackedWhole } from '../file/compression.ts'
import { INFER_ROWS, inferType } from '../infer.ts'
import { choiceOption, flagOption, textOption } from '../options.ts'
import { Window } from '../window.ts'
import { skipMark } from './csv.ts'
import { JsonScanner } from './json-scanner.ts'
import { addColumn, emptyShape, parsePath, type Shape, type Step } from './json-shape.ts'
import { nestedType, textType } from './json-type.ts'
import { TextReader } from './text-reader.ts'
import { TextWriter } from './text-writer.ts'

/** Names that end in a dot are prefixes. The rest of Flink's keys change nothing here. */
export const jsonOptions = [
  'json.root',
  'json.path.',
  'json.timestamp',
  'json.ignore-parse-errors',
  'json.fail-on-missing-field',
  'json.timestamp-format.standard',
  'json.encode.',
  'json.map-null-key.',
  'json.decode.',
]

const PATH = 'json.path.'
const DOCUMENT_BYTES_MAX = 2 ** 31 - 2
/** How much of a file is looked at for its columns. */
const INFER_BYTES = 4 * 1024 * 1024
const OPEN_BRACKET = 91
const QUOTE = 34

const epochUnits = { text: null, seconds: 1_000_000n, millis: 1000n, micros: 1n }

export interface JsonOptions {
  root: Step[] | null
  /** By lower-case column name. */
  paths: Map<string, Step[]>
  epochMicros: bigint | null
  ignoreErrors: boolean
}

export function readJsonOptions(options: ConnectorOptions): JsonOptions {
  const root = textOption(options, 'json.root')
  const paths = new Map<string, Step[]>()
  for (const [name, value] of options) {
    if (!name.startsWith(PATH)) continue
    paths.set(name.slice(PATH.length).toLowerCase(), parsePath(String(value), name))
  }
  const unit = choiceOption(
    options,
    'json.timestamp',
    ['text', 'seconds', 'millis', 'micros'],
    'text',
  )
  return {
    root: root === undefined ? null : parsePath(root, 'json.root'),
    paths,
    epochMicros: epochUnits[unit],
    ignoreErrors: flagOption(options, 'json.ignore-parse-errors', false),
  }
}

/** A file that may be packed. */
interface Source {
  file: FileReader
  codec: Codec
}

export function openJson(
  source: Source,
  schema: Schema,
  options: JsonOptions,
  reader: ReaderOptions,
): SourceReader {
  const shape = emptyShape()
  const paths = pathsOf(schema.fields)
  reader.projection.forEach((column, index) => {
    const [name, ...members] = paths[column]!
    const start = options.paths.get(name!.toLowerCase()) ?? [name!]
    addColumn(shape, [...start, ...members], index)
  })
  const { file, window, scanner } = start(source, options, shape)
  return new TextReader(file, window, scanner, schema, reader, options)
}

/** A window at the first object, and the scanner that goes with it. */
function start(
  source: Source,
  options: JsonOptions,
  shape: Shape,
  bytes?: number,
): { file: FileReader; window: Window; scanner: JsonScanner } {
  const sample = unpackedSample(source.file, source.codec)
  const lines = options.root === null && firstByte(sample) !== OPEN_BRACKET
  const scanner = new JsonScanner(shape, { lines, path: sample.path })
  if (lines) {
    const file = bytes === undefined ? unpacked(source.file, source.codec) : sample
    const window = new Window(file, bytes === undefined ? {} : { bytes })
    skipMark(window)
    return { file, window, scanner }
  }
  const file = unpackedWhole(source.file, source.codec)
  if (file.size > DOCUMENT_BYTES_MAX) {
    throw new Failure('memory_limit', `${file.path} is a JSON document of more than 2 GiB`)
  }
  // One byte more than the file has, so that the read which finds the end has room.
  const window = new Window(file, { bytes: file.size + 1, sentinel: 0 })
  while (!window.exhausted) window.refill()
  skipMark(window)
  scanner.open(window, options.root ?? [])
  return { file, window, scanner }
}

/** The first byte that is neither space nor byte order mark. */
function firstByte(file: FileReader): number | undefined {
  const bytes = new Uint8Array(4096)
  for (let position = 0; ; ) {
    const count = file.read(bytes, position)
    if (count === 0) return undefined
    for (let index = 0; index < count; index++) {
      const byte = bytes[index]!
      const isMark = position + index < 3 && byte >= 0x80
      if (byte > 32 && !isMark) return byte
    }
    position += count
  }
}

/** Columns of the objects' members, by first appearance, then of the paths; types from the first objects. */
export function inferJson(source: Source, options: JsonOptions): Schema | null {
  const names = memberNames(source, options)
  const paths = [...names.keys()].map((key) => options.paths.get(key) ?? [names.get(key)!])
  for (const [name, path] of options.paths) {
    if (names.has(name)) continue
    names.set(name, name)
    paths.push(path)
  }
  if (paths.length === 0) return null
  const shape = emptyShape()
  paths.forEach((path, index) => {
    addColumn(shape, path, index)
  })
  const fields = sample(source, options, shape, paths.length)
  return {
    fields: [...names.values()].flatMap((name, column) =>
      flatFields({ name, type: columnType(fields, column), nullable: true }),
    ),
  }
}

/** The first objects of the file as fields. */
function sample(source: Source, options: JsonOptions, shape: Shape, columns: number): Fields {
  const { window, scanner } = start(source, options, shape, INFER_BYTES)
  while (!window.exhausted && window.limit < window.bytes.length - 1) window.refill()
  const fields = new Fields(columns, INFER_ROWS, (raw) => scanner.unescape(raw))
  fields.reset(window.bytes)
  scanner.scan(fields, window, INFER_ROWS)
  return fields
}

/** Names of the members at the top, by their lower-case form. */
function memberNames(source: Source, options: JsonOptions): Map<string, string> {
  const names = new Map<string, string>()
  const fields = sample(source, options, emptyShape(), 0)
  const decoder = new TextDecoder()
  for (let slot = 0; slot < fields.rows; slot++) {
    if (fields.faults.has(slot)) continue
    const text = fields.bytes.subarray(fields.rowStarts[slot], fields.rowEnds[slot])
    for (const name of Object.keys(JSON.parse(decoder.decode(text)) as object)) {
      if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name)
    }
  }
  return names
}

function columnType(fields: Fields, column: number): Type {
  const strings: string[] = []
  const others: string[] = []
  for (let slot = 0; slot < fields.rows; slot++) {
    const index = column * fields.capacity + slot
    const start = fields.starts[index]!
    if (start === ABSENT) continue
    const isString = start > 0 && fields.bytes[start - 1] === QUOTE
    ;(isString ? strings : others).push(fields.text(index) ?? '')
  }
  if (strings.length > 0 && others.length > 0) return { kind: 'varchar' }
  if (others.length > 0) return nestedType(others) ?? inferType(others)
  return textType(inferType(strings))
}

export function createJson(file: FileWriter, schema: Schema): SinkWriter {
  const tops = topColumns(schema.fields)
  const names = tops.map(({ field }) => `${JSON.stringify(field.name)}:`)
  return new TextWriter(file, (row: Row) => {
    let text = '{'
    for (let column = 0; column < tops.length; column++) {
      if (column > 0) text += ','
      const { at, field } = tops[column]!
      text += names[column]! + columnJson(row, at, field.type)
    }
    return `${text}}\n`
  })
}
