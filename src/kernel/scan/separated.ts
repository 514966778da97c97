/**
 * Scan separated: finds the fields of comma-separated records, 64 bytes of text at a time.
 *
 * How      1. Delimiters and newlines of 64 bytes become the bits of a word; the next field ends at its lowest one.
 *          2. A field that opens with the quote ends at the next quote that is not doubled; the word begins anew there.
 *          3. A record that is anything else than `columns` such fields ends the scan: the caller has it judged.
 * Format   control  0 delta: address of the text − position that is told for it | 4 bytes from a start to its end |
 *                   8 delimiter | 12 quote, −1 for none | 16 first byte of lines that are no records, −1 for none |
 *                   20 columns | 24 address of the records' starts | 28 of their ends |
 *                   32 … per column the address of its starts, 0 where nobody wants it
 *          A field that is empty and not quoted has start −1; the end of one with doubled quotes is ~end.
 * Contract 1 (trusted) 64 newlines stand behind the text. 2 (checked) a record is taken with its newline or not at all.
 * Cost     0.1 ns per byte and 4 ns per field.
 * See      src/connect/format/csv-scanner.ts; test/kernel/twins.test.ts compares both bodies.
 */
import type { Arena } from '../arena.ts'
import { type Assembly, assemble, type I32, i32, type Jump } from '../assembler.ts'
import { defineKernel } from '../kernels.ts'
import { scanRecords } from './records.ts'

const NEWLINE = 10
const CARRIAGE_RETURN = 13

/** Closure: address of the quote that closes a field, whose text starts at `position`; −1 when there is none. */
function closing(u8: Uint8Array, position: number, end: number, quote: number) {
  let escaped = false
  for (; position < end; position++) {
    if (u8[position] !== quote) continue
    if (u8[position + 1] !== quote) return { position, escaped }
    escaped = true
    position++
  }
  return null
}

/** Closure: address behind the record at `position`, or 0 when it is none that this kernel takes. */
function record(
  arena: Arena,
  position: number,
  end: number,
  slot: number,
  control: number,
): number {
  const { u8, i32: words, u32 } = arena.views
  const at = control >>> 2
  const [delta, gap, delimiter, quote] = [words[at]!, u32[at + 1]!, u32[at + 2]!, words[at + 3]!]
  const columns = u32[at + 5]!
  if (u8[position] === words[at + 4]) return 0
  for (let column = 0; column < columns; column++) {
    const isLast = column === columns - 1
    let [start, stop] = [position, 0]
    if (u8[position] === quote) {
      const closed = closing(u8, position + 1, end, quote)
      if (closed === null) return 0
      position = closed.position + 1
      start++
      stop = closed.escaped ? ~(closed.position - delta) : closed.position - delta
      if (u8[position] !== (isLast ? NEWLINE : delimiter)) return 0
    } else {
      while (u8[position] !== delimiter && u8[position] !== NEWLINE) position++
      if ((u8[position] === NEWLINE) !== isLast) return 0
      stop = position
      if (isLast && stop > start && u8[stop - 1] === CARRIAGE_RETURN) stop--
      if (stop === start) start = delta - 1
      stop -= delta
    }
    position++
    const target = u32[at + 8 + column]!
    if (target === 0) continue
    words[(target >>> 2) + slot] = start - delta
    words[((target + gap) >>> 2) + slot] = stop
  }
  return position > end ? 0 : position
}

/** Code: moves `position` from the opening quote to the closing one; `escaped` becomes −1 where one is doubled. */
function findClosing(
  a: Assembly,
  { position, escaped }: { position: I32; escaped: I32 },
  end: I32,
  quote: I32,
  leave: Jump,
): void {
  const bits = a.i32()
  const quotes = a.let(quote.mul(0x01010101).splat())
  a.set(position, position.add(1))
  a.set(escaped, i32(0))
  a.repeat((again) => {
    a.set(bits, position.v128().op('i8x16.eq', quotes).bitmask('i8x16'))
    a.if(bits.isZero(), () => {
      a.set(position, position.add(16))
      again(position.below(end))
      leave()
    })
    a.set(position, position.add(bits.ctz()))
    leave(position.atLeast(end))
    a.if(position.u8(1).eq(quote), () => {
      a.set(escaped, i32(-1))
      a.set(position, position.add(2))
      again()
    })
  })
}

