/**
 * Time pattern: times as text by the patterns of Java (DateTimeFormatter), Postgres (to_char) and C (strftime), and
 * back.
 *
 * How      A pattern becomes pieces: literal text and fields. A field writes one part of a time; most can read it too.
 * Contract 1 (checked) names are English, weeks those of ISO 8601 unless the field says otherwise, the zone is UTC.
 *          2 (checked) the text depends on ⌊time / unitMicros⌋ alone.
 */
import { civilOf, daysInMonth, daysOf } from './calendar.ts'

/** Why a pattern is none. */
export class TimePatternMistake extends Error {}

export interface TimePattern {
  /** Microseconds in which the text does not change. */
  unitMicros: bigint
  /** Text of microseconds since 1970. */
  format(micros: bigint): string
  /** Microseconds since 1970 of a text, or undefined when it does not fit the pattern. */
  parse(text: string): bigint | undefined
}

interface Time {
  year: number
  month: number
  day: number
  /** Days since 1970. */
  days: number
  /** Microseconds of the day. */
  clock: number
}

/** What reading fields has found. */
type Part =
  | 'year'
  | 'month'
  | 'day'
  | 'doy'
  | 'hour'
  | 'half'
  | 'pm'
  | 'minute'
  | 'second'
  | 'micros'

type Found = Partial<Record<Part, number>>

interface Field {
  unit: number
  write: (time: Time) => string
  read?: { form: string; set: (text: string, found: Found) => void }
}

const second = 1_000_000
const minute = 60 * second
const hour = 60 * minute
const dayUnit = 24 * hour

const months = [
  'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November',
  'December',
] // biome-ignore format: one list
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

export const monthName = (month: number): string => months[month - 1]!
/** 0 = Sunday. */
export const weekdayName = (weekday: number): string => weekdays[weekday]!

const floorMod = (value: number, unit: number) => ((value % unit) + unit) % unit
const weekdayOf = (days: number) => floorMod(days + 4, 7)
const isoWeekday = (days: number) => weekdayOf(days) || 7
const dayOfYear = ({ year, days }: Time) => days - daysOf({ year, month: 1, day: 1 }) + 1

/** Year and number of the ISO week. */
function isoWeek({ days }: Time): { year: number; week: number } {
  const thursday = days + 4 - isoWeekday(days)
  const { year } = civilOf(thursday)
  return { year, week: Math.floor((thursday - daysOf({ year, month: 1, day: 1 })) / 7) + 1 }
}

const padded = (value: number, width: number, fill = '0') => {
  const digits = String(Math.abs(value)).padStart(width, fill)
  return value < 0 ? `-${digits}` : digits
}

/** A number with at least `width` digits. */
function numeric(
  unit: number,
  value: (time: Time) => number,
  width: number,
  part?: Part,
  adjust: (read: number) => number = (read) => read,
): Field {
  const write = (time: Time) => padded(value(time), width)
  if (part === undefined) return { unit, write }
  const form = part === 'year' && width !== 2 ? '-?\\d{4,6}' : `\\d{1,${Math.max(2, width)}}`
  const set = (text: string, found: Found) => {
    found[part] = adjust(Number(text))
  }
  return { unit, write, read: { form, set } }
}

function named(
  names: readonly string[],
  index: (time: Time) => number,
  length: number,
  part?: Part,
  shape = (name: string) => name,
): Field {
  const shown = names.map((name) => (length > 0 ? name.slice(0, length) : name))
  const field: Field = { unit: dayUnit, write: (time) => shape(shown[index(time)]!) }
  const set = (text: string, found: Found) => {
    const place = shown.findIndex((name) => name.toLowerCase() === text.toLowerCase())
    if (part !== undefined) found[part] = place + 1
  }
  return { ...field, read: { form: shown.join('|'), set } }
}

