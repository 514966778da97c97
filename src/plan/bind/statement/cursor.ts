/**
 * BindCursor: DECLARE, FETCH and CLOSE: cursors, whose names the session knows.
 */
import type { Metadata, Option, Statement } from '../../../../grammar/index.ts'
import { parseValue } from '../../../data/index.ts'
import { type BoundStatement, bindStatement } from '../../bind.ts'
import { type Binding, fail } from '../binding.ts'
import { bindSubscribe } from './subscribe.ts'
import { bindReading } from './subscription.ts'

type Of<Kind> = Extract<Statement, { kind: Kind }>

/** A subscription says of each row that is fetched what has become of it, by columns. */
export function bindDeclare(binding: Binding, { name, of: tree }: Of<'declare'>): BoundStatement {
  const { notices } = binding
  const declared = { kind: 'declare' as const, name: name.name, span: name.span, notices }
  if (tree.kind === 'subscribe') {
    const own: Metadata[] = tree.envelope === null ? ['_cycle', '_op'] : ['_cycle']
    const metadata = tree.metadata.length === 0 ? own : tree.metadata
    return { ...declared, of: bindSubscribe(binding, { ...tree, metadata }) }
  }
  if (tree.kind === 'subscription-reading') {
    return { ...declared, of: bindReading(binding, tree) }
  }
  const of = bindStatement(binding, tree)
  if (of.kind === 'select') return { ...declared, of }
  const hint = 'DECLARE c CURSOR FOR SUBSCRIBE (…)'
  return fail('invalid_emit', 'a cursor for a query takes its rows at once', tree.span, hint)
}

export function bindFetch({ notices }: Binding, tree: Of<'fetch'>): BoundStatement {
  const { cursor, count, options } = tree
  for (const { key, span } of options) {
    if (key === 'timeout') continue
    fail('invalid_option', `FETCH has no option ${key}`, span, "WITH (timeout = '1s') is there")
  }
  const [timeout, twice] = options
  if (twice !== undefined) fail('invalid_option', 'option timeout stands here twice', twice.span)
  const timeoutMillis = timeout === undefined ? 0 : millisOf(timeout)
  return { kind: 'fetch', name: cursor.name, span: cursor.span, count, timeoutMillis, notices }
}

/** A number of seconds, or a text with a unit: '1s', '500 ms'. */
function millisOf({ value, span }: Option): number {
  const text = String(value).trim()
  const micros = parseValue(/\d$/.test(text) ? `${text} s` : text, { kind: 'interval' })
  if (typeof micros === 'bigint' && micros >= 0n) return Number(micros) / 1000
  return fail('invalid_option', 'timeout is no span of time', span, "write '1s', '500ms' or '2min'")
}

export function bindClose({ notices }: Binding, { cursor, span }: Of<'close'>): BoundStatement {
  return { kind: 'close', name: cursor?.name ?? null, span: cursor?.span ?? span, notices }
}
