/**
 * RegexProgram: the text of a regular expression as a program of tests, splits and saves.
 *
 * Format   what Java, Postgres and RE2 have in common: . [ ] [^ ] | * + ? {n,m} and their lazy forms, ( ) (?: )
 *          (?<x> ), ^ $ \b \B \A \z \d \w \s \D \W \S \p{…} \P{…} [[:alpha:]] \Q…\E \x41 \u0041 \t \n \r \f, flags
 *          (?i) (?s) (?m).
 *          `.` takes all but a line feed, `$` stands at the very end, \d \w \s \b are those of ASCII. Back references,
 *          look-around and possessive quantifiers are refused: they cannot be matched in bounded time.
 * How      A recursive descent parser makes a tree, the tree a program. A split tries its first way before its second.
 */

/** Why a pattern is none. */
export class RegexMistake extends Error {}

type CodePoints = (point: number) => boolean

type Tree =
  | { kind: 'empty' }
  | { kind: 'point'; point: number }
  | { kind: 'set'; has: CodePoints }
  | { kind: 'assert'; what: Assertion }
  | { kind: 'group'; number: number; body: Tree }
  | { kind: 'sequence' | 'choice'; parts: Tree[] }
  | { kind: 'repeat'; body: Tree; least: number; most: number; lazy: boolean }

export type Assertion = 'start' | 'end' | 'line-start' | 'line-end' | 'word' | 'no-word'

interface Flags {
  i: boolean
  s: boolean
  m: boolean
}

const programMax = 20_000
const repeatMax = 1000

