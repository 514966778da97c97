/**
 * Buffer: all points no further from a geometry than a distance, as polygons.
 *
 * How      Each side of the geometry becomes a capsule: the discs around its ends and what lies between them. What
 *          bounds the union of the capsules and of the polygons themselves are those pieces of their sides that no
 *          other one has inside; they are put together to rings. A distance below 0 takes from polygons what is near
 *          to their edge: then those pieces count that lie in them. Where sides cross is not rounded (exact.ts), so
 *          that no ring stays open; corners are rounded in the end.
 * Contract 1 (checked) corners of discs lie on their circles, rounded once: the buffer lies within the true one, and
 *          by no more than 1 − cos(45° / quarter) of the distance.
 *          2 (checked) rings are closed, outer ones run with the clock as those of PostGIS, holes against it.
 *          3 (trusted) polygons are simple.
 * Cost     some ms per side, and the product of the numbers of sides that are near to each other.
 */
import {
  Corner,
  comparePoints,
  isOn,
  meetings,
  middle,
  type Point,
  Scale,
  type Segment,
  side,
} from './exact.ts'
import { type Geometry, type Path, type Position, partKind } from './geometry.ts'
import { type Box, boxesMeet, boxOf, INSIDE, inPolygon, OUTSIDE } from './relate.ts'

/** A polygon by its sides, which have its inside to their left. */
interface Piece {
  sides: Segment[]
  boxes: Box[]
  box: Box
}

/** Directions of the corners of a disc, from the east on against the clock. */
function directionsOf(quarter: number): Position[] {
  return Array.from({ length: 4 * quarter }, (_, at): Position => {
    const angle = ((at % quarter) * Math.PI) / (2 * quarter)
    const [x, y] = [Math.cos(angle), Math.sin(angle)]
    return [[x, y] as const, [-y, x] as const, [-x, -y] as const, [y, -x] as const][
      Math.floor(at / quarter)
    ]!
  })
}

/** Directions this near to a right angle with a side are taken for it. */
const rightAngle = 1e-9

/** The ring around two places, which may be one. */
function capsule(a: Position, b: Position, radius: number, directions: readonly Position[]): Path {
  const corner = ([x, y]: Position, [u, v]: Position): Position => [x + radius * u, y + radius * v]
  const length = Math.hypot(b[0] - a[0], b[1] - a[1])
  if (length === 0) return closed(directions.map((one) => corner(a, one)))
  const [u, v] = [(b[0] - a[0]) / length, (b[1] - a[1]) / length]
  const ahead = ([x, y]: Position) => x * u + y * v
  const across = ([x, y]: Position) => x * v - y * u
  const around = (place: Position, sign: 1 | -1): Position[] => [
    corner(place, [sign * v, -sign * u]),
    ...directions
      .filter((one) => sign * ahead(one) > rightAngle)
      .sort((one, other) => sign * (across(other) - across(one)))
      .map((one) => corner(place, one)),
    corner(place, [-sign * v, sign * u]),
  ]
  return closed([...around(b, 1), ...around(a, -1)])
}

const closed = (ring: Position[]): Path => [...ring, ring[0]!]

/** Twice the area, above 0 where the ring runs against the clock. */
function turnOf(ring: Path): number {
  const [ox, oy] = ring[0]!
  return ring.reduce((sum, [x, y], at) => {
    const [u, v] = ring[Math.min(at + 1, ring.length - 1)]!
    return sum + (x - ox) * (v - oy) - (u - ox) * (y - oy)
  }, 0)
}

/** The rings of a polygon, the first one against the clock and its holes with it. */
const turned = (rings: readonly Path[]): Path[] =>
  rings.map((ring, at) => (turnOf(ring) > 0 === (at === 0) ? ring : ring.toReversed()))

function pieceOf(rings: readonly Path[], scale: Scale): Piece {
  const pairs = rings.flatMap((ring) =>
    ring.slice(1).flatMap((to, at): [Position, Position][] => {
      const from = ring[at]!
      return from[0] === to[0] && from[1] === to[1] ? [] : [[from, to]]
    }),
  )
  return {
    sides: pairs.map(([from, to]): Segment => [new Corner(from, scale), new Corner(to, scale)]),
    boxes: pairs.map(boxOf),
    box: boxOf(pairs.flat()),
  }
}

/** What bounds the union of the pieces, its inside to the left. */
function boundary(pieces: readonly Piece[]): Segment[] {
  return pieces.flatMap((piece, number) =>
    piece.sides.flatMap((one, at) => {
      const box = piece.boxes[at]!
      const near = pieces
        .map((other, index) => ({ other, index }))
        .filter(({ other, index }) => index !== number && boxesMeet(other.box, box))
      const crossings = near.flatMap(({ other }) =>
        other.sides.flatMap((its, place) =>
          boxesMeet(other.boxes[place]!, box) ? meetings(one, its) : [],
        ),
      )
      return cut(one, crossings).filter(([from, to]) => {
        const between = middle(from, to)
        return near.every(({ other, index }) => {
          const place = inPolygon(other.sides, between)
          if (place === INSIDE || place === OUTSIDE) return place === OUTSIDE
          const its = other.sides.find((side) => isOn(side, between))!
          return index > number && isForward(its) === isForward(one)
        })
      })
    }),
  )
}

