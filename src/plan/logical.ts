/**
 * Logical plan: typed expressions and relational nodes as plain JSON-able data; names are bound to column numbers.
 *
 * How      The binder makes it, rewrites change it, `lower` turns it into the physical plan; the reference
 *          interpreter of the tests runs it as it comes from the binder, before any rewrite.
 * Contract 1 (checked) JSON.parse(JSON.stringify(plan)) equals plan: 64-bit values are decimal strings.
 *          2 (checked) every column index is below the width of the input it points into.
 *          3 (trusted) `updating` false means that only +I changes leave the node; `key` are output columns that
 *            identify a row of the materialized output ([] = at most one row, null = no key is known).
 */
import type { Span } from '../base/index.ts'
import type { Field, Op, Schema, Type } from '../data/index.ts'

/**
 * Scalar functions by name; argument types decide the variant (after the binder's coercions both sides have one type
 * unless the line says otherwise).
 *
 *                   whole stands for tinyint, smallint, integer and bigint
 * add subtract      (whole|double|interval|months|period)², decimal² of one scale → decimal of that scale;
 *                   (timestamp, interval|months) → timestamp; (date, interval|months) → timestamp(6);
 *                   (date, integer) → date; (time, interval) → time, around midnight; (date, time) → timestamp(6);
 *                   subtract: (timestamp, timestamp), (time, time) → interval, (date, date) → integer
 * multiply          (whole|double)²; (decimal s1|whole, decimal s2|whole) → decimal s1 + s2; (interval|months, bigint)
 * divide modulo     (whole|double)², truncating for integers; modulo also decimal² of one scale; divide also
 *                   (decimal|whole)² → decimal of any scale, rounded half away from zero; by zero → division_by_zero,
 *                   for doubles too; the sign of modulo is that of the dividend
 * negate abs        whole real double decimal; negate interval months period
 * scale_interval divide_interval   (interval|period, double) → the first type
 * months_of         (period) → months, micros_of (period) → interval: its parts; length_of (period) → decimal(38, 0):
 *                   microseconds, of 30 days for each month, by which periods are compared
 * age               (timestamp, timestamp) → period
 * eq ne lt le gt ge any type with itself; decimal with any decimal or whole (exact); NaN = NaN and
 * greatest,
 *                   -0 = 0, strings by their UTF-8 bytes
 * is_distinct is_not_distinct   as eq, NULL is a value; never NULL
 * is_null is_not_null           any type
 * is_true is_false not          boolean; is_* never NULL
 * in                (x, literal, literal, …) all of one type; NULL semantics of x = a OR x = b …
 * like              (string, pattern[, escape]); % and _ over code points
 * coalesce          n arguments of one type
 * cast try_cast     (x[, string literal zone]) to the call's `type`; try_cast gives NULL where cast fails; between
 *                   TIMESTAMPTZ and what a clock shows, or texts, by the clock of the zone, which is UTC's without it
 * extract_UNIT      timestamp|date|interval|time|months|period → bigint (year quarter month week day hour minute second
 * millisecond
 *                   microsecond dow doy); epoch → double. second is whole, millisecond and microsecond include
 *                   seconds
 * date_trunc        (string literal unit, timestamp|date) → timestamp
 * lower upper trim length substring(s, start[, count])   strings; positions and lengths in code points, 1-based
 * limb              (wide decimal, bigint literal k) → bigint: bits 32k to 32k + 31, of the last, k = 3, all above
 * moment            (text literal kind, bigint count, then sum and its scale of y, y², [x, x², xy]) → double: a variance
 *                   or regression. pack(by, value) → varchar that orders so, unpack → value: ARG_MIN and ARG_MAX
 * collected         (varchar of collect, text literal: JSON of the kind, the type of the values and more) → any type: an
 *                   aggregate that looks at all values
 * join_limbs        (bigint × 4) → decimal, average_limbs (bigint × 4, count, scale) → double: sum and average of
 *                   decimals whose limbs were added up
 * check_length      (string, bigint literal) → the string; overflow when it has more characters
 * try               any type: NULL where its argument failed; raise (string) → any type: fails with that message
 * now               timestamp of the cycle, in the precision of the call's `type`; without arguments
 * concat_strict (||, NULL if any is NULL)   concat (NULL counts as '')
 * round(real|double[, integer literal]) round(decimal[, integer literal]) floor ceil   half away from zero; integers
 * pass
 * user volatile folding         functions of the program: see user-function.ts
 */
