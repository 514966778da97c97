/**
 * BindSink: CREATE SINK: a relation that takes rows outside, with the continuous query that feeds it.
 *
 * How      The columns of the sink are those of its query. `type`, `primary_key` and `force_append_only` say which
 *          changes may come; the other options are the connector's.
 */
import type { Option, Statement } from '../../../../grammar/index.ts'
import { QueryMistake } from '../../../base/index.ts'
import type { Connector } from '../../../data/index.ts'
import { type BoundStatement, refuseDuplicate } from '../../bind.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { applyEmit, defaultEmit } from '../emission.ts'
import { bindQuery } from '../query.ts'
import { suggestion } from '../suggest.ts'

type CreateSink = Statement & { kind: 'create-sink' }

/** Options that the sink itself reads. */
const own: ReadonlySet<string> = new Set([
  'connector',
  'type',
  'primary_key',
  'force_append_only',
  'snapshot',
])

export function bindCreateSink(binding: Binding, tree: CreateSink): BoundStatement {
  if (!tree.ifNotExists) refuseDuplicate(binding, tree.name)
  const name = tree.name.parts.map((part) => part.name).join('.')
  binding.creating = name
  binding.continuous = true
  const connector = connectorOf(binding, tree)
  const bound = bindQuery(binding, tree.query, { top: true })
  const { emit: asked } = tree.query
  const emitted = asked === null ? defaultEmit(bound) : applyEmit(bound, asked)
  const { plan } = emitted
  const options = new Map(tree.options.map(({ key, value }) => [key, value]))
  const forced = String(options.get('force_append_only') ?? 'false').toLowerCase() === 'true'
  checkChanges(tree, connector, plan.updating && !forced)
  const schema = { fields: plan.output }
  const passed = new Map([...options].filter(([key]) => key === 'connector' || !own.has(key)))
  try {
    connector.check(passed, schema)
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    const { span } = connectorOption(tree)!
    throw new QueryMistake(error.diagnostics.map((one) => ({ ...one, span: one.span ?? span })))
  }
  const { bounded, sink } = connector
  const relation = {
    kind: 'external' as const,
    name,
    schema,
    watermark: null,
    connector: connector.name,
    options: passed,
    bounded,
    source: false,
    sink,
  }
  const { notices } = binding
  const { ifNotExists } = tree
  const query = { ...emitted, notices }
  return { kind: 'create-sink', relation, query, forced, ifNotExists, notices }
}

const connectorOption = (tree: CreateSink): Option | undefined =>
  tree.options.find(({ key }) => key === 'connector')

function connectorOf(binding: Binding, tree: CreateSink): Connector {
  const option = connectorOption(tree)
  if (option === undefined) {
    const hint = "WITH (connector = 'blackhole')"
    fail('invalid_option', 'a sink needs option connector', tree.name.span, hint)
  }
  const connector = binding.connectors.get(String(option.value))
  if (connector === undefined) {
    const names = [...binding.connectors.keys()].sort()
    const hint = suggestion(String(option.value), names) ?? `there are ${names.join(', ')}`
    fail('invalid_option', `connector ${option.value} does not exist`, option.span, hint)
  }
  if (connector.sink === null) unsupported(`writing to connector ${connector.name}`, option.span)
  return connector
}

function checkChanges(tree: CreateSink, connector: Connector, updating: boolean): void {
  const type = tree.options.find(({ key }) => key === 'type')
  const asked = String(type?.value ?? '').toLowerCase()
  if (asked === 'debezium') unsupported("type = 'debezium'", type!.span)
  if (!['', 'append-only', 'upsert'].includes(asked)) {
    fail('invalid_option', "option type is 'append-only' or 'upsert'", type!.span)
  }
  if (asked === 'upsert' && connector.sink === 'append') {
    fail('invalid_emit', `connector ${connector.name} takes new rows only`, type!.span)
  }
  if (!updating || (asked !== 'append-only' && connector.sink === 'changes')) return
  const hint =
    "EMIT ON WINDOW CLOSE makes the rows of windows final; type = 'upsert' takes updates where the connector " +
    "does; force_append_only = 'true' sends insertions only"
  const message = 'the sink takes new rows only, and this query takes rows back'
  fail('invalid_emit', message, type?.span ?? tree.name.span, hint)
}