const isForward = ([from, to]: Segment) => comparePoints(from, to) < 0

/** A side in pieces between the places at which others meet it. */
function cut(one: Segment, at: readonly Point[]): Segment[] {
  if (at.length === 0) return [one]
  const sign = isForward(one) ? 1 : -1
  const places = [...one, ...at].sort((a, b) => sign * comparePoints(a, b))
  return places.slice(1).flatMap((to, index): Segment[] => {
    const from = places[index]!
    return comparePoints(from, to) === 0 ? [] : [[from, to]]
  })
}

/** Segments that leave each place as often as they come to it, as rings that are at no place twice. */
function ringsOf(segments: readonly Segment[]): Point[][] {
  const ends = segments.flatMap((segment, at) =>
    segment.map((point, end) => ({ point, slot: 2 * at + end })),
  )
  ends.sort((a, b) => comparePoints(a.point, b.point))
  /** Ends of segments by the number of their place. */
  const places: number[] = []
  const points: Point[] = []
  for (const { point, slot } of ends) {
    const last = points.at(-1)
    if (last === undefined || comparePoints(last, point) !== 0) points.push(point)
    places[slot] = points.length - 1
  }
  const leaving = Map.groupBy(segments.keys(), (at) => places[2 * at]!)
  const rings: Point[][] = []
  for (const start of leaving.keys()) {
    const path: number[] = [start]
    for (let next = leaving.get(start)!.pop(); next !== undefined; ) {
      const place = places[2 * next + 1]!
      const seen = path.indexOf(place)
      if (seen < 0) path.push(place)
      else
        rings.push(
          path
            .splice(seen + 1)
            .concat(place)
            .map((one) => points[one]!),
        )
      next = leaving.get(place)?.pop()
    }
  }
  return rings
}

/** Without the places that lie on the line between their neighbours. */
const straightened = (ring: readonly Point[]): Point[] =>
  ring.filter((point, at) => {
    const [before, after] = [ring.at(at - 1)!, ring[(at + 1) % ring.length]!]
    return side(before, point, after) !== 0
  })

/** The same ring, its first place the one furthest to the east. */
function fromEast(ring: Point[]): Point[] {
  const greatest = (most: number, one: Point, at: number) =>
    comparePoints(one, ring[most]!) > 0 ? at : most
  const start = ring.reduce(greatest, 0)
  return [...ring.slice(start), ...ring.slice(0, start)]
}

/** Rings as polygons: those against the clock, each with the holes that lie in it. */
function polygonsOf(rings: readonly Point[][], scale: Scale): Geometry {
  const found = rings.flatMap((ring) => {
    const corners = fromEast(straightened(ring))
    const path = closed(corners.map((point) => scale.near(point)))
    const turn = turnOf(path)
    return corners.length < 3 || turn === 0 ? [] : [{ corners, path: path.toReversed(), turn }]
  })
  const outers = found
    .filter(({ turn }) => turn > 0)
    .sort((a, b) => a.turn - b.turn)
    .map((one) => ({ ...one, sides: sidesOf(one.corners), holes: [] as Path[] }))
  for (const { corners, path, turn } of found) {
    if (turn > 0) continue
    const within = middle(corners[0]!, corners[1]!)
    outers.find(({ sides }) => inPolygon(sides, within) === INSIDE)?.holes.push(path)
  }
  const parts = outers.map(({ path, holes }) => [path, ...holes])
  return { kind: parts.length > 1 ? 6 : 3, parts }
}

const sidesOf = (ring: readonly Point[]): Segment[] =>
  ring.map((from, at) => [from, ring[(at + 1) % ring.length]!])

/** What lies within a distance, each quarter of a circle by so many corners. */
export function buffered(geometry: Geometry, distance: number, quarter: number): Geometry {
  const areas = partKind(geometry) === 3
  if (distance === 0 && areas) return geometry
  if (distance <= 0 && !areas) return { kind: 3, parts: [] }
  const directions = directionsOf(quarter)
  const polygons = areas ? geometry.parts.map(turned) : []
  const capsules = geometry.parts.flat().flatMap((path) => {
    const starts = path.length === 1 ? path : path.slice(0, -1)
    return starts.map((from, at) => [
      capsule(from, path[at + 1] ?? from, Math.abs(distance), directions),
    ])
  })
  const scale = new Scale([...polygons, ...capsules].flat(2))
  const pieces = (rings: readonly Path[][]) => rings.map((one) => pieceOf(one, scale))
  if (distance > 0) return polygonsOf(ringsOf(boundary(pieces([...polygons, ...capsules]))), scale)
  const within = pieces(polygons)
  const kept = boundary(pieces(capsules)).filter(([from, to]) =>
    within.some(({ sides }) => inPolygon(sides, middle(from, to)) === INSIDE),
  )
  return polygonsOf(ringsOf(kept.map(([from, to]) => [to, from])), scale)
}
