/**
 * Array: the functions of arrays and maps on single values.
 *
 * How      Most work on items as they lie (src/data/nested.ts): equal elements are equal texts, and order as these do.
 * Contract 1 (trusted) arguments are of the types that the binder gave them: arrays of one element type.
 * Cost     some 0.1 µs per element.
 */
import {
  arrayOf,
  elementOf,
  entriesOf,
  flattenItem,
  itemOf,
  itemOfFlat,
  itemsOf,
  itemValue,
  mapOf,
  memberItems,
  membersOf,
  NONE,
  type Type,
  type Value,
  valueText,
  widthOf,
} from '../../../data/index.ts'
import { invalid, type Outcome, power10, ranged } from '../fault.ts'
import type { Maker, Makers } from '../maker.ts'

const elementsMax = 1_000_000n

/** The type of the elements of an argument, or of NULL. */
const elementsIn = (type: Type | undefined): Type =>
  (type === undefined ? null : elementOf(type)) ?? { kind: 'null' }

/** A function of the items of its first argument, and of what the others are. */
function overItems(
  apply: (items: string[], element: Type, more: readonly Value[]) => Outcome,
): Maker {
  return (_, types) => {
    const element = elementsIn(types[0])
    return (array, _b, _c, all) => apply(itemsOf(array as string, element), element, all.slice(1))
  }
}

/** The item of an array of one item; NULL of NULL. */
const boxOf = (item: string) => (item === NONE ? NONE : itemOf(arrayOf([item]), boxType))
const inBox = (box: string) => (box === NONE ? NONE : box.slice(1, -1))
const boxType: Type = { kind: 'array', element: { kind: 'null' } }

/** A function of the items of two arrays. */
function overBoth(apply: (left: string[], right: string[]) => Outcome): Maker {
  return (_, types) => {
    const [first, second] = [elementsIn(types[0]), elementsIn(types[1])]
    return (a, b) => apply(itemsOf(a as string, first), itemsOf(b as string, second))
  }
}

const isKnown = (item: string) => item !== NONE
const once = (items: readonly string[]) => [...new Set(items)]
const inOrder = (items: readonly string[]) => items.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))

/** Where element n stands among so many, from 0; beyond them where there is none. */
const placeOf = (number: number, count: number) =>
  number > 0 ? number - 1 : number < 0 ? count + number : -1

/** The values that lie flat among the arguments, as items. */
function flatItems(values: readonly Value[], type: Type): string[] {
  const width = widthOf(type)
  const items: string[] = []
  for (let at = 0; at < values.length; at += width) items.push(itemOfFlat(values, at, type))
  return items
}

const twice = invalid('a key is NULL or there twice')
const mapOrFault = (entries: readonly (readonly [string, string])[]): Outcome =>
  mapOf(entries) ?? twice

/** The item of an element, or of a value of a map; NULL's where there is none. */
function itemAt(types: readonly Type[]): (container: Value, index: Value) => string {
  const [type, by] = types as [Type, Type]
  if (type.kind === 'map') {
    return (map, key) => {
      const wanted = itemOf(key, by)
      return entriesOf(map as string, type).find(([own]) => own === wanted)?.[1] ?? NONE
    }
  }
  const element = elementsIn(type)
  return (array, index) => {
    const items = itemsOf(array as string, element)
    return items[placeOf(Number(index), items.length)] ?? NONE
  }
}

const extracted: Maker = (call, types) => {
  const at = itemAt(types)
  return (container, index) => itemValue(at(container!, index!), call.type)
}

/** Flat value n of an element that is a STRUCT. */
const part: Maker = (_, types) => {
  const at = itemAt(types)
  const type = types[0]!
  const element = type.kind === 'map' ? type.value : elementsIn(type)
  return (container, index, number) => {
    const flat: Value[] = []
    flattenItem(at(container!, index!), element, flat)
    return flat[Number(number)]!
  }
}

