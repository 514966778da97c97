/**
 * Regex: regular expressions over the bytes of strings, in time that grows with text times pattern and no faster.
 *
 * How      1. States of the pattern run over the text once (regex-states.ts).
 *          2. Where there are too many of them the program runs by backtracking, each pair of instruction and position
 *             at most once: what failed from there fails again, whatever was captured before. The first match is that
 *             of Perl in both.
 *          3. Where a match can begin is known by its first byte; other places are skipped.
 * Contract 1 (checked) matches are those of JavaScript's engine where both have the construct; states and
 *            backtracking agree.
 *          2 (trusted) bytes are well-formed UTF-8.
 * Cost     1 to 2 ns per byte; by backtracking some 10 ns per instruction. 1 ns per byte that no match begins with.
 */
import {
  type Assertion,
  code,
  isWord,
  Parser,
  type PointSet,
  Program,
  pointAt,
  RegexMistake,
} from './regex-program.ts'
import { onlyOf, States } from './regex-states.ts'

export interface Regex {
  /** Groups, the whole match not counted. */
  readonly groups: number
  /** Names of groups by number, with gaps. */
  readonly names: readonly string[]
  /**
   * The first match in bytes[start .. end) that begins at `from` or later; ends and begins of groups as offsets into
   * `captures` (2 · group), −1 where a group took no part. The array is that of the next call too.
   */
  match(bytes: Uint8Array, start: number, end: number, from?: number): boolean
  readonly captures: Int32Array
}

/** Throws RegexMistake. Flags: i, s, m; others are not taken. */
export function compileRegex(pattern: string, flags = ''): Regex {
  const [program, parser] = programOf(pattern, flags)
  return new Automaton(program, parser)
}

/** As compileRegex, by backtracking alone. */
export function compileBacktracking(pattern: string, flags = ''): Regex {
  const [program, parser] = programOf(pattern, flags)
  return new Backtracking(program, parser)
}

function programOf(pattern: string, flags: string): [Program, Parser] {
  const odd = /[^ismgcn]/u.exec(flags)
  if (odd !== null) throw new RegexMistake(`there is no flag ${odd[0]}`)
  const parser = new Parser(pattern)
  const insensitive = flags.includes('i')
  const tree = parser.parse({ i: insensitive, s: flags.includes('s'), m: flags.includes('m') })
  const program = new Program()
  program.add(tree)
  program.end()
  return [program, parser]
}

class Automaton implements Regex {
  readonly groups: number
  readonly names: readonly string[]
  readonly captures: Int32Array
  readonly #program: Program
  readonly #parser: Parser
  #states: States | null
  #slow: Backtracking | null = null

  constructor(program: Program, parser: Parser) {
    this.groups = parser.groups
    this.names = parser.names
    this.captures = new Int32Array(parser.groups * 2 + 2)
    this.#program = program
    this.#parser = parser
    this.#states = new States(program, this.captures)
  }

  match(bytes: Uint8Array, start: number, end: number, from = start): boolean {
    if (this.#states !== null) {
      const found = this.#states.match(bytes, start, end, from)
      if (found !== null) return found
      // Once there are too many of them, there will be again.
      this.#states = null
    }
    this.#slow ??= new Backtracking(this.#program, this.#parser, this.captures)
    return this.#slow.match(bytes, start, end, from)
  }
}

class Backtracking implements Regex {
  readonly groups: number
  readonly names: readonly string[]
  readonly captures: Int32Array
  readonly #op: Uint8Array
  readonly #x: Int32Array
  readonly #y: Int32Array
  readonly #sets: PointSet[]
  readonly #assertions: Assertion[]
  readonly #first: Uint8Array | null
  /** The one byte with which a match begins; −1 = there are several. */
  readonly #only: number
  #visited = new Uint32Array(64)
  #stack = new Int32Array(256)

  constructor(
    program: Program,
    { groups, names }: Parser,
    captures: Int32Array = new Int32Array(groups * 2 + 2),
  ) {
    this.groups = groups
    this.names = names
    this.captures = captures
    this.#op = Uint8Array.from(program.op)
    this.#x = Int32Array.from(program.x)
    this.#y = Int32Array.from(program.y)
    this.#sets = program.sets
    this.#assertions = program.assertions
    this.#first = program.firstBytes()
    this.#only = onlyOf(this.#first)
  }