/** Code: moves `position` to the next separator from the one before. */
function separatorFinder(a: Assembly, delimiter: I32) {
  const newlines = a.let(i32(NEWLINE * 0x01010101).splat())
  const delimiters = a.let(delimiter.mul(0x01010101).splat())
  const block = a.i32()
  const bits = a.i64()
  return {
    /** The next separator is the first one at or behind `from`. */
    begin: (from: I32) => {
      a.set(block, from.sub(64))
      a.set(bits, bits.xor(bits))
    },
    next: (position: I32) => {
      a.while(bits.isZero(), () => {
        a.set(block, block.add(64))
        const [m0, m1, m2, m3] = [0, 16, 32, 48].map((offset) => {
          const lane = a.let(block.v128(offset))
          const isFound = lane.op('i8x16.eq', newlines).or(lane.op('i8x16.eq', delimiters))
          return isFound.bitmask('i8x16')
        }) as [I32, I32, I32, I32]
        const high = m2.or(m3.shl(16)).extendU().shl(32n)
        a.set(bits, m0.or(m1.shl(16)).extendU().or(high))
      })
      a.set(position, block.add(bits.ctz().wrap()))
      a.set(bits, bits.and(bits.sub(1n)))
    },
  }
}

/** Up to `most` records from `text` on, the first one into `slot`; the number found. */
defineKernel({
  name: 'scan_separated',
  parameters: 5,
  closure: (arena: Arena) => (text, end, slot, most, control) => {
    const scan = { text: text!, end: end!, slot: slot!, most: most!, control: control! }
    return scanRecords(arena, scan, 6, (position, into) =>
      record(arena, position, end!, into, control!),
    )
  },
  wasm: () =>
    assemble(5, (a, text, end, slot, most, control) => {
      const [delta, gap, delimiter, quote, comment] = [0, 4, 8, 12, 16].map((offset) =>
        a.let(control.i32(offset)),
      ) as [I32, I32, I32, I32, I32]
      const columns = a.let(control.add(32))
      const columnsEnd = a.let(columns.add(control.i32(20).shl(2)))
      const [rowStarts, rowEnds] = [a.let(control.i32(24)), a.let(control.i32(28))]
      const [rows, place, position] = [a.i32(), a.let(slot.shl(2)), a.let(text)]
      const [start, stop, column, target, escaped, isNewline] = Array.from({ length: 6 }, a.i32) as [
        I32, I32, I32, I32, I32, I32,
      ] // biome-ignore format: one list
      const separators = separatorFinder(a, delimiter)
      separators.begin(position)
      a.while(rows.below(most).and(position.below(end)), (leave) => {
        const first = a.let(position)
        leave(position.u8().eq(comment))
        a.set(column, columns)
        a.repeat((again) => {
          a.set(start, position)
          a.if(
            position.u8().eq(quote),
            () => {
              findClosing(a, { position, escaped }, end, quote, leave)
              a.set(stop, position.sub(delta).xor(escaped))
              a.set(start, start.add(1))
              const behind = a.let(position.add(1))
              separators.begin(behind)
              separators.next(position)
              leave(position.ne(behind))
              a.set(isNewline, position.u8().eq(NEWLINE))
            },
            () => {
              separators.next(position)
              a.set(isNewline, position.u8().eq(NEWLINE))
              const isBehind = isNewline.and(position.above(start))
              const isCut = isBehind.and(position.sub(1).u8().eq(CARRIAGE_RETURN))
              a.set(stop, position.sub(isCut))
              a.if(stop.eq(start), () => a.set(start, delta.sub(1)))
              a.set(stop, stop.sub(delta))
            },
          )
          a.set(target, column.i32())
          a.set(column, column.add(4))
          a.set(position, position.add(1))
          leave(isNewline.ne(column.eq(columnsEnd)))
          a.if(target, () => {
            a.set(target, target.add(place))
            a.store(target, start.sub(delta))
            a.store(target.add(gap), stop)
          })
          again(column.below(columnsEnd))
        })
        leave(position.above(end))
        a.store(rowStarts.add(place), first.sub(delta))
        a.store(rowEnds.add(place), position.sub(1).sub(delta))
        a.set(rows, rows.add(1))
        a.set(place, place.add(4))
      })
      return rows
    }),
})
