/**
 * Tree: the typed syntax tree of the Millrace dialect; plain JSON-able data with positions.
 *
 * How      One union per syntactic category, tagged `kind`; every node carries the span of its text.
 * Contract 1 (checked) parse(print(t)) equals t, spans aside.
 *          2 (trusted) names keep their spelling; matching is case-insensitive and is the binder's work.
 */
import type { Span } from '../src/base/index.ts'

/** A name as written. `quoted` matters to the printer only. */
export interface Identifier {
  kind: 'identifier'
  name: string
  quoted: boolean
  span: Span
}

/** Dotted path: `t`, `t.c`, `view.errors`. */
export type Path = { kind: 'path'; parts: Identifier[]; span: Span }

/** The path as one name: what the catalog knows an object by. */
export const nameOf = ({ parts }: { parts: readonly { name: string }[] }): string =>
  parts.map((part) => part.name).join('.')

// ---------------------------------------------------------------- types

/**
 * A type as written: `DECIMAL(10, 2)`, `TIMESTAMP(3)`, `VARCHAR`; name in upper case, aliases unresolved. `members` are
 * those of ROW and STRUCT, `of` the types that ARRAY, LIST and MAP are made of; `T[]` and `T ARRAY` are ARRAY<T>, and
 * the 3 of `T[3]` is its parameter.
 */
export interface TypeName {
  kind: 'type'
  name: string
  parameters: number[]
  members?: TypeMember[]
  of?: TypeName[]
  span: Span
}

export interface TypeMember {
  kind: 'type-member'
  name: Identifier
  type: TypeName
  notNull: boolean
  span: Span
}

// ---------------------------------------------------------------- expressions

export type BinaryOperator =
  | '+' | '-' | '*' | '/' | '//' | '%' | '||'
  | '^' | '&' | '|' | '#' | '<<' | '>>'
  | '~' | '~*' | '!~' | '!~*' | '->' | '->>' | '#>' | '#>>' | '@>' | '<@' | '&&' | '<->'
  | '=' | '<>' | '<' | '<=' | '>' | '>='
  | 'AND' | 'OR'

export type Unit = 'YEAR' | 'QUARTER' | 'MONTH' | 'WEEK' | 'DAY' | 'HOUR' | 'MINUTE' | 'SECOND' | 'MILLISECOND' | 'MICROSECOND'

