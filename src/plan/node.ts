/**
 * Node: constructors of plan nodes; output, updating, key, window and watermark are derived here and nowhere else.
 *
 * How      The binder and every rewrite build nodes by these functions only, so that what a node promises always
 *          follows from what is below it.
 * Contract 1 (checked) every column index points into its input.
 *          2 (trusted) `updating`, `key` and `window` mean what logical.ts says.
 */
import { assert, type Span } from '../base/index.ts'
import { type Field, precisionMicros, type Schema, sameType, type Type } from '../data/index.ts'
import { changelog, changelogShapeOf, close, hold, holdingOf, number } from './commit-node.ts'
import { columnsOf } from './expression.ts'
import type {
  AggregateCall,
  Comparison,
  Expression,
  JoinKind,
  OverCall,
  Plan,
  RankFunction,
  RowPattern,
  SortKey,
  TableCall,
  TimeBounds,
  Watermark,
  WindowColumns,
} from './logical.ts'

type NodeOf<Kind extends Plan['kind']> = Extract<Plan, { kind: Kind }>

/** What a scan must know about its relation. */
export interface ScanSource {
  name: string
  schema: Schema
  watermark: Watermark | null
  updating: boolean
  key: number[] | null
  /** Rows come by a connector, or go beyond a budget. */
  outside?: Pick<NodeOf<'scan'>, 'outside' | 'file' | 'options' | 'evicts'>
}

export function scan(source: ScanSource, columns: readonly number[]): NodeOf<'scan'> {
  const output = columns.map((index) => {
    const field = source.schema.fields[index]
    assert(field !== undefined, 'a scan reads columns that its relation has')
    return plainField(field)
  })
  return {
    kind: 'scan',
    relation: source.name,
    columns: [...columns],
    watermark: watermarkAt(source.watermark, columns),
    output,
    updating: source.updating,
    key: positionsOf(source.key, columns),
    window: null,
    ...source.outside,
  }
}

/** The scan with one more column, the last: the watermark before each row. */
export function scanWithWatermark(node: NodeOf<'scan'>): NodeOf<'scan'> {
  const time = node.watermark === null ? undefined : node.output[node.watermark.column]
  assert(time?.type.kind === 'timestamp', 'the watermark belongs to a column that is read')
  if (node.columns.includes(watermarkColumn)) return node
  const type: Type = { ...time.type, precision: 6 }
  return {
    ...node,
    columns: [...node.columns, watermarkColumn],
    output: [...node.output, { name: 'current_watermark', type, nullable: true }],
  }
}

/** The scan with one more column, the last: the position of each row. */
export function scanWithPosition(node: NodeOf<'scan'>): NodeOf<'scan'> {
  if (node.columns.includes(positionColumn)) return node
  return {
    ...node,
    columns: [...node.columns, positionColumn],
    output: [...node.output, { name: 'position', type: { kind: 'bigint' }, nullable: false }],
  }
}

/** The same for the number of each row in its source, from 0. */
export function scanWithOffset(node: NodeOf<'scan'>): NodeOf<'scan'> {
  return {
    ...node,
    columns: [...node.columns, offsetColumn],
    output: [...node.output, { name: 'offset', type: { kind: 'bigint' }, nullable: false }],
  }
}

/** Stands among the columns of a scan for the watermark before the row. */
const watermarkColumn = -1

/** The same for the position of the row. */
const positionColumn = -2

/** And for its number in its source. */
const offsetColumn = -3

/** The length of a VARCHAR says what may be stored, and nothing of what is read. */
function plainField(field: Field): Field {
  if (field.type.kind !== 'varchar' || field.type.length === undefined) return field
  return { ...field, type: { kind: 'varchar' } }
}

