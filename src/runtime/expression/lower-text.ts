/**
 * Lowering of string functions: by kernels over bytes, or by one pass over the bytes of a batch.
 *
 * How      1. Parts of strings are views of the same bytes. Case is that of ASCII; where another byte is seen, the
 *             batch goes row by row.
 *          2. Regular expressions run over the bytes where they lie. A pattern of times is written once per unit of
 *             time that differs from the one before.
 * Contract 1 (checked by test/runtime/expression.test.ts) results are those of the functions on single values.
 * Cost     per row: lower 8 ns, split_index 15 ns, count_char 8 ns, regexp_extract 100–200 ns, date_format 5–20 ns.
 */
import {
  compileRegex,
  type Regex,
  RegexMistake,
  type TimePattern,
  TimePatternMistake,
  type TimeStyle,
  timePattern,
} from '../../data/index.ts'
import { writeView } from '../../kernel/index.ts'
import { kernel, type Lower } from './emit.ts'
import { type Call, literalAt } from './maker.ts'
import type { Registers } from './register.ts'

const isByte = (text: string | null): text is string =>
  text !== null && text.length === 1 && text < '\x80'

/** Bytes behind a string that kernels may read. */
const slack = 16

const casing =
  (name: 'lower_ascii' | 'upper_ascii'): Lower =>
  (_, registers) => {
    const { arena } = registers.kernels
    const offsetsOf = kernel(registers, 'offsets_view')
    const gather = kernel(registers, 'gather_view')
    const change = kernel(registers, name)
    const viewsOf = kernel(registers, 'views_from_offsets')
    return ([text], target) => {
      const { rows } = target
      const offsets = arena.scratch((rows + 1) * 4)
      arena.views.i32[offsets >>> 2] = 0
      const bytes = offsetsOf(text!.data, offsets, rows) >>> 0
      const heap = arena.scratch(bytes + slack)
      gather(text!.data, heap, rows)
      // Up to 7 bytes behind the last string count, too; whatever they are, they only send the batch another way.
      const words = (bytes + 7) >>> 3
      arena.views.u8.fill(0, heap + bytes, heap + words * 8)
      if (change(heap, heap, words) !== 0) return 1
      return viewsOf(offsets, heap, 0, target.data, rows)
    }
  }

/** Marks the rows that have a value and an argument. */
function joinFound(
  registers: Registers,
): (found: number, validity: number, rows: number) => number {
  const and = kernel(registers, 'and_bits')
  return (found, validity, rows) => {
    if (validity !== 0) and(found, validity, found, (rows + 63) >>> 6)
    return found
  }
}

const splitIndex: Lower = (call, registers) => {
  const [separator, number] = [literalAt(call, 1), literalAt(call, 2)]
  if (!isByte(separator) || number === null || BigInt(number) < 0n || BigInt(number) > 1_000_000n)
    return null
  const run = kernel(registers, 'split_view')
  const join = joinFound(registers)
  const mark = registers.view(separator)
  const wanted = registers.control([BigInt(number)])
  const found = registers.result('bits')
  return ([text], target) => {
    run(text!.data, mark, wanted, target.data, found.address, target.rows)
    target.validity = join(found.address, target.validity, target.rows)
    return 0
  }
}

/** As split_index from 1, where nothing is the empty string. */
const splitPart: Lower = (call, registers) => {
  const [separator, number] = [literalAt(call, 1), literalAt(call, 2)]
  if (!isByte(separator) || number === null || BigInt(number) < 1n || BigInt(number) > 1_000_000n)
    return null
  const run = kernel(registers, 'split_view')
  const mark = registers.view(separator)
  const wanted = registers.control([BigInt(number) - 1n])
  const found = registers.result('bits')
  return ([text], { data, rows }) => run(text!.data, mark, wanted, data, found.address, rows)
}

const countChar: Lower = (call, registers) => {
  const needle = literalAt(call, 1)
  if (!isByte(needle)) return null
  const run = kernel(registers, 'count_byte_view')
  const mark = registers.view(needle)
  return ([text], { data, rows }) => run(text!.data, mark, data, rows)
}

/** The three searches whose second argument is a literal. */
const search =
  (name: 'starts_view' | 'ends_view' | 'contains_view'): Lower =>
  (call, registers) => {
    const needle = literalAt(call, 1)
    if (needle === null) return null
    const run = kernel(registers, name)
    const mark = registers.view(needle)
    return ([text], { data, rows }) => run(text!.data, mark, data, rows)
  }

function regexOf(call: Call): Regex | null {
  const pattern = literalAt(call, 1)
  if (pattern === null) return null
  try {
    return compileRegex(pattern)
  } catch (error) {
    if (error instanceof RegexMistake) return null
    throw error
  }
}

