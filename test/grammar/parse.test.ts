/** Parse: expressions against the trees they mean, the many spellings against one, and the laws of spans and pieces. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Expression, parse, print, type Query } from '../../grammar/index.ts'
import { Parser } from '../../grammar/parser.ts'
import { keywords, reservedWords } from '../../grammar/words.ts'
import { sized } from '../size.ts'
import { arbitrary, bare } from './arbitrary/index.ts'
import {
  a,
  b,
  bin,
  c,
  call,
  col,
  expressionOf,
  id,
  interval,
  num,
  statementOf,
  str,
  ty,
  un,
} from './trees.ts'

test('the grammar is valid by chevrotain’s own rules', () => {
  expect(() => new Parser({ validate: true })).not.toThrow()
})

test.each<[string, unknown]>([
  ['1', num('1')],
  ['.5', num('.5')],
  ['1.', num('1.')],
  ['1e-3', num('1e-3')],
  ["'it''s'", str("it's")],
  ["E'a\\n\\'\\x41\\u00e9'", str("a\n'Aé")],
  ["$$it's; $1$$", str("it's; $1")],
  ['$x$ $$ $x$', str(' $$ ')],
  ['TRUE', { kind: 'boolean', value: true }],
  ['null', { kind: 'null' }],
  ['"a b"', { kind: 'column', path: [id('a b', true)] }],
  ['`dateTime`', { kind: 'column', path: [id('dateTime', true)] }],
  ['"x""y"', { kind: 'column', path: [id('x"y', true)] }],
  ['t.Order', col('t', 'Order')],
  ['größe', col('größe')],
  ['a + b * c', bin(a, '+', bin(b, '*', c))],
  ['a - b - c', bin(bin(a, '-', b), '-', c)],
  ['(a + b) * c', bin(bin(a, '+', b), '*', c)],
  ['a || b + c', bin(a, '||', bin(b, '+', c))],
  ['a OR b AND NOT c', bin(a, 'OR', bin(b, 'AND', un('NOT', c)))],
  ['NOT a = b', un('NOT', bin(a, '=', b))],
  ['a != b', bin(a, '<>', b)],
  ['-a::int', un('-', { kind: 'cast', operand: a, type: ty('INT'), attempt: false })],
  ['- -1', un('-', un('-', num('1')))],
  ['-1', un('-', num('1'))],
  ['a IS NOT NULL', { kind: 'is-null', operand: a, negated: true }],
  ['a IS TRUE', { kind: 'is-boolean', operand: a, value: true, negated: false }],
  [
    'a = b IS NOT FALSE',
    { kind: 'is-boolean', operand: bin(a, '=', b), value: false, negated: true },
  ],
  ['a <=> b', { kind: 'is-distinct', left: a, right: b, negated: true }],
  ['a IS DISTINCT FROM b', { kind: 'is-distinct', left: a, right: b, negated: false }],
  [
    'a BETWEEN b AND c AND a',
    bin({ kind: 'between', operand: a, low: b, high: c, negated: false }, 'AND', a),
  ],
  ['a NOT IN (1, b)', { kind: 'in', operand: a, list: [num('1'), b], negated: true }],
  [
    "a NOT LIKE 'x%' ESCAPE '!'",
    { kind: 'like', operand: a, pattern: str('x%'), escape: str('!'), negated: true },
  ],
  [
    'CASE WHEN a THEN b END',
    { kind: 'case', operand: null, whens: [{ when: a, then: b }], else: null },
  ],
  [
    'CASE a WHEN 1 THEN b ELSE c END',
    { kind: 'case', operand: a, whens: [{ when: num('1'), then: b }], else: c },
  ],
  [
    'CAST(a AS DECIMAL(10, 2))',
    { kind: 'cast', operand: a, type: ty('DECIMAL', 10, 2), attempt: false },
  ],
  [
    'TRY_CAST(a AS double precision)',
    { kind: 'cast', operand: a, type: ty('DOUBLE PRECISION'), attempt: true },
  ],
  [
    'safe_cast(a as timestamp(3) without time zone)',
    { kind: 'cast', operand: a, type: ty('TIMESTAMP', 3), attempt: true },
  ],
  [
    'cast(a as timestamp(3) with local time zone)',
    { kind: 'cast', operand: a, type: ty('TIMESTAMPTZ', 3), attempt: false },
  ],
  [
    'cast(a as interval day(2) to second(6))',
    { kind: 'cast', operand: a, type: ty('INTERVAL DAY TO SECOND'), attempt: false },
  ],
  ["x'0aF0'", { kind: 'typed-literal', type: ty('VARBINARY'), text: '\\x0aF0' }],
  ["-a AT TIME ZONE 'x' + b", bin(call('timezone', str('x'), un('-', a)), '+', b)],
  ['a[b + 1]', call('array_extract', a, bin(b, '+', num('1')))],
  ['(a, b) OVERLAPS (b, c) AND a', bin(call('overlaps', a, b, b, c), 'AND', a)],
  ['a IS JSON', call('json_valid', a)],
  ['a IS NOT JSON ARRAY', un('NOT', call('json_valid', a, str('array')))],
  ['EXTRACT(CENTURY FROM a)', call('century', a)],
  ['EXTRACT(hours FROM a)', { kind: 'extract', unit: 'HOUR', operand: a }],
  ["EXTRACT('epoch' FROM a)", { kind: 'extract', unit: 'EPOCH', operand: a }],
  ["INTERVAL '10' SECOND", interval('10', 'SECOND')],
  ["INTERVAL '10 seconds'", interval('10 seconds')],
  ['INTERVAL 10 SECONDS', interval('10', 'SECOND')],
  ["interval '1:30' hour to minute", interval('1:30', 'HOUR', 'MINUTE')],
  ["DATE '2026-01-01'", { kind: 'typed-literal', type: ty('DATE'), text: '2026-01-01' }],
  [
    "timestamp(3) '2026-01-01'",
    { kind: 'typed-literal', type: ty('TIMESTAMP', 3), text: '2026-01-01' },
  ],
  ['$2', { kind: 'parameter', style: 'numbered', name: '2' }],
  [':who', { kind: 'parameter', style: 'named', name: 'who' }],
  ['COUNT(*)', call('COUNT', { kind: 'star', qualifier: [] })],
  ['now()', call('now')],
  ['current_timestamp', call('current_timestamp')],
  ['count(DISTINCT a) FILTER (WHERE b)', { ...call('count', a), distinct: true, filter: b }],
  ['sum(ALL a)', call('sum', a)],
  ['substring(a FROM b FOR c)', call('substring', a, b, c)],
  ['SUBSTRING(a FOR c)', call('SUBSTRING', a, num('1'), c)],
  ['left(a, 2)', call('left', a, num('2'))],
  ['replace(a, b, c)', call('replace', a, b, c)],
  ['date(a)', call('date', a)],
])('expression %s', (text, tree) => {
  expect(bare(expressionOf(text))).toEqual(tree)
})

test('parameters without names are numbered over the whole text', () => {
  const { script } = parse('SELECT ?, ?; SELECT ?')
  expect(JSON.stringify(script).match(/"name":"\d"/g)).toEqual([
    '"name":"1"',
    '"name":"2"',
    '"name":"3"',
  ])
})

test('words that mean something elsewhere may name a column', () => {
  const names = [
    'at',
    'date',
    'time',
    'timestamp',
    'interval',
    'value',
    'name',
    'hour',
    'day',
    'source',
    'data',
    'size',
  ]
  for (const name of [
    ...names,
    'offset',
    'error',
    'key',
    'type',
    'filter',
    'left',
    'window',
    'query',
    'emit',
    'cast',
  ]) {
    expect(bare(expressionOf(`${name} FROM t`))).toEqual(col(name))
    const created = statementOf(`CREATE TABLE t (${name} INT, b TEXT)`)
    expect(created.kind === 'create-relation' && created.columns[0]?.name.name).toBe(name)
  }
})

test('a reserved word names nothing unless quoted or after AS', () => {
  for (const reserved of reservedWords) {
    expect(parse(`SELECT ${reserved} FROM ${reserved}`).diagnostics, reserved).not.toEqual([])
    expect(statementOf(`SELECT "${reserved}" AS ${reserved} FROM "${reserved}"`).kind).toBe(
      'query-statement',
    )
  }
  expect(keywords).toContain('SELECT')
})

// ---------------------------------------------------------------- many spellings, one tree

const tumble = "SELECT * FROM TUMBLE(TABLE bid, DESCRIPTOR(ts), INTERVAL '10' SECOND) AS w"
const hop =
  "SELECT * FROM HOP(TABLE bid, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '10' SECOND, INTERVAL '1' SECOND)"
const cumulate =
  "SELECT * FROM CUMULATE(TABLE bid, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '10' SECOND)"
const session =
  "SELECT * FROM SESSION(TABLE bid PARTITION BY (k), DESCRIPTOR(ts), INTERVAL '10' SECOND) AS s"
const closed = 'SELECT 1 EMIT ON WINDOW CLOSE'

test.each<[string, string]>([
  ["select * from table(tumble(table bid, descriptor(ts), interval '10' second)) w", tumble],
  ["SELECT * FROM TUMBLE(bid, ts, INTERVAL '10' SECOND) w", tumble],
  [
    'SELECT * FROM TUMBLE(DATA => TABLE bid, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL 10 SECOND) w',
    tumble,
  ],
  [
    'SELECT * FROM TABLE(TUMBLE(SIZE => INTERVAL 10 SECOND, TIMECOL => ts, DATA => bid)) AS w',
    tumble,
  ],
  [
    'SELECT * FROM CUMULATE(DATA => bid, TIMECOL => ts, STEP => INTERVAL 2 SECOND, SIZE => INTERVAL 10 SECOND)',
    cumulate,
  ],
  ['SELECT * FROM CUMULATE(bid, ts, INTERVAL 2 SECOND, INTERVAL 10 SECOND)', cumulate],
  ['SELECT * FROM SESSION(bid PARTITION BY k, ts, INTERVAL 10 SECOND) s', session],
  [
    'SELECT * FROM SESSION(TABLE bid, DESCRIPTOR(ts), DESCRIPTOR(k), INTERVAL 10 SECOND) s',
    session,
  ],
  [
    'SELECT * FROM SESSION(DATA => TABLE bid, TIMECOL => DESCRIPTOR(ts), KEY => DESCRIPTOR(k), ' +
      'SIZE => INTERVAL 10 SECOND) s',
    session,
  ],
  [
    'SELECT * FROM TABLE(SESSION(DATA => TABLE bid PARTITION BY (k), TIMECOL => ts, GAP => INTERVAL 10 SECOND)) s',
    session,
  ],
  ['FROM TUMBLE(bid, ts, INTERVAL 10 SECONDS) w', tumble],
  ['FROM TUMBLE(bid, ts, INTERVAL 10 SECONDS) w SELECT *', tumble],
  [
    'SELECT * FROM TABLE(HOP(TABLE bid, DESCRIPTOR(ts), INTERVAL 2 SECOND, INTERVAL 10 SECOND, INTERVAL 1 SECOND))',
    hop,
  ],
  [
    'SELECT * FROM hop(DATA => bid, TIMECOL => ts, SLIDE => INTERVAL 2 SECOND, ' +
      'SIZE => INTERVAL 10 SECOND, "OFFSET" => INTERVAL 1 SECOND)',
    hop,
  ],
  [
    'SELECT * FROM TUMBLE(DATA => t PARTITION BY k, ROWS => 2) AS w',
    'SELECT * FROM TUMBLE(TABLE t PARTITION BY (k), ROWS => 2) AS w',
  ],
  [
    'SELECT * FROM TABLE(HOP(TABLE t, ROWS => 4, SLIDE_ROWS => 2))',
    'SELECT * FROM HOP(TABLE t, SLIDE_ROWS => 2, ROWS => 4)',
  ],
  [
    'SELECT sum(a) OVER (ORDER BY b SESSION WITH GAP INTERVAL 5 MINUTES)',
    "SELECT sum(a) OVER (ORDER BY b SESSION WITH GAP INTERVAL '5' MINUTE)",
  ],
  ['SELECT 1 EMIT AFTER WINDOW CLOSE', closed],
  ['SELECT 1 EMIT FINAL', closed],
  ['SELECT 1 EMIT AFTER WATERMARK', closed],
  ['SELECT 1 EMIT ON UPDATE', 'SELECT 1 EMIT CHANGES'],
  [
    'SELECT 1 EMIT ON UPDATE WITH BATCH INTERVAL 1 SECOND',
    "SELECT 1 EMIT CHANGES WITH BATCH INTERVAL '1' SECOND",
  ],
  ['SELECT 1 EMIT PERIODIC INTERVAL 1 SECOND', "SELECT 1 EMIT EVERY INTERVAL '1' SECOND"],
  [
    'SELECT 1 EMIT FINAL WITH DELAY $1 AND TIMEOUT $2 EARLY EVERY $3 LATE ON UPDATE FOR $4',
    `${closed} WITH DELAY $1 AND TIMEOUT $2 EARLY EVERY $3 LATE ON UPDATE FOR $4`,
  ],
  ['SELECT 1 EMIT', 'SELECT 1 EMIT CHANGES'],
  ['(SELECT 1) EMIT CHANGES', 'SELECT 1 EMIT CHANGES'],
  ['((SELECT a FROM t)) ORDER BY a LIMIT 2', 'SELECT a FROM t ORDER BY a LIMIT 2'],
  ['(SELECT a FROM t ORDER BY a) LIMIT 2', 'SELECT a FROM t ORDER BY a LIMIT 2'],
  ['SELECT a FROM t OFFSET 2 ROWS FETCH FIRST 3 ROWS ONLY', 'SELECT a FROM t LIMIT 3 OFFSET 2'],
  ['SELECT a FROM t LIMIT ALL', 'SELECT a FROM t'],
  ['SELECT ALL a FROM t AS u', 'SELECT a FROM t u'],
  ['SELECT a FROM (t)', 'SELECT a FROM t'],
  ['EXPLAIN PLAN FOR SELECT 1', 'EXPLAIN SELECT 1'],
  ['SELECT a::int', 'SELECT CAST(a AS INT)'],
  ['SELECT a != b', 'SELECT a <> b'],
  ['SELECT 1 -- no\n /* no /* no */ */ + /*+ hint */ 2', 'SELECT 1 + 2'],
  [';;SELECT 1;;', 'SELECT 1'],
  [
    'SELECT count(*) n FROM ((SELECT a FROM t) x JOIN u ON x.a = u.a)',
    'SELECT count(*) AS n FROM (SELECT a FROM t) AS x JOIN u ON x.a = u.a',
  ],
  ['CREATE TABLE t (a INT,)', 'CREATE TABLE t (a INT)'],
])('%s means %s', (text, same) => {
  expect(bare(statementOf(text))).toEqual(bare(statementOf(same)))
})

