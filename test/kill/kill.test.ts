/**
 * Processes that are really killed: at random moments, and where strace is there at chosen system calls. The parent
 * knows what was acknowledged; the next child says what it finds.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { commitSeed } from '../seed.ts'
import { sized } from '../size.ts'

interface Found {
  rows: number
  top: number
  apart: number
  kept: number
  isSame: boolean
}

const program = join(import.meta.dirname, 'child.ts')
const hasStrace = spawnSync('strace', ['-V']).status === 0
/** Writes of the log and what makes them last, and of how many one is picked. */
const calls = [
  ['pwritev', 20],
  ['pwrite64', 20],
  ['fdatasync', 20],
  ['fsync', 2],
  ['ftruncate', 1],
] as const
const stdio = ['ignore', 'pipe', 'inherit'] as ('ignore' | 'pipe' | 'inherit')[]

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-kill-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs a child until it is dead; gives what it found and the last row that it said was acknowledged. */
async function live(
  child: ChildProcess,
  told: () => void,
): Promise<{ found: Found | null; acknowledged: number }> {
  let found: Found | null = null
  let acknowledged = 0
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  for await (const line of createInterface({ input: child.stdout! })) {
    // The last line may be cut.
    if (found === null) found = JSON.parse(line) as Found
    else if (/^\d+$/.test(line)) acknowledged = Number(line)
    told()
  }
  await ended
  return { found, acknowledged }
}

function check({ rows, top, apart, kept, isSame }: Found, acknowledged: number): void {
  expect(top, 'what was acknowledged is there').toBeGreaterThanOrEqual(acknowledged)
  expect({ rows, apart }, 'nothing is lost in between, nothing is there twice').toEqual({
    rows: top,
    apart: top,
  })
  expect(kept, 'a transaction is there as a whole').toBe(top - (top % 5))
  expect(isSame, 'the view is the answer of its query').toBe(true)
}

/** Kills `count` children one after the other on one directory. */
async function kill(count: number, directory: string, start: () => [ChildProcess, () => void]) {
  let acknowledged = 0
  let lives = 0
  for (let life = 0; life < count; life++) {
    const told = await live(...start())
    if (told.found === null) continue
    lives++
    check(told.found, acknowledged)
    acknowledged = Math.max(told.found.top, told.acknowledged)
  }
  expect(lives, `children that came to say what they found in ${directory}`).toBeGreaterThan(0)
}

/** A child that is killed some time after its first row. */
function atRandom(random: Random, directory: string): [ChildProcess, () => void] {
  const child = spawn(process.execPath, [program, directory, '500'], { stdio })
  const millis = random.below(60)
  let isDue = false
  return [
    child,
    () => {
      if (!isDue) setTimeout(() => child.kill('SIGKILL'), millis)
      isDue = true
    },
  ]
}

/** A child that is killed in a system call, or after some rows if that does not come so often. */
function atCall(random: Random, directory: string): [ChildProcess, () => void] {
  const [call, most] = calls[random.below(calls.length)]!
  const inject = `inject=${call}:signal=KILL:when=${1 + random.below(most)}`
  const traced = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject]
  const args = [...traced, process.execPath, program, directory, '40']
  return [spawn('strace', args, { stdio }), () => {}]
}

describe('killed processes', () => {
  test.concurrent('at random moments', { timeout: 600_000 }, async () => {
    const random = seededRandom(commitSeed('kill'))
    const directory = join(folder, 'random')
    await kill(sized(4, 140), directory, () => atRandom(random, directory))
  })

  const traced = hasStrace ? test.concurrent : test.skip
  traced('at system calls (needs strace)', { timeout: 600_000 }, async () => {
    const random = seededRandom(commitSeed('kill at calls'))
    const directory = join(folder, 'calls')
    await kill(sized(3, 80), directory, () => atCall(random, directory))
  })
})
