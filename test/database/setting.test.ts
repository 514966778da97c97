/** SET never pretends: what would change an answer is refused, what belongs to another system is passed over aloud. */
import { describe, expect, test } from 'vitest'
import { open } from '../../src/database/index.ts'

async function noticesOf(sql: string): Promise<string[]> {
  await using db = await open(':memory:')
  const notices: string[] = []
  await db.execute(sql, { onNotice: (text) => notices.push(text) })
  return notices
}

describe('SET', () => {
  test('an unknown dialect is a mistake that names the known ones', async () => {
    await using db = await open(':memory:')
    const mistaken = await db.execute("SET dialect = 'oracle'").catch((fault) => fault)
    expect(mistaken.diagnostics[0]).toMatchObject({
      code: 'invalid_option',
      message: 'dialect oracle does not exist',
      hint: 'there are default, flink, postgres, duckdb',
    })
  })

  test.each([["SET approximation = 'on'"], ["SET float_sum = 'fast'"]])(
    '%s is refused',
    async (sql) => {
      await using db = await open(':memory:')
      await expect(db.execute(sql)).rejects.toThrow(`not supported yet: ${sql.replaceAll("'", '')}`)
    },
  )

  test('the value that a setting has is taken', async () => {
    expect(await noticesOf("SET dialect = 'default'")).toEqual([])
  })

  test("another system's setting gives a notice", async () => {
    expect(await noticesOf('SET rw_parallelism = 4')).toEqual([
      'setting rw_parallelism is not known here and is ignored',
    ])
  })
})

test('what a definition ignores is said once', async () => {
  expect(await noticesOf('CREATE STREAM s (name BYTES(3))')).toEqual([
    'the length of BYTES(3) is not enforced',
  ])
})