const extraction: Lower = (call, registers) => {
  const regex = regexOf(call)
  if (regex === null) return null
  const given = call.function === 'regexp_substr' ? '0' : literalAt(call, 2)
  if (call.args.length > 2 && given === null) return null
  const group = given === null ? Math.min(regex.groups, 1) : Number(given)
  if (group < 0 || group > regex.groups) return null
  const { arena } = registers.kernels
  const join = joinFound(registers)
  const found = registers.result('bits')
  return ([text], target) => {
    const { rows, data } = target
    const { u8, u32 } = arena.views
    const bits = found.address
    u8.fill(0, bits, bits + ((rows + 63) >>> 6) * 8)
    u32.fill(0, data >>> 2, (data >>> 2) + rows * 4)
    for (let row = 0; row < rows; row++) {
      const view = text!.data + row * 16
      const length = u32[view >>> 2]!
      const at = length <= 12 ? view + 4 : u32[(view >>> 2) + 3]!
      if (!regex.match(u8, at, at + length)) continue
      const [from, to] = [regex.captures[group * 2]!, regex.captures[group * 2 + 1]!]
      if (from < 0 || to < 0) continue
      u8[bits + (row >>> 3)]! |= 1 << (row & 7)
      writeView(arena, data + row * 16, from, to - from)
    }
    target.validity = join(bits, target.validity, rows)
    return 0
  }
}

const matching: Lower = (call, registers) => {
  const regex = regexOf(call)
  if (regex === null || call.args.length > 2) return null
  const { arena } = registers.kernels
  return ([text], { data, rows }) => {
    const { u8, u32 } = arena.views
    u8.fill(0, data, data + ((rows + 63) >>> 6) * 8)
    for (let row = 0; row < rows; row++) {
      const view = text!.data + row * 16
      const length = u32[view >>> 2]!
      const at = length <= 12 ? view + 4 : u32[(view >>> 2) + 3]!
      if (regex.match(u8, at, at + length)) u8[data + (row >>> 3)]! |= 1 << (row & 7)
    }
    return 0
  }
}

const encoder = new TextEncoder()

/** A batch has few texts that differ, so the place of each is kept by its number of units of time. */
const timeText =
  (style: TimeStyle): Lower =>
  (call, registers) => {
    const source = literalAt(call, 1)
    if (source === null) return null
    const pattern = timePatternOf(style, source)
    if (pattern === null) return null
    const { arena } = registers.kernels
    const unit = registers.control([pattern.unitMicros])
    const divide = kernel(registers, 'floor_div_i64')
    const write = (to: number, number: number) => {
      const bytes = encoder.encode(pattern.format(BigInt(number) * pattern.unitMicros))
      const heap = arena.scratch(bytes.length + slack)
      arena.views.u8.set(bytes, heap)
      writeView(arena, to, heap, bytes.length)
    }
    return ([at], { data, rows }) => {
      const units = arena.scratch(rows * 8)
      divide(at!.data, unit, units, rows)
      let { i32, u32 } = arena.views
      const known = new Map<number, number>()
      let last = Number.NaN
      let from = 0
      for (let row = 0; row < rows; row++) {
        const place = (units >>> 2) + row * 2
        const number = i32[place + 1]! * 4_294_967_296 + u32[place]!
        const to = (data >>> 2) + row * 4
        if (number !== last) {
          // What a double cannot count goes row by row.
          if (!Number.isSafeInteger(number)) return 1
          last = number
          const made = known.get(number)
          from = made ?? to
          if (made === undefined) {
            known.set(number, to)
            write(to * 4, number)
            ;({ i32, u32 } = arena.views)
            continue
          }
        }
        u32[to] = u32[from]!
        u32[to + 1] = u32[from + 1]!
        u32[to + 2] = u32[from + 2]!
        u32[to + 3] = u32[from + 3]!
      }
      return 0
    }
  }

function timePatternOf(style: TimeStyle, source: string): TimePattern | null {
  try {
    return timePattern(style, source)
  } catch (error) {
    if (error instanceof TimePatternMistake) return null
    throw error
  }
}

export const lowerText: Record<string, Lower> = {
  lower: casing('lower_ascii'),
  upper: casing('upper_ascii'),
  split_index: splitIndex,
  split_part: splitPart,
  count_char: countChar,
  starts_with: search('starts_view'),
  ends_with: search('ends_view'),
  contains: search('contains_view'),
  regexp_extract: extraction,
  regexp_substr: extraction,
  regexp_like: matching,
  date_format: timeText('java'),
  to_char: timeText('postgres'),
  strftime: timeText('c'),
}
