/**
 * Geometry: bytes and texts read back, sides of lines without rounding, and relations against grids of points.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Corner, Scale, side } from '../../src/geometry/exact.ts'
import {
  type Geometry,
  geoJson,
  geometryBytes,
  geometryText,
  measures,
  ofGeoJson,
  type Position,
  parseGeometry,
  readGeometry,
  relations,
} from '../../src/geometry/index.ts'
import { sized } from '../size.ts'

const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
const position = fc.tuple(finite, finite).map(([x, y]): Position => [x + 0, y + 0])
const ring = fc.array(position, { minLength: 3, maxLength: 6 }).map((path) => [...path, path[0]!])
const partOf: Record<number, fc.Arbitrary<Position[][]>> = {
  1: position.map((at) => [[at]]),
  2: fc.array(position, { minLength: 2, maxLength: 6 }).map((path) => [path]),
  3: fc.array(ring, { minLength: 1, maxLength: 3 }),
}
const geometry: fc.Arbitrary<Geometry> = fc.integer({ min: 1, max: 6 }).chain((kind) => {
  const part = partOf[kind > 3 ? kind - 3 : kind]!
  return fc.array(part, { maxLength: kind > 3 ? 3 : 1 }).map((parts) => ({ kind, parts }))
})

test('property: bytes, text and GeoJSON read back', () => {
  fc.assert(
    fc.property(geometry, (one) => {
      expect(readGeometry(geometryBytes(one))).toEqual(one)
      expect(parseGeometry(geometryText(one))).toEqual(one)
      expect(ofGeoJson(JSON.parse(JSON.stringify(geoJson(one))))).toEqual(one)
      const hex = Buffer.from(geometryBytes(one), 'latin1').toString('hex')
      expect(parseGeometry(hex)).toEqual(one)
    }),
    { numRuns: sized(200, 2000) },
  )
})

test('property: damaged bytes are refused, or read as something sound', () => {
  fc.assert(
    fc.property(geometry, fc.nat(60), fc.nat(255), (one, at, byte) => {
      const bytes = geometryBytes(one)
      const place = at % bytes.length
      const damaged = bytes.slice(0, place) + String.fromCharCode(byte) + bytes.slice(place + 1)
      for (const given of [damaged, bytes.slice(0, place), `${bytes}x`]) {
        const read = readGeometry(given)
        if (read !== null) expect(readGeometry(geometryBytes(read))).toEqual(read)
      }
    }),
    { numRuns: sized(300, 3000) },
  )
})

test.each([
  'MULTIPOINT ((1 2, 3 4), (5 6))',
  'LINESTRING ([1,2],[3,4])',
  'LINESTRING ()',
  'POINT (1 2 3)',
  'POINT Z (1 2 3)',
  'POLYGON ((0 0, 1 0, 1 1))',
  `POINT (${'1'.repeat(50_000)})`,
  `POINT (1${' '.repeat(50_000)})`,
])('%.30s is no WKT', (text) => expect(parseGeometry(text)).toBe(null))

test('bytes of neither order are refused', () => {
  const bytes = geometryBytes({
    kind: 2,
    parts: [
      [
        [
          [0, 0],
          [0, 0],
        ],
      ],
    ],
  })
  expect(readGeometry(`\x02${bytes.slice(1)}`)).toBe(null)
  const none = '\0\0\0\x06\0\0\0\0'
  expect(readGeometry(`\0${none}`)).toEqual({ kind: 6, parts: [] })
  expect(readGeometry(`\x05${none}`)).toBe(null)
})

/** A double as a fraction: its bits, taken apart. */
function fractionOf(value: number): [bigint, bigint] {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const exponent = Number((bits >> 52n) & 2047n)
  const mantissa = (bits & (2n ** 52n - 1n)) | (exponent === 0 ? 0n : 2n ** 52n)
  const power = BigInt(Math.max(exponent, 1)) - 1075n
  const signed = bits >> 63n === 0n ? mantissa : -mantissa
  return power < 0n ? [signed, 2n ** -power] : [signed * 2n ** power, 1n]
}

function slowSide(points: readonly Position[]): number {
  const [a, b, c] = points.map((at) => at.map(fractionOf))
  const less = ([n, d]: [bigint, bigint], [m, e]: [bigint, bigint]): [bigint, bigint] => [
    n * e - m * d,
    d * e,
  ]
  const times = ([n, d]: [bigint, bigint], [m, e]: [bigint, bigint]): [bigint, bigint] => [
    n * m,
    d * e,
  ]
  const left = times(less(a![0]!, c![0]!), less(b![1]!, c![1]!))
  const right = times(less(a![1]!, c![1]!), less(b![0]!, c![0]!))
  const [value] = less(left, right)
  return value > 0n ? 1 : value < 0n ? -1 : 0
}

