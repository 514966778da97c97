/**
 * Lowering of functions that cut, join and search strings: one pass over the bytes of a batch.
 *
 * How      A part of a string is a view of the same bytes. What is put together goes into one heap, row behind row, and
 *          a kernel makes views of it. Places count code points: bytes that do not continue one.
 * Contract 1 (checked by test/runtime/expression.test.ts) results are those of the functions on single values.
 * Cost     some 20 ns per row and 1 ns per byte that is looked at or copied.
 */
import { type Arena, type Vector, writeView } from '../../kernel/index.ts'
import { kernel, type Lower, type Target } from './emit.ts'
import { Fault } from './fault.ts'
import { type Call, literalAt } from './maker.ts'
import { type Piece, piecesOf } from './pattern.ts'
import type { Registers } from './register.ts'

const encoder = new TextEncoder()
const slack = 16

/** A whole number that no string is longer than; null of none. */
function numberAt(call: Call, index: number): number | null {
  const text = literalAt(call, index)
  if (text === null) return null
  return Number(text) < -1e9 ? -1e9 : Math.min(Number(text), 1e9)
}

const isContinued = (byte: number) => (byte & 0xc0) === 0x80

/** Where `count` code points end, from `at` on. */
function forward(u8: Uint8Array, at: number, end: number, count: number): number {
  let place = at
  for (let left = count; left > 0 && place < end; left--) {
    place++
    while (place < end && isContinued(u8[place]!)) place++
  }
  return place
}

/** Where the last `count` code points begin. */
function backward(u8: Uint8Array, at: number, end: number, count: number): number {
  let place = end
  for (let left = count; left > 0 && place > at; left--) {
    place--
    while (place > at && isContinued(u8[place]!)) place--
  }
  return place
}

/** A range of the bytes of a string: its ends go into `range`. */
type Cut = (u8: Uint8Array, at: number, end: number, range: { from: number; to: number }) => void

/** The part of each string that `cut` tells. */
function parts(registers: Registers, cut: Cut) {
  const { arena } = registers.kernels
  const range = { from: 0, to: 0 }
  return ([text]: readonly Vector[], { data, rows }: Target): number => {
    const { u8, u32 } = arena.views
    for (let row = 0; row < rows; row++) {
      const view = text!.data + row * 16
      const length = u32[view >>> 2]!
      const at = length <= 12 ? view + 4 : u32[(view >>> 2) + 3]!
      cut(u8, at, at + length, range)
      writePart(arena, u8, u32, data + row * 16, range)
    }
    return 0
  }
}

/** A short string lies in its view. */
function writePart(
  arena: Arena,
  u8: Uint8Array,
  u32: Uint32Array,
  view: number,
  { from, to }: { from: number; to: number },
): void {
  const length = to - from
  if (length > 12) {
    writeView(arena, view, from, length)
    return
  }
  const word = view >>> 2
  u32[word] = length
  u32[word + 1] = 0
  u32[word + 2] = 0
  u32[word + 3] = 0
  for (let index = 0; index < length; index++) u8[view + 4 + index] = u8[from + index]!
}

const substring: Lower = (call, registers) => {
  const [start, count] = [numberAt(call, 1), numberAt(call, 2)]
  if (start === null || (call.args.length > 2 && (count === null || count < 0))) return null
  const skipped = Math.max(0, start - 1)
  const taken = count === null ? 2e9 : Math.max(0, start - 1 + count) - skipped
  return parts(registers, (u8, at, end, range) => {
    range.from = forward(u8, at, end, skipped)
    range.to = taken > end - at ? end : forward(u8, range.from, end, taken)
  })
}

const side =
  (isLeft: boolean): Lower =>
  (call, registers) => {
    const count = numberAt(call, 1)
    if (count === null) return null
    const place = (u8: Uint8Array, at: number, end: number) =>
      isLeft === count >= 0
        ? forward(u8, at, end, Math.abs(count))
        : backward(u8, at, end, Math.abs(count))
    return parts(registers, (u8, at, end, range) => {
      const cut = place(u8, at, end)
      range.from = isLeft ? at : cut
      range.to = isLeft ? cut : end
    })
  }

