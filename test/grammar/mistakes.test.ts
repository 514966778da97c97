/** Mistakes: bad texts with the code, place, message and hint of what is said about them. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from '../../grammar/index.ts'

/** Text with the span between « and »; what follows is the code, the message and the hint. */
type Case = [marked: string, message: string, hint?: string]

function check(marked: string, code: string, message: string, hint?: string): void {
  const start = marked.indexOf('«')
  const end = marked.indexOf('»') - 1
  const text = marked.replace('«', '').replace('»', '')
  const { script, diagnostics } = parse(text)
  expect(script.statements).toEqual([])
  expect(diagnostics.map(({ detail: _, ...rest }) => rest)).toEqual([
    { code, message, hint, span: { start, end } },
  ])
}

test.each<Case>([
  ['«SELEC» 1', 'unexpected SELEC', 'did you mean SELECT?'],
  ['«slect» a from t', 'unexpected slect', 'did you mean SELECT?'],
  ['SELECT a FORM «t»', 'unexpected t', 'did you mean FROM instead of FORM?'],
  ['SELECT a FROM t WEHRE «b» = 1', 'unexpected b', 'did you mean WHERE instead of WEHRE?'],
  ['SELECT a FROM t x «WHER» b', 'unexpected WHER', 'did you mean WHERE?'],
  ['SELECT a FROM t GRUOP «BY» a', 'unexpected BY', 'did you mean GROUP instead of GRUOP?'],
  ['CREATE «STERAM» s (a INT)', 'unexpected STERAM', 'did you mean STREAM?'],
  ['DROP «TABEL» t', 'unexpected TABEL', 'did you mean TABLE?'],
  ['INSERT INTO t «VALEUS» (1)', 'unexpected VALEUS', 'did you mean VALUES?'],
  ['SELECT f(a, «)»', 'unexpected )', 'remove the comma before )'],
  ['SELECT a «==» 2', 'unexpected ==', 'equality is written ='],
  ['SELECT 1 «SELECT» 2', 'unexpected SELECT', 'is a semicolon missing before SELECT?'],
  [
    'SELECT a FROM t INSERT «INTO» u VALUES (1)',
    'unexpected INTO',
    'is a semicolon missing before INSERT?',
  ],
  ['SUBSCRIBE TO «SELECT» 1', 'unexpected SELECT', 'put the query in parentheses'],
  ['SELECT a b «c»', 'unexpected c'],
  ['SELECT 1 «2»', 'unexpected 2'],
  ['SELECT«»', 'unexpected end of statement'],
  ['SELECT (1«»', 'unexpected end of statement', 'a ( is not closed'],
  ['SELECT 1«)»', 'unexpected )', 'there is no ( that it would close'],
  ['SELECT CASE WHEN a THEN b«»', 'unexpected end of statement'],
  ['SELECT a FROM «WHERE» b', 'unexpected WHERE'],
  ['SELECT «FROM» t', 'unexpected FROM'],
  ['SELECT a FROM t WHERE a = «=» b', 'unexpected ='],
  ['SELECT a «NOT» b', 'unexpected NOT'],
  ['SELECT a IS «b»', 'unexpected b'],
  ['SELECT - «NOT» a', 'unexpected NOT'],
  ['SELECT * FROM a JOIN b«»', 'unexpected end of statement'],
  ['SELECT count(DISTINCT «)»', 'unexpected )'],
  ['SELECT a FROM t ORDER «a»', 'unexpected a'],
  ['SELECT a FROM t LIMIT 1 «LIMIT» 2', 'a second LIMIT'],
  ['CREATE VIEW v«»', 'unexpected end of statement'],
  ['CREATE STREAM s («)»', 'unexpected )'],
  ['CREATE STREAM s (a«)»', 'unexpected )'],
  ['CREATE STREAM s (a INT,«,» b INT)', 'unexpected ,'],
  ['CREATE STREAM s (a DECIMAL(«1.5»))', 'a whole number is wanted here'],
  ['CREATE STREAM s (a «"INT"»)', 'a type name is not quoted'],
  ['CREATE STREAM s (a INT, WATERMARK FOR a, «WATERMARK» FOR a)', 'a second WATERMARK'],
  ['CREATE STREAM s (a INT) WITH (a«)»', 'unexpected )'],
  ['CREATE TABLE t (a INT DEFAULT «,» b INT)', 'unexpected ,'],
  ['«EXECUTE» STATEMENT SET BEGIN INSERT INTO t SELECT 1;', 'the statement set has no END'],
  ['EXECUTE STATEMENT SET BEGIN «SELECT» 1; END;', 'a statement set holds INSERT only'],
  ['CREATE TABLE t (a INT PRIMARY «,» b INT)', 'unexpected ,'],
  ['CREATE TABLE t (a INT, PRIMARY KEY «)»', 'unexpected )'],
  ['CREATE TABLE t (a INT CHECK «a» > 1)', 'unexpected a'],
  ['ALTER TABLE t ALTER a TYPE«»', 'unexpected end of statement'],
  ['ALTER TABLE t ALTER a SET «TYPE» INT', 'unexpected TYPE'],
  ['ALTER TABLE t ADD CONSTRAINT c «INT»', 'unexpected INT'],
  ['ALTER TABLE t ADD PRIMARY KEY«»', 'unexpected end of statement'],
  ['ALTER TABLE t DROP CONSTRAINT «1»', 'unexpected 1'],
  ['UPDATE t «WHERE» a = 1', 'unexpected WHERE'],
  ['UPDATE t SET a «>» 1', 'unexpected >'],
  ['DELETE «t»', 'unexpected t'],
  ['INSERT INTO t VALUES (1) ON CONFLICT DO «REPLACE»', 'unexpected REPLACE'],
  ['INSERT INTO t VALUES (DEFAULT «+» 1)', 'unexpected +'],
  ['INSERT «t» VALUES (1)', 'unexpected t'],
  ['SELECT * FROM «TUMBLE»(t, ts)', 'TUMBLE lacks an argument'],
  ['SELECT * FROM «HOP»(TABLE t, ROWS => 2)', 'HOP over rows lacks an argument'],
  [
    'SELECT * FROM «TUMBLE»(TABLE t, ROWS => 2, SIZE => INTERVAL 1 HOUR)',
    'windows of rows have no time',
    'leave TIMECOL, SIZE, SLIDE and OFFSET out, or ROWS and SLIDE_ROWS',
  ],
  ['SELECT * FROM «CUMULATE»(TABLE t, ROWS => 2)', 'CUMULATE has no ROWS', 'did you mean TUMBLE?'],
  ['SELECT * FROM «HOP»(t, ts, INTERVAL 1 HOUR)', 'HOP lacks an argument'],
  ['SELECT * FROM «TUMBLE»(t, ts, 1, 2, 3)', 'TUMBLE has too many arguments'],
  ['SELECT * FROM TUMBLE(DATA => t, «foo» => 1)', 'unknown argument foo'],
  ['SELECT * FROM TUMBLE(DATA => t, «DATA» => t)', 'argument DATA stands twice'],
  [
    'SELECT * FROM «TUMBLE»(DATA => t, TIMECOL => ts, SIZE => 1, SLIDE => 1)',
    'TUMBLE has no SLIDE',
    'did you mean HOP?',
  ],
  [
    'SELECT * FROM «HOP»(DATA => t, TIMECOL => ts, STEP => 1, SIZE => 1)',
    'HOP has no STEP',
    'did you mean CUMULATE?',
  ],
  [
    'SELECT * FROM «CUMULATE»(DATA => t, TIMECOL => ts, KEY => DESCRIPTOR(k), SIZE => 1)',
    'CUMULATE has no KEY',
    'did you mean SESSION?',
  ],
  ['SELECT * FROM «CUMULATE»(t, ts, a)', 'CUMULATE lacks an argument'],
  ['SELECT * FROM «CUMULATE»(t, ts, 1, 2, 3, TRUE, 4)', 'CUMULATE has too many arguments'],
  [
    'SELECT * FROM «TUMBLE»(TABLE t PARTITION BY k, DESCRIPTOR(ts), a)',
    'TUMBLE takes no PARTITION BY',
    'only the windows of SESSION depend on a key',
  ],
  ['SELECT * FROM «SESSION»(TABLE t, DESCRIPTOR(ts), DESCRIPTOR(k))', 'SESSION lacks an argument'],
  ['SELECT * FROM SESSION(t PARTITION BY k, ts, «DESCRIPTOR»(k), a)', 'PARTITION BY stands twice'],
  ['SELECT * FROM SESSION(DATA => t, «OFFSET» => a)', 'unknown argument OFFSET'],
  ['SELECT EXTRACT(«foo» FROM a)', 'unknown field foo'],
  ['SELECT «12abc»', 'malformed number 12abc'],
  ["SELECT 'a' «'b'»", "unexpected 'b'"],
  ["SELECT «'abc»", 'unterminated string', 'a quote inside of a string is written twice'],
  ['SELECT «"abc»', 'unterminated quoted name'],
  ['SELECT «""» FROM t', 'empty name'],
  ['SELECT «/* x»', 'unterminated comment'],
  ['SELECT «$$ x»', 'unterminated string'],
  ['SELECT «\\»', 'unexpected character \\'],
  ['SELECT «‘»a', 'unexpected character ‘', "strings stand in straight quotes: '…'"],
])('%s', (marked, message, hint) => {
  check(marked, 'syntax', message, hint)
})

