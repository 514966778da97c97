/**
 * Clock: the only source of wall-clock time and of timers in the engine.
 *
 * Contract 1 (checked by tidy) nobody else calls Date.now, performance.now, setTimeout or setImmediate.
 *          2 (trusted) what a clock says reaches an answer only through a cycle frame in the log.
 */

export interface Clock {
  /** Microseconds since 1970-01-01 UTC. */
  nowMicros(): bigint
  /** Milliseconds on a monotonic scale, for measuring durations. */
  monotonicMillis(): number
  /** Resolves on a later turn of the event loop. */
  yield(): Promise<void>
  /** Resolves after `millis`. */
  sleep(millis: number): Promise<void>
}

export const systemClock: Clock = {
  nowMicros: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)),
  monotonicMillis: () => performance.now(),
  yield: () => new Promise((resolve) => setImmediate(resolve)),
  sleep: (millis) => new Promise((resolve) => setTimeout(resolve, millis)),
}

/** A clock that moves only when told to; for tests and simulation. */
export function virtualClock(startMicros = 0n): Clock & { advance(micros: bigint): void } {
  let now = startMicros
  return {
    nowMicros: () => now,
    monotonicMillis: () => Number(now) / 1000,
    yield: () => Promise.resolve(),
    sleep: (millis) => {
      now += BigInt(Math.round(millis * 1000))
      return Promise.resolve()
    },
    advance: (micros) => {
      now += micros
    },
  }
}