export type ScalarFunction = string

/** `nullable`: may be NULL. `fallible`: evaluation may fail on some input. */
export type Expression =
  | { kind: 'column'; index: number; type: Type; nullable: boolean }
  /**
   * boolean → boolean; tinyint to integer, date, real, double → number ("NaN", "Infinity", "-Infinity" as strings);
   * bigint, decimal, timestamp, time, interval, months → decimal string; varchar, varbinary, json → string.
   */
  | { kind: 'literal'; value: string | number | boolean | null; type: Type; nullable: boolean }
  | { kind: 'call'; function: ScalarFunction; args: Expression[]; type: Type; nullable: boolean; fallible: boolean; span?: Span | undefined }
  /** An error of a condition or value counts only if that value is used. */
  | { kind: 'case'; whens: { when: Expression; then: Expression }[]; else: Expression; type: Type; nullable: boolean; fallible: boolean }
  /** Kleene logic; an error beside a deciding value (FALSE for and, TRUE for or) is dropped, on either side. */
  | { kind: 'and' | 'or'; args: Expression[]; type: Type; nullable: boolean; fallible: boolean }

/**
 * One aggregate over columns of the aggregate's input.
 * count_star; count sum avg min max of one argument. sum: whole → bigint; decimal(p,s), p ≤ 18 → decimal(18,s);
 * double → double (exact, rounded once); interval → interval. avg: double of integer, bigint, decimal, double;
 * interval of interval. collect: varchar → varchar, every value with its number, in the order of their bytes, each as
 * `number bytes:value`; NULL of none.
 */
export interface AggregateCall {
  function: 'count_star' | 'count' | 'sum' | 'avg' | 'min' | 'max' | 'collect'
  /** Input column; null for count_star. */
  argument: number | null
  distinct: boolean
  /** BOOLEAN input column: rows where it is TRUE count; null = all rows. */
  filter: number | null
  type: Type
  nullable: boolean
  /** Position of the call in the text, for overflow errors. */
  span?: Span | undefined
}

/**
 * How far a frame goes from the row: nothing is UNBOUNDED, '0' the row itself, of RANGE and GROUPS with its peers. Of
 * ROWS rows, of GROUPS groups of peers; of RANGE whole numbers and decimals as their integers, microseconds of a TIME,
 * TIMESTAMP, DATE or INTERVAL, a number as text of a DOUBLE or REAL.
 */
export interface FrameBound {
  offset: string | null
  following: boolean
  /** The offset of RANGE counts months. */
  months?: true
}

/** The rows of a partition that a call looks at, as seen from one of them. */
export interface Frame {
  unit: 'rows' | 'range' | 'groups'
  start: FrameBound
  end: FrameBound
  /** Left out: the row, its peers with it, or its peers alone. */
  exclude: 'none' | 'row' | 'group' | 'ties'
}

export type RankFunction = 'row_number' | 'rank' | 'dense_rank'

/** One window function over the rows of a partition; an aggregate is one of those of `AggregateCall`. */
export interface OverCall {
  function:
    | RankFunction
    | 'percent_rank'
    | 'cume_dist'
    | 'ntile'
    | 'lag'
    | 'first_value'
    | 'last_value'
    | 'nth_value'
    | AggregateCall['function']
  /** Input column; null where there is none. */
  argument: number | null
  /** NTILE: buckets; LAG: rows back, below 0 ahead; NTH_VALUE: which; else 0. */
  count: number
  /** LAG: the input column that stands where there is no such row; null for NULL. */
  otherwise: number | null
  ignoreNulls: boolean
  distinct: boolean
  filter: number | null
  frame: Frame
  type: Type
  nullable: boolean
  span?: Span | undefined
}

/** A column that rows are ordered by. */
export interface SortKey {
  column: number
  descending: boolean
  nullsFirst: boolean
}

