/**
 * TPC-H: a hundred questions of the kind that analysts ask (queries.sql; q01–q22 ask what those of TPC-H ask), over
 * small tables: at once, and as materialized views over tables that are filled, changed and emptied. DuckDB witnesses.
 *
 * How      Before the first row every query becomes a view, without its order and limit. After each batch of changes
 *          the view, and at two of them the query itself with its order, must give what DuckDB answers.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/base/index.ts'
import type { DatabaseOptions } from '../../src/database/index.ts'
import { answerTo, connect, plainRows, sameRows } from '../fuzz/duckdb.ts'
import { EngineSession } from '../script/engine-session.ts'
import { commitSeed } from '../seed.ts'
import { isFull } from '../size.ts'
import { batches } from './data.ts'

interface Question {
  name: string
  /** Without order and limit. */
  query: string
  /** ORDER BY, a total order, with LIMIT; '' for none. */
  order: string
}

const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8')
const schema = read('schema.sql')
  .split(';')
  .filter((statement) => statement.trim() !== '')

const questions = read('queries.sql')
  .trim()
  .split(/\n\n+/)
  .map((text): Question => {
    const [title = '', ...lines] = text.split('\n')
    const at = lines.findIndex((line) => line.startsWith('order by'))
    const query = lines.slice(0, at < 0 ? lines.length : at).join('\n')
    return { name: title.slice(3, 6), query, order: at < 0 ? '' : lines.slice(at).join('\n') }
  })

/** After which batches queries are asked at once, too. */
const asks: ReadonlySet<number> = new Set([2, 5])

const settings: DatabaseOptions[] = [
  { vectorSize: 2048, fragments: 1 },
  { vectorSize: 3, fragments: 3 },
  { vectorSize: 1, fragments: 2, backend: 'closure' },
]

async function rowsOf(session: EngineSession, sql: string) {
  const answer = await session.execute(sql)
  if (answer.kind !== 'rows') throw new Error(`${sql}\n${JSON.stringify(answer)}`)
  return { fields: answer.fields, rows: plainRows(answer.rows, answer.fields) }
}

describe('questions of analysts', () => {
  const seed = commitSeed('tpch')
  const seeds = isFull ? [seed, seed + 1, seed + 2, seed + 3] : [seed]
  test.each(seeds)('seed %i', async (first) => {
    const options = settings[first % settings.length]!
    const session = await EngineSession.open(options)
    const duckdb = await connect()
    const told = new Set<string>()
    const check = (name: string, batch: number, ours: unknown, theirs: unknown, same: boolean) => {
      const texts = [ours, theirs].map((rows) => JSON.stringify(rows))
      if (!same) told.add(`${name} after batch ${batch}\nours   ${texts[0]}\nDuckDB ${texts[1]}`)
    }
    for (const statement of schema) {
      await session.execute(statement)
      await duckdb.run(statement)
    }
    for (const { name, query } of questions) {
      const made = await session.execute(`create materialized view ${name} as ${query}`)
      if (made.kind !== 'done') throw new Error(`${name}: ${JSON.stringify(made)}`)
    }
    for (const [batch, statements] of batches(seededRandom(first)).entries()) {
      for (const statement of statements) {
        const done = await session.execute(statement)
        if (done.kind !== 'done') throw new Error(`${statement}: ${JSON.stringify(done)}`)
        await duckdb.run(statement)
      }
      await session.flush()
      for (const { name, query, order } of questions) {
        const view = await rowsOf(session, `select * from ${name}`)
        const whole = await answerTo(duckdb, query, view.fields)
        check(name, batch, view.rows, whole, sameRows(view.rows, whole))
        if (!asks.has(batch)) continue
        const asked = await rowsOf(session, `${query} ${order}`)
        const sorted = await answerTo(duckdb, `${query} ${order}`, asked.fields)
        const same = asked.rows.length === sorted.length
        const inPlace = asked.rows.every((row, at) => sameRows([row], sorted.slice(at, at + 1)))
        const agrees = order === '' ? sameRows(asked.rows, sorted) : same && inPlace
        check(`${name}, asked at once,`, batch, asked.rows, sorted, agrees)
      }
    }
    await session.close()
    duckdb.closeSync()
    expect([...told].join('\n\n')).toBe('')
  })
})
