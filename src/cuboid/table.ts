/**
 * Table: rows found by their key; the ground of cells, DISTINCT sets and joins.
 *
 *   hashes of the key columns ─▶ directory (hash, row) ─▶ row  owner word | null mask | … | keys | what the owner
 *          keeps
 *
 * How      1. `find` hashes the columns, takes the first row of each hash or a new one, puts the keys of new rows in
 *             place and compares all keys. Rows whose key differs (two keys of one 32-bit hash) are looked up one by
 *             one.
 *          2. Rows never move. Removed rows are taken again, last in first out.
 *          3. Long strings of keys are copied to the table's heap.
 *          4. Rows that `find` returns are marked for the checkpoint, as whoever asks for them writes them, unless the
 *             caller says that it does so.
 * Contract 1 (checked) one row per key.
 *          2 (trusted) what `find` returns lies in scratch memory.
 * Cost     a cache miss for the slot and one for the row, in a large table.
 */
import {
  Arena,
  cellBlocks,
  type KernelFunction,
  type Kernels,
  takeVector,
  type Vector,
} from '../kernel/index.ts'
import { Chunks, type ChunksState } from './chunks.ts'
import { Directory, type DirectoryState } from './directory.ts'
import { Heap, type HeapState } from './heap.ts'
import type { KeyField } from './layout.ts'

const { probe, stop, row: rowFields } = cellBlocks
/** Bounds the scratch memory of a removal. */
const removedAtOnce = 1024
/** Larger tables are read ahead: they do not stay in the cache of a core. */
const cachedBytes = 1 << 19
/** Larger tables are mostly in memory: the longer the stretch that is read ahead, the more misses overlap. */
const nearBytes = 1 << 21
const [aheadNear, aheadFar] = [64, 256]
const noKeys = 0x2545f491

export interface TableLayout {
  keys: KeyField[]
  rowBytes: number
  /** Address of what a new row starts with. */
  template: number
}

export interface TableOptions {
  /** Rows to make room for. */
  expected: number
  /** Freed strings stay readable until `heap.release()`. */
  keepStrings: boolean
}

/** What a checkpoint keeps of a table beside the memory. */
export interface TableState {
  directory: DirectoryState
  chunks: ChunksState
  heap: HeapState
  nullable: boolean[]
  next: number
  end: number
  free: number
  count: number
}

export interface Found {
  /** Address of a u32 per row: the address of its row. */
  refs: number
  /** Address of the u32 numbers of the input rows that made a new row. */
  newRows: number
  newCount: number
  /** Address of a u32 hash per row. */
  hashes: number
}

export class Table {
  readonly heap: Heap
  readonly layout: TableLayout
  readonly #kernels: Kernels
  readonly #directory: Directory
  readonly #chunks: Chunks
  readonly #control: number
  /** Key columns that had a NULL bitmap once. */
  readonly #nullable: boolean[]
  #next: number
  #end: number
  #free: number
  #count: number

  constructor(
    kernels: Kernels,
    layout: TableLayout,
    options: TableOptions,
    state: TableState | null = null,
  ) {
    this.#kernels = kernels
    this.layout = layout
    this.#directory = new Directory(kernels, options.expected, state?.directory)
    this.#chunks = new Chunks(kernels, state?.chunks)
    this.heap = new Heap(kernels, options.keepStrings, state?.heap)
    this.#nullable = state?.nullable.slice() ?? []
    this.#next = state?.next ?? 0
    this.#end = state?.end ?? 0
    this.#free = state?.free ?? 0
    this.#count = state?.count ?? 0
    this.#control = kernels.arena.allocateTransient(probe.bytes)
  }

  /** Rows in use. */
  get count(): number {
    return this.#count
  }

  get bytes(): number {
    const control = Arena.blockBytes(probe.bytes)
    return this.#directory.bytes + this.#chunks.bytes + this.heap.bytes + control
  }

  get indexBytes(): number {
    return this.#directory.bytes
  }

  /** Rows to read ahead together before something is done with them; 0 where they may all be in the cache. */
  get ahead(): number {
    const { bytes } = this.#chunks
    return bytes <= cachedBytes ? 0 : bytes <= nearBytes ? aheadNear : aheadFar
  }

