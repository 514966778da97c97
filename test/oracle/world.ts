/**
 * World: streams, tables, views and subscriptions over the reference interpreter; the oracle's side of a script.
 *
 * How      Rows get positions in the order in which they are appended. A flush is a commit point: every materialized
 *          view, in the order of creation, takes what came since its last commit; readers of a view take its
 *          changes, triples included. Statements are bound by the real binder and never rewritten.
 */
import type { RelationWatermark } from '../../src/catalog/index.ts'
import type { Op, Row } from '../../src/data/index.ts'
import type { Plan } from '../../src/plan/logical.ts'
import { type Change, changesOf, type ErrorLine, ErrorList, type Fault } from './commit.ts'
import { addUp, type Contribution, inOrder } from './contribution.ts'
import { type External, type Scan, scansOf, type Taken, takeAll } from './external.ts'
import { fileRows } from './file.ts'
import { Interpreter } from './interpreter.ts'
import { type CommitInput, TooLarge } from './node.ts'
import { startOf2026 } from './scalar/scalar.ts'
import { compareRows, type Failed, keyOf } from './value.ts'
import type { Late } from './watermark.ts'

/** What one commit of a query shows. */
export interface Shown {
  changes: Change[]
  errors: { op: Op; line: ErrorLine }[]
  late: Late[]
}

interface Source {
  contributions: Contribution[]
  /** Rows go, too. */
  isTable: boolean
  watermark: RelationWatermark | null
  /** When the last row of a partition came, by its key; '' where all rows are one. */
  last: Map<string, bigint>
  /** Keys of partitions that sleep. */
  asleep: Set<string>
  idle: { position: number; keys: string[] }[]
}

/** Where the rows of external tables begin when stored rows are read beside them. */
const firstTablePosition = -(2 ** 52)

/** A one-shot answer: rows in order, or the failure. */
export type Answer = { rows: Row[] } | { failed: Failed }

/** Contributions that a query may give in one commit. */
const changesMax = 2_000

/** A continuous query that is kept up to date. */
export class OracleQuery {
  readonly errors = new ErrorList()
  /** Rows of the view in whose place it comes; the first commit takes them back. */
  replaced: Contribution[] = []
  /** What it gives first was there: it stands before everything. */
  wasThere = false
  readonly plan: Plan
  readonly #interpreter: Interpreter
  readonly #world: World
  readonly #seen = new Map<string, number>()
  readonly #seenIdle = new Map<string, number>()
  /** Rows of bounded sources outside; taken once, in the first commit. */
  #external: Map<Scan, Taken> | null = null

  constructor(plan: Plan, world: World) {
    this.plan = plan
    this.#interpreter = new Interpreter(plan, 'continuous', world.now)
    this.#world = world
  }

