/**
 * BindMatch: MATCH_RECOGNIZE becomes a match node between projects.
 *
 * How      1. Below the node stands a project of all that is read of one row: partition and order, arguments of FIRST,
 *             LAST and aggregates, and the conditions of DEFINE that look at the row at hand only.
 *          2. What looks at several rows becomes a cell, which the node computes. Conditions over cells are the
 *             node's, the expressions of MEASURES a project above it.
 *          3. In a continuous query windows of one unit of the time column lie below: they leave out what is late.
 * See      docs/match-recognize.md
 */
import type {
  Identifier,
  Pattern as PatternTree,
  Expression as Tree,
  Relation as TreeRelation,
} from '../../../grammar/index.ts'
import type { Span } from '../../base/index.ts'
import { precisionMicros, type Type, typeText } from '../../data/index.ts'
import { bigint, boolean, coerce, decimal, digitsOf } from '../coerce.ts'
import {
  branch,
  call,
  choose,
  column,
  columnsOf,
  isFallible,
  literal,
  mapColumns,
  signatureOf,
} from '../expression.ts'
import type { Expression, MatchCell, PatternNode, Plan, RowPattern, SortKey } from '../logical.ts'
import { match, project, window } from '../node.ts'
import { watermarkedColumn } from '../watermark.ts'
import { all, type Binding, fail, sortsNullsFirst, unsupported } from './binding.ts'
import { clockOf } from './expression/clock.ts'
import { bindCondition, bindExpression, type Env } from './expression/expression.ts'
import {
  aggregateBases,
  navigationBase,
  type PatternCalls,
  type Slot,
  slotOf,
} from './match-call.ts'
import { isPlaced } from './over.ts'
import { type BoundRelation, bindRelation } from './relation.ts'
import { findColumn, type Scope, type ScopeColumn, scopeOf } from './scope.ts'
import { suggestion } from './suggest.ts'
import { microsOf } from './window.ts'

type MatchTree = TreeRelation & { kind: 'match' }

export function bindMatch(binding: Binding, tree: MatchTree): BoundRelation {
  const source = bindRelation(binding, tree.source, [])
  checkUpdating(binding, tree, source.plan)
  const partition = tree.partitionBy.map((key) => plainColumn(source.scope, key, 'PARTITION BY'))
  const order = bindOrder(binding, tree, source)
  const plan = binding.continuous ? judged(source.plan, order[0]!.index) : source.plan
  const variables = variablesOf(tree)
  const pattern = patternNode(tree.pattern, variables)
  checkSize(tree, pattern)
  const withinMicros = bindWithin(binding, tree, order)
  noteState(binding, tree, pattern)
  const parts = new Parts(plan)
  const calls = callsOf(
    tree,
    source.plan.output.length,
    slotsOf(tree, variables),
    binding.continuous,
  )
  const shape: RowPattern = {
    partition: partition.map(({ index }) => parts.place(column(index, plan.output[index]!))),
    order: order.map(({ index, key }) => ({
      ...key,
      column: parts.place(column(index, plan.output[index]!)),
    })),
    ties: isPlaced(binding, source.plan) ? 'position' : 'values',
    variables: variables.map(({ name }) => name),
    pattern,
    define: bindDefines({ binding, tree, source, calls, parts, variables }),
    cells: parts.cells,
    allRows: tree.allRows,
    empty: tree.empty,
    skip: bindSkip(tree, calls.slots, pattern),
    withinMicros,
    kept: [],
    shown: [],
  }
  const measures = bindMeasures({ binding, tree, source, calls, parts })
  const first = [
    ...new Set([...partition, ...(tree.allRows ? order : [])].map(({ index }) => index)),
  ]
  const rest = tree.allRows
    ? [...source.plan.output.keys()].filter((index) => !first.includes(index))
    : []
  const place = (index: number) => parts.place(column(index, plan.output[index]!))
  shape.kept = [...first, ...rest].map(place)
  if (shape.kept.length + measures.length === 0) {
    fail(
      'invalid_pattern',
      'nothing is told of a match',
      tree.span,
      'add MEASURES … AS …, or PARTITION BY',
    )
  }
  const matched =
    tree.empty === 'unmatched'
      ? parts.cell({ kind: 'matched', type: boolean, nullable: false })
      : null
  const wanted = [...measures, ...(matched === null ? [] : [matched])]
  shape.shown = [...new Set(wanted.flatMap((one) => [...columnsOf(one)]))].sort((a, b) => a - b)
  const node = match(parts.project(), shape)
  const at = (index: number) => shape.kept.length + shape.shown.indexOf(index)
  const lifted = (expression: Expression) =>
    mapColumns(expression, ({ index }) => column(at(index), node.output[at(index)]!))
  const told = measures.map((measure) => {
    const value = lifted(measure)
    if (matched === null) return value
    return choose([branch(lifted(matched), value)], literal(null, value.type), value.type)
  })
  const kept = shape.kept.map((_, index) => column(index, node.output[index]!))
  const values = [...kept.slice(0, first.length), ...told, ...kept.slice(first.length)]
  const names = [
    ...first.map((index) => source.plan.output[index]!.name),
    ...tree.measures.map(({ name }) => name.name),
    ...rest.map((index) => source.plan.output[index]!.name),
  ]
  const output = project(node, values, names)
  return { plan: output, scope: scopeOf(output.output, tree.alias?.name ?? null) }
}

