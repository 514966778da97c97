/**
 * Budget: what becomes of a query whose state has come to more bytes than `state_budget`; the others go on.
 *
 * How      The bytes that operators and views count are added up after every step of a query.
 *          ON OVERFLOW FAIL takes it out of service. Nothing is logged: a replay, whose settings begin anew, runs the
 *          query until it meets a budget again.
 *          ON OVERFLOW EVICT OLDEST: a query that was bound for it (src/plan/bind/eviction.ts) may keep nine tenths of
 *          the rows that it has when it comes near the budget, and a tenth less each time that its state grows on:
 *          whenever there are more, as many of the oldest are taken back in the next cycle, as DELETE would. The
 *          cycle's frame in the log says how many, so that a replay takes back the same.
 * Contract 1 (checked) a query fails in the step in which it passes the budget, of a large one within some steps, and
 *          says what it keeps; one that gives rows up stays within a tenth of the budget, or fails.
 *          2 (checked) what a query shows that gives rows up is the answer over the rows that are left.
 * Cost     some µs per step where a budget is set, nothing otherwise; a row that is given up what it cost to take.
 */
import { Failure, memoryBytes } from '../../base/index.ts'
import { explain, growth } from '../../plan/index.ts'
import type { Query, Work } from '../query.ts'

/** Where nothing is set, in bytes: a part of the memory that the process may use. */
const budgetByDefault = Math.floor(memoryBytes() / 4)

/** The bytes that a setting says; null: as many as there are. */
export function budgetOf(settings: ReadonlyMap<string, string>): number | null {
  const set = settings.get('state_budget') ?? '25%'
  if (set === '25%') return budgetByDefault
  const bytes = Number.parseInt(set, 10)
  return Number.isNaN(bytes) ? null : bytes
}

/** A budget of so many bytes is far more than the state grows by in so many steps: these are counted together. */
const [large, stepsTogether] = [2 ** 28, 16]

/** Parts of the budget: from the first on rows go, from the second on as many as come; beyond the last it is over. */
const [first, near, over] = [0.6, 0.85, 1.1]

/** Bytes of the budget for each row of a cycle: on its way a row takes some hundred of them. */
const bytesPerRow = 1 << 15
const rowsMin = 16
const rowsMax = 1024

/** Rows of a cycle at most, as rows are given up between two of them. */
export function rowsAtOnce({ eviction }: Query, budget: number | null): number {
  if (eviction === null || budget === null) return Number.MAX_SAFE_INTEGER
  return Math.min(rowsMax, Math.max(rowsMin, Math.floor(budget / bytesPerRow)))
}

/** Does the work, and fails as soon as the query keeps more than the budget. */
export function* withinBudget<T>(query: Query, budget: number | null, work: Work<T>): Work<T> {
  if (budget === null) return yield* work
  const together = budget < large ? 1 : stepsTogether
  for (let steps = 1; ; steps++) {
    const step = work.next()
    if (step.done || steps % together === 0) checkBudget(query, budget)
    if (step.done) return step.value
    yield step.value
  }
}

export function checkBudget(query: Query, budget: number | null): void {
  if (budget === null) return
  const bytes = bytesOf(query)
  if (bytes > (query.eviction !== null ? budget * over : budget)) fail(query, bytes, budget)
}

/** How many rows a query may keep, and at how many bytes that was said. */
interface Room {
  rows: number
  bytes: number
}

const rooms = new WeakMap<Query, Room>()

/**
 * Says how many rows a query is to give up in the next cycle. The first ones go early, as operators begin to keep
 * what they find rows by that go.
 */
export function planEviction(query: Query, budget: number | null): void {
  const { eviction } = query
  if (budget === null || eviction === null) return
  const bytes = bytesOf(query)
  const { left } = eviction
  const room = rooms.get(query) ?? { rows: Number.POSITIVE_INFINITY, bytes: 0 }
  const most = rowsAtOnce(query, budget)
  if (eviction.rows === 0) {
    if (bytes > budget * first) eviction.due = Math.min(left, most)
    return
  }
  if (bytes > budget * near && bytes > room.bytes) {
    rooms.set(query, { rows: Math.floor(Math.min(left, room.rows) * 0.9), bytes })
  }
  eviction.due = Math.max(0, Math.min(2 * most, left - (rooms.get(query)?.rows ?? left)))
}

/** All that a query keeps: its operators, its view, the changes that a subscription keeps. */
export function bytesOf(query: Query): number {
  const view = (query.view?.stateBytes ?? 0) + (query.retained?.bytes ?? 0)
  return query.stats().reduce((sum, { stateBytes }) => sum + stateBytes, view)
}

/** What has come has not ended so far. */
const endless: growth.Known = () => 'endless'

function fail(query: Query, bytes: number, budget: number): never {
  const stages = query.stats()
  const view = query.view?.stateBytes ?? 0
  const greatest = stages.reduce((a, b) => (b.stateBytes > a.stateBytes ? b : a))
  const line = explain.explainLines(query.plan).find(({ id }) => id === greatest.id)
  const isView = view > greatest.stateBytes
  const where = isView
    ? `the rows of the view have ${sizeText(view)}`
    : `${line?.text.trim()} has ${sizeText(greatest.stateBytes)}`
  const budgetText = `state_budget is ${sizeText(budget)}`
  const message = `the state of ${query.name} has come to ${sizeText(bytes)}, and ${budgetText}: ${where}`
  const law = isView
    ? growth.viewGrowth(query.plan, endless)
    : growth.growthOf(query.plan, endless).get(greatest.id)!
  const why = law.keeps === '' ? '' : `, which keeps ${law.keeps}`
  const remedy = law.remedy === null ? '' : `; ${law.remedy}`
  throw new Failure('memory_limit', `${message}${why}${remedy}; SET state_budget may allow more`)
}

function sizeText(bytes: number): string {
  const [size, unit] =
    bytes < 1e6 ? [bytes / 1e3, 'KB'] : bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB']
  return `${size.toFixed(1)} ${unit}`
}
