/**
 * Expression: compiles expressions of a plan into a list of vector steps over registers, and runs it on batches.
 *
 * How      1. Every distinct expression has a slot; equal ones share it. Columns are the input's vectors
 *             themselves, constants are laid out once.
 *          2. A step computes a slot from others by kernels (lowering.ts, logic.ts). If a kernel reports that some
 *             row failed, or if there is no kernel, the call goes row by row over host values (row-wise.ts), which
 *             names the failed rows.
 *          3. All parts are computed for all rows; failures are values that CASE, AND, OR and COALESCE drop.
 * Contract 1 (checked) results and failures are those of the scalar functions applied row by row, on both back ends.
 *          2 (trusted) results lie in registers or scratch memory and are valid until the next run or the end of
 *            the step.
 * Cost     one kernel call per node, some 0.3–1 ns per row each.
 */
import { assert } from '../base/index.ts'
import { plainValue, precisionMicros, type Type } from '../data/index.ts'
import type { Kernels, Vector } from '../kernel/index.ts'
import type { Expression } from '../plan/index.ts'
import type { Emit, Target } from './expression/emit.ts'
import * as logic from './expression/logic.ts'
import { concatenation } from './expression/lower-part.ts'
import { lower } from './expression/lowering.ts'
import { type Register, Registers } from './expression/register.ts'
import { rowWise } from './expression/row-wise.ts'
import { type Call, takesNulls } from './expression/scalar.ts'
import { joinErrors, joinValidity, type Slot, type Step, vectorOf } from './expression/slot.ts'
import { type UserFunctions, userRows, userVector } from './expression/user-function.ts'

export interface Evaluator {
  /** Values of the expressions, in order, over the batch's columns. */
  run(columns: readonly Vector[], rows: number): Vector[]
  /** Gives the registers back to the arena. */
  free(): void
}

export function compileExpressions(
  kernels: Kernels,
  expressions: readonly Expression[],
  options: { vectorSize: number; now?: () => bigint; functions?: UserFunctions },
): Evaluator {
  const registers = new Registers(kernels, options.vectorSize)
  const compiler = new Compiler(registers, options)
  const outputs = expressions.map((expression) => compiler.slotOf(expression))
  const { steps } = compiler
  return {
    run(columns, rows) {
      registers.reserve(rows)
      compiler.columns = columns
      for (const step of steps) step(rows)
      return outputs.map(({ vector }) => vector)
    },
    free: () => registers.free(),
  }
}

const nothing: Vector = { physical: 'i64', data: 0, validity: 0, errors: null }

class Compiler {
  readonly steps: Step[] = []
  columns: readonly Vector[] = []
  readonly #registers: Registers
  readonly #now: (() => bigint) | undefined
  readonly #functions: UserFunctions | undefined
  readonly #slots = new Map<string, { slot: Slot; number: number }>()

  constructor(
    registers: Registers,
    { now, functions }: { now?: () => bigint; functions?: UserFunctions },
  ) {
    this.#registers = registers
    this.#now = now
    this.#functions = functions
  }

  slotOf(expression: Expression): Slot {
    return this.#numbered(expression).slot
  }