/** Blanks, where no other characters are given. */
const trimming =
  (left: boolean, right: boolean): Lower =>
  (call, registers) => {
    if (call.args.length > 1) return null
    return parts(registers, (u8, at, end, range) => {
      let [from, to] = [at, end]
      if (left) while (from < to && u8[from] === 0x20) from++
      if (right) while (to > from && u8[to - 1] === 0x20) to--
      range.from = from
      range.to = to
    })
  }

/** NULLs are empty views. */
export const concatenation: Lower = (call, registers) => {
  if (call.args.some((arg) => arg.type.kind !== 'varchar')) return null
  const { arena } = registers.kernels
  const viewsOf = kernel(registers, 'views_from_offsets')
  return (args, { data, rows }) => {
    const offsets = arena.scratch((rows + 1) * 4)
    const { u32: lengths } = arena.views
    let bytes = 0
    for (const { data: views } of args) {
      for (let row = 0; row < rows; row++) bytes += lengths[(views >>> 2) + row * 4]!
    }
    if (bytes > 0x3fffffff) return 1
    const heap = arena.scratch(bytes + slack)
    const { u8, u32, i32 } = arena.views
    let end = heap
    for (let row = 0; row < rows; row++) {
      i32[(offsets >>> 2) + row] = end - heap
      for (const { data: views } of args) end = append(u8, u32, views + row * 16, end)
    }
    i32[(offsets >>> 2) + rows] = end - heap
    return viewsOf(offsets, heap, 0, data, rows)
  }
}

/** Copies the string of a view to `to`; gives the place behind it. */
function append(u8: Uint8Array, u32: Uint32Array, view: number, to: number): number {
  const length = u32[view >>> 2]!
  const from = length <= 12 ? view + 4 : u32[(view >>> 2) + 3]!
  return copy(u8, from, length, to)
}

function copy(u8: Uint8Array, from: number, length: number, to: number): number {
  if (length > 64) u8.copyWithin(to, from, from + length)
  else for (let index = 0; index < length; index++) u8[to + index] = u8[from + index]!
  return to + length
}

/** Where `needle` begins in the bytes from `at` on; −1 if it does not. */
function find(u8: Uint8Array, at: number, end: number, needle: Uint8Array): number {
  const [first] = needle
  const last = end - needle.length
  for (let place = at; place <= last; place++) {
    if (u8[place] !== first) continue
    let index = 1
    while (index < needle.length && u8[place + index] === needle[index]) index++
    if (index === needle.length) return place
  }
  return -1
}

const replacement: Lower = (call, registers) => {
  const [from, to] = [literalAt(call, 1), literalAt(call, 2)]
  if (from === null || from === '' || to === null) return null
  const { arena } = registers.kernels
  const viewsOf = kernel(registers, 'views_from_offsets')
  const [needle, insert] = [encoder.encode(from), encoder.encode(to)]
  return ([text], { data, rows }) => {
    const offsets = arena.scratch((rows + 1) * 4)
    let { u32 } = arena.views
    let bytes = 0
    for (let row = 0; row < rows; row++) bytes += u32[(text!.data >>> 2) + row * 4]!
    // Every byte of the text might be a place.
    const most = Math.ceil(bytes / needle.length) * Math.max(insert.length, needle.length)
    if (most > 0x0fffffff) return 1
    const heap = arena.scratch(most + bytes + slack)
    const views = arena.views
    const { u8, i32 } = views
    u32 = views.u32
    let end = heap
    for (let row = 0; row < rows; row++) {
      i32[(offsets >>> 2) + row] = end - heap
      const view = text!.data + row * 16
      const length = u32[view >>> 2]!
      let at = length <= 12 ? view + 4 : u32[(view >>> 2) + 3]!
      const stop = at + length
      for (let place = find(u8, at, stop, needle); place >= 0; ) {
        end = copy(u8, at, place - at, end)
        for (const byte of insert) u8[end++] = byte
        at = place + needle.length
        place = find(u8, at, stop, needle)
      }
      end = copy(u8, at, stop - at, end)
    }
    i32[(offsets >>> 2) + rows] = end - heap
    return viewsOf(offsets, heap, 0, data, rows)
  }
}