/** What is read of a single row, and of several. */
class Parts {
  readonly cells: MatchCell[] = []
  readonly #input: Plan
  readonly #columns: Expression[] = []

  constructor(input: Plan) {
    this.#input = input
  }

  /** The column of the project that holds the expression over one row. */
  place(expression: Expression): number {
    const signature = signatureOf(expression)
    const found = this.#columns.findIndex((other) => signatureOf(other) === signature)
    return found >= 0 ? found : this.#columns.push(expression) - 1
  }

  cell(cell: MatchCell): Expression {
    const signature = JSON.stringify(cell)
    let index = this.cells.findIndex((other) => JSON.stringify(other) === signature)
    if (index < 0) index = this.cells.push(cell) - 1
    return column(index, cell)
  }

  project(): Plan {
    const names = this.#columns.map((e, index) =>
      e.kind === 'column' ? this.#input.output[e.index]!.name : `expr${index + 1}`,
    )
    return project(this.#input, this.#columns, names)
  }
}

// ---------------------------------------------------------------- rows

function checkUpdating(binding: Binding, tree: MatchTree, plan: Plan): void {
  if (!binding.continuous || !plan.updating) return
  const hint = 'rows of a STREAM, or of a TABLE … APPEND ONLY, only come'
  unsupported('MATCH_RECOGNIZE over a query whose rows change', tree.source.span, hint)
}

function plainColumn(scope: Scope, tree: Tree, clause: string): ScopeColumn {
  if (tree.kind !== 'column') return unsupported(`${clause} an expression`, tree.span)
  const found = findColumn(scope, tree.path, tree.span)
  if (found.path.length > 1) unsupported(`${clause} a member of a STRUCT`, tree.span)
  return found
}

type OrderColumn = ScopeColumn & { key: Omit<SortKey, 'column'> }

function bindOrder(binding: Binding, tree: MatchTree, source: BoundRelation): OrderColumn[] {
  const order = tree.orderBy.map((item): OrderColumn => {
    const found = plainColumn(source.scope, item.expression, 'ORDER BY')
    const { descending } = item
    return { ...found, key: { descending, nullsFirst: sortsNullsFirst(binding, item) } }
  })
  const [first] = order
  if (first === undefined) {
    const hint = 'ORDER BY stands behind PARTITION BY'
    fail('invalid_pattern', 'MATCH_RECOGNIZE lacks ORDER BY', tree.span, hint)
  }
  if (!binding.continuous) return order
  if (first.key.descending || !watermarkedColumn(source.plan, first.index)) {
    const message = `a continuous MATCH_RECOGNIZE is ordered by event time first, and ${first.name} is none`
    const hint = 'order by the column of WATERMARK FOR, ascending'
    fail('invalid_pattern', message, tree.orderBy[0]!.span, hint)
  }
  return order
}

/** The rows in windows of one moment each: those that the watermark has passed are late. */
function judged(plan: Plan, time: number): Plan {
  const unit = precisionMicros(plan.output[time]!.type).toString()
  const grid = { slideMicros: unit, sizeMicros: unit, offsetMicros: '0' }
  return window(plan, { function: 'tumble', time, ...grid, judge: true, watermarked: true })
}

