/**
 * Statement: what each kind of bound statement does to the engine, and what it gives back.
 *
 * How      One function per kind, as work in steps. Reads and the start of subscriptions stand at a commit point:
 *          everything appended before is taken first.
 * Contract 1 (checked) a statement that fails leaves catalog, log and queries as they were.
 *          2 (trusted) statements that change the catalog are logged after they succeeded.
 */
import { assert, QueryMistake, unreachable } from '../base/index.ts'
import { type CatalogFunction, type Relation, schemas, userShape } from '../catalog/index.ts'
import {
  type Batch,
  batchOf,
  type Field,
  type Op,
  type Row,
  rowsOf,
  type UserFunction,
} from '../data/index.ts'
import type { Parameters } from '../log/index.ts'
import {
  type BoundStatement,
  type Dropped,
  evicts,
  fieldsShown,
  inputsOf,
  type PhysicalPlan,
  type Plan,
} from '../plan/index.ts'
import type { Delta } from '../runtime/index.ts'
import { alter } from './alter.ts'
import { type Asking, insertRows, mergeRows, type Store, updateRows } from './change.ts'
import type { Engine } from './engine.ts'
import { explainRunning, explainStatement, explainUse } from './explain.ts'
import { type Cursor, closeCursors, declare, type Fetching, fetching } from './follow/cursor.ts'
import { rowsOfDelta, subscribe } from './follow/follow.ts'
import { startOf } from './follow/past.ts'
import { acknowledge, alterSubscription, createSubscription } from './follow/retained.ts'
import { tap } from './follow/tap.ts'
import { explainRow } from './lineage/lineage.ts'
import { createObject, dropObject, isObject } from './object.ts'
import { pauseQuery } from './pause.ts'
import type { Query, Work } from './query.ts'
import { seenRows, seenSources } from './session/temporary.ts'
import { transact } from './session/transact.ts'
import type { Transaction } from './session/transaction.ts'
import { everything, startSink, writeOnce, writeWhole } from './sink.ts'
import { growthNotice } from './state.ts'
import type { CommitQueue, RawCommit } from './subscription.ts'
import { systemRows } from './system.ts'
import type { Standing } from './table.ts'
import { verifyView } from './verify.ts'
import { preserveView } from './view/preserve.ts'
import { type Materialized, replaceView } from './view/replace.ts'

/** What a statement gave. */
export type StatementResult =
  | { kind: 'rows'; fields: Field[]; rows: Row[] }
  | {
      kind: 'changes'
      fields: Field[]
      /** Only +I changes come. */
      appendOnly: boolean
      commits: AsyncIterable<RawCommit>
      cancel(): void
    }
  | { kind: 'done'; message: string }

/** A continuous statement that is waited for until its bounded sources have ended. */
interface Running {
  kind: 'running'
  query: Query
  message(): string
}

/** What a client has open; statements that follow each other under one name share it. */
export interface SessionState {
  transaction: Transaction | null
  /** By lower-case name. */
  readonly cursors: Map<string, Cursor>
  /** Under which the catalog has what belongs to the session alone; null: names are full ones already. */
  number: number | null
}

export interface Session {
  state: SessionState
  /** The whole text, that spans point into. */
  text: string
  /** The statement as it is logged; null in a replay. */
  source: { text: string; parameters: Parameters } | null
  notice(text: string): void
  openQueue(cancel: () => void): CommitQueue
}

export type Outcome = StatementResult | Running | Fetching

/** Rows that COPY writes at once. */
const copyRows = 8192

const done = (message: string): Outcome => ({ kind: 'done', message })

