/** Database: statements, rows in and changes out; what `src/index.ts` and the doors build on. */

export type { ErrorRow } from '../runtime/index.ts'
export type { ResultSet } from './ask.ts'
export {
  checkOpening,
  Database,
  type DatabaseOptions,
  type ExecuteOptions,
  open,
  type Progress,
  Subscription,
} from './database.ts'
export type { InputRow } from './ingest.ts'
export { RemoteDatabase } from './remote.ts'
export { type RemoteSources, Server } from './serve.ts'
export type { StatementResult } from './statement.ts'
export type { RawCommit } from './subscription.ts'