/** The same scan with fewer columns: `kept` are positions in its output, ascending. */
export function narrowScan(node: NodeOf<'scan'>, kept: readonly number[]): NodeOf<'scan'> {
  return {
    ...node,
    columns: kept.map((position) => node.columns[position]!),
    output: kept.map((position) => node.output[position]!),
    watermark: watermarkAt(node.watermark, kept),
    key: positionsOf(node.key, kept),
  }
}

export function values(rows: Expression[][], names: readonly string[]): NodeOf<'values'> {
  const output = names.map((name, index): Field => {
    const type = rows[0]?.[index]?.type
    assert(type !== undefined, 'VALUES has a row, and every row a value per column')
    return { name, type, nullable: rows.some((row) => row[index]!.nullable) }
  })
  const key = rows.length <= 1 ? [] : null
  return { kind: 'values', rows, output, updating: false, key, window: null }
}

export function filter(input: Plan, predicate: Expression): NodeOf<'filter'> {
  checkColumns(predicate, input.output.length)
  assert(predicate.type.kind === 'boolean', 'a predicate is BOOLEAN')
  const { output, updating, key, window } = input
  return { kind: 'filter', input, predicate, output, updating, key, window }
}

export function project(
  input: Plan,
  expressions: Expression[],
  names: readonly string[],
): NodeOf<'project'> {
  for (const expression of expressions) checkColumns(expression, input.output.length)
  const output = expressions.map(
    ({ type, nullable }, index): Field => ({ name: names[index]!, type, nullable }),
  )
  const named = expressions.map((e) =>
    e.kind === 'column' ? { ...e, index: firstCopy(input, e.index) } : e,
  )
  const sources = named.map((e) => (e.kind === 'column' ? e.index : -1))
  return {
    kind: 'project',
    input,
    expressions: named,
    output,
    updating: input.updating,
    key: positionsOf(input.key, sources),
    window: windowAt(input.window, sources),
  }
}

export interface WindowShape {
  function: 'tumble' | 'hop' | 'cumulate'
  time: number
  slideMicros: string
  sizeMicros: string
  offsetMicros: string
  judge: boolean
  /** Does the time column come with a watermark, unchanged from its scan? */
  watermarked: boolean
}

/** window_start, window_end and window_time. */
function boundFields(input: Plan, time: number): Field[] {
  const type = input.output[time]?.type
  assert(type?.kind === 'timestamp', 'windows lie on a TIMESTAMP column')
  const precise: Type = { ...type, precision: Math.max(3, type.precision) }
  return [
    { name: 'window_start', type, nullable: false },
    { name: 'window_end', type, nullable: false },
    { name: 'window_time', type: precise, nullable: false },
  ]
}

const unitOf = (input: Plan, time: number): string =>
  precisionMicros(input.output[time]!.type as Type & { kind: 'timestamp' }).toString()

export function window(input: Plan, shape: WindowShape): NodeOf<'window'> {
  const width = input.output.length
  const { watermarked, ...rest } = shape
  const cumulates = shape.function === 'cumulate'
  const told = cumulates ? width + 1 : width
  return {
    kind: 'window',
    ...rest,
    input,
    output: [...input.output, ...boundFields(input, shape.time)],
    updating: input.updating,
    key: input.key === null || shape.function === 'tumble' ? input.key : [...input.key, told],
    window: {
      // Windows of many sizes have one start: it does not tell the end.
      start: cumulates ? null : width,
      end: width + 1,
      sizeMicros: shape.sizeMicros,
      unitMicros: unitOf(input, shape.time),
      watermarked,
    },
  }
}

export interface SessionShape {
  time: number
  keys: number[]
  gapMicros: string
  judge: boolean
  emit: 'changes' | 'on-window-close'
}

