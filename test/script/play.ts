/**
 * Play: golden scripts as tests: every script, one answer: on the oracle, straight, with other vector sizes, fragments,
 * plans through JSON, without rewrites, on closures, with a check that changes are marked, on a thread, and crashed and
 * replayed.
 *
 * How      CI takes every run, but only some threads and crashes, which cost the most. Elsewhere the oracle, the
 *          straight run, another and a crash do. What is drawn changes with the commit, so that a few commits take
 *          all. The files of share/ take a part of the scripts each, so that vitest's workers have as much to do.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import type { DatabaseOptions } from '../../src/database/index.ts'
import { rules } from '../../src/plan/index.ts'
import { commitSeed } from '../seed.ts'
import { Crash, SimulatedDisk } from '../sim/disk.ts'
import { isFull, sized } from '../size.ts'
import { EngineSession } from './engine-session.ts'
import { readScript, type Step } from './format.ts'
import { OracleSession } from './oracle-session.ts'
import { differences, type Outcome, runStep } from './run.ts'
import { scriptName, scriptPaths } from './scripts.ts'
import type { Session } from './session.ts'
import { State } from './state.ts'

const disabledRewrites = rules.map(({ name }) => name)

/** The runs of the house style; every one gives the same bytes. */
const runs: [string, DatabaseOptions][] = [
  ['straight', {}],
  ['vectors of 1', { vectorSize: 1 }],
  ['vectors of 3', { vectorSize: 3 }],
  ['vectors of 1,024', { vectorSize: 1024 }],
  ['vectors of 65,536', { vectorSize: 65_536 }],
  ['2 fragments', { fragments: 2 }],
  ['4 fragments, vectors of 2', { fragments: 4, vectorSize: 2 }],
  ['plan through JSON', { planThroughJson: true }],
  ['rewrites off', { disabledRewrites }],
  ['closures only', { backend: 'closure' }],
  ['changes marked', { checks: true, vectorSize: 7 }],
]
/** A thread takes 0.3 s to start. */
const onThread: [string, DatabaseOptions] = ['on a thread', { thread: 'worker' }]
/** Of so many scripts one runs on a thread. */
const threadEvery = sized(20, 4)
/** Crashes of a script: what they cost grows with the square of its length. */
const mostCrashes = sized(1, 12)

/** Elsewhere: straight, and what the script's name and the commit draw. */
function drawnRuns(draw: Random): (typeof runs)[number][] {
  const drawn = isFull ? runs.slice(1) : [runs[1 + draw.below(runs.length - 1)]!]
  return [runs[0]!, ...drawn, ...(draw.below(threadEvery) === 0 ? [onThread] : [])]
}

async function play(session: Session, steps: readonly Step[]): Promise<void> {
  try {
    for (const step of steps) check(step, await runStep(session, step))
  } finally {
    await session.close()
  }
}

function check(step: Step, { table, complaint }: Outcome): void {
  if (complaint !== null) expect.fail(`line ${step.line}: ${complaint}`)
  if (table === null) return
  const difference = differences(step.table, table)
  if (difference !== null) expect.fail(`line ${step.line}: ${difference}`)
}

/** What those who follow must know after each step that asks for it, as the oracle says; null for other steps. */
async function dueStates(steps: readonly Step[]): Promise<(string | null)[]> {
  const oracle = new OracleSession()
  const states = new Map<string, State>()
  const due: (string | null)[] = []
  for (const step of steps) {
    const name = askedBy(step)
    if (name === null) await runStep(oracle, step)
    due.push(name === null ? null : await stateAfter(oracle, name, states))
  }
  await oracle.close()
  return due
}

/** The view, subscription or list of errors whose changes the step shows. */
function askedBy(step: Step): string | null {
  if (step.kind === 'expect') return step.name.toLowerCase()
  return step.kind === 'errors' ? `${step.name.toLowerCase()}.errors` : null
}

/** The script without looks at what does not add up to a state, when it is told again. */
function foldable(steps: readonly Step[]): Step[] {
  const isOdd = /\b(envelope|snapshot\s*=\s*false|up\s+to|_op|_diff|_ts)\b/i
  const odd = steps.flatMap((step) =>
    step.kind === 'subscribe' && isOdd.test(step.text) ? [step.name.toLowerCase()] : [],
  )
  return steps.map((step): Step => {
    const { line, from, to, table } = step
    const isLook = odd.includes(askedBy(step) ?? '')
    return isLook ? { kind: 'flush', line, from, to, table } : step
  })
}

/** What the changes up to here add up to. */
async function stateAfter(session: Session, name: string, states: Map<string, State>) {
  await session.flush()
  const { changes } = await session.takeChanges(name)
  // Who was told everything again begins anew.
  const told = session instanceof EngineSession && session.again.delete(name)
  const state = (told ? undefined : states.get(name)) ?? new State()
  states.set(name, state)
  state.apply(changes)
  return state.toString()
}

/** Runs the script with a crash before step `at` of the engine; gives the number of these steps. */
async function playWithCrash(
  steps: readonly Step[],
  due: readonly (string | null)[],
  at: number,
  disk: SimulatedDisk,
): Promise<number> {
  let count = 0
  const beforeStep = () => {
    if (count++ === at) throw new Crash('as asked')
  }
  const session = await EngineSession.open({ vectorSize: 2, beforeStep }, disk)
  const states = new Map<string, State>()
  try {
    for (const [index, step] of steps.entries()) {
      const name = askedBy(step)
      if (name === null) {
        check(step, await runStep(session, step))
        continue
      }
      expect(await stateAfter(session, name, states), `line ${step.line}`).toBe(due[index])
    }
  } finally {
    await session.close()
  }
  return count
}

/** Tests of every script whose number is `share` modulo `shares`. */
export function playShare(share: number, shares: number): void {
  const scripts = scriptPaths().filter((_, index) => index % shares === share)
  describe.each(scripts.map((path) => [scriptName(path), path] as const))('%s', playScript)
}

function playScript(name: string, path: string): void {
  const draw = seededRandom(commitSeed(name))
  const steps = readScript(readFileSync(path, 'utf8'))

  test('oracle', () => play(new OracleSession(), steps))

  // Connector js reads rows of this thread, and the clock is here.
  const isHere = (step: Step) =>
    step.kind === 'wait' || ('text' in step && /'js'|now\(\)|current_date/i.test(step.text))
  const outside = steps.some(isHere)
  const drawn = drawnRuns(draw).filter((run) => run !== onThread || !outside)
  test.each(drawn)('%s', async (_name, options) => play(await EngineSession.open(options), steps))

  test('killed and recovered', async () => {
    const seen = foldable(steps)
    const due = await dueStates(seen)
    const disk = () => new SimulatedDisk(draw)
    const count = await playWithCrash(seen, due, Number.POSITIVE_INFINITY, disk())
    const crashes = Math.min(count, mostCrashes)
    for (let crash = 0; crash < crashes; crash++) {
      const [from, to] = [crash, crash + 1].map((n) => Math.floor((n * count) / crashes))
      await playWithCrash(seen, due, from! + draw.below(to! - from!), disk())
    }
  })
}
