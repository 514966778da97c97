/**
 * Arrow: reads Arrow IPC files and streams, record batch by record batch.
 *
 * How      A file is read as the stream of messages that its footer lists. Buffers of the usual types are taken as they
 *          are; columns in dictionary form take their values by index. LZ4 and ZSTD work.
 * Contract 1 (checked) a file cut short or damaged is a Failure malformed_file. A stream without its end mark that is
 *            cut exactly between two messages cannot be told from a whole one; the format allows it.
 * Cost     One record batch in memory. apache-arrow is loaded when the first file is opened, as that takes 50 ms.
 */
import { createRequire } from 'node:module'
import { zstdDecompressSync } from 'node:zlib'
import type * as Arrow from 'apache-arrow'
import type * as File from 'apache-arrow/ipc/metadata/file'
import type { FileReader } from '../../base/index.ts'
import {
  type Field,
  pathsOf,
  type ReaderOptions,
  type Schema,
  type SourceReader,
} from '../../data/index.ts'
import { ColumnBuilder } from '../column-builder.ts'
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
import { checkFooter, messageAt } from './arrow-message.ts'
import { nestedRun } from './arrow-nested.ts'
import { decodeLz4Frame } from './lz4.ts'
import { readBytes } from './parquet.ts'

const WHAT = 'Arrow'
const MAGIC = 'ARROW1'
/** The magic word and its padding. */
const HEAD_BYTES = 8

const load = createRequire(import.meta.url)
let loaded: typeof Arrow | null = null

function arrow(): typeof Arrow {
  if (loaded === null) {
    loaded = load('apache-arrow') as typeof Arrow
    const { compressionRegistry, CompressionType } = loaded
    compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: decodeLz4Frame })
    compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes) => zstdDecompressSync(bytes) })
  }
  return loaded
}

interface Column extends FileColumn {
  /** Its place among the columns, or among the members of its struct. */
  place: number
  members: readonly Column[]
}

export function inferArrow(file: FileReader): Schema | null {
  const stream = new Stream(file)
  const columns = decoding(file.path, WHAT, () => columnsOf(stream.open().schema))
  return { fields: inferredSchema(columns) }
}

export function openArrow(file: FileReader, schema: Schema, reader: ReaderOptions): SourceReader {
  const stream = new Stream(file)
  const batches = decoding(file.path, WHAT, () => stream.open())
  const columns = decoding(file.path, WHAT, () => columnsOf(batches.schema))
  const paths = pathsOf(schema.fields)
  const wanted = reader.projection.map((index) => {
    const field = schema.fields[index]!
    const places: number[] = []
    const column = findColumn(columns, paths[index]!, file.path, ({ place, members }) => {
      places.push(place)
      return members
    })
    checkReadable(field, column.type, file.path)
    return { field, type: column.type, places: [...places, column.place] }
  })
  return new ColumnarReader(new ArrowFile(stream, batches, wanted), WHAT, schema, reader)
}

/** The messages of the file or stream, read as they are asked for. */
class Stream {
  readonly file: FileReader
  position = 0

  constructor(file: FileReader) {
    this.file = file
  }

  open(): Arrow.RecordBatchReader {
    const isFile = this.#word(0) === MAGIC
    const source = isFile ? this.#blocks(this.#footer()) : this.#messages()
    const reader = arrow().RecordBatchReader.from(source)
    reader.open()
    if (reader.schema === undefined || reader.schema === null) throw new Error('it has no schema')
    return reader
  }

