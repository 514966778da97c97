/** Inspection: the report of a segment of the log as lines for a person. */
import type { SegmentReport } from '../log/index.ts'

const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

export function inspectionText(report: SegmentReport): string {
  const { path, bytes, createdMicros, frames, streams, damage, unfinishedBytes } = report
  const begun =
    createdMicros === null
      ? ''
      : `, begun ${new Date(createdMicros / 1000).toISOString().replace('T', ' ')}`
  const kinds = Object.entries(frames).map(([kind, count]) => `${count} ${kind}`)
  const lines = [
    `${path}: ${many(bytes, 'byte')}${begun}`,
    `  frames: ${kinds.join(', ') || 'none'}`,
  ]
  for (const { stream, rows, from, to } of streams)
    lines.push(`  ${stream}: ${many(rows, 'row')}, offsets ${from} to ${to - 1}`)
  if (unfinishedBytes > 0)
    lines.push(
      `  the last write was not finished: ${many(unfinishedBytes, 'byte')} will be taken off`,
    )
  for (const one of damage) lines.push(`  DAMAGED: ${one}`)
  if (damage.length === 0) lines.push('  every checksum is right')
  return `${lines.join('\n')}\n`
}
