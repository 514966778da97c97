/**
 * Explain: what EXPLAIN says of a statement: its plan, the rewrites that led to it, and what a run of it does.
 *
 * How      ANALYZE runs the query of the statement over what is there, writes nothing, and says what each operator did:
 *          rows, cells, bytes, late rows, time in all. Of a query that runs already it tells what was done so far; the
 *          time of each operator is measured while the query is run once more beside it.
 */
import { quote } from '../../grammar/index.ts'
import { assert, mistake, type Span } from '../base/index.ts'
import type { Field, Row } from '../data/index.ts'
import {
  type BoundStatement,
  explain,
  inputsOf,
  type Mode,
  type PhysicalPlan,
  type Plan,
} from '../plan/index.ts'
import type { StageStats } from '../runtime/index.ts'
import type { Engine } from './engine.ts'
import { extents } from './extent.ts'
import type { Query, Work } from './query.ts'
import { explainSilence } from './silence.ts'
import { queryNamed, rowsIn, stateOf, stateOfPlan } from './state.ts'

type Explained = BoundStatement & { kind: 'explain' }

interface Told {
  kind: 'rows'
  fields: Field[]
  rows: Row[]
}

const told = (lines: readonly string[]): Told => ({
  kind: 'rows',
  fields: [{ name: 'plan', type: { kind: 'varchar' }, nullable: true }],
  rows: lines.map((line) => [line]),
})

export function* explainStatement(engine: Engine, bound: Explained, text: string): Work<Told> {
  const found = planOf(bound.statement)
  assert(found !== null, 'a statement that is explained has a plan')
  const { plan: logical, mode } = found
  const { steps, format, type, details, analyze } = bound.how
  if (steps) {
    return told(explain.explainSteps(logical, engine.rewriting, mode))
  }
  const plan = engine.physical(logical, mode)
  if (details.includes('state')) {
    return yield* stateOfPlan(engine, plan, bound.statement.kind === 'create-materialized')
  }
  const shown = type === 'logical' ? explain.asBound(logical, mode) : plan
  const read = shown === plan && mode === 'one-shot' ? extents(plan, engine.sources) : new Map()
  const notes = details.includes('cost') ? explain.withCosts(shown, engine.rewriting, read) : read
  const shows = {
    changelog: details.includes('changelog'),
    columns: details.includes('verbose'),
    notes,
  }
  if (format === 'json') return told([JSON.stringify(shown, null, 2)])
  if (format === 'dot') return told([explain.explainDot(shown, shows, bound.head)])
  const head = bound.head === null ? [] : [bound.head]
  const depth = head.length
  const lines = explain.explainLines(shown, shows, depth)
  const isAdvised = details.includes('advice') && mode === 'continuous'
  const advice = isAdvised ? explain.adviceOn(plan, rowsIn(engine)) : []
  const extra = [
    ...(details.includes('advice') && advice.length === 0 ? ['no advice'] : []),
    ...advice.map((one) => `advice: ${one}`),
    ...(details.includes('json') ? JSON.stringify(plan, null, 2).split('\n') : []),
  ]
  if (!analyze) return told([...head, ...lines.map((line) => line.text), ...extra])
  return told([...head, ...(yield* analyzed(engine, plan, lines, text)), ...extra])
}

type Lines = ReturnType<typeof explain.explainLines>

function* analyzed(engine: Engine, plan: PhysicalPlan, lines: Lines, text: string): Work<string[]> {
  const started = engine.options.clock.monotonicMillis()
  const { query, delta } = yield* engine.select(plan, text)
  const millis = engine.options.clock.monotonicMillis() - started
  const rate =
    query.rowsIn === 0
      ? ''
      : `, ${Math.round(query.rowsIn / (millis / 1000)).toLocaleString('en')} rows/s`
  return [
    ...withStats(lines, query.lastStats),
    `${query.rowsIn} rows in, ${delta.count} rows out, ${millis.toFixed(1)} ms${rate}`,
  ]
}

function withStats(lines: Lines, stages: readonly StageStats[]): string[] {
  const stats = new Map(stages.map((stage) => [stage.id, stage]))
  return lines.map(({ id, text }) => {
    const stage = id === null ? undefined : stats.get(id)
    return stage === undefined ? text : `${text}  [${describe(stage)}]`
  })
}

