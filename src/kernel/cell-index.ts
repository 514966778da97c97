/**
 * Cell index kernels: hashes of key columns, look-up and insertion by hash, and rehashing.
 *
 * How      1. `cell_hash_*` chain the hashes of the key columns into one u32 per row.
 *          2. `cell_probe` finds the first slot of each row's hash or takes a new row where there is none; it returns the row at
 *             which it needs room, with the reason. `cell_lookup` only finds.
 *          3. Keys are compared afterwards, column by column: src/kernel/cell-key.ts.
 * Contract 1 (trusted) the hash at the end of a long string's view is that of its bytes.
 *          2 (trusted) a table is never full: limits are below the number of slots.
 * Cost     one cache miss per row in a large table.
 */
import type { Arena } from './arena.ts'
import { cellBlocks, keySeed, nullWord } from './cell-blocks.ts'
import { hashWord } from './hash.ts'
import { defineKernel } from './kernels.ts'

const { probe, stop } = cellBlocks

/** hashes[row] = hash of values[row], seeded by hashes[row] unless `fresh`. */
defineKernel({
  name: 'cell_hash_i64',
  parameters: 5,
  closure: (arena: Arena) => (values, validity, rows, hashes, fresh) => {
    const { u32, i32, u8 } = arena.views
    const from = values! >>> 2
    const to = hashes! >>> 2
    for (let row = 0; row < rows!; row++) {
      const seed = fresh! === 0 ? i32[to + row]! : keySeed
      const there = validity === 0 || ((u8[validity! + (row >> 3)]! >> (row & 7)) & 1) === 1
      const low = there ? i32[from + row * 2]! : nullWord.low
      const high = there ? i32[from + row * 2 + 1]! : nullWord.high
      u32[to + row] = hashWord(low, high, seed)
    }
    return 0
  },
  wasm: null,
})

defineKernel({
  name: 'cell_hash_view',
  parameters: 5,
  closure: (arena: Arena) => (values, validity, rows, hashes, fresh) => {
    const { u32, i32, u8 } = arena.views
    const to = hashes! >>> 2
    for (let row = 0; row < rows!; row++) {
      const seed = fresh! === 0 ? i32[to + row]! : keySeed
      const at = (values! >>> 2) + row * 4
      const there = validity === 0 || ((u8[validity! + (row >> 3)]! >> (row & 7)) & 1) === 1
      const head = there
        ? hashWord(i32[at]!, i32[at + 1]!, seed)
        : hashWord(nullWord.low, nullWord.high, seed)
      // The last word of a long string is its address, which says nothing about it.
      u32[to + row] = hashWord(i32[at + 2]!, u32[at]! > 12 ? 0 : i32[at + 3]!, head)
    }
    return 0
  },
  wasm: null,
})

defineKernel({
  name: 'cell_probe',
  parameters: 3,
  closure: (arena: Arena) => (control, from, rows) => {
    const { u32 } = arena.views
    const block = control! >>> 2
    const field = (offset: number) => u32[block + (offset >>> 2)]!
    const directory = field(probe.directory) >>> 2
    const directoryMask = field(probe.directoryMask)
    const end = field(probe.end)
    const rowBytes = field(probe.rowBytes)
    const newRows = field(probe.newRows) >>> 2
    const refs = field(probe.refs) >>> 2
    const hashes = field(probe.hashes) >>> 2
    let next = field(probe.next)
    let free = field(probe.free)
    let newCount = field(probe.newCount)
    let reason: number = stop.done
    let row = from!
    search: for (; row < rows!; row++) {
      const hash = u32[hashes + row]!
      const number = (hash >>> 26) & directoryMask
      const part = directory + number * 4
      const slots = u32[part]! >>> 2
      const mask = u32[part + 1]!
      for (let at = hash & mask; ; at = (at + 1) & mask) {
        const slot = slots + at * 2
        const found = u32[slot + 1]!
        if (found !== 0) {
          if (u32[slot] !== hash) continue
          u32[refs + row] = found
          break
        }
        let address = free
        if (u32[part + 2]! >= u32[part + 3]!) reason = stop.part
        else if (free !== 0) free = u32[free >>> 2]!
        else if (end - next < rowBytes) reason = stop.rows
        else {
          address = next
          next += rowBytes
        }
        if (reason !== stop.done) {
          u32[block + (probe.part >>> 2)] = number
          break search
        }
        u32[slot] = hash
        u32[slot + 1] = address
        u32[part + 2]!++
        u32[refs + row] = address
        u32[newRows + newCount++] = row
        break
      }
    }
    u32[block + (probe.next >>> 2)] = next
    u32[block + (probe.free >>> 2)] = free
    u32[block + (probe.newCount >>> 2)] = newCount
    u32[block + (probe.reason >>> 2)] = reason
    return row
  },
  wasm: null,
})

/** refs[row] = row of the first slot with the hash, 0 where there is none. */
defineKernel({
  name: 'cell_lookup',
  parameters: 2,
  closure: (arena: Arena) => (control, rows) => {
    const { u32 } = arena.views
    const block = control! >>> 2
    const directory = u32[block + (probe.directory >>> 2)]! >>> 2
    const directoryMask = u32[block + (probe.directoryMask >>> 2)]!
    const refs = u32[block + (probe.refs >>> 2)]! >>> 2
    const hashes = u32[block + (probe.hashes >>> 2)]! >>> 2
    for (let row = 0; row < rows!; row++) {
      const hash = u32[hashes + row]!
      const part = directory + ((hash >>> 26) & directoryMask) * 4
      const slots = u32[part]! >>> 2
      const mask = u32[part + 1]!
      for (let at = hash & mask; ; at = (at + 1) & mask) {
        const found = u32[slots + at * 2 + 1]!
        if (found !== 0 && u32[slots + at * 2] !== hash) continue
        u32[refs + row] = found
        break
      }
    }
    return 0
  },
  wasm: null,
})

/** Enters the used ones of `count` old slots into a directory; counts them in. */
defineKernel({
  name: 'cell_rehash',
  parameters: 4,
  closure: (arena: Arena) => (old, count, directory, directoryMask) => {
    const { u32 } = arena.views
    for (let index = 0; index < count!; index++) {
      const from = (old! >>> 2) + index * 2
      const address = u32[from + 1]!
      if (address === 0) continue
      const hash = u32[from]!
      const part = (directory! >>> 2) + ((hash >>> 26) & directoryMask!) * 4
      const slots = u32[part]! >>> 2
      const mask = u32[part + 1]!
      let at = hash & mask
      while (u32[slots + at * 2 + 1] !== 0) at = (at + 1) & mask
      u32[slots + at * 2] = hash
      u32[slots + at * 2 + 1] = address
      u32[part + 2]!++
    }
    return 0
  },
  wasm: null,
})
