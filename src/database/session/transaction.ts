/**
 * Transaction: changes of one session that are kept aside until COMMIT, over the rows that were there at BEGIN.
 *
 * How      1. BEGIN pins a position of the log. Every table is shown as it stood there: rows that others have taken
 *             away since stand, rows that others have put in are not seen.
 *          2. Statements of the session put their rows into frames of its own, with offsets and positions that go on
 *             from the pinned ones, as if the log were the session's alone.
 *          3. COMMIT looks whether others have changed the same rows or keys since. If not, all frames go into the
 *             log as one change, without rows that came and went within the transaction.
 * Contract 1 (checked) a transaction is in the log as a whole or not at all.
 *          2 (checked) of two transactions that change one row or key, the second to commit fails with `conflict`.
 * Cost     begin O(relations); a read O(what others have changed since); memory is that of the changes.
 */
import { assert, QueryMistake } from '../../base/index.ts'
import { givenColumns, givenSchema, type Relation } from '../../catalog/index.ts'
import { type Batch, batchOf, type Row } from '../../data/index.ts'
import type { ChangePart, DataFrame, Log } from '../../log/index.ts'
import { rowKey } from '../../runtime/index.ts'
import type { Store } from '../change.ts'
import type { Engine } from '../engine.ts'
import type { Sources } from '../query.ts'
import { Indexes, note, rowOf, type Standing, type Table } from '../table.ts'

/** Another session has changed what the transaction needs. */
class Conflict extends QueryMistake {
  constructor(message: string) {
    super([{ code: 'conflict', message, hint: 'roll the transaction back and begin again' }])
  }
}

export class Transaction implements Store {
  /** The position after the last row that is seen of others. */
  readonly position: number
  /** A statement has failed: only ROLLBACK is left. */
  failed = false
  readonly #engine: Engine
  /** What every name stood for at BEGIN. */
  readonly #relations: ReadonlySet<Relation>
  readonly #frames: DataFrame[] = []
  readonly #streams = new Map<string, OwnRows>()
  /** Rows of views, by lower-case name, as they were before a cycle changed them. */
  readonly #views = new Map<string, Row[]>()
  #next: number

  constructor(engine: Engine) {
    this.#engine = engine
    this.position = engine.log.position
    this.#next = this.position
    this.#relations = new Set(engine.catalog.list())
    engine.pinned.add(this)
  }

  get catalog() {
    return this.#engine.catalog
  }

  /** What reads inside the transaction read. */
  get sources(): Sources {
    const { sources } = this.#engine
    return {
      ...sources,
      log: {
        position: this.#next,
        takePositions: () => assert(false, 'a transaction runs no continuous query') as never,
        frameAt: (name, offset) => this.#own(name).frameAt(offset),
        idleOf: () => [],
      },
      relation: (name) => {
        const relation = sources.relation(name)
        this.#checkSame(relation)
        return relation
      },
      standing: (relation) => this.table(relation.name) ?? null,
      read: (relation) => this.#readView(relation),
    }
  }

  table(name: string): Standing | undefined {
    return this.#engine.table(name) === undefined ? undefined : this.#own(name)
  }

