/**
 * Print: the tree as text in one spelling, on one line per statement.
 *
 * How      Parentheses only where precedence (power.ts) asks for them. Names are quoted if they
 *          were, or if their spelling would not scan as a name.
 * Contract 1 (checked) parse(print(t)) equals t, spans aside, for every tree that a parse can give.
 */
import { power } from './power.ts'
import { dotted, labelName, list, name, path, quote } from './print-name.ts'
import { pattern } from './print-pattern.ts'
import { type } from './print-type.ts'
import type {
  Alteration,
  Assignment,
  Changelog,
  ColumnDefinition,
  Conflict,
  Constraint,
  Duration,
  Emit,
  Encoding,
  ExplainDetail,
  Expression,
  Frame,
  FrameBound,
  GroupKey,
  Identifier,
  LikePattern,
  Moment,
  NamedWindow,
  Option,
  OverWindow,
  Query,
  QueryBody,
  Relation,
  Script,
  SelectItem,
  Statement,
  SubscriptionReading,
  WatermarkDefinition,
  Within,
} from './tree.ts'

type Of<U, K> = Extract<U, { kind: K }>
type Printable = Script | Statement | Query | Expression

export function print(node: Printable): string {
  if (node.kind === 'script') return node.statements.map((s) => `${statement(s)};`).join('\n')
  if (node.kind === 'query') return query(node)
  return isStatement(node) ? statement(node) : expression(node)
}

const statementKinds: Record<Statement['kind'], true> = {
  'create-relation': true,
  'create-view': true,
  'create-function': true,
  'create-sink': true,
  'create-subscription': true,
  drop: true,
  alter: true,
  insert: true,
  copy: true,
  update: true,
  delete: true,
  transaction: true,
  'query-statement': true,
  subscribe: true,
  declare: true,
  fetch: true,
  close: true,
  acknowledge: true,
  explain: true,
  'explain-running': true,
  'explain-use': true,
  'explain-row': true,
  verify: true,
  pause: true,
  set: true,
  reset: true,
  show: true,
  'show-setting': true,
  'show-create': true,
  describe: true,
  'describe-query': true,
  flush: true,
}
const isStatement = (node: Printable): node is Statement => node.kind in statementKinds

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

