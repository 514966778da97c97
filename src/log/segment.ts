/**
 * Segment: one file of the log: a header, and frames one behind the other.
 *
 * Format   All numbers are little endian. A file is
 *
 *          0      header, 64 bytes, and 2048 bytes further the same once more; zeros up to 4096
 *          4096   frames, each at a multiple of 64
 *
 *          header   0 magic "MILLRACE" · 8 version u32 · 12 checksum u32 (2: CRC-32 of zlib) · 16 salt u64 ·
 *                   24 number of the segment u64 · 32 first position u64 · 40 created u64 (µs since 1970) ·
 *                   48 chain u32 · 52 zeros · 60 CRC of the first 60 bytes u32
 *          frame    0 magic u32 · 4 CRC of bytes 8 to 64 u32 · 8 low half of the salt u32 · 12 type u8 · 13 flags u8 ·
 *                   14 version u16 · 16 stream u32 · 20 group u32 · 24 offset of the first row u64 · 32 rows u32 ·
 *                   36 schema u32 · 40 length of the payload u32 · 44 CRC of extension and payload u32 ·
 *                   48 position u64 · 56 chain u32 · 60 length of the extension u32 ·
 *                   64 extension, payload, zeros up to a multiple of 64
 *
 *          The chain is the CRC of the frame before, of the segment before for the first one: a frame that was written
 *          in another place, or not at all, breaks it. The salt is drawn for each segment: what lay in the file before
 *          is no frame of it. A group is what one write brings, counted from 1 in each segment; flag 1 is at its last
 *          frame. A group is written when the one before is on the device; a mark, which has nothing but its header and
 *          begins the next group, says so while nothing else comes.
 * Contract 1 (checked) a scan gives the frames up to the first that is not whole, and says of that place whether it may
 *            be the torn end of the last write (nothing of a later group lies behind) or is damage.
 *          2 (checked) a payload is looked at when it is read.
 * Cost     64 bytes and two checksums per frame; a scan reads headers and small frames in windows of 1 MiB.
 * See      the write-ahead log of SQLite for salts and chains; record batches of Kafka
 */
import { crc32 } from 'node:zlib'
import { assert, type DataFile, Failure } from '../base/index.ts'

export const SEGMENT_HEADER_BYTES = 4096
const COPY_AT = 2048
const HEADER_BYTES = 64
const MAGIC = 'MILLRACE'
const VERSION = 1
const CRC_32 = 2
const FRAME_HEADER_BYTES = 64
const FRAME_MAGIC = 0x4d52_4652
const ALIGNMENT = 64
const LAST_OF_GROUP = 1
/** Groups are counted in each segment. */
export const FIRST_GROUP = 1
const WINDOW_BYTES = 2 ** 20

/** Kinds of frames, as they are numbered in files. */
export const frameTypes = { data: 1, schema: 2, statement: 3, cycle: 4, idle: 5, mark: 6 } as const

export interface SegmentHeader {
  salt: bigint
  number: number
  position: number
  createdMicros: number
  /** CRC of the last frame of the segment before; 0 for the first. */
  chain: number
}

/** What the header of a frame says. */
export interface FrameHeader {
  type: number
  stream: number
  group: number
  /** The last of what one write brings. */
  endsGroup: boolean
  offset: number
  rows: number
  schema: number
  position: number
  extensionBytes: number
  payloadBytes: number
}

/** A frame that was found in a file. */
export interface FoundFrame extends FrameHeader {
  /** Where it begins. */
  at: number
  /** Where the next one begins. */
  end: number
  /** CRC of its header, which the next frame repeats. */
  chain: number
}

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
const blank = new Uint8Array(ALIGNMENT)

// ---------------------------------------------------------------- the header of a file

export function segmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES)
  const to = view(bytes)
  for (let at = 0; at < MAGIC.length; at++) bytes[at] = MAGIC.charCodeAt(at)
  to.setUint32(8, VERSION, true)
  to.setUint32(12, CRC_32, true)
  to.setBigUint64(16, header.salt, true)
  to.setBigUint64(24, BigInt(header.number), true)
  to.setBigUint64(32, BigInt(header.position), true)
  to.setBigUint64(40, BigInt(header.createdMicros), true)
  to.setUint32(48, header.chain, true)
  to.setUint32(60, crc32(bytes.subarray(0, 60)), true)
  bytes.copyWithin(COPY_AT, 0, HEADER_BYTES)
  return bytes
}

