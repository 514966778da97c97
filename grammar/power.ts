/** Power: how tightly operators bind; parser and printer go by the same numbers. */

/** As in Postgres: what has no line of its own binds between BETWEEN and plus. */
export const power = {
  or: 1,
  and: 2,
  not: 3,
  is: 4,
  comparison: 5,
  range: 6,
  other: 7,
  additive: 8,
  multiplicative: 9,
  exponent: 10,
  zone: 11,
  unary: 12,
  postfix: 13,
} as const
