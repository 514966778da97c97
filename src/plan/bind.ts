/**
 * Bind: a statement's syntax tree becomes a bound statement, or a QueryMistake with all that is wrong.
 *
 * How      One function per kind of statement. A query is bound as a one-shot or a continuous one by the statement
 *          that it stands in (language.md, P2); emission.ts then decides when results leave a continuous one.
 * Contract 1 (checked) every diagnostic has a span. 2 (trusted) binding reads the catalog and changes nothing.
 */
import { type Emit, nameOf, type Query, type Statement } from '../../grammar/index.ts'
import { QueryMistake, type Span } from '../base/index.ts'
import type {
  CatalogFunction,
  CatalogObject,
  ComputedColumn,
  ObjectKind,
  Relation,
  TableRules,
} from '../catalog/index.ts'
import type { Field, Row } from '../data/index.ts'
import { type BindContext, type Binding, fail, newBinding, sorted } from './bind/binding.ts'
import { applyEmit, type EmitMode } from './bind/emission/emission.ts'
import { withEviction } from './bind/eviction.ts'
import { bindQuery } from './bind/query.ts'
import { bindAlter } from './bind/statement/alter.ts'
import { bindUpdate, type Conflict, type Returning } from './bind/statement/change.ts'
import { bindCopy } from './bind/statement/copy.ts'
import { bindCreateRelation, noteExternal } from './bind/statement/create.ts'
import { bindClose, bindDeclare, bindFetch } from './bind/statement/cursor.ts'
import { bindDrop } from './bind/statement/drop.ts'
import { bindExplain } from './bind/statement/explain.ts'
import { bindCreateFunction } from './bind/statement/function.ts'
import { bindInsert } from './bind/statement/insert.ts'
import { bindMerge, type Merge } from './bind/statement/merge.ts'
import { bindCreateObject } from './bind/statement/object.ts'
import { bindReset, bindSet, bindShowSetting } from './bind/statement/setting.ts'
import {
  bindDescribe,
  bindDescribeQuery,
  bindShow,
  bindShowCreate,
  definitionOf,
} from './bind/statement/show.ts'
import { bindCreateSink } from './bind/statement/sink.ts'
import { bindSubscribe, type Following, followingOf } from './bind/statement/subscribe.ts'
import {
  bindAcknowledge,
  bindAlterSubscription,
  bindCreateSubscription,
  type Reading,
} from './bind/statement/subscription.ts'
import { bindCreateView } from './bind/statement/view.ts'
import { bindWatch, type Moment } from './bind/statement/watch.ts'
import type { Plan } from './logical.ts'
import { zoneIn } from './setting.ts'
import { inZone, madeInZone } from './zone.ts'

export type { BindContext } from './bind/binding.ts'

export interface ContinuousQuery {
  plan: Plan
  emit: EmitMode
  notices: string[]
}

/** Options of a connector by their keys. */
type HintOptions = [string, string | number | boolean][]

export interface Dropped {
  kind: 'drop'
  object: (Statement & { kind: 'drop' })['object']
  name: string
  ifExists: boolean
  /** What reads it goes, too. */
  cascade: boolean
  /** Those behind commas. */
  more: Dropped[]
  notices: string[]
}

/** What ALTER makes of a relation. */
interface Change {
  relation: Relation
  /** For each column the one that it was, -1 for a new one; null: all are as they were. */
  places: readonly number[] | null
  /** What new columns have in the rows that are there, over the columns before them. */
  fills: readonly ComputedColumn[]
  /** Columns, as they were, that nobody may read any more. */
  lost: readonly number[]
  /** Columns, as they were, that stand behind those of the relation where `fills` are made. */
  behind: readonly number[]
  /** Columns that no row that is there may have NULL in. */
  strict: readonly number[]
  /** Keys and checks that the rows that are there must satisfy. */
  judged: TableRules
  /** What reads it, with its stars written out. */
  readers: readonly Relation[]
}

