/**
 * Names: statements bound against a catalog of their own, without an engine.
 */
import { parse } from '../../grammar/index.ts'
import { systemDisk } from '../../src/base/index.ts'
import { Catalog } from '../../src/catalog/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import type { Row } from '../../src/data/index.ts'
import { type BoundStatement, bind } from '../../src/plan/index.ts'
import { Sources } from '../script/sources.ts'

/** A catalog and its settings, without an engine. */
export class Names {
  readonly catalog = new Catalog()
  readonly settings = new Map<string, string>()
  readonly #connectors = builtinConnectors(systemDisk, new Sources())

  run(text: string): BoundStatement[] {
    return parse(text).script.statements.map((statement) => {
      const bound = bind(statement, {
        catalog: this.catalog,
        connectors: this.#connectors,
        parameters: { positional: [], named: new Map() },
        text,
        dialect: (this.settings.get('dialect') ?? 'default') as 'default',
        settings: this.settings,
      })
      this.#take(bound)
      return bound
    })
  }

  #take(bound: BoundStatement): void {
    if (bound.kind === 'set') {
      for (const { name, value } of bound.values) this.settings.set(name, value)
    }
    if (bound.kind === 'create-function') this.catalog.addFunction(bound.made)
    if (bound.kind === 'drop') for (const { name } of [bound, ...bound.more]) this.#remove(name)
    if (!('relation' in bound)) return
    if (this.catalog.get(bound.relation.name)) this.catalog.remove(bound.relation.name)
    this.catalog.add(bound.relation)
  }

  /** The relation, and what reads it. */
  #remove(name: string): void {
    if (this.catalog.get(name) === undefined) return
    for (const dependent of this.catalog.dependents(name)) this.#remove(dependent)
    this.catalog.remove(name)
  }

  rows(text: string): Row[] {
    const [bound] = this.run(text)
    if (bound?.kind !== 'told') throw new Error(`${text} is answered by the catalog`)
    return bound.rows
  }
}
