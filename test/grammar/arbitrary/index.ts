/**
 * Arbitrary: random trees of every kind, such as a parse can give, for fast-check.
 *
 * How      One arbitrary per category, tied in a knot by `letrec`; depth is bounded by fast-check's own bias.
 * Contract 1 (trusted) names are drawn from plain words, quoted texts and the keywords that may be names there; words
 *            that begin an unsupported construct at their place are left out.
 */
import fc from 'fast-check'
import { expressions } from './expression.ts'
import type { Knot } from './leaf.ts'
import { queries, relations } from './query.ts'
import { statements } from './statement.ts'

export const arbitrary = fc.letrec<Knot>((tie) => ({
  expression: expressions(tie),
  query: queries(tie),
  relation: relations(tie),
  statement: statements(tie),
}))

/** The tree without spans, and without the numbers of `?`, which depend on the whole text. */
export function bare(tree: unknown): unknown {
  const text = JSON.stringify(tree, function (this: { style?: unknown }, key, value: unknown) {
    if (key === 'span') return undefined
    return key === 'name' && this.style === 'positional' ? '' : value
  })
  return text === undefined ? undefined : JSON.parse(text)
}