const isDigit: CodePoints = (c) => c >= 48 && c <= 57
export const isWord: CodePoints = (c) =>
  (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || isDigit(c) || c === 95
const isSpace: CodePoints = (c) => c === 32 || (c >= 9 && c <= 13)
const within =
  (...ranges: [number, number][]): CodePoints =>
  (c) =>
    ranges.some(([low, high]) => c >= low && c <= high)

const posix: Record<string, CodePoints> = {
  alpha: within([65, 90], [97, 122]),
  digit: isDigit,
  alnum: within([48, 57], [65, 90], [97, 122]),
  upper: within([65, 90]),
  lower: within([97, 122]),
  space: isSpace,
  blank: (c) => c === 32 || c === 9,
  punct: within([33, 47], [58, 64], [91, 96], [123, 126]),
  xdigit: within([48, 57], [65, 70], [97, 102]),
  word: isWord,
  cntrl: (c) => c < 32 || c === 127,
  print: within([32, 126]),
  graph: within([33, 126]),
  ascii: (c) => c < 128,
}

const shorthand: Record<string, CodePoints> = {
  d: isDigit,
  D: (c) => !isDigit(c),
  w: isWord,
  W: (c) => !isWord(c),
  s: isSpace,
  S: (c) => !isSpace(c),
  h: (c) => c === 32 || c === 9,
}

const controls: Record<string, number> = { t: 9, n: 10, r: 13, f: 12, v: 11, a: 7, e: 27, 0: 0 }

const bothCases =
  (has: CodePoints): CodePoints =>
  (c) =>
    has(c) || has(lowerOf(c)) || has(upperOf(c))

const lowerOf = (c: number) => singlePoint(String.fromCodePoint(c).toLowerCase(), c)
const upperOf = (c: number) => singlePoint(String.fromCodePoint(c).toUpperCase(), c)

function singlePoint(text: string, otherwise: number): number {
  const point = text.codePointAt(0)!
  return String.fromCodePoint(point) === text ? point : otherwise
}

export class Parser {
  groups = 0
  readonly names: string[] = []
  readonly #points: string[]
  #at = 0
  #depth = 0

  constructor(pattern: string) {
    this.#points = [...pattern]
  }

  parse(flags: Flags): Tree {
    const tree = this.#choice({ ...flags })
    if (this.#at < this.#points.length) throw new RegexMistake('a ) without its (')
    return tree
  }

  #peek(ahead = 0): string | undefined {
    return this.#points[this.#at + ahead]
  }

  #take(text: string): boolean {
    for (let index = 0; index < text.length; index++) {
      if (this.#peek(index) !== text[index]) return false
    }
    this.#at += text.length
    return true
  }

  #choice(flags: Flags): Tree {
    if (++this.#depth > 200) throw new RegexMistake('nested too deeply')
    const parts = [this.#sequence(flags)]
    while (this.#take('|')) parts.push(this.#sequence(flags))
    this.#depth--
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts }
  }

  #sequence(flags: Flags): Tree {
    const parts: Tree[] = []
    for (
      let next = this.#peek();
      next !== undefined && next !== '|' && next !== ')';
      next = this.#peek()
    ) {
      if (this.#take('\\Q')) {
        while (this.#at < this.#points.length && !this.#take('\\E')) {
          parts.push(literalOf(this.#points[this.#at++]!, flags))
        }
        continue
      }
      const atom = this.#atom(flags)
      if (atom !== null) parts.push(this.#repeats(atom))
    }
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts }
  }

  #repeats(atom: Tree): Tree {
    let tree = atom
    for (;;) {
      const range = this.#quantifier()
      if (range === null) return tree
      const lazy = this.#take('?')
      if (!lazy && this.#peek() === '+') {
        throw new RegexMistake('possessive quantifiers are not taken')
      }
      tree = { kind: 'repeat', body: tree, least: range[0], most: range[1], lazy }
    }
  }

  #quantifier(): [number, number] | null {
    if (this.#take('*')) return [0, Infinity]
    if (this.#take('+')) return [1, Infinity]
    if (this.#take('?')) return [0, 1]
    const match = /^\{(\d+)(,(\d*))?\}/.exec(this.#points.slice(this.#at, this.#at + 16).join(''))
    if (match === null) return null
    this.#at += match[0].length
    const least = Number(match[1])
    const most = match[2] === undefined ? least : match[3] === '' ? Infinity : Number(match[3])
    if (most < least) throw new RegexMistake(`${match[0]} has its bounds the wrong way round`)
    if (least > repeatMax || (most !== Infinity && most > repeatMax)) {
      throw new RegexMistake(`${match[0]} repeats more than ${repeatMax} times`)
    }
    return [least, most]
  }

  /** Null where flags were set for the rest of the group. */
  #atom(flags: Flags): Tree | null {
    const point = this.#points[this.#at++]!
    switch (point) {
      case '(':
        return this.#group(flags)
      case '[':
        return { kind: 'set', has: this.#bracket(flags) }
      case '.':
        return { kind: 'set', has: flags.s ? () => true : (c) => c !== 10 }
      case '^':
        return { kind: 'assert', what: flags.m ? 'line-start' : 'start' }
      case '$':
        return { kind: 'assert', what: flags.m ? 'line-end' : 'end' }
      case '*':
      case '+':
      case '?':
        throw new RegexMistake(`nothing stands before ${point}`)
      case '\\':
        return this.#escape(flags)
      default:
        return literalOf(point, flags)
    }
  }

  #group(flags: Flags): Tree | null {
    let number = 0
    const inner = { ...flags }
    if (this.#take('?')) {
      if (this.#take('=') || this.#take('!') || this.#take('<=') || this.#take('<!')) {
        throw new RegexMistake('look-around is not taken')
      }
      if (this.#take('>')) throw new RegexMistake('atomic groups are not taken')
      const name = this.#take('P<') || this.#take('<') ? this.#name() : null
      if (name !== null) {
        number = ++this.groups
        this.names[number] = name
      } else if (!this.#take(':') && this.#setFlags(flags, inner)) return null
    } else number = ++this.groups
    const body = this.#choice(inner)
    if (!this.#take(')')) throw new RegexMistake('a ( without its )')
    return number === 0 ? body : { kind: 'group', number, body }
  }

  #name(): string {
    let name = ''
    while (this.#peek() !== undefined && this.#peek() !== '>') name += this.#points[this.#at++]
    if (!this.#take('>') || !/^[A-Za-z_]\w*$/.test(name)) {
      throw new RegexMistake(`'${name}' is no name of a group`)
    }
    return name
  }

  /** Flags up to `)`, for the rest of the group around (true), or up to `:`, for this group. */
  #setFlags(around: Flags, inner: Flags): boolean {
    let on = true
    for (;;) {
      const point = this.#points[this.#at++]
      if (point === ':') return false
      if (point === ')') {
        Object.assign(around, inner)
        return true
      }
      if (point === '-') on = false
      else if (point === 'i' || point === 's' || point === 'm') inner[point] = on
      else throw new RegexMistake(`(?${point ?? ''} is not taken`)
    }
  }

  #escape(flags: Flags): Tree {
    const point = this.#peek()
    if (point === undefined) throw new RegexMistake('a pattern must not end with \\')
    const assertion = ({ b: 'word', B: 'no-word', A: 'start', z: 'end', Z: 'end' } as const)[point]
    if (assertion !== undefined) {
      this.#at++
      return { kind: 'assert', what: assertion }
    }
    if (/[1-9]/.test(point)) throw new RegexMistake('back references are not taken')
    const taken = this.#escaped()
    if (typeof taken === 'number') return literalOf(String.fromCodePoint(taken), flags)
    return { kind: 'set', has: flags.i ? bothCases(taken) : taken }
  }

  /** After a backslash: one code point, or a set of them. */
  #escaped(): number | CodePoints {
    const point = this.#points[this.#at++]
    if (point === undefined) throw new RegexMistake('a pattern must not end with \\')
    if (shorthand[point] !== undefined) return shorthand[point]
    if (controls[point] !== undefined) return controls[point]
    if (point === 'x' || point === 'u') return this.#hexadecimal(point === 'x' ? 2 : 4)
    if (point === 'p' || point === 'P') return this.#property(point === 'P')
    if (/[A-Za-z]/.test(point)) throw new RegexMistake(`\\${point} is not taken`)
    return point.codePointAt(0)!
  }

  #hexadecimal(digits: number): number {
    const rest = this.#points.slice(this.#at, this.#at + 10).join('')
    const match =
      /^\{([0-9A-Fa-f]{1,6})\}/.exec(rest) ?? new RegExp(`^([0-9A-Fa-f]{${digits}})`).exec(rest)
    const point = match === null ? Infinity : Number.parseInt(match[1]!, 16)
    if (match === null || point > 0x10ffff)
      throw new RegexMistake('\\x and \\u take a hexadecimal code point')
    this.#at += match[0].length
    return point
  }

  #property(negated: boolean): CodePoints {
    const match = /^(?:\{(\^?)([\w=]+)\}|([A-Z]))/.exec(
      this.#points.slice(this.#at, this.#at + 50).join(''),
    )
    if (match === null) throw new RegexMistake('\\p takes the name of a property in braces')
    this.#at += match[0].length
    const name = match[2] ?? match[3]!
    const known = posix[name.toLowerCase()]
    const not = negated !== (match[1] === '^')
    if (known !== undefined && name.length > 2) return not ? (c) => !known(c) : known
    let expression: RegExp
    try {
      expression = new RegExp(`^\\p{${name.replace(/^Is/, '')}}$`, 'u')
    } catch {
      throw new RegexMistake(`there is no property ${name}`)
    }
    return (c) => expression.test(String.fromCodePoint(c)) !== not
  }

  #bracket(flags: Flags): CodePoints {
    const negated = this.#take('^')
    const parts: CodePoints[] = []
    for (let first = true; ; first = false) {
      const point = this.#peek()
      if (point === undefined) throw new RegexMistake('a [ without its ]')
      if (point === ']' && !first) break
      const low = this.#bracketItem()
      if (typeof low !== 'number') {
        parts.push(low)
        continue
      }
      const isRange = this.#peek() === '-' && this.#peek(1) !== ']' && this.#peek(1) !== undefined
      if (!isRange) {
        parts.push((c) => c === low)
        continue
      }
      this.#at++
      const high = this.#bracketItem()
      if (typeof high !== 'number' || high < low) {
        throw new RegexMistake('a range in [ ] has its ends the wrong way round')
      }
      parts.push((c) => c >= low && c <= high)
    }
    this.#at++
    const has: CodePoints = (c) => parts.some((part) => part(c))
    const folded = flags.i ? bothCases(has) : has
    return negated ? (c) => !folded(c) : folded
  }

  #bracketItem(): number | CodePoints {
    const rest = this.#points.slice(this.#at, this.#at + 12).join('')
    const named = /^\[:(\^?)(\w+):\]/.exec(rest)
    if (named !== null) {
      const known = posix[named[2]!]
      if (known === undefined) throw new RegexMistake(`there is no class ${named[0]}`)
      this.#at += named[0].length
      return named[1] === '^' ? (c) => !known(c) : known
    }
    const point = this.#points[this.#at++]!
    if (point !== '\\') return point.codePointAt(0)!
    if (this.#take('b')) return 8
    return this.#escaped()
  }
}

function literalOf(text: string, flags: Flags): Tree {
  const point = text.codePointAt(0)!
  if (!flags.i) return { kind: 'point', point }
  const has = bothCases((c) => c === point || c === lowerOf(point) || c === upperOf(point))
  const alone = lowerOf(point) === point && upperOf(point) === point
  return alone ? { kind: 'point', point } : { kind: 'set', has }
}

export const code = { point: 0, set: 1, split: 2, jump: 3, save: 4, assert: 5, match: 6 } as const

export interface PointSet {
  ascii: Uint8Array
  has: CodePoints
}

export class Program {
  readonly op: number[] = []
  readonly x: number[] = []
  readonly y: number[] = []
  readonly sets: PointSet[] = []
  readonly assertions: Assertion[] = []

  #emit(op: number, x = 0, y = 0): number {
    if (this.op.length >= programMax) throw new RegexMistake('the pattern is too large')
    this.x.push(x)
    this.y.push(y)
    return this.op.push(op) - 1
  }

  add(tree: Tree): void {
    switch (tree.kind) {
      case 'empty':
        return
      case 'point':
        this.#emit(code.point, tree.point)
        return
      case 'set': {
        const ascii = Uint8Array.from({ length: 128 }, (_, c) => Number(tree.has(c)))
        this.#emit(code.set, this.sets.push({ ascii, has: tree.has }) - 1)
        return
      }
      case 'assert':
        this.#emit(code.assert, this.assertions.push(tree.what) - 1)
        return
      case 'group':
        this.#emit(code.save, tree.number * 2)
        this.add(tree.body)
        this.#emit(code.save, tree.number * 2 + 1)
        return
      case 'sequence':
        for (const part of tree.parts) this.add(part)
        return
      case 'choice':
        this.#choice(tree.parts)
        return
      case 'repeat':
        this.#repeat(tree)
    }
  }

  end(): void {
    this.#emit(code.match)
  }

  #choice(parts: Tree[]): void {
    const jumps: number[] = []
    parts.forEach((part, index) => {
      if (index === parts.length - 1) {
        this.add(part)
        return
      }
      const split = this.#emit(code.split)
      this.x[split] = this.op.length
      this.add(part)
      jumps.push(this.#emit(code.jump))
      this.y[split] = this.op.length
    })
    for (const jump of jumps) this.x[jump] = this.op.length
  }

  #repeat({ body, least, most, lazy }: Tree & { kind: 'repeat' }): void {
    for (let count = 0; count < least; count++) this.add(body)
    const splits: number[] = []
    if (most === Infinity) {
      const split = this.#emit(code.split)
      this.add(body)
      this.#emit(code.jump, split)
      splits.push(split)
    } else {
      for (let count = least; count < most; count++) {
        splits.push(this.#emit(code.split))
        this.add(body)
      }
    }
    for (const split of splits) {
      const [body, out] = [split + 1, this.op.length]
      this.x[split] = lazy ? out : body
      this.y[split] = lazy ? body : out
    }
  }

  /** Bytes with which a match that does not begin at the text's start may begin; null = it may be empty or any. */
  firstBytes(): Uint8Array | null {
    const first = new Uint8Array(256)
    const seen = new Set<number>()
    const open = [0]
    while (open.length > 0) {
      const at = open.pop()!
      if (seen.has(at)) continue
      seen.add(at)
      switch (this.op[at]) {
        case code.point:
          first[firstByteOf(this.x[at]!)] = 1
          break
        case code.set:
          this.sets[this.x[at]!]!.ascii.forEach((has, byte) => {
            first[byte]! |= has
          })
          first.fill(1, 128)
          break
        case code.split:
          open.push(this.x[at]!, this.y[at]!)
          break
        case code.jump:
          open.push(this.x[at]!)
          break
        case code.assert:
          if (this.assertions[this.x[at]!] === 'start') break
          return null
        case code.save:
          open.push(at + 1)
          break
        default:
          return null
      }
    }
    return first
  }
}

function firstByteOf(point: number): number {
  if (point < 0x80) return point
  if (point < 0x800) return 0xc0 | (point >> 6)
  return point < 0x10000 ? 0xe0 | (point >> 12) : 0xf0 | (point >> 18)
}

export function pointAt(bytes: Uint8Array, at: number, size: number): number {
  const low = (index: number) => bytes[at + index]! & 0x3f
  if (size === 2) return ((bytes[at]! & 0x1f) << 6) | low(1)
  if (size === 3) return ((bytes[at]! & 0x0f) << 12) | (low(1) << 6) | low(2)
  return ((bytes[at]! & 0x07) << 18) | (low(1) << 12) | (low(2) << 6) | low(3)
}
