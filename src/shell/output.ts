/**
 * Output: where text, or bytes, for the user go, with back-pressure; a terminal or a pipe.
 *
 * How      Text gathers up to 64 KB before it is written; `flush` writes the rest. Both resolve when the stream takes
 *          more, so that a slow reader holds up the query and not the memory.
 * Contract 1 (checked) text reaches the stream in the order of the calls.
 */
import type { Writable } from 'node:stream'

const bufferCharsMax = 65_536

export interface Output {
  write(text: string | Uint8Array): Promise<void> | void
  flush(): Promise<void>
  /** Columns of the terminal; null when the output is not one. */
  readonly columns: number | null
  readonly rows: number
  readonly colors: boolean
}

/** What of a Node stream an output needs; `process.stdout` is one. */
export interface OutputStream extends Pick<Writable, 'write' | 'once' | 'off' | 'destroyed'> {
  isTTY?: boolean
  columns?: number
  rows?: number
}

export function streamOutput(stream: OutputStream, options: { colors: boolean }): Output {
  let pending = ''
  const push = (): Promise<void> => {
    const text = pending
    pending = ''
    return text === '' ? Promise.resolve() : send(text)
  }
  const send = (text: string | Uint8Array): Promise<void> => {
    if (stream.destroyed || stream.write(text)) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        stream.off('drain', done)
        stream.off('close', done)
        resolve()
      }
      stream.once('drain', done)
      stream.once('close', done)
    })
  }
  return {
    write(text) {
      if (typeof text !== 'string') return push().then(() => send(text))
      pending += text
      return pending.length >= bufferCharsMax ? push() : undefined
    },
    flush: push,
    get columns() {
      return stream.isTTY === true ? (stream.columns ?? 80) : null
    },
    get rows() {
      return stream.rows ?? 24
    },
    colors: options.colors,
  }
}
