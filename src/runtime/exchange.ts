/**
 * Exchange: hands each row to the fragment that owns its key.
 *
 * How      With one fragment the batch passes untouched. Otherwise the key's values are hashed on the host and the
 *          rows are copied into the arena of their fragment, order triples, weights and watermarks with them.
 * Contract 1 (checked by the golden scripts) equal keys meet in one fragment on every side of a join.
 * Cost     nothing with one fragment; some 0.5 µs per row otherwise, until fragments run on threads of their own.
 */

import type { Type } from '../data/index.ts'
import { valueAt } from '../data/index.ts'
import { copyRows, unloadColumn, type VectorBatch } from '../kernel/index.ts'
import { valueKey } from './changes.ts'
import type { Environment, Push } from './stage.ts'

/** A push that partitions by the columns `keys` (all rows to fragment 0 when there are none). */
export function exchange(
  environment: Environment,
  keys: readonly { column: number; type: Type }[],
  push: Push,
): Push {
  const { fragments } = environment
  if (fragments.length === 1) return push
  return (from, batch) => {
    const owners = ownersOf(environment, from, batch, keys)
    for (let to = 0; to < fragments.length; to++) {
      const rows = owners[to]!
      if (rows.length === 0) continue
      if (to === from && rows.length === batch.rows) push(to, batch)
      else push(to, copyRows(fragments[from]!, batch, Uint32Array.from(rows), fragments[to]!))
    }
  }
}

function ownersOf(
  environment: Environment,
  from: number,
  batch: VectorBatch,
  keys: readonly { column: number; type: Type }[],
): number[][] {
  const { fragments } = environment
  const owners: number[][] = fragments.map(() => [])
  const columns = keys.map(({ column, type }) =>
    unloadColumn(fragments[from]!, batch.columns[column]!, type, batch.rows),
  )
  if (keys.length === 0) owners[0] = Array.from({ length: batch.rows }, (_, row) => row)
  for (let row = 0; keys.length > 0 && row < batch.rows; row++) {
    let hash = 0x811c9dc5
    for (const column of columns) {
      const key = valueKey(valueAt(column, row))
      for (let index = 0; index < key.length; index++) {
        hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
      }
    }
    owners[(hash >>> 8) % fragments.length]!.push(row)
  }
  return owners
}
