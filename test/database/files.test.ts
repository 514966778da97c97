/** Files in statements: READ_CSV and its like, bare paths, and tables over many files, from SQL text to rows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemDisk } from '../../src/base/index.ts'
import { type Database, open } from '../../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-sql-'))
let db: Database
beforeAll(async () => {
  db = await open(':memory:')
  write('a.csv', 'id,v\n1,2.5\n2,x\n')
  write('day=2024-01-01/f.csv.gz', gzipSync('k,n\na,1\nb,2\n'))
  write('day=2024-01-02/f.csv', 'k,n\na,3\n')
  write('d.json', '[{"a":{"b":1}},{"a":{"b":2}}]')
})
afterAll(async () => {
  await db.close()
  rmSync(folder, { recursive: true })
})

function write(path: string, content: string | Uint8Array): void {
  const file = systemDisk.create(join(folder, path))
  file.write(Buffer.from(content))
  file.close()
}

const query = (sql: string) => db.query(sql.replaceAll('@', folder))

test('a bare path is a relation, named after the file', async () => {
  expect(await query(`SELECT a.id, v FROM '@/a.csv' WHERE a.id = 2`)).toEqual([{ id: 2n, v: 'x' }])
  expect(await query(`SELECT x.b FROM read_json('@/d.json', "json.path.b" = '$.a.b') x`)).toEqual([
    { b: 1n },
    { b: 2n },
  ])
})

test('arrays and objects of JSON are arrays and structs, whatever members the rows have', async () => {
  const rows = [
    '{"id": 1, "t": ["a", null], "p": {"x": 1, "when": "2026-01-02"}, "l": [{"v": 1.5}, {"w": [1]}], "odd": [1, "x"]}',
    '{"id": 2, "t": null, "p": {"x": 2.5, "in": {"deep": true}}, "l": [], "odd": [], "none": [], "mixed": {"a": 1}}',
    '{"id": 3, "t": [], "p": null, "same": {"a": 1, "A": 2}, "big": [12345678901234567890], "mixed": 5}',
  ]
  write('nested.json', `${rows.join('\n')}\n`)
  const types = ['t', 'p', 'l', 'odd', 'none', 'mixed', 'same', 'big']
  const list = types.map((name) => `typeof(${name}) AS "${name}"`).join(', ')
  expect((await query(`SELECT ${list} FROM '@/nested.json' LIMIT 1`))[0]).toEqual({
    t: 'VARCHAR[]',
    p: 'STRUCT(x DOUBLE, when DATE, in STRUCT(deep BOOLEAN))',
    l: 'STRUCT(v DOUBLE, w BIGINT[])[]',
    odd: 'JSON[]',
    none: 'JSON[]',
    mixed: 'VARCHAR',
    same: 'JSON',
    big: 'VARCHAR[]',
  })
  const sql = `SELECT id, t[1] AS t, p.x, (p).in.deep, l[2].w[1] AS w FROM '@/nested.json' ORDER BY id`
  expect(await query(sql)).toEqual([
    { id: 1n, t: 'a', x: 1, deep: null, w: 1n },
    { id: 2n, t: null, x: 2.5, deep: true, w: null },
    { id: 3n, t: null, x: null, deep: null, w: null },
  ])
  write('document.json', '{"all": [{"p": {"a": [1]}}, {"p": {"a": [2, 3]}}]}')
  expect(
    await query(`SELECT len(p.a) AS n FROM read_json('@/document.json', root => '$.all')`),
  ).toEqual([{ n: 1n }, { n: 2n }])
})

test('read_csv takes patterns and options, and partitions are columns', async () => {
  const sql = `SELECT k, SUM(n) AS n, MAX(day) AS day FROM read_csv('@/day=*/*', header => true)
    GROUP BY k ORDER BY k`
  const rows = await query(sql)
  expect(rows).toMatchObject([
    { k: 'a', n: 4n },
    { k: 'b', n: 2n },
  ])
})

test('joins, windows of queries, views and continuous queries over files', async () => {
  const joined = `SELECT COUNT(*) AS n FROM '@/a.csv' a JOIN '@/a.csv' b ON a.id = b.id`
  expect(await query(joined)).toEqual([{ n: 2n }])
  await db.execute(`CREATE VIEW fv AS SELECT id FROM '${folder}/a.csv'`)
  expect(await query('SELECT COUNT(*) AS n FROM fv')).toEqual([{ n: 2n }])
  await db.execute(`CREATE MATERIALIZED VIEW fm AS SELECT k, COUNT(*) AS n FROM
    read_csv('${folder}/day=*/*') GROUP BY k`)
  expect(await query('SELECT k, n FROM fm ORDER BY k')).toEqual([
    { k: 'a', n: 2n },
    { k: 'b', n: 1n },
  ])
})

test.each([
  [`SELECT * FROM '@/nope.csv'`, 'file', /cannot open/],
  [`SELECT * FROM '@/*.parquet'`, 'file', /no file matches/],
  [`SELECT * FROM '@/f'`, 'invalid_option', /option 'format' is missing/],
  [`SELECT * FROM read_csv('@/a.csv', hedaer = true)`, 'invalid_option', /unknown option 'hedaer'/],
  [`SELECT * FROM read_csv('@/a.csv', header = maybe)`, 'invalid_option', /cannot be 'maybe'/],
  [`SELECT w FROM read_csv('@/a.csv')`, 'unknown_name', /column w does not exist/],
])('mistake: %s', async (sql, code, message) => {
  const fault = await query(sql).catch((cause: unknown) => cause)
  expect(fault).toMatchObject({ code, message: expect.stringMatching(message) })
})

test('a row that cannot be decoded fails the statement and names file and row', async () => {
  const many = Array.from({ length: 2000 }, (_, id) => `${id},${id}\n`).join('')
  write('late.csv', `id,v\n${many}x,1\n`)
  const fault = query(`SELECT SUM(id) AS n FROM '@/late.csv'`)
  await expect(fault).rejects.toThrow(/^row 2000: column id: cannot read "x" as BIGINT, in "x,1"$/)
  const sum = await query(`SELECT SUM(id) AS n FROM read_csv('@/late.csv', ignore_errors = true)`)
  expect(sum).toEqual([{ n: 1999000n }])
})

test('a partitioned sink writes parts, which read back as they were', async () => {
  const path = `${folder}/out`
  await db.execute(`CREATE TABLE source (auction BIGINT, price DOUBLE, at TIMESTAMP(3), dt STRING,
    hm STRING) WITH ('connector' = 'filesystem', 'path' = '${folder}/source.json')`)
  const first = '"auction":1,"price":1.5,"at":"2024-01-01 10:30:00","dt":"2024-01-01"'
  const last = '"auction":2,"price":2.5,"at":"2024-01-02 00:00:00","dt":"2024-01-02"'
  write('source.json', `${`{${first},"hm":"10:30"}\n`.repeat(3)}{${last}}\n`)
  await db.execute(`CREATE TABLE sink (auction BIGINT, price DOUBLE, at TIMESTAMP(3), dt STRING, hm STRING)
    PARTITIONED BY (dt, hm) WITH ('connector' = 'filesystem', 'path' = 'file://${path}/', 'format' = 'csv',
      'sink.partition-commit.trigger' = 'partition-time', 'sink.partition-commit.delay' = '1 min',
      'sink.partition-commit.policy.kind' = 'success-file', 'sink.rolling-policy.rollover-interval' = '1min',
      'partition.time-extractor.timestamp-pattern' = '$dt $hm:00')`)
  await db.execute('INSERT INTO sink SELECT * FROM source')
  await db.execute('INSERT INTO sink SELECT * FROM source WHERE auction = 2')
  const names = systemDisk.names(`${path}/dt=2024-01-02/hm=__HIVE_DEFAULT_PARTITION__`)
  expect(names).toEqual(['_SUCCESS', 'part-00000.csv', 'part-00001.csv'])
  expect(systemDisk.readText(`${path}/dt=2024-01-01/hm=10%3A30/part-00000.csv`)).toBe(
    '1,1.5,2024-01-01 10:30:00\n'.repeat(3),
  )
  const rows = await query('SELECT auction, price, at, dt, hm FROM sink ORDER BY auction')
  expect(rows).toEqual([
    ...(await query('SELECT auction, price, at, dt, hm FROM source ORDER BY auction')),
    ...(await query('SELECT auction, price, at, dt, hm FROM source WHERE auction = 2')),
  ])
})

test('a directory gets parts of a size, packed by an option, in json too', async () => {
  await db.execute(`CREATE TABLE parts (id BIGINT, name VARCHAR) WITH ('connector' = 'filesystem', 'format' = 'json',
    'path' = '${folder}/parts/', 'compression' = 'gzip', 'sink.rolling-policy.file-size' = '1kb')`)
  write(
    'many.csv',
    `id,name\n${Array.from({ length: 50_000 }, (_, id) => `${id},n${id % 7}\n`).join('')}`,
  )
  await db.execute(`INSERT INTO parts SELECT * FROM '${folder}/many.csv'`)
  const names = systemDisk.names(`${folder}/parts`)
  expect(names[0]).toBe('part-00000.json.gz')
  const sums = 'COUNT(*) AS n, SUM(id) AS id, MAX(name) AS name'
  expect(await query(`SELECT ${sums} FROM parts`)).toEqual(
    await query(`SELECT ${sums} FROM '@/many.csv'`),
  )
})

test.each([
  [`CREATE TABLE m1 (a INT) PARTITIONED BY (b) WITH ('connector' = 'filesystem', 'path' = 'x/', 'format' = 'csv')`,
    'unknown_name', 'column b does not exist'],
  [`CREATE TABLE m2 (a INT) PARTITIONED BY (a) WITH ('connector' = 'filesystem', 'path' = 'x/', 'format' = 'csv')`,
    'invalid_option', `option 'partition.columns' leaves no column for the files`],
  ['CREATE TABLE m3 (a INT) PARTITIONED BY (a)', 'unsupported',
    'not supported yet: PARTITIONED BY without a connector'],
  [`CREATE TABLE m4 (a INT) WITH ('connector' = 'filesystem', 'path' = 'x/', 'format' = 'csv',
    'sink.rolling-policy.file-size' = 'big')`, 'invalid_option',
    `option 'sink.rolling-policy.file-size' cannot be 'big'`],
])('mistake: %s', async (sql, code, message) => {
  const fault = await db.execute(sql).catch((cause: unknown) => cause)
  expect(fault).toMatchObject({ code, message })
}) // biome-ignore format: a table