export function* perform(engine: Engine, bound: BoundStatement, session: Session): Work<Outcome> {
  for (const notice of bound.notices) session.notice(notice)
  switch (bound.kind) {
    case 'create-relation':
      return yield* createRelation(engine, bound, session)
    case 'create-view':
      return createView(engine, bound, session)
    case 'create-materialized':
      return yield* createMaterialized(engine, bound, session)
    case 'create-function':
      return createFunction(engine, bound, session)
    case 'create-object':
      return made(engine, bound, session)
    case 'create-sink':
      return yield* createSink(engine, bound, session)
    case 'create-subscription':
      return yield* subscription(engine, bound, session)
    case 'acknowledge':
      return acknowledged(engine, bound, session)
    case 'drop':
      return drop(engine, bound, session)
    case 'alter':
    case 'alter-subscription':
      return altered(engine, bound, session)
    case 'insert':
    case 'update':
    case 'merge':
      return yield* change(engine, bound, session)
    case 'transaction':
      return yield* transact(engine, bound.action, session)
    case 'insert-continuous':
      return insertContinuous(engine, bound, session)
    case 'copy':
      return yield* copyOut(engine, bound, session)
    case 'insert-once':
      return yield* insertOnce(engine, bound, session)
    case 'select':
      return yield* select(engine, bound.plan, session)
    case 'select-continuous':
    case 'subscribe':
      return yield* subscribe(engine, bound, session)
    case 'tap':
      return yield* tap(engine, bound, session)
    case 'declare':
    case 'fetch':
    case 'close':
      return yield* atCursor(engine, bound, session)
    case 'explain':
    case 'explain-running':
    case 'explain-use':
    case 'explain-row':
    case 'verify':
      return yield* lookInto(engine, bound, session)
    case 'pause':
      return yield* pause(engine, bound, session)
    case 'set':
      return set(engine, bound, session)
    case 'told':
      return { kind: 'rows', fields: bound.fields, rows: bound.rows }
    case 'show-queries':
      return showQueries(engine, bound.passes, session)
    case 'flush':
      yield* engine.flush()
      return done('FLUSH')
    default:
      return unreachable(bound)
  }
}

function made(
  engine: Engine,
  bound: BoundStatement & { kind: 'create-object' },
  session: Session,
): Outcome {
  const { message, isNew } = createObject(engine, bound)
  if (isNew) logged(engine, session)
  return done(message)
}

function altered(
  engine: Engine,
  bound: BoundStatement & { kind: 'alter' | 'alter-subscription' },
  session: Session,
): Outcome {
  if (bound.kind === 'alter-subscription') {
    alterSubscription(engine, bound)
    logged(engine, session)
    return done(`subscription ${bound.relation.name} altered`)
  }
  if (bound.change !== null) {
    alter(engine, bound.name, bound.change)
    logged(engine, session)
  }
  return done(bound.message)
}

function* change(
  engine: Engine,
  bound: BoundStatement & { kind: 'insert' | 'update' | 'merge' },
  session: Session,
): Work<Outcome> {
  const store = session.state.transaction ?? engine
  const asking = askingFor(engine, session)
  if (bound.kind === 'insert') return yield* insertRows(store, bound, asking)
  if (bound.kind === 'merge') return yield* mergeRows(store, bound, asking)
  return yield* updateRows(store, bound, asking)
}

function* atCursor(
  engine: Engine,
  bound: BoundStatement & { kind: 'declare' | 'fetch' | 'close' },
  session: Session,
): Work<Outcome> {
  if (bound.kind === 'declare') {
    return done(yield* declare(engine, bound, session, (plan) => answer(engine, plan, session)))
  }
  if (bound.kind === 'close') return done(closeCursors(bound, session.state))
  // Reading is a commit point.
  if (session.state.transaction === null) yield* engine.flush()
  return fetching(bound, session.state)
}

function* lookInto(
  engine: Engine,
  bound: BoundStatement & {
    kind: 'explain' | 'explain-running' | 'explain-use' | 'explain-row' | 'verify'
  },
  session: Session,
): Work<Outcome> {
  switch (bound.kind) {
    case 'explain':
      return yield* explainStatement(engine, bound, session.text)
    case 'explain-running':
      return yield* explainRunning(engine, bound)
    case 'explain-use':
      return yield* explainUse(engine, bound)
    case 'explain-row':
      return yield* explainRow(engine, bound, session)
    case 'verify':
      return yield* verifyView(engine, bound, session)
  }
}

function logged(engine: Engine, session: Session): void {
  if (session.source === null) return
  const { text: own, parameters } = session.source
  engine.log.appendStatement(own, parameters, engine.nowMicros())
}

