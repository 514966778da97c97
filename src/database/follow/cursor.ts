/**
 * Cursor: rows that are given when they are asked for: those of a query, or what a subscription tells.
 *
 * How      A subscription goes on while nobody fetches; its rows wait here and hold nothing back. A cursor belongs to a
 *          session and ends with it.
 * Contract 1 (checked) each row is given once, in order.
 *          2 (checked) a cursor that too many rows wait for ends with a failure: no row is left out without a word.
 */
import { Failure, mistake, type Span } from '../../base/index.ts'
import type { Field, Row } from '../../data/index.ts'
import type { BoundStatement, Plan } from '../../plan/index.ts'
import type { Engine } from '../engine.ts'
import type { Work } from '../query.ts'
import type { Session, SessionState } from '../statement.ts'
import type { CommitQueue } from '../subscription.ts'
import { subscribe } from './follow.ts'
import { readRetained } from './retained.ts'

/** A FETCH under way. */
export interface Fetching {
  kind: 'fetching'
  cursor: Cursor
  /** Null: all that there are. */
  count: number | null
  timeoutMillis: number
}

/** Rows that may wait. */
const waitingMax = 1_000_000

export class Cursor {
  readonly fields: Field[]
  #rows: Row[]
  readonly #cancel: () => void
  #isOver: boolean
  #fault: unknown = null
  #wake: () => void = () => {}

  constructor(fields: Field[], rows: Row[], commits: CommitQueue | null) {
    this.fields = fields
    this.#rows = rows
    this.#isOver = commits === null
    this.#cancel = () => commits?.cancel()
    commits?.divert(
      ({ rows }) => this.#take(rows),
      (fault) => {
        this.#fault ??= fault
        this.#isOver = true
        this.#wake()
      },
    )
  }

  #take(rows: readonly Row[]): void {
    for (const row of rows) this.#rows.push(row)
    if (this.#rows.length > waitingMax) {
      this.#rows = []
      this.#fault = new Failure('memory_limit', `more than ${waitingMax} rows wait to be fetched`)
      this.close()
    }
    this.#wake()
  }

  /** Is there nothing to wait for? */
  has(count: number): boolean {
    return this.#isOver || this.#rows.length >= count
  }

  /** Takes the next rows; throws what has ended the subscription, behind its last row. */
  take(count: number | null): Row[] {
    if (this.#rows.length === 0 && this.#fault !== null) throw this.#fault
    return this.#rows.splice(0, count ?? this.#rows.length)
  }

  /** Resolves when rows have come, or the last one has. */
  change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  close(): void {
    this.#cancel()
  }
}

export function* declare(
  engine: Engine,
  { name, span, of }: BoundStatement & { kind: 'declare' },
  session: Session,
  rowsOf: (plan: Plan) => Work<Row[]>,
): Work<string> {
  const { cursors } = session.state
  if (cursors.has(name.toLowerCase())) {
    const hint = `CLOSE ${name} first`
    mistake({ code: 'duplicate_name', message: `cursor ${name} is open already`, hint, span })
  }
  let queue: CommitQueue | null = null
  const openQueue = (cancel: () => void) => (queue = session.openQueue(cancel))
  let made: Cursor
  if (of.kind === 'select') made = new Cursor(of.plan.output, yield* rowsOf(of.plan), null)
  else if (of.kind === 'subscription-reading') {
    made = new Cursor(of.fields, [], yield* readRetained(engine, of, rowsOf))
  } else {
    const { fields } = yield* subscribe(engine, of, { ...session, openQueue })
    made = new Cursor(fields, [], queue)
  }
  cursors.set(name.toLowerCase(), made)
  return `cursor ${name} declared`
}

export function fetching(
  { name, span, count, timeoutMillis }: BoundStatement & { kind: 'fetch' },
  { cursors }: SessionState,
): Fetching {
  const cursor = cursors.get(name.toLowerCase()) ?? unknown(name, span)
  return { kind: 'fetching', cursor, count, timeoutMillis }
}

export function closeCursors(
  { name, span }: BoundStatement & { kind: 'close' },
  { cursors }: SessionState,
): string {
  const names = name === null ? [...cursors.keys()] : [name.toLowerCase()]
  for (const one of names) {
    const cursor = cursors.get(one) ?? unknown(name!, span)
    cursors.delete(one)
    cursor.close()
  }
  return name === null ? 'all cursors closed' : `cursor ${name} closed`
}

function unknown(name: string, span: Span): never {
  const message = `there is no cursor ${name} in this session`
  return mistake({ code: 'unknown_name', message, hint: 'DECLARE c CURSOR FOR … makes one', span })
}
