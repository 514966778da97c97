/** CREATE FUNCTION … AS 'class': names for functions that are built in. */
import { expect, test } from 'vitest'
import { QueryMistake } from '../../src/base/index.ts'
import { Database } from '../../src/database/index.ts'

const nexmark = 'com.github.nexmark.flink.udf.CountChar'

async function mistakeOf(database: Database, text: string) {
  const refused = await database.execute(text).catch((error: unknown) => error)
  if (!(refused instanceof QueryMistake)) throw new Error(`${text} was taken`)
  const { code, message, span } = refused.diagnostics[0]!
  return { code, message, at: text.slice(span?.start, span?.end) }
}

test('a class that is known gives its name to a built-in function, also after a replay', async () => {
  const database = new Database({ cycles: 'manual', connectors: new Map() })
  await database.execute(`CREATE FUNCTION letters AS '${nexmark}'`)
  await database.execute(`CREATE FUNCTION count_char AS '${nexmark}'`)
  const ask = "SELECT letters('banana', 'a') AS a, count_char('banana', 'n') AS n"
  expect((await database.query(ask)).rows).toEqual([[3n, 2n]])
  const again = new Database({ cycles: 'manual', connectors: new Map(), log: database.log })
  await again.recover()
  expect((await again.query(ask)).rows).toEqual([[3n, 2n]])
  await database.close()
  await again.close()
})

test('other classes and names that are taken are refused', async () => {
  const database = new Database({ cycles: 'manual', connectors: new Map() })
  expect(await mistakeOf(database, "CREATE FUNCTION f AS 'com.example.F'")).toEqual({
    code: 'unknown_name',
    message: 'no function is built in for class com.example.F',
    at: "'com.example.F'",
  })
  expect(await mistakeOf(database, `CREATE FUNCTION lower AS '${nexmark}'`)).toEqual({
    code: 'duplicate_name',
    message: 'function lower exists already',
    at: 'lower',
  })
  await database.execute(`CREATE FUNCTION f AS '${nexmark}'`)
  await database.execute(`CREATE FUNCTION IF NOT EXISTS f AS '${nexmark}'`)
  expect((await mistakeOf(database, `CREATE FUNCTION f AS '${nexmark}'`)).code).toBe(
    'duplicate_name',
  )
  await database.close()
})