export type Expression =
  /**
   * Digits as written: `1`, `0.908`, `1e-3`. An integer without point or exponent, a decimal with a point, a double
   * with an exponent.
   */
  | { kind: 'number'; text: string; span: Span }
  | { kind: 'string'; value: string; span: Span }
  | { kind: 'boolean'; value: boolean; span: Span }
  | { kind: 'null'; span: Span }
  /** DEFAULT in place of a value, in VALUES of INSERT and in SET. */
  | { kind: 'default'; span: Span }
  /** `INTERVAL '10' SECOND`, `INTERVAL '10 seconds'`, `INTERVAL 10 SECOND`, `INTERVAL '1:30' HOUR TO MINUTE`. */
  | { kind: 'interval'; text: string; from: Unit | null; to: Unit | null; span: Span }
  /** `TIMESTAMP '…'`, `DATE '…'`. */
  | { kind: 'typed-literal'; type: TypeName; text: string; span: Span }
  | { kind: 'column'; path: Identifier[]; span: Span }
  /**
   * `*` or `t.*`; only in select lists and COUNT(*), and for ALL of GROUP BY and ORDER BY. `ofColumn`: `(c).*`, the
   * members of a column of STRUCT. `pattern`: COLUMNS('…'), the columns whose name the regular expression finds.
   */
  | { kind: 'star'; qualifier: Identifier[]; ofColumn?: true; pattern?: string; change?: StarChange; span: Span }
  /** `(x).name`, `x['name']`: a member of a STRUCT. */
  | { kind: 'member'; operand: Expression; name: Identifier; span: Span }
  /** `?` (numbered from 1 in order of appearance), `$1` or `:name`. */
  | { kind: 'parameter'; style: 'positional' | 'numbered' | 'named'; name: string; span: Span }
  | { kind: 'unary'; operator: '-' | '+' | 'NOT' | '~' | '@'; operand: Expression; span: Span }
  | { kind: 'binary'; operator: BinaryOperator; left: Expression; right: Expression; span: Span }
  | { kind: 'is-null'; operand: Expression; negated: boolean; span: Span }
  /** IS [NOT] TRUE | FALSE | UNKNOWN (null). */
  | { kind: 'is-boolean'; operand: Expression; value: boolean | null; negated: boolean; span: Span }
  | { kind: 'is-distinct'; left: Expression; right: Expression; negated: boolean; span: Span }
  /** SYMMETRIC: the bounds in either order. */
  | { kind: 'between'; operand: Expression; low: Expression; high: Expression; negated: boolean; symmetric?: true; span: Span }
  | { kind: 'in'; operand: Expression; list: Expression[]; negated: boolean; span: Span }
  | { kind: 'in-query'; operand: Expression; query: Query; negated: boolean; span: Span }
  | { kind: 'exists'; query: Query; span: Span }
  /** `x < ANY (query)`, `x = ALL (query)`; SOME is ANY. */
  | { kind: 'quantified'; operator: BinaryOperator; left: Expression; all: boolean; query: Query; span: Span }
  /** A query in parentheses where a value may stand. */
  | { kind: 'subquery'; query: Query; span: Span }
  /** `(a, b)`: two or more values side by side. */
  | { kind: 'row'; items: Expression[]; span: Span }
  /** LIKE where no other word is given. */
  | { kind: 'like'; operator?: 'ILIKE' | 'SIMILAR TO'; operand: Expression; pattern: Expression; escape: Expression | null; negated: boolean; span: Span }
  | { kind: 'case'; operand: Expression | null; whens: { when: Expression; then: Expression }[]; else: Expression | null; span: Span }
  /** CAST(x AS t), x::t, TRY_CAST(x AS t). */
  | { kind: 'cast'; operand: Expression; type: TypeName; attempt: boolean; span: Span }
  | { kind: 'extract'; unit: Unit | 'EPOCH' | 'DOW' | 'DOY' | 'ISODOW' | 'DAYOFWEEK'; operand: Expression; span: Span }
  /** Any function or aggregate; COUNT(*) has one `star` argument. `tense`: the word before it, of MATCH_RECOGNIZE. */
  | { kind: 'call'; name: Identifier; args: Expression[]; distinct: boolean; filter: Expression | null; tense?: 'running' | 'final'; span: Span }
  /** `x -> body`, `(a, b) -> body` as an argument of a function that takes one. */
  | { kind: 'lambda'; parameters: Identifier[]; body: Expression; span: Span }
  /** `call [IGNORE NULLS] OVER (PARTITION BY … ORDER BY … frame)`, `call OVER w`. */
  | { kind: 'over'; call: Expression & { kind: 'call' }; ignoreNulls: boolean; window: OverWindow; span: Span }

/** What stands behind OVER; `base` is a window of the WINDOW clause that it adds to. */
export interface OverWindow {
  base: Identifier | null
  partitionBy: Expression[]
  orderBy: OrderItem[]
  frame: Frame | null
  /** SESSION WITH GAP i, in the place of a frame. */
  session?: Expression
  span: Span
}

/** `ROWS start`, whose end is the current row, or `ROWS BETWEEN start AND end`. */
export interface Frame {
  unit: 'ROWS' | 'RANGE' | 'GROUPS'
  start: FrameBound
  end: FrameBound
  exclude: 'CURRENT ROW' | 'GROUP' | 'TIES' | null
  span: Span
}

/** UNBOUNDED and n go one way or the other. */
export type FrameBound =
  | { kind: 'unbounded'; following: boolean; span: Span }
  | { kind: 'current'; span: Span }
  | { kind: 'offset'; offset: Expression; following: boolean; span: Span }

/** `* EXCLUDE (a) REPLACE (e AS b) RENAME (c AS d)`. */
export interface StarChange {
  exclude: Identifier[]
  replace: { value: Expression; name: Identifier }[]
  rename: { name: Identifier; to: Identifier }[]
}

// ---------------------------------------------------------------- queries

