/**
 * Faults: the four ways in which something can go wrong, and the one list of their codes.
 *
 * How      mistake (the user's)  Diagnostic values with a span; thrown once, at the door, as QueryMistake.
 *          bad data              an ErrorRow: a row that cannot be decoded or evaluated; the query goes on.
 *          failure (the world's) Failure with `retryable`; one place retries, then the query gets a named state.
 *          bug (ours)            assert(); never caught in the middle.
 * Contract 1 (checked) every code is a key of `codes`; documentation is generated from that list.
 *          2 (trusted) messages are short, lower case and without a full stop; hints say what would work.
 */

/** Half-open range of UTF-16 units in the statement's text. */
export interface Span {
  start: number
  end: number
}

/** Every fault code with the sentence that documents it. */
const codes = {
  syntax: 'The text does not follow the grammar.',
  unsupported: 'The construct is recognized and not supported yet.',
  unknown_name: 'A table, column, function, option or query of this name does not exist.',
  ambiguous_name: 'A name matches more than one column.',
  ambiguous_row: 'An UPDATE meets one row with several rows that make different ones of it.',
  duplicate_name: 'An object or column of this name exists already.',
  type_mismatch: 'An expression has a type that its place does not take.',
  invalid_literal: 'A literal cannot be read as a value of its type.',
  invalid_option: 'An option is unknown, missing or has a value that cannot be used.',
  invalid_grouping:
    'A column is neither grouped nor aggregated, or an aggregate stands where none may.',
  invalid_window: 'A window function lacks a time column or has an impossible size.',
  invalid_pattern: 'A MATCH_RECOGNIZE has a pattern or a skip that cannot be followed.',
  invalid_emit: 'The emission mode cannot be had from this query or by this sink.',
  invalid_parameter: 'A parameter is missing, superfluous or has a value of the wrong type.',
  undefined_variable: 'The text names a variable that was not set.',
  unbounded: 'A one-shot statement was asked to read an endless source.',
  dependency: 'Another object needs the one to be dropped.',
  division_by_zero: 'A number was divided by zero.',
  overflow: 'A value does not fit into its type.',
  invalid_cast: 'A value cannot be converted to the type asked for.',
  invalid_argument: 'A function was given a value outside its domain.',
  nondeterministic:
    'A function whose value may differ from call to call stands where it would be asked again.',
  function: 'A function of the program, or one written in JavaScript, failed.',
  not_null: 'NULL was given for a column that takes none.',
  duplicate_key: 'Two rows of a table would have the same key.',
  transaction: 'A statement does not fit into the transaction, or there is none for it to end.',
  conflict: 'Another session was first to change what a transaction needs: it cannot be committed.',
  check: 'A row does not satisfy a CHECK of its table.',
  malformed_row: 'A row of the input cannot be decoded.',
  malformed_file: 'A file is not of its format, damaged or cut short.',
  file: 'A file cannot be opened, read or written.',
  disk_full: 'The device of the database has no room left.',
  fenced:
    'The log takes nothing more after a write that failed; the database has to be opened again.',
  damaged: 'A part of the log is damaged; the message tells which.',
  locked: 'Another process writes to the database.',
  memory_limit: 'A limit on memory would be exceeded.',
  cancelled: 'The work was interrupted on request.',
  closed: 'The database is closed.',
  bug: 'An invariant of the engine does not hold; please report it.',
} as const

export type Code = keyof typeof codes

/** A user's mistake, as a value. `span` points into the text that was given. */
export interface Diagnostic {
  code: Code
  message: string
  detail?: string | undefined
  hint?: string | undefined
  span?: Span | undefined
}

/** Thrown at the doors only: the statement did nothing. */
export class QueryMistake extends Error {
  readonly diagnostics: readonly Diagnostic[]
  /** The text that the spans of the diagnostics point into. */
  readonly text: string

  constructor(diagnostics: readonly Diagnostic[], text = '') {
    super(diagnostics.map((d) => d.message).join('\n'))
    this.name = 'QueryMistake'
    this.diagnostics = diagnostics
    this.text = text
  }

  get code(): Code {
    return this.diagnostics[0]?.code ?? 'bug'
  }
}

/** A row that could not be decoded or evaluated. Why it happened, without the row itself. */
export interface EvaluationError {
  code: Code
  message: string
  span?: Span | undefined
  /** Text of the key of the cell whose value failed. */
  row?: string | undefined
}

/** Something outside the program failed. */
export class Failure extends Error {
  readonly code: Code
  readonly retryable: boolean

  constructor(code: Code, message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, { cause: options.cause })
    this.name = 'Failure'
    this.code = code
    this.retryable = options.retryable ?? false
  }
}

/** An invariant of ours does not hold. */
export class Bug extends Error {
  readonly code = 'bug' as const

  constructor(message: string) {
    super(message)
    this.name = 'Bug'
  }
}

/** States what must hold here; always on. */
export function assert(condition: unknown, mustHold: string): asserts condition {
  if (!condition) throw new Bug(mustHold)
}

/** For the default branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new Bug(`unreachable: ${JSON.stringify(value)}`)
}

/** A mistake about `span`, thrown. */
export function mistake(diagnostic: Diagnostic, text?: string): never {
  throw new QueryMistake([diagnostic], text)
}
