/**
 * Nexmark: a source of the events of the Nexmark benchmark, with the options of Flink's generator and of RisingWave's.
 *
 *     CREATE TABLE nexmark WITH ('connector' = 'nexmark', 'events.num' = 100000, 'next-event.rate' = 10000)
 *     CREATE TABLE bid WITH (connector = 'nexmark', nexmark.table.type = 'Bid', nexmark.event.num = 100000)
 *
 * How      One table of all events (event_type 0, 1, 2 and a STRUCT for each) or one of a kind. Columns are found by
 *          name, without regard to case and underscores: `dateTime` and `date_time` are one. Only columns that a query
 *          reads are made.
 * Contract 1 (checked) two tables with the same options, and a table read twice, have the same events.
 *          2 (checked) without a number of events the source is endless and comes in real time.
 * See      nexmark/generator.ts
 */
import { nearest } from '../../grammar/index.ts'
import { type Clock, mistake, systemClock } from '../base/index.ts'
import {
  type Column,
  type Connector,
  type ConnectorOptions,
  type Field,
  flatFields,
  type Member,
  membersOf,
  parseValue,
  pathsOf,
  type ReaderOptions,
  type Schema,
  type SourceReader,
  sameType,
  type Type,
  typeText,
} from '../data/index.ts'
import { generatedReader } from './generated.ts'
import { rowOffset, telling } from './metadata.ts'
import {
  columnOfEvents,
  type EventKind,
  eventKinds,
  Generator,
  type NexmarkShape,
  type Value,
  validityOf,
} from './nexmark/generator.ts'
import { checkNames, choiceOption, textOption } from './options.ts'

const numberNames = {
  events: ['events.num', 'nexmark.event.num'],
  person: ['person.proportion', 'nexmark.person.proportion'],
  auction: ['auction.proportion', 'nexmark.auction.proportion'],
  bid: ['bid.proportion', 'nexmark.bid.proportion'],
  rate: ['next-event.rate', 'first-event.rate'],
  gap: ['nexmark.min.event.gap.in.ns'],
  hotSellers: ['auction.hot-ratio.sellers', 'nexmark.hot.seller.ratio'],
  hotAuctions: ['bid.hot-ratio.auctions', 'nexmark.hot.auction.ratio'],
  hotBidders: ['bid.hot-ratio.bidders', 'nexmark.hot.bidder.ratio'],
  personBytes: ['person.avg-size', 'nexmark.avg.person.byte.size'],
  auctionBytes: ['auction.avg-size', 'nexmark.avg.auction.byte.size'],
  bidBytes: ['bid.avg-size', 'nexmark.avg.bid.byte.size'],
} as const

/** Options of the generators elsewhere that change nothing here: they say how fast events come, or which worker. */
const passedOver = [
  'keep-alive', 'stop-at', 'rate.shape', 'rate.period', 'rate.limited', 'nexmark.split.num',
  'nexmark.max.chunk.size', 'nexmark.use.real.time',
] // biome-ignore format: one list
const known = [
  ...Object.values(numberNames).flat(),
  ...passedOver,
  'profile',
  'base-time',
  'nexmark.table.type',
]

type Profile = 'flink' | 'risingwave'

interface Settings {
  shape: NexmarkShape
  /** Null for an endless source. */
  events: number | null
  /** The kind of event that the table has; null for all. */
  only: EventKind | null
  profile: Profile
}

export function nexmarkConnector(clock: Clock = systemClock): Connector {
  return {
    name: 'nexmark',
    bounded: true,
    isEndless: (options) => readSettings(options).events === null,
    sink: null,
    source: true,
    metadata: [rowOffset],
    check: (options, schema, ignored) => {
      checkNames(options, known, ignored)
      const settings = readSettings(options)
      if (schema !== null) checkSchema(schema, settings)
    },
    infer: (options) => schemaOf(readSettings(options)),
    open: (schema, options, reader) =>
      telling(reader, (asked) => nexmarkReader(schema, readSettings(options), asked, clock)),
    create: () =>
      mistake({
        code: 'unsupported',
        message: `not supported yet: writing to connector 'nexmark'`,
      }),
  }
}

