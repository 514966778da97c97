/**
 * Nested: values of arrays and maps, and structs inside of them, as bytes that order as the values do.
 *
 * Format   an item is the byte 2 of NULL, or the byte 1 and the value: BOOLEAN one byte; TINYINT to INTEGER and DATE
 *          four bytes, BIGINT, times, intervals and DECIMAL of up to 18 digits eight, the greatest first, the sign bit
 *          turned over; REAL and DOUBLE the eight bytes of a double, the sign bit turned over, of negative ones all
 *          bits, NaN FF; wider DECIMAL as in wide.ts; VARCHAR, VARBINARY and JSON their bytes, 00 as 00 FF, and 00 01
 *          behind them.
 *          An array is its items and the byte 0. A map is an array of structs of key and value, in the order of its
 *          keys. A struct is the items of its members.
 *          On the host the bytes are a string with one character from U+0000 to U+00FF each, as of VARBINARY.
 * Contract 1 (checked) equal values have equal bytes, others order as their bytes do: item by item, NULL last, the
 *          shorter of two arrays first where one begins with the other.
 *          2 (trusted) bytes are read as the type that they were written as; an array of type NULL[] as any.
 * See      docs/decisions/0012-arrays-as-ordered-bytes.md
 */
import { membersOf, widthOf } from './struct.ts'
import { formOf, isBytes, isWide, type Member, type Type, type Value } from './type.ts'
import { readWide, wideBytes } from './wide.ts'

/** The type of what an array holds, of a map its entries; null of every other type. */
export function elementOf(type: Type): Type | null {
  if (type.kind === 'array') return type.element
  return type.kind === 'map' ? entryOf(type) : null
}

/** An entry of a map: STRUCT(key, value). */
export function entryOf({ key, value }: Type & { kind: 'map' }): Type & { members: Member[] } {
  return {
    kind: 'boolean',
    members: [
      { name: 'key', type: key, nullable: false },
      { name: 'value', type: value, nullable: true },
    ],
  }
}

const END = '\x00'
const SOME = '\x01'
/** The item of NULL. */
export const NONE = '\x02'

/** A value, or NULL, as an item. */
export function itemOf(value: Value, type: Type): string {
  return value === null ? NONE : SOME + bytesOf(value, type)
}

/** An array of items. */
export function arrayOf(items: readonly string[]): string {
  return items.join('') + END
}

/** The VARCHAR[] of texts. */
export function textArray(texts: readonly (string | null)[]): string {
  return arrayOf(texts.map((text) => itemOf(text, { kind: 'varchar' })))
}

/** A struct of items, which are those of its members. */
export function structOf(items: readonly string[]): string {
  return items.join('')
}

/** The value of an item. */
export function itemValue(item: string, type: Type): Value {
  return item === NONE ? null : readValue(item, 1, item.length, type)
}

/** The items of an array, whose elements have the type, or of a map, whose entries do. */
export function itemsOf(array: string, element: Type): string[] {
  const items: string[] = []
  for (let at = 0; at < array.length && array[at] !== END; ) {
    const end = endOfItem(array, at, element)
    items.push(array.slice(at, end))
    at = end
  }
  return items
}

/** The items of a struct. */
export function memberItems(struct: string, members: readonly Member[]): string[] {
  let at = 0
  return members.map(({ type }) => {
    const start = at
    at = endOfItem(struct, at, type)
    return struct.slice(start, at)
  })
}

/** The map of entries, each the items of a key and a value; null where a key is NULL or there twice. */
export function mapOf(entries: readonly (readonly [string, string])[]): string | null {
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const isWrong = sorted.some(([key], at) => key === NONE || key === sorted[at - 1]?.[0])
  return isWrong ? null : arrayOf(sorted.map(([key, value]) => SOME + key + value))
}

/** The entries of a map, in the order of their keys. */
export function entriesOf(map: string, type: Type & { kind: 'map' }): [string, string][] {
  const entry = entryOf(type)
  return itemsOf(map, entry).map(
    (item) => memberItems(item.slice(1), entry.members) as [string, string],
  )
}

/** The item of a value that lies flat from `at` on: a STRUCT is its presence and its members (struct.ts). */
export function itemOfFlat(values: readonly Value[], at: number, type: Type): string {
  const members = membersOf(type)
  const value = values[at]!
  if (members === null || value === null) return itemOf(value, type)
  let next = at + 1
  const items = members.map((member) => {
    const item = itemOfFlat(values, next, member.type)
    next += widthOf(member.type)
    return item
  })
  return SOME + structOf(items)
}

