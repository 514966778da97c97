/**
 * Words: the vocabulary of the dialect as chevrotain token types, keywords first.
 *
 * How      Every token type belongs to categories that say where it may stand:
 *          label       after AS in a select list and after a dot: any word at all
 *          identifier  wherever a name is wanted: any word that is not reserved
 *          alias       a name without AS before it: no word that starts a clause either
 *          A plain or quoted name has all three, a reserved word is only a label.
 * Contract 1 (checked) a keyword stands in exactly one of the lists.
 */
import { createToken, Lexer, type TokenType } from 'chevrotain'

/** Words that are never a name unless quoted, put after AS in a select list, or after a dot. */
// biome-ignore format: a list to read as a block
export const reservedWords = [
  'ALL', 'AND', 'AS', 'BETWEEN', 'CASE', 'CREATE', 'DEFAULT', 'DISTINCT', 'ELSE', 'END', 'EXCEPT',
  'FALSE', 'FROM', 'GROUP', 'HAVING', 'IN', 'INTERSECT', 'INTO', 'IS', 'JOIN', 'LIKE', 'LIMIT',
  'NOT', 'NULL', 'ON', 'OR', 'ORDER', 'SELECT', 'TABLE', 'THEN', 'TRUE', 'UNION', 'VALUES', 'WHEN',
  'WHERE', 'WITH',
] as const

/** Names everywhere except as an alias without AS, because they begin a clause where such an alias may stand. */
// biome-ignore format: a list to read as a block
export const clauseWords = [
  'ASC', 'ASOF', 'COLLATE', 'CROSS', 'DESC', 'EMIT', 'ESCAPE', 'EXACT', 'EXCLUDE', 'FETCH', 'FILTER', 'FOR', 'FULL',
  'ANTI', 'ILIKE',
  'INNER', 'ISNULL', 'LEFT', 'MATCH_CONDITION', 'MATCH_RECOGNIZE', 'NATURAL', 'NOTNULL', 'NULLS', 'OFFSET', 'OVER',
  'PIVOT', 'QUALIFY', 'REGEXP',
  'RETURNING', 'RIGHT', 'RLIKE', 'SEMI', 'SET', 'SIMILAR', 'TABLESAMPLE', 'UNPIVOT', 'USING', 'WINDOW', 'WITHIN',
] as const

/** Names everywhere; keywords only where the grammar asks for them. */
// biome-ignore format: a list to read as a block
export const softWords = [
  'ABORT', 'ACKNOWLEDGE', 'ADD', 'AFTER', 'AGGREGATE', 'ALTER', 'ANALYZE', 'APPEND', 'AT', 'BATCH', 'BEGIN', 'BY',
  'CASCADE', 'CHANGELOG_MODE', 'CHANGES', 'CHECK', 'CLOSE', 'COLUMN', 'COLUMNS', 'COMMIT', 'CONFLICT', 'CONNECTION',
  'CONNECTIONS', 'CONSTRAINT', 'COPY', 'COST', 'CPU', 'CUBE', 'CUMULATE', 'CURSOR', 'DECLARE', 'DEDUPLICATE', 'DEFINE',
  'DELAY', 'DELETE', 'DESCRIBE', 'DESCRIPTOR', 'DO', 'DROP', 'EARLIEST', 'EARLY', 'EMPTY', 'ENCODE', 'ENFORCED',
  'ENVELOPE', 'ERROR', 'ESTIMATED_COST', 'EVERY', 'EVICT', 'EXISTS', 'EXPLAIN', 'FAIL', 'FINAL', 'FIRST', 'FLUSH',
  'FOREIGN', 'FORMAT', 'FUNCTION', 'FUNCTIONS', 'GROUPING', 'HOP', 'IF', 'INCLUDE', 'INSERT', 'JSON',
  'JSON_EXECUTION_PLAN', 'KEY', 'LANGUAGE', 'LAST', 'LATE', 'LATENESS', 'LATERAL', 'LATEST', 'MATCH', 'MATCHED',
  'MATCHES', 'MATERIALIZED', 'MEASURES', 'MEMORY', 'MERGE', 'METADATA', 'NEXT', 'NO', 'NOTHING', 'OF', 'OLDEST', 'OMIT',
  'ONE', 'ONLY', 'ORDINALITY', 'OUTER', 'OUTPUT', 'OVERFLOW', 'OVERLAPS', 'PARTITION', 'PARTITIONED', 'PAST', 'PATTERN',
  'PAUSE', 'PER', 'PERIODIC', 'PERMUTE', 'PLACING', 'PLAN', 'PLAN_ADVICE', 'PRESERVE', 'PRIMARY', 'QUERIES', 'QUERY',
  'REBUILD', 'REFERENCES', 'RENAME', 'REPEAT', 'REPLACE', 'RESET', 'RESTRICT', 'RESUME', 'RETURN', 'RETURNS',
  'ROLLBACK', 'ROLLUP', 'ROW', 'ROWS', 'RUNNING', 'SCHEMA', 'SCHEMAS', 'SESSION', 'SETS', 'SHOW', 'SINCE', 'SINK',
  'SINKS', 'SKIP', 'SOURCE', 'SOURCES', 'SPILL', 'START', 'STATE', 'STDIN', 'STDOUT', 'STEPS', 'STREAM', 'STREAMS',
  'SUBSCRIBE', 'SUBSCRIPTION', 'SUBSCRIPTIONS', 'SUBSET', 'TABLES', 'TAP', 'TARGET', 'TEMP', 'TEMPORARY', 'TEXT',
  'TIMEOUT', 'TO', 'TRANSACTION', 'TRUNCATE', 'TUMBLE', 'TYPE', 'TYPES', 'UNIQUE', 'UNKNOWN', 'UNMATCHED', 'UP',
  'UPDATE', 'USE', 'VERBOSE', 'VERIFY', 'VIEW', 'VIEWS', 'VIRTUAL', 'WATERMARK', 'WHY', 'WORK',
] as const