  /** Whether neither the columns nor the keys of rows have NULLs, and all are integers. */
  hasPlainKeys(keys: readonly Vector[]): boolean {
    return this.layout.keys.every(
      ({ form }, index) =>
        form === 'i64' && this.#nullable[index] !== true && keys[index]!.validity === 0,
    )
  }

  /**
   * The row of each input row's key, made where there is none. `keys` are in their form (`keyVector`). Whoever
   * compares the keys himself says so (`checks` false), and calls `check` if one differs.
   */
  find(keys: readonly Vector[], rows: number, marks = true, checks = true): Found {
    const hashes = hashKeys(this.#kernels, keys, rows)
    const { arena } = this.#kernels
    keys.forEach((key, index) => {
      if (key.validity !== 0) this.#nullable[index] = true
    })
    const refs = arena.scratch(rows * 4)
    const newRows = arena.scratch(rows * 4)
    const { newCount, reused } = this.#probe(rows, { hashes, refs, newRows })
    this.#count += newCount
    const found = { refs, newRows, newCount, hashes }
    if (reused > 0) this.#startListed(found, 0, reused)
    if (newCount > 0) this.#putKeys(found, keys, 0)
    if (checks) {
      this.#warm(refs, rows)
      this.check(keys, rows, found)
    }
    if (marks && arena.marks) this.#kernels.get('mark_rows')(refs, rows, this.layout.rowBytes)
    return found
  }

  /** Compares the keys of all rows found, and finds or makes others for those that differ. */
  check(keys: readonly Vector[], rows: number, found: Found): void {
    const wrong = this.#verify(keys, found.refs, rows)
    if (wrong.length > 0) this.#separate(wrong, keys, found)
  }

  /** Removes rows; their strings, keys included, must have been disowned. */
  remove(addresses: readonly number[]): void {
    for (let from = 0; from < addresses.length; from += removedAtOnce) {
      this.#removePart(addresses.slice(from, from + removedAtOnce))
    }
  }

  /** Frees the strings of a row's keys. */
  disownKeys(address: number): void {
    for (const key of this.layout.keys) {
      if (key.form === 'view') this.heap.disown(address + key.offset)
    }
  }

  /** The stretches of rows, removed ones among them. */
  parts(): Generator<{ from: number; to: number }> {
    return this.#chunks.parts(this.#next)
  }

  state(): TableState {
    return {
      directory: this.#directory.state(),
      chunks: this.#chunks.state(),
      heap: this.heap.state(),
      nullable: Array.from(this.#nullable, (nullable) => nullable === true),
      next: this.#next,
      end: this.#end,
      free: this.#free,
      count: this.#count,
    }
  }

  drop(): void {
    this.#directory.drop()
    this.#chunks.free()
    this.heap.drop()
    this.#kernels.arena.free(this.#control, probe.bytes)
    this.#count = 0
  }

  #removePart(addresses: readonly number[]): void {
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const hashes = this.#hashesOfRows(addresses)
    const { u32, u8 } = arena.views
    addresses.forEach((address, index) => {
      this.#directory.remove(u32[(hashes >>> 2) + index]!, address)
      u8.fill(0, address, address + this.layout.rowBytes)
      arena.markDirty(address, this.layout.rowBytes)
      u32[address >>> 2] = this.#free
      this.#free = address
    })
    this.#count -= addresses.length
    arena.releaseScratch(mark)
  }

  #control32(block: { hashes: number; refs: number; newRows: number }): void {
    const { u32 } = this.#kernels.arena.views
    const set = (field: number, value: number) => {
      u32[(this.#control + field) >>> 2] = value
    }
    set(probe.directory, this.#directory.address)
    set(probe.directoryMask, this.#directory.mask)
    set(probe.next, this.#next)
    set(probe.end, this.#end)
    set(probe.rowBytes, this.layout.rowBytes)
    set(probe.free, this.#free)
    set(probe.newRows, block.newRows)
    set(probe.refs, block.refs)
    set(probe.hashes, block.hashes)
  }

  /**
   * Looks all rows up, making room as asked; returns the number of new rows and how many of these, the first ones,
   * lie in rows that were freed. The others have the template.
   */
  #probe(
    rows: number,
    block: { hashes: number; refs: number; newRows: number },
  ): { newCount: number; reused: number } {
    const { arena } = this.#kernels
    arena.views.u32[(this.#control + probe.newCount) >>> 2] = 0
    this.#control32(block)
    if (this.#directory.bytes > cachedBytes)
      this.#kernels.get('cell_warm_index')(this.#control, rows)
    const missing = this.#kernels.get('cell_find')(this.#control, rows)
    if (missing === 0) return { newCount: 0, reused: 0 }
    const kernel = this.#kernels.get('cell_probe')
    let fresh = 0
    for (let from = 0; ; ) {
      this.#control32(block)
      from = kernel(this.#control, from, missing)
      const read = (field: number) => arena.views.u32[(this.#control + field) >>> 2]!
      fresh += this.#startFresh(read(probe.next))
      this.#free = read(probe.free)
      const reason = read(probe.reason)
      if (reason === stop.done) {
        const newCount = read(probe.newCount)
        return { newCount, reused: newCount - fresh }
      }
      if (reason === stop.part) this.#directory.grow(read(probe.part))
      else this.#addRows()
    }
  }

  /** Starts the rows up to an address, which were never used; returns their number. */
  #startFresh(next: number): number {
    const from = this.#next
    const { template, rowBytes } = this.layout
    if (next > from) this.#kernels.get('cell_start_all')(from, next, template, rowBytes)
    this.#next = next
    return (next - from) / rowBytes
  }

  /** Has the rows read by loops in which many misses overlap, if they may not be in the cache. */
  #warm(refs: number, rows: number): void {
    if (this.#chunks.bytes > cachedBytes) {
      this.#kernels.get('cell_warm_rows')(refs, rows, this.layout.rowBytes)
    }
    if (this.heap.bytes <= cachedBytes) return
    for (const { form, offset } of this.layout.keys) {
      if (form === 'view') this.#kernels.get('cell_warm_view')(refs, rows, offset)
    }
  }

  #addRows(): void {
    const room = this.#chunks.add(this.#next, this.layout.rowBytes)
    this.#next = room.next
    this.#end = room.end
  }

  /** Fills new rows from number `from` up to another with the template. */
  #startListed({ refs, newRows }: Found, from: number, to: number): void {
    const { template, rowBytes } = this.layout
    this.#kernels.get('cell_start')(refs, newRows + from * 4, to - from, template, rowBytes)
  }

  /** Puts the keys of new rows from number `from` on into them. */
  #putKeys({ refs, newRows, newCount }: Found, keys: readonly Vector[], from: number): void {
    const list = newRows + from * 4
    const count = newCount - from
    keys.forEach((key, index) => {
      const field = this.layout.keys[index]!
      const name = field.form === 'view' ? 'cell_put_view' : 'cell_put_i64'
      const put = this.#kernels.get(name)
      const long = put(refs, list, count, placeOf(field), key.data, key.validity)
      if (field.form === 'view' && long > 0)
        this.heap.ownListed({ refs, list, count }, field.offset)
    })
  }

  /** Input rows whose key is not that of the row found. */
  #verify(keys: readonly Vector[], refs: number, rows: number): number[] {
    const { arena } = this.#kernels
    let wrong: Set<number> | null = null
    const out = arena.scratch(rows * 4)
    keys.forEach((key, index) => {
      const field = this.layout.keys[index]!
      const plain = field.form === 'view' ? 'cell_verify_plain_view' : 'cell_verify_plain'
      const count =
        this.#nullable[index] === true
          ? this.#verifyKernel(field)(refs, rows, placeOf(field), key.data, key.validity, out)
          : this.#kernels.get(plain)(refs, rows, field.offset, key.data, out)
      if (count === 0) return
      wrong ??= new Set()
      for (let at = 0; at < count; at++) wrong.add(arena.views.u32[(out >>> 2) + at]!)
    })
    return wrong === null ? [] : [...(wrong as Set<number>)].sort((a, b) => a - b)
  }

  #verifyKernel(field: KeyField): KernelFunction {
    return this.#kernels.get(field.form === 'view' ? 'cell_verify_view' : 'cell_verify_i64')
  }

  /** Gives rows that share their hash with another key a row of their own. */
  #separate(wrong: readonly number[], keys: readonly Vector[], found: Found): void {
    const { arena } = this.#kernels
    for (const row of wrong) {
      const hash = arena.views.u32[(found.hashes >>> 2) + row]!
      let address = this.#search(keys, row, hash)
      const isNew = address === 0
      if (isNew) {
        if (this.#free === 0 && this.#end - this.#next < this.layout.rowBytes) this.#addRows()
        address = this.#free
        if (address === 0) {
          address = this.#next
          this.#next += this.layout.rowBytes
        } else this.#free = arena.views.u32[address >>> 2]!
        this.#directory.insert(hash, address)
        this.#count++
      }
      const { u32 } = arena.views
      u32[(found.refs >>> 2) + row] = address
      if (!isNew) continue
      u32[(found.newRows >>> 2) + found.newCount++] = row
      this.#startListed(found, found.newCount - 1, found.newCount)
      this.#putKeys(found, keys, found.newCount - 1)
    }
  }

  /** The row with the key of input row `row`, or 0. */
  #search(keys: readonly Vector[], row: number, hash: number): number {
    for (const address of this.#directory.rowsOf(hash)) {
      if (this.#hasKey(address, keys, row)) return address
    }
    return 0
  }

  /** Compares one row by the same kernels as all: the columns from `row` on, one row long. */
  #hasKey(address: number, keys: readonly Vector[], row: number): boolean {
    const { arena } = this.#kernels
    const mark = arena.markScratch()
    const refs = arena.scratch(4)
    const out = arena.scratch(4)
    const validity = arena.scratch(8)
    const equal = keys.every((key, index) => {
      const field = this.layout.keys[index]!
      const { u8, u32 } = arena.views
      u32[refs >>> 2] = address
      u8[validity] = key.validity === 0 ? 1 : (u8[key.validity + (row >> 3)]! >> (row & 7)) & 1
      const data = key.data + row * (field.form === 'view' ? 16 : 8)
      return this.#verifyKernel(field)(refs, 1, placeOf(field), data, validity, out) === 0
    })
    arena.releaseScratch(mark)
    return equal
  }

  #hashesOfRows(addresses: readonly number[]): number {
    const { arena } = this.#kernels
    const count = addresses.length
    const list = arena.scratch(count * 4)
    arena.views.u32.set(addresses, list >>> 2)
    return hashKeys(
      this.#kernels,
      this.layout.keys.map((field) => readKey(this.#kernels, field, list, count)),
      count,
    )
  }
}

/** Hashes of the keys of rows: address of a u32 per row. */
export function hashKeys(kernels: Kernels, keys: readonly Vector[], rows: number): number {
  const { arena } = kernels
  const hashes = arena.scratch(rows * 4)
  if (keys.length === 0) arena.views.u32.fill(noKeys, hashes >>> 2, (hashes >>> 2) + rows)
  keys.forEach((key, index) => {
    const name = key.physical === 'view' ? 'cell_hash_view' : 'cell_hash_i64'
    kernels.get(name)(key.data, key.validity, rows, hashes, index === 0 ? 1 : 0)
  })
  return hashes
}

/** The listed rows of some columns; the columns themselves if all are listed. */
export function takeVectors(
  kernels: Kernels,
  columns: readonly Vector[],
  rows: number,
  { list, count }: { list: number; count: number },
): readonly Vector[] {
  if (count === rows) return columns
  return columns.map((column) => takeVector(kernels, column, list, count))
}

/** A key column of rows given by their addresses. */
export function readKey(kernels: Kernels, field: KeyField, list: number, count: number): Vector {
  const { arena } = kernels
  const data = arena.scratch(count * (field.form === 'view' ? 16 : 8))
  kernels.get(field.form === 'view' ? 'cell_read_16' : 'cell_read_8')(
    list,
    count,
    field.offset,
    data,
  )
  const validity = arena.scratch((count + 63) >> 3)
  const read = kernels.get('cell_read_validity')
  const word = rowFields.nulls + (field.bit >>> 5) * 4
  const nulls = read(list, count, word, field.bit & 31, validity)
  return { physical: field.form, data, validity: nulls === 0 ? 0 : validity, errors: null }
}

function placeOf(field: KeyField): number {
  return field.offset | (field.bit << 16)
}
