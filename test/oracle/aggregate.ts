/**
 * Aggregates: a cell per group, its value computed anew from all rows of the group whenever one comes or goes.
 *
 * How      Changes are the old value and the new one of every touched cell; finals are told when the watermark closes
 *          the cell's window, at the position where it did.
 * See      docs/laws.md (where a row stands), fold.ts for the values
 */
import { type Field, type Value, valueText } from '../../src/data/index.ts'
import { addUp, atOnce, type Contribution, type Triple, totalOf } from './contribution.ts'
import { type Counted, resultOf } from './fold.ts'
import { type CommitInput, type Context, type Node, type Of, sound } from './node.ts'
import { type Cell, type CellRow, exactKey, Failed, keyOf } from './value.ts'

interface Group {
  keys: CellRow
  /** Window end, or 0. */
  middle: number
  /** Rows that count now. */
  rows: Counted[]
  /** Least major that ever touched the cell since it came to be. */
  created: number
}

export class Aggregate {
  #plan: Of<'aggregate'>
  #input: Node
  #context: Context
  #groups = new Map<string, Group>()
  #closes: boolean
  #begun = false

  constructor(plan: Of<'aggregate'>, input: Node, context: Context) {
    this.#plan = plan
    this.#input = input
    this.#context = context
    this.#closes = plan.emit === 'on-window-close' && context.mode === 'continuous'
  }

  pull(commit: CommitInput): Contribution[] {
    const well = sound(this.#context, this.#input(commit), (row) => this.#used(row))
    const read = atOnce(well.map((one) => ({ ...one, row: this.#readOf(one.row) })))
    return this.#closes ? this.#finals(read) : this.#changes(read)
  }

  /** The cells that count for errors: keys, then per call its filter and, where that is TRUE, its argument. */
  #used(row: CellRow): Cell[] {
    const keys = this.#plan.keys.map((key) => row[key]!)
    const called = this.#plan.calls.flatMap(({ argument, filter }) => {
      const verdict = filter === null ? true : row[filter]!
      return verdict === true && argument !== null ? [verdict, row[argument]!] : [verdict]
    })
    return [...keys, ...called]
  }

  /** The row with NULL in every column that is not read, and one zero in its keys. */
  #readOf(row: CellRow): CellRow {
    const { keys, calls } = this.#plan
    const read = new Set([...keys, ...calls.flatMap(({ argument, filter }) => [argument, filter])])
    return row.map((cell, index) => {
      if (!read.has(index) || cell instanceof Failed) return null
      return keys.includes(index) && cell === 0 ? 0 : cell
    })
  }

  #changes(read: readonly Contribution[]): Contribution[] {
    const touched = this.#byGroup(read)
    // The one cell of an aggregate without keys is there before any row.
    const first = !this.#begun && this.#plan.keys.length === 0
    this.#begun = true
    if (first && touched.size === 0) touched.set('', [])
    return [...touched].flatMap(([key, some]) => {
      const old = first ? null : this.#valueOf(this.#groups.get(key))
      const group = this.#fold(key, some)
      const next = this.#valueOf(group)
      if (next === null) this.#groups.delete(key)
      const triple: Triple = [first ? 0 : leastMajor(some), group.middle, 0]
      return changeOf(old, next, triple)
    })
  }

  /** The finals of the windows that closed, in this commit, at some position. */
  #finals(read: readonly Contribution[]): Contribution[] {
    const unit = BigInt(this.#plan.input.window!.unitMicros)
    const { watermarks } = this.#context
    const closing = (end: bigint) =>
      watermarks.reached(this.#plan.input, end - unit) ?? Number.POSITIVE_INFINITY
    const isOver = (end: bigint) =>
      (watermarks.reached(this.#plan.input, end - unit, 'earlier') ?? null) !== null
    const intime = read.filter(({ row, triple }) => {
      const end = this.#windowEnd(row)
      return end !== null && !isOver(end) && triple[0] <= closing(end)
    })
    for (const [key, some] of this.#byGroup(intime)) this.#fold(key, some)
    return [...this.#groups].flatMap(([key, group]) => {
      const closed = closing(BigInt(group.middle))
      if (closed === Number.POSITIVE_INFINITY) return []
      this.#groups.delete(key)
      return changeOf(null, this.#valueOf(group), [closed, group.middle, group.created])
    })
  }

  #byGroup(read: readonly Contribution[]): Map<string, Contribution[]> {
    return Map.groupBy(read, ({ row }) => keyOf(row, this.#plan.keys))
  }

  /** Adds rows to their group, which comes to be with its first one. */
  #fold(key: string, some: readonly Contribution[]): Group {
    const row = some[0]?.row ?? []
    const group = this.#groups.get(key) ?? {
      keys: this.#plan.keys.map((column) => row[column]!),
      middle: Number(this.#windowEnd(row) ?? 0n),
      rows: [],
      created: Number.POSITIVE_INFINITY,
    }
    this.#groups.set(key, group)
    group.created = Math.min(group.created, leastMajor(some))
    // The two zeros are counted apart: MIN and MAX tell them apart.
    group.rows = addUp([...group.rows, ...some], (one) => one.row.map(exactKey).join('|'))
    return group
  }

  /** Window end of a row when a window column is among the keys. */
  #windowEnd(row: CellRow): bigint | null {
    const { keys, input } = this.#plan
    if (input.window === null) return null
    const { start, end, sizeMicros } = input.window
    if (end !== null && keys.includes(end)) return row[end] as bigint | null
    if (start === null || !keys.includes(start)) return null
    const from = row[start] as bigint | null
    return from === null ? null : from + BigInt(sizeMicros)
  }

  /** The group's output row, or null when it is not there. */
  #valueOf(group: Group | undefined): CellRow | null {
    const { calls, keys, input, output } = this.#plan
    if (group === undefined || (totalOf(group.rows) === 0 && keys.length > 0)) return null
    const text = cellText(group.keys, output)
    const called = calls.map((call) => {
      const type = call.argument === null ? null : input.output[call.argument]!.type
      return resultOf(call, group.rows, type, text)
    })
    return [...group.keys, ...called]
  }
}

const leastMajor = (some: readonly Contribution[]) =>
  Math.min(...some.map(({ triple }) => triple[0]))

function changeOf(old: CellRow | null, next: CellRow | null, triple: Triple): Contribution[] {
  if (old !== null && next !== null && keyOf(old) === keyOf(next)) return []
  const [gone, come] = [old === null ? [] : [old], next === null ? [] : [next]]
  return [
    ...gone.map((row) => ({ row, weight: -1, triple })),
    ...come.map((row) => ({ row, weight: 1, triple })),
  ]
}

/** The key of a cell as the errors show it; null when there is none. */
function cellText(keys: CellRow, output: readonly Field[]): string | null {
  if (keys.length === 0) return null
  return keys.map((key, place) => valueText(key as Value, output[place]!.type)).join(', ')
}
