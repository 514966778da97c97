/**
 * Nested text: arrays, maps and structs inside of them as texts and JSON.
 *
 * Format   as DuckDB prints them: [1, 2, NULL], {a=1, b=2} of a map, {'a': 1} of a struct. A text that is empty, that
 *          NULL could be read for, or that has blanks at its ends or one of , [ ] { } ( ) = : ' " \ stands in single
 *          quotes, with a backslash before a quote and a backslash. Read are also Postgres's {1,2} of an array, double
 *          quotes with the escapes of JSON, and so JSON; a struct by its names or, in parentheses, by their order.
 * Contract 1 (checked) parseNested(nestedText(v, t), t) equals v.
 */
import {
  arrayOf,
  elementOf,
  entriesOf,
  itemOf,
  itemsOf,
  itemValue,
  mapOf,
  memberItems,
  structOf,
} from './nested.ts'
import { membersOf } from './struct.ts'
import type { Member, Type, Value } from './type.ts'

/** How a value that is not NULL becomes a text. */
type ToText = (value: NonNullable<Value>, type: Type) => string

/** The text of an array, a map, or of a struct inside of one. */
export function nestedText(value: string, type: Type, textOf: ToText): string {
  const one = (item: string, inner: Type) => {
    const known = itemValue(item, inner)
    if (known === null) return 'NULL'
    const text = textOf(known, inner)
    return isNestedType(inner) ? text : quotedText(text)
  }
  if (type.kind === 'array') {
    return `[${itemsOf(value, type.element)
      .map((item) => one(item, type.element))
      .join(', ')}]`
  }
  if (type.kind === 'map') {
    const entries = entriesOf(value, type)
    return `{${entries.map(([k, v]) => `${one(k, type.key)}=${one(v, type.value)}`).join(', ')}}`
  }
  const members = membersIn(type)
  const items = memberItems(value, members)
  const parts = members.map(
    (member, at) => `${inQuotes(member.name)}: ${one(items[at]!, member.type)}`,
  )
  return `{${parts.join(', ')}}`
}

/** The JSON of the same: an object of a map, whose keys are texts, and of a struct. */
export function nestedJson(
  value: string,
  type: Type,
  textOf: ToText,
  jsonOf: (value: Value, type: Type) => string,
): string {
  const one = (item: string, inner: Type) => jsonOf(itemValue(item, inner), inner)
  if (type.kind === 'array') {
    return `[${itemsOf(value, type.element)
      .map((item) => one(item, type.element))
      .join(',')}]`
  }
  if (type.kind === 'map') {
    const parts = entriesOf(value, type).map(([key, of]) => {
      const name = textOf(itemValue(key, type.key)!, type.key)
      return `${JSON.stringify(name)}:${one(of, type.value)}`
    })
    return `{${parts.join(',')}}`
  }
  const members = membersIn(type)
  const items = memberItems(value, members)
  const parts = members.map(
    (member, at) => `${JSON.stringify(member.name)}:${one(items[at]!, member.type)}`,
  )
  return `{${parts.join(',')}}`
}

const membersIn = (type: Type): readonly Member[] => membersOf(type) ?? []

const isNestedType = (type: Type) => elementOf(type) !== null || membersIn(type).length > 0

