/**
 * Words: MATCH_RECOGNIZE by the standard's definition, over partitions that are words of a few letters.
 *
 * How      A pattern stands for words of variables, in an order of preference (ISO/IEC 19075-5, preferment): the words
 *          of a choice are those of its first part before those of its second, those of a greedy repetition with one
 *          time more before those with one less. All words of up to so many rows are listed once for a pattern; the
 *          match that begins with a row is the first of them whose conditions hold. Nothing is searched.
 * Contract 1 A variable in a word is its letter, in capitals where its row is not told; ^ and $ are anchors.
 *          2 A time of a repetition that may be left out takes a row.
 */

/** A pattern over the variables a, b and c. */
export type Pattern =
  | { kind: 'variable'; name: string }
  | { kind: 'anchor'; name: '^' | '$' }
  | { kind: 'sequence' | 'choice' | 'permute'; parts: readonly Pattern[] }
  | { kind: 'exclude'; part: Pattern }
  | { kind: 'repeat'; part: Pattern; least: number; most: number; written: string }

/** May the variable take the letter behind these rows of the match? */
export type Condition = (variable: string, letter: string, before: string) => boolean

const sizeOf = (word: string) => word.replaceAll(/[$^]/g, '').length

/** All words of up to `most` rows, each once, the preferred ones first. */
export function wordsOf(pattern: Pattern, most: number): string[] {
  switch (pattern.kind) {
    case 'variable':
      return most > 0 ? [pattern.name] : []
    case 'anchor':
      return [pattern.name]
    case 'exclude':
      return wordsOf(pattern.part, most).map((word) => word.toUpperCase())
    case 'choice':
      return once(pattern.parts.flatMap((part) => wordsOf(part, most)))
    case 'sequence':
      return pattern.parts.reduce(
        (left, part) => behind(left, (rest) => wordsOf(part, rest), most),
        [''],
      )
    case 'permute':
      return once(
        ordersOf(pattern.parts).flatMap((parts) => wordsOf({ kind: 'sequence', parts }, most)),
      )
    case 'repeat': {
      const { part, least, most: times, written } = pattern
      // No more rows fit than `most`; of times that must be, some may be empty.
      const times1 = Math.min(times, least + most)
      const firsts = Array.from({ length: most + 1 }, (_, size) => wordsOf(part, size))
      return repeated(firsts, least, times1, most, written.endsWith('?') && written.length > 1)
    }
  }
}

/** The words of a part, by how many rows they may have, `least` to `times` times. */
function repeated(
  firsts: readonly string[][],
  least: number,
  times: number,
  most: number,
  reluctant: boolean,
): string[] {
  if (times === 0) return ['']
  const first = firsts[most]!.filter((word) => least > 0 || sizeOf(word) > 0)
  const rest = (size: number) =>
    repeated(firsts, Math.max(0, least - 1), times - 1, size, reluctant)
  const more = behind(first, rest, most)
  if (least > 0) return more
  return once(reluctant ? ['', ...more] : [...more, ''])
}

/** Every word of `left`, continued in every way. */
function behind(left: readonly string[], right: (rest: number) => string[], most: number) {
  const known = new Map<number, string[]>()
  return once(
    left.flatMap((word) => {
      const rest = most - sizeOf(word)
      const ways = known.get(rest) ?? right(rest)
      known.set(rest, ways)
      return ways.map((way) => word + way)
    }),
  )
}

const once = (words: readonly string[]): string[] => [...new Set(words)]

/** The orders of some things, by the places of these. */
function ordersOf<T>(parts: readonly T[]): T[][] {
  if (parts.length === 0) return [[]]
  return parts.flatMap((part, at) =>
    ordersOf(parts.toSpliced(at, 1)).map((others) => [part, ...others]),
  )
}

/** The first word that `letters` can be read as, from the place `start` on; null when there is none. */
function matchAt(words: readonly string[], letters: string, start: number, holds: Condition) {
  for (const word of words) if (reads(word, letters, start, holds)) return word
  return null
}

function reads(word: string, letters: string, start: number, holds: Condition): boolean {
  let before = ''
  for (const sign of word) {
    const at = start + before.length
    if (sign === '^' ? at > 0 : sign === '$' && at < letters.length) return false
    if (sign === '^' || sign === '$') continue
    const variable = sign.toLowerCase()
    if (at >= letters.length || !holds(variable, letters[at]!, before)) return false
    before += variable
  }
  return true
}

/** What is told of a partition with ALL ROWS PER MATCH: place of the row, number of the match, variable. */
export function toldOf(
  words: readonly string[],
  letters: string,
  skip: 'past' | 'next',
  holds: Condition,
): string[] {
  const told: string[] = []
  let matches = 0
  for (let start = 0; start < letters.length; ) {
    const word = matchAt(words, letters, start, holds)
    const rows = word?.replaceAll(/[$^]/g, '') ?? ''
    if (word !== null) matches++
    if (word !== null && rows === '') told.push(`${start} ${matches} null`)
    for (const [at, variable] of [...rows].entries()) {
      if (variable === variable.toLowerCase()) told.push(`${start + at} ${matches} ${variable}`)
    }
    start += skip === 'next' ? 1 : Math.max(1, rows.length)
  }
  return told
}
