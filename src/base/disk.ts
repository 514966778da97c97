/**
 * Disk: the only place that touches files; synchronous, so that the engine may block in its worker and
 * slice its reads on a host's loop.
 *
 * Contract 1 (checked by tidy) nobody else imports node:fs in `src`.
 *          2 (checked) a call that fails throws a Failure with code `file` that names the path.
 *          3 (checked) a created file is seen under its name when it is closed, whole; until then it is hidden beside
 *            it as `.name.inprogress-…`, and what stood there before is still there.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Failure } from './fault.ts'

/** An open file to read from. */
export interface FileReader {
  readonly path: string
  readonly size: number
  /** Reads up to `into.length` bytes at `position`; returns how many. −1: they come later, see `more`. */
  read(into: Uint8Array, position: number): number
  /** Of files whose bytes come later: waits until there are some, or the end. */
  more?(): Promise<void>
  /** Bytes of `size` used so far, where positions count something else. */
  used?(): number
  close(): void
}

/** An open file to append to. */
export interface FileWriter {
  readonly path: string
  write(bytes: Uint8Array): void
  close(): void
}

export interface Disk {
  exists(path: string): boolean
  /** What the path stands for, links followed; null when there is nothing. */
  kind(path: string): 'file' | 'directory' | 'other' | null
  /** Names in a directory, sorted by code units. */
  names(path: string): string[]
  open(path: string): FileReader
  create(path: string): FileWriter
  readText(path: string): string
}

function guard<T>(path: string, verb: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^[A-Z]+: /, '') : String(cause)
    throw new Failure('file', `cannot ${verb} ${path}: ${reason}`, { cause })
  }
}

/** Writes text to a standard stream of the process, and waits while nobody takes it. */
export function printText(text: string, to: 'output' | 'error'): void {
  const bytes = Buffer.from(text)
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(to === 'output' ? 1 : 2, bytes, done)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN') {
        throw new Failure('file', `cannot write to standard ${to}: ${String(cause)}`, { cause })
      }
    }
  }
}

/** Distinguishes the files that one process is writing. */
let created = 0

function kindOf(path: string): ReturnType<Disk['kind']> {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return null
  if (found.isDirectory()) return 'directory'
  return found.isFile() ? 'file' : 'other'
}

/** Where the bytes of a new file go, and its name in the end; the same for a terminal or a pipe. */
function placesOf(path: string): { place: string; end: string } {
  mkdirSync(dirname(path), { recursive: true })
  const kind = kindOf(path)
  if (kind === 'other') return { place: path, end: path }
  const end = kind === null ? path : realpathSync(path)
  created++
  const name = `.${basename(end)}.inprogress-${process.pid}-${created}`
  return { place: join(dirname(end), name), end }
}

export const systemDisk: Disk = {
  exists: (path) => existsSync(path),
  kind: (path) => guard(path, 'look at', () => kindOf(path)),
  names: (path) => guard(path, 'list', () => readdirSync(path).sort()),
  open: (path) =>
    guard(path, 'open', () => {
      const descriptor = openSync(path, 'r')
      const size = fstatSync(descriptor).size
      return {
        path,
        size,
        read: (into, position) =>
          guard(path, 'read', () => readSync(descriptor, into, 0, into.length, position)),
        close: () => closeSync(descriptor),
      }
    }),
  create: (path) =>
    guard(path, 'create', () => {
      const { place, end } = placesOf(path)
      const descriptor = openSync(place, 'w')
      return {
        path,
        write: (bytes) => {
          guard(path, 'write', () => {
            for (let done = 0; done < bytes.length; ) {
              done += writeSync(descriptor, bytes, done, bytes.length - done)
            }
          })
        },
        close: () => {
          closeSync(descriptor)
          if (place !== end) guard(path, 'rename', () => renameSync(place, end))
        },
      }
    }),
  readText: (path) => guard(path, 'read', () => readFileSync(path, 'utf8')),
}