export function session(input: Plan, shape: SessionShape): NodeOf<'session'> {
  const width = input.output.length
  assert(
    shape.keys.every((key) => key < width),
    'sessions are those of columns of the input',
  )
  const closes = shape.emit === 'on-window-close'
  assert(shape.judge || !closes, 'only a session that a watermark closes is final')
  const keys = shape.keys.map((key) => firstCopy(input, key))
  return {
    kind: 'session',
    ...shape,
    keys,
    input,
    output: [...input.output, ...boundFields(input, shape.time)],
    updating: !closes,
    key: input.key,
    window: {
      // The start does not tell the end.
      start: null,
      end: width + 1,
      sizeMicros: shape.gapMicros,
      unitMicros: unitOf(input, shape.time),
      watermarked: shape.judge,
    },
  }
}

/** The arguments of a session node. */
export function sessionShapeOf(plan: NodeOf<'session'>): SessionShape {
  const { time, keys, gapMicros, judge, emit } = plan
  return { time, keys, gapMicros, judge, emit }
}

export interface AggregateShape {
  keys: number[]
  calls: AggregateCall[]
  emit: 'changes' | 'on-window-close'
  /** Names of the key columns, then of the calls. */
  names: readonly string[]
}

export function aggregate(input: Plan, shape: AggregateShape): NodeOf<'aggregate'> {
  const { calls, emit, names } = shape
  const keys = firstCopies(input, shape.keys)
  const fields = [...keys.map((key) => input.output[key]!), ...calls]
  assert(
    fields.every((field) => field !== undefined),
    'an aggregate reads columns of its input',
  )
  const bucketed = windowAt(input.window, keys)
  assert(
    emit === 'changes' || bucketed?.watermarked === true,
    'only a window that a watermark closes has a final value',
  )
  return {
    kind: 'aggregate',
    input,
    keys,
    calls,
    emit,
    output: fields.map(({ type, nullable }, index) => ({ name: names[index]!, type, nullable })),
    // The distinct rows of rows that never go are never taken back.
    updating: emit === 'changes' && (calls.length > 0 || input.updating),
    key: keys.map((_, index) => index),
    window: bucketed,
  }
}

export function union(inputs: readonly Plan[]): NodeOf<'union'> {
  const first = inputs[0]!
  for (const { output } of inputs) {
    const same = output.every((field, index) => sameType(field.type, first.output[index]!.type))
    assert(same && output.length === first.output.length, 'a union has inputs of one shape')
  }
  const output = first.output.map((field, index): Field => {
    const nullable = inputs.some((input) => input.output[index]!.nullable)
    return { ...field, nullable }
  })
  const updating = inputs.some((input) => input.updating)
  return {
    kind: 'union',
    inputs: [...inputs],
    output,
    updating,
    key: null,
    window: sharedWindow(inputs),
  }
}

/** The window columns of a union: those that lie, themselves or as copies, at one place with one size in all inputs. */
function sharedWindow(inputs: readonly Plan[]): WindowColumns | null {
  const windows = inputs.map((input) => input.window)
  const first = windows[0]!
  if (windows.some((window) => window?.sizeMicros !== first?.sizeMicros) || first === null) {
    return null
  }
  const places = [...inputs[0]!.output.keys()]
  const [start, end] = (['start', 'end'] as const).map(
    (role) =>
      places.find((place) =>
        inputs.every((input) => firstCopy(input, place) === input.window![role]),
      ) ?? null,
  )
  if (start === null && end === null) return null
  const units = windows.map((window) => BigInt(window!.unitMicros))
  return {
    start: start!,
    end: end!,
    sizeMicros: first.sizeMicros,
    unitMicros: units.reduce((a, b) => (b < a ? b : a)).toString(),
    watermarked: windows.every((window) => window!.watermarked),
  }
}

export function repeat(input: Plan): NodeOf<'repeat'> {
  const count = input.output.length - 1
  assert(count > 0 && input.output[count]!.type.kind === 'bigint', 'rows are repeated by a count')
  const kept = [...input.output.keys()].slice(0, count)
  return {
    kind: 'repeat',
    input,
    output: input.output.slice(0, count),
    updating: input.updating,
    key: null,
    window: windowAt(input.window, kept),
  }
}

