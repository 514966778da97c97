/** COPY: rows into files and back, options, partitions, standard output, and what fails leaves nothing behind. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { type OpenOptions, open } from '../../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-copy-'))
afterAll(() => rmSync(folder, { recursive: true }))

const at = (name: string) => join(folder, name)
const text = (name: string) => readFileSync(at(name), 'utf8')

async function withRows(options: OpenOptions = {}) {
  const db = await open(':memory:', options)
  await db.execute(`
    CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR, x DOUBLE, p STRUCT(a INT, b VARCHAR));
    INSERT INTO t VALUES (1, 'a,b', 0.5, ROW(1, 'x')), (2, NULL, 1, NULL), (3, '', -2.25, ROW(NULL, 'y'))`)
  return db
}

const message = async (db: Awaited<ReturnType<typeof open>>, sql: string) => {
  const [result] = await db.execute(sql)
  return result?.kind === 'done' ? result.message : result
}

test('a query, a table and some of its columns, into csv', async () => {
  await using db = await withRows()
  expect(
    await message(db, `COPY (SELECT id, name FROM t ORDER BY id DESC) TO '${at('a.csv')}'`),
  ).toBe('COPY 3')
  expect(text('a.csv')).toBe('id,name\n3,""\n2,\n1,"a,b"\n')
  await db.execute(`COPY t (x, id) TO '${at('b.csv')}' WITH (HEADER false, DELIMITER ';')`)
  expect(text('b.csv')).toBe('0.5;1\n1;2\n-2.25;3\n')
  await db.execute(
    `COPY (SELECT name FROM t) TO '${at('c.txt')}' (FORMAT csv, NULL 'none', HEADER)`,
  )
  expect(text('c.txt')).toBe('name\n"a,b"\nnone\n""\n')
  await db.execute(`COPY (SELECT 1 AS n) TO '${at('plain')}'`)
  expect(text('plain')).toBe('n\n1\n')
  await db.execute(`COPY (SELECT 1 AS n WHERE FALSE) TO '${at('none.csv')}'`)
  expect(text('none.csv')).toBe('n\n')
})

test.each(['json', 'parquet', 'arrow', 'arrows'])('there and back as %s', async (extension) => {
  await using db = await withRows()
  const path = at(`t.${extension}`)
  expect(await message(db, `COPY t TO '${path}'`)).toBe('COPY 3')
  await db.execute(
    'CREATE TABLE u (id INT PRIMARY KEY, name VARCHAR, x DOUBLE, p STRUCT(a INT, b VARCHAR))',
  )
  expect(await message(db, `COPY u FROM '${path}'`)).toBe('COPY 3')
  expect(await db.query('SELECT * FROM u ORDER BY id')).toEqual(
    await db.query('SELECT * FROM t ORDER BY id'),
  )
  // A file of JSON does not say which types its objects have.
  if (extension === 'json') return
  expect(await db.query(`SELECT (p).b AS b FROM '${path}' WHERE id > 1 ORDER BY id`)).toEqual([
    { b: null },
    { b: 'y' },
  ])
})

test('packed, in partitions, with options of the format', async () => {
  await using db = await withRows()
  await db.execute(`COPY (SELECT id FROM t) TO '${at('z.csv.gz')}'`)
  expect(gunzipSync(readFileSync(at('z.csv.gz'))).toString()).toBe('id\n1\n2\n3\n')
  await db.execute(
    `COPY (SELECT id, x, x > 0 AS up FROM t) TO '${at('parts')}' (FORMAT parquet, PARTITION_BY (up), COMPRESSION gzip)`,
  )
  expect(readdirSync(at('parts')).sort()).toEqual(['up=false', 'up=true'])
  expect(await db.query(`SELECT id, up FROM '${at('parts')}/**/*.parquet' ORDER BY id`)).toEqual([
    { id: 1, up: true },
    { id: 2, up: true },
    { id: 3, up: false },
  ])
})

