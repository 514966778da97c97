/** The Nexmark source: the rules of its events, and that it gives them again. */
import { expect, test } from 'vitest'
import { virtualClock } from '../../src/base/index.ts'
import { nexmarkConnector } from '../../src/connect/nexmark.ts'
import {
  type Batch,
  pathsOf,
  type Row,
  rowsOf,
  type Schema,
  type SourceReader,
} from '../../src/data/index.ts'
import { open } from '../../src/index.ts'

type Options = Record<string, string | number>
const optionsOf = (options: Options) => new Map(Object.entries(options))

function opened(options: Options, projection?: number[]): { reader: SourceReader; schema: Schema } {
  const connector = nexmarkConnector(virtualClock())
  connector.check(optionsOf(options), null)
  const schema = connector.infer(optionsOf(options))!
  connector.check(optionsOf(options), schema)
  const all = schema.fields.map((_, index) => index)
  const reader = connector.open(schema, optionsOf(options), {
    projection: projection ?? all,
    bad: () => expect.unreachable(),
  })
  return { reader, schema }
}

function read(options: Options, rowsMax = 1000, projection?: number[]): Row[] {
  const { reader } = opened(options, projection)
  const rows: Row[] = []
  for (;;) {
    const batch = reader.read(rowsMax) as Batch | null
    if (batch === null) return rows
    rows.push(...rowsOf(batch))
  }
}

test('whatever is read, in whatever pieces, is the same', () => {
  const options = { 'events.num': 700 }
  const whole = read(options)
  expect(whole.length).toBe(700)
  expect(read(options, 7)).toEqual(whole)
  const chosen = [0, 1, 2, 5, 8, 14, 20, 22, 24]
  expect(read(options, 99, chosen)).toEqual(whole.map((row) => chosen.map((index) => row[index]!)))
})

test('a table of one kind has the events of that kind', () => {
  const whole = read({ 'events.num': 523, profile: 'risingwave' })
  const { schema } = opened({ 'events.num': 523 })
  const paths = pathsOf(schema.fields)
  for (const [kind, number] of [
    ['Person', 0],
    ['Auction', 1],
    ['Bid', 2],
  ] as const) {
    const columns = paths.flatMap((path, index) =>
      path.length === 2 && path[0] === kind.toLowerCase() ? [index] : [],
    )
    const wanted = whole
      .filter((row) => row[0] === number)
      .map((row) => columns.map((index) => row[index]!))
    expect(read({ 'nexmark.event.num': 523, 'nexmark.table.type': kind })).toEqual(wanted)
  }
})

test('kinds, ids and times follow from the number of the event', () => {
  const rows = read({ 'events.num': 5000, 'next-event.rate': 1000 })
  const { schema } = opened({})
  const at = (name: string) => schema.fields.findIndex((field) => field.name === name)
  let people = 1000n
  let auctions = 1000n
  rows.forEach((row, event) => {
    const kind = event % 50 === 0 ? 0 : event % 50 <= 3 ? 1 : 2
    expect(row[0]).toBe(kind)
    const names = ['person', 'auction', 'bid'] as const
    names.forEach((name, index) => {
      expect(row[at(name)]).toBe(index === kind ? true : null)
    })
    const time = 1_767_225_600_000_000n + BigInt(event) * 1000n
    expect(row[at(`${names[kind]!}.dateTime`)]).toBe(time)
    if (kind === 0) expect(row[at('person.id')]).toBe(people++)
    if (kind === 1) {
      expect(row[at('auction.id')]).toBe(auctions++)
      const [first, reserve] = [row[at('auction.initialBid')], row[at('auction.reserve')]]
      expect(reserve! > first!).toBe(true)
      const category = row[at('auction.category')] as bigint
      expect(category >= 10n && category < 15n).toBe(true)
      const open = (row[at('auction.expires')] as bigint) - time
      expect(open > 0n && open <= 2n * 1_667_000n).toBe(true)
      const seller = row[at('auction.seller')] as bigint
      expect(seller >= 1000n && seller <= people + 10n).toBe(true)
    }
    if (kind === 2) {
      const auction = row[at('bid.auction')] as bigint
      expect(auction >= 1000n && auction <= auctions + 10n).toBe(true)
      const price = row[at('bid.price')] as bigint
      expect(price >= 100n && price <= 100_000_000n).toBe(true)
    }
  })
})