export interface UnnestShape {
  calls: TableCall[]
  /** Name of the column of the number; null leaves it out. */
  number: string | null
  outer: boolean
}

export function unnest(input: Plan, { calls, number, outer }: UnnestShape): NodeOf<'unnest'> {
  for (const { args } of calls) for (const arg of args) checkColumns(arg, input.output.length)
  assert(calls.length > 0, 'rows are unnested by a call')
  const made = calls.flatMap(({ columns }) => columns)
  if (number !== null) made.push({ name: number, type: { kind: 'bigint' }, nullable: false })
  // What ends before the others leaves NULL behind.
  const padded = outer || calls.length > 1
  const width = input.output.length
  const told = number === null ? null : width + made.length - 1
  return {
    kind: 'unnest',
    input,
    calls,
    numbered: number !== null,
    outer,
    output: [
      ...input.output,
      ...made.map((field, index) => {
        const may = index + width === told ? outer : padded
        return { ...field, nullable: field.nullable || may }
      }),
    ],
    updating: input.updating,
    key: input.key === null || told === null ? null : [...input.key, told],
    window: input.window,
  }
}

/** The arguments of an unnest node. */
export function unnestShapeOf(plan: NodeOf<'unnest'>): UnnestShape {
  const { calls, outer, numbered } = plan
  return { calls, outer, number: numbered ? plan.output.at(-1)!.name : null }
}

export interface Lifetime {
  from: number[]
  until: number[]
  span?: Span | undefined
}

export function lifetime(input: Plan, shape: Lifetime): NodeOf<'lifetime'> {
  const isThere = [...shape.from, ...shape.until].every((at) => at < input.output.length)
  assert(isThere, 'lifetimes are those of columns of the input')
  const { output, key } = input
  const updating = input.updating || shape.until.length > 0
  return { kind: 'lifetime', ...shape, input, output, updating, key, window: null }
}

export function series(
  name: string,
  range: { first: string; last: string; step: string },
): NodeOf<'series'> {
  assert(range.step !== '0', 'a series goes somewhere')
  const output: Field[] = [{ name, type: { kind: 'bigint' }, nullable: false }]
  return { kind: 'series', ...range, output, updating: false, key: [0], window: null }
}

export interface JoinShape {
  join: JoinKind
  leftKeys: number[]
  rightKeys: number[]
  residual: Expression | null
  bounds?: TimeBounds
  lookup?: true
}

export function join(left: Plan, right: Plan, given: JoinShape): NodeOf<'join'> {
  const width = left.output.length
  const leftKeys = given.leftKeys.map((column) => firstCopy(left, column))
  const rightKeys = given.rightKeys.map((column) => firstCopy(right, column))
  const shape = { ...given, leftKeys, rightKeys }
  assert(shape.leftKeys.length > 0, 'a join has an equality')
  assert(shape.leftKeys.length === shape.rightKeys.length, 'join keys come in pairs')
  if (shape.residual !== null) checkColumns(shape.residual, width + right.output.length)
  return {
    kind: 'join',
    left,
    right,
    ...shape,
    output: joinedColumns(left, right, shape.join),
    updating: !shape.lookup && isUpdating(left, right, shape.join),
    key: joinedKey(left, right, shape.join),
    window: joinedWindow(left, right, shape),
  }
}

const isUpdating = (left: Plan, right: Plan, kind: JoinKind) =>
  left.updating || right.updating || !['inner', 'semi'].includes(kind)

/** The arguments of a join node. */
export function joinShapeOf(plan: NodeOf<'join'>): JoinShape {
  const { join: kind, leftKeys, rightKeys, residual, bounds, lookup } = plan
  const more = { ...(bounds === undefined ? {} : { bounds }), ...(lookup ? { lookup } : {}) }
  return { join: kind, leftKeys, rightKeys, residual, ...more }
}

/** Does the join keep left rows as they are? */
export const isHalf = (kind: JoinKind): boolean => kind === 'semi' || kind === 'anti'

