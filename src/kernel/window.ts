/**
 * Window kernels: the running watermark of a source, and the assignment of rows to windows with exact lateness.
 *
 * How      `watermark_i64` writes W(r), the running maximum of the earlier rows less the delay, for every row.
 *          `window_i64` writes start, end and time of the window that lies `shift` before the newest one of each
 *          row and the selection of rows that belong to it and are not late for it: late means W(r) ≥ end − unit.
 * Format   watermark control block: i64 maximum (in and out), i64 delay.
 *          window control block: i64 slide, size, offset, shift, unit, late rows (out); then u32 addresses of
 *          time, validity, watermarks, starts, ends, times, selection.
 * Contract 1 (checked by twins) i64 minimum stands for "no watermark yet"; times and windows do not wrap for years
 *            1–9999.
 * Cost     about 1 ns per row each.
 */
import type { Arena } from './arena.ts'
import { assemble, i32, i64, type V128 } from './assembler.ts'
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
  wasm: () =>
    assemble(4, (a, time, rows, output, control) => {
      const maximum = a.let(control.i64())
      const delay = a.let(control.i64(8))
      const at = a.i64()
      const end = a.let(time.add(rows.shl(3)))
      a.while(time.below(end), () => {
        a.store(output, maximum.when(maximum.eq(noWatermark), maximum.sub(delay)))
        a.set(at, time.i64())
        a.set(maximum, at.when(at.gt(maximum), maximum))
        a.set(time, time.add(8))
        a.set(output, output.add(8))
      })
      a.store(control, maximum)
      return i32(0)
    }),
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
  wasm: () =>
    assemble(2, (a, control, rows) => {
      const field = (name: keyof typeof windowControl) => a.let(control.i32(windowControl[name]))
      const wide = (name: keyof typeof windowControl) => a.let(control.i64(windowControl[name]))
      const [slide, size, offset, shift, unit] = [
        wide('slide'),
        wide('size'),
        wide('offset'),
        wide('shift'),
        wide('unit'),
      ]
      const [time, validity, watermarks] = [field('time'), field('validity'), field('watermarks')]
      const [starts, ends, times] = [field('starts'), field('ends'), field('times')]
      const selection = field('selection')
      const row = a.i32()
      const place = a.i32()
      const selected = a.i32()
      const late = a.i64()
      const at = a.i64()
      const end = a.i64()
      // The newest window of the last row, [low, high): most rows lie in it too, and a division is dear.
      const low = a.let(i64(0n))
      const high = a.let(i64(0n))
      a.loop(row, rows, () => {
        a.set(place, row.shl(3))
        a.set(at, time.add(place).i64())
        a.if(at.lt(low).or(at.ge(high)), () => {
          a.set(low, at.sub(offset).remS(slide))
          a.set(low, low.add(slide).when(low.lt(0n), low))
          a.set(low, at.sub(low))
          a.set(high, low.add(slide))
        })
        a.set(end, low.sub(shift).add(size))
        a.store(starts.add(place), low.sub(shift))
        a.store(ends.add(place), end)
        a.store(times.add(place), end.sub(1000n))
        a.block((next) => {
          a.if(validity, () => {
            const bit = validity.add(row.shr(3)).u8().shr(row.and(7)).and(1)
            next(bit.isZero())
          })
          next(end.le(at))
          a.if(watermarks, () => {
            a.if(watermarks.add(place).i64().ge(end.sub(unit)), () => {
              a.set(late, late.add(1n))
              next()
            })
          })
          a.store(selection.add(selected.shl(2)), row)
          a.set(selected, selected.add(1))
        })
      })
      a.store(control, late, windowControl.late)
      return selected
    }),
})

interface Chain {
  least: V128
  greatest: V128
}

/** Least and greatest value, into two i64 at `output`; at least one row. */
defineKernel({
  name: 'range_i64',
  parameters: 3,
  closure: (arena: Arena) => (values, rows, output) => {
    const { i64 } = arena.views
    const from = values! >>> 3
    let least = i64[from]!
    let greatest = least
    for (let row = 1; row < rows!; row++) {
      const value = i64[from + row]!
      if (value < least) least = value
      if (value > greatest) greatest = value
    }
    i64[output! >>> 3] = least
    i64[(output! >>> 3) + 1] = greatest
    return 0
  },
  wasm: () =>
    assemble(3, (a, values, rows, output) => {
      const first = values.i64().splat()
      // Four chains: one would wait for each comparison before the next.
      const chains = [0, 1, 2, 3].map(() => ({ least: a.let(first), greatest: a.let(first) }))
      const [{ least, greatest }, ...others] = chains as [Chain, ...Chain[]]
      const pair = a.v128()
      const end = a.let(values.add(rows.and(-2).shl(3)))
      const groupsEnd = a.let(values.add(rows.and(-8).shl(3)))
      const last = a.let(values.add(rows.sub(1).shl(3)).i64())
      const widen = (chain: Chain, by: { least: V128; greatest: V128 }) => {
        const { least: low, greatest: high } = chain
        a.set(low, by.least.blend(low, by.least.op('i64x2.lt_s', low)))
        a.set(high, by.greatest.blend(high, by.greatest.op('i64x2.gt_s', high)))
      }
      const take = (chain: Chain, offset: number) => {
        a.set(pair, values.v128(offset))
        widen(chain, { least: pair, greatest: pair })
      }
      a.while(values.below(groupsEnd), () => {
        chains.forEach((chain, at) => {
          take(chain, at * 16)
        })
        a.set(values, values.add(64))
      })
      a.while(values.below(end), () => {
        take(chains[0]!, 0)
        a.set(values, values.add(16))
      })
      for (const chain of others) widen(chains[0]!, chain)
      const low = a.let(last)
      const high = a.let(last)
      for (const lane of [0, 1]) {
        const one = a.let(least.laneI64(lane))
        a.set(low, one.when(one.lt(low), low))
        const other = a.let(greatest.laneI64(lane))
        a.set(high, other.when(other.gt(high), high))
      }
      a.store(output, low)
      a.store(output, high, 8)
      return i32(0)
    }),
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
  wasm: () =>
    assemble(2, (a, values, rows) => {
      const first = a.let(values.i64())
      const row = a.let(i32(1))
      a.loop(row, rows, (leave) => {
        leave(values.add(row.shl(3)).i64().ne(first))
      })
      return row
    }),
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
  wasm: () =>
    assemble(5, (a, values, indexes, count, equal, rest) => {
      const at = (row: typeof values) => values.add(row.shl(3)).i64()
      const pivot = a.let(at(indexes.i32()))
      const place = a.i32()
      const row = a.i32()
      const same = a.i32()
      const equals = a.i32()
      a.loop(place, count, () => {
        a.set(row, indexes.add(place.shl(2)).i32())
        a.set(same, at(row).eq(pivot))
        // Both are written and one is kept: no branch to predict.
        a.store(equal.add(equals.shl(2)), row)
        a.store(rest.add(place.sub(equals).shl(2)), row)
        a.set(equals, equals.add(same))
      })
      return equals
    }),
})
