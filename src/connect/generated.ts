/**
 * Generated: the reader of rows that are made up: as many as are asked for, or as they become due.
 *
 * How      Rows that end are given at once; endless ones are given when their time has come, by the clock since the
 *          reader was opened.
 * Contract 1 (checked) an endless reader that is closed gives no further row.
 */
import type { Clock } from '../base/index.ts'
import type { Batch, SourceReader } from '../data/index.ts'

/** Milliseconds until the next look at what is due. */
const PAUSE_MILLIS = 10

interface Generated {
  /** Rows in all; null when they do not end. */
  rows: number | null
  /** Rows `at … at + count`. */
  make(at: number, count: number): Batch
  /** How many rows are due after so many milliseconds. */
  due(millis: number): number
  clock: Clock
}

export function generatedReader({ rows, make, due, clock }: Generated): SourceReader {
  let at = 0
  let closed = false
  const take = (rowsMax: number): Batch | null => {
    const count = rows === null ? rowsMax : Math.min(rowsMax, rows - at)
    if (count <= 0) return null
    const batch = make(at, count)
    at += count
    return batch
  }
  const began = clock.monotonicMillis()
  const ready = () => due(clock.monotonicMillis() - began) - at
  const paced = async (rowsMax: number): Promise<Batch | null> => {
    while (ready() <= 0 && !closed) await clock.sleep(PAUSE_MILLIS)
    return closed ? null : take(Math.min(rowsMax, ready()))
  }
  return {
    asynchronous: rows === null,
    read: rows === null ? paced : take,
    progress: () => ({ bytes: at, bytesTotal: rows }),
    close: () => {
      closed = true
    },
  }
}
