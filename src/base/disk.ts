/**
 * Disk: the only place that touches files; synchronous, so that the engine may block in its worker and
 * slice its reads on a host's loop.
 *
 * Contract 1 (checked by tidy) nobody else imports node:fs in `src`.
 *          2 (checked) a call that fails throws a Failure with code `file` that names the path.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from './fault.ts'

/** An open file to read from. */
export interface FileReader {
  readonly path: string
  readonly size: number
  /** Reads up to `into.length` bytes at `position`; returns how many. */
  read(into: Uint8Array, position: number): number
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

export const systemDisk: Disk = {
  exists: (path) => existsSync(path),
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
      mkdirSync(dirname(path), { recursive: true })
      const descriptor = openSync(path, 'w')
      return {
        path,
        write: (bytes) => {
          guard(path, 'write', () => {
            for (let done = 0; done < bytes.length; ) {
              done += writeSync(descriptor, bytes, done, bytes.length - done)
            }
          })
        },
        close: () => closeSync(descriptor),
      }
    }),
  readText: (path) => guard(path, 'read', () => readFileSync(path, 'utf8')),
}