  #word(position: number): string {
    const bytes = new Uint8Array(MAGIC.length)
    const count = position < 0 ? 0 : this.file.read(bytes, position)
    return String.fromCharCode(...bytes.subarray(0, count))
  }

  /** A stream from front to back. */
  *#messages(): Generator<Uint8Array> {
    for (;;) {
      const message = messageAt(this.file, this.position)
      if (message === null) return
      this.position += message.length
      yield message
    }
  }

  #footer(): File.Footer {
    const { size } = this.file
    if (size < 3 * HEAD_BYTES || this.#word(size - MAGIC.length) !== MAGIC) {
      throw new Error('it does not end with ARROW1')
    }
    const end = size - MAGIC.length - 4
    const length = new DataView(readBytes(this.file, end, 4)).getInt32(0, true)
    // The whole package first: it completes what the footer is decoded with.
    arrow()
    const { Footer } = load('apache-arrow/ipc/metadata/file') as typeof File
    const bytes = new Uint8Array(readBytes(this.file, end - length, length))
    checkFooter(bytes)
    return Footer.decode(bytes)
  }

  /** A file as the stream that its footer describes: schema, dictionaries, record batches. */
  *#blocks(footer: File.Footer): Generator<Uint8Array> {
    yield schemaMessage(footer.schema)
    for (const block of [...footer.dictionaryBatches(), ...footer.recordBatches()]) {
      this.position = block.offset
      const message = messageAt(this.file, block.offset)
      if (message === null) throw new Error('a record batch is missing')
      yield message
    }
  }
}

/** The message −1 · length · schema, padded to 8 bytes; not every writer puts it into its files. */
function schemaMessage(schema: Arrow.Schema): Uint8Array {
  const { Message } = arrow()
  const body = Message.encode(Message.from(schema))
  const length = (body.length + 7) & ~7
  const bytes = new Uint8Array(8 + length)
  const view = new DataView(bytes.buffer)
  view.setInt32(0, -1, true)
  view.setInt32(4, length, true)
  bytes.set(body, 8)
  return bytes
}

interface Wanted {
  field: Field
  type: FileType
  /** Of the column and its members, down to the one that is meant. */
  places: readonly number[]
}

class ArrowFile implements ColumnarFile {
  readonly #stream: Stream
  readonly #batches: Arrow.RecordBatchReader
  readonly #wanted: readonly Wanted[]
  /** Dictionaries in our form, by their vector and the column that uses them. */
  readonly #dictionaries = new Map<number, { of: object; values: Values }>()

  constructor(stream: Stream, batches: Arrow.RecordBatchReader, wanted: readonly Wanted[]) {
    this.#stream = stream
    this.#batches = batches
    this.#wanted = wanted
  }

  get path(): string {
    return this.#stream.file.path
  }

  nextGroup(): Group | null {
    const next = this.#batches.next() as IteratorResult<Arrow.RecordBatch>
    if (next.done || next.value === undefined) return null
    const batch = next.value
    return { rows: batch.numRows, next: (column) => this.#run(batch, column) }
  }

  #run(batch: Arrow.RecordBatch, column: number): Run {
    const { field, places } = this.#wanted[column]!
    const rows = batch.numRows
    let data: Arrow.Data = batch.data
    const structs: Arrow.Data[] = []
    for (const place of places) {
      if (data !== batch.data) structs.push(data)
      const child = data.children[place] as Arrow.Data | undefined
      if (child === undefined || child.length !== rows || child.offset !== 0) {
        throw new Error(`column ${field.name} has not as many values as there are rows`)
      }
      data = child
    }
    return structs.reduce(withoutMissing, this.#valueRun(data, column))
  }

  /** The values of a column or a member, whatever the structs around it say. */
  #valueRun(data: Arrow.Data, column: number): Run {
    const { field, type } = this.#wanted[column]!
    if (type.kind === 'list' || type.kind === 'map') return nestedRun(data, type, field, leafRun)
    if (!data.dictionary) return leafRun(data, type, field)
    const vector = data.dictionary
    let known = this.#dictionaries.get(column)
    if (known?.of !== vector) {
      known = { of: vector, values: dictionaryValues(vector, type, field) }
      this.#dictionaries.set(column, known)
    }
    return sharedRun(data, vector, known.values)
  }

