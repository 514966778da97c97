/**
 * BindSubscription: CREATE SUBSCRIPTION, what a cursor reads of it, and ACKNOWLEDGE.
 *
 * How      A subscription is a continuous query over what is stored; the engine keeps what it tells.
 */
import {
  type Metadata,
  nameOf,
  type Path,
  type Statement,
  type SubscriptionReading,
} from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import type { Relation } from '../../../catalog/index.ts'
import { type Field, parseValue } from '../../../data/index.ts'
import { type BoundStatement, bindContinuous, refuseDuplicate } from '../../bind.ts'
import type { Plan } from '../../logical.ts'
import { nodesOf } from '../../node.ts'
import { toldFields } from '../../told.ts'
import { inZone } from '../../zone.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { bindQuery } from '../query.ts'
import { findRelation, refuseEmit } from '../relation.ts'
import { suggestion } from '../suggest.ts'
import { objectOf } from './drop.ts'
import { bindMoment, type Moment } from './watch.ts'

type Create = Statement & { kind: 'create-subscription' }
type Alter = Statement & { kind: 'alter' }
type Subscription = Relation & { kind: 'subscription' }

/** What a cursor reads of a subscription. */
export interface Reading {
  kind: 'subscription-reading'
  name: string
  since: 'full' | 'begin' | 'now' | (Moment & { span: Span })
  /** The one-shot query of the rows that stand. */
  plan: Plan
  metadata: Metadata[]
  /** The columns that are told. */
  fields: Field[]
  notices: string[]
}

export function bindCreateSubscription(binding: Binding, tree: Create): BoundStatement {
  const name = nameOf(tree.name)
  const { ifNotExists } = tree
  const replaces = tree.orReplace && binding.catalog.get(name)?.kind === 'subscription'
  if (!ifNotExists && !replaces) refuseDuplicate(binding, tree.name)
  binding.creating = name
  refuseEmit(tree.query)
  const retentionMicros = String(retentionOf(tree.options, tree.name.span))
  const query = bindContinuous(binding, tree.query, null)
  refuseOutside(binding, query.plan, tree.query.span)
  const schema = { fields: query.plan.output }
  const relation = {
    kind: 'subscription' as const,
    name,
    schema,
    watermark: null,
    retentionMicros,
  }
  const { notices } = binding
  return { kind: 'create-subscription', relation, query, ifNotExists, replaces, notices }
}

/** ALTER SUBSCRIPTION name SET (retention = …). */
export function bindAlterSubscription(binding: Binding, tree: Alter): BoundStatement {
  const { change, ifExists } = tree
  const { notices } = binding
  if (ifExists && binding.catalog.get(nameOf(tree.name)) === undefined) {
    const name = nameOf(tree.name)
    const message = `there is no subscription ${name}`
    return { kind: 'alter', name, change: null, message, notices }
  }
  const before = subscriptionNamed(binding, tree.name)
  if (change.kind !== 'set-options') {
    const hint = 'CREATE OR REPLACE SUBSCRIPTION begins anew, and forgets what was kept'
    unsupported('ALTER SUBSCRIPTION but for SET (retention = …)', change.span, hint)
  }
  const { options } = change
  const retentionMicros = String(retentionOf(options, change.span))
  const { definition } = before
  const statement = { ...(definition!.statement as Create), options }
  const relation = { ...before, retentionMicros, definition: { ...definition!, statement } }
  return { kind: 'alter-subscription', relation, notices }
}

/** How long changes are kept, in microseconds; `span` is where it has to be said. */
function retentionOf(options: Create['options'], span: Span): bigint {
  const hint = "WITH (retention = '1 day') keeps the changes of one day"
  const seen = new Set<string>()
  for (const { key, span: at } of options) {
    if (key !== 'retention') {
      const near = suggestion(key, ['retention']) ?? hint
      fail('invalid_option', `a subscription has no option ${key}`, at, near)
    }
    if (seen.has(key)) fail('invalid_option', `option ${key} stands here twice`, at)
    seen.add(key)
  }
  const [option] = options
  if (option === undefined) {
    fail('invalid_option', 'a subscription needs option retention', span, hint)
  }
  const micros = parseValue(String(option.value), { kind: 'interval' })
  if (typeof micros === 'bigint' && micros > 0n) return micros
  return fail('invalid_option', 'retention is no span of time', option.span, hint)
}

/** What comes from outside cannot be read again where a cursor asks for it whole. */
function refuseOutside({ catalog }: Binding, plan: Plan, span: Span): void {
  for (const node of nodesOf(plan)) {
    if (node.kind !== 'scan') continue
    if (node.file === undefined && catalog.get(node.relation)?.kind !== 'external') continue
    const hint = 'make it a CREATE MATERIALIZED VIEW, and subscribe to that'
    unsupported('a subscription to rows that are not stored', span, hint)
  }
}

export function bindReading(binding: Binding, tree: SubscriptionReading): Reading {
  const { name, definition } = subscriptionNamed(binding, tree.subscription)
  const { statement, dialect, zone } = definition!
  const { query } = statement as Create
  const plan = inZone(zone ?? null, () => bindQuery({ ...binding, dialect }, query))
  const { since } = tree
  // By _ts it is acknowledged.
  const metadata: Metadata[] = ['_cycle', '_ts', '_op']
  const fields = toldFields(metadata, plan.output, null)
  return {
    kind: 'subscription-reading',
    name,
    since:
      typeof since === 'string'
        ? since
        : { ...bindMoment(binding, since, 'SINCE'), span: since.span },
    plan,
    metadata,
    fields,
    notices: binding.notices,
  }
}

export function bindAcknowledge(
  binding: Binding,
  tree: Statement & { kind: 'acknowledge' },
): BoundStatement {
  const { name } = subscriptionNamed(binding, tree.name)
  const upTo = bindMoment(binding, tree.upTo, 'UP TO')
  return { kind: 'acknowledge', name, upTo, span: tree.upTo.span, notices: binding.notices }
}

function subscriptionNamed(binding: Binding, path: Path): Subscription {
  const present = binding.catalog.get(nameOf(path))
  if (present === undefined) {
    const names = binding.catalog
      .list()
      .flatMap((one) => (one.kind === 'subscription' ? [one.name] : []))
    const message = `there is no subscription ${nameOf(path)}`
    const near = suggestion(nameOf(path), names)
    fail('unknown_name', message, path.span, near ?? 'SHOW SUBSCRIPTIONS lists them')
  }
  const relation = findRelation(binding, path)
  if (relation.kind === 'subscription') return relation
  const message = `${relation.name} is a ${objectOf(relation.kind)}, not a subscription`
  return fail('type_mismatch', message, path.span, 'CREATE SUBSCRIPTION name FROM … makes one')
}
