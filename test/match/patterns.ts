/**
 * Patterns: all patterns of a few variables up to a depth, one of each that only differ by the names of the variables.
 *
 * Format   Depth 1 is a variable. A pattern of depth n has parts of less: two behind each other, one or the other, or
 *          in any order; one repeated, not told, or beside an anchor; and the permutations of three variables.
 */
import type { Pattern } from './words.ts'

const leaves: readonly Pattern[] = ['a', 'b', 'c'].map((name) => ({ kind: 'variable', name }))

/** Least, most and how it is written. */
const counts: readonly [number, number, string][] = [
  [0, Number.POSITIVE_INFINITY, '*'],
  [0, Number.POSITIVE_INFINITY, '*?'],
  [1, Number.POSITIVE_INFINITY, '+'],
  [1, Number.POSITIVE_INFINITY, '+?'],
  [0, 1, '?'],
  [0, 1, '??'],
  [2, 2, '{2}'],
  [1, 2, '{1,2}'],
  [0, 2, '{,2}?'],
  [2, Number.POSITIVE_INFINITY, '{2,}?'],
]

const anchors: readonly Pattern[] = (['^', '$'] as const).map((name) => ({ kind: 'anchor', name }))

/** All patterns up to a depth. */
function* every(depth: number): Generator<Pattern> {
  if (depth === 1) {
    yield* leaves
    return
  }
  const below = [...every(depth - 1)]
  yield* below
  // What has no part of the depth before this one has been there already.
  const isOld = new Set(depth > 2 ? [...every(depth - 2)].map(written) : [])
  const fresh = below.map((part) => !isOld.has(written(part)))
  for (const [at, part] of below.entries()) {
    if (!fresh[at]) continue
    for (const [least, most, sign] of counts)
      yield { kind: 'repeat', part, least, most, written: sign }
    if (!hasExclusion(part)) yield { kind: 'exclude', part }
    yield { kind: 'sequence', parts: [anchors[0]!, part] }
    yield { kind: 'sequence', parts: [part, anchors[1]!] }
    yield { kind: 'choice', parts: [part, { kind: 'sequence', parts: [] }] }
    yield { kind: 'choice', parts: [{ kind: 'sequence', parts: [] }, part] }
  }
  for (const kind of ['sequence', 'choice', 'permute'] as const) {
    if (depth === 2) yield { kind, parts: leaves }
    for (const [at, left] of below.entries())
      for (const [to, right] of below.entries())
        if (fresh[at] || fresh[to]) yield { kind, parts: [left, right] }
  }
}

function hasExclusion(pattern: Pattern): boolean {
  if (pattern.kind === 'exclude') return true
  if ('parts' in pattern) return pattern.parts.some(hasExclusion)
  return 'part' in pattern && hasExclusion(pattern.part)
}

/** The pattern as it stands in PATTERN ( … ). */
export function written(pattern: Pattern): string {
  switch (pattern.kind) {
    case 'variable':
    case 'anchor':
      return pattern.name
    case 'sequence':
      return `(${pattern.parts.map(written).join(' ')})`
    case 'choice':
      return `(${pattern.parts.map(written).join(' | ')})`
    case 'permute':
      return `permute(${pattern.parts.map(written).join(', ')})`
    case 'exclude':
      return `{- ${written(pattern.part)} -}`
    case 'repeat': {
      const part = written(pattern.part)
      return pattern.part.kind === 'repeat' || pattern.part.kind === 'exclude'
        ? `(${part})${pattern.written}`
        : part + pattern.written
    }
  }
}

/** Those in which a comes before b, and b before c. */
export function patterns(depth: number): Pattern[] {
  return [...every(depth)].filter((pattern) => {
    const met = new Set(written(pattern).match(/\b[abc]\b/g))
    return [...met].join('') === 'abc'.slice(0, met.size)
  })
}
