/**
 * Filesystem: tables over files; csv, json, parquet and arrow, one file or many, packed or not.
 *
 * How      `'connector' = 'filesystem', 'path' = 'f.csv'`; the format follows from the extension unless `'format'` says
 *          it. `file://` before a path is dropped, as Flink scripts carry it. A path may be a file, a pattern
 *          (`data/*.csv`, `**`) or a directory; directories named `key=value` make columns (`file/listing.ts`). Text
 *          that is packed by gzip or zstd is known by its extension or by `'compression'`.
 * Contract 1 (checked) columns found in a path stand behind those of the files and are told by name in `open`.
 */
import { nearest } from '../../grammar/index.ts'
import {
  type Clock,
  type Disk,
  type FileReader,
  type FileWriter,
  mistake,
  printText,
  systemClock,
} from '../base/index.ts'
import {
  type Connector,
  type ConnectorOptions,
  type Field,
  membersOf,
  type ReaderOptions,
  type Schema,
  type SinkWriter,
  type SourceReader,
  topColumns,
} from '../data/index.ts'
import {
  type Codec,
  codecExtensions,
  codecs,
  packed,
  unpacked,
  unpackedSample,
} from './file/compression.ts'
import { DirectoryWriter } from './file/directory-writer.ts'
import { type FoundFile, findFiles, pathKind } from './file/listing.ts'
import { ManyReader } from './file/many.ts'
import { checkParquet, ParquetWriter, pageCodecs } from './file/parquet-writer.ts'
import { within } from './file/within.ts'
import { inferArrow, openArrow } from './format/arrow.ts'
import { ArrowWriter } from './format/arrow-writer.ts'
import { createCsv, csvOptions, inferCsv, openCsv, readCsvOptions } from './format/csv.ts'
import { createJson, inferJson, jsonOptions, openJson, readJsonOptions } from './format/json.ts'
import { inferParquet, openParquet } from './format/parquet.ts'
import { inferType } from './infer.ts'
import { rowOffset, telling } from './metadata.ts'
import {
  checkNames,
  choiceOption,
  durationOption,
  flagOption,
  requiredOption,
  sizeOption,
  textOption,
} from './options.ts'
import type { Print } from './print.ts'

const formats = ['csv', 'json', 'parquet', 'arrow'] as const
type Format = (typeof formats)[number]

const extensions: Record<string, Format> = {
  csv: 'csv',
  tsv: 'csv',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
  geojson: 'json',
  parquet: 'parquet',
  arrow: 'arrow',
  arrows: 'arrow',
  feather: 'arrow',
  ipc: 'arrow',
}

/** The path of standard output; a file of that name is `./-`. */
const STANDARD = '-'

/** As Flink names them; the offset counts the rows of each file. */
const metadata: readonly Field[] = [
  { name: 'file.path', type: { kind: 'varchar' }, nullable: false },
  { name: 'file.name', type: { kind: 'varchar' }, nullable: false },
  rowOffset,
]

const fileOptions = [
  'path',
  'format',
  'compression',
  'partition.columns',
  'hive-partitioning',
  'sink.rolling-policy.file-size',
  'sink.rolling-policy.rollover-interval',
  'sink.partition-commit.policy.kind',
]
/** Formats of other systems' connectors that hold changes, or that nothing here reads. */
const foreignFormats = [
  'debezium-json',
  'canal-json',
  'maxwell-json',
  'ogg-json',
  'avro',
  'orc',
  'protobuf',
  'raw',
]

const formatOptions: Record<Format, string[]> = {
  csv: csvOptions,
  json: jsonOptions,
  parquet: ['parquet.'],
  arrow: ['arrow.form'],
}

