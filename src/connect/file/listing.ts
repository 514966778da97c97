/**
 * Listing: the files that a path stands for: one file, all that a pattern names, or all in a directory.
 *
 * How      pattern    `data/*.csv`; `*` and `?` stay within a name, `[a-z]` and `{a,b}` choose, `**` goes through any
 *                     number of directories. A file that bears such a name itself comes first.
 *          directory  every file below whose name begins with neither a dot nor an underscore.
 *          Directories named `key=value` give their files a column (hive partitions); `%3A` stands for a colon, and
 *          `__HIVE_DEFAULT_PARTITION__` for NULL.
 * Contract 1 (checked) files come sorted by their paths, segment by segment, by code units.
 */
import { type Disk, Failure } from '../../base/index.ts'

export interface FoundFile {
  path: string
  /** Partition values by lower-case key. */
  keys: ReadonlyMap<string, PartitionValue>
}

interface PartitionValue {
  name: string
  value: string | null
}

export type PathKind = 'file' | 'pattern' | 'directory'

export const NULL_PARTITION = '__HIVE_DEFAULT_PARTITION__'

const special = /[*?[{]/
/** Deeper nesting is taken for links that lead in a circle. */
const DEPTH_MAX = 32

export function pathKind(disk: Disk, path: string): PathKind {
  if (path.endsWith('/') || disk.kind(path) === 'directory') return 'directory'
  return special.test(path) && !disk.exists(path) ? 'pattern' : 'file'
}

/** The files of `path`; a pattern that names none is a failure, an empty directory is not. */
export function findFiles(disk: Disk, path: string): FoundFile[] {
  const kind = pathKind(disk, path)
  if (kind === 'file') return [{ path, keys: new Map() }]
  const found: string[] = []
  if (kind === 'directory') {
    below(disk, path.replace(/(?<=.)\/+$/, ''), found, DEPTH_MAX)
  } else {
    const segments = path.split('/')
    const root = segments[0] === '' ? '/' : ''
    walk(disk, root, root === '' ? segments : segments.slice(1), found)
    if (found.length === 0) throw new Failure('file', `no file matches ${path}`)
  }
  const order = (file: string) => file.replaceAll('/', '\u0000')
  const sorted = [...new Set(found)].sort((a, b) => (order(a) < order(b) ? -1 : 1))
  return sorted.map((file) => ({ path: file, keys: keysOf(file) }))
}

function joined(folder: string, name: string): string {
  return folder === '' || folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`
}

/** All files below a directory. */
function below(disk: Disk, folder: string, found: string[], depth: number): void {
  if (depth === 0) throw new Failure('file', `${folder} lies too deep to list`)
  for (const name of disk.names(folder === '' ? '.' : folder)) {
    if (name.startsWith('.') || name.startsWith('_')) continue
    const path = joined(folder, name)
    if (disk.kind(path) === 'directory') below(disk, path, found, depth - 1)
    else found.push(path)
  }
}

/** Files below `folder` that the segments name. */
function walk(disk: Disk, folder: string, segments: readonly string[], found: string[]): void {
  const [segment, ...rest] = segments as [string, ...string[]]
  const names = () => disk.names(folder === '' ? '.' : folder)
  const step = (name: string) => {
    const path = joined(folder, name)
    const kind = disk.kind(path)
    if (rest.length > 0) {
      if (kind === 'directory') walk(disk, path, rest, found)
    } else if (kind === 'directory') below(disk, path, found, DEPTH_MAX)
    else if (kind !== null) found.push(path)
  }
  if (segment === '**') {
    const inner = rest.length === 0 ? ['*'] : rest
    walk(disk, folder, inner, found)
    for (const name of names()) {
      const path = joined(folder, name)
      if (name.startsWith('.') || disk.kind(path) !== 'directory') continue
      if (path.split('/').length > 4 * DEPTH_MAX) {
        throw new Failure('file', `${path} lies too deep to list`)
      }
      walk(disk, path, segments, found)
    }
    return
  }
  if (!special.test(segment)) {
    step(segment)
    return
  }
  const pattern = patternOf(segment)
  for (const name of names()) {
    if (name.startsWith('.') && !segment.startsWith('.')) continue
    if (pattern.test(name)) step(name)
  }
}

/** A name's pattern as a regular expression. */
function patternOf(segment: string): RegExp {
  let depth = 0
  const source = segment.replace(/\[(!?)([^\]]+)\]|[\s\S]/g, (text, not?: string, set?: string) => {
    if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\^[]/g, '\\$&')}]`
    switch (text) {
      case '*':
        return '.*'
      case '?':
        return '.'
      case '{':
        depth++
        return '(?:'
      case '}':
        return depth-- > 0 ? ')' : '\\}'
      case ',':
        return depth > 0 ? '|' : ','
      default:
        return text.replace(/[.+^$()|[\]\\/]/, '\\$&')
    }
  })
  return new RegExp(`^${source}${')'.repeat(Math.max(0, depth))}$`, 'su')
}

function keysOf(path: string): Map<string, PartitionValue> {
  const keys = new Map<string, PartitionValue>()
  for (const segment of path.split('/').slice(0, -1)) {
    const match = /^([^=]+)=(.*)$/s.exec(segment)
    if (match === null) continue
    const name = decoded(match[1]!)
    const value = match[2] === NULL_PARTITION ? null : decoded(match[2]!)
    keys.set(name.toLowerCase(), { name, value })
  }
  return keys
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A value as the name of a directory: what a path or a pattern would take for something else is escaped. */
export function encoded(text: string): string {
  return text.replace(
    /\p{Cc}|["#%'*/:=?\\{[\]^]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
