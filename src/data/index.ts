/** Data: types, values, columns and batches on the host, and what a connector is. */
export { arrowBatch, arrowSchema } from './arrow.ts'
export {
  type Batch,
  batchOf,
  type Column,
  type ColumnValues,
  columnOf,
  isValid,
  layoutOf,
  rowAt,
  rowsOf,
  valueAt,
  valueBytes,
} from './batch.ts'
export {
  civilOf,
  daysInMonth,
  daysOf,
  monthsLater,
} from './calendar.ts'
export {
  abortWriter,
  type BadRow,
  type Bound,
  type Connector,
  type ConnectorOptions,
  type Connectors,
  type Ignored,
  type ReaderOptions,
  type SinkWriter,
  type SourceReader,
} from './connector.ts'
export { hostValue } from './host.ts'
export type { Period } from './interval.ts'
export { jsonText } from './json.ts'
export {
  arrayOf,
  elementOf,
  entriesOf,
  entryOf,
  flattenItem,
  itemOf,
  itemOfFlat,
  itemsOf,
  itemValue,
  mapOf,
  memberItems,
  NONE,
  structOf,
  textArray,
} from './nested.ts'
export { periodLength, periodValue, readPeriod } from './period.ts'
export { type HostValue, type Interval, publicValueOf, timestampMillis } from './public.ts'
export { compileRegex, type Regex, similarPattern } from './regex.ts'
export { RegexMistake } from './regex-program.ts'
export {
  columnJson,
  flatFields,
  flatValues,
  hasStructs,
  membersOf,
  NoStruct,
  pathsOf,
  type Top,
  textColumns,
  topColumns,
  widthOf,
} from './struct.ts'
export { compareValues, parseValue, valueText } from './text.ts'
export {
  monthName,
  type TimePattern,
  TimePatternMistake,
  type TimeStyle,
  timePattern,
  weekdayName,
} from './time-pattern.ts'
export {
  type Dialect,
  dialects,
  type Field,
  formOf,
  isBytes,
  isWhole,
  isWide,
  type Member,
  type Op,
  type Physical,
  physicalOf,
  plainValue,
  precisionMicros,
  type Row,
  rangeOf,
  type Schema,
  sameType,
  shownIn,
  type Type,
  typeText,
  type Value,
} from './type.ts'
export {
  type Limits,
  type Scripting,
  Thrown,
  type UserBody,
  type UserFunction,
  type UserShape,
  userFunction,
  type Written,
} from './user-function.ts'
export { readWide, writeWide } from './wide.ts'
export { type Zone, zoneNamed } from './zone.ts'
