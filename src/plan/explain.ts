/**
 * Explain: a plan as a tree of lines, as a drawing for graphviz, and each rewrite as a difference.
 *
 * Format   Kind  arguments  [emit …] [key …] [updating] [changelog [I,UB,UA,D]]
 *          one line per node, inputs indented by two spaces; with columns, a line more that lists them
 */
import { type Field, topColumns, typeText, valueText } from '../data/index.ts'
import type { LambdaSettings } from './bind/expression/lambda.ts'
import { literalValue } from './coerce.ts'
import { Estimate } from './estimate.ts'
import { isFallible } from './expression.ts'
import { growthOf, type Known } from './growth.ts'
import type { Expression, Frame, FrameBound, PatternNode, Plan, SortKey } from './logical.ts'
import { inputsOf, lower, type Mode, type PhysicalPlan } from './physical.ts'
import { type Rewriting, rewrite } from './rewrite.ts'
import { userCallOf } from './user-function.ts'

/** What is shown of each node beside its arguments. */
export interface Shows {
  /** The kinds of change that the node gives. */
  changelog?: boolean
  /** Its columns with their types. */
  columns?: boolean
  /** By node, what else is known of it. */
  notes?: ReadonlyMap<number, string>
}

/** A line of the tree; `id` is the node's where the line stands for one. */
export interface PlanLine {
  id: number | null
  text: string
}

export function explainText(plan: PhysicalPlan, shows: Shows = {}): string {
  return explainLines(plan, shows)
    .map(({ text }) => text)
    .join('\n')
}

/** The lines of a plan; `depth` indents them all. */
export function explainLines(plan: PhysicalPlan, shows: Shows = {}, depth = 0): PlanLine[] {
  const indent = '  '.repeat(depth)
  const columns: PlanLine[] = shows.columns
    ? [{ id: null, text: `${indent}    columns ${columnsText(plan.output)}` }]
    : []
  const line = { id: plan.id, text: indent + nodeParts(plan, shows).join('  ') }
  const inputs = inputsOf(plan).flatMap((input) => explainLines(input, shows, depth + 1))
  return [line, ...columns, ...inputs]
}

function nodeParts(plan: PhysicalPlan, shows: Shows): string[] {
  return [titleOf(plan), argumentsOf(plan), ...traitsOf(plan, shows)].filter((part) => part !== '')
}

const titleOf = ({ kind }: PhysicalPlan) => kind[0]!.toUpperCase() + kind.slice(1)

function columnsText(fields: readonly Field[]): string {
  const texts = topColumns(fields).map(
    ({ field: { name, type, nullable } }) =>
      `${name} ${typeText(type)}${nullable ? '' : ' NOT NULL'}`,
  )
  return texts.join(', ')
}

function traitsOf(plan: PhysicalPlan, { changelog, notes }: Shows): string[] {
  const traits: string[] = []
  if (plan.kind === 'aggregate') traits.push(`emit ${plan.emit}`)
  if (plan.key !== null) {
    traits.push(`key (${plan.key.map((index) => plan.output[index]!.name).join(', ')})`)
  }
  const note = notes?.get(plan.id)
  if (note !== undefined) traits.push(note)
  if (plan.updating) traits.push('updating')
  if (changelog) traits.push(`changelog [${changelogOf(plan).join(',')}]`)
  return traits
}

/** Insertion, the row before and after an update, deletion: the kinds of change that a node gives, as Flink says. */
export type ChangeKind = 'I' | 'UB' | 'UA' | 'D'

export function changelogOf(plan: PhysicalPlan): ChangeKind[] {
  if (!plan.updating) return ['I']
  // A row that is taken back and one that comes are an update where a key says that they are the same.
  if (plan.key === null) return ['I', 'D']
  return mayDelete(plan) ? ['I', 'UB', 'UA', 'D'] : ['I', 'UB', 'UA']
}