/** Short spellings of options, as READ_CSV and READ_JSON are called with. */
const shortOptions: Record<Format, Record<string, string>> = {
  csv: {
    header: 'csv.header',
    delim: 'csv.field-delimiter',
    delimiter: 'csv.field-delimiter',
    sep: 'csv.field-delimiter',
    quote: 'csv.quote-character',
    escape: 'csv.escape-character',
    nullstr: 'csv.null-literal',
    null: 'csv.null-literal',
    ignore_errors: 'csv.ignore-parse-errors',
  },
  json: { root: 'json.root', ignore_errors: 'json.ignore-parse-errors' },
  parquet: {},
  arrow: {},
}

/** The connector that knows options by their short spellings too. */
export function filesystemConnector(
  disk: Disk,
  print: Print = printText,
  clock: Clock = systemClock,
): Connector {
  const inner = connectorOf(disk, print, clock)
  const full = (options: ConnectorOptions): ConnectorOptions => {
    const short = shortOptions[formatOf(disk, options)]
    const names = new Map([...Object.entries(short), ['hive_partitioning', 'hive-partitioning']])
    return new Map([...options].map(([name, value]) => [names.get(name) ?? name, value]))
  }
  return {
    ...inner,
    encodings: ['csv', 'json', 'parquet', 'arrow'],
    check: (options, schema, ignored) => inner.check(full(options), schema, ignored),
    infer: (options) => inner.infer(full(options)),
    open: (schema, options, reader) => inner.open(schema, full(options), reader),
    extent: (schema, options, bounds) => inner.extent!(schema, full(options), bounds),
    create: (schema, options) => inner.create(schema, full(options)),
  }
}

function connectorOf(disk: Disk, print: Print, clock: Clock): Connector {
  return {
    name: 'filesystem',
    bounded: true,
    sink: 'append',
    source: true,
    metadata,
    check: (options, schema, ignored) => {
      const format = formatOf(disk, options)
      const short = Object.keys(shortOptions[format])
      checkNames(options, [...fileOptions, ...formatOptions[format], ...short], ignored)
      codecOf(pathOf(options), format, options)
      if (format === 'csv') readCsvOptions(options, delimiterOf(options))
      if (format === 'parquet') choiceOption(options, 'parquet.compression', pageCodecs, 'zstd')
      if (format === 'arrow') arrowForm(options)
      if (format === 'csv') refuseStructs(schema)
      if (pathOf(options) === STANDARD) checkStandard(format, options)
      sizeOption(options, 'sink.rolling-policy.file-size', '128MB')
      durationOption(options, 'sink.rolling-policy.rollover-interval', '30 min')
      if (format === 'json') checkPaths([...readJsonOptions(options).paths.keys()], schema)
      checkPartitions(options, schema)
    },
    infer: (options) => {
      const { files, names, format } = locate(disk, options)
      const first = files[0]
      if (first === undefined) return null
      const found = infer(disk, first.path, options)
      if (found === null) return null
      if (format === 'csv') checkTwice(found, names)
      return withPartitions(found, files, names)
    },
    open: (schema, options, reader) => {
      const { files, partitions, format } = locatedIn(disk, options, schema)
      const kept = within(files, schema, partitions, reader.bounds ?? [])
      const open = (path: string, inner: Schema, wanted: ReaderOptions) => {
        const name = path.slice(path.lastIndexOf('/') + 1)
        const constants = new Map([['file.path', path], ['file.name', name]]) // biome-ignore format: pairs
        return telling(
          wanted,
          (asked) => openOne(disk, path, inner, { options, reader: asked }),
          constants,
        )
      }
      const only = files.length === 1 && partitions.length === 0 ? files[0] : undefined
      if (only !== undefined) return open(only.path, schema, reader)
      const asynchronous = files.some(({ path }) => codecOf(path, format, options) !== 'none')
      return new ManyReader({ files: kept, partitions, asynchronous, open }, schema, reader)
    },
    extent: (schema, options, bounds) => {
      const { files, partitions } = locatedIn(disk, options, schema)
      if (partitions.length === 0) return null
      return { read: within(files, schema, partitions, bounds).length, all: files.length }
    },
    create: (schema, options) => {
      // Options are judged before a file is made.
      const { extension, write } = writing(disk, options, schema)
      const path = pathOf(options)
      if (path === STANDARD) return write(standardOutput(print), schema)
      const columns = partitionColumns(options) ?? []
      if (columns.length === 0 && pathKind(disk, path) !== 'directory') {
        return write(disk.create(path), schema)
      }
      const partitions = columns.map((column) =>
        schema.fields.findIndex(({ name }) => name.toLowerCase() === column.toLowerCase()),
      )
      const successFile = textOption(options, 'sink.partition-commit.policy.kind')
      return new DirectoryWriter(disk, clock, schema, {
        path,
        extension,
        partitions,
        bytesMax: sizeOption(options, 'sink.rolling-policy.file-size', '128MB'),
        millisMax: durationOption(options, 'sink.rolling-policy.rollover-interval', '30 min'),
        successFile: successFile?.includes('success-file') ?? false,
        format: write,
      })
    },
  }
}

