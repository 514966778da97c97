/**
 * Golden scripts: every script, one answer: on the oracle, straight, with other vector sizes, fragments, plans through
 * JSON, without rewrites, on closures, with a check that changes are marked, and crashed and replayed.
 *
 * How      CI takes every run. Elsewhere the oracle, the straight run, two others and a few crashes do; which ones
 *          changes with the commit, so that a few commits take them all.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import type { DatabaseOptions } from '../../src/database/index.ts'
import { rules } from '../../src/plan/index.ts'
import { commitSeed } from '../seed.ts'
import { isFull } from '../size.ts'
import { Crash, EngineSession } from './engine-session.ts'
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
/** A thread takes 0.2 s to start. */
const onThread: [string, DatabaseOptions] = ['on a thread', { thread: 'worker' }]

/** Elsewhere: straight, and what the script's name and the commit draw. */
function drawnRuns(draw: Random): (typeof runs)[number][] {
  if (isFull) return [...runs, onThread]
  const drawn = [1, 2].map(() => runs[1 + draw.below(runs.length - 1)]!)
  return [...new Set([runs[0]!, ...drawn, ...(draw.below(20) === 0 ? [onThread] : [])])]
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

/** Runs the script with a crash before step `at` of the engine; false when there is no such step. */
async function playWithCrash(steps: readonly Step[], at: number): Promise<boolean> {
  let count = 0
  let crashed = false
  const session = await EngineSession.open({
    vectorSize: 2,
    beforeStep: () => {
      if (crashed || count++ < at) return
      crashed = true
      throw new Crash('as asked')
    },
  })
  const oracle = new OracleSession()
  const states = new Map<string, { told: State; due: State }>()
  try {
    for (const step of steps) await stepWithCrash(session, oracle, step, states)
  } finally {
    await session.close()
    await oracle.close()
  }
  return crashed
}

async function stepWithCrash(
  session: EngineSession,
  oracle: OracleSession,
  step: Step,
  states: Map<string, { told: State; due: State }>,
): Promise<void> {
  if (step.kind !== 'expect' && step.kind !== 'errors') {
    await runStep(oracle, step)
    const outcome = await runStep(session, step)
    check(step, outcome)
    return
  }
  const name = (step.kind === 'errors' ? `${step.name}.errors` : step.name).toLowerCase()
  await Promise.all([session.flush(), oracle.flush()])
  const state = states.get(name) ?? { told: new State(), due: new State() }
  states.set(name, state)
  const [told, due] = [await session.takeChanges(name), await oracle.takeChanges(name)]
  if (session.again.delete(name)) state.told = new State()
  state.told.apply(told.changes)
  state.due.apply(due.changes)
  expect(state.told.toString(), `line ${step.line}`).toBe(state.due.toString())
}

const scripts = scriptPaths().map((path) => [scriptName(path), path] as const)

describe.each(scripts)('%s', (name, path) => {
  const draw = seededRandom(commitSeed(name))
  const steps = readScript(readFileSync(path, 'utf8'))

  test('oracle', () => play(new OracleSession(), steps))

  // Connector js reads rows of this thread, and the clock is here.
  const isHere = (step: Step) =>
    step.kind === 'wait' || ('text' in step && step.text.includes("'js'"))
  const outside = steps.some(isHere)
  const drawn = drawnRuns(draw).filter((run) => run !== onThread || !outside)
  test.each(drawn)('%s', async (_name, options) => play(await EngineSession.open(options), steps))

  test('crashed and replayed', async () => {
    const stride = isFull ? 1 : 24
    for (let at = isFull ? 0 : draw.below(stride); await playWithCrash(steps, at); at += stride);
  })
})
