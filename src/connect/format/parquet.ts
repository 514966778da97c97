/**
 * Parquet: reads files row group by row group and page by page, straight into typed columns.
 *
 * How      hyparquet reads the footer, page headers and most encodings; what it would make of values (Date objects,
 *          strings) is left out: dictionaries are converted once, and rows take their values by index.
 * Contract 1 (checked) a file cut short or damaged is a Failure malformed_file.
 *          2 (checked) what has no type of ours cannot be read; it may be there if nobody asks for it.
 * Cost     The column chunks of one row group as stored, and one page per column decoded. hyparquet is loaded when the
 *          first file is opened, as that takes 30 ms.
 */
import { createRequire } from 'node:module'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { DataPageHeader, FileMetaData, SchemaTree } from 'hyparquet'
import type * as Pages from 'hyparquet/src/column.js'
import type * as Data from 'hyparquet/src/datapage.js'
import type * as Metadata from 'hyparquet/src/metadata.js'
import type * as Plain from 'hyparquet/src/plain.js'
import type * as Codecs from 'hyparquet-compressors'
import type { FileReader } from '../../base/index.ts'
import {
  type Field,
  pathsOf,
  type ReaderOptions,
  type Schema,
  type SourceReader,
} from '../../data/index.ts'
import {
  type ColumnarFile,
  ColumnarReader,
  decoding,
  type Group,
  type Run,
} from '../columnar-reader.ts'
import {
  checkReadable,
  type FileColumn,
  type FileType,
  type FileValues,
  findColumn,
  inferredSchema,
  laidBits,
  laidStrings,
  presence,
  readValues,
  type Values,
} from '../file-type.ts'
import { isRepeated, readHybrid } from './parquet-hybrid.ts'
import {
  type LeveledRun,
  listParts,
  type NestedLeaf,
  nestedRun,
  presenceRun,
} from './parquet-nested.ts'
import { plainBits, plainNumbers, plainStrings } from './parquet-plain.ts'

const WHAT = 'Parquet'
/** The magic word at both ends of a file, and the length of the footer before the last one. */
const TAIL_BYTES = 8
const MAGIC = 0x31524150

interface Column extends FileColumn {
  tree: SchemaTree
  members: readonly Column[]
}

/** A column or member that is asked for, the structs around it first. */
interface Wanted {
  field: Field
  type: FileType
  path: readonly SchemaTree[]
  /** The path to the column of the file that tells: on to a member, of a struct. */
  leaf: readonly SchemaTree[]
}
type Chunk = FileMetaData['row_groups'][number]['columns'][number]

type Hyparquet = typeof Pages & typeof Data & typeof Metadata & typeof Plain & typeof Codecs

let loaded: Hyparquet | null = null

function hyparquet(): Hyparquet {
  if (loaded !== null) return loaded
  const load = createRequire(import.meta.url)
  const codecs = load('hyparquet-compressors') as typeof Codecs
  loaded = {
    ...(load('hyparquet/src/column.js') as typeof Pages),
    ...(load('hyparquet/src/datapage.js') as typeof Data),
    ...(load('hyparquet/src/metadata.js') as typeof Metadata),
    ...(load('hyparquet/src/plain.js') as typeof Plain),
    ...codecs,
    compressors: {
      ...codecs.compressors,
      // Node's own are several times faster.
      ZSTD: (input) => zstdDecompressSync(input),
      GZIP: (input) => gunzipSync(input),
      BROTLI: (input) => brotliDecompressSync(input),
    },
  }
  return loaded
}

export function inferParquet(file: FileReader): Schema | null {
  const columns = columnsOf(readMetadata(file))
  return { fields: inferredSchema(columns) }
}