function* pause(
  engine: Engine,
  bound: BoundStatement & { kind: 'pause' },
  session: Session,
): Work<Outcome> {
  const { object, name, resumes } = bound
  const state = resumes ? 'resumed' : 'paused'
  if (!(yield* pauseQuery(engine, bound, session.source !== null)))
    return done(`${object} ${name} is ${resumes ? 'not paused' : 'paused already'}`)
  logged(engine, session)
  return done(`${object} ${name} ${state}`)
}

/** What statements go by is logged: dialect, zone, search_path, EVICT OLDEST; others do not outlive the session. */
function set(
  engine: Engine,
  { label, values }: BoundStatement & { kind: 'set' },
  session: Session,
): Outcome {
  const meaning = () => {
    const budget = evicts(engine.settings) ? engine.settings.get('state_budget') : ''
    const searched = schemas.searchedIn(engine.settings).join()
    return `${engine.dialect} ${engine.settings.get('timezone') ?? 'utc'} ${searched} ${budget}`
  }
  const before = meaning()
  for (const { name, value } of values) engine.settings.set(name, value)
  if (meaning() !== before) logged(engine, session)
  return done(label)
}

function* createRelation(
  engine: Engine,
  bound: BoundStatement & { kind: 'create-relation' },
  session: Session,
): Work<Outcome> {
  const { relation, insert: plan } = bound
  const what = relation.kind === 'stream' ? 'stream' : 'table'
  if (bound.ifNotExists && engine.catalog.get(relation.name) !== undefined) {
    return done(`${what} ${relation.name} exists already`)
  }
  if (bound.feed !== null) return createFed(engine, bound, session)
  // A replay has the rows from the log. Where they cannot be had nothing is made.
  const contents =
    session.source === null || plan === null ? [] : yield* contentsOf(engine, bound, plan, session)
  if (bound.replaces) removeRelation(engine, relation.name)
  engine.createRelation(relation)
  if (bound.late !== null) engine.createRelation(bound.late)
  if (relation.kind === 'external' && relation.source)
    engine.createRelation(errorsOf(relation.name))
  logged(engine, session)
  for (const batch of contents) engine.put(relation, batch, null)
  return done(`${what} ${relation.name} created`)
}

/** The rows of a relation that is about to be made. */
function* contentsOf(
  engine: Engine,
  { relation }: BoundStatement & { kind: 'create-relation' },
  insert: BoundStatement & { kind: 'insert' },
  session: Session,
): Work<Batch[]> {
  const batches: Batch[] = []
  const empty: Standing = {
    end: 0,
    isGone: () => false,
    find: () => [],
    rowAt: () => assert(false, 'a table that is being made has no rows') as never,
  }
  const isTable = relation.kind === 'table' && relation.rules !== undefined
  const store: Store = {
    catalog: { get: () => relation },
    table: () => (isTable ? empty : undefined),
    put: (_, batch) => {
      batches.push(batch)
      return engine.completed(relation, batch, 0)
    },
  }
  yield* insertRows(store, insert, askingFor(engine, session))
  return batches
}

/** Says so when the state of a query grows with every row. */
function warn(engine: Engine, session: Session, name: string, plan: PhysicalPlan): void {
  const notice = growthNotice(engine, name, plan)
  if (notice !== null) session.notice(notice)
}

/** CREATE STREAM … AS: a query whose rows go into the log with the cycle that gave them. */
function createFed(
  engine: Engine,
  { relation, feed, late, replaces }: BoundStatement & { kind: 'create-relation' },
  session: Session,
): Outcome {
  const { name } = relation
  if (replaces) removeRelation(engine, name)
  refuseRunning(engine, name)
  const plan = engine.physical(feed!.plan, 'continuous')
  const running = engine.start(name, plan, false)
  warn(engine, session, name, plan)
  engine.createRelation(relation)
  if (late !== null) engine.createRelation(late)
  engine.createRelation(errorsOf(name))
  running.consumers.push((_, delta) => {
    const rows = rowsOfDelta(delta)
    // It may have another name by now.
    const stream = engine.catalog.get(running.name)!
    if (!engine.replaying) engine.put(stream, batchOf(stream.schema, rows), null)
    if (running.ended) engine.stop(running.name)
  })
  logged(engine, session)
  const message = `stream ${name} created`
  return running.bounded
    ? { kind: 'running', query: running, message: () => message }
    : done(message)
}

