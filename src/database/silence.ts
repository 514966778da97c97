/**
 * Silence: why a continuous query gives nothing, or nothing more, in sentences for who has to mend it.
 *
 * How      The plan is walked from its output down. A node that has given no row while its input has is the cause, and
 *          a look at the rows that stopped there says more (rejection.ts); otherwise the input is asked. Nodes that
 *          wait for the watermark say for which one, and which source holds it back, by how much.
 * Contract 1 (checked) asking is a commit point and changes nothing else.
 *          2 (checked) there is an answer for every query: the first one is the likeliest cause.
 */
import { type Field, type Row, valueAt, valueText } from '../data/index.ts'
import { explain, inputsOf, type PhysicalPlan } from '../plan/index.ts'
import type { ScanStage, StageStats } from '../runtime/index.ts'
import type { Engine } from './engine.ts'
import type { Query, Work } from './query.ts'
import { rejectedByFilter, rejectedByJoin } from './rejection.ts'

/** A cause: what happens, at which line of the plan, and what would help. */
interface Cause {
  why: string
  operator: string | null
  help: string | null
}

interface Told {
  kind: 'rows'
  fields: Field[]
  rows: Row[]
}

const fields = ['why', 'operator', 'help'].map(
  (name): Field => ({ name, type: { kind: 'varchar' }, nullable: name !== 'why' }),
)

/** What is known of the query that is asked about. */
interface Seen {
  engine: Engine
  query: Query
  stats: ReadonlyMap<number, StageStats>
  /** Queries asked about on the way here. */
  asked: ReadonlySet<string>
}

export function* explainSilence(engine: Engine, query: Query): Work<Told> {
  const causes = yield* causesOf(engine, query, new Set())
  const rows = causes.map(({ why, operator, help }): Row => [why, operator, help])
  // What is read twice is said once.
  const told = new Map(rows.map((row) => [JSON.stringify(row), row]))
  return { kind: 'rows', fields, rows: [...told.values()] }
}

function* causesOf(engine: Engine, query: Query, asked: ReadonlySet<string>): Work<Cause[]> {
  const { name } = query
  if (query.fault === null) yield* engine.flush()
  const stopped = stoppedBy(query)
  if (stopped !== null) return [stopped]
  const stats = new Map(query.stats().map((stage) => [stage.id, stage]))
  const seen: Seen = { engine, query, stats, asked: new Set([...asked, name.toLowerCase()]) }
  const told = stats.get(query.plan.id)!.rowsOut
  const causes: Cause[] = []
  const isLost = rowsNow(query) === 0 && query.dataflow.errors.length > 0
  if (told > 0 && !isLost) causes.push(hasOutput(seen, told))
  else if (told === 0) causes.push(...(yield* silenceAt(query.plan, seen)))
  causes.push(...failedRows(seen), ...waitsOf(query.plan, seen, causes), ...lateRows(seen))
  if (query.ended)
    causes.push({
      why: `${name} has ended: its sources have no more rows`,
      operator: null,
      help: null,
    })
  if (causes.length > 0) return causes
  return [
    {
      why: `nothing is known to hold ${name} back`,
      operator: null,
      help: 'EXPLAIN ANALYZE FOR QUERY tells the rows of each operator',
    },
  ]
}

function stoppedBy({ name, fault, paused }: Query): Cause | null {
  if (fault !== null) {
    const message = fault instanceof Error ? fault.message : String(fault)
    const help = `mend what failed, then make ${name} again: it reads from the first row`
    return { why: `${name} has failed and is out of service: ${message}`, operator: null, help }
  }
  if (!paused) return null
  return {
    why: `${name} is paused: it takes no rows`,
    operator: null,
    help: `RESUME QUERY ${name}`,
  }
}

/** Rows of its view; null where it keeps none. */
const rowsNow = ({ view }: Query): number | null => view?.rows().length ?? null

