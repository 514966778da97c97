/**
 * RegexStates: a regular expression as an automaton that goes over a text once and knows the groups at its end.
 *
 * How      1. A state is the list of places in the program that wait for a code point, those that come first in Perl's
 *             order first, and what the code point before tells to assertions. Only the states that texts lead to are
 *             made, each when a text leads there for the first time.
 *          2. Code points that no test of the program tells apart are one class; a table gives the next state by
 *             state and class. The end of the text is a class, too.
 *          3. Every place of a state has a row of captures. Where the rows move, or take a position in, the
 *             transition says how; most do not.
 *          4. A match ends the places behind it and no new one begins; the last one seen counts when no place is left.
 *          5. While nothing waits, bytes that no match begins with are skipped.
 * Contract 1 (checked) matches and captures are those of backtracking.
 *          2 (checked) states and transitions are bounded; beyond the bounds it gives up.
 * Cost     1 to 2 ns per byte; some 10 µs for each new transition.
 */
import { type Assertion, code, isWord, type Program, pointAt } from './regex-program.ts'

const statesMax = 1000
const transitionsMax = 20_000
const placesMax = 64
const programMax = 1000
/** Code points beyond ASCII whose class is remembered. */
const pointsMax = 4096

/** Bits of the context: what stands before. */
const context = { start: 1, line: 2, word: 4, all: 8 } as const

/** Entries of the table: where the row of the next state begins, or −2 − the number of a transition, or this. */
const unknown = -1
/** The number of the state in which nothing waits and nothing begins. */
const dead = 0

/** Where a place comes from: the row of one of the state before, or nowhere (−1); the slots that take the position. */
interface Source {
  row: number
  slots: readonly number[]
}

interface State {
  /** Places in the program behind a code point that was taken. */
  places: readonly number[]
  /** May a match begin here? */
  begins: boolean
  context: number
}

/** One that is more than the way to the next state. */
interface Transition {
  /** Where the row of the next state begins. */
  to: number
  match: Source | null
  moves: Moves | null
}

interface Moves {
  /** Pairs (from, to) of rows in the order in which they must be copied. */
  copies: Int32Array
  /** Rows that begin, all −1. */
  fresh: Int32Array
  /** Slots, counted over all rows, that take the position. */
  slots: Int32Array
}

export class States {
  readonly #program: Program
  readonly #captures: Int32Array
  readonly #width: number
  /** What of the context the program asks for. */
  readonly #asks: number
  readonly #first: Uint8Array | null
  /** The one byte with which a match begins; −1 = there are several. */
  readonly #only: number
  readonly #onlyAtStart: boolean
  /** Code points that tests of the program name. */
  readonly #named: ReadonlySet<number>
  readonly #classOf = new Uint8Array(128)
  /** A code point of each class; −1 = the end of the text. */
  readonly #samples: number[] = []
  readonly #endClass: number
  readonly #stride: number
  readonly #classes = new Map<string, number>()
  readonly #beyond = new Map<number, number>()
  readonly #states: State[] = []
  readonly #numbers = new Map<string, number>()
  /** Numbers of states in which nothing waits, by what stands before, and then those at which nothing begins. */
  readonly #starts: number[] = []
  readonly #transitions: Transition[] = []
  #made = 0
  #next = new Int32Array(0)
  readonly #rows: Int32Array
  /** Where the row of the state begins in which nothing waits and bytes may be skipped; −1 = there is none. */
  readonly #idle: number
  #tooMany: boolean

  /** Captures are written to `captures`. */
  constructor(program: Program, captures: Int32Array) {
    this.#program = program
    this.#captures = captures
    this.#width = captures.length
    this.#asks = asksOf(program.assertions)
    this.#first = program.firstBytes()
    this.#only = onlyOf(this.#first)
    this.#onlyAtStart = this.#first?.every((byte) => byte === 0) ?? false
    this.#named = new Set(program.x.filter((_, pc) => program.op[pc] === code.point))
    for (let point = 0; point < 128; point++) this.#classOf[point] = this.#classify(point)
    this.#endClass = this.#samples.push(-1) - 1
    this.#stride = 2 ** Math.ceil(Math.log2(this.#samples.length + 8))
    this.#rows = new Int32Array(placesMax * this.#width)
    this.#tooMany = program.op.length > programMax
    this.#number({ places: [], begins: false, context: 0 })
    const skips = this.#first !== null && (this.#asks & ~context.start) === 0
    this.#idle = skips
      ? this.#number({ places: [], begins: true, context: 0 }) * this.#stride
      : unknown
  }

