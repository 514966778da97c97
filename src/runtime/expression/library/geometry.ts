/**
 * Geometry: the functions of geometries, of geohashes and of H3 cells on single values.
 *
 * How      Bytes are read into parts, which src/geometry looks at. What does not change from row to row, as a
 *          polygon that is written in the query, is read once. H3 is the package h3-js, loaded with the first call.
 */
import { itemsOf, itemValue, NONE, type Type, textArray, type Value } from '../../../data/index.ts'
import {
  type Bounds,
  type Geometry,
  geohashes,
  geoJson,
  geometryBytes,
  geometryKind,
  geometryText,
  measures,
  type Position,
  parseGeometry,
  pointGeometry,
  readGeometry,
  relations,
  shapes,
} from '../../../geometry/index.ts'
import { Fault, invalid, type Outcome } from '../fault.ts'
import type { Call, Maker, Makers } from '../maker.ts'
import { cells, isPlace, noPlace } from './cell.ts'

/** Reads values of an argument; the last one only once. */
function reader(): (value: Value | undefined) => Geometry {
  let seen: Value | undefined
  let read: Geometry
  return (value) => {
    if (value !== seen) {
      read = readGeometry(value as string)!
      seen = value
    }
    return read
  }
}

const ofOne =
  (apply: (geometry: Geometry) => Outcome): Maker =>
  () => {
    const read = reader()
    return (a) => apply(read(a))
  }

const ofTwo =
  (apply: (a: Geometry, b: Geometry, more: Value | undefined) => Outcome): Maker =>
  () => {
    const [first, second] = [reader(), reader()]
    return (a, b, c) => apply(first(a), second(b), c)
  }

/** Of two points; NULL where one is empty. */
const ofPoints = (apply: (a: Position, b: Position) => Outcome): Maker =>
  ofTwo((a, b) => {
    const [from, to] = [pointOf(a), pointOf(b)]
    if (from instanceof Fault) return from
    if (to instanceof Fault) return to
    return from === null || to === null ? null : apply(from, to)
  })

function pointOf(geometry: Geometry): Position | null | Fault {
  if (geometry.kind !== 1) return invalid(`a ${geometryKind(geometry)} is no point`)
  return geometry.parts[0]?.[0]?.[0] ?? null
}

function coordinate(axis: 0 | 1): Maker {
  return ofOne((geometry) => {
    const point = pointOf(geometry)
    return point === null || point instanceof Fault ? point : point[axis]
  })
}

/** The bytes of a geometry, or a failure that says what a text was to be. */
const made = (geometry: Geometry | null, what: string, text: Value): Outcome =>
  geometry === null
    ? invalid(`'${String(text).slice(0, 60)}' is no ${what}`)
    : geometryBytes(geometry)

const areFinite = (numbers: readonly Value[]) => numbers.every((one) => Number.isFinite(one))
const notFinite = invalid('a coordinate is finite')

function boxGeometry([west, south, east, north]: Bounds): Geometry {
  const ring: Position[] = [
    [west, south],
    [west, north],
    [east, north],
    [east, south],
    [west, south],
  ]
  return { kind: 3, parts: [[ring]] }
}

/** The box around it; a line or a point where it has no height or no width. */
function envelope(geometry: Geometry): Geometry {
  const box = relations.box(geometry)
  if (box === null) return geometry
  const [west, south, east, north] = box
  const from: Position = [west, south]
  if (west === east && south === north) return pointGeometry(from)
  return west === east || south === north
    ? { kind: 2, parts: [[[from, [east, north]]]] }
    : boxGeometry(box)
}

/** Of points and lines, in turn. */
function lineOf(given: readonly Geometry[]): Outcome {
  const wrong = given.find(({ kind }) => kind > 2)
  if (wrong !== undefined) return invalid(`a line is not made of a ${geometryKind(wrong)}`)
  const path = given.flatMap(({ parts }) => parts.flat(2))
  return path.length < 2 ? null : geometryBytes({ kind: 2, parts: [[path]] })
}

/** Of what an array holds, or of two. */
const line: Maker = (_, types) => {
  if (types[0]!.kind !== 'array') return ofTwo((a, b) => lineOf([a, b]))({} as Call, types)
  return (array) => lineOf(geometriesIn(array!))
}

const geometryType: Type = { kind: 'geometry' }

/** Those of an array, without NULLs. */
const geometriesIn = (array: Value): Geometry[] =>
  itemsOf(array as string, geometryType)
    .filter((item) => item !== NONE)
    .map((item) => readGeometry(itemValue(item, geometryType) as string)!)

/** The way between two places, by the time between them. */
const speed: Maker = () => {
  const [first, second] = [reader(), reader()]
  return (from, since, to, [, , , until]) => {
    const micros = Number((until as bigint) - (since as bigint))
    const way = measures.distance(first(from), second(to))
    return way === null || micros === 0 ? null : way / (Math.abs(micros) / 1e6)
  }
}

/** Is the second point in the area, on its edge too, and was the first not? Before its first point nobody is in it. */
const crossing =
  (goesIn: boolean): Maker =>
  () => {
    const [first, second, third] = [reader(), reader(), reader()]
    return (before, now, area) => {
      if (now === null || area === null) return null
      const isIn = relations.cover(third(area), second(now))
      const wasIn = before !== null && relations.cover(third(area), first(before))
      return goesIn ? isIn && !wasIn : wasIn && !isIn
    }
  }

