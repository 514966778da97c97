/**
 * Ferry: bytes from the host into an arena, at the speed at which memory is copied.
 *
 * How      Typed arrays copy into shared memory word by word, as the memory model asks. So the bytes go by way of a
 *          small memory that is not shared and stays in the cache: the host copies its arrays there, and WebAssembly
 *          from there into the arena.
 * Contract 1 (checked by test/kernel/ferry.test.ts) the bytes that arrive are those that left.
 * Cost     some 0.2 ns per 8 bytes beside what reading the memory costs.
 * See      docs/decisions/0008-columns-are-copied-by-way-of-staging.md
 */
import type { Arena } from './arena.ts'
import { assembleCopy } from './assembler.ts'
import type { Backend } from './vector.ts'

type HostArray = Uint8Array | Int32Array | BigInt64Array | Float64Array

export interface Ferry {
  /** Elements `from … from + count` of a host array to an address. */
  load(to: number, values: HostArray, from: number, count: number): void
}

type Copy = (to: number, from: number, bytes: number) => number

/** Bytes under way at once; with what is read they should stay in the cache of a core. */
const stagedBytes = 65_536
/** Fewer bytes go straight. */
const leastBytes = 1024

interface Staging {
  memory: WebAssembly.Memory
  bytes: Uint8Array
  module: WebAssembly.Module
}

let staging: Staging | null = null

function stagingOf(): Staging {
  if (staging === null) {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: false })
    staging = {
      memory,
      bytes: new Uint8Array(memory.buffer),
      module: new WebAssembly.Module(assembleCopy()),
    }
  }
  return staging
}

/** The ferry of an arena; without WebAssembly the host copies by itself. */
export function ferryOf(arena: Arena, backend: Backend): Ferry {
  const straight = (to: number, values: HostArray, start: number, bytes: number) => {
    arena.views.u8.set(new Uint8Array(values.buffer, start, bytes), to)
  }
  if (backend === 'closure') {
    return {
      load(to, values, from, count) {
        const size = values.BYTES_PER_ELEMENT
        straight(to, values, values.byteOffset + from * size, count * size)
      },
    }
  }
  const { memory, bytes: staged, module } = stagingOf()
  const instance = new WebAssembly.Instance(module, { e: { m: arena.memory, s: memory } })
  const copy = instance.exports['f'] as Copy
  return {
    load(to, values, from, count) {
      const size = values.BYTES_PER_ELEMENT
      const start = values.byteOffset + from * size
      const bytes = count * size
      if (bytes < leastBytes) return straight(to, values, start, bytes)
      for (let done = 0; done < bytes; done += stagedBytes) {
        const part = Math.min(stagedBytes, bytes - done)
        staged.set(new Uint8Array(values.buffer, start + done, part))
        copy(to + done, 0, part)
      }
    },
  }
}
