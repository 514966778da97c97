/**
 * BindSink: CREATE SINK: a relation that takes rows outside, with the continuous query that feeds it.
 *
 * How      The columns of the sink are those of its query, or hold them before and after a change. `type`,
 *          `primary_key`, `force_append_only`, `snapshot` and FORMAT say which changes are sent; the other options are
 *          the connector's.
 */
import { nameOf, type Option, type Statement } from '../../../../grammar/index.ts'
import { type Diagnostic, QueryMistake } from '../../../base/index.ts'
import type { Connector } from '../../../data/index.ts'
import { type BoundStatement, refuseDuplicate } from '../../bind.ts'
import type { Plan } from '../../logical.ts'
import { nodesOf } from '../../node.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { applyEmit, defaultEmit } from '../emission/emission.ts'
import { withoutEviction } from '../eviction.ts'
import { bindQuery } from '../query.ts'
import { suggestion } from '../suggest.ts'
import { withConnection } from './connection.ts'
import { encodeBy, envelopeOf, type SinkType, sinkTypeOf } from './sink-form.ts'

type CreateSink = Statement & { kind: 'create-sink' }

/** Options that the sink itself reads. */
const own: ReadonlySet<string> = new Set([
  'connector',
  'type',
  'primary_key',
  'force_append_only',
  'snapshot',
])

export function bindCreateSink(binding: Binding, given: CreateSink): BoundStatement {
  const tree = withConnection(binding, given)
  const name = nameOf(tree.name)
  const present = tree.orReplace ? binding.catalog.get(name) : undefined
  const replaces = present?.kind === 'external' && !present.source
  if (!tree.ifNotExists && !replaces) refuseDuplicate(binding, tree.name)
  binding.creating = name
  binding.continuous = true
  const connector = connectorOf(binding, tree)
  const bound = bindQuery(binding, tree.query, { top: true })
  const { emit: asked } = tree.query
  const emitted = asked === null ? defaultEmit(bound) : applyEmit(binding, bound, asked)
  const { plan } = emitted
  withoutEviction(binding, plan)
  const options = new Map(tree.options.map(({ key, value }) => [key, value]))
  const forced = flag(tree, 'force_append_only', false)
  const snapshot = flag(tree, 'snapshot', true)
  const form = sinkTypeOf(tree)
  checkChanges(form, connector, plan.updating && !forced)
  const key = keyOf(binding, tree, form.type, plan, forced)
  if (!snapshot) checkStored(binding, tree, plan)
  const envelope = form.type === 'debezium'
  const schema = { fields: envelope ? envelopeOf(plan.output) : plan.output }
  const passed = new Map([...options].filter(([key]) => key === 'connector' || !own.has(key)))
  encodeBy(binding, tree.encoding, connector, passed)
  for (const { key } of tree.encoding?.options ?? []) {
    if (!own.has(key)) binding.notices.push(`option ${key} of ENCODE is ignored`)
  }
  try {
    connector.check(passed, schema, (name) => binding.notices.push(ignoredText(connector, name)))
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    throw new QueryMistake(error.diagnostics.map((one) => placed(tree, one)))
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
  const made = { relation, query, forced, key, envelope, snapshot, replaces }
  return { kind: 'create-sink', ...made, ifNotExists, notices }
}

/** A mistake of the connector's options, where the option stands; it may be one of the sink that is misspelt. */
function placed(tree: CreateSink, mistake: Diagnostic): Diagnostic {
  const named = /^(?:unknown option|option) '?([^' ]+)'?/.exec(mistake.message)?.[1]
  const option = tree.options.find(({ key }) => key === named)
  const near = option === undefined ? undefined : suggestion(option.key, own)
  const span = mistake.span ?? (option ?? connectorOption(tree)!).span
  return { ...mistake, span, hint: near ?? mistake.hint }
}

/** What is said of an option that other systems know. */
export const ignoredText = ({ name }: Connector, option: string): string =>
  `option '${option}' is ignored: connector ${name} has no use for it`

/** An option of WITH, or of ENCODE. */
const optionOf = ({ options, encoding }: CreateSink, name: string): Option | undefined =>
  [...options, ...(encoding?.options ?? [])].find(({ key }) => key === name)

function flag(tree: CreateSink, name: string, fallback: boolean): boolean {
  const option = optionOf(tree, name)
  const value = String(option?.value ?? fallback).toLowerCase()
  if (value === 'true' || value === 'false') return value === 'true'
  return fail('invalid_option', `option ${name} is 'true' or 'false'`, option!.span)
}

/** The columns by which a sink tells rows apart; null where it does not. */
function keyOf(
  binding: Binding,
  tree: CreateSink,
  type: SinkType,
  plan: Plan,
  forced: boolean,
): number[] | null {
  const option = optionOf(tree, 'primary_key')
  if (type === 'any' || type === 'append-only') {
    const notice = "option primary_key is ignored: it goes with type = 'upsert' or 'debezium'"
    if (option !== undefined) binding.notices.push(notice)
    return null
  }
  if (forced) {
    const { span } = optionOf(tree, 'force_append_only')!
    fail('invalid_option', "force_append_only goes with type = 'append-only'", span)
  }
  if (option === undefined) {
    if (plan.key !== null || type === 'debezium') return plan.key
    const hint = "primary_key = 'column, …' names what tells rows apart"
    fail('invalid_option', 'an upsert sink needs option primary_key', sinkTypeOf(tree).span, hint)
  }
  const names = plan.output.map((field) => field.name)
  const given = String(option.value)
    .split(',')
    .map((name) => {
      const wanted = name.trim()
      const found = names.findIndex((one) => one.toLowerCase() === wanted.toLowerCase())
      if (found >= 0) return found
      return fail(
        'unknown_name',
        `column ${wanted} does not exist`,
        option.span,
        suggestion(wanted, names),
      )
    })
  const isTold = plan.key?.every((column) => given.includes(column)) === true
  if (plan.updating && !isTold) {
    const hint =
      plan.key === null
        ? 'the rows of the query have no key: group them by it'
        : `the key of the query is ${plan.key.map((column) => names[column]).join(', ') || 'empty'}`
    fail(
      'invalid_option',
      `primary_key does not tell the rows of the query apart`,
      option.span,
      hint,
    )
  }
  return given
}

/** Rows from outside come when they come: none of them are there already. */
function checkStored(binding: Binding, tree: CreateSink, plan: Plan): void {
  for (const node of nodesOf(plan)) {
    if (node.kind !== 'scan') continue
    if (binding.catalog.get(node.relation)?.kind !== 'external' && node.file === undefined) continue
    const { span } = optionOf(tree, 'snapshot')!
    unsupported(`snapshot = false over connector table ${node.relation}`, span)
  }
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

function checkChanges(
  { type, span }: ReturnType<typeof sinkTypeOf>,
  connector: Connector,
  updating: boolean,
): void {
  if (type === 'upsert' && connector.sink === 'append') {
    const hint = 'FORMAT DEBEZIUM writes each change as a row'
    fail('invalid_emit', `connector ${connector.name} takes new rows only`, span, hint)
  }
  const takesChanges =
    type === 'debezium' || (type !== 'append-only' && connector.sink === 'changes')
  if (!updating || takesChanges) return
  const hint =
    "EMIT ON WINDOW CLOSE makes the rows of windows final; type = 'upsert' takes updates where the connector " +
    "does; force_append_only = 'true' sends insertions only"
  fail('invalid_emit', 'the sink takes new rows only, and this query takes rows back', span, hint)
}
