/**
 * OrderJoins: inner joins of three inputs and more are made in the order that promises the fewest rows between them.
 *
 *   cost of an order = Σ rows of its joins, estimated
 *
 * How      1. A tree of inner joins, with the projections and filters between them, becomes a group: its inputs,
 *          classes of values that are equal, other equalities, conditions. 2. Of up to ten inputs every tree is looked
 *          at, by the sets of inputs that it joins (dynamic programming); of more, the two parts with the fewest pairs
 *          are joined first. Only parts that an equality connects are joined, products come last. a = b and b = c
 *          connect a and c, too. 3. The cheapest tree stands in the place of the written one if it costs a tenth less,
 *          or has fewer products; a project above gives the columns their order again.
 * Contract 1 (checked) each pair of rows stands where it stood: every row of every input has the triple
 *          (position, 0, 0), so that of a pair is the greater one in whatever order they meet. Other groups stay as
 *          written: over views, windows, limits, joins by time; of two sources outside, whose places depend on the
 *          order of the scans; with anything that may fail or is drawn.
 *          2 (checked) key, updating, and columns stay.
 * Cost     3ⁿ steps for n inputs up to ten, n⁴ for more.
 * See      docs/laws.md (order of joins), docs/decisions/0015
 */
import { sameType } from '../../data/index.ts'
import { Estimate, type FactsOf, selectivityOf } from '../estimate.ts'
import {
  call,
  column,
  columnsOf,
  conjunctsOf,
  isFallible,
  mapColumns,
  moveColumns,
  signatureOf,
  volatileIn,
} from '../expression.ts'
import { failingColumns } from '../failure.ts'
import { joinOn, type KeyPair } from '../keyed.ts'
import type { Expression, Plan } from '../logical.ts'
import { filter, inputsOf, nodesOf, project, withInputs } from '../node.ts'

/** Inputs of which all trees are looked at. */
const exhaustiveMax = 10
/** A set of inputs has a bit for each. */
const inputsMax = 30
/** Another order must cost less than this share of the written one: it is not made twice. */
const worthwhile = 0.9

export function orderJoins(plan: Plan, factsOf: FactsOf): Plan {
  const ordered =
    isSpine(plan) && plan.kind !== 'project' ? (orderedGroup(plan, factsOf) ?? plan) : plan
  return withInputs(
    ordered,
    inputsOf(ordered).map((input) => orderJoins(input, factsOf)),
  )
}

/** A set of inputs: bit i is input i. */
type Inputs = number

/** Which inputs are joined first. */
type Tree = { inputs: Inputs; parts: [Tree, Tree] | null }

/** Values are expressions over the columns of all inputs side by side. */
interface Group {
  inputs: Plan[]
  /** The first column of each input. */
  starts: number[]
  equalities: KeyPair[]
  conditions: Expression[]
  output: Expression[]
  written: Tree
}

function orderedGroup(plan: Plan, factsOf: FactsOf): Plan | null {
  const group = groupOf(plan)
  if (group.inputs.length < 3 || group.inputs.length > inputsMax) return null
  if (!mayMove(group, factsOf)) return null
  const order = new Order(group, new Estimate(factsOf))
  const tree = order.best()
  const gains = order.costOf(tree) < order.costOf(group.written) * worthwhile
  if (!gains && !order.avoids(tree)) return null
  const joined = order.build(tree)
  const names = plan.output.map((field) => field.name)
  const made = project(joined.plan, group.output.map(joined.moved), names)
  const promises = ({ key, updating, window, output }: Plan) =>
    JSON.stringify([key, updating, window, output.map((field) => field.nullable)])
  return promises(made) === promises(plan) ? made : null
}

// ---------------------------------------------------------------- what is joined

type Join = Plan & { kind: 'join' }

const isFree = (plan: Plan): plan is Join =>
  plan.kind === 'join' && plan.join === 'inner' && plan.bounds === undefined && !plan.lookup

