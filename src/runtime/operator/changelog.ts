/**
 * Changelog: the changes of the input as rows that only come, each with a code that says what it is.
 *
 * How      What comes is gathered on the host until the commit and brought into the canonical form that a subscriber
 *          would be told. The changes of one (major, middle) get their number in it as minor, so that they stay in
 *          order.
 * Cost     some µs per change; nothing is kept between commits.
 * See      docs/laws.md (TO_CHANGELOG)
 */
import type { PhysicalPlan } from '../../plan/index.ts'
import { pushContributions, soundRows } from '../batch.ts'
import { type Change, type Contribution, finalChanges } from '../changes.ts'
import { HeldRows } from '../held.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'

export function changelogStage(
  plan: PhysicalPlan & { kind: 'changelog' },
  environment: Environment,
  push: Push,
): Stage & { push: Push } {
  const stats = { ...stageStats(plan.id, 'changelog'), estimated: true }
  const fields = plan.input.output
  const { partition, identity, codes } = plan
  const others = [...fields.keys()].filter((column) => !partition.includes(column))
  let come: Contribution[] = []
  const waiting = new HeldRows(fields)
  return {
    get stats() {
      return Object.assign(stats, { stateBytes: waiting.bytes })
    },
    push(fragment, input) {
      for (const one of soundRows(environment, fragment, input, fields)) {
        come.push(one)
        waiting.change(one.row, 1)
      }
    },
    commit() {
      const changes = numbered(finalChanges(come, fields, identity))
      come = []
      waiting.clear()
      const rows = changes.flatMap(({ op, row, ...triple }): Contribution[] => {
        const code = codes[op]
        if (code === null) return []
        const at = (columns: readonly number[]) => columns.map((column) => row[column]!)
        return [{ ...triple, weight: 1, row: [...at(partition), code, ...at(others)] }]
      })
      stats.rowsOut += rows.length
      pushContributions(environment.fragments[0]!, rows, plan.output, (batch) => push(0, batch))
    },
  }
}

/** The changes, which are in order, with their numbers among those of one (major, middle) as minors. */
function numbered(changes: readonly Change[]): Change[] {
  let number = 0
  return changes.map((change, index) => {
    const before = changes[index - 1]
    const isSame = before?.major === change.major && before.middle === change.middle
    number = isSame ? number + 1 : 0
    return { ...change, minor: number }
  })
}
