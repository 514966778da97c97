/**
 * Functions of texts of the reference interpreter; a character is a code point.
 */
import type { Value } from '../../../src/data/index.ts'
import { Fault, type Known } from '../value.ts'

export function textFunction(name: string, a: string, b: Known, c: Known | undefined): Value {
  switch (name) {
    case 'concat_strict':
      return `${a}${b}`
    case 'lower':
      return a.toLowerCase()
    case 'upper':
      return a.toUpperCase()
    case 'trim':
      return a.replace(/^ +| +$/g, '')
    case 'length':
      return BigInt([...a].length)
    case 'like':
      return like(a, b as string, c as string | undefined)
    case 'check_length':
      if ([...a].length <= Number(b)) return a
      throw new Fault('overflow', `value too long for VARCHAR(${b})`)
    case 'substring':
      return substring(a, Number(b), c === undefined ? null : Number(c))
    default:
      throw new Error(`no such function in the oracle: ${name}`)
  }
}

/** Postgres: positions before the first count, and take nothing. */
function substring(text: string, start: number, count: number | null): string {
  if (count !== null && count < 0) throw new Fault('invalid_argument', 'negative substring length')
  const points = [...text]
  const end = count === null ? points.length : start - 1 + count
  return points.slice(Math.max(0, start - 1), Math.max(0, end)).join('')
}

function like(text: string, pattern: string, escapeSign = '\\'): boolean {
  const points = [...pattern]
  let source = ''
  for (let index = 0; index < points.length; index++) {
    const point = points[index]!
    if (escapeSign !== '' && point === escapeSign) {
      index++
      if (index === points.length) {
        throw new Fault('invalid_argument', 'a pattern must not end with the escape character')
      }
      source += quoted(points[index]!)
    } else if (point === '%') source += '[^]*'
    else if (point === '_') source += '[^]'
    else source += quoted(point)
  }
  return new RegExp(`^${source}$`, 'u').test(text)
}

const quoted = (point: string) => point.replace(/[\\^$.*+?()[\]{}|/]/gu, (sign) => `\\${sign}`)
