/**
 * JSON type: finds the type of a column whose first values are arrays and objects.
 *
 * How      An array is T[] for the type of all elements, an object a STRUCT of all members that are met, in the order
 *          in which they are. Values of different kinds, empty objects, members that differ in case alone, and objects
 *          of very many members are JSON.
 * See      ../infer.ts for numbers and texts
 */
import type { Member, Type } from '../../data/index.ts'
import { inferType } from '../infer.ts'

const MEMBERS_MAX = 200
const json: Type = { kind: 'json' }

/** A number as it is written. */
class Digits {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

function parse(text: string): unknown {
  const revive = (_: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' ? new Digits(context?.source ?? String(value)) : value
  return JSON.parse(text, revive as Parameters<typeof JSON.parse>[1])
}

/** The type that takes all arrays and objects of `texts`; null where one of them is something else. */
export function nestedType(texts: readonly string[]): Type | null {
  if (!texts.every((text) => /^\s*[[{]/.test(text))) return null
  return typeOf(texts.map(parse))
}

function typeOf(values: readonly unknown[]): Type {
  const known = values.filter((value) => value !== null)
  const kinds = new Set(known.map(kindOf))
  if (kinds.size !== 1) return json
  switch ([...kinds][0]) {
    case 'array':
      return { kind: 'array', element: typeOf((known as unknown[][]).flat()) }
    case 'object':
      return structOf(known as Record<string, unknown>[])
    case 'number':
      return inferType((known as Digits[]).map(({ text }) => text))
    case 'boolean':
      return { kind: 'boolean' }
    default:
      return textType(inferType(known as string[]))
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return value instanceof Digits ? 'number' : typeof value
}

/** Of a value in quotes: a number there was meant as a text. */
export const textType = (type: Type): Type =>
  type.kind === 'date' || type.kind === 'timestamp' ? type : { kind: 'varchar' }

function structOf(objects: readonly Record<string, unknown>[]): Type {
  const members = new Map<string, unknown[]>()
  for (const object of objects) {
    for (const [name, value] of Object.entries(object)) {
      const found = members.get(name)
      if (found === undefined) members.set(name, [value])
      else found.push(value)
    }
  }
  const isPlain =
    new Set([...members.keys()].map((name) => name.toLowerCase())).size === members.size
  if (!isPlain || members.size === 0 || members.size > MEMBERS_MAX) return json
  return {
    kind: 'boolean',
    members: [...members].map(
      ([name, values]): Member => ({ name, type: typeOf(values), nullable: true }),
    ),
  }
}