/** Standard output as a file; each write ends with a whole line. */
function standardOutput(print: Print): FileWriter {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  return {
    path: STANDARD,
    write: (bytes) => print(decoder.decode(bytes), 'output'),
    close: () => {},
    abort: () => {},
  }
}

function checkStandard(format: Format, options: ConnectorOptions): void {
  const isText = format === 'csv' || format === 'json'
  if (isText && codecOf(STANDARD, format, options) === 'none' && !partitionColumns(options)) return
  mistake({
    code: 'unsupported',
    message: `not supported yet: ${format} files, packed ones and partitions on standard output`,
    hint: 'csv and json can be written there as they are',
  })
}

/** How files are written, and their extension in a directory. */
function writing(
  disk: Disk,
  options: ConnectorOptions,
  all: Schema,
): { extension: string; write(file: FileWriter, schema: Schema): SinkWriter } {
  const format = formatOf(disk, options)
  const codec = codecOf(pathOf(options), format, options)
  const extension = `.${format}${{ none: '', gzip: '.gz', zstd: '.zst' }[codec]}`
  switch (format) {
    case 'csv': {
      const csv = readCsvOptions(options, delimiterOf(options))
      return { extension, write: (file, schema) => createCsv(packed(file, codec), schema, csv) }
    }
    case 'json':
      return { extension, write: (file, schema) => createJson(packed(file, codec), schema) }
    case 'parquet': {
      const pages = choiceOption(options, 'parquet.compression', pageCodecs, 'zstd')
      checkParquet(all)
      return { extension, write: (file, schema) => new ParquetWriter(file, schema, pages) }
    }
    case 'arrow': {
      const form = arrowForm(options)
      const suffix = form === 'stream' ? '.arrows' : '.arrow'
      return { extension: suffix, write: (file, schema) => new ArrowWriter(file, schema, form) }
    }
  }
}

/** A path that ends in `.arrows` is a stream, any other a file with a footer. */
function arrowForm(options: ConnectorOptions): 'file' | 'stream' {
  const usual = extensionOf(pathOf(options)) === 'arrows' ? 'stream' : 'file'
  return choiceOption(options, 'arrow.form', ['file', 'stream'], usual)
}

/** The files of a table and the names of the columns that their paths give. */
function locate(
  disk: Disk,
  options: ConnectorOptions,
): { files: FoundFile[]; names: string[]; format: Format } {
  const format = formatOf(disk, options)
  const path = pathOf(options)
  const found = findFiles(disk, path)
  const files =
    pathKind(disk, path) === 'directory' ? found.filter((file) => isOf(file.path, format)) : found
  const declared = partitionColumns(options)
  const hive = flagOption(options, 'hive-partitioning', true)
  const first = hive ? [...(files[0]?.keys.values() ?? [])].map(({ name }) => name) : []
  const inAll = (name: string) => files.every(({ keys }) => keys.has(name.toLowerCase()))
  return { files, names: declared ?? first.filter(inAll), format }
}

