/**
 * Reference interpreter: runs a logical plan, as the binder made it, over plain rows; the oracle of the engine.
 *
 * How      1. A node turns the contributions of its inputs in a commit into its own. Filters, projections and
 *             windows map them one by one; aggregates and joins keep all contributions that ever came and compute
 *             old and new answers from these, from scratch, each time.
 *          2. The root's contributions become changes (commit.ts); rows with a failed value become errors.
 *          So the answer at a commit is a fold over all rows that were read, as L1 and L2 say, and the triples are
 *          those of the table in docs/laws.md; nothing here depends on how rows are batched.
 * Contract 1 (trusted) shares types and value texts with the engine, and no kernel, cuboid or operator.
 * Cost     quadratic in the rows of a join; meant for hundreds of rows.
 */
import { type Field, type Value, valueText } from '../../src/data/index.ts'
import type { Plan } from '../../src/plan/logical.ts'
import { aggregate, type Counted } from './aggregate.ts'
import {
  atOnce,
  type Contribution,
  compareTriples,
  type Fault,
  perRow,
  type Triple,
} from './commit.ts'
import { evaluate, isTrue } from './scalar.ts'
import { type Cell, type CellRow, compareCells, compareRows, Failed, keyOf } from './value.ts'

/** What a commit reads of the relations below the plan. */
export interface CommitInput {
  /** Contributions of a scan's relation since the last commit, in order, all its columns. */
  delta(scan: Of<'scan'>): readonly Contribution[]
  /** Position at which a bounded source ended in this commit, or null. */
  end(scan: Of<'scan'>): number | null
}

/** A node at work: `pull` gives its contributions of a commit. */
interface Worker {
  pull(input: CommitInput): Contribution[]
  /**
   * The first position at which the watermark was at least `threshold`; null: not yet. Undefined: no watermark below.
   */
  reached(threshold: bigint): number | null | undefined
}

type Of<Kind extends Plan['kind']> = Plan & { kind: Kind }

/** A running query. */
export class Interpreter {
  readonly plan: Plan
  #worker: Worker
  #context: Context

  constructor(plan: Plan, mode: 'one-shot' | 'continuous') {
    this.plan = plan
    this.#context = { faults: [], mode, watched: false }
    this.#worker = build(plan, this.#context)
  }

  /** Contributions of the plan's output in a commit, all sound, and the failures. */
  commit(input: CommitInput): { contributions: Contribution[]; faults: Fault[] } {
    this.#context.faults = []
    const all = this.#worker.pull(input)
    // No −0 is shown.
    const contributions = sound(this.#context, all, (row) => row).map((one) => ({
      ...one,
      row: one.row.map((cell) => (cell === 0 ? 0 : cell)),
    }))
    return { contributions: atOnce(contributions), faults: this.#context.faults }
  }
}

interface Context {
  faults: Fault[]
  mode: 'one-shot' | 'continuous'
  /** Below a window: only there a scan's watermark counts. */
  watched: boolean
}

/** Leaves out contributions in which one of the `used` cells failed, and lists them. */
function sound(
  context: Context,
  contributions: readonly Contribution[],
  used: (row: CellRow) => readonly Cell[],
): Contribution[] {
  return contributions.filter(({ row, weight, triple }) => {
    const failed = used(row).find((cell) => cell instanceof Failed)
    if (failed === undefined) return true
    context.faults.push({ failed: failed as Failed, weight, triple })
    return false
  })
}

function build(plan: Plan, context: Context): Worker {
  switch (plan.kind) {
    case 'scan':
      return scanWorker(plan, context.watched)
    case 'values':
      return valuesWorker(plan)
    case 'filter':
      return filterWorker(plan, context)
    case 'project':
      return projectWorker(plan, context)
    case 'window':
      return windowWorker(plan, context)
    case 'aggregate':
      return new AggregateWorker(plan, context)
    case 'join':
      return new JoinWorker(plan, context)
    case 'sort':
      return sortWorker(plan, context)
  }
}

/** W(r) of rows below a judging window, by row object. */
const watermarkBefore = new WeakMap<CellRow, bigint>()

