/**
 * FullName: a statement with the names under which the catalog has what it names: objects of its session, and those of
 * schemas.
 *
 * How      A name of FROM, of a target or of a call that the session has an object for becomes `"temp_3.t"`; one that
 *          is looked for in a schema becomes `s.t`, and one of `main` a bare one. Tables of WITH hide them, as they
 *          hide others. What is bound, logged and kept in definitions is the statement with full names, so that nobody
 *          else has to know of sessions and of where names are looked for.
 * Contract 1 (checked) what stays does not refer to what goes with a session.
 *          2 (checked) a text does not write the full name of a temporary object itself.
 */
import {
  type Identifier,
  nameOf,
  type Path,
  type Query,
  type Statement,
} from '../../grammar/index.ts'
import { type Code, mistake, type Span } from '../base/index.ts'
import { type Catalog, plainName, schemas, sessionOf, temporaryName } from '../catalog/index.ts'
import { suggestion } from './bind/suggest.ts'

/** Objects whose names are in no schema. */
const unplaced: ReadonlySet<string> = new Set(['schema', 'type', 'connection'])

type Create = Extract<Statement, { kind: `create-${string}` }>
type Alter = Statement & { kind: 'alter' }
type WatermarkDefinition = NonNullable<(Statement & { kind: 'create-relation' })['watermark']>
type Node = Record<string, unknown> & { kind?: string }

/** Of which catalog and session names are, where bare ones are looked for, and the text that spans point into. */
export interface Naming {
  catalog: Catalog
  session: number
  /** Schemas, the first one first; what is made under a bare name is made there. */
  searched: readonly string[]
  text: string
}

/** The statement with full names; the same object where it has them already. */
export function withFullNames(statement: Statement, naming: Naming): Statement {
  const edit = new Edit(naming)
  const edited = edit.statement(statement)
  return edit.changed ? edited : statement
}

class Edit {
  readonly #own: Naming
  changed = false
  /** Does it refer to something of the session? */
  #isOwn = false

  constructor(own: Naming) {
    this.#own = own
  }

