/**
 * Struct: columns of STRUCT, which lie flat: a BOOLEAN that says whether the struct is there, then its members.
 *
 *     p STRUCT(a BIGINT, q STRUCT(b DOUBLE))   →   p BOOLEAN · p.a BIGINT · p.q BOOLEAN · p.q.b DOUBLE
 *
 * How      The presence is TRUE, or NULL where the struct is NULL; then all that belongs to it is NULL, too. Its type
 *          holds the members, so that whoever has flat fields can put the structs together again.
 * Contract 1 (trusted) the fields that belong to a struct follow its presence at once, in order.
 */
import { jsonText } from './json.ts'
import type { Field, Member, Row, Type, Value } from './type.ts'

/** The members of a STRUCT; null for every other type. */
export function membersOf(type: Type): readonly Member[] | null {
  return type.kind === 'boolean' ? (type.members ?? null) : null
}

/** How many flat columns a column of the type takes: 1 for all but STRUCT. */
export function widthOf(type: Type): number {
  const members = membersOf(type)
  return members === null ? 1 : members.reduce((sum, member) => sum + widthOf(member.type), 1)
}

/** The flat fields of a column. What belongs to a struct that may be NULL may be NULL. */
export function flatFields({ name, type, nullable }: Field): Field[] {
  const members = membersOf(type) ?? []
  const below = members.flatMap((member) =>
    flatFields({
      name: `${name}.${member.name}`,
      type: member.type,
      nullable: nullable || member.nullable,
    }),
  )
  return [{ name, type, nullable }, ...below]
}

/** A column as its reader sees it, and where it lies among the flat ones. */
export interface Top {
  field: Field
  at: number
  width: number
}

/** The columns that flat fields stand for. */
export function topColumns(fields: readonly Field[]): Top[] {
  const tops: Top[] = []
  for (let at = 0; at < fields.length; ) {
    const field = fields[at]!
    const width = widthOf(field.type)
    tops.push({ field, at, width })
    at += width
  }
  return tops
}

export function hasStructs(fields: readonly Field[]): boolean {
  return fields.some((field) => membersOf(field.type) !== null)
}

/** For each flat field the names that lead to it: `p.q.b` is p, q, b. */
export function pathsOf(fields: readonly Field[]): string[][] {
  const paths: string[][] = []
  const walk = (path: string[], type: Type): void => {
    paths.push(path)
    for (const member of membersOf(type) ?? []) walk([...path, member.name], member.type)
  }
  for (const { field } of topColumns(fields)) walk([field.name], field.type)
  return paths
}

/** Thrown for a value that is no struct. */
export class NoStruct extends Error {}

/** The flat values of what a program gives for the columns: objects (names case aside) or arrays for structs. */
export function flatValues(tops: readonly Top[], given: readonly unknown[]): unknown[] {
  const flat: unknown[] = []
  tops.forEach(({ field }, index) => {
    flatten(field, given[index], flat)
  })
  return flat
}

function flatten(
  { name, type }: Pick<Field, 'name' | 'type'>,
  given: unknown,
  flat: unknown[],
): void {
  const members = membersOf(type)
  if (members === null) {
    flat.push(given)
    return
  }
  if (given === null || given === undefined) {
    for (let left = widthOf(type); left > 0; left--) flat.push(null)
    return
  }
  if (typeof given !== 'object' || given instanceof Date) {
    throw new NoStruct(`column ${name} takes an object, not ${String(given).slice(0, 40)}`)
  }
  flat.push(true)
  const find = Array.isArray(given) ? null : memberFinder(given)
  members.forEach((member, index) => {
    const value = find === null ? (given as unknown[])[index] : find(member.name)
    flatten({ name: `${name}.${member.name}`, type: member.type }, value, flat)
  })
}

function memberFinder(given: object): (name: string) => unknown {
  const byName = new Map(Object.entries(given).map(([key, value]) => [key.toLowerCase(), value]))
  return (name) => byName.get(name.toLowerCase())
}

/** The value of a column as JSON: of a struct an object with its members in order. */
export function columnJson(row: Row, at: number, type: Type): string {
  const members = membersOf(type)
  const value: Value = row[at] ?? null
  if (members === null || value === null) return jsonText(value, type)
  let next = at + 1
  const parts = members.map((member) => {
    const text = columnJson(row, next, member.type)
    next += widthOf(member.type)
    return `${JSON.stringify(member.name)}:${text}`
  })
  return `{${parts.join(',')}}`
}

/** The columns as their reader sees them, a struct as the JSON text of its value. */
export function textColumns(fields: readonly Field[]): {
  fields: Field[]
  row: (row: Row) => Row
} {
  const tops = topColumns(fields)
  return {
    fields: tops.map(({ field }) =>
      membersOf(field.type) === null ? field : { ...field, type: { kind: 'varchar' } },
    ),
    row: (row) =>
      tops.map(({ field, at }) => {
        const value = row[at] ?? null
        return membersOf(field.type) === null || value === null
          ? value
          : columnJson(row, at, field.type)
      }),
  }
}