/** May a row go without another one of its key? A value that cannot be computed takes its row away. */
function mayDelete(plan: PhysicalPlan): boolean {
  if (plan.kind === 'project') {
    const below = plan.input.key === null || changelogOf(plan.input).includes('D')
    return below || plan.expressions.some(isFallible)
  }
  if (plan.kind !== 'aggregate') return true
  const overflows = plan.calls.some(
    ({ function: name, type }) => name === 'sum' && type.kind !== 'double',
  )
  return overflows || (plan.keys.length > 0 && plan.retracts)
}

// ---------------------------------------------------------------- drawings

/** The plan as a graph in the language of graphviz; edges go the way of the rows. */
export function explainDot(
  plan: PhysicalPlan,
  shows: Shows = {},
  head: string | null = null,
): string {
  const lines = [
    'digraph plan {',
    '  rankdir = BT',
    '  node [shape = box, style = rounded, fontname = "monospace"]',
  ]
  const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  const box = (id: string, parts: readonly string[]) =>
    lines.push(`  ${id} [label = "${parts.map(escaped).join('\\n')}"]`)
  const draw = (node: PhysicalPlan): void => {
    const columns = shows.columns ? [columnsText(node.output)] : []
    box(`n${node.id}`, [...nodeParts(node, shows), ...columns])
    for (const input of inputsOf(node)) {
      draw(input)
      lines.push(`  n${input.id} -> n${node.id}`)
    }
  }
  if (head !== null) {
    box('target', [head])
    lines.push(`  n${plan.id} -> target`)
  }
  draw(plan)
  return [...lines, '}'].join('\n')
}

// ---------------------------------------------------------------- rewrites

/** The plan before the rewrites. */
export const asBound = (plan: Plan, mode: Mode): PhysicalPlan => lower(plan, mode)

/** Each rewrite under its rule's name, as the lines that went and those that came. */
export function explainSteps(bound: Plan, rewriting: Rewriting, mode: Mode): string[] {
  const { steps } = rewrite(bound, rewriting)
  const text = (plan: Plan) => explainText(lower(plan, mode)).split('\n')
  const first = ['bound', ...text(bound).map((line) => `    ${line}`)]
  if (steps.length === 0) return [...first, 'no rule changes it']
  const shown = steps.flatMap(({ rule, before, after }, index) => [
    `${index + 1}. ${rule}`,
    ...difference(text(before), text(after)),
  ])
  return [...first, ...shown]
}

/** Lines of both, with - before those that went and + before those that came, by the longest common part. */
function difference(before: readonly string[], after: readonly string[]): string[] {
  const length = before.map(() => new Array<number>(after.length + 1).fill(0))
  length.push(new Array<number>(after.length + 1).fill(0))
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      length[i]![j] =
        before[i] === after[j]
          ? length[i + 1]![j + 1]! + 1
          : Math.max(length[i + 1]![j]!, length[i]![j + 1]!)
    }
  }
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    if (i < before.length && before[i] === after[j]) {
      lines.push(`    ${before[i]}`)
      i++
      j++
    } else if (
      j === after.length ||
      (i < before.length && length[i + 1]![j]! >= length[i]![j + 1]!)
    ) {
      lines.push(`  - ${before[i++]}`)
    } else lines.push(`  + ${after[j++]}`)
  }
  return lines
}

// ---------------------------------------------------------------- costs

/** Notes on a plan with the rows that each node is thought to give. */
export function withCosts(
  plan: PhysicalPlan,
  { factsOf = () => null }: Rewriting,
  notes: ReadonlyMap<number, string>,
): Map<number, string> {
  const estimate = new Estimate(factsOf)
  const rowsOf = (node: PhysicalPlan): string => {
    const rows = estimate.rows(node)
    // Two digits say all that an estimate knows.
    const shown = rows < 10 ? Math.ceil(rows) : Number(rows.toPrecision(2))
    return `~${shown.toLocaleString('en')} ${shown === 1 ? 'row' : 'rows'}`
  }
  const visit = (node: PhysicalPlan): [number, string][] => {
    const note = notes.get(node.id)
    const here = note === undefined ? rowsOf(node) : `${note}  ${rowsOf(node)}`
    return [[node.id, here], ...inputsOf(node).flatMap(visit)]
  }
  return new Map(visit(plan))
}

