/**
 * Matches: all ways to map rows to variables are tried, the preferred ones first.
 *
 * How      1. `ways` gives, for a pattern and a first row, every way in the order of preference; each condition is
 *             evaluated over the rows mapped so far. A way that would need a row that is not known yet says so.
 *          2. The match is the first way that comes to its end. It is decided when no way before it waits for a row.
 *          3. At each commit everything is looked for anew over all rows whose turn has come, with the positions at
 *             which it came; what was told before is left out.
 * See      docs/laws.md (where a row stands), docs/match-recognize.md
 */
import type { Field, Value } from '../../src/data/index.ts'
import type { MatchCell, PatternNode, RowPattern } from '../../src/plan/logical.ts'
import type { Contribution, Triple } from './contribution.ts'
import { resultOf } from './fold.ts'
import { type CommitInput, type Context, type Node, type Of, sound } from './node.ts'
import { byOrder } from './partition.ts'
import { evaluate } from './scalar/scalar.ts'
import { type CellRow, Failed, keyOf } from './value.ts'

/** A row as a variable. */
interface Mapped {
  row: number
  variable: number
  excluded: boolean
}

type Way = readonly Mapped[]

/** A way that waits for a row that is not known. */
const unknown = Symbol('unknown')

/** The rows of a partition that are known, and whether others may come. */
interface Known {
  rows: readonly CellRow[]
  complete: boolean
}

/** The node, of whose input only the columns count. */
type Plan = RowPattern & { input: { output: readonly Field[] } }

/** The most preferred way from row `start` on; null when there is none, `unknown` when it cannot be said yet. */
function preferred(plan: Plan, known: Known, start: number): Way | null | typeof unknown {
  for (const way of ways(plan, known, plan.pattern, start, [])) return way
  return null
}

function* ways(
  plan: Plan,
  known: Known,
  node: PatternNode,
  start: number,
  before: Way,
  excluded = false,
): Generator<Way | typeof unknown> {
  const at = start + before.length
  switch (node.kind) {
    case 'variable': {
      if (at >= known.rows.length) {
        if (!known.complete) yield unknown
        return
      }
      const way = [...before, { row: at, variable: node.variable, excluded }]
      const holds = plan.define[node.variable]
      if (isTooLate(plan, known, start, at)) return
      if (holds != null) {
        const cells = plan.cells.map((cell) => cellOf(plan, known, cell, way, way, 0))
        if (evaluate(holds, cells) !== true) return
      }
      yield way
      return
    }
    case 'start':
      if (at === 0) yield before
      return
    case 'end':
      if (at < known.rows.length) return
      yield known.complete ? before : unknown
      return
    case 'exclude':
      yield* ways(plan, known, node.part, start, before, true)
      return
    case 'choice':
      for (const part of node.parts) yield* ways(plan, known, part, start, before, excluded)
      return
    case 'sequence': {
      const [first, ...rest] = node.parts
      if (first === undefined) {
        yield before
        return
      }
      for (const way of ways(plan, known, first, start, before, excluded)) {
        if (way === unknown) yield unknown
        else yield* ways(plan, known, { ...node, parts: rest }, start, way, excluded)
      }
      return
    }
    case 'repeat': {
      const { part, least, most, reluctant } = node
      const left = { ...node, least: Math.max(0, least - 1), most: most === null ? null : most - 1 }
      const once = function* () {
        if (most === 0) return
        for (const way of ways(plan, known, part, start, before, excluded)) {
          if (way === unknown) yield unknown
          // What may be left out takes a row.
          else if (least > 0 || way.length > before.length) {
            yield* ways(plan, known, left, start, way, excluded)
          }
        }
      }
      if (least === 0 && reluctant) yield before
      yield* once()
      if (least === 0 && !reluctant) yield before
    }
  }
}

