/**
 * Print-query: expressions, queries and relations as text.
 *
 * How      Parentheses only where precedence (power.ts) asks for them.
 */
import { power } from './power.ts'
import { dotted, labelName, list, name, path, quote } from './print-name.ts'
import { pattern } from './print-pattern.ts'
import { type } from './print-type.ts'
import type {
  Changelog,
  Duration,
  Emit,
  Expression,
  Frame,
  FrameBound,
  GroupKey,
  Identifier,
  NamedWindow,
  Option,
  OverWindow,
  Query,
  QueryBody,
  Relation,
  SelectItem,
  Within,
} from './tree.ts'
import { isNiladic } from './words.ts'

type Of<U, K> = Extract<U, { kind: K }>

// ---------------------------------------------------------------- expressions

/** How tightly the outermost operator of `e` binds. */
function tightness(e: Expression): number {
  switch (e.kind) {
    case 'unary':
      return e.operator === 'NOT'
        ? power.not
        : '~@'.includes(e.operator)
          ? power.other
          : power.unary
    case 'binary':
    case 'quantified':
      return binaryPower[e.operator]
    case 'is-null':
    case 'is-boolean':
    case 'is-distinct':
      return power.is
    case 'between':
    case 'in':
    case 'in-query':
    case 'like':
      return power.range
    default:
      return power.postfix
  }
}

const binaryPower: Record<Of<Expression, 'binary'>['operator'], number> = {
  OR: power.or,
  AND: power.and,
  '=': power.comparison,
  '<>': power.comparison,
  '<': power.comparison,
  '<=': power.comparison,
  '>': power.comparison,
  '>=': power.comparison,
  '||': power.other,
  '&': power.other,
  '|': power.other,
  '#': power.other,
  '<<': power.other,
  '>>': power.other,
  '~': power.other,
  '~*': power.other,
  '!~': power.other,
  '!~*': power.other,
  '->': power.other,
  '->>': power.other,
  '#>': power.other,
  '#>>': power.other,
  '@>': power.other,
  '<@': power.other,
  '&&': power.other,
  '<->': power.other,
  '^': power.exponent,
  '+': power.additive,
  '-': power.additive,
  '*': power.multiplicative,
  '/': power.multiplicative,
  '//': power.multiplicative,
  '%': power.multiplicative,
}

/** `e` where what binds less tightly than `min` needs parentheses. */
function operand(e: Expression, min: number): string {
  return tightness(e) < min ? `(${expression(e)})` : expression(e)
}

export function expression(e: Expression): string {
  switch (e.kind) {
    case 'number':
      return e.text
    case 'string':
      return quote(e.value)
    case 'boolean':
      return e.value ? 'TRUE' : 'FALSE'
    case 'null':
      return 'NULL'
    case 'default':
      return 'DEFAULT'
    case 'interval':
      return interval(e)
    case 'typed-literal':
      return `${type(e.type)} ${quote(e.text)}`
    case 'column':
      return dotted(e.path)
    case 'quantified': {
      const own = binaryPower[e.operator]
      return `${operand(e.left, own)} ${e.operator} ${e.all ? 'ALL' : 'ANY'} (${query(e.query)})`
    }
    case 'exists':
      return `EXISTS (${query(e.query)})`
    case 'subquery':
      return `(${query(e.query)})`
    case 'row':
      return `(${list(e.items, expression)})`
    case 'star':
      return star(e)
    case 'member':
      return `(${expression(e.operand)}).${labelName(e.name)}`
    case 'parameter':
      return { positional: '?', numbered: `$${e.name}`, named: `:${e.name}` }[e.style]
    case 'cast':
      return `${e.attempt ? 'TRY_CAST' : 'CAST'}(${expression(e.operand)} AS ${type(e.type)})`
    case 'extract':
      return `EXTRACT(${e.unit} FROM ${expression(e.operand)})`
    case 'call':
      return call(e)
    case 'over':
      return over(e)
    case 'lambda':
      return `(${list(e.parameters, name)}) -> ${expression(e.body)}`
    case 'case':
      return caseOf(e)
    default:
      return operation(e)
  }
}