// ---------------------------------------------------------------- laws

/** Every expression below `node`. */
function expressionsOf(node: unknown, found: Expression[] = []): Expression[] {
  if (typeof node !== 'object' || node === null) return found
  if ('kind' in node && expressionKinds.has(node.kind as string)) found.push(node as Expression)
  for (const value of Object.values(node)) expressionsOf(value, found)
  return found
}
// biome-ignore format: a list to read as a block
const expressionKinds: ReadonlySet<string> = new Set([
  'number', 'string', 'boolean', 'null', 'interval', 'typed-literal', 'column', 'unary', 'binary', 'is-null',
  'is-boolean', 'is-distinct', 'between', 'in', 'like', 'case', 'cast', 'extract', 'call',
])

test('property: the span of an expression delimits its text', () => {
  fc.assert(
    fc.property(arbitrary.query, (query: Query) => {
      const text = print(query)
      for (const part of expressionsOf(parse(text).script)) {
        const slice = text.slice(part.span.start, part.span.end)
        expect(bare(expressionOf(slice)), `${slice} in ${text}`).toEqual(bare(part))
      }
    }),
    { numRuns: sized(30, 100) },
  )
})

const marks = [...';;;()()[],.+-*/%=<>\'"`$:?', '::', '||', '=>', '--', '/*', '*/', '$$', "E'"]
const starts = ['CAST(', 'INTERVAL 1', "DATE '", 'TUMBLE(', 'OVER', 'UNION']
const words = ['1', '1.5', "'x'", 'a', 'b', 't', '\n', 'é', '“', '\u{1F600}']
const scraps = fc.constantFrom(...keywords, ...marks, ...starts, ...words)

test('property: any text is a script or diagnostics within it', () => {
  fc.assert(
    fc.property(fc.array(scraps, { maxLength: 20 }), (pieces) => {
      const text = pieces.join(' ')
      const { script, diagnostics } = parse(text)
      const places = diagnostics.map((d) => d.span!.start)
      expect(places).toEqual([...places].sort((x, y) => x - y))
      for (const { span, message } of diagnostics) {
        expect(message).not.toBe('')
        expect(0 <= span!.start && span!.start <= span!.end && span!.end <= text.length, text).toBe(
          true,
        )
      }
      for (const statement of script.statements) {
        expect(statementOf(print(statement)).kind).toEqual(statement.kind)
      }
    }),
    { numRuns: sized(500, 3000) },
  )
})
