/**
 * Case: a random schema, its rows with commit points, and queries, as plain data that can be written as SQL and shrunk.
 */

export type Kind =
  | 'int'
  | 'bigint'
  | 'double'
  | 'decimal'
  | 'varchar'
  | 'boolean'
  | 'timestamp'
  | 'date'
  | 'smallint'
  | 'real'
  | 'wide'
  | 'time'
  | 'timestamptz'
  | 'months'
  | 'period'
  | 'bytes'
  | 'json'
  | 'ints'
  | 'counts'
  | 'geometry'

/** An expression: `$0`, `$1` … in the text stand for the parts, `#0`, `#1` … for queries. */
export interface Expr {
  text: string
  parts: Expr[]
  selects?: Select[]
}

export interface Item {
  expression: Expr
  alias: string
}

export type From =
  /** A table; `asOf` is the time at which it is looked up. */
  | { kind: 'table'; name: string; alias: string; asOf?: string }
  | {
      kind: 'window'
      function: 'tumble' | 'hop' | 'cumulate' | 'session'
      /** A table or a derived relation; its alias is hidden by this one's. */
      source: From
      time: string
      /** Seconds. */
      slide: number
      /** The keys of sessions. */
      partition: string[]
      size: number
      offset: number
      spelling: Spelling
      alias: string
    }
  | { kind: 'derived'; select: Select; alias: string }
  | { kind: 'values'; rows: Expr[][]; columns: string[]; alias: string }
  | {
      kind: 'rank'
      source: From
      columns: { ref: string; name: string }[]
      partition: string[]
      order: string[]
      number: string
      /** Is the number a column of the result? */
      shown: boolean
      /** Behind the number in WHERE; '' for all rows. */
      condition: string
      alias: string
    }
  /** Without conditions it is CROSS JOIN; `within` is how far the times of both sides may be apart. */
  | {
      kind: 'join'
      join: Join
      left: From
      right: From
      on: Expr[]
      using?: string
      within?: string
    }
  /** Any other source: `$0` stands for parts, `#0` for queries in the text, `@` for the alias. */
  | { kind: 'piece'; text: string; parts: Expr[]; selects: Select[]; alias: string }

/** How a window is written: `tumble(s, ts, …)`, `table(tumble(table s, …))`, `tumble(table s, …)`, with names. */
type Spelling = 'short' | 'table' | 'descriptor' | 'named'

export type Join = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti' | 'asof' | 'asof left'

export interface Select {
  items: Item[]
  from: From
  where: Expr[]
  /** Grouping expressions; null = no grouping. */
  group: Expr[] | null
  having: Expr[]
  distinct: boolean
  /** IN, EXISTS and their negations; part of WHERE. */
  tests: Test[]
  /** A query behind UNION and its like, with as many columns of the same kinds. */
  set: { operator: string; right: Select } | null
  /** What stands at the end: QUALIFY. */
  tail: string
}

export interface Test {
  negated: boolean
  /** Before IN; null = EXISTS. */
  operand: Expr | null
  select: Select
}

export interface Column {
  name: string
  type: string
  /** A STRUCT has an integer `a` and a text `b`. */
  kind: Kind | 'struct'
  /** What it is computed from, or `metadata from …`; then no cell is fed. */
  computed?: string
}

export interface Relation {
  name: string
  /**
   * Rows of a `changing` table are updated and deleted too, those of a `keyed` one replaced by their primary key; those
   * of one `outside` are all there before the first query.
   */
  object: 'stream' | 'table' | 'changing' | 'keyed' | 'outside'
  columns: Column[]
  /** Seconds that the watermark on `ts` trails; null = ascending; undefined = no watermark. */
  delay?: number | null | undefined
  /** Seconds that a row may be ahead; without a bound when left out. */
  ahead?: number | undefined
  /** Is it a stream whose partitions are the values of `k`? */
  split?: boolean
  /** Seconds after which it is idle; null = never; 10 when left out. */
  idle?: number | null
  /** The relation that its late rows go to. */
  late?: string
  /** Seconds that windows take late rows for. */
  within?: number
  /** Are its rows versions of the keys `k`? Then temporal joins read it, or a view of the last row of each key. */
  versions?: 'stream' | 'view'
}

