/**
 * BindRowOffset: ROW_OFFSET() is the number of the row in its stream, from 0; EVENT_ID() a text that no other row has,
 * `stream:number`.
 *
 * How      As for CURRENT_WATERMARK the scan gives the number as a column of its own, the last one. Both stay the same
 *          however often the row is read, in a replay too; of rows outside they count those that could be decoded.
 */
import type { Expression as Tree } from '../../../../grammar/index.ts'
import type { Type } from '../../../data/index.ts'
import { coerce, varchar } from '../../coerce.ts'
import { call, column, literal } from '../../expression.ts'
import type { Expression, Plan } from '../../logical.ts'
import { nodesOf, scanWithOffset } from '../../node.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { handOn } from './watermark.ts'

type Call = Tree & { kind: 'call' }

const bigint: Type = { kind: 'bigint' }

/** The plan below a SELECT with the number of each row as its last column. */
export interface Numbered {
  plan: Plan
  /** The number, and the name of the stream; null where the plan cannot hand it on. */
  row: { offset: Expression; stream: string } | null
}

export const isRowName = (name: string): boolean => name === 'row_offset' || name === 'event_id'

/** Null where nobody asks for it. */
export function numberedRows(binding: Binding, tree: object, plan: Plan): Numbered | null {
  if (binding.views.length === 0 && !/row_offset|event_id/i.test(binding.text)) return null
  if (!/"(row_offset|event_id)"/i.test(JSON.stringify(tree))) return null
  const found = handOn(plan, (node) =>
    node.kind === 'scan' && hasOffsets(binding, node) ? scanWithOffset(node) : null,
  )
  if (found === null) return { plan, row: null }
  const offset = column(plan.output.length, { type: bigint, nullable: false })
  const [scan] = nodesOf(found).filter((node) => node.kind === 'scan')
  return { plan: found, row: { offset, stream: scan!.relation } }
}

/** Does each row of the scan come once, with a number of its own? */
function hasOffsets({ catalog }: Binding, node: Plan & { kind: 'scan' }): boolean {
  if (node.updating) return false
  const relation = catalog.get(node.relation)
  if (node.file !== undefined || relation?.kind === 'external') return true
  const isTable = relation?.kind === 'table' && relation.rules === undefined
  return relation?.kind === 'stream' || isTable
}

export function bindRowOffset(
  { numbered, clause }: { numbered?: Numbered | null; clause: string },
  { name: { name }, args, span }: Call,
): Expression {
  const shown = `${name.toUpperCase()}()`
  if (args.length > 0) fail('type_mismatch', `${shown} takes no argument`, span)
  if (numbered === undefined || numbered === null) unsupported(`${shown} in ${clause}`, span)
  const { row } = numbered
  if (row === null) {
    const hint = "a column METADATA FROM 'offset' of the stream goes through all of them"
    const odd = 'a join, a union, an aggregate or rows that change'
    unsupported(`${shown} of what comes from ${odd}`, span, hint)
  }
  if (name.toLowerCase() === 'row_offset') return { ...row.offset }
  const prefix = literal(`${row.stream.toLowerCase()}:`, varchar)
  return call('concat_strict', [prefix, coerce({ ...row.offset }, varchar)], varchar)
}