/** A free join, or what stands over one and moves with it. */
function isSpine(plan: Plan): boolean {
  if (plan.kind === 'filter') return isSteady(plan.predicate) && isSpine(plan.input)
  if (plan.kind === 'project') return plan.expressions.every(isSteady) && isSpine(plan.input)
  return isFree(plan)
}

const isSteady = (expression: Expression) =>
  !isFallible(expression) && volatileIn(expression) === null

function groupOf(plan: Plan): Group {
  const inputs: Plan[] = []
  const starts: number[] = []
  const equalities: KeyPair[] = []
  const conditions: Expression[] = []
  let width = 0
  const visit = (node: Plan): { output: Expression[]; tree: Tree } => {
    if (isFree(node)) {
      const [left, right] = [visit(node.left), visit(node.right)]
      const output = [...left.output, ...right.output]
      node.leftKeys.forEach((key, index) => {
        const pair = { left: left.output[key]!, right: right.output[node.rightKeys[index]!]! }
        if (isProduct(pair)) return
        if (isConstant(pair.left) && isConstant(pair.right)) conditions.push(equals(pair))
        else equalities.push(pair)
      })
      if (node.residual !== null) conditions.push(...substituted(node.residual, output))
      return { output, tree: joinedTree(left.tree, right.tree) }
    }
    if (node.kind === 'filter' && isSpine(node)) {
      const below = visit(node.input)
      conditions.push(...substituted(node.predicate, below.output))
      return below
    }
    if (node.kind === 'project' && isSpine(node)) {
      const { output, tree } = visit(node.input)
      const expressions = node.expressions.map((one) => mapColumns(one, (at) => output[at.index]!))
      return { output: expressions, tree }
    }
    const start = width
    width += node.output.length
    starts.push(start)
    inputs.push(node)
    const output = node.output.map(
      (field, index) => constantAt(node, index) ?? column(start + index, field),
    )
    return { output, tree: { inputs: 1 << (inputs.length - 1), parts: null } }
  }
  const { output, tree: written } = visit(plan)
  return { inputs, starts, equalities, conditions, output, written }
}

const joinedTree = (a: Tree, b: Tree): Tree => ({ inputs: a.inputs | b.inputs, parts: [a, b] })

/** The conditions of a predicate, over the columns of all inputs. */
function substituted(predicate: Expression, output: readonly Expression[]): Expression[] {
  const conjuncts = conjunctsOf(predicate).filter(
    (one) => one.kind !== 'literal' || one.value !== true,
  )
  return conjuncts.map((one) => mapColumns(one, (at) => output[at.index]!))
}

const isConstant = (value: Expression) => columnsOf(value).size === 0

/** The keys of a join without an equality. */
const isProduct = ({ left, right }: KeyPair) =>
  left.kind === 'literal' && left.value !== null && signatureOf(left) === signatureOf(right)

/** A value that is the same in all rows of an input. */
function constantAt(plan: Plan, index: number): Expression | null {
  const expression = plan.kind === 'project' ? plan.expressions[index]! : null
  return expression?.kind === 'literal' ? expression : null
}

// ---------------------------------------------------------------- what may move

function mayMove({ inputs, equalities, conditions }: Group, factsOf: FactsOf): boolean {
  const values = [...conditions, ...equalities.flatMap(({ left, right }) => [left, right])]
  const outside = inputs
    .flatMap(nodesOf)
    .flatMap((node) => (node.kind === 'scan' && isOutside(node) ? [node] : []))
  return (
    values.every(isSteady) &&
    conditions.every((condition) => columnsOf(condition).size > 0) &&
    new Set(outside.map(({ relation }) => relation)).size <= 1 &&
    inputs.every((input) => failingColumns(input).size === 0 && isPlain(input, factsOf))
  )
}

const isOutside = ({ outside, file }: Plan & { kind: 'scan' }) => outside || file !== undefined

