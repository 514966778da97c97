/**
 * Relations: the nodes that take rows one by one, or all of a one-shot answer: scan, VALUES, series, union, repeat,
 * filter, projection, sort; and unnest, with the functions that give rows.
 */
import { elementOf, flattenItem, itemsOf, membersOf, type Value } from '../../src/data/index.ts'
import type { TableCall } from '../../src/plan/logical.ts'
import { Fault as LibraryFault } from '../../src/runtime/expression/fault.ts'
import { laxPathsOf, unquoted } from '../../src/runtime/expression/library/json.ts'
import { walkAll } from '../../src/runtime/expression/library/json-path.ts'
import { type Json, parse, print } from '../../src/runtime/expression/library/json-text.ts'
import { type Contribution, inOrder } from './contribution.ts'
import { type Context, type Node, type Of, sound } from './node.ts'
import { add } from './scalar/number.ts'
import { evaluate } from './scalar/scalar.ts'
import {
  type Cell,
  type CellRow,
  compareCells,
  compareRows,
  Failed,
  Fault,
  keyOf,
} from './value.ts'

export function scan(plan: Of<'scan'>, { watermarks }: Context): Node {
  return (commit) =>
    commit.delta(plan).map(({ row: whole, weight, triple, ordinal }): Contribution => {
      const watermark = watermarks.before(plan, triple[0])
      const grace = BigInt(plan.watermark?.graceMicros ?? 0)
      const shown = watermark === undefined ? null : watermark + grace
      const special = (column: number) =>
        column === -1 ? shown : BigInt(column === -2 ? triple[0] : ordinal!)
      const row = plan.columns.map((column) => (column < 0 ? special(column) : whole[column]!))
      return { row, weight, triple, watermark }
    })
}

export function values(plan: Of<'values'>): Node {
  let rows = plan.rows.map(
    (row, index): Contribution => ({
      row: row.map((expression) => evaluate(expression, [])),
      weight: 1,
      triple: [index - plan.rows.length, 0, 0],
    }),
  )
  return () => {
    const once = rows
    rows = []
    return once
  }
}

export function series(plan: Of<'series'>): Node {
  const [first, last, step] = [BigInt(plan.first), BigInt(plan.last), BigInt(plan.step)]
  const length = (last - first) * step < 0n ? 0 : Number((last - first) / step + 1n)
  let rows = Array.from(
    { length },
    (_, index): Contribution => ({
      row: [first + BigInt(index) * step],
      weight: 1,
      triple: [index - length, 0, 0],
    }),
  )
  return () => {
    const once = rows
    rows = []
    return once
  }
}

export function union(inputs: readonly Node[]): Node {
  return (commit) => inputs.flatMap((input) => input(commit))
}

export function repeat(plan: Of<'repeat'>, input: Node, context: Context): Node {
  const count = plan.output.length
  return (commit) =>
    sound(context, input(commit)).flatMap((one) => {
      const weight = one.weight * Number(one.row[count])
      return weight === 0 ? [] : [{ ...one, row: one.row.slice(0, count), weight }]
    })
}

export function number(plan: Of<'number'>, input: Node, context: Context): Node {
  const rows: CellRow[] = []
  return (commit) => {
    const come = sound(context, input(commit)).flatMap((one) =>
      Array.from({ length: one.weight }, () => ({ ...one, weight: 1 })),
    )
    come.sort((a, b) => compareRows([...a.triple, ...a.row], [...b.triple, ...b.row]))
    return come.map((one) => {
      const key = keyOf(one.row, plan.partition)
      const before = rows.filter((row) => keyOf(row, plan.partition) === key)
      rows.push(one.row)
      return { ...one, row: [...one.row, BigInt(before.length)] }
    })
  }
}

export function filter(plan: Of<'filter'>, input: Node, context: Context): Node {
  return (commit) => {
    const verdict = (row: CellRow) => evaluate(plan.predicate, row)
    const judged = sound(context, input(commit), (row) => [verdict(row)])
    return judged.filter(({ row }) => verdict(row) === true)
  }
}

export function project(plan: Of<'project'>, input: Node): Node {
  return (commit) =>
    input(commit).map((one) => ({
      ...one,
      row: plan.expressions.map((expression) => evaluate(expression, one.row)),
    }))
}

/** ORDER BY and LIMIT of a one-shot statement: the rows stand at (0, 0, rank) afterwards. */
export function sort(plan: Of<'sort'>, input: Node, context: Context): Node {
  return (commit) => {
    const rows = inOrder(sound(context, input(commit)))
    rows.sort((a, b) => compareBy(plan.keys, a, b))
    const to = plan.limit === null ? rows.length : plan.offset + plan.limit
    return rows
      .slice(plan.offset, to)
      .map((row, rank): Contribution => ({ row, weight: 1, triple: [0, 0, rank] }))
  }
}

