/**
 * Value list: the values of a cell in order, with their weights; MIN and MAX over input that retracts.
 *
 * Format   node: u32 items | u32 bytes of the block | u32 1 = directory, 0 = slab | 4 B unused | items
 *          slab item: value (8-byte integer or 16-byte view) | i64 weight        directory item: u32 slab | 4 B
 *          unused
 * How      1. Up to some 1,000 values a list is one sorted slab that doubles; beyond that slabs split in halves and a
 *             directory keeps them in order.
 *          2. The cell keeps a copy of the extreme before the list's address, so that old images need no list.
 *          3. Strings of views belong to their item.
 *          4. COLLECT keeps a text of all values in place of the extreme, written anew for each cell that a batch
 *             touched.
 * Contract 1 (checked) weights are above 0; no slab is empty.
 * Cost     O(log n) to find, a shift of at most 1,024 items to insert or remove, and of the directory when a slab
 *          splits.
 */
import { assert } from '../base/index.ts'
import { Arena, compareViews, type Kernels, writeView } from '../kernel/index.ts'
import type { Heap } from './heap.ts'
import { listAt, type MeasureFields, startMeasure } from './measure.ts'

const encoder = new TextEncoder()
const headBytes = 16
const itemsMax = 1024
const directoryItemBytes = 8

interface ListRows {
  rows: number
  refs: number
  weights: number
  /** Address of the values, all of which count. */
  values: number
}

/** Adds and removes values; keeps the extreme, or the text of all values, of each cell. */
export function foldList(
  kernels: Kernels,
  heap: Heap,
  fields: MeasureFields,
  { rows, refs, weights, values }: ListRows,
): void {
  const list = new ValueList(kernels, heap, fields)
  for (let row = 0; row < rows; row++) {
    const { u32, i32 } = kernels.arena.views
    const weight = weights === 0 ? 1 : i32[(weights >>> 2) + row]!
    list.change(u32[(refs >>> 2) + row]!, values + row * list.valueBytes, weight)
  }
  if (!list.collects) return
  const { u32 } = kernels.arena.views
  const cells = new Set(u32.slice(refs >>> 2, (refs >>> 2) + rows))
  for (const cell of cells) list.collect(cell)
}

/** Frees the list of a cell that goes. */
export function freeList(kernels: Kernels, heap: Heap, cell: number, fields: MeasureFields): void {
  new ValueList(kernels, heap, fields).free(cell)
}

interface Place {
  slab: number
  item: number
  found: boolean
  /** Position of the slab in the directory; 0 when there is none. */
  position: number
}

class ValueList {
  readonly valueBytes: number
  readonly collects: boolean
  readonly #kernels: Kernels
  readonly #heap: Heap
  readonly #fields: MeasureFields
  readonly #itemBytes: number
  readonly #isView: boolean
  readonly #last: boolean

  constructor(kernels: Kernels, heap: Heap, fields: MeasureFields) {
    const { form } = fields
    assert(form.kind === 'extreme', 'lists are for extremes')
    this.#kernels = kernels
    this.#heap = heap
    this.#fields = fields
    this.#isView = form.of === 'view'
    this.valueBytes = this.#isView ? 16 : 8
    this.#itemBytes = this.valueBytes + 8
    this.#last = form.sign > 0
    this.collects = form.collects === true
  }