export function openParquet(file: FileReader, schema: Schema, reader: ReaderOptions): SourceReader {
  const metadata = readMetadata(file)
  const columns = columnsOf(metadata)
  const paths = pathsOf(schema.fields)
  const wanted = reader.projection.map((index): Wanted => {
    const field = schema.fields[index]!
    const path: SchemaTree[] = []
    const column = findColumn(columns, paths[index]!, file.path, ({ tree, members }) => {
      path.push(tree)
      return members
    })
    checkReadable(field, column.type, file.path)
    path.push(column.tree)
    const leaf = isNested(column.type) ? null : leafBelow(path)
    return { field, type: column.type, path, leaf: leaf ?? path }
  })
  return new ColumnarReader(new ParquetFile(file, metadata, wanted), WHAT, schema, reader)
}

function readMetadata(file: FileReader): FileMetaData {
  return decoding(file.path, WHAT, () => {
    if (file.size < TAIL_BYTES + 4) throw new Error('it is too short')
    const tail = new DataView(readBytes(file, file.size - TAIL_BYTES, TAIL_BYTES))
    if (tail.getUint32(4, true) !== MAGIC) throw new Error('it does not end with PAR1')
    const length = tail.getUint32(0, true)
    if (length + TAIL_BYTES > file.size) throw new Error('its footer is cut off')
    const footer = readBytes(file, file.size - TAIL_BYTES - length, length + TAIL_BYTES)
    return hyparquet().parquetMetadata(footer)
  })
}

/** A part of the file; throws where it is not there in full. */
export function readBytes(file: FileReader, position: number, length: number): ArrayBuffer {
  if (!(position >= 0 && length >= 0) || position + length > file.size) {
    throw new Error(`bytes ${position} to ${position + length} are not there`)
  }
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length; ) {
    const count = file.read(bytes.subarray(done), position + done)
    if (count === 0) throw new Error(`it ends at byte ${position + done}`)
    done += count
  }
  return bytes.buffer
}

const columnsOf = (metadata: FileMetaData): Column[] =>
  hyparquet().parquetSchema(metadata).children.map(columnOf)

function columnOf(tree: SchemaTree): Column {
  const { name, repetition_type: repetition } = tree.element
  const members = isStruct(tree) ? tree.children.map(columnOf) : []
  const type = members.length === 0 ? repeatedType(tree) : { kind: 'struct' as const, members }
  return { name, type, nullable: repetition !== 'REQUIRED', tree, members }
}

const isNested = ({ kind }: FileType) => kind === 'list' || kind === 'map'

/** Of a list or a map what it holds; else the type of a value. */
function repeatedType(tree: SchemaTree): FileType {
  const { logical_type: logical, converted_type: converted } = tree.element
  const [inner] = tree.children
  const isBare = tree.element.repetition_type === 'REPEATED'
  const isRepeated = inner?.element.repetition_type === 'REPEATED'
  if (isBare || (isRepeated && (logical?.type === 'LIST' || converted === 'LIST'))) {
    const { repeated, element } = listParts(tree)
    if (element !== repeated) return { kind: 'list', element: columnOf(element) }
    // As an element it is not repeated again.
    const once = {
      ...element,
      element: { ...element.element, repetition_type: 'REQUIRED' as const },
    }
    const held: Column = { ...columnOf(once), tree: element }
    return { kind: 'list', element: held }
  }
  const isMap = logical?.type === 'MAP' || /^MAP/.test(converted ?? '')
  if (isMap && isRepeated && inner.children.length === 2) {
    const [key, value] = inner.children.map(columnOf)
    return { kind: 'map', key: key!, value: value! }
  }
  return fileType(tree)
}

/** A group that is neither a list nor a map. */
function isStruct({ element, children }: SchemaTree): boolean {
  const isPlain = element.logical_type === undefined && element.converted_type === undefined
  return children.length > 0 && isPlain && element.repetition_type !== 'REPEATED'
}

/** How many of the nodes may be missing: the definition level of a value that is there. */
const levelOf = (path: readonly SchemaTree[]): number =>
  path.filter(({ element }) => element.repetition_type !== 'REQUIRED').length