function buffer(geometry: Geometry, radius: number, quarter: Value | undefined): Outcome {
  const corners = Number(quarter ?? 8)
  if (corners < 1 || corners > 1000)
    return invalid(`a quarter has 1 to 1000 corners, not ${corners}`)
  if (!Number.isFinite(radius)) return invalid('the distance of a buffer is finite')
  return geometryBytes(shapes.buffered(geometry, radius, corners))
}

function geohash(lat: number, lng: number, length: Value | undefined): Outcome {
  const letters = Number(length ?? geohashes.lettersMax)
  if (letters < 1 || letters > geohashes.lettersMax) {
    return invalid(`a geohash has 1 to ${geohashes.lettersMax} letters, not ${letters}`)
  }
  return isPlace(lat, lng) ? geohashes.of(lat, lng, letters) : noPlace
}

function ofBounds(make: (bounds: Bounds) => Geometry): Maker {
  return () => (text) => {
    const bounds = geohashes.bounds(text as string)
    return made(bounds === null ? null : make(bounds), 'geohash of 1 to 12 letters', text!)
  }
}

export const geometries: Makers = {
  ...cells,
  st_point: () => (x, y) =>
    areFinite([x!, y!]) ? geometryBytes(pointGeometry([x as number, y as number])) : notFinite,
  st_x: coordinate(0),
  st_y: coordinate(1),
  st_geomfromtext: () => (text) =>
    made(parseGeometry(text as string, 'wkt'), 'WKT of a geometry', text!),
  st_geomfromgeojson: () => (text) =>
    made(parseGeometry(text as string, 'geojson'), 'GeoJSON geometry', text!),
  st_geomfromwkb: () => (bytes) => {
    const geometry = readGeometry(bytes as string)
    return geometry === null
      ? invalid('the bytes are no WKB of a geometry')
      : geometryBytes(geometry)
  },
  st_astext: ofOne(geometryText),
  st_asgeojson: ofOne((geometry) => JSON.stringify(geoJson(geometry))),
  st_aswkb: () => (bytes) => bytes!,
  st_geometrytype: ofOne((geometry) => geometryKind(geometry).toUpperCase()),
  st_isempty: ofOne(({ parts }) => parts.length === 0),
  st_distance: ofTwo(measures.distance),
  // Longitudes may also be counted from 0 to 360.
  st_distancesphere: ofPoints((a, b) =>
    isPlace(a[1], 0) && isPlace(b[1], 0) ? measures.sphereDistance(a, b) : noPlace,
  ),
  st_dwithin: ofTwo((a, b, most) => {
    const apart = measures.distance(a, b)
    return apart !== null && apart <= (most as number)
  }),
  st_contains: ofTwo(relations.contain),
  st_within: ofTwo((a, b) => relations.contain(b, a)),
  st_covers: ofTwo(relations.cover),
  st_coveredby: ofTwo((a, b) => relations.cover(b, a)),
  st_intersects: ofTwo(relations.intersect),
  st_disjoint: ofTwo((a, b) => !relations.intersect(a, b)),
  st_touches: ofTwo(relations.touch),
  st_equals: ofTwo(relations.equal),
  st_boxesmeet: ofTwo(relations.boxesMeet),
  st_envelope: ofOne((geometry) => geometryBytes(envelope(geometry))),
  st_makeenvelope: () => (_a, _b, _c, all) =>
    areFinite(all) ? geometryBytes(boxGeometry(all as unknown as Bounds)) : notFinite,
  st_makeline: line,
  st_centroid: ofOne((geometry) => {
    const at = measures.centroid(geometry)
    return geometryBytes(at === null ? { kind: 1, parts: [] } : pointGeometry(at))
  }),
  st_area: ofOne(measures.area),
  st_length: ofOne(measures.length),
  st_perimeter: ofOne(measures.perimeter),
  st_npoints: ofOne((geometry) => BigInt(geometry.parts.flat(2).length)),
  st_simplify: () => {
    const read = reader()
    return (value, tolerance) =>
      (tolerance as number) >= 0
        ? geometryBytes(shapes.simplified(read(value), tolerance as number))
        : invalid('a tolerance is 0 or more')
  },
  st_buffer: () => {
    const read = reader()
    return (value, radius, quarter) => buffer(read(value), radius as number, quarter)
  },
  st_speed: speed,
  enters: crossing(true),
  exits: crossing(false),
  st_azimuth: ofPoints(measures.azimuth),
  geohash_encode: () => (lat, lng, length) => geohash(lat as number, lng as number, length),
  st_geohash: () => {
    const read = reader()
    return (value, length) => {
      const point = pointOf(read(value))
      return point === null || point instanceof Fault ? point : geohash(point[1], point[0], length)
    }
  },
  geohash_decode: ofBounds(([west, south, east, north]) =>
    pointGeometry([(west + east) / 2, (south + north) / 2]),
  ),
  st_geomfromgeohash: ofBounds(boxGeometry),
  geohash_neighbours: () => (text) => {
    const found = geohashes.neighbours(text as string)
    return found === null ? invalid(`'${text}' is no geohash of 1 to 12 letters`) : textArray(found)
  },
}
