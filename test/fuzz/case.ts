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
  | 'bytes'
  | 'json'

/** An expression: `$0`, `$1` … in the text stand for the parts. */
export interface Expr {
  text: string
  parts: Expr[]
}

export interface Item {
  expression: Expr
  alias: string
}

export type From =
  | { kind: 'table'; name: string; alias: string }
  | {
      kind: 'window'
      function: 'tumble' | 'hop'
      /** A table or a derived relation; its alias is hidden by this one's. */
      source: From
      time: string
      /** Seconds. */
      slide: number
      size: number
      offset: number
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
  | { kind: 'join'; join: Join; left: From; right: From; on: Expr[] }

export type Join = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti'

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
}

export interface Test {
  negated: boolean
  /** Before IN; null = EXISTS. */
  operand: Expr | null
  select: Select
}

export interface Relation {
  name: string
  /** Rows of a `changing` table are updated and deleted too. */
  object: 'stream' | 'table' | 'changing'
  columns: { name: string; type: string; kind: Kind }[]
  /** Seconds that the watermark on `ts` trails; null = ascending; undefined = no watermark. */
  delay?: number | null | undefined
  /** Seconds that a row may be ahead; without a bound when left out. */
  ahead?: number | undefined
}

export interface View {
  name: string
  select: Select
  emit: 'changes' | 'on-window-close'
}

/** A fed row, or a change of rows with the same `k`: cells as golden scripts write them. */
export interface Fed {
  relation: string
  verb?: 'update' | 'delete'
  cells: string[]
  /** A commit point follows. */
  flush: boolean
}

export interface Case {
  relations: Relation[]
  views: View[]
  rows: Fed[]
}

/** How SQL is written: for Millrace or for DuckDB. */
export interface Dialect {
  window(from: From & { kind: 'window' }, source: string): string
  expression(text: string): string
}

function expressionSql({ text, parts }: Expr, dialect: Dialect): string {
  return dialect
    .expression(text)
    .replace(/\$(\d)/g, (_, index: string) => expressionSql(parts[Number(index)]!, dialect))
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
    case 'table':
      return from.name === from.alias ? from.name : `${from.name} ${from.alias}`
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
      const word = from.join === 'inner' ? 'join' : `${from.join} join`
      return `${fromSql(from.left, dialect)} ${word} ${fromSql(from.right, dialect)} on ${on}`
    }
  }
}

function plainSelect(source: From): Select {
  if (source.kind === 'derived') return source.select
  throw new Error('windows lie on tables and derived relations')
}

const seconds = (count: number) => `interval '${count}' second`

export const millrace: Dialect = {
  expression: (text) => text,
  window: ({ function: name, time, slide, size, offset, alias }, source) => {
    const sizes = name === 'hop' ? [slide, size] : [size]
    const all = offset === 0 ? sizes : [...sizes, offset]
    return `${name}(${[source, time, ...all.map(seconds)].join(', ')}) ${alias}`
  },
}

export function relationSql({ name, object, columns, delay, ahead }: Relation): string {
  const bound = ahead === undefined ? '' : ` max ahead ${seconds(ahead)}`
  const definitions = columns.map((column) => `${column.name} ${column.type}`)
  if (delay === null) definitions.push(`watermark for ts${bound}`)
  else if (delay !== undefined)
    definitions.push(`watermark for ts as ts - ${seconds(delay)}${bound}`)
  const kind = object === 'stream' ? 'stream' : 'table'
  const only = object === 'table' ? ' append only' : ''
  return `create ${kind} ${name} (${definitions.join(', ')})${only};`
}

export function viewSql({ name, select, emit }: View): string {
  const suffix = emit === 'on-window-close' ? ' emit on window close' : ''
  return `create materialized view ${name} as ${selectSql(select, millrace)}${suffix};`
}

type Column = Relation['columns'][number]

/** A fed row of a changing table as a statement; `sql` writes a cell. */
export function changeSql(
  { relation, verb, cells }: Fed,
  columns: readonly Column[],
  sql: (cell: string, column: Column) => string = cellSql,
): string {
  const values = cells.map((cell, index) => sql(cell, columns[index]!))
  if (verb === undefined) return `insert into ${relation} values (${values.join(', ')});`
  const place = columns.findIndex(({ name }) => name === 'k')
  const where = place < 0 ? '' : ` where k = ${values[place]}`
  if (verb === 'delete') return `delete from ${relation}${where};`
  const set = columns.map(({ name }, index) => `${name} = ${values[index]}`)
  return `update ${relation} set ${set.join(', ')}${where};`
}

function cellSql(cell: string, { kind, type }: Column): string {
  if (cell === 'NULL') return 'null'
  const text = kind === 'timestamp' && /^\d\d:\d\d$/.test(cell) ? `2026-01-01 00:${cell}` : cell
  return `cast(${text.startsWith("'") ? text : `'${text}'`} as ${type})`
}

/** The case as a golden script without expectations. */
export function scriptOf(one: Case): string {
  const lines = [...one.relations.map(relationSql), ...one.views.map(viewSql)]
  let open: string | null = null
  const expectAll = () => {
    for (const { name } of one.views) lines.push(`expect ${name}`, `errors ${name}`)
  }
  for (const fed of one.rows) {
    const { relation, cells, flush } = fed
    const { columns, object } = one.relations.find(({ name }) => name === relation)!
    if (object === 'changing') {
      lines.push(changeSql(fed, columns))
      open = null
      if (flush) expectAll()
      continue
    }
    if (open !== relation)
      lines.push(`feed ${relation} | ${columns.map(({ name }) => name).join(' | ')} |`)
    lines.push(`  | ${cells.join(' | ')} |`)
    open = flush ? null : relation
    if (flush) expectAll()
  }
  expectAll()
  for (const { name, select } of one.views) {
    lines.push(`query select * from ${name};`, `query ${selectSql(select, millrace)};`)
  }
  return `${lines.join('\n')}\n`
}
