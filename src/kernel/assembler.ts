/**
 * Assembler: builds the WebAssembly module of one kernel, so that its body reads like code.
 *
 * How      1. A value is an expression (`I32`, `I64`, `F64`, `V128`): bytes that leave it on the stack. Methods build
 *             greater expressions: `x.add(y).mul(3)`. Nothing is evaluated until a statement uses it, and each use
 *             evaluates it again; `a.let(x)` keeps it in a local.
 *          2. Statements (`a.set`, `a.store…`, `a.if`, `a.loop`, …) are emitted where they are called.
 *          3. The module imports shared memory "m" from "e" and exports function "f" (i32 × parameters) → i32.
 * Contract 1 (trusted) `lt le gt ge` of integers are signed; `below` and `atLeast` are unsigned, for addresses.
 *          2 (trusted) shift counts are taken modulo the width; memory offsets are below 2^32.
 * See      test/kernel/assembler.test.ts; kernels of this folder for examples.
 *
 *     assemble(3, (a, from, to, rows) => {           // to[i] = from[i] + 1
 *       const end = a.let(from.add(rows.shl(3)))
 *       a.while(from.below(end), () => {
 *         a.store(to, from.i64().add(1n))
 *         a.set(from, from.add(8))
 *         a.set(to, to.add(8))
 *       })
 *       return i32(0)
 *     })
 */
import { assert } from '../base/index.ts'
import { type LaneOperation, laneCodes } from './lanes.ts'

export type Scalar = 'i32' | 'i64' | 'f64' | 'v128'

const typeCodes: Record<Scalar, number> = { i32: 0x7f, i64: 0x7e, f64: 0x7c, v128: 0x7b }

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest % 128) | 0x80)
  }
}

/** Signed LEB128. */
function signed(value: bigint): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn)
    if (rest >= -64n && rest < 64n) return [...bytes, low]
    bytes.push(low | 0x80)
  }
}

type AnyI32 = I32 | number
type AnyI64 = I64 | bigint
type AnyF64 = F64 | number

/** An i32; a plain number stands for a constant. */
export class I32 {
  readonly type = 'i32'
  readonly code: number[]
  constructor(code: number[]) {
    this.code = code
  }

  add = (y: AnyI32) => binary32(this, y, 0x6a)
  sub = (y: AnyI32) => binary32(this, y, 0x6b)
  mul = (y: AnyI32) => binary32(this, y, 0x6c)
  divS = (y: AnyI32) => binary32(this, y, 0x6d)
  and = (y: AnyI32) => binary32(this, y, 0x71)
  or = (y: AnyI32) => binary32(this, y, 0x72)
  xor = (y: AnyI32) => binary32(this, y, 0x73)
  shl = (y: AnyI32) => binary32(this, y, 0x74)
  shrS = (y: AnyI32) => binary32(this, y, 0x75)
  /** Unsigned shift to the right. */
  shr = (y: AnyI32) => binary32(this, y, 0x76)
  rotl = (y: AnyI32) => binary32(this, y, 0x77)
  eq = (y: AnyI32) => binary32(this, y, 0x46)
  ne = (y: AnyI32) => binary32(this, y, 0x47)
  lt = (y: AnyI32) => binary32(this, y, 0x48)
  below = (y: AnyI32) => binary32(this, y, 0x49)
  gt = (y: AnyI32) => binary32(this, y, 0x4a)
  above = (y: AnyI32) => binary32(this, y, 0x4b)
  le = (y: AnyI32) => binary32(this, y, 0x4c)
  ge = (y: AnyI32) => binary32(this, y, 0x4e)
  /** Unsigned ≥. */
  atLeast = (y: AnyI32) => binary32(this, y, 0x4f)
  isZero = () => new I32([...this.code, 0x45])
  clz = () => new I32([...this.code, 0x67])
  ctz = () => new I32([...this.code, 0x68])
  popcount = () => new I32([...this.code, 0x69])
  /** This when the condition is not 0, else `other`. */
  when = (condition: I32, other: AnyI32) =>
    new I32([...this.code, ...i32(other).code, ...condition.code, 0x1b])