// ---------------------------------------------------------------- advice

/** What would make a continuous query keep less, or say things once; nothing where nothing is known to. */
export function adviceOn(plan: PhysicalPlan, known: Known): string[] {
  const growths = growthOf(plan, known)
  const visit = (node: PhysicalPlan): string[] => {
    const { keeps, remedy } = growths.get(node.id)!
    const less = remedy === null ? [] : [`${titleOf(node)} keeps ${keeps}: ${remedy}`]
    return [...less, ...(repeats(node) ? [once] : []), ...inputsOf(node).flatMap(visit)]
  }
  return visit(plan)
}

const once = 'EMIT ON WINDOW CLOSE would say the rows of each window once, when they are final'

/** Does the node tell the row of a window again and again, though the window closes? */
function repeats(plan: PhysicalPlan): boolean {
  if (plan.kind !== 'aggregate' || plan.emit !== 'changes') return false
  return plan.bucket !== null && plan.input.window?.watermarked === true
}

// ---------------------------------------------------------------- nodes

function argumentsOf(plan: PhysicalPlan): string {
  switch (plan.kind) {
    case 'scan': {
      const names = plan.output.map((field) => field.name).join(', ')
      const watermark = plan.watermark === null ? '' : `  watermark ${watermarkText(plan)}`
      const options = plan.options?.map(([key, value]) => `  ${key} = ${value}`).join('') ?? ''
      const from = (plan.from ?? 0) > 0 ? `  from offset ${plan.from}` : ''
      return `${plan.relation} (${names})${watermark}${options}${from}`
    }
    case 'values':
      return `${plan.rows.length} ${plan.rows.length === 1 ? 'row' : 'rows'}`
    case 'filter':
      return expressionText(plan.predicate, plan.input.output)
    case 'project':
      return plan.expressions
        .map((expression, index) => {
          const text = expressionText(expression, plan.input.output)
          const { name } = plan.output[index]!
          return text === name ? name : `${text} as ${name}`
        })
        .join(', ')
    case 'window':
      return windowText(plan)
    case 'session':
      return sessionText(plan)
    case 'aggregate':
      return aggregateText(plan)
    case 'join':
      return joinText(plan)
    case 'asof':
      return asofText(plan)
    case 'rank':
      return rankText(plan)
    case 'over':
      return overText(plan)
    case 'match':
      return matchText(plan)
    case 'series':
      return `from ${plan.first} to ${plan.last}${plan.step === '1' ? '' : ` by ${plan.step}`}`
    case 'hold':
      return holdText(plan)
    case 'unnest':
      return unnestText(plan)
    case 'changelog':
      return changelogText(plan)
    case 'number':
      return numberText(plan)
    case 'lifetime':
      return lifetimeText(plan)
    case 'union':
    case 'repeat':
    case 'close':
      return ''
    case 'sort':
      return sortText(plan)
  }
}

type Of<Kind extends PhysicalPlan['kind']> = Extract<PhysicalPlan, { kind: Kind }>

function watermarkText(plan: Of<'scan'>): string {
  const { column, delayMicros, aheadMicros, partition, timeoutMicros } = plan.watermark!
  const ahead = aheadMicros === undefined ? '' : ` max ahead ${durationText(aheadMicros)}`
  const split = partition === undefined ? '' : ', least of its partitions'
  const silence =
    timeoutMicros === undefined ? '' : `, or ${durationText(timeoutMicros)} without a row`
  return `${plan.output[column]!.name} - ${durationText(delayMicros)}${ahead}${split}${silence}`
}

function durationText(micros: string): string {
  return valueText(BigInt(micros), { kind: 'interval' })
}

