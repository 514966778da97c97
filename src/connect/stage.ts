/**
 * Stage: the memory in which kernels look at text, and the way to run them over a window.
 *
 * How      1. One arena per thread holds a piece of text at a time, the control block of a kernel, and the extents of
 *             all readers (`Fields`), into which kernels write.
 *          2. A `Skimmer` copies text there, runs the kernel's programs (control blocks) by turns until none gets on,
 *             and leaves the record that stopped them to the scanner.
 *          3. Where records stop the kernel again and again it is asked more seldom, at last at every 64th record.
 * Contract 1 (trusted) a program takes a record only if the scanner would find the same extents.
 *          2 (checked) fields that find no room here lie in memory of their own and are scanned without kernels.
 * Cost     A copy of the text, 0.07 ns per byte.
 * See      src/kernel/scan/separated.ts, src/kernel/scan/template.ts
 */
import { Arena, Kernels } from '../kernel/index.ts'
import type { Fields } from './fields.ts'

/** Text looked at at once; with the extents it should stay in the second-level cache. */
const TEXT_BYTES = 64 * 1024
/** What kernels read behind the text: a block of 64 bytes or the text of a step. */
const BEHIND_BYTES = 16 * 1024
const CONTROL_BYTES = 64 * 1024
/** What the extents of all open readers may take. */
const EXTENT_BYTES_MAX = 64 * 1024 * 1024
/** Fewer records than these in a row are not worth a call. */
const ROWS_WORTH = 8
const PATIENCE_MAX = 64

class Stage {
  readonly arena = new Arena({ pagesMax: 4096 })
  readonly kernels = new Kernels(this.arena, 'wasm')
  readonly text = this.arena.allocate(TEXT_BYTES + BEHIND_BYTES)
  readonly control = this.arena.allocate(CONTROL_BYTES)
}

let opened: Stage | null = null

function stage(): Stage {
  opened ??= new Stage()
  return opened
}

/** Memory for extents that kernels can write. */
export interface StagedWords {
  address: number
  words: Int32Array<SharedArrayBuffer>
  release(): void
}

/** Room for `count` words, or null when there is none left. */
export function stageWords(count: number): StagedWords | null {
  const { arena } = stage()
  const bytes = 4 * count
  if (arena.liveBytes + Arena.blockBytes(bytes) > EXTENT_BYTES_MAX) return null
  const address = arena.allocate(bytes)
  return {
    address,
    words: new Int32Array(arena.memory.buffer, address, count),
    release: () => arena.free(address, bytes),
  }
}

/** A control block; its first word is set before each run. */
export type Program = Int32Array

export class Skimmer {
  readonly #kernel: 'scan_separated' | 'scan_template'
  /** The byte that stands behind the text. */
  readonly #behind: number
  /** In the order in which they are tried. */
  readonly #programs: Program[] = []
  readonly #programsMax: number
  /** Records to be left to the scanner, and how many after the next disappointment. */
  #pause = 0
  #patience = 1
  #bytes = TEXT_BYTES
  /** No program took the record that is left to the scanner. */
  stopped = false

  constructor(
    kernel: 'scan_separated' | 'scan_template',
    { behind, programsMax }: { behind: number; programsMax: number },
  ) {
    this.#kernel = kernel
    this.#behind = behind
    this.#programsMax = programsMax
  }

  /** Adds the program that is tried first, and forgets the one that was of use least recently. */
  add(program: Program): void {
    if (program.byteLength > CONTROL_BYTES) return
    this.#programs.unshift(program)
    this.#programs.length = Math.min(this.#programs.length, this.#programsMax)
  }

  /** Puts records of bytes[from .. limit) into `fields`, up to `rowsMax`; returns the position behind them. */
  skim(fields: Fields, bytes: Uint8Array, from: number, limit: number, rowsMax: number): number {
    this.stopped = this.#pause === 0
    if (this.#pause > 0) {
      this.#pause--
      return from
    }
    const rows = fields.rows
    let position = from
    for (;;) {
      const to = Math.min(limit, position + this.#bytes)
      const [first, start] = [fields.rows, position]
      position = this.#run(fields, bytes, position, to, rowsMax)
      const found = fields.rows - first
      if (found === 0) {
        this.#bytes = TEXT_BYTES
        break
      }
      const mean = (position - start) / found
      this.#bytes = Math.min(TEXT_BYTES, Math.max(4096, 4 * (position - start)))
      if (fields.rows === rowsMax || to === limit || to - position > 4 * mean + 256) break
    }
    if (fields.rows < rowsMax) {
      const isWorth = fields.rows - rows >= ROWS_WORTH
      this.#patience = isWorth ? 1 : Math.min(PATIENCE_MAX, 2 * this.#patience)
      this.#pause = this.#patience >> 1
    }
    return position
  }

  /** Runs programs over bytes[from .. to) until none gets on. */
  #run(fields: Fields, bytes: Uint8Array, from: number, to: number, rowsMax: number): number {
    const { arena, kernels, text: block, control } = stage()
    const kernel = kernels.get(this.#kernel)
    const { u8, i32 } = arena.views
    // Into shared memory, words are copied at once only where both sides are aligned alike.
    const text = block + (from & 7)
    const end = text + to - from
    u8.set(bytes.subarray(from, to), text)
    u8.fill(this.#behind, end, end + 64)
    let position = from
    for (let at = 0; at < this.#programs.length; at++) {
      const program = this.#programs[at]!
      program[0] = text - from
      i32.set(program, control >>> 2)
      const most = rowsMax - fields.rows
      const found = kernel(text + position - from, end, fields.rows, most, control)
      if (found === 0) continue
      fields.rows += found
      position = fields.rowEnds[fields.rows - 1]! + 1
      if (found === most || position >= to) break
      // What was of use is tried first, but not at once: it has just stopped.
      this.#programs.splice(at, 1)
      this.#programs.unshift(program)
      at = 0
    }
    return position
  }
}
