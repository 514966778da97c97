/**
 * Dialects: what a statement means where systems differ, in each dialect: the value and its type, row by row.
 *
 * How      A row of the table is a query, its answer by default, and the answers of dialects that say otherwise.
 */
import { describe, expect, test } from 'vitest'
import { dialects, typeText, valueText } from '../../../src/data/index.ts'
import { open } from '../../../src/database/index.ts'

const numbers = '(VALUES (2), (NULL), (1)) t(x)'
const moment = "TIMESTAMP '2026-03-04 05:06:07'"
const most = '(VALUES (9223372036854775807), (1)) t(x)'

interface Point {
  point: string
  sql: string
  answer: string
  /** Where a dialect differs. */
  flink?: string
  postgres?: string
  duckdb?: string
}

const points: Point[] = [
  {
    point: 'AVG of integers',
    sql: 'SELECT avg(x) FROM (VALUES (1), (2)) t(x)',
    answer: '1.5 DOUBLE',
    flink: '1 INTEGER',
  },
  {
    point: 'a quotient of integers',
    sql: 'SELECT 7 / 2',
    answer: '3 INTEGER',
    duckdb: '3.5 DOUBLE',
  },
  {
    point: 'a quotient below zero',
    sql: 'SELECT -7 / 2',
    answer: '-3 INTEGER',
    duckdb: '-3.5 DOUBLE',
  },
  { point: '// of integers', sql: 'SELECT 7 // 2', answer: '3 INTEGER' },
  {
    point: 'SUM of INTEGER',
    sql: 'SELECT sum(x) FROM (VALUES (2147483647), (1)) t(x)',
    answer: '2147483648 BIGINT',
  },
  {
    point: 'SUM of BIGINT',
    sql: `SELECT sum(x) FROM ${most}`,
    answer: 'the sum does not fit into BIGINT',
  },
  {
    point: 'SUM of DECIMAL(38, 0)',
    sql: `SELECT sum(x::DECIMAL(38, 0)) FROM ${most}`,
    answer: '9223372036854775808 DECIMAL(38, 0)',
  },
  {
    point: 'SUM of DOUBLE',
    sql: 'SELECT sum(x) FROM (VALUES (1e16), (1e0), (-1e16)) t(x)',
    answer: '1 DOUBLE',
  },
  { point: 'a decimal literal', sql: 'SELECT 0.908', answer: '0.908 DECIMAL(4, 3)' },
  {
    point: 'a string into a number',
    sql: "CREATE TABLE t (i INT); INSERT INTO t VALUES ('12'); SELECT i FROM t",
    answer: '12 INTEGER',
  },
  {
    point: 'a number into a string',
    sql: 'CREATE TABLE t (s VARCHAR); INSERT INTO t VALUES (7); SELECT s FROM t',
    answer: '7 VARCHAR',
  },
  {
    point: 'a number that is too large',
    sql: 'CREATE TABLE t (i SMALLINT); INSERT INTO t VALUES (70000)',
    answer: 'smallint out of range',
  },
  {
    point: 'DOUBLE to BIGINT',
    sql: 'SELECT CAST(3.5e0 AS BIGINT)',
    answer: '4 BIGINT',
    flink: '3 BIGINT',
  },
  { point: 'half to even', sql: 'SELECT CAST(2.5e0 AS BIGINT)', answer: '2 BIGINT' },
  {
    point: 'DECIMAL to INTEGER',
    sql: 'SELECT CAST(2.7 AS INT)',
    answer: '3 INTEGER',
    flink: '2 INTEGER',
  },
  {
    point: 'REGEXP_EXTRACT without a match',
    sql: "SELECT regexp_extract('abc', 'x(.)', 1)",
    answer: 'NULL',
  },
  {
    point: 'DATE_FORMAT, as in Java',
    sql: `SELECT date_format(${moment}, 'yyyy-MM-dd HH:mm')`,
    answer: '2026-03-04 05:06 VARCHAR',
  },
  {
    point: 'TO_CHAR, as in Postgres',
    sql: `SELECT to_char(${moment}, 'YYYY-MM-DD HH24:mm')`,
    answer: '2026-03-04 05:03 VARCHAR',
  },
  {
    point: 'STRFTIME, as in C',
    sql: `SELECT strftime(${moment}, '%Y-%m-%d %H:%M')`,
    answer: '2026-03-04 05:06 VARCHAR',
  },
  { point: 'SPLIT_INDEX', sql: "SELECT split_index('a,b', ',', 1)", answer: 'b VARCHAR' },
  { point: 'SPLIT_PART', sql: "SELECT split_part('a,b', ',', 1)", answer: 'a VARCHAR' },
  {
    point: 'NULL, ascending',
    sql: `SELECT x FROM ${numbers} ORDER BY x`,
    answer: '1 INTEGER; 2 INTEGER; NULL',
    flink: 'NULL; 1 INTEGER; 2 INTEGER',
  },
  {
    point: 'NULL, descending',
    sql: `SELECT x FROM ${numbers} ORDER BY x DESC`,
    answer: '2 INTEGER; 1 INTEGER; NULL',
    postgres: 'NULL; 2 INTEGER; 1 INTEGER',
  },
  {
    point: 'TIMESTAMP(3) cuts',
    sql: "SELECT CAST(TIMESTAMP '2026-01-01 00:00:00.123987' AS TIMESTAMP(3))",
    answer: '2026-01-01 00:00:00.123 TIMESTAMP(3)',
  },
  {
    point: 'TIMESTAMP_LTZ in UTC',
    sql: "SELECT CAST(TIMESTAMP '2026-01-01 00:00:00' AS TIMESTAMP_LTZ)",
    answer: '2026-01-01 00:00:00+00 TIMESTAMPTZ',
  },
  {
    point: 'SELECT of a stream is a snapshot',
    sql: 'CREATE STREAM s (a INT); INSERT INTO s VALUES (1); SELECT a FROM s',
    answer: '1 INTEGER',
  },
]

async function answerOf(sql: string, dialect: string): Promise<string> {
  await using database = await open(':memory:')
  try {
    const results = await database.execute(`SET dialect = '${dialect}'; ${sql}`)
    const last = results.at(-1)!
    if (last.kind !== 'rows') return last.kind
    const shown = ([value]: (typeof last.rows)[number]) => {
      const { type } = last.fields[0]!
      return value === null ? 'NULL' : `${valueText(value!, type)} ${typeText(type)}`
    }
    return last.rows.map(shown).join('; ')
  } catch (error) {
    return (error as Error).message
  }
}

describe.each(dialects.map((dialect) => ({ dialect })))('$dialect', ({ dialect }) => {
  test.each(points)('$point', async ({ sql, answer, ...others }) => {
    const due = (others as Record<string, string>)[dialect] ?? answer
    expect(await answerOf(sql, dialect)).toBe(due)
  })
})