function windowText(plan: Of<'window'>): string {
  const time = plan.input.output[plan.time]!.name
  const word = { tumble: '', hop: ', slide ', cumulate: ', step ' }[plan.function]
  const slide = word === '' ? '' : `${word}${durationText(plan.slideMicros)}`
  const offset = plan.offsetMicros === '0' ? '' : `, offset ${durationText(plan.offsetMicros)}`
  const judge = plan.judge ? '  drops late rows' : ''
  return `${plan.function} ${time}${slide}, size ${durationText(plan.sizeMicros)}${offset}${judge}`
}

function unnestText(plan: Of<'unnest'>): string {
  const fields = plan.input.output
  const calls = plan.calls.map(({ function: name, args, columns }) => {
    const texts = args.map((arg) => expressionText(arg, fields)).join(', ')
    return `${name}(${texts}) as ${columns.map((column) => column.name).join(', ')}`
  })
  const number = plan.numbered ? `  numbered ${plan.output.at(-1)!.name}` : ''
  return `${calls.join('; ')}${number}${plan.outer ? '  keeps rows without any' : ''}`
}

function sessionText(plan: Of<'session'>): string {
  const fields = plan.input.output
  const keys = plan.keys.map((key) => fields[key]!.name).join(', ')
  const parts = [
    `${fields[plan.time]!.name}, gap ${durationText(plan.gapMicros)}`,
    keys === '' ? '' : `by ${keys}`,
    plan.judge ? 'drops late rows' : '',
    plan.emit === 'on-window-close' ? 'at the close' : '',
  ]
  return parts.filter((part) => part !== '').join('  ')
}

function aggregateText(plan: Of<'aggregate'>): string {
  const fields = plan.input.output
  const keys = plan.keys.map((key) => fields[key]!.name)
  const calls = plan.calls.map((call) => {
    const argument = call.argument === null ? '*' : fields[call.argument]!.name
    const distinct = call.distinct ? 'distinct ' : ''
    const filter = call.filter === null ? '' : ` filter ${fields[call.filter]!.name}`
    const name = call.function === 'count_star' ? 'count' : call.function
    return `${name}(${distinct}${argument})${filter}`
  })
  const by = keys.length === 0 ? '' : `by ${keys.join(', ')}`
  const bucket = plan.bucket === null ? '' : 'bucket per window'
  return [calls.join(', '), by, bucket].filter((part) => part !== '').join('  ')
}

function numberText({ partition, input }: Of<'number'>): string {
  return partition.length === 0
    ? ''
    : `by ${partition.map((column) => input.output[column]!.name).join(', ')}`
}

function changelogText({ identity, codes, input }: Of<'changelog'>): string {
  const told = Object.entries(codes).flatMap(([op, code]) =>
    code === null ? [] : `${op} as ${code}`,
  )
  const names = (identity ?? []).map((column) => input.output[column]!.name).join(', ')
  return [told.join(', '), ...(names === '' ? [] : [`rows told apart by ${names}`])].join('  ')
}

function lifetimeText({ from, until, input }: Of<'lifetime'>): string {
  const names = (columns: readonly number[]) => columns.map((at) => input.output[at]!.name)
  return [
    ...names(from).map((name) => `from ${name}`),
    ...names(until).map((name) => `until ${name}`),
  ].join('  ')
}

function holdText({ periodMicros, counted, graceMicros, repeats }: Of<'hold'>): string {
  const period = periodMicros === null ? '' : durationText(periodMicros)
  if (graceMicros === null) {
    const what = repeats ? ' all rows' : ''
    return counted === 'start'
      ? `tells${what} every ${period}`
      : `tells ${period} after the first change`
  }
  const early = period === '' ? '' : `every ${period}, `
  const late = graceMicros === '0' ? '' : `, late rows for ${durationText(graceMicros)}`
  return `tells ${early}at the close of windows${late}`
}

