/**
 * Relations between the answers of queries that must hold whatever the query is, where no second answer is needed.
 *
 * How      A random query without groups is asked in parts and as a whole:
 *          TLP    its rows are those with p, those with NOT p and those with p IS NULL;
 *          NoREC  as many rows pass WHERE p as rows have a CASE WHEN p of 1;
 *          LIMIT  ORDER BY, LIMIT and OFFSET cut the rows that ORDER BY alone gives.
 *          Where p fails on a row, no relation is asked for.
 */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { EngineSession } from '../script/engine-session.ts'
import { readScript } from '../script/format.ts'
import { runStep } from '../script/run.ts'
import { commitSeed } from '../seed.ts'
import { sized } from '../size.ts'
import { type Case, millrace, type Select, scriptOf, selectSql } from './case.ts'
import { setting } from './check.ts'
import { expression, leaf, pick, type ScopeColumn } from './expression.ts'
import { generate } from './generate.ts'
import { giveOwn } from './own.ts'

const cases = sized(40, 1000)
const chunk = 20
const firstSeed = commitSeed('relation')
const chunks = Array.from({ length: cases / chunk }, (_, index) => firstSeed + index * chunk)

/** A random query over columns of the case's relations, alone. */
interface Asked {
  select: Select
  condition: Select['where'][number]
}

function askedOf(one: Case, random: Random): Asked {
  const { name, columns } = pick(random, one.relations)
  const scope = columns.flatMap(({ name: column, kind }): ScopeColumn[] =>
    kind === 'struct' ? [] : [{ ref: `r.${column}`, kind }],
  )
  const items = Array.from({ length: 1 + random.below(3) }, (_, at) => {
    const { kind } = pick(random, scope)
    return { expression: expression(random, kind, scope), alias: `o${at}` }
  })
  const select: Select = {
    items, from: { kind: 'table', name, alias: 'r' },
    where: random.below(3) === 0 ? [expression(random, 'boolean', scope, 1)] : [],
    tests: [], group: null, having: [], distinct: false, set: null, tail: '',
  } // biome-ignore format: one list
  return { select, condition: expression(random, 'boolean', scope) }
}

/** Rows as sorted texts; null where the query fails. */
async function answer(session: EngineSession, sql: string): Promise<string[] | null> {
  const result = await session.execute(sql)
  return result.kind === 'rows' ? result.rows.map((row) => row.map(String).join(' | ')) : null
}

const among = (select: Select, condition: Select['where'][number], text: string) =>
  selectSql({ ...select, where: [...select.where, { text, parts: [condition] }] }, millrace)

async function partition(session: EngineSession, { select, condition }: Asked): Promise<boolean> {
  const whole = await answer(session, selectSql(select, millrace))
  const parts = [
    await answer(session, among(select, condition, '$0')),
    await answer(session, among(select, condition, '(not $0)')),
    await answer(session, among(select, condition, '($0 is null)')),
  ]
  if (whole === null || parts.includes(null)) return false
  expect(parts.flat().sort()).toEqual(whole.sort())
  return true
}

async function withoutOptimizer(session: EngineSession, asked: Asked): Promise<void> {
  const { select, condition } = asked
  const count = { ...select, items: [{ expression: leaf('count(*)'), alias: 'n' }] }
  const text = 'coalesce(sum(case when $0 then 1 else 0 end), 0)'
  const sum = { ...select, items: [{ expression: { text, parts: [condition] }, alias: 'n' }] }
  const [passed, told] = [
    await answer(session, among(count, condition, '$0')),
    await answer(session, selectSql(sum, millrace)),
  ]
  if (passed !== null && told !== null) expect(passed).toEqual(told)
}

async function cut(session: EngineSession, { select }: Asked, random: Random): Promise<void> {
  const { alias } = pick(random, select.items)
  const order = `${selectSql(select, millrace)} order by ${alias}${pick(random, ['', ' desc', ' nulls first'])}`
  const all = await answer(session, order)
  const [limit, offset] = [random.below(6), random.below(4)]
  const some = await answer(session, `${order} limit ${limit} offset ${offset}`)
  if (all !== null && some !== null) expect(some).toEqual(all.slice(offset, offset + limit))
}

describe('relations', () => {
  test.each(chunks)('seeds from %i', async (from) => {
    let held = 0
    for (let seed = from; seed < from + chunk; seed++) {
      const random = seededRandom(seed)
      const one = { ...generate(random), views: [] }
      const { options } = setting(random)
      const session = await EngineSession.open({ ...options, prepare: giveOwn })
      for (const step of readScript(scriptOf(one))) await runStep(session, step)
      try {
        const asked = askedOf(one, random)
        if (await partition(session, asked)) held++
        await withoutOptimizer(session, asked)
        await cut(session, asked, random)
      } catch (error) {
        throw new Error(`seed ${seed}\n${scriptOf(one)}`, { cause: error })
      } finally {
        await session.close()
      }
    }
    expect(held, 'queries without failures').toBeGreaterThan(chunk / 4)
  })
})