function joinedColumns(left: Plan, right: Plan, kind: JoinKind): Field[] {
  if (isHalf(kind)) return left.output
  const padded = (fields: Field[]) => fields.map((field) => ({ ...field, nullable: true }))
  const lefts = kind === 'full' ? padded(left.output) : left.output
  return [...lefts, ...(kind === 'inner' ? right.output : padded(right.output))]
}

function joinedKey(left: Plan, right: Plan, kind: JoinKind): number[] | null {
  if (isHalf(kind)) return left.key
  if (left.key === null || right.key === null) return null
  const width = left.output.length
  // A key of NULLs would stand for a missing row as well.
  const nullable = [left, right].some((side) => side.key!.some((key) => side.output[key]!.nullable))
  if (kind === 'full' && (nullable || left.key.length === 0 || right.key.length === 0)) return null
  return [...left.key, ...right.key.map((index) => index + width)]
}

/** The pair of equated window columns of one role and size on both sides of a join, as columns of left and right. */
export function equatedWindow(
  left: Plan,
  right: Plan,
  keys: { leftKeys: number[]; rightKeys: number[] },
): { left: number; right: number; role: 'start' | 'end'; sizeMicros: string } | null {
  const [a, b] = [left.window, right.window]
  if (a === null || b === null || a.sizeMicros !== b.sizeMicros) return null
  for (const role of ['end', 'start'] as const) {
    const pair = keys.leftKeys.findIndex(
      (column, index) => column === a[role] && keys.rightKeys[index] === b[role],
    )
    if (pair < 0) continue
    const [leftKey, rightKey] = [keys.leftKeys[pair]!, keys.rightKeys[pair]!]
    return { left: leftKey, right: rightKey, role, sizeMicros: a.sizeMicros }
  }
  return null
}

function joinedWindow(left: Plan, right: Plan, shape: JoinShape): WindowColumns | null {
  // Rows without a match on the left have no window.
  if (shape.join === 'full') return null
  const equated = equatedWindow(left, right, shape)
  if (equated !== null) {
    const [a, b] = [left.window!, right.window!]
    const unit = BigInt(a.unitMicros) < BigInt(b.unitMicros) ? a.unitMicros : b.unitMicros
    return { ...a, unitMicros: unit, watermarked: a.watermarked && b.watermarked }
  }
  // Beside an input without windows (a table, say) the windows close by their own watermark: what meets a row of a
  // closed window later is left out. Windows of two kinds never close.
  const alone = left.window === null || right.window === null
  const keep = (window: WindowColumns) => ({ ...window, watermarked: alone && window.watermarked })
  if (left.window !== null) return keep(left.window)
  if (right.window === null || shape.join !== 'inner') return null
  const width = left.output.length
  const { start, end } = right.window
  return {
    ...keep(right.window),
    start: start === null ? null : start + width,
    end: end === null ? null : end + width,
  }
}

export interface AsofShape {
  join: 'inner' | 'left'
  leftKeys: number[]
  rightKeys: number[]
  leftTime: number
  rightTime: number
  compare: Comparison
  ties: 'position' | 'values'
  tie: 'last' | 'first'
  waits: boolean
}

export function asof(left: Plan, right: Plan, shape: AsofShape): NodeOf<'asof'> {
  const { leftKeys, rightKeys, leftTime, rightTime } = shape
  assert(leftKeys.length === rightKeys.length, 'join keys come in pairs')
  for (const [side, columns] of [
    [left, [...leftKeys, leftTime]],
    [right, [...rightKeys, rightTime]],
  ] as const) {
    const isThere = columns.every((column) => column < side.output.length)
    assert(isThere, 'an ASOF join reads columns of its inputs')
  }
  return {
    kind: 'asof',
    left,
    right,
    ...shape,
    output: joinedColumns(left, right, shape.join),
    // A row that comes later may be nearer, unless the watermark rules it out.
    updating: !shape.waits,
    key: left.key,
    window: null,
  }
}