export function compareBy(keys: Of<'sort'>['keys'], a: CellRow, b: CellRow): number {
  for (const { column, descending, nullsFirst } of keys) {
    const [left, right] = [a[column]!, b[column]!]
    const nulls = Number(left === null) - Number(right === null)
    if (nulls !== 0) return nullsFirst ? -nulls : nulls
    const order = compareCells(left, right)
    if (order !== 0) return descending ? -order : order
  }
  return 0
}

// ---------------------------------------------------------------- unnest

export function unnest(plan: Of<'unnest'>, input: Node, context: Context): Node {
  return (commit) => {
    const judged = sound(context, input(commit), (row) =>
      plan.calls.flatMap(({ args }) => args.map((arg) => evaluate(arg, row))),
    )
    return judged.flatMap((one): Contribution[] => {
      const given: (readonly Value[])[][] = []
      for (const call of plan.calls) {
        const args = call.args.map((arg) => evaluate(arg, one.row)) as Value[]
        const rows = args.includes(null) ? [] : rowsOf(call, args)
        if (rows instanceof Failed) {
          context.faults.push({ failed: rows, weight: one.weight, triple: one.triple })
          return []
        }
        given.push(rows)
      }
      const count = Math.max(...given.map((rows) => rows.length))
      const [major, middle, minor] = one.triple
      const places = count === 0 && plan.outer ? [-1] : [...Array(count).keys()]
      return places.map((place) => {
        const made = plan.calls.flatMap(
          ({ columns }, index): readonly Cell[] =>
            given[index]![place] ?? columns.map((): Cell => null),
        )
        const number: Cell[] = plan.numbered ? [place < 0 ? null : BigInt(place + 1)] : []
        const row = [...one.row, ...made, ...number]
        return { ...one, row, triple: [major, middle, minor + Math.max(place, 0)] }
      })
    })
  }
}

function rowsOf(call: TableCall, args: Value[]): (readonly Value[])[] | Failed {
  try {
    return given(call, args)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return new Failed(error.code, error.message, call.span)
  }
}

function given({ function: name, args: trees }: TableCall, args: Value[]): (readonly Value[])[] {
  switch (name) {
    case 'series':
      return steps(args as bigint[], (at, by) => {
        const [type, , step] = trees.map((tree) => tree.type)
        return type!.kind === 'timestamp'
          ? (add(at, by, [type!, step!], type!, 1n) as bigint)
          : at + by
      })
    case 'elements': {
      const element = elementOf(trees[0]!.type)!
      const isStruct = membersOf(element) !== null
      return itemsOf(args[0] as string, element).map((item) => {
        const values: Value[] = []
        flattenItem(item, element, values)
        return values.slice(isStruct ? 1 : 0)
      })
    }
    case 'split':
      return args[1] === ''
        ? [[args[0]!]]
        : (args[0] as string).split(args[1] as string).map((part) => [part])
    case 'regexp_split':
      return pieces(args as string[])
    case 'json_found': {
      const steps = laxPathsOf(args[1] as string)
      if (steps instanceof LibraryFault) throw new Fault(steps.code, steps.message)
      return walkAll(documentOf(args[0]!), steps).map((one) => [print(one)])
    }
    default: {
      const document = documentOf(args[0]!)
      return name.startsWith('json_elements') ? elements(name, document) : members(name, document)
    }
  }
}

function steps([first, last, step]: bigint[], next: (at: bigint, by: bigint) => bigint) {
  if (step === 0n) throw new Fault('invalid_argument', 'the step of a series is 0')
  const rows: [bigint][] = []
  for (let at = first!; step! > 0n ? at <= last! : at >= last!; at = next(at, step!)) {
    // Nobody asks here for as many rows as there may be.
    if (rows.length === 100_000) {
      throw new Fault('invalid_argument', 'a series for one row has 16777216 rows at most')
    }
    rows.push([at])
  }
  return rows
}

/** Patterns of the tests mean the same to JavaScript. */
function pieces([text, pattern, flags = '']: string[]): [string][] {
  const parts: [string][] = []
  let done = 0
  for (const match of text!.matchAll(new RegExp(pattern!, `${flags}gu`))) {
    const { index } = match
    const end = index + match[0].length
    if (index === end && (index === 0 || index === text!.length || index === done)) continue
    parts.push([text!.slice(done, index)])
    done = end
  }
  return [...parts, [text!.slice(done)]]
}

function documentOf(text: Value): Json {
  const document = parse(text as string)
  if (document !== undefined) return document
  const shown = (text as string).length > 60 ? `${(text as string).slice(0, 60)}…` : text
  throw new Fault('invalid_argument', `'${shown}' is no JSON`)
}

function elements(name: string, document: Json): Value[][] {
  if (!Array.isArray(document)) throw new Fault('invalid_argument', 'the JSON is no array')
  return document.map((one) => [name.endsWith('_text') ? unquoted(one) : print(one)])
}

function members(name: string, document: Json): Value[][] {
  if (!(document instanceof Map)) throw new Fault('invalid_argument', 'the JSON is no object')
  const value = (one: Json) => (name === 'json_each' ? print(one) : unquoted(one))
  return [...document].map(([key, one]) => (name === 'json_keys' ? [key] : [key, value(one)]))
}
