/** EXPLAIN: every form that a statement may be explained in. */
import { describe, expect, test } from 'vitest'
import { QueryMistake, systemDisk } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import { Database } from '../../src/database/index.ts'

const endless = {
  async *[Symbol.asyncIterator]() {
    await new Promise(() => {})
  },
}

async function started() {
  const database = new Database({
    cycles: 'manual',
    connectors: builtinConnectors(systemDisk, new Map([['open', endless]])),
  })
  await database.execute(`CREATE STREAM bid (id BIGINT NOT NULL, price DOUBLE);
    CREATE TABLE t (a INT PRIMARY KEY, b INT);
    CREATE TABLE out (id BIGINT) WITH (connector = 'blackhole');
    CREATE TABLE endless (id BIGINT) WITH (connector = 'datagen');
    CREATE TABLE open (id BIGINT) WITH (connector = 'js', source = 'open');
    CREATE MATERIALIZED VIEW e AS SELECT id FROM open;
    CREATE MATERIALIZED VIEW m AS SELECT id, count(*) AS n FROM bid GROUP BY id;
    INSERT INTO bid VALUES (1, 2), (1, 3), (2, 4); FLUSH`)
  return database
}

async function linesOf(text: string): Promise<{ lines: string[]; notices: string[] }> {
  const database = await started()
  const notices: string[] = []
  const results = await database.execute(text, { onNotice: (notice) => notices.push(notice) })
  await database.close()
  const lines = results.flatMap((one) =>
    one.kind === 'rows' ? one.rows.map(([line]) => String(line)) : [],
  )
  return { lines, notices }
}

describe('the first line says where the rows go', () => {
  test.each([
    ['EXPLAIN INSERT INTO t SELECT 1, 2', 'Insert  into t'],
    ['EXPLAIN UPDATE t SET b = 2', 'Update  t'],
    ['EXPLAIN DELETE FROM t', 'Delete  from t'],
    ['EXPLAIN INSERT INTO out SELECT id FROM bid', 'Sink  out  connector blackhole'],
    ["EXPLAIN CREATE SINK k FROM m WITH (connector = 'print')", 'Sink  k  connector print'],
    ['EXPLAIN CREATE MATERIALIZED VIEW w AS SELECT id FROM bid', 'MaterializedView  w'],
    ['EXPLAIN CREATE VIEW w AS SELECT id FROM bid', 'View  w'],
    ['EXPLAIN CREATE TABLE w AS SELECT id FROM bid', 'Table  w'],
    ['EXPLAIN SUBSCRIBE m', 'Subscribe'],
    ['EXPLAIN PLAN FOR SELECT id FROM bid', 'Scan  bid (id)'],
  ])('%s', async (text, first) => {
    expect((await linesOf(text)).lines[0]).toBe(first)
  })
})

test('a set of statements is explained one by one', async () => {
  const insert = 'INSERT INTO out SELECT id FROM bid;'
  const { lines } = await linesOf(`EXPLAIN EXECUTE STATEMENT SET BEGIN ${insert} ${insert} END`)
  expect(lines).toEqual([
    'Sink  out  connector blackhole',
    '  Scan  bid (id)',
    'Sink  out  connector blackhole',
    '  Scan  bid (id)',
  ])
  expect((await linesOf(`EXPLAIN STATEMENT SET BEGIN ${insert} END`)).lines).toHaveLength(2)
})

test("Flink's details: kinds of change, advice, the plan as JSON,", async () => {
  const details = 'ESTIMATED_COST, CHANGELOG_MODE, PLAN_ADVICE, JSON_EXECUTION_PLAN'
  const text = `EXPLAIN ${details} SELECT id, sum(price) FROM bid GROUP BY id EMIT CHANGES`
  const { lines, notices } = await linesOf(text)
  expect(lines[0]).toContain('changelog [I,UB,UA]')
  expect(lines.at(1)).toContain('changelog [I]')
  const advice =
    'advice: Aggregate keeps a cell for each id: windows over a WATERMARK would let groups go'
  expect(lines).toContain(advice)
  const json = lines.slice(lines.indexOf('{')).join('\n')
  expect(JSON.parse(json)).toMatchObject({ kind: 'aggregate' })
  expect(lines[0]).toContain('~1 row ')
  expect(notices).toEqual([])
})

test('costs: about how many rows each node gives', async () => {
  const { lines } = await linesOf(
    'EXPLAIN (COST) SELECT bid.id FROM bid JOIN t ON bid.id = t.a WHERE bid.price > 1',
  )
  expect(lines.map((line) => /~[\d,]+ rows?/.exec(line)?.[0])).toEqual([
    '~10 rows',
    '~10 rows',
    '~1 row',
    '~1 row',
    '~3 rows',
    '~1,000 rows',
    '~1,000 rows',
  ])
  const dot = await linesOf('EXPLAIN (COST, FORMAT DOT) SELECT id FROM bid')
  expect(dot.lines[0]).toContain('~3 rows')
  const json = await linesOf('EXPLAIN (COST, FORMAT JSON) SELECT id FROM bid')
  expect(json.notices).toEqual([
    'costs are shown beside the nodes of a plan, as text or FORMAT DOT',
  ])
})

