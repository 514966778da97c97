/**
 * BindValues: VALUES becomes a plan of constants, its columns of a type that all rows have in common.
 *
 * How      Cells are bound, structs among them flattened; a column takes the type of its target where that fits.
 */
import type { Query, Expression as Tree } from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import { flatFields, membersOf, type Type, typeText, widthOf } from '../../../data/index.ts'
import {
  boolean,
  coerce,
  commonTypeOf,
  cutFor,
  isAdaptable,
  isAssignable,
  varchar,
} from '../../coerce.ts'
import { column } from '../../expression.ts'
import type { Expression, Plan } from '../../logical.ts'
import { values } from '../../node.ts'
import { all, type Binding, fail, unsupported } from '../binding.ts'
import { bindValue, type Env } from '../expression/expression.ts'
import { onePlace } from '../expression/random.ts'
import { flattenInto, refuseStruct } from '../expression/struct.ts'
import { scopeOf } from '../scope.ts'
import { bindOrder, bindSortShape, cut, type QueryPlace } from './order.ts'

export function bindValues(
  binding: Binding,
  query: Query,
  trees: Tree[][],
  place: QueryPlace,
): Plan {
  const env: Env = { binding, scope: [], clause: 'VALUES', aggregates: null, place: onePlace }
  const width = trees[0]!.length
  for (const row of trees) {
    if (row.length === width) continue
    const message = `rows of VALUES have ${width} and ${row.length} columns`
    fail('type_mismatch', message, { start: row[0]!.span.start, end: row.at(-1)!.span.end })
  }
  const whole = all(trees.map((row) => () => all(row.map((tree) => () => bindValue(env, tree)))))
  const tops = trees[0]!.map((_, index) => structOfColumn(whole, index, place.targets))
  const { cells: bound, trees: places } = flatRows(binding, whole, trees, tops)
  const types = bound[0]!.map((_, index) =>
    valuesType(
      binding,
      bound.map((row) => row[index]!),
      places.map((row) => row[index]!.span),
      place.targets?.[index],
    ),
  )
  const rows = bound.map((row, r) =>
    row.map((cell, index) => {
      const type = types[index]!
      if (membersOf(type) !== null && cell.type.kind !== 'null') return { ...cell, type }
      return coerce(cutFor(binding.dialect, cell, type), type, places[r]![index]!.span)
    }),
  )
  const fields = tops.flatMap((top, index) =>
    flatFields({ name: `column${index + 1}`, type: top ?? boolean, nullable: true }),
  )
  const names = fields.map(({ name }) => name)
  const items = names.map((name, index) => {
    const expression = column(index, { type: types[index]!, nullable: true })
    return { tree: places[0]![index]!, name, expression, inside: name.includes('.') }
  })
  const plan = values(rows, names)
  const order = bindOrder({ ...env, scope: scopeOf(plan.output, null) }, query.orderBy, items)
  const parts = { plan, items, by: [], order, bare: false, distinct: false, place }
  if (order.some((key) => key.item === null)) {
    unsupported('expressions in ORDER BY of VALUES', query.orderBy[0]!.span)
  }
  const shape = bindSortShape(binding, query, parts)
  return shape === null ? plan : cut(binding, plan, shape)
}

/** The STRUCT that column `index` of VALUES is, that of its target or of its values; null for other types. */
function structOfColumn(
  rows: Expression[][],
  index: number,
  targets: readonly Type[] | undefined,
): Type | null {
  const tops = targets === undefined ? [] : topTypes(targets)
  const given = rows.map((row) => row[index]!.type).find((type) => membersOf(type) !== null)
  const target = tops[index]
  return target !== undefined && membersOf(target) !== null ? target : (given ?? null)
}

function topTypes(flat: readonly Type[]): Type[] {
  const tops: Type[] = []
  for (let at = 0; at < flat.length; at += widthOf(flat[at]!)) tops.push(flat[at]!)
  return tops
}

/** Rows with their structs flattened; a NULL takes the place of all that belongs to one. */
function flatRows(
  binding: Binding,
  rows: Expression[][],
  trees: Tree[][],
  tops: (Type | null)[],
): { cells: Expression[][]; trees: Tree[][] } {
  const widths = tops.map((top) => (top === null ? 1 : widthOf(top)))
  const cells = rows.map((row, r) =>
    row.flatMap((cell, index) => {
      const top = tops[index]!
      if (top === null) return [refuseStruct(cell, trees[r]![index]!.span)]
      const flat = flattenInto(binding, cell, top)
      if (flat !== null) return flat
      const message = `${typeText(cell.type)} does not fit ${typeText(top)}`
      return fail('type_mismatch', message, trees[r]![index]!.span)
    }),
  )
  const places = trees.map((row) =>
    row.flatMap((tree, index) => Array.from({ length: widths[index]! }, () => tree)),
  )
  return { cells, trees: places }
}

/** The type of a column of VALUES: that of the target column, where every value can be assigned to it. */
function valuesType(
  { dialect }: Binding,
  cells: Expression[],
  spans: Span[],
  target: Type | undefined,
): Type {
  const fits = (cell: Expression) => isAdaptable(cell) || isAssignable(cell.type, target!, dialect)
  // Structs have been made those of the target.
  const isMade = target !== undefined && membersOf(target) !== null
  if (isMade || (target !== undefined && cells.every(fits))) return target
  const type = commonTypeOf(cells)
  if (type !== null) return type.kind === 'null' ? varchar : type
  const first = cells.find((cell) => !isAdaptable(cell))!
  const odd = cells.findIndex((cell) => commonTypeOf([first, cell]) === null)
  const pair = `${typeText(first.type)} and ${typeText(cells[Math.max(odd, 0)]!.type)}`
  return fail('type_mismatch', `a column of VALUES cannot be ${pair}`, spans[Math.max(odd, 0)]!)
}
