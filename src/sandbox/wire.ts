/**
 * Wire: values between this thread and a sandbox, as JSON.
 *
 * Format   as JSON; what JSON has no form for is an object with the one key U+0000, whose value is [kind, content]: big
 *          and decimal digits; num and NaN, Infinity, -Infinity or -0; bytes and a list of numbers; date and
 *          milliseconds. Undefined is null.
 * Contract 1 (checked) every value of a row comes back from a sandbox as it went in; `wireProgram` does there what
 *            `encode` and `decode` do here.
 */

const mark = '\u0000'

type Tagged = Record<string, [kind: string, content: unknown]>

const tag = (kind: string, content: unknown): Tagged => ({ [mark]: [kind, content] })

function out(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return tag('big', String(value))
    case 'number':
      if (Number.isFinite(value) && !Object.is(value, -0)) return value
      return tag('num', Object.is(value, -0) ? '-0' : String(value))
    case 'object': {
      if (value === null) return null
      if (value instanceof Uint8Array) return tag('bytes', Array.from(value))
      if (Array.isArray(value)) return value.map(out)
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, out(one)]))
    }
    default:
      return value
  }
}

function back(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(back)
  const tagged = (value as Tagged)[mark]
  if (tagged === undefined) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, back(one)]))
  }
  const [kind, content] = tagged
  if (kind === 'big') return BigInt(content as string)
  if (kind === 'bytes') return new Uint8Array(content as number[])
  return kind === 'date' ? new Date(content as number) : Number(content)
}

export function encode(value: unknown): string {
  return JSON.stringify(out(value))
}

export function decode(text: string): unknown {
  return back(JSON.parse(text))
}

/** The other side: its value is `{ encode, decode }`, with copies of what a function could change. */
export const wireProgram = `(() => {
  const { stringify, parse } = JSON
  const { isArray } = Array
  const { entries, fromEntries } = Object
  const tag = (kind, content) => ({ '\\0': [kind, content] })
  const out = (value) => {
    switch (typeof value) {
      case 'undefined': return null
      case 'bigint': return tag('big', String(value))
      case 'number':
        if (Number.isFinite(value) && !Object.is(value, -0)) return value
        return tag('num', Object.is(value, -0) ? '-0' : String(value))
      case 'object':
        if (value === null) return null
        if (value instanceof Uint8Array) return tag('bytes', Array.from(value))
        if (value instanceof Date) return tag('date', value.getTime())
        if (value instanceof Promise) throw new Error('it gave a promise, and rows are computed without waiting')
        if (isArray(value)) return value.map(out)
        return fromEntries(entries(value).map(([key, one]) => [key, out(one)]))
      case 'function': case 'symbol': throw new Error('it gave a ' + typeof value)
      default: return value
    }
  }
  const back = (value) => {
    if (typeof value !== 'object' || value === null) return value
    if (isArray(value)) return value.map(back)
    const tagged = value['\\0']
    if (tagged === undefined) return fromEntries(entries(value).map(([key, one]) => [key, back(one)]))
    const [kind, content] = tagged
    if (kind === 'big') return BigInt(content)
    return kind === 'bytes' ? new Uint8Array(content) : Number(content)
  }
  return { encode: (value) => stringify(out(value)), decode: (text) => back(parse(text)) }
})()`
