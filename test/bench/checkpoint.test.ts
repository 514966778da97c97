/** The benchmark of checkpoints, on little data: that its figures are there and agree with each other. */
import { expect, test } from 'vitest'
import { runBenchmark } from '../../src/bench/index.ts'

test('a small run tells pause, bytes and the cost of marking', async () => {
  let printed = ''
  await runBenchmark('checkpoint', {
    json: true,
    long: false,
    rows: 20_000,
    signal: new AbortController().signal,
    connectors: new Map(),
    print: (text) => {
      printed += text
    },
    tell: () => {},
  })
  const { cases } = JSON.parse(printed) as { cases: { case: string; millrace: number }[] }
  const figures = new Map(cases.map(({ case: name, millrace }) => [name, millrace]))
  const figure = (name: string) => figures.get(name) ?? Number.NaN
  expect(figure('cells')).toBeGreaterThanOrEqual(20_000)
  // The first checkpoint holds all blocks of the state.
  expect(figure('full-written')).toBeGreaterThan(figure('state') * 0.9)
  // A per cent of the cells, rows of 40 bytes, is changed before it starts.
  expect(figure('random-written') * 1e6).toBeGreaterThan((figure('cells') / 100) * 40)
  expect(figure('contiguous-written') * 1e6).toBeGreaterThan((figure('cells') / 100) * 40)
  expect(figure('full-pause')).toBeGreaterThan(0)
  expect(figure('count-sum-10000')).toBeGreaterThan(0)
})
