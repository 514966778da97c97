/**
 * Earthquakes: events out of order, a watermark that waits for them, and what comes too late even so.
 *
 * How      node examples/earthquakes/earthquakes.ts
 *          by-day.sql is asked twice. Continuously, a day is told when the watermark closes it, and reports that come
 *          after that are late and dropped. One-shot, watermarks play no part: every report counts. The difference is
 *          what was late.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
// In a project of your own: import { open } from 'millrace'
import { open } from '../../src/index.ts'

interface Feature {
  id: string
  properties: { mag: number | null; place: string; time: number; updated: number }
}

interface Day {
  day: number
  quakes: bigint
  strongest: number
  mean: number
}

const sql = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')
const data = fileURLToPath(new URL('../../node_modules/vega-datasets/data', import.meta.url))
const { features }: { features: Feature[] } = JSON.parse(
  readFileSync(join(data, 'earthquakes.json'), 'utf8'),
)
const quakes = features
  .toSorted((a, b) => a.properties.updated - b.properties.updated)
  .map(({ id, properties: { time, mag, place } }) => ({
    id,
    at: time,
    mag,
    region: place.split(', ').at(-1),
  }))

const dayText = (day: number) => new Date(day).toISOString().slice(0, 10)
const cells = (...texts: unknown[]) => texts.map((text) => String(text).padStart(11)).join('')

await using db = await open(':memory:', { sources: { quakes } })
await db.execute(sql('schema.sql'))

const closed = new Map<number, Day>()
for await (const { op, row } of db
  .subscribe<Day>(`${sql('by-day.sql')} EMIT ON WINDOW CLOSE`)
  .changes()) {
  // Nothing else can come: a closed window is final.
  if (op !== '+I') throw new Error(`a closed day was changed: ${op}`)
  closed.set(row.day, row)
}

console.log(cells('day', 'in time', 'late', 'in all', 'strongest'))
let late = 0n
for (const { day, quakes: all, strongest } of await db.query<Day>(
  `${sql('by-day.sql')} ORDER BY day`,
)) {
  const inTime = closed.get(day)?.quakes ?? 0n
  late += all - inTime
  console.log(cells(dayText(day), inTime, all - inTime, all, strongest.toFixed(1)))
}
console.log(`\n${quakes.length} reports, ${late} of them later than the watermark allowed`)
