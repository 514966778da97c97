/**
 * Directory writer: a sink that writes part files into a directory, and into `key=value` ones below it.
 *
 * How      Rows go to the part of their partition, without its columns. A part gets the next free number of its
 *          directory, `part-00000.csv`; it is closed, and shows, when it is large or old enough, when too many others
 *          are open, or at the end.
 * Contract 1 (checked) a part that shows is whole; what was there before stays. Of a writer that gives up the parts
 *            that show stay, too.
 *          2 (checked) what was written, read back as a table with the same partitions, gives the same rows.
 * Cost     One open file per partition, at most 200. A part grows old only while rows come.
 */
import type { Clock, Disk, FileWriter } from '../../base/index.ts'
import {
  abortWriter,
  type Op,
  type Row,
  type Schema,
  type SinkWriter,
  valueText,
} from '../../data/index.ts'
import { encoded, NULL_PARTITION } from './listing.ts'

const OPEN_MAX = 200

export interface DirectoryOptions {
  path: string
  /** `.csv.gz` */
  extension: string
  /** Columns of the schema that directories tell, as indexes. */
  partitions: readonly number[]
  /** A part is closed when it has so many bytes or milliseconds. */
  bytesMax: number
  millisMax: number
  /** Leaves an empty `_SUCCESS` in each directory that was written to. */
  successFile: boolean
  format(file: FileWriter, schema: Schema): SinkWriter
}

interface Part {
  writer: SinkWriter
  /** What has been written, the head of the file included. */
  size: { bytes: number }
  opened: number
}

export class DirectoryWriter implements SinkWriter {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #schema: Schema
  readonly #inner: Schema
  readonly #own: number[]
  readonly #options: DirectoryOptions
  /** By directory, the one used longest ago first. */
  readonly #parts = new Map<string, Part>()
  readonly #numbers = new Map<string, number>()

  constructor(disk: Disk, clock: Clock, schema: Schema, options: DirectoryOptions) {
    this.#disk = disk
    this.#clock = clock
    this.#schema = schema
    this.#options = options
    const columns = schema.fields.map((_, index) => index)
    this.#own = columns.filter((index) => !options.partitions.includes(index))
    this.#inner = { fields: this.#own.map((index) => schema.fields[index]!) }
  }

  write(rows: readonly Row[], ops: readonly Op[]): void {
    const { partitions } = this.#options
    const shares = Map.groupBy(rows.keys(), (at) =>
      partitions.length === 0 ? '' : this.#folderOf(rows[at]!),
    )
    for (const [folder, places] of shares) {
      const part = this.#part(folder)
      part.writer.write(
        places.map((at) => this.#own.map((column) => rows[at]![column] ?? null)),
        places.map((at) => ops[at]!),
      )
      const { bytesMax, millisMax } = this.#options
      const age = this.#clock.monotonicMillis() - part.opened
      if (part.size.bytes >= bytesMax || age >= millisMax) this.#close(folder)
    }
  }

  #folderOf(row: Row): string {
    const { fields } = this.#schema
    const names = this.#options.partitions.map((column) => {
      const { name, type } = fields[column]!
      const value = row[column] ?? null
      const text = value === null ? NULL_PARTITION : encoded(valueText(value, type))
      return `${encoded(name)}=${text}`
    })
    return names.join('/')
  }

  #part(folder: string): Part {
    const present = this.#parts.get(folder)
    if (present !== undefined) {
      this.#parts.delete(folder)
      this.#parts.set(folder, present)
      return present
    }
    if (this.#parts.size >= OPEN_MAX) this.#close(this.#parts.keys().next().value!)
    const name = String(this.#next(folder)).padStart(5, '0')
    const path = `${this.#placeOf(folder)}/part-${name}${this.#options.extension}`
    const file = this.#disk.create(path)
    const size = { bytes: 0 }
    const counted: FileWriter = {
      path: file.path,
      write: (bytes) => {
        size.bytes += bytes.length
        file.write(bytes)
      },
      close: () => file.close(),
      abort: () => file.abort(),
    }
    const writer = this.#options.format(counted, this.#inner)
    const part: Part = { writer, size, opened: this.#clock.monotonicMillis() }
    this.#parts.set(folder, part)
    return part
  }

  #placeOf(folder: string): string {
    const root = this.#options.path.replace(/(?<=.)\/+$/, '')
    return folder === '' ? root : `${root}/${folder}`
  }

  /** Behind all parts that are there or that somebody else is writing. */
  #next(folder: string): number {
    let next = this.#numbers.get(folder) ?? 0
    const place = this.#placeOf(folder)
    const isThere = this.#disk.kind(place) === 'directory'
    if (isThere && !this.#numbers.has(folder)) this.#disk.sweep(place, /^part-\d+\./)
    const names = isThere ? this.#disk.names(place) : []
    for (const name of names) {
      const number = /^\.?part-(\d+)\./.exec(name)?.[1]
      if (number !== undefined) next = Math.max(next, Number(number) + 1)
    }
    this.#numbers.set(folder, next + 1)
    return next
  }

  #close(folder: string): void {
    const part = this.#parts.get(folder)
    this.#parts.delete(folder)
    part?.writer.close()
  }

  abort(): void {
    for (const { writer } of this.#parts.values()) abortWriter(writer)
    this.#parts.clear()
    this.#numbers.clear()
  }

  close(): void {
    try {
      for (const folder of [...this.#parts.keys()]) this.#close(folder)
    } finally {
      // What could not be closed.
      if (this.#parts.size > 0) this.abort()
    }
    if (!this.#options.successFile) return
    for (const folder of this.#numbers.keys()) {
      this.#disk.create(`${this.#placeOf(folder)}/_SUCCESS`).close()
    }
    this.#numbers.clear()
  }
}
