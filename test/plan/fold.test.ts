/**
 * Fold: constants as the reference interpreter computes them.
 */
import { describe, expect, test } from 'vitest'
import { fold } from '../../src/plan/fold.ts'
import { evaluate } from '../oracle/scalar/scalar.ts'
import { Failed } from '../oracle/value.ts'
import { bound, planOf } from './fixture.ts'

const operands: Record<string, string[]> = {
  integer: ['0', '1', '-7', '2147483647', 'cast(null as integer)'],
  bigint: ['3000000000', '-9223372036854775808', 'cast(null as bigint)'],
  decimal: ['0.5', '-12.34', '99999999999999.9999'],
  double: ['1e0', '-2.5e-3', '0e0', '1e308'],
}

function expressions(): string[] {
  const all = Object.values(operands).flat()
  const pairs = all.flatMap((a) => all.map((b) => [a, b] as const))
  const operators = ['+', '-', '*', '%', '=', '<', '>=', '<>']
  return pairs.flatMap(([a, b]) => operators.map((operator) => `${a} ${operator} ${b}`))
}

function boundExpression(sql: string) {
  const { plan } = planOf(bound(`select ${sql}`))
  if (plan.kind !== 'values') throw new Error('a SELECT of constants is VALUES')
  return plan.rows[0]![0]!
}

describe('fold', () => {
  test('oracle: every operator over every pair of number types', () => {
    let folded = 0
    for (const sql of expressions()) {
      const expression = boundExpression(sql)
      const after = fold(expression)
      expect(after.type, sql).toEqual(expression.type)
      const value = evaluate(expression, [])
      if (value instanceof Failed) {
        // What fails must be left to fail where it is used.
        expect(evaluate(after, []), sql).toBeInstanceOf(Failed)
        continue
      }
      expect(evaluate(after, []), sql).toEqual(value)
      if (after.kind === 'literal') folded++
    }
    expect(folded).toBeGreaterThan(1000)
  }, 60_000)

  test.each([
    ["timestamp '2026-01-01' + interval '1' day", true],
    ["timestamp '2026-01-31' + interval '1' month", false],
    ["interval '1' year + interval '2' month", true],
    ["interval '1' day - interval '2' hour", true],
    ["3 * interval '10' second", true],
    ['case when 1 > 2 then 1 / 0 when true then 5 else 6 end', true],
    ['1 = 1 or 1 / 0 = 1', true],
    ['null and 1 = 2', true],
    ['coalesce(null, 3)', true],
    ['not (1 = 1)', true],
    ['1 / 0', false],
    ['9223372036854775807 + 1', false],
    ["cast('x' as varchar) || 'y'", false],
  ])('%s', (sql, becomesLiteral) => {
    expect(fold(boundExpression(sql)).kind === 'literal').toBe(becomesLiteral)
  })
})