function refuseRunning(engine: Engine, name: string): void {
  if (!engine.queries.has(name.toLowerCase())) return
  const message = `query ${name} is running`
  throw new QueryMistake([{ code: 'duplicate_name', message, hint: 'DROP QUERY it first' }])
}

/** Running queries that read it, but for subscriptions, which end with it, and those named in `also`. */
function refuseReaders(engine: Engine, name: string, also: ReadonlySet<string> = new Set()): void {
  const readers = readersOf(engine, name).filter(
    (query) => !query.isFollower && !also.has(query.name.toLowerCase()),
  )
  if (readers.length === 0) return
  const names = readers.map((query) => query.name).join(', ')
  const hint = `DROP QUERY ${names} first, or add CASCADE`
  throw new QueryMistake([{ code: 'dependency', message: `${name} is needed by ${names}`, hint }])
}

const readersOf = (engine: Engine, name: string): Query[] =>
  [...engine.queries.values()].filter((query) => query.readsFrom(name))

/** Takes a relation away; those who follow it have come to its end. */
function removeRelation(engine: Engine, name: string): void {
  refuseReaders(engine, name)
  refuseLateTarget(engine, name, new Set())
  dropWithReaders(engine, name)
}

function createView(
  engine: Engine,
  bound: BoundStatement & { kind: 'create-view' },
  session: Session,
): Outcome {
  const { relation } = bound
  const present = engine.catalog.get(relation.name)
  if (present !== undefined && bound.ifNotExists)
    return done(`view ${relation.name} exists already`)
  if (present !== undefined) engine.drop(relation.name)
  engine.createRelation(relation)
  logged(engine, session)
  return done(`view ${relation.name} created`)
}

function* createMaterialized(
  engine: Engine,
  bound: BoundStatement & { kind: 'create-materialized' },
  session: Session,
): Work<Outcome> {
  const { query } = bound
  if (
    !bound.replaces &&
    bound.ifNotExists &&
    engine.catalog.get(bound.relation.name) !== undefined
  ) {
    return done(`materialized view ${bound.relation.name} exists already`)
  }
  const evicts = scansOf(query.plan).some((scan) => scan.evicts)
  const relation = {
    ...bound.relation,
    ...startedAt(engine, bound),
    ...(evicts ? { evicted: 0 } : {}),
  }
  if (bound.replaces) {
    const made = { ...relation, plan: engine.physical(query.plan, 'continuous') }
    const isLive = session.source !== null
    const log = () => logged(engine, session)
    if (bound.preserves !== null) {
      const unpushed = () => engine.physical(query.plan, 'continuous', ['push-filter'])
      const how = { span: bound.preserves, isLive, log }
      yield* preserveView(engine, made as Materialized, unpushed, how)
      return done(`materialized view ${relation.name} replaced, with its state`)
    }
    yield* replaceView(engine, made as Materialized, isLive, log)
    return done(`materialized view ${relation.name} replaced`)
  }
  refuseRunning(engine, relation.name)
  const plan = engine.physical(query.plan, 'continuous')
  assert(relation.kind === 'materialized', 'a materialized view is a relation of its kind')
  engine.start(relation.name, plan, true)
  warn(engine, session, relation.name, plan)
  engine.createRelation({ ...relation, plan })
  engine.createRelation(errorsOf(relation.name))
  logged(engine, session)
  return done(`materialized view ${relation.name} created`)
}

/** START FROM: the scans of streams begin there, and the relation knows of it. */
function startedAt(
  engine: Engine,
  { start, query, preserves, relation: { name } }: BoundStatement & { kind: 'create-materialized' },
): { startAt?: number } {
  const before = preserves === null ? undefined : (engine.catalog.get(name) as Materialized)
  const startAt = before === undefined ? startOf(engine, start) : (before.startAt ?? 0)
  if (startAt === 0) return {}
  for (const node of scansOf(query.plan)) {
    const relation = engine.catalog.get(node.relation)
    const onlyComes = relation?.kind === 'table' && relation.rules === undefined
    if (relation?.kind === 'stream' || onlyComes) node.from = startAt
  }
  return { startAt }
}