test('half of the bids go to hot auctions, three quarters come from hot people, half over known channels', () => {
  const { schema } = opened({})
  const at = (name: string) => schema.fields.findIndex((field) => field.name === name)
  const columns = [
    at('bid'),
    at('bid.auction'),
    at('bid.bidder'),
    at('bid.channel'),
    at('bid.extra'),
  ]
  const bids = read({ 'events.num': 20_000 }, 4096, columns).filter(([there]) => there === true)
  const share = (is: (row: Row) => boolean) => bids.filter(is).length / bids.length
  expect(share((row) => Number(row[1]) % 100 === 0)).toBeCloseTo(0.5, 1)
  expect(share((row) => Number(row[2]) % 100 === 1)).toBeCloseTo(0.75, 1)
  expect(share((row) => !String(row[3]).startsWith('channel-'))).toBeCloseTo(0.5, 1)
  const mean = bids.reduce((sum, row) => sum + String(row[4]).length, 0) / bids.length
  expect(mean).toBeGreaterThan(60)
  expect(mean).toBeLessThan(75)
})

test('an endless source comes in real time', async () => {
  const clock = virtualClock()
  const connector = nexmarkConnector(clock)
  expect(connector.isEndless?.(new Map())).toBe(true)
  const { fields } = connector.infer(new Map())!
  const reader = connector.open({ fields }, optionsOf({ 'next-event.rate': 1000 }), {
    projection: [0],
    bad: () => {},
  })
  let rows = 0
  while (rows < 500) rows += (await reader.read(4096))!.rows
  expect(clock.monotonicMillis()).toBeGreaterThanOrEqual(500)
  expect(clock.monotonicMillis()).toBeLessThan(600)
  reader.close()
  expect(await reader.read(10)).toBeNull()
})

test('the spelling of RisingWave gives its columns and its data', async () => {
  await using db = await open(':memory:')
  await db.execute(
    `CREATE TABLE e (event_type BIGINT, person STRUCT<id BIGINT, email_address VARCHAR, state VARCHAR>)
     WITH (connector = 'nexmark', nexmark.event.num = 100, nexmark.min.event.gap.in.ns = 1000000)`,
  )
  const rows = await db.query('SELECT (person).* FROM e WHERE event_type = 0')
  expect(rows).toEqual([
    {
      id: 1000n,
      email_address: expect.stringContaining('@'),
      state: expect.stringMatching(/^[a-z]{2}$/),
    },
    {
      id: 1001n,
      email_address: expect.stringContaining('@'),
      state: expect.stringMatching(/^[a-z]{2}$/),
    },
  ])
})

test.each<[string, string]>([
  ["'events.num' = 'many'", "option 'events.num' cannot be 'many'"],
  ["'bid.proportion' = 0", "option 'bid.proportion' cannot be '0'"],
  ["'event.num' = 5", "unknown option 'event.num'"],
  ["'profile' = 'beam'", "option 'profile' cannot be 'beam'"],
  ["'base-time' = 'now'", "option 'base-time' cannot be 'now'"],
])('WITH (%s) is refused', async (option, message) => {
  await using db = await open(':memory:')
  await expect(
    db.execute(`CREATE TABLE e WITH ('connector' = 'nexmark', ${option})`),
  ).rejects.toThrow(message)
})

test.each<[string, string]>([
  ['event_type INT, seller BIGINT', 'has no column seller'],
  ['person ROW<age INT>', 'has no column person.age'],
  ['person ROW<id INT>', 'gives person.id as BIGINT, not INTEGER'],
  ['person BIGINT', 'gives person as STRUCT, not BIGINT'],
])('columns (%s) are refused', async (columns, message) => {
  await using db = await open(':memory:')
  await expect(
    db.execute(`CREATE TABLE e (${columns}) WITH ('connector' = 'nexmark')`),
  ).rejects.toThrow(message)
})