const hourOf = ({ clock }: Time) => Math.floor(clock / hour)
const fields = {
  year: (width: number) => numeric(dayUnit, ({ year }) => year, width, 'year'),
  /** Two digits are read as a year from 2000 on if they are below `pivot`, else as one before. */
  year2: (pivot: number) =>
    numeric(
      dayUnit,
      ({ year }) => floorMod(year, 100),
      2,
      'year',
      (read) => (read < pivot ? 2000 : 1900) + read,
    ),
  century: numeric(dayUnit, ({ year }) => Math.ceil(year / 100), 2),
  isoYear: numeric(dayUnit, (time) => isoWeek(time).year, 4),
  isoYear2: numeric(dayUnit, (time) => floorMod(isoWeek(time).year, 100), 2),
  isoWeek: (width: number) => numeric(dayUnit, (time) => isoWeek(time).week, width),
  quarter: (width: number) => numeric(dayUnit, ({ month }) => Math.ceil(month / 3), width),
  month: (width: number) => numeric(dayUnit, ({ month }) => month, width, 'month'),
  monthName: (length: number, shape?: (name: string) => string) =>
    named(months, ({ month }) => month - 1, length, 'month', shape),
  day: (width: number) => numeric(dayUnit, ({ day }) => day, width, 'day'),
  doy: (width: number) => numeric(dayUnit, dayOfYear, width, 'doy'),
  weekday: (length: number, shape?: (name: string) => string) =>
    named(weekdays, ({ days }) => weekdayOf(days), length, undefined, shape),
  /** 1 = Monday. */
  isoWeekday: numeric(dayUnit, ({ days }) => isoWeekday(days), 1),
  hour: (width: number) => numeric(hour, hourOf, width, 'hour'),
  /** 1 … 24 */
  hourFrom1: (width: number) =>
    numeric(
      hour,
      (time) => hourOf(time) || 24,
      width,
      'hour',
      (read) => read % 24,
    ),
  half: (width: number) =>
    numeric(
      hour,
      (time) => hourOf(time) % 12 || 12,
      width,
      'half',
      (read) => read % 12,
    ),
  /** 0 … 11 */
  halfFrom0: (width: number) => numeric(hour, (time) => hourOf(time) % 12, width, 'half'),
  minute: (width: number) =>
    numeric(minute, ({ clock }) => Math.floor(clock / minute) % 60, width, 'minute'),
  second: (width: number) =>
    numeric(second, ({ clock }) => Math.floor(clock / second) % 60, width, 'second'),
  fraction: (digits: number): Field => ({
    unit: digits >= 6 ? 1 : 10 ** (6 - digits),
    write: ({ clock }) =>
      padded(clock % second, 6)
        .slice(0, digits)
        .padEnd(digits, '0'),
    read: {
      form: `\\d{1,${digits}}`,
      set: (text, found) => {
        found.micros = Number(text.slice(0, 6).padEnd(6, '0'))
      },
    },
  }),
  halfDay: (am: string, pm: string): Field => ({
    unit: hour,
    write: (time) => (hourOf(time) < 12 ? am : pm),
    read: {
      form: 'am|pm|a\\.m\\.|p\\.m\\.',
      set: (text, found) => {
        found.pm = Number(/^p/i.test(text))
      },
    },
  }),
  epoch: {
    unit: second,
    write: ({ days, clock }: Time) => String(days * 86_400 + Math.floor(clock / second)),
  } as Field,
}

/** Literal text or a field. */
type Piece = string | Field

const fixed = (text: string): Field => ({ unit: dayUnit, write: () => text })

// ---------------------------------------------------------------- Java

