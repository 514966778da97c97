/**
 * BindWatermark: the event time of a stream: how far the watermark trails it, when its partitions count as idle, and
 * what becomes of late rows.
 *
 * Contract 1 (checked) nothing that is accepted is without effect unless a notice says so.
 * See      docs/watermarks.md
 */
import {
  type Identifier,
  nameOf,
  type Expression as Tree,
  type WatermarkDefinition,
} from '../../../../grammar/index.ts'
import type { Relation, RelationWatermark } from '../../../catalog/index.ts'
import {
  type Field,
  precisionMicros,
  type Schema,
  sameType,
  typeText,
} from '../../../data/index.ts'
import { fold } from '../../fold.ts'
import { type Binding, fail } from '../binding.ts'
import { bindExpression } from '../expression/expression.ts'
import { scopeOf } from '../scope.ts'
import { suggestion } from '../suggest.ts'
import { microsOf } from '../window.ts'

/** What stands in CREATE beside the columns and belongs to the event time. */
export interface TimeTree {
  name: string
  watermark: WatermarkDefinition | null
  /** PARTITION BY (…). */
  partitions: readonly Identifier[]
  /** Its rows come to an end by themselves. */
  bounded: boolean
}

/** Partitions of sources that rows are pushed into are idle after 10 seconds without a row. */
const idleMicrosDefault = '10000000'

/** The column of the watermark is never NULL. */
export function rowtime(schema: Schema, watermark: RelationWatermark | null): Schema {
  if (watermark === null) return schema
  const fields = schema.fields.map((field, index) =>
    index === watermark.column ? { ...field, nullable: false } : field,
  )
  return { fields }
}

export function bindWatermark(
  binding: Binding,
  schema: Schema,
  given: TimeTree,
): RelationWatermark | null {
  const { watermark: tree, partitions } = given
  const columns = partitions.map((column) => findField(schema, column))
  if (tree === null) {
    if (partitions.length > 0) {
      binding.notices.push('PARTITION BY is ignored: it tells a watermark how rows come')
    }
    return null
  }
  const index = findField(schema, tree.column)
  const { name } = tree.column
  const { type } = schema.fields[index]!
  if (type.kind !== 'timestamp') {
    const message = `a watermark needs a TIMESTAMP column, and ${name} is ${typeText(type)}`
    fail('type_mismatch', message, tree.column.span)
  }
  const unit = precisionMicros(type)
  const delayMicros =
    tree.delayed === null ? unit.toString() : delayOf(binding, schema, index, tree.delayed)
  const ahead = positive(binding, tree.ahead, 'MAX AHEAD', unit)
  const grace = positive(binding, tree.late?.within ?? null, 'UPDATE WITHIN', unit)
  const idle = idleOf(binding, given)
  const late = tree.late?.to ?? null
  return {
    column: index,
    delayMicros,
    ...(ahead === null ? {} : { aheadMicros: ahead }),
    ...(grace === null ? {} : { graceMicros: grace }),
    ...(idle === null ? {} : { idleMicros: idle }),
    ...(columns.length === 0 ? {} : { partition: columns }),
    ...(late === null ? {} : { late: nameOf(late) }),
  }
}

function findField(schema: Schema, { name, span }: Identifier): number {
  const names = schema.fields.map((field) => field.name)
  const index = names.findIndex((other) => other.toLowerCase() === name.toLowerCase())
  if (index >= 0) return index
  return fail('unknown_name', `column ${name} does not exist`, span, suggestion(name, names))
}

function positive(binding: Binding, tree: Tree | null, what: string, unit: bigint): string | null {
  if (tree === null) return null
  const micros = microsOf(binding, tree, what, unit)
  if (micros <= 0n) fail('invalid_window', `${what} must be positive`, tree.span)
  return micros.toString()
}

/** Microseconds of processing time without a row; null: never idle. */
function idleOf(binding: Binding, { name, watermark, bounded }: TimeTree): string | null {
  const tree = watermark!.idle
  if (tree === 'never') return null
  if (tree === null) return bounded ? null : idleMicrosDefault
  const micros = positive(binding, tree, 'IDLE TIMEOUT', 1n)
  if (!bounded) return micros
  binding.notices.push(`IDLE TIMEOUT is ignored: ${name} ends by itself`)
  return null
}

// ---------------------------------------------------------------- late rows

/** The stream that late rows go to: null when it is there already or none is wanted. */
export function bindLateTarget(
  binding: Binding,
  source: Relation,
  tree: WatermarkDefinition | null,
): Relation | null {
  const path = tree?.late?.to
  const target = source.watermark?.late
  if (path == null || target === undefined) return null
  if (target.toLowerCase() === source.name.toLowerCase()) {
    fail('dependency', `late rows of ${target} cannot go to itself`, path.span)
  }
  const present = binding.catalog.get(target)
  const fields = source.schema.fields.map(({ name, type, nullable }) => ({ name, type, nullable }))
  if (present === undefined) {
    return { kind: 'stream', name: target, schema: { fields }, watermark: null }
  }
  const takes = present.kind === 'stream' || (present.kind === 'table' && !present.rules)
  if (!takes) {
    const message = `late rows go to a STREAM, and ${target} is something else`
    fail('type_mismatch', message, path.span, 'without a stream of this name one is made')
  }
  const different = differenceOf(fields, present)
  if (different === null) return null
  const hint = `it takes the columns of ${source.name}; without a stream of this name one is made`
  return fail('type_mismatch', `${target} ${different}`, path.span, hint)
}

/** How the columns of a target differ from those of the rows that it is to take; null: not at all. */
function differenceOf(fields: readonly Field[], target: Relation): string | null {
  const own = target.schema.fields
  if ((target.computed ?? []).length > 0) return 'has computed columns'
  if (own.length !== fields.length) return `has ${own.length} columns, not ${fields.length}`
  for (const [index, { name, type, nullable }] of own.entries()) {
    const given = fields[index]!
    if (name.toLowerCase() !== given.name.toLowerCase())
      return `has column ${name} where ${given.name} is due`
    if (!sameType(type, given.type))
      return `has ${typeText(type)} where column ${name} is ${typeText(given.type)}`
    if (!nullable && given.nullable) return `takes no NULL in column ${name}`
  }
  return null
}

// ---------------------------------------------------------------- delay

/** `column`, or `column - INTERVAL '…'`. */
function delayOf(binding: Binding, schema: Schema, index: number, tree: Tree): string {
  const env = {
    binding,
    scope: scopeOf(schema.fields, null),
    clause: 'WATERMARK',
    aggregates: null,
  }
  const bound = fold(bindExpression(env, tree))
  const isTime = (e: typeof bound | undefined) => e?.kind === 'column' && e.index === index
  if (isTime(bound)) return '0'
  if (bound.kind === 'call' && bound.function === 'subtract' && isTime(bound.args[0])) {
    const by = bound.args[1]!
    if (by.kind === 'literal' && by.type.kind === 'interval' && by.value !== null) {
      if (BigInt(by.value) >= 0n) return String(by.value)
    }
  }
  const column = schema.fields[index]!.name
  const hint = `write ${column} - INTERVAL '5' SECOND`
  return fail(
    'unsupported',
    'not supported yet: a watermark that is not its column minus a constant',
    tree.span,
    hint,
  )
}
