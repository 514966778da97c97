/**
 * Join table: the rows of one side of a join by key and bucket; a multimap.
 *
 *   key ─▶ row of the key's table {first, last, number} ─▶ stored row ─▶ next stored row …
 *
 * How      1. Rows are stored once and chained to their key in order of arrival.
 *          2. A probe finds the keys of a batch and walks the chains, a bounded number of pairs at a time.
 *          3. The first removal in a bucket makes an index over whole rows, which is kept from then on, so that a
 *             retraction does not search the chain of a frequent key.
 * Contract 1 (checked) rows with a NULL key are neither stored nor found.
 *          2 (checked) a removed row is there; the two zeros count as equal, and so do all NaN.
 *          3 (trusted) addresses of stored rows hold until the row is removed or its bucket dropped.
 * Cost     two cache misses per probe in a large table, one per pair; per stored row 24 B, its columns, and its share
 *          of a key.
 */
import { assert } from '../base/index.ts'
import type { Type } from '../data/index.ts'
import { Arena, cellBlocks, type Kernels, type Vector, type VectorBatch } from '../kernel/index.ts'
import { Directory } from './directory.ts'
import { formOf, type KeyField, keyFields, keyVector } from './layout.ts'
import { gatherColumn, RowStore, type StoreLayout, storeLayout } from './row-store.ts'
import { hashKeys, Table, type TableLayout, takeVectors } from './table.ts'

const { pairs, row: rowFields } = cellBlocks

export interface JoinSpec {
  keys: Type[]
  /** All columns of the stored rows. */
  columns: Type[]
  /** How many of them, from the first on, a removal compares; all by default. The others are baggage. */
  identity?: number
}

export interface JoinMatches {
  count: number
  /** Address of the u32 row numbers of the probing batch. */
  probe: number
  /** Address of the u32 addresses of stored rows. */
  build: number
}

interface Bucket {
  keys: Table
  store: RowStore
  /** Whole rows by their hash; null until a row is removed. */
  index: Directory | null
}

export class JoinTable {
  readonly #kernels: Kernels
  readonly #keyLayout: TableLayout
  readonly #layout: StoreLayout
  /** Offset of {first, last, number} in a key's row. */
  readonly #chain: number
  readonly #control: number
  readonly #identity: KeyField[]
  readonly #buckets = new Map<bigint, Bucket>()
  #expected = 0

  constructor(kernels: Kernels, spec: JoinSpec) {
    this.#kernels = kernels
    const { fields, end } = keyFields(spec.keys.map(formOf), rowFields.nulls + 4)
    this.#chain = end
    const rowBytes = end + 16
    this.#keyLayout = { keys: fields, rowBytes, template: kernels.arena.allocateZeroed(rowBytes) }
    this.#layout = storeLayout(kernels, spec.columns)
    this.#identity = this.#layout.columns.slice(0, spec.identity)
    this.#control = kernels.arena.allocate(pairs.bytes)
  }

  insert(end: bigint, keys: Vector[], batch: VectorBatch): void {
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const { list, count } = this.#keyed(keys, batch.rows)
    if (count > 0) {
      const bucket = this.#bucket(end)
      const dense = this.#denseKeys(keys, batch.rows, { list, count })
      const { refs } = bucket.keys.find(dense, count)
      const rows = bucket.store.add(batch, list, count)
      this.#kernels.get('cell_link')(refs, list, count, this.#chain, rows, this.#layout.owner)
      if (bucket.index !== null) {
        const added = arena.scratch(count * 4)
        this.#kernels.get('cell_take_4')(rows, list, count, added)
        this.#enter(bucket.index, added, count)
      }
    }
    arena.releaseScratch(mark)
  }

