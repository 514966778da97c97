/**
 * Geometry: points, lines and polygons of the plane as values, as text, as WKB and as GeoJSON.
 *
 * Format   a value is its WKB in one form: the byte 01, the kind in 32 bits, then counts in 32 bits and coordinates as
 *          doubles, the least byte first; on the host a string with one character per byte, as of VARBINARY. −0 is
 *          written as 0, an empty point as two NaN, and what is empty inside of a MULTI… is left out, so that what is
 *          written in the same order has equal bytes. Text is WKT: `POINT (1 2)`.
 * Contract 1 (checked) readGeometry(geometryBytes(g)) is g; parseGeometry reads what geometryText and geoJson write.
 *          2 (checked) coordinates are finite, a line has two points or more, a ring four or more and ends where it
 *          begins; neither Z, M nor a SRID is read. Whether rings cross is not looked at.
 * See      docs/decisions/0013-geometry-as-wkb.md
 */

export type Position = readonly [x: number, y: number]

/** A line, or a ring of a polygon. */
export type Path = readonly Position[]

/** 1 point, 2 line, 3 polygon, 4 to 6 several of them. */
export interface Geometry {
  kind: number
  /** Each a point (a path of one), a line, or the rings of a polygon, the outer one first; none where it is empty. */
  parts: readonly (readonly Path[])[]
}

const names = ['Point', 'LineString', 'Polygon', 'MultiPoint', 'MultiLineString', 'MultiPolygon']

/** `Point`, `MultiLineString`. */
export function geometryKind({ kind }: Geometry): string {
  return names[kind - 1]!
}

/** 1 to 3: what its parts are. */
export const partKind = ({ kind }: { kind: number }) => (kind > 3 ? kind - 3 : kind)

export function pointGeometry(at: Position): Geometry {
  return { kind: 1, parts: [[[at]]] }
}

// ---------------------------------------------------------------- WKB

const scratch = new DataView(new ArrayBuffer(8))

function scratchText(length: number): string {
  let text = ''
  for (let at = 0; at < length; at++) text += String.fromCharCode(scratch.getUint8(at))
  return text
}

function word(value: number): string {
  scratch.setUint32(0, value, true)
  return scratchText(4)
}

function double(value: number): string {
  // −0 is 0.
  scratch.setFloat64(0, value + 0, true)
  return scratchText(8)
}

const listText = <T>(list: readonly T[], text: (one: T) => string) =>
  word(list.length) + list.map(text).join('')
const positionText = ([x, y]: Position) => double(x) + double(y)
const pathText = (path: Path) => listText(path, positionText)
const none: Position = [NaN, NaN]

/** The bytes of a value, one character each. */
export function geometryBytes(geometry: Geometry): string {
  const { kind, parts } = geometry
  if (kind > 3) {
    return `\x01${word(kind)}${listText(parts, (part) => geometryBytes({ kind: kind - 3, parts: [part] }))}`
  }
  const part = parts[0] ?? []
  const body =
    kind === 1
      ? positionText(part[0]?.[0] ?? none)
      : kind === 2
        ? pathText(part[0] ?? [])
        : listText(part, pathText)
  return `\x01${word(kind)}${body}`
}

/** Reads WKB of either byte order; null where it is none of these geometries. */
export function readGeometry(bytes: string): Geometry | null {
  let at = 0
  const take = (length: number) => {
    for (let index = 0; index < length; index++) scratch.setUint8(index, bytes.charCodeAt(at++))
  }
  const geometry = (most: 3 | 6): Geometry => {
    const order = bytes[at++]
    if (order !== '\x00' && order !== '\x01') throw new NoGeometry()
    const little = order === '\x01'
    const count = () => {
      take(4)
      return scratch.getUint32(0, little)
    }
    const number = () => {
      take(8)
      return scratch.getFloat64(0, little)
    }
    const list = <T>(read: () => T): T[] => {
      const length = count()
      if (length > bytes.length - at) throw new NoGeometry()
      return Array.from({ length }, read)
    }
    const position = (): Position => [number(), number()]
    const path = () => list(position)
    const kind = count()
    if (kind === 0 || kind > most) throw new NoGeometry()
    if (kind === 1) {
      const [x, y] = position()
      return { kind, parts: Number.isNaN(x) && Number.isNaN(y) ? [] : [[[[x, y]]]] }
    }
    const parts = kind === 2 ? [[path()]] : kind === 3 ? [list(path)] : list(() => geometry(3))
    if (kind > 3) return severalOf(kind, parts as Geometry[])
    return {
      kind,
      parts: (parts as Path[][]).filter((part) => part.some(({ length }) => length > 0)),
    }
  }
  try {
    const found = geometry(6)
    return at === bytes.length && isSound(found) ? found : null
  } catch (error) {
    if (error instanceof NoGeometry) return null
    throw error
  }
}

class NoGeometry extends Error {}

function severalOf(kind: number, parts: readonly Geometry[]): Geometry {
  if (parts.some((part) => part.kind !== kind - 3)) throw new NoGeometry()
  return { kind, parts: parts.flatMap((part) => part.parts) }
}