export interface SelectItem {
  kind: 'select-item'
  expression: Expression
  alias: Identifier | null
  span: Span
}

export type Relation =
  /** `asOf`: FOR SYSTEM_TIME AS OF a time. */
  | { kind: 'table'; path: Path; options?: Option[]; asOf?: Expression; alias: Identifier | null; columnAliases?: Identifier[]; span: Span }
  /** `'f.csv'` (function null) or READ_CSV('f.csv', header = true); `function` is READ_CSV | READ_JSON | …. */
  | { kind: 'file'; function: string | null; path: string; options: Option[]; alias: Identifier | null; columnAliases?: Identifier[]; span: Span }
  /** With `lateral` the query may name columns of relations before it. */
  | { kind: 'derived'; lateral?: true; query: Query; alias: Identifier | null; columnAliases: Identifier[]; span: Span }
  /**
   * TUMBLE(t, ts, size [, offset]), HOP(t, ts, slide, size [, offset]), CUMULATE(t, ts, step, size [, offset]),
   * SESSION(t [PARTITION BY k], ts, gap) in any spelling: with TABLE, DESCRIPTOR, `FROM TABLE(…)` around it, or named
   * arguments. `source` is a table or derived relation; `slide` holds the step, `size` the gap.
   */
  | { kind: 'window'; function: WindowWord; partition?: Identifier[]; source: Relation; time: Identifier; slide: Expression | null; size: Expression; offset: Expression | null; onUpdate?: Expression; alias: Identifier | null; columnAliases?: Identifier[]; span: Span }
  /** `TUMBLE(TABLE t PARTITION BY k, ROWS => 100)`, HOP with SLIDE_ROWS: windows of so many rows. */
  | { kind: 'count-window'; function: 'TUMBLE' | 'HOP'; partition: Identifier[]; source: Relation; slide: Expression | null; rows: Expression; alias: Identifier | null; columnAliases?: Identifier[]; span: Span }
  | Changelog
  /** Without ON, USING and NATURAL every row meets every row: CROSS JOIN and comma. */
  | { kind: 'join'; join: JoinWord; natural?: boolean; asof?: Asof; within?: Within; left: Relation; right: Relation; on: Expression | null; using: Identifier[]; span: Span }
  | RowPattern
  /**
   * A function that gives rows: `generate_series(1, 10) AS t (n)`, `UNNEST(a) WITH ORDINALITY`. With `lateral` or
   * without, it may name columns of relations before it.
   */
  | { kind: 'function'; lateral?: true; name: Identifier; args: Expression[]; ordinality?: true; alias: Identifier | null; columnAliases: Identifier[]; span: Span }

/** TO_CHANGELOG(TABLE t PARTITION BY k, op => DESCRIPTOR(op), op_mapping => MAP['INSERT', 'I']). */
export type Changelog = { kind: 'changelog'; source: Relation; partition: Identifier[]; op: Identifier | null; mapping: Expression | null; alias: Identifier | null; columnAliases?: Identifier[]; span: Span }

export type WindowWord = 'TUMBLE' | 'HOP' | 'CUMULATE' | 'SESSION'

/** ASOF, with the comparison of MATCH_CONDITION if it stands there. */
export type Asof = { match: Expression | null }

/** WITHIN: how much earlier and later than the left row the right one may be; GRACE PERIOD. */
export interface Within {
  before: Duration
  after: Duration
  grace: Duration | null
  span: Span
}

/** 5 MINUTES. */
export interface Duration {
  count: string
  unit: Unit
  span: Span
}

/** MATCH_RECOGNIZE (…) behind a relation; the names are those of SQL:2016. */
export interface RowPattern {
  kind: 'match'
  source: Relation
  partitionBy: Expression[]
  orderBy: OrderItem[]
  measures: Measure[]
  /** ALL ROWS PER MATCH, and what is said of empty matches and of rows without a match. */
  allRows: boolean
  empty: 'show' | 'omit' | 'unmatched'
  /** Null where nothing is said, which is PAST LAST ROW. */
  skip: { to: 'past' | 'next' | 'first' | 'last'; variable: Identifier | null } | null
  pattern: Pattern
  within: Expression | null
  subsets: { name: Identifier; of: Identifier[] }[]
  define: { name: Identifier; condition: Expression }[]
  alias: Identifier | null
  columnAliases?: Identifier[]
  span: Span
}