export interface Watermark {
  /** Event-time column (TIMESTAMP) in the node's output. */
  column: number
  /**
   * Microseconds that the watermark trails the maximum, as a decimal string; ascending form: one unit of the
   * precision.
   */
  delayMicros: string
  /** Rows further ahead of the maximum than this do not raise it; any row may when it is left out. */
  aheadMicros?: string
  /** How much of the delay is there because windows take late rows for a while. */
  graceMicros?: string
  /** After so much time of the clock without a row all windows that hold rows close. */
  timeoutMicros?: string
  /** Columns of the relation, read or not, that say to which partition a row belongs. */
  partition?: number[]
}

/**
 * A function that gives rows for the values of a row; none where an argument is NULL.
 * series            (bigint first, last, step) → bigint; (timestamp, timestamp, interval|months) → timestamp. A step of 0
 *                   and more than 16,777,216 rows are failures
 * json_elements     (json) → json, those of an array; json_elements_text → varchar, a string without its quotes
 * json_each         (json) → varchar, json: the members of an object; json_each_text → varchar, varchar
 * json_keys         (json) → varchar
 * json_found        (json, path) → json: all that stands at a path, which may have wildcards
 * elements          (array) → its elements, of structs a column per member; (map) → key, value
 * split             (string, separator) → varchar; regexp_split (string, pattern[, flags]) → varchar
 */
export interface TableCall {
  function: TableFunction
  args: Expression[]
  columns: Field[]
  span?: Span | undefined
}

export type TableFunction =
  | 'series'
  | 'json_elements'
  | 'json_elements_text'
  | 'json_each'
  | 'json_each_text'
  | 'json_keys'
  | 'json_found'
  | 'elements'
  | 'split'
  | 'regexp_split'

/** How to open a relation that is no table: what a table over it would keep. */
export interface FileSource {
  connector: string
  options: [string, string | number | boolean][]
  schema: Schema
}

/**
 * A condition that the rows that count fulfil; `column` is one of the relation. Where it is NULL it rules a row out,
 * too, unless it is strict.
 */
export interface ScanBound {
  column: number
  test: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'in' | 'is_null' | 'is_not_null'
  /** As literals have them. */
  values: (string | number | boolean | null)[]
  strict: boolean
}

export interface WindowColumns {
  start: number | null
  end: number | null
  sizeMicros: string
  /** One unit of the time column's precision: [s, e) closes when W ≥ e − unit. */
  unitMicros: string
  watermarked: boolean
}

interface Node {
  output: Field[]
  updating: boolean
  key: number[] | null
  /**
   * Window columns of the output (at least one of the two is there). Set by `window`, kept by filter, project (a
   * passed-on column keeps its role), join (from either side) and aggregate (keys). `watermarked`: every window scan
   * it comes from has a watermark, so that no more rows of a window come once the watermark has passed its end.
   */
  window: WindowColumns | null
}

