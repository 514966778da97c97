/**
 * Program: a pattern as instructions of an automaton, the preferred way of a fork first.
 *
 * How      Thompson's construction, from the last part to the first. A repetition is written out: its least number of
 *          times, then as many that may be left out, or a loop. What may be left out takes a row at least when it is
 *          not: such a part is compiled twice, for when a row of it has been taken and for when none has. So no way
 *          through the automaton returns to where it was without a row.
 * See      R. Cox, Regular Expression Matching: the Virtual Machine Approach (2009)
 */
import type { PatternNode } from '../../plan/index.ts'

export type Instruction =
  | { kind: 'row'; variable: number; excluded: boolean; next: number }
  /** `first` is preferred. */
  | { kind: 'fork'; first: number; second: number }
  /** Holds before the first row of the partition, or behind the last. */
  | { kind: 'start' | 'end'; next: number }
  | { kind: 'match' }
  | { kind: 'fail' }

/** Where it goes on when a row has been taken, and when none has. */
interface Ways {
  some: number
  none: number
}

export function compilePattern(pattern: PatternNode): { program: Instruction[]; first: number } {
  const compiler = new Compiler()
  const end = compiler.add({ kind: 'match' })
  const first = compiler.part(pattern, { some: end, none: end }, false)
  return { program: compiler.program, first }
}

class Compiler {
  readonly program: Instruction[] = []
  readonly #fail = this.add({ kind: 'fail' })

  add(instruction: Instruction): number {
    return this.program.push(instruction) - 1
  }

  /** Where the part begins, no row of what is around it having been taken. */
  part(node: PatternNode, to: Ways, excluded: boolean): number {
    switch (node.kind) {
      case 'variable':
        return this.add({ kind: 'row', variable: node.variable, excluded, next: to.some })
      case 'start':
      case 'end':
        return this.add({ kind: node.kind, next: to.none })
      case 'exclude':
        return this.part(node.part, to, true)
      case 'sequence':
        return this.#each(node.parts, to, excluded)
      case 'choice':
        return node.parts
          .map((part) => this.part(part, to, excluded))
          .reduceRight((second, first) => this.add({ kind: 'fork', first, second }))
      case 'repeat':
        return this.#repeat(node, to, excluded)
    }
  }

  /** The parts behind each other. */
  #each(parts: readonly PatternNode[], to: Ways, excluded: boolean): number {
    return parts.reduceRight((ways, part) => this.#before(part, ways, excluded), to).none
  }

  #before(part: PatternNode, { some, none }: Ways, excluded: boolean): Ways {
    const some1 = this.part(part, { some, none: some }, excluded)
    const none1 = some === none ? some1 : this.part(part, { some, none }, excluded)
    return { some: some1, none: none1 }
  }

  #repeat(node: PatternNode & { kind: 'repeat' }, to: Ways, excluded: boolean): number {
    const { part, least, most } = node
    let ways = most === null ? this.#loop(node, to, excluded) : to
    for (let times = least; times < (most ?? least); times++) {
      const inside = this.part(part, { some: ways.some, none: this.#fail }, excluded)
      // Behind this time the others have one of its rows before them.
      ways = { some: this.#fork(node, inside, to.some), none: this.#fork(node, inside, to.none) }
    }
    for (let times = 0; times < least; times++) ways = this.#before(part, ways, excluded)
    return ways.none
  }

  #loop(node: PatternNode & { kind: 'repeat' }, to: Ways, excluded: boolean): Ways {
    const some = this.add({ kind: 'fail' })
    const inside = this.part(node.part, { some, none: this.#fail }, excluded)
    this.program[some] = this.#forkOf(node, inside, to.some)
    return { some, none: to.some === to.none ? some : this.#fork(node, inside, to.none) }
  }

  #fork(node: PatternNode & { kind: 'repeat' }, inside: number, outside: number): number {
    return this.add(this.#forkOf(node, inside, outside))
  }

  #forkOf({ reluctant }: { reluctant: boolean }, inside: number, outside: number): Instruction {
    return reluctant
      ? { kind: 'fork', first: outside, second: inside }
      : { kind: 'fork', first: inside, second: outside }
  }
}
