/**
 * Walk: which tokens may come after some others, by the grammar itself.
 *
 * How      1. Every rule becomes a graph of states: edges take a token or another rule, or nothing. 2. Earley's
 *             algorithm follows all ways through the graphs at once; an item is a state and the place where its rule
 *             began. 3. The edges that leave the last items are what may come.
 *          GATEs are passed over, so that a little too much may come; nothing that parses is left out.
 * Contract 1 (checked) what the parser takes as the next token is among what may come.
 * Cost     The graphs are made at the first call, in some 5 ms; a statement of 100 tokens takes some 5 ms.
 * See      Earley, An efficient context-free parsing algorithm (1970)
 */
import {
  Alternation,
  type Alternative,
  type IProduction,
  NonTerminal,
  Option,
  Repetition,
  RepetitionMandatoryWithSeparator,
  RepetitionWithSeparator,
  type Rule,
  Terminal,
  type TokenType,
  tokenMatcher,
} from 'chevrotain'
import type { Token } from './scanner.ts'

interface State {
  rule: string
  tokens: { type: TokenType; to: number }[]
  rules: { name: string; to: number }[]
  skips: number[]
}

interface Graph {
  states: State[]
  starts: Map<string, number>
  ends: Map<number, string>
}

/** A token that may come, the rule that takes it, and the rule that asked for that rule. */
export interface Next {
  type: TokenType
  rule: string
  callers: string[]
}

export class Walk {
  readonly #graph: Graph

  constructor(rules: readonly Rule[]) {
    this.#graph = graphOf(rules)
  }

  /** What may follow `tokens` in `rule`; nothing where the grammar has left them. */
  after(rule: string, tokens: readonly Token[]): Next[] {
    const { states, starts } = this.#graph
    const sets: Items[] = [new Items(0)]
    this.#add(sets, sets[0]!, starts.get(rule)!, 0)
    for (const token of tokens) {
      const now = sets.at(-1)!
      const next = new Items(sets.length)
      for (const { state, origin } of now.list) {
        for (const { type, to } of states[state]!.tokens) {
          if (tokenMatcher(token, type)) this.#add(sets, next, to, origin)
        }
      }
      sets.push(next)
    }
    return sets.at(-1)!.list.flatMap(({ state, origin }) => {
      const { rule: taking, tokens: edges } = states[state]!
      const asking = sets[origin]!.waiting.get(taking) ?? []
      const callers = [...new Set(asking.map((item) => states[item.state]!.rule))]
      return edges.map(({ type }): Next => ({ type, rule: taking, callers }))
    })
  }

  #add(sets: readonly Items[], now: Items, first: number, began: number): void {
    const { states, starts, ends } = this.#graph
    const stack: Item[] = [{ state: first, origin: began }]
    for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
      if (!now.put(item)) continue
      const { origin } = item
      const { skips, rules } = states[item.state]!
      for (const state of skips) stack.push({ state, origin })
      for (const { name, to } of rules) {
        now.wait(name, { state: to, origin })
        stack.push({ state: starts.get(name)!, origin: now.place })
        if (now.empty.has(name)) stack.push({ state: to, origin })
      }
      const ended = ends.get(item.state)
      if (ended === undefined) continue
      if (origin === now.place) now.empty.add(ended)
      const before = origin === now.place ? now : sets[origin]!
      stack.push(...(before.waiting.get(ended) ?? []))
    }
  }
}

interface Item {
  state: number
  origin: number
}

/** The items after some token. */
class Items {
  readonly place: number
  readonly list: Item[] = []
  /** Where to go on when a rule that began here ends. */
  readonly waiting = new Map<string, Item[]>()
  /** Rules that began and ended here. */
  readonly empty = new Set<string>()
  readonly #known = new Set<string>()

  constructor(place: number) {
    this.place = place
  }

  put(item: Item): boolean {
    const key = `${item.state} ${item.origin}`
    if (this.#known.has(key)) return false
    this.#known.add(key)
    this.list.push(item)
    return true
  }

  wait(rule: string, item: Item): void {
    const list = this.waiting.get(rule)
    if (list === undefined) this.waiting.set(rule, [item])
    else list.push(item)
  }
}

function graphOf(rules: readonly Rule[]): Graph {
  const graph: Graph = { states: [], starts: new Map(), ends: new Map() }
  for (const { name, definition } of rules) {
    const { states } = graph
    const state = () => states.push({ rule: name, tokens: [], rules: [], skips: [] }) - 1
    const start = state()
    graph.starts.set(name, start)
    graph.ends.set(new Builder(states, state).all(definition, start), name)
  }
  return graph
}

/**
 * The right side of an operator is an expression that binds tighter. Without binding, a chain of n operators could be
 * read in many ways; as an operand, whose own operators then follow, it can be read in one.
 */
const callee = (rule: string, name: string) =>
  rule === 'binaryTail' && name === 'expression' ? 'operand' : name

/** Adds the states of a rule; each step goes on from a state and gives the state where it ends. */
class Builder {
  readonly #states: State[]
  readonly #state: () => number

  constructor(states: State[], state: () => number) {
    this.#states = states
    this.#state = state
  }

  all(parts: readonly IProduction[], from: number): number {
    return parts.reduce((at, part) => this.#one(part, at), from)
  }

  #one(part: IProduction, from: number): number {
    if (part instanceof Terminal) return this.#take(part.terminalType, from)
    if (part instanceof NonTerminal) {
      const to = this.#state()
      const { rule } = this.#states[from]!
      this.#states[from]!.rules.push({ name: callee(rule, part.nonTerminalName), to })
      return to
    }
    if (part instanceof Alternation) return this.#either(part, from)
    const { definition } = part as Option
    if (!(part instanceof Option)) return this.#repeat(part, definition, from)
    const to = this.all(definition, from)
    this.#skip(from, to)
    return to
  }

  #repeat(part: IProduction, definition: readonly IProduction[], from: number): number {
    const again = this.#state()
    const to = this.#state()
    this.#skip(from, again)
    const last = this.all(definition, again)
    this.#skip(last, to)
    const separated =
      part instanceof RepetitionWithSeparator || part instanceof RepetitionMandatoryWithSeparator
    if (separated) this.#states[last]!.tokens.push({ type: part.separator, to: again })
    else this.#skip(last, again)
    if (part instanceof Repetition || part instanceof RepetitionWithSeparator) this.#skip(from, to)
    return to
  }

  #either(part: Alternation, from: number): number {
    const to = this.#state()
    for (const { definition } of part.definition as Alternative[]) {
      const start = this.#state()
      this.#skip(from, start)
      this.#skip(this.all(definition, start), to)
    }
    return to
  }

  #take(type: TokenType, from: number): number {
    const to = this.#state()
    this.#states[from]!.tokens.push({ type, to })
    return to
  }

  #skip(from: number, to: number): void {
    this.#states[from]!.skips.push(to)
  }
}
