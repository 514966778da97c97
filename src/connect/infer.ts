/**
 * Infer: finds the type of a column from the texts of its first values.
 *
 * How      The narrowest type that takes every value: BOOLEAN, BIGINT, DOUBLE, DATE, TIMESTAMP(3), TIMESTAMP(6), else
 *          VARCHAR. Numbers with leading zeros are codes (`02134`), not numbers. A column of NULLs is VARCHAR.
 * Contract 1 (checked) no digit is lost: a whole number that is neither a BIGINT nor exact as a DOUBLE makes a VARCHAR.
 */
import { parseValue, type Type } from '../data/index.ts'

/** Rows that are looked at. */
export const INFER_ROWS = 1000

const candidates: { type: Type; shape: RegExp }[] = [
  { type: { kind: 'boolean' }, shape: /^(true|false)$/i },
  { type: { kind: 'bigint' }, shape: /^[+-]?(0|[1-9]\d{0,18})$/ },
  {
    type: { kind: 'double' },
    shape: /^[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[+-]?\d+)?$|^nan$|^[+-]?infinity$/i,
  },
  { type: { kind: 'date' }, shape: /^\d{4}-\d\d-\d\d$/ },
  {
    type: { kind: 'timestamp', precision: 3 },
    shape: /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d{1,3})?Z?)?$/,
  },
  {
    type: { kind: 'timestamp', precision: 6 },
    shape: /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d{1,9})?Z?)?$/,
  },
]

/** The type that takes all `texts`; null among them is NULL. */
export function inferType(texts: Iterable<string | null>): Type {
  let left = candidates
  let seen = false
  for (const text of texts) {
    if (text === null) continue
    seen = true
    left = left.filter(
      ({ type, shape }) =>
        shape.test(text) &&
        parseValue(text, type) !== undefined &&
        (type.kind !== 'double' || isExact(text)),
    )
    if (left.length === 0) break
  }
  return seen && left[0] !== undefined ? left[0].type : { kind: 'varchar' }
}

/** Texts with a point or an exponent are meant as DOUBLE; of whole numbers every digit counts. */
function isExact(text: string): boolean {
  return !/^[+-]?\d{16,}$/.test(text) || BigInt(Number(text)) === BigInt(text.replace('+', ''))
}

/** Does the text read as something else than a word? Then a line that has it is no header. */
export function isTyped(text: string): boolean {
  return inferType([text]).kind !== 'varchar'
}

/** Names made distinct, case aside, by _1, _2 …; empty ones become `column1` … by their place. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((given, index) => {
    const name = given === '' ? `column${index + 1}` : given
    let unique = name
    for (let count = 1; taken.has(unique.toLowerCase()); count++) unique = `${name}_${count}`
    taken.add(unique.toLowerCase())
    return unique
  })
}