function expression(e: Expression): string {
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

const not = (e: { negated: boolean }): string => (e.negated ? 'NOT ' : '')

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
  const called = niladicLike.test(e.name.name) && !e.name.quoted ? e.name.name : name(e.name)
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

const niladicLike = /^(current_(date|time|timestamp)|localtime(stamp)?)$/i

function caseOf(e: Of<Expression, 'case'>): string {
  const head = e.operand === null ? 'CASE' : `CASE ${expression(e.operand)}`
  const whens = e.whens.map((w) => ` WHEN ${expression(w.when)} THEN ${expression(w.then)}`)
  const otherwise = e.else === null ? '' : ` ELSE ${expression(e.else)}`
  return `${head}${whens.join('')}${otherwise} END`
}

// ---------------------------------------------------------------- queries

function query(q: Query): string {
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

function emit(e: Emit | null): string {
  if (e === null) return ''
  const part = (words: string, value: Expression | undefined) =>
    value === undefined ? '' : ` ${words} ${expression(value)}`
  const named = e.mode === 'changes' ? ' CHANGES' : ' ON WINDOW CLOSE'
  const mode = (part('EVERY', e.every) || named) + (e.repeats ? ' REPEAT' : '')
  const waits = part('WITH BATCH', e.batch) + part('WITH DELAY', e.delay)
  const panes = part('EARLY EVERY', e.early) + part('LATE ON UPDATE FOR', e.late)
  return ` EMIT${mode}${waits}${part('AND TIMEOUT', e.timeout)}${panes}`
}

function orderItem(item: Query['orderBy'][number]): string {
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

function selectItem(item: SelectItem): string {
  const as = item.alias === null ? '' : ` AS ${labelName(item.alias)}`
  return expression(item.expression) + as
}

const as = (alias: Identifier | null): string => (alias === null ? '' : ` AS ${name(alias)}`)
const columnNames = (columns: readonly Identifier[]): string =>
  columns.length === 0 ? '' : ` (${list(columns, name)})`

const aliases = (r: Exclude<Relation, { kind: 'join' }>): string =>
  as(r.alias) + columnNames(r.columnAliases ?? [])

function relation(r: Relation): string {
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

// ---------------------------------------------------------------- statements

function copy(s: Of<Statement, 'copy'>): string {
  const copied =
    s.copied.kind === 'query-statement'
      ? `(${query(s.copied.query)})`
      : path(s.copied.path) + columnNames(s.copied.columns)
  const file = s.file === null ? (s.into ? 'STDOUT' : 'STDIN') : quote(s.file)
  const options = s.options.length === 0 ? '' : ` (${list(s.options, option)})`
  return `COPY ${copied} ${s.into ? 'TO' : 'FROM'} ${file}${options}`
}

function statement(s: Statement): string {
  switch (s.kind) {
    case 'create-relation':
      return createRelation(s)
    case 'create-function':
      return createFunction(s)
    case 'create-sink':
      return createSink(s)
    case 'create-view':
      return createView(s)
    case 'drop':
      return drop(s)
    case 'alter':
      return `ALTER ${s.object.toUpperCase()} ${s.ifExists ? 'IF EXISTS ' : ''}${path(s.name)} ${alteration(s.change)}`
    case 'copy':
      return copy(s)
    case 'insert': {
      const { body } = s.source
      const isDefault = body.kind === 'values' && body.rows[0]?.length === 0
      const source = isDefault ? 'DEFAULT VALUES' : query(s.source)
      const head = `INSERT INTO ${path(s.target)}${hint(s.options)}${columnNames(s.columns)} ${source}`
      return head + conflict(s.conflict) + returning(s.returning)
    }
    case 'update': {
      const head = `UPDATE ${path(s.target)}${as(s.alias)} SET ${list(s.assignments, assignment)}`
      const from = s.from === null ? '' : ` FROM ${relation(s.from)}`
      return head + from + where(s.where) + returning(s.returning)
    }
    case 'delete': {
      const using = s.from === null ? '' : ` USING ${relation(s.from)}`
      const head = `DELETE FROM ${path(s.target)}${as(s.alias)}${using}`
      return head + where(s.where) + returning(s.returning)
    }
    case 'transaction':
      return s.action.toUpperCase()
    case 'query-statement':
      return query(s.query)
    case 'subscribe':
    case 'declare':
    case 'fetch':
    case 'close':
    case 'acknowledge':
    case 'create-subscription':
      return pushing(s)
    case 'explain':
      return explain(s)
    case 'explain-running':
    case 'explain-use':
    case 'explain-row':
    case 'verify':
    case 'pause':
      return watching(s)
    case 'set': {
      const overflow = s.overflow === undefined ? '' : ` ON OVERFLOW ${s.overflow.toUpperCase()}`
      return `SET ${quote(s.name)} = ${s.value === null ? 'DEFAULT' : setting(s.value)}${overflow}`
    }
    case 'reset':
      return `RESET ${s.name === null ? 'ALL' : quote(s.name)}`
    case 'show':
    case 'show-setting':
    case 'show-create':
    case 'describe':
    case 'describe-query':
      return showing(s)
    case 'flush':
      return 'FLUSH'
  }
}

type Showing = 'show' | 'show-setting' | 'show-create' | 'describe' | 'describe-query'

function showing(s: Of<Statement, Showing>): string {
  switch (s.kind) {
    case 'show':
      return `SHOW ${s.what.toUpperCase()}${s.of === null ? '' : ` FROM ${path(s.of)}`}${likePattern(s.like)}`
    case 'show-setting':
      return `SHOW ${quote(s.name)}`
    case 'show-create':
      return `SHOW CREATE ${s.object === null ? '' : `${s.object.toUpperCase()} `}${path(s.name)}`
    case 'describe':
      return `DESCRIBE ${path(s.name)}`
    case 'describe-query':
      return `DESCRIBE ${query(s.query)}`
  }
}

const runningText = { work: 'ANALYZE', state: 'STATE', silence: 'WHY NO OUTPUT' } as const

type Pushing = 'create-subscription' | 'subscribe' | 'declare' | 'fetch' | 'close' | 'acknowledge'

/** Subscriptions, and the cursors over them. */
function pushing(s: Of<Statement, Pushing>): string {
  switch (s.kind) {
    case 'subscribe':
      return subscribe(s)
    case 'declare':
      return s.of.kind === 'subscription-reading'
        ? `DECLARE ${name(s.name)} SUBSCRIPTION CURSOR FOR ${reading(s.of)}`
        : `DECLARE ${name(s.name)} CURSOR FOR ${statement(s.of)}`
    case 'acknowledge':
      return `ACKNOWLEDGE ${path(s.name)} UP TO ${moment(s.upTo)}`
    case 'create-subscription': {
      const options = s.options.length === 0 ? '' : ` WITH (${list(s.options, option)})`
      const head = `CREATE ${s.orReplace ? 'OR REPLACE ' : ''}SUBSCRIPTION`
      return `${head} ${s.ifNotExists ? 'IF NOT EXISTS ' : ''}${path(s.name)} ${subscribed(s.query)}${options}`
    }
    case 'fetch': {
      const given = s.options.length === 0 ? '' : ` WITH (${list(s.options, option)})`
      return `FETCH ${s.count ?? 'ALL'} FROM ${name(s.cursor)}${given}`
    }
    case 'close':
      return `CLOSE ${s.cursor === null ? 'ALL' : name(s.cursor)}`
  }
}

/** The relation, or the query that a change of its columns has made of it. */
function subscribed(q: Query): string {
  const text = query(q)
  const from = q.body.kind === 'select' && q.body.from?.kind === 'table' ? q.body.from : null
  const isWhole = from !== null && text === `SELECT * FROM ${path(from.path)}`
  return isWhole ? `FROM ${path(from.path)}` : `AS ${text}`
}

function reading({ subscription, since }: SubscriptionReading): string {
  if (since === 'full') return `${path(subscription)} FULL`
  const from = typeof since === 'string' ? `${since}()` : moment(since)
  return `${path(subscription)} SINCE ${from}`
}

function subscribe(s: Of<Statement, 'subscribe'>): string {
  const options = [...(s.snapshot ? [] : ['SNAPSHOT = FALSE']), ...s.metadata]
  const key = s.envelope?.key ?? []
  const clauses = [
    s.envelope === null ? '' : ` ENVELOPE ${s.envelope.form.toUpperCase()}`,
    key.length === 0 ? '' : ` (KEY (${list(key, name)}))`,
    s.order.length === 0 ? '' : ` WITHIN TIMESTAMP ORDER BY ${list(s.order, orderItem)}`,
    options.length === 0 ? '' : ` WITH (${options.join(', ')})`,
    s.asOf === null ? '' : ` AS OF ${moment(s.asOf)}`,
    s.upTo === null ? '' : ` UP TO ${moment(s.upTo)}`,
  ]
  return `SUBSCRIBE TO ${relation(s.relation)}${clauses.join('')}${emit(s.emit)}`
}

type Watching = 'explain-running' | 'explain-use' | 'explain-row' | 'verify' | 'pause'

/** What is asked of queries that run. */
function watching(s: Of<Statement, Watching>): string {
  switch (s.kind) {
    case 'explain-running':
      return `EXPLAIN ${runningText[s.what]} FOR QUERY ${path(s.name)}`
    case 'explain-use':
      return `EXPLAIN ANALYZE ${s.measures.join().toUpperCase()} FOR QUERY ${path(s.name)}${s.asSql ? ' AS SQL' : ''}`
    case 'explain-row':
      return `EXPLAIN ROW ${path(s.name)}${where(s.where)}`
    case 'verify': {
      const upTo = s.upTo === null ? '' : ` UP TO ${moment(s.upTo)}`
      return `VERIFY MATERIALIZED VIEW ${path(s.name)}${upTo}`
    }
    case 'pause':
      return `${s.resumes ? 'RESUME' : 'PAUSE'} ${s.object.toUpperCase()} ${path(s.name)}`
  }
}

/** What begins with a name OFFSET stands in parentheses, apart from the word. */
const moment = ({ offset, at }: Moment) => {
  const text = expression(at)
  if (offset) return `OFFSET ${text}`
  return /^offset\b/i.test(text) ? `(${text})` : text
}

const detailText: Record<ExplainDetail, string> = {
  verbose: 'VERBOSE',
  cost: 'COST',
  changelog: 'CHANGELOG_MODE',
  advice: 'PLAN_ADVICE',
  json: 'JSON_EXECUTION_PLAN',
  state: 'STATE',
}

function explain(s: Of<Statement, 'explain'>): string {
  const isOwn = (one: ExplainDetail) => ['advice', 'json', 'state'].includes(one)
  const own = s.details.filter(isOwn)
  const options = [
    ...(s.format === 'text' ? [] : [`FORMAT ${s.format.toUpperCase()}`]),
    ...(s.type === 'physical' ? [] : [`TYPE ${s.type.toUpperCase()}`]),
    ...s.details.filter((one) => !isOwn(one)).map((one) => detailText[one]),
  ]
  const listed = options.length === 0 ? '' : ` (${options.join(', ')})`
  const details = own.length === 0 ? '' : ` ${list(own, (one) => detailText[one])}`
  const words = `${s.analyze ? ' ANALYZE' : ''}${s.steps ? ' STEPS' : ''}${listed}${details}`
  return `EXPLAIN${words} ${statement(s.statement)}`
}

function likePattern(like: LikePattern | null): string {
  if (like === null) return ''
  return ` ${not(like)}${like.anyCase ? 'ILIKE' : 'LIKE'} ${quote(like.pattern)}`
}

const where = (e: Expression | null): string => (e === null ? '' : ` WHERE ${expression(e)}`)
const assignment = (a: Assignment): string => `${name(a.column)} = ${expression(a.value)}`
const returning = (items: readonly SelectItem[]): string =>
  items.length === 0 ? '' : ` RETURNING ${list(items, selectItem)}`

function conflict(c: Conflict | null): string {
  if (c === null) return ''
  const head = ` ON CONFLICT${columnNames(c.columns)} DO`
  if (c.action !== 'update') return `${head} ${c.action.toUpperCase()}`
  const set = c.assignments.length === 0 ? '' : ` SET ${list(c.assignments, assignment)}`
  return `${head} UPDATE${set}${where(c.where)}`
}

const setting = (value: string | number | boolean): string =>
  typeof value === 'string' ? quote(value) : String(value).toUpperCase()

const option = (o: Option): string => `${quote(o.key)} = ${setting(o.value)}`

const hint = (options: readonly Option[] = []): string =>
  options.length === 0 ? '' : ` /*+ OPTIONS(${list(options, option)}) */`

const create = ({ orReplace, temporary }: { orReplace: boolean; temporary?: true }): string =>
  `CREATE ${orReplace ? 'OR REPLACE ' : ''}${temporary ? 'TEMP ' : ''}`

function createRelation(s: Of<Statement, 'create-relation'>): string {
  const head = `${create(s)}${s.object.toUpperCase()} ${s.ifNotExists ? 'IF NOT EXISTS ' : ''}`
  const elements = [...s.columns.map(columnDefinition), ...s.constraints.map(constraint)]
  if (s.watermark !== null) elements.push(watermark(s.watermark))
  let text = head + path(s.name)
  if (elements.length > 0) text += ` (${elements.join(', ')})`
  if (s.partitionedBy.length > 0) text += ` PARTITIONED BY (${list(s.partitionedBy, name)})`
  if (s.partitions.length > 0) text += ` PARTITION BY (${list(s.partitions, name)})`
  if (s.appendOnly) text += ' APPEND ONLY'
  if (s.options.length > 0) text += ` WITH (${list(s.options, option)})`
  text += encoding(s.encoding)
  if (s.query !== null) text += ` AS ${query(s.query)}`
  return text
}

function encoding(e: Encoding | null): string {
  if (e === null) return ''
  const options = e.options.length === 0 ? '' : ` (${list(e.options, option)})`
  return ` FORMAT ${e.format} ENCODE ${e.encode}${options}`
}

function watermark({ column, delayed, ahead, idle, late }: WatermarkDefinition): string {
  let text = `WATERMARK FOR ${name(column)}`
  if (delayed !== null) text += ` AS ${expression(delayed)}`
  if (idle !== null) text += idle === 'never' ? ' IDLE NEVER' : ` IDLE TIMEOUT ${expression(idle)}`
  if (ahead !== null) text += ` MAX AHEAD ${expression(ahead)}`
  if (late === null) return text
  const { to, within } = late
  if (to === null && within === null) return `${text} LATE ROWS DROP`
  if (to !== null) text += ` LATE ROWS TO ${path(to)}`
  return within === null ? text : `${text} LATE ROWS UPDATE WITHIN ${expression(within)}`
}

function columnDefinition(c: ColumnDefinition): string {
  const typed = c.type === null ? '' : ` ${type(c.type)}`
  const computed = c.computed === null ? '' : ` AS (${expression(c.computed)})`
  const rest = c.constraints.map((one) => ` ${constraint(one)}`).join('')
  return `${name(c.name)}${typed}${computed}${c.notNull ? ' NOT NULL' : ''}${rest}`
}

function alteration(a: Alteration): string {
  switch (a.kind) {
    case 'add-column':
      return `ADD COLUMN ${a.ifNotExists ? 'IF NOT EXISTS ' : ''}${columnDefinition(a.column)}`
    case 'drop-column':
      return `DROP COLUMN ${a.ifExists ? 'IF EXISTS ' : ''}${name(a.column)}`
    case 'rename-column':
      return `RENAME COLUMN ${name(a.column)} TO ${name(a.to)}`
    case 'rename':
      return `RENAME TO ${path(a.to)}`
    case 'set-default': {
      const what = a.value === null ? 'DROP DEFAULT' : `SET DEFAULT ${expression(a.value)}`
      return `ALTER COLUMN ${name(a.column)} ${what}`
    }
    case 'set-not-null':
      return `ALTER COLUMN ${name(a.column)} ${a.notNull ? 'SET' : 'DROP'} NOT NULL`
    case 'set-type': {
      const using = a.using === null ? '' : ` USING ${expression(a.using)}`
      return `ALTER COLUMN ${name(a.column)} TYPE ${type(a.type)}${using}`
    }
    case 'add-constraint':
      return `ADD ${constraint(a.constraint)}`
    case 'drop-constraint':
      return `DROP CONSTRAINT ${a.ifExists ? 'IF EXISTS ' : ''}${name(a.name)}`
    case 'set-options':
      return `SET (${list(a.options, option)})`
  }
}

function drop(s: Of<Statement, 'drop'>): string {
  const object = `${s.temporary ? 'TEMP ' : ''}${s.object.toUpperCase()}`
  const head = `DROP ${object} ${s.ifExists ? 'IF EXISTS ' : ''}`
  return head + list([s.name, ...s.others], path) + (s.cascade ? ' CASCADE' : '')
}

function constraint(c: Constraint): string {
  if (c.kind === 'default') return `DEFAULT ${expression(c.value)}`
  const named = c.name === null ? '' : `CONSTRAINT ${name(c.name)} `
  switch (c.kind) {
    case 'key': {
      const enforced = c.enforced ? '' : ' NOT ENFORCED'
      return `${named}${c.primary ? 'PRIMARY KEY' : 'UNIQUE'}${columnNames(c.columns)}${enforced}`
    }
    case 'check':
      return `${named}CHECK (${expression(c.condition)})`
    case 'foreign-key': {
      const columns = c.columns.length === 0 ? '' : `FOREIGN KEY${columnNames(c.columns)} `
      return `${named}${columns}REFERENCES ${path(c.table)}${columnNames(c.referenced)}`
    }
  }
}

function createFunction(s: Of<Statement, 'create-function'>): string {
  const { body } = s
  const what = body.kind === 'function-body' && body.aggregate ? 'AGGREGATE' : 'FUNCTION'
  const head = `${create(s)}${what} ${s.ifNotExists ? 'IF NOT EXISTS ' : ''}${path(s.name)}`
  if (body.kind === 'function-text') return `${head} AS ${quote(body.value)}`
  const parameters = list(body.parameters, (one) => `${name(one.name)} ${type(one.type)}`)
  const returns = body.returns === null ? '' : ` RETURNS ${type(body.returns)}`
  const language = body.language === null ? '' : ` LANGUAGE ${body.language}`
  const by = body.expression
  const made = by.kind === 'function-text' ? quote(by.value) : `(${expression(by)})`
  const words = [
    ...(body.strict ? [' STRICT'] : []),
    ...(body.deterministic === null ? [] : [body.deterministic ? ' DETERMINISTIC' : ' VOLATILE']),
    ...(body.batch ? [' BATCH'] : []),
  ]
  return `${head} (${parameters})${returns}${language}${words.join('')} AS ${made}`
}

function createSink(s: Of<Statement, 'create-sink'>): string {
  const head = `${create(s)}SINK`
  const options = s.options.length === 0 ? '' : ` WITH (${list(s.options, option)})`
  const name = `${s.ifNotExists ? 'IF NOT EXISTS ' : ''}${path(s.name)}`
  return `${head} ${name} AS ${query(s.query)}${options}${encoding(s.encoding)}`
}

function createView(s: Of<Statement, 'create-view'>): string {
  const kind = s.materialized ? 'MATERIALIZED VIEW' : 'VIEW'
  const head = `${create(s)}${kind} ${s.ifNotExists ? 'IF NOT EXISTS ' : ''}`
  const word = { preserve: ' PRESERVE STATE', rebuild: ' REBUILD' } as const
  const state = s.state === undefined ? '' : word[s.state]
  const named = `${path(s.name)}${columnNames(s.columns)}${state}`
  return `${head}${named}${startFrom(s.startFrom)} AS ${query(s.query)}`
}

function startFrom(from: Of<Statement, 'create-view'>['startFrom']): string {
  if (from === undefined) return ''
  return ` START FROM ${typeof from === 'string' ? from.toUpperCase() : moment(from)}`
}
