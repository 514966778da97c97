/**
 * Operator: what operators on bits and on JSON do with single values.
 *
 * How      A JSON step is a key, an index counted from 0 or, where negative, from the end, or a path that begins
 *          with `$`. Containment is that of Postgres: objects hold the members of the other one, arrays its elements
 *          in any order, and an array holds a scalar that is among its elements.
 */
import { elementOf, itemsOf, itemValue, NONE, type Type } from '../../../data/index.ts'
import { Fault, type Outcome, ranged } from '../fault.ts'
import type { Maker, Makers } from '../maker.ts'
import { noJson, stepsOf, unquoted } from './json.ts'
import { pathOf, walk } from './json-path.ts'
import { Digits, type Json, parse, print } from './json-text.ts'

type Bits = (a: bigint, b: bigint) => bigint

/** Two whole numbers of one type, and their result of the same type. */
const bits =
  (apply: Bits): Maker =>
  ({ type }) =>
  (a, b) =>
    ranged(apply(BigInt(a as bigint), BigInt((b ?? 0) as bigint)), type)

const shift =
  (apply: Bits): Maker =>
  ({ type }) =>
  (a, count) => {
    const places = BigInt(count as bigint)
    if (places < 0n || places > 63n) {
      return new Fault('invalid_argument', `a shift by ${places} is not one by 0 to 63`)
    }
    return ranged(apply(BigInt(a as bigint), places), type)
  }

// ---------------------------------------------------------------- JSON

/** The part at one step; undefined = nothing. */
function partAt(document: Json, step: string | bigint): Json | undefined {
  if (typeof step === 'string') return document instanceof Map ? document.get(step) : undefined
  return Array.isArray(document) ? document.at(Number(step)) : undefined
}

/** The part where the steps lead: a step of digits is an index in an array. */
function partBy(document: Json, steps: readonly string[]): Json | undefined {
  let part: Json | undefined = document
  for (const step of steps) {
    const index: boolean = Array.isArray(part) && /^-?\d+$/.test(step)
    part = part === undefined ? undefined : partAt(part, index ? BigInt(step) : step)
  }
  return part
}

/** The part of a document at a key, an index or a path, or the failure to find one. */
function found(document: Json, step: string | bigint): Json | undefined | Fault {
  if (typeof step === 'bigint' || !/^\$($|[.[])/.test(step)) return partAt(document, step)
  const path = pathOf(step)
  return path instanceof Fault ? path : walk(document, path)
}

const part =
  (
    take: (document: Json, step: never) => Json | undefined | Fault,
    finish: (part: Json | undefined) => Outcome,
  ): Maker =>
  () =>
  (text, step) => {
    const document = parse(text as string)
    if (document === undefined) return noJson(text as string)
    const value = take(document, step as never)
    return value instanceof Fault ? value : finish(value)
  }

const byPath = (document: Json, path: string): Json | undefined | Fault => {
  const steps = stepsOf(path)
  return steps instanceof Fault ? steps : partBy(document, steps)
}

const written = (value: Json | undefined) => (value === undefined ? null : print(value))

/** A number in one spelling: sign, digits without zeros at either end, and the power of ten. */
function plainNumber(text: string): string {
  const [, sign, whole, fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e(.+))?$/i.exec(
    text,
  )!
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const short = digits.replace(/0+$/, '')
  if (short === '') return '0'
  return `${sign}${short}e${Number(power) - fraction.length + digits.length - short.length}`
}

function same(a: Json, b: Json): boolean {
  if (a instanceof Digits) return b instanceof Digits && plainNumber(a.text) === plainNumber(b.text)
  return a === b
}

const isScalar = (value: Json) =>
  value === null || typeof value !== 'object' || value instanceof Digits

function contains(document: Json, wanted: Json): boolean {
  if (wanted instanceof Map) {
    if (!(document instanceof Map)) return false
    return [...wanted].every(([key, value]) => {
      const own = document.get(key)
      return own !== undefined && contains(own, value)
    })
  }
  if (!Array.isArray(wanted)) return isScalar(document) && same(document, wanted)
  if (!Array.isArray(document)) return false
  return wanted.every((one) => document.some((own) => contains(own, one)))
}

const contained: Maker = () => (text, piece) => {
  const [document, wanted] = [parse(text as string), parse(piece as string)]
  if (document === undefined) return noJson(text as string)
  if (wanted === undefined) return noJson(piece as string)
  const among = Array.isArray(document) && isScalar(wanted)
  return among
    ? document.some((own) => isScalar(own) && same(own, wanted))
    : contains(document, wanted)
}

/** Is the text a key of the object, an element of the array, or the text itself? */
function hasKey(document: Json, key: string): boolean {
  if (document instanceof Map) return document.has(key)
  return Array.isArray(document) ? document.includes(key) : document === key
}

const varchar: Type = { kind: 'varchar' }

/** Whether some or all texts of an array, NULLs left out, are keys. */
const hasKeys =
  (test: 'some' | 'every'): Maker =>
  (_, types) =>
  (text, keys) => {
    const document = parse(text as string)
    if (document === undefined) return noJson(text as string)
    const wanted = itemsOf(keys as string, elementOf(types[1]!)!).filter((item) => item !== NONE)
    return wanted[test]((item) => hasKey(document, itemValue(item, varchar) as string))
  }

export const operators: Makers = {
  bitand: bits((a, b) => a & b),
  bitor: bits((a, b) => a | b),
  bitxor: bits((a, b) => a ^ b),
  bitnot: bits((a) => ~a),
  shift_left: shift((a, count) => a << count),
  shift_right: shift((a, count) => a >> count),
  json_get: part(found, written),
  json_get_text: part(found, unquoted),
  json_get_path: part(byPath, written),
  json_get_path_text: part(byPath, unquoted),
  json_contains: contained,
  json_has_key: () => (text, key) => {
    const document = parse(text as string)
    return document === undefined ? noJson(text as string) : hasKey(document, key as string)
  },
  json_has_any_key: hasKeys('some'),
  json_has_all_keys: hasKeys('every'),
}
