/**
 * Registers: the memory in which an evaluator keeps its results, one block per value, and its constants.
 *
 * How      Blocks are sized for the vector size and replaced by greater ones when a batch has more rows; constants
 *          are filled in once, and again when their block is replaced.
 * Contract 1 (trusted) nobody keeps the address of a register beyond the run.
 */

import {
  columnOf,
  type Physical,
  physicalOf,
  type Type,
  type Value,
  valueBytes,
} from '../../data/index.ts'
import { type Kernels, loadColumn } from '../../kernel/index.ts'

export interface Register {
  address: number
  readonly physical: Physical
  /** The constant that fills it; undefined = results. */
  readonly constant?: { value: Value; type: Type }
}

export class Registers {
  readonly kernels: Kernels
  #capacity: number
  #all: Register[] = []
  #controls: { address: number; bytes: number }[] = []
  #ones: Register
  #onesRows = -1

  constructor(kernels: Kernels, vectorSize: number) {
    this.kernels = kernels
    this.#capacity = Math.max(64, vectorSize)
    this.#ones = this.result('bits')
  }

  result(physical: Physical): Register {
    return this.#add({ address: 0, physical })
  }

  constant(value: Value, type: Type): Register {
    return this.#add({ address: 0, physical: physicalOf(type), constant: { value, type } })
  }

  /** 64-bit words in a block that stays; f64 constants as numbers. */
  control(words: readonly (bigint | number)[]): number {
    const { arena } = this.kernels
    const address = arena.allocate(words.length * 8)
    this.#controls.push({ address, bytes: words.length * 8 })
    words.forEach((word, index) => {
      if (typeof word === 'bigint') arena.views.i64[(address >>> 3) + index] = word
      else arena.views.f64[(address >>> 3) + index] = word
    })
    return address
  }

  /** The view of a string in a block that stays. */
  view(text: string): number {
    return this.#view(new TextEncoder().encode(text))
  }

  #view(bytes: Uint8Array): number {
    const { arena } = this.kernels
    const heap = arena.allocate(bytes.length + 16)
    const offsets = arena.allocate(8)
    const address = arena.allocate(16)
    arena.views.u8.set(bytes, heap)
    arena.views.i32[offsets >>> 2] = 0
    arena.views.i32[(offsets >>> 2) + 1] = bytes.length
    this.kernels.get('views_from_offsets')(offsets, heap, 0, address, 1)
    arena.free(offsets, 8)
    this.#controls.push({ address: heap, bytes: bytes.length + 16 }, { address, bytes: 16 })
    return address
  }

  /** A bitmap with ones for exactly `rows` rows. */
  ones(rows: number): number {
    const { address } = this.#ones
    if (this.#onesRows !== rows) {
      const { u8 } = this.kernels.arena.views
      const end = address + ((rows + 63) >>> 6) * 8
      u8.fill(0, address, end)
      u8.fill(0xff, address, address + (rows >>> 3))
      if ((rows & 7) !== 0) u8[address + (rows >>> 3)] = (1 << (rows & 7)) - 1
      this.#onesRows = rows
    }
    return address
  }

  /** Makes room for a batch. */
  reserve(rows: number): void {
    if (rows <= this.#capacity) return
    const old = this.#capacity
    this.#capacity = 2 ** Math.ceil(Math.log2(rows))
    this.#onesRows = -1
    for (const register of this.#all) {
      this.kernels.arena.free(register.address, bytesFor(register.physical, old))
      this.#place(register)
    }
  }

  /** Gives all memory back. */
  free(): void {
    const { arena } = this.kernels
    for (const { address, physical } of this.#all) {
      arena.free(address, bytesFor(physical, this.#capacity))
    }
    for (const { address, bytes } of this.#controls) arena.free(address, bytes)
    this.#all = []
    this.#controls = []
  }

  #add(register: Register): Register {
    this.#all.push(register)
    this.#place(register)
    return register
  }

  #place(register: Register): void {
    const { arena } = this.kernels
    register.address = arena.allocateTransient(bytesFor(register.physical, this.#capacity))
    const { constant } = register
    if (constant === undefined) return
    const rows = this.#capacity
    if (constant.value === null || register.physical === 'bits') {
      const byte = constant.value === true ? 0xff : 0
      const bytes = bytesFor(register.physical, rows)
      arena.views.u8.fill(byte, register.address, register.address + bytes)
    } else if (register.physical === 'view') {
      const view = this.#view(valueBytes(constant.value, constant.type))
      this.kernels.get('splat_view')(view, register.address, rows)
    } else {
      const mark = arena.markScratch()
      const one = loadColumn(this.kernels, columnOf(constant.type, [constant.value]), 0, 1)
      this.kernels.get('splat_i64')(one.data, register.address, rows)
      arena.releaseScratch(mark)
    }
  }
}

function bytesFor(physical: Physical, rows: number): number {
  if (physical === 'bits') return Math.ceil(rows / 64) * 8
  return rows * (physical === 'view' ? 16 : 8)
}