interface Measure {
  value: Expression
  name: Identifier
}

/** What PATTERN says. */
export type Pattern =
  | { kind: 'pattern-variable'; name: Identifier; span: Span }
  | { kind: 'pattern-sequence' | 'pattern-choice' | 'pattern-permute'; parts: Pattern[]; span: Span }
  /** `most` is null without an end. */
  | { kind: 'pattern-repeat'; part: Pattern; least: number; most: number | null; reluctant: boolean; span: Span }
  /** {- … -} */
  | { kind: 'pattern-exclude'; part: Pattern; span: Span }
  /** ^ and $ */
  | { kind: 'pattern-anchor'; at: 'start' | 'end'; span: Span }

export type JoinWord = 'inner' | 'left' | 'right' | 'full' | 'cross' | 'semi' | 'anti'

export interface OrderItem {
  kind: 'order-item'
  expression: Expression
  descending: boolean
  nulls: 'first' | 'last' | null
  span: Span
}

export interface Emit {
  kind: 'emit'
  mode: 'changes' | 'on-window-close'
  /** EVERY i, PERIODIC i; with REPEAT all rows are told again at each tick. */
  every?: Expression
  repeats?: boolean
  /** WITH BATCH i */
  batch?: Expression
  /** WITH DELAY i [AND TIMEOUT i] */
  delay?: Expression
  timeout?: Expression
  /** EARLY EVERY i, LATE ON UPDATE FOR i */
  early?: Expression
  late?: Expression
  span: Span
}

export type QueryBody =
  /** `distinctOn`: DISTINCT ON (…), in place of `distinct`. `windows`: the WINDOW clause. */
  | { kind: 'select'; distinct: boolean; distinctOn?: Expression[]; items: SelectItem[]; from: Relation | null; where: Expression | null; groupBy: GroupKey[]; having: Expression | null; windows?: NamedWindow[]; qualify: Expression | null; span: Span }
  | { kind: 'values'; rows: Expression[][]; span: Span }
  | { kind: 'set'; operator: SetOperator; all: boolean; left: Query; right: Query; span: Span }

/** An empty `row` stands for `()`. */
export type GroupKey = Expression | GroupingSets

/** `ROLLUP (a, (b, c))`, `GROUPING SETS ((a, b), CUBE (c), ())`; several expressions that go together are a `row`. */
export interface GroupingSets {
  kind: 'grouping-sets'
  form: 'ROLLUP' | 'CUBE' | 'GROUPING SETS'
  items: GroupKey[]
  span: Span
}

/** `name AS (…)` of WINDOW. */
export interface NamedWindow {
  kind: 'named-window'
  name: Identifier
  window: OverWindow
  span: Span
}

export type SetOperator = 'UNION' | 'INTERSECT' | 'EXCEPT'

/** `name [(columns)] AS (query)` of WITH. */
export interface CommonTable {
  kind: 'common-table'
  name: Identifier
  columns: Identifier[]
  query: Query
  span: Span
}

export interface Query {
  kind: 'query'
  with: CommonTable[]
  body: QueryBody
  orderBy: OrderItem[]
  limit: Expression | null
  offset: Expression | null
  emit: Emit | null
  span: Span
}

// ---------------------------------------------------------------- statements

export interface ColumnDefinition {
  kind: 'column-definition'
  name: Identifier
  /** Null where a computed column takes the type of its expression, and beside AS SELECT. */
  type: TypeName | null
  notNull: boolean
  /** `c AS expression`, `c type AS (expression)`; null for a column of its own. */
  computed: Expression | null
  /** `c type METADATA [FROM 'key'] [VIRTUAL]`: what the source tells of a row; its name is that of the column for null. */
  metadata?: { key: string | null; virtual: boolean; span: Span }
  constraints: Constraint[]
  span: Span
}

/** INCLUDE key [AS name]: a column of what the source tells of a row. */
export interface Inclusion {
  kind: 'inclusion'
  key: string
  name: Identifier | null
  span: Span
}