export type Word =
  | (typeof reservedWords)[number]
  | (typeof clauseWords)[number]
  | (typeof softWords)[number]

const kind = (name: string, categories: TokenType[] = [], label = name): TokenType =>
  createToken({ name, pattern: Lexer.NA, categories, label })

export const label = kind('Label', [], 'a name')
export const identifier = kind('Identifier', [], 'a name')
export const alias = kind('Alias', [], 'a name')
const names = [label, identifier, alias]

/** Any operator that stands between two operands and has a place in the tree. */
export const binaryOperator = kind('BinaryOperator', [], 'an operator')

/** Token types of keywords by their word. */
export const word = Object.fromEntries([
  ...reservedWords.map((w) => [
    w,
    kind(w, w === 'AND' || w === 'OR' ? [label, binaryOperator] : [label]),
  ]),
  ...clauseWords.map((w) => [w, kind(w, [label, identifier])]),
  ...softWords.map((w) => [w, kind(w, names)]),
]) as Record<Word, TokenType>

/** Everything that is not a keyword. */
export const kinds = {
  name: kind('Name', names, 'a name'),
  quotedName: kind('QuotedName', names, 'a name'),
  string: kind('String', [], 'a string'),
  number: kind('Number', [], 'a number'),
  parameter: kind('Parameter', [], 'a parameter'),
  /** CAST, TRY_CAST, SAFE_CAST before a parenthesis. */
  cast: kind('Cast', names, 'CAST'),
  /** EXTRACT before a parenthesis. */
  extract: kind('Extract', names, 'EXTRACT'),
  /** INTERVAL before a string or a number. */
  interval: kind('Interval', names, 'INTERVAL'),
  /** DATE, TIMESTAMP, TIME and their like before a string; X of X'…'. */
  typed: kind('Typed', names, 'a literal'),
  /** CURRENT_TIMESTAMP and its like: calls without parentheses. */
  niladic: kind('Niladic', [label], 'a function'),
  open: kind('Open', [], '('),
  close: kind('Close', [], ')'),
  openBracket: kind('OpenBracket', [], '['),
  closeBracket: kind('CloseBracket', [], ']'),
  openBrace: kind('OpenBrace', [], '{'),
  closeBrace: kind('CloseBrace', [], '}'),
  colon: kind('Colon', [], ':'),
  comma: kind('Comma', [], ','),
  dot: kind('Dot', [], '.'),
  semicolon: kind('Semicolon', [], ';'),
  castTo: kind('CastTo', [], '::'),
  arrow: kind('Arrow', [], '=>'),
  assign: kind('Assign', [], ':='),
  plus: kind('Plus', [binaryOperator], '+'),
  minus: kind('Minus', [binaryOperator], '-'),
  star: kind('Star', [binaryOperator], '*'),
  slash: kind('Slash', [binaryOperator], '/'),
  percent: kind('Percent', [binaryOperator], '%'),
  concat: kind('Concat', [binaryOperator], '||'),
  equal: kind('Equal', [binaryOperator], '='),
  caret: kind('Caret', [binaryOperator], '^'),
  /** Any operator that has no power of its own. */
  other: kind('Other', [binaryOperator], 'an operator'),
  tilde: kind('Tilde', [binaryOperator], '~'),
  at: kind('At', [], '@'),
  /** `?`, `?|` and `?&` behind an operand. */
  hasKey: kind('HasKey', [], '?'),
  comparison: kind('Comparison', [binaryOperator], 'a comparison'),
  /** An operator that other dialects have and the tree has no node for. */
  foreign: kind('Foreign', [], 'an operator'),
  /** Text that is no token; a diagnostic says why. */
  invalid: kind('Invalid', [], 'a token'),
} as const