  /** What it reads has another name, or columns that stand elsewhere. */
  alter(name: string, to: string, places: readonly number[] | null): void {
    for (const scan of scansOf(this.plan)) {
      if (scan.relation.toLowerCase() !== name.toLowerCase()) continue
      for (const seen of [this.#seen, this.#seenIdle]) {
        const count = seen.get(scan.relation)
        if (count === undefined) continue
        seen.delete(scan.relation)
        seen.set(to, count)
      }
      scan.relation = to
      const columns = scan.columns.map((column) =>
        column < 0 || places === null ? column : places.indexOf(column),
      )
      scan.columns.splice(0, columns.length, ...columns)
    }
  }

  /** What has come, or what of it stands before a position of the log. */
  commit(upTo: number | null = null): Shown {
    const isBefore = (position: number) => upTo === null || position < upTo
    this.#external ??= this.#world.takeExternal(this.plan, () => this.#world.nextPosition())
    const external = this.#external
    // A self-join asks twice: both scans see what came before the same end.
    const ends = new Map<string, number>()
    const input: CommitInput = {
      delta: (scan) => {
        const name = scan.relation
        const taken = external.get(scan)
        if (taken !== undefined) return taken.contributions.splice(0)
        const begins = ({ triple: [major] }: Contribution) => major >= (scan.from ?? major)
        const { contributions } = this.#world.source(name)
        const end = contributions.filter(({ triple: [major] }) => isBefore(major)).length
        ends.set(name, end)
        const from = this.#seen.get(name) ?? (upTo === null ? undefined : 0)
        if (upTo !== null) return contributions.slice(from, end).filter(begins)
        // What was there before the query comes as it is now, not as it came to be.
        const all = from === undefined ? this.#world.present(name) : contributions.slice(from)
        return all.filter(begins)
      },
      idle: ({ relation, from = 0 }) => {
        if (!this.#world.isStored(relation)) return []
        const idle = this.#world.source(relation).idle.slice(this.#seenIdle.get(relation) ?? 0)
        return idle.filter(({ position }) => isBefore(position) && position >= from)
      },
      nextPosition: () => this.#world.nextPosition(),
      end: (scan) => {
        const taken = external.get(scan)
        if (taken === undefined || taken.told) return null
        taken.told = true
        return taken.end
      },
    }
    const { contributions, faults, late } = this.#interpreter.commit(input, this.#world.now)
    for (const [name, end] of ends) {
      this.#seen.set(name, end)
      const { idle } = this.#world.source(name)
      this.#seenIdle.set(name, idle.filter(({ position }) => isBefore(position)).length)
    }
    const size = contributions.reduce((sum, { weight }) => sum + Math.abs(weight), 0)
    if (size > changesMax) throw new TooLarge('a commit is too large for the oracle')
    const gone = this.replaced.splice(0).map((one) => ({ ...one, weight: -one.weight }))
    const first = this.wasThere ? contributions.map(beforeAll) : contributions
    this.wasThere = false
    const all = [...first, ...gone]
    const changes = changesOf(all, this.plan.updating ? this.plan.key : null)
    return { changes, errors: this.errors.apply(faults), late }
  }
}

const beforeAll = (one: Contribution): Contribution => ({ ...one, triple: [0, 0, 0] })

interface View {
  name: string
  query: OracleQuery
}

export class World {
  #sources = new Map<string, Source>()
  #externals = new Map<string, External>()
  #views: View[] = []
  /** CREATE STREAM … AS: what it gives is appended to the stream. */
  #feeds: View[] = []
  readonly #fed: { name: string; rows: Row[] }[] = []
  #position = 0
  /** Late rows that were told of, by source and number. */
  #late = new Set<string>()
  /** Views that take nothing for the time being, in lower case. */
  readonly paused = new Set<string>()
  /** Processing time, microseconds. */
  now = startOf2026

  get position(): number {
    return this.#position
  }

  /** A world that begins as this one is; what happens there does not happen here. Views are computed anew. */
  fork(): World {
    const copy = new World()
    copy.#position = this.#position
    copy.#externals = this.#externals
    copy.now = this.now
    for (const [name, source] of this.#sources) {
      if (this.#isView(name)) continue
      copy.#sources.set(name, { ...source, contributions: [...source.contributions] })
    }
    for (const { name, query } of this.#views) copy.createView(name, query.plan)
    return copy
  }

  createRelation(
    name: string,
    { isTable = false, watermark = null }: Partial<Pick<Source, 'isTable' | 'watermark'>> = {},
  ): void {
    // Until its first row a stream with partitions is waited for as a whole.
    const last = new Map(watermark?.idleMicros === undefined ? [] : [['', this.now]])
    const source = {
      contributions: [],
      isTable,
      watermark,
      last,
      asleep: new Set<string>(),
      idle: [],
    }
    this.#sources.set(name.toLowerCase(), source)
  }

  isStored(name: string): boolean {
    return this.#sources.has(name.toLowerCase())
  }

  /** Partitions without a row for too long are marked, stream by stream in the order of their making. */
  noteIdle(): void {
    for (const { watermark, last, asleep, idle } of this.#sources.values()) {
      if (watermark?.idleMicros === undefined) continue
      const limit = this.now - BigInt(watermark.idleMicros)
      const due = [...last].filter(([key, at]) => at <= limit && !asleep.has(key))
      if (due.length === 0) continue
      for (const [key] of due) asleep.add(key)
      const keys = due.map(([key]) => key)
      const known = watermark.partition === undefined ? keys : keys.filter((key) => key !== '')
      idle.push({ position: this.#position++, keys: known })
    }
  }

  /** Late rows of a commit, of all queries: each goes once where its source says. Did any go? */
  routeLate(late: readonly Late[]): boolean {
    const fresh = late.filter(({ relation, ordinal }) => {
      const name = `${relation.toLowerCase()} ${ordinal}`
      return !this.#late.has(name) && this.#late.add(name)
    })
    fresh.sort((a, b) => a.position - b.position)
    const routed = fresh.flatMap(({ relation, row }) => {
      const name = relation.toLowerCase()
      const watermark = (this.#sources.get(name) ?? this.#externals.get(name))?.watermark
      return watermark?.late === undefined ? [] : [{ target: watermark.late, row }]
    })
    for (const { target, row } of routed) this.append(target, [row])
    return routed.length > 0
  }

  /** A relation has other rows, whose columns stand elsewhere, or another name; `places` says where each was. */
  alter(name: string, to: string, places: readonly number[] | null, move: (row: Row) => Row): void {
    const source = this.#sources.get(name.toLowerCase())
    if (source !== undefined) {
      source.contributions = source.contributions.map((one) => ({
        ...one,
        row: move(one.row as Row),
      }))
      this.#sources.delete(name.toLowerCase())
      this.#sources.set(to.toLowerCase(), source)
    }
    for (const view of [...this.#views, ...this.#feeds]) {
      if (view.name.toLowerCase() === name.toLowerCase()) view.name = to
      view.query.alter(name, to, places)
    }
  }

  drop(name: string): void {
    this.#sources.delete(name.toLowerCase())
    this.#externals.delete(name.toLowerCase())
    const stays = (one: View) => one.name.toLowerCase() !== name.toLowerCase()
    this.#views = this.#views.filter(stays)
    this.#feeds = this.#feeds.filter(stays)
  }

  /** Rows of a stream or table; they take the next positions. */
  append(name: string, rows: readonly Row[]): void {
    this.change(
      name,
      rows.map((row) => ({ row, weight: 1 })),
    )
  }

  /** Rows of a table come and go; each change takes the next position. */
  change(name: string, changes: readonly { row: Row; weight: number }[]): void {
    this.noteIdle()
    const { contributions, watermark, last, asleep } = this.source(name)
    for (const { row, weight } of changes) {
      if (watermark?.idleMicros !== undefined) {
        const by = watermark.partition
        const key = by === undefined ? '' : keyOf(by.map((column) => row[column]!))
        if (by !== undefined) last.delete('')
        last.set(key, this.now)
        asleep.delete(key)
      }
      const ordinal = contributions.length
      contributions.push({ row: [...row], weight, triple: [this.#position++, 0, 0], ordinal })
    }
  }

  /** A bounded source outside the log. */
  createExternal(name: string, watermark: RelationWatermark | null): void {
    const time = watermark?.column ?? null
    this.#externals.set(name.toLowerCase(), { rows: [], time, watermark })
  }

  /** Rows for an external source, before anybody has read it; false when there is none of that name. */
  feed(name: string, rows: readonly Row[]): boolean {
    const external = this.#externals.get(name.toLowerCase())
    external?.rows.push(...rows)
    return external !== undefined
  }

  nextPosition(): number {
    return this.#position++
  }

  /** What a query takes from outside. Beside stored rows, sources without a watermark stand before everything. */
  takeExternal(plan: Plan, nextPosition: () => number): Map<Scan, Taken> {
    const scans = scansOf(plan)
    const files = new Map<string, External>()
    const outside = scans.flatMap((scan) => {
      if (scan.file !== undefined) {
        const key = JSON.stringify(scan.file)
        const external = files.get(key) ?? {
          rows: fileRows(scan.file),
          time: null,
          watermark: null,
        }
        files.set(key, external)
        return [{ scan, external }]
      }
      const external = this.#externals.get(scan.relation.toLowerCase())
      return external === undefined ? [] : [{ scan, external }]
    })
    const hasStored = scans.some(
      ({ relation }) => this.#sources.has(relation.toLowerCase()) && !this.#isView(relation),
    )
    const isTable = ({ external }: { external: External }) => hasStored && external.time === null
    let table = firstTablePosition
    const tables = takeAll(outside.filter(isTable), () => table++)
    const others = takeAll(
      outside.filter((one) => !isTable(one)),
      nextPosition,
    )
    return new Map([...tables, ...others])
  }

  createFeed(name: string, plan: Plan): void {
    this.createRelation(name)
    this.createRelation(`${name}.errors`)
    this.#feeds.push({ name, query: new OracleQuery(plan, this) })
  }

  createView(name: string, plan: Plan): OracleQuery {
    const query = new OracleQuery(plan, this)
    this.#views.push({ name, query })
    this.createRelation(name)
    this.createRelation(`${name}.errors`)
    return query
  }

  /**
   * Another query in the place of a view's: its readers take the difference, and come after it from here on. With
   * `wasThere` it goes on with what the one before has kept.
   */
  replaceView(name: string, plan: Plan, wasThere = false): void {
    const same = (one: string) => one.toLowerCase() === name.toLowerCase()
    const query = new OracleQuery(plan, this)
    query.wasThere = wasThere
    const { contributions } = this.source(name)
    query.replaced = standing(contributions)
    const after = [name.toLowerCase()]
    const later: View[] = [{ name, query }]
    for (const view of this.#views.filter((one) => !same(one.name))) {
      const reads = scansOf(view.query.plan).map(({ relation }) => relation.toLowerCase())
      if (!reads.some((one) => after.includes(one.replace(/\.errors$/, '')))) continue
      after.push(view.name.toLowerCase())
      later.push(view)
    }
    const moved = new Set(later)
    const kept = this.#views.filter((one) => !same(one.name) && !moved.has(one))
    this.#views = [...kept, ...later]
  }

  view(name: string): OracleQuery | undefined {
    return this.#views.find((view) => view.name.toLowerCase() === name.toLowerCase())?.query
  }

  /** A commit point: brings every view up to date; returns what each showed. */
  flush(): Map<string, Shown> {
    const shown = new Map<string, Shown>()
    for (const { name, query } of this.#feeds) {
      if (this.paused.has(name.toLowerCase())) continue
      const result = query.commit()
      shown.set(name, result)
      this.#fed.push({ name, rows: result.changes.map(({ row }) => row) })
    }
    for (const { name, query } of this.#views) {
      if (this.paused.has(name.toLowerCase())) continue
      const result = query.commit()
      shown.set(name, result)
      this.source(name).contributions.push(...result.changes.map(contributionOf))
      const lines = result.errors.map(({ op, line }) => ({ op, ...errorChange(line) }))
      this.source(`${name}.errors`).contributions.push(...lines.map(contributionOf))
    }
    return shown
  }

  /** Streams get, after a commit point, what it gave them; says whether there was something. */
  feedStreams(): boolean {
    const fed = this.#fed.splice(0)
    for (const { name, rows } of fed) this.append(name, rows)
    return fed.some(({ rows }) => rows.length > 0)
  }

  /** R(q, now). */
  answer(plan: Plan): Answer {
    const interpreter = new Interpreter(plan, 'one-shot')
    let position = this.#position
    const external = this.takeExternal(plan, () => position++)
    const input: CommitInput = {
      delta: (scan) =>
        external.get(scan)?.contributions ??
        this.present(scan.relation).filter(({ triple: [major] }) => major >= (scan.from ?? major)),
      idle: () => [],
      end: () => null,
      nextPosition: () => position,
    }
    const { contributions, faults } = interpreter.commit(input, this.now)
    const first = firstFault(faults)
    return first === null ? { rows: inOrder(contributions) as Row[] } : { failed: first }
  }

  /** The rows of a relation now: those of streams where they stand, those of views all at (0, 0, 0). */
  present(name: string): Contribution[] {
    const { contributions, isTable } = this.source(name)
    if (isTable) return left(contributions)
    return this.#isView(name) ? standing(contributions) : [...contributions]
  }

  #isView(name: string): boolean {
    return this.view(name.replace(/\.errors$/i, '')) !== undefined
  }

  source(name: string): Source {
    const source = this.#sources.get(name.toLowerCase())
    if (source === undefined) throw new Error(`no such relation in the oracle: ${name}`)
    return source
  }
}

const contributionOf = ({ op, row, triple }: Change): Contribution => ({
  row,
  weight: op === '+I' || op === '+U' ? 1 : -1,
  triple,
})

const errorChange = (line: ErrorLine): { row: Row; triple: readonly [number, number, number] } => ({
  row: [BigInt(line.offset), line.code, line.message, line.row],
  triple: [line.offset, 0, 0],
})

/** What is left of a table's history, each row where it came; of equal rows the earliest goes first. */
function left(history: readonly Contribution[]): Contribution[] {
  const rows: Contribution[] = []
  for (const one of history) {
    if (one.weight > 0) rows.push(one)
    else
      rows.splice(
        rows.findIndex(({ row }) => keyOf(row) === keyOf(one.row)),
        1,
      )
  }
  return rows
}

/** What is left of a history of changes, all of it at the start of the order. */
function standing(history: readonly Contribution[]): Contribution[] {
  const left = addUp(history, ({ row }) => keyOf(row))
  return left.map(({ row, weight }) => ({ row, weight, triple: [0, 0, 0] }))
}

/** The first failure in order that was not taken back. */
function firstFault(faults: readonly Fault[]): Failed | null {
  const sorted = faults.filter(({ weight }) => weight > 0)
  const text = ({ failed }: Fault) => [failed.code, failed.message, failed.row]
  sorted.sort((a, b) => a.triple[0] - b.triple[0] || compareRows(text(a), text(b)))
  return sorted[0]?.failed ?? null
}