const sliced: Maker = (_, types) => {
  const element = elementsIn(types[0])
  return (array, from, to) => {
    if (array == null) return null
    const items = itemsOf(array as string, element)
    const start =
      from == null ? 0 : Math.max(0, from === 0n ? 0 : placeOf(Number(from), items.length))
    const end = to == null ? items.length : placeOf(Number(to), items.length) + 1
    return arrayOf(items.slice(start, Math.max(start, end)))
  }
}

/** Does a comparison hold between a value and the elements? */
function quantified(deciding: boolean): Maker {
  return (_, types) => {
    const element = elementsIn(types[2])
    return (sign, value, array) => {
      const own = itemOf(value!, types[1]!)
      const items = itemsOf(array as string, element)
      const test = comparisons.get(sign as string)
      if (test === undefined) return invalid(`'${sign}' is no comparison`)
      if (items.some((item) => isKnown(item) && test(own, item) === deciding)) return deciding
      return items.includes(NONE) ? null : !deciding
    }
  }
}

const comparisons = new Map<string, (a: string, b: string) => boolean>([
  ['=', (a, b) => a === b],
  ['<>', (a, b) => a !== b],
  ['<', (a, b) => a < b],
  ['<=', (a, b) => a <= b],
  ['>', (a, b) => a > b],
  ['>=', (a, b) => a >= b],
])

/** Arrays one behind the other; each element of the others is an array of one. */
function concatenated(single: readonly number[] = []): Maker {
  return (_, types) => (_a, _b, _c, all) =>
    arrayOf(
      all.flatMap((value, at) => {
        if (single.includes(at)) return [itemOf(value, types[at]!)]
        return value === null ? [] : itemsOf(value as string, elementsIn(types[at]))
      }),
    )
}

const removed: Maker = (_, types) => (array, value) => {
  if (array === null) return null
  const own = itemOf(value!, types[1]!)
  return arrayOf(itemsOf(array as string, elementsIn(types[0])).filter((item) => item !== own))
}

const replaced: Maker = (_, types) => (array, from, to) => {
  if (array === null) return null
  const [old, now] = [itemOf(from!, types[1]!), itemOf(to!, types[2]!)]
  const items = itemsOf(array as string, elementsIn(types[0]))
  return arrayOf(items.map((item) => (item === old ? now : item)))
}

function sorted(items: readonly string[], descending: boolean, nullsFirst: boolean): string {
  const known = inOrder(items.filter(isKnown))
  if (descending) known.reverse()
  const nulls = items.filter((item) => !isKnown(item))
  return arrayOf(nullsFirst ? [...nulls, ...known] : [...known, ...nulls])
}

/** By words, or by Flink's truth values. */
const sorting = overItems((items, _, [order, nulls]) => {
  if (typeof order === 'boolean') return sorted(items, !order, (nulls ?? order) === true)
  const [word, place] = [order ?? 'asc', nulls ?? 'nulls last'].map((text) =>
    `${text}`.toLowerCase(),
  )
  if (!/^(asc|desc)$/.test(word!)) return invalid(`'${order}' is no order: it is asc or desc`)
  if (!/^nulls (first|last)$/.test(place!)) {
    return invalid(`'${nulls}' is no place: it is nulls first or nulls last`)
  }
  return sorted(items, word === 'desc', place === 'nulls first')
})

const joined: Maker = (_, types) => {
  const element = elementsIn(types[0])
  return (array, separator, absent) =>
    itemsOf(array as string, element)
      .filter((item) => isKnown(item) || absent !== undefined)
      .map((item) =>
        isKnown(item) ? valueText(itemValue(item, element), element) : String(absent),
      )
      .join(separator as string)
}

function extreme(pick: (items: string[]) => string | undefined): Maker {
  return overItems((items, element) =>
    itemValue(pick(inOrder(items.filter(isKnown))) ?? NONE, element),
  )
}

