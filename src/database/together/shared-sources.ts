/**
 * SharedSources: what the queries of a statement set read together: a source outside that several of them name is
 * read and decoded once.
 *
 * How      Before the first query starts, the plans tell which columns of a source they read. The first query that
 *          opens it opens a reader of all of them, which the others join.
 * Contract 1 (checked) a source that one query alone reads is opened as without a set.
 * See      shared-reader.ts
 */
import type { BadRow, SourceReader } from '../../data/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import {
  bySource,
  type Known,
  projectionOf,
  relationOf,
  type Scan,
  scansOf,
  sourceKey,
} from '../extent.ts'
import { SharedReader } from './shared-reader.ts'

export class SharedSources {
  /** By source, the columns that each plan reads. */
  readonly #columns = new Map<string, number[][]>()
  readonly #readers = new Map<string, { reader: SharedReader; columns: number[] }>()

  constructor(plans: readonly PhysicalPlan[], known: Known) {
    for (const scans of plans.flatMap((plan) => bySource(scansOf(plan), (scan) => scan))) {
      const relation = relationOf(scans[0]!, known)
      if (relation.kind !== 'external') continue
      const columns = projectionOf(relation, scans, 'continuous')
      const key = keyOf(scans[0]!, columns)
      this.#columns.set(key, [...(this.#columns.get(key) ?? []), columns])
    }
  }

  /** The reader of one query; null for a source that no other one reads. */
  join(
    scan: Scan,
    columns: number[],
    source: {
      repeatable: boolean
      open(columns: number[], bad: (row: BadRow) => void): SourceReader
      bad(row: BadRow): void
    },
  ): SourceReader | null {
    const key = keyOf(scan, columns)
    const wanted = this.#columns.get(key) ?? []
    if (wanted.length < 2) return null
    let shared = this.#readers.get(key)
    if (shared === undefined) {
      const all = [...new Set(wanted.flat())].sort((a, b) => a - b)
      const { bad, repeatable } = source
      const reader = new SharedReader({ open: (tell) => source.open(all, tell), bad, repeatable })
      shared = { reader, columns: all }
      this.#readers.set(key, shared)
    }
    const all = shared.columns
    return shared.reader.join(columns.map((column) => all.indexOf(column)))
  }
}

/** A bad row of a file in FROM is a fault, so that queries that read other columns of it are left alone. */
function keyOf(scan: Scan, columns: readonly number[]): string {
  return JSON.stringify([sourceKey(scan), scan.file === undefined ? null : columns])
}