test('an option that no number can hold', () => {
  const number = '99999999999999999999'
  check(
    `SET x = «${number}»`,
    'invalid_literal',
    `number ${number} is too large for an option`,
    'write it as a string',
  )
})

/** Text with the words of the construct marked; its name. */
test.each<Case>([
  ['SELECT «sum(a) IGNORE NULLS» FROM t', 'IGNORE NULLS without OVER'],
  ['SELECT * FROM «s.foo»(1)', 'table function S.FOO'],
  ['SELECT * FROM a FOR SYSTEM_TIME «AS OF CYCLE» 5', 'FOR SYSTEM_TIME AS OF CYCLE'],
  ['SELECT * FROM a JOIN «LATERAL SNAPSHOT(»input => TABLE b)', 'LATERAL SNAPSHOT'],
  [
    "SELECT * FROM a, «LATERAL TABLE(TUMBLE(TABLE b, DESCRIPTOR(c), INTERVAL '1' SECOND))»",
    'LATERAL of a window',
  ],
  ['SELECT * FROM a «TABLESAMPLE» BERNOULLI(1)', 'TABLESAMPLE'],
  ['SELECT a «:=» b', 'operator :='],
  ['SELECT a FROM t «WITH (»b = 1)', 'options of a query (WITH)'],
  ['SELECT f(«a» => 1)', 'named arguments of functions'],
  ["SELECT «B'10'»", 'bit strings'],
  ["SELECT «UUID '12:00'»", 'literals of type UUID'],
  ['SELECT «INTERVAL a FORTNIGHT»', 'INTERVAL of an expression'],
  ['SELECT EXTRACT(«julian» FROM a)', 'EXTRACT(JULIAN FROM …)'],
  ['SELECT a FROM t «ERROR WITHIN» 2 %', 'accuracy clauses (ERROR WITHIN)'],
  ['SELECT a FROM t «EXACT»', 'accuracy clauses (EXACT)'],
  ["CREATE STREAM s (a INT) INCLUDE «header 'x'» AS h", 'INCLUDE header of one name'],
  [
    'CREATE STREAM s (a INT, WATERMARK FOR a «WITH TTL»)',
    'WITH TTL',
    'leave it out: a stream keeps its rows, and windows over the watermark let go by themselves of what they keep',
  ],
  ['CREATE FUNCTION f () RETURNS INT «ASYNC» AS $$ 1 $$', 'an ASYNC function'],
  ['«CREATE CUBOID» k ON t', 'CREATE CUBOID'],
  ['«CREATE UNIQUE INDEX» i ON t (a)', 'CREATE INDEX'],
  ['CREATE TEMP «SINK» s FROM t', 'temporary sinks'],
  ['«ALTER QUERY» q SET (a = 1)', 'ALTER QUERY'],
  ['ALTER STREAM s ADD «WATERMARK» FOR ts AS ts', 'ALTER … ADD WATERMARK'],
  ['«SAVEPOINT» a', 'SAVEPOINT'],
  ['EXPLAIN (FORMAT «XML») SELECT 1', 'EXPLAIN (FORMAT XML)'],
  ['«DESCRIBE CUBOID c»', 'DESCRIBE CUBOID'],
  ['SUBSCRIBE s «AS OF» AT LEAST OFFSET 3', 'AS OF AT LEAST'],
  ['SELECT a FROM s «AS OF 1»', 'AS OF'],
  ['(SELECT 1 LIMIT 1) «LIMIT» 2', 'clauses after a query in parentheses'],
  ['SELECT sum(a «ORDER» BY b)', 'ORDER BY in a call'],
])('not supported yet: %s', (marked, construct, hint) => {
  check(marked, 'unsupported', `not supported yet: ${construct}`, hint)
})

