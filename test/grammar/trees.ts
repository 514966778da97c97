/** Trees: short ways to write the trees that a text must mean, and to get those it means. */
import { expect } from 'vitest'
import { type Expression, parse, type Statement } from '../../grammar/index.ts'

export function statementOf(text: string): Statement {
  const { script, diagnostics } = parse(text)
  expect(diagnostics, text).toEqual([])
  expect(script.statements, text).toHaveLength(1)
  return script.statements[0]!
}

export function expressionOf(text: string): Expression {
  const statement = statementOf(`SELECT ${text}`)
  if (statement.kind !== 'query-statement') throw new Error('no query')
  const { body } = statement.query
  if (body.kind !== 'select') throw new Error('no select')
  return body.items[0]!.expression
}

export const id = (name: string, quoted = false) => ({ kind: 'identifier', name, quoted })
export const col = (...path: string[]) => ({ kind: 'column', path: path.map((p) => id(p)) })
export const num = (text: string) => ({ kind: 'number', text })
export const str = (value: string) => ({ kind: 'string', value })
export const bin = (left: unknown, operator: string, right: unknown) => ({
  kind: 'binary',
  operator,
  left,
  right,
})
export const un = (operator: string, operand: unknown) => ({ kind: 'unary', operator, operand })
export const ty = (name: string, ...parameters: number[]) => ({ kind: 'type', name, parameters })
export const call = (name: string, ...args: unknown[]) => ({
  kind: 'call',
  name: id(name),
  args,
  distinct: false,
  filter: null,
})
export const interval = (text: string, from: string | null = null, to: string | null = null) => ({
  kind: 'interval',
  text,
  from,
  to,
})
export const [a, b, c] = [col('a'), col('b'), col('c')]
