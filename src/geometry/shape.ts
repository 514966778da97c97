/**
 * Shape: geometries made of others: with fewer points, or with what lies around them (buffer.ts).
 *
 * How      Douglas and Peucker: of a line the point that lies furthest from the way between its ends stays if it lies
 *          further than the tolerance, and so on in both halves. Rings begin and end where they did.
 * Contract 1 (checked) what stays was there, in its order; every point that went lies no further than the tolerance
 *          from the line that stays.
 * Cost     of a line of n points n log n distances, n² where it is bent badly.
 */
import { buffered } from './buffer.ts'
import { type Geometry, type Path, partKind } from './geometry.ts'
import { measures } from './measure.ts'

/** Lines and rings with fewer points; rings that would have no area left go, the parts around them too. */
function simplified(geometry: Geometry, tolerance: number): Geometry {
  const kind = partKind(geometry)
  if (kind === 1) return geometry
  const parts = geometry.parts.flatMap((paths) => {
    const [outer, ...holes] = paths.map((path) => thinned(path, tolerance))
    if (kind === 3 && outer!.length < ringMin) return []
    return [[outer!, ...holes.filter(({ length }) => length >= ringMin)]]
  })
  return { kind: geometry.kind, parts }
}

const ringMin = 4

function thinned(path: Path, tolerance: number): Path {
  const keeps = new Set([0, path.length - 1])
  const open: [from: number, to: number][] = [[0, path.length - 1]]
  for (let range = open.pop(); range !== undefined; range = open.pop()) {
    const [from, to] = range
    let [furthest, most] = [-1, tolerance]
    for (let at = from + 1; at < to; at++) {
      const away = measures.toSegment(path[at]!, path[from]!, path[to]!)
      if (away > most) [furthest, most] = [at, away]
    }
    if (furthest < 0) continue
    keeps.add(furthest)
    open.push([from, furthest], [furthest, to])
  }
  return path.filter((_, at) => keeps.has(at))
}

export const shapes = { simplified, buffered }