function readSettings(options: ConnectorOptions): Settings {
  const number = (key: keyof typeof numberNames, fallback: number) => {
    for (const name of numberNames[key]) {
      const given = textOption(options, name)
      if (given === undefined) continue
      const value = Number(given)
      if (Number.isSafeInteger(value) && value >= 0 && (value > 0 || key === 'events')) return value
      mistake({
        code: 'invalid_option',
        message: `option '${name}' cannot be '${given}'`,
        hint: 'it is a whole number',
      })
    }
    return fallback
  }
  const rate = number('rate', 10_000)
  const gap = number('gap', 0)
  const profile = choiceOption(options, 'profile', ['flink', 'risingwave'], spelling(options))
  const kind = textOption(options, 'nexmark.table.type')
  const only =
    kind === undefined ? null : choiceOption(options, 'nexmark.table.type', eventKinds, 'bid')
  const events = number('events', 0)
  return {
    shape: {
      person: number('person', 1),
      auction: number('auction', 3),
      bid: number('bid', 46),
      baseMillis: baseMillis(options),
      delayMicros: gap > 0 ? gap / 1000 : 1_000_000 / rate,
      hotSellers: number('hotSellers', 4),
      hotAuctions: number('hotAuctions', 2),
      hotBidders: number('hotBidders', 4),
      personBytes: number('personBytes', 200),
      auctionBytes: number('auctionBytes', 500),
      bidBytes: number('bidBytes', 100),
      lowerCase: profile === 'risingwave',
    },
    events: events === 0 ? null : events,
    only,
    profile,
  }
}

/** RisingWave's options are RisingWave's data. */
function spelling(options: ConnectorOptions): Profile {
  return [...options.keys()].some((name) => name.startsWith('nexmark.')) ? 'risingwave' : 'flink'
}

function baseMillis(options: ConnectorOptions): number {
  const given = textOption(options, 'base-time') ?? '2026-01-01 00:00:00'
  const micros = parseValue(given, millis)
  if (typeof micros === 'bigint') return Number(micros / 1000n)
  return mistake({
    code: 'invalid_option',
    message: `option 'base-time' cannot be '${given}'`,
    hint: "for example '2026-01-01 00:00:00'",
  })
}

// ---------------------------------------------------------------- columns

const bigint: Type = { kind: 'bigint' }
const varchar: Type = { kind: 'varchar' }
const millis: Type = { kind: 'timestamp', precision: 3 }

// biome-ignore format: tables to read as blocks
const members: Record<EventKind, readonly [flink: string, risingwave: string, type: Type][]> = {
  person: [
    ['id', 'id', bigint], ['name', 'name', varchar], ['emailAddress', 'email_address', varchar],
    ['creditCard', 'credit_card', varchar], ['city', 'city', varchar], ['state', 'state', varchar],
    ['dateTime', 'date_time', millis], ['extra', 'extra', varchar],
  ],
  auction: [
    ['id', 'id', bigint], ['itemName', 'item_name', varchar], ['description', 'description', varchar],
    ['initialBid', 'initial_bid', bigint], ['reserve', 'reserve', bigint], ['dateTime', 'date_time', millis],
    ['expires', 'expires', millis], ['seller', 'seller', bigint], ['category', 'category', bigint],
    ['extra', 'extra', varchar],
  ],
  bid: [
    ['auction', 'auction', bigint], ['bidder', 'bidder', bigint], ['price', 'price', bigint],
    ['channel', 'channel', varchar], ['url', 'url', varchar], ['dateTime', 'date_time', millis],
    ['extra', 'extra', varchar],
  ],
}

function schemaOf({ only, profile }: Settings): Schema {
  const membersIn = (kind: EventKind): Member[] =>
    members[kind].map(([flink, risingwave, type]) => ({
      name: profile === 'flink' ? flink : risingwave,
      type,
      nullable: only === null,
    }))
  if (only !== null) return { fields: membersIn(only) }
  const structs = eventKinds.flatMap((kind) =>
    flatFields({ name: kind, type: { kind: 'boolean', members: membersIn(kind) }, nullable: true }),
  )
  return {
    fields: [{ name: 'event_type', type: { kind: 'integer' }, nullable: false }, ...structs],
  }
}

/** A column of the table: the number of the kind, the presence of a kind, or a value of a kind. */
type Found = { kind: EventKind | null; member: string | null; type: Type }

const normal = (name: string) => name.toLowerCase().replaceAll('_', '')

function findColumn(path: readonly string[], only: EventKind | null): Found | undefined {
  const [first, second, ...rest] = path.map(normal)
  if (rest.length > 0) return undefined
  if (only !== null) return second === undefined ? memberOf(only, first!) : undefined
  if (first === 'eventtype' && second === undefined) {
    return { kind: null, member: null, type: { kind: 'integer' } }
  }
  const kind = eventKinds.find((one) => one === first)
  if (kind === undefined) return undefined
  return second === undefined
    ? { kind, member: null, type: { kind: 'boolean', members: [] } }
    : memberOf(kind, second)
}

