/**
 * SQLite, as Node has it, as a further witness: one-shot answers of cases that keep to whole numbers, text and truth.
 *
 * How      Times are their microseconds and truth is 0 and 1. What it cannot say it refuses, and then it has no voice.
 */
import { DatabaseSync } from 'node:sqlite'
import type { Field } from '../../src/data/index.ts'
import { type Case, type Column, changeSql, type Dialect, type Select, selectSql } from './case.ts'
import { ordered } from './postgres.ts'
import type { Answer, Witness } from './witness.ts'

const sqlite: Dialect = {
  expression: (text) => text,
  window: ({ function: called, time, size, offset, alias }, source) => {
    if (called !== 'tumble') return `${called}()`
    const [width, start] = [size, offset].map((part) => `${part}000000`)
    const first = `x.${time} - (x.${time} - ${start}) % ${width}`
    const bounds = `${first} as window_start, ${first} + ${width} as window_end`
    return `(select x.*, ${bounds} from ${source} x where x.${time} is not null) ${alias}`
  },
}

/** Columns of VALUES have no names of their own there. */
const named = (sql: string): string =>
  sql.replace(
    /\(values ((?:(?!\(values ).)*?)\) (u\d+) \(([^()]*)\)/g,
    (_, rows: string, alias: string, names: string) => {
      const columns = names.split(', ').map((name, at) => `column${at + 1} as ${name}`)
      return `(select ${columns.join(', ')} from (values ${rows})) ${alias}`
    },
  )

const inSqlite = (select: Select) => named(ordered(selectSql(select, sqlite)))

function literal(cell: string, { kind }: Column): string {
  if (cell === 'NULL') return 'null'
  if (kind === 'timestamp') return `${Date.parse(`2026-01-01T00:${cell}Z`)}000`
  return kind === 'varchar' && cell !== "''" ? `'${cell}'` : cell
}

let engine: DatabaseSync | null = null

export const sqliteWitness: Witness = {
  name: 'SQLite',
  async load({ relations, views, rows }: Case) {
    engine?.close()
    engine = new DatabaseSync(':memory:')
    for (const { name, columns, object } of relations) {
      const definitions = columns.map((column) => `${column.name} ${column.type}`)
      if (object === 'keyed') definitions.push('primary key (k)')
      // What reads decimals finds no table.
      if (columns.some(({ kind }) => kind === 'decimal')) continue
      engine.exec(`create table ${name} (${definitions.join(', ')}) `)
      for (const fed of rows.filter(({ relation }) => relation === name))
        engine.exec(
          changeSql(fed.verb === 'merge' ? { ...fed, verb: 'replace' } : fed, columns, literal),
        )
    }
    for (const { name, select } of views) {
      try {
        engine.exec(`create view ${name} as ${inSqlite(select)}`)
      } catch {
        // What reads a view that it cannot say is refused, too.
      }
    }
  },
  async answer(select: Select, fields: readonly Field[]) {
    if (fields.some(({ type }) => type.kind === 'decimal')) return null
    const columns = fields.map(({ name, type }) => {
      if (type.kind === 'double') return `cast(${name} as real)`
      if (type.kind === 'boolean') return `iif(${name}, 'true', iif(not ${name}, 'false', null))`
      return `cast(${name} as text)`
    })
    const aliased = columns.map((column, at) => `${column} as a${at}`)
    try {
      const asked = engine!.prepare(`select ${aliased.join(', ')} from (${inSqlite(select)})`)
      return asked.all().map((row) => Object.values(row)) as Answer
    } catch {
      return null
    }
  },
}
