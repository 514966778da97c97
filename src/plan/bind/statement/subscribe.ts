/**
 * BindSubscribe: SUBSCRIBE: what is followed, from where to where, and in what form its changes are told.
 *
 * How      Who asks for the past, or for an end at a position of the log, follows stored rows alone: views on the way
 *          are bound as the queries that they were made of, which can be run again over the log.
 * See      src/database/follow/
 */
import {
  type Emit,
  type Metadata,
  nameOf,
  type OrderItem,
  type Statement,
  type Relation as TreeRelation,
} from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import { type Field, topColumns } from '../../../data/index.ts'
import type { BoundStatement, ContinuousQuery } from '../../bind.ts'
import type { Plan, SortKey } from '../../logical.ts'
import { nodesOf } from '../../node.ts'
import { type KeyedEnvelope, toldFields } from '../../told.ts'
import { type Binding, fail, sortsNullsFirst, unsupported } from '../binding.ts'
import { applyEmit } from '../emission/emission.ts'
import { bindQuery } from '../query.ts'
import { bindRelation, refuseEmit } from '../relation.ts'
import { suggestion } from '../suggest.ts'
import { bindMoment, type Moment } from './watch.ts'

type Subscribe = Statement & { kind: 'subscribe' }

/** A subscription that is not begun. */
export interface Following {
  query: ContinuousQuery
  snapshot: boolean
  metadata: Metadata[]
  envelope: KeyedEnvelope | null
  /** The columns that are told. */
  fields: Field[]
  /** Of the rows of a commit, over `fields`; none: as they come. */
  order: SortKey[]
  asOf: (Moment & { span: Span }) | null
  upTo: (Moment & { span: Span }) | null
}

/** A query that is followed with nothing said of how. */
export function followingOf(query: ContinuousQuery): Following {
  const fields = query.plan.output
  const shape = { snapshot: true, metadata: [], envelope: null, fields, order: [] }
  return { query, ...shape, asOf: null, upTo: null }
}

export function bindSubscribe(
  binding: Binding,
  tree: Subscribe,
): BoundStatement & { kind: 'subscribe' } {
  binding.continuous = true
  const { notices } = binding
  const asOf = momentOf(binding, tree.asOf, 'AS OF')
  const upTo = momentOf(binding, tree.upTo, 'UP TO')
  const byLog = asOf ?? (upTo !== null && 'offset' in upTo ? upTo : null)
  const from = byLog === null ? binding : overLog(binding)
  const { plan, emit } = subscribed(from, tree.relation, tree.emit)
  const query: ContinuousQuery = { ...applyEmit(binding, plan, emit), notices }
  if (byLog !== null) refuseNotLogged(binding, query.plan, emit, byLog.span)
  const { snapshot, metadata } = tree
  const envelope = tree.envelope === null ? null : bindEnvelope(binding, query.plan, tree.envelope)
  if (envelope !== null) refuseTwice(metadata, tree)
  const fields = toldFields(metadata, query.plan.output, envelope)
  const order = tree.order.map((item) => bindOrderItem(binding, item, fields))
  const shape = { snapshot, metadata, envelope, fields, order }
  return { kind: 'subscribe', query, ...shape, asOf, upTo, notices }
}

function momentOf(binding: Binding, tree: Subscribe['asOf'], clause: string): Following['asOf'] {
  return tree === null ? null : { ...bindMoment(binding, tree, clause), span: tree.span }
}

/** SUBSCRIBE (query EMIT …) and SUBSCRIBE (query) EMIT … mean the same. */
function subscribed(
  binding: Binding,
  relation: TreeRelation,
  emit: Emit | null,
): { plan: Plan; emit: Emit | null } {
  if (relation.kind !== 'derived') {
    const { plan } = bindRelation(binding, relation, [])
    const named = relation.kind === 'table' ? binding.catalog.get(nameOf(relation.path)) : undefined
    const own = named?.kind === 'materialized' && binding.recomputed(named, relation.span)
    return { plan, emit: emit ?? (own ? named.query.emit : null) }
  }
  const { query } = relation
  if (emit !== null) refuseEmit(query)
  return { plan: bindQuery(binding, query, { top: true }), emit: emit ?? query.emit }
}