function bindWithin(
  binding: Binding,
  tree: MatchTree,
  order: readonly OrderColumn[],
): string | null {
  if (tree.within === null) return null
  const [time] = order
  if (time!.type.kind !== 'timestamp' || time!.key.descending) {
    const message = `WITHIN needs the order of a TIMESTAMP, and ${time!.name} is ${typeText(time!.type)}`
    fail(
      'invalid_pattern',
      time!.key.descending ? 'WITHIN needs an ascending order' : message,
      tree.within.span,
    )
  }
  const micros = microsOf(binding, tree.within, 'WITHIN', precisionMicros(time!.type))
  if (micros <= 0n) fail('invalid_pattern', 'WITHIN must be positive', tree.within.span)
  return micros.toString()
}

// ---------------------------------------------------------------- patterns

/** The variables of a pattern, each where it stands first. */
function variablesOf(tree: MatchTree): Identifier[] {
  const found = new Map<string, Identifier>()
  const visit = (node: PatternTree): void => {
    if (node.kind === 'pattern-variable') {
      const key = node.name.name.toLowerCase()
      if (!found.has(key)) found.set(key, node.name)
    } else if ('parts' in node) node.parts.forEach(visit)
    else if ('part' in node) visit(node.part)
  }
  visit(tree.pattern)
  return [...found.values()]
}

function indexNamed(names: readonly { name: string | null }[], name: string): number {
  return names.findIndex((one) => one.name?.toLowerCase() === name.toLowerCase())
}

/** Everything that may be named before a dot. */
function slotsOf(tree: MatchTree, variables: readonly Identifier[]): Slot[] {
  const slots: Slot[] = [
    { name: null, variables: null },
    ...variables.map(({ name }, index) => ({ name, variables: [index] })),
  ]
  for (const { name, of } of tree.subsets) {
    if (indexNamed(slots, name.name) >= 0) {
      fail('duplicate_name', `${name.name} is a variable already`, name.span)
    }
    const members = of.map((one) => {
      const index = indexNamed(variables, one.name)
      if (index < 0) unknownVariable(one, variables)
      return index
    })
    slots.push({ name: name.name, variables: [...new Set(members)].sort((a, b) => a - b) })
  }
  return slots
}

function unknownVariable(
  { name, span }: Identifier,
  variables: readonly { name: string | null }[],
): never {
  const names = variables.flatMap((one) => one.name ?? [])
  fail(
    'unknown_name',
    `${name} is not in PATTERN`,
    span,
    suggestion(name, names) ?? `variables are ${names.join(', ')}`,
  )
}

/** Orders of PERMUTE, and steps of a pattern, beyond which it is taken for a mistake. */
const permuteMax = 6
const stepsMax = 20_000

function patternNode(tree: PatternTree, variables: readonly Identifier[]): PatternNode {
  const node = (part: PatternTree) => patternNode(part, variables)
  switch (tree.kind) {
    case 'pattern-variable':
      return { kind: 'variable', variable: indexNamed(variables, tree.name.name) }
    case 'pattern-sequence':
      return { kind: 'sequence', parts: tree.parts.map(node) }
    case 'pattern-choice':
      return { kind: 'choice', parts: tree.parts.map(node) }
    case 'pattern-permute':
      if (tree.parts.length > permuteMax)
        unsupported(`PERMUTE of more than ${permuteMax}`, tree.span)
      return {
        kind: 'choice',
        parts: ordersOf(tree.parts.map(node)).map((parts) => ({ kind: 'sequence', parts })),
      }
    case 'pattern-exclude':
      return { kind: 'exclude', part: node(tree.part) }
    case 'pattern-anchor':
      return { kind: tree.at }
    case 'pattern-repeat': {
      const { least, most, reluctant } = tree
      return { kind: 'repeat', part: node(tree.part), least, most, reluctant }
    }
  }
}

/** All orders, those that begin with the first ones before. */
function ordersOf<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item, at) =>
    ordersOf(items.toSpliced(at, 1)).map((rest) => [item, ...rest]),
  )
}

function stepsOf(node: PatternNode): number {
  switch (node.kind) {
    case 'sequence':
    case 'choice':
      return node.parts.reduce((sum, part) => sum + stepsOf(part) + 1, 1)
    case 'repeat':
      return (stepsOf(node.part) + 2) * Math.max(node.least + 1, node.most ?? 0)
    case 'exclude':
      return stepsOf(node.part)
    default:
      return 1
  }
}

