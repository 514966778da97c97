/**
 * JSON path: what stands at a path of a document.
 *
 * How      A path is read once into steps, by recursive descent; a step takes the values before it to those behind it.
 *          All is as in the lax mode of Postgres: an array stands for its elements where members are asked for, where a
 *          filter is, and where values are compared.
 * Format   `$`, `.name`, `."name"`, `['name']`, `[0]`, `[last]`, `.*`, `[*]`, `?(…)`, one behind the other.
 *          In a filter `@` is the value at hand; paths of it and of `$`, numbers, strings, true, false and null stand
 *          on either side of `==`, `!=`, `<>`, `<`, `<=`, `>`, `>=`; `like_regex "…" [flag "i"]`, `starts with "…"`,
 *          `exists(…)`, `… is unknown`; `!(…)`, `&&`, `||`.
 * Contract 1 (checked by test/library/json-path.test.ts) filters hold as those of Postgres do.
 */
import { compileRegex, type Regex, RegexMistake } from '../../../data/index.ts'
import { Fault, invalid } from '../fault.ts'
import { Digits, type Json, parse } from './json-text.ts'

export type PathStep = string | { index: number | 'last' }

/** A step that may find several values: `.*` every member, `[*]` every element; or that leaves some out. */
export type ManyStep = PathStep | { every: 'member' | 'element' } | { holds: Test }

/** True, false, or null for what is unknown, of a value of the document. */
type Test = (value: Json, document: Json) => boolean | null

/** The values that stand on a side of a comparison. */
type Operand = (value: Json, document: Json) => Json[]

/** A path with wildcards and filters. */
export function pathsOf(text: string): ManyStep[] | Fault {
  try {
    return new Reader(text).path()
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}

/** A path of one value. */
export function pathOf(text: string): PathStep[] | Fault {
  const steps = pathsOf(text)
  if (steps instanceof Fault || isPlain(steps)) return steps as PathStep[] | Fault
  return invalid(`'${text}' is no path of one value`)
}

const isPlain = (steps: readonly ManyStep[]): steps is PathStep[] =>
  steps.every((step) => typeof step === 'string' || 'index' in step)

const forms = {
  name: /[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*/uy,
  quoted: /"((?:[^"\\]|\\.)*)"/uy,
  single: /'((?:[^'\\]|\\.)*)'/uy,
  index: /\d+|last\b/uy,
  number: /-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/uy,
  comparison: /==|!=|<>|<=|>=|<|>/uy,
  word: /[a-z_]+/uy,
  flags: /"([ismqx]*)"/uy,
} satisfies Record<string, RegExp>

const plainText = (escaped: string) => escaped.replace(/\\(.)/gs, '$1')

class Reader {
  readonly text: string
  #at = 0

  constructor(text: string) {
    this.text = text
  }

