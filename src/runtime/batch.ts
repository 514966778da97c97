/**
 * Batch work that several operators share: between host and arena, and on rows that stand side by side.
 */
import { assert } from '../base/index.ts'
import { hashKeys, keyVector } from '../cuboid/index.ts'
import { type Batch, type Column, columnOf, type Field, type Row, valueAt } from '../data/index.ts'
import {
  type Kernels,
  loadColumn,
  loadColumnRows,
  majorOf,
  takeRows,
  unloadColumn,
  type Vector,
  type VectorBatch,
} from '../kernel/index.ts'
import { type Contribution, endOfSlice, rowKey } from './changes.ts'
import { withoutFailed } from './failure.ts'
import type { Environment } from './stage.ts'

/** Host rows of a batch, with weight and triple. Failed values read as NULL. */
export function contributionsOf(
  kernels: Kernels,
  batch: VectorBatch,
  fields: readonly Field[],
): Contribution[] {
  const columns = hostColumns(kernels, batch, fields)
  const major = majorOf(kernels, batch)
  const { middle, minor } = batch.order
  const { f64, i32 } = kernels.arena.views
  const out: Contribution[] = []
  for (let row = 0; row < batch.rows; row++) {
    out.push({
      row: columns.map((column) => valueAt(column, row)),
      weight: batch.weights === 0 ? 1 : i32[(batch.weights >>> 2) + row]!,
      major: f64[(major >>> 3) + row]!,
      middle: middle === 0 ? 0 : f64[(middle >>> 3) + row]!,
      minor: minor === 0 ? 0 : f64[(minor >>> 3) + row]!,
    })
  }
  return out
}

/** Host rows of a stage's input; those on which something failed are left out and reported. */
export function soundRows(
  environment: Environment,
  fragment: number,
  input: VectorBatch,
  fields: readonly Field[],
): Contribution[] {
  const kernels = environment.fragments[fragment]!
  const batch = withoutFailed(environment, kernels, input, input.columns)
  return contributionsOf(kernels, batch, fields)
}

function hostColumns(kernels: Kernels, batch: VectorBatch, fields: readonly Field[]): Column[] {
  assert(batch.columns.length === fields.length, 'a batch has the columns of its schema')
  return batch.columns.map((vector, index) =>
    unloadColumn(kernels, vector, fields[index]!.type, batch.rows),
  )
}

/** Rows of host contributions in an arena's scratch memory. */
export function loadContributions(
  kernels: Kernels,
  contributions: readonly Contribution[],
  fields: readonly Field[],
): VectorBatch {
  const rows = contributions.length
  const columns = fields.map((field, index) =>
    loadColumn(
      kernels,
      columnOf(
        field.type,
        contributions.map((contribution) => contribution.row[index]!),
      ),
      0,
      rows,
    ),
  )
  const { arena } = kernels
  const major = arena.scratch(rows * 8)
  const middle = arena.scratch(rows * 8)
  const minor = arena.scratch(rows * 8)
  const weights = arena.scratch(rows * 4)
  const { f64, i32 } = arena.views
  contributions.forEach((contribution, row) => {
    f64[(major >>> 3) + row] = contribution.major
    f64[(middle >>> 3) + row] = contribution.middle
    f64[(minor >>> 3) + row] = contribution.minor
    i32[(weights >>> 2) + row] = contribution.weight
  })
  return { rows, columns, order: { major, middle, minor }, weights, watermarks: 0 }
}

/** Rows pushed at once. */
const pushRowsMax = 1024

/**
 * Loads and pushes contributions, each of weight ±n as n of weight ±1, some at a time; those of one triple that may
 * cancel come in one batch.
 */
export function pushContributions(
  kernels: Kernels,
  contributions: readonly Contribution[],
  fields: readonly Field[],
  push: (batch: VectorBatch) => void,
): void {
  const rows = copiesOf(contributions)
  const inserts = rows.every(({ weight }) => weight > 0)
  for (let from = 0; from < rows.length; ) {
    const to = endOfSlice(rows, from + pushRowsMax)
    const mark = kernels.arena.markScratch()
    const batch = loadContributions(kernels, rows.slice(from, to), fields)
    push(inserts ? { ...batch, weights: 0 } : batch)
    kernels.arena.releaseScratch(mark)
    from = to
  }
}

/** Contributions of weight ±n as n of weight ±1. */
export function copiesOf(contributions: readonly Contribution[]): Contribution[] {
  const out: Contribution[] = []
  for (const contribution of contributions) {
    const weight = Math.sign(contribution.weight)
    for (let copy = Math.abs(contribution.weight); copy > 0; copy--)
      out.push({ ...contribution, weight })
  }
  return out
}

/** Stands where a column is not loaded. */
const nothing: Vector = { physical: 'i64', data: 0, validity: 0, errors: null }

/** Rows of a host batch from `from` on in scratch memory, positions rising from `position`; null is not loaded. */
export function loadBatch(
  kernels: Kernels,
  batch: Batch,
  columns: readonly (number | null)[],
  from: number,
  rows: number,
  position: number,
): VectorBatch {
  return {
    rows,
    columns: columns.map((column) =>
      column === null ? nothing : loadColumn(kernels, batch.columns[column]!, from, rows),
    ),
    order: { major: 0, first: position, middle: 0, minor: 0 },
    weights: 0,
    watermarks: 0,
  }
}

/** Chosen rows of a host batch: the row numbers, from its row `from` on, are u32. */
export interface ChosenRows {
  batch: Batch
  columns: readonly (number | null)[]
  from: number
  selection: number
  count: number
}

