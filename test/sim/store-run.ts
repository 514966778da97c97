/**
 * Store-run: one seed's life of a log on a simulated disk: appends, acknowledgements, crashes, faults, and what the
 * next opening finds.
 *
 * How      Frames of all kinds are appended to three streams, alone and in changes of several parts, and now and then
 *          waited for. The disk crashes at some step, or calls fail, or the process ends, or the store is closed; then
 *          it is opened again. In some lives a write goes astray, or a bit turns over at rest.
 * Contract 1 what is found is what was appended, up to some frame, with all that was acknowledged, and no change in
 *            part.
 *          2 after a fault at rest: the same, or an error that says what is damaged.
 *          3 the same seed gives the same trace.
 */
import { createHash } from 'node:crypto'
import { Failure, type Random, seededRandom, virtualClock } from '../../src/base/index.ts'
import { type Batch, batchOf, type Row, rowsOf, type Schema } from '../../src/data/index.ts'
import type { DataFrame, Frame, Store as StoreOf } from '../../src/log/index.ts'
import { Crash, noFaults, SimulatedDisk } from './disk.ts'

type StoreClass = typeof StoreOf

const schemas: Record<string, Schema> = {
  a: { fields: [{ name: 'x', type: { kind: 'bigint' }, nullable: false }] },
  b: {
    fields: [
      { name: 'name', type: { kind: 'varchar' }, nullable: true },
      { name: 'on', type: { kind: 'boolean' }, nullable: true },
      { name: 'v', type: { kind: 'double' }, nullable: true },
    ],
  },
  c: { fields: [{ name: 'day', type: { kind: 'date' }, nullable: true }] },
}

/** A frame as plain values. */
function plain(frame: Frame): unknown {
  if (frame.kind !== 'data') return frame.kind === 'statement' ? { ...frame, parameters: 0 } : frame
  const { kind, stream, offset, position, until, nowMicros, removes, partitions, late, batch } =
    frame
  const rows = rowsOf(batch)
  const lists = [removes, partitions].map((list) => (list === null ? null : [...list]))
  return { kind, stream, offset, position, until, nowMicros, lists, late, rows }
}

const textOf = (frame: Frame): string =>
  JSON.stringify(plain(frame), (_, value) => (typeof value === 'bigint' ? String(value) : value))

/** What was appended, and how much of it was acknowledged. */
class Model {
  texts: string[] = []
  acknowledged = 0
  ends = new Map<string, number>()
  /** Frames of a change that come after the one at an index, which is not there without them. */
  whole: boolean[] = []
  position = 0
  cycle = 0

  /** Forgets what was not found. */
  cut(frames: readonly Frame[]): void {
    this.texts.length = frames.length
    this.whole.length = frames.length
    this.ends.clear()
    this.position = 0
    this.cycle = 0
    for (const frame of frames) {
      if (frame.kind === 'data') this.ends.set(frame.stream, frame.offset + frame.rows)
      if (frame.kind === 'cycle') this.cycle = frame.cycle
      const rows = frame.kind === 'data' ? frame.rows : frame.kind === 'idle' ? 1 : 0
      this.position = Math.max(this.position, frame.position + rows)
    }
  }
}

/** What a step of a workload does. */
export type Letter = 'row' | 'change' | 'cycle' | 'wait'

class Run {
  readonly #random: Random
  readonly #disk: SimulatedDisk
  readonly #model = new Model()
  readonly #Store: StoreClass
  #options = { segmentBytes: 1e9, cacheBytes: 1e9 }
  readonly #trace = createHash('sha1')
  #salt = 0n
  crashes = 0

  constructor(Store: StoreClass, random: Random, disk = new SimulatedDisk(random)) {
    this.#Store = Store
    this.#random = random
    this.#disk = disk
  }

