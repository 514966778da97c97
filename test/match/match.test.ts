/**
 * Match: MATCH_RECOGNIZE finds what the standard's definition says: all patterns up to depth 3 of up to three
 * variables, on all partitions of up to six rows of three letters.
 *
 * How      All partitions, 1,092 of them, are one table; a query asks for the matches of a pattern in all of them. Two
 *          ways to say which letters a variable takes are the same for every variable, so that of patterns that only
 *          differ by the names of these one is enough; the third one, which looks at the rows before, takes them as
 *          they are. A run takes one pattern of depth 3 in sixty (in CI; else in eight hundred), others with every
 *          commit.
 * See      MILLRACE_MATCH_SHARE=1 for all of them: 27,792 queries, half an hour
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/database/index.ts'
import { commitSeed } from '../seed.ts'
import { isFull, sized } from '../size.ts'
import { patterns, written } from './patterns.ts'
import { type Condition, type Pattern, toldOf, wordsOf } from './words.ts'

const rowsMax = 6
/** One pattern in so many. */
const share = Number(process.env['MILLRACE_MATCH_SHARE'] ?? sized(800, 60))

/** All words of one to `rowsMax` letters. */
const inputs = Array.from({ length: rowsMax }, (_, size) =>
  Array.from({ length: 3 ** (size + 1) }, (_, code) =>
    code
      .toString(3)
      .padStart(size + 1, '0')
      .replaceAll(/\d/g, (digit) => 'abc'[Number(digit)]!),
  ),
).flat()

interface Regime {
  name: string
  /** Conditions by variable. */
  define: Record<string, string>
  holds: Condition
}

const holdsOfTwo: Condition = (variable, letter) => letter !== { a: 'c', b: 'a', c: 'b' }[variable]

const regimes: readonly Regime[] = [
  {
    name: 'letters of their own',
    define: { a: "x = 'a'", b: "x = 'b'", c: "x = 'c'" },
    holds: (variable, letter) => variable === letter,
  },
  {
    name: 'letters in common',
    define: { a: "x <> 'c'", b: "x <> 'a'", c: "x <> 'b'" },
    holds: holdsOfTwo,
  },
  {
    name: 'a condition on rows before',
    define: { a: "x <> 'c'", b: "x <> 'a' and count(a.*) <= 1", c: "x <> 'b'" },
    holds: (variable, letter, before) =>
      holdsOfTwo(variable, letter, before) &&
      (variable !== 'b' || before.replaceAll(/[^a]/g, '').length <= 1),
  },
]

const database = new Database({ connectors: new Map() })

beforeAll(async () => {
  await database.execute('CREATE TABLE t (id INT, n INT, x VARCHAR) APPEND ONLY')
  const rows = inputs.flatMap((word, id) => [...word].map((letter, n) => [id, n, letter]))
  await database.append('t', rows)
})
afterAll(() => database.close())

/** What a query tells of every partition: place of the row, number of the match, variable. */
async function answersOf(pattern: Pattern, { define }: Regime, skip: 'past' | 'next') {
  const text = written(pattern)
  const own = Object.entries(define).filter(([name]) => new RegExp(`\\b${name}\\b`).test(text))
  const { rows } = await database.query(`
    SELECT id, n, m, c FROM t MATCH_RECOGNIZE (
      PARTITION BY id ORDER BY n
      MEASURES match_number() AS m, classifier() AS c ALL ROWS PER MATCH
      AFTER MATCH SKIP ${skip === 'past' ? 'PAST LAST ROW' : 'TO NEXT ROW'}
      PATTERN (${text}) DEFINE ${own.map(([name, condition]) => `${name} AS ${condition}`).join(', ')})`)
  const told = inputs.map((): string[] => [])
  for (const [id, n, m, c] of rows) told[id as number]!.push(`${n} ${m} ${c}`)
  return told
}

async function compare(pattern: Pattern): Promise<void> {
  const words = wordsOf(pattern, rowsMax)
  for (const regime of regimes) {
    for (const skip of ['past', 'next'] as const) {
      const told = await answersOf(pattern, regime, skip)
      for (const [id, word] of inputs.entries()) {
        const due = toldOf(words, word, skip, regime.holds)
        if (due.join() === told[id]!.join()) continue
        expect(told[id], `${written(pattern)} in ${word}, ${regime.name}, skip ${skip}`).toEqual(
          due,
        )
      }
    }
  }
}

test('the definition: words in order of preference', () => {
  const wordsIn = (pattern: Pattern) => wordsOf(pattern, 2)
  const [a, b] = ['a', 'b'].map((name): Pattern => ({ kind: 'variable', name }))
  const repeat = { kind: 'repeat', part: a!, least: 0, most: Number.POSITIVE_INFINITY } as const
  expect(wordsIn({ ...repeat, written: '*' })).toEqual(['aa', 'a', ''])
  expect(wordsIn({ ...repeat, written: '*?' })).toEqual(['', 'a', 'aa'])
  expect(wordsIn({ kind: 'permute', parts: [a!, b!] })).toEqual(['ab', 'ba'])
  expect(wordsIn({ kind: 'choice', parts: [{ kind: 'exclude', part: b! }, a!] })).toEqual([
    'B',
    'a',
  ])
})

test('all patterns up to depth 2', async () => {
  for (const pattern of patterns(isFull ? 2 : 1)) await compare(pattern)
})

/** Those of this run. */
const all = patterns(3)
const from = commitSeed('match') % share
const drawn = all.filter((_, at) => at % share === from)

test.each(drawn.map((pattern) => [written(pattern), pattern] as const))('%s', (_, pattern) =>
  compare(pattern),
)
