/**
 * Verify: is a materialized view what its query gives over the same prefix of the log, read at once?
 *
 * How      Both are taken as bags of rows. `UP TO` goes back: the query is run again over a shorter prefix, step by
 *          step and at once, as the view itself is known at its last commit alone.
 * Contract 1 (checked) reads, and changes nothing.
 * Cost     a one-shot run of the query, and the rows of both on the host.
 * See      docs/laws.md (one meaning)
 */
import { mistake } from '../base/index.ts'
import { compareValues, type Field, type Row, type Value } from '../data/index.ts'
import { type BoundStatement, inputsOf, type PhysicalPlan } from '../plan/index.ts'
import { rowKey } from '../runtime/index.ts'
import type { Engine } from './engine.ts'
import type { Query, Work } from './query.ts'
import type { Session } from './statement.ts'
import { viewOf } from './view/view.ts'

type Verify = BoundStatement & { kind: 'verify' }

/** What a row of the answer says. */
type Verdict = 'equal' | 'only in the view' | 'only in the query' | 'not closed yet'

interface Told {
  kind: 'rows'
  fields: Field[]
  rows: Row[]
}

export function* verifyView(engine: Engine, bound: Verify, session: Session): Work<Told> {
  const { upTo } = bound
  yield* engine.flush()
  const query = runningQuery(engine, bound)
  const prefix = upTo === null ? query.readLast : positionOf(engine, upTo)
  const isPast = upTo !== null && prefix < query.readLast
  if (isPast || query.paused) refuseOddSources(engine, query, bound)
  if (isPast && query.eviction !== null && query.eviction.rows > 0) refuseGivenUp(bound)
  const shown = isPast ? yield* again(engine, query, prefix) : shownBy(query)
  const { output } = query.plan
  const plan = engine.physical(bound.plan, 'one-shot')
  const asked = { upTo: prefix, tolerant: true }
  const { delta } = yield* engine.select(plan, session.text, engine.sources, asked)
  const all = delta.changes().map(({ row }) => row)
  for (const text of remarks(engine, query)) session.notice(text)
  return { kind: 'rows', fields: fieldsOf(output), rows: verdicts(shown, all, query.plan) }
}

function fieldsOf(output: readonly Field[]): Field[] {
  return [
    { name: 'verdict', type: { kind: 'varchar' }, nullable: false },
    { name: 'copies', type: { kind: 'bigint' }, nullable: false },
    ...output.map((field) => ({ ...field, nullable: true })),
  ]
}

/** Rows of a view, and how far its watermark has come. */
interface Shown {
  rows: Row[]
  watermark: bigint
}

const shownBy = ({ view, dataflow }: Query): Shown => ({
  rows: view!.rows(),
  watermark: dataflow.watermark(),
})

/** What the query shows when it has read a prefix. */
function* again(engine: Engine, { name, plan }: Query, upTo: number): Work<Shown> {
  const query = engine.made(name, plan, false)
  try {
    query.view = viewOf(query)
    const now = engine.options.clock.nowMicros()
    const input = { now, upTo, rowsMax: Number.MAX_SAFE_INTEGER, replay: null, deltas: new Map() }
    const { delta } = yield* query.cycle(input)
    query.view.apply(delta)
    return shownBy(query)
  } finally {
    engine.discard(query)
  }
}

/** The first row says whether both are equal; those that differ follow, in the order of their values. */
function verdicts({ rows, watermark }: Shown, all: readonly Row[], plan: PhysicalPlan): Row[] {
  const counts = new Map<string, { row: Row; copies: number }>()
  const count = (row: Row, copies: number) => {
    const key = rowKey(row)
    const found = counts.get(key)
    if (found === undefined) counts.set(key, { row, copies })
    else found.copies += copies
  }
  for (const row of rows) count(row, 1)
  for (const row of all) count(row, -1)
  const { output } = plan
  const differing = [...counts.values()].filter(({ copies }) => copies !== 0)
  differing.sort((a, b) => compared(a.row, b.row, output) || b.copies - a.copies)
  const verdictOf = (row: Row, copies: number): Verdict => {
    if (copies > 0) return 'only in the view'
    return isOpen(row, plan, watermark) ? 'not closed yet' : 'only in the query'
  }
  const told = differing.map(
    ({ row, copies }): Row => [verdictOf(row, copies), BigInt(Math.abs(copies)), ...row],
  )
  if (told.some(([verdict]) => verdict !== 'not closed yet')) return told
  const nothing = output.map((): Value => null)
  return [['equal' satisfies Verdict, BigInt(rows.length), ...nothing], ...told]
}

