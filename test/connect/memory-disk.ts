/** Memory disk: files in memory for tests, with reads as short as a test wants them. */
import { type Disk, Failure } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import {
  type BadRow,
  type Batch,
  type Field,
  type Row,
  rowsOf,
  type Schema,
  type Type,
} from '../../src/data/index.ts'

const encoder = new TextEncoder()

export class MemoryDisk implements Disk {
  readonly files = new Map<string, Uint8Array>()
  /** A read gives at most so many bytes. */
  readBytesMax = Number.POSITIVE_INFINITY
  opened = 0

  put(path: string, content: string | Uint8Array): this {
    this.files.set(path, typeof content === 'string' ? encoder.encode(content) : content)
    return this
  }

  exists(path: string): boolean {
    return this.files.has(path)
  }

  kind(path: string): ReturnType<Disk['kind']> {
    if (this.files.has(path)) return 'file'
    const folder = path.endsWith('/') ? path : `${path}/`
    return [...this.files.keys()].some((file) => file.startsWith(folder)) ? 'directory' : null
  }

  names(path: string): string[] {
    const folder = path === '.' ? '' : path.endsWith('/') ? path : `${path}/`
    const below = [...this.files.keys()].filter((file) => file.startsWith(folder))
    return [...new Set(below.map((file) => file.slice(folder.length).split('/')[0]!))]
      .filter((name) => name !== '')
      .sort()
  }

  #get(path: string): Uint8Array {
    const found = this.files.get(path)
    if (found === undefined) throw new Failure('file', `cannot open ${path}: no such file`)
    return found
  }

  open(path: string) {
    const bytes = this.#get(path)
    this.opened++
    return {
      path,
      size: bytes.length,
      read: (into: Uint8Array, position: number) => {
        const end = position + Math.min(into.length, this.readBytesMax)
        const part = bytes.subarray(position, end)
        into.set(part)
        return part.length
      },
      close: () => {
        this.opened--
      },
    }
  }

  create(path: string) {
    const parts: Uint8Array[] = []
    this.opened++
    return {
      path,
      write: (bytes: Uint8Array) => {
        parts.push(bytes.slice())
      },
      close: () => {
        this.opened--
        this.files.set(path, Buffer.concat(parts))
      },
      abort: () => {
        this.opened--
      },
    }
  }

  sweep(): void {}

  readText(path: string): string {
    return new TextDecoder().decode(this.#get(path))
  }
}

/** `id INTEGER NOT NULL` as fields: names map to a kind, or a whole type; a `!` behind the name is NOT NULL. */
export function schemaOf(columns: Record<string, Type['kind'] | Type>): Schema {
  return {
    fields: Object.entries(columns).map(
      ([name, type]): Field => ({
        name: name.replace('!', ''),
        type: typeof type === 'string' ? ({ kind: type } as Type) : type,
        nullable: !name.endsWith('!'),
      }),
    ),
  }
}

export interface Reading {
  rows: Row[]
  bad: BadRow[]
  batches: number[]
}

export interface ReadOptions {
  schema?: Schema
  options?: Record<string, string>
  projection?: number[]
  metadata?: string[]
  rowsMax?: number
}

/** Reads a whole file of `disk`. Without a schema the file's own is taken. */
export async function readAll(
  disk: Disk,
  path: string,
  { schema, options = {}, projection, metadata = [], rowsMax = 1000 }: ReadOptions = {},
): Promise<Reading> {
  const connector = builtinConnectors(disk).get('filesystem')!
  const all = new Map([['path', path], ...Object.entries(options)])
  connector.check(all, schema ?? null)
  const known = schema ?? connector.infer(all)
  if (known === null) return { rows: [], bad: [], batches: [] }
  const bad: BadRow[] = []
  const reader = connector.open(known, all, {
    projection: projection ?? known.fields.map((_, index) => index),
    metadata,
    bad: (row) => bad.push(row),
  })
  const rows: Row[] = []
  const batches: number[] = []
  try {
    for (;;) {
      const batch: Batch | null = await reader.read(rowsMax)
      if (batch === null) break
      batches.push(batch.rows)
      rows.push(...rowsOf(batch))
    }
  } finally {
    reader.close()
  }
  return { rows, bad, batches }
}

export function inferred(disk: Disk, path: string, options: Record<string, string> = {}) {
  const connector = builtinConnectors(disk).get('filesystem')!
  return connector.infer(new Map([['path', path], ...Object.entries(options)]))
}