/** Operators by their text; the scanner tries the longest first. */
// biome-ignore format: a list to read as a block
export const operators: ReadonlyMap<string, TokenType> = new Map([
  ['(', kinds.open], [')', kinds.close], ['[', kinds.openBracket], [']', kinds.closeBracket],
  ['{', kinds.openBrace], ['}', kinds.closeBrace], [':', kinds.colon],
  [',', kinds.comma], ['.', kinds.dot], [';', kinds.semicolon], ['::', kinds.castTo], ['=>', kinds.arrow],
  [':=', kinds.assign],
  ['+', kinds.plus], ['-', kinds.minus], ['*', kinds.star], ['/', kinds.slash], ['//', kinds.slash],
  ['%', kinds.percent],
  ['||', kinds.concat], ['=', kinds.equal],
  ...['<>', '!=', '<', '<=', '>', '>=', '<=>'].map((o): [string, TokenType] => [o, kinds.comparison]),
  ...[
    '->', '->>', '#>', '#>>', '@>', '<@', '&&', '<->', '<<', '>>', '~*', '!~', '!~*', '|', '&', '#',
  ].map((o): [string, TokenType] => [o, kinds.other]),
  ['~', kinds.tilde], ['@', kinds.at], ['^', kinds.caret], ['**', kinds.caret],
  ...['==', '!'].map((o): [string, TokenType] => [o, kinds.foreign]),
])

/** Every token type, for the parser. */
export const vocabulary: TokenType[] = [
  label,
  identifier,
  alias,
  binaryOperator,
  ...Object.values(word),
  ...Object.values(kinds),
]

/** Keywords in the order of the alphabet, for completion and for spelling hints. */
export const keywords: readonly string[] = [
  ...reservedWords,
  ...clauseWords,
  ...softWords,
  'CAST',
  'TRY_CAST',
  'SAFE_CAST',
  'EXTRACT',
  'INTERVAL',
  'DATE',
  'TIMESTAMP',
].sort()

/** Functions that are called without parentheses. */
// biome-ignore format: a list to read as a block
export const niladicWords = [
  'CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_TIMESTAMP', 'LOCALTIME', 'LOCALTIMESTAMP', 'CURRENT_USER', 'SESSION_USER',
  'CURRENT_SCHEMA', 'CURRENT_CATALOG',
] as const

const niladic: ReadonlySet<string> = new Set(niladicWords)
const reserved: ReadonlySet<string> = new Set<string>([...reservedWords, ...niladicWords])

/** Whether a name of this spelling is that of a function without parentheses. */
export const isNiladic = (name: string): boolean => niladic.has(name.toUpperCase())

/** Whether a name of this spelling must be quoted where an identifier is wanted. */
export const isReserved = (name: string): boolean => reserved.has(name.toUpperCase())
