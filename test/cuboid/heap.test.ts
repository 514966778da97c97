/**
 * Heap: strings of all sizes are kept and freed at random; those that are kept stay what they were, and both back ends
 * write the same bytes.
 */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import { Heap } from '../../src/cuboid/heap.ts'
import { type Arena, type Backend, type Kernels, MarkCheck } from '../../src/kernel/index.ts'
import { makeKernels, valuesOf, vectorOf } from './vectors.ts'

const varchar = { kind: 'varchar' } as const
const rowBytes = 24
const viewAt = 8

function textFor(random: Random): string {
  const most = [12, 30, 256, 700, 4096, 9000][random.below(6)]!
  const length = random.below(most + 1)
  return String.fromCharCode(97 + random.below(26)).repeat(length)
}

/** Rows of one view each, some of them in use. */
class Rows {
  readonly kernels: Kernels
  heap: Heap
  readonly #rows: number
  readonly texts = new Map<number, string>()

  constructor(backend: Backend, count: number) {
    this.kernels = makeKernels(backend)
    this.#rows = this.kernels.arena.allocateZeroed(count * rowBytes)
    this.heap = new Heap(this.kernels, false)
  }

  put(numbers: readonly number[], texts: readonly string[]): void {
    const { arena } = this.kernels
    const mark = arena.markScratch()
    const vector = vectorOf(this.kernels, varchar, texts)
    const [refs, list] = [arena.scratch(numbers.length * 4), arena.scratch(numbers.length * 4)]
    const { u8, u32 } = arena.views
    numbers.forEach((number, at) => {
      const row = this.#row(number)
      u32[(refs >>> 2) + at] = row
      u32[(list >>> 2) + at] = at
      u8.copyWithin(row + viewAt, vector.data + at * 16, vector.data + at * 16 + 16)
      arena.markDirty(row, rowBytes)
      this.texts.set(number, texts[at]!)
    })
    this.heap.ownListed({ refs, list, count: numbers.length }, viewAt)
    arena.releaseScratch(mark)
  }

  remove(number: number): void {
    this.heap.disown(this.#row(number) + viewAt)
    this.texts.delete(number)
  }

  read(number: number): string {
    const data = this.#row(number) + viewAt
    const vector = { physical: 'view', data, validity: 0, errors: null } as const
    return valuesOf(this.kernels, vector, varchar, 1)[0] as string
  }

  #row(number: number): number {
    return this.#rows + number * rowBytes
  }
}

describe('property: what is kept stays, whatever is freed meanwhile', () => {
  for (let seed = 1; seed <= 6; seed++) {
    test(`seed ${seed}`, () => {
      const count = 300
      const both = (['closure', 'wasm'] as const).map((backend) => {
        const random = seededRandom(seed)
        const rows = new Rows(backend, count)
        const marks = new MarkCheck(rows.kernels.arena)
        for (let step = 0; step < 30; step++) {
          const free = Array.from({ length: count }, (_, number) => number).filter(
            (number) => !rows.texts.has(number),
          )
          const numbers = free.filter(() => random.below(3) === 0)
          rows.put(
            numbers,
            numbers.map(() => textFor(random)),
          )
          for (const number of [...rows.texts.keys()]) {
            if (random.below(seed % 3 === 0 ? 20 : 2) === 0) rows.remove(number)
          }
          if (step === 15) rows.heap = new Heap(rows.kernels, false, rows.heap.state())
          for (const [number, text] of rows.texts) expect(rows.read(number)).toBe(text)
          marks.check()
        }
        return rows
      })
      const [closure, wasm] = both.map(({ kernels }) => kernels.arena)
      expect(wasm!.end).toBe(closure!.end)
      const bytes = ({ views, start, end }: Arena) => Buffer.from(views.u8.slice(start, end))
      expect(bytes(wasm!).equals(bytes(closure!))).toBe(true)
      const used = both[0]!.kernels.arena.liveBytes
      both[0]!.heap.drop()
      expect(both[0]!.kernels.arena.liveBytes).toBeLessThan(used)
    })
  }
})

test('a freed string is taken again by the next one of its size', () => {
  const rows = new Rows('wasm', 1000)
  const texts = Array.from({ length: 1000 }, (_, at) => 'x'.repeat(20 + (at % 300)))
  rows.put([...texts.keys()], texts)
  const { bytes } = rows.heap
  for (let round = 0; round < 10; round++) {
    for (const number of texts.keys()) rows.remove(number)
    rows.put([...texts.keys()], texts)
  }
  expect(rows.heap.bytes).toBeLessThan(bytes + 1024)
})
