/**
 * Setting: what SET knows, the values that each setting takes, and what it has where nobody set it.
 *
 * Contract 1 (trusted) names and values are in lower case.
 */
import { dialects } from '../data/index.ts'

export interface Setting {
  name: string
  /** Other names, those of other systems among them. */
  also: readonly string[]
  /** The first one holds where nothing is set. */
  values: readonly string[]
  /** Are these all values that there ever will be? Others are then mistakes, not gaps. */
  complete: boolean
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
    name: 'state_budget',
    also: [],
    values: ['unlimited'],
    complete: false,
    about: 'the state of queries may grow as far as memory goes; SHOW QUERIES tells its bytes',
  },
  {
    name: 'timezone',
    also: ['time zone', 'table.local-time-zone'],
    values: ['utc'],
    complete: false,
    about: 'the zone in which points in time are shown and read',
  },
]

/** The setting of this name, in any case. */
export function settingNamed(name: string): Setting | undefined {
  const wanted = name.toLowerCase()
  return settings.find((one) => one.name === wanted || one.also.includes(wanted))
}

/** What a setting is where `set` does not say. */
export function valueIn(setting: Setting, set: ReadonlyMap<string, string>): string {
  return set.get(setting.name) ?? setting.values[0]!
}