/** `columns` is empty where the constraint stands behind its column. */
export type Constraint =
  | { kind: 'key'; primary: boolean; name: Identifier | null; columns: Identifier[]; enforced: boolean; span: Span }
  | { kind: 'check'; name: Identifier | null; condition: Expression; span: Span }
  | { kind: 'foreign-key'; name: Identifier | null; columns: Identifier[]; table: Path; referenced: Identifier[]; span: Span }
  /** Behind a column only. */
  | { kind: 'default'; value: Expression; span: Span }

export interface Assignment {
  kind: 'assignment'
  column: Identifier
  value: Expression
  span: Span
}

/**
 * ON CONFLICT [(columns)] DO NOTHING | UPDATE [SET …] [WHERE …] | DEDUPLICATE | ERROR; without SET the new row takes the
 * old one's place, and DEDUPLICATE lets the last of several new rows do so.
 */
export interface Conflict {
  kind: 'conflict'
  columns: Identifier[]
  action: 'nothing' | 'update' | 'deduplicate' | 'error'
  assignments: Assignment[]
  where: Expression | null
  span: Span
}

/**
 * WHEN MATCHED | NOT MATCHED [BY TARGET] (`unmatched`) | NOT MATCHED BY SOURCE (`alone`) [AND condition] THEN an action:
 * UPDATE has assignments; INSERT has values, none for DEFAULT VALUES.
 */
export interface MergeClause {
  kind: 'merge-clause'
  when: 'matched' | 'unmatched' | 'alone'
  condition: Expression | null
  action: 'nothing' | 'update' | 'delete' | 'insert'
  assignments: Assignment[]
  columns: Identifier[]
  values: Expression[]
  span: Span
}

/** WATERMARK FOR column AS delayed; `delayed` is null for the ascending form. */
export interface WatermarkDefinition {
  kind: 'watermark'
  column: Identifier
  delayed: Expression | null
  /** MAX AHEAD; null where any row may raise the watermark. */
  ahead: Expression | null
  /** IDLE TIMEOUT interval, IDLE NEVER; null where nothing is said. */
  idle: Expression | 'never' | null
  /** LATE ROWS; null where nothing is said, which is DROP. */
  late: LateRows | null
  span: Span
}

/** What becomes of late rows: DROP, TO a stream, or UPDATE WITHIN an interval, also spelt ALLOW LATENESS. */
export interface LateRows {
  kind: 'late-rows'
  to: Path | null
  within: Expression | null
  span: Span
}

/** One `key = value` of WITH (…); keys in lower case without quotes. */
/** What COPY copies: the rows of a query, or those of a relation, whose columns may be listed. */
export type Copied =
  | { kind: 'query-statement'; query: Query; span: Span }
  | { kind: 'copied-table'; path: Path; columns: Identifier[]; span: Span }

export interface Option {
  kind: 'option'
  key: string
  value: string | number | boolean
  span: Span
}

/** An argument of CREATE FUNCTION. */
export interface Parameter {
  kind: 'function-parameter'
  name: Identifier
  type: TypeName
  span: Span
}

/** A function with arguments. */
export interface FunctionBody {
  kind: 'function-body'
  parameters: Parameter[]
  returns: TypeName | null
  /** In upper case. */
  language: string | null
  /** CREATE AGGREGATE. */
  aggregate: boolean
  /** NULL for an argument that is NULL. */
  strict: boolean
  /** Is the result said to be the same whenever the arguments are? Null where nothing is said. */
  deterministic: boolean | null
  /** Is it given columns? */
  batch: boolean
  /** An expression, or the text of one in the language. */
  expression: Expression | { kind: 'function-text'; value: string; span: Span }
  span: Span
}

/** Columns in front of those of a subscription: what is known of each change, and rows that say that a cycle is over. */
export type Metadata = '_cycle' | '_ts' | '_op' | '_diff' | '_progress'

/** How a subscription tells a change: as one message for each key. */
export interface Envelope {
  kind: 'envelope'
  form: 'upsert' | 'debezium'
  /** Without any, the key that the plan knows. */
  key: Identifier[]
  span: Span
}

