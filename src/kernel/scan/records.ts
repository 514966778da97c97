/**
 * Records: the loop around the closures of the scans: one record after the other, as long as they are found.
 */
import type { Arena } from '../arena.ts'

/** The arguments of a scan: up to `most` records from `text` on, the first one into `slot`. */
interface Scan {
  text: number
  end: number
  slot: number
  most: number
  /** Address of the control block, whose word 0 is what positions are counted from. */
  control: number
}

/**
 * The number of records found. `record` gives the position behind the record at `position`, or 0; the words `starts`
 * and `starts` + 1 of the control block are the addresses of where records begin and end.
 */
export function scanRecords(
  { views: { i32, u32 } }: Arena,
  { text, end, slot, most, control }: Scan,
  starts: number,
  record: (position: number, slot: number) => number,
): number {
  const at = control >>> 2
  let position = text
  for (let rows = 0; ; rows++) {
    if (rows === most || position >= end) return rows
    const next = record(position, slot + rows)
    if (next === 0) return rows
    u32[(u32[at + starts]! >>> 2) + slot + rows] = position - i32[at]!
    u32[(u32[at + starts + 1]! >>> 2) + slot + rows] = next - 1 - i32[at]!
    position = next
  }
}