  /** Removes one stored row that equals each row of the batch. */
  remove(end: bigint, keys: Vector[], batch: VectorBatch): void {
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const { list, count } = this.#keyed(keys, batch.rows)
    if (count > 0) {
      const bucket = this.#buckets.get(end)
      assert(bucket !== undefined, 'a removed row is in the table')
      bucket.index ??= this.#makeIndex(bucket)
      const columns = takeVectors(
        this.#kernels,
        batch.columns.slice(0, this.#identity.length),
        batch.rows,
        { list, count },
      )
      const normal = columns.map((column) => keyVector(this.#kernels, column, count))
      const refs = bucket.keys.lookup(this.#denseKeys(keys, batch.rows, { list, count }), count)
      const hashes = hashKeys(this.#kernels, normal, count)
      const unused: number[] = []
      for (let at = 0; at < count; at++) {
        const { u32 } = arena.views
        const key = u32[(refs >>> 2) + at]!
        const hash = u32[(hashes >>> 2) + at]!
        const row = this.#findRow(bucket.index, { key, hash }, normal, at)
        assert(row !== 0, 'a removed row is in the table')
        bucket.index.remove(hash, row)
        this.#unlink(key, row)
        bucket.store.remove(row)
        if (arena.views.u32[(key + this.#chain) >>> 2] === 0) unused.push(key)
      }
      for (const key of unused) bucket.keys.disownKeys(key)
      bucket.keys.remove(unused)
      if (bucket.store.count === 0) this.drop(end)
    }
    arena.releaseScratch(mark)
  }

  /** Hands over the pairs of a batch with the stored rows, in order of the batch's rows. */
  probe(
    end: bigint,
    keys: Vector[],
    rows: number,
    matchesMax: number,
    sink: (matches: JoinMatches) => void,
  ): void {
    const bucket = this.#buckets.get(end)
    if (bucket === undefined || rows === 0) return
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const refs = this.#lookup(bucket, keys, rows)
    const probe = arena.scratch(matchesMax * 4)
    const build = arena.scratch(matchesMax * 4)
    const kernel = this.#kernels.get('cell_pairs')
    for (let row = 0, at = 0, left = 0; row < rows; ) {
      const { u32 } = arena.views
      const block = this.#control >>> 2
      u32.set([refs, probe, build, matchesMax, row, at, left], block)
      const count = kernel(this.#control, this.#chain, rows)
      row = u32[block + (pairs.row >>> 2)]!
      at = u32[block + (pairs.at >>> 2)]!
      left = u32[block + (pairs.left >>> 2)]!
      if (count > 0) sink({ count, probe, build })
    }
    arena.releaseScratch(mark)
  }

  /** A column of stored rows, in scratch memory. */
  gather(column: number, build: number, count: number): Vector {
    return gatherColumn(this.#kernels, this.#layout, column, { list: build, count })
  }

  /** Positions of stored rows: address of an f64 per row. */
  gatherMajor(build: number, count: number): number {
    const to = this.#kernels.arena.scratch(count * 8)
    this.#kernels.get('cell_read_8')(build, count, this.#layout.major, to)
    return to
  }

  /** Number of stored rows for each row's key: address of a u32 per row. */
  counts(end: bigint, keys: Vector[], rows: number): number {
    const { arena } = this.#kernels
    const to = arena.scratch(rows * 4)
    const bucket = this.#buckets.get(end)
    if (bucket === undefined) {
      arena.views.u32.fill(0, to >>> 2, (to >>> 2) + rows)
      return to
    }
    const mark = arena.markScratch()
    const refs = this.#lookup(bucket, keys, rows)
    this.#kernels.get('cell_matches')(refs, rows, this.#chain, to)
    arena.releaseScratch(mark)
    return to
  }

  /** Frees a bucket at once. */
  drop(end: bigint): void {
    const bucket = this.#buckets.get(end)
    if (bucket === undefined) return
    this.#expected = bucket.keys.count
    bucket.keys.drop()
    bucket.store.drop()
    bucket.index?.drop()
    this.#buckets.delete(end)
  }

  /** Buckets with rows, ascending. */
  buckets(): bigint[] {
    return [...this.#buckets.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  }

  stats(): { rows: number; keys: number; bytes: number } {
    let rows = 0
    let keys = 0
    let bytes =
      Arena.blockBytes(pairs.bytes) +
      Arena.blockBytes(this.#layout.rowBytes) +
      Arena.blockBytes(this.#keyLayout.rowBytes)
    for (const bucket of this.#buckets.values()) {
      rows += bucket.store.count
      keys += bucket.keys.count
      bytes += bucket.store.bytes + bucket.keys.bytes + (bucket.index?.bytes ?? 0)
    }
    return { rows, keys, bytes }
  }

  #bucket(end: bigint): Bucket {
    let bucket = this.#buckets.get(end)
    if (bucket === undefined) {
      const options = { expected: this.#expected, keepStrings: false }
      bucket = {
        keys: new Table(this.#kernels, this.#keyLayout, options),
        store: new RowStore(this.#kernels, this.#layout),
        index: null,
      }
      this.#buckets.set(end, bucket)
    }
    return bucket
  }

  /** Key rows of a batch; 0 where a key is NULL or unknown. */
  #lookup(bucket: Bucket, keys: readonly Vector[], rows: number): number {
    const normal = keys.map((key) => keyVector(this.#kernels, key, rows))
    // Stored keys are never NULL, so a NULL key finds nothing.
    return bucket.keys.lookup(normal, rows)
  }

  /** Numbers of the rows whose keys are all there. */
  #keyed(keys: readonly Vector[], rows: number): { list: number; count: number } {
    const { arena } = this.#kernels
    const validities = keys.map((key) => key.validity).filter((address) => address !== 0)
    const bits = arena.scratch((rows + 63) >> 3)
    const { u8 } = arena.views
    const bytes = (rows + 7) >> 3
    u8.fill(0xff, bits, bits + bytes)
    for (const validity of validities) {
      for (let at = 0; at < bytes; at++) u8[bits + at]! &= u8[validity + at]!
    }
    const list = arena.scratch(rows * 4)
    return { list, count: this.#kernels.get('cell_select')(rows, bits, 0, 0, list) }
  }

  #denseKeys(
    keys: readonly Vector[],
    rows: number,
    part: { list: number; count: number },
  ): Vector[] {
    const taken = takeVectors(this.#kernels, keys, rows, part)
    return taken.map((key) => ({ ...keyVector(this.#kernels, key, part.count), validity: 0 }))
  }

  #makeIndex(bucket: Bucket): Directory {
    const rows = bucket.store.rows()
    const index = new Directory(this.#kernels, rows.length)
    const { arena } = this.#kernels
    for (let from = 0; from < rows.length; from += 1024) {
      const mark = arena.markScratch()
      const part = rows.slice(from, from + 1024)
      const list = arena.scratch(part.length * 4)
      arena.views.u32.set(part, list >>> 2)
      this.#enter(index, list, part.length)
      arena.releaseScratch(mark)
    }
    return index
  }

  #enter(index: Directory, list: number, count: number): void {
    const { arena } = this.#kernels
    const columns = this.#identity.map((_, column) =>
      keyVector(this.#kernels, this.gather(column, list, count), count),
    )
    const hashes = hashKeys(this.#kernels, columns, count)
    for (let at = 0; at < count; at++) {
      const { u32 } = arena.views
      index.insert(u32[(hashes >>> 2) + at]!, u32[(list >>> 2) + at]!)
    }
  }

  /** A stored row of the key that equals row `at` of the columns, or 0. */
  #findRow(
    index: Directory,
    { key, hash }: { key: number; hash: number },
    columns: readonly Vector[],
    at: number,
  ): number {
    const { arena } = this.#kernels
    for (const row of index.rowsOf(hash)) {
      if (arena.views.u32[(row + this.#layout.owner) >>> 2] !== key) continue
      if (
        this.#identity.every((field, column) => this.#isEqual(row, field, columns[column]!, at))
      ) {
        return row
      }
    }
    return 0
  }

  #isEqual(row: number, field: KeyField, column: Vector, at: number): boolean {
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const list = arena.scratch(4)
    const out = arena.scratch(4)
    const validity = arena.scratch(8)
    const { u8, u32 } = arena.views
    u32[list >>> 2] = row
    u8[validity] = column.validity === 0 ? 1 : (u8[column.validity + (at >> 3)]! >> (at & 7)) & 1
    const type = this.#layout.types[field.bit]!
    let equal: boolean
    if (type.kind === 'double') {
      const stored = keyVector(this.#kernels, this.gather(field.bit, list, 1), 1)
      const isNull = stored.validity !== 0 && (u8[stored.validity]! & 1) === 0
      const { u32: words } = arena.views
      const a = stored.data >>> 2
      const b = (column.data >>> 2) + at * 2
      equal =
        isNull === (u8[validity] === 0) && words[a] === words[b] && words[a + 1] === words[b + 1]
    } else {
      const verify = this.#kernels.get(
        field.form === 'view' ? 'cell_verify_view' : 'cell_verify_i64',
      )
      const data = column.data + at * (field.form === 'view' ? 16 : 8)
      equal = verify(list, 1, field.offset | (field.bit << 16), data, validity, out) === 0
    }
    arena.releaseScratch(mark)
    return equal
  }

  #unlink(key: number, row: number): void {
    const { u32 } = this.#kernels.arena.views
    const chain = (key + this.#chain) >>> 2
    const before = (address: number) => (address + this.#layout.owner + 4) >>> 2
    const next = u32[row >>> 2]!
    const previous = u32[before(row)]!
    if (previous === 0) u32[chain] = next
    else u32[previous >>> 2] = next
    if (next === 0) u32[chain + 1] = previous
    else u32[before(next)] = previous
    u32[chain + 2]!--
  }
}