export type Plan = Node &
  (
    | {
        kind: 'scan'
        /** Catalog name, `view.errors` for the errors of a query. */
        relation: string
        /**
         * Columns of the relation that are read, ascending; the node's output in that order. Behind them -1 is the
         * watermark before the row, NULL before the first one, -2 the row's position, and -3 its number in its source.
         */
        columns: number[]
        /** Present on append-only relations declared with WATERMARK whose time column is read. */
        watermark: Watermark | null
        /** Of files that stand in FROM themselves: the catalog does not know the relation. */
        file?: FileSource | undefined
        /** Its oldest rows are taken back where the state of the query becomes too large. */
        evicts?: true
        /** Rows come by a connector. */
        outside?: true
        /** Of a relation whose rows only come: rows before this position of the log do not count. */
        from?: number
        /** Of a hint: they stand before those of the relation. */
        options?: FileSource['options']
        /** Set by a filter above that stays: rows beyond them may be left out. */
        bounds?: ScanBound[]
      }
    | { kind: 'values'; rows: Expression[][] }
    | { kind: 'filter'; input: Plan; predicate: Expression }
    | { kind: 'project'; input: Plan; expressions: Expression[] }
    /**
     * Appends window_start, window_end (TIMESTAMP of the time column's precision) and window_time (end − 1 ms) to
     * the input's columns. Windows are [offset + n·slide, … + size); those of cumulate [offset + n·size, … + m·slide)
     * for every m up to size / slide. Rows whose time is NULL belong to no window.
     * Rows late for a window are dropped here in continuous queries whose scan has a watermark (`judge`).
     */
    | { kind: 'window'; function: 'tumble' | 'hop' | 'cumulate'; input: Plan; time: number; slideMicros: string; sizeMicros: string; offsetMicros: string; judge: boolean }
    /**
     * Appends the same three columns, those of the row's session: of rows with equal keys, each within `gap` of the
     * next, from the first to the last one's time + gap. Rows whose time is NULL are in none. With `judge`, a session
     * that the watermark before a row has closed takes no more rows, and a row that could only make a closed one is
     * dropped. `on-window-close`: rows leave once, when their session has closed.
     */
    | { kind: 'session'; input: Plan; time: number; keys: number[]; gapMicros: string; judge: boolean; emit: 'changes' | 'on-window-close' }
    /**
     * Output: the key columns in order, then one column per call. Without keys exactly one row, also over empty
     * input.
     */
    | { kind: 'aggregate'; input: Plan; keys: number[]; calls: AggregateCall[]; emit: 'changes' | 'on-window-close' }
    /** The rows of all inputs, which have columns of the same types; names are those of the first. */
    | { kind: 'union'; inputs: Plan[] }
    /** Each row as often as its last column, a BIGINT that is not negative, says; that column goes. */
    | { kind: 'repeat'; input: Plan }
    /**
     * Appends the number of the row in its partition, from 0, a BIGINT. Rows only come; they stand by their places, those
     * of one place by their values.
     */
    | { kind: 'number'; input: Plan; partition: number[] }
    /**
     * The changes of the input at each commit as rows that only come: `partition`, the code of the change, the other
     * columns.
     */
    | ({ kind: 'changelog'; input: Plan } & ChangelogShape)
    /** Rows that only come, each when the watermark has closed its window. */
    | { kind: 'close'; input: Plan }
    /** See `Holding`; the columns are those of the input. */
    | ({ kind: 'hold'; input: Plan } & Holding)
    /**
     * Each row once for every row that the calls give for it, side by side: the n-th rows of all of them, NULL where one
     * has ended before the others. Output: the input's columns, those of the calls, and the number n (BIGINT, from 1) if
     * `numbered`. A row for which they give none is left out, or, if `outer`, stands once, with NULL in their columns.
     */
    | { kind: 'unnest'; input: Plan; calls: TableCall[]; numbered: boolean; outer: boolean }
    /** The rows for which every `from` <= now < every `until`, columns of TIMESTAMPs, none NULL; now is the cycle's. */
    | { kind: 'lifetime'; input: Plan; from: number[]; until: number[]; span?: Span | undefined }
    /** The BIGINTs from `first` to `last`, `step` apart. */
    | { kind: 'series'; first: string; last: string; step: string }
    /**
     * Equal keys that are not NULL; `residual` over left columns then right columns. Output: left columns, right
     * columns; of semi and anti joins, which keep the left rows with and without a match, the left columns.
     * `lookup`: a left row meets the right rows that are there at the commit that takes it, and is told once.
     */
    | { kind: 'join'; join: JoinKind; left: Plan; right: Plan; leftKeys: number[]; rightKeys: number[]; residual: Expression | null; bounds?: TimeBounds; lookup?: true }
    /**
     * Each left row with one right row of equal keys that are not NULL: the one whose time is nearest among those that
     * compare so with the left row's (`ge`: left >= right). Of equal times the last by position counts, or by values,
     * or the first (`tie`). With `waits` a row is told once, when the watermarks of both sides have reached its time.
     * Output: left columns, right columns, NULL in a left join where there is none.
     */
    | { kind: 'asof'; join: 'inner' | 'left'; left: Plan; right: Plan; leftKeys: number[]; rightKeys: number[]; leftTime: number; rightTime: number; compare: Comparison; ties: 'position' | 'values'; tie: 'last' | 'first'; waits: boolean }
    /**
     * ROW_NUMBER, RANK or DENSE_RANK over the rows of each partition: output is the input's columns, then the number
     * (BIGINT, from 1) if `numbered`; with a limit only the rows whose number is not above it. Rows of equal order keys
     * are ordered by where they stand, then by all values of the row, or by the values alone. `final`: the rows of a
     * partition come all at once, so that what is told stays.
     */
    | { kind: 'rank'; input: Plan; function: RankFunction; partition: number[]; order: SortKey[]; limit: number | null; numbered: boolean; ties: 'position' | 'values'; final?: true }
    /** The input's columns, then one column per call; rows are ordered as those of a rank. */
    | { kind: 'over'; input: Plan; partition: number[]; order: SortKey[]; ties: 'position' | 'values'; calls: OverCall[]; final?: true }
    /** MATCH_RECOGNIZE: see RowPattern. Rows of the input only come. Output: the columns `kept`, then the cells `shown`. */
    | ({ kind: 'match'; input: Plan } & RowPattern)
    /** One-shot only; NULLs last unless said otherwise. */
    | { kind: 'sort'; input: Plan; keys: SortKey[]; limit: number | null; offset: number }
  )