function hasOutput({ query }: Seen, told: number): Cause {
  const { name, view } = query
  const rows = countText(told, 'change')
  if (rowsNow(query) === 0) {
    const why = `${name} has given ${rows}, and all its rows were taken back: the view is empty now`
    return {
      why,
      operator: lineOf(query, query.plan),
      help: `SUBSCRIBE ${name} shows rows come and go`,
    }
  }
  const kept = view === null ? '' : `; its view has ${countText(view.rows().length, 'row')}`
  return { why: `${name} does give output: ${rows} so far${kept}`, operator: null, help: null }
}

const countText = (count: number, what: string) =>
  `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`

/** The node's line in the plan. */
function lineOf({ plan }: Query, { id }: PhysicalPlan): string {
  return explain
    .explainLines(plan)
    .find((line) => line.id === id)!
    .text.trim()
}

const givenBy = ({ id }: PhysicalPlan, { stats }: Seen) => stats.get(id)?.rowsOut ?? 0

/** Why a node has given no row. */
function* silenceAt(plan: PhysicalPlan, seen: Seen): Work<Cause[]> {
  const { query, engine } = seen
  const operator = lineOf(query, plan)
  if (plan.kind === 'scan') return yield* silentScan(plan, seen)
  const empty = emptyInputs(plan, seen)
  if (empty.length > 0) {
    const causes: Cause[] = []
    for (const input of empty) causes.push(...(yield* silenceAt(input, seen)))
    return causes
  }
  switch (plan.kind) {
    case 'filter':
      return [
        { operator, ...(yield* rejectedByFilter(engine, query, plan, givenBy(plan.input, seen))) },
      ]
    case 'join':
      return [{ operator, ...(yield* rejectedByJoin(engine, query, plan)) }]
    case 'asof': {
      // A row that waits for its version is told of beside.
      if (plan.waits && seen.stats.get(plan.id)!.firstOpen !== null) return []
      const why =
        'no row of the left side has a row of equal keys on the right side at a time that fits'
      return [{ why, operator, help: 'look at the clocks of both sides, and at their keys' }]
    }
    case 'window': {
      const { late } = seen.stats.get(plan.id)!
      const why =
        late > 0 ? 'every row came too late for its window' : 'the time of every row is NULL'
      const help =
        late > 0 ? 'a greater delay in WATERMARK, or LATE ROWS UPDATE WITHIN, takes them' : null
      return [{ why, operator, help }]
    }
    case 'match': {
      const why = 'rows have come, and no match of the pattern has been decided'
      return [
        {
          why,
          operator,
          help: 'leave out conditions of DEFINE one by one; WITHIN ends matches that hang',
        },
      ]
    }
    case 'unnest': {
      const why = 'what stands in FROM beside the rows has given no row for any of them'
      return [{ why, operator, help: 'LEFT JOIN LATERAL … ON TRUE keeps such rows' }]
    }
    case 'lifetime': {
      const waiting = seen.stats.get(plan.id)!.cells
      const why =
        waiting > 0
          ? `${countText(waiting, 'row')} wait for the time from which NOW() lets them be there`
          : 'by NOW() the time of every row was over when it came'
      return [{ why, operator, help: 'NOW() is the time of the clock, not that of the rows' }]
    }
    case 'values':
    case 'series':
      return [{ why: 'the statement gives no rows itself', operator, help: null }]
    default:
      // Those that wait for the watermark, or for a tick, are told beside.
      return []
  }
}

/** The inputs without which the node can give nothing, and which have given nothing. */
function emptyInputs(plan: PhysicalPlan, seen: Seen): PhysicalPlan[] {
  const isEmpty = (input: PhysicalPlan) => givenBy(input, seen) === 0
  const inputs = inputsOf(plan)
  if (plan.kind === 'union') return inputs.every(isEmpty) ? inputs : []
  if (plan.kind === 'join' && plan.join === 'full') return inputs.every(isEmpty) ? inputs : []
  const isPadded =
    (plan.kind === 'asof' || plan.kind === 'join') && ['left', 'anti'].includes(plan.join)
  return (isPadded ? [plan.left] : inputs).filter(isEmpty)
}

