/**
 * Flights: three million flights stream by in event time; a live table shows the worst airports of the hour that just
 * ended.
 *
 * How      node examples/flights/flights.ts [--limit FLIGHTS]
 *          The query is delays.sql; this file only draws what it gives. Each commit of the subscription brings the
 *          hours that the watermark has closed, and no hour is told twice.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
// In a project of your own: import { open } from 'millrace'
import { open } from '../../src/index.ts'

interface AirportHour {
  hour: number
  city: string
  state: string
  origin: string
  flights: bigint
  delay: number
}

const flightsInAll = 3_000_000
const shownMax = 8
const flightsMin = 10n
const drawMillisMin = 60

const { values } = parseArgs({ options: { limit: { type: 'string' } } })
const limit = Number(values.limit ?? flightsInAll)
const sql = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')
const data = fileURLToPath(new URL('../../node_modules/vega-datasets/data', import.meta.url))

const terminal = process.stdout.isTTY === true
const bold = (text: string) => (terminal ? `\x1b[1m${text}\x1b[22m` : text)
const dim = (text: string) => (terminal ? `\x1b[2m${text}\x1b[22m` : text)
const red = (text: string) => (terminal ? `\x1b[31m${text}\x1b[39m` : text)
const hourText = (hour: number) => new Date(hour).toISOString().slice(0, 16).replace('T', ' ')
const count = (value: number | bigint) => value.toLocaleString('en')

function airportLine(
  { hour, city, state, origin, flights, delay }: AirportHour,
  withHour: boolean,
) {
  const place = `${city}, ${state}`.slice(0, 26).padEnd(26)
  const bar = red('■'.repeat(Math.min(30, Math.max(1, Math.round(delay / 6)))))
  const when = withHour ? `${dim(hourText(hour))}  ` : ''
  return ` ${when}${origin}  ${place} ${count(flights).padStart(5)} ${delay.toFixed(1).padStart(8)} min  ${bar}`
}

const byDelay = (a: AirportHour, b: AirportHour) => b.delay - a.delay
const busy = (rows: AirportHour[]) => rows.filter(({ flights }) => flights >= flightsMin)

function progressLine(flights: number, seconds: number): string {
  const done = Math.min(1, flights / limit)
  const filled = Math.round(done * 40)
  const bar = `${'━'.repeat(filled)}${dim('─'.repeat(40 - filled))}`
  const rate = count(Math.round(flights / Math.max(seconds, 0.001)))
  return ` ${bar} ${`${Math.floor(done * 100)}`.padStart(3)} %  ${count(flights)} flights  ${dim(`${rate}/s`)}`
}

/** Replaces the lines drawn last by new ones. */
function screen(): (lines: string[]) => void {
  let drawn = 0
  return (lines) => {
    const back = drawn > 0 ? `\x1b[${drawn}F\x1b[J` : ''
    process.stdout.write(`${back}${lines.join('\n')}\n`)
    drawn = lines.length
  }
}

const startedAt = performance.now()
const seconds = () => (performance.now() - startedAt) / 1000
const draw = screen()
let drawnAt = 0
let flights = 0
let hours = 0
let lastHour = 0
let current: AirportHour[] = []
let worst: AirportHour[] = []
const airports = new Set<string>()

await using db = await open(':memory:')
await db.execute(sql('schema.sql'), { vars: { DATA: data } })
for await (const { rows } of db.subscribe<AirportHour>(sql('delays.sql'))) {
  for (const row of rows) {
    if (row.hour !== lastHour) {
      hours++
      lastHour = row.hour
      current = []
    }
    current.push(row)
    flights += Number(row.flights)
    airports.add(row.origin)
  }
  worst = [...worst, ...busy(rows)].sort(byDelay).slice(0, shownMax)
  if (terminal && performance.now() - drawnAt >= drawMillisMin) {
    drawnAt = performance.now()
    const shown = busy(current).sort(byDelay).slice(0, shownMax)
    draw([
      '',
      ` ${bold('Worst airports of the hour')} ${hourText(lastHour)}   ${dim('departures, mean delay')}`,
      ...Array.from({ length: shownMax }, (_, at) =>
        shown[at] ? airportLine(shown[at], false) : '',
      ),
      '',
      progressLine(flights, seconds()),
    ])
  }
  if (flights >= limit) break
}

const took = seconds()
const what = 'from the Parquet file to the closed hours, one thread'
const summary = [
  '',
  ` ${bold('The worst airport hours of all')}   ${dim('departures, mean delay')}`,
  ...worst.map((row) => airportLine(row, true)),
  '',
  ` ${count(flights)} flights from ${airports.size} airports in ${count(hours)} hours of event time`,
  ` ${bold(`${took.toFixed(1)} s, ${count(Math.round(flights / took))} flights/s`)} ${dim(what)}`,
  '',
]
if (terminal) draw(summary)
else process.stdout.write(`${summary.join('\n')}\n`)