/** The chosen rows of what `loadBatch` loaded, with the columns that it did not load. */
export function loadChosen(kernels: Kernels, loaded: VectorBatch, chosen: ChosenRows): VectorBatch {
  const { batch, columns, from, selection, count } = chosen
  const { rows } = loaded
  const isAll = count === rows
  const kept = isAll ? loaded : takeRows(kernels, loaded, selection, count)
  return {
    ...kept,
    columns: columns.map((column, place) => {
      if (column === null) return kept.columns[place]!
      const source = batch.columns[column]!
      if (isAll) return loadColumn(kernels, source, from, rows)
      return loadColumnRows(kernels, source, from, { rows, selection, count })
    }),
  }
}

/** Drops every −old, +new pair of neighbours whose rows and triples are equal. */
export function dropEqualPairs(
  kernels: Kernels,
  batch: VectorBatch,
  fields: readonly Field[],
): VectorBatch {
  const hashes = placeHashes(kernels, batch) >>> 2
  const weights = batch.weights >>> 2
  const { u32, i32 } = kernels.arena.views
  const likely: number[] = []
  for (let row = 0; row + 1 < batch.rows; row++) {
    const pairs = i32[weights + row] === -1 && i32[weights + row + 1] === 1
    if (pairs && u32[hashes + row] === u32[hashes + row + 1] && !failed(batch, row))
      likely.push(row, row + 1)
  }
  const rows = rowsAt(kernels, batch, fields, likely)
  const isEqual = (_: number, at: number) => isNoChange(rows[at & ~1]!, rows[at | 1]!)
  return without(kernels, batch, likely.filter(isEqual))
}

/** Drops rows that cancel at one triple in the `columns` that are looked at: to their reader they never happened. */
export function dropCancelled(
  kernels: Kernels,
  batch: VectorBatch,
  fields: readonly Field[],
  columns: readonly number[],
): VectorBatch {
  const narrow = { ...batch, columns: columns.map((column) => batch.columns[column]!) }
  const likely = rowsOfBothSigns(kernels, narrow)
  const rows = rowsAt(
    kernels,
    narrow,
    columns.map((column) => fields[column]!),
    likely,
  )
  const places = rows.map(
    ({ row, major, middle, minor }) => `${major},${middle},${minor},${rowKey(row)}`,
  )
  const net = new Map<string, number>()
  places.forEach((place, at) => {
    net.set(place, (net.get(place) ?? 0) + rows[at]!.weight)
  })
  return without(
    kernels,
    batch,
    likely.filter((_, at) => net.get(places[at]!) === 0),
  )
}

/** Rows beside which another may stand that is equal, triple included, and has the other sign: no other can cancel. */
function rowsOfBothSigns(kernels: Kernels, batch: VectorBatch): number[] {
  const { arena } = kernels
  const hashes = placeHashes(kernels, batch) >>> 2
  // Few rows share a slot by chance.
  const slots = 2 ** (35 - Math.clz32(batch.rows))
  const signs = arena.scratch(slots)
  const { u8, u32, i32 } = arena.views
  const weights = batch.weights >>> 2
  u8.fill(0, signs, signs + slots)
  for (let row = 0; row < batch.rows; row++) {
    u8[signs + (u32[hashes + row]! & (slots - 1))]! |= i32[weights + row]! > 0 ? 1 : 2
  }
  const both: number[] = []
  for (let row = 0; row < batch.rows; row++) {
    if (u8[signs + (u32[hashes + row]! & (slots - 1))] === 3) both.push(row)
  }
  return both
}

/** Address of a hash per row over its columns and its triple. */
function placeHashes(kernels: Kernels, batch: VectorBatch): number {
  const { middle, minor } = batch.order
  const triple = [majorOf(kernels, batch), middle, minor]
    .filter((data) => data !== 0)
    .map((data): Vector => ({ physical: 'f64', data, validity: 0, errors: null }))
  const keys = [...batch.columns, ...triple].map((vector) => keyVector(kernels, vector, batch.rows))
  return hashKeys(kernels, keys, batch.rows)
}

/** Host rows of some rows of a batch. */
function rowsAt(
  kernels: Kernels,
  batch: VectorBatch,
  fields: readonly Field[],
  rows: readonly number[],
): Contribution[] {
  if (rows.length === 0) return []
  return contributionsOf(kernels, taken(kernels, batch, rows), fields)
}

function without(kernels: Kernels, batch: VectorBatch, dropped: readonly number[]): VectorBatch {
  if (dropped.length === 0) return batch
  const gone = new Set(dropped)
  const kept = Array.from({ length: batch.rows }, (_, row) => row).filter((row) => !gone.has(row))
  return taken(kernels, batch, kept)
}

function taken(kernels: Kernels, batch: VectorBatch, rows: readonly number[]): VectorBatch {
  const selection = kernels.arena.scratch(rows.length * 4)
  kernels.arena.views.u32.set(rows, selection >>> 2)
  return takeRows(kernels, batch, selection, rows.length)
}

function isNoChange(old: Contribution, next: Contribution): boolean {
  return (
    old.weight === -1 &&
    next.weight === 1 &&
    old.major === next.major &&
    old.middle === next.middle &&
    old.minor === next.minor &&
    sameRow(old.row, next.row)
  )
}

function sameRow(a: Row, b: Row): boolean {
  return rowKey(a) === rowKey(b)
}

/** Did a value of the row or of its neighbour fail? Then the two are not compared. */
function failed(batch: VectorBatch, row: number): boolean {
  return batch.columns.some(
    ({ errors }) => errors !== null && (errors.has(row) || errors.has(row + 1)),
  )
}
