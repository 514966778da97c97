/** DuckDB: reads and writes files beside us. */
import { DuckDBInstance } from '@duckdb/node-api'

/** The rows of a statement in a database of its own. */
export async function duckdb(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const found = (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][]
  connection.closeSync()
  instance.closeSync()
  return found
}
