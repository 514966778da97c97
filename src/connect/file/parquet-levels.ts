/**
 * Parquet levels: the entries of a column of a Parquet file: its values, and where lists and what is missing are around
 * them.
 *
 * How      A value inside of lists has an entry for each of its elements, and one for a list that is empty or missing.
 *          The definition level counts what is there of all that may be missing, a list that has elements among it; the
 *          repetition level says which list goes on, 0 where a row begins.
 * See      parquet-nested.ts reads them
 */
import {
  elementOf,
  itemsOf,
  itemValue,
  memberItems,
  membersOf,
  NONE,
  type Row,
  type Type,
  type Value,
} from '../../data/index.ts'

/** From an array or a map on inwards, the type of each node and which member of it leads on. */
export type NestedPath = { type: Type; member: number; nullable: boolean }[]

interface Place {
  at: number
  /** Flat columns that may be NULL: the structs around it, then itself. */
  guards: readonly number[]
  inside?: NestedPath
}

interface Entries {
  /** Null where there are no lists. */
  repeats: number[] | null
  levels: number[]
  levelMax: number
  /** NULL where the level says that there is none. */
  values: Value[]
}

const isRepeated = ({ type }: NestedPath[number]) => elementOf(type) !== null

/** How many lists and maps are around the values. */
export const repeatsMax = ({ inside = [] }: Place): number => inside.filter(isRepeated).length

export function entriesOf(place: Place, rows: readonly Row[]): Entries {
  const { at, guards, inside } = place
  /** The first of the guards that is missing; all of them are there at their number. */
  const guarded = (row: Row) => {
    const missing = guards.findIndex((guard) => (row[guard] ?? null) === null)
    return missing < 0 ? guards.length : missing
  }
  if (inside === undefined) {
    const values = rows.map((row) => row[at] ?? null)
    return { repeats: null, levels: rows.map(guarded), levelMax: guards.length, values }
  }
  const [repeats, levels, values]: [number[], number[], Value[]] = [[], [], []]
  const put = (repeat: number, level: number, value: Value) => {
    repeats.push(repeat)
    levels.push(level)
    values.push(value)
  }
  const walk = (value: Value, step: number, repeat: number, level: number, depth: number): void => {
    const { type, member, nullable } = inside[step]!
    const element = elementOf(type)
    const next = (item: string, inner: Type, again: number, from: number, lists: number) => {
      if (item === NONE) put(again, from, null)
      else walk(itemValue(item, inner), step + 1, again, from + Number(nullable), lists)
    }
    if (element === null) {
      const members = membersOf(type)
      if (members === null) return put(repeat, level, value)
      return next(
        memberItems(String(value), members)[member]!,
        members[member]!.type,
        repeat,
        level,
        depth,
      )
    }
    const items = itemsOf(String(value), element)
    if (items.length === 0) put(repeat, level, null)
    const entry = type.kind === 'map' ? membersOf(element)! : null
    items.forEach((item, index) => {
      const own = entry === null ? item : memberItems(item.slice(1), entry)[member]!
      const inner = entry === null ? element : entry[member]!.type
      next(own, inner, index === 0 ? repeat : depth + 1, level + 1, depth + 1)
    })
  }
  for (const row of rows) {
    const level = guarded(row)
    if (level < guards.length) put(0, level, null)
    else walk(row[at]!, 0, 0, level, 0)
  }
  const optional = inside.filter(({ nullable }) => nullable).length
  return { repeats, levels, levelMax: guards.length + optional + repeatsMax(place), values }
}
