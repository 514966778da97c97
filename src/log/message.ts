/**
 * Message: batches and schemas as Arrow IPC messages, and batches back, without copying what lies in the columns.
 *
 * Format   [−1 i32] [length of the metadata i32] [metadata, a flatbuffer, padded to 8] [body: the buffers of each
 *          column, each padded to 8]. A column has a validity bitmap (empty when no value is NULL), offsets where its
 *          values are bytes, and values. It is stored as it lies in memory: TINYINT and SMALLINT as int32, DECIMAL and
 *          INTERVAL as int64, nested values and wide decimals as binary; each field of the schema names its type in
 *          SQL beside it.
 * Contract 1 (checked) what was written is read back the same, and by apache-arrow too.
 *          2 (checked) a message whose buffers do not lie inside it, or do not fit the columns, is an Error:
 *            flatbuffers are read without such looks.
 * Cost     a few microseconds and the metadata (some 64 bytes per column) for each message; reading copies nothing.
 * See      Schema.fbs and Message.fbs of Apache Arrow
 */
import { Binary } from 'apache-arrow/fb/binary'
import { Bool } from 'apache-arrow/fb/bool'
import { Buffer as BodyBuffer } from 'apache-arrow/fb/buffer'
import { Date as ArrowDate } from 'apache-arrow/fb/date'
import { Field as ArrowField } from 'apache-arrow/fb/field'
import { FieldNode } from 'apache-arrow/fb/field-node'
import { FloatingPoint } from 'apache-arrow/fb/floating-point'
import { Int } from 'apache-arrow/fb/int'
import { KeyValue } from 'apache-arrow/fb/key-value'
import { Message } from 'apache-arrow/fb/message'
import { MessageHeader } from 'apache-arrow/fb/message-header'
import { MetadataVersion } from 'apache-arrow/fb/metadata-version'
import { Precision } from 'apache-arrow/fb/precision'
import { RecordBatch } from 'apache-arrow/fb/record-batch'
import { Schema as ArrowSchema } from 'apache-arrow/fb/schema'
import { TimeUnit } from 'apache-arrow/fb/time-unit'
import { Timestamp } from 'apache-arrow/fb/timestamp'
import { Type as ArrowType } from 'apache-arrow/fb/type'
import { Utf8 } from 'apache-arrow/fb/utf8'
import { Builder, ByteBuffer } from 'flatbuffers'
import {
  type Batch,
  type Column,
  type ColumnValues,
  type Field,
  layoutOf,
  type Schema,
  typeText,
} from '../data/index.ts'

const PREFIX_BYTES = 8
const ALIGNMENT = 8
const nothing = new Uint8Array(0)
const padding = new Uint8Array(ALIGNMENT)

const paddedTo8 = (bytes: number): number => (bytes + ALIGNMENT - 1) & -ALIGNMENT

const bytesOf = (values: Int32Array | BigInt64Array | Float64Array, length: number): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, length * values.BYTES_PER_ELEMENT)

/** The buffers of a column, as far as its rows go. */
function buffersOf({ data, validity }: Column, rows: number): Uint8Array[] {
  const bits = (rows + 7) >> 3
  const present = validity === null ? nothing : validity.subarray(0, bits)
  switch (data.layout) {
    case 'utf8': {
      const { offsets, bytes } = data
      const [start, end] = [offsets[0]!, offsets[rows]!]
      if (start === 0) return [present, bytesOf(offsets, rows + 1), bytes.subarray(0, end)]
      const moved = offsets.slice(0, rows + 1).map((offset) => offset - start)
      return [present, bytesOf(moved, rows + 1), bytes.subarray(start, end)]
    }
    case 'bits':
      return [present, data.values.subarray(0, bits)]
    default:
      return [present, bytesOf(data.values, rows)]
  }
}

function absentIn(present: Uint8Array, rows: number): number {
  let known = 0
  for (let row = 0; row < rows; row++) known += (present[row >> 3]! >> (row & 7)) & 1
  return rows - known
}

