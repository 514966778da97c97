/**
 * Measure: distances, lengths, areas and middles, in the plane; and the distance of points of the earth.
 *
 * How      Coordinates so great or so small that their products would leave the range of doubles are divided by a power
 *          of two.
 * Contract 1 (checked) the distance of geometries that meet is 0, and of no others: whether they do is not rounded.
 *          2 (trusted) places on the sphere have a latitude between -90 and 90.
 */
import { type Geometry, type Path, type Position, partKind } from './geometry.ts'
import { relations } from './relate.ts'

/** Mean radius of the earth by WGS 84, (2a + b) / 3, in metres. */
const earthRadius = 6_371_008.771415

/** Sizes between these may be multiplied three times without leaving the range of doubles. */
const sizeMin = 1e-90
const sizeMax = 1e90

/** A power of two near to a size that is out of these bounds, which divides without rounding; else 1. */
function unitOf(size: number): number {
  const isPlain = (size > sizeMin && size < sizeMax) || size === 0 || size === Infinity
  return isPlain ? 1 : 2 ** Math.min(Math.floor(Math.log2(size)), 1023)
}

/** The unit of the coordinates of geometries that have some, and the geometries in it. */
function inUnits(...geometries: Geometry[]): { unit: number; scaled: Geometry[] } {
  const sizes = geometries.flatMap((one) => relations.box(one) ?? []).map(Math.abs)
  const unit = unitOf(Math.max(...sizes))
  if (unit === 1) return { unit, scaled: geometries }
  const position = ([x, y]: Position): Position => [x / unit, y / unit]
  const scaled = geometries.map(({ kind, parts }) => ({
    kind,
    parts: parts.map((paths) => paths.map((path) => path.map(position))),
  }))
  return { unit, scaled }
}

function lengthOf(x: number, y: number): number {
  const unit = unitOf(Math.max(Math.abs(x), Math.abs(y)))
  const [u, v] = [x / unit, y / unit]
  return unit * Math.sqrt(u * u + v * v)
}

const pathsOf = ({ parts }: Geometry): readonly Path[] => parts.flat()

/** Euclid's; null of what is empty. */
function distance(a: Geometry, b: Geometry): number | null {
  if (a.parts.length === 0 || b.parts.length === 0) return null
  if (a.kind === 1 && b.kind === 1) {
    const [[x, y], [u, v]] = [a.parts[0]![0]![0]!, b.parts[0]![0]![0]!]
    return lengthOf(x - u, y - v)
  }
  if (relations.intersect(a, b)) return 0
  const { unit, scaled } = inUnits(a, b)
  const [first, second] = scaled as [Geometry, Geometry]
  let least = Infinity
  for (const [from, to] of [
    [first, second],
    [second, first],
  ] as const) {
    for (const point of pathsOf(from).flat()) {
      for (const path of pathsOf(to)) least = Math.min(least, toPath(point, path))
    }
  }
  // Next to a line the rounded distance may be 0.
  return Math.max(unit * least, Number.MIN_VALUE)
}

/** Of a point from a line, or from a point where there is one only. */
function toPath(point: Position, path: Path): number {
  if (path.length === 1) return lengthOf(point[0] - path[0]![0], point[1] - path[0]![1])
  let least = Infinity
  for (let at = 1; at < path.length; at++) {
    least = Math.min(least, toSegment(point, path[at - 1]!, path[at]!))
  }
  return least
}

/** Of a point from a segment, which may be a point. */
function toSegment([x, y]: Position, [ax, ay]: Position, [bx, by]: Position): number {
  const [dx, dy] = [bx - ax, by - ay]
  const along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)
  if (!(along > 0)) return lengthOf(x - ax, y - ay)
  if (along >= 1) return lengthOf(x - bx, y - by)
  return Math.abs((x - ax) * dy - (y - ay) * dx) / lengthOf(dx, dy)
}

/** Metres between points of longitude and latitude in degrees on a sphere, by the haversine formula. */
function sphereDistance([lng, lat]: Position, [toLng, toLat]: Position): number {
  const radians = Math.PI / 180
  const [height, width] = [(toLat - lat) * radians, (toLng - lng) * radians]
  const half = (angle: number) => Math.sin(angle / 2) ** 2
  const chord = half(height) + Math.cos(lat * radians) * Math.cos(toLat * radians) * half(width)
  return 2 * earthRadius * Math.asin(Math.sqrt(Math.min(1, chord)))
}

/** Of lines; 0 of anything else. */
function length(geometry: Geometry): number {
  return partKind(geometry) === 2 ? pathsOf(geometry).reduce((sum, path) => sum + run(path), 0) : 0
}

