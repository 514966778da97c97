/** SharedReader against readers of one query each: any sizes and order, laggards, faults, closing, bad rows. */
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import {
  type BadRow,
  type Batch,
  batchOf,
  type Row,
  rowsOf,
  type Schema,
  type SourceReader,
} from '../../src/data/index.ts'
import { SharedReader } from '../../src/database/together/shared-reader.ts'
import { commitSeed } from '../seed.ts'

const schema: Schema = {
  fields: ['a', 'b', 'c'].map((name) => ({ name, type: { kind: 'bigint' }, nullable: false })),
}

interface Given {
  rows: number
  asynchronous: boolean
  /** It fails behind this many rows. */
  fails?: number
}

/** Rows n, n + 1, n + 2; every seventh one is bad. */
function opened({ rows, asynchronous, fails }: Given, bad: (row: BadRow) => void) {
  const state = { closed: 0 }
  let at = 0
  const next = (rowsMax: number): Batch | null => {
    if (state.closed > 0) return null
    const found: Row[] = []
    for (; found.length < Math.min(rowsMax, 5) && at < rows; at++) {
      if (at === fails) throw new Error('cannot read')
      if (at % 7 === 6) bad({ offset: at, message: 'bad', text: '' })
      else found.push([BigInt(at), BigInt(at + 1), BigInt(at + 2)])
    }
    return found.length === 0 && at === rows ? null : batchOf(schema, found)
  }
  const reader: SourceReader = {
    asynchronous,
    read: (rowsMax) => (asynchronous ? Promise.resolve().then(() => next(rowsMax)) : next(rowsMax)),
    progress: () => ({ bytes: at, bytesTotal: rows }),
    close: () => {
      state.closed++
    },
  }
  return { reader, state }
}

function sharedOf(given: Given, options: { repeatable: boolean; lagRows?: number }) {
  const opens: { closed: number }[] = []
  const told: number[] = []
  const reader = new SharedReader({
    ...options,
    open: (bad) => {
      const { reader: one, state } = opened(given, bad)
      opens.push(state)
      return one
    },
    bad: ({ offset }) => told.push(offset),
  })
  return { reader, opens, told }
}

const rowsFrom = (places: readonly number[], rows: number): Row[] =>
  [...Array(rows).keys()]
    .filter((at) => at % 7 !== 6)
    .map((at) => places.map((place) => BigInt(at + place)))

const badOf = (rows: number) => [...Array(rows).keys()].filter((at) => at % 7 === 6)

const placesOf = (random: Random) => [0, 1, 2].filter(() => random.below(2) === 0)

describe('shared reader', () => {
  test('each taker has the rows of a reader of its own, whoever is first', async () => {
    for (let round = 0; round < 60; round++) {
      const random = seededRandom(commitSeed(`shared reader ${round}`))
      const given = { rows: random.below(200), asynchronous: random.below(2) === 0 }
      const lagRows = [1, 10, 1000][random.below(3)]!
      const { reader, opens, told } = sharedOf(given, { repeatable: random.below(3) > 0, lagRows })
      const takers = Array.from({ length: 1 + random.below(4) }, () => {
        const places = placesOf(random)
        return { places, reader: reader.join(places), rows: [] as Row[] }
      })
      const open = [...takers]
      while (open.length > 0) {
        const taker = open[random.below(random.below(2) === 0 ? 1 : open.length)]!
        const batch = await taker.reader.read(1 + random.below(9))
        if (batch !== null) taker.rows.push(...rowsOf(batch))
        else {
          taker.reader.close()
          open.splice(open.indexOf(taker), 1)
        }
      }
      for (const { places, rows } of takers) expect(rows).toEqual(rowsFrom(places, given.rows))
      expect(told).toEqual(badOf(given.rows))
      expect(opens.every(({ closed }) => closed > 0)).toBe(true)
    }
  })

  test('takers that keep up read once; one that stays behind reads again', () => {
    const { reader, opens } = sharedOf(
      { rows: 100, asynchronous: false },
      { repeatable: true, lagRows: 20 },
    )
    const [a, b, late] = [reader.join([0]), reader.join([1]), reader.join([2])]
    const rows: Row[] = []
    while (a!.read(5) !== null) b!.read(5)
    expect(opens).toHaveLength(1)
    expect([a, b, late].map((one) => one!.progress().bytes)).toEqual([100, 0, 0])
    for (;;) {
      const batch = late!.read(5) as Batch | null
      if (batch === null) break
      rows.push(...rowsOf(batch))
    }
    expect(rows).toEqual(rowsFrom([2], 100))
    expect(opens).toHaveLength(2)
  })

  test('what cannot be read twice is kept for the last one', () => {
    const { reader, opens } = sharedOf(
      { rows: 100, asynchronous: false },
      { repeatable: false, lagRows: 1 },
    )
    const [a, late] = [reader.join([0]), reader.join([0])]
    while (a!.read(5) !== null);
    let rows = 0
    for (let batch = late!.read(5); batch !== null; batch = late!.read(5))
      rows += (batch as Batch).rows
    expect([rows, opens.length]).toEqual([rowsFrom([0], 100).length, 1])
  })

  test.each([true, false])(
    'a fault meets each taker at its place (asynchronous: %s)',
    async (asynchronous) => {
      const { reader } = sharedOf({ rows: 100, asynchronous, fails: 12 }, { repeatable: true })
      for (const taker of [reader.join([0]), reader.join([0])]) {
        let rows = 0
        const all = async () => {
          for (;;) rows += (await taker.read(5))!.rows
        }
        await expect(all()).rejects.toThrow('cannot read')
        expect(rows).toBe(10)
      }
    },
  )

  test('one that is closed while it waits gets nothing, and the others go on', async () => {
    const { reader, opens } = sharedOf({ rows: 10, asynchronous: true }, { repeatable: true })
    const [a, b] = [reader.join([0]), reader.join([0])]
    const waits = [a!.read(5), b!.read(5)]
    a!.close()
    const [none, batch] = await Promise.all(waits)
    expect(none).toBeNull()
    expect(batch?.rows).toBe(5)
    expect(opens[0]!.closed).toBe(0)
    b!.close()
    expect(opens[0]!.closed).toBe(1)
  })
})
