/**
 * Inspect: what lies in the log of a directory, segment by segment, with every checksum looked at.
 *
 * Contract 1 (checked) nothing is changed, and a damaged segment does not hide those behind it.
 * Cost     reads all of the log, one frame at a time.
 */
import { join } from 'node:path'
import { type DataDisk, type DataFile, Failure } from '../base/index.ts'
import { schemaOf } from './codec.ts'
import {
  type FoundFrame,
  frameTypes,
  readFrame,
  readSegmentHeader,
  type SegmentHeader,
  scanSegment,
} from './segment.ts'

/** What one segment holds. */
export interface SegmentReport {
  path: string
  bytes: number
  /** When it was begun, microseconds since 1970; null where its header is not whole. */
  createdMicros: number | null
  /** How many frames there are of each kind. */
  frames: Record<string, number>
  streams: { stream: string; rows: number; from: number; to: number }[]
  /** What is wrong, with the range of bytes; an unfinished end is no damage. */
  damage: string[]
  /** Bytes behind the last whole frame, which the next opening takes off. */
  unfinishedBytes: number
}

const names = new Map<number, string>(
  Object.entries(frameTypes).map(([name, type]) => [type, name]),
)

export function* inspectLog(disk: DataDisk, directory: string): Generator<SegmentReport> {
  const folder = join(directory, 'log')
  const segments = disk.names(folder).filter((name) => name.endsWith('.segment'))
  if (segments.length === 0) throw new Failure('file', `there is no log in ${directory}`)
  let chain = 0
  for (const [index, name] of segments.entries()) {
    const file = disk.open(join(folder, name), 'read')
    try {
      const header = readSegmentHeader(file)
      const isLast = index === segments.length - 1
      const { report, last } = reportOf(file, header, isLast)
      if (header !== null && header.chain !== chain)
        report.damage.push('it does not follow the segment before it, or one is missing')
      chain = last?.chain ?? header?.chain ?? 0
      yield report
    } finally {
      file.close()
    }
  }
}

function reportOf(
  file: DataFile,
  header: SegmentHeader | null,
  isLast: boolean,
): { report: SegmentReport; last: FoundFrame | undefined } {
  const report: SegmentReport = {
    path: file.path,
    bytes: file.size,
    createdMicros: header?.createdMicros ?? null,
    frames: {},
    streams: [],
    damage: [],
    unfinishedBytes: 0,
  }
  if (header === null) {
    report.damage.push('its header is not whole')
    return { report, last: undefined }
  }
  const { frames, end, rest } = scanSegment(file, header, isLast)
  const streams = new Map<number, string>()
  for (const frame of frames) note(report, file, frame, streams)
  if (rest.kind === 'damage') report.damage.push(`bytes ${end} to ${rest.to} are damaged`)
  if (rest.kind === 'torn') report.unfinishedBytes = file.size - end
  return { report, last: frames.at(-1) }
}

function note(
  report: SegmentReport,
  file: DataFile,
  frame: FoundFrame,
  streams: Map<number, string>,
): void {
  const kind = names.get(frame.type) ?? `kind ${frame.type}`
  report.frames[kind] = (report.frames[kind] ?? 0) + 1
  try {
    const { extension } = readFrame(file, frame)
    if (frame.type === frameTypes.schema) streams.set(frame.schema, schemaOf(extension).stream)
  } catch (fault) {
    report.damage.push(`bytes ${frame.at} to ${frame.end} are damaged${rowsOf(frame, streams)}`)
    if (!(fault instanceof Failure)) throw fault
  }
  if (frame.type !== frameTypes.data) return
  const stream = streams.get(frame.schema) ?? `stream ${frame.stream}`
  const known = report.streams.find((one) => one.stream === stream)
  const to = frame.offset + frame.rows
  if (known === undefined) report.streams.push({ stream, rows: frame.rows, from: frame.offset, to })
  else Object.assign(known, { rows: known.rows + frame.rows, to })
}

/** The rows that a damaged frame takes along. */
function rowsOf({ type, schema, offset, rows }: FoundFrame, streams: Map<number, string>): string {
  if (type !== frameTypes.data) return ''
  return `: rows ${offset} to ${offset + rows} of ${streams.get(schema) ?? 'a stream'}`
}
