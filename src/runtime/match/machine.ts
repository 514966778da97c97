/**
 * Machine: looks for a pattern in the rows of one partition, which come one by one in their order.
 *
 * How      1. From the row at hand all ways through the automaton are followed at once, row by row, as a list of
 *             threads in the order of preference. A thread that reaches the end cuts off those behind it and waits:
 *             when all before it are gone, it is the match.
 *          2. Threads at one instruction have the same way before them when every condition looks at its own row only,
 *             or when they have taken the same rows as the same variables: only the first goes on.
 *          3. When it is decided, with a match or without, the next row at which one may begin is tried, over the rows
 *             that are known already.
 * Contract 1 (checked by brute force) the match is the most preferred of all ways to map rows.
 *          2 (checked) rows before the one at hand are forgotten, but for those that PREV looks back at.
 * Cost     one thread per instruction and row where conditions look at their own rows; with conditions on rows before,
 *          threads may multiply. Rows that several matches try are gone over again for each.
 */
import { assert, unreachable } from '../../base/index.ts'
import type { Value } from '../../data/index.ts'
import type { Expression, MatchCell, RowPattern } from '../../plan/index.ts'
import type { Contribution } from '../changes.ts'
import { type Evaluate, hostExpression } from '../expression/host.ts'
import type { UserFunctions } from '../expression/user-function.ts'
import { type Asked, type CellContext, cellValue, type History } from './history.ts'
import { compilePattern, type Instruction } from './program.ts'

/** A row of a match, or one without: the row of the partition and its cells. */
export interface Told {
  row: number
  values: Value[]
}

export interface MachineOutput {
  /** The rows to tell of the match, or of the row without one, that begins with row `first`. */
  tell(first: number, rows: Told[]): void
  /** SKIP TO leads nowhere. */
  fail(first: number, message: string): void
  /** Rows that nobody looks at any more. */
  forget(rows: readonly Contribution[]): void
}

/** What is known of a pattern for all its partitions. */
export interface Machinery {
  pattern: RowPattern
  program: readonly Instruction[]
  first: number
  conditions: ((machine: Machine, tried: History) => boolean)[]
  /** Do conditions look at no rows but their own and its neighbours? */
  local: boolean
  /** Rows that PREV looks back, and that NEXT looks ahead. */
  back: number
  ahead: number
  within: bigint | null
  time: number
  types: CellContext['types']
}

interface Thread {
  at: number
  history: History | null
}

const asked: Asked = { number: 0, matched: true }

export function machineryOf(
  pattern: RowPattern,
  types: CellContext['types'],
  functions?: UserFunctions,
): Machinery {
  const { program, first } = compilePattern(pattern.pattern)
  const shifts = pattern.cells.map((cell) => (cell.kind === 'value' ? cell.shift : 0))
  return {
    pattern,
    program,
    first,
    conditions: pattern.define.map((condition, variable) =>
      conditionOf(condition, { cells: pattern.cells, variable, functions }),
    ),
    local: pattern.define.every((condition, variable) =>
      cellsOf(condition).every((index) => isOwn(pattern.cells[index]!, variable)),
    ),
    back: -Math.min(0, ...shifts),
    ahead: Math.max(0, ...shifts),
    within: pattern.withinMicros === null ? null : BigInt(pattern.withinMicros),
    time: pattern.order[0]!.column,
    types,
  }
}

/** Does the cell read the row at hand, when it is tried as the variable, or a row so far from it? */
function isOwn(cell: MatchCell, variable: number): cell is MatchCell & { kind: 'value' } {
  if (cell.kind !== 'value' || cell.from !== 'last' || cell.offset > 0) return false
  return cell.column !== null && (cell.variables === null || cell.variables.includes(variable))
}

function cellsOf(condition: Expression | null): number[] {
  if (condition === null) return []
  const found = new Set<number>()
  const visit = (expression: unknown): void => {
    if (typeof expression !== 'object' || expression === null) return
    const { kind, index } = expression as { kind?: string; index?: number }
    if (kind === 'column') found.add(index!)
    else for (const part of Object.values(expression)) visit(part)
  }
  visit(condition)
  return [...found]
}

function conditionOf(
  condition: Expression | null,
  {
    cells,
    variable,
    functions,
  }: { cells: readonly MatchCell[]; variable: number; functions: UserFunctions | undefined },
): Machinery['conditions'][number] {
  if (condition === null) return () => true
  const evaluate: Evaluate = hostExpression(condition, functions)
  const own = cells.map((cell) => (isOwn(cell, variable) ? cell : null))
  return (machine, tried) => {
    const read = (index: number) => {
      const cell = own[index]
      if (cell == null) return cellValue(machine.context, index, tried, asked)
      return machine.context.valueAt(tried.row + cell.shift, cell.column!)
    }
    return evaluate(read) === true
  }
}

