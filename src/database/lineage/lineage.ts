/**
 * Lineage: the rows of the sources behind rows of a materialized view.
 *
 * How      From the top of the view's one-shot plan down: of each node it is asked which rows of its input gave the
 *          rows that are looked for, by running the input over the prefix that the view has read. Rows are told apart
 *          by their values: of equal rows all are behind the result.
 * Contract 1 (checked) the view's query over these rows alone gives the rows that are looked for.
 *          2 (checked) where rows that are not named go, the rows that are looked for stay.
 * Cost     a one-shot run per projection, aggregate and scan, with its rows on the host.
 * See      neighbours.ts for what goes by the order of rows
 */
import { type Field, type Row, type Value, valueText } from '../../data/index.ts'
import {
  type BoundStatement,
  followed,
  inputsOf,
  type PhysicalPlan,
  type Plan,
} from '../../plan/index.ts'
import { rowKey } from '../../runtime/index.ts'
import type { Engine } from '../engine.ts'
import type { Work } from '../query.ts'
import type { Session } from '../statement.ts'
import { lateRemarks } from '../verify.ts'
import { neighbours } from './neighbours.ts'

interface Told {
  kind: 'rows'
  fields: Field[]
  rows: Row[]
}

const fields: Field[] = [
  { name: 'source', type: { kind: 'varchar' }, nullable: false },
  { name: 'position', type: { kind: 'bigint' }, nullable: true },
  { name: 'row', type: { kind: 'varchar' }, nullable: false },
  { name: 'late', type: { kind: 'boolean' }, nullable: false },
]

/** A row of a source that was found. */
interface Found {
  source: string
  /** In the log; null where the source is not there. */
  position: bigint | null
  row: Row
  fields: readonly Field[]
}

export function* explainRow(
  engine: Engine,
  { name, plan }: BoundStatement & { kind: 'explain-row' },
  session: Session,
): Work<Told> {
  yield* engine.flush()
  const query = engine.queries.get(name.toLowerCase())!
  if (query.fault !== null) throw query.fault
  const run = function* (asked: Plan): Work<Row[]> {
    const physical = engine.physical(asked, 'one-shot')
    const limits = { upTo: query.readLast, tolerant: true }
    const { delta } = yield* engine.select(physical, session.text, engine.sources, limits)
    return delta.changes().map(({ row }) => row)
  }
  const wanted = yield* run(plan)
  if (wanted.length === 0) session.notice(`no row of ${name} is so, over all rows`)
  for (const text of lateRemarks(engine, query)) session.notice(text)
  if (looksUp(query.plan))
    session.notice(`${name} met a table as it was when rows came: it is read as it is now`)
  if (wanted.length > 1)
    session.notice(`${wanted.length} rows of ${name} are so: the rows behind all of them are told`)
  const isStored = (relation: string) => engine.log.hasStream(relation.toLowerCase())
  const found = yield* behind(plan, wanted, { run, isStored })
  const late = latePositions(engine)
  const rows = [
    ...new Map(found.map((one) => [rowKey([one.source, one.position, textOf(one)]), one])).values(),
  ]
  rows.sort((a, b) => Number((a.position ?? -1n) - (b.position ?? -1n)))
  return {
    kind: 'rows',
    fields,
    rows: rows.map((one): Row => {
      const isLate =
        one.position !== null && late.has(`${one.source.toLowerCase()} ${one.position}`)
      return [one.source, one.position, textOf(one), isLate]
    }),
  }
}

const looksUp = (plan: PhysicalPlan): boolean =>
  (plan.kind === 'join' && plan.lookup === true) || inputsOf(plan).some(looksUp)

interface Way {
  run(plan: Plan): Work<Row[]>
  isStored(relation: string): boolean
}

/** The rows of the sources that gave the rows `wanted` of a node's output. */
function* behind(plan: Plan, wanted: readonly Row[], way: Way): Work<Found[]> {
  if (wanted.length === 0) return []
  if (plan.kind === 'scan') return yield* scanned(plan, wanted, way)
  const found: Found[] = []
  for (const input of inputsOf(plan)) {
    for (const one of yield* behind(input, yield* below(plan, input, wanted, way), way))
      found.push(one)
  }
  return found
}

/** The rows of an input that gave them. */
function* below(plan: Plan, input: Plan, wanted: readonly Row[], { run }: Way): Work<Row[]> {
  switch (plan.kind) {
    case 'project': {
      const { length } = plan.input.output
      const isWanted = amongst(wanted)
      const rows = yield* run(followed.projected(plan))
      return rows.filter((row) => isWanted(row.slice(length))).map((row) => row.slice(0, length))
    }
    case 'window':
    case 'session':
    case 'unnest':
      return wanted.map((row) => row.slice(0, plan.input.output.length))
    case 'aggregate': {
      const isWanted = amongst(wanted.map((row) => row.slice(0, plan.keys.length)))
      return (yield* run(plan.input)).filter((row) => isWanted(plan.keys.map((key) => row[key]!)))
    }
    case 'join':
    case 'asof': {
      const { length } = plan.left.output
      const isHalf = plan.kind === 'join' && (plan.join === 'semi' || plan.join === 'anti')
      const isLeft = input === plan.left
      if (isHalf && isLeft) return [...wanted]
      if (plan.kind === 'join' && plan.join === 'anti') return []
      const isWanted = amongst(wanted)
      const pairs = isHalf
        ? (yield* run(followed.paired(plan))).filter((row) => isWanted(row.slice(0, length)))
        : wanted
      const side = pairs.map((row) => (isLeft ? row.slice(0, length) : row.slice(length)))
      // What stands for no partner is none.
      return side.filter((row) => row.some((value) => value !== null))
    }
    case 'repeat': {
      const isWanted = amongst(wanted)
      return (yield* run(plan.input)).filter((row) => isWanted(row.slice(0, -1)))
    }
    case 'rank':
    case 'over':
    case 'match':
    case 'number':
    case 'sort':
      return yield* neighbours(plan, wanted, run)
    default:
      return [...wanted]
  }
}

function* scanned(
  plan: Plan & { kind: 'scan' },
  wanted: readonly Row[],
  { run, isStored }: Way,
): Work<Found[]> {
  const source = plan.relation
  const isWanted = amongst(wanted)
  if (!isStored(source)) {
    const there = (yield* run(plan)).filter(isWanted)
    return there.map((row) => ({ source, position: null, row, fields: plan.output }))
  }
  const rows = (yield* run(followed.placed(plan))).map((row) => ({
    row: row.slice(0, -1),
    position: row.at(-1) as bigint,
  }))
  return rows
    .filter(({ row }) => isWanted(row))
    .map((one) => ({ source, ...one, fields: plan.output }))
}

function amongst(rows: readonly Row[]): (row: Row) => boolean {
  const keys = new Set(rows.map((row) => rowKey(row)))
  return (row) => keys.has(rowKey(row))
}

function textOf({ row, fields: columns }: Found): string {
  const text = (value: Value, at: number) =>
    value === null ? 'NULL' : valueText(value, columns[at]!.type)
  return row.map((value, at) => `${columns[at]!.name} = ${text(value, at)}`).join(', ')
}

/** `source position` of the late rows that are kept. */
function latePositions({ late, log }: Engine): ReadonlySet<string> {
  const found = late.kept.flatMap(({ source, offset }) => {
    const stream = source.toLowerCase()
    const frame = log.hasStream(stream) ? log.frameAt(stream, offset) : undefined
    return frame === undefined ? [] : [`${stream} ${frame.position + offset - frame.offset}`]
  })
  return new Set(found)
}
