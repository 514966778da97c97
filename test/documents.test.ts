/**
 * Documents: what README and the examples show is run, and gives what they say.
 *
 * How      A `ts` block runs as a program of its own, with the package's name resolved to the sources; a `text` block
 *          right after it is its output. An `sql` block runs statement by statement in an empty database. A short
 *          example is one file of examples/ and prints the lines that stand behind `-- >` or `// >` in it; the larger
 *          ones run with small input.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { open } from '../src/index.ts'

interface Block {
  language: string
  text: string
}

function blocksOf(document: string): Block[] {
  const found = readFileSync(document, 'utf8').matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)
  return [...found].map(([, language, text]) => ({ language: language!, text: text! }))
}

function node(args: string[]) {
  return spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  })
}

const blocks = blocksOf('README.md')

test('README has programs, their output and SQL', () => {
  const languages = blocks.map(({ language }) => language)
  expect(languages).toContain('ts')
  expect(languages[languages.indexOf('ts') + 1]).toBe('text')
  expect(languages).toContain('sql')
})

for (const [at, { language, text }] of blocks.entries()) {
  if (language === 'ts') {
    test(`README block ${at + 1} runs and gives the output that follows`, () => {
      mkdirSync('.tmp', { recursive: true })
      const path = `.tmp/readme-${at + 1}.ts`
      writeFileSync(path, text.replace(`from 'millrace'`, `from '../src/index.ts'`))
      const { stdout, stderr, status } = node([path])
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
      const next = blocks[at + 1]
      if (next?.language === 'text') expect(stdout).toBe(next.text)
    })
  } else if (language === 'sql') {
    test(`README block ${at + 1} runs and gives rows`, async () => {
      await using db = await open(':memory:')
      const results = await db.execute(text)
      const last = results.at(-1)!
      expect(last.kind).toBe('rows')
      if (last.kind === 'rows') expect(last.rows.length).toBeGreaterThan(0)
    })
  }
}

const data = 'node_modules/vega-datasets/data'
const short = readdirSync('examples').filter((name) => /\.(sql|ts)$/.test(name))

test.each(short)('example %s prints what its text says', (name) => {
  const path = `examples/${name}`
  const said = [...readFileSync(path, 'utf8').matchAll(/^(?:--|\/\/) > (.*)$/gm)]
  const run = name.endsWith('.ts') ? [path] : ['src/cli.ts', 'run', '--set', `DATA=${data}`, path]
  const { stdout, stderr, status } = node(run)
  expect({ stderr, status }).toEqual({ stderr: name.endsWith('.ts') ? '' : stderr, status: 0 })
  expect(stdout).toBe(said.map(([, line]) => `${line}\n`).join(''))
  expect(said.length).toBeGreaterThan(0)
})

test('the flights run', () => {
  const { stdout, stderr, status } = node(['examples/flights/flights.ts', '--limit', '30000'])
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  expect(stdout).toMatch(/\d\d,\d{3} flights from \d+ airports in \d+ hours of event time/)
})

test('the earthquakes run, and their sums are right', () => {
  const { stdout, stderr, status } = node(['examples/earthquakes/earthquakes.ts'])
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  const days = [...stdout.matchAll(/^ +\d{4}-\d\d-\d\d +(\d+) +(\d+) +(\d+) /gm)].map((line) =>
    line.slice(1).map(Number),
  )
  expect(days.length).toBeGreaterThan(5)
  for (const [inTime, late, all] of days) expect(inTime! + late!).toBe(all)
  const sum = (column: number) => days.reduce((total, day) => total + day[column]!, 0)
  expect(stdout).toContain(`${sum(2)} reports, ${sum(1)} of them later`)
  expect(sum(1)).toBeGreaterThan(0)
})
