/**
 * Store: the frames of a log in the segments of a directory.
 *
 * How      1. Frames that are appended while a group is being written and synced form the next group: one write and one
 *             fdatasync in flight, for all streams together.
 *          2. The schema of a stream stands in each segment before its first rows there, so that a segment explains
 *             itself. Rows are written as they lie in memory.
 *          3. When nothing more is there to be written, a mark goes behind the last group: damage to that group is not
 *             taken for its torn end. Nobody waits for the mark.
 *          4. Rows are kept in memory while they are on their way, then in a cache of some size, and are read again
 *             from their place when they are asked for.
 *          5. `open` scans the segments and cuts off what the last write left unfinished, and changes whose rows are
 *             not all there. What is written from then on goes to a new segment with a new salt.
 * Contract 1 (checked) when `durable` has resolved, everything appended before it was called is found by every later
 *            `open`; what was not acknowledged is found up to some frame, or not at all.
 *          2 (checked) after a write or a sync that failed nothing more is taken: the device may have dropped what it
 *            was given, and would not say so again. What was read goes on being read.
 *          3 (checked) damage is told with the file and the range of bytes; nothing is left out silently.
 * Cost     a group costs one write and one sync; `open` reads all of the log.
 * See      "Can Applications Recover from fsync Failures?" (ATC 2020); KerA's virtual logs: one physical log for many
 *          streams
 */
import { join } from 'node:path'
import { assert, type Clock, type DataDisk, type DataFile, Failure } from '../base/index.ts'
import type { Batch, Schema } from '../data/index.ts'
import { type Content, contentOf, dataOf, otherOf, schemaContent, schemaOf } from './codec.ts'
import { type DataFrame, type Frame, type Journal, lazily } from './log.ts'
import { messageBatch } from './message.ts'
import {
  FIRST_GROUP,
  type FoundFrame,
  frameBytes,
  frameTypes,
  readFrame,
  readSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  scanSegment,
  segmentHeader,
} from './segment.ts'

export interface StoreOptions {
  disk: DataDisk
  directory: string
  clock: Clock
  /** A number that no segment had before. */
  salt: () => bigint
  /** A segment that has more bytes is followed by another one. */
  segmentBytes?: number
  /** Bytes of rows that are kept in memory beside those that are on their way. */
  cacheBytes?: number
  /** Bytes on their way beyond which `room` has whoever asks wait. */
  pendingBytes?: number
}

const SEGMENT_BYTES = 64 * 2 ** 20
const CACHE_BYTES = 128 * 2 ** 20
const PENDING_BYTES = 64 * 2 ** 20
/** Files that are open for reading. */
const FILES_MAX = 64
/** Pieces that are smaller go to the device together. */
const SMALL_BYTES = 64 * 2 ** 10
const empty: Content = { extension: new Uint8Array(0), payload: [] }
const segmentName = /^\d{12}\.segment$/

/** A schema that frames name by its number. */
interface Registered {
  id: number
  stream: string
  schema: Schema
  /** The segment in which its frame was written last. */
  segment: number
}

/** Rows that are in memory, or at a place on the disk, or both. */
interface Rows {
  batch: Batch | null
  bytes: number
  schema: Registered
  place: { segment: number; found: FoundFrame } | null
}

interface Pending {
  type: number
  offset: number
  rows: number
  position: number
  content: Content
  /** What a frame of rows is kept by. */
  kept: Rows | null
}

/** The segment that is being written. */
interface Tail {
  file: DataFile
  number: number
  salt: bigint
  size: number
  group: number
}

export class Store implements Journal {
  readonly frames: Frame[] = []
  readonly #options: StoreOptions
  readonly #directory: string
  readonly #schemas = new Map<number, Registered>()
  /** The schema that the next rows of a stream have, with its text. */
  readonly #current = new Map<string, { text: string; registered: Registered }>()
  #lastSchema = 0
  readonly #cache = new Set<Rows>()
  #cachedBytes = 0
  readonly #files = new Map<number, DataFile>()
  #pending: Pending[] = []
  #appended = 0
  #lasting = 0
  /** Bytes of rows that are on their way. */
  #pendingBytes = 0
  #waiting: { count: number; resolve: () => void; reject: (fault: unknown) => void }[] = []
  #writing: Promise<void> | null = null
  #tail: Tail | null = null
  #lastNumber = 0
  #chain = 0
  fault: Failure | null = null
  onFault: (fault: Failure) => void = () => {}

  private constructor(options: StoreOptions) {
    this.#options = options
    this.#directory = join(options.directory, 'log')
  }

