/**
 * Session: what a golden script needs of a database; the engine and the reference interpreter both offer it.
 */
import type { Code } from '../../src/base/index.ts'
import type { Field, Op, Row } from '../../src/data/index.ts'

/** A statement that failed. `at` is the text under its span, '' when there is none. */
export interface Fault {
  kind: 'fault'
  code: Code
  message: string
  at: string
}

export interface Rows {
  kind: 'rows'
  fields: Field[]
  rows: Row[]
}

export interface ChangedRow {
  op: Op
  row: Row
}

export interface Changed {
  fields: Field[]
  changes: ChangedRow[]
}

export interface Session {
  /** Runs one statement; gives rows for those that have them. */
  execute(sql: string): Promise<Rows | Fault | { kind: 'done' }>
  /** Columns of a stream or table, for reading fed cells. */
  fieldsOf(relation: string): Field[]
  append(relation: string, rows: Row[]): Promise<void>
  /** A continuous query under a name of the script. */
  subscribe(name: string, sql: string): Promise<Fault | null>
  /** Processing time goes on. */
  wait(micros: bigint): Promise<void>
  /** A commit point. */
  flush(): Promise<void>
  /** Changes of a view or subscription since they were last taken. */
  takeChanges(name: string): Promise<Changed>
  /** The same of its errors: offset, code, message, row. */
  takeErrors(name: string): Promise<Changed>
  close(): Promise<void>
}

export const errorFields: Field[] = [
  { name: 'offset', type: { kind: 'bigint' }, nullable: false },
  { name: 'code', type: { kind: 'varchar' }, nullable: false },
  { name: 'message', type: { kind: 'varchar' }, nullable: false },
  { name: 'row', type: { kind: 'varchar' }, nullable: true },
]

/** The statement behind `subscribe N as`: SUBSCRIBE as it stands, or a query. */
export function subscribing(text: string): string {
  return /^subscribe\b/i.test(text) ? text : `SUBSCRIBE (${text.replace(/;\s*$/, '')});`
}