/** The header of a file, from either copy; null where neither is whole. */
export function readSegmentHeader(file: DataFile): SegmentHeader | null {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES)
  file.read(bytes, 0)
  for (const at of [0, COPY_AT]) {
    const copy = bytes.subarray(at, at + HEADER_BYTES)
    const from = view(copy)
    const magic = String.fromCharCode(...copy.subarray(0, MAGIC.length))
    if (magic !== MAGIC || from.getUint32(60, true) !== crc32(copy.subarray(0, 60))) continue
    const version = from.getUint32(8, true)
    if (version !== VERSION || from.getUint32(12, true) !== CRC_32) {
      const message = `${file.path} has version ${version} of the format; this release reads ${VERSION}`
      throw new Failure('malformed_file', message)
    }
    return {
      salt: from.getBigUint64(16, true),
      number: Number(from.getBigUint64(24, true)),
      position: Number(from.getBigUint64(32, true)),
      createdMicros: Number(from.getBigUint64(40, true)),
      chain: from.getUint32(48, true),
    }
  }
  return null
}

// ---------------------------------------------------------------- frames

/** A frame as pieces to write, and the CRC that the next one repeats. */
export function frameBytes(
  header: Omit<FrameHeader, 'extensionBytes' | 'payloadBytes'>,
  { extension, payload }: { extension: Uint8Array; payload: readonly Uint8Array[] },
  { salt, chain }: { salt: bigint; chain: number },
): { pieces: Uint8Array[]; bytes: number; chain: number } {
  const payloadBytes = payload.reduce((sum, { length }) => sum + length, 0)
  assert(extension.length % 8 === 0, 'payloads are aligned')
  const content = payload.reduce((crc, piece) => crc32(piece, crc), crc32(extension))
  const bytes = new Uint8Array(FRAME_HEADER_BYTES)
  const to = view(bytes)
  to.setUint32(0, FRAME_MAGIC, true)
  to.setUint32(8, Number(salt & 0xffff_ffffn), true)
  to.setUint8(12, header.type)
  to.setUint8(13, header.endsGroup ? LAST_OF_GROUP : 0)
  to.setUint16(14, VERSION, true)
  to.setUint32(16, header.stream, true)
  to.setUint32(20, header.group, true)
  to.setBigUint64(24, BigInt(header.offset), true)
  to.setUint32(32, header.rows, true)
  to.setUint32(36, header.schema, true)
  to.setUint32(40, payloadBytes, true)
  to.setUint32(44, content, true)
  to.setBigUint64(48, BigInt(header.position), true)
  to.setUint32(56, chain, true)
  to.setUint32(60, extension.length, true)
  const own = crc32(bytes.subarray(8))
  to.setUint32(4, own, true)
  const length = FRAME_HEADER_BYTES + extension.length + payloadBytes
  const whole = aligned(length)
  const pieces = [bytes, extension, ...payload, blank.subarray(0, whole - length)]
  return { pieces, bytes: whole, chain: own }
}

/** Reads a file in windows. */
class Window {
  readonly #file: DataFile
  readonly #size: number
  #bytes = new Uint8Array(0)
  #start = 0

  constructor(file: DataFile) {
    this.#file = file
    this.#size = file.size
  }