test('options in parentheses: columns, the plan before the rewrites, the plan of a stream', async () => {
  const verbose = await linesOf('EXPLAIN (VERBOSE) SELECT id FROM bid')
  expect(verbose.lines).toEqual(['Scan  bid (id)', '    columns id BIGINT NOT NULL'])
  const logical = await linesOf('EXPLAIN (TYPE LOGICAL) SELECT id FROM bid')
  expect(logical.lines).toEqual(['Project  id', '  Scan  bid (id, price)'])
  const stream = await linesOf('EXPLAIN (TYPE STREAM) SELECT count(*) FROM bid')
  expect(stream.lines[0]).toContain('updating')
  const json = await linesOf('EXPLAIN (FORMAT JSON) SELECT id FROM bid')
  expect(JSON.parse(json.lines[0]!)).toMatchObject({ kind: 'scan' })
  const dot = await linesOf('EXPLAIN (FORMAT DOT) INSERT INTO out SELECT id FROM bid')
  expect(dot.lines[0]).toMatch(/^digraph plan \{/)
})

describe('ANALYZE', () => {
  test('says what each operator did, and writes nothing', async () => {
    const { lines, notices } = await linesOf(
      'EXPLAIN ANALYZE INSERT INTO t SELECT id, 1 FROM bid; SELECT a FROM t',
    )
    expect(lines[2]).toContain('Scan  bid (id)  [rows 3]')
    expect(lines[3]).toMatch(/^3 rows in, 3 rows out/)
    expect(lines).toHaveLength(4)
    expect(notices).toEqual(['EXPLAIN ANALYZE runs the query only: nothing is made or written'])
  })

  test('tells of a query that runs', async () => {
    const { lines } = await linesOf('EXPLAIN ANALYZE FOR MATERIALIZED VIEW m')
    expect(lines[0]).toMatch(/^view {2}\[state \d+ B\]$/)
    expect(lines.some((line) => /Aggregate.*cells 2/.test(line))).toBe(true)
    expect(lines.at(-1)).toBe('3 rows in')
  })
})

describe('ANALYZE CPU, MEMORY', () => {
  test('tells bytes and milliseconds of each operator, and the query that tells the bytes', async () => {
    const database = await started()
    const both = await database.query('EXPLAIN ANALYZE CPU, MEMORY FOR MATERIALIZED VIEW m')
    expect(both.fields.map(({ name }) => name)).toEqual(['operator', 'cpu_ms', 'memory'])
    expect(both.rows[0]!.slice(0, 2)).toEqual(['View', null])
    const times = both.rows.slice(1).map(([, millis]) => Number(millis))
    expect(times.every((millis) => millis >= 0)).toBe(true)
    expect(times.reduce((a, b) => a + b)).toBeGreaterThan(0)
    const memory = await database.query('EXPLAIN ANALYZE MEMORY FOR MATERIALIZED VIEW m')
    const [[sql]] = (await database.query('EXPLAIN ANALYZE MEMORY FOR QUERY m AS SQL')).rows as [
      [string],
    ]
    const asked = await database.query(sql)
    expect(asked.fields.map(({ name }) => name)).toEqual(memory.fields.map(({ name }) => name))
    expect(asked.rows).toEqual(
      memory.rows.map(([operator, bytes]) => [String(operator).trim(), bytes]),
    )
    await database.close()
  })
})

test.each([
  ['EXPLAIN FLUSH', 'unsupported', 'EXPLAIN of FLUSH'],
  ['EXPLAIN (FORMAT XML) SELECT 1', 'unsupported', 'EXPLAIN (FORMAT XML)'],
  ['EXPLAIN APPROXIMATE SELECT 1', 'unsupported', 'EXPLAIN APPROXIMATE'],
  ['EXPLAIN ANALYZE CPU FOR QUERY m AS SQL', 'unsupported', 'EXPLAIN ANALYZE CPU … AS SQL'],
  ['EXPLAIN ANALYZE FOR QUERY m AS SQL', 'unsupported', 'AS SQL without CPU or MEMORY'],
  ['EXPLAIN ANALYZE MATERIALIZED VIEW m (DURATION_SECS 9)', 'unsupported', 'DURATION_SECS'],
  ['EXPLAIN ANALYZE CPU FOR QUERY e', 'unbounded', 'e reads rows that are not stored'],
  ['EXPLAIN ANALYZE FOR QUERY nix', 'unknown_name', 'there is no query nix'],
  ['EXPLAIN ANALYZE SELECT id FROM endless EMIT CHANGES', 'unbounded', 'endless never ends'],
  ['EXPLAIN ANALYZE STEPS SELECT 1', 'unsupported', 'EXPLAIN ANALYZE STEPS'],
])('%s is a mistake', async (text, code, message) => {
  const fault = await linesOf(text).catch((error: unknown) => error)
  if (!(fault instanceof QueryMistake)) throw new Error(`${text} was taken`)
  expect(fault.diagnostics[0]).toMatchObject({ code, message: expect.stringContaining(message) })
  expect(fault.diagnostics[0]).toHaveProperty('span')
})