export class Machine {
  readonly context: CellContext
  readonly #machinery: Machinery
  readonly #output: MachineOutput
  /** Rows from number `#base` on. */
  #rows: Contribution[] = []
  #base = 0
  /** The row at which the match at hand begins, and the next one to take. */
  #start = 0
  #next = 0
  #begun = false
  #threads: Thread[] = []
  /** The best way that has come to its end. */
  #found: { history: History | null } | null = null
  #matches = 0
  /** Rows below are part of a match. */
  #covered = 0
  #seen = new Set<string | number>()
  #histories = new Map<string, History>()
  #ended = false

  constructor(machinery: Machinery, output: MachineOutput) {
    this.#machinery = machinery
    this.#output = output
    const { pattern, types } = machinery
    const { cells, variables } = pattern
    const valueAt = (row: number, column: number) =>
      this.#rows[row - this.#base]?.row[column] ?? null
    this.context = { cells, variables, types, valueAt }
  }

  /** Rows that came. */
  get rows(): number {
    return this.#base + this.#rows.length
  }

  /** Is there nothing to remember but how many rows and matches there were? */
  get idle(): boolean {
    return this.#start === this.rows && this.#machinery.back === 0
  }

  /** Forgets all rows. */
  close(): void {
    this.#output.forget(this.#rows.splice(0))
  }

  row(row: number): Contribution {
    return this.#rows[row - this.#base]!
  }