function checkSize(tree: MatchTree, pattern: PatternNode): void {
  if (stepsOf(pattern) > stepsMax) {
    fail('invalid_pattern', `the pattern has more than ${stepsMax} steps`, tree.pattern.span)
  }
  const has = (kind: string) => JSON.stringify(pattern).includes(`"kind":"${kind}"`)
  if (tree.empty === 'unmatched' && has('exclude')) {
    fail(
      'invalid_pattern',
      '{- -} leaves rows out, and WITH UNMATCHED ROWS wants all',
      tree.pattern.span,
    )
  }
}

function noteState(binding: Binding, tree: MatchTree, pattern: PatternNode): void {
  if (!binding.continuous) return
  const text = JSON.stringify(pattern)
  if (text.includes('"kind":"end"')) {
    const hint = 'a stream has no last row: end the pattern with a variable, or use WITHIN'
    unsupported('$ in a continuous query', tree.pattern.span, hint)
  }
  if (tree.within === null && text.includes('"most":null')) {
    binding.notices.push(
      'the rows of a match are kept as long as it may go on: WITHIN would bound them',
    )
  }
}

function bindSkip(
  tree: MatchTree,
  slots: readonly Slot[],
  pattern: PatternNode,
): RowPattern['skip'] {
  const { skip } = tree
  if (skip === null) return { to: 'past' }
  if (skip.variable === null) return { to: skip.to as 'past' | 'next' }
  const { name, span } = skip.variable
  const slot = slots[indexNamed(slots, name)]
  if (slot === undefined) unknownVariable(skip.variable, slots.slice(1))
  const variables = slot.variables!
  const { first, empty } = beginningOf(pattern)
  if (skip.to === 'first' && !empty && [...first].every((one) => variables.includes(one))) {
    const hint = 'skip TO NEXT ROW, or to a variable behind the first row'
    fail(
      'invalid_pattern',
      `every match begins with ${name}: the next one would begin there again`,
      span,
      hint,
    )
  }
  return { to: skip.to as 'first' | 'last', variables, name }
}

/** The variables that the first row may be mapped to. */
function beginningOf(node: PatternNode): { first: Set<number>; empty: boolean } {
  switch (node.kind) {
    case 'variable':
      return { first: new Set([node.variable]), empty: false }
    case 'choice': {
      const parts = node.parts.map(beginningOf)
      return {
        first: new Set(parts.flatMap(({ first }) => [...first])),
        empty: parts.some(({ empty }) => empty),
      }
    }
    case 'sequence': {
      const first = new Set<number>()
      for (const part of node.parts.map(beginningOf)) {
        for (const one of part.first) first.add(one)
        if (!part.empty) return { first, empty: false }
      }
      return { first, empty: true }
    }
    case 'repeat': {
      const { first, empty } = beginningOf(node.part)
      return { first, empty: empty || node.least === 0 }
    }
    case 'exclude':
      return beginningOf(node.part)
    default:
      return { first: new Set(), empty: true }
  }
}

// ---------------------------------------------------------------- DEFINE and MEASURES

function callsOf(tree: MatchTree, width: number, slots: Slot[], continuous: boolean): PatternCalls {
  return {
    width,
    slots,
    tense: tree.allRows ? 'running' : 'final',
    defines: false,
    continuous,
    inside: null,
    navigations: [],
    running: { width: aggregateBases.running, calls: [] },
    final: { width: aggregateBases.final, calls: [] },
  }
}

/** The columns of every slot; a column without a name before it is one of any row of the match. */
function envOf(
  binding: Binding,
  source: BoundRelation,
  pattern: PatternCalls,
  clause: string,
): Env {
  const { width, slots } = pattern
  const scope = slots.flatMap(({ name }, slot) =>
    scopeOf(source.plan.output, name).map((one) => ({
      ...one,
      index: slot * width + one.index,
      nullable: true,
      merged: slot > 0,
    })),
  )
  return { binding, scope, clause, aggregates: null, pattern }
}

interface Given {
  binding: Binding
  tree: MatchTree
  source: BoundRelation
  calls: PatternCalls
  parts: Parts
}

