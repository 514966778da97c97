/**
 * Relate: how two geometries lie to each other: which of inside, edge and outside of one meet which of the other.
 *
 * How      A few points stand for all that the two consist of: their points and corners, where their lines meet, the
 *          middle of each piece between such places, and one point inside of each polygon. Nothing changes between
 *          them, so that where these lie in both says all, together with what is known of areas: on both sides of an
 *          edge that runs through an area there is area. A point is in a polygon if it has an odd number of its sides
 *          to its right. Nothing is rounded (exact.ts).
 * Contract 1 (trusted) polygons are simple: rings do not cross, holes lie inside. Of others there is some answer, the
 *          same on every machine.
 *          2 (checked) the edge of a line are its ends, of several lines those that are ends of an odd number of them.
 * Cost     the product of the numbers of their sides; of a point and a polygon their sum.
 */
import {
  atHeight,
  Corner,
  compareAxis,
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

/** [inside, edge, outside] of the first by [inside, edge, outside] of the second: do they meet? */
type Meetings = [boolean, boolean, boolean][]

export const INSIDE = 0
const EDGE = 1
export const OUTSIDE = 2

/** Of each part the points and segments; a point is a segment of no length. */
interface Figure {
  areas: boolean
  parts: Segment[][]
  /** Of lines. */
  ends: Point[]
}

function figureOf(geometry: Geometry, scale: Scale): Figure {
  const kind = partKind(geometry)
  const corner = (at: Position) => new Corner(at, scale)
  const segments = (path: Path): Segment[] => {
    const corners = path.map(corner)
    if (kind === 1) return [[corners[0]!, corners[0]!]]
    return corners.slice(1).map((to, at): Segment => [corners[at]!, to])
  }
  const parts = geometry.parts.map((paths) => paths.flatMap(segments))
  const ends = kind === 2 ? parts.flatMap((part) => [part[0]![0], part.at(-1)![1]]) : []
  return { areas: kind === 3, parts, ends }
}

function placeIn(figure: Figure, point: Point): number {
  const places = figure.parts.map((part) =>
    figure.areas ? inPolygon(part, point) : onSegments(part, point, figure.ends),
  )
  return Math.min(OUTSIDE, ...places)
}

function onSegments(part: readonly Segment[], point: Point, ends: readonly Point[]): number {
  if (!part.some((segment) => isOn(segment, point))) return OUTSIDE
  const meeting = ends.filter((end) => comparePoints(end, point) === 0)
  return meeting.length % 2 === 1 ? EDGE : INSIDE
}

/** INSIDE, EDGE or OUTSIDE. */
export function inPolygon(sides: readonly Segment[], point: Point): number {
  let isInside = false
  for (const one of sides) {
    const [a, b] = one
    const [below, above] = [compareAxis(a, point, 'y') <= 0, compareAxis(b, point, 'y') <= 0]
    if (below !== above) {
      const turn = side(a, b, point)
      if (turn === 0) return EDGE
      if (turn > 0 === below) isInside = !isInside
    } else if (below && isOn(one, point)) return EDGE
  }
  return isInside ? INSIDE : OUTSIDE
}

/** The points that stand for the sides of one figure, beside the other. */
function piecesOf(own: Figure, other: Figure): Point[] {
  const others = other.parts.flat()
  return own.parts.flat().flatMap((segment) => {
    const cuts = [...segment, ...others.flatMap((one) => meetings(segment, one))]
    cuts.sort(comparePoints)
    return cuts.flatMap((cut, at) => {
      const next = cuts[at + 1]
      return next === undefined || comparePoints(cut, next) === 0 ? [cut] : [cut, middle(cut, next)]
    })
  })
}

/** A point in a polygon; none in one of no height. */
function pointWithin(sides: readonly Segment[]): Point[] {
  const corners = sides.map(([a]) => a).sort((a, b) => compareAxis(a, b, 'y'))
  const low = corners[0]!
  const high = corners.find((corner) => compareAxis(corner, low, 'y') > 0)
  if (high === undefined) return []
  const seen = sides
    .filter(
      (one) =>
        one.some((end) => compareAxis(end, low, 'y') <= 0) &&
        one.some((end) => compareAxis(end, high, 'y') >= 0),
    )
    .map((one) => atHeight(one, low, high))
    .sort((a, b) => compareAxis(a, b, 'x'))
  return seen.length < 2 ? [] : [middle(seen[0]!, seen[1]!)]
}

function relate(a: Geometry, b: Geometry): Meetings {
  const scale = new Scale([...a.parts, ...b.parts].flat(2))
  const [first, second] = [figureOf(a, scale), figureOf(b, scale)]
  const meets: Meetings = Array.from({ length: 3 }, () => [false, false, false])
  const isPlain = partKind(a) === 1 || partKind(b) === 1
  const within = [first, second]
    .filter(({ areas }) => areas && !isPlain)
    .flatMap(({ parts }) => parts.flatMap(pointWithin))
  const points = [...piecesOf(first, second), ...piecesOf(second, first), ...within]
  for (const point of points) meets[placeIn(first, point)]![placeIn(second, point)] = true
  if (first.areas && !second.areas) meets[INSIDE]![OUTSIDE] = true
  if (second.areas && !first.areas) meets[OUTSIDE]![INSIDE] = true
  if (!first.areas || !second.areas) return meets
  // On both sides of an edge there is what the other one has there, and of its own inside and outside.
  for (const place of [INSIDE, OUTSIDE]) {
    for (const own of [INSIDE, OUTSIDE]) {
      meets[place]![own] ||= meets[place]![EDGE]! || meets[EDGE]![own]!
    }
  }
  return meets
}

export type Box = readonly [west: number, south: number, east: number, north: number]

/** The box around positions, of which there are some. */
export function boxOf(positions: readonly Position[]): Box {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const [x, y] of positions) {
    if (x < west) west = x
    if (y < south) south = y
    if (x > east) east = x
    if (y > north) north = y
  }
  return [west, south, east, north]
}

