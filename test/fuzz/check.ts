/**
 * Check: runs a case on the engine and on the reference interpreter and says where they differ.
 *
 * How      The case is written as a golden script; both sides play it, step by step. Afterwards the one-shot answers
 *          are asked of DuckDB too, where it can say the same.
 */
import { type Random, seededRandom } from '../../src/base/index.ts'
import type { DatabaseOptions } from '../../src/database/index.ts'
import { rules } from '../../src/plan/index.ts'
import { TooLarge } from '../oracle/node.ts'
import { EngineSession } from '../script/engine-session.ts'
import { readScript, type Step, type Table } from '../script/format.ts'
import { OracleSession } from '../script/oracle-session.ts'
import { differences, type Outcome, runStep } from '../script/run.ts'
import { State } from '../script/state.ts'
import { Crash, SimulatedDisk } from '../sim/disk.ts'
import { type Case, scriptOf } from './case.ts'
import { chance, pick } from './expression.ts'
import { giveOwn, ownInSql } from './own.ts'

/** In which way the engine runs. */
export interface Setting {
  options: DatabaseOptions
  /** Step before which it crashes; null = never. */
  crashAt: number | null
}

export function setting(random: Random): Setting {
  const all = rules.map(({ name }) => name)
  const disabled = pick(random, [[], all, all.filter(() => chance(random, 0.5))])
  return {
    options: {
      vectorSize: pick(random, [1, 2, 3, 7, 64, 2048]),
      fragments: pick(random, [1, 1, 2, 4]),
      backend: pick(random, ['wasm', 'closure'] as const),
      disabledRewrites: disabled,
      planThroughJson: chance(random, 0.3),
    },
    crashAt: chance(random, 0.2) ? random.below(40) : null,
  }
}

/** What is wrong, or null. */
export async function check(one: Case, { options, ...setting }: Setting): Promise<string | null> {
  // What waits for a tick, and what a row meets by the clock, is of a commit; after a crash other commits are made.
  const waits = /(every|periodic|batch) interval|system_time as of proctime/.test(scriptOf(one))
  const crashAt = waits ? null : setting.crashAt
  let steps = 0
  const beforeStep = () => {
    if (steps++ === crashAt) throw new Crash('as asked')
  }
  const given = { ...options, prepare: giveOwn }
  const session =
    crashAt === null
      ? await EngineSession.open(given)
      : await EngineSession.open({ ...given, beforeStep }, new SimulatedDisk(seededRandom(crashAt)))
  const oracle = new OracleSession()
  for (const sql of ownInSql) await oracle.execute(sql)
  const states = new Map<string, { told: State; due: State }>()
  // Late rows stand behind the commit that found them: after a crash other commits are made, and other positions.
  const isUnordered = () => session.crashes > 0 && /late rows to/.test(scriptOf(one))
  const isExact = one.exact === true && one.views.every(({ emit }) => emit === '')
  let last: string | null = null
  try {
    for (const step of readScript(scriptOf(one))) {
      const { complaint, shown } = await compare(session, oracle, step, states, isUnordered())
      if (complaint !== null) return `${describe(step)}: ${complaint}`
      if (!isExact || step.kind !== 'query') continue
      // A view is asked first, then its query.
      if (last !== null && last !== shown)
        return `${describe(step)}: not the view's\n${last}\n${shown}`
      last = last === null ? shown : null
    }
    return null
  } catch (error) {
    // The oracle is asked first: of a case that explodes the rest is dropped.
    if (error instanceof TooLarge) return null
    throw error
  } finally {
    await session.close()
  }
}

const describe = (step: Step) =>
  'name' in step
    ? `${step.kind} ${step.name}`
    : 'text' in step
      ? `${step.kind} ${step.text}`
      : step.kind

async function compare(
  session: EngineSession,
  oracle: OracleSession,
  step: Step,
  states: Map<string, { told: State; due: State }>,
  isUnordered: boolean,
): Promise<{ complaint: string | null; shown: string }> {
  const due = await safely(() => runStep(oracle, step))
  const told = await safely(() => runStep(session, step))
  const shown = (told.table?.rows ?? []).map(String).sort().join('\n')
  const complained = (complaint: string | null) => ({ complaint, shown })
  // VERIFY leaves out rows that fail; of the interpreter's answer they make a failure.
  if (due.complaint !== null && 'text' in step && /^verify/.test(step.text)) return complained(null)
  if (withoutPlace(told.complaint) !== withoutPlace(due.complaint))
    return complained(`oracle: ${due.complaint}\nengine: ${told.complaint}`)
  if (told.table === null || due.table === null) return complained(null)
  const shows = step.kind === 'expect' || step.kind === 'errors'
  const wrong = shows ? compareStates(session, step, { told, due }, states) : null
  if (session.crashes > 0 && shows) return complained(wrong)
  const [want, have] = [due.table, told.table].map((table) => (isUnordered ? sorted(table) : table))
  return complained(differences(want!, have!))
}

const sorted = ({ header, rows }: Table): Table => ({
  header,
  rows: rows.toSorted((a, b) => (String(a) < String(b) ? -1 : 1)),
})

/** Of two failures of one row, alike but for where they stand in the text, either is told. */
const withoutPlace = (complaint: string | null) => complaint?.replace(/ at «[^»]*»/, '') ?? null

/**
 * After a crash followers are told everything again: only what it adds up to is compared until then. Of errors without
 * their offsets: which of equal errors goes first depends on the commits, and a crash cuts these anew.
 */
function compareStates(
  session: EngineSession,
  step: Step & { name: string },
  { told, due }: { told: Outcome; due: Outcome },
  states: Map<string, { told: State; due: State }>,
): string | null {
  const name = (step.kind === 'errors' ? `${step.name}.errors` : step.name).toLowerCase()
  const state = states.get(name) ?? { told: new State(), due: new State() }
  states.set(name, state)
  if (session.again.delete(name)) state.told = new State()
  const changesIn = ({ table }: Outcome) =>
    table!.rows.map(([op, ...row]) => ({
      op: op as '+I',
      row: step.kind === 'errors' ? row.slice(1) : row,
    }))
  state.told.apply(changesIn(told))
  state.due.apply(changesIn(due))
  const [a, b] = [state.due.toString(), state.told.toString()]
  return a === b ? null : `after a crash: expected\n${a}\nfound\n${b}`
}

async function safely(run: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof TooLarge) throw error
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { table: null, complaint: `threw ${text}` }
  }
}
