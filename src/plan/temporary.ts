/**
 * Temporary: a statement of a session that has objects of its own, with the names under which the catalog has them.
 *
 * How      A name of FROM, of a target or of a call that the session has an object for becomes the full one,
 *          `"temp_3.t"`; tables of WITH hide it, as they hide others. What is bound, logged and kept in definitions is
 *          the statement with full names, so that nobody else has to know of sessions.
 * Contract 1 (checked) what stays does not refer to what goes with a session.
 *          2 (checked) a text does not write a full name itself.
 */
import {
  type Identifier,
  nameOf,
  type Path,
  type Query,
  type Statement,
} from '../../grammar/index.ts'
import { mistake, type Span } from '../base/index.ts'
import { type Catalog, plainName, sessionOf, temporaryName } from '../catalog/index.ts'

type Create = Extract<Statement, { kind: `create-${string}` }>
type Alter = Statement & { kind: 'alter' }
type Node = Record<string, unknown> & { kind?: string }

/** Of which catalog and session names are, and the text that spans point into. */
export interface OwnNames {
  catalog: Catalog
  session: number
  text: string
}

/** The statement with full names; the same object where it names nothing of the session's own. */
export function withOwnNames(statement: Statement, own: OwnNames): Statement {
  const edit = new Edit(own)
  const edited = edit.statement(statement)
  return edit.changed ? edited : statement
}

class Edit {
  readonly #own: OwnNames
  changed = false

  constructor(own: OwnNames) {
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
        const isFunction = statement.object === 'function' || statement.object === 'aggregate'
        const of = (path: Path) => {
          if (statement.temporary === true) return this.#full(path)
          return isFunction ? this.#function(path) : this.#relation(path)
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
      case 'explain':
        return { ...statement, statement: this.statement(statement.statement) }
      default:
        return this.#tree(statement, new Set()) as Statement
    }
  }

  #create(statement: Create): Statement {
    const { name, ...rest } = statement
    this.#refuseFull(name.parts, name.span)
    const inner = this.#tree(rest, new Set()) as typeof rest
    if ('temporary' in statement) {
      return { ...this.#withLate(inner), name: this.#full(name) } as Statement
    }
    // The rows of CREATE TABLE … AS are copied.
    const copies = statement.kind === 'create-relation' && statement.object === 'table'
    this.#refuseKept(name, copies ? { ...rest, query: null } : rest)
    return { ...inner, name } as Statement
  }

  /** The stream for late rows is made with the one whose rows they are. */
  #withLate<T extends object>(tree: T): T {
    const { watermark } = tree as Partial<Statement & { kind: 'create-relation' }>
    const to = watermark?.late?.to ?? null
    if (to === null || this.#own.catalog.get(nameOf(to)) !== undefined) return tree
    const late = { ...watermark!.late!, to: this.#full(to) }
    return { ...tree, watermark: { ...watermark!, late } }
  }

  #alter(statement: Alter): Statement {
    const name = this.#relation(statement.name)
    const change = statement.change
    if (name === statement.name) this.#refuseKept(name, change)
    else if (change.kind === 'rename') {
      return { ...statement, name, change: { ...change, to: this.#full(change.to) } }
    }
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
    return { ...name, name: full, quoted: true }
  }

  #function(path: Path): Path {
    const [first, ...rest] = path.parts
    const name = rest.length > 0 ? first! : this.#called(first!)
    return name === first ? path : { ...path, parts: [name] }
  }

  /** The name of a relation, or of its errors. */
  #relation(path: Path): Path {
    this.#refuseFull(path.parts, path.span)
    const { catalog, session } = this.#own
    const full = temporaryName(session, nameOf(path))
    return catalog.get(full) === undefined ? path : this.#full(path)
  }

  #full(path: Path): Path {
    const [first, ...rest] = path.parts
    this.changed = true
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
    if (!edit.changed) return
    const message = `${nameOf(name)} stays, and what it refers to goes with the session`
    const hint = 'make both with TEMP, or both without'
    mistake({ code: 'dependency', message, hint, span: name.span }, this.#own.text)
  }
}