const scansOf = (plan: Plan): (Plan & { kind: 'scan' })[] =>
  plan.kind === 'scan' ? [plan] : inputsOf(plan).flatMap(scansOf)

function errorsOf(of: string): Relation {
  const fields: Field[] = [
    { name: 'offset', type: { kind: 'bigint' }, nullable: false },
    { name: 'code', type: { kind: 'varchar' }, nullable: false },
    { name: 'message', type: { kind: 'varchar' }, nullable: false },
    { name: 'row', type: { kind: 'varchar' }, nullable: true },
  ]
  return { kind: 'errors', of, name: `${of}.errors`, schema: { fields }, watermark: null }
}

function drop(engine: Engine, bound: Dropped, session: Session): Outcome {
  const { object } = bound
  if (object === 'query' && bound.more.length === 0) return dropQuery(engine, bound, session)
  const all = [bound, ...bound.more]
  const also = new Set(all.map(({ name }) => name.toLowerCase()))
  for (const { name, cascade } of all) {
    refuseLateTarget(engine, name, also)
    if (object === 'query') refuseNoQuery(engine, name)
    else if (!cascade && isRelation(object)) refuseReaders(engine, name, also)
  }
  const dropped = all.filter((one) => dropOne(engine, one))
  const names = (dropped.length === 0 ? all : dropped).map(({ name }) => name).join(', ')
  if (dropped.length === 0) return done(`there is no ${object} ${names}`)
  logged(engine, session)
  return done(`${object} ${names} dropped`)
}

const isRelation = (object: Dropped['object']) => object !== 'function' && !isObject(object)

function refuseLateTarget(engine: Engine, name: string, also: ReadonlySet<string>): void {
  const feeds = engine.catalog
    .list()
    .find(({ watermark }) => watermark?.late?.toLowerCase() === name.toLowerCase())
  if (feeds === undefined || also.has(feeds.name.toLowerCase())) return
  const message = `${name} takes the late rows of ${feeds.name}`
  throw new QueryMistake([{ code: 'dependency', message, hint: `drop ${feeds.name} first` }])
}

/** Says whether it was there. */
function dropOne(engine: Engine, { object, name }: Dropped): boolean {
  if (object === 'query') {
    engine.stop(name)
    return true
  }
  if (object === 'function') return dropWithCallers(engine, name)
  if (isObject(object))
    return dropObject(engine, object, name, (one) => dropWithReaders(engine, one))
  return dropWithReaders(engine, name)
}

/** The function, after all that calls it. */
function dropWithCallers(engine: Engine, name: string): boolean {
  if (engine.catalog.functionNamed(name) === undefined) return false
  const { derived, functions } = engine.catalog.callers(name)
  for (const caller of functions) dropWithCallers(engine, caller)
  for (const caller of derived) dropWithReaders(engine, caller)
  engine.catalog.removeFunction(name)
  return true
}

/** The relation, after all that reads it. */
function dropWithReaders(engine: Engine, name: string): boolean {
  if (engine.catalog.get(name) === undefined) return false
  for (const dependent of engine.catalog.dependents(name)) dropWithReaders(engine, dependent)
  for (const query of readersOf(engine, name)) {
    if (!dropWithReaders(engine, query.name)) engine.stop(query.name)
  }
  engine.drop(name)
  return true
}

function refuseNoQuery(engine: Engine, name: string): void {
  if (engine.queries.has(name.toLowerCase()) && engine.catalog.get(name) === undefined) return
  const message = `there is no query ${name}`
  throw new QueryMistake([{ code: 'unknown_name', message, hint: 'SHOW QUERIES lists them' }])
}

function dropQuery(
  engine: Engine,
  { name, ifExists }: BoundStatement & { kind: 'drop' },
  session: Session,
): Outcome {
  if (engine.catalog.get(name) !== undefined) {
    const message = `${name} is no query of its own`
    const hint = 'DROP MATERIALIZED VIEW drops a view together with its query'
    throw new QueryMistake([{ code: 'unknown_name', message, hint }])
  }
  if (engine.queries.has(name.toLowerCase())) {
    try {
      engine.stop(name)
    } finally {
      // It is gone, even if its sink could not write its last rows.
      logged(engine, session)
    }
    return done(`query ${name} dropped`)
  }
  // A subscription is not there in a replay.
  if (ifExists || session.source === null) return done(`there is no query ${name}`)
  const message = `there is no query ${name}`
  throw new QueryMistake([{ code: 'unknown_name', message, hint: 'SHOW QUERIES lists them' }])
}