/** The prefix and the metadata of a message. */
function headOf(
  builder: Builder,
  header: { type: MessageHeader; at: number; body: number },
): Uint8Array {
  Message.startMessage(builder)
  Message.addVersion(builder, MetadataVersion.V5)
  Message.addHeaderType(builder, header.type)
  Message.addHeader(builder, header.at)
  Message.addBodyLength(builder, BigInt(header.body))
  builder.finish(Message.endMessage(builder))
  const metadata = builder.asUint8Array()
  const length = paddedTo8(metadata.length)
  const head = new Uint8Array(PREFIX_BYTES + length)
  const view = new DataView(head.buffer)
  view.setInt32(0, -1, true)
  view.setInt32(4, length, true)
  head.set(metadata, PREFIX_BYTES)
  return head
}

/** A batch as a message, in pieces: those behind the first are the columns themselves, which must not change. */
export function batchMessage({ columns, rows }: Batch): Uint8Array[] {
  const buffers = columns.map((column) => buffersOf(column, rows))
  const builder = new Builder(64 + 64 * columns.length)
  let body = 0
  const places = buffers.flat().map((bytes) => {
    const place = { at: body, length: bytes.length }
    body += paddedTo8(bytes.length)
    return place
  })
  // A flatbuffer is written from its end on.
  RecordBatch.startBuffersVector(builder, places.length)
  for (const { at, length } of places.toReversed())
    BodyBuffer.createBuffer(builder, BigInt(at), BigInt(length))
  const listed = builder.endVector()
  RecordBatch.startNodesVector(builder, columns.length)
  for (const [present] of buffers.toReversed()) {
    const absent = present!.length === 0 ? 0 : absentIn(present!, rows)
    FieldNode.createFieldNode(builder, BigInt(rows), BigInt(absent))
  }
  const nodes = builder.endVector()
  RecordBatch.startRecordBatch(builder)
  RecordBatch.addLength(builder, BigInt(rows))
  RecordBatch.addNodes(builder, nodes)
  RecordBatch.addBuffers(builder, listed)
  const at = RecordBatch.endRecordBatch(builder)
  const pieces = [headOf(builder, { type: MessageHeader.RecordBatch, at, body })]
  for (const bytes of buffers.flat()) {
    pieces.push(bytes)
    const blank = paddedTo8(bytes.length) - bytes.length
    if (blank > 0) pieces.push(padding.subarray(0, blank))
  }
  return pieces
}

/** The rows of a message of this schema, whose columns are views of `message`; it begins at a multiple of 8 bytes. */
export function messageBatch(message: Uint8Array, schema: Schema): Batch {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  if (message.length < PREFIX_BYTES || view.getInt32(0, true) !== -1) throw malformed('its prefix')
  const start = PREFIX_BYTES + view.getInt32(4, true)
  if (!(start > PREFIX_BYTES && start <= message.length)) throw malformed('its metadata')
  const metadata = Message.getRootAsMessage(new ByteBuffer(message.subarray(PREFIX_BYTES, start)))
  const batch = metadata.header(new RecordBatch()) as RecordBatch | null
  if (metadata.headerType() !== MessageHeader.RecordBatch || batch === null)
    throw malformed('its kind')
  const body = message.subarray(start)
  const rows = Number(batch.length())
  let next = 0
  const take = (): Uint8Array => {
    const place = batch.buffers(next++)
    if (place === null) throw malformed('its buffers')
    const [at, length] = [Number(place.offset()), Number(place.length())]
    if (at < 0 || length < 0 || at % ALIGNMENT !== 0 || at + length > body.length)
      throw malformed('a buffer')
    return body.subarray(at, at + length)
  }
  const columns = schema.fields.map(({ type }): Column => {
    const present = take()
    const data = valuesOf(layoutOf(type), rows, take)
    if (present.length > 0 && present.length < (rows + 7) >> 3) throw malformed('a bitmap')
    return { type, data, validity: present.length === 0 ? null : present }
  })
  return { schema, rows, columns }
}

const malformed = (what: string) => new Error(`${what} is malformed`)

