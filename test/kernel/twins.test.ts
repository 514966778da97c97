/**
 * Twins: every kernel that says what its parameters are, with both bodies on the same seeded inputs, byte for byte.
 *
 * How      An input of each kind is laid out in two arenas at the same addresses; both bodies run; the result and
 *          the bytes of all outputs must agree. NaN may have any bits. Kernels without operands are listed, with
 *          the test that covers them.
 */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { writeWide } from '../../src/data/index.ts'
import { Arena, Kernels, kernelDefinitions, windowControl } from '../../src/kernel/index.ts'
import type { Operand } from '../../src/kernel/operand.ts'
import { writeView } from '../../src/kernel/view.ts'

const int64s = [
  0n, 1n, -1n, 2n, 7n, -3n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 62n, -(2n ** 62n), 2n ** 53n,
  2n ** 32n, 1_700_000_000_000_000n, -1_700_000_000_000_001n, 3_037_000_500n, -3_037_000_500n,
] // biome-ignore format: one list
const doubles = [
  0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, NaN, Infinity, -Infinity, 2 ** 53, 2 ** 63, -(2 ** 63),
  1e308, -1e308, 5e-324, 123.456, 0.49999999999999994, 4503599627370495.5,
] // biome-ignore format: one list
const texts = [
  '', 'a', 'ab', 'abc', 'abcd', 'abcde', 'abcdefghijkl', 'abcdefghijklm', 'abcdefghijklmnopqrst',
  'abcdefghijklmnopqrsz', 'abcx', 'é', 'éa', '😀', 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', 'a\0', 'a\0b',
  'abcdefghijklmnopqrst😀😀', 'lmnop', 'm',
] // biome-ignore format: one list
const encoder = new TextEncoder()

interface Inputs {
  random: Random
  rows: number
  count: number
}

const pick = <T>(random: Random, values: readonly T[]) => values[random.below(values.length)]!

function wide(random: Random): bigint {
  if (random.below(3) === 0) return pick(random, int64s)
  const bits = BigInt(random.below(2 ** 32)) * 2n ** 32n + BigInt(random.below(2 ** 32))
  return BigInt.asIntN(64, bits) >> BigInt(random.below(60))
}

/** Lays out one operand; gives the argument and, of outputs, the bytes to compare. */
function layOut(arena: Arena, operand: Operand, { random, rows, count }: Inputs) {
  const chosen = count < rows ? count : rows
  const block = (bytes: number) => arena.allocateZeroed(bytes + 256)
  switch (operand) {
    case 'rows':
      return { argument: rows, output: 0 }
    case 'words':
      return { argument: (rows + 63) >>> 6, output: 0 }
    case 'count':
      return { argument: chosen, output: 0 }
    case 'i64':
    case 'one i64': {
      const at = block(rows * 8)
      const small = random.below(2) === 0
      for (let row = 0; row < rows; row++) {
        arena.views.i64[(at >>> 3) + row] = small ? BigInt(random.below(2000) - 1000) : wide(random)
      }
      return { argument: at, output: 0 }
    }
    case 'control': {
      const at = block(24)
      const words = [random.below(2 ** 31) + 3, random.below(2 ** 10) + 2, random.below(2) + 1]
      const scale = pick(random, [1n, 1_000_000n])
      words.sort((a, b) => b - a)
      words.forEach((word, index) => {
        arena.views.i64[(at >>> 3) + index] = index === 0 ? BigInt(word) * scale : BigInt(word)
      })
      return { argument: at, output: 0 }
    }
    case 'part':
    case 'divisor': {
      const at = block(8)
      if (operand === 'part') arena.views.i64[at >>> 3] = BigInt(random.below(5))
      else arena.views.f64[at >>> 3] = 10 ** random.below(19)
      return { argument: at, output: 0 }
    }
    case 'days': {
      const at = block(rows * 8)
      for (let row = 0; row < rows; row++) {
        const span = pick(random, [2 ** 32, 100_000, 800])
        arena.views.i64[(at >>> 3) + row] = BigInt(random.below(span) - span / 2)
      }
      return { argument: at, output: 0 }
    }
    case 'i32': {
      const at = block(rows * 4)
      for (let row = 0; row < rows; row++) arena.views.i32[(at >>> 2) + row] = random.below(2 ** 32)
      return { argument: at, output: 0 }
    }
    case 'f64': {
      const at = block(rows * 8)
      for (let row = 0; row < rows; row++) {
        const value = random.below(3) === 0 ? pick(random, doubles) : random.next() * 200 - 100
        arena.views.f64[(at >>> 3) + row] = value
      }
      return { argument: at, output: 0 }
    }
    case 'wide':
      return { argument: layOutWide(arena, random, rows), output: 0 }
    case 'view':
    case 'one view':
      return { argument: layOutViews(arena, random, Math.max(rows, 1)), output: 0 }
    case 'validity':
      if (random.below(3) === 0) return { argument: 0, output: 0 }
      return { argument: layOutBits(arena, random, rows), output: 0 }
    case 'bits':
      return { argument: layOutBits(arena, random, rows), output: 0 }
    case 'selection': {
      const at = block(rows * 4)
      const density = chosen / Math.max(rows, 1)
      let left = chosen
      for (let row = 0, place = 0; row < rows && left > 0; row++) {
        if (rows - row > left && random.next() > density) continue
        arena.views.u32[(at >>> 2) + place++] = row
        left--
      }
      return { argument: at, output: 0 }
    }
    case 'to bits':
      return { argument: block(rows), output: ((rows + 63) >>> 6) * 8 }
    case 'to selection':
      return { argument: block(rows * 4), output: -4 }
    default: {
      const width = { 'to i64': 8, 'to f64': 8, 'to i32': 4, 'to view': 16 }[operand]
      return { argument: block(rows * 16), output: width }
    }
  }
}

