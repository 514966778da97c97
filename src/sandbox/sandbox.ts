/**
 * Sandbox: runs functions written in JavaScript in QuickJS, a small engine that is compiled to WebAssembly.
 *
 * How      Each function has a runtime with its own heap. A vector of rows goes in as one text and comes back as one.
 *          If that is cut short, because it took too long or wanted too much memory, the runtime is thrown away and
 *          each row is tried alone in new ones, so that the rows that are not at fault have their values.
 * Contract 1 (checked) a function sees nothing but what JavaScript itself has: no process, files, network, modules or
 *            timers; and nothing that it does ends the process.
 *          2 (checked) a row takes at most `millis` of time and `bytes` of memory; a function that has gone beyond
 *            these `strikesMax` times is not called again, as its rows might otherwise take hours to fail.
 * Cost     some 3 ms for a function that is made, 4 µs per row; 30 ms and 0.5 MB to load, by who asks for it.
 */
import variant from '@jitl/quickjs-wasmfile-release-sync'
import {
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
} from 'quickjs-emscripten-core'
import { mistake, systemClock } from '../base/index.ts'
import {
  type HostValue,
  type Limits,
  type Scripting,
  Thrown,
  type UserBody,
  userFunction,
  type Written,
} from '../data/index.ts'
import { formsOf, plainForm, programOf } from './program.ts'
import { decode, encode } from './wire.ts'

const defaults: Required<Limits> = { millis: 1000, bytes: 32 * 1024 * 1024 }
const stackBytes = 256 * 1024
const strikesMax = 3
/** For what stands in front of the function itself. */
const startMillis = 1000

type Outcome = { v: unknown } | { e: string }

/** Loads the engine; what it gives makes functions of their texts. */
export async function openSandbox(limits: Limits = {}): Promise<Scripting> {
  const kept = { ...defaults, ...limits }
  for (const [name, value] of Object.entries(kept)) {
    if (Number.isInteger(value) && value >= 1) continue
    const message = `option javascript.${name} is a whole number above 0`
    mistake({ code: 'invalid_option', message })
  }
  // Its declarations are those of a CommonJS module, which it is not.
  const engine = await newQuickJSWASMModuleFromVariant(variant as unknown as QuickJSSyncVariant)
  return (written, shape) => {
    const place = new Place(engine, kept, programFor(engine, kept, written))
    return userFunction(shape, written.aggregate ? (rows) => place.fold(rows) : place.body)
  }
}

/** The program of the first form that the engine takes. */
function programFor(engine: QuickJSWASMModule, limits: Required<Limits>, written: Written): string {
  let fault = ''
  for (const form of formsOf(written)) {
    const program = programIn(written, form)
    const started = program instanceof Error ? program.message : start(engine, limits, program)
    if (typeof started !== 'string') {
      started.dispose()
      return program as string
    }
    fault = started
  }
  return refuse(written, fault)
}

/** The whole program, or why the form is no TypeScript. */
function programIn(written: Written, form: string): string | Error {
  try {
    return programOf(written, plainForm(written.language, form))
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause))
  }
}

function refuse({ name, span }: Written, message: string): never {
  return mistake({ code: 'syntax', message: `function ${name}: ${message}`, span })
}

interface Started {
  context: QuickJSContext
  entry: QuickJSHandle
  dispose(): void
  /** Work is cut short when this time is over, in milliseconds of the monotonic clock. */
  until: number
}

