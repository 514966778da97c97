/**
 * Top table: the first rows of each partition in an order, over rows that never go; the state of Top-N.
 *
 *   partition ─▶ row of a table  keys | how many | sorted entries: words of the order's keys, address of the row
 *
 * How      1. Order keys become words that compare as signed integers, the other way round where they descend; one
 *             that may be NULL has a word in front of it. So the loop over the rows of a batch compares words alone.
 *          2. A row that is not among the first of its partition is forgotten at once. Only those of a batch that are
 *             at its end are stored.
 *          3. The first touch in a cycle notes which rows were shown. What is gone at the commit is freed after it.
 * Format   partition: u32 number of its note + 1, or 0 | null mask | keys | u32 entries | 4 B unused | entries
 *          entry: a word of 8 B per order key, or two | u32 row | 4 B unused
 *          4. Rows of equal order keys stand by position, if that is asked for, and then by their values.
 * Contract 1 (checked) rows of equal order stand beside each other, each of them in an entry.
 *          2 (checked) the entries do not depend on the order in which rows come.
 * Cost     a cache miss for the partition, and some ns per row and entry that it passes.
 */
import { assert } from '../base/index.ts'
import { physicalOf, type Type } from '../data/index.ts'
import { type Kernels, majorOf, type Vector, type VectorBatch } from '../kernel/index.ts'
import { formOf, keyFields, keyVector } from './layout.ts'
import { compareStored } from './row-order.ts'
import { gatherColumn, RowStore, type StoreLayout, storedVector, storeLayout } from './row-store.ts'
import { Table } from './table.ts'

export interface TopSpec {
  columns: readonly Type[]
  partition: readonly number[]
  order: readonly { column: number; descending: boolean; nullsFirst: boolean; nullable: boolean }[]
  limit: number
  /** Do positions order rows of equal keys? */
  byPosition: boolean
  /** Do changes have a column with the number of the row? */
  numbered: boolean
}

/** Entries lie in the row of the partition. */
const limitMax = 64
const keysAt = 8

/** Can a top table hold these rows? */
export function isRanked({
  columns,
  partition,
  order,
  limit,
}: Omit<TopSpec, 'numbered' | 'byPosition'>): boolean {
  const physical = columns.map(physicalOf)
  const held = ['bits', 'i64', 'f64', 'view']
  return (
    limit <= limitMax &&
    partition.length <= 32 &&
    physical.every((one) => held.includes(one)) &&
    order.every(({ column }) => physical[column] !== 'view')
  )
}

/** What a partition showed before the cycle: its place in the list of rows, and the least major that touched it. */
interface Note {
  group: number
  from: number
  count: number
  major: number
}

/** The lists of a piece of the output. */
interface Piece {
  rows: number[]
  weights: number[]
  numbers: number[]
  majors: number[]
}

export class TopTable {
  readonly #kernels: Kernels
  readonly #spec: TopSpec
  readonly #table: Table
  readonly #layout: StoreLayout
  readonly #store: RowStore
  readonly #words: number
  readonly #countAt: number
  readonly #stride: number
  #notes: Note[] = []
  /** Rows that were shown before the cycle. */
  #shown: number[] = []
  /** Rows of the batch at work that are among the first of their partition. */
  #alive = new Uint8Array(0)
  /** Columns of the batch at work as they are stored. */
  #columns: readonly Vector[] = []

  constructor(kernels: Kernels, spec: TopSpec) {
    assert(isRanked(spec), 'a top table can hold these rows')
    this.#kernels = kernels
    this.#spec = spec
    const types = spec.partition.map((column) => spec.columns[column]!)
    const keys = keyFields(types.map(formOf), keysAt)
    this.#words = spec.order.reduce((sum, { nullable }) => sum + (nullable ? 2 : 1), 0)
    this.#countAt = keys.end
    this.#stride = this.#words * 8 + 8
    const rowBytes = keys.end + 8 + spec.limit * this.#stride
    const template = kernels.arena.allocateZeroed(rowBytes)
    const layout = { keys: keys.fields, rowBytes, template }
    this.#table = new Table(kernels, layout, { expected: 0, keepStrings: false })
    this.#layout = storeLayout(spec.columns)
    this.#store = new RowStore(kernels, this.#layout)
  }

