/**
 * Lowering of DECIMAL beyond 64 bits: by way of 64 bits where the values fit, else row by row.
 *
 * How      Arguments are narrowed to i64 and the call is lowered as one of narrow types; its result is widened again. A
 *          product goes straight from 64 bits to views. Kernels flag what does not fit.
 * See      src/kernel/wide.ts; docs/decisions/0009-wide-decimals-as-bytes.md
 */
import { isWhole, isWide, type Type } from '../../data/index.ts'
import { binary, controlled, convert, type Emit, kernel, type Lower, unary } from './emit.ts'
import { power10, scaleOf } from './fault.ts'
import type { Registers } from './register.ts'
import type { Call } from './scalar.ts'

/** Digits by which a 64-bit integer can be scaled. */
const shiftMax = 18
const int64End = 2n ** 63n

/** `narrow` lowers a call without wide types. */
export function lowerWide(call: Call, registers: Registers, narrow: Lower): Emit | null {
  const { args, type } = call
  if (call.function === 'limb') return limb(call, registers)
  if (!args.every((arg) => isPlain(arg.type))) return null
  const emit = isWide(type)
    ? wideResult(call, registers, narrow)
    : narrow(narrowed(call), registers)
  if (emit === null) return null
  return args.reduce(
    (all, arg, index) =>
      isWide(arg.type) ? convert(registers, index, unary(registers, 'i64_wide'), all) : all,
    emit,
  )
}

/** Can a value of the type be scaled by its digits within 64 bits? */
function isPlain(type: Type): boolean {
  return isWhole(type) || (type.kind === 'decimal' && type.scale <= shiftMax)
}

function limb({ args }: Call, registers: Registers): Emit | null {
  const which = args[1]!
  return which.kind === 'literal'
    ? controlled(registers, 'limb_wide', [BigInt(which.value as string)])
    : null
}

function wideResult(call: Call, registers: Registers, narrow: Lower): Emit | null {
  const { function: name, args, type } = call
  if (!isPlain(type)) return null
  switch (name) {
    case 'multiply':
      return binary(registers, 'mul_wide')
    case 'cast':
    case 'try_cast':
      if (scaleOf(type) >= scaleOf(args[0]!.type)) return rescaled(args[0]!.type, type, registers)
      break
    case 'divide':
      return null
  }
  const emit = narrow(narrowed(call), registers)
  return emit === null ? null : widened(registers, emit)
}

/** The i64 argument with more digits behind the point, as a view. */
function rescaled(from: Type, to: Type, registers: Registers): Emit {
  const factor = power10(scaleOf(to) - scaleOf(from))
  const constant = registers.constant(factor, { kind: 'bigint' })
  const multiply = kernel(registers, 'mul_wide')
  const emit: Emit = ([a], { data, rows }) => multiply(a!.data, constant.address, data, rows)
  const most = to.kind === 'decimal' ? (power10(to.precision) - 1n) / factor : 0n
  if (most >= int64End) return emit
  const bounds = registers.control([-most, most])
  const outside = kernel(registers, 'outside_i64')
  return ([a], target) => outside(a!.data, bounds, target.rows) || emit([a!], target)
}

function widened(registers: Registers, emit: Emit): Emit {
  const register = registers.result('i64')
  const one = registers.constant(1n, { kind: 'bigint' })
  const multiply = kernel(registers, 'mul_wide')
  return (args, target) => {
    const place = { ...target, data: register.address }
    const flag = emit(args, place)
    return flag | multiply(place.data, one.address, target.data, target.rows)
  }
}

function narrowed(call: Call): Call {
  const args = call.args.map((arg) => ({ ...arg, type: narrowType(arg.type) }))
  return { ...call, args, type: narrowType(call.type) }
}

function narrowType(type: Type): Type {
  return type.kind === 'decimal' && isWide(type) ? { ...type, precision: shiftMax } : type
}
