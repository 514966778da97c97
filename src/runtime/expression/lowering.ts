/**
 * Lowering: which vector kernels compute a scalar function, for the types it has.
 *
 * How      `lower` binds the kernels, constants and intermediate registers of one call and gives an `Emit`, or null
 *          when the function has no kernels for these types and is evaluated row by row.
 * Contract 1 (checked by test/runtime/expression.test.ts) results and failures are those of scalar.ts.
 */
import { isWhole, isWide, physicalOf, type Type } from '../../data/index.ts'
import {
  alias,
  binary,
  controlled,
  convert,
  type Emit,
  kernel,
  type Lower,
  times,
  unary,
  within,
} from './emit.ts'
import { dayMicros, Fault, power10, scaleOf } from './fault.ts'
import { lowerCast } from './lower-cast.ts'
import { lowerLike, lowerPart } from './lower-part.ts'
import { lowerText } from './lower-text.ts'
import { lowerExtract, lowerTruncate } from './lower-time.ts'
import { lowerWide } from './lower-wide.ts'
import { piecesOf } from './pattern.ts'
import type { Registers } from './register.ts'
import type { Call } from './scalar.ts'

function sumOf(name: 'add' | 'sub'): Lower {
  return ({ args, type }, registers) => {
    if (type.kind === 'double') return binary(registers, `${name}_f64`)
    if (type.kind === 'time' || (args[1]!.type.kind === 'months' && type.kind === 'timestamp'))
      return null
    let emit = binary(registers, `${name}_i64`)
    if (type.kind === 'timestamp') {
      args.forEach((arg, index) => {
        if (arg.type.kind !== 'date') return
        emit = convert(registers, index, times(registers, dayMicros), emit)
      })
    }
    return within(emit, type, registers)
  }
}

/** NULL divisors are 0; they are replaced by 1 first. */
function division(name: 'div' | 'mod'): Lower {
  return ({ type }, registers) => {
    if (type.kind === 'decimal' && name === 'div') return null
    const shape = type.kind === 'double' ? 'f64' : 'i64'
    const run = kernel(registers, `${name}_${shape}`)
    const patch = kernel(registers, 'patch_i64')
    const one = registers.control([shape === 'f64' ? 1 : 1n])
    const patched = registers.result(shape)
    const emit: Emit = ([a, b], { data, rows, validity }) => {
      let divisor = b!.data
      if (validity !== 0) {
        patch(divisor, validity, one, patched.address, rows)
        divisor = patched.address
      }
      return run(a!.data, divisor, data, rows)
    }
    return shape === 'f64' ? emit : within(emit, type, registers)
  }
}

const negate: Lower = ({ type }, registers) => {
  const double = physicalOf(type) === 'f64'
  const constant = double
    ? registers.constant(-1, type)
    : registers.constant(0n, { kind: 'bigint' })
  const run = kernel(registers, double ? 'mul_f64' : 'sub_i64')
  const emit: Emit = ([a], { data, rows }) => run(constant.address, a!.data, data, rows)
  return double ? emit : within(emit, type, registers)
}

const absolute: Lower = ({ type }, registers) =>
  physicalOf(type) === 'f64'
    ? unary(registers, 'abs_f64')
    : within(unary(registers, 'abs_i64'), type, registers)

const rounding: Lower = ({ function: name, args, type }, registers) => {
  const from = args[0]!.type
  const digits = args[1]
  const places = digits === undefined ? 0 : digits.kind === 'literal' ? Number(digits.value) : null
  if (places === null) return null
  if (isWhole(from)) return places < 0 ? null : alias
  if (physicalOf(from) === 'f64') {
    if (name === 'round' && places !== 0) return null
    return unary(registers, `${name}_f64`)
  }
  if (from.kind !== 'decimal' || name === 'ceil' || places !== scaleOf(type)) return null
  const unit = power10(scaleOf(from) - scaleOf(type))
  const kernelName = name === 'round' ? 'round_i64' : 'floor_div_i64'
  return within(controlled(registers, kernelName, [unit]), type, registers)
}

/** eq or lt of two arguments of one type, as a bitmap. */
function compare(registers: Registers, name: 'eq' | 'lt', type: Type): Emit {
  const physical = physicalOf(type)
  if (physical !== 'bits') return binary(registers, `${name}_${physical}`)
  const words = (rows: number) => (rows + 63) >>> 6
  const andNot = kernel(registers, 'andnot_bits')
  if (name === 'lt') {
    return ([a, b], { data, rows }) => andNot(b!.data, a!.data, data, words(rows))
  }
  const differ = kernel(registers, 'xor_bits')
  return ([a, b], { data, rows }) => {
    differ(a!.data, b!.data, data, words(rows))
    return andNot(registers.ones(rows), data, data, words(rows))
  }
}

