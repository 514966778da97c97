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
  /** Calls back after `millis` unless cancelled by what it returns; does not keep the process alive. */
  after(millis: number, call: () => void): () => void
}

export const systemClock: Clock = {
  nowMicros: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)),
  monotonicMillis: () => performance.now(),
  yield: () => new Promise((resolve) => setImmediate(resolve)),
  sleep: (millis) => new Promise((resolve) => setTimeout(resolve, millis)),
  after: (millis, call) => {
    // Longer delays than 2³¹ − 1 ms would be cut to one.
    const timer = setTimeout(call, Math.min(millis, 0x7fffffff))
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** A clock that moves only when told to; for tests and simulation. */
export function virtualClock(startMicros = 0n): Clock & { advance(micros: bigint): void } {
  let now = startMicros
  const due = new Map<() => void, bigint>()
  const pass = () => {
    for (const [call, at] of [...due]) {
      if (at > now) continue
      due.delete(call)
      call()
    }
  }
  return {
    nowMicros: () => now,
    monotonicMillis: () => Number(now) / 1000,
    yield: () => Promise.resolve(),
    sleep: (millis) => {
      now += BigInt(Math.round(millis * 1000))
      pass()
      return Promise.resolve()
    },
    after: (millis, call) => {
      const once = () => call()
      due.set(once, now + BigInt(Math.round(millis * 1000)))
      return () => void due.delete(once)
    },
    advance: (micros) => {
      now += micros
      pass()
    },
  }
}