  /**
   * Equal expressions over equal parts have one number; where a failure can be told apart by its place, the place
   * counts.
   */
  #numbered(expression: Expression): { slot: Slot; number: number } {
    const { parts, name } = shapeOf(expression)
    const numbers = parts.map((part) => this.#numbered(part).number)
    const signature = `${name} ${JSON.stringify(expression.type)} ${numbers.join(' ')}`
    let entry = this.#slots.get(signature)
    if (entry === undefined) {
      const slot: Slot = { type: expression.type, vector: nothing }
      entry = { slot, number: this.#slots.size }
      this.#slots.set(signature, entry)
      this.#compile(expression, slot)
    }
    return entry
  }

  #compile(expression: Expression, slot: Slot): void {
    const registers = this.#registers
    switch (expression.kind) {
      case 'column':
        this.steps.push(() => {
          slot.vector = this.columns[expression.index]!
        })
        break
      case 'literal':
        this.#literal(expression, slot)
        break
      case 'and':
      case 'or':
        this.#connect(expression, slot)
        break
      case 'case': {
        const whens = expression.whens.map(({ when, then }) => ({
          when: this.slotOf(when),
          then: this.slotOf(then),
        }))
        this.steps.push(logic.choice(registers, whens, this.slotOf(expression.else), slot))
        break
      }
      case 'call':
        this.steps.push(this.#call(expression, slot))
    }
  }

  #literal(expression: Expression & { kind: 'literal' }, slot: Slot): void {
    const { type } = expression
    const register = this.#registers.constant(plainValue(expression.value, type), type)
    const isNull = expression.value === null
    const validity = isNull ? this.#registers.constant(false, { kind: 'boolean' }) : null
    this.steps.push(() => {
      slot.vector = vectorOf(type, register.address, validity?.address ?? 0)
    })
  }

  #connect(expression: Expression & { kind: 'and' | 'or' }, slot: Slot): void {
    const [first, ...rest] = expression.args.map((arg) => this.slotOf(arg))
    let left = first!
    for (const [index, right] of rest.entries()) {
      const into = index === rest.length - 1 ? slot : { type: slot.type, vector: nothing }
      this.steps.push(logic.connective(this.#registers, expression.kind, [left, right], into))
      left = into
    }
    if (rest.length === 0) {
      this.steps.push(() => {
        slot.vector = first!.vector
      })
    }
  }

  /** The time of the cycle, in whole units of the type. */
  #clock(type: Type, slot: Slot): Step {
    const now = this.#now
    assert(now !== undefined, 'a plan that reads the clock runs in a cycle')
    const registers = this.#registers
    const register = registers.result('i64')
    const unit = precisionMicros(type)
    return (rows) => {
      const time = now()
      const rest = ((time % unit) + unit) % unit
      const from = register.address >>> 3
      registers.kernels.arena.views.i64.fill(time - rest, from, from + rows)
      slot.vector = vectorOf(type, register.address, 0)
    }
  }

  #call(call: Call, slot: Slot): Step {
    if (call.function === 'now') return this.#clock(call.type, slot)
    const args = call.args.map((arg) => this.slotOf(arg))
    if (call.function === 'try') {
      // A failed row is NULL already.
      return () => {
        slot.vector = { ...args[0]!.vector, errors: null }
      }
    }
    if (call.function === 'coalesce' || takesNulls(call.function)) {
      return this.#tolerantCall(call, args, slot)
    }
    const registers = this.#registers
    const user = userRows(call, this.#functions)
    if (user !== null) {
      const run = userVector(registers.kernels, call, args, user)
      return (rows) => {
        slot.vector = run(rows)
      }
    }
    const slow = rowWise(registers.kernels, call, args)
    const emit = lower(call, registers)
    if (emit === null) {
      return (rows) => {
        slot.vector = slow(rows)
      }
    }
    const fast = strictCall(registers, emit, call, args)
    return (rows) => {
      slot.vector = fast(rows) ?? slow(rows)
    }
  }

  /** Where an argument failed, these go row by row. */
  #tolerantCall(call: Call, args: readonly Slot[], slot: Slot): Step {
    const slow = rowWise(this.#registers.kernels, call, args)
    const fast = this.#tolerantVector(call, args)
    return (rows) => {
      const failed = args.some(({ vector }) => vector.errors !== null)
      slot.vector = fast === null || failed ? slow(rows) : (fast(rows) ?? slow(rows))
    }
  }

