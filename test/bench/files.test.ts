/** The benchmark of files, on few rows: that every case is there and the readers agree. */
import { expect, test } from 'vitest'
import { systemDisk } from '../../src/base/index.ts'
import { runBenchmark } from '../../src/bench/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'

test('a small run tells bytes and rows per second of each format, by SQL and by the connector', async () => {
  let printed = ''
  await runBenchmark('files', {
    json: true,
    long: false,
    rows: 10_000,
    signal: new AbortController().signal,
    connectors: builtinConnectors(systemDisk),
    print: (text) => {
      printed += text
    },
    tell: () => {},
  })
  const { cases } = JSON.parse(printed) as {
    cases: { case: string; millrace: number; peers: { duckdb?: number } }[]
  }
  const names = ['csv', 'jsonl', 'parquet'].flatMap((format) =>
    ['sql', 'sql-rows', 'sql-cpu', 'connector', 'connector-rows', 'connector-cpu'].map(
      (way) => `${format}-${way}`,
    ),
  )
  expect(cases.map((one) => one.case)).toEqual(names)
  for (const one of cases) {
    expect(one.millrace, one.case).toBeGreaterThan(0)
    expect(one.peers.duckdb, one.case).toBeGreaterThan(0)
  }
})