test('one run reports the mistakes of every statement and keeps the good ones', () => {
  const text = "SELECT 1; SELEC 2;; SELECT 3; VACUUM; SELECT 'x; SELECT 5"
  const { script, diagnostics } = parse(text)
  expect(script.statements.map((s) => text.slice(s.span.start, s.span.end))).toEqual([
    'SELECT 1',
    'SELECT 3',
  ])
  expect(diagnostics.map((d) => [d.message, d.span?.start])).toEqual([
    ['unexpected SELEC', 10],
    ['not supported yet: VACUUM', 30],
    ['unterminated string', 45],
  ])
})

test('details list what would have done, in words', () => {
  const detail = (text: string) => parse(text).diagnostics[0]?.detail
  expect(detail('CREATE x')).toBe(
    'expected one of STREAM, TABLE, SOURCE, MATERIALIZED, VIEW, SINK, SUBSCRIPTION, FUNCTION, …',
  )
  expect(detail('SELECT a b c')).toBe('expected end of statement')
  expect(detail('SELECT (1')).toBe("expected ')'")
  expect(detail('SELECT')).toBe("expected an expression or '*'")
})

test('nesting and chains of operators are bounded, lists are not', () => {
  for (const opening of ['(', '- ', 'NOT ', 'f(', 'CASE WHEN ']) {
    const { diagnostics } = parse(`SELECT ${opening.repeat(5000)}`)
    expect(diagnostics.map((d) => d.message)).toEqual(['nested too deeply'])
  }
  expect(parse(`SELECT * FROM ${'(SELECT * FROM '.repeat(3000)}`).diagnostics[0]?.message).toBe(
    'nested too deeply',
  )
  expect(parse(`EXPLAIN ${'EXPLAIN '.repeat(3000)}FLUSH`).diagnostics[0]?.message).toBe(
    'nested too deeply',
  )
  expect(parse(`SELECT ${'a AND '.repeat(1000)}a`).diagnostics).toEqual([])
  expect(parse(`SELECT ${'a AND '.repeat(1001)}a`).diagnostics).toEqual([
    {
      code: 'syntax',
      message: 'more than 1000 operators in a row',
      hint: 'IN (…) takes any number of values',
      span: { start: 6009, end: 6012 },
    },
  ])
  expect(parse(`SELECT a IN (${'1, '.repeat(20_000)}1)`).diagnostics).toEqual([])
  expect(parse(`SELECT ${'('.repeat(100)}a${')'.repeat(100)}`).diagnostics).toEqual([])
})

