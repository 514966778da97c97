/**
 * Pattern: regular expressions and patterns of times on single values.
 *
 * How      A literal pattern is compiled once per call of the plan, others once per text of the pattern.
 */
import {
  compileRegex,
  type Regex,
  RegexMistake,
  similarPattern,
  type TimePattern,
  TimePatternMistake,
  type TimeStyle,
  textArray,
  timePattern,
} from '../../../data/index.ts'
import { Fault, type Outcome } from '../fault.ts'
import type { Maker, Makers } from '../maker.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Remembers what few texts were compiled to. */
function remembering<T>(compile: (text: string) => T | Fault): (text: string) => T | Fault {
  const known = new Map<string, T | Fault>()
  return (text) => {
    let made = known.get(text)
    if (made === undefined) {
      made = compile(text)
      if (known.size > 100) known.clear()
      known.set(text, made)
    }
    return made
  }
}

function regexOf(pattern: string, flags: string): Regex | Fault {
  try {
    return compileRegex(pattern, flags)
  } catch (error) {
    if (!(error instanceof RegexMistake)) throw error
    return new Fault('invalid_argument', `'${pattern}' is no regular expression: ${error.message}`)
  }
}

/** Flags before a line feed, then the pattern: one key for both. */
export const regexBy = () =>
  remembering((key) => {
    const cut = key.indexOf('\n')
    return regexOf(key.slice(cut + 1), key.slice(0, cut))
  })

/** A text with the regular expression over its bytes. */
export class Subject {
  readonly bytes: Uint8Array
  readonly regex: Regex

  constructor(text: string, regex: Regex) {
    this.bytes = encoder.encode(text)
    this.regex = regex
  }

  match(from = 0): boolean {
    return this.regex.match(this.bytes, 0, this.bytes.length, from)
  }

  group(number: number): string | null {
    const { captures } = this.regex
    const [from, to] = [captures[number * 2]!, captures[number * 2 + 1]!]
    return from < 0 || to < 0 ? null : this.cut(from, to)
  }

  cut(from: number, to: number): string {
    return decoder.decode(this.bytes.subarray(from, to))
  }

  /** Where to look for the next match: behind this one, one code point further if it is empty. */
  next(): number {
    const { captures } = this.regex
    let to = captures[1]!
    if (captures[0] === to) {
      do to++
      while (to < this.bytes.length && (this.bytes[to]! & 0xc0) === 0x80)
    }
    return to
  }
}

function over(apply: (subject: Subject, ...more: never[]) => Outcome, flagsAt = -1): Maker {
  const applied = apply as (subject: Subject, ...more: unknown[]) => Outcome
  return () => {
    const compiled = regexBy()
    return (text, pattern, _c, all) => {
      const flags = flagsAt < 0 ? '' : ((all[flagsAt] ?? '') as string)
      const regex = compiled(`${flags}\n${pattern}`)
      if (regex instanceof Fault) return regex
      return applied(new Subject(text as string, regex), ...all.slice(2))
    }
  }
}

function extracted(subject: Subject, group?: bigint): Outcome {
  const number = Number(group ?? defaultGroup(subject.regex))
  if (number < 0 || number > subject.regex.groups) return null
  return subject.match() ? subject.group(number) : null
}

/** Flink's: group 1, the whole match where there is none. */
const defaultGroup = ({ groups }: Regex) => BigInt(Math.min(groups, 1))

function replaced(subject: Subject, replacement: string, flags = ''): string {
  const { regex, bytes } = subject
  let text = ''
  let done = 0
  for (let from = 0; from <= bytes.length && subject.match(from); ) {
    const [start, end] = [regex.captures[0]!, regex.captures[1]!]
    const insert = replacement.replace(/\\([0-9&\\])/g, (_, mark: string) =>
      mark === '\\' ? '\\' : (subject.group(mark === '&' ? 0 : Number(mark)) ?? ''),
    )
    text += subject.cut(done, start) + insert
    done = end
    if (!flags.includes('g')) break
    from = subject.next()
  }
  return text + subject.cut(done, bytes.length)
}

function counted(subject: Subject): bigint {
  let count = 0n
  for (let from = 0; from <= subject.bytes.length && subject.match(from); from = subject.next())
    count++
  return count
}

function pointsBefore(bytes: Uint8Array, end: number): number {
  let points = 0
  for (let at = 0; at < end; at++) if ((bytes[at]! & 0xc0) !== 0x80) points++
  return points
}