  splat = () => new V128([...this.code, 0xfd, 0x11])
  extendS = () => new I64([...this.code, 0xac])
  extendU = () => new I64([...this.code, 0xad])
  toF64S = () => new F64([...this.code, 0xb7])
  toF64U = () => new F64([...this.code, 0xb8])

  // Loads: this is the address.
  u8 = (offset = 0) => new I32([...this.code, 0x2d, 0, ...unsigned(offset)])
  u16 = (offset = 0) => new I32([...this.code, 0x2f, 0, ...unsigned(offset)])
  i32 = (offset = 0) => new I32([...this.code, 0x28, 0, ...unsigned(offset)])
  i64 = (offset = 0) => new I64([...this.code, 0x29, 0, ...unsigned(offset)])
  /** A 32-bit integer, widened with its sign. */
  i64From32 = (offset = 0) => new I64([...this.code, 0x34, 0, ...unsigned(offset)])
  f64 = (offset = 0) => new F64([...this.code, 0x2b, 0, ...unsigned(offset)])
  v128 = (offset = 0) => new V128([...this.code, 0xfd, 0, 0, ...unsigned(offset)])
}

/** An i64; a bigint stands for a constant. */
export class I64 {
  readonly type = 'i64'
  readonly code: number[]
  constructor(code: number[]) {
    this.code = code
  }

  add = (y: AnyI64) => binary64(this, y, 0x7c)
  sub = (y: AnyI64) => binary64(this, y, 0x7d)
  mul = (y: AnyI64) => binary64(this, y, 0x7e)
  /** Traps on 0 and on minimum ÷ −1. */
  divS = (y: AnyI64) => binary64(this, y, 0x7f)
  divU = (y: AnyI64) => binary64(this, y, 0x80)
  remS = (y: AnyI64) => binary64(this, y, 0x81)
  remU = (y: AnyI64) => binary64(this, y, 0x82)
  and = (y: AnyI64) => binary64(this, y, 0x83)
  or = (y: AnyI64) => binary64(this, y, 0x84)
  xor = (y: AnyI64) => binary64(this, y, 0x85)
  shl = (y: AnyI64) => binary64(this, y, 0x86)
  shrS = (y: AnyI64) => binary64(this, y, 0x87)
  shr = (y: AnyI64) => binary64(this, y, 0x88)
  rotl = (y: AnyI64) => binary64(this, y, 0x89)
  eq = (y: AnyI64) => compare64(this, y, 0x51)
  ne = (y: AnyI64) => compare64(this, y, 0x52)
  lt = (y: AnyI64) => compare64(this, y, 0x53)
  below = (y: AnyI64) => compare64(this, y, 0x54)
  gt = (y: AnyI64) => compare64(this, y, 0x55)
  above = (y: AnyI64) => compare64(this, y, 0x56)
  le = (y: AnyI64) => compare64(this, y, 0x57)
  ge = (y: AnyI64) => compare64(this, y, 0x59)
  atLeast = (y: AnyI64) => compare64(this, y, 0x5a)
  isZero = () => new I32([...this.code, 0x50])
  clz = () => new I64([...this.code, 0x79])
  ctz = () => new I64([...this.code, 0x7a])
  popcount = () => new I64([...this.code, 0x7b])
  when = (condition: I32, other: AnyI64) =>
    new I64([...this.code, ...i64(other).code, ...condition.code, 0x1b])

  wrap = () => new I32([...this.code, 0xa7])
  toF64S = () => new F64([...this.code, 0xb9])
  toF64U = () => new F64([...this.code, 0xba])
  /** The double with these bits. */
  asF64 = () => new F64([...this.code, 0xbf])
  splat = () => new V128([...this.code, 0xfd, 0x12])
}

/** An f64; a plain number stands for a constant. */
export class F64 {
  readonly type = 'f64'
  readonly code: number[]
  constructor(code: number[]) {
    this.code = code
  }

