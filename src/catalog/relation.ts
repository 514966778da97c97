/**
 * Relation: what a name in FROM or INTO stands for; plain JSON-able data except for the options of a connector.
 *
 * Contract 1 (trusted) names are spelled as the user wrote them; `Catalog` matches them without regard to case.
 *          2 (trusted) `errors` relations are named after their query: `view.errors`.
 */
import type { Expression, Query, Statement } from '../../grammar/index.ts'
import type { Span } from '../base/index.ts'
import type { Dialect, Field, Schema, Type, UserShape } from '../data/index.ts'

/** Event time of a relation: the watermark trails the greatest value of `column` by `delayMicros`. */
export interface RelationWatermark {
  column: number
  delayMicros: string
  /** A row further than this beyond the greatest time so far does not raise it; no bound when left out. */
  aheadMicros?: string
  /** A partition is idle when no row of it came for this long, in processing time; never when left out. */
  idleMicros?: string
  /** Columns whose values say to which partition a row belongs; all rows are one partition when left out. */
  partition?: number[]
  /** Windows take late rows for so long after the watermark has passed them. */
  graceMicros?: string
  /** The stream that late rows go to; they are dropped when it is left out. */
  late?: string
}

export interface ComputedColumn {
  column: number
  /** Over the relation's columns; a bound expression, as JSON. The catalog does not look inside. */
  expression: unknown
}

/** Computed columns read what a source tells of a row beside its values as columns from this one on. */
export const firstMetadata = 1 << 16

/** Columns whose values no two rows of a table share. NULLs differ from each other. */
export interface TableKey {
  name: string
  columns: number[]
  primary: boolean
}

/** A condition that no row of a table may make FALSE. */
export interface TableCheck {
  name: string
  /** The condition as it was written. */
  text: string
  /** Over the table's columns; the catalog does not look inside. */
  condition: unknown
}

/** What a table whose rows change promises. */
export interface TableRules {
  keys: readonly TableKey[]
  checks: readonly TableCheck[]
}

export type Relation = {
  name: string
  schema: Schema
  watermark: RelationWatermark | null
  /** Columns that are computed from the others when a row comes. */
  computed?: ComputedColumn[]
  /** What is told of its rows, in the order of the columns from `firstMetadata` on; left out where it is not read. */
  metadata?: readonly Field[]
  /** How to make it again; absent where no statement made it, as for errors. */
  definition?: {
    statement: Extract<
      Statement,
      { kind: 'create-relation' | 'create-view' | 'create-sink' | 'create-subscription' }
    >
    /** In which it was written. */
    dialect: Dialect
    /** The session's zone then; UTC where it is left out. */
    zone?: string
  }
} & (
  | {
      /** Rows stored in the log. */
      kind: 'stream' | 'table'
      /** Bound expressions for the columns that a row leaves out; null where nothing is said. */
      defaults?: readonly unknown[]
      /** What no row of a relation whose rows only come may make FALSE, over the columns that a row is given. */
      checks?: readonly TableCheck[]
      /** The query that gives its rows: CREATE STREAM … AS. */
      derived?: Query
      /** Rows change and go; without it they only come. */
      rules?: TableRules
    }
  | {
      kind: 'external'
      connector: string
      options: Map<string, string | number | boolean>
      bounded: boolean
      source: boolean
      sink: 'append' | 'changes' | null
    }
  | {
      kind: 'view'
      query: Query
      /** In which the query was written. */
      dialect: Dialect
      zone?: string
    }
  | {
      kind: 'materialized'
      query: Query
      dialect: Dialect
      zone?: string
      /** The physical plan, as JSON; the catalog does not look inside. */
      plan: unknown
      key: number[] | null
      updating: boolean
      /** The position of the log from which on it reads streams; the first one when left out. */
      startAt?: number
      /** The position before which it has given up all rows of streams; left out where it gives none up. */
      evicted?: number | undefined
    }
  | /** Changes that are kept so long to be read again. */ {
      kind: 'subscription'
      retentionMicros: string
    }
  | /** Rows on which the evaluation of query `of` failed. */ { kind: 'errors'; of: string }
  | /** What the database tells of itself. */ { kind: 'system' }
)

/** A function of the program, or one written in JavaScript: what statements may say of it. */
export interface UserFunctionShape {
  kind: 'user'
  /** Under which the engine keeps what it does. */
  id: number
  of: 'scalar' | 'aggregate' | 'table'
  parameters: { name: string; type: Type }[]
  returns: Type
  /** Of a table function; else none. */
  columns: Schema
  /** Is the value the same whenever the arguments are? */
  deterministic: boolean
  takesNull: boolean
  /** The text that it was made of; null for a function of the program. */
  written: {
    language: 'javascript' | 'typescript'
    text: string
    batch: boolean
    span: Span
  } | null
}

/** How what it does is wrapped. */
export function userShape(made: UserFunctionShape & { name: string }): UserShape {
  const { name, parameters, returns, takesNull, of } = made
  const args = parameters.map(({ type }) => type)
  return { name, args, returns, takesNull, aggregate: of === 'aggregate' }
}

/**
 * What a name in a call stands for beside what is built in: another name of a built-in function, an expression over
 * arguments, or a function of the program.
 */
export type CatalogFunction = {
  name: string
  definition?: {
    statement: Extract<Statement, { kind: 'create-function' }>
    dialect: Dialect
    zone?: string
  }
} & (
  | { kind: 'built-in'; builtIn: string }
  | UserFunctionShape
  | {
      kind: 'sql'
      parameters: { name: string; type: Type }[]
      /** The type of the expression, where null. */
      returns: Type | null
      /** NULL for an argument that is NULL. */
      strict: boolean
      expression: Expression
      dialect: Dialect
      zone?: string
    }
)

/** The columns that a row of the relation is given: all but the computed ones. */
export function givenColumns({ schema, computed = [] }: Relation): number[] {
  const made = new Set(computed.map(({ column }) => column))
  return schema.fields.flatMap((_, index) => (made.has(index) ? [] : [index]))
}

export function givenSchema(relation: Relation): Schema {
  if (relation.computed === undefined) return relation.schema
  return { fields: givenColumns(relation).map((index) => relation.schema.fields[index]!) }
}
