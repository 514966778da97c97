/**
 * Estimate: about how many rows a plan gives, from the sizes of the relations that it reads.
 *
 * How      A relation has the rows that are there when the statement is planned, or 1,000 where nobody knows or none
 *          has come. A column that is a key by itself has a value for each row, any other one for every tenth.
 *          Conditions and equalities are taken as if they knew nothing of each other.
 * Contract 1 (trusted) it follows from the plan and the sizes alone; no answer depends on it.
 * See      src/plan/rule/order-joins.ts, EXPLAIN (COST)
 */
import { conjunctsOf } from './expression.ts'
import type { Expression, JoinKind, Plan } from './logical.ts'
import { inputsOf, type PhysicalPlan } from './physical.ts'

/** What is known of a relation when a statement is planned. */
export interface Facts {
  /** Rows that have come so far; null where nobody knows. */
  rows: number | null
  /** Does each of its rows have a position of its own in the log? */
  placed: boolean
}

/** By the name of a relation; null of one that the catalog does not know. */
export type FactsOf = (relation: string) => Facts | null

type Node = Plan | PhysicalPlan
type NodeOf<Kind extends Node['kind']> = Extract<Node, { kind: Kind }>

const unknownRows = 1000
/** Rows for each value of a column that is no key. */
const rowsPerValue = 10
/** Rows that a function gives for a row. */
const rowsPerCall = 5

export class Estimate {
  readonly #factsOf: FactsOf
  readonly #rows = new Map<Node, number>()

  constructor(factsOf: FactsOf) {
    this.#factsOf = factsOf
  }

  /** Rows of the plan. */
  rows(plan: Node): number {
    const known = this.#rows.get(plan)
    if (known !== undefined) return known
    const rows = this.#count(plan)
    this.#rows.set(plan, rows)
    return rows
  }

  /** Different values of a column of the plan, 1 at least. */
  values(plan: Node, column: number): number {
    const rows = Math.max(1, this.rows(plan))
    if (plan.key?.length === 1 && plan.key[0] === column) return rows
    if (plan.kind === 'project' && plan.expressions[column]!.kind === 'literal') return 1
    const below = valueBelow(plan, column)
    if (below === null) return Math.max(1, rows / rowsPerValue)
    return Math.min(rows, this.values(...below))
  }

  #count(plan: Node): number {
    const first = inputsOf<Node>(plan)[0]
    const below = first === undefined ? 0 : this.rows(first)
    switch (plan.kind) {
      case 'scan':
        return this.#factsOf(plan.relation)?.rows || unknownRows
      case 'values':
        return plan.rows.length
      case 'series':
        return Math.max(0, (Number(plan.last) - Number(plan.first)) / Number(plan.step) + 1)
      case 'filter':
        return below * this.#selectivity(plan)
      case 'window':
        return below * (Number(plan.sizeMicros) / Number(plan.slideMicros))
      case 'unnest':
        return below * rowsPerCall
      case 'aggregate':
        return plan.keys.length === 0 ? 1 : Math.min(below, this.#tuples(plan.input, plan.keys))
      case 'rank':
        if (plan.limit === null) return below
        return Math.min(below, plan.limit * this.#tuples(plan.input, plan.partition))
      case 'sort':
        return plan.limit === null ? below : Math.min(below, plan.limit)
      case 'union':
        return plan.inputs.reduce((sum: number, input: Node) => sum + this.rows(input), 0)
      case 'asof':
        return this.rows(plan.left)
      case 'join':
        return this.#joined(plan)
      default:
        return below
    }
  }

  #joined(plan: NodeOf<'join'>): number {
    const [left, right] = [this.rows(plan.left), this.rows(plan.right)]
    const equal = plan.leftKeys.map((key, index) =>
      Math.max(this.values(plan.left, key), this.values(plan.right, plan.rightKeys[index]!)),
    )
    const pairs = equal.reduce((rows, values) => rows / values, left * right)
    const met = plan.residual === null ? pairs : pairs * selectivityOf(plan.residual)
    const atLeast: Record<JoinKind, number> = {
      inner: met,
      left: Math.max(left, met),
      full: Math.max(left, right, met),
      semi: left / 2,
      anti: left / 2,
    }
    return atLeast[plan.join]
  }

  #tuples(plan: Node, columns: readonly number[]): number {
    return columns.reduce((all, column) => all * this.values(plan, column), 1)
  }

  /** A key that equals a constant tells one row. */
  #selectivity({ input, predicate }: NodeOf<'filter'>): number {
    return conjunctsOf(predicate).reduce((part, conjunct) => {
      const column = constantColumn(conjunct)
      return part * (column === null ? selectivityOf(conjunct) : 1 / this.values(input, column))
    }, 1)
  }
}

/** The column of `column = constant`. */
function constantColumn(condition: Expression): number | null {
  if (condition.kind !== 'call' || condition.function !== 'eq') return null
  const [a, b] = [condition.args[0]!, condition.args[1]!]
  if (a.kind === 'column' && b.kind === 'literal') return a.index
  return b.kind === 'column' && a.kind === 'literal' ? b.index : null
}

/** The part of all rows that meets a condition. */
export function selectivityOf(condition: Expression): number {
  if (condition.kind === 'literal') return condition.value === true ? 1 : 0
  if (condition.kind === 'and') {
    return condition.args.reduce((part, arg) => part * selectivityOf(arg), 1)
  }
  if (condition.kind === 'or') {
    return Math.min(
      1,
      condition.args.reduce((sum, arg) => sum + selectivityOf(arg), 0),
    )
  }
  if (condition.kind !== 'call') return 1 / 2
  switch (condition.function) {
    case 'eq':
    case 'is_null':
      return 1 / 10
    case 'ne':
    case 'is_not_null':
      return 9 / 10
    case 'not':
      return 1 - selectivityOf(condition.args[0]!)
    default:
      return 1 / 3
  }
}

/** The same column one node below, where its values come from there. */
function valueBelow(plan: Node, column: number): [Node, number] | null {
  switch (plan.kind) {
    case 'project': {
      const expression = plan.expressions[column]!
      return expression.kind === 'column' ? [plan.input, expression.index] : null
    }
    case 'aggregate': {
      const key = plan.keys[column]
      return key === undefined ? null : [plan.input, key]
    }
    case 'join':
    case 'asof': {
      const width = plan.left.output.length
      return column < width ? [plan.left, column] : [plan.right, column - width]
    }
    case 'filter':
    case 'lifetime':
    case 'close':
    case 'hold':
      return [plan.input, column]
    default:
      return null
  }
}
