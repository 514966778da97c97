/**
 * Codec: what happens, as the frames of log.ts say it, and the bytes that stand for it in a file.
 *
 * Format   extension of a data frame   0 until u64 · 8 time f64 (µs since 1970) · 16 bytes of removes u32 ·
 *                                      20 bytes of partitions u32 · 24 bytes of the origin u32 · 28 zeros ·
 *                                      32 removes f64[], partitions u32[], origin as JSON, each padded to 8
 *          payload of a data frame     an Arrow IPC message (message.ts)
 *          of a schema frame           an Arrow IPC message; the extension is JSON: {stream, fields}
 *          of the others               no extension, and JSON; of a statement what `v8.serialize` makes of it, as its
 *                                      parameters may be any values
 * Contract 1 (checked) a frame that was written is read back the same.
 *          2 (checked) rows are decoded when they are asked for.
 */
import { deserialize, serialize } from 'node:v8'
import type { Batch, Schema } from '../data/index.ts'
import {
  type CycleFrame,
  type DataFrame,
  type Frame,
  type IdleFrame,
  type LateOrigin,
  lazily,
  type StatementFrame,
} from './log.ts'
import { batchMessage, schemaMessage } from './message.ts'
import { type FoundFrame, frameTypes } from './segment.ts'

const DATA_EXTENSION_BYTES = 32
const encoder = new TextEncoder()
const decoder = new TextDecoder()

export interface Content {
  extension: Uint8Array
  payload: Uint8Array[]
}

const nothing = new Uint8Array(0)
const paddedTo8 = (length: number): number => (length + 7) & ~7
const jsonBytes = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value))
const jsonOf = <T>(bytes: Uint8Array): T => JSON.parse(decoder.decode(bytes)) as T

/** The bytes behind each other, each padded to 8. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + paddedTo8(length), 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += paddedTo8(piece.length)
  }
  return all
}

export function contentOf(frame: Frame): Content {
  switch (frame.kind) {
    case 'data':
      return dataContent(frame)
    case 'statement': {
      const { text, parameters, nowMicros } = frame
      return { extension: nothing, payload: [serialize({ text, parameters, nowMicros })] }
    }
    case 'cycle': {
      const { cycle, runs, nowMicros } = frame
      return { extension: nothing, payload: [jsonBytes({ cycle, runs, nowMicros })] }
    }
    case 'idle': {
      const { stream, partitions } = frame
      return { extension: nothing, payload: [jsonBytes({ stream, partitions })] }
    }
  }
}

function dataContent({ until, nowMicros, removes, partitions, late, batch }: DataFrame): Content {
  const bytesOf = (values: Float64Array | Uint32Array | null) =>
    values === null ? nothing : new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  const parts = [bytesOf(removes), bytesOf(partitions), late === null ? nothing : jsonBytes(late)]
  const head = new Uint8Array(DATA_EXTENSION_BYTES)
  const to = new DataView(head.buffer)
  to.setBigUint64(0, BigInt(until), true)
  to.setFloat64(8, nowMicros, true)
  for (const [at, { length }] of parts.entries()) to.setUint32(16 + 4 * at, length, true)
  return { extension: joined([head, ...parts]), payload: batchMessage(batch) }
}

/** A schema that frames of a stream have from here on. */
export function schemaContent(stream: string, schema: Schema): Content {
  const extension = joined([jsonBytes({ stream, fields: schema.fields })])
  return { extension, payload: [schemaMessage(schema)] }
}

export const schemaOf = (extension: Uint8Array): { stream: string; fields: Schema['fields'] } => {
  const end = extension.indexOf(0)
  return jsonOf(end < 0 ? extension : extension.subarray(0, end))
}

/** A frame of rows without them. */
export function dataOf(
  { offset, position, rows }: FoundFrame,
  { stream, extension, load }: { stream: string; extension: Uint8Array; load: () => Batch },
): DataFrame {
  const from = new DataView(extension.buffer, extension.byteOffset, extension.byteLength)
  let at = DATA_EXTENSION_BYTES
  const [removes, partitions, late] = [16, 20, 24].map((place) => {
    const length = from.getUint32(place, true)
    const part = extension.slice(at, at + length)
    at += paddedTo8(length)
    return part
  })
  return lazily(
    {
      kind: 'data',
      stream,
      offset,
      position,
      rows,
      until: Number(from.getBigUint64(0, true)),
      nowMicros: from.getFloat64(8, true),
      removes: removes!.length === 0 ? null : new Float64Array(removes!.buffer),
      partitions: partitions!.length === 0 ? null : new Uint32Array(partitions!.buffer),
      late: late!.length === 0 ? null : jsonOf<LateOrigin>(late!),
    },
    load,
  )
}

/** A frame that is none of rows. */
export function otherOf(
  { type, position }: FoundFrame,
  payload: Uint8Array,
): IdleFrame | StatementFrame | CycleFrame {
  if (type === frameTypes.statement) {
    const { text, parameters, nowMicros } = deserialize(payload)
    return { kind: 'statement', position, text, parameters, nowMicros }
  }
  if (type === frameTypes.idle) {
    const { stream, partitions } = jsonOf<Pick<IdleFrame, 'stream' | 'partitions'>>(payload)
    return { kind: 'idle', stream, position, partitions }
  }
  const { cycle, runs, nowMicros } = jsonOf<Omit<CycleFrame, 'kind' | 'position'>>(payload)
  return { kind: 'cycle', cycle, position, runs, nowMicros }
}
