/**
 * User functions: how far riders are from a station, computed by functions of the program.
 *
 * How      node examples/user-functions.ts
 *          A distance on the globe for each row, the middle of each rider's trail as an aggregate that follows
 *          corrections, and the stations as rows in FROM.
 */
// In a project of your own: import { open } from 'millrace'
import { open } from '../src/index.ts'

const radius = 6371.0088
const radians = (degrees: number) => (degrees * Math.PI) / 180

/** Kilometres between two places on a globe. */
function distance(lat1: number, lon1: number, lat2: number, lon2: number): number {
  const [a, b] = [radians(lat2 - lat1), radians(lon2 - lon1)]
  const half = Math.sin(a / 2) ** 2
  const across = Math.cos(radians(lat1)) * Math.cos(radians(lat2)) * Math.sin(b / 2) ** 2
  return 2 * radius * Math.asin(Math.sqrt(half + across))
}

await using db = await open(':memory:')
const places = { args: ['DOUBLE', 'DOUBLE', 'DOUBLE', 'DOUBLE'], returns: 'DOUBLE' } as const
db.function('distance', { ...places, deterministic: true }, distance)
db.aggregate(
  'middle',
  { args: ['DOUBLE', 'DOUBLE'], returns: 'VARCHAR' },
  {
    create: () => [] as [number, number][],
    accumulate(all, lat, lon) {
      all.push([lat, lon])
      return all
    },
    finish: (all) => {
      const mean = (at: 0 | 1) => all.reduce((sum, one) => sum + one[at], 0) / all.length
      return `${mean(0).toFixed(2)} ${mean(1).toFixed(2)}`
    },
  },
)
const columns = { station: 'VARCHAR', slat: 'DOUBLE', slon: 'DOUBLE' }
db.tableFunction('stations', { args: [], columns }, () => [
  ['Delft', 52.0066, 4.3571],
  ['Leiden', 52.1663, 4.4817],
])

await db.execute(`
  CREATE TABLE position (id INTEGER PRIMARY KEY, rider VARCHAR, lat DOUBLE, lon DOUBLE);
  CREATE MATERIALIZED VIEW trail AS
    SELECT rider, middle(lat, lon) AS middle FROM position GROUP BY rider;
  INSERT INTO position VALUES (1, 'ada', 52.01, 4.36), (2, 'ada', 52.03, 4.40), (3, 'bob', 52.16, 4.48)`)

const near = await db.query<{ rider: string; station: string; km: number }>(`
  SELECT rider, station, ROUND(MIN(distance(lat, lon, slat, slon)), 1) AS km
  FROM position, stations() AS s WHERE distance(lat, lon, slat, slon) < 10
  GROUP BY rider, station ORDER BY rider, km`)
for (const { rider, station, km } of near) console.log(`${rider} was ${km} km from ${station}`)
// > ada was 0.4 km from Delft
// > bob was 0.7 km from Leiden

const trails = () => db.query('SELECT rider, middle FROM trail ORDER BY rider')
console.log(await trails())
// > [
// >   { rider: 'ada', middle: '52.02 4.38' },
// >   { rider: 'bob', middle: '52.16 4.48' }
// > ]
await db.execute('DELETE FROM position WHERE id = 2')
console.log(await trails())
// > [
// >   { rider: 'ada', middle: '52.01 4.36' },
// >   { rider: 'bob', middle: '52.16 4.48' }
// > ]