function scanWorker(plan: Of<'scan'>, watched: boolean): Worker {
  const watermark = watched ? plan.watermark : null
  const delay = BigInt(watermark?.delayMicros ?? 0)
  let greatest: bigint | null = null
  /** Positions at which the maximum rose, and to what. */
  const rises: { position: number; watermark: bigint }[] = []
  let endPosition: number | null = null
  return {
    pull(input) {
      const out: Contribution[] = []
      for (const { row: whole, weight, triple } of input.delta(plan)) {
        const row = plan.columns.map((column) => whole[column]!)
        out.push({ row, weight, triple })
        if (watermark === null) continue
        if (greatest !== null) watermarkBefore.set(row, greatest - delay)
        const at = row[watermark.column] as bigint
        if (greatest !== null && at <= greatest) continue
        greatest = at
        rises.push({ position: triple[0], watermark: at - delay })
      }
      endPosition ??= input.end(plan)
      return out
    },
    reached(threshold) {
      if (watermark === null) return undefined
      const rise = rises.find((one) => one.watermark >= threshold)
      return rise === undefined ? endPosition : rise.position
    },
  }
}

function valuesWorker(plan: Of<'values'>): Worker {
  let given = false
  return {
    pull() {
      if (given) return []
      given = true
      return plan.rows.map((row, index) => ({
        row: row.map((expression) => evaluate(expression, [])),
        weight: 1,
        triple: [index, 0, 0],
      }))
    },
    reached: () => undefined,
  }
}

function filterWorker(plan: Of<'filter'>, context: Context): Worker {
  const input = build(plan.input, context)
  return {
    pull(commit) {
      const judged = input.pull(commit).map((contribution) => ({
        contribution,
        verdict: evaluate(plan.predicate, contribution.row),
      }))
      const out: Contribution[] = []
      for (const { contribution, verdict } of judged) {
        if (verdict instanceof Failed) {
          const { weight, triple } = contribution
          context.faults.push({ failed: verdict, weight, triple })
        } else if (isTrue(verdict)) out.push(contribution)
      }
      return out
    },
    reached: (threshold) => input.reached(threshold),
  }
}

function projectWorker(plan: Of<'project'>, context: Context): Worker {
  const input = build(plan.input, context)
  return {
    pull(commit) {
      const out = input.pull(commit).map(({ row, weight, triple }) => {
        const projected = plan.expressions.map((expression) => evaluate(expression, row))
        carryWatermark(row, projected)
        return { row: projected, weight, triple }
      })
      return out
    },
    reached: (threshold) => input.reached(threshold),
  }
}

function carryWatermark(from: CellRow, to: CellRow): void {
  const watermark = watermarkBefore.get(from)
  if (watermark !== undefined) watermarkBefore.set(to, watermark)
}

function windowWorker(plan: Of<'window'>, context: Context): Worker {
  const { watched } = context
  context.watched = true
  const input = build(plan.input, context)
  context.watched = watched
  const slide = BigInt(plan.slideMicros)
  const size = BigInt(plan.sizeMicros)
  const offset = BigInt(plan.offsetMicros)
  const unit = BigInt(plan.window!.unitMicros)
  const judges = plan.judge && context.mode === 'continuous'
  return {
    pull(commit) {
      const out: Contribution[] = []
      for (const { row, weight, triple } of sound(context, input.pull(commit), (row) => [
        row[plan.time]!,
      ])) {
        const at = row[plan.time] as bigint | null
        if (at === null) continue
        const watermark = watermarkBefore.get(row)
        let start = offset + floorDivide(at - offset, slide) * slide
        for (; start + size > at; start -= slide) {
          const end = start + size
          if (judges && watermark !== undefined && watermark >= end - unit) continue
          out.push({ row: [...row, start, end, end - 1000n], weight, triple })
        }
      }
      return out
    },
    reached: (threshold) => input.reached(threshold),
  }
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}

// ---------------------------------------------------------------- aggregate

interface Group {
  keys: CellRow
  /** Window end, or 0. */
  middle: number
  /** Rows that count now, by text. */
  rows: Map<string, Counted>
  /** Least major that ever touched the cell since it came to be. */
  created: number
}

