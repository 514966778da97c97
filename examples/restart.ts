/**
 * Restart: a database in a directory, closed and opened again: streams, views and what they said are there.
 *
 *   node examples/restart.ts
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from '../src/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'trips-'))
let seen = 0
{
  await using db = await open(directory)
  await db.execute(`
    CREATE STREAM trip (city VARCHAR, fare DOUBLE);
    CREATE MATERIALIZED VIEW fares AS SELECT city, SUM(fare) AS total FROM trip GROUP BY city`)
  // Resolves when the rows are on the device.
  await db.append('trip', [{ city: 'Delft', fare: 12.5 }])
  for await (const { offset, rows } of db.subscribe('trip')) {
    console.log(rows)
    seen = offset
    break
  }
}
{
  await using db = await open(directory)
  await db.append('trip', [{ city: 'Delft', fare: 7.5 }])
  console.log(await db.query('SELECT * FROM fares'))
  // Whoever has seen a commit goes on behind it.
  const later = `SUBSCRIBE trip AS OF OFFSET ${seen} WITH (SNAPSHOT = FALSE)`
  for await (const { rows } of db.subscribe(later)) {
    console.log(rows)
    break
  }
}
rmSync(directory, { recursive: true })
// > [ { city: 'Delft', fare: 12.5 } ]
// > [ { city: 'Delft', total: 20 } ]
// > [ { city: 'Delft', fare: 7.5 } ]
