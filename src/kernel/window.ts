/**
 * Window kernels: the running watermark of a source, and the assignment of rows to windows with exact lateness.
 *
 * How      `watermark_i64` writes W(r), the running maximum of the earlier rows less the delay, for every row.
 *          `window_i64` writes start, end and time of the window that lies `shift` before the newest one of each row and the
 *          selection of rows that belong to it and are not late for it: late means W(r) ≥ end − unit.
 * Format   watermark control block: i64 maximum (in and out), i64 delay.
 *          window control block: i64 slide, size, offset, shift, unit, late rows (out); then u32 addresses of
 *          time, validity, watermarks, starts, ends, times, selection.
 * Contract 1 (checked by twins) i64 minimum stands for "no watermark yet"; times and windows do not wrap for years 1–9999.
 * Cost     about 1 ns per row each.
 */
import type { Arena } from './arena.ts'
import { defineKernel } from './kernels.ts'

/** No row was seen yet. */
export const noWatermark = -(2n ** 63n)

export const windowControl = {
  slide: 0,
  size: 8,
  offset: 16,
  shift: 24,
  unit: 32,
  late: 40,
  time: 48,
  validity: 52,
  watermarks: 56,
  starts: 60,
  ends: 64,
  times: 68,
  selection: 72,
  bytes: 80,
} as const

defineKernel({
  name: 'watermark_i64',
  parameters: 4,
  closure: (arena: Arena) => (time, rows, output, control) => {
    const { i64 } = arena.views
    let maximum = i64[control! >>> 3]!
    const delay = i64[(control! >>> 3) + 1]!
    for (let row = 0; row < rows!; row++) {
      i64[(output! >>> 3) + row] = maximum === noWatermark ? noWatermark : maximum - delay
      const at = i64[(time! >>> 3) + row]!
      if (at > maximum) maximum = at
    }
    i64[control! >>> 3] = maximum
    return 0
  },
  wasm: null,
})

defineKernel({
  name: 'window_i64',
  parameters: 2,
  closure: (arena: Arena) => (control, rows) => {
    const { i64, u32, u8 } = arena.views
    const wide = (field: number) => i64[(control! + field) >>> 3]!
    const address = (field: number) => u32[(control! + field) >>> 2]!
    const slide = wide(windowControl.slide)
    const size = wide(windowControl.size)
    const offset = wide(windowControl.offset)
    const shift = wide(windowControl.shift)
    const unit = wide(windowControl.unit)
    const time = address(windowControl.time) >>> 3
    const validity = address(windowControl.validity)
    const watermarks = address(windowControl.watermarks) >>> 3
    const starts = address(windowControl.starts) >>> 3
    const ends = address(windowControl.ends) >>> 3
    const times = address(windowControl.times) >>> 3
    const selection = address(windowControl.selection) >>> 2
    let selected = 0
    let late = 0n
    for (let row = 0; row < rows!; row++) {
      const at = i64[time + row]!
      let rest = (at - offset) % slide
      if (rest < 0n) rest += slide
      const start = at - rest - shift
      const end = start + size
      i64[starts + row] = start
      i64[ends + row] = end
      i64[times + row] = end - 1000n
      if (validity !== 0 && ((u8[validity + (row >> 3)]! >> (row & 7)) & 1) === 0) continue
      if (end <= at) continue
      if (watermarks !== 0 && i64[watermarks + row]! >= end - unit) late++
      else u32[selection + selected++] = row
    }
    i64[(control! + windowControl.late) >>> 3] = late
    return selected
  },
  wasm: null,
})

/** Number of leading rows that equal the first one. */
defineKernel({
  name: 'same_i64',
  parameters: 2,
  closure: (arena: Arena) => (values, rows) => {
    const { i64 } = arena.views
    const first = i64[values! >>> 3]
    let row = 1
    while (row < rows! && i64[(values! >>> 3) + row] === first) row++
    return row
  },
  wasm: null,
})

/** Splits row numbers by whether their value equals that of the first; returns how many do. */
defineKernel({
  name: 'split_i64',
  parameters: 5,
  closure: (arena: Arena) => (values, indexes, count, equal, rest) => {
    const { i64, u32 } = arena.views
    const pivot = i64[(values! >>> 3) + u32[indexes! >>> 2]!]
    let equals = 0
    let others = 0
    for (let place = 0; place < count!; place++) {
      const row = u32[(indexes! >>> 2) + place]!
      if (i64[(values! >>> 3) + row] === pivot) u32[(equal! >>> 2) + equals++] = row
      else u32[(rest! >>> 2) + others++] = row
    }
    return equals
  },
  wasm: null,
})