  add = (y: AnyF64) => binaryF(this, y, 0xa0)
  sub = (y: AnyF64) => binaryF(this, y, 0xa1)
  mul = (y: AnyF64) => binaryF(this, y, 0xa2)
  div = (y: AnyF64) => binaryF(this, y, 0xa3)
  min = (y: AnyF64) => binaryF(this, y, 0xa4)
  max = (y: AnyF64) => binaryF(this, y, 0xa5)
  copysign = (y: AnyF64) => binaryF(this, y, 0xa6)
  eq = (y: AnyF64) => compareF(this, y, 0x61)
  ne = (y: AnyF64) => compareF(this, y, 0x62)
  lt = (y: AnyF64) => compareF(this, y, 0x63)
  gt = (y: AnyF64) => compareF(this, y, 0x64)
  le = (y: AnyF64) => compareF(this, y, 0x65)
  ge = (y: AnyF64) => compareF(this, y, 0x66)
  abs = () => new F64([...this.code, 0x99])
  neg = () => new F64([...this.code, 0x9a])
  ceil = () => new F64([...this.code, 0x9b])
  floor = () => new F64([...this.code, 0x9c])
  trunc = () => new F64([...this.code, 0x9d])
  nearest = () => new F64([...this.code, 0x9e])
  sqrt = () => new F64([...this.code, 0x9f])
  when = (condition: I32, other: AnyF64) =>
    new F64([...this.code, ...f64(other).code, ...condition.code, 0x1b])

  /** Truncated; NaN gives 0, values beyond the range its ends. */
  toI64 = () => new I64([...this.code, 0xfc, 6])
  toI32 = () => new I32([...this.code, 0xfc, 2])
  bits = () => new I64([...this.code, 0xbd])
  splat = () => new V128([...this.code, 0xfd, 0x14])
}

/** Sixteen bytes; the lanes' type is named with each operation, as in `x.op('f64x2.add', y)`. */
export class V128 {
  readonly type = 'v128'
  readonly code: number[]
  constructor(code: number[]) {
    this.code = code
  }

  op = (name: LaneOperation, ...operands: V128[]) =>
    new V128([...this.code, ...operands.flatMap((y) => y.code), 0xfd, ...unsigned(laneCodes[name])])
  and = (y: V128) => this.op('v128.and', y)
  or = (y: V128) => this.op('v128.or', y)
  xor = (y: V128) => this.op('v128.xor', y)
  not = () => this.op('v128.not')
  /** This and not y. */
  andNot = (y: V128) => this.op('v128.andnot', y)
  /** Bits of this where the mask has 1, of y elsewhere. */
  blend = (y: V128, mask: V128) => this.op('v128.bitselect', y, mask)
  anyTrue = () => new I32([...this.code, 0xfd, 0x53])
  /** Highest bits of the lanes, lane 0 lowest. */
  bitmask = (shape: 'i8x16' | 'i32x4' | 'i64x2') =>
    new I32([...this.code, 0xfd, ...unsigned({ i8x16: 0x64, i32x4: 0xa4, i64x2: 0xc4 }[shape])])
  laneI64 = (lane: number) => new I64([...this.code, 0xfd, 0x1d, lane])
  laneF64 = (lane: number) => new F64([...this.code, 0xfd, 0x21, lane])
  laneI32 = (lane: number) => new I32([...this.code, 0xfd, 0x1b, lane])
  shift = (name: 'i32x4.shr_u' | 'i64x2.shl' | 'i64x2.shr_s' | 'i64x2.shr_u', count: AnyI32) =>
    new V128([...this.code, ...i32(count).code, 0xfd, ...unsigned(laneCodes[name])])
  /** Bytes of this (0–15) and y (16–31) by number. */
  shuffle = (y: V128, bytes: readonly number[]) =>
    new V128([...this.code, ...y.code, 0xfd, 0x0d, ...bytes])
}

type Value = I32 | I64 | F64 | V128