function isSound(geometry: Geometry): boolean {
  const least = [1, 2, 4][partKind(geometry) - 1]!
  return geometry.parts.every((rings) =>
    rings.every((path) => {
      const [first, last] = [path[0], path.at(-1)]
      if (path.length < least || !path.every((at) => at.every(Number.isFinite))) return false
      return least < 4 || (first![0] === last![0] && first![1] === last![1])
    }),
  )
}

// ---------------------------------------------------------------- text

/** As `POLYGON ((0 0, 1 0, 1 1, 0 0))`. */
export function geometryText(geometry: Geometry): string {
  const name = geometryKind(geometry).toUpperCase()
  if (geometry.parts.length === 0) return `${name} EMPTY`
  const position = ([x, y]: Position) => `${x + 0} ${y + 0}`
  const path = (positions: Path) => `(${positions.map(position).join(', ')})`
  const part = (rings: readonly Path[]) =>
    partKind(geometry) === 3 ? `(${rings.map(path).join(', ')})` : path(rings[0]!)
  const texts = geometry.parts.map(part)
  if (geometry.kind < 4) return `${name} ${texts[0]}`
  const inner = geometry.kind === 4 ? texts.map((text) => text.slice(1, -1)) : texts
  return `${name} (${inner.join(', ')})`
}

/** The geometry of WKT, of GeoJSON, or of WKB in hexadecimal digits, or of one form alone; null of any other text. */
export function parseGeometry(text: string, form?: 'wkt' | 'geojson'): Geometry | null {
  const trimmed = text.trim()
  if (form !== 'wkt' && trimmed.startsWith('{')) return ofGeoJson(parsed(`[${trimmed}]`)?.[0])
  if (form === undefined && /^0[01]([0-9a-f]{2})+$/i.test(trimmed)) {
    return readGeometry(
      trimmed.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16))),
    )
  }
  return form === 'geojson' ? null : parseWkt(trimmed)
}

const number = '([-+]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:e[-+]?\\d+)?)'
// Not from within a number or spaces: a long one would be looked at again from each of its characters.
const positions = new RegExp(`(?<![\\d.])${number}\\s+${number}`, 'gi')

function parseWkt(text: string): Geometry | null {
  const [, name = '', body = ''] = /^([a-z]+)\s*(empty|\([^[\]]*\))$/i.exec(text) ?? []
  const kind = names.findIndex((one) => one.toUpperCase() === name.toUpperCase()) + 1
  if (kind === 0 || /\(\s*\)/.test(body)) return null
  if (/^empty$/i.test(body)) return { kind, parts: [] }
  // Written with brackets and commas it is what GeoJSON has, but that a point is a list of one.
  const lists = body
    .replace(positions, (_, x: string, y: string) => `[${Number(x)},${Number(y)}]`)
    .replace(/empty/gi, '[]')
    .replaceAll('(', '[')
    .replaceAll(')', ']')
  const [list] = parsed(`[${lists}]`) ?? []
  if (!Array.isArray(list)) return null
  if (kind === 1) return list.length === 1 ? ofCoordinates(kind, list[0]) : null
  if (kind !== 4) return ofCoordinates(kind, list)
  return ofCoordinates(
    kind,
    list.map((one: unknown) =>
      Array.isArray(one) && one.length === 1 ? (one[0] as unknown) : one,
    ),
  )
}

function parsed(text: string): unknown[] | null {
  try {
    return JSON.parse(text) as unknown[]
  } catch {
    return null
  }
}

/** The geometry of a GeoJSON object; null of what is none. */
export function ofGeoJson(document: unknown): Geometry | null {
  if (typeof document !== 'object' || document === null) return null
  const { type, coordinates } = document as Record<string, unknown>
  const kind = names.indexOf(String(type)) + 1
  return kind === 0 ? null : ofCoordinates(kind, coordinates)
}

/** A GeoJSON object. */
export function geoJson(geometry: Geometry): { type: string; coordinates: unknown } {
  const own = (rings: readonly Path[]) =>
    [rings[0]?.[0] ?? [], rings[0] ?? [], rings][partKind(geometry) - 1]
  const parts = geometry.parts.map(own)
  const coordinates = geometry.kind > 3 ? parts : (parts[0] ?? [])
  return { type: geometryKind(geometry), coordinates }
}

/** Coordinates nested as GeoJSON nests them. */
function ofCoordinates(kind: number, coordinates: unknown): Geometry | null {
  if (!Array.isArray(coordinates)) return null
  const each = kind > 3 ? (coordinates as unknown[]) : [coordinates as unknown]
  const depth = partKind({ kind })
  const parts = each
    .filter((part) => !(Array.isArray(part) && part.length === 0))
    .map((part) => (depth === 1 ? [[part]] : depth === 2 ? [part] : part))
  const isPosition = (at: unknown) =>
    Array.isArray(at) && at.length === 2 && at.every((one) => typeof one === 'number')
  const isPart = (part: unknown) =>
    Array.isArray(part) && part.every((path) => Array.isArray(path) && path.every(isPosition))
  if (!parts.every(isPart)) return null
  const geometry = { kind, parts: parts as Path[][] }
  return isSound(geometry) ? geometry : null
}
