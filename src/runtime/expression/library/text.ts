/**
 * Text: the string functions of the library on single values.
 *
 * Contract 1 (trusted) places and lengths count code points; results are well-formed.
 */
import { createHash } from 'node:crypto'
import { textArray, type Value } from '../../../data/index.ts'
import { type Fault, invalid, type Outcome, type Scalar } from '../fault.ts'
import type { Makers } from '../maker.ts'

const bytesMax = 16 * 1024 * 1024
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

const points = (text: string): string[] => [...text]
// biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII characters
const isAscii = (text: string) => /^[\x00-\x7f]*$/.test(text)
const lengthOf = (text: string) => (isAscii(text) ? text.length : points(text).length)

/** A function of texts and whole numbers, without what the host has to know. */
type Plain = (...args: never[]) => Outcome

function plain(f: Plain): () => Scalar {
  const apply = f as (...args: Value[]) => Outcome
  return () => (_a, _b, _c, all) => apply(...all)
}

function part(text: string, from: number, count: number): string {
  if (isAscii(text)) return text.slice(from, from + Math.max(0, count))
  return points(text)
    .slice(from, from + Math.max(0, count))
    .join('')
}

/** Place of `needle` in code points from 1, searched from code point `from` on; 0 = not there. */
function placeOf(text: string, needle: string, from = 0): number {
  if (isAscii(text)) return text.indexOf(needle, from) + 1
  const start = points(text).slice(0, from).join('').length
  const found = text.indexOf(needle, start)
  return found < 0 ? 0 : points(text.slice(0, found)).length + 1
}

function trimmed(text: string, set: string, sides: 'left' | 'right' | 'both'): string {
  const all = points(text)
  const drop = new Set(points(set))
  let [from, to] = [0, all.length]
  if (sides !== 'right') while (from < to && drop.has(all[from]!)) from++
  if (sides !== 'left') while (to > from && drop.has(all[to - 1]!)) to--
  return all.slice(from, to).join('')
}

function padded(text: string, count: bigint, fill: string, left: boolean): Outcome {
  if (count > BigInt(bytesMax / 4)) return invalid('the result is longer than 16 MB')
  const all = points(text)
  const wanted = Math.max(0, Number(count))
  if (all.length >= wanted) return all.slice(0, wanted).join('')
  const filling = points(fill)
  if (filling.length === 0) return text
  const more = Array.from(
    { length: wanted - all.length },
    (_, index) => filling[index % filling.length]!,
  ).join('')
  return left ? more + text : text + more
}

/** Parts of a text between separators; an empty text has one part, an empty separator leaves it whole. */
function partsOf(text: string, separator: string): string[] {
  return separator === '' ? [text] : text.split(separator)
}

function splitPart(text: string, separator: string, number: bigint): Outcome {
  if (number === 0n) return invalid('parts are counted from 1')
  const parts = partsOf(text, separator)
  const index = number > 0n ? Number(number) - 1 : parts.length + Number(number)
  return parts[index] ?? ''
}

function splitIndex(text: string, separator: string, index: bigint): Outcome {
  if (index < 0n) return null
  return partsOf(text, separator)[Number(index)] ?? null
}

function titled(text: string): string {
  return text.replace(/[\p{L}\p{N}]+/gu, (word) => {
    const [first, ...rest] = points(word)
    return first!.toUpperCase() + rest.join('').toLowerCase()
  })
}

function overlaid(text: string, piece: string, start: bigint, count?: bigint): Outcome {
  if (start < 1n) return invalid('places are counted from 1')
  const all = points(text)
  const from = Number(start) - 1
  const end = from + (count === undefined ? lengthOf(piece) : Number(count))
  return all.slice(0, from).join('') + piece + all.slice(Math.max(0, end)).join('')
}

