/**
 * Kernels: the registry of typed vector kernels and their binding to an arena, with two back ends.
 *
 * How      A kernel is defined once per operation and physical type with two bodies: `closure` over the arena's
 *          views (the reference) and `wasm`, bytes from our assembler, compiled once per process and instantiated
 *          per arena on first use.
 * Contract 1 (checked by test/kernel/twins.test.ts) both bodies write the same bytes and return the same number.
 *          2 (trusted) arguments are numbers: addresses, counts, offsets; at most 6, or the address of a control block.
 *          3 (checked by tidy) at most 300 definitions.
 */
import { assert } from '../base/index.ts'
import type { Arena } from './arena.ts'
import { type Ferry, ferryOf } from './ferry.ts'
import type { Operand } from './operand.ts'
import type { Backend } from './vector.ts'

export type KernelFunction = (...args: number[]) => number

export interface KernelDefinition {
  name: string
  /** Number of i32 parameters; every kernel returns one i32. */
  parameters: number
  /** What the parameters are, for the generic twin test; kernels without it have a test of their own. */
  operands?: readonly Operand[]
  /** Reference body; reads `arena.views` at the start of each call. */
  closure: (arena: Arena) => KernelFunction
  /**
   * Assembles a module that imports memory "m" from "e" and exports function "f"; null while a kernel has only its
   * closure.
   */
  wasm: (() => Uint8Array<ArrayBuffer>) | null
}

const registry = new Map<string, KernelDefinition>()
const modules = new Map<string, WebAssembly.Module>()

export function defineKernel(definition: KernelDefinition): void {
  assert(!registry.has(definition.name), `kernel ${definition.name} is defined once`)
  registry.set(definition.name, definition)
}

export function kernelDefinitions(): ReadonlyMap<string, KernelDefinition> {
  return registry
}

/** The kernels of one arena. */
export class Kernels {
  readonly arena: Arena
  readonly backend: Backend
  readonly ferry: Ferry
  #bound = new Map<string, KernelFunction>()

  constructor(arena: Arena, backend: Backend) {
    this.arena = arena
    this.backend = backend
    this.ferry = ferryOf(arena, backend)
  }

  /** The kernel `name`, bound to the arena; keep it, the look-up is not for hot loops. */
  get(name: string): KernelFunction {
    let bound = this.#bound.get(name)
    if (bound === undefined) {
      const definition = registry.get(name)
      assert(definition !== undefined, `kernel ${name} exists`)
      bound = this.bind(definition)
      this.#bound.set(name, bound)
    }
    return bound
  }

  /** A kernel that stands in no list, as those of its family are made by need; its name tells it from all others. */
  bind(definition: KernelDefinition): KernelFunction {
    return this.backend === 'wasm' && definition.wasm !== null
      ? this.#instantiate(definition.name, definition.wasm)
      : definition.closure(this.arena)
  }

  #instantiate(name: string, assemble: () => Uint8Array<ArrayBuffer>): KernelFunction {
    let module = modules.get(name)
    if (module === undefined) {
      module = new WebAssembly.Module(assemble())
      modules.set(name, module)
    }
    const instance = new WebAssembly.Instance(module, { e: { m: this.arena.memory } })
    return instance.exports['f'] as KernelFunction
  }
}