  /** Up to `length` bytes at a place, fewer at the end of the file. */
  at(place: number, length: number): Uint8Array {
    const from = place - this.#start
    if (from < 0 || from + length > this.#bytes.length) {
      const room = Math.max(0, Math.min(this.#size - place, Math.max(WINDOW_BYTES, length)))
      const bytes = new Uint8Array(room)
      this.#bytes = bytes.subarray(0, this.#file.read(bytes, place))
      this.#start = place
    }
    return this.#bytes.subarray(place - this.#start, place - this.#start + length)
  }
}

type Segment = Pick<SegmentHeader, 'salt'>

/** The frame that begins at `at`; null where none of this segment does. */
function frameAt(window: Window, at: number, { salt }: Segment): FoundFrame | null {
  const bytes = window.at(at, FRAME_HEADER_BYTES)
  if (bytes.length < FRAME_HEADER_BYTES) return null
  const from = view(bytes)
  if (from.getUint32(0, true) !== FRAME_MAGIC) return null
  if (from.getUint32(4, true) !== crc32(bytes.subarray(8))) return null
  if (from.getUint32(8, true) !== Number(salt & 0xffff_ffffn)) return null
  const payloadBytes = from.getUint32(40, true)
  const extensionBytes = from.getUint32(60, true)
  return {
    type: from.getUint8(12),
    endsGroup: (from.getUint8(13) & LAST_OF_GROUP) !== 0,
    stream: from.getUint32(16, true),
    group: from.getUint32(20, true),
    offset: Number(from.getBigUint64(24, true)),
    rows: from.getUint32(32, true),
    schema: from.getUint32(36, true),
    position: Number(from.getBigUint64(48, true)),
    payloadBytes,
    extensionBytes,
    at,
    end: at + aligned(FRAME_HEADER_BYTES + extensionBytes + payloadBytes),
    chain: from.getUint32(4, true),
  }
}

/** What a scan has found. */
export interface Scan {
  frames: FoundFrame[]
  /** Where the frames end that are whole. */
  end: number
  /** Behind that: nothing; the torn end of the last write; or damage, up to where a later frame begins. */
  rest: { kind: 'none' | 'torn' } | { kind: 'damage'; to: number }
}

/**
 * The frames of a segment. In the last one the last write may have been torn, so its contents are looked at as well.
 */
export function scanSegment(file: DataFile, header: SegmentHeader, isLast: boolean): Scan {
  const window = new Window(file)
  const { size } = file
  const frames: FoundFrame[] = []
  let end = SEGMENT_HEADER_BYTES
  for (let chain = header.chain; end < size; ) {
    const frame = frameAt(window, end, header)
    if (frame === null || frame.end > size || chainOf(window, frame) !== chain) break
    if (isLast && !isWhole(window, frame)) break
    frames.push(frame)
    ;({ end, chain } = frame)
  }
  if (end >= size) return { frames, end, rest: { kind: 'none' } }
  return { frames, end, rest: restOf(window, { header, last: frames.at(-1), end, size, isLast }) }
}

const chainOf = (window: Window, { at }: FoundFrame): number =>
  view(window.at(at, FRAME_HEADER_BYTES)).getUint32(56, true)

/** Do extension and payload have the CRC that the header says? */
function isWhole(window: Window, frame: FoundFrame): boolean {
  const bytes = window.at(frame.at, frame.end - frame.at)
  return contentCrc(bytes, frame) === view(bytes).getUint32(44, true)
}

const contentCrc = (bytes: Uint8Array, { extensionBytes, payloadBytes }: FrameHeader): number =>
  crc32(bytes.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + extensionBytes + payloadBytes))

function restOf(
  window: Window,
  {
    header,
    last,
    end,
    size,
    isLast,
  }: {
    header: SegmentHeader
    last: FoundFrame | undefined
    end: number
    size: number
    isLast: boolean
  },
): Scan['rest'] {
  // The group that the place belongs to: one that a later group follows was on the device before that was written.
  const group = last === undefined ? FIRST_GROUP : last.group + (last.endsGroup ? 1 : 0)
  for (let at = end + ALIGNMENT; at < size; at += ALIGNMENT) {
    const found = frameAt(window, at, header)
    if (found === null) continue
    if (!isLast || found.group > group) return { kind: 'damage', to: at }
  }
  return isLast ? { kind: 'torn' } : { kind: 'damage', to: size }
}

/** The extension and the payload of a frame; throws a Failure that names the place where they are damaged. */
export function readFrame(
  file: DataFile,
  frame: FoundFrame,
): { extension: Uint8Array; payload: Uint8Array } {
  const bytes = new Uint8Array(frame.end - frame.at)
  const count = file.read(bytes, frame.at)
  if (count < bytes.length || contentCrc(bytes, frame) !== view(bytes).getUint32(44, true)) {
    const message = `${file.path} is damaged from byte ${frame.at} to ${frame.end}`
    throw new Failure('damaged', message)
  }
  const start = FRAME_HEADER_BYTES + frame.extensionBytes
  return {
    extension: bytes.subarray(FRAME_HEADER_BYTES, start),
    payload: bytes.subarray(start, start + frame.payloadBytes),
  }
}