  /** Adds `weight` to the value at address `value` in a cell's list. */
  change(cell: number, value: number, weight: number): void {
    const { arena } = this.#kernels
    const head = cell + listAt(this.#fields)
    if (arena.views.u32[head >>> 2] === 0) {
      const slab = this.#makeNode(headBytes + 3 * this.#itemBytes, 0)
      arena.views.u32[head >>> 2] = slab
    }
    const root = arena.views.u32[head >>> 2]!
    let place = this.#locate(root, value)
    if (!place.found && weight < 0) place = this.#locate(root, this.#otherZero(value))
    if (place.found) {
      const at = (place.slab + headBytes + place.item * this.#itemBytes + this.valueBytes) >>> 3
      const sum = arena.views.i64[at]! + BigInt(weight)
      assert(sum >= 0n, 'a retracted value is there')
      if (sum > 0n) {
        arena.views.i64[at] = sum
        arena.markDirty(at * 8, 8)
        return
      }
      this.#remove(head, place)
    } else {
      assert(weight > 0, 'a retracted value is there')
      this.#insert(head, place, value, weight)
    }
    if (!this.collects) this.#copyExtreme(cell, head)
  }

  /** The two zeros of DOUBLE are equal: of equal rows either may be the one that goes. */
  #otherZero(value: number): number {
    const { form } = this.#fields
    const { i64 } = this.#kernels.arena.views
    const code = i64[value >>> 3]!
    if (form.kind !== 'extreme' || form.of !== 'f64' || (code !== 0n && code !== -1n)) return value
    const other = this.#kernels.arena.scratch(8)
    // The codes of cell_order_f64.
    this.#kernels.arena.views.i64[other >>> 3] = -1n - code
    return other
  }

  /** Writes all values with their weights into the text of the cell. */
  collect(cell: number): void {
    const { arena } = this.#kernels
    const at = cell + this.#fields.state
    this.#heap.disown(at)
    const root = arena.views.u32[(cell + listAt(this.#fields)) >>> 2]!
    if (root === 0) {
      startMeasure(this.#kernels, cell, this.#fields)
      return
    }
    const pieces: Uint8Array[] = []
    for (const slab of this.#slabs(root)) {
      const { u8, i64, u32 } = arena.views
      for (let item = 0; item < u32[slab >>> 2]!; item++) {
        const view = slab + headBytes + item * this.#itemBytes
        const length = u32[view >>> 2]!
        const start = length <= 12 ? view + 4 : u32[(view >>> 2) + 3]!
        pieces.push(encoder.encode(`${i64[(view + this.valueBytes) >>> 3]} ${length}:`))
        pieces.push(u8.slice(start, start + length))
      }
    }
    const bytes = Buffer.concat(pieces)
    const mark = arena.markScratch()
    const from = arena.scratch(bytes.length + 16)
    arena.views.u8.set(bytes, from)
    writeView(arena, at, from, bytes.length)
    this.#heap.own(at)
    arena.releaseScratch(mark)
  }

  free(cell: number): void {
    const { arena } = this.#kernels
    if (this.collects) this.#heap.disown(cell + this.#fields.state)
    const head = cell + listAt(this.#fields)
    const root = arena.views.u32[head >>> 2]!
    if (root === 0) return
    for (const slab of this.#slabs(root)) {
      if (this.#isView) {
        const items = arena.views.u32[slab >>> 2]!
        for (let item = 0; item < items; item++) {
          this.#heap.disown(slab + headBytes + item * this.#itemBytes)
        }
      }
      this.#freeNode(slab)
    }
    if (this.#isDirectory(root)) this.#freeNode(root)
    arena.views.u32[head >>> 2] = 0
  }

  #slabs(root: number): number[] {
    if (!this.#isDirectory(root)) return [root]
    const { u32 } = this.#kernels.arena.views
    const count = u32[root >>> 2]!
    return Array.from({ length: count }, (_, position) => this.#slabAt(root, position))
  }

  #isDirectory(node: number): boolean {
    return this.#kernels.arena.views.u32[(node >>> 2) + 2] === 1
  }

  #slabAt(directory: number, position: number): number {
    const at = directory + headBytes + position * directoryItemBytes
    return this.#kernels.arena.views.u32[at >>> 2]!
  }

  #locate(root: number, value: number): Place {
    if (!this.#isDirectory(root)) return this.#locateIn(root, value, 0)
    // The last slab whose first value is not greater.
    let low = 0
    let high = this.#kernels.arena.views.u32[root >>> 2]! - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#compare(value, this.#slabAt(root, middle) + headBytes) < 0) high = middle - 1
      else low = middle
    }
    return this.#locateIn(this.#slabAt(root, low), value, low)
  }

  #locateIn(slab: number, value: number, position: number): Place {
    let low = 0
    let high = this.#kernels.arena.views.u32[slab >>> 2]!
    while (low < high) {
      const middle = (low + high) >>> 1
      const order = this.#compare(value, slab + headBytes + middle * this.#itemBytes)
      if (order === 0) return { slab, item: middle, found: true, position }
      if (order < 0) high = middle
      else low = middle + 1
    }
    return { slab, item: low, found: false, position }
  }

  #compare(a: number, b: number): number {
    if (this.#isView) return compareViews(this.#kernels.arena, a, b)
    const { i64 } = this.#kernels.arena.views
    const x = i64[a >>> 3]!
    const y = i64[b >>> 3]!
    return x < y ? -1 : x > y ? 1 : 0
  }

  #insert(head: number, place: Place, value: number, weight: number): void {
    const { arena } = this.#kernels
    const to = this.#makeRoom(head, place)
    const { u8, i64, u32 } = arena.views
    const at = to.slab + headBytes + to.item * this.#itemBytes
    const end = to.slab + headBytes + u32[to.slab >>> 2]! * this.#itemBytes
    u8.copyWithin(at + this.#itemBytes, at, end)
    u8.copyWithin(at, value, value + this.valueBytes)
    i64[(at + this.valueBytes) >>> 3] = BigInt(weight)
    u32[to.slab >>> 2]!++
    this.#markItems(to.slab, at, end + this.#itemBytes - to.slab)
    if (this.#isView) this.#heap.own(at)
  }

  /** The place once its slab has room for one more. */
  #makeRoom(head: number, place: Place): Place {
    const { u32 } = this.#kernels.arena.views
    const { slab, item, position } = place
    const count = u32[slab >>> 2]!
    const bytes = u32[(slab >>> 2) + 1]!
    if (headBytes + (count + 1) * this.#itemBytes <= bytes && count < itemsMax) return place
    if (count < itemsMax) {
      const greater = this.#makeNode(bytes * 2, 0)
      this.#move(slab, 0, greater)
      this.#replaceSlab(head, position, greater)
      this.#freeNode(slab)
      return { ...place, slab: greater }
    }
    const half = count >>> 1
    const second = this.#makeNode(headBytes + itemsMax * this.#itemBytes, 0)
    this.#move(slab, half, second)
    this.#insertSlab(head, position + 1, second)
    if (item <= half) return place
    return { ...place, slab: second, item: item - half, position: position + 1 }
  }

  /** Moves the items from number `item` on to the empty slab `to`. */
  #move(from: number, item: number, to: number): void {
    const { u8, u32 } = this.#kernels.arena.views
    const count = u32[from >>> 2]!
    const start = from + headBytes
    u8.copyWithin(to + headBytes, start + item * this.#itemBytes, start + count * this.#itemBytes)
    u32[to >>> 2] = count - item
    u32[from >>> 2] = item
    // The other node is new.
    this.#kernels.arena.markDirty(from, headBytes)
  }

  #replaceSlab(head: number, position: number, slab: number): void {
    const { u32 } = this.#kernels.arena.views
    const root = u32[head >>> 2]!
    if (!this.#isDirectory(root)) {
      u32[head >>> 2] = slab
      return
    }
    const at = root + headBytes + position * directoryItemBytes
    u32[at >>> 2] = slab
    this.#kernels.arena.markDirty(at, directoryItemBytes)
  }

  #insertSlab(head: number, position: number, slab: number): void {
    const { arena } = this.#kernels
    let root = arena.views.u32[head >>> 2]!
    if (!this.#isDirectory(root)) {
      const directory = this.#makeNode(headBytes + 6 * directoryItemBytes, 1)
      const { u32 } = arena.views
      u32[(directory + headBytes) >>> 2] = root
      u32[directory >>> 2] = 1
      u32[head >>> 2] = directory
      root = directory
    }
    const count = arena.views.u32[root >>> 2]!
    const bytes = arena.views.u32[(root >>> 2) + 1]!
    if (headBytes + (count + 1) * directoryItemBytes > bytes) {
      const greater = this.#makeNode(bytes * 2, 1)
      const { u8, u32 } = arena.views
      u8.copyWithin(
        greater + headBytes,
        root + headBytes,
        root + headBytes + count * directoryItemBytes,
      )
      u32[greater >>> 2] = count
      u32[head >>> 2] = greater
      this.#freeNode(root)
      root = greater
    }
    const { u8, u32 } = arena.views
    const at = root + headBytes + position * directoryItemBytes
    u8.copyWithin(at + directoryItemBytes, at, root + headBytes + count * directoryItemBytes)
    u32[at >>> 2] = slab
    u32[root >>> 2] = count + 1
    this.#markItems(root, at, headBytes + (count + 1) * directoryItemBytes)
  }

  #remove(head: number, { slab, item, position }: Place): void {
    const { u8, u32 } = this.#kernels.arena.views
    const at = slab + headBytes + item * this.#itemBytes
    if (this.#isView) this.#heap.disown(at)
    const count = u32[slab >>> 2]!
    u8.copyWithin(at, at + this.#itemBytes, slab + headBytes + count * this.#itemBytes)
    u32[slab >>> 2] = count - 1
    this.#markItems(slab, at, headBytes + count * this.#itemBytes)
    if (count > 1) return
    this.#freeNode(slab)
    const root = u32[head >>> 2]!
    if (root === slab) {
      u32[head >>> 2] = 0
      return
    }
    const slabs = u32[root >>> 2]!
    const place = root + headBytes + position * directoryItemBytes
    u8.copyWithin(place, place + directoryItemBytes, root + headBytes + slabs * directoryItemBytes)
    u32[root >>> 2] = slabs - 1
    this.#markItems(root, place, headBytes + slabs * directoryItemBytes)
    if (slabs > 1) return
    this.#freeNode(root)
    u32[head >>> 2] = 0
  }

  /** Marks the head of a node and its items from address `from` on. */
  #markItems(node: number, from: number, end: number): void {
    const { arena } = this.#kernels
    arena.markDirty(node, headBytes)
    arena.markDirty(from, node + end - from)
  }

  #copyExtreme(cell: number, head: number): void {
    const { u8, u32 } = this.#kernels.arena.views
    const root = u32[head >>> 2]!
    const to = cell + this.#fields.state
    if (root === 0) {
      startMeasure(this.#kernels, cell, this.#fields)
      return
    }
    let slab = root
    if (this.#isDirectory(root)) slab = this.#slabAt(root, this.#last ? u32[root >>> 2]! - 1 : 0)
    const item = this.#last ? u32[slab >>> 2]! - 1 : 0
    const from = slab + headBytes + item * this.#itemBytes
    u8.copyWithin(to, from, from + this.valueBytes)
  }

  #makeNode(bytes: number, isDirectory: 0 | 1): number {
    const { arena } = this.#kernels
    const size = Arena.blockBytes(bytes)
    const node = arena.allocate(size)
    const { u32 } = arena.views
    u32[node >>> 2] = 0
    u32[(node >>> 2) + 1] = size
    u32[(node >>> 2) + 2] = isDirectory
    return node
  }

  #freeNode(node: number): void {
    const { arena } = this.#kernels
    arena.free(node, arena.views.u32[(node >>> 2) + 1]!)
  }
}
