/** Plan: statements become logical plans, rewritten plans and physical plans, all of them plain data. */

export { functionNames } from './bind/expression/function.ts'
export type { LambdaSettings } from './bind/expression/lambda.ts'
export { typeNames } from './bind/expression/type-name.ts'
export type { Following } from './bind/statement/subscribe.ts'
export type { Reading } from './bind/statement/subscription.ts'
export { bindGivenFunction, type GivenFunction } from './bind/statement/user-function.ts'
export { differenceOf as viewDifference } from './bind/statement/view.ts'
export type { Moment } from './bind/statement/watch.ts'
export {
  type BoundStatement,
  bind,
  type Dropped,
} from './bind.ts'
export type { Candidates } from './candidate.ts'
export type { Facts } from './estimate.ts'
/** Plans as text: what EXPLAIN shows. */
export * as explain from './explain.ts'
export { columnsOf, moveColumns } from './expression.ts'
/** Plans that show which rows gave which. */
export * as followed from './followed.ts'
export { withFullNames } from './full-name.ts'
export { overRows } from './given.ts'
/** By which laws the state of a query grows. */
export * as growth from './growth.ts'
/** What a query goes on with that takes the place of another one. */
export * as kept from './kept.ts'
export { libraryFunction } from './library.ts'
export type {
  Expression,
  Frame,
  FrameBound,
  MatchCell,
  OverCall,
  PatternNode,
  Plan,
  RowPattern,
  SortKey,
  TableCall,
} from './logical.ts'
export type { Mode, PhysicalPlan } from './physical.ts'
export { inputsOf, lower } from './physical.ts'
export { type Rewriting, rewrite, rules } from './rewrite.ts'
export { evicts, fieldsShown, type Setting, settings, valueIn } from './setting.ts'
export type { KeyedEnvelope } from './told.ts'
export { type Folding, userCallOf } from './user-function.ts'