function readsRelations(plan: Plan): boolean {
  return plan.kind === 'scan' || inputsOf(plan).some(readsRelations)
}

/** Rows of a one-shot plan, at a commit point. */
function* answer(engine: Engine, plan: Plan, session: Session): Work<Row[]> {
  return rowsOfDelta(yield* deltaOf(engine, plan, session))
}

function* deltaOf(engine: Engine, plan: Plan, session: Session): Work<Delta> {
  const { transaction } = session.state
  // Reading is a commit point; rows of VALUES read nothing.
  if (transaction === null && readsRelations(plan)) yield* engine.flush()
  const physical = engine.physical(plan, 'one-shot')
  const sources = seenSources(transaction?.sources ?? engine.sources, session.state.number)
  const { delta } = yield* engine.select(physical, session.text, sources)
  return delta
}

export const askingFor = (engine: Engine, session: Session): Asking => ({
  text: session.text,
  answer: (plan) => answer(engine, plan, session),
})

/** COPY … TO: all rows are there before the file is made. */
function* copyOut(
  engine: Engine,
  { plan, connector: name, options }: BoundStatement & { kind: 'copy' },
  session: Session,
): Work<Outcome> {
  const delta = yield* deltaOf(engine, plan, session)
  const connector = engine.options.connectors.get(name)
  assert(connector !== undefined, `connector ${name} is wired`)
  const writer = connector.create({ fields: plan.output }, new Map(options))
  let rows = 0
  writeWhole(writer, () => {
    for (const batch of delta.batches ?? []) {
      if (writer.writeBatch !== undefined) writer.writeBatch(batch, null)
      else writer.write(rowsOf(batch), new Array<Op>(batch.rows).fill('+I'))
      rows += batch.rows
    }
    if (delta.batches !== null) return
    const all = delta.changes().map(({ row }) => row)
    for (let from = 0; from < all.length; from += copyRows) {
      const part = all.slice(from, from + copyRows)
      writer.write(part, new Array<Op>(part.length).fill('+I'))
    }
    rows = all.length
  })
  return done(`COPY ${rows}`)
}

function* select(engine: Engine, plan: Plan, session: Session): Work<Outcome> {
  const rows = yield* answer(engine, plan, session)
  return { kind: 'rows', fields: fieldsShown(plan.output, engine.settings), rows }
}

function createFunction(
  engine: Engine,
  { made, ifNotExists }: BoundStatement & { kind: 'create-function' },
  session: Session,
): Outcome {
  const { name } = made
  if (ifNotExists && engine.catalog.functionNamed(name) !== undefined)
    return done(`function ${name} exists already`)
  // A name for a class stands for a function that the engine has.
  if (made.kind === 'user' && made.id < 0) {
    engine.addFunction(made, written(engine, made, session))
  } else engine.catalog.addFunction(made)
  logged(engine, session)
  return done(`function ${name} created`)
}

/** What a function does whose text stands in the statement. */
function written(
  engine: Engine,
  made: CatalogFunction & { kind: 'user' },
  { text: whole }: Session,
): UserFunction {
  const { scripting } = engine.options
  const { name, parameters, deterministic, of } = made
  const { language, text, batch, span } = made.written!
  if (scripting === null) {
    const message = `functions in ${language === 'javascript' ? 'JavaScript' : 'TypeScript'} are switched off here`
    const hint =
      'who opens the database may allow them: open(…, { javascript: true }), --javascript'
    throw new QueryMistake([{ code: 'unsupported', message, hint, span }], whole)
  }
  const given = { name, language, text, batch, deterministic, span }
  const names = parameters.map((one) => one.name)
  try {
    const all = { ...given, parameters: names, aggregate: of === 'aggregate' }
    return scripting(all, userShape(made))
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    throw new QueryMistake(error.diagnostics, whole)
  }
}