/** The arguments of an asof node. */
export function asofShapeOf(plan: NodeOf<'asof'>): AsofShape {
  const { join: kind, leftKeys, rightKeys, leftTime, rightTime, compare, ties, tie, waits } = plan
  return { join: kind, leftKeys, rightKeys, leftTime, rightTime, compare, ties, tie, waits }
}

export interface RankShape {
  function: RankFunction
  partition: number[]
  order: SortKey[]
  limit: number | null
  /** Name of the column of the number; null leaves it out. */
  name: string | null
  ties: 'position' | 'values'
  /** The rows of a partition come all at once. */
  final?: true
}

export function rank(input: Plan, { name, ...shape }: RankShape): NodeOf<'rank'> {
  const { partition, order, limit } = shape
  const width = input.output.length
  const read = [...partition, ...order.map((key) => key.column)]
  assert(
    read.every((column) => column < width),
    'a rank reads columns of its input',
  )
  assert(limit === null || limit > 0, 'a rank counts from 1')
  const number: Field[] = name === null ? [] : [{ name, type: { kind: 'bigint' }, nullable: false }]
  const unique = shape.function === 'row_number'
  const numbered = name === null ? null : [...partition, width]
  return {
    kind: 'rank',
    input,
    ...shape,
    numbered: name !== null,
    output: [...input.output, ...number],
    updating: shape.final !== true,
    key: !unique ? input.key : limit === 1 ? [...partition] : numbered,
    // A number may change as long as rows come, whatever the window of its row.
    window: shape.final === true ? input.window : null,
  }
}

/** The arguments of a rank node. */
export function rankShapeOf(plan: NodeOf<'rank'>): RankShape {
  const { function: counted, partition, order, limit, ties, numbered } = plan
  const name = numbered ? plan.output.at(-1)!.name : null
  const final = plan.final === undefined ? {} : { final: plan.final }
  return { function: counted, partition, order, limit, ties, name, ...final }
}

export interface OverShape {
  partition: number[]
  order: SortKey[]
  ties: 'position' | 'values'
  calls: OverCall[]
  /** Names of the calls. */
  names: readonly string[]
  /** As of a rank. */
  final?: true
}

export function over(input: Plan, { names, ...shape }: OverShape): NodeOf<'over'> {
  const { partition, order, calls } = shape
  const width = input.output.length
  const read = calls.flatMap((call) => [call.argument, call.otherwise, call.filter])
  assert(
    [...partition, ...order.map((key) => key.column), ...read].every(
      (column) => (column ?? 0) < width,
    ),
    'window functions read columns of their input',
  )
  const fields = calls.map(
    ({ type, nullable }, index): Field => ({ name: names[index]!, type, nullable }),
  )
  return {
    kind: 'over',
    input,
    ...shape,
    output: [...input.output, ...fields],
    updating: shape.final !== true,
    key: input.key,
    window: shape.final === true ? input.window : null,
  }
}

/** The arguments of an over node. */
export function overShapeOf(plan: NodeOf<'over'>): OverShape {
  const { partition, order, ties, calls } = plan
  const names = plan.output.slice(plan.input.output.length).map(({ name }) => name)
  const final = plan.final === undefined ? {} : { final: plan.final }
  return { partition, order, ties, calls, names, ...final }
}