/** The place of a literal, counted from 1; 0 where it is not. */
const search =
  (textAt: number, needleAt: number): Lower =>
  (call, registers) => {
    const source = literalAt(call, needleAt)
    if (source === null || source === '' || call.args.length > 2) return null
    const needle = encoder.encode(source)
    const { arena } = registers.kernels
    return (args, { data, rows }) => {
      const { u8, u32 } = arena.views
      const views = args[textAt]!.data
      for (let row = 0; row < rows; row++) {
        const view = views + row * 16
        const length = u32[view >>> 2]!
        const at = length <= 12 ? view + 4 : u32[(view >>> 2) + 3]!
        const place = find(u8, at, at + length, needle)
        let points = 0
        for (let byte = at; byte <= place; byte++) if (!isContinued(u8[byte]!)) points++
        u32[(data >>> 2) + row * 2] = points
        u32[(data >>> 2) + row * 2 + 1] = 0
      }
      return 0
    }
  }

const anyMark = 257
const oneMark = 256

/** Bytes of a LIKE pattern, with marks above them for the wildcards. */
function marksOf(pieces: readonly Piece[]): Uint16Array {
  return Uint16Array.from(
    pieces.flatMap((piece) => {
      if (piece === 'any') return [anyMark]
      return piece === 'one' ? [oneMark] : [...encoder.encode(piece.text)]
    }),
  )
}

/** After a % the shortest text is tried first; only the last % is ever made longer. */
function isLike(u8: Uint8Array, from: number, end: number, marks: Uint16Array): boolean {
  let [at, place] = [from, 0]
  let [star, starAt] = [-1, 0]
  while (at < end) {
    const mark = place < marks.length ? marks[place]! : -1
    if (mark === anyMark) {
      star = ++place
      starAt = at
    } else if (mark === oneMark) {
      place++
      at = forward(u8, at, end, 1)
    } else if (mark === u8[at]) {
      place++
      at++
    } else if (star >= 0) {
      place = star
      starAt = forward(u8, starAt, end, 1)
      at = starAt
    } else return false
  }
  while (place < marks.length && marks[place] === anyMark) place++
  return place === marks.length
}

/** LIKE with a pattern that no single kernel knows; null unless it is a literal. */
export const lowerLike: Lower = (call, registers) => {
  const [pattern, mark] = [literalAt(call, 1), literalAt(call, 2)]
  if (pattern === null || (call.args.length > 2 && mark === null)) return null
  const pieces = piecesOf(pattern, mark ?? undefined)
  if (pieces instanceof Fault) return null
  const marks = marksOf(pieces)
  const { arena } = registers.kernels
  return ([text], { data, rows }) => {
    const { u8, u32 } = arena.views
    u8.fill(0, data, data + ((rows + 63) >>> 6) * 8)
    for (let row = 0; row < rows; row++) {
      const view = text!.data + row * 16
      const length = u32[view >>> 2]!
      const at = length <= 12 ? view + 4 : u32[(view >>> 2) + 3]!
      if (isLike(u8, at, at + length, marks)) u8[data + (row >>> 3)]! |= 1 << (row & 7)
    }
    return 0
  }
}

export const lowerPart: Record<string, Lower> = {
  substring,
  left: side(true),
  right: side(false),
  trim: trimming(true, true),
  ltrim: trimming(true, false),
  rtrim: trimming(false, true),
  concat_strict: concatenation,
  replace: replacement,
  instr: search(0, 1),
  position: search(1, 0),
}