  match(bytes: Uint8Array, start: number, end: number, from = start): boolean {
    const words = (this.#op.length * (end - from + 1) + 31) >>> 5
    let isClear = false
    const first = this.#first
    for (let at = from; at <= end; at++) {
      if (first !== null && at > start) {
        at = this.#candidate(bytes, at, end, first)
        if (at >= end) return false
      }
      // No match begins inside a code point.
      if (at < end && (bytes[at]! & 0xc0) === 0x80) continue
      if (!isClear) {
        isClear = true
        if (words > this.#visited.length) this.#visited = new Uint32Array(words * 2)
        else this.#visited.fill(0, 0, words)
      }
      if (this.#run(bytes, start, end, from, at)) return true
    }
    return false
  }

  #candidate(bytes: Uint8Array, from: number, end: number, first: Uint8Array): number {
    let at = from
    const only = this.#only
    if (only >= 0) {
      while (at < end && bytes[at] !== only) at++
      return at
    }
    while (at < end && first[bytes[at]!] === 0) at++
    return at
  }

  #grow(): Int32Array<ArrayBuffer> {
    const greater = new Int32Array(this.#stack.length * 2)
    greater.set(this.#stack)
    this.#stack = greater
    return greater
  }

  /** A match that begins at `at`. Entries of the stack: (pc, position), or (−1 − capture, its old value). */
  #run(bytes: Uint8Array, start: number, end: number, from: number, at: number): boolean {
    const { captures } = this
    const [op, x, y] = [this.#op, this.#x, this.#y]
    captures.fill(-1)
    captures[0] = at
    let stack = this.#stack
    let top = 0
    stack[top++] = 0
    stack[top++] = at
    const width = end - from + 1
    const visited = this.#visited
    while (top > 0) {
      let position = stack[--top]!
      let pc = stack[--top]!
      if (pc < 0) {
        captures[-1 - pc] = position
        continue
      }
      for (;;) {
        const step = op[pc]!
        if (step === code.point || step === code.set) {
          if (position >= end) break
          let point = bytes[position]!
          let size = 1
          if (point >= 0x80) {
            size = point < 0xe0 ? 2 : point < 0xf0 ? 3 : 4
            point = pointAt(bytes, position, size)
          }
          if (step === code.point) {
            if (point !== x[pc]) break
          } else {
            const set = this.#sets[x[pc]!]!
            if (point < 128 ? set.ascii[point] === 0 : !set.has(point)) break
          }
          position += size
          pc++
          continue
        }
        if (step === code.match) {
          captures[1] = position
          return true
        }
        const key = pc * width + (position - from)
        if ((visited[key >>> 5]! & (1 << (key & 31))) !== 0) break
        visited[key >>> 5]! |= 1 << (key & 31)
        if (step === code.jump) pc = x[pc]!
        else {
          if (top + 4 > stack.length) stack = this.#grow()
          if (step === code.split) {
            stack[top++] = y[pc]!
            stack[top++] = position
            pc = x[pc]!
          } else if (step === code.save) {
            stack[top++] = -1 - x[pc]!
            stack[top++] = captures[x[pc]!]!
            captures[x[pc]!] = position
            pc++
          } else {
            if (!holds(this.#assertions[x[pc]!]!, bytes, start, end, position)) break
            pc++
          }
        }
      }
    }
    return false
  }
}

function holds(
  what: Assertion,
  bytes: Uint8Array,
  start: number,
  end: number,
  at: number,
): boolean {
  switch (what) {
    case 'start':
      return at === start
    case 'end':
      return at === end
    case 'line-start':
      return at === start || bytes[at - 1] === 10
    case 'line-end':
      return at === end || bytes[at] === 10
    default: {
      const before = at > start && isWord(bytes[at - 1]!)
      const after = at < end && isWord(bytes[at]!)
      return (before !== after) === (what === 'word')
    }
  }
}

/** SIMILAR TO: a pattern of SQL as a regular expression for the whole text. */
export function similarPattern(pattern: string, mark = '\\'): string {
  let source = ''
  let inBracket = false
  const points = [...pattern]
  for (let index = 0; index < points.length; index++) {
    const point = points[index]!
    if (point === mark && mark !== '') {
      const next = points[++index]
      if (next === undefined) return '\\'
      source += next.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&')
    } else if (inBracket) {
      source += point === '\\' ? '\\\\' : point
      if (point === ']') inBracket = false
    } else if (point === '%') source += '(?s:.*)'
    else if (point === '_') source += '(?s:.)'
    else if (point === '(') source += '(?:'
    else if (point === '.' || point === '^' || point === '$' || point === '\\')
      source += `\\${point}`
    else {
      if (point === '[') inBracket = true
      source += point
    }
  }
  return `\\A(?:${source})\\z`
}
