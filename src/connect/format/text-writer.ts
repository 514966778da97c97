/**
 * Text writer: a sink that appends one text per row to a file, through a buffer.
 *
 * Contract 1 (checked) append-only: a change other than +I is a bug of the caller, which plans around `sink: 'append'`.
 *          2 (trusted) nothing is durable before `close`.
 * Cost     One write per 256 KiB of text.
 */
import { assert, closeWhole, type FileWriter } from '../../base/index.ts'
import type { Op, Row, SinkWriter } from '../../data/index.ts'

const BUFFER_CHARACTERS = 256 * 1024

export class TextWriter implements SinkWriter {
  readonly #file: FileWriter
  readonly #line: (row: Row) => string
  readonly #encoder = new TextEncoder()
  #pending: string
  #closed = false

  constructor(file: FileWriter, line: (row: Row) => string, header = '') {
    this.#file = file
    this.#line = line
    this.#pending = header
  }

  write(rows: readonly Row[], ops: readonly Op[]): void {
    assert(!this.#closed, 'a closed sink is not written to')
    for (let index = 0; index < rows.length; index++) {
      assert(ops[index] === '+I', 'an append-only sink is given insertions only')
      this.#pending += this.#line(rows[index]!)
      if (this.#pending.length >= BUFFER_CHARACTERS) this.#flush()
    }
  }

  #flush(): void {
    if (this.#pending === '') return
    this.#file.write(this.#encoder.encode(this.#pending))
    this.#pending = ''
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    closeWhole(this.#file, () => this.#flush())
  }

  abort(): void {
    this.#closed = true
    this.#file.abort()
  }
}
