/** Random changes and transactions: SQLite and Millrace fail at the same statements and hold the same rows. */
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { QueryMistake, seededRandom } from '../../src/base/index.ts'
import { open } from '../../src/database/index.ts'
import { randomScript, schema } from './change.ts'

const cases = process.env['CI'] === 'true' ? 600 : 60
const chunk = 20
const chunks = Array.from({ length: cases / chunk }, (_, index) => 1 + index * chunk)

const same = [
  'SELECT * FROM t',
  'SELECT * FROM u',
  'SELECT t.id, u.v FROM t JOIN u ON t.id = u.k',
  'SELECT b, COUNT(*), SUM(n) FROM t GROUP BY b',
]
const view = 'SELECT k, COUNT(*) AS c, SUM(v) AS s FROM u GROUP BY k'
/** What is asked of Millrace, and of SQLite. */
const reads = [
  ...same.map((text): [string, string] => [text, text]),
  ['SELECT * FROM m', view] as [string, string],
]

const lines = (rows: unknown[][]): string[] =>
  rows.map((row) => row.map((value) => String(value)).join(' | ')).sort()

test.each(chunks)('seeds from %i', async (from) => {
  for (let seed = from; seed < from + chunk; seed++) await compare(seed)
})

async function compare(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const other = new DatabaseSync(':memory:')
  await using database = await open(':memory:', { vectorSize: 1 + (seed % 5) })
  for (const text of schema) {
    other.exec(text)
    await database.execute(text)
  }
  await database.execute(`CREATE MATERIALIZED VIEW m AS ${view}`)
  const compareRead = async ([mine, theirs]: [string, string], place: string) => {
    const { rows } = await database.query(mine)
    const statement = other.prepare(theirs)
    statement.setReturnArrays(true)
    const due = statement.all() as unknown as unknown[][]
    expect(lines(rows), `${place}\n${mine}`).toEqual(lines(due))
  }
  const told: string[] = []
  let inside = false
  for (const text of randomScript(random)) {
    const isEnd = text === 'COMMIT' || text === 'ROLLBACK'
    if (isEnd && !inside) continue
    told.push(text)
    const mistake = await fails(() => database.execute(text))
    const otherwise = await fails(async () => other.exec(text))
    const place = `seed ${seed}\n${told.join(';\n')}`
    expect(mistake !== null, `${place}\n${mistake}\n${otherwise}`).toBe(otherwise !== null)
    if (text === 'BEGIN' || isEnd) inside = text === 'BEGIN'
    if (mistake !== null && inside) {
      other.exec('ROLLBACK')
      await database.execute('ROLLBACK')
      inside = false
    }
    await compareRead(reads[random.below(reads.length)]!, place)
  }
  for (const read of reads) await compareRead(read, `seed ${seed}\n${told.join(';\n')}`)
  other.close()
}

async function fails(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work()
    return null
  } catch (error) {
    const isMistake = error instanceof QueryMistake || String(error).includes('constraint')
    if (!isMistake) throw error
    return String(error)
  }
}
