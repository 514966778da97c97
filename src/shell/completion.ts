/**
 * Completion: what may follow the letters before the cursor: dot-commands, names of the catalog, keywords.
 *
 * How      The word before the cursor is matched by its start, case aside; names come before keywords, and a keyword
 *          is given in the case in which it was begun.
 */
import { keywords } from '../../grammar/index.ts'
import type { Database } from '../database/index.ts'

/** Names of relations and their columns, as they are now. */
export async function catalogNames(database: Pick<Database, 'execute'>): Promise<string[]> {
  const names = new Set<string>()
  const results = await database.execute('SHOW STREAMS; SHOW TABLES; SHOW VIEWS')
  const relations = results.flatMap((result) =>
    result.kind === 'rows' ? result.rows.map((row) => String(row[0])) : [],
  )
  for (const relation of new Set(relations)) {
    names.add(relation)
    const [columns] = await database.execute(`DESCRIBE ${quoted(relation)}`)
    if (columns?.kind === 'rows') for (const row of columns.rows) names.add(String(row[0]))
  }
  return [...names].sort()
}

/** A name as it must be written in SQL. */
export function quoted(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** Candidates for the end of `line`, and the part of it that they replace. */
export function complete(
  line: string,
  names: readonly string[],
  commands: readonly string[],
): [candidates: string[], word: string] {
  if (line.startsWith('.')) return [commands.filter((name) => name.startsWith(line)), line]
  const word = /[\w$]*$/.exec(line)![0]
  if (word === '') return [[], word]
  const start = word.toLowerCase()
  const found = names.filter((name) => name.toLowerCase().startsWith(start)).map(quoted)
  const lower = word === start
  for (const keyword of keywords) {
    if (keyword.toLowerCase().startsWith(start)) {
      found.push(lower ? keyword.toLowerCase() : keyword.toUpperCase())
    }
  }
  return [[...new Set(found)], word]
}
