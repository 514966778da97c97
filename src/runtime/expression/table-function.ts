/**
 * Table functions: what gives rows for the values of a row, by its name in plans.
 *
 * Contract 1 (checked) the order of the rows depends on the arguments alone.
 *          2 (trusted) no argument is NULL.
 * See      src/plan/logical.ts (TableCall) says which there are
 */
import {
  elementOf,
  flattenItem,
  itemsOf,
  membersOf,
  type Type,
  type Value,
} from '../../data/index.ts'
import type { TableCall } from '../../plan/index.ts'
import { Fault, invalid } from './fault.ts'
import { laxPathsOf, noJson, unquoted } from './library/json.ts'
import { walkAll } from './library/json-path.ts'
import { type Json, parse, print } from './library/json-text.ts'
import { regexBy, Subject } from './library/pattern.ts'
import { sum } from './number.ts'

/** A row that is given, column by column. */
export type TableRow = readonly Value[]

type TableScalar = (args: readonly Value[]) => TableRow[] | Fault

/** More rows for one row are taken for a mistake. */
const rowsMax = 2 ** 24

export function tableFunction(call: TableCall): TableScalar {
  return makers[call.function](call.args.map(({ type }) => type))
}

const makers: Record<TableCall['function'], (types: readonly Type[]) => TableScalar> = {
  series: (types) => (types[0]!.kind === 'timestamp' ? moments(types) : numbers),
  json_elements: () => ofArray((one) => [print(one)]),
  json_elements_text: () => ofArray((one) => [unquoted(one)]),
  json_each: () => ofObject(([key, value]) => [key, print(value)]),
  json_each_text: () => ofObject(([key, value]) => [key, unquoted(value)]),
  json_keys: () => ofObject(([key]) => [key]),
  json_found:
    () =>
    ([text, path]) => {
      const steps = laxPathsOf(path as string)
      if (steps instanceof Fault) return steps
      return ofDocument(text, (document) => walkAll(document, steps).map((one) => [print(one)]))
    },
  elements: ([type]) => elements(type!),
  split:
    () =>
    ([text, separator]) =>
      separator === ''
        ? [[text!]]
        : (text as string).split(separator as string).map((one) => [one]),
  regexp_split: splitByPattern,
}

/** Of a struct its members, without its presence. */
function elements(type: Type): TableScalar {
  const element = elementOf(type)!
  const isStruct = membersOf(element) !== null
  return ([array]) =>
    itemsOf(array as string, element).map((item) => {
      const values: Value[] = []
      flattenItem(item, element, values)
      return isStruct ? values.slice(1) : values
    })
}

const numbers: TableScalar = ([first, last, step]) => {
  const [from, to, by] = [first as bigint, last as bigint, step as bigint]
  if (by === 0n) return invalid('the step of a series is 0')
  const count = (to - from) / by + 1n
  if (from !== to && to > from !== by > 0n) return []
  if (count > rowsMax) return tooMany()
  return Array.from({ length: Number(count) }, (_, index) => [from + BigInt(index) * by])
}

/** From one moment to another; a day that a month does not have becomes its last, and stays it. */
function moments(types: readonly Type[]): TableScalar {
  const [type, , stepType] = types as [Type, Type, Type]
  return ([first, last, step]) => {
    const [to, by] = [last as bigint, step as bigint]
    if (by === 0n) return invalid('the step of a series is 0')
    const rows: TableRow[] = []
    for (let at = first as bigint; by > 0n ? at <= to : at >= to; ) {
      if (rows.length === rowsMax) return tooMany()
      rows.push([at])
      const next = sum(at, by, [type, stepType], type, 1)
      if (next instanceof Fault) return next
      at = next as bigint
    }
    return rows
  }
}

const tooMany = () => invalid(`a series for one row has ${rowsMax} rows at most`)

function ofDocument(text: Value | undefined, give: (document: Json) => TableRow[] | Fault) {
  const document = parse(text as string)
  return document === undefined ? noJson(text as string) : give(document)
}

const ofArray =
  (give: (element: Json) => TableRow): TableScalar =>
  ([text]) =>
    ofDocument(text, (document) =>
      Array.isArray(document) ? document.map(give) : invalid('the JSON is no array'),
    )

const ofObject =
  (give: (member: [string, Json]) => TableRow): TableScalar =>
  ([text]) =>
    ofDocument(text, (document) =>
      document instanceof Map ? [...document].map(give) : invalid('the JSON is no object'),
    )

/** An empty match cuts neither at an end of the text nor right behind another match. */
function splitByPattern(): TableScalar {
  const compiled = regexBy()
  return ([text, pattern, flags]) => {
    const regex = compiled(`${flags ?? ''}\n${pattern}`)
    if (regex instanceof Fault) return regex
    const subject = new Subject(text as string, regex)
    const { length } = subject.bytes
    const rows: TableRow[] = []
    let done = 0
    for (let from = 0; from <= length && subject.match(from); from = subject.next()) {
      const [start, end] = [regex.captures[0]!, regex.captures[1]!]
      if (start === end && (start === 0 || start === length || start === done)) continue
      rows.push([subject.cut(done, start)])
      done = end
    }
    rows.push([subject.cut(done, length)])
    return rows
  }
}