function star(e: Of<Expression, 'star'>): string {
  if (e.pattern !== undefined) return `COLUMNS(${quote(e.pattern)})`
  if (e.ofColumn) return `(${dotted(e.qualifier)}).*`
  const all = e.qualifier.length === 0 ? '*' : `${dotted(e.qualifier)}.*`
  const { exclude, replace, rename } = e.change ?? { exclude: [], replace: [], rename: [] }
  const parts = [
    exclude.length === 0 ? '' : ` EXCLUDE (${list(exclude, name)})`,
    replace.length === 0
      ? ''
      : ` REPLACE (${list(replace, (one) => `${expression(one.value)} AS ${labelName(one.name)}`)})`,
    rename.length === 0
      ? ''
      : ` RENAME (${list(rename, (one) => `${name(one.name)} AS ${labelName(one.to)}`)})`,
  ]
  return all + parts.join('')
}

type Operation = Extract<
  Expression,
  {
    kind:
      | 'unary'
      | 'binary'
      | 'is-null'
      | 'is-boolean'
      | 'is-distinct'
      | 'between'
      | 'in'
      | 'in-query'
      | 'like'
  }
>

function operation(e: Operation): string {
  switch (e.kind) {
    case 'unary':
      return unary(e)
    case 'binary': {
      const own = binaryPower[e.operator]
      return `${operand(e.left, own)} ${e.operator} ${operand(e.right, own + 1)}`
    }
    case 'is-null':
      return `${operand(e.operand, power.is)} IS ${not(e)}NULL`
    case 'is-boolean':
      return `${operand(e.operand, power.is)} IS ${not(e)}${e.value === null ? 'UNKNOWN' : e.value ? 'TRUE' : 'FALSE'}`
    case 'is-distinct': {
      const right = operand(e.right, power.is + 1)
      return `${operand(e.left, power.is)} IS ${not(e)}DISTINCT FROM ${right}`
    }
    case 'between': {
      const bounds = `${operand(e.low, power.range + 1)} AND ${operand(e.high, power.range + 1)}`
      const symmetric = e.symmetric ? 'SYMMETRIC ' : ''
      return `${operand(e.operand, power.range)} ${not(e)}BETWEEN ${symmetric}${bounds}`
    }
    case 'in':
      return `${operand(e.operand, power.range)} ${not(e)}IN (${list(e.list, expression)})`
    case 'in-query':
      return `${operand(e.operand, power.range)} ${not(e)}IN (${query(e.query)})`
    case 'like': {
      const pattern = operand(e.pattern, power.range + 1)
      const escaped = e.escape === null ? '' : ` ESCAPE ${operand(e.escape, power.range + 1)}`
      return `${operand(e.operand, power.range)} ${not(e)}${e.operator ?? 'LIKE'} ${pattern}${escaped}`
    }
  }
}

export const not = (e: { negated: boolean }): string => (e.negated ? 'NOT ' : '')

function unary(e: Of<Expression, 'unary'>): string {
  if (e.operator === 'NOT') return `NOT ${operand(e.operand, power.not)}`
  if (e.operator === '~' || e.operator === '@') {
    return `${e.operator} ${operand(e.operand, power.other + 1)}`
  }
  const inner = operand(e.operand, power.unary)
  // Two minus signs would begin a comment.
  return /^[-+]/.test(inner) ? `${e.operator}(${inner})` : `${e.operator}${inner}`
}

function interval(e: Of<Expression, 'interval'>): string {
  const from = e.from === null ? '' : ` ${e.from}`
  const to = e.to === null ? '' : ` TO ${e.to}`
  return `INTERVAL ${quote(e.text)}${from}${to}`
}

function call(e: Of<Expression, 'call'>): string {
  const filter = e.filter === null ? '' : ` FILTER (WHERE ${expression(e.filter)})`
  const args = `${e.distinct ? 'DISTINCT ' : ''}${list(e.args, expression)}`
  const called = isNiladic(e.name.name) && !e.name.quoted ? e.name.name : name(e.name)
  const tense = e.tense === undefined ? '' : `${e.tense.toUpperCase()} `
  return `${tense}${called}(${args})${filter}`
}