function layOutBits(arena: Arena, random: Random, rows: number): number {
  const at = arena.allocateZeroed(rows + 256)
  const density = pick(random, [0, 0.02, 0.5, 0.98, 1])
  for (let row = 0; row < rows; row++) {
    if (random.next() < density) arena.views.u8[at + (row >>> 3)]! |= 1 << (row & 7)
  }
  return at
}

/** Views of numbers of all lengths up to 38 digits, and of NULL. */
function layOutWide(arena: Arena, random: Random, rows: number): number {
  const at = arena.allocateZeroed(rows * 16 + 256)
  const heap = arena.allocateZeroed(rows * 32 + 256)
  for (let row = 0; row < rows; row++) {
    if (random.below(10) === 0) continue
    const bits = (wide(random) << 64n) + BigInt.asUintN(64, wide(random))
    const value = (bits >> BigInt(random.below(127))) % 10n ** 38n
    const bytes = heap + row * 32
    writeView(arena, at + row * 16, bytes, writeWide(value, arena.views.u8, bytes))
  }
  return at
}

function layOutViews(arena: Arena, random: Random, rows: number): number {
  const at = arena.allocateZeroed(rows * 16 + 64)
  const heap = arena.allocateZeroed(rows * 64 + 64)
  let used = 0
  for (let row = 0; row < rows; row++) {
    const bytes = encoder.encode(pick(random, texts))
    arena.views.u8.set(bytes, heap + used)
    writeView(arena, at + row * 16, heap + used, bytes.length)
    used += bytes.length
  }
  return at
}

function run(
  backend: 'wasm' | 'closure',
  name: string,
  operands: readonly Operand[],
  seed: number,
) {
  const arena = new Arena({ pagesMax: 1024 })
  const random = seededRandom(seed)
  const rows = pick(random, [0, 1, 7, 8, 9, 63, 64, 65, random.below(300), random.below(3000)])
  const inputs = { random, rows, count: random.below(rows + 1) }
  const laid = operands.map((operand) => layOut(arena, operand, inputs))
  const kernel = new Kernels(arena, backend).get(name)
  const result = kernel(...laid.map(({ argument }) => argument))
  const places = operands.includes('count') ? inputs.count : rows
  const outputs = laid.map(({ argument, output }, index) => {
    const operand = operands[index]!
    if (operand === 'to f64') {
      return Array.from(arena.views.f64.slice(argument >>> 3, (argument >>> 3) + places))
    }
    let bytes = output * places
    if (operand === 'to bits') bytes = ((places + 63) >>> 6) * 8
    if (operand === 'to selection') bytes = result * 4
    return Array.from(arena.views.u8.slice(argument, argument + bytes))
  })
  return { result, outputs }
}