/** A runtime in which the program has begun; the message where it does not. */
function start(
  engine: QuickJSWASMModule,
  { millis, bytes }: Required<Limits>,
  program: string,
): Started | string {
  const runtime = engine.newRuntime()
  runtime.setMemoryLimit(bytes)
  runtime.setMaxStackSize(stackBytes)
  const context = runtime.newContext({ ownedLifetimes: [runtime] })
  const started: Started = {
    context,
    entry: context.undefined,
    dispose() {
      started.entry.dispose()
      context.dispose()
    },
    until: systemClock.monotonicMillis() + startMillis + millis,
  }
  runtime.setInterruptHandler(() => systemClock.monotonicMillis() > started.until)
  const result = context.evalCode(program, 'function.js')
  if (result.error === undefined) {
    started.entry = result.value
    return started
  }
  const told: unknown = context.dump(result.error)
  result.error.dispose()
  context.dispose()
  return messageOf(told)
}

function messageOf(told: unknown): string {
  const { name, message } = (told ?? {}) as { name?: string; message?: string }
  if (message === undefined) return String(told)
  return name === 'Error' ? message : `${name}: ${message}`
}

/** Where one function runs. */
class Place {
  readonly #engine: QuickJSWASMModule
  readonly #limits: Required<Limits>
  readonly #program: string
  #started: Started | null = null
  #strikes = 0

  constructor(engine: QuickJSWASMModule, limits: Required<Limits>, program: string) {
    this.#engine = engine
    this.#limits = limits
    this.#program = program
  }

  /** A scalar function of rows. */
  readonly body: UserBody = (rows) => {
    const outcomes = this.#call(rows)
    if (Array.isArray(outcomes)) return outcomes.map(resultOf)
    if (rows.length === 1) return [new Thrown(new Error(outcomes))]
    return rows.map((row) => {
      const own = this.#call([row])
      return Array.isArray(own) ? resultOf(own[0]!) : new Thrown(new Error(own))
    })
  }

  /** An aggregate of all rows. */
  fold(rows: readonly HostValue[][]): readonly unknown[] {
    const outcomes = this.#call(rows)
    return Array.isArray(outcomes) ? outcomes.map(resultOf) : [new Thrown(new Error(outcomes))]
  }

  /** The outcomes of rows, or why there are none. */
  #call(rows: readonly HostValue[][]): Outcome[] | string {
    if (this.#strikes >= strikesMax) {
      return `it went beyond its limits ${strikesMax} times, and is called no more until it is made again`
    }
    const started = this.#started ?? start(this.#engine, this.#limits, this.#program)
    if (typeof started === 'string') return started
    this.#started = started
    const { context, entry } = started
    started.until = systemClock.monotonicMillis() + this.#limits.millis
    try {
      const given = context.newString(encode(rows))
      const result = context.callFunction(entry, context.undefined, given)
      given.dispose()
      if (result.error !== undefined) {
        const told = messageOf(context.dump(result.error))
        result.error.dispose()
        return this.#stopped(told, rows.length)
      }
      const outcomes = decode(context.getString(result.value)) as Outcome[] | { e: string }
      result.value.dispose()
      if (!Array.isArray(outcomes)) return this.#checked(outcomes.e, rows.length)
      const starved = outcomes.find((one) => 'e' in one && isStarved(one.e)) as { e: string }
      return starved === undefined ? outcomes : this.#checked(starved.e, rows.length)
    } catch (cause) {
      // The engine itself gave up: what it holds is lost.
      this.#started = null
      this.#strikes = strikesMax
      return messageOf(cause)
    }
  }

  #checked(told: string, rows: number): string {
    return isStarved(told) ? this.#stopped(told, rows) : told
  }

  /** The runtime is not to be trusted any more. A vector that was too much says nothing of its rows. */
  #stopped(told: string, rows: number): string {
    this.#started?.dispose()
    this.#started = null
    if (rows === 1) this.#strikes++
    const { millis, bytes } = this.#limits
    if (told.includes('interrupted')) return `it took more than ${millis} ms`
    return isStarved(told) ? `it wanted more than ${bytes} bytes of memory` : told
  }
}

const isStarved = (told: string) => told.includes('out of memory')

const resultOf = (outcome: Outcome): unknown =>
  'e' in outcome ? new Thrown(new Error(outcome.e)) : outcome.v
