/** The door of src/geometry: points, lines and polygons, how they lie to each other, and cells of the earth. */
export { type Bounds, geohashes } from './geohash.ts'
export {
  type Geometry,
  geoJson,
  geometryBytes,
  geometryKind,
  geometryText,
  ofGeoJson,
  type Position,
  parseGeometry,
  pointGeometry,
  readGeometry,
} from './geometry.ts'
export { measures } from './measure.ts'
export { relations } from './relate.ts'
export { shapes } from './shape.ts'
