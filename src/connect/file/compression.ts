/**
 * Compression: text files packed by gzip or zstd, read as they unpack and written block by block.
 *
 * How      The first bytes are unpacked at once, so that a header can be looked at; the rest comes by way of node's
 *          streams, which unpack in a thread of their own while rows are decoded. What is written is packed block by
 *          block; blocks that follow each other are one file, as both formats have it.
 * Contract 1 (checked) a damaged or cut file is a Failure malformed_file that names the path, after the rows before.
 * Cost     Memory of a few blocks. gzip unpacks about 300 MB a second.
 */
import {
  constants,
  createGunzip,
  createZstdDecompress,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'
import { closeWhole, Failure, type FileReader, type FileWriter } from '../../base/index.ts'

export const codecs = ['none', 'gzip', 'zstd'] as const
export type Codec = (typeof codecs)[number]

/** Extensions by which a codec is known, and the one that written files get. */
export const codecExtensions: Record<string, Codec> = {
  gz: 'gzip',
  gzip: 'gzip',
  zst: 'zstd',
  zstd: 'zstd',
}

/** Packed bytes that are unpacked at once at the start, and in one step later on. */
const HEAD_BYTES = 256 * 1024
const STEP_BYTES = 256 * 1024
/** Unpacked bytes that may lie ready before unpacking rests. */
const READY_BYTES = 2 * 1024 * 1024
/** Bytes of a block that is packed by itself. */
const BLOCK_BYTES = 1024 * 1024

type Packed = Exclude<Codec, 'none'>

function damaged(path: string, cause: unknown): Failure {
  if (cause instanceof Failure) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Failure('malformed_file', `${path} cannot be unpacked: ${reason}`, { cause })
}

function readPacked(file: FileReader, bytesMax: number): Uint8Array {
  const bytes = new Uint8Array(Math.min(bytesMax, file.size))
  let length = 0
  for (let count = -1; count !== 0 && length < bytes.length; length += count) {
    count = file.read(bytes.subarray(length), length)
  }
  return bytes.subarray(0, length)
}

/** What can be unpacked of a file's start. */
function unpackStart(path: string, packed: Uint8Array, codec: Packed): Uint8Array {
  if (packed.length === 0) return packed
  try {
    return codec === 'gzip'
      ? gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH })
      : zstdDecompressSync(packed, { finishFlush: constants.ZSTD_e_continue })
  } catch (cause) {
    throw damaged(path, cause)
  }
}

/**
 * Where the zstd frame that begins at `from` ends; the end of the file where there is none. Node's decoder drops what
 * stands behind a frame in the bytes of one call, so that no call may go beyond one.
 */
function frameEnd(file: FileReader, from: number): number {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  if (file.read(bytes, from) < 5) return file.size
  const magic = view.getUint32(0, true)
  if (magic >>> 4 === 0x184d2a5) return Math.min(file.size, from + 8 + view.getUint32(4, true))
  if (magic !== 0xfd2fb528) return file.size
  const flags = bytes[4]!
  const single = (flags >> 5) & 1
  const sized = [single, 2, 4, 8][flags >> 6]!
  let at = from + 5 + (1 - single) + [0, 1, 2, 4][flags & 3]! + sized
  for (let last = 0; last === 0; ) {
    if (file.read(bytes.subarray(0, 3), at) < 3) return file.size
    const header = bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16)
    last = header & 1
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3)
  }
  return Math.min(file.size, at + ((flags >> 2) & 1) * 4)
}

function unpackFrames(file: FileReader, packed: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  for (let from = 0; from < packed.length; ) {
    const end = frameEnd(file, from)
    parts.push(zstdDecompressSync(packed.subarray(from, end)))
    from = end
  }
  return Buffer.concat(parts)
}

function inMemory(file: FileReader, bytes: Uint8Array): FileReader {
  return {
    path: file.path,
    size: bytes.length,
    read: (into, position) => {
      const part = bytes.subarray(position, position + into.length)
      into.set(part)
      return part.length
    },
    close: () => file.close(),
  }
}

/** The whole file unpacked, for formats that need all of it. */
export function unpackedWhole(file: FileReader, codec: Codec): FileReader {
  if (codec === 'none') return file
  const packed = readPacked(file, Number.POSITIVE_INFINITY)
  try {
    return inMemory(file, codec === 'gzip' ? gunzipSync(packed) : unpackFrames(file, packed))
  } catch (cause) {
    throw damaged(file.path, cause)
  }
}

/** The first lines of the file unpacked, to look at its columns. */
export function unpackedSample(file: FileReader, codec: Codec): FileReader {
  if (codec === 'none') return file
  if (file.size <= HEAD_BYTES) return unpackedWhole(file, codec)
  const packed = readPacked(file, HEAD_BYTES)
  const bytes = unpackStart(file.path, packed, codec)
  // A line that the cut shortens would be taken for what it is not.
  const end = bytes.lastIndexOf(10) + 1
  return inMemory(file, end === 0 ? bytes : bytes.subarray(0, end))
}