/** What an EXPLAIN shows beside the plan. */
export type ExplainDetail = 'verbose' | 'cost' | 'changelog' | 'advice' | 'json' | 'state'

/** A time, or a position of the log. */
export type Moment = { kind: 'moment'; offset: boolean; at: Expression; span: Span }

/** What SHOW lists; `all` are the settings. */
/** From where a subscription is read: the rows that stand and what comes, what it keeps, or what comes from a moment on. */
export interface SubscriptionReading { kind: 'subscription-reading'; subscription: Path; since: 'full' | 'begin' | 'now' | Moment; span: Span }
export type Shown = 'streams' | 'tables' | 'sources' | 'sinks' | 'views' | 'materialized views' | 'functions' | 'queries' | 'subscriptions' | 'schemas' | 'types' | 'connections' | 'columns' | 'all'

/** [NOT] LIKE 'pattern'; ILIKE is for any case. */
export interface LikePattern {
  kind: 'like-pattern'
  pattern: string
  anyCase: boolean
  negated: boolean
  span: Span
}

/** FORMAT PLAIN ENCODE JSON; both words in upper case. */
export interface Encoding {
  kind: 'encoding'
  format: string
  encode: string
  options: Option[]
  span: Span
}

/** What ALTER changes. `value` null: DROP DEFAULT. */
export type Alteration =
  | { kind: 'add-column'; column: ColumnDefinition; ifNotExists: boolean; span: Span }
  | { kind: 'drop-column'; column: Identifier; ifExists: boolean; span: Span }
  | { kind: 'rename-column'; column: Identifier; to: Identifier; span: Span }
  | { kind: 'rename'; to: Path; span: Span }
  | { kind: 'set-default'; column: Identifier; value: Expression | null; span: Span }
  | { kind: 'set-not-null'; column: Identifier; notNull: boolean; span: Span }
  | { kind: 'set-options'; options: Option[]; span: Span }
  | { kind: 'set-type'; column: Identifier; type: TypeName; using: Expression | null; span: Span }
  | { kind: 'add-constraint'; constraint: Constraint; span: Span }
  | { kind: 'drop-constraint'; name: Identifier; ifExists: boolean; span: Span }

