/**
 * Cell: the functions of H3 cells on single values: hexagons of the earth in 16 resolutions, each a BIGINT.
 *
 * How      The package h3-js, loaded with the first call. It has cells as hexadecimal texts.
 */
import { createRequire } from 'node:module'
import type * as H3 from 'h3-js'
import { arrayOf, itemOf, type Value } from '../../../data/index.ts'
import { geometryBytes, type Position } from '../../../geometry/index.ts'
import { type Fault, invalid, type Outcome } from '../fault.ts'
import type { Maker, Makers } from '../maker.ts'

let loaded: typeof H3 | undefined

function h3(): typeof H3 {
  loaded ??= createRequire(import.meta.url)('h3-js') as typeof H3
  return loaded
}

const cellsMax = 1_000_000
const finest = 15

const textOf = (cell: Value) => (cell as bigint).toString(16)
const numberOf = (text: string) => BigInt(`0x${text}`)

/** In their order. */
const listOf = (texts: readonly string[]) =>
  arrayOf(texts.map((text) => itemOf(numberOf(text), { kind: 'bigint' })).sort())

/** A function of a cell, which is looked at first. */
function ofCell(apply: (cell: string, more: Value | undefined) => Outcome): Maker {
  return () => (cell, more) => (isCell(cell!) ? apply(textOf(cell!), more) : noCell(cell!))
}

/** A function of two cells; what H3 cannot say of them is a failure in its own words. */
function ofCells(apply: (a: string, b: string) => Outcome): Maker {
  return ofCell((a, b) => {
    if (!isCell(b!)) return noCell(b!)
    return guarded(() => apply(a, textOf(b!)))
  })
}

const isCell = (cell: Value) => (cell as bigint) > 0n && h3().isValidCell(textOf(cell))
const noCell = (cell: Value): Fault => invalid(`${cell} is no H3 cell`)

function guarded(apply: () => Outcome): Outcome {
  try {
    return apply()
  } catch (error) {
    return invalid(`H3 has no answer: ${(error as Error).message}`)
  }
}

function resolutionOf(given: Value, least: number, most: number): number | Fault {
  const resolution = Number(given)
  if (resolution >= least && resolution <= most) return resolution
  return invalid(`a resolution lies between ${least} and ${most} here, it is not ${given}`)
}

export const isPlace = (lat: number, lng: number) => Math.abs(lat) <= 90 && Math.abs(lng) <= 180
export const noPlace = invalid(
  'a latitude lies between -90 and 90, a longitude between -180 and 180',
)

function cellAt(lat: number, lng: number, resolution: Value): Outcome {
  if (!isPlace(lat, lng)) return noPlace
  const fine = resolutionOf(resolution, 0, finest)
  return typeof fine === 'number' ? numberOf(h3().latLngToCell(lat, lng, fine)) : fine
}

const coarser = (apply: (cell: string, resolution: number) => Outcome): Maker =>
  ofCell((cell, more) => {
    const resolution = resolutionOf(more!, 0, h3().getResolution(cell))
    return typeof resolution === 'number' ? apply(cell, resolution) : resolution
  })

const finer = (apply: (cell: string, resolution: number) => Outcome): Maker =>
  ofCell((cell, more) => {
    const resolution = resolutionOf(more!, h3().getResolution(cell), finest)
    return typeof resolution === 'number' ? apply(cell, resolution) : resolution
  })

function children(cell: string, resolution: number): Outcome {
  const count = h3().cellToChildrenSize(cell, resolution)
  if (count > cellsMax) return invalid(`more than ${cellsMax} cells`)
  return listOf(h3().cellToChildren(cell, resolution))
}

/** Cells up to a number of steps away. */
const steps = (apply: (cell: string, steps: number) => readonly string[]): Maker =>
  ofCell((cell, more) => {
    const count = Number(more)
    if (count < 0) return invalid(`${more} is no number of steps`)
    if (3 * count * (count + 1) + 1 > cellsMax) return invalid(`more than ${cellsMax} cells`)
    return listOf(apply(cell, count))
  })

/** [latitude, longitude] as H3 has them. */
function boundary(corners: readonly number[][]): string {
  const ring = corners.map(([lat, lng]): Position => [lng!, lat!])
  return geometryBytes({ kind: 3, parts: [[[...ring, ring[0]!]]] })
}

export const cells: Makers = {
  h3_latlng_to_cell: () => (lat, lng, resolution) =>
    cellAt(lat as number, lng as number, resolution!),
  h3_cell_to_lat: ofCell((cell) => h3().cellToLatLng(cell)[0]),
  h3_cell_to_lng: ofCell((cell) => h3().cellToLatLng(cell)[1]),
  h3_cell_to_latlng: ofCell((cell) =>
    arrayOf(
      h3()
        .cellToLatLng(cell)
        .map((one) => itemOf(one, { kind: 'double' })),
    ),
  ),
  h3_cell_to_boundary: ofCell((cell) => boundary(h3().cellToBoundary(cell))),
  h3_cell_to_parent: coarser((cell, resolution) => numberOf(h3().cellToParent(cell, resolution))),
  h3_cell_to_center_child: finer((cell, resolution) =>
    numberOf(h3().cellToCenterChild(cell, resolution)),
  ),
  h3_cell_to_children: finer(children),
  h3_grid_disk: steps((cell, count) => h3().gridDisk(cell, count)),
  h3_grid_ring: steps((cell, count) => h3().gridRing(cell, count)),
  h3_grid_distance: ofCells((a, b) => BigInt(h3().gridDistance(a, b))),
  h3_are_neighbor_cells: ofCells((a, b) => h3().areNeighborCells(a, b)),
  h3_get_resolution: ofCell((cell) => BigInt(h3().getResolution(cell))),
  h3_is_valid_cell: () => (cell) => isCell(cell!),
  h3_h3_to_string: ofCell((cell) => cell),
  h3_string_to_h3: () => (text) => {
    const digits = text as string
    const isOne = /^[0-9a-f]{1,16}$/i.test(digits) && h3().isValidCell(digits)
    return isOne ? numberOf(digits) : invalid(`'${digits}' is no H3 cell`)
  },
}