function joinText(plan: Of<'join'>): string {
  const [left, right] = [plan.left.output, plan.right.output]
  const pairs = plan.leftKeys.map((key, index) => {
    return `${left[key]!.name} = ${right[plan.rightKeys[index]!]!.name}`
  })
  const residual =
    plan.residual === null ? '' : `  where ${expressionText(plan.residual, [...left, ...right])}`
  const bucket = plan.bucket === null ? '' : '  bucket per window'
  const { bounds } = plan
  const within = (micros: string) => durationText(micros)
  const interval =
    bounds === undefined ? '' : `  interval ${within(bounds.low)} to ${within(bounds.high)}`
  const lookup = plan.lookup ? '  looks up' : ''
  const { candidates } = plan
  const chosen =
    candidates === null
      ? ''
      : `  keeps ${candidates.side} rows that may be the ${candidates.extreme}`
  return `${plan.join}  ${pairs.join(' and ')}${residual}${interval}${bucket}${lookup}${chosen}`
}

function asofText(plan: Of<'asof'>): string {
  const [left, right] = [plan.left.output, plan.right.output]
  const pairs = plan.leftKeys.map((key, index) => {
    return `${left[key]!.name} = ${right[plan.rightKeys[index]!]!.name}`
  })
  const [a, b] = [left[plan.leftTime]!.name, right[plan.rightTime]!.name]
  const how = [
    plan.ties === 'values' ? '  ties by values' : '',
    plan.tie === 'first' ? '  the first of ties' : '',
    plan.waits ? '  waits for the watermark' : '',
  ]
  return `${plan.join}  ${pairs.join(' and ')}  nearest ${a} ${symbols[plan.compare]} ${b}${how.join('')}`
}

function rankText(plan: Of<'rank'>): string {
  const { function: counted, partition, order, limit, numbered, retracts } = plan
  const by = partition.map((column) => plan.input.output[column]!.name)
  const parts = [
    numbered || counted !== 'row_number' ? counted : '',
    by.length === 0 ? '' : `by ${by.join(', ')}`,
    order.length === 0 ? '' : `order ${keysText(order, plan.input.output)}`,
    limit === null ? '' : `limit ${limit}`,
    plan.final ? 'at the close' : limit === null || retracts ? 'keeps all rows' : '',
  ]
  return parts.filter((part) => part !== '').join('  ')
}

function overText(plan: Of<'over'>): string {
  const fields = plan.input.output
  const by = plan.partition.map((column) => fields[column]!.name)
  const calls = plan.calls.map((call) => {
    const { argument, count, otherwise, filter } = call
    const shown = [
      ...(argument === null
        ? call.function === 'count_star'
          ? ['*']
          : []
        : [fields[argument]!.name]),
      ...(['lag', 'ntile', 'nth_value'].includes(call.function) ? [`${count}`] : []),
      ...(otherwise === null ? [] : [fields[otherwise]!.name]),
    ]
    const name = call.function === 'count_star' ? 'count' : call.function
    const called = `${name}(${call.distinct ? 'distinct ' : ''}${shown.join(', ')})`
    const nulls = call.ignoreNulls ? ' ignore nulls' : ''
    const kept = filter === null ? '' : ` filter ${fields[filter]!.name}`
    return `${called}${nulls}${kept}${unframed.has(call.function) ? '' : ` ${frameText(call.frame)}`}`
  })
  const parts = [
    calls.join(', '),
    by.length === 0 ? '' : `by ${by.join(', ')}`,
    plan.order.length === 0 ? '' : `order ${keysText(plan.order, fields)}`,
    plan.final ? 'at the close' : 'keeps all rows',
  ]
  return parts.filter((part) => part !== '').join('  ')
}

function matchText(plan: Of<'match'>): string {
  const fields = plan.input.output
  const { partition, order, variables, skip, withinMicros } = plan
  const by = partition.map((column) => fields[column]!.name)
  const target = 'name' in skip ? `to ${skip.to} ${skip.name}` : skip.to
  const cells = plan.cells.map((cell, index): Field => ({ ...cell, name: cellText(plan, index) }))
  const defined = plan.define.flatMap((condition, index) =>
    condition === null ? [] : [`${variables[index]} as ${expressionText(condition, cells)}`],
  )
  const parts = [
    patternText(plan.pattern, variables),
    withinMicros === null ? '' : `within ${durationText(withinMicros)}`,
    by.length === 0 ? '' : `by ${by.join(', ')}`,
    `order ${keysText(order, fields)}`,
    plan.allRows ? 'all rows' : '',
    `skip ${target}`,
    defined.length === 0 ? '' : `define ${defined.join(', ')}`,
    plan.shown.length === 0
      ? ''
      : `tell ${plan.shown.map((index) => cellText(plan, index)).join(', ')}`,
  ]
  return parts.filter((part) => part !== '').join('  ')
}

