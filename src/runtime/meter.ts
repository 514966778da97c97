/**
 * Meter: the time that each stage of a dataflow takes.
 *
 * How      What a stage does at the end of a step and at a commit is measured with all that happens in the stages
 *          above, and so is what it hands on. The time of a stage alone is that of its own calls and of what the
 *          stages below hand on to it, less what it hands on itself.
 * Contract 1 (checked) the times of all stages and of the output add up to that of the calls from outside.
 * Cost     two looks at the clock per batch and stage, where a meter is asked for.
 */
import type { Push } from './stage.ts'

export class Meter {
  readonly #now: () => number
  /** Milliseconds by the id of the stage. */
  readonly #called = new Map<number, number>()
  readonly #handedOn = new Map<number, number>()

  /** `now` tells milliseconds that only grow. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** The push of a stage to the one above it. */
  through(id: number, push: Push): Push {
    return (fragment, batch) => this.#timed(this.#handedOn, id, () => push(fragment, batch))
  }

  /** A call of a stage from outside. */
  call(id: number, work: () => void): void {
    this.#timed(this.#called, id, work)
  }

  /** Milliseconds of a stage, given the ids of those that hand on to it. */
  millisOf(id: number, below: readonly number[]): number {
    const given = below.reduce((sum, one) => sum + (this.#handedOn.get(one) ?? 0), 0)
    const own = (this.#called.get(id) ?? 0) + given - (this.#handedOn.get(id) ?? 0)
    return Math.max(0, own)
  }

  #timed(times: Map<number, number>, id: number, work: () => void): void {
    const started = this.#now()
    work()
    times.set(id, (times.get(id) ?? 0) + this.#now() - started)
  }
}
