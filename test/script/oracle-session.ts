/**
 * Oracle session: runs a golden script on the reference interpreter; binding is the product's own, the rest is not.
 */
import { parse, type Statement } from '../../grammar/index.ts'
import { QueryMistake, systemDisk } from '../../src/base/index.ts'
import {
  Catalog,
  firstMetadata,
  givenColumns,
  plainName,
  type Relation,
  schemas,
  temporaryName,
} from '../../src/catalog/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import type { Dialect, Field, Row } from '../../src/data/index.ts'
import { column, literal, moveColumns } from '../../src/plan/expression.ts'
import {
  type BoundStatement,
  bind,
  type Expression,
  type Following,
  fieldsShown,
  overRows,
  type Plan,
  withFullNames,
} from '../../src/plan/index.ts'
import { nodesOf, project, values } from '../../src/plan/node.ts'
import { inserted, merged, type Refused, type RowChange, updated } from '../oracle/change.ts'
import { BadFileRow, writeFile } from '../oracle/file.ts'
import { OracleFollower } from '../oracle/follow.ts'
import { startOf2026 } from '../oracle/scalar/scalar.ts'
import { OracleTransaction } from '../oracle/transaction.ts'
import { compareRows } from '../oracle/value.ts'
import { World } from '../oracle/world.ts'
import { ScriptFolder } from './folder.ts'
import {
  type Changed,
  type ChangedRow,
  errorFields,
  type Fault,
  type Rows,
  type Session,
  subscribing,
} from './session.ts'
import { Sources } from './sources.ts'

interface Followed {
  follower: OracleFollower
  fields: Field[]
  changes: ChangedRow[]
}

type Materialized = BoundStatement & { kind: 'create-materialized' }

export class OracleSession implements Session {
  #world = new World()
  #transaction: OracleTransaction | null = null
  /** What the INSERTs of a statement set read. */
  #before: World | null = null
  readonly #folder = new ScriptFolder()
  readonly #catalog = new Catalog()
  readonly #settings = new Map<string, string>()
  readonly #connectors = builtinConnectors(systemDisk, new Sources())
  /** The positions of the log at which cycles ended. */
  readonly #commits: number[] = []
  /** Subscriptions by lower-case name: of the script, of views, and `view.errors`. */
  readonly #followed = new Map<string, Followed>()