/** The same, with the columns that the paths give as indexes into the table's. */
function locatedIn(
  disk: Disk,
  options: ConnectorOptions,
  schema: Schema,
): { files: FoundFile[]; partitions: number[]; format: Format } {
  const { files, names, format } = locate(disk, options)
  const partitions = schema.fields.flatMap(({ name }, index) =>
    names.some((key) => key.toLowerCase() === name.toLowerCase()) ? [index] : [],
  )
  return { files, partitions, format }
}

/** Of the files in a directory those that have the format's extension, or none. */
function isOf(path: string, format: Format): boolean {
  const extension = extensionOf(path)
  return extension === '' || extensions[extension] === format
}

function openOne(
  disk: Disk,
  path: string,
  schema: Schema,
  { options, reader }: { options: ConnectorOptions; reader: ReaderOptions },
): SourceReader {
  const format = formatOf(disk, options)
  const codec = codecOf(path, format, options)
  const file = disk.open(path)
  try {
    switch (format) {
      case 'csv': {
        const csv = readCsvOptions(options, delimiterOf(options))
        return openCsv(unpacked(file, codec), schema, csv, reader)
      }
      case 'json':
        return openJson({ file, codec }, schema, readJsonOptions(options), reader)
      case 'parquet':
        return openParquet(file, schema, reader)
      case 'arrow':
        return openArrow(file, schema, reader)
    }
  } catch (fault) {
    file.close()
    throw fault
  }
}

function infer(disk: Disk, path: string, options: ConnectorOptions): Schema | null {
  const format = formatOf(disk, options)
  const codec = codecOf(path, format, options)
  return closing(disk.open(path), (file) => {
    switch (format) {
      case 'csv':
        return inferCsv(unpackedSample(file, codec), readCsvOptions(options, delimiterOf(options)))
      case 'json':
        return inferJson({ file, codec }, readJsonOptions(options))
      case 'parquet':
        return inferParquet(file)
      case 'arrow':
        return inferArrow(file)
    }
  })
}

/** The columns of the paths behind those of the files; a column of both is the path's. */
function withPartitions(
  schema: Schema,
  files: readonly FoundFile[],
  names: readonly string[],
): Schema {
  const own = schema.fields.filter(
    ({ name }) => !names.some((key) => key.toLowerCase() === name.toLowerCase()),
  )
  const found = names.map((name) => {
    const values = files.map(({ keys }) => keys.get(name.toLowerCase())?.value ?? null)
    return { name, type: inferType(values), nullable: true }
  })
  return { fields: [...own, ...found] }
}

/** Columns of csv files go by position, so that none can be left to the path unseen. */
function checkTwice(schema: Schema, names: readonly string[]): void {
  const twice = names.find((key) =>
    schema.fields.some(({ name }) => name.toLowerCase() === key.toLowerCase()),
  )
  if (twice === undefined) return
  mistake({
    code: 'invalid_option',
    message: `column ${twice} is in the file and in its path`,
    hint: `'hive-partitioning' = 'false' takes that of the file`,
  })
}

function closing<T>(file: FileReader, action: (file: FileReader) => T): T {
  try {
    return action(file)
  } finally {
    file.close()
  }
}

function pathOf(options: ConnectorOptions): string {
  return requiredOption(options, 'path', 'data.csv').replace(/^file:\/\//, '')
}

/** In lower case, without that of a codec behind it. */
function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  const parts = name.split('.').slice(1)
  if (codecExtensions[parts.at(-1) ?? ''] !== undefined) parts.pop()
  return parts.at(-1) ?? ''
}

