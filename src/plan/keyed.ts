/**
 * Keyed: joins over key pairs of any expressions.
 *
 * How      The engine joins by columns: a key that is an expression gets a project below and goes again above. Without
 *          a pair both sides get a constant as key, so that every row meets every row.
 */
import { integer } from './coerce.ts'
import { and, column, literal, moveColumns, signatureOf } from './expression.ts'
import type { Expression, JoinKind, Plan } from './logical.ts'
import { isHalf, type JoinShape, join, project } from './node.ts'

/** Two values that are equal in a pair of rows, each over the columns of its own side. */
export interface KeyPair {
  left: Expression
  right: Expression
}

/** A join over key pairs and a residual; without pairs a constant is the key of both sides. */
export function joinOn(
  left: Plan,
  right: Plan,
  kind: JoinKind,
  given: readonly KeyPair[],
  rest: Expression[],
  more: Pick<JoinShape, 'bounds' | 'lookup'> = {},
): Plan {
  const one = literal(1, integer)
  const pairs = given.length > 0 ? given : [{ left: one, right: one }]
  const a = withKeys(
    left,
    pairs.map((pair) => pair.left),
  )
  const b = withKeys(
    right,
    pairs.map((pair) => pair.right),
  )
  const [width, wider] = [left.output.length, a.plan.output.length]
  const shift = (index: number) => (index < width ? index : index - width + wider)
  const joined = join(a.plan, b.plan, {
    join: kind,
    leftKeys: a.keys,
    rightKeys: b.keys,
    residual: rest.length === 0 ? null : moveColumns(and(rest), shift),
    ...more,
  })
  if (a.plan === left && b.plan === right) return joined
  const rights = isHalf(kind) ? [] : right.output.map((_, index) => index + wider)
  return chosen(joined, [...left.output.keys(), ...rights])
}

/** The plan with a column per key: those it has, and new ones for expressions, at the end. */
export function withKeys(plan: Plan, keys: Expression[]): { plan: Plan; keys: number[] } {
  const columns = plan.output.map((field, index) => column(index, field))
  const names = plan.output.map((field) => field.name)
  const signatures = columns.map(signatureOf)
  const indexes = keys.map((key) => {
    const found = signatures.indexOf(signatureOf(key))
    if (found >= 0) return found
    signatures.push(signatureOf(key))
    names.push(`key${signatures.length - 1}`)
    return columns.push(key) - 1
  })
  const grown = columns.length > plan.output.length
  return { plan: grown ? project(plan, columns, names) : plan, keys: indexes }
}

/** The plan with some of its columns, in this order. */
export function chosen(plan: Plan, columns: readonly number[]): Plan {
  const fields = columns.map((index) => plan.output[index]!)
  return project(
    plan,
    columns.map((index, place) => column(index, fields[place]!)),
    fields.map((field) => field.name),
  )
}