export function match(input: Plan, pattern: RowPattern): NodeOf<'match'> {
  const width = input.output.length
  const cells = pattern.cells.flatMap((cell) =>
    (cell.kind === 'value' || cell.kind === 'aggregate') && cell.column !== null
      ? [cell.column]
      : [],
  )
  const read = [...pattern.partition, ...pattern.order.map(({ column }) => column), ...pattern.kept]
  assert(
    [...read, ...cells].every((column) => column < width),
    'a pattern reads columns of its input',
  )
  for (const condition of pattern.define) {
    if (condition !== null) checkColumns(condition, pattern.cells.length)
  }
  const kept = pattern.kept.map((column) => input.output[column]!)
  const shown = pattern.shown.map((index): Field => {
    const { type, nullable } = pattern.cells[index]!
    return { name: `cell${index + 1}`, type, nullable: nullable || pattern.empty === 'unmatched' }
  })
  return {
    kind: 'match',
    input,
    ...pattern,
    output: [...kept, ...shown],
    updating: false,
    key: null,
    window: null,
  }
}

/** The arguments of a match node. */
export function patternOf(plan: NodeOf<'match'>): RowPattern {
  const { kind: _kind, input: _input, output, updating, key, window: none, ...pattern } = plan
  return pattern
}

export interface SortShape {
  keys: SortKey[]
  limit: number | null
  offset: number
}

export function sort(input: Plan, shape: SortShape): NodeOf<'sort'> {
  assert(
    shape.keys.every((key) => key.column < input.output.length),
    'a sort reads columns of its input',
  )
  const { output, updating, window: windowColumns } = input
  const key = shape.limit !== null && shape.limit <= 1 ? [] : input.key
  return { kind: 'sort', input, ...shape, output, updating, key, window: windowColumns }
}

/** The inputs of a node, in order. */
export function inputsOf(plan: Plan): Plan[] {
  switch (plan.kind) {
    case 'scan':
    case 'values':
    case 'series':
      return []
    case 'join':
      // What is looked up is there first.
      return plan.lookup ? [plan.right, plan.left] : [plan.left, plan.right]
    case 'asof':
      return [plan.left, plan.right]
    case 'union':
      return plan.inputs
    default:
      return [plan.input]
  }
}

/** The node over other inputs with the same columns; what it promises is derived anew. */
export function withInputs(plan: Plan, inputs: readonly Plan[]): Plan {
  const input = inputs[0]!
  const names = plan.output.map((field) => field.name)
  switch (plan.kind) {
    case 'scan':
    case 'values':
    case 'series':
      return plan
    case 'union':
      return union(inputs)
    case 'repeat':
      return repeat(input)
    case 'hold':
      return hold(input, holdingOf(plan))
    case 'close':
      return close(input)
    case 'changelog':
      return changelog(input, changelogShapeOf(plan))
    case 'unnest':
      return unnest(input, unnestShapeOf(plan))
    case 'number':
      return number(input, plan.partition)
    case 'lifetime':
      return lifetime(input, { from: plan.from, until: plan.until, span: plan.span })
    case 'filter':
      return filter(input, plan.predicate)
    case 'project':
      return projectAnew(plan, input, plan.expressions)
    case 'window':
      return window(input, { ...shapeOf(plan), watermarked: plan.window?.watermarked === true })
    case 'session':
      return session(input, sessionShapeOf(plan))
    case 'aggregate':
      return aggregate(input, { keys: plan.keys, calls: plan.calls, emit: plan.emit, names })
    case 'join': {
      const [left, right] = plan.lookup ? [inputs[1]!, input] : [input, inputs[1]!]
      return join(left, right, joinShapeOf(plan))
    }
    case 'asof':
      return asof(input, inputs[1]!, asofShapeOf(plan))
    case 'rank':
      return rank(input, rankShapeOf(plan))
    case 'over':
      return over(input, overShapeOf(plan))
    case 'match':
      return match(input, patternOf(plan))
    case 'sort':
      return sort(input, { keys: plan.keys, limit: plan.limit, offset: plan.offset })
  }
}

/** An expression that turns out to be a window's column says no more than before about when rows are final. */
function projectAnew(plan: NodeOf<'project'>, input: Plan, expressions: Expression[]): Plan {
  const names = plan.output.map((field) => field.name)
  const anew = project(input, expressions, names)
  return plan.window === null ? { ...anew, window: null } : anew
}

