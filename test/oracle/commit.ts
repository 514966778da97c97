/**
 * Commit: how the contributions and failures of a cycle become the changes that are shown.
 *
 * How      docs/laws.md, "The output of a commit", line by line.
 */
import type { EvaluationError } from '../../src/base/index.ts'
import type { Op, Row } from '../../src/data/index.ts'
import { addUp, type Contribution, leastTriple, perRow, type Triple } from './contribution.ts'
import { cellKey, compareRows, type Failed, isSound, keyOf } from './value.ts'

export interface Change {
  op: Op
  row: Row
  triple: Triple
}

/** The changes of a commit in canonical order. `key`: output columns that identify a row, or null. */
export function changesOf(
  contributions: readonly Contribution[],
  key: readonly number[] | null,
): Change[] {
  const changes = perRow(contributions).flatMap(({ row, weight, triple }) => {
    if (!isSound(row)) throw new Error('a failed row reached the output')
    const op: Op = weight > 0 ? '+I' : '-D'
    return Array.from({ length: Math.abs(weight) }, (): Change => ({ op, row, triple }))
  })
  if (key !== null) pairUp(changes, key)
  const isDeletion = ({ op }: Change) => op === '-U' || op === '-D'
  const place = (change: Change) => {
    const keys = (key ?? []).map((column) => change.row[column]!)
    return [...change.triple, ...keys, isDeletion(change) ? 0 : 1, ...change.row]
  }
  return changes.sort((a, b) => compareRows(place(a), place(b)))
}

/** A deleted and an inserted row of one key are an update, both at the lesser of their triples. */
function pairUp(changes: readonly Change[], key: readonly number[]): void {
  const alone = new Map<string, Change>()
  for (const change of changes) {
    const text = keyOf(change.row, key)
    const other = alone.get(text)
    if (other === undefined || other.op === change.op) alone.set(text, change)
    else {
      alone.delete(text)
      const triple = leastTriple([other.triple, change.triple])
      for (const half of [other, change]) {
        half.op = half.op === '+I' ? '+U' : '-U'
        half.triple = triple
      }
    }
  }
}

/** A failure that entered (+) or left (−) the flow. */
export interface Fault {
  failed: Failed
  weight: number
  triple: Triple
}

/** A line of `<query>.errors`. */
export interface ErrorLine {
  offset: number
  code: EvaluationError['code']
  message: string
  row: string | null
}

/** The list of a query's failures, kept as they come and are taken back. */
export class ErrorList {
  #lines: ErrorLine[] = []

  get lines(): readonly ErrorLine[] {
    return this.#lines
  }

  /** Applies the failures of a commit; returns what was added and taken off, in order. */
  apply(faults: readonly Fault[]): { op: '+I' | '-D'; line: ErrorLine }[] {
    const net = addUp(faults, ({ failed, triple }) => `${triple[0]} ${cellKey(failed)}`)
    const place = ({ failed, weight, triple }: Fault) => [
      triple[0],
      Math.sign(weight),
      failed.code,
      failed.message,
    ]
    net.sort((a, b) => compareRows(place(a), place(b)))
    return net.flatMap(({ failed: { code, message, row }, weight, triple }) =>
      Array.from({ length: Math.abs(weight) }, () => {
        const line = { offset: triple[0], code, message, row }
        return weight > 0 ? this.#add(line) : this.#take(line)
      }),
    )
  }

  #add(line: ErrorLine) {
    const place = (one: ErrorLine) => [one.offset, one.code, one.message, one.row]
    this.#lines.push(line)
    this.#lines.sort((a, b) => compareRows(place(a), place(b)))
    return { op: '+I' as const, line }
  }

  /** Takes off the oldest line of its like. */
  #take({ code, message, row }: ErrorLine) {
    const place = this.#lines.findIndex(
      (line) => line.code === code && line.message === message && line.row === row,
    )
    if (place < 0) throw new Error(`no failure to take back: ${message}`)
    return { op: '-D' as const, line: this.#lines.splice(place, 1)[0]! }
  }
}
