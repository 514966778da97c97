/**
 * Complete: rows that come to a stream, or to a table whose rows only come, with their computed columns, if its checks
 * let them in.
 *
 * How      Columns of metadata are computed ones over what is known here: the number of the row in its stream and when
 *          it came. They are stored with the row, so that a replay does not ask again.
 * Contract 1 (checked) a row that is refused is named by its number among those that are given, from 0.
 */
import { assert, QueryMistake } from '../base/index.ts'
import { firstMetadata, type Relation, type TableCheck } from '../catalog/index.ts'
import {
  type Batch,
  type Column,
  type Field,
  type Row,
  rowAt,
  type Schema,
  valueAt,
  valueText,
} from '../data/index.ts'
import type { Kernels } from '../kernel/index.ts'
import { Computer, type UserFunctions } from '../runtime/index.ts'

interface Coming {
  kernels(): Kernels
  functions: UserFunctions
  /** When they come, microseconds; one time for all, stored with them. */
  now: bigint
  /** Of the first in its stream. */
  offset: number
}

export function complete(relation: Relation, given: Batch, coming: Coming): Batch {
  const isStored = relation.kind === 'stream' || relation.kind === 'table'
  // Statements that change a table compute its columns and look at its rules themselves.
  if (isStored && relation.rules !== undefined) return given
  const checks = (isStored ? relation.checks : undefined) ?? []
  if (relation.computed === undefined && checks.length === 0) return given
  const judged = withVerdicts(relation, checks)
  const wanted = judged.schema.fields.map((_, index) => index)
  const { functions, now } = coming
  const computer = new Computer(coming.kernels(), judged, wanted, { now: () => now, functions })
  try {
    const columns = computer.inputs.map((column, at) =>
      column < firstMetadata
        ? given.columns[at]!
        : toldColumn(relation.metadata![column - firstMetadata]!, given.rows, coming),
    )
    const { batch, refused } = computer.run({ ...given, columns })
    const [first] = refused
    if (first === undefined) return withoutVerdicts(batch, relation, checks)
    throw new QueryMistake([{ code: first.code, message: `row ${first.row}: ${first.message}` }])
  } finally {
    computer.close()
  }
}

function toldColumn({ name, type }: Field, rows: number, { now, offset }: Coming): Column {
  assert(name === 'offset' || name === 'timestamp', `the log tells ${name} of a row`)
  const values = new BigInt64Array(rows)
  // A timestamp of milliseconds is cut, as one of any precision is.
  if (name === 'timestamp') values.fill(now - (now % 1000n))
  else for (let row = 0; row < rows; row++) values[row] = BigInt(offset + row)
  return { type, data: { layout: 'i64', values }, validity: null }
}

/** The relation with a computed column for each check. */
function withVerdicts({ schema, computed = [] }: Relation, checks: readonly TableCheck[]) {
  const verdict = ({ name }: TableCheck): Field => ({
    name,
    type: { kind: 'boolean' },
    nullable: true,
  })
  const column = schema.fields.length
  const judged = checks.map(({ condition }, at) => ({ column: column + at, expression: condition }))
  const fields = [...schema.fields, ...checks.map(verdict)]
  return { schema: { fields }, computed: [...computed, ...judged] }
}

/** The columns of the relation, if no row makes a check FALSE. */
function withoutVerdicts(batch: Batch, relation: Relation, checks: readonly TableCheck[]): Batch {
  const { schema } = relation
  const width = schema.fields.length
  const complete = { ...batch, schema, columns: batch.columns.slice(0, width) }
  for (let row = 0; row < batch.rows; row++) {
    const broken = checks.find((_, at) => valueAt(batch.columns[width + at]!, row) === false)
    if (broken !== undefined) throw brokenCheck(relation, broken, row, rowAt(complete, row))
  }
  return complete
}

/** What is said of a row that makes a check FALSE; `row` is its number among those that are given. */
export function brokenCheck(
  { name, schema: { fields } }: { name: string; schema: Schema },
  { name: check, text }: TableCheck,
  row: number,
  values: Row,
  statement = '',
): QueryMistake {
  const cells = fields.map(({ type }, at) => valueText(values[at] ?? null, type))
  const message = `row ${row} does not satisfy CHECK ${check} (${text}) of ${name}`
  const hint = `rows count from 0; this one is (${cells.join(', ')})`
  return new QueryMistake([{ code: 'check', message, hint }], statement)
}
