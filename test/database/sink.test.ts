/** Sinks: what CREATE SINK sends to its connector, what it refuses, and that a replay sends it again. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { QueryMistake, systemDisk } from '../../src/base/index.ts'
import { builtinConnectors } from '../../src/connect/index.ts'
import { type Connector, type Op, type Row, rowsOf } from '../../src/data/index.ts'
import { Database, open } from '../../src/database/index.ts'

function recorder(sink: 'append' | 'changes') {
  const told: [Op, ...Row][] = []
  const never = () => {
    throw new Error('not read')
  }
  const connector: Connector = {
    name: sink,
    bounded: true,
    sink,
    source: false,
    check: (options) => {
      for (const key of options.keys()) {
        if (key === 'connector' || key === 'path') continue
        throw new QueryMistake([{ code: 'invalid_option', message: `option ${key} is unknown` }])
      }
    },
    infer: () => null,
    open: never,
    create: () => ({
      write: never,
      writeBatch: (batch, ops) => {
        told.push(...rowsOf(batch).map((row, at): [Op, ...Row] => [ops?.[at] ?? '+I', ...row]))
      },
      close: () => {},
    }),
  }
  return { connector, told }
}

async function started() {
  const append = recorder('append')
  const changes = recorder('changes')
  const connectors = new Map([append, changes].map(({ connector }) => [connector.name, connector]))
  const database = new Database({ cycles: 'manual', connectors })
  await database.execute(`CREATE STREAM bid (k INT, v INT);
    CREATE MATERIALIZED VIEW sums AS SELECT k, sum(v) AS total FROM bid GROUP BY k;
    INSERT INTO bid VALUES (1, 10)`)
  return { database, append, changes, connectors }
}

const mistakeOf = async (work: Promise<unknown>) => {
  const fault = await work.then(
    () => null,
    (error: unknown) => error,
  )
  return fault instanceof QueryMistake ? fault.diagnostics[0] : fault
}

describe('CREATE SINK', () => {
  test('by key sends the row that comes or goes, from the start', async () => {
    const { database, changes } = await started()
    await database.execute(
      `CREATE SINK k FROM sums WITH (connector = 'changes', type = 'upsert', primary_key = 'k')`,
    )
    await database.execute('FLUSH; INSERT INTO bid VALUES (1, 5); FLUSH')
    expect(changes.told).toEqual([
      ['+I', 1, 10n],
      ['+U', 1, 15n],
    ])
    expect((await database.execute('SHOW SINKS'))[0]).toMatchObject({ rows: [['k', 'external']] })
    await database.execute('DROP SINK k; INSERT INTO bid VALUES (1, 1); FLUSH')
    expect(changes.told).toHaveLength(2)
    await database.close()
  })

  test('without a type sends every change', async () => {
    const { database, changes } = await started()
    await database.execute("CREATE SINK k FROM sums WITH (connector = 'changes')")
    await database.execute('FLUSH; INSERT INTO bid VALUES (1, 5); FLUSH')
    expect(changes.told.map(([op]) => op)).toEqual(['+I', '-U', '+U'])
    await database.close()
  })

  test('by key sends rows that go, and takes the key of the query where none is named', async () => {
    const { database, changes } = await started()
    await database.execute(`CREATE SINK k AS SELECT * FROM sums WHERE total < 20
      WITH (connector = 'changes', type = 'upsert')`)
    await database.execute('FLUSH; INSERT INTO bid VALUES (1, 50); FLUSH')
    expect(changes.told).toEqual([
      ['+I', 1, 10n],
      ['-D', 1, 10n],
    ])
    await database.close()
  })

  test('with snapshot = false tells of what comes afterwards, also in a replay', async () => {
    const { database, changes, connectors } = await started()
    await database.execute(
      "CREATE SINK k FROM sums WITH (connector = 'changes', type = 'upsert', snapshot = 'false')",
    )
    await database.execute('INSERT INTO bid VALUES (1, 5), (2, 1); FLUSH')
    const due = [
      ['+U', 1, 15n],
      ['+I', 2, 1n],
    ]
    expect(changes.told).toEqual(due)
    await database.execute("CREATE SINK j FROM bid WITH (connector = 'changes', snapshot = false)")
    await database.execute('FLUSH; INSERT INTO bid VALUES (3, 7); FLUSH')
    const all = [...due, ['+I', 3, 7n], ['+I', 3, 7]]
    expect(changes.told).toEqual(all)
    changes.told.length = 0
    const again = new Database({ cycles: 'manual', connectors, log: database.log })
    await again.recover()
    expect(changes.told).toEqual(all)
    await database.close()
    await again.close()
  })

  test('with snapshot = false leaves out all that was there, in however many cycles it would have come', async () => {
    const changes = recorder('changes')
    const connectors = new Map([['changes', changes.connector]])
    const database = new Database({ cycles: 'manual', connectors, cycleRows: 2 })
    const all = (from: number, count: number) =>
      Array.from({ length: count }, (_, at) => ({ k: from + at, at: from + at }))
    // Late rows and idle partitions move the log while nobody appends.
    await database.execute(`CREATE STREAM late (k INT, at TIMESTAMP(3) NOT NULL);
      CREATE STREAM s (k INT, at TIMESTAMP(3), WATERMARK FOR at LATE ROWS TO late);
      CREATE MATERIALIZED VIEW w AS SELECT window_end, count(*) AS n
        FROM TUMBLE(s, at, INTERVAL '1' SECOND) GROUP BY window_end`)
    await database.append('s', [...all(10_000, 5), ...all(0, 5), ...all(20_000, 3)])
    await database.execute("CREATE SINK k FROM s WITH (connector = 'changes', snapshot = false)")
    await database.execute("CREATE SINK l FROM late WITH (connector = 'changes', snapshot = false)")
    await database.execute('FLUSH')
    expect(changes.told).toEqual([])
    await database.append('s', [...all(30_000, 1), ...all(1, 1)])
    await database.execute('FLUSH')
    const due = [30_000, 1, 1].map((k) => ['+I', k, BigInt(k * 1000)])
    expect(changes.told).toEqual(due)
    changes.told.length = 0
    const again = new Database({ cycles: 'manual', connectors, cycleRows: 2, log: database.log })
    await again.recover()
    expect(changes.told).toEqual(due)
    await database.close()
    await again.close()
  })

  test('a primary_key without an upsert sink is said to be ignored', async () => {
    const { database } = await started()
    const notices: string[] = []
    await database.execute(
      "CREATE SINK k FROM bid WITH (connector = 'append', primary_key = 'k')",
      {
        onNotice: (text) => notices.push(text),
      },
    )
    expect(notices).toEqual([
      "option primary_key is ignored: it goes with type = 'upsert' or 'debezium'",
    ])
    await database.close()
  })

  test('in batch mode an INSERT writes one answer and is over', async () => {
    const { database, append } = await started()
    await database.execute(`CREATE TABLE out (k INT, total BIGINT) WITH (connector = 'append');
      SET 'execution.runtime-mode' = 'batch'`)
    const [done] = await database.execute('INSERT INTO out SELECT k, sum(v) FROM bid GROUP BY k')
    expect(done).toEqual({ kind: 'done', message: 'INSERT 1' })
    await database.execute('INSERT INTO bid VALUES (2, 2); FLUSH')
    expect(append.told).toEqual([['+I', 1, 10n]])
    expect(await database.query('SHOW QUERIES')).toMatchObject({
      rows: [['sums', 'running', 2n, 0n, expect.anything(), null]],
    })
    await database.execute('RESET execution.runtime-mode')
    await database.close()
  })

  test('with force_append_only sends the new rows of updates', async () => {
    const { database, append } = await started()
    await database.execute(`CREATE SINK IF NOT EXISTS k AS SELECT k, sum(v) AS total FROM bid GROUP BY k
      WITH (connector = 'append', type = 'append-only', force_append_only = 'true')`)
    await database.execute('FLUSH; INSERT INTO bid VALUES (1, 5); FLUSH')
    expect(append.told).toEqual([
      ['+I', 1, 10n],
      ['+I', 1, 15n],
    ])
    await database.close()
  })

  test('a statement set starts each of its INSERTs', async () => {
    const { database, changes } = await started()
    await database.execute(`CREATE TABLE out (v INT) WITH (connector = 'changes');
      EXECUTE STATEMENT SET BEGIN
        INSERT INTO out SELECT v FROM bid;
        INSERT INTO out SELECT v + 1 FROM bid;
      END;
      FLUSH`)
    expect(changes.told).toEqual([
      ['+I', 10],
      ['+I', 11],
    ])
    await database.close()
  })

  test('of debezium sends rows that hold what was before and after', async () => {
    const { database, append, changes } = await started()
    await database.execute(`
      CREATE SINK k FROM sums WITH (connector = 'append') FORMAT DEBEZIUM ENCODE JSON;
      CREATE SINK j AS SELECT v FROM bid WITH (connector = 'changes', type = 'debezium');
      FLUSH; INSERT INTO bid VALUES (1, 5), (2, 2); FLUSH`)
    expect(append.told).toEqual([
      ['+I', null, null, null, true, 1, 10n, 'c'],
      ['+I', true, 1, 10n, true, 1, 15n, 'u'],
      ['+I', null, null, null, true, 2, 2n, 'c'],
    ])
    expect(changes.told).toEqual([10, 5, 2].map((v) => ['+I', null, null, true, v, 'c']))
    expect((await database.query('DESCRIBE k')).rows.map((row) => row.slice(0, 2))).toEqual([
      ['before', 'STRUCT(k INTEGER, total BIGINT)'],
      ['after', 'STRUCT(k INTEGER, total BIGINT)'],
      ['op', 'VARCHAR'],
    ])
    await database.execute('DROP SINK k; DROP SINK j')
    append.told.length = 0
    await database.execute(`CREATE TABLE t (a INT, p STRUCT(x INT)); INSERT INTO t VALUES (1, ROW(7));
      CREATE SINK k FROM t WITH (connector = 'append') FORMAT DEBEZIUM ENCODE JSON; FLUSH;
      UPDATE t SET a = 2; DELETE FROM t WHERE a = 1; FLUSH; DELETE FROM t; FLUSH`)
    const none = [null, null, null, null]
    const one = (a: number) => [true, a, true, 7]
    expect(append.told).toEqual([
      ['+I', ...none, ...one(1), 'c'],
      ['+I', ...one(1), ...none, 'd'],
      ['+I', ...none, ...one(2), 'c'],
      ['+I', ...one(2), ...none, 'd'],
    ])
    await database.close()
  })

  test('takes its type and the encoding of files from FORMAT … ENCODE', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-format-'))
    const notices: string[] = []
    const onNotice = (text: string) => notices.push(text)
    await using db = await open(':memory:', { connectors: builtinConnectors(systemDisk) })
    await db.execute(
      'CREATE TABLE t (k INT PRIMARY KEY, v VARCHAR); INSERT INTO t VALUES (1, NULL)',
    )
    const file = (name: string, more = '') =>
      `WITH (connector = 'filesystem', path = '${folder}/${name}'${more})`
    await db.execute(
      `CREATE SINK d FROM t ${file('d')} FORMAT DEBEZIUM ENCODE JSON (schemas.enable = false);
      CREATE SINK p FROM t ${file('p')} FORMAT DEBEZIUM ENCODE PARQUET;
      CREATE SINK c AS SELECT k + 1 AS k FROM t ${file('c', ', scan.x = 1')}
        FORMAT PLAIN ENCODE CSV (force_append_only = 'true');
      CREATE SINK b FROM t WITH (connector = 'blackhole', primary_key = 'k') FORMAT UPSERT ENCODE JSON`,
      { onNotice },
    )
    expect(notices).toEqual([
      'option schemas.enable of ENCODE is ignored',
      "option 'scan.x' is ignored: connector filesystem has no use for it",
      'ENCODE JSON is ignored: blackhole takes rows',
    ])
    await db.execute(`FLUSH; UPDATE t SET v = 'x'; FLUSH; DELETE FROM t; FLUSH`)
    const shown = await db.query('SHOW CREATE SINK c')
    expect(shown.rows[0]![0]).toMatch(/ FORMAT PLAIN ENCODE CSV \('force_append_only' = 'true'\);$/)
    await db.execute('DROP SINK d; DROP SINK p; DROP SINK c')
    expect(systemDisk.readText(join(folder, 'd')).split('\n')).toEqual([
      '{"before":null,"after":{"k":1,"v":null},"op":"c"}',
      '{"before":{"k":1,"v":null},"after":{"k":1,"v":"x"},"op":"u"}',
      '{"before":{"k":1,"v":"x"},"after":null,"op":"d"}',
      '',
    ])
    expect(systemDisk.readText(join(folder, 'c'))).toBe('2\n')
    const read = `SELECT "before".k, "after".v, op FROM read_parquet('${folder}/p')`
    expect((await db.query(read)).rows).toEqual([
      [null, null, 'c'],
      [1, 'x', 'u'],
      [1, null, 'd'],
    ])
    const refused = [
      [`${file('x')} FORMAT DEBEZIUM ENCODE CSV`, 'is a STRUCT, which has no form in csv'],
      [`${file('x')} FORMAT DEBEZIUM ENCODE AVRO`, 'not supported yet: ENCODE AVRO'],
      [`${file('x.csv', ", format = 'csv'")} FORMAT DEBEZIUM ENCODE JSON`, 'format says csv, and'],
      [
        file('x', ", force_append_only = true, format = 'debezium-json'"),
        "option 'format' = 'debezium-json'",
      ],
    ]
    for (const [rest, message] of refused) {
      const mistake = await mistakeOf(db.execute(`CREATE SINK x FROM t ${rest}`))
      expect(mistake).toMatchObject({ message: expect.stringContaining(message!) })
    }
    rmSync(folder, { recursive: true })
  })

  test('takes the place of another one, which is told nothing more, also in a replay', async () => {
    const { database, append, changes, connectors } = await started()
    await database.execute(`CREATE OR REPLACE SINK k FROM bid WITH (connector = 'append'); FLUSH;
      CREATE OR REPLACE SINK k AS SELECT v + 1 AS w FROM bid WITH (connector = 'changes'); FLUSH;
      INSERT INTO bid VALUES (2, 20); FLUSH`)
    const due = [
      ['+I', 11],
      ['+I', 21],
    ]
    expect(append.told).toEqual([['+I', 1, 10]])
    expect(changes.told).toEqual(due)
    const shown = await database.query('SHOW CREATE SINK k')
    expect(shown.rows).toEqual([
      ["CREATE SINK k AS SELECT v + 1 AS w FROM bid WITH ('connector' = 'changes');"],
    ])
    const failing = database.execute(`CREATE OR REPLACE SINK k FROM bid WITH (connector = 'no')`)
    expect(await mistakeOf(failing)).toMatchObject({ code: 'invalid_option' })
    expect((await database.query('SHOW SINKS')).rows).toEqual([['k', 'external']])
    changes.told.length = 0
    const again = new Database({ cycles: 'manual', connectors, log: database.log })
    await again.recover()
    expect(changes.told).toEqual(due)
    await database.close()
    await again.close()
  })

  test('is made anew by a replay', async () => {
    const { database, changes, connectors } = await started()
    await database.execute(`CREATE SINK k AS SELECT v FROM bid WITH (connector = 'changes'); FLUSH`)
    const again = new Database({ cycles: 'manual', connectors, log: database.log })
    await again.recover()
    expect(changes.told).toEqual([
      ['+I', 10],
      ['+I', 10],
    ])
    await database.close()
    await again.close()
  })

  test.each([
    [`CREATE SINK k FROM sums WITH (connector = 'append')`, 'invalid_emit', 'takes rows back'],
    [
      `CREATE SINK k FROM sums WITH (connector = 'append', type = 'upsert')`,
      'invalid_emit',
      'takes new rows only',
    ],
    [
      `CREATE SINK k FROM sums WITH (connector = 'changes', type = 'append-only')`,
      'invalid_emit',
      'takes rows back',
    ],
    [`CREATE SINK k FROM sums WITH (connector = 'chances')`, 'invalid_option', 'does not exist'],
    [
      `CREATE SINK k FROM sums WITH (connector = 'changes', type = 'other')`,
      'invalid_option',
      'type is',
    ],
    [
      `CREATE SINK k FROM sums WITH (connector = 'changes', nothing = 1)`,
      'invalid_option',
      'nothing is unknown',
    ],
    [
      `CREATE SINK k FROM sums WITH (connector = 'changes', type = 'upsert', primary_key = 'total')`,
      'invalid_option',
      'does not tell the rows',
    ],
    [
      `CREATE SINK k FROM sums WITH (connector = 'changes', type = 'upsert', primary_key = 'kk')`,
      'unknown_name',
      'column kk does not exist',
    ],
    [
      `CREATE SINK k FROM bid WITH (connector = 'changes', type = 'upsert')`,
      'invalid_option',
      'needs option primary_key',
    ],
    [
      `CREATE SINK k FROM sums WITH (connector = 'changes', snapshot = 'maybe')`,
      'invalid_option',
      'snapshot is',
    ],
    [`CREATE SINK k FROM sums`, 'invalid_option', 'needs option connector'],
    [`CREATE SINK k FROM suns WITH (connector = 'changes')`, 'unknown_name', 'suns does not exist'],
    [
      `CREATE OR REPLACE SINK sums FROM bid WITH (connector = 'changes')`,
      'duplicate_name',
      'materialized view sums exists already',
    ],
    [`CREATE SINK sums FROM bid WITH (connector = 'changes')`, 'duplicate_name', 'exists already'],
    ...[
      [
        `WITH (connector = 'append') FORMAT UPSERT ENCODE JSON`,
        'invalid_emit',
        'append takes new rows only',
      ],
      [`WITH (connector = 'append') FORMAT PLAIN ENCODE JSON`, 'invalid_emit', 'takes rows back'],
      [
        `WITH (connector = 'append') FORMAT MAXWELL ENCODE JSON`,
        'unsupported',
        'not supported yet: FORMAT MAXWELL',
      ],
      [
        `WITH (connector = 'changes', type = 'append-only') FORMAT UPSERT ENCODE JSON`,
        'invalid_option',
        'option type says append-only, and FORMAT UPSERT says upsert',
      ],
      [
        `WITH (connector = 'changes') FORMAT DEBEZIUM ENCODE JSON (force_append_only = 'true')`,
        'invalid_option',
        'force_append_only goes with',
      ],
      [
        `WITH (connector = 'changes', type = 'debezium', primary_key = 'total')`,
        'invalid_option',
        'does not tell the rows',
      ],
    ].map(([rest, code, message]): [string, string, string] => {
      return [`CREATE SINK k FROM sums ${rest}`, code!, message!]
    }),
  ] as [string, string, string][])('%s is a mistake', async (sql, code, message) => {
    const { database } = await started()
    const mistake = await mistakeOf(database.execute(sql))
    expect(mistake).toMatchObject({ code, message: expect.stringContaining(message) })
    expect(mistake).toHaveProperty('span')
    await database.close()
  })
})