class AggregateWorker implements Worker {
  #plan: Of<'aggregate'>
  #context: Context
  #input: Worker
  #groups = new Map<string, Group>()
  #closes: boolean
  /** Columns that the aggregate reads. */
  #read: number[]
  #begun = false

  constructor(plan: Of<'aggregate'>, context: Context) {
    this.#plan = plan
    this.#context = context
    this.#input = build(plan.input, context)
    this.#closes = plan.emit === 'on-window-close' && context.mode === 'continuous'
    const read = new Set(plan.keys)
    for (const { argument, filter } of plan.calls) {
      if (argument !== null) read.add(argument)
      if (filter !== null) read.add(filter)
    }
    this.#read = [...read].sort((a, b) => a - b)
  }

  reached(threshold: bigint) {
    return this.#input.reached(threshold)
  }

  pull(commit: CommitInput): Contribution[] {
    const all = this.#input.pull(commit)
    const well = sound(this.#context, all, (row) => this.#used(row))
    const read = atOnce(well.map((one) => ({ ...one, row: this.#readOf(one.row) })))
    return this.#closes ? this.#finals(read) : this.#changes(read)
  }

  /** The cells that count for errors: keys, then per call its filter and, where that is TRUE, its argument. */
  #used(row: CellRow): Cell[] {
    const used = this.#plan.keys.map((key) => row[key]!)
    for (const { argument, filter } of this.#plan.calls) {
      const verdict = filter === null ? true : row[filter]!
      used.push(verdict)
      if (verdict === true && argument !== null) used.push(row[argument]!)
    }
    return used
  }

  /** The row with NULL in every column that is not read, and one zero. */
  #readOf(row: CellRow): CellRow {
    return row.map((cell, index) => {
      if (!this.#read.includes(index) || cell instanceof Failed) return null
      return this.#plan.keys.includes(index) && cell === 0 ? 0 : cell
    })
  }

  #keyText(row: CellRow): string {
    return keyOf(row, this.#plan.keys)
  }

  #changes(read: readonly Contribution[]): Contribution[] {
    const touched = new Map<string, { major: number; old: CellRow | null }>()
    if (!this.#begun && this.#plan.keys.length === 0) {
      this.#groups.set('', newGroup([], 0, 0))
      touched.set('', { major: 0, old: null })
    }
    this.#begun = true
    for (const { row, weight, triple } of read) {
      const key = this.#keyText(row)
      const group = this.#group(key, row, triple[0])
      const touch = touched.get(key)
      if (touch === undefined) touched.set(key, { major: triple[0], old: this.#valueOf(group) })
      else touch.major = Math.min(touch.major, triple[0])
      count(group, row, weight)
    }
    const out: Contribution[] = []
    for (const [key, { major, old }] of touched) {
      const group = this.#groups.get(key)!
      const next = this.#valueOf(group)
      if (next === null) this.#groups.delete(key)
      const triple: Triple = [major, group.middle, 0]
      if (old !== null && next !== null && keyOf(old) === keyOf(next)) continue
      if (old !== null) out.push({ row: old, weight: -1, triple })
      if (next !== null) out.push({ row: next, weight: 1, triple })
    }
    return out
  }

  #group(key: string, row: CellRow, major: number): Group {
    let group = this.#groups.get(key)
    if (group === undefined) {
      const keys = this.#plan.keys.map((column) => row[column]!)
      group = newGroup(keys, Number(this.#windowEnd(row) ?? 0n), major)
      this.#groups.set(key, group)
    }
    group.created = Math.min(group.created, major)
    return group
  }

  /** Window end of a row when a window column is among the keys. */
  #windowEnd(row: CellRow): bigint | null {
    const window = this.#plan.input.window
    if (window === null) return null
    const { start, end, sizeMicros } = window
    if (end !== null && this.#plan.keys.includes(end)) return row[end] as bigint | null
    if (start === null || !this.#plan.keys.includes(start)) return null
    const from = row[start] as bigint | null
    return from === null ? null : from + BigInt(sizeMicros)
  }

  /** The group's output row, or null when it is not there. */
  #valueOf(group: Group): CellRow | null {
    const { calls, keys, input, output } = this.#plan
    const rows = [...group.rows.values()]
    const net = rows.reduce((sum, { weight }) => sum + weight, 0)
    if (net === 0 && keys.length > 0) return null
    const text = cellText(group.keys, output)
    const values = calls.map((call) =>
      aggregate(
        call,
        rows,
        call.argument === null ? null : input.output[call.argument]!.type,
        text,
      ),
    )
    return [...group.keys, ...values]
  }

  /** The finals of the windows that closed, in this commit, at some position. */
  #finals(read: readonly Contribution[]): Contribution[] {
    const unit = BigInt(this.#plan.input.window!.unitMicros)
    const closedAt = new Map<number, number | null>()
    const closing = (end: number) => {
      if (!closedAt.has(end)) closedAt.set(end, this.reached(BigInt(end) - unit) ?? null)
      return closedAt.get(end)!
    }
    for (const { row, weight, triple } of read) {
      const end = this.#windowEnd(row)
      if (end === null) continue
      const closed = closing(Number(end))
      if (closed !== null && triple[0] > closed) continue
      count(this.#group(this.#keyText(row), row, triple[0]), row, weight)
    }
    const out: Contribution[] = []
    for (const [key, group] of this.#groups) {
      const closed = closing(group.middle)
      if (closed === null) continue
      this.#groups.delete(key)
      const row = this.#valueOf(group)
      if (row !== null) out.push({ row, weight: 1, triple: [closed, group.middle, group.created] })
    }
    return out
  }
}

function newGroup(keys: CellRow, middle: number, created: number): Group {
  return { keys, middle, rows: new Map(), created }
}

function count(group: Group, row: CellRow, weight: number): void {
  // The two zeros are counted apart: MIN and MAX tell them apart.
  const text = row.map((cell) => (Object.is(cell, -0) ? '-0' : keyOf([cell]))).join('|')
  const present = group.rows.get(text)
  if (present === undefined) group.rows.set(text, { row, weight })
  else if (present.weight + weight === 0) group.rows.delete(text)
  else present.weight += weight
}

/** The key of a cell as the errors show it; null when there is none. */
function cellText(keys: CellRow, output: readonly Field[]): string | null {
  if (keys.length === 0) return null
  return keys.map((key, place) => valueText(key as Value, output[place]!.type)).join(', ')
}

// ---------------------------------------------------------------- join

/** A question that the oracle is too slow for. */
export class TooLarge extends Error {}

/** Pairs that a join looks at in one commit. */
const pairsMax = 20_000

class JoinWorker implements Worker {
  #plan: Of<'join'>
  #context: Context
  #left: Worker
  #right: Worker
  /** All that came before this commit, added up per row, at major −∞. */
  #leftOld: Contribution[] = []
  #rightOld: Contribution[] = []

  constructor(plan: Of<'join'>, context: Context) {
    this.#plan = plan
    this.#context = context
    this.#left = build(plan.left, context)
    this.#right = build(plan.right, context)
  }

  reached(threshold: bigint) {
    const left = this.#left.reached(threshold)
    const right = this.#right.reached(threshold)
    if (left === undefined) return right
    if (right === undefined) return left
    return left === null || right === null ? null : Math.max(left, right)
  }

  pull(commit: CommitInput): Contribution[] {
    const leftNew = atOnce(sound(this.#context, this.#left.pull(commit), (row) => row))
    const rightNew = atOnce(sound(this.#context, this.#right.pull(commit), (row) => row))
    const left = [...this.#leftOld, ...leftNew]
    const right = [...this.#rightOld, ...rightNew]
    if (left.length * right.length > pairsMax)
      throw new TooLarge('a join is too large for the oracle')
    const out = left.flatMap((one) => this.#outputOf(one, right))
    this.#leftOld = before(left)
    this.#rightOld = before(right)
    return out
  }

  /** Everything that one left contribution gives in this commit. */
  #outputOf(left: Contribution, right: readonly Contribution[]): Contribution[] {
    const out: Contribution[] = []
    const matching: Contribution[] = []
    for (const other of right) {
      if (!this.#keysEqual(left.row, other.row)) continue
      const row = [...left.row, ...other.row]
      const triple = left.triple[0] >= other.triple[0] ? left.triple : other.triple
      const verdict = this.#plan.residual === null ? true : evaluate(this.#plan.residual, row)
      const weight = left.weight * other.weight
      if (verdict instanceof Failed) {
        if (triple[0] > -Infinity) this.#context.faults.push({ failed: verdict, weight, triple })
      } else if (isTrue(verdict)) {
        matching.push(other)
        if (triple[0] > -Infinity) out.push({ row, weight, triple })
      }
    }
    return this.#plan.join === 'left' ? [...out, ...this.#padded(left, matching)] : out
  }

  #padded(left: Contribution, matching: readonly Contribution[]): Contribution[] {
    const row = [...left.row, ...this.#plan.right.output.map(() => null)]
    const out: Contribution[] = []
    // One-shot statements know all right rows before the first left one.
    const arrival = this.#context.mode === 'one-shot' ? Infinity : left.triple[0]
    const met = matching.filter(({ triple }) => triple[0] <= arrival)
    let matches = met.reduce((sum, { weight }) => sum + weight, 0)
    if (matches === 0 && left.triple[0] > -Infinity)
      out.push({ row, weight: left.weight, triple: left.triple })
    const later = matching.filter(({ triple }) => triple[0] > arrival)
    for (const [triple, weight] of byTriple(later)) {
      const padded = Number(matches + weight === 0) - Number(matches === 0)
      if (padded !== 0) out.push({ row, weight: padded * left.weight, triple })
      matches += weight
    }
    return out
  }

  #keysEqual(left: CellRow, right: CellRow): boolean {
    const { leftKeys, rightKeys } = this.#plan
    return leftKeys.every((key, place) => {
      const a = left[key]!
      const b = right[rightKeys[place]!]!
      return a !== null && b !== null && compareCells(a, b) === 0
    })
  }
}

/** Net weights per triple, in order. */
function byTriple(contributions: readonly Contribution[]): [Triple, number][] {
  const sums = new Map<string, [Triple, number]>()
  for (const { triple, weight } of contributions) {
    const present = sums.get(String(triple))
    if (present === undefined) sums.set(String(triple), [triple, weight])
    else present[1] += weight
  }
  return [...sums.values()].sort(([a], [b]) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
}

function before(contributions: readonly Contribution[]): Contribution[] {
  return perRow(contributions).map(({ row, weight }) => ({
    row,
    weight,
    triple: [-Infinity, 0, 0] as const,
  }))
}

// ---------------------------------------------------------------- sort

/** ORDER BY and LIMIT of a one-shot statement: the rows stand at (0, 0, rank) afterwards. */
function sortWorker(plan: Of<'sort'>, context: Context): Worker {
  const input = build(plan.input, context)
  return {
    pull(commit) {
      const used = (row: CellRow) => plan.keys.map(({ column }) => row[column]!)
      const rows = inOrder(sound(context, input.pull(commit), used))
      rows.sort((a, b) => compareBy(plan.keys, a, b))
      const to = plan.limit === null ? rows.length : plan.offset + plan.limit
      return rows
        .slice(plan.offset, to)
        .map((row, rank): Contribution => ({ row, weight: 1, triple: [0, 0, rank] }))
    },
    reached: () => undefined,
  }
}

/** The rows of a one-shot result in canonical order. */
export function inOrder(contributions: readonly Contribution[]): CellRow[] {
  const units = perRow(contributions)
  units.sort((a, b) => compareTriples(a.triple, b.triple) || compareRows(a.row, b.row))
  return units.flatMap(({ row, weight }) => Array.from({ length: weight }, () => row))
}

function compareBy(keys: Of<'sort'>['keys'], a: CellRow, b: CellRow): number {
  for (const { column, descending, nullsFirst } of keys) {
    const [left, right] = [a[column]!, b[column]!]
    const nulls = Number(left === null) - Number(right === null)
    if (nulls !== 0) return nullsFirst ? -nulls : nulls
    const order = compareCells(left, right)
    if (order !== 0) return descending ? -order : order
  }
  return 0
}
