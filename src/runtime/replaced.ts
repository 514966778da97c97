/**
 * Replaced: what a query that takes the place of another one tells those who know the rows of the other.
 */
import type { Row } from '../data/index.ts'
import type { PhysicalPlan } from '../plan/index.ts'
import { finalChanges, isDeletion } from './changes.ts'
import { netErrors } from './errors.ts'
import type { Delta } from './operator/output.ts'
import type { ErrorRow } from './stage.ts'

/** The changes from `before` to the first rows and errors of the query with this plan; `stands`: they were there. */
export function differenceFrom(
  before: { rows: readonly Row[]; errors: readonly ErrorRow[]; stands: boolean },
  { output, key }: PhysicalPlan,
  delta: Delta,
): Delta {
  const fresh = delta
    .changes()
    .map((change) => ({ ...change, weight: isDeletion(change.op) ? -1 : 1 }))
    .map((change) => (before.stands ? { ...change, ...beforeAll } : change))
  const gone = before.rows.map((row) => ({ row, weight: -1, ...beforeAll }))
  const changes = finalChanges([...fresh, ...gone], output, key)
  const taken = before.errors.map((error) => ({ ...error, weight: -error.weight }))
  const errors = netErrors([...delta.errors, ...taken])
  return { count: changes.length, batches: null, changed: null, changes: () => changes, errors }
}

const beforeAll = { major: 0, middle: 0, minor: 0 }