test('rows go into streams, too, and into the columns that are listed', async () => {
  await using db = await withRows()
  writeFileSync(at('in.csv'), 'b;a\n1;x\n2;\n')
  await db.execute(
    `CREATE STREAM s (a VARCHAR, b BIGINT, c INT); CREATE MATERIALIZED VIEW m AS SELECT COUNT(*) AS n FROM s`,
  )
  expect(await message(db, `COPY s (b, a) FROM '${at('in.csv')}' (HEADER, DELIMITER ';')`)).toBe(
    'COPY 2',
  )
  expect(await db.query('SELECT a, b, c FROM s')).toEqual([
    { a: 'x', b: 1n, c: null },
    { a: null, b: 2n, c: null },
  ])
  expect(await db.query('SELECT n FROM m')).toEqual([{ n: 2n }])
})

test('an error loses nothing and inserts nothing', async () => {
  await using db = await withRows()
  writeFileSync(at('bad.csv'), 'id,name\n7,a\nx,b\n8,c\n')
  await expect(db.execute(`COPY t (id, name) FROM '${at('bad.csv')}'`)).rejects.toThrow(
    /cannot read "x" as INTEGER/,
  )
  writeFileSync(at('twice.csv'), '7,a\n1,b\n')
  const twice = db.execute(`COPY t (id, name) FROM '${at('twice.csv')}'`)
  await expect(twice).rejects.toThrow(/has a row with id = 1 already/)
  await expect(db.execute(`COPY t (id) FROM '${at('absent.csv')}'`)).rejects.toMatchObject({
    code: 'file',
  })
  expect(await db.query('SELECT COUNT(*) AS n FROM t')).toEqual([{ n: 3n }])
  writeFileSync(at('keep.csv'), 'old')
  await expect(
    db.execute(`COPY (SELECT 1 / (id - 1) AS n FROM t) TO '${at('keep.csv')}'`),
  ).rejects.toMatchObject({
    code: 'division_by_zero',
  })
  expect(text('keep.csv')).toBe('old')
})

test('standard output is where print says', async () => {
  const said: string[] = []
  await using db = await withRows({ print: (line, to) => said.push(`${to}: ${line}`) })
  await db.execute('COPY (SELECT id, name FROM t ORDER BY id) TO STDOUT')
  await db.execute('COPY (SELECT id, p FROM t WHERE id < 3) TO STDOUT (FORMAT json)')
  await db.execute(
    `CREATE TABLE out (id INT) WITH ('connector' = 'print');
    INSERT INTO out SELECT id FROM generate_series(1, 2) AS g(id)`,
  )
  expect(said).toEqual([
    'output: id,name\n1,"a,b"\n2,\n3,""\n',
    'output: {"id":1,"p":{"a":1,"b":"x"}}\n{"id":2,"p":null}\n',
    'output: +I[1]\n+I[2]\n',
  ])
})

test.each([
  [`COPY t TO 'x.csv' (FORMAT xml)`, 'invalid_option', `FORMAT xml`],
  [`COPY t TO 'x.csv' (DELIMITER ';;')`, 'invalid_option', `DELIMITER ';;'`],
  [`COPY t TO 'x.csv' (HEADR)`, 'invalid_option', `HEADR`],
  [`COPY t TO 'x.csv' (HEADER, HEADER)`, 'invalid_option', `HEADER`],
  [`COPY t TO 'x.csv'`, 'unsupported', ''],
  [`COPY (SELECT id FROM t) TO STDOUT (FORMAT parquet)`, 'unsupported', ''],
  [`COPY (SELECT id FROM t) TO 'x' (PARTITION_BY (nope))`, 'invalid_option', ''],
  [`COPY nope TO 'x.csv'`, 'unknown_name', 'nope'],
  [`COPY t (nope) TO 'x.csv'`, 'unknown_name', 'nope'],
  [`COPY t FROM STDIN`, 'unsupported', ''],
  [`COPY t TO 'x.parquet' (COMPRESSION brotli)`, 'invalid_option', ''],
])('mistake: %s', async (sql, code, place) => {
  await using db = await withRows()
  const error = await db.execute(sql).then(
    () => null,
    (thrown) => thrown,
  )
  expect(error).toMatchObject({ code })
  const { span } = error.diagnostics[0]
  expect(span).toBeDefined()
  if (place !== '') expect(sql.slice(span.start, span.end)).toBe(place)
})