test('twin: the side of a line is that of the real numbers', () => {
  // Points almost on a line, and any.
  const near = fc
    .tuple(fc.double({ min: 0.1, max: 0.9, noNaN: true }), fc.integer({ min: -2, max: 2 }))
    .map(([x, ulps]): Position => [x, x + ulps * Number.EPSILON * x])
  const close = fc.tuple(near, near, near)
  fc.assert(
    fc.property(fc.oneof(close, fc.tuple(position, position, position)), (points) => {
      const scale = new Scale(points)
      const [a, b, c] = points.map((at) => new Corner(at, scale))
      expect(side(a!, b!, c!)).toBe(slowSide(points))
    }),
    { numRuns: sized(400, 4000) },
  )
})

/** Simple polygons, lines and points on a small grid. */
const grid = fc.integer({ min: 0, max: 5 })
const spot = fc.tuple(grid, grid).map(([x, y]): Position => [x, y])
const box = fc
  .tuple(spot, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
  .map(([[x, y], w, h]): Position[] => [
    [x, y],
    [x + w, y],
    [x + w, y + h],
    [x, y + h],
    [x, y],
  ])
const triangle = fc
  .tuple(spot, spot, spot)
  .filter(([[ax, ay], [bx, by], [cx, cy]]) => (bx - ax) * (cy - ay) !== (by - ay) * (cx - ax))
  .map(([a, b, c]): Position[] => [a, b, c, a])
const small: fc.Arbitrary<Geometry> = fc.oneof(
  spot.map((at) => ({ kind: 1, parts: [[[at]]] })),
  fc
    .array(spot, { minLength: 1, maxLength: 4 })
    .map((all) => ({ kind: 4, parts: all.map((at) => [[at]]) })),
  fc
    .array(spot, { minLength: 2, maxLength: 4 })
    .filter((path) => path.every((at, n) => n === 0 || at.join() !== path[n - 1]!.join()))
    .map((path) => ({ kind: 2, parts: [[path]] })),
  fc.oneof(box, triangle).map((path) => ({ kind: 3, parts: [[path]] })),
)

/** Is a point in the inside of a polygon, or anywhere on what is none? By angles that add up, not by crossings. */
function holds({ kind, parts }: Geometry, [x, y]: Position): 'in' | 'edge' | 'out' {
  let found: 'in' | 'edge' | 'out' = 'out'
  for (const path of parts.flat()) {
    let turned = 0
    for (let at = 0; at < Math.max(1, path.length - 1); at++) {
      const [[ax, ay], [bx, by]] = [path[at]!, path[at + 1] ?? path[at]!]
      const [ux, uy, vx, vy] = [ax - x, ay - y, bx - x, by - y]
      const [cross, dot] = [ux * vy - uy * vx, ux * vx + uy * vy]
      if (Math.abs(cross) < 1e-9 && dot <= 1e-9) return kind === 3 ? 'edge' : 'in'
      turned += Math.atan2(cross, dot)
    }
    if (kind === 3 && Math.abs(turned) > 1) found = 'in'
  }
  return found
}

test('property: relations agree with what points of a grid see', () => {
  fc.assert(
    fc.property(small, small, (a, b) => {
      let [meet, inBoth, outside] = [false, false, false]
      for (let x = -0.5; x <= 9.5; x += 0.25) {
        for (let y = -0.5; y <= 9.5; y += 0.25) {
          const [own, other] = [holds(a, [x, y]), holds(b, [x, y])]
          if (own !== 'out' && other !== 'out') meet = true
          if (own === 'in' && other === 'in') inBoth = true
          if (own === 'out' && other !== 'out') outside = true
        }
      }
      if (meet) expect(relations.intersect(a, b)).toBe(true)
      if (outside) expect(relations.cover(a, b)).toBe(false)
      if (inBoth && a.kind === 3 && b.kind === 3) expect(relations.touch(a, b)).toBe(false)
      // Where only points meet areas, the grid sees all.
      const plain = [1, 4].includes(b.kind)
      if (plain)
        expect([relations.intersect(a, b), relations.cover(a, b)]).toEqual([meet, !outside])
    }),
    { numRuns: sized(150, 2000) },
  )
})

test('property: relations agree with each other', () => {
  fc.assert(
    fc.property(small, small, (a, b) => {
      const meets = relations.intersect(a, b)
      expect(relations.intersect(b, a)).toBe(meets)
      expect(relations.touch(b, a)).toBe(relations.touch(a, b))
      if (relations.touch(a, b)) expect(meets).toBe(true)
      if (relations.contain(a, b)) expect(relations.cover(a, b)).toBe(true)
      if (relations.cover(a, b)) expect(meets).toBe(true)
      expect(measures.distance(a, b) === 0).toBe(meets)
      expect(relations.cover(a, a) && relations.contain(a, a)).toBe(true)
    }),
    { numRuns: sized(200, 2000) },
  )
})

test('property: measures of any finite coordinates', () => {
  fc.assert(
    fc.property(geometry, geometry, (a, b) => {
      const empty = a.parts.length === 0 || b.parts.length === 0
      const apart = measures.distance(a, b)
      expect(apart === null).toBe(empty)
      if (!empty) expect(apart === 0).toBe(relations.intersect(a, b))
      expect(measures.area(a)).not.toBeNaN()
      const middle = measures.centroid(a)
      expect(middle?.every(Number.isFinite) ?? true).toBe(true)
      if (a.parts.length > 0) expect(middle).not.toBe(null)
    }),
    { numRuns: sized(200, 2000) },
  )
})

const measured: [string, string, number][] = [
  ['POINT(0.30000000000000004 0.1)', 'LINESTRING(0 0, 3 1)', Number.MIN_VALUE],
  ['POINT(1e-200 0)', 'POINT(0 0)', 1e-200],
  ['POINT(1e200 0)', 'POINT(0 0)', 1e200],
  ['POINT(1.7976931348623157e308 0)', 'POINT(0 0)', Number.MAX_VALUE],
  ['POINT(0 1e-170)', 'LINESTRING(-1e-170 0, 1e-170 0)', 1e-170],
  ['POINT(0 1)', 'LINESTRING(-1e200 0, 1e200 0)', 1],
]
test.each(measured)('%s is a distance from %s', (a, b, apart) => {
  expect(measures.distance(parseGeometry(a)!, parseGeometry(b)!)).toBe(apart)
})

test('the middle of great coordinates, and of a hole as great as what it is in', () => {
  const middle = (text: string) => measures.centroid(parseGeometry(text)!)
  expect(middle('MULTIPOINT(1e308 1e308, 1e308 1e308)')).toEqual([1e308, 1e308])
  const outside = '(5 5, 6 5, 6 6, 5 6, 5 5)'
  expect(middle(`POLYGON((0 0, 1 0, 1 1, 0 1, 0 0), ${outside})`)).toEqual([3, 3])
})

const square = 'POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))'
const holed = 'POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 3, 3 3, 3 1, 1 1))'

/** a, b, and which of them hold: intersect, touch, cover, contain, and the last two turned. */
const cases: [string, string, string][] = [
  [square, 'POLYGON((1 1, 3 1, 3 3, 1 3, 1 1))', 'i--cC'],
  [square, square, 'i--cCbB'],
  [holed, 'POLYGON((1 1, 3 1, 3 3, 1 3, 1 1))', 'it'],
  [holed, 'POLYGON((1.5 1.5, 2 1.5, 2 2, 1.5 1.5))', ''],
  [square, 'POLYGON((4 0, 6 0, 6 4, 4 4, 4 0))', 'it'],
  [square, 'POLYGON((3 3, 6 3, 6 6, 3 6, 3 3))', 'i'],
  [square, 'LINESTRING(0 0, 4 4)', 'icC'],
  [square, 'LINESTRING(0 0, 4 0)', 'itc'],
  [square, 'LINESTRING(-1 2, 5 2)', 'i'],
  [holed, 'LINESTRING(0.5 2, 3.5 2)', 'i'],
  [holed, 'LINESTRING(1 1, 3 1)', 'itc'],
  ['LINESTRING(0 0, 4 0)', 'LINESTRING(1 0, 2 0)', 'icC'],
  ['LINESTRING(0 0, 4 0)', 'POINT(4 0)', 'itc'],
  ['LINESTRING(0 0, 4 0, 4 4, 0 0)', 'POINT(0 0)', 'icC'],
  ['MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)), ((2 0, 3 0, 3 1, 2 0)))', 'POINT(2.9 0.5)', 'icC'],
  ['MULTIPOINT(0 0, 1 1)', 'POINT(1 1)', 'icC'],
  ['POINT(0.1 0.1)', 'LINESTRING(0 0, 0.3 0.3)', 'ibB'],
  ['POINT EMPTY', square, ''],
]

test('what is empty equals what is empty, and nothing else', () => {
  const [none, all] = [parseGeometry('POLYGON EMPTY')!, parseGeometry(square)!]
  expect(relations.equal(none, parseGeometry('POINT EMPTY')!)).toBe(true)
  expect(relations.equal(none, all)).toBe(false)
  expect(relations.equal(all, none)).toBe(false)
})

describe('relations by hand', () => {
  test.each(cases)('%s and %s', (first, second, expected) => {
    const [a, b] = [parseGeometry(first)!, parseGeometry(second)!]
    const found = [
      ['i', relations.intersect(a, b)],
      ['t', relations.touch(a, b)],
      ['c', relations.cover(a, b)],
      ['C', relations.contain(a, b)],
      ['b', relations.cover(b, a)],
      ['B', relations.contain(b, a)],
    ]
    const letters = found.map(([letter, is]) => (is ? letter : '')).join('')
    expect(letters).toBe(expected.replaceAll('-', ''))
  })
})
