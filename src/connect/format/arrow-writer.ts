/**
 * Arrow writer: rows into an Arrow IPC file or stream, in record batches of up to 65,536 rows.
 *
 * How      apache-arrow makes each record batch a stream of its own, of which the message in the middle is kept; where
 *          the messages lie in the file is told by the footer. Batches of some size are written as they come.
 * Format   file: ARROW1 and 2 bytes | schema | record batches | end mark | footer | its length | ARROW1. A stream is
 *          what lies between the words. Types are those of src/data/arrow.ts.
 * Contract 1 (checked) what was written is read back the same by our reader and by apache-arrow.
 * Cost     apache-arrow is loaded with the first writer, as that takes 50 ms.
 */
import { createRequire } from 'node:module'
import type * as Arrow from 'apache-arrow'
import type * as File from 'apache-arrow/ipc/metadata/file'
import { assert, closeWhole, type FileWriter } from '../../base/index.ts'
import {
  arrowBatch,
  arrowSchema,
  type Batch,
  batchOf,
  type Op,
  type Row,
  rowsOf,
  type Schema,
  type SinkWriter,
} from '../../data/index.ts'

const BATCH_ROWS = 65_536
/** A batch with fewer rows waits for others. */
const SMALL_ROWS = 4096
const MAGIC = new TextEncoder().encode('ARROW1')
/** Continuation mark and length 0. */
const END_BYTES = 8
const BLANK = new Uint8Array(8)

const load = createRequire(import.meta.url)

export class ArrowWriter implements SinkWriter {
  readonly #file: FileWriter
  readonly #schema: Schema
  readonly #arrow: typeof Arrow
  readonly #arrowSchema: Arrow.Schema
  /** Bytes of the schema's message at the start of every stream. */
  readonly #headBytes: number
  /** Where the record batches of a file lie; null for a stream. */
  readonly #blocks: File.FileBlock[] | null
  #pending: Row[] = []
  #position = 0
  #closed = false

  constructor(file: FileWriter, schema: Schema, form: 'file' | 'stream') {
    this.#file = file
    this.#schema = schema
    this.#arrow = load('apache-arrow') as typeof Arrow
    this.#arrowSchema = arrowSchema(this.#arrow, schema.fields)
    this.#blocks = form === 'file' ? [] : null
    const head = this.#stream([])
    this.#headBytes = head.length - END_BYTES
    if (form === 'file') this.#write(Buffer.concat([MAGIC, BLANK.subarray(0, 8 - MAGIC.length)]))
    this.#write(head.subarray(0, this.#headBytes))
  }

  write(rows: readonly Row[], ops: readonly Op[] | null): void {
    assert(!this.#closed, 'a closed sink is not written to')
    for (let index = 0; index < rows.length; index++) {
      assert(ops === null || ops[index] === '+I', 'an append-only sink is given insertions only')
      this.#pending.push(rows[index]!)
      if (this.#pending.length === BATCH_ROWS) this.#flush()
    }
  }

  writeBatch(batch: Batch, ops: readonly Op[] | null): void {
    if (batch.rows < SMALL_ROWS || ops !== null) {
      this.write(rowsOf(batch), ops)
      return
    }
    this.#flush()
    this.#put({ ...batch, schema: this.#schema })
  }

  #stream(batches: Arrow.RecordBatch[]): Uint8Array {
    const writer = new this.#arrow.RecordBatchStreamWriter()
    writer.reset(undefined, this.#arrowSchema)
    for (const batch of batches) writer.write(batch)
    writer.finish()
    return writer.toUint8Array(true)
  }

  #write(bytes: Uint8Array): void {
    this.#file.write(bytes)
    this.#position += bytes.length
  }

  #flush(): void {
    if (this.#pending.length === 0) return
    this.#put(batchOf(this.#schema, this.#pending))
    this.#pending = []
  }

  #put(batch: Batch): void {
    const stream = this.#stream([arrowBatch(this.#arrow, this.#arrowSchema, batch)])
    const message = stream.subarray(this.#headBytes, stream.length - END_BYTES)
    const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
    const metadata = 8 + view.getInt32(4, true)
    if (this.#blocks !== null) {
      const { FileBlock } = load('apache-arrow/ipc/metadata/file') as typeof File
      this.#blocks.push(new FileBlock(metadata, message.length - metadata, this.#position))
    }
    this.#write(message)
  }

  #end(): void {
    const mark = BLANK.slice()
    mark.fill(0xff, 0, 4)
    this.#write(mark)
    if (this.#blocks === null) return
    const { Footer } = load('apache-arrow/ipc/metadata/file') as typeof File
    const { MetadataVersion } = this.#arrow
    const footer = Footer.encode(
      new Footer(this.#arrowSchema, MetadataVersion.V5, this.#blocks, []),
    )
    const length = new DataView(new ArrayBuffer(4))
    length.setInt32(0, footer.length, true)
    this.#write(footer)
    this.#write(new Uint8Array(length.buffer))
    this.#write(MAGIC)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    closeWhole(this.#file, () => {
      this.#flush()
      this.#end()
    })
  }

  abort(): void {
    this.#closed = true
    this.#file.abort()
  }
}
