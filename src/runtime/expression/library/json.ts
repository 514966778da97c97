/**
 * JSON: functions on documents as text.
 *
 * Format   paths: see json-path.ts; wildcards and filters are refused where a function takes one value only. `{a,0,b}`
 *          is the other path of Postgres.
 */
import { jsonText, type Type, type Value, valueText } from '../../../data/index.ts'
import { Fault, invalid, type Outcome } from '../fault.ts'
import type { Maker, Makers } from '../maker.ts'
import { findAll, type ManyStep, pathOf, pathsOf, walkAll } from './json-path.ts'
import { Digits, type Json, parse, print } from './json-text.ts'

export const noJson = (text: string) =>
  invalid(`'${text.length > 60 ? `${text.slice(0, 60)}…` : text}' is no JSON`)

/** A path of Postgres, whose strict mode is not known. */
export function laxPathsOf(text: string): ManyStep[] | Fault {
  if (/^\s*strict\s/.test(text)) return invalid(`'${text}' is strict: only lax paths are known`)
  return pathsOf(text)
}

/** Reads paths, each once. */
function pathReader<T>(read: (text: string) => T): (path: Value | undefined) => T {
  const paths = new Map<string, T>()
  return (path) => {
    let steps = paths.get(path as string)
    if (steps === undefined) {
      if (paths.size > 100) paths.clear()
      paths.set(path as string, (steps = read(path as string)))
    }
    return steps
  }
}

/** A function of what stands at a path; `broken` is what it gives for a text that is no JSON, by default a failure. */
const atPaths =
  (
    finish: (found: Json[]) => Outcome,
    {
      read = pathsOf,
      find = findAll,
      broken,
    }: { read?: typeof pathsOf; find?: typeof findAll; broken?: Value } = {},
  ): Maker =>
  () => {
    const stepsAt = pathReader(read)
    return (text, path) => {
      const document = parse(text as string)
      if (document === undefined) return broken === undefined ? noJson(text as string) : broken
      const steps = stepsAt(path)
      return steps instanceof Fault ? steps : finish(find(document, steps))
    }
  }

/** The same of one value; of several it is as if there were none. */
const atPath = (finish: (found: Json | undefined) => Outcome, broken?: Value): Maker =>
  atPaths(
    (found) => finish(found.length === 1 ? found[0] : undefined),
    broken === undefined ? {} : { broken },
  )

/** As in Postgres, where a member of an array is always that of its elements. */
const everywhere = (finish: (found: Json[]) => Outcome): Maker =>
  atPaths(finish, { read: laxPathsOf, find: walkAll })

/** One value at a path that has no wildcards. */
const atOne = (finish: (found: Json | undefined) => Outcome): Maker =>
  atPaths(([found]) => finish(found), { read: pathOf })

const of =
  (finish: (document: Json) => Outcome): Maker =>
  () =>
  (text) => {
    const document = parse(text as string)
    return document === undefined ? noJson(text as string) : finish(document)
  }

function typeOf(value: Json): string {
  if (value === null) return 'null'
  if (value instanceof Digits) return 'number'
  if (value instanceof Map) return 'object'
  return Array.isArray(value) ? 'array' : typeof value
}

const isNested = (value: Json | undefined): value is Json[] | Map<string, Json> =>
  Array.isArray(value) || value instanceof Map

/** The kinds of IS JSON. */
function isOfKind(value: Json, kind: string | undefined): Outcome {
  switch (kind) {
    case undefined:
    case 'value':
      return true
    case 'scalar':
      return !isNested(value)
    case 'array':
      return Array.isArray(value)
    case 'object':
      return value instanceof Map
    default:
      return invalid(`no such kind of JSON: ${kind}`)
  }
}

export function unquoted(value: Json | undefined): string | null {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : print(value)
}

/** The document with `value` at a path of Postgres; unchanged where the way ends before its last step. */
function withValue(document: Json, steps: readonly string[], value: Json): Json {
  const [step, ...rest] = steps
  if (step === undefined) return value
  if (document instanceof Map) {
    if (rest.length > 0 && !document.has(step)) return document
    const inner = rest.length === 0 ? value : withValue(document.get(step)!, rest, value)
    return new Map(document).set(step, inner)
  }
  if (!Array.isArray(document) || !/^-?\d+$/.test(step)) return document
  const index = Number(step) < 0 ? document.length + Number(step) : Number(step)
  const inside = index >= 0 && index < document.length
  if (!inside)
    return rest.length > 0 ? document : index < 0 ? [value, ...document] : [...document, value]
  return document.map((one, place) => (place === index ? withValue(one, rest, value) : one))
}

