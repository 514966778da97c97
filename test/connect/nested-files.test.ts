/** Nested files: lists, maps and structs inside of them, in Parquet and Arrow files, of ours and of others. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as arrow from 'apache-arrow'
import { afterAll, expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { duckdb } from './duckdb.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-nested-'))
const db = await open(':memory:')
afterAll(async () => {
  await db.close()
  rmSync(folder, { recursive: true })
})

/** Every shape: empty, missing and deep, with NULLs at each depth. */
const shapes = `
  i::integer as i,
  case when i % 5 = 4 then null else [i, null, i * 2][1:(i % 4)] end as l,
  case when i % 7 = 6 then null
    else [{'a': i, 'b': ['x' || i, null], 'd': {'e': i / 2}}, null, {'a': null, 'b': null, 'd': null}][1:(i % 4)]
    end as s,
  case when i % 6 = 5 then null when i % 6 = 4 then map {} else map {'k' || i: i, 'z': null} end as m,
  {'p': [i], 'q': 5} as st,
  case when i % 3 = 0 then null else {'p': case when i % 3 = 1 then [true, null] end} end as sn,
  [[i], [], null, [null, 2]] as ll, map {i: [{'z': i}]} as mm,
  [(i * 1.25)::decimal(9, 2)] as d9, [(i * 1.25)::decimal(30, 2), null] as d30,
  [timestamp '2020-01-01 00:00:00.123456' + interval (i) second] as ts, [date '2020-01-01' + i::int] as da,
  [i % 2 = 0, null] as bo, [case when i % 2 = 0 then 'é' else '' end] as te, [i / 8] as dbl`

const names = [
  'i',
  'l',
  's',
  'm',
  'st',
  'sn',
  'll',
  'mm',
  'd9',
  'd30',
  'ts',
  'da',
  'bo',
  'te',
  'dbl',
]
const asTexts = names.map((name) => `${name}::varchar as ${name}`).join(', ')

const ours = async (path: string) =>
  (await db.query(`select ${asTexts} from '${path}'`)).map((row) => Object.values(row))

const given = join(folder, 'given.parquet')
await duckdb(
  `copy (select ${shapes} from range(5000) r(i)) to '${given}' (format parquet, row_group_size 2048)`,
)

test('lists, maps and structs of DuckDB are read as DuckDB has them', async () => {
  const theirs = await duckdb(
    `select to_json(l), to_json(s), to_json(st), to_json(sn), to_json(ll), to_json(bo) from '${given}'`,
  )
  const found = await db.query(
    `select to_json(l) as l, to_json(s) as s, to_json(st) as st, to_json(sn) as sn, to_json(ll) as ll,
       to_json(bo) as bo from '${given}'`,
  )
  const plain = (text: unknown) => (text === null ? null : JSON.parse(String(text)))
  expect(found.map((row) => Object.values(row).map(plain))).toEqual(
    theirs.map((row) => row.map(plain)),
  )
  const types = await db.query(
    `select typeof(s) as s, typeof(m) as m, typeof(ll) as ll, typeof(d30) as d from '${given}' limit 1`,
  )
  expect(types).toEqual([
    {
      s: 'STRUCT(a BIGINT, b VARCHAR[], d STRUCT(e DOUBLE))[]',
      m: 'MAP(VARCHAR, BIGINT)',
      ll: 'BIGINT[][]',
      d: 'DECIMAL(30, 2)[]',
    },
  ])
})

test.each(['parquet', 'arrow', 'arrows'])('%s files give back what was written', async (form) => {
  const path = join(folder, `ours.${form}`)
  await db.execute(`copy (select ${names.join(', ')} from '${given}') to '${path}'`)
  expect(await ours(path)).toEqual(await ours(given))
})

test('DuckDB reads our Parquet files', async () => {
  const path = join(folder, 'ours2.parquet')
  await db.execute(`copy (select ${names.join(', ')} from '${given}') to '${path}'`)
  const all = names.join(', ')
  const differ = await duckdb(`
    select (select count(*) from (select ${all} from '${path}' except all select ${all} from '${given}')),
      (select count(*) from (select ${all} from '${given}' except all select ${all} from '${path}'))`)
  expect(differ).toEqual([['0', '0']])
})

test('lists of fixed size, lists of structs and maps of Arrow', async () => {
  const { Field, Int32, List, Struct, Utf8, Map_, FixedSizeList, Float32 } = arrow
  const struct = new Struct([
    new Field('a', new Int32(), true),
    new Field('b', new List(new Field('item', new Utf8(), true)), true),
  ])
  const entry = new Struct([
    new Field('key', new Utf8(), false),
    new Field('value', new Int32(), true),
  ])
  const list = new List(new Field('item', struct, true))
  const map = new Map_(new Field('entries', entry as never, false))
  const fixed = new FixedSizeList(2, new Field('i', new Float32(), true))
  const rows = [[{ a: 1, b: ['x', null] }, null], null, [], [{ a: null, b: null }]]
  const maps = [
    new Map([
      ['b', 1],
      ['a', null],
    ] as [string, number | null][]),
    null,
    new Map(),
    new Map([['z', 5]]),
  ]
  const table = new arrow.Table({
    s: arrow.vectorFromArray(rows as never, list),
    m: arrow.vectorFromArray(maps as never, map),
    f: arrow.vectorFromArray([[1, 2], null, [3, 4], [5, 6]], fixed),
  })
  const path = join(folder, 'theirs.arrow')
  writeFileSync(path, arrow.tableToIPC(table as never, 'file'))
  expect(await db.query(`select s, m, f from '${path}'`)).toEqual([
    {
      s: rows[0],
      m: new Map([
        ['a', null],
        ['b', 1],
      ] as never),
      f: [1, 2],
    },
    { s: null, m: null, f: null },
    { s: [], m: new Map(), f: [3, 4] },
    { s: rows[3], m: new Map([['z', 5]]), f: [5, 6] },
  ])
})

test('elements become those of declared columns, or the row is a bad one', async () => {
  await db.execute(`create table n (i int, l smallint[], m map(varchar, int))
    with ('connector' = 'filesystem', 'path' = '${join(folder, 'narrow.parquet')}', 'format' = 'parquet')`)
  await duckdb(`copy (select i::integer as i, [i * 20000, null] as l, map {'k': i} as m from range(3) r(i))
    to '${join(folder, 'narrow.parquet')}' (format parquet)`)
  expect(await db.query('select * from n')).toEqual([
    { i: 0, l: [0, null], m: new Map([['k', 0]]) },
    { i: 1, l: [20000, null], m: new Map([['k', 1]]) },
  ])
  await expect(db.query(`select l[1].a from '${given}'`)).rejects.toThrow(/has no members/)
})