export const boxesMeet = (a: Box, b: Box) =>
  a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3]

/** Null of nothing. */
const boxAround = ({ parts }: Geometry): Box | null =>
  parts.length === 0 ? null : boxOf(parts.flat(2))

/** Have their boxes a point in common? */
function nearby(a: Geometry, b: Geometry): boolean {
  const [s, t] = [boxAround(a), boxAround(b)]
  return s !== null && t !== null && boxesMeet(s, t)
}

function boxHolds(a: Geometry, b: Geometry): boolean {
  const [s, t] = [boxAround(a), boxAround(b)]
  return s !== null && t !== null && s[0] <= t[0] && s[1] <= t[1] && s[2] >= t[2] && s[3] >= t[3]
}

const meet = (meets: Meetings) =>
  [INSIDE, EDGE].some((own) => [INSIDE, EDGE].some((other) => meets[own]![other]))
const hasAll = (meets: Meetings) => !meets[OUTSIDE]![INSIDE] && !meets[OUTSIDE]![EDGE]

export const relations = {
  box: boxAround,
  boxesMeet: nearby,

  /** Have they a point in common? */
  intersect: (a: Geometry, b: Geometry): boolean => nearby(a, b) && meet(relate(a, b)),

  /** Have they points in common, but none inside of both? */
  touch(a: Geometry, b: Geometry): boolean {
    if (!nearby(a, b)) return false
    const meets = relate(a, b)
    return meet(meets) && !meets[INSIDE]![INSIDE]
  },

  /** Is no point of b outside of a? */
  cover: (a: Geometry, b: Geometry): boolean => boxHolds(a, b) && hasAll(relate(a, b)),

  /** Are they the same points? */
  equal: (a: Geometry, b: Geometry): boolean =>
    a.parts.length + b.parts.length === 0 || (relations.cover(a, b) && relations.cover(b, a)),

  /** Is no point of b outside of a, and one of those inside of b inside of a? */
  contain(a: Geometry, b: Geometry): boolean {
    if (!boxHolds(a, b)) return false
    const meets = relate(a, b)
    return hasAll(meets) && meets[INSIDE]![INSIDE]!
  },
}