function over(e: Of<Expression, 'over'>): string {
  const { base, partitionBy, orderBy, frame, session } = e.window
  const adds = partitionBy.length + orderBy.length > 0 || frame !== null || session !== undefined
  const bare = base !== null && !adds
  const window = bare ? name(base) : overWindow(e.window)
  return `${call(e.call)}${e.ignoreNulls ? ' IGNORE NULLS' : ''} OVER ${window}`
}

function overWindow(w: OverWindow): string {
  const parts = [
    ...(w.base === null ? [] : [name(w.base)]),
    ...(w.partitionBy.length === 0 ? [] : [`PARTITION BY ${list(w.partitionBy, expression)}`]),
    ...(w.orderBy.length === 0 ? [] : [`ORDER BY ${list(w.orderBy, orderItem)}`]),
    ...(w.frame === null ? [] : [frame(w.frame)]),
    ...(w.session === undefined ? [] : [`SESSION WITH GAP ${expression(w.session)}`]),
  ]
  return `(${parts.join(' ')})`
}

function frame({ unit, start, end, exclude }: Frame): string {
  const without = exclude === null ? '' : ` EXCLUDE ${exclude}`
  return `${unit} BETWEEN ${frameBound(start)} AND ${frameBound(end)}${without}`
}

function frameBound(bound: FrameBound): string {
  if (bound.kind === 'current') return 'CURRENT ROW'
  const count = bound.kind === 'unbounded' ? 'UNBOUNDED' : expression(bound.offset)
  return `${count} ${bound.following ? 'FOLLOWING' : 'PRECEDING'}`
}

function caseOf(e: Of<Expression, 'case'>): string {
  const head = e.operand === null ? 'CASE' : `CASE ${expression(e.operand)}`
  const whens = e.whens.map((w) => ` WHEN ${expression(w.when)} THEN ${expression(w.then)}`)
  const otherwise = e.else === null ? '' : ` ELSE ${expression(e.else)}`
  return `${head}${whens.join('')}${otherwise} END`
}

// ---------------------------------------------------------------- queries

export function query(q: Query): string {
  let text = withTables(q.with) + body(q.body)
  if (q.orderBy.length > 0) text += ` ORDER BY ${list(q.orderBy, orderItem)}`
  if (q.limit !== null) text += ` LIMIT ${expression(q.limit)}`
  if (q.offset !== null) text += ` OFFSET ${expression(q.offset)}`
  return text + emit(q.emit)
}

function withTables(tables: Query['with']): string {
  if (tables.length === 0) return ''
  const one = (t: Query['with'][number]) =>
    `${name(t.name)}${columnNames(t.columns)} AS (${query(t.query)})`
  return `WITH ${list(tables, one)} `
}

/** A query beside UNION and its like; `tight`: one that is UNION or EXCEPT itself needs parentheses, too. */
function term(q: Query, tight: (body: Of<QueryBody, 'set'>) => boolean): string {
  const clauses = [q.limit, q.offset, q.emit].some((part) => part !== null)
  const dressed = q.with.length > 0 || q.orderBy.length > 0 || clauses
  if (dressed || (q.body.kind === 'set' && tight(q.body))) return `(${query(q)})`
  return body(q.body)
}

function setBody(b: Of<QueryBody, 'set'>): string {
  const isIntersect = (inner: Of<QueryBody, 'set'>) => inner.operator === 'INTERSECT'
  const left = term(b.left, (inner) => b.operator === 'INTERSECT' && !isIntersect(inner))
  const right = term(b.right, (inner) => b.operator === 'INTERSECT' || !isIntersect(inner))
  return `${left} ${b.operator}${b.all ? ' ALL' : ''} ${right}`
}

export function emit(e: Emit | null): string {
  if (e === null) return ''
  const part = (words: string, value: Expression | undefined) =>
    value === undefined ? '' : ` ${words} ${expression(value)}`
  const named = e.mode === 'changes' ? ' CHANGES' : ' ON WINDOW CLOSE'
  const mode = (part('EVERY', e.every) || named) + (e.repeats ? ' REPEAT' : '')
  const waits = part('WITH BATCH', e.batch) + part('WITH DELAY', e.delay)
  const panes = part('EARLY EVERY', e.early) + part('LATE ON UPDATE FOR', e.late)
  return ` EMIT${mode}${waits}${part('AND TIMEOUT', e.timeout)}${panes}`
}