export type BoundStatement = { notices: string[] } & (
  | {
      kind: 'create-relation'
      relation: Relation
      /** A stream that is made with it, for its late rows. */
      late: Relation | null
      ifNotExists: boolean
      /** Takes the place of one that is there. */
      replaces: boolean
      /** CREATE STREAM … AS: whose rows it stores. */
      feed: ContinuousQuery | null
      insert: (BoundStatement & { kind: 'insert' }) | null
    }
  | { kind: 'create-view'; relation: Relation; orReplace: boolean; ifNotExists: boolean }
  | {
      kind: 'create-materialized'
      relation: Relation
      query: ContinuousQuery
      /** Takes the place of the view of its name. */
      replaces: boolean
      /** The state of the view that it takes the place of is kept. */
      preserves: Span | null
      /** From where streams are read. */
      start: 'earliest' | 'latest' | (Moment & { span: Span })
      ifNotExists: boolean
    }
  | Dropped
  | {
      kind: 'alter'
      /** What is altered. */
      name: string
      /** Null: there is nothing to do. */
      change: Change | null
      message: string
    }
  | /** Columns are those of the target, in its order. */ {
      kind: 'insert'
      /** What the statement says that it did. */
      verb?: 'COPY'
      target: string
      /** The rows; behind them whether each CHECK is satisfied. */
      plan: Plan
      conflict: Conflict | null
      returning: Returning | null
    }
  | {
      kind: 'update'
      verb: 'UPDATE' | 'DELETE'
      target: string
      /** DELETE: the rows that go. UPDATE: also, beside them, the rows that come, and their checks. */
      plan: Plan
      /** FROM or USING: a row may stand there once for each row that it meets. */
      joined: boolean
      returning: Returning | null
    }
  | {
      kind: 'merge'
      target: string
      /** Each row of the source beside each that it meets: see `Merge`. */
      plan: Plan
      merge: Merge
    }
  | { kind: 'transaction'; action: 'begin' | 'commit' | 'rollback' }
  /** `options` are those of a hint: they stand before those of the target. */
  | { kind: 'insert-continuous'; target: string; options: HintOptions; query: ContinuousQuery }
  | { kind: 'create-function'; made: CatalogFunction; ifNotExists: boolean }
  /** Null: it is there already. */
  | { kind: 'create-object'; object: ObjectKind; name: string; made: CatalogObject | null }
  | {
      kind: 'create-sink'
      relation: Relation
      query: ContinuousQuery
      /** Of updates only the new rows are sent, of deletions nothing. */
      forced: boolean
      /** Columns by which the sink tells rows apart. */
      key: number[] | null
      /** Each change goes as a new row that holds the row before and after it. */
      envelope: boolean
      /** Are the rows told that are there when it is made? */
      snapshot: boolean
      /** Takes the place of the sink of its name. */
      replaces: boolean
      ifNotExists: boolean
    }
  | { kind: 'insert-once'; target: string; options: HintOptions; plan: Plan }
  | {
      kind: 'copy'
      plan: Plan
      connector: string
      options: [string, string | number | boolean][]
    }
  | { kind: 'select'; plan: Plan }
  | ({ kind: 'select-continuous' } & Following)
  | ({ kind: 'subscribe' } & Following)
  | {
      kind: 'declare'
      name: string
      span: Span
      of: (BoundStatement & { kind: 'select' | 'subscribe' }) | Reading
    }
  | {
      kind: 'create-subscription'
      relation: Relation
      query: ContinuousQuery
      ifNotExists: boolean
      replaces: boolean
    }
  /** The subscription as it is from here on. */
  | { kind: 'alter-subscription'; relation: Relation & { kind: 'subscription' } }
  | { kind: 'acknowledge'; name: string; upTo: Moment; span: Span }
  | { kind: 'fetch'; name: string; span: Span; count: number | null; timeoutMillis: number }
  | { kind: 'close'; name: string | null; span: Span }
  | {
      kind: 'explain'
      how: Pick<
        Statement & { kind: 'explain' },
        'analyze' | 'steps' | 'format' | 'type' | 'details'
      >
      /** The line above the plan: where the rows go. */
      head: string | null
      statement: BoundStatement
    }
  | {
      kind: 'explain-running'
      what: (Statement & { kind: 'explain-running' })['what']
      name: string
      span: Span
    }
  | {
      kind: 'explain-use'
      measures: (Statement & { kind: 'explain-use' })['measures']
      asSql: boolean
      name: string
      span: Span
    }
  /** `plan` is the one-shot query of the view, of which the rows that are asked about are taken. */
  | { kind: 'explain-row'; name: string; plan: Plan }
  /** `operator` is a kind, a number, or `kind_number`. */
  | { kind: 'tap'; name: string; operator: string; nameSpan: Span; span: Span }
  /** `plan` is the one-shot query of the view. */
  | { kind: 'verify'; name: string; plan: Plan; upTo: Moment | null; span: Span }
  | {
      kind: 'pause'
      resumes: boolean
      object: (Statement & { kind: 'pause' })['object']
      name: string
      span: Span
    }
  /** `label` is what the statement says when it is done. */
  | { kind: 'set'; label: string; values: { name: string; value: string }[] }
  /** An answer that the catalog gave. */
  | { kind: 'told'; fields: Field[]; rows: Row[] }
  | { kind: 'show-queries'; passes: (name: string) => boolean }
  | { kind: 'flush' }
)