  /** Does what `word` says, with a crash at a step, and looks twice at what is left; is there such a step? */
  async spell(word: readonly Letter[], crashAt: number): Promise<boolean> {
    let isReached = false
    this.#disk.stepsLeft = crashAt
    try {
      const store = await this.#open()
      for (const letter of word) {
        if (letter === 'wait') await this.#acknowledge(store)
        else this.#put(store, letter)
      }
      await this.#acknowledge(store)
    } catch (fault) {
      isReached = fault instanceof Crash || (fault as Failure).cause instanceof Crash
      if (!isReached) throw fault
    }
    this.#disk.crash()
    const store = await this.#found()
    this.#put(store, 'row')
    await this.#acknowledge(store)
    this.#disk.crash()
    await this.#found()
    return isReached
  }

  #put(store: StoreOf, letter: Exclude<Letter, 'wait'>): void {
    const { position } = this.#model
    if (letter === 'cycle') {
      const cycle = ++this.#model.cycle
      this.#push(store, { kind: 'cycle', cycle, position, runs: [], nowMicros: '7' }, true)
      return
    }
    const until = letter === 'row' ? 0 : position + 2
    const row = batchOf(schemas['a']!, [[1n]])
    this.#pushRows(store, { stream: 'a', batch: row, until }, letter === 'row')
    if (letter === 'row') return
    this.#pushRows(store, { stream: 'c', batch: batchOf(schemas['c']!, [[2]]), until }, true)
  }

  async play(): Promise<string> {
    const segmentBytes = [5000, 8192, 20_000, 1e9][this.#random.below(4)]!
    this.#options = { segmentBytes, cacheBytes: [0, 2000, 1e9][this.#random.below(3)]! }
    const lives = 2 + this.#random.below(4)
    for (let life = 0; life < lives; life++) await this.#life()
    await this.#find()
    return this.#trace.digest('hex')
  }

  #note(text: string): void {
    this.#trace.update(`${text}\n`)
  }

  #open(): Promise<StoreOf> {
    return this.#Store.open({
      disk: this.#disk.mount(),
      directory: '/db',
      clock: virtualClock(1_000_000n),
      salt: () => ++this.#salt,
      ...this.#options,
    })
  }

  /** Opens, which may crash as well, and looks at what is there. */
  async #find(): Promise<StoreOf> {
    if (this.#random.below(8) === 0) {
      this.#disk.stepsLeft = 1 + this.#random.below(6)
      try {
        await this.#open()
      } catch (fault) {
        if (!(fault instanceof Crash)) throw fault
        this.crashes++
      }
      this.#disk.crash()
    }
    return this.#found()
  }

  async #found(): Promise<StoreOf> {
    const store = await this.#open()
    this.#compare(store.frames)
    this.#model.cut(store.frames)
    // Whoever has opened it sees them: they may not go again.
    this.#model.acknowledged = store.frames.length
    return store
  }

  #compare(frames: readonly Frame[]): void {
    const { texts, acknowledged, whole } = this.#model
    this.#note(`found ${frames.length} of ${texts.length}, ${acknowledged} acknowledged`)
    if (frames.length < acknowledged)
      throw new Error(`${acknowledged} frames were acknowledged, ${frames.length} are there`)
    if (frames.length > texts.length) throw new Error('more frames than were appended')
    for (const [at, frame] of frames.entries()) {
      const text = textOf(frame)
      if (text !== texts[at]) throw new Error(`frame ${at} is ${text}, not ${texts[at]}`)
    }
    if (frames.length > 0 && !whole[frames.length - 1]) throw new Error('a change is there in part')
  }

  async #life(): Promise<void> {
    const store = await this.#find()
    const kind = this.#random.below(10)
    if (kind < 5) this.#disk.stepsLeft = 1 + this.#random.below(30)
    if (kind === 5) this.#disk.chances = { ...noFaults, writeFault: 0.1, syncFault: 0.1 }
    if (kind === 6) this.#disk.chances = { ...noFaults, full: 0.1, syncFault: 0.05 }
    try {
      await this.#work(store)
      if (kind === 7) return await this.#stray(store)
      if (kind === 8) return await this.#rot(store)
      if (kind === 9) await store.close()
    } catch (fault) {
      const isFenced = fault instanceof Failure && /^(fenced|file|disk_full)$/.test(fault.code)
      if (!(fault instanceof Crash) && !isFenced) throw fault
      this.#note(fault instanceof Failure ? fault.code : 'crash')
    }
    this.#disk.chances = noFaults
    if (this.#random.below(3) === 0) return this.#disk.restart()
    this.crashes++
    this.#disk.crash()
  }

  async #work(store: StoreOf): Promise<void> {
    const count = 1 + this.#random.below(25)
    for (let at = 0; at < count; at++) {
      this.#append(store)
      if (this.#random.below(3) === 0) await this.#acknowledge(store)
      else for (let turn = this.#random.below(8); turn > 0; turn--) await null
    }
    this.#note(`${this.#model.texts.length} appended`)
  }

  async #acknowledge(store: StoreOf): Promise<void> {
    const { length } = this.#model.texts
    await wrapped(store.durable())
    this.#model.acknowledged = Math.max(this.#model.acknowledged, length)
  }

  #append(store: StoreOf): void {
    const { position } = this.#model
    const kind = this.#random.below(10)
    if (kind < 6) return this.#appendRows(store)
    if (kind < 8) {
      const cycle = ++this.#model.cycle
      this.#push(store, { kind: 'cycle', cycle, position, runs: [], nowMicros: '7' }, true)
    } else if (kind === 8) {
      const parameters = { positional: [1n, 'x', null], named: new Map() }
      const text = 'S'.repeat(this.#random.below(2000))
      this.#push(store, { kind: 'statement', position, text, parameters, nowMicros: 3.5 }, true)
    } else {
      this.#model.position++
      this.#push(store, { kind: 'idle', stream: 'a', position, partitions: [1, 2] }, true)
    }
  }

  #appendRows(store: StoreOf): void {
    const random = this.#random
    const parts = random.below(4) === 0 ? 1 + random.below(3) : 1
    const batches = Array.from({ length: parts }, () => this.#batch())
    const all = batches.reduce((sum, { batch }) => sum + batch.rows, 0)
    const until = parts === 1 ? 0 : this.#model.position + all
    for (const [at, { stream, batch }] of batches.entries()) {
      const { rows } = batch
      const removes = random.below(4) === 0 ? new Float64Array(rows).fill(-1) : null
      const partitions = random.below(4) === 0 ? new Uint32Array(rows).fill(3) : null
      const late = random.below(8) === 0 ? { source: 'é', offsets: [1, 2] } : null
      this.#pushRows(store, { stream, batch, until, removes, partitions, late }, at === parts - 1)
    }
  }

  #pushRows(
    store: StoreOf,
    part: Pick<DataFrame, 'stream' | 'batch' | 'until'> & Partial<DataFrame>,
    isLast: boolean,
  ): void {
    const { stream, batch } = part
    const { rows } = batch
    const offset = this.#model.ends.get(stream) ?? 0
    const { position } = this.#model
    const place = { kind: 'data' as const, offset, position, rows, nowMicros: 1.25 }
    this.#model.ends.set(stream, offset + rows)
    this.#model.position += rows
    this.#push(store, { ...place, removes: null, partitions: null, late: null, ...part }, isLast)
  }

  #push(store: StoreOf, frame: Frame, whole: boolean): void {
    this.#model.texts.push(textOf(frame))
    this.#model.whole.push(whole)
    try {
      store.append(frame)
    } catch (fault) {
      this.#model.texts.pop()
      this.#model.whole.pop()
      throw fault
    }
  }

  #batch(): { stream: string; batch: Batch } {
    const random = this.#random
    const stream = ['a', 'b', 'c'][random.below(3)]!
    const rows = random.below(10) === 0 ? 200 + random.below(800) : 1 + random.below(5)
    const maybe = <T>(value: T): T | null => (random.below(4) === 0 ? null : value)
    const row: () => Row = {
      a: () => [BigInt(random.below(1000)) - 500n],
      b: () => [
        maybe('ü'.repeat(random.below(9))),
        maybe(random.below(2) === 0),
        maybe(random.next()),
      ],
      c: () => [maybe(random.below(20_000))],
    }[stream]!
    const values = Array.from({ length: rows }, (): Row => row())
    return { stream, batch: batchOf(schemas[stream]!, values) }
  }

  /** A write that is lost, or goes to another place, is found when others have followed it. */
  async #stray(store: StoreOf): Promise<void> {
    await this.#acknowledge(store)
    this.#disk.chances = { ...noFaults, lostWrite: 0.3, strayWrite: 0.3 }
    await this.#work(store)
    await this.#acknowledge(store)
    this.#disk.chances = noFaults
    this.#append(store)
    await this.#acknowledge(store)
    for (let turn = 0; turn < 40; turn++) await null
    await this.#findOrDamage()
    // What is damaged stays so.
    throw new Over()
  }

  /** A bit that turned over is told, or it is one that nothing depends on. */
  async #rot(store: StoreOf): Promise<void> {
    await this.#acknowledge(store)
    await store.close()
    for (let turn = 0; turn < 8; turn++) {
      this.#disk.restart()
      const rotten = this.#disk.rot()
      this.#note(JSON.stringify(rotten))
      await this.#findOrDamage()
      rotten?.heal()
    }
    throw new Over()
  }

  async #findOrDamage(): Promise<void> {
    this.#disk.restart()
    try {
      this.#compare((await this.#open()).frames)
    } catch (fault) {
      if (!(fault instanceof Failure) || !/^(damaged|malformed_file)$/.test(fault.code)) throw fault
      this.#note(fault.message)
    }
  }
}

