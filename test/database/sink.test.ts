/** Sinks: what CREATE SINK sends to its connector, what it refuses, and that a replay sends it again. */
import { describe, expect, test } from 'vitest'
import { QueryMistake } from '../../src/base/index.ts'
import { type Connector, type Op, type Row, rowsOf } from '../../src/data/index.ts'
import { Database } from '../../src/database/index.ts'

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

  test('a primary_key without an upsert sink is said to be ignored', async () => {
    const { database } = await started()
    const notices: string[] = []
    await database.execute(
      "CREATE SINK k FROM bid WITH (connector = 'append', primary_key = 'k')",
      {
        onNotice: (text) => notices.push(text),
      },
    )
    expect(notices).toEqual(["option primary_key is ignored: it goes with type = 'upsert'"])
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
      rows: [['sums', 'running', 2n, 0n, expect.anything()]],
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
    [
      `CREATE SINK k FROM sums WITH (connector = 'changes', type = 'debezium')`,
      'unsupported',
      'debezium',
    ],
  ])('%s is a mistake', async (sql, code, message) => {
    const { database } = await started()
    const mistake = await mistakeOf(database.execute(sql))
    expect(mistake).toMatchObject({ code, message: expect.stringContaining(message) })
    expect(mistake).toHaveProperty('span')
    await database.close()
  })
})
