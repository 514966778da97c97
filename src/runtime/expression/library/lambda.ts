/**
 * Lambda: functions of elements, LIST_TRANSFORM, LIST_FILTER and LIST_REDUCE, on single arrays.
 *
 * How      The second argument says the body (src/plan/bind/expression/lambda.ts); it is evaluated over the values of
 *          the parameters and, behind these, over the further arguments. The first failure of an element counts.
 */
import {
  arrayOf,
  elementOf,
  flattenItem,
  itemOfFlat,
  itemsOf,
  NONE,
  type Type,
  type Value,
} from '../../../data/index.ts'
import type { LambdaSettings } from '../../../plan/index.ts'
import { Fault, type Outcome } from '../fault.ts'
import { type Evaluate, hostExpression } from '../host.ts'
import type { Call, Maker, Makers } from '../maker.ts'

interface Prepared {
  told: LambdaSettings
  body: Evaluate[]
}

function prepared(call: Call): Prepared {
  const settings = call.args[1]!
  const told = JSON.parse(
    settings.kind === 'literal' ? String(settings.value) : '',
  ) as LambdaSettings
  return { told, body: told.body.map((one) => hostExpression(one)) }
}

/** The values of the body for parameters and what follows them. */
function run(body: readonly Evaluate[], values: readonly Value[]): Value[] | Fault {
  const cells: Value[] = []
  for (const one of body) {
    const cell = one((at) => values[at]!)
    if (cell instanceof Fault) return cell
    cells.push(cell)
  }
  return cells
}

/** For each element of the first argument what `each` makes of the body's values, or its failure. */
function overElements(
  finish: (kept: { item: string; cells: Value[] }[], call: Call) => Outcome,
): Maker {
  return (call, types) => {
    const { told, body } = prepared(call)
    const element = elementOf(types[0]!)!
    return (array, _settings, _c, all) => {
      if (array == null) return null
      const kept: { item: string; cells: Value[] }[] = []
      for (const [at, item] of itemsOf(array as string, element).entries()) {
        const values: Value[] = []
        flattenItem(item, element, values)
        if (values.length < told.parameters.length) values.push(BigInt(at + 1))
        const cells = run(body, [...values, ...all.slice(2)])
        if (cells instanceof Fault) return cells
        kept.push({ item, cells })
      }
      return finish(kept, call)
    }
  }
}

const reduced: Maker = (call, types) => {
  const { told, body } = prepared(call)
  const element = elementOf(types[0]!)!
  const isStruct = body.length > 1
  const state = isStruct ? elementOf(call.type)! : call.type
  const flat = (item: string, type: Type): Value[] => {
    const cells: Value[] = []
    flattenItem(item, type, cells)
    return cells
  }
  const opened = (box: Value) =>
    isStruct ? flat(box === null ? NONE : itemsOf(box as string, state)[0]!, state) : [box]
  return (array, _settings, initial, all) => {
    if (array == null) return null
    const elements = itemsOf(array as string, element)
    const rest = all.slice(told.initial ? 3 : 2)
    let cells = told.initial ? opened(initial!) : flat(elements.shift() ?? NONE, element)
    for (const [at, item] of elements.entries()) {
      const given = [...cells, ...flat(item, element)]
      const number = BigInt(at + (told.initial ? 1 : 2))
      const place = told.parameters.length > given.length ? [number] : []
      const made = run(body, [...given, ...place, ...rest])
      if (made instanceof Fault) return made
      cells = made
    }
    const [value] = cells as [Value]
    return isStruct && value !== null ? arrayOf([itemOfFlat(cells, 0, state)]) : value
  }
}

export const lambdas: Makers = {
  list_transform: overElements((kept, { type }) =>
    arrayOf(kept.map(({ cells }) => itemOfFlat(cells, 0, elementOf(type)!))),
  ),
  list_filter: overElements((kept) =>
    arrayOf(kept.filter(({ cells }) => cells[0] === true).map(({ item }) => item)),
  ),
  list_reduce: reduced,
}
