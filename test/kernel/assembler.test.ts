/** Assembler: constants, control flow, memory and lanes against plain TypeScript; the hash against its closure. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/base/index.ts'
import { assemble, f64, i32, i64, i64x2 } from '../../src/kernel/assembler.ts'
import { hashBytes, hashBytesCode, hashCode, hashWord } from '../../src/kernel/hash.ts'
import { Arena } from '../../src/kernel/index.ts'

const arena = new Arena({ pagesMax: 256 })
const block = arena.allocate(4096)

function bind(bytes: Uint8Array<ArrayBuffer>): (...args: number[]) => number {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    e: { m: arena.memory },
  })
  return instance.exports['f'] as (...args: number[]) => number
}

test('property: constants of every size read back', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.double(),
      (a, b, c) => {
        const store = bind(
          assemble(1, (code, at) => {
            code.store(at, i32(a))
            code.store(at, i64(b), 8)
            code.store(at, f64(c), 16)
            code.store(at, i64x2(b, ~b), 32)
            return i32(a)
          }),
        )
        expect(store(block)).toBe(a)
        const { i32: words, i64: wide, f64: doubles } = arena.views
        expect(words[block >>> 2]).toBe(a)
        expect(wide[(block >>> 3) + 1]).toBe(b)
        expect(doubles[(block >>> 3) + 2]).toEqual(c)
        expect([wide[(block >>> 3) + 4], wide[(block >>> 3) + 5]]).toEqual([b, ~b])
      },
    ),
    { numRuns: 100 },
  )
})

describe('control flow', () => {
  test('loops go from where the counter stands, and not at all at the end', () => {
    const sum = bind(
      assemble(2, (a, from, to) => {
        const total = a.i32()
        a.loop(from, to, () => a.set(total, total.add(from)))
        return total
      }),
    )
    expect([sum(3, 6), sum(0, 0), sum(5, 2), sum(-2, 2)]).toEqual([12, 0, 0, -2])
  })

  test('leaving and going on reach the right block from within others', () => {
    // The least divisor of n that is greater than 1.
    const divisor = bind(
      assemble(1, (a, n) => {
        const at = a.let(i32(2))
        const found = a.i32()
        a.while(at.le(n), (leave) => {
          a.if(n.sub(n.divS(at).mul(at)).isZero(), () => {
            a.block((skip) => {
              a.set(found, at)
              skip()
              a.set(found, i32(-1))
            })
            leave()
          })
          a.set(at, at.add(1))
        })
        return found
      }),
    )
    expect([2, 15, 49, 97].map((n) => divisor(n))).toEqual([2, 3, 7, 97])
  })

  test('a value is evaluated at each use, unless it is kept', () => {
    const twice = bind(
      assemble(1, (a, at) => {
        const live = at.i32()
        const kept = a.let(at.i32())
        a.store(at, live.add(1))
        return live.mul(100).add(kept)
      }),
    )
    arena.views.i32[block >>> 2] = 7
    expect(twice(block)).toBe(807)
  })

  test('a function may return early, and choose without a branch', () => {
    const sign = bind(
      assemble(1, (a, n) => {
        a.if(n.isZero(), () => a.return(i32(0)))
        return i32(1).when(n.gt(0), -1)
      }),
    )
    expect([-5, 0, 9].map((n) => sign(n))).toEqual([-1, 0, 1])
  })
})

const encoder = new TextEncoder()

test('bytes are copied and filled', () => {
  const move = bind(
    assemble(3, (a, from, to, bytes) => {
      a.fill(to, 7, bytes.add(1))
      a.copy(to, from, bytes)
      return i32(0)
    }),
  )
  arena.views.u8.set([1, 2, 3, 4, 5], block)
  move(block, block + 100, 5)
  expect(Array.from(arena.views.u8.slice(block + 100, block + 106))).toEqual([1, 2, 3, 4, 5, 7])
})

test('more than 127 locals and more than 64 KB of code are encoded', () => {
  const long = bind(
    assemble(1, (a, n) => {
      let last = n
      for (let index = 0; index < 6000; index++) last = a.let(last.add(1))
      return last
    }),
  )
  expect(long(5)).toBe(6005)
})

test('differential: the hash of words and of bytes is the same in code and closure', () => {
  const word = bind(assemble(2, (a, at, seed) => hashCode(a, at.i64(), seed)))
  const bytes = bind(assemble(2, (a, at, length) => hashBytesCode(a, at, length)))
  const random = seededRandom(5)
  for (let turn = 0; turn < 2000; turn++) {
    const { u8, u32 } = arena.views
    for (let index = 0; index < 80; index++) u8[block + index] = random.below(256)
    const seed = random.below(2 ** 32)
    expect(word(block, seed)).toBe(hashWord(u32[block >>> 2]!, u32[(block >>> 2) + 1]!, seed))
    const [from, length] = [block + random.below(16), 8 + random.below(56)]
    expect(bytes(from, length)).toBe(hashBytes(u8, from, length))
  }
})

test('the hash spreads numbers in a row, doubles, and keys of two columns', () => {
  const double = Float64Array.of(0)
  const halves = new Uint32Array(double.buffer)
  const series: Record<string, (index: number) => number> = {
    integers: (index) => hashWord(index, 0, 0),
    doubles: (index) => {
      double[0] = index
      return hashWord(halves[0]!, halves[1]!, 0)
    },
    pairs: (index) => hashWord(index % 100, 0, hashWord(Math.floor(index / 100), 0, 0)),
  }
  for (const hash of Object.values(series)) {
    const buckets = new Uint32Array(4096)
    for (let index = 0; index < 40_960; index++) buckets[hash(index) & 4095]!++
    // Ten per bucket on average; a Poisson tail beyond 40 would be a miracle.
    expect(Math.max(...buckets)).toBeLessThan(40)
    const top = new Uint32Array(4096)
    for (let index = 0; index < 40_960; index++) top[hash(index) >>> 20]!++
    expect(Math.max(...top)).toBeLessThan(40)
  }
})

test('the hash tells strings apart that differ in a few digits', () => {
  const u8 = new Uint8Array(64)
  const series: Record<string, (index: number) => string> = {
    padded: (index) => `customer-number-${String(index).padStart(9, '0')}`,
    short: (index) => `k${String(index).padStart(12, '0')}`,
    'two numbers': (index) => `k-${index % 100}-some-words-${Math.floor(index / 100)}`,
    'one digit in each word': (index) => {
      const digits = String(index).padStart(5, '0')
      return [...digits].map((digit) => `abc${digit}`).join('')
    },
    'one word four times': (index) => String(index).padStart(8, '0').repeat(4),
  }
  for (const [name, text] of Object.entries(series)) {
    const hashes = new Set<number>()
    for (let index = 0; index < 100_000; index++) {
      const { written } = encoder.encodeInto(text(index), u8)
      hashes.add(hashBytes(u8, 0, written))
    }
    // One pair in all is to be expected; more than twelve would be a miracle.
    expect({ name, few: 100_000 - hashes.size <= 12 }).toEqual({ name, few: true })
  }
})
