/** Command line: the contract that scripts and other programs rely on: stdout, stderr, exit status. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const folder = '.tmp/cli'
mkdirSync(folder, { recursive: true })

interface Outcome {
  stdout: string
  stderr: string
  status: number | null
}

function millrace(args: string[], input = ''): Outcome {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['src/cli.ts', ...args], {
    encoding: 'utf8',
    input,
  })
  return { stdout, stderr, status }
}

function file(name: string, text: string): string {
  const path = `${folder}/${name}`
  writeFileSync(path, text)
  return path
}

test('-c answers rows on stdout, as jsonl in a pipe', () => {
  expect(millrace(['-c', `SELECT 1 AS a, 'x' AS b; SELECT 2.50 AS c`])).toEqual({
    stdout: '{"a":1,"b":"x"}\n{"c":"2.50"}\n',
    stderr: '',
    status: 0,
  })
})

test('an older Node is told so in a sentence', () => {
  const versions = '{...process.versions,node:"22.17.9"}'
  const older = `Object.defineProperty(process,"versions",{value:${versions}})`
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${older}`, 'src/cli.ts', '-c', 'SELECT 1'],
    { encoding: 'utf8' },
  )
  expect({ stdout, stderr, status }).toEqual({
    stdout: '',
    stderr: 'error: millrace needs Node 22.18 or newer; this is Node 22.17.9\n',
    status: 1,
  })
})

test('confirmations go to stderr', () => {
  const { stdout, stderr, status } = millrace([
    '-c',
    'CREATE STREAM s (a BIGINT); INSERT INTO s VALUES (1), (NULL); SELECT COUNT(*) AS n, COUNT(a) AS m FROM s',
  ])
  expect({ stdout, status }).toEqual({ stdout: '{"n":2,"m":1}\n', status: 0 })
  expect(stderr).toContain('stream s created')
  expect(stderr).toContain('INSERT 2')
})

test('a mistake has code, position and hint on stderr; earlier results stay', () => {
  const { stdout, stderr, status } = millrace(['-c', 'SELECT 1 AS a;\nSELECT nothing FROM nowhere'])
  expect({ stdout, status }).toEqual({ stdout: '{"a":1}\n', status: 1 })
  expect(stderr).toContain('2:')
  expect(stderr).toContain('(unknown_name)')
})

test('what is not supported yet says so and fails', () => {
  const { stdout, stderr, status } = millrace([
    '-c',
    'SELECT a FROM (VALUES (1)) AS t (a) TABLESAMPLE BERNOULLI(1)',
  ])
  expect({ stdout, status }).toEqual({ stdout: '', status: 1 })
  expect(stderr).toContain('not supported yet')
})

test('--pace releases rows of sources by their event time', () => {
  const path = file('paced.csv', 'ts,k\n2026-01-01 00:00:00,1\n2026-01-01 00:00:30,2\n')
  const sql = `CREATE TABLE e (ts TIMESTAMP(3), k BIGINT, WATERMARK FOR ts AS ts)
    WITH ('connector' = 'filesystem', 'path' = '${path}'); SELECT k FROM e EMIT CHANGES`
  const startedAt = performance.now()
  const { stdout, status } = millrace(['--pace', '100', '-c', sql])
  expect({ stdout, status }).toEqual({ stdout: '{"k":1}\n{"k":2}\n', status: 0 })
  expect(performance.now() - startedAt).toBeGreaterThan(300)
})

test('wrong usage is status 2, help and version are status 0', () => {
  for (const args of [
    ['--nonsense'],
    ['run'],
    ['--format', 'xml', '-c', 'SELECT 1'],
    ['--set', 'novalue', '-c', 'SELECT 1'],
    ['--pace', '-1', '-c', 'SELECT 1'],
  ]) {
    const { status, stdout } = millrace(args)
    expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: '' })
  }
  expect(millrace(['--help']).status).toBe(0)
  expect(millrace(['rpc', '--help']).stdout).toContain('"sql":"SELECT $1 AS a"')
  expect(millrace(['--version'])).toEqual({ stdout: '0.1.0\n', stderr: '', status: 0 })
})

test('run takes a script with variables', () => {
  const data = file('in.csv', 'a,b\n1,x\n2,\n3,"y, z"\n')
  const script = file(
    'script.sql',
    `CREATE TABLE t (a BIGINT, b VARCHAR) WITH ('connector' = 'filesystem', 'path' = '\${FILE}', 'format' = 'csv');
     SELECT a, b FROM t WHERE a >= \${LEAST} ORDER BY a;`,
  )
  const good = millrace([
    'run',
    script,
    '--set',
    `FILE=${data}`,
    '--set',
    'LEAST=2',
    '--format',
    'csv',
    '--header',
  ])
  expect({ stdout: good.stdout, status: good.status }).toEqual({
    stdout: 'a,b\n2,\n3,"y, z"\n',
    status: 0,
  })
  const bad = millrace(['run', script, '--set', `FILE=${data}`])
  expect(bad.status).toBe(1)
  expect(bad.stderr).toMatch(/2:\d+.*LEAST[\s\S]*undefined_variable|undefined_variable/)
  expect(millrace(['run', 'not/there.sql'])).toMatchObject({ status: 1, stdout: '' })
})

test('changes carry _op only when rows may be taken back, and end with their bounded input', () => {
  const data = file(
    'events.csv',
    '2026-01-01 00:00:01,a\n2026-01-01 00:00:02,b\n2026-01-01 00:02:00,a\n',
  )
  const table = `CREATE TABLE e (at TIMESTAMP(3), k VARCHAR, WATERMARK FOR at)
    WITH ('connector' = 'filesystem', 'path' = '${data}', 'format' = 'csv');`
  const closed = millrace([
    '-c',
    `${table} SELECT k, window_start, COUNT(*) AS n FROM TUMBLE(e, at, INTERVAL '1' MINUTE)
     GROUP BY k, window_start, window_end EMIT ON WINDOW CLOSE`,
  ])
  expect(closed.status).toBe(0)
  expect(
    closed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { k: 'a', window_start: '2026-01-01 00:00:00', n: 1 },
    { k: 'b', window_start: '2026-01-01 00:00:00', n: 1 },
    { k: 'a', window_start: '2026-01-01 00:02:00', n: 1 },
  ])
  const changing = millrace([
    '-c',
    `${table} SELECT k, COUNT(*) AS n FROM e GROUP BY k EMIT CHANGES`,
  ])
  expect(changing.status).toBe(0)
  const state = new Map<string, number>()
  for (const line of changing.stdout.trim().split('\n')) {
    const { _op, k, n } = JSON.parse(line)
    if (_op === '+I' || _op === '+U') state.set(k, n)
    else if (_op === '-D') state.delete(k)
    else expect(_op).toBe('-U')
  }
  expect(Object.fromEntries(state)).toEqual({ a: 2, b: 1 })
})

test('an interrupt ends an endless statement with status 130', async () => {
  const child = spawn(process.execPath, [
    'src/cli.ts',
    '-c',
    'CREATE STREAM s (a BIGINT); INSERT INTO s VALUES (1); SUBSCRIBE s',
  ])
  let stdout = ''
  const status = await new Promise<number | null>((resolve) => {
    child.stdout.on('data', (chunk) => {
      stdout += chunk
      child.kill('SIGINT')
    })
    child.on('exit', resolve)
  })
  expect({ stdout, status }).toEqual({ stdout: '{"a":1}\n', status: 130 })
})

test('a reader that goes away is no fault', () => {
  const rows = Array.from({ length: 5000 }, (_, at) => `(${at})`).join(', ')
  const script = file(
    'many.sql',
    `CREATE STREAM s (a BIGINT); INSERT INTO s VALUES ${rows}; SELECT * FROM s ORDER BY a`,
  )
  const { stdout, stderr } = spawnSync(
    'bash',
    [
      '-c',
      `set -o pipefail; "${process.execPath}" src/cli.ts run ${script} 2>/dev/null | head -2; echo "status $?"`,
    ],
    { encoding: 'utf8' },
  )
  expect({ stdout, stderr }).toEqual({ stdout: '{"a":0}\n{"a":1}\nstatus 0\n', stderr: '' })
})

test('the shell reads statements from a pipe and stops at the first mistake', () => {
  const good = millrace(
    [],
    'SELECT 1\nAS a;\n.mode csv\nSELECT 2 AS b; SELECT 3 AS c;\nSELECT 4 AS d',
  )
  expect(good).toEqual({ stdout: '{"a":1}\n2\n3\n4\n', stderr: '', status: 0 })
  const bad = millrace(['shell'], 'SELECT x;\nSELECT 1 AS a;\n')
  expect({ stdout: bad.stdout, status: bad.status }).toEqual({ stdout: '', status: 1 })
})

test('rpc answers each line', () => {
  const { stdout, status } = millrace(
    ['rpc'],
    [
      '{"id":1,"sql":"CREATE STREAM s (a BIGINT, b DECIMAL(5, 2)); INSERT INTO s VALUES (1, 1.5)"}',
      '{"id":2,"sql":"SELECT * FROM s"}',
      '{"id":3,"sql":"SELECT * FROM t"}',
      '{"id":4,"sql":"SELECT a + $1 AS c FROM s","params":[41]}',
      '{"id":5,"sql":"SUBSCRIBE s"}',
    ].join('\n'),
  )
  expect(status).toBe(0)
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(answers[0]).toEqual({ id: 1, ok: true, columns: [], rows: [], count: 0 })
  expect(answers[1]).toEqual({
    id: 2,
    ok: true,
    columns: ['a', 'b'],
    rows: [[1, '1.50']],
    count: 1,
  })
  expect(answers[2]).toMatchObject({ id: 3, ok: false, code: 'unknown_name', position: 14 })
  expect(answers[3]).toEqual({ id: 4, ok: true, columns: ['c'], rows: [[42]], count: 1 })
  expect(answers.slice(4)).toEqual([
    { id: 5, row: [1, '1.50'], op: '+I' },
    { id: 5, ok: true, columns: ['a', 'b'], rows: [], count: 1 },
  ])
})
