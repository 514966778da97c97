/**
 * Join table: the rows of one side of a join by key and bucket; a multimap.
 *
 *   hash of the key ─▶ slot ─▶ entry of the newest stored row ─▶ older entry …
 *
 * How      1. Rows are stored side by side. Keys are columns of the stored rows; there is no row per key.
 *          2. New rows are only listed with their hashes. They enter the index when somebody probes their bucket, or
 *             many at once when both sides of a join are brought together (src/cuboid/join-pairs.ts).
 *          3. A probe reads the slots of a batch, walks the chains, and drops the pairs whose keys differ.
 *          4. The hashes of a batch serve its probe of one table and its insertion into the other.
 *          5. The first removal in a bucket makes an index over whole rows, which is kept from then on, so that a
 *             retraction does not search the chain of a frequent key.
 * Contract 1 (checked) rows with a NULL key are neither stored nor found.
 *          2 (checked) a removed row is there; the two zeros count as equal, and so do all NaN.
 *          3 (checked) the matches of a row come newest first, while no row was removed; pairs that are handed over at
 *            once stand in the order of the probing rows, so that what a join gives is nearly in its final order.
 *          4 (trusted) addresses of stored rows hold until the row is removed or its bucket dropped.
 * Cost     a cache miss per row to insert and to probe, one per candidate; per stored row 4–8 B of slots, 16 B of
 *          index, 16 B and its columns.
 */
import { assert } from '../base/index.ts'
import { physicalOf, type Type } from '../data/index.ts'
import { type Kernels, majorOf, takeMajor, type Vector, type VectorBatch } from '../kernel/index.ts'
import { Directory, type DirectoryState } from './directory.ts'
import { FreshRows, type FreshRowsState } from './fresh-rows.ts'
import { ChainWalk, type HashedRows, JoinIndex, type JoinIndexState } from './join-index.ts'
import { type KeyField, keyVector } from './layout.ts'
import {
  gatherColumn,
  RowStore,
  type RowStoreState,
  type StoredColumns,
  type StoreLayout,
  storedVector,
  storeLayout,
} from './row-store.ts'
import { hashKeys, takeVectors } from './table.ts'

export interface JoinSpec {
  /** All columns of the stored rows. */
  columns: readonly Type[]
  /** Which of them are the key. */
  keys: readonly number[]
  /** How many columns, from the first on, a removal compares; all by default. The others are baggage. */
  identity?: number
  /** Are rows ever removed? */
  removable: boolean
}

export interface JoinMatches {
  count: number
  /** Address of the u32 row numbers of the probing batch. */
  probe: number
  /** Address of the u32 addresses of stored rows. */
  build: number
}

/** The rows of a batch whose keys are all there, with their keys in normal form and their hashes. */
export interface JoinKeys {
  columns: readonly Vector[]
  hashes: number
  count: number
  /** Address of their row numbers in the batch; 0 if all rows are keyed. */
  list: number
}

/** A bucket of a table. */
export interface JoinBucket {
  index: JoinIndex
  store: RowStore
  /** Stored rows that are not in the index. */
  fresh: FreshRows
  /** Whole rows by their hash; null until a row is removed. */
  whole: Directory | null
}

/** What a checkpoint keeps of a join table beside the memory. */
export interface JoinTableState {
  buckets: JoinBucketState[]
  nullable: boolean[]
  dropped: number | null
}

interface JoinBucketState {
  end: bigint
  index: JoinIndexState
  store: RowStoreState
  fresh: FreshRowsState
  whole: DirectoryState | null
}

/** Keys of a batch in the form that all join tables with keys of these types take; in scratch memory. */
export function joinKeys(kernels: Kernels, keys: readonly Vector[], rows: number): JoinKeys {
  const { list, count } = keyedRows(kernels, keys, rows)
  const dense = list === 0 ? keys : takeVectors(kernels, keys, rows, { list, count })
  const columns = dense.map((key) => ({ ...keyVector(kernels, key, count), validity: 0 }))
  return { columns, hashes: hashKeys(kernels, columns, count), count, list }
}

