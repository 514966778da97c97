/**
 * Arrow message: cuts an Arrow IPC file or stream into its messages, and looks at each before apache-arrow decodes it.
 *
 * Format   message   [−1, 4 bytes] · length of the metadata, 4 bytes · metadata (a flatbuffer) · body.
 *          metadata  table Message {0 version, 1 header type, 2 header, 3 body length}; header table RecordBatch
 *                    {0 rows, 1 nodes, 2 buffers …} or DictionaryBatch {0 id, 1 RecordBatch …}.
 * Contract 1 (checked) the body lies inside the file, and vectors of batches and schemas inside the metadata.
 *            Flatbuffers are read without such checks, so that one damaged length would fill the memory.
 * See      Message.fbs of Apache Arrow; the internals page of FlatBuffers for tables and vectors.
 */
import type { FileReader } from '../../base/index.ts'
import { readBytes } from './parquet.ts'

const CONTINUED = -1
const SCHEMA = 1
const DICTIONARY_BATCH = 2
const RECORD_BATCH = 3
const DEPTH_MAX = 64

/** The whole message at `position`; null where a stream ends. */
export function messageAt(file: FileReader, position: number): Uint8Array | null {
  if (position === file.size) return null
  const first = new DataView(readBytes(file, position, 4)).getInt32(0, true)
  const isContinued = first === CONTINUED
  const length = isContinued
    ? new DataView(readBytes(file, position + 4, 4)).getInt32(0, true)
    : first
  if (length === 0) return null
  const prefix = isContinued ? 8 : 4
  const metadata = new DataView(readBytes(file, position + prefix, length))
  return new Uint8Array(readBytes(file, position, prefix + length + bodyBytes(metadata)))
}

/** Length of the body that follows the metadata. */
function bodyBytes(view: DataView): number {
  const message = view.getUint32(0, true)
  const type = field(view, message, 1)
  const header = field(view, message, 2)
  const body = field(view, message, 3)
  if (type === 0 || header === 0) throw new Error('a message has no header')
  const kind = view.getUint8(type)
  if (kind === SCHEMA) checkFields(view, target(view, header), 1, 0)
  if (kind === RECORD_BATCH) checkBatch(view, target(view, header))
  if (kind === DICTIONARY_BATCH) {
    const data = field(view, target(view, header), 1)
    if (data === 0) throw new Error('a dictionary has no values')
    checkBatch(view, target(view, data))
  }
  return body === 0 ? 0 : Number(view.getBigInt64(body, true))
}

/** Nodes and buffers are structs of 16 bytes. */
function checkBatch(view: DataView, batch: number): void {
  vector(view, batch, 1, 16)
  vector(view, batch, 2, 16)
}

/** Footer {0 version, 1 schema, 2 dictionaries, 3 record batches}; blocks are structs of 24 bytes. */
export function checkFooter(footer: Uint8Array): void {
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength)
  const root = view.getUint32(0, true)
  const schema = field(view, root, 1)
  if (schema !== 0) checkFields(view, target(view, schema), 1, 0)
  vector(view, root, 2, 24)
  vector(view, root, 3, 24)
}

/** Fields of a Schema {0 endianness, 1 fields, 2 metadata}, children of a Field {… 5 children, 6 metadata}. */
function checkFields(view: DataView, table: number, index: number, depth: number): void {
  if (depth > DEPTH_MAX) throw new Error('its columns are nested too deep')
  const { start, count } = vector(view, table, index, 4)
  vector(view, table, index + 1, 4)
  for (let at = 0; at < count; at++) checkFields(view, target(view, start + 4 * at), 5, depth + 1)
}

/** Where the vector in a field of a table begins, and how many elements it has; it must lie inside the view. */
function vector(
  view: DataView,
  table: number,
  index: number,
  elementBytes: number,
): { start: number; count: number } {
  const position = field(view, table, index)
  if (position === 0) return { start: 0, count: 0 }
  const start = target(view, position) + 4
  const count = view.getUint32(start - 4, true)
  if (start + count * elementBytes > view.byteLength) throw new Error('its metadata is damaged')
  return { start, count }
}

/** Position of a field of a table, or 0 when the table does not have it. */
function field(view: DataView, table: number, index: number): number {
  const fields = table - view.getInt32(table, true)
  const entry = 4 + 2 * index
  if (entry >= view.getUint16(fields, true)) return 0
  const offset = view.getUint16(fields + entry, true)
  return offset === 0 ? 0 : table + offset
}

/** Where the offset at `position` leads. */
function target(view: DataView, position: number): number {
  return position + view.getUint32(position, true)
}