/** Does every row, coming or going, have a triple (position, 0, 0)? */
function isPlain(plan: Plan, factsOf: FactsOf): boolean {
  switch (plan.kind) {
    case 'scan':
      return isOutside(plan) || factsOf(plan.relation)?.placed === true
    case 'values':
    case 'series':
      return true
    case 'filter':
    case 'project':
    case 'union':
      return inputsOf(plan).every((input) => isPlain(input, factsOf))
    case 'aggregate':
      return plan.input.window === null && isPlain(plan.input, factsOf)
    case 'join':
      if (plan.bounds !== undefined || plan.lookup) return false
      return inputsOf(plan).every((input) => isPlain(input, factsOf))
    default:
      return false
  }
}

// ---------------------------------------------------------------- the order

/** A value of one input that others equal. */
interface Member {
  input: number
  value: Expression
}

/** Inputs that are joined. */
interface Joined {
  plan: Plan
  /** A value over the columns of the plan. */
  moved: (value: Expression) => Expression
  /** Of each class, values of the inputs that are not known to be equal yet. */
  apart: Expression[][]
  inputs: Inputs
}

class Order {
  readonly #group: Group
  readonly #estimate: Estimate
  /** Values of single inputs that all equal each other. */
  readonly #classes: Member[][]
  /** Equalities with a value of several inputs. */
  readonly #wide: KeyPair[] = []
  readonly #conditions: Expression[]
  readonly #rows = new Map<Inputs, number>()

  constructor(group: Group, estimate: Estimate) {
    this.#group = group
    this.#estimate = estimate
    this.#conditions = []
    const equal: [Member, Member][] = []
    const promoted = group.conditions.flatMap((condition) => equalityOf(condition) ?? [])
    for (const pair of [...group.equalities, ...promoted]) {
      const sides = [this.#inputsOf(pair.left), this.#inputsOf(pair.right)] as const
      if ((sides[0] & sides[1]) !== 0 || sides[0] === 0 || sides[1] === 0) {
        this.#conditions.push(equals(pair))
      } else if (isSingle(sides[0]) && isSingle(sides[1])) {
        equal.push([member(sides[0], pair.left), member(sides[1], pair.right)])
      } else this.#wide.push(pair)
    }
    this.#conditions.push(...group.conditions.filter((condition) => equalityOf(condition) === null))
    this.#classes = classesOf(equal)
  }

  /** The rows of all joins of a tree, in all. */
  costOf(tree: Tree): number {
    if (tree.parts === null) return 0
    return this.#rowsOf(tree.inputs) + this.costOf(tree.parts[0]) + this.costOf(tree.parts[1])
  }

  /** Does the tree have fewer products than the written one? */
  avoids(tree: Tree): boolean {
    return this.#products(tree) < this.#products(this.#group.written)
  }

  #products({ parts }: Tree): number {
    if (parts === null) return 0
    const here = this.#connects(parts[0].inputs, parts[1].inputs) ? 0 : 1
    return here + this.#products(parts[0]) + this.#products(parts[1])
  }

  best(): Tree {
    const { length } = this.#group.inputs
    const parts = length > exhaustiveMax ? this.#leastFirst() : this.#exhaustive()
    return parts.reduce(joinedTree)
  }

