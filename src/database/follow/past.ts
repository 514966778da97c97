/**
 * Past: moments of the log, and a query that is run again from one of them.
 *
 * How      The log keeps every row and every cycle. A query over it is run up to the moment at once, and then through
 *          the cycles that were logged later, with their numbers and times.
 * Contract 1 (checked) what is told of a cycle is what was told of it when it was new.
 * Cost     the rows of the log from the first one on.
 */
import { mistake, type Span } from '../../base/index.ts'
import type { CycleFrame, DataFrame, Frame } from '../../log/index.ts'
import type { BoundStatement, Moment } from '../../plan/index.ts'
import type { Delta } from '../../runtime/index.ts'
import type { Engine } from '../engine.ts'
import type { Query, Work } from '../query.ts'

type Placed = Moment & { span: Span }

/** Runs a query up to a position of the log at once, and then through the cycles that were logged after it. */
export function* again(
  engine: Engine,
  query: Query,
  from: number,
  tell: (cycle: number, now: bigint, delta: Delta) => void,
): Work<void> {
  const cycles = cyclesOf(engine)
  const last = cycles.findLast(({ position }) => position <= from)
  const nowMicros = last?.nowMicros ?? String(beginOf(engine))
  const start = { cycle: last?.cycle ?? 0, nowMicros, position: from }
  for (const frame of [start, ...cycles.filter(({ position }) => position > from)]) {
    const [now, upTo] = [BigInt(frame.nowMicros), frame.position]
    const given = { now, upTo, rowsMax: Number.MAX_SAFE_INTEGER, replay: [], deltas: new Map() }
    const { delta, late } = yield* query.cycle(given)
    engine.late.note(late, query.name)
    tell(frame.cycle, now, delta)
    if (query.ended) return
  }
}

/** The position of the log behind all cycles up to a moment. */
export function positionOf(engine: Engine, moment: Placed): number {
  const { log } = engine
  if ('offset' in moment) {
    const { offset } = moment
    if (offset >= 0 && offset <= log.position) return whole(engine, offset)
    return refuse(
      `OFFSET ${offset} is not in the log`,
      moment,
      `it goes from OFFSET 0 to ${log.position}`,
    )
  }
  const { micros } = moment
  const [begin, end] = [BigInt(beginOf(engine)), BigInt(engine.nowMicros())]
  if (micros >= begin && micros <= end) {
    return cyclesOf(engine).findLast(({ nowMicros }) => BigInt(nowMicros) <= micros)?.position ?? 0
  }
  const hint = `it goes from ${timeText(begin)} to ${timeText(end)}`
  return refuse(`${timeText(micros)} is not in the log`, moment, hint)
}

/** The position of the log from which on a view reads streams: of a time, the first row that came then or later. */
export function startOf(
  engine: Engine,
  start: (BoundStatement & { kind: 'create-materialized' })['start'],
): number {
  const { position, log } = engine
  if (start === 'earliest') return 0
  if (start === 'latest') return position
  const isLive = engine.replayed === null
  if ('offset' in start) {
    if (isLive) positionOf(engine, start)
    return start.offset
  }
  if (isLive && start.micros > BigInt(engine.nowMicros())) {
    const message = `${timeText(start.micros)} has not come yet`
    refuse(message, start, 'START FROM LATEST begins with what comes')
  }
  const frame = log.frames.find(
    (one) =>
      one.kind === 'data' && one.position < position && BigInt(one.nowMicros) >= start.micros,
  )
  return frame?.position ?? position
}

/** Where a subscription ends that begins at position `from`, or now. */
export function untilOf(engine: Engine, upTo: Placed, from: number | null): Moment {
  const hint = 'AS OF a moment before it tells the past'
  if ('offset' in upTo) {
    const begin = from ?? engine.log.position
    if (upTo.offset >= begin) return { offset: whole(engine, upTo.offset) }
    return refuse(
      `UP TO OFFSET ${upTo.offset} lies before the beginning, OFFSET ${begin}`,
      upTo,
      hint,
    )
  }
  const cycles = cyclesOf(engine)
  const last = from === null ? null : cycles.findLast(({ position }) => position <= from)
  const begin =
    from === null ? BigInt(engine.nowMicros()) : BigInt(last?.nowMicros ?? beginOf(engine))
  if (upTo.micros >= begin) return upTo
  const message = `UP TO ${timeText(upTo.micros)} lies before the beginning, ${timeText(begin)}`
  return refuse(message, upTo, hint)
}

/** A position that parts no change: in front of the one that it stands in. */
function whole({ log }: Engine, offset: number): number {
  const parts = log.frames.filter(
    (frame): frame is Frame & DataFrame =>
      frame.kind === 'data' && frame.position < offset && frame.until > offset,
  )
  return Math.min(offset, ...parts.map(({ position }) => position))
}

const cyclesOf = ({ log }: Engine) =>
  log.frames.filter((frame): frame is Frame & CycleFrame => frame.kind === 'cycle')

/** When the first frame of the log came, in microseconds since 1970. */
function beginOf(engine: Engine): number {
  const first = engine.log.frames.find((frame) => 'nowMicros' in frame)
  return first === undefined ? engine.nowMicros() : Number((first as CycleFrame).nowMicros)
}

export const timeText = (micros: bigint): string =>
  `TIMESTAMP '${new Date(Number(micros / 1000n)).toISOString().replace('T', ' ').replace('Z', '')}'`

function refuse(message: string, { span }: Placed, hint: string): never {
  return mistake({ code: 'invalid_argument', message, hint, span })
}