/** The file as its unpacked bytes, which are read front to back. */
export function unpacked(file: FileReader, codec: Codec): FileReader {
  return codec === 'none' ? file : new UnpackedFile(file, codec)
}

class UnpackedFile implements FileReader {
  readonly path: string
  readonly size: number
  readonly #file: FileReader
  readonly #head: Uint8Array
  readonly #stream: ReturnType<typeof createGunzip>
  /** Unpacked bytes from position `#base` on. */
  #ready: Uint8Array[] = []
  #base: number
  #readyBytes = 0
  /** Unpacked bytes that the head has already. */
  #skip: number
  #position = 0
  /** No step goes beyond it. */
  #frameEnd: number
  readonly #codec: Packed
  #ended = false
  #fault: unknown = null
  #step: Promise<void> | null = null

  constructor(file: FileReader, codec: Packed) {
    this.path = file.path
    this.size = file.size
    this.#file = file
    this.#codec = codec
    this.#frameEnd = codec === 'zstd' ? 0 : file.size
    this.#head = unpackStart(file.path, readPacked(file, HEAD_BYTES), codec)
    this.#base = this.#head.length
    this.#skip = this.#head.length
    const chunkSize = STEP_BYTES
    this.#stream =
      codec === 'gzip' ? createGunzip({ chunkSize }) : createZstdDecompress({ chunkSize })
    this.#stream.on('data', (bytes: Uint8Array) => this.#take(bytes))
    this.#stream.on('error', (fault) => {
      this.#fault ??= fault
    })
  }

  #take(given: Uint8Array): void {
    const bytes = given.subarray(Math.min(this.#skip, given.length))
    this.#skip -= given.length - bytes.length
    if (bytes.length === 0) return
    this.#ready.push(bytes)
    this.#readyBytes += bytes.length
  }

  read(into: Uint8Array, position: number): number {
    if (position < this.#head.length) {
      const part = this.#head.subarray(position, position + into.length)
      into.set(part)
      return part.length
    }
    let done = 0
    while (done < into.length && this.#ready.length > 0) {
      const first = this.#ready[0]!
      const from = position + done - this.#base
      const part = first.subarray(from, from + into.length - done)
      into.set(part, done)
      done += part.length
      if (from + part.length === first.length) {
        this.#ready.shift()
        this.#base += first.length
        this.#readyBytes -= first.length
      }
    }
    if (this.#readyBytes < READY_BYTES) this.#advance()
    if (done > 0) return done
    if (this.#fault !== null) throw damaged(this.path, this.#fault)
    return this.#ended ? 0 : -1
  }

  /** Unpacks on in the background, unless that is done or at work. */
  #advance(): void {
    if (this.#ended || this.#fault !== null || this.#step !== null) return
    this.#step = this.#unpack()
      .catch((fault) => {
        this.#fault ??= fault
      })
      .finally(() => {
        this.#step = null
      })
  }

  async #unpack(): Promise<void> {
    if (this.#codec === 'zstd' && this.#position === this.#frameEnd) {
      this.#frameEnd = frameEnd(this.#file, this.#position)
    }
    const packed = new Uint8Array(Math.min(STEP_BYTES, this.#frameEnd - this.#position))
    const count = this.#file.read(packed, this.#position)
    this.#position += count
    const stream = this.#stream
    await new Promise<void>((resolve) => {
      // An error closes the stream; what it was is kept by the listener of the constructor.
      const settle = () => {
        stream.off('close', settle)
        resolve()
      }
      stream.once('close', settle)
      if (count > 0) stream.write(packed.subarray(0, count), settle)
      else stream.end()
    })
    if (count === 0) this.#ended = true
  }

  async more(): Promise<void> {
    while (this.#ready.length === 0 && !this.#ended && this.#fault === null) {
      this.#advance()
      await this.#step
    }
  }

  used(): number {
    return this.#position
  }

  close(): void {
    this.#ended = true
    this.#stream.destroy()
    this.#file.close()
  }
}

/** A file that packs what is written to it. */
export function packed(file: FileWriter, codec: Codec): FileWriter {
  if (codec === 'none') return file
  let blocks: Uint8Array[] = []
  let bytes = 0
  const flush = () => {
    const block = Buffer.concat(blocks)
    file.write(codec === 'gzip' ? gzipSync(block) : zstdCompressSync(block))
    blocks = []
    bytes = 0
  }
  return {
    path: file.path,
    write: (given) => {
      blocks.push(given.slice())
      bytes += given.length
      if (bytes >= BLOCK_BYTES) flush()
    },
    close: () =>
      closeWhole(file, () => {
        if (bytes > 0) flush()
      }),
    abort: () => file.abort(),
  }
}
