/**
 * Sequence aggregates: what is told of the values of rows by their times: ST_TRAJECTORY, DWELL, TIME_WEIGHTED_AVG.
 *
 * How      Each row gives a value and its time; rows in which one of them is NULL do not count. What becomes of them is
 *          in src/runtime/expression/library/sequence.ts.
 */
import { type Type, typeText } from '../../../data/index.ts'
import {
  boolean,
  coerce,
  double,
  geometry,
  interval,
  isAdaptable,
  isNumeric,
  timestamp,
  varchar,
} from '../../coerce.ts'
import { and, branch, call, choose, literal } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { fail } from '../binding.ts'
import type { Call } from './function.ts'
import { bindLibrary } from './library.ts'

interface Sequence {
  arguments: number
  /** Of a row. */
  value: (given: Call) => Expression
  kind: string
  gives: Type
}

export const sequenceAggregates: Readonly<Record<string, Sequence>> = {
  st_trajectory: {
    arguments: 2,
    value: (given) => geometryAt(given, 0),
    kind: 'trajectory',
    gives: geometry,
  },
  dwell: { arguments: 3, value: isWithin, kind: 'dwell', gives: interval },
  time_weighted_avg: { arguments: 2, value: number, kind: 'time_weighted', gives: double },
}

/** What is collected of a row, and what it is: its value with its time. */
export function sequenceRow(given: Call, { value: bind }: Sequence) {
  const [value, time] = [bind(given), timeAt(given, 1)]
  const row = call('json_build_array', [coerce(value, varchar), coerce(time, varchar)], varchar)
  const needed = [value, time].filter(({ nullable }) => nullable)
  const there = needed.map((one) => call('is_not_null', [one], boolean))
  return {
    type: value.type,
    orders: [{ type: time.type, descending: false, nullsFirst: false }],
    row:
      there.length === 0 ? row : choose([branch(and(there), row)], literal(null, varchar), varchar),
  }
}

/** Is the point in the area? */
function isWithin(given: Call): Expression {
  const args = [geometryAt(given, 2), geometryAt(given, 0)]
  const argSpans = [given.argSpans[2]!, given.argSpans[0]!]
  return bindLibrary({ ...given, name: 'st_covers', args, argSpans })!
}

function geometryAt(given: Call, at: number): Expression {
  return taken(given, at, geometry, ({ kind }) => kind === 'geometry')
}

function number(given: Call): Expression {
  return taken(given, 0, double, isNumeric)
}

function timeAt(given: Call, at: number): Expression {
  const arg = given.args[at]!
  if (arg.type.kind === 'timestamp') return arg
  return taken(given, at, timestamp(6), ({ kind }) => kind === 'date')
}

function taken(given: Call, at: number, type: Type, fits: (type: Type) => boolean): Expression {
  const [arg, span] = [given.args[at]!, given.argSpans[at]!]
  if (!isAdaptable(arg) && arg.type.kind !== 'null' && !fits(arg.type)) {
    fail('type_mismatch', `${given.name} does not take ${typeText(arg.type)}`, span)
  }
  return coerce(arg, type, span)
}
