/**
 * BindExplain: EXPLAIN of a statement that has a plan.
 *
 * How      The statement is bound as if it were to run. TYPE STREAM binds a query as a continuous one.
 */
import type { Statement } from '../../../../grammar/index.ts'
import type { BoundStatement } from '../../bind.ts'
import { bindContinuous, bindStatement } from '../../bind.ts'
import type { Plan } from '../../logical.ts'
import { nodesOf } from '../../node.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { bindQuery } from '../query.ts'
import { followingOf } from './subscribe.ts'

type Tree = Statement & { kind: 'explain' }

/** What is explained: the statement and the line above its plan that says where the rows go. */
interface Explained {
  statement: BoundStatement
  head: string | null
}

export function bindExplain(binding: Binding, tree: Tree): BoundStatement {
  const { notices } = binding
  const { statement, head } = explained(binding, tree)
  const { analyze, steps, format, type, details } = tree
  if (details.includes('cost') && (format === 'json' || steps)) {
    notices.push('costs are shown beside the nodes of a plan, as text or FORMAT DOT')
  }
  if (analyze) {
    if (steps) unsupported('EXPLAIN ANALYZE STEPS', tree.span)
    if (format !== 'text')
      unsupported(`EXPLAIN ANALYZE with FORMAT ${format.toUpperCase()}`, tree.span)
    if (type === 'logical') unsupported('EXPLAIN ANALYZE with TYPE LOGICAL', tree.span)
    refuseEndless(binding, statement, tree)
    if (head !== null)
      notices.push('EXPLAIN ANALYZE runs the query only: nothing is made or written')
  }
  const how = { analyze, steps, format, type, details }
  return { kind: 'explain', how, head, statement, notices }
}

function explained(binding: Binding, { statement: tree, type, details }: Tree): Explained {
  const { notices } = binding
  const asStream = type === 'stream' || details.includes('state')
  if (tree.kind === 'query-statement' && tree.query.emit === null && asStream) {
    const query = bindContinuous(binding, tree.query, null)
    const statement = { kind: 'select-continuous' as const, ...followingOf(query), notices }
    return { statement, head: null }
  }
  if (tree.kind === 'create-view' && !tree.materialized) {
    const made = bindStatement(binding, tree)
    const plan = bindQuery({ ...binding, checking: false }, tree.query)
    const name = made.kind === 'create-view' ? made.relation.name : ''
    return { statement: { kind: 'select', plan, notices }, head: `View  ${name}` }
  }
  const statement = bindStatement(binding, tree)
  const head = headOf(binding, statement)
  const isContinuous = 'query' in statement
  if (head !== undefined && details.includes('state') && !isContinuous) {
    unsupported('EXPLAIN STATE of a statement that ends', tree.span, 'it takes continuous queries')
  }
  if (head !== undefined) return { statement, head }
  const { span } = tree
  const word = /^\w*/.exec(binding.text.slice(span.start))![0]
  return unsupported(`EXPLAIN of ${word.toUpperCase()}`, span, 'EXPLAIN takes a query')
}

/** Undefined for a statement without a plan. */
function headOf({ catalog }: Binding, bound: BoundStatement): string | null | undefined {
  switch (bound.kind) {
    case 'select':
    case 'select-continuous':
      return null
    case 'subscribe':
      return 'Subscribe'
    case 'insert':
      return `Insert  into ${bound.target}`
    case 'copy':
      return `Copy  to ${new Map(bound.options).get('path')}`
    case 'update':
      return bound.verb === 'DELETE' ? `Delete  from ${bound.target}` : `Update  ${bound.target}`
    case 'merge':
      return `Merge  into ${bound.target}`
    case 'insert-once':
    case 'insert-continuous': {
      const target = catalog.get(bound.target)
      const connector = target?.kind === 'external' ? `  connector ${target.connector}` : ''
      return `Sink  ${bound.target}${connector}`
    }
    case 'create-sink': {
      const { relation } = bound
      const connector = relation.kind === 'external' ? `  connector ${relation.connector}` : ''
      return `Sink  ${relation.name}${connector}`
    }
    case 'create-materialized':
      return `MaterializedView  ${bound.relation.name}`
    case 'create-relation':
      return bound.insert === null ? undefined : `Table  ${bound.relation.name}`
    default:
      return undefined
  }
}

/** ANALYZE reads everything, which must come to an end. */
function refuseEndless({ catalog }: Binding, bound: BoundStatement, { span }: Tree): void {
  const plan: Plan | null =
    'query' in bound ? bound.query.plan : 'plan' in bound ? bound.plan : null
  const endless =
    plan === null
      ? []
      : nodesOf(plan).filter((node) => {
          const relation = node.kind === 'scan' ? catalog.get(node.relation) : undefined
          return relation?.kind === 'external' && !relation.bounded
        })
  const [first] = endless
  if (first?.kind !== 'scan') return
  const message = `${first.relation} never ends, and EXPLAIN ANALYZE reads it all`
  fail('unbounded', message, span, 'EXPLAIN ANALYZE FOR QUERY tells of a query that runs')
}
