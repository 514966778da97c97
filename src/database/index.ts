/** Database: statements, rows in and changes out; what `src/index.ts` and the doors build on. */

export type { GivenFunction } from '../plan/index.ts'
export type { ErrorRow } from '../runtime/index.ts'

export {
  checkOpening,
  Database,
  type DatabaseOptions,
  open,
  Subscription,
} from './database.ts'

export { RemoteDatabase } from './remote.ts'
export { Server } from './serve.ts'
export type { StatementResult } from './statement.ts'
export type { RawCommit } from './subscription.ts'
