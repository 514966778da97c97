/** Log: the one order of all that happens, in memory or in the segments of a directory. */
export { inspectLog, type SegmentReport } from './inspect.ts'
export {
  type Arrival,
  type ChangePart,
  type CycleFrame,
  type DataFrame,
  type Frame,
  type IdleFrame,
  type LateOrigin,
  Log,
  type Parameters,
  type Run,
} from './log.ts'
export { Store } from './store.ts'
