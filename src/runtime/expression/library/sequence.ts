/**
 * Sequence: aggregates of values by the times of their rows: ways, stays, averages over time.
 *
 * Contract 1 (checked) results depend on the multiset of values and times alone: values of one time stand in the order
 *            of their texts.
 */
import { parseValue } from '../../../data/index.ts'
import { geometryBytes, geometryKind, readGeometry } from '../../../geometry/index.ts'
import { invalid, type Outcome } from '../fault.ts'

/** A value's text and its time, µs, once for each row, by time. */
export interface Timed {
  text: string
  time: bigint
}

/** The line through points; a point of one of them. */
function trajectory(rows: readonly Timed[]): Outcome {
  const points = rows.map(
    ({ text }) => readGeometry(parseValue(text, { kind: 'geometry' }) as string)!,
  )
  const wrong = points.find(({ kind }) => kind !== 1)
  if (wrong !== undefined) return invalid(`a ${geometryKind(wrong)} is no point`)
  const path = points.flatMap(({ parts }) => parts.flat(2))
  return path.length === 0
    ? null
    : geometryBytes({ kind: path.length === 1 ? 1 : 2, parts: [[path]] })
}

/** Time from row to row while both are true, µs. */
function dwell(rows: readonly Timed[]): bigint {
  let sum = 0n
  rows.forEach(({ text, time }, at) => {
    const before = rows[at - 1]
    if (before?.text === 'true' && text === 'true') sum += time - before.time
  })
  return sum
}

/** The average of numbers, each as long as it was the last one; of no time their plain one. */
function timeWeighted(rows: readonly Timed[]): number {
  const span = Number(rows.at(-1)!.time - rows[0]!.time)
  if (span === 0) return rows.reduce((sum, { text }) => sum + Number(text), 0) / rows.length
  return rows.slice(1).reduce((sum, { time }, at) => {
    const before = rows[at]!
    return sum + Number(before.text) * (Number(time - before.time) / span)
  }, 0)
}

export const sequences: Readonly<Record<string, (rows: readonly Timed[]) => Outcome>> = {
  trajectory,
  dwell,
  time_weighted: timeWeighted,
}
