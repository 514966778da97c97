/**
 * Partitions: a query fills directories of Parquet files, which are read back with conditions that leave files out.
 *
 * How      node examples/partitions.ts
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// In a project of your own: import { open } from 'millrace'
import { open } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-partitions-'))
process.on('exit', () => rmSync(folder, { recursive: true }))

await using db = await open(':memory:')
await db.execute(`
  CREATE TABLE reading (id BIGINT, sensor BIGINT, celsius DOUBLE) WITH (
    'connector' = 'datagen', 'number-of-rows' = '1000', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1',
    'fields.sensor.kind' = 'sequence', 'fields.sensor.start' = '1', 'fields.celsius.min' = '10',
    'fields.celsius.max' = '30'
  );
  CREATE TABLE lake (id BIGINT, celsius DOUBLE, place STRUCT(sensor BIGINT, floor BIGINT), building VARCHAR)
    PARTITIONED BY (building)
    WITH ('connector' = 'filesystem', 'path' = '${folder}/lake', 'format' = 'parquet');
  INSERT INTO lake SELECT id, celsius, ROW(sensor % 10, sensor % 3), 'b' || (sensor % 4) FROM reading`)
console.log(readdirSync(`${folder}/lake`).sort().join(' '))
// > building=b0 building=b1 building=b2 building=b3

const cold = `FROM '${folder}/lake/**/*.parquet' WHERE building IN ('b1', 'b3') AND (place).floor = 2`
console.log(/files.*/.exec(await db.explain(`SELECT id ${cold}`))?.[0])
// > files 2 of 4
console.log(
  await db.query(`SELECT building, COUNT(*) AS n ${cold} GROUP BY building ORDER BY building`),
)
// > [ { building: 'b1', n: 83n }, { building: 'b3', n: 83n } ]

await db.execute(`COPY (
    SELECT building, COUNT(*) AS n FROM '${folder}/lake/**/*.parquet' GROUP BY ALL ORDER BY n, building
  )
  TO '${folder}/buildings.csv.gz'`)
console.log(await db.query(`SELECT * FROM '${folder}/buildings.csv.gz' LIMIT 2`))
// > [ { building: 'b0', n: 250n }, { building: 'b1', n: 250n } ]