function compared(a: Row, b: Row, columns: readonly Field[]): number {
  for (const [at, { type }] of columns.entries()) {
    const order = compareValues(a[at]!, b[at]!, type)
    if (order !== 0) return order
  }
  return 0
}

/** Does the row belong to a window that is told when it closes, and has not closed? */
function isOpen(row: Row, plan: PhysicalPlan, watermark: bigint): boolean {
  const { window } = plan
  if (window === null || !tellsAtClose(plan)) return false
  const { start, end, sizeMicros, unitMicros } = window
  const at = end === null ? row[start!] : row[end]
  if (typeof at !== 'bigint') return false
  const over = end === null ? at + BigInt(sizeMicros) : at
  return over - BigInt(unitMicros) > watermark
}

function tellsAtClose(plan: PhysicalPlan): boolean {
  const isOwn = plan.kind === 'close' || ('emit' in plan && plan.emit === 'on-window-close')
  return isOwn || inputsOf(plan).some(tellsAtClose)
}

/** What is known to make a view differ from the answer over all rows. */
function remarks(engine: Engine, query: Query): string[] {
  const { name, plan, dataflow } = query
  const failed = dataflow.errors.length
  const errors = failed === 0 ? [] : [`${failed} rows have failed: ${name}.errors lists them`]
  const hidden = tellsAtClose(plan) && plan.window === null
  const open = hidden ? [`${name} has rows of a window when it has closed`] : []
  return [...lateRemarks(engine, query), ...errors, ...open]
}

/** Of each source that windows judge, how many rows a view may lack. */
export function lateRemarks({ late }: Engine, { dataflow }: Query): string[] {
  const judged = dataflow.scans.filter(({ watched }) => watched)
  const sources = [...new Set(judged.map(({ plan }) => plan.relation))]
  return sources.flatMap((source) => {
    const count = late.count(source)
    const rows = count === 1 ? '1 row' : `${count} rows`
    return count === 0
      ? []
      : [`${rows} of ${source} came too late: sys.late_rows has the last ones`]
  })
}

function runningQuery(engine: Engine, { name }: Verify): Query {
  const query = engine.queries.get(name.toLowerCase())!
  if (query.fault !== null) throw query.fault
  return query
}

/** The position behind what had come at a time. */
function positionOf({ log }: Engine, upTo: NonNullable<Verify['upTo']>): number {
  if ('offset' in upTo) return upTo.offset
  const later = log.frames.find(
    (frame) => frame.kind === 'data' && BigInt(frame.nowMicros) > upTo.micros,
  )
  return later === undefined ? log.position : (later as { position: number }).position
}

function refuseGivenUp({ name, span }: Verify): never {
  const message = `not supported yet: VERIFY … UP TO where ${name} has given rows up since`
  return mistake({ code: 'unsupported', message, hint: 'leave UP TO away', span })
}

/** Only streams can be read as they were. */
function refuseOddSources(engine: Engine, query: Query, { name, span }: Verify): void {
  for (const { plan } of query.dataflow.scans) {
    const { kind } = engine.sources.relation(plan.relation)
    if (kind === 'stream') continue
    const how = query.paused ? `VERIFY of ${name}, which is paused,` : 'VERIFY … UP TO'
    const message = `not supported yet: ${how} where it reads ${plan.relation}, which is no stream`
    const hint = query.paused ? 'RESUME it first' : 'leave UP TO away'
    mistake({ code: 'unsupported', message, hint, span })
  }
}