/** Numbers of the rows whose keys are all there; list 0 stands for all. */
function keyedRows(kernels: Kernels, keys: readonly Vector[], rows: number) {
  const validities = keys.map((key) => key.validity).filter((address) => address !== 0)
  if (validities.length === 0) return { list: 0, count: rows }
  const { arena } = kernels
  const words = (rows + 63) >>> 6
  const list = arena.scratch(rows * 4)
  const [first, ...others] = validities as [number, ...number[]]
  let bits = first
  for (const validity of others) {
    const both = arena.scratch(words * 8)
    kernels.get('and_bits')(bits, validity, both, words)
    bits = both
  }
  return { list, count: kernels.get('cell_select')(rows, bits, 0, 0, list) }
}

export class JoinTable {
  readonly #kernels: Kernels
  readonly #layout: StoreLayout
  /** Where keys lie in stored rows, in normal form. */
  readonly keys: readonly KeyField[]
  readonly #identity: KeyField[]
  readonly #removable: boolean
  readonly #buckets = new Map<bigint, JoinBucket>()
  /** The bucket made last, and how many rows the one had that was dropped last. */
  #latest: JoinBucket | null = null
  #dropped: number | null = null

  /** With `state`, the table that had it in the memory that was restored. */
  constructor(kernels: Kernels, spec: JoinSpec, state: JoinTableState | null = null) {
    this.#kernels = kernels
    // Doubles are stored as they came; as keys they need their normal form, which is a column of its own.
    const types = [...spec.columns]
    const places = spec.keys.map((column) =>
      physicalOf(types[column]!) === 'f64' ? types.push({ kind: 'bigint' }) - 1 : column,
    )
    this.#removable = spec.removable
    this.#layout = storeLayout(types)
    this.keys = places.map((place) => this.#layout.columns[place]!)
    this.#identity = this.#layout.columns.slice(0, spec.identity ?? spec.columns.length)
    if (state !== null) this.#restore(state)
  }

  state(): JoinTableState {
    return {
      buckets: [...this.#buckets].map(([end, { index, store, fresh, whole }]) => ({
        end,
        index: index.state(),
        store: store.state(),
        fresh: fresh.state(),
        whole: whole?.state() ?? null,
      })),
      nullable: this.#layout.nullable.slice(),
      dropped: this.#dropped,
    }
  }

  #restore({ buckets, nullable, dropped }: JoinTableState): void {
    this.#dropped = dropped
    for (const [column, one] of nullable.entries()) this.#layout.nullable[column] = one
    for (const { end, index, store, fresh, whole } of buckets) {
      this.#latest = {
        index: new JoinIndex(this.#kernels, 0, this.#removable, index),
        store: new RowStore(this.#kernels, this.#layout, store),
        fresh: new FreshRows(this.#kernels, fresh),
        whole: whole === null ? null : new Directory(this.#kernels, 0, whole),
      }
      this.#buckets.set(end, this.#latest)
    }
  }

  /** Stores the keyed rows of a batch; `keys` are those of its key columns. */
  insert(end: bigint, keys: JoinKeys, batch: VectorBatch): void {
    const { arena } = this.#kernels
    if (keys.count === 0) return
    const mark = arena.markScratch()
    const bucket = this.#bucket(end)
    const stored = this.#storedColumns(keys, batch)
    const { store, fresh } = bucket
    const { rowBytes } = this.#layout
    for (let from = 0; from < keys.count; ) {
      const { first, count } = store.take(keys.count - from)
      store.put(stored, from, first, count)
      fresh.add(keys.hashes + from * 4, first, rowBytes, count)
      if (bucket.whole !== null) {
        this.#enter(
          bucket.whole,
          Array.from({ length: count }, (_, row) => first + row * rowBytes),
        )
      }
      from += count
    }
    arena.releaseScratch(mark)
  }

  /** Removes one stored row that equals each keyed row of the batch. */
  remove(end: bigint, keys: JoinKeys, batch: VectorBatch): void {
    const { arena } = this.#kernels
    if (keys.count === 0) return
    assert(this.#removable, 'rows are removed only where it was foreseen')
    const mark = arena.markScratch()
    const bucket = this.#buckets.get(end)
    assert(bucket !== undefined, 'a removed row is in the table')
    this.#link(bucket)
    bucket.whole ??= this.#makeIndex(bucket)
    const dense = this.#dense(batch.columns.slice(0, this.#identity.length), keys, batch.rows)
    const columns = dense.map((column) => keyVector(this.#kernels, column, keys.count))
    const hashes = hashKeys(this.#kernels, columns, keys.count)
    for (let at = 0; at < keys.count; at++) {
      const { u32 } = arena.views
      const hash = u32[(hashes >>> 2) + at]!
      const row = this.#findRow(bucket.whole, hash, columns, at)
      assert(row !== 0, 'a removed row is in the table')
      bucket.whole.remove(hash, row)
      bucket.index.unlink(u32[(keys.hashes >>> 2) + at]!, row)
      bucket.store.remove(row)
    }
    if (bucket.store.count === 0) this.drop(end)
    arena.releaseScratch(mark)
  }

  /**
   * Hands over the pairs of a batch with the stored rows, at most `matchesMax` at once, and these in the order of the
   * batch. Its rows go in their order, but further matches of one may come after the first ones of the next.
   */
  probe(
    end: bigint,
    keys: JoinKeys,
    matchesMax: number,
    sink: (matches: JoinMatches) => void,
  ): void {
    const bucket = this.#buckets.get(end)
    if (bucket === undefined || keys.count === 0) return
    this.#link(bucket)
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const probe = arena.scratch(matchesMax * 4)
    const build = arena.scratch(matchesMax * 4)
    const walk = new ChainWalk(this.#kernels, bucket.index, { ...keys, rows: 0 })
    let count = 0
    while (walk.isOpen) {
      const [probes, builds] = [probe + count * 4, build + count * 4]
      let found = walk.next(probes, builds, matchesMax - count)
      this.keys.forEach((field, index) => {
        const keep = this.#kernels.get(field.form === 'view' ? 'join_keep_view' : 'join_keep_i64')
        found = keep(probes, builds, found, field.offset, keys.columns[index]!.data)
      })
      count += found
      const fits = count <= matchesMax / 2 && walk.active <= matchesMax - count
      if (count === 0 || (walk.isOpen && fits)) continue
      this.#handOver({ probe, build, count }, keys.list, sink)
      count = 0
    }
    arena.releaseScratch(mark)
  }

  /** Hands over pairs in the order of the probing rows, of which `list` tells the numbers. */
  #handOver(
    { probe, build, count }: JoinMatches,
    list: number,
    sink: (matches: JoinMatches) => void,
  ): void {
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const take = this.#kernels.get('take_i32')
    const matches = { probe, build, count }
    const order = this.#orderOf(probe, count)
    if (order !== 0) {
      matches.probe = arena.scratch(count * 4)
      matches.build = arena.scratch(count * 4)
      take(probe, order, matches.probe, count)
      take(build, order, matches.build, count)
    }
    if (list !== 0) take(list, matches.probe, matches.probe, count)
    sink(matches)
    arena.releaseScratch(mark)
  }

  /** A list of the places of numbers in ascending order; 0 where they ascend, as those of the first matches do. */
  #orderOf(numbers: number, count: number): number {
    const { arena } = this.#kernels
    const { u32, f64 } = arena.views
    let at = 1
    while (at < count && u32[(numbers >>> 2) + at - 1]! <= u32[(numbers >>> 2) + at]!) at++
    if (at >= count) return 0
    const order = arena.scratch(count * 4)
    const doubles = arena.scratch(count * 8)
    for (let pair = 0; pair < count; pair++) {
      f64[(doubles >>> 3) + pair] = u32[(numbers >>> 2) + pair]!
    }
    this.#kernels.get('join_order')(doubles, count, order, arena.scratch(count * 16 + 8192))
    return order
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

  /** The greater of both positions of each pair, `majors` being those of the probing batch. */
  laterMajor({ probe, build, count }: JoinMatches, majors: number): number {
    const to = this.#kernels.arena.scratch(count * 8)
    this.#kernels.get('join_later')(probe, build, count, this.#layout.major, majors, to)
    return to
  }

  /** How many rows of a bucket are not in its index yet. */
  freshRows(end: bigint): number {
    return this.#buckets.get(end)?.fresh.count ?? 0
  }

  /** These rows in 2^bits groups by their hash, in scratch memory; null if there is no such bucket. */
  groups(end: bigint, bits: number): HashedRows[] | null {
    return this.#buckets.get(end)?.fresh.grouped(bits) ?? null
  }

  /** The index of a bucket, with room for these rows; null if there is no such bucket. */
  reserve(end: bigint): JoinIndex | null {
    const bucket = this.#buckets.get(end)
    if (bucket === undefined) return null
    bucket.index.reserve(bucket.fresh.count)
    return bucket.index
  }

  /** These rows have entered the index. */
  endFresh(end: bigint): void {
    this.#buckets.get(end)?.fresh.clear()
  }

  /** Where the position of a stored row lies. */
  get majorAt(): number {
    return this.#layout.major
  }

  /** Frees a bucket at once. */
  drop(end: bigint): void {
    const bucket = this.#buckets.get(end)
    if (bucket === undefined) return
    this.#dropped = bucket.store.count
    bucket.index.drop()
    bucket.store.drop()
    bucket.whole?.drop()
    bucket.fresh.clear()
    this.#buckets.delete(end)
  }

  /** Buckets with rows, ascending. */
  buckets(): bigint[] {
    return [...this.#buckets.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  }

  stats(): { rows: number; bytes: number } {
    let rows = 0
    let bytes = 0
    for (const { store, index, fresh, whole } of this.#buckets.values()) {
      rows += store.count
      bytes += store.bytes + index.bytes + fresh.bytes + (whole?.bytes ?? 0)
    }
    return { rows, bytes }
  }

  #bucket(end: bigint): JoinBucket {
    let bucket = this.#buckets.get(end)
    if (bucket === undefined) {
      // Windows follow each other: the one before is nearly full when the next one starts.
      const expected = this.#dropped ?? this.#latest?.store.count ?? 0
      bucket = {
        index: new JoinIndex(this.#kernels, expected, this.#removable),
        store: new RowStore(this.#kernels, this.#layout),
        fresh: new FreshRows(this.#kernels),
        whole: null,
      }
      this.#latest = bucket
      this.#buckets.set(end, bucket)
    }
    return bucket
  }

  /** Enters the new rows of a bucket into its index. */
  #link({ index, fresh }: JoinBucket): void {
    if (fresh.count === 0) return
    index.reserve(fresh.count)
    index.link(fresh)
    fresh.clear()
  }

  #dense(columns: readonly Vector[], { list, count }: JoinKeys, rows: number): readonly Vector[] {
    return list === 0 ? columns : takeVectors(this.#kernels, columns, rows, { list, count })
  }

  #storedColumns(keys: JoinKeys, batch: VectorBatch): StoredColumns {
    const { list, count } = keys
    const columns = this.#dense(batch.columns, keys, batch.rows)
    const stored = columns.map((vector) => storedVector(this.#kernels, vector, count))
    this.keys.forEach((field, index) => {
      if (field.bit >= columns.length) stored[field.bit] = keys.columns[index]!
    })
    const major =
      list === 0
        ? majorOf(this.#kernels, batch)
        : takeMajor(this.#kernels, batch.order, list, count)
    return { columns: stored, major }
  }

  #makeIndex(bucket: JoinBucket): Directory {
    const rows = bucket.store.rows()
    const index = new Directory(this.#kernels, rows.length)
    for (let from = 0; from < rows.length; from += 1024) {
      this.#enter(index, rows.slice(from, from + 1024))
    }
    return index
  }

  /** Enters whole rows into an index. */
  #enter(index: Directory, rows: readonly number[]): void {
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const count = rows.length
    const list = arena.scratch(count * 4)
    arena.views.u32.set(rows, list >>> 2)
    const columns = this.#identity.map((_, column) =>
      keyVector(this.#kernels, this.gather(column, list, count), count),
    )
    const hashes = hashKeys(this.#kernels, columns, count)
    for (const [at, row] of rows.entries()) {
      index.insert(arena.views.u32[(hashes >>> 2) + at]!, row)
    }
    arena.releaseScratch(mark)
  }

  /** A stored row that equals row `at` of the columns, or 0. */
  #findRow(index: Directory, hash: number, columns: readonly Vector[], at: number): number {
    for (const row of index.rowsOf(hash)) {
      const equal = (field: KeyField, column: number) =>
        this.#isEqual(row, field, columns[column]!, at)
      if (this.#identity.every(equal)) return row
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
    if (physicalOf(type) === 'f64') {
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
}
