/**
 * SessionZone: the time zone of the session whose statement is being bound.
 *
 * How      A TIMESTAMPTZ is a point in time; what a clock shows then, and which point a time without an offset means,
 *          depends on a zone. Binding is one piece of work without waiting, so the zone is set around it, and every
 *          conversion that needs it takes it into the plan, as a literal: plans and the log depend on no session.
 * Contract 1 (trusted) nothing is bound outside `inZone` that depends on a zone, but in UTC.
 * See      docs/types.md (time zones)
 */

let current: string | null = null

/** Binds with TIMESTAMPTZ in this zone; null is UTC. */
export function inZone<T>(zone: string | null, work: () => T): T {
  const before = current
  current = zone
  try {
    return work()
  } finally {
    current = before
  }
}

/** The name of the zone at IANA; null is UTC. */
export const sessionZone = (): string | null => current

/** For what is made now and bound again later: in the zone that it was made in. */
export const madeInZone = (): { zone?: string } => (current === null ? {} : { zone: current })
