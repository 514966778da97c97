/**
 * Fragments: the arenas of a query with their kernels, handed on from query to query and from database to database.
 *
 * How      What a query gives back is emptied and waits: some sets for the next query of the same database, the others,
 *          and those of a database that is closed, for whoever asks next in the process, until the collector takes
 *          them. Memory that was touched before costs no page faults, and kernels that were bound need not be bound
 *          again.
 * Contract 1 (trusted) nobody reads the memory of a query that gave it back.
 * Cost     a page fault of new memory is some 0.3 to 1 ns per byte, as much as the work of a filter.
 */
import { Arena, type Backend, Kernels, MarkCheck } from '../kernel/index.ts'

/** How the fragments of a database are made. */
export interface FragmentOptions {
  fragments: number
  backend: Backend
  /** Asserts after each step that state that changed is marked. */
  checks: boolean
}

/** Sets kept by a database for its next queries. */
const keptMax = 2

/** Sets that nobody keeps, the latest last; those of equal options are as good as each other. */
const waiting: { like: string; set: WeakRef<Kernels[]> }[] = []
const waitingMax = 16

export class Fragments {
  readonly #options: FragmentOptions
  readonly #like: string
  readonly #kept: Kernels[][] = []
  #closed = false

  constructor(options: FragmentOptions) {
    this.#options = options
    this.#like = JSON.stringify([options.fragments, options.backend, options.checks])
  }

  take(): Kernels[] {
    return this.#kept.pop() ?? takeWaiting(this.#like) ?? this.#make()
  }

  give(set: Kernels[]): void {
    for (const { arena } of set) arena.reset()
    if (!this.#closed && this.#kept.length < keptMax) this.#kept.push(set)
    else leave(this.#like, set)
  }

  /** From here on nothing is kept. */
  close(): void {
    this.#closed = true
    for (const set of this.#kept.splice(0)) leave(this.#like, set)
  }

  #make(): Kernels[] {
    const { fragments, backend, checks } = this.#options
    return Array.from({ length: fragments }, () => {
      const arena = new Arena({ marks: checks, lists: checks })
      if (checks) {
        const marks = new MarkCheck(arena)
        arena.afterStep = () => marks.check()
      }
      return new Kernels(arena, backend)
    })
  }
}

function takeWaiting(like: string): Kernels[] | null {
  for (let at = waiting.length - 1; at >= 0; at--) {
    const one = waiting[at]!
    if (one.like !== like) continue
    waiting.splice(at, 1)
    const set = one.set.deref()
    if (set !== undefined) return set
  }
  return null
}

function leave(like: string, set: Kernels[]): void {
  waiting.push({ like, set: new WeakRef(set) })
  if (waiting.length > waitingMax) waiting.shift()
}