/** Inputs and outputs of a kernel with a layout of its own. */
interface Laid {
  arguments: number[]
  /** Address and bytes; a number of bytes per unit of the result when negative. */
  outputs: [number, number][]
}

const own: Record<string, (arena: Arena, random: Random, rows: number) => Laid> = {
  in_i64: (arena, random, rows) => {
    const values = layOut(arena, 'i64', { random, rows, count: 0 }).argument
    const count = random.below(40)
    const list = arena.allocateZeroed(count * 8 + 8)
    for (let index = 0; index < count; index++) {
      const member = rows > 0 && random.below(2) === 0
      const value = member ? arena.views.i64[(values >>> 3) + random.below(rows)]! : wide(random)
      arena.views.i64[(list >>> 3) + index] = value
    }
    const out = arena.allocateZeroed(rows + 64)
    return {
      arguments: [values, list, count, out, rows],
      outputs: [[out, ((rows + 63) >>> 6) * 8]],
    }
  },
  iota_f64: (arena, random, rows) => {
    const start = arena.allocateZeroed(8)
    arena.views.f64[start >>> 3] = random.below(2 ** 32) * 2 ** 20
    const out = arena.allocateZeroed(rows * 8)
    return { arguments: [start, out, rows], outputs: [[out, rows * 8]] }
  },
  positions_f64: (arena, random, rows) => {
    const count = random.below(rows + 1)
    const start = arena.allocateZeroed(8)
    arena.views.f64[start >>> 3] = random.below(2 ** 32) * 2 ** 20
    const selection = layOut(arena, 'selection', { random, rows, count }).argument
    const out = arena.allocateZeroed(count * 8)
    return { arguments: [start, selection, out, count], outputs: [[out, count * 8]] }
  },
  append_bits: (arena, random, rows) => {
    const from = random.below(4) === 0 ? 0 : layOutBits(arena, random, rows)
    const at = pick(random, [0, 1, 63, 64, random.below(500)])
    const to = layOutBits(arena, random, at + rows + 128)
    return { arguments: [from, to, at, rows], outputs: [[to, (at + rows + 128) >>> 3]] }
  },
  order_ties: (arena, random, rows) => {
    const rises = pick(random, [0, 3])
    const [major, middle, minor] = [0, 1, 2].map((part) => {
      if (part > 0 && random.below(2) === 0) return 0
      const column = arena.allocateZeroed(rows * 8)
      let next = 0
      for (let row = 0; row < rows; row++) {
        next += random.below(2)
        if (rises === 0 && random.below(rows) === 0) next--
        arena.views.f64[(column >>> 3) + row] = next
      }
      return column
    }) as [number, number, number]
    const out = arena.allocateZeroed(rows * 4)
    return { arguments: [major, middle, minor, rows, out], outputs: [[out, -4]] }
  },
  views_from_offsets: (arena, random, rows) => {
    const offsets = arena.allocateZeroed((rows + 1) * 4)
    const bytes = arena.allocateZeroed(rows * 64 + 64)
    const validity = random.below(2) === 0 ? 0 : layOutBits(arena, random, rows)
    const base = random.below(1000)
    let used = 0
    for (let row = 0; row < rows; row++) {
      const text = encoder.encode(pick(random, texts))
      arena.views.u8.set(text, bytes + used)
      arena.views.i32[(offsets >>> 2) + row] = base + used
      used += text.length
    }
    arena.views.i32[(offsets >>> 2) + rows] = base + used
    const out = arena.allocateZeroed(rows * 16)
    return { arguments: [offsets, bytes - base, validity, out, rows], outputs: [[out, rows * 16]] }
  },
  gather_view: (arena, random, rows) => {
    const views = layOutViews(arena, random, rows)
    let bytes = 0
    for (let row = 0; row < rows; row++) bytes += arena.views.u32[(views >>> 2) + row * 4]!
    const out = arena.allocateZeroed(bytes + 64)
    return { arguments: [views, out, rows], outputs: [[out, bytes]] }
  },
  watermark_i64: (arena, random, rows) => {
    const times = layOut(arena, 'days', { random, rows, count: 0 }).argument
    const control = arena.allocateZeroed(16)
    arena.views.i64[control >>> 3] = pick(random, [-(2n ** 63n), 0n, 500n])
    arena.views.i64[(control >>> 3) + 1] = BigInt(random.below(100))
    const out = arena.allocateZeroed(rows * 8)
    return {
      arguments: [times, rows, out, control],
      outputs: [
        [out, rows * 8],
        [control, 16],
      ],
    }
  },
  window_i64: layOutWindow,
  range_i64: (arena, random, rows) => {
    const count = Math.max(1, rows)
    const values = arena.allocateZeroed(count * 8)
    for (let row = 0; row < count; row++) {
      const far = random.below(8) === 0 ? 2n ** 63n - 1n : BigInt(random.below(1000))
      arena.views.i64[(values >>> 3) + row] = random.below(2) === 0 ? far : -far - 1n
    }
    const output = arena.allocateZeroed(16)
    return { arguments: [values, count, output], outputs: [[output, 16]] }
  },
  same_i64: (arena, random, rows) => {
    const values = arena.allocateZeroed(rows * 8 + 8)
    const until = random.below(rows + 1)
    for (let row = until; row < rows; row++) arena.views.i64[(values >>> 3) + row] = 1n
    return { arguments: [values, rows], outputs: [] }
  },
  split_i64: (arena, random, rows) => {
    const count = random.below(rows) + 1
    const values = arena.allocateZeroed(rows * 8 + 8)
    for (let row = 0; row < rows; row++)
      arena.views.i64[(values >>> 3) + row] = BigInt(random.below(3))
    const indexes = layOut(arena, 'selection', { random, rows, count }).argument
    const [equal, rest] = [arena.allocateZeroed(rows * 4 + 8), arena.allocateZeroed(rows * 4 + 8)]
    return { arguments: [values, indexes, count, equal, rest], outputs: [[equal, -4]] }
  },
  scan_separated: (arena, random, rows) => {
    const pieces = [
      'a',
      'bc',
      '',
      '"q"',
      '"d""q"',
      '"x,\ny"',
      'é',
      'abcdefghijklmnopqrstuvwxyz'.repeat(4),
    ]
    const odd = ['x\r', '"', '"a"b', '""', ',', '#']
    const columns = 1 + random.below(4)
    const line = () =>
      Array.from({ length: columns }, () => pick(random, random.below(99) > 0 ? pieces : odd))
    const text = Array.from({ length: rows }, () => line().join(',') + pick(random, ['\n', '\r\n']))
    const quote = pick(random, [34, 34, -1])
    const comment = pick(random, [35, -1])
    return layOutScan(
      arena,
      random,
      { text: text.join(''), behind: 10, rows, columns },
      (extents) => {
        const { gap, rowStarts, rowEnds, targets } = extents
        return [gap, 44, quote, comment, columns, rowStarts, rowEnds, ...targets]
      },
    )
  },
  scan_template: (arena, random, rows) => {
    const values = [
      '1',
      '-2.5e+10',
      '"s"',
      '""',
      '"\\"\\u00e9"',
      '"é"',
      'null',
      'true',
      'false',
      '12345678901234567890',
    ]
    const odd = ['nul', '1e', '"\\', '"\n"', '+', '{}', '[1]', '1/2', '"a', 'x']
    const names = ['a', 'name of more than sixteen bytes', 'é'].slice(0, 1 + random.below(3))
    const value = () => pick(random, random.below(99) > 0 ? values : odd)
    const texts = [...names.map((name, at) => `${at === 0 ? '{' : ', '}"${name}": `), '}\n']
    const line = () => texts.map((text, at) => text + (at < names.length ? value() : '')).join('')
    const text = Array.from({ length: rows }, line).join('')
    const columns = names.length
    return layOutScan(arena, random, { text, behind: 0, rows, columns }, (extents) => {
      const { gap, rowStarts, rowEnds, targets } = extents
      const absent = targets.filter((target) => target === 0).length
      const head = [gap, rowStarts, rowEnds, absent, ...Array(absent).fill(extents.unused)]
      while (head.length % 4 !== 3) head.push(0)
      const steps = texts.flatMap((part, at) => {
        const bytes = encoder.encode(part)
        const list = new Uint8Array(32 * Math.ceil(bytes.length / 16))
        bytes.forEach((byte, index) => {
          list[32 * (index >> 4) + (index & 15)] = byte
          list[32 * (index >> 4) + (index & 15) + 16] = 255
        })
        const isLast = at === columns ? 1 : 0
        return [bytes.length, targets[at] ?? 0, isLast, list.length, ...new Int32Array(list.buffer)]
      })
      return [...head, ...steps]
    })
  },
  mark_rows: (arena, random, rows) => {
    const { activeMap, start } = arena
    const refs = arena.allocateZeroed(rows * 4)
    for (let row = 0; row < rows; row++) {
      arena.views.u32[(refs >>> 2) + row] = start + random.below(2 ** 16) * 8
    }
    const bytes = pick(random, [8, 56, 248, 256, 264, 1000])
    const map: [number, number] = [activeMap + (start >>> 8), 4096]
    return { arguments: [refs, rows, bytes], outputs: [map] }
  },
  mark_collect: (arena, random, rows) => {
    const { map, blocks } = layOutMap(arena, random, rows)
    const cursor = arena.allocateZeroed(4)
    arena.views.u32[cursor >>> 2] = random.below(blocks / 64) * 64
    const most = 64 + random.below(200)
    const out = arena.allocateZeroed(most * 4)
    return {
      arguments: [map, cursor, blocks, out, most],
      outputs: [
        [map, blocks],
        [cursor, 4],
        [out, -4],
      ],
    }
  },
  mark_count: (arena, random, rows) => {
    const { map, blocks } = layOutMap(arena, random, rows)
    return { arguments: [map, 0, blocks, pick(random, [64, 128, 512])], outputs: [] }
  },
  mark_gather: (arena, random, rowsWished) => {
    const rows = Math.min(rowsWished, 40)
    const list = arena.allocateZeroed(rows * 4)
    const from = arena.allocateZeroed(64 * 256)
    for (let at = 0; at < 64 * 256; at += 4) {
      arena.views.u32[(from + at) >>> 2] = random.below(2 ** 32)
    }
    for (let row = 0; row < rows; row++) {
      arena.views.u32[(list >>> 2) + row] = (from >>> 8) + random.below(64)
    }
    const to = arena.allocateZeroed(rows * 256)
    return { arguments: [list, rows, to], outputs: [[to, rows * 256]] }
  },
}

