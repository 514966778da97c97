/**
 * Transact: BEGIN, COMMIT and ROLLBACK of a session, and what may stand between them.
 *
 * How      Between BEGIN and COMMIT the session's statements go through its `Transaction`. A statement that fails
 *          leaves only ROLLBACK, as in Postgres: what follows it in a script was written for rows that are not there.
 * Contract 1 (checked) statements that change the catalog, and continuous ones, are refused.
 */
import type { Statement } from '../../../grammar/index.ts'
import { mistake } from '../../base/index.ts'
import type { Relation } from '../../catalog/index.ts'
import type { BoundStatement } from '../../plan/index.ts'
import type { Engine } from '../engine.ts'
import type { Work } from '../query.ts'
import type { Session, SessionState, StatementResult } from '../statement.ts'
import { Transaction } from './transaction.ts'

type Span = Statement['span']

export function* transact(
  engine: Engine,
  action: 'begin' | 'commit' | 'rollback',
  { state }: Session,
): Work<StatementResult> {
  const { transaction } = state
  if (action === 'begin') {
    // Everything that has come is seen.
    yield* engine.flush()
    state.transaction = new Transaction(engine)
    return { kind: 'done', message: 'BEGIN' }
  }
  endTransaction(state)
  if (action === 'rollback') return { kind: 'done', message: 'ROLLBACK' }
  transaction!.commit()
  return { kind: 'done', message: 'COMMIT' }
}

/** Leaves the session without a transaction; what it held is gone unless it was committed. */
export function endTransaction(state: SessionState): void {
  state.transaction?.end()
  state.transaction = null
}

/** Refuses a statement that does not fit to whether a transaction is open, before it is bound. */
export function checkState(
  statement: Statement,
  { transaction }: SessionState,
  text: string,
): void {
  const { span } = statement
  if (statement.kind !== 'transaction') {
    if (transaction?.failed !== true) return
    const message = 'a statement of the transaction has failed'
    mistake({ code: 'transaction', message, hint: 'ROLLBACK ends it', span }, text)
  }
  const { action } = statement
  if (action === 'begin' && transaction !== null) {
    const hint = 'COMMIT or ROLLBACK first'
    mistake({ code: 'transaction', message: 'a transaction is open already', hint, span }, text)
  }
  if (action !== 'begin' && transaction === null) {
    const hint = 'BEGIN starts one'
    mistake({ code: 'transaction', message: 'there is no transaction', hint, span }, text)
  }
}

/** COMMIT of a transaction that has failed rolls it back, and says so. */
export function refuseFailed(statement: Statement, state: SessionState, text: string): void {
  const commits = statement.kind === 'transaction' && statement.action === 'commit'
  if (!commits || state.transaction?.failed !== true) return
  endTransaction(state)
  const message = 'a statement of the transaction has failed: it was rolled back'
  mistake({ code: 'transaction', message, hint: 'begin again', span: statement.span }, text)
}

const allowed: ReadonlySet<BoundStatement['kind']> = new Set([
  'insert',
  'update',
  'merge',
  'select',
  'copy',
  'explain',
  'told',
  'show-queries',
  'flush',
  'transaction',
  'fetch',
  'close',
])

/** Refuses what cannot be part of a transaction. */
export function checkInside(statement: Statement, bound: BoundStatement, text: string): void {
  const isIgnored = bound.kind === 'set' && bound.values.length === 0
  const analyzes =
    bound.kind === 'explain' && (bound.how.analyze || bound.how.details.includes('state'))
  if ((allowed.has(bound.kind) || isIgnored) && !analyzes) return
  const { start, end } = statement.span
  const words = /^\s*\w+(\s+\w+)?/.exec(text.slice(start, end))![0]
  const message = `${words.toUpperCase()} cannot be part of a transaction`
  const hint = 'COMMIT or ROLLBACK first; INSERT, UPDATE, DELETE, MERGE and SELECT can'
  const place = { start, end: start + words.length }
  mistake({ code: 'transaction', message, hint, span: place }, text)
}

/**
 * How a transaction reads views: one that reads what the transaction has changed is computed anew from its query,
 * which gives the rows that it would have.
 */
export function viewsInside(
  engine: Engine,
  transaction: Transaction,
): (view: Relation, span: Span) => boolean {
  return (view, span) => {
    const sources = [...engine.catalog.sourcesOf(view)]
    if (!sources.some(({ name }) => transaction.hasChanged(name))) return false
    const odd = sources.find(
      ({ kind, watermark }) => kind === 'external' || kind === 'errors' || watermark !== null,
    )
    const evicted = view.kind === 'materialized' && (view.evicted ?? 0) > 0
    if (odd === undefined && !evicted) return true
    return mistake({
      code: 'unsupported',
      message: `not supported yet: view ${view.name} in a transaction that has changed what it reads`,
      detail: evicted
        ? 'it has given up its oldest rows'
        : `it also reads ${odd!.name}, whose rows come by event time or from outside`,
      hint: 'read it before the change, or after COMMIT',
      span,
    })
  }
}