/** The path on to the first column of a struct whose rows are those of the file. */
function leafBelow(path: readonly SchemaTree[]): readonly SchemaTree[] | null {
  const { element, children } = path.at(-1)!
  if (element.repetition_type === 'REPEATED') return null
  if (children.length === 0) return path
  for (const child of children) {
    const leaf = leafBelow([...path, child])
    if (leaf !== null) return leaf
  }
  return null
}

function fileType({ element, children }: SchemaTree): FileType {
  const logical = element.logical_type
  const converted = element.converted_type
  if (children.length > 0 || element.repetition_type === 'REPEATED') {
    return { kind: 'other', text: logical?.type ?? converted ?? 'ROW' }
  }
  if (logical?.type === 'DECIMAL' || converted === 'DECIMAL') {
    const exact = logical?.type === 'DECIMAL' ? logical : element
    return { kind: 'decimal', precision: exact.precision ?? 0, scale: exact.scale ?? 0 }
  }
  if (logical?.type === 'TIMESTAMP') {
    const nanos = { MILLIS: 1_000_000n, MICROS: 1000n, NANOS: 1n }[logical.unit]
    return { kind: 'timestamp', nanos }
  }
  if (converted === 'TIMESTAMP_MILLIS') return { kind: 'timestamp', nanos: 1_000_000n }
  if (converted === 'TIMESTAMP_MICROS') return { kind: 'timestamp', nanos: 1000n }
  if (logical?.type === 'TIME') {
    const nanos = { MILLIS: 1_000_000n, MICROS: 1000n, NANOS: 1n }[logical.unit]
    return { kind: 'time', nanos }
  }
  if (converted === 'TIME_MILLIS') return { kind: 'time', nanos: 1_000_000n }
  if (converted === 'TIME_MICROS') return { kind: 'time', nanos: 1000n }
  if (logical?.type === 'DATE' || converted === 'DATE') return { kind: 'date', unit: 'days' }
  const isText = ['STRING', 'ENUM', 'JSON'].includes(logical?.type ?? '')
  if (isText || converted === 'UTF8' || converted === 'ENUM' || converted === 'JSON') {
    return { kind: 'varchar' }
  }
  if (logical !== undefined && logical.type !== 'INTEGER' && logical.type !== 'NULL') {
    return { kind: 'other', text: logical.type }
  }
  const signed = !(logical?.type === 'INTEGER' ? !logical.isSigned : converted?.startsWith('UINT'))
  switch (element.type) {
    case 'BOOLEAN':
      return { kind: 'boolean' }
    case 'INT32': {
      const named = Number(/^U?INT_(\d+)$/.exec(converted ?? '')?.[1] ?? 32)
      const bits = logical?.type === 'INTEGER' ? logical.bitWidth : named
      return { kind: 'integer', bits, signed }
    }
    case 'INT64':
      return { kind: 'integer', bits: 64, signed }
    case 'INT96':
      return { kind: 'timestamp', nanos: 1n }
    case 'FLOAT':
    case 'DOUBLE':
      return { kind: 'double' }
    case 'BYTE_ARRAY':
      if (converted === undefined && logical === undefined) return { kind: 'varbinary' }
      return { kind: 'other', text: converted ?? 'BYTE_ARRAY' }
    default:
      return { kind: 'other', text: converted ?? element.type ?? 'ROW' }
  }
}

class ParquetFile implements ColumnarFile {
  readonly #file: FileReader
  readonly #metadata: FileMetaData
  readonly #wanted: readonly Wanted[]
  #group = 0
  #bytes = 0

  constructor(file: FileReader, metadata: FileMetaData, wanted: readonly Wanted[]) {
    this.#file = file
    this.#metadata = metadata
    this.#wanted = wanted
  }

  get path(): string {
    return this.#file.path
  }

