/**
 * The one cell without keys, into which whole batches are reduced, against a cell of a key that all rows share.
 */
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/index.ts'
import { Cuboid, type Measure } from '../../src/cuboid/index.ts'
import type { Type, Value } from '../../src/data/index.ts'
import type { Backend, Kernels, VectorBatch } from '../../src/kernel/index.ts'
import { sized } from '../size.ts'
import { doublesOf, makeKernels, valuesOf, vectorOf } from './vectors.ts'

const bigint: Type = { kind: 'bigint' }
const double: Type = { kind: 'double' }
const boolean: Type = { kind: 'boolean' }
const least = -(2n ** 63n)
const measure = (name: Measure['function'], argument: Type | null): Measure => ({
  function: name,
  argument,
  distinct: false,
  result: name === 'count' || name === 'count_star' ? bigint : (argument ?? bigint),
})
const measures = [
  measure('count_star', null),
  measure('count', bigint),
  measure('sum', bigint),
  measure('min', bigint),
  measure('max', bigint),
  measure('sum', double),
  measure('min', double),
  measure('max', double),
  measure('max', boolean),
]

interface Rows {
  integers: Value[]
  doubles: Value[]
  flags: Value[]
  filter: Value[] | null
}

function foldRows(kernels: Kernels, cuboid: Cuboid, rows: Rows, isKeyed: boolean): void {
  const mark = kernels.arena.markScratch()
  const columns = new Map<Type | null, Value[]>([
    [bigint, rows.integers],
    [double, rows.doubles],
    [boolean, rows.flags],
  ])
  const count = rows.integers.length
  const ones = Array<Value>(count).fill(1n)
  cuboid.fold(0n, {
    rows: count,
    keys: isKeyed ? [vectorOf(kernels, bigint, ones)] : [],
    arguments: measures.map(({ argument }) =>
      argument === null ? null : vectorOf(kernels, argument, columns.get(argument)!),
    ),
    filters: measures.map(() =>
      rows.filter === null ? null : vectorOf(kernels, boolean, rows.filter),
    ),
    order: {
      major: doublesOf(
        kernels,
        Array.from(ones, (_, row) => (row * 7) % 5),
      ),
      middle: 0,
      minor: 0,
    },
    weights: 0,
  })
  kernels.arena.releaseScratch(mark)
}

function rowsOf(seed: number): Rows {
  const random = seededRandom(seed)
  const some = <T extends Value>(make: () => T) =>
    Array.from({ length: count }, () => (seed % 3 === 0 && random.below(4) === 0 ? null : make()))
  const count = 1 + random.below(40)
  const edges = [least, least + 1n, -1n, 0n, 1n, 2n ** 63n - 1n]
  const far = [Number.NaN, -0, 1e308, 1e-308, Number.NEGATIVE_INFINITY]
  return {
    integers: some(() =>
      seed % 2 === 0 ? edges[random.below(edges.length)]! : BigInt(random.below(2000)) - 1000n,
    ),
    doubles: some(() =>
      seed % 5 === 0 && random.below(9) === 0
        ? far[random.below(far.length)]!
        : (random.next() - 0.5) * 2 ** random.below(seed % 4 === 0 ? 400 : 40),
    ),
    flags: some(() => random.below(2) === 0),
    filter:
      seed % 7 === 0
        ? Array.from({ length: count }, () => [true, false, null][random.below(3)]!)
        : null,
  }
}

const cuboidOf = (kernels: Kernels, keys: Type[], changes: boolean) =>
  new Cuboid(kernels, { keys, measures, retracts: false, changes, single: keys.length === 0 })

test.each<Backend>(['closure', 'wasm'])('differential: %s', (backend) => {
  const kernels = makeKernels(backend)
  const texts = (batch: VectorBatch, skip: number) =>
    measures.map(({ result }, index) => {
      const vector = batch.columns[skip + index]!
      return valuesOf(kernels, vector, result, batch.rows).map(String).join()
    })
  for (let seed = 1; seed <= sized(80, 300); seed++) {
    const changes = seed % 2 === 0
    const [single, keyed] = [cuboidOf(kernels, [], changes), cuboidOf(kernels, [bigint], changes)]
    if (changes) single.emitChanges(8, () => {})
    for (const step of [0, 1, 2]) {
      const rows = rowsOf(seed * 3 + step)
      foldRows(kernels, single, rows, false)
      foldRows(kernels, keyed, rows, true)
      const seen: string[][] = [[], []]
      for (const [place, cuboid] of [single, keyed].entries()) {
        const sink = (batch: VectorBatch) => {
          seen[place]!.push(...texts(batch, place))
        }
        if (changes) cuboid.emitChanges(8, sink)
        else cuboid.emit(0n, 8, sink)
      }
      // The keyed cell was not there before the first step; the single one was, without rows.
      if (!changes || step > 0) expect(seen[0]).toEqual(seen[1])
    }
    single.drop(0n)
    keyed.drop(0n)
  }
})
