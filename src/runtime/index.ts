/** Runtime: plans at work: operators over kernels, the order of inputs, the changes of a commit. */
export { batchOfChanges, type Contribution, isDeletion, rowKey } from './changes.ts'
export { Computer, computingReader } from './computed.ts'
export { Dataflow } from './dataflow.ts'
export type { UserFunctions } from './expression/user-function.ts'
export { HeldRows } from './held.ts'
export { IdleWatch } from './idle.ts'
export {
  type ExternalInput,
  type Input,
  type StandingRows,
  type StoredInput,
  takeExternal,
  takeRun,
  takeStored,
} from './input.ts'
export type { Delta } from './operator/output.ts'
export type { ScanStage, Slice } from './operator/scan.ts'
export { differenceFrom } from './replaced.ts'
export type { ErrorRow, LateRow, StageStats } from './stage.ts'
export { Partitions } from './watermark.ts'
