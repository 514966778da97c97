/**
 * Rewrite: the ordered list of rules that make a plan cheaper and change nothing else.
 *
 * How      Each rule maps a whole plan to a whole plan; the list is gone through again until a round changes nothing.
 * Contract 1 (checked) names and types of the output stay. 2 (trusted) the answer, its order and its errors stay.
 *          3 (checked) it ends: a bound on the rounds that no plan has reached.
 */
import { assert } from '../base/index.ts'
import { sameType } from '../data/index.ts'
import type { FactsOf } from './estimate.ts'
import type { Plan } from './logical.ts'
import { boundScan } from './rule/bound-scan.ts'
import { foldConstants } from './rule/fold-constants.ts'
import { mergeFilter } from './rule/merge-filter.ts'
import { mergeProject } from './rule/merge-project.ts'
import { orderJoins } from './rule/order-joins.ts'
import { pruneColumns } from './rule/prune-columns.ts'
import { pushFilter } from './rule/push-filter.ts'
import { removeIdentityProject } from './rule/remove-identity-project.ts'

export interface Rule {
  name: string
  apply: (plan: Plan, factsOf: FactsOf) => Plan
}

export interface Step {
  rule: string
  before: Plan
  after: Plan
}

export interface Rewriting {
  /** Names of rules. */
  disabled: ReadonlySet<string>
  /** What estimates go by; without it nothing is known. */
  factsOf?: FactsOf
}

/** In this order. */
export const rules: readonly Rule[] = [
  { name: 'fold-constants', apply: foldConstants },
  { name: 'merge-filter', apply: mergeFilter },
  { name: 'push-filter', apply: pushFilter },
  { name: 'order-joins', apply: orderJoins },
  { name: 'prune-columns', apply: pruneColumns },
  { name: 'merge-project', apply: mergeProject },
  { name: 'remove-identity-project', apply: removeIdentityProject },
  { name: 'bound-scan', apply: boundScan },
]

const roundsMax = 20

export function rewrite(
  plan: Plan,
  { disabled, factsOf = () => null }: Rewriting,
): { plan: Plan; steps: Step[] } {
  const enabled = rules.filter((rule) => !disabled.has(rule.name))
  const steps: Step[] = []
  let current = plan
  for (let round = 0; ; round++) {
    assert(round < roundsMax, 'rewriting comes to an end')
    const before = steps.length
    for (const rule of enabled) {
      const after = rule.apply(current, factsOf)
      if (isSame(after, current)) continue
      checkOutput(current, after, rule.name)
      steps.push({ rule: rule.name, before: current, after })
      current = after
    }
    if (steps.length === before) return { plan: current, steps }
  }
}

/** Are two trees of plain values the same? What they share is not looked at. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  const keys = Object.keys(left)
  if (Array.isArray(a) !== Array.isArray(b) || keys.length !== Object.keys(right).length) {
    return false
  }
  return keys.every((key) => isSame(left[key], right[key]))
}

function checkOutput(before: Plan, after: Plan, rule: string): void {
  const same =
    before.output.length === after.output.length &&
    before.output.every((field, index) => {
      const other = after.output[index]!
      return field.name === other.name && sameType(field.type, other.type)
    })
  assert(same, `rule ${rule} keeps names and types`)
}