const lines = readFileSync(new URL('mistakes.txt', import.meta.url), 'utf8').split('\n')
const listed = lines
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split(' ¦ ') as [string, string, string?, string?])

test.each(listed)('%s', (marked, message, hint = '', detail = '') => {
  check(marked, 'syntax', message, hint.trim() === '' ? undefined : hint)
  const told = parse(marked.replace(/[«»]/g, '')).diagnostics[0]?.detail
  if (detail === '…') expect(told).toMatch(/^expected ./)
  else expect(told).toBe(detail === '' ? undefined : detail)
})

test('at least 300 bad statements, of every kind of statement', () => {
  expect(listed.length).toBeGreaterThanOrEqual(300)
  const firsts = new Set(listed.map(([marked]) => /\w+/.exec(marked)?.[0]))
  // biome-ignore format: a list to read as a block
  expect([...firsts]).toEqual(expect.arrayContaining([
    'SELECT', 'VALUES', 'INSERT', 'CREATE', 'DROP', 'SUBSCRIBE', 'EXPLAIN', 'SET', 'DESCRIBE', 'FLUSH',
  ]))
  const made = (word: string) => listed.some(([marked]) => marked.startsWith(`CREATE ${word}`))
  expect(['STREAM', 'TABLE', 'VIEW', 'MATERIALIZED'].filter(made)).toHaveLength(4)
})
