/**
 * Pace: releases the rows of sources with event time as they would have come, faster or slower by a factor.
 *
 * How      A row is due at start + (event time − first event time) / factor; start and first event time are those of
 *          the first row of all paced sources, so that sources keep step. A reader hands out what is due and
 *          promises the rest.
 * Contract 1 (checked) rows, and their order within a source, are those of the source; a row is never early.
 *          2 (trusted) among several sources rows stand in the order in which they are released, and not in the
 *            order of their event times to the microsecond; a log tells which it was.
 * Cost     a look at the event time of each row.
 */
import type { Clock } from '../base/index.ts'
import type {
  Batch,
  Column,
  ColumnValues,
  Connector,
  Connectors,
  SourceReader,
} from '../data/index.ts'

/** Waiting is cut into pieces, so that a closed reader does not hold the process. */
const sleepMillisMax = 100

/** When event time began, by the event clock and by the wall clock. */
interface Origin {
  at: bigint
  millis: number
}

class Pace {
  readonly clock: Clock
  readonly #factor: number
  #origin: Origin | null = null

  constructor(factor: number, clock: Clock) {
    this.#factor = factor
    this.clock = clock
  }

  /** Milliseconds until a row of event time `at` is due; 0 when it is. */
  wait(at: bigint): number {
    const now = this.clock.monotonicMillis()
    this.#origin ??= { at, millis: now }
    const due = this.#origin.millis + Number(at - this.#origin.at) / 1000 / this.#factor
    return Math.max(0, due - now)
  }
}

/** The same connectors, whose sources with event time are released at `factor` times the speed of the events. */
export function pacedConnectors(
  connectors: Connectors,
  options: { factor: number; clock: Clock },
): Connectors {
  const pace = new Pace(options.factor, options.clock)
  return new Map(
    [...connectors].map(([name, connector]) => [name, pacedConnector(connector, pace)]),
  )
}

function pacedConnector(connector: Connector, pace: Pace): Connector {
  return {
    ...connector,
    open: (schema, options, reader) => {
      const inner = connector.open(schema, options, reader)
      const { time } = reader
      return time === undefined || time === null ? inner : pacedReader(inner, time, pace)
    },
  }
}

function pacedReader(inner: SourceReader, time: number, pace: Pace): SourceReader {
  let rest: Batch | null = null
  let closed = false
  const next = async (rowsMax: number): Promise<Batch | null> => {
    while (rest === null || rest.rows === 0) {
      rest = await inner.read(rowsMax)
      if (rest === null) return null
    }
    const batch = rest
    const { values } = batch.columns[time]!.data as { values: BigInt64Array }
    for (;;) {
      const millis = pace.wait(values[0]!)
      if (millis === 0 || closed) break
      await pace.clock.sleep(Math.min(millis, sleepMillisMax))
    }
    let due = 1
    while (due < batch.rows && due < rowsMax && pace.wait(values[due]!) === 0) due++
    rest = due === batch.rows ? null : partOf(batch, due, batch.rows)
    return due === batch.rows ? batch : partOf(batch, 0, due)
  }
  return {
    asynchronous: true,
    paced: true,
    read: next,
    progress: () => inner.progress(),
    close: () => {
      closed = true
      inner.close()
    },
  }
}

function partOf(batch: Batch, from: number, to: number): Batch {
  const columns = batch.columns.map((column) => columnPart(column, from, to))
  return { schema: batch.schema, rows: to - from, columns }
}

function columnPart({ type, data, validity }: Column, from: number, to: number): Column {
  const bits = validity === null ? null : bitPart(validity, from, to)
  return { type, data: valuesPart(data, from, to), validity: bits }
}

function valuesPart(data: ColumnValues, from: number, to: number): ColumnValues {
  switch (data.layout) {
    case 'bits':
      return { layout: 'bits', values: bitPart(data.values, from, to) }
    case 'utf8':
      return { ...data, offsets: data.offsets.subarray(from, to + 1) }
    default:
      return { layout: data.layout, values: data.values.subarray(from, to) } as ColumnValues
  }
}

/** Bits from..to, moved to begin at bit 0. */
function bitPart(bits: Uint8Array, from: number, to: number): Uint8Array {
  const part = new Uint8Array((to - from + 7) >> 3)
  for (let row = from; row < to; row++) {
    if ((bits[row >> 3]! >> (row & 7)) & 1) part[(row - from) >> 3]! |= 1 << ((row - from) & 7)
  }
  return part
}