  path(): ManyStep[] {
    this.#skip()
    const strict = this.#has('strict ')
    if (!strict) this.#has('lax ')
    this.#skip()
    if (!this.#has('$')) throw invalid(`'${this.text}' is no path: it begins with $`)
    const steps = this.#steps()
    this.#skip()
    if (this.#at < this.text.length) this.#refuse()
    if (strict && !isPlain(steps)) {
      throw invalid(`'${this.text}' is strict, and has wildcards or filters`)
    }
    return steps
  }

  #refuse(): never {
    throw invalid(`'${this.text}' is no path at '${this.text.slice(this.#at)}'`)
  }

  #skip(): void {
    while (/\s/.test(this.text[this.#at] ?? '')) this.#at++
  }

  #has(sign: string): boolean {
    const found = this.text.startsWith(sign, this.#at)
    if (found) this.#at += sign.length
    return found
  }

  /** A sign with blanks before it. */
  #takes(sign: string): boolean {
    const from = this.#at
    this.#skip()
    if (this.#has(sign)) return true
    this.#at = from
    return false
  }

  #needs(sign: string): void {
    if (!this.#takes(sign)) this.#refuse()
  }

  /** What a form finds here: its group, or the whole. */
  #reads(form: RegExp): string | null {
    form.lastIndex = this.#at
    const found = form.exec(this.text)
    if (found === null) return null
    this.#at = form.lastIndex
    return found[1] ?? found[0]
  }

  #steps(): ManyStep[] {
    const steps: ManyStep[] = []
    for (;;) {
      if (this.#takes('.')) steps.push(this.#member())
      else if (this.#takes('[')) steps.push(this.#element())
      else if (this.#takes('?')) {
        this.#needs('(')
        const holds = this.#either()
        this.#needs(')')
        steps.push({ holds })
      } else return steps
    }
  }

  #member(): ManyStep {
    this.#skip()
    if (this.#has('*')) return { every: 'member' }
    const quoted = this.#reads(forms.quoted)
    if (quoted !== null) return plainText(quoted)
    return this.#reads(forms.name) ?? this.#refuse()
  }

  #element(): ManyStep {
    this.#skip()
    const step = this.#inBrackets()
    this.#needs(']')
    return step
  }

  #inBrackets(): ManyStep {
    if (this.#has('*')) return { every: 'element' }
    const quoted = this.#reads(forms.single) ?? this.#reads(forms.quoted)
    if (quoted !== null) return plainText(quoted)
    const index = this.#reads(forms.index) ?? this.#refuse()
    return { index: index === 'last' ? 'last' : Number(index) }
  }

  #either(): Test {
    const tests = [this.#both()]
    while (this.#takes('||')) tests.push(this.#both())
    return tests.length === 1 ? tests[0]! : joined(tests, true)
  }

  #both(): Test {
    const tests = [this.#one()]
    while (this.#takes('&&')) tests.push(this.#one())
    return tests.length === 1 ? tests[0]! : joined(tests, false)
  }

  #one(): Test {
    if (!this.#takes('!')) return this.#delimited() ?? this.#comparison()
    const test = this.#delimited() ?? this.#refuse()
    return (...all) => {
      const held = test(...all)
      return held === null ? null : !held
    }
  }

  /** A condition in parentheses, or exists(…); null of anything else. */
  #delimited(): Test | null {
    if (this.#takes('exists')) {
      this.#needs('(')
      const operand = this.#path() ?? this.#refuse()
      this.#needs(')')
      return (...all) => operand(...all).length > 0
    }
    if (!this.#takes('(')) return null
    const test = this.#either()
    this.#needs(')')
    if (!this.#takes('is')) return test
    this.#needs('unknown')
    return (...all) => test(...all) === null
  }

  #comparison(): Test {
    const left = this.#operand()
    this.#skip()
    const sign = this.#reads(forms.comparison)
    if (sign !== null) {
      const right = this.#operand()
      return some(left, right, (a, b) => compared(a, b, sign))
    }
    if (this.#has('like_regex')) {
      const regex = this.#regex()
      return some(left, one, (a) => (typeof a === 'string' ? regex(a) : null))
    }
    if (!this.#has('starts')) this.#refuse()
    this.#needs('with')
    this.#skip()
    const start = this.#string() ?? this.#refuse()
    return some(left, one, (a) => (typeof a === 'string' ? a.startsWith(start) : null))
  }

  #regex(): (text: string) => boolean {
    this.#skip()
    const source = this.#string() ?? this.#refuse()
    const flags = this.#takes('flag') ? this.#flags() : ''
    const regex = regexOf(source, flags)
    const bytes = new TextEncoder()
    return (text) => {
      const subject = bytes.encode(text)
      return regex.match(subject, 0, subject.length, 0)
    }
  }

  #flags(): string {
    this.#skip()
    return this.#reads(forms.flags) ?? this.#refuse()
  }

  /** A path of `@` or `$`; null of anything else. */
  #path(): Operand | null {
    this.#skip()
    const own = this.#has('@')
    if (!own && !this.#has('$')) return null
    const steps = this.#steps()
    return (value, document) => walkAll(own ? value : document, steps, document)
  }

  #operand(): Operand {
    const path = this.#path()
    if (path !== null) return (...all) => path(...all).flatMap(unwrapped)
    if (this.#takes('(')) {
      const inner = this.#operand()
      this.#needs(')')
      return inner
    }
    const value = this.#string() ?? this.#literal()
    return () => [value]
  }

  /** A string as JSON writes it; null of anything else. */
  #string(): string | null {
    const quoted = this.#reads(forms.quoted)
    if (quoted === null) return null
    const value = parse(`"${quoted}"`)
    return typeof value === 'string' ? value : this.#refuse()
  }

  #literal(): Json {
    const number = this.#reads(forms.number)
    if (number !== null) return new Digits(number)
    const word = this.#reads(forms.word) ?? this.#refuse()
    const values: Record<string, Json> = { true: true, false: false, null: null }
    return word in values ? values[word]! : this.#refuse()
  }
}

const one: Operand = () => [null]

