/**
 * System: the rows of sys.* and information_schema.*: what a database tells of itself, at the moment of asking. Those
 * of pg_catalog.* are in postgres.ts.
 *
 * Contract 1 (trusted) reading changes nothing. Cost: a walk over what is told of.
 * See      src/catalog/system.ts for the columns
 */
import { type Relation, type SystemName, schemas } from '../catalog/index.ts'
import { membersOf, type Row, typeText, valueText } from '../data/index.ts'
import { bytesOf } from './budget/budget.ts'
import type { Engine } from './engine.ts'
import { scansOf } from './extent.ts'
import { nothingKept } from './follow/retained.ts'
import type { KeptLateRow } from './late.ts'
import { postgresRows, schemasOf, viewText } from './postgres.ts'
import type { Query } from './query.ts'
import { stateRows } from './state.ts'

export function systemRows(engine: Engine, name: SystemName): Row[] {
  const queries = [...engine.queries.values()]
  switch (name) {
    case 'sys.late_rows':
      return engine.late.kept.map(lateRow)
    case 'sys.watermarks':
      return queries.flatMap((query) => watermarkRows(engine, query))
    case 'sys.queries':
      return queries.map(queryRow)
    case 'sys.operators':
      return queries.flatMap(operatorRows)
    case 'sys.state':
      return queries
        .filter(({ fault }) => fault === null)
        .flatMap((query) => stateRows(engine, query))
    case 'sys.memory':
      return memoryRows(engine)
    case 'sys.subscriptions':
      return queries.flatMap((query) => subscriptionRows(engine, query))
    case 'sys.errors':
      return errorRows(engine)
    case 'information_schema.schemata':
      return schemasOf(engine.catalog).map((schema) => [schemas.databaseName, schema])
    case 'information_schema.views':
      return named(engine).flatMap((relation) => viewRows(engine, relation))
    case 'information_schema.tables':
      return named(engine).map((relation) => [...place(engine, relation), tableType(relation)])
    case 'information_schema.columns':
      return named(engine).flatMap((relation) => columnRows(engine, relation))
    default:
      return postgresRows(engine.catalog, named(engine), engine.settings, name)
  }
}

function lateRow({ source, query, offset, at, watermark, row, schema }: KeptLateRow): Row {
  const texts = row.map((value, index) =>
    value === null ? 'NULL' : valueText(value, schema.fields[index]!.type),
  )
  return [source, query, BigInt(offset), at, watermark, texts.join(', ')]
}

/** Beyond all times: no watermark yet, or no more rows. */
const noTime = 2n ** 62n

function watermarkRows(engine: Engine, { name, fault, dataflow }: Query): Row[] {
  if (fault !== null) return []
  const now = BigInt(engine.nowMicros())
  return dataflow.scans
    .filter((scan) => scan.watched)
    .map((scan) => {
      const { relation } = scan.plan
      const watermark = scan.watermark()
      const known = watermark > -noTime && watermark < noTime ? watermark : null
      const { known: partitions, idle } = scan.partitions
      return [
        name,
        relation,
        known,
        known === null ? null : now - known,
        BigInt(partitions),
        BigInt(idle),
        scan.asleep(),
        scan.ended(),
        BigInt(engine.late.count(relation)),
      ]
    })
}

/** A continuous query as SHOW QUERIES tells of it. */
function queryRow(query: Query): Row {
  const { name, ended, paused, fault, rowsIn, dataflow, eviction } = query
  const evicted = eviction === null ? null : BigInt(eviction.rows)
  if (fault !== null)
    return [name, `failed: ${messageOf(fault)}`, BigInt(rowsIn), null, null, evicted]
  const stats = dataflow.stats()
  const late = stats.reduce((sum, stage) => sum + stage.late, 0)
  const bytes = bytesOf(query)
  const state = ended ? 'ended' : paused ? 'paused' : 'running'
  return [name, state, BigInt(rowsIn), BigInt(late), BigInt(bytes), evicted]
}

const messageOf = (fault: unknown) => (fault instanceof Error ? fault.message : String(fault))

function operatorRows({ name, fault, dataflow }: Query): Row[] {
  if (fault !== null) return []
  return dataflow.stats().map(({ id, kind, rowsOut, late, cells, stateBytes }) => {
    const counts = [rowsOut, late, cells, stateBytes].map(BigInt)
    return [name, BigInt(id), kind, ...counts]
  })
}

/** The rows of the log, and what each query keeps; what a query has failed with keeps nothing. */
function memoryRows({ log, queries }: Engine): Row[] {
  const kept = [...queries.values()].flatMap(({ name, fault, view, dataflow, retained }): Row[] => {
    if (fault !== null) return []
    const bytes = dataflow.stats().reduce((sum, stage) => sum + stage.stateBytes, 0)
    return [
      [name, 'operators', BigInt(bytes)],
      ...(view === null ? [] : [[name, 'view', BigInt(view.stateBytes)]]),
      ...(retained === null ? [] : [[name, 'changes', BigInt(retained.bytes)]]),
    ]
  })
  return [[null, 'log', BigInt(log.bytes)], ...kept]
}

/** A row for each relation that the subscription reads; one with a name tells what it keeps. */
function subscriptionRows(engine: Engine, query: Query): Row[] {
  const { name, plan, ended, paused, fault, rowsIn, dataflow, retained, isFollower } = query
  if (!isFollower && retained === null) return []
  const sources = new Set(scansOf(plan).map(({ relation }) => relation))
  const state = fault !== null ? 'failed' : ended ? 'ended' : paused ? 'paused' : 'running'
  const told = fault === null ? dataflow.stats().find(({ id }) => id === plan.id)?.rowsOut : 0
  const kept = retained?.told(BigInt(engine.nowMicros())) ?? nothingKept
  const counts = [BigInt(rowsIn), BigInt(told ?? 0)]
  return [...sources].map((source) => [name, source, state, ...counts, ...kept])
}

/** The rows of all `….errors`. */
function errorRows(engine: Engine): Row[] {
  return engine.catalog.list().flatMap((relation) => {
    if (relation.kind !== 'errors') return []
    return engine.sources.read(relation).map((row) => [relation.of, ...row])
  })
}

// ---------------------------------------------------------------- information_schema

/** What a name in FROM may stand for; errors are listed under their own names elsewhere. */
const named = (engine: Engine) =>
  engine.catalog.list().filter(({ kind }) => kind !== 'errors' && kind !== 'subscription')

function place({ catalog }: Engine, relation: Relation): string[] {
  const { schema, name } = schemas.placeOf(catalog, relation.name)
  return [schemas.databaseName, schema, name]
}

function tableType({ kind }: Relation): string {
  if (kind === 'view' || kind === 'materialized') return 'VIEW'
  return kind === 'external' ? 'FOREIGN' : 'BASE TABLE'
}

function viewRows(engine: Engine, relation: Relation): Row[] {
  const text = viewText(relation)
  return text === null ? [] : [[...place(engine, relation), text]]
}

function columnRows(engine: Engine, relation: Relation): Row[] {
  return relation.schema.fields.map(({ name, type, nullable }, index) => {
    const shown = membersOf(type) === null ? typeText(type) : 'STRUCT'
    const described = [name, BigInt(index + 1), nullable ? 'YES' : 'NO', shown]
    return [...place(engine, relation), ...described]
  })
}