/** The negation of a bitmap; NULL rows are cleared by the caller. */
function negated(registers: Registers, emit: Emit): Emit {
  const andNot = kernel(registers, 'andnot_bits')
  return (args, target) => {
    const flag = emit(args, target)
    andNot(registers.ones(target.rows), target.data, target.data, (target.rows + 63) >>> 6)
    return flag
  }
}

/** All comparisons are eq or lt, with operands swapped and the result negated. */
function comparison(name: 'eq' | 'lt', swap: boolean, negate: boolean): Lower {
  return ({ args }, registers) => {
    const [left, right] = [args[0]!.type, args[1]!.type]
    const base = compare(registers, name, left)
    const ordered: Emit = swap ? ([a, b], target) => base([b!, a!], target) : base
    const emit = negate ? negated(registers, ordered) : ordered
    const more = scaleOf(right) - scaleOf(left)
    if (more === 0) return emit
    const step = times(registers, power10(Math.abs(more)))
    return convert(registers, more > 0 ? 0 : 1, step, emit)
  }
}

const like: Lower = (call, registers) => {
  const [pattern, mark] = call.args.slice(1)
  if (pattern!.kind !== 'literal' || pattern!.value === null) return null
  if (mark !== undefined && (mark.kind !== 'literal' || mark.value === null)) return null
  const pieces = piecesOf(String(pattern!.value), mark && String(mark.value))
  if (pieces instanceof Fault) return null
  const texts = pieces.filter((piece) => typeof piece === 'object')
  if (texts.length > 1 || pieces.includes('one')) return lowerLike(call, registers)
  const [before, after] = [pieces[0] === 'any', pieces.at(-1) === 'any']
  if (texts.length === 0 && before) {
    const copy = kernel(registers, 'and_bits')
    return (_, { data, rows }) => {
      const ones = registers.ones(rows)
      return copy(ones, ones, data, (rows + 63) >>> 6)
    }
  }
  const text = texts[0]?.text ?? ''
  if (!before && !after) return equalText(registers, text)
  const name = before ? (after ? 'contains_view' : 'ends_view') : 'starts_view'
  const needle = registers.view(text)
  const run = kernel(registers, name)
  return ([a], { data, rows }) => run(a!.data, needle, data, rows)
}

function equalText(registers: Registers, text: string): Emit {
  const constant = registers.constant(text, { kind: 'varchar' })
  const run = kernel(registers, 'eq_view')
  return ([a], { data, rows }) => run(a!.data, constant.address, data, rows)
}

const length: Lower = ({ type }, registers) =>
  within(unary(registers, 'length_view'), type, registers)

const not: Lower = (_, registers) => {
  const andNot = kernel(registers, 'andnot_bits')
  return ([a], { data, rows }) => andNot(registers.ones(rows), a!.data, data, (rows + 63) >>> 6)
}

const orders: Record<string, Lower> = {
  eq: comparison('eq', false, false),
  ne: comparison('eq', false, true),
  lt: comparison('lt', false, false),
  ge: comparison('lt', false, true),
  gt: comparison('lt', true, false),
  le: comparison('lt', true, true),
}

const lowerings: Record<string, Lower> = {
  ...lowerText,
  ...lowerPart,
  add: sumOf('add'),
  subtract: sumOf('sub'),
  multiply: ({ type }, registers) =>
    type.kind === 'double'
      ? binary(registers, 'mul_f64')
      : within(binary(registers, 'mul_i64'), type, registers),
  divide: division('div'),
  modulo: division('mod'),
  negate,
  abs: absolute,
  round: rounding,
  floor: rounding,
  ceil: rounding,
  ...orders,
  not,
  like,
  length,
  cast: lowerCast,
  try_cast: lowerCast,
}

/** A DECIMAL beyond 64 bits: comparisons of one scale go by its bytes. */
function lowerAnyWide(call: Call, registers: Registers): Emit | null {
  const [left, right] = call.args
  const alike = right !== undefined && isWide(left!.type) && isWide(right.type)
  if (call.function in orders && alike && scaleOf(left!.type) === scaleOf(right.type)) {
    return orders[call.function]!(call, registers)
  }
  const narrow = lowerings[call.function]
  return call.function === 'limb' || narrow !== undefined
    ? lowerWide(call, registers, narrow ?? (() => null))
    : null
}

export function lower(call: Call, registers: Registers): Emit | null {
  if (call.args.some((arg) => arg.type.kind === 'null')) return null
  if (isWide(call.type) || call.args.some((arg) => isWide(arg.type)))
    return lowerAnyWide(call, registers)
  if ([call, ...call.args].some(({ type }) => type.kind === 'period')) {
    return orders[call.function]?.(call, registers) ?? null
  }
  if (call.function.startsWith('extract_')) return lowerExtract(call, registers)
  if (call.function === 'date_trunc') return lowerTruncate(call, registers)
  return lowerings[call.function]?.(call, registers) ?? null
}