/** The known values. */
const knownOf = (items: readonly string[], element: Type) =>
  items.filter(isKnown).map((item) => itemValue(item, element)!)

const total: Maker = (call, types) => {
  const element = elementsIn(types[0])
  return (array) => {
    const values = knownOf(itemsOf(array as string, element), element)
    if (values.length === 0) return null
    if (call.type.kind === 'double')
      return values.reduce<number>((sum, one) => sum + Number(one), 0)
    return ranged(
      values.reduce<bigint>((sum, one) => sum + BigInt(one), 0n),
      call.type,
    )
  }
}

const average = overItems((items, element) => {
  const values = knownOf(items, element)
  if (values.length === 0) return null
  if (element.kind === 'double' || element.kind === 'real') {
    return values.reduce<number>((sum, one) => sum + Number(one), 0) / values.length
  }
  const sum = values.reduce<bigint>((all, one) => all + BigInt(one), 0n)
  const scale = element.kind === 'decimal' ? Number(power10(element.scale)) : 1
  return Number(sum) / values.length / scale
})

/** Whole numbers from one to another. */
function series(from: bigint, to: bigint, step: bigint, inclusive: boolean): Outcome {
  if (step === 0n) return inclusive || from !== to ? invalid('the step is 0') : arrayOf([])
  const count = (to - from + (inclusive ? step : step - (step > 0n ? 1n : -1n))) / step
  if (count > elementsMax) return invalid(`more than ${elementsMax} elements`)
  const items: string[] = []
  for (let at = 0n; at < count; at++) items.push(itemOf(from + at * step, { kind: 'bigint' }))
  return arrayOf(items)
}

/** A number of two vectors of one length. */
function ofVectors(measure: (a: number[], b: number[]) => number): Maker {
  const read = (array: Value) => knownOf(itemsOf(array as string, double), double) as number[]
  return () => (left, right) => {
    const [a, b] = [read(left!), read(right!)]
    const hasNull = [left, right].some((one) => itemsOf(one as string, double).includes(NONE))
    if (hasNull) return invalid('a vector has no NULLs')
    if (a.length !== b.length) return invalid(`vectors of ${a.length} and ${b.length} numbers`)
    return measure(a, b)
  }
}

const double: Type = { kind: 'double' }
const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, one, at) => sum + one * b[at]!, 0)

function overMap(apply: (entries: [string, string][]) => Outcome): Maker {
  return (_, types) => {
    const type = types[0] as Type & { kind: 'map' }
    return (map) => apply(entriesOf(map as string, type))
  }
}

