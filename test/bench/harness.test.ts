/** Harness: rounds, medians, ratios, and that wrong answers stop a benchmark. */
import { expect, test } from 'vitest'
import { baseMicros, makeBatch, makeColumns } from '../../src/bench/data.ts'
import { compare, median, rates, type Subject } from '../../src/bench/harness.ts'
import { millraceSubject } from '../../src/bench/kernels.ts'
import { objectsSubject, rxjsSubject } from '../../src/bench/objects.ts'
import { compileLoop, duckdbSubject, loopSubject, type PeerInput } from '../../src/bench/peers.ts'
import type { Question } from '../../src/bench/question.ts'
import { tableText } from '../../src/bench/table.ts'
import { type Connectors, valueAt } from '../../src/data/index.ts'
import { open } from '../../src/database/index.ts'
import { sized } from '../size.ts'

const signal = new AbortController().signal

function subject(name: string, millis: number[], answer: number[], calls: string[]): Subject {
  let at = 0
  return {
    name,
    prepare: async () => void calls.push(`prepare ${name}`),
    round: async () => {
      calls.push(name)
      return { answer, millis: millis[at++]! }
    },
    close: async () => void calls.push(`close ${name}`),
  }
}

test('rounds take turns, the first does not count, the median does', async () => {
  const calls: string[] = []
  const subjects = [
    subject('a', [9000, 1, 5, 3], [1], calls),
    subject('b', [0, 10, 30, 20], [1], calls),
  ]
  expect(await compare(subjects, { rounds: 3, signal })).toEqual([3, 20])
  expect(calls).toEqual([
    'prepare a',
    'prepare b',
    'a',
    'b',
    'a',
    'b',
    'a',
    'b',
    'a',
    'b',
    'close a',
    'close b',
  ])
  expect(median([1, 2, 3, 10])).toBe(2.5)
})

test('a subject that answers something else is a failure, and all are closed', async () => {
  const calls: string[] = []
  const subjects = [subject('a', [1, 1], [1], calls), subject('b', [1, 1], [2], calls)]
  await expect(compare(subjects, { rounds: 1, signal })).rejects.toThrow(
    'b answers 2 where a answers 1',
  )
  expect(calls.slice(-2)).toEqual(['close a', 'close b'])
})

test('a subject that is asked for its answer after the rounds is compared too', async () => {
  const heard: string[] = []
  const silent: Subject = {
    name: 'c',
    prepare: async () => {},
    round: async () => ({ millis: 4 }),
    check: async () => [3],
    close: async () => {},
  }
  const subjects = [silent, subject('a', [1, 1], [1], [])]
  const first = (name: string, millis: number) => heard.push(`${name} ${millis}`)
  await expect(compare(subjects, { rounds: 1, signal, first })).rejects.toThrow(
    'c answers 3 where a answers 1',
  )
  expect(heard).toEqual(['c 4', 'a 1'])
})

test('a ratio above one means that Millrace is faster', () => {
  const result = rates('x', {
    subjects: ['millrace', 'duckdb'],
    millis: [10, 17],
    events: 1000,
    unit: 'events/s',
  })
  expect(result).toEqual({
    case: 'x',
    unit: 'events/s',
    millrace: 100_000,
    peers: { duckdb: 58_824 },
    ratios: { duckdb: 1.7 },
  })
  expect(tableText({ name: 'n', machine: 'm', cases: [result] })).toContain('58.8 K (1.7 ×)')
})

test('a batch holds the rows that the columns describe', () => {
  const shape = { rows: 200, spacing: 10, seeds: 0, keys: 50, nulls: true, key: 'varchar' as const }
  const columns = makeColumns(shape)
  const batch = makeBatch(columns, shape, { from: 100, to: 200 })
  expect(batch.rows).toBe(100)
  let nulls = 0
  for (let row = 0; row < 100; row++) {
    const isNull = columns.keyNull[100 + row] === 1
    nulls += isNull ? 1 : 0
    expect(valueAt(batch.columns[1]!, row)).toBe(isNull ? null : `user-${columns.key[100 + row]}`)
    expect(valueAt(batch.columns[0]!, row)).toBe(columns.ts[100 + row])
  }
  expect(nulls).toBeGreaterThan(0)
  expect(columns.ts[0]! <= baseMicros).toBe(true)
})

/** A join gives many rows per row. */
const isSlow = (question: Question) => question === 'join'

const openWith = (connectors: Connectors = new Map()) => open(':memory:', { connectors })

test('differential: every peer gives the same answer to every question', async (context) => {
  const loop = compileLoop()
  if ('missing' in loop) context.annotate(`skipped: ${loop.missing}`)
  for (const question of ['filter-project', 'window', 'single', 'join'] satisfies Question[]) {
    for (const nulls of [false, true]) {
      const bid = {
        rows: isSlow(question) ? sized(6000, 30_000) : sized(60_000, 300_000),
        spacing: isSlow(question) ? 1000 : 100,
        seeds: 0,
        keys: 500,
        nulls,
        key: 'bigint' as const,
      }
      const isJoin = question === 'join'
      const ask = isJoin ? { ...bid, rows: sized(2000, 10_000), spacing: 3000, seeds: 100 } : null
      const input: PeerInput = { question, bid, ask }
      const subjects = [
        await millraceSubject({ open: openWith }, input),
        await duckdbSubject(input),
        'program' in loop ? loopSubject(loop.program, input) : null,
        isJoin ? null : objectsSubject(question, () => makeColumns(bid)),
        isJoin ? null : await rxjsSubject(question, () => makeColumns(bid)),
      ].filter((one) => one !== null)
      // `compare` fails on the first answer that differs.
      const millis = await compare(subjects, { rounds: 1, signal })
      expect(millis.length).toBe(subjects.length)
    }
  }
})