export type Statement =
  | { kind: 'create-relation'; object: 'stream' | 'table' | 'source'; temporary?: true; orReplace: boolean; name: Path; ifNotExists: boolean; columns: ColumnDefinition[]; constraints: Constraint[]; watermark: WatermarkDefinition | null; partitionedBy: Identifier[]; partitions: Identifier[]; appendOnly: boolean; options: Option[]; encoding: Encoding | null; included?: Inclusion[]; query: Query | null; span: Span }
  | { kind: 'create-view'; temporary?: true; materialized: boolean; orReplace: boolean; ifNotExists: boolean; name: Path; columns: Identifier[]; state?: 'preserve' | 'rebuild'; startFrom?: 'earliest' | 'latest' | Moment; query: Query; span: Span }
  /** `query` is SELECT * where the text says FROM name. */
  /** A text alone names a class. */
  | { kind: 'create-function'; temporary?: true; name: Path; orReplace: boolean; ifNotExists: boolean; body: FunctionBody | { kind: 'function-text'; value: string; span: Span }; span: Span }
  | { kind: 'copy'; copied: Copied; into: boolean; file: string | null; options: Option[]; span: Span }
  | { kind: 'create-sink'; orReplace: boolean; name: Path; ifNotExists: boolean; query: Query; options: Option[]; encoding: Encoding | null; span: Span }
  | { kind: 'create-subscription'; orReplace: boolean; name: Path; ifNotExists: boolean; query: Query; options: Option[]; span: Span }
  | { kind: 'create-schema'; name: Path; ifNotExists: boolean; span: Span }
  | { kind: 'create-type'; name: Path; ifNotExists: boolean; type: TypeName; span: Span }
  | { kind: 'create-connection'; name: Path; ifNotExists: boolean; options: Option[]; span: Span }
  /** `others` stand behind commas. */
  | { kind: 'drop'; object: 'stream' | 'table' | 'view' | 'materialized view' | 'query' | 'sink' | 'subscription' | 'source' | 'function' | 'aggregate' | 'schema' | 'type' | 'connection'; temporary?: true; name: Path; others: Path[]; cascade: boolean; ifExists: boolean; span: Span }
  | { kind: 'alter'; object: 'stream' | 'table' | 'source' | 'view' | 'materialized view' | 'subscription'; name: Path; ifExists: boolean; change: Alteration; span: Span }
  /** DEFAULT VALUES is a `source` of one row without values. */
  | { kind: 'insert'; target: Path; options?: Option[]; columns: Identifier[]; source: Query; conflict: Conflict | null; returning: SelectItem[]; span: Span }
  | { kind: 'update'; target: Path; alias: Identifier | null; assignments: Assignment[]; from: Relation | null; where: Expression | null; returning: SelectItem[]; span: Span }
  /** `from` stands behind USING. */
  | { kind: 'delete'; target: Path; alias: Identifier | null; from: Relation | null; where: Expression | null; returning: SelectItem[]; span: Span }
  | { kind: 'merge'; target: Path; alias: Identifier | null; source: Relation; on: Expression; clauses: MergeClause[]; returning: SelectItem[]; span: Span }
  | { kind: 'transaction'; action: 'begin' | 'commit' | 'rollback'; span: Span }
  | { kind: 'query-statement'; query: Query; span: Span }
  /** `relation` is a `table` relation for SUBSCRIBE name, `derived` for SUBSCRIBE (query). `order` is that of a commit. */
  | { kind: 'subscribe'; relation: Relation; emit: Emit | null; snapshot: boolean; metadata: Metadata[]; envelope: Envelope | null; order: OrderItem[]; asOf: Moment | null; upTo: Moment | null; span: Span }
  /** `of` is SUBSCRIBE, a query, or a subscription that has a name. */
  | { kind: 'declare'; name: Identifier; of: Statement | SubscriptionReading; span: Span }
  | { kind: 'acknowledge'; name: Path; upTo: Moment; span: Span }
  /** `count` null: all that there are. */
  | { kind: 'fetch'; cursor: Identifier; count: number | null; options: Option[]; span: Span }
  /** Null: all cursors of the session. */
  | { kind: 'close'; cursor: Identifier | null; span: Span }
  | { kind: 'explain'; analyze: boolean; steps: boolean; format: 'text' | 'json' | 'dot'; type: 'logical' | 'physical' | 'stream'; details: ExplainDetail[]; statement: Statement; span: Span }
  /** EXPLAIN of a query that runs: ANALYZE what it did, STATE, WHY NO OUTPUT. */
  | { kind: 'explain-running'; what: 'work' | 'state' | 'silence'; name: Path; span: Span }
  | { kind: 'explain-use'; measures: ('cpu' | 'memory')[]; asSql: boolean; name: Path; span: Span }
  | { kind: 'explain-row'; name: Path; where: Expression; span: Span }
  | { kind: 'tap'; name: Path; operator: Identifier; span: Span }
  | { kind: 'verify'; name: Path; upTo: Moment | null; span: Span }
  | { kind: 'pause'; resumes: boolean; object: 'query' | 'sink' | 'stream' | 'materialized view'; name: Path; span: Span }
  | { kind: 'set'; name: string; value: string | number | boolean | null; overflow?: 'fail' | 'evict oldest' | 'spill'; span: Span }
  /** Null resets all settings. */
  | { kind: 'reset'; name: string | null; span: Span }
  /** `of` is the relation of COLUMNS, or the schema of what a schema holds. */
  | { kind: 'show'; what: Shown; of: Path | null; like: LikePattern | null; span: Span }
  | { kind: 'show-setting'; name: string; span: Span }
  | { kind: 'show-create'; object: 'stream' | 'table' | 'source' | 'sink' | 'subscription' | 'view' | 'materialized view' | 'function' | null; name: Path; span: Span }
  | { kind: 'describe'; name: Path; span: Span }
  | { kind: 'describe-query'; query: Query; span: Span }
  | { kind: 'flush'; span: Span }

export interface Script {
  kind: 'script'
  statements: Statement[]
}
