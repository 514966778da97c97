/**
 * Metadata: what a source tells of a row beside its columns: its number in the input, and what is one for a whole file.
 *
 * How      Rows are counted, bad ones too: the rows of a batch have the next numbers that no bad row has. So a number
 *          does not depend on how rows are cut into batches.
 * Contract 1 (checked) bad rows are told of before the next row behind them is given.
 *          2 (trusted) no row is left out: a reader that tells numbers is given no bounds.
 */
import {
  type Batch,
  type Column,
  columnOf,
  type Field,
  type ReaderOptions,
  type SourceReader,
  type Value,
} from '../data/index.ts'

/** The number of a row in its input, from 0. */
export const rowOffset: Field = { name: 'offset', type: { kind: 'bigint' }, nullable: false }

/** A reader with the columns of metadata that are asked for; `constants` are those that all rows share. */
export function telling(
  options: ReaderOptions,
  open: (options: ReaderOptions) => SourceReader,
  constants: ReadonlyMap<string, string> = new Map(),
): SourceReader {
  const { metadata = [], projection, bad } = options
  if (metadata.length === 0) return open(options)
  let next = 0
  const lost = new Set<number>()
  const offsets = (rows: number): Column => {
    const values = new BigInt64Array(rows)
    for (let row = 0; row < rows; next++) if (!lost.delete(next)) values[row++] = BigInt(next)
    return { type: rowOffset.type, data: { layout: 'i64', values }, validity: null }
  }
  const told = (batch: Batch | null): Batch | null => {
    if (batch === null) return null
    const { rows, schema } = batch
    const width = projection.length
    const columns = metadata.map((name) => {
      const constant = constants.get(name)
      return constant === undefined ? offsets(rows) : constantColumn(constant, rows)
    })
    const fields = columns.map(({ type }, at) => ({ name: metadata[at]!, type, nullable: false }))
    return {
      rows,
      schema: { fields: [...schema.fields.slice(0, width), ...fields] },
      columns: [...batch.columns.slice(0, width), ...columns],
    }
  }
  const reader = open({
    ...options,
    // A reader has a column to read.
    projection: projection.length === 0 ? [0] : projection,
    bad: (row) => {
      lost.add(row.offset)
      bad(row)
    },
  })
  return {
    asynchronous: reader.asynchronous,
    ...(reader.paced === undefined ? {} : { paced: reader.paced }),
    read(rowsMax) {
      const batch = reader.read(rowsMax)
      return batch instanceof Promise ? batch.then(told) : told(batch)
    },
    progress: () => reader.progress(),
    close: () => reader.close(),
  }
}

function constantColumn(value: string, rows: number): Column {
  return columnOf({ kind: 'varchar' }, new Array<Value>(rows).fill(value))
}