const setAt: Maker = () => (text, path, piece) => {
  const [document, value] = [parse(text as string), parse(piece as string)]
  if (document === undefined) return noJson(text as string)
  if (value === undefined) return noJson(piece as string)
  const steps = stepsOf(path as string)
  return steps instanceof Fault ? steps : print(withValue(document, steps, value))
}

/** The steps of `{key,index,…}`. */
export function stepsOf(path: string): string[] | Fault {
  const inner = /^\{(.*)\}$/s.exec(path.trim())
  if (inner === null) return invalid(`'${path}' is no path: it is {key,index,…}`)
  if (inner[1]!.trim() === '') return []
  return inner[1]!.split(',').map((one) => one.trim().replace(/^"(.*)"$/s, '$1'))
}

/** A value as JSON, with all digits of a number: unlike what goes to JavaScript, it is no number there yet. */
function written(value: Value, type: Type): string {
  const isNumber = type.kind === 'bigint' || type.kind === 'decimal'
  return isNumber && value !== null ? valueText(value, type) : jsonText(value, type)
}

const built: Maker = (_, types) => (_a, _b, _c, all) =>
  `[${all.map((value, index) => written(value, types[index]!)).join(',')}]`

const builtObject =
  (keepsNull: boolean): Maker =>
  (_, types) =>
  (_a, _b, _c, all) => {
    if (all.length % 2 !== 0) return invalid('an object takes keys and values in turn')
    const members = new Map<string, string>()
    for (let index = 0; index < all.length; index += 2) {
      const key: Value = all[index]!
      if (key === null) return invalid('a key must not be NULL')
      if (!keepsNull && all[index + 1] === null) continue
      members.set(valueText(key, types[index]!), written(all[index + 1]!, types[index + 1]!))
    }
    return `{${[...members].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`
  }

/** What JSON_QUERY finds, in an array where its wrapper says so; undefined = nothing that it may give. */
function wrapped(all: Json[], wrapper: string): Json | undefined {
  const [found] = all
  if (found === undefined) return undefined
  if (wrapper === 'unconditional wrapper') return all
  if (all.length > 1) return wrapper === 'conditional wrapper' ? all : undefined
  if (isNested(found)) return found
  if (wrapper.endsWith('quotes') && typeof found === 'string') return found
  return wrapper === 'conditional wrapper' ? [found] : undefined
}

/** Does the path find `empty` nothing, an `error`, or a value that counts? */
const stateAt: Maker = () => (text, path, what) => {
  const steps = pathsOf(path as string)
  if (steps instanceof Fault) return steps
  const document = parse(text as string)
  if (document === undefined) return 'error'
  const found = findAll(document, steps)
  if (found.length === 0) return 'empty'
  if (what === 'json_exists') return 'found'
  if (what === 'json_value') return found.length > 1 || isNested(found[0]) ? 'error' : 'found'
  return wrapped(found, what as string) === undefined ? 'error' : 'found'
}

const wrappedAt: Maker = () => (text, path, wrapper) => {
  const [document, steps] = [parse(text as string), pathsOf(path as string)]
  if (document === undefined || steps instanceof Fault) return null
  const given = wrapped(findAll(document, steps), wrapper as string)
  if (given === undefined) return null
  return wrapper === 'omit quotes' && typeof given === 'string' ? given : print(given)
}

export const documents: Makers = {
  raise: () => (reason) => invalid(reason as string),
  json_state: stateAt,
  json_wrapped: wrappedAt,
  json_array_length: of((document) => (Array.isArray(document) ? BigInt(document.length) : null)),
  json_array: (_, types) => (_a, _b, _c, all) =>
    `[${all.flatMap((value, at) => (value === null ? [] : [written(value, types[at]!)])).join(',')}]`,
  json_exists: atPaths((found) => found.length > 0, { broken: false }),
  jsonb_path_exists: everywhere((found) => found.length > 0),
  jsonb_path_query_array: everywhere(print),
  jsonb_path_query_first: everywhere((found) => (found.length === 0 ? null : print(found[0]!))),
  json_query: atPath((found) => (isNested(found) ? print(found) : null), null),
  json_value: atPath((found) => (isNested(found) ? null : unquoted(found)), null),
  json_extract: atOne((found) => (found === undefined ? null : print(found))),
  json_extract_string: atOne(unquoted),
  json_serialize: of(print),
  json_typeof: of(typeOf),
  json_valid: () => (text, kind) => {
    const document = parse(text as string)
    return document !== undefined && isOfKind(document, kind as string | undefined)
  },
  json_build_array: built,
  json_build_object: builtObject(true),
  json_object_absent: builtObject(false),
  jsonb_set: setAt,
  parse_json: of(print),
  to_json: (_, types) => (value) => written(value!, types[0]!),
}