interface Extents {
  gap: number
  rowStarts: number
  rowEnds: number
  /** By column; some are 0, which nobody wants. */
  targets: number[]
  /** A column beside them. */
  unused: number
}

/** A text, room for the extents of its fields, and a control block of which `rest` says all but the first word. */
function layOutScan(
  arena: Arena,
  random: Random,
  { text, behind, rows, columns }: { text: string; behind: number; rows: number; columns: number },
  rest: (extents: Extents) => number[],
): Laid {
  const bytes = encoder.encode(text)
  const end = bytes.length - random.below(3)
  const at = arena.allocateZeroed(bytes.length + 256) + random.below(8)
  arena.views.u8.set(bytes.subarray(0, end), at)
  arena.views.u8.fill(behind, at + end, at + end + 64)
  const [slot, most] = [random.below(5), 1 + random.below(rows)]
  const room = 4 * (slot + rows)
  const gap = (columns + 1) * room
  const starts = arena.allocateZeroed(2 * gap)
  const wanted = Array.from({ length: columns }, () => random.below(4) > 0)
  const targets = wanted.map((isWanted, column) => (isWanted ? starts + column * room : 0))
  const [rowStarts, rowEnds] = [arena.allocateZeroed(room), arena.allocateZeroed(room)]
  const unused = starts + columns * room
  const words = [at - 1000, ...rest({ gap, rowStarts, rowEnds, targets, unused })]
  const control = arena.allocateZeroed(4 * words.length)
  arena.views.i32.set(words, control >>> 2)
  const written = targets.filter((target) => target > 0).flatMap((start) => [start, start + gap])
  return {
    arguments: [at, at + end, slot, most, control],
    outputs: [...written, rowStarts, rowEnds].map((address) => [address + 4 * slot, -4]),
  }
}