  put(relation: Relation, given: Batch, removes: Float64Array | null): Batch {
    this.#checkSame(relation)
    const own = this.#own(relation.name)
    const batch = this.#engine.completed(relation, given, own.end)
    if (batch.rows === 0) return batch
    const stream = relation.name.toLowerCase()
    const [offset, position] = [own.end, this.#next]
    const place = { kind: 'data' as const, stream, offset, position, until: 0 }
    const arrival = { nowMicros: this.#engine.nowMicros(), partitions: null, late: null }
    const frame: DataFrame = { ...place, rows: batch.rows, batch, removes, ...arrival }
    own.take(frame)
    this.#frames.push(frame)
    this.#next += batch.rows
    return batch
  }

  /** Has the transaction changed rows of this stream or table? */
  hasChanged(name: string): boolean {
    return this.#streams.get(name.toLowerCase())?.changed ?? false
  }

  /** A cycle is about to change the view: its rows of now are those that the transaction sees. */
  keepView(name: string, rows: () => Row[]): void {
    if (!this.#views.has(name)) this.#views.set(name, rows())
  }

  /** Puts the changes into the log, all at once. */
  commit(): void {
    const parts = this.#parts()
    this.#engine.applyChange(parts)
  }

  /** Nothing of the transaction is left. */
  end(): void {
    this.#engine.pinned.delete(this)
  }

  #own(name: string): OwnRows {
    const key = name.toLowerCase()
    let own = this.#streams.get(key)
    if (own === undefined) {
      own = new OwnRows(this.#engine.log, key, this.position, this.#engine.table(key) ?? null)
      this.#streams.set(key, own)
    }
    return own
  }

  /** A relation that a statement reads or writes must be the one that was there at BEGIN. */
  #checkSame(relation: Relation): void {
    if (relation.kind === 'system' || this.#relations.has(relation)) return
    const message = `${relation.name} was made or altered after the transaction began`
    throw new Conflict(message)
  }

  #readView(relation: Relation): Row[] {
    if (relation.kind === 'errors') {
      const message = `not supported yet: ${relation.name} in a transaction`
      throw new QueryMistake([{ code: 'unsupported', message, hint: 'COMMIT first' }])
    }
    const kept = this.#views.get(relation.name.toLowerCase())
    return kept ?? this.#engine.sources.read(relation)
  }

  /** The rows with the offsets that they get in the log, where others have come since BEGIN. */
  #placed(stream: string, offset: number, batch: Batch): Batch {
    const relation = this.catalog.get(stream)!
    const later = this.#engine.log.end(stream) - this.#own(stream).start
    if (relation.metadata === undefined || later === 0) return batch
    return this.#engine.completed(relation, givenOf(relation, batch), offset + later)
  }

  /** The frames with the offsets that their rows get in the log. */
  #parts(): ChangePart[] {
    const touched = new Set(this.#frames.map(({ stream }) => stream))
    for (const name of touched) {
      const relation = this.catalog.get(name)
      if (relation === undefined)
        throw new Conflict(`${name} was dropped after the transaction began`)
      this.#checkSame(relation)
      this.#own(name).checkOthers(relation)
    }
    return this.#frames.map(({ stream, offset, batch, removes }) => {
      const own = this.#own(stream)
      const kept: number[] = []
      for (let at = 0; at < batch.rows; at++) {
        const removed = removes?.[at] ?? -1
        const stays = removed < 0 ? !own.isGone(offset + at) : removed < own.start
        if (stays) kept.push(at)
      }
      const left = kept.map((at) => removes?.[at] ?? -1)
      const isPlain = left.every((removed) => removed < 0)
      return {
        stream,
        batch:
          kept.length === batch.rows ? this.#placed(stream, offset, batch) : chosen(batch, kept),
        removes: isPlain ? null : Float64Array.from(left),
      }
    })
  }
}

/** The columns that a row is given. */
function givenOf(relation: Relation, batch: Batch): Batch {
  const columns = givenColumns(relation).map((column) => batch.columns[column]!)
  return { ...batch, schema: givenSchema(relation), columns }
}

function chosen(batch: Batch, rows: readonly number[]): Batch {
  return batchOf(
    batch.schema,
    rows.map((at) => rowOf(batch, at)),
  )
}

/** A stream or table as the transaction sees it. */
class OwnRows implements Standing {
  /** Offset of the first row of the transaction's own. */
  readonly start: number
  end: number
  readonly #log: Log
  readonly #name: string
  /** Null for a stream. */
  readonly #table: Table | null
  readonly #frames: DataFrame[] = []
  readonly #indexes = new Indexes()
  /** Rows that the transaction has taken away, and those that take them away. */
  readonly #gone = new Set<number>()
  /** Rows that stood at BEGIN and that others have taken away since. */
  readonly #taken = new Set<number>()
  #seen: number

