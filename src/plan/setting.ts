/**
 * Setting: what SET knows, the values that each setting takes, and what it has where nobody set it.
 *
 * Contract 1 (trusted) names and values are in lower case.
 */
import { dialects, type Field, shownIn } from '../data/index.ts'

export interface Setting {
  name: string
  /** Other names, those of other systems among them. */
  also: readonly string[]
  /** The first one holds where nothing is set. */
  values: readonly string[]
  /** Are these all values that there ever will be? Others are then mistakes, not gaps. */
  complete: boolean
  /** Takes sizes, too: `64 MB` stands there as `64000000 b`. */
  sized?: true
  /** Takes the names of schemas. */
  schemas?: true
  /** Takes the names of time zones, too, as they are written. */
  zones?: true
  about: string
}

export const settings: readonly Setting[] = [
  {
    name: 'approximation',
    also: [],
    values: ['off'],
    complete: false,
    about: 'every answer is exact',
  },
  {
    name: 'dialect',
    also: [],
    values: dialects,
    complete: true,
    about: 'whose meaning a statement has where systems differ',
  },
  {
    name: 'execution.runtime-mode',
    also: [],
    values: ['streaming', 'batch'],
    complete: false,
    about: "with batch an INSERT into a connector's table reads everything once and ends",
  },
  {
    name: 'float_sum',
    also: [],
    values: ['exact'],
    complete: false,
    about: 'sums of doubles are exact and rounded once',
  },
  {
    name: 'join_order',
    also: [],
    values: ['costed', 'written'],
    complete: true,
    about:
      'whether joins are made in the order that promises the fewest rows between them, or as they are written',
  },
  {
    name: 'search_path',
    also: ['schema'],
    values: ['main'],
    complete: false,
    schemas: true,
    about: 'in which schemas names are looked for; what is made is made in the first one',
  },
  {
    name: 'state_budget',
    also: [],
    values: ['25%', 'unlimited'],
    complete: false,
    sized: true,
    about:
      'how many bytes the state of a query may have before it is taken out of service; 25% is that part of the ' +
      'memory that the process may use',
  },
  {
    name: 'timezone',
    also: ['time zone', 'table.local-time-zone'],
    values: ['utc'],
    complete: false,
    zones: true,
    about: 'the zone in which points in time are shown and read',
  },
]

/** The zone that SET has left; null is UTC. */
export function zoneIn(set: ReadonlyMap<string, string>): string | null {
  const zone = set.get('timezone') ?? 'utc'
  return zone === 'utc' ? null : zone
}

/** Do queries give up their oldest rows beyond the budget? */
export function evicts(set: ReadonlyMap<string, string>): boolean {
  return /evict oldest$/.test(set.get('state_budget') ?? '')
}

/** The columns of an answer, whose points in time are shown in the zone of the session. */
export function fieldsShown(fields: readonly Field[], set: ReadonlyMap<string, string>): Field[] {
  const zone = zoneIn(set)
  return fields.map((field) => ({ ...field, type: shownIn(field.type, zone) }))
}

const units: Readonly<Record<string, number>> = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 }

/** The bytes of a size as text; null where it is none. KiB and its like are powers of 1,024. */
export function bytesOfSize(size: string): number | null {
  const [, digits, letter, binary] = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*$/i.exec(size) ?? []
  if (digits === undefined) return null
  const unit = units[`${letter!.toLowerCase()}b`]!
  const factor = binary === 'i' ? 1024 ** Math.round(Math.log10(unit) / 3) : unit
  return Math.floor(Number(digits) * factor)
}

/** The setting of this name, in any case. */
export function settingNamed(name: string): Setting | undefined {
  const wanted = name.toLowerCase()
  return settings.find((one) => one.name === wanted || one.also.includes(wanted))
}

/** What a setting is where `set` does not say. */
export function valueIn(setting: Setting, set: ReadonlyMap<string, string>): string {
  return set.get(setting.name) ?? setting.values[0]!
}