  get partitions(): number {
    return this.#table.count
  }

  get bytes(): number {
    return this.#table.bytes + this.#store.bytes
  }

  /** Rows of weight 1. */
  insert(batch: VectorBatch): void {
    const { arena } = this.#kernels
    const { rows, columns } = batch
    const mark = arena.markScratch()
    const keys = this.#spec.partition.map((c) => keyVector(this.#kernels, columns[c]!, rows))
    const { refs } = this.#table.find(keys, rows)
    const words = this.#orderWords(batch)
    const major = majorOf(this.#kernels, batch)
    if (this.#alive.length < rows) this.#alive = new Uint8Array(rows)
    this.#alive.fill(0, 0, rows)
    this.#columns = columns.map((one) => storedVector(this.#kernels, one, rows))
    this.#sort(rows, { refs, words, major })
    this.#keep(batch, refs, major)
    arena.releaseScratch(mark)
  }

  /** Hands over what changed since the last call, at the least major that touched the partition. */
  emitChanges(rowsMax: number, sink: (out: VectorBatch) => void): void {
    const { arena } = this.#kernels
    const gone: number[] = []
    let piece = emptyPiece()
    for (const note of this.#notes) {
      this.#differences(note, piece, gone)
      arena.views.u32[note.group >>> 2] = 0
      arena.markDirty(note.group, 4)
      if (piece.rows.length < rowsMax) continue
      this.#emit(piece, rowsMax, sink)
      piece = emptyPiece()
    }
    this.#emit(piece, rowsMax, sink)
    this.#notes = []
    this.#shown = []
    for (const row of gone) this.#store.remove(row)
  }

  /** A list of 8-byte words per word of an entry. */
  #orderWords(batch: VectorBatch): number[] {
    const { arena } = this.#kernels
    return this.#spec.order.flatMap(({ column, descending, nullsFirst, nullable }) => {
      const vector = batch.columns[column]!
      const values = this.#valueWords(vector, batch.rows, descending)
      if (!nullable) return [values]
      const nulls = arena.scratch(batch.rows * 8)
      const { u8, i32 } = arena.views
      for (let row = 0; row < batch.rows; row++) {
        const bit = vector.validity === 0 || (u8[vector.validity + (row >> 3)]! >> (row & 7)) & 1
        i32[(nulls >>> 2) + row * 2] = 0
        i32[(nulls >>> 2) + row * 2 + 1] = bit ? 0 : nullsFirst ? -1 : 1
      }
      return [nulls, values]
    })
  }

  #valueWords(vector: Vector, rows: number, descending: boolean): number {
    const { arena } = this.#kernels
    const { data } = keyVector(this.#kernels, vector, rows)
    const isDouble = vector.physical === 'f64'
    if (!descending && !isDouble) return data
    const words = arena.scratch(rows * 8)
    const { i32 } = arena.views
    const flip = descending ? -1 : 0
    for (let at = 0; at < rows * 2; at += 2) {
      const [low, high] = [i32[(data >>> 2) + at]!, i32[(data >>> 2) + at + 1]!]
      // Of negative doubles the one with the lesser bits is the greater.
      const turn = isDouble && high < 0 ? -1 : 0
      i32[(words >>> 2) + at] = low ^ turn ^ flip
      i32[(words >>> 2) + at + 1] = high ^ (turn & 0x7fffffff) ^ flip
    }
    return words
  }

  /** Puts the rows of a batch into the entries of their partitions; there row r is called 8r + 1. */
  #sort(
    rows: number,
    { refs, words, major }: { refs: number; words: number[]; major: number },
  ): void {
    const { u32, f64 } = this.#kernels.arena.views
    const { limit } = this.#spec
    const [countAt, stride, alive] = [this.#countAt, this.#stride, this.#alive]
    const [ints, rowAt] = [stride >>> 2, this.#words * 8]
    for (let row = 0; row < rows; row++) {
      const group = u32[(refs >>> 2) + row]!
      const note = this.#noteOf(group, f64[(major >>> 3) + row]!)
      const count = u32[(group + countAt) >>> 2]!
      const first = group + countAt + 8
      let at = count
      while (at > 0 && this.#isBefore(row, words, major, first + (at - 1) * stride)) at--
      if (at === limit) continue
      let last = count
      if (count === limit) {
        last--
        this.#displace(u32[(first + last * stride + rowAt) >>> 2]!, note)
      } else u32[(group + countAt) >>> 2] = count + 1
      const from = (first + at * stride) >>> 2
      for (let to = ((first + last * stride) >>> 2) + ints - 1; to >= from + ints; to--) {
        u32[to] = u32[to - ints]!
      }
      for (let word = 0; word < words.length; word++) {
        const at = (words[word]! >>> 2) + row * 2
        u32[from + word * 2] = u32[at]!
        u32[from + word * 2 + 1] = u32[at + 1]!
      }
      u32[from + (rowAt >>> 2)] = row * 8 + 1
      alive[row] = 1
    }
  }

  #isBefore(row: number, words: readonly number[], major: number, entry: number): boolean {
    const { u32, i32, f64 } = this.#kernels.arena.views
    let place = entry >>> 2
    for (let word = 0; word < words.length; word++) {
      const at = (words[word]! >>> 2) + row * 2
      const [high, other] = [i32[at + 1]!, i32[place + 1]!]
      if (high !== other) return high < other
      if (u32[at] !== u32[place]) return u32[at]! < u32[place]!
      place += 2
    }
    const name = u32[place]!
    const isStored = (name & 1) === 0
    if (this.#spec.byPosition) {
      const position = f64[(major >>> 3) + row]!
      const there = f64[(isStored ? name + this.#layout.major : major + (name >>> 3) * 8) >>> 3]!
      if (position !== there) return position < there
    }
    const other = isStored ? { address: name } : { row: name >>> 3 }
    return compareStored(this.#kernels, this.#layout, { columns: this.#columns, row }, other) < 0
  }

  #noteOf(group: number, major: number): Note {
    const { u32 } = this.#kernels.arena.views
    const number = u32[group >>> 2]!
    if (number > 0) {
      const note = this.#notes[number - 1]!
      if (major < note.major) note.major = major
      return note
    }
    const count = u32[(group + this.#countAt) >>> 2]!
    const note = { group, from: this.#shown.length, count, major }
    u32[group >>> 2] = this.#notes.push(note)
    for (let entry = 0; entry < count; entry++) this.#shown.push(this.#rowOf(group, entry))
    return note
  }

  #rowOf(group: number, entry: number): number {
    const at = group + this.#countAt + 8 + entry * this.#stride + this.#words * 8
    return this.#kernels.arena.views.u32[at >>> 2]!
  }

  /** A row is no longer among the first; one that was shown is still told as gone. */
  #displace(name: number, { from, count }: Note): void {
    if ((name & 1) === 1) {
      this.#alive[name >>> 3] = 0
      return
    }
    for (let at = from; at < from + count; at++) if (this.#shown[at] === name) return
    this.#store.remove(name)
  }

  /** Stores the rows of a batch that are in entries, and has these know their addresses. */
  #keep(batch: VectorBatch, refs: number, major: number): void {
    const { arena } = this.#kernels
    const list = arena.scratch(batch.rows * 4)
    let count = 0
    for (let row = 0; row < batch.rows; row++) {
      if (this.#alive[row] === 1) arena.views.u32[(list >>> 2) + count++] = row
    }
    if (count === 0) return
    const taken = arena.scratch(count * 4)
    const places = arena.scratch(batch.rows * 4)
    this.#store.takeEach(count, taken)
    const { u32 } = arena.views
    for (let index = 0; index < count; index++) {
      const row = u32[(list >>> 2) + index]!
      const address = u32[(taken >>> 2) + index]!
      u32[(places >>> 2) + row] = address
      let at = u32[(refs >>> 2) + row]! + this.#countAt + 8 + this.#words * 8
      while (u32[at >>> 2] !== row * 8 + 1) at += this.#stride
      u32[at >>> 2] = address
    }
    this.#store.putListed({ columns: this.#columns, major }, { refs: places, list, count })
  }

  #differences({ group, from, count, major }: Note, piece: Piece, gone: number[]): void {
    const { u32 } = this.#kernels.arena.views
    const next = u32[(group + this.#countAt) >>> 2]!
    const shown = this.#shown
    const { numbered } = this.#spec
    const first = (group + this.#countAt + 8 + this.#words * 8) >>> 2
    const step = this.#stride >>> 2
    const isThere = (row: number) => {
      for (let at = 0; at < next; at++) if (u32[first + at * step] === row) return true
      return false
    }
    const wasThere = (row: number) => {
      for (let at = from; at < from + count; at++) if (shown[at] === row) return true
      return false
    }
    // What goes stands before what comes of one number, as the changes are told in the end.
    for (let at = 0; at < count || at < next; at++) {
      const old = at < count ? shown[from + at]! : 0
      const row = at < next ? u32[first + at * step]! : 0
      if (old === row) continue
      const goes = old !== 0 && !isThere(old)
      if (goes) gone.push(old)
      if (old !== 0 && (numbered || goes)) tell(piece, old, -1, at + 1, major)
      if (row !== 0 && (numbered || !wasThere(row))) tell(piece, row, 1, at + 1, major)
    }
  }

  #emit(piece: Piece, rowsMax: number, sink: (out: VectorBatch) => void): void {
    const { arena } = this.#kernels
    for (let from = 0; from < piece.rows.length; from += rowsMax) {
      const mark = arena.markScratch()
      const rows = Math.min(rowsMax, piece.rows.length - from)
      const part = <T>(values: T[]) => values.slice(from, from + rows)
      const list = arena.scratch(rows * 4)
      const major = arena.scratch(rows * 8)
      const weights = arena.scratch(rows * 4)
      const numbers = arena.scratch(rows * 8)
      const { u32, i32, f64, i64 } = arena.views
      u32.set(part(piece.rows), list >>> 2)
      f64.set(part(piece.majors), major >>> 3)
      const signs = part(piece.weights)
      i32.set(signs, weights >>> 2)
      if (this.#spec.numbered) {
        part(piece.numbers).forEach((number, at) => {
          i64[(numbers >>> 3) + at] = BigInt(number)
        })
      }
      const columns = this.#layout.columns.map((_, column) =>
        gatherColumn(this.#kernels, this.#layout, column, { list, count: rows }),
      )
      if (this.#spec.numbered) {
        columns.push({ physical: 'i64', data: numbers, validity: 0, errors: null })
      }
      sink({
        rows,
        columns,
        order: { major, middle: 0, minor: 0 },
        weights: signs.every((sign) => sign > 0) ? 0 : weights,
        watermarks: 0,
      })
      arena.releaseScratch(mark)
    }
  }
}

function tell(piece: Piece, row: number, weight: number, number: number, major: number): void {
  piece.rows.push(row)
  piece.weights.push(weight)
  piece.numbers.push(number)
  piece.majors.push(major)
}

const emptyPiece = (): Piece => ({ rows: [], weights: [], numbers: [], majors: [] })
