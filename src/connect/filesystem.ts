/**
 * Filesystem: tables over single files; csv, json, parquet and arrow to read, csv and json to write.
 *
 * How      `'connector' = 'filesystem', 'path' = 'f.csv'`; the format follows from the extension unless `'format'` says
 *          it. `file://` before a path is dropped, as Flink scripts carry it.
 */
import { type Disk, type FileReader, mistake } from '../base/index.ts'
import type { Connector, ConnectorOptions, Schema } from '../data/index.ts'
import { inferArrow, openArrow } from './arrow.ts'
import { createCsv, csvOptions, inferCsv, openCsv, readCsvOptions } from './csv.ts'
import { createJson, inferJson, jsonOptions, openJson, readJsonOptions } from './json.ts'
import { checkNames, choiceOption, nearest, requiredOption } from './options.ts'
import { inferParquet, openParquet } from './parquet.ts'

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

const formatOptions: Record<Format, string[]> = {
  csv: csvOptions,
  json: jsonOptions,
  parquet: ['parquet.'],
  arrow: [],
}

export function filesystemConnector(disk: Disk): Connector {
  return {
    name: 'filesystem',
    bounded: true,
    sink: 'append',
    source: true,
    check: (options, schema) => {
      const format = formatOf(options)
      checkNames(options, ['path', 'format', ...formatOptions[format]])
      if (format === 'csv') readCsvOptions(options, delimiterOf(options))
      if (format === 'json') checkPaths([...readJsonOptions(options).paths.keys()], schema)
    },
    infer: (options) => closing(disk.open(pathOf(options)), (file) => infer(file, options)),
    open: (schema, options, reader) => {
      const format = formatOf(options)
      const file = disk.open(pathOf(options))
      try {
        switch (format) {
          case 'csv':
            return openCsv(file, schema, readCsvOptions(options, delimiterOf(options)), reader)
          case 'json':
            return openJson(file, schema, readJsonOptions(options), reader)
          case 'parquet':
            return openParquet(file, schema, reader)
          case 'arrow':
            return openArrow(file, schema, reader)
        }
      } catch (fault) {
        file.close()
        throw fault
      }
    },
    create: (schema, options) => {
      const format = formatOf(options)
      // Options are judged before the file is, as creating it empties it.
      const csv = readCsvOptions(options, delimiterOf(options))
      if (format === 'csv') return createCsv(disk.create(pathOf(options)), schema, csv)
      if (format === 'json') return createJson(disk.create(pathOf(options)), schema)
      return mistake({
        code: 'unsupported',
        message: `not supported yet: writing ${format} files`,
        hint: `'format' = 'csv' and 'format' = 'json' can be written`,
      })
    },
  }
}

function infer(file: FileReader, options: ConnectorOptions): Schema | null {
  switch (formatOf(options)) {
    case 'csv':
      return inferCsv(file, readCsvOptions(options, delimiterOf(options)))
    case 'json':
      return inferJson(file, readJsonOptions(options))
    case 'parquet':
      return inferParquet(file)
    case 'arrow':
      return inferArrow(file)
  }
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

function extensionOf(options: ConnectorOptions): string {
  return /\.([^./\\]+)$/.exec(pathOf(options))?.[1]?.toLowerCase() ?? ''
}

function formatOf(options: ConnectorOptions): Format {
  const found = extensions[extensionOf(options)]
  if (options.has('format')) return choiceOption(options, 'format', formats, found ?? 'csv')
  if (found !== undefined) return found
  return mistake({
    code: 'invalid_option',
    message: `option 'format' is missing`,
    hint: `the path does not tell; formats are ${formats.map((name) => `'${name}'`).join(', ')}`,
  })
}

function delimiterOf(options: ConnectorOptions): string {
  return extensionOf(options) === 'tsv' ? '\t' : ','
}

/** `'json.path.x'` needs a column x. */
function checkPaths(columns: readonly string[], schema: Schema | null): void {
  if (schema === null) return
  const names = schema.fields.map(({ name }) => name.toLowerCase())
  for (const column of columns) {
    if (names.includes(column)) continue
    const near = nearest(column, names)
    mistake({
      code: 'invalid_option',
      message: `option 'json.path.${column}' names no column`,
      hint: near === undefined ? `columns are ${names.join(', ')}` : `did you mean '${near}'?`,
    })
  }
}