/** Element n of REGEXP_MATCH: group n of the first match, the match itself where the pattern has no groups. */
function grouped(subject: Subject, number: bigint): Outcome {
  const { groups } = subject.regex
  if (number < 1n || number > BigInt(Math.max(groups, 1)) || !subject.match()) return null
  return subject.group(groups === 0 ? 0 : Number(number))
}

/** Element n of REGEXP_EXTRACT_ALL: a group of match n. */
function nth(subject: Subject, wanted: bigint, group?: bigint): Outcome {
  const { regex, bytes } = subject
  const number = Number(group ?? 0n)
  if (number < 0 || number > regex.groups) return null
  let count = 0n
  for (let from = 0; from <= bytes.length && subject.match(from); from = subject.next()) {
    if (++count === wanted) return subject.group(number) ?? ''
  }
  return null
}

/** The groups of the first match, the match itself where the pattern has none. */
function groupsOf(subject: Subject): Outcome {
  const { groups } = subject.regex
  if (!subject.match()) return null
  const numbers = Array.from({ length: groups }, (_, at) => at + 1)
  return textArray((groups === 0 ? [0] : numbers).map((number) => subject.group(number)))
}

function allMatches(subject: Subject, group = 0n): Outcome {
  const { regex, bytes } = subject
  const texts: string[] = []
  if (group < 0n || group > BigInt(regex.groups)) return textArray([])
  for (let from = 0; from <= bytes.length && subject.match(from); from = subject.next()) {
    texts.push(subject.group(Number(group)) ?? '')
  }
  return textArray(texts)
}

/** Line ends are characters as any other. */
const whole: Maker = () => {
  const compiled = regexBy()
  return (text, pattern, flags) => {
    const regex = compiled(`${flags ?? ''}\n\\A(?:${pattern})\\z`)
    return regex instanceof Fault ? regex : new Subject(text as string, regex).match()
  }
}

const similar: Maker = () => {
  const compiled = remembering((key) => {
    const [mark, pattern] = JSON.parse(key) as [string, string]
    return regexOf(similarPattern(pattern, mark), '')
  })
  return (text, pattern, mark) => {
    const regex = compiled(JSON.stringify([mark ?? '\\', pattern]))
    return regex instanceof Fault ? regex : new Subject(text as string, regex).match()
  }
}

// ---------------------------------------------------------------- times

function timeBy(style: TimeStyle): (pattern: string) => TimePattern | Fault {
  return remembering((pattern) => {
    try {
      return timePattern(style, pattern)
    } catch (error) {
      if (!(error instanceof TimePatternMistake)) throw error
      return new Fault('invalid_argument', `'${pattern}' is no pattern of times: ${error.message}`)
    }
  })
}

const written =
  (style: TimeStyle): Maker =>
  () => {
    const compiled = timeBy(style)
    return (at, pattern) => {
      const made = compiled(pattern as string)
      return made instanceof Fault ? made : made.format(at as bigint)
    }
  }

/** The microseconds of a text by a pattern; `finish` makes the result of them. */
export function readTime(
  style: TimeStyle,
  finish: (micros: bigint) => Outcome,
): (text: string, pattern: string) => Outcome {
  const compiled = timeBy(style)
  return (text, pattern) => {
    const made = compiled(pattern)
    if (made instanceof Fault) return made
    const micros = made.parse(text)
    if (micros === undefined)
      return new Fault('invalid_cast', `'${text}' does not fit '${pattern}'`)
    return finish(micros)
  }
}

export const patterns: Makers = {
  regexp_extract: over(extracted),
  regexp_substr: over((subject: Subject) => (subject.match() ? subject.group(0) : null)),
  regexp_replace: over(replaced as never, 3),
  regexp_count: over(counted),
  regexp_instr: over((subject: Subject) =>
    subject.match() ? BigInt(pointsBefore(subject.bytes, subject.regex.captures[0]!) + 1) : 0n,
  ),
  regexp_like: over((subject: Subject) => subject.match(), 2),
  regexp_full_match: whole,
  regexp_match: over(groupsOf, 2),
  regexp_extract_all: over(allMatches),
  regexp_match_element: over(grouped, 3),
  regexp_extract_nth: over(nth),
  regexp_escape: () => (text) => (text as string).replace(/[^\p{L}\p{N}_\s]/gu, '\\$&'),
  similar_to: similar,
  date_format: written('java'),
  to_char: written('postgres'),
  strftime: written('c'),
}