function levenshtein(a: string, b: string): bigint {
  const [x, y] = [points(a), points(b)]
  let row = y.map((_, index) => index + 1)
  row.unshift(0)
  for (const [i, point] of x.entries()) {
    const next = [i + 1]
    for (let j = 0; j < y.length; j++) {
      next.push(Math.min(row[j]! + Number(point !== y[j]), row[j + 1]! + 1, next[j]! + 1))
    }
    row = next
  }
  return BigInt(row[y.length]!)
}

function jaroOf(a: string, b: string): number {
  const [x, y] = [points(a), points(b)]
  if (x.length === 0 || y.length === 0) return x.length === y.length ? 1 : 0
  const reach = Math.max(0, Math.floor(Math.max(x.length, y.length) / 2) - 1)
  const taken = new Set<number>()
  const matched = x.filter((point, i) => {
    for (let j = Math.max(0, i - reach); j <= Math.min(y.length - 1, i + reach); j++) {
      if (y[j] !== point || taken.has(j)) continue
      taken.add(j)
      return true
    }
    return false
  })
  if (matched.length === 0) return 0
  const others = y.filter((_, j) => taken.has(j))
  const swaps = matched.filter((point, index) => point !== others[index]).length >> 1
  const same = matched.length
  const jaro = (same / x.length + same / y.length + (same - swaps) / same) / 3
  return jaro
}

/** A common beginning of up to four characters counts where the texts are alike enough. */
function jaroWinkler(a: string, b: string): number {
  const jaro = jaroOf(a, b)
  if (jaro <= 0.7) return jaro
  const [x, y] = [points(a), points(b)]
  let shared = 0
  while (shared < 4 && shared < Math.min(x.length, y.length) && x[shared] === y[shared]) shared++
  return jaro + shared * 0.1 * (1 - jaro)
}

function hamming(a: string, b: string): Outcome {
  const [x, y] = [points(a), points(b)]
  if (x.length !== y.length) return invalid('hamming takes two texts of one length')
  return BigInt(x.filter((point, index) => point !== y[index]).length)
}

function translated(text: string, from: string, to: string): string {
  const [source, target] = [points(from), points(to)]
  const table = new Map<string, string>()
  source.forEach((point, index) => {
    if (!table.has(point)) table.set(point, target[index] ?? '')
  })
  return points(text)
    .map((point) => table.get(point) ?? point)
    .join('')
}

function countOf(text: string, needle: string): bigint {
  if (needle === '') return 0n
  const [first] = points(needle)
  return BigInt(text.split(first!).length - 1)
}

const hexOf = (text: string) => Buffer.from(encoder.encode(text)).toString('hex')
const digest = (algorithm: string) =>
  plain((text: string) => createHash(algorithm).update(text, 'utf8').digest('hex'))

function decoded(text: string, form: 'base64' | 'hex'): Outcome {
  const bytes = Buffer.from(text, form)
  const back = bytes.toString(form)
  const wanted = form === 'hex' ? text.toLowerCase() : text.replace(/\s/g, '')
  if (back !== wanted) return invalid(`'${text}' is no ${form}`)
  try {
    return decoder.decode(bytes)
  } catch {
    return invalid('the decoded bytes are no UTF-8')
  }
}

function encoded(text: string, form: string): Outcome {
  switch (form.toLowerCase()) {
    case 'base64':
      return Buffer.from(text).toString('base64')
    case 'hex':
      return hexOf(text)
    case 'escape':
      return text.replaceAll('\\', '\\\\')
    default:
      return invalid(`there is no encoding ${form}`)
  }
}

function decodedAs(text: string, form: string): Outcome {
  const name = form.toLowerCase()
  if (name === 'base64' || name === 'hex') return decoded(text, name)
  return invalid(`there is no encoding ${form}`)
}

const encodedUrl = (text: string) =>
  encodeURIComponent(text)
    .replace(/[!'()~]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')

function decodedUrl(text: string): Outcome {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return null
  }
}