const inQuotes = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`

function quotedText(text: string): string {
  const isPlain = !/[,[\]{}()=:'"\\]|^\s|\s$|^null$/i.test(text) && text !== ''
  return isPlain ? text : inQuotes(text)
}

/** Reads a value of a plain type; undefined where the text is none. */
type FromText = (text: string, type: Type) => Value | undefined

/** The value that a text stands for; undefined where it cannot be read as one of the type. */
export function parseNested(text: string, type: Type, parse: FromText): string | undefined {
  const reader = new Reader(text, parse)
  const item = reader.item(type, '')
  return item === undefined || !reader.ended() ? undefined : (itemValue(item, type) as string)
}

/** Items are undefined where the text is none. */
class Reader {
  readonly #text: string
  readonly #parse: FromText
  #at = 0

  constructor(text: string, parse: FromText) {
    this.#text = text
    this.#parse = parse
  }

  ended(): boolean {
    this.#blanks()
    return this.#at === this.#text.length
  }

  /** An item up to one of the characters of `stops`. */
  item(type: Type, stops: string): string | undefined {
    this.#blanks()
    const next = this.#text[this.#at]
    if (isNestedType(type)) {
      if (next === '[' && type.kind === 'array') return this.#array(type.element, ']')
      if (next === '{') {
        if (type.kind === 'array') return this.#array(type.element, '}')
        return type.kind === 'map' ? this.#map(type) : this.#struct(membersIn(type))
      }
      if (next === '(' && type.kind === 'boolean') return this.#row(membersIn(type))
      return /^null$/i.test(this.#bare(stops)) ? itemOf(null, type) : undefined
    }
    if (type.kind !== 'json' && (next === '"' || next === "'")) {
      const text = this.#quoted()
      return text === undefined ? undefined : this.#known(text, type)
    }
    const text = this.#bare(stops)
    if (text === '') return undefined
    return /^null$/i.test(text) ? itemOf(null, type) : this.#known(text, type)
  }

  #known(text: string, type: Type): string | undefined {
    const value = this.#parse(text, type)
    return value === undefined ? undefined : itemOf(value, type)
  }

  #blanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #takes(sign: string): boolean {
    this.#blanks()
    if (this.#text[this.#at] !== sign) return false
    this.#at++
    return true
  }

  /** What stands between brackets, with commas; false where it is wrong. */
  #list(end: string, one: () => boolean): boolean {
    this.#at++
    if (this.#takes(end)) return true
    for (;;) {
      if (!one()) return false
      if (this.#takes(end)) return true
      if (!this.#takes(',')) return false
    }
  }

  #array(element: Type, end: string): string | undefined {
    const items: string[] = []
    const isSound = this.#list(end, () => {
      const item = this.item(element, `,${end}`)
      if (item !== undefined) items.push(item)
      return item !== undefined
    })
    return isSound ? itemOf(arrayOf(items), { kind: 'array', element }) : undefined
  }

  #map(type: Type & { kind: 'map' }): string | undefined {
    const entries: [string, string][] = []
    const isSound = this.#list('}', () => {
      const key = this.item(type.key, '=:')
      if (key === undefined || !(this.#takes('=') || this.#takes(':'))) return false
      const value = this.item(type.value, ',}')
      if (value === undefined) return false
      entries.push([key, value])
      return true
    })
    const map = isSound ? mapOf(entries) : null
    return map === null ? undefined : itemOf(map, type)
  }

  #struct(members: readonly Member[]): string | undefined {
    const found = new Map<string, string>()
    const isSound = this.#list('}', () => {
      const name = this.item({ kind: 'varchar' }, '=:')
      if (name === undefined || !(this.#takes('=') || this.#takes(':'))) return false
      const key = String(itemValue(name, { kind: 'varchar' })).toLowerCase()
      const member = members.find((one) => one.name.toLowerCase() === key)
      const value = this.item(member?.type ?? { kind: 'varchar' }, ',}')
      if (value === undefined) return false
      found.set(key, value)
      return true
    })
    if (!isSound) return undefined
    const items = members.map(
      ({ name, type }) => found.get(name.toLowerCase()) ?? itemOf(null, type),
    )
    return itemOf(structOf(items), { kind: 'boolean', members: [...members] })
  }

  #row(members: readonly Member[]): string | undefined {
    const items: string[] = []
    const isSound = this.#list(')', () => {
      const member = members[items.length]
      const item = member === undefined ? undefined : this.item(member.type, ',)')
      if (item !== undefined) items.push(item)
      return item !== undefined
    })
    if (!isSound || items.length !== members.length) return undefined
    return itemOf(structOf(items), { kind: 'boolean', members: [...members] })
  }

  /** What stands in quotes: a backslash escapes, in double quotes as in JSON. */
  #quoted(): string | undefined {
    const quote = this.#text[this.#at]!
    const form = quote === '"' ? /"(?:[^"\\]|\\.)*"/sy : /'(?:[^'\\]|\\.|'')*'/sy
    form.lastIndex = this.#at
    const found = form.exec(this.#text)?.[0]
    if (found === undefined) return undefined
    this.#at += found.length
    if (quote === "'") return found.slice(1, -1).replace(/\\(.)|''/gs, (_, one) => one ?? "'")
    try {
      return JSON.parse(found) as string
    } catch {
      return found.slice(1, -1).replace(/\\(.)/gs, '$1')
    }
  }

  /** What stands without quotes, up to one of `stops` outside of brackets and double quotes. */
  #bare(stops: string): string {
    const start = this.#at
    for (let depth = 0; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at]!
      if (depth === 0 && stops.includes(char)) break
      if (char === '"') this.#skipString()
      else if (char === '[' || char === '{') depth++
      else if (char === ']' || char === '}') depth--
    }
    return this.#text.slice(start, this.#at).trim()
  }

  #skipString(): void {
    const form = /"(?:[^"\\]|\\.)*"/sy
    form.lastIndex = this.#at
    const found = form.exec(this.#text)
    if (found !== null) this.#at += found[0].length - 1
  }
}
