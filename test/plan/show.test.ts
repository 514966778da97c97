/** Show: what SHOW CREATE says makes the object again, for every object that the golden scripts make. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { QueryMistake } from '../../src/base/index.ts'
import type { Relation } from '../../src/catalog/index.ts'
import { readScript } from '../script/format.ts'
import { scriptName, scriptPaths } from '../script/scripts.ts'
import { Names } from './names.ts'

/** The relation without places in the text. */
function bare(relation: Relation): unknown {
  const { definition: _, ...rest } = relation
  const plain = JSON.stringify(rest, (key, value: unknown) => {
    if (key === 'span') return undefined
    return value instanceof Map ? [...value] : value
  })
  return JSON.parse(plain)
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

const scripts = scriptPaths().map((path) => [scriptName(path), path] as const)

describe('SHOW CREATE makes again what was made by', () => {
  test.each(scripts)('%s', (_, path) => {
    const made = new Names()
    for (const step of readScript(readFileSync(path, 'utf8'))) {
      if (step.kind !== 'sql') continue
      try {
        made.run(step.text)
      } catch (error) {
        // A statement that needs rows or a running query.
        if (!(error instanceof QueryMistake)) throw error
      }
    }
    const again = new Names()
    for (const { name } of made.catalog.functions()) {
      again.run(String(made.rows(`SHOW CREATE FUNCTION ${quoted(name)}`)[0]![0]))
    }
    // What was replaced may read what was made after it: it waits until that is there.
    const left = [...made.catalog.list()]
    for (let relation = left.shift(); relation !== undefined; relation = left.shift()) {
      const { name } = relation
      if (left.some((one) => made.catalog.dependents(one.name).includes(name))) {
        left.push(relation)
        continue
      }
      again.run(`SET dialect = '${relation.definition?.dialect ?? 'default'}'`)
      again.run(`SET timezone = '${relation.definition?.zone ?? 'utc'}'`)
      const [[text] = []] = made.rows(`SHOW CREATE ${quoted(relation.name)}`)
      again.run(String(text))
      const copy = again.catalog.get(relation.name)!
      expect(bare(copy)).toEqual(bare(relation))
      const described = `DESCRIBE ${quoted(relation.name)}`
      expect(again.rows(described)).toEqual(made.rows(described))
    }
  })
})

const definitions = `
  CREATE STREAM bid (id BIGINT, price DOUBLE DEFAULT 1, ts TIMESTAMP(3), half AS price / 2,
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, PRIMARY KEY (id) NOT ENFORCED);
  CREATE TABLE person (id INT PRIMARY KEY, name VARCHAR(20) UNIQUE);
  CREATE VIEW cheap AS SELECT ts, id FROM bid WHERE price < 10;
  CREATE VIEW best AS SELECT id FROM bid ORDER BY price LIMIT 3;
  CREATE MATERIALIZED VIEW sums AS SELECT id, sum(price) AS total FROM bid GROUP BY id;
  CREATE TABLE out (id BIGINT) WITH (connector = 'blackhole');
`

function names(): Names {
  const made = new Names()
  made.run(definitions)
  return made
}

describe('DESCRIBE', () => {
  test('tells types, keys, defaults, computed columns and watermarks', () => {
    expect(names().rows('DESCRIBE bid')).toEqual([
      ['id', 'BIGINT', 'NO', 'PRI(id)', null, null],
      ['price', 'DOUBLE', 'YES', null, 'DEFAULT 1', null],
      ['ts', 'TIMESTAMP(3) *ROWTIME*', 'NO', null, null, "ts - INTERVAL '5' SECOND"],
      ['half', 'DOUBLE', 'YES', null, 'AS price / 2', null],
    ])
    expect(names().rows('DESC TABLE person')).toEqual([
      ['id', 'INTEGER', 'NO', 'PRI(id)', null, null],
      ['name', 'VARCHAR(20)', 'YES', 'UNI(name)', null, null],
    ])
  })

  test('tells which column of a view still has the watermark', () => {
    expect(
      names()
        .rows('DESCRIBE cheap')
        .map((row) => row[1]),
    ).toEqual(['TIMESTAMP(3) *ROWTIME*', 'BIGINT'])
    expect(
      names()
        .rows('DESCRIBE best')
        .map((row) => row[1]),
    ).toEqual(['BIGINT'])
  })

  test('tells the key of a materialized view', () => {
    expect(names().rows('DESCRIBE sums')[0]).toEqual(['id', 'BIGINT', 'NO', 'KEY(id)', null, null])
  })

  test('takes a query', () => {
    expect(names().rows('DESCRIBE SELECT ts, count(*) AS n FROM cheap GROUP BY ts')).toEqual([
      ['ts', 'TIMESTAMP(3)', 'NO'],
      ['n', 'BIGINT', 'NO'],
    ])
  })
})

describe('SHOW', () => {
  test.each([
    ['SHOW STREAMS', ['bid']],
    ['SHOW TABLES', ['person', 'out']],
    ['SHOW VIEWS', ['cheap', 'best', 'sums']],
    ['SHOW MATERIALIZED VIEWS', ['sums']],
    ['SHOW SINKS', ['out']],
    ['SHOW SOURCES', []],
    ["SHOW VIEWS LIKE '%e%'", ['cheap', 'best']],
    ["SHOW VIEWS LIKE 'S___'", []],
    ["SHOW VIEWS ILIKE 'S___'", ['sums']],
    ["SHOW VIEWS NOT LIKE 'b%'", ['cheap', 'sums']],
    ["SHOW TABLES LIKE 'o.t'", []],
    ["SHOW COLUMNS FROM bid LIKE '%i%'", ['id', 'price']],
    ["SHOW FUNCTIONS LIKE 'count%'", ['count', 'count_char', 'count_if', 'countif']],
    ["SHOW ALL LIKE 'd%'", ['dialect']],
  ])('%s', (text, expected) => {
    expect(
      names()
        .rows(text)
        .map((row) => row[0]),
    ).toEqual(expected)
  })

  test('tells a setting, and what was set', () => {
    const made = names()
    expect(made.rows('SHOW dialect')).toEqual([['default']])
    made.run('SET SESSION dialect TO flink')
    expect(made.rows('SHOW dialect')).toEqual([['flink']])
    made.run('RESET dialect')
    expect(made.rows('SHOW dialect')).toEqual([['default']])
    expect(made.rows('SHOW TIME ZONE')).toEqual([['utc']])
  })
})

describe('mistakes', () => {
  test.each([
    ['SHOW strems', 'unknown_name', 'setting strems does not exist', 'did you mean SHOW STREAMS?'],
    ['SHOW dialekt', 'unknown_name', 'setting dialekt does not exist', 'did you mean dialect?'],
    ['SHOW xyz', 'unknown_name', 'setting xyz does not exist', 'SHOW ALL lists them'],
    [
      'SHOW CREATE VIEW person',
      'unknown_name',
      'person is a table, not a view',
      'write SHOW CREATE TABLE',
    ],
    ['SHOW CREATE peson', 'unknown_name', 'table peson does not exist', 'did you mean person?'],
    ['SHOW COLUMNS FROM bids', 'unknown_name', 'table bids does not exist', 'did you mean bid?'],
    ['DESCRIBE bids', 'unknown_name', 'table bids does not exist', 'did you mean bid?'],
    [
      "SET dialect = 'oracle'",
      'invalid_option',
      'dialect oracle does not exist',
      'there are default',
    ],
    ["SET TIME ZONE 'Mars'", 'invalid_option', 'Mars is no time zone', 'take a name of IANA'],
    ["SET state_budget = 'much'", 'invalid_option', 'a size above 0', '64 MB'],
  ])('%s', (text, code, message, hint) => {
    let found: unknown
    try {
      names().run(text)
    } catch (error) {
      found = (error as QueryMistake).diagnostics[0]
    }
    expect(found).toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
      span: expect.anything(),
    })
  })
})