  statement(statement: Statement): Statement {
    switch (statement.kind) {
      case 'create-relation':
      case 'create-view':
      case 'create-function':
      case 'create-sink':
        return this.#create(statement)
      case 'alter':
        return this.#alter(statement)
      case 'drop': {
        const { object, ifExists } = statement
        if (unplaced.has(object)) return statement
        const isFunction = object === 'function' || object === 'aggregate'
        const of = (path: Path) => {
          if (statement.temporary === true) return this.#full(path)
          return isFunction ? this.#function(path) : this.#relation(path, ifExists)
        }
        return { ...statement, name: of(statement.name), others: statement.others.map(of) }
      }
      case 'show-create': {
        const { object, name } = statement
        const path = this.#relation(name)
        return {
          ...statement,
          name: path === name && object !== 'table' ? this.#function(name) : path,
        }
      }
      case 'create-subscription': {
        const { name, ...rest } = statement
        const inner = this.#tree(rest, new Set()) as typeof rest
        return { ...inner, name: this.#made(name) }
      }
      case 'create-schema':
      case 'create-type':
      case 'create-connection':
        return statement
      case 'show':
        return statement.what === 'columns'
          ? { ...statement, of: this.#relation(statement.of!) }
          : statement
      case 'explain':
        return { ...statement, statement: this.statement(statement.statement) }
      default:
        return this.#tree(statement, new Set()) as Statement
    }
  }

  #create(statement: Create): Statement {
    const { name, ...rest } = statement
    this.#refuseFull(name.parts, name.span)
    const isTemporary = 'temporary' in statement
    const inner = this.#withLate(this.#tree(rest, new Set()) as typeof rest, rest, isTemporary)
    if (isTemporary) {
      if (name.parts.length > 1) this.#refuseTemporary(name)
      return { ...inner, name: this.#full(name) } as Statement
    }
    // The rows of CREATE TABLE … AS are copied.
    const copies = statement.kind === 'create-relation' && statement.object === 'table'
    this.#refuseKept(name, copies ? { ...rest, query: null } : rest)
    const isFunction = statement.kind === 'create-function'
    return { ...inner, name: isFunction ? name : this.#made(name) } as Statement
  }

  /** The stream for late rows is made with the one whose rows they are. */
  #withLate<T extends object>(tree: T, written: T, isTemporary: boolean): T {
    const to = lateTarget(written)
    if (to === null || this.#located(to).found || this.#isTemporary(to)) return tree
    const { watermark } = tree as T & { watermark: WatermarkDefinition }
    const late = { ...watermark.late, to: isTemporary ? this.#full(to) : this.#made(to) }
    return { ...tree, watermark: { ...watermark, late } }
  }

  #alter(statement: Alter): Statement {
    const isTemporary = this.#isTemporary(statement.name)
    const name = this.#relation(statement.name, statement.ifExists)
    const change = statement.change
    if (change.kind === 'rename') {
      const to = isTemporary ? this.#full(change.to) : this.#renamed(name, change.to)
      return { ...statement, name, change: { ...change, to } }
    }
    if (!isTemporary) this.#refuseKept(name, change)
    return { ...statement, name, change: this.#tree(change, new Set()) as typeof change }
  }

  #tree(tree: unknown, hidden: ReadonlySet<string>): unknown {
    if (Array.isArray(tree)) return tree.map((one) => this.#tree(one, hidden))
    if (typeof tree !== 'object' || tree === null) return tree
    const node = tree as Node
    if (node.kind === 'query') return this.#query(tree as Query, hidden)
    if (node.kind === 'path') return this.#relation(tree as Path)
    if (node.kind === 'table') {
      const { parts } = node['path'] as Path
      if (parts.length === 1 && hidden.has(parts[0]!.name.toLowerCase())) return node
    }
    const entries = Object.entries(tree).map(([key, part]) => [key, this.#tree(part, hidden)])
    const inner = Object.fromEntries(entries) as Node
    if (node.kind === 'call' || node.kind === 'function') {
      return { ...inner, name: this.#called(node['name'] as Identifier) }
    }
    if (node.kind === 'select-item') return this.#item(node, inner)
    return inner
  }

  /** A column without AS has the name of the call as it was written. */
  #item(before: Node, after: Node): Node {
    const [given, made] = [before, after].map((node) => node['expression'] as Node)
    if (given!.kind !== 'call' || before['alias'] !== null) return after
    const isFull = sessionOf((made!['name'] as Identifier).name) !== null
    return isFull ? { ...after, alias: given!['name'] } : after
  }

  /** A table of WITH hides the relation of its name from the queries behind it. */
  #query(query: Query, outer: ReadonlySet<string>): Query {
    const hidden = new Set(outer)
    const tables = query.with.map((table) => {
      const inner = this.#tree(table.query, hidden) as Query
      hidden.add(table.name.name.toLowerCase())
      return { ...table, query: inner }
    })
    const { with: _, kind, ...rest } = query
    return { ...(this.#tree(rest, hidden) as Query), kind, with: tables }
  }

  #called(name: Identifier): Identifier {
    this.#refuseFull([name], name.span)
    const full = temporaryName(this.#own.session, name.name)
    if (this.#own.catalog.functionNamed(full) === undefined) return name
    this.changed = true
    this.#isOwn = true
    return { ...name, name: full, quoted: true }
  }

  #function(path: Path): Path {
    const [first, ...rest] = path.parts
    const name = rest.length > 0 ? first! : this.#called(first!)
    return name === first ? path : { ...path, parts: [name] }
  }

  /** The name of a relation, or of its errors; `isSpared`: its schema need not be there. */
  #relation(path: Path, isSpared = false): Path {
    this.#refuseFull(path.parts, path.span)
    if (this.#isTemporary(path)) return this.#full(path)
    const located = this.#located(path)
    const { omitted, schema, found } = located
    if (!found && schema === null && !isSpared) this.#refuseUnknown(path.parts.slice(omitted))
    return this.#in(schema, omitted, path)
  }

  #located({ parts }: Path) {
    const { catalog, searched } = this.#own
    const names = parts.map(({ name }) => name)
    return schemas.locate(catalog, names, searched)
  }

  #isTemporary(path: Path): boolean {
    return this.#own.catalog.get(temporaryName(this.#own.session, nameOf(path))) !== undefined
  }

  /** The path without its first parts, behind a schema. */
  #in(schema: string | null, omitted: number, path: Path): Path {
    if (schema === null && omitted === 0) return path
    this.changed = true
    const { span } = path
    const first = { kind: 'identifier' as const, name: schema ?? '', quoted: false, span }
    const rest = path.parts.slice(omitted)
    return { ...path, parts: schema === null ? rest : [first, ...rest] }
  }

  /** The name of a relation that is made: in the first schema that is searched, unless it says where. */
  #made(path: Path): Path {
    const { catalog, searched } = this.#own
    const { omitted } = this.#located(path)
    const parts = path.parts.slice(omitted)
    const [first, second] = parts
    if (parts.length > 2) {
      this.#mistake('unknown_name', `${nameOf({ parts })} has too many parts`, path.span)
    }
    const isMain = omitted > 0 && schemas.isMainSchema(path.parts[omitted - 1]!.name)
    const bare = isMain ? schemas.mainSchema : searched[0]!
    // The first schema of the path may be gone.
    const isThere = schemas.isMainSchema(bare) || catalog.schemaNamed(bare) !== undefined
    if (second === undefined && !isThere) this.#refuseSchema(bare, first!.span)
    const schema = second === undefined ? bare : this.#schemaOf(first!)
    const { name, span } = second ?? first!
    if (!schemas.isMainSchema(schema) && name.toLowerCase() === 'errors') {
      const message = `errors is the name of rows that have failed: ${schema}.errors would be those of ${schema}`
      this.#mistake('duplicate_name', message, span, 'take another name')
    }
    const [before] = name.split('.')
    if (before !== name && catalog.schemaNamed(before!) !== undefined) {
      const message = `"${name}" reads like a name in schema ${before}`
      this.#mistake(
        'duplicate_name',
        message,
        span,
        'write it without the quotes, or without the dot',
      )
    }
    const isBare = second === undefined && !schemas.isMainSchema(schema)
    return this.#in(isBare ? schema : null, omitted, path)
  }

  /** The schema of a name that is made. */
  #schemaOf({ name, span }: Identifier): string {
    const { catalog } = this.#own
    const found = catalog.schemaNamed(name)
    if (found !== undefined) return found
    if (schemas.systemSchemas.includes(name.toLowerCase())) {
      this.#mistake('unknown_name', `schema ${name} belongs to the database`, span)
    }
    return this.#refuseSchema(name, span)
  }

  #refuseSchema(name: string, span: Span): never {
    const near = suggestion(name, [
      schemas.mainSchema,
      ...schemas.systemSchemas,
      ...this.#own.catalog.schemas(),
    ])
    const hint = near ?? `CREATE SCHEMA ${name} makes it`
    return this.#mistake('unknown_name', `schema ${name} does not exist`, span, hint)
  }

