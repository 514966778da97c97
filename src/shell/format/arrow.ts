/**
 * Arrow: rows or changes as one Arrow IPC stream on standard output.
 *
 * How      Rows of one call become one record batch. A result that takes rows back has the kind of change in a first
 *          column `_op`.
 * Format   schema message | record batch messages | end of stream (8 bytes); types are those of src/data/arrow.ts.
 * Contract 1 (checked) several results of a script are several whole streams, one behind the other.
 * Cost     apache-arrow is loaded with the first result, as that takes 50 ms.
 */
import { createRequire } from 'node:module'
import type * as Arrow from 'apache-arrow'
import {
  arrowBatch,
  arrowSchema,
  batchOf,
  type Field,
  type Op,
  type Row,
} from '../../data/index.ts'
import type { Output } from '../output.ts'
import type { Renderer } from './renderer.ts'

/** Continuation mark and length 0. */
const endBytes = 8
const rowsMax = 65_536

export function arrowRenderer(
  fields: readonly Field[],
  output: Output,
  options: { ops: boolean },
): Renderer {
  const arrow = createRequire(import.meta.url)('apache-arrow') as typeof Arrow
  const shown: Field[] = options.ops
    ? [{ name: '_op', type: { kind: 'varchar' }, nullable: false }, ...fields]
    : [...fields]
  const schema = arrowSchema(arrow, shown)
  const head = streamOf(arrow, schema, [])
  const headBytes = head.length - endBytes
  let begun = false
  const begin = async () => {
    if (!begun) await output.write(head.subarray(0, headBytes))
    begun = true
  }
  return {
    async rows(rows, ops) {
      await begin()
      for (let from = 0; from < rows.length; from += rowsMax) {
        const part = withOps(
          rows.slice(from, from + rowsMax),
          ops?.slice(from, from + rowsMax),
          options,
        )
        const stream = streamOf(arrow, schema, [
          arrowBatch(arrow, schema, batchOf({ fields: shown }, part)),
        ])
        // Every stream begins with the same schema: only what lies between it and the end is new.
        await output.write(stream.subarray(headBytes, stream.length - endBytes))
      }
    },
    flush: () => output.flush(),
    async end() {
      await begin()
      await output.write(head.subarray(headBytes))
      await output.flush()
    },
  }
}

function withOps(
  rows: readonly Row[],
  ops: readonly Op[] | undefined,
  options: { ops: boolean },
): readonly Row[] {
  return options.ops ? rows.map((row, at) => [ops?.[at] ?? '+I', ...row]) : rows
}

function streamOf(
  arrow: typeof Arrow,
  schema: Arrow.Schema,
  batches: Arrow.RecordBatch[],
): Uint8Array {
  const writer = new arrow.RecordBatchStreamWriter()
  writer.reset(undefined, schema)
  for (const batch of batches) writer.write(batch)
  writer.finish()
  return writer.toUint8Array(true)
}