  #tolerantVector(call: Call, args: readonly Slot[]): ((rows: number) => Vector | null) | null {
    const registers = this.#registers
    switch (call.function) {
      case 'coalesce':
        return logic.coalesce(registers, args, { type: call.type, vector: nothing })
      case 'is_distinct':
      case 'is_not_distinct':
        return this.#distinct(call, args)
      case 'in':
        return this.#membership(call, args)
      case 'concat':
        return this.#concatenation(call, args)
      default:
        return logic.nullTest(registers, call.function, args, call.type)
    }
  }

  #distinct(call: Call, args: readonly Slot[]): ((rows: number) => Vector | null) | null {
    const registers = this.#registers
    const emit = lower({ ...call, function: 'eq' }, registers)
    if (emit === null) return null
    const equal = registers.result('bits')
    const finish = logic.distinctness(registers, call.function === 'is_distinct', args, equal)
    return (rows) => {
      if (runEmit(emit, args, equal, rows, 0) === null) return null
      finish(rows)
      return vectorOf(call.type, equal.address, 0)
    }
  }

  /** NULLs are empty strings in memory. */
  #concatenation(call: Call, args: readonly Slot[]): ((rows: number) => Vector | null) | null {
    const registers = this.#registers
    const emit = concatenation(call, registers)
    if (emit === null) return null
    const register = registers.result('view')
    return (rows) => {
      const target = runEmit(emit, args, register, rows, 0)
      return target === null ? null : vectorOf(call.type, target.data, 0)
    }
  }

  /** Lists of up to 16 literals are compared one by one, integers with any number at once. */
  #membership(call: Call, args: readonly Slot[]): ((rows: number) => Vector | null) | null {
    const registers = this.#registers
    const [operand, ...list] = call.args
    if (operand!.type.kind === 'null' || !list.every((one) => one.kind === 'literal')) return null
    const known = list.filter(({ value }) => value !== null)
    const slot = args[0]!
    const { physical } = vectorOf(slot.type, 0, 0)
    const equalities: ((rows: number, out: number) => void)[] = []
    if (physical === 'i64') {
      const values = known.map(({ value, type }) => BigInt(plainValue(value, type) as bigint))
      const members = registers.control(values.length === 0 ? [0n] : values)
      const run = registers.kernels.get('in_i64')
      equalities.push((rows, out) => run(slot.vector.data, members, values.length, out, rows))
    } else {
      if (known.length > 16 || physical === 'bits') return null
      const run = registers.kernels.get(`eq_${physical}`)
      for (const { value, type } of known) {
        const constant = registers.constant(plainValue(value, type), type)
        equalities.push((rows, out) => run(slot.vector.data, constant.address, out, rows))
      }
    }
    return logic.membership(registers, slot, equalities, known.length < list.length, call.type)
  }
}

/** Runs an Emit into a register; null when its results do not count. */
function runEmit(
  emit: Emit,
  args: readonly Slot[],
  register: Register,
  rows: number,
  validity: number,
): Target | null {
  const target: Target = { data: register.address, rows, validity }
  const flag = emit(
    args.map(({ vector }) => vector),
    target,
  )
  return flag === 0 ? target : null
}

/** A call whose result is NULL where an argument is. */
function strictCall(registers: Registers, emit: Emit, call: Call, args: readonly Slot[]) {
  const register = registers.result(vectorOf(call.type, 0, 0).physical)
  const join = joinValidity(registers)
  return (rows: number): Vector | null => {
    const validity = join(args, rows)
    const target = runEmit(emit, args, register, rows, validity)
    if (target === null) return null
    const vector = vectorOf(call.type, target.data, target.validity)
    if (target.validity !== 0 && target.data === register.address)
      logic.clear(registers, vector, rows)
    vector.errors = joinErrors(args)
    return vector
  }
}

/** Parts of an expression and what else tells it apart. */
function shapeOf(expression: Expression): { parts: Expression[]; name: string } {
  switch (expression.kind) {
    case 'column':
      return { parts: [], name: `column ${expression.index}` }
    case 'literal':
      return { parts: [], name: `literal ${JSON.stringify(expression.value)}` }
    case 'case': {
      const parts = expression.whens.flatMap(({ when, then }) => [when, then])
      return { parts: [...parts, expression.else], name: 'case' }
    }
    case 'call': {
      const place = expression.fallible ? JSON.stringify(expression.span ?? null) : ''
      return { parts: expression.args, name: `${expression.function} ${place}` }
    }
    default:
      return { parts: expression.args, name: expression.kind }
  }
}
