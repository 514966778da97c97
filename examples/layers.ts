/**
 * Layers: views on views, and a program that is told what changes at the top.
 *
 * How      node examples/layers.ts
 *          Readings become the mean of each room, and these the number of rooms that are too warm. A reading that
 *          changes no count tells nobody anything.
 */
// In a project of your own: import { open } from 'millrace'
import { open } from '../src/index.ts'

await using db = await open(':memory:')
await db.execute(`
  CREATE STREAM reading (room VARCHAR, celsius DOUBLE);
  CREATE MATERIALIZED VIEW room AS
    SELECT room, AVG(celsius) AS celsius FROM reading GROUP BY room;
  CREATE MATERIALIZED VIEW house AS
    SELECT COUNT(*) AS rooms, COUNT(*) FILTER (WHERE celsius > 24) AS warm FROM room`)

const readings = [
  { room: 'attic', celsius: 26 },
  { room: 'cellar', celsius: 14 },
  { room: 'attic', celsius: 27 }, // warm already: the house stays as it is
  { room: 'attic', celsius: 12 }, // 21.7 on the mean
]
const house = db.subscribe<{ rooms: bigint; warm: bigint }>('SUBSCRIBE house')
const feed = async () => {
  for (const reading of readings) {
    await db.append('reading', [reading])
    await db.execute('FLUSH')
  }
  await db.close()
}
const fed = feed()
for await (const { op, row } of house.changes()) {
  if (op === '+I' || op === '+U') console.log(`${row.warm} of ${row.rooms} rooms are too warm`)
}
await fed
// > 1 of 1 rooms are too warm
// > 1 of 2 rooms are too warm
// > 0 of 2 rooms are too warm