function binary32(x: I32, y: AnyI32, opcode: number): I32 {
  return new I32([...x.code, ...i32(y).code, opcode])
}
function binary64(x: I64, y: AnyI64, opcode: number): I64 {
  return new I64([...x.code, ...i64(y).code, opcode])
}
function compare64(x: I64, y: AnyI64, opcode: number): I32 {
  return new I32([...x.code, ...i64(y).code, opcode])
}
function binaryF(x: F64, y: AnyF64, opcode: number): F64 {
  return new F64([...x.code, ...f64(y).code, opcode])
}
function compareF(x: F64, y: AnyF64, opcode: number): I32 {
  return new I32([...x.code, ...f64(y).code, opcode])
}

export function i32(value: AnyI32): I32 {
  return typeof value === 'number' ? new I32([0x41, ...signed(BigInt(value | 0))]) : value
}

export function i64(value: AnyI64): I64 {
  return typeof value === 'bigint' ? new I64([0x42, ...signed(BigInt.asIntN(64, value))]) : value
}

export function f64(value: AnyF64): F64 {
  if (typeof value !== 'number') return value
  return new F64([0x44, ...new Uint8Array(Float64Array.of(value).buffer)])
}

/** A constant vector of two 64-bit lanes. */
export function i64x2(low: bigint, high: bigint): V128 {
  const bytes = new Uint8Array(
    BigUint64Array.of(BigInt.asUintN(64, low), BigInt.asUintN(64, high)).buffer,
  )
  return new V128([0xfd, 0x0c, ...bytes])
}

/** A constant vector of four 32-bit lanes. */
export function i32x4(...lanes: [number, number, number, number]): V128 {
  return new V128([0xfd, 0x0c, ...new Uint8Array(Int32Array.from(lanes).buffer)])
}

/** Leaves the block (or goes on with the loop) that it belongs to; with a condition only if that is not 0. */
export type Jump = (condition?: I32) => void

/** The body of a function under construction. */
export class Assembly {
  readonly #code: number[] = []
  readonly #locals: Scalar[] = []
  readonly #parameters: number
  #depth = 0

  constructor(parameters: number) {
    this.#parameters = parameters
  }

