/**
 * Alter: gives a relation other columns, or another name, while queries read it.
 *
 * How      The rows that are there are rewritten as the streams have them; the log keeps the frames that came, and a
 *          replay rewrites them again when it comes to the statement. Running queries go on with the places that their
 *          columns have now.
 * Contract 1 (checked) a statement that fails has changed nothing.
 * Cost     a column for each new one; the others are shared.
 */
import { assert, QueryMistake } from '../base/index.ts'
import type { Relation } from '../catalog/index.ts'
import { type Batch, isValid, type Value, valueAt } from '../data/index.ts'
import type { BoundStatement } from '../plan/index.ts'
import { Computer, rowKey } from '../runtime/index.ts'
import type { Engine } from './engine.ts'

type Change = NonNullable<(BoundStatement & { kind: 'alter' })['change']>

/** Applies the change; mistakes leave everything as it was. */
export function alter(engine: Engine, name: string, change: Change): void {
  const before = engine.catalog.get(name)
  assert(before !== undefined, `relation ${name} is altered`)
  const { relation, lost, readers } = change
  const isRenamed = relation.name.toLowerCase() !== name.toLowerCase()
  if (isRenamed && engine.queries.has(relation.name.toLowerCase())) {
    const message = `query ${relation.name} is running`
    throw new QueryMistake([{ code: 'duplicate_name', message, hint: 'DROP QUERY it first' }])
  }
  refuseRunning(engine, before, lost)
  const moved = movedRows(engine, before, change)
  engine.alter(name, relation, { places: change.places, moved })
  for (const reader of readers) engine.catalog.replace(reader.name, reader)
}

/** Running queries that read columns which nobody may, or a reader outside that is open. */
function refuseRunning(engine: Engine, before: Relation, lost: readonly number[]): void {
  const isOutside = before.kind === 'external'
  const names = [...engine.queries.values()]
    .filter((query) => !query.ended && query.readsFrom(before.name))
    .filter((query) => isOutside || query.readsColumns(before.name, lost))
    .map((query) => query.name)
  if (names.length === 0) return
  const list = names.join(', ')
  const message = `${before.name} is read by ${list}`
  throw new QueryMistake([{ code: 'dependency', message, hint: `DROP QUERY ${list} first` }])
}

/** What becomes of each batch of the rows that are there; null where they stay as they are. */
function movedRows(
  engine: Engine,
  before: Relation,
  { relation, places, fills, behind, strict, judged }: Change,
): ((batch: Batch) => Batch) | null {
  const isStored = relation.kind === 'stream' || relation.kind === 'table'
  if (!isStored || places === null) return null
  const { schema } = relation
  const table = engine.table(before.name)
  const hidden = behind.map((place) => before.schema.fields[place]!)
  const loose = { fields: [...schema.fields, ...hidden].map((one) => ({ ...one, nullable: true })) }
  const olds = [...places, ...behind]
  const wanted = schema.fields.map((_, index) => index)
  const move = (batch: Batch, offset: number): Batch => {
    if (fills.length === 0) {
      return { ...batch, schema, columns: places.map((place) => batch.columns[place]!) }
    }
    // What a column is made of may come to nothing in a row: then nothing is altered.
    const { functions } = engine.sources
    const all = { schema: loose, computed: fills }
    const computer = new Computer(engine.computing(), all, wanted, { functions })
    try {
      const columns = computer.inputs.map((index) => batch.columns[olds[index]!]!)
      const { batch: full, refused } = computer.run({ ...batch, columns })
      const first = refused.find(({ row }) => table?.isGone(offset + row) !== true)
      if (first === undefined) return { ...full, schema }
      const message = `a row of ${before.name}: ${first.message}`
      throw new QueryMistake([{ code: first.code, message }])
    } finally {
      computer.close()
    }
  }
  const made = new Map<Batch, Batch>()
  const stands = (offset: number) => table?.isGone(offset) !== true
  const judge = judgeOf(engine, relation, { name: before.name, strict, judged, stands })
  for (const { batch, offset } of engine.log.framesOf(before.name.toLowerCase())) {
    const after = move(batch, offset)
    made.set(batch, after)
    judge(after, offset)
  }
  return (batch) => made.get(batch) ?? move(batch, 0)
}

/** Refuses a row that lacks a value, does not satisfy a check, or has the key of one before it. */
function judgeOf(
  engine: Engine,
  relation: Relation,
  {
    name,
    strict,
    judged,
    stands,
  }: Pick<Change, 'strict' | 'judged'> & { name: string; stands(offset: number): boolean },
): (batch: Batch, offset: number) => void {
  const { fields } = relation.schema
  const refuse = (code: 'not_null' | 'check' | 'duplicate_key', message: string, hint?: string) => {
    throw new QueryMistake([{ code, message, ...(hint === undefined ? {} : { hint }) }])
  }
  const seen = new Set<string>()
  return (batch, offset) => {
    const verdicts = verdictsOf(engine, relation, judged.checks, batch)
    for (let row = 0; row < batch.rows; row++) {
      if (!stands(offset + row)) continue
      const missing = strict.find((column) => !isValid(batch.columns[column]!, row))
      if (missing !== undefined) {
        const message = `a row of ${name} has no value for column ${fields[missing]!.name}`
        const hint =
          'a DEFAULT gives one to rows that are there; UPDATE gives one to rows of a table'
        refuse('not_null', message, hint)
      }
      const broken = judged.checks.find((_, at) => verdicts[at]?.[row] === false)
      if (broken !== undefined)
        refuse('check', `a row of ${name} does not satisfy ${broken.name} (${broken.text})`)
      for (const { name: key, columns } of judged.keys) {
        if (columns.some((column) => !isValid(batch.columns[column]!, row))) continue
        const values = columns.map((column) => valueAt(batch.columns[column]!, row))
        const text = `${key}:${rowKey(values)}`
        if (seen.has(text)) refuse('duplicate_key', `two rows of ${name} have one key ${key}`)
        seen.add(text)
      }
    }
  }
}

/** By check and row whether it is satisfied. */
function verdictsOf(
  engine: Engine,
  { schema }: Relation,
  checks: Change['judged']['checks'],
  batch: Batch,
): Value[][] {
  if (checks.length === 0) return []
  const width = schema.fields.length
  const verdict = { name: 'verdict', type: { kind: 'boolean' as const }, nullable: true }
  const fields = [...schema.fields, ...checks.map(() => verdict)]
  const computed = checks.map(({ condition }, at) => ({
    column: width + at,
    expression: condition,
  }))
  const wanted = checks.map((_, at) => width + at)
  const { functions } = engine.sources
  const computer = new Computer(engine.computing(), { schema: { fields }, computed }, wanted, {
    functions,
  })
  try {
    const columns = computer.inputs.map((index) => batch.columns[index]!)
    const { batch: made, refused } = computer.run({ ...batch, columns })
    const [first] = refused
    if (first !== undefined) throw new QueryMistake([{ code: first.code, message: first.message }])
    return made.columns.map((column) => valuesOf(column, batch.rows))
  } finally {
    computer.close()
  }
}

const valuesOf = (column: Batch['columns'][number], rows: number): Value[] =>
  Array.from({ length: rows }, (_, row) => valueAt(column, row))
