/**
 * Data-disk: the directory that a database lives in: files that are written at places and last when they are told to.
 *
 * How      Writes and syncs are asynchronous, as they wait for the device; the rest answers at once. Simulated disks
 *          implement the same, and lose what was not synced.
 * Contract 1 (checked) a call that fails throws a Failure with code `file`, or `disk_full`, that names the path.
 *          2 (trusted) what was written before `sync` was called is there after a loss of power once it has resolved; a
 *            name, once `syncDirectory` of its directory has.
 * See      fdatasync(2), fsync(2) on directories
 */
import {
  closeSync,
  existsSync,
  fdatasync,
  fstatSync,
  fsync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  unlinkSync,
  writev,
} from 'node:fs'
import { Failure } from './fault.ts'

export interface DataFile {
  readonly path: string
  readonly size: number
  /** Reads up to `into.length` bytes at `position`; returns how many, fewer only at the end. */
  read(into: Uint8Array, position: number): number
  /** Writes pieces one behind the other from `position` on. They are not changed until it has resolved. */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>
  /** Resolves when all that was written lasts. */
  sync(): Promise<void>
  truncate(size: number): void
  close(): void
}

export interface DataDisk {
  /** Names in a directory, sorted by code units; none where it is not there. */
  names(directory: string): string[]
  /** Opens a file; `new`: it is empty and was not there. */
  open(path: string, how: 'new' | 'write' | 'read'): DataFile
  /** Makes a directory, and those it lies in, where they are not there; gives the first that it made, or null. */
  makeDirectory(path: string): string | null
  /** Resolves when the names in a directory last. */
  syncDirectory(path: string): Promise<void>
  remove(path: string): void
}

function failure(path: string, verb: string, cause: unknown): Failure {
  const reason = cause instanceof Error ? cause.message.replace(/^[A-Z]+: /, '') : String(cause)
  const { code } = cause as NodeJS.ErrnoException
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  return new Failure(isFull ? 'disk_full' : 'file', `cannot ${verb} ${path}: ${reason}`, { cause })
}

function guard<T>(path: string, verb: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    throw failure(path, verb, cause)
  }
}

/** A call of `node:fs` as a promise. */
function awaited<T>(
  path: string,
  verb: string,
  call: (done: (error: Error | null, value?: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      if (error === null) resolve(value as T)
      else reject(failure(path, verb, error))
    })
  })
}

/** What is left of pieces behind their first `done` bytes. */
function rest(pieces: readonly Uint8Array[], done: number): Uint8Array[] {
  let skipped = 0
  for (const [at, piece] of pieces.entries()) {
    if (done < skipped + piece.length)
      return [piece.subarray(done - skipped), ...pieces.slice(at + 1)]
    skipped += piece.length
  }
  return []
}

class SystemFile implements DataFile {
  readonly path: string
  readonly #descriptor: number

  constructor(path: string, how: 'new' | 'write' | 'read') {
    this.path = path
    this.#descriptor = openSync(path, { new: 'wx+', write: 'r+', read: 'r' }[how])
  }

  get size(): number {
    return guard(this.path, 'look at', () => fstatSync(this.#descriptor).size)
  }

  read(into: Uint8Array, position: number): number {
    return guard(this.path, 'read', () => {
      let done = 0
      while (done < into.length) {
        const left = into.length - done
        const count = readSync(this.#descriptor, into, done, left, position + done)
        if (count === 0) break
        done += count
      }
      return done
    })
  }

  async write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    let at = position
    // A write may stop anywhere.
    for (let left = rest(pieces, 0); left.length > 0; ) {
      const [now, from] = [left, at]
      const call = (done: (error: Error | null, count?: number) => void) =>
        writev(this.#descriptor, now, from, done)
      const count = await awaited<number>(this.path, 'write', call)
      at += count
      left = rest(now, count)
    }
  }

  sync(): Promise<void> {
    return awaited(this.path, 'sync', (done) => fdatasync(this.#descriptor, done))
  }

  truncate(size: number): void {
    guard(this.path, 'truncate', () => ftruncateSync(this.#descriptor, size))
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

export const systemDataDisk: DataDisk & { removeAll(directory: string): void } = {
  names: (directory) =>
    guard(directory, 'list', () => (existsSync(directory) ? readdirSync(directory).sort() : [])),
  open: (path, how) =>
    guard(path, how === 'new' ? 'create' : 'open', () => new SystemFile(path, how)),
  makeDirectory: (path) => guard(path, 'make', () => mkdirSync(path, { recursive: true }) ?? null),
  async syncDirectory(path) {
    const descriptor = guard(path, 'open', () => openSync(path, 'r'))
    try {
      await awaited(path, 'sync', (done) => fsync(descriptor, done))
    } finally {
      closeSync(descriptor)
    }
  },
  remove: (path) => guard(path, 'remove', () => unlinkSync(path)),
  removeAll: (path) => guard(path, 'remove', () => rmSync(path, { recursive: true, force: true })),
}
