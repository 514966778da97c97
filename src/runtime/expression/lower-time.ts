/**
 * Lowering of EXTRACT and DATE_TRUNC: clock units and weeks are a modulo, years, months and days the civil calendar.
 */
import type { Type } from '../../data/index.ts'
import { chain, controlled, convert, type Emit, kernel, type Lower, times, unary } from './emit.ts'
import { dayMicros } from './fault.ts'
import type { Registers } from './register.ts'
import { civilParts, clockUnits, mondayMicros, weekMicros } from './time.ts'

export const lowerExtract: Lower = (call, registers) => {
  const unit = call.function.slice('extract_'.length)
  const { type } = call.args[0]!
  if (type.kind === 'interval' || type.kind === 'months') return null
  if (unit === 'epoch') return chainFrom(type, registers, epoch(registers))
  const clock = clockUnits[unit]
  if (clock !== undefined) {
    const control = [clock.within, clock.unit, 0n]
    return chainFrom(type, registers, controlled(registers, 'part_i64', control))
  }
  if (unit === 'dow') {
    // 1970-01-01 was day 4 of the week that begins on Sunday.
    const control = [weekMicros, dayMicros, 4n * dayMicros]
    return chainFrom(type, registers, controlled(registers, 'part_i64', control))
  }
  const part = civilParts[unit]
  if (part === undefined) return null
  const civil = controlled(registers, 'civil_i64', [part])
  return type.kind === 'date' ? civil : chain(registers, [dayOf(registers), civil])
}

/** `emit` on microseconds, whatever the argument is. */
function chainFrom(type: Type, registers: Registers, emit: Emit): Emit {
  return type.kind === 'date' ? chain(registers, [times(registers, dayMicros), emit]) : emit
}

function dayOf(registers: Registers): Emit {
  return controlled(registers, 'floor_div_i64', [dayMicros])
}

function epoch(registers: Registers): Emit {
  const million = registers.constant(1e6, { kind: 'double' })
  const toDouble = unary(registers, 'f64_i64')
  const divide = kernel(registers, 'div_f64')
  return (args, target) => {
    toDouble(args, target)
    return divide(target.data, million.address, target.data, target.rows)
  }
}

export const lowerTruncate: Lower = ({ args }, registers) => {
  const [unit, operand] = [args[0]!, args[1]!]
  if (unit.kind !== 'literal' || unit.value === null) return null
  const name = String(unit.value).toLowerCase()
  const emit = truncation(name, operand.type, registers)
  return emit === null ? null : ([, a], target) => emit([a!], target)
}

function truncation(name: string, type: Type, registers: Registers): Emit | null {
  const clock = name === 'day' ? dayMicros : clockUnits[name]?.unit
  if (clock !== undefined) {
    return chainFrom(type, registers, controlled(registers, 'floor_i64', [clock, 0n]))
  }
  if (name === 'week') {
    const control = [weekMicros, mondayMicros]
    return chainFrom(type, registers, controlled(registers, 'floor_i64', control))
  }
  if (name !== 'month' && name !== 'year') return null
  const first = firstDay(registers, name === 'month' ? civilParts['day']! : civilParts['doy']!)
  const micros = times(registers, dayMicros)
  return chain(
    registers,
    type.kind === 'date' ? [first, micros] : [dayOf(registers), first, micros],
  )
}

/** The day itself less its number within the month or year, and one more. */
function firstDay(registers: Registers, part: bigint): Emit {
  const civil = controlled(registers, 'civil_i64', [part])
  const minusOne = registers.constant(-1n, { kind: 'bigint' })
  const subtract = kernel(registers, 'sub_i64')
  const emit: Emit = ([days, before], { data, rows }) => {
    subtract(days!.data, before!.data, data, rows)
    return subtract(data, minusOne.address, data, rows)
  }
  const both = convert(registers, 1, civil, emit)
  return ([days], target) => both([days!, days!], target)
}