  nextGroup(): Group | null {
    const group = this.#metadata.row_groups[this.#group++]
    if (group === undefined) return null
    const rows = Number(group.num_rows)
    const chunkOf = ({ field, leaf }: Wanted) => {
      const names = leaf.map(({ element }) => element.name)
      const chunk = group.columns.find(({ meta_data: data }) => sameNames(data, names))
      if (chunk === undefined) throw new Error(`column ${field.name} is missing in a row group`)
      return chunk
    }
    const leveled = ({ path, ...rest }: NestedLeaf) => {
      const wanted = { ...rest, path, leaf: path }
      const chunk = chunkOf(wanted)
      const values = Number(chunk.meta_data?.num_values ?? 0)
      return new ChunkCursor(this.#file, chunk, wanted, values).all()
    }
    // A chunk is read when its first run is asked for.
    const cursors = this.#wanted.map((wanted) => {
      const { path, leaf, field, type } = wanted
      if (isNested(type)) {
        const column = { name: field.name, type }
        return { next: () => nestedRun(rows, path, column, field, leveled) }
      }
      if (leaf.at(-1)!.children.length > 0) {
        return { next: () => presenceRun(rows, path, type, field, leveled) }
      }
      return new ChunkCursor(this.#file, chunkOf(wanted), wanted, rows)
    })
    this.#bytes += Number(group.total_compressed_size ?? group.total_byte_size)
    return { rows, next: (column) => cursors[column]!.next() }
  }