function* silentScan(plan: PhysicalPlan & { kind: 'scan' }, seen: Seen): Work<Cause[]> {
  const { engine, query, asked } = seen
  const operator = lineOf(query, plan)
  const { relation: name } = plan
  const relation = engine.catalog.get(name)
  const feeding = engine.queries.get(name.toLowerCase())
  if (feeding !== undefined && !asked.has(name.toLowerCase()) && relation?.kind !== 'external') {
    const own = { why: `${name} has given no rows`, operator, help: null }
    const below = yield* causesOf(engine, feeding, asked)
    return [
      own,
      ...below.map((cause) => ({
        ...cause,
        operator: cause.operator === null ? null : `${name}: ${cause.operator}`,
      })),
    ]
  }
  const bad = engine.badRows(name).count
  if (bad > 0) {
    const why = `${countText(bad, 'row')} of ${name} could not be decoded`
    return [{ why, operator, help: `SELECT * FROM ${name}.errors says why` }]
  }
  if (relation?.kind !== 'external') {
    const isTable = relation?.kind === 'table'
    const why = isTable ? `table ${name} has no rows` : `no row has come to ${name} yet`
    return [{ why, operator, help: `INSERT INTO ${name}, or look at what should write to it` }]
  }
  const why = relation.bounded
    ? `${name} (connector ${relation.connector}) was read and has no rows`
    : `no row has come from ${name} (connector ${relation.connector}) yet`
  const help = relation.bounded
    ? 'look at its path, and whether its files have rows'
    : 'look at its address, and whether the other side sends'
  return [{ why, operator, help }]
}

function failedRows({ query }: Seen): Cause[] {
  const { errors } = query.dataflow
  const [first] = errors
  if (first === undefined) return []
  const rows = countText(errors.length, 'row')
  const why = `${rows} failed and left the flow, the first with ${first.code}: ${first.message}`
  return [
    {
      why,
      operator: null,
      help: `SELECT * FROM ${query.name}.errors lists them; TRY(…) or a CASE keeps them`,
    },
  ]
}

function lateRows({ engine, query }: Seen): Cause[] {
  const watched = query.dataflow.scans.filter(({ watched: isWatched }) => isWatched)
  const sources = [...new Set(watched.map(({ plan }) => plan.relation))]
  return sources.flatMap((source) => {
    const late = engine.late.count(source)
    if (late === 0) return []
    const were = late === 1 ? 'was' : 'were'
    const why = `${countText(late, 'row')} of ${source} came too late for a window and ${were} left out`
    const help =
      'sys.late_rows lists the last ones; a greater delay in WATERMARK, or LATE ROWS UPDATE WITHIN, takes them'
    return [{ why, operator: null, help }]
  })
}

// ---------------------------------------------------------------- waiting

/** What waits for the watermark, or for a tick. */
function waitsOf(plan: PhysicalPlan, seen: Seen, told: readonly Cause[]): Cause[] {
  const below = inputsOf(plan).flatMap((input) => waitsOf(input, seen, told))
  const stats = seen.stats.get(plan.id)
  const operator = lineOf(seen.query, plan)
  if (plan.kind === 'hold' && (stats?.cells ?? 0) > 0) {
    const which = plan.repeats ? '' : ' that changed'
    const { due } = seen.query.dataflow
    const tick = due === null ? 'the next tick' : `the tick at ${timeText(due)}`
    const why = `${countText(stats!.cells, 'row')}${which} wait for ${tick}`
    return [...below, { why, operator, help: null }]
  }
  const closes =
    plan.kind === 'close' ||
    ('emit' in plan && plan.emit === 'on-window-close') ||
    plan.kind === 'match' ||
    (plan.kind === 'asof' && plan.waits)
  if (!closes || (stats?.cells ?? 0) === 0) return below
  return [...below, ...watermarkWaits(plan, stats!.firstOpen, seen, operator)]
}

const scansBelow = (plan: PhysicalPlan): number[] =>
  plan.kind === 'scan' ? [plan.id] : inputsOf(plan).flatMap(scansBelow)

const noTime = 2n ** 62n
const isKnown = (watermark: bigint) => watermark > -noTime && watermark < noTime

