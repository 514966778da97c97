/**
 * Scan template: finds the values of JSON objects that are written as one seen before: the same members in the same
 * order, with the same spaces.
 *
 * How      A template is a list of steps; each has the text that stands before a value (`,"name":`) and says where the
 *          extents of the value go. The text is compared 16 bytes at a time; the end of a string or number is found
 *          the same way. The last step has a text only: the end of the record, newline included. The first
 *          record that is written otherwise ends the scan.
 * Format   control  0 delta: address of the text − position that is told for it | 4 bytes from a start to its end |
 *                   8 address of the records' starts | 12 of their ends | 16 number of absent columns |
 *                   20 … addresses of their starts, up to a multiple of 16 | steps
 *          step     0 bytes of its text | 4 address of the column's starts, 0 where nobody wants it | 8 last step | 12
 *                   bytes of the list | 16 … list: 16 bytes of text, 16 bytes of mask, again and again
 *          A value null and an absent one have start −1; the end of a string with escapes is ~end.
 * Contract 1 (trusted) 16 zero bytes stand behind the text; the text of a step has no zero byte.
 *          2 (trusted) no step is without text.
 * Cost     5 ns per value.
 * See      src/connect/format/json-template.ts makes templates; test/kernel/twins.test.ts compares both bodies.
 */
import type { Arena } from '../arena.ts'
import { type Assembly, assemble, type I32, i32, type Jump, type V128 } from '../assembler.ts'
import { defineKernel } from '../kernels.ts'
import { scanRecords } from './records.ts'

const QUOTE = 34
const BACKSLASH = 92
const NINE = 57
/** `true`, `fals` and `null` as words. */
const TRUE = 0x65757274
const FALS = 0x736c6166
const NULL = 0x6c6c756e

/** Bytes before the list of absent columns, and before the list of a step. */
const headBytes = 20
const stepHeadBytes = 16

const inNumber = new Uint8Array(256)
for (const character of '0123456789+-.eE') inNumber[character.charCodeAt(0)] = 1

interface Extent {
  /** Address of the first byte, −1 for null. */
  start: number
  stop: number
  escaped: boolean
  /** Behind the value. */
  next: number
}

function stringAt(u8: Uint8Array, start: number): Extent | null {
  let escaped = false
  for (let position = start; ; position++) {
    const byte = u8[position]!
    if (byte === QUOTE) return { start, stop: position, escaped, next: position + 1 }
    if (byte < 32) return null
    if (byte !== BACKSLASH) continue
    escaped = true
    if (u8[++position]! < 32) return null
  }
}

function valueAt(u8: Uint8Array, start: number): Extent | null {
  if (u8[start] === QUOTE) return stringAt(u8, start + 1)
  const spells = (text: string) =>
    [...text].every((character, index) => u8[start + index] === character.charCodeAt(0))
  for (const text of ['true', 'false', 'null']) {
    if (!spells(text)) continue
    const stop = start + text.length
    return { start: text === 'null' ? -1 : start, stop, escaped: false, next: stop }
  }
  let stop = start
  while (inNumber[u8[stop]!] === 1) stop++
  const last = u8[stop - 1]!
  if (stop === start || last < 48 || last > NINE) return null
  return { start, stop, escaped: false, next: stop }
}

function stepMatches(u8: Uint8Array, position: number, step: number, bytes: number): boolean {
  for (let index = 0; index < bytes; index++) {
    const listed = step + stepHeadBytes + 32 * (index >>> 4) + (index & 15)
    if (u8[position + index] !== u8[listed]) return false
  }
  return true
}

/** Closure: address behind the record at `position`, or 0 when it is written otherwise. */
function record(arena: Arena, position: number, slot: number, control: number): number {
  const { u8, i32: words, u32 } = arena.views
  const at = control >>> 2
  const [delta, gap, absent] = [words[at]!, u32[at + 1]!, u32[at + 4]!]
  let step = control + ((headBytes + 4 * absent + 15) & ~15)
  for (;;) {
    const bytes = u32[step >>> 2]!
    if (!stepMatches(u8, position, step, bytes)) return 0
    position += bytes
    if (u32[(step >>> 2) + 2] === 1) break
    const value = valueAt(u8, position)
    if (value === null) return 0
    const target = u32[(step >>> 2) + 1]!
    if (target !== 0) {
      const stop = value.stop - delta
      words[(target >>> 2) + slot] = value.start < 0 ? -1 : value.start - delta
      words[((target + gap) >>> 2) + slot] = value.escaped ? ~stop : stop
    }
    position = value.next
    step += stepHeadBytes + u32[(step >>> 2) + 3]!
  }
  for (let index = 0; index < absent; index++) {
    words[(u32[(control + headBytes + 4 * index) >>> 2]! >>> 2) + slot] = -1
  }
  return position
}

/** Code: the same byte in all sixteen. */
const bytes16 = (byte: number) => i32(byte * 0x01010101).splat()

/** Code: moves `position` from the opening quote to the closing one. */
function findQuote(a: Assembly, position: I32, escaped: I32, leave: Jump): void {
  const bits = a.i32()
  const constants = [QUOTE, BACKSLASH, 32].map((byte) => a.let(bytes16(byte)))
  const [quotes, backslashes, blanks] = constants as [V128, V128, V128]
  a.set(position, position.add(1))
  a.repeat((again) => {
    const lane = a.let(position.v128())
    const isSpecial = lane.op('i8x16.eq', quotes).or(lane.op('i8x16.eq', backslashes))
    a.set(bits, isSpecial.or(lane.op('i8x16.lt_u', blanks)).bitmask('i8x16'))
    a.if(bits.isZero(), () => {
      a.set(position, position.add(16))
      again()
    })
    a.set(position, position.add(bits.ctz()))
    a.if(position.u8().ne(QUOTE), () => {
      leave(position.u8().ne(BACKSLASH))
      leave(position.u8(1).below(32))
      a.set(escaped, i32(-1))
      a.set(position, position.add(2))
      again()
    })
  })
}