export const arrays: Makers = {
  list_value:
    ({ type }) =>
    (_a, _b, _c, all) =>
      arrayOf(flatItems(all, elementsIn(type))),
  array_extract: extracted,
  map_extract: extracted,
  item_part: part,
  array_boxes: overItems((items) => arrayOf(items.map(boxOf))),
  array_unboxes: overItems((items) => arrayOf(items.map(inBox))),
  array_slice: sliced,
  array_length: overItems((items, _, [dimension]) =>
    dimension === 1n
      ? BigInt(items.length)
      : invalid(`an array has dimension 1 only, not ${dimension}`),
  ),
  cardinality: overItems((items) => BigInt(items.length)),
  map_size: overMap((entries) => BigInt(entries.length)),
  array_contains: (_, types) => (array, value) =>
    itemsOf(array as string, elementsIn(types[0])).includes(itemOf(value!, types[1]!)),
  array_any: quantified(true),
  array_all: quantified(false),
  array_position: (_, types) => (array, value) => {
    const items = itemsOf(array as string, elementsIn(types[0]))
    const at = items.indexOf(itemOf(value!, types[1]!))
    return at < 0 ? null : BigInt(at + 1)
  },
  array_append: concatenated([1]),
  array_prepend: concatenated([0]),
  array_concat: concatenated(),
  array_remove: removed,
  array_replace: replaced,
  array_distinct: overItems((items) => arrayOf(once(items.filter(isKnown)))),
  array_unique: overItems((items) => BigInt(once(items.filter(isKnown)).length)),
  array_sort: sorting,
  array_reverse_sort: overItems((items) => sorted(items, true, false)),
  array_reverse: overItems((items) => arrayOf(items.toReversed())),
  array_to_string: joined,
  array_min: extreme((items) => items[0]),
  array_max: extreme((items) => items.at(-1)),
  array_sum: total,
  array_avg: average,
  array_union: overBoth((a, b) => arrayOf(once([...a, ...b]))),
  array_intersect: overBoth((a, b) => {
    const other = new Set(b)
    return arrayOf(once(a.filter((item) => isKnown(item) && other.has(item))))
  }),
  array_except: overBoth((a, b) => {
    const other = new Set(b)
    return arrayOf(once(a.filter((item) => !other.has(item))))
  }),
  arrays_overlap: overBoth((a, b) => {
    const other = new Set(b)
    return a.some((item) => isKnown(item) && other.has(item))
  }),
  array_has_all: overBoth((a, b) => {
    const own = new Set(a)
    return b.every((item) => !isKnown(item) || own.has(item))
  }),
  flatten: overItems((items, element) => {
    const inner = elementsIn(element)
    const known = items.filter(isKnown).map((item) => itemValue(item, element) as string)
    return arrayOf(known.flatMap((array) => itemsOf(array, inner)))
  }),
  generate_series: () => (from, to, step) =>
    series(from as bigint, to as bigint, (step as bigint | undefined) ?? 1n, true),
  range: () => (from, to, step) => {
    const [start, end] = to === undefined ? [0n, from as bigint] : [from as bigint, to as bigint]
    return series(start, end, (step as bigint | undefined) ?? 1n, false)
  },
  l2_distance: ofVectors((a, b) =>
    Math.sqrt(a.reduce((sum, one, at) => sum + (one - b[at]!) ** 2, 0)),
  ),
  cosine_distance: ofVectors((a, b) => 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))),
  inner_product: ofVectors(dot),
  map_value: ({ type }) => {
    const map = type as Type & { kind: 'map' }
    const width = 1 + widthOf(map.value)
    return (_a, _b, _c, all) => {
      const entries: [string, string][] = []
      for (let at = 0; at < all.length; at += width) {
        entries.push([itemOf(all[at]!, map.key), itemOfFlat(all, at + 1, map.value)])
      }
      return mapOrFault(entries)
    }
  },
  map_from_arrays: (_, types) => (keys, values) => {
    const [a, b] = [
      itemsOf(keys as string, elementsIn(types[0])),
      itemsOf(values as string, elementsIn(types[1])),
    ]
    if (a.length !== b.length) return invalid(`${a.length} keys and ${b.length} values`)
    return mapOrFault(a.map((key, at): [string, string] => [key, b[at]!]))
  },
  map_from_entries: overItems((items, element) => {
    if (items.includes(NONE)) return twice
    const members = membersOf(element)!
    return mapOrFault(items.map((item) => memberItems(item.slice(1), members) as [string, string]))
  }),
  map_contains_key: (_, types) => (map, key) => {
    const wanted = itemOf(key!, types[1]!)
    return entriesOf(map as string, types[0] as Type & { kind: 'map' }).some(
      ([own]) => own === wanted,
    )
  },
  map_keys: overMap((entries) => arrayOf(entries.map(([key]) => key))),
  map_values: overMap((entries) => arrayOf(entries.map(([, value]) => value))),
  // A map is the array of its entries.
  map_entries: () => (map) => map!,
  map_concat: (_, types) => (a, b) => {
    const type = types[0] as Type & { kind: 'map' }
    const all = new Map([...entriesOf(a as string, type), ...entriesOf(b as string, type)])
    return mapOrFault([...all])
  },
}
