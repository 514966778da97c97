/** What cancels at one triple, found by hashes, against every row compared with every other. */
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/index.ts'
import type { Field, Row } from '../../src/data/index.ts'
import { Arena, type Backend, Kernels } from '../../src/kernel/index.ts'
import {
  contributionsOf,
  dropCancelled,
  dropEqualPairs,
  loadContributions,
} from '../../src/runtime/batch.ts'
import type { Contribution } from '../../src/runtime/changes.ts'

const fields: Field[] = [
  { name: 'a', type: { kind: 'bigint' }, nullable: true },
  { name: 'b', type: { kind: 'double' }, nullable: true },
  { name: 'c', type: { kind: 'varchar' }, nullable: true },
  { name: 'd', type: { kind: 'boolean' }, nullable: true },
]
const random = seededRandom(7)
const pick = <T>(values: readonly T[]) => values[random.below(values.length)]!

function rowsOf(count: number): Contribution[] {
  const long = 'a text that is longer than twelve bytes'
  const rows: Contribution[] = []
  while (rows.length < count) {
    const last = rows.at(-1)
    const row = [
      pick([null, 0n, 1n]),
      pick([null, 0, -0, Number.NaN]),
      pick([null, '', long]),
      pick([null, true]),
    ]
    const fresh = {
      row,
      weight: pick([-1, 1]),
      major: random.below(3),
      middle: random.below(2),
      minor: 0,
    }
    rows.push(
      last !== undefined && random.below(3) === 0 ? { ...last, weight: -last.weight } : fresh,
    )
  }
  return rows
}

const same = (a: Row, b: Row) =>
  a.every((value, at) => value === b[at] || (Number.isNaN(value) && Number.isNaN(b[at])))
const sameTriple = (a: Contribution, b: Contribution) =>
  a.major === b.major && a.middle === b.middle && a.minor === b.minor

function cancelledSlowly(rows: readonly Contribution[], columns: readonly number[]) {
  const seen = ({ row }: Contribution) => columns.map((column) => row[column]!)
  return rows.filter((one) => {
    const equals = rows.filter((other) => sameTriple(one, other) && same(seen(one), seen(other)))
    return equals.reduce((sum, { weight }) => sum + weight, 0) !== 0
  })
}

function pairsSlowly(rows: readonly Contribution[]) {
  const kept: Contribution[] = []
  for (let at = 0; at < rows.length; at++) {
    const [old, next] = [rows[at]!, rows[at + 1]]
    const equal = next !== undefined && sameTriple(old, next) && same(old.row, next.row)
    if (equal && old.weight === -1 && next.weight === 1) at++
    else kept.push(old)
  }
  return kept
}

/** Texts of contributions; the two zeros are one. */
const texts = (rows: readonly Contribution[]) =>
  rows.map(({ row, weight, major, middle }) =>
    [weight, major, middle, ...row.map((value) => (value === 0 ? 0 : value))].map(String).join(' '),
  )

test.each(['wasm', 'closure'] as Backend[])('twins: rows that cancel, on %s', (backend) => {
  for (let round = 0; round < 300; round++) {
    const kernels = new Kernels(new Arena({ pagesMax: 1024 }), backend)
    const rows = rowsOf(pick([0, 1, 2, 9, 40]))
    const batch = () => loadContributions(kernels, rows, fields)
    const read = pick([[0], [1, 3], [2], [0, 1, 2, 3], []])
    const left = contributionsOf(kernels, dropCancelled(kernels, batch(), fields, read), fields)
    expect(texts(left)).toEqual(texts(cancelledSlowly(rows, read)))
    const unpaired = contributionsOf(kernels, dropEqualPairs(kernels, batch(), fields), fields)
    expect(texts(unpaired)).toEqual(texts(pairsSlowly(rows)))
  }
})