function bindDefines({
  binding,
  tree,
  source,
  calls,
  parts,
  variables,
}: Given & { variables: readonly Identifier[] }): (Expression | null)[] {
  const defined = new Map<number, Expression>()
  const pattern: PatternCalls = { ...calls, tense: 'running', defines: true }
  const env = envOf(binding, source, pattern, 'DEFINE')
  all(
    tree.define.map(({ name, condition }) => () => {
      const variable = indexNamed(variables, name.name)
      if (variable < 0) unknownVariable(name, variables)
      if (defined.has(variable)) fail('duplicate_name', `${name.name} is defined twice`, name.span)
      const bound = bindCondition(env, condition)
      if (clockOf(bound) !== null) unsupported('the time in DEFINE', condition.span)
      const own = ownCondition(bound, pattern, variable, source.plan)
      defined.set(
        variable,
        own === null
          ? lowered(bound, pattern, parts, source.plan, condition.span)
          : ownCell(own, parts),
      )
    }),
  )
  return variables.map((_, index) => defined.get(index) ?? null)
}

/** The condition over the columns of the row at hand; null where it looks at other rows. */
function ownCondition(
  bound: Expression,
  { width, slots }: PatternCalls,
  variable: number,
  input: Plan,
): Expression | null {
  const isOwn = (index: number) => {
    if (index >= navigationBase) return false
    const { variables } = slots[Math.floor(index / width)]!
    return variables === null || variables.includes(variable)
  }
  if (![...columnsOf(bound)].every(isOwn)) return null
  const condition = mapColumns(bound, ({ index }) =>
    column(index % width, input.output[index % width]!),
  )
  // What fails does not hold.
  return isFallible(condition) ? call('try', [condition], boolean) : condition
}

function ownCell(condition: Expression, parts: Parts): Expression {
  return parts.cell({
    kind: 'value',
    from: 'last',
    variables: null,
    offset: 0,
    shift: 0,
    column: parts.place(condition),
    final: false,
    type: boolean,
    nullable: true,
  })
}

function bindMeasures({ binding, tree, source, calls, parts }: Given): Expression[] {
  const env = envOf(binding, source, calls, 'MEASURES')
  return all(
    tree.measures.map(({ value }) => () => {
      const bound = bindExpression(env, value)
      const known = bound.type.kind === 'null' ? coerce(bound, { kind: 'varchar' }) : bound
      return lowered(known, calls, parts, source.plan, value.span)
    }),
  )
}

/** The expression over cells. */
function lowered(
  bound: Expression,
  calls: PatternCalls,
  parts: Parts,
  input: Plan,
  span: Span,
): Expression {
  const { width, slots } = calls
  const row = (expression: Expression) =>
    mapColumns(expression, ({ index }) => column(index % width, input.output[index % width]!))
  return mapColumns(bound, (found) => {
    const { index, type } = found
    const common = { type, nullable: true }
    if (index < navigationBase) {
      const { variables } = slots[Math.floor(index / width)]!
      const place = {
        from: 'last' as const,
        variables,
        offset: 0,
        shift: 0,
        column: parts.place(row(found)),
      }
      return parts.cell({
        kind: 'value',
        ...place,
        final: calls.tense === 'final' && !calls.defines,
        ...common,
      })
    }
    if (index < aggregateBases.running) {
      const navigation = calls.navigations[index - navigationBase]!
      if (navigation.kind === 'number')
        return parts.cell({ kind: 'number', type: bigint, nullable: false })
      const { slot, argument, ...place } = navigation
      const at = argument === null ? null : parts.place(row(argument))
      return parts.cell({ ...place, variables: slots[slot]!.variables, column: at, ...common })
    }
    const final = index >= aggregateBases.final
    const base = final ? aggregateBases.final : aggregateBases.running
    const given = (final ? calls.final : calls.running).calls[index - base]!
    const slot = given.argument === null ? 0 : slotOf(calls, given.argument, span)
    const counts = given.function === 'count_star'
    const at = given.argument === null || counts ? null : parts.place(row(given.argument))
    const sums = given.function === 'sum' && type.kind !== 'double'
    const wide: Type = sums ? decimal(38, digitsOf(type).scale) : type
    const cell = parts.cell({
      kind: 'aggregate',
      function: given.function as 'sum',
      variables: slots[slot]!.variables,
      column: at,
      final,
      type: wide,
      nullable: !given.function.startsWith('count'),
    })
    return sums ? coerce(cell, type, given.span) : cell
  })
}