function watermarkWaits(
  plan: PhysicalPlan,
  firstOpen: bigint | null,
  seen: Seen,
  operator: string,
): Cause[] {
  const ids = scansBelow(plan)
  const scans = seen.query.dataflow.scans.filter(
    (scan) => scan.watched && ids.includes(scan.plan.id) && !scan.ended(),
  )
  const [slowest] = [...scans].sort((a, b) => Number(a.watermark() - b.watermark()))
  if (slowest === undefined) return []
  const needed = firstOpen === null ? null : firstOpen - unitOf(plan)
  const what = waitingText(plan, firstOpen)
  const { relation } = slowest.plan
  const others = scans.filter((scan) => scan !== slowest && isKnown(scan.watermark()))
  const beside =
    others.length === 0 ? '' : `; ${others.map(markText).join(', ')}, and the least counts`
  if (!isKnown(slowest.watermark())) {
    const why = `${what}: ${relation} has no watermark, as no row of it has come${beside}`
    return [{ why, operator, help: idleHelp(seen.engine, relation) }]
  }
  const watermark = slowest.watermark()
  const behind = needed === null ? '' : `, ${durationText(needed - watermark)} short`
  const stands = `the watermark of ${relation} stands at ${timeText(watermark)}${behind}`
  const why = `${what}: ${stands}${beside}${partitionText(seen, slowest)}`
  const delay = BigInt(slowest.plan.watermark!.delayMicros)
  const column = slowest.plan.output[slowest.plan.watermark!.column]!.name
  const rest = 'time passes by rows alone, not by the clock'
  const close =
    needed === null
      ? `a later row of ${relation} moves it: ${rest}`
      : `a row of ${relation} with ${column} at ${timeText(needed + delay)} or later closes it: ${rest}`
  return [{ why, operator, help: close }]
}

/** How long before its end the watermark closes a window; a row goes when the watermark has its time. */
function unitOf(plan: PhysicalPlan): bigint {
  if (plan.kind === 'asof') return 0n
  const { window } = plan.kind === 'session' ? plan : 'input' in plan ? plan.input : plan
  return BigInt(window?.unitMicros ?? '1')
}

function waitingText({ kind }: PhysicalPlan, first: bigint | null): string {
  if (first === null) return 'rows wait for their turn'
  if (kind === 'asof') return `the row of ${timeText(first)} waits for its version`
  return `the ${kind === 'session' ? 'session' : 'window'} that ends at ${timeText(first)} is open`
}

function idleHelp(engine: Engine, name: string): string {
  const idle = engine.catalog.get(name)?.watermark?.idleMicros
  if (idle === undefined)
    return `rows of ${name}, or IDLE TIMEOUT in its WATERMARK, so that it does not hold the others back`
  return `rows of ${name}; after ${durationText(BigInt(idle))} without any it does not hold the others back`
}

/** Which partition holds the watermark of a source back. */
function partitionText({ engine }: Seen, scan: ScanStage): string {
  const { known, idle, slowest } = scan.partitions
  if (slowest === null || known < 2)
    return scan.asleep() ? '; it counts as idle, and so do all others' : ''
  const { relation: name } = scan.plan
  const stream = name.toLowerCase()
  const relation = engine.catalog.get(name)
  const columns = relation?.watermark?.partition ?? []
  const frames = engine.log.hasStream(stream) ? engine.log.framesOf(stream) : []
  for (const { partitions, batch } of frames) {
    const row = partitions?.indexOf(slowest) ?? -1
    if (row < 0) continue
    const values = columns.map((column) => {
      const { name: own, type } = relation!.schema.fields[column]!
      const value = valueAt(batch.columns[column]!, row)
      return `${own} = ${value === null ? 'NULL' : valueText(value, type)}`
    })
    return `; its slowest partition is ${values.join(', ')}, of ${known} with ${idle} idle`
  }
  return ''
}

const markText = (scan: ScanStage) => `${scan.plan.relation} is at ${timeText(scan.watermark())}`
const timeText = (micros: bigint) => valueText(micros, { kind: 'timestamp', precision: 6 })
const durationText = (micros: bigint) => valueText(micros, { kind: 'interval' })