  async execute(given: string): Promise<Rows | Fault | { kind: 'done' }> {
    const sql = this.#folder.filled(given)
    try {
      const { script, sets, diagnostics } = parse(sql)
      if (diagnostics.length > 0) throw new QueryMistake(diagnostics, sql)
      let result: Rows | Fault | { kind: 'done' } = { kind: 'done' }
      if (sets.length > 0 && sets[0]!.length === script.statements.length) {
        return this.#noted(this.#performSet(sets[0]!, sql))
      }
      for (const statement of script.statements) {
        result = this.#stateFault(statement, sql) ?? this.#perform(this.#bind(statement, sql), sql)
        if (result.kind === 'fault') break
      }
      return this.#noted(result)
    } catch (error) {
      if (error instanceof QueryMistake) return this.#noted(faultOf(error, sql))
      if (error instanceof BadFileRow) {
        return this.#noted({
          kind: 'fault' as const,
          code: 'malformed_row' as const,
          message: '',
          at: '',
        })
      }
      throw error
    }
  }

  /** INSERTs that all read what was there before them, and of which all happen or none. */
  #performSet(set: readonly Statement[], sql: string): Rows | Fault | { kind: 'done' } {
    const isOwn = this.#transaction === null
    if (isOwn) this.#transact('begin')
    this.#before = isOwn ? this.#world.fork() : null
    let result: Rows | Fault | { kind: 'done' } = { kind: 'done' }
    let isWhole = false
    try {
      for (const statement of set) {
        result = this.#stateFault(statement, sql) ?? this.#perform(this.#bind(statement, sql), sql)
        if (result.kind === 'fault') return result
      }
      isWhole = true
    } finally {
      this.#before = null
      if (isOwn) this.#transact(isWhole ? 'commit' : 'rollback')
    }
    return result
  }

  /** The answer of a plan that gives rows to put in. */
  #given(plan: Plan, text: string) {
    const world = this.#world
    this.#world = this.#before ?? world
    try {
      return this.#answer(plan, text)
    } finally {
      this.#world = world
    }
  }

  /** A fault leaves an open transaction with ROLLBACK only. */
  #noted<T extends { kind: string }>(result: T): T {
    if (result.kind === 'fault' && this.#transaction !== null) this.#transaction.failed = true
    return result
  }

  /** What is wrong with the statement, given whether a transaction is open. */
  #stateFault(statement: Statement, sql: string): Fault | null {
    const { start, end } = statement.span
    const fault = (at: string): Fault => ({ kind: 'fault', code: 'transaction', message: '', at })
    const whole = sql.slice(start, end)
    const open = this.#transaction
    if (statement.kind === 'transaction') {
      if ((statement.action === 'begin') === (open !== null)) return fault(whole)
      if (statement.action !== 'commit' || !open?.failed) return null
      this.#leave()
      return fault(whole)
    }
    if (open === null) return null
    if (open.failed) return fault(whole)
    const fits = ['insert', 'update', 'delete', 'merge', 'query-statement', 'flush'].includes(
      statement.kind,
    )
    const runsOn = statement.kind === 'query-statement' && statement.query.emit !== null
    return fits && !runsOn ? null : fault(/^\w+( \w+)?/.exec(whole)![0])
  }

  /** Back to the world of everybody. */
  #leave(): void {
    this.#world = this.#transaction!.outside
    this.#transaction = null
  }

  #transact(action: 'begin' | 'commit' | 'rollback'): void {
    if (action === 'begin') {
      this.#flush()
      this.#transaction = new OracleTransaction(this.#world)
      this.#world = this.#world.fork()
      return
    }
    const transaction = this.#transaction!
    this.#leave()
    if (action === 'rollback') return
    for (const { name, change } of transaction.net()) this.#world.change(name, [change])
  }

  fieldsOf(relation: string): Field[] {
    return this.#catalog.get(this.#fullName(relation))!.schema.fields
  }

  #fullName(name: string): string {
    const full = temporaryName(0, name)
    return this.#catalog.get(full) === undefined ? name : full
  }

  async append(given: string, rows: Row[]): Promise<void> {
    const relation = this.#fullName(given)
    if (!this.#world.feed(relation, rows)) this.#world.append(relation, rows)
  }

  async subscribe(name: string, sql: string): Promise<Fault | null> {
    const text = subscribing(sql)
    try {
      const { script, diagnostics } = parse(text)
      if (diagnostics.length > 0) throw new QueryMistake(diagnostics, text)
      const bound = this.#bind(script.statements[0]!, text)
      if (bound.kind !== 'subscribe') throw new Error('a subscription is bound as one')
      this.#follow(name, bound)
      return null
    } catch (error) {
      if (error instanceof QueryMistake) return faultOf(error, text)
      throw error
    }
  }

  async flush(): Promise<void> {
    this.#flush()
  }

  async takeChanges(name: string): Promise<Changed> {
    const followed = this.#followed.get(name.toLowerCase())
    if (followed === undefined) throw new Error(`the script has no view or subscription ${name}`)
    const changes = followed.changes
    followed.changes = []
    return { fields: followed.fields, changes }
  }

  async takeErrors(name: string): Promise<Changed> {
    return { fields: errorFields, changes: (await this.takeChanges(`${name}.errors`)).changes }
  }

  async close(): Promise<void> {
    this.#folder.remove()
  }

  #bind(given: Statement, text: string): BoundStatement {
    const parameters = { positional: [], named: new Map<string, never>() }
    // Names of the session's own are a matter of the text alone.
    const statement = withFullNames(given, {
      catalog: this.#catalog,
      session: 0,
      searched: schemas.searchedIn(this.#settings),
      text,
    })
    return bind(statement, {
      catalog: this.#catalog,
      connectors: this.#connectors,
      parameters,
      text,
      dialect: (this.#settings.get('dialect') ?? 'default') as Dialect,
      settings: this.#settings,
    })
  }

  async wait(micros: bigint): Promise<void> {
    this.#world.now += micros
  }

  /** Commit points until nothing is left to take: late rows are rows of another stream. */
  #flush(): void {
    if (this.#transaction !== null) {
      this.#world.flush()
      return
    }
    this.#world.noteIdle()
    let more = true
    while (more) {
      const late = [...this.#world.flush().values()].flatMap((shown) => shown.late)
      if (this.#commits.at(-1) !== this.#world.position) this.#commits.push(this.#world.position)
      for (const followed of this.#followed.values()) {
        const { told, shown } = followed.follower.commit()
        late.push(...shown.late)
        followed.changes.push(...told)
      }
      const isFed = this.#world.feedStreams()
      more = this.#world.routeLate(late) || isFed
    }
  }

  /** Follows a query from here on, or from a position of the log: its first commit is the snapshot. */
  #follow(name: string, following: Following): void {
    const follower = new OracleFollower(following, this.#world)
    const followed: Followed = {
      follower,
      fields: fieldsShown(following.fields, this.#settings),
      changes: [],
    }
    const { asOf } = following
    if (asOf !== null) {
      if (!('offset' in asOf)) throw new Error('the interpreter knows moments by their OFFSET')
      for (const position of [asOf.offset, ...this.#commits.filter((at) => at > asOf.offset)]) {
        followed.changes.push(...follower.commit(position).told)
      }
    }
    this.#followed.set(name.toLowerCase(), followed)
    this.#flush()
  }

  /** Streams are read from a position of the log on. */
  #startFrom({ start, query, relation }: Materialized): boolean {
    if (start === 'earliest') return true
    if (start !== 'latest' && !('offset' in start))
      throw new Error('the interpreter knows moments by their OFFSET')
    const from = start === 'latest' ? this.#world.position : start.offset
    if (from < 0 || from > this.#world.position) return false
    this.#begin(query.plan, from)
    Object.assign(relation, { startAt: from })
    return true
  }

  /** The rows of streams before a position do not count. */
  #begin(plan: Plan, from: number): void {
    for (const node of nodesOf(plan)) {
      const found = node.kind === 'scan' ? this.#catalog.get(node.relation) : undefined
      if (found?.kind === 'stream') (node as Plan & { kind: 'scan' }).from = from
    }
  }

  #beyondLog({ start }: Materialized, text: string): Fault {
    const { span } = start as Exclude<typeof start, string>
    const at = text.slice(span.start, span.end)
    return { kind: 'fault', code: 'invalid_argument', message: '', at }
  }

  /** It tells what comes from now on. */
  #createSubscription({
    relation,
    query,
    replaces,
  }: BoundStatement & { kind: 'create-subscription' }): void {
    if (replaces) this.#drop(relation.name)
    if (this.#catalog.get(relation.name) !== undefined) return
    this.#flush()
    this.#catalog.add(relation)
    const { output: fields } = query.plan
    const shape = { snapshot: false, metadata: [], envelope: null, fields, order: [] }
    this.#follow(relation.name, { query, ...shape, asOf: null, upTo: null })
  }

  #followView(name: string): void {
    const own = plainName(name)
    for (const relation of [own, `${own}.errors`]) {
      const quoted = relation
        .split('.')
        .map((part) => `"${part}"`)
        .join('.')
      const text = `SUBSCRIBE ${quoted};`
      const bound = this.#bind(parse(text).script.statements[0]!, text)
      if (bound.kind !== 'subscribe') throw new Error('a subscription is bound as one')
      this.#follow(relation, bound)
    }
  }

  #perform(bound: BoundStatement, text: string): Rows | Fault | { kind: 'done' } {
    switch (bound.kind) {
      case 'create-relation':
        return this.#createRelation(bound, text)
      case 'create-view':
        if (bound.orReplace && this.#catalog.get(bound.relation.name) !== undefined) {
          this.#catalog.remove(bound.relation.name)
        }
        if (this.#catalog.get(bound.relation.name) === undefined) this.#catalog.add(bound.relation)
        break
      case 'create-materialized':
        if (!this.#startFrom(bound)) return this.#beyondLog(bound, text)
        if (bound.preserves !== null) this.#keepMaterialized(bound)
        else if (bound.replaces) this.#replaceMaterialized(bound.relation, bound.query.plan)
        else this.#createMaterialized(bound.relation, bound.query.plan)
        break
      case 'create-subscription':
        this.#createSubscription(bound)
        break
      case 'alter-subscription':
        this.#catalog.replace(bound.relation.name, bound.relation)
        break
      case 'create-function':
        this.#catalog.addFunction(bound.made)
        break
      case 'drop':
        if (bound.object === 'schema') this.#dropSchema(bound.name)
        else if (bound.object === 'type') this.#dropNamed('type', bound.name)
        else if (bound.object === 'connection') this.#dropNamed('connection', bound.name)
        else if (bound.object !== 'function') this.#drop(bound.name)
        else this.#dropFunction(bound.name)
        break
      case 'create-object':
        if (bound.made !== null) this.#catalog.addObject(bound.made)
        break
      case 'alter':
        return this.#alter(bound, text)
      case 'transaction':
        this.#transact(bound.action)
        break
      case 'insert':
        return this.#insert(bound, text)
      case 'update':
        return this.#update(bound, text)
      case 'merge':
        return this.#merge(bound, text)
      case 'copy': {
        const answer = this.#answer(bound.plan, text)
        if (answer.kind === 'fault') return answer
        writeFile(bound.plan.output, answer.rows, new Map(bound.options))
        break
      }
      case 'select': {
        const answer = this.#answer(bound.plan, text)
        return answer.kind === 'fault'
          ? answer
          : { ...answer, fields: fieldsShown(bound.plan.output, this.#settings) }
      }
      case 'acknowledge':
        break
      case 'flush':
        this.#flush()
        break
      case 'set':
        for (const { name, value } of bound.values) this.#settings.set(name, value)
        break
      case 'pause':
        if (!bound.resumes) this.#flush()
        if (bound.resumes) this.#world.paused.delete(bound.name.toLowerCase())
        else this.#world.paused.add(bound.name.toLowerCase())
        break
      case 'subscribe':
        return this.#momentFault(bound, text) ?? { kind: 'done' }
      case 'verify':
        return this.#verify(bound, text)
      case 'told':
        return { kind: 'rows', fields: bound.fields, rows: bound.rows }
      default:
        throw new Error(`golden scripts do not run ${bound.kind}`)
    }
    return { kind: 'done' }
  }

  /** A subscription begins and ends within the log, the end not before the beginning. */
  #momentFault({ asOf, upTo }: Following, text: string): Fault | null {
    const { position, now } = this.#world
    const isOutside = (value: bigint | number, from: bigint | number, to: bigint | number) =>
      value < from || value > to
    const at = asOf ?? { offset: position, span: { start: 0, end: 0 } }
    const isPast =
      'offset' in at ? isOutside(at.offset, 0, position) : isOutside(at.micros, startOf2026, now)
    const begin = 'offset' in at ? at.offset : 0
    const isOver = upTo !== null && ('offset' in upTo ? upTo.offset < begin : upTo.micros < now)
    const span = isPast ? at.span : isOver ? upTo.span : null
    if (span === null) return null
    const place = text.slice(span.start, span.end)
    return { kind: 'fault', code: 'invalid_argument', message: '', at: place }
  }

  /** The rows of a view and those of its query, each struck out against the other. */
  #verify({ name, plan }: BoundStatement & { kind: 'verify' }, text: string): Rows | Fault {
    const answer = this.#answer(plan, text)
    if (answer.kind === 'fault') return answer
    const textOf = (row: Row) => JSON.stringify(row, plain)
    const given = [...answer.rows]
    const kept = this.#world
      .present(name)
      .flatMap(({ row, weight }) => Array.from({ length: weight }, () => row as Row))
    const own = kept.filter((row) => {
      const at = given.findIndex((other) => textOf(other) === textOf(row))
      if (at >= 0) given.splice(at, 1)
      return at < 0
    })
    const nullable = plan.output.map((field) => ({ ...field, nullable: true }))
    const fields: Field[] = [
      { name: 'verdict', type: { kind: 'varchar' }, nullable: false },
      { name: 'copies', type: { kind: 'bigint' }, nullable: false },
      ...nullable,
    ]
    const grouped = (rows: Row[], verdict: string) =>
      [...Map.groupBy(rows, textOf).values()].map((same) => ({
        row: same[0]!,
        told: [verdict, BigInt(same.length), ...same[0]!] as Row,
      }))
    const differing = [...grouped(own, 'only in the view'), ...grouped(given, 'only in the query')]
    differing.sort((a, b) => compareRows(a.row, b.row))
    if (differing.length > 0) {
      return { kind: 'rows', fields, rows: differing.map(({ told }) => told) }
    }
    const rows: Row[] = [['equal', BigInt(kept.length), ...plan.output.map(() => null)]]
    return { kind: 'rows', fields, rows }
  }

  #createRelation(bound: BoundStatement & { kind: 'create-relation' }, text: string) {
    const { relation, insert } = bound
    // The rows may come from the relation that is replaced.
    const contents = insert === null ? null : this.#answer(insert.plan, text)
    if (contents?.kind === 'fault') return contents
    if (bound.replaces) this.#drop(relation.name)
    if (this.#catalog.get(relation.name) !== undefined) return { kind: 'done' as const }
    this.#catalog.add(relation)
    if (bound.feed !== null) {
      this.#world.createFeed(relation.name, bound.feed.plan)
      return { kind: 'done' as const }
    }
    if (relation.kind === 'external') {
      this.#world.createExternal(relation.name, relation.watermark)
      this.#createLate(bound.late)
      return { kind: 'done' as const }
    }
    const isTable = relation.kind === 'table' && relation.rules !== undefined
    this.#world.createRelation(relation.name, { isTable, watermark: relation.watermark })
    this.#createLate(bound.late)
    if (insert === null) return { kind: 'done' as const }
    if (contents!.rows.length === 0) return { kind: 'done' as const }
    const { output } = insert.plan
    const cells = output.map((field, index) => column(index, field))
    const names = output.map(({ name }) => name)
    const plan = overRows(output, contents!.rows, cells, names)
    const result = this.#insert({ ...insert, plan }, text)
    if (result.kind === 'fault') this.#drop(relation.name)
    return result
  }

  #alter({ name, change }: BoundStatement & { kind: 'alter' }, text: string) {
    if (change === null) return { kind: 'done' as const }
    const { relation, places, fills, behind, strict, judged, readers } = change
    const { fields } = relation.schema
    const moved = new Map<string, Row>()
    const isStored = relation.kind === 'stream' || relation.kind === 'table'
    const given = isStored && places !== null ? this.#world.source(name).contributions : []
    const stands = new Set(
      given.length === 0 ? [] : this.#standing(name).map((row) => JSON.stringify(row, plain)),
    )
    const before = this.#catalog.get(name)!.schema.fields
    for (const { row } of given) {
      if (!stands.has(JSON.stringify(row, plain))) continue
      const old = row as Row
      const all = [
        ...fields.map(({ type }, at) => literal(old[places![at]!] ?? null, type)),
        ...behind.map((place) => literal(old[place] ?? null, before[place]!.type)),
      ]
      const cellsOf = fields.map(
        ({ type }, at) =>
          (fills.find(({ column: made }) => made === at)?.expression as Expression) ??
          column(at, { type, nullable: true }),
      )
      const names = all.map((_, at) => `_${at}`)
      const answer = this.#answer(project(values([all], names), cellsOf, names), text)
      if (answer.kind === 'fault') return { ...answer, at: '' }
      moved.set(JSON.stringify(row, plain), answer.rows[0]!)
    }
    const move = (row: Row) => moved.get(JSON.stringify(row, plain)) ?? row
    const standing = given.length === 0 ? [] : this.#standing(name).map(move)
    const refused = (code: 'not_null' | 'check' | 'duplicate_key') => {
      return { kind: 'fault' as const, code, message: code, at: '' }
    }
    if (standing.some((row) => strict.some((at) => row[at] === null))) return refused('not_null')
    for (const { condition } of judged.checks) {
      for (const row of standing) {
        const asked = overRows(fields, [row], [condition as Expression], ['verdict'])
        if (this.#rowsOf(asked)[0]![0] === false) return refused('check')
      }
    }
    for (const { columns } of judged.keys) {
      const keys = standing.map((row) => columns.map((at) => row[at]!))
      const whole = keys
        .filter((key) => key.every((cell) => cell !== null))
        .map((key) => JSON.stringify(key, plain))
      if (new Set(whole).size < whole.length) return refused('duplicate_key')
    }
    this.#catalog.replace(name, relation)
    for (const reader of readers) this.#catalog.replace(reader.name, reader)
    this.#world.alter(name, relation.name, places, move)
    for (const { follower } of this.#followed.values())
      follower.query.alter(name, relation.name, places)
    if (relation.name !== name && relation.kind === 'materialized') this.#renameView(name, relation)
    return { kind: 'done' as const }
  }

  #renameView(name: string, { name: to }: Relation): void {
    const errors = this.#catalog.get(`${name}.errors`)!
    this.#catalog.replace(errors.name, { ...errors, of: to, name: `${to}.errors` } as Relation)
    this.#world.alter(errors.name, `${to}.errors`, null, (row) => row)
    for (const { follower } of this.#followed.values())
      follower.query.alter(errors.name, `${to}.errors`, null)
    for (const [from, into] of Object.entries({ [name]: to, [errors.name]: `${to}.errors` })) {
      const followed = this.#followed.get(from.toLowerCase())
      this.#followed.delete(from.toLowerCase())
      if (followed !== undefined) this.#followed.set(into.toLowerCase(), followed)
    }
  }

  #createLate(relation: Relation | null): void {
    if (relation === null) return
    this.#catalog.add(relation)
    this.#world.createRelation(relation.name)
  }

  #createMaterialized(relation: Relation, plan: Plan): void {
    if (this.#catalog.get(relation.name) !== undefined) return
    this.#catalog.add({ ...relation, plan } as Relation)
    const schema = { fields: errorFields }
    const name = `${relation.name}.errors`
    this.#catalog.add({ kind: 'errors', of: relation.name, name, schema, watermark: null })
    this.#world.createView(relation.name, plan)
    this.#followView(relation.name)
  }

  /** The view is computed anew from where it began; what may be kept is for the engine to say. */
  #keepMaterialized({ relation, query }: Materialized): void {
    const before = this.#catalog.get(relation.name)! as Relation & { kind: 'materialized' }
    const { startAt } = before
    if (startAt !== undefined) this.#begin(query.plan, startAt)
    const made = { ...relation, ...(startAt === undefined ? {} : { startAt }) } as Relation
    const isSame = sayOf(this.#world.view(relation.name)!.plan) === sayOf(query.plan)
    if (!isSame) this.#flush()
    this.#catalog.replace(relation.name, { ...made, plan: query.plan } as Relation)
    if (isSame) return
    const keeps = nodesOf(query.plan).some(({ kind }) => !passing.has(kind))
    this.#world.replaceView(relation.name, query.plan, keeps)
    this.#flush()
  }

  #replaceMaterialized(relation: Relation, plan: Plan): void {
    this.#flush()
    this.#catalog.replace(relation.name, { ...relation, plan } as Relation)
    this.#world.replaceView(relation.name, plan)
    this.#flush()
  }

  /** The relation, after all that reads it. */
  #drop(name: string): void {
    for (const dependent of this.#catalog.dependents(name)) this.#drop(dependent)
    for (const one of [name, `${name}.errors`]) {
      if (this.#catalog.get(one) !== undefined) this.#catalog.remove(one)
      this.#followed.delete(plainName(one).toLowerCase())
    }
    this.#world.drop(name)
  }

  /** The function, after all that calls it. */
  #dropNamed(kind: 'type' | 'connection', name: string): void {
    if (this.#catalog.object(kind, name) === undefined) return
    this.#catalog.removeObject(kind, name)
  }

  #dropSchema(name: string): void {
    if (this.#catalog.schemaNamed(name) === undefined) return
    for (const { name: held } of this.#catalog.inSchema(name)) this.#drop(held)
    this.#catalog.removeObject('schema', name)
  }

  #dropFunction(name: string): void {
    if (this.#catalog.functionNamed(name) === undefined) return
    const { derived, functions } = this.#catalog.callers(name)
    for (const caller of functions) this.#dropFunction(caller)
    for (const caller of derived) this.#drop(caller)
    this.#catalog.removeFunction(name)
  }

  #insert(bound: BoundStatement & { kind: 'insert' }, text: string) {
    const table = this.#stored(bound.target)
    const standing = this.#standing(table.name)
    return this.#change(table, bound, text, (given) =>
      inserted(table, standing, given, bound, (plan) => this.#rowsOf(plan)),
    )
  }

  #update(bound: BoundStatement & { kind: 'update' }, text: string) {
    const table = this.#stored(bound.target)
    const standing = this.#standing(table.name)
    return this.#change(table, bound, text, (given) =>
      updated(table, standing, given, bound.verb, bound.joined),
    )
  }

  #merge(bound: BoundStatement & { kind: 'merge' }, text: string) {
    const table = this.#stored(bound.target)
    const standing = this.#standing(table.name)
    return this.#change(table, { ...bound, returning: null }, text, (given) =>
      merged(table, standing, given, bound, (plan) => this.#rowsOf(plan)),
    )
  }

  #change(
    table: Relation & { kind: 'stream' | 'table' },
    bound: Pick<BoundStatement & { kind: 'insert' | 'update' }, 'plan' | 'returning'> & {
      verb?: string
    },
    text: string,
    make: (given: Row[]) => RowChange[] | Refused,
  ): Rows | Fault | { kind: 'done' } {
    const { plan, returning } = bound
    const answer = this.#given(plan, text)
    if (answer.kind === 'fault') return answer
    const changes = make(answer.rows)
    if ('refused' in changes) {
      return { kind: 'fault', code: changes.refused, message: changes.refused, at: '' }
    }
    const rows = changes.map(({ row }) => row)
    const full = this.#completed(table, rows, text)
    if (!Array.isArray(full)) return full
    const completed = changes.map(({ weight }, at) => ({ row: full[at]!, weight }))
    this.#world.change(table.name, completed)
    this.#transaction?.note(table.name, completed)
    if (returning === null) return { kind: 'done' }
    const written = completed.filter(({ weight }) => weight > 0 || bound.verb === 'DELETE')
    return this.#returned(
      table,
      written.map(({ row }) => row),
      returning,
      text,
    )
  }

  /** RETURNING, over the rows that the statement wrote or took away. */
  #returned(
    { schema }: Relation,
    rows: Row[],
    { expressions, names }: { expressions: Expression[]; names: string[] },
    text: string,
  ): Rows | Fault {
    const fields = expressions.map(({ type, nullable }, at) => ({
      name: names[at]!,
      type,
      nullable,
    }))
    if (rows.length === 0) return { kind: 'rows', fields, rows }
    const answer = this.#answer(overRows(schema.fields, rows, expressions, names), text)
    return answer.kind === 'fault' ? answer : { ...answer, fields }
  }

  #stored(name: string): Relation & { kind: 'stream' | 'table' } {
    const relation = this.#catalog.get(name)
    if (relation?.kind !== 'stream' && relation?.kind !== 'table') throw new Error(`no ${name}`)
    return relation
  }

  #standing(name: string): Row[] {
    return this.#world.present(name).map(({ row }) => row as Row)
  }

  #rowsOf(plan: Plan): Row[] {
    const answer = this.#world.answer(plan)
    if ('failed' in answer) throw new Error(answer.failed.message)
    return answer.rows
  }

  /** Checks of a relation whose rows only come; they read given columns alone. */
  #brokenCheck(relation: Relation, rows: Row[], text: string): Fault | null {
    const isStored = relation.kind === 'stream' || relation.kind === 'table'
    const given = givenColumns(relation)
    for (const { condition } of (isStored ? relation.checks : undefined) ?? []) {
      for (const row of rows) {
        const cells = relation.schema.fields.map((_, index) => row[given.indexOf(index)] ?? null)
        const plan = overRows(relation.schema.fields, [cells], [condition as Expression], ['_'])
        const answer = this.#answer(plan, text)
        if (answer.kind === 'fault') return answer
        if (answer.rows[0]![0] === false)
          return { kind: 'fault', code: 'check', message: '', at: '' }
      }
    }
    return null
  }

  /** The rows with their computed columns. */
  #completed(relation: Relation, rows: Row[], text: string): Row[] | Fault {
    const { computed, schema } = relation
    if (relation.kind === 'table' && relation.rules !== undefined) return rows
    const broken = this.#brokenCheck(relation, rows, text)
    if (broken !== null) return broken
    if (computed === undefined) return rows
    const given = givenColumns(relation)
    const full: Row[] = []
    const { metadata = [] } = relation
    const width = schema.fields.length
    const begins = this.#world.source(relation.name).contributions.length
    for (const [number, row] of rows.entries()) {
      const told = metadata.map(({ name, type }) => {
        const millis = this.#world.now - (this.#world.now % 1000n)
        const value = name === 'offset' ? BigInt(begins + number) : millis
        return literal(value.toString(), type)
      })
      const own = schema.fields.map(({ type }, index) => {
        const at = given.indexOf(index)
        return literal(at < 0 ? null : row[at]!, type)
      })
      const cells = [...own, ...told]
      const behind = (at: number) => (at < firstMetadata ? at : width + at - firstMetadata)
      const columns = schema.fields.map(({ type, nullable }, index) => {
        const made = computed.find(({ column: one }) => one === index)?.expression
        return made === undefined
          ? column(index, { type, nullable })
          : moveColumns(made as Expression, behind)
      })
      const names = [...schema.fields, ...metadata].map(({ name }) => name)
      const answer = this.#answer(project(values([cells], names), columns, names), text)
      if (answer.kind === 'fault') return answer
      full.push(answer.rows[0]!)
    }
    const bad = full.some((row) =>
      row.some((value, at) => value === null && !schema.fields[at]!.nullable),
    )
    if (!bad) return full
    const message = 'NULL for a column that takes none'
    return { kind: 'fault', code: 'not_null', message, at: '' }
  }

  /** R(q, now); reading is a commit point. */
  #answer(plan: Plan, text: string): Rows | Fault {
    if (JSON.stringify(plan).includes('"kind":"scan"')) this.#flush()
    const answer = this.#world.answer(plan)
    if ('rows' in answer) return { kind: 'rows', fields: plan.output, rows: answer.rows }
    const { code, message, span } = answer.failed
    const at = span === undefined ? '' : text.slice(span.start, span.end)
    return { kind: 'fault', code, message, at }
  }
}

export function faultOf(error: QueryMistake, text: string): Fault {
  const first = error.diagnostics[0]
  const span = first?.span
  const at = span === undefined ? '' : text.slice(span.start, span.end)
  return { kind: 'fault', code: error.code, message: first?.message ?? error.message, at }
}

/** Operators that make each row of one that they are given. */
const passing: ReadonlySet<string> = new Set([
  ...['scan', 'filter', 'project', 'window', 'union', 'repeat'],
])

/** What a query does; where it stands in a text does not count. */
const sayOf = (plan: Plan): string =>
  JSON.stringify(plan, (key, value) => (key === 'span' ? undefined : value))

/** Numbers of any size as text, which tells rows apart. */
const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)