function describe({ rowsOut, cells, stateBytes, late }: StageStats): string {
  const parts = [`rows ${rowsOut}`]
  if (cells > 0) parts.push(`cells ${cells}`, `state ${stateBytes} B`)
  if (late > 0) parts.push(`late ${late}`)
  return parts.join(', ')
}

/** What the operators of a running query have done so far, what they keep, or why it says nothing. */
export function* explainRunning(
  engine: Engine,
  { what, name, span }: BoundStatement & { kind: 'explain-running' },
): Work<Told> {
  const query = queryNamed(engine, name, span)
  if (what === 'silence') return yield* explainSilence(engine, query)
  if (query.fault !== null) throw query.fault
  yield* engine.flush()
  if (what === 'state') return stateOf(engine, query)
  const view = query.view === null ? [] : [`view  [state ${query.view.stateBytes} B]`]
  const depth = view.length
  return told([
    ...view,
    ...withStats(explain.explainLines(query.plan, {}, depth), query.stats()),
    `${query.rowsIn} rows in`,
  ])
}

/**
 * What the operators of a running query, and its view, cost: bytes now, and the milliseconds that they take to read
 * again, at once, all that the query has read.
 */
export function* explainUse(
  engine: Engine,
  { measures, asSql, name, span }: BoundStatement & { kind: 'explain-use' },
): Work<Told> {
  const query = queryNamed(engine, name, span)
  if (query.fault !== null) throw query.fault
  if (asSql) {
    const sql = `SELECT operator, bytes AS memory FROM sys.state WHERE query = ${quote(query.name)}`
    return { kind: 'rows', fields: [textField('sql')], rows: [[sql]] }
  }
  yield* engine.flush()
  const memory = stateOf(engine, query).rows
  const millis = measures.includes('cpu') ? yield* millisOf(engine, query, span) : null
  const own = query.view === null ? [] : [null]
  const cpu = [...own, ...(millis ?? [])]
  const costOf = { cpu: (at: number) => cpu[at] ?? null, memory: (at: number) => memory[at]![1]! }
  const types = { cpu: { kind: 'double' }, memory: { kind: 'bigint' } } as const
  return {
    kind: 'rows',
    fields: [
      textField('operator'),
      ...measures.map((measure) => ({
        name: measure === 'cpu' ? 'cpu_ms' : measure,
        type: types[measure],
        nullable: true,
      })),
    ],
    rows: memory.map(([operator], at) => [
      operator!,
      ...measures.map((measure) => costOf[measure](at)),
    ]),
  }
}

const textField = (name: string): Field => ({ name, type: { kind: 'varchar' }, nullable: false })

/** Of each operator, in the order of the plan's lines. */
function* millisOf(engine: Engine, query: Query, span: Span): Work<number[]> {
  if (query.endless) {
    const message = `${query.name} reads rows that are not stored: they cannot be read again`
    mistake({ code: 'unbounded', message, hint: 'leave CPU away', span })
  }
  const stopwatch = () => engine.options.clock.monotonicMillis()
  const again = engine.made(query.name, query.plan, false, stopwatch)
  try {
    const now = engine.options.clock.nowMicros()
    const rowsMax = Number.MAX_SAFE_INTEGER
    const input = { now, upTo: query.readLast, rowsMax, replay: null, deltas: new Map() }
    yield* again.cycle(input)
    const timeOf = (plan: PhysicalPlan): [number, number][] => [
      [plan.id, again.dataflow.millisOf(plan)],
      ...inputsOf(plan).flatMap(timeOf),
    ]
    const times = new Map(timeOf(query.plan))
    return explain.explainLines(query.plan).flatMap(({ id }) => times.get(id ?? -1) ?? [])
  } finally {
    engine.discard(again)
  }
}

function planOf(bound: BoundStatement): { plan: Plan; mode: Mode } | null {
  switch (bound.kind) {
    case 'select':
    case 'insert':
    case 'insert-once':
    case 'update':
    case 'merge':
    case 'copy':
      return { plan: bound.plan, mode: 'one-shot' }
    case 'create-relation':
      return bound.insert === null ? null : { plan: bound.insert.plan, mode: 'one-shot' }
    case 'create-materialized':
    case 'insert-continuous':
    case 'create-sink':
    case 'select-continuous':
    case 'subscribe':
      return { plan: bound.query.plan, mode: 'continuous' }
    default:
      return null
  }
}
