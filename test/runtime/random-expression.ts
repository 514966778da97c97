/**
 * Random expressions: typed trees over given columns, of all functions and types, with values that lie at the edges.
 *
 * How      `RandomExpressions.of(type, depth)` picks among all forms that give the type; arguments are made the
 *          same way. Only what the binder could make is made: types of arguments and results fit the list in
 *          src/plan/logical.ts.
 */
import type { Random } from '../../src/base/index.ts'
import {
  type Field,
  parseValue,
  periodValue,
  sameType,
  type Type,
  type Value,
} from '../../src/data/index.ts'
import { and, call, choose, column, literal, or } from '../../src/plan/expression.ts'
import { type LibraryFunction, library } from '../../src/plan/library.ts'
import type { Expression } from '../../src/plan/logical.ts'

const boolean: Type = { kind: 'boolean' }
export const integer: Type = { kind: 'integer' }
export const bigint: Type = { kind: 'bigint' }
export const double: Type = { kind: 'double' }
const varchar: Type = { kind: 'varchar' }
const date: Type = { kind: 'date' }
const interval: Type = { kind: 'interval' }
const tinyint: Type = { kind: 'tinyint' }
const smallint: Type = { kind: 'smallint' }
const real: Type = { kind: 'real' }
const varbinary: Type = { kind: 'varbinary' }
const json: Type = { kind: 'json' }
const months: Type = { kind: 'months' }
const period: Type = { kind: 'period' }
const zoned: Type = { kind: 'timestamp', precision: 6, zoned: true }
const time = (precision: number): Type => ({ kind: 'time', precision })
export const timestamp = (precision: number): Type => ({ kind: 'timestamp', precision })
export const decimal = (precision: number, scale: number): Type => ({
  kind: 'decimal',
  precision,
  scale,
})

/** Types of columns and results. */
export const types: Type[] = [
  boolean, integer, bigint, double, varchar, date, interval, timestamp(6), timestamp(3),
  decimal(9, 2), decimal(18, 4), decimal(5, 3), decimal(18, 0),
  tinyint, smallint, real, varbinary, json, time(6), time(3), months, period, zoned, decimal(38, 10), decimal(25, 4),
  decimal(38, 0),
] // biome-ignore format: one list

const doubles = [
  0, -0, 1, -1, 0.5, 1.5, 2.5, -2.5, NaN, Infinity, -Infinity, 2 ** 53, 2 ** 63, -(2 ** 63), 1e18,
  1e308, 5e-324, 123.456, 0.005, 1.005, 2147483647.5, -2147483648.5, 99999.9995,
] // biome-ignore format: one list
const texts = [
  '', 'a', 'A', 'abc', 'ABC', ' abc ', 'abcdefghijkl', 'abcdefghijklm', 'abcdefghijklmnopqrstuvw',
  'abcdefghijklmnopqrstuvx', 'é', 'straße', '😀😀', 'a%b', 'a_b', '12', '-7', '1.5', '2026-01-02',
  '2026-01-02 03:04:05.678', '1 day', 'true', 'f', '99999999999', 'NaN', '1e3', '\u0130',
] // biome-ignore format: one list
const documents = ['1', 'null', '{"a": [1, 2]}', '"text"', '-2.5', 'true', '[]']
const patterns = [
  '%',
  'abc',
  'abc%',
  '%c',
  '%b%',
  'a_c',
  '',
  '%a%c%',
  'a\\%b',
  'abcdefghijklm%',
  '_',
  '\\',
  '%é',
]
const units = [
  'microsecond',
  'millisecond',
  'second',
  'minute',
  'hour',
  'day',
  'week',
  'month',
  'quarter',
  'year',
]
const parts = [
  'year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond',
  'microsecond', 'dow', 'doy', 'epoch',
] // biome-ignore format: one list

const regexes = ['a', '(a|b)c?', '^[a-c]+', '(\\w)(\\d)*$', 'b.', '([^a]*)c', 'é|😀', '(?i)ABC']
const timePatterns: Record<string, string[]> = {
  date_format: ['yyyy-MM-dd', 'HH:mm', "EEE d MMM ''yy''", 'yyyy-MM-dd HH:mm:ss.SSSSSS'],
  to_char: ['YYYY-MM-DD', 'HH24:MI', 'Day DDD Mon', 'MS US'],
  strftime: ['%Y-%m-%d', '%H:%M', '%j %a %-d', '%f'],
}
const geometry: Type = { kind: 'geometry' }
const shapes = [
  'POINT(1 1)',
  'POINT EMPTY',
  'LINESTRING(0 0, 2 2)',
  'POLYGON((0 0, 4 0, 4 4, 0 0))',
]
const singles = ['a', 'b', '', 'é', 'ab', 'abcdefghijklmn']