  progress(): { bytes: number; bytesTotal: number | null } {
    return { bytes: Math.min(this.#bytes, this.#file.size), bytesTotal: this.#file.size }
  }

  close(): void {
    this.#file.close()
  }
}

const sameNames = (data: Chunk['meta_data'], names: readonly string[]): boolean =>
  data?.path_in_schema.length === names.length &&
  names.every((name, at) => data.path_in_schema[at] === name)

/** Goes through the pages of one column chunk. */
class ChunkCursor {
  readonly #file: FileReader
  readonly #chunk: Chunk
  readonly #leaf: SchemaTree
  readonly #type: FileType
  readonly #field: Field
  /** Definition level of values of the chunk, and the one from which on what is asked for is there. */
  readonly #levelMax: number
  readonly #level: number
  /** Repetition level of the innermost list around values of the chunk. */
  readonly #repeatMax: number
  /** Of the run before, where there are lists around it. */
  #repeats: Int32Array = new Int32Array(0)
  #levels: Int32Array = new Int32Array(0)
  /** Rows of the group that no page has given yet. */
  #left: number
  #reader: { view: DataView; offset: number } | null = null
  #dictionary: Values | null = null

  constructor(file: FileReader, chunk: Chunk, { field, type, path, leaf }: Wanted, rows: number) {
    this.#file = file
    this.#chunk = chunk
    this.#leaf = leaf.at(-1)!
    this.#type = type
    this.#field = field
    this.#levelMax = levelOf(leaf)
    this.#level = levelOf(path)
    this.#repeatMax = leaf.filter(({ element }) => element.repetition_type === 'REPEATED').length
    this.#left = rows
  }

  /** All runs, with their levels. */
  all(): LeveledRun[] {
    const runs: LeveledRun[] = []
    while (this.#left > 0) {
      runs.push({ run: this.next(), repeats: this.#repeats, levels: this.#levels })
    }
    return runs
  }

  next(): Run {
    this.#reader ??= this.#load()
    for (;;) {
      const run = this.#page(this.#reader)
      if (run === null || run.rows === 0) continue
      if (run.rows > this.#left) throw new Error('a column has more values than rows')
      this.#left -= run.rows
      return run
    }
  }

  #load(): { view: DataView; offset: number } {
    const data = this.#chunk.meta_data
    if (data === undefined) throw new Error('a column has no metadata')
    const dictionary = Number(data.dictionary_page_offset ?? 0n)
    const first = Number(data.data_page_offset)
    // Some writers give 0 for a dictionary that is not there.
    const start = dictionary > 0 && dictionary < first ? dictionary : first
    const bytes = readBytes(this.#file, start, Number(data.total_compressed_size))
    return { view: new DataView(bytes), offset: 0 }
  }

  /** The next page as a run; null for a page without rows. */
  #page(reader: { view: DataView; offset: number }): Run | null {
    if (reader.offset >= reader.view.byteLength)
      throw new Error('a column has fewer values than rows')
    const header = hyparquet().parquetHeader(reader)
    const size = header.compressed_page_size
    if (!(size >= 0) || reader.offset + size > reader.view.byteLength) {
      throw new Error('a page is cut off')
    }
    const stored = new Uint8Array(reader.view.buffer, reader.view.byteOffset + reader.offset, size)
    reader.offset += size
    const plainSize = Number(header.uncompressed_page_size)
    switch (header.type) {
      case 'DICTIONARY_PAGE': {
        const count = header.dictionary_page_header?.num_values ?? 0
        const bytes = this.#decompress(stored, plainSize)
        this.#dictionary = this.#plain(bytes, count)
        return null
      }
      case 'DATA_PAGE': {
        const page = header.data_page_header
        if (page === undefined) throw new Error('a page has no header')
        let bytes = this.#decompress(stored, plainSize)
        /** Levels that lie before the values, behind their length. */
        const packed = (most: number) => {
          if (most === 0) return null
          const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
          const end = 4 + view.getUint32(0, true)
          if (end > bytes.length) throw new Error('a page is cut off')
          const levels = bytes.subarray(4, end)
          bytes = bytes.subarray(end)
          return levels
        }
        this.#repeat(packed(this.#repeatMax), page.num_values)
        const levels = packed(this.#levelMax)
        return this.#run(bytes, levels, page.num_values, page.encoding)
      }
      case 'DATA_PAGE_V2': {
        const page = header.data_page_header_v2
        if (page === undefined) throw new Error('a page has no header')
        const first = page.repetition_levels_byte_length
        const end = first + page.definition_levels_byte_length
        if (!(first >= 0 && end >= first && end <= size)) throw new Error('a page is cut off')
        const rest = stored.subarray(end)
        const isPlain = page.is_compressed === false
        const bytes = isPlain ? rest : this.#decompress(rest, plainSize - end)
        this.#repeat(stored.subarray(0, first), page.num_values)
        const levels = this.#levelMax > 0 ? stored.subarray(first, end) : null
        return this.#run(bytes, levels, page.num_values, page.encoding)
      }
      default:
        return null
    }
  }

  #decompress(stored: Uint8Array, plainSize: number): Uint8Array {
    const { decompressPage, compressors } = hyparquet()
    return decompressPage(stored, plainSize, this.#decoder().codec, compressors)
  }

  #decoder() {
    const data = this.#chunk.meta_data!
    return {
      ...data,
      pathInSchema: data.path_in_schema,
      element: this.#leaf.element,
      // Levels have been read: what is left looks like a column without NULLs.
      schemaPath: [],
      compressors: hyparquet().compressors,
      parsers: undefined as never,
    }
  }

  /** Keeps the repetition levels of a page. */
  #repeat(packed: Uint8Array | null, rows: number): void {
    const most = this.#repeatMax
    if (most === 0) return
    const width = 32 - Math.clz32(most)
    this.#repeats = packed?.length ? readHybrid(packed, width, rows) : new Int32Array(rows)
  }

  /** A page's values, by row: `packed` has the definition levels of the rows; null when all rows have a value. */
  #run(bytes: Uint8Array, packed: Uint8Array | null, rows: number, encoding: string): Run {
    const most = this.#levelMax
    const width = 32 - Math.clz32(most)
    const isFull =
      packed === null || packed.length === 0 || rows === 0 || isRepeated(packed, width, rows, most)
    const levels = isFull ? null : readHybrid(packed, width, rows)
    if (this.#repeatMax > 0) this.#levels = levels?.slice() ?? new Int32Array(rows).fill(most)
    if (this.#type.kind === 'struct') {
      const indexes = levels?.map((level, row) => (level >= this.#level ? row : -1)) ?? null
      return { ...presence(rows, this.#field), rows, indexes }
    }
    let count = rows
    levels?.forEach((level, row) => {
      levels[row] = level === most ? 1 : 0
      if (level !== most) count--
    })
    if (encoding.endsWith('_DICTIONARY')) {
      const values = this.#dictionary
      if (values === null) throw new Error('a dictionary is missing')
      const indexes = readHybrid(bytes.subarray(1), bytes[0] ?? 0, count)
      for (let at = 0; at < count; at++) {
        if (indexes[at]! >>> 0 >= values.count) throw new Error('a value is missing')
      }
      return { ...values, rows, indexes: levels === null ? indexes : spread(levels, indexes) }
    }
    const values = this.#decoded(bytes, count, encoding)
    if (values.count < count) throw new Error('a value is missing')
    return { ...values, rows, indexes: levels === null ? null : spread(levels, null) }
  }

  /** The values of a page that has no dictionary. */
  #decoded(bytes: Uint8Array, count: number, encoding: string): Values {
    if (encoding === 'PLAIN') return this.#plain(bytes, count)
    if (encoding === 'RLE' && this.#chunk.meta_data?.type === 'BOOLEAN') {
      // Behind the length of what follows.
      return laidBits(packedBits(readHybrid(bytes.subarray(4), 1, count)), count, this.#field)
    }
    const page = { num_values: count, encoding } as DataPageHeader
    return this.#values(hyparquet().readDataPage(bytes, page, this.#decoder()).dataPage)
  }

  /** Values as they are, of a page or a dictionary. */
  #plain(bytes: Uint8Array, count: number): Values {
    const { type, element } = this.#decoder()
    if (type === 'BOOLEAN') return laidBits(plainBits(bytes, count), count, this.#field)
    const { kind } = this.#type
    if (type === 'BYTE_ARRAY' && (kind === 'varchar' || kind === 'varbinary')) {
      return laidStrings(plainStrings(bytes, count), count, this.#type, this.#field)
    }
    const numbers = plainNumbers(bytes, type, count)
    if (numbers !== null) return this.#values(numbers)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return this.#values(
      hyparquet().readPlain({ view, offset: 0 }, type, count, element.type_length),
    )
  }

  #values(data: ArrayLike<unknown>): Values {
    const isJulian = this.#chunk.meta_data?.type === 'INT96'
    const given = isJulian ? Array.from(data as ArrayLike<bigint>, julianNanos) : data
    return readValues(unsigned(given as FileValues, this.#type), this.#type, this.#field)
  }
}

/** Numbers 0 and 1 as one bit each, lowest first. */
function packedBits(values: Int32Array): Uint8Array {
  const bits = new Uint8Array((values.length + 7) >> 3)
  values.forEach((value, at) => {
    bits[at >> 3]! |= value << (at & 7)
  })
  return bits
}

/** Indexes of the values there are, or 0, 1, 2 …, as indexes of rows: −1 where the level is 0. */
function spread(levels: Int32Array, indexes: Int32Array | null): Int32Array {
  const rows = new Int32Array(levels.length)
  let next = 0
  for (let row = 0; row < levels.length; row++) {
    if (levels[row] === 0) rows[row] = -1
    else rows[row] = indexes === null ? next++ : indexes[next++]!
  }
  return rows
}

/** Parquet stores unsigned integers in signed ones. */
function unsigned(given: FileValues, type: FileType): FileValues {
  if (type.kind !== 'integer' || type.signed) return given
  if (given instanceof BigInt64Array) {
    return new BigUint64Array(given.buffer, given.byteOffset, given.length)
  }
  if (given instanceof Int32Array && type.bits === 32) {
    return new Uint32Array(given.buffer, given.byteOffset, given.length)
  }
  return given
}

const JULIAN_EPOCH = 2_440_588n
const DAY_NANOS = 86_400_000_000_000n

/** INT96: days of the Julian calendar above 64 bits of nanoseconds in the day. */
function julianNanos(value: bigint): bigint {
  return ((value >> 64n) - JULIAN_EPOCH) * DAY_NANOS + BigInt.asUintN(64, value)
}
