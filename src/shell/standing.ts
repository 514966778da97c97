/**
 * Standing: how far the sources of running queries are, as lines above the prompt.
 *
 * How      Sources stand in `sys.watermarks`, once per query that watches them; the one furthest behind is told.
 * Contract 1 (checked) a line comes again when its watermark, its idle partitions or its late rows change.
 */
import { valueText } from '../data/index.ts'
import type { Database } from '../database/index.ts'

/** Lines above one prompt. */
const linesMax = 5

/** A source that a running query watches. */
export interface Standing {
  source: string
  /** Microseconds since 1970; null before the first row. */
  watermark: bigint | null
  behindMicros: bigint | null
  partitions: bigint
  idlePartitions: bigint
  late: bigint
}

export async function standings(database: Pick<Database, 'execute'>): Promise<Standing[]> {
  const [result] = await database.execute(`
    SELECT source, watermark, lag, partitions, idle_partitions, late_rows FROM sys.watermarks
    WHERE NOT ended QUALIFY ROW_NUMBER() OVER (PARTITION BY source ORDER BY watermark NULLS FIRST) = 1`)
  if (result?.kind !== 'rows') return []
  return result.rows.map(([source, watermark, lag, partitions, idle, late]) => ({
    source: source as string,
    watermark: watermark as bigint | null,
    behindMicros: lag as bigint | null,
    partitions: partitions as bigint,
    idlePartitions: idle as bigint,
    late: late as bigint,
  }))
}

/** The lines for what has changed between two prompts. */
export function standingLines(now: readonly Standing[], before: readonly Standing[]): string[] {
  const told = new Set(before.map((one) => standingText({ ...one, behindMicros: null })))
  const fresh = now.filter((one) => !told.has(standingText({ ...one, behindMicros: null })))
  const lines = fresh.slice(0, linesMax).map(standingText)
  const more = fresh.length - lines.length
  return more > 0 ? [...lines, `… and ${more} more in sys.watermarks`] : lines
}

function standingText(one: Standing): string {
  const { watermark, behindMicros, partitions, idlePartitions, late } = one
  const parts = [
    watermark === null ? 'no watermark yet' : `watermark ${timeText(watermark)}`,
    ...(behindMicros === null ? [] : [`${durationText(behindMicros)} behind`]),
    ...(idlePartitions === 0n
      ? []
      : [partitions === 1n ? 'idle' : `${idlePartitions} of ${partitions} partitions idle`]),
    ...(late === 0n ? [] : [`${late} late`]),
  ]
  return `${one.source}: ${parts.join(', ')}`
}

const timeText = (watermark: bigint) => valueText(watermark, { kind: 'timestamp', precision: 3 })

const units = [
  ['d', 86_400_000_000n],
  ['h', 3_600_000_000n],
  ['min', 60_000_000n],
  ['s', 1_000_000n],
] as const

/** A length of time in the largest unit that it fills; less than a second in milliseconds. */
function durationText(micros: bigint): string {
  for (const [unit, size] of units) if (micros >= size) return `${micros / size} ${unit}`
  return `${micros / 1000n} ms`
}
