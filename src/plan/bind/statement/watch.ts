/**
 * BindWatch: statements about queries that run: VERIFY, EXPLAIN ROW, PAUSE and RESUME, and what EXPLAIN says of them.
 *
 * How      A view that is verified, or whose row is explained, is bound as the one-shot query that it was made of:
 *          the engine has its rows, and this plan says what they must be.
 */
import {
  type Moment as MomentTree,
  nameOf,
  type Path,
  type Query,
  type Statement,
  type Expression as Tree,
} from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import type { Relation } from '../../../catalog/index.ts'
import type { BoundStatement } from '../../bind.ts'
import { literalValue } from '../../coerce.ts'
import { fold } from '../../fold.ts'
import type { Plan } from '../../logical.ts'
import { nodesOf } from '../../node.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { bindExpression } from '../expression/expression.ts'
import { bindQuery } from '../query.ts'
import { bindRelation, findRelation } from '../relation.ts'
import { objectOf } from './drop.ts'

type Of<Kind> = Extract<Statement, { kind: Kind }>
type Materialized = Relation & { kind: 'materialized' }

/** A place in the log: before the row of this position, or behind the last row that came at this time or before it. */
export type Moment = { offset: number } | { micros: bigint }

type Watch = Of<'explain-use' | 'explain-running' | 'explain-row' | 'tap' | 'verify' | 'pause'>

export function bindWatch(binding: Binding, tree: Watch): BoundStatement {
  switch (tree.kind) {
    case 'explain-use':
      return bindUse(binding, tree)
    case 'explain-running':
      return bindRunning(binding, tree)
    case 'explain-row':
      return bindExplainRow(binding, tree)
    case 'tap':
      return bindTap(binding, tree)
    case 'verify':
      return bindVerify(binding, tree)
    case 'pause':
      return bindPause(binding, tree)
  }
}

function bindRunning(binding: Binding, tree: Of<'explain-running'>): BoundStatement {
  const { what, name, span } = tree
  const place = what === 'work' ? span : name.span
  const { notices } = binding
  return { kind: 'explain-running', what, name: nameOf(name), span: place, notices }
}

function bindUse(binding: Binding, tree: Of<'explain-use'>): BoundStatement {
  const { measures, asSql, name } = tree
  if (asSql && measures.includes('cpu')) {
    unsupported('EXPLAIN ANALYZE CPU … AS SQL', name.span, 'no relation of sys.* has the time')
  }
  const { notices } = binding
  const { span } = name
  return { kind: 'explain-use', measures, asSql, name: nameOf(name), span, notices }
}

function bindPause(binding: Binding, tree: Of<'pause'>): BoundStatement {
  const { resumes, object, name } = tree
  const relation = binding.catalog.get(nameOf(name))
  const actual = relation === undefined ? 'query' : objectOf(relation.kind)
  const isSink = relation?.kind === 'external' && !relation.source
  if (object !== 'query' && actual !== object && !(object === 'sink' && isSink)) {
    if (relation === undefined) {
      fail('unknown_name', `there is no ${object} ${nameOf(name)}`, name.span)
    }
    fail('unknown_name', `${relation.name} is a ${actual}, not a ${object}`, name.span)
  }
  const { notices } = binding
  return { kind: 'pause', resumes, object, name: nameOf(name), span: name.span, notices }
}

function bindTap({ notices }: Binding, { name, operator }: Of<'tap'>): BoundStatement {
  const { name: wanted, span } = operator
  const place = { nameSpan: name.span, span }
  return { kind: 'tap', name: nameOf(name), operator: wanted, ...place, notices }
}

function bindVerify(binding: Binding, tree: Of<'verify'>): BoundStatement {
  const view = viewNamed(binding, tree.name)
  refuseEndless(binding, view, tree.name.span)
  const plan = queryOf(binding, view, tree.name)
  refuseChanging(plan, view, tree.name.span)
  const upTo = tree.upTo === null ? null : bindMoment(binding, tree.upTo, 'UP TO')
  const { notices } = binding
  return { kind: 'verify', name: view.name, plan, upTo, span: tree.name.span, notices }
}