const urlForm =
  /^([A-Za-z][\w+.-]*):\/\/(?:([^@/?#]*)@)?(\[[^\]]*\]|[^:/?#]*)(:\d+)?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s

function urlPart(url: string, name: string, key?: string): Outcome {
  const match = urlForm.exec(url)
  if (match === null) return null
  const [, protocol, user, host, port = '', path, query, fragment] = match
  if (key !== undefined) {
    if (name.toUpperCase() !== 'QUERY') return null
    const pair = query?.split('&').find((one) => one === key || one.startsWith(`${key}=`))
    return pair === undefined ? null : pair.slice(key.length + 1)
  }
  switch (name.toUpperCase()) {
    case 'PROTOCOL':
      return protocol!
    case 'USERINFO':
      return user ?? null
    case 'HOST':
      return host!
    case 'AUTHORITY':
      return `${user === undefined ? '' : `${user}@`}${host}${port}`
    case 'PATH':
      return path!
    case 'FILE':
      return query === undefined ? path! : `${path}?${query}`
    case 'QUERY':
      return query ?? null
    case 'REF':
      return fragment ?? null
    default:
      return null
  }
}

const directive = /%(?:(%)|([-+0 ]*)(\d*)(?:\.(\d+))?([a-zA-Z]))/g

function formatted(pattern: string, ...args: string[]): Outcome {
  let next = 0
  let fault: Fault | null = null
  const text = pattern.replace(
    directive,
    (
      all,
      percent: string | undefined,
      flags: string,
      width: string,
      digits: string | undefined,
      kind: string,
    ) => {
      if (percent !== undefined) return '%'
      if (next >= args.length) {
        fault ??= invalid('format has fewer arguments than directives')
        return ''
      }
      const body = converted(args[next++]!, kind, digits)
      if (body === null) {
        fault ??= invalid(`format cannot show '${args[next - 1]}' as ${all}`)
        return ''
      }
      return fitted(body, flags, Math.min(Number(width), 10_000))
    },
  )
  return fault ?? text
}

function converted(value: string, kind: string, digits: string | undefined): string | null {
  if (kind === 's')
    return digits === undefined ? value : points(value).slice(0, Number(digits)).join('')
  if (kind === 'd' || kind === 'x' || kind === 'X' || kind === 'c') {
    if (!/^-?\d+$/.test(value)) return null
    const whole = BigInt(value)
    if (kind === 'd') return value
    if (kind === 'c')
      return whole >= 0n && whole <= 0x10ffffn ? String.fromCodePoint(Number(whole)) : null
    const text = BigInt.asUintN(64, whole).toString(16)
    return kind === 'x' ? text : text.toUpperCase()
  }
  const number = Number(value)
  if (value.trim() === '' || (Number.isNaN(number) && value !== 'NaN')) return null
  const places = Math.min(Number(digits ?? 6), 100)
  if (kind === 'f') return number.toFixed(places)
  if (kind === 'e') return number.toExponential(places).replace(/e([+-])(\d)$/, 'e$10$2')
  return null
}

function fitted(body: string, flags: string, width: number): string {
  const isNumber = /^-?[\d.]/.test(body)
  const sign =
    isNumber && !body.startsWith('-')
      ? flags.includes('+')
        ? '+'
        : flags.includes(' ')
          ? ' '
          : ''
      : ''
  const signed = sign + body
  const lacking = width - lengthOf(signed)
  if (lacking <= 0) return signed
  if (flags.includes('-')) return signed + ' '.repeat(lacking)
  if (!flags.includes('0') || !isNumber) return ' '.repeat(lacking) + signed
  const [, lead, digits] = /^([-+ ]?)(.*)$/s.exec(signed)!
  return lead + '0'.repeat(lacking) + digits
}

const largePoint = 0x10ffffn

export const texts: Makers = {
  ascii: plain((text: string) => BigInt(text.codePointAt(0) ?? 0)),
  bit_length: plain((text: string) => BigInt(encoder.encode(text).length * 8)),
  btrim: plain((text: string, set = ' ') => trimmed(text, set, 'both')),
  chr: plain((point: bigint) =>
    point < 1n || point > largePoint || (point >= 0xd800n && point <= 0xdfffn)
      ? invalid(`${point} is no code point`)
      : String.fromCodePoint(Number(point)),
  ),
  concat_ws: plain((separator: string | null, ...parts: (string | null)[]) =>
    separator === null ? null : parts.filter((one) => one !== null).join(separator),
  ),
  contains: plain((text: string, needle: string) => text.includes(needle)),
  count_char: plain(countOf),
  ends_with: plain((text: string, end: string) => text.endsWith(end)),
  format: plain(formatted),
  initcap: plain(titled),
  instr: plain((text: string, needle: string) => BigInt(placeOf(text, needle))),
  hamming: plain(hamming),
  jaro_similarity: plain(jaroOf),
  jaro_winkler: plain(jaroWinkler),
  strip_accents: plain((text: string) =>
    text
      .normalize('NFD')
      .replace(/\p{Mn}/gu, '')
      .normalize('NFC'),
  ),
  left: plain((text: string, count: bigint) =>
    count >= 0n ? part(text, 0, Number(count)) : part(text, 0, lengthOf(text) + Number(count)),
  ),
  levenshtein: plain(levenshtein),
  locate: plain((needle: string, text: string, from?: bigint) => {
    if (from !== undefined && from < 1n) return 0n
    return BigInt(placeOf(text, needle, from === undefined ? 0 : Number(from) - 1))
  }),
  lpad: plain((text: string, count: bigint, fill = ' ') => padded(text, count, fill, true)),
  ltrim: plain((text: string, set = ' ') => trimmed(text, set, 'left')),
  md5: digest('md5'),
  octet_length: plain((text: string) => BigInt(encoder.encode(text).length)),
  overlay: plain(overlaid),
  parse_url: plain(urlPart),
  position: plain((needle: string, text: string) => BigInt(placeOf(text, needle))),
  repeat: plain((text: string, count: bigint) => {
    if (count <= 0n) return ''
    if (count * BigInt(text.length) > BigInt(bytesMax / 4))
      return invalid('the result is longer than 16 MB')
    return text.repeat(Number(count))
  }),
  replace: plain((text: string, from: string, to: string) =>
    from === '' ? text : text.replaceAll(from, () => to),
  ),
  reverse: plain((text: string) => points(text).reverse().join('')),
  right: plain((text: string, count: bigint) => {
    const length = lengthOf(text)
    const taken =
      count >= 0n ? Math.min(length, Number(count)) : Math.max(0, length + Number(count))
    return part(text, length - taken, taken)
  }),
  rpad: plain((text: string, count: bigint, fill = ' ') => padded(text, count, fill, false)),
  rtrim: plain((text: string, set = ' ') => trimmed(text, set, 'right')),
  sha1: digest('sha1'),
  sha256: digest('sha256'),
  sha512: digest('sha512'),
  string_split: plain((text: string, separator: string) => textArray(partsOf(text, separator))),
  string_to_array: plain((text: string, separator: string) =>
    textArray(text === '' ? [] : partsOf(text, separator)),
  ),
  split_element: plain((text: string, separator: string, number: bigint) =>
    number < 1n ? null : splitIndex(text, separator, number - 1n),
  ),
  string_to_array_element: plain((text: string, separator: string, number: bigint) =>
    text === '' || number < 1n ? null : splitIndex(text, separator, number - 1n),
  ),
  split_index: plain(splitIndex),
  split_part: plain(splitPart),
  starts_with: plain((text: string, begin: string) => text.startsWith(begin)),
  to_base64: plain((text: string) => Buffer.from(text).toString('base64')),
  from_base64: plain((text: string) => decoded(text, 'base64')),
  to_hex: plain((value: string | bigint) =>
    typeof value === 'string' ? hexOf(value) : BigInt.asUintN(64, value).toString(16),
  ),
  encode: plain(encoded),
  decode: plain(decodedAs),
  translate: plain(translated),
  url_decode: plain(decodedUrl),
  url_encode: plain(encodedUrl),
}