/** Functions that look at the whole partition. */
const unframed: ReadonlySet<string> = new Set([
  'row_number', 'rank', 'dense_rank', 'percent_rank', 'cume_dist', 'ntile', 'lag',
]) // biome-ignore format: one list

function frameText({ unit, start, end, exclude }: Frame): string {
  const bound = ({ offset, following, months }: FrameBound) => {
    if (offset === '0') return 'current row'
    const count = offset === null ? 'unbounded' : months ? `${offset} months` : offset
    return `${count} ${following ? 'following' : 'preceding'}`
  }
  const without = exclude === 'none' ? '' : ` without ${exclude}`
  return `${unit} ${bound(start)} to ${bound(end)}${without}`
}

function cellText({ cells, variables, input }: Of<'match'>, index: number): string {
  const cell = cells[index]!
  if (cell.kind === 'number' || cell.kind === 'matched') return cell.kind
  const column = cell.column === null ? null : input.output[cell.column]!.name
  const of =
    cell.variables === null ? '' : `${cell.variables.map((one) => variables[one]).join('+')}.`
  const tense = cell.final ? 'final ' : ''
  if (cell.kind === 'aggregate') {
    const name = cell.function === 'count_star' ? 'count' : cell.function
    return `${tense}${name}(${of}${column ?? '*'})`
  }
  const offset = cell.offset === 0 ? '' : `, ${cell.offset}`
  const place = `${tense}${cell.from}(${of}${column ?? 'classifier'}${offset})`
  if (cell.shift === 0) return place
  return cell.shift < 0 ? `prev(${place}, ${-cell.shift})` : `next(${place}, ${cell.shift})`
}

function patternText(node: PatternNode, variables: readonly string[]): string {
  const inner = (part: PatternNode) =>
    part.kind === 'variable' ? variables[part.variable]! : `(${patternText(part, variables)})`
  switch (node.kind) {
    case 'variable':
      return variables[node.variable]!
    case 'sequence':
      return node.parts.map((part) => patternText(part, variables)).join(' ')
    case 'choice':
      return `(${node.parts.map((part) => patternText(part, variables)).join(' | ')})`
    case 'exclude':
      return `{- ${patternText(node.part, variables)} -}`
    case 'start':
      return '^'
    case 'end':
      return '$'
    case 'repeat': {
      const { least, most } = node
      const count =
        most === null && least < 2
          ? '*+'[least]!
          : least === 0 && most === 1
            ? '?'
            : `{${least},${most ?? ''}}`
      return `${inner(node.part)}${count}${node.reluctant ? '?' : ''}`
    }
  }
}

function keysText(keys: readonly SortKey[], fields: readonly Field[]): string {
  const texts = keys.map(({ column, descending, nullsFirst }) => {
    const name = fields[column]!.name
    return `${name}${descending ? ' desc' : ''}${nullsFirst ? ' nulls first' : ''}`
  })
  return texts.join(', ')
}

function sortText(plan: Of<'sort'>): string {
  const keys = keysText(plan.keys, plan.output)
  const limit = plan.limit === null ? '' : `limit ${plan.limit}`
  const offset = plan.offset === 0 ? '' : `offset ${plan.offset}`
  return [keys, limit, offset].filter((part) => part !== '').join('  ')
}

// ---------------------------------------------------------------- expressions

