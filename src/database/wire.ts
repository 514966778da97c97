/**
 * Wire: what a database in a worker and its client on the host say to each other.
 *
 * Format   Requests carry an `id` and are answered with it. Rows travel as columns whose buffers are handed over,
 *          never as cloned objects. A queue of commits has credit: the worker sends the next commit when one was taken.
 * Contract 1 (checked) mistakes and failures arrive as what they were thrown as.
 */
import { Bug, type Diagnostic, Failure, QueryMistake } from '../base/index.ts'
import { type Batch, batchOf, type Field, type Op, type Row, rowsOf } from '../data/index.ts'
import type { ErrorRow } from '../runtime/index.ts'
import type { RawCommit } from './subscription.ts'

export type Request =
  | {
      kind: 'execute'
      id: number
      sql: string
      params: unknown
      vars: Record<string, string> | null
      session: string | null
      asks: boolean
      watch: boolean
    }
  | { kind: 'append'; id: number; stream: string; batch: Batch }
  | { kind: 'leave-session'; id: number; session: string }
  | { kind: 'schema'; id: number; stream: string }
  | { kind: 'cancel'; id: number }
  /** The result numbered `result` of execute `id` has been dealt with. */
  | { kind: 'taken'; id: number }
  /** One commit of a queue was taken. */
  | { kind: 'credit'; queue: number }
  | { kind: 'leave'; queue: number }
  /** Rows of a source on the host; null at its end. */
  | { kind: 'rows'; source: string; rows: unknown[] | null; fault: WireFault | null }
  | { kind: 'close'; id: number }

/** The number of the call that every worker is asked from its beginning: is the database open? */
export const OPENING = 0

export type Response =
  | { kind: 'answer'; id: number; value: unknown }
  | { kind: 'fault'; id: number; fault: WireFault }
  | { kind: 'notice'; id: number; text: string }
  | {
      kind: 'progress'
      id: number
      progress: { rows: number; bytes: number; bytesTotal: number | null }
    }
  | { kind: 'result'; id: number; result: WireResult }
  | { kind: 'commit'; queue: number; commit: WireCommit }
  | { kind: 'end'; queue: number; fault: WireFault | null }
  /** The worker wants rows of a source on the host. */
  | { kind: 'pull'; source: string }

export type WireResult =
  | { kind: 'rows'; fields: Field[]; batch: Batch }
  | { kind: 'changes'; fields: Field[]; appendOnly: boolean; queue: number }
  | { kind: 'done'; message: string }

export interface WireCommit {
  cycle: number
  offset: number
  watermark: bigint | null
  snapshot: boolean
  batch: Batch
  ops: Op[] | null
  errors: ErrorRow[]
}

export type WireFault =
  | { kind: 'mistake'; diagnostics: Diagnostic[]; text: string }
  | { kind: 'failure'; code: Failure['code']; message: string; retryable: boolean }
  | { kind: 'bug'; message: string; stack: string | undefined }

export function toWireFault(fault: unknown): WireFault {
  if (fault instanceof QueryMistake) {
    return { kind: 'mistake', diagnostics: [...fault.diagnostics], text: fault.text }
  }
  if (fault instanceof Failure) {
    const { code, message, retryable } = fault
    return { kind: 'failure', code, message, retryable }
  }
  const { message, stack } = fault instanceof Error ? fault : new Error(String(fault))
  return { kind: 'bug', message, stack }
}

export function fromWireFault(fault: WireFault): Error {
  switch (fault.kind) {
    case 'mistake':
      return new QueryMistake(fault.diagnostics, fault.text)
    case 'failure':
      return new Failure(fault.code, fault.message, { retryable: fault.retryable })
    case 'bug': {
      const bug = new Bug(fault.message)
      if (fault.stack !== undefined) bug.stack = fault.stack
      return bug
    }
  }
}

export function toWireRows(fields: readonly Field[], rows: readonly Row[]): Batch {
  return batchOf({ fields: [...fields] }, rows)
}

export function toWireCommit(fields: readonly Field[], commit: RawCommit): WireCommit {
  const { cycle, offset, watermark, snapshot, rows, ops, errors } = commit
  return {
    cycle,
    offset,
    watermark,
    snapshot,
    batch: toWireRows(fields, rows),
    ops: ops.every((op) => op === '+I') ? null : ops,
    errors,
  }
}

export function fromWireCommit(commit: WireCommit): RawCommit {
  const { batch, ops, ...rest } = commit
  const rows = rowsOf(batch)
  return { ...rest, rows, ops: ops ?? rows.map((): Op => '+I') }
}

/** The buffers of a batch, to be handed over with it. */
export function buffersOf(batch: Batch): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>()
  const add = (array: { buffer: ArrayBufferLike } | null) => {
    if (array !== null && array.buffer instanceof ArrayBuffer) buffers.add(array.buffer)
  }
  for (const { data, validity } of batch.columns) {
    add(validity)
    if (data.layout === 'utf8') {
      add(data.offsets)
      add(data.bytes)
    } else add(data.values)
  }
  return [...buffers]
}
