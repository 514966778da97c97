/**
 * Host: values as a program gives them (rows of `append`, of JavaScript sources) as values of a column.
 *
 * Format   BOOLEAN boolean · INTEGER, BIGINT number, bigint · DOUBLE number, bigint · DECIMAL number, bigint, both for
 *          what they count · VARCHAR string · DATE Date, number of days since 1970 · TIMESTAMP Date, number of
 *          milliseconds, bigint of microseconds since 1970 · INTERVAL number of milliseconds, bigint of microseconds ·
 *          for each of them a string, read as CAST reads it.
 * Contract 1 (checked) a value out of range, of another kind or with a fraction where none is taken is undefined.
 *          2 (checked) times are cut to the precision of the column towards the past, as those of texts are.
 * See      test/data/host.test.ts; src/rows.ts for the other way
 */
import { parseValue } from './text.ts'
import { precisionMicros, type Type, type Value } from './type.ts'

const DAY_MILLIS = 86_400_000

/** The value of `type` that `given`, which is neither null nor undefined, stands for; undefined when there is none. */
export function hostValue(given: unknown, type: Type): Value | undefined {
  switch (typeof given) {
    case 'string':
      return type.kind === 'varchar' ? given : parseValue(given, type)
    case 'boolean':
      return type.kind === 'boolean' ? given : undefined
    case 'number':
      return ofNumber(given, type)
    case 'bigint':
      return ofBigint(given, type)
    default:
      return given instanceof Date ? ofDate(given, type) : undefined
  }
}

function ofNumber(given: number, type: Type): Value | undefined {
  switch (type.kind) {
    case 'double':
      return given
    case 'decimal':
      return parseValue(String(given), type)
    case 'timestamp':
    case 'interval':
      return Number.isFinite(given) ? cut(BigInt(Math.round(given * 1000)), type) : undefined
    default:
      return Number.isInteger(given) ? ofBigint(BigInt(given), type) : undefined
  }
}

function ofBigint(given: bigint, type: Type): Value | undefined {
  switch (type.kind) {
    case 'integer':
    case 'date':
      return BigInt.asIntN(32, given) === given ? Number(given) : undefined
    case 'bigint':
      return BigInt.asIntN(64, given) === given ? given : undefined
    case 'double':
      return Number(given)
    case 'decimal':
      return parseValue(String(given), type)
    case 'timestamp':
    case 'interval':
      return cut(given, type)
    default:
      return undefined
  }
}

function ofDate(given: Date, type: Type): Value | undefined {
  const millis = given.getTime()
  if (Number.isNaN(millis)) return undefined
  if (type.kind === 'date') return Math.floor(millis / DAY_MILLIS)
  return type.kind === 'timestamp' ? cut(BigInt(millis) * 1000n, type) : undefined
}

/** Microseconds cut to the precision of the type. */
function cut(micros: bigint, type: Type): bigint | undefined {
  const unit = precisionMicros(type)
  const rest = micros % unit
  const value = micros - (rest < 0n ? rest + unit : rest)
  return BigInt.asIntN(64, value) === value ? value : undefined
}
