/**
 * History: the rows that a way through the automaton has taken, with their variables, and what the cells say of them.
 *
 * How      A list from the last row to the first, whose beginnings are shared between ways. What a cell must know of a
 *          list is computed from that of the list without its last row, when it is asked for, and is kept.
 * Cost     O(1) per cell and row of the list.
 */
import { roundUnits, unitsOf } from '../../cuboid/index.ts'
import { compareValues, type Type, type Value } from '../../data/index.ts'
import type { MatchCell } from '../../plan/index.ts'

/** The list that ends with row `row` of the partition; null is the empty one. */
export interface History {
  before: History | null
  row: number
  variable: number
  /** Stands between {- and -}. */
  excluded: boolean
  length: number
  /** Number among the lists that differ. */
  id: number
  states: (State | undefined)[]
}

type ValueCell = MatchCell & { kind: 'value' }
type AggregateCell = MatchCell & { kind: 'aggregate' }

/** The last rows, or the first ones, as many as the cell looks back, the one sought last. */
type Places = readonly History[]
/** Exact: whole numbers and decimals as they are, doubles in units of 2^-1074, what is not finite beside. */
interface Fold {
  count: number
  sum: bigint
  odd: number
  extreme: Value
}
type State = Places | Fold

const noPlaces: Places = []
const noFold: Fold = { count: 0, sum: 0n, odd: 0, extreme: null }

export interface CellContext {
  cells: readonly MatchCell[]
  variables: readonly string[]
  /** Types of the columns that cells read. */
  types: readonly Type[]
  /** The value of a column in a row of the partition; NULL beyond its ends. */
  valueAt(row: number, column: number): Value
}

/** What is asked of a list: the number of its match, and whether its row is part of one. */
export interface Asked {
  number: number
  matched: boolean
}

/** The value of a cell at the end of a list. */
export function cellValue(
  context: CellContext,
  index: number,
  history: History | null,
  { number, matched }: Asked,
): Value {
  const cell = context.cells[index]!
  switch (cell.kind) {
    case 'number':
      return matched ? BigInt(number) : null
    case 'matched':
      return matched
    case 'value': {
      const places = stateOf(context, index, history) as Places
      const found = places.length > cell.offset ? places[cell.offset]! : null
      if (found === null) return null
      if (cell.column === null) return cell.shift === 0 ? context.variables[found.variable]! : null
      return context.valueAt(found.row + cell.shift, cell.column)
    }
    case 'aggregate': {
      const fold = stateOf(context, index, history) as Fold
      const type = cell.column === null ? null : context.types[cell.column]!
      return matched ? foldedValue(cell, fold, type) : null
    }
  }
}

function stateOf(context: CellContext, index: number, history: History | null): State {
  const cell = context.cells[index] as ValueCell | AggregateCell
  const waiting: History[] = []
  let at = history
  while (at !== null && at.states[index] === undefined) {
    waiting.push(at)
    at = at.before
  }
  let state: State = at?.states[index] ?? (cell.kind === 'value' ? noPlaces : noFold)
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (cell.variables === null || cell.variables.includes(next.variable)) {
      state =
        cell.kind === 'value'
          ? placed(cell, state as Places, next)
          : folded(context, cell, state as Fold, next.row)
    }
    next.states[index] = state
  }
  return state
}

function placed({ from, offset }: ValueCell, places: Places, next: History): Places {
  if (from === 'first') return places.length > offset ? places : [...places, next]
  return [next, ...places.slice(0, offset)]
}

function folded(
  { valueAt, types }: CellContext,
  { function: name, column }: AggregateCell,
  fold: Fold,
  row: number,
): Fold {
  if (column === null) return { ...fold, count: fold.count + 1 }
  const value = valueAt(row, column)
  if (value === null) return fold
  const count = fold.count + 1
  if (name === 'min' || name === 'max') {
    const order = fold.extreme === null ? 0 : compareValues(value, fold.extreme, types[column]!)
    const better = fold.extreme === null || (name === 'min' ? order < 0 : order > 0)
    return better ? { ...fold, count, extreme: value } : { ...fold, count }
  }
  if (name === 'count') return { ...fold, count }
  if (typeof value === 'bigint') return { ...fold, count, sum: fold.sum + value }
  const number = value as number
  if (types[column]!.kind !== 'double') return { ...fold, count, sum: fold.sum + BigInt(number) }
  // Infinities of one sign add up to that one, of both to NaN, as the host has it.
  if (!Number.isFinite(number)) return { ...fold, count, odd: fold.odd + number }
  return { ...fold, count, sum: fold.sum + unitsOf(number) }
}

function foldedValue({ function: name }: AggregateCell, fold: Fold, type: Type | null): Value {
  const { count, sum, odd, extreme } = fold
  if (name === 'count' || name === 'count_star') return BigInt(count)
  if (count === 0) return null
  if (name === 'min' || name === 'max') return extreme === 0 ? 0 : extreme
  if (type!.kind === 'double') {
    const total = odd === 0 ? roundUnits(sum) : odd
    return name === 'sum' ? total : total / count
  }
  if (name === 'sum') return sum
  return Number(sum) / count / 10 ** (type!.kind === 'decimal' ? type!.scale : 0)
}