const javaFields: Record<string, (count: number) => Field> = {
  G: (_count) => ({ unit: dayUnit, write: ({ year }) => (year > 0 ? 'AD' : 'BC') }),
  y: (count) => (count === 2 ? fields.year2(100) : fields.year(count)),
  u: (count) => (count === 2 ? fields.year2(100) : fields.year(count)),
  Y: (count) => (count === 2 ? fields.isoYear2 : fields.isoYear),
  M: (count) => (count < 3 ? fields.month(count) : fields.monthName(count === 3 ? 3 : 0)),
  L: (count) => (count < 3 ? fields.month(count) : fields.monthName(count === 3 ? 3 : 0)),
  d: (count) => fields.day(count),
  D: (count) => fields.doy(count),
  E: (count) => fields.weekday(count < 4 ? 3 : 0),
  e: (_count) => fields.isoWeekday,
  Q: (count) => fields.quarter(count),
  w: (count) => fields.isoWeek(count),
  H: (count) => fields.hour(count),
  k: (count) => fields.hourFrom1(count),
  h: (count) => fields.half(count),
  K: (count) => fields.halfFrom0(count),
  m: (count) => fields.minute(count),
  s: (count) => fields.second(count),
  S: (count) => fields.fraction(Math.min(count, 9)),
  a: (_count) => fields.halfDay('AM', 'PM'),
  A: (count) => numeric(1000, ({ clock }) => Math.floor(clock / 1000), count),
}

function javaPieces(pattern: string): Piece[] {
  const pieces: Piece[] = []
  const form = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z]/g
  for (const [all, quoted, letter] of pattern.matchAll(form)) {
    if (all === "''") pieces.push("'")
    else if (quoted !== undefined) pieces.push(quoted.replaceAll("''", "'"))
    else if (letter === undefined) {
      if (all === "'") throw new TimePatternMistake("a ' without its end")
      pieces.push(all)
    } else {
      const field = javaFields[letter]?.(all.length)
      if (field === undefined) throw new TimePatternMistake(`patterns have no field ${letter}`)
      pieces.push(field)
    }
  }
  return pieces
}

// ---------------------------------------------------------------- Postgres

const upper = (name: string) => name.toUpperCase()
const lower = (name: string) => name.toLowerCase()
const blankPadded = (shape: (name: string) => string) => (name: string) => shape(name).padEnd(9)

/** A field as its name is written: the shape of its words, and whether they and numbers are filled up. */
interface Written {
  shape: (name: string) => string
  long: (name: string) => string
  width: (digits: number) => number
}

const postgresFields: Record<string, (as: Written) => Field> = {
  YYYY: (as) => fields.year(as.width(4)),
  YYY: (as) => numeric(dayUnit, ({ year }) => floorMod(year, 1000), as.width(3)),
  YY: (_as) => fields.year2(70),
  Y: (_as) => numeric(dayUnit, ({ year }) => floorMod(year, 10), 1),
  IYYY: (_as) => fields.isoYear,
  IY: (_as) => fields.isoYear2,
  CC: (_as) => fields.century,
  Q: (_as) => fields.quarter(1),
  MONTH: (as) => fields.monthName(0, as.long),
  MON: (as) => fields.monthName(3, as.shape),
  MM: (as) => fields.month(as.width(2)),
  DDD: (as) => fields.doy(as.width(3)),
  DD: (as) => fields.day(as.width(2)),
  DAY: (as) => fields.weekday(0, as.long),
  DY: (as) => fields.weekday(3, as.shape),
  ID: (_as) => fields.isoWeekday,
  D: (_as) => numeric(dayUnit, ({ days }) => weekdayOf(days) + 1, 1),
  IW: (as) => fields.isoWeek(as.width(2)),
  WW: (as) => numeric(dayUnit, (time) => Math.ceil(dayOfYear(time) / 7), as.width(2)),
  W: (_as) => numeric(dayUnit, ({ day }) => Math.ceil(day / 7), 1),
  J: (_as) => numeric(dayUnit, ({ days }) => days + 2_440_588, 1),
  HH24: (as) => fields.hour(as.width(2)),
  HH: (as) => fields.half(as.width(2)),
  HH12: (as) => fields.half(as.width(2)),
  MI: (as) => fields.minute(as.width(2)),
  SSSS: (_as) => numeric(second, ({ clock }) => Math.floor(clock / second), 1),
  SS: (as) => fields.second(as.width(2)),
  MS: (_as) => fields.fraction(3),
  US: (_as) => fields.fraction(6),
  AM: (as) => fields.halfDay(as.shape('AM'), as.shape('PM')),
  PM: (as) => fields.halfDay(as.shape('AM'), as.shape('PM')),
  'A.M.': (as) => fields.halfDay(as.shape('A.M.'), as.shape('P.M.')),
  'P.M.': (as) => fields.halfDay(as.shape('A.M.'), as.shape('P.M.')),
}