/** The run ends here. */
class Over extends Error {}

/** A promise that a dead process never settles would wait for ever: the crash is told to whoever waits. */
const wrapped = async (promise: Promise<void> | null): Promise<void> => {
  await promise
}

/** Plays a seed; throws where the store is wrong. Gives the trace and how often the machine went down. */
export async function playStore(
  Store: StoreClass,
  seed: number,
): Promise<{ trace: string; crashes: number }> {
  const run = new Run(Store, seededRandom(seed))
  // Nothing here waits for the outside: when nothing is left to be done at once, nothing will ever be.
  const { promise: stuck, reject } = Promise.withResolvers<never>()
  const timer = setImmediate(() => reject(new Error('it waits for ever')))
  try {
    return { trace: await Promise.race([run.play(), stuck]), crashes: run.crashes }
  } catch (fault) {
    if (fault instanceof Over) return { trace: '', crashes: run.crashes }
    throw fault
  } finally {
    clearImmediate(timer)
  }
}

/** Plays a workload once for every step at which it may crash and every way in which that may leave the disk. */
export async function spellStore(Store: StoreClass, word: readonly Letter[]): Promise<number> {
  let states = 0
  for (let crashAt = 1; ; crashAt++) {
    let isReached = false
    for (const random of everyChoice()) {
      states++
      // Half a page at once: a header has two of them, and most groups one.
      const disk = new SimulatedDisk(random, 2048)
      isReached = await new Run(Store, random, disk).spell(word, crashAt)
    }
    if (!isReached) return states
  }
}

/** Generators of numbers that together take every way through a program that asks them. */
function* everyChoice(): Generator<Random> {
  // The choices of the way before, and of how many they were.
  const taken: { choice: number; of: number }[] = []
  do {
    let at = 0
    const below = (of: number): number => {
      taken[at] ??= { choice: 0, of }
      return taken[at++]!.choice
    }
    yield { below, next: () => below(2) / 2 }
    taken.length = at
    while (taken.length > 0 && taken.at(-1)!.choice === taken.at(-1)!.of - 1) taken.pop()
    if (taken.length > 0) taken.at(-1)!.choice++
  } while (taken.length > 0)
}
