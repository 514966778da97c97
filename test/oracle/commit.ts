/**
 * Commit: contributions, and how those of a cycle become the changes that are shown.
 *
 * How      docs/laws.md, "The output of a commit", line by line.
 */
import type { EvaluationError } from '../../src/base/index.ts'
import type { Op, Row } from '../../src/data/index.ts'
import { type CellRow, compareRows, type Failed, isSound, keyOf } from './value.ts'

/** Major, middle, minor. */
export type Triple = readonly [number, number, number]

export interface Contribution {
  row: CellRow
  weight: number
  triple: Triple
}

export interface Change {
  op: Op
  row: Row
  triple: Triple
}

/** A line of `<query>.errors`. */
export interface ErrorLine {
  offset: number
  code: EvaluationError['code']
  message: string
  row: string | null
}

/** A failure that entered (+) or left (−) the flow. */
export interface Fault {
  failed: Failed
  weight: number
  triple: Triple
}

export function compareTriples(a: Triple, b: Triple): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}

function leastTriple(a: Triple, b: Triple): Triple {
  return compareTriples(a, b) <= 0 ? a : b
}

/** Adds up what has equal row (in the columns that are read) and equal triple; what comes to 0 never happened. */
export function atOnce(contributions: readonly Contribution[]): Contribution[] {
  const sums = new Map<string, Contribution>()
  for (const contribution of contributions) {
    const key = `${contribution.triple} ${keyOf(contribution.row)}`
    const present = sums.get(key)
    if (present === undefined) sums.set(key, { ...contribution })
    else present.weight += contribution.weight
  }
  return [...sums.values()].filter(({ weight }) => weight !== 0)
}

/**
 * The net weight of every row. While all contributions of a row have one sign each keeps its place; otherwise the
 * net stands at the least triple.
 */
export function perRow(contributions: readonly Contribution[]): Contribution[] {
  const rows = new Map<string, Contribution[]>()
  for (const contribution of atOnce(contributions)) {
    const key = keyOf(contribution.row)
    const present = rows.get(key)
    if (present === undefined) rows.set(key, [contribution])
    else present.push(contribution)
  }
  return [...rows.values()].flatMap(net)
}

function net(equals: Contribution[]): Contribution[] {
  const first = equals[0]!
  if (equals.every(({ weight }) => weight > 0 === first.weight > 0)) return equals
  const weight = equals.reduce((sum, one) => sum + one.weight, 0)
  const triple = equals.map((one) => one.triple).reduce(leastTriple)
  return weight === 0 ? [] : [{ row: first.row, weight, triple }]
}

/** The changes of a commit in canonical order. `key`: output columns that identify a row, or null. */
export function changesOf(
  contributions: readonly Contribution[],
  key: readonly number[] | null,
): Change[] {
  const changes: Change[] = []
  const alone = new Map<string, Change>()
  for (const { row, weight, triple } of perRow(contributions)) {
    if (!isSound(row)) throw new Error('a failed row reached the output')
    for (let copy = 0; copy < Math.abs(weight); copy++) {
      const change: Change = { op: weight > 0 ? '+I' : '-D', row, triple }
      changes.push(change)
      if (key === null) continue
      const place = keyOf(row, key)
      const other = alone.get(place)
      if (other === undefined || other.op === change.op) alone.set(place, change)
      else {
        alone.delete(place)
        pair(other, change)
      }
    }
  }
  return changes.sort((a, b) => compareChanges(a, b, key ?? []))
}

function pair(one: Change, other: Change): void {
  const triple = leastTriple(one.triple, other.triple)
  for (const change of [one, other]) {
    change.op = change.op === '+I' ? '+U' : '-U'
    change.triple = triple
  }
}

function compareChanges(a: Change, b: Change, key: readonly number[]): number {
  const keyOrder = compareRows(
    key.map((column) => a.row[column]!),
    key.map((column) => b.row[column]!),
  )
  const sign = (op: Op) => (op === '-U' || op === '-D' ? 0 : 1)
  return (
    compareTriples(a.triple, b.triple) ||
    keyOrder ||
    sign(a.op) - sign(b.op) ||
    compareRows(a.row, b.row)
  )
}

/** The list of a query's failures, kept as they come and are taken back. */
export class ErrorList {
  #lines: ErrorLine[] = []

  get lines(): readonly ErrorLine[] {
    return this.#lines
  }

  /** Applies the failures of a commit; returns what was added and taken off, in order. */
  apply(faults: readonly Fault[]): { op: '+I' | '-D'; line: ErrorLine }[] {
    const out: { op: '+I' | '-D'; line: ErrorLine }[] = []
    for (const { failed, weight, offset } of netFaults(faults)) {
      for (let copy = 0; copy < Math.abs(weight); copy++) {
        const line = { offset, code: failed.code, message: failed.message, row: failed.row }
        out.push(weight > 0 ? this.#add(line) : this.#take(line))
      }
    }
    return out
  }

  #add(line: ErrorLine) {
    this.#lines.push(line)
    this.#lines.sort(compareLines)
    return { op: '+I' as const, line }
  }

  #take(sought: ErrorLine) {
    const place = this.#lines.findIndex(
      (line) =>
        line.code === sought.code && line.message === sought.message && line.row === sought.row,
    )
    if (place < 0) throw new Error(`no failure to take back: ${sought.message}`)
    return { op: '-D' as const, line: this.#lines.splice(place, 1)[0]! }
  }
}

function compareLines(a: ErrorLine, b: ErrorLine): number {
  return a.offset - b.offset || compareRows([a.code, a.message, a.row], [b.code, b.message, b.row])
}

/** Net failures of a commit: those of equal text add up; the offset is the least of what remains. */
function netFaults(faults: readonly Fault[]): { failed: Failed; weight: number; offset: number }[] {
  const net = perRow(
    faults.map(({ failed, weight, triple }) => ({
      row: [failed, triple[0]],
      weight,
      triple,
    })),
  )
  const lines = net.map(({ row, weight, triple }) => ({
    failed: row[0] as Failed,
    weight,
    offset: triple[0],
  }))
  return lines.sort(
    (a, b) =>
      a.offset - b.offset ||
      Math.sign(a.weight) - Math.sign(b.weight) ||
      compareRows([a.failed.code, a.failed.message], [b.failed.code, b.failed.message]),
  )
}
