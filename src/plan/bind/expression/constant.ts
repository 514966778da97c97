/**
 * Constant: arguments of library functions that are wrong whatever the rows are, told where they stand.
 *
 * How      Literals are looked at when a call is bound; what is no literal is told at the rows. Inside of TRY nothing
 *          is told, as it makes such a failure NULL.
 */
import { isWhole, type Type } from '../../../data/index.ts'
import { parseGeometry } from '../../../geometry/index.ts'
import type { Expression } from '../../logical.ts'
import { fail } from '../binding.ts'
import type { Call } from './function.ts'

/** Whole numbers between bounds, by the place of the argument. */
interface Bounded {
  at: number
  what: string
  least: number
  most: number
}

const resolution = (at: number): Bounded => ({ at, what: 'a resolution', least: 0, most: 15 })
const letters = (at: number): Bounded => ({
  at,
  what: 'the length of a geohash',
  least: 1,
  most: 12,
})

const bounded: ReadonlyMap<string, Bounded> = new Map([
  ['h3_latlng_to_cell', resolution(2)],
  ['h3_cell_to_parent', resolution(1)],
  ['h3_cell_to_center_child', resolution(1)],
  ['h3_cell_to_children', resolution(1)],
  ['geohash_encode', letters(2)],
  ['st_geohash', letters(1)],
])

const texts: ReadonlyMap<string, 'wkt' | 'geojson'> = new Map([
  ['st_geomfromtext', 'wkt'],
  ['st_geometryfromtext', 'wkt'],
  ['st_geomfromgeojson', 'geojson'],
])

const hints = {
  wkt: "write 'POINT(1 2)', 'LINESTRING(0 0, 1 1)' or 'POLYGON((0 0, 1 0, 1 1, 0 0))'",
  geojson: `write '{"type": "Point", "coordinates": [1, 2]}'`,
}

/** A mistake at an argument of the call that can only fail. */
export function checkConstants({ name, args, argSpans }: Call): void {
  const bounds = bounded.get(name)
  const number = bounds === undefined ? null : literalOf(args[bounds.at], isWhole)
  if (bounds !== undefined && number !== null) {
    const { at, what, least, most } = bounds
    if (Number(number) < least || Number(number) > most) {
      const hint = `${what} lies between ${least} and ${most}`
      fail('invalid_argument', `${name} takes no ${number} here`, argSpans[at]!, hint)
    }
  }
  const form = texts.get(name)
  const text = form === undefined ? null : literalOf(args[0], ({ kind }) => kind === 'varchar')
  if (form === undefined || text === null || parseGeometry(text, form) !== null) return
  fail(
    'invalid_argument',
    `'${text}' is no ${form === 'wkt' ? 'WKT' : 'GeoJSON'} of a geometry`,
    argSpans[0]!,
    hints[form],
  )
}

function literalOf(arg: Expression | undefined, takes: (type: Type) => boolean): string | null {
  if (arg?.kind !== 'literal' || arg.value === null || !takes(arg.type)) return null
  return String(arg.value)
}