export function orderItem(item: Query['orderBy'][number]): string {
  const nulls = item.nulls === null ? '' : ` NULLS ${item.nulls.toUpperCase()}`
  return `${every(item.expression)}${item.descending ? ' DESC' : ''}${nulls}`
}

function groupKey(key: GroupKey): string {
  if (key.kind === 'grouping-sets') return `${key.form} (${list(key.items, groupKey)})`
  return every(key)
}

/** A key of GROUP BY or ORDER BY, where a star is ALL. */
const every = (e: Expression): string => (e.kind === 'star' ? 'ALL' : expression(e))

function body(b: QueryBody): string {
  if (b.kind === 'set') return setBody(b)
  if (b.kind === 'values') return `VALUES ${list(b.rows, (row) => `(${list(row, expression)})`)}`
  const on = b.distinctOn === undefined ? '' : `DISTINCT ON (${list(b.distinctOn, expression)}) `
  let text = `SELECT ${b.distinct ? 'DISTINCT ' : on}${list(b.items, selectItem)}`
  if (b.from !== null) text += ` FROM ${relation(b.from)}`
  if (b.where !== null) text += ` WHERE ${expression(b.where)}`
  if (b.groupBy.length > 0) text += ` GROUP BY ${list(b.groupBy, groupKey)}`
  if (b.having !== null) text += ` HAVING ${expression(b.having)}`
  if (b.windows !== undefined) text += ` WINDOW ${list(b.windows, namedWindow)}`
  if (b.qualify !== null) text += ` QUALIFY ${expression(b.qualify)}`
  return text
}

function namedWindow(window: NamedWindow): string {
  return `${name(window.name)} AS ${overWindow(window.window)}`
}

export function selectItem(item: SelectItem): string {
  const as = item.alias === null ? '' : ` AS ${labelName(item.alias)}`
  return expression(item.expression) + as
}

export const setting = (value: string | number | boolean): string =>
  typeof value === 'string' ? quote(value) : String(value).toUpperCase()

export const option = (o: Option): string => `${quote(o.key)} = ${setting(o.value)}`

export const hint = (options: readonly Option[] = []): string =>
  options.length === 0 ? '' : ` /*+ OPTIONS(${list(options, option)}) */`

export const as = (alias: Identifier | null): string => (alias === null ? '' : ` AS ${name(alias)}`)
export const columnNames = (columns: readonly Identifier[]): string =>
  columns.length === 0 ? '' : ` (${list(columns, name)})`

const aliases = (r: Exclude<Relation, { kind: 'join' }>): string =>
  as(r.alias) + columnNames(r.columnAliases ?? [])

export function relation(r: Relation): string {
  switch (r.kind) {
    case 'table':
      return (
        path(r.path) +
        hint(r.options) +
        (r.asOf ? ` FOR SYSTEM_TIME AS OF ${expression(r.asOf)}` : '') +
        aliases(r)
      )
    case 'file':
      return file(r) + aliases(r)
    case 'derived':
      return `${lateral(r)}(${query(r.query)})${aliases(r)}`
    case 'window':
      return window(r) + aliases(r)
    case 'count-window':
      return countWindow(r) + aliases(r)
    case 'changelog':
      return changelog(r) + aliases(r)
    case 'match':
      return match(r) + aliases(r)
    case 'function':
      return functionCall(r) + aliases(r)
    case 'join': {
      const right = r.right.kind === 'join' ? `(${relation(r.right)})` : relation(r.right)
      const natural = r.natural === true ? 'NATURAL ' : ''
      const asof = r.asof === undefined ? '' : 'ASOF '
      const words = asof + (r.join === 'inner' ? 'JOIN' : `${r.join.toUpperCase()} JOIN`)
      const match = r.asof?.match == null ? '' : ` MATCH_CONDITION (${expression(r.asof.match)})`
      const on = r.on === null ? '' : ` ON ${expression(r.on)}`
      const using = r.using.length === 0 ? '' : ` USING (${list(r.using, name)})`
      const within = r.within === undefined ? '' : withinText(r.within)
      return `${relation(r.left)} ${natural}${words} ${right}${match}${within}${on}${using}`
    }
  }
}

