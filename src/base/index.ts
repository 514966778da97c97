/** Base: faults, clock, random numbers, memory and disk; what every other module may use. */
export { type Clock, systemClock, virtualClock } from './clock.ts'
export { type DataDisk, type DataFile, systemDataDisk } from './data-disk.ts'
export {
  closeWhole,
  type Disk,
  type FileReader,
  type FileWriter,
  printText,
  systemDisk,
} from './disk.ts'
export {
  assert,
  Bug,
  type Code,
  type Diagnostic,
  type EvaluationError,
  Failure,
  mistake,
  QueryMistake,
  type Span,
  unreachable,
} from './fault.ts'
export { memoryBytes } from './memory.ts'
export { type Random, randomWord, seededRandom } from './random.ts'