/** Views are their queries. */
const overLog = (binding: Binding): Binding => ({
  ...binding,
  recomputed(view, span) {
    if (view.kind !== 'materialized' || !view.evicted) return true
    const what = `a moment of the log where ${view.name} is read, which has given rows up`
    return unsupported(what, span, 'without AS OF and OFFSET it is read as it is')
  },
})

/** The past of what is not in the log is gone. */
function refuseNotLogged({ catalog }: Binding, plan: Plan, emit: Emit | null, span: Span): void {
  const nodes = nodesOf(plan)
  for (const node of nodes) {
    if (node.kind !== 'scan') continue
    const { kind = 'file' } = catalog.get(node.relation) ?? {}
    if (kind === 'stream' || kind === 'table') continue
    const message = `not supported yet: a moment of the log where ${node.relation} is read, which is not in it`
    fail('unsupported', message, span, 'only stored streams and tables can be read as they were')
  }
  const isTimed = emit?.timeout !== undefined || nodes.some(({ kind }) => kind === 'hold')
  if (isTimed) unsupported('a moment of the log with EMIT that goes by the clock', span)
}

function bindEnvelope(
  { notices }: Binding,
  { key: known, output }: Plan,
  { form, key: names, span }: NonNullable<Subscribe['envelope']>,
): KeyedEnvelope {
  const word = form.toUpperCase()
  if (names.length === 0) {
    if (known !== null) return { form, key: [...known], proven: true }
    const message = `ENVELOPE ${word} needs a key, and the query has none that is known`
    fail('invalid_emit', message, span, `write ENVELOPE ${word} (KEY (column, …))`)
  }
  const seen = new Set<string>()
  const key = names.flatMap(({ name, span: place }) => {
    const { at, width, field } = columnNamed(name, output, place)
    if (seen.has(field.name)) fail('duplicate_name', `column ${name} is named twice`, place)
    seen.add(field.name)
    return Array.from({ length: width }, (_, index) => at + index)
  })
  const proven = known?.every((column) => key.includes(column)) === true
  if (!proven) {
    const columns = names.map(({ name }) => name).join(', ')
    const list = known?.map((column) => output[column]!.name).join(', ')
    const why = known === null ? '' : `: the key of the query is ${list || 'empty, it has one row'}`
    const told = 'a key of several rows is told as key_violation, without values'
    notices.push(`KEY (${columns}) is not known to tell the rows apart${why}; ${told}`)
  }
  return { form, key, proven }
}

/** What an envelope says itself. */
function refuseTwice(metadata: readonly Metadata[], { span }: Subscribe): void {
  const twice = metadata.find((name) => name === '_op' || name === '_diff')
  if (twice === undefined) return
  const message = `${twice} has no meaning with ENVELOPE, whose messages only come`
  fail('invalid_option', message, span, 'column _state says what has become of a key')
}

/** One of the columns that are told. */
function bindOrderItem(binding: Binding, item: OrderItem, fields: readonly Field[]): SortKey {
  const { expression, descending, span } = item
  if (expression.kind !== 'column' || expression.path.length !== 1) {
    const hint = 'compute it in the query, and name its column here'
    unsupported('WITHIN TIMESTAMP ORDER BY an expression', span, hint)
  }
  const { name } = expression.path[0]!
  const top = columnNamed(name, fields, span)
  if (top.width > 1) unsupported(`WITHIN TIMESTAMP ORDER BY ${name}, a STRUCT`, span)
  return { column: top.at, descending, nullsFirst: sortsNullsFirst(binding, item) }
}

function columnNamed(name: string, fields: readonly Field[], span: Span) {
  const tops = topColumns(fields)
  const found = tops.find(({ field }) => field.name.toLowerCase() === name.toLowerCase())
  if (found !== undefined) return found
  const names = tops.map(({ field }) => field.name)
  const message = `the subscription has no column ${name}`
  return fail('unknown_name', message, span, suggestion(name, names))
}
