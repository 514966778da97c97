/**
 * Deviations: where Millrace gives another answer than DuckDB on purpose, and why.
 *
 * How      An expression of the table, or the beginning of one with …, and the rows on which both may differ.
 */
import type { Cells } from './duckdb.ts'

interface Deviation {
  /** Expressions of the table; one that ends in … stands for all that begin so. */
  of: string[]
  why: string
  on: (cells: Cells) => boolean
}

const notAscii = (text: string | null) => /\P{ASCII}/u.test(text ?? '')
const any = () => true
const isNull = (cell: string | null) => cell === null
const onlyNulls = 'NULLs are left out, so nothing but NULLs is an empty text; there it is NULL'
const year = (text: string | null) => Number(text?.slice(0, 4))

export const deviations: Deviation[] = [
  {
    of: ['lower($0)', 'upper($0)'],
    why: 'case is that of Unicode with its special cases, not one character for one',
    on: ([text]) => notAscii(text!),
  },
  {
    of: [
      'jaro_winkler($0, $1)',
      'jaro_similarity($0, $1)',
      'levenshtein($0, $1)',
      'hamming($0, $1)',
    ],
    why: 'characters are compared, there bytes',
    on: (cells) => cells.some(notAscii),
  },
  {
    of: ['chr($0)'],
    why: 'as in Postgres no text has the character 0',
    on: ([point]) => point === '0',
  },
  {
    of: ['lpad($0, $1, $2)', 'rpad($0, $1, $2)'],
    why: 'as in Postgres nothing is filled up with nothing; there it is a mistake',
    on: ([, , fill]) => fill === '',
  },
  {
    of: ['reverse($0)'],
    why: 'code points are counted, there combined characters',
    on: ([text]) => notAscii(text!),
  },
  {
    of: ['substring($0, $1…'],
    why: 'as in Postgres places before the first count; there they count from the end',
    on: ([, start]) => Number(start) < 0,
  },
  {
    of: ['split_part($0, $1, $2)'],
    why: 'as in Postgres part 0 is a mistake, and a text without separator is one part',
    on: ([, separator, part]) => separator === '' || part === '0',
  },
  {
    of: ['split_index($0, $1, $2)', 'split($0, $1)[$2]'],
    why: 'a text without separator is one part; there it is cut into characters',
    on: ([, separator]) => separator === '' || separator === null,
  },
  {
    of: ['jaro_winkler($0, $1)', 'jaro_similarity($0, $1)', 'hamming($0, $1)'],
    why: 'two empty texts are equal',
    on: ([a, b]) => a === '' && b === '',
  },
  {
    of: ['mod($0, $1)', '$0 % $1'],
    why: 'the rest of the least number by −1 is 0; there it overflows',
    on: ([, divisor]) => divisor === '-1',
  },
  { of: ['url_decode($0)'], why: 'a broken text is NULL as in Flink, there it stays', on: any },
  {
    of: ["format('%.2f…"],
    why: 'zero has no sign in a text',
    on: ([value]) => value === '-0',
  },
  { of: ['round($0, -1)'], why: 'overflow is an error; there it wraps', on: any },
  {
    of: ['acosh($0)', 'atanh($0)', 'power($0, $1)', '$0 / $1', '$0 * $1', '$0 + $1'],
    why: 'what Postgres refuses is an error: division by zero, powers without a value, sums beyond REAL',
    on: any,
  },
  {
    of: ['$0 + $1', '$0 - $1', '$0 * $1'],
    why: 'decimals get the digits that the result needs; there 18 digits overflow',
    on: (cells) => cells.some((cell) => /^-?9{14}\./.test(cell ?? '')),
  },
  {
    of: ['$0 + $1'],
    why: 'there the last day is infinity',
    on: ([, days]) => days === '2147483647',
  },
  {
    of: ["date_diff('week', $0, $1)"],
    why: 'Mondays are counted as the beginnings of other units are; there whole weeks',
    on: any,
  },
  {
    of: ['timestampdiff(month…', 'timestampdiff(quarter…', 'timestampdiff(year…'],
    why: 'both directions have the same size; there the last day of a month is special one way',
    on: any,
  },
  {
    of: ['epoch_ms($0)'],
    why: 'cut towards the past as everywhere, there towards 1970',
    on: ([time]) => year(time!) < 1970,
  },
  {
    of: ['make_timestamp($0)'],
    why: 'every BIGINT is a time; there a few are infinities',
    on: ([micros]) => /^-?9223372036854775/.test(micros ?? ''),
  },
  { of: ["strptime($0, '%Y')"], why: 'a year has four digits', on: any },
  {
    of: ['json_array_length($0)'],
    why: 'what is no array has no length; there it is 0',
    on: any,
  },
  {
    of: [
      'jsonb_path_exists($0, $1)',
      'json_value…',
      'json_query…',
      'json_extract($0, $1)',
      'json_extract_string($0, $1)',
    ],
    why: 'as in lax mode of the standard a value is an array of itself',
    on: ([, path]) => /\[0\]/.test(path ?? ''),
  },
  {
    of: ['jsonb_path_exists($0, $1)'],
    why: 'as in Postgres a member of an array is one of its elements',
    on: ([document, path]) => /\[.*\{/.test(document ?? '') && /\.\w/.test(path ?? ''),
  },
  {
    of: ['json_serialize($0)', 'json_extract…', 'json_value…'],
    why: 'numbers keep their digits as they were written',
    on: ([document]) => document === '1e3',
  },
  {
    of: ['list_position([$0, $1, $0], $2)'],
    why: 'NULL equals nothing, so it has no place; there the first NULL is found',
    on: ([first, second, element]) => element === null && (first === null || second === null),
  },
  {
    of: [
      "array_to_string([$0, $1, $2], '-')",
      'array_to_string(list_sort…',
      'array_to_string(list_reverse_sort…',
      'array_to_string([$0, $1] || [$2]…',
    ],
    why: onlyNulls,
    on: (cells) => cells.every(isNull),
  },
  {
    of: ['array_to_string([$0, $1, $2][2:]…'],
    why: onlyNulls,
    on: (cells) => cells.slice(1).every(isNull),
  },
  {
    of: ['array_to_string([$0, $1, $2][:2]…'],
    why: onlyNulls,
    on: (cells) => cells.slice(0, 2).every(isNull),
  },
  {
    of: ['list_cosine_distance([$0, $1], [$2, 1.5])'],
    why: 'a zero has no direction, so the distance is NaN; there it is 2',
    on: ([x, y]) => x === '0' && y === '0',
  },
]

/** Why both may differ on these cells; undefined where they must not. */
export function reasonFor(ours: string, cells: Cells): string | undefined {
  const names = (of: string) => (of.endsWith('…') ? ours.startsWith(of.slice(0, -1)) : of === ours)
  return deviations.find((one) => one.of.some(names) && one.on(cells))?.why
}
