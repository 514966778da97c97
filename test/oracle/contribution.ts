/**
 * Contributions: rows with a weight and the triple at which they stand, and how they add up.
 *
 * See      docs/laws.md (where a row stands; the output of a commit, 1 and 2)
 */
import { type CellRow, compareRows, keyOf } from './value.ts'

/** Major, middle, minor. */
export type Triple = readonly [number, number, number]

export interface Contribution {
  /** Its number in its source, where rows only come. */
  ordinal?: number
  row: CellRow
  weight: number
  triple: Triple
  /** W(r), the watermark before the row, while it is still a row of one scan. */
  watermark?: bigint | undefined
}

export const compareTriples = (a: Triple, b: Triple) => compareRows([...a], [...b])

const lesser = (a: Triple, b: Triple) => (compareTriples(a, b) <= 0 ? a : b)

export const leastTriple = (triples: readonly Triple[]) => triples.reduce(lesser)

/** Adds up the weights of items of equal key; what comes to 0 is left out. */
export function addUp<T extends { weight: number }>(
  items: readonly T[],
  key: (item: T) => string,
): T[] {
  const equals = Map.groupBy(items, key).values()
  const sums = [...equals].map((some) => ({ ...some[0]!, weight: totalOf(some) }))
  return sums.filter(({ weight }) => weight !== 0)
}

export const totalOf = (items: readonly { weight: number }[]) =>
  items.reduce((sum, { weight }) => sum + weight, 0)

/** Adds up what has equal row (in the columns that are read) and equal triple; what comes to 0 never happened. */
export const atOnce = (contributions: readonly Contribution[]) =>
  addUp(contributions, ({ row, triple }) => `${triple} ${keyOf(row)}`)

/**
 * The net weight of every row. While all contributions of a row have one sign each keeps its place; otherwise the
 * net stands at the least triple.
 */
export function perRow(contributions: readonly Contribution[]): Contribution[] {
  const rows = Map.groupBy(atOnce(contributions), ({ row }) => keyOf(row))
  return [...rows.values()].flatMap((equals) => {
    const [{ row, weight: first }] = equals as [Contribution]
    if (equals.every(({ weight }) => weight > 0 === first > 0)) return equals
    const weight = totalOf(equals)
    return weight === 0
      ? []
      : [{ row, weight, triple: leastTriple(equals.map((one) => one.triple)) }]
  })
}

/** The rows of a one-shot result in canonical order. */
export function inOrder(contributions: readonly Contribution[]): CellRow[] {
  const units = perRow(contributions)
  units.sort((a, b) => compareRows([...a.triple, ...a.row], [...b.triple, ...b.row]))
  return units.flatMap(({ row, weight }) => Array.from({ length: weight }, () => row))
}
