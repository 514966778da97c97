/**
 * Zone: the clocks of time zones by their names at IANA (`Europe/Berlin`), through Intl.
 *
 * How      What a clock is ahead of UTC is asked for at the beginning and end of a day; if both agree it holds for the
 *          day, else the second at which it changes is searched for. Days are kept.
 *          A time that a clock skips lies as far behind the change as it says, one that it shows twice is the later
 *          one, as in Postgres. Names that Intl takes and others read otherwise (`+02:00`) are none.
 * Cost     20 ns for a day that is known, 10 µs for another one; at most 20,000 days per zone are kept.
 */
const dayMillis = 86_400_000
/** Beyond these Intl knows no time; zones change nothing there. */
const farthest = 8_640_000_000_000_000 - 2 * dayMillis
const daysMax = 20_000

/** Milliseconds ahead of UTC before and from `at` on. */
interface Day {
  before: number
  at: number
  after: number
}

export class Zone {
  readonly #format: Intl.DateTimeFormat
  readonly #days = new Map<number, Day>()

  /** Throws a RangeError for a name that Intl does not know. */
  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  }

  /** What the clock shows at a point in time; both in microseconds. */
  local(micros: bigint): bigint {
    return micros + BigInt(this.#ahead(millisOf(micros))) * 1000n
  }

  /** When the clock shows a time. */
  instant(local: bigint): bigint {
    const shown = millisOf(local)
    // The clock is never a day ahead of UTC or behind it: of both offsets around the later instant counts.
    const [early, late] = [this.#ahead(shown - dayMillis), this.#ahead(shown + dayMillis)]
    const isShown = this.#ahead(shown - late) === late
    return local - BigInt(isShown ? late : early) * 1000n
  }

  #ahead(millis: number): number {
    if (Math.abs(millis) > farthest) return 0
    const number = Math.floor(millis / dayMillis)
    let day = this.#days.get(number)
    if (day === undefined) {
      day = this.#dayOf(number)
      if (this.#days.size >= daysMax) this.#days.clear()
      this.#days.set(number, day)
    }
    return millis < day.at ? day.before : day.after
  }

  #dayOf(number: number): Day {
    let [low, high] = [number * dayMillis, (number + 1) * dayMillis]
    const [before, after] = [this.#asked(low), this.#asked(high)]
    if (before === after) return { before, at: high, after }
    while (high - low > 1000) {
      const middle = low + Math.floor((high - low) / 2000) * 1000
      if (this.#asked(middle) === before) low = middle
      else high = middle
    }
    return { before, at: high, after }
  }

  /** By the host's calendar, which is that of Gregory for all times, as ours. */
  #asked(millis: number): number {
    const parts = new Map(this.#format.formatToParts(millis).map((part) => [part.type, part.value]))
    const number = (name: Intl.DateTimeFormatPartTypes) => Number(parts.get(name))
    const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year')
    const shown = new Date(0)
    shown.setUTCFullYear(year, number('month') - 1, number('day'))
    shown.setUTCHours(number('hour'), number('minute'), number('second'))
    return shown.getTime() - millis
  }
}

const millisOf = (micros: bigint) => Number((micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n)

const known = new Map<string, Zone | null>()

/** The zone of a name; null when there is none. */
export function zoneNamed(name: string): Zone | null {
  let zone = known.get(name)
  if (zone === undefined) {
    if (known.size > 1000) known.clear()
    known.set(name, (zone = made(name)))
  }
  return zone
}

function made(name: string): Zone | null {
  try {
    return /^[A-Za-z][\w/+-]*$/.test(name) ? new Zone(name) : null
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}
