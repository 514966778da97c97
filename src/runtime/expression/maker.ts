/**
 * Maker: how a function on single values is bound to a call of the plan.
 */
import type { Type } from '../../data/index.ts'
import type { Expression } from '../../plan/index.ts'
import type { Scalar } from './fault.ts'

export type Call = Expression & { kind: 'call' }

/** Prepares what literals allow (patterns, lists) and gives the function. */
export type Maker = (call: Call, types: Type[]) => Scalar

/** Makers by the function's name in plans. */
export type Makers = Record<string, Maker>

/** The value of a literal argument as a text; null for everything else. */
export function literalAt(call: Call, index: number): string | null {
  const arg = call.args[index]
  return arg?.kind === 'literal' && arg.value !== null ? String(arg.value) : null
}
