/**
 * Options: reading and checking the options of WITH (…), with mistakes that name what would work.
 *
 * How      A connector lists the options it knows. Options that other engines' scripts carry and that mean nothing here
 *          (`sink.*`, `table.exec.*` …) are accepted and told of; an option unknown otherwise is a mistake.
 */
import { nearest } from '../../grammar/index.ts'
import { mistake } from '../base/index.ts'
import type { ConnectorOptions, Ignored } from '../data/index.ts'

/** Options of other engines that change nothing here. */
const foreign = ['sink.', 'source.', 'table.exec.', 'scan.', 'partition.', 'auto-compaction']
const foreignNames = ['auto-compaction', 'compaction.file-size', 'force_append_only', 'type']

/** Throws for an option that is neither in `known` (a name, or a prefix that ends in a dot) nor foreign. */
export function checkNames(
  options: ConnectorOptions,
  known: readonly string[],
  ignored: Ignored = () => {},
): void {
  for (const name of options.keys()) {
    if (name === 'connector') continue
    if (known.some((each) => (each.endsWith('.') ? name.startsWith(each) : each === name))) continue
    const isForeign = foreign.some((prefix) => name.startsWith(prefix))
    if (isForeign || foreignNames.includes(name)) {
      ignored(name)
      continue
    }
    const near = nearest(name, known)
    const hint = near
      ? `did you mean '${near}'?`
      : known.length === 0
        ? 'this connector has no options'
        : `options are ${known.map((k) => `'${k}'`).join(', ')}`
    mistake({ code: 'invalid_option', message: `unknown option '${name}'`, hint })
  }
}

export function textOption(options: ConnectorOptions, name: string): string | undefined {
  const value = options.get(name)
  return value === undefined ? undefined : String(value)
}

export function requiredOption(options: ConnectorOptions, name: string, example: string): string {
  const value = textOption(options, name)
  if (value !== undefined && value !== '') return value
  return mistake({
    code: 'invalid_option',
    message: `option '${name}' is missing`,
    hint: `for example '${name}' = '${example}'`,
  })
}

/** One of `values`, in any case; `fallback` where the option is not given. */
export function choiceOption<T extends string>(
  options: ConnectorOptions,
  name: string,
  values: readonly T[],
  fallback: T,
): T {
  const given = textOption(options, name)
  if (given === undefined) return fallback
  const found = values.find((value) => value === given.toLowerCase())
  if (found !== undefined) return found
  const near = nearest(given.toLowerCase(), values)
  const list = values.map((value) => `'${value}'`).join(', ')
  return mistake({
    code: 'invalid_option',
    message: `option '${name}' cannot be '${given}'`,
    hint: near ? `did you mean '${near}'? values are ${list}` : `values are ${list}`,
  })
}

export function flagOption(options: ConnectorOptions, name: string, fallback: boolean): boolean {
  const text = fallback ? 'true' : 'false'
  return choiceOption(options, name, ['true', 'false'], text) === 'true'
}

/** An option of one ASCII character; `\t` is a tab. */
export function characterOption(options: ConnectorOptions, name: string, fallback: string): number {
  const given = textOption(options, name) ?? fallback
  const text = given === '\\t' ? '\t' : given
  const code = text.charCodeAt(0)
  if (text.length === 1 && code < 128 && code !== 10 && code !== 13) return code
  return mistake({
    code: 'invalid_option',
    message: `option '${name}' cannot be ${JSON.stringify(given)}`,
    hint: 'it takes one ASCII character',
  })
}

/** What a number is multiplied with. */
const byteUnits: Record<string, number> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }
const milliUnits: Record<string, number> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
}

/** An option such as `128MB`, in bytes. */
export function sizeOption(options: ConnectorOptions, name: string, fallback: string): number {
  return measured(options, name, { fallback, units: byteUnits })
}

/** An option such as `30 min`, in milliseconds. */
export function durationOption(options: ConnectorOptions, name: string, fallback: string): number {
  return measured(options, name, { fallback, units: milliUnits })
}

function measured(
  options: ConnectorOptions,
  name: string,
  { fallback, units }: { fallback: string; units: Record<string, number> },
): number {
  const given = textOption(options, name) ?? fallback
  const [, digits, word = ''] = /^\s*(\d{1,15})\s*([a-z]*)\s*$/i.exec(given) ?? []
  const lower = word.toLowerCase()
  const unit = lower === '' ? 1 : (units[lower] ?? units[lower.replace(/s$/, '')])
  if (digits !== undefined && unit !== undefined) return Number(digits) * unit
  return mistake({
    code: 'invalid_option',
    message: `option '${name}' cannot be '${given}'`,
    hint: `for example '${fallback}'`,
  })
}