  /** Up to which time rows may belong to the match at hand; null where it waits for none. */
  get deadline(): bigint | null {
    const { within } = this.#machinery
    if (within === null || this.#start >= this.rows) return null
    const start = this.#timeOf(this.#start)
    return start === null ? null : start + within
  }

  add(row: Contribution): void {
    this.#rows.push(row)
    this.#run()
  }

  /** No row that belongs to the match at hand comes any more. */
  expire(): void {
    this.#cut()
    this.#settle()
    this.#run()
  }

  /** No row comes any more. */
  end(): void {
    this.#ended = true
    this.#run()
    while (this.#start < this.rows) {
      this.#finish()
      this.#settle()
      this.#run()
    }
  }

  /** Takes rows as long as there are some. */
  #run(): void {
    const ahead = this.#ended ? 0 : this.#machinery.ahead
    for (;;) {
      if (this.#start >= this.rows - (this.#begun ? 0 : ahead)) break
      if (!this.#begun) this.#begin()
      while (this.#threads.length > 0 && this.#next < this.rows - ahead) this.#step()
      if (this.#threads.length > 0) break
      this.#settle()
    }
    this.#forget()
  }

  #begin(): void {
    this.#begun = true
    this.#next = this.#start
    this.#found = null
    this.#threads = []
    this.#histories.clear()
    this.#seen.clear()
    this.#follow(this.#machinery.first, null)
  }

  /** Follows what takes no row; true where the end is reached, and what comes behind is cut off. */
  #follow(at: number, history: History | null): boolean {
    const key = this.#machinery.local ? at : `${at} ${history?.id ?? -1}`
    if (this.#seen.has(key)) return false
    this.#seen.add(key)
    const instruction = this.#machinery.program[at]!
    switch (instruction.kind) {
      case 'fork':
        return this.#follow(instruction.first, history) || this.#follow(instruction.second, history)
      case 'start':
        return this.#next === 0 && this.#follow(instruction.next, history)
      case 'end':
      case 'row':
        this.#threads.push({ at, history })
        return false
      case 'match':
        this.#found = { history }
        return true
      case 'fail':
        return false
      default:
        return unreachable(instruction)
    }
  }

  #step(): void {
    if (this.#isLate(this.#next)) return this.#cut()
    const threads = this.#threads
    const row = this.#next++
    this.#threads = []
    this.#seen.clear()
    for (const { at, history } of threads) {
      const instruction = this.#machinery.program[at]!
      if (instruction.kind !== 'row') continue
      const { variable, excluded, next } = instruction
      const tried = this.#extend(history, row, variable, excluded)
      if (!this.#machinery.conditions[variable]!(this, tried)) continue
      if (this.#follow(next, tried)) break
    }
  }

  #extend(before: History | null, row: number, variable: number, excluded: boolean): History {
    const make = (id: number): History => {
      const length = (before?.length ?? 0) + 1
      return { before, row, variable, excluded, length, id, states: [] }
    }
    if (this.#machinery.local) return make(0)
    const key = `${before?.id ?? -1} ${variable} ${excluded}`
    let history = this.#histories.get(key)
    if (history === undefined) {
      history = make(this.#histories.size)
      this.#histories.set(key, history)
    }
    return history
  }

  /** Is the row further from the first one than WITHIN allows? */
  #isLate(row: number): boolean {
    const { within } = this.#machinery
    if (within === null) return false
    const [from, to] = [this.#timeOf(this.#start), this.#timeOf(row)]
    return from === null || to === null ? row > this.#start : to - from > within
  }

  #timeOf(row: number): bigint | null {
    return this.context.valueAt(row, this.#machinery.time) as bigint | null
  }

  #cut(): void {
    this.#threads = []
  }

  /** Threads that wait for the end of the rows have come to it. */
  #finish(): void {
    const threads = this.#threads
    this.#threads = []
    this.#seen.clear()
    for (const { at, history } of threads) {
      const instruction = this.#machinery.program[at]!
      if (instruction.kind === 'end' && this.#endsAt(instruction.next, history)) break
    }
    this.#threads = []
  }

  #endsAt(at: number, history: History | null): boolean {
    const instruction = this.#machinery.program[at]!
    if (instruction.kind === 'end') return this.#endsAt(instruction.next, history)
    if (instruction.kind === 'fork') {
      return this.#endsAt(instruction.first, history) || this.#endsAt(instruction.second, history)
    }
    if (instruction.kind === 'start') {
      return this.#next === 0 && this.#endsAt(instruction.next, history)
    }
    if (instruction.kind !== 'match') return false
    this.#found = { history }
    return true
  }

  /** The threads are gone: tells the match, or that there is none, and goes on to where the next may begin. */
  #settle(): void {
    assert(this.#threads.length === 0, 'a match is decided when nothing is preferred to it')
    const { pattern } = this.#machinery
    const start = this.#start
    const found = this.#found
    this.#begun = false
    this.#start++
    if (found === null) {
      if (pattern.empty === 'unmatched' && start >= this.#covered) {
        this.#output.tell(start, [this.#told(start, null, { number: 0, matched: false }, null)])
      }
      return
    }
    const number = ++this.#matches
    const last = found.history === null ? start : found.history.row
    this.#covered = Math.max(this.#covered, last + 1)
    const next = this.#target(found.history, start)
    if (next === null) return
    this.#tell(start, found.history, number)
    this.#start = next
  }

  /** Where the next match may begin; null where SKIP TO leads nowhere, which is told. */
  #target(history: History | null, start: number): number | null {
    const { skip } = this.#machinery.pattern
    if (history === null) return start + 1
    if (!('variables' in skip)) return skip.to === 'next' ? start + 1 : history.row + 1
    let found: number | null = null
    for (let at: History | null = history; at !== null; at = at.before) {
      if (!skip.variables.includes(at.variable)) continue
      found = at.row
      if (skip.to === 'last') break
    }
    if (found !== null && found > start) return found
    const why = found === null ? 'has no row in the match' : 'is the first row of the match'
    this.#output.fail(start, `AFTER MATCH SKIP cannot go to ${skip.name}: it ${why}`)
    return null
  }

  #tell(start: number, history: History | null, number: number): void {
    const { allRows, empty } = this.#machinery.pattern
    const about = { number, matched: true }
    if (!allRows) {
      const last = history?.row ?? start
      return this.#output.tell(start, [this.#told(last, history, about, history)])
    }
    if (history === null) {
      if (empty !== 'omit') this.#output.tell(start, [this.#told(start, null, about, null)])
      return
    }
    const rows: Told[] = []
    for (let at: History | null = history; at !== null; at = at.before) {
      if (!at.excluded) rows.push(this.#told(at.row, at, about, history))
    }
    this.#output.tell(start, rows.reverse())
  }

  #told(row: number, history: History | null, about: Asked, last: History | null): Told {
    const { cells, shown } = this.#machinery.pattern
    const values = shown.map((index) => {
      const cell = cells[index]!
      const isFinal = (cell.kind === 'value' || cell.kind === 'aggregate') && cell.final
      return cellValue(this.context, index, isFinal ? last : history, about)
    })
    return { row, values }
  }

  /** Forgets the rows that nobody looks at any more, some at a time. */
  #forget(): void {
    const unused = this.#start - this.#machinery.back - this.#base
    if (unused < 64 && unused < this.#rows.length) return
    if (unused <= 0) return
    this.#output.forget(this.#rows.splice(0, unused))
    this.#base += unused
  }
}
