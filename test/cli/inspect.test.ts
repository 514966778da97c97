/** `millrace inspect`: what lies in the log, and what of it is damaged. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { open } from '../../src/index.ts'

let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-inspect-'))
  await using database = await open(folder)
  await database.execute(
    'CREATE STREAM s (x INT); INSERT INTO s VALUES (1), (2); INSERT INTO s VALUES (3)',
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

const inspect = (...args: string[]) =>
  spawnSync(process.execPath, ['src/cli.ts', 'inspect', folder, ...args], { encoding: 'utf8' })

test('a whole log', () => {
  const { stdout, status } = inspect()
  expect(stdout).toMatch(/000000000001\.segment: \d+ bytes, begun 20/)
  expect(stdout).toContain('s: 3 rows, offsets 0 to 2')
  expect(stdout).toContain('every checksum is right')
  expect(status).toBe(0)
})

test('what is damaged is named', () => {
  const [name] = readdirSync(join(folder, 'log'))
  const path = join(folder, 'log', name!)
  const whole = readFileSync(path)
  const broken = Buffer.from(whole)
  const rows = new Int32Array([1, 2])
  const at = whole.lastIndexOf(Buffer.from(rows.buffer))
  expect(at).toBeGreaterThan(0)
  broken[at]! ^= 4
  writeFileSync(path, broken)
  // A later group stands behind it, so this one is no unfinished end.
  const { stdout, status } = inspect('--json')
  writeFileSync(path, whole)
  const report = JSON.parse(stdout)
  expect(report.damage.join()).toMatch(/bytes \d+ to \d+ are damaged/)
  expect(status).toBe(1)
})

test('a directory without a log is an error', () => {
  const { stderr, status } = spawnSync(process.execPath, ['src/cli.ts', 'inspect', tmpdir()], {
    encoding: 'utf8',
  })
  expect(stderr).toContain('there is no log in')
  expect(status).toBe(1)
})
