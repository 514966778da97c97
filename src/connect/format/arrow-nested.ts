/**
 * Arrow nested: the items of lists, maps and the structs inside of them, from the data of a record batch.
 */
import type * as Arrow from 'apache-arrow'
import {
  arrayOf,
  elementOf,
  entryOf,
  type Field,
  itemValue,
  memberItems,
  membersOf,
  NONE,
  structOf,
  type Type,
} from '../../data/index.ts'
import type { Run } from '../columnar-reader.ts'
import { type FileType, memberNamed } from '../file-type.ts'
import { Faulty, itemsOfRun, runOfRows } from '../nested-values.ts'

/** Decodes values that are neither lists, maps nor structs. */
type LeafRun = (data: Arrow.Data, type: FileType, field: Field) => Run

/** The rows of a column of lists or maps. */
export function nestedRun(data: Arrow.Data, type: FileType, field: Field, leafRun: LeafRun): Run {
  const faulty = new Faulty()
  const item = itemsIn(data, type, field.type, { name: field.name, leafRun, faulty })
  return runOfRows(data.length, field, faulty, (row) => itemValue(item(row), field.type))
}

interface Reading {
  name: string
  leafRun: LeafRun
  faulty: Faulty
}

function itemsIn(
  data: Arrow.Data,
  type: FileType,
  to: Type,
  reading: Reading,
): (index: number) => string {
  const { faulty } = reading
  if (type.kind !== 'struct' && type.kind !== 'list' && type.kind !== 'map') {
    const field = { name: reading.name, type: to, nullable: true }
    return itemsOfRun(reading.leafRun(data, type, field), to, faulty)
  }
  const isThere = validityOf(data)
  if (type.kind === 'struct') {
    const members = membersOf(to)!.map((member) => {
      const given = memberNamed(type.members, member.name)!
      const child = data.children[type.members.indexOf(given)]
      return itemsIn(lasting(child, data.length), given.type, member.type, reading)
    })
    return (index) =>
      isThere(index) ? `\x01${structOf(members.map((item) => item(index)))}` : NONE
  }
  const bounds = boundsOf(data)
  const child = lasting(data.children[0], bounds(data.length - 1)[1])
  if (type.kind === 'list') {
    const element = itemsIn(child, type.element.type, elementOf(to)!, reading)
    return (index) =>
      isThere(index) ? `\x01${arrayOf(itemsBetween(bounds(index), element))}` : NONE
  }
  const map = to as Type & { kind: 'map' }
  const entry: FileType = {
    kind: 'struct',
    members: [named('key', type.key), named('value', type.value)],
  }
  const entries = itemsIn(child, entry, entryOf(map), reading)
  return (index) => {
    if (!isThere(index)) return NONE
    const items = itemsBetween(bounds(index), entries)
    return `\x01${faulty.map(
      items.map((item) => memberItems(item.slice(1), entryOf(map).members) as [string, string]),
    )}`
  }
}

const named = <T extends object>(name: string, column: T) => ({ ...column, name })

function itemsBetween([start, end]: [number, number], item: (index: number) => string): string[] {
  return Array.from({ length: end - start }, (_, at) => item(start + at))
}

/** The data, where it has as many values as it takes. */
function lasting(data: Arrow.Data | undefined, count: number): Arrow.Data {
  if (data === undefined || data.length < count || data.offset !== 0) {
    throw new Error('a nested column is cut off')
  }
  return data
}

function validityOf(data: Arrow.Data): (index: number) => boolean {
  if (data.nullCount === 0) return () => true
  const bitmap = data.nullBitmap
  if (!bitmap || bitmap.length * 8 < data.length) throw new Error('a validity bitmap is cut off')
  return (index) => ((bitmap[index >> 3]! >> (index & 7)) & 1) === 1
}

/** Where the values of a list lie among those of all; checked, as wrong ones would read another's. */
function boundsOf(data: Arrow.Data): (index: number) => [number, number] {
  const fixed = (data.type as { listSize?: number }).listSize
  if (fixed !== undefined) return (index) => [index * fixed, Math.max(0, index + 1) * fixed]
  if (data.length === 0) return () => [0, 0]
  const offsets = Array.from(data.valueOffsets as Int32Array, Number)
  if (offsets.length <= data.length || offsets[0]! < 0) throw new Error('a column is cut off')
  for (let row = 1; row <= data.length; row++) {
    if (offsets[row]! < offsets[row - 1]!) throw new Error('list offsets do not ascend')
  }
  return (index) => [offsets[index]!, offsets[index + 1]!]
}
