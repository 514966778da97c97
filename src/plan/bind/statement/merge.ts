/**
 * BindMerge: MERGE: the rows of a source beside those of a table that they meet, and what becomes of each pair.
 *
 * How      The plan is an outer join of the source and the table, each with a mark behind its columns that is TRUE
 *          where the side is there. Conditions and new rows are expressions over a row of it and, behind that, its
 *          number.
 * Contract 1 (trusted) who carries it out takes, for each row, the first clause of its case whose condition is TRUE.
 */
import type { MergeClause as ClauseTree, Statement } from '../../../../grammar/index.ts'
import { topColumns } from '../../../data/index.ts'
import type { BoundStatement } from '../../bind.ts'
import { bigint, boolean } from '../../coerce.ts'
import { column, conjunctsOf, literal } from '../../expression.ts'
import { joinOn, type KeyPair } from '../../keyed.ts'
import type { Expression, Plan } from '../../logical.ts'
import { project } from '../../node.ts'
import { all, type Binding, fail, unsupported } from '../binding.ts'
import { bindCondition, bindValue, type Env } from '../expression/expression.ts'
import { drawnAt, draws } from '../expression/random.ts'
import { flatten } from '../expression/struct.ts'
import { pairOf } from '../join.ts'
import { bindRelation } from '../relation.ts'
import { joinScopes } from '../scope.ts'
import { checksOver, defaultCell, withComputed } from './cells.ts'
import { assignedCells, findMutable, type Mutable, placesOf } from './change.ts'
import { arityMessage, bindColumns } from './insert.ts'

type Tree = Statement & { kind: 'merge' }

export interface Merge {
  /** Where the source's mark stands; the table's columns follow, and its mark. */
  mark: number
  clauses: MergeClause[]
}

interface MergeClause {
  /** Both sides are there, the source alone, the table's row alone. */
  when: ClauseTree['when']
  condition: Expression | null
  /** What the row becomes, with a BOOLEAN for each CHECK; or that it goes, or stays. */
  action: 'nothing' | 'delete' | { expressions: Expression[] }
}

export function bindMerge(binding: Binding, tree: Tree): BoundStatement {
  const target = findMutable(binding, tree.target, 'MERGE')
  const first = tree.returning[0]
  if (first !== undefined) {
    const hint = `leave it out, and SELECT from ${target.name} afterwards`
    unsupported('RETURNING of MERGE', first.span, hint)
  }
  // Not the name alone: that is what a DEFAULT is drawn by.
  binding.draw.target = `into ${target.name}`
  const { target: path, alias, source: from, clauses } = tree
  const source = bindRelation(binding, from, [])
  const table = bindRelation(binding, { kind: 'table', path, alias, span: path.span }, [])
  const [left, right] = [marked(source.plan), marked(table.plan)]
  const width = left.output.length
  const both = joinScopes(source.scope, table.scope, width)
  const pairs: KeyPair[] = []
  const rest: Expression[] = []
  for (const part of conjunctsOf(
    bindCondition({ binding, scope: both, clause: 'ON', aggregates: null }, tree.on),
  )) {
    const pair = pairOf(part, width)
    if (pair === null) rest.push(part)
    else pairs.push(pair)
  }
  const kind = clauses.some(({ when }) => when === 'alone') ? 'full' : 'left'
  const plan = joinOn(left, right, kind, pairs, rest)
  const scopes = {
    matched: both,
    unmatched: source.scope,
    alone: joinScopes([], table.scope, width),
  }
  const place = column(plan.output.length, { type: bigint, nullable: false })
  const bound = all(
    clauses.map((clause) => () => {
      const env: Env = {
        binding,
        scope: scopes[clause.when],
        clause: 'MERGE',
        aggregates: null,
        place,
      }
      return bindClause(env, target, width, clause)
    }),
  )
  const merge = { mark: width - 1, clauses: bound }
  return { kind: 'merge', target: target.name, plan, merge, notices: binding.notices }
}

/** The plan with a last column that is TRUE. */
function marked(plan: Plan): Plan {
  const columns = plan.output.map((field, index) => column(index, field))
  const names = plan.output.map(({ name }) => name)
  return project(plan, [...columns, literal(true, boolean)], [...names, 'there'])
}

function bindClause(env: Env, target: Mutable, width: number, tree: ClauseTree): MergeClause {
  const { when, action } = tree
  if (action !== 'nothing' && (action === 'insert') !== (when === 'unmatched')) {
    const [what, where] =
      action === 'insert'
        ? ['INSERT', 'WHEN NOT MATCHED']
        : [action.toUpperCase(), 'WHEN MATCHED or WHEN NOT MATCHED BY SOURCE']
    fail('syntax', `${what} stands behind ${where}`, tree.span)
  }
  const condition = tree.condition === null ? null : bindCondition(env, tree.condition)
  if (action === 'nothing' || action === 'delete') return { when, condition, action }
  const cells =
    action === 'update' ? updated(env, target, width, tree) : inserted(env, target, tree)
  const full = withComputed(
    target,
    cells.map((cell) => (draws(cell) ? drawnAt(cell, env.place!) : cell)),
  )
  return { when, condition, action: { expressions: [...full, ...checksOver(target, full)] } }
}

function updated(
  env: Env,
  target: Mutable,
  width: number,
  { assignments }: ClauseTree,
): Expression[] {
  const standing = target.schema.fields.map((field, index) => column(width + index, field))
  const places = placesOf(target, assignments)
  const cellsOf = (place: number) => flatten(env.binding, bindValue(env, assignments[place]!.value))
  return assignedCells(env.binding, target, { places, assignments, cellsOf }, standing)
}

/** A row of defaults, with the values assigned to it. */
function inserted(env: Env, target: Mutable, tree: ClauseTree): Expression[] {
  const { columns, values, span } = tree
  const { fields } = target.schema
  const isDefault = values.length === 0
  const positions = bindColumns(target, { columns }, span, isDefault)
  const tops = topColumns(positions.map((position) => fields[position]!))
  if (tops.length !== values.length) {
    const place = { start: values[0]!.span.start, end: values.at(-1)!.span.end }
    fail('type_mismatch', arityMessage(tops.length, values.length), place)
  }
  const places = tops.map(({ at }) => positions[at]!)
  const assignments = values.map((value) => ({ value }))
  const cellsOf = (place: number) => flatten(env.binding, bindValue(env, values[place]!))
  const defaults = fields.map((_, index) => defaultCell(target, index))
  return assignedCells(env.binding, target, { places, assignments, cellsOf }, defaults)
}
