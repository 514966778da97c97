/** Plan: statements become logical plans, rewritten plans and physical plans, all of them plain data. */

export { functionNames } from './bind/expression/function.ts'
export { typeNames } from './bind/expression/type-name.ts'
export {
  type BindContext,
  type BoundStatement,
  bind,
  type ContinuousQuery,
} from './bind.ts'
export { explainText } from './explain.ts'
export { columnsOf, moveColumns } from './expression.ts'
export { overRows } from './given.ts'
export { libraryFunction } from './library.ts'
export type {
  AggregateCall,
  Expression,
  JoinKind,
  Plan,
  PlanKind,
  ScalarFunction,
  Watermark,
  WindowColumns,
} from './logical.ts'
export type { AggregateBucket, JoinBucket, Mode, PhysicalPlan } from './physical.ts'
export { inputsOf, lower } from './physical.ts'
export { type Rule, rewrite, rules, type Step } from './rewrite.ts'