/** The arguments of a window node, without what is derived. */
export function shapeOf(plan: NodeOf<'window'>): Omit<WindowShape, 'watermarked'> {
  const { time, slideMicros, sizeMicros, offsetMicros, judge } = plan
  return { function: plan.function, time, slideMicros, sizeMicros, offsetMicros, judge }
}

/** The plan with every node replaced from the leaves up. */
export function mapPlan(plan: Plan, f: (node: Plan) => Plan): Plan {
  return f(
    withInputs(
      plan,
      inputsOf(plan).map((input) => mapPlan(input, f)),
    ),
  )
}

/** The node with its own expressions replaced. */
export function mapExpressions(plan: Plan, f: (expression: Expression) => Expression): Plan {
  const names = plan.output.map((field) => field.name)
  switch (plan.kind) {
    case 'filter':
      return filter(plan.input, f(plan.predicate))
    case 'project':
      return projectAnew(plan, plan.input, plan.expressions.map(f))
    case 'values':
      return values(
        plan.rows.map((row) => row.map(f)),
        names,
      )
    case 'join': {
      const { left, right, residual } = plan
      const mapped = residual === null ? null : f(residual)
      return join(left, right, { ...joinShapeOf(plan), residual: mapped })
    }
    case 'unnest': {
      const calls = plan.calls.map((call) => ({ ...call, args: call.args.map(f) }))
      return unnest(plan.input, { ...unnestShapeOf(plan), calls })
    }
    default:
      return plan
  }
}

/** Does every row stand at a place of its own? */
export function standApart(plan: Plan): boolean {
  switch (plan.kind) {
    case 'scan':
      return true
    case 'filter':
    case 'project':
      return standApart(plan.input)
    case 'window':
      return plan.function === 'tumble' && standApart(plan.input)
    default:
      return false
  }
}

/** Every node, the root first. */
export function nodesOf(plan: Plan): Plan[] {
  return [plan, ...inputsOf(plan).flatMap(nodesOf)]
}

function checkColumns(expression: Expression, width: number): void {
  for (const index of columnsOf(expression)) {
    assert(index >= 0 && index < width, 'a column index points into the input')
  }
}

/**
 * The first column of a plan that is the same column of what is below: roles such as that of a window's start are kept
 * for one copy only, and must not depend on which copy is named.
 */
function firstCopy(plan: Plan, column: number): number {
  if (plan.kind === 'filter') return firstCopy(plan.input, column)
  const named = plan.kind === 'project' ? plan.expressions[column] : undefined
  if (plan.kind !== 'project' || named?.kind !== 'column') return column
  return plan.expressions.findIndex((e) => e.kind === 'column' && e.index === named.index)
}

/** Columns of a plan as their first copies, each once. */
function firstCopies(plan: Plan, columns: readonly number[]): number[] {
  const taken = new Set(columns)
  return columns.map((column) => {
    const first = firstCopy(plan, column)
    if (taken.has(first)) return column
    taken.add(first)
    return first
  })
}

/** Where all of `columns` went, given the source column of each output column; null when one is gone. */
function positionsOf(columns: number[] | null, sources: readonly number[]): number[] | null {
  if (columns === null) return null
  const positions = columns.map((column) => sources.indexOf(column))
  return positions.includes(-1) ? null : positions.sort((a, b) => a - b)
}

function watermarkAt(watermark: Watermark | null, sources: readonly number[]): Watermark | null {
  if (watermark === null) return null
  const column = sources.indexOf(watermark.column)
  return column < 0 ? null : { ...watermark, column }
}

function windowAt(window: WindowColumns | null, sources: readonly number[]): WindowColumns | null {
  if (window === null) return null
  const place = (column: number | null) => {
    const position = column === null ? -1 : sources.indexOf(column)
    return position < 0 ? null : position
  }
  const [start, end] = [place(window.start), place(window.end)]
  return start === null && end === null ? null : { ...window, start, end }
}
