/**
 * Subscription: the commits of one continuous query on their way to a consumer, in order, one by one.
 *
 * How      Commits are queued as they are logged; `next` takes the first or waits. When `queueMax` commits wait, the
 *          database forms no new cycles until some are taken: a slow consumer slows its producers and nothing is
 *          dropped.
 * Contract 1 (checked) each commit is given once; after `cancel` or the end, nothing more.
 */
import type { Metadata } from '../../grammar/index.ts'
import type { Op, Row, Value } from '../data/index.ts'
import type { ErrorRow } from '../runtime/index.ts'

/** The changes of one cycle. */
export interface RawCommit {
  cycle: number
  /** The log position of the cycle: `AS OF OFFSET` to come back with. */
  offset: number
  /** Least watermark of the sources in microseconds; null before the first row or without one. */
  watermark: bigint | null
  /** The rows that were there when the subscription began. */
  snapshot: boolean
  rows: Row[]
  ops: Op[]
  errors: ErrorRow[]
}

const queueMax = 64

export class CommitQueue implements AsyncIterable<RawCommit> {
  #queue: RawCommit[] = []
  #waiting: (() => void) | null = null
  #ended = false
  #fault: unknown = null
  /** When all that was pushed so far may be given; null: now. */
  #gate: Promise<void> | null = null
  #diverted: { take(commit: RawCommit): void; end(fault: unknown): void } | null = null
  readonly #room: () => void
  readonly #cancel: () => void
  readonly #each: () => void
  readonly #lasting: () => Promise<void> | null
  #held = 0

  /**
   * `room` is called when a full queue has room again, `cancel` when the consumer wants no more, `each` per commit
   * taken; `lasting` says when what is in the log lasts: a commit is not given before.
   */
  constructor(
    room: () => void,
    cancel: () => void,
    {
      each = () => {},
      lasting = () => null,
    }: {
      each?: () => void
      lasting?: () => Promise<void> | null
    } = {},
  ) {
    this.#room = room
    this.#cancel = cancel
    this.#each = each
    this.#lasting = lasting
  }

  get full(): boolean {
    return !this.#ended && this.#queue.length + this.#held >= queueMax
  }

  /** From here on commits go to `take` as they come, and hold nothing back; `end` is told why they end, or null. */
  divert(take: (commit: RawCommit) => void, end: (fault: unknown) => void): void {
    for (const commit of this.#queue.splice(0)) take(commit)
    this.#diverted = { take, end }
    if (this.#ended) end(this.#fault)
  }

  push(commit: RawCommit): void {
    const lasting = this.#lasting()
    if (lasting === null && this.#gate === null) return this.#take(commit)
    this.#held++
    const before = this.#gate
    const gate = Promise.all([before, lasting]).then(
      () => {
        this.#held--
        if (this.#gate === gate) this.#gate = null
        this.#take(commit)
      },
      (fault) => this.#close(fault),
    )
    this.#gate = gate
  }

  #take(commit: RawCommit): void {
    if (this.#ended) return
    if (this.#diverted !== null) return this.#diverted.take(commit)
    this.#queue.push(commit)
    this.#wake()
  }

  /** No more commits come; with a fault, the consumer gets it after the last commit. */
  end(fault: unknown = null): void {
    if (this.#gate === null) this.#close(fault)
    else this.#gate = this.#gate.then(() => this.#close(fault))
  }

  #close(fault: unknown): void {
    this.#ended = true
    this.#fault ??= fault
    this.#diverted?.end(this.#fault)
    this.#wake()
  }

  cancel(): void {
    if (this.#ended) return
    this.#queue = []
    this.#close(null)
    this.#cancel()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RawCommit, void> {
    try {
      for (;;) {
        const next = this.#queue.shift()
        if (next !== undefined) {
          if (this.#queue.length === queueMax - 1) this.#room()
          this.#each()
          yield next
        } else if (this.#ended) {
          if (this.#fault !== null) throw this.#fault
          return
        } else {
          await new Promise<void>((resolve) => {
            this.#waiting = resolve
          })
        }
      }
    } finally {
      this.cancel()
    }
  }

  #wake(): void {
    this.#waiting?.()
    this.#waiting = null
  }
}

// ---------------------------------------------------------------- metadata

/** The rows with what is known of each change before them. */
export function withMetadata(
  metadata: readonly Metadata[],
  { dataflow }: { dataflow: { now: bigint } },
  commit: RawCommit,
): RawCommit {
  if (metadata.length === 0) return commit
  const { cycle, ops } = commit
  const rows = commit.rows.map((row, at): Row => {
    const op = ops[at]!
    const known: Record<Metadata, Value> = {
      _cycle: BigInt(cycle),
      _ts: dataflow.now,
      _op: op,
      _diff: op === '+I' || op === '+U' ? 1 : -1,
      _progress: false,
    }
    return [...metadata.map((name) => known[name]), ...row]
  })
  return { ...commit, rows }
}

/** A row that says that the cycle is over: no more of its changes come. */
export function progressOf(
  metadata: readonly Metadata[],
  { cycle, now, offset, width }: { cycle: number; now: bigint; offset: number; width: number },
): RawCommit {
  const known: Record<Metadata, Value> = {
    _cycle: BigInt(cycle),
    _ts: now,
    _op: null,
    _diff: null,
    _progress: true,
  }
  const nothing = Array.from({ length: width }, (): Value => null)
  const rows: Row[] = [[...metadata.map((name) => known[name]), ...nothing]]
  return { cycle, offset, watermark: null, snapshot: false, rows, ops: ['+I'], errors: [] }
}
