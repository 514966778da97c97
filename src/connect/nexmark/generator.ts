/**
 * Generator: the events of the Nexmark auction benchmark, written straight into columns.
 *
 *     event n:   n mod 50 = 0 person · 1–3 auction · 4–49 bid        (with the proportions 1 : 3 : 46)
 *
 * How      Every random draw is a hash of (event number, number of the draw): a column is made on its own, any part of
 *          the stream at any time, and only the columns that are asked for. Ids follow from the event number alone, so
 *          that a bid may name an auction or a person that comes a little later.
 * Contract 1 (checked) the same options give the same events, whatever is read of them and in what pieces.
 * Cost     some 10 ns per number, 30 to 100 ns per text.
 * See      P. Tucker et al., "NEXMark – A Benchmark for Queries over Data Streams"
 */
import { type Column, type ColumnValues, layoutOf, type Type } from '../../data/index.ts'

export type EventKind = 'person' | 'auction' | 'bid'
export const eventKinds: readonly EventKind[] = ['person', 'auction', 'bid']

export interface NexmarkShape {
  person: number
  auction: number
  bid: number
  /** Milliseconds since 1970-01-01 of event 0. */
  baseMillis: number
  /** Microseconds from event to event. */
  delayMicros: number
  hotSellers: number
  hotAuctions: number
  hotBidders: number
  personBytes: number
  auctionBytes: number
  bidBytes: number
  /** Names, cities and states in lower case, as RisingWave has them. */
  lowerCase: boolean
}

const firstPerson = 1000
const firstAuction = 1000
const firstCategory = 10
const categories = 5
/** People who sell and bid at one time, and auctions that are open. */
const activePeople = 1000
const inFlight = 100
/** Ids beyond the newest one that bids and auctions may name. */
const lead = 10
/** Hot ids are multiples of it. */
const hotStep = 100
const channels = 10_000

const firstNames = [
  'Peter',
  'Paul',
  'Luke',
  'John',
  'Saul',
  'Vicky',
  'Kate',
  'Julie',
  'Sarah',
  'Deiter',
  'Walter',
]
const lastNames = [
  'Shultz',
  'Abrams',
  'Spencer',
  'White',
  'Bartels',
  'Walton',
  'Smith',
  'Jones',
  'Noris',
]
const cities = [
  'Phoenix', 'Los Angeles', 'San Francisco', 'Boise', 'Portland', 'Bend', 'Redmond', 'Seattle', 'Kent', 'Cheyenne',
] // biome-ignore format: one list
const states = ['AZ', 'CA', 'ID', 'OR', 'WA', 'WY']
const hotChannels = ['Google', 'Facebook', 'Baidu', 'Apple']

/** Numbers of the draws: every random part of an event has its own. */
const draws = {
  hot: 1, id: 2, price: 3, reserve: 4, category: 5, expires: 6, firstName: 7, lastName: 8, city: 9, state: 10,
  email: 11, card: 12, channel: 13, hotChannel: 14, item: 15, itemBytes: 16, text: 17, textBytes: 18, extra: 19,
  extraBytes: 20, hotBidder: 21, bidder: 22, hasChannelId: 23, directory: 24,
} // biome-ignore format: one list

/** A 32-bit hash of an event number and the number of a draw. */
function draw(event: number, salt: number): number {
  const high = Math.imul(Math.floor(event / 4294967296) + salt, 0xc2b2ae35)
  let h = Math.imul((event >>> 0) ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b) ^ high
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return (h ^ (h >>> 15)) >>> 0
}

/** A draw in 0 … count − 1. */
function pick(event: number, salt: number, count: number): number {
  return Math.floor((draw(event, salt) / 4294967296) * count)
}

/** A column of events of one kind: whole numbers below 2^53, or texts. */
export type Value =
  | { kind: 'number'; of: (event: number) => number }
  | { kind: 'time'; of: (event: number) => number }
  | { kind: 'text'; write: (event: number, into: Text) => void }

/** Texts being written. */
class Text {
  bytes = new Uint8Array(4096)
  used = 0

  reserve(count: number): void {
    if (this.used + count <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.used + count))
    larger.set(this.bytes.subarray(0, this.used))
    this.bytes = larger
  }

  add(text: Uint8Array): void {
    const { length } = text
    this.reserve(length)
    const { bytes } = this
    let at = this.used
    // Short texts: a loop is faster than a call.
    for (let from = 0; from < length; from++) bytes[at++] = text[from]!
    this.used = at
  }

  /** Letters, another piece of them for another seed. */
  fill(seed: number, count: number): void {
    this.reserve(count)
    const from = seed % (lettersMade().length - fillMax)
    this.bytes.set(lettersMade().subarray(from, from + count), this.used)
    this.used += count
  }
}

