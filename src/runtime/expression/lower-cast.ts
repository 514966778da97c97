/**
 * Lowering of casts: the conversions that vector kernels do; to and from text goes row by row.
 */
import { isWhole, physicalOf, precisionMicros, type Type } from '../../data/index.ts'
import { alias, controlled, type Emit, kernel, type Lower, times, unary, within } from './emit.ts'
import { dayMicros, power10, scaleOf } from './fault.ts'
import type { Registers } from './register.ts'

/** Kinds whose types differ. */
const refined = ['decimal', 'timestamp', 'time', 'array', 'map']

export const lowerCast: Lower = ({ args, type: to }, registers) => {
  // By the clock of a zone.
  if (args.length > 1) return null
  const from = args[0]!.type
  if (from.kind === to.kind && !refined.includes(to.kind)) return alias
  if (physicalOf(from) === 'view' || physicalOf(to) === 'view') return null
  switch (to.kind) {
    case 'double':
      return toDouble(from, registers)
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'decimal':
      return toExact(from, to, registers)
    case 'boolean':
      return isWhole(from) ? notZero(registers) : null
    case 'timestamp':
      return toTimestamp(from, to, registers)
    case 'date':
      if (from.kind !== 'timestamp') return null
      return within(controlled(registers, 'floor_div_i64', [dayMicros]), to, registers)
    case 'interval':
      return from.kind === 'time' ? alias : null
    default:
      return null
  }
}

function toDouble(from: Type, registers: Registers): Emit | null {
  switch (from.kind) {
    case 'real':
      return alias
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
      return unary(registers, 'f64_i64')
    case 'decimal':
      if (from.scale === 0) return unary(registers, 'f64_i64')
      return controlled(registers, 'scale_f64_i64', [10 ** from.scale])
    default:
      return null
  }
}

function toExact(from: Type, to: Type, registers: Registers): Emit | null {
  switch (from.kind) {
    case 'boolean':
      return isWhole(to) ? unary(registers, 'widen_bits') : null
    case 'real':
    case 'double':
      if (to.kind === 'decimal') return null
      return within(unary(registers, 'i64_f64'), to, registers)
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'decimal': {
      const more = scaleOf(to) - scaleOf(from)
      const step =
        more >= 0
          ? times(registers, power10(more))
          : controlled(registers, 'round_i64', [power10(-more)])
      if (isWhole(from) && to.kind === 'bigint') return step
      return within(step, to, registers)
    }
    default:
      return null
  }
}

function notZero(registers: Registers): Emit {
  const zero = registers.constant(0n, { kind: 'bigint' })
  const equal = kernel(registers, 'eq_i64')
  const andNot = kernel(registers, 'andnot_bits')
  return ([a], { data, rows }) => {
    equal(a!.data, zero.address, data, rows)
    return andNot(registers.ones(rows), data, data, (rows + 63) >>> 6)
  }
}

function toTimestamp(from: Type, to: Type & { kind: 'timestamp' }, registers: Registers) {
  if (from.kind === 'date') return times(registers, dayMicros)
  if (from.kind !== 'timestamp') return null
  if (from.precision <= to.precision) return alias
  return controlled(registers, 'floor_i64', [precisionMicros(to), 0n])
}