/** Throws QueryMistake with every mistake that was found, in the order of the text. */
export function bind(statement: Statement, context: BindContext): BoundStatement {
  const binding = newBinding(context)
  try {
    return inZone(zoneIn(binding.settings), () => bindStatement(binding, statement))
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    const placed = error.diagnostics.map((d) =>
      d.span === undefined ? { ...d, span: statement.span } : d,
    )
    throw new QueryMistake(sorted(placed), context.text)
  }
}

export function bindStatement(binding: Binding, statement: Statement): BoundStatement {
  switch (statement.kind) {
    case 'create-relation':
      noteExternal(binding, statement)
      return defined(binding, bindCreateRelation(binding, statement), statement)
    case 'create-view':
      return defined(binding, bindCreateView(binding, statement), statement)
    case 'create-function':
      return bindCreateFunction(binding, statement)
    case 'create-schema':
    case 'create-type':
    case 'create-connection':
      return bindCreateObject(binding, statement)
    case 'create-sink':
      return defined(binding, bindCreateSink(binding, statement), statement)
    case 'create-subscription':
      return defined(binding, bindCreateSubscription(binding, statement), statement)
    case 'acknowledge':
      return bindAcknowledge(binding, statement)
    case 'drop':
      return bindDrop(binding, statement)
    case 'alter':
      if (statement.object === 'subscription') return bindAlterSubscription(binding, statement)
      return bindAlter(binding, statement)
    case 'insert':
      return bindInsert(binding, statement)
    case 'copy':
      return bindCopy(binding, statement)
    case 'update':
    case 'delete':
      return bindUpdate(binding, statement)
    case 'merge':
      return bindMerge(binding, statement)
    case 'transaction':
      return { kind: 'transaction', action: statement.action, notices: binding.notices }
    case 'query-statement':
      return bindSelectStatement(binding, statement.query)
    case 'subscribe':
      return bindSubscribe(binding, statement)
    case 'declare':
      return bindDeclare(binding, statement)
    case 'fetch':
      return bindFetch(binding, statement)
    case 'close':
      return bindClose(binding, statement)
    case 'explain':
      return bindExplain(binding, statement)
    case 'explain-use':
    case 'explain-running':
    case 'explain-row':
    case 'tap':
    case 'verify':
    case 'pause':
      return bindWatch(binding, statement)
    case 'flush':
      return { kind: 'flush', notices: binding.notices }
    default:
      return bindTold(binding, statement)
  }
}

type Told = Statement & {
  kind: 'set' | 'reset' | 'show' | 'show-setting' | 'show-create' | 'describe' | 'describe-query'
}

/** Settings, and what the catalog tells. */
function bindTold(binding: Binding, statement: Told): BoundStatement {
  switch (statement.kind) {
    case 'set':
      return bindSet(binding, statement)
    case 'reset':
      return bindReset(binding, statement)
    case 'show':
      return bindShow(binding, statement)
    case 'show-setting':
      return bindShowSetting(binding, statement)
    case 'show-create':
      return bindShowCreate(binding, statement)
    case 'describe':
      return bindDescribe(binding, statement)
    case 'describe-query':
      return bindDescribeQuery(binding, statement)
  }
}

/** The relation keeps the statement that makes it. */
function defined(
  { dialect }: Binding,
  bound: BoundStatement,
  tree: NonNullable<Relation['definition']>['statement'],
): BoundStatement {
  if (!('relation' in bound)) return bound
  const { relation } = bound
  const definition = { statement: definitionOf(tree, relation), dialect, ...madeInZone() }
  return { ...bound, relation: { ...relation, definition } } as BoundStatement
}

function bindSelectStatement(binding: Binding, query: Query): BoundStatement {
  const { notices } = binding
  if (query.emit === null) {
    return { kind: 'select', plan: bindQuery(binding, query, { top: true }), notices }
  }
  const bound = bindContinuous(binding, query, query.emit)
  return { kind: 'select-continuous', ...followingOf(bound), notices }
}

/** The query of a continuous statement; `keeps`: of a view, which keeps its rows. */
export function bindContinuous(
  binding: Binding,
  query: Query,
  emit: Emit | null,
  keeps = false,
): ContinuousQuery {
  binding.continuous = true
  const plan = bindQuery(binding, query, { top: true })
  const bound = { ...applyEmit(binding, plan, emit), notices: binding.notices }
  return withEviction(binding, bound, keeps, (inner) => bindContinuous(inner, query, emit))
}

/** The object that a CREATE is about to make must not be there yet. */
export function refuseDuplicate(
  binding: Binding,
  path: { parts: { name: string }[]; span: { start: number; end: number } },
): string {
  const name = nameOf(path)
  const present = binding.catalog.get(name)
  if (present === undefined) return name
  const what = present.kind === 'materialized' ? 'materialized view' : present.kind
  fail('duplicate_name', `${what} ${present.name} exists already`, path.span, `DROP it first`)
}
