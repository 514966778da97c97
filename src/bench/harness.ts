/**
 * Harness: runs subjects against each other, round by round, and tells the medians.
 *
 * How      1. Every subject is prepared, then warmed by one round that does not count.
 *          2. At least five rounds follow in which all subjects take their turns, so that what disturbs the machine
 *             disturbs all.
 *          3. The answers of all subjects are compared; a benchmark with a wrong answer is a failure. A subject that
 *             hands its result over row by row is asked once more after the rounds, for the sums over what it hands
 *             over.
 * Contract 1 (checked) only `round` is timed, from the question to its answer.
 */
import { cpus } from 'node:os'
import { Failure, systemClock } from '../base/index.ts'

/** One side of a comparison. */
export interface Subject {
  name: string
  prepare(): Promise<void>
  /** Answers the question once; its time, when the subject measures itself, in milliseconds. */
  round(): Promise<{ answer?: number[]; millis?: number }>
  /** The answer of a subject whose rounds give none. */
  check?(): Promise<number[]>
  close(): Promise<void>
}

export interface CaseResult {
  case: string
  unit: string
  millrace: number
  /** Bytes of state of a query that has taken all rows. */
  state?: number
  peers: Record<string, number>
  ratios: Record<string, number>
}

export interface BenchResult {
  name: string
  machine: string
  cases: CaseResult[]
}

export function machineText(): string {
  const [cpu] = cpus()
  return `${cpu?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.version}`
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Median milliseconds of each subject, in their order; `first` hears the time of each one's first round. */
export async function compare(
  subjects: readonly Subject[],
  options: { rounds: number; signal: AbortSignal; first?: (name: string, millis: number) => void },
): Promise<number[]> {
  const times: number[][] = subjects.map(() => [])
  const answers = new Answers()
  try {
    for (const subject of subjects) await subject.prepare()
    for (let round = 0; round <= options.rounds; round++) {
      for (const [at, subject] of subjects.entries()) {
        options.signal.throwIfAborted()
        const startedAt = systemClock.monotonicMillis()
        const { answer, millis } = await subject.round()
        const took = millis ?? systemClock.monotonicMillis() - startedAt
        if (round > 0) times[at]!.push(took)
        else options.first?.(subject.name, took)
        if (answer !== undefined) answers.take(subject.name, answer)
      }
    }
    for (const subject of subjects) {
      if (subject.check !== undefined) answers.take(subject.name, await subject.check())
    }
  } finally {
    for (const subject of subjects) await subject.close()
  }
  return times.map(median)
}

/** The first answer is what all others must be. */
class Answers {
  #first: { name: string; answer: number[] } | null = null

  take(name: string, answer: number[]): void {
    this.#first ??= { name, answer }
    if (sameAnswer(answer, this.#first.answer)) return
    throw new Failure(
      'bug',
      `${name} answers ${answer.join(', ')} where ${this.#first.name} answers ${this.#first.answer.join(', ')}`,
    )
  }
}

/** Sums of doubles may differ in their last bits. */
function sameAnswer(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  return a.every((value, at) => {
    const scale = Math.max(1, Math.abs(value), Math.abs(b[at]!))
    return Math.abs(value - b[at]!) <= 1e-9 * scale
  })
}

/** Rates from times: `events` per second; a ratio above 1 means that Millrace is faster. */
export function rates(
  name: string,
  options: { subjects: readonly string[]; millis: readonly number[]; events: number; unit: string },
): CaseResult {
  const perSecond = options.millis.map((millis) => Math.round((options.events / millis) * 1000))
  const peers: Record<string, number> = {}
  const ratios: Record<string, number> = {}
  for (let at = 1; at < options.subjects.length; at++) {
    peers[options.subjects[at]!] = perSecond[at]!
    ratios[options.subjects[at]!] = rounded(perSecond[0]! / perSecond[at]!)
  }
  return { case: name, unit: options.unit, millrace: perSecond[0]!, peers, ratios }
}

/** Three significant digits. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
