/**
 * Table: growth over all its sizes, and keys that share their hash.
 */
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/base/index.ts'
import { keyFields } from '../../src/cuboid/layout.ts'
import { Table } from '../../src/cuboid/table.ts'
import { keySeed } from '../../src/kernel/cell/blocks.ts'
import { hashWord } from '../../src/kernel/hash.ts'
import type { Backend, Kernels } from '../../src/kernel/index.ts'
import { sized } from '../size.ts'
import { collidingKey, makeKernels, vectorOf } from './vectors.ts'

const bigint = { kind: 'bigint' } as const
const backends: Backend[] = ['closure', 'wasm']

/** The key whose hash is 0, which the index cannot hold as it is. */
function zeroKey(): bigint {
  const low = -(Math.imul(keySeed, 5) + 0xe6546b64) >>> 0
  return BigInt(low)
}

function makeTable(kernels: Kernels): Table {
  const { fields, end } = keyFields(['i64'], 8)
  const template = kernels.arena.allocateZeroed(end + 8)
  const layout = { keys: fields, rowBytes: end + 8, template }
  return new Table(kernels, layout, { expected: 0, keepStrings: false })
}

/** Rows found for the keys, and whether each one has its key in it. */
function findAll(
  kernels: Kernels,
  table: Table,
  keys: readonly bigint[],
  known?: number[],
): number[] {
  const rows: number[] = known ?? []
  for (let from = 0; from < keys.length; from += 2048) {
    const mark = kernels.arena.markScratch()
    const part = keys.slice(from, from + 2048)
    const { refs } = table.find([vectorOf(kernels, bigint, part)], part.length)
    const { u32, i64 } = kernels.arena.views
    part.forEach((key, at) => {
      const row = u32[(refs >>> 2) + at]!
      if (i64[(row + 8) >>> 3] !== key) throw new Error(`row ${row} is not that of ${key}`)
      rows.push(row)
    })
    kernels.arena.releaseScratch(mark)
  }
  return rows
}

describe.each(backends)('%s', (backend) => {
  test('the test knows how keys collide', () => {
    const hashes = [1, 2, 77, -5].map((high) => {
      const key = collidingKey(high)
      return hashWord(
        Number(BigInt.asIntN(32, key)),
        Number(BigInt.asIntN(32, key >> 32n)),
        keySeed,
      )
    })
    expect(new Set(hashes).size).toBe(1)
    expect(hashWord(Number(BigInt.asIntN(32, zeroKey())), 0, keySeed)).toBe(0)
  })

  test('keys of one hash have rows of their own', () => {
    const kernels = makeKernels(backend)
    const table = makeTable(kernels)
    const random = seededRandom(1)
    const keys = [zeroKey()]
    for (let index = 0; index < 300; index++) {
      keys.push(collidingKey(index), BigInt(random.below(1e9)))
    }
    const rows = findAll(kernels, table, [...keys, ...keys])
    expect(rows.slice(keys.length)).toEqual(rows.slice(0, keys.length))
    expect(table.count).toBe(new Set(keys).size)
  })

  test('rows leave and come back among keys of one hash', () => {
    const kernels = makeKernels(backend)
    const table = makeTable(kernels)
    const random = seededRandom(2)
    const live = new Map<bigint, number>()
    const all = Array.from({ length: 120 }, (_, index) =>
      index % 3 === 0 ? BigInt(index * 7919) : collidingKey(index),
    ).concat(zeroKey())
    for (let step = 0; step < 200; step++) {
      const keys = all.filter(() => random.below(4) === 0)
      findAll(kernels, table, keys).forEach((row, at) => {
        const known = live.get(keys[at]!)
        if (known !== undefined && known !== row) throw new Error('a row moved')
        live.set(keys[at]!, row)
      })
      const gone = [...live.keys()].filter(() => random.below(3) === 0)
      table.remove(gone.map((key) => live.get(key)!))
      for (const key of gone) live.delete(key)
      if (table.count !== live.size) throw new Error('a row was lost')
    }
    expect(new Set(live.values()).size).toBe(live.size)
  })

  test('growth keeps every row, through the split into parts and beyond', () => {
    const kernels = makeKernels(backend)
    const before = kernels.arena.liveBytes
    const table = makeTable(kernels)
    const count = backend === 'wasm' ? sized(100_000, 300_000) : 60_000
    const keys = Array.from({ length: count }, (_, index) => BigInt(index) * 1_000_003n)
    const rows = findAll(kernels, table, keys)
    expect(table.count).toBe(count)
    expect(new Set(rows).size).toBe(count)
    const again = findAll(kernels, table, keys)
    expect(again.every((row, at) => row === rows[at])).toBe(true)
    table.remove(rows.filter((_, at) => at % 2 === 0))
    expect(table.count).toBe(count / 2)
    const third = findAll(kernels, table, keys)
    expect(third.every((row, at) => at % 2 === 0 || row === rows[at])).toBe(true)
    expect(table.count).toBe(count)
    table.drop()
    // What is left is scratch memory and the template.
    expect(kernels.arena.liveBytes - before).toBeLessThan(1_000_000)
  })

  test('a table that was told what to expect does not grow', () => {
    const kernels = makeKernels(backend)
    const { fields, end } = keyFields(['i64'], 8)
    const template = kernels.arena.allocateZeroed(end)
    for (const expected of [100, 5000, 90_000]) {
      const layout = { keys: fields, rowBytes: end, template }
      const table = new Table(kernels, layout, { expected, keepStrings: false })
      const index = table.indexBytes
      findAll(
        kernels,
        table,
        Array.from({ length: expected }, (_, at) => BigInt(at) * 37n),
      )
      expect(table.indexBytes).toBe(index)
      table.drop()
    }
  })
})