  /** RENAME TO leaves a relation in its schema. */
  #renamed(from: Path, to: Path): Path {
    const schema = from.parts.length > 1 ? from.parts[0]!.name : schemas.mainSchema
    const wanted = new Edit({ ...this.#own, searched: [schema] }).#made(to)
    const there = wanted.parts.length > 1 ? wanted.parts[0]!.name : schemas.mainSchema
    if (there.toLowerCase() !== schema.toLowerCase()) {
      const hint = `RENAME TO ${to.parts.at(-1)!.name} leaves it in ${schema}`
      this.#mistake('unsupported', 'not supported yet: RENAME into another schema', to.span, hint)
    }
    if (wanted !== to) this.changed = true
    return wanted
  }

  /** The first of several parts is no schema. */
  #refuseUnknown(parts: readonly Identifier[]): void {
    const [first, ...rest] = parts
    const last = rest.at(-1)?.name.toLowerCase()
    if (last === undefined || last === 'errors') return
    const name = first!.name
    const isSystem = schemas.systemSchemas.includes(name.toLowerCase())
    if (isSystem || this.#own.catalog.schemaNamed(name) !== undefined) return
    this.#refuseSchema(name, first!.span)
  }

  #mistake(code: Code, message: string, span: Span, hint?: string): never {
    mistake({ code, message, span, ...(hint === undefined ? {} : { hint }) }, this.#own.text)
  }

  #refuseTemporary({ span }: Path): never {
    const hint = 'leave the schema out: it is found before others of its name'
    this.#mistake(
      'unsupported',
      'not supported yet: schemas in names of temporary objects',
      span,
      hint,
    )
  }

  #full(path: Path): Path {
    const [first, ...rest] = path.parts
    this.changed = true
    this.#isOwn = true
    const name = temporaryName(this.#own.session, first!.name)
    return { ...path, parts: [{ ...first!, name, quoted: true }, ...rest] }
  }

  #refuseFull(parts: readonly Identifier[], span: Span): void {
    const name = nameOf({ parts })
    if (sessionOf(name) === null) return
    const message = `${name} is the name of a temporary object, which its session knows as ${plainName(name)}`
    mistake({ code: 'unknown_name', message, span }, this.#own.text)
  }

  /** What stays under `name` may not refer to anything of the session. */
  #refuseKept(name: Path, tree: unknown): void {
    const edit = new Edit(this.#own)
    edit.#tree(tree, new Set())
    if (!edit.#isOwn) return
    const message = `${nameOf(name)} stays, and what it refers to goes with the session`
    const hint = 'make both with TEMP, or both without'
    mistake({ code: 'dependency', message, hint, span: name.span }, this.#own.text)
  }
}

/** Where the late rows of a relation go that is made. */
function lateTarget(tree: object): Path | null {
  const { watermark } = tree as Partial<Statement & { kind: 'create-relation' }>
  return watermark?.late?.to ?? null
}