/** Functions of the library by the kind of type that they give. */
const libraryBy = Map.groupBy(Object.values(library).flat(), ({ gives }) => gives)

export class RandomExpressions {
  readonly #random: Random
  readonly #fields: readonly Field[]
  /** Percent of values that lie at an edge; where there are none, most kernels have nothing to report. */
  readonly #edges: number

  constructor(random: Random, fields: readonly Field[], edges = 40) {
    this.#random = random
    this.#fields = fields
    this.#edges = edges
  }

  pick<T>(values: readonly T[]): T {
    return values[this.#random.below(values.length)]!
  }

  #chance(percent: number): boolean {
    return this.#random.below(100) < percent
  }

  type(): Type {
    return this.pick(types)
  }

  /** A value of the type, often one at an edge of its range. */
  value(type: Type): Value {
    const small = () => this.#random.below(201) - 100
    const edge = this.#chance(this.#edges)
    switch (type.kind) {
      case 'boolean':
        return this.#chance(50)
      case 'integer':
        return edge ? this.pick([0, 2147483647, -2147483648, 46341, 7]) : small()
      case 'date':
        return edge
          ? this.pick([0, 2147483647, -2147483648, 11016, -719528, 106751991])
          : this.#random.below(60000) - 20000
      case 'double':
        return edge ? this.pick(doubles) : small() / this.pick([1, 2, 4, 10, 1000])
      case 'tinyint':
        return edge ? this.pick([0, 127, -128, 12]) : small()
      case 'smallint':
        return edge ? this.pick([0, 32_767, -32_768, 182]) : small()
      case 'real':
        return Math.fround(edge ? this.pick(doubles) : small() / this.pick([1, 2, 4, 10, 1000]))
      case 'varchar':
        return this.pick(texts)
      case 'varbinary':
        return this.pick(['', 'a', '\0\xff', 'abcdefghijklm', '\x80abcdefghijkl'])
      case 'json':
        return this.pick(documents)
      case 'time': {
        const unit = 10n ** BigInt(6 - type.precision)
        const micros = edge ? 86_399_999_999n : BigInt(this.#random.below(2 ** 30)) * 80n
        return (micros / unit) * unit
      }
      case 'months':
        return edge ? this.pick([2n ** 63n - 1n, -(2n ** 63n), 12n, 4_000_000n]) : BigInt(small())
      case 'period': {
        const parts = () =>
          edge ? this.pick([2n ** 63n - 1n, -(2n ** 63n), 31n]) : BigInt(small())
        return (
          periodValue({ months: parts(), micros: parts() * this.pick([1n, 1n, -1n]) }) ??
          periodValue({ months: 0n, micros: 0n })!
        )
      }
      case 'decimal': {
        const end = 10n ** BigInt(type.precision)
        if (!edge) return BigInt(small()) % end
        const wide = [2n ** 63n, -(2n ** 63n), 2n ** 88n, 1n - 2n ** 88n, 10n ** 18n, 2n ** 64n]
        const edges = [0n, end - 1n, 1n - end, end / 2n, 5n % end, 45n % end, -55n % end]
        return this.pick([...edges, ...wide.filter((one) => one < end && one > -end)])
      }
      case 'timestamp': {
        const unit = 10n ** BigInt(6 - type.precision)
        return (this.#instant(edge) / unit) * unit
      }
      default:
        if (!edge) return BigInt(small())
        return this.pick([
          2n ** 63n - 1n,
          -(2n ** 63n),
          2n ** 53n + 1n,
          3_037_000_500n,
          86_400_000_000n,
        ])
    }
  }

  #instant(edge: boolean): bigint {
    if (edge) return this.pick([0n, -1n, 2n ** 62n, -(2n ** 62n), -62_135_596_800_000_001n])
    const side = this.#chance(20) ? -40n : 1n
    return 1_767_225_600_000_000n + BigInt(this.#random.below(2 ** 30)) * 123_457n * side
  }

  literal(type: Type): Expression {
    return literal(this.#chance(8) ? null : this.value(type), type)
  }

  of(type: Type, depth: number): Expression {
    const columns = this.#fields.flatMap((field, index) =>
      sameType(field.type, type) ? [column(index, field)] : [],
    )
    if (depth <= 0 || this.#chance(15)) {
      return columns.length > 0 && this.#chance(75) ? this.pick(columns) : this.literal(type)
    }
    const less = depth - 1
    const span = { start: this.#random.below(100), end: 100 }
    const make = (name: string, args: Expression[]) => call(name, args, type, span)
    const chosen = this.#random.below(12)
    if (chosen === 0) return this.#choice(type, less)
    if (chosen === 1) {
      const args = Array.from({ length: 1 + this.#random.below(3) }, () => this.of(type, less))
      return make('coalesce', args)
    }
    if (chosen === 2) {
      const cast = this.#cast(type, less)
      if (cast !== null) return make(this.#chance(30) ? 'try_cast' : 'cast', [cast])
    }
    if (chosen === 3) {
      const taken = this.#fromLibrary(type, less)
      if (taken !== null) return make(taken.name, taken.args)
    }
    return this.#call(type, less, make)
  }

  /** A call of the library that gives the type. */
  #fromLibrary(type: Type, depth: number): { name: string; args: Expression[] } | null {
    const gives = { varchar: 'text', bigint: 'whole', double: 'double', boolean: 'boolean' }[
      type.kind as string
    ] as LibraryFunction['gives']
    const from = (libraryBy.get(gives) ?? []).filter(({ names }) => names[0] !== 'typeof')
    if (from.length === 0) return null
    const entry = this.pick(from)
    const count = entry.least + this.#random.below(entry.takes.length - entry.least + 1)
    const args = Array.from({ length: count }, (_, index) => this.#taken(entry, index, depth))
    return { name: entry.names[0]!, args }
  }

  #taken({ names, pattern, takes }: LibraryFunction, index: number, depth: number): Expression {
    const name = names[0]!
    if (pattern && index === 1 && this.#chance(90)) {
      return literal(this.pick(timePatterns[name] ?? regexes), varchar)
    }
    if (name.includes('dat') && takes[index] === 'text') return literal(this.pick(units), varchar)
    switch (takes[index]!) {
      case 'whole':
        return this.#chance(70)
          ? literal(BigInt(this.#random.below(6) - 1), bigint)
          : this.of(bigint, depth)
      case 'double':
      case 'number':
        return this.of(double, depth)
      case 'decimal':
        return this.of(decimal(9, 2), depth)
      case 'boolean':
        return this.of(boolean, depth)
      case 'timestamp':
        return this.of(this.pick([timestamp(6), timestamp(3)]), depth)
      case 'date':
        return this.of(date, depth)
      case 'interval':
        return this.of(interval, depth)
      case 'json':
        return this.of(this.type(), depth)
      case 'geometry':
        return literal(parseValue(this.pick(shapes), geometry)!, geometry)
      default:
        return index > 0 && this.#chance(70)
          ? literal(this.pick(singles), varchar)
          : this.of(varchar, depth)
    }
  }

  #choice(type: Type, depth: number): Expression {
    const whens = Array.from({ length: 1 + this.#random.below(2) }, () => ({
      when: this.of(boolean, depth),
      then: this.of(type, depth),
    }))
    return choose(whens, this.of(type, depth), type)
  }

  /** An expression that may be cast to the type. */
  #cast(to: Type, depth: number): Expression | null {
    const numbers = types.filter(({ kind }) =>
      ['tinyint', 'smallint', 'integer', 'bigint', 'real', 'double', 'decimal'].includes(kind),
    )
    const sources: Partial<Record<Type['kind'], Type[]>> = {
      boolean: [...numbers, varchar, json],
      tinyint: [...numbers, boolean, varchar, json],
      smallint: [...numbers, boolean, varchar],
      integer: [...numbers, boolean, varchar, json],
      bigint: [...numbers, varchar],
      real: [...numbers, boolean, varchar],
      double: [...numbers, varchar, json],
      decimal: [...numbers, boolean, varchar, json],
      varchar: types,
      varbinary: [varchar],
      json: [...numbers, boolean, varchar],
      timestamp: [date, timestamp(6), timestamp(3), zoned, varchar],
      time: [timestamp(6), zoned, time(6), time(3), interval, varchar],
      date: [timestamp(6), timestamp(3), zoned, varchar],
      interval: [varchar, time(6), time(3), period],
      months: [varchar, period],
      period: [varchar, interval, months, time(6)],
    }
    const from = sources[to.kind]
    return from === undefined ? null : this.of(this.pick(from), depth)
  }

  #call(
    type: Type,
    depth: number,
    make: (name: string, args: Expression[]) => Expression,
  ): Expression {
    const arg = (of: Type) => this.of(of, depth)
    const two = (of: Type) => [arg(of), arg(of)]
    switch (type.kind) {
      case 'boolean':
        return this.#predicate(depth, make)
      case 'integer':
        if (this.#chance(15)) return make('subtract', two(date))
        return this.#arithmetic(type, depth, make)
      case 'tinyint':
      case 'smallint':
        return this.#arithmetic(type, depth, make)
      case 'real':
        return make(this.pick(['negate', 'abs', 'floor', 'ceil', 'round']), [arg(real)])
      case 'varbinary':
      case 'json':
        return make('coalesce', two(type))
      case 'time':
        if (type.precision < 6) return make('coalesce', two(type))
        return make(this.pick(['add', 'subtract']), [
          arg(this.pick([time(6), time(3)])),
          arg(interval),
        ])
      case 'period': {
        if (this.#chance(40)) return make(this.pick(['add', 'subtract']), two(period))
        if (this.#chance(30)) return make('negate', [arg(period)])
        return make(this.pick(['scale_interval', 'divide_interval']), [arg(period), arg(double)])
      }
      case 'months': {
        const form = this.#random.below(3)
        if (form === 0) return make('multiply', [arg(months), arg(bigint)])
        return form === 1
          ? make('negate', [arg(months)])
          : make(this.pick(['add', 'subtract']), two(months))
      }
      case 'bigint': {
        const form = this.#random.below(4)
        if (form === 0) {
          if (this.#chance(20)) {
            return make(this.pick(['extract_hour', 'extract_second']), [arg(time(6))])
          }
          if (this.#chance(20)) {
            const part = this.pick(['year', 'quarter', 'month'])
            return make(`extract_${part}`, [arg(this.pick([months, period]))])
          }
          const part = this.pick(parts.filter((name) => name !== 'epoch'))
          return make(`extract_${part}`, [
            arg(this.pick([date, interval, timestamp(6), timestamp(3)])),
          ])
        }
        if (form === 1 && this.#chance(30)) {
          const which = literal(BigInt(this.#random.below(4)), bigint)
          return make('limb', [arg(this.pick([decimal(38, 10), decimal(25, 4)])), which])
        }
        if (form === 1) return make('length', [arg(varchar)])
        return this.#arithmetic(type, depth, make)
      }
      case 'double':
        if (this.#chance(10))
          return make('extract_epoch', [arg(this.pick([date, interval, timestamp(6)]))])
        return this.#arithmetic(type, depth, make)
      case 'decimal':
        return this.#decimal(type, depth, make)
      case 'varchar':
        return this.#text(depth, make)
      case 'timestamp':
        return this.#timestamp(type, depth, make)
      case 'date':
        return make(this.pick(['add', 'subtract']), [arg(date), arg(integer)])
      default: {
        const form = this.#random.below(4)
        if (form === 0) return make('subtract', two(this.pick([timestamp(6), time(6), zoned])))
        if (form === 1) return make('multiply', [arg(interval), arg(bigint)])
        if (form === 2) return make('negate', [arg(interval)])
        return make(this.pick(['add', 'subtract']), two(interval))
      }
    }
  }

  #arithmetic(type: Type, depth: number, make: (name: string, args: Expression[]) => Expression) {
    const name = this.pick([
      'add',
      'subtract',
      'multiply',
      'divide',
      'modulo',
      'negate',
      'abs',
      'round',
    ])
    if (name === 'negate' || name === 'abs') return make(name, [this.of(type, depth)])
    if (name === 'round') {
      const rounding = this.pick(['round', 'floor', 'ceil'])
      const digits = literal(this.pick([0, 1, 2, -1]), integer)
      const more = rounding === 'round' && this.#chance(50) ? [digits] : []
      return make(rounding, [this.of(type, depth), ...more])
    }
    return make(name, [this.of(type, depth), this.of(type, depth)])
  }

  #decimal(
    type: Type & { kind: 'decimal' },
    depth: number,
    make: (name: string, args: Expression[]) => Expression,
  ): Expression {
    const narrow = decimal(
      Math.max(type.scale, 1, type.precision - this.#random.below(3)),
      type.scale,
    )
    if (this.#chance(20)) {
      const sides = [
        this.pick([decimal(9, 2), bigint, type]),
        this.pick([decimal(5, 3), integer, type]),
      ]
      const scales = sides.map((side) => (side.kind === 'decimal' ? side.scale : 0))
      // The result is no coarser than its dividend, as the binder makes it.
      if (type.scale >= Math.max(...scales)) {
        return make(
          'divide',
          sides.map((side) => this.of(side, depth)),
        )
      }
    }
    switch (this.#random.below(4)) {
      case 0:
        return make(this.pick(['negate', 'abs']), [this.of(type, depth)])
      case 1: {
        const scale = this.#random.below(type.scale + 1)
        const whole = type.precision - type.scale
        const left = this.#random.below(whole + 1)
        // Types that add up to the result's, as the binder makes them; more digits only where it cuts them to 38.
        const more = type.precision === 38 ? this.#random.below(3) : 0
        const sides = [decimal(left + scale, scale)]
        sides.push(decimal(whole - left + more + type.scale - scale, type.scale - scale))
        if (
          sides.some(
            (side) => side.kind === 'decimal' && (side.precision < 1 || side.precision > 38),
          )
        ) {
          return make('negate', [this.of(type, depth)])
        }
        return make(
          'multiply',
          sides.map((side) => this.of(side, depth)),
        )
      }
      case 2: {
        const digits = literal(type.scale, integer)
        const from = decimal(Math.min(38, type.precision + 2), Math.min(38, type.scale + 2))
        if (type.scale === 0)
          return make(this.pick(['round', 'floor', 'ceil']), [this.of(from, depth)])
        return make('round', [this.of(from, depth), digits])
      }
      default:
        return make(this.pick(['add', 'subtract', 'modulo']), [
          this.of(narrow, depth),
          this.of(narrow, depth),
        ])
    }
  }

  #text(depth: number, make: (name: string, args: Expression[]) => Expression): Expression {
    const text = () => this.of(varchar, depth)
    switch (this.#random.below(5)) {
      case 0:
        return make(this.pick(['lower', 'upper', 'trim']), [text()])
      case 1: {
        const count = this.#chance(50) ? [this.of(bigint, depth)] : []
        return make('substring', [text(), this.of(bigint, depth), ...count])
      }
      case 2:
        return make('concat', [text(), text(), text()])
      default:
        return make('concat_strict', [text(), text()])
    }
  }

  #timestamp(
    type: Type & { kind: 'timestamp' },
    depth: number,
    make: (name: string, args: Expression[]) => Expression,
  ): Expression {
    if (this.#chance(40)) {
      const unit = literal(this.pick(units.slice(type.precision < 6 ? 1 : 0)), varchar)
      return make('date_trunc', [
        unit,
        this.of(type.precision === 6 ? this.pick([type, date]) : type, depth),
      ])
    }
    // A time of fewer digits stays one only if the interval has whole units of its last digit.
    if (type.precision < 6) {
      const step = literal(BigInt(this.#random.below(1000)) * 1000n, interval)
      return make(this.pick(['add', 'subtract']), [this.of(type, depth), step])
    }
    const operand = this.#chance(30) ? date : this.pick([type, timestamp(3)])
    return make(this.pick(['add', 'subtract']), [this.of(operand, depth), this.of(interval, depth)])
  }

  #predicate(depth: number, make: (name: string, args: Expression[]) => Expression): Expression {
    const of = this.type()
    const two = () => [this.of(of, depth), this.of(of, depth)]
    switch (this.#random.below(9)) {
      case 0:
        return make(this.pick(['is_null', 'is_not_null']), [this.of(of, depth)])
      case 1:
        return make(this.pick(['is_true', 'is_false', 'not']), [this.of(boolean, depth)])
      case 2: {
        const list = Array.from({ length: 1 + this.#random.below(20) }, () => this.literal(of))
        return make('in', [this.of(of, depth), ...list])
      }
      case 3: {
        const pattern = this.#chance(80)
          ? literal(this.pick(patterns), varchar)
          : this.of(varchar, depth)
        return make('like', [this.of(varchar, depth), pattern])
      }
      case 4:
      case 5: {
        const args = Array.from({ length: 2 + this.#random.below(2) }, () =>
          this.of(boolean, depth),
        )
        return this.#chance(50) ? and(args) : or(args)
      }
      case 6:
        return make(this.pick(['is_distinct', 'is_not_distinct']), two())
      case 7: {
        const wide = [decimal(38, 10), decimal(25, 4)]
        const exact = [decimal(9, 2), decimal(18, 4), decimal(5, 3), ...wide, bigint, integer]
        const other = this.pick(exact)
        const sides = [this.of(this.pick(exact.slice(0, 5)), depth), this.of(other, depth)]
        if (this.#chance(50)) sides.reverse()
        return make(this.pick(['eq', 'ne', 'lt', 'le', 'gt', 'ge']), sides)
      }
      default:
        return make(this.pick(['eq', 'ne', 'lt', 'le', 'gt', 'ge']), two())
    }
  }
}