function isTooLate(plan: Plan, { rows }: Known, start: number, at: number): boolean {
  if (plan.withinMicros === null || at === start) return false
  const time = plan.order[0]!.column
  const [from, to] = [rows[start]![time], rows[at]![time]]
  if (typeof from !== 'bigint' || typeof to !== 'bigint') return true
  return to - from > BigInt(plan.withinMicros)
}

/** A cell at the end of `way`, which is `whole` or its beginning; `number` is that of the match. */
function cellOf(
  plan: Plan,
  known: Known,
  cell: MatchCell,
  way: Way,
  whole: Way,
  number: number,
): Value {
  if (cell.kind === 'number') return BigInt(number)
  if (cell.kind === 'matched') return true
  const seen = cell.final ? whole : way
  const own = seen.filter(({ variable }) => cell.variables?.includes(variable) ?? true)
  if (cell.kind === 'value') {
    const found = cell.from === 'first' ? own[cell.offset] : own.at(-1 - cell.offset)
    if (found === undefined) return null
    if (cell.column === null) return cell.shift === 0 ? plan.variables[found.variable]! : null
    return (known.rows[found.row + cell.shift]?.[cell.column] ?? null) as Value
  }
  const call = { function: cell.function, argument: cell.column, distinct: false, filter: null }
  const rows = own.map(({ row }) => ({ row: known.rows[row]!, weight: 1 }))
  const type = cell.column === null ? null : plan.input.output[cell.column]!.type
  return resultOf({ ...call, type: cell.type, nullable: true }, rows, type, null) as Value
}

/** What is told of a partition: rows, where a match or a row without one is decided. */
interface Decision {
  /** The first row, and how many rows must be known; null where it takes the end of the partition. */
  first: number
  rows: CellRow[]
  /** SKIP TO led nowhere. */
  failed: string | null
  /** Where it is decided; null in a one-shot statement. */
  position: number | null
}

/** When it is the turn of the rows of a partition: positions, of rows, of times, and of the end. */
interface Turns {
  rowAt(row: number): number
  reached(time: bigint): number | null
  end: number | null
}

/** All that is decided of a partition, in order. */
export function decisionsOf(plan: Plan, rows: readonly CellRow[], turns: Turns | null): Decision[] {
  const out: Decision[] = []
  let [start, matches, covered, position] = [0, 0, 0, 0]
  while (start < rows.length) {
    const found = decided(plan, rows, start, turns)
    if (found === null) break
    position = Math.max(position, found.position ?? 0)
    const { way } = found
    const own = { first: start, position: turns === null ? null : position }
    const cellsOf = (part: Way | null, whole: Way, number: number) =>
      plan.shown.map((index) => {
        const cell = plan.cells[index]!
        if (part === null) return cell.kind === 'matched' ? false : null
        return cellOf(plan, { rows, complete: true }, cell, part, whole, number)
      })
    const tell = (row: number, part: Way | null, whole: Way, number = 0): CellRow => [
      ...plan.kept.map((column) => rows[row]![column]!),
      ...cellsOf(part, whole, number),
    ]
    if (way === null) {
      if (plan.empty === 'unmatched' && start >= covered) {
        out.push({ ...own, rows: [tell(start, null, [])], failed: null })
      }
      start++
      continue
    }
    const number = ++matches
    const last = way.at(-1)?.row ?? start
    covered = Math.max(covered, last + 1)
    const next = nextStart(plan, way, start)
    if (typeof next === 'string') {
      out.push({ ...own, rows: [], failed: next })
      start++
      continue
    }
    const told = way.flatMap((one, at) =>
      one.excluded ? [] : [tell(one.row, way.slice(0, at + 1), way, number)],
    )
    const isWhole = !plan.allRows || (way.length === 0 && plan.empty !== 'omit')
    out.push({ ...own, rows: isWhole ? [tell(last, way, way, number)] : told, failed: null })
    start = next
  }
  return out
}