/** A map of blocks as the arena keeps two of. */
function layOutMap(arena: Arena, random: Random, rows: number) {
  const blocks = (rows + 63) & ~63
  const map = arena.allocateZeroed(blocks)
  const density = pick(random, [0, 0.01, 0.3, 1])
  for (let at = 0; at < blocks; at++) arena.views.u8[map + at] = random.next() < density ? 1 : 0
  return { map, blocks }
}

function layOutWindow(arena: Arena, random: Random, rows: number): Laid {
  const control = arena.allocateZeroed(windowControl.bytes)
  const address = (
    field: 'time' | 'validity' | 'watermarks' | 'starts' | 'ends' | 'times' | 'selection',
    at: number,
  ) => {
    arena.views.u32[(control + windowControl[field]) >>> 2] = at
    return at
  }
  const wideField = (field: 'slide' | 'size' | 'offset' | 'shift' | 'unit', value: number) => {
    arena.views.i64[(control + windowControl[field]) >>> 3] = BigInt(value)
  }
  const inputs = { random, rows, count: 0 }
  address('time', layOut(arena, 'days', inputs).argument)
  address('validity', layOut(arena, 'validity', inputs).argument)
  address('watermarks', random.below(2) === 0 ? 0 : layOut(arena, 'days', inputs).argument)
  const slide = random.below(500) + 1
  const turns = random.below(3)
  wideField('slide', slide)
  wideField('size', slide * (turns + 1))
  wideField('offset', random.below(slide))
  wideField('shift', slide * random.below(turns + 1))
  wideField('unit', pick(random, [1, 1000]))
  const outputs = (['starts', 'ends', 'times'] as const).map((field): [number, number] => [
    address(field, arena.allocateZeroed(rows * 8 + 8)),
    rows * 8,
  ])
  const selection = address('selection', arena.allocateZeroed(rows * 4 + 8))
  outputs.push([selection, -4], [control + windowControl.late, 8])
  return { arguments: [control, rows], outputs }
}