/** `fill` is false after FM. */
function postgresField(token: string, fill: boolean): Field {
  const shape =
    token === upper(token) ? upper : token === lower(token) ? lower : (name: string) => name
  const width = (digits: number) => (fill ? digits : 1)
  const long = fill ? blankPadded(shape) : shape
  return postgresFields[upper(token)]?.({ shape, long, width }) ?? fixed('')
}

// TZ is empty, as there is no zone.
const postgresForm = new RegExp(
  '"((?:[^"\\\\]|\\\\.)*)"|(FM)?(IYYY|YYYY|MONTH|HH24|HH12|SSSS|A\\.M\\.|P\\.M\\.|YYY|MON|DDD|DAY|IY|YY|CC|MM|DD|' +
    'DY|ID|IW|WW|HH|MI|SS|MS|US|AM|PM|TZ|TH|[YQDWJ])|.',
  'gisu',
)

function postgresPieces(pattern: string): Piece[] {
  return [...pattern.matchAll(postgresForm)].map(([all, quoted, prefix, token]) => {
    if (quoted !== undefined) return quoted.replace(/\\(.)/gs, '$1')
    return token === undefined ? all : postgresField(token, prefix === undefined)
  })
}

// ---------------------------------------------------------------- C

/** Weeks that begin on the first Sunday (0) or Monday (1) of the year. */
const weekFrom = (first: number) => (time: Time) =>
  Math.floor((dayOfYear(time) + 6 - floorMod(weekdayOf(time.days) - first, 7)) / 7)

const composed: Record<string, string> = {
  c: '%Y-%m-%d %H:%M:%S',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  R: '%H:%M',
  r: '%I:%M:%S %p',
  T: '%H:%M:%S',
  x: '%Y-%m-%d',
  X: '%H:%M:%S',
}

type Width = (digits: number) => number

const cFields: Record<string, (width: Width) => Field> = {
  a: (_width) => fields.weekday(3),
  A: (_width) => fields.weekday(0),
  b: (_width) => fields.monthName(3),
  h: (_width) => fields.monthName(3),
  B: (_width) => fields.monthName(0),
  C: (_width) => numeric(dayUnit, ({ year }) => Math.floor(year / 100), 2),
  d: (width) => fields.day(width(2)),
  e: (_width) => ({ ...fields.day(2), write: ({ day }) => padded(day, 2, ' ') }),
  f: (_width) => fields.fraction(6),
  g: (_width) => fields.fraction(3),
  G: (_width) => fields.isoYear,
  H: (width) => fields.hour(width(2)),
  I: (width) => fields.half(width(2)),
  j: (width) => fields.doy(width(3)),
  m: (width) => fields.month(width(2)),
  M: (width) => fields.minute(width(2)),
  n: (_width) => ({ ...fixed('\n'), read: { form: '\\s*', set: () => {} } }),
  p: (_width) => fields.halfDay('AM', 'PM'),
  s: (_width) => fields.epoch,
  S: (width) => fields.second(width(2)),
  u: (_width) => fields.isoWeekday,
  U: (width) => numeric(dayUnit, weekFrom(0), width(2)),
  V: (_width) => fields.isoWeek(2),
  w: (_width) => numeric(dayUnit, ({ days }) => weekdayOf(days), 1),
  W: (width) => numeric(dayUnit, weekFrom(1), width(2)),
  y: (_width) => fields.year2(69),
  Y: (_width) => fields.year(4),
  z: (_width) => fixed('+00'),
  Z: (_width) => fixed('UTC'),
}

