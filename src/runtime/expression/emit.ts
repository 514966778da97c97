/**
 * Emit: how the vectors of a call's arguments become that of its result, and how such steps are put together.
 *
 * Contract 1 (trusted) an Emit computes all rows, NULL or not; the caller joins the validities before and zeroes
 *            NULL slots after.
 *          2 (trusted) one that returns anything but 0 has left results that do not count: some row failed, or was
 *            beyond what the kernels can do.
 */
import { rangeOf, type Type } from '../../data/index.ts'
import type { KernelFunction, Vector } from '../../kernel/index.ts'
import type { Registers } from './register.ts'
import type { Call } from './scalar.ts'

/** Where a result goes. `data` may be set to the address of something that holds the result already. */
export interface Target {
  data: number
  readonly rows: number
  /** Joined validity of the arguments; 0 = all valid. May be set to that of the result, which must not have more. */
  validity: number
}

export type Emit = (args: readonly Vector[], target: Target) => number
export type Lower = (call: Call, registers: Registers) => Emit | null

/** Binds a kernel that ends in (…, out, rows). */
export function kernel(registers: Registers, name: string): KernelFunction {
  return registers.kernels.get(name)
}

/** Are all values of i64 values of the type, so that the kernel's own flag is enough? */
function isFull(type: Type): boolean {
  return ['bigint', 'timestamp', 'interval', 'months'].includes(type.kind)
}

/** The Emit, followed by a check that the results are values of the type. */
export function within(emit: Emit, type: Type, registers: Registers): Emit {
  if (isFull(type)) return emit
  const { low, high } = rangeOf(type)
  const bounds = registers.control([low, high])
  const outside = kernel(registers, 'outside_i64')
  return (args, target) => {
    const flag = emit(args, target)
    return flag !== 0 ? flag : outside(target.data, bounds, target.rows)
  }
}

export function binary(registers: Registers, name: string): Emit {
  const run = kernel(registers, name)
  return ([a, b], { data, rows }) => run(a!.data, b!.data, data, rows)
}

export function unary(registers: Registers, name: string): Emit {
  const run = kernel(registers, name)
  return ([a], { data, rows }) => run(a!.data, data, rows)
}

/** A kernel (from, control, out, rows). */
export function controlled(
  registers: Registers,
  name: string,
  control: readonly (bigint | number)[],
): Emit {
  const run = kernel(registers, name)
  const address = registers.control(control)
  return ([a], { data, rows }) => run(a!.data, address, data, rows)
}

/** The argument itself. */
export const alias: Emit = ([a], target) => {
  target.data = a!.data
  return 0
}

/** One Emit after the other on a single argument. */
export function chain(registers: Registers, steps: readonly Emit[]): Emit {
  const between = steps.slice(1).map(() => registers.result('i64'))
  return (args, target) => {
    let input: readonly Vector[] = args
    let flag = 0
    for (const [index, step] of steps.entries()) {
      const last = index === steps.length - 1
      const place = last ? target : { ...target, data: between[index]!.address }
      flag |= step(input, place)
      input = [{ physical: 'i64', data: place.data, validity: 0, errors: null }]
    }
    return flag
  }
}

/** The argument times a constant. */
export function times(registers: Registers, factor: bigint): Emit {
  if (factor === 1n) return alias
  const constant = registers.constant(factor, { kind: 'bigint' })
  const run = kernel(registers, 'mul_i64')
  return ([a], { data, rows }) => run(a!.data, constant.address, data, rows)
}

/** A conversion of one argument before the call. */
export function convert(registers: Registers, index: number, step: Emit, emit: Emit): Emit {
  const register = registers.result('i64')
  return (args, target) => {
    const place = { ...target, data: register.address }
    const flag = step([args[index]!], place)
    const converted = args.map((arg, at) => (at === index ? { ...arg, data: place.data } : arg))
    return flag | emit(converted, target)
  }
}
