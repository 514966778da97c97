/** Runtime: plans at work: operators over kernels, the order of inputs, the changes of a commit. */
export { batchOfChanges, type Change, type Contribution, isDeletion, rowKey } from './changes.ts'
export { Computer, computingReader } from './computed.ts'
export { Dataflow, type DataflowOptions } from './dataflow.ts'
export {
  type ExternalInput,
  type Input,
  type StandingRows,
  type StoredInput,
  type Taken,
  takeExternal,
  takeRun,
  takeStored,
} from './input.ts'
export type { Delta } from './operator/output.ts'
export type { ScanStage, Slice } from './operator/scan.ts'
export { type ErrorRow, endOfTime, type StageStats } from './stage.ts'
