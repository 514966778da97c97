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
import { type Batch, isValid } from '../data/index.ts'
import type { BoundStatement } from '../plan/index.ts'
import { Computer } from '../runtime/index.ts'
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
  { relation, places, fills, strict }: Change,
): ((batch: Batch) => Batch) | null {
  const isStored = relation.kind === 'stream' || relation.kind === 'table'
  if (!isStored || places === null) return null
  const { schema } = relation
  const loose = { fields: schema.fields.map((field) => ({ ...field, nullable: true })) }
  const kept = places.flatMap((place) => (place < 0 ? [] : [place]))
  const wanted = schema.fields.map((_, index) => index)
  const move = (batch: Batch): Batch => {
    const columns = kept.map((place) => batch.columns[place]!)
    if (fills.length === 0) return { ...batch, schema, columns }
    // What a column is made of may come to nothing in a row: then nothing is altered.
    const { functions } = engine.sources
    const all = { schema: loose, computed: fills }
    const computer = new Computer(engine.computing(), all, wanted, { functions })
    try {
      const { batch: full, refused } = computer.run({ ...batch, columns })
      const [first] = refused
      if (first === undefined) return { ...full, schema }
      const message = `a row of ${before.name}: ${first.message}`
      throw new QueryMistake([{ code: first.code, message }])
    } finally {
      computer.close()
    }
  }
  const made = new Map<Batch, Batch>()
  for (const { batch, offset } of engine.log.framesOf(before.name.toLowerCase())) {
    const after = move(batch)
    made.set(batch, after)
    refuseNull(engine, relation, { name: before.name, after, offset, strict })
  }
  return (batch) => made.get(batch) ?? move(batch)
}

function refuseNull(
  engine: Engine,
  { schema }: Relation,
  {
    name,
    after,
    offset,
    strict,
  }: { name: string; after: Batch; offset: number; strict: readonly number[] },
): void {
  const table = engine.table(name)
  for (const column of strict) {
    for (let row = 0; row < after.rows; row++) {
      if (isValid(after.columns[column]!, row) || table?.isGone(offset + row)) continue
      const message = `a row of ${name} has no value for column ${schema.fields[column]!.name}`
      const hint = 'a DEFAULT gives one to rows that are there; UPDATE gives one to rows of a table'
      throw new QueryMistake([{ code: 'not_null', message, hint }])
    }
  }
}
