/**
 * Cell blocks: byte offsets of the control blocks that the kernels over cells take, and of the fixed part of a row.
 *
 * Format   row of a table: u32 word for the owner | u32 null mask of the keys | … | keys (8 or 16 B each) | …
 *          cell: u32 touched entry | u32 null mask | f64 creation position | i32 rows | u32 cold part or 0 | keys |
 *          accumulators
 *          cold part: i64 further rows | the rest of each sum | counts of rows that do not count (i64 each)
 *          touched entry: f64 first position | u32 cell | u32 bucket number | old image of the row | of its cold part
 *          index group: eight u32 hashes (0 = empty) | eight u32 rows; part: u32 groups | u32 mask | u32 used |
 *          u32 limit
 */
const fineMax = 256
const coarseMax = 4096

/** Bytes for a string of more than 12 bytes, and where the head of the list of freed pieces of that size lies. */
function roomFor(length: number): { size: number; list: number } {
  if (length <= fineMax) {
    const size = (length + 7) & ~7
    return { size, list: size >>> 1 }
  }
  if (length <= coarseMax) {
    const size = (length + 63) & ~63
    return { size, list: 112 + (size >>> 4) }
  }
  const bits = 32 - Math.clz32(length - 1)
  return { size: 2 ** bits, list: 372 + (bits - 13) * 4 }
}

export const cellBlocks = {
  /** Look-up of keys: addresses of the index and of the room for new rows. */
  probe: {
    directory: 0,
    directoryMask: 4,
    next: 8,
    end: 12,
    rowBytes: 16,
    free: 20,
    newCount: 24,
    newRows: 28,
    refs: 32,
    hashes: 36,
    reason: 40,
    part: 44,
    bytes: 48,
  },
  /** List of touched cells. */
  touch: {
    refs: 0,
    major: 4,
    rowBytes: 8,
    next: 12,
    end: 16,
    bucket: 20,
    coldBytes: 24,
    bytes: 28,
  },
  /** Memory for cold parts: where the next one goes, and a list of free ones. */
  give: { next: 0, end: 4, free: 8, coldBytes: 12, bytes: 16 },
  /** Entry of a join's index. */
  joinEntry: { next: 0, hash: 4, row: 8, previous: 12, bytes: 16 },
  /** Entries for rows of a join: the index, lists of hashes and rows, place of the entries. */
  joinLink: { parts: 0, mask: 4, hashes: 8, rows: 12, first: 16, back: 20, bytes: 24 },
  /** Pairs of a join's probe: the chains at work, and the lists into which pairs go. */
  joinProbe: {
    numbers: 0,
    heads: 4,
    hashes: 8,
    names: 12,
    probe: 16,
    build: 20,
    most: 24,
    active: 28,
    work: 32,
    bytes: 36,
  },
  /** Rows of a join put into groups by the top bits of their hash. */
  joinGroup: { hashes: 0, rows: 4, toHashes: 8, toRows: 12, ends: 16, bits: 20, bytes: 24 },
  /** Sizes of long strings, and the bytes of the heads of the lists of freed pieces. */
  strings: { fineMax, coarseMax, roomFor, lists: 512 },
  part: { groups: 0, mask: 4, used: 8, limit: 12, bytes: 16 },
  row: { owner: 0, nulls: 4 },
  cell: { created: 8, rows: 16, cold: 20, keys: 24 },
  cold: { rows: 0, rest: 8 },
  /** The rest of a sum of doubles: the third one and the address of a wide part. */
  rest: { third: 0, link: 8 },
  touched: { position: 0, cell: 8, bucket: 12, image: 16 },
  /** Length of a view that stands for "no value yet". */
  noView: 0xffffffff,
  /** Why a probe stopped before the last row. */
  stop: { done: 0, rows: 1, part: 2 },
} as const

/** From this magnitude on a cell's rows are counted in its cold part. */
export const rowsLimit = 2 ** 30

/** Seed of the hash of the first key column; later columns are seeded by the hash so far. */
export const keySeed = 0x51ed270b

/** What the two halves of a NULL hash as; its slot holds 0. */
export const nullWord = { low: 0x7f4a7c15, high: 0x1e3779b9 }
