/** Rpc: the JSON-lines protocol against a database that does what a test says. */
import { expect, test } from 'vitest'
import { Failure, QueryMistake } from '../../src/base/index.ts'
import type { Field } from '../../src/data/index.ts'
import type { Database, RawCommit, StatementResult } from '../../src/database/index.ts'
import { RpcServer } from '../../src/server/index.ts'

const fields: Field[] = [{ name: 'a', type: { kind: 'bigint' }, nullable: true }]

type Execute = Database['execute']

function serve(execute: Execute) {
  const lines: Record<string, unknown>[] = []
  const server = new RpcServer({ execute }, async (line) => {
    lines.push(JSON.parse(line))
  })
  return { lines, send: (value: unknown) => server.receive(JSON.stringify(value)), server }
}

function answering(results: (sql: string) => StatementResult | Promise<StatementResult>): Execute {
  return async (sql, options) => {
    const result = await results(sql)
    await options?.onResult?.(result)
    return [result]
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('a query answers columns, rows and their number', async () => {
  const { lines, send, server } = serve(
    answering(() => ({ kind: 'rows', fields, rows: [[1n], [null], [9007199254740993n]] })),
  )
  send({ id: 7, conn: 'default', sql: 'SELECT 1 AS a' })
  await server.finish()
  expect(lines).toEqual([
    { id: 7, ok: true, columns: ['a'], rows: [[1], [null], ['9007199254740993']], count: 3 },
  ])
})

test('a statement without rows answers an empty result', async () => {
  const { lines, send, server } = serve(answering(() => ({ kind: 'done', message: 'created' })))
  send({ id: 'x', sql: 'CREATE …' })
  await server.finish()
  expect(lines).toEqual([{ id: 'x', ok: true, columns: [], rows: [], count: 0 }])
})

test('mistakes and failures answer with code, position and hint', async () => {
  const { lines, send, server } = serve(async (sql) => {
    if (sql === 'world') throw new Failure('file', 'cannot open f')
    throw new QueryMistake([
      { code: 'unknown_name', message: 'there is no t', hint: 'u?', span: { start: 12, end: 13 } },
    ])
  })
  send({ id: 1, sql: 'SELECT … t' })
  send({ id: 2, sql: 'world' })
  await server.finish()
  expect(lines).toEqual([
    { id: 1, ok: false, error: 'there is no t', code: 'unknown_name', position: 12, hint: 'u?' },
    { id: 2, ok: false, error: 'cannot open f', code: 'file' },
  ])
})

test('what is no request gets an answer too', async () => {
  const { lines, server } = serve(answering(() => ({ kind: 'done', message: '' })))
  server.receive('{oops')
  server.receive('[1]')
  server.receive('{"id":3}')
  server.receive('   ')
  server.receive('{"id":4,"sql":"x","params":5}')
  await server.finish()
  expect(lines.map(({ id, ok, code }) => ({ id, ok, code }))).toEqual([
    { id: null, ok: false, code: 'syntax' },
    { id: null, ok: false, code: 'syntax' },
    { id: 3, ok: false, code: 'syntax' },
    { id: 4, ok: false, code: 'syntax' },
  ])
})

test('requests of one conn wait for each other, those of another do not', async () => {
  const gates = new Map<string, () => void>()
  const { lines, send, server } = serve(
    answering(async (sql) => {
      if (sql.startsWith('slow')) await new Promise<void>((resolve) => gates.set(sql, resolve))
      return { kind: 'done', message: sql }
    }),
  )
  send({ id: 1, conn: 'a', sql: 'slow 1' })
  send({ id: 2, conn: 'a', sql: 'fast' })
  send({ id: 3, conn: 'b', sql: 'fast' })
  await turn()
  expect(lines.map(({ id }) => id)).toEqual([3])
  gates.get('slow 1')!()
  await server.finish()
  expect(lines.map(({ id }) => id)).toEqual([3, 1, 2])
})

function subscription() {
  const queue: RawCommit[] = []
  let wake = () => {}
  let ended = false
  const push = (rows: bigint[], ops: RawCommit['ops']) => {
    queue.push({
      cycle: 1,
      offset: 0,
      watermark: null,
      snapshot: false,
      rows: rows.map((value) => [value]),
      ops,
      errors: [],
    })
    wake()
  }
  const end = () => {
    ended = true
    wake()
  }
  async function* commits() {
    for (;;) {
      const next = queue.shift()
      if (next !== undefined) yield next
      else if (ended) return
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  const result: StatementResult = {
    kind: 'changes',
    fields,
    appendOnly: false,
    commits: commits(),
    cancel: end,
  }
  return { push, end, result, isEnded: () => ended }
}

test('a subscription streams changes, lets its conn go on, and ends at cancel', async () => {
  const live = subscription()
  const { lines, send, server } = serve(
    answering((sql) => (sql === 'SUBSCRIBE v' ? live.result : { kind: 'done', message: 'ok' })),
  )
  send({ id: 7, sql: 'SUBSCRIBE v' })
  send({ id: 8, sql: 'INSERT …' })
  live.push([1n], ['+I'])
  await turn()
  live.push([1n, 2n], ['-U', '+U'])
  await turn()
  expect(lines.filter(({ id }) => id === 7)).toEqual([
    { id: 7, row: [1], op: '+I' },
    { id: 7, row: [1], op: '-U' },
    { id: 7, row: [2], op: '+U' },
  ])
  expect(lines.some(({ id }) => id === 8)).toBe(true)
  send({ cancel: 7 })
  await turn()
  expect(live.isEnded()).toBe(true)
  expect(lines.at(-1)).toEqual({ id: 7, ok: true, columns: ['a'], rows: [], count: 3 })
  await server.finish()
})

test('at the end of the input a subscription gives what is there, then ends', async () => {
  const live = subscription()
  const seen: string[] = []
  const { lines, send, server } = serve(
    answering((sql) => {
      seen.push(sql)
      if (sql === 'FLUSH') live.push([5n], ['+I'])
      return sql === 'SUBSCRIBE v' ? live.result : { kind: 'done', message: '' }
    }),
  )
  send({ id: 1, sql: 'SUBSCRIBE v' })
  await turn()
  await server.finish()
  expect(seen).toEqual(['SUBSCRIBE v', 'FLUSH'])
  expect(lines).toEqual([
    { id: 1, row: [5], op: '+I' },
    { id: 1, ok: true, columns: ['a'], rows: [], count: 1 },
  ])
})
