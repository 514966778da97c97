/**
 * BindSet: UNION, INTERSECT and EXCEPT.
 *
 * How      UNION ALL is a union, UNION the distinct rows of one. INTERSECT and EXCEPT count each row of both sides in
 *          an aggregate over a union that marks the sides; with ALL the difference, or the least, of the counts says
 *          how often the row is there.
 * Contract 1 (checked) both sides have as many columns, of types that go together; names are those of the left side.
 */
import type { Query, QueryBody } from '../../../../grammar/index.ts'
import { type Type, typeText } from '../../../data/index.ts'
import { bigint, boolean, coerce, commonTypeOf, isAdaptable, varchar } from '../../coerce.ts'
import { and, branch, call, choose, column, literal } from '../../expression.ts'
import type { Expression, Plan } from '../../logical.ts'
import { aggregate, filter, project, repeat, union } from '../../node.ts'
import { all, type Binding, fail } from '../binding.ts'
import { bindQuery } from '../query.ts'
import { refuseEmit } from '../relation.ts'
import type { Around } from './around.ts'

type SetTree = QueryBody & { kind: 'set' }

/** Behind LATERAL the columns that tell rows around apart stand behind those of either side. */
export function bindSet(binding: Binding, tree: SetTree, around?: Around): Plan {
  const operand = (query: Query) => () => {
    refuseEmit(query)
    return bindQuery(binding, query, around === undefined ? {} : { around })
  }
  const [left, right] = all([operand(tree.left), operand(tree.right)]) as [Plan, Plan]
  const [have, given] = [left, right].map((side) => side.output.length - (around?.width ?? 0))
  if (have !== given) {
    fail('type_mismatch', `${tree.operator} of ${have} and ${given} columns`, tree.right.span)
  }
  const types = left.output.map((_, index) => typeOf(tree, left, right, index))
  const sides: [Plan, Plan] = [converted(left, types), converted(right, types)]
  if (tree.operator !== 'UNION') return counted(tree, sides)
  const parts = sides.flatMap((side) => (side.kind === 'union' ? side.inputs : [side]))
  const both = union(parts)
  return tree.all ? both : distinct(both)
}

const namesOf = (plan: Plan) => plan.output.map((field) => field.name)

export function distinct(plan: Plan): Plan {
  const keys = [...plan.output.keys()]
  return aggregate(plan, { keys, calls: [], emit: 'changes', names: namesOf(plan) })
}

function typeOf({ operator, right: query }: SetTree, left: Plan, right: Plan, index: number): Type {
  const cells = [cellOf(left, index), cellOf(right, index)]
  const type = commonTypeOf(cells)
  if (type !== null) return type.kind === 'null' ? varchar : type
  const pair = cells.map((cell) => typeText(cell.type)).join(' and ')
  const message = `column ${index + 1} of ${operator} cannot be ${pair}`
  return fail('type_mismatch', message, query.span)
}

/** A column of the plan; a literal where that is all it holds, as it adapts to the other side. */
function cellOf(plan: Plan, index: number): Expression {
  const made = plan.kind === 'project' ? plan.expressions[index]! : null
  const only = plan.kind === 'values' && plan.rows.length === 1 ? plan.rows[0]![index]! : null
  const cell = made ?? only
  if (cell !== null && isAdaptable(cell)) return cell
  return column(index, plan.output[index]!)
}

function converted(plan: Plan, types: readonly Type[]): Plan {
  const cells = plan.output.map((_, index) => coerce(cellOf(plan, index), types[index]!))
  const same = cells.every((cell, index) => cell.kind === 'column' && cell.index === index)
  return same ? plan : project(plan, cells, namesOf(plan))
}

/** INTERSECT and EXCEPT. */
function counted({ operator, all: repeats }: SetTree, sides: [Plan, Plan]): Plan {
  const names = namesOf(sides[0])
  const width = names.length
  const marked = sides.map((side, index) => {
    const columns = side.output.map((field, at) => column(at, field))
    const marks = [literal(index === 0, boolean), literal(index === 1, boolean)]
    return project(side, [...columns, ...marks], [...names, 'left', 'right'])
  })
  const count = (mark: number) => ({
    function: 'count_star' as const,
    argument: null,
    distinct: false,
    filter: mark,
    type: bigint,
    nullable: false,
  })
  const cells = aggregate(union(marked), {
    keys: [...names.keys()],
    calls: [count(width), count(width + 1)],
    emit: 'changes',
    names: [...names, 'left_count', 'right_count'],
  })
  const [left, right] = [width, width + 1].map((index) => column(index, cells.output[index]!))
  const zero = literal(0n, bigint)
  const compare = (name: string, a: Expression, b: Expression) => call(name, [a, b], boolean)
  const columns = names.map((_, index) => column(index, cells.output[index]!))
  if (!repeats) {
    const inRight = compare(operator === 'EXCEPT' ? 'eq' : 'gt', right!, zero)
    return project(filter(cells, and([compare('gt', left!, zero), inRight])), columns, names)
  }
  const isMore = compare('gt', left!, right!)
  const times =
    operator === 'EXCEPT'
      ? choose([branch(isMore, call('subtract', [left!, right!], bigint))], zero, bigint)
      : choose([branch(isMore, right!)], left!, bigint)
  const timed = project(cells, [...columns, times], [...names, 'times'])
  return repeat(filter(timed, compare('gt', column(width, timed.output[width]!), zero)))
}
