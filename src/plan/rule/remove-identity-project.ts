/**
 * RemoveIdentityProject: a project that passes all columns on in their order goes.
 *
 * Contract 1 (checked) the names of the plan's output stay: a project that only renames goes where a project or an
 *          aggregate
 *            above gives the names.
 */
import type { Plan } from '../logical.ts'
import { inputsOf, withInputs } from '../node.ts'

export function removeIdentityProject(plan: Plan): Plan {
  return remove(plan, true)
}

function remove(plan: Plan, namesMatter: boolean): Plan {
  if (plan.kind === 'project' && isIdentity(plan) && !(namesMatter && renames(plan))) {
    return remove(plan.input, namesMatter)
  }
  const below = namesMatter && plan.kind !== 'project' && plan.kind !== 'aggregate'
  return withInputs(
    plan,
    inputsOf(plan).map((input) => remove(input, below)),
  )
}

function isIdentity(plan: Plan & { kind: 'project' }): boolean {
  return (
    plan.expressions.length === plan.input.output.length &&
    plan.expressions.every((e, index) => e.kind === 'column' && e.index === index)
  )
}

function renames(plan: Plan & { kind: 'project' }): boolean {
  return plan.output.some((field, index) => field.name !== plan.input.output[index]!.name)
}
