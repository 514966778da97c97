/** Log: the one order of all that happens; durable streams come behind this interface. */
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