function nextStart(plan: Plan, way: Way, start: number): number | string {
  const { skip } = plan
  if (way.length === 0) return start + 1
  if (!('variables' in skip)) return skip.to === 'next' ? start + 1 : start + way.length
  const own = way.filter(({ variable }) => skip.variables.includes(variable))
  const target = skip.to === 'first' ? own[0] : own.at(-1)
  if (target !== undefined && target.row > start) return target.row
  const why = target === undefined ? 'has no row in the match' : 'is the first row of the match'
  return `AFTER MATCH SKIP cannot go to ${skip.name}: it ${why}`
}

/** The match that begins with a row, and where that is decided; null while it is not. */
function decided(
  plan: Plan,
  rows: readonly CellRow[],
  start: number,
  turns: Turns | null,
): { way: Way | null; position: number | null } | null {
  const whole = () => preferred(plan, { rows, complete: true }, start) as Way | null
  if (turns === null) return { way: whole(), position: null }
  const time = plan.order[0]!.column
  const timeOf = (row: number) => rows[row]![time] as bigint
  const within = plan.withinMicros === null ? null : BigInt(plan.withinMicros)
  const last = within === null ? null : timeOf(start) + within
  for (let known = start + 1; known <= rows.length; known++) {
    // The moment at which WITHIN is over comes before later rows.
    if (last !== null && timeOf(known - 1) > last) break
    const way = preferred(plan, { rows: rows.slice(0, known), complete: false }, start)
    if (way !== unknown) return { way, position: turns.rowAt(known - 1) }
  }
  const over = last === null ? null : turns.reached(last)
  const position = over ?? turns.end
  return position === null ? null : { way: whole(), position }
}

/** The end of all times, which the watermark of a source reaches when it ends. */
const endOfTime = 2n ** 63n - 1n

export class Matches {
  readonly #plan: Of<'match'>
  readonly #input: Node
  readonly #context: Context
  readonly #partitions = new Map<string, { rows: Contribution[]; told: number }>()

  constructor(plan: Of<'match'>, input: Node, context: Context) {
    this.#plan = plan
    this.#input = input
    this.#context = context
  }

  pull(commit: CommitInput): Contribution[] {
    const plan = this.#plan
    for (const one of sound(this.#context, this.#input(commit))) {
      const key = keyOf(one.row, plan.partition)
      const partition = this.#partitions.get(key) ?? { rows: [], told: 0 }
      this.#partitions.set(key, partition)
      for (let copy = 0; copy < one.weight; copy++) partition.rows.push(one)
    }
    return [...this.#partitions.values()].flatMap((partition) => this.#told(partition))
  }

  #told(partition: { rows: Contribution[]; told: number }): Contribution[] {
    const plan = this.#plan
    const { watermarks, faults, mode } = this.#context
    const sorted = partition.rows.toSorted(byOrder(plan))
    const reached = (time: bigint) => watermarks.reached(plan.input, time) ?? null
    const turnOf = ({ row }: Contribution) => reached(row[plan.order[0]!.column] as bigint)
    const continuous = mode === 'continuous'
    const due = continuous ? sorted.filter((one) => turnOf(one) !== null) : sorted
    const turns = { rowAt: (row: number) => turnOf(due[row]!)!, reached, end: reached(endOfTime) }
    const decisions = decisionsOf(
      plan,
      due.map(({ row }) => row),
      continuous ? turns : null,
    )
    const fresh = decisions.slice(partition.told)
    partition.told = decisions.length
    return fresh.flatMap(({ first, rows, failed, position }) => {
      const begin = due[first]!.triple[0]
      const major = position ?? begin
      const triple = (at: number): Triple => [major, position === null ? 0 : begin, at]
      if (failed !== null) {
        faults.push({
          failed: new Failed('invalid_argument', failed),
          weight: 1,
          triple: triple(0),
        })
      }
      return rows.map((row, at): Contribution => ({ row, weight: 1, triple: triple(at) }))
    })
  }
}