  /** As Regex.match; null = it gives up, now and from now on. */
  match(bytes: Uint8Array, start: number, end: number, from: number): boolean | null {
    if (this.#tooMany) return null
    const [idle, classOf] = [this.#idle, this.#classOf]
    let at = from
    // No match begins inside a code point.
    while (at < end && (bytes[at]! & 0xc0) === 0x80) at++
    let state = this.#begin(bytes, start, at)
    let next = this.#next
    /** What tells of the last match, where it ends, and whether its captures are written. */
    let matched: Source | null = null
    let matchedAt = 0
    let isWritten = false
    while (state !== dead) {
      if (state === idle) {
        at = this.#skip(bytes, at, end)
        if (at >= end) return false
      }
      let entry = 0
      let kind = this.#endClass
      let size = 1
      while (at < end) {
        const byte = bytes[at]!
        if (byte >= 0x80) {
          size = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
          kind = this.#classBeyond(pointAt(bytes, at, size))
          entry = next[state + kind]!
          break
        }
        kind = classOf[byte]!
        entry = next[state + kind]!
        if (entry < 0) break
        state = entry
        at++
      }
      if (at >= end) {
        kind = this.#endClass
        entry = next[state + kind]!
      }
      if (entry === unknown) {
        entry = this.#make(state, kind)
        if (this.#tooMany) return null
        next = this.#next
      }
      if (entry < 0) {
        const { to, match, moves } = this.#transitions[-2 - entry]!
        if (match !== null) {
          ;[matched, matchedAt, isWritten] = [match, at, false]
        }
        if (moves !== null) {
          if (matched !== null && !isWritten) {
            this.#capture(matched, matchedAt)
            isWritten = true
          }
          this.#move(moves, at)
        } else if (to === state && size === 1) {
          // Bytes that lead the same way again.
          while (at + 1 < end && bytes[at + 1]! < 0x80) {
            if (next[state + classOf[bytes[at + 1]!]!] !== entry) break
            at++
          }
          if (match !== null) matchedAt = at
        }
        state = to
      } else state = entry
      at += size
    }
    if (matched !== null && !isWritten) this.#capture(matched, matchedAt)
    return matched !== null
  }

  /** The first place from `from` on at which a match may begin that is not at the start. */
  #skip(bytes: Uint8Array, from: number, end: number): number {
    const [only, first] = [this.#only, this.#first!]
    let at = from
    if (only >= 0) while (at < end && bytes[at] !== only) at++
    else while (at < end && first[bytes[at]!] === 0) at++
    return at
  }

  /** Where the row of the state begins in which a search begins. */
  #begin(bytes: Uint8Array, start: number, at: number): number {
    const begins = at === start || !this.#onlyAtStart
    const before = (at === start ? context.start : contextAfter(bytes[at - 1]!)) & this.#asks
    const key = begins ? before : before + context.all
    this.#starts[key] ??= this.#number({ places: [], begins, context: before })
    return this.#starts[key] * this.#stride
  }

  #capture({ row, slots }: Source, at: number): void {
    const [captures, rows] = [this.#captures, this.#rows]
    const from = row * this.#width
    for (let slot = 0; slot < captures.length; slot++) {
      captures[slot] = row < 0 ? -1 : rows[from + slot]!
    }
    for (let index = 0; index < slots.length; index++) captures[slots[index]!] = at
    captures[1] = at
  }

  #move({ copies, fresh, slots }: Moves, at: number): void {
    const [rows, width] = [this.#rows, this.#width]
    for (let index = 0; index < copies.length; index += 2) {
      const [from, to] = [copies[index]! * width, copies[index + 1]! * width]
      for (let slot = 0; slot < width; slot++) rows[to + slot] = rows[from + slot]!
    }
    for (let index = 0; index < fresh.length; index++) {
      const to = fresh[index]! * width
      for (let slot = 0; slot < width; slot++) rows[to + slot] = -1
    }
    for (let index = 0; index < slots.length; index++) rows[slots[index]!] = at
  }

  /** The class of a code point, which says how all tests of the program answer. */
  #classify(point: number): number {
    const { sets } = this.#program
    const answers = sets.map(({ has }) => (has(point) ? '1' : '0')).join('')
    const name = this.#named.has(point) ? point : ''
    const signature = `${answers} ${name} ${contextAfter(point) & this.#asks}`
    let kind = this.#classes.get(signature)
    if (kind === undefined) {
      kind = this.#samples.push(point) - 1
      this.#classes.set(signature, kind)
    }
    return kind
  }

  #classBeyond(point: number): number {
    let kind = this.#beyond.get(point)
    if (kind === undefined) {
      kind = this.#classify(point)
      if (this.#beyond.size >= pointsMax) this.#beyond.clear()
      this.#beyond.set(point, kind)
    }
    return kind
  }

  #number(state: State): number {
    const key = `${state.begins} ${state.context} ${state.places.join(' ')}`
    let number = this.#numbers.get(key)
    if (number === undefined) {
      const isDead = state.places.length === 0 && !state.begins
      number = isDead && this.#states.length > 0 ? dead : this.#states.push(state) - 1
      this.#numbers.set(key, number)
      if (this.#states.length > statesMax) this.#tooMany = true
      if (this.#states.length * this.#stride > this.#next.length) {
        const greater = new Int32Array(this.#next.length * 2 + 16 * this.#stride).fill(unknown)
        greater.set(this.#next)
        this.#next = greater
      }
    }
    return number
  }

  /** The entry for what comes after `state` when a code point of this class, or the end, follows. */
  #make(from: number, kind: number): number {
    if (kind >= this.#stride || ++this.#made > transitionsMax) {
      this.#tooMany = true
      return unknown
    }
    const { places, begins, context: before } = this.#states[from / this.#stride]!
    const point = this.#samples[kind]!
    const walk = new Walk(this.#program, before, point)
    const found =
      places.some((pc, row) => walk.go(pc, { row, slots: [] })) ||
      (begins && walk.go(0, { row: -1, slots: [0] }))
    const { taken, sources, match } = walk
    if (taken.length > placesMax) {
      this.#tooMany = true
      return unknown
    }
    const state = this.#number({
      places: taken,
      begins: begins && !found && !this.#onlyAtStart && point >= 0,
      context: point < 0 ? 0 : contextAfter(point) & this.#asks,
    })
    const to = state * this.#stride
    const moves = movesOf(sources, this.#width)
    const isPlain = to !== dead && to !== this.#idle && moves === null && match === null
    const entry = isPlain ? to : -1 - this.#transitions.push({ to, match, moves })
    this.#next[from + kind] = entry
    return entry
  }
}

/** What instructions lead to from a position, given the code points beside it (−1 = the end). */
class Walk {
  /** Places behind the tests that took the code point, in Perl's order, and where each came from. */
  readonly taken: number[] = []
  readonly sources: Source[] = []
  match: Source | null = null
  readonly #program: Program
  readonly #before: number
  readonly #point: number
  readonly #seen = new Set<number>()

  constructor(program: Program, before: number, point: number) {
    this.#program = program
    this.#before = before
    this.#point = point
  }

  /** True where a match was met: what comes after it in the order does not count. */
  go(from: number, source: Source): boolean {
    const { op, x, y } = this.#program
    const open: [pc: number, slots: readonly number[]][] = [[from, source.slots]]
    while (open.length > 0) {
      let [pc, slots] = open.pop()!
      while (!this.#seen.has(pc)) {
        this.#seen.add(pc)
        const step = op[pc]!
        if (step === code.match) {
          this.match = { row: source.row, slots }
          return true
        }
        if (step === code.point || step === code.set) {
          if (this.#takes(pc)) {
            this.taken.push(pc + 1)
            this.sources.push({ row: source.row, slots })
          }
          break
        }
        if (step === code.assert && !this.#holds(this.#program.assertions[x[pc]!]!)) break
        if (step === code.split) open.push([y[pc]!, slots])
        else if (step === code.save) slots = [...slots, x[pc]!]
        pc = step === code.split || step === code.jump ? x[pc]! : pc + 1
      }
    }
    return false
  }

  #takes(pc: number): boolean {
    const { op, x, sets } = this.#program
    if (this.#point < 0) return false
    return op[pc] === code.point ? x[pc] === this.#point : sets[x[pc]!]!.has(this.#point)
  }

  #holds(what: Assertion): boolean {
    const [before, point] = [this.#before, this.#point]
    switch (what) {
      case 'start':
        return (before & context.start) !== 0
      case 'end':
        return point < 0
      case 'line-start':
        return (before & (context.start | context.line)) !== 0
      case 'line-end':
        return point < 0 || point === 10
      default:
        return (
          (((before & context.word) !== 0) !== (point >= 0 && isWord(point))) === (what === 'word')
        )
    }
  }
}

/** Null where every row stays as it is. */
function movesOf(sources: readonly Source[], width: number): Moves | null {
  const moved = sources.flatMap(({ row }, to) => (row >= 0 && row !== to ? [[row, to]] : []))
  // Rows come from rows in ascending order: those that move down are copied first, upwards, then the others, downwards.
  const down = moved.filter(([from, to]) => from! > to!)
  const up = moved.filter(([from, to]) => from! < to!).reverse()
  const fresh = sources.flatMap(({ row }, to) => (row < 0 ? [to] : []))
  const slots = sources.flatMap((source, to) => source.slots.map((slot) => to * width + slot))
  if (moved.length + fresh.length + slots.length === 0) return null
  return {
    copies: Int32Array.from([...down, ...up].flat()),
    fresh: Int32Array.from(fresh),
    slots: Int32Array.from(slots),
  }
}

function contextAfter(point: number): number {
  return (point === 10 ? context.line : 0) | (isWord(point) ? context.word : 0)
}

/** What must be known of the code points beside a position. */
function asksOf(assertions: readonly Assertion[]): number {
  const asks = { start: 1, end: 0, 'line-start': 3, 'line-end': 2, word: 4, 'no-word': 4 } as const
  return assertions.reduce((all, what) => all | asks[what], 0)
}

/** The only byte of a set of bytes; −1 = there are more, or none. */
export function onlyOf(bytes: Uint8Array | null): number {
  const all = bytes === null ? [] : [...bytes.keys()].filter((byte) => bytes[byte] === 1)
  return all.length === 1 ? all[0]! : -1
}