  progress(): { bytes: number; bytesTotal: number | null } {
    return { bytes: this.#stream.position, bytesTotal: this.#stream.file.size }
  }

  close(): void {
    this.#batches.cancel()
    this.#stream.file.close()
  }
}

/** Values that are neither lists nor maps; of structs their presence. */
function leafRun(data: Arrow.Data, type: FileType, field: Field): Run {
  const rows = data.length
  if (data.dictionary) {
    return sharedRun(data, data.dictionary, dictionaryValues(data.dictionary, type, field))
  }
  const values = type.kind === 'struct' ? presence(rows, field) : valuesOf(data, type, field)
  if (data.typeId === arrow().Type.Null) {
    return { ...values, rows, indexes: new Int32Array(rows).fill(-1) }
  }
  return { ...values, rows, indexes: data.nullCount === 0 ? null : validIndexes(data) }
}

/** Values in dictionary form. */
function sharedRun(data: Arrow.Data, vector: Arrow.Vector, values: Values): Run {
  const indexes = data.nullCount === 0 ? new Int32Array(data.length) : validIndexes(data)
  const given = data.values as ArrayLike<number | bigint>
  for (let row = 0; row < data.length; row++) {
    if (indexes[row]! < 0) continue
    const index = Number(given[row])
    if (!(index >= 0 && index < values.count)) throw new Error('a dictionary index is out of range')
    indexes[row] = vector.nullCount > 0 && !vector.isValid(index) ? -1 : index
  }
  return { ...values, rows: data.length, indexes }
}

/** What belongs to a struct that is NULL is NULL, too. */
function withoutMissing(run: Run, struct: Arrow.Data): Run {
  if (struct.nullCount === 0) return run
  const indexes = validIndexes(struct)
  indexes.forEach((index, row) => {
    if (index >= 0 && run.indexes !== null) indexes[row] = run.indexes[row]!
  })
  return { ...run, indexes }
}

/** Row → itself, or −1 where it is NULL. */
function validIndexes(data: Arrow.Data): Int32Array {
  const bitmap = data.nullBitmap
  if (!bitmap || bitmap.length * 8 < data.length) throw new Error('a validity bitmap is cut off')
  const indexes = new Int32Array(data.length)
  for (let row = 0; row < data.length; row++) {
    indexes[row] = ((bitmap[row >> 3]! >> (row & 7)) & 1) === 1 ? row : -1
  }
  return indexes
}

function valuesOf(data: Arrow.Data, type: FileType, field: Field): Values {
  const count = data.length
  const { Type } = arrow()
  switch (data.typeId) {
    case Type.Null:
      return nullValues(count, field)
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Binary:
    case Type.LargeBinary:
      return laidStrings(stringsOf(data), count, type, field)
    case Type.Bool: {
      const bits = data.values as Uint8Array
      if (bits.length * 8 < count) throw new Error('a column is cut off')
      return laidBits(bits, count, field)
    }
    case Type.Decimal: {
      const words = data.values as Uint32Array
      return readValues(wordsOf(words, count), type, field)
    }
    default: {
      if (type.kind === 'period') {
        return readValues(wordsOf(data.values as Int32Array, count), type, field)
      }
      const given = data.values as FileValues & { subarray(from: number, to: number): FileValues }
      if (given.length < count) throw new Error('a column is cut off')
      return readValues(given.length === count ? given : given.subarray(0, count), type, field)
    }
  }
}

/** Four words of each value. */
function wordsOf<T extends Int32Array | Uint32Array>(words: T, count: number): T[] {
  if (words.length < count * 4) throw new Error('a column is cut off')
  return Array.from({ length: count }, (_, row) => words.subarray(row * 4, row * 4 + 4) as T)
}

function nullValues(count: number, field: Field): Values {
  return { column: new ColumnBuilder(field, count), count, faults: null }
}

/** Offsets and bytes as they are; checked, as a wrong offset would read another string's bytes. */
function stringsOf(data: Arrow.Data): { offsets: Int32Array; bytes: Uint8Array } {
  const count = data.length
  const given = data.valueOffsets as Int32Array | BigInt64Array
  const offsets = given instanceof Int32Array ? given : Int32Array.from(given, Number)
  const bytes = data.values as Uint8Array
  // An empty column may come without offsets.
  if (count === 0) return { offsets: new Int32Array(1), bytes }
  if (offsets.length <= count) throw new Error('a column is cut off')
  let before = offsets[0]!
  for (let row = 1; row <= count; row++) {
    const offset = offsets[row]!
    if (before < 0 || offset < before) throw new Error('string offsets do not ascend')
    before = offset
  }
  if (before > bytes.length) throw new Error('a string ends behind its buffer')
  return { offsets, bytes }
}

function dictionaryValues(vector: Arrow.Vector, type: FileType, field: Field): Values {
  const [only] = vector.data
  if (vector.data.length === 1 && only !== undefined) return valuesOf(only, type, field)
  // A dictionary grown by deltas comes in parts.
  if (type.kind !== 'varchar') throw new Error('a dictionary of other than strings comes in parts')
  const texts = Array.from({ length: vector.length }, (_, index) => vector.get(index) ?? '')
  return readValues(texts, type, field)
}

const columnsOf = (schema: Arrow.Schema): Column[] => schema.fields.map(columnOf)

function columnOf({ name, type, nullable }: Arrow.Field, place: number): Column {
  if (typeof name !== 'string') throw new Error('a column has no name')
  const { DataType } = arrow()
  const members = DataType.isStruct(type) ? type.children.map(columnOf) : []
  const own: FileType = members.length > 0 ? { kind: 'struct', members } : fileType(type)
  return { name, type: own, nullable, place, members }
}

function fileType(type: Arrow.DataType): FileType {
  const { DataType, DateUnit, IntervalUnit, Precision } = arrow()
  if (DataType.isDictionary(type)) return fileType(type.dictionary)
  if (DataType.isStruct(type)) return { kind: 'struct', members: type.children.map(columnOf) }
  if (DataType.isList(type) || DataType.isFixedSizeList(type)) {
    return { kind: 'list', element: columnOf(type.children[0]!, 0) }
  }
  if (DataType.isMap(type)) {
    const [key, value] = (type.children[0]!.type as Arrow.Struct).children.map(columnOf)
    return { kind: 'map', key: key!, value: value! }
  }
  if (DataType.isBool(type)) return { kind: 'boolean' }
  if (DataType.isInt(type)) return { kind: 'integer', bits: type.bitWidth, signed: type.isSigned }
  if (DataType.isFloat(type) && type.precision !== Precision.HALF) return { kind: 'double' }
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isNull(type)) {
    return { kind: 'varchar' }
  }
  if (DataType.isBinary(type) || DataType.isLargeBinary(type)) return { kind: 'varbinary' }
  if (DataType.isTime(type)) return { kind: 'time', nanos: 10n ** BigInt(9 - 3 * type.unit) }
  if (DataType.isTimestamp(type)) {
    // Units count 0 for seconds up to 3 for nanoseconds.
    return { kind: 'timestamp', nanos: 10n ** BigInt(9 - 3 * type.unit) }
  }
  if (DataType.isDate(type)) {
    return { kind: 'date', unit: type.unit === DateUnit.DAY ? 'days' : 'millis' }
  }
  if (DataType.isDuration(type)) {
    return { kind: 'interval', nanos: 10n ** BigInt(9 - 3 * type.unit) }
  }
  if (DataType.isInterval(type) && type.unit === IntervalUnit.YEAR_MONTH) return { kind: 'months' }
  if (DataType.isInterval(type) && type.unit === IntervalUnit.MONTH_DAY_NANO)
    return { kind: 'period' }
  if (DataType.isDecimal(type) && type.bitWidth === 128) {
    return { kind: 'decimal', precision: type.precision, scale: type.scale }
  }
  return { kind: 'other', text: String(type).toUpperCase() }
}
