/**
 * Print: the tree as text in one spelling, on one line per statement.
 *
 * How      Statements stand here, what they hold in print-query.ts. Names are quoted if they were, or if their spelling
 *          would not scan as a name.
 * Contract 1 (checked) parse(print(t)) equals t, spans aside, for every tree that a parse can give.
 */
import { inclusion, labelName, list, metadata, name, path, quote } from './print-name.ts'
import { object } from './print-object.ts'
import {
  as,
  columnNames,
  emit,
  expression,
  hint,
  not,
  option,
  orderItem,
  query,
  relation,
  selectItem,
  setting,
} from './print-query.ts'
import { type } from './print-type.ts'
import type {
  Alteration,
  Assignment,
  ColumnDefinition,
  Conflict,
  Constraint,
  Encoding,
  ExplainDetail,
  Expression,
  LikePattern,
  MergeClause,
  Moment,
  Query,
  Script,
  SelectItem,
  Statement,
  SubscriptionReading,
  WatermarkDefinition,
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
  'create-schema': true,
  'create-type': true,
  'create-connection': true,
  drop: true,
  alter: true,
  insert: true,
  copy: true,
  update: true,
  delete: true,
  merge: true,
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
  tap: true,
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
    case 'create-schema':
    case 'create-type':
    case 'create-connection':
    case 'drop':
      return object(s)
    case 'alter':
      return `ALTER ${s.object.toUpperCase()} ${s.ifExists ? 'IF EXISTS ' : ''}${path(s.name)} ${alteration(s.change)}`
    case 'copy':
      return copy(s)
    case 'insert':
      return insert(s)
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
    case 'merge':
      return merge(s)
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
    case 'tap':
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

function insert(s: Of<Statement, 'insert'>): string {
  const { body } = s.source
  const isDefault = body.kind === 'values' && body.rows[0]?.length === 0
  const source = isDefault ? 'DEFAULT VALUES' : query(s.source)
  const head = `INSERT INTO ${path(s.target)}${hint(s.options)}${columnNames(s.columns)} ${source}`
  return head + conflict(s.conflict) + returning(s.returning)
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

type Watching = 'explain-running' | 'explain-use' | 'explain-row' | 'verify' | 'tap' | 'pause'

/** What is asked of queries that run. */
function watching(s: Of<Statement, Watching>): string {
  switch (s.kind) {
    case 'explain-running':
      return `EXPLAIN ${runningText[s.what]} FOR QUERY ${path(s.name)}`
    case 'explain-use':
      return `EXPLAIN ANALYZE ${s.measures.join().toUpperCase()} FOR QUERY ${path(s.name)}${s.asSql ? ' AS SQL' : ''}`
    case 'explain-row':
      return `EXPLAIN ROW ${path(s.name)}${where(s.where)}`
    case 'tap':
      return `TAP ${path(s.name)}.${labelName(s.operator)}`
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

function merge(s: Of<Statement, 'merge'>): string {
  const head = `MERGE INTO ${path(s.target)}${as(s.alias)} USING ${relation(s.source)}`
  const clauses = s.clauses.map(mergeClause).join('')
  return `${head} ON ${expression(s.on)}${clauses}${returning(s.returning)}`
}

const mergeCases = { matched: 'MATCHED', unmatched: 'NOT MATCHED', alone: 'NOT MATCHED BY SOURCE' }

function mergeClause(c: MergeClause): string {
  const condition = c.condition === null ? '' : ` AND ${expression(c.condition)}`
  return ` WHEN ${mergeCases[c.when]}${condition} THEN ${mergeAction(c)}`
}

function mergeAction(c: MergeClause): string {
  switch (c.action) {
    case 'nothing':
      return 'DO NOTHING'
    case 'delete':
      return 'DELETE'
    case 'update':
      return `UPDATE SET ${list(c.assignments, assignment)}`
    case 'insert':
      if (c.values.length === 0) return 'INSERT DEFAULT VALUES'
      return `INSERT${columnNames(c.columns)} VALUES (${list(c.values, expression)})`
  }
}

function conflict(c: Conflict | null): string {
  if (c === null) return ''
  const head = ` ON CONFLICT${columnNames(c.columns)} DO`
  if (c.action !== 'update') return `${head} ${c.action.toUpperCase()}`
  const set = c.assignments.length === 0 ? '' : ` SET ${list(c.assignments, assignment)}`
  return `${head} UPDATE${set}${where(c.where)}`
}

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
  text += encoding(s.encoding) + (s.included ?? []).map(inclusion).join('')
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
  return `${name(c.name)}${typed}${computed}${metadata(c)}${c.notNull ? ' NOT NULL' : ''}${rest}`
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
