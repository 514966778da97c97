/**
 * Share: what a filter and the project directly above it both compute, so that it is computed once.
 *
 * Contract 1 (checked) values, failures and their order stay.
 */
import { childrenOf, isFallible, mapChildren, signatureOf } from './expression.ts'
import type { Expression } from './logical.ts'

/**
 * Expressions over the output of a filter, which has `width` columns: what they compute of strings as the predicate
 * does becomes column `width` and following, one for each of `shared`.
 */
export function share(
  predicate: Expression,
  expressions: readonly Expression[],
  width: number,
): { shared: Expression[]; above: Expression[] } {
  const known = new Map<string, Expression>()
  const learn = (part: Expression) => {
    if (isCostly(part)) known.set(signatureOf(part), part)
    childrenOf(part).forEach(learn)
  }
  learn(predicate)
  const places = new Map<string, number>()
  const replaced = (part: Expression): Expression => {
    if (!isCostly(part) || !known.has(signatureOf(part))) return mapChildren(part, replaced)
    const signature = signatureOf(part)
    const index = places.get(signature) ?? width + places.size
    places.set(signature, index)
    return { kind: 'column', index, type: part.type, nullable: part.nullable }
  }
  const above = expressions.map(replaced)
  return { shared: [...places.keys()].map((place) => known.get(place)!), above }
}

/** Is it a call over strings that cannot fail, so that its place does not matter? */
function isCostly(part: Expression): boolean {
  if (part.kind !== 'call' || isFallible(part)) return false
  return part.args.some(({ kind, type }) => kind !== 'literal' && type.kind === 'varchar')
}