  /** The best tree of each connected part, in the order of their first inputs. */
  #exhaustive(): Tree[] {
    const all = (1 << this.#group.inputs.length) - 1
    const best = new Map<Inputs, { tree: Tree; cost: number }>()
    for (let inputs = 1; inputs <= all; inputs++) {
      if (isSingle(inputs)) best.set(inputs, { tree: { inputs, parts: null }, cost: 0 })
      const lowest = inputs & -inputs
      for (let left = (inputs - 1) & inputs; left > 0; left = (left - 1) & inputs) {
        const [a, b] = [best.get(left), best.get(inputs ^ left)]
        if ((left & lowest) === 0 || a === undefined || b === undefined) continue
        const cost = a.cost + b.cost + this.#rowsOf(inputs)
        if (cost >= (best.get(inputs)?.cost ?? Infinity)) continue
        if (!this.#connects(left, inputs ^ left)) continue
        best.set(inputs, { tree: joinedTree(a.tree, b.tree), cost })
      }
    }
    const parts: Tree[] = []
    for (let rest = all; rest > 0; rest &= ~parts.at(-1)!.inputs) {
      const within = [...best.values()].filter(({ tree }) => (tree.inputs & ~rest) === 0)
      const size = Math.max(...within.map(({ tree }) => sizeOf(tree.inputs)))
      parts.push(within.find(({ tree }) => sizeOf(tree.inputs) === size)!.tree)
    }
    return parts
  }

  /** The two parts with the fewest pairs are joined, until no equality connects what is left. */
  #leastFirst(): Tree[] {
    let parts: Tree[] = this.#group.inputs.map((_, index) => ({ inputs: 1 << index, parts: null }))
    for (;;) {
      let least: { tree: Tree; rows: number } | null = null
      for (const [index, a] of parts.entries()) {
        for (const b of parts.slice(index + 1)) {
          if (!this.#connects(a.inputs, b.inputs)) continue
          const rows = this.#rowsOf(a.inputs | b.inputs)
          if (least === null || rows < least.rows) least = { tree: joinedTree(a, b), rows }
        }
      }
      if (least === null) return parts
      const { tree } = least
      parts = parts.filter((part) => (part.inputs & tree.inputs) === 0)
      parts.push(tree)
    }
  }

  #connects(a: Inputs, b: Inputs): boolean {
    const has = (members: readonly Member[], inputs: Inputs) =>
      members.some(({ input }) => (inputs & (1 << input)) !== 0)
    return (
      this.#classes.some((members) => has(members, a) && has(members, b)) ||
      this.#wide.some((pair) => this.#across(pair, a, b) !== null)
    )
  }

  /** The equality as a key of two parts, where each side is one of theirs. */
  #across(pair: KeyPair, a: Inputs, b: Inputs): KeyPair | null {
    const [left, right] = [this.#inputsOf(pair.left), this.#inputsOf(pair.right)]
    if (isWithin(left, a) && isWithin(right, b)) return pair
    const changed = { left: pair.right, right: pair.left }
    return isWithin(left, b) && isWithin(right, a) ? changed : null
  }

