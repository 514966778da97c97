/**
 * A computed column that is chosen among others by a number is what the evaluator makes of the same words.
 */
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/index.ts'
import { open } from '../../src/database/index.ts'
import type { Expression } from '../../src/plan/index.ts'
import { choiceOf } from '../../src/runtime/choice.ts'
import { commitSeed } from '../seed.ts'

/** The same, once as a choice and once in words that are none. */
const branches = [
  ['CASE WHEN K = 0 THEN a WHEN K = 2 THEN b ELSE c END'],
  ['CASE K WHEN -1 THEN a WHEN 1 THEN b WHEN 1 THEN c ELSE a END'],
  ['CASE WHEN K = 1 THEN c ELSE a END'],
].flatMap(([text]) => ['k', 's'].map((key) => text!.replaceAll('K', key)))
const others = branches.map(
  (text) => `CASE WHEN a IS NULL AND b = 7 AND b = 8 THEN b ELSE ${text} END`,
)

test('the same values, NULLs among them', async () => {
  const random = seededRandom(commitSeed('choice'))
  await using db = await open(':memory:')
  const computed = [...branches, ...others].map((text, at) => `x${at} AS ${text}`)
  await db.execute(`CREATE STREAM t (k INT, s SMALLINT, a BIGINT, b BIGINT, c BIGINT, ${computed})`)
  const some = (value: unknown) => (random.below(6) === 0 ? null : value)
  const number = () => some(BigInt(random.below(1000) - 500) * 2n ** 33n)
  const row = () => {
    const [k, s] = [some(random.below(5) - 1), some(random.below(5) - 1)]
    return { k, s, a: number(), b: number(), c: number() }
  }
  for (let rows = 1; rows < 300; rows += 61) {
    await db.append('t', Array.from({ length: rows }, row))
  }
  const { fields, rows } = await db.query('SELECT * FROM t')
  const column = (name: string) => {
    const at = fields.findIndex((field) => field.name === name)
    return rows.map((one) => one[at])
  }
  for (const [at, text] of branches.entries()) {
    expect(column(`x${at}`), text).toEqual(column(`x${at + branches.length}`))
  }
})

test('what is a choice', () => {
  const int = { kind: 'integer' } as const
  const bigint = { kind: 'bigint' } as const
  const column = (index: number, type: Expression['type']): Expression => {
    return { kind: 'column', index, type, nullable: true }
  }
  const literal: Expression = { kind: 'literal', value: '1', type: int, nullable: false }
  const when = (type: Expression['type']): Expression => ({
    kind: 'call',
    function: 'eq',
    args: [column(0, type), { ...literal, type }],
    type: { kind: 'boolean' },
    nullable: true,
    fallible: false,
  })
  const choice = (key: Expression['type'], value: Expression): Expression => ({
    kind: 'case',
    whens: [{ when: when(key), then: column(1, bigint) }],
    else: value,
    type: value.type,
    nullable: true,
    fallible: false,
  })
  expect(choiceOf(choice(int, column(2, bigint)))).toEqual({
    key: 0,
    numbers: Int32Array.of(1),
    columns: [1, 2],
  })
  expect(choiceOf(choice(bigint, column(2, bigint)))).toBe(null)
  expect(choiceOf(choice(int, { ...literal, type: bigint }))).toBe(null)
})