/** The name under which temporal joins read the versions of a relation. */
export const versionsOf = ({ name, versions }: Relation): string =>
  versions === 'view' ? `last_${name}` : name

export interface View {
  name: string
  select: Select
  /** EMIT, or '' for none. */
  emit: string
  /** false: its query is read in its place. */
  stored?: boolean
  /** How many rows are fed before it is made; none when left out. Not less than for the view before it. */
  after?: number
}

/** A fed row, or a change of rows with the same `k`: cells as golden scripts write them. */
export interface Fed {
  relation: string
  verb?: 'update' | 'delete' | 'replace' | 'ignore' | 'last' | 'merge'
  cells: string[]
  /** A commit point follows. */
  flush: boolean
  /** Seconds of processing time that go by after it. */
  wait?: number
  /** A statement that follows. */
  then?: string
}

export interface Case {
  /** What SET dialect says first; '' for nothing. */
  dialect: string
  /** What SET timezone says; UTC where it is left out. */
  zone?: string
  relations: Relation[]
  views: View[]
  rows: Fed[]
  /** Its relations and views belong to the session. */
  temporary?: boolean
  /** No row is late, every order is total and nothing fails: what a view shows is the answer of its query. */
  exact?: boolean
  /** The view that is verified at the end. */
  verified?: string
}

/** How SQL is written: for Millrace or for DuckDB. */
export interface Dialect {
  window(from: From & { kind: 'window' }, source: string): string
  expression(text: string): string
  /** Versions by event time, where the dialect has other words for them. */
  versions?: {
    /** Of each key the one that is valid at a time. */
    valid(name: string, time: string): string
    /** The join of left rows with those valid at their times. */
    met(from: From & { kind: 'join' }, left: string, on: string): string
  }
}