  static async open(options: StoreOptions): Promise<Store> {
    const store = new Store(options)
    const { disk, directory } = options
    if (disk.names(store.#directory).length === 0) {
      disk.makeDirectory(store.#directory)
      await disk.syncDirectory(directory)
    }
    await store.#recover()
    return store
  }

  // ---------------------------------------------------------------- append

  append<T extends Frame>(frame: T): T {
    if (this.fault !== null) throw this.fault
    const { position } = frame
    const content = contentOf(frame)
    const [offset, rows] = frame.kind === 'data' ? [frame.offset, frame.rows] : [0, 0]
    const kept = frame.kind === 'data' ? this.#keep(frame, content) : null
    this.#pendingBytes += kept?.bytes ?? 0
    this.#pending.push({ type: frameTypes[frame.kind], offset, rows, position, content, kept })
    this.#appended++
    this.#writing ??= this.#pump()
    return kept === null ? frame : (lazily(frame as DataFrame, () => this.#load(kept)) as T)
  }

  /** Rows on their way stay in memory. */
  #keep({ stream, batch }: DataFrame, { payload }: Content): Rows {
    const bytes = payload.reduce((sum, { length }) => sum + length, 0)
    return { batch, bytes, schema: this.#registered(stream, batch.schema), place: null }
  }

  #registered(stream: string, schema: Schema): Registered {
    const text = JSON.stringify(schema.fields)
    const current = this.#current.get(stream)
    if (current?.text === text) return current.registered
    const registered = { id: ++this.#lastSchema, stream, schema, segment: 0 }
    this.#schemas.set(registered.id, registered)
    this.#current.set(stream, { text, registered })
    return registered
  }

  room(): Promise<void> | null {
    const { pendingBytes = PENDING_BYTES } = this.#options
    return this.fault !== null || this.#pendingBytes <= pendingBytes ? null : this.durable()
  }

  durable(): Promise<void> | null {
    if (this.fault !== null) return Promise.reject(this.fault)
    if (this.#lasting === this.#appended) return null
    return new Promise((resolve, reject) => {
      this.#waiting.push({ count: this.#appended, resolve, reject })
    })
  }

  async #pump(): Promise<void> {
    // What is appended in the same turn goes with it.
    await Promise.resolve()
    try {
      while (this.#pending.length > 0) {
        while (this.#pending.length > 0) await this.#writeGroup(this.#pending.splice(0))
        await this.#writeMark()
      }
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      const message = `the log takes nothing more, as a write failed: ${reason}`
      this.fault = new Failure('fenced', message, { cause })
      for (const { reject } of this.#waiting.splice(0)) reject(this.fault)
      this.onFault(this.fault)
    } finally {
      this.#writing = null
    }
  }

  async #writeGroup(group: Pending[]): Promise<void> {
    const tail = await this.#tailFor(group[0]!.position)
    const pieces: Uint8Array[] = []
    const places: { kept: Rows; found: FoundFrame }[] = []
    const put = (pending: Pending, schema: Registered | null, endsGroup: boolean): void => {
      const { type, offset, rows, position, content } = pending
      const ids = { stream: schema?.id ?? 0, schema: schema?.id ?? 0 }
      const header = { type, ...ids, group: tail.group, endsGroup, offset, rows, position }
      const frame = frameBytes(header, content, { salt: tail.salt, chain: this.#chain })
      pieces.push(...frame.pieces)
      const at = tail.size
      tail.size += frame.bytes
      this.#chain = frame.chain
      if (pending.kept === null) return
      const { extension, payload } = content
      const payloadBytes = payload.reduce((sum, { length }) => sum + length, 0)
      const lengths = { extensionBytes: extension.length, payloadBytes }
      const found = { ...header, ...lengths, at, end: tail.size, chain: frame.chain }
      places.push({ kept: pending.kept, found })
    }
    const start = tail.size
    for (const [index, pending] of group.entries()) {
      const schema = pending.kept?.schema ?? null
      if (schema !== null && schema.segment !== tail.number) {
        schema.segment = tail.number
        const content = schemaContent(schema.stream, schema.schema)
        const { position } = pending
        const type = frameTypes.schema
        put({ type, offset: 0, rows: 0, position, content, kept: null }, schema, false)
      }
      put(pending, schema, index === group.length - 1)
    }
    await tail.file.write(coalesced(pieces), start)
    await tail.file.sync()
    tail.group++
    for (const { kept, found } of places) {
      this.#pendingBytes -= kept.bytes
      this.#settle(kept, { segment: tail.number, found })
    }
    this.#lasting += group.length
    while (this.#waiting.length > 0 && this.#waiting[0]!.count <= this.#lasting)
      this.#waiting.shift()!.resolve()
  }

  /** The group before is on the device; whoever reads the mark knows. */
  async #writeMark(): Promise<void> {
    const tail = this.#tail!
    tail.size += await this.#markAt(tail.file, tail.size, tail)
  }

  /** Writes a mark, the first frame of `group`; gives its length. */
  async #markAt(
    file: DataFile,
    at: number,
    { group, salt }: { group: number; salt: bigint },
  ): Promise<number> {
    const nothing = { stream: 0, schema: 0, offset: 0, rows: 0, position: 0 }
    const header = { type: frameTypes.mark, ...nothing, group, endsGroup: false }
    const frame = frameBytes(header, empty, { salt, chain: this.#chain })
    await file.write(coalesced(frame.pieces), at)
    this.#chain = frame.chain
    return frame.bytes
  }

  /** The segment that takes the next group. */
  async #tailFor(position: number): Promise<Tail> {
    const { segmentBytes = SEGMENT_BYTES, disk, clock, salt } = this.#options
    if (this.#tail !== null && this.#tail.size < segmentBytes) return this.#tail
    // The next segment continues the chain of a mark that nobody has waited for.
    await this.#tail?.file.sync()
    const number = this.#lastNumber + 1
    const file = disk.open(this.#path(number), 'new')
    const header: SegmentHeader = {
      salt: salt(),
      number,
      position,
      createdMicros: Number(clock.nowMicros()),
      chain: this.#chain,
    }
    const size = SEGMENT_HEADER_BYTES
    await file.write([segmentHeader(header)], 0)
    await file.sync()
    await disk.syncDirectory(this.#directory)
    this.#lastNumber = number
    this.#hold(number, file)
    this.#tail = { file, number, salt: header.salt, size, group: FIRST_GROUP }
    return this.#tail
  }

  // ---------------------------------------------------------------- read

  #settle(kept: Rows, place: NonNullable<Rows['place']>): void {
    kept.place = place
    this.#cache.add(kept)
    this.#cachedBytes += kept.bytes
    this.#evict()
  }

  #evict(): void {
    const { cacheBytes = CACHE_BYTES } = this.#options
    for (const oldest of this.#cache) {
      if (this.#cachedBytes <= cacheBytes) return
      this.#cache.delete(oldest)
      this.#cachedBytes -= oldest.bytes
      oldest.batch = null
    }
  }

  #load(kept: Rows): Batch {
    const { batch, place } = kept
    if (batch !== null) {
      if (this.#cache.delete(kept)) this.#cache.add(kept)
      return batch
    }
    assert(place !== null, 'rows that are not in memory are on the disk')
    const { payload } = readFrame(this.#file(place.segment), place.found)
    const read = messageBatch(payload, kept.schema.schema)
    kept.batch = read
    this.#settle(kept, place)
    return read
  }

  #path(number: number): string {
    return join(this.#directory, `${String(number).padStart(12, '0')}.segment`)
  }

  #file(number: number): DataFile {
    const held = this.#files.get(number)
    const file = held ?? this.#options.disk.open(this.#path(number), 'read')
    this.#hold(number, file)
    return file
  }

  /** The files that were asked for last stay open. */
  #hold(number: number, file: DataFile): void {
    this.#files.delete(number)
    this.#files.set(number, file)
    for (const [oldest, unused] of this.#files) {
      if (this.#files.size <= FILES_MAX) return
      if (oldest === this.#tail?.number) continue
      this.#files.delete(oldest)
      unused.close()
    }
  }

  // ---------------------------------------------------------------- recovery

  async #recover(): Promise<void> {
    const { disk } = this.#options
    const names = disk.names(this.#directory).filter((name) => segmentName.test(name))
    const found: { frame: Frame; number: number; at: number; chain: number }[] = []
    let end: { header: SegmentHeader; frames: FoundFrame[]; at: number } | null = null
    let torn: DataFile | null = null
    for (const [index, name] of names.entries()) {
      const number = Number(name.slice(0, 12))
      const isLast = index === names.length - 1
      const file = this.#file(number)
      const header = readSegmentHeader(file)
      this.#lastNumber = number
      // A file gets its first frames when its header is on the device.
      if (header === null && isLast && file.size <= SEGMENT_HEADER_BYTES) {
        torn = file
        break
      }
      if (header === null) throw damage(file.path, 0, SEGMENT_HEADER_BYTES)
      if (header.number !== number || header.chain !== this.#chain) {
        const message = `${file.path} does not follow the segment before it, or one is missing`
        throw new Failure('damaged', message)
      }
      const scan = scanSegment(file, header, isLast)
      if (scan.rest.kind === 'damage') throw damage(file.path, scan.end, scan.rest.to)
      for (const one of scan.frames) {
        const frame = this.#frameOf(number, file, one)
        if (frame !== null) found.push({ frame, number, at: one.at, chain: this.#chain })
        this.#chain = one.chain
      }
      end = { header, frames: scan.frames, at: scan.end }
    }
    const whole = wholeChanges(found.map(({ frame }) => frame))
    const cut = found[whole]
    for (const { frame } of found.slice(0, whole)) this.frames.push(frame)
    if (cut !== undefined) {
      assert(cut.number === end?.header.number, 'what is not whole was the last write')
      this.#chain = cut.chain
    }
    if (end !== null) await this.#settleEnd(end.header, end.frames, cut?.at ?? end.at)
    if (torn !== null) this.#remove(torn)
  }

  #frameOf(number: number, file: DataFile, found: FoundFrame): Frame | null {
    if (found.type === frameTypes.mark) return null
    const { extension, payload } = readFrame(file, found)
    if (found.type === frameTypes.schema) {
      const { stream, fields } = schemaOf(extension)
      const schema = { fields }
      const registered = { id: found.schema, stream, schema, segment: number }
      this.#schemas.set(found.schema, registered)
      this.#lastSchema = Math.max(this.#lastSchema, found.schema)
      this.#current.set(stream, { text: JSON.stringify(fields), registered })
      return null
    }
    if (found.type !== frameTypes.data) return otherOf(found, payload)
    const schema = this.#schemas.get(found.schema)
    assert(schema !== undefined, 'a schema stands before its rows')
    const kept: Rows = { batch: null, bytes: found.payloadBytes, schema, place: null }
    kept.batch = messageBatch(payload, schema.schema)
    this.#settle(kept, { segment: number, found })
    const { stream } = schema
    return dataOf(found, { stream, extension, load: () => this.#load(kept) })
  }

  /**
   * The last segment ends here. What was read of its last group may not be on the device, and after a sync that failed
   * the system would not write it: it is written again. A mark says that from then on it is.
   */
  async #settleEnd(
    { number, salt }: SegmentHeader,
    frames: readonly FoundFrame[],
    at: number,
  ): Promise<void> {
    const from = provenIn(frames)
    const last = frames.findLast((frame) => frame.at < at)
    const file = this.#options.disk.open(this.#path(number), 'write')
    try {
      if (at < file.size) file.truncate(at)
      const bytes = new Uint8Array(Math.max(0, at - from))
      file.read(bytes, from)
      await file.write([bytes], from)
      await file.sync()
      if (last === undefined || last.type === frameTypes.mark) return
      await this.#markAt(file, at, { salt, group: last.group + 1 })
      await file.sync()
    } finally {
      file.close()
    }
  }

  #remove({ path }: DataFile): void {
    this.#files.get(this.#lastNumber)?.close()
    this.#files.delete(this.#lastNumber)
    // The name goes for good with the sync that gives the next segment its own.
    this.#options.disk.remove(path)
  }

  /** What is on its way lasts, if it can, and the files are closed. */
  async close(): Promise<void> {
    await this.#writing
    for (const file of this.#files.values()) file.close()
    this.#files.clear()
  }
}

function damage(path: string, from: number, to: number): Failure {
  return new Failure('damaged', `${path} is damaged from byte ${from} to ${to}`)
}

/** Up to where a segment is known to be on the device: where its last group begins. */
function provenIn(frames: readonly FoundFrame[]): number {
  const group = frames.at(-1)?.group ?? FIRST_GROUP
  return group === FIRST_GROUP ? 0 : frames.find((frame) => frame.group === group)!.at
}

/** How many of the frames are left when a last change goes that is not there as a whole. */
function wholeChanges(frames: readonly Frame[]): number {
  let count = frames.length
  for (; count > 0; count--) {
    const last = frames[count - 1]!
    if (last.kind !== 'data' || last.until <= last.position + last.rows) break
  }
  return count
}

/** The same bytes in fewer pieces. */
function coalesced(pieces: readonly Uint8Array[]): Uint8Array[] {
  const all: Uint8Array[] = []
  let small: Uint8Array[] = []
  const flush = () => {
    if (small.length > 0) all.push(small.length === 1 ? small[0]! : Buffer.concat(small))
    small = []
  }
  for (const piece of pieces) {
    if (piece.length < SMALL_BYTES) small.push(piece)
    else {
      flush()
      all.push(piece)
    }
  }
  flush()
  return all
}