const fillMax = 4096
let letters: Uint8Array | null = null
/** Where filler texts are cut from; made when first asked for, as most processes never ask. */
const lettersMade = () =>
  (letters ??= Uint8Array.from({ length: 65_536 + fillMax }, (_, at) => 97 + pick(at, 0, 26)))

const encoder = new TextEncoder()
const encoded = (texts: readonly string[]) => texts.map((text) => encoder.encode(text))

export class Generator {
  readonly shape: NexmarkShape
  readonly values: Readonly<Record<EventKind, ReadonlyMap<string, Value>>>
  readonly #total: number

  constructor(shape: NexmarkShape) {
    this.shape = shape
    this.#total = shape.person + shape.auction + shape.bid
    this.values = { person: this.#person(), auction: this.#auction(), bid: this.#bid() }
  }

  kindOf(event: number): EventKind {
    const offset = event % this.#total
    if (offset < this.shape.person) return 'person'
    return offset < this.shape.person + this.shape.auction ? 'auction' : 'bid'
  }

  /** The number of the event that is the `index`th of its kind. */
  eventOf(kind: EventKind, index: number): number {
    const { person, auction } = this.shape
    const share = this.shape[kind]
    const first = kind === 'person' ? 0 : kind === 'auction' ? person : person + auction
    return Math.floor(index / share) * this.#total + first + (index % share)
  }

  /** How many of the first `events` events are of the kind. */
  countOf(kind: EventKind, events: number): number {
    const { person, auction } = this.shape
    const share = this.shape[kind]
    const first = kind === 'person' ? 0 : kind === 'auction' ? person : person + auction
    const rest = Math.min(share, Math.max(0, (events % this.#total) - first))
    return Math.floor(events / this.#total) * share + rest
  }

  millisOf(event: number): number {
    return this.shape.baseMillis + Math.floor((event * this.shape.delayMicros) / 1000)
  }

  /** Number of the newest person at an event. */
  #lastPerson(event: number): number {
    const { person } = this.shape
    const offset = Math.min(event % this.#total, person - 1)
    return Math.floor(event / this.#total) * person + offset
  }

  /** Number of the newest auction at an event; −1 before the first. */
  #lastAuction(event: number): number {
    const { person, auction } = this.shape
    const epoch = Math.floor(event / this.#total)
    const offset = event % this.#total
    if (offset < person) return epoch * auction - 1
    return epoch * auction + Math.min(offset - person, auction - 1)
  }

  /** One of the people who are active, or about to come. */
  #anyPerson(event: number, salt: number): number {
    const people = this.#lastPerson(event) + 1
    const active = Math.min(people, activePeople)
    return people - active + pick(event, salt, active + lead)
  }

  #seller(event: number): number {
    const isHot = pick(event, draws.hot, this.shape.hotSellers) > 0
    const hot = Math.floor(this.#lastPerson(event) / hotStep) * hotStep
    return firstPerson + (isHot ? hot : this.#anyPerson(event, draws.id))
  }

  #bidder(event: number): number {
    const isHot = pick(event, draws.hotBidder, this.shape.hotBidders) > 0
    const hot = Math.floor(this.#lastPerson(event) / hotStep) * hotStep + 1
    return firstPerson + (isHot ? hot : this.#anyPerson(event, draws.bidder))
  }

  #bidAuction(event: number): number {
    const last = this.#lastAuction(event)
    const isHot = pick(event, draws.hot, this.shape.hotAuctions) > 0
    if (isHot) return firstAuction + Math.floor(last / hotStep) * hotStep
    const least = Math.max(last - inFlight, 0)
    return firstAuction + least + pick(event, draws.id, last - least + 1 + lead)
  }

  #person(): Map<string, Value> {
    const spelled = (texts: readonly string[]) =>
      encoded(this.shape.lowerCase ? texts.map((text) => text.toLowerCase()) : texts)
    const names = spelled(
      firstNames.flatMap((first) => lastNames.map((last) => `${first} ${last}`)),
    )
    const [towns, areas] = [spelled(cities), spelled(states)]
    const nameOf = (event: number) =>
      names[pick(event, draws.firstName, 11) * 9 + pick(event, draws.lastName, 9)]!
    const townOf = (event: number) => towns[pick(event, draws.city, towns.length)]!
    const at = encoder.encode('@')
    const com = encoder.encode('.com')
    const emailBytes = 7 + 1 + 5 + 4
    const cardBytes = 19
    return new Map<string, Value>([
      ['id', { kind: 'number', of: (event) => firstPerson + this.#lastPerson(event) }],
      ['name', { kind: 'text', write: (event, into) => into.add(nameOf(event)) }],
      [
        'emailaddress',
        {
          kind: 'text',
          write: (event, into) => {
            const seed = draw(event, draws.email)
            into.fill(seed, 7)
            into.add(at)
            into.fill(seed >>> 8, 5)
            into.add(com)
          },
        },
      ],
      ['creditcard', { kind: 'text', write: writeCard }],
      ['city', { kind: 'text', write: (event, into) => into.add(townOf(event)) }],
      [
        'state',
        { kind: 'text', write: (event, into) => into.add(areas[pick(event, draws.state, 6)]!) },
      ],
      ['datetime', this.#time()],
      [
        'extra',
        this.#extra(
          this.shape.personBytes,
          (event) => 8 + nameOf(event).length + emailBytes + cardBytes + townOf(event).length + 2,
        ),
      ],
    ])
  }

  #auction(): Map<string, Value> {
    const itemBytes = (event: number) => 3 + pick(event, draws.itemBytes, 17)
    const textBytes = (event: number) => 3 + pick(event, draws.textBytes, 97)
    // The time in which as many auctions appear as are open at one time.
    const perAuction = this.#total / this.shape.auction
    const horizon = Math.floor((Math.floor(inFlight * perAuction) * this.shape.delayMicros) / 1000)
    return new Map<string, Value>([
      ['id', { kind: 'number', of: (event) => firstAuction + this.#lastAuction(event) }],
      [
        'itemname',
        {
          kind: 'text',
          write: (event, into) => into.fill(draw(event, draws.item), itemBytes(event)),
        },
      ],
      [
        'description',
        {
          kind: 'text',
          write: (event, into) => into.fill(draw(event, draws.text), textBytes(event)),
        },
      ],
      ['initialbid', { kind: 'number', of: (event) => priceOf(event, draws.price) }],
      [
        'reserve',
        {
          kind: 'number',
          of: (event) => priceOf(event, draws.price) + priceOf(event, draws.reserve),
        },
      ],
      ['datetime', this.#time()],
      [
        'expires',
        {
          kind: 'time',
          of: (event) => this.millisOf(event) + 1 + pick(event, draws.expires, 2 * horizon),
        },
      ],
      ['seller', { kind: 'number', of: (event) => this.#seller(event) }],
      [
        'category',
        { kind: 'number', of: (event) => firstCategory + pick(event, draws.category, categories) },
      ],
      [
        'extra',
        this.#extra(this.shape.auctionBytes, (event) => 48 + itemBytes(event) + textBytes(event)),
      ],
    ])
  }

  #bid(): Map<string, Value> {
    const hot = encoded(hotChannels)
    const hotUrls = hotChannels.map((_, index) => urlBytes(channels + index, null))
    const cold = Array.from({ length: channels }, (_, index) => encoder.encode(`channel-${index}`))
    const coldUrls = cold.map((_, index) => urlBytes(index, reversed(index)))
    const isHot = (event: number) => pick(event, draws.hotChannel, 2) > 0
    const indexOf = (event: number, count: number) => pick(event, draws.channel, count)
    return new Map<string, Value>([
      ['auction', { kind: 'number', of: (event) => this.#bidAuction(event) }],
      ['bidder', { kind: 'number', of: (event) => this.#bidder(event) }],
      ['price', { kind: 'number', of: (event) => priceOf(event, draws.price) }],
      [
        'channel',
        {
          kind: 'text',
          write: (event, into) =>
            into.add(isHot(event) ? hot[indexOf(event, 4)]! : cold[indexOf(event, channels)]!),
        },
      ],
      [
        'url',
        {
          kind: 'text',
          write: (event, into) =>
            into.add(
              isHot(event) ? hotUrls[indexOf(event, 4)]! : coldUrls[indexOf(event, channels)]!,
            ),
        },
      ],
      ['datetime', this.#time()],
      ['extra', this.#extra(this.shape.bidBytes, () => 32)],
    ])
  }

  #time(): Value {
    return { kind: 'time', of: (event) => this.millisOf(event) }
  }

  /** Letters that bring an event to its average size, a fifth more or less. */
  #extra(average: number, bytes: (event: number) => number): Value {
    return {
      kind: 'text',
      write: (event, into) => {
        const wanted = average - bytes(event)
        if (wanted <= 0) return
        const delta = Math.round(wanted * 0.2)
        const count = wanted - delta + (delta === 0 ? 0 : pick(event, draws.extraBytes, 2 * delta))
        into.fill(draw(event, draws.extra), Math.min(count, fillMax))
      },
    }
  }
}

/** 1.00 to 1,000,000.00 in hundredths, each order of magnitude equally often. */
function priceOf(event: number, salt: number): number {
  return Math.round(10 ** ((draw(event, salt) / 4294967296) * 6) * 100)
}

/** Four groups of four digits. */
function writeCard(event: number, into: Text): void {
  into.reserve(19)
  for (let group = 0; group < 4; group++) {
    if (group > 0) into.bytes[into.used++] = 32
    let digits = pick(event, draws.card + 100 * group, 10_000)
    for (let place = 3; place >= 0; place--) {
      into.bytes[into.used + place] = 48 + (digits % 10)
      digits = Math.floor(digits / 10)
    }
    into.used += 4
  }
}

/** The page of a channel: three directories, and in nine of ten cases the number of the channel. */
function urlBytes(channel: number, id: number | null): Uint8Array {
  const directory = (place: number) => {
    const text = new Text()
    text.fill(draw(channel, draws.directory + 1000 * place), 5)
    return new TextDecoder().decode(text.bytes.subarray(0, text.used))
  }
  const path = `${directory(1)}/${directory(2)}/${directory(3)}`
  const told = id !== null && pick(channel, draws.hasChannelId, 10) > 0
  const rest = told ? `&channel_id=${id}` : ''
  return encoder.encode(`https://www.nexmark.com/${path}/item.htm?query=1${rest}`)
}

/** The magnitude of the 32-bit integer whose bits are those of `channel` backwards. */
function reversed(channel: number): number {
  let bits = 0
  for (let bit = 0; bit < 32; bit++) bits |= ((channel >>> bit) & 1) << (31 - bit)
  return Math.abs(bits)
}

/** Rows of a column: those of `events[at]` for each of `places`, NULL at all others. */
export function columnOfEvents(
  type: Type,
  value: Value,
  { rows, events, places }: { rows: number; events: Float64Array; places: Int32Array },
): Column {
  return {
    type,
    data:
      value.kind === 'text'
        ? texts(value, rows, events, places)
        : numbers(type, value, rows, events, places),
    validity: validityOf(rows, places),
  }
}

/** A bit for each of `places`; null where these are all rows. */
export function validityOf(rows: number, places: Int32Array): Uint8Array | null {
  if (places.length === rows) return null
  const bits = new Uint8Array((rows + 7) >> 3)
  for (const row of places) bits[row >> 3]! |= 1 << (row & 7)
  return bits
}

const half = 4294967296

function numbers(
  type: Type,
  value: Exclude<Value, { kind: 'text' }>,
  rows: number,
  events: Float64Array,
  places: Int32Array,
): ColumnValues {
  const { of } = value
  if (layoutOf(type) === 'i32') {
    const values = new Int32Array(rows)
    for (const row of places) values[row] = of(events[row]!)
    return { layout: 'i32', values }
  }
  const values = new BigInt64Array(rows)
  const words = new Int32Array(values.buffer)
  const unit = value.kind === 'time' ? 1000 : 1
  for (const row of places) {
    const one = of(events[row]!) * unit
    words[2 * row] = one | 0
    words[2 * row + 1] = Math.floor(one / half)
  }
  return { layout: 'i64', values }
}

function texts(
  value: Value & { kind: 'text' },
  rows: number,
  events: Float64Array,
  places: Int32Array,
): ColumnValues {
  const { write } = value
  const into = new Text()
  const offsets = new Int32Array(rows + 1)
  let next = 0
  for (const row of places) {
    while (next <= row) offsets[next++] = into.used
    write(events[row]!, into)
  }
  while (next <= rows) offsets[next++] = into.used
  return { layout: 'utf8', offsets, bytes: into.bytes.subarray(0, into.used) }
}
