/**
 * BindCursor: DECLARE, FETCH and CLOSE: cursors, whose names the session knows.
 */
import type { Metadata, Option, Statement } from '../../../../grammar/index.ts'
import { type BoundStatement, bindStatement } from '../../bind.ts'
import { type Binding, fail } from '../binding.ts'
import { bindSubscribe } from './subscribe.ts'

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
  const of = bindStatement(binding, tree)
  if (of.kind === 'select') return { ...declared, of }
  const hint = 'DECLARE c CURSOR FOR SUBSCRIBE (…)'
  return fail('invalid_emit', 'a cursor for a query takes its rows at once', tree.span, hint)
}

export function bindFetch({ notices }: Binding, tree: Of<'fetch'>): BoundStatement {
  const { cursor, count, options } = tree
  const timeoutMillis = options.reduce((_, option) => timeoutOf(option), 0)
  return { kind: 'fetch', name: cursor.name, span: cursor.span, count, timeoutMillis, notices }
}

const unitMillis: Record<string, number> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }

/** A number of seconds, or a text with a unit: '1s', '500 ms'. */
function timeoutOf({ key, value, span }: Option): number {
  if (key.toLowerCase() !== 'timeout') {
    fail('invalid_option', `FETCH has no option ${key}`, span, "WITH (timeout = '1s') is there")
  }
  const parts = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(value))
  const unit = unitMillis[(parts?.[2] || 's').toLowerCase()]
  if (parts !== null && unit !== undefined) return Number(parts[1]) * unit
  return fail('invalid_option', 'timeout is no span of time', span, "write '1s', '500ms' or '2min'")
}

export function bindClose({ notices }: Binding, { cursor, span }: Of<'close'>): BoundStatement {
  return { kind: 'close', name: cursor?.name ?? null, span: cursor?.span ?? span, notices }
}
