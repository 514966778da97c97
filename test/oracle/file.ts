/**
 * File: csv files and JSON lines for the reference interpreter, whole files and text by text.
 *
 * How      A path may have `*` and `**`; directories named `key=value` give columns. `.gz` is unpacked and packed.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { type Field, parseValue, type Row, type Value, valueText } from '../../src/data/index.ts'
import type { FileSource } from '../../src/plan/logical.ts'

type Options = ReadonlyMap<string, string | number | boolean>

/** A row that cannot be read. */
export class BadFileRow extends Error {}

const formatOf = (path: string, options: Options): string =>
  String(options.get('format') ?? (/\.(json|jsonl)(\.gz)?$/.test(path) ? 'json' : 'csv'))

const textOf = (path: string): string =>
  path.endsWith('.gz') ? gunzipSync(readFileSync(path)).toString() : readFileSync(path, 'utf8')

/** Paths that a pattern names, sorted name by name. */
function pathsOf(pattern: string): string[] {
  if (!pattern.includes('*')) return [pattern]
  const root = dirname(pattern.slice(0, pattern.indexOf('*') + 1))
  const source = relative(root, pattern)
    .split('/')
    .map((name) =>
      name === '**' ? '(?:[^/]+/)*' : `${name.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}/`,
    )
    .join('')
  const names = new RegExp(`^${source}$`)
  const order = (path: string) => path.replaceAll('/', '\u0000')
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => names.test(`${relative(root, path)}/`))
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))
}

/** The rows of a scan of files, in the order of its schema. */
export function fileRows({ options: given, schema: { fields } }: FileSource): Row[] {
  const options = new Map(given)
  return pathsOf(String(options.get('path'))).flatMap((path) => {
    const keys = new Map<string, string>()
    for (const name of dirname(path).split('/')) {
      const [key, value] = name.split('=')
      if (value !== undefined) keys.set(key!.toLowerCase(), decodeURIComponent(value))
    }
    const own = fields.filter(({ name }) => !keys.has(name.toLowerCase()))
    const isJson = formatOf(path, options) === 'json'
    const texts = isJson ? jsonTexts(textOf(path), own) : csvTexts(textOf(path), own, options)
    return texts.map((cells) =>
      fields.map((field) => {
        const key = keys.get(field.name.toLowerCase())
        if (key !== undefined)
          return key === '__HIVE_DEFAULT_PARTITION__' ? null : readValue(key, field)
        return readValue(cells[own.indexOf(field)]!, field)
      }),
    )
  })
}

function readValue(text: string | null, { type, nullable }: Field): Value {
  const value = text === null ? null : parseValue(text, type)
  if (value === undefined || (value === null && !nullable)) throw new BadFileRow()
  return value
}

function jsonTexts(text: string, fields: readonly Field[]): (string | null)[][] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => {
    const members = Object.entries(JSON.parse(line) as object).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ])
    const byName = new Map(members as [string, unknown][])
    return fields.map(({ name }) => {
      const value = byName.get(name.toLowerCase()) ?? null
      return value === null || typeof value === 'string' ? value : JSON.stringify(value)
    })
  })
}

function csvTexts(text: string, fields: readonly Field[], options: Options): (string | null)[][] {
  const records = csvRecords(text, String(options.get('delimiter') ?? options.get('sep') ?? ','))
  const names = fields.map(({ name }) => name.toLowerCase())
  const first = records[0]?.map((cell) => (cell ?? '').trim().toLowerCase()) ?? []
  const isHeader = String(options.get('header')) === 'true' || String(first) === String(names)
  const rows = isHeader ? records.slice(1) : records
  if (rows.some((cells) => cells.length !== fields.length)) throw new BadFileRow()
  return rows
}

/** The fields of each record; an empty one without quotes is NULL. */
function csvRecords(text: string, delimiter: string): (string | null)[][] {
  const records: (string | null)[][] = []
  let cells: (string | null)[] = []
  const field = new RegExp(`(?:"((?:[^"]|"")*)"|([^"${delimiter}\\n]*))(${delimiter}|\\n|$)`, 'gy')
  while (field.lastIndex < text.length) {
    const match = field.exec(text)
    if (match === null) throw new BadFileRow()
    const [, quoted, plain = '', end] = match
    cells.push(quoted?.replaceAll('""', '"') ?? (plain === '' ? null : plain))
    if (end === delimiter) continue
    if (cells.length > 1 || cells[0] !== null) records.push(cells)
    cells = []
  }
  return records
}

/** Writes what COPY writes: csv or JSON lines, into one file or into directories. */
export function writeFile(fields: readonly Field[], rows: readonly Row[], options: Options): void {
  const path = String(options.get('path'))
  const names = String(options.get('partition.columns') ?? '').split(',')
  const parts = fields.map(({ name }) => names.includes(name))
  const shares = Map.groupBy(rows, (row) =>
    fields
      .flatMap(({ name, type }, at) => {
        const value = row[at] ?? null
        const text = value === null ? '__HIVE_DEFAULT_PARTITION__' : valueText(value, type)
        return parts[at] ? [`${name}=${text}`] : []
      })
      .join('/'),
  )
  if (!parts.includes(true)) shares.set('', [...rows])
  const format = formatOf(path, options)
  for (const [folder, share] of shares) {
    const file = folder === '' ? path : `${path}/${folder}/part-00000.${format}`
    const kept = <T>(all: readonly T[]) => all.filter((_, at) => !parts[at])
    const text = share.map((row) =>
      (format === 'json' ? jsonLine : csvLine)(kept(fields), kept(row), options),
    )
    const header =
      format === 'json' || options.get('header') === false ? '' : csvHeader(kept(fields), options)
    mkdirSync(dirname(file), { recursive: true })
    const bytes = Buffer.from(header + text.join(''))
    writeFileSync(file, file.endsWith('.gz') ? gzipSync(bytes) : bytes)
  }
}

const csvHeader = (fields: readonly Field[], options: Options): string =>
  `${fields.map(({ name }) => name).join(String(options.get('delimiter') ?? ','))}\n`

function csvLine(fields: readonly Field[], row: Row, options: Options): string {
  const delimiter = String(options.get('delimiter') ?? ',')
  const cells = row.map((value, at) => {
    if (value === null) return ''
    const text = valueText(value, fields[at]!.type)
    return text === '' || /["\n\r]/.test(text) || text.includes(delimiter)
      ? `"${text.replaceAll('"', '""')}"`
      : text
  })
  return `${cells.join(delimiter)}\n`
}

function jsonLine(fields: readonly Field[], row: Row): string {
  const members = row.map((value, at) => {
    const { name, type } = fields[at]!
    const isPlain = value === null || ['boolean', 'integer', 'bigint', 'double'].includes(type.kind)
    const text = value === null ? 'null' : valueText(value, type)
    return `${JSON.stringify(name)}:${isPlain ? text : JSON.stringify(text)}`
  })
  return `{${members.join(',')}}\n`
}