/**
 * Changes that wait on the host: what came in a commit goes on in the first one whose time is not before the end of the
 * wait, with all that came since. When the input has ended nothing waits.
 */
export interface ChangelogShape {
  partition: number[]
  /** Columns of the input that tell its rows apart; of such rows one that goes and one that comes are an update. */
  identity: number[] | null
  /** What stands for a change; null leaves it out. */
  codes: Record<Op, string | null>
  /** Name of the column of the code. */
  name: string
}

export interface Holding {
  /** Microseconds as a decimal string; null: there is no end of the wait. */
  periodMicros: string | null
  /** The wait ends so long after the first change that waits, or at the next multiple of it since the query's start. */
  counted: 'start' | 'change'
  /**
   * How much later than its end a window closes for good: changes of windows whose end the watermark has reached but
   * for this go on at each commit. Null: windows do not count.
   */
  graceMicros: string | null
  /** All rows are told again at the end of each wait, and only come. */
  repeats: boolean
}

/** How far the right event time may be from the left one, in microseconds as decimal strings; for EXPLAIN alone. */
export interface TimeBounds {
  low: string
  high: string
}

export type Comparison = 'ge' | 'gt' | 'le' | 'lt'

/**
 * A pattern of rows that follow each other in a partition. Of all ways to map rows from some first one on to
 * variables so that the pattern and the conditions hold, the most preferred one is the match.
 */
export interface RowPattern {
  partition: number[]
  /** In a continuous query the first one is the event time, whose watermark says when a row's turn has come. */
  order: SortKey[]
  /** How rows of equal keys stand: see `rank`. */
  ties: 'position' | 'values'
  /** Names of the variables, by number. */
  variables: string[]
  pattern: PatternNode
  /** Per variable its condition over the cells, null where there is none; one that fails does not hold. */
  define: (Expression | null)[]
  cells: MatchCell[]
  /** Is every row of a match told, with the values that the cells have there? */
  allRows: boolean
  /** What becomes of empty matches where all rows are told, and of rows without a match. */
  empty: 'show' | 'omit' | 'unmatched'
  skip: { to: 'past' | 'next' } | { to: 'first' | 'last'; variables: number[]; name: string }
  /** The first and the last row of a match are no further apart. */
  withinMicros: string | null
  kept: number[]
  shown: number[]
}

/** What rows are mapped to; an optional repetition takes a row at least. */
export type PatternNode =
  | { kind: 'variable'; variable: number }
  | { kind: 'sequence' | 'choice'; parts: PatternNode[] }
  | { kind: 'repeat'; part: PatternNode; least: number; most: number | null; reluctant: boolean }
  /** Its rows are not told. */
  | { kind: 'exclude'; part: PatternNode }
  | { kind: 'start' }
  | { kind: 'end' }

/** What is known of a match at one of its rows, or, if `final`, at its last one. `variables`: null for all. */
export type MatchCell = { type: Type; nullable: boolean } & (
  /**
   * The column of the row that lies `offset` before the last, or behind the first, of the rows mapped to the
   * variables, and `shift` rows further in the partition; a null column is the name of its variable.
   */
  | { kind: 'value'; from: 'first' | 'last'; variables: number[] | null; offset: number; shift: number; column: number | null; final: boolean }
  /** Sums are exact: of whole numbers and decimals they have 38 digits. */
  | { kind: 'aggregate'; function: 'count_star' | 'count' | 'sum' | 'avg' | 'min' | 'max'; variables: number[] | null; column: number | null; final: boolean }
  /** The number of the match in its partition. */
  | { kind: 'number' }
  /** Is the row part of a match? */
  | { kind: 'matched' }
)

export type JoinKind = 'inner' | 'left' | 'full' | 'semi' | 'anti'
