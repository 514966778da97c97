/**
 * Lock: one database at a time writes to a directory.
 *
 * How      A transaction of SQLite holds the file `writer.lock` for as long as the database is open. The system gives
 *          it back when the process ends, however it ends; nothing is left that somebody would have to clear away.
 * Contract 1 (checked) a second database on the directory, of this process or of another, is a Failure with code
 *            locked.
 * Cost     SQLite is loaded when a directory is opened: 10 ms.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type Sqlite from 'better-sqlite3'
import { Failure } from '../base/index.ts'

const load = createRequire(import.meta.url)

/** Takes the lock of a directory that is there; gives what gives it back. */
export function lockDirectory(directory: string): () => void {
  const Database = load('better-sqlite3') as typeof Sqlite
  const path = join(directory, 'writer.lock')
  const file = opened(() => new Database(path, { timeout: 0 }), path)
  try {
    file.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    file.close()
    if (!String((cause as { code?: unknown }).code).startsWith('SQLITE_BUSY')) throw cause
    const message = `another process, or this one, has ${directory} open for writing`
    throw new Failure('locked', message, { cause })
  }
  return () => file.close()
}

function opened<T>(open: () => T, path: string): T {
  try {
    return open()
  } catch (cause) {
    throw new Failure('file', `cannot open ${path}: ${(cause as Error).message}`, { cause })
  }
}