  constructor(log: Log, name: string, position: number, table: Table | null) {
    this.#log = log
    this.#name = name
    this.#table = table
    this.start = log.endBefore(name, position)
    this.end = this.start
    this.#seen = this.start
  }

  get changed(): boolean {
    return this.#frames.length > 0
  }

  isGone(offset: number): boolean {
    if (this.#gone.has(offset)) return true
    if (offset >= this.start || this.#table === null) return false
    return this.#table.isGone(offset) && !this.#takenByOthers().has(offset)
  }

  find(columns: readonly number[], row: Row): readonly number[] {
    const key = rowKey(row, columns)
    const taken = [...this.#takenByOthers()].filter(
      (offset) => rowKey(this.rowAt(offset), columns) === key,
    )
    const before = this.#table!.find(columns, row).filter((offset) => offset < this.start)
    const own = this.#indexes.find(columns, row, (index) => {
      this.#each((batch, at, offset, removed) => note(index, batch, at, offset, removed))
    })
    const all = taken.length === 0 ? before : [...before, ...taken].sort((a, b) => a - b)
    return [...all.filter((offset) => !this.#gone.has(offset)), ...own]
  }

  rowAt(offset: number): Row {
    const frame = this.frameAt(offset)
    assert(frame !== undefined, 'a row that stands is there')
    return rowOf(frame.batch, offset - frame.offset)
  }

  frameAt(offset: number): DataFrame | undefined {
    if (offset < this.start) return this.#log.frameAt(this.#name, offset)
    const frames = this.#frames
    let low = 0
    let high = frames.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (frames[middle]!.offset <= offset) low = middle
      else high = middle - 1
    }
    return offset < this.end ? frames[low] : undefined
  }

  take(frame: DataFrame): void {
    const { offset, batch, removes } = frame
    this.#frames.push(frame)
    this.end += batch.rows
    for (let at = 0; at < batch.rows; at++) {
      const removed = removes?.[at] ?? -1
      if (removed >= 0) {
        this.#gone.add(removed)
        this.#gone.add(offset + at)
      }
      if (removed < 0 || removed >= this.start) this.#indexes.note(batch, at, offset + at, removed)
    }
  }

  /** Do the changes meet those that others have made since? */
  checkOthers(relation: Relation): void {
    const table = this.#table
    if (table === null || this.#log.end(this.#name) === this.start) return
    const { name } = relation
    for (const offset of this.#takenByOthers()) {
      if (this.#gone.has(offset)) throw new Conflict(`another session has changed a row of ${name}`)
    }
    const keys = (relation.kind === 'table' ? relation.rules?.keys : undefined) ?? []
    this.#each((batch, at, offset, removed) => {
      if (removed >= 0 || this.#gone.has(offset)) return
      const row = rowOf(batch, at)
      for (const { columns } of keys) {
        if (columns.some((column) => row[column] === null)) continue
        const others = table.find(columns, row)
        if (others.every((other) => other < this.start)) continue
        throw new Conflict(`another session has put a row with the same key into ${name}`)
      }
    })
  }

  /** The rows of the transaction that come, and those of them that it takes back. */
  #each(visit: (batch: Batch, at: number, offset: number, removed: number) => void): void {
    for (const { batch, offset, removes } of this.#frames) {
      for (let at = 0; at < batch.rows; at++) {
        const removed = removes?.[at] ?? -1
        if (removed < 0 || removed >= this.start) visit(batch, at, offset + at, removed)
      }
    }
  }

  #takenByOthers(): ReadonlySet<number> {
    const end = this.#log.end(this.#name)
    while (this.#seen < end) {
      const frame = this.#log.frameAt(this.#name, this.#seen)!
      for (const removed of frame.removes ?? []) {
        if (removed >= 0 && removed < this.start) this.#taken.add(removed)
      }
      this.#seen = frame.offset + frame.rows
    }
    return this.#taken
  }
}