function valuesOf(
  layout: ColumnValues['layout'],
  rows: number,
  take: () => Uint8Array,
): ColumnValues {
  const words = <T>(bytes: Uint8Array, size: number, count: number, make: WordsOf<T>): T => {
    if (bytes.length < count * size) throw malformed('a column')
    return new make(bytes.buffer, bytes.byteOffset, count)
  }
  const bytes = take()
  switch (layout) {
    case 'i32':
      return { layout, values: words(bytes, 4, rows, Int32Array) }
    case 'i64':
      return { layout, values: words(bytes, 8, rows, BigInt64Array) }
    case 'f64':
      return { layout, values: words(bytes, 8, rows, Float64Array) }
    case 'bits':
      if (bytes.length < (rows + 7) >> 3) throw malformed('a column')
      return { layout, values: bytes }
    case 'utf8': {
      const offsets = words(bytes, 4, rows + 1, Int32Array)
      const values = take()
      let last = 0
      for (const offset of offsets) {
        if (offset < last || offset > values.length) throw malformed('an offset')
        last = offset
      }
      return { layout, offsets, bytes: values }
    }
  }
}

type WordsOf<T> = new (buffer: ArrayBufferLike, offset: number, length: number) => T

// ---------------------------------------------------------------- schemas

/** A schema as a message: what apache-arrow reads before the messages of its batches. */
export function schemaMessage({ fields }: Schema): Uint8Array {
  const builder = new Builder(256)
  const places = fields.map((field) => fieldOf(builder, field))
  const vector = ArrowSchema.createFieldsVector(builder, places)
  ArrowSchema.startSchema(builder)
  ArrowSchema.addFields(builder, vector)
  const at = ArrowSchema.endSchema(builder)
  return headOf(builder, { type: MessageHeader.Schema, at, body: 0 })
}

function fieldOf(builder: Builder, { name, type, nullable }: Field): number {
  const named = builder.createString(name)
  const key = builder.createString('sql')
  const text = builder.createString(typeText(type))
  const metadata = ArrowField.createCustomMetadataVector(builder, [
    KeyValue.createKeyValue(builder, key, text),
  ])
  const children = ArrowField.createChildrenVector(builder, [])
  const arrow = arrowTypeOf(builder, type)
  ArrowField.startField(builder)
  ArrowField.addName(builder, named)
  ArrowField.addNullable(builder, nullable)
  ArrowField.addTypeType(builder, arrow.kind)
  ArrowField.addType(builder, arrow.at)
  ArrowField.addChildren(builder, children)
  ArrowField.addCustomMetadata(builder, metadata)
  return ArrowField.endField(builder)
}

function arrowTypeOf(builder: Builder, type: Field['type']): { kind: ArrowType; at: number } {
  switch (layoutOf(type)) {
    case 'i32':
      // Days since 1970 are the unit that a date without one has.
      if (type.kind === 'date') return { kind: ArrowType.Date, at: dateOf(builder) }
      return { kind: ArrowType.Int, at: Int.createInt(builder, 32, true) }
    case 'i64':
      if (type.kind === 'timestamp') return timestampOf(builder, type.zoned === true)
      return { kind: ArrowType.Int, at: Int.createInt(builder, 64, true) }
    case 'f64':
      return {
        kind: ArrowType.FloatingPoint,
        at: FloatingPoint.createFloatingPoint(builder, Precision.DOUBLE),
      }
    case 'bits':
      return { kind: ArrowType.Bool, at: Bool.createBool(builder) }
    case 'utf8':
      return type.kind === 'varchar' || type.kind === 'json'
        ? { kind: ArrowType.Utf8, at: Utf8.createUtf8(builder) }
        : { kind: ArrowType.Binary, at: Binary.createBinary(builder) }
  }
}

const dateOf = (builder: Builder): number => ArrowDate.createDate(builder, 0)

function timestampOf(builder: Builder, zoned: boolean): { kind: ArrowType; at: number } {
  const zone = zoned ? builder.createString('UTC') : 0
  const at = Timestamp.createTimestamp(builder, TimeUnit.MICROSECOND, zone)
  return { kind: ArrowType.Timestamp, at }
}
