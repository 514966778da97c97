/** The Nexmark benchmark, over few events: every query that can run gives a figure beside the published ones. */
import { expect, test } from 'vitest'
import { systemDisk } from '../../src/base/index.ts'
import { runBenchmark } from '../../src/bench/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'

test('a query is measured beside the published figures', async () => {
  const printed: string[] = []
  const told: string[] = []
  await runBenchmark('nexmark', {
    json: true,
    long: false,
    only: 'q2',
    rows: 2000,
    signal: new AbortController().signal,
    connectors: builtinConnectors(systemDisk),
    print: (text) => printed.push(text),
    tell: (text) => told.push(text),
  })
  const { cases } = JSON.parse(printed.join('')) as { cases: Record<string, unknown>[] }
  expect(cases).toMatchObject([
    {
      case: 'q2',
      unit: 'events/s',
      peers: { 'flink-1/core': 175_000, 'risingwave/core': 127_000 },
    },
  ])
})
