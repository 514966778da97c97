/**
 * Pause: a continuous query stands still, and goes on from there.
 *
 * How      A query that is paused takes part in no cycle; what it reads waits for it, in the log or, of views, as their
 *          changes. Both statements are logged: a replay stands still at the same places.
 * Contract 1 (checked) after RESUME, the query is where it would be without the pause.
 */
import { mistake } from '../base/index.ts'
import type { BoundStatement } from '../plan/index.ts'
import type { Engine } from './engine.ts'
import type { Work } from './query.ts'

/** What a query says that was paused, or resumed; null: it was so already. */
export function* pauseQuery(
  engine: Engine,
  { name, resumes, span }: BoundStatement & { kind: 'pause' },
  isLive: boolean,
): Work<boolean> {
  const query = engine.queries.get(name.toLowerCase())
  if (query === undefined) {
    // A subscription is not there in a replay.
    if (!isLive) return false
    const hint = 'SHOW QUERIES lists them'
    mistake({ code: 'unknown_name', message: `there is no query ${name}`, hint, span })
  }
  if (query.fault !== null) throw query.fault
  if (query.paused !== resumes) return false
  // It has everything that came before the statement.
  if (isLive && !resumes) yield* engine.flush()
  query.paused = !resumes
  return true
}
