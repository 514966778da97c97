/**
 * Disk: a disk that forgets what was not synced, and goes wrong when it is told to.
 *
 * How      A file has the bytes that last and the writes since the last sync, cut into sectors. A crash lets any of
 *          these sectors through, and of the names in directories those up to some point; then the disk is as a new
 *          process finds it. Each call that changes something is a step; the crash comes at a step that the seed picks.
 *          Faults: reads, writes and syncs that fail (after a sync that failed what was written may be there, or not,
 *          and the next sync says that all is well), a full device with a part of the write done, writes that are lost
 *          though they were said to be done, or go to another place, bits that turn over at rest.
 * Contract 1 a disk of one seed does the same each time.
 */
import { dirname } from 'node:path'
import { type DataDisk, type DataFile, Failure, type Random } from '../../src/base/index.ts'

/** What reaches a device as a whole. */
const SECTOR = 512

export class Crash extends Error {}

interface Write {
  at: number
  bytes: Uint8Array
}

/** Bytes that grow. */
class Bytes {
  #room = new Uint8Array(0)
  length = 0

  /** Zeros lie in what is left out. */
  apply(change: Write | { size: number }): void {
    if ('size' in change) {
      this.#room.fill(0, change.size)
      this.length = Math.min(this.length, change.size)
      return
    }
    const size = change.at + change.bytes.length
    if (size > this.#room.length) {
      const room = new Uint8Array(2 * size)
      room.set(this.#room)
      this.#room = room
    }
    this.#room.set(change.bytes, change.at)
    this.length = Math.max(this.length, size)
  }

  get all(): Uint8Array {
    return this.#room.subarray(0, this.length)
  }

  become(other: Bytes): void {
    this.#room = other.all.slice()
    this.length = other.length
  }
}

interface Node {
  /** What lasts. */
  bytes: Bytes
  /** Sectors and sizes that are on their way. */
  pending: (Write | { size: number })[]
  /** What a reader sees. */
  seen: Bytes
  /** Where writes began. */
  starts: number[]
}

/** Faults and their chances, of 1, at each call. */
export interface Chances {
  readFault: number
  writeFault: number
  syncFault: number
  full: number
  lostWrite: number
  strayWrite: number
}

export const noFaults: Chances = {
  readFault: 0,
  writeFault: 0,
  syncFault: 0,
  full: 0,
  lostWrite: 0,
  strayWrite: 0,
}

export class SimulatedDisk {
  readonly #random: Random
  #files = new Map<string, Node>()
  /** Names that last. */
  #named = new Map<string, Node>()
  /** Changes of names since their directories were synced, in order. */
  #renames: { directory: string; path: string; node: Node | null }[] = []
  chances: Chances = noFaults
  /** Steps that are left until the crash; none comes at Infinity. */
  stepsLeft = Number.POSITIVE_INFINITY
  steps = 0
  #life = 0

  readonly #sector: number

  constructor(random: Random, sector = SECTOR) {
    this.#random = random
    this.#sector = sector
  }

  #happens(chance: number): boolean {
    return chance > 0 && this.#random.next() < chance
  }

  /** The disk as one life of the machine has it: what an earlier one still wants to do is never done. */
  mount(): DataDisk {
    const life = this.#life
    return {
      names: (directory) => this.#names(life, directory),
      open: (path, how) => this.#open(life, path, how),
      makeDirectory: () => {
        this.#alive(life)
        return null
      },
      syncDirectory: (path) => this.#syncDirectory(life, path),
      remove: (path) => this.#remove(life, path),
    }
  }