  /** Locals run-length coded, then the code. */
  finish(result: I32): number[] {
    assert(this.#depth === 0, 'every block is closed')
    const locals = this.#locals.flatMap((type) => [1, typeCodes[type]])
    const head = [...unsigned(this.#locals.length), ...locals]
    return [...head, ...this.#code, ...result.code, 0x0b]
  }

  parameter(index: number): I32 {
    return new I32([0x20, ...unsigned(index)])
  }

  /** A local, 0 when the function starts (and not again in the next turn of a loop). */
  i32 = (): I32 => new I32(this.#local('i32'))
  i64 = (): I64 => new I64(this.#local('i64'))
  f64 = (): F64 => new F64(this.#local('f64'))
  v128 = (): V128 => new V128(this.#local('v128'))

  /** Evaluates now and keeps the value in a new local. */
  let<T extends Value>(value: T): T {
    const local = this[value.type]() as T
    this.set(local, value)
    return local
  }

  /** Assigns to a local or a parameter. */
  set<T extends Value>(local: T, value: T): void {
    assert(local.code[0] === 0x20, 'only locals are assigned to')
    this.#code.push(...value.code, 0x21, ...local.code.slice(1))
  }

  /** Stores all of a value at an address. */
  store(address: I32, value: Value, offset = 0): void {
    const opcode = { i32: [0x36], i64: [0x37], f64: [0x39], v128: [0xfd, 0x0b] }[value.type]
    this.#code.push(...address.code, ...value.code, ...opcode, 0, ...unsigned(offset))
  }

  store8(address: I32, value: I32, offset = 0): void {
    this.#code.push(...address.code, ...value.code, 0x3a, 0, ...unsigned(offset))
  }

  store16(address: I32, value: I32, offset = 0): void {
    this.#code.push(...address.code, ...value.code, 0x3b, 0, ...unsigned(offset))
  }

  /** Copies bytes; the ranges may overlap. `memories` are the numbers of the one written and the one read. */
  copy(to: I32, from: I32, bytes: AnyI32, memories: readonly [number, number] = [0, 0]): void {
    this.#code.push(...to.code, ...from.code, ...i32(bytes).code, 0xfc, 0x0a, ...memories)
  }

  fill(to: I32, byte: AnyI32, bytes: AnyI32): void {
    this.#code.push(...to.code, ...i32(byte).code, ...i32(bytes).code, 0xfc, 0x0b, 0)
  }

  if(condition: I32, then: () => void, otherwise?: () => void): void {
    this.#code.push(...condition.code)
    this.#enclose(0x04, () => {
      then()
      if (otherwise === undefined) return
      this.#code.push(0x05)
      otherwise()
    })
  }

  /** `leave` goes to the end of the block. */
  block(body: (leave: Jump) => void): void {
    this.#enclose(0x02, () => body(this.#jump()))
  }

  /** Runs until left: `again` goes to its start, falling out of the body ends it. */
  repeat(body: (again: Jump) => void): void {
    this.#enclose(0x03, () => body(this.#jump()))
  }

  /** While the condition holds. */
  while(condition: I32, body: (leave: Jump) => void): void {
    this.block((leave) => {
      this.if(condition, () =>
        this.repeat((again) => {
          body(leave)
          again(condition)
        }),
      )
    })
  }

  /** For i from its present value below `end`, step by step (signed). */
  loop(i: I32, end: AnyI32, body: (leave: Jump) => void, step = 1): void {
    this.while(i.lt(end), (leave) => {
      body(leave)
      this.set(i, i.add(step))
    })
  }

  return(value: I32): void {
    this.#code.push(...value.code, 0x0f)
  }

  #local(type: Scalar): number[] {
    this.#locals.push(type)
    return [0x20, ...unsigned(this.#parameters + this.#locals.length - 1)]
  }

  #enclose(opcode: number, body: () => void): void {
    this.#code.push(opcode, 0x40)
    this.#depth++
    body()
    this.#depth--
    this.#code.push(0x0b)
  }

  #jump(): Jump {
    const level = this.#depth
    return (condition) => {
      const label = unsigned(this.#depth - level)
      if (condition === undefined) this.#code.push(0x0c, ...label)
      else this.#code.push(...condition.code, 0x0d, ...label)
    }
  }
}

/** The module of a kernel; the body returns the kernel's result. */
export function assemble(
  parameters: number,
  body: (a: Assembly, ...parameters: [I32, I32, I32, I32, I32, I32]) => I32,
): Uint8Array<ArrayBuffer> {
  const a = new Assembly(parameters)
  const arguments_ = Array.from({ length: 6 }, (_, index) => a.parameter(index))
  const result = body(a, ...(arguments_ as [I32, I32, I32, I32, I32, I32]))
  return moduleOf(parameters, a.finish(result), [importOf('m', true)])
}

/** A module that copies bytes into memory "m" from memory "s", which is not shared: (to, from, bytes) → 0. */
export function assembleCopy(): Uint8Array<ArrayBuffer> {
  const a = new Assembly(3)
  a.copy(a.parameter(0), a.parameter(1), a.parameter(2), [0, 1])
  return moduleOf(3, a.finish(i32(0)), [importOf('m', true), importOf('s', false)])
}

function nameOf(text: string): number[] {
  return [text.length, ...new TextEncoder().encode(text)]
}

function importOf(name: string, shared: boolean): number[] {
  const limits = [shared ? 0x03 : 0x01, ...unsigned(1), ...unsigned(65_536)]
  return [...nameOf('e'), ...nameOf(name), 0x02, ...limits]
}

function moduleOf(
  parameters: number,
  code: readonly number[],
  imports: readonly number[][],
): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: number[]) => [id, ...unsigned(content.length), ...content]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [
      1,
      0x60,
      parameters,
      ...Array<number>(parameters).fill(typeCodes.i32),
      1,
      typeCodes.i32,
    ]),
    ...section(2, [imports.length, ...imports.flat()]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...nameOf('f'), 0x00, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ])
}