function expressionSql({ text, parts, selects }: Expr, dialect: Dialect): string {
  return dialect
    .expression(text)
    .replace(/([$#])(\d)/g, (_, mark: string, index: string) =>
      mark === '$'
        ? expressionSql(parts[Number(index)]!, dialect)
        : `(${selectSql(selects![Number(index)]!, dialect)})`,
    )
}

export function selectSql(select: Select, dialect: Dialect): string {
  const sql = (expression: Expr) => expressionSql(expression, dialect)
  const both = (expressions: Expr[]) => expressions.map((one) => `(${sql(one)})`).join(' and ')
  const items = select.items.map(({ expression, alias }) => `${sql(expression)} as ${alias}`)
  const where = [
    ...select.where.map((one) => `(${sql(one)})`),
    ...select.tests.map((test) => testSql(test, dialect)),
  ]
  const text = [
    `select ${select.distinct ? 'distinct ' : ''}${items.join(', ')}`,
    `from ${fromSql(select.from, dialect)}`,
    where.length > 0 ? `where ${where.join(' and ')}` : '',
    select.group !== null && select.group.length > 0
      ? `group by ${select.group.map(sql).join(', ')}`
      : '',
    select.having.length > 0 ? `having ${both(select.having)}` : '',
    select.tail,
  ]
    .filter((part) => part !== '')
    .join(' ')
  if (select.set === null) return text
  return `${text} ${select.set.operator} ${selectSql(select.set.right, dialect)}`
}

function testSql({ negated, operand, select }: Test, dialect: Dialect): string {
  const inner = `(${selectSql(select, dialect)})`
  const not = negated ? 'not ' : ''
  if (operand === null) return `${not}exists ${inner}`
  return `${expressionSql(operand, dialect)} ${not}in ${inner}`
}

function fromSql(from: From, dialect: Dialect): string {
  switch (from.kind) {
    case 'table': {
      const { name, alias, asOf } = from
      if (asOf !== undefined && dialect.versions !== undefined) {
        return `(${dialect.versions.valid(name, asOf)}) ${alias}`
      }
      if (asOf !== undefined) return `${name} for system_time as of ${asOf} as ${alias}`
      return name === alias ? name : `${name} ${alias}`
    }
    case 'derived':
      return `(${selectSql(from.select, dialect)}) ${from.alias}`
    case 'values': {
      const row = (cells: Expr[]) => `(${cells.map((c) => expressionSql(c, dialect)).join(', ')})`
      const { rows, alias, columns } = from
      return `(values ${rows.map(row).join(', ')}) ${alias} (${columns.join(', ')})`
    }
    case 'window': {
      const { source } = from
      const inner =
        source.kind === 'table' ? source.name : `(${selectSql(plainSelect(source), dialect)})`
      return dialect.window(from, inner)
    }
    case 'rank': {
      const { source, columns, partition, order, number, shown, condition, alias } = from
      const inner = columns.map(({ ref, name }) => `${ref} as ${name}`)
      const by = partition.length === 0 ? '' : `partition by ${partition.join(', ')}`
      const sorted = order.length === 0 ? '' : ` order by ${order.join(', ')}`
      const call = `row_number() over (${by}${sorted}) as ${number}`
      const outer = [...columns.map(({ name }) => name), ...(shown ? [number] : [])]
      const where = condition === '' ? '' : ` where ${number} ${condition}`
      const numbered = `select ${inner.join(', ')}, ${call} from ${fromSql(source, dialect)}`
      return `(select ${outer.join(', ')} from (${numbered})${where}) ${alias}`
    }
    case 'join': {
      const on = from.on.map((one) => expressionSql(one, dialect)).join(' and ')
      if (isTemporal(from) && dialect.versions !== undefined) {
        return dialect.versions.met(from, fromSql(from.left, dialect), on)
      }
      const right = fromSql(from.right, dialect)
      const enclosed = from.right.kind === 'join' ? `(${right})` : right
      const sides = [fromSql(from.left, dialect), enclosed] as const
      if (on === '') return sides.join(' cross join ')
      const word = from.join === 'inner' ? 'join' : `${from.join} join`
      const how = from.using === undefined ? `on ${on}` : `using (${from.using})`
      const near = from.within === undefined ? '' : ` within ${from.within}`
      return `${sides[0]} ${word} ${sides[1]}${near} ${how}`
    }
    case 'piece':
      return expressionSql(from, dialect).replace(/(?<!<)@(?!>)/g, from.alias)
  }
}

/** Does it meet versions by the event time of the left rows? */
const isTemporal = ({ right }: From & { kind: 'join' }) =>
  right.kind === 'table' && right.asOf?.endsWith('.ts') === true

function plainSelect(source: From): Select {
  if (source.kind === 'derived') return source.select
  throw new Error('windows lie on tables and derived relations')
}

const seconds = (count: number) => `interval '${count}' second`

export const millrace: Dialect = {
  expression: (text) => text,
  window: ({ function: name, time, slide, size, offset, partition, spelling, alias }, source) => {
    const stride = { tumble: '', hop: 'slide', cumulate: 'step', session: '' }[name]
    const sizes = stride === '' ? [size] : [slide, size]
    const all = (offset === 0 ? sizes : [...sizes, offset]).map(seconds)
    const by = partition.length === 0 ? '' : ` partition by (${partition.join(', ')})`
    if (spelling === 'short') return `${name}(${[source + by, time, ...all].join(', ')}) ${alias}`
    const keys = spelling === 'descriptor' && partition.length > 0
    const of = [`table ${source}${keys ? '' : by}`, `descriptor(${time})`]
    if (keys) of.push(`descriptor(${partition.join(', ')})`)
    if (spelling === 'named') {
      const names = [stride, 'size', '"OFFSET"'].filter((one) => one !== '')
      const given = [`data => ${of[0]}`, `timecol => ${of[1]}`]
      given.push(...all.map((value, at) => `${names[at]} => ${value}`))
      return `${name}(${given.join(', ')}) ${alias}`
    }
    const call = `${name}(${[...of, ...all].join(', ')})`
    return `${spelling === 'table' ? `table(${call})` : call} ${alias}`
  },
}

function watermarkOptions({ ahead, idle, late, within }: Relation): string {
  const options = [
    ahead === undefined ? '' : ` max ahead ${seconds(ahead)}`,
    idle === undefined ? '' : idle === null ? ' idle never' : ` idle timeout ${seconds(idle)}`,
    late === undefined ? '' : ` late rows to ${late}`,
    within === undefined ? '' : ` allow lateness ${seconds(within)}`,
  ]
  return options.join('')
}

export function relationSql(relation: Relation): string {
  const { name, object, columns, delay, split } = relation
  const bound = watermarkOptions(relation)
  const definitions = columns.map(({ name: column, type, computed }) => {
    if (computed === undefined) return `${column} ${type}`
    return computed.startsWith('metadata')
      ? `${column} ${type} ${computed}`
      : `${column} as ${computed}`
  })
  if (object === 'keyed') definitions.push('primary key (k)')
  if (relation.versions === 'stream') definitions.push('primary key (k) not enforced')
  if (delay === null) definitions.push(`watermark for ts${bound}`)
  else if (delay !== undefined)
    definitions.push(`watermark for ts as ts - ${seconds(delay)}${bound}`)
  const kind = object === 'stream' ? 'stream' : 'table'
  const only = object === 'table' ? ' append only' : ''
  const by = split === true ? ' partition by (k)' : ''
  if (object === 'outside') {
    const from = `with ('connector' = 'js', 'source' = '${name}')`
    return `create table ${name} (${definitions.join(', ')}) ${from};`
  }
  const text = `create ${kind} ${name} (${definitions.join(', ')})${by}${only};`
  if (relation.versions !== 'view') return text
  const shown = columns.map((column) => column.name).join(', ')
  const numbered = `select *, row_number() over (partition by k order by ts desc) as n from ${name}`
  return `${text}\ncreate view ${versionsOf(relation)} as select ${shown} from (${numbered}) where n = 1;`
}

export function viewSql({ name, select, emit, stored = true }: View): string {
  return `create ${stored ? 'materialized ' : ''}view ${name} as ${selectSql(select, millrace)} ${emit}`
    .trimEnd()
    .concat(';')
}

/** A fed row of a changing table as a statement; `sql` writes a cell. */
export function changeSql(
  { relation, verb, cells }: Fed,
  columns: readonly Column[],
  sql: (cell: string, column: Column) => string = cellSql,
): string {
  const values = cells.map((cell, index) => sql(cell, columns[index]!))
  const insert = `insert into ${relation} values (${values.join(', ')})`
  if (verb === undefined) return `${insert};`
  if (verb === 'ignore') return `${insert} on conflict (k) do nothing;`
  if (verb === 'last') return `${insert} on conflict (k) do deduplicate;`
  const others = columns.filter(({ name }) => name !== 'k')
  if (verb === 'merge') {
    const given = columns.map(({ name }, index) => `${values[index]} as ${name}`)
    const names = columns.map(({ name }) => `n.${name}`).join(', ')
    const set = others.map(({ name }) => `${name} = n.${name}`).join(', ')
    const head = `merge into ${relation} as o using (select ${given.join(', ')}) as n on o.k = n.k`
    return `${head} when matched then update set ${set} when not matched then insert values (${names});`
  }
  if (verb === 'replace') {
    const set = others.map(({ name }) => `${name} = excluded.${name}`)
    return `${insert} on conflict (k) do update set ${set.join(', ')};`
  }
  const place = columns.findIndex(({ name }) => name === 'k')
  const where = place < 0 ? '' : ` where k = ${values[place]}`
  if (verb === 'delete') return `delete from ${relation}${where};`
  const set = columns.map(({ name }, index) => `${name} = ${values[index]}`)
  return `update ${relation} set ${set.join(', ')}${where};`
}

function cellSql(cell: string, { kind, type }: Column): string {
  if (cell === 'NULL') return 'null'
  if (kind === 'struct') return cell
  const text = kind === 'timestamp' && /^\d\d:\d\d$/.test(cell) ? `2026-01-01 00:${cell}` : cell
  return `cast(${text.startsWith("'") ? text : `'${text}'`} as ${type})`
}

/** Columns that rows have cells for. */
export const givenColumns = ({ columns }: Relation): Column[] =>
  columns.filter(({ computed }) => computed === undefined)

/** Do its rows come by statements instead of feeds, which give every column a cell? */
const isSpelt = ({ object, columns }: Relation) =>
  object === 'changing' ||
  object === 'keyed' ||
  columns.some(({ kind, computed }) => kind === 'struct' || computed !== undefined)

/** The case as a golden script without expectations. */
export function scriptOf(one: Case): string {
  const lines = one.relations.map(relationSql)
  if (one.zone !== undefined) lines.unshift(`set timezone = '${one.zone}';`)
  if (one.dialect !== '') lines.unshift(`set dialect = '${one.dialect}';`)
  for (const { name, object, columns } of one.relations) {
    if (object !== 'outside') continue
    lines.push(`feed ${name} | ${columns.map((column) => column.name).join(' | ')} |`)
    const rows = one.rows.filter(({ relation }) => relation === name)
    lines.push(...rows.map(({ cells }) => `  | ${cells.join(' | ')} |`))
  }
  let made = 0
  const makeViews = (rows: number) => {
    for (; made < one.views.length && (one.views[made]!.after ?? 0) <= rows; made++) {
      lines.push(viewSql(one.views[made]!))
      open = null
    }
  }
  let open: string | null = null
  const expectAll = () => {
    for (const { name, stored = true } of one.views.slice(0, made))
      if (stored) lines.push(`expect ${name}`, `errors ${name}`)
    if (one.exact === true) askAll()
  }
  const askAll = () => {
    for (const { name, select } of one.views.slice(0, made))
      lines.push(`query select * from ${name};`, `query ${selectSql(select, millrace)};`)
  }
  const follow = ({ then }: Fed) => {
    if (then === undefined) return
    lines.push(then)
    open = null
  }
  let waits = 0
  for (const [at, fed] of one.rows.entries()) {
    makeViews(at)
    const { relation, cells, flush, wait = 0 } = fed
    if (waits > 0) lines.push(`wait ${waits}`)
    if (waits > 0) open = null
    waits = wait
    const found = one.relations.find(({ name }) => name === relation)!
    if (found.object === 'outside') continue
    const columns = givenColumns(found)
    if (isSpelt(found)) {
      lines.push(changeSql(fed, columns))
      open = null
      if (flush) expectAll()
      follow(fed)
      continue
    }
    if (open !== relation)
      lines.push(`feed ${relation} | ${columns.map(({ name }) => name).join(' | ')} |`)
    lines.push(`  | ${cells.join(' | ')} |`)
    open = flush ? null : relation
    if (flush) expectAll()
    follow(fed)
  }
  makeViews(Number.POSITIVE_INFINITY)
  expectAll()
  if (one.exact !== true) askAll()
  if (one.verified !== undefined) lines.push(`query verify materialized view ${one.verified};`)
  const text = `${lines.join('\n')}\n`
  return one.temporary ? text.replaceAll(/^create /gm, 'create temp ') : text
}