/** Of polygons, the edges of their holes too; 0 of anything else. */
function perimeter(geometry: Geometry): number {
  return partKind(geometry) === 3 ? pathsOf(geometry).reduce((sum, path) => sum + run(path), 0) : 0
}

function run(path: Path): number {
  return path.reduce((sum, [x, y], at) => {
    const [u, v] = path[Math.max(0, at - 1)]!
    return sum + lengthOf(x - u, y - v)
  }, 0)
}

/** Twice the area of a ring, above 0 where it runs against the clock, by the triangles with its first corner. */
function triangles(ring: Path): { area: number; x: number; y: number } {
  const [ox, oy] = ring[0]!
  let [area, sumX, sumY] = [0, 0, 0]
  for (let at = 1; at + 1 < ring.length; at++) {
    const [ax, ay] = [ring[at]![0] - ox, ring[at]![1] - oy]
    const [bx, by] = [ring[at + 1]![0] - ox, ring[at + 1]![1] - oy]
    const twice = ax * by - ay * bx
    area += twice
    sumX += twice * (ax + bx)
    sumY += twice * (ay + by)
  }
  return { area, x: sumX / 3 + ox * area, y: sumY / 3 + oy * area }
}

/** Of polygons, without their holes; 0 of anything else. */
function area(geometry: Geometry): number {
  if (partKind(geometry) !== 3 || geometry.parts.length === 0) return 0
  const { unit, scaled } = inUnits(geometry)
  const units = scaled[0]!.parts.reduce((sum, rings) => {
    const [outer, ...holes] = rings.map((ring) => Math.abs(triangles(ring).area) / 2)
    return sum + outer! - holes.reduce((all, hole) => all + hole, 0)
  }, 0)
  return units * unit * unit
}

/**
 * The middle of mass: of points their mean, of lines by their length, of polygons by their area; null of nothing. It is
 * in the box of the geometry, even of polygons that are not simple.
 */
function centroid(given: Geometry): Position | null {
  const box = relations.box(given)
  if (box === null) return null
  const { unit, scaled } = inUnits(given)
  const geometry = scaled[0]!
  const kind = partKind(geometry)
  const masses = kind === 3 ? areaMasses(geometry) : []
  const found = masses.length > 0 ? masses : kind > 1 ? lineMasses(geometry) : []
  // Lines of no length are points.
  const all = found.length > 0 ? found : pathsOf(geometry).flatMap((path) => path.map(pointMass))
  const total = all.reduce((sum, { mass }) => sum + mass, 0)
  const mean = (axis: 'x' | 'y') => unit * (all.reduce((sum, one) => sum + one[axis], 0) / total)
  const [west, south, east, north] = box
  const within = (value: number, least: number, greatest: number) =>
    Math.min(Math.max(value, least), greatest)
  return [within(mean('x'), west, east), within(mean('y'), south, north)]
}

/** A mass, and its place times it. */
interface Mass {
  mass: number
  x: number
  y: number
}

const pointMass = ([x, y]: Position): Mass => ({ mass: 1, x, y })

function areaMasses(geometry: Geometry): Mass[] {
  const masses = geometry.parts.flatMap((rings) =>
    rings.map((ring, at): Mass => {
      const { area: twice, x, y } = triangles(ring)
      const by = (at === 0 ? 1 : -1) * Math.sign(twice)
      return { mass: by * twice, x: by * x, y: by * y }
    }),
  )
  return someOf(masses)
}

/** None where they add up to nothing. */
const someOf = (masses: Mass[]) =>
  masses.reduce((sum, { mass }) => sum + mass, 0) > 0 ? masses : []

function lineMasses(geometry: Geometry): Mass[] {
  const masses = pathsOf(geometry).flatMap((path) =>
    path.slice(1).map(([x, y], at): Mass => {
      const [u, v] = path[at]!
      const mass = lengthOf(x - u, y - v)
      return { mass, x: (mass * (x + u)) / 2, y: (mass * (y + v)) / 2 }
    }),
  )
  return someOf(masses)
}

/** Angle from north, with the clock, in radians from 0 to below 2π; null of a point from itself. */
function azimuth([x, y]: Position, [u, v]: Position): number | null {
  if (x === u && y === v) return null
  const angle = Math.atan2(u - x, v - y)
  return angle < 0 ? angle + 2 * Math.PI : angle
}

export const measures = {
  distance,
  toSegment,
  sphereDistance,
  length,
  perimeter,
  area,
  centroid,
  azimuth,
}
