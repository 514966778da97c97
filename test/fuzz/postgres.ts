/**
 * Postgres, as PGlite has it, as a further witness: one-shot answers of cases that keep to standard SQL.
 *
 * How      Relations become tables; TUMBLE and HOP become a series of starts beside each row. What it cannot say it
 *          refuses, and then it has no voice.
 */
import type { PGlite } from '@electric-sql/pglite'
import type { Field } from '../../src/data/index.ts'
import { type Case, changeSql, type Dialect, type Select, selectSql } from './case.ts'
import { literal } from './duckdb.ts'
import type { Answer, Witness } from './witness.ts'

const postgres: Dialect = {
  expression: (text) => text,
  window: ({ function: called, time, slide, size, offset, alias }, source) => {
    if (called === 'cumulate' || called === 'session') return `${called}()`
    const [step, width] = [slide, size].map((part) => `interval '${part}' second`)
    const origin = `timestamp '1970-01-01' + interval '${offset}' second`
    const last = `date_bin(${step}, x.${time}, ${origin})`
    const first = `${last} - ${Math.ceil(size / slide) - 1} * ${step}`
    const starts = `generate_series(${first}, ${last}, ${step}) s`
    const bounds = `s as window_start, s + ${width} as window_end`
    const own = `select x.*, ${bounds} from ${source} x cross join ${starts}`
    return `(${own} where s + ${width} > x.${time}) ${alias}`
  },
}

/** NULL stands last there in ascending order only. */
export const ordered = (sql: string): string =>
  sql.replace(/order by ([^()]+?)(?=\)| limit |$)/g, (_, keys: string) => {
    const told = keys.split(', ').map((key) => (/ nulls /.test(key) ? key : `${key} nulls last`))
    return `order by ${told.join(', ')}`
  })

const inPostgres = (select: Select) => ordered(selectSql(select, postgres))

/** An engine takes seconds to start: the tests of a worker share one. */
let started: Promise<PGlite> | null = null

export const postgresWitness: Witness = {
  name: 'Postgres',
  async load({ relations, views, rows }: Case) {
    started ??= import('@electric-sql/pglite').then(({ PGlite }) => PGlite.create())
    const engine = await started
    const script: string[] = ['drop schema public cascade; create schema public;']
    for (const { name, columns, object } of relations) {
      const definitions = columns.map((column) => `${column.name} ${column.type}`)
      if (object === 'keyed') definitions.push('primary key (k)')
      script.push(`create table ${name} (${definitions.join(', ')});`)
    }
    for (const fed of rows) {
      const { columns } = relations.find(({ name }) => name === fed.relation)!
      script.push(changeSql(fed, columns, (cell, { type }) => literal(cell, type)))
    }
    await engine.exec(script.join('\n'))
    for (const { name, select } of views) {
      // What reads a view that it cannot say is refused, too.
      await engine.exec(`create view ${name} as ${inPostgres(select)}`).catch(() => {})
    }
  },
  async answer(select: Select, fields: readonly Field[]) {
    const columns = fields.map(({ name, type }) => {
      if (type.kind === 'double') return `cast(${name} as double precision)`
      if (type.kind === 'decimal')
        return `cast(cast(${name} as decimal(38, ${type.scale})) as varchar)`
      if (type.kind === 'timestamp')
        return `cast(cast(extract(epoch from ${name}) * 1000000 as bigint) as varchar)`
      return `cast(${name} as varchar)`
    })
    const sql = `select ${columns.join(', ')} from (${inPostgres(select)}) q`
    const engine = await started!
    try {
      return (await engine.query(sql, [], { rowMode: 'array' })).rows as Answer
    } catch {
      return null
    }
  },
}
