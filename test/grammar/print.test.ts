/** Print: parse(print(t)) = t, for trees of every kind and for the spellings that differ from the printed one. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse, print, type Statement } from '../../grammar/index.ts'
import { sized } from '../size.ts'
import { arbitrary, bare } from './arbitrary/index.ts'

test('property: a printed statement is read as the same tree', () => {
  const kinds = new Map<string, number>()
  fc.assert(
    fc.property(arbitrary.statement, (statement) => {
      const text = print(statement)
      const { script, diagnostics } = parse(text)
      expect(diagnostics, text).toEqual([])
      expect(bare(script.statements), text).toEqual([bare(statement)])
      count(statement, kinds)
    }),
    { numRuns: sized(500, 2000) },
  )
  for (const kind of everyKind) expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(sized(0, 10))
})

test('property: a printed expression is read as the same tree', () => {
  fc.assert(
    fc.property(arbitrary.expression, (expression) => {
      const text = `SELECT ${print(expression)}`
      const { script, diagnostics } = parse(text)
      expect(diagnostics, text).toEqual([])
      const statement = script.statements[0] as Extract<Statement, { kind: 'query-statement' }>
      const body = statement.query.body
      expect(body.kind === 'select' && bare(body.items[0]?.expression), text).toEqual(
        bare(expression),
      )
    }),
    { numRuns: sized(500, 2000) },
  )
})

/** Counts the nodes of each kind, so that the property cannot lose one without notice. */
function count(node: unknown, kinds: Map<string, number>): void {
  if (typeof node !== 'object' || node === null) return
  if ('kind' in node && typeof node.kind === 'string') {
    kinds.set(node.kind, (kinds.get(node.kind) ?? 0) + 1)
  }
  for (const value of Object.values(node)) count(value, kinds)
}

// biome-ignore format: a list to read as a block
const everyKind = [
  'alter', 'assignment', 'between', 'binary', 'boolean', 'call', 'case', 'cast', 'check', 'column', 'column-definition',
  'conflict', 'create-function', 'create-relation', 'create-sink', 'create-view', 'default', 'delete', 'derived',
  'describe', 'copied-table', 'copy',
  'drop', 'emit', 'explain', 'extract', 'flush', 'foreign-key', 'identifier', 'in', 'insert', 'interval',
  'is-boolean', 'is-distinct', 'is-null', 'join', 'key', 'like', 'null', 'number', 'option', 'order-item',
  'parameter', 'path', 'query', 'query-statement', 'select', 'select-item', 'set', 'show', 'star', 'string',
  'subscribe', 'table', 'type', 'typed-literal', 'unary', 'update', 'values', 'watermark', 'window',
]
