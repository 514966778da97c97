/**
 * Sink: how the changes of a query go to a connector.
 *
 * How      Changes go as they are; or only the rows that come; or by key: of each key of a commit the row that comes,
 *          or else the one that goes; or as new rows that hold the row before and after a change.
 * Contract 1 (checked) by key, no row goes whose key has another one afterwards.
 */
import { assert } from '../base/index.ts'
import { givenSchema, type Relation } from '../catalog/index.ts'
import {
  abortWriter,
  type Batch,
  batchOf,
  type Field,
  type Op,
  type Row,
  rowsOf,
  type SinkWriter,
} from '../data/index.ts'
import type { Delta } from '../runtime/index.ts'
import type { Engine } from './engine.ts'
import type { Query } from './query.ts'

type External = Relation & { kind: 'external' }

/** What of the changes is sent. */
export interface Sending {
  /** Of updates only the new rows are sent, of deletions nothing. */
  forced: boolean
  /** Columns that tell rows apart for the connector; null where it takes every change. */
  key: readonly number[] | null
  /** Each change goes as a new row that holds the row before and after it. */
  envelope: boolean
  /** Are the rows told that the first cycle finds? */
  snapshot: boolean
}

export const everything: Sending = { forced: false, key: null, envelope: false, snapshot: true }

function writerOf(engine: Engine, relation: External): SinkWriter {
  const connector = engine.options.connectors.get(relation.connector)
  assert(connector !== undefined, `connector ${relation.connector} is wired`)
  return connector.create(givenSchema(relation), relation.options)
}

/** Starts a query whose changes go to a connector, until that fails; tells how many it has sent. */
export function startSink(
  engine: Engine,
  relation: External,
  start: () => Query,
  sending: Sending,
): { running: Query; rows: () => number } {
  const { fields } = givenSchema(relation)
  const writer = writerOf(engine, relation)
  let running: Query
  try {
    running = start()
  } catch (fault) {
    abortWriter(writer)
    throw fault
  }
  running.startsWhole = !sending.snapshot
  running.closed.push(() => {
    if (running.fault === null) writer.close()
    else abortWriter(writer)
  })
  let rows = 0
  const isPassing = engine.options.connectors.get(relation.connector)?.passing === true
  const send = (delta: Delta) => {
    if (isPassing && engine.replaying) rows += delta.count
    else if (sending.snapshot || running.cycles > 1) {
      const sent = sentOf(delta, sending)
      writeDelta(writer, fields, sent)
      rows += sent.count
    }
    if (running.ended) engine.stop(running.name)
  }
  running.consumers.push((_, delta) => {
    try {
      send(delta)
    } catch (fault) {
      running.quarantine(fault)
    }
  })
  return { running, rows: () => rows }
}

/** Writes all that `write` gives to a writer, and closes it; nothing is left where that fails. */
export function writeWhole(writer: SinkWriter, write: () => void): void {
  try {
    write()
    writer.close()
  } catch (fault) {
    abortWriter(writer)
    throw fault
  }
}

/** Writes the rows of an answer, and closes. */
export function writeOnce(engine: Engine, relation: External, delta: Delta): void {
  const writer = writerOf(engine, relation)
  writeWhole(writer, () => writeDelta(writer, givenSchema(relation).fields, delta))
}

function sentOf(delta: Delta, { forced, key, envelope }: Sending): Delta {
  if (envelope) return enveloped(delta, key)
  if (delta.batches !== null || !(forced || key !== null)) return delta
  return forced ? onlyNew(delta) : byKey(delta, key!)
}

/** The row of each key before and after a commit. */
function pairsOf(delta: Delta, key: readonly number[]): { old: Row | null; row: Row | null }[] {
  const found = new Map<string, { old: Row | null; row: Row | null }>()
  for (const { op, row } of delta.changes()) {
    const name = JSON.stringify(key.map((column) => String(row[column])))
    const at = found.get(name) ?? { old: null, row: null }
    if (op === '+I' || op === '+U') at.row = row
    else at.old = row
    found.set(name, at)
  }
  return [...found.values()]
}

const place = { major: 0, middle: 0, minor: 0 }

/** One change for each key: the row that comes, or the one that goes. */
function byKey(delta: Delta, key: readonly number[]): Delta {
  const sent = pairsOf(delta, key).map(({ old, row }) => {
    const op: Op = row === null ? '-D' : old === null ? '+I' : '+U'
    return { ...place, op, row: row ?? old! }
  })
  return { ...delta, changed: null, count: sent.length, changes: () => sent }
}

/** A row for each change: before, after, and c, u or d; without a key nothing is updated, rows come and go. */
function enveloped(delta: Delta, key: readonly number[] | null): Delta {
  const { rows, ops } = changesOf(delta)
  const pairs =
    key !== null && delta.batches === null
      ? pairsOf(delta, key)
      : rows.map((row, at) => {
          const comes = ops[at] === '+I' || ops[at] === '+U'
          return comes ? { old: null, row } : { old: row, row: null }
        })
  const image = (row: Row | null, width: number): Row =>
    row === null ? new Array(width + 1).fill(null) : [true, ...row]
  const sent = pairs.map(({ old, row }) => {
    const width = (row ?? old)!.length
    const op = row === null ? 'd' : old === null ? 'c' : 'u'
    return { ...place, op: '+I' as const, row: [...image(old, width), ...image(row, width), op] }
  })
  return { ...delta, batches: null, changed: null, count: sent.length, changes: () => sent }
}

/** The rows that come, as if nothing had been there before. */
function onlyNew(delta: Delta): Delta {
  const comes = delta
    .changes()
    .filter(({ op }) => op === '+I' || op === '+U')
    .map((change) => ({ ...change, op: '+I' as const }))
  return { ...delta, changed: null, count: comes.length, changes: () => comes }
}

function writeDelta(writer: SinkWriter, fields: readonly Field[], delta: Delta): void {
  if (writer.writeBatch !== undefined && delta.batches !== null) {
    for (const batch of delta.batches) writer.writeBatch(batch, null)
  } else if (writer.writeBatch !== undefined && delta.changed !== null) {
    writer.writeBatch(delta.changed.batch, delta.changed.ops)
  } else if (writer.writeBatch !== undefined) {
    const changes = delta.changes()
    const schema = { fields: [...fields] }
    let columns: Batch['columns'] | null = null
    const batch: Batch = {
      schema,
      rows: changes.length,
      // A sink that only counts does not look.
      get columns() {
        columns ??= batchOf(
          schema,
          changes.map(({ row }) => row),
        ).columns
        return columns
      },
    }
    writer.writeBatch(
      batch,
      changes.map(({ op }) => op),
    )
  } else {
    const { rows, ops } = changesOf(delta)
    writer.write(rows, ops)
  }
}

function changesOf(delta: Delta): { rows: Row[]; ops: Op[] } {
  if (delta.batches === null) {
    const changes = delta.changes()
    return { rows: changes.map(({ row }) => row), ops: changes.map(({ op }) => op) }
  }
  const rows = delta.batches.flatMap(rowsOf)
  return { rows, ops: rows.map((): Op => '+I') }
}
