/**
 * Completion: what may follow the letters before the cursor: dot-commands, names of the catalog, keywords.
 *
 * How      The grammar says which keywords and which kinds of names may come; the names are those of the catalog, of
 *          columns only those of the relations that the statement names, as far as it names some. Names come before
 *          keywords, and a keyword is given in the case in which it was begun. Behind a mistake, where the grammar
 *          knows nothing, everything is offered that begins so.
 */
import { type Completion, complete as expected, keywords, type Want } from '../../grammar/index.ts'
import type { Database } from '../database/index.ts'
import { functionNames, typeNames } from '../plan/index.ts'

/** Relations and their columns. */
export type Names = ReadonlyMap<string, readonly string[]>

/** Relations and their columns, as they are now. */
export async function catalogNames(database: Pick<Database, 'execute'>): Promise<Names> {
  const names = new Map<string, string[]>()
  const results = await database.execute('SHOW STREAMS; SHOW TABLES; SHOW VIEWS')
  const relations = results.flatMap((result) =>
    result.kind === 'rows' ? result.rows.map((row) => String(row[0])) : [],
  )
  for (const relation of relations.sort()) {
    const [columns] = await database.execute(`DESCRIBE ${quoted(relation)}`)
    const rows = columns?.kind === 'rows' ? columns.rows : []
    names.set(
      relation,
      rows.map((row) => String(row[0])),
    )
  }
  return names
}

/** A name as it must be written in SQL. */
export function quoted(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** Candidates for the text before the cursor, and the part of it that they replace. */
export function complete(
  typed: { before: string; after: string },
  names: Names,
  commands: readonly string[],
): [candidates: string[], word: string] {
  const { before, after } = typed
  if (before.startsWith('.')) return [commands.filter((name) => name.startsWith(before)), before]
  const wanted = expected(before + after, before.length)
  const word = before.slice(wanted.start)
  const begins = (name: string) => name.toLowerCase().startsWith(word.toLowerCase())
  const lower = word === '' ? !/[A-Z]/.test(before) : word === word.toLowerCase()
  const cased = (one: string) => (lower ? one.toLowerCase() : one)
  const lost = wanted.keywords.length + wanted.wants.length === 0 && word !== ''
  const all: Completion = lost
    ? { ...wanted, keywords: [...keywords], wants: ['column', 'relation', 'function'] }
    : wanted
  const found = all.wants.flatMap((want) => namesOf(want, all, names, word !== '')).filter(begins)
  const words = all.keywords.filter(begins).map(cased)
  return [[...new Set([...found.map(quoted), ...words])], word]
}

/** Functions and types are many: they are offered once a letter is there. */
function namesOf(want: Want, wanted: Completion, names: Names, begun: boolean): string[] {
  switch (want) {
    case 'relation':
      return wanted.qualifier === null ? [...names.keys()] : errorsOf(wanted.qualifier, names)
    case 'column':
      return columnsOf(wanted, names)
    case 'function':
      return begun ? functionNames() : []
    case 'type':
      return begun ? typeNames().filter((name) => !name.includes(' ')) : []
  }
}

/** `view.errors` is a relation. */
function errorsOf(qualifier: string, names: Names): string[] {
  return names.has(`${qualifier}.errors`) ? ['errors'] : []
}

function columnsOf({ qualifier, relations }: Completion, names: Names): string[] {
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()
  const columns = (relation: string) =>
    [...names].filter(([name]) => same(name, relation)).flatMap(([, list]) => list)
  if (qualifier !== null) {
    const meant = relations.filter(({ alias }) => same(alias, qualifier))
    return meant.flatMap(({ name }) => columns(name))
  }
  if (relations.length === 0) return [...names.values()].flat()
  return relations.flatMap(({ name, alias }) => [...columns(name), alias])
}
