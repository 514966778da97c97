/** Print: changes as lines of text, to either stream. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { builtinConnectors } from '../../src/connect/index.ts'
import { MemoryDisk, schemaOf } from './memory-disk.ts'

function printed(options: Record<string, string>): [string, string][] {
  const told: [string, string][] = []
  const connectors = builtinConnectors(new MemoryDisk(), new Map(), (text, to) => {
    told.push([text, to])
  })
  const print = connectors.get('print')!
  const schema = schemaOf({ k: 'varchar', n: 'bigint' })
  print.check(new Map(Object.entries(options)), schema)
  const writer = print.create(schema, new Map(Object.entries(options)))
  writer.write([['a', 1n], [null, 2n]], ['+I', '-D']) // biome-ignore format: short
  writer.write([], [])
  writer.close()
  return told
}

test('one line per change, one text per commit', () => {
  expect(printed({})).toEqual([['+I[a, 1]\n-D[NULL, 2]\n', 'output']])
  expect(printed({ 'print-identifier': 'q', 'standard-error': 'true' })).toEqual([
    ['q> +I[a, 1]\nq> -D[NULL, 2]\n', 'error'],
  ])
})

test('unknown options are mistakes, and it cannot be read', () => {
  expect(() => printed({ 'print-identifer': 'q' })).toThrow(`unknown option 'print-identifer'`)
  const print = builtinConnectors(new MemoryDisk()).get('print')!
  expect(() => print.open(schemaOf({}), new Map(), { projection: [], bad: () => {} })).toThrow(
    `connector 'print' cannot be read`,
  )
})

test('a script prints to standard output; rpc, whose protocol that is, to standard error', () => {
  const sql = `CREATE TABLE p (state VARCHAR) WITH ('connector' = 'print');
    INSERT INTO p SELECT state FROM 'node_modules/vega-datasets/data/airports.csv' WHERE iata = '00R'`
  const run = (args: string[], input = '') =>
    spawnSync(process.execPath, ['src/cli.ts', ...args], { encoding: 'utf8', input })
  expect(run(['-c', sql]).stdout).toBe('+I[TX]\n')
  const [create, insert] = sql.split(';')
  const lines = [create, insert].map((text, id) => `${JSON.stringify({ id, sql: text })}\n`)
  const { stdout, stderr } = run(['rpc'], lines.join(''))
  expect(stdout.split('\n').filter((line) => !line.startsWith('{'))).toEqual([''])
  expect(stderr).toContain('+I[TX]\n')
})