function withinText({ before, after, grace }: Within): string {
  const duration = ({ count, unit }: Duration) => `${count} ${unit}`
  const period = grace === null ? '' : ` GRACE PERIOD ${duration(grace)}`
  return ` WITHIN (${duration(before)}, ${duration(after)})${period}`
}

const lateral = (r: { lateral?: true }) => (r.lateral === true ? 'LATERAL ' : '')

function functionCall(f: Of<Relation, 'function'>): string {
  const call = `${lateral(f)}${name(f.name)}(${list(f.args, expression)})`
  return f.ordinality === true ? `${call} WITH ORDINALITY` : call
}

function file(f: Of<Relation, 'file'>): string {
  if (f.function === null) return quote(f.path)
  return `${f.function}(${[quote(f.path), ...f.options.map(option)].join(', ')})`
}

function windowData(source: Relation, keys: readonly Identifier[]): string {
  const by = keys.length === 0 ? '' : ` PARTITION BY (${list(keys, name)})`
  return `${source.kind === 'table' ? 'TABLE ' : ''}${relation(source)}${by}`
}

function countWindow(w: Of<Relation, 'count-window'>): string {
  const step = w.slide === null ? '' : `SLIDE_ROWS => ${expression(w.slide)}, `
  return `${w.function}(${windowData(w.source, w.partition)}, ${step}ROWS => ${expression(w.rows)})`
}

function changelog({ source, partition, op, mapping }: Changelog): string {
  const column = op === null ? '' : `, OP => DESCRIPTOR(${name(op)})`
  const codes = mapping === null ? '' : `, OP_MAPPING => ${expression(mapping)}`
  return `TO_CHANGELOG(${windowData(source, partition)}${column}${codes})`
}

function window(w: Of<Relation, 'window'>): string {
  const last = w.onUpdate === undefined ? [] : [expression(w.onUpdate)]
  const shift = last.length > 0 && w.offset === null ? ["INTERVAL '0' SECOND"] : []
  const rest = [w.slide, w.size, w.offset].filter((e) => e !== null).map(expression)
  const data = windowData(w.source, w.partition ?? [])
  const args = [data, `DESCRIPTOR(${name(w.time)})`, ...rest, ...shift, ...last]
  return `${w.function}(${args.join(', ')})`
}

function match(m: Of<Relation, 'match'>): string {
  const empty = { show: '', omit: ' OMIT EMPTY MATCHES', unmatched: ' WITH UNMATCHED ROWS' }
  const within = m.within === null ? '' : ` WITHIN ${expression(m.within)}`
  const parts = [
    ...(m.partitionBy.length === 0 ? [] : [`PARTITION BY ${list(m.partitionBy, expression)}`]),
    ...(m.orderBy.length === 0 ? [] : [`ORDER BY ${list(m.orderBy, orderItem)}`]),
    ...(m.measures.length === 0
      ? []
      : [
          `MEASURES ${list(m.measures, (one) => `${expression(one.value)} AS ${labelName(one.name)}`)}`,
        ]),
    ...(m.allRows ? [`ALL ROWS PER MATCH${empty[m.empty]}`] : []),
    ...(m.skip === null ? [] : [`AFTER MATCH SKIP ${skipTo(m.skip)}`]),
    `PATTERN (${pattern(m.pattern)})${within}`,
    ...(m.subsets.length === 0
      ? []
      : [`SUBSET ${list(m.subsets, (one) => `${name(one.name)} = (${list(one.of, name)})`)}`]),
    ...(m.define.length === 0
      ? []
      : [`DEFINE ${list(m.define, (one) => `${name(one.name)} AS ${expression(one.condition)}`)}`]),
  ]
  const source = m.source.kind === 'join' ? `(${relation(m.source)})` : relation(m.source)
  return `${source} MATCH_RECOGNIZE (${parts.join(' ')})`
}

function skipTo(skip: NonNullable<Of<Relation, 'match'>['skip']>): string {
  if (skip.variable === null) return skip.to === 'past' ? 'PAST LAST ROW' : 'TO NEXT ROW'
  return `TO ${skip.to.toUpperCase()} ${name(skip.variable)}`
}