export function bindMoment(binding: Binding, { offset, at }: MomentTree, clause: string): Moment {
  const env = { binding, scope: [], clause, aggregates: null }
  const bound = fold(bindExpression(env, at))
  const value = bound.kind === 'literal' ? literalValue(bound) : null
  const wanted = offset ? 'OFFSET takes a position of the log' : 'a TIMESTAMP is wanted'
  if (value === null) fail('type_mismatch', `${wanted}, a constant`, at.span)
  const { kind } = bound.type
  if (kind === 'integer' || kind === 'bigint') {
    // Milliseconds since 1970, as in Materialize.
    return offset ? { offset: Number(value) } : { micros: BigInt(value as bigint) * 1000n }
  }
  if (!offset && kind === 'timestamp') return { micros: value as bigint }
  return fail(
    'type_mismatch',
    wanted,
    at.span,
    offset ? undefined : "TIMESTAMP '2026-01-01 00:00:00'",
  )
}

/** The rows of a view that are asked about, as its query gives them. */
function bindExplainRow(binding: Binding, tree: Of<'explain-row'>): BoundStatement {
  const view = viewNamed(binding, tree.name)
  refuseEndless(binding, view, tree.name.span)
  const recomputed = ({ name }: Relation) => name === view.name
  const plan = bindQuery({ ...binding, recomputed }, allWhere(tree.name, tree.where))
  refuseChanging(plan, view, tree.name.span)
  const { notices } = binding
  return { kind: 'explain-row', name: view.name, plan, notices }
}

/** SELECT * FROM name WHERE condition. */
function allWhere(path: Path, where: Tree): Query {
  const { span } = path
  const star = { kind: 'star' as const, qualifier: [], span }
  return {
    kind: 'query',
    with: [],
    body: {
      kind: 'select',
      distinct: false,
      items: [{ kind: 'select-item', expression: star, alias: null, span }],
      from: { kind: 'table', path, alias: null, span },
      where,
      groupBy: [],
      having: null,
      qualify: null,
      span,
    },
    orderBy: [],
    limit: null,
    offset: null,
    emit: null,
    span,
  }
}

function viewNamed(binding: Binding, path: Path): Materialized {
  const relation = findRelation(binding, path)
  if (relation.kind === 'materialized') return relation
  const message = `${relation.name} is a ${objectOf(relation.kind)}, not a materialized view`
  return fail('type_mismatch', message, path.span, 'SHOW MATERIALIZED VIEWS lists them')
}

/** The query of a view, over what it reads. */
function queryOf(binding: Binding, view: Materialized, path: Path): Plan {
  const recomputed = ({ name }: Relation) => name === view.name
  const table = { kind: 'table' as const, path, alias: null, span: path.span }
  return bindRelation({ ...binding, recomputed }, table, []).plan
}

function refuseEndless({ catalog }: Binding, view: Materialized, span: Span): void {
  for (const { kind, name, ...rest } of catalog.sourcesOf(view)) {
    if (kind !== 'external' || (rest as { bounded: boolean }).bounded) continue
    const message = `${view.name} reads ${name}, whose rows are not stored: they cannot be read again`
    fail('unbounded', message, span, 'views over streams and tables can be looked into')
  }
}

/** Values that are others at each run are no answer to compare with. */
function refuseChanging(plan: Plan, view: Materialized, span: Span): void {
  if (view.query.emit?.repeats)
    unsupported(`looking into view ${view.name}, which keeps what REPEAT told`, span)
  const reads = JSON.stringify(plan)
  if (reads.includes('"function":"now"')) {
    unsupported(`looking into view ${view.name}, which goes by the time of day`, span)
  }
  if (nodesOf(plan).some(({ kind }) => kind === 'changelog')) {
    unsupported(`looking into view ${view.name}, which keeps what TO_CHANGELOG told`, span)
  }
  if (nodesOf(plan).some((node) => node.kind === 'scan' && node.columns.includes(-1))) {
    unsupported(`looking into view ${view.name}, which reads CURRENT_WATERMARK`, span)
  }
}
