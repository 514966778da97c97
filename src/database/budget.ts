/**
 * Budget: a query whose state has come to more bytes than `state_budget` is taken out of service, and the others go on.
 *
 * How      The bytes that operators and views count are added up after every step of a query. Nothing is logged: a
 *          replay, whose settings begin anew, runs the query until it meets a budget again.
 * Contract 1 (checked) it happens in the step in which the budget is passed.
 * Cost     some µs per step where a budget is set, nothing otherwise.
 */
import { Failure } from '../base/index.ts'
import { explain } from '../plan/index.ts'
import type { Query, Work } from './query.ts'

/** The bytes that a setting says; null: as many as there are. */
export function budgetOf(settings: ReadonlyMap<string, string>): number | null {
  const bytes = Number.parseInt(settings.get('state_budget') ?? '', 10)
  return Number.isNaN(bytes) ? null : bytes
}

/** Does the work, and fails as soon as the query keeps more than the budget. */
export function* withinBudget<T>(query: Query, budget: number | null, work: Work<T>): Work<T> {
  if (budget === null) return yield* work
  for (;;) {
    const step = work.next()
    checkBudget(query, budget)
    if (step.done) return step.value
    yield step.value
  }
}

export function checkBudget(query: Query, budget: number | null): void {
  if (budget === null) return
  const stages = query.stats()
  const view = query.view?.stateBytes ?? 0
  const bytes = stages.reduce((sum, { stateBytes }) => sum + stateBytes, view)
  if (bytes <= budget) return
  const greatest = stages.reduce((a, b) => (b.stateBytes > a.stateBytes ? b : a))
  const line = explain.explainLines(query.plan).find(({ id }) => id === greatest.id)
  const isView = view > greatest.stateBytes
  const where = isView
    ? `the rows of the view have ${sizeText(view)}`
    : `${line?.text.trim()} has ${sizeText(greatest.stateBytes)}`
  const budgetText = `state_budget is ${sizeText(budget)}`
  const message = `the state of ${query.name} has come to ${sizeText(bytes)}, and ${budgetText}: ${where}`
  throw new Failure('memory_limit', message)
}

function sizeText(bytes: number): string {
  const [size, unit] =
    bytes < 1e6 ? [bytes / 1e3, 'KB'] : bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB']
  return `${size.toFixed(1)} ${unit}`
}