function codecOf(path: string, format: Format, options: ConnectorOptions): Codec {
  const found = codecExtensions[/\.([^./]+)$/.exec(path.toLowerCase())?.[1] ?? ''] ?? 'none'
  const given = choiceOption(options, 'compression', ['auto', ...codecs], 'auto')
  const codec = given === 'auto' ? found : given
  if (codec === 'none' || format === 'csv' || format === 'json') return codec
  return mistake({
    code: 'unsupported',
    message: `not supported yet: option 'compression' = '${codec}' for ${format} files`,
    hint: 'columnar files are packed inside; csv and json files can be packed as a whole',
  })
}

function formatOf(disk: Disk, options: ConnectorOptions): Format {
  const path = pathOf(options)
  const found = extensions[extensionOf(path)]
  const given = textOption(options, 'format')?.toLowerCase()
  if (given !== undefined && foreignFormats.includes(given)) {
    mistake({
      code: 'unsupported',
      message: `not supported yet: option 'format' = '${given}'`,
      hint: 'CREATE SINK … FORMAT DEBEZIUM ENCODE JSON writes changes as rows of JSON',
    })
  }
  if (options.has('format')) return choiceOption(options, 'format', formats, found ?? 'csv')
  const inside = found ?? formatInside(disk, path)
  if (inside !== undefined) return inside
  return mistake({
    code: 'invalid_option',
    message: `option 'format' is missing`,
    hint: `the path does not tell; formats are ${formats.map((name) => `'${name}'`).join(', ')}`,
  })
}

/** The format of the first file that has one, in a directory or of a pattern. */
function formatInside(disk: Disk, path: string): Format | undefined {
  if (pathKind(disk, path) === 'file' || (path.endsWith('/') && !disk.exists(path)))
    return undefined
  const known = findFiles(disk, path).find((file) => extensions[extensionOf(file.path)])
  return known === undefined ? undefined : extensions[extensionOf(known.path)]
}

function delimiterOf(options: ConnectorOptions): string {
  return extensionOf(pathOf(options)) === 'tsv' ? '\t' : ','
}

function partitionColumns(options: ConnectorOptions): string[] | null {
  const text = textOption(options, 'partition.columns')
  return text === undefined ? null : text.split(',').map((name) => name.trim())
}

function checkPartitions(options: ConnectorOptions, schema: Schema | null): void {
  if (schema === null) return
  const columns = partitionColumns(options) ?? []
  // Directories tell values, not structs; members are columns of their struct.
  const plain = topColumns(schema.fields).flatMap(({ field }) =>
    membersOf(field.type) === null ? [field] : [],
  )
  columnsThere(
    columns,
    { fields: plain },
    (name) => `option 'partition.columns' names no column ${name}`,
  )
  if (columns.length < schema.fields.length) return
  mistake({
    code: 'invalid_option',
    message: `option 'partition.columns' leaves no column for the files`,
  })
}

function refuseStructs(schema: Schema | null): void {
  const nested = schema?.fields.find(({ type }) => membersOf(type) !== null)
  if (nested === undefined) return
  mistake({
    code: 'unsupported',
    message: `column ${nested.name} is a STRUCT, which has no form in csv files`,
    hint: "'format' = 'json', 'parquet' and 'arrow' have structs",
  })
}

/** `'json.path.x'` needs a column x. */
function checkPaths(columns: readonly string[], schema: Schema | null): void {
  columnsThere(columns, schema, (name) => `option 'json.path.${name}' names no column`)
}

function columnsThere(
  columns: readonly string[],
  schema: Schema | null,
  message: (name: string) => string,
): void {
  if (schema === null) return
  const names = schema.fields.map(({ name }) => name.toLowerCase())
  for (const column of columns) {
    if (names.includes(column.toLowerCase())) continue
    const near = nearest(column.toLowerCase(), names)
    mistake({
      code: 'invalid_option',
      message: message(column),
      hint: near === undefined ? `columns are ${names.join(', ')}` : `did you mean '${near}'?`,
    })
  }
}