function cPieces(pattern: string): Piece[] {
  return [...pattern.matchAll(/%(-?)([A-Za-z%])|[^%]+|%/gs)].flatMap(
    ([all, plain, letter]): Piece[] => {
      if (letter === undefined) {
        if (all === '%') throw new TimePatternMistake('a % without its field')
        return [all]
      }
      if (letter === '%') return ['%']
      if (composed[letter] !== undefined) return cPieces(composed[letter])
      const field = cFields[letter]?.((digits) => (plain === '-' ? 1 : digits))
      if (field === undefined) throw new TimePatternMistake(`patterns have no field %${letter}`)
      return [field]
    },
  )
}

// ----------------------------------------------------------------

export type TimeStyle = 'java' | 'postgres' | 'c'

const makers = { java: javaPieces, postgres: postgresPieces, c: cPieces }

/** Throws TimePatternMistake. */
export function timePattern(style: TimeStyle, pattern: string): TimePattern {
  const pieces = makers[style](pattern)
  const used = pieces.filter((piece) => typeof piece !== 'string')
  const unit = used.reduce((least, field) => Math.min(least, field.unit), dayUnit)
  let reader: ((text: string) => bigint | undefined) | undefined
  return {
    unitMicros: BigInt(unit),
    format(micros) {
      const time = timeOf(micros)
      let text = ''
      for (const piece of pieces) text += typeof piece === 'string' ? piece : piece.write(time)
      return text
    },
    parse(text) {
      reader ??= readerOf(pieces)
      return reader(text)
    },
  }
}

function timeOf(micros: bigint): Time {
  const unit = BigInt(dayUnit)
  const clock = ((micros % unit) + unit) % unit
  const days = Number((micros - clock) / unit)
  return { ...civilOf(days), days, clock: Number(clock) }
}

function readerOf(pieces: readonly Piece[]): (text: string) => bigint | undefined {
  const setters: ((text: string, found: Found) => void)[] = []
  const forms = pieces.map((piece, index) => {
    if (typeof piece === 'string') return piece.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    setters.push(piece.read?.set ?? (() => {}))
    // Where digits follow digits, each field takes as many as it writes.
    const next = pieces[index + 1]
    const form = piece.read?.form ?? '.*?'
    const crowded = typeof next === 'object' && form.startsWith('\\d{1,')
    if (crowded) return `(${form.replace('{1,', '{')})`
    return form.startsWith('-?') && typeof next === 'object' ? '(\\d{4})' : `(${form})`
  })
  const form = new RegExp(`^${forms.join('')}$`, 'isu')
  return (text) => {
    const match = form.exec(text.trim())
    if (match === null) return undefined
    const found: Found = {}
    setters.forEach((set, index) => {
      set(match[index + 1]!, found)
    })
    return microsOf(found)
  }
}

function microsOf(found: Found): bigint | undefined {
  const {
    year = 1970,
    month = 1,
    day = 1,
    doy,
    minute: minutes = 0,
    second: seconds = 0,
    micros = 0,
  } = found
  const hours =
    found.half === undefined ? (found.hour ?? 0) : found.half + (found.pm === 1 ? 12 : 0)
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  if (hours > 23 || minutes > 59 || seconds > 59 || (doy !== undefined && (doy < 1 || doy > 366)))
    return undefined
  const days =
    doy === undefined ? daysOf({ year, month, day }) : daysOf({ year, month: 1, day: 1 }) + doy - 1
  const clock = (hours * 60 + minutes) * 60 + seconds
  return (BigInt(days) * 86_400n + BigInt(clock)) * 1_000_000n + BigInt(micros)
}
