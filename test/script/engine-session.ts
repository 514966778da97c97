/**
 * Engine session: runs a golden script on the database, through its public doors only.
 *
 * How      Every view is followed by SUBSCRIBE from the moment it is made, and so are its errors. Commit points come
 *          when the script says so (`cycles: 'manual'`).
 *          A crash is an exception out of `beforeStep`. The session then opens a new database over the same log,
 *          follows everything again, and repeats the step if it had left nothing in the log. What a follower is told
 *          twice shows only as its state, so until the next `take` the session answers with states, not with changes.
 */
import { nameOf, parse } from '../../grammar/index.ts'
import { Failure, QueryMistake, systemDisk, virtualClock } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import { type Field, type Op, type Row, type Value, valueText } from '../../src/data/index.ts'
import {
  type Database,
  type DatabaseOptions,
  open,
  type RawCommit,
  RemoteDatabase,
  type StatementResult,
} from '../../src/database/index.ts'
import type { Frame } from '../../src/log/index.ts'
import { openOnThread } from '../../src/thread.ts'
import { startOf2026 } from '../oracle/scalar/scalar.ts'
import { Crash, type SimulatedDisk } from '../sim/disk.ts'
import { ScriptFolder } from './folder.ts'
import { faultOf } from './oracle-session.ts'
import {
  type Changed,
  type ChangedRow,
  errorFields,
  type Fault,
  type Rows,
  type Session,
  subscribing,
} from './session.ts'
import { Sources } from './sources.ts'

const DIRECTORY = '/db'

interface Followed {
  sql: string
  fields: Field[]
  commits: AsyncIterator<RawCommit>
  cancel: () => void
  changes: ChangedRow[]
  /** A pending `next` of the iterator. */
  next: Promise<void> | null
  /** The query has ended with its sources. */
  ended: boolean
  /** What the iterator threw. */
  fault: unknown
}

export class EngineSession implements Session {
  #database: Database | RemoteDatabase
  readonly #options: DatabaseOptions
  /** What connector `js` reads; a thread has none. */
  readonly #sources: Sources
  readonly #folder = new ScriptFolder()
  readonly #followed = new Map<string, Followed>()
  /** Subscriptions with a name, which a cursor reads from their beginning. */
  readonly #read = new Set<string>()
  readonly #fields = new Map<string, Field[]>()
  /** Followers that were told everything again: their next changes are a state. */
  readonly again = new Set<string>()
  crashes = 0
  /** Statements since BEGIN: a crash forgets what they did. */
  #open: string[] = []
  /** A thread has its own: there nothing waits. */
  readonly #clock: ReturnType<typeof virtualClock>

  /** Where the database lies that a crash leaves behind; null: its log is handed on. */
  readonly #disk: SimulatedDisk | null

  private constructor(
    database: Database | RemoteDatabase,
    options: DatabaseOptions,
    {
      sources,
      clock,
      disk,
    }: {
      sources: Sources
      clock: ReturnType<typeof virtualClock>
      disk: SimulatedDisk | null
    },
  ) {
    this.#disk = disk
    this.#clock = clock
    this.#sources = sources
    this.#database = database
    this.#options = options
  }

  /** With a disk the database lies on it, and after a crash what is left there is opened again. */
  static async open(
    options: DatabaseOptions,
    disk: SimulatedDisk | null = null,
  ): Promise<EngineSession> {
    const sources = new Sources()
    const clock = virtualClock(startOf2026)
    const outside = { sources, clock, disk }
    const given: DatabaseOptions = { thread: 'host', cycles: 'manual', ...options }
    if (given.thread === 'worker') {
      return new EngineSession(openOnThread(':memory:', given, {}), given, outside)
    }
    const all = { ...given, clock, connectors: builtinConnectors(systemDisk, sources) }
    if (disk === null) return new EngineSession(await open(':memory:', all), all, outside)
    let salt = 0n
    // Each opening mounts the disk anew.
    const place = {
      get disk() {
        return disk.mount()
      },
      salt: () => ++salt,
      segmentBytes: 20_000,
    }
    const lasting = { ...all, place }
    return new EngineSession(await open(DIRECTORY, lasting), lasting, outside)
  }