  /** Rows of a join of these inputs, in whatever order. */
  #rowsOf(inputs: Inputs): number {
    const known = this.#rows.get(inputs)
    if (known !== undefined) return known
    let rows = 1
    this.#group.inputs.forEach((plan, index) => {
      if (isWithin(1 << index, inputs)) rows *= this.#estimate.rows(plan)
    })
    for (const members of this.#classes) {
      const values = members
        .filter(({ input }) => isWithin(1 << input, inputs))
        .map((one) => this.#valuesOf(one))
        .sort((a, b) => a - b)
      for (const count of values.slice(1)) rows /= count
    }
    for (const pair of this.#wide) {
      const sides = this.#inputsOf(pair.left) | this.#inputsOf(pair.right)
      if (isWithin(sides, inputs)) rows *= selectivityOf(equals(pair))
    }
    for (const condition of this.#conditions) {
      if (isWithin(this.#inputsOf(condition), inputs)) rows *= selectivityOf(condition)
    }
    this.#rows.set(inputs, rows)
    return rows
  }

  #valuesOf({ input, value }: Member): number {
    const plan = this.#group.inputs[input]!
    if (value.kind !== 'column') return Math.max(1, this.#estimate.rows(plan) / 10)
    return this.#estimate.values(plan, value.index - this.#group.starts[input]!)
  }

  #inputsOf(value: Expression): Inputs {
    const { starts } = this.#group
    let inputs = 0
    for (const index of columnsOf(value)) {
      inputs |= 1 << starts.findLastIndex((start) => start <= index)
    }
    return inputs
  }

  build(tree: Tree): Joined {
    if (tree.parts === null) return this.#input(Math.log2(tree.inputs))
    const [left, right] = [this.build(tree.parts[0]), this.build(tree.parts[1])]
    const width = left.plan.output.length
    const moved = (value: Expression) =>
      mapColumns(value, (at) => {
        const isLeft = isWithin(this.#inputsOf(at), left.inputs)
        if (isLeft) return left.moved(at)
        return moveColumns(right.moved(at), (index) => index + width)
      })
    const apart: Expression[][] = []
    const pairs: KeyPair[] = []
    this.#classes.forEach((_, index) => {
      const [a, b] = [left.apart[index]!, right.apart[index]!]
      apart.push(a.length > 0 && b.length > 0 ? [a[0]!] : [...a, ...b])
      if (a.length === 0 || b.length === 0) return
      pairs.push(...b.map((one) => ({ left: a[0]!, right: one })))
      pairs.push(...a.slice(1).map((one) => ({ left: one, right: b[0]! })))
    })
    const conditions = [...this.#conditions]
    for (const pair of this.#wide) {
      const across = this.#across(pair, left.inputs, right.inputs)
      if (across === null) conditions.push(equals(pair))
      else pairs.push(across)
    }
    const isHere = (value: Expression) => {
      const inputs = this.#inputsOf(value)
      const isBelow = isWithin(inputs, left.inputs) || isWithin(inputs, right.inputs)
      return isWithin(inputs, tree.inputs) && !isBelow
    }
    const keys = pairs.map((pair) => ({
      left: left.moved(pair.left),
      right: right.moved(pair.right),
    }))
    const rest = conditions.filter(isHere).map(moved)
    const plan = joinOn(left.plan, right.plan, 'inner', keys, rest)
    return { plan, moved, apart, inputs: tree.inputs }
  }

  /** An input, with the conditions that it alone must meet. */
  #input(index: number): Joined {
    const { inputs, starts } = this.#group
    const own = 1 << index
    const start = starts[index]!
    const moved = (value: Expression) => moveColumns(value, (at) => at - start)
    const conditions = this.#conditions.filter((one) => this.#inputsOf(one) === own).map(moved)
    const plan = conditions.reduce(filter, inputs[index]!)
    const apart = this.#classes.map((members) =>
      members.filter(({ input }) => input === index).map(({ value }) => value),
    )
    return { plan, moved, apart, inputs: own }
  }
}

const isSingle = (inputs: Inputs) => (inputs & (inputs - 1)) === 0

const isWithin = (part: Inputs, whole: Inputs) => (part & ~whole) === 0

const sizeOf = (inputs: Inputs) => inputs.toString(2).replaceAll('0', '').length

const member = (input: Inputs, value: Expression): Member => ({ input: Math.log2(input), value })

const equals = ({ left, right }: KeyPair) => call('eq', [left, right], { kind: 'boolean' })

/** The sides of an equality of values of one type; null of any other condition. */
function equalityOf(condition: Expression): KeyPair | null {
  if (condition.kind !== 'call' || condition.function !== 'eq') return null
  const [left, right] = [condition.args[0]!, condition.args[1]!]
  return sameType(left.type, right.type) ? { left, right } : null
}

/** Values that equal each other, directly or by way of others. */
function classesOf(equal: readonly [Member, Member][]): Member[][] {
  let classes: Map<string, Member>[] = []
  for (const pair of equal) {
    const both = new Map(pair.map((one) => [signatureOf(one.value), one]))
    const met = classes.filter((one) => [...both.keys()].some((text) => one.has(text)))
    const merged = new Map([...met, both].flatMap((one) => [...one]))
    classes = [...classes.filter((one) => !met.includes(one)), merged]
  }
  return classes.map((one) => [...one.values()])
}