/** Code: moves `position` behind the characters of a number, and leaves unless a digit is the last of them. */
function passNumber(a: Assembly, position: I32, start: I32, leave: Jump): void {
  const bits = a.i32()
  const constants = [45, 13, 47, 43, 0x20, 101].map((byte) => a.let(bytes16(byte)))
  const [minus, span, slash, plus, lower, letter] = constants as [
    V128, V128, V128, V128, V128, V128,
  ] // biome-ignore format: one list
  a.repeat((again) => {
    const lane = a.let(position.v128())
    // From minus to nine stand, beside them, only the point and the slash.
    const isPart = lane
      .op('i8x16.sub', minus)
      .op('i8x16.lt_u', span)
      .andNot(lane.op('i8x16.eq', slash))
      .or(lane.op('i8x16.eq', plus))
      .or(lane.or(lower).op('i8x16.eq', letter))
    a.set(bits, isPart.bitmask('i8x16').xor(0xffff))
    a.if(bits.isZero(), () => {
      a.set(position, position.add(16))
      again()
    })
    a.set(position, position.add(bits.ctz()))
  })
  leave(position.eq(start))
  leave(position.sub(1).u8().sub(48).atLeast(10))
}

/** Code: moves `position` behind true, false or null; `start` becomes −1 + delta for null. */
function passWord(a: Assembly, position: I32, start: I32, delta: I32, leave: Jump): void {
  const word = a.let(position.i32())
  a.set(position, position.add(4))
  a.block((known) => {
    known(word.eq(TRUE))
    a.if(word.eq(NULL), () => {
      a.set(start, delta.sub(1))
      known()
    })
    leave(word.ne(FALS))
    leave(position.u8().ne(101))
    a.set(position, position.add(1))
  })
}

/** Code: goes by the text of the step; `step` is then behind its list. */
function passText(a: Assembly, position: I32, step: I32, leave: Jump): void {
  const [at, listEnd, list] = [a.let(position), a.i32(), a.i32()]
  const differs = a.v128()
  a.set(list, step.add(stepHeadBytes))
  a.set(at, position)
  a.set(listEnd, list.add(step.i32(12)))
  a.set(differs, at.v128().xor(list.v128()).and(list.v128(16)))
  a.set(list, list.add(32))
  a.while(list.below(listEnd), () => {
    a.set(at, at.add(16))
    a.set(differs, differs.or(at.v128().xor(list.v128()).and(list.v128(16))))
    a.set(list, list.add(32))
  })
  leave(differs.anyTrue())
  a.set(position, position.add(step.i32()))
}

/** Up to `most` records from `text` on, the first one into `slot`; the number found. */
defineKernel({
  name: 'scan_template',
  parameters: 5,
  closure: (arena: Arena) => (text, end, slot, most, control) => {
    const scan = { text: text!, end: end!, slot: slot!, most: most!, control: control! }
    return scanRecords(arena, scan, 2, (position, into) => record(arena, position, into, control!))
  },
  wasm: () =>
    assemble(5, (a, text, end, slot, most, control) => {
      const [delta, gap, rowStarts, rowEnds] = [0, 4, 8, 12].map((offset) =>
        a.let(control.i32(offset)),
      ) as [I32, I32, I32, I32]
      const absent = a.let(control.add(headBytes))
      const absentEnd = a.let(absent.add(control.i32(16).shl(2)))
      const steps = a.let(absentEnd.sub(control).add(15).and(-16).add(control))
      const [rows, place, position] = [a.i32(), a.let(slot.shl(2)), a.let(text)]
      const [step, start, stop, escaped, target] = Array.from({ length: 5 }, a.i32) as [
        I32, I32, I32, I32, I32,
      ] // biome-ignore format: one list
      a.while(rows.below(most).and(position.below(end)), (leave) => {
        const first = a.let(position)
        a.set(step, steps)
        a.block((complete) =>
          a.repeat((again) => {
            passText(a, position, step, leave)
            complete(step.i32(8))
            a.set(start, position)
            a.if(
              position.u8().eq(QUOTE),
              () => {
                a.set(escaped, i32(0))
                findQuote(a, position, escaped, leave)
                a.set(start, start.add(1))
                a.set(stop, position.sub(delta).xor(escaped))
                a.set(position, position.add(1))
              },
              () => {
                a.if(
                  position.u8().above(NINE),
                  () => passWord(a, position, start, delta, leave),
                  () => passNumber(a, position, start, leave),
                )
                a.set(stop, position.sub(delta))
              },
            )
            a.set(target, step.i32(4))
            a.set(step, step.add(step.i32(12)).add(stepHeadBytes))
            a.if(target, () => {
              a.set(target, target.add(place))
              a.store(target, start.sub(delta))
              a.store(target.add(gap), stop)
            })
            again()
          }),
        )
        const list = a.let(absent)
        a.while(list.below(absentEnd), () => {
          a.store(list.i32().add(place), i32(-1))
          a.set(list, list.add(4))
        })
        a.store(rowStarts.add(place), first.sub(delta))
        a.store(rowEnds.add(place), position.sub(1).sub(delta))
        a.set(rows, rows.add(1))
        a.set(place, place.add(4))
      })
      return rows
    }),
})