const symbols: Record<string, string> = {
  add: '+',
  subtract: '-',
  multiply: '*',
  divide: '/',
  modulo: '%',
  eq: '=',
  ne: '<>',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
  concat_strict: '||',
  is_distinct: 'is distinct from',
  is_not_distinct: 'is not distinct from',
  like: 'like',
}

const suffixes: Record<string, string> = {
  is_null: 'is null',
  is_not_null: 'is not null',
  is_true: 'is true',
  is_false: 'is false',
}

/** An expression over these columns as text, close to SQL. */
export function expressionText(expression: Expression, fields: readonly Field[]): string {
  const text = (e: Expression) => expressionText(e, fields)
  switch (expression.kind) {
    case 'column':
      return columnText(fields, expression.index)
    case 'literal':
      return literalText(expression)
    case 'and':
    case 'or':
      return `(${expression.args.map(text).join(` ${expression.kind} `)})`
    case 'case': {
      const whens = expression.whens.map(
        ({ when, then: value }) => `when ${text(when)} then ${text(value)}`,
      )
      return `case ${whens.join(' ')} else ${text(expression.else)} end`
    }
    case 'call':
      return callText(expression, text)
  }
}

/** The column's name; where several have it, with its place in the input. */
function columnText(fields: readonly Field[], index: number): string {
  const { name } = fields[index]!
  const alone = fields.every((field, other) => other === index || field.name !== name)
  return alone ? name : `${name}#${index + 1}`
}

/** A function of elements with its body. */
function lambdaText(node: Expression & { kind: 'call' }, text: (e: Expression) => string): string {
  const [array, settings, ...more] = node.args
  const told = settings?.kind === 'literal' ? String(settings.value) : ''
  const { parameters, body, initial } = JSON.parse(told) as LambdaSettings
  const around = more.slice(initial ? 1 : 0).map(text)
  const fields = [...parameters, ...around].map(
    (name): Field => ({ name, type: { kind: 'varchar' }, nullable: true }),
  )
  const shown = body.map((one) => expressionText(one, fields)).join(', ')
  const rest = initial ? [text(more[0]!)] : []
  const lambda = `(${parameters.join(', ')}) -> ${shown}`
  return `${node.function}(${[text(array!), lambda, ...rest].join(', ')})`
}

const takesLambda = new Set(['list_transform', 'list_filter', 'list_reduce'])

function callText(node: Expression & { kind: 'call' }, text: (e: Expression) => string): string {
  if (takesLambda.has(node.function)) return lambdaText(node, text)
  const args = node.args.map(text)
  const symbol = symbols[node.function]
  if (symbol !== undefined && args.length === 2) return `(${args[0]} ${symbol} ${args[1]})`
  const suffix = suffixes[node.function]
  if (suffix !== undefined) return `(${args[0]} ${suffix})`
  if (node.function === 'not') return `(not ${args[0]})`
  if (node.function === 'negate') return `(-${args[0]})`
  if (node.function === 'in') return `(${args[0]} in (${args.slice(1).join(', ')}))`
  if (node.function === 'cast' || node.function === 'try_cast') {
    const zone = args.length === 1 ? '' : ` in ${args[1]}`
    return `${node.function}(${args[0]} as ${typeText(node.type)}${zone})`
  }
  const made = userCallOf(node.function)
  if (made === null) return `${node.function}(${args.join(', ')})`
  // What an aggregate is told beside its rows is for the engine.
  return `${made.name}(${made.kind.endsWith('folding') ? args[0] : args.join(', ')})`
}

function literalText(node: Expression & { kind: 'literal' }): string {
  const value = literalValue(node)
  if (value === null) return 'null'
  const text = valueText(value, node.type)
  switch (node.type.kind) {
    case 'varchar':
      return `'${text.replaceAll("'", "''")}'`
    case 'varbinary':
    case 'json':
    case 'geometry':
    case 'timestamp':
    case 'time':
    case 'date':
    case 'interval':
    case 'months':
    case 'period':
      return `${typeText(node.type)
        .replace(/[ (].*/, '')
        .toLowerCase()} '${text.replaceAll("'", "''")}'`
    default:
      return text
  }
}
