/** Log: the one order of all that happens; durable streams come behind this interface. */
export {
  type ChangePart,
  type CycleFrame,
  type DataFrame,
  Log,
  type Parameters,
  type Run,
} from './log.ts'