function memberOf(kind: EventKind, member: string): Found | undefined {
  const found = members[kind].find(([name]) => normal(name) === member)
  return found === undefined ? undefined : { kind, member, type: found[2] }
}

function checkSchema(schema: Schema, settings: Settings): void {
  const paths = pathsOf(schema.fields)
  schema.fields.forEach((field, index) => {
    const path = paths[index]!
    const found = findColumn(path, settings.only)
    if (found === undefined) refuseColumn(path, settings)
    if (!fits(field, found)) {
      const wanted = found.type.kind === 'boolean' ? `STRUCT` : typeText(found.type)
      mistake({
        code: 'invalid_option',
        message: `connector 'nexmark' gives ${path.join('.')} as ${wanted}, not ${typeText(field.type)}`,
      })
    }
  })
}

function refuseColumn(path: readonly string[], settings: Settings): never {
  const names = schemaOf(settings).fields.map(({ name }) => name)
  const near = nearest(path.join('.'), names)
  return mistake({
    code: 'invalid_option',
    message: `connector 'nexmark' has no column ${path.join('.')}`,
    hint: near === undefined ? `columns are ${names.join(', ')}` : `did you mean ${near}?`,
  })
}

function fits({ type }: Field, found: Found): boolean {
  if (found.type.kind === 'boolean') return membersOf(type) !== null
  if (found.kind === null) return type.kind === 'integer' || type.kind === 'bigint'
  if (type.kind === 'timestamp') return found.type.kind === 'timestamp' && type.precision >= 3
  return sameType(type, found.type) && !(type.kind === 'varchar' && type.length !== undefined)
}

// ---------------------------------------------------------------- rows

function nexmarkReader(
  schema: Schema,
  { shape, events, only }: Settings,
  { projection }: ReaderOptions,
  clock: Clock,
): SourceReader {
  const generator = new Generator(shape)
  const rowsAll = events === null ? null : only === null ? events : generator.countOf(only, events)
  const paths = pathsOf(schema.fields)
  const fields = projection.map((index) => schema.fields[index]!)
  const columns = projection.map((index) => findColumn(paths[index]!, only)!)
  return generatedReader({
    rows: rowsAll,
    make: (at, rows) => {
      const slice = sliceOf(generator, only, at, rows)
      const made = columns.map((found, index) =>
        columnOf(generator, found, fields[index]!.type, slice),
      )
      return { schema: { fields }, rows, columns: made }
    },
    due: (millis) => {
      const event = Math.floor((millis * 1000) / shape.delayMicros)
      return only === null ? event : generator.countOf(only, event)
    },
    clock,
  })
}

/** Some rows: the event of each, and the rows of each kind. */
interface EventSlice {
  rows: number
  events: Float64Array
  kinds: Int32Array
  places: Record<EventKind, Int32Array>
}

function sliceOf(
  generator: Generator,
  only: EventKind | null,
  from: number,
  rows: number,
): EventSlice {
  const events = new Float64Array(rows)
  const kinds = new Int32Array(rows)
  const lists: Record<EventKind, number[]> = { person: [], auction: [], bid: [] }
  for (let row = 0; row < rows; row++) {
    const event = only === null ? from + row : generator.eventOf(only, from + row)
    const kind = only ?? generator.kindOf(event)
    events[row] = event
    kinds[row] = kind === 'person' ? 0 : kind === 'auction' ? 1 : 2
    lists[kind].push(row)
  }
  const places = {
    person: Int32Array.from(lists.person),
    auction: Int32Array.from(lists.auction),
    bid: Int32Array.from(lists.bid),
  }
  return { rows, events, kinds, places }
}

function columnOf(
  generator: Generator,
  { kind, member }: Found,
  type: Type,
  { rows, events, kinds, places }: EventSlice,
): Column {
  if (kind === null) {
    const value: Value = { kind: 'number', of: (row) => kinds[row]! }
    const all = Int32Array.from({ length: rows }, (_, row) => row)
    return columnOfEvents(type, value, { rows, events: Float64Array.from(all), places: all })
  }
  if (member === null) {
    const values = new Uint8Array((rows + 7) >> 3)
    const validity = validityOf(rows, places[kind])
    values.set(validity ?? values.fill(0xff))
    return { type, data: { layout: 'bits', values }, validity }
  }
  const value = generator.values[kind].get(member)!
  return columnOfEvents(type, value, { rows, events, places: places[kind] })
}
