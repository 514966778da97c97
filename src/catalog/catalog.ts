/**
 * Catalog: names of relations to what they stand for, and who needs whom; names of functions and other objects.
 *
 * How      A map by lower-case name in order of creation. Dependents are found by walking the syntax trees of views
 *          for the relations they name, so that there is no second list that could disagree with the first.
 * Contract 1 (checked) a name is there once; `version` grows with every change.
 * Cost     get O(1); dependents O(views × size of their trees).
 */
import { nameOf, type Query, type Relation as TreeRelation } from '../../grammar/index.ts'
import { assert } from '../base/index.ts'
import type { CatalogObject, ObjectKind } from './object.ts'
import type { CatalogFunction, Relation } from './relation.ts'
import { placeOf } from './schema.ts'
import { systemRelation } from './system.ts'

type OfKind<Kind> = Extract<CatalogObject, { kind: Kind }>

/** The form under which a name is found: `Bid` and `BID` are one name. */
function normalName(name: string): string {
  return name.toLowerCase()
}

export class Catalog {
  readonly #relations = new Map<string, Relation>()
  readonly #functions = new Map<string, CatalogFunction>()
  /** By kind and name. */
  readonly #objects = new Map<string, CatalogObject>()
  #version = 0

  /** Grows with every change; a plan made at another version must be made again. */
  get version(): number {
    return this.#version
  }

  get(name: string): Relation | undefined {
    const normal = normalName(name)
    return this.#relations.get(normal) ?? systemRelation(normal)
  }