  /** A call of one life of the machine; those of an earlier one are dead. */
  #step(life: number): void {
    this.#alive(life)
    this.steps++
    if (--this.stepsLeft <= 0) throw new Crash()
  }

  #alive(life: number): void {
    if (life !== this.#life || this.stepsLeft <= 0) throw new Crash()
  }

  // ---------------------------------------------------------------- what a program sees

  #names(life: number, directory: string): string[] {
    this.#alive(life)
    const names = [...this.#files.keys()].filter((path) => dirname(path) === directory)
    return names.map((path) => path.slice(directory.length + 1)).sort()
  }

  #open(life: number, path: string, how: 'new' | 'write' | 'read'): DataFile {
    this.#step(life)
    if (how === 'new') {
      if (this.#files.has(path)) throw new Failure('file', `cannot create ${path}: it is there`)
      const node = { bytes: new Bytes(), pending: [], seen: new Bytes(), starts: [] }
      this.#files.set(path, node)
      this.#renames.push({ directory: dirname(path), path, node })
    }
    const node = this.#files.get(path)
    if (node === undefined) throw new Failure('file', `cannot open ${path}: it is not there`)
    return {
      path,
      get size() {
        return node.seen.length
      },
      read: (into, position) => this.#read(life, node, into, position),
      write: (pieces, position) => this.#write(life, node, { pieces, position }),
      sync: () => this.#sync(life, node),
      truncate: (size) => {
        this.#step(life)
        node.seen.apply({ size })
        node.pending.push({ size })
      },
      close: () => {},
    }
  }

  async #syncDirectory(life: number, path: string): Promise<void> {
    await null
    this.#step(life)
    this.#renames = this.#renames.filter((rename) => {
      if (rename.directory !== path) return true
      this.#name(rename)
      return false
    })
  }

  #name({ path, node }: { path: string; node: Node | null }): void {
    if (node === null) this.#named.delete(path)
    else this.#named.set(path, node)
  }

  #remove(life: number, path: string): void {
    this.#step(life)
    this.#files.delete(path)
    this.#renames.push({ directory: dirname(path), path, node: null })
  }

  #read(life: number, { seen }: Node, into: Uint8Array, position: number): number {
    this.#alive(life)
    if (this.#happens(this.chances.readFault)) throw new Failure('file', 'cannot read: EIO')
    const bytes = seen.all.subarray(position, position + into.length)
    into.set(bytes)
    return bytes.length
  }

  async #write(
    life: number,
    node: Node,
    { pieces, position }: { pieces: readonly Uint8Array[]; position: number },
  ): Promise<void> {
    await null
    this.#alive(life)
    const bytes = Buffer.concat(pieces)
    if (this.#happens(this.chances.writeFault)) throw new Failure('file', 'cannot write: EIO')
    if (this.#happens(this.chances.full)) {
      const part = bytes.subarray(0, this.#random.below(bytes.length + 1))
      put(node, { at: position, bytes: part }, this.#sector)
      throw new Failure('disk_full', 'cannot write: ENOSPC')
    }
    if (this.#happens(this.chances.lostWrite)) return
    const stray = this.#happens(this.chances.strayWrite)
    put(node, { at: stray ? this.#elsewhere(node) : position, bytes }, this.#sector)
    node.starts.push(position)
    // A crash may come while the write is on its way.
    this.#step(life)
  }

  /** Where a write goes that goes astray: often where another one was meant to go. */
  #elsewhere({ seen, starts }: Node): number {
    const start = starts[this.#random.below(starts.length)]
    const isStart = start !== undefined && this.#random.below(4) > 0
    return isStart ? start : SECTOR * this.#random.below(1 + (seen.length >> 9))
  }

  async #sync(life: number, node: Node): Promise<void> {
    await null
    this.#step(life)
    if (this.#happens(this.chances.syncFault)) {
      // The pages are clean now, whatever the device has; a reader may see them still, or what was there before.
      const kind = this.#random.below(3)
      if (kind === 1) settle(node, this.#some(node.pending))
      if (kind === 2) node.seen.become(node.bytes)
      node.pending = []
      throw new Failure('file', 'cannot sync: EIO')
    }
    settle(node, node.pending)
    node.pending = []
  }

  #some(pending: Node['pending']): Node['pending'] {
    return pending.filter(() => this.#random.below(2) === 0)
  }

  // ---------------------------------------------------------------- what happens to it

  /** The machine goes down and comes up: what was not synced is there in parts. */
  crash(): void {
    const upTo = this.#random.below(this.#renames.length + 1)
    for (const rename of this.#renames.slice(0, upTo)) this.#name(rename)
    const nodes = new Set([...this.#files.values(), ...this.#named.values()])
    for (const node of nodes) {
      settle(node, this.#some(node.pending))
      node.pending = []
      node.seen.become(node.bytes)
    }
    this.#files = new Map(this.#named)
    this.#renames = []
    this.#life++
    this.stepsLeft = Number.POSITIVE_INFINITY
  }

  /** The machine or the process goes down. */
  fail(): void {
    if (this.#random.below(2) === 0) this.crash()
    else this.restart()
  }

  /** The process ends, and another one comes: what was written is there. */
  restart(): void {
    this.#life++
    this.stepsLeft = Number.POSITIVE_INFINITY
  }

  /** Some bit of a file turns over; says where, and turns it back; null where there is no file. */
  rot(): { path: string; byte: number; heal: () => void } | null {
    const paths = [...this.#files.keys()].filter((path) => this.#files.get(path)!.seen.length > 0)
    const path = paths[this.#random.below(paths.length)]
    if (path === undefined) return null
    const node = this.#files.get(path)!
    const byte = this.#random.below(node.seen.length)
    const was = node.seen.all[byte]!
    const put = (value: number) => {
      node.seen.all[byte] = value
      node.bytes.become(node.seen)
    }
    put(was ^ (1 << this.#random.below(8)))
    return { path, byte, heal: () => put(was) }
  }

  bytesOf(path: string): Uint8Array {
    return this.#files.get(path)!.seen.all
  }
}

/** A write that a reader sees at once, in sectors that reach the device each by itself. */
function put(node: Node, { at, bytes }: Write, sector: number): void {
  node.seen.apply({ at, bytes })
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + sector - ((at + from) % sector))
    node.pending.push({ at: at + from, bytes: bytes.slice(from, to) })
    from = to
  }
}

function settle(node: Node, pending: Node['pending']): void {
  for (const one of pending) node.bytes.apply(one)
}