/** A connector's table, with the options of a hint. */
function targetOf(
  engine: Engine,
  target: string,
  options: readonly [string, string | number | boolean][],
): Relation & { kind: 'external' } {
  const relation = engine.catalog.get(target)
  assert(relation?.kind === 'external', `the target ${target} is external`)
  return { ...relation, options: new Map([...relation.options, ...options]) }
}

/** INSERT INTO a connector's table: a continuous query with a sink. */
export function insertContinuous(
  engine: Engine,
  { target, options, query }: BoundStatement & { kind: 'insert-continuous' },
  session: Session,
  plan: PhysicalPlan = engine.physical(query.plan, 'continuous'),
): Outcome {
  const relation = targetOf(engine, target, options)
  const start = () => engine.startNumbered('query', plan)
  const { running, rows } = startSink(engine, relation, start, everything)
  logged(engine, session)
  const { name } = running
  warn(engine, session, name, plan)
  if (running.bounded) return { kind: 'running', query: running, message: () => `INSERT ${rows()}` }
  return done(`query ${name} started`)
}

/** INSERT INTO a connector's table where the mode is batch: the answer of the query, once. */
function* insertOnce(
  engine: Engine,
  { target, options, plan }: BoundStatement & { kind: 'insert-once' },
  session: Session,
): Work<Outcome> {
  const relation = targetOf(engine, target, options)
  if (readsRelations(plan)) yield* engine.flush()
  const { delta } = yield* engine.select(engine.physical(plan, 'one-shot'), session.text)
  writeOnce(engine, relation, delta)
  return done(`INSERT ${delta.count}`)
}

function* createSink(
  engine: Engine,
  bound: BoundStatement & { kind: 'create-sink' },
  session: Session,
): Work<Outcome> {
  const { relation, query, snapshot, replaces } = bound
  const { name } = relation
  if (!replaces && bound.ifNotExists && engine.catalog.get(name) !== undefined) {
    return done(`sink ${name} exists already`)
  }
  if (!replaces) refuseRunning(engine, name)
  assert(relation.kind === 'external', `sink ${name} is external`)
  const plan = engine.physical(query.plan, 'continuous')
  const live = session.source !== null
  // The sink's first cycle follows it at once in the log, so that no later row is beside those that are there.
  if (!snapshot && live) yield* engine.flush()
  const start = () => engine.start(name, plan, false)
  const { running } = startSink(engine, relation, start, bound)
  warn(engine, session, name, plan)
  if (replaces) engine.catalog.replace(name, relation)
  else engine.createRelation(relation)
  logged(engine, session)
  if (!snapshot && live) yield* engine.flush()
  const message = `sink ${name} ${replaces ? 'replaced' : 'created'}`
  return running.bounded
    ? { kind: 'running', query: running, message: () => message }
    : done(message)
}

function* subscription(
  engine: Engine,
  bound: BoundStatement & { kind: 'create-subscription' },
  session: Session,
): Work<Outcome> {
  const { relation, replaces } = bound
  const { name } = relation
  if (!replaces && bound.ifNotExists && engine.catalog.get(name) !== undefined) {
    return done(`subscription ${name} exists already`)
  }
  if (!replaces) refuseRunning(engine, name)
  yield* createSubscription(engine, bound, session.source !== null, () => logged(engine, session))
  return done(`subscription ${name} ${replaces ? 'replaced' : 'created'}`)
}

function acknowledged(
  engine: Engine,
  bound: BoundStatement & { kind: 'acknowledge' },
  session: Session,
): Outcome {
  const count = acknowledge(engine, bound, session.source !== null)
  logged(engine, session)
  return done(`ACKNOWLEDGE ${count}`)
}

function showQueries(
  engine: Engine,
  passes: (name: string) => boolean,
  { state }: Session,
): Outcome {
  const relation = engine.catalog.get('sys.queries')!
  const rows = seenRows(relation, systemRows(engine, 'sys.queries'), state.number)
  const { fields } = relation.schema
  return { kind: 'rows', fields, rows: rows.filter(([name]) => passes(String(name))) }
}