function runOwn(backend: 'wasm' | 'closure', name: string, seed: number) {
  const arena = new Arena({ pagesMax: 1024 })
  const random = seededRandom(seed)
  const rows = pick(random, [1, 7, 8, 9, 63, 64, 65, 1 + random.below(300), 1 + random.below(3000)])
  const laid = own[name]!(arena, random, rows)
  const result = new Kernels(arena, backend).get(name)(...laid.arguments)
  const outputs = laid.outputs.map(([at, bytes]) =>
    Array.from(arena.views.u8.slice(at, at + (bytes < 0 ? -bytes * Math.max(0, result) : bytes))),
  )
  return { result, outputs }
}

const covered = [...kernelDefinitions().values()].filter(({ wasm }) => wasm !== null)

test('every kernel with two bodies is compared here or, for cells and joins, in test/cuboid', () => {
  const left = covered.filter(({ name, operands }) => operands === undefined && !(name in own))
  expect(left.map(({ name }) => name).filter((name) => !/^(cell|join)_/.test(name))).toEqual([])
})

describe('differential: both bodies of', () => {
  for (const { name, operands } of covered) {
    if (operands === undefined && !(name in own)) continue
    test(name, () => {
      for (let seed = 1; seed <= 60; seed++) {
        const both = (['wasm', 'closure'] as const).map((backend) =>
          operands === undefined ? runOwn(backend, name, seed) : run(backend, name, operands, seed),
        )
        expect({ seed, ...both[0] }).toEqual({ seed, ...both[1] })
      }
    })
  }
})
