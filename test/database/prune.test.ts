/** Pruning: conditions on the columns of directories leave files out, EXPLAIN says how many, and no answer changes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemDisk } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import type { Connector } from '../../src/data/index.ts'
import { open } from '../../src/database/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-prune-'))
afterAll(() => rmSync(folder, { recursive: true }))

const table = `'${folder}/t/**/*.parquet'`

beforeAll(async () => {
  const db = await open(':memory:', { connectors: builtinConnectors(systemDisk) })
  await db.execute(`
    CREATE TABLE s (id INT, day DATE, k INT, up BOOLEAN, name VARCHAR);
    INSERT INTO s SELECT n::INT, DATE '2024-01-01' + (n % 3)::INT, CASE WHEN n % 4 < 3 THEN (n % 4)::INT END, n % 2 = 0,
      'n' || (n % 2) FROM generate_series(0, 47) AS g(n);
    COPY s TO '${folder}/t' (FORMAT parquet, PARTITION_BY (day, k, up, name))`)
  await db.close()
})

/** The answer and the files that were opened, with rules and without. */
async function both(sql: string) {
  const answers: { rows: unknown; code: string | null; files: string }[] = []
  for (const disabledRewrites of [[], ['bound-scan']]) {
    const connectors = new Map(builtinConnectors(systemDisk))
    let opened = 0
    const files = connectors.get('filesystem')! as Connector
    connectors.set('filesystem', {
      ...files,
      open: (schema, options, reader) => {
        opened = files.extent!(schema, options, reader.bounds ?? [])?.read ?? -1
        return files.open(schema, options, reader)
      },
    })
    const db = await open(':memory:', { connectors, disabledRewrites })
    try {
      const rows = await db.query(sql).then(
        ({ rows }) => ({ rows, code: null }),
        ({ code }) => ({ rows: [], code }),
      )
      const plan = await db.explain(sql)
      const told = /files (\d+) of (\d+)/.exec(plan)
      if (told !== null && rows.code === null) expect(Number(told[1])).toBe(opened)
      answers.push({ ...rows, files: told === null ? '' : `${told[1]} of ${told[2]}` })
    } finally {
      await db.close()
    }
  }
  return answers
}

describe('the same answer with fewer files', () => {
  test.each([
    ['k = 1', '3 of 12'],
    ['1 < k', '3 of 12'],
    ['k >= 1 AND id > 5', '6 of 12'],
    ['k <> 1', '6 of 12'],
    ['k IN (0, 2, 7)', '6 of 12'],
    ['k IN (0, NULL)', '3 of 12'],
    ['k IS NULL', '3 of 12'],
    ['k IS NOT NULL', '9 of 12'],
    [`day = DATE '2024-01-02'`, '4 of 12'],
    [`day < DATE '2024-01-03' AND k = 0`, '2 of 12'],
    ['up', '6 of 12'],
    ['NOT up', '6 of 12'],
    [`name = 'n1'`, '6 of 12'],
    [`name > 'n1'`, '0 of 12'],
    ['k = 1 OR id = 3', '12 of 12'],
    ['k + 1 = 2', '12 of 12'],
    ['id = 3', '12 of 12'],
    ['k = 1 AND k = 2', '0 of 12'],
  ])('%s', async (condition, files) => {
    const [fast, slow] = await both(`SELECT * FROM ${table} WHERE ${condition} ORDER BY id`)
    expect(fast!.rows).toEqual(slow!.rows)
    expect([fast!.files, slow!.files]).toEqual([files, '12 of 12'])
    const [first, second] = await both(`SELECT COUNT(*), SUM(id) FROM ${table} WHERE ${condition}`)
    expect(first!.rows).toEqual(second!.rows)
  })

  test('an error beside NULL counts, beside FALSE it does not', async () => {
    // Rows whose k is NULL are those of id % 4 = 3.
    const beside = await both(`SELECT id FROM ${table} WHERE k = 1 AND 1 / (id - 3) > -9`)
    expect(beside.map(({ code }) => code)).toEqual(['division_by_zero', 'division_by_zero'])
    const dropped = await both(
      `SELECT id FROM ${table} WHERE k = 1 AND 1 / (id - 4) > -9 ORDER BY id`,
    )
    expect(dropped.map(({ code }) => code)).toEqual([null, null])
    expect(dropped[0]!.rows).toEqual(dropped[1]!.rows)
    expect(dropped[0]!.files).toBe('6 of 12')
  })

  test('a table read twice is read for both', async () => {
    const sql = `SELECT a.id FROM ${table} a JOIN ${table} b ON a.id = b.id WHERE a.k = 1 AND b.id < 20 ORDER BY a.id`
    const [fast, slow] = await both(sql)
    expect(fast!.rows).toEqual(slow!.rows)
    expect(fast!.files).toBe('12 of 12')
  })
})

test('declared partitions of a table, and continuous queries', async () => {
  const db = await open(':memory:', { connectors: builtinConnectors(systemDisk) })
  await db.execute(`CREATE TABLE t (id INT, day DATE, k INT) PARTITIONED BY (day, k)
    WITH ('connector' = 'filesystem', 'path' = '${folder}/t', 'format' = 'parquet')`)
  expect(await db.explain('SELECT id FROM t WHERE k = 2')).toContain('files 3 of 12')
  expect((await db.query('SELECT COUNT(*) FROM t WHERE k = 2')).rows).toEqual([[12n]])
  expect(
    await db.explain('CREATE MATERIALIZED VIEW v AS SELECT id FROM t WHERE k = 2'),
  ).not.toContain('files')
  await db.close()
})
