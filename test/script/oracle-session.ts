/**
 * Oracle session: runs a golden script on the reference interpreter; binding is the product's own, the rest is not.
 */
import { parse, type Statement } from '../../grammar/index.ts'
import { QueryMistake, systemDisk } from '../../src/base/index.ts'
import { Catalog, givenColumns, givenSchema, type Relation } from '../../src/catalog/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import type { Dialect, Field, Row } from '../../src/data/index.ts'
import { column, literal } from '../../src/plan/expression.ts'
import { type BoundStatement, bind, type Expression, type Plan } from '../../src/plan/index.ts'
import { project, values } from '../../src/plan/node.ts'
import { OracleQuery, type Shown, World } from '../oracle/world.ts'
import {
  type Changed,
  type ChangedRow,
  errorFields,
  type Fault,
  type Rows,
  type Session,
} from './session.ts'
import { Sources } from './sources.ts'

interface Followed {
  query: OracleQuery
  fields: Field[]
  changes: ChangedRow[]
}

export class OracleSession implements Session {
  readonly #world = new World()
  readonly #catalog = new Catalog()
  #dialect: Dialect = 'default'
  readonly #connectors = builtinConnectors(systemDisk, new Sources())
  /** Subscriptions by lower-case name: of the script, of views, and `view.errors`. */
  readonly #followed = new Map<string, Followed>()

  async execute(sql: string): Promise<Rows | Fault | { kind: 'done' }> {
    try {
      const { script, diagnostics } = parse(sql)
      if (diagnostics.length > 0) throw new QueryMistake(diagnostics, sql)
      let result: Rows | Fault | { kind: 'done' } = { kind: 'done' }
      for (const statement of script.statements) {
        result = this.#perform(this.#bind(statement, sql), sql)
        if (result.kind === 'fault') break
      }
      return result
    } catch (error) {
      if (error instanceof QueryMistake) return faultOf(error, sql)
      throw error
    }
  }

  fieldsOf(relation: string): Field[] {
    return this.#catalog.get(relation)!.schema.fields
  }

  async append(relation: string, rows: Row[]): Promise<void> {
    if (!this.#world.feed(relation, rows)) this.#world.append(relation, rows)
  }

  async subscribe(name: string, sql: string): Promise<Fault | null> {
    const text = `SUBSCRIBE (${sql.replace(/;\s*$/, '')});`
    try {
      const { script, diagnostics } = parse(text)
      if (diagnostics.length > 0) throw new QueryMistake(diagnostics, text)
      const bound = this.#bind(script.statements[0]!, text)
      if (bound.kind !== 'subscribe') throw new Error('a subscription is bound as one')
      this.#follow(name, bound.query.plan)
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

  async close(): Promise<void> {}

  #bind(statement: Statement, text: string): BoundStatement {
    const parameters = { positional: [], named: new Map<string, never>() }
    return bind(statement, {
      catalog: this.#catalog,
      connectors: this.#connectors,
      parameters,
      text,
      dialect: this.#dialect,
    })
  }

  #flush(): void {
    this.#world.flush()
    for (const followed of this.#followed.values()) collect(followed, followed.query.commit())
  }

  /** Follows a plan from here on: its first commit is the snapshot. */
  #follow(name: string, plan: Plan): void {
    this.#flush()
    const followed: Followed = {
      query: new OracleQuery(plan, this.#world),
      fields: plan.output,
      changes: [],
    }
    collect(followed, followed.query.commit())
    this.#followed.set(name.toLowerCase(), followed)
  }

  #followView(name: string): void {
    for (const relation of [name, `${name}.errors`]) {
      const quoted = relation
        .split('.')
        .map((part) => `"${part}"`)
        .join('.')
      const text = `SUBSCRIBE ${quoted};`
      const bound = this.#bind(parse(text).script.statements[0]!, text)
      if (bound.kind !== 'subscribe') throw new Error('a subscription is bound as one')
      this.#follow(relation, bound.query.plan)
    }
  }

  #perform(bound: BoundStatement, text: string): Rows | Fault | { kind: 'done' } {
    switch (bound.kind) {
      case 'create-relation':
        return this.#createRelation(bound, text)
      case 'create-view':
        if (this.#catalog.get(bound.relation.name) === undefined) this.#catalog.add(bound.relation)
        break
      case 'create-materialized':
        this.#createMaterialized(bound.relation, bound.query.plan)
        break
      case 'drop':
        this.#drop(bound.name)
        break
      case 'insert':
        return this.#insert(bound.target, bound.plan, text)
      case 'select': {
        const answer = this.#answer(bound.plan, text)
        return answer.kind === 'fault' ? answer : { ...answer, fields: bound.plan.output }
      }
      case 'flush':
        this.#flush()
        break
      case 'set':
        if (bound.name === 'dialect') this.#dialect = bound.value as Dialect
        break
      default:
        throw new Error(`golden scripts do not run ${bound.kind}`)
    }
    return { kind: 'done' }
  }

  #createRelation(bound: BoundStatement & { kind: 'create-relation' }, text: string) {
    const { relation, insert } = bound
    if (this.#catalog.get(relation.name) !== undefined) return { kind: 'done' as const }
    this.#catalog.add(relation)
    if (relation.kind === 'external') {
      this.#world.createExternal(relation.name, relation.watermark?.column ?? null)
      return { kind: 'done' as const }
    }
    this.#world.createRelation(relation.name)
    return insert === null ? { kind: 'done' as const } : this.#insert(relation.name, insert, text)
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

  #drop(name: string): void {
    for (const one of [name, `${name}.errors`]) {
      if (this.#catalog.get(one) !== undefined) this.#catalog.remove(one)
      this.#followed.delete(one.toLowerCase())
    }
    this.#world.drop(name)
  }

  #insert(target: string, plan: Plan, text: string): Fault | { kind: 'done' } {
    const answer = this.#answer(plan, text)
    if (answer.kind === 'fault') return answer
    const relation = this.#catalog.get(target)!
    const { fields } = givenSchema(relation)
    const bad = answer.rows.some((row) =>
      row.some((value, at) => value === null && !fields[at]!.nullable),
    )
    if (bad)
      return {
        kind: 'fault',
        code: 'not_null',
        message: 'NULL for a column that takes none',
        at: '',
      }
    const full = this.#completed(relation, answer.rows, text)
    if (!Array.isArray(full)) return full
    this.#world.append(target, full)
    return { kind: 'done' }
  }

  /** The rows with their computed columns. */
  #completed(relation: Relation, rows: Row[], text: string): Row[] | Fault {
    const { computed, schema } = relation
    if (computed === undefined) return rows
    const given = givenColumns(relation)
    const full: Row[] = []
    for (const row of rows) {
      const cells = schema.fields.map(({ type }, index) => {
        const at = given.indexOf(index)
        return literal(at < 0 ? null : row[at]!, type)
      })
      const columns = schema.fields.map(
        ({ type, nullable }, index) =>
          (computed.find(({ column: made }) => made === index)?.expression as Expression) ??
          column(index, { type, nullable }),
      )
      const names = schema.fields.map(({ name }) => name)
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

function collect(followed: Followed, shown: Shown): void {
  for (const { op, row } of shown.changes) followed.changes.push({ op, row })
}

export function faultOf(error: QueryMistake, text: string): Fault {
  const first = error.diagnostics[0]
  const span = first?.span
  const at = span === undefined ? '' : text.slice(span.start, span.end)
  return { kind: 'fault', code: error.code, message: first?.message ?? error.message, at }
}
