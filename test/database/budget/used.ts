/**
 * A process of its own that feeds a view and tells by how many bytes per row its heap and the counted state grow:
 * `node --expose-gc used.ts QUERY ROWS`. Prints one line of JSON: an array of { used, counted }, one per growth.
 */
import { Database } from '../../../src/database/index.ts'

const [, , query, rowsText] = process.argv
const rows = Number(rowsText)
const growths = 3
const batch = 4000

const database = new Database({ cycles: 'manual' })
await database.execute(`
  CREATE STREAM s (k BIGINT, v BIGINT, x VARCHAR, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' DAY);
  CREATE STREAM never (k BIGINT, v BIGINT);
  CREATE MATERIALIZED VIEW m AS ${query}`)

let n = 0
async function feed(): Promise<void> {
  for (const end = n + rows; n < end; ) {
    const some = Array.from({ length: batch }, () => {
      const k = n++
      return { k, v: k % 500, x: `the text of ${k}`, ts: '2026-01-01 00:00:00' }
    })
    await database.append('s', some)
    await database.execute('FLUSH')
  }
}

async function measure(): Promise<{ used: number; counted: number }> {
  const { rows: parts } = await database.query(
    "SELECT sum(bytes) FROM sys.memory WHERE part = 'operators'",
  )
  for (let round = 0; round < 4; round++) {
    await new Promise((done) => setImmediate(done))
    globalThis.gc!()
  }
  return { used: process.memoryUsage().heapUsed, counted: Number(parts[0]![0]) }
}

await feed()
let before = await measure()
const grown: { used: number; counted: number }[] = []
for (let round = 0; round < growths; round++) {
  await feed()
  const now = await measure()
  const per = (key: 'used' | 'counted') => (now[key] - before[key]) / rows
  grown.push({ used: per('used'), counted: per('counted') })
  before = now
}
console.log(JSON.stringify(grown))
await database.close()