/** Puts the flat values of an item behind those of `into`. */
export function flattenItem(item: string, type: Type, into: Value[]): void {
  const members = membersOf(type)
  if (members === null) {
    into.push(itemValue(item, type))
    return
  }
  if (item === NONE) {
    for (let left = widthOf(type); left > 0; left--) into.push(null)
    return
  }
  into.push(true)
  const items = memberItems(item.slice(1), members)
  members.forEach((member, at) => {
    flattenItem(items[at]!, member.type, into)
  })
}

const scratch = new DataView(new ArrayBuffer(8))

function scratchText(): string {
  let text = ''
  for (let at = 0; at < 8; at++) text += String.fromCharCode(scratch.getUint8(at))
  return text
}

function fillScratch(bytes: string, at: number): void {
  for (let index = 0; index < 8; index++) scratch.setUint8(index, bytes.charCodeAt(at + index))
}

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

function bytesOf(value: NonNullable<Value>, type: Type): string {
  if (isNested(type)) return value as string
  switch (formOf(type)) {
    case 'boolean':
      return value === true ? '\x01' : '\x00'
    case 'string': {
      const bytes = isBytes(type)
        ? (value as string)
        : Buffer.from(value as string, 'utf8').toString('latin1')
      return `${bytes.includes('\x00') ? bytes.replaceAll('\x00', '\x00\xff') : bytes}\x00\x01`
    }
    case 'bigint':
      if (isWide(type)) return latin1(wideBytes(value as bigint)).toString('latin1')
      scratch.setBigUint64(0, BigInt.asUintN(64, value as bigint) ^ signBit)
      return scratchText()
    case 'number':
      if (type.kind === 'real' || type.kind === 'double') return doubleBytes(value as number)
      scratch.setUint32(0, (value as number) ^ 0x80000000)
      return scratchText().slice(0, 4)
  }
}

const signBit = 2n ** 63n

function doubleBytes(value: number): string {
  // The greatest bits of all, whatever sign a NaN has.
  if (Number.isNaN(value)) return '\xff'.repeat(8)
  // −0 is 0.
  scratch.setFloat64(0, value + 0)
  const bits = scratch.getBigUint64(0)
  scratch.setBigUint64(0, bits & signBit ? bits ^ (2n ** 64n - 1n) : bits ^ signBit)
  return scratchText()
}

function readValue(bytes: string, start: number, end: number, type: Type): Value {
  if (isNested(type)) return bytes.slice(start, end)
  switch (formOf(type)) {
    case 'boolean':
      return bytes.charCodeAt(start) === 1
    case 'string': {
      const text = bytes.slice(start, end - 2).replaceAll('\x00\xff', '\x00')
      return isBytes(type) ? text : Buffer.from(text, 'latin1').toString('utf8')
    }
    case 'bigint':
      if (isWide(type))
        return readWide(Buffer.from(bytes.slice(start, end), 'latin1'), 0, end - start)
      fillScratch(bytes, start)
      return BigInt.asIntN(64, scratch.getBigUint64(0) ^ signBit)
    case 'number': {
      fillScratch(bytes, start)
      if (type.kind !== 'real' && type.kind !== 'double') return scratch.getUint32(0) ^ 0x80000000
      const bits = scratch.getBigUint64(0)
      scratch.setBigUint64(0, bits & signBit ? bits ^ signBit : bits ^ (2n ** 64n - 1n))
      return scratch.getFloat64(0)
    }
  }
}

/** Is its value in an item made of items? */
function isNested(type: Type): boolean {
  return elementOf(type) !== null || membersOf(type) !== null
}

function endOfItem(bytes: string, at: number, type: Type): number {
  if (bytes[at] !== SOME) return at + 1
  const start = at + 1
  const element = elementOf(type)
  if (element !== null) {
    let next = start
    while (bytes[next] !== END) next = endOfItem(bytes, next, element)
    return next + 1
  }
  const members = membersOf(type)
  if (members !== null) {
    return members.reduce((next, member) => endOfItem(bytes, next, member.type), start)
  }
  switch (formOf(type)) {
    case 'string':
      return bytes.indexOf('\x00\x01', start) + 2
    case 'number':
      return start + (type.kind === 'real' || type.kind === 'double' ? 8 : 4)
    case 'boolean':
      return start + 1
    default:
      return start + (isWide(type) ? 1 + Math.abs(bytes.charCodeAt(start) - 0x80) : 8)
  }
}
