/** Ferry: bytes of host arrays that arrive in an arena, by way of staging memory and straight. */
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/index.ts'
import { Arena, type Backend, Kernels } from '../../src/kernel/index.ts'

const backends: Backend[] = ['wasm', 'closure']
const lengths = [0, 1, 7, 127, 128, 129, 1023, 8191, 8192, 8193, 20_000]

test.each(backends)('differential: any part of any array arrives as it is, %s', (backend) => {
  const random = seededRandom(5)
  const { arena, ferry } = new Kernels(new Arena(), backend)
  const bytes = Uint8Array.from({ length: 24_000 * 8 }, () => random.below(256))
  const sources = [
    bytes,
    new Int32Array(bytes.buffer),
    new BigInt64Array(bytes.buffer),
    // Bits of NaNs are kept.
    new Float64Array(bytes.buffer),
    new Float64Array(bytes.buffer, 64, 23_000),
  ]
  for (const values of sources) {
    for (const count of lengths) {
      const from = random.below(2000)
      const size = values.BYTES_PER_ELEMENT
      const to = arena.scratch(count * size + 128) + 8 * random.below(8)
      const before = arena.views.u8.slice(to - 8, to)
      const end = to + count * size
      arena.views.u8.fill(7, end, end + 8)
      ferry.load(to, values, from, count)
      const start = values.byteOffset + from * size
      const { u8 } = arena.views
      expect(u8.slice(to, end)).toEqual(bytes.slice(start, start + count * size))
      expect(u8.slice(to - 8, to)).toEqual(before)
      expect(u8.slice(end, end + 8)).toEqual(new Uint8Array(8).fill(7))
      arena.resetScratch()
    }
  }
})