  async execute(given: string): Promise<Rows | Fault | { kind: 'done' }> {
    const sql = this.#folder.filled(given)
    let results: StatementResult[] = []
    try {
      await this.#survive(async () => {
        results = await this.#database.execute(sql)
      })
    } catch (error) {
      if (this.#open.length > 0) this.#note(sql)
      if (error instanceof QueryMistake) return faultOf(error, sql)
      if (error instanceof Failure && error.code === 'malformed_row') {
        return { kind: 'fault', code: error.code, message: error.message, at: '' }
      }
      throw error
    }
    this.#note(sql)
    const created = namedBy(sql, 'materialized\\s+view\\s+(?:if\\s+not\\s+exists\\s+)?')
    if (created !== null && !this.#followed.has(created.toLowerCase())) {
      await this.#follow(created, `SUBSCRIBE ${quoted(created)}`)
      await this.#follow(`${created}.errors`, `SUBSCRIBE ${quoted(created)}."errors"`)
    }
    const subscribed =
      /^\s*create\s+(?:or\s+replace\s+)?subscription\s+(if\s+not\s+exists\s+)?(\w+)/i.exec(sql)
    if (subscribed !== null) {
      const isThere = this.#read.has(subscribed[2]!.toLowerCase())
      // It may have gone with what it followed.
      const isNew = !isThere || subscribed[1] === undefined
      if (isThere && isNew) await this.#undeclare(subscribed[2]!)
      if (isNew) await this.#declare(subscribed[2]!)
    }
    const unread = /^\s*drop\s+subscription\s+(?:if\s+exists\s+)?(\w+)/i.exec(sql)
    if (unread !== null) this.#read.delete(unread[1]!.toLowerCase())
    const dropped =
      /^\s*drop\s+(?:temp(?:orary)?\s+)?materialized\s+view\s+(?:if\s+exists\s+)?("?)(\w+)\1/i.exec(
        sql,
      )
    if (dropped !== null) this.#unfollow(dropped[2]!)
    await this.#describe(sql)
    const last = results.at(-1)
    return last?.kind === 'rows' ? last : { kind: 'done' }
  }

  #note(sql: string): void {
    if (/^\s*(commit|end|rollback|abort)\b/i.test(sql)) this.#open = []
    else if (this.#open.length > 0 || /^\s*(begin|start)\b/i.test(sql)) this.#open.push(sql)
  }

  fieldsOf(relation: string): Field[] {
    return this.#fields.get(relation.toLowerCase())!
  }

  async append(relation: string, rows: Row[]): Promise<void> {
    const types = this.#fields.get(relation.toLowerCase())?.map(({ type }) => type)
    const text = (value: Value, at: number) =>
      value === null ? null : valueText(value, types![at]!)
    const outside = this.#sources.find(relation)
    if (outside !== undefined) {
      // The connector takes values in the spelling of SQL.
      outside.push(...rows.map((row) => row.map(text)))
      return
    }
    // A program's integer is no scaled DECIMAL, and its string no bytes.
    const kinds = ['decimal', 'varbinary', 'geometry', 'period', 'array', 'map']
    const spelt = (at: number) => kinds.includes(types?.[at]?.kind ?? '')
    const given = rows.map((row) => row.map((value, at) => (spelt(at) ? text(value, at) : value)))
    await this.#survive(async () => {
      await this.#database.append(relation, given)
    })
  }

  async subscribe(name: string, sql: string): Promise<Fault | null> {
    const text = subscribing(sql)
    try {
      await this.#follow(name, text)
      return null
    } catch (error) {
      if (error instanceof QueryMistake) return faultOf(error, text)
      throw error
    }
  }

  async wait(micros: bigint): Promise<void> {
    this.#clock.advance(micros)
  }

  async flush(): Promise<void> {
    await this.#survive(async () => {
      await this.#database.execute('FLUSH')
    })
  }

  async #declare(name: string): Promise<void> {
    await this.#survive(async () => {
      await this.#database.execute(`DECLARE read_${name} CURSOR FOR ${name} SINCE begin()`)
    })
    this.#read.add(name.toLowerCase())
  }

  /** A crash closes the cursor, too. */
  async #undeclare(name: string): Promise<void> {
    this.#read.delete(name.toLowerCase())
    await this.#survive(async () => {
      await this.#database.execute(`CLOSE read_${name}`).catch((error) => {
        if (!(error instanceof QueryMistake)) throw error
      })
    })
  }

  async #fetch(name: string): Promise<Changed> {
    let changed: Changed = { fields: [], changes: [] }
    await this.#survive(async () => {
      const { fields, rows } = await this.#database.query(`FETCH ALL FROM read_${name}`)
      // In front of each row stand its cycle, its time and its kind.
      const changes = rows.map(([, , op, ...row]) => ({ op: op as Op, row }))
      changed = { fields: fields.slice(3), changes }
    })
    return changed
  }

  async takeChanges(name: string): Promise<Changed> {
    if (this.#read.has(name.toLowerCase())) return this.#fetch(name)
    const followed = this.#followed.get(name.toLowerCase())
    if (followed === undefined) throw new Error(`the script has no view or subscription ${name}`)
    await drain(followed)
    const { changes, fields } = followed
    followed.changes = []
    return { fields, changes }
  }

  async takeErrors(name: string): Promise<Changed> {
    return { fields: errorFields, changes: (await this.takeChanges(`${name}.errors`)).changes }
  }

  async close(): Promise<void> {
    for (const { cancel } of this.#followed.values()) cancel()
    await this.#database.close()
    this.#folder.remove()
  }

  async #follow(name: string, sql: string): Promise<void> {
    let results: StatementResult[] = []
    await this.#survive(async () => {
      results = await this.#database.execute(sql)
    })
    const last = results.at(-1)
    if (last?.kind !== 'changes') throw new Error(`${sql} gives changes`)
    this.#followed.set(name.toLowerCase(), {
      sql,
      fields: last.fields,
      commits: last.commits[Symbol.asyncIterator](),
      cancel: last.cancel,
      changes: [],
      next: null,
      ended: false,
      fault: null,
    })
  }

  #unfollow(name: string): void {
    for (const one of [name.toLowerCase(), `${name.toLowerCase()}.errors`]) {
      this.#followed.get(one)?.cancel()
      this.#followed.delete(one)
    }
  }

  /** Columns of a new stream or table, by asking for none of its rows. */
  async #describe(sql: string): Promise<void> {
    const name = namedBy(sql, '(?:stream|table)\\s+(?:if\\s+not\\s+exists\\s+)?')
    if (name === null) return
    const text = `SELECT * FROM ${quoted(name)} WHERE FALSE`
    await this.#survive(async () => {
      const { fields } = await this.#database.query(text)
      this.#fields.set(name.toLowerCase(), fields)
    })
  }

  /** Runs one step; after a crash recovers, and repeats the step unless the log shows that it was done. */
  async #survive(work: () => Promise<void>): Promise<void> {
    for (;;) {
      const frames = this.#frames().length
      try {
        await work()
        return
      } catch (error) {
        if (!(error instanceof Crash)) throw error
        this.crashes++
        await this.#recover()
        const all = this.#frames()
        if (dataFrames(all) > dataFrames(all.slice(0, frames))) return
      }
    }
  }

  #frames(): readonly Frame[] {
    return this.#database instanceof RemoteDatabase ? [] : this.#database.log.frames
  }

  async #recover(): Promise<void> {
    if (this.#database instanceof RemoteDatabase) throw new Error('a thread is not crashed here')
    const { log } = this.#database
    this.#disk?.fail()
    for (;;) {
      try {
        this.#database =
          this.#disk === null
            ? await open(':memory:', { ...this.#options, log })
            : await open(DIRECTORY, this.#options)
        break
      } catch (error) {
        if (!(error instanceof Crash)) throw error
      }
    }
    for (const [name, { sql }] of [...this.#followed]) {
      try {
        await this.#follow(name, sql)
        this.again.add(name)
      } catch (error) {
        // It went with what it reads.
        if (!(error instanceof QueryMistake)) throw error
        this.#followed.delete(name)
      }
    }
    for (const name of [...this.#read]) {
      try {
        await this.#database.execute(`DECLARE read_${name} CURSOR FOR ${name} SINCE begin()`)
        this.again.add(name)
      } catch (error) {
        if (!(error instanceof QueryMistake)) throw error
        this.#read.delete(name)
      }
    }
    for (const sql of this.#open) {
      await this.#database.execute(sql).catch((error) => {
        if (!(error instanceof QueryMistake)) throw error
      })
    }
  }
}

/** Frames that statements and appends leave behind; cycles leave others: late rows, and rows of streams that fill. */
function dataFrames(frames: readonly Frame[]): number {
  const filled = new Set<string>()
  const isGiven = (frame: Frame) => {
    if (frame.kind === 'statement') {
      noteFilled(filled, frame.text)
      return true
    }
    return frame.kind === 'data' && frame.late === null && !filled.has(frame.stream)
  }
  return frames.filter(isGiven).length
}

/** The name behind CREATE [TEMP] and some words, without quotes; null for another statement. */
function namedBy(sql: string, words: string): string | null {
  const pattern = `^\\s*create\\s+(?:temp(?:orary)?\\s+)?${words}((?:"?\\w+"?\\.)?"?\\w+"?)`
  return new RegExp(pattern, 'i').exec(sql)?.[1]?.replaceAll('"', '') ?? null
}

const quoted = (name: string) => name.replaceAll(/\w+/g, '"$&"')

/** Keeps the lower-case names of the streams that a query fills, as a statement of the log changes them. */
function noteFilled(filled: Set<string>, text: string): void {
  const [statement] = parse(text).script.statements
  if (statement?.kind !== 'create-relation' && statement?.kind !== 'alter') return
  if (statement.object !== 'stream') return
  const name = nameOf(statement.name).toLowerCase()
  if (statement.kind === 'create-relation') {
    if (statement.query === null) filled.delete(name)
    else filled.add(name)
  } else if (statement.change.kind === 'rename' && filled.delete(name)) {
    filled.add(nameOf(statement.change.to).toLowerCase())
  }
}

/** Takes the commits that are there; a commit that is still to come stays awaited. */
async function drain(followed: Followed): Promise<void> {
  while (!followed.ended) {
    followed.next ??= followed.commits.next().then(
      ({ value, done }) => {
        followed.next = null
        if (done === true) followed.ended = true
        else collect(followed, value)
      },
      (fault) => {
        followed.fault = fault
      },
    )
    const pending = followed.next
    const idle = new Promise<boolean>((resolve) => setImmediate(() => resolve(true)))
    const isIdle = await Promise.race([pending.then(() => false), idle])
    if (followed.fault !== null) throw followed.fault
    if (isIdle) return
  }
}

function collect(followed: Followed, commit: RawCommit): void {
  commit.rows.forEach((row, index) => {
    followed.changes.push({ op: commit.ops[index]!, row })
  })
}