/** TRUE decides OR, FALSE decides AND; otherwise what is unknown counts. */
function joined(tests: readonly Test[], decides: boolean): Test {
  return (...all) => {
    let known = true
    for (const test of tests) {
      const held = test(...all)
      if (held === decides) return decides
      if (held === null) known = false
    }
    return known ? !decides : null
  }
}

/** Does a pair of values satisfy it? Unknown where none does and one is unknown. */
function some(left: Operand, right: Operand, holds: (a: Json, b: Json) => boolean | null): Test {
  return (...all) => {
    const others = right(...all)
    let known = true
    for (const a of left(...all)) {
      for (const b of others) {
        const held = holds(a, b)
        if (held === true) return true
        if (held === null) known = false
      }
    }
    return known ? false : null
  }
}

function compared(a: Json, b: Json, sign: string): boolean | null {
  const order = orderOf(a, b)
  if (order === null) return null
  switch (sign) {
    case '==':
      return order === 0
    case '!=':
    case '<>':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    default:
      return order >= 0
  }
}

/** Less than, equal or greater than 0; NaN where they only differ, null where they cannot be compared. */
function orderOf(a: Json, b: Json): number | null {
  if (a === null || b === null) return a === b ? 0 : Number.NaN
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (typeof a === 'string' && typeof b === 'string') {
    const [left, right] = [a, b].map((text) => new TextEncoder().encode(text))
    return Buffer.compare(left!, right!)
  }
  return a instanceof Digits && b instanceof Digits ? orderOfNumbers(a.text, b.text) : null
}

/** Numbers by all of their digits. */
function orderOfNumbers(a: string, b: string): number {
  const about = Number(a) - Number(b)
  const [left, right] = [decimalOf(a), decimalOf(b)]
  if (left === null || right === null || Math.abs(left.power - right.power) > 1000) return about
  const power = Math.min(left.power, right.power)
  const [x, y] = [left, right].map((one) => one.digits * 10n ** BigInt(one.power - power))
  return x! < y! ? -1 : x! > y! ? 1 : 0
}

function decimalOf(text: string): { digits: bigint; power: number } | null {
  const found = /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text)
  if (found === null) return null
  const [, sign, whole, part, power = '0'] = found
  return { digits: BigInt(`${sign}${whole}${part}`), power: Number(power) - part!.length }
}

function regexOf(pattern: string, flags: string): Regex {
  try {
    return compileRegex(pattern, flags)
  } catch (error) {
    if (!(error instanceof RegexMistake)) throw error
    throw invalid(`'${pattern}' is no regular expression: ${error.message}`)
  }
}

// ---------------------------------------------------------------- walking

/** What stands at a path; undefined = nothing. */
export function walk(document: Json, steps: readonly PathStep[]): Json | undefined {
  let value: Json | undefined = document
  for (const step of steps) {
    if (typeof step === 'string') value = value instanceof Map ? value.get(step) : undefined
    else if (Array.isArray(value))
      value = value[step.index === 'last' ? value.length - 1 : Number(step.index)]
    // As Postgres and Flink in lax mode: anything else is an array of itself.
    else if (step.index !== 0 && step.index !== 'last') return undefined
    if (value === undefined) return undefined
  }
  return value
}

/** All that stands at a path, in the order of the document; members of an array are its elements'. */
export function walkAll(value: Json, steps: readonly ManyStep[], document = value): Json[] {
  return steps.reduce(
    (values, step) => values.flatMap((one) => stepInto(one, step, document)),
    [value],
  )
}

function stepInto(value: Json, step: ManyStep, document: Json): Json[] {
  if (typeof step === 'object') {
    if ('index' in step) return someOf(walk(value, [step]))
    if ('holds' in step) return unwrapped(value).filter((one) => step.holds(one, document) === true)
    if (step.every === 'element') return unwrapped(value)
  }
  return unwrapped(value).flatMap((one) => {
    if (typeof step === 'string') return someOf(walk(one, [step]))
    return one instanceof Map ? [...one.values()] : []
  })
}

const unwrapped = (value: Json): Json[] => (Array.isArray(value) ? value : [value])

const someOf = (value: Json | undefined): Json[] => (value === undefined ? [] : [value])

/** All that stands at a path; only behind a wildcard are the members of an array those of its elements. */
export const findAll = (document: Json, steps: readonly ManyStep[]): Json[] =>
  isPlain(steps) ? someOf(walk(document, steps)) : walkAll(document, steps)