  add(relation: Relation): void {
    const name = normalName(relation.name)
    assert(!this.#relations.has(name), `no relation is named ${relation.name} yet`)
    this.#relations.set(name, relation)
    this.#version++
  }

  /** A relation in the place of another one, under its own name. */
  replace(name: string, relation: Relation): void {
    const replaced = normalName(name)
    assert(this.#relations.has(replaced), `a relation is named ${name}`)
    const all = [...this.#relations.entries()]
    this.#relations.clear()
    for (const [key, one] of all) {
      if (key === replaced) this.#relations.set(normalName(relation.name), relation)
      else this.#relations.set(key, one)
    }
    this.#version++
  }

  /** The same names, apart from these. */
  copy(): Catalog {
    const copy = new Catalog()
    for (const relation of this.list()) copy.add(relation)
    for (const made of this.functions()) copy.addFunction(made)
    for (const object of this.#objects.values()) copy.addObject(object)
    return copy
  }

  remove(name: string): void {
    assert(this.#relations.delete(normalName(name)), `a relation is named ${name}`)
    this.#version++
  }

  /** Schemas beside `main`, in order of creation. */
  schemas(): string[] {
    return this.objects('schema').map(({ name }) => name)
  }

  /** The schema of this name, as it was written; `main` is none of them. */
  schemaNamed(name: string): string | undefined {
    return this.object('schema', name)?.name
  }

  /** The object of this kind and name. */
  object<Kind extends ObjectKind>(kind: Kind, name: string): OfKind<Kind> | undefined {
    return this.#objects.get(`${kind} ${normalName(name)}`) as OfKind<Kind> | undefined
  }

  /** All objects of a kind, in order of creation. */
  objects<Kind extends ObjectKind>(kind: Kind): OfKind<Kind>[] {
    return [...this.#objects.values()].filter((one): one is OfKind<Kind> => one.kind === kind)
  }

  addObject(object: CatalogObject): void {
    this.#objects.set(`${object.kind} ${normalName(object.name)}`, object)
    this.#version++
  }

  removeObject(kind: ObjectKind, name: string): void {
    assert(this.#objects.delete(`${kind} ${normalName(name)}`), `a ${kind} is named ${name}`)
    this.#version++
  }

  /** What was made in a schema. */
  inSchema(schema: string): Relation[] {
    const wanted = normalName(schema)
    return this.list().filter((one) => normalName(schemaOf(this, one)) === wanted)
  }

  /** What CREATE FUNCTION made under this name. */
  functionNamed(name: string): CatalogFunction | undefined {
    return this.#functions.get(normalName(name))
  }

  /** Adds a function, in the place of one of its name. */
  addFunction(made: CatalogFunction): void {
    this.#functions.set(normalName(made.name), made)
    this.#version++
  }

  removeFunction(name: string): void {
    assert(this.#functions.delete(normalName(name)), `a function is named ${name}`)
    this.#version++
  }

  /** All functions that were made, in order. */
  functions(): CatalogFunction[] {
    return [...this.#functions.values()]
  }

  /** All relations that were made, in order of creation. */
  list(): Relation[] {
    return [...this.#relations.values()]
  }

  /** What a relation reads, whatever stands between them, itself included. */
  sourcesOf(relation: Relation): ReadonlySet<Relation> {
    const found = new Set([relation])
    for (const one of found) {
      const query = queryOf(one)
      const names = query !== null ? namesOf(query) : one.kind === 'errors' ? [one.of] : []
      for (const name of names) {
        const source = this.get(name)
        if (source !== undefined) found.add(source)
      }
    }
    return found
  }

  /** What calls the function `name`: the relations whose rows come from a query that does, functions, and tables. */
  callers(name: string): { derived: string[]; functions: string[]; tables: string[] } {
    const wanted = normalName(name)
    const relations = this.list().filter((relation) => {
      const made = queryOf(relation) ?? relation.definition?.statement
      return made !== undefined && calls(made, wanted)
    })
    const [derived, tables] = [[] as string[], [] as string[]]
    for (const one of relations) (queryOf(one) === null ? tables : derived).push(one.name)
    const functions = this.functions().flatMap((made) => {
      return made.kind === 'sql' && calls(made.expression, wanted) ? [made.name] : []
    })
    return { derived, functions, tables }
  }

  /** What names a type: relations, functions and other types. */
  usersOfType(name: string): string[] {
    const wanted = normalName(name)
    const made = [...this.list(), ...this.functions()].filter(({ definition }) =>
      namesType(definition?.statement, wanted),
    )
    const types = this.objects('type').filter(({ written }) => namesType(written, wanted))
    return [...made, ...types].map((one) => one.name)
  }

  /** Names of the views (and error relations' readers) that read `name` or its errors directly. */
  dependents(name: string): string[] {
    const wanted = new Set([normalName(name), `${normalName(name)}.errors`])
    const found: string[] = []
    for (const relation of this.#relations.values()) {
      const query = queryOf(relation)
      if (query === null) continue
      if (namesOf(query).some((used) => wanted.has(used))) found.push(relation.name)
    }
    return found
  }
}

/** The schema of a relation; errors are in that of their query. */
function schemaOf(catalog: Catalog, relation: Relation): string {
  return placeOf(catalog, relation.kind === 'errors' ? relation.of : relation.name).schema
}

/** Does a tree call the function of this normal name? */
function calls(tree: unknown, name: string): boolean {
  if (typeof tree !== 'object' || tree === null) return false
  const node = tree as { kind?: string; name?: { name: string } }
  const isCall = node.kind === 'call' || node.kind === 'function'
  if (isCall && normalName(node.name!.name) === name) return true
  return Object.values(tree).some((part) => calls(part, name))
}

/** Does a tree name the type of this normal name? */
function namesType(tree: unknown, name: string): boolean {
  if (typeof tree !== 'object' || tree === null) return false
  const node = tree as { kind?: string; name?: string }
  if (node.kind === 'type' && normalName(node.name!) === name) return true
  return Object.values(tree).some((part) => namesType(part, name))
}

/** The query that gives the rows of a relation. */
function queryOf(relation: Relation): Query | null {
  if (relation.kind === 'view' || relation.kind === 'materialized') return relation.query
  const made = relation.definition?.statement
  if (made?.kind === 'create-sink' || made?.kind === 'create-subscription') return made.query
  return relation.kind === 'stream' ? (relation.derived ?? null) : null
}

/** Normal names of the relations that a query reads; `common` are those that WITH hides. */
function namesOf(query: Query, common: ReadonlySet<string> = new Set()): string[] {
  const hidden = new Set(common)
  const tables = query.with.flatMap((table) => {
    const names = namesOf(table.query, hidden)
    hidden.add(normalName(table.name.name))
    return names
  })
  const { with: _, ...rest } = query
  return [...tables, ...Object.values(rest).flatMap((part) => namesIn(part, hidden))]
}

/** Names in any part of a tree: relations stand in FROM, and queries stand in expressions. */
function namesIn(tree: unknown, hidden: ReadonlySet<string>): string[] {
  if (typeof tree !== 'object' || tree === null) return []
  const node = tree as { kind?: string }
  if (node.kind === 'query') return namesOf(tree as Query, hidden)
  if (node.kind === 'table') {
    const { path } = tree as TreeRelation & { kind: 'table' }
    const name = normalName(nameOf(path))
    return path.parts.length === 1 && hidden.has(name) ? [] : [name]
  }
  return Object.values(tree).flatMap((part) => namesIn(part, hidden))
}
