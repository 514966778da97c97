/**
 * Disk: the only place that touches files; synchronous, so that the engine may block in its worker and
 * slice its reads on a host's loop.
 *
 * Contract 1 (checked by tidy) nobody else imports node:fs in `src`.
 *          2 (checked) a call that fails throws a Failure with code `file` that names the path.
 *          3 (checked) a created file is seen under its name when it is closed, whole; until then it is hidden beside
 *            it as `.name.inprogress-…`, and what stood there before is still there.
 *          4 (checked) a created file that is given up leaves nothing; what a process that ended in the middle has left
 *            goes when the file is created again.
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
  unlinkSync,
  writeSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { threadId } from 'node:worker_threads'
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
  /** The file is whole and shows under its name; one that cannot be made so is given up. */
  close(): void
  /** Gives the file up: nothing of it is left. */
  abort(): void
}

export interface Disk {
  exists(path: string): boolean
  /** What the path stands for, links followed; null when there is nothing. */
  kind(path: string): 'file' | 'directory' | 'other' | null
  /** Names in a directory, sorted by code units. */
  names(path: string): string[]
  open(path: string): FileReader
  create(path: string): FileWriter
  /** Removes what processes that are gone have left in a directory of files named as `pattern` says. */
  sweep(directory: string, pattern: RegExp): void
  readText(path: string): string
}

/** Closes a file after its last bytes are out, and gives it up where they cannot be. */
export function closeWhole(file: FileWriter, finish: () => void): void {
  try {
    finish()
    file.close()
  } catch (fault) {
    file.abort()
    throw fault
  }
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
/** The hidden names of the files that are being written. */
const writing = new Set<string>()

/** Whoever writes: another one of the same name is gone, or on another machine. */
const host = hostname().replace(/[^\w.]/g, '_')
const hiddenName = /^\.(.+)\.inprogress-([\w.]+)-(\d+)-(\d+)-\d+$/

/** Removes the hidden files of `names` in a directory whose writers are gone. */
function sweep(directory: string, isOurs: (name: string) => boolean): void {
  for (const hidden of readdirSync(directory)) {
    const [, name, where, pid, thread] = hiddenName.exec(hidden) ?? []
    if (name === undefined || where !== host || !isOurs(name)) continue
    const place = join(directory, hidden)
    const isOwn = Number(pid) === process.pid
    // Other threads of this process know their files themselves.
    const isGone = isOwn ? Number(thread) === threadId && !writing.has(place) : !runs(Number(pid))
    if (isGone) unlinkSync(place)
  }
}

/** Is there a process of this number? One that belongs to somebody else is there, too. */
function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (fault) {
    return (fault as NodeJS.ErrnoException).code === 'EPERM'
  }
}

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
  const directory = dirname(end)
  sweep(directory, (name) => name === basename(end))
  created++
  const hidden = `.${basename(end)}.inprogress-${host}-${process.pid}-${threadId}-${created}`
  return { place: join(directory, hidden), end }
}

function createFile(path: string): FileWriter {
  const { place, end } = placesOf(path)
  const descriptor = openSync(place, 'w')
  writing.add(place)
  let isOpen = true
  const closed = (then: () => void) => {
    if (!isOpen) return
    isOpen = false
    writing.delete(place)
    closeSync(descriptor)
    if (place !== end) then()
  }
  return {
    path,
    write: (bytes) => {
      guard(path, 'write', () => {
        for (let done = 0; done < bytes.length; ) {
          done += writeSync(descriptor, bytes, done, bytes.length - done)
        }
      })
    },
    close: () => closed(() => guard(path, 'rename', () => renameSync(place, end))),
    abort: () => closed(() => guard(path, 'give up', () => unlinkSync(place))),
  }
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
  create: (path) => guard(path, 'create', () => createFile(path)),
  sweep: (directory, pattern) =>
    guard(directory, 'tidy', () => sweep(directory, (name) => pattern.test(name))),
  readText: (path) => guard(path, 'read', () => readFileSync(path, 'utf8')),
}
